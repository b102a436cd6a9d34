//! Why a bundle or a key is refused, for programs and for people.

use std::path::PathBuf;
use std::sync::LazyLock;

use bulwark_i18n::{Catalogue, args, date_time, file_size, number};
use bulwark_model::{Diagnostic, Lang, Location, Text};
use jiff::Timestamp;

use crate::name::readable;
use crate::{KeyId, NameFault, Sha256};

/// A record or one of the three leading entries, as named in an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordAt {
    /// Name inside the bundle.
    pub name: String,
    /// Position in the manifest, from 1. `None`: not a record of the manifest.
    pub index: Option<u64>,
}

impl RecordAt {
    /// An entry that the manifest does not list.
    pub(crate) fn unlisted(name: &str) -> Self {
        Self { name: name.to_owned(), index: None }
    }
}

impl std::fmt::Display for RecordAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Names found in a damaged file may hold anything.
        f.write_str(&readable(&self.name))?;
        self.index.map_or(Ok(()), |i| write!(f, " (#{i})"))
    }
}

/// Why a bundle or key was refused, or could not be written.
///
/// Codes are stable ([`BundleError::code`]); [`BundleError::diagnostic`] gives the words for people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The first bytes are of something else.
    #[error("not a Bulwark bundle")]
    NotABundle,
    /// The format's major version is newer than this program reads.
    #[error("bundle format {found} is newer than this program reads")]
    NewerFormat {
        /// The version in the file.
        found: u32,
    },
    /// The file ends too early.
    #[error("the file ends inside or before {record}")]
    Truncated {
        /// What should have been there.
        record: RecordAt,
    },
    /// A tar header (or the fixed first entry) is not what this format writes.
    #[error("the header of {record} was altered")]
    HeaderAltered {
        /// The record that should have stood there.
        record: RecordAt,
    },
    /// The manifest is signed but says something this format does not allow.
    #[error("manifest.json is not valid: {cause}")]
    ManifestAltered {
        /// What the parser or check said.
        cause: String,
    },
    /// The signature does not fit the manifest.
    #[error("the signature does not fit the manifest")]
    SignatureWrong,
    /// `manifest.sig` is not in its one form.
    #[error("manifest.sig is not valid: {cause}")]
    SignatureMalformed {
        /// What the parser or check said.
        cause: String,
    },
    /// Signed well, but by a key that the caller does not trust.
    #[error("signed by key {key_id}, which is not trusted here")]
    UnknownKey {
        /// The signer.
        key_id: KeyId,
    },
    /// A record of the manifest is not in the file.
    #[error("{record} is missing")]
    RecordMissing {
        /// The record.
        record: RecordAt,
    },
    /// The file holds a record that the manifest does not list, or one twice.
    #[error("{record} does not belong here")]
    RecordExtra {
        /// What was found.
        record: RecordAt,
    },
    /// Length, content or padding of a record differ from the manifest.
    #[error("{record} was altered")]
    RecordAltered {
        /// The first such record.
        record: RecordAt,
    },
    /// A record stands in another place than the manifest says.
    #[error("{record} is not in its place")]
    RecordOrder {
        /// The record that should have stood there.
        record: RecordAt,
    },
    /// A record name that is not allowed.
    #[error("record name {name:?} is not allowed: {fault:?}")]
    BadName {
        /// The name.
        name: String,
        /// The rule that it breaks.
        fault: NameFault,
    },
    /// The whole file is over the limit.
    #[error("the bundle has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// Bytes found or needed.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// One record (or the manifest) is over the limit.
    #[error("{record} has {bytes} bytes, more than {limit}")]
    RecordTooLarge {
        /// The record.
        record: RecordAt,
        /// Its bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// Too many records.
    #[error("the bundle has {count} records, more than {limit}")]
    TooManyRecords {
        /// Records found.
        count: u64,
        /// The limit.
        limit: u64,
    },
    /// The bundle belongs to another file (plan) than the one at hand.
    #[error("made for another {link}")]
    LinkMismatch {
        /// Name of the link, for example `plan`.
        link: String,
        /// Hash of the file at hand.
        expected: Sha256,
        /// Hash in the bundle; `None` when it has no such link.
        found: Option<Sha256>,
    },
    /// The time of use is over.
    #[error("expired at {at}")]
    Expired {
        /// Since when.
        at: Timestamp,
    },
    /// Bytes after the end, or an end that is not two blocks of zeros.
    #[error("there is data after the last record")]
    TrailingData,
    /// The system refused to read or write.
    #[error("cannot read or write {}", path.as_ref().map_or("the bundle".to_owned(), |p| p.display().to_string()))]
    Io {
        /// The file, where it is not the bundle itself.
        path: Option<PathBuf>,
        /// What the system said.
        source: std::io::Error,
    },
    /// Others may read the secret key.
    #[error("{} has mode {mode:04o}: others may read the key", path.display())]
    KeyPermissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A key file or line is not in its one form.
    #[error("{} is not a key", path.as_ref().map_or("the text".to_owned(), |p| p.display().to_string()))]
    KeyMalformed {
        /// The key file, if it came from one.
        path: Option<PathBuf>,
    },
    /// The bundle is of another kind.
    #[error("media type {found} instead of {expected}")]
    WrongMediaType {
        /// What the caller reads.
        expected: String,
        /// What the manifest says.
        found: String,
    },
    /// The bundle is meant for another tenant.
    #[error("meant for tenant {}", found.as_deref().unwrap_or("-"))]
    WrongTenant {
        /// The tenant at hand.
        expected: String,
        /// What the manifest says.
        found: Option<String>,
    },
    /// A source file changed between hashing and writing.
    #[error("{record} changed while the bundle was written")]
    SourceChanged {
        /// The record.
        record: RecordAt,
    },
    /// A field that the maker filled in is not allowed.
    #[error("{field} cannot be {value:?}")]
    BadField {
        /// The field of the manifest.
        field: &'static str,
        /// The value.
        value: String,
    },
    /// The caller asked for a record that is not there.
    #[error("there is no record {name:?}")]
    NoSuchRecord {
        /// The name asked for.
        name: String,
    },
}

