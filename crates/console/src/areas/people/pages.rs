//! The pages about people.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bulwark_i18n::{args, date_time};
use bulwark_model::Lang;
use bulwark_model::rights::{Resource, Role};
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::person::person;
use bulwark_store::rights::person_id;
use bulwark_store::{GrantFilter, PageRequest, PeopleFilter, Token, Uuid};
use serde_json::{Value, json};

use super::roles;
use crate::app::App;
use crate::areas::requests::{Asked, link_panel};
use crate::fault::Fault;
use crate::form::Form;
use crate::html::{Html, component};
use crate::list::{Choice, Filter, List, Query, collect, turns};
use crate::page::{Page, error_of, fill, say};
use crate::who::Who;

fn text(lang: Lang, key: &str) -> String {
    say(lang, &format!("people.{key}"))
}

/// `GET /people`
pub(super) async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    let filter = PeopleFilter {
        text: query.owned("q"),
        organisation: query.id("organisation"),
        disabled: match query.get("state") {
            Some("active") => Some(false),
            Some("disabled") => Some(true),
            _ => None,
        },
        role: query.owned("role"),
    };
    let scope = who.scope("people.read");
    let found = collect(&query, |page| app.store.people(&scope, &filter, page)).await?;
    let ids: Vec<Uuid> = found.page.rows.iter().map(|row| row.organisation_id).collect();
    let names = app.store.organisations_named(&ids).await?;
    let place = |id: Uuid| names.iter().find(|row| row.id == id).map_or("", |row| row.name.as_str());
    let rows = found.page.rows.iter().map(|row| {
        vec![
            json!({ "text": name_of(lang, row), "href": format!("/people/{}", row.id) }),
            json!({ "text": row.login }),
            json!({ "text": place(row.organisation_id) }),
            json!({ "html": state(lang, row).as_str() }),
            json!({ "text": date_time(row.created_at.into(), lang) }),
        ]
    });
    let rows: Vec<Vec<Value>> = rows.collect();
    let (next, previous) = turns(&found.page);
    let states = ["active", "disabled"].map(|value| Choice { value: value.into(), text: text(lang, value) });
    let all_roles = Role::ALL.iter().map(|role| Choice { value: role.code().into(), text: who.say(&role.label()) });
    let list = List {
        lang,
        path: "/people",
        query: &query,
        caption: text(lang, "title"),
        filters: vec![
            Filter::Words { name: "q", label: text(lang, "words") },
            Filter::Choices { name: "state", label: text(lang, "state"), choices: states.into() },
            Filter::Choices { name: "role", label: text(lang, "role"), choices: all_roles.collect() },
        ],
        head: ["name", "login", "at", "state", "created"].map(|key| text(lang, key)).to_vec(),
        rows,
        total: Some(found.total),
        next,
        previous,
        empty: text(lang, "empty"),
        exports: true,
    };
    if let Some(file) = list.file(&app, &who, "people").await? {
        return Ok(file);
    }
    let mut page = Page::new("people", text(lang, "title"));
    if who.may("people.invite") {
        page = page.action(text(lang, "invite"), "/people/invite");
    }
    page.main.push(&list.html());
    if who.may("people.invite") {
        page.main.link("/people/import", &text(lang, "import"));
    }
    Ok(page.show(&who))
}

/// The name of a person; who was erased has none left.
fn name_of(lang: Lang, row: &person::Model) -> String {
    if row.name.is_empty() { text(lang, "erased") } else { row.name.clone() }
}

fn state(lang: Lang, row: &person::Model) -> Html {
    let (key, colour) = if row.disabled_at.is_some() { ("disabled", "unknown") } else { ("active", "ok") };
    component(lang, "tag", json!({ "text": text(lang, key), "state": colour }))
}

