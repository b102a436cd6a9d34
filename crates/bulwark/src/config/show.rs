//! Printing the configuration: as it is in force, and as an example.

use std::fmt::Write as _;

use bulwark_model::Lang;

use super::Loaded;
use super::table::{KEYS, Key, Kind};
use crate::print::{line, say};
use crate::texts::texts;

/// After a check that found nothing.
pub fn checked(loaded: &Loaded, lang: Lang) {
    let what = match &loaded.file {
        Some(path) => path.display().to_string(),
        None => say(lang, "未使用設定檔，採預設值", "no configuration file, defaults").to_owned(),
    };
    line(format!("{what}: {}", say(lang, "正確", "ok")));
}

/// Every value in force, secrets hidden; with where each came from when asked for.
pub fn show(loaded: &Loaded, origin: bool, lang: Lang) {
    let mut section = "";
    for key in KEYS {
        let Some(given) = loaded.values.get(&key.path()) else { continue };
        if key.section != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            section = key.section;
            line(format!("{gap}[{section}]"));
        }
        let value = match &given.value {
            _ if key.kind == Kind::Secret => "\"***\"".to_owned(),
            // A string of JSON is one of TOML, too.
            toml::Value::String(text) => serde_json::Value::from(text.as_str()).to_string(),
            toml::Value::Integer(number) => number.to_string(),
            _ => String::new(),
        };
        let from = if origin { format!("  # {}", given.origin.show(lang)) } else { String::new() };
        line(format!("{} = {value}{from}", key.name));
    }
}

/// The commented example file: every key with its default; those without one are commented out.
pub fn example() -> String {
    let mut out = String::new();
    let head = texts().text("config.head", &[]);
    comment(&mut out, &head.zh_tw);
    comment(&mut out, &head.en);
    let mut section = "";
    for key in KEYS {
        if key.section != section {
            section = key.section;
            let _ = write!(out, "\n[{section}]\n");
        }
        entry(&mut out, key);
    }
    out
}

fn entry(out: &mut String, key: &Key) {
    let about = texts().text(&format!("config.{}", key.path()), &[]);
    comment(out, &about.zh_tw);
    comment(out, &about.en);
    let _ = match key.default {
        Some(default) => writeln!(out, "{} = {default}", key.name),
        None => writeln!(out, "# {} = {}", key.name, key.sample),
    };
}

fn comment(out: &mut String, text: &str) {
    for line in text.trim().lines() {
        let _ = writeln!(out, "{}", format!("# {line}").trim_end());
    }
}
