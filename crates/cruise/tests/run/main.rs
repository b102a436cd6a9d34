//! Runs and what comes of them, with a collector that answers from a table.

mod permission;
mod result;
mod stop_switch;
mod support;
