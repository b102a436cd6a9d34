//! The list of the log, one entry, and its proof.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bulwark_i18n::{args, date_time};
use bulwark_model::Lang;
use bulwark_model::rights::{self, Action};
use bulwark_store::audit::prove_leaf;
use bulwark_store::entity::audit::leaf;
use bulwark_store::{AuditFilter, AuditPage, MAX_ROWS, StoreError, Uuid};
use serde_json::{Value, json};

use super::names::{Names, Seen, person_named, place_named};
use super::{Facts, leaf_at, leaf_seen, resource_of};
use crate::app::App;
use crate::fault::Fault;
use crate::html::Html;
use crate::list::{Choice, EXPORT_ROWS, Filter, List, Query, ROWS, file};
use crate::page::{Page, fill, say};
use crate::texts::texts;
use crate::who::Who;

/// Kinds of acts offered as a filter, most asked for first; the beginnings of their codes.
const KINDS: [&str; 15] = [
    "person.",
    "role_grant.",
    "credential.",
    "session.",
    "api_token.",
    "link.",
    "organisation.",
    "signing_key.",
    "pending_act.",
    "break_glass.",
    "setting.",
    "job.",
    "retention.",
    "backup.",
    "audit.",
];

pub(super) fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("audit.{key}"))
}

/// The act in words; its code when this program does not know it.
pub(super) fn act(lang: Lang, code: &str) -> String {
    texts().get(&format!("audit.act.{code}")).map_or(code, |text| text.get(lang)).to_owned()
}

/// `GET /audit`
pub(super) async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    let filter = AuditFilter {
        person: person_named(&app, query.get("person")).await?,
        object: query.owned("object"),
        owner: place_named(&app, query.get("organisation")).await?,
        action: query.owned("action"),
    };
    // `after` is a place in the list, as in all lists: the log runs backwards from it.
    let before = query.get("after").map(|seq| seq.parse().unwrap_or(0));
    let found = match query.export() {
        None => app.store.audit_page(&who.scope("audit.read"), &filter, before, ROWS).await?,
        Some(_) => whole(&app, &who, &filter).await?,
    };
    let read: Vec<(&leaf::Model, Option<Facts>)> =
        found.rows.iter().map(|row| (row, Facts::of(row))).collect();
    let mut seen = Seen::default();
    for (row, facts) in &read {
        let tenant = facts.as_ref().and_then(|facts| facts.tenant);
        seen.person(row.actor).owner(row.owner).place(tenant).object(&row.object);
    }
    let names = Names::of(&app, &who, seen).await?;
    let rows = read.iter().map(|(row, facts)| cells(&names, lang, row, facts.as_ref())).collect();
    let list = List {
        lang,
        path: "/audit",
        query: &query,
        caption: text(lang, "title"),
        filters: filters(lang),
        head: ["number", "time", "what", "person", "role", "object"].map(|key| text(lang, key)).to_vec(),
        rows,
        total: None,
        next: found.next.map(|seq| seq.to_string()),
        previous: None,
        empty: text(lang, "empty"),
        exports: who.may("audit.export"),
    };
    if let Some(file) = list.file(&app, &who, "audit").await? {
        return Ok(file);
    }
    let mut page = Page::new("audit", text(lang, "title"));
    if who.may("audit.verify_chain") {
        page = page.action(text(lang, "verify"), "/audit/verify");
    }
    page.main.p(&text(lang, "lead"));
    page.main.push(&list.html());
    Ok(page.show(&who))
}

/// The log as far as one file goes. Taking it away is an act of its own, and needs fresh proof.
async fn whole(app: &App, who: &Who, filter: &AuditFilter) -> Result<AuditPage, Fault> {
    let export = Action::parse("audit.export").map_err(|_| Fault::NotFound)?;
    rights::may(&who.subject, export, who.now.into())?;
    if !who.subject.stepped_up(who.now.into()) {
        return Err(who.step_up());
    }
    let scope = who.scope("audit.export");
    let mut all = app.store.audit_page(&scope, filter, None, MAX_ROWS).await?;
    while let Some(next) = all.next.filter(|_| all.rows.len() < EXPORT_ROWS) {
        let more = app.store.audit_page(&scope, filter, Some(next), MAX_ROWS).await?;
        all.rows.extend(more.rows);
        all.next = more.next;
    }
    Ok(all)
}

