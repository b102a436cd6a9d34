//! Ends of periods: the cases the law is read by, sentences, and times as people type them.

mod support;

use bulwark_clock::{
    Calendar, Closure, Measure, NoEnd, Pause, Pauses, PeriodRule, Place, Term, Unit, consumed, parse_date,
    parse_moment, parse_pause, reckon, remaining, sentence,
};
use jiff::civil::Date;
use support::{at, shown, term};

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn pause(from: &str, until: &str) -> Pause {
    Pause { from: at(from), until: Some(at(until)) }
}

/// The end, or why there is none.
fn end(term: Term, start: &str, pauses: &[Pause], closed: &[&str]) -> String {
    let closures = closed.iter().map(|date| Closure::full_day(day(date), None, "天然災害停止上班"));
    let calendar = Calendar::taiwan().clone().with_closures(closures);
    match reckon(&[term], at(start), &Pauses::new(pauses), Place::of(&calendar)) {
        Ok(end) => shown(end.due),
        Err(NoEnd::Calendar(missing)) => missing.to_string(),
        Err(other) => format!("{other:?}"),
    }
}

fn months(n: u32, start: &str) -> String {
    end(term(PeriodRule::Apa48, n), start, &[], &[])
}

#[test]
fn a_month_ends_as_article_48_says() {
    // The issue's own case: the 28th is a Saturday and a holiday, so Monday noon.
    assert_eq!(months(1, "2026-01-31 10:00"), "2026-03-02 12:00:00");
    // Begins on the 1st (the first day is left out): ends with the month.
    assert_eq!(months(1, "2026-03-31 00:00"), "2026-04-30 23:59:59");
    // Begins on the 16th: ends on the 15th, a Friday.
    assert_eq!(months(1, "2026-04-15 23:59:59"), "2026-05-15 23:59:59");
    // No day corresponds: the month's last. 30 January begins on the 31st; a leap year has the 29th.
    assert_eq!(months(1, "2024-01-30 08:00"), "2024-02-29 23:59:59");
    // The month's last, 28 February, is a holiday on a Friday; the next day is a Saturday, so Monday noon.
    assert_eq!(months(1, "2025-01-30 08:00"), "2025-03-03 12:00:00");
}

#[test]
fn the_last_day_moves_past_days_off() {
    // A make-up Saturday is a working day: the period ends on it.
    assert_eq!(months(1, "2025-01-08 09:00"), "2025-02-08 23:59:59");
    // A Sunday moves to the end of Monday.
    assert_eq!(months(1, "2026-02-08 09:00"), "2026-03-09 23:59:59");
    // The new year of 2026: from Saturday the 14th to Sunday the 22nd nobody works.
    assert_eq!(months(1, "2026-01-14 09:00"), "2026-02-23 12:00:00");
    // The Monday after the Saturday is off (Mid-autumn 2025): noon of Tuesday.
    assert_eq!(months(1, "2025-09-04 09:00"), "2025-10-07 12:00:00");
    // Offices closed for a whole day move it, a half day does not.
    let month = term(PeriodRule::Apa48, 1);
    assert_eq!(end(month, "2026-07-14 09:00", &[], &["2026-08-14"]), "2026-08-17 12:00:00");
    assert_eq!(end(month, "2026-07-13 09:00", &[], &["2026-08-13"]), "2026-08-14 23:59:59");
    let half = Closure { from_minute: 720, ..Closure::full_day(day("2026-08-13"), None, "") };
    let calendar = Calendar::taiwan().clone().with_closures([half]);
    let found = reckon(&[month], at("2026-07-13 09:00"), &Pauses::default(), Place::of(&calendar));
    assert_eq!(found.map(|end| shown(end.due)), Ok("2026-08-13 23:59:59".to_owned()));
}

