//! What a system needs and exchanges data with: the table on its page, a new link, and one taken away.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use bulwark_model::SystemLinkKind;
use bulwark_store::entity::system::{system, system_link};
use bulwark_store::{NewSystemLink, StoreError, Uuid};
use serde_json::{Value, json};

use super::pages::{seen, shown, tag, title};
use super::text;
use crate::app::App;
use crate::areas::edit::{date, date_field, field, group, today};
use crate::fault::Fault;
use crate::form::{Form, LINE, LINES};
use crate::html::Html;
use crate::page::Page;
use crate::who::Who;

/// Longest code of a system.
const CODE: usize = 100;

/// The links of a system, from it and to it. The other end has a name only for those who may see it.
pub(super) async fn table(
    app: &App,
    who: &Who,
    row: &system::Model,
    edits: bool,
    out: &mut Html,
) -> Result<(), Fault> {
    let lang = who.lang();
    out.h2("links", &text(lang, "links"));
    let links = app.store.system_links(&[row.id]).await?;
    if links.is_empty() {
        out.p(&text(lang, "no_links"));
        return Ok(());
    }
    let other = |link: &system_link::Model| {
        if link.from_system == row.id { link.to_system } else { link.from_system }
    };
    let ids: Vec<Uuid> = links.iter().map(other).collect();
    let named = app.store.systems_named(&who.scope("inventory.read"), &ids).await?;
    let day = today(who.now).to_string();
    let rows: Vec<Value> = links
        .iter()
        .map(|link| {
            let far = named.iter().find(|system| system.id == other(link));
            let name = far.map_or_else(
                || json!({ "text": text(lang, "hidden_system") }),
                |system| json!({ "text": system.name, "href": format!("/systems/{}", system.id) }),
            );
            let kind = link.kind.parse::<SystemLinkKind>();
            let kind = kind.map_or_else(|_| link.kind.clone(), |kind| who.say(&kind.label()));
            let way = text(lang, if link.from_system == row.id { "outgoing" } else { "incoming" });
            let until = match &link.expires_on {
                None => json!({ "text": text(lang, "no_end") }),
                Some(last) if *last < day => {
                    let mut words = Html::text(&format!("{} ", shown(lang, last)));
                    words.push(&tag(lang, "expired", "caution"));
                    json!({ "html": words.as_str() })
                }
                Some(last) => json!({ "text": shown(lang, last) }),
            };
            let mut cells = vec![
                name,
                json!({ "text": way }),
                json!({ "text": kind }),
                json!({ "text": link.note }),
                until,
            ];
            if edits {
                let mut form = Html::default();
                let mut inner = Html::default();
                inner.hidden("version", &link.version.to_string());
                inner.put(
                    lang,
                    "button",
                    json!({ "text": text(lang, "unlink"), "variant": "quiet", "once": true }),
                );
                form.form(&format!("/systems/{}/links/{}/remove", row.id, link.id), &who.csrf, None, &inner);
                cells.push(json!({ "html": form.as_str() }));
            }
            json!({ "cells": cells })
        })
        .collect();
    let mut head = vec!["other_system", "way", "link_kind", "note", "expires_on"];
    if edits {
        head.push("acts");
    }
    let head: Vec<Value> = head.iter().map(|key| json!({ "text": text(lang, key) })).collect();
    let caption = json!({ "text": text(lang, "links") });
    let params = json!({ "id": "system-links", "caption": caption, "caption_hidden": true, "head": head, "rows": rows });
    out.put(lang, "table", params);
    Ok(())
}

/// `GET /systems/{id}/link`
pub(super) async fn form(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
) -> Result<Response, Fault> {
    let row = seen(&app, &who, id, "inventory.edit").await?;
    Ok(again(&who, &row, &Form::read(b"")))
}

