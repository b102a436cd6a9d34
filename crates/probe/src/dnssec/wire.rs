//! DNS messages octet by octet: names without compression, record data in canonical form
//! (RFC 4034 §6.2, RFC 6840 §5.1).

use std::cmp::Ordering;

use super::types::{CNAME, DNAME, MX, NS, SOA};

/// EDNS0 pseudo record (RFC 6891).
const OPT: u16 = 41;
/// Records read of one message; a DNSSEC answer has a few dozen.
const MAX_RECORDS: usize = 2_000;

/// A domain name: labels in lower case, the leftmost first; the root has none.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Name(Vec<Vec<u8>>);

impl Name {
    /// The root.
    pub fn root() -> Self {
        Self::default()
    }

    /// A name as written, with or without final dot. `None` when it cannot be on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() {
            return Some(Self::root());
        }
        let labels: Vec<Vec<u8>> = text.split('.').map(|l| l.to_ascii_lowercase().into_bytes()).collect();
        let fits = labels.iter().all(|l| (1..=63).contains(&l.len()));
        let name = Self(labels);
        (fits && name.wire().len() <= 255).then_some(name)
    }

    /// Record data that is one name without compression. `None` for anything else.
    pub fn read(data: &[u8]) -> Option<Self> {
        let (mut labels, mut rest) = (Vec::new(), data);
        loop {
            let (length, after) = rest.split_first()?;
            if *length == 0 {
                let whole = after.is_empty() && data.len() <= 255;
                return whole.then_some(Self(labels));
            }
            let (label, after) = after.split_at_checked(Some(usize::from(*length)).filter(|n| *n < 64)?)?;
            labels.push(label.to_ascii_lowercase());
            rest = after;
        }
    }

    /// The name with `from` at its end replaced by `to`, as a DNAME does (RFC 6672 §2.2). `None` when it
    /// does not lie below `from` or grows too long.
    pub fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        let kept = self.0.len().checked_sub(from.0.len()).filter(|n| *n > 0 && self.within(from))?;
        let labels = self.0.iter().take(kept).chain(&to.0).cloned().collect();
        Some(Self(labels)).filter(|name| name.wire().len() <= 255)
    }

    /// Labels, the leftmost first.
    pub fn labels(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// Wire format without compression.
    pub fn wire(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for label in &self.0 {
            out.push(u8::try_from(label.len()).unwrap_or(u8::MAX));
            out.extend_from_slice(label);
        }
        out.push(0);
        out
    }

    /// The name without its first label; `None` for the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_first().map(|(_, rest)| Self(rest.to_vec()))
    }

    /// The last `count` labels.
    #[must_use]
    pub fn tail(&self, count: usize) -> Self {
        Self(self.0.iter().skip(self.0.len().saturating_sub(count)).cloned().collect())
    }

    /// The name with one more label in front.
    #[must_use]
    pub fn child(&self, label: &[u8]) -> Self {
        let mut labels = vec![label.to_ascii_lowercase()];
        labels.extend(self.0.iter().cloned());
        Self(labels)
    }

    /// True when the name is `other` or lies below it.
    pub fn within(&self, other: &Self) -> bool {
        self.0.ends_with(&other.0)
    }

    /// The longest name that both lie in.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        let same = self.0.iter().rev().zip(other.0.iter().rev()).take_while(|(a, b)| a == b).count();
        self.tail(same)
    }

    /// From the first name below `top` down to the name itself; empty when it does not lie below.
    pub fn path_below(&self, top: &Self) -> Vec<Self> {
        if !self.within(top) {
            return Vec::new();
        }
        (top.0.len() + 1..=self.0.len()).map(|n| self.tail(n)).collect()
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Canonical order (RFC 4034 §6.1): label by label from the right.
impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

/// Presentation format without final dot; the root is `.`, other octets than letters, digits,
/// hyphen, underscore and asterisk are escaped (RFC 1035 §5.1).
impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        for (i, label) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            for b in label {
                if b.is_ascii_alphanumeric() || b"-_*".contains(b) {
                    write!(f, "{}", char::from(*b))?;
                } else {
                    write!(f, "\\{b:03}")?;
                }
            }
        }
        Ok(())
    }
}

/// One record with its data in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// Owner.
    pub name: Name,
    /// Type number.
    pub rtype: u16,
    /// Class; 1 is IN.
    pub class: u16,
    /// Time to live.
    pub ttl: u32,
    /// Data: names inside written out, in lower case where RFC 4034 §6.2 says so.
    pub data: Vec<u8>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawMessage {
    /// Response code with the upper bits of EDNS0.
    pub rcode: u16,
    /// AA.
    pub authoritative: bool,
    /// TC.
    pub truncated: bool,
    /// RA.
    pub recursion_available: bool,
    /// First question: name and type.
    pub question: Option<(Name, u16)>,
    /// Answer section.
    pub answers: Vec<RawRecord>,
    /// Authority section.
    pub authorities: Vec<RawRecord>,
    /// Additional section without OPT.
    pub additionals: Vec<RawRecord>,
    /// Flags of OPT, when there is one; 0x8000 is DO.
    pub edns_flags: Option<u16>,
}

impl RawMessage {
    /// Records of the answer section with this owner and type.
    pub fn rrset(&self, name: &Name, rtype: u16) -> Vec<&RawRecord> {
        self.answers.iter().filter(|r| r.name == *name && r.rtype == rtype && r.class == 1).collect()
    }

    /// Answer and authority section.
    pub fn records(&self) -> impl Iterator<Item = &RawRecord> {
        self.answers.iter().chain(&self.authorities)
    }
}

