//! Organisations: agencies, vendors and teams, and who stands under whom from which day on.

mod change;
mod import;
mod pages;
mod whole_list;

pub(crate) use import::{Looked, steps};
pub(crate) use whole_list::prepared;
pub use whole_list::{Register, change, judged, known};

use bulwark_model::Lang;

use crate::page::say;
use crate::route::Routes;

/// What an organisation may be.
const KINDS: [&str; 3] = ["agency", "vendor", "team"];

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes
        .get("/organisations", "organisation.read", pages::list)
        .get("/organisations/add", "organisation.edit", pages::add)
        .post("/organisations/add", "organisation.edit", change::add)
        .get("/organisations/import", "organisation.edit", import::show)
        .upload("/organisations/import", "organisation.edit", import::look)
        .post("/organisations/import/enter", "organisation.edit", import::enter)
        .get("/organisations/{id}", "organisation.read", pages::show)
        .get("/organisations/{id}/change", "organisation.edit", pages::change)
        .post("/organisations/{id}/change", "organisation.edit", change::change)
        .get("/organisations/{id}/move", "organisation.edit", pages::move_form)
        .post("/organisations/{id}/move", "organisation.edit", change::move_under)
}

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("organisations.{key}"))
}

/// The name of a class (glossary: agency.kind); one that this program does not know shows its code.
fn class_name(lang: Lang, class: &str) -> String {
    match class {
        "public" | "specific_non_public" => text(lang, &format!("class_{class}")),
        other => other.to_owned(),
    }
}

/// The name of a kind; one that this program does not know shows its code.
fn kind_name(lang: Lang, kind: &str) -> String {
    if KINDS.contains(&kind) { text(lang, &format!("kind_{kind}")) } else { kind.to_owned() }
}
