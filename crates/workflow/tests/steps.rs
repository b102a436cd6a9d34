//! What stands in the way of a step and in which words; second persons; every condition both ways.

mod support;

use bulwark_clock::{Calendar, Place};
use bulwark_model::rights::Role;
use bulwark_workflow::{
    Asked, Condition, Effect, Facts, Field, Fields, Findings, Machines, Moved, Outcome, Position, Share,
    Span, Team, Transition, guards,
};
use jiff::civil::date;
use support::{act, actor, at, facts_for, good_facts, good_fields, machine, other, text};

fn codes(
    kind: &str,
    state: &str,
    action: &str,
    role: Role,
    fields: &Fields,
    facts: &Facts<'_>,
) -> Vec<String> {
    let found = machine(kind).step(&Position::in_state(state), act(action), actor(role), fields, facts);
    found.err().into_iter().flatten().map(|note| note.code).collect()
}

fn row(kind: &str, state: &str, action: &str) -> &'static Transition {
    machine(kind).transition(Some(state), act(action)).expect("a row of the table")
}

fn done(outcome: Outcome) -> Moved {
    match outcome {
        Outcome::Done(moved) => moved,
        Outcome::Asked(asked) => panic!("waits for a second person: {asked:?}"),
    }
}

fn asked(outcome: Outcome) -> Asked {
    match outcome {
        Outcome::Asked(asked) => asked,
        Outcome::Done(moved) => panic!("done without a second person: {moved:?}"),
    }
}

#[test]
fn each_obstacle_is_named_in_both_languages() {
    let incident = machine("incident");
    let refuse = |state: &str, action: &str, role, fields: &Fields| {
        incident
            .step(&Position::in_state(state), act(action), actor(role), fields, &good_facts())
            .expect_err("something stands in the way")
    };
    let none = Fields::default();
    let wrong = &refuse("draft", "incident.close", Role::Supervisor, &none)[0];
    assert_eq!(wrong.code, "BW-FLOW-002");
    assert_eq!(wrong.what.zh_tw, "案件目前是「草稿（已知悉，未通報）」，不能「結案」");
    assert_eq!(wrong.hint.zh_tw, "目前可以：通報資安事件、捨棄未通報的草稿。");
    assert!(wrong.hint.en.contains("Report an incident, Discard"), "{}", wrong.hint.en);
    let wrong = &refuse("reported", "incident.review_level", Role::Vendor, &none)[0];
    assert_eq!(wrong.what.zh_tw, "「審核事件等級」不是「維運廠商」的工作");
    assert!(wrong.hint.zh_tw.contains("上級／監督機關、中央目的事業主管機關、主管機關（資安署）"));
    // Everything that is left out, at once; spaces are nothing.
    let some = none.clone().with("org_oid", text("2.16.886")).with("tlp", text("　 "));
    let wrong = refuse("draft", "incident.report", Role::Reporter, &some);
    assert_eq!(wrong.len(), 9);
    assert_eq!(
        (wrong[0].code.as_str(), wrong[0].location.to_string().as_str()),
        ("BW-FLOW-004", "contact_name")
    );
    let empty = none.with("reason", Field::Words(vec![String::new()]));
    assert_eq!(
        codes("incident", "draft", "incident.discard", Role::Reporter, &empty, &good_facts()),
        ["BW-FLOW-004", "BW-FLOW-005"]
    );
}

