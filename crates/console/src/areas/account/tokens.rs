//! Tokens of programs that act for the person: shown once, limited to named acts, with an end.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::date_time;
use bulwark_model::Lang;
use bulwark_model::rights::Action;
use bulwark_store::entity::access::api_token;
use bulwark_store::{NewApiToken, Uuid};
use serde_json::{Value, json};

use crate::app::App;
use crate::fault::Fault;
use crate::form::{Form, LINE};
use crate::html::{Html, component};
use crate::page::{Page, error_of, say};
use crate::who::Who;

/// For how many days a token may be made.
const DAYS: [&str; 4] = ["7", "30", "90", "365"];

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("account.{key}"))
}

/// Acts a program may do for the person: those of the role, without those that need someone present.
fn acts(who: &Who) -> Vec<Action> {
    let all = Action::all().filter(|action| !action.act().step_up && who.may(action.code()));
    all.filter(|action| crate::api::has(*action)).collect()
}

/// `GET /account/tokens/new`
pub(super) async fn new(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let mut form = Form::read(b"");
    form.set("once", app.store.new_id()?.simple().to_string());
    Ok(page(&who, &form))
}

fn page(who: &Who, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = Page::new("", text(lang, "new_token"))
        .below(text(lang, "title"), "/account")
        .narrow()
        .errors(form.wrong());
    page.main.p(&text(lang, "token_lead"));
    if acts(who).is_empty() {
        page.main.p(&text(lang, "no_acts"));
        return page.show(who);
    }
    let mut inner = Html::default();
    let mut label = json!({
        "id": "label", "name": "label", "label": { "text": text(lang, "label") }, "value": form.shown("label"),
        "hint": { "text": text(lang, "token_label_hint") }, "autocomplete": "off",
    });
    if let Some(error) = error_of(lang, form.wrong(), "label") {
        label["error"] = error;
    }
    inner.put(lang, "text-input", label);
    let items: Vec<Value> = acts(who)
        .iter()
        .map(|action| json!({ "value": action.code(), "text": who.say(&action.act().label), "hint": { "text": action.code() } }))
        .collect();
    let mut scope = json!({
        "id": "scope", "name": "scope", "legend": { "text": text(lang, "scope") }, "items": items, "value": form.all("scope"),
    });
    if let Some(error) = error_of(lang, form.wrong(), "scope") {
        scope["error"] = error;
    }
    inner.put(lang, "checkboxes", scope);
    let days: Vec<Value> = DAYS
        .iter()
        .map(|days| json!({ "value": days, "text": text(lang, &format!("days_{days}")) }))
        .collect();
    let mut params = json!({
        "id": "days", "name": "days", "label": { "text": text(lang, "days") }, "items": days,
        "value": form.first("days").filter(|days| DAYS.contains(days)).unwrap_or("30"),
    });
    if let Some(error) = error_of(lang, form.wrong(), "days") {
        params["error"] = error;
    }
    inner.put(lang, "select", params);
    inner.put(lang, "button", json!({ "text": text(lang, "make_token"), "once": true }));
    page.main.form("/account/tokens/new", &who.csrf, Some(&form.once()), &inner);
    page.show(who)
}

