//! What must hold for every component, as far as it can be said without a browser.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_model::Diagnostic;
use serde_json::{Map, Value};

use crate::component::{Component, Maturity, Registry};
use crate::render::Engine;
use crate::{assets, schema, style};

/// Number of components the first release counts.
pub const COMPONENTS: usize = 60;
/// Number of patterns the first release counts.
pub const PATTERNS: usize = 12;

/// Something a component does not keep.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// Component, pattern or file.
    pub place: String,
    /// What is wrong, in English: read by those who make components.
    pub what: String,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Texts that must come out as text and nothing else, whatever parameter carries them.
pub const PAYLOADS: [&str; 12] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' onmouseover='alert(1)",
    "</textarea><svg/onload=alert(1)>",
    "javascript:alert(1)//\"'<>&",
    "&lt;b&gt; &amp; &#39;",
    "{{ 7 * 7 }}{% raw %}",
    "\u{202e}evil\u{2066}",
    "𠮷野家 𡘙 鿕 \u{E000}",
    "שלום عربى",
    "<!-- --><![CDATA[ ]]>",
    "`${alert(1)}`\\",
];

/// All static faults of all components, in order.
pub fn all(registry: &Registry, engine: &Engine) -> Vec<Fault> {
    let mut faults: Vec<Fault> = registry.iter().flat_map(|c| component(c, engine)).collect();
    faults.extend(classes(registry));
    faults.sort();
    faults.dedup();
    faults
}

/// The static faults of one component.
pub fn component(component: &Component, engine: &Engine) -> Vec<Fault> {
    let mut say = Sayer { place: component.name.clone(), faults: Vec::new() };
    if component.meta.macro_name != component.name.replace('-', "_") {
        say.fault("the macro is not named like the folder");
    }
    if let Err(error) = schema::compile(component) {
        say.fault(format!("schema.json: {error}"));
        return say.faults;
    }
    if component.meta.maturity > Maturity::Concept
        && !component.meta.evidence.iter().any(|e| e.step == component.meta.maturity)
    {
        say.fault("component.toml: no evidence for its maturity");
    }
    described(&component.schema, "params", &mut say);
    method_names(&component.schema, &mut say);
    prose(component, &mut say);
    styles(component, &mut say);
    if let Some(script) = component.script {
        scripts(script, &mut say);
    }
    if !component.examples.iter().any(|e| e.params["lang"] == "en") {
        say.fault("no example in English");
    }
    let mut ids = BTreeSet::new();
    let mut names = BTreeSet::new();
    for example in &component.examples {
        if !names.insert(&example.name) {
            say.fault(format!("two examples are called {}", example.name));
        }
        for fault in schema::check(component, &example.params) {
            say.fault(format!("example {}: {} {}", example.name, fault.what.en, fault.location));
        }
        match engine.component(component, &example.params) {
            Ok(html) => markup(&example.name, &html, component.meta.whole_page, &mut ids, &mut say),
            Err(error) => say.fault(format!("example {}: {}", example.name, why(&error))),
        }
        for (payload, params) in hostile(&example.params) {
            match engine.component(component, &params) {
                Ok(html) if breaks_out(&html, payload) => {
                    say.fault(format!("example {}: {payload} is not escaped", example.name));
                }
                Ok(_) => {}
                Err(error) => {
                    say.fault(format!("example {} with {payload}: {}", example.name, why(&error)));
                }
            }
        }
    }
    say.faults
}

fn why(error: &Diagnostic) -> &str {
    error.cause.as_deref().unwrap_or(&error.what.en)
}

/// The parameters with every free text replaced by a payload, once for each payload. Values that the
/// schema gives a closed set or a form (addresses, ids) and markup parameters stay as they are.
pub fn hostile(params: &Value) -> impl Iterator<Item = (&'static str, Value)> {
    PAYLOADS.into_iter().map(|payload| {
        let mut copy = params.clone();
        poison(&mut copy, payload);
        (payload, copy)
    })
}

