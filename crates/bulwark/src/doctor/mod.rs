//! `bulwark doctor`: looks at everything an installation rests on, and says what to do.

mod folder;
mod store;

use bulwark_i18n::args;
use bulwark_model::{Clock as _, Diagnostic, Exit, Lang, Severity, Text};

use crate::clock::SystemClock;
use crate::config::Which;
use crate::installation::{Installation, block_on};
use crate::print::line;
use crate::texts::texts;

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Ok,
    /// Should be better.
    Caution,
    /// Must not stay so.
    Danger,
    /// Could not be looked at.
    Unread,
}

/// A thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    topic: &'static str,
    state: State,
    what: Text,
    fix: Text,
}

impl Line {
    /// `doctor.TOPIC.WORD` says how it is, `doctor.TOPIC.WORD_fix` what to do.
    fn new(topic: &'static str, state: State, word: &str, values: &[(&str, String)]) -> Self {
        let key = format!("doctor.{topic}.{word}");
        let fix = texts().get(&format!("{key}_fix")).map(|_| texts().text(&format!("{key}_fix"), values));
        Self { topic, state, what: texts().text(&key, values), fix: fix.unwrap_or_default() }
    }

    fn ok(topic: &'static str, values: &[(&str, String)]) -> Self {
        Self::new(topic, State::Ok, "ok", values)
    }

    /// A message of another part as a line.
    fn from_note(topic: &'static str, state: State, note: &Diagnostic) -> Self {
        let with = |lang: Lang| {
            let cause = note.cause.as_ref().map(|cause| match lang {
                Lang::ZhTw => format!("（{cause}）"),
                Lang::En => format!(" ({cause})"),
            });
            format!("[{}] {}{}", note.code, note.what.get(lang), cause.unwrap_or_default())
        };
        Self { topic, state, what: Text::new(with(Lang::ZhTw), with(Lang::En)), fix: note.hint.clone() }
    }

    fn print(&self, lang: Lang) {
        let word = match self.state {
            State::Ok => "ok",
            State::Caution => "caution",
            State::Danger => "danger",
            State::Unread => "unread",
        };
        let text = |key: String| texts().text(&key, &[]).get(lang).to_owned();
        let (state, topic) = (text(format!("doctor.{word}")), text(format!("doctor.{}.topic", self.topic)));
        let values = args![state = state, topic = topic, what = self.what.get(lang)];
        line(texts().text("doctor.line", &values).get(lang));
        if !self.fix.is_empty() {
            line(format!("    → {}", self.fix.get(lang)));
        }
    }
}

/// Runs the command.
///
/// # Errors
/// A wrong configuration, or no store.
pub fn main(which: &Which, fail_on: Severity, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let installation = Installation::load(which)?;
    let mode = installation.mode()?;
    let now = SystemClock.now();
    let mut lines = folder::look(&installation, mode, now);
    lines.extend(block_on(async { Ok(store::look(&installation, now).await) })?);
    for line in &lines {
        line.print(lang);
    }
    let count = |state: State| lines.iter().filter(|line| line.state == state).count();
    let (danger, caution, unread) = (count(State::Danger), count(State::Caution), count(State::Unread));
    let values = args![danger = danger, caution = caution, unread = unread];
    line(texts().text("doctor.sum", &values).get(lang));
    let findings = (danger > 0 && Severity::High >= fail_on) || (caution > 0 && Severity::Low >= fail_on);
    Ok(Exit::decide(findings, unread > 0, false))
}
