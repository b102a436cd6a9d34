//! Every failure has words.

use bulwark_probe::failure::{Code, Failure, Step};

#[test]
fn every_code_has_what_and_hint_in_both_languages() {
    for code in Code::ALL {
        let key = code.code();
        for part in ["what", "hint"] {
            let text = bulwark_probe::texts()
                .get(&format!("{key}.{part}"))
                .unwrap_or_else(|| panic!("{key}.{part}"));
            let wrong = bulwark_i18n::wrong_usage(&text.zh_tw);
            assert!(wrong.is_empty(), "{key}.{part}: {wrong:?}");
            assert!(!text.en.is_empty());
        }
        let diagnostic = Failure::new(Step::Connect, *code, "the detail").diagnostic("the subject");
        assert!(
            diagnostic.what.zh_tw.contains("the subject") && diagnostic.what.en.contains("the detail"),
            "{key}"
        );
        assert!(!diagnostic.what.zh_tw.contains('{') && !diagnostic.hint.zh_tw.contains('{'), "{key}");
    }
    assert_eq!(
        bulwark_probe::texts().keys().filter(|k| k.starts_with("BW-PROBE-")).count(),
        Code::ALL.len() * 2
    );
}
