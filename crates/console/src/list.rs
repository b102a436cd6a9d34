//! Lists: filters, pages and exports, all of them in the address, so that any list can be sent as a link.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use bulwark_i18n::{args, date, number};
use bulwark_model::Lang;
use bulwark_store::{Listing, MAX_COUNT, MAX_ROWS, Page as Rows, PageRequest, StoreError, Uuid};
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::app::App;
use crate::fault::Fault;
use crate::html::Html;
use crate::page::{fill, say};
use crate::who::Who;

/// Rows of a page.
pub(crate) const ROWS: u64 = 50;
/// Rows of an export at most; longer lists are narrowed first.
pub(crate) const EXPORT_ROWS: usize = 10_000;

/// The query of a list's address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl<S: Sync> axum::extract::FromRequestParts<S> for Query {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, _: &S) -> Result<Self, Fault> {
        Ok(Self::read(parts.uri.query().unwrap_or_default()))
    }
}

impl Query {
    /// Reads a query; empty values count as not given.
    pub(crate) fn read(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let kept = pairs.filter(|(_, value)| !value.trim().is_empty());
        Self {
            pairs: kept
                .map(|(key, value)| (key.into_owned(), value.trim().chars().take(200).collect()))
                .collect(),
        }
    }

    /// A value.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A value, owned.
    pub(crate) fn owned(&self, key: &str) -> Option<String> {
        self.get(key).map(str::to_owned)
    }

    /// A value as an id. One that is no id finds nothing, rather than everything.
    pub(crate) fn id(&self, key: &str) -> Option<Uuid> {
        self.get(key).map(|value| value.parse().unwrap_or(Uuid::nil()))
    }

    /// Which page is asked for.
    pub(crate) fn page(&self) -> PageRequest {
        let rows = self.get("rows").and_then(|rows| rows.parse().ok()).unwrap_or(ROWS);
        PageRequest { after: self.id("after"), before: self.id("before"), rows }
    }

    /// The format of an export, when one is asked for.
    pub(crate) fn export(&self) -> Option<Format> {
        match self.get("format")? {
            "csv" => Some(Format::Csv),
            "ods" => Some(Format::Ods),
            _ => None,
        }
    }

    /// The address of the same list with other values; `None` takes one out.
    pub(crate) fn with(&self, path: &str, changes: &[(&str, Option<&str>)]) -> String {
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        let kept =
            self.pairs.iter().filter(|(key, _)| key != "lang" && changes.iter().all(|(name, _)| name != key));
        for (key, value) in kept {
            pairs.append_pair(key, value);
        }
        for (key, value) in changes {
            if let Some(value) = value {
                pairs.append_pair(key, value);
            }
        }
        let query = pairs.finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }
}

/// A format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Comma-separated.
    Csv,
    /// OpenDocument spreadsheet.
    Ods,
}

/// A choice of a filter.
pub(crate) struct Choice {
    pub value: String,
    pub text: String,
}

/// A filter above the list.
pub(crate) enum Filter {
    /// Words to look for.
    Words { name: &'static str, label: String },
    /// One of several.
    Choices { name: &'static str, label: String, choices: Vec<Choice> },
}

impl Filter {
    fn name(&self) -> &'static str {
        match self {
            Self::Words { name, .. } | Self::Choices { name, .. } => name,
        }
    }

    fn label(&self) -> &str {
        match self {
            Self::Words { label, .. } | Self::Choices { label, .. } => label,
        }
    }
}

/// All pages of a list for an export, the page that is asked for otherwise.
pub(crate) async fn collect<T, F>(
    query: &Query,
    mut fetch: impl FnMut(PageRequest) -> F,
) -> Result<Listing<T>, Fault>
where
    F: Future<Output = Result<Listing<T>, StoreError>>,
{
    if query.export().is_none() {
        return Ok(fetch(query.page()).await?);
    }
    let mut request = PageRequest { rows: MAX_ROWS, ..PageRequest::default() };
    let mut all = fetch(request).await?;
    while let Some(next) = all.page.next.filter(|_| all.page.rows.len() < EXPORT_ROWS) {
        request.after = Some(next);
        let more = fetch(request).await?;
        all.page.rows.extend(more.page.rows);
        all.page.next = more.page.next;
    }
    Ok(all)
}

/// A list to be shown.
pub(crate) struct List<'a> {
    pub lang: Lang,
    /// Its address without the query.
    pub path: &'a str,
    pub query: &'a Query,
    pub caption: String,
    pub filters: Vec<Filter>,
    /// Names of the columns.
    pub head: Vec<String>,
    /// Cells of the rows, as the component `data-grid` takes them.
    pub rows: Vec<Vec<Value>>,
    /// How many rows there are in all, when that is known.
    pub total: Option<u64>,
    /// The value of `after` for the next page.
    pub next: Option<String>,
    /// The value of `before` for the page before.
    pub previous: Option<String>,
    /// What an empty list says.
    pub empty: String,
    /// Whether it can be taken away.
    pub exports: bool,
}

