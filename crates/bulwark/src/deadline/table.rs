//! `bulwark clock table`: the limits of a version side by side, or the versions.

use std::collections::BTreeMap;

use bulwark_clock::{Course, Law, NoEnd, OrgClass, Rule, RuleTable, amount, courses, rfc3339, texts};
use bulwark_i18n::{args, date};
use bulwark_model::{Diagnostic, Exit, Lang};
use jiff::Timestamp;

use super::{doubt, levels, moment, shown};
use crate::cli::ClockTable;
use crate::print::{line, say, table};
use crate::texts::diagnostic;

/// Runs the command.
pub fn run(args: &ClockTable, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let law = Law::embedded();
    let Some(version) = &args.rule_version else {
        versions(law.rules, lang);
        return Ok(Exit::Ok);
    };
    let of_version = law.rules.of_version(version).map_err(|note| vec![note.at_named("--rule-version")])?;
    let events = events(args, &of_version)?;
    let fits = |rule: &&Rule| {
        let class = args.class.is_none_or(|class| rule.org_class == class || rule.org_class == OrgClass::Any);
        let level =
            args.level.zip(rule.levels).is_none_or(|(level, (min, max))| (min..=max).contains(&level));
        class && level
    };
    let rules: Vec<&Rule> = of_version.iter().copied().filter(fits).collect();
    let rows = courses(&rules, &events, law);
    head(version, of_version.first().copied(), &events, law.rules, lang);
    let mut lines = vec![header(lang)];
    lines.extend(rows.iter().map(|course| row(course, lang)));
    table(&lines);
    if rows.iter().any(|course| course.latest) {
        let latest = say(
            lang,
            "≤ 起算事件尚未發生，以最遲的時間計算；以 --at 事件=時間 填入實際時間。",
            "≤ counted from the last lawful moment of an event that has not come; give the real one with --at EVENT=TIME.",
        );
        line(format!("\n{latest}"));
    }
    let missing = rows.iter().filter_map(|course| course.end?.err());
    let unknown = missing.into_iter().any(|end| matches!(end, NoEnd::Calendar(_)));
    Ok(Exit::decide(false, false, unknown))
}

/// The moments given with `--aware` and `--at`.
fn events(args: &ClockTable, rules: &[&Rule]) -> Result<BTreeMap<String, Timestamp>, Vec<Diagnostic>> {
    let mut events = BTreeMap::new();
    if let Some(aware) = &args.aware {
        events.insert("aware_at".to_owned(), moment("--aware", aware)?.at);
    }
    for pair in &args.events {
        let (event, time) = pair.split_once('=').unwrap_or((pair, ""));
        let known = rules.iter().any(|rule| rule.start_event == event || rule.stop_event == event);
        if !known {
            let mut starts: Vec<&str> = rules.iter().map(|rule| rule.start_event.as_str()).collect();
            starts.sort_unstable();
            starts.dedup();
            let note = diagnostic(texts(), "BW-CLOCK-024", &args![event = event, known = starts.join(" | ")]);
            return Err(vec![note.at_named("--at")]);
        }
        events.insert(event.to_owned(), moment("--at", time)?.at);
    }
    Ok(events)
}

/// Version and awareness, and a word when another version was in force then.
fn head(
    version: &str,
    first: Option<&Rule>,
    events: &BTreeMap<String, Timestamp>,
    rules: &RuleTable,
    lang: Lang,
) {
    let Some(first) = first else { return };
    let from = date(first.effective_from, lang);
    line(match lang {
        Lang::ZhTw => format!("{version}（{from} 起施行）"),
        Lang::En => format!("{version} (in force from {from})"),
    });
    let Some(aware) = events.get("aware_at") else { return };
    line(format!("{}  {}", say(lang, "知悉事件", "became aware"), shown(*aware, lang)));
    let day = jiff::tz::offset(8).to_datetime(*aware).date();
    let in_force = rules.version_in_force(&first.clock_id, day);
    if let Some(other) = in_force.filter(|other| *other != version) {
        line(match lang {
            Lang::ZhTw => format!("請注意：知悉當時施行的是 {other}"),
            Lang::En => format!("Note: {other} was in force then"),
        });
    }
    line("");
}

fn header(lang: Lang) -> Vec<String> {
    let words = match lang {
        Lang::ZhTw => ["代碼", "期限", "機關", "等級", "承辦", "自", "期間", "屆滿", "依據", "備註"],
        Lang::En => ["code", "limit", "bodies", "level", "owner", "from", "period", "end", "basis", "remark"],
    };
    words.map(str::to_owned).to_vec()
}

fn row(course: &Course<'_>, lang: Lang) -> Vec<String> {
    let rule = course.rule;
    let end = match course.end {
        None => "–".to_owned(),
        Some(Ok(end)) => format!("{}{}", if course.latest { "≤ " } else { "" }, rfc3339(end.due)),
        Some(Err(NoEnd::Calendar(missing))) => format!("pending: {missing}"),
        Some(Err(_)) => "pending".to_owned(),
    };
    vec![
        rule.clock_id.clone(),
        rule.label().get(lang).to_owned(),
        rule.org_class.label().get(lang).to_owned(),
        levels(rule.levels, lang),
        rule.owner.label().get(lang).to_owned(),
        rule.start_label().get(lang).to_owned(),
        amount(rule.term).get(lang).to_owned(),
        end,
        rule.basis.clone(),
        doubt(rule.certainty, lang),
    ]
}

fn versions(rules: &RuleTable, lang: Lang) {
    let mut lines = vec![vec![
        say(lang, "規則版本", "rule version").to_owned(),
        say(lang, "施行", "in force from").to_owned(),
        say(lang, "期限", "limits").to_owned(),
    ]];
    for (version, from) in rules.versions() {
        let count = rules.iter().filter(|rule| rule.version == version).count();
        lines.push(vec![version.to_owned(), date(from, lang), count.to_string()]);
    }
    table(&lines);
}
