//! Why the store refuses, for programs and for people.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use bulwark_i18n::{Catalogue, args, file_size};
use bulwark_model::{Diagnostic, Lang, Location, Text};
use sea_orm::{DbErr, RuntimeErr, SqlErr, SqlxError};

/// Why something could not be read or written. One failure may reach several callers (a group commit), so it can
/// be cloned.
///
/// Codes are stable ([`StoreError::code`]); [`StoreError::diagnostic`] gives the words for people.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database was written by a newer program.
    #[error("the database has schema {found}, this program knows {known}")]
    NewerSchema {
        /// The newest migration in the database.
        found: String,
        /// The newest migration of this program.
        known: &'static str,
    },
    /// Another process holds the database longer than the waiting time.
    #[error("the database is locked by another process")]
    Busy,
    /// The system has no room for more.
    #[error("no space left to write")]
    DiskFull,
    /// The database said something else.
    #[error("the database failed: {0}")]
    Database(DbErr),
    /// The file is no database or is damaged.
    #[error("the database is damaged: {0}")]
    Corrupt(String),
    /// Someone saved in between.
    #[error("{kind} {id} was changed by someone else: version {theirs}, not {mine}")]
    Conflict {
        /// Table.
        kind: &'static str,
        /// Row.
        id: String,
        /// The version that the caller had read.
        mine: i64,
        /// The version in the database.
        theirs: i64,
    },
    /// There is no such row.
    #[error("there is no {kind} {id}")]
    NotFound {
        /// Table.
        kind: &'static str,
        /// Row.
        id: String,
    },
    /// A value that must be unique is there already.
    #[error("already there: {0}")]
    Duplicate(String),
    /// A row that is referred to is missing, or a row is still referred to.
    #[error("reference broken: {0}")]
    Reference(String),
    /// An audit sink did not take the entries: nothing was written.
    #[error("the audit log cannot be written: {0}")]
    AuditUnavailable(Arc<std::io::Error>),
    /// Database and audit file do not tell the same story.
    #[error("the audit log does not agree with the database: {0}")]
    AuditMismatch(String),
    /// A change came without an audit entry.
    #[error("a change without an audit entry was refused")]
    Unaudited,
    /// Others may read a secret.
    #[error("{} has mode {mode:04o}: others may read it", path.display())]
    KeyPermissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key file is not in its one form, or is not the key of this database.
    #[error("{} is not the key", path.display())]
    KeyMalformed {
        /// The key file.
        path: PathBuf,
    },
    /// A sealed value does not belong where it stands, or was altered.
    #[error("the sealed {place} cannot be opened")]
    Unsealable {
        /// Table, column and row.
        place: String,
    },
    /// Another process has the store open for writing.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused to read or write.
    #[error("cannot read or write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: Arc<std::io::Error>,
    },
    /// A piece of evidence is over the limit.
    #[error("the evidence has more than {limit} bytes")]
    EvidenceTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// The content of an evidence file does not have its hash.
    #[error("evidence {hash} was altered")]
    EvidenceAltered {
        /// The hash it should have.
        hash: String,
    },
    /// A backup or copy does not hold what its manifest says.
    #[error("{what} differs: {found} instead of {expected}")]
    CopyDiffers {
        /// Table or file.
        what: String,
        /// What the source has.
        expected: String,
        /// What the copy has.
        found: String,
    },
    /// The place to write to is not empty.
    #[error("{place} is not empty")]
    NotEmpty {
        /// Folder or database.
        place: String,
    },
    /// A value is not allowed.
    #[error("{field}: {why}")]
    BadValue {
        /// The field.
        field: String,
        /// The rule that it breaks.
        why: String,
    },
    /// The store was closed, or its writer ended.
    #[error("the store is closed")]
    Closed,
    /// The work inside a transaction panicked; it was rolled back.
    #[error("the work panicked and was rolled back")]
    Panicked,
    /// The system's random source failed.
    #[error("the system's random source failed")]
    Random,
}

