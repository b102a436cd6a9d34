//! The pages about organisations.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bulwark_i18n::{args, date, date_time, number};
use bulwark_model::Lang;
use bulwark_model::rights::{Resource, Role, Scope};
use bulwark_store::entity::organisation::organisation;
use bulwark_store::{GrantFilter, MAX_COUNT, MAX_ROWS, PageRequest, PeopleFilter, Uuid};
use jiff::civil::Date;
use serde_json::{Value, json};

use super::{KINDS, class_name, kind_name, text};
use crate::app::App;
use crate::areas::edit::{
    Compared, code, conflict, date_field, field, group, optional, set_date, stale, today,
};
use crate::fault::Fault;
use crate::form::Form;
use crate::html::Html;
use crate::list::{Choice, Filter, List, Query, collect, turns};
use crate::page::{Page, fill, say};
use crate::who::Who;

/// `GET /organisations`
pub(super) async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    // Whoever may read the list may read all of it: the matrix knows no smaller reach here.
    let found = match who.scope("organisation.read") {
        Scope::Everything { .. } => {
            collect(&query, |page| app.store.organisations(query.get("q"), query.get("kind"), page)).await?
        }
        Scope::Nothing | Scope::Any { .. } => return Err(Fault::NotFound),
    };
    let rows = rows(&app, &who, &found.page.rows).await?;
    let (next, previous) = turns(&found.page);
    let kinds = KINDS.map(|kind| Choice { value: kind.into(), text: kind_name(lang, kind) });
    let list = List {
        lang,
        path: "/organisations",
        query: &query,
        caption: text(lang, "title"),
        filters: vec![
            Filter::Words { name: "q", label: text(lang, "words") },
            Filter::Choices { name: "kind", label: text(lang, "kind"), choices: kinds.into() },
        ],
        head: head(lang),
        rows,
        total: Some(found.total),
        next,
        previous,
        empty: text(lang, "empty"),
        exports: true,
    };
    if let Some(file) = list.file(&app, &who, "organisations").await? {
        return Ok(file);
    }
    let mut page = Page::new("organisations", text(lang, "title"));
    if who.may("organisation.edit") {
        page = page.action(text(lang, "add"), "/organisations/add");
        page = page.action(text(lang, "import"), "/organisations/import");
    }
    page.main.push(&list.html());
    Ok(page.show(&who))
}

fn head(lang: Lang) -> Vec<String> {
    ["name", "code", "kind", "parent", "sector"].map(|key| text(lang, key)).to_vec()
}

/// The cells of organisations in a list.
async fn rows(app: &App, who: &Who, found: &[organisation::Model]) -> Result<Vec<Vec<Value>>, Fault> {
    let lang = who.lang();
    let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
    let parents = app.store.parents_of(&ids, today(who.now)).await?;
    let upper: Vec<Uuid> = parents.iter().map(|pair| pair.1).collect();
    let names = app.store.organisations_named(&upper).await?;
    let parent_of = |id: Uuid| {
        let parent = parents.iter().find(|pair| pair.0 == id)?.1;
        names.iter().find(|row| row.id == parent).map(|row| row.name.as_str())
    };
    let cells = |row: &organisation::Model| {
        vec![
            json!({ "text": row.name, "href": format!("/organisations/{}", row.id) }),
            json!({ "text": row.code, "classes": "bw-code" }),
            json!({ "text": kind_name(lang, &row.kind) }),
            json!({ "text": parent_of(row.id).unwrap_or("–") }),
            json!({ "text": row.sector.as_deref().unwrap_or("–") }),
        ]
    };
    Ok(found.iter().map(cells).collect())
}

/// An organisation that may be seen, and what the rights know about it.
async fn seen(
    app: &App,
    who: &Who,
    id: Uuid,
    action: &str,
) -> Result<(organisation::Model, Resource), Fault> {
    let row = app.store.get::<organisation::Entity>(id).await?;
    let resource = app.store.resource_of(id).await?;
    who.allow(app, action, &resource, &format!("organisation/{id}")).await?;
    Ok((row, resource))
}

