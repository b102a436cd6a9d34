//! Office Open XML workbooks (ECMA-376 part 1, chapter 18): the parts a table needs, found by their
//! relations, read as streams.

mod cell;
mod format;
mod sheet;
mod strings;
mod workbook;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;

use crate::archive::Archive;
use crate::grid::Grid;
use crate::note::{Notes, message};
use crate::ods_read::{Passed, note_others};
use crate::{Encoding, Format, Limits, Table};

pub(crate) fn read(archive: &Archive<'_>, limits: &Limits, notes: &mut Notes) -> Result<Table, Diagnostic> {
    let book = workbook::read(archive, limits)?;
    let formats = match &book.styles {
        Some(part) => format::read(archive, part, limits)?,
        None => format::Formats::default(),
    };
    let strings = match &book.strings {
        Some(part) => strings::read(archive, part, limits)?,
        None => strings::Strings::default(),
    };
    let context =
        sheet::Context { archive, limits, formats: &formats, strings: &strings, from_1904: book.from_1904 };
    let mut taken = None;
    let mut passed = Vec::new();
    // Hidden sheets hold lists for drop-downs and the like: they come last.
    let (shown, hidden): (Vec<_>, Vec<_>) = book.sheets.iter().partition(|sheet| !sheet.hidden);
    for sheet in shown.into_iter().chain(hidden) {
        let has_data;
        if taken.is_none() {
            let mut grid = Grid::new(limits, &sheet.name);
            sheet::read(&context, sheet, &mut grid, notes)?;
            has_data = grid.has_data();
            taken = grid.finish().map(|(header, rows)| (sheet.name.clone(), header, rows));
        } else {
            has_data = sheet::has_data(&context, sheet)?;
        }
        passed.push(Passed { name: sheet.name.clone(), hidden: sheet.hidden, has_data });
    }
    let (sheet, header, rows) = taken.ok_or_else(|| message("BW-SHEET-033", &args![]))?;
    note_others(&passed, &sheet, notes);
    Ok(Table { header, rows, sheet, encoding: Encoding::Utf8, format: Format::Xlsx })
}
