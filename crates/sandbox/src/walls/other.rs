//! Elsewhere than on Linux there are no walls we know, so nothing is parsed.

use crate::{Level, Limits};

/// A wall that could not be put up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this system has no walls for parsers")]
pub struct Missing;

/// Always missing.
///
/// # Errors
/// Always.
pub fn alone() -> Result<(), Missing> {
    Err(Missing)
}

/// Always missing.
///
/// # Errors
/// Always.
pub fn privileges() -> Result<(), Missing> {
    Err(Missing)
}

/// Always missing.
///
/// # Errors
/// Always.
pub fn files() -> Result<Level, Missing> {
    Err(Missing)
}

/// Always missing.
///
/// # Errors
/// Always.
pub fn resources(_: &Limits) -> Result<(), Missing> {
    Err(Missing)
}

/// Always missing.
///
/// # Errors
/// Always.
pub fn calls() -> Result<(), Missing> {
    Err(Missing)
}
