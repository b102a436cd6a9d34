//! What forms that enter or change a record share: their fields, dates, and a save that came too late.

use axum::http::StatusCode;
use axum::response::Response;
use bulwark_model::{Lang, Location};
use bulwark_store::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::app::App;
use crate::areas::requests::duty::Duty;
use crate::areas::requests::{Asked, submit};
use crate::fault::{Fault, message, wrong};
use crate::form::Form;
use crate::html::Html;
use crate::page::{error_of, say};
use crate::who::Who;

/// The parameters of a field of an area: its label, what was filled in, what is wrong.
pub(crate) fn field(lang: Lang, area: &str, form: &Form, name: &str, more: &[(&str, Value)]) -> Value {
    let label = say(lang, &format!("{area}.{name}"));
    let mut params = json!({ "id": name, "name": name, "label": { "text": label }, "value": form.shown(name) });
    if let Some(error) = error_of(lang, form.wrong(), name) {
        params["error"] = error;
    }
    for (key, value) in more {
        params[*key] = value.clone();
    }
    params
}

/// The same field, which may stay empty.
pub(crate) fn optional(mut params: Value) -> Value {
    params["label"]["optional"] = json!(true);
    params
}

/// The same field with a group's legend in place of a label.
pub(crate) fn group(mut params: Value) -> Value {
    if let Some(fields) = params.as_object_mut()
        && let Some(label) = fields.remove("label")
    {
        fields.insert("legend".into(), label);
        // An empty value is no choice.
        if fields.get("value") == Some(&json!("")) {
            fields.remove("value");
        }
    }
    params
}

/// The parameters of three boxes for a date: 民國 in Chinese, common years in English.
pub(crate) fn date_field(lang: Lang, area: &str, form: &Form, name: &str) -> Value {
    let mut params = json!({
        "id": name, "name": name, "calendar": if lang == Lang::En { "ce" } else { "roc" },
        "legend": { "text": say(lang, &format!("{area}.{name}")) },
        "hint": { "text": say(lang, &format!("{area}.{name}_hint")) },
    });
    for part in PARTS {
        params[part] = json!(form.shown(&format!("{name}-{part}")));
    }
    if let Some(error) = error_of(lang, form.wrong(), name) {
        params["error"] = error;
    }
    params
}

const PARTS: [&str; 3] = ["year", "month", "day"];

/// Fills the three boxes of a date in.
pub(crate) fn set_date(lang: Lang, form: &mut Form, name: &str, date: Date) {
    let year = if lang == Lang::En { date.year() } else { bulwark_i18n::roc_year(date) };
    let values = [year.to_string(), date.month().to_string(), date.day().to_string()];
    for (part, value) in PARTS.iter().zip(values) {
        form.set(&format!("{name}-{part}"), value);
    }
}

/// The date of three boxes; a year below 1000 is a 民國 year. One that is missing or no date is noted as wrong, with
/// the part that is impossible.
pub(crate) fn date(form: &mut Form, name: &str) -> Option<Date> {
    let part = |part: &str| form.first(&format!("{name}-{part}")).unwrap_or_default().trim().chars().take(20).collect();
    let parts: [String; 3] = PARTS.map(part);
    if parts.iter().all(String::is_empty) {
        form.refuse(name, "BW-WEB-010", &[]);
        return None;
    }
    match bulwark_i18n::parse_date(&parts.join("-")) {
        Ok(date) => Some(date),
        Err(why) => {
            let mut diagnostic = wrong(name, "BW-WEB-046", &[]);
            if parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
                diagnostic.what = why;
            }
            form.note(diagnostic);
            None
        }
    }
}

/// The value of a summary list that is a code, a key or an id: in even letters, broken anywhere.
pub(crate) fn code(words: &str) -> Value {
    json!({ "html": Html::raw_element("span", &[("class", "bw-code")], &Html::text(words)).as_str() })
}

/// The civil day in Taiwan.
pub(crate) fn today(now: Timestamp) -> Date {
    jiff::tz::TimeZone::fixed(jiff::tz::offset(8)).to_datetime(now.into()).date()
}

