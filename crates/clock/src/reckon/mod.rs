//! The end of a period: the one place where it is counted.
//!
//! Source of the rules: 行政程序法 §48 as incident-grc §1 tells it; ADR 0004 for what they leave open.

mod measure;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use measure::{Measure, consumed, remaining};

use crate::calendar::{Calendar, NoCalendar};
use crate::day::{DAY_SECONDS, Day, clamped, local_second, moment};
use crate::diagnostic;
use crate::pause::{Pauses, Span};
use crate::words::{Certainty, PeriodRule, Unit};

/// Working hours: 09:00 to 18:00.
pub(crate) const OPENS: i64 = 9 * 3600;
pub(crate) const CLOSES: i64 = 18 * 3600;
const NOON: i64 = 12 * 3600;
/// 星期六, counted from Monday as 0.
const SATURDAY: u8 = 5;
/// No time limit is longer than this many years.
const LONGEST_YEARS: u32 = 200;

/// A rule and an amount of one of its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Term {
    rule: PeriodRule,
    amount: u32,
    unit: Unit,
}

impl Term {
    /// So many units by a rule; the rule's own unit unless one is named.
    ///
    /// # Errors
    /// `BW-CLOCK-006` the rule does not count that unit, `BW-CLOCK-007` nothing, or more than 200 years.
    pub fn new(rule: PeriodRule, amount: u32, unit: Option<Unit>) -> Result<Self, Diagnostic> {
        let unit = unit.unwrap_or(Unit::of(rule));
        if !unit.fits(rule) {
            let fitting: Vec<&str> =
                Unit::ALL.iter().filter(|unit| unit.fits(rule)).map(|unit| unit.code()).collect();
            let args = args![unit = unit, rule = rule, fitting = fitting.join(" | ")];
            return Err(diagnostic("BW-CLOCK-006", &args));
        }
        let a_year = match unit {
            Unit::Hour | Unit::Workhour => 366 * 24,
            Unit::Day | Unit::Workday => 366,
            Unit::Week => 52,
            Unit::Month => 12,
            Unit::Year => 1,
        };
        let most = a_year * LONGEST_YEARS;
        if amount == 0 || amount > most {
            return Err(diagnostic("BW-CLOCK-007", &args![amount = amount, most = most]));
        }
        Ok(Self { rule, amount, unit })
    }

    /// How it is counted.
    pub const fn rule(self) -> PeriodRule {
        self.rule
    }

    /// How many.
    pub const fn amount(self) -> u32 {
        self.amount
    }

    /// Of what.
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// Whether it runs to a second and not to the end of a day.
    pub(crate) const fn is_of_seconds(self) -> bool {
        matches!(self.rule, PeriodRule::Elapsed) || matches!(self.unit, Unit::Hour)
    }

    /// Seconds, for periods that run round the clock.
    fn seconds(self) -> i64 {
        let unit = match self.unit {
            Unit::Day => DAY_SECONDS,
            Unit::Week => 7 * DAY_SECONDS,
            _ => 3600,
        };
        i64::from(self.amount) * unit
    }

    /// The amount as days, months and years are counted with.
    fn count(self) -> i32 {
        i32::try_from(self.amount).unwrap_or(i32::MAX)
    }
}

/// Where a period is counted: the calendar, and the county of the body that receives.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The calendar.
    pub calendar: &'a Calendar,
    /// The county whose closures count.
    pub county: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// A calendar and no county: only closures everywhere count.
    pub const fn of(calendar: &'a Calendar) -> Self {
        Self { calendar, county: None }
    }
}

/// An end, and how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reckoning {
    /// The last second: who acts in it is in time.
    pub due: Timestamp,
    /// The last day before days off were looked at; `None` where a day off changes nothing.
    pub nominal: Option<Date>,
    /// It ends at noon, because the last day was a Saturday.
    pub at_noon: bool,
    /// The last month has no day that corresponds, so its last day counts.
    pub clamped: bool,
    /// How sure the least sure day is that was looked at.
    pub certainty: Certainty,
    /// How much was paused, in the measure of the term.
    pub paused: i64,
}

/// Why there is no end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoEnd {
    /// A year is missing; it is never guessed.
    Calendar(NoCalendar),
    /// Paused without an end.
    Paused,
    /// Past the year 9999.
    TooFar,
}

impl From<NoCalendar> for NoEnd {
    fn from(missing: NoCalendar) -> Self {
        Self::Calendar(missing)
    }
}

