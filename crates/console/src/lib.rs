//! The console: pages and programming interface over the store, under the rights.
//!
//! A request passes four walls: [`guard`] finds out who asks and whether the role may do such an act at all; the area
//! asks [`who::Who::allow`] about the very object; the store holds every list to the same rule in SQL; and every
//! change leaves its entry in the audit log or does not happen.
//!
//! Each area is a folder with its routes, pages, programming interface and texts. Adding one is a folder, a line in
//! [`areas`] and an entry in `page::NAVIGATION`.

mod agent;
mod api;
mod app;
mod areas;
mod fault;
mod form;
mod guard;
mod html;
mod limit;
mod list;
mod page;
mod route;
mod start;
mod texts;
mod upload;
mod who;

/// Lists of organisations, for the command line.
pub mod organisations {
    pub use crate::areas::organisations::{Register, change, judged, known};
}

pub use app::{App, Settings};
pub use areas::{Fetch, OidcSettings, apply_retention};
pub use route::{Access, Route};
pub use start::{FirstLink, first_start, recovery_link};
pub use texts::texts;
pub use upload::parse_table;

/// Everything the console serves.
pub fn router(app: &std::sync::Arc<App>) -> axum::Router {
    guard::finish(areas::routes(app).into_router(), app)
}

/// Every route with what it takes to use it.
pub fn routes(app: &std::sync::Arc<App>) -> Vec<Route> {
    areas::routes(app).table().to_vec()
}
