//! Certificates in depth, from profiles made here.

use std::time::{Duration, SystemTime};

use bulwark_model::{Severity, Verdict};
use bulwark_probe::evidence::Blob;
use bulwark_probe::tls::Version;
use bulwark_testkit::tls::rcgen::{CertificateParams, CustomExtension, Issuer, KeyPair};
use bulwark_testkit::tls::{Authority, server_params};

use super::build::{expect, handshake, now, plan};
use super::profile::Made;

const HOST: &str = "www.agency.gov.tw";
const DAY: i64 = 86_400;

fn moment(seconds: i64) -> SystemTime {
    let at = u64::try_from(now().as_second() + seconds).expect("after 1970");
    SystemTime::UNIX_EPOCH + Duration::from_secs(at)
}

/// A leaf of the Web PKI: policy of the CA/Browser Forum, so many SCTs, perhaps OCSP and must-staple.
fn public(days: i64, scts: u8, ocsp: bool, must_staple: bool) -> Vec<Vec<u8>> {
    let mut params = server_params(&[HOST], moment(-DAY), moment((days - 1) * DAY));
    params.serial_number = Some(vec![1, 2, 3].into());
    extend(&mut params, scts, ocsp, must_staple);
    Authority::new("Public CA").issue_custom(&params).chain_der()
}

fn extend(params: &mut CertificateParams, scts: u8, ocsp: bool, must_staple: bool) {
    let mut add = |oid: &[u64], der: Vec<u8>| {
        params.custom_extensions.push(CustomExtension::from_oid_content(oid, der));
    };
    // SEQUENCE of SEQUENCE of OID 2.23.140.1.2.2
    add(&[2, 5, 29, 32], vec![0x30, 10, 0x30, 8, 0x06, 6, 0x67, 0x81, 0x0c, 1, 2, 2]);
    let mut list = Vec::new();
    for _ in 0..scts {
        list.extend([0, 1, 9]);
    }
    if scts > 0 {
        let size = u8::try_from(list.len()).expect("short");
        let mut der = vec![4, size + 2, 0, size];
        der.extend(list);
        add(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], der);
    }
    if ocsp {
        let url = b"http://o.tw";
        let mut der = vec![0x30, 23, 0x30, 21, 0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1, 0x86, 11];
        der[1] = 25 - 2;
        der.extend(url);
        der[1] = u8::try_from(der.len() - 2).expect("short");
        der[3] = u8::try_from(der.len() - 4).expect("short");
        add(&[1, 3, 6, 1, 5, 5, 7, 1, 1], der);
    }
    if must_staple {
        add(&[1, 3, 6, 1, 5, 5, 7, 1, 24], vec![0x30, 3, 2, 1, 5]);
    }
}

fn tlv(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![tag, u8::try_from(body.len()).expect("short")];
    out.extend(body);
    out
}

/// An OCSP response about one serial: status tag, until when.
fn ocsp(serial: &[u8], status: u8, next: &str) -> Blob {
    let id = [tlv(0x30, &[]), tlv(4, &[1]), tlv(4, &[2]), tlv(2, serial)].concat();
    let time = |at: &str| tlv(0x18, at.as_bytes());
    let single = [tlv(0x30, &id), vec![status, 0], time("20261124000000Z"), tlv(0xa0, &time(next))].concat();
    let data = [tlv(0xa2, &tlv(4, &[7])), time("20261124000000Z"), tlv(0x30, &tlv(0x30, &single))].concat();
    let basic = tlv(0x30, &tlv(0x30, &data));
    let wrapped = [tlv(6, &[0x2b, 6, 1, 5, 5, 7, 48, 1, 1]), tlv(4, &basic)].concat();
    Blob(tlv(0x30, &[tlv(10, &[0]), tlv(0xa0, &tlv(0x30, &wrapped))].concat()))
}

#[test]
fn timestamps_are_counted() {
    let id = "network.cert-sct";
    let with = |days, scts| Made::clean().chain(public(days, scts, false, false), &[]);
    expect(id, &plan(), with(90, 2).done(), Verdict::Pass, "pass");
    expect(id, &plan(), with(300, 3).done(), Verdict::Pass, "pass");
    expect(id, &plan(), with(300, 2).done(), Verdict::Warn, "few");
    expect(id, &plan(), with(90, 1).done(), Verdict::Fail, "missing");
    let mut beside = with(90, 1);
    beside.0.sct_list = Some(Blob(vec![0, 3, 0, 1, 9]));
    expect(id, &plan(), beside.done(), Verdict::Pass, "pass");
    let hidden = Made::clean().only(Version::Tls13).chain(public(90, 1, false, false), &[]);
    expect(id, &plan(), hidden.done(), Verdict::NotTested, "hidden");
    let own = Authority::new("Own CA").issue(&[HOST], moment(-DAY), moment(60 * DAY)).chain_der();
    expect(id, &plan(), Made::clean().chain(own, &[]).done(), Verdict::NotApplicable, "private");
    expect(
        id,
        &plan(),
        Made::clean().chain(vec![vec![0x30]], &[]).done(),
        Verdict::NotTested,
        "no_certificate",
    );
}

