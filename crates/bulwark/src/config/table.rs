//! Every key there is, in the order of the example file: what it takes and what holds when it is not given. What each
//! is for stands in the catalogue under `config.SECTION.KEY`.

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `address:port`.
    Address,
    /// `address:port` on this machine alone.
    Loopback,
    /// `https://name` or `http://localhost`, with a port if need be.
    Origin,
    /// The address of a page elsewhere, over TLS.
    Https,
    /// `mailto:`, `tel:` or a page.
    Contact,
    /// A text that is not empty.
    Text,
    /// A file or folder; relative ones start at the folder of the configuration file.
    Path,
    /// A whole number within bounds.
    Whole(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text that is never shown; `KEY_file` names a file with it.
    Secret,
}

/// A key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// The table it stands in.
    pub section: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds otherwise, as written in TOML; `None` when nothing does.
    pub default: Option<&'static str>,
    /// A value for the example of a key without a default.
    pub sample: &'static str,
}

impl Key {
    /// `section.name`.
    pub fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("BULWARK__{}__{}", self.section.to_uppercase(), self.name.to_uppercase())
    }
}

const fn key(section: &'static str, name: &'static str, kind: Kind, default: &'static str) -> Key {
    Key { section, name, kind, default: Some(default), sample: "" }
}

const fn open(section: &'static str, name: &'static str, kind: Kind, sample: &'static str) -> Key {
    Key { section, name, kind, default: None, sample }
}

/// How TLS is done.
pub const TLS: &[&str] = &["off", "own-ca", "files"];
/// The databases.
pub const DATABASES: &[&str] = &["sqlite", "postgres"];

/// All keys. A secret stands before the key of its file.
pub const KEYS: &[Key] = &[
    key("server", "listen", Kind::Address, "\"127.0.0.1:8620\""),
    open("server", "origin", Kind::Origin, "\"https://bulwark.example.gov.tw\""),
    open("server", "contact", Kind::Contact, "\"mailto:security@agency.example.gov.tw\""),
    key("server", "tls", Kind::Word(TLS), "\"off\""),
    open("server", "tls_cert", Kind::Path, "\"/etc/bulwark/tls.crt\""),
    open("server", "tls_key", Kind::Path, "\"/etc/bulwark/tls.key\""),
    key("server", "health_listen", Kind::Loopback, "\"127.0.0.1:8621\""),
    key("store", "dir", Kind::Path, "\"/var/lib/bulwark\""),
    key("store", "database", Kind::Word(DATABASES), "\"sqlite\""),
    open("store", "url", Kind::Secret, "\"postgresql://bulwark:PASSWORD@db.example.gov.tw/bulwark\""),
    open("store", "url_file", Kind::Path, "\"/etc/bulwark/database-url\""),
    key("session", "hours", Kind::Whole(1, 24), "12"),
    key("session", "idle_minutes", Kind::Whole(5, 240), "30"),
    open("password", "breached", Kind::Path, "\"/usr/share/bulwark/pwned-passwords-sha1.txt\""),
    open("oidc", "issuer", Kind::Https, "\"https://login.agency.example.gov.tw\""),
    open("oidc", "client_id", Kind::Text, "\"bulwark\""),
    open("oidc", "client_secret", Kind::Secret, "\"SECRET\""),
    open("oidc", "client_secret_file", Kind::Path, "\"/etc/bulwark/oidc-secret\""),
    open("oidc", "acr", Kind::Text, "\"http://eidas.europa.eu/LoA/substantial\""),
    open("oidc", "ca_file", Kind::Path, "\"/etc/bulwark/agency-ca.crt\""),
    key("limits", "requests_per_second", Kind::Whole(0, 100_000), "50"),
    key("limits", "connections", Kind::Whole(16, 100_000), "1024"),
    key("limits", "connections_per_address", Kind::Whole(4, 100_000), "256"),
];

/// The key with this path.
pub fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path() == path)
}
