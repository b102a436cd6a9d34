//! Backup, restore and the move to a server. A backup is a folder: the database as a SQLite file (whatever it came
//! from), the audit file, the evidence, and a manifest with rows and hashes per table. Key files are no part of it:
//! who finds a backup must not be able to open what is sealed. Keep them apart.

use std::io::Write as _;
use std::path::Path;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, EntityTrait, IsolationLevel, QuerySelect, Statement,
    TransactionTrait,
};
use serde::{Deserialize, Serialize};

use crate::audit;
use crate::entity::work::evidence_object;
use crate::evidence::{EvidenceStore, make_folder, sync_folder};
use crate::hash::{Sha256, hex};
use crate::tables::{self, TableDigest};
use crate::{Config, Database, Store, StoreError, migrations};

const FORMAT: &str = "bulwark-backup-1";
const MANIFEST: &str = "manifest.json";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always `bulwark-backup-1`.
    pub format: String,
    /// When it was made.
    pub made_at: String,
    /// The newest migration.
    pub schema: String,
    /// Tables, rows, hashes.
    pub tables: Vec<TableDigest>,
    /// Leaves of the audit tree.
    pub audit_leaves: u64,
    /// Its root.
    pub audit_root: String,
    /// The key that checks its signed roots.
    pub audit_public_key: String,
    /// Contents of evidence.
    pub evidence_files: u64,
}

/// Backs a store up into an empty folder while it goes on.
///
/// # Errors
/// [`StoreError::NotEmpty`], [`StoreError::EvidenceAltered`], [`StoreError::DiskFull`].
pub async fn backup(store: &Store, dir: &Path) -> Result<Manifest, StoreError> {
    empty_folder(dir)?;
    let config = Config { database: Database::Sqlite, dir: dir.to_owned(), ..store.config().clone() };
    let file = config.database_file();
    if store.config().database == Database::Sqlite {
        let name = file.display().to_string();
        let reader = store.reader();
        let sql =
            Statement::from_sql_and_values(reader.get_database_backend(), "VACUUM INTO $1", [name.into()]);
        reader.execute_raw(sql).await?;
    } else {
        let copy = crate::db::connect(&config, 1, false).await?;
        migrations::run(&copy, store.now()).await?;
        copy_all(store.reader(), &copy).await?;
        copy.execute_unprepared("PRAGMA journal_mode = DELETE").await?;
        copy.close().await?;
    }
    std::fs::File::open(&file).and_then(|f| f.sync_all()).map_err(|e| StoreError::io(&file, e))?;

    let copy = crate::db::connect(&config, 1, true).await?;
    let tables = tables::digests(&copy).await?;
    let tree = audit::log::head(&copy).await?;
    let kept = copy_evidence(&copy, &store.evidence(u64::MAX - 1), &config.evidence_dir()).await?;
    copy.close().await?;
    let (from, to) = (store.config().audit_file(), config.audit_file());
    audit::copy_file(&from, &to, tree.size(), &store.audit_public_key())?;

    let manifest = Manifest {
        format: FORMAT.into(),
        made_at: store.now().to_string(),
        schema: migrations::newest().into(),
        tables,
        audit_leaves: tree.size(),
        audit_root: tree.root().to_string(),
        audit_public_key: hex(&store.audit_public_key()),
        evidence_files: kept,
    };
    // Written last: a folder without a manifest is no backup.
    let path = dir.join(MANIFEST);
    let text = serde_json::to_string_pretty(&manifest)
        .map_err(|e| StoreError::BadValue { field: MANIFEST.into(), why: e.to_string() })?;
    std::fs::File::create(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .map_err(|e| StoreError::io(&path, e))?;
    sync_folder(dir)?;
    Ok(manifest)
}

/// Restores a backup into an empty folder, with the key files from `keys`, and verifies every row hash, the audit log
/// and every piece of evidence.
///
/// # Errors
/// [`StoreError::CopyDiffers`] names the table or file; [`StoreError::NotEmpty`], [`StoreError::EvidenceAltered`].
pub async fn restore(dir: &Path, keys: &Path, into: Config) -> Result<Manifest, StoreError> {
    let into = Config { database: Database::Sqlite, ..into };
    empty_folder(&into.dir)?;
    let path = dir.join(MANIFEST);
    let text = std::fs::read_to_string(&path).map_err(|e| StoreError::io(&path, e))?;
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|e| StoreError::BadValue { field: MANIFEST.into(), why: e.to_string() })?;
    if manifest.format != FORMAT || manifest.schema.as_str() > migrations::newest() {
        let found = format!("{} / {}", manifest.format, manifest.schema);
        return Err(StoreError::NewerSchema { found, known: migrations::newest() });
    }
    let source = Config { dir: dir.to_owned(), ..into.clone() };
    let held = Config { dir: keys.to_owned(), ..into.clone() };
    for (from, to) in [
        (source.database_file(), into.database_file()),
        (source.audit_file(), into.audit_file()),
        (held.audit_key(), into.audit_key()),
        (held.master_key(), into.master_key()),
    ] {
        std::fs::copy(&from, &to).map_err(|e| StoreError::io(&from, e))?;
        std::fs::File::open(&to).and_then(|file| file.sync_all()).map_err(|e| StoreError::io(&to, e))?;
    }
    let store = Store::inspect(into.clone()).await?;
    tables::compare(&manifest.tables, &tables::digests(store.reader()).await?)?;
    let evidence = EvidenceStore::new(source.evidence_dir(), u64::MAX - 1);
    let kept = copy_evidence(store.reader(), &evidence, &into.evidence_dir()).await?;
    let differ = |what: &str, expected: String, found: String| {
        let what = what.to_owned();
        if expected == found { Ok(()) } else { Err(StoreError::CopyDiffers { what, expected, found }) }
    };
    differ("evidence", manifest.evidence_files.to_string(), kept.to_string())?;
    differ("audit.key", manifest.audit_public_key.clone(), hex(&store.audit_public_key()))?;
    let report = audit::verify(&store, &into.audit_file(), &[]).await?;
    if let Some(bad) = &report.bad {
        return Err(StoreError::AuditMismatch(format!("leaf {}: {:?}", bad.seq, bad.fault)));
    }
    differ("audit root", manifest.audit_root.clone(), report.root)?;
    store.close().await;
    sync_folder(&into.dir)?;
    Ok(manifest)
}

