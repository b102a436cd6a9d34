use std::collections::{BTreeMap, BTreeSet};

use bulwark_i18n::wrong_usage;
use bulwark_model::{Severity, Verdict};
use bulwark_probe::evidence::{Attempt, Body, Outcome, PgRows, Postgres, Record};
use bulwark_probe::failure::{Code, Failure, Step};
use bulwark_probe::pg;

use super::CHECKS;
use crate::check::{Case, Definition, Line, judge_one, texts};
use crate::checks::sample::{assert_readable, bare_plan};

mod mysql;
mod server_log;

/// `a=1;b=two words|a=2`: two rows. Empty is no row; `!slow` and `!right` are failures.
fn answer(rows: &str) -> Attempt<PgRows> {
    let failed = |code| Err(Failure::new(Step::Query, code, "q"));
    match rows {
        "!slow" => return failed(Code::QueryTooSlow),
        "!right" => return failed(Code::NoRight),
        _ => {}
    }
    let row = |text: &str| {
        text.split(';')
            .filter_map(|p| p.split_once('='))
            .map(|(k, v)| (k.trim().to_owned(), v.to_owned()))
            .collect()
    };
    Ok(PgRows { took_ms: 7, rows: rows.split('|').filter(|r| !r.trim().is_empty()).map(row).collect() })
}

fn database(queries: &[(&str, &str)]) -> Postgres {
    Postgres {
        name: "main".into(),
        server: "10.0.0.5:5432/app".into(),
        version_num: 150_018,
        tls: true,
        connect_ms: 12,
        queries: queries.iter().map(|(name, rows)| ((*name).to_owned(), answer(rows))).collect(),
    }
}

fn record(outcome: Outcome) -> Record {
    Record {
        key: "postgres:main".into(),
        subject: "main".into(),
        started_at: "2026-11-25T04:00:00Z".parse().expect("a time"),
        duration_ms: 40,
        tool: "bulwark 0.1.0".into(),
        outcome,
    }
}

fn definition(id: &str) -> &'static Definition {
    CHECKS.iter().find(|d| d.id == id).unwrap_or_else(|| panic!("{id} is no check"))
}

fn judge_record(id: &str, record: Record) -> Vec<Line> {
    let plan = bare_plan();
    let evidence = [("E-0001".to_owned(), record)];
    let taken_at = evidence[0].1.started_at;
    let case = Case { plan: &plan, evidence: &evidence, planned_kinds: &["postgres"], taken_at };
    let lines = judge_one(definition(id), &case);
    assert_readable(id, &lines);
    assert!(lines.iter().all(|l| l.asset == "main"), "{id}: {lines:?}");
    lines
}

fn judge(id: &str, body: Postgres) -> Line {
    let mut lines = judge_record(id, record(Outcome::Collected(Box::new(Body::Postgres(body)))));
    assert_eq!(lines.len(), 1, "{id}: one line an asset: {lines:?}");
    lines.remove(0)
}

/// The checks that read what a PostgreSQL server answers.
fn postgres_checks() -> impl Iterator<Item = &'static Definition> {
    CHECKS.iter().filter(|d| d.kinds.contains(&"postgres"))
}

const ROLE: &str = "role=probe;superuser=f;createdb=f;createrole=f;replication=f;bypassrls=f;pg_monitor=t;sees_all=t;create_schema=f;writable_tables=0";
const BLIND: &str = "role=probe;superuser=f;sees_all=f";
const SETTINGS: &str = "name=fsync;setting=on|name=full_page_writes;setting=on|name=synchronous_commit;setting=on|name=data_checksums;setting=on|name=archive_mode;setting=on|name=track_io_timing;setting=on";
const LOGGING: &str = "name=log_line_prefix;setting=%m [%p] %q%u@%d client=%h |name=log_connections;setting=on|name=log_disconnections;setting=on|name=log_min_duration_statement;setting=1000|name=log_lock_waits;setting=on|name=log_checkpoints;setting=on|name=log_temp_files;setting=10240|name=logging_collector;setting=on|name=log_destination;setting=stderr";
const OLD_STATS: &str = "blks_hit=1;blks_read=1;counted_s=4000000";

use Verdict::{Fail, Info, NotTested, Pass, Warn};

/// One line of `examples.txt` and its like.
struct Example {
    check: &'static str,
    verdict: &'static str,
    sentence: &'static str,
    queries: Vec<(&'static str, &'static str)>,
}

/// Thresholds from both sides, and every sentence but those that need more than rows (below).
fn examples() -> Vec<Example> {
    read_examples(include_str!("examples.txt"))
}

