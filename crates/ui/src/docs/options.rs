//! The table of a component's parameters, from its schema.

use bulwark_model::Lang;
use serde::Serialize;
use serde_json::Value;

use crate::component::Component;
use crate::schema::follow;

/// One row.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    /// `items[].text`.
    name: String,
    /// Type or allowed values.
    kind: String,
    required: bool,
    text: String,
}

/// Deepest nesting that is shown.
const DEPTH: usize = 3;

pub(super) fn rows(component: &Component, lang: Lang) -> Vec<Row> {
    let mut rows = Vec::new();
    walk(component, &component.schema, "", lang, 0, &mut rows);
    rows
}

fn walk(component: &Component, schema: &Value, at: &str, lang: Lang, depth: usize, rows: &mut Vec<Row>) {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
    let required = schema.get("required").and_then(Value::as_array);
    for (key, property) in properties {
        // Classes and attributes are the same everywhere: named once, at the component itself.
        if depth > 0 && matches!(key.as_str(), "classes" | "attributes") {
            continue;
        }
        let Some(target) = follow(component, property.clone()) else { continue };
        let name = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        let word = match lang {
            Lang::ZhTw => "x-zh-TW",
            Lang::En => "description",
        };
        let text =
            property.get(word).or_else(|| target.get(word)).and_then(Value::as_str).unwrap_or_default();
        rows.push(Row {
            name: name.clone(),
            kind: kind(&target),
            required: required.is_some_and(|list| list.iter().any(|v| v == key)),
            text: text.to_owned(),
        });
        if depth + 1 >= DEPTH {
            continue;
        }
        walk(component, &target, &name, lang, depth + 1, rows);
        if let Some(items) = target.get("items").and_then(|i| follow(component, i.clone())) {
            walk(component, &items, &format!("{name}[]"), lang, depth + 1, rows);
        }
    }
}

fn kind(schema: &Value) -> String {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let words: Vec<String> =
            values.iter().map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned)).collect();
        return words.join(" | ");
    }
    match schema.get("type") {
        Some(Value::String(kind)) => kind.clone(),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | "),
        _ => "object".to_owned(),
    }
}
