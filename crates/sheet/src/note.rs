//! Messages of this crate: one refusal, or notes that are counted so that a bad file cannot make a million.

use std::collections::BTreeMap;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};

/// Notes of one code that are kept one by one. A person who mends a table reads that many, not more.
pub(crate) const NOTES_PER_CODE: u32 = 100;

/// The message of `code` with its values.
pub(crate) fn message(code: &str, values: &[(&str, String)]) -> Diagnostic {
    let texts = crate::texts();
    Diagnostic::new(
        code,
        texts.text(&format!("{code}.what"), values),
        texts.text(&format!("{code}.hint"), values),
    )
}

/// A cell of a sheet; column 0 is the whole row.
pub(crate) fn cell(sheet: &str, row: u32, column: u32) -> Location {
    Location::Cell { sheet: sheet.to_owned(), row, column }
}

/// Notes gathered while reading.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    kept: Vec<Diagnostic>,
    seen: BTreeMap<&'static str, u32>,
}

impl Notes {
    /// Keeps a note, or counts it when its code was kept often enough.
    pub(crate) fn add(&mut self, code: &'static str, values: &[(&str, String)], place: Location) {
        let seen = self.seen.entry(code).or_default();
        *seen = seen.saturating_add(1);
        if *seen <= NOTES_PER_CODE {
            self.kept.push(message(code, values).at(place));
        }
    }

    /// Whether further notes of this code are only counted.
    pub(crate) fn is_full(&self, code: &str) -> bool {
        self.seen.get(code).is_some_and(|seen| *seen >= NOTES_PER_CODE)
    }

    /// All notes in the order they were made, then one for each code that had more.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        for (code, seen) in self.seen.into_iter().filter(|(_, seen)| *seen > NOTES_PER_CODE) {
            let values = args![more = seen - NOTES_PER_CODE, code = code];
            self.kept.push(message("BW-SHEET-064", &values));
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_notes_of_one_code_become_a_number() {
        let mut notes = Notes::default();
        for row in 1..=NOTES_PER_CODE + 7 {
            notes.add("BW-SHEET-050", &args![cells = 4, columns = 3], cell("", row, 0));
        }
        notes.add("BW-SHEET-052", &args![], cell("", 1, 1));
        let notes = notes.finish();
        assert_eq!(notes.len(), 102);
        let last = &notes[101];
        assert_eq!(last.code, "BW-SHEET-064");
        assert!(last.what.en.contains('7') && last.what.en.contains("BW-SHEET-050"), "{}", last.what.en);
    }
}
