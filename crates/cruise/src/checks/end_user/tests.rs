use bulwark_model::Severity;
use bulwark_model::Verdict::{self, Fail, NotApplicable, NotTested, Pass, Warn};
use bulwark_probe::evidence::{Blob, Body, Record, Resource, TlsHandshake};
use bulwark_probe::failure::Code;

use super::sample::{
    assert_domain, browser, exchange, expect, failure, got, http, http_record, lost, page_record, plan,
    resource, run, severities, with_status,
};
use super::visit::{masked, plain_url};

const URL: &str = "https://www.a.gov.tw/";
const HTML: &str = "<!doctype html><html lang=\"zh-Hant-TW\"><head><title>首頁</title>\
    <meta name=\"viewport\" content=\"width=device-width\"></head><body>歡迎</body></html>";

fn page(headers: &[(&str, &str)]) -> Vec<Record> {
    vec![page_record(vec![exchange(URL, headers, HTML)], vec![])]
}

fn page_with(resources: Vec<Resource>) -> Vec<Record> {
    vec![page_record(vec![exchange(URL, &[("content-encoding", "gzip")], HTML)], resources)]
}

fn html(body: &str) -> Vec<Record> {
    vec![page_record(vec![exchange(URL, &[], body)], vec![])]
}

fn one(id: &str, records: Vec<Record>, verdict: Verdict, sentence: &str) -> crate::check::Line {
    expect(id, &plan(), records, &[(verdict, sentence)]).remove(0)
}

#[test]
fn ids_and_texts_are_complete() {
    assert_domain(
        "end_user",
        super::CHECKS,
        &[
            include_str!("basics.rs"),
            include_str!("browser.rs"),
            include_str!("cookie.rs"),
            include_str!("cors.rs"),
            include_str!("files.rs"),
            include_str!("headers.rs"),
            include_str!("load.rs"),
            include_str!("mixed.rs"),
            include_str!("observatory.rs"),
            include_str!("policy.rs"),
            include_str!("transfer.rs"),
            include_str!("transport.rs"),
        ],
        include_str!("zh-TW.toml"),
    );
}

#[test]
fn without_evidence_nothing_is_judged_and_our_trouble_is_an_error() {
    for d in super::CHECKS {
        let lines = run(d.id, &plan(), vec![]);
        assert_eq!(lines.len(), 1, "{}", d.id);
        assert_eq!(lines[0].verdict, NotTested, "{}", d.id);
        let key = format!("{}:{URL}", d.kinds[0]);
        let lines = run(d.id, &plan(), vec![lost(&key, Code::TimedOut)]);
        assert_eq!(lines.len(), 1, "{}: {lines:?}", d.id);
        assert_eq!(lines[0].verdict, Verdict::Error, "{}", d.id);
    }
}

#[test]
fn a_missing_browser_is_not_tested() {
    for id in ["end_user.lcp", "end_user.cls", "end_user.fcp-ttfb", "end_user.console-errors"] {
        let lines = run(id, &plan(), vec![lost(&format!("browser:{URL}"), Code::NotInstalled)]);
        assert_eq!(lines[0].verdict, NotTested, "{id}");
    }
}

#[test]
fn nosniff_is_judged_once_an_address() {
    let line = one("end_user.nosniff", page(&[]), Fail, "missing");
    assert_eq!(line.severity, Severity::Low);
    assert_eq!(line.asset, URL);
    assert!(line.message.zh_tw.contains(URL));
    one("end_user.nosniff", page(&[("x-content-type-options", "nosniff")]), Pass, "pass");
    one("end_user.nosniff", page(&[("x-content-type-options", "sniff")]), Fail, "invalid");
    // The same page three times: as page, as plain request, and behind a redirect from http.
    let redirect = with_status(exchange("http://www.a.gov.tw/", &[("location", URL)], ""), 301);
    let records = vec![
        http_record(vec![exchange(URL, &[], HTML)]),
        http_record(vec![redirect, exchange("https://www.a.gov.tw/?x=1", &[], HTML)]),
        page(&[]).remove(0),
    ];
    let line = one("end_user.nosniff", records, Fail, "missing");
    assert_eq!(line.evidence, ["E-0002"], "the page is the better witness");
}

