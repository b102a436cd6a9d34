//! Counts of PostgreSQL server logs against those of pgBadger on the same files.
//!
//! The golden numbers are pgBadger 12.0's (`pgbadger -x json`), with the prefix given for
//! `postgresql_param_range.log` (`%t [%p]: [%l-1] [%x] usr=%u,db=%d,appli=%a `). That version does
//! not read the JSON lines of CloudNativePG, so for `cnpg.log.gz` it was given the same records
//! written as stderr lines (`%m [%p]: user=%u,db=%d `), which changes the number of lines only.
//! Its "sessions" leave out the three disconnections of replication, which name no database. Of
//! `postgresql_param_range.log` statements are not compared one by one: pgBadger keeps part of the
//! dates it puts in for the parameters and so takes one statement for three.

use std::collections::BTreeMap;

use bulwark_probe::evidence::PgLog;
use bulwark_probe::log::io;
use bulwark_testkit::shared_data;

/// Counts by name; durations in thousandths of a millisecond.
type Counts = BTreeMap<String, u64>;

const GOLDEN: &[(&str, &str)] = &[
    (
        "light.postgres.log.bz2",
        "lines=630 LOG=630 queries=629 execute_us=8654840 first=2017-09-06T08:40:10Z last=2017-09-06T09:01:28Z
         distinct=7 top1=99/6137974/470688 top2=105/2198706/189832 top3=87/233619/8472",
    ),
    (
        "multiline_param.log",
        "lines=16 LOG=8 queries=5 execute_us=125517 parse_us=1163 bind_us=845 distinct=4
         first=2021-12-03T07:14:48Z last=2021-12-03T07:14:48Z
         top1=1/124928/124928 top2=2/346/215 top3=1/211/211",
    ),
    (
        "pg_vacuums.log.gz",
        "lines=32405 LOG=3544 autovacuum=2094 autoanalyze=1450 first=2024-06-26T22:00:07Z last=2024-06-27T00:59:51Z",
    ),
    (
        "postgresql_param_range.log",
        "lines=6 LOG=3 queries=3 execute_us=1659415 first=2023-03-07T08:05:37Z last=2023-03-07T08:07:12Z",
    ),
    (
        "queryid.log.gz",
        "lines=63 LOG=25 ERROR=3 queries=20 execute_us=13595422 temp_file=3 temp_bytes=170382 temp_max=72903
         lock_acquired=1 lock_max_us=13555814 distinct=14 first=2022-02-17T14:45:10Z last=2022-02-17T16:29:38Z
         top1=1/13556339/13556339 top2=1/25450/25450 top3=2/3665/1907",
    ),
    (
        "stmt_type.log",
        "lines=12 LOG=12 queries=12 execute_us=37444 distinct=12 first=2019-10-21T09:03:31Z last=2019-10-21T09:03:51Z
         top1=1/9109/9109 top2=1/7378/7378 top3=1/7209/7209",
    ),
    (
        "tempfile_only.log.gz",
        "lines=188 LOG=171 queries=65 execute_us=734441464 temp_file=5 temp_bytes=84803584 temp_max=18071552
         autovacuum=4 autoanalyze=17 checkpoint_by_time=39 checkpoint_starting=39 distinct=10
         first=2014-04-01T09:13:21Z last=2014-04-01T12:30:00Z
         top1=28/314181819/11413315 top2=24/269411661/11420585 top3=5/56139585/11241979",
    ),
    (
        "cnpg.log.gz",
        "LOG=1970 ERROR=4 FATAL=1 queries=400 execute_us=2370850 temp_file=1 temp_bytes=180958 temp_max=180958
         autovacuum=3 autoanalyze=11 checkpoint_by_time=1 checkpoint_starting=2 connection=386 disconnection=385
         first=2022-11-27T18:48:18Z last=2022-11-27T18:58:02Z
         top1=49/740335/70730 top2=9/539734/202728 top3=49/345011/30690",
    ),
];

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "durations of test data")]
fn us(ms: f64) -> u64 {
    (ms * 1000.0).round() as u64
}

/// What is not in the golden line was not counted by either.
fn counts(log: &PgLog) -> BTreeMap<String, String> {
    let mut all = Counts::new();
    all.insert("lines".into(), log.lines);
    all.extend(log.levels.iter().map(|(k, n)| (k.clone(), *n)));
    all.extend(log.kinds.iter().map(|(k, n)| (k.clone(), *n)));
    if let Some(queries) = all.remove("duration") {
        all.insert("queries".into(), queries);
    }
    all.extend(log.durations_ms.iter().map(|(k, ms)| (format!("{k}_us"), us(*ms))));
    all.insert("temp_bytes".into(), log.temp_bytes);
    all.insert("temp_max".into(), log.temp_max_bytes);
    all.insert("lock_max_us".into(), us(log.lock_wait_max_ms));
    all.insert("distinct".into(), log.slow_statements.len() as u64);
    let mut all: BTreeMap<String, String> = all.into_iter().map(|(k, n)| (k, n.to_string())).collect();
    for (n, (_, count, total, most)) in log.slow_statements.iter().take(3).enumerate() {
        all.insert(format!("top{}", n + 1), format!("{count}/{}/{}", us(*total), us(*most)));
    }
    for (name, at) in [("first", log.first_ms), ("last", log.last_ms)] {
        let at = at.and_then(|ms| jiff::Timestamp::from_second(ms.div_euclid(1000)).ok());
        all.insert(name.to_owned(), at.map_or_else(String::new, |t| t.to_string()));
    }
    all
}

#[test]
fn counts_equal_pgbadger() {
    let Some(folder) = shared_data("monitor/pglog") else { return };
    let (mut equal, mut all) = (0, 0);
    let mut wrong = Vec::new();
    for (file, golden) in GOLDEN {
        let log = io::postgres(&folder.join(file).to_string_lossy()).expect("a log that can be read");
        assert_eq!((log.bad_lines, log.cut_short.clone()), (0, None), "{file}: {:?}", log.bad_at);
        let found = counts(&log);
        for (name, expected) in golden.split_whitespace().filter_map(|pair| pair.split_once('=')) {
            all += 1;
            match found.get(name) {
                Some(value) if value == expected => equal += 1,
                other => wrong.push(format!("{file}: {name}: {other:?}, pgBadger {expected}")),
            }
        }
    }
    println!("pglog: {equal}/{all}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
