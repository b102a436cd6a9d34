//! The fields made of tokens, lists and directives.

use bulwark_model::Text;

use crate::banner::Product;

/// Strict-Transport-Security.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hsts {
    /// Seconds; 0 switches HSTS off.
    pub max_age: u64,
    /// `includeSubDomains`
    pub include_subdomains: bool,
    /// `preload` (not in the RFC, but asked by the preload list).
    pub preload: bool,
    /// Directives that are ignored because nobody knows them.
    pub unknown: Vec<String>,
}

/// Why browsers ignore a Strict-Transport-Security field (RFC 6797 §6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HstsError {
    /// No `max-age`.
    NoMaxAge,
    /// `max-age` is not a number.
    BadMaxAge,
    /// A directive twice.
    Duplicate,
    /// Not `;`-separated directives.
    Syntax,
}

/// Cache-Control of a response (RFC 9111 §5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one flag per directive of the RFC")]
pub struct CacheControl {
    /// `no-store`
    pub no_store: bool,
    /// `no-cache`
    pub no_cache: bool,
    /// `private`
    pub private: bool,
    /// `public`
    pub public: bool,
    /// `must-revalidate`
    pub must_revalidate: bool,
    /// `immutable` (RFC 8246)
    pub immutable: bool,
    /// `max-age`, seconds; an unreadable value counts as 0 (§4.2.1).
    pub max_age: Option<u64>,
    /// `s-maxage`, seconds.
    pub s_maxage: Option<u64>,
}

/// X-Frame-Options (RFC 7034, HTML standard).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FrameOptions {
    /// `DENY`
    Deny,
    /// `SAMEORIGIN`
    SameOrigin,
    /// Anything else, also `ALLOW-FROM`: browsers ignore it.
    Invalid,
}

impl HstsError {
    /// The error in words.
    pub fn text(self) -> Text {
        match self {
            Self::NoMaxAge => Text::new("缺少 max-age", "max-age is missing"),
            Self::BadMaxAge => Text::new("max-age 不是數字", "max-age is not a number"),
            Self::Duplicate => Text::new("指令重複", "a directive comes twice"),
            Self::Syntax => Text::new("語法錯誤", "the syntax is wrong"),
        }
    }
}

/// A token (RFC 9110 §5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Splits at `separator` outside quoted strings and trims the parts (RFC 9110 §5.6.4).
pub(super) fn split_quoted(value: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            c if c == separator && !quoted => {
                parts.push(value.get(start..at).unwrap_or_default().trim());
                start = at + c.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(value.get(start..).unwrap_or_default().trim());
    parts
}

/// The text inside a quoted string, else the text itself.
pub(super) fn unquote(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.push(if c == '\\' { chars.next().unwrap_or(c) } else { c });
    }
    out
}

/// `name` or `name=value`, the name in lower case.
fn directive(part: &str) -> (String, Option<String>) {
    match part.split_once('=') {
        None => (part.to_ascii_lowercase(), None),
        Some((name, value)) => (name.trim().to_ascii_lowercase(), Some(unquote(value.trim()))),
    }
}

