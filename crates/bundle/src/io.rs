//! Bundles and keys as files. The rest of the crate works on `Read` and `Write` only, apart from
//! [`crate::Source::File`], which is opened here too.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::key::{seed_text, wipe};
use crate::{Builder, BundleError, Key, Limits, PublicKey, Reader, Summary};

/// Writes a bundle so that `path` holds either what was there before or the whole new bundle: into
/// a new file beside it (mode 0600, since results name weaknesses), synced, renamed.
///
/// # Errors
/// As [`Builder::write`], and failures of the file system. Nothing is left behind.
pub fn write_file(path: &Path, builder: &Builder, key: &Key) -> Result<Summary, BundleError> {
    let temporary = Temporary::create(path)?;
    let mut out = BufWriter::with_capacity(256 * 1024, temporary.file()?);
    let summary = builder.write(key, &mut out)?;
    let file = out.into_inner().map_err(|e| BundleError::io_at(path, e.into_error()))?;
    file.sync_all().map_err(|e| BundleError::io_at(path, e))?;
    std::fs::rename(&temporary.path, path).map_err(|e| BundleError::io_at(path, e))?;
    sync_folder(path)?;
    Ok(summary)
}

/// Opens a bundle with the default limits. For others, pass a file to [`Reader::open`].
///
/// # Errors
/// As [`Reader::open`]; anything but a regular file is refused.
pub fn open_file(path: &Path) -> Result<Reader<File>, BundleError> {
    Reader::open(open_regular(path)?, &Limits::default())
}

/// The key in `path`; a new one when there is no such file (`true`). The folder is made with mode
/// 0700 and the file appears complete, with mode 0600; of several processes that start at once, one
/// makes the key and all get it.
///
/// # Errors
/// As [`load_key`], and failures of the file system or of the system's random source.
pub fn load_or_create_key(path: &Path) -> Result<(Key, bool), BundleError> {
    match load_key(path) {
        Err(BundleError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {}
        loaded => return Ok((loaded?, false)),
    }
    let mut folder = DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(folder_of(path)).map_err(|e| BundleError::io_at(path, e))?;

    let mut seed = [0; 32];
    random(&mut seed, path)?;
    let key = Key::from_seed(&seed);
    let temporary = Temporary::create(path)?;
    let mut text = seed_text(&seed).into_bytes();
    wipe(&mut seed);
    let mut file = temporary.file()?;
    let written = file.write_all(&text).and_then(|()| file.sync_all());
    wipe(&mut text);
    written.map_err(|e| BundleError::io_at(path, e))?;
    // A hard link is made only where no file is (like O_EXCL), and the file is complete by then.
    match std::fs::hard_link(&temporary.path, path) {
        Ok(()) => {
            sync_folder(path)?;
            Ok((key, true))
        }
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok((load_key(path)?, false)),
        Err(e) => Err(BundleError::io_at(path, e)),
    }
}

/// Reads a secret key file.
///
/// # Errors
/// [`BundleError::KeyPermissions`] when group or others have any right to it,
/// [`BundleError::KeyMalformed`], [`BundleError::Io`].
pub fn load_key(path: &Path) -> Result<Key, BundleError> {
    let file = open_regular(path)?;
    #[cfg(unix)]
    {
        let metadata = file.metadata().map_err(|e| BundleError::io_at(path, e))?;
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        if mode & 0o077 != 0 {
            return Err(BundleError::KeyPermissions { path: path.to_owned(), mode });
        }
    }
    let mut text = short_text(path, file)?;
    let key = Key::from_text(&text).map_err(|_| BundleError::KeyMalformed { path: Some(path.to_owned()) });
    let mut bytes = std::mem::take(&mut text).into_bytes();
    wipe(&mut bytes);
    key
}

/// Reads a public key file: `bulwark-ed25519-pub-1 <base64>`, one line.
///
/// # Errors
/// [`BundleError::KeyMalformed`], [`BundleError::Io`].
pub fn load_public_key(path: &Path) -> Result<PublicKey, BundleError> {
    let text = short_text(path, open_regular(path)?)?;
    text.parse().map_err(|_| BundleError::KeyMalformed { path: Some(path.to_owned()) })
}

/// Opens a regular file for reading; folders, pipes and devices are refused before they can block.
pub(crate) fn open_regular(path: &Path) -> Result<File, BundleError> {
    let fail = |e| BundleError::io_at(path, e);
    if !std::fs::metadata(path).map_err(fail)?.is_file() {
        return Err(fail(std::io::Error::new(ErrorKind::InvalidInput, "not a regular file")));
    }
    File::open(path).map_err(fail)
}

/// The text of a key file; keys have fewer than 100 bytes.
fn short_text(path: &Path, file: File) -> Result<String, BundleError> {
    let mut text = String::with_capacity(512);
    match file.take(512).read_to_string(&mut text) {
        Ok(_) => Ok(text),
        Err(e) if e.kind() == ErrorKind::InvalidData => {
            Err(BundleError::KeyMalformed { path: Some(path.to_owned()) })
        }
        Err(e) => Err(BundleError::io_at(path, e)),
    }
}

fn random(bytes: &mut [u8], path: &Path) -> Result<(), BundleError> {
    SystemRandom::new()
        .fill(bytes)
        .map_err(|_| BundleError::io_at(path, std::io::Error::other("the system's random source failed")))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a rename or link durable.
fn sync_folder(path: &Path) -> Result<(), BundleError> {
    if cfg!(unix) {
        File::open(folder_of(path)).and_then(|f| f.sync_all()).map_err(|e| BundleError::io_at(path, e))?;
    }
    Ok(())
}

/// A new file (O_EXCL, mode 0600) beside its target; its name is removed when it goes out of scope.
struct Temporary {
    path: PathBuf,
    file: File,
}

impl Temporary {
    fn create(target: &Path) -> Result<Self, BundleError> {
        let mut tag = [0; 8];
        random(&mut tag, target)?;
        let tag = u64::from_le_bytes(tag);
        let path = folder_of(target).join(format!(".bulwark-{tag:016x}.tmp"));
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(|e| BundleError::io_at(target, e))?;
        Ok(Self { path, file })
    }

    fn file(&self) -> Result<File, BundleError> {
        self.file.try_clone().map_err(|e| BundleError::io_at(&self.path, e))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename there is nothing to remove, which is fine.
        let _ = std::fs::remove_file(&self.path);
    }
}
