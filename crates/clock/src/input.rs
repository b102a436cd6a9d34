//! Times as people type them: `115/1/31 10:00`, `民國115年1月31日 上午10時30分`, `１１５．１．３１`, RFC 3339.
//!
//! Years of four digits are Gregorian (incident-grc §8). A time without an offset is Taipei's.

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use bulwark_twid::date::written;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::day::{Day, days_in_month, moment};
use crate::diagnostic;
use crate::pause::Pause;

/// Hours in Taipei's offset.
const TAIPEI_SECONDS: i64 = 8 * 3600;

/// A moment that was read, and whether its time of day was left out (then it is 00:00).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The moment.
    pub at: Timestamp,
    /// Only a date was written.
    pub date_only: bool,
}

/// Reads a date.
///
/// ```
/// let wrong = bulwark_clock::parse_date("115/2/29").unwrap_err();
/// assert_eq!(wrong.what.zh_tw, "民國115年(2026年)2月沒有29日");
/// ```
///
/// # Errors
/// `BW-CLOCK-001` what it is not, `BW-CLOCK-002` which day there is not.
pub fn parse_date(text: &str) -> Result<Date, Diagnostic> {
    day(&half_width(text))?.date().ok_or_else(|| not_a_time(text))
}

/// Reads a date with or without a time of day.
///
/// # Errors
/// As [`parse_date`], and `BW-CLOCK-003` for an impossible time of day.
pub fn parse_moment(text: &str) -> Result<Moment, Diagnostic> {
    let plain = half_width(text);
    let plain = plain.trim();
    let Some(split) = time_begins(plain) else {
        let at = moment(day(plain)?.first_second()).ok_or_else(|| not_a_time(text))?;
        return Ok(Moment { at, date_only: true });
    };
    let (date, time) = plain.split_at(split);
    let date = date.trim_end_matches(['T', 't', ' ']);
    let day = day(date)?;
    let second = time_of_day(time).ok_or_else(|| diagnostic("BW-CLOCK-003", &args![value = time.trim()]))?;
    let at = moment(day.first_second() + second).ok_or_else(|| not_a_time(text))?;
    Ok(Moment { at, date_only: false })
}

/// Reads `A/B`, `A~B` or `A至B`: a pause from one moment to another.
///
/// # Errors
/// `BW-CLOCK-008` when there are no two moments, or the end is not after the beginning; otherwise what is
/// wrong with one of them.
pub fn parse_pause(text: &str) -> Result<Pause, Diagnostic> {
    let plain = half_width(text);
    let cuts = plain.match_indices(['/', '~', '至', '～']);
    let mut pairs = cuts.filter_map(|(at, mark)| {
        let (from, until) = (&plain[..at], &plain[at + mark.len()..]);
        Some((parse_moment(from).ok()?.at, parse_moment(until).ok()?.at))
    });
    match (pairs.next(), pairs.next()) {
        (Some((from, until)), None) if until > from => Ok(Pause { from, until: Some(until) }),
        _ => Err(diagnostic("BW-CLOCK-008", &args![value = text.trim()])),
    }
}

/// Full-width letters, digits, punctuation and spaces as their half-width forms.
fn half_width(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{FF01}'..='\u{FF5D}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' | '\u{00A0}' | '\t' => ' ',
        '點' => '時',
        c => c,
    };
    text.chars().filter(|c| !matches!(c, '\u{FEFF}' | '\u{200B}'..='\u{200F}')).map(plain).collect()
}

fn not_a_time(text: &str) -> Diagnostic {
    diagnostic("BW-CLOCK-001", &args![value = text.trim()])
}

fn day(text: &str) -> Result<Day, Diagnostic> {
    let [year, month, day] = written(text).map_err(|reason| {
        let reason = reason.text();
        let mut note = not_a_time(text);
        note.what.zh_tw = format!("{}：{}", note.what.zh_tw, reason.zh_tw);
        note.what.en = format!("{}: {}", note.what.en, reason.en);
        note
    })?;
    if !(1..=12).contains(&month) || !(1..=days_in_month(year, month)).contains(&day) {
        return Err(diagnostic(
            "BW-CLOCK-002",
            &args![roc = year - 1911, year = year, month = month, day = day],
        ));
    }
    Ok(Day::of_parts(year, month, day))
}

/// Where the time of day begins: at the hour before the first `:` or `時`, with 上午 and the like before it.
fn time_begins(text: &str) -> Option<usize> {
    let mark = text.find([':', '時'])?;
    let before = text[..mark].trim_end_matches(' ').trim_end_matches(|c: char| c.is_ascii_digit());
    let before = before.trim_end_matches(' ');
    let parts = ["上午", "下午", "中午", "凌晨", "晚上"];
    Some(parts.into_iter().find_map(|part| before.strip_suffix(part)).unwrap_or(before).len())
}

/// Seconds after the day's midnight in Taipei; an offset is counted in, so they may be negative.
fn time_of_day(text: &str) -> Option<i64> {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    let mut rest = text.as_str();
    let mut part = |word: &str| {
        let found = rest.strip_prefix(word);
        rest = found.unwrap_or(rest);
        found.is_some()
    };
    let afternoon = part("下午") || part("晚上");
    let noon = part("中午");
    let morning = part("上午") || part("凌晨");
    let (clock, offset) = offset(rest)?;
    let (hour, minute, second) = clock_time(clock)?;
    let hour = match hour {
        1..=11 if afternoon => hour + 12,
        1..=2 if noon => hour + 12,
        12 if morning => 0,
        13..=24 if morning => return None,
        _ => hour,
    };
    let whole = hour < 24 || (minute, second) == (0, 0);
    (hour <= 24 && whole && minute < 60 && second < 60)
        .then_some(hour * 3600 + minute * 60 + second + TAIPEI_SECONDS - offset)
}

/// `10:30`, `10:30:15.5`, `10時`, `10時30分15秒`. A fraction of a second is cut off.
fn clock_time(text: &str) -> Option<(i64, i64, i64)> {
    let even = text.replace(['時', '分'], ":").replace('秒', "");
    let even = even.trim_end_matches(':');
    let (whole, fraction) = even.split_once('.').unwrap_or((even, "0"));
    let fraction_good = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    let mut parts = whole.split(':').map(|part| {
        let good = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        good.then(|| part.parse::<i64>().ok()).flatten()
    });
    let hour = parts.next()??;
    let minute = parts.next().unwrap_or(Some(0))?;
    let second = parts.next().unwrap_or(Some(0))?;
    (parts.next().is_none() && fraction_good).then_some((hour, minute, second))
}

/// The time without its offset, and the offset in seconds; Taipei's when none is written.
fn offset(text: &str) -> Option<(&str, i64)> {
    if let Some(time) = text.strip_suffix(['Z', 'z']) {
        return Some((time, 0));
    }
    let Some(sign) = text.rfind(['+', '-', '\u{2212}']) else { return Some((text, TAIPEI_SECONDS)) };
    let (time, offset) = text.split_at(sign);
    let negative = !offset.starts_with('+');
    let digits: String = offset.chars().skip(1).filter(|c| *c != ':').collect();
    let good = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
    let (hours, minutes) = (digits.get(..2)?.parse::<i64>().ok()?, digits.get(2..)?.parse::<i64>().ok()?);
    let seconds = hours * 3600 + minutes * 60;
    (good && hours < 24 && minutes < 60).then_some((time, if negative { -seconds } else { seconds }))
}
