//! The pages of requests.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_i18n::date_time;
use bulwark_model::rights::Role;
use bulwark_store::entity::person::person;
use bulwark_store::{Outcome, Uuid};
use serde_json::{Value, json};

use super::duty::{Done, Duty};
use super::{decidable, decide, open, waiting};
use crate::app::App;
use crate::fault::Fault;
use crate::form::{Form, LINES};
use crate::html::{Html, component};
use crate::list::{Choice, Filter, List, Query, turns};
use crate::page::{Page, say};
use crate::who::Who;

/// `GET /requests`
pub(super) async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    let all = query.get("state") == Some("all");
    let found = app.store.pending_acts(who.person.id, &decidable(&who), !all, query.page()).await?;
    let mut rows = Vec::new();
    for row in &found.page.rows {
        let words = match serde_json::from_str::<Duty>(&row.payload) {
            Ok(duty) => duty.words(&app, &who).await?,
            Err(_) => Duty::unknown(&who),
        };
        let asker = app.store.get::<person::Entity>(row.asked_by).await?.name;
        rows.push(vec![
            json!({ "text": words, "href": format!("/requests/{}", row.id) }),
            json!({ "text": asker }),
            json!({ "text": date_time(row.created_at.into(), lang) }),
            json!({ "text": date_time(row.expires_at.into(), lang) }),
            state(&who, &row.state, row.expires_at <= who.now),
        ]);
    }
    let (next, previous) = turns(&found.page);
    let text = |key: &str| say(lang, &format!("requests.{key}"));
    let states = vec![Choice { value: "all".into(), text: text("state_all") }];
    let list = List {
        lang,
        path: "/requests",
        query: &query,
        caption: text("title"),
        filters: vec![Filter::Choices { name: "state", label: text("state"), choices: states }],
        head: ["act", "asked_by", "asked_at", "until", "state"].map(text).to_vec(),
        rows,
        total: Some(found.total),
        next,
        previous,
        empty: text("empty"),
        exports: false,
    };
    let mut page = Page::new("requests", text("title"));
    page.main.p(&text("lead"));
    page.main.push(&list.html());
    Ok(page.show(&who))
}

/// The state of a request as a cell.
fn state(who: &Who, state: &str, over: bool) -> Value {
    let (key, colour) = match state {
        "waiting" if over => ("expired", "unknown"),
        "waiting" => ("waiting", "caution"),
        "done" => ("done", "ok"),
        "refused" => ("refused", "danger"),
        "withdrawn" => ("withdrawn", "unknown"),
        _ => ("expired", "unknown"),
    };
    let tag = json!({ "text": say(who.lang(), &format!("requests.{key}")), "state": colour });
    json!({ "html": component(who.lang(), "tag", tag).as_str() })
}

/// `GET /requests/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
) -> Result<Response, Fault> {
    page_of(&app, &who, id, None).await
}

async fn page_of(app: &App, who: &Who, id: Uuid, done: Option<Done>) -> Result<Response, Fault> {
    let lang = who.lang();
    let open = open(app, who, id).await?;
    let row = &open.row;
    let text = |key: &str| say(lang, &format!("requests.{key}"));
    let asker = app.store.get::<person::Entity>(row.asked_by).await?;
    let role =
        row.asked_as.parse::<Role>().map_or_else(|_| row.asked_as.clone(), |role| who.say(&role.label()));
    let mut page =
        Page::new("requests", open.duty.words(app, who).await?).below(text("title"), "/requests").narrow();
    let link = match done {
        Some(Done::Link(token)) => Some(token),
        Some(Done::Plain) => {
            page = page.notice(Some(text("decided")));
            None
        }
        None => None,
    };
    if let Some(token) = link {
        let address = format!("{}/link/{}", app.settings.origin, token.reveal());
        page.main.put(lang, "panel", link_panel(lang, &address));
    }
    let mut rows = vec![
        json!({ "key": { "text": text("state") }, "value": state(who, &row.state, row.expires_at <= who.now) }),
        json!({ "key": { "text": text("asked_by") }, "value": { "text": format!("{}（{role}）", asker.name) } }),
        json!({ "key": { "text": text("asked_at") }, "value": { "text": date_time(row.created_at.into(), lang) } }),
        json!({ "key": { "text": text("until") }, "value": { "text": date_time(row.expires_at.into(), lang) } }),
        json!({ "key": { "text": text("reason") }, "value": { "text": row.reason } }),
    ];
    if let Some(second) = row.decided_by {
        let second = app.store.get::<person::Entity>(second).await?.name;
        rows.push(json!({ "key": { "text": text("decided_by") }, "value": { "text": second } }));
    }
    page.main.put(lang, "summary-list", json!({ "rows": rows }));
    open.duty.details(who, &mut page.main);
    if waiting(row, who).is_ok() {
        if row.asked_by == who.person.id {
            page.main.p(&text("wait_for_second"));
            page.main.form(
                &format!("/requests/{id}/withdraw"),
                &who.csrf,
                None,
                &button(lang, "withdraw", "secondary"),
            );
        } else if open.decision.is_ok() {
            let mut form = Html::default();
            let note = json!({ "id": "note", "name": "note", "label": { "text": text("note"), "optional": true }, "rows": 3 });
            form.put(lang, "textarea", note);
            form.put(lang, "button-group", json!({ "items": [
                { "text": text("confirm"), "once": true },
                { "text": text("refuse"), "variant": "secondary", "attributes": { "formaction": format!("/requests/{id}/refuse") } },
            ] }));
            page.main.form(&format!("/requests/{id}/confirm"), &who.csrf, None, &form);
        }
    }
    Ok(page.show(who))
}

/// What hands a one-time link over.
pub(crate) fn link_panel(lang: bulwark_model::Lang, address: &str) -> Value {
    json!({
        "title": { "text": say(lang, "requests.link_title") },
        "heading_level": 2,
        "reference": { "text": address, "label": say(lang, "requests.link_label") },
        "text": say(lang, "requests.link_once"),
    })
}

fn button(lang: bulwark_model::Lang, key: &str, variant: &str) -> Html {
    component(
        lang,
        "button",
        json!({ "text": say(lang, &format!("requests.{key}")), "variant": variant, "once": true }),
    )
}

/// `POST /requests/{id}/confirm`
pub(super) async fn confirm(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let note = form.optional("note", LINES);
    form.checked()?;
    let done = decide(&app, &who, id, true, note.as_deref()).await?;
    page_of(&app, &who, id, Some(done)).await
}

/// `POST /requests/{id}/refuse`
pub(super) async fn refuse(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let note = form.optional("note", LINES);
    form.checked()?;
    decide(&app, &who, id, false, note.as_deref()).await?;
    Ok(Redirect::to(&format!("/requests/{id}")).into_response())
}

/// `POST /requests/{id}/withdraw`
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    _: Form,
) -> Result<Response, Fault> {
    let open = open(&app, &who, id).await?;
    if open.row.asked_by != who.person.id {
        return Err(Fault::NotFound);
    }
    waiting(&open.row, &who)?;
    let actor = who.actor(&app, None);
    let withdrawn = app
        .store
        .write(&actor, |tx| Box::pin(async move { tx.decide_act(open.row, Outcome::Withdrawn).await }));
    withdrawn.await?;
    Ok(Redirect::to(&format!("/requests/{id}")).into_response())
}
