//! `bulwark probe` against servers on loopback: table and JSON, exit codes, what is refused.

mod support;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;

use bulwark_testkit::dns::{DnsServer, Zone};
use bulwark_testkit::http::{HttpServer, Reply};
use bulwark_testkit::smtp::SmtpSink;
use bulwark_testkit::tls::{Authority, TlsIdentity};
use bulwark_testkit::{closed_port, loopback};
use support::{bulwark, code, err, out};

/// Runs a probe in the laboratory and reads its JSON.
fn probe(folder: &Path, target: &str, profile: &str, more: &[&str]) -> (Output, serde_json::Value) {
    let mut args =
        vec!["probe", "run", target, "--profile", profile, "--intensity", "lab", "--format", "json"];
    args.extend(more);
    let o = bulwark(folder, &args);
    let json = serde_json::from_str(&out(&o)).unwrap_or_else(|e| panic!("{e}: {}\n{}", out(&o), err(&o)));
    (o, json)
}

/// Verdicts of one check.
fn verdicts<'j>(json: &'j serde_json::Value, check: &str) -> Vec<&'j str> {
    let lines = json["lines"].as_array().expect("lines");
    lines.iter().filter(|l| l["check"] == check).filter_map(|l| l["verdict"].as_str()).collect()
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

/// An HTTPS server for `localhost` and the file that makes it trusted.
fn https(folder: &Path) -> (HttpServer, String) {
    let authority = Authority::new("Bulwark test");
    std::fs::write(folder.join("ca.pem"), authority.pem()).expect("writable");
    let identity = authority.valid(&["localhost", "127.0.0.1"]);
    let server = HttpServer::start(loopback(), Some(identity), |_| {
        Reply::html("<!doctype html><html lang=zh-TW><title>x</title><p>ok")
            .header("strict-transport-security", "max-age=31536000")
    })
    .expect("a server");
    let url = format!("https://localhost:{}/", server.addr().port());
    (server, url)
}

#[test]
fn tls_of_localhost_as_table_and_as_json() {
    let dir = folder();
    let (server, url) = https(dir.path());
    let (o, json) = probe(dir.path(), &url, "tls", &["--ca-file", "ca.pem"]);
    assert!([0, 1].contains(&code(&o)), "{}\n{}", out(&o), err(&o));
    assert_eq!(verdicts(&json, "network.tls-versions"), ["pass"], "{json:#}");
    assert_eq!(verdicts(&json, "network.cert-name"), ["pass"]);
    assert_eq!(json["profile"], "tls");
    assert_eq!(json["reason"], "單次探測 single probe");
    assert!(json["connections"].as_u64().is_some_and(|n| n > 0));
    // Only checks of the profile were asked for, and only TLS was spoken.
    assert!(json["lines"].as_array().is_some_and(|l| l.iter().all(|l| l["domain"] == "network")), "{json:#}");
    assert!(server.requests().is_empty(), "no request is sent by the profile tls");

    let table = bulwark(
        dir.path(),
        &[
            "--lang",
            "en",
            "probe",
            "run",
            &url,
            "--profile",
            "tls",
            "--intensity",
            "lab",
            "--ca-file",
            "ca.pem",
        ],
    );
    assert_eq!(code(&table), code(&o));
    let text = out(&table);
    assert!(
        text.contains("network.tls-versions") && text.contains("message") && text.contains("connections"),
        "{text}"
    );
    assert!(!std::fs::exists(dir.path().join("home")).expect("readable"), "no key is made without --out");
}

#[test]
fn web_of_localhost_with_results_kept() {
    let dir = folder();
    let (_server, url) = https(dir.path());
    let (o, json) =
        probe(dir.path(), &url, "web", &["--ca-file", "ca.pem", "--out", "o", "--fail-on", "high"]);
    assert!([0, 1, 3].contains(&code(&o)), "{}\n{}", out(&o), err(&o));
    assert_eq!(verdicts(&json, "function.https-health"), ["pass"], "{json:#}");
    assert_eq!(verdicts(&json, "network.hsts"), ["pass"]);
    assert!(verdicts(&json, "network.spf").is_empty());
    for file in ["report.html", "report.json", "report.md", "result.bwr"] {
        assert!(dir.path().join("o").join(file).is_file(), "{file}");
    }
    assert!(!dir.path().join("o/.run").exists(), "the journal is gone");
    let verified = bulwark(dir.path(), &["cruise", "verify", "o/result.bwr"]);
    assert_eq!(code(&verified), 0, "{}", err(&verified));
}

