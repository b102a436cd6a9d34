//! Counting entries by what they say (message texts of PostgreSQL 9.0 to 18 in English).

use std::collections::HashMap;

use super::entry::{Entry, Level};
use super::statement;
use crate::evidence::PgLog;

/// Different statements or errors kept apart at a time.
const MAX_APART: usize = 4096;
/// How many are told in the end.
const TOLD: usize = 20;
/// Line numbers of bad lines that are told.
const MAX_BAD: usize = 10;
/// Limits above which statements are counted, in seconds.
const SLOW_S: [u32; 3] = [1, 10, 60];

/// The counts in the making.
#[derive(Default)]
pub(super) struct Tally {
    log: PgLog,
    statements: Table,
    errors: Table,
}

/// A table of bounded size: when it is full, the half that weighs least goes.
#[derive(Default)]
struct Table {
    rows: HashMap<String, Row>,
    pruned: bool,
}

#[derive(Default, Clone, Copy)]
struct Row {
    count: u64,
    total: f64,
    most: f64,
}

impl Table {
    fn add(&mut self, key: String, weight: f64) {
        let row = self.rows.entry(key).or_default();
        row.count += 1;
        row.total += weight;
        row.most = row.most.max(weight);
        if self.rows.len() > MAX_APART {
            let mut weights: Vec<f64> = self.rows.values().map(|r| r.total).collect();
            weights.sort_by(f64::total_cmp);
            let middle = weights.get(weights.len() / 2).copied().unwrap_or_default();
            self.rows.retain(|_, r| r.total > middle);
            if self.rows.len() > MAX_APART {
                self.rows.clear();
            }
            self.pruned = true;
        }
    }

    /// The heaviest rows; equal ones by their text, so that the same log gives the same evidence.
    fn most(self) -> Vec<(String, Row)> {
        let mut rows: Vec<(String, Row)> = self.rows.into_iter().collect();
        rows.sort_by(|a, b| b.1.total.total_cmp(&a.1.total).then_with(|| a.0.cmp(&b.0)));
        rows.truncate(TOLD);
        rows
    }
}

impl Tally {
    /// A line that belongs to no entry.
    pub(super) fn bad(&mut self, number: u64) {
        self.log.bad_lines += 1;
        if self.log.bad_at.len() < MAX_BAD {
            self.log.bad_at.push(number);
        }
    }

    /// A line that says nothing about the server.
    pub(super) fn other(&mut self) {
        self.log.other_lines += 1;
    }

    /// An entry that is complete.
    pub(super) fn add(&mut self, entry: &Entry) {
        let log = &mut self.log;
        log.entries += 1;
        *log.levels.entry(entry.level.word().to_owned()).or_default() += 1;
        if let Some(at) = entry.time_ms {
            log.first_ms = Some(log.first_ms.map_or(at, |first| first.min(at)));
            log.last_ms = Some(log.last_ms.map_or(at, |last| last.max(at)));
        }
        if entry.level >= Level::Error {
            // The text of an exception raised by a program (P0001) may hold anything.
            let text = match entry.state.as_deref() {
                Some("P0001") => "P0001 raise_exception".to_owned(),
                _ => statement::message(&entry.message),
            };
            self.errors.add(text, 1.0);
        }
        self.kind(entry);
    }

    fn count(&mut self, kind: &str) {
        *self.log.kinds.entry(kind.to_owned()).or_default() += 1;
    }

    fn kind(&mut self, entry: &Entry) {
        let message = entry.message.as_str();
        if let Some(rest) = message.strip_prefix("duration: ") {
            return self.duration(rest, entry);
        }
        for (start, kind) in STARTS {
            if message.starts_with(start) {
                self.count(kind);
                match *kind {
                    "temp_file" => self.temp_file(message),
                    "checkpoint_starting" => self.checkpoint_reason(message),
                    _ => {}
                }
                return;
            }
        }
        if message.starts_with("process ") {
            self.lock(message);
        } else if entry.level >= Level::Error {
            for (part, kind) in ERRORS {
                if message.contains(part) || entry.state.as_deref().is_some_and(|s| s == *part) {
                    return self.count(kind);
                }
            }
        } else if message.contains("was terminated by signal") {
            self.count("crash");
        }
    }

    /// `12.345 ms  statement: …`, `12.345 ms  execute name: …`, or the time alone.
    fn duration(&mut self, rest: &str, entry: &Entry) {
        let Some((number, after)) = rest.split_once(" ms") else { return };
        let Ok(ms) = number.trim().parse::<f64>() else { return };
        if !ms.is_finite() || ms < 0.0 {
            return;
        }
        let after = after.trim_start();
        let (word, text) = after.split_once([' ', ':']).unwrap_or((after, ""));
        let (kind, phase) = match word {
            "statement" | "execute" | "fastpath" => ("duration", "execute"),
            "parse" => ("duration_parse", "parse"),
            "bind" => ("duration_bind", "bind"),
            "plan" => return self.count("plan"),
            _ => return self.count("duration_only"),
        };
        self.count(kind);
        *self.log.durations_ms.entry(phase.to_owned()).or_default() += ms;
        if kind != "duration" {
            return;
        }
        for limit in SLOW_S {
            if ms >= f64::from(limit) * 1000.0 {
                *self.log.slower_than_s.entry(limit).or_default() += 1;
            }
        }
        // `execute name: SELECT …`; the name never holds a colon and a space.
        let text = if word == "execute" { text.split_once(": ").map_or(text, |(_, t)| t) } else { text };
        let text = if text.trim().is_empty() { entry.statement.as_deref().unwrap_or(text) } else { text };
        self.statements.add(statement::normalised(text), ms);
    }

