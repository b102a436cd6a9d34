//! The pages about systems.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bulwark_i18n::{args, date};
use bulwark_inventory::system::{Mtpd, completeness};
use bulwark_model::{BackgroundFact, BackgroundField, Lang, ProtectionAspect, ProtectionLevel, SystemClass};
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::system::system;
use bulwark_store::{SystemFilter, Uuid};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{links, text};
use crate::app::App;
use crate::areas::edit::{Compared, code, conflict, field, group, optional, stale, today};
use crate::fault::Fault;
use crate::form::Form;
use crate::html::{Html, component};
use crate::list::{Choice, Filter, List, Query, collect, turns};
use crate::page::{Page, fill, say};
use crate::who::Who;

/// What a list of systems is narrowed to by its address; those in use unless the others are asked for.
pub(crate) fn filter(query: &Query) -> SystemFilter {
    let yes = |name: &str| query.get("state").is_some_and(|state| state == name).then_some(true);
    SystemFilter {
        text: query.get("q").map(str::to_owned),
        organisation: query.id("organisation"),
        class: query.get("class").and_then(|class| class.parse().ok()),
        level: query.get("level").and_then(|level| level.parse().ok()),
        incomplete: yes("incomplete"),
        stale: yes("stale"),
        retired: Some(yes("retired").unwrap_or(false)),
        ..SystemFilter::default()
    }
}

/// `GET /systems`
pub(super) async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    let (scope, asked) = (who.scope("inventory.read"), filter(&query));
    let found = collect(&query, |page| app.store.systems(&scope, &asked, page)).await?;
    let rows = rows(&app, &who, &found.page.rows).await?;
    let (next, previous) = turns(&found.page);
    let choice = |value: &str, text: String| Choice { value: value.into(), text };
    let classes = SystemClass::ALL.iter().map(|class| choice(class.code(), who.say(&class.label())));
    let levels = ProtectionLevel::ALL.iter().rev().map(|level| choice(level.code(), who.say(&level.label())));
    let states = ["incomplete", "stale", "retired"].map(|state| choice(state, text(lang, state)));
    let list = List {
        lang,
        path: "/systems",
        query: &query,
        caption: text(lang, "title"),
        filters: vec![
            Filter::Words { name: "q", label: text(lang, "words") },
            Filter::Choices { name: "class", label: text(lang, "class"), choices: classes.collect() },
            Filter::Choices { name: "level", label: text(lang, "level"), choices: levels.collect() },
            Filter::Choices { name: "state", label: text(lang, "state"), choices: states.into() },
        ],
        head: ["name", "code", "at", "class", "level", "known"].map(|key| text(lang, key)).to_vec(),
        rows,
        total: Some(found.total),
        next,
        previous,
        empty: text(lang, "empty"),
        exports: true,
    };
    if let Some(file) = list.file(&app, &who, "systems").await? {
        return Ok(file);
    }
    let mut page = Page::new("systems", text(lang, "title"));
    if who.may("inventory.edit") {
        page = page.action(text(lang, "add"), "/systems/add");
    }
    page.main.push(&list.html());
    Ok(page.show(&who))
}

async fn rows(app: &App, who: &Who, found: &[system::Model]) -> Result<Vec<Vec<Value>>, Fault> {
    let mut at: Vec<Uuid> = found.iter().map(|row| row.organisation_id).collect();
    at.sort_unstable();
    at.dedup();
    let places = app.store.organisations_named(&at).await?;
    let of = BackgroundFact::ALL.len();
    let cells = |row: &system::Model| {
        let place = places.iter().find(|place| place.id == row.organisation_id);
        vec![
            json!({ "text": row.name, "href": format!("/systems/{}", row.id) }),
            json!({ "text": row.code, "classes": "bw-code" }),
            json!({ "text": place.map_or("", |place| place.name.as_str()) }),
            json!({ "text": row.class().map_or_else(|_| row.class.clone(), |class| who.say(&class.label())) }),
            json!({ "text": level_name(who, row.level().ok().flatten()) }),
            json!({ "text": format!("{}/{of}", row.known_facts), "number": true }),
        ]
    };
    Ok(found.iter().map(cells).collect())
}