/// Reads octets in order.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(count)?;
        let out = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(out)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    pub(super) fn rest(&mut self) -> &'a [u8] {
        let out = self.bytes.get(self.at..).unwrap_or_default();
        self.at = self.bytes.len();
        out
    }

    /// A name as it stands, labels with their case; pointers lead backwards only (RFC 1035 §4.1.4).
    fn labels(&mut self) -> Option<Vec<Vec<u8>>> {
        let mut labels = Vec::new();
        let mut octets = 1;
        let mut at = self.at;
        let mut limit = self.at;
        let mut jumped = false;
        loop {
            let length = usize::from(*self.bytes.get(at)?);
            if length & 0xc0 == 0xc0 {
                let target = (length & 0x3f) << 8 | usize::from(*self.bytes.get(at + 1)?);
                if !jumped {
                    self.at = at + 2;
                    jumped = true;
                }
                if target >= limit {
                    return None;
                }
                (at, limit) = (target, target);
                continue;
            }
            if length & 0xc0 != 0 {
                return None;
            }
            if length == 0 {
                break;
            }
            let label = self.bytes.get(at + 1..at + 1 + length)?;
            octets += length + 1;
            if octets > 255 {
                return None;
            }
            labels.push(label.to_vec());
            at += length + 1;
        }
        if !jumped {
            self.at = at + 1;
        }
        Some(labels)
    }

    /// A name in lower case.
    pub(super) fn name(&mut self) -> Option<Name> {
        Some(Name(self.labels()?.into_iter().map(|l| l.to_ascii_lowercase()).collect()))
    }
}

/// A part of record data.
enum Part {
    /// So many octets as they are.
    Octets(usize),
    /// A character-string.
    Text,
    /// A name.
    Name,
}

/// Which types hold names (RFC 4034 §6.2 with the corrections of RFC 6840 §5.1: not NSEC, HINFO).
fn layout(rtype: u16) -> &'static [Part] {
    use Part::{Name as N, Octets as O, Text as T};
    match rtype {
        NS | CNAME | DNAME | 3 | 4 | 7 | 8 | 9 | 12 => &[N],
        SOA | 14 | 17 => &[N, N],
        MX | 18 | 21 | 36 => &[O(2), N],
        26 => &[O(2), N, N],
        33 => &[O(6), N],
        35 => &[O(4), T, T, T, N],
        _ => &[],
    }
}

/// The data of a record in canonical form.
fn canonical(message: &[u8], at: usize, end: usize, rtype: u16) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(message.get(..end)?, at);
    let mut out = Vec::new();
    for part in layout(rtype) {
        match part {
            Part::Octets(n) => out.extend_from_slice(cursor.take(*n)?),
            Part::Text => {
                let length = cursor.u8()?;
                out.push(length);
                out.extend_from_slice(cursor.take(length.into())?);
            }
            Part::Name => out.extend(cursor.name()?.wire()),
        }
    }
    out.extend_from_slice(cursor.rest());
    Some(out)
}

/// One record; `None` when it is cut off.
fn record(cursor: &mut Cursor<'_>) -> Option<RawRecord> {
    let name = cursor.name()?;
    let (rtype, class, ttl) = (cursor.u16()?, cursor.u16()?, cursor.u32()?);
    let length = usize::from(cursor.u16()?);
    let at = cursor.at;
    cursor.take(length)?;
    let data = canonical(cursor.bytes, at, at + length, rtype)?;
    Some(RawRecord { name, rtype, class, ttl, data })
}

/// Reads a message. `None` when it is cut off or malformed.
pub fn read(bytes: &[u8]) -> Option<RawMessage> {
    let mut cursor = Cursor::new(bytes, 0);
    let _id = cursor.u16()?;
    let flags = cursor.u16()?;
    let mut counts = [0_usize; 4];
    for count in &mut counts {
        *count = cursor.u16()?.into();
    }
    let [questions, answers, authorities, additionals] = counts;
    if answers + authorities + additionals > MAX_RECORDS {
        return None;
    }
    let mut question = None;
    for _ in 0..questions {
        let asked = (cursor.name()?, cursor.u16()?);
        cursor.u16()?;
        question.get_or_insert(asked);
    }
    let mut section = |count: usize| (0..count).map(|_| record(&mut cursor)).collect::<Option<Vec<_>>>();
    let (answers, authorities, mut additionals) =
        (section(answers)?, section(authorities)?, section(additionals)?);
    let mut rcode = flags & 0x0f;
    let mut edns_flags = None;
    if let Some(at) = additionals.iter().position(|r| r.rtype == OPT) {
        let opt = additionals.remove(at);
        let [upper, _, high, low] = opt.ttl.to_be_bytes();
        rcode |= u16::from(upper) << 4;
        edns_flags = Some(u16::from_be_bytes([high, low]));
    }
    Some(RawMessage {
        rcode,
        authoritative: flags & 0x0400 != 0,
        truncated: flags & 0x0200 != 0,
        recursion_available: flags & 0x0080 != 0,
        question,
        answers,
        authorities,
        additionals,
        edns_flags,
    })
}

/// The message with nothing but its question and its first answer record: enough to see that a
/// transfer began, without keeping the contents of the zone.
pub fn first_record_only(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut cursor = Cursor::new(bytes, 4);
    let (questions, answers) = (cursor.u16()?, cursor.u16()?);
    let mut cursor = Cursor::new(bytes, 12);
    for _ in 0..questions {
        cursor.name()?;
        cursor.take(4)?;
    }
    if answers > 0 {
        record(&mut cursor)?;
    }
    let mut out = bytes.get(..cursor.at)?.to_vec();
    let counts = [questions, answers.min(1), 0, 0];
    for (place, count) in out.get_mut(4..12)?.chunks_exact_mut(2).zip(counts) {
        place.copy_from_slice(&count.to_be_bytes());
    }
    Some(out)
}
