use bulwark_model::Severity;
use bulwark_model::Verdict;
use bulwark_model::Verdict::{Error, Info, NotTested, Pass, Warn};
use bulwark_probe::evidence::{AccessLog, Body};
use bulwark_probe::failure::Code;

use crate::check::Line;
use crate::checks::end_user::sample::{expect, got, lost, plan, run};

const PATH: &str = "/var/log/nginx/access.log";
const ALL: [&str; 5] = ["log-error-ratio", "log-surge", "log-slow-paths", "log-broken-links", "log-readable"];

/// A log of an ordinary day.
fn day() -> AccessLog {
    AccessLog {
        path: PATH.into(),
        format: "combined".into(),
        lines: 100_000,
        statuses: [(200, 99_000), (404, 1_000)].into(),
        first_s: Some(1_795_532_400),
        last_s: Some(1_795_618_799),
        busiest_minutes: vec![(1_795_572_000, 300), (1_795_572_060, 290)],
        busiest_errors: vec![0, 0],
        median_per_minute: 60,
        slow_paths: vec![("/search".into(), 5_000, 900_000)],
        bytes_sent: 1 << 30,
        ..AccessLog::default()
    }
}

fn judge(check: &str, log: AccessLog, verdict: Verdict, sentence: &str) -> Line {
    let record = got(&format!("access_log:{PATH}"), Body::AccessLog(log));
    let line = expect(&format!("function.{check}"), &plan(), vec![record], &[(verdict, sentence)]).remove(0);
    assert_eq!(line.asset, PATH);
    line
}

#[test]
fn an_ordinary_day_passes_and_an_unread_log_is_an_error() {
    for check in ALL {
        judge(check, day(), Pass, "pass");
        judge(check, AccessLog { path: PATH.into(), ..AccessLog::default() }, NotTested, "empty");
        let id = format!("function.{check}");
        expect(
            &id,
            &plan(),
            vec![lost(&format!("access_log:{PATH}"), Code::Unreadable)],
            &[(Error, "common.failed")],
        );
        assert_eq!(run(&id, &plan(), vec![])[0].verdict, NotTested);
    }
}

#[test]
fn the_share_of_errors_has_two_limits() {
    let with = |errors: u64, requests: u64| AccessLog {
        statuses: [(200, requests - errors), (500, errors.min(1)), (504, errors.saturating_sub(1))].into(),
        error_paths: vec![("/apply?x=1".into(), errors)],
        ..day()
    };
    judge("log-error-ratio", with(99, 100_000), Pass, "pass");
    let line = judge("log-error-ratio", with(100, 100_000), Warn, "raised");
    assert_eq!(line.severity, Severity::Low);
    assert!(line.message.zh_tw.contains("0.1%"), "{}", line.message.zh_tw);
    judge("log-error-ratio", with(999, 100_000), Warn, "raised");
    let line = judge("log-error-ratio", with(1_000, 100_000), Verdict::Fail, "high");
    assert_eq!(line.severity, Severity::Medium);
    assert!(
        line.message.en.contains("1000 of 100000") && line.excerpt.contains("504: 999"),
        "{}",
        line.excerpt
    );
    judge("log-error-ratio", with(50, 99), NotTested, "few");
}

#[test]
fn a_surge_is_told_and_warned_of_when_it_hurt() {
    let with = |peak, errors, median_per_minute| AccessLog {
        busiest_minutes: vec![(1_795_572_000, peak)],
        busiest_errors: vec![errors],
        median_per_minute,
        ..day()
    };
    judge("log-surge", with(599, 0, 60), Pass, "pass");
    let line = judge("log-surge", with(600, 5, 60), Info, "surge");
    assert!(
        line.message.zh_tw.contains("115-11-25 10:00") && line.message.zh_tw.contains("10 倍"),
        "{}",
        line.message.zh_tw
    );
    assert!(line.message.en.contains("2026-11-25 10:00"), "{}", line.message.en);
    judge("log-surge", with(600, 6, 60), Warn, "failing");
    judge("log-surge", with(59, 59, 0), Pass, "pass");
    judge("log-surge", with(60, 0, 0), Info, "surge");
    judge(
        "log-surge",
        AccessLog { last_s: Some(1_795_532_400 + 58 * 60), ..with(600, 0, 60) },
        NotTested,
        "short",
    );
    // Evidence of an older collector has no errors by minute.
    judge("log-surge", AccessLog { busiest_errors: vec![], ..with(600, 0, 60) }, Info, "surge");
}

#[test]
fn slow_paths_need_twenty_timed_requests() {
    let with = |list: &[(&str, u64, u64)]| AccessLog {
        slow_paths: list.iter().map(|(p, n, us)| ((*p).to_owned(), *n, *us)).collect(),
        ..day()
    };
    judge("log-slow-paths", with(&[("/a", 20, 3_000_000), ("/b", 3, 9_000_000)]), Pass, "pass");
    let line = judge("log-slow-paths", with(&[("/a", 20, 3_000_001), ("/b", 900, 10_000)]), Warn, "slow");
    assert_eq!(line.excerpt, "p95 3000 ms, n=20 /a");
    judge("log-slow-paths", with(&[]), NotTested, "no_times");
    judge("log-slow-paths", with(&[("/a", 19, 9_000_000)]), NotTested, "few");
}

#[test]
fn only_the_systems_own_links_are_its_fault() {
    let with = |list: &[(&str, &str, u64)]| AccessLog {
        broken_links: list.iter().map(|(a, b, n)| ((*a).to_owned(), (*b).to_owned(), *n)).collect(),
        ..day()
    };
    let own = ("https://www.a.gov.tw/list", "/old.pdf", 7);
    let line = judge("log-broken-links", with(&[own, ("https://other.tw/", "/x", 99)]), Warn, "found");
    assert_eq!(line.excerpt, "7 https://www.a.gov.tw/list → /old.pdf");
    assert!(line.message.zh_tw.contains("1 條"));
    judge("log-broken-links", with(&[("https://other.tw/", "/x", 99)]), Pass, "pass");
    judge("log-broken-links", with(&[("https://www.a.gov.tw/", "/wp-login.php", 1)]), Pass, "pass");
    let mut nameless = plan();
    nameless.scope.urls.clear();
    nameless.scope.mail_domains.clear();
    let record = got("access_log:x", Body::AccessLog(with(&[own])));
    expect("function.log-broken-links", &nameless, vec![record], &[(Info, "whose")]);
}

#[test]
fn unreadable_lines_are_counted_against_the_log() {
    let with = |bad_lines| AccessLog { bad_lines, bad_at: vec![3, 9], ..day() };
    judge("log-readable", with(1_000), Pass, "pass");
    let line = judge("log-readable", with(1_001), Warn, "bad");
    assert_eq!(line.excerpt, format!("{PATH}: 3, 9"));
    judge("log-readable", AccessLog { statuses: [].into(), ..with(100_000) }, NotTested, "unknown");
    let line = judge(
        "log-readable",
        AccessLog { cut_short: Some("gzip: broken".into()), ..with(0) },
        Error,
        "common.failed",
    );
    assert!(line.excerpt.contains("gzip"), "{}", line.excerpt);
}
