//! A tolerant HTML scanner: what a page loads, its title, and pages that say too much. No DOM.

mod leak;
mod scan;
mod token;

pub use leak::{Leak, LeakKind, default_page, leaks};
pub use scan::{Form, Role, Scan, SubResource, scan};
