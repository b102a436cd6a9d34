//! The faults that can be planted in the target on loopback.

use std::fmt::Write as _;
use std::time::Duration;

use super::world::{LOGGED, MUST_STAPLE, NAMES, PUBLIC, World, log_entry, request, with_extensions};
use bulwark_testkit::http::Reply;
use bulwark_testkit::tls::{Authority, TlsIdentity, Versions, now_plus};

faults! { FAULTS in World;
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
        |w| w.certificate = |ca| ca.expired(NAMES);
    "certificate expires in five days" => "network.cert-expiry", also "network.cert-paths":
        |w| w.certificate = |ca| ca.issue(NAMES, now_plus(-80), now_plus(5));
    "certificate of another name" => "network.cert-name", also "end_user.observatory-grade" "network.cert-chain" "network.mta-sts":
        |w| w.certificate = Authority::wrong_name;
    "self-signed certificate" => "network.cert-chain", also "end_user.observatory-grade" "network.cert-paths":
        |w| w.certificate = |_| TlsIdentity::self_signed(NAMES);
    "no TLS 1.3" => "network.tls-versions", also "network.tls-groups" "network.tls-hybrid":
        |w| w.certificate = |ca| ca.valid(NAMES).with_versions(Versions::Tls12);
    "no redirect to HTTPS" => "network.https-redirect", also "end_user.nosniff" "end_user.csp" "end_user.frame-protection"
        "end_user.referrer-policy" "end_user.cookie-flags" "end_user.observatory-grade":
        |w| w.redirects = false;
    "no HSTS" => "network.hsts", also "end_user.observatory-grade":
        |w| w.header("Strict-Transport-Security", "");
    "HSTS for a day" => "network.hsts", also "end_user.observatory-grade":
        |w| w.header("Strict-Transport-Security", "max-age=86400");
    "mail without STARTTLS" => "network.smtp-starttls": |w| w.starttls = false;
    "a declared port is closed" => "network.tcp-reachable": |w| w.dead_port = true;

    "mail is led to a name that does not exist" => "network.mx-present":
        |w| w.record("clean.test. 3600 IN MX 20", "clean.test. 3600 IN MX 20 gone.clean.test.");
    "the zone's own name is an alias" => "network.cname-apex":
        |w| w.record("clean.test. 3600 IN A", "clean.test. 3600 IN CNAME www.clean.test.");
    "an alias leads to a name that does not exist" => "network.dangling-name":
        |w| w.record("old.clean.test.", "old.clean.test. 3600 IN CNAME gone.clean.test.");
    "name servers answer for the whole world" => "network.open-recursion": |w| {
        w.zone.push("example.com. 3600 IN SOA ns.example.com. admin.example.com. 1 7200 3600 1209600 3600".into());
        w.zone.push("example.com. 3600 IN A 192.0.2.1".into());
    };
    "the DKIM key was withdrawn" => "network.dkim":
        |w| w.record("k1._domainkey.", "k1._domainkey.clean.test. 3600 IN TXT \"v=DKIM1; p=\"");
    "nobody agreed to receive the DMARC reports" => "network.dmarc-reports":
        |w| w.record("_dmarc.", "_dmarc.clean.test. 3600 IN TXT \"v=DMARC1; p=reject; sp=reject; rua=mailto:dmarc@elsewhere.test\"");
    "the MTA-STS record has no id" => "network.mta-sts":
        |w| w.record("_mta-sts.", "_mta-sts.clean.test. 3600 IN TXT \"v=STSv1\"");
    "no TLS reports" => "network.tls-rpt": |w| w.record("_smtp._tls.", "");
    "a certificate outlives its authority" => "network.cert-paths":
        |w| w.certificate = |ca| ca.issue(NAMES, now_plus(-1), now_plus(4000));
    "a public certificate for two years" => "network.cert-lifetime", also "network.cert-sct":
        |w| w.certificate = |ca| with_extensions(ca, 730, &[PUBLIC, LOGGED]);
    "a public certificate that no log knows" => "network.cert-sct":
        |w| w.certificate = |ca| with_extensions(ca, 90, &[PUBLIC]);
    "a certificate asks for a staple that does not come" => "network.ocsp-staple":
        |w| w.certificate = |ca| with_extensions(ca, 90, &[MUST_STAPLE]);

    "one web address" => "architecture.single-address": |w| w.one_address = true;
    "one mail host" => "architecture.single-mx": |w| w.record("clean.test. 3600 IN MX 20", "");
    "clock two minutes off" => "architecture.time-offset": |w| w.clock_ms = 120_000;
    "a background fact is missing" => "architecture.background-record": |w| w.unknown.push("circuit");
    "one name server alone" => "architecture.single-ns", also "network.ns-count" "network.ns-prefix-diversity":
        |w| w.record("clean.test. 3600 IN NS ns1", "");
    "no redundant server" => "architecture.redundant-server":
        |w| w.answers.push(("redundant-server", "no", "115-10-01"));
    "the diagram is years old" => "architecture.diagram-current":
        |w| w.answers.push(("architecture-diagram", "yes", "113-01-01"));
    "no redundant power" => "architecture.redundant-power":
        |w| w.answers.push(("redundant-power", "no", "115-10-01"));
    "no redundant circuit" => "architecture.redundant-circuit":
        |w| w.answers.push(("redundant-circuit", "no", "115-10-01"));
    "failover tested long ago" => "architecture.failover-tested":
        |w| w.answers.push(("failover-tested", "yes", "113-01-01"));

    "the search fails" => "function.availability", also "function.error-rate-5xx" "function.expectation":
        |w| w.page("/search", Reply::text(500, "error"));
    "the search says something else" => "function.expectation", also "function.availability":
        |w| w.page("/search", Reply::html("<title>x</title>維護中"));
    "answers take longer than the limit" => "function.latency":
        |w| w.page("/search", Reply::Delay(Duration::from_millis(1_100), Box::new(Reply::html("查詢結果"))));
    "the page shows a stack trace" => "function.stack-trace":
        |w| w.page("/", Reply::html("<!doctype html><html lang=\"zh-Hant-TW\"><title>a</title><meta name=\"viewport\" content=\"width=device-width\"><pre>java.lang.NullPointerException: x\n\tat tw.gov.Demo.run(Demo.java:12)\n\tat tw.gov.Demo.main(Demo.java:3)</pre>"));
    "the page is a server error" => "function.https-health", also "function.error-rate-5xx" "end_user.page-basics" "end_user.ipv6-parity":
        |w| w.page("/", Reply::text(503, "x"));
    "every path answers 200" => "function.not-found-handling":
        |w| w.page("/bulwark-baseline-7f3a9c51e0d24b68", Reply::html("<title>a</title>歡迎"));

    "the search is overloaded" => "function.error-rate-5xx", also "function.availability" "function.expectation":
        |w| w.page("/search", Reply::text(503, "busy"));
    "one request in twenty failed last month" => "function.log-error-ratio": |w| for minute in 0..6 {
        w.access_log.push_str(&request(minute * 10, "/search", 500, "-", "0.050"));
    };
    "a busy minute brought errors" => "function.log-surge", also "function.log-error-ratio": |w| for n in 0..100 {
        w.access_log.push_str(&request(30, "/search", if n % 20 == 0 { 503 } else { 200 }, "-", "0.050"));
    };
    "the report takes four seconds" => "function.log-slow-paths": |w| for minute in 0..25 {
        w.access_log.push_str(&request(minute, "/report", 200, "-", "4.000"));
    };
    "a page links to nothing" => "function.log-broken-links": |w| for minute in 0..3 {
        w.access_log.push_str(&request(minute, "/gone", 404, "https://www.clean.test/", "0.010"));
    };
    "another program writes into the log" => "function.log-readable": |w| for n in 0..9 {
        let _ = writeln!(w.access_log, "worker {n} started");
    };

    "no nosniff" => "end_user.nosniff", also "end_user.observatory-grade":
        |w| w.header("X-Content-Type-Options", "");
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
    "nothing may be cached" => "end_user.caching", also "end_user.conditional-requests":
        |w| w.header("Cache-Control", "");
    "the page has no language" => "end_user.page-basics":
        |w| w.page("/", Reply::html("<!doctype html><html><head><title>a</title><meta name=\"viewport\" content=\"width=device-width\"></head>"));

    "a page of seventy pictures" => "end_user.request-count", also "end_user.compression": |w| {
        let pictures = (0..70).fold(String::new(), |s, n| s + &format!("<img src=\"/a.png?{n}\">"));
        w.page("/", Reply::html(&format!("<!doctype html><html lang=\"zh-Hant-TW\"><title>a</title><meta name=\"viewport\" content=\"width=device-width\">{pictures}")));
    };
    "scripts may stand in the page" => "end_user.csp-quality", also "end_user.observatory-grade":
        |w| w.header("Content-Security-Policy", "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; img-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'");
    "any site may read with the visitor's cookies" => "end_user.cors", also "end_user.observatory-grade":
        |w| w.reflects_origin = true;
    "a script of another site without fingerprint" => "end_user.sri", also "end_user.observatory-grade":
        |w| w.page("/", Reply::html("<!doctype html><html lang=\"zh-Hant-TW\"><title>a</title><meta name=\"viewport\" content=\"width=device-width\"><script src=\"https://cdn.elsewhere.test/x.js\"></script>"));
    "plain, framed, scripted and sniffed" => "end_user.observatory-grade",
        also "end_user.csp" "end_user.nosniff" "end_user.frame-protection" "network.hsts": |w| {
        for name in ["Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "Strict-Transport-Security"] {
            w.header(name, "");
        }
    };
    "security.txt ended" => "end_user.security-txt":
        |w| w.page("/.well-known/security.txt", Reply::text(200, "Contact: mailto:security@clean.test\nExpires: 2020-01-01T00:00:00Z\n"));
    "robots.txt tells where the administration is" => "end_user.robots":
        |w| w.page("/robots.txt", Reply::text(200, "User-agent: *\nDisallow: /admin/\n"));
    "asks for preload without being ready" => "end_user.hsts-preload":
        |w| w.header("Strict-Transport-Security", "max-age=63072000; preload");
    "four redirects to the page" => "end_user.redirect-chain", also "network.hsts": |w| {
        let page = w.pages.iter().find(|(p, _)| p == "/").expect("the page").1.clone();
        for (from, to) in [("/", "/1"), ("/1", "/2"), ("/2", "/3"), ("/3", "/4")] {
            w.page(from, Reply::Redirect(to.into()));
        }
        w.page("/4", page);
    };
    "what the browser has is sent again" => "end_user.conditional-requests": |w| w.repeats_itself = true;
    "other sites may hold the window" => "end_user.corp-coop": |w| w.header("Cross-Origin-Opener-Policy", "");

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
    "no copy elsewhere" => "data_mgmt.offsite-copy":
        |w| w.answers.push(("offsite-backup", "no", "115-10-01"));
    "backups are not encrypted" => "data_mgmt.backup-encrypted":
        |w| w.answers.push(("backup-encrypted", "no", "115-10-01"));
    "nobody knows which data is what" => "data_mgmt.data-classified":
        |w| w.answers.push(("data-classified", "no", "115-10-01"));
    "logs are kept a week" => "data_mgmt.log-retention":
        |w| w.answers.push(("log-retention", "no", "115-10-01"));
    "a dump among the files of the site" => "data_mgmt.webroot-dumps": |w| w.web_root.push("old/site.sql.gz");
    "no retention rules" => "data_mgmt.retention-policy":
        |w| w.answers.push(("retention-policy", "no", "115-10-01"));

    "the server tells its exact version" => "vuln.banner-disclosure":
        |w| w.header("Server", "nginx/1.22.1");
    "a default page" => "vuln.default-page":
        |w| w.page("/", Reply::html("<!DOCTYPE html><html lang=\"en\"><head><title>Welcome to nginx!</title><meta name=\"viewport\" content=\"width=device-width\"></head><body><h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully installed and working.</p></body></html>"));
    "a product without support" => "vuln.product-eol", also "vuln.banner-disclosure":
        |w| w.header("Server", "Apache/2.2.15");
    "the state of the server is public" => "vuln.debug-endpoints":
        |w| w.page("/server-status", Reply::html("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 3.2 Final//EN\">\n<html><head><title>Apache Status</title></head></html>"));

    "the server panicked" => "db_io.log-errors":
        |w| w.server_log.push_str(&log_entry(50, "PANIC", "could not write to file \"pg_wal/xlogtemp.9\": No space left on device"));
    "a deadlock" => "db_io.log-deadlocks":
        |w| w.server_log.push_str(&log_entry(50, "ERROR", "deadlock detected"));
    "a wait for a lock" => "db_io.log-lock-waits":
        |w| w.server_log.push_str(&log_entry(50, "LOG", "process 7 still waiting for ShareLock on transaction 5 after 1000.153 ms"));
    "a temporary file of two GiB" => "db_io.log-temp-files":
        |w| w.server_log.push_str(&log_entry(50, "LOG", "temporary file: path \"base/pgsql_tmp/pgsql_tmp7.0\", size 2147483648"));
    "checkpoints too often" => "db_io.log-checkpoints":
        |w| w.server_log.push_str(&log_entry(50, "LOG", "checkpoints are occurring too frequently (9 seconds apart)"));
    "a statement of a quarter of a minute" => "db_io.log-slow-statements":
        |w| w.server_log.push_str(&log_entry(50, "LOG", "duration: 15000.000 ms  statement: SELECT * FROM t"));
    "the log does not tell who" => "db_io.log-settings": |w| {
        w.server_log.clear();
        for minute in 10..50 {
            let _ = writeln!(w.server_log, "2026-11-25 10:{minute}:00.000 UTC [101] LOG:  duration: 12.000 ms  statement: SELECT 1");
        }
    };
}
