//! Percentiles of a few measurements.

/// The nearest-rank percentile of a sorted list: the smallest value that at least `percent` % of the
/// values do not exceed (NIST Engineering Statistics Handbook §7.2.6.2 names the alternatives). It is
/// always a value that was really measured; `None` for an empty list.
pub(super) fn percentile(sorted: &[u64], percent: u8) -> Option<u64> {
    let rank = sorted.len().checked_mul(usize::from(percent.min(100)))?.div_ceil(100).max(1);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// Middle and tail of a list of durations in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spread {
    /// How many values.
    pub n: usize,
    /// Median.
    pub p50: u64,
    /// 95th percentile.
    pub p95: u64,
    /// 99th percentile.
    pub p99: u64,
}

impl Spread {
    /// The spread of a list in any order; `None` when it is empty.
    pub fn of(values: impl IntoIterator<Item = u64>) -> Option<Self> {
        let mut sorted: Vec<u64> = values.into_iter().collect();
        sorted.sort_unstable();
        Some(Self {
            n: sorted.len(),
            p50: percentile(&sorted, 50)?,
            p95: percentile(&sorted, 95)?,
            p99: percentile(&sorted, 99)?,
        })
    }
}

/// Microseconds as milliseconds for people: one decimal below 10 ms.
pub(super) fn ms(us: u64) -> String {
    let tenths = us.saturating_add(50) / 100;
    if tenths < 100 {
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        (us.saturating_add(500) / 1000).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank_never_invents_a_value() {
        let v = [15, 20, 35, 40, 50];
        // The worked example of the nearest-rank method.
        assert_eq!(percentile(&v, 5), Some(15));
        assert_eq!(percentile(&v, 30), Some(20));
        assert_eq!(percentile(&v, 40), Some(20));
        assert_eq!(percentile(&v, 50), Some(35));
        assert_eq!(percentile(&v, 100), Some(50));
        assert_eq!(percentile(&v, 0), Some(15));
        assert_eq!(percentile(&[7], 99), Some(7));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn the_95th_of_twenty_is_the_19th_and_of_fewer_the_greatest() {
        let v: Vec<u64> = (1..=20).collect();
        assert_eq!(percentile(&v, 95), Some(19));
        assert_eq!(percentile(&v[..19], 95), Some(19));
        assert_eq!(percentile(&v[..10], 95), Some(10));
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(percentile(&hundred, 95), Some(95));
        assert_eq!(percentile(&hundred, 99), Some(99));
    }

    #[test]
    fn spread_sorts_and_counts() {
        assert_eq!(Spread::of([9, 1, 5]), Some(Spread { n: 3, p50: 5, p95: 9, p99: 9 }));
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn milliseconds_read_well() {
        assert_eq!(ms(0), "0.0");
        assert_eq!(ms(1_234), "1.2");
        assert_eq!(ms(9_949), "9.9");
        assert_eq!(ms(9_950), "10");
        assert_eq!(ms(1_500_499), "1500");
        assert!(!ms(u64::MAX).is_empty());
    }
}
