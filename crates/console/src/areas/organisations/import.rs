//! Lists of organisations from a file: looked at first, asked for after a second press, carried out by a second person.

use std::sync::{Arc, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::{args, date, number};
use bulwark_identity::{Ceremony, Ticket};
use bulwark_inventory::oid::Oid;
use bulwark_inventory::organisation::{self, Change, Columns, Facts, Plan, Step};
use bulwark_model::{Diagnostic, Lang};
use bulwark_sheet::Table;
use bulwark_store::hash::Sha256;
use bulwark_store::{StoreError, Uuid};
use serde_json::{Value, json};

use super::{class_name, kind_name, text, whole_list};
use crate::app::App;
use crate::areas::edit::{ask, note, today};
use crate::areas::requests::Asked;
use crate::areas::requests::duty::Duty;
use crate::fault::{Fault, message};
use crate::form::{Form, LINES};
use crate::html::Html;
use crate::page::{Page, error_of, fill};
use crate::upload::{Parts, receive, table};
use crate::who::Who;

/// Lines of each kind that a page shows.
const SHOWN: usize = 50;
/// For how long a file that was looked at waits for the second press.
const MINUTES: i64 = 30;

/// A file that was looked at, until it is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Looked {
    person: Uuid,
    file: String,
    sha256: String,
    plan: Plan,
    changes: Vec<Change>,
    notes: Vec<Diagnostic>,
    expires: jiff::Timestamp,
}

impl Ceremony for Looked {
    fn expires(&self) -> jiff::Timestamp {
        self.expires
    }
}

/// `GET /organisations/import`
pub(super) async fn show(who: Who) -> Response {
    choose(&who, &[])
}

fn choose(who: &Who, errors: &[Diagnostic]) -> Response {
    let lang = who.lang();
    let mut page = Page::new("organisations", text(lang, "import"))
        .below(text(lang, "title"), "/organisations")
        .narrow()
        .errors(errors);
    page.main.p(&text(lang, "import_lead"));
    page.main.p(&text(lang, "import_columns"));
    page.main.p(&text(lang, "import_changes"));
    let mut inner = Html::default();
    let mut params = json!({
        "id": "file", "name": "file", "label": { "text": text(lang, "import_file") }, "formats": "CSV、ODS、XLSX",
        "accept": ".csv,.ods,.xlsx", "max_mb": 20,
    });
    if let Some(error) = error_of(lang, errors, "file") {
        params["error"] = error;
    }
    inner.put(lang, "file-upload", params);
    inner.put(lang, "button", json!({ "text": text(lang, "import_look"), "once": true }));
    page.main.file_form("/organisations/import", &who.csrf, &inner);
    page.show(who)
}

/// `POST /organisations/import`: looks, and changes nothing.
pub(super) async fn look(State(app): State<Arc<App>>, who: Who, parts: Parts) -> Result<Response, Fault> {
    match looked(&app, &who, parts).await {
        Ok(looked) => found(&app, &who, looked, &Form::read(b"")),
        Err(Fault::Bad(errors)) => Ok(choose(&who, &errors)),
        Err(other) => Err(other),
    }
}

async fn looked(app: &App, who: &Who, parts: Parts) -> Result<Looked, Fault> {
    let upload = receive(who, parts).await?;
    let (file, sha256) = (upload.name.clone(), Sha256::of(&upload.bytes).to_string());
    let (read, mut notes) = table(app, upload).await?;
    let day = today(who.now);
    let known = whole_list::known(&app.store, day).await?;
    let now: jiff::Timestamp = app.store.now().into();
    let expires = now.checked_add(jiff::SignedDuration::from_mins(MINUTES)).unwrap_or(now);
    let (plan, changes) = judge(&known, &read, &mut notes)?;
    Ok(Looked { person: who.person.id, file, sha256, plan, changes, notes, expires })
}

fn judge(
    known: &whole_list::Register,
    read: &Table,
    notes: &mut Vec<Diagnostic>,
) -> Result<(Plan, Vec<Change>), Fault> {
    let rows = || read.rows.iter().map(|row| (row.cells.as_slice(), row.line));
    if organisation::is_changes(&read.header) {
        let changes = organisation::read_changes(&read.header, &read.sheet, rows());
        let (good, mut problems) = whole_list::judged(known, changes.changes);
        problems.extend(changes.problems);
        problems.sort_by_key(|(line, _)| *line);
        return Ok((Plan { problems, ..Plan::default() }, good));
    }
    let columns = Columns::guess(&read.header).map_err(|note| Fault::Bad(vec![note.at_named("file")]))?;
    let list = organisation::read(&columns, &read.sheet, rows());
    notes.extend(list.notes.iter().cloned());
    Ok((organisation::plan(&known.bodies, &list), Vec::new()))
}