/// `GET /organisations/{id}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    query: Query,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let (row, resource) = seen(&app, &who, id, "organisation.read").await?;
    let done = query.get("done").map(|_| text(lang, "done"));
    let mut page = Page::new("organisations", row.name.clone())
        .below(text(lang, "title"), "/organisations")
        .notice(done);
    let edits = who.could("organisation.edit", &resource);
    if edits {
        page = page.action(text(lang, "change"), format!("/organisations/{id}/change"));
        waiting(&app, &who, id, &mut page.main).await?;
    }
    facts(&app, &who, &row, &resource, &mut page.main).await?;
    former_names(&app, &who, id, &mut page.main).await?;
    history(&app, &who, id, &mut page.main).await?;
    below(&app, &who, id, &query, &mut page.main).await?;
    if who.could("people.read", &resource) {
        roles_held(&app, &who, id, &mut page.main).await?;
    }
    if edits {
        page.main.h2("acts", &text(lang, "acts"));
        let link = json!({ "text": text(lang, "move"), "href": format!("/organisations/{id}/move"), "variant": "secondary" });
        page.main.put(lang, "button-group", json!({ "items": [link] }));
    }
    Ok(page.show(&who))
}

/// Says so when a change of this organisation already waits for a second person.
async fn waiting(app: &App, who: &Who, id: Uuid, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    if let Some(row) = app.store.waiting_act("organisation.edit", &format!("organisation/{id}")).await? {
        let mut words = Html::default();
        words.p(&text(lang, "waits")).link(&format!("/requests/{}", row.id), &text(lang, "to_request"));
        out.put(lang, "inset-text", json!({ "html": words.as_str() }));
    }
    Ok(())
}

async fn facts(
    app: &App,
    who: &Who,
    row: &organisation::Model,
    resource: &Resource,
    out: &mut Html,
) -> Result<(), Fault> {
    let lang = who.lang();
    let fact = |key: &str, value: Value| json!({ "key": { "text": text(lang, key) }, "value": value });
    let mut facts = vec![
        fact("code", code(&row.code)),
        fact("kind", json!({ "text": kind_name(lang, &row.kind) })),
        fact("above", json!({ "html": above(app, who, row.id).await?.as_str() })),
        fact("sector", json!({ "text": row.sector.clone().unwrap_or_else(|| text(lang, "no_sector")) })),
    ];
    let known = [
        ("oid", row.oid.clone().filter(|oid| *oid != row.code)),
        ("class", row.class.as_deref().map(|class| class_name(lang, class))),
        ("level", row.level.clone()),
        ("county", row.county.clone()),
    ];
    facts.extend(known.into_iter().filter_map(|(key, value)| Some(fact(key, json!({ "text": value? })))));
    if let Some(first) = app.store.first_day(row.id).await? {
        facts.push(fact("from", json!({ "text": shown_day(lang, &first) })));
    }
    if let Some(day) = &row.ended_on {
        facts.push(fact("ended_on", json!({ "text": shown_day(lang, day) })));
    }
    if let Some(successor) = row.successor {
        let named = app.store.organisations_named(&[successor]).await?;
        let name = named.first().map_or("", |row| row.name.as_str());
        let link = anchor(&format!("/organisations/{successor}"), name);
        facts.push(fact("successor", json!({ "html": link.as_str() })));
    }
    if who.could("people.read", resource) {
        let filter = PeopleFilter { organisation: Some(row.id), ..PeopleFilter::default() };
        let scope = who.scope("people.read");
        let found =
            app.store.people(&scope, &filter, PageRequest { rows: 1, ..PageRequest::default() }).await?;
        let count = if found.total > MAX_COUNT { say(lang, "list.many") } else { number(found.total) };
        let link = anchor(&format!("/people?organisation={}", row.id), &count);
        facts.push(fact("people", json!({ "html": link.as_str() })));
    }
    facts.push(fact("created", json!({ "text": date_time(row.created_at.into(), lang) })));
    out.put(lang, "summary-list", json!({ "rows": facts }));
    Ok(())
}

fn anchor(href: &str, words: &str) -> Html {
    Html::raw_element("a", &[("href", href)], &Html::text(words))
}

/// The way from the top down to the organisation, as of today.
async fn above(app: &App, who: &Who, id: Uuid) -> Result<Html, Fault> {
    let nearest_first = app.store.organisations_above(id, today(who.now)).await?;
    let upper: Vec<Uuid> = nearest_first.into_iter().filter(|other| *other != id).rev().collect();
    if upper.is_empty() {
        return Ok(Html::text(&text(who.lang(), "no_parent")));
    }
    let names = app.store.organisations_named(&upper).await?;
    let mut out = Html::default();
    for (at, id) in upper.iter().enumerate() {
        if at > 0 {
            out.push(&Html::text(" › "));
        }
        let name = names.iter().find(|row| row.id == *id).map_or("", |row| row.name.as_str());
        out.push(&anchor(&format!("/organisations/{id}"), name));
    }
    Ok(out)
}

