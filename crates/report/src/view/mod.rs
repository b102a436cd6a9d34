//! The report in one language, cut to page size and put into words, before HTML or Markdown.
//!
//! Both writers read these structs, so both say the same. Every string is free of control
//! characters; none is escaped yet.

mod annex;
mod chapter;
mod summary;

use bulwark_model::{Domain, Finding, Lang, ProtectionLevel, Severity, Verdict};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Serialize;

use crate::clean;
use crate::document::HealthReport;
use crate::texts::Words;

pub(crate) use annex::{Annex, annex};
pub(crate) use chapter::{ChapterView, FindingView, PlanRow, Refs, chapters, plan};
pub(crate) use summary::{ComparisonView, DomainRow, Summary, comparison, domains, lead, summary};

/// The whole report, ready to lay out.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    pub agency: String,
    pub system: String,
    pub title: String,
    pub report_id: String,
    pub classification: String,
    pub facts: Vec<Pair>,
    pub incomplete: Option<String>,
    pub summary: Summary,
    pub domains: Vec<DomainRow>,
    pub comparison: ComparisonView,
    pub chapters: Vec<ChapterView>,
    pub plan: Vec<PlanRow>,
    /// Said when the plan has no rows.
    pub plan_none: String,
    pub annex: Annex,
    pub made_by: String,
}

/// A label and its value.
#[derive(Debug, Serialize)]
pub(crate) struct Pair {
    pub label: String,
    pub value: String,
    /// True when the value is not known.
    pub unknown: bool,
}

/// A state: shape, word and colour together.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Chip {
    pub tone: &'static str,
    pub icon: &'static str,
    pub label: String,
}

impl View {
    pub fn new(doc: &HealthReport, lang: Lang) -> Self {
        let w = Words(lang);
        let refs = Refs::new(doc);
        let system = clean::line(&doc.system.name);
        let tested = doc.chapters.iter().any(|c| c.tested() > 0);
        Self {
            agency: clean::line(&doc.system.agency),
            title: w.fill("title", &[("system", before_text(&system, lang))]),
            report_id: clean::line(&doc.run.id),
            classification: clean::line(doc.run.classification.get(lang)),
            facts: facts(doc, w),
            incomplete: (!doc.run.complete).then(|| {
                w.fill(
                    "incomplete.text",
                    &[
                        ("done", bulwark_i18n::number(doc.run.items_done.into())),
                        ("planned", bulwark_i18n::number(doc.run.items_planned.into())),
                    ],
                )
            }),
            summary: summary(doc, w, &refs),
            domains: domains(doc, w, &refs),
            comparison: comparison(doc, w),
            chapters: chapters(doc, w, &refs),
            plan: plan(doc, w, &refs),
            plan_none: w.t(if tested { "plan.none" } else { "plan.unknown" }),
            annex: annex(doc, w),
            made_by: w.fill(
                "made_by",
                &[
                    ("version", clean::line(&doc.run.tool_version)),
                    ("at", bulwark_i18n::date_time(doc.run.judged_at, lang)),
                ],
            ),
            system,
        }
    }
}

/// A name that text follows at once. Chinese text keeps a space from a Latin letter or a digit.
fn before_text(name: &str, lang: Lang) -> String {
    // Full-width and Chinese characters begin at U+2E80 and need none.
    let narrow = name.ends_with(|c: char| c.is_alphanumeric() && c < '\u{2e80}');
    let space = if lang == Lang::ZhTw && narrow { " " } else { "" };
    format!("{name}{space}")
}

