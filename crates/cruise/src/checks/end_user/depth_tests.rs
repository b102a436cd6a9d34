//! Tests of the checks that look at HTTP in depth.

use bulwark_model::Severity;
use bulwark_model::Verdict::{self, Error, Fail, Info, NotApplicable, NotTested, Pass, Warn};
use bulwark_probe::evidence::{Blob, Body, Exchange, Http, HttpVariant, HttpVariants, Record, TlsHandshake};
use bulwark_probe::failure::{Code, Failure, Step};
use proptest::prelude::*;

use super::sample::{
    exchange, expect, got, http, http_record, lost, page_record, plan, run, severities, with_status,
};
use crate::check::Line;

const URL: &str = "https://www.a.gov.tw/";
const ORIGIN: &str = "https://bulwark.invalid";
const HTML: &str = "<html><head><title>首頁</title></head><body>歡迎</body></html>";

type Answer = Result<Exchange, Failure>;

fn variant(name: &str, sent: &[(&str, &str)], answer: Answer) -> HttpVariant {
    HttpVariant {
        name: name.into(),
        sent: sent.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        answer: answer.map(|x| http(vec![x])),
    }
}

/// A page asked plainly and in these ways.
fn asked(headers: &[(&str, &str)], more: Vec<HttpVariant>) -> Record {
    let mut variants = vec![variant("plain", &[], Ok(exchange(URL, headers, HTML)))];
    variants.extend(more);
    got(&format!("http_variants:{URL}"), Body::HttpVariants(HttpVariants { url: URL.into(), variants }))
}

fn way(name: &str, sent: &[(&str, &str)], answer: Exchange) -> Vec<Record> {
    vec![asked(&[], vec![variant(name, sent, Ok(answer))])]
}

fn broken(code: Code) -> Failure {
    Failure::new(Step::Receive, code, "detail")
}

fn one(id: &str, records: Vec<Record>, verdict: Verdict, sentence: &str) -> Line {
    expect(id, &plan(), records, &[(verdict, sentence)]).remove(0)
}

fn page(headers: &[(&str, &str)], html: &str) -> Vec<Record> {
    vec![page_record(vec![exchange(URL, headers, html)], vec![])]
}

#[test]
fn a_way_that_was_lost_is_an_error_and_one_not_asked_is_no_finding() {
    for (id, name) in [
        ("end_user.cors", "origin"),
        ("end_user.security-txt", "security_txt"),
        ("end_user.robots", "robots"),
        ("end_user.compression-modern", "encodings"),
        ("end_user.conditional-requests", "conditional"),
    ] {
        one(
            id,
            vec![asked(&[], vec![variant(name, &[], Err(broken(Code::TimedOut)))])],
            Error,
            "common.failed",
        );
        one(id, vec![lost(&format!("http_variants:{URL}"), Code::TimedOut)], Error, "common.failed");
        let lines = run(id, &plan(), vec![asked(&[], vec![])]);
        assert!(lines.iter().all(|l| matches!(l.verdict, NotTested | NotApplicable)), "{id}: {lines:?}");
    }
}

#[test]
fn cors_by_what_a_stranger_may_read() {
    let id = "end_user.cors";
    let sent: &[(&str, &str)] = &[("origin", ORIGIN)];
    let of = |headers: &[(&str, &str)]| way("origin", sent, exchange(URL, headers, ""));
    let allow = "access-control-allow-origin";
    let credentials = ("access-control-allow-credentials", "true");
    one(id, of(&[]), Pass, "pass");
    one(id, of(&[(allow, "https://app.a.gov.tw"), credentials]), Pass, "others");
    one(id, of(&[(allow, "*")]), Pass, "public");
    let line = one(id, of(&[(allow, ORIGIN), credentials]), Fail, "any_with_credentials");
    assert_eq!((line.severity, line.asset.as_str()), (Severity::High, URL));
    assert!(line.excerpt.contains(ORIGIN), "{}", line.excerpt);
    let line = one(id, of(&[(allow, ORIGIN)]), Warn, "any");
    assert_eq!(line.severity, Severity::Medium);
    one(id, of(&[(allow, "null")]), Warn, "null");
    let line = one(id, of(&[(allow, "*"), credentials]), Warn, "star_and_credentials");
    assert_eq!(line.severity, Severity::Low);
    // The preflight alone lets in.
    let both = vec![
        variant("origin", sent, Ok(exchange(URL, &[], ""))),
        variant("preflight", sent, Ok(exchange(URL, &[(allow, ORIGIN), credentials], ""))),
    ];
    one(id, vec![asked(&[], both)], Fail, "any_with_credentials");
    // Half lost: what is grave stands, what looks harmless does not.
    let half = |headers: &[(&str, &str)]| {
        vec![asked(
            &[],
            vec![
                variant("origin", sent, Ok(exchange(URL, headers, ""))),
                variant("preflight", sent, Err(broken(Code::Closed))),
            ],
        )]
    };
    one(id, half(&[(allow, ORIGIN), credentials]), Fail, "any_with_credentials");
    one(id, half(&[]), Error, "common.failed");
}

