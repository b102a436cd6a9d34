use bulwark_probe::evidence::PgLog;

use super::*;

const PATH: &str = "/var/log/postgresql/main.log";

fn checks() -> impl Iterator<Item = &'static Definition> {
    CHECKS.iter().filter(|d| d.kinds.contains(&"pg_log"))
}

/// A log of `hours` hours with these kinds and levels (`ERROR=3 deadlock=1`).
fn log(hours: i64, counts: &str) -> PgLog {
    let mut log = PgLog {
        path: PATH.into(),
        format: "stderr".into(),
        prefix: "%m [%p] %u@%d %h ".into(),
        entries: 1000,
        lines: 1000,
        first_ms: Some(1_795_579_200_000),
        last_ms: Some(1_795_579_200_000 + hours * 3_600_000),
        ..PgLog::default()
    };
    for (name, value) in counts.split_whitespace().filter_map(|p| p.split_once('=')) {
        let number: u64 = value.parse().expect("a number");
        match name {
            "temp_bytes" => log.temp_bytes = number,
            "lock_max_s" => log.lock_wait_max_ms = f64::from(u32::try_from(number).expect("small")) * 1000.0,
            "bad" => log.bad_lines = number,
            "over1" | "over10" | "over60" => {
                log.slower_than_s.insert(name[4..].parse().expect("seconds"), number);
            }
            _ if name.bytes().all(|b| b.is_ascii_uppercase()) => {
                log.levels.insert(name.to_owned(), number);
            }
            _ => {
                log.kinds.insert(name.to_owned(), number);
            }
        }
    }
    log
}

fn log_record(body: PgLog) -> Record {
    Record {
        key: format!("pg_log:{PATH}"),
        subject: PATH.into(),
        ..record(Outcome::Collected(Box::new(Body::PgLog(body))))
    }
}

/// Judges a log, beside a server with these settings when they are given.
fn judge_log(id: &str, body: PgLog, settings: Option<&str>) -> Line {
    let plan = bare_plan();
    let mut evidence = vec![("E-0001".to_owned(), log_record(body))];
    if let Some(settings) = settings {
        let server = database(&[("settings", settings)]);
        evidence.push(("E-0002".to_owned(), record(Outcome::Collected(Box::new(Body::Postgres(server))))));
    }
    let taken_at = evidence[0].1.started_at;
    let case = Case { plan: &plan, evidence: &evidence, planned_kinds: &["pg_log"], taken_at };
    let lines = judge_one(definition(id), &case);
    let mut lines: Vec<Line> = lines.into_iter().filter(|l| l.asset == PATH).collect();
    assert_eq!(lines.len(), 1, "{id}: {lines:?}");
    let line = lines.remove(0);
    assert!(line.excerpt.lines().count() <= 10, "{}", line.excerpt);
    for text in [&line.message.zh_tw, &line.message.en] {
        assert!(!text.contains('{') && *text != format!("{id}.{}", line.sentence), "{id}: {text}");
    }
    line
}

const ON: &str = "name=log_lock_waits;setting=on|name=log_temp_files;setting=0|name=log_checkpoints;setting=on|name=log_min_duration_statement;setting=1000|name=log_line_prefix;setting=%m";

/// Check, hours, counts, whether the server says that it logs them, verdict and sentence.
const EXAMPLES: &[(&str, i64, &str, bool, &str)] = &[
    ("errors", 1, "LOG=900 ERROR=59 FATAL=1", false, "Pass pass"),
    ("errors", 1, "ERROR=60 FATAL=1", false, "Warn many"),
    ("errors", 10, "ERROR=609", false, "Pass pass"),
    ("errors", 1, "ERROR=1 disk_full=1", false, "Fail grave"),
    ("errors", 1, "PANIC=1", false, "Fail grave"),
    ("deadlocks", 24, "", false, "Pass pass"),
    ("deadlocks", 1, "deadlock=10", false, "Warn some"),
    ("deadlocks", 48, "deadlock=21", false, "Warn some"),
    ("deadlocks", 24, "deadlock=11", false, "Fail many"),
    ("lock-waits", 1, "", false, "NotTested not_logged"),
    ("lock-waits", 1, "", true, "Pass pass"),
    ("lock-waits", 1, "lock_wait=1 lock_max_s=60", false, "Warn some"),
    ("lock-waits", 1, "lock_wait=1 lock_max_s=61", false, "Fail long"),
    ("temp-files", 1, "", false, "NotTested not_logged"),
    ("temp-files", 1, "", true, "Pass clean"),
    ("temp-files", 1, "temp_file=3 temp_bytes=1073741824", false, "Pass pass"),
    ("temp-files", 1, "temp_file=3 temp_bytes=1073741825", false, "Warn large"),
    ("temp-files", 48, "temp_file=3 temp_bytes=2147483648", false, "Pass pass"),
    ("checkpoints", 1, "", false, "NotTested not_logged"),
    ("checkpoints", 1, "", true, "Pass pass"),
    ("checkpoints", 1, "checkpoint=12 checkpoint_by_time=6 checkpoint_by_wal=6", false, "Pass pass"),
    ("checkpoints", 1, "checkpoint=13 checkpoint_by_time=6 checkpoint_by_wal=7", false, "Warn forced"),
    ("checkpoints", 1, "checkpoint=9 checkpoint_by_wal=9", false, "Pass pass"),
    ("checkpoints", 1, "checkpoint=9 checkpoint_warning=1", false, "Warn too_often"),
    ("slow-statements", 1, "", false, "NotTested not_logged"),
    ("slow-statements", 1, "", true, "Pass clean"),
    ("slow-statements", 1, "duration=100 over1=3", false, "Pass pass"),
    ("slow-statements", 1, "duration=100 over1=3 over10=1", false, "Warn slow"),
    ("slow-statements", 1, "duration=100 over1=3 over10=1 over60=1", false, "Fail very_slow"),
    ("settings", 1, "", false, "Pass log_pass"),
    ("errors", 1, "ERROR=1 bad=100", false, "Pass pass"),
    ("errors", 1, "ERROR=1 bad=101", false, "NotTested common.log_not_understood"),
];

