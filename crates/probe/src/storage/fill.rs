//! When a file system will be full: the median of all slopes (Theil 1950, Sen 1968), which one big
//! file or a clean-up does not bend, with Sen's confidence interval.

use crate::evidence::FillPoint;

/// Points used at most; more are thinned evenly (the number of slopes grows with the square).
const MOST_POINTS: usize = 500;
/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// A line of a history file that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Number in the file, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: &'static str,
}

/// Reads `unix_seconds,used_bytes,total_bytes` a line. Empty lines, lines that start with `#` and a
/// heading in the first line are passed over. Points come out by time; the last of equal times counts.
pub fn history(text: &str, now_s: i64) -> (Vec<FillPoint>, Vec<BadLine>) {
    let (mut points, mut bad) = (Vec::new(), Vec::new());
    for (n, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        let heading = n == 0 && line.starts_with(|c: char| c.is_alphabetic());
        if line.is_empty() || line.starts_with('#') || heading {
            continue;
        }
        match point(line, now_s) {
            Ok(point) => points.push(point),
            Err(why) => bad.push(BadLine { line: n + 1, why }),
        }
    }
    points.sort_by_key(|p: &FillPoint| p.at_s);
    let mut last: Vec<FillPoint> = Vec::with_capacity(points.len());
    for p in points {
        match last.last_mut() {
            Some(same) if same.at_s == p.at_s => *same = p,
            _ => last.push(p),
        }
    }
    (last, bad)
}

fn point(line: &str, now_s: i64) -> Result<FillPoint, &'static str> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [at, used, total] = *fields.as_slice() else { return Err("not three fields") };
    let at_s: i64 = at.parse().map_err(|_| "time is no whole number of seconds")?;
    let used_bytes: u64 = used.parse().map_err(|_| "used is no whole number of bytes")?;
    let total_bytes: u64 = total.parse().map_err(|_| "total is no whole number of bytes")?;
    if at_s > now_s {
        return Err("time lies in the future");
    }
    if at_s < 0 || total_bytes == 0 || used_bytes > total_bytes {
        return Err("used is more than total, or there is no size or time");
    }
    Ok(FillPoint { at_s, used_bytes, total_bytes })
}

/// When use reaches a limit if it goes on as it did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Points it rests on.
    pub points: usize,
    /// Days between the first and the last.
    pub span_days: f64,
    /// Use now, percent.
    pub used_percent: f64,
    /// Growth in bytes a day: median of all slopes.
    pub per_day: f64,
    /// Lower end of the 95 % interval of the growth.
    pub per_day_low: f64,
    /// Upper end.
    pub per_day_high: f64,
    /// Days from the last point until the limit is reached; 0 when it is; `None` when use does not grow.
    pub days: Option<f64>,
    /// The same at the upper end of the growth: not earlier than this.
    pub days_early: Option<f64>,
    /// The same at the lower end: `None` when it may never be.
    pub days_late: Option<f64>,
}

/// The forecast from points in order of time; `None` with fewer than two times.
#[expect(clippy::cast_precision_loss, reason = "bytes as a quantity; days are shown with no decimals")]
pub fn forecast(points: &[FillPoint], limit_percent: u8) -> Option<Forecast> {
    let used = thinned(points);
    let (first, last) = (used.first()?, *used.last()?);
    let span_days = last.at_s.saturating_sub(first.at_s) as f64 / DAY_S;
    let mut slopes = slopes(&used);
    if slopes.is_empty() || last.total_bytes == 0 {
        return None;
    }
    slopes.sort_unstable_by(f64::total_cmp);
    let per_day = middle(&slopes)?;
    let (low, high) = interval(&slopes, used.len())?;
    let room = last.total_bytes as f64 * f64::from(limit_percent) / 100.0 - last.used_bytes as f64;
    let reach = |rate: f64| {
        if room <= 0.0 {
            Some(0.0)
        } else if rate > 0.0 {
            Some(room / rate).filter(|d| d.is_finite())
        } else {
            None
        }
    };
    Some(Forecast {
        points: points.len(),
        span_days,
        used_percent: last.used_bytes as f64 * 100.0 / last.total_bytes as f64,
        per_day,
        per_day_low: low,
        per_day_high: high,
        days: reach(per_day),
        days_early: reach(high),
        days_late: reach(low),
    })
}

/// Evenly fewer points, the first and the last among them.
fn thinned(points: &[FillPoint]) -> Vec<FillPoint> {
    if points.len() <= MOST_POINTS {
        return points.to_vec();
    }
    let most = MOST_POINTS - 1;
    (0..MOST_POINTS).filter_map(|n| points.get(n * (points.len() - 1) / most).copied()).collect()
}

/// Bytes a day between any two points of different time.
#[expect(clippy::cast_precision_loss, reason = "bytes as a quantity")]
fn slopes(points: &[FillPoint]) -> Vec<f64> {
    let mut all = Vec::with_capacity(points.len() * points.len() / 2);
    for (n, a) in points.iter().enumerate() {
        for b in points.get(n + 1..).unwrap_or_default() {
            let seconds = b.at_s.saturating_sub(a.at_s);
            if seconds > 0 {
                all.push((b.used_bytes as f64 - a.used_bytes as f64) * DAY_S / seconds as f64);
            }
        }
    }
    all
}

fn middle(sorted: &[f64]) -> Option<f64> {
    let n = sorted.len();
    let (a, b) = (sorted.get(n.checked_sub(1)? / 2)?, sorted.get(n / 2)?);
    Some(f64::midpoint(*a, *b))
}

