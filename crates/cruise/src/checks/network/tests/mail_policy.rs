//! DKIM, consent to DMARC reports, MTA-STS, TLS reports; SPF over included records.

use base64::Engine as _;
use bulwark_model::{Severity, Verdict};
use bulwark_probe::evidence::{Http, MtaSts, TlsHandshake};
use bulwark_probe::failure::{Code, Failure, Step};

use super::build::{Rd, Zone, expect, failure, hop, plan};

const Z: &str = "agency.gov.tw";
const MX: &str = "mail.agency.gov.tw";

/// A SubjectPublicKeyInfo with a modulus of so many bytes.
fn rsa(bytes: usize) -> String {
    let der = |tag: u8, contents: &[u8]| {
        let n = u16::try_from(contents.len()).expect("short");
        [&[tag, 0x82][..], &n.to_be_bytes(), contents].concat()
    };
    let mut modulus = vec![0];
    modulus.extend(vec![0xc5; bytes]);
    let key = der(0x30, &[der(2, &modulus), der(2, &[1, 0, 1])].concat());
    let algorithm = [0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0xd, 1, 1, 1, 5, 0];
    let spki = der(0x30, &[&algorithm[..], &der(3, &[&[0][..], &key].concat())].concat());
    base64::engine::general_purpose::STANDARD.encode(spki)
}

#[test]
fn dkim_keys_are_strong_and_alive() {
    let id = "network.dkim";
    let name = "s1._domainkey.agency.gov.tw";
    let mut plan = plan();
    plan.scope.dkim_selectors = vec!["s1".into()];
    let zone = |texts: &[&str]| {
        let records: Vec<Rd<'_>> = texts.iter().map(|t| Rd::Txt(t)).collect();
        vec![Zone::named("_domainkey.agency.gov.tw", None).ask(name, "TXT", &records).done()]
    };
    let check = |text: &str, verdict, sentence: &str| expect(id, &plan, zone(&[text]), verdict, sentence);
    let (k1024, k2048, k512) = (rsa(128), rsa(256), rsa(64));
    let line = check(&format!("v=DKIM1; k=rsa; p={k2048}"), Verdict::Pass, "pass");
    assert!(line.message.en.contains("RSA 2048") && line.asset == name, "{line:#?}");
    check(&format!("p={k2048}"), Verdict::Pass, "pass");
    let ed = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    check(&format!("v=DKIM1; k=ed25519; p={ed}"), Verdict::Pass, "pass");
    let line = check(&format!("v=DKIM1; p={k1024}"), Verdict::Warn, "short");
    assert_eq!(line.severity, Severity::Low);
    check(&format!("v=DKIM1; p={k512}"), Verdict::Fail, "refused");
    check("v=DKIM1; p=", Verdict::Fail, "revoked");
    check(&format!("v=DKIM1; t=y; p={k2048}"), Verdict::Warn, "testing");
    check(&format!("v=DKIM1; t=y:s; h=sha1; p={k2048}"), Verdict::Fail, "sha1");
    check(&format!("v=DKIM1; s=tlsrpt; p={k2048}"), Verdict::Fail, "not_mail");
    check("v=DKIM1; k=gost; p=AAAA", Verdict::Fail, "kind");
    check("v=DKIM1; p=%%%", Verdict::Fail, "invalid");
    check(&format!("v=DKIM2; p={k2048}"), Verdict::Fail, "invalid");
    check("k=rsa; v=DKIM1; p=AAAA", Verdict::Fail, "invalid");
    expect(id, &plan, zone(&[]), Verdict::Fail, "missing");
    expect(id, &plan, zone(&["v=DKIM1; p=", "v=DKIM1; p="]), Verdict::Fail, "several");
    let slow = Zone::named("_domainkey.agency.gov.tw", None).trouble(name, "TXT", Code::TimedOut).done();
    expect(id, &plan, vec![slow], Verdict::Error, "common.failed");
    plan.scope.dkim_selectors.clear();
    expect(id, &plan, vec![Zone::new().done()], Verdict::NotTested, "no_selectors");
}

#[test]
fn report_domains_outside_have_agreed() {
    let id = "network.dmarc-reports";
    let consent = "agency.gov.tw._report._dmarc.reports.example";
    let zone = |record: &str| Zone::new().ask("_dmarc.agency.gov.tw", "TXT", &[Rd::Txt(record)]);
    let check =
        |zone: Zone, verdict, sentence: &str| expect(id, &plan(), vec![zone.done()], verdict, sentence);
    check(zone("v=DMARC1; p=reject; rua=mailto:d@mail.agency.gov.tw"), Verdict::Pass, "pass");
    // Another agency is outside, whoever runs the zone.
    let other = zone("v=DMARC1; p=reject; rua=mailto:d@other.gov.tw");
    let consent_of_other = "agency.gov.tw._report._dmarc.other.gov.tw";
    check(other.ask_as(consent_of_other, "TXT", 3, &[]), Verdict::Fail, "refused");
    let outside = || zone("v=DMARC1; p=reject; rua=mailto:a@reports.example,mailto:d@agency.gov.tw");
    let line = check(outside().ask(consent, "TXT", &[Rd::Txt("v=DMARC1;")]), Verdict::Pass, "pass");
    assert!(line.message.en.contains("2 domains; 1 outside"), "{}", line.message.en);
    let line = check(outside().ask_as(consent, "TXT", 3, &[]), Verdict::Fail, "refused");
    assert!(line.message.zh_tw.contains("reports.example"));
    assert_eq!(line.severity, Severity::Low);
    check(outside().trouble(consent, "TXT", Code::TimedOut), Verdict::Error, "common.failed");
    check(zone("v=DMARC1; p=reject"), Verdict::Fail, "no_rua");
    check(Zone::new().ask("_dmarc.agency.gov.tw", "TXT", &[]), Verdict::NotApplicable, "no_dmarc");
    check(
        Zone::new().trouble("_dmarc.agency.gov.tw", "TXT", Code::TimedOut),
        Verdict::Error,
        "common.failed",
    );
}

