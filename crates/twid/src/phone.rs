//! Telephone numbers in Taiwan, to E.164 (ITU-T). An extension is kept apart, as RFC 3966 writes it.

use crate::Valid;
use crate::normal;
use crate::reason::Reason;

/// A mobile number.
pub const MOBILE: &str = "mobile";
/// A number of a place.
pub const LANDLINE: &str = "landline";
/// A number that costs the caller nothing.
pub const TOLL_FREE: &str = "toll_free";

/// Area codes and how many digits may follow. The longest that fits counts, so 08 of 屏東 stands last.
pub const AREAS: [(&str, &[usize]); 13] = [
    ("0826", &[5]),
    ("0836", &[5]),
    ("037", &[6]),
    ("049", &[7]),
    ("082", &[6]),
    ("089", &[6]),
    ("02", &[8]),
    ("03", &[7]),
    ("04", &[7, 8]),
    ("05", &[7]),
    ("06", &[7]),
    ("07", &[7]),
    ("08", &[7]),
];
/// What stands before an extension.
const MARKS: [&str; 7] = [";EXT=", "分機", "轉", "EXT.", "EXT", "#", "X"];

/// Reads a number in Taiwan; the value is E.164, with `;ext=` where there is an extension.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<Valid, Reason> {
    let text = normal::code(text);
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    let (main, extension) = split(&text)?;
    // The country code may stand in brackets.
    let unsigned = main.trim_start_matches(['(', ' ']).strip_prefix('+');
    let (international, main) = (unsigned.is_some(), unsigned.unwrap_or(main));
    if main.chars().any(|c| !(c.is_ascii_digit() || matches!(c, '-' | '(' | ')' | ' ' | '.' | '/'))) {
        return Err(Reason::Format);
    }
    let mut digits: String = main.chars().filter(char::is_ascii_digit).collect();
    if international {
        let rest = digits.strip_prefix("886").ok_or(Reason::NotTaiwan)?;
        // Many write the national 0 after the country code.
        digits = format!("0{}", rest.strip_prefix('0').unwrap_or(rest));
    }
    if digits.len() <= 4 && !international {
        return Err(if digits.len() >= 3 && digits.starts_with('1') {
            Reason::ShortCode
        } else {
            Reason::Length
        });
    }
    if !digits.starts_with('0') {
        return Err(if matches!(digits.len(), 6..=8) { Reason::AreaCodeMissing } else { Reason::Format });
    }
    let kind = kind(&digits)?;
    let mut value = format!("+886{}", &digits[1..]);
    if let Some(extension) = extension {
        value.push_str(";ext=");
        value.push_str(extension);
    }
    Ok(Valid { kind: Some(kind), value, advice: Vec::new() })
}

fn kind(digits: &str) -> Result<&'static str, Reason> {
    if digits.starts_with("09") {
        return if digits.len() == 10 { Ok(MOBILE) } else { Err(Reason::Length) };
    }
    if digits.starts_with("0800") || digits.starts_with("0809") {
        return if digits.len() == 10 { Ok(TOLL_FREE) } else { Err(Reason::Length) };
    }
    let (area, lengths) =
        AREAS.iter().find(|(area, _)| digits.starts_with(area)).ok_or(Reason::NoSuchArea)?;
    if lengths.contains(&(digits.len() - area.len())) { Ok(LANDLINE) } else { Err(Reason::Length) }
}

/// The number and its extension: `#12`, `分機 12`, `轉 12`, `EXT 12`, `X12`, `;EXT=12`.
fn split(text: &str) -> Result<(&str, Option<&str>), Reason> {
    // The first mark counts; of those at one place, the first in the list.
    let first = MARKS.iter().filter_map(|mark| Some((text.find(mark)?, mark))).min_by_key(|(at, _)| *at);
    let Some((at, mark)) = first else { return Ok((text, None)) };
    let extension = text[at + mark.len()..].trim_matches([' ', ':', '.', '-']);
    if extension.is_empty() || extension.len() > 6 || !extension.chars().all(|c| c.is_ascii_digit()) {
        return Err(Reason::Extension);
    }
    Ok((&text[..at], Some(extension)))
}
