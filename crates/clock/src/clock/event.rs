//! What can happen to a time limit. These structs are themselves the stored form: fields are only added,
//! with a default.

use bulwark_model::rights::{PersonId, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::words::{Cause, Unit};

/// Who did it, in which role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The person.
    pub person: PersonId,
    /// The role acted in; `system` for automatic acts.
    pub role: Role,
}

/// Something that happened, when the platform learnt of it and from whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When it was recorded; never before the event recorded last.
    pub at: Timestamp,
    /// Who recorded it.
    pub by: Who,
    /// The second person, where one is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<PersonId>,
    /// What happened.
    pub what: What,
}

/// What happened. The `at` in here is when it truly was, which may be earlier than it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// The start event.
    Started {
        /// When it was.
        at: Timestamp,
    },
    /// A pause began; only where the row says so.
    Paused {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// The pause is over.
    Resumed {
        /// When.
        at: Timestamp,
    },
    /// More time, with the approvals the row asks for.
    Extended {
        /// How much.
        amount: u32,
        /// Of what.
        unit: Unit,
        /// The roles in which it was approved.
        approved_by: Vec<Role>,
        /// Why.
        reason: String,
    },
    /// The level of the incident changed: counted from the same start by the row of the new level.
    LevelChanged {
        /// The new level.
        level: u8,
    },
    /// The time of the start event was wrong.
    StartCorrected {
        /// When it truly was.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// The calendar changed, or the missing year was added.
    CalendarRevised,
    /// The stop event.
    Done {
        /// When it was.
        at: Timestamp,
    },
    /// Called off: a withdrawal was approved, another mode was chosen.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// Another limit takes its place.
    Superseded,
}

impl What {
    /// The cause written into the history.
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Started { .. } => Cause::Started,
            Self::Paused { .. } => Cause::Paused,
            Self::Resumed { .. } => Cause::Resumed,
            Self::Extended { .. } => Cause::Extended,
            Self::LevelChanged { .. } => Cause::Reclassified,
            Self::StartCorrected { .. } => Cause::StartCorrected,
            Self::CalendarRevised => Cause::CalendarRevised,
            Self::Done { .. } => Cause::Done,
            Self::Cancelled { .. } => Cause::Cancelled,
            Self::Superseded => Cause::Superseded,
        }
    }

    /// Whether the end is counted again. A limit that ends by being done, called off or replaced keeps
    /// its end, so that what was left of it can still be told (DefectDojo #3524); a pause that its end
    /// closes has not moved it.
    pub(super) const fn reckons(&self) -> bool {
        !matches!(self, Self::Cancelled { .. } | Self::Superseded)
    }
}
