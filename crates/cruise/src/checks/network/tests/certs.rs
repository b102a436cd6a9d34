//! Certificates.

use std::time::{Duration, SystemTime};

use bulwark_model::{Severity, Verdict};
use bulwark_probe::cert::Key;
use bulwark_testkit::tls::rcgen::{CertificateParams, DnType, KeyPair};
use bulwark_testkit::tls::{Authority, server_params};

use super::super::cert::{Strength, key_strength, weak_signature};
use super::build::{expect, handshake, now, plan};

const HOST: &str = "www.agency.gov.tw";
const DAY: i64 = 86_400;

/// A moment so many seconds from that of the evidence.
fn moment(seconds: i64) -> SystemTime {
    let at = u64::try_from(now().as_second() + seconds).expect("after 1970");
    SystemTime::UNIX_EPOCH + Duration::from_secs(at)
}

/// A chain whose leaf is valid from and until so many seconds from now.
fn chain(from: i64, until: i64) -> Vec<Vec<u8>> {
    let root = Authority::new("Test Root");
    root.intermediate("Test CA").issue(&[HOST], moment(from), moment(until)).chain_der()
}

fn fine() -> Vec<Vec<u8>> {
    chain(-30 * DAY, 60 * DAY)
}

#[test]
fn chains_are_whole_and_trusted() {
    let id = "network.cert-chain";
    let whole = fine();
    let line = expect(id, &plan(), vec![handshake(HOST, whole.clone(), None)], Verdict::Pass, "pass");
    assert_eq!(line.asset, "www.agency.gov.tw:443");
    let line = expect(
        id,
        &plan(),
        vec![handshake(HOST, whole.clone(), Some("unknown issuer: UnknownIssuer"))],
        Verdict::Fail,
        "unknown_issuer",
    );
    assert_eq!(line.severity, Severity::High);
    let leaf = vec![whole[0].clone()];
    let line = expect(
        id,
        &plan(),
        vec![handshake(HOST, leaf, Some("unknown issuer: x"))],
        Verdict::Fail,
        "incomplete",
    );
    assert!(line.message.zh_tw.contains("Test CA"), "{}", line.message.zh_tw);
    let own = vec![include_bytes!("rsa2048.der").to_vec()];
    expect(id, &plan(), vec![handshake(HOST, own, Some("unknown issuer: x"))], Verdict::Fail, "self_signed");
    // The name is judged elsewhere, and an expired chain tells nothing about trust.
    expect(
        id,
        &plan(),
        vec![handshake("b.tw", whole.clone(), Some("name mismatch: x"))],
        Verdict::Pass,
        "pass",
    );
    expect(
        id,
        &plan(),
        vec![handshake(HOST, whole.clone(), Some("expired: x"))],
        Verdict::NotTested,
        "dates_first",
    );
    let empty = "unknown issuer: the trust store is empty";
    expect(id, &plan(), vec![handshake(HOST, whole.clone(), Some(empty))], Verdict::NotTested, "no_store");
    expect(id, &plan(), vec![handshake(HOST, whole.clone(), Some("revoked: x"))], Verdict::Fail, "revoked");
    expect(
        id,
        &plan(),
        vec![handshake(HOST, whole.clone(), Some("bad signature: x"))],
        Verdict::Fail,
        "invalid",
    );
    let twice = vec![whole[0].clone(), whole[1].clone(), whole[1].clone()];
    expect(id, &plan(), vec![handshake(HOST, twice, None)], Verdict::Warn, "untidy");
    expect(id, &plan(), vec![handshake(HOST, vec![vec![1, 2, 3]], None)], Verdict::Error, "common.failed");
    expect(id, &plan(), vec![handshake(HOST, Vec::new(), None)], Verdict::Error, "common.failed");
}

#[test]
fn roots_given_up_by_chrome_fail_for_new_certificates_only() {
    let id = "network.cert-chain";
    let root = Authority::new("HiPKI Root CA - G1");
    let issue = |from: i64| root.issue(&[HOST], moment(from), moment(60 * DAY)).chain_der();
    // 2026-11-25 less 30 days is after 2025-08-01, less 600 days before it.
    let line =
        expect(id, &plan(), vec![handshake(HOST, issue(-30 * DAY), None)], Verdict::Fail, "browser_distrust");
    assert!(line.message.zh_tw.contains("HiPKI Root CA - G1"));
    expect(id, &plan(), vec![handshake(HOST, issue(-600 * DAY), None)], Verdict::Pass, "pass");
}

