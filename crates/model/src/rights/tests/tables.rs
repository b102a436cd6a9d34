//! The tables themselves: read whole, the shared rows unchanged, and what a damaged one gives.

use std::collections::BTreeSet;

use bulwark_testkit::shared_data;

use super::*;
use crate::rights::table::{PLATFORM_MATRIX, ROLE_MATRIX, TRANSITION_MATRIX, TableFault, table_faults};

const ROLES: Source<'static> =
    Source { file: "roles.csv", text: include_str!("../../../../../data/rights/roles.csv") };

fn faults(actions: &str, matrix: &str) -> Vec<String> {
    let (actions, matrix) =
        (Source { file: "actions.csv", text: actions }, Source { file: "role_matrix.csv", text: matrix });
    Table::read(actions, &[matrix]).faults().iter().map(TableFault::to_string).collect()
}

#[test]
fn the_tables_have_no_fault() {
    assert_eq!(table_faults(), []);
    let matrices = [ROLE_MATRIX, PLATFORM_MATRIX, TRANSITION_MATRIX];
    let rows: usize = matrices.iter().map(|matrix| matrix.rows().count() - 1).sum();
    assert_eq!(rows, Action::all().count());
}

#[test]
fn every_shared_row_is_still_there_unchanged() {
    let Some(folder) = shared_data("incident-grc") else { return };
    for ours in [ROLES, ROLE_MATRIX] {
        let theirs = std::fs::read_to_string(folder.join(ours.file)).expect("a shared table");
        let kept: BTreeSet<&str> = ours.text.lines().collect();
        let lost: Vec<&str> = theirs.lines().filter(|line| !kept.contains(line)).collect();
        assert_eq!(lost, [""; 0], "rows of {} that were changed or left out", ours.file);
        assert_eq!(ours.text.lines().next(), theirs.lines().next(), "the columns of {}", ours.file);
    }
}

#[test]
fn roles_have_the_names_of_their_table() {
    let rows: Vec<(String, String)> =
        ROLES.rows().skip(1).map(|(_, fields)| (fields[0].to_owned(), fields[1].to_owned())).collect();
    let roles: Vec<(String, String)> =
        Role::ALL.iter().map(|role| (role.code().to_owned(), role.label().zh_tw)).collect();
    assert_eq!(roles, rows);
}

#[test]
fn an_action_is_read_and_written_by_its_code() {
    for action in Action::all() {
        let json = serde_json::to_string(&action).expect("a string");
        assert_eq!(json, format!("\"{action}\""));
        assert_eq!(serde_json::from_str::<Action>(&json).expect("the same act"), action);
        assert_eq!(action.code().parse::<Action>(), Ok(action));
        assert!(!action.act().label.zh_tw.is_empty());
    }
    let error = serde_json::from_str::<Action>("\"incident.peek\"").expect_err("no such act");
    assert_eq!(error.to_string(), "`incident.peek` has no row in the role matrix");
}

#[test]
fn the_console_has_its_acts() {
    for code in [
        "account.self",
        "access_log.read",
        "audit.export",
        "audit.read",
        "break_glass.confirm",
        "break_glass.request",
        "config.edit",
        "config.read",
        "key.enrol",
        "key.revoke",
        "people.disable",
        "people.invite",
        "people.recover",
        "retention.edit",
        "role.grant",
        "session.revoke",
        "token.create",
    ] {
        assert!(Action::parse(code).is_ok(), "{code}");
    }
}

#[test]
fn content_is_never_in_the_columns_of_those_who_may_not_read_it() {
    for action in Action::all().filter(|action| action.act().content()) {
        for role in [Role::Admin, Role::Director, Role::System] {
            assert_eq!(action.right(role), None, "{action} {role}");
        }
        let vendor = action.right(Role::Vendor).map(|right| right.reach);
        assert!(vendor.is_none_or(|reach| reach == Reach::Task), "{action}: {vendor:?}");
        let auditor = action.right(Role::Auditor);
        let reads = action.act().effect != Effect::Write;
        // The one writing act with a letter in the auditor's column is the shared table's own.
        assert!(auditor.is_none() || reads || action.code() == "comment.internal_service", "{action}");
    }
}

#[test]
fn automatic_acts_belong_to_the_system_alone() {
    let automatic = Action::all().filter(|action| action.right(Role::System).is_some());
    let automatic: Vec<_> = automatic.map(Action::code).collect();
    assert_eq!(
        automatic,
        [
            "support.detect",
            "exercise.window_over",
            "drill.validity_over",
            "finding.detect",
            "finding.judged_good",
            "finding.seen_again",
            "finding.acceptance_over",
            "audit.checkpoint",
            "retention.apply",
        ]
    );
    for code in automatic {
        let holders: Vec<_> = Role::ALL.iter().filter(|role| act(code).right(**role).is_some()).collect();
        assert_eq!(holders, [&Role::System]);
        assert!(decide(&Subject::system(HOME), act(code), &Resource::platform(), now()).is_allowed());
    }
}

#[test]
fn what_cannot_be_read_gives_no_right_and_is_named() {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.code()).collect();
    let header = format!("action,{}", roles.join(","));
    let actions = "action,effect,matter,step_up,not_self,name_zh,name_en\na.b,read,content,no,no,甲,A\n";
    let row = |cells: &str| format!("{header}\na.b,{cells}\n");
    let (one, rest) = ("O!".to_owned(), ",-".repeat(Role::ALL.len() - 1));
    assert_eq!(faults(actions, &row(&format!("{one}{rest}"))), [""; 0]);

    for bad in ["X", "o", "O!!", "!", "", " O", "-!"] {
        let matrix = row(&format!("{bad}{rest}"));
        assert_eq!(
            faults(actions, &matrix),
            [format!(
                "role_matrix.csv:2: `{}`: O | T | S | A | P | K | E | G",
                bad.strip_suffix('!').unwrap_or(bad)
            )]
        );
        let (actions, matrix) = (
            Source { file: "actions.csv", text: actions },
            Source { file: "role_matrix.csv", text: &matrix },
        );
        let table = Table::read(actions, &[matrix]);
        assert_eq!(table.act(Action::all().next().expect("one")).right(Role::Reporter), None);
    }
    let nothing = "actions.csv:0: `a.b` has no row in a matrix";
    assert_eq!(faults(actions, &row("O")), ["role_matrix.csv:2: 2 fields"]);
    assert_eq!(faults(actions, &header), [nothing]);
    let mixed = header.replace("reporter,agency_ciso", "agency_ciso,reporter");
    let columns = "role_matrix.csv:1: the columns are not `action` and the roles in their order";
    assert_eq!(faults(actions, &mixed), [columns, nothing]);
    let twice = format!("{header}\na.b,O{rest}\na.b,A{rest}\nb.c,A{rest}");
    assert_eq!(
        faults(actions, &twice),
        ["role_matrix.csv:3: `a.b` stands here twice", "role_matrix.csv:4: `b.c` is not in actions.csv"]
    );
    for bad in [
        "a,read,content,no,no,甲,A",
        "a.b,peek,content,no,no,甲,A",
        "a.b,read,case,no,no,甲,A",
        "a.b,read,content,maybe,no,甲,A",
        "a.b",
    ] {
        let text = format!("{}\n{bad}", actions.lines().next().expect("a header"));
        assert_eq!(faults(&text, &header), [format!("actions.csv:2: {bad}")]);
    }
    assert_eq!(faults("action", &header).len(), 1);
}
