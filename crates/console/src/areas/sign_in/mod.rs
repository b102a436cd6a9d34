//! Doors: log-in, one-time links, renewed proof, log-out.

pub(crate) mod doors;
mod enter;
pub(crate) mod oidc;
mod pages;
mod step_up;

use std::sync::Arc;

use axum::extract::State;
use axum::http::Method;
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_store::entity::person::person;
use bulwark_store::{Actor, NewSession, StoreError, Token, Uuid};

pub(crate) use self::doors::Doors;
pub(crate) use self::pages::passkey_button;
use crate::app::App;
use crate::fault::Fault;
use crate::form::{Form, own_place};
use crate::guard::{SESSION, VISITOR, set_cookie, strict_cookie};
use crate::route::Routes;
use crate::who::{Visit, Who};

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    const DOOR: &str = "the door itself";
    routes
        .open(Method::GET, "/log-in", DOOR, pages::log_in)
        .open(Method::POST, "/log-in", DOOR, enter::by_password)
        .open(Method::POST, "/log-in/passkey/start", DOOR, enter::begin_passkey)
        .open(Method::POST, "/log-in/passkey/finish", DOOR, enter::by_passkey)
        .open(Method::GET, "/log-in/provider", DOOR, oidc::enter)
        .open(Method::GET, "/log-in/provider/return", DOOR, oidc::back)
        .open(Method::GET, "/link/{token}", DOOR, pages::link)
        .open(Method::POST, "/link/{token}", DOOR, enter::by_link)
        .get("/step-up", "account.self", step_up::show)
        .post("/step-up", "account.self", step_up::by_password)
        .post("/step-up/passkey/start", "account.self", step_up::begin_passkey)
        .post("/step-up/passkey/finish", "account.self", step_up::by_passkey)
        .post("/log-out", "account.self", log_out)
}

/// The role a person begins in: the first held now. Who holds none may still look after the own account.
async fn first_role(app: &App, person: &person::Model) -> Result<(String, Uuid), Fault> {
    let held = app.store.grants(person.id, app.store.now()).await?;
    let first = held.first().map(|held| (held.role.clone(), held.organisation_id));
    Ok(first.unwrap_or_else(|| (String::new(), person.organisation_id)))
}

/// A session to be opened for a person who proved who they are.
fn new_session(
    app: &App,
    visit: &Visit,
    person: &person::Model,
    acting: (String, Uuid),
    method: &str,
    fresh: bool,
) -> NewSession {
    NewSession {
        person: person.id,
        role: acting.0,
        organisation: acting.1,
        method: method.to_owned(),
        agent: visit.agent.clone(),
        fresh,
        expires_at: app.store.now().plus_ms(app.settings.session_hours.saturating_mul(3_600_000)),
    }
}

/// The actor of a log-in: the person, in the role the session begins in.
fn arriving(app: &App, visit: &Visit, person: &person::Model, acting: &(String, Uuid)) -> Actor {
    Actor {
        person: Some(person.id),
        role: acting.0.clone(),
        organisation: Some(acting.1),
        request_id: visit.request_id.clone(),
        source_ip_hash: Some(app.store.address_hash(&visit.address.to_string())),
        reason: None,
    }
}

/// Sets the cookie of a new session; a cookie from before is never kept.
fn welcome(mut response: Response, token: &Token) -> Response {
    set_cookie(response.headers_mut(), &strict_cookie(SESSION, token.reveal()));
    set_cookie(response.headers_mut(), &strict_cookie(VISITOR, ""));
    response
}

/// `POST /log-out`
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

/// Where to go after the door.
fn next(place: Option<&str>) -> String {
    own_place(place.unwrap_or("/")).to_owned()
}
