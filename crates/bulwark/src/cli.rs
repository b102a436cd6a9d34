//! The commands and their arguments. Help is in both languages, for there is one help text.

use std::path::PathBuf;

use bulwark_model::{Domain, Intensity, Lang, Severity};
use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// 說明檢查項目或訊息代碼 Explain a check (network.hsts) or a message code (BW-PLAN-002)
    Explain {
        /// 檢查項目或訊息代碼 Check id or message code
        id: String,
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