#[test]
fn stapled_answers_are_read() {
    let id = "network.ocsp-staple";
    let with = |must, response: Option<Blob>| {
        let mut made = Made::clean().chain(public(90, 2, true, must), &[]);
        made.0.ocsp = response;
        made.done()
    };
    let good = ocsp(&[1, 2, 3], 0x80, "20261201000000Z");
    let line = expect(id, &plan(), with(false, Some(good)), Verdict::Pass, "pass");
    assert!(line.message.zh_tw.contains("115-12-01"), "{}", line.message.zh_tw);
    expect(id, &plan(), with(false, None), Verdict::Warn, "missing");
    let line = expect(id, &plan(), with(true, None), Verdict::Fail, "must_staple");
    assert_eq!(line.severity, Severity::Medium);
    let old = || Some(ocsp(&[1, 2, 3], 0x80, "20261124120000Z"));
    expect(id, &plan(), with(false, old()), Verdict::Warn, "stale");
    expect(id, &plan(), with(true, old()), Verdict::Fail, "stale");
    let revoked = ocsp(&[1, 2, 3], 0xa1, "20261201000000Z");
    let line = expect(id, &plan(), with(false, Some(revoked)), Verdict::Fail, "revoked");
    assert_eq!(line.severity, Severity::High);
    let other = ocsp(&[9], 0x80, "20261201000000Z");
    expect(id, &plan(), with(false, Some(other)), Verdict::Warn, "unusable");
    expect(id, &plan(), with(false, Some(Blob(vec![1, 2]))), Verdict::Warn, "unusable");
    let none = Made::clean().chain(public(90, 2, false, false), &[]);
    expect(id, &plan(), none.done(), Verdict::NotApplicable, "no_responder");
}

#[test]
fn lifetimes_have_a_limit() {
    let id = "network.cert-lifetime";
    // Issued on 2026-11-24, so the limit is 200 days.
    let with = |days| vec![handshake(HOST, public(days, 2, false, false), None)];
    let line = expect(id, &plan(), with(90), Verdict::Pass, "pass");
    assert!(line.message.en.contains("limit of 200"), "{}", line.message.en);
    expect(id, &plan(), with(300), Verdict::Warn, "long");
    expect(id, &plan(), with(400), Verdict::Fail, "long");
    let own = Authority::new("Own CA").issue(&[HOST], moment(-DAY), moment(900 * DAY)).chain_der();
    expect(id, &plan(), vec![handshake(HOST, own, None)], Verdict::NotApplicable, "private");
    expect(id, &plan(), vec![handshake(HOST, vec![vec![0x30]], None)], Verdict::NotTested, "no_certificate");
}

/// An authority certificate by hand: name, end, issuer.
struct Ca {
    params: CertificateParams,
    key: KeyPair,
}

impl Ca {
    fn new(name: &str) -> Self {
        use bulwark_testkit::tls::rcgen::{BasicConstraints, DistinguishedName, DnType, IsCa};
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = moment(-900 * DAY).into();
        Self { params, key: KeyPair::generate().expect("a key") }
    }

    /// Its certificate, valid until so many days from now, by itself or by another.
    fn until(&self, days: i64, by: Option<&Self>) -> Vec<u8> {
        let mut params = self.params.clone();
        params.not_after = moment(days * DAY).into();
        let signed = match by {
            None => params.self_signed(&self.key),
            Some(by) => params.signed_by(&self.key, &by.issuer()),
        };
        signed.expect("signed").der().to_vec()
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    fn leaf(&self, days: i64) -> Vec<u8> {
        let params = server_params(&[HOST], moment(-DAY), moment(days * DAY));
        let key = KeyPair::generate().expect("a key");
        params.signed_by(&key, &self.issuer()).expect("signed").der().to_vec()
    }
}

#[test]
fn every_path_has_its_end() {
    let id = "network.cert-paths";
    let (old, new, middle) = (Ca::new("Old Root"), Ca::new("New Root"), Ca::new("CA"));
    let leaf = middle.leaf(60);
    let by_new = |days| middle.until(days, Some(&new));
    let made = |chain: Vec<Vec<u8>>, roots: &[Vec<u8>]| Made::clean().chain(chain, roots).done();
    let root = new.until(3000, None);
    let line = expect(
        id,
        &plan(),
        made(vec![leaf.clone(), by_new(900)], std::slice::from_ref(&root)),
        Verdict::Pass,
        "pass_one",
    );
    assert_eq!(line.asset, "www.agency.gov.tw:443");
    // The new root is cross-signed by the old one, which ends first.
    let cross = |days| new.until(days, Some(&old));
    let chain = |days| vec![leaf.clone(), by_new(900), cross(days)];
    let roots = [root.clone(), old.until(3000, None)];
    let line = expect(id, &plan(), made(chain(400), &roots), Verdict::Pass, "pass");
    assert!(line.message.en.contains("2 valid paths"), "{}", line.message.en);
    let line = expect(id, &plan(), made(chain(10), &roots), Verdict::Warn, "earliest");
    assert!(line.message.en.contains("2026-12-05") && line.excerpt.contains("Old Root"), "{line:?}");
    // Where only the old root is trusted, the same chain ends soon.
    let only_old = [old.until(3000, None)];
    expect(id, &plan(), made(chain(10), &only_old), Verdict::Warn, "ending");
    let line = expect(id, &plan(), made(chain(3), &only_old), Verdict::Fail, "ending");
    assert_eq!(line.severity, Severity::High);
    expect(id, &plan(), made(chain(-3), &only_old), Verdict::Fail, "expired");
    // The leaf outlives everything above it.
    let chain_50 = vec![leaf.clone(), by_new(50)];
    let line = expect(id, &plan(), made(chain_50, std::slice::from_ref(&root)), Verdict::Warn, "ending");
    assert_eq!(line.severity, Severity::Medium);
    // A root of the same name with another key makes no path.
    let stranger = Ca::new("New Root").until(3000, None);
    expect(id, &plan(), made(vec![leaf.clone(), by_new(900)], &[stranger]), Verdict::NotTested, "no_path");
    expect(id, &plan(), made(vec![vec![0x30]], &[root]), Verdict::NotTested, "no_certificate");
}
