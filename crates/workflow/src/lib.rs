//! State machines of cases as data: one interpreter for incidents, support, cruises, exercises, drills,
//! inspections, missions, guidelines, risks and findings (incident-grc §4).
//!
//! The tables say which act leads from which state to which, by whom, with what filled in, which clocks it
//! starts and stops. [`Machine::step`] does one step; [`Machine::confirm`] is the second person's. Guards are
//! text in the table and typed here: each is a list of [`Condition`]s over [`Facts`] and a list of [`Effect`]s.
//! Rights over the object itself are `bulwark_model::rights`; the store asks both.

mod condition;
mod facts;
mod field;
mod guard;
mod machine;
mod step;
mod table;

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::Diagnostic;

pub use condition::Condition;
pub use facts::{Actor, Facts, Findings, Share, Span, Team, YearTargets};
pub use field::{Field, Fields};
pub use guard::{Effect, Guard, guard, guards};
pub use machine::{Machine, Machines, State, Target, Transition};
pub use step::{Asked, Moved, Offer, Outcome, Position};

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("workflow", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The sentences of this crate.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}

/// A message by its code.
fn diagnostic(code: &str, args: &[(&str, String)]) -> Diagnostic {
    Diagnostic::new(
        code,
        texts().text(&format!("{code}.what"), args),
        texts().text(&format!("{code}.hint"), args),
    )
}
