//! The console through its router, in process: no port, no browser.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod api_described;
mod audit;
mod bodies;
mod clock;
mod doors;
mod emergency_access;
mod home;
mod import;
mod jobs;
mod keys;
mod matrix;
mod organisation_lists;
mod organisations;
mod people;
mod provider;
mod retention;
mod support;
mod systems;
mod walls;
mod well_known;
mod written_down;
