//! What collectors bring back. These structs *are* the stored form (evidence files in a result
//! bundle), so old evidence can be judged again by newer checks: fields are only ever added, with
//! `#[serde(default)]`. Raw bytes stay raw (DNS messages, certificates); parsing them is the
//! checks' business.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Bytes stored as base64 text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Blob(pub Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        s.serialize_str(&base64::engine::general_purpose::STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let text = String::deserialize(d)?;
        base64::engine::general_purpose::STANDARD.decode(text).map(Blob).map_err(serde::de::Error::custom)
    }
}

/// One evidence record: what one task brought back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The key of the task that made it; unique within a run.
    pub key: String,
    /// What was looked at: host, URL, zone, path.
    pub subject: String,
    /// When the collector started (UTC).
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Program and version that collected it.
    pub tool: String,
    /// What came back.
    pub outcome: Outcome,
}

/// Either evidence or the reason there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The collector did its work (the target may still have answered badly).
    Collected(Box<Body>),
    /// Nothing could be collected.
    Failed(Failure),
}

/// The evidence itself, by kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// DNS answers about one zone.
    Dns(Dns),
    /// TCP connection attempts to one port.
    Tcp(Tcp),
    /// Which TLS versions a port accepts.
    TlsVersions(TlsVersions),
    /// One complete TLS handshake with its certificates.
    TlsHandshake(TlsHandshake),
    /// One HTTP request with its redirects.
    Http(Http),
    /// A page and what it loads from hosts in scope.
    Page(Page),
    /// Answers to well-known paths that should not be public.
    Paths(Paths),
    /// One repetition of a declared transaction.
    Transaction(Transaction),
    /// An SMTP server's greeting.
    Smtp(Smtp),
    /// Which ports of a host accept connections, and what they say first.
    Ports(Ports),
    /// Offset of a host's clock.
    Time(TimeOffset),
    /// Read-only facts of one PostgreSQL database.
    Postgres(Postgres),
    /// What a real browser measured.
    Browser(Browser),
    /// Facts of this very machine.
    Host(Box<Host>),
    /// A folder listing (backups, evidence files).
    Files(Files),
    /// The DNSSEC chain of a zone, from the root down.
    Dnssec(Dnssec),
    /// What a TLS port accepts in depth: suites, groups, signatures, options.
    TlsProfile(TlsProfile),
    /// One URL asked in several ways: other origin, other encoding, other address family.
    HttpVariants(HttpVariants),
    /// Read-only facts of one MySQL or MariaDB database.
    Mysql(Mysql),
    /// Latency and use of the storage under a folder of this machine.
    Storage(Storage),
    /// Counts of a web access log.
    AccessLog(AccessLog),
    /// Counts of a PostgreSQL server log.
    PgLog(PgLog),
}

impl Body {
    /// The kind as a word, as in the stored form.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Tcp(_) => "tcp",
            Self::TlsVersions(_) => "tls_versions",
            Self::TlsHandshake(_) => "tls_handshake",
            Self::Http(_) => "http",
            Self::Page(_) => "page",
            Self::Paths(_) => "paths",
            Self::Transaction(_) => "transaction",
            Self::Smtp(_) => "smtp",
            Self::Ports(_) => "ports",
            Self::Time(_) => "time",
            Self::Postgres(_) => "postgres",
            Self::Browser(_) => "browser",
            Self::Host(_) => "host",
            Self::Files(_) => "files",
            Self::Dnssec(_) => "dnssec",
            Self::TlsProfile(_) => "tls_profile",
            Self::HttpVariants(_) => "http_variants",
            Self::Mysql(_) => "mysql",
            Self::Storage(_) => "storage",
            Self::AccessLog(_) => "access_log",
            Self::PgLog(_) => "pg_log",
        }
    }
}

/// A value, or why there is none: the small brother of [`Outcome`].
pub type Attempt<T> = Result<T, Failure>;

// ---- DNS -------------------------------------------------------------------------------------

