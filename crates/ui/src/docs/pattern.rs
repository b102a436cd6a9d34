//! The patterns as their folders describe them.

use bulwark_model::Text;
use serde::Deserialize;

use crate::assets;
use crate::component::Change;

/// `pattern.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Name.
    pub title: Text,
    /// One sentence.
    pub summary: Text,
    /// Components it is built from.
    pub components: Vec<String>,
    /// Change log, newest first.
    pub change: Vec<Change>,
}

/// A pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Folder.
    pub name: String,
    /// What `pattern.toml` says.
    pub meta: Meta,
    /// Pages without their ending, `index.zh-TW`.
    pub pages: Vec<String>,
    /// Prose, 正體中文.
    pub prose_zh_tw: &'static str,
    /// Prose, English.
    pub prose_en: &'static str,
}

/// All embedded patterns in order of name.
///
/// # Errors
/// Every file that is missing or not readable, one sentence each.
pub fn read() -> Result<Vec<Pattern>, Vec<String>> {
    let mut names: Vec<&str> =
        assets::under("patterns").filter_map(|(path, _)| Some(path.split_once('/')?.0)).collect();
    names.dedup();
    let (mut patterns, mut errors) = (Vec::new(), Vec::new());
    for name in names {
        match one(name) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(patterns) } else { Err(errors) }
}

fn one(name: &str) -> Result<Pattern, String> {
    let need = |file: &str| {
        assets::text(&format!("patterns/{name}/{file}"))
            .ok_or_else(|| format!("patterns/{name}/{file}: missing"))
    };
    let meta =
        toml::from_str(need("pattern.toml")?).map_err(|e| format!("patterns/{name}/pattern.toml: {e}"))?;
    let pages = assets::under(&format!("patterns/{name}"))
        .filter_map(|(path, _)| Some(path.strip_suffix(".jinja")?.to_owned()))
        .collect();
    Ok(Pattern {
        name: name.to_owned(),
        meta,
        pages,
        prose_zh_tw: need("zh-TW.md")?,
        prose_en: need("en.md")?,
    })
}
