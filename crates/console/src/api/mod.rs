//! The programming interface: what the pages show, as JSON, for programs that act for a person by a token.
//!
//! The same walls stand around it ([`crate::guard`]), the same decision is asked about every object, and what needs a
//! person who is present stays with the pages. Lists take the filters of the pages; errors are RFC 9457.

mod asked;
mod document;
mod endpoints;
mod read;
mod wire;
mod write;

use axum::Json;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use bulwark_model::rights::Scope;
use bulwark_store::{Listing, MAX_COUNT, Uuid};
use serde::Serialize;

use self::asked::Asked;
use self::endpoints::{Answer, ENDPOINTS};
use crate::fault::Fault;
use crate::route::Routes;
use crate::who::Who;

pub(crate) use self::endpoints::has;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    let routes = routes
        .open(Method::GET, "/api/v1/openapi.json", document::OPEN, document::show)
        .get("/api/v1/account", "account.self", read::account)
        .get("/api/v1/account/tokens", "account.self", read::tokens)
        .get("/api/v1/people", "people.read", read::people)
        .get("/api/v1/people/{id}", "people.read", read::person)
        .get("/api/v1/people/{id}/sessions", "session.revoke", read::sessions)
        .get("/api/v1/organisations", "organisation.read", read::organisations)
        .get("/api/v1/organisations/{id}", "organisation.read", read::organisation)
        .get("/api/v1/systems", "inventory.read", read::systems)
        .get("/api/v1/systems/{id}", "inventory.read", read::system)
        .get("/api/v1/keys", "key.read", read::keys)
        .get("/api/v1/keys/{id}", "key.read", read::key)
        .get("/api/v1/requests", "home.read", read::requests)
        .get("/api/v1/requests/{id}", "home.read", read::request)
        .get("/api/v1/audit", "audit.read", read::audit)
        .get("/api/v1/audit/{seq}", "audit.read", read::leaf)
        .get("/api/v1/access-log", "access_log.read", read::accesses)
        .get("/api/v1/emergency-access", "break_glass.read", read::emergency_accesses)
        .get("/api/v1/emergency-access/{id}", "break_glass.read", read::emergency_access)
        .get("/api/v1/retention", "retention.read", read::retention)
        .get("/api/v1/jobs", "job.read", read::jobs)
        .get("/api/v1/jobs/{id}", "job.read", read::job)
        .post("/api/v1/account/tokens/{id}/revoke", "token.revoke", write::revoke_token)
        .post("/api/v1/people/{id}/sessions/{session}/revoke", "session.revoke", write::revoke_session)
        .post("/api/v1/requests/{id}/withdraw", "account.self", write::withdraw)
        .post("/api/v1/jobs/{id}/retry", "job.retry", write::retry);
    // The acts of people who are present have their place here, so that a program is told where they are done.
    let on_page = ENDPOINTS.iter().filter(|endpoint| endpoint.answer == Answer::OnPage);
    on_page.fold(routes, |routes, endpoint| {
        let Some(act) = endpoint.act else { return routes };
        routes.post(endpoint.path, act, || async { Fault::TokenStepUp })
    })
}

/// An id of the path; what is none names nothing.
fn id(text: &str) -> Result<Uuid, Fault> {
    text.parse().map_err(|_| Fault::NotFound)
}

/// What has no owner is read by those whose reach is everything.
fn everything(who: &Who, action: &str) -> Result<(), Fault> {
    if matches!(who.scope(action), Scope::Everything { .. }) { Ok(()) } else { Err(Fault::NotFound) }
}

/// A page of a list.
fn list<T, W: Serialize>(path: &str, asked: &Asked, found: Listing<T>, wire: impl FnMut(T) -> W) -> Response {
    let link = |name: &str, other: &str, value: Option<Uuid>| {
        value.map(|value| asked.query.with(path, &[(name, Some(&value.to_string())), (other, None)]))
    };
    let next = link("after", "before", found.page.next);
    let previous = link("before", "after", found.page.previous);
    let more = found.total > MAX_COUNT;
    let items: Vec<W> = found.page.rows.into_iter().map(wire).collect();
    let total = if more { MAX_COUNT } else { found.total };
    Json(wire::List { items, total: Some(total), more_than_total: more, next, previous }).into_response()
}

/// A list of one page.
fn whole<T, W: Serialize>(rows: Vec<T>, wire: impl FnMut(T) -> W) -> Response {
    let items: Vec<W> = rows.into_iter().map(wire).collect();
    let total = Some(items.len() as u64);
    Json(wire::List { items, total, more_than_total: false, next: None, previous: None }).into_response()
}
