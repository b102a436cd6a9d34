//! Name servers, mail policies, CAA.

use bulwark_model::{Severity, Verdict};
use bulwark_probe::failure::{Code, Failure, Step};

use super::build::{Rd, Zone, expect, judge, plan, smtp};

const Z: &str = "agency.gov.tw";
const NS1: &str = "ns1.agency.gov.tw";
const NS2: &str = "ns2.agency.gov.tw";

fn with_ns(a: [u8; 4], b: [u8; 4]) -> Zone {
    Zone::new().ask(Z, "NS", &[Rd::Ns(NS1), Rd::Ns(NS2)]).ask(NS1, "A", &[Rd::A(a)]).ask(
        NS2,
        "A",
        &[Rd::A(b)],
    )
}

#[test]
fn two_name_servers_are_needed() {
    let id = "network.ns-count";
    let line =
        expect(id, &plan(), vec![with_ns([192, 0, 2, 1], [192, 0, 2, 2]).done()], Verdict::Pass, "pass");
    assert_eq!(line.message.zh_tw, "agency.gov.tw 有 2 台名稱伺服器。");
    let one = Zone::new().ask(Z, "NS", &[Rd::Ns(NS1)]).done();
    let line = expect(id, &plan(), vec![one], Verdict::Fail, "few");
    assert_eq!((line.severity, line.asset.as_str()), (Severity::Medium, Z));
    assert!(line.message.en.contains("only 1"));
    expect(
        id,
        &plan(),
        vec![Zone::new().trouble(Z, "NS", Code::TimedOut).done()],
        Verdict::Error,
        "common.failed",
    );
    // SERVFAIL says nothing about the zone.
    expect(id, &plan(), vec![Zone::new().ask_as(Z, "NS", 2, &[]).done()], Verdict::Error, "common.failed");
    let nowhere = Zone::named(Z, None).ask_as(Z, "SOA", 3, &[]).done();
    expect(id, &plan(), vec![nowhere], Verdict::Fail, "no_zone");
}

#[test]
fn zones_of_others_are_not_judged() {
    let cloud =
        Zone::named("shop.cloud.example", Some("cloud.example")).ask("cloud.example", "NS", &[Rd::Ns(NS1)]);
    let lines = judge("network.ns-count", &plan(), vec![cloud.done()]);
    assert_eq!(lines[0].verdict, Verdict::NotTested);
}

#[test]
fn one_dual_stack_network_is_one_network() {
    let id = "network.ns-prefix-diversity";
    expect(id, &plan(), vec![with_ns([192, 0, 2, 1], [198, 51, 100, 1]).done()], Verdict::Pass, "pass");
    let line = expect(
        id,
        &plan(),
        vec![with_ns([192, 0, 2, 1], [192, 0, 2, 2]).done()],
        Verdict::Fail,
        "one_network",
    );
    assert!(line.excerpt.contains("192.0.2.0/24"));
    let v6 = [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1];
    let dual = with_ns([192, 0, 2, 1], [192, 0, 2, 2]).ask(NS1, "AAAA", &[Rd::Aaaa(v6)]).done();
    expect(id, &plan(), vec![dual], Verdict::Fail, "one_network");
    let mixed = with_ns([192, 0, 2, 1], [198, 51, 100, 2]).ask(NS1, "AAAA", &[Rd::Aaaa(v6)]).done();
    expect(id, &plan(), vec![mixed], Verdict::Warn, "one_family");
}

