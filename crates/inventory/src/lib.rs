//! What exists (盤點): lists of organisations as they are handed in, read into typed rows and compared with what is
//! known, and the background of [systems](system). Pure functions; the store carries out the [`organisation::Plan`].
//!
//! ```
//! use bulwark_inventory::organisation::{Columns, plan, read};
//! let header = ["name", "oid"].map(str::to_owned);
//! let rows = [["行政院", "2.16.886.101.20003"], ["內政部", "2.16.886.101.20003.20001"]];
//! let rows: Vec<Vec<String>> = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
//! let columns = Columns::guess(&header).unwrap();
//! let list = read(&columns, "", rows.iter().map(Vec::as_slice).zip(2..));
//! let plan = plan(&[], &list);
//! assert_eq!(plan.counts.added, 2);
//! assert_eq!(plan.steps[1].parent(), Some("2.16.886.101.20003"));
//! ```

pub mod oid;
pub mod organisation;
pub mod system;

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::Diagnostic;

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("inventory", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The messages of this crate in both languages.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}

/// A message by its code.
fn message(code: &str, args: &[(&str, String)]) -> Diagnostic {
    Diagnostic::new(
        code,
        texts().text(&format!("{code}.what"), args),
        texts().text(&format!("{code}.hint"), args),
    )
}

/// A value as a message shows it.
fn shown(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if text.chars().count() > 40 {
        out.push('…');
    }
    out
}
