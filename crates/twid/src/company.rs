//! 統一編號: eight digits; since April 2023 the sum must divide by 5 (before by 10). Where the seventh
//! digit is 7, either of two sums will do.

use crate::Valid;
use crate::normal;
use crate::reason::Reason;

const WEIGHTS: [u32; 8] = [1, 2, 1, 2, 1, 2, 4, 1];

/// Reads 統一編號. A pass of the sum does not say that the company exists; 00000000 stands for nobody.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<Valid, Reason> {
    let value = normal::code(text);
    if value.is_empty() {
        return Err(Reason::Empty);
    }
    if value.chars().count() != 8 {
        return Err(Reason::Length);
    }
    let digits: Vec<u32> = value.chars().map(normal::digit).collect::<Option<_>>().ok_or(Reason::Format)?;
    if digits.iter().all(|d| *d == 0) {
        return Err(Reason::Reserved);
    }
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(d, w)| d * w / 10 + d * w % 10).sum();
    if sum.is_multiple_of(5) || digits[6] == 7 && (sum + 1).is_multiple_of(5) {
        Ok(Valid::plain(value))
    } else {
        Err(Reason::Checksum)
    }
}
