//! Sub-resources and head facts of a page.

use std::collections::BTreeMap;

use url::Url;

use super::token::{Token, Tokens, entities};

/// What a sub-resource is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Script.
    Script,
    /// Style sheet.
    Style,
    /// Image, icon.
    Image,
    /// Font.
    Font,
    /// Frame, embedded page, object.
    Frame,
    /// Video, audio, track.
    Media,
    /// Anything else (preload of data, manifest).
    Other,
}

impl Role {
    /// The word in evidence.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Style => "style",
            Self::Image => "image",
            Self::Font => "font",
            Self::Frame => "frame",
            Self::Media => "media",
            Self::Other => "other",
        }
    }
}

/// Something the page loads by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubResource {
    /// Absolute URL, `http` or `https`, without fragment.
    pub url: Url,
    /// What for.
    pub role: Role,
    /// Carries an `integrity` attribute (SRI).
    pub integrity: bool,
    /// `loading=lazy`: only loaded when scrolled to.
    pub lazy: bool,
}

/// A form; never fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where it sends to.
    pub action: Url,
    /// `post` or `get`.
    pub method: String,
    /// Has a password field.
    pub password: bool,
}

/// What a page says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// Text of `<title>`, white space folded.
    pub title: Option<String>,
    /// `lang` of `<html>`.
    pub lang: Option<String>,
    /// `<meta name=viewport>` is there.
    pub viewport: bool,
    /// Charset of `<meta charset>` or `http-equiv`, lower case.
    pub charset: Option<String>,
    /// Policies of `<meta http-equiv=Content-Security-Policy>`.
    pub meta_csp: Vec<String>,
    /// `generator`, for example `WordPress 6.4`.
    pub generator: Option<String>,
    /// Sub-resources in order, without duplicates (same URL and role).
    pub resources: Vec<SubResource>,
    /// Forms in order.
    pub forms: Vec<Form>,
    /// Inline scripts.
    pub inline_scripts: u32,
    /// URLs that cannot be understood, as written (at most 20).
    pub bad_urls: Vec<String>,
}

/// Sub-resources listed at most; a page with more is truncated here.
const MAX_RESOURCES: usize = 2000;

/// Scans a page fetched from `page`.
pub fn scan(html: &str, page: &Url) -> Scan {
    let mut scanner = Scanner {
        base: page.clone(),
        page,
        base_seen: false,
        out: Scan::default(),
        in_template: 0,
        known: BTreeMap::new(),
    };
    for token in Tokens::new(html) {
        match token {
            Token::Start { name, attributes } => scanner.start(&name, &Attributes(attributes)),
            Token::End { name } if name == "template" => {
                scanner.in_template = scanner.in_template.saturating_sub(1);
            }
            Token::Raw { element, text } => scanner.raw(&element, text),
            Token::End { .. } | Token::Text(_) => {}
        }
    }
    scanner.out
}

struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.trim())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.get(name).is_some_and(|v| v.eq_ignore_ascii_case(value))
    }
}

struct Scanner<'a> {
    base: Url,
    page: &'a Url,
    base_seen: bool,
    out: Scan,
    in_template: u32,
    known: BTreeMap<(Role, Url), usize>,
}

