//! Bundles that someone changed: every change is refused, and the message names where.

use std::io::Cursor;

use bulwark_bundle::{Builder, BundleError, Key, Limits, Reader, Verified, fuzz_reader};

const BLOCK: usize = 512;

fn bundle(seed: u8) -> Vec<u8> {
    let mut builder = Builder::new(
        "application/vnd.bulwark.result+json",
        "2026-11-23T06:02:00Z".parse().expect("a time"),
        "bulwark 0.1.0",
    );
    builder
        .record("a.json", "application/json", "{\"a\":1}")
        .record("b.json", "application/json", "{\"b\":1}")
        .record("c.txt", "text/plain", vec![b'c'; 600]);
    let mut out = Vec::new();
    builder.write(&Key::from_seed(&[seed; 32]), &mut out).expect("a bundle");
    out
}

fn verify(bytes: &[u8]) -> Result<Verified, BundleError> {
    Reader::open(Cursor::new(bytes), &Limits::default())?.verify()
}

/// Code and place of the refusal.
fn refusal(bytes: &[u8]) -> (&'static str, String) {
    fuzz_reader(bytes);
    let e = verify(bytes).expect_err("refused");
    (e.code(), e.record().map(ToString::to_string).unwrap_or_default())
}

/// Headers with contents, without the end blocks.
fn entries(bundle: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut at = 0;
    while bundle[at] != 0 {
        let size = std::str::from_utf8(&bundle[at + 124..at + 135]).expect("octal");
        let size = usize::from_str_radix(size, 8).expect("octal");
        let end = at + BLOCK + size.div_ceil(BLOCK) * BLOCK;
        out.push(bundle[at..end].to_vec());
        at = end;
    }
    out
}

fn join(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut out = entries.concat();
    out.extend([0; 2 * BLOCK]);
    out
}

/// Puts another name into a header and mends its checksum.
fn rename(entry: &mut [u8], name: &str) {
    entry[..100].fill(0);
    entry[..name.len()].copy_from_slice(name.as_bytes());
    mend(entry);
}

