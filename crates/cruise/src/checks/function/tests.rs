use bulwark_model::Severity;
use bulwark_model::Verdict::{self, Error, Fail, Info, NotApplicable, NotTested, Pass, Warn};
use bulwark_probe::evidence::{
    Attempt, Blob, Body, Exchange, PathAnswer, Paths, Phases, Record, StepRun, Transaction,
};
use bulwark_probe::failure::Code;

use crate::check::Line;
use crate::checks::end_user::sample::{
    assert_domain, exchange, expect, failure, got, http, http_record, lost, page_record, plan as base, run,
    severities, with_status,
};
use crate::plan::{self, Plan};

const URL: &str = "https://www.a.gov.tw/";
const STEP: &str = "https://www.a.gov.tw/q?id=1";

fn plan() -> Plan {
    let mut plan = base();
    plan.transactions = vec![plan::Transaction {
        name: "查詢".into(),
        repetitions: 10,
        p95_limit_ms: 1000,
        steps: Vec::new(),
    }];
    plan
}

fn one(id: &str, records: Vec<Record>, verdict: Verdict, sentence: &str) -> Line {
    expect(id, &plan(), records, &[(verdict, sentence)]).remove(0)
}

/// One repetition of one step.
fn rep(n: u32, answer: Attempt<Exchange>, unmet: &[&str]) -> Record {
    let steps =
        vec![StepRun {
            name: "送出".into(), answer, unmet: unmet.iter().map(|u| (*u).to_owned()).collect()
        }];
    got(
        &format!("transaction:查詢#{n:04}"),
        Body::Transaction(Transaction { name: "查詢".into(), run: n, steps, planned_steps: 1 }),
    )
}

fn took(ms: u64) -> Exchange {
    let mut x = exchange(STEP, &[], "ok");
    x.phases = Phases { processing_us: ms * 1000, ..Phases::default() };
    x
}

fn good(times: &[u64]) -> Vec<Record> {
    (1..).zip(times).map(|(n, ms)| rep(n, Ok(took(*ms)), &[])).collect()
}

#[test]
fn ids_and_texts_are_complete() {
    assert_domain(
        "function",
        super::CHECKS,
        &[
            include_str!("access_log.rs"),
            include_str!("answers.rs"),
            include_str!("runs.rs"),
            include_str!("success.rs"),
            include_str!("timing.rs"),
        ],
        include_str!("zh-TW.toml"),
    );
}

#[test]
fn without_evidence_nothing_is_judged_and_our_trouble_is_an_error() {
    for d in super::CHECKS {
        let lines = run(d.id, &base(), vec![]);
        assert_eq!((lines.len(), lines[0].verdict), (1, NotTested), "{}", d.id);
    }
    let of_transactions = ["availability", "latency", "phase-breakdown", "expectation", "stability"];
    for name in of_transactions {
        let id = format!("function.{name}");
        let lines = run(&id, &plan(), vec![]);
        assert_eq!((lines.len(), lines[0].verdict, lines[0].asset.as_str()), (1, NotTested, "查詢"), "{id}");
        let records = (1..=20).map(|n| lost(&format!("transaction:查詢#{n:04}"), Code::TimedOut)).collect();
        let line = one(&id, records, Error, "common.failed");
        assert_eq!(line.asset, "查詢", "{id}: one line, not twenty");
    }
    for name in ["https-health", "error-rate-5xx", "stack-trace"] {
        one(
            &format!("function.{name}"),
            vec![lost(&format!("http:{URL}"), Code::TimedOut)],
            Error,
            "common.failed",
        );
    }
    one("function.not-found-handling", vec![lost("paths:x", Code::TimedOut)], Error, "common.failed");
}

#[test]
fn availability_states_its_n() {
    let id = "function.availability";
    one(id, good(&[10; 5]), Pass, "pass");
    let lines = expect(id, &plan(), good(&[10; 4]), &[(Pass, "pass"), (Info, "few")]);
    assert!(lines[1].message.zh_tw.contains("4 次"));
    let with_bad = |good_runs: u32, bad_runs: u32| {
        let mut all = good(&vec![10; good_runs as usize]);
        all.extend(
            (1..=bad_runs).map(|n| rep(good_runs + n, Ok(with_status(took(1), 500)), &["status 200"])),
        );
        all
    };
    let line = one(id, with_bad(99, 1), Warn, "imperfect");
    assert!(line.message.en.contains("99 %") && line.message.en.contains("100 times"), "{}", line.message.en);
    assert_eq!(line.severity, Severity::Medium);
    let line = one(id, with_bad(98, 2), Fail, "low");
    assert_eq!(line.severity, Severity::High);
    assert_eq!(line.evidence.len(), 2, "only the broken ones");
    assert!(line.excerpt.contains("送出 → 500 status 200"), "{}", line.excerpt);
    let lines = expect(id, &plan(), with_bad(2, 1), &[(Fail, "low"), (Info, "few")]);
    assert!(lines[0].message.en.contains("66.66 %"));
    assert_eq!(lines[0].severity, Severity::Medium);
}