/// `GET /people/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    query: Query,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let row = app.store.get::<person::Entity>(id).await?;
    let resource = app.store.account_resource(&row).await?;
    who.allow(&app, "people.read", &resource, &format!("person/{id}")).await?;
    let home = app.store.get::<organisation::Entity>(row.organisation_id).await?;
    let credentials = app.store.credentials(id).await?;
    let done = query.get("done").map(|_| text(lang, "done"));
    let mut page = Page::new("people", name_of(lang, &row)).below(text(lang, "title"), "/people").notice(done);
    if who.may("role.grant") && row.disabled_at.is_none() && id != who.person.id {
        page = page.action(text(lang, "grant"), format!("/people/{id}/grant"));
    }
    let email = app.store.email(&row).await?.unwrap_or_else(|| text(lang, "none"));
    let kinds: Vec<String> =
        credentials.iter().map(|row| say(lang, &format!("people.credential_{}", row.kind))).collect();
    let proof = if kinds.is_empty() { text(lang, "none_yet") } else { bulwark_i18n::list(&kinds, lang) };
    let fact = |key: &str, value: &str| json!({ "key": { "text": text(lang, key) }, "value": { "text": value } });
    let facts = json!([
        { "key": { "text": text(lang, "state") }, "value": { "html": state(lang, &row).as_str() } },
        fact("login", &row.login),
        fact("at", &home.name),
        fact("email", &email),
        fact("credentials", &proof),
        fact("created", &date_time(row.created_at.into(), lang)),
    ]);
    page.main.put(lang, "summary-list", json!({ "rows": facts }));
    roles_held(&app, &who, &row, &mut page.main).await?;
    if who.could("session.revoke", &resource) {
        sessions(&app, &who, id, &mut page.main).await?;
    }
    acts(&who, &row, &resource, credentials.is_empty(), &mut page.main);
    Ok(page.show(&who))
}

async fn roles_held(app: &App, who: &Who, row: &person::Model, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let filter = GrantFilter { person: Some(row.id), ..GrantFilter::default() };
    let everywhere = bulwark_model::rights::Scope::Everything { without: Vec::new() };
    let held = app.store.roles_held(&everywhere, &filter, PageRequest { rows: 200, ..PageRequest::default() }).await?;
    let ids: Vec<Uuid> = held.page.rows.iter().map(|row| row.organisation_id).collect();
    let names = app.store.organisations_named(&ids).await?;
    let mut rows = Vec::new();
    for held in &held.page.rows {
        let role = held.role.parse::<Role>().map_or_else(|_| held.role.clone(), |role| who.say(&role.label()));
        let place = names.iter().find(|row| row.id == held.organisation_id).map_or("", |row| row.name.as_str());
        let over = held.valid_until.is_some_and(|until| until <= who.now);
        let until = held.valid_until.map_or_else(|| text(lang, "no_end"), |until| date_time(until.into(), lang));
        let mut cells = vec![
            json!({ "text": role }),
            json!({ "text": place }),
            json!({ "text": date_time(held.valid_from.into(), lang) }),
            json!({ "text": until }),
        ];
        let resource = Resource { person: Some(person_id(row.id)), ..app.store.resource_of(held.organisation_id).await? };
        let end = if !over && who.could("role.revoke", &resource) {
            let mut form = Html::default();
            let button = component(lang, "button", json!({ "text": text(lang, "end_role"), "variant": "quiet", "size": "small", "once": true }));
            form.form(&format!("/people/{}/roles/{}/end", row.id, held.id), &who.csrf, None, &button);
            form
        } else if over {
            Html::text(&text(lang, "over"))
        } else {
            Html::default()
        };
        cells.push(json!({ "html": end.as_str() }));
        rows.push(json!({ "cells": cells }));
    }
    out.h2("roles", &text(lang, "roles"));
    if rows.is_empty() {
        out.p(&text(lang, "no_roles"));
        return Ok(());
    }
    let mut head: Vec<Value> =
        ["role", "at", "from", "until"].map(|key| json!({ "text": text(lang, key) })).to_vec();
    head.push(json!({ "text": text(lang, "act"), "hidden": true }));
    let caption = json!({ "text": text(lang, "roles") });
    out.put(lang, "table", json!({ "id": "roles-held", "caption": caption, "caption_hidden": true, "head": head, "rows": rows }));
    Ok(())
}

