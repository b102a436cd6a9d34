//! `report.json`: the whole report for other programs, in a versioned form.
//!
//! The structs here are the wire form; they change only together with [`SCHEMA`] and the schema
//! file `schema/health-report-1.schema.json`. Pictures are named, not carried.

use std::fmt::Write as _;

use bulwark_model::{Change, Diagnostic, Effort, Finding, FindingState, Lang, Severity, Text};
use serde::Serialize;

use crate::clean;
use crate::document::{Chapter, CheckLine, Comparison, EvidenceLine, Figure, HealthReport};
use crate::view::lead;

/// What `schema` says in every file of this form.
pub const SCHEMA: &str = "https://bulwark.invalid/schema/health-report/1";

/// Writes the report as JSON, indented, with a line end.
///
/// Values are kept as they were found. Characters that would act on a terminal or reorder text are
/// written as `\u` escapes, so that the file can be looked at safely.
///
/// # Panics
/// Never: structs with text keys always serialise.
pub fn json(doc: &HealthReport) -> String {
    let report = Report::from(doc);
    let plain = serde_json::to_string_pretty(&report).expect("structs with text keys always serialise");
    let mut out = String::with_capacity(plain.len() + 1);
    for c in plain.chars() {
        if clean::acts_on_a_terminal(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

#[derive(Serialize)]
struct Report<'a> {
    schema: &'static str,
    schema_version: u32,
    run: Run<'a>,
    system: System<'a>,
    summary: Summary,
    scope: Vec<Scope<'a>>,
    chapters: Vec<ChapterJson<'a>>,
    findings: Vec<FindingJson<'a>>,
    comparison: Option<ComparisonJson<'a>>,
    limits: &'a [Text],
    diagnostics: Vec<DiagnosticJson<'a>>,
    evidence: Vec<EvidenceJson<'a>>,
    tools: Vec<ToolJson<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    id: &'a str,
    started_at: String,
    finished_at: String,
    judged_at: String,
    tool_version: &'a str,
    plan_sha256: &'a str,
    intensity: &'static str,
    complete: bool,
    items_done: u32,
    items_planned: u32,
    classification: &'a Text,
}

#[derive(Serialize)]
struct System<'a> {
    name: &'a str,
    agency: &'a str,
    class: &'static str,
    protection_level: &'static str,
    confidentiality: &'static str,
    integrity: &'static str,
    availability: &'static str,
    background: Vec<Fact<'a>>,
    approval: Option<ApprovalJson<'a>>,
}

#[derive(Serialize)]
struct Fact<'a> {
    label: &'a Text,
    value: Option<&'a str>,
}

#[derive(Serialize)]
struct ApprovalJson<'a> {
    by: &'a str,
    on: String,
}

#[derive(Serialize)]
struct Summary {
    lead: Text,
    tested: usize,
    not_tested: usize,
    high: usize,
    medium: usize,
    low: usize,
    advice: usize,
}

#[derive(Serialize)]
struct Scope<'a> {
    kind: &'a Text,
    value: &'a str,
}

#[derive(Serialize)]
struct ChapterJson<'a> {
    domain: &'static str,
    score: Option<u8>,
    tested: usize,
    not_tested: usize,
    results: Vec<ResultJson<'a>>,
    figures: Vec<FigureJson<'a>>,
}

#[derive(Serialize)]
struct ResultJson<'a> {
    check: &'a str,
    title: &'a Text,
    verdict: &'static str,
    severity: Option<&'static str>,
    asset: &'a str,
    message: &'a Text,
    excerpt: &'a str,
    evidence: &'a [String],
    standard: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum FigureJson<'a> {
    Bars { title: &'a Text, unit: &'a str, rows: Vec<RowJson<'a>>, limit: Option<LimitJson<'a>> },
    Image { title: &'a Text, bytes: usize },
}

#[derive(Serialize)]
struct RowJson<'a> {
    label: &'a str,
    value: Option<f64>,
}