/// Answers about one name and the zone it lies in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dns {
    /// The name asked for (A-label form).
    pub name: String,
    /// The zone apex found by walking up to a SOA, if any.
    pub apex: Option<String>,
    /// Every question and its answer, in the order asked.
    pub exchanges: Vec<DnsExchange>,
    /// The policy file of MTA-STS, when a TXT record announces one.
    #[serde(default)]
    pub mta_sts: Option<Box<MtaSts>>,
}

/// What came when the policy file of MTA-STS was fetched (RFC 8461 §3.3).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MtaSts {
    /// The file with its redirects, which senders do not follow.
    pub policy: Attempt<Http>,
    /// A handshake with the policy host: its certificate must be valid.
    pub handshake: Attempt<TlsHandshake>,
}

/// One question to one server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DnsExchange {
    /// `recursive` (the configured resolver) or `authoritative` (a name server of the zone).
    pub role: DnsRole,
    /// Host name of the server when it was found by name.
    #[serde(default)]
    pub server_name: Option<String>,
    /// Address and port asked.
    pub server: String,
    /// `udp` or `tcp`.
    pub transport: String,
    /// Name asked.
    pub name: String,
    /// Type asked, in letters (`NS`, `TXT`).
    pub rtype: String,
    /// Time to the answer in microseconds.
    pub rtt_us: u64,
    /// The whole DNS message as it came.
    pub answer: Attempt<Blob>,
}

/// Who was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DnsRole {
    /// The resolver of the plan or machine.
    Recursive,
    /// A name server of the zone.
    Authoritative,
    /// A name server of the parent zone: delegation and glue.
    Parent,
}

// ---- TCP, TLS --------------------------------------------------------------------------------

/// Connection attempts to one host and port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tcp {
    /// Host as the plan has it.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Every address the name resolved to, pinned for the whole run.
    pub addresses: Vec<String>,
    /// Attempts, several an address.
    pub samples: Vec<TcpSample>,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TcpSample {
    /// Address tried.
    pub address: String,
    /// Microseconds from SYN to established, or why not.
    pub rtt_us: Attempt<u64>,
}

/// Which protocol versions a port accepts, each tried by its own ClientHello.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TlsVersions {
    /// Host name sent as SNI.
    pub host: String,
    /// Address used.
    pub address: String,
    /// Port.
    pub port: u16,
    /// One entry a version, oldest first.
    pub attempts: Vec<TlsAttempt>,
}

/// One version tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TlsAttempt {
    /// `SSLv3`, `TLS 1.0` … `TLS 1.3`.
    pub version: String,
    /// What the server did.
    pub answer: Attempt<TlsAnswer>,
}

/// What a server did with a ClientHello.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsAnswer {
    /// Agreed: version and suite of its ServerHello.
    Accepted {
        /// Version it chose, as on the wire (0x0303 is TLS 1.2).
        version: u16,
        /// Cipher suite it chose.
        cipher: u16,
        /// Raw first flight, at most 4 KiB.
        hello: Blob,
    },
    /// Refused with an alert.
    Alert {
        /// 1 warning, 2 fatal.
        level: u8,
        /// RFC 8446 §6 alert number; 70 is protocol_version.
        description: u8,
    },
    /// Closed the connection without an answer: not supported.
    Closed,
    /// Answered something that is not TLS (first bytes kept): a plain port.
    NotTls {
        /// At most 64 bytes.
        first: Blob,
    },
}

/// One complete handshake by our TLS library, certificate errors noted rather than fatal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TlsHandshake {
    /// Host name sent as SNI and used for verification.
    pub host: String,
    /// Address used.
    pub address: String,
    /// Port.
    pub port: u16,
    /// `TLS 1.2` or `TLS 1.3`.
    pub version: String,
    /// Suite name, for example `TLS13_AES_128_GCM_SHA256`.
    pub cipher: String,
    /// Protocol agreed by ALPN, for example `h2`.
    pub alpn: Option<String>,
    /// Certificates as sent, leaf first, DER.
    pub chain: Vec<Blob>,
    /// Result of path building against the trust store at collection time: `None` is trusted, else the error in the library's words.
    pub trust_error: Option<String>,
    /// Whether a stapled OCSP response came.
    pub ocsp_stapled: bool,
    /// Which trust store was used, for example `system` or the plan's CA file.
    pub trust_store: String,
    /// Milliseconds for the handshake.
    pub handshake_ms: u64,
}

