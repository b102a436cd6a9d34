//! Handshakes, trust and versions.

use std::io::Write;

use bulwark_probe::evidence::{Body, TlsAnswer, TlsHandshake};
use bulwark_probe::failure::Code;
use bulwark_probe::net::{Prober, Settings};
use bulwark_probe::task::Task;
use bulwark_testkit::http::{HttpServer, Reply};
use bulwark_testkit::loopback;
use bulwark_testkit::tls::{Authority, TlsIdentity};

use crate::support::*;

fn server(identity: TlsIdentity) -> HttpServer {
    HttpServer::start(loopback(), Some(identity), |_| Reply::text(200, "x")).expect("a server")
}

fn trusting(authority: &Authority) -> (Prober, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(authority.pem().as_bytes()).expect("written");
    let prober = prober(Settings { trust_ca_file: Some(file.path().into()), ..settings(&["127.0.0.1", "localhost"]) });
    (prober, file)
}

fn handshake(prober: &Prober, server: &HttpServer) -> TlsHandshake {
    let task = Task::TlsHandshake { host: "localhost".into(), port: server.addr().port() };
    match body(prober, &task) {
        Body::TlsHandshake(h) => h,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_noted() {
    let authority = Authority::new("我的憑證機構");
    let (prober, _file) = trusting(&authority);
    let names = ["localhost"];
    let good = handshake(&prober, &server(authority.valid(&names)));
    assert_eq!(good.trust_error, None);
    assert_eq!((good.version.as_str(), good.cipher.starts_with("TLS13_")), ("TLS 1.3", true));
    assert_eq!(good.chain.len(), 1);
    assert!(good.trust_store.starts_with("system (") && !good.ocsp_stapled);
    let through = handshake(&prober, &server(authority.intermediate("middle").valid(&names)));
    assert_eq!((through.trust_error, through.chain.len()), (None, 2));
    let cases = [
        (authority.expired(&names), "expired: "),
        (authority.not_yet_valid(&names), "not valid yet: "),
        (authority.wrong_name(), "name mismatch: "),
        (Authority::new("stranger").valid(&names), "unknown issuer: "),
    ];
    for (identity, word) in cases {
        let error = handshake(&prober, &server(identity)).trust_error.expect(word);
        assert!(error.starts_with(word), "{error}");
    }
}

#[test]
fn a_ca_file_that_cannot_be_read_stops_at_once() {
    let clock = std::sync::Arc::new(bulwark_model::FixedClock::new(jiff::Timestamp::UNIX_EPOCH));
    let missing = Settings { trust_ca_file: Some("/no/such/file.pem".into()), ..settings(&[]) };
    let e = Prober::new(missing, clock).expect_err("no file");
    assert_eq!(e.code, Code::Unreadable);
    assert!(e.detail.contains("/no/such/file.pem"));
}

#[test]
fn five_hellos_learn_the_versions() {
    let authority = Authority::new("test");
    let server = server(authority.valid(&["localhost"]));
    let task = Task::TlsVersions { host: "localhost".into(), port: server.addr().port() };
    let Body::TlsVersions(found) = body(&lab(), &task) else { panic!("no versions") };
    let names: Vec<&str> = found.attempts.iter().map(|a| a.version.as_str()).collect();
    assert_eq!(names, ["SSLv3", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"]);
    for attempt in &found.attempts[..3] {
        assert!(matches!(attempt.answer, Ok(TlsAnswer::Alert { .. } | TlsAnswer::Closed)), "{attempt:?}");
    }
    for (attempt, wire) in found.attempts[3..].iter().zip([0x0303, 0x0304]) {
        assert!(matches!(attempt.answer, Ok(TlsAnswer::Accepted { version, .. }) if version == wire), "{attempt:?}");
    }
    assert_eq!(server.connections().len(), 5);
}

#[test]
fn http_works_over_tls() {
    let authority = Authority::new("test");
    let server = server(authority.valid(&["127.0.0.1"]));
    let answer = http(&lab(), &server.url("/"));
    assert_eq!(answer.hops[0].body, "x");
    assert!(answer.hops[0].phases.tls_us > 0);
}