#[test]
fn a_failure_of_one_kind_is_settled_by_the_other() {
    let records =
        vec![lost(&format!("page:{URL}"), Code::TimedOut), http_record(vec![exchange(URL, &[], HTML)])];
    one("end_user.nosniff", records, Fail, "missing");
    let records =
        vec![lost(&format!("page:{URL}"), Code::TimedOut), lost(&format!("http:{URL}"), Code::TimedOut)];
    one("end_user.nosniff", records, Verdict::Error, "common.failed");
}

#[test]
fn error_pages_and_stopped_chains_are_no_pages() {
    let not_tested = |id: &str, record: Record| {
        let lines = run(id, &plan(), vec![record]);
        assert!(lines.len() == 1 && lines[0].verdict == NotTested, "{id}: {lines:?}");
    };
    not_tested("end_user.nosniff", http_record(vec![with_status(exchange(URL, &[], ""), 500)]));
    let mut chain = http(vec![with_status(exchange(URL, &[], ""), 302)]);
    chain.stopped = Some(failure(Code::RedirectLoop));
    not_tested("end_user.csp", got(&format!("http:{URL}"), Body::Http(chain)));
}

#[test]
fn csp_in_its_shades() {
    let csp = |v: &str| page(&[("content-security-policy", v)]);
    let line = one("end_user.csp", page(&[]), Fail, "missing");
    assert_eq!(line.severity, Severity::Medium);
    one(
        "end_user.csp",
        page(&[("content-security-policy-report-only", "default-src 'self'")]),
        Fail,
        "report_only",
    );
    one("end_user.csp", csp("default-src 'self'"), Pass, "pass");
    one("end_user.csp", csp("frame-ancestors 'none'; upgrade-insecure-requests"), Fail, "no_script_rule");
    // What it leaves open is the business of end_user.csp-quality.
    one("end_user.csp", csp("default-src 'self' 'unsafe-inline'"), Pass, "pass");
    // All policies apply.
    one("end_user.csp", csp("script-src * 'unsafe-inline', script-src 'self'"), Pass, "pass");
    let meta = "<html><head><meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'self'\"></head></html>";
    one("end_user.csp", html(meta), Pass, "pass");
    one("end_user.csp", page(&[("content-type", "application/json")]), NotApplicable, "not_html");
}

#[test]
fn frame_protection_by_either_header() {
    let id = "end_user.frame-protection";
    one(id, page(&[]), Fail, "missing");
    one(id, page(&[("x-frame-options", "SAMEORIGIN")]), Pass, "pass");
    one(id, page(&[("x-frame-options", "ALLOW-FROM https://b.tw")]), Fail, "invalid");
    one(id, page(&[("content-security-policy", "frame-ancestors 'self'")]), Pass, "pass");
    // frame-ancestors replaces X-Frame-Options, also for the worse.
    let both = [("x-frame-options", "DENY"), ("content-security-policy", "frame-ancestors *")];
    one(id, page(&both), Fail, "any_site");
    // In <meta> browsers ignore it.
    let meta = "<html><head><meta http-equiv=\"Content-Security-Policy\" content=\"frame-ancestors 'self'\"></head></html>";
    one(id, html(meta), Fail, "missing");
    one(id, page(&[("content-type", "application/pdf")]), NotApplicable, "not_html");
}

#[test]
fn referrer_policy_knows_the_default() {
    let id = "end_user.referrer-policy";
    let line = one(id, page(&[]), Warn, "missing");
    assert_eq!(line.severity, Severity::Advice);
    one(id, page(&[("referrer-policy", "no-referrer, strict-origin-when-cross-origin")]), Pass, "pass");
    let line = one(id, page(&[("referrer-policy", "unsafe-url")]), Fail, "unsafe");
    assert!(line.message.en.contains("unsafe-url"));
    one(id, page(&[("referrer-policy", "no-referrer-when-downgrade")]), Warn, "full_url");
    one(id, page(&[("referrer-policy", "nonsense")]), Warn, "missing");
    one(id, html("<html><head><meta name=\"referrer\" content=\"no-referrer\"></head></html>"), Pass, "pass");
    one(id, page(&[("content-type", "text/css")]), NotApplicable, "not_html");
}

