//! One step of a case: somebody acts, the machine says whether that goes and what follows.

use bulwark_clock::shown;
use bulwark_i18n::args;
use bulwark_model::rights::{Action, Denied};
use bulwark_model::{Diagnostic, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::condition::{Condition, Question};
use crate::facts::{Actor, Facts};
use crate::field::Fields;
use crate::guard::Effect;
use crate::machine::{Machine, Target, Transition};
use crate::{diagnostic, texts};

/// Where a case stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// Its state; `None` while there is no case.
    pub state: Option<String>,
    /// The state before, for steps that lead back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
}

impl Position {
    /// A case in a state.
    pub fn in_state(state: impl Into<String>) -> Self {
        Self { state: Some(state.into()), previous: None }
    }
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is done.
    Done(Moved),
    /// It waits for a second person.
    Asked(Asked),
}

/// A step that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The act.
    pub action: Action,
    /// Who acted.
    pub by: Actor,
    /// Who confirmed.
    pub second: Option<Actor>,
    /// Where the case stood.
    pub from: Position,
    /// Where it stands.
    pub to: Position,
    /// Clocks that start; one that runs is replaced.
    pub starts: Vec<String>,
    /// Clocks that stop; one that does not run yet begins first, at its start event.
    pub stops: Vec<String>,
    /// Every clock that still runs is called off; what is met or breached stays as it is.
    pub cancels_all: bool,
    /// What else the case engine does.
    pub effects: Vec<Effect>,
    /// When the stopped clocks stop, where that is not the moment of the act: the later of two.
    pub stops_at: Option<Timestamp>,
}

/// A step that waits for a second person. It is stored as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The act.
    pub action: Action,
    /// Who asked.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Where the case stood.
    pub from: Position,
    /// What was filled in.
    pub fields: Fields,
}

/// An act that can be offered in a state, and what stands in its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The act.
    pub action: Action,
    /// What must be filled in.
    pub requires: Vec<String>,
    /// A second person must confirm.
    pub second_person: bool,
    /// Why it cannot be done now; empty when it can.
    pub obstacles: Vec<Diagnostic>,
}

impl Machine {
    /// Does a step, or asks for a second person.
    ///
    /// ```
    /// use bulwark_clock::{Calendar, Place};
    /// use bulwark_model::rights::{Action, PersonId, Role};
    /// use bulwark_workflow::{Actor, Facts, Field, Fields, Machines, Outcome, Position};
    ///
    /// let now = "2026-03-02T10:00:00+08:00".parse().unwrap();
    /// let facts = Facts::at(now, Place::of(Calendar::taiwan()));
    /// let guideline = Machines::embedded().get("guideline").unwrap();
    /// let author = Actor { person: PersonId::from_u128(1), role: Role::SvcG1 };
    /// let fields = Fields::default().with("scope", Field::Text("備份".into())).with("owner", Field::Text("第一組".into()));
    /// let start = Action::parse("guideline.start").unwrap();
    /// let done = guideline.step(&Position::in_state("proposed"), start, author, &fields, &facts);
    /// assert!(matches!(done, Ok(Outcome::Done(moved)) if moved.to.state.as_deref() == Some("drafting")));
    /// ```
    ///
    /// # Errors
    /// All that stands in the way: the state, the role, fields left out, conditions that do not hold.
    pub fn step(
        &self,
        from: &Position,
        action: Action,
        by: Actor,
        fields: &Fields,
        facts: &Facts<'_>,
    ) -> Result<Outcome, Vec<Diagnostic>> {
        let transition = self.allowed(from, action, by)?;
        let wrong = obstacles(transition, &Question { actor: by, second: None, fields, facts });
        if !wrong.is_empty() {
            return Err(wrong);
        }
        if transition.needs_second(by.role) {
            let asked = Asked { action, by, at: facts.now, from: from.clone(), fields: fields.clone() };
            return Ok(Outcome::Asked(asked));
        }
        self.moved(transition, from, by, None, facts).map(Outcome::Done)
    }

    /// A second, different person confirms what was asked for. Everything is looked at again as it is now.
    ///
    /// # Errors
    /// As [`Machine::step`], the same person, or a case that moved on since.
    pub fn confirm(
        &self,
        asked: &Asked,
        now: &Position,
        second: Actor,
        facts: &Facts<'_>,
    ) -> Result<Moved, Vec<Diagnostic>> {
        if asked.from.state != now.state {
            let words = [
                ("before", self.state_label(asked.from.state.as_deref())),
                ("now", self.state_label(now.state.as_deref())),
            ];
            return Err(vec![in_both("BW-FLOW-007", &words)]);
        }
        if second.person == asked.by.person {
            return Err(vec![Denied::SamePerson.diagnostic()]);
        }
        let transition = self.allowed(now, asked.action, asked.by)?;
        self.allowed(now, asked.action, second)?;
        let question = Question { actor: asked.by, second: Some(second), fields: &asked.fields, facts };
        let wrong = obstacles(transition, &question);
        if !wrong.is_empty() {
            return Err(wrong);
        }
        self.moved(transition, now, asked.by, Some(second), facts)
    }

