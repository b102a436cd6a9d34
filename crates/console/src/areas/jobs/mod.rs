//! Background jobs: what waits, what runs, what was given up, and another try for the latter.

mod change;
mod pages;

use bulwark_model::Lang;
use bulwark_model::rights::Resource;
use bulwark_store::Uuid;
use bulwark_store::entity::work::job;

use crate::app::App;
use crate::fault::Fault;
use crate::page::say;
use crate::route::Routes;
use crate::who::Who;

/// States of a job and the colour of each.
const STATES: [(&str, &str); 4] =
    [("ready", "unknown"), ("running", "caution"), ("done", "ok"), ("dead", "danger")];

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/jobs", "job.read", pages::list).get("/jobs/{id}", "job.read", pages::show).post(
        "/jobs/{id}/retry",
        "job.retry",
        change::retry,
    )
}

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("jobs.{key}"))
}

/// A job, when the person may do this act to it: all belong to the platform.
pub(crate) async fn job(app: &App, who: &Who, id: Uuid, action: &str) -> Result<job::Model, Fault> {
    let row = app.store.get::<job::Entity>(id).await?;
    who.allow(app, action, &Resource::platform(), &format!("job/{id}")).await?;
    Ok(row)
}

/// The name of a state; one that this program does not know shows its code.
fn state_name(lang: Lang, state: &str) -> String {
    if STATES.iter().any(|(known, _)| *known == state) { text(lang, state) } else { state.to_owned() }
}
