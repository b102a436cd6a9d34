use proptest::prelude::*;

use super::*;

const STDERR: &str = include_str!("real/stderr.log");
const CSV: &str = include_str!("real/server.csv");
const JSON: &str = include_str!("real/server.json");
const SYSLOG: &str = include_str!("real/syslog.log");

fn count(prefix: Option<&str>, text: &str) -> PgLog {
    let mut counter = Counter::new(prefix, Some(1_795_579_200));
    for (n, line) in text.lines().enumerate() {
        counter.line(n as u64 + 1, line);
    }
    counter.finish()
}

#[test]
fn an_empty_log_is_no_trouble() {
    assert_eq!(count(None, ""), PgLog { format: "stderr".into(), ..PgLog::default() });
}

/// One PostgreSQL 15 wrote the same entries in all four forms.
#[test]
fn four_forms_of_one_log_give_the_same_counts() {
    let csv = count(None, CSV);
    assert_eq!((csv.format.as_str(), csv.bad_lines, csv.other_lines), ("csvlog", 0, 0));
    let plain = |log: PgLog| PgLog { format: String::new(), prefix: String::new(), lines: 0, ..log };
    let json = count(None, JSON);
    assert_eq!(json.format, "jsonlog");
    assert_eq!(plain(json), plain(csv.clone()));

    for prefix in [None, Some("%m [%p] %q%u@%d ")] {
        let stderr = count(prefix, STDERR);
        assert_eq!(stderr.format, "stderr");
        assert_eq!(stderr.prefix, prefix.unwrap_or("%m [%p] %u@%d "));
        // The only difference: stderr does not say that an exception was raised by a program.
        let errors: Vec<(String, u64)> = stderr
            .errors
            .iter()
            .map(|(text, n)| (if text == "… ?" { "P0001 raise_exception" } else { text }.to_owned(), *n))
            .collect();
        let mut sorted = (errors, csv.errors.clone());
        sorted.0.sort();
        sorted.1.sort();
        // Both name the place in the statement only here.
        let without = |e: &[(String, u64)]| -> Vec<(String, u64)> {
            e.iter().map(|(t, n)| (t.replace(" at character ?", ""), *n)).collect()
        };
        assert_eq!(without(&sorted.0), without(&sorted.1));
        assert_eq!(plain(PgLog { errors: vec![], ..stderr }), plain(PgLog { errors: vec![], ..csv.clone() }));
    }

    let syslog = count(None, SYSLOG);
    assert_eq!((syslog.format.as_str(), syslog.bad_lines), ("syslog", 0));
    assert!(syslog.other_lines > 0, "lines of another program");
    assert_eq!(syslog.kinds, csv.kinds);
    assert_eq!(syslog.slow_statements, csv.slow_statements);
    // Before the collector took over.
    assert_eq!(syslog.levels["LOG"], csv.levels["LOG"] + 1);
    assert_eq!(syslog.levels["ERROR"], csv.levels["ERROR"]);
}

#[test]
fn kinds_are_told_apart() {
    let log = count(None, CSV);
    let kinds = |name: &str| log.kinds.get(name).copied().unwrap_or(0);
    assert_eq!((kinds("deadlock"), kinds("lock_wait"), kinds("temp_file")), (1, 1, 2));
    assert_eq!((kinds("cancel"), kinds("login_refused"), kinds("connection")), (1, 1, 3));
    assert_eq!((log.temp_bytes, log.temp_max_bytes), (821_408, 420_000));
    assert!(log.lock_wait_max_ms > 200.0);
    assert_eq!((log.levels["ERROR"], log.levels["FATAL"], log.levels["WARNING"]), (6, 1, 1));
}

#[test]
fn nothing_personal_is_kept() {
    for text in [STDERR, CSV, JSON, SYSLOG] {
        let kept = serde_json::to_string(&count(None, text)).expect("evidence");
        for secret in ["王小明", "陳大文", "A123456789", "查無此人"] {
            assert!(text.contains(secret) && !kept.contains(secret), "{secret}: {kept}");
        }
    }
}