// ---- HTTP ------------------------------------------------------------------------------------

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// URL asked.
    pub url: String,
    /// Method.
    pub method: String,
    /// Address used.
    pub address: String,
    /// `HTTP/1.1` or `HTTP/2`.
    pub protocol: String,
    /// Status code.
    pub status: u16,
    /// Headers in order, names in lower case; values as UTF-8 with replacement.
    pub headers: Vec<(String, String)>,
    /// Bytes of the body on the wire (compressed).
    pub body_bytes: u64,
    /// Bytes after decompression.
    pub decoded_bytes: u64,
    /// Decoded body, at most 64 KiB kept, only for text types.
    pub body: String,
    /// True when the body was longer than what we read (1 MiB).
    pub truncated: bool,
    /// Why the body could not be read to its end or decoded (bomb, drip, bad gzip), if so.
    #[serde(default)]
    pub body_failure: Option<Failure>,
    /// Phase times in microseconds.
    pub phases: Phases,
}

impl Exchange {
    /// First value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// All values of a header.
    pub fn headers_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

/// Where the time of a request went, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Phases {
    /// Name resolution.
    pub resolve_us: u64,
    /// TCP connection.
    pub connect_us: u64,
    /// TLS handshake; 0 for plain HTTP.
    pub tls_us: u64,
    /// From the last byte of the request to the first of the answer.
    pub processing_us: u64,
    /// From the first to the last byte of the answer.
    pub transfer_us: u64,
}

impl Phases {
    /// The whole request.
    pub const fn total_us(&self) -> u64 {
        self.resolve_us
            .saturating_add(self.connect_us)
            .saturating_add(self.tls_us)
            .saturating_add(self.processing_us)
            .saturating_add(self.transfer_us)
    }
}

/// A request with its redirects; the last hop is the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Http {
    /// URL of the plan.
    pub url: String,
    /// Hops in order, redirects first.
    pub hops: Vec<Exchange>,
    /// Why the chain ended before a final answer (loop, left the scope, failure), if so.
    pub stopped: Option<Failure>,
}

/// A page with its sub-resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// The page after redirects.
    pub page: Http,
    /// Sub-resources named in the HTML, fetched when in scope.
    pub resources: Vec<Resource>,
    /// Sub-resources not fetched because there were too many.
    pub skipped: u32,
}

/// One sub-resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Absolute URL.
    pub url: String,
    /// `script`, `style`, `image`, `font`, `frame`, `media`, `other`.
    pub role: String,
    /// The answer (body not kept), or why none.
    pub answer: Attempt<Exchange>,
}

/// Well-known paths that should not be public.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paths {
    /// Web root asked, ending in `/`.
    pub base: String,
    /// Status and size of a path that surely does not exist (soft-404 baseline).
    pub baseline: Attempt<PathAnswer>,
    /// One entry a path.
    pub probes: Vec<PathProbe>,
}

/// One path asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathProbe {
    /// Path without leading slash, for example `.git/HEAD`.
    pub path: String,
    /// The answer, or why none.
    pub answer: Attempt<PathAnswer>,
}

/// The little that is kept of such an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PathAnswer {
    /// Status code.
    pub status: u16,
    /// `Content-Type`, empty when absent.
    pub content_type: String,
    /// `Content-Length` or bytes read.
    pub bytes: u64,
    /// First 64 bytes (enough to tell a dump from an error page; no secrets kept).
    pub first: Blob,
}

/// One repetition of a declared transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Transaction {
    /// Name in the plan.
    pub name: String,
    /// Repetition, from 1.
    pub run: u32,
    /// Steps in order, up to the first that failed.
    pub steps: Vec<StepRun>,
    /// Steps the plan declares.
    pub planned_steps: u32,
}

