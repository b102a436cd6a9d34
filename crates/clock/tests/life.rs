//! The life of a time limit: what may happen, what it leaves in the history, and when somebody is warned.

mod support;

use bulwark_clock::{
    Audience, Calendar, Cause, Clock, Event, Law, OrgClass, RuleTable, State, Unit, WarningTable, What,
};
use bulwark_model::rights::Role;
use support::{COLLEAGUE, at, event, shown};

fn clock(version: &str, id: &str, level: Option<u8>) -> Clock {
    let rule = RuleTable::embedded().find(version, id, OrgClass::Gov, level).expect("a row of the table");
    Clock::new(rule.clone(), OrgClass::Gov, Some("臺北市".to_owned()))
}

fn with(clock: Clock, events: &[Event]) -> Clock {
    clock.replay(events, Law::embedded()).expect("events that fit")
}

fn refused(clock: &Clock, event: &Event) -> String {
    let mut same = clock.clone();
    let note = same.apply(event, Law::embedded()).expect_err("does not fit");
    assert_eq!(same, *clock, "a refused event changes nothing");
    note.code
}

fn start(time: &str) -> Event {
    event(time, What::Started { at: at(time) })
}

fn done(time: &str) -> Event {
    event(time, What::Done { at: at(time) })
}

fn level(recorded: &str, level: u8) -> Event {
    event(recorded, What::LevelChanged { level })
}

fn contain(level: u8) -> Clock {
    with(clock("tw-2026-01-05", "contain", Some(level)), &[start("2026-03-02 10:00")])
}

#[test]
fn met_to_the_second() {
    let contain = contain(2);
    assert_eq!(contain.due().map(shown), Some("2026-03-05 10:00:00".to_owned()));
    assert_eq!(contain.state(at("2026-03-01 10:00")), State::Pending);
    assert_eq!(contain.state(at("2026-03-05 10:00")), State::Running);
    assert_eq!(contain.state(at("2026-03-05 10:00:01")), State::Breached);
    let now = at("2026-03-09 10:00");
    assert_eq!(with(contain.clone(), &[done("2026-03-05 10:00")]).state(now), State::Met);
    assert_eq!(with(contain.clone(), &[done("2026-03-05 10:00:01")]).state(now), State::BreachedThenDone);
    // Typed in later with the time it truly was: in time, and no breach.
    let late = event("2026-03-07 10:00", What::Done { at: at("2026-03-05 09:00") });
    let late = with(contain.clone(), &[late]);
    assert_eq!((late.state(now), late.breaches(now).len()), (State::Met, 0));
    // Recorded only after the time had run out: a plain breach, set by no change.
    let fresh = clock("tw-2026-01-05", "contain", Some(2));
    let told_late = with(fresh, &[event("2026-03-06 10:00", What::Started { at: at("2026-03-02 10:00") })]);
    assert_eq!(told_late.breaches(now).iter().map(|b| b.cause).collect::<Vec<_>>(), [None]);
    let cancel = |time| event(time, What::Cancelled { reason: "撤回核定".to_owned() });
    assert_eq!(with(contain.clone(), &[cancel("2026-03-03 10:00")]).state(now), State::Cancelled);
    assert_eq!(with(contain.clone(), &[cancel("2026-03-06 10:00")]).state(now), State::BreachedThenCancelled);
    let replaced = with(contain, &[event("2026-03-06 10:00", What::Superseded)]);
    assert_eq!((replaced.state(now), replaced.breaches(now).len()), (State::Superseded, 1));
}

