//! Every component keeps the rules of `design/README.md`.

use bulwark_ui::check::{self, Fault};
use bulwark_ui::{Engine, registry};
use serde_json::{Value, json};

fn none(faults: &[Fault]) {
    let lines: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(lines.is_empty(), "{} faults\n{}", lines.len(), lines.join("\n"));
}

#[test]
fn every_component_keeps_the_rules() {
    none(&check::all(registry(), Engine::shared()));
}

#[test]
fn every_govuk_option_is_answered_or_declined_with_a_reason() {
    let Some(data) = bulwark_testkit::shared_data("digital-services") else { return };
    let data = data.join("design/govuk_macro_options.json");
    let options: Value = serde_json::from_slice(&std::fs::read(data).expect("readable")).expect("JSON");
    // Planned are four; one header serves as theirs and as the generic one.
    let later = ["cookie-banner", "exit-this-page", "feedback", "task-list", "generic-header"];
    none(&check::govuk_gaps(registry(), options.as_object().expect("an object"), &later));
}

#[test]
fn a_wrong_parameter_is_named_with_what_is_allowed() {
    let button = |params: Value| Engine::shared().checked("button", &params).expect_err("refused");
    let fault = &button(json!({ "text": "送出", "varient": "quiet" }))[0];
    assert_eq!(fault.code, "BW-DS-021");
    assert!(fault.hint.zh_tw.contains("variant"), "{}", fault.hint.zh_tw);
    let fault = &button(json!({ "text": "送出", "variant": "loud" }))[0];
    assert_eq!(fault.code, "BW-DS-023");
    assert!(fault.hint.en.contains("\"quiet\""), "{}", fault.hint.en);
    let fault = &button(json!({ "text": 3 }))[0];
    assert_eq!((fault.code.as_str(), fault.location.to_string().as_str()), ("BW-DS-022", "button: text"));
    let fault = &button(json!({ "variant": "quiet" }))[0];
    assert_eq!(fault.code, "BW-DS-024");
    assert!(fault.hint.en.contains("text / html"), "{}", fault.hint.en);
    let fault =
        &Engine::shared().checked("text-input", &json!({ "id": "a", "name": "a" })).expect_err("no label")[0];
    assert_eq!(fault.code, "BW-DS-020");
    let fault = &Engine::shared()
        .checked("text-input", &json!({ "id": "a", "name": "a", "label": { "txt": "x", "text": "x" } }))
        .expect_err("wrong key inside")[0];
    assert_eq!(fault.location.to_string(), "text-input: label.txt");
    let fault = &Engine::shared().checked("buton", &json!({})).expect_err("no such component")[0];
    assert_eq!(fault.code, "BW-DS-025");
    assert!(fault.hint.en.contains("button"));
}
