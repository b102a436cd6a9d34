//! Every row of the tables, one line of counts a file; `cargo xtask conformance cases` reads them.

#![expect(clippy::print_stdout, reason = "the counts are what the conformance task reads")]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use bulwark_clock::RuleTable;
use bulwark_i18n::wrong_usage;
use bulwark_model::FindingState;
use bulwark_model::rights::{Action, Role};
use bulwark_testkit::{shared_data, workspace_root};
use bulwark_workflow::{Condition, Machines, Target, guards, texts};
use serde_json::Value;
use support::machine;

fn own(name: &str) -> String {
    std::fs::read_to_string(workspace_root().join("data").join(name)).expect("a table of the product")
}

fn count(name: &str, faults: &[String], total: usize) {
    println!("{name}: {}/{total}", total - faults.len());
    assert!(faults.is_empty() && total > 0, "{name}:\n{}", faults.join("\n"));
}

/// Every leaf row of a table of machines: states, transitions, and the rest of a machine.
fn rows(table: &Value) -> BTreeMap<String, Value> {
    let mut rows = BTreeMap::new();
    for (kind, machine) in table.as_object().expect("machines") {
        let Some(machine) = machine.as_object() else {
            rows.insert(kind.clone(), machine.clone());
            continue;
        };
        for (part, value) in machine {
            match value {
                Value::Array(all) if part == "transitions" => {
                    rows.extend(all.iter().enumerate().map(|(n, row)| (format!("{kind} {n}"), row.clone())));
                }
                Value::Object(states) => {
                    rows.extend(states.iter().map(|(code, zh)| (format!("{kind} {code}"), zh.clone())));
                }
                other => drop(rows.insert(format!("{kind} {part}"), other.clone())),
            }
        }
    }
    rows
}

#[test]
fn every_shared_row_is_still_there_unchanged() {
    let Some(folder) = shared_data("incident-grc") else { return };
    let theirs = std::fs::read_to_string(folder.join("state_machines.json")).expect("the shared table");
    let read = |text: &str| rows(&serde_json::from_str(text).expect("JSON"));
    let (ours, theirs) = (read(&own("workflow/state_machines.json")), read(&theirs));
    let lost: Vec<String> = theirs
        .iter()
        .filter(|(name, row)| ours.get(*name) != Some(row))
        .map(|(name, _)| name.clone())
        .collect();
    count("shared rows of state_machines.json", &lost, theirs.len());
}

#[test]
fn every_machine_loads_and_says_what_its_rows_say() {
    assert_eq!(Machines::embedded_faults(), []);
    let table: Value = serde_json::from_str(&own("workflow/state_machines.json")).expect("JSON");
    let (mut faults, mut total) = (Vec::new(), 0);
    for (kind, written) in table.as_object().expect("machines").iter().filter(|(kind, _)| *kind != "notation")
    {
        let found = machine(kind);
        for (index, row) in written["transitions"].as_array().expect("rows").iter().enumerate() {
            total += 1;
            let transition = &found.transitions[index];
            let words = |name: &str| -> Vec<String> {
                row[name]
                    .as_array()
                    .expect("words")
                    .iter()
                    .map(|word| word.as_str().expect("a word").to_owned())
                    .collect()
            };
            let to = match &transition.to {
                Target::State(state) => state.clone(),
                Target::Same => "=".to_owned(),
                Target::Previous => "=previous".to_owned(),
            };
            let from: Vec<&str> = row["from"].as_str().expect("from").split('|').collect();
            let by: Vec<String> = transition.by.iter().map(|role| role.code().to_owned()).collect();
            let all_from = from.iter().all(|state| transition.begins_in((*state != "-").then_some(*state)));
            let stops = words("stops");
            let good = all_from
                && from.len() == transition.from.len() + usize::from(transition.opens)
                && row["to"] == to.as_str()
                && row["action"] == transition.action.code()
                && words("by") == by
                && words("requires") == transition.requires
                && words("starts").iter().all(|clock| transition.starts.contains(clock))
                && stops.iter().filter(|clock| *clock != "cancel:*").eq(&transition.stops)
                && stops.contains(&"cancel:*".to_owned()) == transition.cancels_all
                && row["guard"] == transition.guard.text
                && row["second_person"] == transition.second_person;
            if !good {
                faults.push(format!("{kind}: {row}"));
            }
        }
    }
    count("state_machines.json", &faults, total);
}