#[test]
fn security_txt_by_rfc_9116() {
    let id = "end_user.security-txt";
    let at = "https://www.a.gov.tw/.well-known/security.txt";
    let text: &[(&str, &str)] = &[("content-type", "text/plain; charset=utf-8")];
    let of = |headers: &[(&str, &str)], body: &str| way("security_txt", &[], exchange(at, headers, body));
    let good = format!("Contact: mailto:s@a.gov.tw\nExpires: 2027-06-01T00:00:00Z\nCanonical: {at}\n");
    let line = one(id, of(text, &good), Pass, "pass");
    assert_eq!(line.asset, "www.a.gov.tw");
    assert!(line.message.zh_tw.contains("116-06-01"), "{}", line.message.zh_tw);
    assert!(line.message.en.contains("2027"), "{}", line.message.en);
    let line = one(id, way("security_txt", &[], with_status(exchange(at, &[], "no"), 404)), Fail, "missing");
    assert_eq!(line.severity, Severity::Low);
    // A site that answers every path with its home page.
    one(id, of(&[], "<html>首頁</html>"), Fail, "missing");
    one(id, of(text, "Contact: s@a.gov.tw\nExpires: 2027-06-01T00:00:00Z\n"), Fail, "no_contact");
    one(id, of(text, "Contact: tel:+886-2-1234\n"), Fail, "no_expires");
    one(id, of(text, "Contact: mailto:s@a.tw\nExpires: 2026-11-01T00:00:00Z\n"), Fail, "expired");
    one(id, of(text, "Contact: mailto:s@a.tw\nExpires: 2026-12-01T00:00:00Z\n"), Warn, "expires_soon");
    one(id, of(text, "Contact: mailto:s@a.tw\nExpires: 2030-12-01T00:00:00Z\n"), Info, "far");
    one(id, of(text, &good.replace("www.a", "other.b")), Warn, "canonical");
    one(id, of(&[], &good), Warn, "media_type");
    one(id, way("security_txt", &[], with_status(exchange(at, &[], ""), 503)), NotTested, "unavailable");
}

#[test]
fn robots_that_show_the_way() {
    let id = "end_user.robots";
    let at = "https://www.a.gov.tw/robots.txt";
    let of = |kind: &str, body: &str| way("robots", &[], exchange(at, &[("content-type", kind)], body));
    one(
        id,
        of("text/plain", "User-agent: *\nDisallow: /search\nDisallow: /administrative-area\n"),
        Pass,
        "pass",
    );
    let line = one(
        id,
        of("text/plain", "Disallow: /backup/2024/\nDisallow: /a # x\ndisallow:/admin"),
        Warn,
        "telling",
    );
    assert_eq!(line.severity, Severity::Advice);
    assert!(line.message.en.contains(" 2 "), "{}", line.message.en);
    one(id, of("text/html", "<html>"), NotApplicable, "none");
}

#[test]
fn newer_codings_and_conditions() {
    let id = "end_user.compression-modern";
    let of = |coding: &str, bytes| {
        let mut x = exchange(URL, &[("content-encoding", coding)], "");
        x.body_bytes = bytes;
        way("encodings", &[("accept-encoding", "br, zstd, gzip")], x)
    };
    one(id, of("br", 9000), Pass, "pass");
    one(id, of("zstd", 9000), Pass, "pass");
    let line = one(id, of("gzip", 9000), Fail, "older");
    assert_eq!(line.severity, Severity::Advice);
    one(id, of("", 9000), Info, "none");
    one(id, of("", 90), NotApplicable, "small");

    let id = "end_user.conditional-requests";
    let tagged: &[(&str, &str)] = &[("etag", "\"1\"")];
    let of = |status, etag: &str| {
        let answer = with_status(exchange(URL, &[("etag", etag)], ""), status);
        vec![asked(tagged, vec![variant("conditional", &[("if-none-match", "\"1\"")], Ok(answer))])]
    };
    one(id, of(304, "\"1\""), Pass, "pass");
    let line = one(id, of(200, "\"1\""), Fail, "ignored");
    assert_eq!(line.severity, Severity::Advice);
    one(id, of(200, "\"2\""), Info, "changed");
    one(id, of(412, "\"1\""), NotTested, "other_answer");
    one(id, vec![asked(&[], vec![])], NotApplicable, "no_validator");
    one(id, vec![asked(&[("cache-control", "no-store")], vec![])], NotApplicable, "no_store");
}