#[test]
fn a_saturday_moves_to_monday_even_past_a_worked_sunday() {
    let worked = "西元日期,星期,是否放假,備註\n20260628,日,0,補行上班\n";
    let calendar = Calendar::taiwan().clone().revised_by(&Calendar::read(worked.as_bytes(), "c.csv").0);
    let week = Term::new(PeriodRule::Apa48, 1, Some(Unit::Week)).expect("a week");
    let found = reckon(&[week], at("2026-06-20 10:00"), &Pauses::default(), Place::of(&calendar));
    assert_eq!(found.map(|end| shown(end.due)), Ok("2026-06-29 12:00:00".to_owned()));
}

#[test]
fn hours_run_at_once_and_nothing_moves_them() {
    for rule in [PeriodRule::Elapsed, PeriodRule::Apa48] {
        let hours = Term::new(rule, 72, Some(Unit::Hour)).expect("hours");
        assert_eq!(end(hours, "2026-01-30 23:50", &[], &["2026-02-02"]), "2026-02-02 23:50:00");
    }
    // No calendar is needed where none is asked.
    assert_eq!(end(term(PeriodRule::Elapsed, 1), "2030-01-01 00:00", &[], &[]), "2030-01-01 01:00:00");
    assert_eq!(end(term(PeriodRule::Days, 7), "2030-01-01 10:00", &[], &[]), "2030-01-08 23:59:59");
}

#[test]
fn working_days_and_hours_leave_days_off_out() {
    assert_eq!(end(term(PeriodRule::Workdays, 1), "2026-02-13 23:00", &[], &[]), "2026-02-23 23:59:59");
    assert_eq!(end(term(PeriodRule::Workdays, 10), "2026-02-13 08:00", &[], &[]), "2026-03-09 23:59:59");
    assert_eq!(
        end(term(PeriodRule::Workdays, 1), "2026-08-13 08:00", &[], &["2026-08-14"]),
        "2026-08-17 23:59:59"
    );
    let hours = |n| term(PeriodRule::Workhours, n);
    assert_eq!(end(hours(8), "2026-03-02 10:00", &[], &[]), "2026-03-02 18:00:00");
    assert_eq!(end(hours(8), "2026-03-02 10:00:01", &[], &[]), "2026-03-03 09:00:01");
    assert_eq!(end(hours(9), "2026-03-06 08:00", &[], &[]), "2026-03-06 18:00:00");
    assert_eq!(end(hours(1), "2026-03-06 18:00", &[], &[]), "2026-03-09 10:00:00");
    assert_eq!(end(hours(1), "2026-03-06 17:30", &[], &["2026-03-09"]), "2026-03-10 09:30:00");
    assert_eq!(
        end(term(PeriodRule::CalendarMonthEnd, 1), "2026-01-15 10:00", &[], &[]),
        "2026-02-28 23:59:59"
    );
    assert_eq!(
        end(term(PeriodRule::CalendarMonthEnd, 1), "2025-12-31 10:00", &[], &[]),
        "2026-01-31 23:59:59"
    );
}