/// One step of a transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRun {
    /// Name in the plan or `METHOD path`.
    pub name: String,
    /// The answer, or why none.
    pub answer: Attempt<Exchange>,
    /// Expectations that were not met, in words of the plan (`status 200`, `text "查詢"`); empty is good.
    pub unmet: Vec<String>,
}

impl StepRun {
    /// True when an answer came and every expectation held.
    pub fn ok(&self) -> bool {
        self.answer.is_ok() && self.unmet.is_empty()
    }
}

// ---- other services --------------------------------------------------------------------------

/// An SMTP server's greeting and abilities.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Smtp {
    /// Mail host.
    pub host: String,
    /// Address used.
    pub address: String,
    /// Port.
    pub port: u16,
    /// Greeting line.
    pub banner: String,
    /// Lines of the EHLO answer, without codes.
    pub ehlo: Vec<String>,
    /// What came after STARTTLS: `None` when not offered.
    pub starttls: Option<Attempt<String>>,
    /// The handshake after STARTTLS with its certificates, for DANE and expiry.
    #[serde(default)]
    pub handshake: Option<TlsHandshake>,
}

/// Which ports accept connections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ports {
    /// Host.
    pub host: String,
    /// Address used.
    pub address: String,
    /// One entry a port tried, ascending.
    pub ports: Vec<PortState>,
}

/// One port.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PortState {
    /// Port.
    pub port: u16,
    /// `open`, `closed` (refused) or `filtered` (no answer).
    pub state: String,
    /// What it said within two seconds without being asked, at most 256 bytes.
    pub banner: Blob,
}

/// Offset of a clock against ours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeOffset {
    /// Host.
    pub host: String,
    /// `ntp` or `http-date`.
    pub method: String,
    /// Target minus ours, in milliseconds.
    pub offset_ms: i64,
    /// Half of the round trip: the answer is no better than this.
    pub uncertainty_ms: u64,
    /// NTP stratum, when known.
    pub stratum: Option<u8>,
}

/// Read-only facts of one database, by query name (see `crate::pg::QUERIES`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Postgres {
    /// Name in the plan.
    pub name: String,
    /// `host:port/database`, never a password.
    pub server: String,
    /// `server_version_num`.
    pub version_num: u32,
    /// Whether the session was encrypted.
    pub tls: bool,
    /// Time to log in, milliseconds.
    pub connect_ms: u64,
    /// Rows of each query as objects column → text (NULL is absent), or why none.
    pub queries: BTreeMap<String, Attempt<PgRows>>,
}

/// Rows of one query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PgRows {
    /// Milliseconds the query took.
    pub took_ms: u64,
    /// Rows, at most 100.
    pub rows: Vec<BTreeMap<String, String>>,
}

/// What a real browser measured on one page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Browser {
    /// URL opened.
    pub url: String,
    /// Browser and version.
    pub product: String,
    /// Largest contentful paint in milliseconds; `None` when the page painted nothing.
    pub lcp_ms: Option<f64>,
    /// First contentful paint in milliseconds.
    pub fcp_ms: Option<f64>,
    /// Cumulative layout shift.
    pub cls: f64,
    /// Time to first byte in milliseconds.
    pub ttfb_ms: Option<f64>,
    /// Load event in milliseconds.
    pub load_ms: Option<f64>,
    /// Requests made.
    pub requests: u32,
    /// Requests refused because they leave the scope, as URLs (at most 50).
    pub refused: Vec<String>,
    /// Messages on the console of level error (at most 20).
    pub console_errors: Vec<String>,
    /// Screenshot (PNG), at most 1280 × 800.
    pub screenshot: Blob,
}

