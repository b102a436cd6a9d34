//! The pages about signing keys.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bulwark_i18n::{args, date_time};
use bulwark_model::Lang;
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::person::{person, signing_key};
use bulwark_store::Uuid;
use serde_json::{Value, json};

use super::{PURPOSES, key, short, text};
use crate::app::App;
use crate::areas::edit::{code, field, group};
use crate::fault::Fault;
use crate::form::Form;
use crate::html::{Html, component};
use crate::list::{Choice, Filter, List, Query, collect, turns};
use crate::page::{Page, fill, say};
use crate::who::Who;

/// `GET /keys`
pub(super) async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    let revoked = match query.get("state") {
        Some("valid") => Some(false),
        Some("revoked") => Some(true),
        _ => None,
    };
    let holder = match query.get("person") {
        Some(name) => Some(holder(&app, name).await?),
        None => None,
    };
    let scope = who.scope("key.read");
    let found = collect(&query, |page| app.store.signing_keys(&scope, holder, revoked, page)).await?;
    let people: Vec<Uuid> = found.page.rows.iter().map(|row| row.person_id).collect();
    let people = app.store.people_named(&people).await?;
    let places: Vec<Uuid> = found.page.rows.iter().map(|row| row.organisation_id).collect();
    let places = app.store.organisations_named(&places).await?;
    let rows = found.page.rows.iter().map(|row| {
        let place = places.iter().find(|place| place.id == row.organisation_id).map_or("", |place| place.name.as_str());
        let name = people.iter().find(|person| person.id == row.person_id).map_or_else(String::new, |person| name_of(lang, person));
        vec![
            json!({ "text": short(&row.key_id), "href": format!("/keys/{}", row.id), "classes": "bw-code" }),
            json!({ "text": name }),
            json!({ "text": place }),
            json!({ "text": purpose_name(lang, &row.purpose) }),
            json!({ "html": state(lang, row).as_str() }),
            json!({ "text": date_time(row.created_at.into(), lang) }),
        ]
    });
    let rows: Vec<Vec<Value>> = rows.collect();
    let (next, previous) = turns(&found.page);
    let states = ["valid", "revoked"].map(|value| Choice { value: value.into(), text: text(lang, value) });
    let list = List {
        lang,
        path: "/keys",
        query: &query,
        caption: text(lang, "title"),
        filters: vec![
            Filter::Choices { name: "state", label: text(lang, "state"), choices: states.into() },
            Filter::Words { name: "person", label: text(lang, "login") },
        ],
        head: ["key_id", "person", "organisation", "purpose", "state", "enrolled"].map(|key| text(lang, key)).to_vec(),
        rows,
        total: Some(found.total),
        next,
        previous,
        empty: text(lang, "empty"),
        exports: true,
    };
    if let Some(file) = list.file(&app, &who, "keys").await? {
        return Ok(file);
    }
    let mut page = Page::new("keys", text(lang, "title"));
    if who.may("key.enrol") {
        page = page.action(text(lang, "enrol"), "/keys/enrol");
    }
    page.main.p(&text(lang, "lead"));
    page.main.push(&list.html());
    Ok(page.show(&who))
}

/// The person of the filter, by id or log-in name; one that is unknown holds no key.
async fn holder(app: &App, name: &str) -> Result<Uuid, Fault> {
    if let Ok(id) = name.parse() {
        return Ok(id);
    }
    Ok(app.store.person_by_login(&name.to_lowercase()).await?.map_or(Uuid::nil(), |row| row.id))
}

fn name_of(lang: Lang, row: &person::Model) -> String {
    if row.name.is_empty() { say(lang, "people.erased") } else { row.name.clone() }
}

fn purpose_name(lang: Lang, purpose: &str) -> String {
    if PURPOSES.contains(&purpose) { text(lang, &format!("purpose_{purpose}")) } else { purpose.to_owned() }
}

fn state(lang: Lang, row: &signing_key::Model) -> Html {
    let (key, colour) = if row.revoked_at.is_some() { ("revoked", "unknown") } else { ("valid", "ok") };
    component(lang, "tag", json!({ "text": text(lang, key), "state": colour }))
}

