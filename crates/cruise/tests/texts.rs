//! The catalogues of this crate: whole, used, and in the language of this country.

use std::path::Path;

use bulwark_i18n::wrong_usage;

/// All sources of this crate and of the command line, as one text.
fn sources() -> String {
    fn read(folder: &Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                read(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push_str(&std::fs::read_to_string(&path).expect("a source"));
            }
        }
    }
    let mut out = String::new();
    for folder in ["src", "../bulwark/src"] {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut out);
    }
    out
}

#[test]
fn every_message_is_used() {
    let sources = sources();
    // Keys that are put together: `background_` + fact, `hint_plain` beside a hint.
    for (key, _) in bulwark_cruise::texts().iter() {
        let used = if let Some(code) = key
            .strip_suffix(".what")
            .or_else(|| key.strip_suffix(".hint"))
            .or_else(|| key.strip_suffix(".hint_plain"))
        {
            sources.contains(&format!("\"{code}\""))
        } else {
            let name = key.split_once('.').map_or(key, |(_, name)| name);
            name.starts_with("background_")
                || sources.contains(&format!("\"{name}\""))
                || sources.contains(&format!("\"{key}\""))
        };
        assert!(used, "nothing says `{key}`");
    }
}

#[test]
fn every_sentence_is_in_the_language_of_this_country() {
    for catalogue in [bulwark_cruise::texts(), bulwark_cruise::check::texts()] {
        for (key, text) in catalogue.iter() {
            let wrong = wrong_usage(&text.zh_tw);
            assert!(wrong.is_empty(), "{key}: {wrong:?}");
            assert!(
                !text.en.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
                "{key}: Chinese in English: {}",
                text.en
            );
        }
    }
}
