//! Whether declared transactions work.

use std::collections::BTreeMap;

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::evidence::Transaction;

use super::runs::{End, Runs, runs, step_asset, take_over};
use crate::check::{Case, Piece, Sheet};
use crate::checks::end_user::visit::{label, masked, ten_lines};

/// With fewer repetitions a success ratio says little.
const FEW: usize = 5;

/// Success ratio of each transaction over its repetitions: below 100 % warning, below 99 % failure,
/// with the number of repetitions. A repetition succeeds when every planned step answers as expected.
/// Repetitions that we could not measure are not counted; time-outs are not counted either, but when
/// others succeeded they are a warning, because the line was open.
pub(super) fn availability(case: &Case<'_>, sheet: &mut Sheet) {
    take_over(case, sheet);
    for of in runs(case) {
        let good = of.durations().count();
        let bad = of.ends.iter().filter(|e| matches!(e, End::Bad)).count();
        let late = of.ends.iter().filter(|e| matches!(e, End::TimedOut(_))).count();
        let n = good.saturating_add(bad);
        if n == 0 {
            match of.trouble() {
                Some(failure) => sheet.error(&of.name, failure),
                None => sheet.not_tested(&of.name, "common.not_reached", &[]),
            };
            continue;
        }
        let planned = of.plan.map_or(of.ends.len(), |p| p.repetitions as usize);
        let args = args![
            name = of.name,
            good = good,
            n = n,
            late = late,
            planned = planned,
            ratio = percent(good, n)
        ];
        let mut entry = if good.saturating_mul(100) < n.saturating_mul(99) {
            // A few repetitions are thin evidence: one step less grave.
            let severity = if n < FEW { Severity::Medium } else { Severity::High };
            sheet.fail(&of.name, "low", &args).severity(severity)
        } else if bad > 0 {
            sheet.warn(&of.name, "imperfect", &args)
        } else if late > 0 {
            sheet.warn(&of.name, "late", &args)
        } else {
            sheet.pass(&of.name, "pass", &args)
        }
        .excerpt(ten_lines(&broken(&of)));
        for piece in of.pieces.iter().filter(|p| bad == 0 || !whole(p.body)).take(20) {
            entry = entry.from(piece);
        }
        if n < FEW {
            sheet.info(&of.name, "few", &args);
        }
    }
}

fn whole(t: &Transaction) -> bool {
    t.steps.iter().all(bulwark_probe::evidence::StepRun::ok) && t.steps.len() >= t.planned_steps as usize
}

/// One line a repetition that did not succeed.
fn broken(of: &Runs<'_>) -> Vec<String> {
    of.pieces
        .iter()
        .filter(|p| !whole(p.body))
        .map(|p: &Piece<'_, Transaction>| {
            let at = p.record.started_at;
            let run = p.body.run;
            match p.body.steps.iter().find(|s| !s.ok()) {
                Some(step) => match &step.answer {
                    Ok(x) => format!(
                        "#{run} {at} {} → {} {}",
                        label(&step.name),
                        x.status,
                        masked(&step.unmet.join("; "))
                    ),
                    Err(f) => format!("#{run} {at} {} → {}", label(&step.name), masked(&f.to_string())),
                },
                None => format!("#{run} {at} {}/{}", p.body.steps.len(), p.body.planned_steps),
            }
        })
        .collect()
}

/// A ratio with two decimals, rounded down so that 99.996 % never reads as 100 %.
fn percent(part: usize, whole: usize) -> String {
    let hundredths = part.saturating_mul(10_000).checked_div(whole).unwrap_or(0);
    let (int, frac) = (hundredths / 100, hundredths % 100);
    if frac == 0 { int.to_string() } else { format!("{int}.{frac:02}") }
}

/// Where one kind of expectation of one step was not met.
#[derive(Default)]
struct Unmet<'a> {
    lines: Vec<String>,
    pieces: Vec<Piece<'a, Transaction>>,
}

/// Which expectation of which step was not met: status, text or JSON. One line a step and kind.
pub(super) fn expectation(case: &Case<'_>, sheet: &mut Sheet) {
    take_over(case, sheet);
    for of in runs(case) {
        let mut unmet: BTreeMap<(String, &'static str), Unmet<'_>> = BTreeMap::new();
        let mut answered = 0_usize;
        for piece in &of.pieces {
            for step in &piece.body.steps {
                let Ok(x) = &step.answer else { continue };
                if x.status == 429 {
                    continue;
                }
                answered = answered.saturating_add(1);
                for words in &step.unmet {
                    let of = unmet.entry((step_asset(&of.name, step), sentence(words))).or_default();
                    of.lines.push(format!("#{} {} → {}", piece.body.run, masked(words), x.status));
                    if of.pieces.len() < 20 && of.pieces.last().is_none_or(|p| p.id != piece.id) {
                        of.pieces.push(*piece);
                    }
                }
            }
        }
        if answered == 0 {
            match of.trouble() {
                Some(failure) => sheet.error(&of.name, failure),
                None => sheet.not_tested(&of.name, "no_answer", &args![name = of.name]),
            };
            continue;
        }
        if unmet.is_empty() {
            let mut entry = sheet.pass(&of.name, "pass", &args![name = of.name, answered = answered]);
            for piece in of.pieces.iter().take(20) {
                entry = entry.from(piece);
            }
        }
        for ((asset, sentence), unmet) in unmet {
            let mut entry = sheet
                .fail(&asset, sentence, &args![step = asset, count = unmet.lines.len(), n = of.pieces.len()])
                .excerpt(ten_lines(&unmet.lines));
            for piece in &unmet.pieces {
                entry = entry.from(piece);
            }
        }
    }
}

/// The sentence for an expectation in the words of the evidence (`status 200`, `text "…"`, `json …`).
fn sentence(words: &str) -> &'static str {
    let lower = words.trim_start().to_ascii_lowercase();
    if lower.starts_with("status") {
        "status"
    } else if lower.starts_with("text") {
        "text"
    } else if lower.starts_with("json") {
        "json"
    } else {
        "other"
    }
}
