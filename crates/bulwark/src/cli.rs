//! The commands and their arguments. Help is in both languages, for there is one help text.

use std::net::IpAddr;
use std::path::PathBuf;

use bulwark_clock::{OrgClass, PeriodRule, Unit};
use bulwark_cruise::plan::single::Profile;
use bulwark_model::{Domain, Intensity, Lang, Severity};
use bulwark_twid::Kind;
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::Which;
use crate::org::Org;

/// 壁壘 Bulwark：政府資訊系統安全與韌性平臺
/// Security and resilience of government information systems
#[derive(Debug, Parser)]
#[command(name = "bulwark", version, about, arg_required_else_help = true, propagate_version = false)]
pub struct Cli {
    /// 輸出語言 Language of output: zh-TW | en
    #[arg(long, global = true, default_value = "zh-TW", value_name = "LANG")]
    pub lang: Lang,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Top-level commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 數位韌性巡航：健檢一個系統並產生健檢報告 Check one system in seven domains and write its health report
    #[command(subcommand)]
    Cruise(Cruise),
    /// 單次探測一個目標 Look at one target right now
    #[command(subcommand)]
    Probe(Probe),
    /// 政府設計系統：元件、文件網站與發行檔 The government design system: components, documentation site, release archive
    #[command(subcommand)]
    Ds(Ds),
    /// 期限：依法計算屆滿時間，並以一句話說明 Time limits: count an end as the law does, and explain it in one sentence
    #[command(subcommand)]
    Clock(Clock),
    /// 啟動平臺網站 Run the console
    Serve(Which),
    /// 設定：檢查、顯示、範例 The configuration: check, show, example
    #[command(subcommand)]
    Config(Config),
    /// 檢查資料夾、金鑰、憑證、磁碟、資料庫、稽核紀錄與備份，並說明怎麼辦 Look at folder, keys, certificate, disk, database, audit log and backup, and say what to do
    Doctor {
        #[command(flatten)]
        which: Which,
        /// 達此嚴重度即以 1 結束（危險為 high，注意為 low） Exit 1 at or above this severity (danger is high, caution is low)
        #[arg(long, default_value = "medium", value_name = "SEVERITY")]
        fail_on: Severity,
    },
    /// 稽核紀錄：驗證、舉證、匯出 The audit log: verify, prove, export
    #[command(subcommand)]
    Audit(Audit),
    /// 備份到空的資料夾（不含金鑰） Back up into an empty folder (without keys)
    Backup {
        /// 空的資料夾 An empty folder
        dir: PathBuf,
        #[command(flatten)]
        which: Which,
    },
    /// 由備份還原到空的資料夾，並逐表逐筆核對 Restore a backup into an empty folder and compare every row
    Restore {
        /// 備份資料夾 Folder of the backup
        dir: PathBuf,
        /// 還原到這個空的資料夾 The empty folder to restore into
        #[arg(long, value_name = "DIR")]
        into: PathBuf,
        /// 金鑰所在的資料夾；未填則為現行資料夾 Folder of the keys; the data folder in use unless given
        #[arg(long, value_name = "DIR")]
        keys: Option<PathBuf>,
        #[command(flatten)]
        which: Which,
    },
    /// 搬移資料庫 Move the database
    #[command(subcommand)]
    Migrate(Migrate),
    /// 建立示範資料：三個機關、一家廠商、服務團人員 Seed a demo: three agencies, one vendor, the service team
    Demo {
        #[command(flatten)]
        which: Which,
        /// 已有示範資料時，為每個人產生新的登入連結 Make new links for everyone when the demo is there already
        #[arg(long)]
        links: bool,
    },
    /// 機關名錄：匯入清冊 The register of organisations: import lists
    #[command(subcommand)]
    Org(Org),
    /// 在這臺機器上管理帳號 Accounts, on the machine itself
    #[command(subcommand)]
    Admin(Admin),
    /// 在受限的子行程中讀取上傳的表格 Read an uploaded table in a child behind walls
    #[command(hide = true)]
    ParseTable,
    /// 驗證欄位：每行一個 JSON 字串，逐行回覆 Validate fields: one JSON string a line in, one object a line out
    Validate {
        /// 種類，例如 person-id；未填則列出全部 Kind such as person-id; all are listed when it is left out
        kind: Option<Kind>,
        /// 只驗證這一個值，並以文字回覆 Only this value, answered in words
        #[arg(allow_hyphen_values = true)]
        value: Option<String>,
        /// 列出種類 List the kinds
        #[arg(long, conflicts_with = "kind")]
        list: bool,
    },
    /// 說明檢查項目或訊息代碼 Explain a check (network.hsts) or a message code (BW-PLAN-002)
    Explain {
        /// 檢查項目或訊息代碼 Check id or message code
        id: String,
    },
}

