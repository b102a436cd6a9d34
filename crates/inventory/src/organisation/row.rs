//! Rows of a list: what each says of a body, and what is wrong with it.

use std::collections::BTreeMap;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use serde::{Deserialize, Serialize};

use super::columns::{Columns, Field};
use crate::oid::Oid;
use crate::{message, shown};

/// Longest name.
const NAME: usize = 200;
/// Longest code.
const CODE: usize = 64;

/// What may be said of a body besides its name and place. `None`: the list does not say, and what is known stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// `agency`, `vendor` or `team`.
    pub kind: Option<String>,
    /// `public` or `specific_non_public`.
    pub class: Option<String>,
    /// Field of the sector authority.
    pub sector: Option<String>,
    /// Responsibility level, `A` to `E`.
    pub level: Option<String>,
    /// County or city.
    pub county: Option<String>,
}

/// What a row says of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The number a spreadsheet program shows beside the row.
    pub line: u32,
    /// By which it is known: its code, or its object identifier.
    pub code: String,
    /// Full name.
    pub name: String,
    /// Object identifier.
    pub oid: Option<Oid>,
    /// Code or object identifier of the one above, where the list has a column of it.
    pub parent: Option<String>,
    /// Distinguished name.
    pub dn: Option<String>,
    /// What else it says.
    pub facts: Facts,
    /// Its identifier was written with white space around it.
    pub trimmed: bool,
}

/// A list as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct List {
    /// The good rows, in the order of the list.
    pub bodies: Vec<Body>,
    /// Why the others are not taken, in the order of the list: the row and what is wrong.
    pub problems: Vec<(u32, Diagnostic)>,
    /// What a person should look at.
    pub notes: Vec<Diagnostic>,
}

/// Reads the rows of a list, each with the number beside it. `sheet` is the name of the sheet, for messages.
pub fn read<'a>(columns: &Columns, sheet: &str, rows: impl IntoIterator<Item = (&'a [String], u32)>) -> List {
    let mut list = List::default();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for (cells, line) in rows {
        let reader = Reader { columns, sheet, cells, line };
        match reader.body(&mut list.notes) {
            Ok(body) => {
                // The identifier tells a body apart, and so does a code: neither may stand twice.
                let keys = [Some(body.code.clone()), body.oid.as_ref().map(Oid::to_string)];
                let twice = keys.iter().flatten().find_map(|key| seen.get(key).map(|first| (key, *first)));
                if let Some((key, first)) = twice {
                    let field = if body.oid.as_ref().is_some_and(|oid| oid.as_str() == key) {
                        Field::Oid
                    } else {
                        Field::Code
                    };
                    let note = message("BW-INV-012", &args![value = key, line = first]);
                    list.problems.push((line, note.at(reader.place(field))));
                    continue;
                }
                for key in keys.into_iter().flatten() {
                    seen.insert(key, line);
                }
                list.bodies.push(body);
            }
            Err(problem) => list.problems.push((line, problem)),
        }
    }
    list
}

struct Reader<'a> {
    columns: &'a Columns,
    sheet: &'a str,
    cells: &'a [String],
    line: u32,
}

