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

/// Judges a case with one check. Evidence that could not be collected becomes an `error` line, no
/// evidence at all a `not_tested` line with the reason.
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
        // Evidence was to come and did not, or there is none of this check's making to ask for.
        let missing = case.planned(definition.kinds) && !case.has(definition.kinds);
        let reason = if missing { "common.not_reached" } else { "common.no_target" };
        sheet.not_tested(&case.plan.system.name, reason, &[]);
    }
    sheet.finish()
}