#[test]
fn whose_fault_a_broken_repetition_is() {
    let id = "function.availability";
    let with = |code| {
        let mut all = good(&[10; 6]);
        all.push(rep(7, Err(failure(code)), &[]));
        all
    };
    one(id, with(Code::Refused), Fail, "low");
    one(id, with(Code::TimedOut), Warn, "late");
    one(id, with(Code::CircuitOpen), Pass, "pass");
    one(id, with(Code::OutOfScope), Pass, "pass");
    // Asked to slow down: our pace, not their failure.
    let mut all = good(&[10; 6]);
    all.push(rep(7, Ok(with_status(took(1), 429)), &["status 200"]));
    one(id, all, Pass, "pass");
    // A run that lost its record counts like one that kept it.
    let mut all = good(&[10; 6]);
    all.push(lost("transaction:查詢#0007", Code::Refused));
    one(id, all, Fail, "low");
    // Fewer steps than planned is no success.
    let short = Transaction { name: "查詢".into(), run: 1, steps: vec![], planned_steps: 2 };
    expect(
        id,
        &plan(),
        vec![got("transaction:查詢#0001", Body::Transaction(short))],
        &[(Fail, "low"), (Info, "few")],
    );
}

#[test]
fn latency_against_the_plan() {
    let id = "function.latency";
    let line = one(id, good(&[100, 200, 300]), Pass, "pass");
    assert!(line.message.en.contains("200/300/300 ms"), "{}", line.message.en);
    one(id, good(&[801]), Warn, "near");
    one(id, good(&[800]), Pass, "pass");
    let line = one(id, good(&[100, 1001]), Fail, "slow");
    assert_eq!(line.severity, Severity::Medium);
    // An error page that comes fast is no fast answer.
    let mut all = good(&[1500]);
    all.push(rep(2, Ok(with_status(took(1), 500)), &["status 200"]));
    let line = one(id, all, Fail, "slow");
    assert!(line.message.en.contains("1 successful"));
    one(id, vec![rep(1, Ok(with_status(took(1), 500)), &["status 200"])], NotTested, "no_success");
    let mut free = plan();
    free.transactions[0].p95_limit_ms = 0;
    expect(id, &free, good(&[10]), &[(Info, "no_limit")]);
}

#[test]
fn phases_tell_where_time_goes() {
    let id = "function.phase-breakdown";
    let of = |phases: Phases| {
        let mut x = took(0);
        x.phases = phases;
        vec![rep(1, Ok(x), &[])]
    };
    let zero = Phases::default();
    for (phases, sentence) in [
        (Phases { resolve_us: 9000, ..zero }, "most_resolve"),
        (Phases { connect_us: 900_000, ..zero }, "most_connect"),
        (Phases { tls_us: 9000, ..zero }, "most_tls"),
        (Phases { processing_us: 9000, ..zero }, "most_processing"),
        (Phases { transfer_us: 9000, ..zero }, "most_transfer"),
    ] {
        one(id, of(phases), Info, sentence);
    }
    let line =
        one(id, of(Phases { resolve_us: 300_000, processing_us: 500_000, ..zero }), Warn, "long_resolve");
    assert!(
        line.message.zh_tw.contains("300 毫秒") && line.message.zh_tw.contains("37%"),
        "{}",
        line.message.zh_tw
    );
    one(id, of(Phases { tls_us: 250_000, processing_us: 100_000, ..zero }), Warn, "long_tls");
    // A large share of little time, and a small share of much.
    one(id, of(Phases { tls_us: 150_000, processing_us: 10_000, ..zero }), Info, "most_tls");
    one(id, of(Phases { tls_us: 250_000, processing_us: 900_000, ..zero }), Info, "most_processing");
    one(id, vec![rep(1, Ok(took(1)), &["text \"x\""])], NotTested, "no_success");
}

