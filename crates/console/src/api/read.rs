//! Reading. Every object is decided about as on its page, and readings that an owner must see are written down.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bulwark_model::rights::Scope;
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::person::{person, signing_key};
use bulwark_store::entity::two_person::break_glass;
use bulwark_store::entity::work::job;
use bulwark_store::rights::person_id;
use bulwark_store::{AuditFilter, GrantFilter, PageRequest, PeopleFilter};

use super::{asked, id, list, wire};
use crate::app::App;
use crate::areas::{audit, requests, retention};
use crate::fault::{Fault, message};
use crate::list::{Query, ROWS};
use crate::who::{Door, Who};

/// `GET /api/v1/account`
pub(super) async fn account(who: Who) -> Result<Response, Fault> {
    let Door::Token(token) = &who.door else { return Err(Fault::NotSignedIn) };
    Ok(Json(wire::Account {
        id: who.person.id.to_string(),
        login: who.person.login.clone(),
        name: who.person.name.clone(),
        role: token.role.clone(),
        organisation: token.organisation_id.to_string(),
        scope: token.scope.split_whitespace().map(str::to_owned).collect(),
        expires_at: token.expires_at.to_string(),
    })
    .into_response())
}

/// `GET /api/v1/people`
pub(super) async fn people(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let page = asked(&query, &["q", "organisation", "state", "role"])?;
    let filter = PeopleFilter {
        text: query.owned("q"),
        organisation: query.id("organisation"),
        disabled: query.get("state").map(|state| state == "disabled"),
        role: query.owned("role"),
    };
    let found = app.store.people(&who.scope("people.read"), &filter, page).await?;
    Ok(list("/api/v1/people", &query, found, wire::Person::from))
}

/// `GET /api/v1/people/{id}`
pub(super) async fn person(State(app): State<Arc<App>>, who: Who, Path(text): Path<String>) -> Result<Response, Fault> {
    let id = id(&text)?;
    let row = app.store.get::<person::Entity>(id).await?;
    let resource = app.store.account_resource(&row).await?;
    who.allow(&app, "people.read", &resource, &format!("person/{id}")).await?;
    let everywhere = Scope::Everything { without: Vec::new() };
    let filter = GrantFilter { person: Some(id), ..GrantFilter::default() };
    let held = app.store.roles_held(&everywhere, &filter, PageRequest { rows: 200, ..PageRequest::default() }).await?;
    let roles = held.page.rows.into_iter().map(wire::Role::from).collect();
    Ok(Json(wire::PersonWithRoles { person: row.into(), roles }).into_response())
}

/// `GET /api/v1/organisations`
pub(super) async fn organisations(State(app): State<Arc<App>>, _: Who, query: Query) -> Result<Response, Fault> {
    let page = asked(&query, &["q", "kind"])?;
    let found = app.store.organisations(query.get("q"), query.get("kind"), page).await?;
    Ok(list("/api/v1/organisations", &query, found, wire::Organisation::from))
}

/// `GET /api/v1/organisations/{id}`
pub(super) async fn organisation(
    State(app): State<Arc<App>>,
    who: Who,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let id = id(&text)?;
    let resource = app.store.resource_of(id).await?;
    who.allow(&app, "organisation.read", &resource, &format!("organisation/{id}")).await?;
    let row = app.store.get::<organisation::Entity>(id).await?;
    Ok(Json(wire::Organisation::from(row)).into_response())
}

/// `GET /api/v1/keys`
pub(super) async fn keys(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let page = asked(&query, &["person", "state"])?;
    let revoked = query.get("state").map(|state| state == "revoked");
    let found = app.store.signing_keys(&who.scope("key.read"), query.id("person"), revoked, page).await?;
    Ok(list("/api/v1/keys", &query, found, wire::Key::from))
}

/// `GET /api/v1/keys/{id}`
pub(super) async fn key(State(app): State<Arc<App>>, who: Who, Path(text): Path<String>) -> Result<Response, Fault> {
    let id = id(&text)?;
    let row = app.store.get::<signing_key::Entity>(id).await?;
    let owner = app.store.get::<person::Entity>(row.person_id).await?;
    let resource = app.store.account_resource(&owner).await?;
    who.allow(&app, "key.read", &resource, &format!("signing_key/{id}")).await?;
    Ok(Json(wire::Key::from(row)).into_response())
}

/// `GET /api/v1/requests`
pub(super) async fn requests(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let page = asked(&query, &["state"])?;
    let all = query.get("state") == Some("all");
    let found = app.store.pending_acts(who.person.id, &requests::decidable(&who), !all, page).await?;
    Ok(list("/api/v1/requests", &query, found, wire::Request::from))
}