impl Scanner<'_> {
    fn start(&mut self, name: &str, a: &Attributes) {
        // The content of <template> is inert (HTML standard §4.12.3).
        if name == "template" {
            self.in_template += 1;
        }
        if self.in_template > 0 {
            return;
        }
        match name {
            "html" if self.out.lang.is_none() => {
                self.out.lang = a.get("lang").filter(|l| !l.is_empty()).map(str::to_owned);
            }
            // Only the first <base href> counts (§4.2.3).
            "base" if !self.base_seen => {
                if let Some(href) = a.get("href") {
                    self.base_seen = true;
                    if let Ok(url) = self.page.join(href) {
                        self.base = url;
                    }
                }
            }
            "meta" => self.meta(a),
            "script" => match a.get("src") {
                Some(src) => self.add(src, Role::Script, a),
                None if is_code(a) => self.out.inline_scripts += 1,
                None => {}
            },
            "link" => self.link(a),
            "img" => {
                self.optional(a, "src", Role::Image);
                self.source_set(a, Role::Image);
            }
            "input" => {
                if a.is("type", "image") {
                    self.optional(a, "src", Role::Image);
                }
                if a.is("type", "password")
                    && let Some(form) = self.out.forms.last_mut()
                {
                    form.password = true;
                }
            }
            "source" => {
                let role = if a.has("srcset") { Role::Image } else { Role::Media };
                self.optional(a, "src", role);
                self.source_set(a, Role::Image);
            }
            "video" | "audio" => {
                self.optional(a, "src", Role::Media);
                self.optional(a, "poster", Role::Image);
            }
            "track" => self.optional(a, "src", Role::Media),
            "iframe" | "frame" | "embed" => self.optional(a, "src", Role::Frame),
            "object" => self.optional(a, "data", Role::Frame),
            "image" | "use" => {
                let role = Role::Image;
                self.optional(a, "href", role);
                self.optional(a, "xlink:href", role);
            }
            "body" | "table" | "td" | "th" => self.optional(a, "background", Role::Image),
            "form" => self.form(a),
            _ => {}
        }
        if let Some(style) = a.get("style") {
            self.style(style);
        }
    }

    fn raw(&mut self, element: &str, text: &str) {
        if self.in_template > 0 {
            return;
        }
        match element {
            "title" if self.out.title.is_none() => {
                let title = entities(text).split_whitespace().collect::<Vec<_>>().join(" ");
                self.out.title = Some(title.chars().take(300).collect());
            }
            "style" => self.style(text),
            _ => {}
        }
    }

    fn meta(&mut self, a: &Attributes) {
        let content = a.get("content").unwrap_or_default();
        if let Some(charset) = a.get("charset") {
            self.out.charset.get_or_insert_with(|| charset.to_ascii_lowercase());
        }
        match a.get("name").map(str::to_ascii_lowercase).as_deref() {
            Some("viewport") => self.out.viewport = true,
            Some("generator") if !content.is_empty() => {
                self.out.generator.get_or_insert_with(|| content.chars().take(100).collect());
            }
            _ => {}
        }
        match a.get("http-equiv").map(str::to_ascii_lowercase).as_deref() {
            Some("content-type") if self.out.charset.is_none() => {
                self.out.charset = crate::header::charset(content);
            }
            Some("content-security-policy") => self.out.meta_csp.push(content.to_owned()),
            _ => {}
        }
    }

    fn link(&mut self, a: &Attributes) {
        let Some(href) = a.get("href") else { return };
        let rel = a.get("rel").unwrap_or_default().to_ascii_lowercase();
        let has = |word: &str| rel.split_ascii_whitespace().any(|r| r == word);
        let role = if has("stylesheet") {
            // Alternate and disabled sheets are not loaded before someone asks for them.
            if has("alternate") || a.has("disabled") {
                return;
            }
            Role::Style
        } else if has("icon") || has("apple-touch-icon") || has("mask-icon") {
            Role::Image
        } else if has("modulepreload") {
            Role::Script
        } else if has("preload") {
            match a.get("as").map(str::to_ascii_lowercase).as_deref() {
                Some("script" | "worker") => Role::Script,
                Some("style") => Role::Style,
                Some("image") => Role::Image,
                Some("font") => Role::Font,
                Some("video" | "audio" | "track") => Role::Media,
                Some("document") => Role::Frame,
                _ => Role::Other,
            }
        } else if has("manifest") {
            Role::Other
        } else {
            return;
        };
        self.add(href, role, a);
    }

    fn form(&mut self, a: &Attributes) {
        let action = a.get("action").unwrap_or_default();
        // An empty action means the page itself (§4.10.21.3).
        let url = if action.is_empty() { Ok(self.page.clone()) } else { self.base.join(action) };
        match url {
            Ok(action) => {
                let method = if a.is("method", "post") { "post" } else { "get" };
                self.out.forms.push(Form { action, method: method.to_owned(), password: false });
            }
            Err(_) => self.bad(action),
        }
    }

    fn optional(&mut self, a: &Attributes, attribute: &str, role: Role) {
        if let Some(url) = a.get(attribute) {
            self.add(url, role, a);
        }
    }

    /// The first candidate of `srcset` (§4.8.4.2.1).
    fn source_set(&mut self, a: &Attributes, role: Role) {
        let set = a.get("srcset").unwrap_or_default();
        let first = set.trim_start_matches([',', ' ']).split_ascii_whitespace().next().unwrap_or_default();
        self.add(first.trim_end_matches(','), role, a);
    }

    fn add(&mut self, text: &str, role: Role, a: &Attributes) {
        let facts = (a.has("integrity"), a.is("loading", "lazy"));
        self.add_plain(text, role, facts);
    }

    fn add_plain(&mut self, text: &str, role: Role, (integrity, lazy): (bool, bool)) {
        if text.is_empty() || text.starts_with('#') {
            return;
        }
        let Ok(mut url) = self.base.join(text) else {
            self.bad(text);
            return;
        };
        if !matches!(url.scheme(), "http" | "https") {
            return;
        }
        url.set_fragment(None);
        let next = self.out.resources.len();
        if let Some(at) = self.known.get(&(role, url.clone())) {
            if let Some(known) = self.out.resources.get_mut(*at) {
                known.integrity &= integrity;
                known.lazy &= lazy;
            }
        } else if next < MAX_RESOURCES {
            self.known.insert((role, url.clone()), next);
            self.out.resources.push(SubResource { url, role, integrity, lazy });
        }
    }

    fn bad(&mut self, text: &str) {
        if self.out.bad_urls.len() < 20 {
            self.out.bad_urls.push(text.chars().take(200).collect());
        }
    }

    /// `url(…)` and `@import` in a style sheet, comments left out (CSS Syntax 3).
    fn style(&mut self, css: &str) {
        let mut rest = css;
        let mut import = false;
        while let Some(at) = rest.find(['/', 'u', 'U', '@']) {
            let from = rest.get(at..).unwrap_or_default();
            let starts = |word: &str| {
                from.split_at_checked(word.len())
                    .and_then(|(head, tail)| head.eq_ignore_ascii_case(word).then_some(tail))
            };
            let inner = if let Some(comment) = from.strip_prefix("/*") {
                rest = comment.split_once("*/").map_or("", |(_, after)| after);
                continue;
            } else if let Some(inner) = starts("@import") {
                import = true;
                inner.trim_start()
            } else if let Some(inner) = starts("url(") {
                inner.trim_start()
            } else {
                rest = from.get(1..).unwrap_or_default();
                continue;
            };
            rest = inner;
            // URLs longer than this are data, and a missing bracket must not cost a walk to the end.
            let near = inner.get(..inner.floor_char_boundary(4096)).unwrap_or_default();
            let url = match near.chars().next() {
                Some(quote @ ('"' | '\'')) => near.get(1..).and_then(|i| i.split_once(quote)).map(|(u, _)| u),
                _ if from.starts_with('@') => None,
                _ => near.split_once(')').map(|(u, _)| u.trim()),
            };
            let Some(url) = url else { continue };
            rest = inner.get(url.len()..).unwrap_or_default();
            let role = if import { Role::Style } else { style_role(url) };
            import = false;
            self.add_plain(url, role, (false, false));
        }
    }
}

/// Fonts by their extension, else an image.
fn style_role(url: &str) -> Role {
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let font = [".woff", ".woff2", ".ttf", ".otf", ".eot"].iter().any(|e| path.ends_with(e));
    if font { Role::Font } else { Role::Image }
}

/// A `<script>` whose type is code and not data (§4.12.1).
fn is_code(a: &Attributes) -> bool {
    let kind = a.get("type").unwrap_or_default().to_ascii_lowercase();
    kind.is_empty() || kind == "module" || kind.ends_with("javascript") || kind.ends_with("ecmascript")
}