#[test]
fn cookies_are_judged_without_their_values() {
    let id = "end_user.cookie-flags";
    let set = |v: &str| page(&[("set-cookie", v)]);
    one(id, page(&[]), NotApplicable, "none");
    one(id, set("theme=dark"), NotApplicable, "none");
    let line = one(id, set("JSESSIONID=s3cr3tvalue; Path=/; Secure; HttpOnly; SameSite=Lax"), Pass, "pass");
    assert_eq!(line.asset, "www.a.gov.tw JSESSIONID");
    let lines = expect(
        id,
        &plan(),
        set("JSESSIONID=s3cr3tvalue; Path=/"),
        &[(Fail, "no_secure"), (Fail, "no_http_only"), (Warn, "no_same_site")],
    );
    assert!(lines.iter().all(|l| !format!("{l:?}").contains("s3cr3t")));
    assert_eq!(severities(&lines), [Severity::Medium, Severity::Medium, Severity::Low]);
    // A token scripts must read, and a cookie that is being deleted.
    one(id, set("XSRF-TOKEN=abc; Secure; SameSite=Strict"), NotApplicable, "none");
    one(id, set("PHPSESSID=; Max-Age=0"), NotApplicable, "none");
    let plain = vec![http_record(vec![exchange(
        "http://www.a.gov.tw/",
        &[("set-cookie", "PHPSESSID=x; HttpOnly; SameSite=Lax")],
        HTML,
    )])];
    let line = one(id, plain, Fail, "plain_http");
    assert_eq!(line.severity, Severity::High);
    one(
        id,
        set("__Host-session=x; Secure; HttpOnly; SameSite=Lax; Domain=a.gov.tw; Path=/"),
        Warn,
        "rejected",
    );
}

#[test]
fn weight_and_requests_have_two_limits() {
    let of = |bytes| page_with(vec![resource("https://www.a.gov.tw/a.png", "image", &[], bytes)]);
    one("end_user.page-weight", of(100_000), Pass, "pass");
    let line = one("end_user.page-weight", of(3 << 20), Warn, "heavy");
    assert!(line.message.en.contains("3.0 MiB"), "{}", line.message.en);
    let line = one("end_user.page-weight", of(6 << 20), Fail, "heavy");
    assert_eq!(line.severity, Severity::Medium);
    let outside = Resource {
        url: "https://cdn.example/x.js".into(),
        role: "script".into(),
        answer: Err(failure(Code::OutOfScope)),
    };
    let line = one("end_user.page-weight", page_with(vec![outside]), Pass, "pass");
    assert!(line.message.en.contains("(1 resources not weighed)"));
    let many = |n: usize| {
        page_with(
            (0..n).map(|i| resource(&format!("https://www.a.gov.tw/{i}.js"), "script", &[], 10)).collect(),
        )
    };
    one("end_user.request-count", many(10), Pass, "pass");
    one("end_user.request-count", many(60), Warn, "many");
    let line = one("end_user.request-count", many(120), Fail, "many");
    assert!(line.message.zh_tw.contains("121"));
}

#[test]
fn a_body_that_broke_is_our_trouble() {
    let mut x = exchange(URL, &[], HTML);
    x.body_failure = Some(failure(Code::Bomb));
    one("end_user.page-weight", vec![page_record(vec![x], vec![])], Verdict::Error, "common.failed");
}

#[test]
fn text_comes_compressed() {
    let css = |headers: &[(&str, &str)], bytes| {
        let mut all = vec![("content-type", "text/css")];
        all.extend(headers);
        page_with(vec![resource("https://www.a.gov.tw/a.css?v=2", "style", &all, bytes)])
    };
    let id = "end_user.compression";
    one(id, css(&[("content-encoding", "br")], 9000), Pass, "pass");
    let line = one(id, css(&[], 9000), Fail, "uncompressed");
    assert_eq!(line.asset, URL);
    assert!(line.excerpt.contains("8.8 KiB https://www.a.gov.tw/a.css"), "{}", line.excerpt);
    one(id, css(&[], 900), NotApplicable, "nothing");
    one(id, css(&[("content-encoding", "identity")], 9000), Fail, "uncompressed");
}

