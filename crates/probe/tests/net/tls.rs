//! Handshakes, trust and versions.

use std::io::Write;

use bulwark_probe::evidence::{Body, TlsAnswer, TlsHandshake};
use bulwark_probe::failure::Code;
use bulwark_probe::net::{Prober, Settings};
use bulwark_probe::task::Task;
use bulwark_testkit::http::{HttpServer, Reply};
use bulwark_testkit::loopback;
use bulwark_testkit::tls::{Authority, TlsIdentity, Versions};

use crate::support::*;

fn server(identity: TlsIdentity) -> HttpServer {
    HttpServer::start(loopback(), Some(identity), |_| Reply::text(200, "x")).expect("a server")
}

fn trusting(authority: &Authority) -> (Prober, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(authority.pem().as_bytes()).expect("written");
    let prober =
        prober(Settings { trust_ca_file: Some(file.path().into()), ..settings(&["127.0.0.1", "localhost"]) });
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
        assert!(
            matches!(attempt.answer, Ok(TlsAnswer::Accepted { version, .. }) if version == wire),
            "{attempt:?}"
        );
    }
    assert_eq!(server.connections().len(), 5);

    let old = self::server(authority.valid(&["localhost"]).with_versions(Versions::Tls12));
    let task = Task::TlsVersions { host: "localhost".into(), port: old.addr().port() };
    let Body::TlsVersions(found) = body(&lab(), &task) else { panic!("no versions") };
    assert!(
        matches!(found.attempts[4].answer, Ok(TlsAnswer::Alert { description: 70, .. })),
        "{:?}",
        found.attempts[4]
    );
    let handshake = handshake(&lab(), &old);
    assert_eq!((handshake.version.as_str(), handshake.cipher.starts_with("TLS_ECDHE_")), ("TLS 1.2", true));
}

/// An HTTP/2 server that answers every request with its scheme and authority.
fn two(identity: &TlsIdentity) -> std::net::SocketAddr {
    let mut config = rustls::ServerConfig::clone(&identity.server_config());
    config.alpn_protocols = vec![b"h2".to_vec()];
    let listener = std::net::TcpListener::bind(loopback()).expect("a port");
    let address = listener.local_addr().expect("an address");
    listener.set_nonblocking(true).expect("set");
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
            let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(stream) = acceptor.accept(stream).await else { continue };
                let Ok(mut connection) = h2::server::handshake(stream).await else { continue };
                while let Some(Ok((request, mut respond))) = connection.accept().await {
                    let words = format!("{:?} {}", request.version(), request.uri());
                    let response = hyper::Response::builder().header("content-type", "text/plain").body(());
                    let Ok(mut body) = respond.send_response(response.expect("a response"), false) else {
                        continue;
                    };
                    let _ = body.send_data(words.into(), true);
                }
            }
        });
    });
    address
}

#[test]
fn http2_is_spoken_when_agreed() {
    let address = two(&Authority::new("test").valid(&["127.0.0.1"]));
    let url = format!("https://{address}/a?b=1");
    let answer = http(&lab(), &url);
    let hop = &answer.hops[0];
    assert_eq!(
        (hop.protocol.as_str(), hop.status, hop.body.as_str()),
        ("HTTP/2", 200, format!("HTTP/2.0 {url}").as_str())
    );
    assert!(hop.body_failure.is_none());
    let task = Task::TlsHandshake { host: "127.0.0.1".into(), port: address.port() };
    let Body::TlsHandshake(shaken) = body(&lab(), &task) else { panic!("no handshake") };
    assert_eq!(shaken.alpn.as_deref(), Some("h2"));
}

#[test]
fn http_works_over_tls() {
    let authority = Authority::new("test");
    let server = server(authority.valid(&["127.0.0.1"]));
    let answer = http(&lab(), &server.url("/"));
    assert_eq!(answer.hops[0].body, "x");
    assert!(answer.hops[0].phases.tls_us > 0);
}