/// The open sessions of a person, each with a button that ends it.
pub(crate) async fn sessions(app: &App, who: &Who, person: Uuid, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let open = app.store.sessions_of(person).await?;
    let own = who.session().map(|row| row.id);
    let rows: Vec<Value> = open
        .iter()
        .map(|row| {
            let mut form = Html::default();
            let button = component(lang, "button", json!({ "text": text(lang, "end_session"), "variant": "quiet", "size": "small", "once": true }));
            form.form(&format!("/people/{person}/sessions/{}/revoke", row.id), &who.csrf, None, &button);
            let method = say(lang, &format!("people.method_{}", row.method));
            let agent = crate::agent::name(&row.agent);
            let agent = if own == Some(row.id) { fill(lang, "people.this_one", &args![agent = agent]) } else { agent };
            let last = if own == Some(row.id) { text(lang, "now") } else { date_time(row.seen_at.into(), lang) };
            json!({ "cells": [
                { "text": agent }, { "text": method }, { "text": date_time(row.created_at.into(), lang) },
                { "text": last }, { "html": form.as_str() },
            ] })
        })
        .collect();
    out.h2("sessions", &text(lang, "sessions"));
    if rows.is_empty() {
        out.p(&text(lang, "no_sessions"));
        return Ok(());
    }
    let mut head: Vec<Value> =
        ["agent", "method", "began", "seen"].map(|key| json!({ "text": text(lang, key) })).to_vec();
    head.push(json!({ "text": text(lang, "act"), "hidden": true }));
    let caption = json!({ "text": text(lang, "sessions") });
    out.put(lang, "table", json!({ "id": "open-sessions", "caption": caption, "caption_hidden": true, "head": head, "rows": rows }));
    Ok(())
}

/// What can be done to the account.
fn acts(who: &Who, row: &person::Model, resource: &Resource, never_in: bool, out: &mut Html) {
    let lang = who.lang();
    let id = row.id;
    let mut links = Vec::new();
    let active = row.disabled_at.is_none();
    if active && who.could("people.recover", resource) && !never_in {
        links.push(json!({ "text": text(lang, "recover"), "href": format!("/people/{id}/recover"), "variant": "secondary" }));
    }
    if active && who.could("people.disable", resource) {
        links.push(json!({ "text": text(lang, "disable"), "href": format!("/people/{id}/disable"), "variant": "secondary" }));
    }
    if !row.name.is_empty() && who.could("people.erase", resource) {
        links.push(json!({ "text": text(lang, "erase"), "href": format!("/people/{id}/erase"), "variant": "secondary" }));
    }
    let again = active && never_in && who.could("people.invite", resource);
    let back = !active && !row.name.is_empty() && who.could("people.disable", resource);
    if links.is_empty() && !again && !back {
        return;
    }
    out.h2("acts", &text(lang, "acts"));
    for (shown, act, key) in [(again, "link", "link_again"), (back, "enable", "enable")] {
        if shown {
            let button = component(lang, "button", json!({ "text": text(lang, key), "variant": "secondary", "once": true }));
            out.form(&format!("/people/{id}/{act}"), &who.csrf, None, &button);
        }
    }
    if !links.is_empty() {
        out.put(lang, "button-group", json!({ "items": links }));
    }
}

/// `GET /people/invite`
pub(super) async fn invite(State(app): State<Arc<App>>, who: Who) -> Result<Response, Fault> {
    let mut form = Form::read(b"");
    form.set("once", app.store.new_id()?.simple().to_string());
    form.set("organisation", who.organisation.code.clone());
    Ok(invite_again(&who, &form))
}