/// A day of the tree in the language of the page.
fn shown_day(lang: Lang, day: &str) -> String {
    day.parse::<Date>().map_or_else(|_| day.to_owned(), |day| date(day, lang))
}

/// The names that it had.
async fn former_names(app: &App, who: &Who, id: Uuid, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let names = app.store.former_names(id).await?;
    if names.is_empty() {
        return Ok(());
    }
    let last = |day: &str| {
        let last = day.parse::<Date>().ok().and_then(|day| day.yesterday().ok());
        last.map_or_else(|| day.to_owned(), |day| date(day, lang))
    };
    let row = |row: &bulwark_store::entity::organisation::name::Model| {
        let first =
            row.valid_from.as_deref().map_or_else(|| text(lang, "unknown_day"), |day| shown_day(lang, day));
        json!({ "cells": [{ "text": row.name }, { "text": first }, { "text": last(&row.valid_until) }] })
    };
    let rows: Vec<Value> = names.iter().map(row).collect();
    out.h2("former-names", &text(lang, "former_names"));
    let head = ["name", "first_day", "last_day"].map(|key| json!({ "text": text(lang, key) }));
    let caption = json!({ "text": text(lang, "former_names") });
    let params =
        json!({ "id": "names", "caption": caption, "caption_hidden": true, "head": head, "rows": rows });
    out.put(lang, "table", params);
    Ok(())
}

/// Under whom it stood and will stand, when there is more to say than today's.
async fn history(app: &App, who: &Who, id: Uuid, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let lines = app.store.parents_in_time(id).await?;
    if lines.len() < 2 && lines.iter().all(|line| line.valid_from <= today(who.now).to_string()) {
        return Ok(());
    }
    let ids: Vec<Uuid> = lines.iter().map(|line| line.ancestor).collect();
    let names = app.store.organisations_named(&ids).await?;
    let rows: Vec<Value> = lines
        .iter()
        .map(|line| {
            let name = names.iter().find(|row| row.id == line.ancestor).map_or("", |row| row.name.as_str());
            // The table keeps the first day on which it no longer holds.
            let last = line.valid_until.parse::<Date>().ok().filter(|day| day.year() < 9999);
            let last = last
                .and_then(|day| day.yesterday().ok())
                .map_or_else(|| text(lang, "no_end"), |day| date(day, lang));
            json!({ "cells": [
                { "text": name, "href": format!("/organisations/{}", line.ancestor) },
                { "text": shown_day(lang, &line.valid_from) },
                { "text": last },
            ] })
        })
        .collect();
    out.h2("history", &text(lang, "history"));
    let head = ["parent", "first_day", "last_day"].map(|key| json!({ "text": text(lang, key) }));
    let caption = json!({ "text": text(lang, "history") });
    out.put(
        lang,
        "table",
        json!({ "id": "parents", "caption": caption, "caption_hidden": true, "head": head, "rows": rows }),
    );
    Ok(())
}

/// What stands right below it today.
async fn below(app: &App, who: &Who, id: Uuid, query: &Query, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let found = app.store.organisations_right_below(id, today(who.now), query.page()).await?;
    out.h2("below", &text(lang, "below"));
    if found.total == 0 {
        out.p(&text(lang, "nothing_below"));
        return Ok(());
    }
    let (next, previous) = turns(&found.page);
    let list = List {
        lang,
        path: &format!("/organisations/{id}"),
        query,
        caption: text(lang, "below"),
        filters: Vec::new(),
        head: head(lang),
        rows: rows(app, who, &found.page.rows).await?,
        total: Some(found.total),
        next,
        previous,
        empty: text(lang, "nothing_below"),
        exports: false,
    };
    out.push(&list.html());
    Ok(())
}

