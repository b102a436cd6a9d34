//! When the last backup was made, and whether it was ever restored: a small file in the data folder, for `doctor`.

use std::path::{Path, PathBuf};

use bulwark_store::backup::Manifest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const NAME: &str = "last-backup.json";

/// The last backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// When it was made.
    pub made_at: Timestamp,
    /// Where it was put.
    pub place: PathBuf,
    /// When it was restored as a test.
    pub restored_at: Option<Timestamp>,
}

/// Notes that a backup was made. That the note cannot be written is no failure of the backup.
pub fn made(store: &Path, manifest: &Manifest, place: &Path) {
    if let Ok(made_at) = manifest.made_at.parse() {
        write(store, &Record { made_at, place: place.to_owned(), restored_at: None });
    }
}

/// Notes that the last backup was restored and verified.
pub fn restored(store: &Path, manifest: &Manifest, now: Timestamp) {
    if let Some(record) = read(store)
        .filter(|record| manifest.made_at.parse().is_ok_and(|made_at: Timestamp| made_at == record.made_at))
    {
        write(store, &Record { restored_at: Some(now), ..record });
    }
}

/// The last backup that was noted.
pub fn read(store: &Path) -> Option<Record> {
    serde_json::from_slice(&std::fs::read(store.join(NAME)).ok()?).ok()
}

fn write(store: &Path, record: &Record) {
    let (path, part) = (store.join(NAME), store.join("last-backup.part"));
    let Ok(text) = serde_json::to_vec_pretty(record) else { return };
    if std::fs::write(&part, text).is_ok() && std::fs::rename(&part, &path).is_ok() {
        as_the_folder(store, &path);
    }
}

/// What root writes into the folder of a service belongs to the service.
fn as_the_folder(folder: &Path, path: &Path) {
    use std::os::unix::fs::MetadataExt as _;
    if let Ok(of) = std::fs::metadata(folder) {
        let _ = std::os::unix::fs::chown(path, Some(of.uid()), Some(of.gid()));
    }
}
