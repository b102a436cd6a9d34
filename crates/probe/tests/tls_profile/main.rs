//! TLS profiles of real servers on loopback: rustls in this process, OpenSSL and GnuTLS where installed.

mod peers;

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bulwark_model::{FixedClock, Intensity};
use bulwark_probe::cert::paths;
use bulwark_probe::evidence::{Body, Outcome, TlsProfile};
use bulwark_probe::failure::Code;
use bulwark_probe::net::{Prober, Settings, Stop};
use bulwark_probe::scope::Scope;
use bulwark_probe::task::Task;
use bulwark_probe::tls::profile::{Order, View};
use bulwark_probe::tls::{Class, Version, cipher_class, cipher_name};
use bulwark_testkit::http::{HttpServer, Reply};
use bulwark_testkit::loopback;
use bulwark_testkit::tls::{Authority, Versions};

fn prober(trust: Option<PathBuf>) -> Prober {
    let settings = Settings {
        scope: Scope { hosts: ["127.0.0.1".to_owned(), "localhost".to_owned()].into(), ..Scope::default() },
        intensity: Intensity::Lab,
        connect_timeout: Duration::from_secs(5),
        trust_ca_file: trust,
        ..Settings::default()
    };
    let now = jiff::Timestamp::try_from(bulwark_testkit::tls::now_plus(0)).expect("a time");
    Prober::new(settings, Arc::new(FixedClock::new(now))).expect("a prober")
}

fn profile_with(prober: &Prober, host: &str, port: u16) -> TlsProfile {
    let record = prober.collect(&Task::TlsProfile { host: host.into(), port }, &Stop::new());
    match record.outcome {
        Outcome::Collected(body) => match *body {
            Body::TlsProfile(profile) => profile,
            other => panic!("{}", other.kind()),
        },
        Outcome::Failed(e) => panic!("{e}"),
    }
}

fn profile(port: u16) -> TlsProfile {
    profile_with(&prober(None), "127.0.0.1", port)
}

// ---- servers ---------------------------------------------------------------------------------