#[test]
fn a_raised_level_is_counted_from_awareness_and_may_be_past_already() {
    let now = at("2026-03-04 10:00");
    let raised = with(contain(2), &[level("2026-03-03 10:00", 3)]);
    assert_eq!(raised.due().map(shown), Some("2026-03-03 22:00:00".to_owned()));
    let breach = raised.breaches(now);
    assert_eq!((breach.len(), breach[0].cause), (1, None), "it ran out after the change");
    let raised = with(contain(2), &[level("2026-03-04 08:00", 4)]);
    assert_eq!(raised.state(now), State::Breached);
    assert_eq!(raised.breaches(now)[0].cause, Some(Cause::Reclassified), "counted apart");
    let entry = raised.history().last().expect("an entry");
    assert_eq!(
        entry.why.zh_tw,
        "事件等級改為第 4 級，改以 36 小時自原起算時間重新計算，屆滿時間由 115-03-05 10:00 改為 115-03-03 22:00，已經逾期。"
    );
    assert_eq!(
        (entry.old.map(shown), entry.rule_version.as_str()),
        (Some("2026-03-05 10:00:00".into()), "tw-2026-01-05")
    );
    // Contained after 40 hours, then raised to a level of 36.
    let contained = with(contain(2), &[done("2026-03-04 02:00"), level("2026-03-04 08:00", 3)]);
    assert_eq!(contained.state(now), State::BreachedThenDone);
    assert_eq!(contained.breaches(now)[0].cause, Some(Cause::Reclassified));
}

#[test]
fn a_lowered_level_keeps_the_old_breach_and_may_end_well() {
    let now = at("2026-03-09 10:00");
    let events = [level("2026-03-04 10:00", 2), done("2026-03-05 09:00")];
    let lowered = with(contain(3), &events);
    assert_eq!(lowered.state(now), State::Met);
    let breaches = lowered.breaches(now);
    assert_eq!(breaches.iter().map(|b| shown(b.due)).collect::<Vec<_>>(), ["2026-03-03 22:00:00"]);
}

#[test]
fn a_corrected_start_needs_two_people_and_counts_anew() {
    let met = with(contain(2), &[done("2026-03-05 09:00")]);
    let what = What::StartCorrected { at: at("2026-03-02 08:00"), reason: "值班紀錄".to_owned() };
    let mut correction = event("2026-03-06 09:00", what);
    assert_eq!(refused(&met, &correction), "BW-CLOCK-040");
    correction.second = Some(correction.by.person);
    assert_eq!(refused(&met, &correction), "BW-CLOCK-040");
    correction.second = Some(COLLEAGUE);
    let corrected = with(met, &[correction.clone()]);
    let now = at("2026-03-09 10:00");
    assert_eq!(corrected.state(now), State::BreachedThenDone);
    assert_eq!(corrected.breaches(now)[0].cause, Some(Cause::StartCorrected));
    assert!(corrected.history()[2].why.zh_tw.starts_with("起算時間更正為 115-03-02 08:00，屆滿時間由"));
    let future = What::StartCorrected { at: at("2026-03-06 09:01"), reason: String::new() };
    assert_eq!(refused(&contain(2), &Event { what: future, ..correction.clone() }), "BW-CLOCK-041");
    let after_done = What::StartCorrected { at: at("2026-03-05 09:30"), reason: String::new() };
    assert_eq!(refused(&corrected, &Event { what: after_done, ..correction }), "BW-CLOCK-042");
}

#[test]
fn only_a_row_that_says_so_pauses() {
    let pause = |time| event(time, What::Paused { at: at(time), reason: "待備品".to_owned() });
    let resume = |time| event(time, What::Resumed { at: at(time) });
    assert_eq!(refused(&contain(2), &pause("2026-03-02 11:00")), "BW-CLOCK-034");
    let ack = with(clock("policy-1", "vendor_ack", None), &[start("2026-03-06 09:00")]);
    assert_eq!(ack.due().map(shown), Some("2026-03-06 17:00:00".to_owned()));
    assert_eq!(refused(&ack, &resume("2026-03-06 10:00")), "BW-CLOCK-035");
    assert_eq!(refused(&ack, &pause("2026-03-06 17:00:01")), "BW-CLOCK-036");
    let paused = with(ack, &[pause("2026-03-06 12:00")]);
    let now = at("2026-03-09 10:00");
    assert_eq!((paused.state(now), paused.due()), (State::Paused, None));
    let standing = paused.standing(now, Law::embedded());
    assert_eq!((standing.consumed, standing.remaining), (Some(3 * 3600), Some(5 * 3600)));
    assert_eq!(refused(&paused, &pause("2026-03-09 09:00")), "BW-CLOCK-035");
    let resumed = with(paused.clone(), &[resume("2026-03-09 12:00")]);
    assert_eq!(resumed.due().map(shown), Some("2026-03-09 17:00:00".to_owned()));
    assert_eq!(
        refused(
            &resumed,
            &event("2026-03-09 13:00", What::Paused { at: at("2026-03-09 11:00"), reason: String::new() })
        ),
        "BW-CLOCK-035"
    );
    // Whoever acts while it is paused is done.
    let acted = with(paused, &[done("2026-03-07 10:00")]);
    assert_eq!(acted.state(now), State::Met);
}

