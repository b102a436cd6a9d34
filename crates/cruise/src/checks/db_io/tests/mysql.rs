use bulwark_probe::evidence::Mysql;
use bulwark_probe::mysql;

use super::*;

const PAIRS: &[&str] = &["status", "status_later", "variables", "session"];

fn checks() -> impl Iterator<Item = &'static Definition> {
    CHECKS.iter().filter(|d| d.kinds == ["mysql"])
}

fn examples() -> Vec<Example> {
    read_examples(include_str!("mysql.txt"))
}

pub(super) fn reached() -> Vec<String> {
    let more = [
        "version.pass",
        "version.ended",
        "version.ended_short",
        "version.ending",
        "version.ancient",
        "version.unknown",
        "encryption.plain",
        "encryption.local",
    ];
    examples()
        .iter()
        .map(|e| format!("db_io.{}.{}", e.check, e.sentence))
        .chain(more.map(|m| format!("db_io.mysql-{m}")))
        .collect()
}

fn server(queries: &[(&str, &str)]) -> Mysql {
    let rows = |name: &str, rows: &str| {
        if PAIRS.contains(&name) && !rows.starts_with('!') {
            let pair = |p: &str| p.split_once('=').map(|(k, v)| format!("name={};value={v}", k.trim()));
            answer(&rows.split(';').filter_map(pair).collect::<Vec<_>>().join("|"))
        } else {
            answer(rows)
        }
    };
    Mysql {
        name: "main".into(),
        server: "10.0.0.6:3306/app".into(),
        version: "8.4.2".into(),
        tls: true,
        connect_ms: 9,
        queries: queries.iter().map(|(name, text)| ((*name).to_owned(), rows(name, text))).collect(),
    }
}

fn judge_server(id: &str, body: Mysql) -> Line {
    let mut record = record(Outcome::Collected(Box::new(Body::Mysql(body))));
    record.key = "mysql:main".into();
    let mut lines = judge_record(id, record);
    assert_eq!(lines.len(), 1, "{id}: {lines:?}");
    lines.remove(0)
}

#[test]
fn examples_on_both_sides_of_every_line() {
    for Example { check, verdict, sentence, queries } in examples() {
        let line = judge_server(&format!("db_io.{check}"), server(&queries));
        let found = format!("{:?} {}", line.verdict, line.sentence);
        assert_eq!(found, format!("{verdict} {sentence}"), "{check} {queries:?}");
        assert_eq!(line.evidence, ["E-0001"]);
    }
}

#[test]
fn support_ends_the_day_after_the_last_day() {
    let on = |version: &str, day: &str| {
        let mut r = record(Outcome::Collected(Box::new(Body::Mysql(Mysql {
            version: version.into(),
            ..server(&[])
        }))));
        r.started_at = format!("{day}T12:00:00+08:00").parse().expect("a time");
        let line = judge_record("db_io.mysql-version", r).remove(0);
        (line.verdict, line.sentence)
    };
    let told = |version, day| on(version, day).1;
    assert_eq!(told("8.0.46-0ubuntu0.24.04.1", "2026-04-30"), "ending");
    assert_eq!(on("8.0.46", "2026-05-01"), (Fail, "ended".to_owned()));
    assert_eq!(told("5.7.44-log", "2026-11-25"), "ended");
    assert_eq!(told("8.4.9", "2026-11-25"), "pass");
    assert_eq!(on("9.1.0", "2026-11-25"), (Fail, "ended_short".to_owned()));
    assert_eq!(told("5.1.73", "2026-11-25"), "ancient");
    assert_eq!(on("10.0.1", "2026-11-25"), (Info, "unknown".to_owned()));
    assert_eq!(told("10.6.22-MariaDB", "2026-11-25"), "ended");
    assert_eq!(told("10.11.19-MariaDB-0+deb12u1", "2026-11-25"), "pass");
    assert_eq!(told("12.1.2-MariaDB", "2026-11-25"), "ended_short");
    assert_eq!(on("?", "2026-11-25").0, Verdict::Error);
}

