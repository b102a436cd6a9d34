//! Reading. Every object is decided about as on its page, and readings that an owner must see are written down.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use bulwark_model::rights::Scope;
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::person::{person, signing_key};
use bulwark_store::entity::two_person::break_glass;
use bulwark_store::rights::person_id;
use bulwark_store::{AuditFilter, GrantFilter, PageRequest, PeopleFilter};

use super::asked::Asked;
use super::{everything, id, list, whole, wire};
use crate::app::App;
use crate::areas::systems::{filter, seen};
use crate::areas::{audit, jobs, requests, retention};
use crate::fault::Fault;
use crate::who::{Door, Who};

/// `GET /api/v1/account`
pub(super) async fn account(who: Who, _: Asked) -> Result<Response, Fault> {
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

/// `GET /api/v1/account/tokens`
pub(super) async fn tokens(State(app): State<Arc<App>>, who: Who, _: Asked) -> Result<Response, Fault> {
    Ok(whole(app.store.api_tokens_of(who.person.id).await?, wire::Token::from))
}

/// `GET /api/v1/people`
pub(super) async fn people(State(app): State<Arc<App>>, who: Who, asked: Asked) -> Result<Response, Fault> {
    let filter = PeopleFilter {
        text: asked.query.owned("q"),
        organisation: asked.query.id("organisation"),
        disabled: asked.query.get("state").map(|state| state == "disabled"),
        role: asked.query.owned("role"),
    };
    let found = app.store.people(&who.scope("people.read"), &filter, asked.page).await?;
    Ok(list("/api/v1/people", &asked, found, wire::Person::from))
}

/// `GET /api/v1/people/{id}`
pub(super) async fn person(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let id = id(&text)?;
    let row = app.store.get::<person::Entity>(id).await?;
    let resource = app.store.account_resource(&row).await?;
    who.allow(&app, "people.read", &resource, &format!("person/{id}")).await?;
    let everywhere = Scope::Everything { without: Vec::new() };
    let filter = GrantFilter { person: Some(id), ..GrantFilter::default() };
    let held = app
        .store
        .roles_held(&everywhere, &filter, PageRequest { rows: 200, ..PageRequest::default() })
        .await?;
    let roles = held.page.rows.into_iter().map(wire::Role::from).collect();
    Ok(Json(wire::PersonWithRoles { person: row.into(), roles }).into_response())
}

/// `GET /api/v1/people/{id}/sessions`
pub(super) async fn sessions(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let id = id(&text)?;
    let row = app.store.get::<person::Entity>(id).await?;
    let resource = app.store.account_resource(&row).await?;
    who.allow(&app, "session.revoke", &resource, &format!("person/{id}")).await?;
    Ok(whole(app.store.sessions_of(id).await?, wire::Session::from))
}

/// `GET /api/v1/organisations`
pub(super) async fn organisations(
    State(app): State<Arc<App>>,
    who: Who,
    asked: Asked,
) -> Result<Response, Fault> {
    everything(&who, "organisation.read")?;
    let found = app.store.organisations(asked.query.get("q"), asked.query.get("kind"), asked.page).await?;
    Ok(list("/api/v1/organisations", &asked, found, wire::Organisation::from))
}

/// `GET /api/v1/organisations/{id}`
pub(super) async fn organisation(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let id = id(&text)?;
    let resource = app.store.resource_of(id).await?;
    who.allow(&app, "organisation.read", &resource, &format!("organisation/{id}")).await?;
    let row = app.store.get::<organisation::Entity>(id).await?;
    Ok(Json(wire::Organisation::from(row)).into_response())
}

/// `GET /api/v1/systems`
pub(super) async fn systems(State(app): State<Arc<App>>, who: Who, asked: Asked) -> Result<Response, Fault> {
    let found = app.store.systems(&who.scope("inventory.read"), &filter(&asked.query), asked.page).await?;
    Ok(list("/api/v1/systems", &asked, found, wire::System::from))
}

/// `GET /api/v1/systems/{id}`
pub(super) async fn system(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let row = seen(&app, &who, id(&text)?, "inventory.read").await?;
    Ok(Json(wire::System::from(row)).into_response())
}

/// `GET /api/v1/keys`
pub(super) async fn keys(State(app): State<Arc<App>>, who: Who, asked: Asked) -> Result<Response, Fault> {
    let revoked = asked.query.get("state").map(|state| state == "revoked");
    let found =
        app.store.signing_keys(&who.scope("key.read"), asked.query.id("person"), revoked, asked.page).await?;
    Ok(list("/api/v1/keys", &asked, found, wire::Key::from))
}

/// `GET /api/v1/keys/{id}`
pub(super) async fn key(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let id = id(&text)?;
    let row = app.store.get::<signing_key::Entity>(id).await?;
    let owner = app.store.get::<person::Entity>(row.person_id).await?;
    let resource = app.store.account_resource(&owner).await?;
    who.allow(&app, "key.read", &resource, &format!("signing_key/{id}")).await?;
    Ok(Json(wire::Key::from(row)).into_response())
}

/// `GET /api/v1/requests`
pub(super) async fn requests(State(app): State<Arc<App>>, who: Who, asked: Asked) -> Result<Response, Fault> {
    let all = asked.query.get("state") == Some("all");
    let found = app.store.pending_acts(who.person.id, &requests::decidable(&who), !all, asked.page).await?;
    Ok(list("/api/v1/requests", &asked, found, |row| wire::Request::of(row, who.now)))
}

/// `GET /api/v1/requests/{id}`
pub(super) async fn request(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let row = requests::seen(&app, &who, id(&text)?).await?;
    Ok(Json(wire::Request::of(row, who.now)).into_response())
}

/// `GET /api/v1/audit`
pub(super) async fn audit(State(app): State<Arc<App>>, who: Who, asked: Asked) -> Result<Response, Fault> {
    let filter = AuditFilter {
        person: asked.query.id("person"),
        object: asked.query.owned("object"),
        owner: asked.query.id("organisation"),
        action: asked.query.owned("action"),
    };
    let found =
        app.store.audit_page(&who.scope("audit.read"), &filter, asked.number, asked.page.rows).await?;
    let next = found.next.map(|seq| asked.query.with("/api/v1/audit", &[("after", Some(&seq.to_string()))]));
    let items: Vec<wire::Leaf> = found.rows.into_iter().map(leaf_of).collect();
    Ok(Json(wire::List { items, total: None, more_than_total: false, next, previous: None }).into_response())
}

fn leaf_of(row: bulwark_store::entity::audit::leaf::Model) -> wire::Leaf {
    wire::Leaf { seq: row.seq, object: row.object, leaf: row.leaf, hash: row.hash }
}

/// `GET /api/v1/audit/{seq}`
pub(super) async fn leaf(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let row = audit::leaf_seen(&app, &who, &text).await?;
    Ok(Json(leaf_of(row)).into_response())
}

/// `GET /api/v1/access-log`
pub(super) async fn accesses(State(app): State<Arc<App>>, who: Who, asked: Asked) -> Result<Response, Fault> {
    let found =
        app.store.accesses(&who.scope("access_log.read"), asked.query.id("person"), asked.page).await?;
    Ok(list("/api/v1/access-log", &asked, found, wire::Access::from))
}

/// `GET /api/v1/emergency-access`
pub(super) async fn emergency_accesses(
    State(app): State<Arc<App>>,
    who: Who,
    asked: Asked,
) -> Result<Response, Fault> {
    let open = asked.query.get("state") == Some("open");
    let found = app.store.emergency_access_list(&who.scope("break_glass.read"), open, asked.page).await?;
    Ok(list("/api/v1/emergency-access", &asked, found, wire::EmergencyAccess::from))
}

/// `GET /api/v1/emergency-access/{id}`
pub(super) async fn emergency_access(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
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
pub(super) async fn retention(State(app): State<Arc<App>>, who: Who, _: Asked) -> Result<Response, Fault> {
    let resource = app.store.resource_of(who.organisation.id).await?;
    who.allow(&app, "retention.read", &resource, "retention").await?;
    let rules = retention::in_force(&app.store).await?;
    Ok(whole(rules, |(class, days)| wire::Retention { class: class.code().to_owned(), days }))
}

/// `GET /api/v1/jobs`
pub(super) async fn jobs(State(app): State<Arc<App>>, who: Who, asked: Asked) -> Result<Response, Fault> {
    everything(&who, "job.read")?;
    let found = app.store.jobs(asked.query.get("state"), asked.page).await?;
    Ok(list("/api/v1/jobs", &asked, found, wire::Job::from))
}

/// `GET /api/v1/jobs/{id}`
pub(super) async fn job(
    State(app): State<Arc<App>>,
    who: Who,
    _: Asked,
    Path(text): Path<String>,
) -> Result<Response, Fault> {
    let row = jobs::job(&app, &who, id(&text)?, "job.read").await?;
    Ok(Json(wire::Job::from(row)).into_response())
}
