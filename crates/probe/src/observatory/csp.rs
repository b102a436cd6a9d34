//! Content-Security-Policy as the public scanner reads it.
//!
//! It is stricter than browsers in three ways that we keep: a directive named twice makes the whole
//! policy invalid, a policy shorter than any real one too, and a directive that only a later policy
//! names counts as `'none'`.

use std::collections::{BTreeMap, BTreeSet};

use super::{Input, Outcome, values};
use crate::html::scan;

type Sources = BTreeSet<String>;
type Directives = BTreeMap<String, Sources>;

/// Letters of the shortest policy taken for one.
const SHORTEST: usize = 6;
/// Sources that let everyone in.
const BROAD: [&str; 8] =
    ["ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"];
/// Ignored in `<meta>` (CSP3 §3.3).
const HEADER_ONLY: [&str; 3] = ["frame-ancestors", "report-uri", "sandbox"];

/// What the policies come to.
pub(super) struct Judged {
    pub(super) outcome: Outcome,
    /// A policy names `frame-ancestors`.
    pub(super) frame_ancestors: bool,
}

impl From<Outcome> for Judged {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, frame_ancestors: false }
    }
}

/// Judges the policies of header and `<meta>`.
pub(super) fn judge(input: &Input<'_>) -> Judged {
    let fields: Vec<&str> = values(input.headers, "content-security-policy").collect();
    let page = url::Url::parse("https://page.invalid/").ok();
    let metas = page.map(|p| scan(input.html, &p).meta_csp).unwrap_or_default();
    let header = split(&fields);
    let meta = split(&metas.iter().map(String::as_str).collect::<Vec<_>>());
    let Some((all, duplicates)) = merged(header.iter().chain(&meta).copied()) else {
        return Outcome::CspInvalid.into();
    };
    let in_header = merged(header.iter().copied()).is_some_and(|(d, _)| !d.is_empty());
    let in_meta = merged(meta.iter().copied())
        .is_some_and(|(d, _)| d.keys().any(|name| !HEADER_ONLY.contains(&name.as_str())));
    if !in_header && !in_meta {
        let reported = values(input.headers, "content-security-policy-report-only").next().is_some();
        return if reported { Outcome::CspReportOnly } else { Outcome::CspMissing }.into();
    }
    let outcome = graded(&all, input.secure);
    let frame_ancestors = all.contains_key("frame-ancestors");
    if outcome.pass() && duplicates {
        return Judged { outcome: Outcome::CspDuplicateReporting, frame_ancestors };
    }
    Judged { outcome, frame_ancestors }
}

/// Fields into policies (CSP3 §2.2.2). An empty field stays: it is a policy that is none.
fn split<'t>(fields: &[&'t str]) -> Vec<&'t str> {
    let mut policies = Vec::new();
    for field in fields {
        let parts: Vec<&str> = field.split(',').map(str::trim).filter(|p| !p.is_empty()).collect();
        if parts.is_empty() {
            policies.push("");
        }
        policies.extend(parts);
    }
    policies
}

/// The directives of all policies together, and whether a reporting directive came twice. `None` when one
/// of them is invalid.
fn merged<'t>(policies: impl Iterator<Item = &'t str>) -> Option<(Directives, bool)> {
    let mut all = Directives::new();
    let mut duplicates = false;
    for (index, policy) in policies.enumerate() {
        let policy: String = policy.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
        if policy.trim().len() < SHORTEST {
            return None;
        }
        let mut seen = BTreeSet::new();
        for directive in policy.split(';') {
            let mut words = directive.split_whitespace().map(str::to_lowercase);
            let Some(name) = words.next() else { continue };
            if !seen.insert(name.clone()) {
                if name != "report-uri" && name != "report-to" {
                    return None;
                }
                duplicates = true;
            }
            let mut sources: Sources = words.collect();
            if sources.is_empty() && name.ends_with("-src") {
                sources.insert("'none'".into());
            }
            let known = all.entry(name).or_default();
            *known = match index {
                0 => sources,
                _ => common(known, &sources, index > 1),
            };
        }
    }
    for sources in all.values_mut() {
        if sources.is_empty() {
            sources.insert("'none'".into());
        }
    }
    Some((all, duplicates))
}

/// Sources both lists allow; from the third policy on, what the first two had in common stays.
fn common(old: &Sources, new: &Sources, keep_old: bool) -> Sources {
    let within = |list: &Sources, source: &String| list.iter().any(|known| covers(known, source));
    let mut out: Sources = new.iter().filter(|s| within(old, s)).cloned().collect();
    out.extend(old.iter().filter(|s| keep_old || within(new, s)).cloned());
    out
}

/// True when `known` is the source itself, or a folder (`…/`) it lies in.
fn covers(known: &str, source: &str) -> bool {
    known == source || (known.ends_with('/') && source.starts_with(known))
}

fn graded(all: &Directives, secure: bool) -> Outcome {
    let everyone: Sources = std::iter::once("*".to_owned()).collect();
    let of = |name: &str| all.get(name).or_else(|| all.get("default-src")).unwrap_or(&everyone);
    let mut script = of("script-src").clone();
    let mut style = of("style-src").clone();
    let object = of("object-src");
    for list in [&mut script, &mut style] {
        if named_one_by_one(list) {
            list.remove("'unsafe-inline'");
        }
    }
    if script.contains("'strict-dynamic'") {
        if !named_one_by_one(&script) {
            return Outcome::CspInvalid;
        }
        script.retain(|s| s != "'self'" && s != "'unsafe-inline'" && !BROAD.iter().any(|b| s.starts_with(b)));
    }
    let broad = |list: &Sources| list.iter().any(|s| BROAD.contains(&s.as_str()));
    let inline = |list: &Sources| list.iter().any(|s| s == "'unsafe-inline'" || s == "data:");
    let plain = |list: &Sources| list.iter().any(|s| s.starts_with("http:") || s.starts_with("ftp:"));
    let passive = |name: &str| name == "img-src" || name == "media-src";
    let active_plain = plain(&script)
        || all.iter().any(|(name, list)| !passive(name) && name != "script-src" && plain(list));
    let passive_plain = ["img-src", "media-src"]
        .iter()
        .any(|name| all.get(*name).or_else(|| all.get("default-src")).is_some_and(plain));
    if broad(&script) || inline(&script) || broad(object) {
        Outcome::CspUnsafeInline
    } else if secure && active_plain {
        Outcome::CspInsecureScheme
    } else if script.contains("'unsafe-eval'") || style.contains("'unsafe-eval'") {
        Outcome::CspUnsafeEval
    } else if secure && passive_plain {
        Outcome::CspInsecurePassiveOnly
    } else if broad(&style) || inline(&style) {
        Outcome::CspUnsafeStyleOnly
    } else if all.get("default-src").is_some_and(|d| d.len() == 1 && d.contains("'none'")) {
        Outcome::CspDefaultNone
    } else {
        Outcome::CspNoUnsafe
    }
}

/// A nonce or a hash names what may run.
fn named_one_by_one(list: &Sources) -> bool {
    list.iter().any(|s| ["'sha256-", "'sha384-", "'sha512-", "'nonce-"].iter().any(|p| s.starts_with(p)))
}
