//! Log files counted line by line: web access logs and PostgreSQL server logs.

pub mod access;
mod bzip2;
pub mod io;
pub mod postgres;
