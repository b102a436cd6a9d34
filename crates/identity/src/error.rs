//! The words of this crate.

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::Diagnostic;

/// The texts of this crate: `CODE.what`, `CODE.hint`.
pub fn texts() -> &'static Catalogue {
    static TEXTS: LazyLock<Catalogue> = LazyLock::new(|| {
        Catalogue::embedded("identity", include_str!("zh-TW.toml"), include_str!("en.toml"))
    });
    &TEXTS
}

/// What a person who is not signed in is told, whatever the reason: unknown account, wrong password, wrong code,
/// passkey refused. The reason goes to the audit log.
pub fn refused() -> Diagnostic {
    diagnostic("BW-ID-001", &[])
}

/// The message of a code with its arguments.
pub(crate) fn diagnostic(code: &str, args: &[(&str, String)]) -> Diagnostic {
    Diagnostic::new(
        code,
        texts().text(&format!("{code}.what"), args),
        texts().text(&format!("{code}.hint"), args),
    )
}