#[test]
fn starts_stops_and_effects_are_those_of_the_row() {
    let incident = machine("incident");
    let step = |state: &str, action: &str, role| {
        let transition = row("incident", state, action);
        let from = Position { state: Some(state.into()), previous: Some("reviewed".into()) };
        let found =
            incident.step(&from, act(action), actor(role), &good_fields(transition), &facts_for(transition));
        done(found.expect("nothing stands in the way"))
    };
    let report = step("draft", "incident.report", Role::Reporter);
    assert_eq!(report.starts, ["review", "contain", "ciso_meeting"]);
    assert_eq!((report.stops, report.cancels_all), (vec!["report".to_owned()], false));
    assert!(step("draft", "incident.discard", Role::Reporter).cancels_all);
    let early = step("reported", "incident.contain", Role::Reporter);
    assert_eq!(
        (early.to.state.as_deref(), early.stops),
        (Some("contained"), vec!["contain".to_owned()]),
        "the review runs on"
    );
    let late = step("contained", "incident.review_level", Role::Supervisor);
    assert_eq!(late.to.state.as_deref(), Some("contained"));
    assert_eq!(late.effects, [Effect::MarkReviewed, Effect::RebaseContain]);
    let told = machine("support").step(
        &Position::in_state("anomaly"),
        act("support.notify"),
        actor(Role::SvcG2),
        &good_fields(row("support", "anomaly", "support.notify")),
        &good_facts(),
    );
    assert_eq!(
        done(told.expect("both were told")).stops_at,
        Some(at("2026-03-02 09:20")),
        "the later of the two"
    );
}

#[test]
fn a_withdrawal_goes_back_to_where_it_came_from() {
    let incident = machine("incident");
    let facts = good_facts();
    let reason = Fields::default().with("reason", text("誤報"));
    let go = |from: &Position, action: &str, role, fields: &Fields| {
        done(incident.step(from, act(action), actor(role), fields, &facts).expect("it goes")).to
    };
    for state in ["reported", "reviewed", "contained"] {
        let waiting = go(&Position::in_state(state), "incident.withdraw_request", Role::Reporter, &reason);
        assert_eq!(
            (waiting.state.as_deref(), waiting.previous.as_deref()),
            (Some("withdraw_pending"), Some(state))
        );
        let back = go(&waiting, "incident.withdraw_reject", Role::Supervisor, &reason);
        assert_eq!(back.state.as_deref(), Some(state));
        // A review that comes while it waits is not forgotten.
        let fields = Fields::default().with("level_reviewed", Field::Number(2)).with("basis", text("§2"));
        let reviewed = go(&waiting, "incident.review_level", Role::Supervisor, &fields);
        let back = go(&reviewed, "incident.withdraw_reject", Role::Supervisor, &reason);
        assert_eq!(back.state.as_deref(), Some(if state == "reported" { "reviewed" } else { state }));
    }
    let lost = Position::in_state("withdraw_pending");
    assert_eq!(
        codes("incident", "withdraw_pending", "incident.withdraw_reject", Role::Supervisor, &reason, &facts),
        ["BW-FLOW-006"]
    );
    assert_eq!(lost.previous, None);
}

#[test]
fn a_second_person_is_another_one_with_the_same_right() {
    let incident = machine("incident");
    let (from, facts) = (Position::in_state("contained"), good_facts());
    let fields = Fields::default()
        .with("aware_at", Field::At(at("2026-03-01 07:00")))
        .with("reason", text("值班紀錄"))
        .with("evidence", text("EV-1"));
    let correct = |facts: &Facts<'_>| {
        incident.step(&from, act("incident.correct_aware_at"), actor(Role::AgencyCiso), &fields, facts)
    };
    let asked = asked(correct(&facts).expect("it can be asked"));
    let stored = serde_json::to_string(&asked).expect("JSON");
    let asked: Asked = serde_json::from_str(&stored).expect("the same request");
    let code = |second, now: &Position, facts: &Facts<'_>| {
        incident.confirm(&asked, now, second, facts).expect_err("it does not go")[0].code.clone()
    };
    assert_eq!(code(actor(Role::AgencyCiso), &from, &facts), "BW-RIGHTS-014");
    assert_eq!(code(other(Role::Reporter), &from, &facts), "BW-FLOW-003");
    assert_eq!(code(other(Role::AgencyCiso), &Position::in_state("closed"), &facts), "BW-FLOW-007");
    let earlier = Facts { reported_at: Some(at("2026-03-01 06:00")), ..good_facts() };
    assert_eq!(code(other(Role::AgencyCiso), &from, &earlier), "BW-FLOW-005", "looked at again as it is now");
    let moved =
        incident.confirm(&asked, &from, other(Role::AgencyCiso), &facts).expect("another CISO confirms");
    assert_eq!((moved.second, moved.effects), (Some(other(Role::AgencyCiso)), vec![Effect::RecountAll]));
    assert_eq!(correct(&earlier).expect_err("after the report")[0].code, "BW-FLOW-005");
}

