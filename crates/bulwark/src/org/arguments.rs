//! The arguments of `bulwark org`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::config::Which;

/// `bulwark org …`
#[derive(Debug, Subcommand)]
pub enum Org {
    /// 匯入機關清冊或改組異動（CSV、ODS、XLSX），全部成功或全部不寫入 Import a list of organisations or of reorganisations, all or nothing
    Import(Box<OrgImport>),
}

/// `bulwark org import`
#[derive(Debug, Args)]
pub struct OrgImport {
    /// CSV（UTF-8、Big5）、ODS 或 XLSX
    pub file: PathBuf,
    /// 只說明會變更什麼 Only say what would change
    #[arg(long)]
    pub dry_run: bool,
    /// 自哪一天起生效，2026-11-25 或 115-11-25；未填則為今天 The day from which it holds; today unless given
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub from: Option<jiff::civil::Date>,
    /// 欄位對應，例如 name=單位全銜；可重複 Which column holds what, such as name=COLUMN; may be repeated
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub column: Vec<String>,
    /// 使用儲存的欄位對應 Use columns that were saved under this name
    #[arg(long, value_name = "NAME")]
    pub mapping: Option<String>,
    /// 儲存這次的欄位對應 Save the columns under this name
    #[arg(long, value_name = "NAME")]
    pub save_mapping: Option<String>,
    /// 略過有錯的列 Leave wrong rows out
    #[arg(long)]
    pub skip_bad: bool,
    /// 將有錯的列與原因寫入這個 CSV Write wrong rows and their reasons into this CSV file
    #[arg(long, value_name = "FILE")]
    pub errors: Option<PathBuf>,
    /// 列出全部，而不只前 10 筆 Show all, not the first 10 only
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub which: Which,
}

fn day(text: &str) -> Result<jiff::civil::Date, String> {
    bulwark_i18n::parse_date(text).map_err(|why| format!("{} {}", why.zh_tw, why.en))
}