/// Counts a period from its start event.
///
/// ```
/// use bulwark_clock::{Calendar, Pauses, PeriodRule, Place, Term, reckon};
/// let month = Term::new(PeriodRule::Apa48, 1, None).unwrap();
/// let start = "2026-01-31T10:00:00+08:00".parse().unwrap();
/// let end = reckon(&[month], start, &Pauses::default(), Place::of(Calendar::taiwan())).unwrap();
/// assert_eq!(end.due, "2026-03-02T12:00:00+08:00".parse().unwrap()); // the Monday after a Saturday, noon
/// ```
///
/// The terms after the first are extensions: each is counted from the end of the one before.
///
/// # Errors
/// Why there is no end.
pub fn reckon(
    terms: &[Term],
    start: Timestamp,
    pauses: &Pauses,
    place: Place<'_>,
) -> Result<Reckoning, NoEnd> {
    let mut count = Count { place, pauses: pauses.spans(), certainty: Certainty::Official };
    let mut start = local_second(start);
    let mut last = None;
    let mut paused = 0;
    for term in terms {
        let end = count.term(*term, start)?;
        paused += end.paused;
        start = end.second;
        last = Some(end);
    }
    let end = last.unwrap_or_else(|| End::at(start));
    Ok(Reckoning {
        due: moment(end.second).ok_or(NoEnd::TooFar)?,
        nominal: end.nominal.and_then(Day::date),
        at_noon: end.at_noon,
        clamped: end.clamped,
        certainty: count.certainty,
        paused,
    })
}

/// The local second at which so many seconds of a measure of seconds are used up.
pub(crate) fn instant_of(
    measure: Measure,
    start: i64,
    seconds: i64,
    pauses: &Pauses,
    place: Place<'_>,
) -> Result<i64, NoEnd> {
    let mut count = Count { place, pauses: pauses.spans(), certainty: Certainty::Official };
    let end = match measure {
        Measure::WorkSeconds => count.workhours(start, seconds)?,
        _ => count.elapsed(start, seconds)?,
    };
    Ok(end.second)
}

/// An end in local seconds.
struct End {
    second: i64,
    nominal: Option<Day>,
    at_noon: bool,
    clamped: bool,
    paused: i64,
}

impl End {
    const fn at(second: i64) -> Self {
        Self { second, nominal: None, at_noon: false, clamped: false, paused: 0 }
    }
}

struct Count<'a> {
    place: Place<'a>,
    pauses: &'a [Span],
    certainty: Certainty,
}

