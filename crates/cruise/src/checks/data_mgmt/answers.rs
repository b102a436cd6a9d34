//! What only the agency can answer.

use bulwark_i18n::args;
use bulwark_model::{Effort, Grade, Severity};

use crate::check::{Case, Definition, Sheet};
use crate::checks::questionnaire;
use crate::plan::AnswerValue;

/// `data_mgmt.restore-tested`
pub(super) const RESTORE_TESTED: Definition = Definition {
    id: "data_mgmt.restore-tested",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "資通安全責任等級分級辦法附表十 營運持續計畫「資料備份」（中級：應定期測試備份資料；高級：應將備份還原，作為營運持續計畫演練之一部分）",
    kinds: &["answer"],
    judge: restore_tested,
};

/// `data_mgmt.offsite-copy`
pub(super) const OFFSITE_COPY: Definition = Definition {
    id: "data_mgmt.offsite-copy",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Large,
    standard: "資通安全責任等級分級辦法附表十 營運持續計畫「資料備份」（高級：應建立資料異地備份機制）",
    kinds: &["answer"],
    judge: offsite_copy,
};

/// `data_mgmt.backup-encrypted`
pub(super) const BACKUP_ENCRYPTED: Definition = Definition {
    id: "data_mgmt.backup-encrypted",
    severity: Severity::Medium,
    grade: Grade::Confidentiality,
    effort: Effort::Medium,
    standard: "資通安全責任等級分級辦法附表十 系統與通訊保護「資料儲存之安全」; CIS Controls v8 11.3",
    kinds: &["answer"],
    judge: backup_encrypted,
};

/// `data_mgmt.retention-policy`
pub(super) const RETENTION_POLICY: Definition = Definition {
    id: "data_mgmt.retention-policy",
    severity: Severity::Medium,
    grade: Grade::Confidentiality,
    effort: Effort::Medium,
    standard: "個人資料保護法第 11 條第 3 項; ISO/IEC 27001:2022 A.8.10",
    kinds: &["answer"],
    judge: retention_policy,
};

/// `data_mgmt.data-classified`
pub(super) const DATA_CLASSIFIED: Definition = Definition {
    id: "data_mgmt.data-classified",
    severity: Severity::Medium,
    grade: Grade::Confidentiality,
    effort: Effort::Medium,
    standard: "ISO/IEC 27001:2022 A.5.12, A.5.13",
    kinds: &["answer"],
    judge: data_classified,
};

/// `data_mgmt.log-retention`
pub(super) const LOG_RETENTION: Definition = Definition {
    id: "data_mgmt.log-retention",
    severity: Severity::Medium,
    grade: Grade::Integrity,
    effort: Effort::Medium,
    standard: "資通安全責任等級分級辦法附表十 事件日誌與可歸責性「記錄事件」（保留日誌至少六個月）",
    kinds: &["answer"],
    judge: log_retention,
};

/// Days after which a restore test no longer proves anything.
const YEAR_DAYS: i32 = 365;

/// A backup was restored within the last 365 days. A yes with an older day warns, without a day or
/// with a day still to come needs a person; everything else as with any question.
fn restore_tested(case: &Case<'_>, sheet: &mut Sheet) {
    let asset = case.plan.system.name.as_str();
    if let Some(answer) = case.answer("restore-test").filter(|a| a.value == AnswerValue::Yes) {
        let today = jiff::tz::offset(8).to_datetime(case.taken_at).date();
        let Some(on) = answer.on else {
            sheet.manual(asset, "no_day", &[]);
            return;
        };
        let days = on.until(today).map_or(0, |span| span.get_days());
        if days < 0 {
            sheet.manual(asset, "future", &args![day = on]);
            return;
        }
        if days > YEAR_DAYS {
            sheet.warn(asset, "old", &args![day = on, days = days]).excerpt(format!("on = {on}"));
            return;
        }
    }
    questionnaire::judge("restore-test", case, sheet);
}

/// A copy of the backups is kept at another place.
fn offsite_copy(case: &Case<'_>, sheet: &mut Sheet) {
    questionnaire::judge("offsite-backup", case, sheet);
}

/// Backups cannot be read without a key.
fn backup_encrypted(case: &Case<'_>, sheet: &mut Sheet) {
    questionnaire::judge("backup-encrypted", case, sheet);
}

/// It is written how long data is kept, and data past that time is deleted.
fn retention_policy(case: &Case<'_>, sheet: &mut Sheet) {
    questionnaire::judge("retention-policy", case, sheet);
}

/// Data of the system is classified and handled by class.
fn data_classified(case: &Case<'_>, sheet: &mut Sheet) {
    questionnaire::judge("data-classified", case, sheet);
}

/// Logs are kept for at least six months.
fn log_retention(case: &Case<'_>, sheet: &mut Sheet) {
    questionnaire::judge("log-retention", case, sheet);
}
