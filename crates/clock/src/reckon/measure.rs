//! How much of a period is used and how much is left, in the unit the period itself counts in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Count, Place, Term};
use crate::calendar::NoCalendar;
use crate::day::{Day, local_second};
use crate::pause::Pauses;
use crate::words::{Certainty, PeriodRule};

/// What is counted when a period is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    /// Seconds round the clock.
    Seconds,
    /// Seconds between 09:00 and 18:00 of working days.
    WorkSeconds,
    /// Calendar days; the day of the start is none.
    Days,
    /// Working days; the day of the start is none.
    Workdays,
}

impl Measure {
    /// The measure of a term.
    pub const fn of(term: Term) -> Self {
        match term.rule {
            PeriodRule::Workhours => Self::WorkSeconds,
            PeriodRule::Workdays => Self::Workdays,
            _ if term.is_of_seconds() => Self::Seconds,
            _ => Self::Days,
        }
    }
}

/// What is used between the start and a moment, pauses left out; nothing before the start.
///
/// # Errors
/// A year is missing.
pub fn consumed(
    measure: Measure,
    start: Timestamp,
    at: Timestamp,
    pauses: &Pauses,
    place: Place<'_>,
) -> Result<i64, NoCalendar> {
    Ok(balance(measure, start, at, pauses, place)?.max(0))
}

/// What is used, less what pauses took. A pause on the first day, which is left out, takes a day that was not
/// there yet: until the days after it have come the balance is negative, and nothing is used.
fn balance(
    measure: Measure,
    start: Timestamp,
    at: Timestamp,
    pauses: &Pauses,
    place: Place<'_>,
) -> Result<i64, NoCalendar> {
    let (start, at) = (local_second(start), local_second(at));
    let mut count = Count { place, pauses: pauses.spans(), certainty: Certainty::Official };
    if at <= start {
        return Ok(0);
    }
    let mut used = between(&mut count, measure, start, at)?;
    for span in pauses.spans() {
        let (from, until) = (span.from.max(start), span.until.unwrap_or(i64::MAX).min(at));
        if from < until {
            used -= paused(&mut count, measure, from, until)?;
        }
    }
    Ok(used)
}

/// What is left between a moment and the end, pauses left out; negative once the end has passed.
///
/// # Errors
/// A year is missing.
pub fn remaining(
    measure: Measure,
    start: Timestamp,
    at: Timestamp,
    due: Timestamp,
    pauses: &Pauses,
    place: Place<'_>,
) -> Result<i64, NoCalendar> {
    let owed = balance(measure, start, at, pauses, place)?.min(0);
    let (start, due) = (local_second(start), local_second(due));
    let at = local_second(at).max(start);
    let mut count = Count { place, pauses: pauses.spans(), certainty: Certainty::Official };
    let (from, until) = (at.min(due), at.max(due));
    let mut left = between(&mut count, measure, from, until)?;
    for span in pauses.spans() {
        let (first, last) = (span.from.max(start), span.until.unwrap_or(i64::MAX));
        // Of a pause that began before `from`, the part after it; days already gone by are not counted twice.
        if last > from && first < until {
            let part = paused(&mut count, measure, first.max(from), last.min(until))?;
            left -= part;
        }
    }
    Ok(if at > due { -left } else { left + owed })
}

/// Everything between two moments.
fn between(count: &mut Count<'_>, measure: Measure, from: i64, until: i64) -> Result<i64, NoCalendar> {
    match measure {
        Measure::Seconds => Ok(until - from),
        Measure::WorkSeconds => count.work_seconds(from, until),
        Measure::Days => Ok(i64::from(Day::of(until).0 - Day::of(from).0)),
        Measure::Workdays => days_off_left_out(count, Day::of(from).plus(1), Day::of(until).plus(1)),
    }
}

/// What a pause takes: of days, from its first to the one before its last.
fn paused(count: &mut Count<'_>, measure: Measure, from: i64, until: i64) -> Result<i64, NoCalendar> {
    match measure {
        Measure::Workdays => days_off_left_out(count, Day::of(from), Day::of(until)),
        _ => between(count, measure, from, until),
    }
}

/// Working days from one day to before another.
fn days_off_left_out(count: &mut Count<'_>, mut day: Day, end: Day) -> Result<i64, NoCalendar> {
    let mut days = 0;
    while day < end {
        days += i64::from(count.works(day)?);
        day = day.plus(1);
    }
    Ok(days)
}
