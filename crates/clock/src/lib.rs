//! Time limits as the law counts them.
//!
//! [`reckon`] finds the end of a period: rules, calendar, closures, pauses, extensions. [`Clock`] is one
//! limit of a case with all that happened to it; each recomputation leaves an [`Entry`] with one
//! sentence. [`RuleTable`] and [`WarningTable`] are the rows of `data/clock/`. Nothing here reads a
//! clock: the time comes in as a value.
//!
//! ```
//! use bulwark_clock::{Calendar, Pauses, PeriodRule, Place, Term, reckon, sentence};
//! use bulwark_model::Lang;
//! let (terms, start) = ([Term::new(PeriodRule::Elapsed, 36, None).unwrap()], "2026-01-31T10:00:00+08:00".parse().unwrap());
//! let (pauses, place) = (Pauses::default(), Place::of(Calendar::taiwan()));
//! let end = reckon(&terms, start, &pauses, place);
//! assert_eq!(
//!     sentence(&terms, start, &pauses, place, &end).get(Lang::ZhTw),
//!     "自 115-01-31 10:00 起連續計算 36 小時，於 115-02-01（星期日）22:00 屆滿。"
//! );
//! ```

mod calendar;
mod clock;
mod course;
mod csv;
mod day;
mod explain;
mod input;
mod pause;
mod reckon;
mod rule;
mod warning;
mod words;

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::Diagnostic;

pub use calendar::{Calendar, CalendarDay, Closure, DayChange, NoCalendar};
pub use clock::{Breach, Clock, Entry, Event, Law, Standing, What, Who};
pub use course::{Course, courses};
pub use explain::{amount, rfc3339, sentence, shown};
pub use input::{Moment, parse_date, parse_moment, parse_pause};
pub use pause::{Pause, Pauses};
pub use reckon::{Measure, NoEnd, Place, Reckoning, Term, consumed, reckon, remaining};
pub use rule::{MaxExtension, Rule, RuleTable};
pub use warning::{Audience, Point, Warning, WarningRow, WarningTable};
pub use words::{Cause, Certainty, DayKind, OrgClass, PeriodRule, State, Unit};

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("clock", include_str!("zh-TW.toml"), include_str!("en.toml")));

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