#[test]
fn a_pause_counts_in_the_unit_of_the_period() {
    // Two hours of one night: two hours round the clock, nothing of working hours or days.
    let night = [pause("2026-03-02 20:00", "2026-03-02 22:00")];
    assert_eq!(end(term(PeriodRule::Elapsed, 24), "2026-03-02 10:00", &night, &[]), "2026-03-03 12:00:00");
    assert_eq!(end(term(PeriodRule::Workhours, 12), "2026-03-02 10:00", &night, &[]), "2026-03-03 13:00:00");
    assert_eq!(end(term(PeriodRule::Workdays, 3), "2026-03-02 10:00", &night, &[]), "2026-03-05 23:59:59");
    // Friday noon to Monday noon: six working hours of Friday and three of Monday; one working day; three days.
    let weekend = [pause("2026-03-06 12:00", "2026-03-09 12:00")];
    assert_eq!(end(term(PeriodRule::Workhours, 8), "2026-03-06 09:00", &weekend, &[]), "2026-03-09 17:00:00");
    assert_eq!(end(term(PeriodRule::Workdays, 3), "2026-03-05 09:00", &weekend, &[]), "2026-03-11 23:59:59");
    assert_eq!(end(term(PeriodRule::Days, 7), "2026-03-05 09:00", &weekend, &[]), "2026-03-15 23:59:59");
    assert_eq!(end(term(PeriodRule::Apa48, 1), "2026-03-05 09:00", &weekend, &[]), "2026-04-08 23:59:59");
    // A pause that begins on the Sunday after the last day, a Saturday, is not passed over.
    let sunday = [pause("2026-06-28 00:00", "2026-06-30 00:00")];
    let week = Term::new(PeriodRule::Apa48, 7, Some(Unit::Day)).expect("seven days");
    assert_eq!(end(week, "2026-06-20 00:00", &sunday, &[]), "2026-06-30 23:59:59");
    // Overlapping pauses are one; a pause after the end is none; one before the start counts from the start.
    let twice =
        [pause("2026-03-02 12:00", "2026-03-02 14:00"), pause("2026-03-02 13:00", "2026-03-02 15:00")];
    assert_eq!(end(term(PeriodRule::Elapsed, 4), "2026-03-02 10:00", &twice, &[]), "2026-03-02 17:00:00");
    let late = [pause("2026-03-02 14:00", "2026-03-03 14:00")];
    assert_eq!(end(term(PeriodRule::Elapsed, 4), "2026-03-02 10:00", &late, &[]), "2026-03-02 14:00:00");
    let early = [pause("2026-03-02 08:00", "2026-03-02 11:00")];
    assert_eq!(end(term(PeriodRule::Elapsed, 4), "2026-03-02 10:00", &early, &[]), "2026-03-02 15:00:00");
    let open = [Pause { from: at("2026-03-02 12:00"), until: None }];
    for rule in PeriodRule::ALL {
        assert_eq!(end(term(*rule, 5), "2026-03-02 10:00", &open, &[]), "Paused", "{rule}");
    }
}

#[test]
fn a_pause_on_the_first_day_uses_nothing_up() {
    // The first day is left out; paused on it until Wednesday and again until Saturday, nothing is used yet.
    let pauses = Pauses::new(&[
        pause("2024-04-08 01:18", "2024-04-10 00:00"),
        pause("2024-04-10 05:43", "2024-04-13 00:00"),
    ]);
    let (start, now, place) = (at("2024-04-08 01:18"), at("2024-04-13 00:00"), Place::of(Calendar::taiwan()));
    let due = reckon(&[term(PeriodRule::Workdays, 1)], start, &pauses, place).expect("an end").due;
    assert_eq!(shown(due), "2024-04-16 23:59:59");
    assert_eq!(consumed(Measure::Workdays, start, now, &pauses, place), Ok(0));
    assert_eq!(remaining(Measure::Workdays, start, now, due, &pauses, place), Ok(1));
}

#[test]
fn a_year_without_a_calendar_is_never_guessed() {
    // The last day of 2027 is off, and what comes after it is not known.
    assert_eq!(months(1, "2027-11-30 10:00"), "no calendar for 民國117年");
    assert_eq!(months(1, "2028-01-31 10:00"), "no calendar for 民國117年");
    assert_eq!(end(term(PeriodRule::Workdays, 1), "2022-12-29 10:00", &[], &[]), "no calendar for 民國111年");
    assert_eq!(
        end(term(PeriodRule::Workhours, 9), "2027-12-30 10:00", &[], &[]),
        "no calendar for 民國117年"
    );
}

fn told(term: Term, start: &str, pauses: &[Pause]) -> (String, String) {
    let (pauses, place) = (Pauses::new(pauses), Place::of(Calendar::taiwan()));
    let end = reckon(&[term], at(start), &pauses, place);
    let text = sentence(&[term], at(start), &pauses, place, &end);
    assert_eq!(bulwark_i18n::wrong_usage(&text.zh_tw), [""; 0]);
    (text.zh_tw, text.en)
}