#[test]
fn names_are_those_of_the_certificate() {
    let id = "network.cert-name";
    expect(id, &plan(), vec![handshake(HOST, fine(), None)], Verdict::Pass, "pass");
    let line = expect(id, &plan(), vec![handshake("agency.gov.tw", fine(), None)], Verdict::Fail, "mismatch");
    assert!(line.message.en.contains(HOST));
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, HOST);
    let bare = params.self_signed(&key).expect("signed").der().to_vec();
    expect(id, &plan(), vec![handshake(HOST, vec![bare], None)], Verdict::Fail, "no_alt_name");
    expect(id, &plan(), vec![handshake(HOST, vec![vec![0x30]], None)], Verdict::Error, "common.failed");
}

#[test]
fn validity_has_its_bounds() {
    let id = "network.cert-expiry";
    let check = |from: i64, until: i64, verdict, sentence: &str| {
        expect(id, &plan(), vec![handshake(HOST, chain(from, until), None)], verdict, sentence)
    };
    // 90 days: warned below 30 days, urgent below 7.
    check(-59 * DAY, 31 * DAY, Verdict::Pass, "pass");
    let line = check(-61 * DAY, 29 * DAY, Verdict::Warn, "ending");
    assert_eq!(line.severity, Severity::Medium);
    let line = check(-84 * DAY, 6 * DAY, Verdict::Fail, "ending");
    assert_eq!(line.severity, Severity::High);
    assert!(line.message.zh_tw.contains("115-12-01（2026-12-01）"), "{}", line.message.zh_tw);
    let line = check(-100 * DAY, -10 * DAY, Verdict::Fail, "expired");
    assert!(line.message.zh_tw.contains("逾期 10 天"));
    check(DAY, 90 * DAY, Verdict::Fail, "not_yet");
    // A year: 100 days left are no reason for a word, though less than a third.
    check(-265 * DAY, 100 * DAY, Verdict::Pass, "pass");
    // 47 days: a third is 15 days. Six days: five left is young, half a day is late.
    check(-27 * DAY, 20 * DAY, Verdict::Pass, "pass");
    check(-33 * DAY, 14 * DAY, Verdict::Warn, "ending");
    check(-DAY, 5 * DAY, Verdict::Pass, "pass");
    check(-11 * DAY / 2, DAY / 2, Verdict::Fail, "ending");
    expect(id, &plan(), vec![handshake(HOST, vec![vec![0x30]], None)], Verdict::Error, "common.failed");
}

#[test]
fn an_intermediate_that_ends_first_is_a_warning() {
    let leaf = Authority::new("Test CA").issue(&[HOST], moment(-30 * DAY), moment(60 * DAY)).chain_der();
    // Not really its issuer; only the day counts here.
    let old = Authority::new("Root").issue_custom(&server_params(
        &["ca.invalid"],
        moment(-900 * DAY),
        moment(3 * DAY),
    ));
    let chain = vec![leaf[0].clone(), old.chain_der()[0].clone()];
    let line = expect(
        "network.cert-expiry",
        &plan(),
        vec![handshake(HOST, chain, None)],
        Verdict::Warn,
        "intermediate",
    );
    assert!(line.message.en.contains("2026-11-28"));
}

#[test]
fn keys_and_signatures_have_strength() {
    let id = "network.cert-strength";
    let line = expect(id, &plan(), vec![handshake(HOST, fine(), None)], Verdict::Pass, "good");
    assert!(line.message.en.contains("P-256"), "{}", line.message.en);
    let rsa = |der: &[u8]| vec![handshake(HOST, vec![der.to_vec()], None)];
    expect(id, &plan(), rsa(include_bytes!("rsa2048.der")), Verdict::Pass, "enough");
    let line = expect(id, &plan(), rsa(include_bytes!("rsa1024-sha1.der")), Verdict::Fail, "weak_key");
    assert!(line.message.zh_tw.contains("RSA 1024"));
    let line = expect(id, &plan(), rsa(include_bytes!("rsa2048-sha1.der")), Verdict::Fail, "weak_signature");
    assert!(line.message.en.contains("sha1"), "{}", line.message.en);
    let der = vec![handshake(HOST, vec![vec![0x30]], None)];
    expect(id, &plan(), der, Verdict::Error, "common.failed");
    let key = |algorithm: &str, bits| key_strength(&Key { algorithm: algorithm.into(), bits });
    assert_eq!(key("RSA", 3072), Strength::Good);
    assert_eq!(key("RSA", 2047), Strength::Weak);
    assert_eq!(key("EC P-224", 224), Strength::Weak);
    assert_eq!(key("Ed25519", 256), Strength::Good);
    assert_eq!(key("1.2.3.4", 0), Strength::Unknown);
    assert!(weak_signature("md5WithRSAEncryption") && weak_signature("ecdsa-with-SHA1"));
    assert!(!weak_signature("ecdsa-with-SHA256") && !weak_signature("sha512WithRSAEncryption"));
}
