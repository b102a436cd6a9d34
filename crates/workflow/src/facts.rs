//! What the store knows about a case when somebody acts on it. What is not known is never good: a condition
//! that needs it is refused.

use std::collections::BTreeSet;

use bulwark_clock::Place;
use bulwark_model::rights::{PersonId, Role};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Who acts, in which role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The person.
    pub person: PersonId,
    /// The role acted in.
    pub role: Role,
}

/// So many of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Share {
    /// That are as they should be.
    pub good: u32,
    /// Of all.
    pub all: u32,
}

impl Share {
    /// All are, also when there is none.
    pub const fn is_whole(self) -> bool {
        self.good >= self.all
    }

    /// All are, and there is one.
    pub const fn is_full(self) -> bool {
        self.all > 0 && self.is_whole()
    }
}

/// Findings of a case by what became of them; `open` holds confirmed ones and claimed fixes, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Findings {
    /// Not settled.
    pub open: u32,
    /// Of these, of severity high.
    pub open_high: u32,
    /// Fixed.
    pub fixed: u32,
    /// Accepted as risk.
    pub accepted: u32,
    /// Handled in another case.
    pub moved: u32,
}

/// The systems chosen for a year against the plan's targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct YearTargets {
    /// Livelihood-critical systems chosen, of the target.
    pub critical: Share,
    /// Agency operational systems chosen, of the target.
    pub operational: Share,
    /// Last year's systems that were not improved and are in again, of all such.
    pub carried_over: Share,
}

/// Who works on a support case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Team {
    /// People of the service team.
    pub service: u32,
    /// People of the agency or its vendor.
    pub agency_or_vendor: u32,
}

/// From a moment to another; both are inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First moment.
    pub from: Timestamp,
    /// Last moment.
    pub until: Timestamp,
}

impl Span {
    /// Whether a moment is inside.
    pub fn holds(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.until
    }
}

/// The facts.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one fact a guard asks for; none depends on another"
)]
pub struct Facts<'a> {
    /// The present moment.
    pub now: Timestamp,
    /// The calendar for periods of working days.
    pub place: Place<'a>,
    /// The level of the incident, reviewed or claimed.
    pub level: Option<u8>,
    /// The actor holds a role at the organisation the case belongs to.
    pub actor_is_of_owner: Option<bool>,
    /// Somebody stands above that organisation.
    pub owner_has_superior: Option<bool>,
    /// When the organisation became aware.
    pub aware_at: Option<Timestamp>,
    /// When it reported.
    pub reported_at: Option<Timestamp>,
    /// When the case was closed.
    pub closed_at: Option<Timestamp>,
    /// The level was reviewed.
    pub reviewed: bool,
    /// The review is late.
    pub review_overdue: bool,
    /// A report after a change of level is due.
    pub rereport_runs: bool,
    /// Preventive measures with an owner and a due day, of all.
    pub measures: Option<Share>,
    /// When the agency was told.
    pub agency_told_at: Option<Timestamp>,
    /// When the vendor was told.
    pub vendor_told_at: Option<Timestamp>,
    /// Who works on it.
    pub team: Option<Team>,
    /// Findings of the case.
    pub findings: Option<Findings>,
    /// Chosen systems of the year.
    pub targets: Option<YearTargets>,
    /// Cruises of the year that are over or carried over, of all.
    pub cruises: Option<Share>,
    /// How many of the nine background facts are known.
    pub background_facts: u8,
    /// The agency consented in writing.
    pub written_consent: bool,
    /// Check areas with a result or a reason why not, of the seven.
    pub areas: Option<Share>,
    /// Aspects of an inspection with a result, of those agreed.
    pub aspects: Option<Share>,
    /// Who wrote the report.
    pub authors: BTreeSet<PersonId>,
    /// Organisations that signed, of all.
    pub organisations: Option<Share>,
    /// Non-government bodies that consented in writing, of all such.
    pub nongov_consents: Option<Share>,
    /// Domains that were proven, of all.
    pub domains: Option<Share>,
    /// Mailboxes of the trial that are registered test mailboxes, of all.
    pub test_mailboxes: Option<Share>,
    /// Recipients inside the allow list and the enrolled domains, of all.
    pub recipients: Option<Share>,
    /// Exempt people are taken out.
    pub exemptions_applied: bool,
    /// The agreed window.
    pub window: Option<Span>,
    /// When the authorisation is valid.
    pub authorisation: Option<Span>,
    /// Groups of the report that are at or above the least size, or suppressed, of all.
    pub groups: Option<Share>,
    /// Results of persons are erased, or their erasure has its day.
    pub person_results_erased: bool,
    /// Value of the risk.
    pub risk_value: Option<u32>,
    /// The accepted value.
    pub accepted_value: Option<u32>,
    /// When an acceptance ends.
    pub expires_on: Option<Date>,
    /// The check of a finding came to a judgement again and passed.
    pub judged_good: bool,
    /// The check found it again.
    pub seen_again: bool,
}

impl<'a> Facts<'a> {
    /// Nothing is known but the time and the calendar.
    pub const fn at(now: Timestamp, place: Place<'a>) -> Self {
        Self {
            now,
            place,
            level: None,
            actor_is_of_owner: None,
            owner_has_superior: None,
            aware_at: None,
            reported_at: None,
            closed_at: None,
            reviewed: false,
            review_overdue: false,
            rereport_runs: false,
            measures: None,
            agency_told_at: None,
            vendor_told_at: None,
            team: None,
            findings: None,
            targets: None,
            cruises: None,
            background_facts: 0,
            written_consent: false,
            areas: None,
            aspects: None,
            authors: BTreeSet::new(),
            organisations: None,
            nongov_consents: None,
            domains: None,
            test_mailboxes: None,
            recipients: None,
            exemptions_applied: false,
            window: None,
            authorisation: None,
            groups: None,
            person_results_erased: false,
            risk_value: None,
            accepted_value: None,
            expires_on: None,
            judged_good: false,
            seen_again: false,
        }
    }
}
