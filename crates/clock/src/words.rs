//! The closed word lists of this crate. Labels stand in the catalogue under the list's name.

use bulwark_model::{ParseWordError, Text};
use serde::{Deserialize, Serialize};

use crate::texts;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $key:literal { $($(#[$vmeta:meta])* $variant:ident = $code:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The code words, for messages that list the choices.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// The code word used in files and on the command line.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The label people see.
            pub fn label(self) -> Text {
                match self { $(Self::$variant => texts().text(concat!($key, ".", $code), &[])),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.code())
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseWordError;
            fn from_str(s: &str) -> Result<Self, ParseWordError> {
                Self::ALL.iter().copied().find(|word| word.code() == s)
                    .ok_or_else(|| ParseWordError { found: s.to_owned(), expected: Self::CODES })
            }
        }
    };
}

words! {
    /// How a period is counted (incident-grc §3).
    PeriodRule, "period_rule" {
        /// Runs at once, round the clock.
        Elapsed = "elapsed";
        /// 行政程序法 §48: hours run at once; longer units leave out the first day and do not end on a day off.
        Apa48 = "apa48";
        /// Calendar days; the first is left out; ends whatever day it is.
        Days = "days";
        /// Working days; the first day is left out.
        Workdays = "workdays";
        /// Hours of working days between 09:00 and 18:00.
        Workhours = "workhours_0900_1800";
        /// The last day of the month so many months after the month of the start.
        CalendarMonthEnd = "calendar_month_end";
    }
}

words! {
    /// What an amount counts.
    Unit, "unit" {
        /// Hours; working hours under `workhours_0900_1800`.
        Hour = "hour";
        /// Days; working days under `workdays`.
        Day = "day";
        /// Seven days.
        Week = "week";
        /// Months.
        Month = "month";
        /// Years.
        Year = "year";
        /// Working days.
        Workday = "workday";
        /// Working hours.
        Workhour = "workhour";
    }
}

words! {
    /// How sure a rule or a day of the calendar is (SOURCES.md of the data).
    Certainty, "certainty" {
        /// A day read in an official notice.
        Official = "official";
        /// Read in a primary text.
        Verified = "verified";
        /// Read in a secondary text.
        Secondary = "secondary";
        /// The rule of 2021, assumed to go on; the article was not seen.
        CarriedOver = "carried-over";
        /// A default of the product, editable.
        Policy = "policy";
        /// A day computed by the substitution rules, not seen in a notice.
        Computed = "computed";
        /// A computed day about which the rules leave doubt.
        ComputedAmbiguous = "computed-ambiguous";
    }
}

words! {
    /// What kind of day it is.
    DayKind, "day_kind" {
        /// A working day.
        Workday = "workday";
        /// Saturday or Sunday.
        Weekend = "weekend";
        /// A holiday.
        Holiday = "holiday";
        /// A day off in place of another.
        Substitute = "substitute";
        /// A Saturday worked in place of another day; none since 13 June 2025.
        MakeupWorkday = "makeup_workday";
    }
}

words! {
    /// Where a time limit stands (incident-grc §3).
    State, "state" {
        /// Not begun, or its end cannot be told yet.
        Pending = "pending";
        /// Running.
        Running = "running";
        /// Paused.
        Paused = "paused";
        /// Done in time.
        Met = "met";
        /// Over, and not done.
        Breached = "breached";
        /// Done after its end.
        BreachedThenDone = "breached_then_done";
        /// Called off in time.
        Cancelled = "cancelled";
        /// Called off after its end.
        BreachedThenCancelled = "breached_then_cancelled";
        /// Replaced by another.
        Superseded = "superseded";
    }
}

words! {
    /// Why an end was reckoned again.
    Cause, "cause" {
        /// The start event came.
        Started = "started";
        /// Paused.
        Paused = "paused";
        /// Goes on after a pause.
        Resumed = "resumed";
        /// Extended.
        Extended = "extended";
        /// The level of the incident changed.
        Reclassified = "reclassified";
        /// The time of the start event was corrected.
        StartCorrected = "start_corrected";
        /// The calendar was revised, or the year it lacked was added.
        CalendarRevised = "calendar_revised";
        /// The stop event came.
        Done = "done";
        /// Called off.
        Cancelled = "cancelled";
        /// Replaced by another.
        Superseded = "superseded";
    }
}

words! {
    /// Which bodies a rule is for.
    OrgClass, "org_class" {
        /// Government agencies.
        Gov = "gov";
        /// Specific non-government bodies.
        Nongov = "nongov";
        /// All.
        Any = "any";
    }
}

impl Unit {
    /// The unit an amount has under a rule when none is named.
    pub const fn of(rule: PeriodRule) -> Self {
        match rule {
            PeriodRule::Elapsed | PeriodRule::Workhours => Self::Hour,
            PeriodRule::Apa48 | PeriodRule::CalendarMonthEnd => Self::Month,
            PeriodRule::Days | PeriodRule::Workdays => Self::Day,
        }
    }

    /// Whether a rule can count it.
    pub const fn fits(self, rule: PeriodRule) -> bool {
        match rule {
            PeriodRule::Elapsed => matches!(self, Self::Hour | Self::Day | Self::Week),
            PeriodRule::Apa48 => {
                matches!(self, Self::Hour | Self::Day | Self::Week | Self::Month | Self::Year)
            }
            PeriodRule::Days => matches!(self, Self::Day | Self::Week),
            PeriodRule::Workdays => matches!(self, Self::Day | Self::Workday),
            PeriodRule::Workhours => matches!(self, Self::Hour | Self::Workhour),
            PeriodRule::CalendarMonthEnd => matches!(self, Self::Month),
        }
    }
}

impl Certainty {
    /// The word of a table: `official-notice` and `official-revised-2025-06-13` are `official` with
    /// a note where it was read.
    pub fn of_day(word: &str) -> Result<Self, ParseWordError> {
        if word.starts_with("official-") { Ok(Self::Official) } else { word.parse() }
    }

    /// Whether nothing needs to be said beside it.
    pub const fn is_sure(self) -> bool {
        matches!(self, Self::Official | Self::Verified)
    }
}

impl DayKind {
    /// Whether people work.
    pub const fn is_work(self) -> bool {
        matches!(self, Self::Workday | Self::MakeupWorkday)
    }
}

impl State {
    /// Whether nothing more happens to it by itself.
    pub const fn is_over(self) -> bool {
        !matches!(self, Self::Pending | Self::Running | Self::Paused | Self::Breached)
    }

    /// Whether its end passed before it was done.
    pub const fn is_breach(self) -> bool {
        matches!(self, Self::Breached | Self::BreachedThenDone | Self::BreachedThenCancelled)
    }
}
