//! The page of one's own account.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_model::Lang;
use bulwark_store::Uuid;
use serde_json::{Value, json};

use super::{credentials, tokens};
use crate::app::App;
use crate::areas::people;
use crate::fault::Fault;
use crate::form::Form;
use crate::html::{Html, component};
use crate::list::Query;
use crate::page::{Page, say};
use crate::who::Who;

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("account.{key}"))
}

/// `GET /account`
pub(super) async fn show(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    let done = query.get("done").map(|what| {
        let key = format!("account.done_{what}");
        let said = say(lang, &key);
        if said == key { text(lang, "done") } else { said }
    });
    let mut page = Page::new("", text(lang, "title")).notice(done);
    let all = app.store.credentials(who.person.id).await?;
    if !credentials::complete(&all) {
        page.main.put(lang, "site-alert", json!({
            "state": "caution", "title": { "text": text(lang, "incomplete") }, "text": text(lang, "incomplete_text"), "heading_level": 2,
        }));
    }
    let fact = |key: &str, value: &str| json!({ "key": { "text": text(lang, key) }, "value": { "text": value } });
    let facts = json!([fact("name", &who.person.name), fact("login", &who.person.login)]);
    page.main.put(lang, "summary-list", json!({ "rows": facts }));
    roles(&who, &mut page.main);
    ways(&who, &all, &mut page.main);
    if app.settings.oidc.is_some() && all.iter().all(|row| row.kind != "oidc") {
        let button = component(lang, "button", json!({ "text": text(lang, "join_provider"), "variant": "secondary", "once": true }));
        page.main.form("/account/provider", &who.csrf, None, &button);
    }
    people::sessions(&app, &who, who.person.id, &mut page.main).await?;
    tokens::table(&app, &who, &mut page.main).await?;
    page.main.h2("leave", &text(lang, "leave"));
    let button = component(lang, "button", json!({ "text": text(lang, "log_out"), "variant": "secondary", "once": true }));
    page.main.form("/log-out", &who.csrf, None, &button);
    Ok(page.show(&who))
}

/// The roles held, one of them acted in.
fn roles(who: &Who, out: &mut Html) {
    let lang = who.lang();
    out.h2("roles", &text(lang, "roles"));
    if who.held.is_empty() {
        out.put(lang, "warning-text", json!({ "text": text(lang, "no_role") }));
        return;
    }
    let acting = who.subject.acting_grant(who.now.into());
    let value = |role: &str, organisation: Uuid| format!("{role} {organisation}");
    let items: Vec<Value> = who
        .held
        .iter()
        .map(|held| {
            let mut item = json!({
                "value": value(held.role.code(), held.organisation),
                "text": who.say(&held.role.label()),
                "hint": { "text": held.organisation_name },
            });
            let is_acting = acting.is_some_and(|grant| {
                grant.role == held.role && Uuid::from_bytes(grant.organisation.bytes()) == held.organisation
            });
            if is_acting {
                item["checked"] = json!(true);
            }
            item
        })
        .collect();
    let mut inner = Html::default();
    inner.put(lang, "radios", json!({
        "id": "role", "name": "role", "legend": { "text": text(lang, "acting") }, "items": items,
    }));
    if who.held.len() > 1 {
        inner.put(lang, "button", json!({ "text": text(lang, "act_as"), "variant": "secondary", "once": true }));
    }
    out.form("/account/role", &who.csrf, None, &inner);
}

/// Ways to log in.
fn ways(who: &Who, all: &[bulwark_store::entity::person::credential::Model], out: &mut Html) {
    let lang = who.lang();
    out.h2("ways", &text(lang, "ways"));
    if all.is_empty() {
        out.p(&text(lang, "no_ways"));
    } else {
        let rows: Vec<Value> = all.iter().map(|row| credentials::line(who, row)).collect();
        let mut head: Vec<Value> =
            ["kind", "label", "since", "used"].map(|key| json!({ "text": text(lang, key) })).to_vec();
        head.push(json!({ "text": text(lang, "act"), "hidden": true }));
        let caption = json!({ "text": text(lang, "ways") });
        out.put(lang, "table", json!({ "id": "ways-in", "caption": caption, "caption_hidden": true, "head": head, "rows": rows }));
    }
    let has = |kind: &str| all.iter().any(|row| row.kind == kind);
    let first = if all.is_empty() { "primary" } else { "secondary" };
    out.put(lang, "button-group", json!({ "items": [
        { "text": text(lang, "add_passkey"), "href": "/account/passkey", "variant": first },
        { "text": text(lang, if has("password") { "change_password" } else { "set_password" }), "href": "/account/password", "variant": "secondary" },
        { "text": text(lang, if has("totp") { "change_codes" } else { "set_codes" }), "href": "/account/codes", "variant": "secondary" },
    ] }));
}

/// `POST /account/role`
pub(super) async fn act_as(State(app): State<Arc<App>>, who: Who, form: Form) -> Result<Response, Fault> {
    let wanted = form.shown("role");
    let held = who.held.iter().find(|held| wanted == format!("{} {}", held.role.code(), held.organisation));
    let (Some(held), Some(session)) = (held, who.session().cloned()) else { return Err(Fault::NotFound) };
    let (role, organisation) = (held.role.code(), held.organisation);
    let actor = who.actor(&app, None);
    let changed =
        app.store.write(&actor, move |tx| Box::pin(async move { tx.act_as(session, role, organisation).await }));
    changed.await?;
    Ok(Redirect::to("/account?done=role").into_response())
}
