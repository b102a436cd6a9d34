use base64::Engine as _;
use proptest::prelude::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DnType, IsCa, KeyPair};

use super::*;

/// Made by us with openssl: BMPString and T61String names, serial -5, RSA 1024, SHA-1, must-staple.
const ODD: &str = "\
    MIICeDCCAeGgAwIBAgIB+zANBgkqhkiG9w0BAQUFADA7MQswCQYDVQQGEwJUVzETMBEGA1UECh4KZXhPTXZ8XFWQ6DEXMBUGA1UE\
    AxQOb2RkLmV4YW1wbGUudHcwHhcNMjYxMTI1MDM0OTM4WhcNMzYxMTIyMDM0OTM4WjA7MQswCQYDVQQGEwJUVzETMBEGA1UECh4K\
    ZXhPTXZ8XFWQ6DEXMBUGA1UEAxQOb2RkLmV4YW1wbGUudHcwgZ8wDQYJKoZIhvcNAQEBBQADgY0AMIGJAoGBALYcq8HHFdagRjwO\
    kMmC0F9axpS8JrKhePl6RlZtawfIRFkvDwntE1XaNyfbd4yrXZnUd2NRT58yBbK2DCOc6WRAShI6kBtG24Ovi3PspjCDpZ83WhgC\
    JjXQ4x7TqGzRtAcrXCKGmqzgmueXqjg69xLM9Uiv1d9rGyR0F+LTWOLrAgMBAAGjgYswgYgwHwYDVR0RBBgwFoIOb2RkLmV4YW1w\
    bGUudHeHBMAAAgcwMwYIKwYBBQUHAQEEJzAlMCMGCCsGAQUFBzABhhdodHRwOi8vb2NzcC5leGFtcGxlLnR3LzARBggrBgEFBQcB\
    GAQFMAMCAQUwHQYDVR0OBBYEFCzeTPoWynzbhPuLVmACGtuc6EG1MA0GCSqGSIb3DQEBBQUAA4GBAEwAjHoNoOsWdtvLhPwVRAzH\
    TZL7Ycby/H+jyYV02V4BCpdqrb8hVF0qz4mQPBDDKxRaSfmbOeEfZpPlRJXKmmv1IopBfVKrfkeTcC+uTyw3kEAMfEv0kFBYw1Jc\
    FAMKxxwlxzmws4jzAI43pFMHgobogUQ8g5z40EH6p/9weMxY";

fn odd() -> Vec<u8> {
    base64::engine::general_purpose::STANDARD.decode(ODD).expect("base64")
}

fn params(name: &str, alt: &[&str]) -> CertificateParams {
    let alt: Vec<String> = alt.iter().map(ToString::to_string).collect();
    let mut p = CertificateParams::new(alt).expect("names");
    p.distinguished_name = rcgen::DistinguishedName::new();
    p.distinguished_name.push(DnType::CommonName, name);
    p.distinguished_name.push(DnType::OrganizationName, "測試, 機關");
    p.not_before = rcgen::date_time_ymd(2026, 1, 1);
    p.not_after = rcgen::date_time_ymd(2026, 4, 1);
    p.use_authority_key_identifier_extension = true;
    p
}

type Ca = CertifiedIssuer<'static, KeyPair>;

fn ca(name: &str, parent: Option<&Ca>) -> Ca {
    let mut p = params(name, &[]);
    p.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    match parent {
        None => CertifiedIssuer::self_signed(p, key),
        Some(parent) => CertifiedIssuer::signed_by(p, key, parent),
    }
    .expect("signs")
}

fn read(der: &[u8]) -> Certificate {
    parse(der).expect("a certificate")
}

fn leaf(alt: &[&str], parent: &Ca) -> Vec<u8> {
    let key = KeyPair::generate().expect("a key");
    let mut p = params("leaf", alt);
    // Two empty-ish SCTs: total length 6, two of length 1.
    let scts = vec![4, 8, 0, 6, 0, 1, 9, 0, 1, 9];
    p.custom_extensions.push(CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 11129, 2, 4, 2], scts));
    p.signed_by(&key, parent).expect("signs").der().to_vec()
}

#[test]
fn a_usual_certificate() {
    let root = ca("Root", None);
    let c = read(&leaf(&["www.example.tw", "192.0.2.1", "2001:db8::1"], &root));
    assert_eq!(c.subject, "CN=leaf, O=測試\\, 機關");
    assert_eq!(c.issuer, "CN=Root, O=測試\\, 機關");
    assert_eq!(c.common_name.as_deref(), Some("leaf"));
    assert_eq!(c.alt_names, ["www.example.tw", "192.0.2.1", "2001:db8::1"]);
    assert_eq!(c.not_before, "2026-01-01T00:00:00Z".parse().ok());
    assert_eq!(c.lifetime_days(), Some(90));
    assert_eq!(c.key, Key { algorithm: "EC P-256".into(), bits: 256 });
    assert_eq!(c.signature_algorithm, "ecdsa-with-SHA256");
    assert_eq!((c.is_ca, c.self_signed, c.sct_count, c.must_staple), (false, false, 2, false));
    assert!(!c.weak_signature());
    assert_eq!(c.sha256.len(), 64);
    let root = read(root.der());
    assert!(root.is_ca && root.self_signed && root.odd.is_empty(), "{:?}", root.odd);
    assert!(c.issued_by(&root) && c.authority_key_id == root.subject_key_id && c.authority_key_id.is_some());
}

