//! Acts that need two people: asking, and the list of what waits for a second person.

pub(crate) mod duty;
mod pages;

pub(crate) use self::pages::link_panel;

use bulwark_i18n::args;
use bulwark_model::rights::{self, Action, Decision, Denied, Role, Scope};
use bulwark_store::entity::two_person::pending_act;
use bulwark_store::rights::person_id;
use bulwark_store::{NewPendingAct, Outcome, Uuid};

use self::duty::{Done, Duty};
use crate::app::App;
use crate::fault::Fault;
use crate::route::Routes;
use crate::who::Who;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/requests", "home.read", pages::list)
        .get("/requests/{id}", "home.read", pages::show)
        .post("/requests/{id}/confirm", "home.read", pages::confirm)
        .post("/requests/{id}/refuse", "home.read", pages::refuse)
        .post("/requests/{id}/withdraw", "home.read", pages::withdraw)
}

/// What came of an act that may need a second person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// It is done.
    Done(Done),
    /// It waits for a second person as this request.
    Waiting(Uuid),
}

/// Does an act, or asks for it when it needs a second person.
pub(crate) async fn submit(app: &App, who: &Who, duty: Duty, reason: &str) -> Result<Asked, Fault> {
    let resource = duty.resource(&app.store).await?;
    let object = duty.object(who.person.id);
    let terms = who.allow(app, duty.action(), &resource, &object).await?;
    let second = terms.second_person || matches!(duty, Duty::BreakGlass { .. });
    let actor = who.actor(app, Some(reason));
    let (store, own, reason) = (app.store.clone(), who.person.id, reason.to_owned());
    if second && !alone(app, who, &duty).await? {
        if reason.trim().is_empty() {
            return Err(Denied::NoReason.into());
        }
        let owner = duty.owner(&app.store, who.organisation.id).await?;
        let new = NewPendingAct { action: duty.action().to_owned(), object, owner, payload: duty, reason };
        let asked = store.write(&actor, |tx| Box::pin(async move { tx.ask(new).await })).await;
        return match asked {
            Err(bulwark_store::StoreError::Duplicate(_)) => Err(Fault::field("", "BW-WEB-030", &[])),
            asked => Ok(Asked::Waiting(asked?.id)),
        };
    }
    let inner = store.clone();
    let done = store
        .write(&actor, move |tx| Box::pin(async move { duty.carry_out(tx, &inner, own, &reason).await }))
        .await?;
    Ok(Asked::Done(done))
}

/// The one exception to two people: the first administrator makes the second one. As long as there is only one, nobody
/// could confirm anything. The audit log shows it as what it is, a grant by one person.
async fn alone(app: &App, who: &Who, duty: &Duty) -> Result<bool, Fault> {
    let makes_second = matches!(duty, Duty::GrantRole { role, .. } if role == Role::Admin.code());
    let admin = who.role() == Some(Role::Admin);
    Ok(makes_second && admin && app.store.holders_of(Role::Admin.code()).await? <= 1)
}

/// Acts whose requests the person may decide on, each with its reach.
pub(crate) fn decidable(who: &Who) -> Vec<(String, Scope)> {
    let now = who.now.into();
    let acts = Action::all().filter(|action| {
        let confirmed_by = if action.code() == "break_glass.request" { "break_glass.confirm" } else { action.code() };
        who.may(confirmed_by)
    });
    acts.map(|action| {
        let by = if action.code() == "break_glass.request" { "break_glass.confirm" } else { action.code() };
        (action.code().to_owned(), Action::parse(by).map_or(Scope::Nothing, |by| rights::scope(&who.subject, by, now)))
    })
    .collect()
}

/// A request as the person may see it: who asked, or who may decide.
struct Open {
    row: pending_act::Model,
    duty: Duty,
    /// May confirm or refuse it, apart from fresh proof.
    decision: Result<(), Denied>,
}

async fn open(app: &App, who: &Who, id: Uuid) -> Result<Open, Fault> {
    let row = app.store.get::<pending_act::Entity>(id).await?;
    let duty: Duty = serde_json::from_str(&row.payload).map_err(|e| Fault::Defect(e.to_string()))?;
    let resource = duty.resource(&app.store).await?;
    let by = Action::parse(duty.confirmed_by()).map_err(|_| Fault::NotFound)?;
    let decision = rights::confirm(person_id(row.asked_by), &who.subject, by, &resource, who.now.into());
    let decision = match decision {
        Decision::Allow { .. } => Ok(()),
        Decision::Deny(denied) => Err(denied),
    };
    let own = row.asked_by == who.person.id;
    if !own && decision.is_err() {
        return Err(Fault::NotFound);
    }
    Ok(Open { row, duty, decision })
}

/// The row of a request that the person may see.
pub(crate) async fn seen(app: &App, who: &Who, id: Uuid) -> Result<pending_act::Model, Fault> {
    Ok(open(app, who, id).await?.row)
}

/// The second person's word.
async fn decide(app: &App, who: &Who, id: Uuid, agree: bool, note: Option<&str>) -> Result<Done, Fault> {
    let Open { row, duty, decision } = open(app, who, id).await?;
    decision?;
    if !who.subject.stepped_up(who.now.into()) {
        return Err(who.step_up());
    }
    waiting(&row, who)?;
    let actor = who.actor(app, note);
    let store = app.store.clone();
    let done = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            let (asker, reason) = (row.asked_by, row.reason.clone());
            let outcome = if agree { Outcome::Done } else { Outcome::Refused };
            tx.decide_act(row, outcome).await?;
            if agree { duty.carry_out(tx, &store, asker, &reason).await } else { Ok(Done::Plain) }
        })
    });
    Ok(done.await?)
}

pub(crate) fn waiting(row: &pending_act::Model, who: &Who) -> Result<(), Fault> {
    let open = row.state == "waiting" && who.now < row.expires_at;
    if open { Ok(()) } else { Err(Fault::field("", "BW-WEB-031", &args![state = row.state])) }
}
