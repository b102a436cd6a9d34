//! Random people, acts and objects, by the real tables and by tables of one letter each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;

use super::*;
use crate::rights::decision::decide_by;
use crate::rights::scope::scope_by;
use crate::rights::table::embedded;

/// A table of one letter for each letter, so that every reach meets every prohibition.
static LETTERS: LazyLock<Vec<Table>> =
    LazyLock::new(|| Reach::CODES.iter().map(|letter| table_of(letter)).collect());

fn any_table() -> impl Strategy<Value = &'static Table> {
    (0..=Reach::CODES.len()).prop_map(|index| LETTERS.get(index).unwrap_or_else(|| embedded()))
}

fn organisation() -> impl Strategy<Value = OrganisationId> {
    select(vec![HOME, BELOW, ABOVE, ELSEWHERE])
}

fn person() -> impl Strategy<Value = PersonId> {
    select(vec![ME, COLLEAGUE])
}

fn any_sector() -> impl Strategy<Value = Option<Sector>> {
    select(vec![None, Some(sector()), Some(Sector::new("water"))])
}

fn exercise() -> impl Strategy<Value = ExerciseId> {
    (20..22_u128).prop_map(ExerciseId::from_u128)
}

fn moment() -> impl Strategy<Value = Timestamp> {
    prop_oneof![-2..3_i64, -20_000..20_000_i64].prop_map(after)
}

fn action() -> impl Strategy<Value = Action> {
    select(Action::all().collect::<Vec<_>>())
}

prop_compose! {
    fn any_grant()(
        role in select(Role::ALL),
        organisation in organisation(),
        sector in any_sector(),
        from in prop_oneof![3 => Just(after(-3600)), 1 => moment()],
        until in prop_oneof![3 => Just(None), 1 => moment().prop_map(Some)],
    ) -> Grant {
        Grant { role, organisation, sector, from, until }
    }
}

prop_compose! {
    fn any_subject()(
        person in person(),
        grants in vec(any_grant(), 1..4),
        acting in prop_oneof![4 => Just(0_usize), 1 => 0..4_usize],
        step_up_at in proptest::option::of(moment()),
        exercises in btree_set(exercise(), 0..3),
        limited_to in prop_oneof![5 => Just(None), 1 => btree_set(action(), 0..80).prop_map(Some)],
    ) -> Subject {
        Subject { person, grants, acting, step_up_at, exercises, limited_to }
    }
}

prop_compose! {
    fn any_glass()(by in person(), second in person(), from in moment()) -> Option<BreakGlass> {
        BreakGlass::confirm(by, second, "理由", from).ok()
    }
}

prop_compose! {
    fn any_resource()(
        owner in proptest::option::weighted(0.9, organisation()),
        ancestors in btree_set(organisation(), 0..3),
        sector in any_sector(),
        about in proptest::option::weighted(0.3, person()),
        (participants, assignees, recipients) in (
            btree_set(person(), 0..3), btree_set(person(), 0..3), btree_set(person(), 0..2),
        ),
        exercise in proptest::option::of(exercise()),
        granted in btree_map(person(), moment(), 0..3),
        tlp in proptest::option::of(prop_oneof![Just(Tlp::Red), select(Tlp::ALL)]),
        classification in proptest::option::of(select(Classification::ALL)),
        glasses in vec(any_glass(), 0..3),
        refuses in btree_set(action(), 0..30),
    ) -> Resource {
        Resource {
            owner, ancestors, sector, person: about, participants, assignees, exercise, granted, tlp,
            recipients, classification, break_glass: glasses.into_iter().flatten().collect(), refuses,
        }
    }
}

/// The rules are wide: more cases than usual, and as many as the long run asks for.
fn config() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(2000), failure_persistence: None, ..asked }
}

