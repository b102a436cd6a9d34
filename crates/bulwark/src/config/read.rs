//! From the file, the environment and the command line to one value a key, each with where it came from; every mistake
//! at once, with its place and the nearest right word.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::Path;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Lang, Location, Text};
use toml::de::{DeTable, DeValue};

use super::table::{KEYS, Key, Kind, find};
use crate::texts::{diagnostic, texts};

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A place in the file.
    File(Location),
    /// An environment variable.
    Variable(String),
    /// An argument of the command.
    Argument(&'static str),
}

impl Origin {
    /// In words.
    pub fn show(&self, lang: Lang) -> String {
        match self {
            Self::Default => texts().text("config.default", &[]).get(lang).to_owned(),
            Self::File(place) => place.to_string(),
            Self::Variable(name) => name.clone(),
            Self::Argument(name) => (*name).to_owned(),
        }
    }

    /// Where to point at in a message.
    pub fn place(&self) -> Location {
        match self {
            Self::Default => Location::None,
            Self::File(place) => place.clone(),
            Self::Variable(name) => Location::Named(name.clone()),
            Self::Argument(name) => Location::Named((*name).to_owned()),
        }
    }
}

/// A value as TOML has it.
#[derive(Clone, PartialEq)]
pub struct Given {
    /// The value.
    pub value: toml::Value,
    /// Where it came from.
    pub origin: Origin,
}

/// One value a key that has any, by the key's path.
pub type Values = BTreeMap<String, Given>;

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Given({:?})", self.origin)
    }
}

/// The values of a file's text.
pub fn file(path: &str, text: &str, folder: &Path, into: &mut Values) -> Vec<Diagnostic> {
    let source = Source { path, text };
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut notes: Vec<Diagnostic> = errors
        .iter()
        .map(|e| source.note("BW-CONF-001", &e.span().unwrap_or(0..0), &args![reason = e.message()]))
        .collect();
    if !notes.is_empty() {
        return notes;
    }
    for (name, table) in root.get_ref() {
        let section = name.get_ref().as_ref();
        if !KEYS.iter().any(|key| key.section == section) {
            let sections = KEYS.iter().map(|key| key.section);
            notes.push(
                unknown(&format!("[{section}]"), nearest(section, sections)).at(source.locate(&name.span())),
            );
            continue;
        }
        let DeValue::Table(entries) = table.get_ref() else {
            notes.push(wrong("BW-CONF-003", section, "table").at(source.locate(&table.span())));
            continue;
        };
        for (name, value) in entries {
            let origin = Origin::File(source.locate(&name.span()));
            let path = format!("{section}.{}", name.get_ref());
            let place = source.locate(&value.span());
            match find(&path) {
                None => notes.push(unknown(&path, nearest_key(&path)).at(source.locate(&name.span()))),
                Some(key) => match take(key, value.get_ref(), folder) {
                    Ok(value) => drop(into.insert(path, Given { value, origin })),
                    Err(note) => notes.push(note.at(place)),
                },
            }
        }
    }
    notes.sort_by_key(|note| match note.location {
        Location::File { line, column, .. } => (line, column),
        _ => (0, 0),
    });
    notes
}

/// The values of environment variables that begin with `BULWARK__`.
pub fn environment(variables: &[(String, String)], into: &mut Values) -> Vec<Diagnostic> {
    let mut notes = Vec::new();
    for (variable, text) in variables {
        let Some(rest) = variable.strip_prefix("BULWARK__") else { continue };
        let path = rest.to_lowercase().replacen("__", ".", 1);
        let place = Location::Named(variable.clone());
        let Some(key) = find(&path).filter(|key| key.variable() == *variable) else {
            let near = nearest_key(&path).and_then(|near| find(&near)).map(Key::variable);
            notes.push(unknown(variable, near).at(place));
            continue;
        };
        match parse(key, text, Path::new("")) {
            Ok(value) => {
                let origin = Origin::Variable(variable.clone());
                into.insert(path, Given { value, origin });
            }
            Err(note) => notes.push(note.at(place)),
        }
    }
    notes
}

/// The defaults of what nobody set.
pub fn defaults(into: &mut Values) {
    for key in KEYS {
        if let Some(text) = key.default {
            let value = default_value(key, text);
            into.entry(key.path()).or_insert(Given { value, origin: Origin::Default });
        }
    }
}

/// A default as a value; numbers are written without, texts with quotation marks.
fn default_value(key: &Key, text: &str) -> toml::Value {
    let text = text.trim_matches('"');
    match (key.kind, text.parse()) {
        (Kind::Whole(..), Ok(number)) => toml::Value::Integer(number),
        _ => toml::Value::String(text.to_owned()),
    }
}

fn take(key: &Key, value: &DeValue<'_>, folder: &Path) -> Result<toml::Value, Diagnostic> {
    match (key.kind, value) {
        (Kind::Whole(..), DeValue::Integer(number)) => parse(key, number.as_str(), folder),
        (Kind::Whole(..), _) => Err(wrong("BW-CONF-003", &key.path(), "whole")),
        (_, DeValue::String(text)) => parse(key, text, folder),
        _ => Err(wrong("BW-CONF-003", &key.path(), "text")),
    }
}