#[test]
fn lame_refusing_and_silent_servers_differ() {
    let id = "network.ns-authoritative";
    let good = |z: Zone| {
        z.soa(NS1, "192.0.2.1:53", "udp", Ok((0, true, 5))).soa(NS1, "192.0.2.1:53", "tcp", Ok((0, true, 5)))
    };
    let second = |udp, tcp| {
        let zone =
            good(Zone::new()).soa(NS2, "192.0.2.2:53", "udp", udp).soa(NS2, "192.0.2.2:53", "tcp", tcp);
        let lines = judge(id, &plan(), vec![zone.done()]);
        let line =
            lines.into_iter().find(|l| l.asset == "agency.gov.tw ns2.agency.gov.tw (IPv4)").expect("ns2");
        (line.verdict, line.sentence)
    };
    let ok = Ok((0, true, 5));
    assert_eq!(second(ok, ok), (Verdict::Pass, "pass".into()));
    assert_eq!(second(Ok((0, false, 5)), ok), (Verdict::Fail, "lame".into()));
    assert_eq!(second(Ok((5, false, 0)), Ok((5, false, 0))), (Verdict::Fail, "lame".into()));
    assert_eq!(second(ok, Err(Code::Refused)), (Verdict::Fail, "no_tcp".into()));
    assert_eq!(second(Err(Code::Refused), ok), (Verdict::Fail, "no_udp".into()));
    assert_eq!(second(Err(Code::Refused), Err(Code::Refused)), (Verdict::Fail, "dead".into()));
    assert_eq!(second(ok, Err(Code::TimedOut)), (Verdict::Warn, "silent".into()));
    assert_eq!(
        second(Err(Code::OutOfScope), Err(Code::OutOfScope)),
        (Verdict::Error, "common.failed".into())
    );
    // Nobody answers over TCP: it may be our own firewall.
    let only =
        Zone::new().soa(NS1, "192.0.2.1:53", "udp", ok).soa(NS1, "192.0.2.1:53", "tcp", Err(Code::TimedOut));
    expect(id, &plan(), vec![only.done()], Verdict::Error, "common.failed");
    // A lost datagram that was answered the second time.
    let again = good(Zone::new().soa(NS1, "192.0.2.1:53", "udp", Err(Code::TimedOut)));
    expect(id, &plan(), vec![again.done()], Verdict::Pass, "pass");
}

#[test]
fn name_servers_answer_over_ipv6() {
    let id = "network.ns-ipv6";
    let (v6a, v6b) = ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1], [0x2001, 0xdb8, 0, 1, 0, 0, 0, 2]);
    let (at1, at2) = ("[2001:db8::1]:53", "[2001:db8:0:1::2]:53");
    let ok = Ok((0, true, 5));
    let listed = |a: &[Rd<'_>], b: &[Rd<'_>]| {
        with_ns([192, 0, 2, 1], [192, 0, 2, 2]).ask(NS1, "AAAA", a).ask(NS2, "AAAA", b)
    };
    let both = || listed(&[Rd::Aaaa(v6a)], &[Rd::Aaaa(v6b)]);
    let line = expect(
        id,
        &plan(),
        vec![both().soa(NS1, at1, "udp", ok).soa(NS2, at2, "tcp", ok).done()],
        Verdict::Pass,
        "pass",
    );
    assert!(
        line.excerpt.contains("ns1.agency.gov.tw AAAA 2001:db8::1 udp: NOERROR aa=1"),
        "{}",
        line.excerpt
    );
    // The resolver's answers came over IPv4: no server has an IPv6 address.
    let line = expect(id, &plan(), vec![listed(&[], &[]).done()], Verdict::Fail, "none");
    assert_eq!((line.severity, line.asset.as_str()), (Severity::Advice, Z));
    let one = || listed(&[Rd::Aaaa(v6a)], &[]).soa(NS1, at1, "udp", ok);
    expect(id, &plan(), vec![one().done()], Verdict::Warn, "one");
    // Listed and dead: refused; lame; silent while IPv6 works.
    for second in [Err(Code::Refused), Ok((5, false, 0)), Err(Code::TimedOut)] {
        let zone = both().soa(NS1, at1, "udp", ok).soa(NS2, at2, "udp", second).soa(NS2, at2, "tcp", second);
        let line = expect(id, &plan(), vec![zone.done()], Verdict::Fail, "dead");
        assert!(line.message.en.contains(NS2) && !line.message.en.contains(NS1), "{}", line.message.en);
    }
    // Nothing came over IPv6 in the whole run: it may be our own lack of a route.
    let deaf = both().soa(NS1, at1, "udp", Err(Code::Unreachable)).soa(NS2, at2, "udp", Err(Code::TimedOut));
    expect(id, &plan(), vec![deaf.done()], Verdict::NotTested, "no_path");
    expect(id, &plan(), vec![both().done()], Verdict::NotTested, "no_path");
    let barred = both().soa(NS1, at1, "udp", Err(Code::OutOfScope));
    expect(id, &plan(), vec![barred.done()], Verdict::Error, "common.failed");
    let slow = with_ns([192, 0, 2, 1], [192, 0, 2, 2]).trouble(NS1, "AAAA", Code::TimedOut);
    expect(id, &plan(), vec![slow.done()], Verdict::Error, "common.failed");
    // IPv6 alone leaves out everybody else.
    let only = Zone::new()
        .ask(Z, "NS", &[Rd::Ns(NS1)])
        .ask(NS1, "A", &[])
        .ask(NS1, "AAAA", &[Rd::Aaaa(v6a)])
        .soa(NS1, at1, "udp", ok);
    assert_eq!(expect(id, &plan(), vec![only.done()], Verdict::Fail, "no_ipv4").severity, Severity::Medium);
    let unasked = Zone::new().trouble(Z, "NS", Code::TimedOut);
    expect(id, &plan(), vec![unasked.done()], Verdict::Error, "common.failed");
}

