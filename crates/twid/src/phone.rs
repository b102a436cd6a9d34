//! Telephone numbers in Taiwan, to E.164 (ITU-T). An extension is kept apart, as RFC 3966 writes it.

use crate::Valid;
use crate::normal;
use crate::reason::Reason;

/// Area codes, longest first, and how many digits may follow.
pub const AREAS: [(&str, &[usize]); 12] = [
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
];
/// The area code of 屏東, taken after those that begin with it.
const PINGTUNG: (&str, usize) = ("08", 7);

pub(crate) fn check(text: &str) -> Result<Valid, Reason> {
    let text = normal::code(text);
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    let (main, extension) = split(&text)?;
    let international = main.starts_with('+');
    if main.chars().any(|c| !(c.is_ascii_digit() || matches!(c, '+' | '-' | '(' | ')' | ' ' | '.' | '/'))) {
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
        value.push_str(&extension);
    }
    Ok(Valid { kind: Some(kind), value, advice: Vec::new() })
}

fn kind(digits: &str) -> Result<&'static str, Reason> {
    if digits.starts_with("09") {
        return if digits.len() == 10 { Ok("mobile") } else { Err(Reason::Length) };
    }
    if digits.starts_with("0800") || digits.starts_with("0809") {
        return if digits.len() == 10 { Ok("toll_free") } else { Err(Reason::Length) };
    }
    let area = AREAS.iter().find(|(code, _)| digits.starts_with(code));
    let fits = match area {
        Some((code, lengths)) => lengths.contains(&(digits.len() - code.len())),
        None if digits.starts_with(PINGTUNG.0) => digits.len() - PINGTUNG.0.len() == PINGTUNG.1,
        None => return Err(Reason::NoSuchArea),
    };
    if fits { Ok("landline") } else { Err(Reason::Length) }
}

/// The number and its extension: `#12`, `分機 12`, `轉 12`, `EXT 12`, `X12`, `;EXT=12`.
fn split(text: &str) -> Result<(String, Option<String>), Reason> {
    for mark in [";EXT=", "分機", "轉", "EXT.", "EXT", "#", "X"] {
        if let Some((main, extension)) = text.split_once(mark) {
            let extension = extension.trim_matches([' ', ':', '.', '-']);
            if extension.is_empty() || extension.len() > 6 || !extension.chars().all(|c| c.is_ascii_digit()) {
                return Err(Reason::Extension);
            }
            return Ok((main.to_owned(), Some(extension.to_owned())));
        }
    }
    Ok((text.to_owned(), None))
}