fn filters(lang: Lang) -> Vec<Filter> {
    let words = |name: &'static str| Filter::Words { name, label: text(lang, &format!("filter_{name}")) };
    let kinds = KINDS.map(|begin| {
        let kind = begin.trim_end_matches('.');
        let kind = if kind == "audit" { "audit_log" } else { kind };
        Choice { value: begin.to_owned(), text: text(lang, &format!("kind.{kind}")) }
    });
    let action =
        Filter::Choices { name: "action", label: text(lang, "filter_action"), choices: kinds.into() };
    vec![words("person"), action, words("object"), words("organisation")]
}

fn cells(names: &Names<'_>, lang: Lang, row: &leaf::Model, facts: Option<&Facts>) -> Vec<Value> {
    let number = json!({ "text": format!("#{}", row.seq), "href": format!("/audit/{}", row.seq) });
    let object = names.object_cell(&row.object, row.owner);
    let Some(facts) = facts else {
        let damaged = json!({ "text": text(lang, "damaged"), "state": "danger" });
        let person = names.person_cell(row.actor);
        return vec![number, json!({ "text": "" }), damaged, person, json!({ "text": "" }), object];
    };
    vec![
        number,
        json!({ "text": facts.time_utc.map_or_else(String::new, |time| date_time(time, lang)) }),
        json!({ "text": act(lang, &facts.action) }),
        names.person_cell(row.actor),
        json!({ "text": names.role_at(&facts.role, facts.tenant) }),
        object,
    ]
}

/// `GET /audit/{seq}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(seq): Path<String>,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let row = leaf_seen(&app, &who, &seq).await?;
    let resource = resource_of(&app, &row).await?;
    let facts = Facts::of(&row);
    let mut seen = Seen::default();
    let tenant = facts.as_ref().and_then(|facts| facts.tenant);
    seen.person(row.actor).owner(row.owner).place(tenant).object(&row.object);
    let names = Names::of(&app, &who, seen).await?;
    let title = fill(lang, "audit.leaf_title", &args![number = row.seq]);
    let mut page = Page::new("audit", title).below(text(lang, "title"), "/audit");
    match &facts {
        Some(facts) => {
            let reason = app.store.reason(row.seq).await?;
            page.main.put(
                lang,
                "summary-list",
                json!({ "rows": all_facts(&names, lang, &row, facts, reason) }),
            );
        }
        None => {
            page.main.put(lang, "warning-text", json!({ "text": text(lang, "damaged") }));
        }
    }
    raw(lang, &row, &mut page.main);
    let query = Query::default();
    page.main.link(&query.with("/audit", &[("object", Some(&row.object))]), &text(lang, "same_object"));
    if who.could("audit.export", &resource) {
        page.main.h2("proof", &text(lang, "proof"));
        page.main.p(&text(lang, "proof_lead"));
        let link = json!({
            "text": text(lang, "proof"), "href": format!("/audit/{}/proof", row.seq), "variant": "secondary",
            "icon": "download",
        });
        page.main.put(lang, "button", link);
    }
    Ok(page.show(&who))
}