#[test]
fn both_families_serve_the_same() {
    let id = "end_user.ipv6-parity";
    let of = |four: Answer, six: Answer| {
        vec![asked(&[], vec![variant("ipv4", &[], four), variant("ipv6", &[], six)])]
    };
    let x = || exchange(URL, &[("x-frame-options", "DENY")], HTML);
    one(id, of(Ok(x()), Ok(x())), Pass, "pass");
    one(id, vec![asked(&[], vec![])], NotApplicable, "one_family");
    let line = one(id, of(Ok(x()), Ok(with_status(x(), 403))), Fail, "status");
    assert_eq!(line.severity, Severity::Medium);
    one(id, of(Ok(x()), Ok(exchange(URL, &[], HTML))), Warn, "headers");
    let other = exchange(URL, &[("x-frame-options", "DENY")], &HTML.replace("首頁", "預設"));
    one(id, of(Ok(x()), Ok(other)), Warn, "content");
    one(id, of(Ok(x()), Err(broken(Code::Refused))), Fail, "v6_refused");
    // We may have no IPv6 ourselves.
    one(id, of(Ok(x()), Err(broken(Code::Unreachable))), Error, "common.failed");
    one(id, of(Ok(x()), Err(broken(Code::TimedOut))), Error, "common.failed");
}

#[test]
fn policies_and_their_gaps_one_line_each() {
    let id = "end_user.csp-quality";
    let csp = |v: &str| page(&[("content-security-policy", v)], HTML);
    one(id, page(&[], HTML), NotApplicable, "no_policy");
    one(id, csp("frame-ancestors 'none'"), NotApplicable, "no_policy");
    one(id, csp("default-src 'self'; base-uri 'self'"), Pass, "pass");
    let lines = expect(
        id,
        &plan(),
        csp("script-src 'self' 'unsafe-inline' 'unsafe-eval' https:"),
        &[
            (Warn, "unsafe_inline"),
            (Warn, "unsafe_eval"),
            (Warn, "any_host"),
            (Warn, "objects"),
            (Warn, "base"),
            (Warn, "no_default"),
        ],
    );
    assert_eq!(
        severities(&lines),
        [Severity::Low, Severity::Low, Severity::Low, Severity::Low, Severity::Low, Severity::Advice]
    );
    one(id, csp("default-src 'self'; script-src 'unsafe-inline' 'nonce-a'; base-uri 'self'"), Pass, "pass");
    // Another policy holds back what the first lets through.
    one(id, csp("default-src *, default-src 'self'; base-uri 'self'"), Pass, "pass");
    // A second one without a rule for scripts holds back none.
    one(
        id,
        csp("default-src 'self' 'unsafe-inline'; base-uri 'self', frame-ancestors 'self'"),
        Warn,
        "unsafe_inline",
    );
    one(id, page(&[("content-type", "application/json")], "{}"), NotApplicable, "not_html");
}

#[test]
fn scripts_of_others_carry_a_hash() {
    let id = "end_user.sri";
    one(id, page(&[], HTML), Pass, "own_only");
    one(id, page(&[], "<script src=https://static.a.gov.tw/x.js></script>"), Pass, "own_only");
    let good = "<script src=https://cdn.b.tw/x.js integrity=sha384-x crossorigin></script>";
    one(id, page(&[], good), Pass, "pass");
    let line = one(id, page(&[], "<script src=//cdn.b.tw/x.js?v=1></script>"), Fail, "missing");
    assert_eq!((line.severity, line.excerpt.as_str()), (Severity::Low, "script https://cdn.b.tw/x.js"));
    let blocked = "<script src=https://cdn.b.tw/x.js integrity=sha384-x></script>";
    one(id, page(&[], blocked), Warn, "no_crossorigin");
    one(id, page(&[("content-type", "text/plain")], ""), NotApplicable, "not_html");
}

