//! The store on both databases.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

mod support;
mod write;
