//! One file of tokens: groups, inherited types, values and references as written.

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use serde_json::{Map, Value as Json};

use super::place::{Places, places};
use super::value::{Kind, Value, Wrong};
use super::{Layer, Mode, message, quoted};

/// A token as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Definition {
    pub name: String,
    pub layer: Layer,
    /// `None` when it holds in every mode.
    pub mode: Option<Mode>,
    /// Its own type or that of the nearest group.
    pub declared: Option<Kind>,
    pub written: Written,
    pub description: String,
    pub place: Location,
}

/// What stands in `$value`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Written {
    /// The full name of another token.
    Reference(String),
    /// A value.
    Value(Value),
    /// Something that was refused with a message; the name exists nevertheless.
    Refused,
}

/// A token found in a file, before its value is read.
pub(super) struct Found<'a> {
    pub path: Vec<String>,
    pub declared: Option<Kind>,
    pub object: &'a Map<String, Json>,
}

impl Found<'_> {
    pub(super) fn name(&self) -> String {
        self.path.join(".")
    }

    pub(super) fn description(&self) -> String {
        self.object.get("$description").and_then(Json::as_str).unwrap_or_default().to_owned()
    }
}

/// A file that is read: its name, the places of its keys and what is wrong with it.
pub(super) struct Reader {
    file: String,
    places: Places,
    pub faults: Vec<Diagnostic>,
}

/// Properties that a group may have (DTCG format, section 6; `$schema` by its JSON Schema).
const GROUP: [&str; 5] = ["$schema", "$type", "$description", "$extensions", "$deprecated"];
/// Properties that a token may have (section 5).
const TOKEN: [&str; 5] = ["$value", "$type", "$description", "$extensions", "$deprecated"];

impl Reader {
    /// Reads the text of a file as one JSON object.
    ///
    /// # Errors
    /// It is none (BW-DS-001), at the place where reading failed.
    pub(super) fn open(file: &str, text: &str) -> Result<(Self, Map<String, Json>), Diagnostic> {
        let refused = |line, column| {
            message("BW-DS-001", &args![file = file], Location::File { path: file.to_owned(), line, column })
        };
        match serde_json::from_str(text) {
            Ok(Json::Object(root)) => {
                let mut reader = Self { file: file.to_owned(), places: places(text), faults: Vec::new() };
                let twice = std::mem::take(&mut reader.places.twice);
                for (path, (line, column)) in &twice {
                    // What is inside a group that is there twice needs no message of its own.
                    if twice.iter().any(|(outer, _)| path.len() > outer.len() && path.starts_with(outer)) {
                        continue;
                    }
                    let first = reader.place(path);
                    let place = Location::File { path: file.to_owned(), line: *line, column: *column };
                    let values = args![name = quoted(&path.join(".")), other = first];
                    reader.faults.push(message("BW-DS-005", &values, place));
                }
                Ok((reader, root))
            }
            Ok(_) => Err(refused(1, 1)),
            Err(error) => {
                let number = |n| u32::try_from(n).unwrap_or_default();
                Err(refused(number(error.line()), number(error.column())).because(error))
            }
        }
    }

    /// The place of a key.
    pub(super) fn place(&self, path: &[String]) -> Location {
        let (line, column) = self.places.at(path);
        Location::File { path: self.file.clone(), line, column }
    }

    pub(super) fn fault(&mut self, code: &str, values: &[(&str, String)], path: &[String]) {
        let place = self.place(path);
        self.faults.push(message(code, values, place));
    }