#[test]
fn static_files_may_be_kept() {
    let id = "end_user.caching";
    let file = |headers: &[(&str, &str)]| {
        page_with(vec![resource("https://www.a.gov.tw/a.js", "script", headers, 10)])
    };
    one(id, file(&[("cache-control", "public, max-age=600")]), Pass, "pass");
    one(id, file(&[("cache-control", "max-age=0"), ("etag", "\"1\"")]), Warn, "only_validators");
    one(id, file(&[("etag", "\"1\"")]), Warn, "only_validators");
    one(id, file(&[]), Fail, "none");
    one(id, file(&[("cache-control", "no-store"), ("etag", "\"1\"")]), Fail, "none");
    let dates = [("date", "Wed, 25 Nov 2026 02:00:00 GMT"), ("expires", "Thu, 26 Nov 2026 02:00:00 GMT")];
    one(id, file(&dates), Pass, "pass");
    one(id, page_with(vec![]), NotApplicable, "nothing");
}

#[test]
fn http2_by_answer_or_by_alpn() {
    let id = "end_user.http2";
    let line = one(id, page(&[]), Fail, "old");
    assert_eq!((line.severity, line.asset.as_str()), (Severity::Advice, "www.a.gov.tw"));
    let mut x = exchange(URL, &[], HTML);
    x.protocol = "HTTP/2".into();
    one(id, vec![page_record(vec![x], vec![])], Pass, "pass");
    let handshake = TlsHandshake {
        host: "www.a.gov.tw".into(),
        address: "203.0.113.5".into(),
        port: 443,
        version: "TLS 1.3".into(),
        cipher: String::new(),
        alpn: Some("h2".into()),
        chain: vec![Blob::default()],
        trust_error: None,
        ocsp_stapled: false,
        trust_store: "system".into(),
        handshake_ms: 3,
    };
    let mut records = page(&[]);
    records.push(got("tls_handshake:www.a.gov.tw:443", Body::TlsHandshake(handshake)));
    let line = one(id, records, Pass, "pass");
    assert_eq!(line.evidence.len(), 2);
    one(id, page(&[("alt-svc", "h3=\":443\"; ma=86400")]), Pass, "pass");
    one(id, vec![http_record(vec![exchange("http://www.a.gov.tw/", &[], HTML)])], NotApplicable, "plain");
}

#[test]
fn mixed_content_by_gravity() {
    let id = "end_user.mixed-content";
    one(id, page(&[]), Pass, "pass");
    let script = "<html><body><script src=\"http://b.tw/a.js\"></script><img src=\"http://b.tw/a.png\">\
        <form action=\"http://b.tw/login\" method=post></form></body></html>";
    let lines = expect(id, &plan(), html(script), &[(Fail, "active"), (Fail, "form"), (Fail, "passive")]);
    assert_eq!(severities(&lines), [Severity::High, Severity::High, Severity::Low]);
    // Only the list of sub-resources shows it.
    let listed = page_with(vec![Resource {
        url: "http://b.tw/x.css".into(),
        role: "style".into(),
        answer: Err(failure(Code::OutOfScope)),
    }]);
    one(id, listed, Fail, "active");
    let upgraded = page_record(
        vec![exchange(URL, &[("content-security-policy", "upgrade-insecure-requests")], script)],
        vec![],
    );
    one(id, vec![upgraded], Warn, "upgraded");
    one(id, html("<img src=\"http://127.0.0.1/a.png\"><img src=\"http://localhost/b.png\">"), Pass, "pass");
    one(id, vec![http_record(vec![exchange("http://www.a.gov.tw/", &[], script)])], NotApplicable, "plain");
    one(id, page(&[("content-type", "application/json")]), NotApplicable, "not_html");
}

