//! Bundles that are as they should be: round trip, determinism, limits, what callers demand.

use std::io::Cursor;

use bulwark_bundle::{Builder, BundleError, Key, Limits, NameFault, Reader, Sha256, Source, fuzz_reader};
use proptest::prelude::*;

fn key() -> Key {
    Key::from_seed(&[7; 32])
}

fn builder() -> Builder {
    Builder::new(
        "application/vnd.bulwark.result+json",
        "2026-11-23T06:02:00Z".parse().expect("a time"),
        "bulwark 0.1.0",
    )
}

fn bytes(builder: &Builder) -> Vec<u8> {
    let mut out = Vec::new();
    let summary = builder.write(&key(), &mut out).expect("a bundle");
    assert_eq!(summary.bytes, out.len() as u64);
    out
}

fn open(bytes: &[u8]) -> Result<Reader<Cursor<&[u8]>>, BundleError> {
    Reader::open(Cursor::new(bytes), &Limits::default())
}

#[test]
fn what_was_written_is_read_and_the_order_of_calls_does_not_matter() {
    let long = format!("{}/{}", "資料夾/".repeat(12).trim_end_matches('/'), "f".repeat(90));
    let mut one = builder();
    one.subject("「甲」系統").link("plan", Sha256::of(b"plan")).link("catalog", Sha256::of(b"c"));
    one.record("findings.json", "application/json", "[]")
        .record("evidence/憑證.pem", "application/x-pem-file", vec![0; 513])
        .record("evidence/empty", "text/plain", "")
        .record(long.as_str(), "text/plain", vec![b'x'; 512]);
    let mut two = builder();
    two.record(long.as_str(), "text/plain", vec![b'x'; 512])
        .record("evidence/empty", "text/plain", "")
        .record("evidence/憑證.pem", "application/x-pem-file", vec![0; 513])
        .record("findings.json", "application/json", "[]");
    two.link("catalog", Sha256::of(b"c")).link("plan", Sha256::of(b"plan")).subject("「甲」系統");
    let file = bytes(&one);
    assert_eq!(file, bytes(&one));
    assert_eq!(file, bytes(&two));
    assert!(file.starts_with(b"bulwark-bundle-1\0"));

    let mut reader = open(&file).expect("opens");
    let verified = reader.verify().expect("verifies");
    assert_eq!((verified.records, verified.bytes), (4, file.len() as u64));
    assert_eq!(verified.key_id, key().key_id());
    let names: Vec<_> = reader.names().map(str::to_owned).collect();
    assert!(names.is_sorted());
    assert_eq!(reader.read("evidence/憑證.pem", 513).expect("content"), vec![0; 513]);
    assert_eq!(reader.read("evidence/empty", 0).expect("content"), b"");
    assert_eq!(reader.read("evidence/憑證.pem", 512).expect_err("too large").code(), "BW-BUNDLE-013");
    assert_eq!(reader.read("nothing", 9).expect_err("absent").code(), "BW-BUNDLE-024");
    let mut copied = Vec::new();
    assert_eq!(reader.copy("findings.json", &mut copied).expect("copies"), 2);
    assert_eq!(copied, b"[]");
}

#[test]
fn a_bundle_without_records_is_a_bundle() {
    let file = bytes(&builder());
    assert_eq!(open(&file).expect("opens").verify().expect("verifies").records, 0);
}

#[test]
fn ordinary_tar_lists_and_extracts_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.bwr");
    let mut builder = builder();
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(90));
    builder.record("a.json", "application/json", "{}").record(long.as_str(), "text/plain", "long");
    bulwark_bundle::io::write_file(&path, &builder, &key()).expect("written");
    let Ok(listed) = std::process::Command::new("tar").arg("tf").arg(&path).output() else {
        eprintln!("SKIPPED: there is no tar on this machine");
        return;
    };
    assert!(listed.status.success() && listed.stderr.is_empty(), "{listed:?}");
    let listed = String::from_utf8(listed.stdout).expect("names");
    assert_eq!(
        listed.lines().collect::<Vec<_>>(),
        ["bulwark-bundle-1", "manifest.json", "manifest.sig", "a.json", long.as_str()]
    );
    let got = std::process::Command::new("tar").arg("xOf").arg(&path).arg(&long).output().expect("tar");
    assert_eq!(got.stdout, b"long");
}

