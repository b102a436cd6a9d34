//! Rows as they come from any format, held to the limits of a table.

use bulwark_i18n::args;
use bulwark_model::Diagnostic;

use crate::note::{Notes, cell, message};
use crate::{Limits, Row, formula};

/// What a cell costs besides its text, and what a text costs besides its bytes: a file of 400 bytes can ask
/// for forty million cells of one letter.
const CELL_BYTES: u64 = 24;
const TEXT_BYTES: u64 = 32;

/// Builds a table row by row. Empty cells at the end of a row and rows without any text are left out: they
/// hold nothing, and spreadsheet programs write them by the thousand.
pub(crate) struct Grid<'a> {
    limits: &'a Limits,
    sheet: String,
    header: Option<Vec<String>>,
    rows: Vec<Row>,
    bytes: u64,
    line: u32,
    cells: Vec<String>,
    given: usize,
}

impl<'a> Grid<'a> {
    pub(crate) fn new(limits: &'a Limits, sheet: &str) -> Self {
        Self {
            limits,
            sheet: sheet.to_owned(),
            header: None,
            rows: Vec::new(),
            bytes: 0,
            line: 0,
            cells: Vec::new(),
            given: 0,
        }
    }

    /// Begins the row with the 1-based number `line`.
    pub(crate) fn start(&mut self, line: u32) {
        self.line = line;
        self.cells.clear();
        self.given = 0;
    }

    /// Puts `text` into the 0-based `column` of the row begun last.
    pub(crate) fn put(&mut self, column: usize, text: String, notes: &mut Notes) -> Result<(), Diagnostic> {
        self.given = self.given.max(column.saturating_add(1));
        if text.is_empty() {
            return Ok(());
        }
        let place = || cell(&self.sheet, self.line, u32::try_from(column + 1).unwrap_or(u32::MAX));
        if column >= self.limits.columns {
            return Err(message("BW-SHEET-035", &args![limit = self.limits.columns]).at(place()));
        }
        if longer_than(&text, self.limits.cell_chars) {
            return Err(message("BW-SHEET-036", &args![limit = self.limits.cell_chars]).at(place()));
        }
        if formula::looks_like_one(&text) {
            notes.add("BW-SHEET-052", &args![text = excerpt(&text)], place());
        }
        let width = self.cells.len().max(column + 1);
        self.cells.resize(width, String::new());
        self.cells[column] = text;
        Ok(())
    }

    /// Ends the row begun last and tells whether it held anything. `even` says that a short row is a
    /// mistake, as in CSV.
    pub(crate) fn end(&mut self, even: bool, notes: &mut Notes) -> Result<bool, Diagnostic> {
        if self.cells.is_empty() {
            return Ok(false);
        }
        let mut cells = std::mem::take(&mut self.cells);
        self.bytes += cells.iter().map(|text| cost(text)).sum::<u64>();
        let Some(header) = &self.header else {
            self.header = Some(cells);
            return self.within();
        };
        if self.rows.len() >= self.limits.rows {
            let refusal = message("BW-SHEET-034", &args![limit = self.limits.rows]);
            return Err(refusal.at(cell(&self.sheet, self.line, 0)));
        }
        let values = || args![cells = self.given.max(cells.len()), columns = header.len()];
        if cells.len() > header.len() {
            notes.add("BW-SHEET-050", &values(), cell(&self.sheet, self.line, 0));
        } else if even && self.given < header.len() {
            notes.add("BW-SHEET-051", &values(), cell(&self.sheet, self.line, 0));
        }
        let missing = header.len().saturating_sub(cells.len());
        self.bytes += CELL_BYTES * missing as u64;
        cells.resize(cells.len() + missing, String::new());
        self.rows.push(Row { line: self.line, cells });
        self.within()
    }

    /// Repeats the row ended last as the row `line`, which a format may ask for a million times.
    pub(crate) fn repeat(&mut self, line: u32, notes: &mut Notes) -> Result<(), Diagnostic> {
        let last = self.rows.last().map(|row| row.cells.clone()).or_else(|| self.header.clone());
        self.start(line);
        for (column, text) in last.unwrap_or_default().into_iter().enumerate() {
            self.put(column, text, notes)?;
        }
        self.end(false, notes)?;
        Ok(())
    }

    /// Whether anything came.
    pub(crate) fn has_data(&self) -> bool {
        self.header.is_some()
    }

    /// The heading and the rows; `None` when nothing came.
    pub(crate) fn finish(self) -> Option<(Vec<String>, Vec<Row>)> {
        Some((self.header?, self.rows))
    }

    fn within(&self) -> Result<bool, Diagnostic> {
        if self.bytes > self.limits.unpacked_bytes {
            let limit = crate::size(self.limits.unpacked_bytes);
            return Err(message("BW-SHEET-037", &args![limit = limit]).at(cell(&self.sheet, self.line, 0)));
        }
        Ok(true)
    }
}

fn cost(text: &str) -> u64 {
    CELL_BYTES + if text.is_empty() { 0 } else { TEXT_BYTES + text.len() as u64 }
}

/// Whether a text has more than `limit` characters, without counting all of a huge one.
pub(crate) fn longer_than(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().nth(limit).is_some()
}

/// The first characters of a text, for a message.
fn excerpt(text: &str) -> String {
    const SHOWN: usize = 24;
    let mut out: String = text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if longer_than(text, SHOWN) {
        out.push('…');
    }
    out
}
