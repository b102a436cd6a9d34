//! One URL asked in several ways.

use bulwark_probe::evidence::{Body, HttpVariant, HttpVariants};
use bulwark_probe::failure::Code;
use bulwark_probe::task::Task;
use bulwark_testkit::http::{HttpServer, Reply, Request};
use bulwark_testkit::tls::Authority;
use bulwark_testkit::{closed_port, loopback};

use crate::support::*;

fn collect(url: &str) -> HttpVariants {
    match body(&lab(), &Task::HttpVariants { url: url.to_owned() }) {
        Body::HttpVariants(v) => v,
        other => panic!("{other:?}"),
    }
}

fn way<'v>(v: &'v HttpVariants, name: &str) -> &'v HttpVariant {
    v.variants.iter().find(|w| w.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn site(r: &Request) -> Reply {
    match (r.method.as_str(), r.path()) {
        ("OPTIONS", "/") => Reply::Full {
            status: 204,
            headers: vec![("Access-Control-Allow-Methods".into(), "GET, PUT".into())],
            body: Vec::new(),
        },
        (_, "/start") => Reply::Redirect("/".into()),
        (_, "/") if r.header("if-none-match") == Some("\"v1\"") => {
            Reply::Full { status: 304, headers: vec![("ETag".into(), "\"v1\"".into())], body: Vec::new() }
        }
        (_, "/") => {
            let page = Reply::html("<title>首頁</title>").header("ETag", "\"v1\"");
            match (r.header("origin"), r.header("accept-encoding")) {
                (Some(origin), _) => page.header("Access-Control-Allow-Origin", origin),
                (None, Some(codings)) if codings.contains("br") => page.header("Content-Encoding", "br"),
                _ => page,
            }
        }
        (_, "/.well-known/security.txt") => Reply::text(200, "Contact: mailto:a@a.tw\n"),
        _ => Reply::text(404, "no"),
    }
}

#[test]
fn every_way_is_asked_over_one_connection_and_nothing_is_changed() {
    let server = HttpServer::start(loopback(), None, site).expect("a server");
    let v = collect(&server.url("/start?q=1"));
    let names: Vec<&str> = v.variants.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(
        names,
        ["plain", "origin", "preflight", "encodings", "conditional", "security_txt", "robots"],
        "127.0.0.1 has no second family"
    );
    let last =
        |name: &str| way(&v, name).answer.as_ref().expect("an answer").hops.last().expect("a hop").clone();
    assert_eq!(way(&v, "plain").answer.as_ref().expect("an answer").hops.len(), 2);
    assert!(last("plain").body.contains("首頁"));
    assert_eq!(last("origin").header("access-control-allow-origin"), Some("https://bulwark.invalid"));
    assert_eq!(way(&v, "origin").sent, [("origin".to_owned(), "https://bulwark.invalid".to_owned())]);
    assert_eq!((last("preflight").status, last("preflight").method.as_str()), (204, "OPTIONS"));
    // The coding is recorded, the body neither unpacked nor kept, and that is no failure.
    let br = last("encodings");
    assert_eq!(br.header("content-encoding"), Some("br"));
    assert!(br.body_bytes > 0 && br.body.is_empty() && br.body_failure.is_none(), "{br:?}");
    assert_eq!(last("conditional").status, 304);
    assert!(last("security_txt").body.starts_with("Contact:"));
    assert_eq!(last("robots").status, 404);
    assert_eq!(server.connections().len(), 1, "{:?}", server.connections());
    assert!(server.requests().iter().all(|r| ["GET", "OPTIONS"].contains(&r.method.as_str())));
    assert!(server.requests().iter().all(|r| r.body.is_empty()));
}

#[test]
fn a_policy_file_is_fetched_plainly() {
    let server =
        HttpServer::start(loopback(), None, |_| Reply::text(200, "version: STSv1\n")).expect("a server");
    let v = collect(&server.url("/.well-known/mta-sts.txt"));
    assert_eq!(v.variants.len(), 1);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn no_server_is_a_failure_and_leaving_the_scope_ends_it() {
    let url = format!("http://{}/", closed_port().expect("a port"));
    assert_eq!(failure(&lab(), &Task::HttpVariants { url }).code, Code::Refused);
    let server = HttpServer::start(loopback(), None, |_| Reply::Redirect("http://other.invalid/".into()))
        .expect("a server");
    let v = collect(&server.url("/"));
    assert_eq!(v.variants.len(), 1);
    let plain = v.variants[0].answer.as_ref().expect("an answer");
    assert_eq!(plain.stopped.as_ref().map(|e| e.code), Some(Code::RedirectOutOfScope));
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn over_tls_and_when_one_way_breaks() {
    let identity = Authority::new("test root").valid(&["127.0.0.1"]);
    let server = HttpServer::start(loopback(), Some(identity), |r: &Request| {
        if r.method == "OPTIONS" { Reply::CloseEarly } else { Reply::html("<title>x</title>") }
    })
    .expect("a server");
    let v = collect(&server.url("/"));
    let names: Vec<&str> = v.variants.iter().map(|w| w.name.as_str()).collect();
    assert_eq!(names, ["plain", "origin", "preflight", "encodings", "security_txt", "robots"]);
    for name in ["plain", "origin", "encodings", "robots"] {
        assert!(way(&v, name).answer.is_ok(), "{name}: {:?}", way(&v, name).answer);
    }
}

#[test]
fn both_families_are_asked_when_there_are_both() {
    // `localhost` resolves to both in this test only when the machine has IPv6.
    let Ok(v6) = HttpServer::start("[::1]:0".parse().expect("an address"), None, |_: &Request| {
        Reply::html("<title>six</title>")
    }) else {
        return;
    };
    let port = v6.addr().port();
    let v4 = format!("127.0.0.1:{port}").parse().expect("an address");
    let Ok(v4) = HttpServer::start(v4, None, |_: &Request| Reply::html("<title>four</title>")) else {
        return;
    };
    let v = collect(&format!("http://localhost:{port}/"));
    let Some(six) = v.variants.iter().find(|w| w.name == "ipv6") else { return };
    let body = |w: &HttpVariant| w.answer.as_ref().expect("an answer").hops[0].body.clone();
    assert_eq!(body(six), "<title>six</title>");
    assert_eq!(body(way(&v, "ipv4")), "<title>four</title>");
    assert_eq!(v6.connections().len(), 1);
    assert!(v4.connections().len() <= 2, "one for all ways, one for the comparison");
}

#[test]
fn big5_pages_are_read_as_big5() {
    let page = [b"<meta charset=big5><title>".as_slice(), b"\xad\xba\xad\xb6", b"</title>"].concat();
    let server = HttpServer::start(loopback(), None, move |_| Reply::with_type(200, "text/html", &page))
        .expect("a server");
    let found = http(&lab(), &server.url("/"));
    assert!(found.hops[0].body.contains("<title>首頁</title>"), "{}", found.hops[0].body);
}
