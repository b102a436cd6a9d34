//! A finished run: what was asked, what came back, what was concluded. Sealed as `result.bwr`.

use std::collections::BTreeMap;
use std::path::Path;

use bulwark_bundle::{Builder, Sha256};
use bulwark_model::{Domain, Finding, Intensity, Severity, Text, Verdict};
use bulwark_probe::evidence::Record;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::check::{self, Case, Line};
use crate::finding::{self, Compared, Previous};
use crate::itinerary::Item;
use crate::plan::Plan;

/// Media type of `result.bwr`.
pub const MEDIA_TYPE: &str = "application/vnd.bulwark.cruise-result";
/// Record names inside the bundle.
pub(crate) const PLAN: &str = "plan.toml";
pub(crate) const RUN: &str = "run.json";
pub(crate) const JUDGEMENT: &str = "judgement.json";
pub(crate) const EVIDENCE: &str = "evidence/";

/// Facts of a run, as stored in `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// Format of the result's records; readers refuse newer ones.
    pub format: u32,
    /// Number people quote.
    pub id: String,
    /// Start of the first item.
    pub started_at: Timestamp,
    /// End of the last item.
    pub finished_at: Timestamp,
    /// Program that ran.
    pub tool: String,
    /// SHA-256 of the plan.
    pub plan_sha256: String,
    /// Folder that relative paths of the plan started from. What is not UTF-8 in its name (a Big5 name)
    /// is replaced: JSON could not hold it.
    pub plan_folder: String,
    /// Intensity in force (the command line may have changed the plan's).
    pub intensity: Intensity,
    /// Domains chosen on the command line; empty means all.
    pub only: Vec<Domain>,
    /// Why the check started although the background record was not complete.
    pub reason: Option<String>,
    /// Items that ran.
    pub items_done: u32,
    /// Items planned.
    pub items_planned: u32,
    /// Kinds of evidence planned.
    pub planned_kinds: Vec<String>,
    /// Name → addresses, pinned for the whole run.
    pub pinned: BTreeMap<String, Vec<String>>,
    /// Connections opened.
    pub connections: u64,
    /// Requests sent.
    pub requests: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Programs that took part besides our own.
    pub programs: Vec<(String, String)>,
}

/// Everything about one finished run.
#[derive(Debug, Clone, PartialEq)]
pub struct CruiseResult {
    /// The plan.
    pub plan: Plan,
    /// Facts of the run.
    pub meta: Meta,
    /// Evidence by record id.
    pub evidence: Vec<(String, Record)>,
    /// When the evidence was judged.
    pub judged_at: Timestamp,
    /// Every line of judgement.
    pub lines: Vec<Line>,
    /// Findings, compared with the previous run.
    pub compared: Compared,
    /// The previous run, if one was compared with.
    pub previous: Option<Previous>,
}

/// `judgement.json`: for readers of the bundle and for the next comparison.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Judgement {
    pub format: u32,
    pub judged_at: Timestamp,
    pub scores: Vec<(Domain, Option<u8>)>,
    pub lines: Vec<LineRecord>,
    pub open: Vec<Finding>,
    pub fixed: Vec<Finding>,
    pub not_retested: Vec<Finding>,
    pub fixed_before: Vec<Finding>,
}

/// A line of judgement as stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LineRecord {
    pub check: String,
    pub verdict: Verdict,
    pub severity: Severity,
    pub asset: String,
    pub sentence: String,
    pub message: Text,
    pub excerpt: String,
    pub evidence: Vec<String>,
}

/// Number people quote: ROC year and eight digits that follow from plan and start.
pub(crate) fn run_id(plan_sha256: &str, started_at: Timestamp) -> String {
    let taipei = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let year = bulwark_i18n::roc_year(taipei.to_datetime(started_at).date());
    let mut digest = Sha256::of(format!("{plan_sha256}\0{started_at}").as_bytes()).to_string();
    digest.truncate(8);
    format!("CR-{year}-{}", digest.to_uppercase())
}

