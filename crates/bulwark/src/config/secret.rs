//! Values that are never shown, and the files they lie in.

use std::fmt;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use serde::Deserialize;

use crate::texts::{diagnostic, texts};

/// Bits that let others than owner and group near a file, or let the group change it. Reading by the group is how
/// Debian's `ssl-cert` and systemd's credentials hand a secret to a service.
const OPEN_BITS: u32 = 0o027;
/// No secret is longer.
const SECRET_BYTES: u64 = 64 * 1024;

/// A value that is never printed.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// The value itself.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Refuses a file that others may read.
///
/// # Errors
/// BW-CONF-006, or BW-CONF-007 when it cannot be looked at.
pub fn closed_to_others(path: &Path) -> Result<(), Diagnostic> {
    let mode = std::fs::metadata(path).map_err(|e| unreadable(path, &e))?.permissions().mode() & 0o7777;
    if mode & OPEN_BITS == 0 {
        return Ok(());
    }
    let values = args![path = path.display(), mode = format!("{mode:04o}")];
    Err(diagnostic(texts(), "BW-CONF-006", &values).at(place(path)))
}

/// The text of a secret's file, without the line end.
///
/// # Errors
/// BW-CONF-006 and BW-CONF-007.
pub fn read(path: &Path) -> Result<String, Diagnostic> {
    use std::io::Read as _;
    closed_to_others(path)?;
    let file = std::fs::File::open(path).map_err(|e| unreadable(path, &e))?;
    let mut text = String::new();
    file.take(SECRET_BYTES).read_to_string(&mut text).map_err(|e| unreadable(path, &e))?;
    let text = text.trim_end_matches(['\n', '\r']).to_owned();
    if text.is_empty() {
        return Err(diagnostic(texts(), "BW-CONF-007", &args![path = path.display()]).at(place(path)));
    }
    Ok(text)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Diagnostic {
    diagnostic(texts(), "BW-CONF-007", &args![path = path.display()]).at(place(path)).because(error)
}

fn place(path: &Path) -> Location {
    Location::File { path: path.display().to_string(), line: 0, column: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_to_nobody() {
        let secret = Secret("hunter2".to_owned());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "*** Some(***)");
        assert_eq!(secret.reveal(), "hunter2");
    }

    #[test]
    fn a_file_that_others_may_read_holds_no_secret() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("url");
        std::fs::write(&path, "postgres://x\n").expect("writable");
        for (mode, code) in
            [(0o600, None), (0o440, None), (0o604, Some("BW-CONF-006")), (0o620, Some("BW-CONF-006"))]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("ours");
            assert_eq!(read(&path).err().map(|d| d.code).as_deref(), code, "{mode:o}");
        }
        std::fs::write(&path, "\n").expect("writable");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("ours");
        assert_eq!(read(&path).unwrap_err().code, "BW-CONF-007", "an empty file is no secret");
    }
}
