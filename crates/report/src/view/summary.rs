//! The first pages: the conclusion, the seven domains, and what changed since the last run.

use bulwark_model::{Change, Finding, Lang, Severity};
use serde::Serialize;

use super::{Chip, Refs, chapter_id, of_domain, previous_score, score_words, severity_chip, taipei_day};
use crate::chart;
use crate::clean;
use crate::document::HealthReport;
use crate::texts::Words;

/// One page for a reader who has one minute.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// The conclusion, one sentence.
    pub lead: String,
    /// What else must be known before acting.
    pub notes: Vec<String>,
    pub severities: Vec<SeverityCount>,
    pub gravest: Vec<Gravest>,
    pub limits: Vec<String>,
}

/// How many findings of one severity, and when the first is due.
#[derive(Debug, Serialize)]
pub(crate) struct SeverityCount {
    pub chip: Chip,
    /// A number, or 未知 when nothing was tested: no data is never shown as none found.
    pub count: String,
    pub known: bool,
    pub none: bool,
    pub due: String,
}

/// One of the three gravest findings, in plain words.
#[derive(Debug, Serialize)]
pub(crate) struct Gravest {
    pub chip: Chip,
    pub number: String,
    pub id: String,
    pub title: String,
    pub asset: String,
    pub why: String,
    pub action: String,
}

/// One of the seven rows.
#[derive(Debug, Serialize)]
pub(crate) struct DomainRow {
    pub id: String,
    pub name: String,
    pub tested: String,
    pub not_tested: String,
    pub has_not_tested: bool,
    /// Severity of the worst finding, if any.
    pub chip: Option<Chip>,
    pub worst: String,
    pub worst_id: Option<String>,
    pub score: String,
    pub untested: bool,
    pub previous: Option<String>,
    /// The bar, drawn by our own code.
    pub bar: minijinja::Value,
}

/// Against the previous run.
#[derive(Debug, Serialize)]
pub(crate) struct ComparisonView {
    /// One sentence: the first run, or what changed.
    pub lead: String,
    pub counts: Vec<ChangeCount>,
    pub scores: Vec<ScoreChange>,
    pub fixed: Vec<PastFinding>,
    pub not_retested: Vec<PastFinding>,
}

/// How many findings stand in one relation.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeCount {
    pub label: String,
    pub count: String,
    pub note: String,
}

/// A domain's score then and now.
#[derive(Debug, Serialize)]
pub(crate) struct ScoreChange {
    pub name: String,
    pub id: String,
    pub before: String,
    pub after: String,
    pub change: String,
}

/// A finding of the previous run.
#[derive(Debug, Serialize)]
pub(crate) struct PastFinding {
    pub chip: Chip,
    pub title: String,
    pub asset: String,
    pub check: String,
}

/// The conclusion in one sentence, as the first line of every output has it.
pub(crate) fn lead(doc: &HealthReport, lang: Lang) -> String {
    let w = Words(lang);
    let tested: usize = doc.chapters.iter().map(crate::document::Chapter::tested).sum();
    let seen = doc.chapters.iter().filter(|c| c.tested() > 0).count();
    let checked = if seen == doc.chapters.len() {
        w.count("lead.all", tested)
    } else {
        w.count_with("lead.some", tested, &[("domains", seen.to_string())])
    };
    if doc.findings.is_empty() {
        return if tested == 0 {
            w.t("lead.nothing_tested")
        } else {
            w.fill("lead.no_findings", &[("tested", checked)])
        };
    }
    let findings = w.count("lead.findings", doc.findings.len());
    let worst = doc.findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Advice);
    let urgent: Vec<&Finding> = doc.findings.iter().filter(|f| f.severity == worst).collect();
    let due = urgent.iter().map(|f| f.due).min().unwrap_or_else(|| taipei_day(doc.run.judged_at));
    let mut args = vec![("tested", checked), ("findings", findings), ("due", bulwark_i18n::date(due, lang))];
    let days = due.since(taipei_day(doc.run.judged_at)).map_or(0, |span| span.get_days());
    match worst {
        Severity::High => {
            args.push(("high", w.count("lead.high", urgent.len())));
            match usize::try_from(days) {
                Ok(n) if n > 0 => {
                    args.push(("within", w.count("lead.days", n)));
                    w.fill("lead.high_within", &args)
                }
                _ => w.fill("lead.high_by", &args),
            }
        }
        _ => w.fill("lead.no_high", &args),
    }
}

pub(crate) fn summary(doc: &HealthReport, w: Words, refs: &Refs) -> Summary {
    Summary {
        lead: lead(doc, w.0),
        notes: notes(doc, w),
        severities: Severity::ALL.iter().rev().map(|s| severity_count(doc, *s, w)).collect(),
        gravest: gravest(doc, w, refs),
        limits: doc.limits.iter().map(|t| w.of(t)).collect(),
    }
}

/// Which domains were not looked at, and how many checks gave no answer.
fn notes(doc: &HealthReport, w: Words) -> Vec<String> {
    let mut notes = Vec::new();
    let none: Vec<String> = doc
        .chapters
        .iter()
        .filter(|c| c.tested() == 0)
        .map(|c| c.domain.label().get(w.0).to_owned())
        .collect();
    let all = none.len() == doc.chapters.len();
    if !none.is_empty() && !all {
        let names = bulwark_i18n::list(&none, w.0);
        notes.push(w.count_with("note.domains", none.len(), &[("names", names)]));
    }
    let open: usize = doc.chapters.iter().map(crate::document::Chapter::not_tested).sum();
    if open > 0 {
        notes.push(w.count("note.unknown", open));
    }
    if !doc.diagnostics.is_empty() {
        notes.push(w.count("note.diagnostics", doc.diagnostics.len()));
    }
    notes
}

