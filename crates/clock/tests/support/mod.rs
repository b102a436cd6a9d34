//! What the tests share: times, events, and a second way to count periods that has nothing in common with
//! the first but the words of the law.

#![allow(dead_code, reason = "each test uses its own part")]

use bulwark_clock::{Calendar, Event, PeriodRule, Term, Unit, What, Who};
use bulwark_model::rights::{PersonId, Role};
use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

pub const CLERK: PersonId = PersonId::from_u128(1);
pub const COLLEAGUE: PersonId = PersonId::from_u128(2);

/// A time in Taipei: `2026-01-31 10:00`.
pub fn at(text: &str) -> Timestamp {
    let local: DateTime = text.replace(' ', "T").parse().expect("a time");
    taipei().to_timestamp(local).expect("in range")
}

fn taipei() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

pub fn local(moment: Timestamp) -> DateTime {
    taipei().to_datetime(moment)
}

/// `2026-03-02 12:00:00` in Taipei.
pub fn shown(moment: Timestamp) -> String {
    local(moment).to_string().replace('T', " ")
}

pub fn term(rule: PeriodRule, amount: u32) -> Term {
    Term::new(rule, amount, None).expect("a good term")
}

pub fn event(recorded: &str, what: What) -> Event {
    Event { at: at(recorded), by: Who { person: CLERK, role: Role::Reporter }, second: None, what }
}

/// Ends a period by walking through the calendar as a clerk would; no pauses.
pub fn by_hand(term: Term, start: Timestamp, calendar: &Calendar, closed: &[Date]) -> Option<Timestamp> {
    let start = local(start)
        .round(jiff::Unit::Second)
        .ok()
        .filter(|rounded| rounded <= &local(start))
        .unwrap_or_else(|| local(start));
    let (n, day) = (i64::from(term.amount()), start.date());
    let works = |day: Date| Some(calendar.day(day)?.kind.is_work() && !closed.contains(&day));
    let of_day = |day: Date, h: i8, m: i8, s: i8| DateTime::from_parts(day, Time::constant(h, m, s, 0));
    let end_of = |day: Date| of_day(day, 23, 59, 59);
    let end = match (term.rule(), term.unit()) {
        (PeriodRule::Elapsed | PeriodRule::Apa48, Unit::Hour) => start.checked_add(n.hours()).ok()?,
        (PeriodRule::Elapsed, Unit::Day) => start.checked_add((24 * n).hours()).ok()?,
        (PeriodRule::Elapsed, _) => start.checked_add((7 * 24 * n).hours()).ok()?,
        (PeriodRule::Days, Unit::Week) => end_of(day.checked_add(n.weeks()).ok()?),
        (PeriodRule::Days, _) => end_of(day.checked_add(n.days()).ok()?),
        (PeriodRule::CalendarMonthEnd, _) => {
            end_of(day.first_of_month().checked_add(n.months()).ok()?.last_of_month())
        }
        (PeriodRule::Workdays, _) => {
            let (mut day, mut left) = (day, n);
            while left > 0 {
                day = day.tomorrow().ok()?;
                if works(day)? {
                    left -= 1;
                }
            }
            end_of(day)
        }
        (PeriodRule::Workhours, _) => {
            let (mut at, mut left) = (start, n * 3600);
            loop {
                let (opens, closes) = (of_day(at.date(), 9, 0, 0), of_day(at.date(), 18, 0, 0));
                if works(at.date())? && at < closes {
                    let begins = at.max(opens);
                    let open = closes.duration_since(begins).as_secs();
                    if open >= left {
                        break begins.checked_add(left.seconds()).ok()?;
                    }
                    left -= open;
                }
                at = of_day(at.date().tomorrow().ok()?, 0, 0, 0);
            }
        }
        (PeriodRule::Apa48, unit) => {
            // §48 II: the first day is left out.
            let begins = day.tomorrow().ok()?;
            let last = match unit {
                Unit::Day => day.checked_add(n.days()).ok()?,
                Unit::Week => day.checked_add(n.weeks()).ok()?,
                _ => {
                    let months = if unit == Unit::Year { n * 12 } else { n };
                    let month = begins.first_of_month().checked_add(months.months()).ok()?;
                    // §48 III: the day before the one that corresponds, or the month's last when there is none.
                    match Date::new(month.year(), month.month(), begins.day()) {
                        Ok(same) => same.yesterday().ok()?,
                        Err(_) => month.last_of_month(),
                    }
                }
            };
            // §48 IV.
            let (mut last, mut noon) = (last, false);
            while !works(last)? {
                if last.weekday() == Weekday::Saturday {
                    noon = true;
                    last = last.checked_add(2.days()).ok()?;
                } else {
                    last = last.tomorrow().ok()?;
                }
            }
            if noon { of_day(last, 12, 0, 0) } else { end_of(last) }
        }
    };
    taipei().to_timestamp(end).ok()
}
