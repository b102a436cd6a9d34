//! The script twin gives the same answers as the crate, and its tables are the crate's.

#![expect(clippy::print_stdout, reason = "the counts are what the conformance task reads")]

mod support;

use std::io::Write as _;
use std::process::{Command, Stdio};

use bulwark_twid::{AREAS, Kind, LETTERS, WEIGHTS, ZONES, check};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

fn folder() -> std::path::PathBuf {
    bulwark_testkit::workspace_root().join("crates/twid/js")
}

#[test]
fn the_tables_of_the_twin_are_those_of_the_crate() {
    let areas: Vec<Value> = AREAS.iter().map(|(code, lengths)| json!([code, lengths])).collect();
    let zones: Vec<&str> = ZONES.iter().map(|(_, codes)| *codes).collect();
    let wanted = format!(
        "// Written from the tables of the crate; its tests hold them together.\nexport const LETTERS = {};\nexport const WEIGHTS = {};\nexport const AREAS = {};\nexport const ZONES = {};\n",
        json!(LETTERS),
        json!(WEIGHTS),
        json!(areas),
        json!(zones.join(" "))
    );
    let path = folder().join("tables.js");
    #[expect(clippy::disallowed_methods, reason = "the documented switch that writes golden files")]
    if std::env::var_os("BULWARK_UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("written");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), wanted);
}

#[test]
fn the_twin_runs_under_a_strict_content_security_policy() {
    for (name, source) in bulwark_twid::SCRIPTS {
        for word in ["eval", "Function(", "import(", "document", "window", "setTimeout", "style", "fetch"] {
            assert!(!source.contains(word), "{name}: {word}");
        }
    }
}

fn ours(kind: Kind, text: &str) -> Value {
    match check(kind, text) {
        Ok(v) => {
            let advice: Vec<&str> = v.advice.iter().map(|a| a.code()).collect();
            json!({ "valid": true, "reason": null, "kind": v.kind, "value": v.value, "advice": advice })
        }
        Err(reason) => json!({ "valid": false, "reason": reason.code() }),
    }
}

/// What the twin says to each line, or `None` without Node.
fn theirs(lines: &[(Kind, String)]) -> Option<Vec<Value>> {
    const SCRIPT: &str = "import { check } from './twid.js'; import { readFileSync } from 'node:fs';\n\
        const lines = readFileSync(0, 'utf8').split('\\n').filter(Boolean);\n\
        process.stdout.write(lines.map((line) => JSON.stringify(check(...JSON.parse(line)))).join('\\n'));";
    let node = bulwark_testkit::program(&["node"])?;
    let mut node = Command::new(node)
        .args(["--input-type=module", "-e", SCRIPT])
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut stdin = node.stdin.take().expect("piped");
    let input: String =
        lines.iter().map(|(kind, text)| json!([kind.code(), text]).to_string() + "\n").collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = node.wait_with_output().expect("node ends");
    writer.join().expect("no panic").expect("written");
    let answers = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<Value> = answers.lines().map(|a| serde_json::from_str(a).expect("JSON")).collect();
    assert_eq!(answers.len(), lines.len());
    Some(answers)
}

/// Compares every line; gives how many texts are good and how many reasons were met, or `None` without Node.
fn compare(name: &str, lines: &[(Kind, String)]) -> Option<(usize, usize)> {
    let mut good = 0;
    let mut reasons = std::collections::BTreeSet::new();
    for ((kind, text), theirs) in lines.iter().zip(theirs(lines)?) {
        let ours = ours(*kind, text);
        assert_eq!(ours, theirs, "{} {text:?}", kind.code());
        good += usize::from(ours["valid"] == true);
        reasons.extend(ours["reason"].as_str().map(str::to_owned));
    }
    println!("{name}: {0}/{0}", lines.len());
    Some((good, reasons.len()))
}

#[test]
fn both_give_the_same_answer_to_every_vector() {
    let files = ["id_vectors.csv", "ubn_vectors.csv", "roc_date_vectors.csv", "phone_vectors.csv"];
    let more = ["name_vectors.csv", "postcode_vectors.csv", "districts.csv"];
    let mut lines = Vec::new();
    for file in files.into_iter().chain(more) {
        for row in support::rows(file).into_iter().flatten() {
            let text = if file.starts_with("roc_date") { row[..3].join("/") } else { row[0].clone() };
            lines.extend(Kind::ALL.map(|kind| (kind, text.clone())));
        }
    }
    if !lines.is_empty() {
        compare("script twin, vectors", &lines);
    }
}

#[test]
fn both_give_the_same_answer_to_anything() {
    let person = "[A-Za-zＡ-Ｚ]{0,2}[0-9０-９①]{0,10}[ \u{3000}\u{200B}]?|[A-Z][1289A-D][0-9]{8}";
    let date = "(民國|中華民國|西元|公元|民國前|民前)? ?-?([0-9]{0,4}|元|20[0-9]{2})[/年.-][0-9]{0,2}[/月.-][0-9二]{0,2}日?|-?[0-9]{6,8}|1?[0-9]{2}/1?[1-9]/[12]?[1-9]";
    let phone = "(\\(?\\+)?(886)?0?[0-9() -]{0,12}((#|分機|轉|x|ext\\.?|;ext=) ?[0-9]{0,7})?|0[2-9][0-9]{7,8}(#[0-9]{1,3})?|09[0-9]{8}|08(00|09|26|36)[0-9]{5,6}|1[0-9]{2,3}";
    let name =
        "[王小明□\u{3000}𤥢<aKé’． \u{E000}\u{7}]{0,6}|[a-zＡ]{2}\u{3000}{1,2}[a-z王]{2}|[王明]{48,52}";
    let texts = prop_oneof![
        3 => person.prop_map(|s| s),
        4 => date.prop_map(|s| s),
        3 => phone.prop_map(|s| s),
        2 => name.prop_map(|s| s),
        2 => any::<String>(),
        2 => "[0-9]{3,8}",
        1 => "[0-9]{3}-?[0-9]{2,3}",
    ];
    let mut runner = TestRunner::deterministic();
    let mut lines = Vec::new();
    for _ in 0..4000 {
        let text = texts.new_tree(&mut runner).expect("a text").current();
        lines.extend(Kind::ALL.map(|kind| (kind, text.clone())));
    }
    if let Some((good, reasons)) = compare("script twin, random", &lines) {
        assert!(
            good > 3000 && reasons > 20,
            "{good} good texts, {reasons} reasons: the test asks too little"
        );
    }
}
