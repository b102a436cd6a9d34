//! Walking a TOML document while keeping the place of everything, so that every mistake of a plan
//! is reported at once, each with file, line, column and the nearest right word.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic;

/// The text of a plan with its line table and the mistakes found so far.
pub struct Source<'i> {
    path: &'i str,
    text: &'i str,
    notes: RefCell<Vec<Diagnostic>>,
}

impl<'i> Source<'i> {
    pub fn new(path: &'i str, text: &'i str) -> Self {
        Self { path, text, notes: RefCell::new(Vec::new()) }
    }

    /// Line and column (characters, from 1) of a byte offset.
    pub fn locate(&self, offset: usize) -> Location {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Location::File {
            path: self.path.to_owned(),
            line: u32::try_from(line).unwrap_or(u32::MAX),
            column: u32::try_from(column).unwrap_or(u32::MAX),
        }
    }

    /// Notes a mistake at a byte range.
    ///
    /// Where nothing known is near enough (`near` is empty), the hint is the one without it.
    pub fn note(&self, code: &str, span: &Range<usize>, args: &[(&str, String)]) {
        let mut d = diagnostic(code, args).at(self.locate(span.start));
        if args.iter().any(|(name, value)| *name == "near" && value.is_empty()) {
            let plain = format!("{code}.hint_plain");
            if crate::texts().get(&plain).is_some() {
                d.hint = crate::texts().text(&plain, args);
            }
        }
        self.notes.borrow_mut().push(d);
    }

    /// Notes a mistake whose first sentence is already written.
    pub fn note_text(&self, code: &str, span: &Range<usize>, what: bulwark_model::Text) {
        let mut d = diagnostic(code, &[]).at(self.locate(span.start));
        d.what = what;
        self.notes.borrow_mut().push(d);
    }

    /// Notes a mistake whose reason differs by language.
    pub fn note_reason(&self, code: &str, span: &Range<usize>, found: &str, reason: &bulwark_model::Text) {
        let mut d =
            diagnostic(code, &args![found = found, reason = reason.zh_tw]).at(self.locate(span.start));
        d.what.en = diagnostic(code, &args![found = found, reason = reason.en]).what.en;
        self.notes.borrow_mut().push(d);
    }

    /// How many mistakes were noted so far.
    pub fn note_count(&self) -> usize {
        self.notes.borrow().len()
    }

    /// The mistakes, in the order of the file.
    pub fn into_notes(self) -> Vec<Diagnostic> {
        let mut notes = self.notes.into_inner();
        // A value that was asked for twice is wrong once.
        let mut seen = BTreeSet::new();
        notes.retain(|d| seen.insert(d.clone()));
        notes.sort_by_key(|d| match d.location {
            Location::File { line, column, .. } => (line, column),
            _ => (0, 0),
        });
        notes
    }

    pub fn has_notes(&self) -> bool {
        self.note_count() > 0
    }
}

/// A value with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    pub value: T,
    pub span: Range<usize>,
}

/// A table being read. Keys asked for are known; what is left at [`Table::finish`] is a mistake.
pub struct Table<'a, 'i> {
    source: &'a Source<'i>,
    name: String,
    entries: Option<&'a DeTable<'i>>,
    span: Range<usize>,
    known: RefCell<BTreeSet<&'static str>>,
}

impl<'a, 'i> Table<'a, 'i> {
    pub fn root(source: &'a Source<'i>, table: &'a Spanned<DeTable<'i>>) -> Self {
        Self::new(source, String::new(), Some(table.get_ref()), 0..0)
    }

    fn new(
        source: &'a Source<'i>,
        name: String,
        entries: Option<&'a DeTable<'i>>,
        span: Range<usize>,
    ) -> Self {
        Self { source, name, entries, span, known: RefCell::default() }
    }

    pub fn source(&self) -> &'a Source<'i> {
        self.source
    }

    /// Place of the table's head, for mistakes about what is missing in it.
    pub fn span(&self) -> &Range<usize> {
        &self.span
    }

    pub fn present(&self) -> bool {
        self.entries.is_some()
    }

    /// The key with the tables it stands in: `scope.host.name`.
    pub fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// The raw value of a key.
    fn value(&self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.known.borrow_mut().insert(key);
        self.entries?.iter().find(|(k, _)| k.get_ref() == key).map(|(_, v)| v)
    }

    fn wrong_type(&self, key: &str, found: &Spanned<DeValue<'i>>, expected: &str) {
        self.source.note(
            "BW-PLAN-004",
            &found.span(),
            &args![key = self.path(key), found = found.get_ref().type_str(), expected = expected],
        );
    }

    pub fn missing(&self, key: &str) {
        self.source.note("BW-PLAN-003", &self.span, &args![key = self.path(key)]);
    }

    /// Text; blank text counts as absent.
    pub fn text(&self, key: &'static str) -> Option<At<String>> {
        let value = self.value(key)?;
        if let DeValue::String(s) = value.get_ref() {
            let s = s.trim();
            (!s.is_empty()).then(|| At { value: s.to_owned(), span: value.span() })
        } else {
            self.wrong_type(key, value, "string");
            None
        }
    }

