//! From plain HTTP to HTTPS, and staying there.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_probe::evidence::{Exchange, Http};
use bulwark_probe::failure::Code;
use bulwark_probe::header::{self, Hsts};
use url::Url;

use super::view::{clip, excerpt, plain_url, url_host};
use crate::check::{Case, Sheet};

/// Six months: the least that counts (Mozilla Observatory).
const HSTS_LEAST_S: u64 = 15_768_000;
const DAY_S: u64 = 86_400;

fn is_plain(url: &str) -> bool {
    Url::parse(url).is_ok_and(|u| u.scheme() == "http")
}

fn is_secure(url: &str) -> bool {
    Url::parse(url).is_ok_and(|u| u.scheme() == "https")
}

/// Where a redirect leads, when the answer is one.
fn redirect_target(hop: &Exchange) -> Option<Url> {
    if !matches!(hop.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    Url::parse(&hop.url).ok()?.join(hop.header("location")?).ok()
}

fn hops(http: &Http) -> String {
    excerpt(http.hops.iter().map(|h| {
        let to = h.header("location").map(|l| format!(" → {}", plain_url(l))).unwrap_or_default();
        format!("{} {}{to}", h.status, plain_url(&h.url))
    }))
}

/// `network.https-redirect`: plain HTTP leads to HTTPS on the same host first (RFC 6797 §7.2), so
/// that this host can set its HSTS policy before any other host is involved.
///
/// A port that refuses connections serves nothing in clear text and passes. Only redirects of the
/// protocol count: a script or `<meta>` that forwards has already been delivered in clear text.
pub(super) fn redirect(case: &Case<'_>, sheet: &mut Sheet) {
    let mut any = false;
    for piece in case.failed(&["http"]) {
        if !is_plain(&piece.record.subject) {
            // A URL of HTTPS is not looked at here, so its failure is none of this check.
            sheet.handled(&piece);
            continue;
        }
        any = true;
        if piece.body.code == Code::Refused {
            let url = plain_url(&piece.record.subject);
            sheet.pass(&url, "closed", &args![url = url]).from(&piece).excerpt(piece.body.to_string());
            sheet.handled(&piece);
        }
    }
    for piece in case.http().filter(|p| is_plain(&p.body.url)) {
        any = true;
        let http = piece.body;
        let url = plain_url(&http.url);
        let Some(first) = http.hops.first() else {
            if let Some(failure) = &http.stopped {
                sheet.error(&url, failure).from(&piece);
            }
            continue;
        };
        let target = redirect_target(first);
        let to = target.as_ref().map(|t| plain_url(t.as_str())).unwrap_or_default();
        let values = args![url = url, target = to, status = first.status];
        let same_host = target
            .as_ref()
            .and_then(Url::host_str)
            .is_some_and(|h| Some(h.trim_matches(['[', ']']).to_ascii_lowercase()) == url_host(&http.url));
        let later = http
            .hops
            .iter()
            .any(|h| is_secure(&h.url) || redirect_target(h).is_some_and(|t| t.scheme() == "https"));
        let entry = match target.as_ref().map(Url::scheme) {
            Some("https") if same_host => sheet.pass(&url, "pass", &values),
            Some("https") => sheet.warn(&url, "other_host", &values),
            Some(_) if later => sheet.warn(&url, "late", &values),
            None if first.status >= 400 => sheet.info(&url, "no_content", &values),
            _ => sheet.fail(&url, "plain", &values),
        };
        entry.from(&piece).excerpt(hops(http));
    }
    let secure = case.http().any(|p| is_secure(&p.body.url))
        || case.plan.scope.urls.iter().any(|u| u.scheme() == "https");
    if !any && secure {
        sheet.not_tested(&case.plan.system.name, "no_plain", &[]);
    }
}

/// What the answers of one host say, worst last.
#[derive(Default)]
struct Policies {
    ids: Vec<String>,
    good: Vec<Hsts>,
    short: Vec<Hsts>,
    off: usize,
    invalid: usize,
    missing: usize,
    lines: Vec<String>,
}

impl Policies {
    fn add(&mut self, hop: &Exchange) {
        // Only the first field counts (RFC 6797 §8.1).
        let field = hop.header("strict-transport-security");
        self.lines.push(format!(
            "{} {}: {}",
            hop.status,
            plain_url(&hop.url),
            field.map_or_else(|| "-".into(), clip)
        ));
        match field.map(header::hsts) {
            None => self.missing += 1,
            Some(Err(_)) => self.invalid += 1,
            Some(Ok(policy)) if policy.max_age == 0 => self.off += 1,
            Some(Ok(policy)) if policy.max_age < HSTS_LEAST_S => self.short.push(policy),
            Some(Ok(policy)) => self.good.push(policy),
        }
    }
}

/// `network.hsts`: every HTTPS host, also one that only redirects, sets a policy of at least six
/// months (RFC 6797 §6.1, §7.1).
///
/// Fields over plain HTTP are ignored as browsers ignore them (§8.1). Addresses cannot have a
/// policy (§8.1.1). A field on some answers only usually means the server leaves it off error
/// pages and redirects.
pub(super) fn hsts(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.failed(&["http", "page"]) {
        if is_plain(&piece.record.subject) {
            sheet.handled(&piece);
        }
    }
    let mut hosts: BTreeMap<String, Policies> = BTreeMap::new();
    let http = case.http().map(|p| (p.id, p.body));
    let pages = case.pages().map(|p| (p.id, &p.body.page));
    for (id, http) in http.chain(pages) {
        for hop in http.hops.iter().filter(|h| is_secure(&h.url)) {
            let Some(host) = url_host(&hop.url) else { continue };
            let policies = hosts.entry(host).or_default();
            policies.ids.push(id.to_owned());
            policies.add(hop);
        }
    }
    for (host, policies) in hosts {
        let age = policies.good.iter().chain(&policies.short).map(|p| p.max_age).min().unwrap_or_default();
        let values = args![host = host, days = age / DAY_S];
        let entry = if host.parse::<IpAddr>().is_ok() {
            sheet.not_applicable(&host, "literal", &values)
        } else if !policies.short.is_empty() {
            sheet.warn(&host, "short", &values)
        } else if !policies.good.is_empty() && policies.missing + policies.invalid + policies.off > 0 {
            sheet.warn(&host, "partial", &values)
        } else if !policies.good.is_empty() {
            sheet.pass(&host, "pass", &values)
        } else if policies.off > 0 {
            sheet.fail(&host, "off", &values)
        } else if policies.invalid > 0 {
            sheet.fail(&host, "invalid", &values)
        } else {
            sheet.fail(&host, "missing", &values)
        };
        let entry = entry.excerpt(excerpt(policies.lines));
        let pieces = policies.ids.iter().filter_map(|id| case.evidence.iter().find(|(i, _)| i == id));
        let _ = pieces.fold(entry, |entry, (id, record)| {
            entry.from(&crate::check::Piece { id, record, body: &record.outcome })
        });
    }
}
