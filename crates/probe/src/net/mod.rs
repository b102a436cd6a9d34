//! The collectors: the only place of this crate that opens sockets (and, for the browser, starts
//! a program). A synchronous face over a small tokio runtime; tokio does not leak out.
//!
//! Every connection passes, in this order: is the host named by the plan, is the address allowed
//! from here, may we start now ([`crate::polite`]). Names are resolved once a run and pinned, so
//! an answer that changes under way (DNS rebinding) leads nowhere new.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bulwark_model::{Clock, Intensity};
use tokio::runtime::Runtime;

use crate::evidence::{Body, Outcome, Record};
use crate::failure::{Code, Failure, Step};
use crate::scope::Scope;
use crate::task::Task;

mod body;
mod browser;
pub mod cdp;
mod dial;
mod dns;
mod dnssec;
mod fetch;
mod http;
mod http_variants;
mod local;
mod mysql;
mod name;
mod pace;
mod page;
mod paths;
mod ports;
mod postgres;
mod smtp;
mod socks;
mod stop;
mod time;
mod tls;
mod tls_profile;
mod transaction;

#[cfg(test)]
#[expect(clippy::unchecked_time_subtraction, reason = "later minus earlier; a panic would be a found bug")]
mod low_tests;

pub use stop::Stop;

use pace::Pace;

/// How to probe.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What may be touched.
    pub scope: Scope,
    /// How hard.
    pub intensity: Intensity,
    /// Recursive resolvers; empty means those of `/etc/resolv.conf`.
    pub resolvers: Vec<SocketAddr>,
    /// Port on which name servers of a zone are asked.
    pub authoritative_port: u16,
    /// Trust anchors for DNSSEC as lines `ZONE IN DS …`; those of the root by default.
    pub dnssec_anchors: Vec<String>,
    /// More certificates to trust (PEM), besides the system's.
    pub trust_ca_file: Option<PathBuf>,
    /// Whom the owner of a target may ask; part of `User-Agent`.
    pub contact: Option<String>,
    /// Limit for one connection or one DNS answer.
    pub connect_timeout: Duration,
    /// Limit for one whole request, pauses of our own not counted.
    pub total_timeout: Duration,
    /// Chromium; `None` searches `PATH`.
    pub chromium: Option<PathBuf>,
    /// Limits on what is read.
    pub limits: Limits,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            intensity: Intensity::Low,
            resolvers: Vec::new(),
            authoritative_port: 53,
            dnssec_anchors: crate::dnssec::ROOT_ANCHORS.map(str::to_owned).to_vec(),
            trust_ca_file: None,
            contact: None,
            connect_timeout: Duration::from_secs(5),
            total_timeout: Duration::from_secs(20),
            chromium: None,
            limits: Limits::default(),
        }
    }
}

/// Limits on what is read from a target.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Body bytes read from the wire.
    pub wire_bytes: u64,
    /// Body bytes after decompression.
    pub decoded_bytes: u64,
    /// Decoded bytes for each byte on the wire, looked at from 1 MiB decoded on.
    pub ratio: u64,
    /// Bytes a second below which an answer is too slow…
    pub slowest_bytes_s: u64,
    /// …when it lasts this long.
    pub slow_window: Duration,
    /// How long an open port may keep silent before it is called silent.
    pub banner_wait: Duration,
    /// Longest stay of the browser on one page.
    pub browser: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wire_bytes: 1 << 20,
            decoded_bytes: 8 << 20,
            ratio: 200,
            slowest_bytes_s: 100,
            slow_window: Duration::from_secs(10),
            banner_wait: Duration::from_secs(2),
            browser: Duration::from_secs(30),
        }
    }
}

/// What a run has cost its targets so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// TCP connections started and UDP queries sent.
    pub connections: u64,
    /// HTTP requests and DNS questions.
    pub requests: u64,
    /// Bytes received.
    pub bytes_in: u64,
}

/// Counters behind [`Traffic`].
#[derive(Debug, Default)]
struct Counters {
    connections: AtomicU64,
    requests: AtomicU64,
    bytes_in: AtomicU64,
}

