//! What holds for any walk through any machine, and for tables of any kind.

mod support;

use bulwark_model::rights::{Action, Role};
use bulwark_workflow::{Fields, Machines, Outcome, Position, guard};
use proptest::prelude::*;
use support::{actor, facts_for, good_fields, other, second_for};

proptest! {
    #[test]
    fn a_walk_stays_on_the_map(
        machine in 0_usize..64, steps in proptest::collection::vec((0_usize..64, 0..Role::ALL.len(), any::<bool>()), 1..40),
    ) {
        let machines: Vec<_> = Machines::embedded().iter().collect();
        let machine = machines[machine % machines.len()];
        let mut at = Position::default();
        for (number, role, filled) in steps {
            // One act may have several rows; the one that counts is that of the state.
            let picked = &machine.transitions[number % machine.transitions.len()];
            let transition = machine.transition(at.state.as_deref(), picked.action).unwrap_or(picked);
            let (role, facts) = (Role::ALL[role], facts_for(transition));
            let fields = if filled { good_fields(transition) } else { Fields::default() };
            let may = transition.begins_in(at.state.as_deref()) && transition.by.contains(&role);
            match machine.step(&at, transition.action, actor(role), &fields, &facts) {
                Ok(Outcome::Done(moved)) => {
                    prop_assert!(may && !transition.needs_second(role));
                    prop_assert_eq!(&moved.from, &at);
                    at = moved.to;
                }
                Ok(Outcome::Asked(asked)) => {
                    prop_assert!(may && transition.needs_second(role));
                    // Never the same person, whatever the role.
                    for any_role in Role::ALL {
                        prop_assert!(machine.confirm(&asked, &at, actor(*any_role), &facts).is_err());
                    }
                    let second = second_for(transition, role);
                    prop_assert!(other(role).person != actor(role).person);
                    if let Ok(moved) = machine.confirm(&asked, &at, second, &facts) {
                        at = moved.to;
                    }
                }
                Err(wrong) => {
                    prop_assert!(!wrong.is_empty());
                    // With a good form and a good case only state or role stand in the way.
                    prop_assert!(!(may && filled) || wrong[0].code == "BW-FLOW-006", "{:?}", wrong);
                }
            }
            let known = at.state.as_deref().is_none_or(|state| machine.state(state).is_some());
            prop_assert!(known, "{:?}", at);
        }
    }

    #[test]
    fn no_table_makes_the_reader_panic(text in "\\PC{0,60}", cut in 0_usize..2_000, to in "\\PC{0,3}") {
        let shared = include_str!("../../../data/workflow/state_machines.json");
        let additions = include_str!("../../../data/workflow/additions.json");
        let _ = Machines::read(&text, &text);
        let damage = |whole: &str| {
            let at = whole.char_indices().nth(cut).map_or(0, |(at, _)| at);
            let mut damaged = whole.to_owned();
            damaged.replace_range(at..at + whole[at..].chars().next().map_or(0, char::len_utf8), &to);
            damaged
        };
        let (machines, _) = Machines::read(&damage(shared), &damage(additions));
        // What was read never has an act without a row of rights, nor a guard that is not known.
        for transition in machines.iter().flat_map(|machine| &machine.transitions) {
            prop_assert!(Action::parse(transition.action.code()).is_ok() && guard(transition.guard.text).is_some());
        }
    }
}
