//! Ways to log in: enrolled by the person, removed by the person, never the last one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_identity::totp::{Secret, qr_svg, uri, verify};
use bulwark_model::Lang;
use bulwark_store::entity::person::credential;
use bulwark_store::{NewCredential, StoreError, Uuid};
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::areas::sign_in::doors::{self, Begun};
use crate::areas::sign_in::passkey_button;
use crate::fault::{Fault, message};
use crate::form::Form;
use crate::html::{Html, component};
use crate::page::{Page, error_of, say};
use crate::who::Who;

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("account.{key}"))
}

/// The first way to log in is enrolled by whoever came through the link; every further change needs fresh proof, or a
/// session left open would be enough to take the account over.
pub(crate) async fn fresh(app: &App, who: &Who) -> Result<Vec<credential::Model>, Fault> {
    if who.session().is_none() {
        return Err(Fault::TokenStepUp);
    }
    let all = app.store.credentials(who.person.id).await?;
    if complete(&all) && !who.subject.stepped_up(who.now.into()) {
        return Err(Fault::StepUp);
    }
    Ok(all)
}

/// Whether these are enough to come in: a passkey, an account at a provider, or a password with codes.
pub(super) fn complete(all: &[credential::Model]) -> bool {
    let has = |kind: &str| all.iter().any(|row| row.kind == kind);
    has("passkey") || has("oidc") || (has("password") && has("totp"))
}

fn page(lang: Lang, title: &str) -> Page {
    Page::new("", text(lang, title)).below(text(lang, "title"), "/account").narrow()
}

/// `GET /account/passkey`
pub(super) async fn passkey(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    fresh(&app, &who).await?;
    let lang = who.lang();
    let mut page = page(lang, "add_passkey");
    page.main.p(&text(lang, "passkey_lead"));
    page.main.put(lang, "text-input", json!({
        "id": "label", "name": "label", "label": { "text": text(lang, "label") }, "hint": { "text": text(lang, "label_hint") },
        "autocomplete": "off",
    }));
    let attributes = [
        ("data-passkey", "create"),
        ("data-start", "/account/passkey/start"),
        ("data-finish", "/account/passkey/finish"),
        ("data-label", "label"),
        ("data-csrf", who.csrf.as_str()),
    ];
    page.main.push(&passkey_button(lang, &text(lang, "add_passkey_send"), &attributes));
    page.main.put(lang, "inset-text", json!({ "text": text(lang, "passkey_script") }));
    Ok(page.show(&who))
}

/// `POST /account/passkey/start`
pub(super) async fn begin_passkey(State(app): State<Arc<App>>, who: Who) -> Result<Json<Begun>, Fault> {
    fresh(&app, &who).await?;
    Ok(Json(doors::begin_registration(&app, &who.person).await?))
}

/// The browser's answer with the name the person gives the passkey.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    ticket: String,
    response: serde_json::Value,
    #[serde(default)]
    label: String,
}

/// `POST /account/passkey/finish`
pub(super) async fn add_passkey(
    State(app): State<Arc<App>>,
    who: Who,
    Json(answer): Json<Answer>,
) -> Result<Response, Fault> {
    fresh(&app, &who).await?;
    let label = match answer.label.trim() {
        "" => text(who.lang(), "passkey"),
        given => given.chars().take(60).collect(),
    };
    let made = doors::finish_registration(&app, answer.ticket, &answer.response.to_string(), &label)?;
    let new = NewCredential::Passkey { id: made.id(), json: made.to_json() };
    add(&app, &who, &label, new, None).await?;
    Ok(Json(json!({ "location": "/account?done=passkey" })).into_response())
}

async fn add(app: &App, who: &Who, label: &str, new: NewCredential, old: Option<credential::Model>) -> Result<(), Fault> {
    let (store, person, label) = (app.store.clone(), who.person.id, label.to_owned());
    let actor = who.actor(app, None);
    let keep = who.session().map(|row| row.id);
    let added = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            if let Some(old) = old {
                tx.delete::<credential::Entity>(old.id, old.version).await?;
                // Who had the old one may still be logged in somewhere.
                tx.revoke_sessions_of(person, keep).await?;
            }
            tx.add_credential(&store, person, &label, new).await
        })
    });
    match added.await {
        Ok(_) => Ok(()),
        Err(StoreError::Duplicate(_)) => Err(Fault::Bad(vec![message("BW-WEB-023", &[])])),
        Err(error) => Err(error.into()),
    }
}

/// `GET /account/password`
pub(super) async fn password(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    fresh(&app, &who).await?;
    Ok(password_page(&who, &Form::read(b"")))
}

fn password_page(who: &Who, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = page(lang, "set_password").errors(form.wrong());
    let mut inner = Html::default();
    for (name, hint) in [("password", true), ("again", false)] {
        let mut params = json!({
            "id": name, "name": name, "label": { "text": text(lang, name) }, "autocomplete": "new-password",
        });
        if hint {
            params["hint"] = json!({ "text": text(lang, "password_hint") });
        }
        if let Some(error) = error_of(lang, form.wrong(), name) {
            params["error"] = error;
        }
        inner.put(lang, "password-input", params);
    }
    inner.put(lang, "button", json!({ "text": text(lang, "save"), "once": true }));
    page.main.form("/account/password", &who.csrf, None, &inner);
    page.show(who)
}

