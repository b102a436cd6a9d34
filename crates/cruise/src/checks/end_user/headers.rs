//! Security headers of the page a visitor lands on.

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::header::{self, Csp, FrameOptions};
use bulwark_probe::html;

use super::visit::{Landing, landings, masked, settle};
use crate::check::{Case, Sheet};

/// Content-Security-Policy of an HTML page: a policy must be enforced (a report-only one protects
/// nobody) and must rule scripts (CSP3 §6.7.1: without `script-src` or `default-src` any script runs).
/// What such a policy still leaves open is told by `end_user.csp-quality`, so that one weakness gives one
/// finding. All policies of a page apply together. A policy in `<meta>` counts (§3.3).
pub(super) fn csp(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for page in landings(case) {
        let asset = page.asset.as_str();
        let url = args![url = asset];
        if !page.is_html() {
            sheet.not_applicable(asset, "not_html", &url).from(&page.visit.piece);
            continue;
        }
        let fields: Vec<&str> = page.answer.headers_named("content-security-policy").collect();
        let scan = page.url.as_ref().map(|u| html::scan(&page.answer.body, u)).unwrap_or_default();
        let policies: Vec<Csp> = fields
            .iter()
            .copied()
            .chain(scan.meta_csp.iter().map(String::as_str))
            .flat_map(header::csp)
            .collect();
        let shown = fields
            .iter()
            .map(|f| format!("content-security-policy: {}", masked(f)))
            .chain(scan.meta_csp.iter().map(|m| format!("<meta> content-security-policy: {}", masked(m))))
            .collect::<Vec<_>>()
            .join("\n");
        let scripted: Vec<&Csp> = policies.iter().filter(|p| p.script_sources().is_some()).collect();
        let entry = if policies.is_empty() {
            match page.answer.header("content-security-policy-report-only") {
                Some(report) => sheet
                    .fail(asset, "report_only", &url)
                    .excerpt(format!("content-security-policy-report-only: {}", masked(report))),
                None => sheet.fail(asset, "missing", &url).excerpt(seen_headers(&page)),
            }
        } else if scripted.is_empty() {
            sheet.fail(asset, "no_script_rule", &url).excerpt(shown)
        } else {
            sheet.pass(asset, "pass", &url).excerpt(shown)
        };
        entry.from(&page.visit.piece);
    }
}

/// X-Content-Type-Options: the first value of the field must be `nosniff` (Fetch standard). Asked of
/// every answer, not only of HTML.
pub(super) fn nosniff(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for page in landings(case) {
        let asset = page.asset.as_str();
        let value = joined(&page, "x-content-type-options");
        let entry = match &value {
            None => sheet.fail(asset, "missing", &args![url = asset]).excerpt(seen_headers(&page)),
            Some(v) if header::no_sniff(v) => sheet
                .pass(asset, "pass", &args![url = asset])
                .excerpt(format!("x-content-type-options: {}", masked(v))),
            Some(v) => {
                let v = masked(v);
                sheet
                    .fail(asset, "invalid", &args![url = asset, value = v])
                    .excerpt(format!("x-content-type-options: {v}"))
            }
        };
        entry.from(&page.visit.piece);
    }
}

/// Protection against framing of an HTML page: `frame-ancestors` of a policy in a *header* (browsers
/// ignore it in `<meta>`, CSP3 §3.3) replaces X-Frame-Options; else X-Frame-Options must be `DENY`
/// or `SAMEORIGIN`; `ALLOW-FROM` is ignored by browsers (HTML standard, "X-Frame-Options").
pub(super) fn frame_protection(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for page in landings(case) {
        let asset = page.asset.as_str();
        let url = args![url = asset];
        if !page.is_html() {
            sheet.not_applicable(asset, "not_html", &url).from(&page.visit.piece);
            continue;
        }
        let ancestors: Vec<Vec<String>> = page
            .answer
            .headers_named("content-security-policy")
            .flat_map(header::csp)
            .filter(Csp::has_frame_ancestors)
            .map(|p| p.directives.get("frame-ancestors").cloned().unwrap_or_default())
            .collect();
        let options = joined(&page, "x-frame-options");
        let entry = if ancestors.is_empty() {
            match options.as_deref().map(|v| (v, header::frame_options(v))) {
                None => sheet.fail(asset, "missing", &url).excerpt(seen_headers(&page)),
                Some((v, FrameOptions::Invalid)) => {
                    let v = masked(v);
                    sheet
                        .fail(asset, "invalid", &args![url = asset, value = v])
                        .excerpt(format!("x-frame-options: {v}"))
                }
                Some((v, FrameOptions::Deny | FrameOptions::SameOrigin)) => {
                    sheet.pass(asset, "pass", &url).excerpt(format!("x-frame-options: {}", masked(v)))
                }
            }
        } else {
            let open = |list: &Vec<String>| {
                list.iter().any(|s| ["*", "http:", "https:"].iter().any(|w| s.eq_ignore_ascii_case(w)))
            };
            let shown = ancestors
                .iter()
                .map(|a| format!("content-security-policy: frame-ancestors {}", masked(&a.join(" "))))
                .collect::<Vec<_>>()
                .join("\n");
            if ancestors.iter().all(open) {
                sheet.fail(asset, "any_site", &url).excerpt(shown)
            } else {
                sheet.pass(asset, "pass", &url).excerpt(shown)
            }
        };
        entry.from(&page.visit.piece);
    }
}

