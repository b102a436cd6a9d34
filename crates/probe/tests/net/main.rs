//! Collectors against servers that misbehave on purpose, all on loopback.

mod browser;
mod http;
mod names;
mod postgres;
mod services;
mod support;
mod texts;
mod tls;
