//! DNSSEC and DANE over answers of zones signed by BIND (`signed.json`, kept up to date by the test
//! `the_fixture_of_the_checks_is_up_to_date` of the collector).

use bulwark_model::{Severity, Verdict};
use bulwark_probe::dnssec::ROOT_ANCHORS;
use bulwark_probe::evidence::{Blob, Body, Dnssec, Outcome, Smtp, TlsHandshake};
use bulwark_probe::failure::{Code, Failure, Step};

use super::build::{expect, failure, got, judge, plan};
use crate::check::Line;
use crate::plan::Plan;

fn evidence(zone: &str) -> Dnssec {
    let all: Vec<Dnssec> = serde_json::from_str(include_str!("signed.json")).expect("a fixture");
    all.into_iter().find(|d| d.zone == zone).expect("in the fixture")
}

fn plan_of(zone: &str) -> Plan {
    let mut plan = plan();
    plan.scope.domains = vec![zone.to_owned()];
    plan.scope.mail_domains = vec![zone.to_owned()];
    plan
}

fn about(id: &str, zone: &str, verdict: Verdict, sentence: &str) -> Line {
    expect(id, &plan_of(zone), vec![got(Body::Dnssec(evidence(zone)))], verdict, sentence)
}

#[test]
fn the_state_of_the_chain_is_told() {
    let id = "network.dnssec-state";
    let line = about(id, "good.test", Verdict::Pass, "secure");
    assert!(line.excerpt.contains("good.test DNSKEY 257 ECDSAP256SHA256"), "{}", line.excerpt);
    about(id, "soon.test", Verdict::Pass, "secure");
    let line = about(id, "expired.test", Verdict::Fail, "bogus");
    assert_eq!((line.severity, line.asset.as_str()), (Severity::High, "expired.test"));
    assert!(line.message.en.contains("RRSIG expired (2026-11-20T00:00:00Z)"), "{}", line.message.en);
    let line = about(id, "mismatch.test", Verdict::Fail, "bogus");
    assert!(line.message.zh_tw.contains("no DNSKEY matches DS"));
    let line = about(id, "plain.test", Verdict::Fail, "unsigned");
    assert_eq!(line.severity, Severity::Low);
    about(id, "island.test", Verdict::Fail, "island");
    // Another root than ours: the break is above the zone.
    let mut foreign = evidence("good.test");
    foreign.anchors = ROOT_ANCHORS.map(str::to_owned).to_vec();
    expect(id, &plan_of("good.test"), vec![got(Body::Dnssec(foreign))], Verdict::Error, "above");
    // A question without an answer.
    let mut deaf = evidence("good.test");
    for x in deaf.exchanges.iter_mut().filter(|x| x.rtype == "DS" && x.name == "good.test") {
        x.answer = Err(failure(Code::TimedOut));
    }
    expect(id, &plan_of("good.test"), vec![got(Body::Dnssec(deaf))], Verdict::Error, "common.failed");
    // A resolver that takes the signatures out: nothing but the keys of the root came.
    let mut bare = evidence("plain.test");
    bare.exchanges.retain(|x| x.name == ".");
    for x in &mut bare.exchanges {
        let mut message = b"\x00\x07\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x30\x00\x01".to_vec();
        message[1] = 7;
        x.answer = Ok(Blob(message));
    }
    expect(id, &plan_of("plain.test"), vec![got(Body::Dnssec(bare))], Verdict::Error, "common.failed");
}

#[test]
fn zones_of_others_and_doubles_are_left_out() {
    let id = "network.dnssec-state";
    let lines = judge(id, &plan(), vec![got(Body::Dnssec(evidence("good.test")))]);
    assert!(lines.iter().all(|l| l.verdict == Verdict::NotTested));
    let twice = vec![got(Body::Dnssec(evidence("good.test"))), got(Body::Dnssec(evidence("good.test")))];
    assert_eq!(judge(id, &plan_of("good.test"), twice).len(), 1);
}

#[test]
fn algorithms_are_those_of_today() {
    let id = "network.dnssec-algorithm";
    about(id, "good.test", Verdict::Pass, "pass");
    about(id, "soon.test", Verdict::Pass, "pass");
    let line = about(id, "sha1.test", Verdict::Fail, "weak");
    assert!(line.message.en.contains("RSASHA1-NSEC3-SHA1"));
    let line = about(id, "salt.test", Verdict::Warn, "iterations");
    assert!(line.message.zh_tw.contains("9 次"));
    about(id, "plain.test", Verdict::NotApplicable, "unsigned");
    about(id, "expired.test", Verdict::Pass, "pass");
    let mut deaf = evidence("good.test");
    deaf.exchanges.retain(|x| x.name != "test");
    expect(id, &plan_of("good.test"), vec![got(Body::Dnssec(deaf))], Verdict::NotTested, "no_chain");
}

