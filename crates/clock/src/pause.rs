//! Pauses: from when until when a time limit does not run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::day::local_second;

/// A pause; without an end it still lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pause {
    /// First moment.
    pub from: Timestamp,
    /// First moment no longer paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Pauses in order, none touching another, each longer than nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pauses(Vec<Span>);

/// A pause in local seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: i64,
    pub(crate) until: Option<i64>,
}

impl Pauses {
    /// Orders the pauses and joins those that overlap or touch.
    pub fn new(pauses: &[Pause]) -> Self {
        let span =
            |pause: &Pause| Span { from: local_second(pause.from), until: pause.until.map(local_second) };
        let mut spans: Vec<Span> = pauses.iter().map(span).collect();
        spans.retain(|span| span.until.is_none_or(|until| until > span.from));
        spans.sort_by_key(|span| span.from);
        let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match joined.last_mut() {
                Some(last) if last.until.is_none_or(|until| until >= span.from) => {
                    last.until = last.until.zip(span.until).map(|(a, b)| a.max(b));
                }
                _ => joined.push(span),
            }
        }
        Self(joined)
    }

    pub(crate) fn spans(&self) -> &[Span] {
        &self.0
    }
}
