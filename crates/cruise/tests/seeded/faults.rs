//! The faults that can be planted in the target on loopback.

use std::time::Duration;

use bulwark_testkit::http::Reply;
use bulwark_testkit::tls::{TlsIdentity, Versions, now_plus};

use super::world::World;

/// One fault.
pub struct Fault {
    /// In words.
    pub name: &'static str,
    /// The check that must find it.
    pub check: &'static str,
    /// Checks that may see it as well.
    pub also: &'static [&'static str],
    /// Plants it.
    pub plant: fn(&mut World),
}

macro_rules! faults {
    ($($name:literal => $check:literal $(, also $($also:literal)+)?: $plant:expr;)+) => {
        /// Every fault, by domain.
        pub const FAULTS: &[Fault] = &[$(Fault {
            name: $name, check: $check, also: &[$($($also),+)?], plant: $plant,
        }),+];
    };
}

faults! {
    "one name server" => "network.ns-count", also "architecture.single-ns" "network.ns-prefix-diversity":
        |w| w.record("clean.test. 3600 IN NS ns2", "");
    "name servers in one network" => "network.ns-prefix-diversity", also "network.ns-authoritative":
        |w| w.record("ns2.clean.test.", "ns2.clean.test. 3600 IN A 127.0.53.2");
    "a name server that does not answer" => "network.ns-authoritative":
        |w| w.record("ns2.clean.test.", "ns2.clean.test. 3600 IN A 127.1.53.9");
    "serials differ" => "network.soa-consistent": |w| w.second_serial = 2026_1101;
    "SOA expires within a day" => "network.soa-timers":
        |w| w.record("clean.test. 3600 IN SOA", "clean.test. 3600 IN SOA ns1.clean.test. admin.clean.test. {serial} 14400 3600 86400 3600");
    "no SPF" => "network.spf": |w| w.record("clean.test. 3600 IN TXT", "");
    "SPF lets everybody send" => "network.spf":
        |w| w.record("clean.test. 3600 IN TXT", "clean.test. 3600 IN TXT \"v=spf1 +all\"");
    "two SPF records" => "network.spf": |w| w.zone.push("clean.test. 3600 IN TXT \"v=spf1 a -all\"".into());
    "no DMARC" => "network.dmarc": |w| w.record("_dmarc.", "");
    "DMARC only watches" => "network.dmarc":
        |w| w.record("_dmarc.", "_dmarc.clean.test. 3600 IN TXT \"v=DMARC1; p=none; rua=mailto:dmarc@clean.test\"");
    "no CAA" => "network.caa": |w| w.record("clean.test. 3600 IN CAA", "");
    "certificate expired" => "network.cert-expiry", also "end_user.observatory-grade" "network.cert-chain" "network.cert-paths":
        |w| w.certificate = |ca| ca.expired(&["www.clean.test", "mta-sts.clean.test"]);
    "certificate expires in five days" => "network.cert-expiry", also "network.cert-paths":
        |w| w.certificate = |ca| ca.issue(&["www.clean.test", "mta-sts.clean.test"], now_plus(-80), now_plus(5));
    "certificate of another name" => "network.cert-name", also "end_user.observatory-grade" "network.cert-chain" "network.mta-sts":
        |w| w.certificate = bulwark_testkit::tls::Authority::wrong_name;
    "self-signed certificate" => "network.cert-chain", also "end_user.observatory-grade" "network.cert-paths":
        |w| w.certificate = |_| TlsIdentity::self_signed(&["www.clean.test", "mta-sts.clean.test"]);
    "no TLS 1.3" => "network.tls-versions", also "network.tls-groups" "network.tls-hybrid":
        |w| w.certificate = |ca| ca.valid(&["www.clean.test", "mta-sts.clean.test"]).with_versions(Versions::Tls12);
    "no redirect to HTTPS" => "network.https-redirect", also "end_user.nosniff" "end_user.csp" "end_user.frame-protection"
        "end_user.referrer-policy" "end_user.cookie-flags" "end_user.observatory-grade":
        |w| w.redirects = false;
    "no HSTS" => "network.hsts", also "end_user.observatory-grade": |w| w.header("Strict-Transport-Security", "");
    "HSTS for a day" => "network.hsts", also "end_user.observatory-grade":
        |w| w.header("Strict-Transport-Security", "max-age=86400");
    "mail without STARTTLS" => "network.smtp-starttls": |w| w.starttls = false;
    "a declared port is closed" => "network.tcp-reachable": |w| w.dead_port = true;

    "one web address" => "architecture.single-address": |w| w.one_address = true;
    "one mail host" => "architecture.single-mx": |w| w.record("clean.test. 3600 IN MX 20", "");
    "clock two minutes off" => "architecture.time-offset": |w| w.clock_ms = 120_000;
    "a background fact is missing" => "architecture.background-record": |w| w.unknown.push("circuit");
    "no redundant power" => "architecture.redundant-power": |w| w.answers.push(("redundant-power", "no", "115-10-01"));
    "no redundant circuit" => "architecture.redundant-circuit": |w| w.answers.push(("redundant-circuit", "no", "115-10-01"));
    "failover tested long ago" => "architecture.failover-tested": |w| w.answers.push(("failover-tested", "yes", "113-01-01"));

    "the search fails" => "function.availability", also "function.error-rate-5xx" "function.expectation":
        |w| w.page("/search", Reply::text(500, "error"));
    "the search says something else" => "function.expectation", also "function.availability":
        |w| w.page("/search", Reply::html("<title>x</title>維護中"));
    "answers take three times the limit" => "function.latency": |w| w.delay = Duration::from_millis(600);
    "the page shows a stack trace" => "function.stack-trace":
        |w| w.page("/", Reply::html("<!doctype html><html lang=\"zh-Hant-TW\"><title>a</title><meta name=\"viewport\" content=\"width=device-width\"><pre>java.lang.NullPointerException: x\n\tat tw.gov.Demo.run(Demo.java:12)\n\tat tw.gov.Demo.main(Demo.java:3)</pre>"));
    "the page is a server error" => "function.https-health", also "function.error-rate-5xx" "end_user.page-basics" "end_user.ipv6-parity":
        |w| w.page("/", Reply::text(503, "x"));
    "every path answers 200" => "function.not-found-handling":
        |w| w.page("/bulwark-baseline-7f3a9c51e0d24b68", Reply::html("<title>a</title>歡迎"));

    "no nosniff" => "end_user.nosniff", also "end_user.observatory-grade": |w| w.header("X-Content-Type-Options", "");
    "no content security policy" => "end_user.csp", also "end_user.observatory-grade":
        |w| w.header("Content-Security-Policy", "");
    "anyone may frame it" => "end_user.frame-protection", also "end_user.csp" "end_user.csp-quality" "end_user.observatory-grade": |w| {
        w.header("X-Frame-Options", "");
        w.header("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'");
    };
    "no referrer policy" => "end_user.referrer-policy": |w| w.header("Referrer-Policy", "");
    "a session cookie without flags" => "end_user.cookie-flags", also "end_user.observatory-grade":
        |w| w.header("Set-Cookie", "JSESSIONID=0123456789abcdef; Path=/");
    "a script over plain HTTP" => "end_user.mixed-content", also "end_user.csp" "end_user.sri" "end_user.observatory-grade":
        |w| w.page("/", Reply::html("<!doctype html><html lang=\"zh-Hant-TW\"><title>a</title><meta name=\"viewport\" content=\"width=device-width\"><script src=\"http://www.clean.test/x.js\"></script>"));
    "a missing picture" => "end_user.broken-resources":
        |w| w.pages.retain(|(p, _)| p != "/a.png");
    "a page of six MiB" => "end_user.page-weight", also "end_user.compression": |w| {
        for n in 0..7 {
            w.page(&format!("/{n}.bin"), Reply::with_type(200, "image/png", &vec![n; 900_000]));
        }
        w.page("/", Reply::html("<!doctype html><html lang=\"zh-Hant-TW\"><title>a</title><meta name=\"viewport\" content=\"width=device-width\"><img src=\"/0.bin\"><img src=\"/1.bin\"><img src=\"/2.bin\"><img src=\"/3.bin\"><img src=\"/4.bin\"><img src=\"/5.bin\"><img src=\"/6.bin\">"));
    };
    "text is not compressed" => "end_user.compression":
        |w| w.page("/a.css", Reply::with_type(200, "text/css", "h1{color:#123456}\n".repeat(2000).as_bytes()));
    "nothing may be cached" => "end_user.caching", also "end_user.conditional-requests": |w| w.header("Cache-Control", "");
    "the page has no language" => "end_user.page-basics":
        |w| w.page("/", Reply::html("<!doctype html><html><head><title>a</title><meta name=\"viewport\" content=\"width=device-width\"></head>"));

    "a dump on the web root" => "data_mgmt.web-dump-exposed":
        |w| w.page("/backup.sql", Reply::with_type(200, "application/sql", b"-- PostgreSQL database dump\nCREATE TABLE a (b int);\n"));
    "a repository on the web root" => "data_mgmt.web-repo-exposed":
        |w| w.page("/.git/HEAD", Reply::text(200, "ref: refs/heads/main\n"));
    "the newest backup is a month old" => "data_mgmt.backup-age":
        |w| w.backups = vec![("full-3.dump", 1000, 800, 0o600), ("full-2.dump", 1000, 760, 0o600), ("full-1.dump", 1000, 720, 0o600)];
    "the newest backup is tiny" => "data_mgmt.backup-size-trend":
        |w| w.backups = vec![("full-4.dump", 1000, 74, 0o600), ("full-3.dump", 1000, 50, 0o600), ("full-2.dump", 1000, 26, 0o600), ("full-1.dump", 10, 2, 0o600)];
    "everybody may change a backup" => "data_mgmt.backup-permissions":
        |w| w.backups.push(("full-0.dump", 1000, 1, 0o666));
    "never restored" => "data_mgmt.restore-tested": |w| w.answers.push(("restore-test", "no", "115-10-01"));
    "no copy elsewhere" => "data_mgmt.offsite-copy": |w| w.answers.push(("offsite-backup", "no", "115-10-01"));
    "no retention rules" => "data_mgmt.retention-policy": |w| w.answers.push(("retention-policy", "no", "115-10-01"));

    "the server tells its exact version" => "vuln.banner-disclosure":
        |w| w.header("Server", "nginx/1.22.1");
    "a default page" => "vuln.default-page":
        |w| w.page("/", Reply::html("<!DOCTYPE html><html lang=\"en\"><head><title>Welcome to nginx!</title><meta name=\"viewport\" content=\"width=device-width\"></head><body><h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully installed and working.</p></body></html>"));
    "a product without support" => "vuln.product-eol", also "vuln.banner-disclosure":
        |w| w.header("Server", "Apache/2.2.15");
}