/// `POST /account/tokens/new`
pub(super) async fn make(State(app): State<Arc<App>>, who: Who, mut form: Form) -> Result<Response, Fault> {
    let lang = who.lang();
    let label = form.required("label", LINE);
    let allowed = acts(&who);
    let scope: Vec<String> = form.all("scope").to_vec();
    let known = |code: &String| allowed.iter().any(|action| action.code() == code);
    if scope.is_empty() || !scope.iter().all(known) {
        form.refuse("scope", "BW-WEB-027", &[]);
    }
    let days =
        form.first("days").filter(|days| DAYS.contains(days)).and_then(|days| days.parse::<i64>().ok());
    if days.is_none() {
        form.refuse("days", "BW-WEB-010", &[]);
    }
    let session = who.session().ok_or(Fault::TokenStepUp)?;
    let Some(days) = days.filter(|_| form.wrong().is_empty()) else { return Ok(page(&who, &form)) };
    let new = NewApiToken {
        person: who.person.id,
        role: session.role.clone(),
        organisation: session.organisation_id,
        label: label.clone(),
        scope: scope.join(" "),
        expires_at: who.now.plus_ms(days.saturating_mul(24 * 3_600_000)),
    };
    let actor = who.actor(&app, None);
    let once = form.once();
    let made = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            if tx.once(new.person, &once, "/account").await?.is_some() {
                // A token is shown once: the same form sent again makes no other one.
                tx.audit("form.repeated", "form", None, None);
                return Ok(None);
            }
            tx.make_api_token(new).await.map(Some)
        })
    });
    let Some((row, token)) = made.await? else { return Ok(Redirect::to("/account").into_response()) };
    let mut page = Page::new("", text(lang, "token_made")).below(text(lang, "title"), "/account").narrow();
    page.main.put(
        lang,
        "panel",
        json!({
            "title": { "text": label }, "heading_level": 2,
            "reference": { "text": token.reveal(), "label": text(lang, "token_once") },
            "text": format!("{} {}", text(lang, "token_until"), date_time(row.expires_at.into(), lang)),
        }),
    );
    page.main.p(&text(lang, "token_use"));
    page.main.element("p", "bw-code", &Html::text(&format!("Authorization: Bearer {}", token.reveal())));
    page.main.link("/account", &text(lang, "to_account"));
    Ok(page.show(&who))
}

/// `POST /account/tokens/{id}/revoke`
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    _: Form,
) -> Result<Response, Fault> {
    let row = app.store.get::<api_token::Entity>(id).await?;
    if row.person_id != who.person.id {
        return Err(Fault::NotFound);
    }
    if row.revoked_at.is_none() {
        let actor = who.actor(&app, None);
        app.store.write(&actor, |tx| Box::pin(async move { tx.revoke_api_token(row).await })).await?;
    }
    Ok(Redirect::to("/account?done=token").into_response())
}

/// The table of tokens.
pub(super) async fn table(app: &App, who: &Who, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    out.h2("tokens", &text(lang, "tokens"));
    let all = app.store.api_tokens_of(who.person.id).await?;
    let rows: Vec<Value> = all
        .iter()
        .map(|row| {
            let (state, colour) = if row.revoked_at.is_some() {
                ("token_revoked", "unknown")
            } else if row.expires_at <= who.now {
                ("token_over", "unknown")
            } else {
                ("token_valid", "ok")
            };
            let tag = component(lang, "tag", json!({ "text": text(lang, state), "state": colour }));
            let mut form = Html::default();
            if state == "token_valid" {
                let button = component(lang, "button", json!({ "text": text(lang, "revoke"), "variant": "quiet", "size": "small", "once": true }));
                form.form(&format!("/account/tokens/{}/revoke", row.id), &who.csrf, None, &button);
            }
            json!({ "cells": [
                { "text": row.label }, { "html": tag.as_str() }, { "text": row.scope, "classes": "bw-code" },
                { "text": date_time(row.expires_at.into(), lang) }, { "html": form.as_str() },
            ] })
        })
        .collect();
    if rows.is_empty() {
        out.p(&text(lang, "no_tokens"));
    } else {
        let mut head: Vec<Value> =
            ["label", "state", "scope", "until"].map(|key| json!({ "text": text(lang, key) })).to_vec();
        head.push(json!({ "text": text(lang, "act"), "hidden": true }));
        let caption = json!({ "text": text(lang, "tokens") });
        out.put(lang, "table", json!({ "id": "api-tokens", "caption": caption, "caption_hidden": true, "head": head, "rows": rows }));
    }
    if who.may("token.create") {
        let link =
            json!({ "text": text(lang, "new_token"), "href": "/account/tokens/new", "variant": "secondary" });
        out.put(lang, "button", link);
    }
    Ok(())
}
