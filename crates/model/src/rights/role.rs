//! The roles of the matrix, in the order of its columns.

use serde::{Deserialize, Serialize};

use crate::Text;
use crate::words::{ParseWordError, words};

words! {
    /// A role a person holds at an organisation for a time; `system` stands for automatic acts.
    Role {
        /// 機關通報人.
        Reporter = "reporter", "機關通報人", "Agency reporter";
        /// 機關資安長.
        AgencyCiso = "agency_ciso", "機關資安長", "Agency CISO";
        /// 上級／監督機關.
        Supervisor = "supervisor", "上級／監督機關", "Superior or supervising agency";
        /// 中央目的事業主管機關.
        SectorAuthority = "sector_authority", "中央目的事業主管機關", "Sector authority";
        /// 主管機關（資安署）.
        Competent = "competent", "主管機關（資安署）", "Competent authority (ACS)";
        /// 服務團第一組.
        SvcG1 = "svc_g1", "服務團第一組 服務設計與技術研發", "Service team 1: design and R&D";
        /// 服務團第二組.
        SvcG2 = "svc_g2", "服務團第二組 韌性與資安防護", "Service team 2: resilience and security";
        /// 服務團第三組.
        SvcG3 = "svc_g3", "服務團第三組 事故應變與復原", "Service team 3: response and recovery";
        /// 服務團主管.
        SvcLead = "svc_lead", "服務團主管", "Head of the service team";
        /// 數位韌性領航員.
        Navigator = "navigator", "數位韌性領航員", "Resilience navigator";
        /// 維運廠商.
        Vendor = "vendor", "維運廠商", "Vendor";
        /// 演練紅隊.
        RedTeam = "red_team", "演練紅隊", "Exercise red team";
        /// 外部專家.
        Expert = "expert", "外部專家", "Outside expert";
        /// 稽核（唯讀）.
        Auditor = "auditor", "稽核（唯讀）", "Auditor (read only)";
        /// 系統管理者.
        Admin = "admin", "系統管理者", "Platform administrator";
        /// 首長／主任秘書（僅統計）.
        Director = "director", "首長／主任秘書（僅統計）", "Head of agency (counts only)";
        /// 系統自動（無人登入）.
        System = "system", "系統自動（無人登入）", "Automatic (nobody logged in)";
    }
}

words! {
    /// `team_group`: the three groups of the service team. A person lent to another group holds a
    /// second grant with its own end.
    TeamGroup {
        /// 服務設計與技術研發組.
        Design = "design", "服務設計與技術研發組", "Design & R&D";
        /// 服務韌性與資安防護調和組.
        Resilience = "resilience", "服務韌性與資安防護調和組", "Resilience & security";
        /// 事故應變與協力復原組.
        Response = "response", "事故應變與協力復原組", "Response & recovery";
    }
}

impl Role {
    /// The group of the service team this role works in.
    pub const fn group(self) -> Option<TeamGroup> {
        match self {
            Self::SvcG1 => Some(TeamGroup::Design),
            Self::SvcG2 => Some(TeamGroup::Resilience),
            Self::SvcG3 => Some(TeamGroup::Response),
            _ => None,
        }
    }

    /// The platform's own staff, for whom emergency access exists (security-reliability §3).
    pub const fn is_service_team(self) -> bool {
        matches!(self, Self::SvcG1 | Self::SvcG2 | Self::SvcG3 | Self::SvcLead)
    }

    /// Bodies with a legal duty on a case: its owner, superior, sector authority and the competent
    /// authority. TLP:RED does not shut them out (incident-grc §4).
    pub const fn has_legal_duty(self) -> bool {
        matches!(
            self,
            Self::Reporter | Self::AgencyCiso | Self::Supervisor | Self::SectorAuthority | Self::Competent
        )
    }

    /// Granting this role needs `role.grant_privileged`: it sees beyond one organisation, or signs for one.
    /// The others see what they record themselves or what is handed to them.
    pub const fn is_privileged(self) -> bool {
        !matches!(self, Self::Reporter | Self::Vendor | Self::Expert)
    }

    /// Index of the role's column in the matrix.
    pub(super) const fn column(self) -> usize {
        self as usize
    }
}
