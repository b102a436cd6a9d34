//! Cookies.

use super::Outcome;
use crate::header::{Cookie, SameSite, cookie};

/// A load balancer's cookie that no agency can change.
const LEFT_OUT: &str = "heroku-session-affinity";

/// From best to worst: the worst of what holds is the result.
const ORDER: [Outcome; 7] = [
    Outcome::CookiesInsecureUnderHsts,
    Outcome::CookiesInsecure,
    Outcome::CookiesSessionInsecureUnderHsts,
    Outcome::CookiesBadSameSite,
    Outcome::CookiesTokenWithoutSameSite,
    Outcome::CookiesSessionScripted,
    Outcome::CookiesSessionInsecure,
];

/// Judges the cookies left after the visit; `hsts` when HSTS is good.
pub(super) fn judge(lines: &[&str], hsts: bool) -> Outcome {
    let mut kept: Vec<(Cookie, bool)> = Vec::new();
    for line in lines {
        let Some(new) = cookie(line).filter(|c| c.name != LEFT_OUT) else { continue };
        kept.retain(|(old, _)| old.name != new.name || old.domain != new.domain || old.path != new.path);
        if !deleted(line) {
            kept.push((new, bad_same_site(line)));
        }
    }
    let faults = kept.iter().flat_map(|(cookie, bad)| faults(cookie, *bad, hsts));
    let worst = faults.max_by_key(|f| ORDER.iter().position(|o| o == f));
    worst.unwrap_or_else(|| {
        if kept.is_empty() {
            Outcome::CookiesNone
        } else if kept.iter().all(|(c, _)| c.same_site.is_some()) {
            Outcome::CookiesAllGood
        } else {
            Outcome::CookiesGood
        }
    })
}

fn faults(cookie: &Cookie, bad_same_site: bool, hsts: bool) -> Vec<Outcome> {
    let name = cookie.name.to_ascii_lowercase();
    let session = name.contains("login") || name.contains("sess");
    let token = name.contains("csrf");
    let mut found = Vec::new();
    if bad_same_site || (!cookie.secure && cookie.same_site == Some(SameSite::None)) {
        found.push(Outcome::CookiesBadSameSite);
    }
    if !cookie.secure {
        found.push(match (session, hsts) {
            (false, true) => Outcome::CookiesInsecureUnderHsts,
            (false, false) => Outcome::CookiesInsecure,
            (true, true) => Outcome::CookiesSessionInsecureUnderHsts,
            (true, false) => Outcome::CookiesSessionInsecure,
        });
    }
    if token && cookie.same_site.is_none() {
        found.push(Outcome::CookiesTokenWithoutSameSite);
    }
    if session && !cookie.http_only {
        found.push(Outcome::CookiesSessionScripted);
    }
    found
}

/// The attributes of a line, names in lower case.
fn attributes(line: &str) -> impl Iterator<Item = (String, &str)> {
    line.split(';').skip(1).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.trim().to_ascii_lowercase(), value.trim())
    })
}

/// `SameSite` with a value that is none.
fn bad_same_site(line: &str) -> bool {
    attributes(line).any(|(name, value)| {
        name == "samesite" && !["lax", "strict", "none"].iter().any(|w| value.eq_ignore_ascii_case(w))
    })
}

/// `Max-Age` of zero or less removes the cookie (RFC 6265 §5.2.2).
fn deleted(line: &str) -> bool {
    attributes(line).any(|(name, value)| name == "max-age" && value.parse::<i64>().is_ok_and(|s| s <= 0))
}