fn level_name(who: &Who, level: Option<ProtectionLevel>) -> String {
    level.map_or_else(|| text(who.lang(), "unknown"), |level| who.say(&level.label()))
}

/// A system that the person may see or edit.
pub(crate) async fn seen(app: &App, who: &Who, id: Uuid, action: &str) -> Result<system::Model, Fault> {
    let row = app.store.get::<system::Entity>(id).await?;
    let resource = app.store.resource_of(row.organisation_id).await?;
    who.allow(app, action, &resource, &format!("system/{id}")).await?;
    Ok(row)
}

/// `GET /systems/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    query: Query,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let row = seen(&app, &who, id, "inventory.read").await?;
    let resource = app.store.resource_of(row.organisation_id).await?;
    let edits = who.could("inventory.edit", &resource) && row.retired_on.is_none();
    let done = query.get("done").map(|_| text(lang, "done"));
    let mut page = Page::new("systems", row.name.clone()).below(text(lang, "title"), "/systems").notice(done);
    if edits {
        page = page.action(text(lang, "change"), format!("/systems/{id}/change"));
    }
    let out = &mut page.main;
    if let Some(day) = &row.retired_on {
        let why = row.retired_for.clone().unwrap_or_default();
        let words = fill(lang, "systems.retired_on", &args![day = shown(lang, day), why = why]);
        out.put(lang, "warning-text", json!({ "text": words }));
    }
    unknown(&who, &row, edits, out)?;
    facts(&app, &who, &row, out).await?;
    background(&who, &row, out)?;
    links::table(&app, &who, &row, edits, out).await?;
    if edits {
        out.h2("acts", &text(lang, "acts"));
        let links = [("link", "link"), ("retire", "retire")].map(|(key, path)| {
            json!({ "text": text(lang, key), "href": format!("/systems/{id}/{path}"), "variant": "secondary" })
        });
        out.put(lang, "button-group", json!({ "items": links }));
    }
    Ok(page.show(&who))
}

/// What nobody knows, and what nobody has confirmed for a year: first, for it is what there is to do.
fn unknown(who: &Who, row: &system::Model, edits: bool, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let on = today(who.now);
    let whole = completeness(&row.facts()?, on);
    let names = |facts: &[BackgroundFact]| {
        let names: Vec<String> = facts.iter().map(|fact| who.say(&fact.label())).collect();
        bulwark_i18n::list(&names, lang)
    };
    let aspects: Vec<String> = row.need()?.unknown().iter().map(|part| who.say(&part.label())).collect();
    let mut lines = Vec::new();
    if !whole.missing.is_empty() {
        lines.push(fill(lang, "systems.missing", &args![facts = names(&whole.missing)]));
    }
    if !whole.stale.is_empty() {
        lines.push(fill(lang, "systems.stale_facts", &args![facts = names(&whole.stale)]));
    }
    if !aspects.is_empty() {
        let aspects = bulwark_i18n::list(&aspects, lang);
        lines.push(fill(lang, "systems.unrated", &args![aspects = aspects]));
    }
    if row.mtpd_minutes.is_none() {
        lines.push(text(lang, "no_mtpd"));
    }
    let mut inner = Html::default();
    for line in &lines {
        inner.p(line);
    }
    let last = row.confirmed_on.as_deref().map_or_else(
        || text(lang, "never_confirmed"),
        |day| fill(lang, "systems.confirmed_on", &args![day = shown(lang, day)]),
    );
    inner.p(&last);
    let title = if lines.is_empty() { "whole" } else { "to_do" };
    out.h2("to-do", &text(lang, title));
    out.put(lang, "inset-text", json!({ "html": inner.as_str() }));
    // Of what nobody knows there is nothing to confirm.
    if edits && row.facts()?.said().next().is_some() {
        let mut form = Html::default();
        form.hidden("version", &row.version.to_string());
        let button = json!({ "text": text(lang, "confirm"), "variant": "secondary", "once": true });
        form.put(lang, "button", button);
        out.form(&format!("/systems/{}/confirm", row.id), &who.csrf, None, &form);
    }
    Ok(())
}

