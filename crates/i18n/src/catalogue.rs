//! Loading and filling of text catalogues.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_model::Text;

/// Why a pair of catalogue files is not usable. Catalogues are compiled in, so this is met in tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueError(String);

impl std::fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CatalogueError {}

/// The texts of one area, by dotted key.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    texts: BTreeMap<String, Text>,
}

impl Catalogue {
    /// Reads the two files of an area. Keys and arguments must be the same in both.
    ///
    /// # Errors
    /// Names the first file that is not TOML, key that is missing or argument that differs.
    pub fn parse(area: &str, zh_tw: &str, en: &str) -> Result<Self, CatalogueError> {
        let zh = flatten(area, "zh-TW", zh_tw)?;
        let mut en = flatten(area, "en", en)?;
        let mut texts = BTreeMap::new();
        for (key, zh_tw) in zh {
            let Some(en) = en.remove(&key) else {
                return Err(CatalogueError(format!("{area}: `{key}` is missing in en")));
            };
            if arguments(&zh_tw) != arguments(&en) {
                return Err(CatalogueError(format!(
                    "{area}: `{key}` has other arguments in en than in zh-TW"
                )));
            }
            texts.insert(key, Text { zh_tw, en });
        }
        if let Some(key) = en.keys().next() {
            return Err(CatalogueError(format!("{area}: `{key}` is missing in zh-TW")));
        }
        Ok(Self { texts })
    }

    /// Reads catalogues that are compiled into the binary.
    ///
    /// # Panics
    /// When the files disagree; every crate has a test that loads its own, so a build that passed
    /// its tests cannot.
    #[expect(clippy::panic, reason = "compiled-in files, loaded by a test of the same crate")]
    pub fn embedded(area: &str, zh_tw: &str, en: &str) -> Self {
        Self::parse(area, zh_tw, en).unwrap_or_else(|e| panic!("{e}"))
    }

    /// Adds the texts of another area under `prefix.`.
    pub fn add(&mut self, prefix: &str, other: Self) {
        for (key, text) in other.texts {
            self.texts.insert(format!("{prefix}.{key}"), text);
        }
    }

    /// The sentence of `key` with its arguments filled in.
    ///
    /// A key that does not exist gives the key itself, so that a gap is seen and nothing is lost;
    /// tests refuse such gaps.
    pub fn text(&self, key: &str, args: &[(&str, String)]) -> Text {
        match self.texts.get(key) {
            Some(text) => Text { zh_tw: fill(&text.zh_tw, args), en: fill(&text.en, args) },
            None => Text::both(key),
        }
    }

    /// As [`Catalogue::text`], with arguments that themselves differ in the two languages.
    pub fn text_of(&self, key: &str, args: &[(&str, &Text)]) -> Text {
        let Some(text) = self.texts.get(key) else { return Text::both(key) };
        let zh: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.zh_tw.as_str())).collect();
        let en: Vec<(&str, &str)> = args.iter().map(|(name, value)| (*name, value.en.as_str())).collect();
        Text { zh_tw: fill(&text.zh_tw, &zh), en: fill(&text.en, &en) }
    }

    /// The sentence of a key without arguments, if there is one.
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.texts.get(key)
    }

    /// All keys, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().map(String::as_str)
    }

    /// All texts with their keys, sorted by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.texts.iter().map(|(k, v)| (k.as_str(), v))
    }
}

fn flatten(area: &str, lang: &str, source: &str) -> Result<BTreeMap<String, String>, CatalogueError> {
    let table: toml::Table = source.parse().map_err(|e| CatalogueError(format!("{area} {lang}: {e}")))?;
    let mut out = BTreeMap::new();
    walk(area, lang, "", &table, &mut out)?;
    Ok(out)
}

fn walk(
    area: &str,
    lang: &str,
    prefix: &str,
    table: &toml::Table,
    out: &mut BTreeMap<String, String>,
) -> Result<(), CatalogueError> {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            toml::Value::String(s) => {
                out.insert(path, s.clone());
            }
            toml::Value::Table(t) => walk(area, lang, &path, t, out)?,
            _ => return Err(CatalogueError(format!("{area} {lang}: `{path}` must be text"))),
        }
    }
    Ok(())
}

/// `{name}` is an argument when the braces hold a lower-case name; any other brace is literal.
fn placeholders(s: &str) -> impl Iterator<Item = (usize, &str)> {
    s.match_indices('{').filter_map(|(at, _)| {
        let rest = &s[at + 1..];
        let end = rest.find('}')?;
        let name = &rest[..end];
        let ok = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
        ok.then_some((at, name))
    })
}

fn arguments(s: &str) -> BTreeSet<&str> {
    placeholders(s).map(|(_, name)| name).collect()
}

fn fill<S: AsRef<str>>(s: &str, args: &[(&str, S)]) -> String {
    let mut out = String::with_capacity(s.len());
    let mut from = 0;
    for (at, name) in placeholders(s) {
        if let Some((_, value)) = args.iter().find(|(n, _)| *n == name) {
            out.push_str(&s[from..at]);
            out.push_str(value.as_ref());
            from = at + name.len() + 2;
        }
    }
    out.push_str(&s[from..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    #[test]
    fn files_that_disagree_are_refused_by_key() {
        let e = Catalogue::parse("x", "a = \"一\"\nb = \"二\"", "a = \"one\"").expect_err("b is missing");
        assert_eq!(e.to_string(), "x: `b` is missing in en");
        let e = Catalogue::parse("x", "a = \"{n} 個\"", "a = \"some\"").expect_err("n is missing");
        assert!(e.to_string().contains("other arguments"));
    }

    #[test]
    fn values_are_filled_once_and_never_read_as_templates() {
        let c = Catalogue::parse("x", "a = \"{p}{q} {NOT} {}\"", "a = \"{q}{p}\"").expect("same arguments");
        let t = c.text("a", &args![p = "{q}", q = 2]);
        assert_eq!(t.zh_tw, "{q}2 {NOT} {}");
        assert_eq!(t.en, "2{q}");
    }

    #[test]
    fn arguments_may_have_a_form_in_each_language() {
        let c = Catalogue::parse("x", "a = \"自{p}\"", "a = \"from {p}\"").expect("same arguments");
        let t = c.text_of("a", &[("p", &Text::new("臺北", "Taipei"))]);
        assert_eq!((t.zh_tw.as_str(), t.en.as_str()), ("自臺北", "from Taipei"));
        assert_eq!(c.text_of("b", &[]).en, "b");
    }
}