#[test]
fn an_extension_needs_all_approvals_and_keeps_to_its_bound() {
    let extend = |recorded, amount, unit, approved_by: &[Role]| {
        let approved_by = approved_by.to_vec();
        event(recorded, What::Extended { amount, unit, approved_by, reason: "調查未完".to_owned() })
    };
    let both = [Role::Competent, Role::Supervisor];
    let improve = with(clock("tw-2026-01-05", "improve_report", Some(1)), &[start("2026-01-31 10:00")]);
    assert_eq!(refused(&improve, &extend("2026-02-20 10:00", 1, Unit::Month, &both[..1])), "BW-CLOCK-038");
    assert_eq!(refused(&improve, &extend("2026-02-20 10:00", 1, Unit::Workday, &both)), "BW-CLOCK-006");
    assert_eq!(refused(&improve, &extend("2026-03-02 12:00:01", 1, Unit::Month, &both)), "BW-CLOCK-036");
    let longer = with(improve, &[extend("2026-02-20 10:00", 1, Unit::Month, &both)]);
    assert_eq!(longer.due().map(shown), Some("2026-04-02 23:59:59".to_owned()), "from the end on");
    assert_eq!(
        longer.history()[1].why.zh_tw,
        "經核定展延 1 個月，屆滿時間由 115-03-02 12:00 改為 115-04-02 23:59:59。"
    );
    assert_eq!(refused(&contain(2), &extend("2026-03-02 11:00", 1, Unit::Hour, &both)), "BW-CLOCK-037");
    let mut sent = with(clock("tw-dispatch-2026", "mobilisation", Some(3)), &[start("2026-03-02 10:00")]);
    assert_eq!(refused(&sent, &extend("2026-03-03 10:00", 8, Unit::Day, &both)), "BW-CLOCK-039");
    sent = with(sent, &[extend("2026-03-03 10:00", 7, Unit::Day, &both)]);
    assert_eq!(sent.due().map(shown), Some("2026-03-16 23:59:59".to_owned()));
    assert_eq!(refused(&sent, &extend("2026-03-04 10:00", 1, Unit::Day, &both)), "BW-CLOCK-039");
}

#[test]
fn events_that_cannot_be_are_refused() {
    let running = contain(2);
    assert_eq!(refused(&running, &start("2026-03-03 10:00")), "BW-CLOCK-033");
    assert_eq!(refused(&running, &done("2026-03-01 10:00")), "BW-CLOCK-030");
    let early = event("2026-03-03 10:00", What::Done { at: at("2026-03-02 09:59") });
    assert_eq!(refused(&running, &early), "BW-CLOCK-042");
    let future = event("2026-03-03 10:00", What::Done { at: at("2026-03-03 10:01") });
    assert_eq!(refused(&running, &future), "BW-CLOCK-041");
    assert_eq!(refused(&running, &level("2026-03-03 10:00", 5)), "BW-CLOCK-023");
    let over = with(running, &[done("2026-03-03 10:00")]);
    for what in [
        What::Done { at: at("2026-03-03 10:00") },
        What::Cancelled { reason: String::new() },
        What::Superseded,
        What::CalendarRevised,
    ] {
        assert_eq!(refused(&over, &event("2026-03-04 10:00", what)), "BW-CLOCK-032");
    }
    let gone = with(contain(2), &[event("2026-03-03 10:00", What::Superseded)]);
    assert_eq!(refused(&gone, &done("2026-03-03 11:00")), "BW-CLOCK-031");
    let fresh = clock("tw-2026-01-05", "contain", Some(1));
    assert_eq!(refused(&fresh, &done("2026-03-03 11:00")), "BW-CLOCK-032");
}

