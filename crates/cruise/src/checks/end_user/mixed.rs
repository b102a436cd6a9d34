//! Mixed content: an HTTPS page that loads parts over plain HTTP.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::header;
use bulwark_probe::html;
use url::{Host, Url};

use super::load::short;
use super::visit::{Landing, landings, settle, ten_lines};
use crate::check::{Case, Sheet};

/// Sub-resources and forms of an HTTPS page that use `http://` (W3C Mixed Content). Scripts, styles,
/// frames and fonts are blocked by browsers (§3.2, high); images and media are fetched over HTTPS
/// instead (§3.1, low); a form would send its data in clear (high). `upgrade-insecure-requests` repairs
/// all of them at load time, so it is only a warning then. Loopback addresses are trustworthy origins
/// (Secure Contexts §3.1) and no mixed content.
pub(super) fn mixed_content(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for landing in landings(case) {
        let asset = landing.asset.as_str();
        let Some(url) = landing.url.as_ref().filter(|_| landing.encrypted()) else {
            sheet.not_applicable(asset, "plain", &args![url = asset]).from(&landing.visit.piece);
            continue;
        };
        if !landing.is_html() {
            sheet.not_applicable(asset, "not_html", &args![url = asset]).from(&landing.visit.piece);
            continue;
        }
        let found = parts(&landing, url);
        if found.is_empty() {
            sheet.pass(asset, "pass", &args![url = asset]).from(&landing.visit.piece);
            continue;
        }
        let upgraded = upgrades(&landing, url);
        let of = |kinds: &[Kind]| -> Vec<String> {
            found
                .iter()
                .filter(|(_, k)| kinds.contains(k))
                .map(|(u, k)| format!("{} {}", k.word(), short(u)))
                .collect()
        };
        if upgraded {
            let lines = of(&[Kind::Active, Kind::Passive, Kind::Form]);
            sheet
                .warn(asset, "upgraded", &args![url = asset, count = lines.len()])
                .severity(Severity::Advice)
                .excerpt(ten_lines(&lines))
                .from(&landing.visit.piece);
            continue;
        }
        for (kind, sentence, severity) in [
            (Kind::Active, "active", Severity::High),
            (Kind::Form, "form", Severity::High),
            (Kind::Passive, "passive", Severity::Low),
        ] {
            let lines = of(&[kind]);
            if !lines.is_empty() {
                sheet
                    .fail(asset, sentence, &args![url = asset, count = lines.len()])
                    .severity(severity)
                    .excerpt(ten_lines(&lines))
                    .from(&landing.visit.piece);
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Active,
    Passive,
    Form,
}

impl Kind {
    fn of(role: &str) -> Self {
        if role == "image" || role == "media" { Self::Passive } else { Self::Active }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Active => "script/style/frame",
            Self::Passive => "image/media",
            Self::Form => "form",
        }
    }
}

/// Everything the page names over plain HTTP: from the kept HTML and from the list of sub-resources
/// (the HTML kept may be cut).
fn parts(landing: &Landing<'_>, url: &Url) -> BTreeMap<String, Kind> {
    let scan = html::scan(&landing.answer.body, url);
    let mut found = BTreeMap::new();
    for r in &scan.resources {
        if insecure(&r.url) {
            found.insert(r.url.to_string(), Kind::of(r.role.as_str()));
        }
    }
    for r in landing.visit.page.iter().flat_map(|p| &p.resources) {
        if Url::parse(&r.url).is_ok_and(|u| insecure(&u)) {
            found.insert(r.url.clone(), Kind::of(&r.role));
        }
    }
    for form in &scan.forms {
        if insecure(&form.action) {
            found.insert(form.action.to_string(), Kind::Form);
        }
    }
    found
}

/// Plain HTTP to a host that is not this machine.
fn insecure(url: &Url) -> bool {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(a)) => IpAddr::V4(a).is_loopback(),
        Some(Host::Ipv6(a)) => IpAddr::V6(a).is_loopback(),
        None => false,
    };
    url.scheme() == "http" && !loopback
}

fn upgrades(landing: &Landing<'_>, url: &Url) -> bool {
    let scan = html::scan(&landing.answer.body, url);
    landing
        .answer
        .headers_named("content-security-policy")
        .chain(scan.meta_csp.iter().map(String::as_str))
        .flat_map(header::csp)
        .any(|p| p.directives.contains_key("upgrade-insecure-requests"))
}