#[test]
fn serials_must_agree() {
    let id = "network.soa-consistent";
    let zone =
        |a, b| Zone::new().soa(NS1, "192.0.2.1:53", "udp", a).soa(NS2, "192.0.2.2:53", "udp", b).done();
    let line = expect(id, &plan(), vec![zone(Ok((0, true, 7)), Ok((0, true, 7)))], Verdict::Pass, "pass");
    assert!(line.message.zh_tw.contains("（7）"));
    let line = expect(id, &plan(), vec![zone(Ok((0, true, 7)), Ok((0, true, 8)))], Verdict::Fail, "differ");
    assert!(line.excerpt.contains("serial=8"));
    expect(id, &plan(), vec![zone(Ok((0, true, 7)), Err(Code::TimedOut))], Verdict::Error, "common.failed");
    expect(
        id,
        &plan(),
        vec![zone(Err(Code::TimedOut), Err(Code::TimedOut))],
        Verdict::Error,
        "common.failed",
    );
    // A lame server's old copy is no second opinion.
    expect(id, &plan(), vec![zone(Ok((0, true, 7)), Ok((0, false, 6)))], Verdict::NotTested, "one_answer");
    let single = Zone::new().soa(NS1, "192.0.2.1:53", "udp", Ok((0, true, 7))).done();
    expect(id, &plan(), vec![single], Verdict::NotApplicable, "single");
}

#[test]
fn timers_follow_the_ranges() {
    let id = "network.soa-timers";
    let zone = |t| Zone::new().ask(Z, "SOA", &[Rd::Soa(1, t)]).done();
    expect(id, &plan(), vec![zone([86_400, 7_200, 3_600_000, 3_600])], Verdict::Pass, "pass");
    expect(id, &plan(), vec![zone([3_600, 900, 1_209_600, 300])], Verdict::Pass, "pass");
    // Expire of one week and a negative-caching time of five days, both common and both wrong.
    let line = expect(id, &plan(), vec![zone([3_600, 3_600, 604_800, 432_000])], Verdict::Fail, "unusual");
    assert_eq!(line.severity, Severity::Advice);
    for word in ["retry 3600", "expire 604800", "minimum 432000"] {
        assert!(line.message.en.contains(word), "{}", line.message.en);
    }
    assert!(!line.message.en.contains("refresh"));
    expect(
        id,
        &plan(),
        vec![Zone::new().trouble(Z, "SOA", Code::TimedOut).done()],
        Verdict::Error,
        "common.failed",
    );
}

