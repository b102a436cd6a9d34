//! What the forms about systems do.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::args;
use bulwark_inventory::system::{Mtpd, enter};
use bulwark_model::{
    Background, BackgroundField, FactSource, ProtectionAspect, ProtectionLevel, ProtectionNeed, SystemClass,
};
use bulwark_store::entity::system::system;
use bulwark_store::{NewSystem, StoreError, Uuid};

use super::pages;
use crate::app::App;
use crate::areas::edit::today;
use crate::fault::Fault;
use crate::form::{Form, LINE, LINES};
use crate::who::Who;

/// Longest code of an organisation.
const CODE: usize = 64;

/// What the form says of a system.
struct Said {
    name: String,
    class: Option<SystemClass>,
    core: bool,
    mtpd: Option<u32>,
    need: ProtectionNeed,
}

/// Reads the form; what is wrong is noted in it. The background is changed in place: what stays the same keeps its day.
fn said(who: &Who, form: &mut Form, background: &mut Background) -> Said {
    let name = form.required("name", LINE);
    let class = form.required("class", CODE);
    let known: Option<SystemClass> = class.parse().ok();
    if known.is_none() && !class.is_empty() {
        form.refuse("class", "BW-WEB-052", &args![kind = class]);
    }
    let core = form.required("core", CODE) == "yes";
    let mtpd = form.optional("mtpd", LINE).and_then(|text| match Mtpd::parse(&text) {
        Ok(mtpd) => Some(mtpd.minutes()),
        Err(wrong) => {
            form.note(wrong.at_named("mtpd"));
            None
        }
    });
    let mut need = ProtectionNeed::default();
    for aspect in ProtectionAspect::ALL {
        let level = form.optional(aspect.code(), CODE).and_then(|text| {
            let level = bulwark_inventory::system::level(&text);
            level.map_err(|wrong| form.note(wrong.at_named(aspect.code()))).ok()
        });
        set(&mut need, *aspect, level);
    }
    for field in BackgroundField::ALL {
        let text = form.shown(field.code());
        if let Err(wrong) = enter(background, *field, &text, today(who.now), FactSource::Typed) {
            form.note(wrong);
        }
    }
    Said { name, class: known, core, mtpd, need }
}

fn set(need: &mut ProtectionNeed, aspect: ProtectionAspect, level: Option<ProtectionLevel>) {
    match aspect {
        ProtectionAspect::Confidentiality => need.confidentiality = level,
        ProtectionAspect::Integrity => need.integrity = level,
        ProtectionAspect::Availability => need.availability = level,
        ProtectionAspect::Legal => need.legal = level,
    }
}

/// `POST /systems/add`
pub(super) async fn add(State(app): State<Arc<App>>, who: Who, mut form: Form) -> Result<Response, Fault> {
    let at = form.required("organisation", CODE);
    let owner = app.store.organisation_by_code(&at).await?;
    if owner.is_none() && !at.is_empty() {
        form.refuse("organisation", "BW-WEB-042", &args![code = at]);
    }
    let mut background = Background::default();
    let Said { name, class, core, mtpd, need } = said(&who, &mut form, &mut background);
    let (Some(owner), Some(class), true) = (owner, class, form.wrong().is_empty()) else {
        return Ok(pages::add_again(&who, &form));
    };
    let resource = app.store.resource_of(owner.id).await?;
    who.allow(&app, "inventory.edit", &resource, &format!("organisation/{}", owner.id)).await?;
    let (actor, own, once) = (who.actor(&app, None), who.person.id, form.once());
    let new =
        NewSystem { core, mtpd_minutes: mtpd, need, background, ..NewSystem::named(owner.id, name, class) };
    let entered = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            // Where the first sending led to is known only after it: the list finds it by its name.
            let place = format!("/systems?q={}", encoded(&new.name));
            if let Some(place) = tx.once(own, &once, &place).await? {
                tx.audit("form.repeated", "form", None, None);
                return Ok(place);
            }
            let row = tx.add_system(new).await?;
            Ok(format!("/systems/{}?done=1", row.id))
        })
    });
    match entered.await {
        Ok(place) => Ok(Redirect::to(&place).into_response()),
        Err(StoreError::BadValue { field, .. }) if field == "owner" => {
            form.refuse("organisation", "BW-WEB-110", &[]);
            Ok(pages::add_again(&who, &form))
        }
        Err(error) => Err(error.into()),
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// The version that a form was filled in with.
fn version(form: &Form) -> i64 {
    form.shown("version").parse().unwrap_or(0)
}

/// `POST /systems/{id}/change`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let row = pages::seen(&app, &who, id, "inventory.edit").await?;
    let mut facts = row.facts()?;
    let Said { name, class, core, mtpd, need } = said(&who, &mut form, &mut facts);
    let (Some(class), true) = (class, form.wrong().is_empty()) else {
        return Ok(pages::change_again(&who, &row, &form));
    };
    let mine = version(&form);
    if mine != row.version {
        return pages::change_stale(&who, &row, &mut form, mine);
    }
    let mut changed = system::Model {
        name,
        class: class.code().to_owned(),
        core,
        mtpd_minutes: mtpd.map(i64::from),
        ..row
    };
    changed.set_need(need);
    changed.set_facts(&facts)?;
    let actor = who.actor(&app, None);
    let saved =
        app.store.write(&actor, move |tx| Box::pin(async move { tx.change_system(changed).await })).await;
    match saved {
        Ok(_) => Ok(back(id)),
        // Somebody was faster by a moment.
        Err(StoreError::Conflict { .. }) => {
            let row = pages::seen(&app, &who, id, "inventory.edit").await?;
            pages::change_stale(&who, &row, &mut form, mine)
        }
        Err(error) => Err(error.into()),
    }
}

fn back(id: Uuid) -> Response {
    Redirect::to(&format!("/systems/{id}?done=1")).into_response()
}

/// The row, as the person looked at it.
async fn looked_at(app: &App, who: &Who, id: Uuid, form: &Form) -> Result<system::Model, Fault> {
    let row = pages::seen(app, who, id, "inventory.edit").await?;
    Ok(system::Model { version: version(form), ..row })
}

/// `POST /systems/{id}/confirm`
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response, Fault> {
    let row = looked_at(&app, &who, id, &form).await?;
    let (actor, on) = (who.actor(&app, None), today(who.now));
    let done = app.store.write(&actor, move |tx| Box::pin(async move { tx.confirm_system(row, on).await }));
    done.await?;
    Ok(back(id))
}

/// `POST /systems/{id}/retire`
pub(super) async fn retire(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let reason = form.required("reason", LINES);
    let row = looked_at(&app, &who, id, &form).await?;
    if !form.wrong().is_empty() {
        return Ok(pages::retire_again(&who, &row, &form));
    }
    let (actor, on) = (who.actor(&app, Some(&reason)), today(who.now));
    let done =
        app.store.write(&actor, move |tx| Box::pin(async move { tx.retire_system(row, on, &reason).await }));
    done.await?;
    Ok(back(id))
}
