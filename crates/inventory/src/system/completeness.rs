//! How much of the background of a system is known, and how much of that somebody confirmed within a year.

use bulwark_model::{Background, BackgroundFact};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How complete a background is on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Completeness {
    /// Facts that are known with all their parts.
    pub known: u8,
    /// Facts in all: nine.
    pub of: u8,
    /// Facts of which a part or everything is unknown.
    pub missing: Vec<BackgroundFact>,
    /// Facts of which something was not confirmed for more than a year. A fact may be missing in one part and stale
    /// in the other.
    pub stale: Vec<BackgroundFact>,
}

impl Completeness {
    /// Nothing is missing and nothing needs a confirmation.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty() && self.stale.is_empty()
    }
}

/// How complete a background is on a day. A fact is stale from the day after the same day of the next year.
pub fn completeness(background: &Background, on: Date) -> Completeness {
    let missing = background.missing();
    let count = |facts: usize| u8::try_from(facts).unwrap_or(u8::MAX);
    let of = BackgroundFact::ALL.len();
    Completeness { known: count(of - missing.len()), of: count(of), missing, stale: background.stale(on) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bulwark_model::{BackgroundField, FactSource};
    use jiff::civil::date;
    use proptest::prelude::*;

    fn known_since(fields: &[BackgroundField], on: Date) -> Background {
        let mut background = Background::default();
        for field in fields {
            let text = if *field == BackgroundField::SecurityLevel { "high" } else { "x" };
            background.say(*field, text, on, FactSource::Typed).expect("a good fact");
        }
        background
    }

    #[test]
    fn nothing_known_is_nothing_of_nine() {
        let found = completeness(&Background::default(), date(2026, 11, 25));
        assert_eq!((found.known, found.of, found.stale.len()), (0, 9, 0));
        assert_eq!(found.missing, BackgroundFact::ALL);
    }

    #[test]
    fn a_leap_day_is_confirmed_until_the_last_of_february() {
        let all = known_since(BackgroundField::ALL, date(2028, 2, 29));
        assert!(completeness(&all, date(2029, 2, 28)).is_whole());
        let late = completeness(&all, date(2029, 3, 1));
        assert_eq!((late.known, late.stale.as_slice()), (9, BackgroundFact::ALL));
        let ordinary = known_since(BackgroundField::ALL, date(2027, 2, 28));
        assert!(completeness(&ordinary, date(2028, 2, 28)).is_whole());
        assert_eq!(completeness(&ordinary, date(2028, 2, 29)).stale.len(), 9);
    }

    #[test]
    fn half_a_fact_is_missing_and_can_be_stale() {
        let half = known_since(&[BackgroundField::Contact], date(2025, 1, 1));
        let found = completeness(&half, date(2026, 1, 2));
        assert!(found.missing.contains(&BackgroundFact::Operator));
        assert_eq!(found.stale, [BackgroundFact::Operator]);
    }

    proptest! {
        #[test]
        fn every_fact_is_known_or_missing_and_time_only_makes_stale(
            fields in proptest::sample::subsequence(BackgroundField::ALL, 0..=11), days in 0i32..1000,
        ) {
            let on = date(2026, 1, 1);
            let background = known_since(&fields, on);
            let later = on.saturating_add(jiff::Span::new().days(days));
            let found = completeness(&background, later);
            prop_assert_eq!(usize::from(found.known) + found.missing.len(), 9);
            prop_assert_eq!(found.stale.is_empty(), days <= 365 || fields.is_empty());
            prop_assert_eq!(completeness(&background, on).missing, found.missing);
        }
    }
}
