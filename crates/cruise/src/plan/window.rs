//! The time window in which a system may be checked, in Taipei's time.

use jiff::civil::{Date, Time};
use jiff::tz::{self, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Days and hours of allowed work. `to` may be smaller than `from`: the window then runs past
/// midnight and belongs to the day it starts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First day (Asia/Taipei).
    pub first_day: Date,
    /// Last day on which a window starts.
    pub last_day: Date,
    /// Start of work each day.
    pub from: Time,
    /// End of work each day.
    pub to: Time,
}

/// Where a moment lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Work is allowed until then.
    Open {
        /// End of the present window.
        until: Timestamp,
    },
    /// Work is allowed again from then.
    Opens {
        /// Start of the next window.
        at: Timestamp,
    },
    /// No window is left.
    Over,
}

impl Window {
    /// Where `now` lies.
    pub fn standing(&self, now: Timestamp) -> Standing {
        let zone = TimeZone::fixed(tz::offset(8));
        let mut day = self.first_day;
        while day <= self.last_day {
            let (Ok(start), Ok(end)) =
                (zone.to_timestamp(day.to_datetime(self.from)), zone.to_timestamp(self.end_of(day)))
            else {
                return Standing::Over;
            };
            if now < start {
                return Standing::Opens { at: start };
            }
            if now < end {
                return Standing::Open { until: end };
            }
            let Ok(next) = day.tomorrow() else { return Standing::Over };
            day = next;
        }
        Standing::Over
    }

    /// Total allowed time from `now` on.
    pub fn left(&self, now: Timestamp) -> SignedDuration {
        match self.standing(now) {
            Standing::Open { until } => until.duration_since(now),
            Standing::Opens { .. } | Standing::Over => SignedDuration::ZERO,
        }
    }

    fn end_of(&self, day: Date) -> jiff::civil::DateTime {
        let end_day = if self.to <= self.from { day.tomorrow().unwrap_or(day) } else { day };
        end_day.to_datetime(self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: &str) -> Timestamp {
        s.parse().expect("a time")
    }

    #[test]
    fn a_window_past_midnight_belongs_to_its_first_day() {
        let w = Window {
            first_day: jiff::civil::date(2026, 11, 25),
            last_day: jiff::civil::date(2026, 11, 26),
            from: jiff::civil::time(22, 0, 0, 0),
            to: jiff::civil::time(2, 0, 0, 0),
        };
        assert_eq!(
            w.standing(at("2026-11-25T21:59:59+08:00")),
            Standing::Opens { at: at("2026-11-25T22:00:00+08:00") }
        );
        assert_eq!(
            w.standing(at("2026-11-26T01:59:59+08:00")),
            Standing::Open { until: at("2026-11-26T02:00:00+08:00") }
        );
        assert_eq!(
            w.standing(at("2026-11-26T02:00:00+08:00")),
            Standing::Opens { at: at("2026-11-26T22:00:00+08:00") }
        );
        assert_eq!(w.standing(at("2026-11-27T02:00:00+08:00")), Standing::Over);
        assert_eq!(w.left(at("2026-11-26T01:00:00+08:00")), SignedDuration::from_hours(1));
    }
}
