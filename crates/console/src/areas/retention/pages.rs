//! The pages about how long data is kept.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use bulwark_i18n::{args, number};
use bulwark_model::rights::Resource;
use bulwark_model::{Lang, RetentionClass};
use serde_json::{Value, json};

use super::{Kept, MOST_DAYS, Rule, text};
use crate::app::App;
use crate::areas::edit::{Compared, conflict, field, stale};
use crate::fault::Fault;
use crate::form::Form;
use crate::html::Html;
use crate::list::Query;
use crate::page::{Page, fill};
use crate::who::Who;

/// `GET /retention`
pub(super) async fn list(State(app): State<Arc<App>>, who: Who, query: Query) -> Result<Response, Fault> {
    let lang = who.lang();
    // The rules are the same for everyone: whoever may read them at the organisation acted for may read them.
    let resource = app.store.resource_of(who.organisation.id).await?;
    who.allow(&app, "retention.read", &resource, "retention").await?;
    let edits = who.may("retention.edit");
    let mut rows = Vec::new();
    for class in RetentionClass::ALL.iter().copied() {
        let kept = Kept::of(&app.store, class).await?;
        let mut name = json!({ "text": who.say(&class.label()) });
        if edits {
            name["href"] = json!(format!("/retention/{class}"));
        }
        let held = if kept.version == 0 { days(lang, kept.days) } else { changed(lang, &kept) };
        let mut why = Html::text(basis(lang, kept.rule));
        why.element("div", "ds-secondary", &Html::text(&text(lang, &format!("certainty_{}", kept.rule.certainty))));
        rows.push(json!({ "cells": [name, { "text": held }, { "html": why.as_str() }] }));
    }
    let done = query.get("done").map(|_| text(lang, "done"));
    let mut page = Page::new("retention", text(lang, "title")).notice(done);
    page.main.p(&text(lang, "lead"));
    let head = ["class", "days", "basis"].map(|key| json!({ "text": text(lang, key) }));
    let caption = json!({ "text": text(lang, "title") });
    page.main.put(lang, "table", json!({ "id": "classes", "caption": caption, "caption_hidden": true, "head": head, "rows": rows }));
    page.main.p(&text(lang, "audit_stays"));
    Ok(page.show(&who))
}

fn days(lang: Lang, days: u32) -> String {
    fill(lang, "retention.so_many_days", &args![days = number(u64::from(days))])
}

fn changed(lang: Lang, kept: &Kept) -> String {
    fill(lang, "retention.changed", &args![days = days(lang, kept.days), default = days(lang, kept.rule.days)])
}

const fn basis(lang: Lang, rule: &Rule) -> &'static str {
    match lang {
        Lang::ZhTw => rule.basis_zh,
        Lang::En => rule.basis_en,
    }
}

/// The class of an address, when the person may change it.
pub(super) async fn class(app: &App, who: &Who, code: &str) -> Result<Kept, Fault> {
    let class: RetentionClass = code.parse().map_err(|_| Fault::NotFound)?;
    who.allow(app, "retention.edit", &Resource::platform(), &format!("retention/{class}")).await?;
    Ok(Kept::of(&app.store, class).await?)
}

/// `GET /retention/{class}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    who: Who,
    Path(code): Path<String>,
) -> Result<Response, Fault> {
    let kept = class(&app, &who, &code).await?;
    let mut form = Form::read(b"");
    form.set("days", kept.days.to_string());
    form.set("version", kept.version.to_string());
    let mut page = form_page(&who, &kept, &form);
    let object = format!("retention/{}", kept.rule.class);
    if let Some(row) = app.store.waiting_act("retention.edit", &object).await? {
        let lang = who.lang();
        let mut words = Html::default();
        words.p(&text(lang, "waits")).link(&format!("/requests/{}", row.id), &text(lang, "to_request"));
        page.main.put(lang, "inset-text", json!({ "html": words.as_str() }));
    }
    form_of(&who, &kept, &form, "send", &mut page.main);
    Ok(page.show(&who))
}

fn form_page(who: &Who, kept: &Kept, form: &Form) -> Page {
    let lang = who.lang();
    let title = fill(lang, "retention.change", &args![class = who.say(&kept.rule.class.label())]);
    let mut page = Page::new("retention", title).below(text(lang, "title"), "/retention").narrow().errors(form.wrong());
    let fact = |key: &str, value: String| json!({ "key": { "text": text(lang, key) }, "value": { "text": value } });
    let facts: Vec<Value> = vec![
        fact("now", days(lang, kept.days)),
        fact("default", days(lang, kept.rule.days)),
        fact("basis", basis(lang, kept.rule).to_owned()),
        fact("certainty", text(lang, &format!("certainty_{}", kept.rule.certainty))),
    ];
    page.main.put(lang, "summary-list", json!({ "rows": facts }));
    page
}

fn form_of(who: &Who, kept: &Kept, form: &Form, send: &str, out: &mut Html) {
    let lang = who.lang();
    let mut inner = Html::default();
    inner.hidden("version", &form.shown("version"));
    let most = number(u64::from(MOST_DAYS));
    let hint = ("hint", json!({ "text": fill(lang, "retention.days_hint", &args![most = most]) }));
    let suffix = ("suffix", json!({ "text": text(lang, "unit") }));
    inner.put(lang, "number-input", field(lang, "retention", form, "days", &[hint, suffix]));
    inner.put(lang, "warning-text", json!({ "text": text(lang, "deletes") }));
    let hint = ("hint", json!({ "text": text(lang, "reason_hint") }));
    inner.put(lang, "textarea", field(lang, "retention", form, "reason", &[("rows", json!(3)), hint]));
    inner.put(lang, "button-group", json!({ "items": [
        { "text": text(lang, send), "once": true },
        { "text": text(lang, "cancel"), "href": "/retention", "variant": "secondary" },
    ] }));
    out.form(&format!("/retention/{}", kept.rule.class), &who.csrf, None, &inner);
}

/// The form with what was filled in and what is wrong with it.
pub(super) fn change_again(who: &Who, kept: &Kept, form: &Form) -> Response {
    let mut page = form_page(who, kept, form);
    form_of(who, kept, form, "send", &mut page.main);
    page.show(who)
}

/// After a save that came too late: both versions, and the form to go on from the present one.
pub(super) fn change_stale(who: &Who, kept: &Kept, form: &mut Form, mine: i64) -> Response {
    let lang = who.lang();
    let mut page = form_page(who, kept, form);
    let row = Compared { label: text(lang, "days"), mine: form.shown("days").trim().to_owned(), theirs: kept.days.to_string() };
    stale(lang, mine, kept.version, &[row], &mut page.main);
    // Sending it again is now a choice made with the present version in sight.
    form.set("version", kept.version.to_string());
    form_of(who, kept, form, "save_mine", &mut page.main);
    conflict(page.show(who))
}
