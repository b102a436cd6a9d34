//! A zip archive read strictly (APPNOTE 6.3.10, without its exotic parts).
//!
//! Readers of zip disagree about broken archives, and what one of them does not see is where things are
//! hidden. So there is one valid form: entries from the first byte on without gaps, each name once, local
//! and central headers in agreement, sizes and checksums true. Declared sizes are held to the limits before
//! anything is unpacked, and unpacking stops where the declared size ends.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use encoding_rs::BIG5;
use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::Limits;
use crate::note::{Notes, message};

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";
const LOCAL_BYTES: usize = 30;
const CENTRAL_BYTES: usize = 46;
const END_BYTES: usize = 22;

/// A data descriptor after an entry: signature, checksum, two sizes of 8 bytes at most.
const DESCRIPTOR_BYTES: usize = 24;

/// Entries that unpack to less may have any ratio: a sheet of equal cells packs very well.
const RATIO_FROM_BYTES: u64 = 1 << 20;

const ENCRYPTED: u16 = 1;
const DESCRIPTOR: u16 = 1 << 3;

/// One entry that may be opened.
#[derive(Debug, Clone)]
struct Entry {
    data: Range<usize>,
    deflated: bool,
    crc: u32,
    size: u64,
}

/// An archive whose directory was checked.
#[derive(Debug)]
pub(crate) struct Archive<'a> {
    bytes: &'a [u8],
    entries: BTreeMap<String, Entry>,
}

impl<'a> Archive<'a> {
    /// Checks the whole directory and the first bytes of every entry.
    pub(crate) fn open(bytes: &'a [u8], limits: &Limits, notes: &mut Notes) -> Result<Self, Diagnostic> {
        let end = end_record(bytes)?;
        let directory = directory(bytes, &end, limits)?;
        let mut archive = Self { bytes, entries: BTreeMap::new() };
        let mut folded: BTreeMap<String, String> = BTreeMap::new();
        let mut places = Vec::new();
        let mut unpacked: u64 = 0;
        for header in directory {
            let name = header.name(notes);
            safe_name(&name)?;
            // Part names of Office Open XML do not differ by case (ECMA-376 part 2, 6.2.2).
            if folded.insert(name.to_lowercase(), name.clone()).is_some() {
                return Err(message("BW-SHEET-009", &args![part = name]));
            }
            header.allowed(&name, limits)?;
            unpacked = unpacked.saturating_add(u64::from(header.size));
            if unpacked > limits.unpacked_bytes {
                return Err(message("BW-SHEET-011", &args![limit = crate::size(limits.unpacked_bytes)]));
            }
            let data = header.data(bytes, &name)?;
            places.push((header.offset, data.end, header.flags & DESCRIPTOR != 0));
            let entry =
                Entry { data, deflated: header.method == 8, crc: header.crc, size: u64::from(header.size) };
            archive.entries.insert(name, entry);
        }
        without_gaps(places, end.directory.start)?;
        archive.without_archives()?;
        Ok(archive)
    }

    /// Names of all entries, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is an entry of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// The unpacked bytes of an entry as a stream. Its last read fails if size or checksum are not true.
    pub(crate) fn open_part(&self, name: &str) -> Result<Part<'a>, Diagnostic> {
        let entry = self.entries.get(name).ok_or_else(|| message("BW-SHEET-024", &args![part = name]))?;
        Ok(Part::new(self.bytes, name, entry))
    }

    /// A short entry as text.
    pub(crate) fn text(&self, name: &str, limit: u64) -> Result<String, Diagnostic> {
        let mut text = Vec::new();
        let mut part = self.open_part(name)?.take(limit);
        part.read_to_end(&mut text).map_err(|error| refusal(&error, name))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Refuses archives and OLE objects inside: they are never opened here, and a table needs none.
    fn without_archives(&self) -> Result<(), Diagnostic> {
        for (name, entry) in &self.entries {
            let mut start = Vec::new();
            let mut part = Part::new(self.bytes, name, entry).take(8);
            // An entry that cannot be unpacked is met again where it is read.
            if part.read_to_end(&mut start).is_err() {
                continue;
            }
            if start.starts_with(LOCAL) || start.starts_with(b"\x1F\x8B") || start.starts_with(b"Rar!") {
                return Err(message("BW-SHEET-013", &args![part = name]));
            }
            let macros = name.to_ascii_lowercase().ends_with("vbaproject.bin");
            if start == b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" && !macros {
                return Err(message("BW-SHEET-018", &args![part = name]));
            }
        }
        Ok(())
    }
}

/// The refusal an error of reading carries, or the words of the unpacker.
pub(crate) fn refusal(error: &io::Error, part: &str) -> Diagnostic {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Refused>()) {
        Some(Refused(diagnostic)) => diagnostic.as_ref().clone(),
        None => message("BW-SHEET-007", &args![]).at_named(part).because(error),
    }
}

