//! The strings cells share.

use bulwark_i18n::args;
use bulwark_model::Diagnostic;

use crate::Limits;
use crate::archive::Archive;
use crate::note::message;
use crate::xml::{Token, Xml, local};

/// All shared strings in one buffer: a file may hold fifty million empty ones.
#[derive(Debug, Default)]
pub(super) struct Strings {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    /// The string with this number.
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let start = match number.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        self.text.get(start..end)
    }
}

pub(super) fn read(archive: &Archive<'_>, part: &str, limits: &Limits) -> Result<Strings, Diagnostic> {
    let mut strings = Strings::default();
    let mut xml = Xml::new(archive.open_part(part)?, part, limits);
    loop {
        match xml.next()? {
            Token::Open(element) if local(element.name()) == "si" => {
                rich_text(&mut xml, "si", usize::MAX, &mut strings.text)?;
                let too_much = |_| message("BW-SHEET-037", &args![limit = crate::size(u64::from(u32::MAX))]);
                strings.ends.push(u32::try_from(strings.text.len()).map_err(too_much)?);
            }
            Token::End => return Ok(strings),
            _ => {}
        }
    }
}

/// Gathers the text runs up to the end of the element `end`, without the readings of characters (`rPh`).
/// More than `limit` bytes are not gathered.
pub(super) fn rich_text(
    xml: &mut Xml<'_>,
    end: &str,
    limit: usize,
    out: &mut String,
) -> Result<(), Diagnostic> {
    let mut piece = String::new();
    let mut inside = false;
    loop {
        match xml.next()? {
            Token::Open(element) => match local(element.name()) {
                "rPh" => xml.skip()?,
                "t" => inside = true,
                _ => {}
            },
            Token::Text(text) if inside && piece.len() + out.len() <= limit => piece.push_str(&text),
            Token::Close(closed) => match local(closed.name().into_inner()) {
                "t" => {
                    unescaped(&piece, out);
                    piece.clear();
                    inside = false;
                }
                name if name == end => return Ok(()),
                _ => {}
            },
            Token::End => return Ok(()),
            _ => {}
        }
    }
}

/// `_x000D_` stands for a character XML cannot hold (ECMA-376 part 1, 22.9.2.19). Line ends become `\n`;
/// other control characters are shown as a replacement.
pub(super) fn unescaped(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['_', '\r']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (character, length) = match escape(rest) {
            Some(character) => (character, 7),
            None if rest.starts_with('\r') => ('\r', 1),
            None => ('_', 1),
        };
        rest = &rest[length..];
        match character {
            '\r' => {
                // `\r\n`, in whichever way either is written, is one line end.
                let feed = rest.strip_prefix('\n').or_else(|| rest.strip_prefix("_x000A_"));
                rest = feed.unwrap_or(rest);
                out.push('\n');
            }
            '\n' | '\t' => out.push(character),
            other if other.is_control() => out.push('\u{FFFD}'),
            other => out.push(other),
        }
    }
    out.push_str(rest);
}

fn escape(text: &str) -> Option<char> {
    let digits = text.strip_prefix("_x")?.get(..4)?;
    let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if !all || text.as_bytes().get(6) != Some(&b'_') {
        return None;
    }
    // Half of a surrogate pair is no character.
    Some(char::from_u32(u32::from_str_radix(digits, 16).ok()?).unwrap_or('\u{FFFD}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_line_ends_become_characters() {
        for (text, want) in [
            ("一_x000D_\n二", "一\n二"),
            ("a\r\nb\rc", "a\nb\nc"),
            ("_x005F_x000D_", "_x000D_"),
            ("_x0000_", "\u{FFFD}"),
            ("_xD83D_", "\u{FFFD}"),
            ("snake_case_x12", "snake_case_x12"),
            ("_x00工_", "_x00工_"),
        ] {
            let mut out = String::new();
            unescaped(text, &mut out);
            assert_eq!(out, want, "{text:?}");
        }
    }

    #[test]
    fn strings_are_found_by_number() {
        let strings = Strings { text: "甲乙丙".into(), ends: vec![3, 3, 9] };
        assert_eq!([0, 1, 2, 3].map(|n| strings.get(n)), [Some("甲"), Some(""), Some("乙丙"), None]);
    }
}
