//! The pages of emergency access.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bulwark_i18n::{args, date_time};
use bulwark_model::Lang;
use bulwark_model::rights::Resource;
use bulwark_store::Uuid;
use bulwark_store::entity::two_person::break_glass;
use bulwark_store::rights::person_id;
use serde_json::{Value, json};

use super::change::LEAST;
use super::{left, text};
use crate::app::App;
use crate::areas::audit::{Names, Seen, linked};
use crate::fault::Fault;
use crate::form::Form;
use crate::html::{Html, component};
use crate::list::{Choice, Filter, List, Query, collect, turns};
use crate::page::{Page, error_of, fill};
use crate::who::Who;

/// `GET /emergency-access`
pub(super) async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    let only_open = query.get("state") == Some("open");
    let scope = who.scope("break_glass.read");
    let found = collect(&query, |page| app.store.emergency_access_list(&scope, only_open, page)).await?;
    let mut seen = Seen::default();
    for row in &found.page.rows {
        seen.person(Some(row.person_id)).person(Some(row.confirmed_by)).place(Some(row.owner_id));
    }
    let names = Names::of(&app, &who, seen).await?;
    let rows = found.page.rows.iter().map(|row| {
        vec![
            json!({ "text": names.place(Some(row.owner_id)), "href": format!("/emergency-access/{}", row.id) }),
            json!({ "text": names.person(Some(row.person_id)) }),
            json!({ "text": names.person(Some(row.confirmed_by)) }),
            json!({ "text": date_time(row.valid_from.into(), lang) }),
            json!({ "text": date_time(row.valid_until.into(), lang) }),
            json!({ "html": state(&who, row).as_str() }),
        ]
    });
    let rows: Vec<Vec<Value>> = rows.collect();
    let (next, previous) = turns(&found.page);
    let states = vec![Choice { value: "open".into(), text: text(lang, "state_open") }];
    let list = List {
        lang,
        path: "/emergency-access",
        query: &query,
        caption: text(lang, "title"),
        filters: vec![Filter::Choices { name: "state", label: text(lang, "state"), choices: states }],
        head: ["organisation", "person", "confirmed_by", "from", "until", "state"]
            .map(|key| text(lang, key))
            .to_vec(),
        rows,
        total: Some(found.total),
        next,
        previous,
        empty: text(lang, "empty"),
        exports: true,
    };
    if let Some(file) = list.file(&app, &who, "emergency-access").await? {
        return Ok(file);
    }
    let mut page = Page::new("emergency-access", text(lang, "title"));
    if who.may("break_glass.request") {
        page = page.action(text(lang, "ask"), "/emergency-access/request");
    }
    page.main.p(&text(lang, "lead"));
    page.main.push(&list.html());
    Ok(page.show(&who))
}

fn state(who: &Who, row: &break_glass::Model) -> Html {
    let open = row.valid_from <= who.now && who.now < row.valid_until;
    let (key, colour) = if open { ("state_open", "danger") } else { ("state_over", "unknown") };
    component(who.lang(), "tag", json!({ "text": text(who.lang(), key), "state": colour }))
}

/// `GET /emergency-access/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let row = app.store.get::<break_glass::Entity>(id).await?;
    let reader = person_id(row.person_id);
    let resource = Resource {
        person: Some(reader),
        participants: [reader].into(),
        ..app.store.resource_of(row.owner_id).await?
    };
    who.allow(&app, "break_glass.read", &resource, &format!("break_glass/{id}")).await?;
    let mut seen = Seen::default();
    let organisation = format!("organisation/{}", row.owner_id);
    seen.person(Some(row.person_id)).person(Some(row.confirmed_by)).object(&organisation);
    let names = Names::of(&app, &who, seen).await?;
    let title =
        fill(lang, "emergency_access.one_title", &args![organisation = names.place(Some(row.owner_id))]);
    let mut page = Page::new("emergency-access", title).below(text(lang, "title"), "/emergency-access");
    let key = |key: &str| json!({ "text": text(lang, key) });
    let plain = |name: &str, value: String| json!({ "key": key(name), "value": { "text": value } });
    let person = |name: &str, id: Uuid| json!({ "key": key(name), "value": { "html": linked(&names.person_cell(Some(id))).as_str() } });
    let mut rows = vec![
        json!({ "key": key("state"), "value": { "html": state(&who, &row).as_str() } }),
        person("person", row.person_id),
        person("confirmed_by", row.confirmed_by),
        plain("reason", row.reason.clone()),
        plain("from", date_time(row.valid_from.into(), lang)),
        plain("until", date_time(row.valid_until.into(), lang)),
    ];
    if who.now < row.valid_until {
        rows.insert(1, plain("remaining", left(lang, row.valid_until, who.now)));
    }
    page.main.put(lang, "summary-list", json!({ "rows": rows }));
    if let Some(login) = names.login(Some(row.person_id)).filter(|_| who.could("access_log.read", &resource))
    {
        let place = Query::default().with("/access-log", &[("person", Some(login))]);
        page.main.link(&place, &text(lang, "what_was_read"));
    }
    Ok(page.show(&who))
}

/// `GET /emergency-access/request`
pub(super) async fn request(who: Who, query: Query) -> Result<Response, Fault> {
    let mut form = Form::read(b"");
    form.set("organisation", query.get("organisation").unwrap_or_default());
    Ok(request_again(&who, &form))
}

/// The form that asks for an emergency access, with what was filled in and what is wrong with it.
pub(super) fn request_again(who: &Who, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = Page::new("emergency-access", text(lang, "ask"));
    if who.may("break_glass.read") {
        page = page.below(text(lang, "title"), "/emergency-access");
    }
    let mut page = page.narrow().errors(form.wrong());
    page.main.p(&text(lang, "ask_lead"));
    page.main.put(lang, "warning-text", json!({ "text": text(lang, "ask_warning") }));
    let hint = fill(lang, "emergency_access.ask_reason_hint", &args![least = LEAST]);
    let mut inner = Html::default();
    let mut organisation =
        field(lang, form, "organisation", "ask_organisation", &text(lang, "ask_organisation_hint"));
    organisation["width"] = json!("20");
    organisation["autocapitalize"] = json!("none");
    inner.put(lang, "text-input", organisation);
    let mut reason = field(lang, form, "reason", "reason", &hint);
    reason["rows"] = json!(4);
    inner.put(lang, "textarea", reason);
    inner.put(lang, "button", json!({ "text": text(lang, "ask_send"), "once": true }));
    page.main.form("/emergency-access/request", &who.csrf, None, &inner);
    page.show(who)
}

fn field(lang: Lang, form: &Form, name: &str, label: &str, hint: &str) -> Value {
    let mut params = json!({
        "id": name, "name": name, "label": { "text": text(lang, label) }, "hint": { "text": hint },
        "value": form.shown(name),
    });
    if let Some(error) = error_of(lang, form.wrong(), name) {
        params["error"] = error;
    }
    params
}
