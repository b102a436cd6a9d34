//! The questionnaire: what only people can answer.

use bulwark_model::Domain;

/// One question; its texts are those of the check of the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    /// Short id used in the plan's `[[answer]]`.
    pub id: &'static str,
    /// The check that judges the answer.
    pub check: &'static str,
    /// Domain.
    pub domain: Domain,
    /// Whether the answer needs the day of the fact.
    pub asks_day: bool,
}

macro_rules! questions {
    ($($id:literal => $check:literal, $domain:ident, $day:literal;)+) => {
        /// Every question, in the order of the domains.
        pub const QUESTIONS: &[Question] = &[
            $(Question { id: $id, check: $check, domain: Domain::$domain, asks_day: $day }),+
        ];
    };
}

questions! {
    "redundant-power" => "architecture.redundant-power", Architecture, false;
    "redundant-circuit" => "architecture.redundant-circuit", Architecture, false;
    "redundant-server" => "architecture.redundant-server", Architecture, false;
    "failover-tested" => "architecture.failover-tested", Architecture, true;
    "architecture-diagram" => "architecture.diagram-current", Architecture, true;
    "restore-test" => "data_mgmt.restore-tested", DataMgmt, true;
    "offsite-backup" => "data_mgmt.offsite-copy", DataMgmt, false;
    "backup-encrypted" => "data_mgmt.backup-encrypted", DataMgmt, false;
    "retention-policy" => "data_mgmt.retention-policy", DataMgmt, false;
    "data-classified" => "data_mgmt.data-classified", DataMgmt, false;
    "log-retention" => "data_mgmt.log-retention", DataMgmt, false;
}

/// Finds a question by id.
pub fn find(id: &str) -> Option<&'static Question> {
    QUESTIONS.iter().find(|q| q.id == id)
}
