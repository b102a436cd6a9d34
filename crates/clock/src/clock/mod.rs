//! One time limit of a case, and all that happened to it.
//!
//! A limit is the replay of its events: [`Clock::apply`] changes it by one, [`Clock::replay`] builds it
//! from all. Each event that counts leaves an [`Entry`]; nothing changes silently (incident-grc §3).

mod entry;
mod event;
mod standing;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use jiff::Timestamp;

use crate::calendar::{Calendar, NoCalendar};
use crate::day::local_second;
use crate::diagnostic;
use crate::pause::{Pause, Pauses};
use crate::reckon::{NoEnd, Place, Reckoning, Term, reckon};
use crate::rule::{Rule, RuleTable};
use crate::words::OrgClass;

pub use entry::Entry;
pub use event::{Event, What, Who};
pub use standing::{Breach, Standing};

/// What a limit is counted by: the rows of the law and the calendar as they are known.
#[derive(Debug, Clone, Copy)]
pub struct Law<'a> {
    /// The rows.
    pub rules: &'a RuleTable,
    /// The calendar, with closures.
    pub calendar: &'a Calendar,
}

impl Law<'static> {
    /// The rows and the calendar compiled in.
    pub fn embedded() -> Self {
        Self { rules: RuleTable::embedded(), calendar: Calendar::taiwan() }
    }
}

/// A time limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    rule: Rule,
    class: OrgClass,
    county: Option<String>,
    start: Option<Timestamp>,
    pauses: Vec<Pause>,
    extensions: Vec<Term>,
    done: Option<Timestamp>,
    closed: Option<Closed>,
    end: Option<Result<Reckoning, NoEnd>>,
    history: Vec<Entry>,
}

/// Called off or replaced, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Closed {
    superseded: bool,
    at: Timestamp,
}

impl Clock {
    /// A limit that has not begun: by a row, for a body of a class in a county.
    pub fn new(rule: Rule, class: OrgClass, county: Option<String>) -> Self {
        Self {
            rule,
            class,
            county,
            start: None,
            pauses: Vec::new(),
            extensions: Vec::new(),
            done: None,
            closed: None,
            end: None,
            history: Vec::new(),
        }
    }

    /// The limit after all these events.
    ///
    /// # Errors
    /// The first event that does not fit, as [`Clock::apply`] says.
    pub fn replay(mut self, events: &[Event], law: Law<'_>) -> Result<Self, Diagnostic> {
        for event in events {
            self.apply(event, law)?;
        }
        Ok(self)
    }

    /// The row it is counted by.
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    /// When it began.
    pub const fn start(&self) -> Option<Timestamp> {
        self.start
    }

    /// Its last second; `None` before it began, while it is paused and while a calendar is missing.
    pub fn due(&self) -> Option<Timestamp> {
        self.end?.ok().map(|end| end.due)
    }

    /// The year it waits for.
    pub fn missing_calendar(&self) -> Option<NoCalendar> {
        match self.end {
            Some(Err(NoEnd::Calendar(missing))) => Some(missing),
            _ => None,
        }
    }

    /// When the stop event was.
    pub const fn done(&self) -> Option<Timestamp> {
        self.done
    }

    /// What happened, oldest first.
    pub fn history(&self) -> &[Entry] {
        &self.history
    }

    /// How often its end was set: part of the key of a warning, so that a new end warns anew.
    pub fn generation(&self) -> usize {
        self.history.iter().filter(|entry| entry.new.is_some() && entry.new != entry.old).count()
    }

    /// Whether a revision of the calendar reckons it again: only what still runs (incident-grc §3).
    pub const fn is_open(&self) -> bool {
        self.start.is_some() && self.done.is_none() && self.closed.is_none()
    }

    /// Takes in one event.
    ///
    /// # Errors
    /// `BW-CLOCK-030` to `-042`, why it does not fit; the limit is as it was.
    pub fn apply(&mut self, event: &Event, law: Law<'_>) -> Result<(), Diagnostic> {
        let mut next = self.clone();
        next.take(event, law)?;
        *self = next;
        Ok(())
    }

    fn take(&mut self, event: &Event, law: Law<'_>) -> Result<(), Diagnostic> {
        if self.history.last().is_some_and(|last| event.at < last.at) {
            return Err(self.refusal("BW-CLOCK-030"));
        }
        if self.closed.is_some() {
            return Err(self.refusal("BW-CLOCK-031"));
        }
        match &event.what {
            What::Started { at } => self.started(*at)?,
            What::Paused { at, .. } => self.paused(*at, event)?,
            What::Resumed { at } => self.resumed(*at, event)?,
            What::Extended { amount, unit, approved_by, .. } => {
                let term = Term::new(self.rule.term.rule(), *amount, Some(*unit))?;
                self.extended(term, approved_by, event)?;
            }
            What::LevelChanged { level } => {
                let version = &self.rule.version;
                self.rule = law.rules.find(version, &self.rule.clock_id, self.class, Some(*level))?.clone();
            }
            What::StartCorrected { at, .. } => self.corrected(*at, event)?,
            What::CalendarRevised if self.is_open() => {}
            What::CalendarRevised => return Err(self.refusal("BW-CLOCK-032")),
            What::Done { at } => self.stopped(*at, event)?,
            What::Cancelled { .. } => self.close(false, event)?,
            What::Superseded => self.close(true, event)?,
        }
        self.reckon_again(event, law);
        Ok(())
    }

