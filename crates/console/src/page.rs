//! The page around every page: header, navigation, way back, main part, footer.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html as HtmlBody, IntoResponse, Response};
use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Lang, Location};
use bulwark_store::hash::Sha256;
use bulwark_ui::{assets, style};
use serde_json::{Value, json};

use crate::app::App;
use crate::fault::Fault;
use crate::html::{Html, component};
use crate::texts::texts;
use crate::who::{Visit, Who};

/// An entry of the navigation: its key, address and the act that must be allowed to see it.
struct Entry {
    key: &'static str,
    href: &'static str,
    act: &'static str,
}

const fn entry(key: &'static str, href: &'static str, act: &'static str) -> Entry {
    Entry { key, href, act }
}

/// The navigation, in groups by what people do.
const NAVIGATION: [(&str, &[Entry]); 4] = [
    ("work", &[entry("home", "/", "home.read"), entry("requests", "/requests", "home.read")]),
    (
        "know",
        &[
            entry("organisations", "/organisations", "organisation.read"),
            entry("systems", "/systems", "inventory.read"),
            entry("people", "/people", "people.read"),
            entry("keys", "/keys", "key.read"),
        ],
    ),
    (
        "answer",
        &[
            entry("audit", "/audit", "audit.read"),
            entry("verify", "/audit/verify", "audit.verify_chain"),
            entry("access-log", "/access-log", "access_log.read"),
            entry("emergency-access", "/emergency-access", "break_glass.read"),
        ],
    ),
    ("run", &[entry("retention", "/retention", "retention.read"), entry("jobs", "/jobs", "job.read")]),
];

/// The files every page uses, by path below `/static/VERSION/`.
static STATIC: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let mut files = BTreeMap::new();
    let sheet = format!("{}{}", style::css(), style::minify_css(include_str!("console.css")));
    files.insert("ds.css".to_owned(), sheet.into_bytes());
    for (name, source) in style::scripts() {
        files.insert(name, source.into_bytes());
    }
    files.insert("console.js".to_owned(), include_bytes!("console.js").to_vec());
    for (path, bytes) in assets::under("icons") {
        files.insert(format!("icons/{path}"), bytes.to_vec());
    }
    files
});

/// Changes with any of the files, so that browsers may keep them for good.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let parts: Vec<&[u8]> =
        STATIC.iter().flat_map(|(name, bytes)| [name.as_bytes(), bytes.as_slice()]).collect();
    Sha256::of_parts(&parts).to_string()[..16].to_owned()
});

/// One of the files that pages use.
pub(crate) fn static_file(version: &str, path: &str) -> Result<Response, Fault> {
    let bytes = STATIC.get(path).filter(|_| version == VERSION.as_str()).ok_or(Fault::NotFound)?;
    let kind = match path.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, bytes.as_slice()).into_response())
}

/// A text of the catalogue.
pub(crate) fn say(lang: Lang, key: &str) -> String {
    texts().get(key).map_or(key, |text| text.get(lang)).to_owned()
}

/// A text of the catalogue with its arguments.
pub(crate) fn fill(lang: Lang, key: &str, values: &[(&str, String)]) -> String {
    texts().text(key, values).get(lang).to_owned()
}

/// A page under construction.
#[derive(Debug, Default)]
pub(crate) struct Page {
    title: String,
    steps: Vec<(String, String)>,
    current: &'static str,
    narrow: bool,
    errors: Vec<Diagnostic>,
    notice: Option<String>,
    actions: Vec<Value>,
    status: StatusCode,
    pub(crate) main: Html,
}

impl Page {
    /// A page; `current` is the key of its entry in the navigation.
    pub(crate) fn new(current: &'static str, title: impl Into<String>) -> Self {
        Self { title: title.into(), current, ..Self::default() }
    }

    /// A step of the way back.
    #[must_use]
    pub(crate) fn below(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.steps.push((text.into(), href.into()));
        self
    }

    /// As wide as a form.
    #[must_use]
    pub(crate) fn narrow(mut self) -> Self {
        self.narrow = true;
        self
    }

    /// What is wrong with the form: a summary above it. Messages about a field lead to it.
    #[must_use]
    pub(crate) fn errors(mut self, errors: &[Diagnostic]) -> Self {
        if !errors.is_empty() {
            self.status = StatusCode::UNPROCESSABLE_ENTITY;
        }
        self.errors = errors.to_vec();
        self
    }

    /// What was just done.
    #[must_use]
    pub(crate) fn notice(mut self, notice: Option<String>) -> Self {
        self.notice = notice;
        self
    }

    /// The primary action beside the title.
    #[must_use]
    pub(crate) fn action(mut self, text: impl Into<String>, href: impl Into<String>) -> Self {
        self.actions.push(json!({ "text": text.into(), "href": href.into() }));
        self
    }