#[test]
fn lines_that_belong_to_nothing_are_counted_with_their_numbers() {
    let text =
        "\tthe end of an earlier file\nDETAIL:  of it\n2026-11-25 04:00:00 UTC [1] LOG:  x\n\tmore\nplain\n";
    let log = count(None, text);
    assert_eq!((log.entries, log.bad_lines, log.bad_at), (1, 2, vec![1, 2]));
    let log = count(None, &format!("{JSON}{{\"broken\": \n{{\"a\":1}}\n"));
    assert_eq!((log.bad_lines, log.entries), (2, 47));
    // A mark that never closes: the record and what follows it are bad, the rest is read.
    let mut lines: Vec<&str> = CSV.lines().collect();
    let broken = lines[5].replacen('"', "", 1);
    lines[5] = &broken;
    let log = count(None, &lines.join("\n"));
    assert!(log.bad_lines > 0 && log.bad_at[0] >= 6, "{:?}", log.bad_at);
    assert_eq!(log.lines, lines.len() as u64);
}

#[test]
fn a_year_is_found_for_syslog() {
    // Written on 2026-11-25; a line of December is last year's.
    let log = count(
        None,
        "Dec 31 23:59:59 db1 postgres[7]: [1-1] LOG:  x\nNov 25 00:00:00 db1 postgres[7]: [2-1] LOG:  y\n",
    );
    let at = |ms: Option<i64>| {
        jiff::Timestamp::from_millisecond(ms.expect("a time")).expect("in range").to_string()
    };
    assert_eq!(at(log.first_ms), "2025-12-31T15:59:59Z");
    assert_eq!(at(log.last_ms), "2026-11-24T16:00:00Z");
}

#[test]
fn tables_stay_small() {
    let mut counter = Counter::new(None, None);
    for n in 0..12_000_u64 {
        let name: String = format!("{n:b}").chars().map(|c| if c == '0' { 'a' } else { 'b' }).collect();
        let ms = if n % 7 == 0 { "9000" } else { "1" };
        let text = format!(
            "2026-11-25 04:00:00 UTC [1] LOG:  duration: {ms}.000 ms  statement: select 1 from {name}"
        );
        counter.line(n + 1, &text);
        counter
            .line(n + 1, "2026-11-25 04:00:00 UTC [1] LOG:  duration: 5.0 ms  statement: select 2 from busy");
    }
    let log = counter.finish();
    assert!(log.pruned);
    assert_eq!((log.kinds["duration"], log.slow_statements.len()), (24_000, 20));
    assert_eq!(log.slow_statements[0].0, "select ? from busy");
}

proptest! {
    #[test]
    fn no_text_makes_it_fall(text in "(\\PC|\n|\t){0,400}", prefix in proptest::option::of("\\PC{0,20}")) {
        let log = count(prefix.as_deref(), &text);
        prop_assert_eq!(log.lines, text.lines().count() as u64);
    }

    /// Real lines, cut, doubled, mixed and with bytes changed.
    #[test]
    fn no_mutation_makes_it_fall(
        form in 0_usize..4,
        cuts in proptest::collection::vec((0_usize..20_000, 0_u8..=255), 0..40),
        prefix in proptest::option::of("[%a-z0-9 \\[\\]@-]{0,20}"),
    ) {
        let text = [STDERR, CSV, JSON, SYSLOG][form];
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in cuts {
            let at = at % bytes.len();
            match byte % 4 {
                0 => bytes[at] = byte,
                1 => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                _ => bytes.insert(at, b'"'),
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let log = count(prefix.as_deref(), &text);
        prop_assert_eq!(log.lines, text.lines().count() as u64);
        prop_assert!(log.bad_at.len() <= 10 && log.slow_statements.len() <= 20);
    }

    /// Whatever stands in a string never comes out.
    #[test]
    fn strings_never_come_out(value in "[a-z' \\\\\"$-]{0,20}zzsecretzz[a-z' \\\\\"$-]{0,20}") {
        let quoted = value.replace('\'', "''");
        let statement = format!("select * from t where a = '{quoted}' and b = 1");
        prop_assert!(!statement::normalised(&statement).contains("zzsecretzz"));
        let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
        let statement = format!("select E'{escaped}'");
        prop_assert!(!statement::normalised(&statement).contains("zzsecretzz"));
        let message = format!("invalid input: \"{}\"", value.replace('"', ""));
        prop_assert!(!statement::message(&message).contains("zzsecretzz"));
    }
}