#[test]
fn each_end_is_explained_in_one_sentence() {
    let (zh, en) = told(term(PeriodRule::Apa48, 1), "2026-01-31 10:00", &[]);
    assert_eq!(
        zh,
        "自 115-01-31 10:00 的次日起算 1 個月，末日 115-02-28（星期六，和平紀念日）不上班且遇星期六，順延至次一上班日的中午，於 115-03-02（星期一）12:00 屆滿（行政程序法第 48 條）。"
    );
    assert_eq!(
        en,
        "1 month from the day after 2026-01-31 10:00, whose last day 2026-02-28 (Saturday, 和平紀念日) is not worked and meets a Saturday, so it moves to noon of the next working day, ends on Monday 2026-03-02 12:00 (Administrative Procedure Act §48)."
    );
    let (zh, _) = told(
        term(PeriodRule::Workhours, 8),
        "2026-03-06 09:00",
        &[pause("2026-03-06 12:00", "2026-03-09 12:30")],
    );
    assert_eq!(
        zh,
        "自 115-03-06 09:00 起計算 8 個工作小時，只計上班日 09:00 至 18:00，扣除暫停的 9 個工作小時 30 分鐘，於 115-03-09（星期一）17:30 屆滿。"
    );
    let (zh, _) = told(term(PeriodRule::Apa48, 1), "2024-01-30 08:00", &[]);
    assert!(zh.contains("沒有相當日，以月底 113-02-29 為末日"), "{zh}");
    let (zh, _) = told(term(PeriodRule::Workdays, 1), "2027-02-01 08:00", &[]);
    assert!(zh.contains("推算，未見公告"), "{zh}");
    let (zh, en) = told(term(PeriodRule::Apa48, 1), "2027-11-30 08:00", &[]);
    assert!(zh.ends_with("但還沒有民國 117 年（2028 年）的行事曆，屆滿時間待定。"), "{zh}");
    assert!(en.ends_with("so the end is pending."), "{en}");
    for rule in PeriodRule::ALL {
        let (zh, en) = told(term(*rule, 2), "2026-03-02 10:00", &[]);
        assert!(zh.matches('。').count() == 1 && zh.ends_with('。') && !zh.contains('{'), "{zh}");
        assert!(en.ends_with('.') && !en.contains('{'), "{en}");
    }
}

#[test]
fn times_are_read_as_people_type_them() {
    let wanted = at("2026-01-31 10:30");
    for text in [
        "115/1/31 10:30",
        "115.01.31 10:30",
        "115-1-31 10:30:00",
        "1150131 10:30",
        "１１５／１／３１　１０：３０",
        "民國115年1月31日 10:30",
        "民國 115 年 1 月 31 日上午 10 時 30 分",
        "115年1月31日10點30分",
        "2026-01-31T10:30:00+08:00",
        "2026-01-31T10:30",
        "2026-01-31t02:30:00Z",
        "2026-01-31 11:30:00.75+0900",
        "2026-01-30T21:30:00-05:00",
        "西元2026年1月31日 10:30",
        " 115/1/31 10:30 ",
    ] {
        let found = parse_moment(text).unwrap_or_else(|note| panic!("{text}: {note:?}"));
        assert_eq!((found.at, found.date_only), (wanted, false), "{text}");
    }
    let only = parse_moment("115/2/3").expect("a date");
    assert_eq!((only.at, only.date_only), (at("2026-02-03 00:00"), true));
    assert_eq!(parse_moment("115/1/31 下午3時").map(|m| m.at), Ok(at("2026-01-31 15:00")));
    assert_eq!(parse_moment("115/1/31 中午12時").map(|m| m.at), Ok(at("2026-01-31 12:00")));
    assert_eq!(parse_moment("115/1/31 凌晨12:05").map(|m| m.at), Ok(at("2026-01-31 00:05")));
    assert_eq!(parse_moment("115/1/31 24:00").map(|m| m.at), Ok(at("2026-02-01 00:00")));
    assert_eq!(parse_date("１１３年２月２９日"), Ok(day("2024-02-29")));
}

