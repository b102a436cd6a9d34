//! Where this installation keeps what must outlive a run: its signing key.

use std::path::{Path, PathBuf};

use bulwark_bundle::{Key, io};
use bulwark_model::Diagnostic;

/// `BULWARK_HOME`, else `~/.local/share/bulwark`, else `.bulwark` in the present folder.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn home() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("BULWARK_HOME")
        .or_else(|| set("XDG_DATA_HOME").map(|d| d.join("bulwark")))
        .or_else(|| set("HOME").map(|d| d.join(".local/share/bulwark")))
        .unwrap_or_else(|| PathBuf::from(".bulwark"))
}

/// The signing key file: the one given, or that of the installation.
pub fn key_path(given: Option<&Path>) -> PathBuf {
    given.map_or_else(|| home().join("keys/cruise.key"), Path::to_owned)
}

/// Loads the signing key, making it on first use. The flag says whether it is new.
pub fn signing_key(given: Option<&Path>) -> Result<(Key, bool, PathBuf), Vec<Diagnostic>> {
    let path = key_path(given);
    let (key, new) =
        io::load_or_create_key(&path).map_err(|e| vec![e.diagnostic(&path.display().to_string())])?;
    Ok((key, new, path))
}
