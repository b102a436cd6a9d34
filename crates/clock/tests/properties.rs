//! What holds for every period, limit and text.

mod support;

use bulwark_clock::{
    Calendar, Clock, Closure, Event, Law, Measure, Pause, Pauses, PeriodRule, Place, RuleTable, Term, Unit,
    WarningTable, What, Who, consumed, parse_date, parse_moment, parse_pause, reckon, remaining,
};
use bulwark_model::rights::Role;
use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::sync::LazyLock;
use support::{CLERK, COLLEAGUE, at, by_hand, local};

fn starts() -> impl Strategy<Value = Timestamp> {
    let (from, until) = (at("2023-01-02 00:00").as_second(), at("2026-11-30 00:00").as_second());
    (from..until).prop_map(|second| Timestamp::from_second(second).expect("in range"))
}

/// A term that ends within the calendar, whatever its start.
fn terms() -> impl Strategy<Value = Term> {
    let any = (0..PeriodRule::ALL.len(), 0..Unit::ALL.len(), 1_u32..13);
    any.prop_filter_map("a unit the rule does not count", |(rule, unit, amount)| {
        let unit = Unit::ALL[unit];
        let amount = if unit == Unit::Year { 1 } else { amount };
        Term::new(PeriodRule::ALL[rule], amount, Some(unit)).ok()
    })
}

fn closed() -> impl Strategy<Value = Vec<Date>> {
    let day =
        (0_i64..1800).prop_map(|n| jiff::civil::date(2023, 1, 1).checked_add(n.days()).expect("in range"));
    proptest::collection::vec(day, 0..40)
}

/// Pauses as minutes after the start and lengths in minutes.
fn pauses() -> impl Strategy<Value = Vec<(i64, i64)>> {
    proptest::collection::vec((0_i64..40_000, 1_i64..8_000), 0..4)
}

fn later(moment: Timestamp, minutes: i64) -> Timestamp {
    moment + SignedDuration::from_mins(minutes)
}

/// Three years after the compiled-in ones, worked from Monday to Friday, so that long terms find an end.
static LATER: LazyLock<Calendar> = LazyLock::new(|| {
    let mut text = String::from("西元日期,星期,是否放假,備註\n");
    let mut day = jiff::civil::date(2028, 1, 1);
    while day.year() < 2031 {
        let number = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
        let off = if matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) { 2 } else { 0 };
        let of_week = ["一", "二", "三", "四", "五", "六", "日"][number];
        let _ = writeln!(text, "{},{of_week},{off},", day.strftime("%Y%m%d"));
        day = day.tomorrow().expect("in range");
    }
    let (years, notes) = Calendar::read(text.as_bytes(), "later.csv");
    assert_eq!(notes, []);
    Calendar::taiwan().clone().revised_by(&years)
});

fn calendar(closed: &[Date]) -> Calendar {
    LATER.clone().with_closures(closed.iter().map(|day| Closure::full_day(*day, None, "")))
}

