//! Text with delimiters (RFC 4180 and what programs make of it).
//!
//! Our own reader, because a quote that is never closed must be named with its row instead of swallowing
//! the rest of the file; a property test compares it with the crate `csv`.

use std::borrow::Cow;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;

use crate::formula;
use crate::grid::Grid;
use crate::note::{Notes, cell, message};
use crate::text::Decoded;
use crate::{Format, Limits, Table};

/// What is looked at to find the delimiter.
const SAMPLE_BYTES: usize = 64 << 10;

/// In this order when two fit equally well.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

pub(crate) fn read(
    name: &str,
    decoded: &Decoded,
    limits: &Limits,
    notes: &mut Notes,
) -> Result<Table, Diagnostic> {
    let (delimiter, text, first) = match declared(&decoded.text) {
        Some((delimiter, rest)) => (delimiter, rest, 2),
        None => (delimiter(&decoded.text), decoded.text.as_str(), 1),
    };
    let mut grid = Grid::new(limits, "");
    let mut cursor = Cursor { text, at: 0, delimiter };
    let mut line: u32 = first;
    while cursor.at < text.len() {
        row(&mut cursor, line, &mut grid, notes)?;
        line = line.saturating_add(1);
    }
    let (header, rows) =
        grid.finish().ok_or_else(|| message("BW-SHEET-033", &args![name = name.to_owned()]))?;
    let format = Format::Csv { delimiter: char::from(delimiter) };
    Ok(Table { header, rows, sheet: String::new(), encoding: decoded.encoding, format })
}

/// `sep=;` on the first line, as spreadsheet programs write and read it.
fn declared(text: &str) -> Option<(u8, &str)> {
    let rest = text.strip_prefix("sep=").or_else(|| text.strip_prefix("SEP="))?;
    let delimiter = *rest.as_bytes().first().filter(|byte| DELIMITERS.contains(byte))?;
    let rest = &rest[1..];
    let rest = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\n', '\r']))?;
    Some((delimiter, rest))
}

/// The delimiter that stands equally often in the most rows, then the one that stands more often.
fn delimiter(text: &str) -> u8 {
    let counts = counts(text.as_bytes());
    let mut best = (0, 0, DELIMITERS[0]);
    for (which, delimiter) in DELIMITERS.into_iter().enumerate() {
        let of: Vec<usize> = counts.iter().map(|row| row[which]).collect();
        for usual in of.iter().copied().filter(|count| *count > 0) {
            let agreeing = of.iter().filter(|count| **count == usual).count();
            if (agreeing, usual) > (best.0, best.1) {
                best = (agreeing, usual, delimiter);
            }
        }
    }
    best.2
}

/// How often each delimiter stands outside quotes in each of the first rows. A quote opens after any of the
/// delimiters, since it is not known yet which it is.
fn counts(text: &[u8]) -> Vec<[usize; 3]> {
    const ROWS: usize = 50;
    let mut rows = vec![[0; 3]];
    let (mut quoted, mut before) = (false, b'\n');
    for byte in text.iter().copied().take(SAMPLE_BYTES) {
        if byte == b'"' {
            quoted = !quoted && (DELIMITERS.contains(&before) || matches!(before, b'\n' | b'\r' | b'"'));
        } else if !quoted {
            if let Some(which) = DELIMITERS.iter().position(|delimiter| *delimiter == byte) {
                if let Some(row) = rows.last_mut() {
                    row[which] += 1;
                }
            } else if matches!(byte, b'\n' | b'\r') {
                if rows.len() == ROWS {
                    break;
                }
                rows.push([0; 3]);
            }
        }
        before = byte;
    }
    rows
}

fn row(cursor: &mut Cursor<'_>, line: u32, grid: &mut Grid<'_>, notes: &mut Notes) -> Result<(), Diagnostic> {
    grid.start(line);
    let mut column = 0;
    loop {
        let Field { text, end, flaw } = cursor.field();
        let place = || cell("", line, u32::try_from(column + 1).unwrap_or(u32::MAX));
        match flaw {
            Some(Flaw::Unclosed) => return Err(message("BW-SHEET-057", &args![]).at(place())),
            Some(Flaw::Stray) => notes.add("BW-SHEET-058", &args![], place()),
            None => {}
        }
        let text = match formula::without_apostrophe(&text) {
            Some(bare) => bare.to_owned(),
            None => text.into_owned(),
        };
        grid.put(column, text, notes)?;
        column += 1;
        if end != End::Delimiter {
            grid.end(true, notes)?;
            return Ok(());
        }
    }
}

/// What ended a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Delimiter,
    Row,
    File,
}

/// What is wrong with the quotes of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    /// The file ended inside them.
    Unclosed,
    /// Text follows the closing quote.
    Stray,
}

struct Field<'a> {
    text: Cow<'a, str>,
    end: End,
    flaw: Option<Flaw>,
}

/// Walks over the text field by field. Delimiters, quotes and line ends are ASCII, so positions are always
/// between characters.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    delimiter: u8,
}

impl<'a> Cursor<'a> {
    fn field(&mut self) -> Field<'a> {
        if self.text[self.at..].starts_with('"') {
            return self.quoted();
        }
        let text = self.bare();
        Field { text: Cow::Borrowed(text), end: self.end(), flaw: None }
    }

    /// Text up to the next delimiter or line end.
    fn bare(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let stop = |byte: u8| byte == self.delimiter || byte == b'\n' || byte == b'\r';
        let length = rest.bytes().position(stop).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    /// Text between quotes, in which two stand for one.
    fn quoted(&mut self) -> Field<'a> {
        self.at += 1;
        let mut text = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(length) = rest.find('"') else {
                self.at = self.text.len();
                text.push_str(rest);
                return Field { text: Cow::Owned(text), end: End::File, flaw: Some(Flaw::Unclosed) };
            };
            text.push_str(&rest[..length]);
            self.at += length + 1;
            if !rest[length + 1..].starts_with('"') {
                break;
            }
            text.push('"');
            self.at += 1;
        }
        let stray = self.bare();
        text.push_str(stray);
        let flaw = (!stray.is_empty()).then_some(Flaw::Stray);
        Field { text: Cow::Owned(text), end: self.end(), flaw }
    }

    /// Steps over what ended a field.
    fn end(&mut self) -> End {
        let rest = &self.text.as_bytes()[self.at..];
        let (end, length) = match rest {
            [] => (End::File, 0),
            [b'\r', b'\n', ..] => (End::Row, 2),
            [b'\r' | b'\n', ..] => (End::Row, 1),
            _ => (End::Delimiter, 1),
        };
        self.at += length;
        end
    }
}
