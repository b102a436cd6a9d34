//! Lines the server sent through syslog: `Nov 25 04:00:00 db1 postgres[731]: [5-1] …`, where `[5-2]`
//! goes on with `[5-1]` (PostgreSQL 18 §19.8.1, `syslog_sequence_numbers`, `syslog_split_messages`),
//! with times as in RFC 3164 §4.1.2 or RFC 5424 §6.2.3.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Time};

use super::entry::{Entry, Level};

/// Sessions whose last entry is held back for its follow-up lines.
const MAX_SESSIONS: usize = 256;

/// A syslog line taken apart.
pub(super) struct SyslogLine<'a> {
    stamp: &'a str,
    /// Program name, when the line has one.
    pub(super) program: Option<&'a str>,
    /// Process that wrote it.
    pub(super) pid: u32,
    /// True for `[n-2]` and later.
    pub(super) continues: bool,
    /// What the server wrote.
    pub(super) text: &'a str,
}

/// Takes a line apart; `None` when it does not look like syslog.
pub(super) fn split(line: &str) -> Option<SyslogLine<'_>> {
    let (stamp, rest) = stamp(line)?;
    // Host, then `program[pid]:`; the machine's own socket names no host.
    let rest = match rest.split_once(' ')? {
        (tag, _) if tag.ends_with(':') => rest,
        (_host, rest) => rest,
    };
    let (tag, text) = rest.split_once(": ").or_else(|| rest.strip_suffix(':').map(|tag| (tag, "")))?;
    let (program, pid) = match tag.strip_suffix(']').and_then(|t| t.rsplit_once('[')) {
        Some((program, pid)) => (program, pid.parse().ok()?),
        None => (tag, 0),
    };
    if program.is_empty() || program.contains(' ') {
        return None;
    }
    let (continues, text) = sequence(text);
    Some(SyslogLine { stamp, program: Some(program), pid, continues, text })
}

/// `[5-1] text`: whether it goes on with the line before, and the text.
fn sequence(text: &str) -> (bool, &str) {
    let Some((marks, rest)) = text.strip_prefix('[').and_then(|t| t.split_once(']')) else {
        return (false, text);
    };
    match marks.split_once('-') {
        Some((entry, part)) if digits(entry) && digits(part) => {
            (part != "1", rest.strip_prefix(' ').unwrap_or(rest))
        }
        _ => (false, text),
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The time a line starts with and what follows.
fn stamp(line: &str) -> Option<(&str, &str)> {
    // <34>1 in front is the priority, where a relay kept it.
    let line = line.strip_prefix('<').and_then(|l| l.split_once('>')).map_or(line, |(_, rest)| rest);
    if let Some((first, rest)) = line.split_once(' ')
        && first.len() >= 19
        && first.as_bytes().get(10) == Some(&b'T')
        && first.parse::<jiff::Timestamp>().is_ok()
    {
        return Some((first, rest));
    }
    let stamp = line.get(..15)?;
    short_time(stamp)?;
    Some((stamp, line.get(15..)?.strip_prefix(' ')?))
}

/// `Nov 25 04:00:00`
fn short_time(stamp: &str) -> Option<(i8, i8, Time)> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = MONTHS.iter().position(|m| stamp.starts_with(m))?;
    let day = stamp.get(4..6)?.trim().parse().ok()?;
    let time: Time = stamp.get(7..15)?.parse().ok()?;
    Some((i8::try_from(month).ok()? + 1, day, time))
}

impl SyslogLine<'_> {
    /// The line's time. Without a year the last one is meant that is not after the file's last
    /// writing; without a zone, Taiwan's.
    pub(super) fn time_ms(&self, modified_s: Option<i64>) -> Option<i64> {
        if let Ok(time) = self.stamp.parse::<jiff::Timestamp>() {
            return Some(time.as_millisecond());
        }
        let (month, day, time) = short_time(self.stamp)?;
        let modified = jiff::Timestamp::from_second(modified_s?).ok()?;
        let zone = jiff::tz::offset(8);
        // One day of grace for clocks and zones.
        let latest = zone.to_datetime(modified).date().tomorrow().ok()?;
        let in_year = |year| Date::new(year, month, day).ok();
        let date = in_year(latest.year())
            .filter(|d| *d <= latest)
            .or_else(|| in_year(latest.year().checked_sub(1)?))?;
        zone.to_timestamp(DateTime::from_parts(date, time)).ok().map(jiff::Timestamp::as_millisecond)
    }
}

/// `postgres`, `postgresql`, `postgres-14`, `pg_main`: what `syslog_ident` tends to be.
pub(super) fn is_postgres(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program).to_ascii_lowercase();
    name.starts_with("postgres") || name.starts_with("pg") || name.starts_with("postmaster")
}

/// The last entry of each session: lines of several sessions may mix.
#[derive(Default)]
pub(super) struct Sessions(BTreeMap<u32, Entry>);

impl Sessions {
    /// Puts a new entry in place of the session's last; gives back one that is complete.
    pub(super) fn start(&mut self, pid: u32, entry: Entry) -> Option<Entry> {
        let done = self.0.insert(pid, entry);
        if done.is_none() && self.0.len() > MAX_SESSIONS {
            let other = self.0.keys().copied().find(|other| *other != pid)?;
            return self.0.remove(&other);
        }
        done
    }

    pub(super) fn follow(&mut self, pid: u32, level: Level, text: &str) -> bool {
        self.0.get_mut(&pid).map(|entry| entry.follow(level, text)).is_some()
    }

    pub(super) fn go_on(&mut self, pid: u32, text: &str) -> bool {
        self.0.get_mut(&pid).map(|entry| entry.go_on(text)).is_some()
    }

    /// Every entry held back.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Entry> + use<> {
        std::mem::take(&mut self.0).into_values()
    }
}
