//! The access log: who looked at what an organisation keeps here.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bulwark_i18n::{args, date, date_time, number};
use bulwark_model::rights::{Filter as Within, Scope};
use bulwark_model::{Lang, RetentionClass};
use bulwark_store::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::app::App;
use crate::areas::audit::{Names, Seen, person_named};
use crate::areas::emergency_access;
use crate::fault::Fault;
use crate::list::{Filter, List, Query, collect, turns};
use crate::page::{Page, fill, say};
use crate::route::Routes;
use crate::who::Who;

/// The routes.
pub(crate) fn routes(routes: Routes) -> Routes {
    routes.get("/access-log", "access_log.read", list)
}

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("access_log.{key}"))
}

/// `GET /access-log`
async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    let scope = who.scope("access_log.read");
    let person = person_named(&app, query.get("person")).await?;
    let found = collect(&query, |page| app.store.accesses(&scope, person, page)).await?;
    let mut seen = Seen::default();
    for row in &found.page.rows {
        seen.person(row.person_id).place(row.organisation_id).owner(Some(row.owner_id)).object(&row.object);
    }
    let names = Names::of(&app, &who, seen).await?;
    // Whose data it was goes without saying where only one organisation's is listed.
    let own = only_own(&scope);
    let mut head = vec!["time", "person", "role", "object", "request"];
    if !own {
        head.push("owner");
    }
    let rows = found.page.rows.iter().map(|row| {
        let mut cells = vec![
            json!({ "text": date_time(row.at.into(), lang) }),
            names.person_cell(row.person_id),
            json!({ "text": names.role_at(&row.role, row.organisation_id) }),
            names.object_cell(&row.object, Some(row.owner_id)),
            json!({ "text": row.request_id, "classes": "bw-code" }),
        ];
        if !own {
            cells.push(json!({ "text": names.place(Some(row.owner_id)) }));
        }
        cells
    });
    let rows: Vec<Vec<Value>> = rows.collect();
    let (next, previous) = turns(&found.page);
    let list = List {
        lang,
        path: "/access-log",
        query: &query,
        caption: text(lang, "title"),
        filters: vec![Filter::Words { name: "person", label: text(lang, "filter_person") }],
        head: head.into_iter().map(|key| text(lang, key)).collect(),
        rows,
        total: Some(found.total),
        next,
        previous,
        empty: text(lang, "empty"),
        exports: true,
    };
    if let Some(file) = list.file(&app, &who, "access-log").await? {
        return Ok(file);
    }
    let mut page = Page::new("access-log", text(lang, "title"));
    let mut first = emergency_access::alerts(&app, &who).await?;
    first.p(&lead(&app, &who, own).await?);
    page.main.element("div", "ds-stack", &first);
    page.main.push(&list.html());
    Ok(page.show(&who))
}

/// True when the list can only hold what belongs to the organisation acted for.
fn only_own(scope: &Scope) -> bool {
    matches!(scope, Scope::Any { filters, .. } if filters.iter().all(|filter| matches!(filter, Within::Own(_))))
}

/// What is listed, since when, and how long it is kept.
async fn lead(app: &App, who: &Who, own: bool) -> Result<String, Fault> {
    let lang = who.lang();
    let days = app.store.setting(&format!("retention.{}", RetentionClass::AccessLog)).await?;
    let days = days.and_then(|row| row.value.parse::<u32>().ok());
    let kept = days.map(|days| who.now.plus_ms(-i64::from(days) * 86_400_000));
    let begun = if own { Some(who.organisation.created_at) } else { first_day(app).await };
    let since = begun.max(kept).unwrap_or(who.now);
    let day = TimeZone::fixed(jiff::tz::offset(8)).to_datetime(since.into()).date();
    let key = if own { "access_log.lead_own" } else { "access_log.lead_all" };
    let mut words = fill(lang, key, &args![since = date(day, lang)]);
    if let Some(days) = days {
        if lang == Lang::En {
            words.push(' ');
        }
        words.push_str(&fill(lang, "access_log.kept", &args![days = number(u64::from(days))]));
    }
    Ok(words)
}

/// When the platform was set up: the time of the first entry of the audit log.
async fn first_day(app: &App) -> Option<Timestamp> {
    // Without a first entry something is badly wrong, which the verification tells, not this page.
    let Ok(first) = app.store.audit_leaf(0).await else { return None };
    let leaf: Value = serde_json::from_str(&first.leaf).unwrap_or_default();
    let time = leaf["time_utc"].as_str().and_then(|time| time.parse::<jiff::Timestamp>().ok());
    time.map(Timestamp::from)
}