/// `POST /account/password`
pub(super) async fn set_password(State(app): State<Arc<App>>, who: Who, mut form: Form) -> Result<Response, Fault> {
    let all = fresh(&app, &who).await?;
    let password = form.shown("password");
    if password.is_empty() {
        form.refuse("password", "BW-WEB-010", &[]);
    } else {
        for weakness in app.doors.weaknesses(&who.person, &who.organisation.name, &password).await? {
            form.note(weakness.at_named("password"));
        }
    }
    if form.shown("again") != password {
        form.refuse("again", "BW-WEB-024", &[]);
    }
    if !form.wrong().is_empty() {
        return Ok(password_page(&who, &form));
    }
    let hash = app.doors.hash(password).await?;
    let old = all.into_iter().find(|row| row.kind == "password");
    add(&app, &who, &text(who.lang(), "password"), NewCredential::Password(hash), old).await?;
    Ok(Redirect::to("/account?done=password").into_response())
}

/// `GET /account/codes`
pub(super) async fn codes(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    fresh(&app, &who).await?;
    let (ticket, secret) = doors::begin_enrolment(&app)?;
    codes_page(&app, &who, &ticket, &secret, &Form::read(b""))
}

fn codes_page(app: &App, who: &Who, ticket: &str, secret: &Secret, form: &Form) -> Result<Response, Fault> {
    let lang = who.lang();
    let mut page = page(lang, "set_codes").errors(form.wrong());
    page.main.p(&text(lang, "codes_lead"));
    let host = app.settings.origin.split("//").nth(1).unwrap_or_default();
    let address = uri(secret, &format!("壁壘 {host}"), &who.person.login);
    let picture = qr_svg(&address, &text(lang, "qr_title")).map_err(|error| Fault::Bad(vec![error.diagnostic()]))?;
    page.main.push(&Html::raw_element("div", &[("class", "bw-qr")], &Html::made_by_us(picture)));
    let code = Html::raw_element("span", &[("class", "bw-code")], &Html::text(&secret.for_typing()));
    let typed = json!([{ "key": { "text": text(lang, "typed") }, "value": { "html": code.as_str() } }]);
    page.main.put(lang, "summary-list", json!({ "rows": typed }));
    let mut inner = Html::default();
    inner.hidden("ticket", ticket);
    let mut params = json!({ "id": "code", "name": "code", "label": { "text": text(lang, "code") } });
    if let Some(error) = error_of(lang, form.wrong(), "code") {
        params["error"] = error;
    }
    inner.put(lang, "otp-input", params);
    inner.put(lang, "button", json!({ "text": text(lang, "save"), "once": true }));
    page.main.form("/account/codes", &who.csrf, None, &inner);
    Ok(page.show(who))
}

/// `POST /account/codes`
pub(super) async fn set_codes(State(app): State<Arc<App>>, who: Who, mut form: Form) -> Result<Response, Fault> {
    let all = fresh(&app, &who).await?;
    let Some(secret) = doors::take_enrolment(&app, &form.shown("ticket")) else { return Err(Fault::Form) };
    let Some(step) = verify(&secret, &form.shown("code"), who.now.into(), None) else {
        form.refuse("code", "BW-WEB-025", &[]);
        let ticket = doors::keep_enrolment(&app, secret.clone())?;
        return codes_page(&app, &who, &ticket, &secret, &form);
    };
    let old = all.into_iter().find(|row| row.kind == "totp");
    let new = NewCredential::Totp { secret: secret.to_base32().into_bytes(), used: step.to_string() };
    add(&app, &who, &text(who.lang(), "code"), new, old).await?;
    Ok(Redirect::to("/account?done=codes").into_response())
}

/// `POST /account/credentials/{id}/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    _: Form,
) -> Result<Response, Fault> {
    let all = app.store.credentials(who.person.id).await?;
    let Some(row) = all.iter().find(|row| row.id == id).cloned() else { return Err(Fault::NotFound) };
    fresh(&app, &who).await?;
    let rest: Vec<credential::Model> = all.into_iter().filter(|row| row.id != id).collect();
    if !complete(&rest) {
        return Err(Fault::Bad(vec![message("BW-WEB-026", &[])]));
    }
    let (actor, person) = (who.actor(&app, None), who.person.id);
    let keep = who.session().map(|row| row.id);
    let removed = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            tx.delete::<credential::Entity>(row.id, row.version).await?;
            tx.revoke_sessions_of(person, keep).await
        })
    });
    removed.await?;
    Ok(Redirect::to("/account?done=removed").into_response())
}

/// The line of a way to log in, with the button that removes it.
pub(super) fn line(who: &Who, row: &credential::Model) -> serde_json::Value {
    let lang = who.lang();
    let used = row.used_at.map_or_else(|| text(lang, "never"), |at| bulwark_i18n::date_time(at.into(), lang));
    let mut form = Html::default();
    let button = component(lang, "button", json!({ "text": text(lang, "remove"), "variant": "quiet", "size": "small", "once": true }));
    form.form(&format!("/account/credentials/{}/remove", row.id), &who.csrf, None, &button);
    json!({ "cells": [
        { "text": text(lang, &format!("kind_{}", row.kind)) },
        { "text": row.label },
        { "text": bulwark_i18n::date_time(row.created_at.into(), lang) },
        { "text": used },
        { "html": form.as_str() },
    ] })
}
