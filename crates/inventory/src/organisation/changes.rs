//! Lists of reorganisations: which body became which, and on what day.

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::message;
use crate::oid::Oid;

/// The columns of such a list.
const COLUMNS: [&str; 5] = ["old_name", "new_name", "old_oid", "new_oid", "change_date"];

/// One reorganisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The row.
    pub line: u32,
    /// The body until then.
    pub old: Oid,
    /// Its name until then.
    pub old_name: String,
    /// The body from then on; the same one when only its name changed.
    pub new: Oid,
    /// Its name from then on.
    pub new_name: String,
    /// The first day on which it holds.
    pub day: Date,
}

impl Change {
    /// Whether the body went on under another name, rather than ending in another body.
    pub fn is_rename(&self) -> bool {
        self.old == self.new
    }
}

/// A list of reorganisations as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The good rows, earliest day first.
    pub changes: Vec<Change>,
    /// Why the others are not taken.
    pub problems: Vec<(u32, Diagnostic)>,
}

/// Whether a table is a list of reorganisations.
pub fn is_changes(header: &[String]) -> bool {
    COLUMNS.iter().all(|name| column(header, name).is_some())
}

fn column(header: &[String], wanted: &str) -> Option<usize> {
    header.iter().position(|name| name.trim().trim_start_matches('\u{feff}').eq_ignore_ascii_case(wanted))
}

/// Reads the rows of such a list.
pub fn read_changes<'a>(
    header: &[String],
    sheet: &str,
    rows: impl IntoIterator<Item = (&'a [String], u32)>,
) -> Changes {
    let at = COLUMNS.map(|name| column(header, name));
    let mut out = Changes::default();
    for (cells, line) in rows {
        let cell = |n: usize| at[n].and_then(|at| cells.get(at)).map_or("", |text| text.trim());
        let place = |n: usize| Location::Cell {
            sheet: sheet.to_owned(),
            row: line,
            column: at[n].and_then(|at| u32::try_from(at + 1).ok()).unwrap_or_default(),
        };
        let oid = |n: usize| {
            Oid::parse(cell(n)).ok_or_else(|| message("BW-INV-013", &args![value = cell(n)]).at(place(n)))
        };
        let day = || {
            bulwark_i18n::parse_date(cell(4)).map_err(|why| {
                Diagnostic { cause: None, ..message("BW-INV-021", &args![value = cell(4)]) }
                    .because(why.zh_tw)
                    .at(place(4))
            })
        };
        let name = |n: usize| {
            let name = cell(n);
            let good = !name.is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control);
            if good {
                Ok(name.to_owned())
            } else {
                Err(message("BW-INV-011", &args![most = 200]).at(place(n)))
            }
        };
        let change = || {
            let (old_name, new_name, old, new, day) = (name(0)?, name(1)?, oid(2)?, oid(3)?, day()?);
            Ok(Change { line, old, old_name, new, new_name, day })
        };
        match change() {
            Ok(change) => out.changes.push(change),
            Err(problem) => out.problems.push((line, problem)),
        }
    }
    out.changes.sort_by_key(|change| (change.day, change.line));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reorganisation_is_read_with_its_day() {
        let own = |row: [&str; 5]| row.map(str::to_owned).to_vec();
        let header = own(COLUMNS);
        assert!(is_changes(&header) && !is_changes(&["name".to_owned()]));
        let rows = [
            own(["乙", "乙署", "2.16.2", "2.16.9", "2016/1/15"]),
            own(["甲", "甲署", "2.16.1", "2.16.1", "102/7/23"]),
            own(["甲", "甲署", "2.16.1", "2.16", "102/2/30"]),
            own(["甲", "", "2.16.1", "2.16.1", "102/2/3"]),
        ];
        let found = read_changes(&header, "", rows.iter().map(Vec::as_slice).zip(2..));
        assert_eq!(found.changes[0].day, jiff::civil::date(2013, 7, 23));
        assert!(found.changes[0].is_rename() && !found.changes[1].is_rename());
        let codes: Vec<_> = found.problems.iter().map(|(line, p)| (*line, p.code.as_str())).collect();
        assert_eq!(codes, [(4, "BW-INV-021"), (5, "BW-INV-011")]);
    }
}
