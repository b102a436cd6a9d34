use proptest::prelude::*;

use super::*;

const NGINX: &str = r#"203.0.113.7 - alice [25/Nov/2026:10:00:00 +0800] "GET /search?q=A123456789 HTTP/1.1" 200 512 "https://www.a.gov.tw/?x=1" "Mozilla/5.0 (\"x\")" 0.250"#;

fn counted(lines: &[&str]) -> AccessLog {
    let mut counter = Counter::new();
    for (number, line) in (1..).zip(lines) {
        counter.line(number, line, false);
    }
    counter.finish()
}

fn read(line: &str) -> Request {
    Counter::new().read(line).unwrap_or_else(|| panic!("{line}")).1
}

#[test]
fn the_line_formats_of_apache_and_nginx_are_read() {
    let r = read(NGINX);
    let want = Request {
        at_s: Some(1_795_572_000),
        status: 200,
        path: "/search".into(),
        referrer: Some("https://www.a.gov.tw/".into()),
        bytes: 512,
        took_us: Some(250_000),
    };
    assert_eq!(r, want);
    let common = r#"www.a.gov.tw:443 ::1 - - [25/Nov/2026:10:00:00 +0800] "POST /x HTTP/2.0" 302 -"#;
    assert_eq!((read(common).status, read(common).path.as_str(), read(common).bytes), (302, "/x", 0));
    assert_eq!(counted(&[common]).format, "common");
    assert_eq!(counted(&[NGINX, common, NGINX]).format, "combined");
    // User names may hold anything.
    assert_eq!(read(r#"::1 - a [b] c [25/Nov/2026:10:00:00 +0800] "GET / HTTP/1.0" 200 1"#).path, "/");
    // What is no request is still a line: a TLS hello on a plain port.
    let hello = r#"203.0.113.7 - - [25/Nov/2026:10:00:00 +0800] "\x16\x03\x01\x02\"" 400 150 "-" "-""#;
    assert_eq!((read(hello).status, read(hello).path.as_str()), (400, ""));
    assert_eq!(
        read(r#"::1 - - [25/Nov/2026:10:00:00 +0800] "GET /a b.html HTTP/1.1" 404 1"#).path,
        "/a b.html"
    );
}

#[test]
fn json_of_the_usual_servers_is_read() {
    let nginx = r#"{"time_iso8601":"2026-11-25T10:00:00+08:00","remote_addr":"203.0.113.7","request":"GET /a?b=c HTTP/1.1","status":"503","body_bytes_sent":"7","request_time":"1.250","http_referer":"https://www.a.gov.tw/p?q"}"#;
    let r = read(nginx);
    assert_eq!((r.at_s, r.status, r.path.as_str(), r.bytes), (Some(1_795_572_000), 503, "/a", 7));
    assert_eq!((r.took_us, r.referrer.as_deref()), (Some(1_250_000), Some("https://www.a.gov.tw/p")));
    let caddy = r#"{"level":"info","ts":1795572000.75,"msg":"handled request","request":{"remote_ip":"::1","method":"GET","host":"a.tw","uri":"/b?c","headers":{"Referer":["https://a.tw/z"]}},"duration":0.002,"size":9,"status":404}"#;
    let r = read(caddy);
    assert_eq!((r.at_s, r.status, r.path.as_str(), r.took_us), (Some(1_795_572_000), 404, "/b", Some(2000)));
    assert_eq!(r.referrer.as_deref(), Some("https://a.tw/z"));
    let traefik = r#"{"ClientAddr":"10.0.0.1:1","DownstreamContentSize":3,"DownstreamStatus":200,"Duration":1500000,"RequestPath":"/t?u=1","StartUTC":"2026-11-25T02:00:00.5Z","request_Referer":""}"#;
    let r = read(traefik);
    assert_eq!((r.at_s, r.path.as_str(), r.took_us, r.bytes), (Some(1_795_572_000), "/t", Some(1500), 3));
    let ecs = r#"{"@timestamp":"2026-11-25T02:00:00Z","http":{"response":{"status_code":500}},"url.path":"/e","event":{"duration":2000000}}"#;
    let r = read(ecs);
    assert_eq!((r.status, r.path.as_str(), r.took_us), (500, "/e", Some(2000)));
    let apache =
        r#"{"time":"25/Nov/2026:10:00:00 +0800","status":200,"request_uri":"/x","latency":"1.5ms","msec":1}"#;
    assert_eq!((read(apache).took_us, read(apache).path.as_str()), (Some(1500), "/x"));
    assert_eq!(read(r#"{"status":200,"time":1795572000123}"#).at_s, Some(1_795_572_000));
    assert_eq!(read(r#"{"status":200,"time":"2026-11-25T10:00:00+0800"}"#).at_s, Some(1_795_572_000));
    for bad in ["{", "{}", r#"{"status":"ok"}"#, r#"{"status":99}"#, "[1]"] {
        assert!(Counter::new().read(bad).is_none(), "{bad}");
    }
}

#[test]
fn w3c_columns_may_change_under_way() {
    let log = counted(&[
        "#Software: Microsoft Internet Information Services 10.0",
        "#Version: 1.0",
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
        "2026-11-25 02:00:00 10.0.0.1 GET /a q=1 443 - 203.0.113.7 Mozilla/5.0+(x) https://www.a.gov.tw/l?p 404 0 2 1250",
        "2026-11-25 02:00:01 10.0.0.1 GET /a - 443 - 203.0.113.7 - - 500",
        "#Fields: time date sc-status cs-uri-stem sc-bytes",
        "02:00:02 2026-11-25 500 /b 77",
    ]);
    assert_eq!(
        (log.format.as_str(), log.lines, log.bad_lines, log.bad_at.as_slice()),
        ("w3c", 7, 1, &[5][..])
    );
    assert_eq!((log.first_s, log.last_s), (Some(1_795_572_000), Some(1_795_572_002)));
    assert_eq!(log.slow_paths, [("/a".to_owned(), 1, 1_261_567)], "upper end of its class");
    assert_eq!(log.error_paths, [("/b".to_owned(), 1)]);
    assert_eq!(log.broken_links, [("https://www.a.gov.tw/l".to_owned(), "/a".to_owned(), 1)]);
    assert_eq!(log.bytes_sent, 77);
}

#[test]
fn garbage_is_counted_and_named() {
    let log = counted(&[
        "",
        NGINX,
        "garbage",
        "::1 - - [99/Nov/2026:10:00:00 +0800] \"GET / HTTP/1.0\" 200 1",
        "\u{0}\u{fffd}",
    ]);
    assert_eq!((log.lines, log.bad_lines, log.bad_at), (5, 3, vec![3, 4, 5]));
    let mut counter = Counter::new();
    counter.line(1, NGINX, true);
    assert_eq!(counter.finish().bad_lines, 1, "a line that was cut");
}

#[test]
fn nothing_personal_is_kept() {
    let missing = NGINX.replace(" 200 ", " 404 ").replace("0.250", "9.999");
    let broken = NGINX.replace(" 200 ", " 503 ").replace("/search?", "/p/B223456789?");
    let log = counted(&[NGINX, &missing, &broken]);
    let stored = serde_json::to_string(&log).expect("JSON");
    for secret in ["203.0.113.7", "alice", "A123456789", "B223456789", "x=1", "Mozilla"] {
        assert!(!stored.contains(secret), "{secret}: {stored}");
    }
    assert_eq!(log.statuses, [(200, 1), (404, 1), (503, 1)].into());
}

#[test]
fn slow_paths_with_few_requests_come_last() {
    let mut lines: Vec<String> = (0..40)
        .map(|n| NGINX.replace("/search", "/often").replace("0.250", if n < 37 { "0.100" } else { "4.000" }))
        .collect();
    lines.push(NGINX.replace("/search", "/once").replace("0.250", "60.000"));
    lines.push(NGINX.replace(" 200 ", " 101 ").replace("0.250", "900.000"));
    let log = counted(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    let names: Vec<(&str, u64)> = log.slow_paths.iter().map(|(p, n, _)| (p.as_str(), *n)).collect();
    assert_eq!(names, [("/often", 40), ("/once", 1)], "a WebSocket is not slow");
    assert!((4_000_000..4_070_000).contains(&log.slow_paths[0].2), "{}", log.slow_paths[0].2);
}

proptest! {
    #[test]
    fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        fuzz_access(&data);
    }

    #[test]
    fn near_lines_never_panic(
        text in "(\\[|\\]|\"|\\\\|25/Nov/2026:10:00:00 \\+0800| |GET|/|\\?|200|-|#Fields: (date|time|sc-status| )+|\n|\\{|\\}|\"status\":|[0-9]{1,20}|\u{8cc7}){0,40}"
    ) {
        fuzz_access(text.as_bytes());
    }

    #[test]
    fn a_changed_byte_never_panics(at in 0usize..400, byte in any::<u8>()) {
        for line in [NGINX, r#"{"ts":1795572000.75,"request":{"uri":"/b"},"duration":0.002,"status":404}"#] {
            let mut data = line.as_bytes().to_vec();
            let at = at % data.len();
            data[at] = byte;
            fuzz_access(&data);
        }
    }
}