/// The roles held here now, as far as the person may read the list of people.
async fn roles_held(app: &App, who: &Who, id: Uuid, out: &mut Html) -> Result<(), Fault> {
    let lang = who.lang();
    let scope = who.scope("people.read");
    let filter = GrantFilter { organisation: Some(id), in_force: true, ..GrantFilter::default() };
    let held = app
        .store
        .roles_held(&scope, &filter, PageRequest { rows: MAX_ROWS, ..PageRequest::default() })
        .await?;
    out.h2("roles", &text(lang, "roles"));
    if held.page.rows.is_empty() {
        out.p(&text(lang, "no_roles"));
        return Ok(());
    }
    let ids: Vec<Uuid> = held.page.rows.iter().map(|row| row.person_id).collect();
    let people = app.store.people_named(&ids).await?;
    let everywhere = matches!(scope, Scope::Everything { .. });
    let rows: Vec<Value> = held
        .page
        .rows
        .iter()
        .map(|row| {
            let person = people.iter().find(|person| person.id == row.person_id);
            let name = person.map(|person| person.name.clone()).filter(|name| !name.is_empty());
            let mut cell = json!({ "text": name.unwrap_or_else(|| say(lang, "people.erased")) });
            // An account of another organisation may be out of reach; no link into nothing.
            if everywhere || person.is_some_and(|person| person.organisation_id == id) {
                cell["href"] = json!(format!("/people/{}", row.person_id));
            }
            let role = row.role.parse::<Role>().map_or_else(|_| row.role.clone(), |role| who.say(&role.label()));
            let until = row.valid_until.map_or_else(|| text(lang, "no_end"), |until| date_time(until.into(), lang));
            json!({ "cells": [cell, { "text": role }, { "text": date_time(row.valid_from.into(), lang) }, { "text": until }] })
        })
        .collect();
    if held.page.next.is_some() {
        let total = if held.total > MAX_COUNT { say(lang, "list.many") } else { number(held.total) };
        out.p(&fill(lang, "list.count_part", &args![total = total, shown = rows.len()]));
    }
    let head = ["person", "role", "role_from", "role_until"].map(|key| json!({ "text": text(lang, key) }));
    let caption = json!({ "text": text(lang, "roles") });
    out.put(
        lang,
        "table",
        json!({ "id": "roles-held", "caption": caption, "caption_hidden": true, "head": head, "rows": rows }),
    );
    Ok(())
}

/// `GET /organisations/add`
pub(super) async fn add(who: Who, query: Query) -> Response {
    let mut form = Form::read(b"");
    form.set("kind", "agency");
    form.set("parent", query.get("parent").unwrap_or_default());
    set_date(who.lang(), &mut form, "from", today(who.now));
    add_again(&who, &form)
}

/// The form of a new organisation, with what was filled in and what is wrong with it.
pub(super) fn add_again(who: &Who, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = Page::new("organisations", text(lang, "add"))
        .below(text(lang, "title"), "/organisations")
        .narrow()
        .errors(form.wrong());
    page.main.p(&text(lang, "second_person"));
    let mut inner = Html::default();
    names(lang, form, &mut inner);
    let items: Vec<Value> =
        KINDS.iter().map(|kind| json!({ "value": kind, "text": kind_name(lang, kind) })).collect();
    inner.put(lang, "radios", group(field(lang, "organisations", form, "kind", &[("items", json!(items))])));
    inner.put(lang, "text-input", optional(sector(lang, form)));
    inner.put(lang, "text-input", optional(parent(lang, form)));
    inner.put(lang, "date-input", date_field(lang, "organisations", form, "from"));
    reason(lang, form, &mut inner);
    inner.put(lang, "button", json!({ "text": text(lang, "add_send"), "once": true }));
    page.main.form("/organisations/add", &who.csrf, None, &inner);
    page.show(who)
}

fn names(lang: Lang, form: &Form, out: &mut Html) {
    let plain = ("autocomplete", json!("off"));
    out.put(lang, "text-input", field(lang, "organisations", form, "name", std::slice::from_ref(&plain)));
    let hint = json!({ "text": text(lang, "code_hint") });
    let more = [
        plain,
        ("hint", hint),
        ("width", json!("20")),
        ("autocapitalize", json!("none")),
        ("spellcheck", json!("false")),
    ];
    out.put(lang, "text-input", field(lang, "organisations", form, "code", &more));
}

fn sector(lang: Lang, form: &Form) -> Value {
    let more = [("hint", json!({ "text": text(lang, "sector_hint") })), ("width", json!("20"))];
    field(lang, "organisations", form, "sector", &more)
}

fn parent(lang: Lang, form: &Form) -> Value {
    let hint = json!({ "text": text(lang, "parent_hint") });
    let more = [
        ("hint", hint),
        ("width", json!("20")),
        ("autocapitalize", json!("none")),
        ("autocomplete", json!("off")),
    ];
    let mut params = field(lang, "organisations", form, "parent", &more);
    params["label"] = json!({ "text": text(lang, "parent_code") });
    params
}

