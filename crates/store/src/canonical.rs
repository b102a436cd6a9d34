//! Canonical JSON (RFC 8785) for what is hashed: keys sorted by UTF-16 code units, no white space, and no
//! floating-point numbers, so that every implementation writes the same bytes.

use serde::Serialize;
use serde_json::Value;

use crate::StoreError;
use crate::hash::Sha256;

/// The canonical bytes of a value.
///
/// # Errors
/// [`StoreError::BadValue`] when it holds a number that is no integer.
pub fn to_string<T: Serialize>(value: &T) -> Result<String, StoreError> {
    let value = serde_json::to_value(value)
        .map_err(|e| StoreError::BadValue { field: "json".into(), why: e.to_string() })?;
    let mut out = String::with_capacity(256);
    write(&value, &mut out)?;
    Ok(out)
}

/// SHA-256 of the canonical bytes.
///
/// # Errors
/// As [`to_string`].
pub fn hash<T: Serialize>(value: &T) -> Result<Sha256, StoreError> {
    Ok(Sha256::of(to_string(value)?.as_bytes()))
}

fn write(value: &Value, out: &mut String) -> Result<(), StoreError> {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(&String, &Value)> = map.iter().collect();
            entries.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                string(key, out);
                out.push(':');
                write(value, out)?;
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Number(number) if number.is_f64() => {
            return Err(StoreError::BadValue {
                field: "json".into(),
                why: format!("{number} is no integer"),
            });
        }
        Value::String(text) => string(text, out),
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
    Ok(())
}

/// serde_json escapes exactly what RFC 8785 §3.2.2.2 asks for.
fn string(text: &str, out: &mut String) {
    out.push_str(&Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_sorted_and_floats_refused() {
        let value = json!({"\u{20ac}": 1, "\r": 2, "1": {"b": [true, null], "a": "x\n\"臺"}, "\u{1f600}": 3, "\u{fb33}": 4});
        assert_eq!(
            to_string(&value).unwrap(),
            "{\"\\r\":2,\"1\":{\"a\":\"x\\n\\\"臺\",\"b\":[true,null]},\"\u{20ac}\":1,\"\u{1f600}\":3,\"\u{fb33}\":4}"
        );
        assert!(to_string(&json!({"a": 1.5})).is_err());
    }
}