/// Facts of this machine, raw where the file is small.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Host {
    /// Host name.
    pub hostname: String,
    /// `/etc/os-release` as it is.
    pub os_release: String,
    /// Kernel release.
    pub kernel: String,
    /// Seconds since boot.
    pub uptime_s: u64,
    /// Listening sockets.
    pub listeners: Vec<Listener>,
    /// Mounted file systems with real storage.
    pub mounts: Vec<Mount>,
    /// Names of running processes, sorted, without duplicates.
    pub processes: Vec<String>,
    /// Installed packages: manager, name, version.
    pub packages: Vec<Package>,
    /// Whether the kernel says its clock is synchronised, when it says so.
    pub clock_synchronised: Option<bool>,
    /// Security-relevant settings: sysctl and sshd lines by name.
    pub settings: BTreeMap<String, String>,
    /// Whether a reboot is asked for (`/run/reboot-required`).
    pub reboot_required: bool,
    /// Newest change of a package database, unix seconds.
    pub packages_changed_s: Option<i64>,
    /// What could not be read and why, `path: reason`.
    pub unread: Vec<String>,
}

/// A listening socket of this machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Listener {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Address, `0.0.0.0` or `::` for all.
    pub address: String,
    /// Port.
    pub port: u16,
    /// Process name when readable.
    pub process: Option<String>,
}

/// A mounted file system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Mount point.
    pub path: String,
    /// File-system type.
    pub fs: String,
    /// Size in bytes.
    pub total_bytes: u64,
    /// Free for ordinary users, in bytes.
    pub free_bytes: u64,
    /// Inodes.
    pub total_inodes: u64,
    /// Free inodes.
    pub free_inodes: u64,
}

/// An installed package.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Package {
    /// `dpkg`, `apk`, `rpm`.
    pub manager: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// A folder or a file of this machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Files {
    /// Path of the plan.
    pub path: String,
    /// Files below it, newest first, at most 1,000.
    pub files: Vec<FileFact>,
    /// Files left out by the limit.
    pub skipped: u32,
    /// Size and free space of the file system it lies on, when known.
    pub mount: Option<Mount>,
    /// What could not be read and why.
    pub unread: Vec<String>,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFact {
    /// Path relative to the folder.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Last change, unix seconds.
    pub modified_s: i64,
    /// Permission bits (octal value as number), 0 when unknown.
    pub mode: u32,
    /// SHA-256, only for declared evidence files up to 16 MiB.
    #[serde(default)]
    pub sha256: Option<String>,
}

// ---- in depth --------------------------------------------------------------------------------

/// Every answer needed to follow the chain of trust of a zone (RFC 4035), asked with DO and CD set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dnssec {
    /// The zone.
    pub zone: String,
    /// Zones on the way, root first, the zone itself last.
    pub path: Vec<String>,
    /// DS and DNSKEY of each zone on the way, SOA and a name that does not exist in the last one.
    pub exchanges: Vec<DnsExchange>,
    /// Trust anchors in force, as DS presentation lines (`. IN DS 20326 8 2 …`).
    pub anchors: Vec<String>,
}

/// What a TLS port accepts, found by our own ClientHellos.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TlsProfile {
    /// Host name sent as SNI.
    pub host: String,
    /// Address used.
    pub address: String,
    /// Port.
    pub port: u16,
    /// Handshakes begun for this profile.
    pub handshakes: u32,
    /// One entry a question, in the order asked.
    pub probes: Vec<TlsProbe>,
    /// Certificates as sent for each kind of key offered (leaf first), DER: RSA, ECDSA.
    pub chains: Vec<Vec<Blob>>,
    /// Stapled OCSP response, when one came.
    #[serde(default)]
    pub ocsp: Option<Blob>,
    /// Signed certificate timestamps outside the certificate (extension or OCSP).
    #[serde(default)]
    pub sct_list: Option<Blob>,
    /// Handshakes allowed at this intensity; what did not fit was not asked.
    #[serde(default)]
    pub budget: u32,
    /// The one complete handshake, when it was made: what only a session shows.
    #[serde(default)]
    pub session: Option<Attempt<TlsSession>>,
    /// Trusted certificates that the chains may lead to, DER.
    #[serde(default)]
    pub roots: Vec<Blob>,
}

/// What a complete handshake shows beyond a first flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsSession {
    /// Version agreed, as on the wire.
    pub version: u16,
    /// Signature scheme of the CertificateVerify or ServerKeyExchange, as on the wire.
    pub signature: Option<u16>,
    /// TLS 1.3 session tickets that came.
    pub tickets: u32,
    /// Most bytes of early data a ticket allows (RFC 8446 §4.2.10), 0 for none.
    pub early_data_bytes: u32,
}

