//! Counts 100,000 ends, for `cargo xtask bench cases`: prints the seconds for mixed rules with pauses and
//! closures, for working hours alone, and for mixed rules with their sentences; best of three. With
//! `--lines N` it prints N working-hour periods instead, `start hours end` in seconds since 1970, for the peer
//! to count again.
#![expect(clippy::print_stdout, reason = "an example prints")]
#![expect(clippy::cast_precision_loss, reason = "a count of cases as a divisor")]

use std::hint::black_box;
use std::time::Instant;

use bulwark_clock::{Calendar, Closure, Pause, Pauses, PeriodRule, Place, Term, reckon, sentence};
use jiff::{SignedDuration, Timestamp};

const COUNT: usize = 100_000;

/// A small generator (MMIX), so that every run counts the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// One period to count.
struct Case {
    terms: [Term; 1],
    start: Timestamp,
    pauses: Pauses,
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time written here")
}

fn case(dice: &mut Dice, rule: PeriodRule, from: Timestamp, seconds: u64, paused: bool) -> Case {
    let most = match rule {
        PeriodRule::Elapsed => 72,
        PeriodRule::Workhours => 40,
        PeriodRule::Workdays => 20,
        PeriodRule::Days => 30,
        PeriodRule::Apa48 | PeriodRule::CalendarMonthEnd => 6,
    };
    let amount = u32::try_from(dice.roll(most)).unwrap_or(0) + 1;
    let seconds = i64::try_from(dice.roll(seconds)).unwrap_or(0);
    let start = from + SignedDuration::from_secs(seconds);
    let minutes =
        |dice: &mut Dice, most| SignedDuration::from_mins(i64::try_from(dice.roll(most)).unwrap_or(0));
    let mut pauses = Vec::new();
    if paused && dice.roll(4) == 0 {
        let begins = start + minutes(dice, 3_000);
        pauses.push(Pause { from: begins, until: Some(begins + minutes(dice, 4_000)) });
    }
    Case { terms: [Term::new(rule, amount, None).expect("a good term")], start, pauses: Pauses::new(&pauses) }
}

/// Periods of every rule, from 2023 to the middle of 2026.
fn mixed() -> Vec<Case> {
    let mut dice = Dice(1);
    let rules = PeriodRule::ALL;
    let span = 3 * 365 * 86_400;
    let from = at("2023-01-02T00:00:00+08:00");
    (0..COUNT).map(|n| case(&mut dice, rules[n % rules.len()], from, span, true)).collect()
}

/// Working hours of 2026: no Saturday is worked there, which the peer could not say.
fn workhours(count: usize) -> Vec<Case> {
    let mut dice = Dice(2);
    let from = at("2026-01-02T00:00:00+08:00");
    (0..count).map(|_| case(&mut dice, PeriodRule::Workhours, from, 330 * 86_400, false)).collect()
}

fn seconds(cases: &[Case], mut count: impl FnMut(&Case)) -> f64 {
    let mut best = f64::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        cases.iter().for_each(&mut count);
        best = best.min(began.elapsed().as_secs_f64());
    }
    best
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let plain = Place::of(Calendar::taiwan());
    if let [flag, count] = arguments.as_slice()
        && flag == "--lines"
    {
        for case in workhours(count.parse().expect("a number of lines")) {
            let end = reckon(&case.terms, case.start, &case.pauses, plain).expect("2026 and 2027 are there");
            println!("{} {} {}", case.start.as_second(), case.terms[0].amount(), end.due.as_second());
        }
        return;
    }
    let closures = ["2023-08-03", "2024-07-24", "2024-10-31", "2025-07-07"].map(|day| {
        Closure::full_day(day.parse().expect("a date"), Some("臺北市".to_owned()), "天然災害停止上班")
    });
    let calendar = Calendar::taiwan().clone().with_closures(closures);
    let place = Place { calendar: &calendar, county: Some("臺北市") };
    let cases = mixed();
    let alone = workhours(COUNT);
    let counted = seconds(&cases, |case| {
        let _ = black_box(reckon(&case.terms, case.start, &case.pauses, place));
    });
    let told = seconds(&cases, |case| {
        let end = reckon(&case.terms, case.start, &case.pauses, place);
        let _ = black_box(sentence(&case.terms, case.start, &case.pauses, place, &end));
    });
    let hours = seconds(&alone, |case| {
        let _ = black_box(reckon(&case.terms, case.start, &case.pauses, plain));
    });
    println!("mixed_us {:.4}", counted / COUNT as f64 * 1e6);
    println!("mixed_with_sentence_us {:.4}", told / COUNT as f64 * 1e6);
    println!("workhours_us {:.4}", hours / COUNT as f64 * 1e6);
}
