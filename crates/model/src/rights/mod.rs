//! Who may do what to what: the role matrix as data and one decision over it.
//!
//! Rules: `incident-grc` §4 (matrix, prohibitions, marking), `security-reliability` §3 (emergency
//! access, two people), design rulings 10 and 11. Nothing here asks a clock or a database: the
//! store builds [`Subject`] and [`Resource`], and gets back a [`Decision`] for one object or a
//! [`Scope`] for a list.
//!
//! ```
//! use bulwark_model::rights::{Action, Denied, Grant, OrganisationId, PersonId, Resource, Role, Subject, decide};
//! use jiff::Timestamp;
//!
//! let (now, agency, other) =
//!     (Timestamp::UNIX_EPOCH, OrganisationId::from_u128(1), OrganisationId::from_u128(2));
//! let grant = Grant { role: Role::Reporter, organisation: agency, sector: None, from: now, until: None };
//! let reporter = Subject::new(PersonId::from_u128(7), vec![grant]);
//! let read = Action::parse("incident.read").unwrap();
//! assert!(decide(&reporter, read, &Resource::of(agency), now).is_allowed());
//! let denied = decide(&reporter, read, &Resource::of(other), now).denied();
//! assert_eq!(denied, Some(Denied::Foreign)); // the web answers 404
//! ```

mod decision;
mod ids;
mod marking;
mod resource;
mod role;
mod scope;
mod subject;
mod table;
#[cfg(test)]
mod tests;

pub use decision::{Decision, Denied, confirm, decide, may};
pub use ids::{ExerciseId, OrganisationId, ParseIdError, PersonId, Sector};
pub use marking::{Classification, Tlp};
pub use resource::{BREAK_GLASS_SECONDS, BreakGlass, Resource};
pub use role::{Role, TeamGroup};
pub use scope::{Filter, Scope, Without, allowed, scope};
pub use subject::{Grant, STEP_UP_SECONDS, Subject};
pub use table::{Act, Action, Effect, Matter, Reach, Right, TableFault, UnknownAction, table_faults};
