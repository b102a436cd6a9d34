//! The programming interface: what the pages show, as JSON, for programs that act for a person by a token.
//!
//! The same walls stand around it ([`crate::guard`]), the same decision is asked about every object, and what needs a
//! person who is present stays with the pages. Lists take the filters of the pages; errors are RFC 9457.

mod document;
mod read;
mod wire;
mod write;

use axum::Json;
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use bulwark_i18n::args;
use bulwark_model::rights::Action;
use bulwark_store::{Listing, MAX_COUNT, MAX_ROWS, PageRequest, Uuid};
use serde::Serialize;

use crate::fault::{Fault, message};
use crate::list::Query;
use crate::route::Routes;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .open(Method::GET, "/api/v1/openapi.json", "the description of the interface holds no data", document::show)
        .get("/api/v1/account", "account.self", read::account)
        .get("/api/v1/people", "people.read", read::people)
        .get("/api/v1/people/{id}", "people.read", read::person)
        .get("/api/v1/organisations", "organisation.read", read::organisations)
        .get("/api/v1/organisations/{id}", "organisation.read", read::organisation)
        .get("/api/v1/keys", "key.read", read::keys)
        .get("/api/v1/keys/{id}", "key.read", read::key)
        .get("/api/v1/requests", "home.read", read::requests)
        .get("/api/v1/requests/{id}", "home.read", read::request)
        .post("/api/v1/requests/{id}/withdraw", "home.read", write::withdraw)
        .get("/api/v1/audit", "audit.read", read::audit)
        .get("/api/v1/audit/{seq}", "audit.read", read::leaf)
        .get("/api/v1/access-log", "access_log.read", read::accesses)
        .get("/api/v1/emergency-access", "break_glass.read", read::emergency_accesses)
        .get("/api/v1/emergency-access/{id}", "break_glass.read", read::emergency_access)
        .get("/api/v1/retention", "retention.read", read::retention)
        .get("/api/v1/jobs", "job.read", read::jobs)
        .get("/api/v1/jobs/{id}", "job.read", read::job)
        .post("/api/v1/jobs/{id}/retry", "job.retry", write::retry)
        .post("/api/v1/account/tokens/{id}/revoke", "token.revoke", write::revoke_token)
}

/// Acts a program can be given: those the interface has a route for.
pub(crate) fn has(action: Action) -> bool {
    document::ENDPOINTS.iter().any(|endpoint| endpoint.act == action.code())
}

/// The query of a list, with nothing in it that the list does not know.
fn asked(query: &Query, known: &[&str]) -> Result<PageRequest, Fault> {
    let paging = ["after", "before", "rows", "lang"];
    let unknown = query.names().find(|name| !known.contains(name) && !paging.contains(name));
    if let Some(name) = unknown {
        let values = args![name = name, known = known.iter().chain(&paging[..3]).copied().collect::<Vec<_>>().join(", ")];
        return Err(Fault::Bad(vec![message("BW-WEB-090", &values).at_named(name)]));
    }
    for name in ["after", "before"] {
        if query.get(name).is_some_and(|value| value.parse::<Uuid>().is_err()) {
            return Err(Fault::Bad(vec![message("BW-WEB-091", &args![name = name]).at_named(name)]));
        }
    }
    let rows = query.get("rows").map(str::parse::<u64>);
    if rows.is_some_and(|rows| rows.map_or(true, |rows| !(1..=MAX_ROWS).contains(&rows))) {
        return Err(Fault::Bad(vec![message("BW-WEB-092", &args![most = MAX_ROWS]).at_named("rows")]));
    }
    Ok(query.page())
}

/// An id of the path; what is none names nothing.
fn id(text: &str) -> Result<Uuid, Fault> {
    text.parse().map_err(|_| Fault::NotFound)
}

/// A page of a list.
fn list<T, W: Serialize>(path: &str, query: &Query, found: Listing<T>, wire: impl FnMut(T) -> W) -> Response {
    let link = |name: &str, other: &str, value: Option<Uuid>| {
        value.map(|value| query.with(path, &[(name, Some(&value.to_string())), (other, None)]))
    };
    let next = link("after", "before", found.page.next);
    let previous = link("before", "after", found.page.previous);
    let more = found.total > MAX_COUNT;
    let items: Vec<W> = found.page.rows.into_iter().map(wire).collect();
    let total = if more { MAX_COUNT } else { found.total };
    Json(wire::List { items, total: Some(total), more_than_total: more, next, previous }).into_response()
}