#[test]
fn isolation_is_advice() {
    let id = "end_user.corp-coop";
    let good = [("cross-origin-opener-policy", "same-origin"), ("cross-origin-resource-policy", "same-site")];
    one(id, page(&good, HTML), Pass, "pass");
    let lines = expect(id, &plan(), page(&[], HTML), &[(Warn, "no_coop"), (Warn, "no_corp")]);
    assert_eq!(severities(&lines), [Severity::Advice, Severity::Advice]);
    let plain = vec![http_record(vec![exchange("http://www.a.gov.tw/", &[], HTML)])];
    one(id, plain, NotApplicable, "plain");
    let bad = [("cross-origin-opener-policy", "Same-Origin"), ("cross-origin-resource-policy", "x")];
    expect(id, &plan(), page(&bad, HTML), &[(Warn, "coop_invalid"), (Warn, "corp_invalid")]);
}

#[test]
fn preload_and_http3_are_notes() {
    let id = "end_user.hsts-preload";
    let sts = |v: &str| page(&[("strict-transport-security", v)], HTML);
    one(id, sts("max-age=31536000; includeSubDomains; preload"), Pass, "pass");
    let line = one(id, sts("max-age=300; preload"), Warn, "not_ready");
    assert_eq!((line.severity, line.asset.as_str()), (Severity::Advice, "www.a.gov.tw"));
    one(id, sts("max-age=31536000"), Info, "not_asked");
    one(id, page(&[], HTML), NotApplicable, "no_hsts");
    let plain = || vec![http_record(vec![exchange("http://www.a.gov.tw/", &[], HTML)])];
    one(id, plain(), NotApplicable, "plain");
    let id = "end_user.http3";
    one(id, page(&[("alt-svc", "h3=\":443\"; ma=86400")], HTML), Pass, "pass");
    one(id, page(&[("alt-svc", "h2=\":443\"")], HTML), Info, "none");
    one(id, plain(), NotApplicable, "plain");
}

#[test]
fn chains_of_redirects() {
    let id = "end_user.redirect-chain";
    let to = |url: &str| with_status(exchange(url, &[("location", "/")], ""), 301);
    let end = || exchange(URL, &[], HTML);
    let chain = |hops: Vec<Exchange>, stopped: Option<Failure>| {
        let http = Http { stopped, ..http(hops) };
        vec![got(&format!("http:{}", http.url), Body::Http(http))]
    };
    one(id, page(&[], HTML), Pass, "pass");
    one(id, chain(vec![to("http://a.gov.tw/"), to("https://a.gov.tw/"), end()], None), Pass, "pass");
    let long = vec![
        to("https://a.gov.tw/1"),
        to("https://a.gov.tw/2"),
        to("https://a.gov.tw/3"),
        to("https://a.gov.tw/4"),
        end(),
    ];
    let line = one(id, chain(long, None), Warn, "long");
    assert_eq!(line.severity, Severity::Low);
    let back = vec![to("https://a.gov.tw/"), exchange("http://a.gov.tw/x", &[], HTML)];
    let line = one(id, chain(back, None), Fail, "downgrade");
    assert_eq!((line.severity, line.asset.as_str()), (Severity::Medium, "https://a.gov.tw/"));
    let stopped = |code| Some(Failure::new(Step::Receive, code, "https://b.tw/ → https://a.gov.tw/?t=1"));
    one(id, chain(vec![to(URL)], stopped(Code::RedirectLoop)), Fail, "circle");
    let line = one(id, chain(vec![to(URL)], stopped(Code::RedirectOutOfScope)), Info, "leaves");
    assert!(!line.excerpt.contains("t=1"));
    one(id, chain(vec![to(URL)], stopped(Code::TimedOut)), Error, "common.failed");
}

const GOOD: [(&str, &str); 4] = [
    ("content-security-policy", "default-src 'self'; frame-ancestors 'self'"),
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
];

#[test]
fn grades_by_letter() {
    let id = "end_user.observatory-grade";
    let line = one(id, page(&GOOD, HTML), Pass, "pass");
    assert_eq!(line.asset, "www.a.gov.tw");
    assert!(line.message.en.contains("A+ (115 points)"), "{}", line.message.en);
    assert!(line.message.zh_tw.contains("扣分項目：無"), "{}", line.message.zh_tw);
    // No policy and no protection against framing: 55 points.
    let line = one(id, page(&GOOD[1..], HTML), Warn, "middling");
    assert_eq!(line.severity, Severity::Low);
    assert!(line.message.zh_tw.contains("C（55 分）"), "{}", line.message.zh_tw);
    let line = one(id, page(&[], HTML), Fail, "poor");
    assert_eq!(line.severity, Severity::Medium);
    assert!(line.excerpt.starts_with("D (30)\n-25 csp-not-implemented\n"), "{}", line.excerpt);
    // One small header more or less turns no verdict at the bottom.
    one(id, page(&[("x-content-type-options", "nosniff")], HTML), Fail, "poor");
}