/// `bulwark config …`
#[derive(Debug, Subcommand)]
pub enum Config {
    /// 指出設定的每一個錯誤 Name every mistake of the configuration
    Check(Which),
    /// 顯示現行設定，祕密不顯示 Show the settings in force, without secrets
    Show {
        #[command(flatten)]
        which: Which,
        /// 同時顯示每一項從哪裡來 Say where each came from, too
        #[arg(long)]
        origin: bool,
    },
    /// 印出含說明的範例 Print a commented example
    Example,
}

/// `bulwark audit …`
#[derive(Debug, Subcommand)]
pub enum Audit {
    /// 逐筆核對資料庫、稽核檔與已簽署的根，指出第一筆不符的紀錄 Compare database, audit file and signed roots leaf by leaf and name the first bad one
    Verify {
        #[command(flatten)]
        which: Which,
        /// 另行保管的簽署根（可重複） A signed root kept elsewhere (repeatable)
        #[arg(long, value_name = "FILE")]
        from: Vec<PathBuf>,
    },
    /// 印出一個物件所有紀錄的證明（JSON），可用 tools/audit-verify 獨立驗證 Print the proof of every act on an object (JSON); tools/audit-verify checks it
    Prove {
        /// 物件，例如 person/0193… Object such as person/0193…
        object: String,
        #[command(flatten)]
        which: Which,
    },
    /// 匯出稽核紀錄（C2SP tlog-tiles）、簽署的根與公鑰 Write the log (C2SP tlog-tiles), its signed root and the public key
    Export {
        /// 空的資料夾 An empty folder
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        #[command(flatten)]
        which: Which,
    },
}

/// `bulwark migrate …`
#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// 由 SQLite 搬到空的 PostgreSQL 資料庫，並核對每一張表 From SQLite to an empty PostgreSQL database, comparing every table
    SqliteToPostgres {
        /// 內含連線字串的檔案（權限 600） File with the connection string (mode 600)
        #[arg(long, value_name = "FILE")]
        url_file: PathBuf,
        #[command(flatten)]
        which: Which,
    },
}

/// `bulwark admin …`
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// 產生一次性登入連結，供無人能登入時使用；會留下稽核紀錄 Make a link that logs in once, for when nobody can; it is recorded
    Link {
        /// 登入名稱 Log-in name
        #[arg(long, value_name = "NAME")]
        login: String,
        /// 理由 Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        #[command(flatten)]
        which: Which,
    },
}

