//! The pages of the doors.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bulwark_store::entity::person::person;
use serde_json::json;

use crate::app::App;
use crate::fault::Fault;
use crate::guard::{VISITOR, set_cookie, strict_cookie};
use crate::html::Html;
use crate::list::Query;
use crate::page::{Page, say};
use crate::who::{Visitor, csrf_of};

/// A page with a form for someone not known yet: the form is bound to a cookie of its own.
pub(super) fn with_visitor(app: &App, make: impl FnOnce(&str) -> Response) -> Result<Response, Fault> {
    let secret = app.store.new_id()?.simple().to_string() + &app.store.new_id()?.simple().to_string();
    let mut response = make(&csrf_of(&secret));
    set_cookie(response.headers_mut(), &strict_cookie(VISITOR, &secret));
    Ok(response)
}

/// `GET /log-in`
pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    query: Query,
) -> Result<Response, Fault> {
    let lang = visit.lang;
    let mut page = Page::new("", say(lang, "sign_in.title")).narrow();
    if query.get("out").is_some() {
        page = page.notice(Some(say(lang, "sign_in.out")));
    }
    with_visitor(&app, |_csrf| {
        page.main.p(&say(lang, "sign_in.by_link"));
        page.show_visitor(&visit)
    })
}

/// `GET /link/{token}`: looking at the page does not take the link, so that a mail scanner cannot use it up.
pub(super) async fn link(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let lang = visit.lang;
    let Some(link) = app.store.link(&token).await? else {
        let mut page = Page::new("", say(lang, "sign_in.link_gone")).narrow();
        page.main.p(&say(lang, "sign_in.link_gone_hint"));
        return Ok((axum::http::StatusCode::GONE, page.show_visitor(&visit)).into_response());
    };
    let person = app.store.get::<person::Entity>(link.person_id).await?;
    with_visitor(&app, |csrf| {
        let mut page = Page::new("", say(lang, "sign_in.link_title")).narrow();
        let rows = json!([
            { "key": { "text": say(lang, "sign_in.name") }, "value": { "text": person.name } },
            { "key": { "text": say(lang, "sign_in.login") }, "value": { "text": person.login } },
        ]);
        page.main.put(lang, "summary-list", json!({ "rows": rows }));
        page.main.p(&say(lang, "sign_in.link_once"));
        let mut form = Html::default();
        form.put(lang, "button", json!({ "text": say(lang, "sign_in.link_take"), "once": true }));
        page.main.form(&format!("/link/{token}"), csrf, None, &form);
        page.show_visitor(&visit)
    })
}
