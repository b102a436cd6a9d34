//! Checks of the domain `vuln`.

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[];