/// The form of an invitation, with what was filled in and what is wrong with it.
pub(super) fn invite_again(who: &Who, form: &Form) -> Response {
    let lang = who.lang();
    let errors = form.wrong();
    let mut page =
        Page::new("people", text(lang, "invite")).below(text(lang, "title"), "/people").narrow().errors(errors);
    page.main.p(&text(lang, "invite_lead"));
    let mut inner = Html::default();
    inner.put(lang, "text-input", field(lang, form, "name", &[("autocomplete", json!("off"))]));
    inner.put(lang, "text-input", field(lang, form, "login", &[("autocapitalize", json!("none")), ("hint", json!({ "text": text(lang, "login_hint") }))]));
    inner.put(lang, "text-input", optional(field(lang, form, "email", &[("type", json!("email"))])));
    inner.put(lang, "text-input", field(lang, form, "organisation", &[("width", json!("20")), ("hint", json!({ "text": text(lang, "organisation_hint") }))]));
    inner.put(lang, "select", select_role(who, form));
    inner.put(lang, "textarea", optional(field(lang, form, "reason", &[("rows", json!(3)), ("hint", json!({ "text": text(lang, "reason_hint") }))])));
    inner.put(lang, "button", json!({ "text": text(lang, "invite_send"), "once": true }));
    page.main.form("/people/invite", &who.csrf, Some(&form.once()), &inner);
    page.show(who)
}

fn select_role(who: &Who, form: &Form) -> Value {
    let lang = who.lang();
    let mut params = field(lang, form, "role", &[("items", json!(roles(who))), ("prompt", json!(text(lang, "role_prompt")))]);
    if params["value"] == json!("")
        && let Some(fields) = params.as_object_mut()
    {
        fields.remove("value");
    }
    params
}

/// The parameters of a field: what it is called, what was filled in, what is wrong.
fn field(lang: Lang, form: &Form, name: &str, more: &[(&str, Value)]) -> Value {
    let mut params = json!({
        "id": name, "name": name, "label": { "text": text(lang, name) }, "value": form.shown(name),
    });
    if let Some(error) = error_of(lang, form.wrong(), name) {
        params["error"] = error;
    }
    for (key, value) in more {
        params[*key] = value.clone();
    }
    params
}

fn optional(mut params: Value) -> Value {
    params["label"]["optional"] = json!(true);
    params
}

/// After an invitation: the link, shown once, and what became of the role.
pub(super) async fn invited(
    app: &App,
    who: &Who,
    id: Uuid,
    token: &Token,
    granted: Result<Asked, Fault>,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let row = app.store.get::<person::Entity>(id).await?;
    let title = fill(lang, "people.invited", &args![name = row.name]);
    let mut page = Page::new("people", title).below(text(lang, "title"), "/people").narrow();
    let address = format!("{}/link/{}", app.settings.origin, token.reveal());
    page.main.put(lang, "panel", link_panel(lang, &address));
    match granted {
        Ok(Asked::Done(_)) => page.main.p(&text(lang, "role_given")),
        Ok(Asked::Waiting(request)) => {
            page.main.p(&text(lang, "role_waits"));
            page.main.link(&format!("/requests/{request}"), &text(lang, "to_request"))
        }
        Err(fault) => {
            let words: Vec<String> =
                fault.diagnostics("").iter().map(|message| message.what.get(lang).to_owned()).collect();
            let why = fill(lang, "people.role_not_given", &args![why = words.join(" ")]);
            page.main.put(lang, "warning-text", json!({ "text": why }))
        }
    };
    page.main.link(&format!("/people/{id}"), &text(lang, "to_person"));
    Ok(page.show(who))
}

/// A link to hand over once.
pub(super) fn handed_over(app: &App, who: &Who, row: &person::Model, token: &Token) -> Response {
    let lang = who.lang();
    let mut page = Page::new("people", name_of(lang, row)).below(text(lang, "title"), "/people").narrow();
    let address = format!("{}/link/{}", app.settings.origin, token.reveal());
    page.main.put(lang, "panel", link_panel(lang, &address));
    page.main.link(&format!("/people/{}", row.id), &text(lang, "to_person"));
    page.show(who)
}