proptest! {
    #![proptest_config(config())]

    /// A list shows exactly what the decision on each of its rows allows.
    #[test]
    fn the_list_and_the_decision_are_one_rule(
        table in any_table(), subject in any_subject(), action in action(), resource in any_resource(),
    ) {
        let decision = decide_by(table, &subject, action, &resource, now());
        let scope = scope_by(table, &subject, action, now());
        prop_assert_eq!(scope.admits(&resource), decision.is_allowed(), "{:?} {:?}", decision, scope);
        if let Scope::Any { filters, .. } = &scope {
            prop_assert!(!filters.is_empty());
        }
    }

    /// Another grant never takes a right away, but for the acts nobody does to their own
    /// organisation; and it gives none to the role acted in.
    #[test]
    fn more_grants_are_never_fewer_rights(
        table in any_table(), subject in any_subject(), action in action(), resource in any_resource(),
        more in vec(any_grant(), 1..4),
    ) {
        let acting = subject.acting.min(subject.grants.len() - 1);
        let subject = Subject { acting, ..subject };
        let before = decide_by(table, &subject, action, &resource, now());
        let mut richer = subject;
        richer.grants.extend(more);
        let after = decide_by(table, &richer, action, &resource, now());
        if before.is_allowed() {
            prop_assert!(matches!(after.denied(), None | Some(Denied::OwnCheck | Denied::OwnReview)), "{:?}", after);
        } else {
            prop_assert!(!after.is_allowed(), "{:?}", after);
        }
    }

    /// Taking part, being assigned, named, given access or time never takes a right away.
    #[test]
    fn more_ties_to_an_object_are_never_fewer_rights(
        table in any_table(), subject in any_subject(), action in action(), resource in any_resource(),
        tie in 0..5_usize,
    ) {
        let before = decide_by(table, &subject, action, &resource, now());
        let mut tied = resource;
        match tie {
            0 => drop(tied.participants.insert(subject.person)),
            1 => drop(tied.assignees.insert(subject.person)),
            2 => drop(tied.recipients.insert(subject.person)),
            3 => drop(tied.granted.insert(subject.person, after(9))),
            _ => tied.break_glass.extend(BreakGlass::confirm(subject.person, PersonId::from_u128(99), "理由", now())),
        }
        let after = decide_by(table, &subject, action, &tied, now());
        prop_assert!(!before.is_allowed() || after.is_allowed(), "{:?} then {:?}", before, after);
    }

    /// What is said before the object is looked up depends on no object; what is said after it is
    /// about the object.
    #[test]
    fn a_role_without_the_right_learns_nothing_of_objects(
        subject in any_subject(), action in action(), resource in any_resource(), other in any_resource(),
    ) {
        match may(&subject, action, now()) {
            Err(denied) => {
                prop_assert!(!denied.hides());
                for resource in [&resource, &other] {
                    prop_assert_eq!(decide(&subject, action, resource, now()), Decision::Deny(denied));
                }
                prop_assert_eq!(scope(&subject, action, now()), Scope::Nothing);
            }
            Ok(right) => {
                let decision = decide(&subject, action, &resource, now());
                match decision {
                    Decision::Allow { second_person, .. } => prop_assert_eq!(second_person, right.second_person),
                    Decision::Deny(denied) => prop_assert!(denied > Denied::Role && !matches!(denied,
                        Denied::Token | Denied::AdministratorContent | Denied::CountsOnly | Denied::TasksOnly)),
                }
            }
        }
    }

    /// The prohibitions, said once more in other words.
    #[test]
    fn prohibitions_hold_by_every_table(
        table in any_table(), subject in any_subject(), action in action(), resource in any_resource(),
    ) {
        let Decision::Allow { break_glass, recorded, .. } = decide_by(table, &subject, action, &resource, now())
        else { return Ok(()) };
        let grant = &subject.grants[subject.acting];
        prop_assert!(grant.from <= now() && grant.until.is_none_or(|until| until > now()));
        let content = action.act().content();
        prop_assert!(!content || !matches!(grant.role, Role::Admin | Role::Director));
        prop_assert!(!content || grant.role != Role::Vendor || resource.assignees.contains(&subject.person));
        prop_assert!(resource.tlp != Some(Tlp::Red) || resource.recipients.contains(&subject.person)
            || ["reporter", "agency_ciso", "supervisor", "sector_authority", "competent"].contains(&grant.role.code()));
        let own = subject.grants.iter()
            .any(|grant| grant.in_force(now()) && Some(grant.organisation) == resource.owner);
        prop_assert!(!(own && content && grant.role == Role::Navigator));
        prop_assert!(!(own && action.act().review() && !(resource.ancestors.is_empty() && resource.sector.is_none())));
        prop_assert!(!break_glass || recorded && grant.role.code().starts_with("svc_"));
        prop_assert!(resource.tlp != Some(Tlp::Red) || recorded);
    }

    /// Nobody is the second person of their own act, in whatever role.
    #[test]
    fn nobody_confirms_themselves(subject in any_subject(), action in action(), resource in any_resource()) {
        let own = confirm(subject.person, &subject, action, &resource, now());
        prop_assert!(!own.is_allowed());
        let other = confirm(PersonId::from_u128(99), &subject, action, &resource, now());
        let asked_for_more = matches!(other, Decision::Allow { second_person: true, .. });
        prop_assert!(!asked_for_more);
        prop_assert_eq!(other.is_allowed(), decide(&subject, action, &resource, now()).is_allowed());
    }

    /// Stored and read again, people and objects are the same.
    #[test]
    fn stored_forms_come_back(subject in any_subject(), resource in any_resource()) {
        let json = serde_json::to_string(&(&subject, &resource)).expect("serialises");
        let back: (Subject, Resource) = serde_json::from_str(&json).expect("reads");
        prop_assert_eq!(back, (subject, resource));
    }
}

/// Both answers come up often enough for the properties above to mean something.
#[test]
fn random_cases_meet_every_answer() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = (any_table(), any_subject(), action(), any_resource());
    let mut answers: BTreeMap<Option<Denied>, u32> = BTreeMap::new();
    for _ in 0..6000 {
        let (table, subject, action, resource) = strategy.new_tree(&mut runner).expect("a case").current();
        *answers.entry(decide_by(table, &subject, action, &resource, now()).denied()).or_default() += 1;
    }
    let missing: BTreeSet<_> =
        Denied::ALL.iter().filter(|denied| !answers.contains_key(&Some(**denied))).collect();
    assert_eq!(missing, [&Denied::SamePerson, &Denied::NoReason].into(), "{answers:?}");
    assert!(answers[&None] > 600, "{answers:?}");
}
