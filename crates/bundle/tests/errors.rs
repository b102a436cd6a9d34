//! The words of every error, in both languages.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bulwark_bundle::{BundleError, Key, NameFault, RecordAt, Sha256, texts};
use bulwark_i18n::wrong_usage;
use bulwark_model::Lang;

fn all() -> Vec<BundleError> {
    let record = || RecordAt { name: "evidence/a.json".into(), index: Some(3) };
    let link = |link: &str, found| BundleError::LinkMismatch {
        link: link.into(),
        expected: Sha256::of(b"a"),
        found,
    };
    let io = |path| BundleError::Io { path, source: std::io::Error::other("disk on fire") };
    vec![
        BundleError::NotABundle,
        BundleError::NewerFormat { found: 2 },
        BundleError::Truncated { record: record() },
        BundleError::HeaderAltered { record: record() },
        BundleError::ManifestAltered { cause: "cause".into() },
        BundleError::SignatureWrong,
        BundleError::UnknownKey { key_id: Key::from_seed(&[1; 32]).key_id() },
        BundleError::RecordMissing { record: record() },
        BundleError::RecordExtra { record: RecordAt { name: "\u{1b}[2Jx".into(), index: None } },
        BundleError::RecordAltered { record: record() },
        BundleError::RecordOrder { record: record() },
        BundleError::BadName { name: "../a\u{202e}".into(), fault: NameFault::Dots },
        BundleError::RecordTooLarge { record: record(), bytes: 4096, limit: 1024 },
        link("plan", Some(Sha256::of(b"b"))),
        link("catalog", Some(Sha256::of(b"b"))),
        link("plan", None),
        BundleError::Expired { at: "2026-12-01T00:00:00Z".parse().expect("a time") },
        BundleError::TrailingData,
        io(None),
        io(Some("k/sign.key".into())),
        BundleError::KeyPermissions { path: "k/sign.key".into(), mode: 0o644 },
        BundleError::KeyMalformed { path: Some(PathBuf::from("k/sign.key")) },
        BundleError::WrongMediaType { expected: "a/b".into(), found: "c/d".into() },
        BundleError::WrongTenant { expected: "A".into(), found: Some("B".into()) },
        BundleError::SourceChanged { record: record() },
        BundleError::BadField { field: "tool", value: "\u{1b}".into() },
        BundleError::NoSuchRecord { name: "x".into() },
        BundleError::SignatureMalformed { cause: "cause".into() },
        BundleError::TooLarge { bytes: 4096, limit: 1024 },
        BundleError::TooManyRecords { count: 200_001, limit: 200_000 },
    ]
}

#[test]
fn every_error_has_words_and_a_place_and_no_gap() {
    for e in all() {
        let d = e.diagnostic("result.bwr");
        for lang in [Lang::ZhTw, Lang::En] {
            let told = d.render(lang);
            assert!(!told.contains(['{', '}']), "{told}");
            assert!(!told.contains(".what") && !told.contains(".hint"), "{told}");
            assert!(!told.contains(['\u{1b}', '\u{202e}']), "{told:?}");
            assert!(told.contains("result.bwr") || told.contains("sign.key"), "{told}");
        }
        assert!(!d.hint.is_empty() && !e.to_string().is_empty());
    }
}

#[test]
fn codes_are_one_to_twenty_seven() {
    let codes: BTreeSet<_> = all().iter().map(BundleError::code).collect();
    let expected: BTreeSet<_> = (1..=27).map(|n| format!("BW-BUNDLE-{n:03}")).collect();
    assert_eq!(codes, expected.iter().map(String::as_str).collect());
}

#[test]
fn no_text_is_unused() {
    let source = include_str!("../src/error.rs").to_owned() + include_str!("../src/name.rs");
    for key in texts().keys() {
        let stem = if key.starts_with("name_fault.") { key } else { key.split('.').next().expect("a stem") };
        assert!(source.contains(&format!("\"{stem}\"")), "{key}");
    }
}

#[test]
fn chinese_is_as_written_in_taiwan() {
    for (key, text) in texts().iter() {
        assert_eq!(wrong_usage(&text.zh_tw), Vec::<String>::new(), "{key}");
    }
}

#[test]
fn messages_read_as_they_should() {
    let told = |e: BundleError, lang| e.diagnostic("result.bwr").render(lang);
    let record = RecordAt { name: "evidence/a.json".into(), index: Some(3) };
    assert_eq!(
        told(BundleError::RecordAltered { record }, Lang::En),
        "result.bwr: evidence/a.json (#3): [BW-BUNDLE-010] `evidence/a.json (#3)` was changed: it does not fit the \
         manifest\n  hint: Do not use this file; get it again from its maker and keep this copy as evidence."
    );
    assert_eq!(
        told(BundleError::NewerFormat { found: 2 }, Lang::ZhTw),
        "result.bwr: [BW-BUNDLE-002] 這個簽章包是第 2 版格式，本程式只讀得懂第 1 版\n  建議: 更新 bulwark 後再開啟。"
    );
    let at = "2026-12-01T00:00:00Z".parse().expect("a time");
    assert!(told(BundleError::Expired { at }, Lang::ZhTw).contains("115-12-01 08:00"));
}
