//! PostgreSQL server logs in every form the server writes: `stderr` with any `log_line_prefix`,
//! `csvlog`, `jsonlog` (15 and later, and the JSON of CloudNativePG around it), and `syslog`
//! (PostgreSQL 18 §19.8).
//!
//! Lines go in, counts come out; nothing is held but the entry in the making and bounded tables.
//! No value of a statement or message is kept: see [`statement`].

mod entry;
mod json;
mod prefix;
pub mod statement;
mod syslog;
mod tally;
#[cfg(test)]
mod tests;

pub use entry::{Entry, Level};
pub use prefix::Prefix;

use crate::evidence::PgLog;
use tally::Tally;

/// Lines looked at before the format is decided.
const SAMPLE_LINES: usize = 200;
/// Bytes looked at before the format is decided.
const SAMPLE_BYTES: usize = 1 << 20;
/// Bytes of one record of a csvlog; a quotation mark lost in a damaged file must not eat the rest.
const CSV_RECORD: usize = 4 << 20;

/// Counts a log line by line.
pub struct Counter {
    format: Option<Format>,
    prefix: Prefix,
    /// True when the caller said what the prefix is.
    given: bool,
    modified_s: Option<i64>,
    sample: Vec<(u64, String)>,
    sample_bytes: usize,
    lines: u64,
    tally: Tally,
    /// The entry whose follow-up lines may still come, of a `stderr` log.
    current: Option<Entry>,
    syslog: syslog::Sessions,
    /// A csvlog record whose quotation is open.
    record: Option<Record>,
}

/// Lines of a csvlog that belong together.
struct Record {
    /// Number of the first line.
    first: u64,
    lines: u64,
    /// True within quotation marks.
    open: bool,
    text: String,
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Stderr,
    Csv,
    Json,
    Syslog,
}

impl Format {
    const fn word(self) -> &'static str {
        match self {
            Self::Stderr => "stderr",
            Self::Csv => "csvlog",
            Self::Json => "jsonlog",
            Self::Syslog => "syslog",
        }
    }
}

impl Counter {
    /// A counter; `prefix` is the server's `log_line_prefix` when it is known, else it is found out.
    /// `modified_s` is when the file was last written (unix seconds): syslog lines name no year.
    pub fn new(prefix: Option<&str>, modified_s: Option<i64>) -> Self {
        Self {
            format: None,
            prefix: prefix.map(Prefix::given).unwrap_or_default(),
            given: prefix.is_some(),
            modified_s,
            sample: Vec::new(),
            sample_bytes: 0,
            lines: 0,
            tally: Tally::default(),
            current: None,
            syslog: syslog::Sessions::default(),
            record: None,
        }
    }

    /// Lines taken so far.
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// Takes one line, without its end.
    pub fn line(&mut self, number: u64, text: &str) {
        self.lines += 1;
        if self.format.is_some() {
            return self.take(number, text);
        }
        self.sample.push((number, text.to_owned()));
        self.sample_bytes += text.len();
        if self.sample.len() >= SAMPLE_LINES || self.sample_bytes >= SAMPLE_BYTES {
            self.decide();
        }
    }

    /// The counts.
    pub fn finish(mut self) -> PgLog {
        self.decide();
        if let Some(record) = self.record.take() {
            self.bad_record(&record);
        }
        if let Some(entry) = self.current.take() {
            self.tally.add(&entry);
        }
        for entry in self.syslog.drain() {
            self.tally.add(&entry);
        }
        let format = self.format.map_or("", Format::word);
        let prefix = match self.format {
            Some(Format::Stderr | Format::Syslog) => self.prefix.template().to_owned(),
            _ => String::new(),
        };
        PgLog { format: format.to_owned(), prefix, lines: self.lines, ..self.tally.finish() }
    }

    /// Settles format and prefix by the sample, then counts the sample.
    fn decide(&mut self) {
        if self.format.is_some() {
            return;
        }
        let sample = std::mem::take(&mut self.sample);
        let texts = || sample.iter().map(|(_, text)| text.as_str());
        let format = detect(texts());
        if !self.given {
            self.prefix = match format {
                Format::Stderr => Prefix::find(texts()),
                Format::Syslog => Prefix::find(texts().filter_map(|t| syslog::split(t).map(|l| l.text))),
                Format::Csv | Format::Json => Prefix::default(),
            };
        }
        self.format = Some(format);
        for (number, text) in sample {
            self.take(number, &text);
        }
    }

