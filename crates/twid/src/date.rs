//! Dates. ROC years are Gregorian years less 1911; a year of four digits is taken as Gregorian, and said so.
//! Days before 民國 1 are a kind of their own, so that nobody writes one by mistake.

use bulwark_model::Text;

use crate::Valid;
use crate::normal;
use crate::reason::{Advice, Reason};

/// The latest ROC year taken for a date of our time.
const LAST: i32 = 199;
/// Gregorian year of 民國 0.
const ERA: i32 = 1911;

/// Reads `113/2/29`, `民國 113 年 2 月 29 日`, `1130229`, `2024-02-29`, `西元 2024/2/29`; the value is ISO 8601.
///
/// # Errors
/// Which part is missing or impossible.
pub fn parse(text: &str) -> Result<Valid, Reason> {
    let ([year, month, day], guessed) = read(text)?;
    let advice = if guessed { vec![Advice::GregorianYear] } else { Vec::new() };
    Ok(Valid { advice, ..Valid::plain(iso(year, month, day)?) })
}

/// Gregorian year, month and day as [`parse`] reads them, whether or not there is such a day: for messages that
/// say which day there is not.
///
/// ```
/// assert_eq!(bulwark_twid::date::written("１１５／２／２９"), Ok([2026, 2, 29]));
/// ```
///
/// # Errors
/// Which part is missing, or that the year is none of our time.
pub fn written(text: &str) -> Result<[i32; 3], Reason> {
    read(text).map(|(parts, _)| parts)
}

/// The parts, and whether the year was taken as Gregorian for its four digits alone.
fn read(text: &str) -> Result<([i32; 3], bool), Reason> {
    let text = normal::code(text);
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    if before_era(&text).is_some() {
        return Err(Reason::YearBeforeEra);
    }
    let after = |marks: [&str; 2]| marks.into_iter().find_map(|mark| text.strip_prefix(mark));
    let (rest, roc, western) = match (after(["中華民國", "民國"]), after(["西元", "公元"])) {
        (Some(rest), _) => (rest, true, false),
        (_, Some(rest)) => (rest, false, true),
        _ => (text.as_str(), false, false),
    };
    let [year, month, day] = numbers(rest, !western)?;
    if year < 1 {
        return Err(Reason::YearBeforeEra);
    }
    let four_digits = (1000..=9999).contains(&year) && !roc;
    let year = if western || four_digits { year } else { year.saturating_add(ERA) };
    if year <= ERA {
        return Err(Reason::YearBeforeEra);
    }
    if year > LAST + ERA {
        return Err(Reason::YearRange);
    }
    Ok(([year, month, day], four_digits && !western))
}

/// Reads a date in years before 民國 1 (1912): `民國前 5 年 6 月 1 日` or `5/6/1`, which is 1907-06-01.
///
/// # Errors
/// Which part is missing or impossible.
pub fn parse_before_era(text: &str) -> Result<Valid, Reason> {
    let text = normal::code(text);
    if text.is_empty() {
        return Err(Reason::Empty);
    }
    let [year, month, day] = numbers(before_era(&text).unwrap_or(&text), true)?;
    if !(1..=ERA).contains(&year) {
        return Err(Reason::YearsBeforeEra);
    }
    iso(ERA + 1 - year, month, day).map(Valid::plain)
}

/// A value as people read it: `民國 113 年 2 月 29 日`, `29 February 2024`. `None` when it is no ISO 8601 date.
///
/// ```
/// let text = bulwark_twid::date::shown("2024-02-29").unwrap();
/// assert_eq!((text.zh_tw.as_str(), text.en.as_str()), ("民國 113 年 2 月 29 日", "29 February 2024"));
/// ```
pub fn shown(value: &str) -> Option<Text> {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let mut parts = value.splitn(3, '-').map(|part| part.parse::<i32>().ok().filter(|n| *n > 0));
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    iso(year, month, day).ok()?;
    let era = if year > ERA {
        format!("民國 {} 年", year - ERA)
    } else {
        format!("民國前 {} 年", ERA + 1 - year)
    };
    let name = MONTHS.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    Some(Text::new(format!("{era} {month} 月 {day} 日"), format!("{day} {name} {year}")))
}

fn before_era(text: &str) -> Option<&str> {
    ["中華民國前", "民國前", "民前"].into_iter().find_map(|mark| text.strip_prefix(mark))
}

fn iso(year: i32, month: i32, day: i32) -> Result<String, Reason> {
    if !(1..=12).contains(&month) {
        return Err(Reason::MonthRange);
    }
    if !(1..=days(year, month)).contains(&day) {
        return Err(Reason::DayNotInMonth);
    }
    Ok(format!("{year:04}-{month:02}-{day:02}"))
}

/// Year, month and day. 元年 is the first year of the era.
fn numbers(text: &str, era: bool) -> Result<[i32; 3], Reason> {
    let parts = parts(text.trim_matches(' '));
    let [year, month, day] = parts.as_slice() else { return Err(Reason::Format) };
    if month.is_empty() && day.is_empty() {
        return Err(if year.is_empty() { Reason::Format } else { Reason::MonthDayMissing });
    }
    let year = if era && year == "元" { "1" } else { year };
    Ok([
        number(year)?.ok_or(Reason::YearMissing)?,
        number(month)?.ok_or(Reason::MonthMissing)?,
        number(day)?.ok_or(Reason::DayMissing)?,
    ])
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
