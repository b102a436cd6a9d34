//! Policies of a page in depth: what a CSP leaves open, scripts of others without a hash, and isolation
//! from other origins.

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::header::{self, Csp, Weakness};
use bulwark_probe::html::{self, Role};
use bulwark_probe::observatory::same_site;

use super::load::short;
use super::visit::{Landing, landings, masked, settle, ten_lines};
use crate::check::{Case, Sheet};

/// Policies in force on a page, with how they are shown.
fn policies(page: &Landing<'_>) -> (Vec<Csp>, String) {
    let fields: Vec<&str> = page.answer.headers_named("content-security-policy").collect();
    let metas = page.url.as_ref().map(|u| html::scan(&page.answer.body, u)).unwrap_or_default().meta_csp;
    let all = fields.iter().copied().chain(metas.iter().map(String::as_str)).flat_map(header::csp).collect();
    let shown: Vec<String> = fields
        .iter()
        .map(|f| format!("content-security-policy: {}", masked(f)))
        .chain(metas.iter().map(|m| format!("<meta> content-security-policy: {}", masked(m))))
        .collect();
    (all, ten_lines(&shown))
}

/// `end_user.csp-quality`: what the policies of a page leave open. All policies apply together (CSP3
/// §8.1), so a weakness holds only when every policy has it. Whether there is a policy at all, and one
/// that rules scripts, is asked by `end_user.csp`; without one this check does not apply.
///
/// One line a weakness. Without `default-src` only new kinds of content go unruled: advice.
pub(super) fn csp_quality(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for page in landings(case) {
        let asset = page.asset.as_str();
        let url = args![url = asset];
        if !page.is_html() {
            sheet.not_applicable(asset, "not_html", &url).from(&page.visit.piece);
            continue;
        }
        let (policies, shown) = policies(&page);
        if policies.iter().all(|p| p.script_sources().is_none()) {
            sheet.not_applicable(asset, "no_policy", &url).from(&page.visit.piece);
            continue;
        }
        let each: Vec<Vec<Weakness>> = policies.iter().map(Csp::weaknesses).collect();
        // A policy without a rule for scripts lets them all through: it cannot hold back another's.
        let rules_scripts = |i: usize| policies.get(i).is_some_and(|p| p.script_sources().is_some());
        let holds = |w: Weakness| {
            let script = matches!(w, Weakness::UnsafeInline | Weakness::UnsafeEval | Weakness::AnyHost);
            each.iter().enumerate().all(|(i, list)| list.contains(&w) || (script && !rules_scripts(i)))
        };
        let mut any = false;
        for (weakness, sentence, severity) in [
            (Weakness::UnsafeInline, "unsafe_inline", None),
            (Weakness::UnsafeEval, "unsafe_eval", None),
            (Weakness::AnyHost, "any_host", None),
            (Weakness::Objects, "objects", None),
            (Weakness::Base, "base", None),
            (Weakness::NoDefault, "no_default", Some(Severity::Advice)),
        ] {
            if holds(weakness) {
                any = true;
                let entry = sheet.warn(asset, sentence, &url);
                let entry = match severity {
                    Some(severity) => entry.severity(severity),
                    None => entry,
                };
                entry.excerpt(&shown).from(&page.visit.piece);
            }
        }
        if !any {
            sheet.pass(asset, "pass", &url).excerpt(shown).from(&page.visit.piece);
        }
    }
}

/// `end_user.sri`: scripts and style sheets of other sites carry `integrity` (SRI §3.5), so that a changed
/// file does not run. A style sheet without is a smaller matter and only listed with the scripts. With
/// `integrity` but without `crossorigin` browsers refuse the file (SRI §3.6): a warning.
pub(super) fn sri(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for page in landings(case) {
        let asset = page.asset.as_str();
        let Some(url) = page.url.as_ref().filter(|_| page.is_html()) else {
            sheet.not_applicable(asset, "not_html", &args![url = asset]).from(&page.visit.piece);
            continue;
        };
        let own = url.host_str().unwrap_or_default();
        let foreign = |u: &url::Url| !same_site(u.host_str().unwrap_or_default(), own);
        let scan = html::scan(&page.answer.body, url);
        let outside: Vec<_> =
            scan.resources.iter().filter(|r| r.role == Role::Script && foreign(&r.url)).collect();
        let bare: Vec<String> = outside
            .iter()
            .filter(|r| !r.integrity)
            .map(|r| format!("script {}", short(r.url.as_str())))
            .collect();
        let blocked: Vec<String> = html::scripts(&page.answer.body)
            .iter()
            .filter(|s| s.integrity && !s.crossorigin)
            .filter_map(|s| url.join(s.source.as_deref()?).ok())
            .filter(|u| u.origin() != url.origin())
            .map(|u| format!("script {}", short(u.as_str())))
            .collect();
        let count = args![url = asset, count = bare.len(), all = outside.len()];
        if !bare.is_empty() {
            sheet.fail(asset, "missing", &count).excerpt(ten_lines(&bare)).from(&page.visit.piece);
        }
        if !blocked.is_empty() {
            let count = args![url = asset, count = blocked.len()];
            sheet.warn(asset, "no_crossorigin", &count).excerpt(ten_lines(&blocked)).from(&page.visit.piece);
        }
        if bare.is_empty() && blocked.is_empty() {
            let sentence = if outside.is_empty() { "own_only" } else { "pass" };
            sheet.pass(asset, sentence, &count).from(&page.visit.piece);
        }
    }
}

/// `end_user.corp-coop`: the page keeps itself apart from windows that opened it (COOP, HTML standard
/// §7.1.3) and does not let other sites embed its content (CORP, Fetch §3.7). Advice: browsers' defaults
/// already limit most of it. A value browsers do not know is told apart from none.
pub(super) fn corp_coop(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for page in landings(case) {
        let asset = page.asset.as_str();
        let url = args![url = asset];
        if !page.is_html() {
            sheet.not_applicable(asset, "not_html", &url).from(&page.visit.piece);
            continue;
        }
        if !page.encrypted() {
            // Browsers heed COOP in secure contexts only.
            sheet.not_applicable(asset, "plain", &url).from(&page.visit.piece);
            continue;
        }
        let answer = page.answer;
        let coop = header::policy_token(answer.headers_named("cross-origin-opener-policy"));
        let corp = answer.header("cross-origin-resource-policy").map(|v| v.trim().to_ascii_lowercase());
        let shown = ["cross-origin-opener-policy", "cross-origin-resource-policy"]
            .iter()
            .flat_map(|n| answer.headers_named(n).map(move |v| format!("{n}: {}", masked(v))))
            .collect::<Vec<_>>();
        let shown = ten_lines(&shown);
        let coop_bad = match coop {
            Some(Some("same-origin" | "same-origin-allow-popups" | "noopener-allow-popups")) => None,
            Some(Some("unsafe-none")) | None => Some("no_coop"),
            Some(_) => Some("coop_invalid"),
        };
        let corp_bad = match corp.as_deref() {
            Some("same-origin" | "same-site" | "cross-origin") => None,
            None => Some("no_corp"),
            Some(_) => Some("corp_invalid"),
        };
        for sentence in [coop_bad, corp_bad].into_iter().flatten() {
            sheet.warn(asset, sentence, &url).excerpt(&shown).from(&page.visit.piece);
        }
        if coop_bad.is_none() && corp_bad.is_none() {
            sheet.pass(asset, "pass", &url).excerpt(shown).from(&page.visit.piece);
        }
    }
}
