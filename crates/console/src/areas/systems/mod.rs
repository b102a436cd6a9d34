//! Systems: what each is for, who runs it, what it needs, how it hangs together with others, and what nobody knows yet.

mod change;
mod links;
mod pages;

pub(crate) use pages::{filter, seen};

use bulwark_model::Lang;

use crate::page::say;
use crate::route::Routes;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/systems", "inventory.read", pages::list)
        .get("/systems/add", "inventory.edit", pages::add)
        .post("/systems/add", "inventory.edit", change::add)
        .get("/systems/{id}", "inventory.read", pages::show)
        .get("/systems/{id}/change", "inventory.edit", pages::change)
        .post("/systems/{id}/change", "inventory.edit", change::change)
        .post("/systems/{id}/confirm", "inventory.edit", change::confirm)
        .get("/systems/{id}/retire", "inventory.edit", pages::retire)
        .post("/systems/{id}/retire", "inventory.edit", change::retire)
        .get("/systems/{id}/link", "inventory.edit", links::form)
        .post("/systems/{id}/link", "inventory.edit", links::add)
        .post("/systems/{id}/links/{link}/remove", "inventory.edit", links::remove)
}

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("systems.{key}"))
}