/// Does an act of a form, or asks for it when it needs a second person. The same form sent again leads to the request
/// that already waits.
pub(crate) async fn ask(app: &App, who: &Who, duty: Duty, reason: &str) -> Result<Asked, Fault> {
    let fault = match submit(app, who, duty.clone(), reason).await {
        Err(Fault::Bad(wrong)) if wrong.iter().any(|diagnostic| diagnostic.code == "BW-WEB-030") => Fault::Bad(wrong),
        asked => return asked,
    };
    let waiting = app.store.waiting_act(duty.action(), &duty.object(who.person.id)).await?;
    let same = waiting.filter(|row| {
        let asked = serde_json::from_str::<Duty>(&row.payload);
        row.asked_by == who.person.id && row.reason == reason && asked.is_ok_and(|asked| asked == duty)
    });
    same.map(|row| Asked::Waiting(row.id)).ok_or(fault)
}

/// Takes up messages about the input, so that the form can be shown again with what was typed; other faults go on.
pub(crate) fn note(form: &mut Form, fault: Fault) -> Result<(), Fault> {
    let Fault::Bad(wrong) = fault else { return Err(fault) };
    for mut diagnostic in wrong {
        if diagnostic.location == Location::Named(String::new()) {
            diagnostic.location = Location::None;
        }
        form.note(diagnostic);
    }
    Ok(())
}

/// One value of a record in both versions.
pub(crate) struct Compared {
    pub label: String,
    pub mine: String,
    pub theirs: String,
}

/// What a save that came too late shows above the form: what happened, and both versions side by side.
pub(crate) fn stale(lang: Lang, mine: i64, theirs: i64, rows: &[Compared], out: &mut Html) {
    let message = message("BW-WEB-006", &bulwark_i18n::args![mine = mine, theirs = theirs]);
    out.put(lang, "warning-text", json!({ "text": message.what.get(lang) }));
    let text = |key: &str| say(lang, &format!("edit.{key}"));
    let cell = |value: &str| json!({ "text": if value.is_empty() { text("empty") } else { value.to_owned() } });
    let rows: Vec<Value> = rows
        .iter()
        .map(|row| {
            let mut line = json!({ "cells": [{ "text": row.label }, cell(&row.mine), cell(&row.theirs)] });
            if row.mine != row.theirs {
                line["state"] = json!("caution");
            }
            line
        })
        .collect();
    let head = ["value", "mine", "theirs"].map(|key| json!({ "text": text(key) }));
    let caption = json!({ "text": text("both") });
    out.put(lang, "table", json!({ "id": "both-versions", "caption": caption, "head": head, "rows": rows }));
    out.p(&text("go_on"));
}

/// The answer of a save that came too late: the page with both versions, as a conflict.
pub(crate) fn conflict(mut response: Response) -> Response {
    *response.status_mut() = StatusCode::CONFLICT;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_says_what_is_impossible_about_it() {
        let mut form = Form::read(b"a-year=115&a-month=2&a-day=30&b-year=116&b-month=1&b-day=1&c-year=x&c-month=1&c-day=1");
        assert_eq!(date(&mut form, "a"), None);
        assert_eq!(date(&mut form, "b"), Some(Date::constant(2027, 1, 1)));
        assert_eq!(date(&mut form, "c"), None);
        assert_eq!(date(&mut form, "d"), None);
        let words: Vec<&str> = form.wrong().iter().map(|d| d.what.get(Lang::ZhTw)).collect();
        assert_eq!(words, ["「115-2-30」不存在：115 年 2 月只有 28 天", "這不是一個日期", "這個欄位必填"]);
    }

    #[test]
    fn the_boxes_hold_the_year_of_the_language() {
        let mut form = Form::read(b"");
        set_date(Lang::ZhTw, &mut form, "from", Date::constant(2027, 1, 2));
        assert_eq!([form.shown("from-year"), form.shown("from-month"), form.shown("from-day")], ["116", "1", "2"]);
        set_date(Lang::En, &mut form, "from", Date::constant(2027, 1, 2));
        assert_eq!(date(&mut form, "from"), Some(Date::constant(2027, 1, 2)));
    }
}
