//! Reading of calendar files: a file per year or more, own columns or those of the official notice.

use std::collections::BTreeSet;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use jiff::civil::Date;

use super::{Calendar, CalendarDay, Closure, length_of, weekday};
use crate::csv;
use crate::day::Day;
use crate::diagnostic;
use crate::words::{Certainty, DayKind};

const OWN: [&str; 7] = ["date", "roc_date", "weekday", "is_workday", "kind", "name_zh", "certainty"];
const OFFICIAL: [&str; 4] = ["西元日期", "星期", "是否放假", "備註"];
const CLOSURES: [&str; 7] = ["date", "county", "scope", "from", "to", "reason", "note"];

/// Where a row stands, for messages.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: &'a str,
    line: u32,
}

impl Place<'_> {
    fn note(self, code: &str, args: &[(&str, String)]) -> Diagnostic {
        diagnostic(code, args).at(Location::File { path: self.file.to_owned(), line: self.line, column: 1 })
    }
}

/// Text of a file in UTF-8 or Big5.
fn text(bytes: &[u8], file: &str) -> Result<String, Diagnostic> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let (text, _, broken) = encoding_rs::BIG5.decode(bytes);
    if broken {
        return Err(Place { file, line: 0 }.note("BW-CLOCK-015", &args![file = file]));
    }
    Ok(text.into_owned())
}

/// The rows after a header that is one of these; which one it was.
#[expect(clippy::type_complexity, reason = "rows with their lines, as the reader of CSV gives them")]
fn table(
    bytes: &[u8],
    file: &str,
    headers: &[&[&str]],
) -> Result<(usize, Vec<(u32, Vec<String>)>), Diagnostic> {
    let mut rows = csv::rows(&text(bytes, file)?);
    let header: Vec<String> = match rows.first() {
        Some((_, header)) => header.iter().map(|field| field.trim().to_owned()).collect(),
        None => Vec::new(),
    };
    let Some(which) =
        headers.iter().position(|known| header.iter().map(String::as_str).eq(known.iter().copied()))
    else {
        let wanted = headers.iter().map(|known| known.join(",")).collect::<Vec<_>>().join(" | ");
        return Err(Place { file, line: 1 }.note("BW-CLOCK-016", &args![wanted = wanted]));
    };
    rows.remove(0);
    Ok((which, rows))
}

/// See [`Calendar::read`].
pub(super) fn calendar(bytes: &[u8], file: &str) -> (Calendar, Vec<Diagnostic>) {
    let (mut calendar, mut notes) = (Calendar::default(), Vec::new());
    let (which, rows) = match table(bytes, file, &[&OWN, &OFFICIAL]) {
        Ok(table) => table,
        Err(note) => return (calendar, vec![note]),
    };
    for (line, row) in rows {
        let place = Place { file, line };
        let day = if which == 0 { own(place, &row) } else { official(place, &row) };
        match day {
            Ok(day) if calendar.day(day.date).is_some() => {
                notes.push(place.note("BW-CLOCK-012", &args![date = day.date]));
            }
            Ok(day) => calendar.insert(day),
            Err(note) => notes.push(note),
        }
    }
    notes.extend(incomplete(&calendar, file));
    (calendar, notes)
}

/// Years of which days are missing: such a year decides nothing where a day is missing.
fn incomplete(calendar: &Calendar, file: &str) -> Vec<Diagnostic> {
    let years: BTreeSet<i32> = calendar.days().map(|day| i32::from(day.date.year())).collect();
    let days = |year: i32| calendar.days().filter(|day| i32::from(day.date.year()) == year).count();
    let short = years.into_iter().filter_map(|year| {
        let missing = usize::try_from(length_of(year)).unwrap_or(0).saturating_sub(days(year));
        (missing > 0).then_some((year, missing))
    });
    short
        .map(|(year, missing)| {
            let args = args![roc = year - 1911, missing = missing];
            Place { file, line: 0 }.note("BW-CLOCK-013", &args)
        })
        .collect()
}

/// A date of a table, in years that have a 民國 year of our time.
fn date(place: Place<'_>, row: &[String], text: &str) -> Result<Date, Diagnostic> {
    let text = text.trim();
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let dashed = if digits {
        format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..])
    } else {
        text.replace('/', "-")
    };
    let date: Option<Date> = dashed.parse().ok().filter(|_| dashed.len() == 10);
    date.filter(|date| (1912..=2110).contains(&date.year()))
        .ok_or_else(|| place.note("BW-CLOCK-011", &args![row = row.join(","), field = text]))
}

