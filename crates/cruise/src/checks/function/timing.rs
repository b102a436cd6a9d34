//! How long declared transactions take, and where the time goes.

use bulwark_i18n::args;
use bulwark_probe::evidence::Phases;

use super::runs::{Runs, measurable, runs, take_over};
use super::stats::{Spread, ms};
use crate::check::{Case, Entry, Sheet};

/// Repetitions from which a spread is judged.
const ENOUGH: usize = 10;
/// A tail this many times the median is unstable …
const UNSTABLE_RATIO: u64 = 5;
/// … when it is also longer than this: below, people notice nothing.
const UNSTABLE_FLOOR_US: u64 = 200_000;
/// A resolve or TLS phase over this share of the whole and over [`LONG_PHASE_US`] is a warning.
const LONG_PHASE_PERCENT: u64 = 30;
const LONG_PHASE_US: u64 = 200_000;

fn name_all(mut entry: Entry<'_>, of: &Runs<'_>) {
    for piece in of.pieces.iter().take(20) {
        entry = entry.from(piece);
    }
}

/// 95th percentile (nearest rank) of the whole transaction over its successful repetitions against the
/// limit of the plan: above fails, above 80 % of it warns. Broken repetitions are not counted, because
/// an error page comes fast.
pub(super) fn latency(case: &Case<'_>, sheet: &mut Sheet) {
    take_over(case, sheet);
    for of in runs(case) {
        if !measurable(&of, sheet) {
            continue;
        }
        let Some(spread) = Spread::of(of.durations()) else { continue };
        let limit_ms = of.plan.map_or(0, |p| p.p95_limit_ms);
        let args = args![
            name = of.name,
            n = spread.n,
            p50 = ms(spread.p50),
            p95 = ms(spread.p95),
            p99 = ms(spread.p99),
            limit = limit_ms
        ];
        let limit_us = limit_ms.saturating_mul(1000);
        let entry = if limit_ms == 0 {
            sheet.info(&of.name, "no_limit", &args)
        } else if spread.p95 > limit_us {
            sheet.fail(&of.name, "slow", &args)
        } else if spread.p95 > limit_us / 5 * 4 {
            sheet.warn(&of.name, "near", &args)
        } else {
            sheet.pass(&of.name, "pass", &args)
        };
        name_all(entry.excerpt(numbers(&of, spread)), &of);
    }
}

fn numbers(of: &Runs<'_>, spread: Spread) -> String {
    let runs: Vec<String> = of.durations().take(60).map(ms).collect();
    format!(
        "n={} p50={} p95={} p99={} ms\n{}",
        spread.n,
        ms(spread.p50),
        ms(spread.p95),
        ms(spread.p99),
        runs.join(" ")
    )
}

/// A part of a request with the sentences for "takes most" and "takes too long".
struct Part {
    word: &'static str,
    most: &'static str,
    long: Option<&'static str>,
    us: fn(&Phases) -> u64,
}

const PARTS: [Part; 5] = [
    Part { word: "resolve", most: "most_resolve", long: Some("long_resolve"), us: |p| p.resolve_us },
    Part { word: "connect", most: "most_connect", long: None, us: |p| p.connect_us },
    Part { word: "tls", most: "most_tls", long: Some("long_tls"), us: |p| p.tls_us },
    Part { word: "processing", most: "most_processing", long: None, us: |p| p.processing_us },
    Part { word: "transfer", most: "most_transfer", long: None, us: |p| p.transfer_us },
];

/// Which phase takes most of a transaction, by the medians over its successful repetitions. Name
/// resolution or TLS over 30 % of the whole and over 200 ms is a warning: both are settings, not
/// application work.
pub(super) fn phase_breakdown(case: &Case<'_>, sheet: &mut Sheet) {
    take_over(case, sheet);
    for of in runs(case) {
        if !measurable(&of, sheet) {
            continue;
        }
        let medians: Vec<u64> = PARTS
            .iter()
            .map(|part| {
                let each_run = of.good_runs().map(|t| {
                    let steps = t.steps.iter().filter_map(|s| s.answer.as_ref().ok());
                    steps.map(|x| (part.us)(&x.phases)).fold(0_u64, u64::saturating_add)
                });
                Spread::of(each_run).map_or(0, |s| s.p50)
            })
            .collect();
        let whole = medians.iter().fold(0_u64, |sum, m| sum.saturating_add(*m)).max(1);
        let share = |us: u64| us.saturating_mul(100).checked_div(whole).unwrap_or(0);
        let shown: Vec<String> = PARTS
            .iter()
            .zip(&medians)
            .map(|(part, us)| format!("{} {} ms ({} %)", part.word, ms(*us), share(*us)))
            .collect();
        let shown = shown.join("\n");
        let mut long = false;
        for (part, us) in PARTS.iter().zip(&medians) {
            let Some(sentence) = part.long else { continue };
            if *us > LONG_PHASE_US && share(*us) > LONG_PHASE_PERCENT {
                long = true;
                let args = args![name = of.name, time = ms(*us), share = share(*us)];
                name_all(sheet.warn(&of.name, sentence, &args).excerpt(&shown), &of);
            }
        }
        let most = PARTS.iter().zip(&medians).max_by_key(|(_, us)| **us);
        if let Some((part, us)) = most.filter(|_| !long) {
            let args = args![name = of.name, time = ms(*us), share = share(*us)];
            name_all(sheet.info(&of.name, part.most, &args).excerpt(&shown), &of);
        }
    }
}

/// A 95th percentile over five times the median, from ten repetitions on, and over 200 ms: some users
/// wait far longer than others, which means queues, locks or a cold cache.
pub(super) fn stability(case: &Case<'_>, sheet: &mut Sheet) {
    take_over(case, sheet);
    for of in runs(case) {
        if !measurable(&of, sheet) {
            continue;
        }
        let Some(spread) = Spread::of(of.durations()) else { continue };
        let tenths = spread.p95.saturating_mul(10).checked_div(spread.p50.max(1)).unwrap_or(0);
        let args = args![
            name = of.name,
            n = spread.n,
            p50 = ms(spread.p50),
            p95 = ms(spread.p95),
            ratio = format!("{}.{}", tenths / 10, tenths % 10)
        ];
        let entry = if spread.n < ENOUGH {
            sheet.not_tested(&of.name, "few", &args)
        } else if spread.p95 > spread.p50.saturating_mul(UNSTABLE_RATIO) && spread.p95 > UNSTABLE_FLOOR_US {
            sheet.warn(&of.name, "unstable", &args)
        } else {
            sheet.pass(&of.name, "pass", &args)
        };
        name_all(entry.excerpt(numbers(&of, spread)), &of);
    }
}
