//! Tables people hand in and take away. Pure functions over bytes; no file, no clock.
//!
//! [`read`] takes CSV (UTF-8, UTF-16, Big5), OpenDocument (`.ods`) and Office Open XML (`.xlsx`). What a
//! file is, is told from its content. Everything that can be wrong with a file is either a refusal (the
//! file is hostile, broken or no table) or a note with the cell it is about (the table is usable, a person
//! should look). Nothing is calculated: a formula gives the value that was stored with it.
//!
//! [`csv`] and [`ods`] write tables in which nothing can be a formula.
//!
//! ```
//! use bulwark_sheet::{Limits, Value, csv, read};
//! let file = csv(&["系統", "分數"], [[Value::from("=1+1"), Value::from(-5)]]);
//! let (table, notes) = read("清單.csv", &file, &Limits::default()).unwrap();
//! assert_eq!(table.header, ["系統", "分數"]);
//! assert_eq!(table.rows[0].cells, ["=1+1", "-5"]);
//! assert_eq!(notes[0].code, "BW-SHEET-052"); // begins like a formula, kept as text
//! ```
//!
//! Uploaded bytes are parsed in a child process (crate `sandbox`); [`wire`] is how the child hands the
//! answer back.

use std::sync::LazyLock;

use bulwark_i18n::{Catalogue, args};
use bulwark_model::{Diagnostic, Location};

mod archive;
mod csv_read;
mod detect;
mod formula;
mod grid;
mod note;
mod ods_read;
mod text;
mod value;
pub mod wire;
mod write;
mod xlsx;
mod xml;

pub use value::{Value, number};
pub use write::{csv, ods};

use note::{Notes, message};

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("sheet", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The messages of this crate in both languages.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}

/// How much a file may hold. The defaults fit the largest lists of the platform (all systems of all
/// agencies) with room, and keep reading under half a gigabyte of memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the file.
    pub bytes: usize,
    /// Rows below the heading.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Characters of one cell; what spreadsheet programs hold.
    pub cell_chars: usize,
    /// Entries of a zip archive.
    pub zip_entries: usize,
    /// Bytes of an unpacked archive, and of memory for the cells of one table.
    pub unpacked_bytes: u64,
    /// How many times its packed size an entry may unpack to; entries under 1 MiB may do so more often.
    pub ratio: u64,
    /// How deep XML elements may stand in each other.
    pub xml_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 20 << 20,
            rows: 200_000,
            columns: 200,
            cell_chars: 32_767,
            zip_entries: 1000,
            unpacked_bytes: 256 << 20,
            ratio: 200,
            xml_depth: 100,
        }
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Text with the given delimiter between cells.
    Csv {
        /// `,`, `;` or a tab.
        delimiter: char,
    },
    /// OpenDocument spreadsheet.
    Ods,
    /// Office Open XML workbook.
    Xlsx,
}

/// How the text of a file was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, least significant byte first.
    Utf16Le,
    /// UTF-16, most significant byte first.
    Utf16Be,
    /// Big5 as the Encoding Standard has it.
    Big5,
}

impl Encoding {
    /// The name people know it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Big5 => "Big5",
        }
    }
}

/// A row below the heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The number a spreadsheet program shows beside the row: the first row of the file is 1, empty rows
    /// count, a line break inside a cell does not.
    pub line: u32,
    /// Texts; at least as many as the heading has, more if the row does.
    pub cells: Vec<String>,
}

/// A table: the first row that holds anything is its heading. Rows without any text are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Texts of the heading.
    pub header: Vec<String>,
    /// The rows below.
    pub rows: Vec<Row>,
    /// Name of the sheet, empty for CSV.
    pub sheet: String,
    /// How the text was written.
    pub encoding: Encoding,
    /// What the file is.
    pub format: Format,
}

/// Reads a table. `name` is what the person called the file; it is used in messages, never to decide what
/// the file is.
///
/// # Errors
/// The one reason why the file cannot be taken: no table, hostile, broken or over a limit.
pub fn read(name: &str, bytes: &[u8], limits: &Limits) -> Result<(Table, Vec<Diagnostic>), Diagnostic> {
    let file = |mut diagnostic: Diagnostic| {
        if diagnostic.location == Location::None {
            diagnostic.location = Location::File { path: name.to_owned(), line: 0, column: 0 };
        }
        diagnostic
    };
    let mut notes = Notes::default();
    let table = table(name, bytes, limits, &mut notes).map_err(file)?;
    Ok((table, notes.finish().into_iter().map(file).collect()))
}

fn table(name: &str, bytes: &[u8], limits: &Limits, notes: &mut Notes) -> Result<Table, Diagnostic> {
    if bytes.is_empty() {
        return Err(message("BW-SHEET-001", &args![]));
    }
    if bytes.len() > limits.bytes {
        let values = args![size = size(bytes.len() as u64), limit = size(limits.bytes as u64)];
        return Err(message("BW-SHEET-002", &values));
    }
    let table = match detect::kind(bytes)? {
        detect::Kind::Zip => {
            let archive = archive::Archive::open(bytes, limits, notes)?;
            match detect::office(&archive)? {
                detect::Office::Ods => ods_read::read(&archive, limits, notes)?,
                detect::Office::Xlsx => xlsx::read(&archive, limits, notes)?,
            }
        }
        detect::Kind::Text => {
            let decoded = text::decode(name, bytes, notes)?;
            csv_read::read(name, &decoded, limits, notes)?
        }
    };
    if let Some(promised) = detect::promised(name).filter(|promised| *promised != extension(table.format)) {
        let values = args![promised = promised, found = extension(table.format)];
        notes.add("BW-SHEET-056", &values, Location::None);
    }
    Ok(table)
}

fn extension(format: Format) -> &'static str {
    match format {
        Format::Csv { .. } => "csv",
        Format::Ods => "ods",
        Format::Xlsx => "xlsx",
    }
}

/// A size as people read it.
fn size(bytes: u64) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// Reads whatever comes under small limits; property tests and fuzzers call it.
///
/// # Panics
/// When reading broke a promise of [`Table`] or the answer does not survive [`wire`]; that is what they look
/// for.
pub fn fuzz_read(bytes: &[u8]) {
    let limits = Limits {
        bytes: 1 << 20,
        rows: 1000,
        columns: 50,
        cell_chars: 5000,
        unpacked_bytes: 8 << 20,
        ..Limits::default()
    };
    for name in ["a.csv", "b.ods", "c.xlsx"] {
        let answer = read(name, bytes, &limits);
        if let Ok((table, _)) = &answer {
            assert!(table.rows.len() <= limits.rows && !table.header.is_empty());
            assert!(table.rows.iter().all(|row| row.cells.len() >= table.header.len()));
        }
        assert_eq!(wire::decode(&wire::encode(&answer)).as_ref(), Ok(&answer));
    }
}
