//! Identity numbers of persons.
//!
//! 身分證統一編號: a letter, 1 or 2, eight digits. 統一證號 since 2 January 2021: a letter, 8 or 9, eight
//! digits, the same sum. Before: two letters and eight digits, good until 31 December 2030.

use crate::Valid;
use crate::normal;
use crate::reason::{Advice, Reason};

/// Codes of the letters A to Z.
pub const LETTERS: [u32; 26] =
    [10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33];
/// Weights of the two digits of the letter's code and of the nine characters that follow.
pub const WEIGHTS: [u32; 11] = [1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1];

/// 身分證統一編號.
pub const NATIONAL: &str = "national_id";
/// 統一證號 as given since 2021.
pub const RESIDENCE: &str = "ui_number";
/// 統一證號 as given before.
pub const RESIDENCE_OLD: &str = "arc_old";

/// Reads a number of any of the three kinds and says which it is.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<Valid, Reason> {
    let value = normal::code(text);
    if value.is_empty() {
        return Err(Reason::Empty);
    }
    let chars: Vec<char> = value.chars().collect();
    if chars.len() != 10 {
        return Err(Reason::Length);
    }
    let first = letter(chars[0]).ok_or(Reason::Format)?;
    // The second character of an old residence number counts by the units digit of its code.
    let second = match chars[1] {
        c @ 'A'..='D' => letter(c).ok_or(Reason::Format)? % 10,
        c => normal::digit(c).ok_or(Reason::Format)?,
    };
    let mut digits = vec![first / 10, first % 10, second];
    for c in &chars[2..] {
        digits.push(normal::digit(*c).ok_or(Reason::Format)?);
    }
    let kind = match chars[1] {
        '1' | '2' => NATIONAL,
        '8' | '9' => RESIDENCE,
        'A'..='D' => RESIDENCE_OLD,
        _ => return Err(Reason::SecondDigit),
    };
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| d * w).sum();
    if !sum.is_multiple_of(10) {
        return Err(Reason::Checksum);
    }
    let advice = if kind == RESIDENCE_OLD { vec![Advice::OldResidenceNumber] } else { Vec::new() };
    Ok(Valid { kind: Some(kind), value, advice })
}

/// Reads 身分證統一編號 only.
///
/// # Errors
/// Why it is none; a good number of another kind is [`Reason::OtherKind`].
pub fn national(text: &str) -> Result<Valid, Reason> {
    parse(text).and_then(|valid| only(valid, &[NATIONAL]))
}

/// Reads 統一證號 of residents only, new or old.
///
/// # Errors
/// Why it is none; a good number of another kind is [`Reason::OtherKind`].
pub fn residence(text: &str) -> Result<Valid, Reason> {
    parse(text).and_then(|valid| only(valid, &[RESIDENCE, RESIDENCE_OLD]))
}

/// Refuses kinds that were not asked for.
fn only(valid: Valid, kinds: &[&str]) -> Result<Valid, Reason> {
    if valid.kind.is_some_and(|kind| kinds.contains(&kind)) { Ok(valid) } else { Err(Reason::OtherKind) }
}

fn letter(c: char) -> Option<u32> {
    let at = usize::try_from(u32::from(c).checked_sub(u32::from('A'))?).ok()?;
    LETTERS.get(at).copied()
}
