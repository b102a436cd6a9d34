//! What the forms about people do.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::args;
use bulwark_model::rights::{Denied, Resource, Role};
use bulwark_store::entity::access::session;
use bulwark_store::entity::person::{grant, person};
use bulwark_store::rights::person_id;
use bulwark_store::{NewPerson, StoreError, Timestamp, Token, Uuid};

use super::pages;
use crate::app::App;
use crate::areas::requests::duty::{Done, Duty};
use crate::areas::requests::{Asked, submit};
use crate::fault::Fault;
use crate::form::{Form, LINE, LINES};
use crate::who::Who;

/// How long an invitation works.
pub(super) const INVITATION_MS: i64 = 7 * 24 * 3_600_000;

async fn account(app: &App, id: Uuid) -> Result<(person::Model, Resource), Fault> {
    let row = app.store.get::<person::Entity>(id).await?;
    let resource = app.store.account_resource(&row).await?;
    Ok((row, resource))
}

/// Whether a log-in name may be one.
pub(super) fn good_login(login: &str) -> bool {
    let right = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@".contains(c);
    (1..=64).contains(&login.len()) && login.chars().all(right)
}

/// Whether it could be a mail address; whether it is one, only a mail tells.
pub(super) fn good_email(email: &str) -> bool {
    let parts = email.split_once('@');
    email.len() <= 254
        && parts.is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !email.contains(char::is_whitespace)
        })
}

/// What becomes of an invitation.
enum Invited {
    New(Uuid, Token),
    Before(String),
}

/// `POST /people/invite`
pub(super) async fn invite(State(app): State<Arc<App>>, who: Who, mut form: Form) -> Result<Response, Fault> {
    let (name, login) = (form.required("name", LINE), form.required("login", 64).to_lowercase());
    let email = form.optional("email", LINE);
    let organisation = form.required("organisation", LINE);
    let role = form.required("role", 64);
    let reason = form.optional("reason", LINES).unwrap_or_default();
    if !login.is_empty() && !good_login(&login) {
        form.refuse("login", "BW-WEB-040", &[]);
    }
    if email.as_deref().is_some_and(|email| !good_email(email)) {
        form.refuse("email", "BW-WEB-041", &[]);
    }
    let at = app.store.organisation_by_code(&organisation).await?;
    if at.is_none() && !organisation.is_empty() {
        form.refuse("organisation", "BW-WEB-042", &args![code = organisation]);
    }
    let role = role.parse::<Role>().ok().filter(|role| *role != Role::System);
    if role.is_none() && form.first("role").is_some_and(|value| !value.is_empty()) {
        form.refuse("role", "BW-WEB-043", &[]);
    }
    // Its grant has an end, which is given on the page of the account.
    if role == Some(Role::Auditor) {
        form.refuse("role", "BW-WEB-049", &[]);
    }
    let (Some(at), Some(role)) = (at, role) else { return Ok(pages::invite_again(&who, &form)) };
    if !form.wrong().is_empty() {
        return Ok(pages::invite_again(&who, &form));
    }
    let resource = app.store.resource_of(at.id).await?;
    who.allow(&app, "people.invite", &resource, &format!("organisation/{}", at.id)).await?;
    let actor = who.actor(&app, None);
    let (store, own, once) = (app.store.clone(), who.person.id, form.once());
    let place = format!("/people?q={login}");
    let new = NewPerson { login, name, organisation: at.id, email };
    let invited = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            if let Some(place) = tx.once(own, &once, &place).await? {
                // Nothing changed, and that is worth no entry of its own: the first sending left one.
                tx.audit("form.repeated", "form", None, None);
                return Ok(Invited::Before(place));
            }
            let row = tx.add_person(&store, new).await?;
            let until = tx.now().plus_ms(INVITATION_MS);
            let (_, token) = tx.make_link(row.id, "invite", until).await?;
            Ok(Invited::New(row.id, token))
        })
    });
    let (id, token) = match invited.await {
        Ok(Invited::New(id, token)) => (id, token),
        Ok(Invited::Before(place)) => return Ok(Redirect::to(&place).into_response()),
        Err(StoreError::Duplicate(_)) => {
            form.refuse("login", "BW-WEB-044", &[]);
            return Ok(pages::invite_again(&who, &form));
        }
        Err(error) => return Err(error.into()),
    };
    // The role is an act of its own, with the second person it may need.
    let duty = Duty::GrantRole {
        person: id,
        role: role.code().into(),
        organisation: at.id,
        sector: None,
        until: None,
    };
    let granted = submit(&app, &who, duty, &reason).await;
    pages::invited(&app, &who, id, &token, granted).await
}

