//! The cruise plan: what system, what may be touched, when, how hard, and who agreed.

pub mod allow_list;
mod mail_hosts;
mod question;
mod read;
mod reader;
pub mod single;
mod template;
mod values;
mod window;

use std::collections::BTreeMap;

use bulwark_model::{Domain, Intensity, ProtectionLevel, SystemClass};
use bulwark_probe::scope::{Network, Scope, Vantage};
use bulwark_probe::task::TransactionStep;
use jiff::civil::Date;

pub use question::{QUESTIONS, Question};
pub use read::{read, read_file};
pub use template::{template, this_machine};
pub use window::{Standing, Window};

/// A plan that has been read and found correct.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The system under check.
    pub system: System,
    /// From where we look.
    pub location: Location,
    /// What may be touched.
    pub scope: PlanScope,
    /// When work is allowed; `None` is any time.
    pub window: Option<Window>,
    /// How hard the targets may be pressed.
    pub intensity: Intensity,
    /// Check items chosen, by domain.
    pub checks: BTreeMap<Domain, Selection>,
    /// Declared HTTP transactions.
    pub transactions: Vec<Transaction>,
    /// Answers to the questionnaire, by question id.
    pub answers: BTreeMap<String, Answer>,
    /// The owner's consent.
    pub approval: Option<Approval>,
    /// How the owner stops the run.
    pub stop: StopSwitch,
    /// SHA-256 of the plan file, hex.
    pub sha256: String,
    /// The plan file as it is; kept in the result bundle.
    pub source: String,
}

/// The system and what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct System {
    /// 系統名稱.
    pub name: String,
    /// 機關.
    pub agency: String,
    /// 系統類別.
    pub class: SystemClass,
    /// 防護需求等級.
    pub level: ProtectionLevel,
    /// 機密性.
    pub confidentiality: ProtectionLevel,
    /// 完整性.
    pub integrity: ProtectionLevel,
    /// 可用性.
    pub availability: ProtectionLevel,
    /// The nine background facts (design ruling 18); `None` is unknown.
    pub background: Background,
}

/// 系統背景資訊, nine facts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Background {
    /// 業務項目.
    pub business_item: Option<String>,
    /// 利害關係人.
    pub stakeholder: Option<String>,
    /// 資通安全等級 in the owner's words.
    pub security_level: Option<String>,
    /// 資訊傳輸電路.
    pub circuit: Option<String>,
    /// 機房所在地.
    pub datacenter_location: Option<String>,
    /// 伺服器類型.
    pub server_kind: Option<String>,
    /// 作業系統類型與版本.
    pub os: Option<String>,
    /// 維運主管機關與主辦人員.
    pub operator: Option<String>,
    /// 維運廠商.
    pub vendor: Option<String>,
}

impl Background {
    /// The facts with their keys, in the order of the glossary.
    pub fn facts(&self) -> [(&'static str, Option<&str>); 9] {
        [
            ("business_item", self.business_item.as_deref()),
            ("stakeholder", self.stakeholder.as_deref()),
            ("security_level", self.security_level.as_deref()),
            ("circuit", self.circuit.as_deref()),
            ("datacenter_location", self.datacenter_location.as_deref()),
            ("server_kind", self.server_kind.as_deref()),
            ("os", self.os.as_deref()),
            ("operator", self.operator.as_deref()),
            ("vendor", self.vendor.as_deref()),
        ]
    }

    /// How many of the nine are known.
    pub fn known(&self) -> usize {
        self.facts().iter().filter(|(_, v)| v.is_some()).count()
    }
}

/// From where we look, and with whose name service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// Outside as a citizen, or inside the owner's network.
    pub vantage: Vantage,
    /// Resolvers to ask; empty means those of the machine.
    pub resolvers: Vec<std::net::SocketAddr>,
    /// Port of authoritative name servers (53; other values only for a lab).
    pub authoritative_port: u16,
    /// Extra certificate authority (PEM), absolute path.
    pub ca_file: Option<std::path::PathBuf>,
    /// Contact put into the User-Agent, so that the owner knows whom to call.
    pub contact: Option<String>,
}

/// What the plan names as targets.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlanScope {
    /// Zones (責任區): their name servers are examined.
    pub domains: Vec<String>,
    /// Domains that receive or send mail.
    pub mail_domains: Vec<String>,
    /// DKIM selectors to look up below each mail domain; they cannot be found otherwise.
    pub dkim_selectors: Vec<String>,
    /// Hosts with their declared services.
    pub hosts: Vec<Host>,
    /// Web addresses.
    pub urls: Vec<url::Url>,
    /// Databases.
    pub databases: Vec<Database>,
    /// Local folders.
    pub paths: Vec<LocalPath>,
    /// Address ranges that narrow everything above.
    pub networks: Vec<Network>,
    /// Also examine this machine itself (`--self`).
    pub this_machine: bool,
}

