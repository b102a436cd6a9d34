//! Checks of the domain `architecture`.

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[];