impl StoreError {
    /// A failure at a file. A full disk is told as such.
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        if is_full(&source) {
            return Self::DiskFull;
        }
        Self::Io { path: path.to_owned(), source: Arc::new(source) }
    }

    /// A failure of an audit sink.
    pub(crate) fn audit(source: std::io::Error) -> Self {
        if is_full(&source) { Self::DiskFull } else { Self::AuditUnavailable(Arc::new(source)) }
    }

    /// The stable code, `BW-STORE-NNN`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NewerSchema { .. } => "BW-STORE-001",
            Self::Busy => "BW-STORE-002",
            Self::DiskFull => "BW-STORE-003",
            Self::Database(_) => "BW-STORE-004",
            Self::Conflict { .. } => "BW-STORE-005",
            Self::NotFound { .. } => "BW-STORE-006",
            Self::Duplicate(_) => "BW-STORE-007",
            Self::Reference(_) => "BW-STORE-008",
            Self::AuditUnavailable(_) => "BW-STORE-009",
            Self::AuditMismatch(_) => "BW-STORE-010",
            Self::Unaudited => "BW-STORE-011",
            Self::KeyPermissions { .. } => "BW-STORE-012",
            Self::KeyMalformed { .. } => "BW-STORE-013",
            Self::Unsealable { .. } => "BW-STORE-014",
            Self::InUse { .. } => "BW-STORE-015",
            Self::Io { .. } => "BW-STORE-016",
            Self::EvidenceTooLarge { .. } => "BW-STORE-017",
            Self::EvidenceAltered { .. } => "BW-STORE-018",
            Self::CopyDiffers { .. } => "BW-STORE-019",
            Self::NotEmpty { .. } => "BW-STORE-020",
            Self::BadValue { .. } => "BW-STORE-021",
            Self::Closed => "BW-STORE-022",
            Self::Panicked => "BW-STORE-023",
            Self::Random => "BW-STORE-024",
            Self::Corrupt(_) => "BW-STORE-025",
        }
    }

    /// The message for people; `place` names the database or folder as the person gave it.
    pub fn diagnostic(&self, place: &str) -> Diagnostic {
        let code = self.code();
        let what = Text::new(self.what(Lang::ZhTw), self.what(Lang::En));
        let mut hint = texts().text(&format!("{code}.hint"), &[]);
        if let Self::KeyPermissions { path, .. } = self {
            hint = texts().text(&format!("{code}.hint"), &args![path = path.display()]);
        }
        let file = |path: &Path| Location::File { path: path.display().to_string(), line: 0, column: 0 };
        let location = match self {
            Self::KeyPermissions { path, .. }
            | Self::KeyMalformed { path }
            | Self::InUse { path }
            | Self::Io { path, .. } => file(path),
            _ => Location::Named(place.to_owned()),
        };
        let diagnostic = Diagnostic::new(code, what, hint).at(location);
        match self {
            Self::Database(source) => diagnostic.because(source),
            Self::AuditUnavailable(source) | Self::Io { source, .. } => diagnostic.because(source),
            Self::Corrupt(cause)
            | Self::AuditMismatch(cause)
            | Self::Duplicate(cause)
            | Self::Reference(cause) => diagnostic.because(cause),
            _ => diagnostic,
        }
    }

    fn what(&self, lang: Lang) -> String {
        let args: Vec<(&str, String)> = match self {
            Self::NewerSchema { found, known } => args![found = found, known = known].into(),
            Self::Conflict { kind, id, mine, theirs } => {
                args![kind = kind, id = id, mine = mine, theirs = theirs].into()
            }
            Self::NotFound { kind, id } => args![kind = kind, id = id].into(),
            Self::KeyPermissions { mode, .. } => args![mode = format!("{mode:04o}")].into(),
            Self::Unsealable { place } | Self::NotEmpty { place } => args![place = place].into(),
            Self::EvidenceTooLarge { limit } => args![limit = file_size(*limit)].into(),
            Self::EvidenceAltered { hash } => args![hash = hash].into(),
            Self::CopyDiffers { what, expected, found } => {
                args![what = what, expected = expected, found = found].into()
            }
            Self::BadValue { field, why } => args![field = field, why = why].into(),
            _ => Vec::new(),
        };
        texts().text(&format!("{}.what", self.code()), &args).get(lang).to_owned()
    }
}

/// No space, no quota, or a file at its allowed size: all need the same remedy.
fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(message)) => return Self::Duplicate(message),
            Some(SqlErr::ForeignKeyConstraintViolation(message)) => return Self::Reference(message),
            _ => {}
        }
        if matches!(error, DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::Timeout)) {
            return Self::Busy;
        }
        let (DbErr::Conn(RuntimeErr::SqlxError(cause))
        | DbErr::Exec(RuntimeErr::SqlxError(cause))
        | DbErr::Query(RuntimeErr::SqlxError(cause))) = &error
        else {
            return Self::Database(error);
        };
        known(cause).unwrap_or(Self::Database(error))
    }
}

impl From<SqlxError> for StoreError {
    fn from(error: SqlxError) -> Self {
        known(&error).unwrap_or_else(|| Self::Database(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))))
    }
}

/// What the codes of SQLite (<https://www.sqlite.org/rescode.html>) and the SQLSTATE of PostgreSQL mean to us.
fn known(error: &SqlxError) -> Option<StoreError> {
    let SqlxError::Database(error) = error else { return None };
    let code = error.code()?;
    if let Ok(number) = code.parse::<u32>()
        && code.len() < 5
    {
        return match (number & 0xff, number) {
            (5 | 6, _) => Some(StoreError::Busy),
            // SQLITE_IOERR_WRITE: what a quota or size limit of the system becomes.
            (13, _) | (_, 778) => Some(StoreError::DiskFull),
            (11 | 26, _) => Some(StoreError::Corrupt(error.message().to_owned())),
            _ => None,
        };
    }
    match code.as_ref() {
        "53100" => Some(StoreError::DiskFull),
        "55P03" | "40P01" | "40001" => Some(StoreError::Busy),
        "XX001" | "XX002" => Some(StoreError::Corrupt(error.message().to_owned())),
        _ => None,
    }
}

/// The texts of this crate: `CODE.what`, `CODE.hint`.
pub fn texts() -> &'static Catalogue {
    static TEXTS: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::embedded("store", include_str!("zh-TW.toml"), include_str!("en.toml")));
    &TEXTS
}
