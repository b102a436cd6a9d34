//! The seven chapters, their findings, and the upgrade plan made from them.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_model::{Finding, Verdict};
use serde::Serialize;

use super::summary::owner;
use super::{Chip, Pair, chapter_id, of_domain, pair, score_words, severity_chip, verdict_chip};
use crate::chart;
use crate::clean;
use crate::document::{Chapter, CheckLine, Figure, HealthReport};
use crate::texts::Words;

/// Ids inside the document, so that parts can link to each other.
pub(crate) struct Refs {
    findings: Vec<String>,
    evidence: BTreeMap<String, String>,
}

impl Refs {
    /// Ids come from fingerprints (stable from run to run) where these are plain and unique, and
    /// from positions otherwise.
    pub fn new(doc: &HealthReport) -> Self {
        let mut seen = BTreeSet::new();
        let findings = doc
            .findings
            .iter()
            .enumerate()
            .map(|(at, f)| {
                let plain = !f.fingerprint.is_empty()
                    && f.fingerprint.len() <= 64
                    && f.fingerprint.bytes().all(|b| b.is_ascii_alphanumeric());
                let id = format!("finding-{}", f.fingerprint);
                if plain && seen.insert(id.clone()) { id } else { format!("finding-no-{}", at + 1) }
            })
            .collect();
        let evidence =
            doc.evidence.iter().enumerate().map(|(at, e)| (e.id.clone(), Self::evidence_anchor(at)));
        Self { findings, evidence: evidence.rev().collect() }
    }

    /// The id of the finding at a place of `doc.findings`.
    pub fn id(&self, at: usize) -> String {
        self.findings.get(at).cloned().unwrap_or_default()
    }

    /// The number people quote: `F-01`.
    pub fn number(at: usize) -> String {
        format!("F-{:02}", at + 1)
    }

    /// The id of the evidence record at a place of `doc.evidence`.
    pub fn evidence_anchor(at: usize) -> String {
        format!("evidence-{}", at + 1)
    }

    /// Evidence ids as links; an id without a record has no link.
    pub fn evidence(&self, ids: &[String]) -> Vec<EvidenceLink> {
        ids.iter()
            .map(|id| EvidenceLink { text: clean::line(id), id: self.evidence.get(id).cloned() })
            .collect()
    }
}

/// An evidence id and where its record stands in the annex.
#[derive(Debug, Serialize)]
pub(crate) struct EvidenceLink {
    pub text: String,
    pub id: Option<String>,
}

/// One domain's chapter.
#[derive(Debug, Serialize)]
pub(crate) struct ChapterView {
    pub id: String,
    pub number: String,
    pub name: String,
    pub outcome: String,
    pub untested: bool,
    pub results: Vec<ResultRow>,
    pub figures: Vec<FigureView>,
    pub findings: Vec<FindingView>,
}

/// One result of one check.
#[derive(Debug, Serialize)]
pub(crate) struct ResultRow {
    pub chip: Chip,
    pub severity: Option<Chip>,
    pub title: String,
    pub check: String,
    pub asset: String,
    pub message: String,
    pub excerpt: Option<Excerpt>,
    pub evidence: Vec<EvidenceLink>,
    pub standard: String,
}

/// Lines of evidence, and what was cut.
#[derive(Debug, Serialize)]
pub(crate) struct Excerpt {
    pub text: String,
    pub cut: Option<String>,
}

/// A measurement.
#[derive(Debug, Serialize)]
pub(crate) struct FigureView {
    pub id: String,
    pub title: String,
    pub unit: String,
    /// The drawing, made by our own code.
    pub svg: Option<minijinja::Value>,
    pub rows: Vec<Pair>,
    /// A PNG as a `data:` address.
    pub image: Option<String>,
    /// Said when there is nothing to show.
    pub missing: Option<String>,
}

/// A finding in full.
#[derive(Debug, Serialize)]
pub(crate) struct FindingView {
    pub id: String,
    pub number: String,
    pub chip: Chip,
    pub title: String,
    pub asset: String,
    pub why: String,
    pub excerpt: Option<Excerpt>,
    pub evidence: Vec<EvidenceLink>,
    /// What to do, in words: the first line of the remedy.
    pub remedy: String,
    /// Its further lines as they stood: settings to paste, steps.
    pub remedy_lines: Option<String>,
    pub facts: Vec<Pair>,
}

