//! The documentation site: every page as a file, made in memory.

mod frame;
mod markdown;
mod options;
pub mod pattern;
pub mod planned;
pub mod search;
mod site;

use std::collections::BTreeMap;

use crate::{assets, style};

pub use frame::{example_page, examples_page, pattern_context, pattern_pages};

/// A site: path and content of every file. All links are relative, so it can stand anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    files: BTreeMap<String, Vec<u8>>,
}

impl Site {
    /// The live examples and what they load: enough for the checks.
    pub fn frames() -> Self {
        let mut site = Self::default();
        site.add("assets/ds.css", style::css());
        for (name, source) in style::scripts() {
            site.add(format!("assets/{name}"), source);
        }
        for (name, content) in assets::under("icons") {
            site.add(format!("assets/icons/{name}"), content);
        }
        frame::add(&mut site);
        site
    }

    /// The whole site.
    pub fn build() -> Self {
        let mut site = Self::frames();
        site::add(&mut site);
        site
    }

    /// Adds a file, or replaces it.
    pub fn add(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), content.into());
    }

    /// A file by its path; a folder stands for its `index.html`.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        let path = path.trim_start_matches('/');
        let index = || {
            self.files.get(&format!(
                "{}index.html",
                if path.is_empty() { String::new() } else { format!("{}/", path.trim_end_matches('/')) }
            ))
        };
        self.files.get(path).or_else(index).map(Vec::as_slice)
    }

    /// All files in order of path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }
}

/// Media type of a file of the site.
pub fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, e)| e) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("txt" | "md" | "jinja" | "toml") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