    /// The whole document for someone who is logged in.
    pub(crate) fn show(self, who: &Who) -> Response {
        self.render(who.visit(), Some(who))
    }

    /// The whole document for a visitor.
    pub(crate) fn show_visitor(self, visit: &Visit) -> Response {
        self.render(visit, None)
    }

    fn render(self, visit: &Visit, who: Option<&Who>) -> Response {
        let lang = visit.lang;
        let site = say(lang, "site");
        let mut out = String::with_capacity(16 * 1024);
        let prefix = if self.errors.is_empty() { String::new() } else { say(lang, "page.error") };
        let title =
            if self.title.is_empty() { site.clone() } else { format!("{prefix}{} - {site}", self.title) };
        let base = format!("/static/{}", VERSION.as_str());
        let _ = write!(
            out,
            "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{}</title>\n<link rel=\"icon\" href=\"{base}/icons/mark.svg\">\n<link rel=\"stylesheet\" \
             href=\"{base}/ds.css\">\n<script src=\"{base}/theme.js\"></script>\n<script type=\"module\" \
             src=\"{base}/ds.js\"></script>\n<script type=\"module\" src=\"{base}/console.js\"></script>\n</head>\n<body>\n",
            lang.html(),
            Html::text(&title).as_str(),
        );
        out.push_str(component(lang, "skip-link", json!({})).as_str());
        out.push_str(header(visit, who, &site).as_str());
        let sides = who.is_some();
        out.push_str(if sides {
            "<div class=\"ds-container bw-shell\">\n"
        } else {
            "<div class=\"ds-container\">\n"
        });
        if let Some(who) = who {
            out.push_str(navigation(who, self.current).as_str());
        }
        out.push_str("<div>\n");
        if !self.steps.is_empty() {
            let mut steps: Vec<Value> =
                self.steps.iter().map(|(text, href)| json!({ "text": text, "href": href })).collect();
            steps.push(json!({ "text": self.title }));
            out.push_str(component(lang, "breadcrumbs", json!({ "steps": steps })).as_str());
        }
        let width = if self.narrow { "ds-main ds-form" } else { "ds-main" };
        let _ = writeln!(out, "<main class=\"{width}\" id=\"main\" tabindex=\"-1\">");
        if !self.errors.is_empty() {
            out.push_str(summary(lang, &self.errors).as_str());
        }
        if let Some(notice) = &self.notice {
            let params =
                json!({ "state": "ok", "title": { "text": say(lang, "page.done") }, "text": notice });
            out.push_str(component(lang, "notification-banner", params).as_str());
        }
        if self.actions.is_empty() {
            let _ = writeln!(out, "<h1>{}</h1>", Html::text(&self.title).as_str());
        } else {
            let _ = write!(out, "<div class=\"bw-title\"><h1>{}</h1>", Html::text(&self.title).as_str());
            for action in self.actions {
                out.push_str(component(lang, "button", action).as_str());
            }
            out.push_str("</div>\n");
        }
        out.push_str(self.main.as_str());
        out.push_str("\n</main>\n</div>\n</div>\n");
        out.push_str(footer(lang, who.is_some()).as_str());
        out.push_str("</body>\n</html>\n");
        (self.status, HtmlBody(out)).into_response()
    }
}

fn header(visit: &Visit, who: Option<&Who>, site: &str) -> Html {
    let lang = visit.lang;
    let other = |lang: Lang| with_lang(&visit.place, lang);
    let (zh, en) = match lang {
        Lang::ZhTw => (json!({ "current": true }), json!({ "href": other(Lang::En) })),
        Lang::En => (json!({ "href": other(Lang::ZhTw) }), json!({ "current": true })),
    };
    let option = |mut value: Value, lang: &str, text: &str| {
        value["lang"] = json!(lang);
        value["text"] = json!(text);
        value
    };
    let options = [option(zh, "zh-Hant-TW", "中文"), option(en, "en", "English")];
    let languages = component(lang, "language-switch", json!({ "options": options }));
    let mut params = json!({ "name": site, "href": "/", "language_html": languages.as_str(), "full": true });
    if let Some(who) = who {
        params["agency"] = json!(who.organisation.name);
        let role =
            who.role().map_or_else(|| say(lang, "page.no_role"), |role| role.label().get(lang).to_owned());
        let name = format!("{}（{role}）", who.person.name);
        let name = if lang == Lang::En { format!("{} ({role})", who.person.name) } else { name };
        params["links"] = json!([{ "text": name, "href": "/account" }]);
    } else {
        params["links"] = json!([{ "text": say(lang, "page.log_in"), "href": "/log-in" }]);
    }
    component(lang, "header", params)
}

