//! Web access logs: Apache and nginx `combined` and `common` (also with a host before and times after
//! them), JSON lines as nginx, Apache, Caddy, Traefik and ECS shippers write them, and W3C extended logs
//! (IIS).
//!
//! Lines go in, counts come out; memory is bounded whatever the log holds. No client address, no user
//! name, no user agent and no query string is kept, and path segments that name a person are masked.

mod clean;
mod json;
mod line;
mod minutes;
mod top;
mod w3c;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::evidence::AccessLog;

use minutes::Minutes;
use top::{Spread, Top};
use w3c::Columns;

/// Line numbers of bad lines that are told.
const MAX_BAD: usize = 10;
/// Rows of each table that are told.
const TOLD: usize = 20;
/// Pairs of referrer and missing path that are told.
const TOLD_LINKS: usize = 50;
/// A path with fewer timed requests is listed only after all others: its p95 is its slowest request.
const FEW: u64 = 20;

/// One request of a log, reduced to what is counted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// When, unix seconds.
    pub at_s: Option<i64>,
    /// Status code.
    pub status: u16,
    /// Path without query and parameters; empty when the request line was none.
    pub path: String,
    /// Page it came from, without query.
    pub referrer: Option<String>,
    /// Bytes sent.
    pub bytes: u64,
    /// Time it took, microseconds.
    pub took_us: Option<u64>,
}

/// How a line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Format {
    Combined,
    Common,
    Json,
    W3c,
}

impl Format {
    const fn word(self) -> &'static str {
        match self {
            Self::Combined => "combined",
            Self::Common => "common",
            Self::Json => "json",
            Self::W3c => "w3c",
        }
    }
}

/// Counts a log line by line.
#[derive(Default)]
pub struct Counter {
    log: AccessLog,
    formats: BTreeMap<Format, u64>,
    columns: Option<Columns>,
    minutes: Minutes,
    slow: Top<Spread>,
    errors: Top<()>,
    referrers: Top<()>,
    links: Top<()>,
}

impl Counter {
    /// Nothing counted.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lines taken so far.
    pub const fn lines(&self) -> u64 {
        self.log.lines
    }

    /// Takes one line, without its end. `cut` says that it was longer than what is kept.
    pub fn line(&mut self, number: u64, text: &str, cut: bool) {
        self.log.lines += 1;
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        if text.starts_with('#') {
            if let Some(columns) = Columns::of(text) {
                self.columns = Some(columns);
            }
            return;
        }
        let read = if cut { None } else { self.read(text) };
        if let Some((format, request)) = read {
            *self.formats.entry(format).or_default() += 1;
            self.count(request);
        } else {
            self.log.bad_lines += 1;
            if self.log.bad_at.len() < MAX_BAD {
                self.log.bad_at.push(number);
            }
        }
    }

    fn read(&self, text: &str) -> Option<(Format, Request)> {
        if text.starts_with('{') {
            return json::request(text).map(|r| (Format::Json, r));
        }
        if let Some(columns) = &self.columns
            && let Some(request) = columns.request(text)
        {
            return Some((Format::W3c, request));
        }
        let (request, combined) = line::request(text)?;
        Some((if combined { Format::Combined } else { Format::Common }, request))
    }

    fn count(&mut self, r: Request) {
        let log = &mut self.log;
        *log.statuses.entry(r.status).or_default() += 1;
        log.bytes_sent = log.bytes_sent.saturating_add(r.bytes);
        if let Some(at) = r.at_s {
            log.first_s = Some(log.first_s.map_or(at, |first| first.min(at)));
            log.last_s = Some(log.last_s.map_or(at, |last| last.max(at)));
            self.minutes.add(at, r.status >= 500);
        }
        if r.path.is_empty() {
            return;
        }
        // A switched protocol (WebSocket) lasts as long as its user stays.
        if let Some(us) = r.took_us.filter(|_| r.status != 101) {
            self.slow.add(&r.path).add(us);
        }
        if r.status >= 500 {
            self.errors.add(&r.path);
        }
        if r.status == 404
            && let Some(referrer) = r.referrer
        {
            self.referrers.add(&referrer);
            self.links.add(&format!("{referrer}\n{}", r.path));
        }
    }

    /// The counts.
    pub fn finish(self) -> AccessLog {
        let pruned = self.slow.pruned()
            || self.errors.pruned()
            || self.referrers.pruned()
            || self.links.pruned()
            || self.minutes.pruned();
        let format = self.formats.iter().max_by_key(|(_, n)| **n).map_or("", |(f, _)| f.word());
        let busiest = self.minutes.busiest();
        let median_per_minute = self.minutes.median();
        let mut slow: Vec<(String, u64, u64)> =
            self.slow.rows().into_iter().map(|(path, n, spread)| (path, n, spread.p95())).collect();
        slow.sort_by(|a, b| (b.1 >= FEW).cmp(&(a.1 >= FEW)).then(b.2.cmp(&a.2)).then_with(|| a.0.cmp(&b.0)));
        slow.truncate(TOLD);
        let pairs = |top: Top<()>, most: usize| -> Vec<(String, u64)> {
            top.rows().into_iter().take(most).map(|(key, n, ())| (key, n)).collect()
        };
        AccessLog {
            format: format.to_owned(),
            busiest_minutes: busiest.iter().map(|(at, n, _)| (*at, *n)).collect(),
            busiest_errors: busiest.iter().map(|(_, _, errors)| *errors).collect(),
            median_per_minute,
            slow_paths: slow,
            error_paths: pairs(self.errors, TOLD),
            broken_referrers: pairs(self.referrers, TOLD),
            broken_links: pairs(self.links, TOLD_LINKS)
                .into_iter()
                .filter_map(|(key, n)| {
                    key.split_once('\n').map(|(from, to)| (from.to_owned(), to.to_owned(), n))
                })
                .collect(),
            pruned,
            ..self.log
        }
    }
}

/// Entry point for fuzzing and property tests.
pub fn fuzz_access(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut counter = Counter::new();
    for (number, line) in (1..).zip(text.lines()) {
        counter.line(number, line, false);
    }
    let _ = counter.finish();
}