    /// All tokens below an object, in the order of the file.
    pub(super) fn tokens<'a>(&mut self, root: &'a Map<String, Json>) -> Vec<Found<'a>> {
        let mut out = Vec::new();
        self.group(root, &mut Vec::new(), None, &mut out);
        out
    }

    /// How deep this goes is bounded by the JSON reader, which ends at 128.
    fn group<'a>(
        &mut self,
        object: &'a Map<String, Json>,
        path: &mut Vec<String>,
        inherited: Option<Kind>,
        out: &mut Vec<Found<'a>>,
    ) {
        let token = object.contains_key("$value");
        let declared = self.kind(object, path).or(inherited);
        let properties = if token { TOKEN } else { GROUP };
        for (key, inner) in object {
            path.push(key.clone());
            if properties.contains(&key.as_str()) {
                self.property(key, inner, path);
            } else if token || !is_name(key) {
                let values = args![name = quoted(&path.join(".")), allowed = properties.join(", ")];
                self.fault("BW-DS-004", &values, path);
            } else if let Some(inner) = inner.as_object() {
                self.group(inner, path, declared, out);
            } else {
                let form = r#"{"$type": "color", "$value": …}"#;
                let values = args![
                    name = path.join("."),
                    kind = "token",
                    value = quoted(&inner.to_string()),
                    form = form
                ];
                self.fault("BW-DS-008", &values, path);
            }
            path.pop();
        }
        if token {
            out.push(Found { path: path.clone(), declared, object });
        }
    }

    fn kind(&mut self, object: &Map<String, Json>, path: &[String]) -> Option<Kind> {
        let written = object.get("$type")?;
        let kind = written.as_str().and_then(Kind::from_code);
        if kind.is_none() {
            let text = written.as_str().map_or_else(|| written.to_string(), str::to_owned);
            let allowed = Kind::ALL.map(Kind::code).join(", ");
            let values = args![name = path.join("."), kind = quoted(&text), allowed = allowed];
            self.fault("BW-DS-007", &values, path);
        }
        kind
    }

    /// The properties that carry no value of their own.
    fn property(&mut self, key: &str, inner: &Json, path: &[String]) {
        let (right, form) = match key {
            "$description" | "$schema" => (inner.is_string(), "\"…\""),
            "$extensions" => (inner.is_object(), "{…}"),
            "$deprecated" => (inner.is_string() || inner.is_boolean(), "true, false, \"…\""),
            _ => (true, ""),
        };
        if !right {
            let values =
                args![name = path.join("."), kind = key, value = quoted(&inner.to_string()), form = form];
            self.fault("BW-DS-008", &values, path);
        }
    }

    /// Reads a value; what is wrong is noted.
    pub(super) fn written(
        &mut self,
        name: &str,
        declared: Option<Kind>,
        json: &Json,
        path: &[String],
    ) -> Written {
        if let Some(target) = reference(json) {
            return Written::Reference(target.to_owned());
        }
        let Some(kind) = declared else {
            self.fault(
                "BW-DS-006",
                &args![name = name, allowed = Kind::ALL.map(Kind::code).join(", ")],
                path,
            );
            return Written::Refused;
        };
        match Value::from_json(kind, json) {
            Ok(value) => return Written::Value(value),
            Err(Wrong::Form) => {
                let value = quoted(&json.to_string());
                let values = args![name = name, kind = kind.code(), value = value, form = kind.form()];
                self.fault("BW-DS-008", &values, path);
            }
            Err(Wrong::Unit(unit, allowed)) => {
                let values = args![name = name, unit = quoted(&unit), allowed = allowed];
                self.fault("BW-DS-009", &values, path);
            }
            Err(Wrong::Hex { hex, computed }) => {
                self.fault("BW-DS-019", &args![name = name, hex = hex, computed = computed], path);
            }
        }
        Written::Refused
    }
}

/// The definitions of a file of one layer and mode.
pub(super) fn definitions(
    file: &str,
    text: &str,
    layer: Layer,
    mode: Option<Mode>,
) -> Result<(Vec<Definition>, Vec<Diagnostic>), Diagnostic> {
    let (mut reader, root) = Reader::open(file, text)?;
    let mut out = Vec::new();
    for found in reader.tokens(&root) {
        let name = found.name();
        let written = reader.written(&name, found.declared, &found.object["$value"], &found.path);
        let (description, place) = (found.description(), reader.place(&found.path));
        out.push(Definition { name, layer, mode, declared: found.declared, written, description, place });
    }
    Ok((out, reader.faults))
}

/// The target of `{group.token}`.
fn reference(json: &Json) -> Option<&str> {
    json.as_str()?.strip_prefix('{')?.strip_suffix('}')
}

/// Our rule for names: every name can be part of a CSS custom property as it is.
fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}