fn navigation(who: &Who, current: &str) -> Html {
    let lang = who.lang();
    let groups: Vec<Value> = NAVIGATION
        .iter()
        .filter_map(|(group, entries)| {
            let shown = entries.iter().filter(|entry| who.may(entry.act));
            let links: Vec<Value> = shown
                .map(|entry| {
                    let mut link =
                        json!({ "text": say(lang, &format!("nav.{}", entry.key)), "href": entry.href });
                    if entry.key == current {
                        link["current"] = json!(true);
                    }
                    link
                })
                .collect();
            (!links.is_empty())
                .then(|| json!({ "title": say(lang, &format!("nav.{group}")), "links": links }))
        })
        .collect();
    if groups.is_empty() {
        return Html::default();
    }
    let params = json!({ "id": "nav", "label": say(lang, "nav.label"), "groups": groups });
    component(lang, "side-navigation", params)
}

/// Which version it is, strangers are not told.
fn footer(lang: Lang, known: bool) -> Html {
    let mut params = json!({ "agency": say(lang, "site") });
    if known {
        params["lines"] = json!([fill(lang, "page.version", &args![version = env!("CARGO_PKG_VERSION")])]);
    }
    component(lang, "footer", params)
}

/// The place in the other language.
fn with_lang(place: &str, lang: Lang) -> String {
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in url::form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key != "lang") {
        pairs.append_pair(&key, &value);
    }
    pairs.append_pair("lang", lang.code());
    format!("{path}?{}", pairs.finish())
}

fn summary(lang: Lang, errors: &[Diagnostic]) -> Html {
    let item = |error: &Diagnostic| {
        match &error.location {
            Location::Named(field) if !field.is_empty() => {
                json!({ "text": error.what.get(lang), "href": format!("#{field}") })
            }
            // Nothing else on the page says what to do about it.
            _ => json!({ "text": format!("{}{}", error.what.get(lang), joined(lang, error.hint.get(lang))) }),
        }
    };
    let items: Vec<Value> = errors.iter().map(item).collect();
    component(lang, "error-summary", json!({ "items": items, "autofocus": true }))
}

/// The message about a field, for the field itself.
pub(crate) fn error_of(lang: Lang, errors: &[Diagnostic], field: &str) -> Option<Value> {
    let about = |error: &&Diagnostic| matches!(&error.location, Location::Named(name) if name == field);
    let error = errors.iter().find(about)?;
    Some(json!({ "text": format!("{}{}", error.what.get(lang), joined(lang, error.hint.get(lang))) }))
}

fn joined(lang: Lang, hint: &str) -> String {
    match (hint.is_empty(), lang) {
        (true, _) => String::new(),
        (false, Lang::ZhTw) => format!("。{hint}"),
        (false, Lang::En) => format!(". {hint}"),
    }
}

/// The answer to a request that got another one than it asked for.
pub(crate) fn fault(visit: &Visit, who: Option<&Who>, fault: &Fault) -> Response {
    let status = fault.status();
    let messages = fault.diagnostics(&visit.request_id);
    if status.is_server_error() {
        App::report(&visit.request_id, fault);
    }
    if visit.api {
        let mut response = (status, Json(problem(visit, status, &messages))).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        return response;
    }
    let lang = visit.lang;
    let first = messages.first();
    let mut page =
        Page::new("", first.map_or_else(String::new, |message| message.what.get(lang).to_owned())).narrow();
    page.status = status;
    for message in &messages {
        if messages.len() > 1 {
            page.main.p(message.what.get(lang));
        }
        page.main.p(message.hint.get(lang));
    }
    let code = first.map_or("", |message| message.code.as_str());
    let number = fill(lang, "page.number", &args![code = code, number = visit.request_id]);
    page.main.element("p", "ds-secondary", &Html::text(&number));
    page.main.link("/", &say(lang, "page.to_home"));
    page.render(visit, who)
}

/// RFC 9457.
fn problem(visit: &Visit, status: StatusCode, messages: &[Diagnostic]) -> Value {
    let lang = visit.lang;
    let first = messages.first();
    let text = |message: &Diagnostic| {
        json!({
            "code": message.code,
            "what": message.what.get(lang),
            "hint": message.hint.get(lang),
            "where": message.location.to_string(),
        })
    };
    json!({
        "type": format!("urn:bulwark:{}", first.map_or("", |message| message.code.as_str())),
        "title": first.map_or("", |message| message.what.get(lang)),
        "detail": first.map_or("", |message| message.hint.get(lang)),
        "status": status.as_u16(),
        "instance": format!("urn:bulwark:request:{}", visit.request_id),
        "errors": messages.iter().map(text).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_of_language_keeps_the_place() {
        assert_eq!(
            with_lang("/people?q=%E6%9E%97&lang=en&after=1", Lang::ZhTw),
            "/people?q=%E6%9E%97&after=1&lang=zh-TW"
        );
        assert_eq!(with_lang("/", Lang::En), "/?lang=en");
    }
}
