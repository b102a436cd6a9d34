//! `bulwark clock due`: the end on the first line, then why, in one sentence.

use bulwark_clock::{
    Calendar, Closure, NoEnd, Pauses, PeriodRule, Place, Term, parse_date, parse_pause, reckon, rfc3339,
    sentence,
};
use bulwark_model::{Diagnostic, Exit, Lang};

use super::{date_only, moment};
use crate::cli::ClockDue;
use crate::print::{aside, line, notes};

/// Runs the command.
pub fn run(args: &ClockDue, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let term =
        Term::new(args.rule, args.amount, args.unit).map_err(|note| vec![note.at_named("--amount")])?;
    let start = moment("--start", &args.start)?;
    let pauses = each(&args.pause, "--pause", parse_pause)?;
    let closed = each(&args.closure, "--closure", parse_date)?;
    if start.date_only && matches!(args.rule, PeriodRule::Elapsed | PeriodRule::Workhours) {
        notes(&[date_only("--start")], lang);
    }
    let closures = closed.into_iter().map(|date| Closure::full_day(date, None, "停止上班"));
    let calendar = Calendar::taiwan().clone().with_closures(closures);
    let (terms, pauses, place) = ([term], Pauses::new(&pauses), Place::of(&calendar));
    let end = reckon(&terms, start.at, &pauses, place);
    let exit = match &end {
        Ok(end) => {
            line(rfc3339(end.due));
            Exit::Ok
        }
        Err(NoEnd::Calendar(missing)) => {
            line(format!("pending: {missing}"));
            aside(missing.diagnostic().render(lang));
            Exit::Knowledge
        }
        Err(NoEnd::Paused | NoEnd::TooFar) => {
            line("pending");
            Exit::Incomplete
        }
    };
    line(sentence(&terms, start.at, &pauses, place, &end).get(lang));
    Ok(exit)
}

/// All values of an option, or all that is wrong with them.
fn each<T>(
    texts: &[String],
    option: &str,
    read: impl Fn(&str) -> Result<T, Diagnostic>,
) -> Result<Vec<T>, Vec<Diagnostic>> {
    let (mut values, mut wrong) = (Vec::new(), Vec::new());
    for text in texts {
        match read(text) {
            Ok(value) => values.push(value),
            Err(note) => wrong.push(note.at_named(option)),
        }
    }
    if wrong.is_empty() { Ok(values) } else { Err(wrong) }
}
