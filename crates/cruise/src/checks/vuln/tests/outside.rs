//! Checks of what others can see.

use bulwark_model::{Severity, Verdict};
use bulwark_probe::failure::{Code, Failure, Step};
use bulwark_probe::scope::Vantage;

use super::super::products::rows;
use crate::checks::network::tests::build::{expect, hop, http, judge, plan, ports, smtp};

const HOST: &str = "www.agency.gov.tw";
const URL: &str = "https://www.agency.gov.tw/";

#[test]
fn open_ports_are_compared_with_the_plan() {
    let id = "vuln.undeclared-services";
    // 443 is declared by host and URL, 80 by the host, 25 as its SMTP port.
    let line = expect(
        id,
        &plan(),
        vec![ports(HOST, &[(25, b""), (80, b""), (443, b"")], &[22])],
        Verdict::Pass,
        "pass",
    );
    assert!(line.message.en.contains("Of 4 ports"));
    let extra = ports(HOST, &[(443, b""), (8080, b"HTTP/1.1 200 OK\r\n")], &[22]);
    let line = expect(id, &plan(), vec![extra], Verdict::Fail, "open");
    assert_eq!((line.asset.as_str(), line.severity), ("www.agency.gov.tw:8080", Severity::Medium));
    assert!(line.excerpt.contains("HTTP/1.1 200 OK"));
}

#[test]
fn risky_services_weigh_by_where_we_stand() {
    let id = "vuln.risky-services";
    let rdp = || vec![ports(HOST, &[(443, b""), (3389, b"")], &[23])];
    let line = expect(id, &plan(), rdp(), Verdict::Fail, "internet");
    assert_eq!((line.asset.as_str(), line.severity), ("www.agency.gov.tw:3389", Severity::High));
    let mut inside = plan();
    inside.location.vantage = Vantage::Inside;
    let line = expect(id, &inside, rdp(), Verdict::Warn, "inside");
    assert_eq!(line.severity, Severity::Low);
    let line =
        expect(id, &inside, vec![ports(HOST, &[(23, b"\xff\xfd\x18")], &[])], Verdict::Fail, "clear_text");
    assert_eq!(line.severity, Severity::Medium);
    expect(id, &plan(), vec![ports(HOST, &[(443, b"")], &[21, 23, 3389])], Verdict::Pass, "pass");
    // SSH on the port of FTP, FTP on another.
    expect(id, &plan(), vec![ports(HOST, &[(21, b"SSH-2.0-OpenSSH_9.2p1\r\n")], &[])], Verdict::Pass, "pass");
    let line = expect(
        id,
        &plan(),
        vec![ports(HOST, &[(2121, b"220 (vsFTPd 3.0.5)\r\n")], &[])],
        Verdict::Fail,
        "internet",
    );
    assert!(line.message.zh_tw.contains("FTP"));
}

