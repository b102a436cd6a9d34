//! The first page: what waits, and how the house is.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::fault::Fault;
use crate::page::{Page, say};
use crate::route::Routes;
use crate::who::Who;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/", "home.read", show)
}

async fn show(State(_app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let lang = who.lang();
    let page = Page::new("home", say(lang, "home.title"));
    Ok(page.show(&who))
}
