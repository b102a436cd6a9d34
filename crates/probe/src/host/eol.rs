//! When operating systems stop getting security updates.

use jiff::civil::Date;

use super::OsRelease;

/// End of life of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eol {
    /// Product, for example `debian`.
    pub product: String,
    /// Release, for example `12`.
    pub cycle: String,
    /// Last day with free security updates (Debian: end of LTS).
    pub date: Date,
    /// Where the date comes from.
    pub source: String,
}

// ---- functions
/// End of life of the system that wrote this os-release; `None` when our table does not know it.
pub fn end_of_life(os: &OsRelease) -> Option<Eol> { let _ = os; None }

/// End of life by product (`debian`) and release (`12`).
pub fn end_of_life_of(product: &str, cycle: &str) -> Option<Eol> { let _ = (product, cycle); None }
