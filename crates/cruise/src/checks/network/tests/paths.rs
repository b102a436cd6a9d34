//! Reachability, TLS versions and suites, redirects, HSTS.

use bulwark_model::{Severity, Verdict};
use bulwark_probe::evidence::{Blob, Body, Exchange, Http, Page, TlsAnswer};
use bulwark_probe::failure::{Code, Failure, Step};

use super::build::{expect, failed, got, hop, http, judge, no, plan, tcp, tls, yes};

const HOST: &str = "www.agency.gov.tw";
const V4: &str = "192.0.2.10";
const V6: &str = "2001:db8::10";

#[test]
fn families_are_judged_apart() {
    let id = "network.tcp-reachable";
    let lines = judge(id, &plan(), vec![tcp(HOST, 443, &[(V4, Ok(9_000)), (V6, Err(Code::Refused))])]);
    let seen: Vec<_> = lines.iter().map(|l| (l.asset.as_str(), l.verdict, l.sentence.as_str())).collect();
    assert_eq!(
        seen,
        [
            ("www.agency.gov.tw:443 (IPv4)", Verdict::Pass, "pass"),
            ("www.agency.gov.tw:443 (IPv6)", Verdict::Fail, "refused"),
        ]
    );
    assert!(lines[1].message.zh_tw.contains(V6));
}

#[test]
fn silence_counts_only_when_our_path_works() {
    let id = "network.tcp-reachable";
    let lonely = tcp(HOST, 443, &[(V4, Err(Code::TimedOut)), (V4, Err(Code::TimedOut))]);
    expect(id, &plan(), vec![lonely.clone()], Verdict::Error, "common.failed");
    let other = tcp("api.agency.gov.tw", 443, &[("198.51.100.1", Ok(5_000))]);
    let lines = judge(id, &plan(), vec![lonely.clone(), other]);
    assert_eq!((lines[0].verdict, lines[0].sentence.as_str()), (Verdict::Fail, "silent"));
    // A loopback success proves nothing about the way out, nor IPv4 about IPv6.
    let local = tcp("localhost", 80, &[("127.0.0.1", Ok(50))]);
    assert_eq!(judge(id, &plan(), vec![lonely, local])[0].verdict, Verdict::Error);
    let v6 = tcp(HOST, 443, &[(V4, Ok(5_000)), (V6, Err(Code::Unreachable))]);
    assert_eq!(judge(id, &plan(), vec![v6])[1].verdict, Verdict::Error);
    // We stopped by ourselves.
    let stopped = tcp(HOST, 443, &[(V4, Err(Code::CircuitOpen))]);
    expect(id, &plan(), vec![stopped], Verdict::Error, "common.failed");
}

#[test]
fn ipv6_is_advice() {
    let id = "network.ipv6";
    expect(id, &plan(), vec![tcp(HOST, 443, &[(V4, Ok(5_000)), (V6, Ok(5_000))])], Verdict::Pass, "pass");
    let line = expect(id, &plan(), vec![tcp(HOST, 443, &[(V4, Ok(5_000))])], Verdict::Fail, "no_aaaa");
    assert_eq!(line.severity, Severity::Advice);
    expect(
        id,
        &plan(),
        vec![tcp(HOST, 443, &[(V4, Ok(5_000)), (V6, Err(Code::Refused))])],
        Verdict::Fail,
        "dead",
    );
    // Port 80 is closed on both: that is no weakness of IPv6.
    let closed = tcp(HOST, 80, &[(V4, Err(Code::Refused)), (V6, Err(Code::Refused))]);
    let open = tcp(HOST, 443, &[(V4, Ok(5_000)), (V6, Ok(5_000))]);
    expect(id, &plan(), vec![closed, open], Verdict::Pass, "pass");
    let no_route = tcp(HOST, 443, &[(V4, Ok(5_000)), (V6, Err(Code::Unreachable))]);
    expect(id, &plan(), vec![no_route], Verdict::NotTested, "no_path");
    expect(id, &plan(), vec![tcp(V4, 443, &[(V4, Ok(5_000))])], Verdict::NotApplicable, "literal");
}

#[test]
fn round_trips_show_percentiles_and_hidden_loss() {
    let id = "network.rtt";
    let times = |us: &[u64]| {
        let samples: Vec<_> = us.iter().map(|t| (V4, Ok(*t))).collect();
        tcp(HOST, 443, &samples)
    };
    let steady: Vec<u64> = (1..=20).map(|n| n * 1_000).collect();
    let line = expect(id, &plan(), vec![times(&steady)], Verdict::Info, "measured");
    assert!(line.message.en.contains("p50 10.0, p95 19.0, p99 20.0 ms"), "{}", line.message.en);
    assert_eq!(line.asset, "www.agency.gov.tw (192.0.2.10)");
    expect(id, &plan(), vec![times(&[250_000; 10])], Verdict::Warn, "slow");
    // 1,012 ms is a SYN sent again, not a slow path.
    let line = expect(id, &plan(), vec![times(&[12_000, 12_000, 12_000, 1_012_000])], Verdict::Warn, "loss");
    assert!(line.message.en.starts_with("1 of 4"), "{}", line.message.en);
    let lost = tcp(HOST, 443, &[(V4, Ok(9_000)), (V4, Err(Code::TimedOut))]);
    expect(id, &plan(), vec![lost], Verdict::Warn, "loss");
    expect(id, &plan(), vec![failed("tcp", HOST, Code::NoSuchName)], Verdict::Error, "common.failed");
    // Two ports of one address are one path.
    let both = vec![tcp(HOST, 443, &[(V4, Ok(9_000))]), tcp(HOST, 80, &[(V4, Ok(9_000))])];
    let line = expect(id, &plan(), both, Verdict::Info, "measured");
    assert_eq!(line.evidence.len(), 2);
}

