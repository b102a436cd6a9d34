//! What a person is told when something is wrong with an input.

use serde::{Deserialize, Serialize};

use crate::{Lang, Text};

/// Where the trouble is, as exactly as it is known.
#[derive(Debug, Clone, PartialEq, Eq, Default, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Location {
    /// No place can be named.
    #[default]
    None,
    /// A place in a text file; line and column start at 1, columns count characters.
    File {
        /// Path as the person gave it.
        path: String,
        /// 1-based line, 0 when unknown.
        line: u32,
        /// 1-based column in characters, 0 when unknown.
        column: u32,
    },
    /// A cell of a table as a spreadsheet program shows it.
    Cell {
        /// Name of the sheet, empty for a format that has none.
        sheet: String,
        /// 1-based row, the heading included.
        row: u32,
        /// 1-based column, 0 when the whole row is meant.
        column: u32,
    },
    /// A record inside a bundle, a host, a URL, a form field: anything with a name.
    Named(String),
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::File { path, line: 0, .. } => write!(f, "{path}"),
            Self::File { path, line, column } => write!(f, "{path}:{line}:{column}"),
            Self::Cell { sheet, row, column } => {
                if !sheet.is_empty() {
                    write!(f, "{sheet}!")?;
                }
                // A whole row is written as a range of rows is: `7:7`.
                match column {
                    0 => write!(f, "{row}:{row}"),
                    _ => write!(f, "{}{row}", column_letters(*column)),
                }
            }
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// The letters spreadsheet programs write over a column: 1 is `A`, 27 is `AA`.
fn column_letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        column -= 1;
        letters.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or_default()));
        column /= 26;
    }
    letters.iter().rev().collect()
}

/// One message to a person: what happened, where, and what to do next.
///
/// Codes (`BW-PLAN-003`) are stable; `bulwark explain CODE` prints the manual page of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Stable code, `BW-AREA-NNN`.
    pub code: String,
    /// What happened, with the offending value.
    pub what: Text,
    /// Where.
    #[serde(rename = "where")]
    pub location: Location,
    /// The next action.
    pub hint: Text,
    /// The cause as the lower layer told it (library or system words), if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

impl Diagnostic {
    /// A message without place or cause.
    pub fn new(code: impl Into<String>, what: Text, hint: Text) -> Self {
        Self { code: code.into(), what, location: Location::None, hint, cause: None }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, location: Location) -> Self {
        self.location = location;
        self
    }

    /// Adds a named place (record, host, URL, field).
    #[must_use]
    pub fn at_named(self, name: impl Into<String>) -> Self {
        self.at(Location::Named(name.into()))
    }

    /// Adds what the lower layer said.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The message as lines for a terminal: `place: [code] what`, then cause and hint, indented.
    pub fn render(&self, lang: Lang) -> String {
        use std::fmt::Write as _;
        let mut out = String::new();
        if self.location != Location::None {
            let _ = write!(out, "{}: ", self.location);
        }
        let _ = write!(out, "[{}] {}", self.code, self.what.get(lang));
        if let Some(cause) = &self.cause {
            let label = if lang == Lang::ZhTw { "原因" } else { "cause" };
            let _ = write!(out, "\n  {label}: {cause}");
        }
        if !self.hint.is_empty() {
            let label = if lang == Lang::ZhTw { "建議" } else { "hint" };
            let _ = write!(out, "\n  {label}: {}", self.hint.get(lang));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_named_as_spreadsheet_programs_name_it() {
        let place =
            |sheet: &str, row, column| Location::Cell { sheet: sheet.into(), row, column }.to_string();
        assert_eq!(place("系統清單", 3, 2), "系統清單!B3");
        assert_eq!(place("", 12, 0), "12:12");
        assert_eq!(
            [place("", 1, 26), place("", 1, 27), place("", 1, 702), place("", 1, 703)],
            ["Z1", "AA1", "ZZ1", "AAA1"]
        );
    }

    #[test]
    fn a_terminal_message_names_place_code_cause_and_hint() {
        let d = Diagnostic::new("BW-X-001", Text::new("壞了", "broken"), Text::new("修好它", "mend it"))
            .at(Location::File { path: "plan.toml".into(), line: 3, column: 7 })
            .because("os error 2");
        assert_eq!(
            d.render(Lang::En),
            "plan.toml:3:7: [BW-X-001] broken\n  cause: os error 2\n  hint: mend it"
        );
        assert!(d.render(Lang::ZhTw).contains("建議: 修好它"));
    }
}