/// A program that listens; ended when dropped.
struct Listening {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a program with a certificate of ours; `{port}`, `{cert}` and `{key}` are filled in. `None` when
/// the program is missing or refuses its options.
fn start(names: &[&str], args: &[&str]) -> Option<Listening> {
    let program = bulwark_testkit::program(names)?;
    let folder = tempfile::tempdir().expect("a folder");
    let identity = Authority::new("test").valid(&["localhost"]);
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    std::fs::write(&cert, identity.chain_pem()).expect("written");
    std::fs::write(&key, identity.key_pem()).expect("written");
    for _ in 0..3 {
        let port = TcpListener::bind(loopback()).and_then(|l| l.local_addr()).expect("a port").port();
        let fill = |a: &&str| {
            a.replace("{port}", &port.to_string())
                .replace("{cert}", &cert.to_string_lossy())
                .replace("{key}", &key.to_string_lossy())
        };
        let mut child = Command::new(&program)
            .args(args.iter().map(fill))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("started");
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until && child.try_wait().ok().flatten().is_none() {
            if TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_ok() {
                return Some(Listening { child, port, _folder: folder });
            }
            std::thread::yield_now();
        }
        let _ = child.kill();
        let _ = child.wait();
    }
    bulwark_testkit::skip(&format!("{} does not start with {args:?}", names.join("/")));
    None
}

/// An RSA certificate for servers that shall show suites with RSA.
fn rsa(folder: &std::path::Path, openssl: &std::path::Path) -> (String, String) {
    let (cert, key) = (folder.join("rsa.pem"), folder.join("rsa.key"));
    let done = Command::new(openssl)
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "30"])
        .args(["-keyout".as_ref(), key.as_os_str(), "-out".as_ref(), cert.as_os_str()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("started");
    assert!(done.success());
    (cert.to_string_lossy().into_owned(), key.to_string_lossy().into_owned())
}

fn openssl(args: &[&str]) -> Option<Listening> {
    let mut all = vec!["s_server", "-accept", "{port}", "-www", "-quiet"];
    all.extend(args);
    start(&["openssl"], &all)
}

fn suites(view: &View<'_>, version: Version) -> Vec<&'static str> {
    let mut out: Vec<&str> = view.accepted(version).into_iter().filter_map(cipher_name).collect();
    out.sort_unstable();
    out
}

// ---- tests -----------------------------------------------------------------------------------

#[test]
fn our_own_server_is_known_to_the_last_suite() {
    let authority = Authority::new("我的憑證機構");
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(authority.pem().as_bytes()).expect("written");
    let identity = authority.intermediate("middle").valid(&["localhost"]);
    let server = HttpServer::start(loopback(), Some(identity), |_| Reply::text(200, "x")).expect("a server");
    let found = profile_with(&prober(Some(file.path().into())), "localhost", server.addr().port());
    let view = View(&found.probes);
    assert!(found.handshakes <= 60, "{}", found.handshakes);
    assert_eq!(usize::try_from(found.handshakes).expect("few"), server.connections().len());
    assert_eq!(
        suites(&view, Version::Tls13),
        ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"]
    );
    assert_eq!(
        suites(&view, Version::Tls12),
        [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        ]
    );
    for version in [Version::Tls12, Version::Tls13] {
        assert!(view.open(version).is_empty());
        let mut groups = view.groups(version);
        groups.sort_unstable();
        assert_eq!(groups, [0x17, 0x18, 0x1d], "{version:?}");
    }
    assert!(!view.supports(Version::Tls11) && !view.supports(Version::Ssl3));
    let session = found.session.clone().expect("tried").expect("a session");
    assert_eq!((session.version, session.early_data_bytes), (0x0304, 0));
    assert!(session.tickets > 0);
    // The chain as sent leads to the authority we trust, and the evidence says when it ends.
    let der = |chain: &[bulwark_probe::evidence::Blob]| chain.iter().map(|b| b.0.clone()).collect::<Vec<_>>();
    assert_eq!((found.chains.len(), found.roots.len()), (1, 1));
    let built = paths::find(&der(&found.chains[0]), &der(&found.roots));
    assert_eq!((built.paths.len(), built.paths[0].subjects.len(), built.unknown_algorithm), (1, 3, false));
    // Small enough to keep, and read back unchanged.
    let json = serde_json::to_string(&found).expect("written");
    assert!(json.len() < 64 << 10, "{} bytes", json.len());
    assert_eq!(serde_json::from_str::<TlsProfile>(&json).expect("read"), found);
}

#[test]
fn tls_12_alone_asks_for_no_session() {
    let identity = Authority::new("test").valid(&["localhost"]).with_versions(Versions::Tls12);
    let server = HttpServer::start(loopback(), Some(identity), |_| Reply::text(200, "x")).expect("a server");
    let found = profile(server.addr().port());
    let view = View(&found.probes);
    assert!(view.refuses(Version::Tls13) && found.session.is_none());
    assert_eq!(found.chains.len(), 1, "read from the first flight");
    assert_eq!(view.newest(), Some(Version::Tls12));
}

#[test]
fn plain_ports_and_closed_ports_end_at_once() {
    let listener = TcpListener::bind(loopback()).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let found = profile(port);
    assert_eq!((found.handshakes, found.probes.len()), (1, 1));
    let closed = bulwark_testkit::closed_port().expect("a port");
    let record = prober(None)
        .collect(&Task::TlsProfile { host: "127.0.0.1".into(), port: closed.port() }, &Stop::new());
    assert!(matches!(record.outcome, Outcome::Failed(e) if e.code == Code::Refused));
}

#[test]
fn openssl_with_its_defaults() {
    let Some(program) = bulwark_testkit::program(&["openssl"]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = rsa(folder.path(), &program);
    let Some(server) = openssl(&["-cert", &cert, "-key", &key]) else { return };
    let found = profile(server.port);
    let view = View(&found.probes);
    assert!(found.handshakes <= 60, "{}", found.handshakes);
    assert!(view.supports(Version::Tls13) && view.supports(Version::Tls12));
    // What the program itself says it would accept.
    let listed = Command::new(&program).args(["ciphers", "-s", "-tls1_2", "-V"]).output().expect("ran");
    let mut listed: Vec<u16> = String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter(|l| !l.contains("Au=ECDSA") && !l.contains("PSK") && !l.contains("SRP"))
        .filter_map(|l| {
            let (high, low) = l.split_once(" - ")?.0.trim().split_once(',')?;
            let byte = |s: &str| u16::from_str_radix(s.trim_start_matches("0x"), 16).ok();
            Some(byte(high)? << 8 | byte(low)?)
        })
        .collect();
    let mut accepted = view.accepted(Version::Tls12);
    listed.sort_unstable();
    accepted.sort_unstable();
    assert_eq!(accepted, listed);
    assert_eq!(view.preference(), Order::Client);
    assert_eq!(view.fallback_refused(), Some(true));
    assert_eq!(view.compression_chosen(), Some(0));
    assert!(view.groups(Version::Tls13).len() >= 5 && view.open_groups(Version::Tls13).is_empty());
    let (_, flight) = view.flights(Version::Tls12).next().expect("a flight");
    assert!(flight.hello.has_extension(0xff01) && flight.hello.has_extension(23));
    assert!(
        view.flights(Version::Tls12).any(|(_, f)| f.key_exchange.is_some_and(|k| k.dh_bits >= Some(2048)))
    );
}

#[test]
fn openssl_made_weak() {
    let Some(program) = bulwark_testkit::program(&["openssl"]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = rsa(folder.path(), &program);
    let args = [
        "-cert",
        &cert,
        "-key",
        &key,
        "-dcert",
        "{cert}",
        "-dkey",
        "{key}",
        "-serverpref",
        "-no_tls1_3",
        "-no_ems",
        "-cipher",
        "AES128-SHA:NULL-SHA256:AECDH-AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0",
    ];
    let Some(server) = openssl(&args) else { return };
    let found = profile(server.port);
    let view = View(&found.probes);
    assert_eq!(
        suites(&view, Version::Tls12),
        [
            "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
            "TLS_ECDH_anon_WITH_AES_128_CBC_SHA",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "TLS_RSA_WITH_NULL_SHA256"
        ]
    );
    assert_eq!(view.worst(Version::Tls12), Some(Class::Insufficient));
    assert!(matches!(view.preference(), Order::Server { first: 0x002f }), "{:?}", view.preference());
    assert_eq!(found.chains.len(), 2, "an RSA and an ECDSA certificate");
    assert!(view.flights(Version::Tls12).all(|(_, f)| !f.hello.has_extension(23)));
    assert!(!view.supports(Version::Tls13));
}

#[test]
fn openssl_with_tls_13_alone() {
    let args = [
        "-cert",
        "{cert}",
        "-key",
        "{key}",
        "-tls1_3",
        "-groups",
        "X448:P-521",
        "-ciphersuites",
        "TLS_AES_128_CCM_8_SHA256:TLS_CHACHA20_POLY1305_SHA256",
    ];
    let Some(server) = openssl(&args) else { return };
    let found = profile(server.port);
    let view = View(&found.probes);
    assert_eq!(suites(&view, Version::Tls13), ["TLS_AES_128_CCM_8_SHA256", "TLS_CHACHA20_POLY1305_SHA256"]);
    let mut groups = view.groups(Version::Tls13);
    groups.sort_unstable();
    assert_eq!(groups, [0x19, 0x1e]);
    assert!(view.refuses(Version::Tls12));
    // Our TLS library knows neither group: the complete handshake fails and is no verdict.
    assert!(matches!(&found.session, Some(Err(_))), "{:?}", found.session);
    assert!(found.handshakes <= 30);
}

#[test]
fn gnutls_with_old_versions() {
    let args = [
        "-p",
        "{port}",
        "--x509certfile",
        "{cert}",
        "--x509keyfile",
        "{key}",
        "--http",
        "-q",
        "--priority",
        "NORMAL:+VERS-TLS1.0:+VERS-TLS1.1",
    ];
    let Some(server) = start(&["gnutls-serv"], &args) else { return };
    let found = profile(server.port);
    let view = View(&found.probes);
    assert!(found.handshakes <= 60, "{}", found.handshakes);
    for version in [Version::Tls10, Version::Tls11, Version::Tls12, Version::Tls13] {
        assert!(view.supports(version), "{version:?}");
        assert!(view.open(version).is_empty(), "{version:?}");
        assert!(view.accepted(version).iter().all(|s| cipher_class(*s) >= Class::PhaseOut), "{version:?}");
    }
    assert!(view.refuses(Version::Ssl3));
    assert_eq!(view.fallback_refused(), Some(true));
}