/// `GET /people/{id}/grant`
pub(super) async fn grant(State(app): State<Arc<App>>, who: Who, Path(id): Path<Uuid>) -> Result<Response, Fault> {
    let row = app.store.get::<person::Entity>(id).await?;
    let resource = app.store.account_resource(&row).await?;
    who.allow(&app, "people.read", &resource, &format!("person/{id}")).await?;
    let mut form = Form::read(b"");
    form.set("organisation", who.organisation.code.clone());
    Ok(grant_again(&who, &row, &form))
}

/// The form that gives a role, with what was filled in and what is wrong with it.
pub(super) fn grant_again(who: &Who, row: &person::Model, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = Page::new("people", text(lang, "grant"))
        .below(text(lang, "title"), "/people")
        .below(name_of(lang, row), format!("/people/{}", row.id))
        .narrow()
        .errors(form.wrong());
    let mut inner = Html::default();
    inner.put(lang, "select", select_role(who, form));
    inner.put(lang, "text-input", field(lang, form, "organisation", &[("width", json!("20")), ("hint", json!({ "text": text(lang, "organisation_hint") }))]));
    inner.put(lang, "text-input", optional(field(lang, form, "sector", &[("width", json!("20")), ("hint", json!({ "text": text(lang, "sector_hint") }))])));
    let mut until = json!({
        "id": "until", "name": "until", "calendar": if lang == Lang::En { "ce" } else { "roc" },
        "legend": { "text": text(lang, "until_legend"), "optional": true }, "hint": { "text": text(lang, "until_hint") },
        "year": form.shown("until-year"), "month": form.shown("until-month"), "day": form.shown("until-day"),
    });
    if let Some(error) = error_of(lang, form.wrong(), "until") {
        until["error"] = error;
    }
    inner.put(lang, "date-input", until);
    inner.put(lang, "textarea", field(lang, form, "reason", &[("rows", json!(3))]));
    inner.put(lang, "button", json!({ "text": text(lang, "grant_send"), "once": true }));
    page.main.form(&format!("/people/{}/grant", row.id), &who.csrf, None, &inner);
    page.show(who)
}

/// `GET /people/{id}/disable`
pub(super) async fn disable(State(app): State<Arc<App>>, who: Who, Path(id): Path<Uuid>) -> Result<Response, Fault> {
    ask(&app, &who, id, "disable", "people.disable").await
}

/// `GET /people/{id}/recover`
pub(super) async fn recover(State(app): State<Arc<App>>, who: Who, Path(id): Path<Uuid>) -> Result<Response, Fault> {
    ask(&app, &who, id, "recover", "people.recover").await
}

/// `GET /people/{id}/erase`
pub(super) async fn erase(State(app): State<Arc<App>>, who: Who, Path(id): Path<Uuid>) -> Result<Response, Fault> {
    ask(&app, &who, id, "erase", "people.erase").await
}

async fn ask(app: &App, who: &Who, id: Uuid, act: &'static str, action: &str) -> Result<Response, Fault> {
    let row = app.store.get::<person::Entity>(id).await?;
    let resource = app.store.account_resource(&row).await?;
    who.allow(app, action, &resource, &format!("person/{id}")).await?;
    Ok(ask_again(who, &row, act, &Form::read(b"")))
}

/// The page that asks why before something weighty is done to an account.
pub(super) fn ask_again(who: &Who, row: &person::Model, act: &'static str, form: &Form) -> Response {
    let lang = who.lang();
    let title = fill(lang, &format!("people.{act}_title"), &args![name = name_of(lang, row)]);
    let mut page = Page::new("people", title)
        .below(text(lang, "title"), "/people")
        .below(name_of(lang, row), format!("/people/{}", row.id))
        .narrow()
        .errors(form.wrong());
    page.main.p(&text(lang, &format!("{act}_lead")));
    let mut inner = Html::default();
    inner.put(lang, "textarea", field(lang, form, "reason", &[("rows", json!(3))]));
    let variant = if act == "recover" { "primary" } else { "danger" };
    inner.put(lang, "button", json!({ "text": text(lang, &format!("{act}_send")), "variant": variant, "once": true }));
    page.main.form(&format!("/people/{}/{act}", row.id), &who.csrf, None, &inner);
    page.show(who)
}