/// `GET /keys/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    query: Query,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let (row, resource) = key(&app, &who, id, "key.read").await?;
    let holder = app.store.get::<person::Entity>(row.person_id).await?;
    let place = app.store.get::<organisation::Entity>(row.organisation_id).await?;
    let done = query.get("done").map(|_| text(lang, "done"));
    let mut page = Page::new("keys", title(lang, &row)).below(text(lang, "title"), "/keys").notice(done);
    let account = app.store.account_resource(&holder).await?;
    let mut name = Html::text(&name_of(lang, &holder));
    if who.could("people.read", &account) {
        name = Html::raw_element("a", &[("href", &format!("/people/{}", holder.id))], &name);
    }
    let fact = |key: &str, value: Value| json!({ "key": { "text": text(lang, key) }, "value": value });
    let mut facts = vec![
        fact("state", json!({ "html": state(lang, &row).as_str() })),
        fact("person", json!({ "html": name.as_str() })),
        fact("organisation", json!({ "text": place.name })),
        fact("purpose", json!({ "text": purpose_name(lang, &row.purpose) })),
        fact("key_id", code(&row.key_id)),
        fact("public_key", code(&row.public_key)),
        fact("enrolled", json!({ "text": date_time(row.created_at.into(), lang) })),
    ];
    if let Some(at) = row.revoked_at {
        facts.push(fact("revoked_at", json!({ "text": date_time(at.into(), lang) })));
    }
    page.main.put(lang, "summary-list", json!({ "rows": facts }));
    if row.revoked_at.is_none() && who.could("key.revoke", &resource) {
        let link = json!({ "text": text(lang, "revoke"), "href": format!("/keys/{id}/revoke"), "variant": "secondary" });
        page.main.put(lang, "button-group", json!({ "items": [link] }));
    }
    Ok(page.show(&who))
}

fn title(lang: Lang, row: &signing_key::Model) -> String {
    fill(lang, "keys.one", &args![key = short(&row.key_id)])
}

/// `GET /keys/enrol`
pub(super) async fn enrol(who: Who) -> Response {
    enrol_again(&who, &Form::read(b""))
}

/// The form that enrols a key, with what was filled in and what is wrong with it.
pub(super) fn enrol_again(who: &Who, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = Page::new("keys", text(lang, "enrol")).below(text(lang, "title"), "/keys").narrow().errors(form.wrong());
    page.main.p(&text(lang, "enrol_lead"));
    let mut inner = Html::default();
    let hint = ("hint", json!({ "text": text(lang, "public_key_hint") }));
    let more = [hint, ("rows", json!(3)), ("autocomplete", json!("off")), ("spellcheck", json!("false"))];
    inner.put(lang, "textarea", field(lang, "keys", form, "public_key", &more));
    let items: Vec<Value> = PURPOSES
        .iter()
        .map(|purpose| {
            let hint = text(lang, &format!("purpose_{purpose}_hint"));
            json!({ "value": purpose, "text": purpose_name(lang, purpose), "hint": { "text": hint } })
        })
        .collect();
    inner.put(lang, "radios", group(field(lang, "keys", form, "purpose", &[("items", json!(items))])));
    let hint = ("hint", json!({ "text": text(lang, "reason_hint") }));
    inner.put(lang, "textarea", field(lang, "keys", form, "reason", &[("rows", json!(3)), hint]));
    inner.put(lang, "button", json!({ "text": text(lang, "enrol_send"), "once": true }));
    page.main.form("/keys/enrol", &who.csrf, None, &inner);
    page.show(who)
}

/// `GET /keys/{id}/revoke`
pub(super) async fn revoke(State(app): State<Arc<App>>, who: Who, Path(id): Path<Uuid>) -> Result<Response, Fault> {
    let (row, _) = key(&app, &who, id, "key.revoke").await?;
    Ok(revoke_again(&who, &row, &Form::read(b"")))
}

/// The page that asks why before a key is revoked.
pub(super) fn revoke_again(who: &Who, row: &signing_key::Model, form: &Form) -> Response {
    let lang = who.lang();
    let place = format!("/keys/{}", row.id);
    let mut page = Page::new("keys", fill(lang, "keys.revoke_title", &args![key = short(&row.key_id)]))
        .below(text(lang, "title"), "/keys")
        .below(title(lang, row), place.clone())
        .narrow()
        .errors(form.wrong());
    page.main.p(&text(lang, "revoke_lead"));
    let mut inner = Html::default();
    inner.put(lang, "textarea", field(lang, "keys", form, "reason", &[("rows", json!(3))]));
    let send = json!({ "text": text(lang, "revoke_send"), "variant": "danger", "once": true });
    let back = json!({ "text": text(lang, "cancel"), "href": place, "variant": "secondary" });
    inner.put(lang, "button-group", json!({ "items": [send, back] }));
    page.main.form(&format!("{place}/revoke"), &who.csrf, None, &inner);
    page.show(who)
}