impl List<'_> {
    /// The list as a file, when one is asked for. Taking data away is an act of its own, and leaves its entry.
    pub(crate) async fn file(&self, app: &App, who: &Who, name: &str) -> Result<Option<Response>, Fault> {
        let Some(format) = self.query.export() else { return Ok(None) };
        let head: Vec<&str> = self.head.iter().map(String::as_str).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(|row| row.iter().map(plain).collect()).collect();
        let cells = rows.iter().map(|row| row.iter().map(|text| bulwark_sheet::Value::from(text.as_str())));
        let (kind, bytes) = match format {
            Format::Csv => ("text/csv; charset=utf-8", bulwark_sheet::csv(&head, cells)),
            Format::Ods => (
                "application/vnd.oasis.opendocument.spreadsheet",
                bulwark_sheet::ods(&self.caption, &head, cells).map_err(|error| Fault::Bad(vec![error]))?,
            ),
        };
        let (actor, object) = (who.actor(app, None), format!("list/{name}"));
        let owner = who.organisation.id;
        let hash = bulwark_store::hash::Sha256::of(&bytes);
        let noted = app.store.write(&actor, move |tx| {
            Box::pin(async move {
                tx.audit_of(Some(owner), "list.export", &object, None, Some(hash));
                Ok(())
            })
        });
        noted.await?;
        let day = date(TimeZone::fixed(jiff::tz::offset(8)).to_datetime(who.now.into()).date(), Lang::En);
        let end = if format == Format::Csv { "csv" } else { "ods" };
        Ok(Some(file(&format!("{name}-{day}.{end}"), kind, bytes)))
    }

    /// The markup: filters, then the list.
    pub(crate) fn html(self) -> Html {
        let mut out = Html::default();
        let (lang, query) = (self.lang, self.query);
        if !self.filters.is_empty() {
            out.put(lang, "filter-panel", filter_panel(lang, self.path, query, &self.filters));
        }
        let filtered = self.filters.iter().any(|filter| query.get(filter.name()).is_some());
        let paged = query.get("after").is_some() || query.get("before").is_some();
        let head: Vec<Value> = self.head.iter().map(|text| json!({ "text": text })).collect();
        let count = self.rows.len();
        let rows: Vec<Value> = self.rows.into_iter().map(|cells| json!({ "cells": cells })).collect();
        let mut params = json!({
            "id": "list", "caption": { "text": self.caption }, "caption_hidden": true, "head": head, "rows": rows,
            "density": "compact",
        });
        if let Some(total) = self.total.filter(|_| count > 0) {
            params["total"] = json!(if total > MAX_COUNT { say(lang, "list.many") } else { number(total) });
            // Later pages begin at a key, not at a number.
            if !paged {
                params["from"] = json!(1);
                params["to"] = json!(count);
            }
        }
        if count == 0 {
            let mut empty = json!({ "heading": { "text": if filtered { say(lang, "list.nothing_fits") } else { self.empty } } });
            if lang == Lang::En {
                empty["lang"] = json!("en");
            }
            if filtered || paged {
                empty["action"] = json!({ "text": say(lang, "list.clear"), "href": self.path });
            }
            params["empty"] = empty;
        }
        let mut pages = serde_json::Map::new();
        if paged {
            let first = query.with(self.path, &[("after", None), ("before", None)]);
            pages.insert("first".into(), json!(first));
        }
        if let Some(before) = &self.previous {
            let href = query.with(self.path, &[("after", None), ("before", Some(before))]);
            pages.insert("previous".into(), json!(href));
        }
        if let Some(after) = &self.next {
            let href = query.with(self.path, &[("after", Some(after)), ("before", None)]);
            pages.insert("next".into(), json!(href));
        }
        if !pages.is_empty() {
            params["pages"] = Value::Object(pages);
        }
        if self.exports && count > 0 {
            let link = |format: &str| {
                let changes = [("after", None), ("before", None), ("format", Some(format))];
                json!({ "format": format.to_uppercase(), "href": query.with(self.path, &changes) })
            };
            params["exports"] = json!([link("csv"), link("ods")]);
        }
        out.put(lang, "data-grid", params);
        out
    }
}

/// The words of a cell without its markup.
fn plain(cell: &Value) -> String {
    if let Some(text) = cell["text"].as_str() {
        return text.to_owned();
    }
    let (mut out, mut inside) = (String::new(), false);
    for c in cell["html"].as_str().unwrap_or_default().chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    // The five entities that `ui` writes, the ampersand last.
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    entities.iter().fold(out, |text, (entity, c)| text.replace(entity, c)).trim().to_owned()
}

fn filter_panel(lang: Lang, path: &str, query: &Query, filters: &[Filter]) -> Value {
    let mut applied = Vec::new();
    let fields: Vec<Value> = filters
        .iter()
        .map(|filter| {
            let (name, label) = (filter.name(), filter.label());
            let value = query.get(name).unwrap_or_default();
            let mut params = json!({ "id": name, "name": name, "label": { "text": label } });
            if lang == Lang::En {
                params["lang"] = json!("en");
            }
            let mut shown = value.to_owned();
            let kind = match filter {
                Filter::Words { .. } => {
                    params["value"] = json!(value);
                    "text"
                }
                Filter::Choices { choices, .. } => {
                    let mut items = vec![json!({ "text": say(lang, "list.all"), "value": "" })];
                    for choice in choices {
                        items.push(json!({ "text": choice.text, "value": choice.value }));
                        if choice.value == value {
                            shown.clone_from(&choice.text);
                        }
                    }
                    params["items"] = json!(items);
                    params["value"] = json!(value);
                    "select"
                }
            };
            if !value.is_empty() {
                let text = fill(lang, "list.applied", &args![label = label, value = shown]);
                let href = query.with(path, &[(name, None), ("after", None), ("before", None)]);
                applied.push(json!({ "text": text, "href": href }));
            }
            json!({ "kind": kind, "params": params })
        })
        .collect();
    let mut panel = json!({ "id": "filters", "action": path, "fields": fields });
    if !applied.is_empty() {
        panel["applied"] = json!(applied);
        panel["clear_href"] = json!(path);
    }
    panel
}

/// The values of the links of a page of rows.
pub(crate) fn turns<T>(page: &Rows<T>) -> (Option<String>, Option<String>) {
    (page.next.map(|id| id.to_string()), page.previous.map(|id| id.to_string()))
}

/// An answer that a browser saves as a file.
pub(crate) fn file(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes)
        .into_response()
}
