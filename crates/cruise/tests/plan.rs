//! Plan files and what a person is told about them. Each `plans/NAME.toml` has a `NAME.out` beside
//! it with every message in both languages; `BULWARK_UPDATE=1` writes them again for review.

use std::fmt::Write as _;
use std::path::Path;

use bulwark_cruise::plan;
use bulwark_model::{Diagnostic, Lang};
use proptest::prelude::*;

fn render(notes: &[Diagnostic]) -> String {
    let mut out = String::new();
    for note in notes {
        let _ = writeln!(out, "{}\n{}\n", note.render(Lang::ZhTw), note.render(Lang::En));
    }
    out
}

#[test]
#[expect(clippy::disallowed_methods, reason = "writing golden files again is asked for by the environment")]
fn every_bad_plan_gets_the_messages_beside_it() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plans");
    let mut seen = 0;
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).expect("the folder of plans").flatten().map(|e| e.path()).collect();
    names.sort();
    for path in names.into_iter().filter(|p| p.extension().is_some_and(|e| e == "toml")) {
        seen += 1;
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a plan");
        let got = match plan::read(&name, &text, Path::new("/plans")) {
            Ok(_) => "plan ok\n".to_owned(),
            Err(notes) => render(&notes),
        };
        let expected = path.with_extension("out");
        if std::env::var_os("BULWARK_UPDATE").is_some() {
            std::fs::write(&expected, &got).expect("the folder is writable");
        }
        let want = std::fs::read_to_string(&expected).unwrap_or_default();
        assert_eq!(got, want, "{name}");
    }
    assert!(seen >= 6, "the pairs are there");
}

#[test]
fn the_templates_name_only_what_must_be_filled_in() {
    for lang in [Lang::ZhTw, Lang::En] {
        let notes =
            plan::read("plan.toml", plan::template(lang), Path::new("/")).expect_err("nothing is filled in");
        let codes: Vec<&str> = notes.iter().map(|n| n.code.as_str()).collect();
        assert_eq!(codes, ["BW-PLAN-003", "BW-PLAN-003", "BW-PLAN-011"], "{}", render(&notes));
    }
}

#[test]
fn the_template_with_every_comment_opened_is_a_plan() {
    for lang in [Lang::ZhTw, Lang::En] {
        let text: String = plan::template(lang)
            .lines()
            .skip_while(|l| !l.starts_with("format"))
            .map(|l| l.trim_start_matches("# ").trim_start_matches("# "))
            .map(|l| {
                l.replacen("name = \"\"", "name = \"示範\"", 1).replacen(
                    "agency = \"\"",
                    "agency = \"示範\"",
                    1,
                )
            })
            .map(|l| l.replacen("by = \"\"", "by = \"王\"", 1).replacen("on = \"\"", "on = \"115-11-20\"", 1))
            .map(|l| l.replacen("domains = []", "domains = [\"example.gov.tw\"]", 1))
            .collect::<Vec<_>>()
            .join("\n");
        let plan =
            plan::read("plan.toml", &text, Path::new("/plans")).unwrap_or_else(|n| panic!("{}", render(&n)));
        assert_eq!(plan.transactions.len(), 1);
        assert_eq!(plan.scope.databases.len(), 1);
        assert!(plan.answers.contains_key("restore-test"));
        assert!(plan.window.is_some());
    }
}

#[test]
fn paths_start_at_the_plan_and_have_one_name() {
    let text = "[system]\nname = \"a\"\nagency = \"b\"\nsecurity_level = \"basic\"\n[[scope.path]]\nkind = \"backup\"\npath = \"../out/./backups\"\n";
    let plan = plan::read("p", text, Path::new("/srv/plans")).expect("a plan");
    assert_eq!(plan.scope.paths[0].path, Path::new("/srv/out/backups"));
}

#[test]
fn the_plan_of_this_machine_reads_whatever_the_host_is_called() {
    for host in ["srv-01", "", "a\"b\\c\n[x]", "主機"] {
        let source = plan::this_machine(host);
        assert!(plan::read("--self", &source, Path::new("/")).is_ok(), "{source}");
    }
}

proptest! {
    #[test]
    fn reading_never_panics_and_always_says_something(text in "\\PC{0,400}") {
        if let Err(notes) = plan::read("p.toml", &text, Path::new("/")) {
            prop_assert!(!notes.is_empty());
        }
    }

    #[test]
    fn mutated_plans_never_panic(at in 0_usize..2000, len in 0_usize..40, with in "[\\[\\]=\"\\n a-z0-9{}#.]{0,12}") {
        let mut text: Vec<char> = include_str!("../../../examples/demo.toml").chars().collect();
        let at = at.min(text.len());
        let end = (at + len).min(text.len());
        text.splice(at..end, with.chars());
        let text: String = text.into_iter().collect();
        if let Err(notes) = plan::read("p.toml", &text, Path::new("/")) {
            prop_assert!(!notes.is_empty());
            prop_assert!(notes.iter().all(|n| !n.what.zh_tw.contains(".what")), "every code has its sentence: {:?}", notes);
        }
    }
}
