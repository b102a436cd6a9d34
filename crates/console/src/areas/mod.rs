//! The areas: each a folder with routes, pages and texts.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::Method;

use crate::app::App;
use crate::page;
use crate::route::Routes;

mod account;
mod home;
mod people;
mod requests;
mod sign_in;

/// The texts of the areas.
pub(crate) const TEXTS: &[(&str, &str, &str)] = &[
    ("sign_in", include_str!("sign_in/zh-TW.toml"), include_str!("sign_in/en.toml")),
    ("home", include_str!("home/zh-TW.toml"), include_str!("home/en.toml")),
    ("account", include_str!("account/zh-TW.toml"), include_str!("account/en.toml")),
    ("people", include_str!("people/zh-TW.toml"), include_str!("people/en.toml")),
    ("requests", include_str!("requests/zh-TW.toml"), include_str!("requests/en.toml")),
];

/// All routes.
pub(crate) fn routes(app: &Arc<App>) -> Routes {
    let files = |Path((version, path)): Path<(String, String)>| async move { page::static_file(&version, &path) };
    let routes = Routes::new(app).open(
        Method::GET,
        "/static/{version}/{*path}",
        "style sheet, scripts and icons, the same for everyone",
        files,
    );
    let routes = sign_in::routes(routes);
    let routes = home::routes(routes);
    let routes = account::routes(routes);
    let routes = people::routes(routes);
    requests::routes(routes)
}
