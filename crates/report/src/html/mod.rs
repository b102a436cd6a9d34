//! `report.html`: one file that needs nothing else, on screen and on A4.

use std::fmt::Write as _;
use std::sync::LazyLock;

use bulwark_model::Lang;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, Value};
use serde::Serialize;

use crate::chart;
use crate::document::HealthReport;
use crate::texts::Words;
use crate::view::View;

/// Macros first, then the page; one template, since nothing is inherited.
const PAGE: &str = concat!(
    include_str!("parts.html"),
    include_str!("chapters.html"),
    include_str!("annex.html"),
    include_str!("page.html")
);
const CSS: &str = concat!(include_str!("report.css"), include_str!("print.css"));
const ICONS: &str = include_str!("icons.svg");

static ZH_TW: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Lang::ZhTw));
static EN: LazyLock<Environment<'static>> = LazyLock::new(|| environment(Lang::En));

/// What the template reads.
#[derive(Serialize)]
struct Page {
    lang: &'static str,
    css: Value,
    icons: Value,
    r: View,
}

/// Writes the report as one self-contained HTML file without any script.
///
/// # Panics
/// Only when the compiled-in template is broken, which the tests of this crate rule out.
pub fn html(doc: &HealthReport, lang: Lang) -> String {
    let view = View::new(doc, lang);
    let css = format!("{CSS}\n{}", page_margins(&view, lang));
    let page = Page {
        lang: lang.html(),
        css: Value::from_safe_string(css),
        icons: Value::from_safe_string(ICONS.trim_end().to_owned()),
        r: view,
    };
    let environment = match lang {
        Lang::ZhTw => &ZH_TW,
        Lang::En => &EN,
    };
    let rendered = environment.get_template("page.html").and_then(|t| t.render(Value::from(Serde(&page))));
    let rendered =
        rendered.expect("the template is compiled in, its fields are typed, tests render every branch");
    rendered.trim_start().to_owned()
}

fn environment(lang: Lang) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    let words = Words(lang);
    env.add_function("t", move |_: &State, key: &str| {
        words.find(key).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no text `{key}`")))
    });
    env.add_filter("breaks", |s: &str| Value::from_safe_string(breaks(s)));
    env.add_template("page.html", PAGE).expect("the template is compiled in and parsed by tests");
    env
}

/// Escapes an address or code word and lets lines break after its separators, so that narrow columns
/// do not cut names in the middle. Copied text stays as it is.
fn breaks(s: &str) -> String {
    let mut out = String::with_capacity(s.len() + 32);
    let mut from = 0;
    let mut chars = s.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        let separator = matches!(c, '.' | '/' | ':' | '_' | '?' | '&' | '=' | '@' | ',' | ';');
        let last = chars.peek().is_none_or(|(_, next)| matches!(next, '/' | ' '));
        if separator && !last {
            out.push_str(&chart::escape(&s[from..end]));
            out.push_str("<wbr>");
            from = end;
        }
    }
    out.push_str(&chart::escape(&s[from..]));
    out
}

/// What stands in the margin of every printed page: system and class above, number and hash below.
fn page_margins(view: &View, lang: Lang) -> String {
    let words = Words(lang);
    let mut hash: String = view.annex.plan_sha256.chars().take(16).collect();
    if hash.is_empty() {
        hash.push('–');
    }
    let foot = words.fill("print.foot", &[("id", view.report_id.clone()), ("hash", hash)]);
    let mut out = String::new();
    let _ = write!(
        out,
        "@page {{\n  @top-left {{ content: {}; }}\n  @top-right {{ content: {}; }}\n  @bottom-left {{ content: {}; }}\n  \
         @bottom-right {{ content: counter(page) {} counter(pages); }}\n}}",
        css_string(&view.title),
        css_string(&view.classification),
        css_string(&foot),
        css_string(&words.t("print.of")),
    );
    out
}

/// A CSS string literal that can end neither itself nor the style element: everything but letters,
/// digits, spaces and a few marks is written as an escape. At most 80 characters.
fn css_string(s: &str) -> String {
    let mut out = String::from("\"");
    for c in s.chars().take(80) {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | ':' | '…') {
            out.push(c);
        } else {
            let _ = write!(out, "\\{:x} ", u32::from(c));
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_break_after_separators_only() {
        assert_eq!(breaks("https://a.tw:443/x"), "https://<wbr>a.<wbr>tw:<wbr>443/<wbr>x");
        assert_eq!(breaks("<b>.&x"), "&lt;b&gt;.<wbr>&amp;<wbr>x");
        assert_eq!(breaks("臺.灣."), "臺.<wbr>灣.");
    }

    #[test]
    fn margin_texts_cannot_leave_their_string() {
        assert_eq!(css_string("密／\"}</style>"), "\"密\\ff0f \\22 \\7d \\3c \\2f style\\3e \"");
    }
}
