//! Checks of the domain `data_mgmt`.

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[];