/// A refusal on its way through `std::io` and the XML reader.
#[derive(Debug)]
pub(crate) struct Refused(pub(crate) Box<Diagnostic>);

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.code)
    }
}

impl std::error::Error for Refused {}

/// Unpacked bytes of one entry.
pub(crate) struct Part<'a> {
    packed: Packed<'a>,
    name: String,
    crc: Crc,
    expected_crc: u32,
    left: u64,
    checked: bool,
}

enum Packed<'a> {
    Stored(&'a [u8]),
    Deflated(Box<DeflateDecoder<&'a [u8]>>),
}

impl<'a> Part<'a> {
    fn new(bytes: &'a [u8], name: &str, entry: &Entry) -> Self {
        let data = bytes.get(entry.data.clone()).unwrap_or_default();
        let packed = if entry.deflated {
            Packed::Deflated(Box::new(DeflateDecoder::new(data)))
        } else {
            Packed::Stored(data)
        };
        Self {
            packed,
            name: name.to_owned(),
            crc: Crc::new(),
            expected_crc: entry.crc,
            left: entry.size,
            checked: false,
        }
    }

    fn untrue(&self) -> io::Error {
        io::Error::other(Refused(Box::new(message("BW-SHEET-014", &args![part = self.name]))))
    }
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.checked {
            return Ok(0);
        }
        let read = match &mut self.packed {
            Packed::Stored(data) => data.read(buffer),
            Packed::Deflated(decoder) => decoder.read(buffer),
        };
        let Ok(read) = read else { return Err(self.untrue()) };
        if read == 0 {
            self.checked = true;
            return if self.left == 0 && self.crc.sum() == self.expected_crc {
                Ok(0)
            } else {
                Err(self.untrue())
            };
        }
        let Some(left) = self.left.checked_sub(read as u64) else { return Err(self.untrue()) };
        self.left = left;
        self.crc.update(&buffer[..read]);
        Ok(read)
    }
}

/// Where the central directory stands and how many entries it lists.
struct EndRecord {
    directory: Range<usize>,
    entries: usize,
}

fn end_record(bytes: &[u8]) -> Result<EndRecord, Diagnostic> {
    let broken = || message("BW-SHEET-007", &args![]);
    if let Some(record) = bytes.len().checked_sub(END_BYTES).and_then(|at| bytes.get(at..))
        && record.starts_with(END)
        && u16_at(record, 20) == Some(0)
    {
        let field = |at| u16_at(record, at).map(usize::from).ok_or_else(broken);
        let (disk, start_disk, here, entries) = (field(4)?, field(6)?, field(8)?, field(10)?);
        let size = u32_at(record, 12).ok_or_else(broken)?;
        let offset = u32_at(record, 16).ok_or_else(broken)?;
        let large = entries == 0xFFFF || size == u32::MAX || offset == u32::MAX;
        if large || disk != 0 || start_disk != 0 || here != entries {
            return Err(message("BW-SHEET-015", &args![part = "central directory", method = "zip64"]));
        }
        let (size, offset) = (size as usize, offset as usize);
        let end = bytes.len() - END_BYTES;
        return match offset.checked_add(size) {
            Some(stop) if stop == end => Ok(EndRecord { directory: offset..end, entries }),
            // The directory is found, but not where it says: something stands before or behind it.
            Some(_) => Err(message("BW-SHEET-006", &args![])),
            None => Err(broken()),
        };
    }
    // A comment or anything else behind the end is where a second file hides.
    let code = if crate::detect::contains(bytes, END) { "BW-SHEET-006" } else { "BW-SHEET-007" };
    Err(message(code, &args![]))
}

/// One header of the central directory.
struct Header<'a> {
    name: &'a [u8],
    flags: u16,
    method: u16,
    crc: u32,
    packed: u32,
    size: u32,
    offset: usize,
}

fn directory<'a>(bytes: &'a [u8], end: &EndRecord, limits: &Limits) -> Result<Vec<Header<'a>>, Diagnostic> {
    if end.entries > limits.zip_entries {
        return Err(message("BW-SHEET-010", &args![entries = end.entries, limit = limits.zip_entries]));
    }
    let broken = || message("BW-SHEET-007", &args![]);
    let mut rest = bytes.get(end.directory.clone()).ok_or_else(broken)?;
    let mut headers = Vec::new();
    while !rest.is_empty() {
        let (header, length) = central(rest).ok_or_else(broken)?;
        headers.push(header);
        rest = rest.get(length..).ok_or_else(broken)?;
        if headers.len() > end.entries {
            return Err(broken());
        }
    }
    if headers.len() == end.entries { Ok(headers) } else { Err(broken()) }
}

