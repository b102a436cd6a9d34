//! The history of a time limit: an entry for each event, with one sentence that says what it did.

use bulwark_i18n::args;
use bulwark_model::Text;
use bulwark_model::rights::PersonId;
use jiff::Timestamp;

use super::{Clock, Event, Law, What, Who};
use crate::day::local_second;
use crate::explain::{amount, sentence, shown};
use crate::pause::Pauses;
use crate::reckon::{NoEnd, Term};
use crate::texts;
use crate::words::Cause;

/// What one event did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it was recorded.
    pub at: Timestamp,
    /// Who recorded it.
    pub by: Who,
    /// The second person.
    pub second: Option<PersonId>,
    /// What it was.
    pub cause: Cause,
    /// The end before.
    pub old: Option<Timestamp>,
    /// The end after.
    pub new: Option<Timestamp>,
    /// The version of the row.
    pub rule_version: String,
    /// One sentence.
    pub why: Text,
}

/// The entry of an event that was taken in.
pub(super) fn write(clock: &Clock, event: &Event, old: Option<Timestamp>, law: Law<'_>) -> Entry {
    Entry {
        at: event.at,
        by: event.by,
        second: event.second,
        cause: event.what.cause(),
        old,
        new: clock.due(),
        rule_version: clock.rule.version.clone(),
        why: why(clock, event, old, law),
    }
}

fn why(clock: &Clock, event: &Event, old: Option<Timestamp>, law: Law<'_>) -> Text {
    let nothing = Text::default();
    match &event.what {
        What::Started { at } => {
            let pauses = Pauses::new(&clock.pauses);
            let end = clock.end.unwrap_or(Err(NoEnd::Paused));
            sentence(&clock.terms(), *at, &pauses, clock.place(law.calendar), &end)
        }
        What::Paused { at, .. } => both("paused", &shown(*at), &unknown_or(old)),
        What::Resumed { at } => both("resumed", &shown(*at), &moved(clock, event, old)),
        What::Extended { amount: n, unit, .. } => {
            let term = Term::new(clock.rule.term.rule(), *n, Some(*unit));
            both("extended", &term.map_or(nothing, amount), &moved(clock, event, old))
        }
        What::LevelChanged { level } => {
            let by = amount(clock.rule.term);
            let level = Text::both(level.to_string());
            three("reclassified", &level, &moved(clock, event, old), &by)
        }
        What::StartCorrected { at, .. } => both("start_corrected", &shown(*at), &moved(clock, event, old)),
        What::CalendarRevised => both("calendar_revised", &nothing, &moved(clock, event, old)),
        What::Done { at } => match clock.due() {
            Some(due) if local_second(*at) <= local_second(due) => both("done", &shown(*at), &shown(due)),
            Some(due) => both("done_late", &shown(*at), &shown(due)),
            None => both("done_unknown", &shown(*at), &unknown_or(None)),
        },
        What::Cancelled { .. } => both("cancelled", &shown(event.at), &unknown_or(old)),
        What::Superseded => both("superseded", &shown(event.at), &unknown_or(old)),
    }
}

/// How the end moved, and whether it is past already.
fn moved(clock: &Clock, event: &Event, old: Option<Timestamp>) -> Text {
    let new = clock.due();
    let key = match (old, new) {
        (Some(old), Some(new)) if old == new => "stays",
        (Some(_), _) => "moves",
        (None, _) => "set",
    };
    let (before, after) = (unknown_or(old), clock_end(clock));
    let mut text = both(key, &before, &after);
    let reference = clock.done.unwrap_or(event.at);
    if new.is_some_and(|new| local_second(reference) > local_second(new)) {
        let past = texts().text("entry.past", &[]);
        text.zh_tw.push_str(&past.zh_tw);
        text.en.push_str(&past.en);
    }
    text
}

fn clock_end(clock: &Clock) -> Text {
    match clock.missing_calendar() {
        Some(missing) => {
            texts().text("entry.no_calendar", &args![roc = missing.roc_year(), year = missing.year])
        }
        None => unknown_or(clock.due()),
    }
}

fn unknown_or(due: Option<Timestamp>) -> Text {
    due.map_or_else(|| texts().text("entry.unknown", &[]), shown)
}

fn both(key: &str, a: &Text, b: &Text) -> Text {
    three(key, a, b, &Text::default())
}

fn three(key: &str, a: &Text, b: &Text, c: &Text) -> Text {
    texts().text_of(&format!("entry.{key}"), &[("a", a), ("b", b), ("c", c)])
}
