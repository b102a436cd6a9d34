//! Every row of the matrices, every role, every kind of relation to the object.

use super::*;
use crate::rights::table::{PLATFORM_MATRIX, ROLE_MATRIX, TRANSITION_MATRIX};

/// One object for each relation a person can have to it, and the letters that reach it.
fn cases() -> Vec<(&'static str, Resource, &'static str)> {
    let foreign = || Resource::of(ELSEWHERE);
    vec![
        ("own", Resource::of(HOME), "OTA"),
        ("below", Resource { ancestors: [HOME].into(), ..Resource::of(BELOW) }, "TA"),
        ("above", Resource::of(ABOVE), "A"),
        ("sector", Resource { sector: Some(sector()), ..foreign() }, "SA"),
        ("other sector", Resource { sector: Some(Sector::new("water")), ..foreign() }, "A"),
        ("foreign", foreign(), "A"),
        ("platform", Resource::platform(), "A"),
        ("participant", Resource { participants: [ME].into(), ..foreign() }, "PA"),
        ("someone else takes part", Resource { participants: [COLLEAGUE].into(), ..foreign() }, "A"),
        ("task", Resource { assignees: [ME].into(), ..foreign() }, "KA"),
        ("exercise", Resource { exercise: Some(EXERCISE), ..foreign() }, "EA"),
        ("other exercise", Resource { exercise: Some(ExerciseId::from_u128(21)), ..foreign() }, "A"),
        ("opened", Resource { granted: [(ME, after(1))].into(), ..foreign() }, "GA"),
        ("opened until now", Resource { granted: [(ME, now())].into(), ..foreign() }, "A"),
        ("opened to someone else", Resource { granted: [(COLLEAGUE, after(1))].into(), ..foreign() }, "A"),
    ]
}

#[test]
fn every_cell_gives_exactly_what_its_letter_says() {
    let cases = cases();
    let mut decisions = 0;
    for matrix in [ROLE_MATRIX, PLATFORM_MATRIX, TRANSITION_MATRIX] {
        for (line, fields) in matrix.rows().skip(1) {
            let action = act(fields[0]);
            for (role, cell) in Role::ALL.iter().zip(&fields[1..]) {
                let person = subject(*role);
                let scope = scope(&person, action, now());
                assert_eq!(may(&person, action, now()).is_ok(), *cell != "-", "{action} {role}");
                for (name, resource, letters) in &cases {
                    let place = format!("{}:{line} {action} {role} `{cell}` on {name}", matrix.file);
                    let reached = letters.contains(cell.trim_end_matches('!'));
                    let decision = decide(&person, action, resource, now());
                    assert_eq!(decision.is_allowed(), reached, "{place}");
                    assert_eq!(scope.admits(resource), reached, "{place}: the list");
                    match decision {
                        Decision::Allow { second_person, break_glass, step_up, .. } => {
                            assert_eq!(second_person, cell.ends_with('!'), "{place}");
                            assert!(!break_glass && !step_up, "{place}");
                        }
                        Decision::Deny(denied) => assert_eq!(denied.hides(), *cell != "-", "{place}"),
                    }
                    decisions += 1;
                }
            }
        }
    }
    assert_eq!(decisions, Action::all().count() * Role::ALL.len() * cases.len());
}

#[test]
fn a_sector_authority_without_a_sector_reaches_nothing() {
    let mut authority = subject(Role::SectorAuthority);
    authority.grants[0].sector = None;
    let read = act("incident.read");
    for resource in [Resource::of(HOME), Resource { sector: Some(sector()), ..Resource::of(ELSEWHERE) }] {
        assert_eq!(decide(&authority, read, &resource, now()).denied(), Some(Denied::Foreign));
    }
    assert_eq!(scope(&authority, read, now()), Scope::Nothing);
}

#[test]
fn a_grant_counts_from_its_first_moment_to_before_its_end() {
    let read = act("incident.read");
    let (mut person, own) = (subject(Role::Reporter), Resource::of(HOME));
    for (from, until, counts) in [
        (now(), Some(after(1)), true),
        (now(), None, true),
        (after(1), None, false),
        (after(-9), Some(now()), false),
    ] {
        (person.grants[0].from, person.grants[0].until) = (from, until);
        let want = (!counts).then_some(Denied::NotInForce);
        assert_eq!(decide(&person, read, &own, now()).denied(), want, "{from} to {until:?}");
        assert_eq!(scope(&person, read, now()).admits(&own), counts);
    }
    person.acting = 1;
    assert_eq!(decide(&person, read, &own, now()).denied(), Some(Denied::NotInForce));
}

#[test]
fn only_the_role_acted_in_gives_rights() {
    let mut person = subject(Role::Reporter);
    person.grants.push(grant(Role::AgencyCiso, HOME));
    person.grants.push(grant(Role::Reporter, ELSEWHERE));
    assert_eq!(denial(&person, "drill.edit_exemptions", &Resource::of(HOME)), Some(Denied::Role));
    assert_eq!(denial(&person, "incident.read", &Resource::of(ELSEWHERE)), Some(Denied::Foreign));
    person.acting = 1;
    assert_eq!(denial(&person, "drill.edit_exemptions", &Resource::of(HOME)), None);
    person.acting = 2;
    assert_eq!(denial(&person, "incident.read", &Resource::of(ELSEWHERE)), None);
    assert_eq!(denial(&person, "incident.read", &Resource::of(HOME)), Some(Denied::Foreign));
}

#[test]
fn buttons_are_the_allowed_acts() {
    let (person, own) = (subject(Role::Reporter), Resource::of(HOME));
    let acts = ["incident.read", "incident.report", "incident.close"].map(act);
    let buttons = allowed(&person, &own, acts, now());
    assert_eq!(buttons, [act("incident.read"), act("incident.report")].into());
}