/// `POST /people/{id}/grant`
pub(super) async fn grant(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let (row, resource) = account(&app, id).await?;
    who.allow(&app, "people.read", &resource, &format!("person/{id}")).await?;
    let organisation = form.required("organisation", LINE);
    let role = form.required("role", 64).parse::<Role>().ok().filter(|role| *role != Role::System);
    let sector = form.optional("sector", LINE);
    let reason = form.required("reason", LINES);
    let until = until(&mut form);
    let at = app.store.organisation_by_code(&organisation).await?;
    if at.is_none() && !organisation.is_empty() {
        form.refuse("organisation", "BW-WEB-042", &args![code = organisation]);
    }
    if role == Some(Role::Auditor) && until.is_none() {
        form.refuse("until", "BW-WEB-045", &[]);
    }
    let (Some(at), Some(role)) = (at, role) else { return Ok(pages::grant_again(&who, &row, &form)) };
    if !form.wrong().is_empty() {
        return Ok(pages::grant_again(&who, &row, &form));
    }
    let duty = Duty::GrantRole { person: id, role: role.code().into(), organisation: at.id, sector, until };
    Ok(answer(&submit(&app, &who, duty, &reason).await?, id))
}

/// The end of a grant as three boxes; a 民國 year below 1000.
fn until(form: &mut Form) -> Option<Timestamp> {
    let part =
        |form: &Form, name: &str| form.first(&format!("until-{name}")).unwrap_or_default().trim().to_owned();
    let parts = [part(form, "year"), part(form, "month"), part(form, "day")];
    if parts.iter().all(String::is_empty) {
        return None;
    }
    let Ok(date) = bulwark_i18n::parse_date(&parts.join("-")) else {
        form.refuse("until", "BW-WEB-046", &[]);
        return None;
    };
    // The day named is the last one on which the role holds.
    let next = date.tomorrow().unwrap_or(date);
    let taipei = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    taipei.to_timestamp(next.at(0, 0, 0, 0)).ok().map(Timestamp::from)
}

fn answer(asked: &Asked, person: Uuid) -> Response {
    let place = match asked {
        Asked::Done(_) => format!("/people/{person}?done=1"),
        Asked::Waiting(request) => format!("/requests/{request}"),
    };
    Redirect::to(&place).into_response()
}

/// `POST /people/{id}/roles/{grant}/end`
pub(super) async fn end_grant(
    State(app): State<Arc<App>>,
    who: Who,
    Path((id, held)): Path<(Uuid, Uuid)>,
    _: Form,
) -> Result<Response, Fault> {
    let row = app.store.get::<grant::Entity>(held).await?;
    if row.person_id != id {
        return Err(Fault::NotFound);
    }
    let resource =
        Resource { person: Some(person_id(id)), ..app.store.resource_of(row.organisation_id).await? };
    who.allow(&app, "role.revoke", &resource, &format!("role_grant/{held}")).await?;
    let last = row.role == Role::Admin.code() && app.store.holders_of(Role::Admin.code()).await? <= 1;
    if last {
        return Err(Fault::field("", "BW-WEB-047", &[]));
    }
    let actor = who.actor(&app, None);
    app.store.write(&actor, |tx| Box::pin(async move { tx.end_grant(row).await })).await?;
    Ok(Redirect::to(&format!("/people/{id}?done=1")).into_response())
}

