//! The terms of a yes: second person, step-up, what is recorded; and the guards of state and token.

use super::*;

#[test]
fn a_privileged_act_needs_presence_proved_within_five_minutes() {
    let mut admin = subject(Role::Admin);
    let edit = act("config.edit");
    for (at, asks) in [
        (None, true),
        (Some(now()), false),
        (Some(after(-300)), false),
        (Some(after(-301)), true),
        (Some(after(1)), true),
        (Some(Timestamp::MIN), true),
    ] {
        admin.step_up_at = at;
        let decision = decide(&admin, edit, &Resource::platform(), now());
        assert!(
            matches!(decision, Decision::Allow { step_up, .. } if step_up == asks),
            "{at:?}: {decision:?}"
        );
        let plain = decide(&admin, act("config.read"), &Resource::platform(), now());
        assert!(matches!(plain, Decision::Allow { step_up: false, .. }), "{plain:?}");
    }
}

#[test]
fn what_changes_people_keys_or_settings_is_privileged() {
    let privileged =
        ["people.", "role.", "key.", "token.create", "config.", "retention.edit", "backup.", "break_glass."];
    for action in Action::all().filter(|action| privileged.iter().any(|area| action.code().starts_with(area)))
    {
        assert_eq!(action.act().step_up, action.act().effect == Effect::Write, "{action}");
    }
}

#[test]
fn the_second_person_is_another_one_with_the_same_right() {
    let (accept, own) = (act("risk.accept"), Resource::of(HOME));
    let first = decide(&subject(Role::AgencyCiso), accept, &own, now());
    assert!(matches!(first, Decision::Allow { second_person: true, .. }), "{first:?}");
    let second = |role, person| {
        let second = Subject { person, ..subject(role) };
        confirm(ME, &second, accept, &own, now())
    };
    let done = second(Role::AgencyCiso, COLLEAGUE);
    assert!(matches!(done, Decision::Allow { second_person: false, .. }), "{done:?}");
    assert!(second(Role::SvcLead, COLLEAGUE).is_allowed());
    assert_eq!(second(Role::AgencyCiso, ME).denied(), Some(Denied::SamePerson));
    assert_eq!(second(Role::SvcLead, ME).denied(), Some(Denied::SamePerson), "not in another role either");
    assert_eq!(second(Role::Reporter, COLLEAGUE).denied(), Some(Denied::Role));
    let elsewhere = confirm(
        ME,
        &Subject { person: COLLEAGUE, ..subject(Role::AgencyCiso) },
        accept,
        &Resource::of(BELOW),
        now(),
    );
    assert_eq!(elsewhere.denied(), Some(Denied::Foreign));
}

#[test]
fn the_state_of_an_object_refuses_changes_but_no_reading() {
    let (edit, read) = (act("incident.edit_before_report"), act("incident.read"));
    let reported = Resource { refuses: [edit, read].into(), ..Resource::of(HOME) };
    let reporter = subject(Role::Reporter);
    assert_eq!(decide(&reporter, edit, &reported, now()).denied(), Some(Denied::State));
    assert!(!scope(&reporter, edit, now()).admits(&reported));
    assert!(decide(&reporter, read, &reported, now()).is_allowed());
    assert!(decide(&reporter, act("incident.contain"), &reported, now()).is_allowed());
    let foreign = Resource { refuses: [edit].into(), ..Resource::of(ELSEWHERE) };
    assert_eq!(decide(&reporter, edit, &foreign, now()).denied(), Some(Denied::Foreign), "tells nothing");
}

#[test]
fn a_token_does_what_it_was_made_for() {
    let mut token = subject(Role::Reporter);
    token.limited_to = Some([act("incident.read"), act("incident.close")].into());
    assert_eq!(denial(&token, "incident.read", &Resource::of(HOME)), None);
    assert_eq!(denial(&token, "incident.report", &Resource::of(HOME)), Some(Denied::Token));
    assert_eq!(denial(&token, "incident.close", &Resource::of(HOME)), Some(Denied::Role), "gives no right");
    assert_eq!(scope(&token, act("incident.report"), now()), Scope::Nothing);
}

#[test]
fn the_access_log_shows_what_the_owner_has_to_know() {
    let recorded =
        |code: &str, resource: &Resource| match decide(&subject(Role::Competent), act(code), resource, now())
        {
            Decision::Allow { recorded, .. } => recorded,
            Decision::Deny(denied) => panic!("{code}: {denied:?}"),
        };
    let plain = Resource::of(ELSEWHERE);
    let classified = |class| Resource { classification: Some(class), ..plain.clone() };
    assert!(!recorded("incident.read", &plain));
    assert!(recorded("evidence.read", &plain));
    assert!(recorded("document.export", &plain));
    assert!(recorded("audit.export", &plain));
    assert!(recorded("incident.reopen", &plain));
    assert!(!recorded("incident.read", &classified(Classification::Normal)));
    assert!(recorded("incident.read", &classified(Classification::Restricted)));
    assert!(recorded("incident.read", &classified(Classification::Confidential)));
    assert!(recorded("incident.read", &Resource { tlp: Some(Tlp::Red), ..plain.clone() }));
}

#[test]
fn an_account_is_its_persons_own() {
    for role in Role::ALL.iter().filter(|role| **role != Role::System) {
        let person = subject(*role);
        for code in ["account.self", "session.revoke", "token.create", "token.revoke"] {
            assert_eq!(denial(&person, code, &Resource::account(ME, HOME)), None, "{role} {code}");
        }
        let other = Resource::account(COLLEAGUE, ELSEWHERE);
        assert_eq!(denial(&person, "account.self", &other), Some(Denied::Foreign), "{role}");
        assert_eq!(denial(&person, "token.create", &other), Some(Denied::Foreign), "{role}");
    }
}

#[test]
fn roles_that_see_beyond_one_organisation_are_privileged() {
    let plain: Vec<_> =
        Role::ALL.iter().filter(|role| !role.is_privileged()).map(|role| role.code()).collect();
    assert_eq!(plain, ["reporter", "vendor", "expert"]);
    assert_eq!(Role::SvcG2.group(), Some(TeamGroup::Resilience));
    assert_eq!(Role::SvcLead.group(), None);
}
