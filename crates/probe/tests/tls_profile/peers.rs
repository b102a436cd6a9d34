//! Versions, suites and groups as sslscan and OpenSSL's own client see them, on the same servers.

#![expect(clippy::print_stdout, reason = "the counts are what the conformance task reads")]

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bulwark_probe::evidence::TlsProfile;
use bulwark_probe::tls::Version;
use bulwark_probe::tls::profile::View;
use bulwark_testkit::program;

use super::{Listening, openssl, profile, rsa, start};

const VERSIONS: [(Version, &str, &str); 5] = [
    (Version::Ssl3, "SSLv3", "-ssl3"),
    (Version::Tls10, "TLSv1.0", "-tls1"),
    (Version::Tls11, "TLSv1.1", "-tls1_1"),
    (Version::Tls12, "TLSv1.2", "-tls1_2"),
    (Version::Tls13, "TLSv1.3", "-tls1_3"),
];

type Numbers = BTreeSet<(&'static str, u16)>;

/// What one tool found: version and number of each suite and group.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    versions: BTreeSet<&'static str>,
    suites: Numbers,
    groups: Numbers,
}

/// What we found, and what the limit on handshakes left open.
fn ours(found: &TlsProfile) -> (Seen, Seen) {
    let view = View(&found.probes);
    let (mut seen, mut open) = (Seen::default(), Seen::default());
    for (version, name, _) in VERSIONS.into_iter().filter(|(v, ..)| view.supports(*v)) {
        open.suites.extend(view.open(version).into_iter().map(|s| (name, s)));
        seen.versions.insert(name);
        seen.suites.extend(view.accepted(version).into_iter().map(|s| (name, s)));
        if version >= Version::Tls12 {
            seen.groups.extend(view.groups(version).into_iter().map(|g| (name, g)));
            open.groups.extend(view.open_groups(version).into_iter().map(|g| (name, g)));
        }
    }
    (seen, open)
}

/// The value of an attribute of an element on one line.
fn attribute<'t>(line: &'t str, name: &str) -> Option<&'t str> {
    line.split_once(&format!(" {name}=\""))?.1.split('"').next()
}