/// `bulwark cruise …`
#[derive(Debug, Subcommand)]
pub enum Cruise {
    /// 產生含說明的計畫檔 Write a commented plan file
    Init {
        /// 寫到這個檔案（不覆寫既有檔案） File to write; an existing one is never overwritten
        #[arg(long, default_value = "plan.toml", value_name = "FILE")]
        out: PathBuf,
    },
    /// 檢查計畫檔 Look at a plan file
    #[command(subcommand)]
    Plan(Plan),
    /// 執行健檢 Run a health check
    Run(Run),
    /// 以現行檢查項目重新判定既有佐證 Judge stored evidence again with today's checks
    Reevaluate {
        /// 結果檔 Result bundle
        result: PathBuf,
        /// 輸出資料夾 Output folder
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// 達此嚴重度即以 1 結束 Exit 1 at or above this severity
        #[arg(long, default_value = "medium", value_name = "SEVERITY")]
        fail_on: Severity,
        /// 簽章金鑰檔 Signing key file
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
    /// 驗證結果檔未遭更動 Verify that a result is unaltered
    Verify {
        /// 結果檔 Result bundle
        result: PathBuf,
        /// 應屬於這份計畫 The plan it must belong to
        #[arg(long, value_name = "FILE")]
        plan: Option<PathBuf>,
        /// 應由此公鑰簽署 Public key file that must have signed it
        #[arg(long, value_name = "FILE")]
        public_key: Option<PathBuf>,
    },
    /// 列出檢查項目 List the checks
    Checks {
        /// 格式 Format
        #[arg(long, default_value = "table")]
        format: Format,
        /// 只列這個領域 Only this domain
        #[arg(long, value_name = "DOMAIN")]
        only: Vec<Domain>,
    },
    /// 顯示本機簽章公鑰 Print the public key that signs results on this machine
    Key {
        /// 簽章金鑰檔 Signing key file
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

/// `bulwark cruise plan …`
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// 指出計畫檔的每一個錯誤 Name every mistake of a plan file
    Check {
        /// 計畫檔 Plan file
        plan: PathBuf,
    },
    /// 列出防火牆允許清單 List what the owner's firewall must let through
    Allowlist {
        /// 計畫檔 Plan file
        plan: PathBuf,
        /// 格式 Format
        #[arg(long, default_value = "text")]
        format: AllowFormat,
        /// 我方對外的來源位址（可重複） Address we come from (repeatable)
        #[arg(long, value_name = "ADDR")]
        from: Vec<IpAddr>,
    },
}

/// `bulwark probe …`
#[derive(Debug, Subcommand)]
pub enum Probe {
    /// 探測一個目標 Look at one target
    Run(ProbeRun),
    /// 列出各類檢查項目 List the checks of the profiles
    List {
        /// 只列這一類 Only this profile
        #[arg(long)]
        profile: Option<ProfileWord>,
    },
    /// 說明檢查項目 Explain a check
    Explain {
        /// 檢查項目 Check id
        id: String,
    },
}

/// `bulwark probe run`
#[derive(Debug, Args)]
pub struct ProbeRun {
    /// 網址、主機:連接埠、網域，或資料庫連線字串檔 URL, host:port, domain, or file with a database's connection string
    pub target: String,
    /// 檢查哪一面 Which side of it
    #[arg(long)]
    pub profile: ProfileWord,
    /// 強度 Intensity: lab | low | normal
    #[arg(long, default_value = "low", value_name = "INTENSITY")]
    pub intensity: Intensity,
    /// 格式 Format
    #[arg(long, default_value = "table")]
    pub format: ProbeFormat,
    /// 同意檢查的系統主管機關人員（目標不是本機時必填） Who of the owner agreed; needed unless the target is this machine
    #[arg(long, value_name = "NAME")]
    pub approved_by: Option<String>,
    /// 由機關內部網路檢查（允許私有位址） Look from inside the owner's network: private addresses are allowed
    #[arg(long)]
    pub inside: bool,
    /// 輸出資料夾：結果檔與報告 Output folder for the result bundle and reports
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// 達此嚴重度即以 1 結束 Exit 1 at or above this severity
    #[arg(long, default_value = "medium", value_name = "SEVERITY")]
    pub fail_on: Severity,
    /// DNS 解析器（可重複） DNS resolver, address or address:port (repeatable)
    #[arg(long, value_name = "ADDR")]
    pub resolver: Vec<String>,
    /// 權威名稱伺服器的連接埠（實驗室） Port of authoritative name servers (laboratory)
    #[arg(long, default_value_t = 53, value_name = "PORT", hide = true)]
    pub authoritative_port: u16,
    /// 郵件伺服器的連接埠（實驗室） Port of mail hosts (laboratory)
    #[arg(long, default_value_t = 25, value_name = "PORT", hide = true)]
    pub smtp_port: u16,
    /// 內部憑證機構（PEM） Further certificate authority (PEM)
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// 寫入 User-Agent 的聯絡方式 Contact put into the User-Agent
    #[arg(long, value_name = "TEXT")]
    pub contact: Option<String>,
    /// 簽章金鑰檔（配合 --out） Signing key file (with --out)
    #[arg(long, value_name = "FILE", requires = "out")]
    pub key: Option<PathBuf>,
}

/// The profiles as words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProfileWord {
    /// 網站 Web site
    Web,
    /// 電子郵件 Mail
    Mail,
    /// 網域名稱 DNS
    Dns,
    /// TLS
    Tls,
    /// 資料庫 Database
    Db,
    /// 全部 Everything
    Full,
}

impl From<ProfileWord> for Profile {
    fn from(word: ProfileWord) -> Self {
        match word {
            ProfileWord::Web => Self::Web,
            ProfileWord::Mail => Self::Mail,
            ProfileWord::Dns => Self::Dns,
            ProfileWord::Tls => Self::Tls,
            ProfileWord::Db => Self::Db,
            ProfileWord::Full => Self::Full,
        }
    }
}

/// `bulwark clock …`
#[derive(Debug, Subcommand)]
pub enum Clock {
    /// 計算一段期間的屆滿時間 When a period ends
    Due(ClockDue),
    /// 說明一項期限：依據、承辦、屆滿時間與提醒 Explain a time limit: basis, owner, end and warnings
    Explain(ClockExplain),
    /// 列出一個規則版本的全部期限 List all time limits of a rule version
    Table(ClockTable),
}

/// `bulwark clock due`
#[derive(Debug, Args)]
pub struct ClockDue {
    /// 計算方式 Rule: elapsed | apa48 | days | workdays | workhours_0900_1800 | calendar_month_end
    #[arg(long, value_name = "RULE")]
    pub rule: PeriodRule,
    /// 起算時間，例如 115/1/31 10:00 Start, for example 2026-01-31T10:00:00+08:00
    #[arg(long, value_name = "TIME")]
    pub start: String,
    /// 多少 How many
    #[arg(long, value_name = "N", value_parser = amount)]
    pub amount: u32,
    /// 單位，未填時依計算方式 Unit; follows from the rule unless given: hour | day | week | month | year | workday | workhour
    #[arg(long, value_name = "UNIT")]
    pub unit: Option<Unit>,
    /// 暫停的起訖（可重複） A pause, begin and end (repeatable)
    #[arg(long, value_name = "A/B")]
    pub pause: Vec<String>,
    /// 全日停止上班的日子（可重複） A day on which offices are closed (repeatable)
    #[arg(long, value_name = "DATE")]
    pub closure: Vec<String>,
}

/// `bulwark clock explain`
#[derive(Debug, Args)]
pub struct ClockExplain {
    /// 期限代碼，例如 contain Code of the limit, for example contain
    pub clock: String,
    /// 規則版本，未填時依起算時間 Rule version; by default the one in force at the start, or the newest
    #[arg(long, value_name = "VERSION")]
    pub rule_version: Option<String>,
    /// 機關類別 Class of the body: gov | nongov
    #[arg(long, value_name = "CLASS")]
    pub class: Option<OrgClass>,
    /// 事件等級 Level of the incident: 1 to 4
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=4))]
    pub level: Option<u8>,
    /// 起算時間 Start
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// 完成時間；逾期時以 1 結束 When it was done; exit 1 when that was late
    #[arg(long, value_name = "TIME", requires = "start")]
    pub done: Option<String>,
}