#[test]
fn broken_resources_count_the_targets_errors_only() {
    let id = "end_user.broken-resources";
    let of = |role: &str, status| {
        let mut r = resource("https://www.a.gov.tw/x", role, &[], 10);
        r.answer = r.answer.map(|x| with_status(x, status));
        r
    };
    one(id, page_with(vec![of("image", 200)]), Pass, "pass");
    let line = one(id, page_with(vec![of("image", 404), of("image", 200)]), Fail, "broken");
    assert_eq!(line.severity, Severity::Low);
    assert!(line.message.en.starts_with("1 resources"));
    let line = one(id, page_with(vec![of("script", 500)]), Fail, "broken");
    assert_eq!(line.severity, Severity::Medium);
    one(id, page_with(vec![of("image", 429)]), Pass, "pass");
    let err = |code| Resource { url: URL.into(), role: "image".into(), answer: Err(failure(code)) };
    one(id, page_with(vec![err(Code::TimedOut)]), Verdict::Error, "common.failed");
    one(id, page_with(vec![err(Code::OutOfScope)]), NotApplicable, "nothing");
}

#[test]
fn browser_times_have_good_and_poor_limits() {
    let seen = |change: fn(&mut bulwark_probe::evidence::Browser)| {
        let mut b = browser(&format!("{URL}?utm=1"));
        change(&mut b);
        vec![got(&format!("browser:{URL}"), Body::Browser(b))]
    };
    let line = one("end_user.lcp", seen(|b| b.lcp_ms = Some(2500.0)), Pass, "pass");
    assert_eq!(line.asset, URL, "no query in the asset");
    one("end_user.lcp", seen(|b| b.lcp_ms = Some(2501.0)), Warn, "slow");
    let line = one("end_user.lcp", seen(|b| b.lcp_ms = Some(4001.0)), Fail, "slow");
    assert!(line.message.zh_tw.contains("4.0 秒"));
    one("end_user.lcp", seen(|b| b.lcp_ms = None), NotTested, "none");
    one("end_user.lcp", seen(|b| b.lcp_ms = Some(f64::NAN)), NotTested, "none");
    one("end_user.cls", seen(|b| b.cls = 0.1), Pass, "pass");
    one("end_user.cls", seen(|b| b.cls = 0.2), Warn, "shifts");
    one("end_user.cls", seen(|b| b.cls = 0.3), Fail, "shifts");
    one("end_user.cls", seen(|b| (b.lcp_ms, b.fcp_ms) = (None, None)), NotTested, "none");
    let id = "end_user.fcp-ttfb";
    expect(id, &plan(), seen(|_| ()), &[(Pass, "fcp_pass"), (Pass, "ttfb_pass")]);
    expect(
        id,
        &plan(),
        seen(|b| (b.fcp_ms, b.ttfb_ms) = (Some(2000.0), Some(1900.0))),
        &[(Warn, "fcp_slow"), (Fail, "ttfb_slow")],
    );
    expect(
        id,
        &plan(),
        seen(|b| (b.fcp_ms, b.ttfb_ms) = (None, None)),
        &[(NotTested, "fcp_none"), (NotTested, "ttfb_none")],
    );
}

#[test]
fn console_errors_are_the_pages_not_ours() {
    let with = |messages: &[&str]| {
        let mut b = browser(URL);
        b.refused = vec!["https://cdn.example/x.js?v=1".into()];
        b.console_errors = messages.iter().map(|m| (*m).to_owned()).collect();
        vec![got(&format!("browser:{URL}"), Body::Browser(b))]
    };
    let id = "end_user.console-errors";
    one(id, with(&[]), Pass, "pass");
    one(id, with(&["Failed to load resource: https://cdn.example/x.js net::ERR_FAILED"]), Pass, "pass");
    let line =
        one(id, with(&["TypeError: x is undefined at https://www.a.gov.tw/a.js?token=abc"]), Warn, "errors");
    assert!(!line.excerpt.contains("abc"));
}