/// Keys whose strings people write; the others have a closed set of values or are the caller's markup.
const FREE_TEXT: [&str; 10] = [
    "text",
    "value",
    "title",
    "caption",
    "description",
    "placeholder",
    "summary",
    "unit",
    "label",
    "message",
];

fn poison(value: &mut Value, payload: &str) {
    match value {
        Value::Object(map) => {
            // Markup wins over text: take it away so that the text is shown.
            if map.contains_key("html") && map.len() > 1 {
                map.remove("html");
            }
            for (key, inner) in map.iter_mut() {
                match inner {
                    Value::String(text) if FREE_TEXT.contains(&key.as_str()) => payload.clone_into(text),
                    other => poison(other, payload),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|v| poison(v, payload)),
        _ => {}
    }
}

/// Whether a payload got out of its text: its markup or its quote stands in the output unescaped.
pub fn breaks_out(html: &str, payload: &str) -> bool {
    (payload.contains(['<', '"', '\'']) && html.contains(payload))
        || html.contains("<script>alert")
        || html.contains("<img src=x")
        || html.contains("<svg/onload")
        || html.contains("' onmouseover='alert")
}

struct Sayer {
    place: String,
    faults: Vec<Fault>,
}

impl Sayer {
    fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(Fault { place: self.place.clone(), what: what.into() });
    }
}

/// Every object of the schema is closed, every property is explained in both languages.
fn described(schema: &Value, at: &str, say: &mut Sayer) {
    let Some(map) = schema.as_object() else { return };
    if let Some(properties) = map.get("properties").and_then(Value::as_object) {
        if map.get("additionalProperties").is_none() {
            say.fault(format!("schema.json: {at} is not closed"));
        }
        for (key, property) in properties {
            let at = format!("{at}.{key}");
            let shared = property.get("$ref").is_some();
            let told = |word: &str| property.get(word).and_then(Value::as_str).is_some_and(|s| !s.is_empty());
            if !(shared || told("description") && told("x-zh-TW")) {
                say.fault(format!("schema.json: {at} is not described in both languages"));
            }
            described(property, &at, say);
        }
    }
    for key in ["items", "$defs"] {
        match map.get(key) {
            Some(Value::Object(inner)) if key == "$defs" => {
                inner.iter().for_each(|(name, def)| described(def, &format!("{at}.{name}"), say));
            }
            Some(inner) => described(inner, &format!("{at}[]"), say),
            None => {}
        }
    }
}

/// In Jinja2 a key that is missing is looked for among the methods of a dictionary.
fn method_names(schema: &Value, say: &mut Sayer) {
    const METHODS: [&str; 10] =
        ["clear", "copy", "fromkeys", "get", "items", "keys", "pop", "setdefault", "update", "values"];
    let required = schema.get("required").and_then(Value::as_array);
    for key in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
        let always = required.is_some_and(|list| list.iter().any(|v| v == key));
        if METHODS.contains(&key.as_str()) && !always {
            say.fault(format!("schema.json: optional {key} is a method of a dictionary in Jinja2"));
        }
    }
}

fn prose(component: &Component, say: &mut Sayer) {
    let sections = [
        (component.prose_zh_tw, "zh-TW.md", ["何時使用", "何時不用", "無障礙", "內容指引"]),
        (component.prose_en, "en.md", ["When to use", "When not to use", "Accessibility", "Content"]),
    ];
    for (text, file, wanted) in sections {
        for section in wanted {
            if !text.contains(&format!("## {section}\n")) {
                say.fault(format!("{file}: no section {section}"));
            }
        }
    }
    for text in [component.prose_zh_tw, &component.meta.summary.zh_tw, &component.meta.title.zh_tw] {
        for word in bulwark_i18n::wrong_usage(text) {
            say.fault(format!("a word that is not used in Taiwan: {word:?}"));
        }
    }
}