#[test]
fn plain_text_is_wrong_only_across_the_network() {
    let line = |server: &str| {
        judge_server(
            "db_io.mysql-encryption",
            Mysql { server: server.into(), tls: false, ..super::mysql::server(&[]) },
        )
    };
    assert_eq!((line("db.a.tw:3306/app").verdict, line("db.a.tw:3306/app").severity), (Fail, Severity::High));
    assert_eq!(line("127.0.0.1:3306/").sentence, "local");
    assert_eq!(line("127.0.0.1.evil.tw:3306/app").verdict, Fail);
}

#[test]
fn what_could_not_be_measured_is_an_error_never_a_failure() {
    let blind = server(&mysql::QUERIES.iter().map(|q| (q.name, "!right")).collect::<Vec<_>>());
    let exempt = [
        ("db_io.mysql-version", Pass),
        ("db_io.mysql-encryption", Pass),
        ("db_io.mysql-query-overrun", NotTested),
    ];
    for d in checks() {
        assert_never_a_failure(d, "mysql:main", judge_server, (blind.clone(), server(&[])), &exempt);
    }
}

/// What a MariaDB 10.11 really answered to an account with PROCESS and REPLICA MONITOR.
#[test]
fn real_answers_are_judged() {
    let body: Mysql = serde_json::from_str(include_str!("../real/mariadb10.json")).expect("stored evidence");
    let body = Mysql { name: "main".into(), ..body };
    let found: Vec<String> = checks()
        .map(|d| {
            let line = judge_server(d.id, body.clone());
            format!("{} {:?} {}", d.id.trim_start_matches("db_io.mysql-"), line.verdict, line.sentence)
        })
        .collect();
    assert_eq!(
        found,
        [
            "account Pass pass",
            "version Pass pass",
            "encryption Pass pass",
            "durability Fail late_flush",
            "primary-keys Warn without",
            "query-overrun Pass pass",
            "connections Pass pass",
            "buffer-hit NotTested few",
            "row-locks Pass pass",
            "history-list Pass pass",
            "long-transactions Pass pass",
            "temp-tables NotTested few",
            "replica-lag NotApplicable none",
            "slow-log Warn digests_only",
            "slow-statements Info top",
        ]
    );
}

#[test]
fn hostile_rows_do_no_harm() {
    let values = hostile_values();
    let sources = [include_str!("../mysql.rs"), include_str!("../mysql_load.rs")];
    let words: BTreeSet<&str> = sources
        .iter()
        .flat_map(|s| s.split('"').skip(1).step_by(2))
        .filter(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        .collect();
    for d in checks() {
        // What stands in braces would count as an argument that was not filled in.
        for value in values.iter().filter(|v| !v.contains('{')) {
            let columns: BTreeMap<String, String> =
                words.iter().map(|c| ((*c).to_owned(), value.clone())).collect();
            let pairs: Vec<BTreeMap<String, String>> = words
                .iter()
                .map(|w| {
                    BTreeMap::from([
                        ("name".to_owned(), (*w).to_owned()),
                        ("value".to_owned(), value.clone()),
                    ])
                })
                .collect();
            let mut body = server(&[]);
            for name in mysql::QUERIES.iter().map(|q| q.name).chain(["tls", "status_later"]) {
                let rows = if PAIRS.contains(&name) { pairs.clone() } else { vec![columns.clone(); 12] };
                body.queries.insert(name.to_owned(), Ok(PgRows { took_ms: u64::MAX, rows }));
            }
            body.server = value.clone();
            let line = judge_server(d.id, body);
            assert!(!line.excerpt.contains('\u{1b}') && line.message.en.len() < 2000, "{}", d.id);
        }
    }
}

#[test]
fn questions_and_names_are_those_the_collector_asks() {
    let asked: String = mysql::QUERIES.iter().map(|q| q.sql).collect();
    for example in examples() {
        for (query, rows) in example.queries.into_iter().filter(|(q, _)| *q != "tls" && *q != "status_later")
        {
            assert!(mysql::QUERIES.iter().any(|q| q.name == query), "{query} is never asked");
            let names = rows.split(['|', ';']).filter_map(|p| p.split_once('='));
            for (name, _) in names.filter(|_| PAIRS.contains(&query)) {
                assert!(asked.contains(&format!("'{}'", name.trim())), "{query}.{name} is never asked");
            }
        }
    }
}
