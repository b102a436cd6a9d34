//! The areas: each a folder with routes, pages and texts.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::Method;

use crate::app::App;
use crate::page;
use crate::route::Routes;

mod access_log;
mod account;
pub(crate) mod audit;
mod csp_report;
mod edit;
mod emergency_access;
mod home;
pub(crate) mod jobs;
mod keys;
pub(crate) mod organisations;
mod people;
pub(crate) mod requests;
pub(crate) mod retention;
mod sign_in;
pub(crate) mod systems;
mod well_known;

pub use retention::apply as apply_retention;
pub(crate) use sign_in::Doors;
pub use sign_in::oidc::{Fetch, OidcSettings};

/// The texts of the areas.
pub(crate) const TEXTS: &[(&str, &str, &str)] = &[
    ("sign_in", include_str!("sign_in/zh-TW.toml"), include_str!("sign_in/en.toml")),
    ("home", include_str!("home/zh-TW.toml"), include_str!("home/en.toml")),
    ("account", include_str!("account/zh-TW.toml"), include_str!("account/en.toml")),
    ("people", include_str!("people/zh-TW.toml"), include_str!("people/en.toml")),
    ("requests", include_str!("requests/zh-TW.toml"), include_str!("requests/en.toml")),
    ("jobs", include_str!("jobs/zh-TW.toml"), include_str!("jobs/en.toml")),
    ("retention", include_str!("retention/zh-TW.toml"), include_str!("retention/en.toml")),
    ("keys", include_str!("keys/zh-TW.toml"), include_str!("keys/en.toml")),
    ("organisations", include_str!("organisations/zh-TW.toml"), include_str!("organisations/en.toml")),
    ("systems", include_str!("systems/zh-TW.toml"), include_str!("systems/en.toml")),
    ("audit", include_str!("audit/zh-TW.toml"), include_str!("audit/en.toml")),
    ("access_log", include_str!("access_log/zh-TW.toml"), include_str!("access_log/en.toml")),
    (
        "emergency_access",
        include_str!("emergency_access/zh-TW.toml"),
        include_str!("emergency_access/en.toml"),
    ),
];

/// All routes.
pub(crate) fn routes(app: &Arc<App>) -> Routes {
    let files =
        |Path((version, path)): Path<(String, String)>| async move { page::static_file(&version, &path) };
    let routes = Routes::new(app).open(
        Method::GET,
        "/static/{version}/{*path}",
        "style sheet, scripts and icons, the same for everyone",
        files,
    );
    let routes = well_known::routes(routes);
    let routes = csp_report::routes(routes);
    let routes = sign_in::routes(routes);
    let routes = home::routes(routes);
    let routes = account::routes(routes);
    let routes = people::routes(routes);
    let routes = jobs::routes(routes);
    let routes = retention::routes(routes);
    let routes = keys::routes(routes);
    let routes = organisations::routes(routes);
    let routes = systems::routes(routes);
    let routes = audit::routes(routes);
    let routes = access_log::routes(routes);
    let routes = emergency_access::routes(routes);
    let routes = requests::routes(routes);
    crate::api::routes(routes)
}
