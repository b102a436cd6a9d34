//! The pages of the doors.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bulwark_model::{Diagnostic, Lang};
use bulwark_store::entity::person::person;
use serde_json::json;

use super::next;
use crate::app::App;
use crate::fault::Fault;
use crate::guard::{VISITOR, set_cookie, strict_cookie};
use crate::html::{Html, component};
use crate::list::Query;
use crate::page::{Page, say};
use crate::who::{Visit, Visitor, csrf_of};

/// A page with a form for someone not known yet: the form is bound to a cookie of its own.
fn with_visitor(app: &App, make: impl FnOnce(&str) -> Response) -> Result<Response, Fault> {
    let secret = app.store.secret_text()?;
    let mut response = make(&csrf_of(&secret));
    set_cookie(response.headers_mut(), &strict_cookie(VISITOR, &secret));
    Ok(response)
}

/// A button that a script uncovers where the browser knows passkeys, and a place for what it has to say.
pub(crate) fn passkey_button(lang: Lang, text: &str, attributes: &[(&'static str, &str)]) -> Html {
    let mut inner = component(lang, "button", json!({ "text": text, "type": "button", "icon": "lock" }));
    let says = Html::raw_element("p", &[("class", "ds-error"), ("role", "alert"), ("data-says", "")], &Html::default());
    inner.push(&says);
    let words = [
        ("data-failed", say(lang, "sign_in.passkey_failed")),
        ("data-unknown", say(lang, "sign_in.passkey_unknown")),
    ];
    let mut all: Vec<(&'static str, &str)> = attributes.to_vec();
    all.extend(words.iter().map(|(name, text)| (*name, text.as_str())));
    all.push(("hidden", "hidden"));
    Html::raw_element("div", &all, &inner)
}

/// `GET /log-in`
pub(super) async fn log_in(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    query: Query,
) -> Result<Response, Fault> {
    page(&app, &visit, "", &next(query.get("next")), &[], query.get("out").is_some())
}

/// The page of the door with what was wrong.
pub(super) fn log_in_again(
    app: &App,
    visit: &Visit,
    login: &str,
    to: &str,
    errors: &[Diagnostic],
) -> Result<Response, Fault> {
    page(app, visit, login, to, errors, false)
}

fn page(app: &App, visit: &Visit, login: &str, to: &str, errors: &[Diagnostic], out: bool) -> Result<Response, Fault> {
    let lang = visit.lang;
    let text = |key: &str| say(lang, &format!("sign_in.{key}"));
    with_visitor(app, |csrf| {
        let notice = out.then(|| text("out"));
        let mut page = Page::new("", text("title")).narrow().errors(errors).notice(notice);
        let attributes = [
            ("data-passkey", "get"),
            ("data-start", "/log-in/passkey/start"),
            ("data-finish", "/log-in/passkey/finish"),
            ("data-next", to),
        ];
        page.main.push(&passkey_button(lang, &text("by_passkey"), &attributes));
        page.main.push(&super::oidc::button(app, visit, to, false));
        page.main.h2("by-password", &text("by_password"));
        let mut inner = Html::default();
        inner.hidden("next", to);
        inner.put(lang, "text-input", json!({
            "id": "login", "name": "login", "label": { "text": text("login") }, "value": login,
            "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false",
        }));
        inner.put(lang, "password-input", json!({
            "id": "password", "name": "password", "label": { "text": text("password") }, "autocomplete": "current-password",
        }));
        inner.put(lang, "otp-input", json!({
            "id": "code", "name": "code", "label": { "text": text("code") }, "hint": { "text": text("code_hint") },
        }));
        inner.put(lang, "button", json!({ "text": text("enter"), "once": true }));
        page.main.form("/log-in", csrf, None, &inner);
        let help = json!({ "summary": { "text": text("help") }, "text": text("help_text") });
        page.main.put(lang, "details", help);
        page.show_visitor(visit)
    })
}

/// `GET /link/{token}`: looking at the page does not take the link, so that a mail scanner cannot use it up.
pub(super) async fn link(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    Path(token): Path<String>,
) -> Result<Response, Fault> {
    let lang = visit.lang;
    let text = |key: &str| say(lang, &format!("sign_in.{key}"));
    let Some(link) = app.store.link(&token).await? else {
        let mut page = Page::new("", text("link_gone")).narrow();
        page.main.p(&text("link_gone_hint"));
        return Ok((StatusCode::GONE, page.show_visitor(&visit)).into_response());
    };
    let person = app.store.get::<person::Entity>(link.person_id).await?;
    with_visitor(&app, |csrf| {
        let mut page = Page::new("", text("link_title")).narrow();
        let rows = json!([
            { "key": { "text": text("name") }, "value": { "text": person.name } },
            { "key": { "text": text("login") }, "value": { "text": person.login } },
        ]);
        page.main.put(lang, "summary-list", json!({ "rows": rows }));
        page.main.p(&text("link_once"));
        let button = component(lang, "button", json!({ "text": text("link_take"), "once": true }));
        page.main.form(&format!("/link/{token}"), csrf, None, &button);
        page.show_visitor(&visit)
    })
}