#[test]
fn one_side_asks_and_the_other_confirms() {
    let support = machine("support");
    let (from, facts) = (Position::in_state("verifying"), good_facts());
    let fields = Fields::default().with("result", text("已恢復"));
    for (first, second) in [(Role::AgencyCiso, Role::SvcLead), (Role::SvcLead, Role::AgencyCiso)] {
        let asked =
            asked(support.step(&from, act("support.close"), actor(first), &fields, &facts).expect("asked"));
        let same = support.confirm(&asked, &from, other(first), &facts).expect_err("the same side");
        assert_eq!(same[0].what.zh_tw.contains("一方提出"), same[0].code == "BW-FLOW-005");
        assert!(support.confirm(&asked, &from, other(second), &facts).is_ok());
    }
    // A report is confirmed by somebody who did not write it.
    let cruise = machine("cruise");
    let from = Position::in_state("reporting");
    let fields = good_fields(row("cruise", "reporting", "cruise.report_issue"));
    let asked = asked(
        cruise.step(&from, act("cruise.report_issue"), actor(Role::SvcG2), &fields, &facts).expect("asked"),
    );
    let by_author = Facts { authors: [support::COLLEAGUE].into(), ..good_facts() };
    assert_eq!(
        cruise.confirm(&asked, &from, other(Role::SvcLead), &by_author).expect_err("an author")[0].code,
        "BW-FLOW-005"
    );
    assert!(cruise.confirm(&asked, &from, other(Role::SvcLead), &facts).is_ok());
}

#[test]
fn major_incidents_are_for_the_competent_authority() {
    let withdraw = |level, role, second: Role| {
        let facts = Facts { level, ..good_facts() };
        let incident = machine("incident");
        let from = Position { state: Some("withdraw_pending".into()), previous: Some("reported".into()) };
        let found =
            incident.step(&from, act("incident.withdraw_approve"), actor(role), &Fields::default(), &facts);
        found.and_then(|found| incident.confirm(&asked(found), &from, other(second), &facts)).is_ok()
    };
    assert!(withdraw(Some(2), Role::Supervisor, Role::Supervisor));
    assert!(!withdraw(Some(3), Role::Supervisor, Role::Competent));
    assert!(!withdraw(Some(3), Role::Competent, Role::Supervisor), "nor may a supervisor confirm");
    assert!(withdraw(Some(4), Role::Competent, Role::Competent));
    assert!(!withdraw(None, Role::Supervisor, Role::Supervisor), "what is not known is not good");
}

#[test]
fn pages_offer_acts_with_what_stands_in_the_way() {
    let facts = Facts { review_overdue: false, actor_is_of_owner: Some(true), ..good_facts() };
    let offers = machine("incident").offers(&Position::in_state("reported"), actor(Role::Competent), &facts);
    let find =
        |code: &str| offers.iter().find(|offer| offer.action == act(code)).expect("an act of this state");
    assert_eq!(find("incident.review_direct").obstacles, [], "a reason can still be given in the form");
    assert_eq!(find("incident.review_direct").requires, ["level_reviewed", "basis"]);
    assert_eq!(find("incident.review_level").obstacles[0].code, "BW-FLOW-005");
    assert_eq!(find("incident.contain").obstacles[0].code, "BW-FLOW-003");
    assert!(find("incident.correct_aware_at").second_person);
    assert!(offers.iter().all(|offer| offer.action != act("incident.close")));
}