proptest! {
    #[test]
    fn an_end_is_where_a_clerk_finds_it(term in terms(), start in starts(), closed in closed()) {
        let calendar = calendar(&closed);
        let found = reckon(&[term], start, &Pauses::default(), Place::of(&calendar));
        prop_assert_eq!(found.ok().map(|end| end.due), by_hand(term, start, &calendar, &closed));
    }

    #[test]
    fn article_48_never_ends_on_a_day_off(
        amount in 1_u32..13, unit in 0..4_usize, start in starts(), closed in closed(), pauses in pauses(),
    ) {
        let unit = [Unit::Day, Unit::Week, Unit::Month, Unit::Year][unit];
        let term = Term::new(PeriodRule::Apa48, if unit == Unit::Year { 1 } else { amount }, Some(unit)).expect("good");
        let calendar = calendar(&closed);
        let pauses: Vec<Pause> = pauses.iter().map(|(from, length)| {
            let from = later(start, *from);
            Pause { from, until: Some(later(from, *length)) }
        }).collect();
        let end = reckon(&[term], start, &Pauses::new(&pauses), Place::of(&calendar)).expect("a calendar");
        let day = local(end.due).date();
        prop_assert_eq!(calendar.works(day, None), Ok(true));
        prop_assert!(day > local(start).date());
        let noon = local(end.due).hour() == 12;
        prop_assert_eq!(noon, end.at_noon);
        prop_assert!(noon || local(end.due).time() == jiff::civil::time(23, 59, 59, 0));
    }

    #[test]
    fn used_and_left_are_the_whole(
        term in terms(), start in starts(), pauses in pauses(), minutes in -1_000_i64..80_000, closed in closed(),
    ) {
        let calendar = calendar(&closed);
        let place = Place::of(&calendar);
        let pauses: Vec<Pause> = pauses.iter().map(|(from, length)| {
            let from = later(start, *from);
            Pause { from, until: Some(later(from, *length)) }
        }).collect();
        let due = reckon(&[term], start, &Pauses::new(&pauses), place).expect("a calendar").due;
        // A limit cannot be paused once it is over.
        let pauses: Vec<Pause> = pauses.into_iter().filter(|pause| pause.from <= due).collect();
        let pauses = Pauses::new(&pauses);
        let measure = Measure::of(term);
        let budget = match measure {
            Measure::Seconds => i64::from(term.amount()) * match term.unit() {
                Unit::Hour => 3600,
                Unit::Day => 86_400,
                _ => 7 * 86_400,
            },
            Measure::WorkSeconds => i64::from(term.amount()) * 3600,
            Measure::Workdays => i64::from(term.amount()),
            Measure::Days => consumed(measure, start, due, &pauses, place).expect("a calendar"),
        };
        let now = later(start, minutes);
        let used = consumed(measure, start, now, &pauses, place).expect("a calendar");
        let left = remaining(measure, start, now, due, &pauses, place).expect("a calendar");
        prop_assert_eq!(used + left, budget, "{:?} {} {}", term, now, due);
        prop_assert!(used >= 0);
        prop_assert_eq!(left < 0 && measure == Measure::Seconds, now > due && measure == Measure::Seconds);
        prop_assert_eq!(remaining(measure, start, due, due, &pauses, place), Ok(0));
    }

    #[test]
    fn a_pause_never_brings_the_end_nearer(term in terms(), start in starts(), from in 0_i64..20_000, length in 1_i64..5_000) {
        let calendar = calendar(&[]);
        let place = Place::of(&calendar);
        let pause = Pause { from: later(start, from), until: Some(later(start, from + length)) };
        let plain = reckon(&[term], start, &Pauses::default(), place).expect("a calendar").due;
        let paused = reckon(&[term], start, &Pauses::new(&[pause]), place).expect("a calendar").due;
        prop_assert!(paused >= plain);
        // What was running when the pause began does not end inside it.
        let inside = paused >= pause.from && pause.until.is_some_and(|until| paused < until);
        let same_day = local(pause.from).date() == local(paused).date() && Measure::of(term) != Measure::Seconds;
        prop_assert!(!inside || plain < pause.from || same_day, "{} {:?} {}", plain, pause, paused);
    }

    #[test]
    fn replay_is_the_stored_limit(row in 0..rows(), start in starts(), steps in steps()) {
        let rule = RuleTable::embedded().iter().nth(row).expect("a row").clone();
        let class = rule.org_class;
        let fresh = Clock::new(rule, class, None);
        let (mut stored, mut events) = (fresh.clone(), Vec::new());
        let mut now = start;
        for step in std::iter::once((0, 0)).chain(steps) {
            now = later(now, step.1);
            let event = event_of(step.0, start, now);
            let before = stored.clone();
            if stored.apply(&event, Law::embedded()).is_ok() {
                events.push(event);
            } else {
                prop_assert_eq!(&stored, &before, "a refused event changes nothing");
            }
            let written = serde_json::to_string(&events).expect("JSON");
            let read: Vec<Event> = serde_json::from_str(&written).expect("the same events");
            let again = fresh.clone().replay(&read, Law::embedded());
            prop_assert_eq!(again.as_ref(), Ok(&stored));
            prop_assert_eq!(stored.history().len(), events.len(), "an entry for each event");
            check_standing(&stored, now)?;
        }
    }

    #[test]
    fn a_warning_has_one_key_and_they_come_in_order(row in 0..rows(), start in starts(), days in 1_i64..200) {
        let rule = RuleTable::embedded().iter().nth(row).expect("a row").clone();
        let class = rule.org_class;
        let started = event_of(0, start, start);
        let clock = Clock::new(rule, class, None).replay(&[started], Law::embedded()).expect("it fits");
        let warnings =
            clock.warnings_between(start, later(start, days * 1440), 5_000, WarningTable::embedded(), Law::embedded());
        let keys: std::collections::BTreeSet<&str> = warnings.iter().map(|w| w.key.as_str()).collect();
        prop_assert_eq!(keys.len(), warnings.len());
        prop_assert!(warnings.is_sorted_by(|a, b| a.at < b.at));
        for warning in &warnings {
            prop_assert_eq!(warning.late, clock.due().is_some_and(|due| warning.at > due), "{:?}", warning);
        }
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (parse_date(&text), parse_moment(&text), parse_pause(&text));
        let _ = (Calendar::read(&bytes, "x"), Calendar::read_closures(&bytes, "x"));
        let _ = (RuleTable::read(&text, "x"), WarningTable::read(&text, "x"));
    }

    #[test]
    fn nearly_good_texts_make_no_reader_panic(
        date in "[0-9０-９]{1,4}[/年.－-][0-9]{1,2}[/月.-][0-9]{1,2}日?", time in "[T ]?(上午|下午)?[0-9]{0,3}[:時][0-9]{0,3}[:分]?[0-9]{0,2}(Z|[+-][0-9:]{0,6})?",
        fields in "[0-9/,:a-z補假六日\n\"-]{0,120}",
    ) {
        let text = format!("{date}{time}");
        let _ = (parse_date(&date), parse_moment(&text), parse_pause(&format!("{text}/{text}")));
        for header in [
            "date,roc_date,weekday,is_workday,kind,name_zh,certainty",
            "西元日期,星期,是否放假,備註",
        ] {
            let _ = Calendar::read(format!("{header}\n{fields}").as_bytes(), "x");
        }
        let _ = Calendar::read_closures(format!("date,county,scope,from,to,reason,note\n{fields}").as_bytes(), "x");
        let _ = WarningTable::read(&format!("clock_unit,total_at_least_min,warn_at,notify\n{fields}"), "x");
    }

    #[test]
    fn what_is_shown_is_read_again(start in starts()) {
        let shown = bulwark_clock::shown(start);
        prop_assert_eq!(parse_moment(&shown.zh_tw).map(|m| m.at), Ok(start));
        prop_assert_eq!(parse_moment(&shown.en).map(|m| m.at), Ok(start));
        prop_assert_eq!(parse_moment(&start.to_string()).map(|m| m.at), Ok(start));
    }
}

