//! Machine by machine, state by state, act by act, role by role: exactly what the table says succeeds.

mod support;

use std::collections::BTreeSet;

use bulwark_model::rights::{Action, Role};
use bulwark_workflow::{Fields, Machine, Machines, Outcome, Target, Transition};
use support::{actor, facts_for, good_facts, good_fields, position, second_for, states};

/// All acts of a machine, and one of another.
fn acts(machine: &Machine) -> BTreeSet<Action> {
    let foreign = Action::parse("home.read").expect("an act");
    machine.transitions.iter().map(|transition| transition.action).chain([foreign]).collect()
}

/// The transition the table has for this state and act, found by hand.
fn listed<'a>(machine: &'a Machine, state: Option<&str>, action: Action) -> Option<&'a Transition> {
    let fits = |t: &&Transition| {
        let begins = match state {
            None => t.opens,
            Some(state) => t.from.contains(&state.to_owned()),
        };
        begins && t.action == action
    };
    machine.transitions.iter().find(fits)
}

/// Tries one step with everything in order; the state it leads to.
fn attempt(machine: &Machine, state: Option<&str>, action: Action, role: Role) -> Option<String> {
    let listed = listed(machine, state, action);
    let (facts, fields) =
        listed.map_or_else(|| (good_facts(), Fields::default()), |t| (facts_for(t), good_fields(t)));
    let from = position(machine, state);
    match machine.step(&from, action, actor(role), &fields, &facts).ok()? {
        Outcome::Done(moved) => moved.to.state,
        Outcome::Asked(asked) => {
            let second = second_for(listed?, role);
            machine.confirm(&asked, &from, second, &facts).expect("a good second person").to.state
        }
    }
}

#[test]
fn exactly_the_transitions_of_the_table_succeed() {
    for machine in Machines::embedded().iter() {
        let (mut tried, mut succeeded) = (0, 0);
        for state in states(machine) {
            for action in acts(machine) {
                for role in Role::ALL {
                    let wanted =
                        listed(machine, state, action).filter(|t| t.by.contains(role)).map(|t| match &t.to {
                            Target::State(to) => to.clone(),
                            Target::Same => state.unwrap_or_default().to_owned(),
                            Target::Previous => machine.initial[0].clone(),
                        });
                    let found = attempt(machine, state, action, *role);
                    assert_eq!(found, wanted, "{} {state:?} {action} {role}", machine.kind);
                    tried += 1;
                    succeeded += usize::from(found.is_some());
                }
            }
        }
        let want: usize =
            machine.transitions.iter().map(|t| (t.from.len() + usize::from(t.opens)) * t.by.len()).sum();
        assert_eq!(succeeded, want, "{}", machine.kind);
        println!("machine {} against every state, act and role: {tried}/{tried}", machine.kind);
    }
}

#[test]
fn every_state_is_reached_and_every_open_one_left() {
    for machine in Machines::embedded().iter() {
        let mut reached: BTreeSet<String> = BTreeSet::new();
        let mut frontier: Vec<Option<String>> = vec![None];
        while let Some(state) = frontier.pop() {
            for action in acts(machine) {
                for role in Role::ALL {
                    if let Some(next) = attempt(machine, state.as_deref(), action, *role)
                        && reached.insert(next.clone())
                    {
                        frontier.push(Some(next));
                    }
                }
            }
        }
        let all: BTreeSet<String> = machine.states.iter().map(|state| state.code.clone()).collect();
        assert_eq!(reached, all, "{}: from no case on, every state is reached", machine.kind);
        for state in machine.states.iter().filter(|state| !machine.is_terminal(&state.code)) {
            let leaves = machine.transitions.iter().any(|t| {
                t.begins_in(Some(&state.code)) && matches!(&t.to, Target::State(to) if *to != state.code)
                    || t.begins_in(Some(&state.code)) && t.to == Target::Previous
            });
            assert!(leaves, "{} {} is a dead end", machine.kind, state.code);
        }
        for action in acts(machine) {
            for state in states(machine) {
                let refused = machine.refuses(state).contains(&action);
                let of_machine = machine.transitions.iter().any(|t| t.action == action);
                assert_eq!(refused, of_machine && listed(machine, state, action).is_none());
            }
        }
    }
}
