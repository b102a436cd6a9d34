//! HTTP, pages, paths, transactions.

use std::time::Duration;

use bulwark_probe::evidence::Body;
use bulwark_probe::failure::Code;
use bulwark_probe::task::{Extract, Task, TransactionStep};
use bulwark_testkit::http::{HttpServer, Reply, Request};
use bulwark_testkit::tls::Authority;
use bulwark_testkit::{closed_port, loopback};

use crate::support::*;

fn server(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> HttpServer {
    HttpServer::start(loopback(), None, handler).expect("a server")
}

#[test]
fn an_answer_is_recorded_with_headers_text_and_times() {
    let server = server(|_| Reply::html("<h1>查詢</h1>").header("X-A", "1").header("X-A", "2"));
    let prober = prober(bulwark_probe::net::Settings {
        contact: Some("https://a.tw/probe".into()),
        ..settings(&["127.0.0.1"])
    });
    let http = http(&prober, &server.url("/p?q=1#f"));
    let hop = &http.hops[0];
    assert_eq!((hop.status, hop.protocol.as_str(), hop.body.as_str()), (200, "HTTP/1.1", "<h1>查詢</h1>"));
    assert_eq!(hop.headers_named("x-a").collect::<Vec<_>>(), ["1", "2"]);
    assert!(http.stopped.is_none() && !hop.truncated && hop.phases.total_us() > 0);
    let request = &server.requests()[0];
    assert_eq!(request.target, "/p?q=1");
    let agent = format!("Bulwark-Probe/{} (+https://a.tw/probe)", env!("CARGO_PKG_VERSION"));
    assert_eq!(request.header("user-agent"), Some(agent.as_str()));
    assert_eq!(request.header("accept-encoding"), Some("gzip"));
    let traffic = prober.traffic();
    assert_eq!((traffic.connections, traffic.requests), (1, 1));
    assert!(traffic.bytes_in > 50);
}

#[test]
fn redirects_are_followed_and_loops_listed() {
    let server = server(|r| match r.path() {
        "/start" => Reply::Redirect("/end".into()),
        "/end" => Reply::text(200, "here"),
        "/a" => Reply::Redirect("/b".into()),
        "/b" => Reply::Redirect("/a".into()),
        "/cookie" if r.header("cookie").is_some_and(|c| c.contains("seen=1")) => Reply::text(200, "welcome"),
        "/cookie" => Reply::Full {
            status: 302,
            headers: vec![
                ("Location".into(), "/cookie".into()),
                ("Set-Cookie".into(), "seen=1; HttpOnly".into()),
            ],
            body: Vec::new(),
        },
        "/out" => Reply::Redirect("http://other.invalid/x".into()),
        p => Reply::Redirect(format!("{p}x")),
    });
    let prober = lab();
    let good = http(&prober, &server.url("/start"));
    assert_eq!(good.hops.iter().map(|h| h.status).collect::<Vec<_>>(), [302, 200]);

    let circle = http(&prober, &server.url("/a"));
    let stopped = circle.stopped.expect("stopped");
    assert_eq!(stopped.code, Code::RedirectLoop);
    assert_eq!(stopped.detail, format!("{0} → {1} → {0}", server.url("/a"), server.url("/b")));

    let endless = http(&prober, &server.url("/n"));
    assert_eq!(endless.stopped.map(|f| f.code), Some(Code::RedirectLoop));
    assert_eq!(endless.hops.len(), 11);

    assert_eq!(
        http(&prober, &server.url("/cookie")).hops.last().map(|h| h.body.clone()).as_deref(),
        Some("welcome")
    );

    let out = http(&prober, &server.url("/out"));
    let stopped = out.stopped.expect("stopped");
    assert_eq!((stopped.code, stopped.detail.as_str()), (Code::RedirectOutOfScope, "http://other.invalid/x"));
    assert_eq!(out.hops.len(), 1, "the hops so far are kept");
}

#[test]
fn every_misbehaviour_has_its_code() {
    let server = server(|r| match r.path() {
        "/endless" => Reply::Endless,
        "/bomb" => Reply::GzipBomb,
        "/drip" => Reply::Drip { every: Duration::from_millis(20) },
        "/drip-header" => Reply::DripHeader { every: Duration::from_millis(20) },
        "/early" => Reply::CloseEarly,
        "/garbage" => Reply::Garbage,
        "/hang" => Reply::Hang,
        "/headers" => {
            let mut raw = b"HTTP/1.1 200 OK\r\n".to_vec();
            for n in 0..4000 {
                raw.extend_from_slice(format!("X-{n}: {}\r\n", "a".repeat(40)).as_bytes());
            }
            raw.extend_from_slice(b"\r\n");
            Reply::Raw(raw)
        }
        "/bad-gzip" => Reply::text(200, "this is no gzip").header("Content-Encoding", "gzip"),
        "/brotli" => Reply::text(200, "x").header("Content-Encoding", "br"),
        _ => Reply::Raw(Vec::new()),
    });
    let prober_of =
        |total_timeout| prober(bulwark_probe::net::Settings { total_timeout, ..settings(&["127.0.0.1"]) });
    let prober = prober_of(Duration::from_millis(900));
    let bodies = [
        ("/endless", Code::TooLarge, true),
        ("/bomb", Code::Bomb, true),
        ("/drip", Code::TooSlow, false),
        ("/early", Code::Closed, false),
        ("/bad-gzip", Code::BadAnswer, false),
        ("/brotli", Code::BadAnswer, false),
    ];
    // Only what never ends is to run out of time.
    let patient = prober_of(Duration::from_mins(1));
    for (path, code, truncated) in bodies {
        let prober = if code == Code::TooSlow { &prober } else { &patient };
        let answer = http(prober, &server.url(path));
        assert_eq!(body_code(&answer), Some(code), "{path}: {answer:?}");
        let hop = &answer.hops[0];
        assert_eq!(hop.truncated, truncated, "{path}");
        assert!(hop.body_bytes <= 1 << 20 && hop.decoded_bytes <= 16 << 20, "{path}");
    }
    let failures = [
        ("/drip-header", &[Code::TooSlow][..]),
        ("/garbage", &[Code::BadAnswer]),
        ("/hang", &[Code::TimedOut]),
        ("/headers", &[Code::TooLarge]),
        ("/nothing", &[Code::Closed]),
    ];
    for (path, codes) in failures {
        let slow = codes.contains(&Code::TooSlow) || codes.contains(&Code::TimedOut);
        let e = http_failure(if slow { &prober } else { &patient }, &server.url(path));
        assert!(codes.contains(&e.code), "{path}: {e}");
    }
}

#[test]
fn a_closed_port_is_refused() {
    let e = http_failure(&lab(), &format!("http://{}/", closed_port().expect("a port")));
    assert_eq!(e.code, Code::Refused);
    assert!(e.detail.contains("127.0.0.1"), "{e}");
}

#[test]
fn tls_on_a_plain_port_and_plain_on_a_tls_port() {
    let prober = lab();
    let plain = Banner::start(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(http_failure(&prober, &format!("https://{}/", plain.0)).code, Code::NotTls);
    let banner = Banner::start(b"SSH-2.0-test\r\n");
    assert_eq!(http_failure(&prober, &format!("https://{}/", banner.0)).code, Code::NotTls);

    let authority = Authority::new("test");
    let secure =
        HttpServer::start(loopback(), Some(authority.valid(&["127.0.0.1"])), |_| Reply::text(200, "x"))
            .expect("a server");
    let e = http_failure(&prober, &secure.url("/").replace("https:", "http:"));
    assert_eq!(e.code, Code::NotPlain, "{e}");
    let nginx =
        server(|_| Reply::text(400, "<center>The plain HTTP request was sent to HTTPS port</center>"));
    assert_eq!(http_failure(&prober, &nginx.url("/")).code, Code::NotPlain);
}

/// Says something to whoever connects.
struct Banner(std::net::SocketAddr);

impl Banner {
    fn start(words: &'static [u8]) -> Self {
        let listener = std::net::TcpListener::bind(loopback()).expect("a port");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                use std::io::{Read, Write};
                let mut stream = stream;
                let _ = stream.write_all(words);
                let _ = stream.read(&mut [0; 16]);
            }
        });
        Self(address)
    }
}

