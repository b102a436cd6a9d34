//! What the forms about organisations do. All of it takes a second person.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::args;
use bulwark_model::rights::Resource;
use bulwark_store::entity::organisation::organisation;
use bulwark_store::{MoveObstacle, StoreError, Uuid};
use jiff::civil::Date;

use super::{KINDS, pages};
use crate::app::App;
use crate::areas::requests::Asked;
use crate::areas::requests::duty::Duty;
use crate::areas::edit::{ask, date, note, today};
use crate::fault::Fault;
use crate::form::{Form, LINE, LINES};
use crate::who::Who;

/// Longest code.
const CODE: usize = 64;
/// How far ahead a day may lie.
const YEARS_AHEAD: i32 = 10;
/// No body of this state is older.
const FIRST_DAY: Date = Date::constant(1912, 1, 1);

/// `POST /organisations/add`
pub(super) async fn add(State(app): State<Arc<App>>, who: Who, mut form: Form) -> Result<Response, Fault> {
    let name = form.required("name", LINE);
    let code = code(&app, &mut form, None).await?;
    let kind = form.required("kind", CODE);
    if !kind.is_empty() && !KINDS.contains(&kind.as_str()) {
        form.refuse("kind", "BW-WEB-052", &args![kind = kind]);
    }
    let sector = form.optional("sector", CODE);
    let parent = match form.optional("parent", CODE) {
        Some(code) => upper(&app, &mut form, &code).await?,
        None => None,
    };
    let from = within(&who, &mut form, FIRST_DAY);
    let reason = form.required("reason", LINES);
    if let (Some(parent), Some(from)) = (&parent, from) {
        // No id is that of the one to come: only what concerns the upper one can stand in the way.
        if let Some(obstacle) = app.store.move_obstacle(Uuid::nil(), parent.id, from).await? {
            refuse(&mut form, obstacle);
        }
    }
    let Some(from) = from.filter(|_| form.wrong().is_empty()) else { return Ok(pages::add_again(&who, &form)) };
    let parent = parent.map(|row| row.id);
    let place = format!("/organisations?q={}", url::form_urlencoded::byte_serialize(code.as_bytes()).collect::<String>());
    let duty = Duty::AddOrganisation { code, name, kind, sector, parent, from: from.to_string() };
    match ask(&app, &who, duty, &reason).await {
        Ok(asked) => Ok(answer(&asked, place)),
        Err(fault) => {
            note(&mut form, fault)?;
            Ok(pages::add_again(&who, &form))
        }
    }
}

fn answer(asked: &Asked, done: String) -> Response {
    let place = match asked {
        Asked::Done(_) => done,
        Asked::Waiting(request) => format!("/requests/{request}"),
    };
    Redirect::to(&place).into_response()
}

/// The code of the form, in its one form and nobody else's.
async fn code(app: &App, form: &mut Form, own: Option<Uuid>) -> Result<String, Fault> {
    let code = form.required("code", CODE);
    if !code.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
        form.refuse("code", "BW-WEB-050", &[]);
    } else if !code.is_empty()
        && let Some(other) = app.store.organisation_by_code(&code).await?
        && Some(other.id) != own
    {
        form.refuse("code", "BW-WEB-051", &args![code = code, name = other.name]);
    }
    Ok(code)
}

/// The upper organisation by its code.
async fn upper(app: &App, form: &mut Form, code: &str) -> Result<Option<organisation::Model>, Fault> {
    let found = app.store.organisation_by_code(code).await?;
    if found.is_none() {
        form.refuse("parent", "BW-WEB-042", &args![code = code]);
    }
    Ok(found)
}

