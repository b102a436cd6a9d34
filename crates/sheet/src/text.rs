//! From bytes to characters: UTF-8, UTF-16 with its mark, Big5.

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use encoding_rs::{BIG5, DecoderResult, UTF_16BE, UTF_16LE};

use crate::Encoding;
use crate::note::{Notes, message};

/// The text of a file and how it was written.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) text: String,
    pub(crate) encoding: Encoding,
}

/// Decodes a whole file. Without a mark it is UTF-8 if it can be, else Big5 if it can be.
pub(crate) fn decode(name: &str, bytes: &[u8], notes: &mut Notes) -> Result<Decoded, Diagnostic> {
    let decoded = if let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF") {
        utf8(rest).map_err(|at| unreadable(name, rest, at))?
    } else if let Some(rest) = bytes.strip_prefix(b"\xFF\xFE") {
        utf16(rest, UTF_16LE, Encoding::Utf16Le)?
    } else if let Some(rest) = bytes.strip_prefix(b"\xFE\xFF") {
        utf16(rest, UTF_16BE, Encoding::Utf16Be)?
    } else if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(message("BW-SHEET-030", &args![]).at(place(name, &bytes[..at])));
    } else {
        // When it is neither, the reading that came further is the one the person meant.
        match utf8(bytes) {
            Ok(decoded) => decoded,
            Err(one) => big5(name, bytes, notes).map_err(|other| unreadable(name, bytes, one.max(other)))?,
        }
    };
    without_controls(name, decoded)
}

/// The text, or where it stops being UTF-8.
fn utf8(bytes: &[u8]) -> Result<Decoded, usize> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Decoded { text: text.to_owned(), encoding: Encoding::Utf8 }),
        Err(error) => Err(error.valid_up_to()),
    }
}

fn utf16(
    bytes: &[u8],
    charset: &'static encoding_rs::Encoding,
    encoding: Encoding,
) -> Result<Decoded, Diagnostic> {
    match charset.decode_without_bom_handling_and_without_replacement(bytes) {
        Some(text) => Ok(Decoded { text: text.into_owned(), encoding }),
        None => Err(message("BW-SHEET-032", &args![bytes = "UTF-16"])),
    }
}

/// Decodes Big5. Code points outside the standard sets are 造字 (characters an agency drew itself): the
/// same bytes are other characters on other machines, so each is named for a person to check. The error is
/// where the text stops being Big5.
fn big5(name: &str, bytes: &[u8], notes: &mut Notes) -> Result<Decoded, usize> {
    let mut text = String::new();
    let mut done = 0;
    let mut own = own_characters(bytes).into_iter();
    while done < bytes.len() {
        // Up to the next of these characters, which is taken by itself.
        let next = own.next();
        let until = next.unwrap_or(bytes.len());
        let part = &bytes[done..until];
        let mut decoder = BIG5.new_decoder_without_bom_handling();
        let room = decoder.max_utf8_buffer_length_without_replacement(part.len()).unwrap_or_default();
        text.reserve(room);
        let (result, read) = decoder.decode_to_string_without_replacement(part, &mut text, true);
        if let DecoderResult::Malformed(length, after) = result {
            let at = read.saturating_sub(usize::from(length) + usize::from(after));
            return Err(done + at);
        }
        let Some(at) = next else { break };
        let pair = &bytes[at..at + 2];
        let (character, _) = BIG5.decode_without_bom_handling(pair);
        let known = Some(character.as_ref()).filter(|c| !c.contains('\u{FFFD}')).unwrap_or("\u{FFFD}");
        let values = args![code = format!("{:02X}{:02X}", pair[0], pair[1]), shown = known];
        // Counting lines again for each of a million would take hours.
        let place = if notes.is_full("BW-SHEET-059") { Location::None } else { last_place(name, &text) };
        notes.add("BW-SHEET-059", &values, place);
        text.push_str(known);
        done = at + 2;
    }
    Ok(Decoded { text, encoding: Encoding::Big5 })
}

/// Where two-byte codes of the ranges for user-defined characters begin (code page 950: 8140–A0FE,
/// FA40–FEFE).
fn own_characters(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(lead) = bytes.get(at) {
        let trail = bytes.get(at + 1).copied().unwrap_or_default();
        let pair = matches!(lead, 0x81..=0xFE) && matches!(trail, 0x40..=0x7E | 0xA1..=0xFE);
        if pair && matches!(lead, 0x81..=0xA0 | 0xFA..=0xFE) {
            found.push(at);
        }
        at += if pair { 2 } else { 1 };
    }
    found
}

fn unreadable(name: &str, bytes: &[u8], at: usize) -> Diagnostic {
    let shown: Vec<String> = bytes.iter().skip(at).take(4).map(|byte| format!("{byte:02X}")).collect();
    let before = &bytes[..at.min(bytes.len())];
    message("BW-SHEET-032", &args![bytes = shown.join(" ")]).at(place(name, before))
}

/// Refuses characters no table has. A single end-of-file mark of old programs is taken off.
fn without_controls(name: &str, mut decoded: Decoded) -> Result<Decoded, Diagnostic> {
    if decoded.text.ends_with('\u{1A}') {
        decoded.text.pop();
    }
    let control = |c: char| matches!(c, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}');
    let Some((at, c)) = decoded.text.char_indices().find(|(_, c)| control(*c)) else { return Ok(decoded) };
    let place = last_place(name, &decoded.text[..at]);
    Err(match c {
        '\0' => message("BW-SHEET-030", &args![]),
        _ => message("BW-SHEET-031", &args![code = format!("U+{:04X}", u32::from(c))]),
    }
    .at(place))
}

/// The line after `before`; bytes are no columns in an unknown encoding, so none is given.
fn place(name: &str, before: &[u8]) -> Location {
    let line = before.split(|byte| *byte == b'\n').count();
    Location::File { path: name.to_owned(), line: u32::try_from(line).unwrap_or(u32::MAX), column: 1 }
}

/// Line and column after `before`.
fn last_place(name: &str, before: &str) -> Location {
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    let column = 1 + before.chars().rev().take_while(|c| *c != '\n').count();
    Location::File {
        path: name.to_owned(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
    }
}
