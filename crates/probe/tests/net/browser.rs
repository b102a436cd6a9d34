//! Chromium, when this machine has it.

use bulwark_probe::evidence::Body;
use bulwark_probe::failure::Code;
use bulwark_probe::net::Settings;
use bulwark_probe::net::cdp::{self, Browser, Launch};
use bulwark_probe::task::Task;
use bulwark_testkit::dns::{DnsServer, Zone};
use bulwark_testkit::http::{HttpServer, Reply};
use bulwark_testkit::tls::Authority;
use bulwark_testkit::{closed_port, loopback, skip};

use crate::support::*;

#[test]
fn a_page_is_measured_behind_the_proxy() {
    if cdp::find(None).is_err() {
        skip("no Chromium");
        return;
    }
    let server = HttpServer::start(loopback(), None, |r| match r.path() {
        "/" => Reply::html(
            "<!doctype html><title>t</title><h1>查詢服務</h1><img src=/i.svg>
             <script src=http://other.invalid/x.js></script><script>console.error('wrong', 7)</script>",
        ),
        _ => Reply::with_type(
            200,
            "image/svg+xml",
            b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        ),
    })
    .expect("a server");
    let prober = lab();
    let Body::Browser(seen) = body(&prober, &Task::Browser { url: server.url("/") }) else {
        panic!("no browser")
    };
    assert!(
        seen.lcp_ms.is_some_and(|v| v > 0.0) && seen.fcp_ms.is_some(),
        "{:?} {:?}",
        seen.lcp_ms,
        seen.fcp_ms
    );
    assert!(seen.ttfb_ms.is_some() && seen.load_ms.is_some());
    assert_eq!(seen.refused, ["http://other.invalid/x.js"]);
    assert!(seen.requests >= 3, "{}", seen.requests);
    assert!(seen.console_errors.iter().any(|e| e == "wrong 7"), "{:?}", seen.console_errors);
    assert!(seen.screenshot.0.starts_with(b"\x89PNG"));
    assert!(seen.product.contains("Chrome/"));
    assert!(
        server
            .requests()
            .iter()
            .all(|r| r.header("user-agent").is_some_and(|a| a.contains("Bulwark-Probe/")))
    );
    let e = failure(&prober, &Task::Browser { url: format!("http://{}/", closed_port().expect("a port")) });
    assert_eq!(e.code, Code::Refused);
}

#[test]
fn the_proxy_resolves_names_and_chromium_never_does() {
    if cdp::find(None).is_err() {
        skip("no Chromium");
        return;
    }
    let zone = Zone::parse("demo.test. 60 IN SOA ns.demo.test. a.demo.test. 1 7200 900 1209600 300\nwww.demo.test. 60 IN A 127.0.0.1").expect("a zone");
    let dns = DnsServer::start(loopback(), zone).expect("a server");
    let identity = Authority::new("test").valid(&["www.demo.test"]);
    let server = HttpServer::start(loopback(), Some(identity), |_| Reply::html("<title>t</title><p>hello"))
        .expect("a server");
    let prober = prober(Settings { resolvers: vec![dns.addr()], ..settings(&["www.demo.test"]) });
    let url = format!("https://www.demo.test:{}/", server.addr().port());
    let Body::Browser(seen) = body(&prober, &Task::Browser { url }) else { panic!("no browser") };
    assert!(seen.fcp_ms.is_some() && seen.refused.is_empty(), "{:?}", seen.refused);
    assert!(dns.log().iter().all(|q| q.name == "www.demo.test"));
}

#[test]
fn stop_ends_the_browser_at_once() {
    if cdp::find(None).is_err() {
        skip("no Chromium");
        return;
    }
    let server = HttpServer::start(loopback(), None, |_| Reply::Hang).expect("a server");
    let prober = lab();
    assert_stops_at_once(&prober, &Task::Browser { url: server.url("/") }, &server);
}

#[test]
fn without_chromium_it_says_so() {
    let prober = prober(Settings { chromium: Some("/no/such/chromium".into()), ..settings(&["127.0.0.1"]) });
    let e = failure(&prober, &Task::Browser { url: "http://127.0.0.1:9/".into() });
    assert_eq!((e.code, e.detail.as_str()), (Code::NotInstalled, "/no/such/chromium"));
}

#[test]
fn a_local_file_can_be_driven() {
    if cdp::find(None).is_err() {
        skip("no Chromium");
        return;
    }
    let dir = tempfile::tempdir().expect("a folder");
    let file = dir.path().join("report.html");
    std::fs::write(
        &file,
        "<!doctype html><title>健檢報告</title><a id=a href=#x>甲</a> <button id=b>乙</button>",
    )
    .expect("written");
    let mut browser = Browser::launch(&Launch::default()).expect("a browser");
    let url = format!("file://{}", file.display());
    browser.open(&url).expect("opened");
    assert_eq!(browser.evaluate("document.title").expect("a title"), "健檢報告");
    browser.press("Tab").expect("pressed");
    assert_eq!(browser.evaluate("document.activeElement.id").expect("an id"), "a");
    browser.press("Tab").expect("pressed");
    assert_eq!(browser.evaluate("document.activeElement.id").expect("an id"), "b");
    browser.press_with_shift("Tab").expect("pressed");
    assert_eq!(browser.evaluate("document.activeElement.id").expect("an id"), "a");
    assert_eq!(browser.requests(), [url]);
    assert!(browser.console_errors().is_empty());
    assert!(browser.evaluate("nothing.here").is_err());
}
