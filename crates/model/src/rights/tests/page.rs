//! The manual page of the refusals is written from their texts. `BULWARK_UPDATE=1` writes it again.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use bulwark_testkit::workspace_root;

use super::*;

#[test]
fn codes_are_counted_without_gaps() {
    for (index, denied) in Denied::ALL.iter().enumerate() {
        assert_eq!(denied.code(), format!("BW-RIGHTS-{:03}", index + 1));
    }
}

#[test]
fn a_hidden_object_looks_like_none() {
    let absent = Denied::Foreign.diagnostic();
    let hidden: BTreeSet<Denied> = Denied::ALL.iter().copied().filter(|denied| denied.hides()).collect();
    assert_eq!(hidden, [Denied::Foreign, Denied::Red].into());
    for denied in Denied::ALL {
        assert_eq!(denied.diagnostic() == absent, denied.hides(), "{denied:?}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "writing golden files again is asked for by the environment")]
fn the_page_is_up_to_date() {
    let mut page = String::from("# BW-RIGHTS\n\n大括號內是當時的值。 Braces hold the value at the time.\n");
    for denied in Denied::ALL {
        let (text, hint) = (denied.text(), denied.hint());
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n怎麼辦：{}\n\n{}\n\nWhat to do: {}\n",
            denied.code(),
            text.zh_tw,
            hint.zh_tw,
            text.en,
            hint.en
        );
    }
    let path = workspace_root().join("docs/errors/BW-RIGHTS.md");
    if std::env::var_os("BULWARK_UPDATE").is_some() {
        std::fs::write(&path, &page).expect("writable");
    }
    let got = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        got == page,
        "docs/errors/BW-RIGHTS.md is not up to date: BULWARK_UPDATE=1 cargo test -p bulwark-model"
    );
}
