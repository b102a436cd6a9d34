//! Lists of organisations: which column holds what, what a row says, and what the list changes.

mod changes;
mod columns;
mod plan;
mod row;

pub use changes::{Change, Changes, is_changes, read_changes};
pub use columns::{Columns, Field};
pub use plan::{Counts, Known, Orphan, Plan, Step, plan};
pub use row::{Body, Facts, List, read};