#[test]
fn a_missing_calendar_leaves_it_pending_until_it_comes() {
    let mut review = with(clock("plan-112-115", "risk_review", None), &[start("2027-08-01 10:00")]);
    let now = at("2027-09-01 10:00");
    assert_eq!(review.state(now), State::Pending);
    assert_eq!(
        review.missing_calendar().map(|m| m.to_string()),
        Some("no calendar for 民國117年".to_owned())
    );
    assert!(review.history()[0].why.zh_tw.contains("民國 117 年"), "{}", review.history()[0].why.zh_tw);
    let days: Vec<String> = (1..=31).map(|d| format!("202801{d:02},{},0,", WEEK[(d + 4) % 7])).collect();
    let official = format!("西元日期,星期,是否放假,備註\n{}\n20280201,二,0,\n", days.join("\n"));
    let (year, notes) = Calendar::read(official.as_bytes(), "117.csv");
    assert_eq!(notes.iter().map(|n| n.code.as_str()).collect::<Vec<_>>(), ["BW-CLOCK-013"], "{notes:?}");
    let calendar = Calendar::taiwan().clone().revised_by(&year);
    let law = Law { calendar: &calendar, ..Law::embedded() };
    review.apply(&event("2027-09-02 10:00", What::CalendarRevised), law).expect("it runs");
    assert_eq!(review.due().map(shown), Some("2028-02-01 23:59:59".to_owned()));
    assert_eq!(review.history()[1].why.zh_tw, "行事曆有修訂，重新計算後屆滿時間為 117-02-01 23:59:59。");
}

const WEEK: [&str; 7] = ["一", "二", "三", "四", "五", "六", "日"];

#[test]
fn the_revision_of_2025_moves_what_still_runs() {
    // Before 13 June 2025 the 28th of September was a plain Sunday and the 29th a working Monday.
    let old = "西元日期,星期,是否放假,備註\n20250929,一,0,\n";
    let (old, _) = Calendar::read(old.as_bytes(), "114.csv");
    let before = Calendar::taiwan().clone().revised_by(&old);
    let changes = before.changes(Calendar::taiwan());
    assert_eq!(changes.len(), 1);
    assert!(changes[0].moves_limits && !changes[0].after.is_work());
    let law = Law { calendar: &before, ..Law::embedded() };
    let improve = clock("tw-2021-08-23", "improve_report", Some(2));
    let mut improve = improve.replay(&[start("2025-08-28 10:00")], law).expect("it fits");
    assert_eq!(improve.due().map(shown), Some("2025-09-29 23:59:59".to_owned()), "Sunday to Monday");
    improve
        .apply(&event("2025-06-13 10:00", What::CalendarRevised), Law::embedded())
        .expect_err("before its start");
    improve.apply(&event("2025-09-01 10:00", What::CalendarRevised), Law::embedded()).expect("it runs");
    assert_eq!(improve.due().map(shown), Some("2025-09-30 23:59:59".to_owned()));
}

/// Keys, times and audiences of the warnings in a span.
fn warnings(clock: &Clock, after: &str, until: &str) -> Vec<(String, String, usize)> {
    let found = clock.warnings_between(at(after), at(until), 100, WarningTable::embedded(), Law::embedded());
    found.into_iter().map(|w| (w.key, shown(w.at), w.notify.len())).collect()
}

fn row(key: &str, time: &str, notify: usize) -> (String, String, usize) {
    (key.to_owned(), time.to_owned(), notify)
}

