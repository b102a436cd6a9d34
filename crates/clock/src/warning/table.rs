//! The rows of `warning_points.csv`: words such as `elapsed 50%`, `T-2 h`, `breach +1 h, then every 4 h`.

use std::sync::LazyLock;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};

use super::{Audience, Point};
use crate::reckon::Measure;
use crate::{csv, diagnostic};

const HEADER: [&str; 4] = ["clock_unit", "total_at_least_min", "warn_at", "notify"];
const HOUR: i64 = 3600;

static EMBEDDED: LazyLock<(WarningTable, Vec<Diagnostic>)> = LazyLock::new(|| {
    WarningTable::read(include_str!("../../../../data/clock/warning_points.csv"), "warning_points.csv")
});

/// When to warn, for limits of one kind and from one length on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WarningRow {
    /// Limits of hours, or of days and months.
    pub of_hours: bool,
    /// From this length on.
    pub at_least_minutes: i64,
    points: Vec<Point>,
    /// Who is told at the first point, at the others before the end, and from the end on.
    notify: [Vec<Audience>; 3],
}

impl WarningRow {
    /// The points with who is told.
    pub fn points(&self) -> impl Iterator<Item = (Point, &[Audience])> {
        self.points.iter().enumerate().map(|(index, point)| {
            let group = match (index, point.is_late()) {
                (_, true) => 2,
                (0, false) => 0,
                _ => 1,
            };
            (*point, self.notify[group].as_slice())
        })
    }
}

/// All rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WarningTable {
    rows: Vec<WarningRow>,
}

impl WarningTable {
    /// The rows the product is built with.
    pub fn embedded() -> &'static Self {
        &EMBEDDED.0
    }

    /// What is wrong with them: nothing, or a test of this crate is red.
    pub fn embedded_faults() -> &'static [Diagnostic] {
        &EMBEDDED.1
    }

    /// All rows.
    pub fn rows(&self) -> &[WarningRow] {
        &self.rows
    }

    /// Reads a table; rows that cannot be read are left out and named. `same` repeats who is told in the row
    /// above.
    pub fn read(text: &str, name: &str) -> (Self, Vec<Diagnostic>) {
        let at = |line: u32| Location::File { path: name.to_owned(), line, column: 1 };
        let mut rows = csv::rows(text).into_iter();
        if rows.next().is_none_or(|(_, header)| header != HEADER) {
            let note = diagnostic("BW-CLOCK-016", &args![wanted = HEADER.join(",")]).at(at(1));
            return (Self::default(), vec![note]);
        }
        let (mut table, mut notes) = (Self::default(), Vec::new());
        for (line, row) in rows {
            let above = table.rows.last().map(|row| row.notify.clone());
            match warning_row(&row, above) {
                Ok(row) => table.rows.push(row),
                Err(field) => notes.push(diagnostic("BW-CLOCK-020", &args![field = field]).at(at(line))),
            }
        }
        (table, notes)
    }

    /// The row for a limit: of its kind the one with the greatest length that it reaches. Limits of days that
    /// are shorter than every row of theirs are warned of by hours; a limit shorter than all has the first row.
    pub fn row(&self, measure: Measure, minutes: i64) -> Option<&WarningRow> {
        let of_hours = matches!(measure, Measure::Seconds | Measure::WorkSeconds);
        let best = |hours: bool| {
            let fitting =
                self.rows.iter().filter(|row| row.of_hours == hours && row.at_least_minutes <= minutes);
            fitting.max_by_key(|row| row.at_least_minutes)
        };
        let shortest = || self.rows.iter().filter(|row| row.of_hours).min_by_key(|row| row.at_least_minutes);
        best(of_hours).or_else(|| best(true)).or_else(shortest)
    }
}

fn warning_row(row: &[String], above: Option<[Vec<Audience>; 3]>) -> Result<WarningRow, String> {
    let bad = |field: &str| format!("`{field}`");
    let [unit, least, points, notify] = row else { return Err(format!("{} fields", row.len())) };
    let of_hours = match unit.as_str() {
        "hour" => true,
        "day/month" => false,
        other => return Err(bad(other)),
    };
    let points = points.split(';').map(|word| self::points(word).ok_or_else(|| bad(word.trim())));
    let points = points.collect::<Result<Vec<_>, _>>()?.concat();
    let notify = match notify.as_str() {
        "same" => above.ok_or_else(|| bad(notify))?,
        groups => {
            let groups: Vec<Vec<Audience>> = groups
                .split(';')
                .map(|group| audiences(group).ok_or_else(|| bad(group.trim())))
                .collect::<Result<_, _>>()?;
            groups.try_into().map_err(|_| bad(notify))?
        }
    };
    let at_least_minutes = least.parse().map_err(|_| bad(least))?;
    Ok(WarningRow { of_hours, at_least_minutes, points, notify })
}

/// The points of one word; what stands in brackets is for readers.
fn points(word: &str) -> Option<Vec<Point>> {
    let word = word.split('(').next()?.trim();
    if let Some(percent) = word.strip_suffix('%') {
        let percent: u8 = percent.strip_prefix("elapsed ").unwrap_or(percent).parse().ok()?;
        return (1..100).contains(&percent).then(|| vec![Point::Elapsed(percent)]);
    }
    if let Some(before) = word.strip_prefix("T-") {
        return before_the_end(before).map(|point| vec![point]);
    }
    if let Some(after) = word.strip_prefix("breach +") {
        let (first, every) = after.split_once(", then every ")?;
        let (first, every) = (hours(first)?, hours(every)?);
        return Some(vec![Point::After(first), Point::Every(first + every, every)]);
    }
    match word {
        "breach" => Some(vec![Point::Breach]),
        "daily" => Some(vec![Point::Every(24 * HOUR, 24 * HOUR)]),
        "weekly" => Some(vec![Point::Every(7 * 24 * HOUR, 7 * 24 * HOUR)]),
        _ => word.strip_prefix("due day ").and_then(minute).map(|minute| vec![Point::OnTheDay(minute)]),
    }
}

/// `2 h`, `10 days`, `1 workday 09:00`.
fn before_the_end(word: &str) -> Option<Point> {
    if let Some(seconds) = hours(word) {
        return Some(Point::Before(seconds));
    }
    let (number, rest) = word.split_once(' ')?;
    let number: i32 = number.parse().ok().filter(|number| *number > 0)?;
    match rest.split_once(' ') {
        None if matches!(rest, "day" | "days") => Some(Point::DaysBefore(number)),
        Some(("workday" | "workdays", time)) => Some(Point::WorkdaysBefore(number, minute(time)?)),
        _ => None,
    }
}

/// `4 h` in seconds.
fn hours(word: &str) -> Option<i64> {
    let hours: i64 = word.strip_suffix(" h")?.parse().ok()?;
    (1..=10_000).contains(&hours).then_some(hours * HOUR)
}

/// `09:00` as a minute of the day.
fn minute(word: &str) -> Option<u16> {
    let (hour, minute) = word.split_once(':')?;
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// `owner + agency_ciso + reviewing body + svc duty`.
fn audiences(group: &str) -> Option<Vec<Audience>> {
    let audience = |word: &str| match word.trim() {
        "owner" => Some(Audience::Owner),
        "agency_ciso" => Some(Audience::AgencyCiso),
        "reviewing body" => Some(Audience::ReviewingBody),
        "svc duty" => Some(Audience::SvcDuty),
        _ => None,
    };
    group.split('+').map(audience).collect()
}
