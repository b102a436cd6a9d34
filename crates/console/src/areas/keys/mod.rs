//! Signing keys: with which key each person signs plans and bundles. The platform keeps public keys only.

mod change;
mod pages;

use std::collections::BTreeSet;

use bulwark_model::Lang;
use bulwark_model::rights::Resource;
use bulwark_store::Uuid;
use bulwark_store::entity::person::signing_key;
use bulwark_store::rights::person_id;

use crate::app::App;
use crate::fault::Fault;
use crate::page::say;
use crate::route::Routes;
use crate::who::Who;

/// What a key may sign.
const PURPOSES: [&str; 2] = ["plan", "bundle"];
/// Digits of a key's id that name it in lists.
const SHORT: usize = 16;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/keys", "key.read", pages::list)
        .get("/keys/enrol", "key.enrol", pages::enrol)
        .post("/keys/enrol", "key.enrol", change::enrol)
        .get("/keys/{id}", "key.read", pages::show)
        .get("/keys/{id}/revoke", "key.revoke", pages::revoke)
        .post("/keys/{id}/revoke", "key.revoke", change::revoke)
}

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("keys.{key}"))
}

/// A key, when the person may do this act to it. It counts as part of the account that holds it, at the organisation
/// it was enrolled for: the same columns by which the list is held to the rights.
async fn key(app: &App, who: &Who, id: Uuid, action: &str) -> Result<(signing_key::Model, Resource), Fault> {
    let row = app.store.get::<signing_key::Entity>(id).await?;
    let holder = person_id(row.person_id);
    let of = app.store.resource_of(row.organisation_id).await?;
    let resource = Resource { person: Some(holder), participants: BTreeSet::from([holder]), ..of };
    who.allow(app, action, &resource, &format!("signing_key/{id}")).await?;
    Ok((row, resource))
}

fn short(key_id: &str) -> String {
    key_id.chars().take(SHORT).collect()
}