impl Reader<'_> {
    fn place(&self, field: Field) -> Location {
        Location::Cell { sheet: self.sheet.to_owned(), row: self.line, column: self.columns.column(field) }
    }

    fn wrong(&self, field: Field, code: &str, args: &[(&str, String)]) -> Diagnostic {
        message(code, args).at(self.place(field))
    }

    /// A cell without the white space around it; `None` when it is empty or there is no such column.
    fn cell(&self, field: Field) -> Option<&str> {
        self.columns.cell(self.cells, field).map(str::trim).filter(|text| !text.is_empty())
    }

    fn body(&self, notes: &mut Vec<Diagnostic>) -> Result<Body, Diagnostic> {
        let name = self.cell(Field::Name).ok_or_else(|| self.wrong(Field::Name, "BW-INV-010", &[]))?;
        if name.chars().count() > NAME || name.chars().any(char::is_control) {
            return Err(self.wrong(Field::Name, "BW-INV-011", &args![most = NAME]));
        }
        let written = self.columns.cell(self.cells, Field::Oid).unwrap_or_default();
        let oid = match self.cell(Field::Oid) {
            Some(text) => Some(
                Oid::parse(text)
                    .ok_or_else(|| self.wrong(Field::Oid, "BW-INV-013", &args![value = shown(text)]))?,
            ),
            None => None,
        };
        let trimmed = oid.is_some() && written.trim() != written;
        if trimmed {
            notes.push(self.wrong(Field::Oid, "BW-INV-030", &args![value = written.trim()]));
        }
        let code = match (self.cell(Field::Code), &oid) {
            (Some(code), _) => self.code(code)?,
            (None, Some(oid)) => oid.to_string(),
            (None, None) => return Err(self.wrong(Field::Oid, "BW-INV-014", &[])),
        };
        let text = |field| self.cell(field).map(|text| text.chars().take(NAME * 4).collect::<String>());
        let facts = Facts {
            kind: self.word(Field::Kind, KINDS)?,
            class: self.word(Field::Class, CLASSES)?,
            sector: text(Field::Sector),
            level: self.word(Field::Level, LEVELS)?,
            county: text(Field::County),
        };
        let parent = text(Field::Parent);
        let dn = text(Field::Dn);
        Ok(Body { line: self.line, code, name: name.to_owned(), oid, parent, dn, facts, trimmed })
    }

    fn code(&self, code: &str) -> Result<String, Diagnostic> {
        let good = code.len() <= CODE && code.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if good {
            Ok(code.to_owned())
        } else {
            Err(self.wrong(Field::Code, "BW-INV-015", &args![value = shown(code), most = CODE]))
        }
    }

    /// One word of several, by its code or what people write for it.
    fn word(&self, field: Field, words: &[(&str, &[&str])]) -> Result<Option<String>, Diagnostic> {
        let Some(text) = self.cell(field) else { return Ok(None) };
        let written = text.to_lowercase();
        let found = words.iter().find(|(code, names)| {
            code.eq_ignore_ascii_case(&written) || names.iter().any(|name| *name == written)
        });
        if let Some((code, _)) = found {
            return Ok(Some((*code).to_owned()));
        }
        let known = words.iter().map(|(code, names)| *names.first().unwrap_or(code));
        let known = known.collect::<Vec<_>>().join("、");
        Err(self.wrong(field, "BW-INV-016", &args![value = shown(text), known = known]))
    }
}

/// Codes with what people write for them (glossary: agency.kind).
const KINDS: &[(&str, &[&str])] = &[
    ("agency", &["機關", "yuan", "ministry", "independent", "council", "municipality", "county", "bureau"]),
    ("vendor", &["廠商", "資訊系統維護廠商"]),
    ("team", &["服務團", "service_team"]),
];
const CLASSES: &[(&str, &[&str])] = &[
    ("public", &["公務機關", "公務", "gov"]),
    ("specific_non_public", &["特定非公務機關", "特定非公務", "nongov", "non_gov"]),
];
const LEVELS: &[(&str, &[&str])] = &[
    ("A", &["a級", "Ａ"]),
    ("B", &["b級", "Ｂ"]),
    ("C", &["c級", "Ｃ"]),
    ("D", &["d級", "Ｄ"]),
    ("E", &["e級", "Ｅ"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(header: &[&str], rows: &[&[&str]]) -> List {
        let own = |row: &[&str]| row.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let columns = Columns::guess(&own(header)).expect("enough columns");
        let rows: Vec<Vec<String>> = rows.iter().map(|row| own(row)).collect();
        read(&columns, "", rows.iter().map(Vec::as_slice).zip(2..))
    }

    #[test]
    fn each_wrong_row_says_which_cell_and_why() {
        let header = ["name", "oid", "責任等級", "class"];
        let list = list(
            &header,
            &[
                &["甲", "2.16.1", "A", "公務機關"],
                &["", "2.16.2", "", ""],
                &["乙", "2.16.x", "", ""],
                &["丙", "", "", ""],
                &["丁", "2.16.1", "", ""],
                &["戊", "\t2.16.3", "b級", ""],
                &["己", "2.16.4", "F", ""],
            ],
        );
        let codes: Vec<_> =
            list.problems.iter().map(|(line, problem)| (*line, problem.code.as_str())).collect();
        let expected =
            [(3, "BW-INV-010"), (4, "BW-INV-013"), (5, "BW-INV-014"), (6, "BW-INV-012"), (8, "BW-INV-016")];
        assert_eq!(codes, expected);
        assert_eq!(list.problems[1].1.location.to_string(), "B4");
        assert_eq!(list.bodies.len(), 2);
        assert_eq!(list.bodies[0].facts.class.as_deref(), Some("public"));
        assert!(list.bodies[1].trimmed && list.bodies[1].facts.level.as_deref() == Some("B"));
        assert_eq!(list.notes.len(), 1);
    }

    proptest! {
        #[test]
        fn every_row_is_taken_or_named(rows in proptest::collection::vec(
            proptest::collection::vec("[0-9.]{0,6}|甲|\\PC{0,8}", 0..5), 0..20,
        )) {
            let header: Vec<String> = ["name", "oid", "code", "parent"].map(str::to_owned).to_vec();
            let columns = Columns::guess(&header).expect("enough columns");
            let list = read(&columns, "s", rows.iter().map(Vec::as_slice).zip(2..));
            prop_assert_eq!(list.bodies.len() + list.problems.len(), rows.len());
        }
    }
}
