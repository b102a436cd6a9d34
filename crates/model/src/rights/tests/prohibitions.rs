//! What nobody may do, even by a table that gives everything to everybody.

use super::*;
use crate::rights::decision::decide_by;
use crate::rights::scope::scope_by;

/// The answer of the tables with `A` in every cell; the list has to agree.
fn by_loose_table(subject: &Subject, code: &str, resource: &Resource) -> Option<Denied> {
    let table = table_of("A");
    let decision = decide_by(&table, subject, act(code), resource, now());
    assert_eq!(scope_by(&table, subject, act(code), now()).admits(resource), decision.is_allowed(), "{code}");
    decision.denied()
}

fn below_a_superior(owner: OrganisationId) -> Resource {
    Resource { ancestors: [ABOVE].into(), ..Resource::of(owner) }
}

#[test]
fn administrators_never_touch_content() {
    let (table, admin) = (table_of("A"), subject(Role::Admin));
    for action in Action::all() {
        let want = action.act().content().then_some(Denied::AdministratorContent);
        for resource in [Resource::of(HOME), Resource::of(ELSEWHERE)] {
            assert_eq!(decide_by(&table, &admin, action, &resource, now()).denied(), want, "{action}");
        }
    }
    for code in ["incident.read", "evidence.read", "search.fulltext", "audit.read", "access_log.read"] {
        assert_eq!(denial(&admin, code, &Resource::of(HOME)), Some(Denied::AdministratorContent), "{code}");
    }
    assert_eq!(denial(&admin, "config.edit", &Resource::platform()), None);
}

#[test]
fn an_administrator_cannot_make_themselves_something_else() {
    let admin = subject(Role::Admin);
    let (mine, theirs) = (Resource::account(ME, HOME), Resource::account(COLLEAGUE, HOME));
    for code in ["role.grant", "role.grant_privileged", "people.recover", "people.disable", "user.manage"] {
        assert_eq!(denial(&admin, code, &mine), Some(Denied::OwnAccount), "{code}");
        assert_eq!(denial(&admin, code, &theirs), None, "{code}");
        assert!(!scope(&admin, act(code), now()).admits(&mine));
    }
    for code in ["role.grant", "role.grant_privileged", "people.recover"] {
        let decision = decide(&admin, act(code), &theirs, now());
        assert!(matches!(decision, Decision::Allow { second_person: true, .. }), "{code}: {decision:?}");
    }
}

#[test]
fn heads_of_agencies_see_counts_only() {
    let (table, director) = (table_of("A"), subject(Role::Director));
    for action in Action::all() {
        let want = action.act().content().then_some(Denied::CountsOnly);
        let denied = decide_by(&table, &director, action, &Resource::of(HOME), now()).denied();
        assert_eq!(denied, want, "{action}");
    }
    assert_eq!(denial(&director, "kpi.read", &Resource::platform()), None);
}

#[test]
fn person_level_drill_results_stay_with_the_agency_ciso() {
    let code = "drill.read_person_result";
    let below = Resource { ancestors: [HOME].into(), ..Resource::of(BELOW) };
    assert_eq!(denial(&subject(Role::Supervisor), code, &below), Some(Denied::PersonResult));
    assert_eq!(denial(&subject(Role::Supervisor), "drill.read_statistics", &below), None);
    for role in Role::ALL {
        let denied = by_loose_table(&subject(*role), code, &below);
        assert_eq!(denied.is_none(), *role == Role::AgencyCiso, "{role}");
    }
    assert_eq!(denial(&subject(Role::AgencyCiso), code, &Resource::of(HOME)), None);
    assert_eq!(denial(&subject(Role::AgencyCiso), code, &below), Some(Denied::Foreign));
}

#[test]
fn navigators_never_check_their_own_organisation() {
    let taking_part = |owner| Resource { participants: [ME].into(), ..Resource::of(owner) };
    let mut navigator = subject(Role::Navigator);
    for code in ["cruise.execute", "cruise.rereview_verdict", "evidence.read", "document.export"] {
        assert_eq!(denial(&navigator, code, &taking_part(HOME)), Some(Denied::OwnCheck), "{code}");
        assert_eq!(by_loose_table(&navigator, code, &taking_part(HOME)), Some(Denied::OwnCheck));
        assert_eq!(denial(&navigator, code, &taking_part(ELSEWHERE)), None, "{code}");
    }
    assert_eq!(denial(&navigator, "cruise.execute", &Resource::of(HOME)), Some(Denied::Foreign));
    assert_eq!(denial(&navigator, "account.self", &Resource::account(ME, HOME)), None);

    navigator.grants.push(grant(Role::Reporter, ELSEWHERE));
    assert_eq!(denial(&navigator, "cruise.execute", &taking_part(ELSEWHERE)), Some(Denied::OwnCheck));
    assert!(!scope(&navigator, act("cruise.execute"), now()).admits(&taking_part(ELSEWHERE)));
    navigator.grants[1].until = Some(now());
    assert_eq!(denial(&navigator, "cruise.execute", &taking_part(ELSEWHERE)), None, "no longer theirs");
}

