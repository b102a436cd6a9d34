//! People: accounts, the roles they hold, and help for those who cannot log in.

mod change;
mod import;
mod pages;

pub(crate) use self::pages::sessions;

use bulwark_model::rights::Role;
use serde_json::{Value, json};

use crate::route::Routes;
use crate::who::Who;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/people", "people.read", pages::list)
        .get("/people/invite", "people.invite", pages::invite)
        .post("/people/invite", "people.invite", change::invite)
        .get("/people/import", "people.invite", import::show)
        .upload("/people/import", "people.invite", import::look)
        .post("/people/import/enter", "people.invite", import::enter)
        .get("/people/{id}", "people.read", pages::show)
        .get("/people/{id}/grant", "role.grant", pages::grant)
        .post("/people/{id}/grant", "role.grant", change::grant)
        .post("/people/{id}/roles/{grant}/end", "role.revoke", change::end_grant)
        .get("/people/{id}/disable", "people.disable", pages::disable)
        .post("/people/{id}/disable", "people.disable", change::disable)
        .post("/people/{id}/enable", "people.disable", change::enable)
        .get("/people/{id}/recover", "people.recover", pages::recover)
        .post("/people/{id}/recover", "people.recover", change::recover)
        .get("/people/{id}/erase", "people.erase", pages::erase)
        .post("/people/{id}/erase", "people.erase", change::erase)
        .post("/people/{id}/link", "people.invite", change::link)
        .post("/people/{id}/sessions/{session}/revoke", "session.revoke", change::revoke_session)
}

/// The roles a person may be given, as the items of a select.
fn roles(who: &Who) -> Vec<Value> {
    let given = Role::ALL.iter().filter(|role| **role != Role::System);
    given.map(|role| json!({ "value": role.code(), "text": who.say(&role.label()) })).collect()
}