#[test]
fn a_redirect_out_of_the_scope_is_not_followed() {
    let dir = folder();
    let other = HttpServer::start(loopback(), None, |_| Reply::text(200, "other")).expect("a server");
    // Another name for the same machine is another host: the plan names `localhost` only.
    let away = format!("http://127.0.0.1:{}/away", other.addr().port());
    let server = HttpServer::start(loopback(), None, move |_| Reply::text(302, "").header("location", &away))
        .expect("a server");
    let url = format!("http://localhost:{}/", server.addr().port());
    let (o, json) = probe(dir.path(), &url, "web", &[]);
    assert!(!server.requests().is_empty());
    assert!(other.requests().is_empty() && other.connections().is_empty(), "{:?}", other.requests());
    let told = verdicts(&json, "function.https-health");
    assert!(!told.is_empty() && !told.contains(&"pass"), "{told:?}");
    assert!(out(&o).contains("範圍"), "{}", out(&o));
}

#[test]
fn mail_of_a_server_and_dns_and_mail_of_a_domain() {
    let dir = folder();
    let smtp = SmtpSink::start(loopback(), Some(TlsIdentity::self_signed(&["localhost"]))).expect("a server");
    let (o, json) = probe(dir.path(), &format!("localhost:{}", smtp.addr().port()), "mail", &[]);
    assert!([0, 1, 3].contains(&code(&o)), "{}", err(&o));
    assert_eq!(verdicts(&json, "network.smtp-starttls"), ["pass"], "{json:#}");
    assert!(smtp.messages().is_empty(), "no mail is sent");

    let zone = Zone::parse(
        "demo.test. 300 IN SOA ns1.demo.test. admin.demo.test. 2026010101 3600 600 1209600 300\n\
         demo.test. 300 IN NS ns1.demo.test.\n\
         demo.test. 300 IN MX 10 mail.demo.test.\n\
         demo.test. 300 IN TXT \"v=spf1 mx -all\"\n\
         ns1.demo.test. 300 IN A 127.0.0.1\n\
         mail.demo.test. 300 IN A 127.0.0.1\n",
    )
    .expect("a zone");
    let dns = DnsServer::start(loopback(), zone).expect("a server");
    let (resolver, port) = (dns.addr().to_string(), dns.addr().port().to_string());
    let more = ["--resolver", resolver.as_str(), "--authoritative-port", port.as_str()];
    let (o, json) = probe(dir.path(), "demo.test", "dns", &more);
    assert!([0, 1, 3].contains(&code(&o)), "{}", err(&o));
    assert_eq!(verdicts(&json, "network.ns-count").len(), 1, "{json:#}");
    assert!(!verdicts(&json, "network.ns-count").contains(&"pass"), "one name server is too few");
    assert!(verdicts(&json, "network.spf").is_empty());
    let (_, json) = probe(dir.path(), "demo.test", "mail", &more);
    assert_eq!(verdicts(&json, "network.spf"), ["pass"], "{json:#}");
    assert!(!verdicts(&json, "network.dmarc").contains(&"pass"));
}