/// Colours come from the tokens alone, and nothing is loaded.
fn styles(component: &Component, say: &mut Sayer) {
    let css = style::minify_css(component.style);
    for (at, _) in css.match_indices('#') {
        let digits = css[at + 1..].bytes().take_while(u8::is_ascii_hexdigit).count();
        let before = css[..at].chars().next_back();
        if digits >= 3 && matches!(before, Some(':' | ' ' | ',' | '(')) {
            say.fault("style.css: a colour that is not a token");
        }
    }
    for word in ["rgb(", "hsl(", "oklch(", "url(", "@import", "!important", "font-style"] {
        if css.contains(word) {
            say.fault(format!("style.css: {word}"));
        }
    }
}

/// What [`style::shorten_js`] and the content security policy rely on.
fn scripts(script: &str, say: &mut Sayer) {
    if script.matches('`').count() % 2 == 1 || script.lines().any(|l| l.matches('`').count() % 2 == 1) {
        say.fault("script.js: a template literal over several lines");
    }
    for word in ["eval(", "Function(", "innerHTML", "document.write", "http://", "https://", ".style."] {
        if script.contains(word) {
            say.fault(format!("script.js: {word}"));
        }
    }
    if script.contains("/*") {
        say.fault("script.js: a comment that is not on lines of its own");
    }
    if !script.contains("export default function") {
        say.fault("script.js: nothing to start");
    }
}

fn markup(example: &str, html: &str, own_page: bool, ids: &mut BTreeSet<String>, say: &mut Sayer) {
    let tags = tags(html);
    if own_page {
        ids.clear();
    }
    for tag in &tags {
        for (name, value) in &tag.attributes {
            let outside = matches!(*name, "src" | "href" | "action" | "formaction")
                && (value.starts_with("//") || value.starts_with("javascript:"));
            if *name == "style" || name.starts_with("on") || outside {
                say.fault(format!("example {example}: {} {name}={value}", tag.name));
            }
            if *name == "src" && value.starts_with("http") {
                say.fault(format!("example {example}: loads {value}"));
            }
            if *name == "id" && !ids.insert((*value).to_owned()) {
                say.fault(format!("example {example}: id {value} is used twice"));
            }
        }
    }
    let mut open: Vec<&str> = Vec::new();
    for tag in &tags {
        if tag.closes {
            if open.pop() != Some(tag.name) {
                say.fault(format!("example {example}: </{}> closes nothing", tag.name));
                return;
            }
        } else if !tag.empty {
            open.push(tag.name);
        }
    }
    if let Some(name) = open.last() {
        say.fault(format!("example {example}: <{name}> is not closed"));
    }
}

struct Tag<'a> {
    name: &'a str,
    closes: bool,
    empty: bool,
    attributes: Vec<(&'a str, &'a str)>,
}

/// The tags of our own output: attributes are always quoted or bare names.
fn tags(html: &str) -> Vec<Tag<'_>> {
    const EMPTY: [&str; 7] = ["input", "br", "hr", "img", "meta", "link", "wbr"];
    let mut out = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let mut end = rest.len();
        let mut quoted = false;
        for (i, c) in rest.char_indices() {
            match c {
                '"' => quoted = !quoted,
                '>' if !quoted => {
                    end = i;
                    break;
                }
                _ => {}
            }
        }
        let (tag, after) = rest.split_at(end);
        rest = after;
        let closes = tag.starts_with('/');
        let tag = tag.trim_start_matches('/');
        let name_end = tag.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(tag.len());
        let (name, list) = tag.split_at(name_end);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let empty = EMPTY.contains(&name) || list.ends_with('/');
        out.push(Tag { name, closes, empty, attributes: attributes(list) });
    }
    out
}

