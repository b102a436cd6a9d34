//! Opening the databases.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bulwark_model::Clock;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqlxPostgresConnector, SqlxSqliteConnector, Statement,
};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::audit::log::Log;
use crate::audit::{Signer, secret_file};
use crate::entity::Record;
use crate::id::IdMaker;
use crate::seal::MasterKey;
use crate::write::{Savepoint, Work, Writer, start};
use crate::{StoreError, Timestamp, migrations};

/// A stopwatch: microseconds of a clock that only goes forward.
pub type Mono = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Which database.
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A file in the data folder.
    Sqlite,
    /// A server; other consoles may write to the same database.
    Postgres {
        /// `postgresql://user:password@host/database`.
        url: String,
    },
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The URL may hold a password.
        f.write_str(if *self == Self::Sqlite { "Sqlite" } else { "Postgres" })
    }
}

/// Where everything lies and which clocks count.
#[derive(Clone)]
pub struct Config {
    /// Which database.
    pub database: Database,
    /// The data folder: database file, audit file, keys, evidence.
    pub dir: PathBuf,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The stopwatch.
    pub mono: Mono,
    /// How long to wait for another process that holds the database.
    pub busy_timeout: Duration,
}

impl Config {
    /// A SQLite store in `dir` with the usual waiting time of 10 s.
    pub fn sqlite(dir: impl Into<PathBuf>, clock: Arc<dyn Clock>, mono: Mono) -> Self {
        let database = Database::Sqlite;
        Self { database, dir: dir.into(), clock, mono, busy_timeout: Duration::from_secs(10) }
    }

    /// The database file of a SQLite store.
    pub fn database_file(&self) -> PathBuf {
        self.dir.join("bulwark.db")
    }

    /// The second sink of the audit log.
    pub fn audit_file(&self) -> PathBuf {
        self.dir.join("audit.log")
    }

    pub(crate) fn audit_key(&self) -> PathBuf {
        self.dir.join("audit.key")
    }

    pub(crate) fn master_key(&self) -> PathBuf {
        self.dir.join("master.key")
    }

    /// The folder of evidence contents.
    pub fn evidence_dir(&self) -> PathBuf {
        self.dir.join("evidence")
    }
}

/// Rows that a connection reads ahead.
const ROW_BUFFER: usize = 256;
/// Counts of lists kept at most.
const COUNTS: usize = 1000;

/// The open store. Clones share it.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    reader: DatabaseConnection,
    writer: std::sync::Mutex<Option<mpsc::Sender<Work>>>,
    task: tokio::sync::Mutex<Option<tokio::task::JoinHandle<()>>>,
    ids: Arc<IdMaker>,
    commits: Arc<AtomicU64>,
    rights_epoch: Arc<AtomicU64>,
    /// Counts of lists, each with the number of commits at which it was taken.
    counts: std::sync::Mutex<HashMap<String, (u64, u64)>>,
    audit_public_key: [u8; 32],
    master: MasterKey,
}

impl Inner {
    /// A store that is only read.
    fn reading(
        config: Config,
        reader: DatabaseConnection,
        audit_public_key: [u8; 32],
    ) -> Result<Self, StoreError> {
        Ok(Self {
            master: MasterKey::new(secret_file(&config.master_key())?),
            config,
            reader,
            writer: std::sync::Mutex::new(None),
            task: tokio::sync::Mutex::new(None),
            ids: Arc::new(IdMaker::default()),
            commits: Arc::new(AtomicU64::new(0)),
            rights_epoch: Arc::new(AtomicU64::new(0)),
            counts: std::sync::Mutex::default(),
            audit_public_key,
        })
    }
}

