//! A state machine as the table describes it.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_model::Text;
use bulwark_model::rights::{Action, Role};

use crate::guard::Guard;
use crate::texts;

/// The machine of one kind of case.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// The kind: `incident`, `cruise`, `finding`.
    pub kind: String,
    /// The states a case begins in.
    pub initial: Vec<String>,
    /// The states in which nothing more is due.
    pub terminal: BTreeSet<String>,
    /// All states with their names, in the order of the table.
    pub states: Vec<State>,
    /// All transitions, those of the shared table first.
    pub transitions: Vec<Transition>,
}

/// A state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its code.
    pub code: String,
    /// Its name for people.
    pub label: Text,
}

/// Where a transition leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Another state.
    State(String),
    /// `=`: the state stays.
    Same,
    /// `=previous`: back to the state before this one.
    Previous,
}

/// A transition.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// From these states; empty when only a case that does not exist yet.
    pub from: Vec<String>,
    /// `-`: it opens a case.
    pub opens: bool,
    /// Where to.
    pub to: Target,
    /// The act.
    pub action: Action,
    /// The roles that may.
    pub by: Vec<Role>,
    /// What must be filled in.
    pub requires: Vec<String>,
    /// Clocks it starts.
    pub starts: Vec<String>,
    /// Clocks it stops.
    pub stops: Vec<String>,
    /// `cancel:*`: it calls off every clock that still runs.
    pub cancels_all: bool,
    /// What must hold and what it brings about.
    pub guard: &'static Guard,
    /// A second, different person must confirm.
    pub second_person: bool,
}

impl Transition {
    /// Whether it begins in this state; `None` is a case that does not exist yet.
    pub fn begins_in(&self, state: Option<&str>) -> bool {
        state.map_or(self.opens, |state| self.from.iter().any(|from| from == state))
    }

    /// Whether a second person must confirm what this role does: the machine says so, or the role's right.
    pub fn needs_second(&self, role: Role) -> bool {
        self.second_person || self.action.right(role).is_some_and(|right| right.second_person)
    }
}

impl Machine {
    /// What people call this kind of case.
    pub fn label(&self) -> Text {
        texts().text(&format!("kind.{}", self.kind), &[])
    }

    /// The state with this code.
    pub fn state(&self, code: &str) -> Option<&State> {
        self.states.iter().find(|state| state.code == code)
    }

    /// The name of a state; the code itself when there is no such state.
    pub fn state_label(&self, code: Option<&str>) -> Text {
        match code {
            None => texts().text("new_case", &[]),
            Some(code) => self.state(code).map_or_else(|| Text::both(code), |state| state.label.clone()),
        }
    }

    /// Whether nothing more is due in a state.
    pub fn is_terminal(&self, state: &str) -> bool {
        self.terminal.contains(state)
    }

    /// The transition of an act from a state. There is at most one; the reader of the table sees to it.
    pub fn transition(&self, state: Option<&str>, action: Action) -> Option<&Transition> {
        self.transitions.iter().find(|transition| transition.action == action && transition.begins_in(state))
    }

    /// The acts that begin in a state, in the order of the table.
    pub fn acts_in<'a>(&'a self, state: Option<&'a str>) -> impl Iterator<Item = Action> + 'a {
        self.transitions.iter().filter(move |transition| transition.begins_in(state)).map(|t| t.action)
    }

    /// The acts of this machine that a state refuses: what `rights::Resource::refuses` asks for.
    pub fn refuses(&self, state: Option<&str>) -> BTreeSet<Action> {
        let here: BTreeSet<Action> = self.acts_in(state).collect();
        self.transitions
            .iter()
            .map(|transition| transition.action)
            .filter(|act| !here.contains(act))
            .collect()
    }
}

/// All machines by kind.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Machines(pub(crate) BTreeMap<String, Machine>);

impl Machines {
    /// The machine of a kind.
    pub fn get(&self, kind: &str) -> Option<&Machine> {
        self.0.get(kind)
    }

    /// All machines, by kind.
    pub fn iter(&self) -> impl Iterator<Item = &Machine> {
        self.0.values()
    }
}
