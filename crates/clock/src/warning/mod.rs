//! When somebody is warned, and who: the rows of `warning_points.csv`, and the moments they give a limit.
//!
//! A warning fires once; its key is the end it belongs to and the point (incident-grc §3). Points without
//! an end (every 4 hours, daily) are counted, so that each has a key of its own.

mod table;

use bulwark_model::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::{Clock, Law};
use crate::day::{DAY_SECONDS, Day, local_second, moment};
use crate::pause::Pauses;
use crate::reckon::{Measure, Place, consumed, instant_of};
use crate::texts;

pub use table::{WarningRow, WarningTable};

/// A moment relative to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Point {
    /// A share of the time is used up, in percent.
    Elapsed(u8),
    /// So many seconds before the end.
    Before(i64),
    /// So many days before the last day, at 09:00.
    DaysBefore(i32),
    /// So many working days before the last day, at this minute.
    WorkdaysBefore(i32, u16),
    /// On the last day, at this minute.
    OnTheDay(u16),
    /// The first second after the end.
    Breach,
    /// So many seconds after the end.
    After(i64),
    /// Again and again: seconds after the end, and between one and the next.
    Every(i64, i64),
}

/// Who is told. `Owner` is the role in the limit's own row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Who must act.
    Owner,
    /// The agency's CISO.
    AgencyCiso,
    /// The body that reviews.
    ReviewingBody,
    /// The duty officer of the service team.
    SvcDuty,
}

impl Audience {
    /// Who that is, for people.
    pub fn label(self) -> Text {
        let key = match self {
            Self::Owner => "audience.owner",
            Self::AgencyCiso => "audience.agency_ciso",
            Self::ReviewingBody => "audience.reviewing_body",
            Self::SvcDuty => "audience.svc_duty",
        };
        texts().text(key, &[])
    }
}

/// One warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The end's number and the point: fires once for a limit.
    pub key: String,
    /// When.
    pub at: Timestamp,
    /// Who is told.
    pub notify: Vec<Audience>,
    /// Whether the end has passed by then.
    pub late: bool,
}

impl Point {
    /// The word of the point in a key.
    fn word(self, turn: i64) -> String {
        match self {
            Self::Elapsed(percent) => format!("elapsed-{percent}"),
            Self::Before(seconds) => format!("before-{seconds}s"),
            Self::DaysBefore(days) => format!("before-{days}d"),
            Self::WorkdaysBefore(days, _) => format!("before-{days}w"),
            Self::OnTheDay(_) => "on-the-day".to_owned(),
            Self::Breach => "breach".to_owned(),
            Self::After(seconds) => format!("after-{seconds}s"),
            Self::Every(first, every) => format!("after-{}s", first + every * turn),
        }
    }

    /// Whether it lies after the end.
    const fn is_late(self) -> bool {
        matches!(self, Self::Breach | Self::After(_) | Self::Every(..))
    }
}

/// What a warning is reckoned from.
struct Course<'a> {
    start: i64,
    due: i64,
    budget: i64,
    measure: Measure,
    pauses: &'a Pauses,
    place: Place<'a>,
}

impl Course<'_> {
    /// The local second of a point; `None` when a calendar is missing. `turn` counts repetitions.
    fn second(&self, point: Point, turn: i64) -> Option<i64> {
        let last = Day::of(self.due);
        let at_minute = |day: Day, minute: u16| day.first_second() + i64::from(minute) * 60;
        match point {
            Point::Elapsed(percent) => self.elapsed(i64::from(percent)),
            Point::Before(seconds) => Some(self.due - seconds),
            Point::DaysBefore(days) => Some(at_minute(last.plus(-days), 9 * 60)),
            Point::WorkdaysBefore(days, minute) => {
                let (mut day, mut left) = (last, days);
                while left > 0 {
                    day = day.plus(-1);
                    left -= i32::from(self.place.calendar.look(day, self.place.county).ok()?.0);
                }
                Some(at_minute(day, minute))
            }
            Point::OnTheDay(minute) => Some(at_minute(last, minute)),
            Point::Breach => Some(self.due + 1),
            Point::After(seconds) => Some(self.due + seconds),
            Point::Every(first, every) => Some(self.due + first + every * turn),
        }
    }

    /// Where a share is used up: in the limit's own measure where that has seconds.
    fn elapsed(&self, percent: i64) -> Option<i64> {
        match self.measure {
            Measure::Seconds | Measure::WorkSeconds => {
                instant_of(self.measure, self.start, self.budget * percent / 100, self.pauses, self.place)
                    .ok()
            }
            Measure::Days | Measure::Workdays => Some(self.start + (self.due - self.start) * percent / 100),
        }
    }
}

impl Clock {
    /// The first warning after a moment; `None` once nothing is left to warn of, or while there is no end.
    pub fn next_warning(&self, after: Timestamp, table: &WarningTable, law: Law<'_>) -> Option<Warning> {
        let (start, due) = (self.start()?, self.due()?);
        if !self.is_open() {
            return None;
        }
        let pauses = self.pauses();
        let place = self.place(law.calendar);
        let measure = Measure::of(self.rule().term);
        let budget = consumed(measure, start, due, &pauses, place).ok()?;
        let (start, due) = (local_second(start), local_second(due));
        let course = Course { start, due, budget, measure, pauses: &pauses, place };
        let row = table.row(measure, minutes(budget, measure, due - start))?;
        let after = local_second(after).max(start);
        let moments = row.points().filter_map(|(point, notify)| {
            let turn = match point {
                Point::Every(first, every) => ((after - due - first).div_euclid(every) + 1).max(0),
                _ => 0,
            };
            Some((course.second(point, turn).filter(|at| *at > after)?, point, turn, notify))
        });
        let (at, point, turn, notify) = moments.min_by_key(|(at, ..)| *at)?;
        Some(Warning {
            key: format!("{}:{}", self.generation(), point.word(turn)),
            at: moment(at)?,
            notify: notify.to_vec(),
            late: point.is_late(),
        })
    }

    /// The warnings after one moment and up to another, oldest first and at most so many: what a digest
    /// after downtime is made of.
    pub fn warnings_between(
        &self,
        after: Timestamp,
        until: Timestamp,
        most: usize,
        table: &WarningTable,
        law: Law<'_>,
    ) -> Vec<Warning> {
        let mut warnings: Vec<Warning> = Vec::new();
        let mut at = after;
        while let Some(next) = self.next_warning(at, table, law).filter(|next| next.at <= until) {
            if warnings.len() == most {
                break;
            }
            at = next.at;
            warnings.push(next);
        }
        warnings
    }
}

/// The length of a limit in minutes, for the choice of the row: working time counts as it is.
const fn minutes(budget: i64, measure: Measure, span: i64) -> i64 {
    match measure {
        Measure::Seconds | Measure::WorkSeconds => budget / 60,
        Measure::Days | Measure::Workdays => (span + DAY_SECONDS - 1) / DAY_SECONDS * 1440,
    }
}
