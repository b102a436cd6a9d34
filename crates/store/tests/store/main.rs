//! The store on both databases.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of a test fail by panicking")]

#[macro_use]
mod support;

mod audit;
mod backup;
mod crash;
mod faults;
mod organisation_list;
mod rows;
mod scoped;
mod sealed;
mod search;
mod systems;
mod tree;
mod waiting;
mod work;
mod write;
