//! Every row of the tables, one line of counts a file; `cargo xtask conformance cases` reads them.

#![expect(clippy::print_stdout, reason = "the counts are what the conformance task reads")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use bulwark_clock::{
    Calendar, Law, OrgClass, Pauses, Place, Point, RuleTable, WarningTable, courses, reckon, texts,
};
use bulwark_i18n::wrong_usage;
use bulwark_testkit::{shared_data, workspace_root};
use support::{at, by_hand, shown};

const FILES: [&str; 4] =
    ["deadlines.csv", "calendar_tw_2023_2027.csv", "calendar_closure_sample.csv", "warning_points.csv"];

fn own(name: &str) -> String {
    std::fs::read_to_string(workspace_root().join("data/clock").join(name)).expect("a table of the product")
}

fn count(name: &str, faults: &[String], total: usize) {
    println!("{name}: {}/{total}", total - faults.len());
    assert!(faults.is_empty() && total > 0, "{name}:\n{}", faults.join("\n"));
}

#[test]
fn every_shared_row_is_still_there_unchanged() {
    let Some(folder) = shared_data("incident-grc") else { return };
    for name in FILES {
        let ours = own(name);
        let theirs = std::fs::read_to_string(Path::new(&folder).join(name)).expect("a shared table");
        let kept: BTreeSet<&str> = ours.lines().collect();
        let lost: Vec<String> =
            theirs.lines().filter(|line| !kept.contains(line)).map(str::to_owned).collect();
        assert_eq!(ours.lines().next(), theirs.lines().next(), "the columns of {name}");
        count(&format!("shared rows of {name}"), &lost, theirs.lines().count());
    }
}

#[test]
fn every_deadline_ends_where_the_law_says() {
    assert_eq!(RuleTable::embedded_faults(), []);
    let (text, calendar) = (own("deadlines.csv"), Calendar::taiwan());
    let rows: Vec<&str> = text.lines().skip(1).collect();
    let rules: Vec<_> = RuleTable::embedded().iter().collect();
    assert_eq!(rules.len(), rows.len());
    let starts = ["2026-01-30 23:50", "2024-02-29 00:00", "2025-10-03 17:59:59", "2026-02-13 12:00"];
    let mut faults = Vec::new();
    for (row, rule) in rows.iter().zip(rules) {
        let written =
            format!("{},{},{},{},", rule.version, rule.effective_from, rule.clock_id, rule.org_class);
        let events = format!(",{},{},{},", rule.owner, rule.start_event, rule.stop_event);
        let length = format!(",{},{},{},", rule.term.amount(), rule.term.unit(), rule.term.rule());
        let pausable = if rule.pausable { ",yes," } else { ",no," };
        let read = row.starts_with(&written) && row.contains(&events) && row.contains(&length);
        if !read || !row.contains(pausable) || !row.ends_with(rule.certainty.code()) {
            faults.push(format!("read as {rule:?}: {row}"));
            continue;
        }
        let wrong = starts.iter().find_map(|start| {
            let found = reckon(&[rule.term], at(start), &Pauses::default(), Place::of(calendar)).ok()?.due;
            let wanted = by_hand(rule.term, at(start), calendar, &[])?;
            (found != wanted).then(|| format!("{row}: {start} {} {}", shown(found), shown(wanted)))
        });
        faults.extend(wrong);
    }
    count("deadlines.csv", &faults, rows.len());
}

#[test]
fn every_question_of_a_case_has_one_row() {
    let table = RuleTable::embedded();
    for (version, _) in table.versions() {
        for rule in table.of_version(version).expect("a version of the table") {
            let (min, max) = rule.levels.unwrap_or((1, 4));
            for level in min..=max {
                let class = if rule.org_class == OrgClass::Any { OrgClass::Gov } else { rule.org_class };
                assert_eq!(table.find(version, &rule.clock_id, class, Some(level)), Ok(rule));
            }
        }
    }
    let none = table.find("tw-2026-01-05", "contain", OrgClass::Gov, None).expect_err("two rows by level");
    assert_eq!(none.code, "BW-CLOCK-023");
    assert_eq!(table.of_version("tw-2030").expect_err("no such version").code, "BW-CLOCK-022");
    let day = |text: &str| text.parse().expect("a date");
    assert_eq!(table.version_in_force("contain", day("2026-01-04")), Some("tw-2021-08-23"));
    assert_eq!(table.version_in_force("contain", day("2026-01-05")), Some("tw-2026-01-05"));
    assert_eq!(table.version_in_force("contain", day("2021-08-22")), None);
}