pub(super) fn reached() -> Vec<String> {
    EXAMPLES
        .iter()
        .map(|(check, .., told)| format!("db_io.log-{check}.{}", told.split(' ').nth(1).unwrap_or_default()))
        .collect()
}

#[test]
fn examples_on_both_sides_of_every_line() {
    for (check, hours, counts, on, told) in EXAMPLES {
        let line = judge_log(&format!("db_io.log-{check}"), log(*hours, counts), on.then_some(ON));
        assert_eq!(format!("{:?} {}", line.verdict, line.sentence), *told, "{check} {counts}");
    }
}

#[test]
fn a_prefix_must_tell_who_and_when() {
    let told = |format: &str, prefix: &str| {
        let body = PgLog { format: format.into(), prefix: prefix.into(), ..log(1, "") };
        let line = judge_log("db_io.log-settings", body, None);
        (line.verdict, line.message.en)
    };
    assert_eq!(told("stderr", "%t [%p]: [%l-1] user=%u,db=%d,client=%h ").0, Pass);
    let (verdict, words) = told("stderr", "%m [%p] ");
    assert!(verdict == Warn && words.contains("%u %d %h"), "{words}");
    assert_eq!(told("csvlog", "").0, Pass);
}

#[test]
fn statements_and_errors_are_shown() {
    let mut body = log(1, "duration=5 over1=1 over10=1");
    body.slow_statements = vec![("select ? from t\u{1b}".into(), 3, 12_000.0, 11_000.0); 20];
    body.errors = vec![("division by zero".into(), 7); 20];
    let line = judge_log("db_io.log-slow-statements", body.clone(), None);
    assert!(line.excerpt.contains("select ? from t") && !line.excerpt.contains('\u{1b}'));
    assert!(line.message.en.contains("11.0 seconds"), "{}", line.message.en);
    assert!(judge_log("db_io.log-errors", body, None).excerpt.contains("7 × division by zero"));
}

#[test]
fn a_log_that_says_nothing_is_not_judged() {
    for d in checks() {
        let line = judge_log(d.id, PgLog { path: PATH.into(), ..PgLog::default() }, None);
        assert_eq!((line.verdict, line.sentence.as_str()), (NotTested, "common.log_empty"), "{}", d.id);
        let unread = Record {
            key: format!("pg_log:{PATH}"),
            subject: PATH.into(),
            ..record(Outcome::Failed(Failure::new(Step::Read, Code::Unreadable, PATH)))
        };
        let plan = bare_plan();
        let evidence = [("E-0001".to_owned(), unread)];
        let taken_at = evidence[0].1.started_at;
        let case = Case { plan: &plan, evidence: &evidence, planned_kinds: &["pg_log"], taken_at };
        assert_eq!(judge_one(d, &case)[0].verdict, Verdict::Error, "{}", d.id);
        // Absurd counts do no harm.
        let mut body = log(1, "");
        body.first_ms = Some(i64::MIN);
        body.last_ms = Some(i64::MAX);
        for kind in ["deadlock", "temp_file", "checkpoint", "duration", "lock_wait", "checkpoint_by_wal"] {
            body.kinds.insert(kind.into(), u64::MAX);
        }
        body.levels.insert("ERROR".into(), u64::MAX);
        body.lock_wait_max_ms = f64::MAX;
        body.temp_bytes = u64::MAX;
        judge_log(d.id, body, None);
    }
}
