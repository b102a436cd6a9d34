//! The health report as one document, before it becomes a file.
//!
//! Whoever makes a report (the cruise today) fills these structs; the writers in this crate only
//! lay them out. Every text is held in both languages, so one document gives every output.

use bulwark_model::{
    Change, Diagnostic, Domain, Finding, Intensity, ProtectionLevel, Severity, SystemClass, Text, Verdict,
};
use jiff::{Timestamp, civil::Date};

/// 健檢報告 with its 健康升級方案.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthReport {
    /// What run this is.
    pub run: Run,
    /// What system was looked at.
    pub system: SystemFacts,
    /// Scope as approved, one line an item.
    pub scope: Vec<ScopeLine>,
    /// The seven chapters, in the order of [`Domain::ALL`].
    pub chapters: Vec<Chapter>,
    /// Open findings, gravest first; fixed ones of the previous run stand in `comparison`.
    pub findings: Vec<Finding>,
    /// Against the previous run on the same system.
    pub comparison: Option<Comparison>,
    /// Sentences that limit what the report can claim (未比對弱點資料庫 …), shown on the first page.
    pub limits: Vec<Text>,
    /// What went wrong on our side while measuring.
    pub diagnostics: Vec<Diagnostic>,
    /// Every evidence record behind the report.
    pub evidence: Vec<EvidenceLine>,
    /// Programs that took part, with versions.
    pub tools: Vec<Tool>,
}

/// Facts of the run itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Number people quote, derived from plan and start.
    pub id: String,
    /// When the first item started.
    pub started_at: Timestamp,
    /// When the last item ended.
    pub finished_at: Timestamp,
    /// When today's checks judged the evidence (later than `finished_at` after `reevaluate`).
    pub judged_at: Timestamp,
    /// `bulwark` version.
    pub tool_version: String,
    /// SHA-256 of the plan, hex.
    pub plan_sha256: String,
    /// How hard the targets were pressed.
    pub intensity: Intensity,
    /// False when items of the plan were left out (interrupted, window closed).
    pub complete: bool,
    /// Items that ran / items planned.
    pub items_done: u32,
    /// Items planned.
    pub items_planned: u32,
    /// 機密等級 shown on every page, for example 密.
    pub classification: Text,
}

/// 系統 and its background record.
#[derive(Debug, Clone, PartialEq)]
pub struct SystemFacts {
    /// 系統名稱.
    pub name: String,
    /// 機關.
    pub agency: String,
    /// 系統類別.
    pub class: SystemClass,
    /// 防護需求等級.
    pub level: ProtectionLevel,
    /// 機密性、完整性、可用性.
    pub cia: [ProtectionLevel; 3],
    /// The nine background facts; `None` is shown as 未知.
    pub background: Vec<(Text, Option<String>)>,
    /// Who approved the check, and when.
    pub approval: Option<Approval>,
}

/// 核定: the owner's consent.
#[derive(Debug, Clone, PartialEq)]
pub struct Approval {
    /// Name and title.
    pub by: String,
    /// Day of consent.
    pub on: Date,
}

/// One line of the approved scope.
#[derive(Debug, Clone, PartialEq)]
pub struct ScopeLine {
    /// Kind of target: 主機, 網址, 郵件網域 ….
    pub kind: Text,
    /// The target, as the plan has it.
    pub value: String,
}

/// One domain's chapter.
#[derive(Debug, Clone, PartialEq)]
pub struct Chapter {
    /// Which domain.
    pub domain: Domain,
    /// 0–100, `None` when nothing could be tested.
    pub score: Option<u8>,
    /// Results, worst first.
    pub results: Vec<CheckLine>,
    /// Measurements shown as a chart.
    pub figures: Vec<Figure>,
}

impl Chapter {
    /// Checks that came to a judgement.
    pub fn tested(&self) -> usize {
        self.results.iter().filter(|r| r.verdict.judged()).count()
    }

    /// Checks that did not (not tested, error, manual).
    pub fn not_tested(&self) -> usize {
        self.results
            .iter()
            .filter(|r| matches!(r.verdict, Verdict::NotTested | Verdict::Error | Verdict::Manual))
            .count()
    }
}

/// One result of one check on one asset.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckLine {
    /// Check id, `domain.name`.
    pub id: String,
    /// What was checked.
    pub title: Text,
    /// The verdict.
    pub verdict: Verdict,
    /// Severity, for `fail` and `warn`.
    pub severity: Option<Severity>,
    /// What it is about.
    pub asset: String,
    /// What was found, one sentence.
    pub message: Text,
    /// The telling part of the evidence.
    pub excerpt: String,
    /// Evidence record ids.
    pub evidence: Vec<String>,
    /// Standard and clause.
    pub standard: String,
}

/// A measurement worth a picture.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// Horizontal bars, one value each, with a shared unit and an optional limit line.
    Bars {
        /// The conclusion, as a sentence.
        title: Text,
        /// Unit after each value, for example `ms`.
        unit: String,
        /// Label and value, in order.
        rows: Vec<(String, f64)>,
        /// A limit to draw, with its label.
        limit: Option<(f64, Text)>,
    },
    /// A picture, for example a screenshot.
    Image {
        /// What it shows.
        title: Text,
        /// PNG bytes.
        png: Vec<u8>,
    },
}

/// This run against the previous one.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// When the previous run ended.
    pub previous_finished_at: Timestamp,
    /// Score of each domain then, in the order of [`Domain::ALL`].
    pub previous_scores: Vec<Option<u8>>,
    /// Findings of the previous run that are fixed now.
    pub fixed: Vec<Finding>,
    /// Findings of the previous run that this run did not test again.
    pub not_retested: Vec<Finding>,
}

impl HealthReport {
    /// How many findings stand in each relation to the previous run.
    pub fn change_count(&self, change: Change) -> usize {
        let open = self.findings.iter().filter(|f| f.change == Some(change)).count();
        match (&self.comparison, change) {
            (Some(c), Change::Fixed) => c.fixed.len(),
            (Some(c), Change::NotRetested) => c.not_retested.len(),
            _ => open,
        }
    }

    /// Open findings of one severity.
    pub fn severity_count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|f| f.severity == severity).count()
    }
}

/// One evidence record in the annex.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceLine {
    /// Record id, for example `E-0012`.
    pub id: String,
    /// Collector kind, for example `tls_versions`.
    pub kind: String,
    /// What was looked at.
    pub subject: String,
    /// When.
    pub at: Timestamp,
    /// SHA-256 of the record, hex.
    pub sha256: String,
    /// Size of the record in bytes.
    pub bytes: u64,
}

/// A program that took part.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version, as it says itself.
    pub version: String,
}