#[test]
fn pages_state_language_title_and_viewport() {
    let id = "end_user.page-basics";
    one(id, page(&[]), Pass, "pass");
    expect(
        id,
        &plan(),
        html("<html><body>x</body></html>"),
        &[(Fail, "no_lang"), (Fail, "no_title"), (Fail, "no_viewport")],
    );
    let chinese = format!(
        "<html lang=en><head><title>查詢</title><meta name=viewport content=x></head><body>{}</body></html>",
        "戶籍資料線上查詢服務".repeat(5)
    );
    let line = one(id, html(&chinese), Warn, "other_lang");
    assert!(line.message.en.contains("\"en\""));
    one(id, html(""), NotTested, "no_body");
    one(id, page(&[("content-type", "text/plain")]), NotApplicable, "not_html");
}

#[test]
fn hostile_evidence_is_survived() {
    let odd = "\u{0}\u{202e}<meta name=\"referrer\" content=\"<meta name=referrer content=\"é</title{url}";
    let long = "=;\"'é{url}".repeat(5000);
    for url in [URL, "", "::", "http://", "data:,x", "https://[::1", "https://é.tw/;a=b/;c"] {
        let mut x = exchange(
            url,
            &[
                ("set-cookie", &long),
                ("set-cookie", "é=é;é=é"),
                ("content-security-policy", &long),
                ("x-frame-options", odd),
                ("x-content-type-options", odd),
                ("referrer-policy", &long),
                ("cache-control", &long),
                ("expires", odd),
                ("date", odd),
                ("content-type", odd),
                ("content-encoding", &long),
                ("alt-svc", odd),
                ("content-length", "99999999999999999999"),
            ],
            &format!("{odd}{long}"),
        );
        x.content_type_free();
        (x.body_bytes, x.decoded_bytes, x.truncated) = (u64::MAX, u64::MAX, true);
        let r = Resource { url: url.into(), role: odd.into(), answer: Ok(x.clone()) };
        let mut b = browser(url);
        (b.cls, b.lcp_ms, b.ttfb_ms, b.product) = (f64::INFINITY, Some(-1.0), Some(f64::MAX), long.clone());
        b.console_errors = vec![long.clone(), odd.into()];
        for d in super::CHECKS {
            let records = vec![
                page_record(vec![x.clone(), x.clone()], vec![r.clone(), r.clone()]),
                http_record(vec![x.clone()]),
                http_record(vec![]),
                got("browser:x", Body::Browser(b.clone())),
                lost("page", Code::TimedOut),
            ];
            let case_lines = std::panic::catch_unwind(|| run_loosely(d.id, records));
            assert!(case_lines.is_ok(), "{} panics on {url:?}", d.id);
        }
    }
}

/// Like `run`, for evidence whose addresses may be empty.
fn run_loosely(id: &str, records: Vec<Record>) -> usize {
    let definition = crate::check::find(id).expect("known");
    let evidence: Vec<(String, Record)> = records.into_iter().map(|r| ("E".to_owned(), r)).collect();
    let plan = plan();
    let case = crate::check::Case {
        plan: &plan,
        evidence: &evidence,
        planned_kinds: &[],
        taken_at: super::sample::now(),
    };
    crate::check::judge_one(definition, &case).len()
}

trait ContentTypeFree {
    fn content_type_free(&mut self);
}

impl ContentTypeFree for bulwark_probe::evidence::Exchange {
    /// Lets the header checks take the answer for HTML.
    fn content_type_free(&mut self) {
        self.headers.retain(|(n, _)| n != "content-type");
    }
}

#[test]
fn addresses_are_stable_and_excerpts_keep_no_secrets() {
    assert_eq!(plain_url("https://u:p@a.tw/x;jsessionid=1/y?q=1#f"), "https://a.tw/x/y");
    assert_eq!(plain_url("not a url?x"), "not a url");
    assert_eq!(masked("password=hunter2 next"), "password=*** next");
    assert_eq!(masked("{\"token\": \"abc\", \"x\": 1}"), "{\"token\": \"***\", \"x\": 1}");
    assert_eq!(masked("postgres://u:p@db/x?y=1"), "postgres://db/x");
    assert_eq!(masked("Authorization: Bearer abc"), "Authorization: Bearer ***");
    assert_eq!(masked("a\u{1b}[31mb"), "a [31mb");
}