#[derive(Serialize)]
struct LimitJson<'a> {
    value: Option<f64>,
    label: &'a Text,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    fingerprint: &'a str,
    check: &'a str,
    domain: &'static str,
    severity: &'static str,
    severity_rule: &'a Text,
    state: &'static str,
    change: Option<&'static str>,
    asset: &'a str,
    title: &'a Text,
    why: &'a Text,
    excerpt: &'a str,
    evidence: &'a [String],
    remedy: &'a Text,
    effort: &'static str,
    owner: &'a str,
    due: String,
    standard: &'a str,
}

#[derive(Serialize)]
struct ComparisonJson<'a> {
    previous_finished_at: String,
    previous_scores: Vec<Option<u8>>,
    counts: Counts,
    fixed: Vec<FindingJson<'a>>,
    not_retested: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
struct Counts {
    new: usize,
    still_open: usize,
    fixed: usize,
    regressed: usize,
    not_retested: usize,
}

#[derive(Serialize)]
struct DiagnosticJson<'a> {
    code: &'a str,
    what: &'a Text,
    #[serde(rename = "where")]
    place: Option<String>,
    hint: &'a Text,
    cause: Option<&'a str>,
}

#[derive(Serialize)]
struct EvidenceJson<'a> {
    id: &'a str,
    kind: &'a str,
    subject: &'a str,
    at: String,
    sha256: &'a str,
    bytes: u64,
}

#[derive(Serialize)]
struct ToolJson<'a> {
    name: &'a str,
    version: &'a str,
}

impl<'a> From<&'a HealthReport> for Report<'a> {
    fn from(doc: &'a HealthReport) -> Self {
        Self {
            schema: SCHEMA,
            schema_version: 1,
            run: run(doc),
            system: system(doc),
            summary: summary(doc),
            scope: doc.scope.iter().map(|s| Scope { kind: &s.kind, value: &s.value }).collect(),
            chapters: doc.chapters.iter().map(chapter).collect(),
            findings: doc.findings.iter().map(finding).collect(),
            comparison: doc.comparison.as_ref().map(|c| comparison(doc, c)),
            limits: &doc.limits,
            diagnostics: doc.diagnostics.iter().map(diagnostic).collect(),
            evidence: doc.evidence.iter().map(evidence).collect(),
            tools: doc.tools.iter().map(|t| ToolJson { name: &t.name, version: &t.version }).collect(),
        }
    }
}

fn run(doc: &HealthReport) -> Run<'_> {
    let run = &doc.run;
    Run {
        id: &run.id,
        started_at: run.started_at.to_string(),
        finished_at: run.finished_at.to_string(),
        judged_at: run.judged_at.to_string(),
        tool_version: &run.tool_version,
        plan_sha256: &run.plan_sha256,
        intensity: run.intensity.code(),
        complete: run.complete,
        items_done: run.items_done,
        items_planned: run.items_planned,
        classification: &run.classification,
    }
}

fn system(doc: &HealthReport) -> System<'_> {
    let system = &doc.system;
    let [confidentiality, integrity, availability] = system.cia.map(bulwark_model::ProtectionLevel::code);
    System {
        name: &system.name,
        agency: &system.agency,
        class: system.class.code(),
        protection_level: system.level.code(),
        confidentiality,
        integrity,
        availability,
        background: system
            .background
            .iter()
            .map(|(label, value)| Fact { label, value: value.as_deref() })
            .collect(),
        approval: system.approval.as_ref().map(|a| ApprovalJson { by: &a.by, on: a.on.to_string() }),
    }
}

fn summary(doc: &HealthReport) -> Summary {
    Summary {
        lead: Text::new(lead(doc, Lang::ZhTw), lead(doc, Lang::En)),
        tested: doc.chapters.iter().map(Chapter::tested).sum(),
        not_tested: doc.chapters.iter().map(Chapter::not_tested).sum(),
        high: doc.severity_count(Severity::High),
        medium: doc.severity_count(Severity::Medium),
        low: doc.severity_count(Severity::Low),
        advice: doc.severity_count(Severity::Advice),
    }
}

