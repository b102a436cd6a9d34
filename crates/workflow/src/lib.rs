//! State machines of cases.

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("workflow", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The sentences of this crate.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}