/// One line of the 健康升級方案.
#[derive(Debug, Serialize)]
pub(crate) struct PlanRow {
    pub number: String,
    pub id: String,
    pub chip: Chip,
    pub title: String,
    pub asset: String,
    pub action: String,
    pub owner: String,
    pub effort: String,
    pub due: String,
}

pub(crate) fn chapters(doc: &HealthReport, w: Words, refs: &Refs) -> Vec<ChapterView> {
    doc.chapters
        .iter()
        .enumerate()
        .map(|(at, c)| {
            let id = chapter_id(c.domain);
            ChapterView {
                number: w.fill("chapter.number", &[("n", numeral(at + 1, w))]),
                name: c.domain.label().get(w.0).to_owned(),
                outcome: outcome(doc, c, w),
                untested: c.tested() == 0,
                results: c.results.iter().map(|r| result(r, w, refs)).collect(),
                figures: c
                    .figures
                    .iter()
                    .enumerate()
                    .map(|(n, f)| figure(f, format!("{id}-figure-{}", n + 1), w))
                    .collect(),
                findings: of_domain(doc, c.domain).map(|(at, f)| finding(at, f, w, refs)).collect(),
                id,
            }
        })
        .collect()
}

/// 一、二、三 … in Chinese, figures in English.
fn numeral(n: usize, w: Words) -> String {
    const HAN: [&str; 10] = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十"];
    match w.0 {
        bulwark_model::Lang::ZhTw => HAN.get(n - 1).map_or_else(|| n.to_string(), |s| (*s).to_owned()),
        bulwark_model::Lang::En => n.to_string(),
    }
}

/// The chapter in one sentence: how many checks, how they ended, the score.
fn outcome(doc: &HealthReport, c: &Chapter, w: Words) -> String {
    if c.tested() == 0 {
        return if c.results.is_empty() { w.t("chapter.no_checks") } else { w.t("chapter.untested") };
    }
    let parts: Vec<String> = Verdict::ALL
        .iter()
        .filter_map(|v| {
            let n = c.results.iter().filter(|r| r.verdict == *v).count();
            let verdict = v.label().get(w.0).to_owned();
            (n > 0).then(|| w.fill("chapter.part", &[("verdict", verdict), ("n", n.to_string())]))
        })
        .collect();
    let found = of_domain(doc, c.domain).count();
    let findings = if found == 0 { w.t("chapter.no_findings") } else { w.count("chapter.findings", found) };
    let args = [("parts", bulwark_i18n::list(&parts, w.0)), ("findings", findings)];
    let sentence = w.count_with("chapter.outcome", c.results.len(), &args);
    let score = match c.score {
        Some(_) => w.fill("chapter.score", &[("score", score_words(c.score, w))]),
        None => w.t("chapter.no_score"),
    };
    match w.0 {
        bulwark_model::Lang::ZhTw => format!("{sentence}{score}"),
        bulwark_model::Lang::En => format!("{sentence} {score}"),
    }
}

fn result(r: &CheckLine, w: Words, refs: &Refs) -> ResultRow {
    ResultRow {
        chip: verdict_chip(r.verdict, w),
        severity: r
            .severity
            .filter(|_| matches!(r.verdict, Verdict::Fail | Verdict::Warn))
            .map(|s| severity_chip(s, w)),
        title: w.of(&r.title),
        check: clean::line(&r.id),
        asset: clean::line(&r.asset),
        message: w.of(&r.message),
        excerpt: excerpt(&r.excerpt, w),
        evidence: refs.evidence(&r.evidence),
        standard: clean::line(&r.standard),
    }
}

fn excerpt(s: &str, w: Words) -> Option<Excerpt> {
    let block = clean::block(s);
    if block.text.is_empty() && block.lines_cut == 0 {
        return None;
    }
    let mut cut = Vec::new();
    if block.lines_cut > 0 {
        cut.push(w.count("excerpt.lines_cut", block.lines_cut));
    }
    if block.long_lines_cut {
        cut.push(w.fill("excerpt.long_lines_cut", &[("n", clean::LINE_CHARS.to_string())]));
    }
    let separator = if w.0 == bulwark_model::Lang::ZhTw { "" } else { " " };
    Some(Excerpt { text: block.text, cut: (!cut.is_empty()).then(|| cut.join(separator)) })
}

