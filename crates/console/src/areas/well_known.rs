//! `/.well-known/security.txt` (RFC 9116): whom to tell about a weakness of this console.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use bulwark_store::Timestamp;

use crate::app::App;
use crate::fault::Fault;
use crate::route::Routes;

/// For how long the page may be trusted: well below the year of RFC 9116 §2.5.5, and as long as an installation runs
/// unattended at most.
const DAYS: i64 = 180;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    const WHY: &str = "whom to tell about a weakness, for those who have no account";
    routes.open(Method::GET, "/.well-known/security.txt", WHY, security)
}

/// `GET /.well-known/security.txt`
async fn security(State(app): State<Arc<App>>) -> Result<Response, Fault> {
    let contact = app.settings.contact.as_deref().ok_or(Fault::NotFound)?;
    let (origin, until) = (&app.settings.origin, until(app.store.now()));
    let text = format!(
        "Contact: {contact}\nExpires: {until}\nPreferred-Languages: zh-TW, en\n\
         Canonical: {origin}/.well-known/security.txt\n"
    );
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

/// The beginning of the day so many days on, so that the page is the same all day.
fn until(now: Timestamp) -> String {
    let day = jiff::tz::Offset::UTC.to_datetime(now.plus_ms(DAYS * 24 * 3_600_000).into()).date();
    format!("{day}T00:00:00Z")
}