/// delta-seconds: digits only; larger than we can hold counts as the largest (RFC 9111 §1.2.2).
fn seconds(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Reads the first Strict-Transport-Security field of a response (RFC 6797 §8.1: only the first counts).
pub fn hsts(value: &str) -> Result<Hsts, HstsError> {
    let mut out = Hsts { max_age: 0, include_subdomains: false, preload: false, unknown: Vec::new() };
    let mut max_age = None;
    let mut seen = Vec::new();
    for part in split_quoted(value, ';') {
        if part.is_empty() {
            continue;
        }
        let (name, argument) = directive(part);
        if !is_token(&name) || (argument.is_none() && part.contains('"')) {
            return Err(HstsError::Syntax);
        }
        if seen.contains(&name) {
            return Err(HstsError::Duplicate);
        }
        match name.as_str() {
            "max-age" => max_age = Some(argument.as_deref().and_then(seconds).ok_or(HstsError::BadMaxAge)?),
            "includesubdomains" => out.include_subdomains = true,
            "preload" => out.preload = true,
            _ => out.unknown.push(name.clone()),
        }
        seen.push(name);
    }
    out.max_age = max_age.ok_or(HstsError::NoMaxAge)?;
    Ok(out)
}

/// Reads Cache-Control; several fields joined by `,`.
pub fn cache_control(value: &str) -> CacheControl {
    let mut out = CacheControl::default();
    for part in split_quoted(value, ',') {
        let (name, argument) = directive(part);
        let age = || Some(argument.as_deref().and_then(seconds).unwrap_or(0));
        match name.as_str() {
            "no-store" => out.no_store = true,
            "no-cache" => out.no_cache = true,
            "private" => out.private = true,
            "public" => out.public = true,
            "must-revalidate" => out.must_revalidate = true,
            "immutable" => out.immutable = true,
            "max-age" if out.max_age.is_none() => out.max_age = age(),
            "s-maxage" if out.s_maxage.is_none() => out.s_maxage = age(),
            _ => {}
        }
    }
    out
}

/// Content codings in the order applied, lower case, without `identity` (RFC 9110 §8.4).
pub fn content_encodings(value: &str) -> Vec<String> {
    let codings = value.split(',').map(|c| c.trim().to_ascii_lowercase());
    codings.filter(|c| !c.is_empty() && c != "identity").collect()
}

/// Products with versions that `Server` or `X-Powered-By` give away.
pub fn disclosures(value: &str) -> Vec<Product> {
    crate::banner::products(value).into_iter().filter(|p| p.version.is_some()).collect()
}

/// Media type in lower case without parameters, for example `text/html`.
pub fn media_type(content_type: &str) -> Option<String> {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    (is_token(kind) && is_token(subtype)).then(|| essence.clone())
}

/// Charset of a Content-Type, lower case, unquoted.
pub fn charset(content_type: &str) -> Option<String> {
    split_quoted(content_type, ';')
        .into_iter()
        .skip(1)
        .map(directive)
        .find(|(name, _)| name == "charset")
        .and_then(|(_, value)| value)
        .map(|v| v.to_ascii_lowercase())
        .filter(|v| !v.is_empty())
}

/// The policy a browser applies: the last token it knows (Referrer Policy §8.1); `None` when it knows none.
pub fn referrer_policy(value: &str) -> Option<&'static str> {
    const KNOWN: [&str; 8] = [
        "no-referrer",
        "no-referrer-when-downgrade",
        "same-origin",
        "origin",
        "strict-origin",
        "origin-when-cross-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
    ];
    let known = |token: &str| KNOWN.into_iter().find(|k| k.eq_ignore_ascii_case(token.trim()));
    value.split(',').rev().find_map(known)
}

/// X-Content-Type-Options: the first value is `nosniff` (Fetch standard).
pub fn no_sniff(value: &str) -> bool {
    value.split(',').next().is_some_and(|v| v.trim().eq_ignore_ascii_case("nosniff"))
}

/// X-Frame-Options. Different values together are invalid.
pub fn frame_options(value: &str) -> FrameOptions {
    let one = |v: &str| match v.trim().to_ascii_lowercase().as_str() {
        "deny" => FrameOptions::Deny,
        "sameorigin" => FrameOptions::SameOrigin,
        _ => FrameOptions::Invalid,
    };
    let mut all = value.split(',').map(one);
    let first = all.next().unwrap_or(FrameOptions::Invalid);
    if all.all(|other| other == first) { first } else { FrameOptions::Invalid }
}

/// The token of a field that is one structured token with parameters (RFC 8941 §3.3.4, as the opener and
/// embedder policies are). Outer `None`: no such field; inner `None`: it cannot be read, or comes twice.
pub fn policy_token<'a>(mut fields: impl Iterator<Item = &'a str>) -> Option<Option<&'a str>> {
    let field = fields.next()?;
    if fields.next().is_some() {
        return Some(None);
    }
    let mut parts = split_quoted(field.trim_matches(' '), ';').into_iter();
    let token = parts.next().unwrap_or_default();
    let starts = token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '*');
    let is_item = |v: &str| {
        is_token(v)
            || matches!(v, "?0" | "?1")
            || v.strip_prefix('"').and_then(|v| v.strip_suffix('"')).is_some_and(|v| !v.contains(['"', '\\']))
    };
    let good = |part: &str| match part.split_once('=') {
        None => is_token(part),
        Some((name, value)) => is_token(name) && is_item(value),
    };
    Some(Some(token).filter(|t| starts && is_token(t) && parts.all(good)))
}