fn again(who: &Who, row: &system::Model, form: &Form) -> Response {
    let lang = who.lang();
    let mut page = Page::new("systems", text(lang, "link"))
        .below(title(lang), "/systems")
        .below(row.name.clone(), format!("/systems/{}", row.id))
        .narrow()
        .errors(form.wrong());
    let mut inner = Html::default();
    let hint = [("hint", json!({ "text": text(lang, "other_hint") })), ("classes", json!("bw-code"))];
    inner.put(lang, "text-input", field(lang, "systems", form, "other", &hint));
    let kinds: Vec<Value> = SystemLinkKind::ALL
        .iter()
        .map(|kind| json!({ "value": kind.code(), "text": who.say(&kind.label()) }))
        .collect();
    inner.put(lang, "radios", group(field(lang, "systems", form, "link_kind", &[("items", json!(kinds))])));
    let more = [("rows", json!(3)), ("hint", json!({ "text": text(lang, "note_hint") }))];
    inner.put(lang, "textarea", field(lang, "systems", form, "note", &more));
    inner.put(lang, "date-input", date_field(lang, "systems", form, "expires_on"));
    inner.put(lang, "button", json!({ "text": text(lang, "link_send"), "once": true }));
    page.main.form(&format!("/systems/{}/link", row.id), &who.csrf, None, &inner);
    page.show(who)
}

/// `POST /systems/{id}/link`
pub(super) async fn add(
    State(app): State<Arc<App>>,
    who: Who,
    Path(id): Path<Uuid>,
    mut form: Form,
) -> Result<Response, Fault> {
    let row = seen(&app, &who, id, "inventory.edit").await?;
    let other = form.required("other", CODE);
    // Whoever links must see the other one, or know its whole code, which says no more than that it exists.
    let far = app.store.system_by_code(&other).await?.filter(|far| far.retired_on.is_none());
    if far.is_none() && !other.is_empty() {
        form.refuse("other", "BW-WEB-111", &[]);
    } else if far.as_ref().is_some_and(|far| far.id == id) {
        form.refuse("other", "BW-WEB-112", &[]);
    }
    let kind = form.required("link_kind", LINE).parse::<SystemLinkKind>().ok();
    if kind.is_none() && form.first("link_kind").is_some_and(|kind| !kind.is_empty()) {
        form.refuse("link_kind", "BW-WEB-052", &[("kind", form.shown("link_kind"))]);
    }
    let note = form.required("note", LINES);
    let blank = ["year", "month", "day"]
        .iter()
        .all(|part| form.shown(&format!("expires_on-{part}")).trim().is_empty());
    let crossing = far.as_ref().is_some_and(|far| far.organisation_id != row.organisation_id);
    let agreed = crossing && kind == Some(SystemLinkKind::ConnectsTo);
    let expires_on = if blank && !agreed { None } else { date(&mut form, "expires_on") };
    if expires_on.is_some_and(|day| day < today(who.now)) {
        form.refuse("expires_on", "BW-WEB-113", &[]);
    }
    let (Some(far), Some(kind), true) = (far, kind, form.wrong().is_empty()) else {
        return Ok(again(&who, &row, &form));
    };
    let new = NewSystemLink { owner: row.organisation_id, from: id, to: far.id, kind, note, expires_on };
    let actor = who.actor(&app, None);
    let linked = app.store.write(&actor, move |tx| Box::pin(async move { tx.link_systems(new).await }));
    match linked.await {
        Ok(_) => Ok(Redirect::to(&format!("/systems/{id}?done=1")).into_response()),
        Err(StoreError::Duplicate(_)) => {
            form.refuse("other", "BW-WEB-114", &[]);
            Ok(again(&who, &row, &form))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /systems/{id}/links/{link}/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    who: Who,
    Path((id, link)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Result<Response, Fault> {
    seen(&app, &who, id, "inventory.edit").await?;
    let found = app.store.system_links(&[id]).await?.into_iter().find(|row| row.id == link);
    let version = form.shown("version").parse().unwrap_or(0);
    let found = system_link::Model { version, ..found.ok_or(Fault::NotFound)? };
    // One that another organisation answers for is that one's to end.
    let resource = app.store.resource_of(found.organisation_id).await?;
    who.allow(&app, "inventory.edit", &resource, &format!("system_link/{link}")).await?;
    let actor = who.actor(&app, None);
    app.store.write(&actor, move |tx| Box::pin(async move { tx.unlink(&found).await })).await?;
    Ok(Redirect::to(&format!("/systems/{id}?done=1")).into_response())
}