    /// Text that must be there.
    pub fn need(&self, key: &'static str) -> Option<At<String>> {
        let exists = self.value(key).is_some();
        let text = self.text(key);
        if text.is_none() && !(exists && self.value(key).is_some_and(|v| !v.get_ref().is_str())) {
            self.missing(key);
        }
        text
    }

    /// A word of a closed list.
    pub fn word<T: std::str::FromStr<Err = bulwark_model::ParseWordError>>(
        &self,
        key: &'static str,
    ) -> Option<T> {
        let at = self.text(key)?;
        match at.value.parse() {
            Ok(word) => Some(word),
            Err(e) => {
                let near = nearest(&at.value, e.expected.iter().copied()).unwrap_or_default();
                self.source.note(
                    "BW-PLAN-005",
                    &at.span,
                    &args![
                        key = self.path(key),
                        found = at.value,
                        expected = e.expected.join(" | "),
                        near = near
                    ],
                );
                None
            }
        }
    }

    /// A whole number within bounds.
    pub fn number(&self, key: &'static str, min: u64, max: u64) -> Option<u64> {
        let value = self.value(key)?;
        let DeValue::Integer(n) = value.get_ref() else {
            self.wrong_type(key, value, "integer");
            return None;
        };
        match i128::from_str_radix(n.as_str(), n.radix()).ok().and_then(|n| u64::try_from(n).ok()) {
            Some(n) if (min..=max).contains(&n) => Some(n),
            _ => {
                self.source.note(
                    "BW-PLAN-010",
                    &value.span(),
                    &args![key = self.path(key), found = n.as_str(), min = min, max = max],
                );
                None
            }
        }
    }

    /// A list of texts.
    pub fn texts(&self, key: &'static str) -> Option<Vec<At<String>>> {
        let value = self.value(key)?;
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "array of strings");
            return None;
        };
        let mut out = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(s) => out.push(At { value: s.trim().to_owned(), span: item.span() }),
                _ => self.wrong_type(key, item, "string"),
            }
        }
        Some(out)
    }

    /// A list of port numbers.
    pub fn ports(&self, key: &'static str) -> Vec<u16> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "array of ports");
            return Vec::new();
        };
        let mut out = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::Integer(n) => match n.as_str().parse::<u16>() {
                    Ok(port) if port > 0 => out.push(port),
                    _ => self.source.note(
                        "BW-PLAN-010",
                        &item.span(),
                        &args![key = self.path(key), found = n.as_str(), min = 1, max = 65535],
                    ),
                },
                _ => self.wrong_type(key, item, "integer"),
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// A table inside this one; absent tables read as empty.
    pub fn table(&self, key: &'static str) -> Table<'a, 'i> {
        let value = self.value(key);
        let table = value.and_then(|v| {
            let table = v.get_ref().as_table();
            if table.is_none() {
                self.wrong_type(key, v, "table");
            }
            table
        });
        Table::new(self.source, self.path(key), table, value.map_or_else(|| self.span.clone(), Spanned::span))
    }

    /// The tables of `[[key]]`.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'a, 'i>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong_type(key, value, "array of tables");
            return Vec::new();
        };
        items
            .iter()
            .filter_map(|item| {
                if let Some(table) = item.get_ref().as_table() {
                    Some(Table::new(self.source, self.path(key), Some(table), item.span()))
                } else {
                    self.wrong_type(key, item, "table");
                    None
                }
            })
            .collect()
    }

    /// True when the key stands in the file, whatever its value.
    pub fn has(&self, key: &'static str) -> bool {
        self.value(key).is_some()
    }

    /// A truth value.
    pub fn boolean(&self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        let answer = value.get_ref().as_bool();
        if answer.is_none() {
            self.wrong_type(key, value, "true | false");
        }
        answer
    }

    /// [`Table::note_unknown`] for a table that is done with.
    pub fn finish(self) {
        self.note_unknown();
    }

    /// Notes every key nobody asked for, with the nearest known one.
    pub fn note_unknown(&self) {
        let Some(table) = self.entries else { return };
        let known = self.known.borrow();
        for (key, _) in table {
            let name: &str = key.get_ref();
            if known.contains(name) {
                continue;
            }
            let near = nearest(name, known.iter().copied());
            let code = if near.is_some() { "BW-PLAN-002" } else { "BW-PLAN-024" };
            self.source.note(
                code,
                &key.span(),
                &args![
                    key = self.path(name),
                    near = near.unwrap_or_default(),
                    known = known.iter().copied().collect::<Vec<_>>().join(", ")
                ],
            );
        }
    }
}

/// The word of `known` that a person most likely meant, if one is near enough.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    known
        .into_iter()
        .map(|k| (strsim::damerau_levenshtein(word, k), k))
        .filter(|(distance, k)| *distance <= 2.max(k.chars().count() / 3))
        .min()
        .map(|(_, k)| k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_suggested_only_when_near() {
        assert_eq!(nearest("agancy", ["agency", "name"]), Some("agency"));
        assert_eq!(nearest("zzzzzz", ["agency", "name"]), None);
    }

    #[test]
    fn places_count_characters_not_bytes() {
        let source = Source::new("p.toml", "名 = 1\n稱稱 = 2\n");
        let offset = source.text.rfind('=').expect("there is one");
        assert_eq!(source.locate(offset), Location::File { path: "p.toml".into(), line: 2, column: 4 });
    }
}