fn read_examples(text: &'static str) -> Vec<Example> {
    let lines = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| {
            let (head, queries) = line.split_once('[').unwrap_or((line, ""));
            let mut words = head.split_whitespace();
            let mut word = || words.next().expect("check, verdict, sentence");
            let queries = queries.split("  [").filter_map(|q| q.split_once(']')).map(|(name, rows)| {
                let rows = match rows.trim() {
                    "@role" => ROLE,
                    "@blind" => BLIND,
                    "@settings" => SETTINGS,
                    "@old_stats" => OLD_STATS,
                    "@logging" => LOGGING,
                    rows => rows,
                };
                (name, rows)
            });
            Example { check: word(), verdict: word(), sentence: word(), queries: queries.collect() }
        })
        .collect()
}

#[test]
fn examples_on_both_sides_of_every_line() {
    let examples = examples();
    assert!(examples.len() > 90);
    for Example { check, verdict, sentence, queries } in examples {
        let line = judge(&format!("db_io.{check}"), database(&queries));
        let found = format!("{:?} {}", line.verdict, line.sentence);
        assert_eq!(found, format!("{verdict} {sentence}"), "{check} {queries:?}");
        assert_eq!(line.evidence, ["E-0001"]);
    }
}

#[test]
fn support_ends_the_day_after_the_last_day() {
    let on = |version_num: u32, day: &str| {
        let mut r =
            record(Outcome::Collected(Box::new(Body::Postgres(Postgres { version_num, ..database(&[]) }))));
        r.started_at = format!("{day}T12:00:00+08:00").parse().expect("a time");
        let line = judge_record("db_io.version-support", r).remove(0);
        (line.verdict, line.sentence, line.message.en)
    };
    assert_eq!(on(140_023, "2026-11-12").1, "ending");
    let ended = on(140_023, "2026-11-13");
    assert_eq!((ended.0, ended.1.as_str()), (Fail, "ended"));
    assert!(ended.2.contains("14.23") && ended.2.contains("2026-11-12"), "{}", ended.2);
    assert_eq!(on(150_014, "2026-11-25").1, "old_minor");
    assert_eq!(on(150_018, "2026-11-25").1, "pass");
    assert_eq!(on(150_018, "2027-08-01").1, "ending");
    assert_eq!(on(90_624, "2026-11-25").1, "ended");
    assert!(on(90_624, "2026-11-25").2.contains("9.6.24"));
    assert_eq!(on(190_000, "2026-11-25").0, Info);
    assert_eq!(on(0, "2026-11-25").0, Verdict::Error);
}

#[test]
fn plain_text_is_wrong_only_across_the_network() {
    let line = |server: &str, session: &'static str| {
        judge(
            "db_io.session-encryption",
            Postgres { server: server.into(), tls: false, ..database(&[("session", session)]) },
        )
    };
    let remote = line("db.a.tw:5432/app", "ssl=f;server_address=10.0.0.5;client_address=10.0.0.9");
    assert_eq!((remote.verdict, remote.sentence.as_str(), remote.severity), (Fail, "plain", Severity::High));
    for server in
        ["127.0.0.1:5432/app", "[::1]:5432/app", "localhost:5432/app", "/var/run/postgresql:5432/app"]
    {
        assert_eq!(line(server, "").sentence, "local", "{server}");
    }
    // A name that leads back to the same machine.
    assert_eq!(
        line("db.a.tw:5432/app", "ssl=f;server_address=10.0.0.5;client_address=10.0.0.5").sentence,
        "local"
    );
    assert_eq!(line("127.0.0.1.evil.tw:5432/app", "").verdict, Fail);
}

#[test]
fn numbers_reach_the_sentence() {
    let line = judge("db_io.connections", database(&[("connections", "used=93;max=100;reserved=3")]));
    assert_eq!(line.severity, Severity::High);
    assert!(
        line.message.zh_tw.contains("93")
            && line.message.zh_tw.contains("97")
            && line.message.zh_tw.contains("95.9")
    );
    let line = judge("db_io.cache-hit", database(&[("database", "blks_hit=98999;blks_read=1001")]));
    assert!(
        line.message.en.contains("98.99 %") && line.message.en.contains("100,000"),
        "{}",
        line.message.en
    );
    let line = judge(
        "db_io.long-transactions",
        database(&[("role", ROLE), ("transactions", "pid=1;xact_age_s=93784")]),
    );
    assert!(line.message.en.contains("26:03:04"), "{}", line.message.en);
    let line = judge("db_io.wraparound", database(&[("wraparound", "database=a;xid_age=1600000000")]));
    assert_eq!(line.severity, Severity::High);
    assert!(line.message.zh_tw.contains("1,600,000,000") && line.message.zh_tw.contains("74.5 %"));
    let line = judge("db_io.slow-statements", {
        let mut body = database(&[]);
        body.queries.insert(
            "statements".into(),
            Err(Failure::new(Step::Query, Code::Unsupported, "statements: 42P01")),
        );
        body
    });
    assert_eq!((line.verdict, line.sentence.as_str()), (NotTested, "off"));
    let line = judge("db_io.duplicate-indexes", database(&[("indexes_duplicate", "table=t;indexes=a, b")]));
    assert_eq!(line.severity, Severity::Advice);
    assert!(line.excerpt.contains("indexes=a, b"));
}