#[test]
fn mail_of_a_domain_visits_the_hosts_its_mx_records_name() {
    let dir = folder();
    let identity = || Some(TlsIdentity::self_signed(&["mail.demo.test"]));
    let smtp = SmtpSink::start(loopback(), identity()).expect("a server");
    let text = |mx: &str| {
        format!(
            "demo.test. 300 IN SOA ns1.demo.test. admin.demo.test. 2026010101 3600 600 1209600 300\n\
             demo.test. 300 IN NS ns1.demo.test.\n{mx}\
             demo.test. 300 IN A 127.0.0.1\n\
             ns1.demo.test. 300 IN A 127.0.0.1\n\
             mail.demo.test. 300 IN A 127.0.0.1\n\
             away.demo.test. 300 IN A 203.0.113.9\n"
        )
    };
    let mail_of = |mx: &str| {
        let dns = DnsServer::start(loopback(), Zone::parse(&text(mx)).expect("a zone")).expect("a server");
        let (resolver, port) = (dns.addr().to_string(), dns.addr().port().to_string());
        let smtp_port = smtp.addr().port().to_string();
        let more = ["--resolver", &resolver, "--authoritative-port", &port, "--smtp-port", &smtp_port];
        probe(dir.path(), "demo.test", "mail", &more)
    };
    let (o, json) = mail_of("demo.test. 300 IN MX 10 mail.demo.test.\n");
    assert!([0, 1, 3].contains(&code(&o)), "{}", err(&o));
    assert_eq!(verdicts(&json, "network.smtp-starttls"), ["pass"], "{json:#}");
    assert_eq!(verdicts(&json, "network.mx-present"), ["pass"]);
    assert_eq!(smtp.sessions(), 1);
    assert!(smtp.messages().is_empty(), "no mail is sent");
    // A host at an address that is not ours to touch is refused like any other.
    let (o, json) = mail_of("demo.test. 300 IN MX 5 away.demo.test.\n");
    assert!([1, 3].contains(&code(&o)), "{}", out(&o));
    assert!(err(&o).contains("BW-RUN-010") && err(&o).contains("203.0.113.9"), "{}", err(&o));
    assert_eq!(verdicts(&json, "network.smtp-starttls"), ["error"], "{json:#}");
    // Nobody has named a mail host: none is visited.
    let (_, json) = mail_of("");
    assert_eq!(verdicts(&json, "network.smtp-starttls"), ["not_tested"], "{json:#}");
    assert_eq!(smtp.sessions(), 1);
}

#[test]
fn what_cannot_be_reached_is_an_error_and_no_failure() {
    let dir = folder();
    let SocketAddr::V4(at) = closed_port().expect("a port") else { panic!("IPv4") };
    let (o, json) = probe(dir.path(), &at.to_string(), "tls", &[]);
    assert_eq!(code(&o), 3, "{}", out(&o));
    let lines = json["lines"].as_array().expect("lines");
    assert!(lines.iter().any(|l| l["verdict"] == "error"), "{json:#}");
    assert!(lines.iter().all(|l| l["verdict"] != "fail" && l["verdict"] != "pass"), "{json:#}");
    // Outside the laboratory loopback is reached, too, with nobody else's consent and at the usual pace.
    let o = bulwark(dir.path(), &["probe", "run", &at.to_string(), "--profile", "mail"]);
    assert_eq!(code(&o), 3, "{}\n{}", out(&o), err(&o));
}

#[test]
fn others_machines_need_consent_and_targets_a_form() {
    let dir = folder();
    for (args, told) in [
        (&["probe", "run", "www.example.gov.tw", "--profile", "tls"][..], "BW-CLI-004"),
        (&["probe", "run", "www.example.gov.tw", "--profile", "tls", "--approved-by", " "], "BW-CLI-004"),
        (&["probe", "run", "http://localhost/", "--profile", "tls"], "BW-PLAN-026"),
        (&["probe", "run", "a b", "--profile", "dns"], "BW-PLAN-025"),
        (&["probe", "run", "localhost:1", "--profile", "tls", "--resolver", "x"], "BW-CLI-005"),
        (&["probe", "run", "localhost:1", "--profile", "everything"], "full"),
        (&["probe", "run", "localhost:1"], "--profile"),
        (&["probe", "explain", "network.htst"], "BW-CLI-001"),
    ] {
        let o = bulwark(dir.path(), args);
        assert_eq!(code(&o), 2, "{args:?}: {}", out(&o));
        assert!(err(&o).contains(told), "{args:?}: {}", err(&o));
    }
    // In the laboratory a name that leads elsewhere is refused by its address.
    let zone = Zone::parse(
        "away.test. 300 IN SOA ns.away.test. a.away.test. 1 3600 600 1209600 300\naway.test. 300 IN A 203.0.113.9\n",
    ).expect("a zone");
    let dns = DnsServer::start(loopback(), zone).expect("a server");
    let resolver = dns.addr().to_string();
    let (o, json) = probe(dir.path(), "away.test:443", "tls", &["--resolver", &resolver]);
    assert_eq!(code(&o), 3, "{}", out(&o));
    assert!(err(&o).contains("BW-RUN-010") && err(&o).contains("203.0.113.9"), "{}\n{json:#}", err(&o));
}

