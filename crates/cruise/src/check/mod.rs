//! Checks: pure functions over a plan and stored evidence.
//!
//! A [`Definition`] names the check and points to its `judge`, which reads a [`Case`] and writes
//! [`Line`]s on a [`Sheet`]. Texts live beside the code of each domain: `checks/<domain>/zh-TW.toml`
//! and `en.toml`, one table a check with `title`, `why`, `remedy` and one entry a sentence.
//!
//! Judges never look at a clock: the time that counts is the time the evidence was taken, so that
//! the same evidence gives the same answer for ever.

mod case;
mod sheet;

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::{Check, Domain, Effort, Grade, Severity};

pub use case::{Case, Piece};
pub use sheet::{Entry, Line, Sheet};

/// One check of the catalogue.
pub struct Definition {
    /// Stable id, `domain.name`; also the key of its texts.
    pub id: &'static str,
    /// Severity of a `fail` before the rules of severity.
    pub severity: Severity,
    /// Which property of the system it protects; a system rated 高 there raises the severity one step.
    pub grade: Grade,
    /// Work expected for the remedy.
    pub effort: Effort,
    /// Standard and clause of the criterion.
    pub standard: &'static str,
    /// Kinds of evidence it reads (`evidence::Body::kind`, or `answer` for the questionnaire).
    pub kinds: &'static [&'static str],
    /// The judgement.
    pub judge: fn(&Case<'_>, &mut Sheet),
}

impl Definition {
    /// The domain, from the id.
    ///
    /// # Panics
    /// Never for a definition of the catalogue: a test parses every id.
    pub fn domain(&self) -> Domain {
        self.id
            .split_once('.')
            .and_then(|(d, _)| d.parse().ok())
            .expect("every id of the catalogue starts with its domain; tested")
    }

    /// The catalogue entry with its texts.
    pub fn check(&self) -> Check {
        let t = |what: &str| texts().text(&format!("{}.{what}", self.id), &[]);
        Check {
            id: self.id.to_owned(),
            domain: self.domain(),
            severity: self.severity,
            title: t("title"),
            why: t("why"),
            remedy: t("remedy"),
            standard: self.standard.to_owned(),
        }
    }
}

static TEXTS: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut all = Catalogue::default();
    macro_rules! area {
        ($($name:literal),+) => {
            $(all.add($name, Catalogue::embedded(
                concat!("cruise/", $name),
                include_str!(concat!("../checks/", $name, "/zh-TW.toml")),
                include_str!(concat!("../checks/", $name, "/en.toml")),
            ));)+
        };
    }
    area!("network", "architecture", "function", "db_io", "end_user", "data_mgmt", "vuln");
    all.add(
        "common",
        Catalogue::embedded("cruise/common", include_str!("zh-TW.toml"), include_str!("en.toml")),
    );
    all
});

/// The texts of all checks, under `domain.check.sentence`; shared ones under `common`.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}

/// Every check, in the order of the domains.
pub fn catalogue() -> Vec<&'static Definition> {
    crate::checks::ALL.iter().flat_map(|domain| domain.iter()).collect()
}

/// Finds a check by id.
pub fn find(id: &str) -> Option<&'static Definition> {
    catalogue().into_iter().find(|d| d.id == id)
}

/// Judges a case with every check of the catalogue that the plan chose.
pub fn judge(case: &Case<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for definition in catalogue() {
        lines.extend(judge_one(definition, case));
    }
    lines
}

/// Judges a case with one check. Evidence that could not be collected becomes an `error` line; where
/// nothing was judged, a `not_tested` line says why.
pub fn judge_one(definition: &'static Definition, case: &Case<'_>) -> Vec<Line> {
    let mut sheet = Sheet::new(definition);
    if !case.plan.includes(definition.domain(), definition.id) {
        sheet.not_tested(&case.plan.system.name, "common.not_chosen", &[]);
        return sheet.finish();
    }
    (definition.judge)(case, &mut sheet);
    for piece in case.failed(definition.kinds) {
        if !sheet.is_handled(&piece) {
            sheet.failed_collection(&piece);
        }
    }
    if sheet.is_empty() {
        sheet.not_tested(&case.plan.system.name, why_not_tested(definition, case), &[]);
    }
    sheet.finish()
}

/// Why a check wrote nothing. What came may hold nothing it could judge; what was to come may not
/// have come; else the plan gives it nothing to look at.
fn why_not_tested(definition: &Definition, case: &Case<'_>) -> &'static str {
    if case.collected(definition.kinds) {
        "common.nothing_to_judge"
    } else if case.planned(definition.kinds) && !case.has(definition.kinds) {
        "common.not_reached"
    } else {
        "common.no_target"
    }
}

#[cfg(test)]
mod tests {
    use bulwark_model::Verdict;
    use bulwark_probe::evidence::{Body, Http, Outcome, Record};
    use bulwark_probe::failure::{Code, Failure, Step};

    use super::*;
    use crate::checks::sample::bare_plan;

    const NOTHING: Definition = Definition {
        id: "network.hsts",
        severity: Severity::Low,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "RFC 6797",
        kinds: &["http"],
        judge: |_, _| (),
    };
    const HANDLED: Definition = Definition {
        judge: |case, sheet| case.failed(&["http"]).iter().for_each(|piece| sheet.handled(piece)),
        ..NOTHING
    };

    fn record(outcome: Outcome) -> (String, Record) {
        let key = "http:https://a.tw/".to_owned();
        let record = Record {
            key: key.clone(),
            subject: "https://a.tw/".into(),
            started_at: "2026-11-25T02:00:00Z".parse().expect("a time"),
            duration_ms: 1,
            tool: "test".into(),
            outcome,
        };
        ("E-0001".into(), record)
    }

    #[test]
    fn a_check_that_judged_nothing_says_why() {
        let page = record(Outcome::Collected(Box::new(Body::Http(Http {
            url: "https://a.tw/".into(),
            hops: Vec::new(),
            stopped: None,
        }))));
        let lost = record(Outcome::Failed(Failure::new(Step::Connect, Code::TimedOut, "a.tw")));
        let plan = bare_plan();
        let why = |definition: &'static Definition, planned_kinds, evidence: &[_]| {
            let taken_at = page.1.started_at;
            let lines = judge_one(definition, &Case { plan: &plan, evidence, planned_kinds, taken_at });
            let [line] = &lines[..] else { panic!("{lines:?}") };
            (line.verdict, line.sentence.clone())
        };
        let not_tested = |sentence: &str| (Verdict::NotTested, sentence.to_owned());
        assert_eq!(why(&NOTHING, &[], &[]), not_tested("common.no_target"));
        assert_eq!(why(&NOTHING, &["http"], &[]), not_tested("common.not_reached"));
        assert_eq!(
            why(&NOTHING, &["http"], std::slice::from_ref(&page)),
            not_tested("common.nothing_to_judge")
        );
        assert_eq!(
            why(&NOTHING, &["http"], std::slice::from_ref(&lost)),
            (Verdict::Error, "common.failed".to_owned())
        );
        // Trouble with something that is no target of this check leaves it without one.
        assert_eq!(why(&HANDLED, &["http"], &[lost]), not_tested("common.no_target"));
    }
}