fn all_facts(
    names: &Names<'_>,
    lang: Lang,
    row: &leaf::Model,
    facts: &Facts,
    reason: Option<String>,
) -> Vec<Value> {
    let key = |key: &str| json!({ "text": text(lang, key) });
    let plain = |name: &str, value: &str| json!({ "key": key(name), "value": { "text": value } });
    let code = |name: &str, value: Option<&str>| match value {
        Some(value) => json!({ "key": key(name), "value": { "html": code(value).as_str() } }),
        None => json!({ "key": key(name), "value": { "text": text(lang, "none") } }),
    };
    let linked =
        |name: &str, cell: Value| json!({ "key": key(name), "value": { "html": linked(&cell).as_str() } });
    let time = facts.time_utc.map_or_else(String::new, |time| exact(time, lang));
    let reason = match (reason, &facts.reason_hash) {
        (Some(reason), _) => reason,
        (None, Some(_)) => text(lang, "reason_gone"),
        (None, None) => text(lang, "no_reason"),
    };
    let owner = if row.owner.is_some() { names.place(row.owner).to_owned() } else { text(lang, "none") };
    vec![
        plain("what", &act(lang, &facts.action)),
        linked("object", names.object_cell(&row.object, row.owner)),
        plain("time", &time),
        linked("person", names.person_cell(row.actor)),
        plain("role", &names.role_at(&facts.role, facts.tenant)),
        plain("owner", &owner),
        plain("reason", &reason),
        code("action_code", Some(&facts.action)),
        code("time_utc", facts.time_utc.map(|time| time.to_string()).as_deref()),
        plain("mono", &fill(lang, "audit.mono_us", &args![us = facts.mono])),
        code("before_hash", facts.before_hash.as_deref()),
        code("after_hash", facts.after_hash.as_deref()),
        code("reason_hash", facts.reason_hash.as_deref()),
        code("source_hash", facts.source_ip_hash.as_deref()),
        code("request_id", Some(&facts.request_id)),
        code("leaf_hash", Some(&row.hash)),
    ]
}

/// A cell as markup: a link, or plain text.
pub(crate) fn linked(cell: &Value) -> Html {
    let words = Html::text(cell["text"].as_str().unwrap_or_default());
    match cell["href"].as_str() {
        Some(href) => Html::raw_element("a", &[("href", href)], &words),
        None => words,
    }
}

/// A hash, a number or a code.
pub(super) fn code(value: &str) -> Html {
    Html::raw_element("span", &[("class", "bw-code")], &Html::text(value))
}

/// A moment to the second; zones differ by whole minutes.
fn exact(time: jiff::Timestamp, lang: Lang) -> String {
    format!("{}:{:02}", date_time(time, lang), time.as_second().rem_euclid(60))
}

fn raw(lang: Lang, row: &leaf::Model, out: &mut Html) {
    let code = Html::raw_element("p", &[("class", "bw-code")], &Html::text(&row.leaf));
    out.put(lang, "details", json!({ "summary": { "text": text(lang, "raw") }, "html": code.as_str() }));
}

/// `GET /audit/{seq}/proof`
pub(super) async fn proof(
    State(app): State<Arc<App>>,
    who: Who,
    Path(seq): Path<String>,
) -> Result<Response, Fault> {
    let row = leaf_at(&app, &seq).await?;
    let resource = resource_of(&app, &row).await?;
    let object = format!("audit_leaf/{}", row.seq);
    who.allow(&app, "audit.export", &resource, &object).await?;
    record(&app, &who, row.owner, object).await?;
    let proof = match prove_leaf(&app.store, row.seq).await {
        // It is younger than the newest signed root: then there is one now.
        Err(StoreError::NotFound { .. }) => {
            app.store.checkpoint().await?;
            prove_leaf(&app.store, row.seq).await?
        }
        proof => proof?,
    };
    Ok(file(&format!("audit-{}.json", row.seq), "application/json", format!("{proof:#}\n").into_bytes()))
}

/// What is taken out of the platform leaves an entry, in the list of whoever it belongs to.
async fn record(app: &App, who: &Who, owner: Option<Uuid>, object: String) -> Result<(), Fault> {
    let actor = who.actor(app, None);
    let recorded = app.store.write(&actor, move |tx| {
        Box::pin(async move {
            tx.audit_of(owner, "audit.export", &object, None, None);
            Ok(())
        })
    });
    Ok(recorded.await?)
}