fn central(bytes: &[u8]) -> Option<(Header<'_>, usize)> {
    if !bytes.starts_with(CENTRAL) {
        return None;
    }
    let [name, extra, comment] = [28, 30, 32].map(|at| u16_at(bytes, at).map(usize::from));
    let name_end = CENTRAL_BYTES + name?;
    let header = Header {
        name: bytes.get(CENTRAL_BYTES..name_end)?,
        flags: u16_at(bytes, 8)?,
        method: u16_at(bytes, 10)?,
        crc: u32_at(bytes, 16)?,
        packed: u32_at(bytes, 20)?,
        size: u32_at(bytes, 24)?,
        offset: u32_at(bytes, 42)? as usize,
    };
    Some((header, name_end + extra? + comment?))
}

impl Header<'_> {
    /// The name; one that is no UTF-8 is taken for Big5 and noted.
    fn name(&self, notes: &mut Notes) -> String {
        if let Ok(name) = std::str::from_utf8(self.name) {
            return name.to_owned();
        }
        let (name, _) = BIG5.decode_without_bom_handling(self.name);
        notes.add("BW-SHEET-062", &args![part = name], bulwark_model::Location::None);
        name.into_owned()
    }

    /// Refuses what cannot or must not be unpacked.
    fn allowed(&self, name: &str, limits: &Limits) -> Result<(), Diagnostic> {
        if self.flags & ENCRYPTED != 0 {
            return Err(message("BW-SHEET-005", &args![]).at_named(name));
        }
        if !matches!(self.method, 0 | 8) || self.size == u32::MAX || self.packed == u32::MAX {
            return Err(message("BW-SHEET-015", &args![part = name, method = self.method]));
        }
        let (packed, size) = (u64::from(self.packed), u64::from(self.size));
        if size > RATIO_FROM_BYTES && size > packed.saturating_mul(limits.ratio) {
            let values = args![part = name, ratio = size / packed.max(1), limit = limits.ratio];
            return Err(message("BW-SHEET-012", &values));
        }
        Ok(())
    }

    /// Where the packed bytes stand. The local header must say the same as this one.
    fn data(&self, bytes: &[u8], name: &str) -> Result<Range<usize>, Diagnostic> {
        let broken = || message("BW-SHEET-007", &args![]).at_named(name);
        let local = bytes.get(self.offset..).filter(|local| local.starts_with(LOCAL)).ok_or_else(broken)?;
        let name_bytes = usize::from(u16_at(local, 26).ok_or_else(broken)?);
        let extra_bytes = usize::from(u16_at(local, 28).ok_or_else(broken)?);
        let local_name = local.get(LOCAL_BYTES..LOCAL_BYTES + name_bytes).ok_or_else(broken)?;
        let described = self.flags & DESCRIPTOR != 0;
        let same = local_name == self.name
            && u16_at(local, 6) == Some(self.flags)
            && u16_at(local, 8) == Some(self.method)
            && (described || u32_at(local, 14) == Some(self.crc))
            && (described || u32_at(local, 18) == Some(self.packed))
            && (described || u32_at(local, 22) == Some(self.size))
            && (self.method == 8 || self.packed == self.size);
        if !same {
            return Err(message("BW-SHEET-014", &args![part = name]));
        }
        let start = self.offset + LOCAL_BYTES + name_bytes + extra_bytes;
        let end = start.checked_add(self.packed as usize).filter(|end| *end <= bytes.len());
        end.map(|end| start..end).ok_or_else(broken)
    }
}

/// Entries must follow each other from the first byte to the directory. Entries that overlap are how a small
/// file unpacks to petabytes (Fifield 2019); a gap is a place for something else.
fn without_gaps(mut places: Vec<(usize, usize, bool)>, directory: usize) -> Result<(), Diagnostic> {
    places.sort_unstable();
    let mut last = 0;
    let mut slack = 0;
    for (start, end, described) in places.into_iter().chain([(directory, directory, false)]) {
        if start < last {
            return Err(message("BW-SHEET-025", &args![]));
        }
        if start - last > slack {
            return Err(message("BW-SHEET-006", &args![]));
        }
        last = end;
        slack = if described { DESCRIPTOR_BYTES } else { 0 };
    }
    Ok(())
}

/// Refuses names that lead out of the archive. Nothing is ever written to disk; a file made so is hostile.
fn safe_name(name: &str) -> Result<(), Diagnostic> {
    let drive = name.as_bytes().get(1) == Some(&b':');
    let climbs = name.split(['/', '\\']).any(|part| part == "..");
    let bad = name.is_empty()
        || drive
        || climbs
        || name.starts_with(['/', '\\'])
        || name.contains(|c: char| c == '\\' || c.is_control());
    if bad {
        let shown: String = name.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect();
        return Err(message("BW-SHEET-008", &args![part = shown]));
    }
    Ok(())
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