/// One ClientHello and what came back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TlsProbe {
    /// What was asked: `suite`, `group`, `signature`, `any` (several at once: a refusal tells
    /// nothing), `order`, `compression`, `fallback`.
    pub question: String,
    /// Version offered, as on the wire.
    pub version: u16,
    /// Suites offered.
    pub suites: Vec<u16>,
    /// Groups offered.
    pub groups: Vec<u16>,
    /// Signature schemes offered.
    pub signatures: Vec<u16>,
    /// Whether a TLS 1.3 key share was sent along.
    #[serde(default)]
    pub key_share: bool,
    /// What the server did; `hello` holds its ServerHello and ServerKeyExchange.
    pub answer: Attempt<TlsAnswer>,
}

/// One URL asked in several ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpVariants {
    /// URL of the plan.
    pub url: String,
    /// One entry a way, by name: `plain`, `origin` (a foreign Origin header), `preflight` (OPTIONS),
    /// `encodings` (br, zstd, gzip offered), `ipv4`, `ipv6`, `conditional` (If-None-Match),
    /// `security_txt`, `robots`, `mta_sts`.
    pub variants: Vec<HttpVariant>,
}

/// One way of asking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpVariant {
    /// Name of the way.
    pub name: String,
    /// Headers we sent besides the usual ones.
    pub sent: Vec<(String, String)>,
    /// Hops, the answer last; or why none.
    pub answer: Attempt<Http>,
}

/// Read-only facts of one MySQL or MariaDB server, by query name (see `crate::mysql::QUERIES`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mysql {
    /// Name in the plan.
    pub name: String,
    /// `host:port/database`, never a password.
    pub server: String,
    /// Version as the server says it (`10.11.6-MariaDB-0+deb12u1`).
    pub version: String,
    /// Whether the session was encrypted.
    pub tls: bool,
    /// Time to log in, milliseconds.
    pub connect_ms: u64,
    /// Rows of each query as objects column → text, or why none.
    pub queries: BTreeMap<String, Attempt<PgRows>>,
}

/// Latency and use of the storage under a folder.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Storage {
    /// Folder of the plan.
    pub path: String,
    /// Its file system.
    pub mount: Option<Mount>,
    /// Device name as in `/proc/diskstats`, when known.
    pub device: Option<String>,
    /// Samples of `/proc/diskstats` for the device, oldest first.
    pub samples: Vec<DiskSample>,
    /// Microseconds of each read of 4 KiB.
    pub read_us: Vec<u64>,
    /// Whether the reads went round the page cache (O_DIRECT) or may have come from it.
    pub direct: bool,
    /// Use of the file system over time, oldest first: from the plan's history file and this run.
    pub fill: Vec<FillPoint>,
    /// What could not be read and why.
    pub unread: Vec<String>,
}

/// Counters of one device at one moment (kernel documentation, iostats).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskSample {
    /// Milliseconds since the first sample.
    pub at_ms: u64,
    /// Reads completed.
    pub reads: u64,
    /// Milliseconds spent reading.
    pub read_ms: u64,
    /// Writes completed.
    pub writes: u64,
    /// Milliseconds spent writing.
    pub write_ms: u64,
    /// Requests in flight.
    pub in_flight: u64,
    /// Milliseconds with work to do.
    pub busy_ms: u64,
}

/// Use of a file system at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillPoint {
    /// Unix seconds.
    pub at_s: i64,
    /// Bytes in use.
    pub used_bytes: u64,
    /// Size in bytes.
    pub total_bytes: u64,
}

