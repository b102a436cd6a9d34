//! What is asked for: the facts about an object that rights depend on, as of now.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::decision::Denied;
use super::ids::{ExerciseId, OrganisationId, PersonId, Sector};
use super::marking::{Classification, Tlp};
use super::table::Action;

/// How long an emergency access stays open (security-reliability §3).
pub const BREAK_GLASS_SECONDS: i64 = 4 * 3600;

/// An object as the rights see it. The store fills it from the row and its joins, with the tree of
/// organisations as it stands at the moment of the decision.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Resource {
    /// The organisation it belongs to; `None` for objects of the platform itself, which only `A`,
    /// taking part, a task, an exercise or a dated grant reaches.
    pub owner: Option<OrganisationId>,
    /// All organisations above the owner today, without the owner.
    pub ancestors: BTreeSet<OrganisationId>,
    /// The sector of the owner, when it is a body under a sector authority.
    pub sector: Option<Sector>,
    /// The account it is about, when it is an account, a role, a key, a token or a request.
    pub person: Option<PersonId>,
    /// People who take part.
    pub participants: BTreeSet<PersonId>,
    /// People to whom this task, or an open task that references this object, is assigned.
    pub assignees: BTreeSet<PersonId>,
    /// The exercise it belongs to.
    pub exercise: Option<ExerciseId>,
    /// People to whom it is opened, each until a moment that is not included.
    pub granted: BTreeMap<PersonId, Timestamp>,
    /// TLP, when marked.
    pub tlp: Option<Tlp>,
    /// Named recipients of a TLP:RED object.
    pub recipients: BTreeSet<PersonId>,
    /// 機密等級, when classified.
    pub classification: Option<Classification>,
    /// Emergency accesses to it, over or not.
    pub break_glass: Vec<BreakGlass>,
    /// Acts its present state refuses, as its state machine says.
    pub refuses: BTreeSet<Action>,
}

impl Resource {
    /// An object of the platform that belongs to no organisation.
    pub fn platform() -> Self {
        Self::default()
    }

    /// An object of one organisation with nothing else known.
    pub fn of(owner: OrganisationId) -> Self {
        Self { owner: Some(owner), ..Self::default() }
    }

    /// The account of a person at an organisation, or a key, token or session of it.
    pub fn account(person: PersonId, owner: OrganisationId) -> Self {
        Self { person: Some(person), participants: BTreeSet::from([person]), ..Self::of(owner) }
    }

    /// True when somebody stands above the owner: a body in the tree, or a sector authority
    /// (incident-grc §1 "Who to whom"). Only a body without anyone above reviews itself.
    pub fn has_superior(&self) -> bool {
        !self.ancestors.is_empty() || self.sector.is_some()
    }

    /// True when marked TLP:RED.
    pub fn is_red(&self) -> bool {
        self.tlp == Some(Tlp::Red)
    }

    /// True when an emergency access of this person is open.
    pub fn opened_to(&self, person: PersonId, now: Timestamp) -> bool {
        self.break_glass.iter().any(|glass| glass.by() == person && glass.open(now))
    }
}

/// An emergency access: a person of the service team reads another organisation's content without
/// a case that links them. Two different people, a reason, four hours, and the organisation told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakGlass {
    by: PersonId,
    confirmed_by: PersonId,
    reason: String,
    from: Timestamp,
}

impl BreakGlass {
    /// Opens an access at the moment of its confirmation.
    ///
    /// # Errors
    /// [`Denied::NoReason`] without a reason, [`Denied::SamePerson`] when one person is both.
    pub fn confirm(
        by: PersonId,
        confirmed_by: PersonId,
        reason: &str,
        now: Timestamp,
    ) -> Result<Self, Denied> {
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(Denied::NoReason);
        }
        if by == confirmed_by {
            return Err(Denied::SamePerson);
        }
        Ok(Self { by, confirmed_by, reason: reason.to_owned(), from: now })
    }

    /// Who reads.
    pub const fn by(&self) -> PersonId {
        self.by
    }

    /// Who confirmed.
    pub const fn confirmed_by(&self) -> PersonId {
        self.confirmed_by
    }

    /// Why, as the organisation is told.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// First moment in force.
    pub const fn from(&self) -> Timestamp {
        self.from
    }

    /// First moment no longer in force.
    pub fn until(&self) -> Timestamp {
        self.from.checked_add(SignedDuration::from_secs(BREAK_GLASS_SECONDS)).unwrap_or(Timestamp::MAX)
    }

    /// True while it counts. A stored access confirmed by the person who asked never does.
    pub fn open(&self, now: Timestamp) -> bool {
        self.by != self.confirmed_by && self.from <= now && now < self.until()
    }
}
