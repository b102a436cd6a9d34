//! Which cells are dates, times or padded numbers: that is only said by their number format.

use std::collections::BTreeMap;

use bulwark_model::Diagnostic;

use crate::Limits;
use crate::archive::Archive;
use crate::xml::{Token, Xml, local};

/// What a number means to the person who sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Meaning {
    /// A plain number.
    #[default]
    Number,
    /// A day or a time of day, as the value tells; with `time`, a day has its time even at midnight.
    Moment {
        /// The format shows hours or seconds.
        time: bool,
    },
    /// A length of time that may pass 24 hours.
    Duration,
    /// Shown with zeros in front up to this many digits: postcodes, telephones, employee numbers.
    Padded(usize),
}

/// Meanings by the style number of a cell.
#[derive(Debug, Default)]
pub(super) struct Formats {
    cells: Vec<Meaning>,
}

impl Formats {
    pub(super) fn get(&self, style: usize) -> Meaning {
        self.cells.get(style).copied().unwrap_or_default()
    }
}

pub(super) fn read(archive: &Archive<'_>, part: &str, limits: &Limits) -> Result<Formats, Diagnostic> {
    /// Spreadsheet programs allow 65 490 styles.
    const STYLES: usize = 70_000;
    let mut own: BTreeMap<u32, Meaning> = BTreeMap::new();
    let mut formats = Formats::default();
    let mut in_cells = false;
    let mut xml = Xml::new(archive.open_part(part)?, part, limits);
    loop {
        match xml.next()? {
            Token::Open(element) => match local(element.name()) {
                "numFmt" if own.len() < STYLES => {
                    let id = element.attribute("numFmtId")?.and_then(|id| id.parse().ok());
                    let code = element.attribute("formatCode")?.unwrap_or_default();
                    if let Some(id) = id {
                        own.insert(id, meaning(&code));
                    }
                }
                "cellXfs" => in_cells = true,
                "xf" if in_cells && formats.cells.len() < STYLES => {
                    let id = element.attribute("numFmtId")?.and_then(|id| id.parse().ok()).unwrap_or(0);
                    formats.cells.push(own.get(&id).copied().unwrap_or_else(|| built_in(id)));
                }
                _ => {}
            },
            Token::Close(end) if local(end.name().into_inner()) == "cellXfs" => in_cells = false,
            Token::End => return Ok(formats),
            _ => {}
        }
    }
}

/// Formats that need no code in the file (ECMA-376 part 1, 18.8.30; 27–36 and 50–58 are dates in East Asian
/// editions).
fn built_in(id: u32) -> Meaning {
    match id {
        18..=22 | 32..=35 | 45 | 47 | 55 | 56 => Meaning::Moment { time: true },
        14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Meaning::Moment { time: false },
        46 => Meaning::Duration,
        _ => Meaning::Number,
    }
}

/// Reads a format code. Only its first section counts; quoted text, escaped characters and colours are no
/// part of it.
fn meaning(code: &str) -> Meaning {
    let mut letters = String::new();
    let mut duration = false;
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => drop(characters.by_ref().find(|c| *c == '"')),
            '\\' | '_' | '*' => drop(characters.next()),
            '[' => {
                let inside: String = characters.by_ref().take_while(|c| *c != ']').collect();
                let inside = inside.to_ascii_lowercase();
                let only = |unit: char| !inside.is_empty() && inside.chars().all(|c| c == unit);
                duration |= only('h') || only('m') || only('s');
            }
            ';' => break,
            other => letters.push(other.to_ascii_lowercase()),
        }
    }
    if duration {
        return Meaning::Duration;
    }
    if letters.len() > 1 && letters.bytes().all(|byte| byte == b'0') {
        return Meaning::Padded(letters.len());
    }
    let letters = letters.replace("general", "").replace("e+", "").replace("e-", "");
    // `e` and `g` are the year and the era of the Republic of China.
    if letters.contains(['y', 'm', 'd', 'h', 's', 'e', 'g']) {
        Meaning::Moment { time: letters.contains(['h', 's']) }
    } else {
        Meaning::Number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn format_codes_tell_dates_from_numbers() {
        for code in ["yyyy/m/d", "[$-404]e/mm/dd", "[$-404]ggge\"年\"m\"月\"d\"日\"", "m/d;@"] {
            assert_eq!(meaning(code), Meaning::Moment { time: false }, "{code}");
        }
        for code in ["h:mm AM/PM", "yyyy-mm-dd hh:mm", "mm:ss"] {
            assert_eq!(meaning(code), Meaning::Moment { time: true }, "{code}");
        }
        for code in [
            "General",
            "0.00",
            "0.00E+00",
            "#,##0;[Red]-#,##0",
            "\"day\" 0",
            "[Red]0",
            "@",
            "\\d0",
            "0%",
            "0",
        ] {
            assert_eq!(meaning(code), Meaning::Number, "{code}");
        }
        assert_eq!(meaning("[h]:mm:ss"), Meaning::Duration);
        assert_eq!(meaning("[mm]:ss"), Meaning::Duration);
        assert_eq!(meaning("0000000000"), Meaning::Padded(10));
        assert_eq!(built_in(14), Meaning::Moment { time: false });
        assert_eq!(built_in(22), Meaning::Moment { time: true });
        assert_eq!((built_in(0), built_in(46)), (Meaning::Number, Meaning::Duration));
    }
}