/// The day of the form, when it lies between the first one allowed and a few years ahead.
fn within(who: &Who, form: &mut Form, first: Date) -> Option<Date> {
    let day = date(form, "from")?;
    let years = jiff::Span::new().years(YEARS_AHEAD);
    let last = today(who.now).checked_add(years).unwrap_or(Date::MAX);
    if day < first || day > last {
        let shown = |day| bulwark_i18n::date(day, who.lang());
        form.refuse("from", "BW-WEB-054", &args![first = shown(first), last = shown(last)]);
        return None;
    }
    Some(day)
}

fn refuse(form: &mut Form, obstacle: MoveObstacle) {
    match obstacle {
        MoveObstacle::Inside => form.refuse("parent", "BW-WEB-053", &[]),
        MoveObstacle::NotYetThere => form.refuse("parent", "BW-WEB-056", &[]),
        MoveObstacle::ParentMoves => form.refuse("parent", "BW-WEB-059", &[]),
        MoveObstacle::LaterChange => form.refuse("from", "BW-WEB-055", &[]),
    }
}

async fn changeable(app: &App, who: &Who, id: Uuid) -> Result<organisation::Model, Fault> {
    let row = app.store.get::<organisation::Entity>(id).await?;
    let resource: Resource = app.store.resource_of(id).await?;
    who.allow(app, "organisation.edit", &resource, &format!("organisation/{id}")).await?;
    Ok(row)
}

/// `POST /organisations/{id}/change`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let row = changeable(&app, &who, id).await?;
    let name = form.required("name", LINE);
    let code = code(&app, &mut form, Some(id)).await?;
    let sector = form.optional("sector", CODE);
    let reason = form.required("reason", LINES);
    if !form.wrong().is_empty() {
        return Ok(pages::change_again(&who, &row, &form));
    }
    if name == row.name && code == row.code && sector == row.sector {
        form.refuse("name", "BW-WEB-057", &[]);
        return Ok(pages::change_again(&who, &row, &form));
    }
    let version = form.shown("version").parse().unwrap_or(0);
    if version != row.version {
        return Ok(pages::change_stale(&who, &row, &mut form, version));
    }
    let duty = Duty::ChangeOrganisation { organisation: id, version, code, name, sector };
    match ask(&app, &who, duty, &reason).await {
        Ok(asked) => Ok(answer(&asked, format!("/organisations/{id}?done=1"))),
        // Somebody was faster by a moment.
        Err(Fault::Store(StoreError::Conflict { .. })) => {
            let row = changeable(&app, &who, id).await?;
            Ok(pages::change_stale(&who, &row, &mut form, version))
        }
        Err(fault) => {
            note(&mut form, fault)?;
            Ok(pages::change_again(&who, &row, &form))
        }
    }
}

/// `POST /organisations/{id}/move`
pub(super) async fn move_under(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let row = changeable(&app, &who, id).await?;
    let code = form.required("parent", CODE);
    let parent = if code.is_empty() { None } else { upper(&app, &mut form, &code).await? };
    // What was decided under the tree of the past stays as it was: a move never begins before today.
    let from = within(&who, &mut form, today(who.now));
    let reason = form.required("reason", LINES);
    if let (Some(parent), Some(from)) = (&parent, from) {
        let there = app.store.parents_of(&[id], from).await?;
        if there.iter().any(|pair| pair.1 == parent.id) {
            form.refuse("parent", "BW-WEB-058", &args![name = parent.name]);
        } else if let Some(obstacle) = app.store.move_obstacle(id, parent.id, from).await? {
            refuse(&mut form, obstacle);
        }
    }
    let (Some(parent), Some(from), true) = (parent, from, form.wrong().is_empty()) else {
        return pages::move_again(&app, &who, &row, &form).await;
    };
    let duty = Duty::MoveOrganisation { organisation: id, parent: parent.id, from: from.to_string() };
    match ask(&app, &who, duty, &reason).await {
        Ok(asked) => Ok(answer(&asked, format!("/organisations/{id}?done=1"))),
        Err(fault) => {
            note(&mut form, fault)?;
            pages::move_again(&app, &who, &row, &form).await
        }
    }
}
