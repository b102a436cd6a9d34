//! From a stored number to what it means.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::format::Meaning;
use crate::value::{date_time, stored_number};

const DAY_SECONDS: f64 = 86_400.0;

/// The last day spreadsheet programs know, 9999-12-31.
const LAST_DAY: f64 = 2_958_465.0;

/// The text of a stored number; `None` when it is no moment although its format says so.
pub(super) fn text(stored: &str, meaning: Meaning, from_1904: bool) -> Option<String> {
    let plain = stored_number(stored);
    let value = || stored.trim().parse::<f64>().ok().filter(|value| (0.0..=LAST_DAY + 1.0).contains(value));
    match meaning {
        Meaning::Number => Some(plain),
        Meaning::Padded(digits) => {
            let whole = plain.bytes().all(|byte| byte.is_ascii_digit());
            Some(if whole { format!("{plain:0>digits$}") } else { plain })
        }
        Meaning::Moment { time } => moment(value()?, time, from_1904),
        Meaning::Duration => Some(hours(whole_seconds(value()?))),
    }
}

fn moment(value: f64, time: bool, from_1904: bool) -> Option<String> {
    let seconds = whole_seconds(value);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    if days == 0 && !from_1904 {
        // Day 0 is no day: such a value is a time of day.
        return Some(hours(rest));
    }
    let day = day(i32::try_from(days).ok()?, from_1904)?;
    if rest == 0 && !time {
        return Some(day.to_string());
    }
    let second = i64::try_from(rest).ok()?;
    Some(date_time(day.at(0, 0, 0, 0).checked_add(second.seconds()).ok()?))
}

/// Day 1 is 1900-01-01. Day 60 is 29 February 1900, which never was: Lotus 1-2-3 thought so, and every
/// spreadsheet program has kept the error.
fn day(number: i32, from_1904: bool) -> Option<Date> {
    let first = match number {
        _ if from_1904 => date(1904, 1, 1),
        60 => return None,
        0..60 => date(1899, 12, 31),
        _ => date(1899, 12, 30),
    };
    first.checked_add(number.days()).ok()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to LAST_DAY + 1 days, checked"
)]
fn whole_seconds(days: f64) -> u64 {
    (days * DAY_SECONDS).round() as u64
}

fn hours(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_become_dates_and_times() {
        let of = |stored: &str, time| text(stored, Meaning::Moment { time }, false);
        for (stored, time, want) in [
            ("1", false, "1900-01-01"),
            ("59", false, "1900-02-28"),
            ("61", false, "1900-03-01"),
            ("46351", false, "2026-11-25"),
            ("46351", true, "2026-11-25T00:00:00"),
            ("46351.586805555555", false, "2026-11-25T14:05:00"),
            ("46350.999999", true, "2026-11-25T00:00:00"),
            ("0.38", true, "09:07:12"),
            ("2958465", false, "9999-12-31"),
        ] {
            assert_eq!(of(stored, time).as_deref(), Some(want), "{stored}");
        }
        for stored in ["60", "-1", "2958467", "1e300", "NaN", "x"] {
            assert_eq!(of(stored, false), None, "{stored}");
        }
        assert_eq!(text("0", Meaning::Moment { time: false }, true).as_deref(), Some("1904-01-01"));
        assert_eq!(text("1.5", Meaning::Duration, false).as_deref(), Some("36:00:00"));
        assert_eq!(text("912345678", Meaning::Padded(10), false).as_deref(), Some("0912345678"));
        assert_eq!(text("0.30000000000000004", Meaning::Number, false).as_deref(), Some("0.3"));
    }
}