    fn take(&mut self, number: u64, text: &str) {
        match self.format {
            Some(Format::Csv) => self.csv(number, text),
            Some(Format::Json) => match json::read(text) {
                json::Found::Entry(entry) => self.tally.add(&entry),
                json::Found::Other => self.tally.other(),
                json::Found::Bad if text.trim().is_empty() => self.tally.other(),
                json::Found::Bad => self.tally.bad(number),
            },
            Some(Format::Syslog) => self.syslog(number, text),
            Some(Format::Stderr) | None => self.stderr(number, text),
        }
    }

    /// A line either starts an entry, follows up on one (`DETAIL:` …), or goes on with the last text.
    fn stderr(&mut self, number: u64, text: &str) {
        let Some((head, level, message)) = self.prefix.split(text) else {
            match &mut self.current {
                Some(entry) => entry.go_on(text),
                None if text.trim().is_empty() => self.tally.other(),
                None => self.tally.bad(number),
            }
            return;
        };
        if level.follows() {
            match &mut self.current {
                Some(entry) => entry.follow(level, message),
                // The entry it belongs to is in an earlier file.
                None => self.tally.bad(number),
            }
            return;
        }
        let entry = Entry::new(level, message, prefix::time_ms(head));
        if let Some(done) = self.current.replace(entry) {
            self.tally.add(&done);
        }
    }

    fn syslog(&mut self, number: u64, text: &str) {
        let Some(line) = syslog::split(text) else {
            return self.tally.bad(number);
        };
        if line.program.is_some_and(|p| !syslog::is_postgres(p)) {
            return self.tally.other();
        }
        let at_ms = line.time_ms(self.modified_s);
        let message = line.text.replace("#011", "\t").replace("#012", "\n");
        match self.prefix.split(&message) {
            // Follow-up lines have a prefix of their own, further lines of a text have none.
            Some((_, level, message)) if level.follows() => {
                if !self.syslog.follow(line.pid, level, message) {
                    self.tally.bad(number);
                }
            }
            Some((head, level, message)) if !line.continues => {
                let entry = Entry::new(level, message, prefix::time_ms(head).or(at_ms));
                if let Some(done) = self.syslog.start(line.pid, entry) {
                    self.tally.add(&done);
                }
            }
            _ => {
                if !self.syslog.go_on(line.pid, &message) {
                    self.tally.bad(number);
                }
            }
        }
    }

    /// RFC 4180: a quoted field may span lines.
    fn csv(&mut self, number: u64, text: &str) {
        let marks = text.bytes().filter(|b| *b == b'"').count() % 2 == 1;
        let record = match self.record.take() {
            // A mark was lost: what starts like a record after so much text is one.
            Some(record) if record.text.len() > CSV_RECORD && starts_csv(text) => {
                self.bad_record(&record);
                Record { first: number, lines: 1, open: marks, text: text.to_owned() }
            }
            Some(mut record) => {
                if record.text.len() <= CSV_RECORD {
                    record.text.push('\n');
                    record.text.push_str(text);
                }
                Record { lines: record.lines + 1, open: record.open != marks, ..record }
            }
            None => Record { first: number, lines: 1, open: marks, text: text.to_owned() },
        };
        if record.open {
            self.record = Some(record);
            return;
        }
        match entry::from_csv(&record.text) {
            Some(entry) => self.tally.add(&entry),
            None if record.text.trim().is_empty() => self.tally.other(),
            None => self.bad_record(&record),
        }
    }

    fn bad_record(&mut self, record: &Record) {
        for number in record.first..record.first.saturating_add(record.lines) {
            self.tally.bad(number);
        }
    }
}

/// A csvlog record starts with its time and a comma.
fn starts_csv(text: &str) -> bool {
    text.split_once(',').is_some_and(|(time, _)| time.len() >= 23 && prefix::time_ms(time).is_some())
}

/// The format most lines speak for.
fn detect<'a>(lines: impl Iterator<Item = &'a str>) -> Format {
    let (mut csv, mut json, mut syslog, mut stderr) = (0, 0, 0, 0);
    for line in lines {
        if line.starts_with('{') {
            json += 1;
        } else if starts_csv(line) && line.matches(',').count() >= 10 {
            csv += 1;
        } else if prefix::levelled(line).is_some() && syslog::split(line).is_none() {
            stderr += 1;
        } else if syslog::split(line).is_some_and(|l| l.program.is_none_or(syslog::is_postgres)) {
            syslog += 1;
        }
    }
    let most = csv.max(json).max(syslog).max(stderr);
    match most {
        0 => Format::Stderr,
        _ if csv == most => Format::Csv,
        _ if json == most => Format::Json,
        _ if stderr == most => Format::Stderr,
        _ => Format::Syslog,
    }
}