/// What the file changes, and the form that asks for it.
fn found(app: &App, who: &Who, looked: Looked, form: &Form) -> Result<Response, Fault> {
    let lang = who.lang();
    let mut page = Page::new("organisations", text(lang, "import_found"))
        .below(text(lang, "title"), "/organisations")
        .errors(form.wrong());
    let out = &mut page.main;
    out.p(&fill(lang, "organisations.import_of", &args![file = looked.file]));
    summary(lang, &looked.plan, &looked.changes, out);
    orphans(lang, &looked.plan, out);
    problems(lang, &looked.plan, out);
    if !looked.notes.is_empty() {
        let items: Vec<String> = looked.notes.iter().take(SHOWN).map(|note| note.render(lang)).collect();
        let params = json!({ "summary": { "text": text(lang, "import_notes") }, "text": items.join("\n") });
        out.put(lang, "details", params);
    }
    if looked.plan.steps.is_empty() && looked.changes.is_empty() {
        out.put(lang, "inset-text", json!({ "text": text(lang, "import_nothing") }));
        let again = json!({ "text": text(lang, "import_again"), "href": "/organisations/import" });
        out.put(lang, "button", again);
        return Ok(page.show(who));
    }
    steps(lang, &looked.plan.steps, &looked.changes, out);
    if !looked.plan.problems.is_empty() {
        out.put(lang, "warning-text", json!({ "text": text(lang, "import_skips") }));
    }
    let mut inner = Html::default();
    let now = app.store.now().into();
    let kept = app.lists.lock().unwrap_or_else(PoisonError::into_inner).keep(looked, now);
    let ticket = kept.map_err(|error| Fault::Bad(vec![error.diagnostic()]))?;
    inner.hidden("ticket", ticket.as_str());
    let mut reason = json!({
        "id": "reason", "name": "reason", "label": { "text": text(lang, "reason") },
        "hint": { "text": text(lang, "reason_hint") }, "rows": 3, "value": form.shown("reason"),
    });
    if let Some(error) = error_of(lang, form.wrong(), "reason") {
        reason["error"] = error;
    }
    inner.put(lang, "textarea", reason);
    inner.p(&text(lang, "second_person"));
    inner.put(lang, "button", json!({ "text": text(lang, "import_send"), "once": true }));
    page.main.form("/organisations/import/enter", &who.csrf, None, &inner);
    Ok(page.show(who))
}

fn whole(count: usize) -> String {
    number(count as u64)
}

/// How many of each.
fn summary(lang: Lang, plan: &Plan, changes: &[Change], out: &mut Html) {
    let counts = &plan.counts;
    let all = [
        ("import_added", counts.added),
        ("import_renamed", counts.renamed),
        ("import_moved", counts.moved),
        ("import_described", counts.described),
        ("import_unchanged", counts.unchanged),
        ("import_reorganised", changes.len()),
        ("import_repeated", counts.repeated_names),
        ("import_not_in_list", counts.not_in_list),
        ("import_orphans", plan.orphans.len()),
        ("import_wrong", plan.problems.len()),
    ];
    let rows = all.into_iter().filter(|(_, count)| *count > 0);
    let row = |(key, count)| json!({ "key": { "text": text(lang, key) }, "value": { "text": whole(count) } });
    out.put(lang, "summary-list", json!({ "rows": rows.map(row).collect::<Vec<_>>() }));
}

/// A table under its own heading, cut off with a word about the rest.
fn lines<const N: usize>(
    (lang, id, title): (Lang, &str, &str),
    head: [&str; N],
    rows: impl ExactSizeIterator<Item = [Value; N]>,
    out: &mut Html,
) {
    let count = rows.len();
    if count == 0 {
        return;
    }
    out.h2(&format!("{id}-title"), &text(lang, title));
    let head: Vec<Value> = head.iter().map(|key| json!({ "text": text(lang, key) })).collect();
    let rows: Vec<Value> = rows.take(SHOWN).map(|cells| json!({ "cells": cells.to_vec() })).collect();
    let caption = json!({ "text": text(lang, title) });
    let params = json!({ "id": id, "caption": caption, "caption_hidden": true, "head": head, "rows": rows });
    out.put(lang, "table", params);
    if count > SHOWN {
        out.p(&fill(lang, "organisations.import_more", &args![count = whole(count - SHOWN)]));
    }
}

fn cell(words: impl Into<String>) -> Value {
    json!({ "text": words.into() })
}

/// A code, which may break anywhere.
fn code_cell(words: &str) -> Value {
    json!({ "text": words, "classes": "bw-code" })
}