#[test]
fn what_is_no_time_is_said_exactly() {
    let wrong = parse_date("115/2/29").expect_err("115 is no leap year");
    assert_eq!(
        (wrong.code.as_str(), wrong.what.zh_tw.as_str()),
        ("BW-CLOCK-002", "民國115年(2026年)2月沒有29日")
    );
    assert_eq!(
        parse_moment("１１５／２／２９　１０：００").expect_err("no such day").what.zh_tw,
        wrong.what.zh_tw
    );
    assert_eq!(parse_moment("2026-02-29T10:00:00+08:00").expect_err("no such day").code, "BW-CLOCK-002");
    for (text, code) in [
        ("", "BW-CLOCK-001"),
        ("明天", "BW-CLOCK-001"),
        ("115/2", "BW-CLOCK-001"),
        ("民國前5年1月1日", "BW-CLOCK-001"),
        ("115/13/1", "BW-CLOCK-002"),
        ("115/1/31 25:00", "BW-CLOCK-003"),
        ("115/1/31 24:01", "BW-CLOCK-003"),
        ("115/1/31 10:60", "BW-CLOCK-003"),
        ("115/1/31 10:00:60", "BW-CLOCK-003"),
        ("115/1/31 10:00+8", "BW-CLOCK-003"),
        ("115/1/31 上午13時", "BW-CLOCK-003"),
        ("115/1/31 10:00:00:00", "BW-CLOCK-003"),
        ("115/1/31 :30", "BW-CLOCK-001"),
        ("99999999999/1/1", "BW-CLOCK-001"),
    ] {
        let found = parse_moment(text).map(|m| m.at).expect_err(text);
        assert_eq!(found.code, code, "{text}: {found:?}");
    }
}

#[test]
fn a_pause_is_two_times() {
    let wanted = pause("2026-02-03 10:00", "2026-02-04 10:00");
    for text in [
        "2026-02-03T10:00:00+08:00/2026-02-04T10:00:00+08:00",
        "115/2/3 10:00/115/2/4 10:00",
        "115/2/3 10:00～115/2/4 10:00",
        "115年2月3日10時至115年2月4日10時",
    ] {
        assert_eq!(parse_pause(text), Ok(wanted), "{text}");
    }
    assert_eq!(parse_pause("115/2/3/115/2/4"), Ok(pause("2026-02-03 00:00", "2026-02-04 00:00")));
    for text in ["", "/", "115/2/3", "115/2/4/115/2/3", "115/2/3 10:00/115/2/3 10:00", "a/b"] {
        assert_eq!(parse_pause(text).expect_err(text).code, "BW-CLOCK-008", "{text}");
    }
}

#[test]
fn a_term_is_a_sensible_amount_of_a_unit_the_rule_counts() {
    let code = |rule, amount, unit| Term::new(rule, amount, unit).map_err(|note| note.code);
    assert!(code(PeriodRule::Apa48, 2, Some(Unit::Year)).is_ok());
    for (rule, amount, unit, wanted) in [
        (PeriodRule::Elapsed, 0, None, "BW-CLOCK-007"),
        (PeriodRule::Apa48, 2401, None, "BW-CLOCK-007"),
        (PeriodRule::Elapsed, 1, Some(Unit::Month), "BW-CLOCK-006"),
        (PeriodRule::Workdays, 1, Some(Unit::Hour), "BW-CLOCK-006"),
        (PeriodRule::CalendarMonthEnd, 1, Some(Unit::Day), "BW-CLOCK-006"),
    ] {
        assert_eq!(code(rule, amount, unit), Err(wanted.to_owned()), "{rule} {amount}");
    }
}
