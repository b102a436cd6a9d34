//! What a revision changes: two people look at this list before it counts, and only time limits
//! that still run are reckoned again (incident-grc §3).

use jiff::civil::Date;

use super::{Calendar, CalendarDay};
use crate::words::DayKind;

/// A day that two calendars know differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayChange {
    /// The day.
    pub date: Date,
    /// As it was; `None` when the year is new.
    pub before: Option<DayKind>,
    /// As it is now.
    pub after: DayKind,
    /// Whether people work on it in one of the two and not in the other, or the day is new.
    pub moves_limits: bool,
}

impl Calendar {
    /// The days that differ in kind, name or certainty, in order. Days only the old calendar has
    /// are left out: a file holds one year, and the others stay.
    pub fn changes(&self, new: &Self) -> Vec<DayChange> {
        let differs = |day: &&CalendarDay| self.day(day.date) != Some(*day);
        let change = |day: &CalendarDay| {
            let before = self.day(day.date).map(|old| old.kind);
            DayChange {
                date: day.date,
                before,
                after: day.kind,
                moves_limits: before.map(DayKind::is_work) != Some(day.kind.is_work()),
            }
        };
        new.days().filter(differs).map(change).collect()
    }
}
