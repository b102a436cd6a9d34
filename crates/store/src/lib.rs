//! The memory of the console: rows, audit log, sealed columns, evidence, search, jobs and backup, on SQLite or
//! PostgreSQL.
//!
//! Everything that changes goes through [`Store::write`], which takes the actor and writes the audit entry in the same
//! transaction. This crate alone names the database libraries.

pub mod audit;
pub mod canonical;
mod db;
pub mod entity;
mod error;
pub mod hash;
mod id;
mod migrations;
mod seal;
mod time;
mod write;

pub use audit::Actor;
pub use db::{Config, Database, Mono, Store};
pub use error::{StoreError, texts};
pub use seal::{DataKey, Place};
pub use time::Timestamp;
pub use uuid::Uuid;
pub use write::{Tx, object};
