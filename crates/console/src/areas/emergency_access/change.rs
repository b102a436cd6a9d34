//! Asking for an emergency access. The second person decides on it among the requests.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::{args, date_time};
use bulwark_model::Location;
use bulwark_store::entity::organisation::organisation;
use bulwark_store::{PageRequest, Uuid};

use super::pages::request_again;
use crate::app::App;
use crate::areas::requests::duty::Duty;
use crate::areas::requests::{Asked, submit};
use crate::fault::Fault;
use crate::form::{Form, LINE, LINES};
use crate::who::Who;

/// Characters of a reason at least: what the organisation will read must say something.
pub(super) const LEAST: usize = 10;

/// `POST /emergency-access/request`
pub(super) async fn request(
    State(app): State<Arc<App>>,
    who: Who,
    mut form: Form,
) -> Result<Response, Fault> {
    let code = form.required("organisation", LINE);
    let reason = form.required("reason", LINES);
    let count = reason.chars().filter(|c| !c.is_whitespace()).count();
    if !reason.is_empty() && count < LEAST {
        form.refuse("reason", "BW-WEB-070", &args![count = count, least = LEAST]);
    }
    let at = app.store.organisation_by_code(&code).await?;
    if at.is_none() && !code.is_empty() {
        form.refuse("organisation", "BW-WEB-042", &args![code = code]);
    }
    if let Some(at) = &at {
        needed(&app, &who, at, &mut form).await?;
    }
    let Some(at) = at else { return Ok(request_again(&who, &form)) };
    if !form.wrong().is_empty() {
        return Ok(request_again(&who, &form));
    }
    match submit(&app, &who, Duty::BreakGlass { owner: at.id }, &reason).await {
        Ok(Asked::Waiting(request)) => Ok(Redirect::to(&format!("/requests/{request}")).into_response()),
        Ok(Asked::Done(_)) => Ok(Redirect::to("/emergency-access").into_response()),
        Err(Fault::Bad(wrong)) => {
            // The same form sent again leads to what the first sending did.
            if let Some(request) = asked_before(&app, &who, at.id, &reason).await? {
                return Ok(Redirect::to(&format!("/requests/{request}")).into_response());
            }
            for diagnostic in wrong {
                form.note(diagnostic.at(Location::Named("organisation".into())));
            }
            Ok(request_again(&who, &form))
        }
        Err(fault) => Err(fault),
    }
}

/// Refuses what nobody needs: access to one's own organisation, and a second one while the first is open.
async fn needed(app: &App, who: &Who, at: &organisation::Model, form: &mut Form) -> Result<(), Fault> {
    if at.id == who.organisation.id {
        form.refuse("organisation", "BW-WEB-071", &[]);
    }
    let open = app.store.emergency_accesses_of(who.person.id).await?;
    if let Some(row) = open.iter().find(|row| row.owner_id == at.id) {
        let until = date_time(row.valid_until.into(), who.lang());
        form.refuse("organisation", "BW-WEB-072", &args![until = until]);
    }
    Ok(())
}

/// The person's own request for the same that waits already, given for the same reason.
async fn asked_before(app: &App, who: &Who, owner: Uuid, reason: &str) -> Result<Option<Uuid>, Fault> {
    let request = PageRequest { rows: bulwark_store::MAX_ROWS, ..PageRequest::default() };
    let own = app.store.pending_acts(who.person.id, &[], true, request).await?;
    let action = Duty::BreakGlass { owner }.action();
    let same = own
        .page
        .rows
        .iter()
        .find(|row| row.action == action && row.owner_id == owner && row.reason == reason);
    Ok(same.map(|row| row.id))
}