impl CruiseResult {
    /// Judges evidence with today's checks and compares with the previous run.
    pub fn judge(
        plan: Plan,
        meta: Meta,
        evidence: Vec<(String, Record)>,
        judged_at: Timestamp,
        previous: Option<Previous>,
    ) -> Self {
        let kinds: Vec<&str> = meta.planned_kinds.iter().map(String::as_str).collect();
        let case =
            Case { plan: &plan, evidence: &evidence, planned_kinds: &kinds, taken_at: meta.finished_at };
        let mut lines = check::judge(&case);
        if !meta.only.is_empty() {
            lines.retain(|l| check::find(l.check).is_some_and(|d| meta.only.contains(&d.domain())));
        }
        let found = finding::findings(&plan, &lines, meta.finished_at);
        let compared = match &previous {
            Some(previous) => finding::compare(found, &lines, previous),
            None => Compared { open: found, ..Compared::default() },
        };
        Self { plan, meta, evidence, judged_at, lines, compared, previous }
    }

    /// Score of each domain.
    pub fn scores(&self) -> Vec<Option<u8>> {
        Domain::ALL.iter().map(|d| finding::score(*d, &self.lines, &self.compared.open)).collect()
    }

    /// True when every planned item ran.
    pub fn complete(&self) -> bool {
        self.meta.items_done == self.meta.items_planned
    }

    /// What the next run compares with.
    pub fn as_previous(&self) -> Previous {
        let c = &self.compared;
        Previous {
            finished_at: Some(self.meta.finished_at),
            scores: self.scores(),
            open: c.open.iter().chain(&c.not_retested).cloned().collect(),
            fixed: c.fixed_now.iter().chain(&c.fixed_before).cloned().collect(),
        }
    }

    fn judgement(&self) -> Judgement {
        let c = &self.compared;
        Judgement {
            format: 1,
            judged_at: self.judged_at,
            scores: Domain::ALL.iter().copied().zip(self.scores()).collect(),
            lines: self
                .lines
                .iter()
                .map(|l| LineRecord {
                    check: l.check.to_owned(),
                    verdict: l.verdict,
                    severity: l.severity,
                    asset: l.asset.clone(),
                    sentence: l.sentence.clone(),
                    message: l.message.clone(),
                    excerpt: l.excerpt.clone(),
                    evidence: l.evidence.clone(),
                })
                .collect(),
            open: c.open.clone(),
            fixed: c.fixed_now.clone(),
            not_retested: c.not_retested.clone(),
            fixed_before: c.fixed_before.clone(),
        }
    }

    /// The bundle, ready to be signed.
    pub fn bundle(&self) -> Builder {
        let mut builder = Builder::new(MEDIA_TYPE, self.judged_at, self.meta.tool.clone());
        builder.subject(format!("{} {}", self.meta.id, self.plan.system.name));
        builder.link("plan", Sha256::of(self.plan.source.as_bytes()));
        builder.record(PLAN, "application/toml", self.plan.source.as_str());
        builder.record(RUN, "application/json", to_json(&self.meta));
        builder.record(JUDGEMENT, "application/json", to_json(&self.judgement()));
        for (id, record) in &self.evidence {
            builder.record(evidence_name(id), "application/json", to_json(record));
        }
        builder
    }
}

/// Name of an evidence record inside the bundle.
pub(crate) fn evidence_name(id: &str) -> String {
    format!("{EVIDENCE}{id}.json")
}

/// The stored form of a record: indented JSON with a final newline.
pub(crate) fn to_json<T: Serialize>(value: &T) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("our records hold only what JSON can");
    text.push('\n');
    text
}

/// Reads a plan back from a result: the file as it was, the intensity as it ran.
pub(crate) fn plan_of(source: &str, meta: &Meta) -> Result<Plan, Vec<bulwark_model::Diagnostic>> {
    let mut plan = crate::plan::read(PLAN, source, Path::new(&meta.plan_folder))?;
    plan.intensity = meta.intensity;
    Ok(plan)
}

/// Kinds of evidence an itinerary asks for.
pub(crate) fn kinds_of(items: &[Item]) -> Vec<String> {
    let mut kinds: Vec<String> = items.iter().map(|i| i.task.kind().to_owned()).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}