#[test]
fn every_addition_is_there() {
    let table: Value = serde_json::from_str(&own("workflow/additions.json")).expect("JSON");
    let added = |kind: &str, rows: &Value| -> Vec<(String, String)> {
        let rows = rows.as_array().expect("rows").iter();
        rows.map(|row| (kind.to_owned(), row["action"].as_str().expect("an act").to_owned())).collect()
    };
    let transitions = table["transitions"].as_object().expect("kinds").iter();
    let mut all: Vec<(String, String)> = transitions.flat_map(|(kind, rows)| added(kind, rows)).collect();
    all.extend(added("finding", &table["machines"]["finding"]["transitions"]));
    all.extend(added("social_drill", &table["also_starts"]));
    let lost = all.iter().filter(|(kind, code)| {
        machine(kind).transitions.iter().all(|transition| transition.action.code() != code)
    });
    count(
        "additions.json",
        &lost.map(|(kind, code)| format!("{kind} {code}")).collect::<Vec<_>>(),
        all.len(),
    );
}

#[test]
fn every_transition_has_a_row_of_rights() {
    let (mut faults, mut total) = (Vec::new(), 0);
    for machine in Machines::embedded().iter() {
        for transition in &machine.transitions {
            total += 1;
            let lacking = transition.by.iter().find(|role| transition.action.right(**role).is_none());
            if let Some(role) = lacking {
                faults.push(format!("{} {}: {role} has no right", machine.kind, transition.action));
            }
            if transition.by.is_empty() {
                faults.push(format!("{} {}: nobody may", machine.kind, transition.action));
            }
        }
    }
    count("transitions with rights", &faults, total);
    // What stands in the file made for transitions is one.
    let acts: BTreeSet<&str> =
        Machines::embedded().iter().flat_map(|m| m.transitions.iter().map(|t| t.action.code())).collect();
    let matrix = own("rights/transition_matrix.csv");
    let idle: Vec<&str> = matrix
        .lines()
        .skip(1)
        .filter_map(|row| row.split(',').next())
        .filter(|code| !acts.contains(code))
        .collect();
    assert_eq!(idle, [""; 0], "rows of rights for no transition");
}

#[test]
fn every_row_of_the_role_matrix_gives_its_rights() {
    for name in ["role_matrix.csv", "platform_matrix.csv", "transition_matrix.csv"] {
        let text = own(&format!("rights/{name}"));
        let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|row| row.split(',').collect()).collect();
        let wrong = rows.iter().filter(|row| {
            let Ok(action) = Action::parse(row[0]) else { return true };
            Role::ALL.iter().zip(&row[1..]).any(|(role, cell)| {
                let right = action.right(*role).map_or_else(
                    || "-".to_owned(),
                    |right| format!("{}{}", right.reach, if right.second_person { "!" } else { "" }),
                );
                right != **cell
            })
        });
        count(name, &wrong.map(|row| row.join(",")).collect::<Vec<_>>(), rows.len());
    }
}

#[test]
fn every_clock_of_a_case_is_started_and_stopped_by_some_act() {
    // Limits that belong to no machine: an organisation's level, a task, a dispatch record, a periodic batch.
    let elsewhere = ["responsibility_level", "vendor_ack", "mobilisation", "review_notify_batch"];
    // Reviewed at the transition that ends it; the plan's programme owns its own date.
    let (mut started, mut stopped) = (BTreeSet::new(), BTreeSet::new());
    for transition in Machines::embedded().iter().flat_map(|machine| &machine.transitions) {
        started.extend(transition.starts.iter().map(String::as_str));
        stopped.extend(transition.stops.iter().map(String::as_str));
    }
    let wanted: BTreeSet<&str> = RuleTable::embedded()
        .iter()
        .map(|rule| rule.clock_id.as_str())
        .filter(|clock| !elsewhere.contains(clock))
        .collect();
    assert_eq!(wanted.difference(&started).collect::<Vec<_>>(), [&""; 0], "never started");
    assert_eq!(wanted.difference(&stopped).collect::<Vec<_>>(), [&""; 0], "never stopped");
    for clock in elsewhere {
        assert!(
            !started.contains(clock) && !stopped.contains(clock),
            "{clock} belongs to a machine after all"
        );
    }
}

#[test]
fn every_guard_is_used_and_every_condition_asked() {
    let used: BTreeSet<&str> =
        Machines::embedded().iter().flat_map(|m| m.transitions.iter().map(|t| t.guard.text)).collect();
    let idle: Vec<&str> =
        guards().iter().map(|guard| guard.text).filter(|text| !used.contains(text)).collect();
    assert_eq!(idle, [""; 0], "guards of no transition");
    let asked: BTreeSet<Condition> =
        guards().iter().flat_map(|guard| guard.conditions.iter().copied()).collect();
    let idle: Vec<&Condition> =
        Condition::ALL.iter().filter(|condition| !asked.contains(condition)).collect();
    assert_eq!(idle, [&Condition::SeenAgain; 0], "conditions of no guard");
    let twice =
        guards().iter().enumerate().find(|(n, guard)| guards()[..*n].iter().any(|g| g.text == guard.text));
    assert_eq!(twice, None);
}

