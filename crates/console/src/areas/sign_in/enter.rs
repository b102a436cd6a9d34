//! Coming in: by password and code, by passkey, by a link.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_store::entity::person::{credential, person};
use bulwark_store::{StoreError, Token};
use serde::Deserialize;
use serde_json::json;

use super::doors::{self, Begun, Proven};
use super::{arriving, first_role, new_session, next, pages, welcome};
use crate::app::App;
use crate::fault::{Fault, message};
use crate::form::Form;
use crate::who::{Visit, Visitor};

/// The browser's answer to a ceremony.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Answer {
    pub ticket: String,
    pub response: serde_json::Value,
    #[serde(default)]
    pub next: Option<String>,
}

/// Opens the session, and writes the used credentials back in the same transaction.
pub(super) async fn open(
    app: &App,
    visit: &Visit,
    account: &person::Model,
    method: &str,
    fresh: bool,
    used: Vec<(credential::Model, Option<String>)>,
) -> Result<Token, Fault> {
    let acting = first_role(app, account).await?;
    let actor = arriving(app, visit, account, &acting);
    let new = new_session(app, visit, account, acting, method, fresh);
    let opened = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            for (row, data) in used {
                tx.credential_used(row, data).await?;
            }
            Ok(tx.open_session(new).await?.1)
        })
    });
    opened.await.map_err(|error| match error {
        // The same code or passkey at the same moment, twice: one of the two was first.
        StoreError::Conflict { .. } => Fault::Refused,
        other => other.into(),
    })
}

/// Leaves a trace of a refused log-in with the account it was meant for. A name that nobody has is not written down, for
/// it may be a password typed into the wrong box; that it was tried is, and takes as long.
pub(super) async fn refused(app: &App, visit: &Visit, account: Option<&person::Model>) -> Result<(), Fault> {
    let actor = bulwark_store::Actor {
        source_ip_hash: Some(app.store.address_hash(&visit.address.to_string())),
        ..bulwark_store::Actor::system(visit.request_id.clone())
    };
    let owner = account.map(|account| account.organisation_id);
    let object =
        account.map_or_else(|| "session/unknown".to_owned(), |account| format!("person/{}", account.id));
    let noted = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            tx.audit_of(owner, "session.refuse", &object, None, None);
            Ok(())
        })
    });
    Ok(noted.await?)
}

/// `POST /log-in`
pub(super) async fn by_password(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    form: Form,
) -> Result<Response, Fault> {
    let login = form.shown("login").trim().to_lowercase();
    let to = next(form.first("next"));
    if let Err(seconds) = app.limits.log_in(visit.address, &login, app.store.now()) {
        let wait = message("BW-WEB-022", &bulwark_i18n::args![seconds = seconds]);
        return pages::log_in_again(&app, &visit, &login, &to, &[wait]);
    }
    let account = app.store.person_by_login(&login).await?;
    let (password, code) = (form.shown("password"), form.shown("code"));
    match doors::by_password(&app, account.as_ref(), &password, &code).await {
        Ok(Proven { password, rehashed, totp, step }) => {
            let Some(account) = account else { return Err(Fault::Refused) };
            let used = vec![(password, rehashed), (totp, Some(step.to_string()))];
            let token = open(&app, &visit, &account, "password", true, used).await?;
            Ok(welcome(Redirect::to(&to).into_response(), &token))
        }
        Err(Fault::Refused) => {
            refused(&app, &visit, account.as_ref()).await?;
            pages::log_in_again(&app, &visit, &login, &to, &[bulwark_identity::refused()])
        }
        Err(other) => Err(other),
    }
}

/// `POST /log-in/passkey/start`
pub(super) async fn begin_passkey(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
) -> Result<Json<Begun>, Fault> {
    app.limits.arrival(visit.address, app.store.now()).map_err(Fault::TooMany)?;
    Ok(Json(doors::begin_authentication(&app, None).await?))
}

/// `POST /log-in/passkey/finish`
pub(super) async fn by_passkey(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    Json(answer): Json<Answer>,
) -> Result<Response, Fault> {
    let response = answer.response.to_string();
    let (row, used) = match doors::finish_authentication(&app, answer.ticket, &response).await {
        Ok(proven) => proven,
        Err(Fault::Refused) => {
            refused(&app, &visit, doors::owner_of(&app, &response).await?.as_ref()).await?;
            return Err(Fault::Refused);
        }
        Err(other) => return Err(other),
    };
    let account = app.store.get::<person::Entity>(row.person_id).await?;
    if account.disabled_at.is_some() {
        refused(&app, &visit, Some(&account)).await?;
        return Err(Fault::Refused);
    }
    let token = open(&app, &visit, &account, "passkey", true, vec![(row, Some(used))]).await?;
    let body = Json(json!({ "location": next(answer.next.as_deref()) }));
    Ok(welcome(body.into_response(), &token))
}

/// `POST /link/{token}`
pub(super) async fn by_link(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    Path(token): Path<String>,
    _: Form,
) -> Result<Response, Fault> {
    let gone = || Fault::Bad(vec![message("BW-WEB-020", &[])]);
    app.limits.arrival(visit.address, app.store.now()).map_err(Fault::TooMany)?;
    let link = app.store.link(&token).await?.ok_or_else(gone)?;
    let account = app.store.get::<person::Entity>(link.person_id).await?;
    if account.disabled_at.is_some() {
        return Err(gone());
    }
    let acting = first_role(&app, &account).await?;
    let actor = arriving(&app, &visit, &account, &acting);
    let new = new_session(&app, &visit, &account, acting, "link", true);
    let opened = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            tx.take_link(&token).await?;
            Ok(tx.open_session(new).await?.1)
        })
    });
    let session = opened.await.map_err(|error| match error {
        StoreError::NotFound { .. } => gone(),
        other => other.into(),
    })?;
    Ok(welcome(Redirect::to("/account?welcome=1").into_response(), &session))
}