#[test]
fn an_ipv6_literal_works() {
    let Ok(server) =
        HttpServer::start("[::1]:0".parse().expect("an address"), None, |_| Reply::text(200, "six"))
    else {
        bulwark_testkit::skip("no IPv6 loopback");
        return;
    };
    let http = http(&lab(), &format!("http://[::1]:{}/", server.addr().port()));
    assert_eq!((http.hops[0].body.as_str(), http.hops[0].address.as_str()), ("six", "::1"));
}

#[test]
fn out_of_scope_never_gets_a_packet() {
    let server = server(|_| Reply::text(200, "x"));
    let prober = prober(settings(&["127.0.0.2"]));
    let port = server.addr().port();
    let host = "127.0.0.1".to_owned();
    let tasks = [
        Task::Http { url: server.url("/") },
        Task::Page { url: server.url("/") },
        Task::Paths { url: server.url("/") },
        Task::Browser { url: server.url("/") },
        Task::Tcp { host: host.clone(), port, samples: 1 },
        Task::TlsHandshake { host: host.clone(), port },
        Task::TlsVersions { host: host.clone(), port },
        Task::Smtp { host: host.clone(), port },
        Task::Ports { host: host.clone(), ports: vec![port] },
        Task::Time { host, port },
    ];
    for task in tasks {
        let e = failure(&prober, &task);
        assert_eq!(e.code, Code::OutOfScope, "{task:?}");
        assert!(e.detail.contains("127.0.0.1"), "{e}");
    }
    assert!(server.connections().is_empty());
    assert_eq!(prober.traffic().connections, 0);
}

#[test]
fn stop_ends_a_read_within_200_ms() {
    let server = server(|_| Reply::Hang);
    let prober = prober(bulwark_probe::net::Settings {
        total_timeout: Duration::from_mins(1),
        ..settings(&["127.0.0.1"])
    });
    assert_stops_at_once(&prober, &Task::Http { url: server.url("/") }, &server);
}