    /// The acts of a state with what stands in the way of a person, form aside: what a page shows as buttons.
    pub fn offers(&self, from: &Position, by: Actor, facts: &Facts<'_>) -> Vec<Offer> {
        let nothing = Fields::default();
        let begin = self.transitions.iter().filter(|transition| transition.begins_in(from.state.as_deref()));
        begin
            .map(|transition| {
                let question = Question { actor: by, second: None, fields: &nothing, facts };
                let obstacles = match self.allowed(from, transition.action, by) {
                    Ok(_) => conditions(transition, &question, |condition| !condition.needs_form()),
                    Err(wrong) => wrong,
                };
                Offer {
                    action: transition.action,
                    requires: transition.requires.clone(),
                    second_person: transition.needs_second(by.role),
                    obstacles,
                }
            })
            .collect()
    }

    /// The transition of an act, when the state and the role allow it.
    fn allowed(&self, from: &Position, action: Action, by: Actor) -> Result<&Transition, Vec<Diagnostic>> {
        let state = from.state.as_deref();
        let Some(transition) = self.transition(state, action) else {
            let here: Vec<Text> = self.acts_in(state).map(|act| act.act().label.clone()).collect();
            let words = [
                ("state", self.state_label(state)),
                ("act", action.act().label.clone()),
                ("acts", listed(&here)),
            ];
            return Err(vec![in_both("BW-FLOW-002", &words)]);
        };
        if !transition.by.contains(&by.role) {
            let roles: Vec<Text> = transition.by.iter().map(|role| role.label()).collect();
            let words =
                [("act", action.act().label.clone()), ("role", by.role.label()), ("roles", listed(&roles))];
            return Err(vec![in_both("BW-FLOW-003", &words)]);
        }
        Ok(transition)
    }

    fn moved(
        &self,
        transition: &Transition,
        from: &Position,
        by: Actor,
        second: Option<Actor>,
        facts: &Facts<'_>,
    ) -> Result<Moved, Vec<Diagnostic>> {
        let effects = transition.guard.effects;
        let to = match &transition.to {
            Target::State(state) => Position { state: Some(state.clone()), previous: from.state.clone() },
            Target::Same => Position { previous: previous_when_reviewed(from, effects), ..from.clone() },
            Target::Previous => {
                let back = from.previous.clone().filter(|state| self.state(state).is_some());
                let back = back.ok_or_else(|| vec![diagnostic("BW-FLOW-006", &[])])?;
                Position { state: Some(back), previous: from.state.clone() }
            }
        };
        let later = effects.contains(&Effect::StopAtLater);
        Ok(Moved {
            action: transition.action,
            by,
            second,
            from: from.clone(),
            to,
            starts: transition.starts.clone(),
            stops: transition.stops.clone(),
            cancels_all: transition.cancels_all,
            effects: effects.to_vec(),
            stops_at: later.then(|| facts.agency_told_at.max(facts.vendor_told_at)).flatten(),
        })
    }
}

/// A report that is reviewed while its withdrawal waits does not go back to waiting for a review.
fn previous_when_reviewed(from: &Position, effects: &[Effect]) -> Option<String> {
    let waiting =
        from.previous.as_deref() == Some("reported") && from.state.as_deref() == Some("withdraw_pending");
    if waiting && effects.contains(&Effect::MarkReviewed) {
        return Some("reviewed".to_owned());
    }
    from.previous.clone()
}

/// Fields left out, then conditions that do not hold.
fn obstacles(transition: &Transition, question: &Question<'_>) -> Vec<Diagnostic> {
    let missing = transition.requires.iter().filter(|name| !question.fields.has(name));
    let missing = missing.map(|name| diagnostic("BW-FLOW-004", &args![field = name]).at_named(name));
    missing.chain(conditions(transition, question, |_| true)).collect()
}

fn conditions(
    transition: &Transition,
    question: &Question<'_>,
    asked: impl Fn(Condition) -> bool,
) -> Vec<Diagnostic> {
    let wrong = transition.guard.conditions.iter().filter(|condition| asked(**condition));
    wrong
        .filter(|condition| !condition.holds(question))
        .map(|condition| unmet(*condition, question))
        .collect()
}

fn unmet(condition: Condition, question: &Question<'_>) -> Diagnostic {
    let (what, hint) = (condition.text(), condition.hint());
    let words = [("condition", what), ("remedy", hint), ("now", shown(question.facts.now))];
    in_both("BW-FLOW-005", &words)
}

/// Names as the language joins them.
fn listed(names: &[Text]) -> Text {
    let in_lang = |lang| {
        let names: Vec<&str> = names.iter().map(|name| name.get(lang)).collect();
        bulwark_i18n::list(&names, lang)
    };
    Text::new(in_lang(bulwark_model::Lang::ZhTw), in_lang(bulwark_model::Lang::En))
}

/// A message whose arguments differ in the two languages.
fn in_both(code: &str, words: &[(&str, Text)]) -> Diagnostic {
    let words: Vec<(&str, &Text)> = words.iter().map(|(name, text)| (*name, text)).collect();
    let text = |part: &str| texts().text_of(&format!("{code}.{part}"), &words);
    Diagnostic::new(code, text("what"), text("hint"))
}
