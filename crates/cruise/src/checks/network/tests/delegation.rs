//! Delegation, transfer, recursion, EDNS, aliases.

use bulwark_model::{Severity, Verdict};
use bulwark_probe::evidence::DnsRole;
use bulwark_probe::failure::{Code, Failure};
use bulwark_probe::scope::Vantage;

use super::build::{Rd, Zone, exchange, expect, failure, judge, message, plan};

const Z: &str = "agency.gov.tw";
const NS1: &str = "ns1.agency.gov.tw";
const NS2: &str = "ns2.agency.gov.tw";
const PARENT: &str = "a.dns.tw";

/// A referral of the parent: NS records, and addresses moved to the additional section.
fn referral(names: &[&str], glue: &[(&str, Rd<'_>)]) -> Vec<u8> {
    let mut records: Vec<(&str, Rd<'_>)> = names.iter().map(|n| (Z, Rd::Ns(n))).collect();
    records.extend(glue.iter().copied());
    let mut bytes = message(Z, "NS", 0, false, &records);
    let (ns, more) = (u16::try_from(names.len()).expect("few"), u16::try_from(glue.len()).expect("few"));
    bytes[6..8].copy_from_slice(&0_u16.to_be_bytes());
    bytes[8..10].copy_from_slice(&ns.to_be_bytes());
    bytes[10..12].copy_from_slice(&more.to_be_bytes());
    bytes
}

fn own() -> Zone {
    Zone::new()
        .ask(Z, "NS", &[Rd::Ns(NS1), Rd::Ns(NS2)])
        .ask(NS1, "A", &[Rd::A([192, 0, 2, 1])])
        .ask(NS1, "AAAA", &[])
        .ask(NS2, "A", &[Rd::A([192, 0, 2, 2])])
        .ask(NS2, "AAAA", &[])
}

fn parent(zone: Zone, answer: Result<Vec<u8>, Failure>) -> Zone {
    zone.with(exchange(DnsRole::Parent, Some(PARENT), "192.0.2.9:53", "udp", Z, "NS", answer))
}

#[test]
fn parent_and_child_name_the_same_servers() {
    let id = "network.delegation-consistent";
    let glue = [(NS1, Rd::A([192, 0, 2, 1])), (NS2, Rd::A([192, 0, 2, 2]))];
    let with = |answer: Vec<u8>| vec![parent(own(), Ok(answer)).done()];
    expect(id, &plan(), with(referral(&[NS1, NS2], &glue)), Verdict::Pass, "pass");
    let line = expect(id, &plan(), with(referral(&[NS1, "old.example.tw"], &glue)), Verdict::Fail, "differ");
    assert!(line.message.en.contains("only at the parent old.example.tw"), "{}", line.message.en);
    assert!(line.message.en.contains("only in the zone ns2.agency.gov.tw"), "{}", line.message.en);
    assert_eq!(line.asset, Z);
    let moved = [(NS1, Rd::A([192, 0, 2, 1])), (NS2, Rd::A([198, 51, 100, 7]))];
    let line = expect(id, &plan(), with(referral(&[NS1, NS2], &moved)), Verdict::Fail, "glue");
    assert!(line.message.zh_tw.contains(NS2) && !line.message.zh_tw.contains(NS1));
    expect(id, &plan(), with(referral(&[NS1, NS2], &glue[..1])), Verdict::Warn, "glue_short");
    // Nobody to compare with, and trouble of ours.
    expect(id, &plan(), vec![own().done()], Verdict::NotTested, "no_parent");
    let slow = parent(own(), Err(failure(Code::TimedOut)));
    expect(id, &plan(), vec![slow.done()], Verdict::Error, "common.failed");
    let refused = parent(own(), Ok(message(Z, "NS", 5, false, &[])));
    expect(id, &plan(), vec![refused.done()], Verdict::Error, "common.failed");
    // The next server of the parent answers.
    let second = parent(parent(own(), Err(failure(Code::TimedOut))), Ok(referral(&[NS1, NS2], &glue)));
    expect(id, &plan(), vec![second.done()], Verdict::Pass, "pass");
    // Without the child's own list there is nothing to compare.
    let blind = parent(Zone::new().trouble(Z, "NS", Code::TimedOut), Ok(referral(&[NS1], &[])));
    expect(id, &plan(), vec![blind.done()], Verdict::Error, "common.failed");
}

fn server(name: &str, rtype: &str, transport: &str, answer: Result<Vec<u8>, Failure>) -> Zone {
    Zone::new().with(exchange(
        DnsRole::Authoritative,
        Some(NS1),
        "192.0.2.1:53",
        transport,
        name,
        rtype,
        answer,
    ))
}

#[test]
fn transfers_are_refused() {
    let id = "network.axfr-refused";
    let soa = Rd::Soa(1, [86_400, 7_200, 3_600_000, 3_600]);
    let with = |answer| vec![server(Z, "AXFR", "tcp", answer).done()];
    let line = expect(id, &plan(), with(Ok(message(Z, "AXFR", 0, true, &[(Z, soa)]))), Verdict::Fail, "open");
    assert_eq!(line.asset, "agency.gov.tw ns1.agency.gov.tw (IPv4)");
    assert!(line.excerpt.starts_with("AXFR @192.0.2.1:53: agency.gov.tw 3600 SOA"), "{}", line.excerpt);
    for rcode in [5, 9, 4, 2] {
        expect(id, &plan(), with(Ok(message(Z, "AXFR", rcode, false, &[]))), Verdict::Pass, "pass");
    }
    // An empty answer hands out nothing; a closed connection is a refusal.
    expect(id, &plan(), with(Ok(message(Z, "AXFR", 0, true, &[]))), Verdict::Pass, "pass");
    expect(id, &plan(), with(Err(failure(Code::Closed))), Verdict::Pass, "pass");
    expect(id, &plan(), with(Err(failure(Code::TimedOut))), Verdict::Error, "common.failed");
    expect(id, &plan(), vec![own().done()], Verdict::NotTested, "not_asked");
}

#[test]
fn name_servers_do_not_resolve_for_strangers() {
    let id = "network.open-recursion";
    let name = "example.com";
    let with = |answer| vec![server(name, "A", "udp", answer).done()];
    let answer = [(name, Rd::A([192, 0, 2, 80]))];
    expect(id, &plan(), with(Ok(message(name, "A", 0, false, &answer))), Verdict::Fail, "open");
    let mut inside = plan();
    inside.location.vantage = Vantage::Inside;
    let line =
        expect(id, &inside, with(Ok(message(name, "A", 0, false, &answer))), Verdict::Warn, "open_inside");
    assert_eq!(line.severity, Severity::Low);
    // Refused; RA without an answer; an answer of its own data; NXDOMAIN of a closed root.
    expect(id, &plan(), with(Ok(message(name, "A", 5, false, &[]))), Verdict::Pass, "pass");
    expect(id, &plan(), with(Ok(message(name, "A", 0, false, &[]))), Verdict::Pass, "pass");
    expect(id, &plan(), with(Ok(message(name, "A", 0, true, &answer))), Verdict::Pass, "pass");
    expect(id, &plan(), with(Ok(message(name, "A", 3, false, &[]))), Verdict::Pass, "pass");
    expect(id, &plan(), with(Err(failure(Code::TimedOut))), Verdict::Pass, "silent");
    expect(id, &plan(), with(Err(failure(Code::OutOfScope))), Verdict::Error, "common.failed");
    expect(id, &plan(), vec![own().done()], Verdict::NotTested, "not_asked");
}

/// A message with an OPT record that announces `size`.
fn with_opt(mut bytes: Vec<u8>, size: u16) -> Vec<u8> {
    bytes[11] += 1;
    bytes.extend([0, 0, 41]);
    bytes.extend(size.to_be_bytes());
    bytes.extend([0; 6]);
    bytes
}

#[test]
fn servers_speak_edns() {
    let id = "network.edns";
    let soa = [(Z, Rd::Soa(1, [86_400, 7_200, 3_600_000, 3_600]))];
    let plain = message(Z, "SOA", 0, true, &soa);
    let with = |answer| vec![server(Z, "SOA", "udp", answer).done()];
    expect(id, &plan(), with(Ok(with_opt(plain.clone(), 1232))), Verdict::Pass, "pass");
    let line = expect(id, &plan(), with(Ok(with_opt(plain.clone(), 4096))), Verdict::Warn, "large");
    assert_eq!(line.severity, Severity::Advice);
    expect(id, &plan(), with(Ok(plain.clone())), Verdict::Fail, "none");
    let long = "x".repeat(1300);
    let many: Vec<(&str, Rd<'_>)> = soa.iter().copied().chain([(Z, Rd::Txt(&long))]).collect();
    let big = with_opt(message(Z, "SOA", 0, true, &many), 1232);
    expect(id, &plan(), with(Ok(big)), Verdict::Fail, "oversize");
    expect(id, &plan(), with(Err(failure(Code::TimedOut))), Verdict::Error, "common.failed");
    // A datagram lost and asked for again.
    let again = server(Z, "SOA", "udp", Err(failure(Code::TimedOut))).with(exchange(
        DnsRole::Authoritative,
        Some(NS1),
        "192.0.2.1:53",
        "udp",
        Z,
        "SOA",
        Ok(with_opt(plain, 1232)),
    ));
    expect(id, &plan(), vec![again.done()], Verdict::Pass, "pass");
    expect(id, &plan(), vec![own().done()], Verdict::NotTested, "not_asked");
}

#[test]
fn the_top_of_a_zone_is_no_alias() {
    let id = "network.cname-apex";
    expect(id, &plan(), vec![own().ask(Z, "A", &[Rd::A([192, 0, 2, 1])]).done()], Verdict::Pass, "pass");
    let alias = own().ask(Z, "A", &[Rd::Cname("site.cloud.example")]).done();
    expect(id, &plan(), vec![alias], Verdict::Fail, "alias");
    let trouble = own().trouble(Z, "A", Code::TimedOut).done();
    expect(id, &plan(), vec![trouble], Verdict::Error, "common.failed");
    // Hidden by its own alias: the resolver shows no SOA, the parent does delegate it.
    let hidden = || {
        Zone::named(Z, Some("gov.tw")).ask(Z, "SOA", &[Rd::Cname("site.cloud.example")]).ask(
            "gov.tw",
            "A",
            &[],
        )
    };
    let delegated = parent(hidden(), Ok(referral(&[NS1], &[]))).done();
    let lines = judge(id, &plan(), vec![delegated]);
    assert!(lines.iter().any(|l| l.verdict == Verdict::Fail && l.asset == Z), "{lines:#?}");
    // A mere alias in its parent is lawful.
    let lines = judge(id, &plan(), vec![parent(hidden(), Ok(message(Z, "NS", 0, true, &[]))).done()]);
    assert!(lines.iter().all(|l| l.verdict != Verdict::Fail), "{lines:#?}");
}

#[test]
fn aliases_lead_somewhere() {
    let id = "network.dangling-name";
    let (host, target) = ("www.agency.gov.tw", "gone.cloud.example");
    let zone = || Zone::named(host, None);
    let address = [(host, Rd::Cname(target)), (target, Rd::A([192, 0, 2, 10]))];
    expect(id, &plan(), vec![zone().ask_as(host, "A", 0, &address).done()], Verdict::Pass, "pass");
    let gone = zone().ask_as(host, "A", 3, &[(host, Rd::Cname(target))]);
    let line = expect(id, &plan(), vec![gone.done()], Verdict::Fail, "dangling");
    assert_eq!((line.severity, line.asset.as_str()), (Severity::High, host));
    let ours = zone().ask_as(host, "A", 3, &[(host, Rd::Cname("old.agency.gov.tw"))]);
    assert_eq!(expect(id, &plan(), vec![ours.done()], Verdict::Fail, "dangling").severity, Severity::Medium);
    // The resolver stops at the alias; the target was asked apart.
    let apart = zone().ask_as(host, "A", 0, &[(host, Rd::Cname(target))]).ask_as(target, "A", 3, &[]);
    expect(id, &plan(), vec![apart.done()], Verdict::Fail, "dangling");
    let v6_only = zone().ask_as(host, "A", 0, &[(host, Rd::Cname(target))]).ask(target, "A", &[]);
    expect(id, &plan(), vec![v6_only.done()], Verdict::Pass, "pass");
    expect(
        id,
        &plan(),
        vec![zone().ask(host, "A", &[Rd::A([192, 0, 2, 1])]).done()],
        Verdict::Pass,
        "no_alias",
    );
    let trouble = zone().trouble(host, "A", Code::TimedOut).trouble(host, "AAAA", Code::TimedOut);
    expect(id, &plan(), vec![trouble.done()], Verdict::Error, "common.failed");
}