/// A host and the services it is declared to offer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Host {
    /// Name (A-labels) or address literal.
    pub name: String,
    /// As the plan wrote it (may be an IDN).
    pub written: String,
    /// Declared TCP services.
    pub ports: Vec<u16>,
    /// Ports that speak TLS from the first byte.
    pub tls_ports: Vec<u16>,
    /// Port of SMTP, when it is a mail host.
    pub smtp_port: Option<u16>,
    /// Whether to ask for its time by NTP, and on which port.
    pub ntp_port: Option<u16>,
    /// Zone of the network it stands in (對外區, 內部區 …), free text.
    pub zone: Option<String>,
}

/// Which kind of database server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DatabaseKind {
    /// PostgreSQL 11 and later.
    #[default]
    Postgres,
    /// MySQL or MariaDB.
    Mysql,
}

impl DatabaseKind {
    /// The code word in the plan.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Postgres => "postgresql",
            Self::Mysql => "mysql",
        }
    }
}

/// How the owner of the system stops a run at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StopSwitch {
    /// The run stops when this file exists.
    pub file: Option<std::path::PathBuf>,
    /// The run stops when this URL answers 200 with a body that starts with `stop`. Its host must be in scope.
    pub url: Option<url::Url>,
}

/// A database to look into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Database {
    /// Which kind of server.
    pub kind: DatabaseKind,
    /// Name used in results.
    pub name: String,
    /// Host of the connection string; it must be the same there.
    pub host: String,
    /// Absolute path of the file that holds the connection string.
    pub dsn_file: std::path::PathBuf,
}

/// A local folder to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalPath {
    /// What it holds.
    pub kind: PathKind,
    /// Absolute path.
    pub path: std::path::PathBuf,
    /// Backups: age in hours above which the newest is too old.
    pub max_age_hours: u32,
    /// Data: earlier use of the file system, CSV `unix_seconds,used_bytes,total_bytes`.
    pub history: Option<std::path::PathBuf>,
}

/// What a local folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// Backup files.
    Backup,
    /// Data of the system: its file system's fill is watched.
    Data,
    /// A web root on this machine: looked at for dumps and repositories.
    WebRoot,
    /// A web access log.
    AccessLog,
    /// A PostgreSQL server log.
    PostgresLog,
}

impl PathKind {
    /// The code word in the plan.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Backup => "backup",
            Self::Data => "data",
            Self::WebRoot => "web_root",
            Self::AccessLog => "access_log",
            Self::PostgresLog => "postgres_log",
        }
    }
}

/// A declared transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// Name.
    pub name: String,
    /// How often it is run, spread over the window.
    pub repetitions: u32,
    /// Limit for the 95th percentile of the whole transaction, in milliseconds.
    pub p95_limit_ms: u64,
    /// Steps.
    pub steps: Vec<TransactionStep>,
}

/// Which check items of a domain are chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Every item.
    All,
    /// None: the domain is left out.
    None,
    /// Only these ids.
    Only(Vec<String>),
    /// Every item but these ids.
    Except(Vec<String>),
}

impl Selection {
    /// True when the check `id` is chosen.
    pub fn includes(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Only(ids) => ids.iter().any(|i| i == id),
            Self::Except(ids) => !ids.iter().any(|i| i == id),
        }
    }
}

/// An answer to a questionnaire item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was answered.
    pub value: AnswerValue,
    /// Remark.
    pub note: String,
    /// Day of the fact (last restore test …), when the question asks for one.
    pub on: Option<Date>,
    /// Evidence files, absolute paths.
    pub evidence: Vec<std::path::PathBuf>,
}

/// The possible answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerValue {
    /// 是.
    Yes,
    /// 部分.
    Partial,
    /// 否.
    No,
    /// 不適用, with a note.
    NotApplicable,
    /// 不確定.
    Unknown,
}

/// 核定.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Name and title of the person who approved.
    pub by: String,
    /// Day of approval.
    pub on: Date,
}

impl Plan {
    /// The scope the prober enforces: every host named directly or inside a URL, mail or database entry.
    pub fn probe_scope(&self) -> Scope {
        let mut hosts: std::collections::BTreeSet<String> =
            self.scope.hosts.iter().map(|h| h.name.clone()).collect();
        hosts.extend(self.scope.urls.iter().filter_map(|u| u.host_str()).map(plain_host));
        hosts.extend(self.scope.databases.iter().map(|d| d.host.clone()));
        hosts.extend(self.scope.mail_domains.iter().map(|d| format!("mta-sts.{d}")));
        hosts.extend(self.stop.url.iter().filter_map(|u| u.host_str()).map(plain_host));
        Scope { hosts, networks: self.scope.networks.clone(), vantage: self.location.vantage }
    }

    /// The answer to a question, if one was given.
    pub fn answer(&self, id: &str) -> Option<&Answer> {
        self.answers.get(id)
    }

    /// True when the check is chosen by the plan (a domain not mentioned is chosen whole).
    pub fn includes(&self, domain: Domain, id: &str) -> bool {
        self.checks.get(&domain).is_none_or(|s| s.includes(id))
    }
}

/// `[::1]` → `::1`, lower case, no final dot.
fn plain_host(host: &str) -> String {
    host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase()
}
