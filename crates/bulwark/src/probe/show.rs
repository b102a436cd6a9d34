//! What a probe prints.

use std::path::Path;

use bulwark_cruise::check::{self, Line};
use bulwark_cruise::plan::single::Single;
use bulwark_cruise::result::CruiseResult;
use bulwark_model::{Diagnostic, Lang, Severity, Text, Verdict};

use crate::print::{self, line, say};

/// The lines, the worst first.
fn sorted(result: &CruiseResult) -> Vec<&Line> {
    let rank = |l: &Line| match l.verdict {
        Verdict::Fail => 0,
        Verdict::Warn => 1,
        Verdict::Error => 2,
        Verdict::Manual => 3,
        Verdict::NotTested => 4,
        Verdict::Info => 5,
        Verdict::Pass => 6,
        _ => 7,
    };
    let mut lines: Vec<&Line> = result.lines.iter().filter(|l| chosen(result, l)).collect();
    lines
        .sort_by(|a, b| rank(a).cmp(&rank(b)).then(severity(b).cmp(&severity(a))).then(a.check.cmp(b.check)));
    lines
}

/// Checks that the profile leaves out write a line too, which nobody asked for.
pub fn chosen(result: &CruiseResult, l: &Line) -> bool {
    check::find(l.check).is_some_and(|d| result.plan.includes(d.domain(), d.id))
}

/// A severity is that of a finding.
fn severity(l: &Line) -> Option<Severity> {
    matches!(l.verdict, Verdict::Fail | Verdict::Warn).then_some(l.severity)
}

/// For people.
pub fn table(single: &Single, result: &CruiseResult, out: Option<&Path>, lang: Lang) {
    let meta = &result.meta;
    line(format!("{}  {}  {}", single.written, single.profile.code(), single.profile.label().get(lang)));
    line("");
    let mut rows = vec![vec![
        say(lang, "判定", "verdict").to_owned(),
        say(lang, "嚴重度", "severity").to_owned(),
        say(lang, "項目", "check").to_owned(),
        say(lang, "對象", "asset").to_owned(),
        say(lang, "說明", "message").to_owned(),
    ]];
    let lines = sorted(result);
    for l in &lines {
        rows.push(vec![
            l.verdict.label().get(lang).to_owned(),
            severity(l).map_or_else(|| "-".to_owned(), |s| s.label().get(lang).to_owned()),
            l.check.to_owned(),
            clean(&l.asset),
            clean(l.message.get(lang)),
        ]);
    }
    print::table(&rows);
    line("");
    let count = |v: Verdict| lines.iter().filter(|l| l.verdict == v).count();
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .filter(|v| count(**v) > 0)
        .map(|v| format!("{} {}", v.label().get(lang), count(*v)))
        .collect();
    line(counts.join("  "));
    line(format!(
        "{} {}  {} {}",
        say(lang, "連線", "connections"),
        meta.connections,
        say(lang, "請求", "requests"),
        meta.requests
    ));
    if lines.iter().any(|l| severity(l).is_some()) {
        line(say(
            lang,
            "如何改善：bulwark probe explain <項目>",
            "What to do: bulwark probe explain <check>",
        ));
    }
    if let Some(out) = out {
        line(format!("{}: {}", say(lang, "報告", "report"), out.join("report.html").display()));
    }
}

/// Foreign text must not steer a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// For programs.
pub fn json(single: &Single, result: &CruiseResult, notes: &[Diagnostic]) {
    let text = |t: &Text| serde_json::json!({ "zh-TW": t.zh_tw, "en": t.en });
    let lines: Vec<serde_json::Value> = sorted(result)
        .into_iter()
        .map(|l| {
            let check = check::find(l.check).map(check::Definition::check);
            serde_json::json!({
                "verdict": l.verdict.code(),
                "severity": severity(l).map(Severity::code),
                "check": l.check,
                "domain": check.as_ref().map(|c| c.domain.code()),
                "asset": l.asset,
                "message": text(&l.message),
                "excerpt": l.excerpt,
                "evidence": l.evidence,
                "standard": check.as_ref().map(|c| c.standard.as_str()),
                "remedy": check.as_ref().map(|c| text(&c.remedy)),
            })
        })
        .collect();
    let notes: Vec<serde_json::Value> =
        notes.iter().map(|n| serde_json::json!({ "code": n.code, "what": text(&n.what) })).collect();
    let meta = &result.meta;
    let document = serde_json::json!({
        "format": 1,
        "target": single.written,
        "profile": single.profile.code(),
        "intensity": meta.intensity.code(),
        "approved_by": single.approval.as_ref().map(|(by, _)| by.as_str()),
        "reason": meta.reason,
        "run": meta.id,
        "started_at": meta.started_at,
        "finished_at": meta.finished_at,
        "tool": meta.tool,
        "connections": meta.connections,
        "requests": meta.requests,
        "lines": lines,
        "notes": notes,
    });
    line(serde_json::to_string_pretty(&document).unwrap_or_default());
}
