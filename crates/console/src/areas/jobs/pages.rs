//! The pages about background jobs.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bulwark_i18n::{args, date_time};
use bulwark_model::Lang;
use bulwark_model::rights::{Resource, Scope};
use bulwark_store::Uuid;
use bulwark_store::entity::work::job;
use serde_json::{Value, json};

use super::{STATES, state_name, text};
use crate::app::App;
use crate::areas::edit::code;
use crate::fault::Fault;
use crate::html::{Html, component};
use crate::list::{Choice, Filter, List, Query, collect, turns};
use crate::page::{Page, fill};
use crate::who::Who;

/// Characters of an error that a list shows.
const EXCERPT: usize = 80;

/// `GET /jobs`
pub(super) async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    // Jobs have no owner: whoever may read them may read all of them.
    let found = match who.scope("job.read") {
        Scope::Everything { .. } => collect(&query, |page| app.store.jobs(query.get("state"), page)).await?,
        Scope::Nothing | Scope::Any { .. } => return Err(Fault::NotFound),
    };
    let rows = found.page.rows.iter().map(|row| {
        vec![
            json!({ "text": row.kind, "href": format!("/jobs/{}", row.id) }),
            json!({ "html": state(lang, row).as_str() }),
            json!({ "text": tries(lang, row) }),
            json!({ "text": date_time(row.created_at.into(), lang) }),
            json!({ "text": date_time(row.run_at.into(), lang) }),
            json!({ "text": row.last_error.as_deref().map_or_else(|| "–".to_owned(), excerpt) }),
        ]
    });
    let rows: Vec<Vec<Value>> = rows.collect();
    let (next, previous) = turns(&found.page);
    let states = STATES.map(|(state, _)| Choice { value: state.into(), text: text(lang, state) });
    let list = List {
        lang,
        path: "/jobs",
        query: &query,
        caption: text(lang, "title"),
        filters: vec![Filter::Choices { name: "state", label: text(lang, "state"), choices: states.into() }],
        head: ["kind", "state", "attempts", "queued", "run_at", "last_error"].map(|key| text(lang, key)).to_vec(),
        rows,
        total: Some(found.total),
        next,
        previous,
        empty: text(lang, "empty"),
        exports: true,
    };
    if let Some(file) = list.file(&app, &who, "jobs").await? {
        return Ok(file);
    }
    let mut page = Page::new("jobs", text(lang, "title"));
    page.main.push(&list.html());
    Ok(page.show(&who))
}

fn state(lang: Lang, row: &job::Model) -> Html {
    let colour = STATES.iter().find(|(state, _)| *state == row.state).map_or("unknown", |(_, colour)| *colour);
    component(lang, "tag", json!({ "text": state_name(lang, &row.state), "state": colour }))
}

fn tries(lang: Lang, row: &job::Model) -> String {
    fill(lang, "jobs.tries", &args![done = row.attempts, most = row.max_attempts])
}

/// The beginning of the first line.
fn excerpt(error: &str) -> String {
    let line = error.lines().next().unwrap_or_default();
    let mut out: String = line.chars().take(EXCERPT).collect();
    if out.len() < error.trim_end().len() {
        out.push('…');
    }
    out
}

/// `GET /jobs/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    query: Query,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let row = super::job(&app, &who, id, "job.read").await?;
    let done = query.get("done").map(|_| text(lang, "done_retry"));
    let mut page = Page::new("jobs", row.kind.clone()).below(text(lang, "title"), "/jobs").notice(done);
    let fact = |key: &str, value: Value| json!({ "key": { "text": text(lang, key) }, "value": value });
    let mut facts = vec![
        fact("state", json!({ "html": state(lang, &row).as_str() })),
        fact("attempts", json!({ "text": tries(lang, &row) })),
        fact("queued", json!({ "text": date_time(row.created_at.into(), lang) })),
        fact("run_at", json!({ "text": date_time(row.run_at.into(), lang) })),
        fact("id", code(&row.id.to_string())),
    ];
    if let Some(worker) = &row.worker {
        facts.push(fact("worker", code(worker)));
    }
    if let Some(until) = row.lease_until {
        facts.push(fact("lease_until", json!({ "text": date_time(until.into(), lang) })));
    }
    page.main.put(lang, "summary-list", json!({ "rows": facts }));
    if let Some(error) = &row.last_error {
        page.main.h2("last-error", &text(lang, "last_error")).push(&verbatim("last-error", error));
    }
    page.main.h2("payload", &text(lang, "payload")).push(&verbatim("payload", &pretty(&row.payload)));
    if row.state == "dead" && who.could("job.retry", &Resource::platform()) {
        let button = component(lang, "button", json!({ "text": text(lang, "retry"), "once": true }));
        page.main.form(&format!("/jobs/{id}/retry"), &who.csrf, None, &button);
    }
    Ok(page.show(&who))
}

/// Text as it is; it can be reached by keyboard when it has to be scrolled.
fn verbatim(heading: &'static str, words: &str) -> Html {
    let attributes = [("tabindex", "0"), ("role", "region"), ("aria-labelledby", heading)];
    Html::raw_element("pre", &attributes, &Html::text(words))
}

/// JSON with a value a line; anything else as it is.
fn pretty(payload: &str) -> String {
    let value: Option<Value> = serde_json::from_str(payload).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| payload.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_says_that_it_is_one() {
        assert_eq!(excerpt("disk full"), "disk full");
        assert_eq!(excerpt("disk full\n"), "disk full");
        assert_eq!(excerpt("disk full\nat line 2"), "disk full…");
        assert_eq!(excerpt(&"長".repeat(81)).chars().count(), 81);
        assert_eq!(excerpt(""), "");
    }

    #[test]
    fn a_payload_that_is_no_json_is_shown_as_it_is() {
        assert_eq!(pretty("{\"b\":1}"), "{\n  \"b\": 1\n}");
        assert_eq!(pretty("{"), "{");
    }
}