#[test]
fn callers_can_demand_signer_link_kind_tenant_and_time() {
    let mut builder = builder();
    let at: jiff::Timestamp = "2026-12-01T00:00:00Z".parse().expect("a time");
    builder.link("plan", Sha256::of(b"plan")).tenant("A01").expires(at);
    let file = bytes(&builder);
    let reader = open(&file).expect("opens");
    let other = Key::from_seed(&[8; 32]);
    assert!(reader.expect_signer(&[*other.public(), *key().public()]).is_ok());
    assert_eq!(reader.expect_signer(&[*other.public()]).expect_err("unknown").code(), "BW-BUNDLE-007");
    assert_eq!(reader.expect_signer(&[]).expect_err("unknown").code(), "BW-BUNDLE-007");
    assert!(reader.expect_link("plan", Sha256::of(b"plan")).is_ok());
    let e = reader.expect_link("plan", Sha256::of(b"other")).expect_err("another plan");
    assert!(e.diagnostic("a.bwr").what.en.starts_with("this was made for another plan"));
    assert!(e.diagnostic("a.bwr").what.zh_tw.starts_with("這是為另一份計畫產生的"));
    assert_eq!(reader.expect_link("catalog", Sha256::of(b"c")).expect_err("absent").code(), "BW-BUNDLE-014");
    assert!(reader.expect_media_type("application/vnd.bulwark.result+json").is_ok());
    assert_eq!(reader.expect_media_type("text/plain").expect_err("kind").code(), "BW-BUNDLE-020");
    assert!(reader.expect_tenant("A01").is_ok());
    assert_eq!(reader.expect_tenant("A02").expect_err("tenant").code(), "BW-BUNDLE-021");
    assert!(reader.expect_current("2026-11-30T23:59:59Z".parse().expect("a time")).is_ok());
    assert_eq!(reader.expect_current(at).expect_err("expired").code(), "BW-BUNDLE-015");
}

#[test]
fn limits_hold_for_writers_and_readers() {
    let mut b = builder();
    b.record("a", "text/plain", "aaaa").record("b", "text/plain", "bb");
    let file = bytes(&b);
    let all = Limits::default();
    let cases = [
        (Limits { max_file_bytes: file.len() as u64 - 1, ..all }, "BW-BUNDLE-026"),
        (Limits { max_record_bytes: 3, ..all }, "BW-BUNDLE-013"),
        (Limits { max_records: 1, ..all }, "BW-BUNDLE-027"),
        (Limits { max_manifest_bytes: 100, ..all }, "BW-BUNDLE-013"),
    ];
    for (limits, code) in cases {
        let e = Reader::open(Cursor::new(&file), &limits).expect_err("over a limit");
        assert_eq!(e.code(), code, "{e}");
        let e = b.clone().limits(limits).write(&key(), Vec::new()).expect_err("over a limit");
        assert_eq!(e.code(), code, "{e}");
    }
}

#[test]
fn writers_refuse_what_readers_would() {
    let refused = |names: &[&str]| {
        let mut b = builder();
        for name in names {
            b.record(*name, "text/plain", "x");
        }
        match b.write(&key(), Vec::new()) {
            Err(BundleError::BadName { fault, .. }) => fault,
            other => panic!("{names:?}: {other:?}"),
        }
    };
    assert_eq!(refused(&["a", "a"]), NameFault::Duplicate);
    assert_eq!(refused(&["README", "readme"]), NameFault::Duplicate);
    assert_eq!(refused(&["../a"]), NameFault::Dots);
    assert_eq!(refused(&["a", "a/b"]), NameFault::Folder);
    assert_eq!(refused(&["manifest.json"]), NameFault::Reserved);
    let e = builder().record("a", "no type", "x").write(&key(), Vec::new()).expect_err("media type");
    assert_eq!(e.code(), "BW-BUNDLE-023");
}

#[test]
fn a_failing_writer_is_told() {
    let e = builder().write(&key(), &mut [0; 700][..]).expect_err("no room");
    assert_eq!(e.code(), "BW-BUNDLE-017");
}

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9._憑 -]{1,12}(/[a-z0-9:]{1,12}){0,3}"
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_content_comes_back(
        records in proptest::collection::btree_map(name(), proptest::collection::vec(any::<u8>(), 0..2000), 0..8),
        subject in "[^\\p{C}\\p{Z}]{0,40}",
    ) {
        let mut b = builder();
        b.subject(subject);
        for (name, content) in &records {
            b.record(name.as_str(), "application/octet-stream", Source::Bytes(content.clone()));
        }
        let mut file = Vec::new();
        match b.write(&key(), &mut file) {
            Ok(_) => {
                let mut reader = open(&file).expect("opens");
                prop_assert_eq!(reader.verify().expect("verifies").records, records.len() as u64);
                for (name, content) in &records {
                    prop_assert_eq!(&reader.read(name, 2000).expect("content"), content);
                }
                fuzz_reader(&file);
            }
            Err(e) => prop_assert_eq!(e.code(), "BW-BUNDLE-012", "{}", e),
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..4000)) {
        fuzz_reader(&data);
        prop_assert!(open(&data).is_err());
    }

    #[test]
    fn a_bundle_with_arbitrary_bytes_written_over_it_is_refused(
        at in 0_usize..6000, patch in proptest::collection::vec(any::<u8>(), 1..600), cut in any::<bool>(),
    ) {
        let mut b = builder();
        b.record("a", "text/plain", "aaaa").record("b", "text/plain", vec![b'b'; 600]);
        let good = bytes(&b);
        let mut bad = good.clone();
        let at = at % bad.len();
        let end = (at + patch.len()).min(bad.len());
        bad[at..end].copy_from_slice(&patch[..end - at]);
        if cut {
            bad.truncate(end);
        }
        fuzz_reader(&bad);
        let refused = open(&bad).and_then(|mut r| r.verify()).is_err();
        prop_assert_eq!(refused, bad != good);
    }
}
