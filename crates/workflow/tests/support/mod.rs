//! A case on which nothing stands in the way, and times in Taipei.

#![allow(dead_code, reason = "each test uses its own part")]

use bulwark_clock::{Calendar, Place};
use bulwark_model::rights::{Action, PersonId, Role};
use bulwark_workflow::{
    Actor, Facts, Field, Fields, Findings, Machine, Machines, Position, Share, Span, Team, Transition,
    YearTargets,
};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::offset;

pub const CLERK: PersonId = PersonId::from_u128(1);
pub const COLLEAGUE: PersonId = PersonId::from_u128(2);

pub fn at(text: &str) -> Timestamp {
    let local: DateTime = text.replace(' ', "T").parse().expect("a time");
    offset(8).to_timestamp(local).expect("in range")
}

pub fn act(code: &str) -> Action {
    Action::parse(code).expect("an act of the tables")
}

pub fn actor(role: Role) -> Actor {
    Actor { person: CLERK, role }
}

pub fn other(role: Role) -> Actor {
    Actor { person: COLLEAGUE, role }
}

pub fn machine(kind: &str) -> &'static Machine {
    Machines::embedded().get(kind).expect("a machine of the table")
}

pub fn text(value: &str) -> Field {
    Field::Text(value.to_owned())
}

const ALL: Option<Share> = Some(Share { good: 7, all: 7 });

/// Everything is as it should be; it is 2026-03-02 10:00.
pub fn good_facts() -> Facts<'static> {
    let span = Span { from: at("2026-03-01 00:00"), until: at("2026-03-31 23:59") };
    Facts {
        level: Some(2),
        actor_is_of_owner: Some(false),
        owner_has_superior: Some(true),
        aware_at: Some(at("2026-03-01 08:00")),
        reported_at: Some(at("2026-03-01 09:00")),
        closed_at: Some(at("2026-02-01 09:00")),
        reviewed: true,
        review_overdue: true,
        rereport_runs: true,
        measures: ALL,
        agency_told_at: Some(at("2026-03-02 09:10")),
        vendor_told_at: Some(at("2026-03-02 09:20")),
        team: Some(Team { service: 1, agency_or_vendor: 1 }),
        findings: Some(Findings { fixed: 3, accepted: 1, ..Findings::default() }),
        targets: Some(YearTargets {
            critical: Share { good: 12, all: 12 },
            operational: Share { good: 30, all: 20 },
            carried_over: Share::default(),
        }),
        cruises: ALL,
        background_facts: 9,
        written_consent: true,
        areas: ALL,
        aspects: ALL,
        organisations: ALL,
        nongov_consents: Some(Share::default()),
        domains: ALL,
        test_mailboxes: ALL,
        recipients: ALL,
        exemptions_applied: true,
        window: Some(span),
        authorisation: Some(span),
        groups: ALL,
        person_results_erased: true,
        risk_value: Some(2),
        accepted_value: Some(4),
        expires_on: Some(jiff::civil::date(2026, 3, 1)),
        judged_good: true,
        seen_again: true,
        ..Facts::at(at("2026-03-02 10:00"), Place::of(Calendar::taiwan()))
    }
}

/// Facts for one transition: some acts need the opposite of others.
pub fn facts_for(transition: &Transition) -> Facts<'static> {
    let mut facts = good_facts();
    match transition.action.code() {
        "incident.discard" => facts.reported_at = None,
        "exercise.window_over" => {
            facts.window = Some(Span { from: at("2026-01-01 00:00"), until: at("2026-03-01 00:00") });
        }
        "drill.validity_over" => {
            facts.authorisation = Some(Span { from: at("2026-01-01 00:00"), until: at("2026-03-01 00:00") });
        }
        _ => {}
    }
    facts
}

/// A form with everything a transition asks for, and good answers where its guard looks at them.
pub fn good_fields(transition: &Transition) -> Fields {
    let mut fields = Fields::default();
    for name in &transition.requires {
        let value = match name.as_str() {
            "aware_at" => Field::At(at("2026-03-01 08:00")),
            "contained_at" => Field::At(at("2026-03-02 09:00")),
            "aspects" => Field::Words(vec!["終端設備".to_owned(), "資料庫".to_owned()]),
            "expires_on" => Field::On(jiff::civil::date(2026, 12, 31)),
            "proof" => text("meeting_join"),
            "method" => text("tool"),
            "option" => text("reduce"),
            _ => text("有"),
        };
        fields = fields.with(name.clone(), value);
    }
    match transition.action.code() {
        "support.propose" => fields.with("root_cause.kind", text("both")),
        "guideline.consult" => fields.with("consult_until", Field::On(jiff::civil::date(2026, 3, 31))),
        "risk.accept" => fields.with("expires_on", Field::On(jiff::civil::date(2026, 12, 31))),
        _ => fields,
    }
}

/// A case in a state, with a state before for the steps that lead back.
pub fn position(machine: &Machine, state: Option<&str>) -> Position {
    let previous = state.map(|_| machine.initial[0].clone());
    Position { state: state.map(str::to_owned), previous }
}

/// Every state, and no case yet.
pub fn states(machine: &Machine) -> Vec<Option<&str>> {
    std::iter::once(None).chain(machine.states.iter().map(|state| Some(state.code.as_str()))).collect()
}

/// A second person for a transition, who can confirm what `role` asked for.
pub fn second_for(transition: &Transition, role: Role) -> Actor {
    let other_side = |second: &&Role| second.is_service_team() != role.is_service_team();
    let needs_other = transition.guard.text == "one side asks, the other confirms";
    let found = if needs_other { transition.by.iter().find(other_side) } else { None };
    other(found.copied().unwrap_or(role))
}