/// `bulwark clock table`
#[derive(Debug, Args)]
pub struct ClockTable {
    /// 規則版本，未填則列出全部版本 Rule version; all versions are listed when it is left out
    #[arg(long, value_name = "VERSION")]
    pub rule_version: Option<String>,
    /// 知悉事件的時間 When the body became aware
    #[arg(long, value_name = "TIME")]
    pub aware: Option<String>,
    /// 其他事件的時間，例如 contained_at=115/2/1 08:00（可重複） When another event was (repeatable)
    #[arg(long = "at", value_name = "EVENT=TIME")]
    pub events: Vec<String>,
    /// 只列這類機關 Only for this class: gov | nongov
    #[arg(long, value_name = "CLASS")]
    pub class: Option<OrgClass>,
    /// 只列這個事件等級 Only for this level: 1 to 4
    #[arg(long, value_name = "LEVEL", value_parser = clap::value_parser!(u8).range(1..=4))]
    pub level: Option<u8>,
}

/// A number, in half-width or full-width digits.
fn amount(text: &str) -> Result<u32, String> {
    let digit = |c: char| match c {
        '\u{FF10}'..='\u{FF19}' => char::from_digit(u32::from(c) - 0xFF10, 10).unwrap_or(c),
        c => c,
    };
    let plain: String = text.trim().chars().map(digit).collect();
    plain.parse().map_err(|_| format!("`{text}`: 請填正整數 a whole number"))
}