#[test]
fn a_page_fetches_what_is_in_scope_over_one_connection() {
    let server = server(|r| match r.path() {
        "/" => Reply::html(
            "<html><head><link rel=stylesheet href=/s.css><script src=/j.js></script></head>
             <body><img src=/i.png><img src=http://other.invalid/o.png></body></html>",
        ),
        "/s.css" => Reply::with_type(200, "text/css", b"a{}"),
        "/i.png" => Reply::with_type(200, "image/png", &[7; 5000]),
        _ => Reply::text(404, "no"),
    });
    let prober = lab();
    let Body::Page(page) = body(&prober, &Task::Page { url: server.url("/") }) else { panic!("no page") };
    assert_eq!(page.resources.len(), 4, "{page:?}");
    let of = |part: &str| page.resources.iter().find(|r| r.url.contains(part)).expect("a resource");
    let image = of("i.png").answer.as_ref().expect("an image");
    assert_eq!((image.body_bytes, image.body.as_str()), (5000, ""));
    assert_eq!(of("s.css").role, "style");
    assert_eq!(of("s.css").answer.as_ref().expect("a style").body, "");
    assert_eq!(of("j.js").answer.as_ref().expect("a 404").status, 404);
    assert_eq!(of("other.invalid").answer.as_ref().expect_err("out").code, Code::OutOfScope);
    assert_eq!(server.connections().len(), 1);
}

#[test]
fn paths_keep_64_bytes_over_one_connection() {
    let server = server(|r| match r.path() {
        "/.git/HEAD" => Reply::text(200, "ref: refs/heads/main\n"),
        "/backup.sql" => Reply::text(200, &"-- dump ".repeat(400)),
        _ => Reply::text(404, "not found"),
    });
    let Body::Paths(paths) = body(&lab(), &Task::Paths { url: server.url("/deep/er?x=1") }) else {
        panic!("no paths")
    };
    assert_eq!(paths.base, server.url("/"));
    assert_eq!(paths.baseline.as_ref().expect("a baseline").status, 404);
    let of =
        |path: &str| paths.probes.iter().find(|p| p.path == path).expect(path).answer.as_ref().expect(path);
    assert_eq!(of(".git/HEAD").first.0, b"ref: refs/heads/main\n");
    assert_eq!((of("backup.sql").first.0.len(), of("backup.sql").bytes), (64, 3200));
    assert_eq!(server.connections().len(), 1);
    let requests = server.requests();
    assert!(
        requests.iter().all(|r| r.method == if r.path() == "/actuator/heapdump" { "HEAD" } else { "GET" })
    );
    assert!(requests.iter().filter(|r| r.method == "GET").all(|r| r.header("range") == Some("bytes=0-63")));
}

fn step(url: String) -> TransactionStep {
    TransactionStep { name: url.clone(), method: "GET".into(), url, ..TransactionStep::default() }
}

#[test]
fn a_transaction_carries_values_and_cookies_and_keeps_no_secret() {
    let server = server(|r| match r.path() {
        "/form" => Reply::html("<input name=token value=\"s3cr3t/臺\">")
            .header("Set-Cookie", "sid=c00kie-value; HttpOnly"),
        "/api"
            if r.query().contains("t=s3cr3t%2F%E8%87%BA")
                && r.header("cookie") == Some("sid=c00kie-value") =>
        {
            Reply::with_type(200, "application/json", br#"{"ok":true,"items":[{"id":41}]}"#)
        }
        "/item/41" => Reply::text(200, "查詢結果"),
        "/fail" => Reply::text(500, "stack trace with s3cr3t/臺"),
        _ => Reply::text(404, "no"),
    });
    let token =
        Extract { name: "token".into(), after: "value=\"".into(), before: "\"".into(), json: String::new() };
    let id = Extract { name: "id".into(), json: "/items/0/id".into(), ..Extract::default() };
    let steps = vec![
        TransactionStep { extract: vec![token], ..step(server.url("/form")) },
        TransactionStep {
            extract: vec![id],
            expect_json: Some(("/ok".into(), "true".into())),
            ..step(server.url("/api?t=${token}"))
        },
        TransactionStep {
            expect_text: "查詢結果".into(),
            expect_status: 200,
            ..step(server.url("/item/${id}"))
        },
        step(server.url("/fail")),
        step(server.url("/never")),
    ];
    let task = Task::Transaction { name: "查詢".into(), run: 1, steps };
    let Body::Transaction(done) = body(&lab(), &task) else { panic!("no transaction") };
    assert_eq!((done.steps.len(), done.planned_steps), (4, 5), "{done:?}");
    assert!(done.steps[..3].iter().all(bulwark_probe::evidence::StepRun::ok), "{done:?}");
    assert_eq!(done.steps[3].unmet, ["status 2xx (≠ 500)"]);
    let stored = serde_json::to_string(&done).expect("json");
    assert!(!stored.contains("s3cr3t") && !stored.contains("c00kie"), "{stored}");
    assert!(stored.contains("stack trace with ${token}"), "{stored}");
}
