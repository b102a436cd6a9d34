//! Ways to the site: HSTS preload, HTTP/3, IPv6 beside IPv4, and chains of redirects.

use std::collections::BTreeSet;

use bulwark_i18n::args;
use bulwark_probe::evidence::Exchange;
use bulwark_probe::failure::Code;
use bulwark_probe::header;
use bulwark_probe::html;
use url::Url;

use super::visit::{authority, landings, masked, plain_url, settle, ten_lines, visits};
use super::ways::{Ways, ways};
use crate::check::{Case, Sheet};

/// A year: the least the preload list takes.
const PRELOAD_LEAST_S: u64 = 31_536_000;

/// `end_user.hsts-preload`: a host that says `preload` meets what the list asks (at least a year and
/// `includeSubDomains`). A host that does not say it only gets a note: joining the list binds every
/// subdomain for a long time and is the agency's decision. Hosts without HSTS are told by `network.hsts`.
pub(super) fn hsts_preload(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    let mut seen = BTreeSet::new();
    for page in landings(case) {
        let Some(url) = page.url.as_ref().filter(|_| page.encrypted()) else {
            sheet.not_applicable(&page.asset, "plain", &args![url = page.asset]).from(&page.visit.piece);
            continue;
        };
        let host = url.host_str().unwrap_or_default().to_owned();
        if !seen.insert(host.clone()) {
            continue;
        }
        let values = args![host = host];
        let field = page.answer.header("strict-transport-security");
        let shown = field.map(|f| format!("strict-transport-security: {}", masked(f))).unwrap_or_default();
        let entry = match field.map(header::hsts) {
            None | Some(Err(_)) => sheet.not_applicable(&host, "no_hsts", &values),
            Some(Ok(p)) if !p.preload => sheet.info(&host, "not_asked", &values),
            Some(Ok(p)) if p.max_age >= PRELOAD_LEAST_S && p.include_subdomains => {
                sheet.pass(&host, "pass", &values)
            }
            Some(Ok(_)) => sheet.warn(&host, "not_ready", &values),
        };
        entry.excerpt(shown).from(&page.visit.piece);
    }
}

/// `end_user.http3`: whether the site announces HTTP/3 by Alt-Svc (RFC 9114 §3.1.1, RFC 7838). A fact, not a
/// fault: lines with loss gain most.
pub(super) fn http3(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    let mut seen = BTreeSet::new();
    for page in landings(case) {
        let Some(url) = page.url.as_ref().filter(|_| page.encrypted()) else {
            sheet.not_applicable(&page.asset, "plain", &args![url = page.asset]).from(&page.visit.piece);
            continue;
        };
        let site = authority(url);
        if !seen.insert(site.clone()) {
            continue;
        }
        let fields: Vec<&str> = page.answer.headers_named("alt-svc").collect();
        let found = fields.iter().flat_map(|f| header::alt_svc(f)).find(|a| a.protocol == "h3");
        let entry = match found {
            Some(a) => sheet.pass(&site, "pass", &args![site = site, port = a.port]),
            None => sheet.info(&site, "none", &args![site = site]),
        };
        let shown: Vec<String> = fields.iter().map(|f| format!("alt-svc: {}", masked(f))).collect();
        entry.excerpt(ten_lines(&shown)).from(&page.visit.piece);
    }
}

/// Fields whose difference between the families means another configuration.
const COMPARED: &[&str] = &[
    "content-security-policy",
    "content-type",
    "permissions-policy",
    "referrer-policy",
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
];

/// `end_user.ipv6-parity`: the page over IPv6 is the page over IPv4: same status (else fail), title, size
/// within a fifth, and security headers (else a warning). An IPv6 address in DNS whose port refuses is
/// the site's fault and fails; one we cannot reach may be our own network.
pub(super) fn ipv6_parity(case: &Case<'_>, sheet: &mut Sheet) {
    for page in ways(case) {
        let asset = page.asset.as_str();
        let url = args![url = asset];
        let (Some(four), Some(six)) = (page.answer("ipv4"), page.answer("ipv6")) else {
            sheet.not_applicable(asset, "one_family", &url).from(&page.piece);
            continue;
        };
        match (four, six) {
            (Ok(four), Ok(six)) => compare(sheet, &page, four, six),
            (Ok(_), Err(e)) if e.code == Code::Refused => {
                sheet.fail(asset, "v6_refused", &url).excerpt(e.to_string()).from(&page.piece);
            }
            (Err(e), Ok(_)) if e.code == Code::Refused => {
                sheet.fail(asset, "v4_refused", &url).excerpt(e.to_string()).from(&page.piece);
            }
            (Err(e), _) | (_, Err(e)) => {
                sheet.error(asset, e).from(&page.piece);
            }
        }
    }
}