async fn facts(app: &App, who: &Who, row: &system::Model, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let fact = |key: &str, value: Value| json!({ "key": { "text": text(lang, key) }, "value": value });
    let words = |words: String| json!({ "text": words });
    let owner = app.store.get::<organisation::Entity>(row.organisation_id).await?;
    let owner = link(&format!("/organisations/{}", owner.id), &owner.name);
    let mtpd = row.mtpd_minutes.and_then(|minutes| u32::try_from(minutes).ok()).and_then(Mtpd::from_minutes);
    let mtpd = mtpd.map_or_else(|| text(lang, "unknown"), |mtpd| who.say(&mtpd.label()));
    let need = row.need()?;
    let parts = need.parts().map(|(aspect, level)| {
        fill(lang, "systems.part", &args![aspect = who.say(&aspect.label()), level = level_name(who, level)])
    });
    let rows = [
        fact("code", code(&row.code)),
        fact("at", json!({ "html": owner.as_str() })),
        fact("class", words(who.say(&row.class()?.label()))),
        fact("core", words(text(lang, if row.core { "core_yes" } else { "core_no" }))),
        fact("level", words(level_name(who, row.level()?))),
        fact("need", words(bulwark_i18n::list(&parts, lang))),
        fact("mtpd", words(mtpd)),
    ];
    out.h2("facts", &text(lang, "facts"));
    out.put(lang, "summary-list", json!({ "rows": rows }));
    Ok(())
}

fn background(who: &Who, row: &system::Model, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let facts = row.facts()?;
    let rows: Vec<Value> = BackgroundField::ALL
        .iter()
        .map(|field| {
            let label = json!({ "text": who.say(&field.label()) });
            let cells = match facts.get(*field) {
                None => [
                    label,
                    json!({ "text": text(lang, "unknown") }),
                    json!({ "text": "–" }),
                    json!({ "text": "–" }),
                ],
                Some(said) => [
                    label,
                    json!({ "text": value_of(who, *field, &said.value) }),
                    json!({ "text": date(said.confirmed_on, lang) }),
                    json!({ "text": who.say(&said.source.label()) }),
                ],
            };
            json!({ "cells": cells })
        })
        .collect();
    out.h2("background", &text(lang, "background"));
    let head = ["fact", "value", "confirmed", "source"].map(|key| json!({ "text": text(lang, key) }));
    let caption = json!({ "text": text(lang, "background") });
    let params = json!({ "id": "background-facts", "caption": caption, "caption_hidden": true, "head": head, "rows": rows });
    out.put(lang, "table", params);
    Ok(())
}

/// The security level is kept by its code.
fn value_of(who: &Who, field: BackgroundField, value: &str) -> String {
    match value.parse::<ProtectionLevel>() {
        Ok(level) if field == BackgroundField::SecurityLevel => who.say(&level.label()),
        _ => value.to_owned(),
    }
}

fn link(href: &str, words: &str) -> Html {
    Html::raw_element("a", &[("href", href)], &Html::text(words))
}

/// A stored day in the language of the page.
pub(super) fn shown(lang: Lang, day: &str) -> String {
    day.parse::<Date>().map_or_else(|_| day.to_owned(), |day| date(day, lang))
}

/// `GET /systems/add`
pub(super) async fn add(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let mut form = Form::read(b"");
    let at = query.get("organisation").unwrap_or(&who.organisation.code).to_owned();
    form.set("organisation", at);
    form.set("class", SystemClass::Operational.code());
    form.set("once", app.store.new_id()?.simple().to_string());
    Ok(add_again(&who, &form))
}