fn mend(entry: &mut [u8]) {
    entry[148..156].fill(b' ');
    let sum: u32 = entry[..BLOCK].iter().map(|b| u32::from(*b)).sum();
    entry[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

#[test]
fn the_pieces_make_the_bundle() {
    let good = bundle(7);
    assert_eq!(join(&entries(&good)), good);
    assert_eq!(verify(&good).expect("good").records, 3);
}

#[test]
fn any_changed_byte_anywhere_is_refused_and_the_record_is_named() {
    let good = bundle(7);
    let starts: Vec<(usize, &str)> = entries(&good)
        .iter()
        .scan(0, |at, e| {
            let start = *at;
            *at += e.len();
            Some(start)
        })
        .zip([
            "bulwark-bundle-1",
            "manifest.json",
            "manifest.sig",
            "a.json (#1)",
            "b.json (#2)",
            "c.txt (#3)",
        ])
        .collect();
    let end = good.len() - 2 * BLOCK;
    for at in 0..good.len() {
        for flip in [0x01, 0x20] {
            let mut bad = good.clone();
            bad[at] ^= flip;
            let Err(e) = verify(&bad) else { panic!("byte {at} ^ {flip:#x} was accepted") };
            let (_, name) = starts.iter().rfind(|(start, _)| *start <= at).expect("an entry");
            let place = e.record().map(ToString::to_string);
            if at >= end {
                assert!(matches!(e, BundleError::TrailingData), "byte {at}: {e}");
            } else if name.contains('#') {
                assert_eq!(place.as_deref(), Some(*name), "byte {at}: {e}");
            }
        }
    }
}

#[test]
fn any_truncation_is_refused() {
    let good = bundle(7);
    for length in 0..good.len() {
        let e = verify(&good[..length]).expect_err("cut");
        match e {
            BundleError::Truncated { .. } => assert!(length >= "bulwark-bundle-".len()),
            BundleError::NotABundle => assert!(length < "bulwark-bundle-".len()),
            other => panic!("{length}: {other}"),
        }
    }
}

#[test]
fn data_after_the_end_is_refused() {
    for more in [vec![0], vec![0; 10240 - BLOCK], entries(&bundle(7)).remove(3)] {
        let mut bad = bundle(7);
        bad.extend(more);
        assert_eq!(refusal(&bad), ("BW-BUNDLE-016", String::new()));
    }
}

#[test]
fn missing_records_are_named() {
    for (gone, name) in
        [(3, "a.json (#1)"), (4, "b.json (#2)"), (5, "c.txt (#3)"), (1, "manifest.json"), (2, "manifest.sig")]
    {
        let mut parts = entries(&bundle(7));
        parts.remove(gone);
        assert_eq!(refusal(&join(&parts)), ("BW-BUNDLE-008", name.to_owned()));
    }
    let parts = entries(&bundle(7));
    assert_eq!(refusal(&join(&parts[..3])).0, "BW-BUNDLE-008");
    assert_eq!(refusal(&join(&parts[1..])).0, "BW-BUNDLE-001");
}

#[test]
fn extra_and_duplicate_records_are_named() {
    for at in 3..=6 {
        let mut parts = entries(&bundle(7));
        let mut extra = parts[3].clone();
        rename(&mut extra, "x.json");
        parts.insert(at, extra);
        assert_eq!(refusal(&join(&parts)), ("BW-BUNDLE-009", "x.json".to_owned()), "at {at}");
    }
    for at in 4..=6 {
        let mut parts = entries(&bundle(7));
        parts.insert(at, parts[3].clone());
        assert_eq!(refusal(&join(&parts)), ("BW-BUNDLE-009", "a.json".to_owned()), "at {at}");
    }
}

#[test]
fn order_names_and_contents_are_bound() {
    let mut parts = entries(&bundle(7));
    parts.swap(3, 5);
    assert_eq!(refusal(&join(&parts)), ("BW-BUNDLE-011", "a.json (#1)".to_owned()));

    let mut parts = entries(&bundle(7));
    rename(&mut parts[4], "bb.json");
    assert_eq!(refusal(&join(&parts)), ("BW-BUNDLE-008", "b.json (#2)".to_owned()));

    // Same length, contents exchanged.
    let mut parts = entries(&bundle(7));
    let (a, b) = (parts[3][BLOCK..].to_vec(), parts[4][BLOCK..].to_vec());
    parts[3][BLOCK..].copy_from_slice(&b);
    parts[4][BLOCK..].copy_from_slice(&a);
    assert_eq!(refusal(&join(&parts)), ("BW-BUNDLE-010", "a.json (#1)".to_owned()));

    // A size in the header that hides the last byte in the padding.
    let mut parts = entries(&bundle(7));
    parts[3][134] -= 1;
    mend(&mut parts[3]);
    assert_eq!(refusal(&join(&parts)), ("BW-BUNDLE-010", "a.json (#1)".to_owned()));

    // Other metadata with a right checksum: an owner, a link instead of a file.
    for (at, byte) in [(114, b'1'), (156, b'2'), (265, b'r'), (156, b'x')] {
        let mut parts = entries(&bundle(7));
        parts[4][at] = byte;
        mend(&mut parts[4]);
        assert_eq!(refusal(&join(&parts)), ("BW-BUNDLE-004", "b.json (#2)".to_owned()));
    }
}

#[test]
fn a_manifest_or_signature_of_another_bundle_is_refused() {
    let (good, other) = (entries(&bundle(7)), entries(&bundle(8)));
    // Both manifests are the same here; the signature names its own key, so this is a whole bundle
    // of the other signer, which only `expect_signer` can tell.
    let resigned = join(&[&good[..2], &other[2..3], &good[3..]].concat());
    assert_eq!(resigned, bundle(8));
    let reader = Reader::open(Cursor::new(&resigned), &Limits::default()).expect("opens");
    let e = reader.expect_signer(&[*Key::from_seed(&[7; 32]).public()]).expect_err("other key");
    assert_eq!(e.code(), "BW-BUNDLE-007");

    // A changed manifest under the old signature.
    let mut parts = good;
    let at = parts[1].windows(5).position(|w| w == b"0.1.0").expect("tool");
    parts[1][at] = b'9';
    assert_eq!(refusal(&join(&parts)).0, "BW-BUNDLE-006");
}

#[test]
fn newer_formats_are_told_from_other_files() {
    let mut parts = entries(&bundle(7));
    rename(&mut parts[0], "bulwark-bundle-2");
    let e = verify(&join(&parts)).expect_err("newer");
    assert_eq!(e.diagnostic("a.bwr").what.en, "this bundle has format 2; this program reads format 1 only");
    rename(&mut parts[0], "bulwark-bundle-0");
    assert_eq!(refusal(&join(&parts)).0, "BW-BUNDLE-004");
    rename(&mut parts[0], "bulwark-bundle-12x");
    assert_eq!(refusal(&join(&parts)).0, "BW-BUNDLE-004");
    for other in [&b""[..], b"PK\x03\x04", &[0; 2048], &[b'x'; 2048]] {
        assert_eq!(refusal(other).0, "BW-BUNDLE-001");
    }
}

#[test]
fn reading_one_record_checks_it_without_verify() {
    let mut bad = bundle(7);
    let at = bad.windows(7).rposition(|w| w == b"{\"b\":1}").expect("content");
    bad[at + 5] = b'2';
    let mut reader = Reader::open(Cursor::new(&bad), &Limits::default()).expect("the manifest is good");
    assert!(reader.read("a.json", 100).is_ok());
    assert_eq!(reader.read("b.json", 100).expect_err("altered").code(), "BW-BUNDLE-010");
    assert!(reader.read("c.txt", 1000).is_ok());
}