/// Trouble of ours in every form: no connection, every query failed (`blind`), evidence older than
/// the query (`old`). `exempt` names what is judged without any query.
fn assert_never_a_failure<B: Clone>(
    d: &Definition,
    key: &str,
    judge: impl Fn(&str, B) -> Line,
    (blind, old): (B, B),
    exempt: &[(&str, Verdict)],
) {
    let refused = Failure::new(Step::Login, Code::LoginRefused, "10.0.0.5/app");
    let lines = judge_record(d.id, Record { key: key.into(), ..record(Outcome::Failed(refused)) });
    assert!(lines.len() == 1 && lines[0].verdict == Verdict::Error, "{}: {lines:?}", d.id);
    let expected = exempt.iter().find(|(id, _)| *id == d.id).map_or(Verdict::Error, |(_, v)| *v);
    assert_eq!(judge(d.id, blind).verdict, expected, "{}", d.id);
    assert!(!matches!(judge(d.id, old).verdict, Fail | Warn), "{}", d.id);
    // The plan names no database.
    let plan = bare_plan();
    let taken_at = "2026-11-25T04:00:00Z".parse().expect("a time");
    let case = Case { plan: &plan, evidence: &[], planned_kinds: &[], taken_at };
    assert_eq!(judge_one(definition(d.id), &case)[0].verdict, NotTested);
}

#[test]
fn what_could_not_be_measured_is_an_error_never_a_failure() {
    let blind = database(&pg::QUERIES.iter().map(|q| (q.name, "!right")).collect::<Vec<_>>());
    let exempt = [
        ("db_io.version-support", Pass),
        ("db_io.session-encryption", Pass),
        ("db_io.query-overrun", NotTested),
    ];
    for d in postgres_checks() {
        assert_never_a_failure(d, "postgres:main", judge, (blind.clone(), database(&[])), &exempt);
    }
}

/// What servers of the oldest and the newest version really answered to a member of `pg_monitor`.
#[test]
fn real_answers_are_judged() {
    for (json, expected) in
        [(include_str!("real/pg11.json"), REAL_11), (include_str!("real/pg18.json"), REAL_18)]
    {
        let body: Postgres = serde_json::from_str(json).expect("stored evidence");
        let found: Vec<String> = postgres_checks()
            .map(|d| {
                let line = judge(d.id, body.clone());
                format!("{} {:?} {}", d.id.trim_start_matches("db_io."), line.verdict, line.sentence)
            })
            .collect();
        assert_eq!(found, expected);
    }
}

const REAL_11: &[&str] = &[
    "version-support Fail ended",
    "probe-role Warn creates",
    "session-encryption Pass local",
    "query-overrun Pass pass",
    "connections Pass pass",
    "long-transactions Pass pass",
    "idle-in-transaction Pass pass",
    "blocked-locks Pass pass",
    "wait-events Info few",
    "cache-hit Warn below",
    "read-latency Pass pass",
    "temp-files NotTested young",
    "checkpoints NotTested few",
    "durability Warn no_checksums",
    "wraparound Pass pass",
    "dead-tuples Pass pass",
    "unused-indexes NotTested young",
    "duplicate-indexes Warn duplicate",
    "invalid-indexes Pass pass",
    "sequential-scans Pass pass",
    "replication-lag NotApplicable none",
    "replication-slots Pass pass",
    "archiving Info off",
    "slow-statements NotTested off",
    "primary-keys Pass pass",
    "deadlocks Pass pass",
    "log-settings Warn missing",
];
const REAL_18: &[&str] = &[
    "version-support Warn old_minor",
    "probe-role Pass pass",
    "session-encryption Pass local",
    "query-overrun Pass pass",
    "connections Pass pass",
    "long-transactions Pass pass",
    "idle-in-transaction Pass pass",
    "blocked-locks Pass pass",
    "wait-events Info few",
    "cache-hit Pass pass",
    "read-latency Pass pass",
    "temp-files NotTested young",
    "checkpoints NotTested few",
    "durability Pass pass",
    "wraparound Pass pass",
    "dead-tuples Pass pass",
    "unused-indexes NotTested young",
    "duplicate-indexes Warn duplicate",
    "invalid-indexes Pass pass",
    "sequential-scans Pass pass",
    "replication-lag NotApplicable none",
    "replication-slots Pass pass",
    "archiving Info off",
    "slow-statements NotTested off",
    "primary-keys Pass pass",
    "deadlocks Pass pass",
    "log-settings Warn missing",
];