fn policy(status: u16, body: &str, trust: Option<&str>) -> MtaSts {
    let url = "https://mta-sts.agency.gov.tw/.well-known/mta-sts.txt";
    MtaSts {
        policy: Ok(Http {
            url: url.into(),
            hops: vec![hop(url, status, &[("content-type", "text/plain")], body)],
            stopped: None,
        }),
        handshake: Ok(TlsHandshake {
            host: "mta-sts.agency.gov.tw".into(),
            address: "192.0.2.10".into(),
            port: 443,
            version: "TLS 1.3".into(),
            cipher: String::new(),
            alpn: None,
            chain: Vec::new(),
            trust_error: trust.map(str::to_owned),
            ocsp_stapled: false,
            trust_store: String::new(),
            handshake_ms: 1,
        }),
    }
}

#[test]
fn mta_sts_is_enforced_and_names_the_hosts() {
    let id = "network.mta-sts";
    let name = "_mta-sts.agency.gov.tw";
    let base = |record: &[Rd<'_>]| Zone::new().ask(Z, "MX", &[Rd::Mx(10, MX)]).ask(name, "TXT", record);
    let announced = || base(&[Rd::Txt("v=STSv1; id=20261125")]);
    let check =
        |zone: Zone, verdict, sentence: &str| expect(id, &plan(), vec![zone.done()], verdict, sentence);
    let body = |mode: &str, mx: &str, age: u32| {
        format!("version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: {age}\r\n")
    };
    let with = |body: &str| announced().policy(policy(200, body, None));
    check(with(&body("enforce", MX, 604_800)), Verdict::Pass, "pass");
    check(with(&body("enforce", "*.agency.gov.tw", 31_557_600)), Verdict::Pass, "pass");
    check(with(&body("enforce", MX, 86_400)), Verdict::Warn, "short");
    check(with(&body("testing", MX, 604_800)), Verdict::Warn, "testing");
    check(with("version: STSv1\nmode: none\nmax_age: 86400\n"), Verdict::Fail, "off");
    let line = check(with(&body("enforce", "mx.other.tw", 604_800)), Verdict::Fail, "mx");
    assert_eq!(line.severity, Severity::Medium);
    assert!(line.message.zh_tw.contains(MX));
    // One label only.
    check(with(&body("enforce", "*.gov.tw", 604_800)), Verdict::Fail, "mx");
    let line = check(with("version: STSv1\nmode: enforce\nmax_age: 604800\n"), Verdict::Fail, "invalid");
    assert!(line.message.en.contains("(mx)"));
    check(with("<html>"), Verdict::Fail, "invalid");
    check(announced().policy(policy(404, "", None)), Verdict::Fail, "status");
    check(announced().policy(policy(301, "", None)), Verdict::Fail, "status");
    let expired = policy(200, &body("enforce", MX, 604_800), Some("expired: x"));
    check(announced().policy(expired), Verdict::Fail, "certificate");
    let without = |code| MtaSts {
        policy: Err(Failure::new(Step::Resolve, code, "mta-sts")),
        handshake: Err(failure(code)),
    };
    check(announced().policy(without(Code::NoSuchName)), Verdict::Fail, "unreachable");
    check(announced().policy(without(Code::TimedOut)), Verdict::Error, "common.failed");
    check(announced(), Verdict::NotTested, "not_fetched");
    let line = check(base(&[]), Verdict::Fail, "missing");
    assert_eq!(line.severity, Severity::Advice);
    check(base(&[Rd::Txt("v=STSv1; id=2026-11")]), Verdict::Fail, "bad_record");
    check(base(&[Rd::Txt("v=STSv1; id=1"), Rd::Txt("v=STSv1; id=2")]), Verdict::Fail, "bad_record");
    check(Zone::new().trouble(name, "TXT", Code::TimedOut), Verdict::Error, "common.failed");
    check(Zone::new().ask(Z, "MX", &[Rd::Mx(0, ".")]), Verdict::NotApplicable, "no_mail");
    check(Zone::new(), Verdict::NotTested, "not_asked");
}

#[test]
fn tls_reports_have_an_address() {
    let id = "network.tls-rpt";
    let name = "_smtp._tls.agency.gov.tw";
    let check = |records: &[Rd<'_>], verdict, sentence: &str| {
        expect(id, &plan(), vec![Zone::new().ask(name, "TXT", records).done()], verdict, sentence)
    };
    check(&[Rd::Txt("v=TLSRPTv1; rua=mailto:a@b.tw,https://r.tw/v1")], Verdict::Pass, "pass");
    let line = check(&[], Verdict::Fail, "missing");
    assert_eq!(line.severity, Severity::Advice);
    check(&[Rd::Txt("v=TLSRPTv1; rua=ftp://x")], Verdict::Fail, "invalid");
    check(&[Rd::Txt("v=TLSRPTv1")], Verdict::Fail, "invalid");
    let one = Rd::Txt("v=TLSRPTv1; rua=mailto:a@b.tw");
    check(&[one, one], Verdict::Fail, "several");
    let slow = Zone::new().trouble(name, "TXT", Code::TimedOut).done();
    expect(id, &plan(), vec![slow], Verdict::Error, "common.failed");
    let null = Zone::new().ask(Z, "MX", &[Rd::Mx(0, ".")]).done();
    expect(id, &plan(), vec![null], Verdict::NotApplicable, "no_mail");
    expect(id, &plan(), vec![Zone::new().done()], Verdict::NotTested, "not_asked");
}

#[test]
fn the_tenth_lookup_of_spf_is_exact() {
    let id = "network.spf";
    let address = Rd::A([192, 0, 2, 1]);
    // One include with `inner` terms: 1 + inner lookups.
    let zone = |inner: usize| {
        let list: String = (0..inner).fold(String::new(), |s, n| format!("{s} a:h{n}.agency.gov.tw"));
        let record = format!("v=spf1{list} -all");
        let mut zone = Zone::new().ask(Z, "TXT", &[Rd::Txt("v=spf1 include:_spf.agency.gov.tw -all")]);
        zone = zone.ask("_spf.agency.gov.tw", "TXT", &[Rd::Txt(&record)]);
        for n in 0..inner {
            let host = format!("h{n}.agency.gov.tw");
            zone = zone.ask(&host, "A", &[address]).ask(&host, "AAAA", &[]);
        }
        zone
    };
    let check =
        |zone: Zone, verdict, sentence: &str| expect(id, &plan(), vec![zone.done()], verdict, sentence);
    let line = check(zone(9), Verdict::Pass, "pass");
    assert!(line.message.en.contains("10 lookups, 0 of them void"), "{}", line.message.en);
    let line = check(zone(10), Verdict::Fail, "lookups");
    assert!(line.message.zh_tw.contains("11 次"), "{}", line.message.zh_tw);
    let base = |record: &str| Zone::new().ask(Z, "TXT", &[Rd::Txt(record)]);
    let void = |zone: Zone, n: usize| {
        (0..n).fold(zone, |z, n| {
            let host = format!("v{n}.agency.gov.tw");
            z.ask_as(&host, "A", 3, &[]).ask_as(&host, "AAAA", 3, &[])
        })
    };
    let two = base("v=spf1 a:v0.agency.gov.tw a:v1.agency.gov.tw -all");
    let line = check(void(two, 2), Verdict::Pass, "pass");
    assert!(line.excerpt.contains("(void)"));
    let three = base("v=spf1 a:v0.agency.gov.tw a:v1.agency.gov.tw a:v2.agency.gov.tw -all");
    check(void(three, 3), Verdict::Fail, "voids");
    check(base("v=spf1 include:n.tw -all").ask("n.tw", "TXT", &[]), Verdict::Fail, "nested_missing");
    let twice = base("v=spf1 include:n.tw -all").ask(
        "n.tw",
        "TXT",
        &[Rd::Txt("v=spf1 -all"), Rd::Txt("v=spf1 -all")],
    );
    check(twice, Verdict::Fail, "nested_invalid");
    let loops = base("v=spf1 include:agency.gov.tw -all");
    check(loops, Verdict::Fail, "lookups");
    let away = base("v=spf1 redirect=n.tw").ask("n.tw", "TXT", &[Rd::Txt("v=spf1 ~all")]);
    check(away, Verdict::Pass, "pass");
    let away = base("v=spf1 redirect=n.tw").ask("n.tw", "TXT", &[Rd::Txt("v=spf1 +all")]);
    check(away, Verdict::Fail, "open");
    let away = base("v=spf1 redirect=n.tw").ask("n.tw", "TXT", &[Rd::Txt("v=spf1 ip4:192.0.2.1")]);
    check(away, Verdict::Fail, "no_end");
    let slow = base("v=spf1 include:n.tw -all").trouble("n.tw", "TXT", Code::TimedOut);
    check(slow, Verdict::Error, "common.failed");
    let hosts: Vec<String> = (0..11).map(|n| format!("m{n}.tw")).collect();
    let records: Vec<Rd<'_>> = hosts.iter().map(|h| Rd::Mx(10, h)).collect();
    check(base("v=spf1 mx -all").ask(Z, "MX", &records), Verdict::Fail, "many_hosts");
}
