//! The one form of a moment in the database.

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

/// Microseconds since 1970 in UTC, as both databases keep them: a whole number has no precision to lose and no
/// zone to mistake.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType, Serialize, Deserialize,
)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Later by so many milliseconds.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1000)))
    }
}

impl From<jiff::Timestamp> for Timestamp {
    /// Cuts off what is finer than a microsecond.
    fn from(time: jiff::Timestamp) -> Self {
        Self(time.as_microsecond())
    }
}

impl From<Timestamp> for jiff::Timestamp {
    /// A value outside jiff's range (years −9999 to 9999) becomes its end.
    fn from(time: Timestamp) -> Self {
        let end = if time.0 < 0 { Self::MIN } else { Self::MAX };
        Self::from_microsecond(time.0).unwrap_or(end)
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.6}", jiff::Timestamp::from(*self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_cut_when_the_time_is_made() {
        let time: jiff::Timestamp = "2026-11-25T01:02:03.123456789Z".parse().unwrap();
        let stored = Timestamp::from(time);
        assert_eq!(stored.to_string(), "2026-11-25T01:02:03.123456Z");
        assert_eq!(Timestamp::from(jiff::Timestamp::from(stored)), stored);
        assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), format!("{:.6}", jiff::Timestamp::MAX));
    }
}