fn steps() -> impl Strategy<Value = Vec<(u8, i64)>> {
    proptest::collection::vec((0_u8..10, 0_i64..4_000), 0..10)
}

fn event_of(kind: u8, start: Timestamp, now: Timestamp) -> Event {
    let earlier = later(now, -7).max(start);
    let what = match kind {
        0 => What::Started { at: start },
        1 => What::Paused { at: earlier, reason: "待備品".to_owned() },
        2 => What::Resumed { at: now },
        3 => What::Extended {
            amount: 3,
            unit: Unit::Workday,
            approved_by: vec![Role::SvcLead, Role::SectorAuthority],
            reason: "調查未完".to_owned(),
        },
        4 => What::LevelChanged { level: 3 },
        5 => What::LevelChanged { level: 1 },
        6 => What::StartCorrected { at: later(start, -90), reason: "值班紀錄".to_owned() },
        7 => What::CalendarRevised,
        8 => What::Done { at: earlier },
        _ => What::Cancelled { reason: "撤回核定".to_owned() },
    };
    Event { at: now, by: Who { person: CLERK, role: Role::Reporter }, second: Some(COLLEAGUE), what }
}

/// State, history and numbers agree.
fn check_standing(clock: &Clock, now: Timestamp) -> Result<(), TestCaseError> {
    let standing = clock.standing(now, Law::embedded());
    prop_assert_eq!(standing.due, clock.history().last().and_then(|entry| entry.new));
    if let (Some(due), Some(left)) = (standing.due, standing.remaining) {
        prop_assert!(standing.consumed.is_some());
        if standing.state.is_breach() {
            prop_assert!(left <= 0, "{:?} {}", standing, due);
            prop_assert!(!clock.breaches(now).is_empty(), "{:?}", standing);
        }
    }
    Ok(())
}

fn rows() -> usize {
    RuleTable::embedded().iter().count()
}