#[test]
fn an_hour_is_warned_of_as_its_row_says() {
    let report = with(clock("tw-2026-01-05", "report", Some(1)), &[start("2026-03-02 10:00")]);
    assert_eq!(
        warnings(&report, "2026-03-02 10:00", "2026-03-02 21:00"),
        [
            row("1:elapsed-50", "2026-03-02 10:30:00", 1),
            row("1:elapsed-75", "2026-03-02 10:45:00", 2),
            row("1:breach", "2026-03-02 11:00:01", 4),
            row("1:after-3600s", "2026-03-02 12:00:00", 4),
            row("1:after-18000s", "2026-03-02 16:00:00", 4),
            row("1:after-32400s", "2026-03-02 20:00:00", 4),
        ]
    );
    // A year later the next one is at hand without counting through the year.
    let next = report.next_warning(at("2027-03-02 10:00"), WarningTable::embedded(), Law::embedded());
    assert_eq!(next.map(|w| (shown(w.at), w.late)), Some(("2027-03-02 12:00:00".to_owned(), true)));
    let met = with(report, &[done("2026-03-02 10:20")]);
    assert_eq!(warnings(&met, "2026-03-02 10:00", "2026-03-12 10:00"), []);
}

#[test]
fn long_limits_are_warned_of_by_day() {
    assert_eq!(
        warnings(&contain(2), "2026-03-02 10:00", "2026-03-06 11:00"),
        [
            row("1:elapsed-50", "2026-03-03 22:00:00", 1),
            row("1:elapsed-80", "2026-03-04 19:36:00", 2),
            row("1:before-7200s", "2026-03-05 08:00:00", 2),
            row("1:breach", "2026-03-05 10:00:01", 4),
            row("1:after-86400s", "2026-03-06 10:00:00", 4),
        ]
    );
    let improve = with(clock("tw-2026-01-05", "improve_report", Some(1)), &[start("2026-01-31 10:00")]);
    assert_eq!(
        warnings(&improve, "2026-01-31 10:00", "2026-03-09 12:00"),
        [
            row("1:before-10d", "2026-02-20 09:00:00", 1),
            row("1:before-1w", "2026-02-26 09:00:00", 2),
            row("1:before-3d", "2026-02-27 09:00:00", 2),
            row("1:on-the-day", "2026-03-02 09:00:00", 2),
            row("1:breach", "2026-03-02 12:00:01", 4),
            row("1:after-604800s", "2026-03-09 12:00:00", 4),
        ]
    );
    let first = improve.next_warning(at("2026-01-31 10:00"), WarningTable::embedded(), Law::embedded());
    assert_eq!(first.map(|w| w.notify), Some(vec![Audience::Owner]));
}

#[test]
fn working_hours_are_half_used_in_working_time_and_a_new_end_warns_anew() {
    let ack = with(clock("policy-1", "vendor_ack", None), &[start("2026-03-06 15:00")]);
    assert_eq!(ack.due().map(shown), Some("2026-03-09 14:00:00".to_owned()));
    assert_eq!(
        warnings(&ack, "2026-03-06 15:00", "2026-03-09 12:30")[..2],
        [row("1:elapsed-50", "2026-03-09 10:00:00", 1), row("1:elapsed-75", "2026-03-09 12:00:00", 2),]
    );
    let pause = event("2026-03-09 12:30", What::Paused { at: at("2026-03-09 12:30"), reason: String::new() });
    let paused = with(ack, &[pause]);
    assert_eq!(warnings(&paused, "2026-03-06 15:00", "2026-03-19 12:30"), [], "nothing while it is paused");
    let resumed = with(paused, &[event("2026-03-10 09:00", What::Resumed { at: at("2026-03-10 09:00") })]);
    assert_eq!(
        warnings(&resumed, "2026-03-10 09:00", "2026-03-10 10:30:01"),
        [row("2:breach", "2026-03-10 10:30:01", 4)]
    );
}