/// The block under the title, as on an official letter.
fn facts(doc: &HealthReport, w: Words) -> Vec<Pair> {
    let lang = w.0;
    let [c, i, a] = doc.system.cia.map(|l: ProtectionLevel| l.label().get(lang).to_owned());
    let level = w.fill(
        "fact.level_value",
        &[("level", doc.system.level.label().get(lang).to_owned()), ("c", c), ("i", i), ("a", a)],
    );
    let period = w.fill(
        "fact.period_value",
        &[("from", bulwark_i18n::date_time(doc.run.started_at, lang)), ("to", end_of_period(doc, lang))],
    );
    vec![
        pair(w.t("fact.agency"), clean::line(&doc.system.agency)),
        pair(w.t("fact.report_id"), clean::line(&doc.run.id)),
        pair(w.t("fact.date"), bulwark_i18n::date(taipei_day(doc.run.judged_at), lang)),
        pair(w.t("fact.classification"), clean::line(doc.run.classification.get(lang))),
        pair(w.t("fact.period"), period),
        pair(w.t("fact.intensity"), doc.run.intensity.label().get(lang).to_owned()),
        pair(w.t("fact.class"), doc.system.class.label().get(lang).to_owned()),
        pair(w.t("fact.level"), level),
    ]
}

/// When the run ended; the day is left out when it is the day it began.
fn end_of_period(doc: &HealthReport, lang: Lang) -> String {
    let end = bulwark_i18n::date_time(doc.run.finished_at, lang);
    let same_day = taipei_day(doc.run.started_at) == taipei_day(doc.run.finished_at);
    match end.rsplit_once(' ') {
        Some((_, time)) if same_day => time.to_owned(),
        _ => end,
    }
}

fn pair(label: String, value: String) -> Pair {
    Pair { label, value, unknown: false }
}

/// The day of a moment in Taipei.
fn taipei_day(t: Timestamp) -> Date {
    TimeZone::fixed(jiff::tz::offset(8)).to_datetime(t).date()
}

/// How a severity is shown.
fn severity_chip(severity: Severity, w: Words) -> Chip {
    let (tone, icon) = match severity {
        Severity::High => ("danger", "octagon"),
        Severity::Medium => ("caution", "triangle"),
        Severity::Low => ("plain", "diamond"),
        Severity::Advice => ("plain", "info"),
    };
    Chip { tone, icon, label: severity.label().get(w.0).to_owned() }
}

/// How a verdict is shown. What was not judged is hatched and grey, never green.
fn verdict_chip(verdict: Verdict, w: Words) -> Chip {
    let (tone, icon) = match verdict {
        Verdict::Pass => ("ok", "check"),
        Verdict::Warn => ("caution", "triangle"),
        Verdict::Fail => ("danger", "octagon"),
        Verdict::Info => ("plain", "info"),
        Verdict::Exempt => ("plain", "exempt"),
        Verdict::NotApplicable => ("plain", "dash"),
        Verdict::Error | Verdict::NotTested | Verdict::Manual => ("unknown", "ring"),
    };
    Chip { tone, icon, label: verdict.label().get(w.0).to_owned() }
}

/// The id of a chapter, for links.
fn chapter_id(domain: Domain) -> String {
    format!("chapter-{}", domain.code())
}

/// Open findings of a domain, in the order of the document.
fn of_domain(doc: &HealthReport, domain: Domain) -> impl Iterator<Item = (usize, &Finding)> {
    doc.findings.iter().enumerate().filter(move |(_, f)| f.domain == domain)
}

/// The score of a domain in the previous run, if there was one.
fn previous_score(doc: &HealthReport, domain: Domain) -> Option<u8> {
    let at = Domain::ALL.iter().position(|d| *d == domain)?;
    doc.comparison.as_ref()?.previous_scores.get(at).copied().flatten()
}

/// A score in words: `85 分` or 未檢.
fn score_words(score: Option<u8>, w: Words) -> String {
    match score {
        Some(s) => w.fill("score.value", &[("score", s.min(100).to_string())]),
        None => w.t("score.none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_text_keeps_a_space_from_latin() {
        let zh = |name| before_text(name, Lang::ZhTw);
        assert_eq!(zh("本機 vm"), "本機 vm ");
        assert_eq!(zh("系統 2"), "系統 2 ");
        assert_eq!(zh("Café"), "Café ");
        assert_eq!(zh("案件系統"), "案件系統");
        assert_eq!(zh("系統（新）"), "系統（新）");
        assert_eq!(zh("系統Ａ"), "系統Ａ", "full width");
        assert_eq!(zh(""), "");
        assert_eq!(before_text("vm", Lang::En), "vm");
    }
}
