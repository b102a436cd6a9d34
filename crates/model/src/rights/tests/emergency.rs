//! Emergency access: two people, a reason, four hours, marked.

use super::*;

const SECOND: PersonId = PersonId::from_u128(12);

fn opened(by: PersonId, from: Timestamp) -> Resource {
    let glass =
        BreakGlass::confirm(by, SECOND, "資料外洩中，機關無法聯繫", from).expect("two people, a reason");
    Resource { break_glass: vec![glass], ..Resource::of(ELSEWHERE) }
}

#[test]
fn it_takes_two_people_and_a_reason() {
    let confirm = |by, second, reason| BreakGlass::confirm(by, second, reason, now());
    assert_eq!(confirm(ME, ME, "理由"), Err(Denied::SamePerson));
    assert_eq!(confirm(ME, COLLEAGUE, " \n\u{3000}"), Err(Denied::NoReason));
    let glass = confirm(ME, COLLEAGUE, " 理由 ").expect("both");
    assert_eq!((glass.by(), glass.confirmed_by(), glass.reason()), (ME, COLLEAGUE, "理由"));
    assert_eq!((glass.from(), glass.until()), (now(), after(4 * 3600)));
    let late = BreakGlass::confirm(ME, COLLEAGUE, "理由", Timestamp::MAX).expect("both");
    assert_eq!(late.until(), Timestamp::MAX);
}

#[test]
fn a_stored_access_of_one_person_alone_opens_nothing() {
    let mut json = serde_json::to_value(opened(ME, now())).expect("an object");
    let glass = &mut json["break_glass"][0];
    glass["confirmed_by"] = glass["by"].clone();
    let forged: Resource = serde_json::from_value(json).expect("a resource");
    assert_eq!(denial(&subject(Role::SvcG3), "incident.read", &forged), Some(Denied::Foreign));
}

#[test]
fn it_opens_reading_for_four_hours_and_is_marked() {
    let team = subject(Role::SvcG3);
    let read = act("incident.read");
    for (from, opens) in
        [(now(), true), (after(-4 * 3600 + 1), true), (after(-4 * 3600), false), (after(1), false)]
    {
        let resource = opened(ME, from);
        let decision = decide(&team, read, &resource, now());
        assert_eq!(scope(&team, read, now()).admits(&resource), opens);
        if opens {
            let marked = matches!(decision, Decision::Allow { break_glass: true, recorded: true, .. });
            assert!(marked, "{decision:?}");
        } else {
            assert_eq!(decision.denied(), Some(Denied::Foreign));
        }
    }
    assert_eq!(denial(&team, "incident.read", &opened(COLLEAGUE, now())), Some(Denied::Foreign));
}

#[test]
fn it_is_not_marked_where_a_case_links_them_anyway() {
    let linked = Resource { participants: [ME].into(), ..opened(ME, now()) };
    let decision = decide(&subject(Role::SvcG3), act("incident.read"), &linked, now());
    assert!(matches!(decision, Decision::Allow { break_glass: false, recorded: false, .. }), "{decision:?}");
}

#[test]
fn it_opens_nothing_but_reading_content() {
    let team = subject(Role::SvcG3);
    for action in Action::all() {
        let (act, right) = (action.act(), action.right(Role::SvcG3));
        if right.is_none_or(|right| right.reach == Reach::All) {
            continue;
        }
        let reading = act.content() && matches!(act.effect, Effect::Read | Effect::LoggedRead);
        assert_eq!(decide(&team, action, &opened(ME, now()), now()).is_allowed(), reading, "{action}");
    }
    assert_eq!(denial(&team, "evidence.read", &opened(ME, now())), None);
    for code in ["evidence.add", "document.export", "support.work"] {
        assert_eq!(denial(&team, code, &opened(ME, now())), Some(Denied::Foreign), "{code}");
    }
    assert_eq!(denial(&team, "drill.read_statistics", &opened(ME, now())), Some(Denied::Role));
}

#[test]
fn it_is_for_the_service_team_only() {
    for role in Role::ALL {
        let decision = decide(&subject(*role), act("incident.read"), &opened(ME, now()), now());
        let team = matches!(role, Role::SvcG1 | Role::SvcG2 | Role::SvcG3);
        let marked = matches!(decision, Decision::Allow { break_glass: true, .. });
        assert_eq!(marked, team, "{role}: {decision:?}");
    }
}

#[test]
fn it_does_not_open_red() {
    let red = Resource { tlp: Some(Tlp::Red), ..opened(ME, now()) };
    assert_eq!(denial(&subject(Role::SvcG3), "incident.read", &red), Some(Denied::Red));
    assert!(!scope(&subject(Role::SvcG3), act("incident.read"), now()).admits(&red));
}

#[test]
fn nobody_confirms_their_own_request() {
    let request = |by| Resource { person: Some(by), ..Resource::of(ELSEWHERE) };
    for role in [Role::SvcLead, Role::Competent] {
        assert_eq!(denial(&subject(role), "break_glass.confirm", &request(COLLEAGUE)), None);
        assert_eq!(denial(&subject(role), "break_glass.confirm", &request(ME)), Some(Denied::OwnAccount));
    }
    for role in [Role::SvcG1, Role::SvcG2, Role::SvcG3] {
        assert_eq!(denial(&subject(role), "break_glass.request", &Resource::of(ELSEWHERE)), None);
        assert_eq!(denial(&subject(role), "break_glass.confirm", &request(COLLEAGUE)), Some(Denied::Role));
    }
}

#[test]
fn the_organisation_is_told() {
    let ciso = subject(Role::AgencyCiso);
    for code in ["access_log.read", "break_glass.read"] {
        assert_eq!(denial(&ciso, code, &Resource::of(HOME)), None);
        assert_eq!(denial(&ciso, code, &Resource::of(ELSEWHERE)), Some(Denied::Foreign));
    }
}