impl BundleError {
    /// A failure of the bundle's own reader or writer.
    pub(crate) fn io(source: std::io::Error) -> Self {
        Self::Io { path: None, source }
    }

    /// A failure at a file.
    pub(crate) fn io_at(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::Io { path: Some(path.to_owned()), source }
    }

    /// The stable code, `BW-BUNDLE-NNN`.
    pub fn code(&self) -> &'static str {
        self.words().0
    }

    /// Code and catalogue key.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::NotABundle => ("BW-BUNDLE-001", "BW-BUNDLE-001"),
            Self::NewerFormat { .. } => ("BW-BUNDLE-002", "BW-BUNDLE-002"),
            Self::Truncated { .. } => ("BW-BUNDLE-003", "BW-BUNDLE-003"),
            Self::HeaderAltered { .. } => ("BW-BUNDLE-004", "BW-BUNDLE-004"),
            Self::ManifestAltered { .. } => ("BW-BUNDLE-005", "BW-BUNDLE-005"),
            Self::SignatureWrong => ("BW-BUNDLE-006", "BW-BUNDLE-006"),
            Self::UnknownKey { .. } => ("BW-BUNDLE-007", "BW-BUNDLE-007"),
            Self::RecordMissing { .. } => ("BW-BUNDLE-008", "BW-BUNDLE-008"),
            Self::RecordExtra { .. } => ("BW-BUNDLE-009", "BW-BUNDLE-009"),
            Self::RecordAltered { .. } => ("BW-BUNDLE-010", "BW-BUNDLE-010"),
            Self::RecordOrder { .. } => ("BW-BUNDLE-011", "BW-BUNDLE-011"),
            Self::BadName { .. } => ("BW-BUNDLE-012", "BW-BUNDLE-012"),
            Self::RecordTooLarge { .. } => ("BW-BUNDLE-013", "BW-BUNDLE-013"),
            Self::LinkMismatch { found: None, .. } => ("BW-BUNDLE-014", "link_absent"),
            Self::LinkMismatch { link, .. } if link == "plan" => ("BW-BUNDLE-014", "BW-BUNDLE-014"),
            Self::LinkMismatch { .. } => ("BW-BUNDLE-014", "link_mismatch"),
            Self::Expired { .. } => ("BW-BUNDLE-015", "BW-BUNDLE-015"),
            Self::TrailingData => ("BW-BUNDLE-016", "BW-BUNDLE-016"),
            Self::Io { .. } => ("BW-BUNDLE-017", "BW-BUNDLE-017"),
            Self::KeyPermissions { .. } => ("BW-BUNDLE-018", "BW-BUNDLE-018"),
            Self::KeyMalformed { .. } => ("BW-BUNDLE-019", "BW-BUNDLE-019"),
            Self::WrongMediaType { .. } => ("BW-BUNDLE-020", "BW-BUNDLE-020"),
            Self::WrongTenant { .. } => ("BW-BUNDLE-021", "BW-BUNDLE-021"),
            Self::SourceChanged { .. } => ("BW-BUNDLE-022", "BW-BUNDLE-022"),
            Self::BadField { .. } => ("BW-BUNDLE-023", "BW-BUNDLE-023"),
            Self::NoSuchRecord { .. } => ("BW-BUNDLE-024", "BW-BUNDLE-024"),
            Self::SignatureMalformed { .. } => ("BW-BUNDLE-025", "BW-BUNDLE-025"),
            Self::TooLarge { .. } => ("BW-BUNDLE-026", "BW-BUNDLE-026"),
            Self::TooManyRecords { .. } => ("BW-BUNDLE-027", "BW-BUNDLE-027"),
        }
    }

    /// The record that the error is about, where there is one.
    pub fn record(&self) -> Option<&RecordAt> {
        match self {
            Self::Truncated { record }
            | Self::HeaderAltered { record }
            | Self::RecordMissing { record }
            | Self::RecordExtra { record }
            | Self::RecordAltered { record }
            | Self::RecordOrder { record }
            | Self::RecordTooLarge { record, .. }
            | Self::SourceChanged { record } => Some(record),
            _ => None,
        }
    }

    /// The message for people. `file` is the bundle's path as the person gave it; the place is that
    /// file and, where one is known, the record in it (`result.bwr: evidence/a.json (#3)`).
    pub fn diagnostic(&self, file: &str) -> Diagnostic {
        let (code, key) = self.words();
        let what = Text::new(self.what(key, Lang::ZhTw), self.what(key, Lang::En));
        let mut hint = texts().text(&format!("{key}.hint"), &[]);
        if let Self::KeyPermissions { path, .. } = self {
            hint = texts().text("BW-BUNDLE-018.hint", &args![path = path.display()]);
        }
        let place = |path: String| Location::File { path, line: 0, column: 0 };
        let location = match self {
            Self::KeyPermissions { path, .. }
            | Self::KeyMalformed { path: Some(path) }
            | Self::Io { path: Some(path), .. } => place(path.display().to_string()),
            Self::BadName { name, .. } | Self::NoSuchRecord { name } => {
                Location::Named(format!("{file}: {}", readable(name)))
            }
            _ => match self.record() {
                Some(record) => Location::Named(format!("{file}: {record}")),
                None => place(file.to_owned()),
            },
        };
        let diagnostic = Diagnostic::new(code, what, hint).at(location);
        match self {
            Self::Io { source, .. } => diagnostic.because(source),
            Self::ManifestAltered { cause } | Self::SignatureMalformed { cause } => diagnostic.because(cause),
            _ => diagnostic,
        }
    }

    fn what(&self, key: &str, lang: Lang) -> String {
        let args: Vec<(&str, String)> = match self {
            Self::NewerFormat { found } => args![found = found].into(),
            Self::UnknownKey { key_id } => args![key = key_id.short()].into(),
            Self::BadName { name, fault } => {
                let reason = texts().text(fault.key(), &[]).get(lang).to_owned();
                args![name = readable(name), reason = reason].into()
            }
            Self::TooLarge { bytes, limit } => {
                args![size = file_size(*bytes), limit = file_size(*limit)].into()
            }
            Self::RecordTooLarge { record, bytes, limit } => {
                args![record = record, size = file_size(*bytes), limit = file_size(*limit)].into()
            }
            Self::TooManyRecords { count, limit } => {
                args![count = number(*count), limit = number(*limit)].into()
            }
            Self::LinkMismatch { link, expected, found } => {
                let short = |hash: &Sha256| hash.to_string()[..12].to_owned();
                let found = found.as_ref().map(short).unwrap_or_default();
                args![link = link, expected = short(expected), found = found].into()
            }
            Self::Expired { at } => args![at = date_time(*at, lang)].into(),
            Self::KeyPermissions { mode, .. } => args![mode = format!("{mode:04o}")].into(),
            Self::WrongMediaType { expected, found } => args![expected = expected, found = found].into(),
            Self::WrongTenant { expected, found } => {
                args![expected = expected, found = found.as_deref().unwrap_or("-")].into()
            }
            Self::BadField { field, value } => args![field = field, value = readable(value)].into(),
            Self::NoSuchRecord { name } => args![name = readable(name)].into(),
            _ => self.record().map(|record| args![record = record].into()).unwrap_or_default(),
        };
        texts().text(&format!("{key}.what"), &args).get(lang).to_owned()
    }
}

/// The texts of this crate: `KEY.what`, `KEY.hint` per error, `name_fault.*`.
pub fn texts() -> &'static Catalogue {
    static TEXTS: LazyLock<Catalogue> =
        LazyLock::new(|| Catalogue::embedded("bundle", include_str!("zh-TW.toml"), include_str!("en.toml")));
    &TEXTS
}