fn figure(f: &Figure, id: String, w: Words) -> FigureView {
    match f {
        Figure::Bars { title, unit, rows, limit } => {
            let (title, unit) = (w.of(title), clean::line(unit));
            let rows: Vec<(String, f64)> = rows.iter().map(|(l, v)| (clean::line(l), *v)).collect();
            let limit = limit.as_ref().map(|(v, label)| (*v, w.of(label)));
            let mut desc = w.count_with("figure.desc", rows.len(), &[("unit", unit.clone())]);
            let greatest = rows.iter().filter(|r| r.1.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((label, value)) = greatest {
                let args = [("label", label.clone()), ("value", chart::with_unit(*value, &unit))];
                desc.push_str(&w.fill("figure.greatest", &args));
            }
            if let Some((value, label)) = &limit {
                let args = [("label", label.clone()), ("value", chart::with_unit(*value, &unit))];
                desc.push_str(&w.fill("figure.limit", &args));
            }
            let gap = w.t("figure.gap");
            let svg = chart::bars(&chart::Bars {
                id: &id,
                title: &title,
                desc: &desc,
                unit: &unit,
                rows: &rows,
                limit: limit.as_ref().map(|(v, label)| (*v, label.as_str())),
                gap: &gap,
            });
            let table = rows
                .into_iter()
                .chain(limit.map(|(v, label)| (label, v)))
                .map(|(label, v)| Pair {
                    label,
                    unknown: !v.is_finite(),
                    value: if v.is_finite() { chart::number(v) } else { gap.clone() },
                })
                .collect();
            let svg = Some(minijinja::Value::from_safe_string(svg));
            FigureView { id, title, unit, svg, rows: table, image: None, missing: None }
        }
        Figure::Image { title, png } => {
            let is_png = png.starts_with(b"\x89PNG\r\n\x1a\n");
            FigureView {
                id,
                title: w.of(title),
                unit: String::new(),
                svg: None,
                rows: Vec::new(),
                image: is_png.then(|| format!("data:image/png;base64,{}", base64(png))),
                missing: (!is_png).then(|| w.t("figure.not_png")),
            }
        }
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn finding(at: usize, f: &Finding, w: Words, refs: &Refs) -> FindingView {
    let mut facts = vec![
        pair(w.t("finding.owner"), owner(f, w)),
        pair(w.t("finding.due"), bulwark_i18n::date(f.due, w.0)),
        pair(w.t("finding.effort"), f.effort.label().get(w.0).to_owned()),
    ];
    if let Some(change) = f.change {
        facts.push(pair(w.t("finding.change"), change.label().get(w.0).to_owned()));
    }
    facts.push(pair(w.t("finding.rule"), w.of(&f.severity_rule)));
    facts.push(pair(w.t("finding.standard"), clean::line(&f.standard)));
    facts.push(pair(w.t("finding.check"), clean::line(&f.check)));
    facts.retain(|p| !p.value.is_empty());
    let (remedy, remedy_lines) = remedy(f, w);
    FindingView {
        id: refs.id(at),
        number: Refs::number(at),
        chip: severity_chip(f.severity, w),
        title: w.of(&f.title),
        asset: clean::line(&f.asset),
        why: w.of(&f.why),
        excerpt: excerpt(&f.excerpt, w),
        evidence: refs.evidence(&f.evidence),
        remedy,
        remedy_lines,
        facts,
    }
}

/// The remedy's first line, and the rest with its line breaks.
fn remedy(f: &Finding, w: Words) -> (String, Option<String>) {
    let whole = f.remedy.get(w.0).trim();
    let (first, rest) = whole.split_once('\n').unwrap_or((whole, ""));
    let rest = clean::block(rest.trim_matches('\n')).text;
    (clean::text(first), (!rest.trim().is_empty()).then_some(rest))
}

/// The plan: what is due first stands first, then what is gravest.
pub(crate) fn plan(doc: &HealthReport, w: Words, refs: &Refs) -> Vec<PlanRow> {
    let mut order: Vec<(usize, &Finding)> = doc.findings.iter().enumerate().collect();
    order.sort_by_key(|(at, f)| (f.due, std::cmp::Reverse(f.severity), *at));
    order
        .into_iter()
        .map(|(at, f)| PlanRow {
            number: Refs::number(at),
            id: refs.id(at),
            chip: severity_chip(f.severity, w),
            title: w.of(&f.title),
            asset: clean::line(&f.asset),
            action: remedy(f, w).0,
            owner: owner(f, w),
            effort: f.effort.label().get(w.0).to_owned(),
            due: bulwark_i18n::date(f.due, w.0),
        })
        .collect()
}