const OLD_REFUSED: [&str; 3] = ["SSLv3", "TLS 1.0", "TLS 1.1"];

fn attempts(
    rest: Vec<(&'static str, Result<TlsAnswer, Failure>)>,
) -> Vec<(&'static str, Result<TlsAnswer, Failure>)> {
    OLD_REFUSED.into_iter().map(|v| (v, no())).chain(rest).collect()
}

#[test]
fn old_versions_fail_and_13_is_expected() {
    let id = "network.tls-versions";
    let modern = vec![("TLS 1.2", yes(0x0303, 0xc02f)), ("TLS 1.3", yes(0x0304, 0x1301))];
    let line = expect(id, &plan(), vec![tls(&attempts(modern.clone()))], Verdict::Pass, "pass");
    assert!(line.message.zh_tw.contains("TLS 1.2, TLS 1.3"));
    expect(
        id,
        &plan(),
        vec![tls(&attempts(vec![modern[0].clone(), ("TLS 1.3", no())]))],
        Verdict::Warn,
        "no_13",
    );
    let mut old = attempts(modern.clone());
    old[1].1 = yes(0x0301, 0x002f);
    let line = expect(id, &plan(), vec![tls(&old)], Verdict::Fail, "old");
    assert_eq!((line.severity, line.message.en.contains("TLS 1.0")), (Severity::Medium, true));
    old[0].1 = yes(0x0300, 0x000a);
    assert_eq!(expect(id, &plan(), vec![tls(&old)], Verdict::Fail, "old").severity, Severity::High);
    // Offered 1.1, the server answered with 1.0.
    let mut down = attempts(modern.clone());
    down[2].1 = yes(0x0301, 0x002f);
    assert!(expect(id, &plan(), vec![tls(&down)], Verdict::Fail, "old").message.en.contains("TLS 1.0"));
}

#[test]
fn what_could_not_be_tried_is_not_passed() {
    let id = "network.tls-versions";
    let modern = vec![("TLS 1.2", yes(0x0303, 0xc02f)), ("TLS 1.3", yes(0x0304, 0x1301))];
    let mut gap = attempts(modern.clone());
    gap[1].1 = Err(Failure::new(Step::Connect, Code::TimedOut, "x"));
    expect(id, &plan(), vec![tls(&gap)], Verdict::Error, "common.failed");
    gap[1].1 = Err(Failure::new(Step::Receive, Code::TimedOut, "x"));
    let line = expect(id, &plan(), vec![tls(&gap)], Verdict::Pass, "pass_silent");
    assert!(line.message.en.contains("TLS 1.0"));
    // An old version seen is a weakness whatever else could not be tried.
    gap[2].1 = yes(0x0302, 0x002f);
    gap[1].1 = Err(Failure::new(Step::Connect, Code::TimedOut, "x"));
    expect(id, &plan(), vec![tls(&gap)], Verdict::Fail, "old");
    let plain = [("SSLv3", Ok(TlsAnswer::NotTls { first: Blob(b"HTTP/1.1 400".to_vec()) }))];
    expect(id, &plan(), vec![tls(&plain)], Verdict::Fail, "plain");
    let none = attempts(vec![("TLS 1.2", Ok(TlsAnswer::Closed)), ("TLS 1.3", no())]);
    expect(id, &plan(), vec![tls(&none)], Verdict::Manual, "none");
}

#[test]
fn the_weakest_suite_of_modern_versions_counts() {
    let id = "network.tls-cipher";
    let with =
        |suite| vec![tls(&attempts(vec![("TLS 1.2", yes(0x0303, suite)), ("TLS 1.3", yes(0x0304, 0x1302))]))];
    expect(id, &plan(), with(0xc030), Verdict::Pass, "pass");
    // ECDHE with CBC, RSA key exchange, 3DES.
    expect(id, &plan(), with(0xc028), Verdict::Warn, "ageing");
    let line = expect(id, &plan(), with(0x009c), Verdict::Fail, "weak");
    assert!(line.message.en.contains("TLS_RSA_WITH_AES_128_GCM_SHA256"), "{}", line.message.en);
    // The suite of TLS 1.0 does not count beside a good TLS 1.2.
    let mut old = attempts(vec![("TLS 1.2", yes(0x0303, 0xc030))]);
    old[1].1 = yes(0x0301, 0x000a);
    expect(id, &plan(), vec![tls(&old)], Verdict::Pass, "pass");
    old.truncate(3);
    expect(id, &plan(), vec![tls(&old)], Verdict::Fail, "weak");
    let broken = [("TLS 1.2", Err(Failure::new(Step::Connect, Code::TimedOut, "x")))];
    expect(id, &plan(), vec![tls(&broken)], Verdict::Error, "common.failed");
}

fn to(url: &str, status: u16, target: &str) -> Exchange {
    hop(url, status, &[("location", target)], "")
}

#[test]
fn redirects_go_to_the_same_host_first() {
    let id = "network.https-redirect";
    let plain = "http://www.agency.gov.tw/";
    let pass = http(
        vec![to(plain, 301, "https://www.agency.gov.tw/"), hop("https://www.agency.gov.tw/", 200, &[], "")],
        None,
    );
    let line = expect(id, &plan(), vec![pass], Verdict::Pass, "pass");
    assert_eq!(line.asset, plain);
    // The target lies out of scope: the redirect itself still tells.
    let left = Failure::new(Step::Scope, Code::RedirectOutOfScope, "https://sso.gov.tw/");
    let other = http(vec![to(plain, 302, "https://sso.gov.tw/?token=abc")], Some(left));
    let line = expect(id, &plan(), vec![other], Verdict::Warn, "other_host");
    assert!(!format!("{line:?}").contains("token"), "queries may hold secrets");
    let late = vec![
        to(plain, 301, "http://agency.gov.tw/"),
        to("http://agency.gov.tw/", 301, "https://agency.gov.tw/"),
        hop("https://agency.gov.tw/", 200, &[], ""),
    ];
    expect(id, &plan(), vec![http(late, None)], Verdict::Warn, "late");
    expect(
        id,
        &plan(),
        vec![http(vec![hop(plain, 200, &[], "<meta http-equiv=refresh>")], None)],
        Verdict::Fail,
        "plain",
    );
    let circle =
        http(vec![to(plain, 301, "/home"), to("http://www.agency.gov.tw/home", 301, "/?sid=s3cret")], None);
    let line = expect(id, &plan(), vec![circle], Verdict::Fail, "plain");
    assert!(!format!("{line:?}").contains("s3cret"));
    expect(id, &plan(), vec![http(vec![hop(plain, 404, &[], "")], None)], Verdict::Info, "no_content");
    let line = expect(id, &plan(), vec![failed("http", plain, Code::Refused)], Verdict::Pass, "closed");
    assert_eq!(line.asset, plain);
    expect(id, &plan(), vec![failed("http", plain, Code::TimedOut)], Verdict::Error, "common.failed");
    let nothing = http(Vec::new(), Some(Failure::new(Step::Receive, Code::TooSlow, "x")));
    expect(id, &plan(), vec![nothing], Verdict::Error, "common.failed");
    let secure = http(vec![hop("https://www.agency.gov.tw/", 200, &[], "")], None);
    expect(id, &plan(), vec![secure], Verdict::NotTested, "no_plain");
}

#[test]
fn hsts_is_long_and_everywhere() {
    let id = "network.hsts";
    let url = "https://www.agency.gov.tw/";
    let name = "Strict-Transport-Security";
    let with = |value: &str| http(vec![hop(url, 200, &[(name, value)], "")], None);
    let line = expect(id, &plan(), vec![with("max-age=31536000; includeSubDomains")], Verdict::Pass, "pass");
    assert_eq!(
        (line.asset.as_str(), line.message.zh_tw.as_str()),
        (HOST, "www.agency.gov.tw 已設定 HSTS 365 天。")
    );
    expect(id, &plan(), vec![with("max-age=15768000")], Verdict::Pass, "pass");
    expect(id, &plan(), vec![with("max-age=15767999")], Verdict::Warn, "short");
    expect(id, &plan(), vec![with("max-age=0")], Verdict::Fail, "off");
    expect(id, &plan(), vec![with("includeSubDomains")], Verdict::Fail, "invalid");
    let line = expect(id, &plan(), vec![http(vec![hop(url, 200, &[], "")], None)], Verdict::Fail, "missing");
    assert_eq!(line.severity, Severity::Medium);
    // Over plain HTTP the field does not count.
    let plain = vec![to("http://www.agency.gov.tw/", 301, url), hop(url, 200, &[], "")];
    expect(id, &plan(), vec![http(plain, None)], Verdict::Fail, "missing");
    let page = Page {
        page: Http { url: url.into(), hops: vec![hop(url, 404, &[], "")], stopped: None },
        resources: Vec::new(),
        skipped: 0,
    };
    let line =
        expect(id, &plan(), vec![with("max-age=31536000"), got(Body::Page(page))], Verdict::Warn, "partial");
    assert_eq!(line.evidence, ["E-0000", "E-0001"]);
    let literal = http(vec![hop("https://192.0.2.10/", 200, &[], "")], None);
    expect(id, &plan(), vec![literal], Verdict::NotApplicable, "literal");
    expect(id, &plan(), vec![failed("http", url, Code::TimedOut)], Verdict::Error, "common.failed");
}