/// Counts of a web access log. No address and no query string is kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct AccessLog {
    /// File of the plan.
    pub path: String,
    /// `combined`, `common`, `json`, `w3c`.
    pub format: String,
    /// Lines read.
    pub lines: u64,
    /// Lines that could not be understood, with the first few line numbers.
    pub bad_lines: u64,
    /// First few of those line numbers, from 1.
    pub bad_at: Vec<u64>,
    /// First and last request, unix seconds.
    pub first_s: Option<i64>,
    /// Last request, unix seconds.
    pub last_s: Option<i64>,
    /// Requests by status code.
    pub statuses: BTreeMap<u16, u64>,
    /// Busiest minutes: unix seconds of the minute and its requests, busiest first, at most 10.
    pub busiest_minutes: Vec<(i64, u64)>,
    /// Median of requests a minute over the span of the log, minutes without requests counted.
    pub median_per_minute: u64,
    /// Slowest paths with request time logged: path, requests, p95 in microseconds; at most 20.
    pub slow_paths: Vec<(String, u64, u64)>,
    /// Paths with most 5xx: path, count; at most 20.
    pub error_paths: Vec<(String, u64)>,
    /// Referrers (without query) that lead to most 404: referrer, count; at most 20.
    pub broken_referrers: Vec<(String, u64)>,
    /// Bytes sent in all.
    pub bytes_sent: u64,
    /// Pages (without query) and the missing paths they lead to: referrer, path, count; at most 50.
    #[serde(default)]
    pub broken_links: Vec<(String, String, u64)>,
    /// Answers of 5xx in each of the busiest minutes, in their order.
    #[serde(default)]
    pub busiest_errors: Vec<u64>,
    /// True when there were too many different paths, referrers or minutes to keep apart: the rare ones are missing.
    #[serde(default)]
    pub pruned: bool,
    /// Why reading ended before the end of the file, if it did.
    #[serde(default)]
    pub cut_short: Option<String>,
}

/// Counts of a PostgreSQL server log. Statement texts are kept with their literals taken out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PgLog {
    /// File of the plan.
    pub path: String,
    /// `stderr`, `csvlog`, `jsonlog`, `syslog`.
    pub format: String,
    /// Entries read (an entry may span lines).
    pub entries: u64,
    /// Lines that belong to no entry, with the first few line numbers.
    pub bad_lines: u64,
    /// First few of those line numbers, from 1.
    pub bad_at: Vec<u64>,
    /// First entry, unix milliseconds.
    pub first_ms: Option<i64>,
    /// Last entry, unix milliseconds.
    pub last_ms: Option<i64>,
    /// Entries by severity word (`ERROR`, `FATAL` …).
    pub levels: BTreeMap<String, u64>,
    /// Entries of interest by kind: `duration`, `checkpoint`, `temp_file`, `lock_wait`, `deadlock`,
    /// `autovacuum`, `autoanalyze`, `connection`, `disconnection`, `cancel`.
    pub kinds: BTreeMap<String, u64>,
    /// Temporary files: bytes in all and largest.
    pub temp_bytes: u64,
    /// Largest temporary file in bytes.
    pub temp_max_bytes: u64,
    /// Slowest statements, literals taken out: statement, count, milliseconds in all, slowest; at most 20.
    pub slow_statements: Vec<(String, u64, f64, f64)>,
    /// Most frequent errors, literals taken out: message, count; at most 20.
    pub errors: Vec<(String, u64)>,
    /// Lines read.
    #[serde(default)]
    pub lines: u64,
    /// Lines of another program in the same file (an operator's own messages), understood and passed over.
    #[serde(default)]
    pub other_lines: u64,
    /// `log_line_prefix` as found, for `stderr` and `syslog`.
    #[serde(default)]
    pub prefix: String,
    /// Milliseconds in all by phase: `execute`, `parse`, `bind`.
    #[serde(default)]
    pub durations_ms: BTreeMap<String, f64>,
    /// Statements that took at least 1, 10 and 60 seconds, by seconds.
    #[serde(default)]
    pub slower_than_s: BTreeMap<u32, u64>,
    /// Longest wait for a lock that is in the log, milliseconds.
    #[serde(default)]
    pub lock_wait_max_ms: f64,
    /// True when there were too many different statements or errors to keep apart: the rare ones are missing.
    #[serde(default)]
    pub pruned: bool,
    /// Why reading ended before the end of the file, if it did.
    #[serde(default)]
    pub cut_short: Option<String>,
}
