//! The messages of this crate.

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("ui", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The messages of this crate but for those of the tokens ([`crate::tokens::texts`]).
pub fn texts() -> &'static Catalogue {
    &TEXTS
}
