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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_pairs_in_good_chinese_without_courtesies() {
        let mut count = 0;
        for (key, text) in texts().iter() {
            count += 1;
            let (code, part) = key.split_once('.').unwrap();
            assert!(code.starts_with("BW-ID-") && matches!(part, "what" | "hint"), "{key}");
            assert!(
                texts().get(&format!("{code}.what")).is_some()
                    && texts().get(&format!("{code}.hint")).is_some()
            );
            assert_eq!(bulwark_i18n::wrong_usage(&text.zh_tw), Vec::<String>::new(), "{key}");
            assert!(!text.zh_tw.contains(['您', '！']) && !text.en.contains('!'), "{key}");
        }
        assert!(count > 80, "{count}");
    }

    #[test]
    fn every_code_of_the_sources_has_its_text_and_no_text_is_left_over() {
        let sources = [
            include_str!("error.rs"),
            include_str!("random.rs"),
            include_str!("password.rs"),
            include_str!("breached/io.rs"),
            include_str!("totp/mod.rs"),
            include_str!("passkey/error.rs"),
            include_str!("oidc/error.rs"),
        ];
        let quoted = sources.iter().flat_map(|source| source.split('"'));
        let is_code = |text: &&str| text.starts_with("BW-ID-") && text.len() == 9;
        let used: std::collections::BTreeSet<&str> = quoted.filter(is_code).collect();
        let told: std::collections::BTreeSet<&str> =
            texts().keys().filter_map(|key| key.split('.').next()).collect();
        assert_eq!(used, told);
    }
}
