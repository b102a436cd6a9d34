//! Collectors against servers that misbehave on purpose, all on loopback.

mod browser;
mod database;
mod http;
mod mysql;
mod names;
mod nsd;
mod postgres;
mod services;
mod signed;
mod support;
mod texts;
mod tls;
mod variants;
