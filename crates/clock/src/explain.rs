//! One sentence for each end that was found: from when, how long, what moved it, until when.

use bulwark_i18n::args;
use bulwark_model::{Lang, Text};
use jiff::Timestamp;

use crate::calendar::weekday;
use crate::day::{DAY_SECONDS, Day, local_second};
use crate::pause::Pauses;
use crate::reckon::{Measure, NoEnd, Place, Reckoning, Term};
use crate::texts;
use crate::words::{PeriodRule, Unit};

/// Why this is the end, in one sentence of each language.
pub fn sentence(
    terms: &[Term],
    start: Timestamp,
    pauses: &Pauses,
    place: Place<'_>,
    end: &Result<Reckoning, NoEnd>,
) -> Text {
    let Some((term, extensions)) = terms.split_first() else { return Text::default() };
    let mut parts = vec![begins(*term, start)];
    for extension in extensions {
        parts.push(part("extended", &amount(*extension)));
    }
    match end {
        Ok(end) => parts.extend(found(*term, place, end)),
        Err(NoEnd::Calendar(missing)) => {
            parts.push(
                texts().text("sentence.no_calendar", &args![roc = missing.roc_year(), year = missing.year]),
            );
        }
        Err(NoEnd::Paused) => {
            let since = pauses.spans().last().map_or(0, |span| span.from);
            parts.push(part("still_paused", &second(since)));
        }
        Err(NoEnd::TooFar) => parts.push(texts().text("sentence.too_far", &[])),
    }
    parts.push(texts().text("sentence.end", &[]));
    join(&parts)
}

/// A moment as people read it: `115-03-02 12:00`; seconds are shown when there are any.
pub fn shown(at: Timestamp) -> Text {
    second(local_second(at))
}

/// A moment for files and programs: `2026-03-02T12:00:00+08:00`, to the second.
pub fn rfc3339(at: Timestamp) -> String {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    whole.display_with_offset(jiff::tz::offset(8)).to_string()
}

/// An amount in words: 1 個月, 8 hours.
pub fn amount(term: Term) -> Text {
    let unit = match (term.rule(), term.unit()) {
        (PeriodRule::Workhours, _) => Unit::Workhour,
        (PeriodRule::Workdays, _) => Unit::Workday,
        (_, unit) => unit,
    };
    counted(unit, i64::from(term.amount()))
}

/// So many of a unit.
pub(crate) fn counted(unit: Unit, count: i64) -> Text {
    let number = if count == 1 { "one" } else { "many" };
    texts().text(&format!("amount.{number}.{}", unit.code()), &args![n = count])
}

fn begins(term: Term, start: Timestamp) -> Text {
    let key = match term.rule() {
        PeriodRule::Workhours => "workhours",
        PeriodRule::Workdays => "workdays",
        PeriodRule::CalendarMonthEnd => "month_end",
        _ if term.is_of_seconds() => "elapsed",
        _ => "first_day_out",
    };
    two(key, &shown(start), &amount(term))
}

/// What moved the end, and the end.
fn found(term: Term, place: Place<'_>, end: &Reckoning) -> Vec<Text> {
    let mut parts = Vec::new();
    if end.paused > 0 {
        parts.push(part("paused", &length(Measure::of(term), end.paused)));
    }
    if let Some(nominal) = end.nominal.map(Day::of_date) {
        if end.clamped {
            parts.push(part("clamped", &date(nominal)));
        }
        if Day::of(local_second(end.due)) != nominal {
            let key = if end.at_noon { "moved_noon" } else { "moved" };
            parts.push(two(key, &date(nominal), &day_off(nominal, place)));
        }
    }
    parts.push(part("due", &full(local_second(end.due))));
    if term.rule() == PeriodRule::Apa48 && !term.is_of_seconds() {
        parts.push(texts().text("sentence.law", &[]));
    }
    if !end.certainty.is_sure() {
        parts.push(part("unsure", &end.certainty.label()));
    }
    parts
}

/// Why a day is none to end on: its name, that offices are closed, or what kind it is.
fn day_off(day: Day, place: Place<'_>) -> Text {
    let weekday = weekday(day);
    let why = if place.calendar.closed(day, place.county) {
        texts().text("sentence.closed", &[])
    } else {
        match place.calendar.at(day) {
            Some(known) if !known.name.is_empty() => Text::both(&known.name),
            Some(known) => known.kind.label(),
            None => Text::default(),
        }
    };
    join(&[weekday, texts().text("sentence.comma", &[]), why])
}

/// A length in the measure of a term.
fn length(measure: Measure, n: i64) -> Text {
    match measure {
        Measure::Days => counted(Unit::Day, n),
        Measure::Workdays => counted(Unit::Workday, n),
        Measure::Seconds => seconds(Unit::Hour, n),
        Measure::WorkSeconds => seconds(Unit::Workhour, n),
    }
}

/// Hours, minutes and seconds, the ones that are not nothing.
fn seconds(hour: Unit, n: i64) -> Text {
    let (hours, minutes, seconds) = (n / 3600, n / 60 % 60, n % 60);
    let mut parts = Vec::new();
    if hours > 0 {
        parts.push(counted(hour, hours));
    }
    for (key, n) in [("minute", minutes), ("second", seconds)] {
        if n > 0 {
            parts.push(
                texts().text(&format!("amount.{}.{key}", if n == 1 { "one" } else { "many" }), &args![n = n]),
            );
        }
    }
    let glue = Text::both(" ");
    let spaced: Vec<Text> = parts.into_iter().flat_map(|part| [glue.clone(), part]).skip(1).collect();
    join(&spaced)
}

fn date(day: Day) -> Text {
    let Some(date) = day.date() else { return Text::default() };
    Text::new(bulwark_i18n::date(date, Lang::ZhTw), bulwark_i18n::date(date, Lang::En))
}

fn clock_time(second: i64) -> String {
    let (hour, minute, rest) = (second / 3600, second / 60 % 60, second % 60);
    if rest == 0 { format!("{hour:02}:{minute:02}") } else { format!("{hour:02}:{minute:02}:{rest:02}") }
}

fn second(local: i64) -> Text {
    let (date, time) = (date(Day::of(local)), clock_time(local.rem_euclid(DAY_SECONDS)));
    Text::new(format!("{} {time}", date.zh_tw), format!("{} {time}", date.en))
}

/// With the day of the week: `115-03-02（星期一）12:00`.
fn full(local: i64) -> Text {
    let (day, time) = (Day::of(local), clock_time(local.rem_euclid(DAY_SECONDS)));
    let (date, weekday) = (date(day), weekday(day));
    Text::new(
        format!("{}（{}）{time}", date.zh_tw, weekday.zh_tw),
        format!("{} {} {time}", weekday.en, date.en),
    )
}

/// A part of the sentence with one argument, in both languages.
fn part(key: &str, value: &Text) -> Text {
    two(key, value, &Text::default())
}

/// A part of the sentence with `{a}` and `{b}`.
fn two(key: &str, a: &Text, b: &Text) -> Text {
    texts().text_of(&format!("sentence.{key}"), &[("a", a), ("b", b)])
}

fn join(parts: &[Text]) -> Text {
    let mut whole = Text::default();
    for part in parts {
        whole.zh_tw.push_str(&part.zh_tw);
        whole.en.push_str(&part.en);
    }
    whole
}