#[test]
fn expectations_are_named() {
    let id = "function.expectation";
    one(id, good(&[10; 3]), Pass, "pass");
    let records = vec![
        rep(1, Ok(with_status(took(1), 500)), &["status 200", "text \"查詢結果\""]),
        rep(2, Ok(took(1)), &["json /ok = true"]),
        rep(3, Ok(with_status(took(1), 500)), &["status 200"]),
        rep(4, Ok(took(1)), &["something else"]),
    ];
    let lines =
        expect(id, &plan(), records, &[(Fail, "status"), (Fail, "text"), (Fail, "json"), (Fail, "other")]);
    let status = lines.iter().find(|l| l.sentence == "status").expect("a line");
    assert_eq!(status.asset, "查詢 › 送出");
    assert!(status.message.en.contains("2 times (4 runs)"), "{}", status.message.en);
    assert!(lines.iter().any(|l| l.excerpt.contains("查詢結果")));
    one(id, vec![rep(1, Err(failure(Code::Refused)), &[])], NotTested, "no_answer");
}

#[test]
fn stability_needs_ten_runs_and_a_noticeable_tail() {
    let id = "function.stability";
    one(id, good(&[100; 10]), Pass, "pass");
    one(id, good(&[100; 9]), NotTested, "few");
    let mut times = vec![100; 9];
    times.push(600);
    let line = one(id, good(&times), Warn, "unstable");
    assert!(line.message.en.contains("6.0 times"));
    let mut times = vec![2; 9];
    times.push(60);
    one(id, good(&times), Pass, "pass");
    one(id, vec![rep(1, Ok(took(1)), &["x"])], NotTested, "no_success");
}

#[test]
fn health_of_each_address() {
    let id = "function.https-health";
    let of = |status| vec![http_record(vec![with_status(exchange(&format!("{URL}?a=1"), &[], ""), status)])];
    let line = one(id, of(200), Pass, "pass");
    assert_eq!(line.asset, URL);
    one(id, of(304), Pass, "pass");
    one(id, of(401), Info, "needs_login");
    one(id, of(429), NotTested, "too_fast");
    let line = one(id, of(404), Fail, "client_error");
    assert_eq!(line.severity, Severity::Medium);
    let line = one(id, of(503), Fail, "server_error");
    assert_eq!(line.severity, Severity::High);
    let stopped = |code| {
        let mut chain = http(vec![with_status(exchange(URL, &[], ""), 302)]);
        chain.stopped = Some(failure(code));
        vec![got(&format!("http:{URL}"), Body::Http(chain))]
    };
    let line = one(id, stopped(Code::RedirectLoop), Fail, "loop");
    assert!(line.excerpt.contains("302"));
    one(id, stopped(Code::RedirectOutOfScope), Info, "leaves_scope");
    one(id, stopped(Code::TimedOut), Error, "common.failed");
    for (code, sentence) in [
        (Code::Refused, "refused"),
        (Code::TlsFailed, "tls_failed"),
        (Code::NotTls, "other_protocol"),
        (Code::NotPlain, "other_protocol"),
        (Code::Closed, "broken"),
        (Code::RedirectLoop, "loop"),
    ] {
        let records = vec![lost(&format!("page:{URL}"), code), lost(&format!("http:{URL}"), code)];
        let line = one(id, records, Fail, sentence);
        assert_eq!(line.asset, URL);
    }
    let empty = got(
        &format!("http:{URL}"),
        Body::Http(bulwark_probe::evidence::Http { url: URL.into(), hops: vec![], stopped: None }),
    );
    one(id, vec![empty], NotTested, "common.not_reached");
}

#[test]
fn server_errors_are_counted_an_asset() {
    let id = "function.error-rate-5xx";
    one(id, vec![http_record(vec![exchange(URL, &[], "x")])], Pass, "pass");
    let line = one(id, vec![http_record(vec![with_status(exchange(URL, &[], ""), 500)])], Fail, "errors");
    assert!(line.message.en.contains("1 of 1"));
    assert_eq!(line.severity, Severity::Medium);
    let paused = with_status(exchange(URL, &[("retry-after", "600")], ""), 503);
    one(id, vec![http_record(vec![paused])], Warn, "paused");
    let records = vec![rep(1, Ok(took(1)), &[]), rep(2, Ok(with_status(took(1), 502)), &["status 200"])];
    let line = one(id, records, Fail, "errors");
    assert_eq!(line.asset, "查詢 › 送出");
    assert!(line.message.en.contains("1 of 2"));
}