#[test]
fn exact_versions_are_disclosures() {
    let id = "vuln.banner-disclosure";
    let with = |headers: &[(&str, &str)]| vec![http(vec![hop(URL, 200, headers, "")], None)];
    expect(id, &plan(), with(&[("server", "nginx")]), Verdict::Pass, "pass");
    expect(id, &plan(), with(&[("server", "Apache/2 (Unix)")]), Verdict::Pass, "pass");
    let line = expect(
        id,
        &plan(),
        with(&[("server", "nginx/1.22.1"), ("x-powered-by", "PHP/8.2.1")]),
        Verdict::Fail,
        "tells",
    );
    assert_eq!((line.asset.as_str(), line.severity), ("https://www.agency.gov.tw", Severity::Low));
    assert!(line.message.en.contains("nginx 1.22.1, PHP 8.2.1"), "{}", line.message.en);
    expect(id, &plan(), with(&[("x-aspnet-version", "4.0.30319")]), Verdict::Fail, "tells");
    let ssh = |said: &[u8]| vec![ports(HOST, &[(22, said)], &[])];
    // SSH must name its version; a package revision it need not.
    expect(id, &plan(), ssh(b"SSH-2.0-OpenSSH_9.2p1\r\n"), Verdict::Pass, "pass");
    let line = expect(id, &plan(), ssh(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"), Verdict::Fail, "ssh");
    assert_eq!(line.asset, "www.agency.gov.tw:22");
    let exim = smtp(25, "220 mail.agency.gov.tw ESMTP Exim 4.96 Tue, 24 Nov 2026", &[], None);
    let line = expect(id, &plan(), vec![exim], Verdict::Fail, "tells");
    assert_eq!(line.asset, "mail.agency.gov.tw:25");
}

#[test]
fn products_end_only_where_nobody_mends_them() {
    let id = "vuln.product-eol";
    let with = |server: &str| vec![http(vec![hop(URL, 200, &[("server", server)], "")], None)];
    let line = expect(id, &plan(), with("Apache/2.2.15 (CentOS)"), Verdict::Fail, "ended");
    assert_eq!((line.asset.as_str(), line.severity), ("https://www.agency.gov.tw (Apache)", Severity::High));
    assert!(line.message.zh_tw.contains("Apache 2.2.15"));
    expect(id, &plan(), with("Microsoft-IIS/8.5"), Verdict::Fail, "ended");
    expect(id, &plan(), with("Microsoft-IIS/10.0"), Verdict::Pass, "pass");
    // Debian 12 mends nginx 1.22 and does not change the number.
    expect(id, &plan(), with("nginx/1.22.1"), Verdict::Manual, "backports");
    expect(id, &plan(), with("nginx/1.10.3"), Verdict::Fail, "ended");
    expect(id, &plan(), with("nginx/1.30.4"), Verdict::Pass, "pass");
    expect(id, &plan(), with("Apache/2"), Verdict::NotTested, "no_version");
    expect(id, &plan(), with("nginx"), Verdict::NotTested, "no_version");
    let lines = judge(id, &plan(), with("Apache/2.4.62 OpenSSL/1.0.2k-fips PHP/5.6.40"));
    let seen: Vec<_> = lines.iter().map(|l| (l.verdict, l.asset.as_str())).collect();
    assert_eq!(
        seen,
        [
            (Verdict::Pass, "https://www.agency.gov.tw (Apache)"),
            (Verdict::Fail, "https://www.agency.gov.tw (OpenSSL)"),
            (Verdict::Fail, "https://www.agency.gov.tw (PHP)"),
        ]
    );
    let ssh = vec![ports(HOST, &[(22, b"SSH-2.0-OpenSSH_7.4\r\n")], &[])];
    expect(id, &plan(), ssh, Verdict::Fail, "ended");
    // Windows has its own numbers and its own support.
    let windows = vec![ports(HOST, &[(22, b"SSH-2.0-OpenSSH_for_Windows_7.7\r\n")], &[])];
    expect(id, &plan(), windows, Verdict::NotTested, "no_version");
}

#[test]
fn the_table_of_products_is_in_order() {
    let rows: Vec<_> = rows().iter().map(super::super::products::Row::parts).collect();
    assert!(rows.len() > 30, "the table is read");
    for pair in rows.windows(2) {
        let [(a, low, ..), (b, high, ..)] = pair else { continue };
        assert!(a != b || low < high, "{a}: {low:?} {high:?}");
    }
    for (product, bound, ended, backported) in rows {
        assert!(bound.len() >= 2, "{product}");
        assert!(backported.is_none_or(|b| b > ended), "{product} {bound:?}");
    }
}

#[test]
fn default_pages_are_found_on_good_answers_only() {
    let id = "vuln.default-page";
    let nginx = "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1>\
        <p>If you see this page, the nginx web server is successfully installed and working.</p></body></html>";
    let page = |status, body: &str| {
        vec![http(
            vec![hop("https://www.agency.gov.tw/?id=1", status, &[("content-type", "text/html")], body)],
            None,
        )]
    };
    let line = expect(id, &plan(), page(200, nginx), Verdict::Fail, "found");
    assert_eq!((line.asset.as_str(), line.severity), (URL, Severity::Low));
    assert!(line.message.en.contains("nginx"));
    let listing = "<html><head><title>Index of /upload</title></head><body><h1>Index of /upload</h1><pre><a href=\"../\">../</a></pre></body></html>";
    expect(id, &plan(), page(200, listing), Verdict::Fail, "found");
    expect(id, &plan(), page(200, "<title>線上申辦</title><p>歡迎</p>"), Verdict::Pass, "pass");
    let lines = judge(id, &plan(), page(404, nginx));
    assert_eq!(lines[0].verdict, Verdict::NotTested);
    let slow = Failure::new(Step::Receive, Code::TooSlow, "x");
    expect(
        id,
        &plan(),
        vec![http(vec![hop(URL, 200, &[], "")], Some(slow))],
        Verdict::Error,
        "common.failed",
    );
}
