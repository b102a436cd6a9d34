//! Requests by minute.

use std::collections::HashMap;

/// Minutes kept apart: more than a year. Past that only known minutes are counted on.
const MOST: usize = 600_000;
/// Busiest minutes told.
const TOLD: usize = 10;

/// The series of a log.
#[derive(Default)]
pub(super) struct Minutes {
    counts: HashMap<i64, Minute>,
    pruned: bool,
}

/// Requests of one minute.
#[derive(Default, Clone, Copy)]
struct Minute {
    requests: u64,
    errors: u64,
}

impl Minutes {
    /// Counts a request; `error` is an answer of 5xx.
    pub(super) fn add(&mut self, at_s: i64, error: bool) {
        let minute = at_s.div_euclid(60);
        if self.counts.len() >= MOST && !self.counts.contains_key(&minute) {
            self.pruned = true;
            return;
        }
        let of = self.counts.entry(minute).or_default();
        of.requests += 1;
        of.errors += u64::from(error);
    }

    pub(super) const fn pruned(&self) -> bool {
        self.pruned
    }

    /// Unix seconds of the minute, its requests and how many of them ended with 5xx; busiest first, of
    /// equal ones the earlier first.
    pub(super) fn busiest(&self) -> Vec<(i64, u64, u64)> {
        let mut all: Vec<(i64, u64, u64)> =
            self.counts.iter().map(|(m, n)| (m * 60, n.requests, n.errors)).collect();
        all.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        all.truncate(TOLD);
        all
    }

    /// The median over the whole span, minutes without requests counted as zero; of an even number the
    /// lower middle.
    pub(super) fn median(&self) -> u64 {
        let (Some(first), Some(last)) = (self.counts.keys().min(), self.counts.keys().max()) else {
            return 0;
        };
        let span = last.saturating_sub(*first).saturating_add(1).unsigned_abs();
        let quiet = span.saturating_sub(self.counts.len() as u64);
        let middle = span.saturating_sub(1) / 2;
        let Some(at) = middle.checked_sub(quiet).and_then(|at| usize::try_from(at).ok()) else { return 0 };
        let mut counts: Vec<u64> = self.counts.values().map(|m| m.requests).collect();
        counts.sort_unstable();
        counts.get(at).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: &[i64]) -> Minutes {
        let mut m = Minutes::default();
        for s in seconds {
            m.add(*s, *s % 2 == 1);
        }
        m
    }

    #[test]
    fn quiet_minutes_count_as_zero() {
        assert_eq!(of(&[]).median(), 0);
        assert_eq!(of(&[5, 6, 7]).median(), 3);
        assert_eq!(of(&[0, 60, 61, 120, 121, 122]).median(), 2);
        assert_eq!(of(&[0, 0, 0, 240, 240]).median(), 0, "three of five minutes are quiet");
        assert_eq!(of(&[0, 60, 180]).median(), 1, "the lower middle of 0 1 1 1");
        assert_eq!(of(&[i64::MIN, i64::MAX]).median(), 0);
    }

    #[test]
    fn the_busiest_come_first() {
        assert_eq!(
            of(&[-1, 60, 61, 125, 130, 200]).busiest(),
            [(60, 2, 1), (120, 2, 1), (-60, 1, 0), (180, 1, 0)]
        );
    }
}
