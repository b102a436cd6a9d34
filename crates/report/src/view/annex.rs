//! What stands behind the report: scope, consent, background, tools, evidence and every check.

use bulwark_model::Location;
use serde::Serialize;

use super::{Chip, Pair, Refs, pair, verdict_chip};
use crate::clean;
use crate::document::HealthReport;
use crate::texts::Words;

/// The annex.
#[derive(Debug, Serialize)]
pub(crate) struct Annex {
    pub diagnostics: Vec<DiagnosticView>,
    pub scope: Vec<Pair>,
    pub approval: String,
    pub background: Vec<Pair>,
    pub background_known: String,
    pub tools: Vec<Pair>,
    pub evidence: Vec<EvidenceRow>,
    pub checks: Vec<CheckRow>,
    pub plan_sha256: String,
}

/// What went wrong on our side.
#[derive(Debug, Serialize)]
pub(crate) struct DiagnosticView {
    pub code: String,
    pub what: String,
    pub place: String,
    pub hint: String,
    pub cause: String,
}

/// One evidence record.
#[derive(Debug, Serialize)]
pub(crate) struct EvidenceRow {
    pub anchor: String,
    pub id: String,
    pub kind: String,
    pub subject: String,
    pub at: String,
    pub size: String,
    pub sha256: String,
}

/// One check on one asset, for completeness.
#[derive(Debug, Serialize)]
pub(crate) struct CheckRow {
    pub chip: Chip,
    pub id: String,
    pub title: String,
    pub asset: String,
    pub standard: String,
}

pub(crate) fn annex(doc: &HealthReport, w: Words) -> Annex {
    let known = doc.system.background.iter().filter(|(_, v)| v.is_some()).count();
    Annex {
        diagnostics: doc
            .diagnostics
            .iter()
            .map(|d| DiagnosticView {
                code: clean::line(&d.code),
                what: w.of(&d.what),
                place: match &d.location {
                    Location::None => String::new(),
                    place => clean::line(&place.to_string()),
                },
                hint: w.of(&d.hint),
                cause: d.cause.as_deref().map(clean::text).unwrap_or_default(),
            })
            .collect(),
        scope: doc.scope.iter().map(|s| pair(w.of(&s.kind), clean::line(&s.value))).collect(),
        approval: match &doc.system.approval {
            Some(a) => {
                w.fill("annex.approved", &[("by", clean::line(&a.by)), ("on", bulwark_i18n::date(a.on, w.0))])
            }
            None => w.t("annex.no_approval"),
        },
        background: doc
            .system
            .background
            .iter()
            .map(|(label, value)| match value {
                Some(v) => pair(w.of(label), clean::text(v)),
                None => Pair { label: w.of(label), value: w.t("annex.unknown"), unknown: true },
            })
            .collect(),
        background_known: w.fill(
            "annex.background_known",
            &[("known", known.to_string()), ("all", doc.system.background.len().to_string())],
        ),
        tools: doc.tools.iter().map(|t| pair(clean::line(&t.name), clean::line(&t.version))).collect(),
        evidence: doc
            .evidence
            .iter()
            .enumerate()
            .map(|(at, e)| EvidenceRow {
                anchor: Refs::evidence_anchor(at),
                id: clean::line(&e.id),
                kind: clean::line(&e.kind),
                subject: clean::line(&e.subject),
                at: bulwark_i18n::date_time(e.at, w.0),
                size: bulwark_i18n::file_size(e.bytes),
                sha256: clean::line(&e.sha256),
            })
            .collect(),
        checks: doc
            .chapters
            .iter()
            .flat_map(|c| &c.results)
            .map(|r| CheckRow {
                chip: verdict_chip(r.verdict, w),
                id: clean::line(&r.id),
                title: w.of(&r.title),
                asset: clean::line(&r.asset),
                standard: clean::line(&r.standard),
            })
            .collect(),
        plan_sha256: clean::line(&doc.run.plan_sha256),
    }
}