/// What a server that lies may answer to anything.
fn hostile_values() -> Vec<String> {
    let values = [
        "",
        "-1",
        "nan",
        "inf",
        "1e308",
        "18446744073709551615",
        "99999999999999999999",
        "-9223372036854775808",
        "\u{0}\n\u{1b}[31mx",
        "{url}",
    ];
    values.map(str::to_owned).into_iter().chain(["啊".repeat(500)]).collect()
}

#[test]
fn hostile_rows_do_no_harm() {
    let values = hostile_values();
    let names = columns();
    for d in postgres_checks() {
        for value in &values {
            let columns: BTreeMap<String, String> =
                names.iter().map(|c| ((*c).to_owned(), value.clone())).collect();
            let mut body = database(&[]);
            for name in pg::QUERIES.iter().map(|q| q.name).chain(["tls"]) {
                body.queries.insert(
                    name.to_owned(),
                    Ok(PgRows { took_ms: u64::MAX, rows: vec![columns.clone(); 12] }),
                );
            }
            body.server = value.clone();
            body.version_num = u32::MAX;
            let plan = bare_plan();
            let evidence = [("E-1".to_owned(), record(Outcome::Collected(Box::new(Body::Postgres(body)))))];
            let case = Case {
                plan: &plan,
                evidence: &evidence,
                planned_kinds: &["postgres"],
                taken_at: evidence[0].1.started_at,
            };
            for line in judge_one(d, &case) {
                assert!(line.excerpt.lines().count() <= 10);
                assert!(!line.excerpt.contains('\u{1b}') && line.message.en.len() < 2000, "{}", d.id);
            }
        }
    }
}

/// Every column a judge reads, from the sources.
fn columns() -> BTreeSet<&'static str> {
    SOURCES
        .iter()
        .flat_map(|source| source.split('"').skip(1).step_by(2))
        .filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        .collect()
}

const SOURCES: &[&str] = &[
    include_str!("access.rs"),
    include_str!("sessions.rs"),
    include_str!("storage.rs"),
    include_str!("maintenance.rs"),
    include_str!("replication.rs"),
    include_str!("statements.rs"),
    include_str!("server_log.rs"),
];

#[test]
fn queries_and_columns_are_those_the_collector_asks() {
    let asked = |name: &str, column: &str| {
        pg::QUERIES.iter().filter(|q| q.name == name).all(|q| {
            let sql = q.sql.to_lowercase();
            sql.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).any(|word| word == column)
        })
    };
    let mut read: BTreeSet<(&str, &str)> = BTreeSet::new();
    for example in examples() {
        for (query, rows) in example.queries {
            let pairs = rows.split(['|', ';']).filter_map(|pair| pair.split_once('='));
            read.extend(pairs.map(|(column, _)| (query, column)));
        }
    }
    for (query, column) in read.into_iter().filter(|(query, _)| *query != "tls") {
        assert!(pg::QUERIES.iter().any(|q| q.name == query), "{query} is never asked");
        assert!(asked(query, column), "{query}.{column} is never asked");
    }
}

#[test]
fn texts_are_whole_used_and_of_this_country() {
    let mut reached: BTreeSet<String> =
        examples().iter().map(|e| format!("db_io.{}.{}", e.check, e.sentence)).collect();
    for sentence in ["pass", "ended", "ending", "old_minor", "unknown"] {
        reached.insert(format!("db_io.version-support.{sentence}"));
    }
    reached.extend(mysql::reached());
    reached.extend(server_log::reached());
    reached.insert("db_io.slow-statements.off".into());
    for sentence in ["plain", "local"] {
        reached.insert(format!("db_io.session-encryption.{sentence}"));
    }
    for d in CHECKS {
        assert!(d.id.starts_with("db_io."));
        for part in ["title", "why", "remedy"] {
            let key = format!("{}.{part}", d.id);
            let text = texts().get(&key).unwrap_or_else(|| panic!("{key} is missing"));
            assert!(!text.zh_tw.is_empty() && !text.en.is_empty());
            reached.insert(key);
        }
    }
    for (key, text) in texts().iter().filter(|(key, _)| key.starts_with("db_io.")) {
        assert!(reached.contains(key), "{key} is never used");
        assert_eq!(wrong_usage(&text.zh_tw), Vec::<String>::new(), "{key}");
    }
    let ids: BTreeSet<&str> = CHECKS.iter().map(|d| d.id).collect();
    assert_eq!(ids.len(), CHECKS.len());
}