/// Other facts that a list gives, each with its label.
fn described(lang: Lang, oid: Option<&Oid>, facts: &Facts) -> String {
    let said = [
        ("oid", oid.map(Oid::to_string)),
        ("kind", facts.kind.as_deref().map(|kind| kind_name(lang, kind))),
        ("class", facts.class.as_deref().map(|class| class_name(lang, class))),
        ("sector", facts.sector.clone()),
        ("level", facts.level.clone()),
        ("county", facts.county.clone()),
    ];
    let said = said.into_iter().filter_map(|(key, value)| Some(format!("{} {}", text(lang, key), value?)));
    bulwark_i18n::list(&said.collect::<Vec<_>>(), lang)
}

fn orphans(lang: Lang, plan: &Plan, out: &mut Html) {
    let white = plan.orphans.iter().filter(|orphan| orphan.by_white_space).count();
    let rows = plan.orphans.iter().map(|orphan| {
        let under = orphan.under_name.as_deref().unwrap_or("–");
        [cell(orphan.line.to_string()), cell(&orphan.name), code_cell(&orphan.missing), cell(under)]
    });
    let head = ["line", "name", "import_missing", "import_under"];
    lines((lang, "orphans", "import_orphans"), head, rows, out);
    if white > 0 {
        out.p(&fill(lang, "organisations.import_white", &args![count = whole(white)]));
    }
}

fn problems(lang: Lang, plan: &Plan, out: &mut Html) {
    let rows = plan.problems.iter().map(|(line, problem)| {
        [cell(line.to_string()), cell(problem.what.get(lang)), cell(problem.hint.get(lang))]
    });
    lines((lang, "problems", "import_wrong"), ["line", "import_problem", "import_hint"], rows, out);
}

/// What is done, in words: for whoever asks, and for the second person.
pub(crate) fn steps(lang: Lang, steps: &[Step], changes: &[Change], out: &mut Html) {
    let rows = steps.iter().map(|step| {
        let (what, name, to) = match step {
            Step::Add { body, parent_name, .. } => ("import_added", &body.name, parent_name.clone()),
            Step::Rename { from, to, .. } => ("import_renamed", from, Some(to.clone())),
            Step::Move { name, to_name, .. } => ("import_moved", name, Some(to_name.clone())),
            Step::Describe { name, oid, facts, .. } => {
                ("import_described", name, Some(described(lang, oid.as_ref(), facts)))
            }
        };
        let to = to.unwrap_or_else(|| "–".into());
        [cell(text(lang, what)), code_cell(step.code()), cell(name), cell(to)]
    });
    lines((lang, "steps", "import_steps"), ["import_what", "code", "name", "import_to"], rows, out);
    let rows = changes.iter().map(|change| {
        let what = if change.is_rename() { "import_renamed" } else { "import_succeeded" };
        [cell(date(change.day, lang)), cell(text(lang, what)), cell(&change.old_name), cell(&change.new_name)]
    });
    lines((lang, "changes", "import_reorganised"), ["from", "import_what", "name", "import_to"], rows, out);
}

/// `POST /organisations/import/enter`: asks for what was shown.
pub(super) async fn enter(State(app): State<Arc<App>>, who: Who, mut form: Form) -> Result<Response, Fault> {
    let ticket = Ticket::from(form.required("ticket", 100));
    let taken = {
        let mut lists = app.lists.lock().unwrap_or_else(PoisonError::into_inner);
        lists.take(&ticket, app.store.now().into())
    };
    // Sent twice, too late, or after a new start: the request that waits, if any, is among the requests.
    let gone = || vec![message("BW-WEB-106", &[]).at_named("file")];
    let Some(looked) = taken.filter(|looked| looked.person == who.person.id) else {
        return Ok(choose(&who, &gone()));
    };
    let reason = form.required("reason", LINES);
    if !form.wrong().is_empty() {
        return found(&app, &who, looked, &form);
    }
    let duty = Duty::ImportOrganisations {
        file: looked.file.clone(),
        sha256: looked.sha256.clone(),
        day: today(who.now).to_string(),
        steps: looked.plan.steps.clone(),
        changes: looked.changes.clone(),
    };
    match ask(&app, &who, duty, &reason).await {
        Ok(Asked::Waiting(request)) => Ok(Redirect::to(&format!("/requests/{request}")).into_response()),
        Ok(Asked::Done(_)) => Ok(Redirect::to("/organisations").into_response()),
        Err(Fault::Store(StoreError::Conflict { .. } | StoreError::Duplicate(_))) => {
            Ok(choose(&who, &gone()))
        }
        Err(fault) => {
            note(&mut form, fault)?;
            found(&app, &who, looked, &form)
        }
    }
}
