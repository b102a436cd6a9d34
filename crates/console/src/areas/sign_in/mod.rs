//! Doors: log-in, one-time links, renewed proof, log-out.

mod pages;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::Method;
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::args;
use bulwark_store::entity::person::person;
use bulwark_store::{Actor, NewSession, StoreError, Token};

use crate::app::App;
use crate::fault::{Fault, wrong};
use crate::form::{Form, own_place};
use crate::guard::{SESSION, VISITOR, set_cookie, strict_cookie};
use crate::list::Query;
use crate::route::Routes;
use crate::who::{Visit, Visitor, Who};

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    const DOOR: &str = "the door itself";
    routes
        .open(Method::GET, "/log-in", DOOR, pages::log_in)
        .open(Method::GET, "/link/{token}", DOOR, pages::link)
        .open(Method::POST, "/link/{token}", DOOR, take_link)
        .post("/log-out", "account.self", log_out)
}

/// The role a person begins in: the first held now.
pub(super) async fn first_role(app: &App, person: &person::Model) -> Result<(String, bulwark_store::Uuid), Fault> {
    let held = app.store.grants(person.id, app.store.now()).await?;
    let first = held.first().ok_or(Fault::Denied(bulwark_model::rights::Denied::NotInForce))?;
    Ok((first.role.clone(), first.organisation_id))
}

/// A session to be opened for a person who proved who they are.
pub(super) fn new_session(
    app: &App,
    visit: &Visit,
    person: &person::Model,
    acting: (String, bulwark_store::Uuid),
    method: &str,
) -> NewSession {
    NewSession {
        person: person.id,
        role: acting.0,
        organisation: acting.1,
        method: method.to_owned(),
        agent: visit.agent.clone(),
        expires_at: app.store.now().plus_ms(app.settings.session_hours.saturating_mul(3_600_000)),
    }
}

/// The actor of a log-in: the person, in the role the session begins in.
pub(super) fn arriving(app: &App, visit: &Visit, person: &person::Model, acting: &(String, bulwark_store::Uuid)) -> Actor {
    Actor {
        person: Some(person.id),
        role: acting.0.clone(),
        organisation: Some(acting.1),
        request_id: visit.request_id.clone(),
        source_ip_hash: Some(app.store.address_hash(&visit.address.to_string())),
        reason: None,
    }
}

/// The answer that lets someone in: a new session cookie, never one from before.
pub(super) fn welcome(token: &Token, next: &str) -> Response {
    let mut response = Redirect::to(own_place(next)).into_response();
    set_cookie(response.headers_mut(), &strict_cookie(SESSION, token.reveal()));
    set_cookie(response.headers_mut(), &strict_cookie(VISITOR, ""));
    response
}

async fn take_link(
    State(app): State<Arc<App>>,
    Visitor(visit): Visitor,
    Path(token): Path<String>,
    _: Form,
) -> Result<Response, Fault> {
    let now = app.store.now();
    app.limits.log_in(visit.address, "link", now).map_err(Fault::TooMany)?;
    let Some(link) = app.store.link(&token).await? else {
        return Err(Fault::Bad(vec![wrong("", "BW-WEB-020", &[])]));
    };
    let person = app.store.get::<person::Entity>(link.person_id).await?;
    if person.disabled_at.is_some() {
        return Err(Fault::Bad(vec![wrong("", "BW-WEB-020", &[])]));
    }
    let acting = first_role(&app, &person).await?;
    let actor = arriving(&app, &visit, &person, &acting);
    let new = new_session(&app, &visit, &person, acting, "link");
    let opened = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            tx.take_link(&token).await?;
            Ok(tx.open_session(new).await?.1)
        })
    });
    let opened = opened.await;
    let session = opened.map_err(|error| match error {
        StoreError::NotFound { .. } => Fault::Bad(vec![wrong("", "BW-WEB-020", &[])]),
        other => other.into(),
    })?;
    Ok(welcome(&session, "/account?welcome=1"))
}

async fn log_out(State(app): State<Arc<App>>, who: Who, _: Form) -> Result<Response, Fault> {
    if let Some(session) = who.session().cloned() {
        let actor = who.actor(&app, None);
        let ended = app.store.write(&actor, |tx| {
            Box::pin(async move { tx.revoke_session(session).await.map(|_| ()) })
        });
        match ended.await {
            // Ended elsewhere in between: that is what was wanted.
            Ok(()) | Err(StoreError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut response = Redirect::to("/log-in?out=1").into_response();
    set_cookie(response.headers_mut(), &strict_cookie(SESSION, ""));
    // Browsers forget what they kept of the pages.
    let value = axum::http::HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert("clear-site-data", value);
    Ok(response)
}

/// What a door says when it stays shut, in the same words whatever was wrong.
pub(super) fn refused(seconds: Option<i64>) -> Fault {
    match seconds {
        Some(seconds) => Fault::Bad(vec![wrong("", "BW-WEB-022", &args![seconds = seconds])]),
        None => Fault::Bad(vec![wrong("", "BW-WEB-021", &[])]),
    }
}

/// Where to go after the door.
pub(super) fn next_of(query: &Query) -> String {
    own_place(query.get("next").unwrap_or("/")).to_owned()
}