#[test]
fn nobody_reviews_the_report_of_their_own_organisation() {
    let reviews: Vec<_> =
        Action::all().filter(|action| action.act().review()).map(|action| action.code().to_owned()).collect();
    for expected in [
        "incident.review_level",
        "incident.review_direct",
        "incident.withdraw_approve",
        "incident.improve_accept",
        "incident.close",
        "incident.reopen",
        "clock.extend",
    ] {
        assert!(reviews.iter().any(|code| code == expected), "{expected}");
    }
    for code in &reviews {
        for role in Role::ALL.iter().filter(|role| !matches!(role, Role::Admin | Role::Director)) {
            let mut person = subject(*role);
            if *role == Role::Vendor {
                assert_eq!(by_loose_table(&person, code, &below_a_superior(HOME)), Some(Denied::TasksOnly));
                continue;
            }
            let own = Some(if *role == Role::Navigator { Denied::OwnCheck } else { Denied::OwnReview });
            assert_eq!(by_loose_table(&person, code, &below_a_superior(HOME)), own, "{code} {role}");
            assert_eq!(by_loose_table(&person, code, &below_a_superior(ELSEWHERE)), None, "{code} {role}");
            person.grants.push(grant(Role::Reporter, ELSEWHERE));
            assert_eq!(by_loose_table(&person, code, &below_a_superior(ELSEWHERE)), own, "{code} {role}");
        }
    }
}

#[test]
fn a_body_without_anyone_above_reviews_itself() {
    let supervisor = subject(Role::Supervisor);
    let review = "incident.review_level";
    assert_eq!(denial(&supervisor, review, &Resource::of(HOME)), None);
    assert_eq!(denial(&supervisor, review, &below_a_superior(HOME)), Some(Denied::OwnReview));
    let in_sector = Resource { sector: Some(sector()), ..Resource::of(HOME) };
    assert_eq!(denial(&supervisor, review, &in_sector), Some(Denied::OwnReview));
    let below = Resource { ancestors: [HOME].into(), ..Resource::of(BELOW) };
    assert_eq!(denial(&supervisor, review, &below), None);
}

#[test]
fn vendors_see_tasks_only() {
    let (mut vendor, loose) = (subject(Role::Vendor), table_of("A"));
    let task = Resource { assignees: [ME].into(), ..Resource::of(ELSEWHERE) };
    for action in Action::all() {
        let want = action.act().content().then_some(Denied::TasksOnly);
        assert_eq!(decide_by(&loose, &vendor, action, &task, now()).denied(), want, "{action}");
    }
    assert_eq!(denial(&vendor, "incident.read", &task), None);
    let taking_part = Resource { participants: [ME].into(), ..Resource::of(HOME) };
    assert_eq!(denial(&vendor, "incident.read", &taking_part), Some(Denied::Foreign));
    vendor.grants[0].organisation = ELSEWHERE;
    let theirs = Resource::of(ELSEWHERE);
    assert_eq!(
        denial(&vendor, "inventory.read", &theirs),
        Some(Denied::Foreign),
        "not even by being the owner"
    );
}

#[test]
fn red_is_for_named_recipients_and_bodies_with_a_duty() {
    let red = |recipients: &[PersonId]| Resource {
        tlp: Some(Tlp::Red),
        recipients: recipients.iter().copied().collect(),
        participants: [ME].into(),
        assignees: [ME].into(),
        granted: [(ME, after(60))].into(),
        exercise: Some(EXERCISE),
        ancestors: [HOME].into(),
        sector: Some(sector()),
        ..Resource::of(BELOW)
    };
    let read = act("incident.read");
    for role in Role::ALL {
        let Some(right) = read.right(*role) else { continue };
        let mut person = subject(*role);
        if right.reach == Reach::Own {
            person.grants[0].organisation = BELOW;
        }
        let want = (!role.has_legal_duty()).then_some(Denied::Red);
        assert_eq!(decide(&person, read, &red(&[COLLEAGUE]), now()).denied(), want, "{role}");
        assert_eq!(scope(&person, read, now()).admits(&red(&[COLLEAGUE])), want.is_none(), "{role}");
        let named = decide(&person, read, &red(&[COLLEAGUE, ME]), now());
        assert!(matches!(named, Decision::Allow { recorded: true, .. }), "{role}: {named:?}");
    }
    let duty: Vec<_> =
        Role::ALL.iter().filter(|role| role.has_legal_duty()).map(|role| role.code()).collect();
    assert_eq!(duty, ["reporter", "agency_ciso", "supervisor", "sector_authority", "competent"]);
    for tlp in Tlp::ALL.iter().filter(|tlp| **tlp != Tlp::Red) {
        let resource = Resource { tlp: Some(*tlp), ..red(&[]) };
        assert_eq!(denial(&subject(Role::SvcG1), "incident.read", &resource), None, "{tlp}");
    }
    assert_eq!(denial(&subject(Role::SvcLead), "incident.edit_before_report", &red(&[])), Some(Denied::Role));
}

#[test]
fn a_duty_reaches_no_further_than_the_role() {
    let red = Resource { tlp: Some(Tlp::Red), recipients: [ME].into(), ..Resource::of(ELSEWHERE) };
    for role in [Role::Reporter, Role::AgencyCiso, Role::Supervisor, Role::SectorAuthority] {
        assert_eq!(denial(&subject(role), "incident.read", &red), Some(Denied::Foreign), "{role}");
    }
}
