//! The installation a command is about: its settings and its store.

use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Exit, Lang, Location};
use bulwark_store::{Config, Database, Store, StoreError};

use crate::clock::{SystemClock, stopwatch};
use crate::config::{DatabaseKind, Settings, Tls, Which, load};
use crate::print::notes;
use crate::texts::{diagnostic, texts};

/// Bits that let others than owner and group into a folder.
pub const OTHERS: u32 = 0o007;
/// The key files of a store.
pub const KEYS: [&str; 2] = ["audit.key", "master.key"];

/// Codes of [`StoreError`] for what is not as it was written.
const DAMAGE: [&str; 5] = ["BW-STORE-010", "BW-STORE-014", "BW-STORE-018", "BW-STORE-019", "BW-STORE-025"];
/// Codes of what refused, or could not be read or written now.
const UNDONE: [&str; 8] = [
    "BW-STORE-001",
    "BW-STORE-002",
    "BW-STORE-003",
    "BW-STORE-004",
    "BW-STORE-009",
    "BW-STORE-015",
    "BW-STORE-016",
    "BW-CLI-036",
];

/// Settings, and the way to the store they name.
#[derive(Debug, Clone)]
pub struct Installation {
    /// The settings.
    pub settings: Settings,
}

impl Installation {
    /// From configuration and arguments. Whatever is written from now on is for this account alone.
    ///
    /// # Errors
    /// Every mistake of the configuration.
    pub fn load(which: &Which) -> Result<Self, Vec<Diagnostic>> {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
        Ok(Self { settings: load(which)?.settings })
    }

    /// The data folder.
    pub fn dir(&self) -> &Path {
        &self.settings.store.dir
    }

    /// The data folder as people know it.
    pub fn place(&self) -> String {
        self.dir().display().to_string()
    }

    /// How to open the store.
    pub fn config(&self) -> Config {
        let store = &self.settings.store;
        let config = Config::sqlite(&store.dir, Arc::new(SystemClock), stopwatch());
        match (store.database, &store.url) {
            (DatabaseKind::Postgres, Some(url)) => {
                Config { database: Database::Postgres { url: url.reveal().clone() }, ..config }
            }
            _ => config,
        }
    }

    /// Where people reach it when it listens on `port`.
    pub fn origin(&self, port: u16) -> String {
        let server = &self.settings.server;
        let scheme = if server.tls == Tls::Off { "http" } else { "https" };
        server.origin.clone().unwrap_or_else(|| format!("{scheme}://localhost:{port}"))
    }

    /// Makes the data folder, or refuses one that others may enter or that has lost a key.
    ///
    /// # Errors
    /// BW-CLI-021, BW-CLI-031, BW-CLI-032.
    pub fn prepare(&self) -> Result<(), Vec<Diagnostic>> {
        let dir = self.dir();
        if !dir.exists() {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir);
            let failed = |e| diagnostic(texts(), "BW-CLI-021", &args![path = dir.display()]).because(e);
            return made.map_err(|e| vec![failed(e)]);
        }
        let mode = self.mode()?;
        if mode & OTHERS != 0 {
            let values = args![path = dir.display(), mode = format!("{mode:04o}")];
            return Err(vec![diagnostic(texts(), "BW-CLI-031", &values).at(self.location())]);
        }
        match self.lost_key() {
            Some(key) => Err(vec![self.without(key)]),
            None => Ok(()),
        }
    }

    /// Mode bits of the data folder.
    ///
    /// # Errors
    /// BW-CLI-030.
    pub fn mode(&self) -> Result<u32, Vec<Diagnostic>> {
        let found = std::fs::metadata(self.dir()).map_err(|e| vec![self.absent().because(e)])?;
        Ok(found.permissions().mode() & 0o7777)
    }

    /// A key file that is missing although the store was used: a new one must not take its place, for nothing that
    /// the old one sealed or signed would fit it.
    pub fn lost_key(&self) -> Option<&'static str> {
        let used = self.config().audit_file().exists();
        KEYS.into_iter().find(|key| used && !self.dir().join(key).exists())
    }

    /// The message about such a key.
    pub fn without(&self, key: &str) -> Diagnostic {
        let path = self.dir().join(key).display().to_string();
        diagnostic(texts(), "BW-CLI-032", &args![path = path]).at(self.location())
    }

    /// There must be a store already, with its keys.
    ///
    /// # Errors
    /// BW-CLI-030 and BW-CLI-032.
    pub fn existing(&self) -> Result<(), Vec<Diagnostic>> {
        let config = self.config();
        let lacks_file = config.database == Database::Sqlite && !config.database_file().exists();
        if lacks_file || !config.audit_file().exists() {
            return Err(vec![self.absent()]);
        }
        match self.lost_key() {
            Some(key) => Err(vec![self.without(key)]),
            None => Ok(()),
        }
    }

    /// The store for writing; alone.
    ///
    /// # Errors
    /// As [`Store::open`], and BW-CLI-031.
    pub async fn open(&self) -> Result<Store, Vec<Diagnostic>> {
        self.prepare()?;
        // A command does not wait for a server that runs: it would wait for ever.
        let config = Config { busy_timeout: Duration::from_secs(3), ..self.config() };
        Store::open(config).await.map_err(|e| self.failed(&e))
    }

    /// The store for reading, beside whatever runs.
    ///
    /// # Errors
    /// As [`Store::inspect`].
    pub async fn inspect(&self) -> Result<Store, Vec<Diagnostic>> {
        Store::inspect(self.config()).await.map_err(|e| self.failed(&e))
    }

    /// What the store said, as messages.
    pub fn failed(&self, error: &StoreError) -> Vec<Diagnostic> {
        vec![error.diagnostic(&self.place())]
    }

    /// The folder as a place of a message.
    pub fn location(&self) -> Location {
        Location::File { path: self.place(), line: 0, column: 0 }
    }

    fn absent(&self) -> Diagnostic {
        diagnostic(texts(), "BW-CLI-030", &args![path = self.dir().display()]).at(self.location())
    }
}

/// What a command ends with. A store that was damaged or altered is a finding (1), one that refused or could not be
/// read leaves the command undone (3); the rest is wrong usage (2). Design ruling 8.
///
/// # Errors
/// What is wrong usage.
pub fn ended(result: Result<Exit, Vec<Diagnostic>>, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let Err(found) = result else { return result };
    let has = |codes: &[&str]| found.iter().any(|note| codes.contains(&note.code.as_str()));
    if has(&DAMAGE) {
        notes(&found, lang);
        return Ok(Exit::Findings);
    }
    if has(&UNDONE) {
        notes(&found, lang);
        return Ok(Exit::Incomplete);
    }
    Err(found)
}

/// Runs what waits for disks and sockets.
///
/// # Errors
/// Its own, or BW-CLI-035 when the system gives no threads.
pub fn block_on<T>(work: impl Future<Output = Result<T, Vec<Diagnostic>>>) -> Result<T, Vec<Diagnostic>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| vec![diagnostic(texts(), "BW-CLI-035", &[]).because(e)])?;
    runtime.block_on(work)
}