#[test]
fn an_odd_certificate_still_shows_its_fields() {
    let c = read(&odd());
    assert_eq!(c.subject, "C=TW, O=數位發展部, CN=odd.example.tw");
    assert_eq!(c.key, Key { algorithm: "RSA".into(), bits: 1024 });
    assert_eq!((c.serial.as_str(), c.signature_algorithm.as_str()), ("fb", "sha1WithRSAEncryption"));
    assert!(c.weak_signature() && c.self_signed && c.must_staple && !c.is_ca);
    assert_eq!(c.ocsp_urls, ["http://ocsp.example.tw/"]);
    for note in ["negative serial", "O is a BMPString", "CN is a T61String"] {
        assert!(c.odd.iter().any(|o| o.contains(note)), "{note}: {:?}", c.odd);
    }
    assert!(matches_host(&c, "ODD.example.tw.") && matches_host(&c, "192.0.2.7"));
}

#[test]
fn broken_dates_are_a_note_not_an_end() {
    let mut der = odd();
    let at = der.windows(13).position(|w| w == b"361122034938Z").expect("the date");
    der[at..at + 4].copy_from_slice(b"3613");
    let c = read(&der);
    assert_eq!((c.not_after, c.lifetime_days()), (None, None));
    assert!(c.odd.iter().any(|o| o.contains("notAfter is not a date: `361322034938Z`")), "{:?}", c.odd);
    assert!(c.odd.iter().any(|o| o.starts_with("strict reading fails")), "{:?}", c.odd);
    assert_eq!(c.alt_names.len(), 2, "the rest is still there");
    der.extend_from_slice(b"more");
    assert!(read(&der).odd.iter().any(|o| o.contains("4 bytes after")));
    assert!(parse(b"").is_err() && parse(b"\x30\x00").is_err() && parse(b"-----BEGIN").is_err());
}

