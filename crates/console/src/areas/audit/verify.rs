//! The verification of the whole log, one at a time, and what the last one found.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::{date_time, number};
use bulwark_model::Lang;
use bulwark_model::rights::Resource;
use bulwark_store::audit::{Fault as Wrong, Verified, verify};
use bulwark_store::hash::Sha256;
use bulwark_store::{Actor, StoreError};
use serde_json::{Value, json};

use super::names::{Names, Seen};
use super::pages::{code, linked, text};
use crate::app::App;
use crate::fault::Fault;
use crate::form::Form;
use crate::html::{Html, component};
use crate::list::Query;
use crate::page::Page;
use crate::who::Who;

/// How long the answer waits for the end of a verification; a longer one goes on by itself.
const WAIT: Duration = Duration::from_secs(10);

/// The logs that are being verified, by the file of each.
static RUNNING: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The turn to verify a log: only one reads it through at a time.
struct Turn(PathBuf);

impl Turn {
    fn take(file: PathBuf) -> Option<Self> {
        let free = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(file.clone());
        free.then_some(Self(file))
    }

    fn taken(file: &PathBuf) -> bool {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).contains(file)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// `GET /audit/verify`
pub(super) async fn show(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    who.allow(&app, "audit.verify_chain", &Resource::platform(), "audit_log").await?;
    let last = app.store.last_verification().await?;
    let bad = last.as_ref().is_some_and(|last| last.report.bad.is_some());
    let done = query.get("done").filter(|_| last.is_some());
    let done = done.map(|_| text(lang, if bad { "verified_bad" } else { "verified_ok" }));
    let mut page = Page::new("verify", text(lang, "verify_title")).notice(done);
    if who.may("audit.read") {
        page = page.below(text(lang, "title"), "/audit");
    }
    page.main.p(&text(lang, "verify_lead"));
    if Turn::taken(&app.store.config().audit_file()) {
        page.main.put(lang, "notification-banner", json!({ "text": text(lang, "verify_running") }));
    } else {
        let button = component(lang, "button", json!({ "text": text(lang, "verify_send"), "once": true }));
        page.main.form("/audit/verify", &who.csrf, None, &button);
    }
    page.main.h2("last", &text(lang, "verify_last"));
    if let Some(last) = &last {
        found(&app, &who, last, &mut page.main).await?;
    } else {
        let mut empty = json!({
            "heading": { "text": text(lang, "verify_never") }, "heading_level": 3,
            "text": text(lang, "verify_never_hint"),
        });
        if lang == Lang::En {
            empty["lang"] = json!("en");
        }
        page.main.put(lang, "empty-state", empty);
    }
    keep_outside(&app, lang, &mut page.main).await?;
    Ok(page.show(&who))
}

async fn found(app: &App, who: &Who, last: &Verified, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let mut seen = Seen::default();
    seen.person(last.by);
    let names = Names::of(app, who, seen).await?;
    let key = |key: &str| json!({ "text": text(lang, key) });
    let plain = |name: &str, value: String| json!({ "key": key(name), "value": { "text": value } });
    let report = &last.report;
    let (word, state) = if report.bad.is_some() { ("bad", "danger") } else { ("ok", "ok") };
    let tag = component(lang, "tag", json!({ "text": text(lang, word), "state": state }));
    let mut rows = vec![json!({ "key": key("result"), "value": { "html": tag.as_str() } })];
    if let Some(bad) = &report.bad {
        let mut cell = json!({ "text": format!("#{}", bad.seq) });
        if who.may("audit.read") {
            cell["href"] = json!(format!("/audit/{}", bad.seq));
        }
        rows.push(json!({ "key": key("first_bad"), "value": { "html": linked(&cell).as_str() } }));
        rows.push(plain("what_is_wrong", text(lang, &format!("fault.{}", code_of(bad.fault)))));
    }
    rows.extend([
        plain("leaves", number(report.leaves)),
        json!({ "key": key("root"), "value": { "html": code(&report.root).as_str() } }),
        plain("roots", number(report.roots)),
        plain("verified_at", date_time(last.at.into(), lang)),
        json!({ "key": key("verified_by"), "value": { "html": linked(&names.person_cell(last.by)).as_str() } }),
    ]);
    out.put(lang, "summary-list", json!({ "rows": rows }));
    if report.bad.is_some() {
        out.put(lang, "warning-text", json!({ "text": text(lang, "wrong_hint") }));
    }
    Ok(())
}

/// The code word of what is wrong, as the report is stored.
fn code_of(wrong: Wrong) -> String {
    serde_json::to_value(wrong).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// What tells later whether the whole log was exchanged: the newest signed root and the key it is signed with.
async fn keep_outside(app: &App, lang: Lang, out: &mut Html) -> Result<(), Fault> {
    let Some(note) = app.store.newest_checkpoint().await? else { return Ok(()) };
    out.h2("root", &text(lang, "checkpoint"));
    out.p(&text(lang, "checkpoint_lead"));
    let note = json!({
        "id": "note", "name": "note", "label": { "text": text(lang, "note") }, "value": note, "readonly": true, "rows": 7,
        "spellcheck": "false", "classes": "bw-code",
    });
    out.put(lang, "textarea", note);
    let key = Sha256(app.store.audit_public_key()).to_string();
    let row: Value =
        json!({ "key": { "text": text(lang, "public_key") }, "value": { "html": code(&key).as_str() } });
    out.put(lang, "summary-list", json!({ "rows": [row] }));
    Ok(())
}

/// `POST /audit/verify`
pub(super) async fn run(State(app): State<Arc<App>>, who: Who, _: Form) -> Result<Response, Fault> {
    who.allow(&app, "audit.verify_chain", &Resource::platform(), "audit_log").await?;
    let Some(turn) = Turn::take(app.store.config().audit_file()) else {
        return Ok(Redirect::to("/audit/verify").into_response());
    };
    let actor = who.actor(&app, None);
    let inner = Arc::clone(&app);
    // On its own: it ends and is recorded whether or not the person waits for it.
    let mut task = tokio::spawn(async move {
        let result = read_through(&inner, &actor).await;
        drop(turn);
        result
    });
    if let Ok(ended) = tokio::time::timeout(WAIT, &mut task).await {
        ended.map_err(|error| Fault::Defect(error.to_string()))??;
        return Ok(Redirect::to("/audit/verify?done=1").into_response());
    }
    let request_id = who.visit().request_id.clone();
    tokio::spawn(async move {
        if let Ok(Err(error)) = task.await {
            App::report(&request_id, &error.into());
        }
    });
    Ok(Redirect::to("/audit/verify").into_response())
}

async fn read_through(app: &App, actor: &Actor) -> Result<Verified, StoreError> {
    let report = verify(&app.store, &app.store.config().audit_file(), &[]).await?;
    app.store.keep_verification(actor, report).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_read_by_one_at_a_time() {
        let file = PathBuf::from("/a/log/of/this/test");
        let turn = Turn::take(file.clone());
        assert!(turn.is_some() && Turn::taken(&file) && Turn::take(file.clone()).is_none());
        assert!(Turn::take(PathBuf::from("/another/log/of/this/test")).is_some(), "another log is free");
        drop(turn);
        assert!(Turn::take(file).is_some());
    }
}
