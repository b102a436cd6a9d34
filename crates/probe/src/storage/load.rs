//! How busy a device was between samples, as iostat(1) computes it.

use crate::evidence::DiskSample;

/// What the counters say about the time between the samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// Milliseconds looked at; intervals in which a counter went back (reset, overflow) are left out.
    pub span_ms: u64,
    /// Reads and writes completed.
    pub requests: u64,
    /// Share of time with work to do, percent.
    pub busy_percent: f64,
    /// Mean milliseconds a request took; `None` when there was none.
    pub wait_ms: Option<f64>,
    /// Requests in flight on average (Little's law).
    pub queue: f64,
    /// Intervals left out.
    pub resets: usize,
}

/// The load over all intervals; `None` when no interval can be used.
#[expect(clippy::cast_precision_loss, reason = "counters of seconds; a percentage is shown")]
pub fn load(samples: &[DiskSample]) -> Option<Load> {
    let (mut span, mut busy, mut spent, mut requests, mut resets) = (0_u64, 0_u64, 0_u64, 0_u64, 0);
    for pair in samples.windows(2) {
        let [before, after] = pair else { continue };
        let Some(d) = delta(before, after) else {
            resets += 1;
            continue;
        };
        span = span.saturating_add(d.at_ms);
        busy = busy.saturating_add(d.busy_ms);
        spent = spent.saturating_add(d.read_ms).saturating_add(d.write_ms);
        requests = requests.saturating_add(d.reads).saturating_add(d.writes);
    }
    if span == 0 {
        return None;
    }
    Some(Load {
        span_ms: span,
        requests,
        // A tick may be counted just before and its work just after a sample.
        busy_percent: (busy as f64 * 100.0 / span as f64).min(100.0),
        wait_ms: (requests > 0).then(|| spent as f64 / requests as f64),
        queue: spent as f64 / span as f64,
        resets,
    })
}

/// The difference of two samples; `None` when a counter or the time went back.
fn delta(before: &DiskSample, after: &DiskSample) -> Option<DiskSample> {
    Some(DiskSample {
        at_ms: after.at_ms.checked_sub(before.at_ms).filter(|ms| *ms > 0)?,
        reads: after.reads.checked_sub(before.reads)?,
        read_ms: after.read_ms.checked_sub(before.read_ms)?,
        writes: after.writes.checked_sub(before.writes)?,
        write_ms: after.write_ms.checked_sub(before.write_ms)?,
        in_flight: after.in_flight,
        busy_ms: after.busy_ms.checked_sub(before.busy_ms)?,
    })
}

/// The nearest-rank percentile of values in any order; `None` for an empty list.
pub fn percentile(values: &[u64], percent: u8) -> Option<u64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = sorted.len().checked_mul(usize::from(percent.min(100)))?.div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at_ms: u64, reads: u64, read_ms: u64, busy_ms: u64) -> DiskSample {
        DiskSample { at_ms, reads, read_ms, writes: 0, write_ms: 0, in_flight: 1, busy_ms }
    }

    #[test]
    fn busy_wait_and_queue_are_those_of_iostat() {
        let l = load(&[at(0, 100, 1000, 500), at(1000, 150, 2000, 1400)]).expect("a load");
        assert!((l.busy_percent - 90.0).abs() < 1e-9 && (l.queue - 1.0).abs() < 1e-9);
        assert_eq!((l.requests, l.wait_ms, l.resets), (50, Some(20.0), 0));
        let idle = load(&[at(0, 1, 1, 1), at(1000, 1, 1, 1)]).expect("a load");
        assert_eq!((idle.wait_ms, idle.requests), (None, 0));
        assert!(load(&[at(0, 1, 1, 1)]).is_none() && load(&[]).is_none());
        let late = load(&[at(0, 0, 0, 0), at(1000, 0, 0, 1004)]).expect("a load");
        assert!((late.busy_percent - 100.0).abs() < 1e-9);
    }

    #[test]
    fn a_counter_that_goes_back_spoils_its_interval_only() {
        let l = load(&[at(0, 100, 90, 10), at(1000, 3, 1, 0), at(2000, 13, 21, 500)]).expect("a load");
        assert_eq!((l.resets, l.span_ms, l.requests, l.wait_ms), (1, 1000, 10, Some(2.0)));
        assert!((l.busy_percent - 50.0).abs() < 1e-9);
        assert!(load(&[at(0, 9, 9, 9), at(1000, 1, 1, 1)]).is_none());
        assert!(load(&[at(5, 1, 1, 1), at(5, 2, 2, 2)]).is_none(), "no time passed");
    }

    #[test]
    fn percentiles_are_measured_values() {
        assert_eq!(percentile(&[5, 1, 9], 95), Some(9));
        assert_eq!(percentile(&(1..=20).collect::<Vec<_>>(), 95), Some(19));
        assert_eq!(percentile(&[], 50), None);
    }
}