/// `POST /people/{id}/disable`
pub(super) async fn disable(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let (row, resource) = account(&app, id).await?;
    who.allow(&app, "people.disable", &resource, &format!("person/{id}")).await?;
    let reason = form.required("reason", LINES);
    if !form.wrong().is_empty() {
        return Ok(pages::ask_again(&who, &row, "disable", &form));
    }
    let actor = who.actor(&app, Some(&reason));
    let ended = app.store.write(&actor, |tx| {
        Box::pin(async move {
            tx.revoke_sessions_of(row.id, None).await?;
            tx.disable_person(row).await
        })
    });
    ended.await?;
    Ok(Redirect::to(&format!("/people/{id}?done=1")).into_response())
}

/// `POST /people/{id}/enable`
pub(super) async fn enable(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    _: Form,
) -> Result<Response, Fault> {
    let (row, resource) = account(&app, id).await?;
    who.allow(&app, "people.disable", &resource, &format!("person/{id}")).await?;
    if row.login.starts_with("erased-") {
        return Err(Denied::State.into());
    }
    let actor = who.actor(&app, None);
    app.store.write(&actor, |tx| Box::pin(async move { tx.enable_person(row).await })).await?;
    Ok(Redirect::to(&format!("/people/{id}?done=1")).into_response())
}

/// `POST /people/{id}/recover`
pub(super) async fn recover(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response, Fault> {
    two_people(&app, &who, id, form, "recover", Duty::Recover { person: id }).await
}

/// `POST /people/{id}/erase`
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    form: Form,
) -> Result<Response, Fault> {
    two_people(&app, &who, id, form, "erase", Duty::Erase { person: id }).await
}

async fn two_people(
    app: &App,
    who: &Who,
    id: Uuid,
    mut form: Form,
    act: &'static str,
    duty: Duty,
) -> Result<Response, Fault> {
    let (row, resource) = account(app, id).await?;
    who.allow(app, duty.action(), &resource, &format!("person/{id}")).await?;
    let reason = form.required("reason", LINES);
    if !form.wrong().is_empty() {
        return Ok(pages::ask_again(who, &row, act, &form));
    }
    match submit(app, who, duty, &reason).await? {
        Asked::Done(Done::Link(token)) => Ok(pages::handed_over(app, who, &row, &token)),
        asked => Ok(answer(&asked, id)),
    }
}

/// `POST /people/{id}/link`: another invitation for someone who never came in.
pub(super) async fn link(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    _: Form,
) -> Result<Response, Fault> {
    let (row, resource) = account(&app, id).await?;
    who.allow(&app, "people.invite", &resource, &format!("person/{id}")).await?;
    // Whoever has a credential is helped by a recovery, which takes two people.
    if row.disabled_at.is_some() || !app.store.credentials(id).await?.is_empty() {
        return Err(Denied::State.into());
    }
    let actor = who.actor(&app, None);
    let made = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            let until = tx.now().plus_ms(INVITATION_MS);
            Ok(tx.make_link(id, "invite", until).await?.1)
        })
    });
    let token = made.await?;
    Ok(pages::handed_over(&app, &who, &row, &token))
}

/// `POST /people/{id}/sessions/{session}/revoke`
pub(super) async fn revoke_session(
    State(app): State<Arc<App>>,
    who: Who,
    Path((id, open)): Path<(Uuid, Uuid)>,
    _: Form,
) -> Result<Response, Fault> {
    let (_, resource) = account(&app, id).await?;
    who.allow(&app, "session.revoke", &resource, &format!("session/{open}")).await?;
    let row = app.store.get::<session::Entity>(open).await?;
    if row.person_id != id {
        return Err(Fault::NotFound);
    }
    let actor = who.actor(&app, None);
    app.store.write(&actor, |tx| Box::pin(async move { tx.revoke_session(row).await })).await?;
    let own = id == who.person.id;
    Ok(Redirect::to(&if own { "/account?done=1".to_owned() } else { format!("/people/{id}?done=1") })
        .into_response())
}