#[test]
fn every_day_of_the_calendar_is_what_its_row_says() {
    let (text, calendar) = (own("calendar_tw_2023_2027.csv"), Calendar::taiwan());
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let faults = rows.iter().filter_map(|row| {
        let day = calendar.day(row[0].parse().ok()?)?;
        let works = calendar.works(day.date, None) == Ok(row[3] == "1");
        let same = day.kind.code() == row[4] && day.name == row[5] && day.source == row[6];
        let sure = day.certainty.is_sure() == row[6].starts_with("official");
        (!(works && same && sure && day.weekday().zh_tw.ends_with(row[2]))).then(|| row.join(","))
    });
    count("calendar_tw_2023_2027.csv", &faults.collect::<Vec<_>>(), rows.len());
    assert_eq!(calendar.days().count(), rows.len());
    assert_eq!(calendar.years(), [2023, 2024, 2025, 2026, 2027]);
}

#[test]
fn every_closure_is_read_and_only_whole_days_count() {
    let text = own("calendar_closure_sample.csv");
    let (closures, notes) = Calendar::read_closures(text.as_bytes(), "calendar_closure_sample.csv");
    assert_eq!(notes, []);
    let calendar = Calendar::taiwan().clone().with_closures(closures.clone());
    let faults = text.lines().skip(1).filter_map(|line| {
        let row: Vec<&str> = line.split(',').collect();
        let date = row[0].parse().ok()?;
        let works = calendar.works(date, Some(row[1])).ok()?;
        let whole = row[3] == "00:00" && row[4] == "24:00";
        let plain = Calendar::taiwan().works(date, None).ok()?;
        (works != (plain && !whole)).then(|| line.to_owned())
    });
    let faults: Vec<String> = faults.collect();
    assert_eq!(closures.len(), text.lines().count() - 1);
    count("calendar_closure_sample.csv", &faults, closures.len());
    // In another county, and for who names none, the day is worked.
    assert_eq!(calendar.works("2026-08-14".parse().expect("a date"), Some("高雄市")), Ok(true));
    assert_eq!(calendar.works("2026-08-14".parse().expect("a date"), None), Ok(true));
    assert_eq!(calendar.works("2026-08-14".parse().expect("a date"), Some("台北市")), Ok(false));
}

#[test]
fn every_row_of_warnings_is_read() {
    assert_eq!(WarningTable::embedded_faults(), []);
    let (text, rows) = (own("warning_points.csv"), WarningTable::embedded().rows());
    let (hour, minute) = (3600, 60);
    let wanted: [Vec<Point>; 3] = [
        vec![
            Point::Elapsed(50),
            Point::Elapsed(75),
            Point::Breach,
            Point::After(hour),
            Point::Every(5 * hour, 4 * hour),
        ],
        vec![
            Point::Elapsed(50),
            Point::Elapsed(80),
            Point::Before(2 * hour),
            Point::Breach,
            Point::Every(24 * hour, 24 * hour),
        ],
        vec![
            Point::DaysBefore(10),
            Point::DaysBefore(3),
            Point::WorkdaysBefore(1, 9 * minute),
            Point::OnTheDay(9 * minute),
            Point::Breach,
            Point::Every(7 * 24 * hour, 7 * 24 * hour),
        ],
    ];
    assert_eq!(rows.len(), text.lines().count() - 1);
    let told = |notify: &[bulwark_clock::Audience]| notify.len();
    let faults = rows.iter().zip(&wanted).filter_map(|(row, wanted)| {
        let points: Vec<Point> = row.points().map(|(point, _)| point).collect();
        let groups: Vec<usize> = row.points().map(|(_, notify)| told(notify)).collect();
        let growing = groups.first() == Some(&1) && groups.last() == Some(&4) && groups.is_sorted();
        (points != *wanted || !growing).then(|| format!("{points:?} {groups:?}"))
    });
    count("warning_points.csv", &faults.collect::<Vec<_>>(), rows.len());
}