#[test]
fn caa_limits_only_with_issue() {
    let id = "network.caa";
    let zone = |records: &[Rd<'_>]| Zone::new().ask(Z, "CAA", records).done();
    expect(id, &plan(), vec![zone(&[Rd::Caa(0, "issue", "twca.com.tw")])], Verdict::Pass, "pass");
    let line = expect(id, &plan(), vec![zone(&[])], Verdict::Fail, "missing");
    assert_eq!(line.severity, Severity::Advice);
    expect(id, &plan(), vec![zone(&[Rd::Caa(0, "iodef", "mailto:a@b.tw")])], Verdict::Warn, "no_issue");
    let odd = [Rd::Caa(0, "issue", "twca.com.tw"), Rd::Caa(128, "tbs", "x")];
    expect(id, &plan(), vec![zone(&odd)], Verdict::Warn, "critical");
    expect(
        id,
        &plan(),
        vec![Zone::new().trouble(Z, "CAA", Code::TimedOut).done()],
        Verdict::Error,
        "common.failed",
    );
}

#[test]
fn mail_hosts_exist_or_are_denied() {
    let id = "network.mx-present";
    let mail = "mail.agency.gov.tw";
    let zone = |records: &[Rd<'_>]| Zone::new().ask(Z, "MX", records);
    let hosts = zone(&[Rd::Mx(10, mail)]).ask(mail, "A", &[Rd::A([192, 0, 2, 25])]).ask(mail, "AAAA", &[]);
    expect(id, &plan(), vec![hosts.done()], Verdict::Pass, "pass");
    expect(id, &plan(), vec![zone(&[Rd::Mx(0, ".")]).done()], Verdict::Pass, "null");
    expect(id, &plan(), vec![zone(&[Rd::Mx(0, "."), Rd::Mx(10, mail)]).done()], Verdict::Fail, "null_mixed");
    expect(id, &plan(), vec![zone(&[]).done()], Verdict::Fail, "missing");
    let implicit = zone(&[]).ask(Z, "A", &[Rd::A([192, 0, 2, 1])]).done();
    expect(id, &plan(), vec![implicit], Verdict::Warn, "implicit");
    let gone = zone(&[Rd::Mx(10, mail)]).ask_as(mail, "A", 3, &[]).ask_as(mail, "AAAA", 3, &[]).done();
    let line = expect(id, &plan(), vec![gone], Verdict::Fail, "dangling");
    assert!(line.message.zh_tw.contains(mail));
    // Only asked in part: no verdict on the target.
    let half =
        zone(&[Rd::Mx(10, mail)]).ask_as(mail, "A", 3, &[]).trouble(mail, "AAAA", Code::TimedOut).done();
    expect(id, &plan(), vec![half], Verdict::Pass, "pass");
    let real = "mx.example.tw";
    let alias = zone(&[Rd::Mx(10, mail)])
        .ask_as(mail, "A", 0, &[(mail, Rd::Cname(real)), (real, Rd::A([192, 0, 2, 25]))])
        .ask_as(mail, "AAAA", 0, &[(mail, Rd::Cname(real))]);
    expect(id, &plan(), vec![alias.done()], Verdict::Warn, "alias");
    expect(id, &plan(), vec![zone(&[Rd::Mx(10, "192.0.2.25")]).done()], Verdict::Fail, "literal");
    expect(
        id,
        &plan(),
        vec![Zone::new().trouble(Z, "MX", Code::TimedOut).done()],
        Verdict::Error,
        "common.failed",
    );
}

#[test]
fn spf_is_one_valid_closed_record() {
    let id = "network.spf";
    let check = |texts: &[&str], verdict, sentence: &str| {
        let records: Vec<Rd<'_>> = texts.iter().map(|t| Rd::Txt(t)).collect();
        expect(id, &plan(), vec![Zone::new().ask(Z, "TXT", &records).done()], verdict, sentence)
    };
    // What the record refers to was not asked for: known in part only.
    let line = check(
        &["google-site-verification=1", "v=spf1 mx include:_spf.example.tw -all"],
        Verdict::Info,
        "partial",
    );
    assert!(line.message.en.contains("2 lookups"));
    check(&["v=spf1 ip4:192.0.2.0/24 ~all"], Verdict::Pass, "pass");
    check(&["v=spf10 -all"], Verdict::Fail, "missing");
    check(&["v=spf1 -all", "v=spf1 mx -all"], Verdict::Fail, "several");
    let line = check(&["v=spf1 ipv4:192.0.2.1 -all"], Verdict::Fail, "invalid");
    assert!(line.message.zh_tw.contains("ipv4:192.0.2.1"), "{}", line.message.zh_tw);
    check(&["v=spf1 +all"], Verdict::Fail, "open");
    check(&["v=spf1 ip4:0.0.0.0/0 -all"], Verdict::Fail, "open");
    check(&["v=spf1 mx"], Verdict::Fail, "no_end");
    check(&["v=spf1 mx ?all"], Verdict::Fail, "no_end");
    check(&["v=spf1 mx ptr -all"], Verdict::Warn, "ptr");
    check(&["v=spf1 redirect=_spf.example.tw"], Verdict::Info, "redirect");
    let many: String =
        (0..11).fold("v=spf1".to_owned(), |s, n| format!("{s} include:s{n}.example.tw")) + " -all";
    let line = check(&[&many], Verdict::Fail, "lookups");
    assert!(line.message.en.contains("11 lookups"));
    expect(
        id,
        &plan(),
        vec![Zone::new().trouble(Z, "TXT", Code::TimedOut).done()],
        Verdict::Error,
        "common.failed",
    );
}

#[test]
fn dmarc_asks_for_action() {
    let id = "network.dmarc";
    let name = "_dmarc.agency.gov.tw";
    let check = |texts: &[&str], verdict, sentence: &str| {
        let records: Vec<Rd<'_>> = texts.iter().map(|t| Rd::Txt(t)).collect();
        expect(id, &plan(), vec![Zone::new().ask(name, "TXT", &records).done()], verdict, sentence)
    };
    check(&["v=DMARC1; p=reject; rua=mailto:d@agency.gov.tw"], Verdict::Pass, "pass");
    check(&["v=DMARC1; p=quarantine"], Verdict::Pass, "pass");
    let line = check(&["v=DMARC1; p=none; rua=mailto:d@agency.gov.tw"], Verdict::Warn, "watching");
    assert_eq!(line.severity, Severity::Low);
    check(&["v=DMARC1; p=reject; sp=none"], Verdict::Warn, "subdomains");
    let line = check(&["v=DMARC1; p=quarantine; pct=20"], Verdict::Warn, "share");
    assert!(line.message.zh_tw.contains("20%"));
    check(&["v=DMARC1; p=reject; pct=abc"], Verdict::Warn, "faulty");
    check(&[], Verdict::Fail, "missing");
    check(&["v=DMARC1; p=reject", "v=DMARC1; p=none"], Verdict::Fail, "several");
    check(&["v=DMARC1; rf=afrf"], Verdict::Fail, "invalid");
    expect(
        id,
        &plan(),
        vec![Zone::new().trouble(name, "TXT", Code::TimedOut).done()],
        Verdict::Error,
        "common.failed",
    );
}

#[test]
fn a_subdomain_inherits_the_policy_for_subdomains() {
    let mut plan = plan();
    plan.scope.mail_domains = vec!["news.agency.gov.tw".into()];
    let zone = |record: &str| {
        Zone::named("news.agency.gov.tw", Some(Z))
            .ask_as("_dmarc.news.agency.gov.tw", "TXT", 3, &[])
            .ask("_dmarc.agency.gov.tw", "TXT", &[Rd::Txt(record)])
            .done()
    };
    expect("network.dmarc", &plan, vec![zone("v=DMARC1; p=reject")], Verdict::Pass, "pass");
    expect("network.dmarc", &plan, vec![zone("v=DMARC1; p=reject; sp=none")], Verdict::Warn, "watching");
}

#[test]
fn starttls_is_offered_and_works() {
    let id = "network.smtp-starttls";
    let banner = "220 mail.agency.gov.tw ESMTP";
    let offered = ["SIZE 10240000", "STARTTLS"];
    expect(id, &plan(), vec![smtp(25, banner, &offered, Some(Ok("TLS 1.3".into())))], Verdict::Pass, "pass");
    let line = expect(id, &plan(), vec![smtp(25, banner, &["SIZE 1"], None)], Verdict::Fail, "not_offered");
    assert_eq!(line.asset, "mail.agency.gov.tw:25");
    let broken = Failure::new(Step::Tls, Code::TlsFailed, "handshake_failure");
    expect(id, &plan(), vec![smtp(25, banner, &offered, Some(Err(broken)))], Verdict::Fail, "broken");
    let slow = Failure::new(Step::Tls, Code::TimedOut, "10 s");
    expect(id, &plan(), vec![smtp(25, banner, &offered, Some(Err(slow)))], Verdict::Error, "common.failed");
    expect(id, &plan(), vec![smtp(465, banner, &[], None)], Verdict::NotApplicable, "implicit_tls");
}
