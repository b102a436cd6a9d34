//! The most frequent keys in bounded memory: Space-Saving (Metwally 2005), with the smallest counters
//! thrown out in batches. Up to [`KEPT`] different keys every count is exact.

use std::collections::{BTreeMap, HashMap};

/// Keys kept when there are too many; at most twice as many are held.
const KEPT: usize = 1024;

/// Counts by key, each with something more to keep.
#[derive(Default)]
pub(super) struct Top<V> {
    rows: HashMap<String, Row<V>>,
    /// What a key that was thrown out may have counted.
    floor: u64,
}

#[derive(Default)]
struct Row<V> {
    count: u64,
    /// By how much `count` may be too high.
    error: u64,
    more: V,
}

impl<V: Default> Top<V> {
    /// Counts a key.
    pub(super) fn add(&mut self, key: &str) -> &mut V {
        if !self.rows.contains_key(key) {
            if self.rows.len() >= 2 * KEPT {
                self.prune();
            }
            let row = Row { count: self.floor, error: self.floor, more: V::default() };
            self.rows.insert(key.to_owned(), row);
        }
        let row = self.rows.entry(key.to_owned()).or_default();
        row.count += 1;
        &mut row.more
    }

    fn prune(&mut self) {
        let mut counts: Vec<u64> = self.rows.values().map(|r| r.count).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let Some(limit) = counts.get(KEPT).copied() else { return };
        self.rows.retain(|_, r| r.count > limit);
        self.floor = self.floor.max(limit);
    }

    /// Whether rare keys are missing and counts may be too low.
    pub(super) const fn pruned(&self) -> bool {
        self.floor > 0
    }

    /// Key, count (never more than the truth) and the rest; most frequent first, equal ones by key.
    pub(super) fn rows(self) -> Vec<(String, u64, V)> {
        let mut rows: Vec<(String, u64, V)> =
            self.rows.into_iter().map(|(k, r)| (k, r.count - r.error, r.more)).collect();
        rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        rows
    }
}

/// Values in classes of 1/64 of a power of two: any percentile is right within 1.6 %.
#[derive(Default)]
pub(super) struct Spread(BTreeMap<u32, u64>);

impl Spread {
    pub(super) fn add(&mut self, value: u64) {
        *self.0.entry(class(value)).or_default() += 1;
    }

    /// The nearest-rank 95th percentile, as the upper end of its class.
    pub(super) fn p95(&self) -> u64 {
        let all: u64 = self.0.values().sum();
        let rank = (u128::from(all) * 95).div_ceil(100);
        let mut seen = 0_u128;
        for (class, n) in &self.0 {
            seen += u128::from(*n);
            if seen >= rank {
                return upper(*class);
            }
        }
        0
    }
}

/// Values below 128 have a class each.
#[expect(clippy::cast_possible_truncation, reason = "seven bits")]
const fn class(value: u64) -> u32 {
    if value < 128 {
        return value as u32;
    }
    let shift = value.ilog2() - 6;
    // Six bits after the first one, behind the classes of smaller powers.
    (shift + 1) * 64 + ((value >> shift) as u32 - 64)
}

const fn upper(class: u32) -> u64 {
    if class < 128 {
        return class as u64;
    }
    let shift = class / 64 - 1;
    let lower = ((class % 64 + 64) as u64) << shift;
    lower + ((1_u64 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_keys_are_counted_exactly() {
        let mut top: Top<()> = Top::default();
        for n in 0..KEPT {
            for _ in 0..=n % 7 {
                top.add(&n.to_string());
            }
        }
        assert!(!top.pruned());
        let rows = top.rows();
        assert_eq!((rows.len(), rows[0].0.as_str(), rows[0].1), (KEPT, "1000", 7));
    }

    #[test]
    fn many_keys_keep_the_frequent_ones_in_bounded_memory() {
        let mut top: Top<()> = Top::default();
        for n in 0..50_000 {
            top.add(&format!("rare {n}"));
            top.add(["a", "b", "c"][n % 3]);
            assert!(top.rows.len() <= 2 * KEPT);
        }
        assert!(top.pruned());
        let rows = top.rows();
        assert_eq!(rows[0], ("a".to_owned(), 16_667, ()));
        assert_eq!(rows[2], ("c".to_owned(), 16_666, ()));
        assert!(rows[3].1 <= 1);
    }

    proptest! {
        #[test]
        fn a_percentile_is_right_within_a_class(mut values in proptest::collection::vec(any::<u64>(), 1..200)) {
            let mut spread = Spread::default();
            for v in &values {
                spread.add(*v);
            }
            values.sort_unstable();
            let exact = values[(values.len() * 95).div_ceil(100) - 1];
            let got = spread.p95();
            prop_assert!(got >= exact && got - exact <= exact / 64, "{got} {exact}");
        }

        #[test]
        fn classes_grow_with_values(a in any::<u64>(), b in any::<u64>()) {
            prop_assert!(a > b || class(a) <= class(b));
            prop_assert!(upper(class(a)) >= a);
        }
    }
}
