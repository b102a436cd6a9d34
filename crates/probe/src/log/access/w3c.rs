//! W3C extended log files (IIS, CloudFront): `#Fields:` names the columns of the lines that follow.

use super::line::{micros, status};
use super::{Request, clean};

/// Where each column stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns(Vec<String>);

impl Columns {
    /// The columns a `#Fields:` line names.
    pub(super) fn of(line: &str) -> Option<Self> {
        let (directive, names) = line.split_once(':')?;
        directive
            .eq_ignore_ascii_case("#fields")
            .then(|| Self(names.split_ascii_whitespace().map(str::to_ascii_lowercase).collect()))
    }

    /// Reads a line; as many values as columns, or it is none.
    pub(super) fn request(&self, text: &str) -> Option<Request> {
        let values: Vec<&str> = if text.contains('\t') {
            text.split('\t').collect()
        } else {
            text.split_ascii_whitespace().collect()
        };
        if values.len() != self.0.len() {
            return None;
        }
        let get = |name: &str| {
            self.0.iter().position(|c| c == name).and_then(|at| values.get(at)).copied().filter(|v| *v != "-")
        };
        Some(Request {
            // Date and time are UTC.
            at_s: get("date").zip(get("time")).and_then(|(date, time)| {
                format!("{date}T{time}Z").parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
            }),
            status: status(get("sc-status")?)?,
            path: get("cs-uri-stem").or_else(|| get("cs-uri")).map(clean::path).unwrap_or_default(),
            referrer: get("cs(referer)").and_then(clean::referrer),
            bytes: get("sc-bytes").and_then(|b| b.parse().ok()).unwrap_or(0),
            // IIS writes whole milliseconds, others seconds with decimals.
            took_us: get("time-taken").and_then(|t| {
                let value = t.parse().ok()?;
                micros(value, if t.contains('.') { 1e6 } else { 1e3 })
            }),
        })
    }
}
