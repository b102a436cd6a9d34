use std::collections::BTreeSet;

use bulwark_i18n::wrong_usage;

#[test]
fn every_code_used_has_its_texts_and_every_text_is_used() {
    let mut used = BTreeSet::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).expect("UTF-8");
                let codes = text.split("BW-SHEET-").skip(1).filter_map(|rest| rest.get(..3));
                used.extend(codes.filter(|c| c.bytes().all(|b| b.is_ascii_digit())).map(str::to_owned));
            }
        }
    }
    let texts = bulwark_sheet::texts();
    let mut known = BTreeSet::new();
    for (key, text) in texts.iter() {
        assert_eq!(wrong_usage(&text.zh_tw), Vec::<String>::new(), "{key}");
        let (code, part) = key.split_once('.').expect("CODE.what");
        assert!(matches!(part, "what" | "hint"), "{key}");
        assert!(!text.en.is_empty() && !text.zh_tw.is_empty(), "{key}");
        known.insert(code.strip_prefix("BW-SHEET-").expect("our area").to_owned());
    }
    assert_eq!(used, known);
    assert_eq!(texts.keys().count(), known.len() * 2);
}
