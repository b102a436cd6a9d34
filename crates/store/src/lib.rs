//! The memory of the console: rows, audit log, sealed columns, evidence, search, jobs and backup, on SQLite or
//! PostgreSQL.
//!
//! Everything that changes goes through [`Store::write`], which takes the actor and writes the audit entry in the same
//! transaction. This crate alone names the database libraries.

pub mod audit;
pub mod backup;
pub mod canonical;
mod db;
mod doors;
pub mod entity;
mod error;
pub mod evidence;
pub mod hash;
mod health;
mod id;
pub mod job;
mod lists;
mod migrations;
mod organisation_list;
mod organisations;
mod page;
mod people;
mod retention;
pub mod rights;
mod scoped;
mod seal;
pub mod search;
mod systems;
mod tables;
mod time;
mod two_person;
mod work;
mod write;

pub use audit::Actor;
pub use db::{Config, Database, Mono, Store};
pub use doors::{NewApiToken, NewSession, Token, open_at};
pub use error::{StoreError, texts};
pub use health::Health;
pub use lists::{AuditFilter, AuditPage, GrantFilter, Listing, PeopleFilter};
pub use organisation_list::{KnownOrganisation, OrganisationFacts, OrganisationStep};
pub use organisations::{MoveObstacle, NewOrganisation};
pub use page::{MAX_COUNT, MAX_ROWS, Page, PageRequest};
pub use people::{NewCredential, NewPerson};
pub use seal::{DataKey, Place};
pub use systems::{NewSystem, NewSystemLink, SystemFilter};
pub use tables::TableDigest;
pub use time::Timestamp;
pub use two_person::{NewPendingAct, Outcome, PENDING_MS};
pub use uuid::Uuid;
pub use write::{Tx, object};
