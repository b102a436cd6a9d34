//! What a cell holds when it is written, and how numbers, dates and times are spelled.

use std::borrow::Cow;

use jiff::civil::{Date, DateTime};

/// A cell to be written. The type is the promise: only [`Value::Text`] came from a person, and only it can
/// look like a formula.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Empty,
    /// Any text.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// Any other number. What is not finite is written as text.
    Number(f64),
    /// A day.
    Date(Date),
    /// A day and a time of day, to the second.
    DateTime(DateTime),
}

impl Value<'_> {
    /// The text a person sees and [`crate::read`] gives back: numbers with a point, dates as ISO 8601.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Empty => Cow::Borrowed(""),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(value) => Cow::Owned(value.to_string()),
            Self::Number(value) => Cow::Owned(number(*value)),
            Self::Date(date) => Cow::Owned(date.to_string()),
            Self::DateTime(at) => Cow::Owned(date_time(*at)),
        }
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<i32> for Value<'_> {
    fn from(value: i32) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<u32> for Value<'_> {
    fn from(value: u32) -> Self {
        Self::Integer(i64::from(value))
    }
}

impl From<f64> for Value<'_> {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<Date> for Value<'_> {
    fn from(date: Date) -> Self {
        Self::Date(date)
    }
}

impl From<DateTime> for Value<'_> {
    fn from(at: DateTime) -> Self {
        Self::DateTime(at)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Empty, Into::into)
    }
}

/// A number as people write it: whole numbers exactly, others with 15 significant digits, which is what
/// spreadsheet programs show (`0.1 + 0.2` is stored as 0.30000000000000004). Very large and very small ones
/// keep an exponent.
pub fn number(value: f64) -> String {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if !value.is_finite() {
        return value.to_string();
    }
    if value.fract() == 0.0 && value.abs() < EXACT {
        // `-0` is 0 to people.
        return format!("{:.0}", if value == 0.0 { 0.0 } else { value });
    }
    let rounded = format!("{value:.14e}");
    let (digits, exponent) = rounded.split_once('e').unwrap_or((&rounded, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    if !(-7..=20).contains(&exponent) {
        return format!("{digits}E{exponent:+}");
    }
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let point = exponent + 1;
    let plain = match usize::try_from(point) {
        Ok(0) | Err(_) => format!("0.{}{digits}", "0".repeat(point.unsigned_abs() as usize)),
        Ok(point) if point >= digits.len() => format!("{digits}{}", "0".repeat(point - digits.len())),
        Ok(point) => format!("{}.{}", &digits[..point], &digits[point..]),
    };
    format!("{sign}{plain}")
}

/// A number as a file stores it, without the noise of binary fractions. Whole numbers stay as they are:
/// identity numbers and bank accounts have more digits than a float holds.
pub(crate) fn stored_number(text: &str) -> String {
    let text = text.trim();
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => number(value),
        _ => text.to_owned(),
    }
}

/// `2026-11-25T14:05:00`.
pub(crate) fn date_time(at: DateTime) -> String {
    format!("{}T{:02}:{:02}:{:02}", at.date(), at.hour(), at.minute(), at.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_without_float_noise() {
        for (value, want) in [
            (0.1 + 0.2, "0.3"),
            (-0.0, "0"),
            (-5.0, "-5"),
            (1.0 / 3.0, "0.333333333333333"),
            (1234.5, "1234.5"),
            (-0.000_012_5, "-0.0000125"),
            (1e15 + 0.5, "1000000000000000"),
            (9_007_199_254_740_991.0, "9007199254740991"),
            (1e18, "1000000000000000000"),
            (1.5e300, "1.5E+300"),
            (-2.5e-9, "-2.5E-9"),
            (99.999_999_999_999_99, "100"),
        ] {
            assert_eq!(number(value), want);
        }
    }

    #[test]
    fn stored_whole_numbers_keep_all_digits() {
        for (text, want) in [
            ("12345678901234567890", "12345678901234567890"),
            ("-7", "-7"),
            ("0.30000000000000004", "0.3"),
            ("1.2E3", "1200"),
            ("1E+400", "1E+400"),
            ("abc", "abc"),
        ] {
            assert_eq!(stored_number(text), want);
        }
    }
}