#[test]
fn leaks_by_kind() {
    let id = "function.stack-trace";
    let body = |text: &str| vec![page_record(vec![with_status(exchange(URL, &[], text), 500)], vec![])];
    one(id, body("<html>抱歉，系統忙碌中</html>"), Pass, "pass");
    let java = "java.lang.NullPointerException: x\n\tat tw.gov.Query.run(Query.java:12)\n\tat tw.gov.Main.main(Main.java:3)\n";
    let line = one(id, body(java), Fail, "trace");
    assert!(line.message.zh_tw.contains("Java"), "{}", line.message.zh_tw);
    assert_eq!(severities(&[line]), [Severity::Medium]);
    one(id, body("You have an error in your SQL syntax; check the manual"), Fail, "sql");
    one(id, body(""), NotApplicable, "no_text");
    let mut x = took(1);
    x.body = java.into();
    let line = one(id, vec![rep(1, Ok(x), &[])], Fail, "trace");
    assert_eq!(line.asset, "查詢 › 送出");
}

#[test]
fn every_leak_kind_has_its_sentence() {
    use bulwark_probe::html::LeakKind;
    let words = super::answers::leak_words;
    assert_eq!(words(LeakKind::DebugPage).0, "debug");
    assert_eq!(words(LeakKind::DebugPage).1, Severity::High);
    assert_eq!(words(LeakKind::ServerPath).1, Severity::Low);
    for kind in [
        LeakKind::JavaTrace,
        LeakKind::PythonTrace,
        LeakKind::PhpError,
        LeakKind::DotNetError,
        LeakKind::GoPanic,
    ] {
        assert_eq!(words(kind).0, "trace");
    }
}

#[test]
fn a_path_that_does_not_exist_is_404() {
    let id = "function.not-found-handling";
    let of = |baseline: Attempt<u16>| {
        let baseline = baseline.map(|status| PathAnswer {
            status,
            content_type: "text/html".into(),
            bytes: 9,
            first: Blob::default(),
        });
        vec![got(&format!("paths:{URL}"), Body::Paths(Paths { base: URL.into(), baseline, probes: vec![] }))]
    };
    for (status, verdict, sentence) in [
        (404, Pass, "pass"),
        (410, Pass, "pass"),
        (403, Pass, "hidden"),
        (200, Fail, "soft"),
        (302, Warn, "redirect"),
        (500, Fail, "server_error"),
        (400, Warn, "odd"),
        (429, NotTested, "too_fast"),
    ] {
        let line = one(id, of(Ok(status)), verdict, sentence);
        assert!(line.message.en.contains(&status.to_string()));
    }
    one(id, of(Err(failure(Code::TimedOut))), Error, "common.failed");
}

#[test]
fn hostile_evidence_is_survived() {
    let long = "{Name}\u{0}é".repeat(3000);
    let mut x = exchange("::", &[("retry-after", &long)], &long);
    x.phases = Phases {
        resolve_us: u64::MAX,
        connect_us: u64::MAX,
        tls_us: u64::MAX,
        processing_us: u64::MAX,
        transfer_us: u64::MAX,
    };
    x.status = u16::MAX;
    let step = |x: &Exchange| StepRun { name: long.clone(), answer: Ok(x.clone()), unmet: vec![] };
    let steps = vec![step(&x), step(&x)];
    let t = Transaction { name: "查詢".into(), run: u32::MAX, steps, planned_steps: 2 };
    let baseline =
        Ok(PathAnswer { status: 0, content_type: long.clone(), bytes: u64::MAX, first: Blob::default() });
    let paths = Paths { base: "::".into(), baseline, probes: vec![] };
    for d in super::CHECKS {
        let lines = run(
            d.id,
            &plan(),
            vec![
                got("transaction:查詢#0001", Body::Transaction(t.clone())),
                got("http:x", Body::Http(http(vec![x.clone()]))),
                got("paths:x", Body::Paths(paths.clone())),
                lost("transaction", Code::Refused),
            ],
        );
        assert!(lines.iter().all(|l| l.asset.chars().count() < 400), "{}: endless asset", d.id);
    }
}