    /// `temporary file: path "…", size 24576`
    fn temp_file(&mut self, message: &str) {
        let size = message.rsplit_once("size ").map(|(_, s)| digits(s)).and_then(|s| s.parse::<u64>().ok());
        let size = size.unwrap_or(0);
        self.log.temp_bytes = self.log.temp_bytes.saturating_add(size);
        self.log.temp_max_bytes = self.log.temp_max_bytes.max(size);
    }

    /// `checkpoint starting: wal` (`xlog` before 10): too much was written.
    fn checkpoint_reason(&mut self, message: &str) {
        let flags = message.split_once(": ").map_or("", |(_, flags)| flags);
        if flags.split(' ').any(|f| f == "wal" || f == "xlog") {
            self.count("checkpoint_by_wal");
        } else if flags.split(' ').any(|f| f == "time") {
            self.count("checkpoint_by_time");
        }
    }

    /// `process 7 still waiting for ShareLock on … after 1000.153 ms`
    fn lock(&mut self, message: &str) {
        let kind = if message.contains(" still waiting for ") {
            "lock_wait"
        } else if message.contains(" acquired ") {
            "lock_acquired"
        } else {
            return;
        };
        self.count(kind);
        let waited = message.rsplit_once(" after ").and_then(|(_, t)| t.split_once(" ms"));
        if let Some(ms) = waited.and_then(|(n, _)| n.parse::<f64>().ok()).filter(|n| n.is_finite()) {
            self.log.lock_wait_max_ms = self.log.lock_wait_max_ms.max(ms);
        }
    }

    pub(super) fn finish(self) -> PgLog {
        PgLog {
            pruned: self.statements.pruned || self.errors.pruned,
            slow_statements: self
                .statements
                .most()
                .into_iter()
                .map(|(text, row)| (text, row.count, tidy(row.total), row.most))
                .collect(),
            errors: self.errors.most().into_iter().map(|(text, row)| (text, row.count)).collect(),
            durations_ms: self.log.durations_ms.iter().map(|(k, ms)| (k.clone(), tidy(*ms))).collect(),
            ..self.log
        }
    }
}

/// Sums of thousandths of a millisecond without the dust of adding.
fn tidy(ms: f64) -> f64 {
    (ms * 1000.0).round() / 1000.0
}

fn digits(text: &str) -> &str {
    text.get(..text.bytes().take_while(u8::is_ascii_digit).count()).unwrap_or_default()
}

/// Messages known by their first words.
const STARTS: &[(&str, &str)] = &[
    ("temporary file: ", "temp_file"),
    ("checkpoint complete", "checkpoint"),
    ("restartpoint complete", "checkpoint"),
    ("checkpoint starting: ", "checkpoint_starting"),
    ("restartpoint starting: ", "checkpoint_starting"),
    ("checkpoints are occurring too frequently", "checkpoint_warning"),
    ("automatic vacuum ", "autovacuum"),
    ("automatic aggressive vacuum ", "autovacuum"),
    ("automatic analyze ", "autoanalyze"),
    ("connection received: ", "connection_received"),
    ("connection authorized: ", "connection"),
    ("replication connection authorized: ", "connection"),
    ("disconnection: ", "disconnection"),
    ("canceling statement due to ", "cancel"),
    ("canceling autovacuum task", "cancel_autovacuum"),
    ("deadlock detected", "deadlock"),
    ("password authentication failed ", "login_refused"),
    ("no pg_hba.conf entry ", "login_refused"),
    ("pg_hba.conf rejects ", "login_refused"),
    ("sorry, too many clients already", "connections_full"),
    ("remaining connection slots are reserved ", "connections_full"),
    ("too many connections for ", "connections_full"),
    ("archive command failed", "archive_failed"),
    ("terminating connection because of crash ", "crash"),
];

/// Errors known by words or SQLSTATE.
const ERRORS: &[(&str, &str)] = &[
    ("40P01", "deadlock"),
    ("57014", "cancel"),
    ("28P01", "login_refused"),
    ("28000", "login_refused"),
    ("53300", "connections_full"),
    ("No space left on device", "disk_full"),
    ("out of memory", "out_of_memory"),
    ("invalid page in block", "corruption"),
    ("XX001", "corruption"),
    ("XX002", "corruption"),
    ("canceling statement due to", "cancel"),
];
