//! Messages of the command line itself.

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::Diagnostic;

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("bulwark", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The messages in both languages.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}

/// A message of any crate by its code.
pub fn diagnostic(catalogue: &Catalogue, code: &str, args: &[(&str, String)]) -> Diagnostic {
    Diagnostic::new(
        code,
        catalogue.text(&format!("{code}.what"), args),
        catalogue.text(&format!("{code}.hint"), args),
    )
}
