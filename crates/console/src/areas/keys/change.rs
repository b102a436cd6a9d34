//! What the forms about signing keys do.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_bundle::PublicKey;
use bulwark_i18n::{args, date_time};
use bulwark_store::{StoreError, Uuid};

use super::{PURPOSES, key, pages};
use crate::app::App;
use crate::areas::edit::{ask, note};
use crate::areas::requests::Asked;
use crate::areas::requests::duty::Duty;
use crate::fault::Fault;
use crate::form::{Form, LINE, LINES};
use crate::who::Who;

/// What only a secret key has: ours, and those of other programs.
const SECRET: [&str; 3] = ["bulwark-ed25519-seed", "PRIVATE KEY", "AGE-SECRET-KEY"];

/// `POST /keys/enrol`
pub(super) async fn enrol(State(app): State<Arc<App>>, who: Who, mut form: Form) -> Result<Response, Fault> {
    let public_key = public_key(&mut form);
    let purpose = form.required("purpose", LINE);
    if !purpose.is_empty() && !PURPOSES.contains(&purpose.as_str()) {
        form.refuse("purpose", "BW-WEB-063", &[]);
    }
    let reason = form.required("reason", LINES);
    if let Some(public_key) = public_key
        && let Some(row) = app.store.enrolled_key(&public_key.key_id().to_string()).await?
    {
        form.refuse("public_key", "BW-WEB-062", &args![at = date_time(row.created_at.into(), who.lang())]);
    }
    let Some(public_key) = public_key.filter(|_| form.wrong().is_empty()) else {
        return Ok(pages::enrol_again(&who, &form));
    };
    let duty = Duty::EnrolKey {
        person: who.person.id,
        key_id: public_key.key_id().to_string(),
        public_key: public_key.to_string(),
        purpose,
    };
    match ask(&app, &who, duty, &reason).await {
        Ok(Asked::Done(_)) => Ok(Redirect::to(&format!("/keys?person={}", who.person.id)).into_response()),
        Ok(Asked::Waiting(request)) => Ok(Redirect::to(&format!("/requests/{request}")).into_response()),
        Err(fault) => {
            note(&mut form, fault)?;
            Ok(pages::enrol_again(&who, &form))
        }
    }
}

/// The public key of the form. A secret key that was pasted by mistake is not shown again.
fn public_key(form: &mut Form) -> Option<PublicKey> {
    let given = form.first("public_key").unwrap_or_default();
    if SECRET.iter().any(|mark| given.contains(mark)) {
        form.set("public_key", "");
        form.refuse("public_key", "BW-WEB-061", &[]);
        return None;
    }
    let line = form.required("public_key", LINES);
    let key = line.parse::<PublicKey>().ok();
    if key.is_none() && !line.is_empty() {
        form.refuse("public_key", "BW-WEB-060", &[]);
    }
    key
}

/// `POST /keys/{id}/revoke`
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let (row, _) = key(&app, &who, id, "key.revoke").await?;
    if let Some(at) = row.revoked_at {
        return Err(Fault::field("", "BW-WEB-064", &args![at = date_time(at.into(), who.lang())]));
    }
    let reason = form.required("reason", LINES);
    if !form.wrong().is_empty() {
        return Ok(pages::revoke_again(&who, &row, &form));
    }
    let actor = who.actor(&app, Some(&reason));
    let revoked = app.store.write(&actor, |tx| Box::pin(async move { tx.revoke_signing_key(row).await })).await;
    match revoked {
        // Sent twice at once: the other sending did it.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(Redirect::to(&format!("/keys/{id}?done=1")).into_response()),
        Err(error) => Err(error.into()),
    }
}
