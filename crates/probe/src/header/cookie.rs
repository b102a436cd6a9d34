//! Set-Cookie (RFC 6265 §5.2, RFC 6265bis for SameSite and prefixes).

use bulwark_model::Text;

/// Cross-site rule of a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// Never sent across sites.
    Strict,
    /// Sent on top-level navigation.
    Lax,
    /// Always sent; needs Secure.
    None,
}

/// A cookie; its value is never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Name.
    pub name: String,
    /// Length of the value in bytes.
    pub value_length: usize,
    /// `Secure`
    pub secure: bool,
    /// `HttpOnly`
    pub http_only: bool,
    /// `SameSite`; `None` when absent or unknown (browsers take Lax).
    pub same_site: Option<SameSite>,
    /// `Domain`, lower case, without leading dot.
    pub domain: Option<String>,
    /// `Path`
    pub path: Option<String>,
    /// Has `Max-Age` or `Expires`: outlives the browser session.
    pub persistent: bool,
    /// A rule broken so that browsers drop the cookie, if any.
    pub rejected: Option<CookieError>,
}

/// Why browsers drop a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CookieError {
    /// `__Secure-` or `__Host-` without Secure.
    PrefixNeedsSecure,
    /// `__Host-` with Domain.
    HostPrefixWithDomain,
    /// `__Host-` without `Path=/`.
    HostPrefixNeedsRootPath,
    /// `SameSite=None` without Secure.
    SameSiteNoneNeedsSecure,
}

/// Reads one Set-Cookie field; `None` when it names nothing (RFC 6265 §5.2).
pub fn cookie(value: &str) -> Option<Cookie> {
    let mut parts = value.split(';');
    let (name, content) = parts.next()?.split_once('=')?;
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    let mut out = Cookie {
        name: name.to_owned(),
        value_length: content.trim().len(),
        secure: false,
        http_only: false,
        same_site: None,
        domain: None,
        path: None,
        persistent: false,
        rejected: None,
    };
    for attribute in parts {
        let (key, argument) = attribute.split_once('=').unwrap_or((attribute, ""));
        let argument = argument.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "secure" => out.secure = true,
            "httponly" => out.http_only = true,
            "samesite" => {
                out.same_site = match argument.to_ascii_lowercase().as_str() {
                    "strict" => Some(SameSite::Strict),
                    "lax" => Some(SameSite::Lax),
                    "none" => Some(SameSite::None),
                    _ => None,
                };
            }
            "domain" => {
                let domain = argument.strip_prefix('.').unwrap_or(argument).to_ascii_lowercase();
                out.domain = (!domain.is_empty()).then_some(domain);
            }
            // §5.2.4: anything that does not start with `/` means the default path.
            "path" => out.path = argument.starts_with('/').then(|| argument.to_owned()),
            "max-age" | "expires" => out.persistent = true,
            _ => {}
        }
    }
    out.rejected = rejection(&out);
    Some(out)
}

/// RFC 6265bis §5.7, name prefixes in any case (§4.1.3).
fn rejection(cookie: &Cookie) -> Option<CookieError> {
    let starts = |prefix: &str| {
        cookie.name.split_at_checked(prefix.len()).is_some_and(|(head, _)| head.eq_ignore_ascii_case(prefix))
    };
    let host = starts("__Host-");
    if (host || starts("__Secure-")) && !cookie.secure {
        Some(CookieError::PrefixNeedsSecure)
    } else if host && cookie.domain.is_some() {
        Some(CookieError::HostPrefixWithDomain)
    } else if host && cookie.path.as_deref() != Some("/") {
        Some(CookieError::HostPrefixNeedsRootPath)
    } else if cookie.same_site == Some(SameSite::None) && !cookie.secure {
        Some(CookieError::SameSiteNoneNeedsSecure)
    } else {
        None
    }
}

impl CookieError {
    /// The error in words.
    pub fn text(self) -> Text {
        match self {
            Self::PrefixNeedsSecure => Text::new(
                "__Secure- 或 __Host- 開頭的 Cookie 必須有 Secure",
                "the prefix of the name needs Secure",
            ),
            Self::HostPrefixWithDomain => {
                Text::new("__Host- 開頭的 Cookie 不可有 Domain", "the prefix __Host- forbids Domain")
            }
            Self::HostPrefixNeedsRootPath => {
                Text::new("__Host- 開頭的 Cookie 必須有 Path=/", "the prefix __Host- needs Path=/")
            }
            Self::SameSiteNoneNeedsSecure => {
                Text::new("SameSite=None 必須有 Secure", "SameSite=None needs Secure")
            }
        }
    }
}

impl Cookie {
    /// Whether the name looks like a session or log-in cookie (`JSESSIONID`, `PHPSESSID`,
    /// `ASP.NET_SessionId`, `*token*` …). Anti-forgery tokens are meant to be read by scripts and do not count.
    pub fn looks_like_session(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        let forgery = ["xsrf", "csrf", "antiforgery", "requestverification"].iter().any(|w| name.contains(w));
        let session =
            ["sess", "sid", "auth", "token", "jwt", "login", "aspxauth", "cfid", "cftoken", "remember"];
        !forgery && session.iter().any(|w| if *w == "sid" { has_word(&name, w) } else { name.contains(w) })
    }
}

/// `word` as the whole name, its end, or between separators (`connect.sid`, `phpsid`), not inside `inside`.
fn has_word(name: &str, word: &str) -> bool {
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|part| part == word) || name.ends_with(word)
}