/// The form of a new system, with what was filled in and what is wrong with it.
pub(super) fn add_again(who: &Who, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = Page::new("systems", text(lang, "add"))
        .below(text(lang, "title"), "/systems")
        .narrow()
        .errors(form.wrong());
    page.main.p(&text(lang, "add_lead"));
    let mut inner = Html::default();
    let hint = [("hint", json!({ "text": text(lang, "organisation_hint") })), ("classes", json!("bw-code"))];
    inner.put(lang, "text-input", field(lang, "systems", form, "organisation", &hint));
    fields(who, form, &mut inner);
    inner.put(lang, "button", json!({ "text": text(lang, "add_send"), "once": true }));
    page.main.form("/systems/add", &who.csrf, Some(&form.once()), &inner);
    page.show(who)
}

/// Everything that may be said of a system.
fn fields(who: &Who, form: &Form, out: &mut Html) {
    let lang = who.lang();
    out.put(lang, "text-input", field(lang, "systems", form, "name", &[]));
    let classes: Vec<Value> = SystemClass::ALL
        .iter()
        .map(|class| json!({ "value": class.code(), "text": who.say(&class.label()) }))
        .collect();
    out.put(lang, "radios", group(field(lang, "systems", form, "class", &[("items", json!(classes))])));
    let core: Vec<Value> = ["yes", "no"]
        .iter()
        .map(|value| json!({ "value": value, "text": text(lang, &format!("core_{value}")) }))
        .collect();
    out.put(lang, "radios", group(field(lang, "systems", form, "core", &[("items", json!(core))])));
    let hint = [("hint", json!({ "text": text(lang, "mtpd_hint") }))];
    out.put(lang, "text-input", optional(field(lang, "systems", form, "mtpd", &hint)));
    for aspect in ProtectionAspect::ALL {
        out.put(lang, "select", level_field(who, form, aspect.code(), &who.say(&aspect.label())));
    }
    out.h2("background", &text(lang, "background"));
    out.p(&text(lang, "background_lead"));
    for known in BackgroundField::ALL {
        let label = who.say(&known.label());
        if *known == BackgroundField::SecurityLevel {
            out.put(lang, "select", level_field(who, form, known.code(), &label));
            continue;
        }
        let mut params = labelled(lang, form, known.code(), &label);
        params["rows"] = json!(2);
        let kind = if *known == BackgroundField::Stakeholder { "textarea" } else { "text-input" };
        if kind == "text-input" {
            params.as_object_mut().map(|params| params.remove("rows"));
        }
        out.put(lang, kind, params);
    }
}

/// A field whose label is a word of the glossary; it may stay empty.
fn labelled(lang: Lang, form: &Form, name: &str, label: &str) -> Value {
    let mut params = json!({
        "id": name, "name": name, "label": { "text": label, "optional": true }, "value": form.shown(name),
    });
    if let Some(error) = crate::page::error_of(lang, form.wrong(), name) {
        params["error"] = error;
    }
    params
}

fn level_field(who: &Who, form: &Form, name: &str, label: &str) -> Value {
    let lang = who.lang();
    let levels = ProtectionLevel::ALL.iter().rev();
    let levels = levels.map(|level| json!({ "value": level.code(), "text": who.say(&level.label()) }));
    let items: Vec<Value> =
        std::iter::once(json!({ "value": "", "text": text(lang, "unknown") })).chain(levels).collect();
    let mut params = labelled(lang, form, name, label);
    params["items"] = json!(items);
    params
}

/// `GET /systems/{id}/change`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
) -> Result<Response, Fault> {
    let row = seen(&app, &who, id, "inventory.edit").await?;
    let mut form = Form::read(b"");
    for (name, value) in values(&row)? {
        form.set(name, value);
    }
    form.set("version", row.version.to_string());
    Ok(change_again(&who, &row, &form))
}