impl Count<'_> {
    fn works(&mut self, day: Day) -> Result<bool, NoCalendar> {
        let (works, certainty) = self.place.calendar.look(day, self.place.county)?;
        self.certainty = self.certainty.max(certainty);
        Ok(works)
    }

    fn term(&mut self, term: Term, start: i64) -> Result<End, NoEnd> {
        match term.rule {
            _ if term.is_of_seconds() && term.rule != PeriodRule::Workhours => {
                self.elapsed(start, term.seconds())
            }
            PeriodRule::Workhours => self.workhours(start, i64::from(term.amount) * 3600),
            PeriodRule::Workdays => self.workdays(start, term.amount),
            PeriodRule::Elapsed | PeriodRule::Apa48 | PeriodRule::Days | PeriodRule::CalendarMonthEnd => {
                self.whole_days(term, start)
            }
        }
    }

    /// Round the clock; what was paused comes after it.
    fn elapsed(&self, start: i64, seconds: i64) -> Result<End, NoEnd> {
        let mut end = End::at(start + seconds);
        for span in self.pauses {
            let from = span.from.max(start);
            if from >= end.second {
                break;
            }
            let paused = (span.until.ok_or(NoEnd::Paused)? - from).max(0);
            end.second += paused;
            end.paused += paused;
        }
        Ok(end)
    }

    /// Working hours that are not paused.
    fn workhours(&mut self, start: i64, seconds: i64) -> Result<End, NoEnd> {
        let (mut at, mut left, mut paused) = (start, seconds, 0);
        for index in 0..=self.pauses.len() {
            let span = self.pauses.get(index).copied();
            let limit = span.map(|span| span.from);
            if limit.is_none_or(|limit| limit > at) {
                match self.work(at, limit, left)? {
                    Work::Done(second) => return Ok(End { paused, ..End::at(second) }),
                    Work::Left(seconds) => left = seconds,
                }
            }
            let Some(span) = span else { break };
            let until = span.until.ok_or(NoEnd::Paused)?;
            if until > at {
                paused += self.work_seconds(span.from.max(at), until)?;
                at = until;
            }
        }
        Err(NoEnd::TooFar)
    }

    /// Works off seconds from a moment on, until a limit.
    fn work(&mut self, at: i64, limit: Option<i64>, mut left: i64) -> Result<Work, NoEnd> {
        let mut day = Day::of(at);
        loop {
            let midnight = day.first_second();
            if limit.is_some_and(|limit| midnight >= limit) {
                return Ok(Work::Left(left));
            }
            if self.works(day)? {
                let opens = at.max(midnight + OPENS);
                let closes = limit.unwrap_or(i64::MAX).min(midnight + CLOSES);
                let open = (closes - opens).max(0);
                if open >= left {
                    return Ok(Work::Done(opens + left));
                }
                left -= open;
            }
            day = day.plus(1);
        }
    }

    /// Working seconds between two moments.
    fn work_seconds(&mut self, from: i64, until: i64) -> Result<i64, NoCalendar> {
        let (mut day, mut seconds) = (Day::of(from), 0);
        while day.first_second() < until {
            let midnight = day.first_second();
            if self.works(day)? {
                seconds += (until.min(midnight + CLOSES) - from.max(midnight + OPENS)).max(0);
            }
            day = day.plus(1);
        }
        Ok(seconds)
    }

    /// Working days after the first; a pause moves the end by the working days from its first day to the
    /// day before it ends.
    fn workdays(&mut self, start: i64, amount: u32) -> Result<End, NoEnd> {
        let mut day = self.workdays_after(Day::of(start), i64::from(amount))?;
        let mut paused = 0;
        for span in self.pauses {
            let from = span.from.max(start);
            if from > day.last_second() {
                break;
            }
            let until = Day::of(span.until.ok_or(NoEnd::Paused)?);
            let mut days = 0;
            let mut at = Day::of(from);
            while at < until {
                days += i64::from(self.works(at)?);
                at = at.plus(1);
            }
            day = self.workdays_after(day, days)?;
            paused += days;
        }
        Ok(End { paused, ..End::at(day.last_second()) })
    }

    fn workdays_after(&mut self, mut day: Day, mut left: i64) -> Result<Day, NoCalendar> {
        while left > 0 {
            day = day.plus(1);
            left -= i64::from(self.works(day)?);
        }
        Ok(day)
    }

    /// Days, weeks, months and years: they end with a day.
    fn whole_days(&mut self, term: Term, start: i64) -> Result<End, NoEnd> {
        let (mut nominal, clamped) = nominal(term, Day::of(start));
        let mut end = self.settled(term, nominal)?;
        let mut paused = 0;
        for span in self.pauses {
            let from = span.from.max(start);
            if from > end.second {
                break;
            }
            let first = Day::of(from);
            let days = (Day::of(span.until.ok_or(NoEnd::Paused)?).0 - first.0).max(0);
            if days > 0 {
                // A pause that begins on the days off after the last day comes after them, not inside.
                nominal = nominal.max(first).plus(days);
            }
            paused += i64::from(days);
            end = self.settled(term, nominal)?;
        }
        Ok(End { clamped, paused, ..end })
    }

    /// The last second of a period whose last day is known (§48 IV).
    fn settled(&mut self, term: Term, nominal: Day) -> Result<End, NoEnd> {
        if term.rule != PeriodRule::Apa48 {
            return Ok(End::at(nominal.last_second()));
        }
        let (mut day, mut at_noon) = (nominal, false);
        while !self.works(day)? {
            let saturday = day.weekday() == SATURDAY;
            day = day.plus(if saturday { 2 } else { 1 });
            at_noon |= saturday;
        }
        let second = if at_noon { day.first_second() + NOON } else { day.last_second() };
        Ok(End { second, nominal: Some(nominal), at_noon, ..End::at(second) })
    }
}

enum Work {
    Done(i64),
    Left(i64),
}

/// The last day before days off are looked at, and whether the last month lacks the day that corresponds
/// (§48 II and III).
fn nominal(term: Term, start: Day) -> (Day, bool) {
    let (year, month, _) = start.parts();
    let count = term.count();
    let months = match term.unit {
        Unit::Month => count,
        Unit::Year => count.saturating_mul(12),
        Unit::Week => return (start.plus(count.saturating_mul(7)), false),
        _ => return (start.plus(count), false),
    };
    if term.rule == PeriodRule::CalendarMonthEnd {
        return (clamped(year, month + months, 31).0, false);
    }
    // The first day is left out, so the period begins the day after.
    let (year, month, day) = start.plus(1).parts();
    let (corresponding, missing) = clamped(year, month + months, day);
    if missing { (corresponding, true) } else { (corresponding.plus(-1), false) }
}
