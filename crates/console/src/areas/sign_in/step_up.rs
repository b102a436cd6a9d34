//! Renewed proof: before anything weighty, at most five minutes old.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use bulwark_store::entity::person::credential;
use serde_json::json;

use super::doors::{self, Begun, Proven};
use super::enter::Answer;
use super::next;
use crate::app::App;
use crate::fault::{Fault, message};
use crate::form::Form;
use crate::html::Html;
use crate::list::Query;
use crate::page::{Page, say};
use crate::who::Who;

/// `GET /step-up`
pub(super) async fn show(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    page(&app, &who, &next(query.get("next")), &[]).await
}

async fn page(app: &App, who: &Who, to: &str, errors: &[Diagnostic]) -> Result<Response, Fault> {
    let lang = who.lang();
    let text = |key: &str| say(lang, &format!("sign_in.{key}"));
    let all = app.store.credentials(who.person.id).await?;
    let has = |kind: &str| all.iter().any(|row| row.kind == kind);
    let mut page = Page::new("", text("step_up")).narrow().errors(errors);
    page.main.p(&text("step_up_lead"));
    if has("oidc") {
        page.main.push(&super::oidc::button(app, who.visit(), to, true));
    }
    let any = has("passkey") || has("oidc") || (has("password") && has("totp"));
    if !any {
        page.main.p(&text("step_up_none"));
        page.main.link("/account", &text("to_account"));
        return Ok(page.show(who));
    }
    if has("passkey") {
        let attributes = [
            ("data-passkey", "get"),
            ("data-start", "/step-up/passkey/start"),
            ("data-finish", "/step-up/passkey/finish"),
            ("data-next", to),
            ("data-csrf", who.csrf.as_str()),
        ];
        page.main.push(&super::pages::passkey_button(lang, &text("step_up_passkey"), &attributes));
    }
    if has("password") && has("totp") {
        let mut inner = Html::default();
        inner.hidden("next", to);
        inner.put(lang, "password-input", json!({
            "id": "password", "name": "password", "label": { "text": text("password") }, "autocomplete": "current-password",
        }));
        inner.put(lang, "otp-input", json!({ "id": "code", "name": "code", "label": { "text": text("code") } }));
        inner.put(lang, "button", json!({ "text": text("step_up_send"), "once": true }));
        page.main.form("/step-up", &who.csrf, None, &inner);
    }
    Ok(page.show(who))
}

async fn renew(app: &App, who: &Who, used: Vec<(credential::Model, Option<String>)>) -> Result<(), Fault> {
    let session = who.session().cloned().ok_or(Fault::TokenStepUp)?;
    let actor = who.actor(app, None);
    let renewed = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            for (row, data) in used {
                tx.credential_used(row, data).await?;
            }
            tx.step_up(session).await
        })
    });
    renewed.await?;
    Ok(())
}

/// `POST /step-up`
pub(super) async fn by_password(State(app): State<Arc<App>>, who: Who, form: Form) -> Result<Response, Fault> {
    let to = next(form.first("next"));
    if let Err(seconds) = app.limits.log_in(who.visit().address, &who.person.login, app.store.now()) {
        return page(&app, &who, &to, &[message("BW-WEB-022", &args![seconds = seconds])]).await;
    }
    let proven = doors::by_password(&app, Some(&who.person), &form.shown("password"), &form.shown("code")).await;
    match proven {
        Ok(Proven { password, rehashed, totp, step }) => {
            renew(&app, &who, vec![(password, rehashed), (totp, Some(step.to_string()))]).await?;
            Ok(Redirect::to(&to).into_response())
        }
        Err(Fault::Refused) => page(&app, &who, &to, &[bulwark_identity::refused()]).await,
        Err(other) => Err(other),
    }
}

/// `POST /step-up/passkey/start`
pub(super) async fn begin_passkey(State(app): State<Arc<App>>, who: Who) -> Result<Json<Begun>, Fault> {
    Ok(Json(doors::begin_authentication(&app, Some(&who.person)).await?))
}

/// `POST /step-up/passkey/finish`
pub(super) async fn by_passkey(
    State(app): State<Arc<App>>,
    who: Who,
    Json(answer): Json<Answer>,
) -> Result<Response, Fault> {
    let (row, used) = doors::finish_authentication(&app, answer.ticket, &answer.response.to_string()).await?;
    if row.person_id != who.person.id {
        return Err(Fault::Refused);
    }
    renew(&app, &who, vec![(row, Some(used))]).await?;
    Ok(Json(json!({ "location": next(answer.next.as_deref()) })).into_response())
}