fn chapter(c: &Chapter) -> ChapterJson<'_> {
    ChapterJson {
        domain: c.domain.code(),
        score: c.score.map(|s| s.min(100)),
        tested: c.tested(),
        not_tested: c.not_tested(),
        results: c.results.iter().map(result).collect(),
        figures: c.figures.iter().map(figure).collect(),
    }
}

fn result(r: &CheckLine) -> ResultJson<'_> {
    ResultJson {
        check: &r.id,
        title: &r.title,
        verdict: r.verdict.code(),
        severity: r.severity.map(Severity::code),
        asset: &r.asset,
        message: &r.message,
        excerpt: &r.excerpt,
        evidence: &r.evidence,
        standard: &r.standard,
    }
}

fn figure(f: &Figure) -> FigureJson<'_> {
    match f {
        Figure::Bars { title, unit, rows, limit } => FigureJson::Bars {
            title,
            unit,
            rows: rows.iter().map(|(label, value)| RowJson { label, value: finite(*value) }).collect(),
            limit: limit.as_ref().map(|(value, label)| LimitJson { value: finite(*value), label }),
        },
        Figure::Image { title, png } => FigureJson::Image { title, bytes: png.len() },
    }
}

/// JSON has no infinity; what was not measured is `null`.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn finding(f: &Finding) -> FindingJson<'_> {
    FindingJson {
        fingerprint: &f.fingerprint,
        check: &f.check,
        domain: f.domain.code(),
        severity: f.severity.code(),
        severity_rule: &f.severity_rule,
        state: state(f.state),
        change: f.change.map(Change::code),
        asset: &f.asset,
        title: &f.title,
        why: &f.why,
        excerpt: &f.excerpt,
        evidence: &f.evidence,
        remedy: &f.remedy,
        effort: match f.effort {
            Effort::Small => "small",
            Effort::Medium => "medium",
            Effort::Large => "large",
        },
        owner: &f.owner,
        due: f.due.to_string(),
        standard: &f.standard,
    }
}

fn state(state: FindingState) -> &'static str {
    match state {
        FindingState::Open => "open",
        FindingState::Confirmed => "confirmed",
        FindingState::FixClaimed => "fix_claimed",
        FindingState::Fixed => "fixed",
        FindingState::Accepted => "accepted",
        FindingState::FalsePositive => "false_positive",
        FindingState::Moved => "moved",
    }
}

fn comparison<'a>(doc: &HealthReport, c: &'a Comparison) -> ComparisonJson<'a> {
    ComparisonJson {
        previous_finished_at: c.previous_finished_at.to_string(),
        previous_scores: c.previous_scores.iter().map(|s| s.map(|s| s.min(100))).collect(),
        counts: Counts {
            new: doc.change_count(Change::New),
            still_open: doc.change_count(Change::StillOpen),
            fixed: doc.change_count(Change::Fixed),
            regressed: doc.change_count(Change::Regressed),
            not_retested: doc.change_count(Change::NotRetested),
        },
        fixed: c.fixed.iter().map(finding).collect(),
        not_retested: c.not_retested.iter().map(finding).collect(),
    }
}

fn diagnostic(d: &Diagnostic) -> DiagnosticJson<'_> {
    let place = d.location.to_string();
    DiagnosticJson {
        code: &d.code,
        what: &d.what,
        place: (!place.is_empty()).then_some(place),
        hint: &d.hint,
        cause: d.cause.as_deref(),
    }
}

fn evidence(e: &EvidenceLine) -> EvidenceJson<'_> {
    EvidenceJson {
        id: &e.id,
        kind: &e.kind,
        subject: &e.subject,
        at: e.at.to_string(),
        sha256: &e.sha256,
        bytes: e.bytes,
    }
}
