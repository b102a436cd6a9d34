//! Reading of the tables: `state_machines.json`, a copy that a test keeps row for row, and `additions.json`,
//! what the product adds. Whatever cannot be read is left out and named, so a faulty row never succeeds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bulwark_clock::RuleTable;
use bulwark_i18n::args;
use bulwark_model::rights::{Action, Role};
use bulwark_model::{Diagnostic, Text};
use serde::Deserialize;
use serde_json::Value;

use crate::guard::guard;
use crate::machine::{Machine, Machines, State, Target, Transition};
use crate::{diagnostic, texts};

static EMBEDDED: LazyLock<(Machines, Vec<Diagnostic>)> = LazyLock::new(|| {
    Machines::read(
        include_str!("../../../data/workflow/state_machines.json"),
        include_str!("../../../data/workflow/additions.json"),
    )
});

/// A machine as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenMachine {
    initial: String,
    terminal: Vec<String>,
    states: serde_json::Map<String, Value>,
    transitions: Vec<Value>,
}

/// A transition as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenTransition {
    from: String,
    to: String,
    action: String,
    by: Vec<String>,
    requires: Vec<String>,
    starts: Vec<String>,
    stops: Vec<String>,
    guard: String,
    second_person: bool,
}

/// The additions as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAdditions {
    #[serde(rename = "notation")]
    _notation: String,
    machines: serde_json::Map<String, Value>,
    transitions: BTreeMap<String, Vec<Value>>,
    also_starts: Vec<WrittenStarts>,
}

/// Clocks that a transition of the shared table starts in addition.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenStarts {
    machine: String,
    action: String,
    starts: Vec<String>,
    #[serde(rename = "why")]
    _why: String,
}

impl Machines {
    /// The machines the product is built with.
    pub fn embedded() -> &'static Self {
        &EMBEDDED.0
    }

    /// What is wrong with them: nothing, or a test of this crate is red.
    pub fn embedded_faults() -> &'static [Diagnostic] {
        &EMBEDDED.1
    }

    /// Reads the shared table and the additions.
    pub fn read(shared: &str, additions: &str) -> (Self, Vec<Diagnostic>) {
        let mut reader = Reader { machines: BTreeMap::new(), notes: Vec::new() };
        reader.machines_of("state_machines.json", parsed("state_machines.json", shared));
        match serde_json::from_str::<WrittenAdditions>(additions) {
            Ok(written) => reader.additions(written),
            Err(error) => reader.notes.push(unreadable("additions.json", &error)),
        }
        reader.check();
        (Self(reader.machines), reader.notes)
    }
}

fn parsed(file: &str, text: &str) -> Result<serde_json::Map<String, Value>, Diagnostic> {
    serde_json::from_str(text).map_err(|error| unreadable(file, &error))
}

fn unreadable(place: &str, error: &serde_json::Error) -> Diagnostic {
    diagnostic("BW-FLOW-020", &[]).at_named(place).because(error)
}

struct Reader {
    machines: BTreeMap<String, Machine>,
    notes: Vec<Diagnostic>,
}

impl Reader {
    fn machines_of(&mut self, file: &str, written: Result<serde_json::Map<String, Value>, Diagnostic>) {
        let written = match written {
            Ok(written) => written,
            Err(note) => return self.notes.push(note),
        };
        for (kind, value) in written {
            if kind == "notation" {
                continue;
            }
            let place = format!("{file}#/{kind}");
            match serde_json::from_value::<WrittenMachine>(value) {
                Ok(machine) => self.machine(&kind, machine, &place),
                Err(error) => self.notes.push(unreadable(&place, &error)),
            }
        }
    }

    fn machine(&mut self, kind: &str, written: WrittenMachine, place: &str) {
        if self.machines.contains_key(kind) {
            return self.fault("BW-FLOW-023", place, kind);
        }
        let label = |code: &str, zh: &Value| Text {
            zh_tw: zh.as_str().unwrap_or(code).to_owned(),
            en: texts().text(&format!("state.{kind}.{code}"), &[]).en,
        };
        let states: Vec<State> = written
            .states
            .iter()
            .map(|(code, zh)| State { code: code.clone(), label: label(code, zh) })
            .collect();
        let machine = Machine {
            kind: kind.to_owned(),
            initial: written.initial.split('|').map(str::to_owned).collect(),
            terminal: written.terminal.into_iter().collect(),
            states,
            transitions: Vec::new(),
        };
        let named: Vec<String> = machine.initial.iter().chain(&machine.terminal).cloned().collect();
        for state in named.iter().filter(|state| machine.state(state).is_none()) {
            self.fault("BW-FLOW-022", place, state);
        }
        self.machines.insert(kind.to_owned(), machine);
        self.transitions(kind, written.transitions, place);
    }

