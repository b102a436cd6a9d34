//! Who asks: a person with the roles held, the one acted in, and when presence was last proved.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ids::{ExerciseId, OrganisationId, PersonId, Sector};
use super::role::Role;
use super::table::Action;

/// How long a step-up counts: a privileged act needs one at most five minutes old.
pub const STEP_UP_SECONDS: i64 = 300;

/// A role held at an organisation, from a moment until another (the end is not included).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The role.
    pub role: Role,
    /// The organisation it is held at.
    pub organisation: OrganisationId,
    /// The sector looked after; only `sector_authority` has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<Sector>,
    /// First moment in force.
    pub from: Timestamp,
    /// First moment no longer in force; `None` while no end is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Grant {
    /// True while the grant counts.
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// A person about to act.
///
/// Only the grant acted in gives rights, so that the role stored with an act is the role that
/// allowed it. The other grants count for one thing: they say which organisations are the
/// person's own, for the acts nobody may do to their own organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The person.
    pub person: PersonId,
    /// All roles held, in force or not.
    pub grants: Vec<Grant>,
    /// Which of `grants` is acted in.
    pub acting: usize,
    /// When the person last proved presence; an API token never does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_up_at: Option<Timestamp>,
    /// Exercises the person is assigned to at present.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub exercises: BTreeSet<ExerciseId>,
    /// The acts an API token is limited to; `None` for a person at the console.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_to: Option<BTreeSet<Action>>,
}

impl Subject {
    /// A person at the console acting in the first of these grants.
    pub fn new(person: PersonId, grants: Vec<Grant>) -> Self {
        Self { person, grants, acting: 0, step_up_at: None, exercises: BTreeSet::new(), limited_to: None }
    }

    /// The platform itself, for automatic acts.
    pub fn system(organisation: OrganisationId) -> Self {
        let grant =
            Grant { role: Role::System, organisation, sector: None, from: Timestamp::MIN, until: None };
        Self::new(PersonId::from_u128(0), vec![grant])
    }

    /// The grant acted in, when it is in force.
    pub fn acting_grant(&self, now: Timestamp) -> Option<&Grant> {
        self.grants.get(self.acting).filter(|grant| grant.in_force(now))
    }

    /// The organisations at which the person holds any role now, in order, each once.
    pub fn organisations(&self, now: Timestamp) -> Vec<OrganisationId> {
        let own: BTreeSet<_> =
            self.grants.iter().filter(|g| g.in_force(now)).map(|g| g.organisation).collect();
        own.into_iter().collect()
    }

    /// True when presence was proved at most [`STEP_UP_SECONDS`] ago. A time in the future proves
    /// nothing: some clock is wrong.
    pub fn stepped_up(&self, now: Timestamp) -> bool {
        let age = self.step_up_at.map(|at| now.duration_since(at));
        age.is_some_and(|age| !age.is_negative() && age <= SignedDuration::from_secs(STEP_UP_SECONDS))
    }
}
