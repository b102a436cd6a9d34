//! What only people know: the background record and the questionnaire of this domain.

use bulwark_i18n::args;
use bulwark_model::{Lang, Text};
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};

use crate::check::{Case, Sheet};
use crate::checks::questionnaire;
use crate::plan::AnswerValue;

/// A drill or a diagram older than this no longer speaks for the system.
const MAX_AGE_DAYS: i32 = 365;

/// 系統背景資訊: all nine facts (design ruling 18) must be known; the missing ones are named.
pub(super) fn background_record(case: &Case<'_>, sheet: &mut Sheet) {
    let asset = case.plan.system.name.as_str();
    let background = &case.plan.system.background;
    let missing: Vec<Text> = background
        .facts()
        .iter()
        .filter(|(_, value)| value.is_none_or(|v| v.trim().is_empty()))
        .map(|(key, _)| crate::texts().text(&format!("report.background_{key}"), &[]))
        .collect();
    let known = background.facts().len().saturating_sub(missing.len());
    let names = |lang| bulwark_i18n::list(&missing.iter().map(|t| t.get(lang)).collect::<Vec<_>>(), lang);
    let args = args![known = known, missing = names(Lang::ZhTw)];
    if missing.is_empty() {
        sheet.pass(asset, "pass", &args);
    } else {
        sheet
            .warn(asset, "missing", &args)
            .english(&args![known = known, missing = names(Lang::En)])
            .excerpt(names(Lang::ZhTw));
    }
}

/// Questionnaire: redundant power (ISO/IEC 27002:2022 §7.11).
pub(super) fn redundant_power(case: &Case<'_>, sheet: &mut Sheet) {
    questionnaire::judge("redundant-power", case, sheet);
}

/// Questionnaire: redundant circuits (ISO/IEC 27002:2022 §8.14).
pub(super) fn redundant_circuit(case: &Case<'_>, sheet: &mut Sheet) {
    questionnaire::judge("redundant-circuit", case, sheet);
}

/// Questionnaire: redundant servers (ISO/IEC 27002:2022 §8.14).
pub(super) fn redundant_server(case: &Case<'_>, sheet: &mut Sheet) {
    questionnaire::judge("redundant-server", case, sheet);
}

/// Questionnaire: fail-over tested, within the last 365 days (Appendix 10 營運持續計畫－系統備援: tested
/// regularly).
pub(super) fn failover_tested(case: &Case<'_>, sheet: &mut Sheet) {
    dated("failover-tested", case, sheet);
}

/// Questionnaire: the architecture diagram is current, that is not older than 365 days.
pub(super) fn diagram_current(case: &Case<'_>, sheet: &mut Sheet) {
    dated("architecture-diagram", case, sheet);
}

/// A "yes" with a day: missing or later than the evidence needs a person, too old is a warning. Everything
/// else is judged like any answer.
fn dated(question: &str, case: &Case<'_>, sheet: &mut Sheet) {
    let asset = case.plan.system.name.as_str();
    let Some(answer) = case.answer(question) else { return };
    if answer.value != AnswerValue::Yes {
        questionnaire::judge(question, case, sheet);
        return;
    }
    let Some(on) = answer.on else {
        sheet.manual(asset, "no_day", &[]);
        return;
    };
    let days = age_days(on, case);
    let args = args![day = on, days = days];
    if days < 0 {
        sheet.manual(asset, "future", &args);
    } else if days > MAX_AGE_DAYS {
        sheet.warn(asset, "old", &args).excerpt(format!("{on} (+{days} d)"));
    } else {
        questionnaire::judge(question, case, sheet);
    }
}

/// Days from a day to the day (in Taipei) of the last evidence.
fn age_days(on: Date, case: &Case<'_>) -> i32 {
    let today = TimeZone::fixed(offset(8)).to_datetime(case.taken_at).date();
    on.until(today).map_or(0, |span| span.get_days())
}
