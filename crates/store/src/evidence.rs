//! Evidence on disk under its own hash. A file appears whole or not at all, and is never written twice.

use std::fs::File;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};

use crate::hash::{Sha256, hex};
use crate::id::random;
use crate::{Store, StoreError};

/// The folder of evidence.
#[derive(Debug, Clone)]
pub struct EvidenceStore {
    dir: PathBuf,
    limit_bytes: u64,
}

/// What was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Hash of the content, and its name.
    pub sha256: Sha256,
    /// Size of the content.
    pub size_bytes: u64,
}

impl Store {
    /// The evidence of this store, with a limit for one piece.
    pub fn evidence(&self, limit_bytes: u64) -> EvidenceStore {
        EvidenceStore::new(self.config().evidence_dir(), limit_bytes)
    }
}

impl EvidenceStore {
    /// A folder of evidence; it is made with the first piece.
    pub fn new(dir: impl Into<PathBuf>, limit_bytes: u64) -> Self {
        Self { dir: dir.into(), limit_bytes }
    }

    /// Where the content with this hash lies.
    pub fn path(&self, sha256: Sha256) -> PathBuf {
        let name = sha256.to_string();
        self.dir.join(&name[..2]).join(&name[2..4]).join(name)
    }

    /// Keeps a content and returns its hash, durable before this returns.
    ///
    /// # Errors
    /// [`StoreError::EvidenceTooLarge`], [`StoreError::DiskFull`], [`StoreError::Io`]; nothing is left behind.
    pub fn keep(&self, content: &mut dyn Read) -> Result<Kept, StoreError> {
        make_folder(&self.dir)?;
        let temporary = Temporary(self.dir.join(format!(".{}.tmp", hex(&random::<8>()?))));
        let failed = |e| StoreError::io(&temporary.0, e);
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&temporary.0).map_err(failed)?;
        let mut context = Context::new(&SHA256);
        let (mut size_bytes, mut buffer) = (0, vec![0; 64 * 1024]);
        loop {
            let read = content.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                break;
            }
            size_bytes += read as u64;
            if size_bytes > self.limit_bytes {
                return Err(StoreError::EvidenceTooLarge { limit: self.limit_bytes });
            }
            context.update(&buffer[..read]);
            file.write_all(&buffer[..read]).map_err(failed)?;
        }
        file.sync_all().map_err(failed)?;
        let sha256 = Sha256::finish(context);
        let path = self.path(sha256);
        let folder = path.parent().unwrap_or(&self.dir);
        make_folder(folder)?;
        std::fs::rename(&temporary.0, &path).map_err(|e| StoreError::io(&path, e))?;
        sync_folder(folder)?;
        Ok(Kept { sha256, size_bytes })
    }

    /// Reads a content and checks it against its name.
    ///
    /// # Errors
    /// [`StoreError::EvidenceAltered`], [`StoreError::EvidenceTooLarge`], [`StoreError::Io`].
    pub fn read(&self, sha256: Sha256) -> Result<Vec<u8>, StoreError> {
        let path = self.path(sha256);
        let failed = |e| StoreError::io(&path, e);
        let mut content = Vec::new();
        File::open(&path)
            .and_then(|file| file.take(self.limit_bytes + 1).read_to_end(&mut content))
            .map_err(failed)?;
        if content.len() as u64 > self.limit_bytes {
            return Err(StoreError::EvidenceTooLarge { limit: self.limit_bytes });
        }
        if Sha256::of(&content) != sha256 {
            return Err(StoreError::EvidenceAltered { hash: sha256.to_string() });
        }
        Ok(content)
    }
}

/// A file that goes away unless it was renamed.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Makes a folder and those above it; each new entry is durable.
pub(crate) fn make_folder(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_folder(above)?;
    }
    match std::fs::create_dir(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(StoreError::io(path, error)),
        _ => {
            sync_folder(path.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")))
        }
    }
}

/// Makes the entries of a folder durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|e| StoreError::io(path, e))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_is_kept_once_found_by_hash_and_checked() {
        let dir = tempfile::tempdir().unwrap();
        let store = EvidenceStore::new(dir.path().join("evidence"), 1000);
        let kept = store.keep(&mut &b"abc"[..]).unwrap();
        assert_eq!(
            (kept.size_bytes, kept.sha256.to_string().as_str()),
            (3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        );
        assert_eq!(store.keep(&mut &b"abc"[..]).unwrap(), kept);
        assert_eq!(store.read(kept.sha256).unwrap(), b"abc");
        std::fs::write(store.path(kept.sha256), "abd").unwrap();
        assert_eq!(store.read(kept.sha256).unwrap_err().code(), "BW-STORE-018");
    }

    #[test]
    fn too_much_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let store = EvidenceStore::new(dir.path(), 1000);
        let error = store.keep(&mut std::io::repeat(7).take(1001)).unwrap_err();
        assert_eq!(error.code(), "BW-STORE-017");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert_eq!(store.keep(&mut std::io::repeat(7).take(1000)).unwrap().size_bytes, 1000);
    }
}
