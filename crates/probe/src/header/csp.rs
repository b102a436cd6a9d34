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

impl Csp {
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
