//! Signed roots as C2SP signed notes (<https://c2sp.org/signed-note>, <https://c2sp.org/tlog-checkpoint>):
//!
//! ```text
//! ORIGIN
//! SIZE
//! base64(root)
//!
//! — NAME base64(key hash ‖ signature)
//! ```

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::StoreError;
use crate::hash::{Sha256, from_hex, hex};

/// First line of every note, and the name of its key.
pub const ORIGIN: &str = "bulwark/audit";

/// A root of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// Number of leaves.
    pub size: u64,
    /// Root over them.
    pub root: Sha256,
}

/// The key that signs checkpoints.
pub(crate) struct Signer(Ed25519KeyPair);

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", hex(self.0.public_key().as_ref()))
    }
}

impl Signer {
    /// The key in `path` (64 hexadecimal digits, mode 0600); a new one when there is no such file.
    pub(crate) fn load_or_create(path: &Path) -> Result<Self, StoreError> {
        let seed = secret_file(path)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| StoreError::KeyMalformed { path: path.to_owned() })?;
        Ok(Self(pair))
    }

    pub(crate) fn public_key(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.public_key().as_ref());
        out
    }

    /// The signed note of a root.
    pub(crate) fn sign(&self, checkpoint: &Checkpoint) -> String {
        let body = body(checkpoint);
        let mut blob = key_hash(&self.public_key()).to_vec();
        blob.extend_from_slice(self.0.sign(body.as_bytes()).as_ref());
        format!("{body}\n\u{2014} {ORIGIN} {}\n", STANDARD.encode(blob))
    }
}

impl Checkpoint {
    /// Reads a signed note; `None` when it is malformed or not signed by this key.
    pub fn verify(note: &str, public_key: &[u8; 32]) -> Option<Self> {
        let (text, signatures) = note.split_once("\n\n")?;
        let mut lines = text.lines();
        if lines.next()? != ORIGIN {
            return None;
        }
        let size = lines.next()?.parse().ok()?;
        let root = Sha256::from_slice(&STANDARD.decode(lines.next()?).ok()?)?;
        let checkpoint = Self { size, root };
        if body(&checkpoint) != format!("{text}\n") {
            return None;
        }
        let key = UnparsedPublicKey::new(&ED25519, public_key);
        let prefix = format!("\u{2014} {ORIGIN} ");
        let signed = signatures.lines().filter_map(|line| line.strip_prefix(&prefix)).any(|line| {
            STANDARD.decode(line).is_ok_and(|blob| {
                blob.len() == 68
                    && blob[..4] == key_hash(public_key)
                    && key.verify(format!("{text}\n").as_bytes(), &blob[4..]).is_ok()
            })
        });
        signed.then_some(checkpoint)
    }
}

fn body(checkpoint: &Checkpoint) -> String {
    format!("{ORIGIN}\n{}\n{}\n", checkpoint.size, STANDARD.encode(checkpoint.root.0))
}

/// The first four bytes of `SHA-256(name ‖ LF ‖ 0x01 ‖ public key)`.
pub(super) fn key_hash(public_key: &[u8; 32]) -> [u8; 4] {
    let hash = Sha256::of_parts(&[ORIGIN.as_bytes(), b"\n\x01", public_key]);
    [hash.0[0], hash.0[1], hash.0[2], hash.0[3]]
}

/// 32 secret bytes in a file of mode 0600, made when it is missing.
pub(crate) fn secret_file(path: &Path) -> Result<[u8; 32], StoreError> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let failed = |e| StoreError::io(path, e);
    let mut options = std::fs::OpenOptions::new();
    match options.write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let secret = crate::id::random::<32>()?;
            file.write_all(format!("{}\n", hex(&secret)).as_bytes())
                .and_then(|()| file.sync_all())
                .map_err(failed)?;
            return Ok(secret);
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed(error)),
    }
    let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(StoreError::KeyPermissions { path: path.to_owned(), mode });
    }
    let text = std::fs::read(path).map_err(failed)?;
    let text = String::from_utf8(text).unwrap_or_default();
    from_hex(text.trim_end())
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| StoreError::KeyMalformed { path: path.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_only_with_its_key_and_unchanged() {
        let dir = tempfile::tempdir().unwrap();
        let signer = Signer::load_or_create(&dir.path().join("key")).unwrap();
        let again = Signer::load_or_create(&dir.path().join("key")).unwrap();
        assert_eq!(signer.public_key(), again.public_key());
        let checkpoint = Checkpoint { size: 1000, root: Sha256::of(b"x") };
        let note = signer.sign(&checkpoint);
        assert_eq!(Checkpoint::verify(&note, &signer.public_key()), Some(checkpoint));
        assert_eq!(Checkpoint::verify(&note.replace("1000", "1001"), &signer.public_key()), None);
        assert_eq!(Checkpoint::verify(&note, &[7; 32]), None);
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        Signer::load_or_create(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(Signer::load_or_create(&path).unwrap_err().code(), "BW-STORE-012");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        std::fs::write(&path, "zz\n").unwrap();
        assert_eq!(Signer::load_or_create(&path).unwrap_err().code(), "BW-STORE-013");
    }
}
