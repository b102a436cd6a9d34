//! Where a time limit stands at a moment: a pure function of its events.

use jiff::Timestamp;

use super::{Clock, Law};
use crate::day::local_second;
use crate::pause::{Pause, Pauses};
use crate::reckon::{Measure, consumed, reckon, remaining};
use crate::words::{Cause, Certainty, State};

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// The last second.
    pub due: Option<Timestamp>,
    /// What the two numbers count.
    pub measure: Measure,
    /// What is used up.
    pub consumed: Option<i64>,
    /// What is left; negative once the end has passed. It stays as it was when the limit ended.
    pub remaining: Option<i64>,
    /// How sure the row and the calendar are; the less sure of the two.
    pub certainty: Certainty,
}

/// An end that passed before the stop event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// The end that passed.
    pub due: Timestamp,
    /// `None` when the time ran out; otherwise what set an end that was past already. `reclassified` is
    /// counted apart (incident-grc §3).
    pub cause: Option<Cause>,
}

impl Clock {
    /// The state at a moment.
    pub fn state(&self, now: Timestamp) -> State {
        let late = |at: Timestamp| self.is_past_due(at);
        if let Some(closed) = self.closed {
            return match (closed.superseded, late(closed.at)) {
                (true, _) => State::Superseded,
                (false, true) => State::BreachedThenCancelled,
                (false, false) => State::Cancelled,
            };
        }
        if self.start.is_none_or(|start| start > now) {
            return State::Pending;
        }
        if self.is_paused() && self.due().is_none() {
            return State::Paused;
        }
        match (self.due(), self.done) {
            (None, _) => State::Pending,
            (Some(_), Some(done)) if late(done) => State::BreachedThenDone,
            (Some(_), Some(_)) => State::Met,
            (Some(_), None) if late(now) => State::Breached,
            (Some(_), None) => State::Running,
        }
    }

    /// State, used and left at a moment.
    pub fn standing(&self, now: Timestamp, law: Law<'_>) -> Standing {
        let measure = Measure::of(self.rule.term);
        let end = self.end.and_then(Result::ok);
        let (consumed, remaining) = self.used(now, law).unzip();
        Standing {
            state: self.state(now),
            due: self.due(),
            measure,
            consumed,
            remaining,
            certainty: end.map_or(self.rule.certainty, |end| end.certainty.max(self.rule.certainty)),
        }
    }

    /// Used and left; `None` while it has not begun or a calendar is missing.
    fn used(&self, now: Timestamp, law: Law<'_>) -> Option<(i64, i64)> {
        let start = self.start.filter(|start| *start <= now)?;
        let at =
            [self.done, self.closed.map(|closed| closed.at)].into_iter().flatten().fold(now, Timestamp::min);
        let (measure, place) = (Measure::of(self.rule.term), self.place(law.calendar));
        // While it is paused it stands still, so a pause counts as if it ended where it began.
        let halted = self.pauses.iter().filter(|pause| pause.until.is_none()).map(|pause| pause.from).next();
        let ended: Vec<Pause> = self.pauses.iter().copied().filter(|pause| pause.until.is_some()).collect();
        let pauses = Pauses::new(&ended);
        let due = match halted {
            Some(_) => reckon(&self.terms(), start, &pauses, place).ok()?.due,
            None => self.due()?,
        };
        let at = halted.map_or(at, |from| at.min(from));
        Some((
            consumed(measure, start, at, &pauses, place).ok()?,
            remaining(measure, start, at, due, &pauses, place).ok()?,
        ))
    }

    /// The ends that passed before the limit was done, called off or given another end: they stay in the
    /// history whatever comes after.
    pub fn breaches(&self, now: Timestamp) -> Vec<Breach> {
        let mut breaches = Vec::new();
        let mut at = 0;
        while let Some(set) = self.history.get(at) {
            let next =
                self.history[at + 1..].iter().position(|entry| entry.new != set.new).map(|n| at + 1 + n);
            let until = match next {
                Some(next) => self.history[next].at,
                None => self.closed.map_or(now, |closed| closed.at),
            };
            let until = self.done.map_or(until, |done| until.min(done));
            if let Some(due) = set.new.filter(|due| local_second(until) > local_second(*due)) {
                let past_already = local_second(set.at) > local_second(due) && set.cause != Cause::Started;
                breaches.push(Breach { due, cause: past_already.then_some(set.cause) });
            }
            match next {
                Some(next) => at = next,
                None => break,
            }
        }
        breaches
    }
}
