//! Cookies that carry a log-in.

use std::collections::BTreeSet;

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::header::{self, Cookie, SameSite};
use url::Url;

use super::visit::{authority, label, settle, visits};
use crate::check::{Case, Sheet};

/// Session-like cookies must carry Secure, HttpOnly and SameSite (RFC 6265bis §4.1.2, OWASP ASVS 5.0
/// §3.3). Cookies of every redirect hop count. Not asked: cross-site-request tokens, which
/// scripts must read (double submit), and cookies that are being deleted.
pub(super) fn flags(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    let mut judged = BTreeSet::new();
    for visit in visits(case) {
        let mut any = false;
        for hop in &visit.piece.body.hops {
            let Ok(url) = Url::parse(&hop.url) else { continue };
            for cookie in hop.headers_named("set-cookie").filter_map(header::cookie) {
                if !cookie.looks_like_session() || cookie.value_length == 0 {
                    continue;
                }
                any = true;
                let name = label(&cookie.name);
                let asset = format!("{} {name}", authority(&url));
                if !judged.insert((asset.clone(), url.scheme().to_owned())) {
                    continue;
                }
                let shown = shown(&cookie, &name);
                for (sentence, severity) in weaknesses(&cookie, url.scheme()) {
                    let entry = match severity {
                        Some(severity) => {
                            sheet.fail(&asset, sentence, &args![cookie = name]).severity(severity)
                        }
                        None => sheet.warn(&asset, sentence, &args![cookie = name]),
                    };
                    entry.excerpt(&shown).from(&visit.piece);
                }
                if weaknesses(&cookie, url.scheme()).is_empty() {
                    sheet.pass(&asset, "pass", &args![cookie = name]).excerpt(&shown).from(&visit.piece);
                }
            }
        }
        if !any && !visit.piece.body.hops.is_empty() {
            let asset = visit.planned();
            sheet.not_applicable(&asset, "none", &args![url = asset]).from(&visit.piece);
        }
    }
}

/// Sentences that hold for a cookie, with the severity of a failure or none for a warning.
fn weaknesses(cookie: &Cookie, scheme: &str) -> Vec<(&'static str, Option<Severity>)> {
    let mut found = Vec::new();
    if scheme == "http" {
        found.push(("plain_http", Some(Severity::High)));
    } else if !cookie.secure {
        found.push(("no_secure", Some(Severity::Medium)));
    }
    if cookie.rejected.is_some() && cookie.secure {
        found.push(("rejected", None));
    }
    if !cookie.http_only {
        found.push(("no_http_only", Some(Severity::Medium)));
    }
    if cookie.same_site.is_none() {
        found.push(("no_same_site", None));
    }
    found
}

/// The cookie with its attributes and without its value.
fn shown(cookie: &Cookie, name: &str) -> String {
    let mut out = format!("set-cookie: {name}=***");
    if cookie.secure {
        out.push_str("; Secure");
    }
    if cookie.http_only {
        out.push_str("; HttpOnly");
    }
    match cookie.same_site {
        Some(SameSite::Strict) => out.push_str("; SameSite=Strict"),
        Some(SameSite::Lax) => out.push_str("; SameSite=Lax"),
        Some(SameSite::None) => out.push_str("; SameSite=None"),
        None => {}
    }
    out
}