/// Referrer-Policy of an HTML page. `unsafe-url` sends path and query to every site; the old default
/// `no-referrer-when-downgrade` still sends them to other HTTPS sites. Without any policy browsers use
/// `strict-origin-when-cross-origin` (Referrer Policy §8.1), so its absence is only a warning.
pub(super) fn referrer_policy(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for page in landings(case) {
        let asset = page.asset.as_str();
        if !page.is_html() {
            sheet.not_applicable(asset, "not_html", &args![url = asset]).from(&page.visit.piece);
            continue;
        }
        let field = joined(&page, "referrer-policy");
        // A <meta> counts after the header and so replaces it.
        let meta = meta_referrer(&page.answer.body);
        let policy = meta
            .as_deref()
            .and_then(header::referrer_policy)
            .or_else(|| field.as_deref().and_then(header::referrer_policy));
        let shown = field
            .iter()
            .map(|f| format!("referrer-policy: {}", masked(f)))
            .chain(meta.iter().map(|m| format!("<meta name=referrer content={}>", masked(m))))
            .collect::<Vec<_>>()
            .join("\n");
        let entry = match policy {
            Some(policy @ "unsafe-url") => {
                sheet.fail(asset, "unsafe", &args![url = asset, policy = policy]).excerpt(shown)
            }
            Some(policy @ "no-referrer-when-downgrade") => {
                sheet.warn(asset, "full_url", &args![url = asset, policy = policy]).excerpt(shown)
            }
            Some(policy) => sheet.pass(asset, "pass", &args![url = asset, policy = policy]).excerpt(shown),
            None => {
                let shown = if shown.is_empty() { seen_headers(&page) } else { shown };
                sheet.warn(asset, "missing", &args![url = asset]).excerpt(shown).severity(Severity::Advice)
            }
        };
        entry.from(&page.visit.piece);
    }
}

/// `content` of `<meta name="referrer">`, the last one, lower case.
fn meta_referrer(body: &str) -> Option<String> {
    let lower = body.to_ascii_lowercase();
    lower
        .split("<meta")
        .skip(1)
        .filter_map(|rest| rest.split('>').next())
        .filter(|tag| attribute(tag, "name").is_some_and(|n| n == "referrer"))
        .filter_map(|tag| attribute(tag, "content").map(str::to_owned))
        .last()
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}="))?;
    let rest = rest.trim_start();
    match rest.chars().next()? {
        quote @ ('"' | '\'') => rest.get(1..)?.split(quote).next(),
        _ => rest.split_ascii_whitespace().next().map(|v| v.trim_end_matches('/')),
    }
}

/// All values of a field, joined as RFC 9110 §5.3 says.
fn joined(page: &Landing<'_>, name: &str) -> Option<String> {
    let values: Vec<&str> = page.answer.headers_named(name).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// What came instead: status line and the names of the headers seen, values left out.
fn seen_headers(page: &Landing<'_>) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in &page.answer.headers {
        if !names.contains(&name.as_str()) && names.len() < 40 {
            names.push(name);
        }
    }
    format!(
        "{} {} → {}\nheaders: {}",
        page.answer.method,
        page.asset,
        page.answer.status,
        masked(&names.join(" "))
    )
}
