//! DMARC aggregate reports of the shared data: XML and mail become the JSON beside them.

use bulwark_probe::mail::report::{parse_report, parse_report_mail};
use serde_json::Value;

/// Equal, except that older expectations lack fields which ours has with nothing in them.
fn differences(ours: &Value, expected: &Value, path: &str, out: &mut Vec<String>) {
    match (ours, expected) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, value) in b {
                match a.get(key) {
                    Some(mine) => differences(mine, value, &format!("{path}/{key}"), out),
                    None => out.push(format!("{path}/{key} is missing")),
                }
            }
            for (key, value) in a.iter().filter(|(k, _)| !b.contains_key(*k)) {
                let later = matches!(key.as_str(), "generator" | "np" | "discovery_method");
                if !later || !matches!(value.as_str(), None | Some("Unspecified")) {
                    out.push(format!("{path}/{key} is too much"));
                }
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (n, (a, b)) in a.iter().zip(b).enumerate() {
                differences(a, b, &format!("{path}/{n}"), out);
            }
        }
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            if (a - b).abs() > 1e-6 {
                out.push(format!("{path}: {a} for {b}"));
            }
        }
        (a, b) if a == b => {}
        (a, b) => out.push(format!("{path}: {a} for {b}")),
    }
}

#[test]
fn every_report_becomes_its_json() {
    let Some(folder) = bulwark_testkit::shared_data("monitor/mailauth") else { return };
    let mut files: Vec<_> = std::fs::read_dir(folder.join("dmarc-feedback"))
        .expect("a folder")
        .map(|f| f.expect("a file").path())
        .filter(|p| p.extension().is_some_and(|e| e == "xml" || e == "eml"))
        .collect();
    files.sort();
    let (mut met, mut wrong) = (0, Vec::new());
    for file in &files {
        let text = String::from_utf8_lossy(&std::fs::read(file).expect("readable")).into_owned();
        let parse =
            if file.extension().is_some_and(|e| e == "xml") { parse_report } else { parse_report_mail };
        let report = parse(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let ours = serde_json::to_value(&report).expect("serialisable");
        let expected = std::fs::read_to_string(file.with_extension("json")).expect("readable");
        let before = wrong.len();
        let name = file.file_name().expect("a name").to_string_lossy().into_owned();
        differences(&ours, &serde_json::from_str(&expected).expect("JSON"), &name, &mut wrong);
        met += usize::from(wrong.len() == before);
    }
    // Read by the conformance task.
    println!("dmarc reports: {met}/{}", files.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(files.len() >= 10, "{}", files.len());
}
