//! The sentences of this crate, in both languages.

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::{Lang, Text};

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("report", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The catalogue read in one language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words(pub Lang);

impl Words {
    /// The text of a key without arguments, or `None` when the catalogue lacks it.
    pub fn find(self, key: &str) -> Option<&'static str> {
        TEXTS.get(key).map(|t| t.get(self.0))
    }

    /// The text of a key without arguments.
    pub fn t(self, key: &str) -> String {
        self.fill(key, &[])
    }

    /// The text of a key with its arguments filled in.
    pub fn fill(self, key: &str, args: &[(&str, String)]) -> String {
        TEXTS.text(key, args).get(self.0).to_owned()
    }

    /// The text for `n` things: `key.one` or `key.other`, with `{n}` filled in.
    pub fn count(self, key: &str, n: usize) -> String {
        self.count_with(key, n, &[])
    }

    /// As [`Words::count`], with further arguments.
    pub fn count_with(self, key: &str, n: usize, args: &[(&str, String)]) -> String {
        let form = if n == 1 { "one" } else { "other" };
        let shown = bulwark_i18n::number(n as u64);
        let mut all = vec![("n", shown)];
        all.extend_from_slice(args);
        self.fill(&format!("{key}.{form}"), &all)
    }

    /// A text of the document in this language, made fit for a page.
    pub fn of(self, text: &Text) -> String {
        crate::clean::text(text.get(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_texts_follow_the_usage_of_taiwan() {
        for (key, text) in TEXTS.iter() {
            let wrong = bulwark_i18n::wrong_usage(&text.zh_tw);
            assert!(wrong.is_empty(), "{key}: {}: {}", text.zh_tw, wrong.join("; "));
            let chars: Vec<char> = text.zh_tw.chars().collect();
            for pair in chars.windows(2) {
                let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
                let latin = |c: char| c.is_ascii_alphanumeric();
                assert!(
                    !(han(pair[0]) && latin(pair[1]) || latin(pair[0]) && han(pair[1])),
                    "{key}: 「{}{}」 wants a space",
                    pair[0],
                    pair[1]
                );
            }
        }
    }

    #[test]
    fn every_key_is_used() {
        const USERS: &[&str] = &[
            include_str!("html/parts.html"),
            include_str!("html/page.html"),
            include_str!("html/chapters.html"),
            include_str!("html/annex.html"),
            include_str!("view/mod.rs"),
            include_str!("view/summary.rs"),
            include_str!("view/chapter.rs"),
            include_str!("view/annex.rs"),
            include_str!("html/mod.rs"),
            include_str!("markdown.rs"),
        ];
        for key in TEXTS.keys() {
            let stem = key.strip_suffix(".one").or_else(|| key.strip_suffix(".other")).unwrap_or(key);
            let used =
                USERS.iter().any(|u| u.contains(&format!("\"{stem}\"")) || u.contains(&format!("'{stem}'")));
            assert!(used, "no one uses `{key}`");
        }
    }
}