impl Store {
    /// Opens the store for reading and writing: makes what is missing, brings the schema up to date, checks that
    /// both audit sinks agree.
    ///
    /// # Errors
    /// [`StoreError::NewerSchema`], [`StoreError::InUse`], [`StoreError::AuditMismatch`],
    /// [`StoreError::KeyPermissions`], [`StoreError::Busy`], [`StoreError::Corrupt`].
    pub async fn open(config: Config) -> Result<Self, StoreError> {
        std::fs::create_dir_all(&config.dir).map_err(|e| StoreError::io(&config.dir, e))?;
        let connection = connect(&config, 1, false).await?;
        migrations::run(&connection, Timestamp::from(config.clock.now())).await?;
        let signer = Signer::load_or_create(&config.audit_key())?;
        let audit_public_key = signer.public_key();
        let shared = config.database != Database::Sqlite;
        let log = Log::open(&connection, &config.audit_file(), signer, shared).await?;
        let reader = connect(&config, 8, true).await?;
        let inner = Inner::reading(config.clone(), reader, audit_public_key)?;
        let (sender, task) = start(Writer {
            config,
            connection,
            broken: false,
            log,
            ids: Arc::clone(&inner.ids),
            commits: Arc::clone(&inner.commits),
            rights_epoch: Arc::clone(&inner.rights_epoch),
            last_mono_us: 0,
            last_size: 0,
            savepoint: Savepoint::None,
        });
        let (writer, task) = (std::sync::Mutex::new(Some(sender)), tokio::sync::Mutex::new(Some(task)));
        let inner = Inner { writer, task, ..inner };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Opens the store for reading only, as it is: for verification, also of one that [`Store::open`] refuses.
    /// Writes answer [`StoreError::Closed`].
    ///
    /// # Errors
    /// As [`Store::open`], without those of the audit sinks.
    pub async fn inspect(config: Config) -> Result<Self, StoreError> {
        let reader = connect(&config, 2, true).await?;
        let audit_public_key = Signer::load_or_create(&config.audit_key())?.public_key();
        let inner = Inner::reading(config, reader, audit_public_key)?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Ends the writer after what waits, and closes the connections.
    pub async fn close(&self) {
        // The writer closes last: only a connection that may write folds the write-ahead log into the file.
        let _ = self.inner.reader.close_by_ref().await;
        drop(self.inner.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
        if let Some(task) = self.inner.task.lock().await.take() {
            let _ = task.await;
        }
    }

    /// The row with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get<E: Record>(&self, id: Uuid) -> Result<E::Model, StoreError> {
        crate::write::get::<E, _>(self.reader(), id).await
    }

    /// How this store was opened.
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The key that checks the signed roots of the audit log.
    pub fn audit_public_key(&self) -> [u8; 32] {
        self.inner.audit_public_key
    }

    /// The wall clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::from(self.inner.config.clock.now())
    }

    /// A new id.
    ///
    /// # Errors
    /// [`StoreError::Random`].
    pub fn new_id(&self) -> Result<Uuid, StoreError> {
        self.inner.ids.next(self.now())
    }

    /// A secret of 256 bits as text.
    ///
    /// # Errors
    /// [`StoreError::Random`].
    pub fn secret_text(&self) -> Result<String, StoreError> {
        Ok(crate::hash::hex(&crate::id::random::<32>()?))
    }

    /// Changes with every commit that touches a row on which rights rest, so that what was worked out from such rows
    /// may be kept while this stays. `None` when other processes write to the same database.
    pub fn rights_epoch(&self) -> Option<u64> {
        let alone = self.inner.config.database == Database::Sqlite;
        alone.then(|| self.inner.rights_epoch.load(Ordering::Acquire))
    }

    /// Commits so far, where no other process commits to the same database.
    pub(crate) fn epoch(&self) -> Option<u64> {
        (self.inner.config.database == Database::Sqlite).then(|| self.inner.commits.load(Ordering::Acquire))
    }

    pub(crate) fn counted(&self, asked: &str, epoch: u64) -> Option<u64> {
        let counts = self.inner.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        counts.get(asked).filter(|known| known.0 == epoch).map(|known| known.1)
    }

    pub(crate) fn remember_count(&self, asked: String, epoch: u64, count: u64) {
        let mut counts = self.inner.counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if counts.len() >= COUNTS {
            counts.clear();
        }
        counts.insert(asked, (epoch, count));
    }

    /// Commits since the store was opened.
    pub fn commits(&self) -> u64 {
        self.inner.commits.load(Ordering::Relaxed)
    }

    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    pub(crate) fn master(&self) -> &MasterKey {
        &self.inner.master
    }

    pub(crate) fn writer(&self) -> Result<mpsc::Sender<Work>, StoreError> {
        let writer = self.inner.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        writer.clone().ok_or(StoreError::Closed)
    }
}

/// A pool of connections to the database of a store.
pub(crate) async fn connect(
    config: &Config,
    connections: u32,
    read_only: bool,
) -> Result<DatabaseConnection, StoreError> {
    match &config.database {
        Database::Sqlite => {
            open_file(&config.database_file(), connections, read_only, config.busy_timeout).await
        }
        Database::Postgres { url } => {
            let options: PgConnectOptions = url.parse()?;
            let options = options
                .application_name("bulwark")
                .options([("lock_timeout", format!("{}ms", config.busy_timeout.as_millis()))]);
            let pool = PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(config.busy_timeout)
                .connect_with(options)
                .await?;
            Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
        }
    }
}

async fn open_file(
    path: &Path,
    connections: u32,
    read_only: bool,
    busy_timeout: Duration,
) -> Result<DatabaseConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(!read_only)
        .read_only(read_only)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // The longest page, so that the thread of the connection never waits for whoever reads from it.
        .row_buffer_size(ROW_BUFFER)
        .busy_timeout(busy_timeout);
    let options = if read_only { options } else { options.journal_mode(SqliteJournalMode::Wal) };
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        // A file does not hang up; asking before each query costs two changes of thread.
        .test_before_acquire(false)
        .acquire_timeout(busy_timeout)
        .connect_with(options)
        .await?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// Lets one process at a time append to the audit log of a server that several share; a file has one writer anyway.
pub(crate) async fn lock_log<C: ConnectionTrait>(conn: &C) -> Result<(), StoreError> {
    if conn.get_database_backend() == DbBackend::Postgres {
        let sql = "SELECT pg_advisory_xact_lock(4268755)";
        conn.execute_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    }
    Ok(())
}