fn attributes(mut list: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    loop {
        list = list.trim_start().trim_start_matches('/');
        let end = list.find(|c: char| c == '=' || c.is_ascii_whitespace()).unwrap_or(list.len());
        if end == 0 {
            return out;
        }
        let (name, rest) = list.split_at(end);
        if let Some(value) = rest.strip_prefix("=\"") {
            let end = value.find('"').unwrap_or(value.len());
            out.push((name, &value[..end]));
            list = value.get(end + 1..).unwrap_or_default();
        } else {
            out.push((name, ""));
            list = rest.strip_prefix('=').unwrap_or(rest);
        }
    }
}

/// Classes that a template writes and no sheet knows, and classes of the sheets that nothing writes.
fn classes(registry: &Registry) -> Vec<Fault> {
    let mut written: BTreeMap<String, String> = BTreeMap::new();
    let sources = assets::under("components")
        .chain(assets::under("patterns"))
        .filter(|(path, _)| ["jinja", "js", "json"].iter().any(|e| assets::is_a(path, e)));
    for (path, bytes) in sources {
        let text = String::from_utf8_lossy(bytes);
        for class in words(&text) {
            written.entry(class).or_insert_with(|| path.to_owned());
        }
    }
    let mut styled: BTreeMap<String, String> = BTreeMap::new();
    let sheets = registry.iter().map(|c| (c.name.clone(), c.style));
    let base = assets::under("css").map(|(p, b)| (p.to_owned(), std::str::from_utf8(b).unwrap_or_default()));
    for (place, css) in sheets.chain(base) {
        for (at, _) in css.match_indices(".ds-") {
            if let Some(class) = words(&css[at + 1..]).next() {
                styled.entry(class).or_insert_with(|| place.clone());
            }
        }
    }
    let mut faults = Vec::new();
    for (class, place) in &styled {
        // A class put together in a template, such as `ds-button--` and a variant, counts as written.
        let stem = written.keys().any(|w| w.ends_with('-') && class.starts_with(w.as_str()));
        let helper = assets::under("css").any(|(p, _)| p == place);
        if !helper && !stem && !written.contains_key(class) {
            faults.push(Fault { place: place.clone(), what: format!("style.css: nothing writes .{class}") });
        }
    }
    faults
}

/// The words of a text that look like our classes.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.match_indices("ds-").filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            return None;
        }
        let word = &text[at..];
        let end = word.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        Some(word[..end.unwrap_or(word.len())].to_owned())
    })
}

/// GOV.UK options that a component neither answers nor explains, from the option list
/// `{component: [option…]}`. Components we do not have are named too, unless they are in `later`.
pub fn govuk_gaps(registry: &Registry, options: &Map<String, Value>, later: &[&str]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, list) in options {
        let ours: Vec<&Component> =
            registry.iter().filter(|c| c.meta.govuk.as_deref() == Some(name)).collect();
        if ours.is_empty() && !later.contains(&name.as_str()) {
            faults.push(Fault { place: name.clone(), what: "no component answers to it".into() });
        }
        for component in ours {
            for option in list.as_array().into_iter().flatten().filter_map(Value::as_str) {
                match component.meta.govuk_options.get(option) {
                    Some(answer) if answer.starts_with("- ") && answer.len() > 8 => {}
                    Some(answer) if has(component, answer) => {}
                    Some(answer) => faults.push(Fault {
                        place: component.name.clone(),
                        what: format!("GOV.UK option {option}: no parameter {answer}"),
                    }),
                    None => faults.push(Fault {
                        place: component.name.clone(),
                        what: format!("GOV.UK option {option} is not answered"),
                    }),
                }
            }
        }
    }
    faults
}

/// Whether a component has a parameter; `items.text` names one inside a list or object.
fn has(component: &Component, answer: &str) -> bool {
    let first = answer.split([' ', '.', '[', ',']).next().unwrap_or_default();
    component.schema.pointer(&format!("/properties/{first}")).is_some()
}