impl Counters {
    fn connection(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    fn received(&self, bytes: usize) {
        self.bytes_in.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// What all collectors of a run share.
struct Net {
    settings: Settings,
    clock: Arc<dyn Clock>,
    counters: Arc<Counters>,
    pace: Pace,
    names: name::Names,
    trust: tls::Trust,
}

impl Net {
    fn user_agent(&self) -> String {
        user_agent(self.settings.contact.as_deref())
    }

    /// The address policy, as a failure that names both.
    fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Failure> {
        if self.settings.scope.allows_address(address, self.settings.intensity) {
            Ok(())
        } else {
            Err(Failure::new(Step::Scope, Code::OutOfScope, format!("{host} ({address})")))
        }
    }

    /// Whether the plan names the host.
    fn check_host(&self, host: &str) -> Result<(), Failure> {
        if self.settings.scope.allows_host(host) {
            Ok(())
        } else {
            Err(Failure::new(Step::Scope, Code::OutOfScope, host))
        }
    }
}

/// What our requests call themselves, so that the owner of a target knows whom to ask.
pub fn user_agent(contact: Option<&str>) -> String {
    match contact {
        Some(contact) => format!("Bulwark-Probe/{} (+{contact})", env!("CARGO_PKG_VERSION")),
        None => format!("Bulwark-Probe/{}", env!("CARGO_PKG_VERSION")),
    }
}

/// Collects evidence; may be called from several threads at once.
pub struct Prober {
    runtime: Runtime,
    net: Arc<Net>,
}

impl std::fmt::Debug for Prober {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prober").field("settings", &self.net.settings).finish_non_exhaustive()
    }
}

impl Prober {
    /// A prober for one run.
    ///
    /// # Errors
    /// When the CA file of the settings cannot be read or no threads can be started.
    pub fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("bulwark-probe")
            .enable_all()
            .build()
            .map_err(|e| Failure::new(Step::Spawn, Code::Internal, e.to_string()))?;
        let trust = tls::Trust::load(settings.trust_ca_file.as_deref())?;
        let names = name::Names::new(&settings.resolvers);
        let pace = Pace::new(settings.intensity);
        let counters = Arc::default();
        Ok(Self { runtime, net: Arc::new(Net { settings, clock, counters, pace, names, trust }) })
    }

    /// Does one task. Never panics on what a target sends; `stop` ends it at once.
    pub fn collect(&self, task: &Task, stop: &Stop) -> Record {
        let started_at = self.net.clock.now();
        let began = std::time::Instant::now();
        let working = || {
            self.runtime.block_on(async {
                tokio::select! {
                    biased;
                    () = stop.wait() => Err(Failure::new(Step::Pace, Code::Interrupted, task.subject())),
                    result = Box::pin(dispatch(&self.net, task)) => result,
                }
            })
        };
        // A fault of ours costs one record, not the run.
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(working))
            .unwrap_or_else(|_| Err(Failure::new(Step::Decode, Code::Internal, "panic")));
        Record {
            key: task.key(),
            subject: task.subject(),
            started_at,
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            tool: concat!("bulwark-probe ", env!("CARGO_PKG_VERSION")).to_owned(),
            outcome: match result {
                Ok(body) => Outcome::Collected(Box::new(body)),
                Err(failure) => Outcome::Failed(failure),
            },
        }
    }

    /// What the run has cost its targets so far.
    pub fn traffic(&self) -> Traffic {
        let c = &self.net.counters;
        Traffic {
            connections: c.connections.load(Ordering::Relaxed),
            requests: c.requests.load(Ordering::Relaxed),
            bytes_in: c.bytes_in.load(Ordering::Relaxed),
        }
    }

    /// Names resolved so far and the addresses they are pinned to.
    pub fn pinned(&self) -> BTreeMap<String, Vec<IpAddr>> {
        self.net.names.pinned()
    }
}

async fn dispatch(net: &Arc<Net>, task: &Task) -> Result<Body, Failure> {
    Ok(match task {
        Task::Dns { name } => Body::Dns(Box::pin(dns::collect(net, name)).await?),
        Task::Lookup { name, questions } => Body::Dns(Box::pin(dns::lookup(net, name, questions)).await?),
        Task::Tcp { host, port, samples } => Body::Tcp(ports::tcp(net, host, *port, *samples).await?),
        Task::TlsVersions { host, port } => {
            Body::TlsVersions(Box::pin(tls::versions(net, host, *port)).await?)
        }
        Task::TlsHandshake { host, port } => {
            Body::TlsHandshake(Box::pin(tls::handshake(net, host, *port)).await?)
        }
        Task::Http { url } => Body::Http(Box::pin(fetch::collect(net, url)).await?),
        Task::Page { url } => Body::Page(Box::pin(page::collect(net, url)).await?),
        Task::Paths { url } => Body::Paths(Box::pin(paths::collect(net, url)).await?),
        Task::Transaction { name, run, steps } => {
            Body::Transaction(Box::pin(transaction::collect(net, name, *run, steps)).await?)
        }
        Task::Smtp { host, port } => Body::Smtp(Box::pin(smtp::collect(net, host, *port)).await?),
        Task::Ports { host, ports } => Body::Ports(Box::pin(ports::collect(net, host, ports)).await?),
        Task::Time { host, port } => Body::Time(Box::pin(time::collect(net, host, *port)).await?),
        Task::Postgres { name, dsn_file } => {
            Body::Postgres(Box::pin(postgres::collect(net, name, dsn_file)).await?)
        }
        Task::Browser { url } => Body::Browser(Box::pin(browser::collect(net, url)).await?),
        Task::Host => {
            Body::Host(Box::new(local::blocking(|| crate::io::host(std::path::Path::new("/"))).await?))
        }
        Task::Files { path, hash } => {
            let (path, hash) = (path.clone(), *hash);
            Body::Files(
                local::blocking(move || crate::io::files(std::path::Path::new("/"), &path, hash)).await??,
            )
        }
        Task::Dnssec { zone } => Body::Dnssec(Box::pin(dnssec::collect(net, zone)).await?),
        Task::TlsProfile { host, port } => {
            Body::TlsProfile(Box::pin(tls_profile::collect(net, host, *port)).await?)
        }
        Task::HttpVariants { url } => Body::HttpVariants(Box::pin(http_variants::collect(net, url)).await?),
        Task::Mysql { name, dsn_file } => Body::Mysql(Box::pin(mysql::collect(net, name, dsn_file)).await?),
        Task::Storage { path, history_file } => {
            let (path, history, clock) = (path.clone(), history_file.clone(), net.clock.clone());
            Body::Storage(local::blocking(move || local::storage(&*clock, &path, &history)).await??)
        }
        Task::AccessLog { path } => {
            let path = path.clone();
            Body::AccessLog(local::blocking(move || crate::log::io::access(&path)).await??)
        }
        Task::PgLog { path } => {
            let path = path.clone();
            Body::PgLog(local::blocking(move || crate::log::io::postgres(&path)).await??)
        }
    })
}

fn micros(d: Duration) -> u64 {
    u64::try_from(d.as_micros()).unwrap_or(u64::MAX)
}

fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}
