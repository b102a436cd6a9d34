//! Values of a plan that have a form: ports, host names, URLs, days, hours. What is wrong is noted
//! at its place and read as absent.

use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_model::Text;
use bulwark_probe::dns::NameError;
use jiff::civil::{Date, Time};

use super::reader::{At, Table, nearest};

pub fn port(t: &Table<'_, '_>, key: &'static str) -> Option<u16> {
    t.number(key, 1, 65535).and_then(|n| u16::try_from(n).ok())
}

/// One word of a short list; another word is noted with the nearest right one.
pub fn choice<T: Copy, const N: usize>(
    t: &Table<'_, '_>,
    key: &'static str,
    words: [(&str, T); N],
) -> Option<T> {
    let at = t.text(key)?;
    let found = words.iter().find(|(word, _)| *word == at.value).map(|(_, value)| *value);
    if found.is_none() {
        let all = words.map(|(word, _)| word);
        let near = nearest(&at.value, all).unwrap_or_default();
        t.source().note(
            "BW-PLAN-005",
            &at.span,
            &args![key = t.path(key), found = at.value, expected = all.join(" | "), near = near],
        );
    }
    found
}

pub fn bool_word(t: &Table<'_, '_>, key: &'static str) -> bool {
    t.boolean(key).unwrap_or(false)
}

pub fn names(t: &Table<'_, '_>, key: &'static str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for at in t.texts(key).unwrap_or_default() {
        if let Some(name) = host_name(t, &at)
            && !out.contains(&name)
        {
            out.push(name);
        }
    }
    out
}

/// A host name (IDN becomes A-labels) or an address literal, with or without brackets.
pub fn host_name(t: &Table<'_, '_>, at: &At<String>) -> Option<String> {
    if let Ok(address) = at.value.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Some(address.to_string());
    }
    match bulwark_probe::dns::host_name(&at.value) {
        Ok(name) => Some(name.ascii),
        Err(e) => {
            t.source().note_reason("BW-PLAN-008", &at.span, &at.value, &name_error(e));
            None
        }
    }
}

/// Why a name is none, in both languages.
fn name_error(e: NameError) -> Text {
    match e {
        NameError::Empty => Text::new("空白", "it is empty"),
        NameError::Address => Text::new("是不完整的 IP 位址", "it is a broken IP address"),
        NameError::TooLong => Text::new("超過 253 個字元", "it is longer than 253 characters"),
        NameError::LabelLength => {
            Text::new("兩個點之間是空的，或超過 63 個字元", "a label is empty or longer than 63 characters")
        }
        NameError::Characters => {
            Text::new("含有主機名稱不可用的字元", "it holds a character that host names cannot have")
        }
    }
}

pub fn web_url(t: &Table<'_, '_>, at: &At<String>) -> Option<url::Url> {
    let refuse = |shown: &str, reason: Text| {
        t.source().note_reason("BW-PLAN-009", &at.span, shown, &reason);
        None
    };
    match url::Url::parse(&at.value) {
        Err(e) => refuse(&at.value, Text::new(format!("不是完整網址（{e}）"), e.to_string())),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => refuse(
            &at.value,
            Text::new("只能是 http:// 或 https://", "only http:// and https:// are possible"),
        ),
        Ok(url) if url.password().is_some() || !url.username().is_empty() => {
            // The password is not repeated on the screen or in a log.
            let host = url.host_str().unwrap_or_default();
            let shown = format!("{}://…@{host}", url.scheme());
            refuse(&shown, Text::new("不可含帳號密碼", "it must not hold user or password"))
        }
        Ok(url) => Some(url),
    }
}

pub fn day(t: &Table<'_, '_>, key: &'static str, needed: bool) -> Option<Date> {
    let Some(at) = t.text(key) else {
        if needed && !t.has(key) {
            t.missing(key);
        }
        return None;
    };
    match bulwark_i18n::parse_date(&at.value) {
        Ok(date) => Some(date),
        Err(what) => {
            t.source().note_text("BW-PLAN-006", &at.span, what);
            None
        }
    }
}

pub fn hour(t: &Table<'_, '_>, key: &'static str) -> Option<Time> {
    let at = t.need(key)?;
    let parsed = at.value.split_once(':').and_then(|(h, m)| {
        let (h, m) = (h.parse::<i8>().ok()?, m.parse::<i8>().ok()?);
        // 24:00 is how people write the end of a day.
        if (h, m) == (24, 0) { Some(Time::midnight()) } else { Time::new(h, m, 0, 0).ok() }
    });
    if parsed.is_none() {
        t.source().note("BW-PLAN-007", &at.span, &args![found = at.value]);
    }
    parsed
}