#[test]
fn findings_have_the_states_of_the_model() {
    let codes: Vec<String> = [
        FindingState::Open,
        FindingState::Confirmed,
        FindingState::FixClaimed,
        FindingState::Fixed,
        FindingState::Accepted,
        FindingState::FalsePositive,
        FindingState::Moved,
    ]
    .iter()
    .map(|state| serde_json::to_value(state).expect("a word").as_str().expect("a word").to_owned())
    .collect();
    let states: Vec<&str> = machine("finding").states.iter().map(|state| state.code.as_str()).collect();
    assert_eq!(states, codes);
}

#[test]
fn every_word_for_people_is_there_and_good() {
    let mut wanted: BTreeSet<String> = BTreeSet::from(["new_case".to_owned()]);
    for machine in Machines::embedded().iter() {
        wanted.insert(format!("kind.{}", machine.kind));
        for state in &machine.states {
            let key = format!("state.{}.{}", machine.kind, state.code);
            assert_eq!(
                texts().get(&key).map(|text| text.zh_tw.as_str()),
                Some(state.label.zh_tw.as_str()),
                "{key}"
            );
            assert_ne!(state.label.en, key);
            wanted.insert(key);
        }
    }
    for condition in Condition::ALL {
        wanted.extend([
            format!("condition.{}", condition.code()),
            format!("condition_hint.{}", condition.code()),
        ]);
    }
    let found: BTreeSet<String> =
        texts().keys().filter(|key| !key.starts_with("BW-")).map(str::to_owned).collect();
    assert_eq!(found, wanted);
    let wrong: Vec<String> = texts().iter().flat_map(|(_, text)| wrong_usage(&text.zh_tw)).collect();
    assert_eq!(wrong, [""; 0]);
}

/// Codes and places of what is wrong with tables that are damaged in one place.
fn faults(from: &str, to: &str) -> Vec<(String, String)> {
    let (shared, additions) = (own("workflow/state_machines.json"), own("workflow/additions.json"));
    let bad = |text: &str| text.replacen(from, to, 1);
    assert!(shared.contains(from) || additions.contains(from), "{from}");
    let (shared, additions) =
        if shared.contains(from) { (bad(&shared), additions) } else { (shared, bad(&additions)) };
    let notes = Machines::read(&shared, &additions).1;
    notes.into_iter().map(|note| (note.code, note.location.to_string())).collect()
}

#[test]
fn a_damaged_table_is_named_and_never_succeeds() {
    for (from, to, code, place) in [
        (
            "\"level was reviewed\"",
            "\"level was looked at\"",
            "BW-FLOW-021",
            "state_machines.json#/incident/transitions/10",
        ),
        (
            "\"to\": \"reviewed\"",
            "\"to\": \"revewed\"",
            "BW-FLOW-022",
            "state_machines.json#/incident/transitions/2",
        ),
        ("\"initial\": \"draft\"", "\"initial\": \"draff\"", "BW-FLOW-022", "state_machines.json#/incident"),
        (
            "\"incident.discard\"",
            "\"incident.burn\"",
            "BW-FLOW-024",
            "state_machines.json#/incident/transitions/14",
        ),
        ("\"reporter\"", "\"repoter\"", "BW-FLOW-025", "state_machines.json#/incident/transitions/0"),
        ("\"reporter\"", "\"admin\"", "BW-FLOW-025", "state_machines.json#/incident/transitions/0"),
        (
            "\"review_notify\"",
            "\"review_note\"",
            "BW-FLOW-026",
            "state_machines.json#/incident/transitions/2",
        ),
        (
            "\"second_person\": false",
            "\"second_person\": 0",
            "BW-FLOW-020",
            "state_machines.json#/incident/transitions/0",
        ),
        ("\"action\": \"drill.end\"", "\"action\": \"drill.fin\"", "BW-FLOW-024", ""),
        ("\"withdrawn\": \"撤回\"", "\"withdrawn\": \"撤回\", \"lost\": \"遺失\"", "BW-FLOW-027", "incident"),
        ("\"incident.withdraw_request\"", "\"incident.contain\"", "BW-FLOW-023", "incident"),
        ("\"incident\": [", "\"incidents\": [", "BW-FLOW-001", "additions.json#/incidents/transitions/0"),
        ("\"notation\": \"starts", "\"notation\" \"starts", "BW-FLOW-020", "state_machines.json"),
        ("\"also_starts\"", "\"also_begins\"", "BW-FLOW-020", "additions.json"),
    ] {
        let found = faults(from, to);
        assert!(found.iter().any(|(c, p)| c == code && p.starts_with(place)), "{from} → {to}: {found:?}");
    }
}