/// Changes one thing so that a condition does not hold.
fn spoil(condition: Condition, facts: &mut Facts<'static>, fields: &mut Fields) {
    let half = Some(Share { good: 1, all: 2 });
    let set = |fields: &mut Fields, name: &str, value| *fields = fields.clone().with(name, value);
    let gone = Some(Span { from: at("2026-01-01 00:00"), until: at("2026-03-02 09:59") });
    match condition {
        Condition::NotOwnReview => facts.actor_is_of_owner = Some(true),
        Condition::ReviewOverdueOrReason => facts.review_overdue = false,
        Condition::AwareNotAfterReport => set(fields, "aware_at", Field::At(at("2026-03-01 09:01"))),
        Condition::AwareNotInFuture => set(fields, "aware_at", Field::At(at("2026-03-02 10:01"))),
        Condition::ContainedNotBeforeAware => set(fields, "contained_at", Field::At(at("2026-03-01 07:59"))),
        Condition::LevelReviewed => facts.reviewed = false,
        Condition::MajorByCompetent => facts.level = None,
        Condition::MeasuresAssigned => facts.measures = half,
        Condition::NeverReported => facts.reported_at = Some(at("2026-03-01 09:00")),
        Condition::ClosedWithinYear => facts.closed_at = Some(at("2025-03-01 09:00")),
        Condition::RereportRuns => facts.rereport_runs = false,
        Condition::BothTold => facts.vendor_told_at = None,
        Condition::ProofOfStart => set(fields, "proof", text("電話")),
        Condition::JointTeam => facts.team = Some(Team { service: 2, agency_or_vendor: 0 }),
        Condition::RootCauseKind => set(fields, "root_cause.kind", text("weather")),
        Condition::YearTargets => {
            facts.targets = facts
                .targets
                .map(|t| bulwark_workflow::YearTargets { critical: Share { good: 11, all: 12 }, ..t });
        }
        Condition::CarriedOverIn => {
            facts.targets = facts
                .targets
                .map(|t| bulwark_workflow::YearTargets { carried_over: Share { good: 0, all: 1 }, ..t });
        }
        Condition::CruisesOver => facts.cruises = half,
        Condition::BackgroundOrReason => facts.background_facts = 8,
        Condition::WrittenConsent => facts.written_consent = false,
        Condition::AreasAnswered => facts.areas = half,
        Condition::FindingsFixedOrAccepted => {
            facts.findings = Some(Findings { moved: 1, ..Findings::default() });
        }
        Condition::FindingsSettled => facts.findings = Some(Findings { open: 1, ..Findings::default() }),
        Condition::ReviewMethod => set(fields, "method", text("on-site")),
        Condition::OrganisationsSigned => facts.organisations = Some(Share::default()),
        Condition::NongovConsent => facts.nongov_consents = half,
        Condition::WithinWindow => facts.window = gone,
        Condition::AuthorisationValid => facts.authorisation = gone,
        Condition::WindowOver => facts.window = good_facts().window,
        Condition::AuthorisationOver => facts.authorisation = good_facts().authorisation,
        Condition::DomainsProven => facts.domains = half,
        Condition::TestMailboxesOnly => facts.test_mailboxes = half,
        Condition::RecipientsAllowed => facts.recipients = half,
        Condition::ExemptionsApplied => facts.exemptions_applied = false,
        Condition::SmallGroupsSuppressed => facts.groups = half,
        Condition::PersonResultsErased => facts.person_results_erased = false,
        Condition::AspectsKnown => {
            set(fields, "aspects", Field::Words(vec!["終端設備".into(), "廚房".into()]));
        }
        Condition::AspectsAnswered => facts.aspects = half,
        Condition::NoOpenHigh => {
            facts.findings = Some(Findings { open: 1, open_high: 1, ..Findings::default() });
        }
        Condition::HandoverDocuments => set(fields, "topology", text("")),
        Condition::ConsultationLongEnough => set(fields, "consult_until", Field::On(date(2026, 3, 13))),
        Condition::AcceptedOrDecided => facts.risk_value = Some(6),
        Condition::ExpiresWithinYear => set(fields, "expires_on", Field::On(date(2027, 3, 3))),
        Condition::TreatmentOption => set(fields, "option", text("pray")),
        Condition::AcceptanceOver => facts.expires_on = Some(date(2026, 3, 2)),
        Condition::JudgedGood => facts.judged_good = false,
        Condition::SeenAgain => facts.seen_again = false,
        Condition::OtherSideConfirms | Condition::SecondNotAuthor => {
            unreachable!("asked of the second person")
        }
    }
}

