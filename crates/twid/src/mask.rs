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
        Kind::RocDate => {
            let text = normal::code(text);
            let year: String = text.chars().take_while(char::is_ascii_digit).collect();
            if year.len() > 4 || year.len() == text.len() {
                "***".to_owned()
            } else {
                format!("{year}-**-**")
            }
        }
        Kind::Name => {
            let mut chars = text.trim().chars();
            let first: String = chars.next().into_iter().collect();
            format!("{first}{}", "*".repeat(chars.count().min(9)))
        }
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