    fn additions(&mut self, written: WrittenAdditions) {
        self.machines_of("additions.json", Ok(written.machines));
        for (kind, transitions) in written.transitions {
            self.transitions(&kind, transitions, &format!("additions.json#/{kind}"));
        }
        for more in written.also_starts {
            let place = format!("additions.json#/also_starts/{}", more.action);
            self.clocks(&more.starts, &place);
            let machine = self.machines.get_mut(&more.machine);
            let mut found = false;
            for transition in machine.into_iter().flat_map(|machine| &mut machine.transitions) {
                if transition.action.code() == more.action {
                    transition.starts.extend(more.starts.iter().cloned());
                    found = true;
                }
            }
            if !found {
                self.fault("BW-FLOW-024", &place, &more.action);
            }
        }
    }

    fn transitions(&mut self, kind: &str, written: Vec<Value>, place: &str) {
        for (index, value) in written.into_iter().enumerate() {
            let place = format!("{place}/transitions/{index}");
            let transition = match serde_json::from_value::<WrittenTransition>(value) {
                Ok(written) => self.transition(kind, written, &place),
                Err(error) => {
                    self.notes.push(unreadable(&place, &error));
                    None
                }
            };
            if let Some((machine, transition)) = self.machines.get_mut(kind).zip(transition) {
                machine.transitions.push(transition);
            }
        }
    }

    /// A transition; `None` when something in it is not known.
    fn transition(&mut self, kind: &str, written: WrittenTransition, place: &str) -> Option<Transition> {
        let before = self.notes.len();
        if !self.machines.contains_key(kind) {
            self.fault("BW-FLOW-001", place, kind);
        }
        let (opens, from): (Vec<&str>, Vec<&str>) = written.from.split('|').partition(|state| *state == "-");
        let to = match written.to.as_str() {
            "=" => Target::Same,
            "=previous" => Target::Previous,
            state => Target::State(state.to_owned()),
        };
        self.states(kind, &from, &to, !opens.is_empty(), place);
        let action = Action::parse(&written.action).ok();
        if action.is_none() {
            self.fault("BW-FLOW-024", place, &written.action);
        }
        let by = self.roles(&written.by, action, place);
        let guard = guard(&written.guard);
        if guard.is_none() {
            self.fault("BW-FLOW-021", place, &written.guard);
        }
        let (cancels, stops): (Vec<String>, Vec<String>) =
            written.stops.into_iter().partition(|clock| clock == "cancel:*");
        self.clocks(&written.starts, place);
        self.clocks(&stops, place);
        let known = self.notes.len() == before;
        let (action, guard) = action.zip(guard)?;
        known.then(|| Transition {
            from: from.into_iter().map(str::to_owned).collect(),
            opens: !opens.is_empty(),
            to,
            action,
            by,
            requires: written.requires,
            starts: written.starts,
            stops,
            cancels_all: !cancels.is_empty(),
            guard,
            second_person: written.second_person,
        })
    }

    fn states(&mut self, kind: &str, from: &[&str], to: &Target, opens: bool, place: &str) {
        let target = match to {
            Target::State(state) => Some(state.as_str()),
            Target::Same | Target::Previous if opens => Some("="),
            Target::Same | Target::Previous => None,
        };
        let machine = self.machines.get(kind);
        let unknown = |state: &&str| machine.is_some_and(|machine| machine.state(state).is_none());
        let unknown: Vec<String> =
            from.iter().copied().chain(target).filter(unknown).map(str::to_owned).collect();
        for state in unknown {
            self.fault("BW-FLOW-022", place, &state);
        }
    }

    /// The roles; each must have a right to the act, or it could never do it.
    fn roles(&mut self, written: &[String], action: Option<Action>, place: &str) -> Vec<Role> {
        let mut roles = Vec::new();
        for code in written {
            match code.parse::<Role>() {
                Ok(role) if action.is_none_or(|action| action.right(role).is_some()) => roles.push(role),
                _ => self.fault("BW-FLOW-025", place, code),
            }
        }
        roles
    }

    fn clocks(&mut self, clocks: &[String], place: &str) {
        for clock in clocks {
            if RuleTable::embedded().iter().all(|rule| rule.clock_id != *clock) {
                self.fault("BW-FLOW-026", place, clock);
            }
        }
    }

    /// What only the whole shows: one transition a state and act, a way to every state.
    fn check(&mut self) {
        let mut wrong = Vec::new();
        for machine in self.machines.values() {
            let mut seen = BTreeSet::new();
            let mut reached: BTreeSet<&str> = machine.initial.iter().map(String::as_str).collect();
            for transition in &machine.transitions {
                let opens = transition.opens.then_some("-");
                for from in transition.from.iter().map(String::as_str).chain(opens) {
                    if !seen.insert((from, transition.action)) {
                        wrong.push((
                            "BW-FLOW-023",
                            machine.kind.clone(),
                            format!("{from} {}", transition.action),
                        ));
                    }
                }
                if let Target::State(state) = &transition.to {
                    reached.insert(state);
                }
            }
            for state in machine.states.iter().filter(|state| !reached.contains(state.code.as_str())) {
                wrong.push(("BW-FLOW-027", machine.kind.clone(), state.code.clone()));
            }
        }
        for (code, kind, found) in wrong {
            self.fault(code, &kind, &found);
        }
    }

    fn fault(&mut self, code: &str, place: &str, found: &str) {
        self.notes.push(diagnostic(code, &args![found = found]).at_named(place));
    }
}