fn severity_count(doc: &HealthReport, severity: Severity, w: Words) -> SeverityCount {
    let count = doc.severity_count(severity);
    let known = count > 0 || doc.chapters.iter().any(|c| c.tested() > 0);
    let first = doc.findings.iter().filter(|f| f.severity == severity).map(|f| f.due).min();
    SeverityCount {
        chip: severity_chip(severity, w),
        count: if known { bulwark_i18n::number(count as u64) } else { w.t("annex.unknown") },
        known,
        none: count == 0,
        due: first.map_or_else(String::new, |d| {
            w.fill("summary.first_due", &[("due", bulwark_i18n::date(d, w.0))])
        }),
    }
}

fn gravest(doc: &HealthReport, w: Words, refs: &Refs) -> Vec<Gravest> {
    let mut order: Vec<(usize, &Finding)> = doc.findings.iter().enumerate().collect();
    order.sort_by_key(|(at, f)| (std::cmp::Reverse(f.severity), *at));
    order
        .into_iter()
        .take(3)
        .map(|(at, f)| Gravest {
            chip: severity_chip(f.severity, w),
            number: Refs::number(at),
            id: refs.id(at),
            title: w.of(&f.title),
            asset: clean::line(&f.asset),
            why: w.of(&f.why),
            action: w.fill(
                "summary.action",
                &[
                    ("owner", owner(f, w)),
                    ("due", bulwark_i18n::date(f.due, w.0)),
                    ("effort", f.effort.label().get(w.0).to_owned()),
                ],
            ),
        })
        .collect()
}

/// Who should act, or that nobody is named.
pub(super) fn owner(f: &Finding, w: Words) -> String {
    let owner = clean::line(&f.owner);
    if owner.is_empty() { w.t("owner.none") } else { owner }
}

pub(crate) fn domains(doc: &HealthReport, w: Words, refs: &Refs) -> Vec<DomainRow> {
    doc.chapters
        .iter()
        .map(|c| {
            let worst = of_domain(doc, c.domain).max_by_key(|(at, f)| (f.severity, std::cmp::Reverse(*at)));
            let previous = previous_score(doc, c.domain);
            let tested = c.tested();
            let score = score_words(c.score, w);
            let words = match worst {
                Some((_, f)) => w.of(&f.title),
                None if tested == 0 => w.t("domains.unknown"),
                None => w.t("domains.no_finding"),
            };
            DomainRow {
                id: chapter_id(c.domain),
                name: c.domain.label().get(w.0).to_owned(),
                tested: bulwark_i18n::number(tested as u64),
                not_tested: bulwark_i18n::number(c.not_tested() as u64),
                has_not_tested: c.not_tested() > 0,
                chip: worst.map(|(_, f)| severity_chip(f.severity, w)),
                worst: words,
                worst_id: worst.map(|(at, _)| refs.id(at)),
                untested: c.score.is_none(),
                previous: previous.map(|p| w.fill("score.previous", &[("score", p.min(100).to_string())])),
                bar: minijinja::Value::from_safe_string(chart::score_bar(c.score, previous, &score)),
                score,
            }
        })
        .collect()
}

pub(crate) fn comparison(doc: &HealthReport, w: Words) -> ComparisonView {
    let Some(past) = &doc.comparison else {
        return ComparisonView {
            lead: w.t("comparison.first"),
            counts: Vec::new(),
            scores: Vec::new(),
            fixed: Vec::new(),
            not_retested: Vec::new(),
        };
    };
    let count = |change| bulwark_i18n::number(doc.change_count(change) as u64);
    let lead = w.fill(
        "comparison.lead",
        &[
            ("at", bulwark_i18n::date(taipei_day(past.previous_finished_at), w.0)),
            ("fixed", count(Change::Fixed)),
            ("open", count(Change::StillOpen)),
            ("new", count(Change::New)),
            ("regressed", count(Change::Regressed)),
        ],
    );
    let counts = [
        (Change::New, w.t("comparison.note_new")),
        (Change::StillOpen, w.t("comparison.note_still_open")),
        (Change::Fixed, w.t("comparison.note_fixed")),
        (Change::Regressed, w.t("comparison.note_regressed")),
        (Change::NotRetested, w.t("comparison.note_not_retested")),
    ]
    .map(|(change, note)| ChangeCount {
        label: change.label().get(w.0).to_owned(),
        count: count(change),
        note,
    });
    ComparisonView {
        lead,
        counts: counts.into(),
        scores: scores(doc, w),
        fixed: past.fixed.iter().map(|f| past_finding(f, w)).collect(),
        not_retested: past.not_retested.iter().map(|f| past_finding(f, w)).collect(),
    }
}

fn scores(doc: &HealthReport, w: Words) -> Vec<ScoreChange> {
    doc.chapters
        .iter()
        .map(|c| {
            let before = previous_score(doc, c.domain);
            let change = match (before, c.score) {
                (Some(b), Some(a)) => match i16::from(a.min(100)) - i16::from(b.min(100)) {
                    0 => w.t("comparison.same"),
                    d if d > 0 => w.fill("comparison.up", &[("points", d.to_string())]),
                    d => w.fill("comparison.down", &[("points", d.abs().to_string())]),
                },
                _ => w.t("comparison.incomparable"),
            };
            ScoreChange {
                name: c.domain.label().get(w.0).to_owned(),
                id: chapter_id(c.domain),
                before: score_words(before, w),
                after: score_words(c.score, w),
                change,
            }
        })
        .collect()
}

fn past_finding(f: &Finding, w: Words) -> PastFinding {
    PastFinding {
        chip: severity_chip(f.severity, w),
        title: w.of(&f.title),
        asset: clean::line(&f.asset),
        check: clean::line(&f.check),
    }
}