#[test]
fn dates_in_every_form() {
    let time = |tag, body: &[u8]| der::time(Tlv { tag, body, whole: body }).map(|t| t.to_string());
    assert_eq!(time(0x17, b"491231235959Z").as_deref(), Some("2049-12-31T23:59:59Z"));
    assert_eq!(time(0x17, b"500101000000Z").as_deref(), Some("1950-01-01T00:00:00Z"));
    assert_eq!(time(0x17, b"2601010800+0800").as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(time(0x18, b"20260101000000.5Z").as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(time(0x18, b"99991231235959Z"), Some(Timestamp::MAX.to_string()));
    for bad in [&b""[..], b"26", b"260230000000Z", b"2601010000x0Z", b"\xff\xff", b"260101000000+99999"] {
        assert_eq!(time(0x17, bad), None, "{bad:?}");
    }
}

#[test]
fn hosts_are_matched_by_rfc_9525() {
    let root = ca("Root", None);
    let c = read(&leaf(&["www.example.tw", "*.gov.example.tw", "*.tw", "xn--mxtq1m.tw", "192.0.2.1"], &root));
    for yes in [
        "www.example.tw",
        "WWW.EXAMPLE.TW.",
        "a.gov.example.tw",
        "政府.tw",
        "192.0.2.1",
        "a_b.gov.example.tw",
    ] {
        assert!(matches_host(&c, yes), "{yes}");
    }
    for no in [
        "leaf",
        "example.tw",
        "gov.example.tw",
        "a.b.gov.example.tw",
        "other.tw",
        "192.0.2.2",
        "*.gov.example.tw.x",
        "",
        ".",
    ] {
        assert!(!matches_host(&c, no), "{no}");
    }
}

#[test]
fn chains_are_put_in_order() {
    let root = ca("Root", None);
    let middle = ca("Middle", Some(&root));
    let inner = ca("Inner", Some(&middle));
    let other = read(ca("Other", None).der());
    let leaf = read(&leaf(&["a.tw"], &inner));
    let (root, middle, inner) = (read(root.der()), read(middle.der()), read(inner.der()));
    let order = |list: &[&Certificate]| chain_order(&list.iter().map(|c| (*c).clone()).collect::<Vec<_>>());

    assert_eq!(order(&[&leaf, &inner, &middle]), []);
    assert_eq!(order(&[&leaf, &inner]), [], "another missing one may be in the trust store");
    assert_eq!(order(&[&leaf, &inner, &middle, &root]), [ChainProblem::RootIncluded { position: 3 }]);
    assert_eq!(order(&[]), [ChainProblem::Empty]);
    assert!(
        matches!(order(&[&leaf]).as_slice(), [ChainProblem::MissingIntermediate { position: 0, issuer }] if issuer.contains("Inner"))
    );
    assert_eq!(order(&[&leaf, &middle, &inner]), [ChainProblem::OutOfOrder { position: 1 }]);
    assert_eq!(order(&[&inner, &leaf, &middle]), [ChainProblem::LeafNotFirst]);
    assert_eq!(order(&[&leaf, &leaf, &inner]), [ChainProblem::Duplicate { position: 1 }]);
    assert_eq!(
        order(&[&leaf, &other, &inner]),
        [ChainProblem::Extra { position: 1, subject: other.subject.clone() }]
    );
    assert_eq!(order(&[&other]), [], "a self-signed certificate alone is in order");
    assert!(order(&[&leaf]).iter().all(|p| !p.text().is_empty()));
}

/// The tolerant reader and x509-parser agree on the roots of this machine.
#[test]
fn agrees_with_the_strict_reader() {
    let roots = rustls_native_certs::load_native_certs().certs;
    if roots.is_empty() {
        bulwark_testkit::skip("no trust store on this machine");
    }
    for der in roots {
        let ours = read(&der);
        let Ok((_, strict)) = x509_parser::parse_x509_certificate(&der) else { continue };
        assert_eq!(ours.is_ca, strict.is_ca(), "{}", ours.subject);
        let seconds = |t: Option<Timestamp>| t.map(Timestamp::as_second);
        assert_eq!(
            seconds(ours.not_after),
            Some(strict.validity().not_after.timestamp()),
            "{}",
            ours.subject
        );
        assert_eq!(ours.serial, der::hex(strict.raw_serial()));
        assert_eq!(ours.subject_der, strict.subject().as_raw());
        if let Ok(x509_parser::public_key::PublicKey::RSA(key)) = strict.public_key().parsed() {
            assert_eq!(usize::try_from(ours.key.bits).ok(), Some(key.key_size()));
        }
    }
}

proptest! {
    #[test]
    fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        fuzz_cert(&data);
    }

    #[test]
    fn broken_certificates_never_panic(at in 0usize..640, byte in any::<u8>(), cut in 0usize..640) {
        let mut der = odd();
        if let Some(b) = der.get_mut(at) { *b = byte; }
        der.truncate(der.len().saturating_sub(cut));
        fuzz_cert(&der);
    }
}

#[test]
fn paths_need_names_keys_and_signatures() {
    let root = ca("Root", None);
    let middle = ca("Middle", Some(&root));
    let leaf = leaf(&["a.tw"], &middle);
    let der = |c: &Ca| c.der().to_vec();
    let found = paths::find(&[leaf.clone(), der(&middle)], &[der(&root)]);
    assert_eq!(found.paths.len(), 1);
    assert_eq!(found.paths[0].subjects.len(), 3);
    assert_eq!(found.paths[0].root_sha256, read(root.der()).sha256);
    assert!(!found.unknown_algorithm);
    // Order and duplicates do not matter, a root sent along is not trusted for that.
    let shuffled = [leaf.clone(), der(&root), der(&middle), der(&middle)];
    assert_eq!(paths::find(&shuffled, &[der(&root)]).paths.len(), 1);
    assert!(paths::find(&shuffled, &[]).paths.is_empty());
    // An authority of the same name with another key.
    assert!(paths::find(&[leaf.clone(), der(&middle)], &[der(&ca("Root", None))]).paths.is_empty());
    // A signature that was tampered with.
    let mut forged = leaf.clone();
    let last = forged.len() - 1;
    forged[last] ^= 1;
    assert!(paths::find(&[forged, der(&middle)], &[der(&root)]).paths.is_empty());
    assert!(paths::find(&[], &[der(&root)]).paths.is_empty());
    let others = [der(&ca("Other", None)), der(&root)];
    assert_eq!(paths::needed(&[vec![leaf, der(&middle)]], &others), [root.der().as_ref()]);
}

/// Every root of this machine that signed itself with an algorithm of today verifies.
#[test]
fn real_signatures_verify() {
    let roots: Vec<Vec<u8>> =
        rustls_native_certs::load_native_certs().certs.into_iter().map(|c| c.to_vec()).collect();
    if roots.is_empty() {
        bulwark_testkit::skip("no trust store on this machine");
    }
    for der in roots {
        let root = read(&der);
        let found = paths::find(std::slice::from_ref(&der), std::slice::from_ref(&der));
        let today = !root.weak_signature() && !root.key.algorithm.contains("P-521");
        assert!(!found.paths.is_empty() || !today || found.unknown_algorithm, "{}", root.subject);
    }
}
