//! What may stand in a log: enough to tell two entries apart, too little to know the person.

use crate::{Kind, normal};

/// Hides the middle of a text of this kind. Company numbers and postcodes are public and stay.
///
/// ```
/// use bulwark_twid::{Kind, mask};
/// assert_eq!(mask(Kind::NationalId, "A123456789"), "A12****789");
/// assert_eq!(mask(Kind::Name, "王小明"), "王**");
/// ```
pub fn mask(kind: Kind, text: &str) -> String {
    match kind {
        Kind::CompanyId | Kind::Postcode => normal::code(text),
        Kind::PersonId | Kind::NationalId | Kind::ResidenceId => middle(&normal::code(text), 3, 3),
        Kind::Phone => middle(&normal::code(text), 4, 3),
        Kind::RocDate | Kind::RocDateBefore => year_only(&normal::code(text)),
        Kind::Name => {
            let mut chars = text.trim().chars();
            let first: String = chars.next().into_iter().collect();
            format!("{first}{}", "*".repeat(chars.count().min(9)))
        }
    }
}

/// Keeps the year where it can be told from the rest.
fn year_only(text: &str) -> String {
    let text = ["中華民國", "民國", "西元", "公元", "前"]
        .into_iter()
        .fold(text, |text, mark| text.strip_prefix(mark).unwrap_or(text).trim_start_matches(' '));
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if (1..=4).contains(&digits) && digits < text.len() {
        format!("{}-**-**", &text[..digits])
    } else {
        "***".to_owned()
    }
}

/// Keeps some characters at either end; a text too short for that is hidden as a whole.
fn middle(text: &str, start: usize, end: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() < start + end + 3 {
        return "*".repeat(chars.len().min(16));
    }
    let head: String = chars[..start].iter().collect();
    let tail: String = chars[chars.len() - end..].iter().collect();
    format!("{head}{}{tail}", "*".repeat((chars.len() - start - end).min(16)))
}
