//! Another try for a job that was given up.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::args;
use bulwark_store::{StoreError, Uuid};

use super::{job, state_name};
use crate::app::App;
use crate::fault::Fault;
use crate::form::Form;
use crate::who::Who;

/// `POST /jobs/{id}/retry`
pub(super) async fn retry(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    _: Form,
) -> Result<Response, Fault> {
    let row = job(&app, &who, id, "job.retry").await?;
    if row.state != "dead" {
        return Err(Fault::field("", "BW-WEB-067", &args![state = state_name(who.lang(), &row.state)]));
    }
    let actor = who.actor(&app, None);
    let revived = app.store.write(&actor, |tx| Box::pin(async move { tx.revive_job(row).await })).await;
    match revived {
        // Sent twice at once: the other sending did it.
        Ok(_) | Err(StoreError::Conflict { .. }) => Ok(Redirect::to(&format!("/jobs/{id}?done=1")).into_response()),
        // Of unfinished jobs with the same key there is only one.
        Err(StoreError::Duplicate(_)) => Err(Fault::field("", "BW-WEB-068", &[])),
        Err(error) => Err(error.into()),
    }
}
