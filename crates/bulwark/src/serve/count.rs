//! Counting requests.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bulwark_store::Mono;

/// Upper ends of the classes of duration, in milliseconds.
const ENDS_MS: [u64; 9] = [1, 5, 10, 25, 50, 100, 250, 1000, 5000];

/// Requests so far.
pub struct Counters {
    mono: Mono,
    /// By the first digit of the status; the first is for what is no status.
    classes: [AtomicU64; 6],
    /// By duration, the last for those over every end.
    durations: [AtomicU64; ENDS_MS.len() + 1],
    total_us: AtomicU64,
    under_way: AtomicI64,
}

/// Counts a request.
pub async fn count(State(counters): State<Arc<Counters>>, request: Request, next: Next) -> Response {
    let begin = (counters.mono)();
    let under_way = UnderWay::new(&counters);
    let response = next.run(request).await;
    drop(under_way);
    counters.note(response.status().as_u16(), (counters.mono)().saturating_sub(begin));
    response
}

/// Counted until dropped, also when the other side goes away in between.
struct UnderWay<'c>(&'c Counters);

impl<'c> UnderWay<'c> {
    fn new(counters: &'c Counters) -> Self {
        counters.under_way.fetch_add(1, Ordering::Relaxed);
        Self(counters)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Counters {
    /// None so far, timed by this stopwatch.
    pub fn new(mono: Mono) -> Self {
        let (classes, durations) = (Default::default(), Default::default());
        Self { mono, classes, durations, total_us: AtomicU64::new(0), under_way: AtomicI64::new(0) }
    }

    fn note(&self, status: u16, us: u64) {
        let add =
            |counter: Option<&AtomicU64>, n| counter.map(|counter| counter.fetch_add(n, Ordering::Relaxed));
        add(self.classes.get(usize::from(status / 100)).or(self.classes.first()), 1);
        let class = ENDS_MS.iter().position(|end| us <= end * 1000).unwrap_or(ENDS_MS.len());
        add(self.durations.get(class), 1);
        add(Some(&self.total_us), us);
    }

    /// As Prometheus reads it.
    pub fn write(&self, out: &mut String) {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        head(out, "bulwark_requests_total", "counter", "Answers by class of status.");
        for (class, counter) in self.classes.iter().enumerate().skip(1) {
            let _ = writeln!(out, "bulwark_requests_total{{class=\"{class}xx\"}} {}", get(counter));
        }
        head(out, "bulwark_requests_under_way", "gauge", "Requests not yet answered.");
        let _ = writeln!(out, "bulwark_requests_under_way {}", self.under_way.load(Ordering::Relaxed));
        let name = "bulwark_request_seconds";
        head(out, name, "histogram", "From the head of a request to the head of its answer.");
        let mut sum = 0;
        for (end, counter) in ENDS_MS.iter().zip(&self.durations) {
            sum += get(counter);
            let _ = writeln!(out, "{name}_bucket{{le=\"{}\"}} {sum}", seconds(end * 1000));
        }
        sum += self.durations.last().map_or(0, get);
        let _ = writeln!(out, "{name}_bucket{{le=\"+Inf\"}} {sum}");
        let _ = writeln!(out, "{name}_sum {}\n{name}_count {sum}", seconds(get(&self.total_us)));
    }
}

/// The lines before a metric.
pub fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

#[expect(clippy::cast_precision_loss, reason = "2^53 µs are 285 years")]
fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_status_and_duration() {
        let counters = Counters::new(Arc::new(|| 0));
        for (status, us) in [(200, 900), (303, 1000), (404, 7000), (503, 9_000_000)] {
            counters.note(status, us);
        }
        let mut out = String::new();
        counters.write(&mut out);
        for line in [
            "bulwark_requests_total{class=\"2xx\"} 1",
            "bulwark_requests_total{class=\"5xx\"} 1",
            "bulwark_request_seconds_bucket{le=\"0.001\"} 2",
            "bulwark_request_seconds_bucket{le=\"0.01\"} 3",
            "bulwark_request_seconds_bucket{le=\"5\"} 3",
            "bulwark_request_seconds_bucket{le=\"+Inf\"} 4",
            "bulwark_request_seconds_sum 9.0089",
            "bulwark_request_seconds_count 4",
        ] {
            assert!(out.lines().any(|found| found == line), "{line}\n{out}");
        }
    }
}