fn sslscan(program: &Path, port: u16) -> Seen {
    let out = Command::new(program)
        .args(["--xml=-", "--no-colour", "--no-heartbleed", "--no-check-certificate"])
        .arg(format!("127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .output()
        .expect("starts");
    let text = String::from_utf8_lossy(&out.stdout);
    let number = |line| u16::from_str_radix(attribute(line, "id")?.trim_start_matches("0x"), 16).ok();
    let version = |wanted: &str| VERSIONS.into_iter().map(|(_, name, _)| name).find(|name| *name == wanted);
    let mut seen = Seen::default();
    for line in text.lines().map(str::trim) {
        if line.starts_with("<protocol ") && attribute(line, "enabled") == Some("1") {
            let prefix = if attribute(line, "type") == Some("ssl") { "SSLv" } else { "TLSv" };
            seen.versions.extend(version(&format!("{prefix}{}", attribute(line, "version").unwrap_or(""))));
        }
        let at = attribute(line, "sslversion").and_then(version).zip(number(line));
        if line.starts_with("<cipher ") {
            seen.suites.extend(at);
        } else if line.starts_with("<group ") {
            seen.groups.extend(at);
        }
    }
    assert!(!seen.versions.is_empty(), "{text}{}", String::from_utf8_lossy(&out.stderr));
    seen
}

fn s_client(program: &Path, port: u16, args: &[&str]) -> Output {
    Command::new(program)
        .args(["s_client", "-connect", &format!("127.0.0.1:{port}")])
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("starts")
}

/// Whether a handshake succeeded: only then is a suite named.
fn agreed(out: &Output) -> bool {
    String::from_utf8_lossy(&out.stdout)
        .lines()
        .any(|l| l.starts_with("New, ") && l.contains("Cipher is ") && !l.contains("(NONE)"))
}

/// Compares with every tool that is installed; suite by suite with OpenSSL's client when `each`.
fn compare(name: &str, server: &Listening, each: bool) {
    let found = profile(server.port);
    let (seen, open) = ours(&found);
    if let Some(program) = program(&["sslscan"]) {
        let theirs = sslscan(&program, server.port);
        assert_eq!(seen.versions, theirs.versions, "{name}");
        let only = |a: &Numbers, b: &Numbers, open: &Numbers| {
            a.difference(b)
                .filter(|n| !open.contains(n))
                .map(|(v, n)| format!("{v} {n:#06x}"))
                .collect::<Vec<_>>()
        };
        let none = Numbers::new();
        assert_eq!(
            only(&theirs.suites, &seen.suites, &open.suites),
            [""; 0],
            "{name}: suites only sslscan sees"
        );
        assert_eq!(only(&seen.suites, &theirs.suites, &none), [""; 0], "{name}: suites only we see");
        assert_eq!(
            only(&theirs.groups, &seen.groups, &open.groups),
            [""; 0],
            "{name}: groups only sslscan sees"
        );
        assert_eq!(only(&seen.groups, &theirs.groups, &none), [""; 0], "{name}: groups only we see");
        println!("peer sslscan {name}: {} suites, {} groups agree", seen.suites.len(), seen.groups.len());
    }
    if let Some(program) = program(&["openssl"]) {
        for (_, version, option) in VERSIONS.iter().skip(1) {
            let out =
                s_client(&program, server.port, &[option, "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]);
            assert_eq!(agreed(&out), seen.versions.contains(version), "{name} {version}: {out:?}");
        }
        let tried = if each { each_suite(&program, name, server.port, &seen, &open) } else { 0 };
        println!("peer openssl s_client {name}: {} versions and {tried} suites agree", VERSIONS.len() - 1);
    }
}

/// Each suite of TLS 1.2 that the client knows and we settled.
fn each_suite(program: &Path, name: &str, port: u16, seen: &Seen, open: &Seen) -> usize {
    let listed = Command::new(program)
        .args(["ciphers", "-V", "-s", "-tls1_2", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"])
        .output()
        .expect("starts");
    let mut tried = 0;
    for line in String::from_utf8_lossy(&listed.stdout).lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [number, "-", suite, ..] = words.as_slice() else { continue };
        let byte = |s: &str| u16::from_str_radix(s.trim_start_matches("0x"), 16).expect("hexadecimal");
        let (high, low) = number.split_once(',').expect("two octets");
        let at = ("TLSv1.2", byte(high) << 8 | byte(low));
        if !open.suites.contains(&at) {
            let out = s_client(program, port, &["-tls1_2", "-cipher", &format!("{suite}:@SECLEVEL=0")]);
            assert_eq!(agreed(&out), seen.suites.contains(&at), "{name} {suite}: {out:?}");
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried}");
    tried
}

#[test]
fn openssl_servers_look_the_same_to_sslscan_and_s_client() {
    let Some(program) = program(&["openssl"]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = rsa(folder.path(), &program);
    let certificate = ["-cert", &cert, "-key", &key];
    for (name, more) in [
        ("OpenSSL", &[][..]),
        ("OpenSSL weak", &["-serverpref", "-cipher", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]),
        ("OpenSSL 1.2 strict", &["-no_tls1_3", "-cipher", "ECDHE+AESGCM", "-groups", "P-256:X25519"]),
    ] {
        let Some(server) = openssl(&[&certificate, more].concat()) else { return };
        compare(name, &server, name == "OpenSSL weak");
    }
}

#[test]
fn gnutls_servers_look_the_same_to_sslscan_and_s_client() {
    let Some(program) = program(&["openssl"]) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (cert, key) = rsa(folder.path(), &program);
    for (name, priority) in [
        ("GnuTLS old", "NORMAL:+VERS-TLS1.0:+VERS-TLS1.1"),
        ("GnuTLS", "SECURE192:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"),
    ] {
        let certificate = ["--x509certfile", &cert, "--x509keyfile", &key];
        let args = [&["-p", "{port}", "--http", "-q", "--priority", priority][..], &certificate].concat();
        let Some(server) = start(&["gnutls-serv"], &args) else { return };
        compare(name, &server, name == "GnuTLS");
    }
}
