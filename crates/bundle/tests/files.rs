//! Bundles and keys as files: permissions, races, nothing left behind.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use bulwark_bundle::{Builder, BundleError, Key, PublicKey, io};
use bulwark_model::Lang;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o7777
}

fn builder() -> Builder {
    let created = "2026-11-23T06:02:00Z".parse().expect("a time");
    Builder::new("application/vnd.bulwark.result+json", created, "bulwark 0.1.0")
}

#[test]
fn a_key_is_made_once_and_only_its_owner_can_read_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("state/keys/sign.key");
    let (first, created) = io::load_or_create_key(&path).expect("made");
    assert!(created);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().expect("parent")), 0o700);
    assert_eq!(mode(path.parent().and_then(Path::parent).expect("parent")), 0o700);
    let text = fs::read_to_string(&path).expect("text");
    assert!(text.starts_with("bulwark-ed25519-seed-1 ") && text.ends_with('\n') && text.lines().count() == 1);
    let (second, created) = io::load_or_create_key(&path).expect("loaded");
    assert!(!created);
    assert_eq!(first.public(), second.public());
    assert_eq!(fs::read_dir(path.parent().expect("parent")).expect("folder").count(), 1);
    let secret = text.split(' ').nth(1).expect("seed").trim();
    assert!(!format!("{first:?}").contains(secret));
}

#[test]
fn of_many_at_once_one_makes_the_key_and_all_have_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("k/sign.key");
    let got: Vec<_> = std::thread::scope(|s| {
        let threads: Vec<_> =
            (0..16).map(|_| s.spawn(|| io::load_or_create_key(&path).expect("a key"))).collect();
        threads.into_iter().map(|t| t.join().expect("no panic")).collect()
    });
    assert_eq!(got.iter().filter(|(_, created)| *created).count(), 1);
    assert!(got.iter().all(|(key, _)| key.public() == got[0].0.public()));
    assert_eq!(fs::read_dir(folder.path().join("k")).expect("folder").count(), 1);
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sign.key");
    io::load_or_create_key(&path).expect("made");
    for bits in [0o640, 0o604, 0o620, 0o610, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(bits)).expect("chmod");
        let e = io::load_or_create_key(&path).expect_err("readable by others");
        let told = e.diagnostic("unused").render(Lang::En);
        assert!(told.contains("BW-BUNDLE-018") && told.contains(&format!("{bits:04o}")), "{told}");
        assert!(told.contains(&format!("chmod 600 {}", path.display())), "{told}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("chmod");
    assert!(io::load_key(&path).is_ok());
}

#[test]
fn a_file_that_is_no_key_is_never_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sign.key");
    for content in [&b""[..], b"bulwark-ed25519-seed-1 AAAA\n", b"\xff\xfe", &[b'a'; 5000]] {
        fs::write(&path, content).expect("written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        assert_eq!(io::load_or_create_key(&path).expect_err("no key").code(), "BW-BUNDLE-019");
        assert_eq!(fs::read(&path).expect("still there"), content);
    }
    let link = folder.path().join("dangling");
    symlink(folder.path().join("nowhere"), &link).expect("a link");
    assert!(io::load_or_create_key(&link).is_err());
    assert_eq!(io::load_or_create_key(folder.path()).expect_err("a folder").code(), "BW-BUNDLE-017");
}

#[test]
fn public_keys_travel_as_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sign.pub");
    let key = Key::from_seed(&[1; 32]);
    fs::write(&path, format!("{}\n", key.public())).expect("written");
    let read: PublicKey = io::load_public_key(&path).expect("own form");
    assert_eq!(read, *key.public());
}

#[test]
fn a_bundle_appears_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.bwr");
    let source = folder.path().join("evidence.bin");
    fs::write(&source, vec![7; 300_000]).expect("written");
    let key = Key::from_seed(&[1; 32]);
    let mut b = builder();
    b.record("evidence.bin", "application/octet-stream", source.clone());
    let summary = io::write_file(&path, &b, &key).expect("written");
    assert_eq!(summary.bytes, fs::metadata(&path).expect("metadata").len());
    assert_eq!(mode(&path), 0o600);
    let mut reader = io::open_file(&path).expect("opens");
    let verified = reader.verify().expect("verifies");
    assert_eq!(verified.manifest_sha256, summary.manifest_sha256);
    assert_eq!(reader.read("evidence.bin", 1 << 20).expect("content"), vec![7; 300_000]);

    // A failing second run leaves the first file and nothing else.
    let before = fs::read(&path).expect("bytes");
    b.record("gone", "text/plain", folder.path().join("gone"));
    let e = io::write_file(&path, &b, &key).expect_err("no such source");
    assert!(matches!(&e, BundleError::Io { path: Some(p), .. } if p.ends_with("gone")), "{e}");
    assert_eq!(fs::read(&path).expect("bytes"), before);
    assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 2);
}

#[test]
fn a_source_that_changes_while_it_is_written_is_noticed() {
    /// Changes the source when the first bytes arrive, that is after the hash was made.
    struct Meddler<'a>(&'a Path, &'a [u8]);
    impl std::io::Write for Meddler<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            fs::write(self.0, self.1)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let source = folder.path().join("log");
    for changed in [&b"other content"[..], b"first", b"first content and more", b""] {
        fs::write(&source, "first content").expect("written");
        let mut b = builder();
        b.record("log", "text/plain", source.clone());
        let e = b.write(&Key::from_seed(&[1; 32]), Meddler(&source, changed)).expect_err("changed");
        assert_eq!(e.code(), "BW-BUNDLE-022");
    }
}

#[test]
fn folders_and_absent_files_are_told_with_their_path() {
    let folder = tempfile::tempdir().expect("a folder");
    for path in [folder.path().to_owned(), folder.path().join("absent.bwr")] {
        let e = io::open_file(&path).expect_err("no file");
        assert_eq!(e.code(), "BW-BUNDLE-017");
        assert!(e.diagnostic("x").render(Lang::ZhTw).starts_with(&path.display().to_string()));
    }
}