#[test]
fn grades_see_redirect_certificate_cookies_and_origins() {
    let id = "end_user.observatory-grade";
    let points = |records: Vec<Record>| {
        let line = run(id, &plan(), records).remove(0);
        line.excerpt.lines().next().unwrap_or_default().to_owned()
    };
    let with = |more: Vec<Record>| {
        let mut records = page(&GOOD, HTML);
        records.extend(more);
        records
    };
    assert_eq!(points(with(vec![])), "A+ (115)");
    let plain = exchange("http://www.a.gov.tw/", &[], HTML);
    assert_eq!(points(with(vec![http_record(vec![plain])])), "B+ (80)");
    let foreign = exchange(
        URL,
        &[("access-control-allow-origin", ORIGIN), ("access-control-allow-credentials", "true")],
        "",
    );
    let cors = asked(&GOOD, vec![variant("origin", &[("origin", ORIGIN)], Ok(foreign))]);
    assert_eq!(points(with(vec![cors])), "C (50)");
    let handshake = TlsHandshake {
        host: "www.a.gov.tw".into(),
        address: "203.0.113.5".into(),
        port: 443,
        version: "TLS 1.3".into(),
        cipher: String::new(),
        alpn: None,
        chain: vec![Blob::default()],
        trust_error: Some("self-signed".into()),
        ocsp_stapled: false,
        trust_store: "system".into(),
        handshake_ms: 3,
    };
    assert_eq!(
        points(with(vec![got("tls_handshake:www.a.gov.tw:443", Body::TlsHandshake(handshake.clone()))])),
        "B+ (80)"
    );
    let handshake = || got("tls_handshake:www.a.gov.tw:443", Body::TlsHandshake(handshake.clone()));
    one(id, with(vec![handshake()]), Info, "untrusted");
    // What is weak beside the certificate keeps its verdict.
    let mut bare = page(&[], HTML);
    bare.push(handshake());
    one(id, bare, Fail, "poor");
    let mut cookie = GOOD.to_vec();
    cookie.push(("set-cookie", "SESSIONID=x; Path=/"));
    assert_eq!(points(page(&cookie, HTML)), "B (70)");
}

#[test]
fn lost_side_evidence_does_not_hide_a_grade() {
    let id = "end_user.observatory-grade";
    let mut records = page(&GOOD, HTML);
    records.push(lost("http:http://www.a.gov.tw/", Code::Refused));
    records.push(lost(&format!("http_variants:{URL}"), Code::TimedOut));
    records.push(lost("tls_handshake:www.a.gov.tw:443", Code::TimedOut));
    one(id, records, Pass, "pass");
    let all = vec![
        lost(&format!("page:{URL}"), Code::TimedOut),
        lost(&format!("http_variants:{URL}"), Code::TimedOut),
        lost("tls_handshake:www.a.gov.tw:443", Code::TimedOut),
    ];
    one(id, all, Error, "common.failed");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn hostile_answers_panic_no_check(value in "[ -~臺\u{202e}]{0,60}", body in "[ -~\n<>]{0,80}", url in "(https?://)?[a-z.:/?]{0,20}") {
        let headers: Vec<(&str, &str)> = [
            "access-control-allow-origin", "content-security-policy", "cross-origin-opener-policy", "alt-svc",
            "strict-transport-security", "content-encoding", "etag", "set-cookie",
        ].iter().map(|n| (*n, value.as_str())).collect();
        let names = ["origin", "preflight", "encodings", "ipv4", "ipv6", "conditional", "security_txt", "robots"];
        let x = exchange(&url, &headers, &body);
        let more = names.iter().map(|n| variant(n, &[("origin", value.as_str())], Ok(x.clone()))).collect();
        let records = vec![asked(&headers, more), page_record(vec![x.clone()], vec![]), http_record(vec![x])];
        let evidence: Vec<(String, Record)> = records.into_iter().map(|r| ("E".to_owned(), r)).collect();
        let plan = plan();
        let case = crate::check::Case {
            plan: &plan, evidence: &evidence, planned_kinds: &[], taken_at: super::sample::now(),
        };
        for definition in super::CHECKS {
            let _ = crate::check::judge_one(definition, &case);
        }
    }
}
