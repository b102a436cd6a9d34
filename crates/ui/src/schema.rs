//! Checking parameters against a component's JSON Schema (draft 2020-12).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{Resource, ValidationError, Validator};
use serde_json::Value;

use crate::assets;
use crate::component::{Component, registry};
use crate::texts::texts;

/// Name under which schemas refer to the shared definitions.
const SHARED: &str = "shared.schema.json";
/// A base for relative references; nothing is ever fetched.
const BASE: &str = "json-schema:///";
/// Longest value quoted in a message, in characters.
const QUOTED: usize = 60;

static VALIDATORS: LazyLock<BTreeMap<String, Validator>> = LazyLock::new(|| {
    registry()
        .iter()
        .map(|c| (c.name.clone(), compile(c).expect("embedded schemas compile; tests load them all")))
        .collect()
});

/// Compiles the schema of a component.
///
/// # Errors
/// The schema is no valid schema, or refers to something that is not there.
pub fn compile(component: &Component) -> Result<Validator, String> {
    let shared = assets::text(&format!("components/{SHARED}")).ok_or("no shared definitions")?;
    let mut shared: Value = serde_json::from_str(shared).map_err(|e| e.to_string())?;
    shared["$id"] = Value::from(format!("{BASE}{SHARED}"));
    let mut schema = component.schema.clone();
    schema["$id"] = Value::from(format!("{BASE}{}.schema.json", component.name));
    let registry = jsonschema::Registry::new()
        .add(format!("{BASE}{SHARED}"), Resource::from_contents(shared))
        .map_err(|e| e.to_string())?
        .prepare()
        .map_err(|e| e.to_string())?;
    jsonschema::options().with_registry(&registry).build(&schema).map_err(|e| e.to_string())
}

/// What is wrong with the parameters of a component; empty when all is well.
pub fn check(component: &Component, params: &Value) -> Vec<Diagnostic> {
    let Some(validator) = VALIDATORS.get(&component.name) else {
        return vec![no_component(&component.name)];
    };
    validator.iter_errors(params).flat_map(|error| explain(component, &error)).collect()
}

/// The message for a name that no component has.
pub(crate) fn no_component(name: &str) -> Diagnostic {
    let names: Vec<&str> = registry().iter().map(|c| c.name.as_str()).collect();
    let values = args![component = name, near = nearest(name, &names)];
    message("BW-DS-025", &values, name)
}

fn explain(component: &Component, error: &ValidationError<'_>) -> Vec<Diagnostic> {
    let at = key(error.instance_path().as_str());
    let name = &component.name;
    let value = quoted(error.instance());
    let place = |key: &str| format!("{name}: {key}");
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            let key = join(&at, property.as_str().unwrap_or_default());
            let values = args![component = name, key = key, allowed = known(component, &at)];
            vec![message("BW-DS-020", &values, place(&key))]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => unexpected
            .iter()
            .map(|unknown| {
                let key = join(&at, unknown);
                let keys = known_keys(component, &at);
                let near = nearest(unknown, &keys.iter().map(String::as_str).collect::<Vec<_>>());
                let values = args![component = name, key = key, near = near, allowed = keys.join(", ")];
                message("BW-DS-021", &values, place(&key))
            })
            .collect(),
        ValidationErrorKind::Type { kind } => {
            let allowed = match kind {
                TypeKind::Single(t) => t.to_string(),
                TypeKind::Multiple(set) => set.iter().map(|t| t.to_string()).collect::<Vec<_>>().join(" / "),
            };
            let values = args![component = name, key = at, value = value, allowed = allowed];
            vec![message("BW-DS-022", &values, place(&at))]
        }
        ValidationErrorKind::Enum { options } => {
            let allowed = options.as_array().map(|list| list.iter().map(quoted).collect::<Vec<_>>());
            let allowed = allowed.unwrap_or_default().join(", ");
            let values = args![component = name, key = at, value = value, allowed = allowed];
            vec![message("BW-DS-023", &values, place(&at))]
        }
        // The words of the rule are the library's; the place and value are what a person needs.
        other => {
            let rule = match other {
                ValidationErrorKind::AnyOf { .. } => any_of(component, error),
                _ => error.masked_with("value").to_string(),
            };
            let values = args![component = name, key = at, value = value, allowed = rule];
            vec![message("BW-DS-024", &values, place(&at))]
        }
    }
}

/// `text or html`, when the alternatives only demand keys.
fn any_of(component: &Component, error: &ValidationError<'_>) -> String {
    let found = component.schema.pointer(error.schema_path().as_str());
    let wanted = found.and_then(Value::as_array).map(|alternatives| {
        alternatives
            .iter()
            .filter_map(|a| a.get("required")?.as_array()?.first()?.as_str())
            .collect::<Vec<_>>()
            .join(" / ")
    });
    wanted.filter(|w| !w.is_empty()).unwrap_or_else(|| error.masked_with("value").to_string())
}

fn message(code: &str, values: &[(&str, String)], place: impl Into<String>) -> Diagnostic {
    let what = texts().text(&format!("{code}.what"), values);
    let hint = texts().text(&format!("{code}.hint"), values);
    Diagnostic::new(code, what, hint).at_named(place)
}

/// `/items/0/text` → `items[0].text`.
fn key(pointer: &str) -> String {
    let mut out = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.bytes().all(|b| b.is_ascii_digit()) {
            let _ = write!(out, "[{part}]");
        } else {
            out = join(&out, &part);
        }
    }
    out
}

fn join(at: &str, key: &str) -> String {
    if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") }
}

/// The keys a place takes.
fn known_keys(component: &Component, at: &str) -> Vec<String> {
    let place = place(component, at);
    let keys = place.and_then(|s| s.get("properties")?.as_object().cloned());
    keys.map(|o| o.keys().cloned().collect()).unwrap_or_default()
}

fn known(component: &Component, at: &str) -> String {
    known_keys(component, at).join(", ")
}

/// The part of the schema that rules a place, with references followed.
fn place(component: &Component, at: &str) -> Option<Value> {
    let mut here = follow(component, component.schema.clone())?;
    for part in at.split(['.', '[']).filter(|p| !p.is_empty()) {
        let next = if part.ends_with(']') {
            here.get("items")?.clone()
        } else {
            here.get("properties")?.get(part)?.clone()
        };
        here = follow(component, next)?;
    }
    Some(here)
}

/// Follows `$ref` to the shared or the schema's own definitions, a few steps at most.
pub(crate) fn follow(component: &Component, mut schema: Value) -> Option<Value> {
    for _ in 0..8 {
        let Some(target) = schema.get("$ref").and_then(Value::as_str) else { break };
        let (file, pointer) = target.split_once('#')?;
        schema = if file.is_empty() {
            component.schema.pointer(pointer)?.clone()
        } else {
            let shared = assets::text(&format!("components/{file}"))?;
            serde_json::from_str::<Value>(shared).ok()?.pointer(pointer)?.clone()
        };
    }
    Some(schema)
}

fn nearest(word: &str, names: &[&str]) -> String {
    let best =
        names.iter().max_by(|a, b| strsim::jaro_winkler(word, a).total_cmp(&strsim::jaro_winkler(word, b)));
    best.map(|s| (*s).to_owned()).unwrap_or_default()
}

fn quoted(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= QUOTED {
        return text;
    }
    let mut short: String = text.chars().take(QUOTED).collect();
    short.push('…');
    short
}