fn compare(sheet: &mut Sheet, page: &Ways<'_>, four: &Exchange, six: &Exchange) {
    let asset = page.asset.as_str();
    let title = |x: &Exchange| html::scan(&x.body, &page.url).title.unwrap_or_default();
    let (title4, title6) = (title(four), title(six));
    let size = |x: &Exchange| x.decoded_bytes;
    let apart = size(four).abs_diff(size(six)) > size(four).max(size(six)) / 5;
    let differing: Vec<&str> =
        COMPARED.iter().copied().filter(|name| four.header(name) != six.header(name)).collect();
    let line = |family: &str, x: &Exchange, title: &str| {
        format!("{family} {} → {} · {} B · <title>{}</title>", x.address, x.status, size(x), masked(title))
    };
    let mut shown = vec![line("IPv4", four, &title4), line("IPv6", six, &title6)];
    shown.extend(differing.iter().take(7).map(|n| format!("{n}: ≠")));
    let shown = ten_lines(&shown);
    let url = args![url = asset, four = four.status, six = six.status];
    if four.status != six.status {
        sheet.fail(asset, "status", &url).excerpt(shown).from(&page.piece);
        return;
    }
    if title4 != title6 || (apart && (200..300).contains(&four.status)) {
        sheet.warn(asset, "content", &url).excerpt(&shown).from(&page.piece);
    }
    if !differing.is_empty() {
        sheet.warn(asset, "headers", &url).excerpt(&shown).from(&page.piece);
    } else if title4 == title6 && !apart {
        sheet.pass(asset, "pass", &url).excerpt(shown).from(&page.piece);
    }
}

/// Redirects a visitor should not have to follow more of.
const HOPS: usize = 3;

/// `end_user.redirect-chain`: the addresses of the plan lead to a page within three redirects and never
/// back from HTTPS to plain HTTP. A circle fails (RFC 9110 §15.4), a step back to plain HTTP too. Whether
/// plain HTTP leads to HTTPS on the same host first is asked by `network.https-redirect`.
pub(super) fn redirect_chain(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for visit in visits(case) {
        let http = visit.piece.body;
        let asset = visit.planned();
        let mut shown: Vec<String> =
            http.hops.iter().map(|h| format!("{} {}", h.status, plain_url(&h.url))).collect();
        if let Some(e) = &http.stopped {
            shown.push(plain_url(e.detail.rsplit(" → ").next().unwrap_or_default()));
        }
        let shown = ten_lines(&shown);
        let redirects = http.hops.len().saturating_sub(1);
        let values = args![url = asset, count = redirects];
        let circle = http.stopped.as_ref().is_some_and(|e| e.code == Code::RedirectLoop);
        let secure: Vec<bool> =
            http.hops.iter().filter_map(|h| Url::parse(&h.url).ok()).map(|u| u.scheme() == "https").collect();
        let back = secure.windows(2).any(|pair| matches!(pair, [true, false]));
        let entry = match &http.stopped {
            _ if circle => sheet.fail(&asset, "circle", &values),
            _ if back => sheet.fail(&asset, "downgrade", &values),
            // Another host that the plan does not name: how it goes on there was not looked at.
            Some(e) if e.code == Code::RedirectOutOfScope => sheet.info(&asset, "leaves", &values),
            Some(e) => sheet.error(&asset, e),
            None if http.hops.is_empty() => continue,
            None if redirects > HOPS => sheet.warn(&asset, "long", &values),
            None => sheet.pass(&asset, "pass", &values),
        };
        entry.excerpt(shown).from(&visit.piece);
    }
}
