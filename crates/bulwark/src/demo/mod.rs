//! `bulwark demo`: a store with three agencies, one vendor and the service team's people, so that every page has
//! something to show. It goes into an empty store only, and once.

mod cast;
mod history;
mod systems;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Exit, Lang};

use self::cast::{PEOPLE, Person, place_name};
use crate::config::Which;
use crate::installation::{Installation, block_on, ended};
use crate::local::{Answer, Request, ask, link_at};
use crate::print::{line, say, table};
use crate::texts::{diagnostic, texts};

/// Who gets which link.
type Links = Vec<(&'static Person, String)>;

/// What came of it.
enum Outcome {
    Made(Links),
    There,
    Renewed(Links),
}

/// Seeds the store named by configuration and arguments; with `links`, makes new links for everyone in it.
///
/// # Errors
/// Wrong usage.
pub fn main(which: &Which, links: bool, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let installation = Installation::load(which)?;
    let done = block_on(async {
        match stage(&installation).await? {
            history::COMPLETE if links => renew(&installation).await.map(Outcome::Renewed),
            history::COMPLETE => Ok(Outcome::There),
            stage => seed(&installation, stage).await,
        }
    });
    let done = done.map(|outcome| {
        let text = |key: &str| {
            let text = texts().text(&format!("demo.{key}"), &args![store = installation.place()]);
            line(text.get(lang));
        };
        match outcome {
            Outcome::Made(links) => {
                text("made");
                show(&links, lang);
                text("next");
            }
            Outcome::There => text("there"),
            Outcome::Renewed(links) => {
                text("renewed");
                show(&links, lang);
            }
        }
        Exit::Ok
    });
    ended(done, lang)
}

/// How far the demo is; 0 in a place where nothing is. Looks without keeping out a server that runs.
async fn stage(installation: &Installation) -> Result<u8, Vec<Diagnostic>> {
    // Why there is no store is said by whoever opens one.
    if installation.existing().is_err() {
        return Ok(0);
    }
    let store = installation.inspect().await?;
    let found = history::stage(&store).await;
    let empty = store.is_empty().await;
    store.close().await;
    match (found.map_err(|e| installation.failed(&e))?, empty.map_err(|e| installation.failed(&e))?) {
        (Some(stage), _) => Ok(stage),
        (None, true) => Ok(0),
        (None, false) => {
            let note = diagnostic(texts(), "BW-CLI-043", &args![store = installation.place()]);
            Err(vec![note.at(installation.location())])
        }
    }
}

async fn seed(installation: &Installation, from: u8) -> Result<Outcome, Vec<Diagnostic>> {
    let origin = installation.origin(installation.settings.server.listen.port());
    let store = installation.open().await?;
    let told = history::tell(&store, from).await;
    store.close().await;
    let tickets = told.map_err(|error| installation.failed(&error))?;
    Ok(tickets.map_or(Outcome::There, |tickets| {
        let link = |ticket: cast::Ticket| (ticket.person, link_at(&origin, ticket.token.reveal()));
        Outcome::Made(tickets.into_iter().map(link).collect())
    }))
}

/// A new link for everyone, by the same way as `bulwark admin link`: through the server while one runs.
async fn renew(installation: &Installation) -> Result<Links, Vec<Diagnostic>> {
    let mut links = Links::new();
    for person in &PEOPLE {
        let request = Request::RecoveryLink { login: person.login.into(), reason: "示範 demo".into() };
        if let Answer::Link(link) = ask(installation, &request).await? {
            links.push((person, link));
        }
    }
    Ok(links)
}

fn show(links: &Links, lang: Lang) {
    let head = [
        say(lang, "登入名稱", "log-in"),
        say(lang, "姓名", "name"),
        say(lang, "角色", "role"),
        say(lang, "機關（單位）", "organisation"),
        say(lang, "連結", "link"),
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (person, link) in links {
        let (role, at) = (person.role.label(), place_name(person.at));
        rows.push([person.login, person.name, role.get(lang), at, link].map(str::to_owned).to_vec());
    }
    table(&rows);
}
