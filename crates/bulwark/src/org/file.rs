//! The file: read whole, parsed behind the walls.

use std::path::{Path, PathBuf};

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use bulwark_sandbox::{Job, run};
use bulwark_sheet::{Table, wire};
use bulwark_store::hash::Sha256;

use crate::texts::{diagnostic, texts};

/// A table that was read, and where from.
pub struct Found {
    pub table: Table,
    pub notes: Vec<Diagnostic>,
    /// SHA-256 of the file.
    pub sha256: String,
    path: PathBuf,
}

impl Found {
    /// The file's own name.
    pub fn name(&self) -> String {
        self.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    /// The file as a place.
    pub fn place(&self) -> Location {
        Location::File { path: self.path.display().to_string(), line: 0, column: 0 }
    }
}

/// Reads the table in a file.
///
/// # Errors
/// Why the file cannot be taken.
pub fn read(path: &Path) -> Result<Found, Vec<Diagnostic>> {
    let place = || Location::File { path: path.display().to_string(), line: 0, column: 0 };
    let bytes = std::fs::read(path).map_err(|e| {
        vec![diagnostic(texts(), "BW-CLI-052", &args![path = path.display()]).at(place()).because(e)]
    })?;
    let name = path.display().to_string();
    let request = wire::request(&name, &bytes);
    let output = run(&Job::new("/proc/self/exe", &["parse-table"], &request))
        .map_err(|refusal| vec![refusal.diagnostic(&name)])?;
    let broken =
        |why: String| vec![diagnostic(texts(), "BW-CLI-052", &args![path = name]).at(place()).because(why)];
    let answer = wire::decode(&output.bytes).map_err(broken)?;
    let (table, notes) = answer.map_err(|note| vec![note])?;
    Ok(Found { table, notes, sha256: Sha256::of(&bytes).to_string(), path: path.to_owned() })
}