/// A row of our own table. Columns that say the same twice must agree.
fn own(place: Place<'_>, row: &[String]) -> Result<CalendarDay, Diagnostic> {
    let unreadable = |field: &str| place.note("BW-CLOCK-011", &args![row = row.join(","), field = field]);
    let [day, roc, of_week, works, kind, name, source] = row else {
        return Err(unreadable(&row.len().to_string()));
    };
    let date = date(place, row, day)?;
    let kind: DayKind = kind.parse().map_err(|_| unreadable(kind))?;
    let certainty = Certainty::of_day(source).map_err(|_| unreadable(source))?;
    let written = format!("{}/{:02}/{:02}", date.year() - 1911, date.month(), date.day());
    let weekday = weekday(Day::of_date(date)).zh_tw;
    let agrees = *roc == written && weekday.ends_with(of_week.as_str()) && !of_week.is_empty();
    if !agrees || (works == "1") != kind.is_work() || !matches!(works.as_str(), "0" | "1") {
        return Err(place.note("BW-CLOCK-014", &args![row = row.join(",")]));
    }
    Ok(CalendarDay { date, kind, name: name.clone(), certainty, source: source.clone() })
}

/// A row of the official notice: `20260101,四,2,開國紀念日`; 2 is a day off, 0 a working day.
fn official(place: Place<'_>, row: &[String]) -> Result<CalendarDay, Diagnostic> {
    let unreadable = |field: &str| place.note("BW-CLOCK-011", &args![row = row.join(","), field = field]);
    let [day, of_week, off, name] = row else { return Err(unreadable(&row.len().to_string())) };
    let date = date(place, row, day)?;
    let number = Day::of_date(date);
    if !weekday(number).zh_tw.ends_with(of_week.trim()) || of_week.trim().is_empty() {
        return Err(place.note("BW-CLOCK-014", &args![row = row.join(",")]));
    }
    let (name, weekend) = (name.trim(), number.weekday() >= 5);
    let kind = match off.trim() {
        "0" if weekend => DayKind::MakeupWorkday,
        "0" => DayKind::Workday,
        "2" if name.contains("補假") || name.contains("調整放假") => DayKind::Substitute,
        "2" if weekend && name.is_empty() => DayKind::Weekend,
        "2" => DayKind::Holiday,
        other => return Err(unreadable(other)),
    };
    Ok(CalendarDay {
        date,
        kind,
        name: name.to_owned(),
        certainty: Certainty::Official,
        source: "official".into(),
    })
}

/// See [`Calendar::read_closures`].
pub(super) fn closures(bytes: &[u8], file: &str) -> (Vec<Closure>, Vec<Diagnostic>) {
    let rows = match table(bytes, file, &[&CLOSURES]) {
        Ok((_, rows)) => rows,
        Err(note) => return (Vec::new(), vec![note]),
    };
    let (mut closures, mut notes) = (Vec::new(), Vec::new());
    for (line, row) in rows {
        match closure(Place { file, line }, &row) {
            Ok(closure) => closures.push(closure),
            Err(note) => notes.push(note),
        }
    }
    (closures, notes)
}

fn closure(place: Place<'_>, row: &[String]) -> Result<Closure, Diagnostic> {
    let unreadable = |field: &str| place.note("BW-CLOCK-011", &args![row = row.join(","), field = field]);
    let [day, county, scope, from, until, reason, _note] = row else {
        return Err(unreadable(&row.len().to_string()));
    };
    let date = date(place, row, day)?;
    if scope != "work" {
        return Err(unreadable(scope));
    }
    if county.trim().is_empty() {
        return Err(unreadable(county));
    }
    let from_minute = minute(from).ok_or_else(|| unreadable(from))?;
    let until_minute = minute(until).filter(|until| *until > from_minute).ok_or_else(|| unreadable(until))?;
    let county = Some(county.trim().to_owned());
    Ok(Closure { date, county, from_minute, until_minute, reason: reason.clone() })
}

/// `HH:MM` as a minute of the day; `24:00` is its end.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |part: &str| (part.len() == 2).then(|| part.parse::<u16>().ok()).flatten();
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (minute < 60 && hour * 60 + minute <= 1440).then_some(hour * 60 + minute)
}
