//! The limits of a version side by side, from what is known: when the body became aware, what has happened.
//!
//! A limit that begins with an event of which nothing is known yet is counted from the last moment that event
//! can lawfully come: the end of the limit it ends. Such an end is the *latest*, and is marked so.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::clock::Law;
use crate::pause::Pauses;
use crate::reckon::{NoEnd, Place, Reckoning, reckon};
use crate::rule::Rule;
use crate::words::OrgClass;

/// A limit with its end, as far as it can be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course<'a> {
    /// The row.
    pub rule: &'a Rule,
    /// When it begins; `None` while that cannot be told.
    pub start: Option<Timestamp>,
    /// The beginning is the last lawful moment, not one that is known.
    pub latest: bool,
    /// Its end, or why there is none.
    pub end: Option<Result<Reckoning, NoEnd>>,
}

/// A report is received when it is sent: the platform does both.
const SAME_MOMENT: [(&str, &str); 1] = [("received_at", "reported_at")];
/// No chain of limits is longer.
const LONGEST_CHAIN: usize = 8;

/// The limits among these rows, from the events that are known (`aware_at`, `contained_at`).
pub fn courses<'a>(
    rules: &[&'a Rule],
    events: &BTreeMap<String, Timestamp>,
    law: Law<'_>,
) -> Vec<Course<'a>> {
    let chain = Chain { rules, events, place: Place::of(law.calendar) };
    let course = |rule: &&'a Rule| {
        let known = chain.known(&rule.start_event);
        let (min, max) = rule.levels.unwrap_or((1, 1));
        let class = if rule.org_class == OrgClass::Any { OrgClass::Gov } else { rule.org_class };
        let last = |level| chain.last(&rule.start_event, class, Some(level), LONGEST_CHAIN);
        let start = known.or_else(|| (min..=max).filter_map(last).max());
        let end = start.map(|start| reckon(&[rule.term], start, &Pauses::default(), chain.place));
        Course { rule, start, latest: known.is_none() && start.is_some(), end }
    };
    rules.iter().map(course).collect()
}

struct Chain<'a, 'b> {
    rules: &'b [&'a Rule],
    events: &'b BTreeMap<String, Timestamp>,
    place: Place<'b>,
}

impl Chain<'_, '_> {
    fn known(&self, event: &str) -> Option<Timestamp> {
        let same = SAME_MOMENT.iter().find(|(event_too, _)| *event_too == event).map(|(_, same)| *same);
        self.events.get(event).or_else(|| self.events.get(same?)).copied()
    }

    /// The last lawful moment of an event.
    fn last(&self, event: &str, class: OrgClass, level: Option<u8>, left: usize) -> Option<Timestamp> {
        if let Some(known) = self.known(event) {
            return Some(known);
        }
        let left = left.checked_sub(1)?;
        let event = SAME_MOMENT.iter().find(|(same, _)| *same == event).map_or(event, |(_, before)| before);
        let ends = self.rules.iter().filter(|rule| rule.stop_event == event && rule.is_for(class, level));
        ends.filter_map(|rule| {
            let start = self.last(&rule.start_event, class, level, left)?;
            Some(reckon(&[rule.term], start, &Pauses::default(), self.place).ok()?.due)
        })
        .max()
    }
}