/// `GET /api/v1/requests/{id}`
pub(super) async fn request(State(app): State<Arc<App>>, who: Who, Path(text): Path<String>) -> Result<Response, Fault> {
    let row = requests::seen(&app, &who, id(&text)?).await?;
    Ok(Json(wire::Request::from(row)).into_response())
}

/// `GET /api/v1/audit`
pub(super) async fn audit(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let known = ["person", "object", "organisation", "action", "after", "rows", "lang"];
    if let Some(name) = query.names().find(|name| !known.contains(name)) {
        let values = bulwark_i18n::args![name = name, known = known[..6].join(", ")];
        return Err(Fault::Bad(vec![message("BW-WEB-090", &values).at_named(name)]));
    }
    let before = match query.get("after").map(str::parse::<i64>) {
        Some(Ok(seq)) => Some(seq),
        None => None,
        Some(Err(_)) => {
            let values = bulwark_i18n::args![name = "after"];
            return Err(Fault::Bad(vec![message("BW-WEB-091", &values).at_named("after")]));
        }
    };
    let filter = AuditFilter {
        person: query.id("person"),
        object: query.owned("object"),
        owner: query.id("organisation"),
        action: query.owned("action"),
    };
    let rows = query.get("rows").and_then(|rows| rows.parse().ok()).unwrap_or(ROWS);
    let found = app.store.audit_page(&who.scope("audit.read"), &filter, before, rows).await?;
    let next = found.next.map(|seq| query.with("/api/v1/audit", &[("after", Some(&seq.to_string()))]));
    let items: Vec<wire::Leaf> = found.rows.into_iter().map(leaf_of).collect();
    Ok(Json(wire::List { items, total: None, more_than_total: false, next, previous: None }).into_response())
}

fn leaf_of(row: bulwark_store::entity::audit::leaf::Model) -> wire::Leaf {
    wire::Leaf { seq: row.seq, object: row.object, leaf: row.leaf, hash: row.hash }
}

/// `GET /api/v1/audit/{seq}`
pub(super) async fn leaf(State(app): State<Arc<App>>, who: Who, Path(text): Path<String>) -> Result<Response, Fault> {
    let row = audit::leaf_seen(&app, &who, &text).await?;
    Ok(Json(leaf_of(row)).into_response())
}

/// `GET /api/v1/access-log`
pub(super) async fn accesses(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let page = asked(&query, &["person"])?;
    let found = app.store.accesses(&who.scope("access_log.read"), query.id("person"), page).await?;
    Ok(list("/api/v1/access-log", &query, found, wire::Access::from))
}

/// `GET /api/v1/emergency-access`
pub(super) async fn emergency_accesses(
    State(app): State<Arc<App>>,
    who: Who,
    query: Query,
) -> Result<Response, Fault> {
    let page = asked(&query, &["state"])?;
    let open = query.get("state") == Some("open");
    let found = app.store.emergency_access_list(&who.scope("break_glass.read"), open, page).await?;
    Ok(list("/api/v1/emergency-access", &query, found, wire::EmergencyAccess::from))
}

/// `GET /api/v1/emergency-access/{id}`
pub(super) async fn emergency_access(
    State(app): State<Arc<App>>,
    who: Who,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let id = id(&text)?;
    let row = app.store.get::<break_glass::Entity>(id).await?;
    let mut resource = app.store.resource_of(row.owner_id).await?;
    resource.person = Some(person_id(row.person_id));
    resource.participants.insert(person_id(row.person_id));
    who.allow(&app, "break_glass.read", &resource, &format!("break_glass/{id}")).await?;
    Ok(Json(wire::EmergencyAccess::from(row)).into_response())
}

/// `GET /api/v1/retention`
pub(super) async fn retention(State(app): State<Arc<App>>, _: Who) -> Result<Response, Fault> {
    let rules = retention::in_force(&app.store).await?;
    let rules = rules.into_iter().map(|(class, days)| wire::Retention { class: class.code().to_owned(), days });
    let items: Vec<wire::Retention> = rules.collect();
    let total = Some(items.len() as u64);
    Ok(Json(wire::List { items, total, more_than_total: false, next: None, previous: None }).into_response())
}

/// `GET /api/v1/jobs`
pub(super) async fn jobs(State(app): State<Arc<App>>, _: Who, query: Query) -> Result<Response, Fault> {
    let page = asked(&query, &["state"])?;
    let found = app.store.jobs(query.get("state"), page).await?;
    Ok(list("/api/v1/jobs", &query, found, wire::Job::from))
}

/// `GET /api/v1/jobs/{id}`
pub(super) async fn job(State(app): State<Arc<App>>, _: Who, Path(text): Path<String>) -> Result<Response, Fault> {
    let row = app.store.get::<job::Entity>(id(&text)?).await?;
    Ok(Json(wire::Job::from(row)).into_response())
}
