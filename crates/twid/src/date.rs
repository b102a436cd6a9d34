//! Dates. ROC years are Gregorian years less 1911; a year of four digits is taken as Gregorian, and said so.

use crate::Valid;
use crate::normal;
use crate::reason::{Advice, Reason};

/// The latest ROC year taken for a date of our time.
const LAST: i32 = 199;

pub(crate) fn check(text: &str) -> Result<Valid, Reason> {
    let text = normal::code(text);
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    if text.starts_with("民國前") {
        return Err(Reason::YearBeforeEra);
    }
    let text = text.strip_prefix("中華民國").or_else(|| text.strip_prefix("民國")).unwrap_or(&text);
    let text = text.strip_prefix("西元").unwrap_or(text).trim_matches(' ');
    let parts = parts(text);
    let [year, month, day] = parts.as_slice() else { return Err(Reason::Format) };
    if month.is_empty() && day.is_empty() {
        return Err(if year.is_empty() { Reason::Format } else { Reason::MonthDayMissing });
    }
    let year = number(year)?.ok_or(Reason::YearMissing)?;
    let month = number(month)?.ok_or(Reason::MonthMissing)?;
    let day = number(day)?.ok_or(Reason::DayMissing)?;
    if year < 1 {
        return Err(Reason::YearBeforeEra);
    }
    let gregorian = (1000..=9999).contains(&year);
    let roc = if gregorian { year - 1911 } else { year };
    if roc < 1 {
        return Err(Reason::YearBeforeEra);
    }
    if roc > LAST {
        return Err(Reason::YearRange);
    }
    if !(1..=12).contains(&month) {
        return Err(Reason::MonthRange);
    }
    let year = roc + 1911;
    if !(1..=days(year, month)).contains(&day) {
        return Err(Reason::DayNotInMonth);
    }
    let advice = if gregorian { vec![Advice::GregorianYear] } else { Vec::new() };
    Ok(Valid { kind: None, value: format!("{year:04}-{month:02}-{day:02}"), advice })
}

/// Year, month and day as written: `113/2/29`, `113-2-29`, `113年2月29日`, `1130229`, `20240229`.
fn parts(text: &str) -> Vec<String> {
    let digits = text.chars().all(|c| c.is_ascii_digit());
    if digits && (text.len() == 6 || text.len() == 7 || text.len() == 8) {
        let (year, rest) = text.split_at(text.len() - 4);
        let (month, day) = rest.split_at(2);
        return [year, month, day].map(str::to_owned).to_vec();
    }
    let text = text.trim_end_matches('日');
    let split = |text: &str| -> Vec<String> {
        text.split(['/', '-', '.', ',', '年', '月']).map(|p| p.trim_matches(' ').to_owned()).collect()
    };
    // A leading sign belongs to the year only when three numbers follow.
    if let Some(rest) = text.strip_prefix('-') {
        let mut parts = split(rest);
        if parts.len() == 3 {
            parts[0].insert(0, '-');
            return parts;
        }
    }
    split(text)
}

/// A number of at most six digits; `None` when nothing is written.
fn number(text: &str) -> Result<Option<i32>, Reason> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || digits.len() > 6 || !digits.chars().all(|c| c.is_ascii_digit()) {
        return Err(Reason::NotANumber);
    }
    text.parse().map(Some).map_err(|_| Reason::NotANumber)
}

const fn days(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
