//! Content-Security-Policy (CSP Level 3).

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// One policy. Several fields are several policies; all apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Csp {
    /// Directive name in lower case → source list as written. The first of equal names counts (§2.2.1).
    pub directives: BTreeMap<String, Vec<String>>,
    /// Names that came twice and are ignored.
    pub duplicates: Vec<String>,
}

/// Reads one field; a `,` starts the next policy (CSP3 §2.2.2). Policies without directives are left out.
pub fn csp(value: &str) -> Vec<Csp> {
    let policy = |text: &str| {
        let mut out = Csp::default();
        for directive in text.split(';') {
            let mut tokens = directive.split_ascii_whitespace();
            let Some(name) = tokens.next().map(str::to_ascii_lowercase) else { continue };
            match out.directives.entry(name) {
                Entry::Occupied(known) => out.duplicates.push(known.key().clone()),
                Entry::Vacant(free) => {
                    free.insert(tokens.map(str::to_owned).collect());
                }
            }
        }
        out
    };
    value.split(',').map(policy).filter(|p| !p.directives.is_empty()).collect()
}

/// Something a policy leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weakness {
    /// Inline scripts run: `'unsafe-inline'` without nonce, hash or `'strict-dynamic'` (§6.7.3.2).
    UnsafeInline,
    /// `'unsafe-eval'` (§4.4).
    UnsafeEval,
    /// Scripts from any host: `*`, a bare scheme, or a wildcard for a whole top-level domain (§6.7.2.8).
    AnyHost,
    /// Plugins from anywhere: neither `object-src` nor `default-src` limits them (§6.1.9).
    Objects,
    /// No `base-uri`: an injected `<base>` turns relative script addresses elsewhere (§6.3.1).
    Base,
    /// No `default-src`: kinds of content nobody thought of are not limited (§6.1.3).
    NoDefault,
}

/// True for a source that lets whole parts of the Internet in.
fn is_broad(source: &str) -> bool {
    let source = source.to_ascii_lowercase();
    if matches!(source.as_str(), "*" | "https:" | "http:" | "data:" | "blob:" | "filesystem:") {
        return true;
    }
    let rest = source.split_once("://").map_or(source.as_str(), |(_, rest)| rest);
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    host == "*" || host.strip_prefix("*.").is_some_and(|tail| !tail.contains('.'))
}

impl Csp {
    /// What this policy leaves open, for pages; several may hold.
    pub fn weaknesses(&self) -> Vec<Weakness> {
        let mut found = Vec::new();
        if self.has_unsafe_inline() {
            found.push(Weakness::UnsafeInline);
        }
        if self.has_unsafe_eval() {
            found.push(Weakness::UnsafeEval);
        }
        // Browsers ignore host and scheme sources beside 'strict-dynamic' (§8.2).
        let dynamic = |list: &[String]| list.iter().any(|s| s.eq_ignore_ascii_case("'strict-dynamic'"));
        if self.script_sources().is_some_and(|l| !dynamic(l) && l.iter().any(|s| is_broad(s))) {
            found.push(Weakness::AnyHost);
        }
        let objects = self.first_of(&["object-src", "default-src"]);
        if objects.is_none_or(|list| list.iter().any(|s| is_broad(s))) {
            found.push(Weakness::Objects);
        }
        // Not a fetch directive: `default-src` does not stand in for it.
        if !self.directives.contains_key("base-uri") {
            found.push(Weakness::Base);
        }
        if !self.directives.contains_key("default-src") {
            found.push(Weakness::NoDefault);
        }
        found
    }

    /// The first of these directives that is there.
    fn first_of(&self, names: &[&str]) -> Option<&[String]> {
        names.iter().find_map(|n| self.directives.get(*n)).map(Vec::as_slice)
    }

    /// Sources for scripts: `script-src-elem`, else `script-src`, else `default-src` (§6.8.3).
    pub fn script_sources(&self) -> Option<&[String]> {
        self.first_of(&["script-src-elem", "script-src", "default-src"])
    }

    /// Sources for styles: `style-src-elem`, else `style-src`, else `default-src`.
    pub fn style_sources(&self) -> Option<&[String]> {
        self.first_of(&["style-src-elem", "style-src", "default-src"])
    }

    /// Inline scripts run: no script directive at all, or `'unsafe-inline'` in force.
    pub fn allows_inline_script(&self) -> bool {
        self.script_sources().is_none() || self.has_unsafe_inline()
    }

    /// `'unsafe-inline'` is written for scripts and in force: a nonce, a hash or `'strict-dynamic'` beside
    /// it switches it off (§6.7.3.2).
    pub fn has_unsafe_inline(&self) -> bool {
        let Some(sources) = self.script_sources() else { return false };
        let lower: Vec<String> = sources.iter().map(|s| s.to_ascii_lowercase()).collect();
        let off = |s: &String| {
            s == "'strict-dynamic'"
                || ["'nonce-", "'sha256-", "'sha384-", "'sha512-"].iter().any(|p| s.starts_with(p))
        };
        lower.iter().any(|s| s == "'unsafe-inline'") && !lower.iter().any(off)
    }

    /// `'unsafe-eval'` is written for scripts (`script-src`, else `default-src`; §4.4 eval).
    pub fn has_unsafe_eval(&self) -> bool {
        let sources = self.first_of(&["script-src", "default-src"]);
        sources.is_some_and(|list| list.iter().any(|s| s.eq_ignore_ascii_case("'unsafe-eval'")))
    }

    /// `frame-ancestors` is present (it replaces X-Frame-Options; §6.4.2).
    pub fn has_frame_ancestors(&self) -> bool {
        self.directives.contains_key("frame-ancestors")
    }

    /// Scripts may come from anywhere: `*`, `https:`, `http:` or `data:` as a source without `'strict-dynamic'`.
    pub fn allows_any_script_host(&self) -> bool {
        let Some(sources) = self.script_sources() else { return true };
        let any = |s: &String| matches!(s.to_ascii_lowercase().as_str(), "*" | "https:" | "http:" | "data:");
        sources.iter().any(any) && !sources.iter().any(|s| s.eq_ignore_ascii_case("'strict-dynamic'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Vec<Weakness> {
        csp(value).first().map(Csp::weaknesses).unwrap_or_default()
    }

    #[test]
    fn weaknesses_of_policies() {
        use Weakness::{AnyHost, Base, NoDefault, Objects, UnsafeEval, UnsafeInline};
        assert_eq!(of("default-src 'self'; base-uri 'none'"), []);
        assert_eq!(of("default-src 'self' 'unsafe-inline'; base-uri 'none'"), [UnsafeInline]);
        assert_eq!(of("default-src 'none'; script-src 'unsafe-inline' 'nonce-a'; base-uri 'none'"), []);
        assert_eq!(of("script-src 'self' 'unsafe-eval'"), [UnsafeEval, Objects, Base, NoDefault]);
        assert_eq!(of("default-src 'self'; script-src https://*.tw:443/x; base-uri 'self'"), [AnyHost]);
        assert_eq!(of("default-src 'self'; script-src *.a.gov.tw; base-uri 'self'"), []);
        assert_eq!(of("default-src *; object-src 'none'; base-uri 'self'"), [AnyHost]);
        assert_eq!(
            of("default-src 'self'; script-src https: 'strict-dynamic' 'nonce-a'; base-uri 'self'"),
            []
        );
        assert_eq!(of("default-src 'self'; object-src data:; base-uri 'self'"), [Objects]);
    }
}