/// A system as the form writes it.
fn values(row: &system::Model) -> Result<Vec<(&'static str, String)>, Fault> {
    let level = |level: Option<ProtectionLevel>| level.map_or("", ProtectionLevel::code).to_owned();
    let mut all = vec![
        ("name", row.name.clone()),
        ("class", row.class.clone()),
        ("core", if row.core { "yes" } else { "no" }.to_owned()),
        ("mtpd", row.mtpd_minutes.map_or_else(String::new, |minutes| minutes.to_string())),
    ];
    all.extend(row.need()?.parts().map(|(aspect, rated)| (aspect.code(), level(rated))));
    let facts = row.facts()?;
    let value = |field: &BackgroundField| facts.value(*field).unwrap_or_default().to_owned();
    all.extend(BackgroundField::ALL.iter().map(|field| (field.code(), value(field))));
    Ok(all)
}

fn change_page(who: &Who, row: &system::Model, form: &Form, title: &str) -> Page {
    let lang = who.lang();
    Page::new("systems", text(lang, title))
        .below(text(lang, "title"), "/systems")
        .below(row.name.clone(), format!("/systems/{}", row.id))
        .narrow()
        .errors(form.wrong())
}

/// The form of a change, with what was filled in and what is wrong with it.
pub(super) fn change_again(who: &Who, row: &system::Model, form: &Form) -> Response {
    let mut page = change_page(who, row, form, "change");
    change_form(who, row, form, "save", &mut page.main);
    page.show(who)
}

fn change_form(who: &Who, row: &system::Model, form: &Form, send: &str, out: &mut Html) {
    let lang = who.lang();
    let mut inner = Html::default();
    inner.hidden("version", &form.shown("version"));
    fields(who, form, &mut inner);
    let back = format!("/systems/{}", row.id);
    inner.put(
        lang,
        "button-group",
        json!({ "items": [
        { "text": text(lang, send), "once": true },
        { "text": text(lang, "cancel"), "href": back, "variant": "secondary" },
    ] }),
    );
    out.form(&format!("/systems/{}/change", row.id), &who.csrf, None, &inner);
}

/// After a save that came too late: both versions, and the form to go on from the present one.
pub(super) fn change_stale(
    who: &Who,
    row: &system::Model,
    form: &mut Form,
    mine: i64,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let mut page = change_page(who, row, form, "change");
    let label = |name: &str| {
        let aspect = name.parse::<ProtectionAspect>().map(ProtectionAspect::label);
        let known = name.parse::<BackgroundField>().map(BackgroundField::label);
        aspect.or(known).map_or_else(|_| text(lang, name), |label| who.say(&label))
    };
    let both = values(row)?.into_iter().map(|(name, theirs)| Compared {
        label: label(name),
        mine: form.shown(name).trim().to_owned(),
        theirs,
    });
    let changed: Vec<Compared> = both.filter(|both| both.mine != both.theirs).collect();
    stale(lang, mine, row.version, &changed, &mut page.main);
    form.set("version", row.version.to_string());
    change_form(who, row, form, "save_mine", &mut page.main);
    Ok(conflict(page.show(who)))
}

/// `GET /systems/{id}/retire`
pub(super) async fn retire(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
) -> Result<Response, Fault> {
    let row = seen(&app, &who, id, "inventory.edit").await?;
    let mut form = Form::read(b"");
    form.set("version", row.version.to_string());
    Ok(retire_again(&who, &row, &form))
}

/// The form of an end, with what was filled in and what is wrong with it.
pub(super) fn retire_again(who: &Who, row: &system::Model, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = change_page(who, row, form, "retire");
    page.main.p(&text(lang, "retire_lead"));
    let mut inner = Html::default();
    inner.hidden("version", &form.shown("version"));
    let more = [("rows", json!(3))];
    inner.put(lang, "textarea", field(lang, "systems", form, "reason", &more));
    inner.put(
        lang,
        "button",
        json!({ "text": text(lang, "retire_send"), "variant": "danger", "once": true }),
    );
    page.main.form(&format!("/systems/{}/retire", row.id), &who.csrf, None, &inner);
    page.show(who)
}

/// A tag beside a name.
pub(super) fn tag(lang: Lang, key: &str, state: &str) -> Html {
    component(lang, "tag", json!({ "text": text(lang, key), "state": state }))
}

/// The title of the area, for the pages of its parts.
pub(super) fn title(lang: Lang) -> String {
    say(lang, "systems.title")
}
