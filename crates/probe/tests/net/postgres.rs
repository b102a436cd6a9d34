//! A real PostgreSQL, when this machine has one.