fn reason(lang: Lang, form: &Form, out: &mut Html) {
    let more = [("rows", json!(3)), ("hint", json!({ "text": text(lang, "reason_hint") }))];
    out.put(lang, "textarea", field(lang, "organisations", form, "reason", &more));
}

/// `GET /organisations/{id}/change`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
) -> Result<Response, Fault> {
    let (row, _) = seen(&app, &who, id, "organisation.edit").await?;
    let mut form = Form::read(b"");
    form.set("name", row.name.clone());
    form.set("code", row.code.clone());
    form.set("sector", row.sector.clone().unwrap_or_default());
    form.set("version", row.version.to_string());
    Ok(change_again(&who, &row, &form))
}

fn change_page(who: &Who, row: &organisation::Model, form: &Form, title: &str) -> Page {
    let lang = who.lang();
    Page::new("organisations", text(lang, title))
        .below(text(lang, "title"), "/organisations")
        .below(row.name.clone(), format!("/organisations/{}", row.id))
        .narrow()
        .errors(form.wrong())
}

/// The form of a change, with what was filled in and what is wrong with it.
pub(super) fn change_again(who: &Who, row: &organisation::Model, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = change_page(who, row, form, "change");
    page.main.p(&text(lang, "second_person"));
    change_form(who, row, form, "change_send", &mut page.main);
    page.show(who)
}

fn change_form(who: &Who, row: &organisation::Model, form: &Form, send: &str, out: &mut Html) {
    let lang = who.lang();
    let mut inner = Html::default();
    inner.hidden("version", &form.shown("version"));
    names(lang, form, &mut inner);
    inner.put(lang, "text-input", optional(sector(lang, form)));
    reason(lang, form, &mut inner);
    inner.put(lang, "button-group", json!({ "items": [
        { "text": text(lang, send), "once": true },
        { "text": text(lang, "cancel"), "href": format!("/organisations/{}", row.id), "variant": "secondary" },
    ] }));
    out.form(&format!("/organisations/{}/change", row.id), &who.csrf, None, &inner);
}

/// After a save that came too late: both versions, and the form to go on from the present one.
pub(super) fn change_stale(who: &Who, row: &organisation::Model, form: &mut Form, mine: i64) -> Response {
    let lang = who.lang();
    let mut page = change_page(who, row, form, "change");
    let theirs = [row.name.clone(), row.code.clone(), row.sector.clone().unwrap_or_default()];
    let both = ["name", "code", "sector"].iter().zip(theirs);
    let both = both.map(|(key, theirs)| Compared {
        label: text(lang, key),
        mine: form.shown(key).trim().to_owned(),
        theirs,
    });
    stale(lang, mine, row.version, &both.collect::<Vec<_>>(), &mut page.main);
    // Sending it again is now a choice made with the present version in sight.
    form.set("version", row.version.to_string());
    change_form(who, row, form, "save_mine", &mut page.main);
    conflict(page.show(who))
}

/// `GET /organisations/{id}/move`
pub(super) async fn move_form(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
) -> Result<Response, Fault> {
    let (row, _) = seen(&app, &who, id, "organisation.edit").await?;
    move_again(&app, &who, &row, &Form::read(b"")).await
}

/// The form of a move, with what was filled in and what is wrong with it.
pub(super) async fn move_again(
    app: &App,
    who: &Who,
    row: &organisation::Model,
    form: &Form,
) -> Result<Response, Fault> {
    let lang = who.lang();
    let mut page = change_page(who, row, form, "move");
    page.main.p(&text(lang, "move_lead"));
    let now = json!({ "key": { "text": text(lang, "above_now") }, "value": { "html": above(app, who, row.id).await?.as_str() } });
    page.main.put(lang, "summary-list", json!({ "rows": [now] }));
    let mut inner = Html::default();
    inner.put(lang, "text-input", parent(lang, form));
    let mut from = date_field(lang, "organisations", form, "from");
    from["legend"] = json!({ "text": text(lang, "move_from") });
    from["hint"] = json!({ "text": text(lang, "move_from_hint") });
    inner.put(lang, "date-input", from);
    reason(lang, form, &mut inner);
    inner.put(lang, "button", json!({ "text": text(lang, "move_send"), "once": true }));
    page.main.form(&format!("/organisations/{}/move", row.id), &who.csrf, None, &inner);
    Ok(page.show(who))
}
