//! What a collector is asked to do. A plan becomes a list of tasks; each gives one record.

use serde::{Deserialize, Serialize};

/// One piece of collecting work. Its [`Task::key`] names its record and makes a run resumable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Everything DNS says about a name and its zone: NS, SOA, MX, TXT, DMARC, CAA, A, AAAA.
    Dns {
        /// Zone or host name.
        name: String,
    },
    /// Ask the resolver a few questions more about a name: DKIM keys, aliases of hosts.
    Lookup {
        /// Domain or host.
        name: String,
        /// Names and types to ask for.
        questions: Vec<(String, String)>,
    },
    /// Connect `samples` times to each address of a host.
    Tcp {
        /// Host name or address literal.
        host: String,
        /// Port.
        port: u16,
        /// Attempts an address.
        samples: u32,
    },
    /// Try every TLS version, one ClientHello each.
    TlsVersions {
        /// Host name.
        host: String,
        /// Port.
        port: u16,
    },
    /// One full handshake.
    TlsHandshake {
        /// Host name.
        host: String,
        /// Port.
        port: u16,
    },
    /// GET a URL and follow its redirects within the scope.
    Http {
        /// Absolute URL.
        url: String,
    },
    /// GET a page and the sub-resources it names.
    Page {
        /// Absolute URL.
        url: String,
    },
    /// Ask for well-known paths that should not be public.
    Paths {
        /// Absolute URL; its root is used.
        url: String,
    },
    /// One repetition of a transaction.
    Transaction {
        /// Name in the plan.
        name: String,
        /// Repetition, from 1.
        run: u32,
        /// Steps in order.
        steps: Vec<TransactionStep>,
    },
    /// Greet a mail server.
    Smtp {
        /// Mail host.
        host: String,
        /// Port, usually 25.
        port: u16,
    },
    /// See which ports accept connections.
    Ports {
        /// Host.
        host: String,
        /// Ports to try.
        ports: Vec<u16>,
    },
    /// Ask a host for its time by SNTP.
    Time {
        /// Host.
        host: String,
        /// Port, usually 123.
        port: u16,
    },
    /// Read-only facts of a PostgreSQL database.
    Postgres {
        /// Name in the plan.
        name: String,
        /// File that holds the connection string (never stored in evidence).
        dsn_file: String,
    },
    /// Open a page in Chromium.
    Browser {
        /// Absolute URL.
        url: String,
    },
    /// Facts of this machine.
    Host,
    /// List a folder of this machine.
    Files {
        /// Absolute path.
        path: String,
        /// Also hash the files (declared evidence files).
        hash: bool,
    },
    /// Follow the DNSSEC chain of a zone.
    Dnssec {
        /// Zone.
        zone: String,
    },
    /// Find out in depth what a TLS port accepts.
    TlsProfile {
        /// Host name.
        host: String,
        /// Port.
        port: u16,
    },
    /// Ask a URL in several ways.
    HttpVariants {
        /// Absolute URL.
        url: String,
    },
    /// Read-only facts of a MySQL or MariaDB server.
    Mysql {
        /// Name in the plan.
        name: String,
        /// File that holds the connection string (never stored in evidence).
        dsn_file: String,
    },
    /// Latency and use of the storage under a folder of this machine.
    Storage {
        /// Absolute path of the folder.
        path: String,
        /// Earlier use of the file system, CSV `unix_seconds,used_bytes,total_bytes`; empty for none.
        history_file: String,
    },
    /// Count a web access log of this machine.
    AccessLog {
        /// Absolute path, `.gz` allowed.
        path: String,
    },
    /// Count a PostgreSQL server log of this machine.
    PgLog {
        /// Absolute path, `.gz` allowed.
        path: String,
    },
}

/// One step of a transaction.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TransactionStep {
    /// Name shown in results.
    pub name: String,
    /// `GET` or `HEAD`.
    pub method: String,
    /// Absolute URL; `${name}` is replaced by an extracted value (percent-encoded).
    pub url: String,
    /// Values to take from the answer for later steps.
    pub extract: Vec<Extract>,
    /// Status expected; 0 means any 2xx.
    pub expect_status: u16,
    /// Text the body must hold; empty means none.
    pub expect_text: String,
    /// JSON pointer and the value expected there, as JSON text.
    pub expect_json: Option<(String, String)>,
}

