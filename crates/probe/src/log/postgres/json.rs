//! jsonlog (PostgreSQL 15 and later, §19.8.5), bare or inside the JSON lines of CloudNativePG, whose
//! records carry the names of the csvlog columns.

use serde_json::{Map, Value};

use super::entry::{Entry, Level};
use super::prefix;

/// What a line of JSON is.
pub(super) enum Found {
    /// An entry of the server.
    Entry(Entry),
    /// A message of another program.
    Other,
    /// No JSON, or no entry.
    Bad,
}

/// Reads one line.
pub(super) fn read(line: &str) -> Found {
    let Ok(Value::Object(outer)) = serde_json::from_str(line) else { return Found::Bad };
    if let Some(Value::Object(record)) = outer.get("record") {
        return entry(record).map_or(Found::Bad, Found::Entry);
    }
    match entry(&outer) {
        Some(entry) => Found::Entry(entry),
        None if outer.contains_key("error_severity") => Found::Bad,
        None if outer.contains_key("msg") || outer.contains_key("message") => Found::Other,
        None => Found::Bad,
    }
}

fn entry(record: &Map<String, Value>) -> Option<Entry> {
    let get = |names: &[&str]| {
        names.iter().find_map(|n| record.get(*n).and_then(Value::as_str)).filter(|s| !s.is_empty())
    };
    let level = Level::of(get(&["error_severity"])?).filter(|l| !l.follows())?;
    // An empty message is a message.
    let message = record.get("message").and_then(Value::as_str).unwrap_or_default();
    let time_ms = get(&["timestamp", "log_time"]).and_then(prefix::time_ms);
    let mut entry = Entry::new(level, message, time_ms);
    entry.state = get(&["state_code", "sql_state_code"]).map(str::to_owned);
    if let Some(statement) = get(&["statement", "query"]) {
        entry.follow(Level::Statement, statement);
    }
    Some(entry)
}
