//! When repeated looks at a target are due.

use std::time::Duration;

/// The moments of repetitions, counted from the start of a run: an offset that follows from target and
/// check, then one every interval, each up to a tenth of it earlier or later. Many checks of one target
/// so come one after another, and two machines with the same plan do not beat in time with each other's
/// minutes.
///
/// ```
/// use std::time::Duration;
/// use bulwark_probe::polite::Schedule;
/// let s = Schedule::new("www.example.gov.tw", "search", Duration::from_secs(60));
/// assert!(s.offset() < Duration::from_secs(60));
/// assert!(s.due(1) > s.due(0));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    interval: Duration,
    offset: Duration,
    seed: u64,
}

impl Schedule {
    /// The schedule of `check` on `target`, the same in every run.
    pub fn new(target: &str, check: &str, interval: Duration) -> Self {
        let seed = hash(&[target.as_bytes(), &[0], check.as_bytes()]);
        let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        let offset = Duration::from_millis(seed.checked_rem(millis).unwrap_or(0));
        Self { interval, offset, seed }
    }

    /// Moment of the first repetition, jitter aside: hash(target, check) modulo the interval.
    pub const fn offset(&self) -> Duration {
        self.offset
    }

    /// Moment of repetition `n`, from 0.
    pub fn due(&self, n: u32) -> Duration {
        let nominal = self.offset.saturating_add(self.interval.saturating_mul(n));
        // Thousandths of the interval, 0 to 200 for −10 % to +10 %.
        let share = u32::try_from(hash(&[&self.seed.to_le_bytes(), &n.to_le_bytes()]) % 201).unwrap_or(100);
        let tenth = self.interval / 10;
        nominal.saturating_add(self.interval.saturating_mul(share) / 1000).saturating_sub(tenth)
    }

    /// The first repetition after `last` that is not yet over at `now`. Those missed meanwhile are left
    /// out: nobody catches up in a burst.
    pub fn next(&self, last: Option<u32>, now: Duration) -> u32 {
        let after = last.map_or(0, |n| n.saturating_add(1));
        if self.interval.is_zero() {
            return after;
        }
        let passed = now.saturating_sub(self.offset).as_millis() / self.interval.as_millis().max(1);
        // Jitter moves a repetition by less than one interval.
        let mut n = u32::try_from(passed).unwrap_or(u32::MAX).saturating_sub(1).max(after);
        while self.due(n) < now && n < u32::MAX {
            n += 1;
        }
        n
    }
}

/// FNV-1a with a last mixing: spread, not secrecy, and the same on every machine.
fn hash(parts: &[&[u8]]) -> u64 {
    let mut h = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().copied().flatten() {
        h = (h ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h ^ (h >> 33)
}

#[cfg(test)]
#[expect(clippy::unchecked_time_subtraction, reason = "later minus earlier; a panic would be a found bug")]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn the_offset_is_fixed_and_spreads_checks() {
        let of = |check: &str| Schedule::new("www.a.gov.tw", check, MINUTE).offset();
        assert_eq!(of("http"), of("http"));
        let offsets: BTreeSet<u64> = (0..60).map(|n| of(&format!("check {n}")).as_secs() / 6).collect();
        assert_eq!(offsets.len(), 10, "sixty checks fall into every tenth of the minute");
        assert_ne!(
            of("ab"),
            Schedule::new("www.a.gov.twa", "b", MINUTE).offset(),
            "where a name ends counts"
        );
        assert_eq!(Schedule::new("a", "b", Duration::ZERO).due(9), Duration::ZERO);
    }

    #[test]
    fn a_machine_that_slept_goes_on_without_a_burst() {
        let s = Schedule::new("a", "b", MINUTE);
        let n = s.next(Some(3), Duration::from_hours(10));
        assert!(s.due(n) >= Duration::from_hours(10) && s.due(n) <= Duration::from_hours(10) + MINUTE * 2);
        assert_eq!(s.next(None, Duration::ZERO), 0);
        assert_eq!(s.next(Some(7), Duration::ZERO), 8);
        assert_eq!(s.next(Some(u32::MAX), Duration::MAX), u32::MAX);
    }

    proptest! {
        #[test]
        fn repetitions_keep_their_distance(target in "[a-z]{1,9}", check in "[a-z]{1,9}", s in 1u64..4000, n in 0u32..10_000) {
            let interval = Duration::from_secs(s);
            let schedule = Schedule::new(&target, &check, interval);
            prop_assert!(schedule.offset() < interval);
            let gap = schedule.due(n + 1) - schedule.due(n);
            // The very first may be moved to the start of the run.
            prop_assert!(gap >= interval * 8 / 10 || n == 0 && gap >= interval * 7 / 10, "{gap:?}");
            prop_assert!(gap <= interval * 12 / 10 + Duration::from_nanos(2));
            let nominal = schedule.offset() + interval * n;
            prop_assert!(schedule.due(n) <= nominal + interval / 10);
        }

        #[test]
        fn the_next_one_is_the_first_not_over(s in 1u64..4000, last in proptest::option::of(0u32..500), now in 0u64..4_000_000) {
            let schedule = Schedule::new("a", "b", Duration::from_secs(s));
            let now = Duration::from_secs(now);
            let n = schedule.next(last, now);
            prop_assert!(schedule.due(n) >= now && last.is_none_or(|l| n > l));
            let first = last.map_or(0, |l| l + 1);
            prop_assert!(n == first || schedule.due(n - 1) < now);
        }
    }
}
