//! `bulwark clock …`: ends of periods, and the rows of the law. The counting is in `bulwark-clock`.

mod due;
mod explain;
mod table;

use bulwark_clock::{Certainty, parse_moment, texts};
use bulwark_model::{Diagnostic, Exit, Lang};
use jiff::Timestamp;

use crate::cli::Clock;
use crate::print::say;
use crate::texts::diagnostic;

/// Runs a command of the group.
pub fn main(command: Clock, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    match command {
        Clock::Due(args) => due::run(&args, lang),
        Clock::Explain(args) => explain::run(&args, lang),
        Clock::Table(args) => table::run(&args, lang),
    }
}

/// A moment of an option, or a message that names the option.
fn moment(option: &str, text: &str) -> Result<bulwark_clock::Moment, Vec<Diagnostic>> {
    parse_moment(text).map_err(|note| vec![note.at_named(option)])
}

/// That a time of day was left out matters where hours are counted.
fn date_only(option: &str) -> Diagnostic {
    diagnostic(texts(), "BW-CLOCK-004", &[]).at_named(option)
}

/// What stands beside a rule that is not read in the text of the law (design ruling 17).
fn doubt(certainty: Certainty, lang: Lang) -> String {
    if certainty.is_sure() { String::new() } else { certainty.label().get(lang).to_owned() }
}

/// `115-03-02 12:00`.
fn shown(at: Timestamp, lang: Lang) -> String {
    bulwark_clock::shown(at).get(lang).to_owned()
}

/// `3–4`, or that levels mean nothing.
fn levels(levels: Option<(u8, u8)>, lang: Lang) -> String {
    match levels {
        None => say(lang, "不分", "any").to_owned(),
        Some((min, max)) if min == max => min.to_string(),
        Some((min, max)) => format!("{min}–{max}"),
    }
}
