//! `bulwark clock`: the end on the first line, the sentence on the second, and exit codes.

mod support;

use support::{bulwark, code, err, out};

/// Standard output, standard error and exit code of `bulwark clock …`.
fn clock(arguments: &[&str]) -> (String, String, i32) {
    let dir = tempfile::tempdir().expect("a folder");
    let all: Vec<&str> = std::iter::once("clock").chain(arguments.iter().copied()).collect();
    let output = bulwark(dir.path(), &all);
    (out(&output), err(&output), code(&output))
}

fn first(arguments: &[&str]) -> String {
    let (out, err, code) = clock(&[&["due"], arguments].concat());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert_eq!(out.lines().count(), 2, "{out}");
    out.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn due_prints_the_end_and_then_the_sentence() {
    let month = ["--rule", "apa48", "--amount", "1", "--start"];
    assert_eq!(first(&[&month[..], &["2026-01-31T10:00:00+08:00"]].concat()), "2026-03-02T12:00:00+08:00");
    assert_eq!(first(&[&month[..], &["１１５／１／３１　１０：００"]].concat()), "2026-03-02T12:00:00+08:00");
    for (rule, amount, more, wanted) in [
        ("elapsed", "36", &[][..], "2026-03-03T22:00:00+08:00"),
        ("elapsed", "１", &["--unit", "day"], "2026-03-03T10:00:00+08:00"),
        ("days", "7", &[], "2026-03-09T23:59:59+08:00"),
        ("workdays", "5", &[], "2026-03-09T23:59:59+08:00"),
        ("workdays", "5", &["--closure", "115/3/4"], "2026-03-10T23:59:59+08:00"),
        ("workhours_0900_1800", "8", &[], "2026-03-02T18:00:00+08:00"),
        ("calendar_month_end", "1", &[], "2026-04-30T23:59:59+08:00"),
        (
            "elapsed",
            "4",
            &[
                "--pause",
                "2026-03-02T11:00+08:00/2026-03-02T12:00+08:00",
                "--pause",
                "115/3/2 13:00/115/3/2 13:30",
            ],
            "2026-03-02T15:30:00+08:00",
        ),
    ] {
        let start = ["--rule", rule, "--amount", amount, "--start", "2026-03-02T10:00:00+08:00"];
        assert_eq!(first(&[&start[..], more].concat()), wanted, "{rule} {more:?}");
    }
}

#[test]
fn a_missing_year_is_pending_and_no_guess() {
    let (out, err, code) = clock(&["due", "--rule", "apa48", "--amount", "1", "--start", "116/11/30 10:00"]);
    assert_eq!((out.lines().next(), code), (Some("pending: no calendar for 民國117年"), 4));
    assert!(err.contains("BW-CLOCK-010"), "{err}");
}

#[test]
fn what_cannot_be_is_named_with_its_option() {
    for (option, value, wanted) in [
        ("--start", "115/2/29", "--start: [BW-CLOCK-002] 民國115年(2026年)2月沒有29日"),
        ("--start", "昨天", "--start: [BW-CLOCK-001]"),
        ("--amount", "0", "--amount: [BW-CLOCK-007]"),
        ("--amount", "兩", "兩"),
        ("--unit", "month", "--amount: [BW-CLOCK-006]"),
        ("--unit", "moon", "moon"),
        ("--pause", "115/3/1", "--pause: [BW-CLOCK-008]"),
        ("--closure", "115/13/1", "--closure: [BW-CLOCK-002]"),
        ("--rule", "elapse", "elapse"),
    ] {
        let mut options = vec![("--rule", "elapsed"), ("--amount", "1"), ("--start", "115/3/2 10:00")];
        options.retain(|(name, _)| *name != option);
        options.push((option, value));
        let flat: Vec<&str> = options.into_iter().flat_map(|(name, value)| [name, value]).collect();
        let (out, err, code) = clock(&[&["due"], &flat[..]].concat());
        assert_eq!((code, out.as_str()), (2, ""), "{flat:?}");
        assert!(err.contains(wanted), "{err}");
    }
    let (_, err, code) = clock(&["due", "--rule", "elapsed", "--amount", "1", "--start", "115/3/2"]);
    assert!(err.contains("BW-CLOCK-004") && code == 0, "{err}");
}

#[test]
fn the_table_of_a_version_has_all_its_rows() {
    let aware = ["table", "--rule-version", "tw-2021-08-23", "--aware", "2026-01-30T23:50:00+08:00"];
    let (out, _, code) = clock(&aware);
    assert_eq!(code, 0);
    assert!(out.contains("請注意：知悉當時施行的是 tw-2026-01-05"), "{out}");
    assert_eq!(
        out.lines().filter(|line| line.contains('§') || line.contains("default")).count(),
        21,
        "{out}"
    );
    assert!(out.contains("≤ 2026-03-02T23:59:59+08:00"), "{out}");
    let known = clock(
        &[&aware[..], &["--at", "contained_at=115/1/31 10:00", "--class", "gov", "--level", "3"]].concat(),
    )
    .0;
    assert!(known.contains("2026-03-02T12:00:00+08:00") && !known.contains("72 "), "{known}");
    assert_eq!(clock(&["table", "--rule-version", "tw-2030"]).2, 2);
    assert_eq!(clock(&[&aware[..], &["--at", "contaned_at=115/1/31"]].concat()).2, 2);
    assert!(clock(&["table"]).0.contains("policy-1"));
}

#[test]
fn explain_tells_a_limit_and_late_is_exit_1() {
    let contain = ["explain", "contain", "--class", "gov", "--level", "3", "--start", "115/1/31 10:00"];
    let (out, _, code) = clock(&contain);
    assert_eq!(code, 0);
    for part in ["tw-2026-01-05", "36 小時", "2026-02-01T22:00:00+08:00", "沿用舊規定", "115-02-01 20:00"]
    {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert_eq!(clock(&[&contain[..], &["--done", "115/2/1 22:00"]].concat()).2, 0);
    let (out, _, code) = clock(&[&contain[..], &["--done", "115/2/1 22:00:01"]].concat());
    assert_eq!(code, 1);
    assert!(out.contains("逾期後完成"), "{out}");
    let old = clock(&["explain", "contain", "--start", "114/12/31 10:00"]).0;
    assert!(old.contains("tw-2021-08-23") && old.matches("事件等級").count() == 4, "{old}");
    let (_, err, code) = clock(&["explain", "containt"]);
    assert!(code == 2 && err.contains("contain | "), "{err}");
}
