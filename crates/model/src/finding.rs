//! 脆弱點: what a health check found, and how it changed since the last one.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{Domain, Severity, Text, words::ParseWordError};

/// 工時: how much work the remedy is expected to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// Up to one person-day: a setting.
    Small,
    /// Up to five person-days.
    Medium,
    /// More than five person-days: procurement or redesign.
    Large,
}

impl Effort {
    /// The label people see.
    pub fn label(self) -> Text {
        match self {
            Self::Small => Text::new("小（1 人日內）", "Small (≤ 1 person-day)"),
            Self::Medium => Text::new("中（5 人日內）", "Medium (≤ 5 person-days)"),
            Self::Large => Text::new("大（超過 5 人日）", "Large (> 5 person-days)"),
        }
    }
}

/// Finding states of the platform. A cruise itself only makes `open` and `fixed`; people make the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingState {
    /// Found, nobody has looked yet.
    Open,
    /// A person agrees.
    Confirmed,
    /// The vendor says it is mended.
    FixClaimed,
    /// The same check passes now.
    Fixed,
    /// The risk is accepted.
    Accepted,
    /// Not a weakness after all.
    FalsePositive,
    /// Handled in another case.
    Moved,
}

/// How a finding stands against the previous run on the same system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Not seen before.
    New,
    /// Seen before and still there.
    StillOpen,
    /// Seen before, gone now: the same check passed.
    Fixed,
    /// Had been fixed, is back.
    Regressed,
    /// Seen before, but this run did not or could not test it again.
    NotRetested,
}

impl Change {
    /// The code word used in files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::StillOpen => "still_open",
            Self::Fixed => "fixed",
            Self::Regressed => "regressed",
            Self::NotRetested => "not_retested",
        }
    }

    /// The label people see.
    pub fn label(self) -> Text {
        match self {
            Self::New => Text::new("新發現", "New"),
            Self::StillOpen => Text::new("仍存在", "Still open"),
            Self::Fixed => Text::new("已修正", "Fixed"),
            Self::Regressed => Text::new("復發", "Regressed"),
            Self::NotRetested => Text::new("本次未複測", "Not tested again"),
        }
    }
}

impl std::str::FromStr for Change {
    type Err = ParseWordError;

    fn from_str(s: &str) -> Result<Self, ParseWordError> {
        [Self::New, Self::StillOpen, Self::Fixed, Self::Regressed, Self::NotRetested]
            .into_iter()
            .find(|c| c.code() == s)
            .ok_or_else(|| ParseWordError {
                found: s.to_owned(),
                expected: &["new", "still_open", "fixed", "regressed", "not_retested"],
            })
    }
}

/// One weakness of one asset, found by one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable across runs: hash of check, asset and what distinguishes it there. 16 hex digits.
    pub fingerprint: String,
    /// The check that found it.
    pub check: String,
    /// The domain of that check.
    pub domain: Domain,
    /// Gravity after the rules of severity.
    pub severity: Severity,
    /// The rule that decided the severity, as a sentence.
    pub severity_rule: Text,
    /// Open, or fixed when carried from the previous run.
    pub state: FindingState,
    /// Against the previous run; `None` when there was none.
    pub change: Option<Change>,
    /// What it is about: host, URL, address, file.
    pub asset: String,
    /// The finding as one sentence.
    pub title: Text,
    /// Why it matters.
    pub why: Text,
    /// The part of the evidence that shows it, at most a few lines.
    pub excerpt: String,
    /// Ids of the evidence records.
    pub evidence: Vec<String>,
    /// What to do.
    pub remedy: Text,
    /// Expected work.
    pub effort: Effort,
    /// Who should act: the operating contact or vendor of the plan.
    pub owner: String,
    /// Suggested day by which it should be mended.
    pub due: Date,
    /// The standard and clause.
    pub standard: String,
}
