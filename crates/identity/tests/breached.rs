//! The list of stolen passwords: the search against a linear scan, and files that are something else.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

use std::fmt::Write as _;
use std::path::Path;

use bulwark_identity::breached::io::{BreachedError, BreachedFile};
use proptest::prelude::*;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

fn sha1(password: &str) -> String {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()).as_ref().iter().fold(
        String::new(),
        |mut hex, byte| {
            write!(hex, "{byte:02X}").unwrap();
            hex
        },
    )
}

fn write(folder: &Path, text: &str) -> std::path::PathBuf {
    let path = folder.join("list.txt");
    std::fs::write(&path, text).unwrap();
    path
}

/// A list with these passwords and the counts 1, 2, 3…, sorted by hash.
fn list(passwords: &[&str], line_end: &str) -> String {
    let mut lines: Vec<String> =
        passwords.iter().zip(1..).map(|(password, times)| format!("{}:{times}", sha1(password))).collect();
    lines.sort_unstable();
    lines.iter().flat_map(|line| [line.as_str(), line_end]).collect()
}

#[test]
fn a_password_is_found_with_its_count_and_another_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let passwords = ["password", "123456", "ji3g4go6", "密碼123", "abc"];
    for line_end in ["\n", "\r\n"] {
        let whole = list(&passwords, line_end);
        let cut = whole.trim_end();
        for text in [whole.clone(), cut.to_owned(), whole.to_lowercase(), format!("{whole}{line_end}")] {
            let file = BreachedFile::open(&write(folder.path(), &text)).unwrap();
            for (password, times) in passwords.iter().zip(1..) {
                assert_eq!(file.times(password).unwrap(), Some(times), "{password} {text:?}");
            }
            for password in ["", "Password", "廚房裡三隻沉默的藍色茶壺"] {
                assert_eq!(file.times(password).unwrap(), None);
            }
        }
    }
}

#[test]
fn full_width_input_is_found_as_typed_and_as_meant() {
    let folder = tempfile::tempdir().unwrap();
    let file = BreachedFile::open(&write(folder.path(), &format!("{}\n", sha1("abc123")))).unwrap();
    assert_eq!(file.times("ａｂｃ１２３").unwrap(), Some(0));
    let file = BreachedFile::open(&write(folder.path(), &format!("{}\n", sha1("ａｂｃ")))).unwrap();
    assert_eq!(file.times("ａｂｃ").unwrap(), Some(0));
}

fn opening(text: &str) -> BreachedError {
    let folder = tempfile::tempdir().unwrap();
    BreachedFile::open(&write(folder.path(), text)).unwrap_err()
}

#[test]
fn files_of_another_kind_are_refused_at_once_and_by_name() {
    for text in ["", "\n", "\r\n\r\n"] {
        assert!(matches!(opening(text), BreachedError::Empty { .. }), "{text:?}");
    }
    let good = sha1("a");
    for text in [
        "password\n".to_owned(),
        "password:12345\n".repeat(100),
        format!("{good};5\n"),
        format!("{good}:\n"),
        format!("{good}:-1\n"),
        format!("{good}:99999999999999999999\n"),
        format!("{good} \n"),
        format!("{}\n", &good[1..]),
        format!("\u{feff}{good}:1\n"),
        good.repeat(9),
        format!("{{\"{good}\": 1}}\n"),
        "\0".repeat(5000),
    ] {
        assert!(matches!(opening(&text), BreachedError::Format { .. }), "{text:?}");
    }
    let missing = BreachedFile::open(Path::new("/nowhere/list.txt")).unwrap_err();
    assert_eq!((missing.code(), missing.diagnostic().code.as_str()), ("BW-ID-020", "BW-ID-020"));
    assert!(missing.diagnostic().cause.is_some());
}

#[test]
fn a_list_sorted_by_something_else_is_refused() {
    // By how often they were seen: the other published order.
    let mut lines: Vec<String> =
        (0..500).map(|n| format!("{}:{}\n", sha1(&n.to_string()), 1000 - n)).collect();
    assert!(matches!(opening(&lines.concat()), BreachedError::NotSorted { .. }));
    lines.sort_unstable();
    lines.reverse();
    assert!(matches!(opening(&lines.concat()), BreachedError::NotSorted { .. }));
}

#[test]
fn disorder_that_the_samples_missed_is_named_when_it_is_met() {
    let mut lines: Vec<String> = (0..5000).map(|n| format!("{}\n", sha1(&n.to_string()))).collect();
    lines.sort_unstable();
    // One line among 5000 has a hash that belongs at the other end.
    let wanted = 2501;
    lines[wanted] = format!("{}\n", "F".repeat(40));
    let folder = tempfile::tempdir().unwrap();
    let file = BreachedFile::open(&write(folder.path(), &lines.concat())).unwrap();
    let found: Vec<bool> = (0..5000).map(|n| file.times(&n.to_string()).is_err()).collect();
    assert!(found.contains(&true), "no search met the line that is out of order");
}

proptest! {
    #[test]
    fn the_search_agrees_with_a_linear_scan(
        hashes in prop::collection::btree_map(0u32..400, prop::option::of(0u64..=u64::MAX), 1..120),
        windows in any::<bool>(),
        last_break in any::<bool>(),
    ) {
        let end = if windows { "\r\n" } else { "\n" };
        let mut lines: Vec<String> = hashes
            .iter()
            .map(|(n, times)| {
                let hash = sha1(&n.to_string());
                times.map_or(hash.clone(), |times| format!("{hash}:{times}"))
            })
            .collect();
        lines.sort_unstable();
        let mut text = lines.join(end);
        if last_break {
            text.push_str(end);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = BreachedFile::open(&write(folder.path(), &text)).unwrap();
        for n in 0..400u32 {
            let expected = hashes.get(&n).map(|times| times.unwrap_or(0));
            prop_assert_eq!(file.times(&n.to_string()).unwrap(), expected);
        }
    }

    #[test]
    fn no_file_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0usize..4000, byte in any::<u8>()) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(file) = BreachedFile::open(&path) {
            let _ = file.times("password");
        }
        let mut good = list(&["a", "b", "c", "d", "e", "f", "g", "h"], "\r\n").into_bytes();
        let at = at % good.len();
        good[at] = byte;
        std::fs::write(&path, &good).unwrap();
        if let Ok(file) = BreachedFile::open(&path) {
            for password in ["a", "b", "h", "z"] {
                let _ = file.times(password);
            }
        }
    }
}