/// A value taken from an answer.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Extract {
    /// Name for `${name}`.
    pub name: String,
    /// Text before the value.
    pub after: String,
    /// Text after the value.
    pub before: String,
    /// JSON pointer instead of `after`/`before`, when not empty.
    pub json: String,
}

impl Task {
    /// Stable name of this task within a run: same plan, same key.
    pub fn key(&self) -> String {
        match self {
            Self::Dns { name } => format!("dns:{name}"),
            Self::Lookup { name, .. } => format!("dns:lookup:{name}"),
            Self::Tcp { host, port, .. } => format!("tcp:{host}:{port}"),
            Self::TlsVersions { host, port } => format!("tls_versions:{host}:{port}"),
            Self::TlsHandshake { host, port } => format!("tls_handshake:{host}:{port}"),
            Self::Http { url } => format!("http:{url}"),
            Self::Page { url } => format!("page:{url}"),
            Self::Paths { url } => format!("paths:{url}"),
            Self::Transaction { name, run, .. } => format!("transaction:{name}#{run:04}"),
            Self::Smtp { host, port } => format!("smtp:{host}:{port}"),
            Self::Ports { host, .. } => format!("ports:{host}"),
            Self::Time { host, port } => format!("time:{host}:{port}"),
            Self::Postgres { name, .. } => format!("postgres:{name}"),
            Self::Browser { url } => format!("browser:{url}"),
            Self::Host => "host:self".into(),
            Self::Files { path, .. } => format!("files:{path}"),
            Self::Dnssec { zone } => format!("dnssec:{zone}"),
            Self::TlsProfile { host, port } => format!("tls_profile:{host}:{port}"),
            Self::HttpVariants { url } => format!("http_variants:{url}"),
            Self::Mysql { name, .. } => format!("mysql:{name}"),
            Self::Storage { path, .. } => format!("storage:{path}"),
            Self::AccessLog { path } => format!("access_log:{path}"),
            Self::PgLog { path } => format!("pg_log:{path}"),
        }
    }

    /// The kind of body this task brings back (see `evidence::Body::kind`).
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Dns { .. } | Self::Lookup { .. } => "dns",
            Self::Tcp { .. } => "tcp",
            Self::TlsVersions { .. } => "tls_versions",
            Self::TlsHandshake { .. } => "tls_handshake",
            Self::Http { .. } => "http",
            Self::Page { .. } => "page",
            Self::Paths { .. } => "paths",
            Self::Transaction { .. } => "transaction",
            Self::Smtp { .. } => "smtp",
            Self::Ports { .. } => "ports",
            Self::Time { .. } => "time",
            Self::Postgres { .. } => "postgres",
            Self::Browser { .. } => "browser",
            Self::Host => "host",
            Self::Files { .. } => "files",
            Self::Dnssec { .. } => "dnssec",
            Self::TlsProfile { .. } => "tls_profile",
            Self::HttpVariants { .. } => "http_variants",
            Self::Mysql { .. } => "mysql",
            Self::Storage { .. } => "storage",
            Self::AccessLog { .. } => "access_log",
            Self::PgLog { .. } => "pg_log",
        }
    }

    /// What the task looks at, for people.
    pub fn subject(&self) -> String {
        match self {
            Self::Dns { name }
            | Self::Lookup { name, .. }
            | Self::Dnssec { zone: name }
            | Self::Postgres { name, .. }
            | Self::Mysql { name, .. } => name.clone(),
            Self::Transaction { name, run, .. } => format!("{name} #{run}"),
            Self::Tcp { host, port, .. }
            | Self::TlsVersions { host, port }
            | Self::TlsHandshake { host, port }
            | Self::TlsProfile { host, port }
            | Self::Smtp { host, port }
            | Self::Time { host, port } => {
                if host.contains(':') {
                    format!("[{host}]:{port}")
                } else {
                    format!("{host}:{port}")
                }
            }
            Self::Ports { host, .. } => host.clone(),
            Self::Http { url }
            | Self::Page { url }
            | Self::Paths { url }
            | Self::HttpVariants { url }
            | Self::Browser { url } => url.clone(),
            Self::Host => "localhost".into(),
            Self::Files { path, .. }
            | Self::Storage { path, .. }
            | Self::AccessLog { path }
            | Self::PgLog { path } => path.clone(),
        }
    }
}
