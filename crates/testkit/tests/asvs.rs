//! `security/asvs.toml` against the standard and against the tests it names.

#![expect(clippy::unwrap_used, reason = "helpers of a test fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bulwark_testkit::{shared_data, workspace_root};

/// Names of all functions in our sources.
fn functions(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target") {
            functions(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn every_requirement_is_accounted_for_and_every_test_exists() {
    let text = std::fs::read_to_string(workspace_root().join("security/asvs.toml")).unwrap();
    let file: toml::Table = text.parse().unwrap();
    let mut all = BTreeSet::new();
    functions(&workspace_root().join("crates"), &mut all);
    let (mut ids, mut counts, mut wrong) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
    for row in file["requirement"].as_array().unwrap() {
        let (id, state) = (row["id"].as_str().unwrap(), row["state"].as_str().unwrap());
        if !ids.insert(id.to_owned()) {
            wrong.push(format!("{id} is there twice"));
        }
        *counts.entry(state.to_owned()).or_insert(0) += 1;
        let tests: Vec<&str> = row
            .get("test")
            .and_then(|test| test.as_array())
            .map_or_else(Vec::new, |tests| tests.iter().filter_map(|t| t.as_str()).collect());
        let reason = row
            .get("reason")
            .and_then(|reason| reason.as_str())
            .is_some_and(|reason| !reason.trim().is_empty());
        match state {
            "done" if tests.is_empty() => wrong.push(format!("{id} is done without a test")),
            "done" => wrong.extend(
                tests.iter().filter(|test| !all.contains(**test)).map(|test| format!("{id}: no test {test}")),
            ),
            "na" | "open" if !reason => wrong.push(format!("{id} is {state} without a reason")),
            "na" | "open" => {}
            other => wrong.push(format!("{id}: {other}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(counts.get("done").is_some_and(|done| *done >= 50), "{counts:?}");
    let Some(shared) = shared_data("platform") else { return };
    let standard = std::fs::read_to_string(shared.join("asvs-5.0.0.csv")).unwrap();
    let wanted: BTreeSet<String> = standard
        .lines()
        .filter_map(|line| {
            line.split(",V").find_map(|cell| {
                let id = cell.split(',').next()?;
                (id.split('.').count() == 3 && id.chars().all(|c| c.is_ascii_digit() || c == '.'))
                    .then(|| id.to_owned())
            })
        })
        .collect();
    assert_eq!(wanted.len(), 345);
    assert_eq!(ids, wanted);
}
