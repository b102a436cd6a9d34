//! The few changes a program may make: none that needs its person present.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bulwark_i18n::args;
use bulwark_store::entity::access::{api_token, session};
use bulwark_store::entity::person::person;
use bulwark_store::{Outcome, StoreError};

use super::asked::{Asked, Nothing};
use super::{id, wire};
use crate::app::App;
use crate::areas::{jobs, requests};
use crate::fault::{Fault, message};
use crate::who::Who;

fn done(object: String, state: &str) -> Response {
    Json(wire::Done { object, state: state.to_owned() }).into_response()
}

/// `POST /api/v1/requests/{id}/withdraw`: done again, it is done already.
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
    _: Nothing,
) -> Result<Response, Fault> {
    let row = requests::seen(&app, &who, id(&text)?).await?;
    if row.asked_by != who.person.id {
        return Err(Fault::NotFound);
    }
    let object = format!("pending_act/{}", row.id);
    if row.state == "withdrawn" {
        return Ok(done(object, "withdrawn"));
    }
    requests::waiting(&row, &who)?;
    let actor = who.actor(&app, None);
    let ended =
        app.store.write(&actor, |tx| Box::pin(async move { tx.decide_act(row, Outcome::Withdrawn).await }));
    ended.await?;
    Ok(done(object, "withdrawn"))
}

/// `POST /api/v1/jobs/{id}/retry`
pub(super) async fn retry(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
    _: Nothing,
) -> Result<Response, Fault> {
    let row = jobs::job(&app, &who, id(&text)?, "job.retry").await?;
    let object = format!("job/{}", row.id);
    if row.state == "ready" {
        return Ok(done(object, "ready"));
    }
    if row.state != "dead" {
        return Err(Fault::Bad(vec![message("BW-WEB-067", &args![state = row.state])]));
    }
    let actor = who.actor(&app, None);
    match app.store.write(&actor, |tx| Box::pin(async move { tx.revive_job(row).await })).await {
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(done(object, "ready")),
        Err(StoreError::Duplicate(_)) => Err(Fault::Bad(vec![message("BW-WEB-068", &[])])),
        Err(error) => Err(error.into()),
    }
}

/// `POST /api/v1/account/tokens/{id}/revoke`: a program may end its own token, too.
pub(super) async fn revoke_token(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
    _: Nothing,
) -> Result<Response, Fault> {
    let row = app.store.get::<api_token::Entity>(id(&text)?).await?;
    if row.person_id != who.person.id {
        return Err(Fault::NotFound);
    }
    let object = format!("api_token/{}", row.id);
    if row.revoked_at.is_none() {
        let actor = who.actor(&app, None);
        app.store.write(&actor, |tx| Box::pin(async move { tx.revoke_api_token(row).await })).await?;
    }
    Ok(done(object, "revoked"))
}

/// `POST /api/v1/people/{id}/sessions/{session}/revoke`: done again, it is done already.
pub(super) async fn revoke_session(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path((text, open)): Path<(String, String)>,
    _: Nothing,
) -> Result<Response, Fault> {
    let (own, open) = (id(&text)?, id(&open)?);
    let account = app.store.get::<person::Entity>(own).await?;
    let resource = app.store.account_resource(&account).await?;
    let object = format!("session/{open}");
    who.allow(&app, "session.revoke", &resource, &object).await?;
    let row = app.store.get::<session::Entity>(open).await?;
    if row.person_id != own {
        return Err(Fault::NotFound);
    }
    if row.revoked_at.is_none() {
        let actor = who.actor(&app, None);
        app.store.write(&actor, |tx| Box::pin(async move { tx.revoke_session(row).await })).await?;
    }
    Ok(done(object, "revoked"))
}