/// Copies the database of a store to an empty PostgreSQL database and compares every table. Nothing may write to the
/// store meanwhile; afterwards its folder is opened with the new database.
///
/// # Errors
/// [`StoreError::NotEmpty`], [`StoreError::CopyDiffers`].
pub async fn migrate(store: &Store, url: &str) -> Result<Vec<TableDigest>, StoreError> {
    let target = Config { database: Database::Postgres { url: url.to_owned() }, ..store.config().clone() };
    let to = crate::db::connect(&target, 1, false).await?;
    migrations::run(&to, store.now()).await?;
    if tables::rows(&to).await? > 0 {
        return Err(StoreError::NotEmpty { place: "postgresql".into() });
    }
    let digests = copy_all(store.reader(), &to).await?;
    to.close().await?;
    Ok(digests)
}

/// Copies everything in one transaction each, and compares before the copy counts.
async fn copy_all(
    from: &DatabaseConnection,
    to: &DatabaseConnection,
) -> Result<Vec<TableDigest>, StoreError> {
    let (level, mode) = (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly));
    let source = from.begin_with_config(level, mode).await?;
    let target = to.begin().await?;
    let digests = tables::copy(&source, &target).await?;
    tables::compare(&digests, &tables::digests(&target).await?)?;
    target.commit().await?;
    source.rollback().await?;
    Ok(digests)
}

/// Copies every content that a row names, checking it on the way.
async fn copy_evidence<C: ConnectionTrait>(
    conn: &C,
    from: &EvidenceStore,
    to: &Path,
) -> Result<u64, StoreError> {
    let hashes: Vec<String> = evidence_object::Entity::find()
        .select_only()
        .column(evidence_object::Column::Sha256)
        .distinct()
        .into_tuple()
        .all(conn)
        .await?;
    let to = EvidenceStore::new(to, u64::MAX - 1);
    for hash in &hashes {
        let sha256: Sha256 =
            hash.parse().map_err(|why| StoreError::BadValue { field: "sha256".into(), why })?;
        let path = from.path(sha256);
        let mut content = std::fs::File::open(&path).map_err(|e| StoreError::io(&path, e))?;
        if to.keep(&mut content)?.sha256 != sha256 {
            return Err(StoreError::EvidenceAltered { hash: hash.clone() });
        }
    }
    Ok(hashes.len() as u64)
}

/// The folder, made if need be; it must hold nothing.
fn empty_folder(dir: &Path) -> Result<(), StoreError> {
    make_folder(dir)?;
    let mut entries = std::fs::read_dir(dir).map_err(|e| StoreError::io(dir, e))?;
    if entries.next().is_some() {
        return Err(StoreError::NotEmpty { place: dir.display().to_string() });
    }
    Ok(())
}