/// Sen's interval (Sen 1968; Gilbert 1987 §16.4): ranks of the sorted slopes by the normal approximation of
/// Kendall's S, 95 %.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ranks of at most 124,750 slopes, held within them"
)]
fn interval(sorted: &[f64], points: usize) -> Option<(f64, f64)> {
    let (n, count) = (points as f64, sorted.len() as f64);
    let c = 1.959_964 * (n * (n - 1.0) * 2.0f64.mul_add(n, 5.0) / 18.0).sqrt();
    let rank = |at: f64| at.round().clamp(1.0, count) as usize - 1;
    let low = sorted.get(rank((count - c) / 2.0))?;
    let high = sorted.get(rank(f64::midpoint(count, c) + 1.0))?;
    Some((*low, *high))
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "small numbers of a test")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GIB: u64 = 1 << 30;

    fn days(used_gib: &[u64]) -> Vec<FillPoint> {
        let point = |(n, gib): (i64, &u64)| FillPoint {
            at_s: 1_795_000_000 + n * 86_400,
            used_bytes: gib * GIB,
            total_bytes: 100 * GIB,
        };
        (0..).zip(used_gib).map(point).collect()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6 * b.abs().max(1.0)
    }

    #[test]
    fn a_steady_growth_is_extended() {
        let f = forecast(&days(&[50, 51, 52, 53, 54, 55, 56, 57, 58, 59]), 95).expect("a forecast");
        assert!(close(f.per_day, GIB as f64) && close(f.days.expect("a day"), 36.0), "{f:?}");
        assert!(close(f.span_days, 9.0) && f.points == 10 && close(f.used_percent, 59.0));
    }

    #[test]
    fn a_big_file_and_a_clean_up_do_not_bend_it() {
        // Two days out of twelve are far off; least squares would say 1.9 GiB a day.
        let f = forecast(&days(&[50, 51, 52, 90, 54, 55, 56, 57, 20, 59, 60, 61]), 95).expect("a forecast");
        assert!(close(f.per_day, GIB as f64), "{f:?}");
        assert!(close(f.days.expect("a day"), 34.0));
        assert!(
            close(f.per_day_low, GIB as f64) && close(f.per_day_high, GIB as f64),
            "as scipy has it: {f:?}"
        );
    }

    #[test]
    fn what_does_not_grow_is_never_full_and_what_is_full_is_full_now() {
        let f = forecast(&days(&[50; 9]), 95).expect("a forecast");
        assert_eq!((f.days, f.days_early, f.days_late), (None, None, None));
        let f = forecast(&days(&[60, 58, 57, 55, 54, 52, 50, 49]), 95).expect("a forecast");
        assert_eq!(f.days, None);
        let f = forecast(&days(&[96; 9]), 95).expect("a forecast");
        assert_eq!(f.days, Some(0.0));
        assert_eq!(forecast(&days(&[50]), 95), None);
        assert_eq!(forecast(&[], 95), None);
    }

    #[test]
    fn the_interval_is_that_of_scipy() {
        // scipy.stats.theilslopes 1.16, alpha 0.95: (slope, low, high).
        for (y, slope, low, high) in [
            (vec![1, 3, 2, 5, 4, 6, 8, 7, 9, 10], 1.0, 0.75, 1.2),
            (vec![10, 12, 11, 15, 13, 18, 16, 21, 19, 24, 20, 27], 1.5, 1.0, 1.571_428_571_428_571_4),
        ] {
            let f = forecast(&days(&y), 95).expect("a forecast");
            let gib = GIB as f64;
            assert!(
                close(f.per_day, slope * gib)
                    && close(f.per_day_low, low * gib)
                    && close(f.per_day_high, high * gib),
                "{f:?}"
            );
            assert!(f.days_early < f.days && f.days < f.days_late);
        }
    }

    #[test]
    fn bad_lines_are_named() {
        let text = "time,used,total\n# a note\n100, 5, 10\n100,6,10\n\n90,1,10\nx,1,2\n1,2\n1,11,10\n999,1,2\n1,-1,2";
        let (points, bad) = history(text, 500);
        let at = |at_s, used_bytes| FillPoint { at_s, used_bytes, total_bytes: 10 };
        assert_eq!(points, [at(90, 1), at(100, 6)], "by time; the last of equal times");
        assert_eq!(bad.iter().map(|b| b.line).collect::<Vec<_>>(), [7, 8, 9, 10, 11]);
        assert_eq!(bad[3].why, "time lies in the future");
    }

    #[test]
    fn years_of_hours_are_thinned() {
        let points: Vec<FillPoint> = (0..20_000)
            .map(|n| FillPoint { at_s: n * 3600, used_bytes: n.unsigned_abs() * 1000, total_bytes: 1 << 40 })
            .collect();
        let used = thinned(&points);
        assert_eq!((used.len(), used[0], used[MOST_POINTS - 1]), (MOST_POINTS, points[0], points[19_999]));
        assert!(close(forecast(&points, 95).expect("a forecast").per_day, 24_000.0));
    }

    proptest! {
        #[test]
        fn a_line_with_a_quarter_of_outliers_is_found(
            start in 0u64..1000, step in 1u64..50, wild in proptest::collection::vec((0usize..40, 0u64..50_000), 0..6)
        ) {
            let mut points: Vec<FillPoint> = (0..40u64)
                .map(|n| FillPoint {
                    at_s: i64::try_from(n).expect("few") * 86_400,
                    used_bytes: start + n * step,
                    total_bytes: 1_000_000,
                })
                .collect();
            for (n, used) in wild {
                points[n].used_bytes = used;
            }
            let f = forecast(&points, 95).expect("a forecast");
            prop_assert!((f.per_day - step as f64).abs() <= 0.25f64.mul_add(step as f64, 1e-6), "{f:?} {step}");
            prop_assert!(f.per_day_low <= f.per_day && f.per_day <= f.per_day_high);
        }
    }
}