    fn started(&mut self, at: Timestamp) -> Result<(), Diagnostic> {
        if self.start.is_some() {
            return Err(self.refusal("BW-CLOCK-033"));
        }
        self.start = Some(at);
        Ok(())
    }

    fn paused(&mut self, at: Timestamp, event: &Event) -> Result<(), Diagnostic> {
        if !self.rule.pausable {
            return Err(self.refusal("BW-CLOCK-034"));
        }
        self.happens(at, event)?;
        if self.is_paused()
            || self.pauses.last().and_then(|pause| pause.until).is_some_and(|until| at < until)
        {
            return Err(self.refusal("BW-CLOCK-035"));
        }
        if self.is_past_due(at) {
            return Err(self.refusal("BW-CLOCK-036"));
        }
        self.pauses.push(Pause { from: at, until: None });
        Ok(())
    }

    fn resumed(&mut self, at: Timestamp, event: &Event) -> Result<(), Diagnostic> {
        self.happens(at, event)?;
        let open = self.pauses.last_mut().filter(|pause| pause.until.is_none());
        match open {
            Some(pause) if pause.from <= at => pause.until = Some(at),
            _ => return Err(self.refusal("BW-CLOCK-035")),
        }
        Ok(())
    }

    fn extended(
        &mut self,
        term: Term,
        approved_by: &[bulwark_model::rights::Role],
        event: &Event,
    ) -> Result<(), Diagnostic> {
        if self.rule.extendable_by.is_empty() {
            return Err(self.refusal("BW-CLOCK-037"));
        }
        if !self.is_open() || self.is_past_due(event.at) {
            return Err(self.refusal("BW-CLOCK-036"));
        }
        if let Some(missing) = self.rule.extendable_by.iter().find(|role| !approved_by.contains(role)) {
            return Err(diagnostic(
                "BW-CLOCK-038",
                &args![clock = self.rule.clock_id, role = missing.label().zh_tw],
            ));
        }
        if let Some(most) = self.rule.max_extension {
            let longer = term.unit() != most.unit || term.amount() > most.amount;
            if longer || self.extensions.len() >= most.times {
                let args = args![amount = most.amount, unit = most.unit, times = most.times];
                return Err(diagnostic("BW-CLOCK-039", &args));
            }
        }
        self.extensions.push(term);
        Ok(())
    }

    fn corrected(&mut self, at: Timestamp, event: &Event) -> Result<(), Diagnostic> {
        if self.start.is_none() {
            return Err(self.refusal("BW-CLOCK-032"));
        }
        if event.second.is_none_or(|second| second == event.by.person) {
            return Err(self.refusal("BW-CLOCK-040"));
        }
        if at > event.at {
            return Err(self.refusal("BW-CLOCK-041"));
        }
        if self.done.is_some_and(|done| done < at) || self.pauses.first().is_some_and(|pause| pause.from < at)
        {
            return Err(self.refusal("BW-CLOCK-042"));
        }
        self.start = Some(at);
        Ok(())
    }

    fn stopped(&mut self, at: Timestamp, event: &Event) -> Result<(), Diagnostic> {
        self.happens(at, event)?;
        // Whoever acts does not wait any more: an open pause ends there.
        if let Some(pause) = self.pauses.last_mut().filter(|pause| pause.until.is_none()) {
            pause.until = Some(at.max(pause.from));
        }
        self.done = Some(at);
        Ok(())
    }

    /// Only what is not done can be called off or replaced.
    fn close(&mut self, superseded: bool, event: &Event) -> Result<(), Diagnostic> {
        if self.done.is_some() {
            return Err(self.refusal("BW-CLOCK-032"));
        }
        self.closed = Some(Closed { superseded, at: event.at });
        Ok(())
    }

    /// Whether something can happen at a moment: while it is open, not before its start, not in the future.
    fn happens(&self, at: Timestamp, event: &Event) -> Result<(), Diagnostic> {
        if !self.is_open() {
            return Err(self.refusal("BW-CLOCK-032"));
        }
        if at > event.at {
            return Err(self.refusal("BW-CLOCK-041"));
        }
        if self.start.is_none_or(|start| at < start) {
            return Err(self.refusal("BW-CLOCK-042"));
        }
        Ok(())
    }

    fn is_paused(&self) -> bool {
        self.done.is_none() && self.pauses.last().is_some_and(|pause| pause.until.is_none())
    }

    fn is_past_due(&self, at: Timestamp) -> bool {
        self.due().is_some_and(|due| local_second(at) > local_second(due))
    }

    fn refusal(&self, code: &str) -> Diagnostic {
        diagnostic(code, &args![clock = self.rule.clock_id])
    }

    fn terms(&self) -> Vec<Term> {
        std::iter::once(self.rule.term).chain(self.extensions.iter().copied()).collect()
    }

    /// Its pauses, joined.
    pub(crate) fn pauses(&self) -> Pauses {
        Pauses::new(&self.pauses)
    }

    pub(crate) fn place<'a>(&'a self, calendar: &'a Calendar) -> Place<'a> {
        Place { calendar, county: self.county.as_deref() }
    }

    fn reckon_again(&mut self, event: &Event, law: Law<'_>) {
        let old = self.due();
        if event.what.reckons() {
            let pauses = self.pauses();
            self.end =
                self.start.map(|start| reckon(&self.terms(), start, &pauses, self.place(law.calendar)));
        }
        let entry = entry::write(self, event, old, law);
        self.history.push(entry);
    }
}