#[test]
fn each_condition_of_each_transition_can_stand_in_the_way_alone() {
    let mut tried = std::collections::BTreeSet::new();
    for machine in Machines::embedded().iter() {
        for transition in &machine.transitions {
            for condition in transition.guard.conditions.iter().filter(|c| !c.is_about_second()) {
                let (mut facts, mut fields) = (facts_for(transition), good_fields(transition));
                let state = transition.from.first().cloned();
                let from = Position { state, previous: Some(machine.initial[0].clone()) };
                let by = actor(transition.by[0]);
                let step = |fields: &Fields, facts: &Facts<'_>| {
                    machine.step(&from, transition.action, by, fields, facts)
                };
                assert!(step(&fields, &facts).is_ok(), "{} {}", machine.kind, transition.action);
                spoil(*condition, &mut facts, &mut fields);
                let wrong = step(&fields, &facts).expect_err(condition.code());
                let said: Vec<&str> = wrong.iter().map(|note| note.what.zh_tw.as_str()).collect();
                assert!(
                    said.iter().any(|what| what.starts_with(&condition.text().zh_tw)),
                    "{condition:?}: {said:?}"
                );
                tried.insert(*condition);
            }
        }
    }
    assert_eq!(tried.len() + 2, Condition::ALL.len());
}

#[test]
fn what_is_not_known_stands_in_the_way() {
    let nothing = Facts::at(at("2026-03-02 10:00"), Place::of(Calendar::taiwan()));
    for guard in guards() {
        for condition in guard.conditions.iter().filter(|c| !c.is_about_second() && !c.needs_form()) {
            // That a case was never reported is known when no report is.
            if *condition == Condition::NeverReported {
                continue;
            }
            let uses = |t: &&&Transition| t.guard.text == guard.text;
            let (machine, transition) = Machines::embedded()
                .iter()
                .find_map(|m| Some((m, m.transitions.iter().collect::<Vec<_>>().iter().find(uses).copied()?)))
                .expect("every guard is used");
            let from = Position {
                state: transition.from.first().cloned(),
                previous: Some(machine.initial[0].clone()),
            };
            let found = machine.step(
                &from,
                transition.action,
                actor(transition.by[0]),
                &good_fields(transition),
                &nothing,
            );
            assert!(found.is_err(), "{} {}", machine.kind, transition.action);
        }
    }
}

#[test]
fn reasons_and_decisions_open_what_they_say() {
    let code = |kind: &str, state: &str, action: &str, role, name: &str, facts: &Facts<'_>| {
        let fields = good_fields(row(kind, state, action)).with(name, text("理由"));
        codes(kind, state, action, role, &fields, facts)
    };
    let early = Facts { review_overdue: false, ..good_facts() };
    assert_eq!(
        code("incident", "reported", "incident.review_direct", Role::Competent, "reason", &early),
        [""; 0]
    );
    let thin = Facts { background_facts: 3, ..good_facts() };
    assert_eq!(code("cruise", "preparing", "cruise.execute", Role::SvcG2, "override_reason", &thin), [""; 0]);
    let high = Facts { risk_value: Some(9), ..good_facts() };
    assert_eq!(code("risk", "assessed", "risk.accept", Role::SvcLead, "management_decision", &high), [""; 0]);
    let alone = Facts { owner_has_superior: Some(false), actor_is_of_owner: Some(true), ..good_facts() };
    assert_eq!(code("incident", "reported", "incident.review_level", Role::Competent, "x", &alone), [""; 0]);
    // A consultation of exactly ten working days, and one into a year without a calendar.
    let consult = |until| {
        let fields = Fields::default().with("draft", text("草案")).with("consult_until", Field::On(until));
        codes("guideline", "drafting", "guideline.consult", Role::SvcG1, &fields, &good_facts())
    };
    assert_eq!(consult(date(2026, 3, 16)), [""; 0]);
    assert_eq!(consult(date(2026, 3, 15)), ["BW-FLOW-005"]);
    assert_eq!(consult(date(2028, 3, 15)), ["BW-FLOW-005"]);
}