/// `bulwark ds …`
#[derive(Debug, Subcommand)]
pub enum Ds {
    /// 列出元件 List the components
    List,
    /// 以 JSON 參數產生一個元件的 HTML Render a component from JSON parameters
    Render {
        /// 元件 Component
        component: String,
        /// 參數檔，未填由標準輸入讀取 Parameter file; standard input unless given
        params: Option<PathBuf>,
    },
    /// 把圖表資料換成 chart 元件的參數（kind：line、bars、stacked、heat、timeline、topology） Turn chart data into parameters of the chart component
    Chart {
        /// 資料檔，未填由標準輸入讀取 Data file; standard input unless given
        data: Option<PathBuf>,
    },
    /// 印出設計權杖的 CSS 自訂屬性 Print the tokens as CSS custom properties
    Tokens {
        /// 機關品牌主題檔（DTCG） Brand theme of an agency (DTCG)
        #[arg(long, value_name = "FILE")]
        theme: Option<PathBuf>,
    },
    /// 檢查全部元件：規則、三引擎、axe、鍵盤、對比 Check all components: rules, three engines, axe, keyboard, contrast
    Check {
        /// 其他引擎與 axe 的資料夾 Folder of the other engines and axe
        #[arg(long, default_value = "design/tools", value_name = "DIR")]
        tools: PathBuf,
        /// 瀏覽器只看這些元件（可重複） Only these in the browser (repeatable)
        #[arg(long, value_name = "NAME")]
        only: Vec<String>,
    },
    /// 與留存的畫面比對每個元件 Compare every component with its kept screenshots
    Shots {
        /// 留存畫面的資料夾 Folder of the kept screenshots
        #[arg(long, default_value = "design/reference", value_name = "DIR")]
        reference: PathBuf,
        /// 以目前畫面取代留存的畫面 Replace the kept screenshots by what is seen now
        #[arg(long)]
        update: bool,
    },
    /// 在本機開啟文件網站 Serve the documentation site on this machine
    Serve {
        /// 連接埠 Port
        #[arg(long, default_value_t = 7340, value_name = "PORT")]
        port: u16,
    },
    /// 產生靜態文件網站 Write the documentation site as files
    Build {
        /// 輸出資料夾 Output folder
        dir: PathBuf,
    },
    /// 產生發行檔（壓縮檔、npm 套件、pip 套件、雜湊值） Write the release archive, npm and pip packages and checksums
    Pack {
        /// 輸出資料夾 Output folder
        dir: PathBuf,
    },
}

/// How a probe is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProbeFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// How an allow list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AllowFormat {
    /// For people.
    Text,
    /// For spreadsheets and programs.
    Csv,
    /// For nftables.
    Nft,
}

/// `bulwark cruise run`
#[derive(Debug, Args)]
pub struct Run {
    /// 計畫檔 Plan file
    #[arg(
        long,
        value_name = "FILE",
        required_unless_present = "this_machine",
        conflicts_with = "this_machine"
    )]
    pub plan: Option<PathBuf>,
    /// 檢查本機 Check this very machine
    #[arg(long = "self")]
    pub this_machine: bool,
    /// 輸出資料夾 Output folder
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// 只檢查這些領域（可重複） Only these domains (repeatable)
    #[arg(long, value_name = "DOMAIN")]
    pub only: Vec<Domain>,
    /// 強度，覆寫計畫檔 Intensity, overrides the plan: lab | low | normal
    #[arg(long, value_name = "INTENSITY")]
    pub intensity: Option<Intensity>,
    /// 達此嚴重度即以 1 結束 Exit 1 at or above this severity
    #[arg(long, default_value = "medium", value_name = "SEVERITY")]
    pub fail_on: Severity,
    /// 與這份結果比較（預設為輸出資料夾內的上一次） Result to compare with; default: the last one in the output folder
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// 簽章金鑰檔（第一次使用時產生） Signing key file, made on first use
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// 背景資料未滿九項仍先行檢查的理由 Why to start with fewer than nine background facts
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// 等候核定的時段 Wait for the approved window
    #[arg(long)]
    pub wait: bool,
    /// 不再蒐集，以現有佐證出報告 Collect no more; report on what is there
    #[arg(long)]
    pub partial: bool,
}

/// How a list is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// One id a line.
    Ids,
    /// For programs.
    Json,
}
