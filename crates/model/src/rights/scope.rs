//! The same rule as a description of rows, from which the store writes the `WHERE` of a list.
//!
//! For every subject, act and object: [`Scope::admits`] says yes exactly when
//! [`decide`](super::decide) allows. A property test holds the two together; the store's tests hold
//! its SQL to [`Scope::admits`].

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::decision::{breaks_glass, checks, held};
use super::ids::{ExerciseId, OrganisationId, PersonId, Sector};
use super::resource::Resource;
use super::subject::Subject;
use super::table::{self, Action, Effect, Reach, Table};

/// Which rows a person may do an act to: any of the filters, and none of the exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// No row: the query need not be asked.
    Nothing,
    /// All rows but the exceptions.
    Everything {
        /// Rows left out.
        without: Vec<Without>,
    },
    /// Rows that any filter finds, but the exceptions.
    Any {
        /// At least one.
        filters: Vec<Filter>,
        /// Rows left out.
        without: Vec<Without>,
    },
}

/// A condition that brings rows in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The owner is this organisation.
    Own(OrganisationId),
    /// The owner is this organisation or stands below it in the tree of `at`.
    Subtree {
        /// Root of the subtree.
        organisation: OrganisationId,
        /// The moment at which the tree is read.
        at: Timestamp,
    },
    /// The owner is in this sector.
    Sector(Sector),
    /// The person takes part.
    Participant(PersonId),
    /// The person is assigned to the task, or to an open task that references the object.
    Task(PersonId),
    /// The object belongs to this exercise.
    Exercise(ExerciseId),
    /// The object is opened to the person beyond `at`.
    Granted {
        /// The person.
        person: PersonId,
        /// The moment that must lie before the end.
        at: Timestamp,
    },
    /// The person has an emergency access to the object that is open at `at`.
    BreakGlass {
        /// The person.
        person: PersonId,
        /// The moment that must lie within it.
        at: Timestamp,
    },
}

/// A condition that keeps rows out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Without {
    /// Marked TLP:RED and the person is not among the named recipients.
    RedUnlessNamed(PersonId),
    /// The owner is one of these.
    Owners(Vec<OrganisationId>),
    /// The owner is one of these and somebody stands above it: in the tree of `at` or by sector.
    OwnersWithSuperior {
        /// The organisations.
        owners: Vec<OrganisationId>,
        /// The moment at which the tree is read.
        at: Timestamp,
    },
    /// The object is this person's own account or request.
    Account(PersonId),
    /// The object's state refuses the act.
    State(Action),
}

/// The rows `subject` may do `action` to.
pub fn scope(subject: &Subject, action: Action, now: Timestamp) -> Scope {
    scope_by(table::embedded(), subject, action, now)
}

/// [`scope`] by another table.
pub(super) fn scope_by(table: &Table, subject: &Subject, action: Action, now: Timestamp) -> Scope {
    let Ok((grant, right)) = held(table, subject, action, now) else { return Scope::Nothing };
    let act = table.act(action);
    let person = subject.person;

    let mut without = Vec::new();
    if !grant.role.has_legal_duty() {
        without.push(Without::RedUnlessNamed(person));
    }
    if checks(grant.role, act) {
        without.push(Without::Owners(subject.organisations(now)));
    }
    if act.review() {
        without.push(Without::OwnersWithSuperior { owners: subject.organisations(now), at: now });
    }
    if act.not_self {
        without.push(Without::Account(person));
    }
    if act.effect == Effect::Write {
        without.push(Without::State(action));
    }

    let mut filters: Vec<Filter> = match right.reach {
        Reach::All => return Scope::Everything { without },
        Reach::Own => vec![Filter::Own(grant.organisation)],
        Reach::Subtree => vec![Filter::Subtree { organisation: grant.organisation, at: now }],
        Reach::Sector => grant.sector.iter().cloned().map(Filter::Sector).collect(),
        Reach::Participant => vec![Filter::Participant(person)],
        Reach::Task => vec![Filter::Task(person)],
        Reach::Exercise => subject.exercises.iter().copied().map(Filter::Exercise).collect(),
        Reach::Granted => vec![Filter::Granted { person, at: now }],
    };
    if breaks_glass(grant.role, act) {
        filters.push(Filter::BreakGlass { person, at: now });
    }
    if filters.is_empty() { Scope::Nothing } else { Scope::Any { filters, without } }
}

impl Scope {
    /// True when the row is in.
    pub fn admits(&self, resource: &Resource) -> bool {
        let kept = |without: &[Without]| !without.iter().any(|condition| condition.hits(resource));
        match self {
            Self::Nothing => false,
            Self::Everything { without } => kept(without),
            Self::Any { filters, without } => {
                filters.iter().any(|filter| filter.finds(resource)) && kept(without)
            }
        }
    }
}

impl Filter {
    /// True when the filter brings the row in. `Subtree` takes the ancestors as the resource has
    /// them, which are those of the moment it was read.
    pub fn finds(&self, resource: &Resource) -> bool {
        match self {
            Self::Own(organisation) => resource.owner == Some(*organisation),
            Self::Subtree { organisation, .. } => {
                resource.owner == Some(*organisation) || resource.ancestors.contains(organisation)
            }
            Self::Sector(sector) => resource.sector.as_ref() == Some(sector),
            Self::Participant(person) => resource.participants.contains(person),
            Self::Task(person) => resource.assignees.contains(person),
            Self::Exercise(exercise) => resource.exercise == Some(*exercise),
            Self::Granted { person, at } => resource.granted.get(person).is_some_and(|until| at < until),
            Self::BreakGlass { person, at } => resource.opened_to(*person, *at),
        }
    }
}

impl Without {
    /// True when the condition keeps the row out.
    pub fn hits(&self, resource: &Resource) -> bool {
        let owned_by = |own: &[OrganisationId]| resource.owner.is_some_and(|owner| own.contains(&owner));
        match self {
            Self::RedUnlessNamed(person) => resource.is_red() && !resource.recipients.contains(person),
            Self::Owners(own) => owned_by(own),
            Self::OwnersWithSuperior { owners, .. } => resource.has_superior() && owned_by(owners),
            Self::Account(person) => resource.person == Some(*person),
            Self::State(action) => resource.refuses.contains(action),
        }
    }
}

/// The acts of a list that a person may do to one object, for its buttons.
pub fn allowed<'a>(
    subject: &'a Subject,
    resource: &'a Resource,
    actions: impl IntoIterator<Item = Action> + 'a,
    now: Timestamp,
) -> BTreeSet<Action> {
    let may = |action: &Action| super::decide(subject, *action, resource, now).is_allowed();
    actions.into_iter().filter(may).collect()
}
