//! 數位韌性巡航: from a plan to evidence, from evidence to findings, from findings to the report.
//!
//! 1. [`plan`] reads `plan.toml` and names every mistake in it.
//! 2. [`itinerary`] turns the plan into collecting tasks.
//! 3. [`run`] has them collected, politely and resumably, and keeps a journal.
//! 4. [`check`] judges the evidence: pure functions, so old evidence can be judged again.
//! 5. [`finding`] makes findings of the verdicts and compares them with the previous run.
//! 6. [`result`] seals everything into a signed bundle; [`health_report`] fills the report.

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::Diagnostic;

pub mod check;
mod checks;
pub mod finding;
pub mod health_report;
pub mod io;
pub mod itinerary;
pub mod plan;
pub mod result;
pub mod run;
pub mod stop_switch;

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("cruise", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The messages of this crate in both languages (texts of checks: [`check::texts`]).
pub fn texts() -> &'static Catalogue {
    &TEXTS
}

/// A message of this crate by its code.
pub(crate) fn diagnostic(code: &str, args: &[(&str, String)]) -> Diagnostic {
    Diagnostic::new(
        code,
        texts().text(&format!("{code}.what"), args),
        texts().text(&format!("{code}.hint"), args),
    )
}