#[test]
fn rows_that_cannot_be_read_are_named_with_their_line() {
    let header = own("deadlines.csv").lines().next().expect("a header").to_owned();
    let row = |fields: &str| format!("{header}\n{fields}\n");
    let good = "v,2026-01-01,c,gov,1,4,reporter,a,b,1,hour,elapsed,,,no,§1,verified";
    assert_eq!(RuleTable::read(&row(good), "t").1, []);
    for (from, to) in [
        ("gov", "gouv"),
        ("1,4", "4,1"),
        ("reporter", "repoter"),
        ("1,hour", "0,hour"),
        ("hour", "workhour"),
        ("elapsed", "apa"),
        (",no,", ",maybe,"),
        ("verified", "sure"),
        ("2026-01-01", "115/1/1"),
        (",,no", "king,,no"),
        (",,no", ",a lot,no"),
        (",a,b,", ",,b,"),
        (",§1", ""),
    ] {
        let bad = good.replacen(from, to, 1);
        let (table, notes) = RuleTable::read(&row(&bad), "t");
        assert_eq!((table.iter().count(), notes.len()), (0, 1), "{bad}");
        assert_eq!(
            (notes[0].code.as_str(), notes[0].location.to_string().as_str()),
            ("BW-CLOCK-020", "t:2:1")
        );
    }
    let twice = RuleTable::read(&row(&format!("{good}\n{}", good.replace("1,4", "2,2"))), "t").1;
    assert_eq!(twice.iter().map(|note| note.code.as_str()).collect::<Vec<_>>(), ["BW-CLOCK-021"]);
    assert_eq!(RuleTable::read("a,b", "t").1[0].code, "BW-CLOCK-016");
    for bad in
        ["elapsed 0%", "T-2", "T-0 days", "T-1 workday 24:00", "breach +1 h", "due day", "never", "T-x h"]
    {
        let text = format!("clock_unit,total_at_least_min,warn_at,notify\nhour,60,{bad},owner; owner; owner");
        assert_eq!(WarningTable::read(&text, "w").1.len(), 1, "{bad}");
    }
}

#[test]
fn the_sentences_are_good_chinese_and_none_is_missing() {
    let wrong: Vec<String> = texts()
        .iter()
        .flat_map(|(key, text)| {
            wrong_usage(&text.zh_tw).into_iter().map(move |wrong| format!("{key}: {wrong}"))
        })
        .collect();
    assert_eq!(wrong, [""; 0]);
    assert_eq!(Law::embedded().rules.iter().count(), RuleTable::embedded().iter().count());
    for rule in bulwark_clock::PeriodRule::ALL {
        assert_ne!(rule.label().zh_tw, format!("period_rule.{rule}"));
    }
    for state in bulwark_clock::State::ALL {
        assert_ne!(state.label().en, format!("state.{state}"));
    }
}

#[test]
fn everything_in_the_rows_has_a_name_for_people() {
    let rules = RuleTable::embedded();
    let named = |label: bulwark_model::Text, code: &str| label.zh_tw != code && label.en != code;
    for rule in rules.iter() {
        assert!(named(rule.label(), &rule.clock_id), "{}", rule.clock_id);
        assert!(named(rule.start_label(), &rule.start_event), "{}", rule.start_event);
        assert!(named(rule.stop_label(), &rule.stop_event), "{}", rule.stop_event);
    }
    let used = |list: &str, code: &str| match list {
        "clock" => rules.iter().any(|rule| rule.clock_id == code),
        _ => rules.iter().any(|rule| rule.start_event == code || rule.stop_event == code),
    };
    let idle: Vec<&str> = texts()
        .keys()
        .filter(|key| {
            key.split_once('.')
                .is_some_and(|(list, code)| matches!(list, "clock" | "event") && !used(list, code))
        })
        .collect();
    assert_eq!(idle, [""; 0], "names of nothing");
}

#[test]
fn a_version_is_laid_out_from_awareness() {
    let law = Law::embedded();
    let rules = law.rules.of_version("tw-2021-08-23").expect("a version");
    let events = [("aware_at".to_owned(), at("2026-01-30 23:50"))].into();
    let found = courses(&rules, &events, law);
    let row = |id: &str, level: u8| {
        let course =
            found.iter().find(|c| c.rule.clock_id == id && c.rule.is_for(OrgClass::Gov, Some(level)));
        let course = course.expect("a row");
        (course.latest, course.end.map(|end| shown(end.expect("an end").due)))
    };
    let end = |latest, time: &str| (latest, Some(time.to_owned()));
    assert_eq!(row("report", 1), end(false, "2026-01-31 00:50:00"));
    assert_eq!(row("review", 1), end(true, "2026-01-31 08:50:00"));
    assert_eq!(row("review", 3), end(true, "2026-01-31 02:50:00"));
    assert_eq!(row("review_notify", 1), end(true, "2026-01-31 09:50:00"));
    assert_eq!(row("contain", 2), end(false, "2026-02-02 23:50:00"));
    assert_eq!(row("contain", 4), end(false, "2026-02-01 11:50:00"));
    assert_eq!(row("improve_report", 1), end(true, "2026-03-02 23:59:59"));
    assert_eq!(row("rereport", 1), (false, None), "nothing says when a level changes");
    let events = [("reported_at".to_owned(), at("2026-01-31 00:10"))].into();
    let found = courses(&rules, &events, law);
    let review = found.iter().find(|course| course.rule.clock_id == "review").expect("a row");
    assert_eq!((review.latest, review.start), (false, Some(at("2026-01-31 00:10"))));
}