/// Checks a value given as text.
fn parse(key: &Key, text: &str, folder: &Path) -> Result<toml::Value, Diagnostic> {
    let string = || toml::Value::String(text.to_owned());
    let refused = |kind: &str| Err(refused(key, text, &kind_text(kind, &[])));
    match key.kind {
        Kind::Address if text.parse::<SocketAddr>().is_err() => refused("address"),
        Kind::Loopback if !text.parse::<SocketAddr>().is_ok_and(|at| at.ip().is_loopback()) => {
            refused("loopback")
        }
        Kind::Origin if !is_origin(text) => refused("origin"),
        Kind::Https if !is_https(text) => refused("https"),
        Kind::Contact if !is_contact(text) => refused("contact"),
        Kind::Text if text.trim().is_empty() => refused("secret"),
        Kind::Path if text.is_empty() => refused("path"),
        Kind::Path => Ok(toml::Value::String(folder.join(text).to_string_lossy().into_owned())),
        Kind::Whole(least, most) => match text.replace('_', "").parse::<i64>() {
            Ok(number) if (least..=most).contains(&number) => Ok(toml::Value::Integer(number)),
            _ => Err(self::refused(key, text, &kind_text("whole", &args![least = least, most = most]))),
        },
        Kind::Word(words) if !words.contains(&text) => {
            let words = words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>();
            let expected = Text::new(words.join("、"), words.join(", "));
            Err(self::refused(key, text, &expected))
        }
        // A secret's value is nobody's business, not even in a message.
        Kind::Secret if text.is_empty() => Err(self::refused(key, "", &kind_text("secret", &[]))),
        _ => Ok(string()),
    }
}

/// `https://` and a name or address, with a port if need be, nothing else. Plain `http://` is for this machine alone:
/// browsers keep the session's cookie only from a page that is encrypted or local.
fn is_origin(text: &str) -> bool {
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let host_ok = !host.is_empty()
        && (host.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
            || host
                .strip_prefix('[')
                .and_then(|h| h.strip_suffix(']'))
                .is_some_and(|h| h.parse::<std::net::Ipv6Addr>().is_ok()));
    let port_ok = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|n| port == n.to_string()));
    let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    host_ok && port_ok && (scheme == "https" || (scheme == "http" && local))
}

fn is_https(text: &str) -> bool {
    url::Url::parse(text)
        .is_ok_and(|url| url.scheme() == "https" && url.has_host() && url.username().is_empty())
}

/// RFC 9116 §2.5.3: a URI, a page by `https://`.
fn is_contact(text: &str) -> bool {
    let one_line = !text.contains(|c: char| c.is_whitespace() || c.is_control());
    let written = text.strip_prefix("mailto:").is_some_and(|to| to.contains('@'))
        || text.strip_prefix("tel:").is_some_and(|number| !number.is_empty());
    one_line && (written || is_https(text))
}

fn kind_text(kind: &str, values: &[(&str, String)]) -> Text {
    texts().text(&format!("config.kind.{kind}"), values)
}

/// A message in which one value differs by language.
fn in_both(code: &str, values: &[(&str, String)], name: &str, word: &Text) -> Diagnostic {
    let with = |lang: Lang| {
        let mut values = values.to_vec();
        values.push((name, word.get(lang).to_owned()));
        diagnostic(texts(), code, &values)
    };
    let (mut note, en) = (with(Lang::ZhTw), with(Lang::En));
    (note.what.en, note.hint.en) = (en.what.en, en.hint.en);
    note
}

fn wrong(code: &str, key: &str, kind: &str) -> Diagnostic {
    in_both(code, &args![key = key], "expected", &kind_text(&format!("type_{kind}"), &[]))
}

fn refused(key: &Key, found: &str, expected: &Text) -> Diagnostic {
    in_both("BW-CONF-004", &args![key = key.path(), found = found], "expected", expected)
}

fn unknown(key: &str, near: Option<String>) -> Diagnostic {
    let mut note = diagnostic(texts(), "BW-CONF-002", &args![key = key]);
    note.hint = match near {
        Some(near) => texts().text("BW-CONF-002.hint_near", &args![near = near]),
        None => note.hint,
    };
    note
}

/// The key most like this path; a right name in a wrong section counts.
fn nearest_key(path: &str) -> Option<String> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let elsewhere = || KEYS.iter().find(|key| key.name == name).map(Key::path);
    let all: Vec<String> = KEYS.iter().map(Key::path).collect();
    nearest(path, all.iter().map(String::as_str)).or_else(elsewhere)
}

fn nearest<'w>(word: &str, words: impl Iterator<Item = &'w str>) -> Option<String> {
    let rated = words.map(|known| (strsim::damerau_levenshtein(word, known), known));
    let best = rated.min().filter(|(distance, known)| *distance <= known.chars().count() / 3);
    best.map(|(_, known)| known.to_owned())
}

struct Source<'t> {
    path: &'t str,
    text: &'t str,
}

impl Source<'_> {
    /// Line and column of a byte range; columns count characters.
    fn locate(&self, span: &Range<usize>) -> Location {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Location::File { path: self.path.to_owned(), line: number(line), column: number(column) }
    }

    fn note(&self, code: &str, span: &Range<usize>, values: &[(&str, String)]) -> Diagnostic {
        diagnostic(texts(), code, values).at(self.locate(span))
    }
}
