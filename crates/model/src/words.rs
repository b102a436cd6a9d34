//! The closed word lists of the glossary: code, zh-TW label, English label.

use serde::{Deserialize, Serialize};

use crate::Text;

/// A word that is not on its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseWordError {
    /// What was read.
    pub found: String,
    /// The words that would have been right.
    pub expected: &'static [&'static str],
}

impl std::fmt::Display for ParseWordError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: {}", self.found, self.expected.join(" | "))
    }
}

impl std::error::Error for ParseWordError {}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $code)] $variant,)+
        }

        impl $name {
            /// Every word, in the order of the glossary.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The code words, for messages that list the choices.
            pub const CODES: &'static [&'static str] = &[$($code),+];

            /// The code word used in files and addresses.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// The label people see.
            pub fn label(self) -> Text {
                match self { $(Self::$variant => Text::new($zh, $en)),+ }
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
                Self::ALL.iter().copied().find(|w| w.code() == s)
                    .ok_or_else(|| ParseWordError { found: s.to_owned(), expected: Self::CODES })
            }
        }
    };
}
pub(crate) use words;

words! {
    /// The seven health-check domains of 數位韌性巡航, exactly these.
    Domain {
        /// 網路傳輸環境設定.
        Network = "network", "網路傳輸環境設定", "Network transmission settings";
        /// 資訊系統架構.
        Architecture = "architecture", "資訊系統架構", "System architecture";
        /// 系統功能運作效能.
        Function = "function", "系統功能運作效能", "Functional performance";
        /// 資料庫系統輸出入效率.
        DbIo = "db_io", "資料庫系統輸出入效率", "Database input and output";
        /// 終端使用者操作效能.
        EndUser = "end_user", "終端使用者操作效能", "End-user performance";
        /// 資料管理合宜性.
        DataMgmt = "data_mgmt", "資料管理合宜性", "Data management";
        /// 系統弱點檢測.
        Vuln = "vuln", "系統弱點檢測", "System vulnerabilities";
    }
}

words! {
    /// How grave a finding is; the order is the order of gravity (`High` is the greatest).
    Severity {
        /// 建議: good practice, no weakness.
        Advice = "advice", "建議", "Advice";
        /// 低.
        Low = "low", "低", "Low";
        /// 中.
        Medium = "medium", "中", "Medium";
        /// 高.
        High = "high", "高", "High";
    }
}

words! {
    /// What a check concluded. `error` (our trouble) is never `fail` (the target's trouble).
    Verdict {
        /// The criterion is met.
        Pass = "pass", "通過", "Pass";
        /// Met, but close to the line or not as recommended.
        Warn = "warn", "注意", "Warning";
        /// The criterion is not met.
        Fail = "fail", "未通過", "Fail";
        /// A fact worth knowing, no judgement.
        Info = "info", "資訊", "Information";
        /// We could not measure: time-out, refusal, our own fault.
        Error = "error", "無法量測", "Could not measure";
        /// Not looked at, with the reason.
        NotTested = "not_tested", "未檢", "Not tested";
        /// The question does not arise for this system.
        NotApplicable = "not_applicable", "不適用", "Not applicable";
        /// A person must look.
        Manual = "manual", "待人工確認", "Needs a person";
        /// Waived by an approved exception.
        Exempt = "exempt", "核准例外", "Exempt";
    }
}

words! {
    /// 系統類別: which of the two KPI counts a system belongs to.
    SystemClass {
        /// 民生關鍵資訊系統.
        Critical = "critical", "民生關鍵資訊系統", "Livelihood-critical system";
        /// 機關業務運作系統.
        Operational = "operational", "機關業務運作系統", "Agency operational system";
    }
}

words! {
    /// 資通系統防護需求等級, for the whole system and for each of C, I, A and legal compliance.
    ProtectionLevel {
        /// 普.
        Basic = "basic", "普", "Basic";
        /// 中.
        Medium = "medium", "中", "Medium";
        /// 高.
        High = "high", "高", "High";
    }
}

words! {
    /// How hard a run may press a target.
    Intensity {
        /// Loopback targets only: no pauses.
        Lab = "lab", "實驗室", "Lab";
        /// Default: at most one new connection per second and address.
        Low = "low", "低衝擊", "Low impact";
        /// Agreed with the owner for roomy systems.
        Normal = "normal", "一般", "Normal";
    }
}

words! {
    /// Which property of the system a check speaks about.
    Grade {
        /// 機密性.
        Confidentiality = "c", "機密性", "Confidentiality";
        /// 完整性.
        Integrity = "i", "完整性", "Integrity";
        /// 可用性.
        Availability = "a", "可用性", "Availability";
    }
}

impl Verdict {
    /// True when the check came to a judgement about the target.
    pub const fn judged(self) -> bool {
        matches!(self, Self::Pass | Self::Warn | Self::Fail | Self::Info | Self::Exempt)
    }
}

/// What the catalogue says about one check, without the code that judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Stable id, `domain.name`.
    pub id: String,
    /// The domain it belongs to.
    pub domain: Domain,
    /// Severity of a `fail` before the system's protection level is looked at.
    pub severity: Severity,
    /// What is checked, as a short noun phrase.
    pub title: Text,
    /// Why it matters, in one or two plain sentences.
    pub why: Text,
    /// What to do when it fails.
    pub remedy: Text,
    /// The standard and clause the criterion comes from.
    pub standard: String,
}

/// Exit codes of every command: design ruling "2 wins over all, then 1, 3, 4".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to report.
    Ok = 0,
    /// Something at or above the `--fail-on` severity, or a clock breached.
    Findings = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Something could not be read, was refused or is incomplete.
    Incomplete = 3,
    /// Knowledge (advisories, rules, calendars) is missing or too old.
    Knowledge = 4,
}

impl Exit {
    /// The exit code of a finished run, by precedence.
    pub const fn decide(findings: bool, incomplete: bool, knowledge_missing: bool) -> Self {
        if findings {
            Self::Findings
        } else if incomplete {
            Self::Incomplete
        } else if knowledge_missing {
            Self::Knowledge
        } else {
            Self::Ok
        }
    }
}

words! {
    /// A class of data with a rule of its own.
    RetentionClass {
        /// Log-ins that have ended.
        Session = "session", "已結束的登入階段", "Ended sessions";
        /// One-time links taken or out of date.
        Link = "link", "已使用或過期的一次性連結", "One-time links taken or out of date";
        /// Tokens of forms that were sent.
        Once = "once", "已送出表單的防重複記號", "Marks against sending a form twice";
        /// Messages handed over.
        Outbox = "outbox", "已交付的訊息", "Messages handed over";
        /// Jobs that are done.
        Job = "job", "已完成的背景工作", "Finished background jobs";
        /// Who looked at what.
        AccessLog = "access_log", "調閱紀錄", "Access log";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip_through_their_codes() {
        for d in Domain::ALL {
            assert_eq!(d.code().parse::<Domain>().as_ref(), Ok(d));
        }
        let e = "hihg".parse::<Severity>().expect_err("no such word");
        assert_eq!(e.to_string(), "`hihg`: advice | low | medium | high");
    }

    #[test]
    fn exit_codes_follow_the_ruling() {
        assert_eq!(Exit::decide(true, true, true), Exit::Findings);
        assert_eq!(Exit::decide(false, true, true), Exit::Incomplete);
        assert_eq!(Exit::decide(false, false, true), Exit::Knowledge);
        assert_eq!(Exit::decide(false, false, false), Exit::Ok);
    }
}
