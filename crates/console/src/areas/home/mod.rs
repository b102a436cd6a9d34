//! The first page: what waits for the person, what is open at their organisation, what to do next, and the last log-in.

mod steps;

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bulwark_i18n::{args, date_time, number};
use bulwark_model::Lang;
use bulwark_store::entity::access::session;
use bulwark_store::entity::two_person::pending_act;
use bulwark_store::{Listing, MAX_COUNT, MAX_ROWS, PageRequest, Uuid};
use serde_json::{Value, json};

use crate::app::App;
use crate::areas::audit::refused_log_ins;
use crate::areas::emergency_access;
use crate::areas::requests::decidable;
use crate::areas::requests::duty::Duty;
use crate::fault::Fault;
use crate::html::Html;
use crate::page::{Page, fill, say};
use crate::route::Routes;
use crate::who::Who;

/// Requests shown here; the rest stands on their own page.
const SHOWN: usize = 5;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/", "home.read", show)
}

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("home.{key}"))
}

async fn show(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let lang = who.lang();
    let mut page = Page::new("home", text(lang, "title"));
    let out = &mut page.main;
    if who.role().is_none() {
        out.put(lang, "warning-text", json!({ "text": text(lang, "no_role") }));
        out.link("/account", &text(lang, "to_account"));
    }
    let mut first = emergency_access::banner(&app, &who).await?;
    first.push(&emergency_access::alerts(&app, &who).await?);
    let request = PageRequest { rows: MAX_ROWS, ..PageRequest::default() };
    let found = app.store.acts_waiting_for(who.person.id, &decidable(&who), request).await?;
    if found.page.rows.is_empty() {
        nothing_waits(&app, &who, &mut first).await?;
    }
    out.element("div", "ds-stack", &first);
    if !found.page.rows.is_empty() {
        waiting(&app, &who, found, out).await?;
    }
    steps::show(&app, &who, out).await?;
    log_ins(&app, &who, out).await?;
    Ok(page.show(&who))
}

/// The requests that wait for the person, those that end first.
async fn waiting(
    app: &App,
    who: &Who,
    found: Listing<pending_act::Model>,
    out: &mut Html,
) -> Result<(), Fault> {
    let lang = who.lang();
    let (mut found, total) = (found.page.rows, found.total);
    found.sort_by_key(|row| (row.expires_at, row.id));
    found.truncate(SHOWN);
    let ids: Vec<Uuid> = found.iter().map(|row| row.asked_by).collect();
    let people = app.store.people_named(&ids).await?;
    let mut rows = Vec::new();
    for row in &found {
        let asker =
            people.iter().find(|person| person.id == row.asked_by).map_or("", |person| person.name.as_str());
        rows.push(json!({ "cells": [
            { "text": words(app, who, row).await?, "href": format!("/requests/{}", row.id) },
            { "text": asker },
            { "text": date_time(row.expires_at.into(), lang) },
        ] }));
    }
    out.h2("waiting", &text(lang, "waiting"));
    let count = if total > MAX_COUNT { say(lang, "list.many") } else { number(total) };
    out.p(&fill(lang, "home.waiting_count", &args![count = count]));
    let head: Vec<Value> =
        ["act", "asked_by", "until"].map(|key| json!({ "text": text(lang, key) })).to_vec();
    let caption = json!({ "text": text(lang, "waiting") });
    let table =
        json!({ "id": "requests", "caption": caption, "caption_hidden": true, "head": head, "rows": rows });
    out.put(lang, "table", table);
    out.link("/requests", &text(lang, "waiting_all"));
    Ok(())
}

async fn words(app: &App, who: &Who, row: &pending_act::Model) -> Result<String, Fault> {
    match serde_json::from_str::<Duty>(&row.payload) {
        Ok(duty) => duty.words(app, who).await,
        Err(_) => Ok(Duty::unknown(who)),
    }
}

async fn nothing_waits(app: &App, who: &Who, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let last = app.store.last_decided(who.person.id).await?;
    let below = match &last {
        Some(row) => {
            let time = row.decided_at.map_or_else(String::new, |at| date_time(at.into(), lang));
            fill(lang, "home.last_decided", &args![act = words(app, who, row).await?, time = time])
        }
        None => text(lang, "nothing_decided"),
    };
    let mut empty = json!({ "heading": { "text": text(lang, "empty") }, "text": below });
    if lang == Lang::En {
        empty["lang"] = json!("en");
    }
    // In a box of its own, which keeps its distance from an alert above.
    let mut inner = Html::default();
    inner.put(lang, "empty-state", empty);
    out.element("div", "", &inner);
    Ok(())
}

/// This log-in, the one before and those refused since, so that a stranger's is noticed.
async fn log_ins(app: &App, who: &Who, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let Some(now) = who.session() else { return Ok(()) };
    let before = app.store.session_before(now).await?;
    out.h2("log-ins", &text(lang, "log_in"));
    let row =
        |key: &str, value: String| json!({ "key": { "text": text(lang, key) }, "value": { "text": value } });
    let last = before.as_ref().map_or_else(|| text(lang, "first_time"), |row| facts(lang, row));
    let mut rows = vec![row("this_time", facts(lang, now)), row("last_time", last)];
    let since = before.as_ref().map_or(who.person.created_at, |row| row.created_at);
    let refused = refused_log_ins(app, who.person.id, since).await?;
    if let Some((count, last)) = refused {
        let told = args![count = number(count), time = date_time(last.into(), lang)];
        rows.push(row("refused", fill(lang, "home.refused_facts", &told)));
    }
    out.put(lang, "summary-list", json!({ "rows": rows }));
    if before.is_some() || refused.is_some() {
        out.element("p", "ds-secondary", &Html::text(&text(lang, "not_me")));
    }
    Ok(())
}

fn facts(lang: Lang, row: &session::Model) -> String {
    let agent = if row.agent.is_empty() { text(lang, "unknown_agent") } else { crate::agent::name(&row.agent) };
    let method = say(lang, &format!("people.method_{}", row.method));
    let time = date_time(row.created_at.into(), lang);
    fill(lang, "home.log_in_facts", &args![time = time, method = method, agent = agent])
}