#[test]
fn signatures_hold_for_days_more() {
    let id = "network.dnssec-signature-life";
    let line = about(id, "good.test", Verdict::Pass, "pass");
    assert!(line.message.zh_tw.contains("116-06-01（2027-06-01）"), "{}", line.message.zh_tw);
    let line = about(id, "soon.test", Verdict::Warn, "soon");
    assert!(line.message.en.contains("in 46 hours"), "{}", line.message.en);
    let line = about(id, "expired.test", Verdict::Fail, "expired");
    assert!(line.message.en.contains("ended on 2026-11-20"), "{}", line.message.en);
    about(id, "plain.test", Verdict::NotApplicable, "unsigned");
    about(id, "mismatch.test", Verdict::NotTested, "no_chain");
}

fn mail(host: &str, certificate: &[u8], starttls: Option<Result<String, Failure>>) -> Outcome {
    let handshake = matches!(starttls, Some(Ok(_))).then(|| TlsHandshake {
        host: host.into(),
        address: "192.0.2.25".into(),
        port: 25,
        version: "TLS 1.3".into(),
        cipher: String::new(),
        alpn: None,
        chain: vec![Blob(certificate.to_vec())],
        trust_error: None,
        ocsp_stapled: false,
        trust_store: String::new(),
        handshake_ms: 1,
    });
    got(Body::Smtp(Smtp {
        host: host.into(),
        address: "192.0.2.25".into(),
        port: 25,
        banner: String::new(),
        ehlo: Vec::new(),
        starttls,
        handshake,
    }))
}

#[test]
fn certificates_fit_their_tlsa_records() {
    let id = "network.dane";
    let (right, wrong) = (include_bytes!("rsa2048.der"), include_bytes!("rsa2048-sha1.der"));
    let dane = |zone: &str, mail: Vec<Outcome>, verdict, sentence: &str| {
        let mut all = vec![got(Body::Dnssec(evidence(zone)))];
        all.extend(mail);
        expect(id, &plan_of(zone), all, verdict, sentence)
    };
    let good = "mail.good.test";
    let fine = || Some(Ok("TLS 1.3".to_owned()));
    let line = dane("good.test", vec![mail(good, right, fine())], Verdict::Pass, "pass");
    assert!(line.excerpt.contains("_25._tcp.mail.good.test TLSA 3 0 1"), "{}", line.excerpt);
    assert_eq!(line.evidence.len(), 2);
    let line = dane("good.test", vec![mail(good, wrong, fine())], Verdict::Fail, "mismatch");
    assert_eq!(line.severity, Severity::High);
    dane("good.test", vec![mail(good, right, None)], Verdict::Fail, "no_tls");
    let broken = Some(Err(Failure::new(Step::Tls, Code::TlsFailed, "alert")));
    dane("good.test", vec![mail(good, right, broken)], Verdict::Fail, "no_tls");
    let slow = Some(Err(Failure::new(Step::Tls, Code::TimedOut, "10 s")));
    dane("good.test", vec![mail(good, right, slow)], Verdict::Error, "common.failed");
    dane("good.test", Vec::new(), Verdict::NotTested, "no_handshake");
    dane("plain.test", Vec::new(), Verdict::NotApplicable, "insecure");
    // Behind an alias, of the record or of the host; an alias into a zone without signatures counts for nothing.
    let line = dane("alias.test", vec![mail("mail.alias.test", right, fine())], Verdict::Pass, "pass");
    let shown = "_25._tcp.mail.alias.test CNAME _tlsa.good.test\n_tlsa.good.test TLSA 3 0 1";
    assert!(line.excerpt.starts_with(shown), "{}", line.excerpt);
    dane("alias.test", vec![mail("mail.alias.test", wrong, fine())], Verdict::Fail, "mismatch");
    let line = dane("host.test", vec![mail("mail.host.test", right, fine())], Verdict::Pass, "pass");
    assert!(line.excerpt.starts_with("_25._tcp.mail.good.test TLSA 3 0 1"), "{}", line.excerpt);
    dane("out.test", vec![mail("mail.out.test", right, fine())], Verdict::Warn, "ignored");
    let mut half = evidence("alias.test");
    half.exchanges.retain(|x| x.name != "_tlsa.good.test");
    let half = vec![got(Body::Dnssec(half)), mail("mail.alias.test", right, fine())];
    expect(id, &plan_of("alias.test"), half, Verdict::Error, "common.failed");
    // A TLSA that was changed on the way.
    let mut tampered = evidence("good.test");
    let asked = tampered.exchanges.iter_mut().find(|x| x.rtype == "TLSA").expect("asked");
    let blob = asked.answer.as_mut().expect("answered");
    let at = blob.0.windows(3).position(|w| w == [3, 0, 1]).expect("the record");
    blob.0[at + 5] ^= 1;
    let line = expect(id, &plan_of("good.test"), vec![got(Body::Dnssec(tampered))], Verdict::Fail, "bogus");
    assert!(line.message.en.contains("RRSIG does not verify"));
    let mut without = evidence("good.test");
    let asked = without.exchanges.iter().find(|x| x.rtype == "A").cloned().expect("asked");
    for x in without.exchanges.iter_mut().filter(|x| x.rtype == "TLSA") {
        x.answer = asked.answer.clone();
    }
    expect(id, &plan_of("good.test"), vec![got(Body::Dnssec(without))], Verdict::Info, "none");
}
