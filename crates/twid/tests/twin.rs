//! The script twin gives the same answers as the crate, and its tables are the crate's.

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
    let zones: Vec<Value> = ZONES.iter().map(|(county, codes)| json!([county, codes])).collect();
    let wanted = format!(
        "// Written from the tables of the crate; its tests hold them together.\nexport const LETTERS = {};\nexport const WEIGHTS = {};\nexport const AREAS = {};\nexport const ZONES = {};\n",
        json!(LETTERS),
        json!(WEIGHTS),
        json!(areas),
        json!(zones)
    );
    let path = folder().join("tables.js");
    #[expect(clippy::disallowed_methods, reason = "the documented switch that writes golden files")]
    if std::env::var_os("BULWARK_UPDATE").is_some() {
        std::fs::write(&path, &wanted).expect("written");
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), wanted);
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

#[test]
fn both_give_the_same_answer_to_anything() {
    if bulwark_testkit::program(&["node"]).is_none() {
        return;
    }
    let near = "[A-Za-zＡ-Ｚ]{0,2}[0-9０-９]{0,10}[ \u{3000}\u{200B}]?|(民國)?-?[0-9]{0,4}[/年.-][0-9]{0,3}[/月.-][0-9二]{0,3}日?|\\+?(886)?0?[0-9-]{0,12}(#|分機|x)?[0-9]{0,7}|[王小明□\u{3000}𤥢<a ]{0,6}";
    let texts = prop_oneof![near.prop_map(|s| s), any::<String>(), "[0-9]{3,8}"];
    let mut runner = TestRunner::deterministic();
    let mut lines = Vec::new();
    for _ in 0..3000 {
        let text = texts.new_tree(&mut runner).expect("a text").current();
        lines.extend(Kind::ALL.map(|kind| (kind, text.clone())));
    }
    let script = "import { check } from './twid.js'; import readline from 'node:readline';\n\
        for await (const line of readline.createInterface({ input: process.stdin })) {\n\
        const [kind, text] = JSON.parse(line); process.stdout.write(JSON.stringify(check(kind, text)) + '\\n'); }";
    let mut node = Command::new("node")
        .args(["--input-type=module", "-e", script])
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let mut stdin = node.stdin.take().expect("piped");
    let input: Vec<String> =
        lines.iter().map(|(kind, text)| json!([kind.code(), text]).to_string()).collect();
    let input = input.join(
        "
",
    ) + "
";
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = node.wait_with_output().expect("node ends");
    writer.join().expect("no panic").expect("written");
    let answers = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers.len(), lines.len());
    let mut good = 0;
    for ((kind, text), answer) in lines.iter().zip(answers) {
        let theirs: Value = serde_json::from_str(answer).expect("JSON");
        let ours = ours(*kind, text);
        assert_eq!(ours, theirs, "{} {text:?}", kind.code());
        good += usize::from(ours["valid"] == true);
    }
    println!("script twin, equal answers: {0}/{0}", lines.len());
    assert!(good > 500, "only {good} good texts: the test asks too little");
}
