//! Dumps, repositories and secrets that a web server hands to anyone.

use bulwark_i18n::args;
use bulwark_model::{Effort, Grade, Severity};
use bulwark_probe::evidence::{PathAnswer, Paths};

use super::folder::tidy;
use super::sniff::{Content, Kind, content, kind};
use crate::check::{Case, Definition, Sheet};

/// `data_mgmt.web-dump-exposed`
pub(super) const WEB_DUMP_EXPOSED: Definition = Definition {
    id: "data_mgmt.web-dump-exposed",
    severity: Severity::High,
    grade: Grade::Confidentiality,
    effort: Effort::Small,
    standard: "OWASP WSTG v4.2 WSTG-CONF-04; CWE-530; 個人資料保護法第 27 條、第 18 條",
    kinds: &["paths"],
    judge: web_dump_exposed,
};

/// `data_mgmt.web-repo-exposed`
pub(super) const WEB_REPO_EXPOSED: Definition = Definition {
    id: "data_mgmt.web-repo-exposed",
    severity: Severity::High,
    grade: Grade::Confidentiality,
    effort: Effort::Small,
    standard: "OWASP WSTG v4.2 WSTG-CONF-04; CWE-527, CWE-538",
    kinds: &["paths"],
    judge: web_repo_exposed,
};

/// No dump, archive or left-over copy can be fetched: an answer 200 or 206 that is not the site's
/// answer to a path that does not exist and whose first bytes are such a file fails; one that is
/// neither that nor a page needs a person.
fn web_dump_exposed(case: &Case<'_>, sheet: &mut Sheet) {
    judge(case, sheet, |k| k == Kind::Dump);
}

/// The same for version-control folders, settings with passwords and keys.
fn web_repo_exposed(case: &Case<'_>, sheet: &mut Sheet) {
    judge(case, sheet, |k| matches!(k, Kind::Repository | Kind::Secret));
}

fn judge(case: &Case<'_>, sheet: &mut Sheet, ours: impl Fn(Kind) -> bool) {
    for piece in case.paths() {
        let paths = piece.body;
        let asset = paths.base.as_str();
        let mut exposed = Vec::new();
        let mut unclear = Vec::new();
        let mut failure = None;
        let mut answered = 0_usize;
        for probe in &paths.probes {
            let Some(kind) = kind(&probe.path).filter(|k| ours(*k)) else { continue };
            match &probe.answer {
                Err(e) => failure = failure.or(Some(e)),
                Ok(answer) => {
                    answered = answered.saturating_add(1);
                    match verdict(kind, &probe.path, answer, paths) {
                        Content::Is(what) => exposed.push((probe.path.as_str(), answer, what)),
                        Content::Unclear => unclear.push((probe.path.as_str(), answer, "?")),
                        Content::Page => {}
                    }
                }
            }
        }
        if let Some((first, ..)) = exposed.first() {
            let arguments = args![url = asset, count = exposed.len(), path = tidy(first)];
            sheet.fail(asset, "exposed", &arguments).from(&piece).excerpt(lines(&exposed));
        } else if let Some(e) = failure {
            sheet.error(asset, e).from(&piece);
        } else if let Some((first, ..)) = unclear.first() {
            let arguments = args![url = asset, count = unclear.len(), path = tidy(first)];
            sheet.manual(asset, "unclear", &arguments).from(&piece).excerpt(lines(&unclear));
        } else if answered > 0 {
            sheet.pass(asset, "pass", &args![url = asset, count = answered]).from(&piece);
        }
    }
}

/// Never the content itself: it may be a password.
fn lines(found: &[(&str, &PathAnswer, &str)]) -> String {
    found
        .iter()
        .take(10)
        .map(|(path, a, what)| {
            format!("GET /{} → {} {} {} B [{what}]", tidy(path), a.status, tidy(&a.content_type), a.bytes)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn verdict(kind: Kind, path: &str, answer: &PathAnswer, paths: &Paths) -> Content {
    if !is_success(answer.status) {
        return Content::Page;
    }
    let found = content(kind, path, &answer.content_type, &answer.first.0);
    match &paths.baseline {
        Ok(baseline) if is_success(baseline.status) => {
            let same = baseline.first == answer.first;
            let alike = baseline.content_type == answer.content_type && near(baseline.bytes, answer.bytes);
            if same || (alike && found == Content::Unclear) { Content::Page } else { found }
        }
        _ => found,
    }
}

const fn is_success(status: u16) -> bool {
    matches!(status, 200 | 206)
}

/// Within 5 %: error pages often repeat the path asked for.
fn near(a: u64, b: u64) -> bool {
    a.abs_diff(b) <= a.max(b) / 20
}