#[test]
fn a_database_is_named_by_the_file_of_its_connection_string() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = folder();
    let port = closed_port().expect("a port").port();
    let dsn = dir.path().join("app.dsn");
    std::fs::write(&dsn, format!("postgresql://probe:hunter2@127.0.0.1:{port}/app\n")).expect("writable");
    std::fs::set_permissions(&dsn, std::fs::Permissions::from_mode(0o644)).expect("set");
    let o = bulwark(dir.path(), &["probe", "run", "app.dsn", "--profile", "db"]);
    assert_eq!(code(&o), 2, "others may read it");
    assert!(err(&o).contains("BW-PROBE-027"), "{}", err(&o));
    std::fs::set_permissions(&dsn, std::fs::Permissions::from_mode(0o600)).expect("set");
    let (o, json) = probe(dir.path(), "app.dsn", "db", &[]);
    assert_eq!(code(&o), 3, "{}", out(&o));
    assert_eq!(verdicts(&json, "db_io.connections"), ["error"]);
    assert!(!out(&o).contains("hunter2") && !err(&o).contains("hunter2"));
}

#[test]
fn checks_of_the_profiles_are_listed_and_explained() {
    let dir = folder();
    let all = out(&bulwark(dir.path(), &["probe", "list"]));
    for profile in ["web", "mail", "dns", "tls", "db", "full"] {
        assert!(all.lines().any(|l| l.starts_with(profile)), "{profile}");
        let of = out(&bulwark(dir.path(), &["probe", "list", "--profile", profile]));
        assert!(of.lines().count() >= 5, "{profile}: {of}");
    }
    let mail = out(&bulwark(dir.path(), &["probe", "list", "--profile", "mail"]));
    assert!(mail.contains("network.spf") && !mail.contains("network.hsts"), "{mail}");
    let o = bulwark(dir.path(), &["probe", "explain", "network.spf"]);
    assert!(code(&o) == 0 && out(&o).contains("RFC 7208"), "{}", out(&o));
}

#[test]
fn the_allow_list_comes_in_three_forms() {
    let dir = folder();
    let plan = "[system]\nname = \"a\"\nagency = \"b\"\nsecurity_level = \"basic\"\n[scope]\nurls = [\"https://www.a.gov.tw/\"]\n";
    std::fs::write(dir.path().join("plan.toml"), plan).expect("writable");
    let list =
        |more: &[&str]| bulwark(dir.path(), &[&["cruise", "plan", "allowlist", "plan.toml"], more].concat());
    let text = list(&[]);
    assert!(code(&text) == 0 && out(&text).contains("www.a.gov.tw  tcp  443"), "{}", out(&text));
    assert!(out(&text).contains("--from"), "says how to find our address: {}", out(&text));
    let csv = list(&["--format", "csv", "--from", "203.0.113.4"]);
    assert!(out(&csv).contains("203.0.113.4,www.a.gov.tw,tcp,443"), "{}", out(&csv));
    let nft = list(&["--format", "nft", "--from", "203.0.113.4"]);
    assert!(out(&nft).contains("saddr @bulwark_from4 tcp dport { 443 } counter accept"), "{}", out(&nft));
    let none = list(&["--format", "nft"]);
    assert!(code(&none) == 2 && err(&none).contains("BW-CLI-003"), "{}", err(&none));
    assert_eq!(code(&list(&["--from", "here"])), 2);
}
