//! What whoever runs the machine may have done to a store: by the server while one runs, else by the command itself.

pub mod record;
pub mod socket;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bulwark_i18n::args;
use bulwark_inventory::organisation::{Change, Field, Step};
use bulwark_model::{Diagnostic, Exit, Lang};
use bulwark_store::backup::Manifest;
use bulwark_store::{Actor, Store};
use serde::{Deserialize, Serialize};

use crate::installation::{Installation, block_on, ended};
use crate::print::line;
use crate::texts::{diagnostic, texts};

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// A new link for an account.
    RecoveryLink {
        /// Log-in name.
        login: String,
        /// Why.
        reason: String,
    },
    /// A signed root now.
    Checkpoint,
    /// A backup.
    Backup {
        /// An empty folder, absolute.
        dir: PathBuf,
    },
    /// What a list of organisations changes.
    ChangeOrganisations {
        /// What the file is called.
        file: String,
        /// SHA-256 of the file.
        sha256: String,
        /// The day from which the steps hold.
        day: jiff::civil::Date,
        /// Steps of a plan.
        steps: Vec<Step>,
        /// Reorganisations, each with its own day.
        changes: Vec<Change>,
        /// Columns to be saved, and under which name.
        mapping: Option<(String, BTreeMap<Field, String>)>,
    },
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// The link.
    Link(String),
    /// The root is signed.
    Signed,
    /// What the backup holds.
    Backup(Manifest),
    /// It is changed.
    Changed,
    /// It could not be done.
    Refused(Vec<Diagnostic>),
}

/// `bulwark admin`.
///
/// # Errors
/// Wrong usage.
pub fn admin(command: crate::cli::Admin, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let crate::cli::Admin::Link { login, reason, which } = command;
    let installation = Installation::load(&which)?;
    if reason.trim().is_empty() {
        return Err(vec![diagnostic(texts(), "BW-CLI-040", &[])]);
    }
    let request = Request::RecoveryLink { login: login.clone(), reason };
    let answer = block_on(ask(&installation, &request)).map(|answer| {
        if let Answer::Link(link) = answer {
            line(texts().text("admin.link", &args![login = login]).get(lang));
            line(link);
        }
        Exit::Ok
    });
    ended(answer, lang)
}

/// Has it done, by whoever holds the store.
///
/// # Errors
/// What the server or the store said.
pub async fn ask(installation: &Installation, request: &Request) -> Result<Answer, Vec<Diagnostic>> {
    installation.existing()?;
    let answered = socket::ask(&installation.dir().join(socket::NAME), request).await?;
    let answer = if let Some(answer) = answered {
        answer
    } else {
        let store = installation.open().await?;
        let origin = installation.origin(installation.settings.server.listen.port());
        let answer = carry_out(&store, &origin, request).await;
        store.close().await;
        answer
    };
    match answer {
        Answer::Refused(notes) => Err(notes),
        answer => Ok(answer),
    }
}

/// Does it.
pub async fn carry_out(store: &Store, origin: &str, request: &Request) -> Answer {
    let done = match request {
        Request::RecoveryLink { login, reason } => bulwark_console::recovery_link(store, login, reason)
            .await
            .map(|link| Answer::Link(link_at(origin, link.token.reveal()))),
        Request::Checkpoint => store.checkpoint().await.map(|()| Answer::Signed),
        Request::Backup { dir } => back_up(store, dir).await.map(Answer::Backup),
        Request::ChangeOrganisations { file, sha256, day, steps, changes, mapping } => {
            let what = (steps.clone(), changes.clone());
            let done = crate::org::change(store, (file, sha256), *day, what, mapping.clone());
            done.await.map(|()| Answer::Changed)
        }
    };
    done.unwrap_or_else(|error| {
        Answer::Refused(vec![error.diagnostic(&store.config().dir.display().to_string())])
    })
}

/// A one-time link as it is handed over.
pub fn link_at(origin: &str, secret: &str) -> String {
    format!("{origin}/link/{secret}")
}

async fn back_up(store: &Store, dir: &std::path::Path) -> Result<Manifest, bulwark_store::StoreError> {
    let manifest = bulwark_store::backup::backup(store, dir).await?;
    let object = format!("backup/{}", manifest.made_at);
    let actor = Actor::system("machine");
    let noted = store.write(&actor, move |tx| {
        Box::pin(async move {
            tx.audit("backup.make", &object, None, None);
            Ok(())
        })
    });
    noted.await?;
    record::made(&store.config().dir, &manifest, dir);
    Ok(manifest)
}
