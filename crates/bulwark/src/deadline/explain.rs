//! `bulwark clock explain`: one limit in words; with a start, its end and its warnings.

use bulwark_clock::{
    Clock, Event, Law, OrgClass, Rule, State, WarningTable, What, Who, amount, parse_moment, rfc3339, texts,
};
use bulwark_i18n::{args, date, list};
use bulwark_model::rights::{PersonId, Role};
use bulwark_model::{Diagnostic, Exit, Lang};
use jiff::{SignedDuration, Timestamp};

use super::{date_only, doubt, levels, moment, shown};
use crate::cli::ClockExplain;
use crate::print::{line, notes, say};
use crate::texts::diagnostic;

/// Runs the command.
pub fn run(args: &ClockExplain, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let law = Law::embedded();
    let start = args.start.as_deref().map(|text| moment("--start", text)).transpose()?;
    let done = args.done.as_deref().map(parse_moment).transpose();
    let done = done.map_err(|note| vec![note.at_named("--done")])?.map(|done| done.at);
    let rules = rules(args, start.map(|start| start.at), law)?;
    let mut exit = Exit::Ok;
    for (index, rule) in rules.iter().enumerate() {
        if index > 0 {
            line("");
        }
        describe(rule, lang);
        let Some(start) = start else { continue };
        if start.date_only && index == 0 && rule.term.unit() == bulwark_clock::Unit::Hour {
            notes(&[date_only("--start")], lang);
        }
        let found = run_of(rule, start.at, done, law, lang)?;
        exit = Exit::decide(
            found == Exit::Findings || exit == Exit::Findings,
            false,
            found == Exit::Knowledge || exit == Exit::Knowledge,
        );
    }
    Ok(exit)
}

/// The rows that are asked for.
fn rules<'a>(
    args: &ClockExplain,
    start: Option<Timestamp>,
    law: Law<'a>,
) -> Result<Vec<&'a Rule>, Vec<Diagnostic>> {
    if law.rules.iter().all(|rule| rule.clock_id != args.clock) {
        let mut known: Vec<&str> = law.rules.iter().map(|rule| rule.clock_id.as_str()).collect();
        known.sort_unstable();
        known.dedup();
        let args = args![clock = args.clock, known = known.join(" | ")];
        return Err(vec![diagnostic(texts(), "BW-CLOCK-025", &args)]);
    }
    let newest = jiff::civil::Date::MAX;
    let day = start.map_or(newest, |start| jiff::tz::offset(8).to_datetime(start).date());
    let in_force = || law.rules.version_in_force(&args.clock, day);
    let version = args.rule_version.as_deref().or_else(in_force).unwrap_or("–");
    let asked = |rule: &&Rule| {
        let class =
            args.class.is_none_or(|class| rule.is_for(class, args.level.or(rule.levels.map(|(min, _)| min))));
        let level =
            args.level.zip(rule.levels).is_none_or(|(level, (min, max))| (min..=max).contains(&level));
        rule.version == version && rule.clock_id == args.clock && class && level
    };
    let rules: Vec<&Rule> = law.rules.iter().filter(asked).collect();
    if rules.is_empty() {
        let class = args.class.unwrap_or(OrgClass::Any);
        let missing = law.rules.find(version, &args.clock, class, args.level);
        return Err(missing.err().into_iter().collect());
    }
    Ok(rules)
}

fn describe(rule: &Rule, lang: Lang) {
    let from = date(rule.effective_from, lang);
    line(format!("{}  {}", rule.clock_id, rule.label().get(lang)));
    let fact = |name: &str, value: &str| line(format!("{name}{}{value}", say(lang, "：", ": ")));
    fact(
        say(lang, "規則版本", "rule version"),
        &match lang {
            Lang::ZhTw => format!("{}（{from} 起施行）", rule.version),
            Lang::En => format!("{} (in force from {from})", rule.version),
        },
    );
    fact(say(lang, "機關", "bodies"), rule.org_class.label().get(lang));
    fact(say(lang, "事件等級", "level"), &levels(rule.levels, lang));
    fact(say(lang, "承辦", "owner"), rule.owner.label().get(lang));
    fact(
        say(lang, "起訖", "from and to"),
        &format!("{} → {}", rule.start_label().get(lang), rule.stop_label().get(lang)),
    );
    let counted = rule.term.rule().label();
    fact(
        say(lang, "期間", "period"),
        &match lang {
            Lang::ZhTw => format!("{}（{}）", amount(rule.term).zh_tw, counted.zh_tw),
            Lang::En => format!("{} ({})", amount(rule.term).en, counted.en),
        },
    );
    fact(
        say(lang, "暫停", "pause"),
        say(lang, if rule.pausable { "可以" } else { "不得" }, if rule.pausable { "yes" } else { "no" }),
    );
    let approved: Vec<String> =
        rule.extendable_by.iter().map(|role| role.label().get(lang).to_owned()).collect();
    let approvals =
        if approved.is_empty() { say(lang, "不得", "no").to_owned() } else { list(&approved, lang) };
    fact(say(lang, "展延由誰核定", "extension approved by"), &approvals);
    fact(say(lang, "依據", "basis"), &rule.basis);
    let doubt = doubt(rule.certainty, lang);
    if !doubt.is_empty() {
        fact(say(lang, "確定程度", "certainty"), &doubt);
    }
}

/// The limit from a start: its end, why, how it stands once it is done, and who is warned when.
fn run_of(
    rule: &Rule,
    start: Timestamp,
    done: Option<Timestamp>,
    law: Law<'_>,
    lang: Lang,
) -> Result<Exit, Vec<Diagnostic>> {
    let by = Who { person: PersonId::from_u128(0), role: Role::System };
    let event = |at: Timestamp, what: What| Event { at, by, second: None, what };
    let mut clock = Clock::new(rule.clone(), rule.org_class, None);
    clock.apply(&event(start, What::Started { at: start }), law).map_err(|note| vec![note])?;
    line("");
    line(match (clock.due(), clock.missing_calendar()) {
        (Some(due), _) => rfc3339(due),
        (None, Some(missing)) => format!("pending: {missing}"),
        (None, None) => "pending".to_owned(),
    });
    line(clock.history().last().map_or("", |entry| entry.why.get(lang)));
    let Some(due) = clock.due() else { return Ok(Exit::Knowledge) };
    let Some(done) = done else {
        warnings(&clock, start, due, law, lang);
        return Ok(Exit::Ok);
    };
    let finished = event(done.max(start), What::Done { at: done });
    clock.apply(&finished, law).map_err(|note| vec![note.at_named("--done")])?;
    let state = clock.state(done);
    line(format!(
        "{}{}{}",
        state.label().get(lang),
        say(lang, "：", ": "),
        clock.history().last().map_or("", |entry| entry.why.get(lang))
    ));
    Ok(if state == State::Met { Exit::Ok } else { Exit::Findings })
}

/// The warnings up to a day after the end.
fn warnings(clock: &Clock, start: Timestamp, due: Timestamp, law: Law<'_>, lang: Lang) {
    let until = due.checked_add(SignedDuration::from_hours(24)).unwrap_or(due);
    let found = clock.warnings_between(start, until, 12, WarningTable::embedded(), law);
    line(format!("\n{}", say(lang, "提醒（至屆滿後一日）", "Warnings (until a day after the end)")));
    for warning in found {
        let told: Vec<String> = warning.notify.iter().map(|who| who.label().get(lang).to_owned()).collect();
        let late = if warning.late { say(lang, "（逾期）", " (overdue)") } else { "" };
        line(format!("  {}  {}{late}", shown(warning.at, lang), list(&told, lang)));
    }
}
