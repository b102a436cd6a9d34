//! Opening TCP connections: scope, pin, pace, connect, count.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::pace::Permit;
use super::{Counters, Net};
use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Report};

/// How many of the first bytes of a connection are kept to tell what it speaks.
const TAP_BYTES: usize = 64;

/// The first bytes a peer sent, whatever layer read them.
#[derive(Debug, Clone, Default)]
pub(super) struct Tap(Arc<Mutex<Vec<u8>>>);

impl Tap {
    /// The first bytes, at most [`TAP_BYTES`].
    pub(super) fn first(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// True when the peer has sent nothing.
    pub(super) fn silent(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// True when the peer sent something that is no TLS record.
    pub(super) fn not_tls(&self) -> bool {
        let first = self.first();
        !first.is_empty() && !looks_like_tls(&first)
    }

    /// True when the peer sent a TLS record.
    pub(super) fn tls(&self) -> bool {
        looks_like_tls(&self.first())
    }
}

/// A TLS record starts with its type (20–24) and a version 3.x.
fn looks_like_tls(first: &[u8]) -> bool {
    matches!(first, [20..=24] | [20..=24, 3, ..])
}

/// A TCP stream that counts what it receives and holds its place with the pacer.
pub(super) struct Stream {
    inner: TcpStream,
    counters: Arc<Counters>,
    tap: Tap,
    permit: Arc<Permit>,
}

impl Stream {
    /// The place at the address; taken until the last holder drops it.
    pub(super) fn permit(&self) -> Arc<Permit> {
        self.permit.clone()
    }

    /// The first bytes the peer sent.
    pub(super) fn tap(&self) -> Tap {
        self.tap.clone()
    }

    /// Tells the pacer how it went.
    pub(super) fn report(&self, report: Report) {
        self.permit.report(report);
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let new = buf.filled().get(before..).unwrap_or_default();
        if !new.is_empty() {
            self.counters.received(new.len());
            let mut tap = self.tap.0.lock().unwrap_or_else(PoisonError::into_inner);
            let room = TAP_BYTES.saturating_sub(tap.len()).min(new.len());
            tap.extend_from_slice(&new[..room]);
        }
        polled
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// An open connection and what it took to open.
pub(super) struct Dialled {
    pub(super) stream: Stream,
    pub(super) address: SocketAddr,
    pub(super) resolve: Duration,
    pub(super) connect: Duration,
}

/// Where a host leads.
pub(super) struct Located {
    /// Pinned addresses that may be connected to.
    pub(super) addresses: Vec<IpAddr>,
    /// Time for resolving; nothing when pinned before.
    pub(super) took: Duration,
}

impl Net {
    /// Resolves a host of the plan and drops addresses out of scope.
    pub(super) async fn locate(&self, host: &str) -> Result<Located, Failure> {
        let host = super::name::canonical(host)?;
        self.check_host(&host)?;
        let found = self.resolve(&host).await?;
        let mut refused = None;
        let mut addresses = Vec::new();
        for address in found.addresses {
            match self.check_address(&host, address) {
                Ok(()) => addresses.push(address),
                Err(e) => refused = Some(e),
            }
        }
        match refused {
            Some(e) if addresses.is_empty() => Err(e),
            _ => Ok(Located { addresses, took: found.took }),
        }
    }

    /// Connects to a host of the plan: its first IPv4 address, then its first IPv6 address.
    pub(super) async fn dial(&self, host: &str, port: u16, class: Class) -> Result<Dialled, Failure> {
        let located = self.locate(host).await?;
        let mut tried = Vec::new();
        let v4 = located.addresses.iter().find(|a| a.is_ipv4());
        let v6 = located.addresses.iter().find(|a| a.is_ipv6());
        let mut last = Failure::new(Step::Resolve, Code::NoAddress, host);
        for address in [v4, v6].into_iter().flatten() {
            let at = SocketAddr::new(*address, port);
            match self.connect(at, class).await {
                Ok((stream, connect)) => {
                    return Ok(Dialled { stream, address: at, resolve: located.took, connect });
                }
                Err(e) if e.code == Code::CircuitOpen => return Err(e),
                Err(e) => {
                    tried.push(e.detail.clone());
                    last = e;
                }
            }
        }
        last.detail = if tried.is_empty() { last.detail } else { tried.join("; ") };
        Err(last)
    }

    /// Connects to one address of a host of the plan.
    pub(super) async fn dial_at(
        &self,
        host: &str,
        ip: IpAddr,
        port: u16,
        class: Class,
    ) -> Result<Dialled, Failure> {
        let located = self.locate(host).await?;
        if !located.addresses.contains(&ip) {
            return Err(Failure::new(Step::Resolve, Code::NoAddress, format!("{host} ({ip})")));
        }
        let address = SocketAddr::new(ip, port);
        let (stream, connect) = self.connect(address, class).await?;
        Ok(Dialled { stream, address, resolve: located.took, connect })
    }

    /// Connects to one address that was checked before.
    pub(super) async fn connect(&self, at: SocketAddr, class: Class) -> Result<(Stream, Duration), Failure> {
        self.connect_reporting(at, class, true).await
    }

    /// Connects; `blame` says whether a failure counts against the address (not when looking
    /// which ports are closed).
    pub(super) async fn connect_reporting(
        &self,
        at: SocketAddr,
        class: Class,
        blame: bool,
    ) -> Result<(Stream, Duration), Failure> {
        let permit = self.pace.enter(at.ip(), class).await?;
        self.counters.connection();
        let began = Instant::now();
        let result = tokio::time::timeout(self.settings.connect_timeout, TcpStream::connect(at)).await;
        let took = began.elapsed();
        let failure = match result {
            Ok(Ok(inner)) => {
                // Small requests go out at once; failing to set this only costs milliseconds.
                let _ = inner.set_nodelay(true);
                let stream = Stream {
                    inner,
                    counters: self.counters.clone(),
                    tap: Tap::default(),
                    permit: Arc::new(permit),
                };
                return Ok((stream, took));
            }
            Ok(Err(e)) => io_failure(Step::Connect, &e, &at.to_string()),
            Err(_) => Failure::new(Step::Connect, Code::TimedOut, format!("{at}: {} ms", took.as_millis())),
        };
        if blame && failure.code != Code::Unreachable {
            permit.report(Report::Failed);
        }
        Err(failure)
    }
}

/// An I/O error as a failure; `at` names the peer.
pub(super) fn io_failure(step: Step, e: &std::io::Error, at: &str) -> Failure {
    use std::io::ErrorKind as K;
    let code = match e.kind() {
        K::ConnectionRefused => Code::Refused,
        K::TimedOut => Code::TimedOut,
        K::ConnectionReset | K::ConnectionAborted | K::UnexpectedEof | K::BrokenPipe | K::NotConnected => {
            Code::Closed
        }
        K::HostUnreachable
        | K::NetworkUnreachable
        | K::NetworkDown
        | K::AddrNotAvailable
        | K::PermissionDenied => Code::Unreachable,
        K::InvalidData => Code::BadAnswer,
        _ if step == Step::Connect => Code::Unreachable,
        _ => Code::Internal,
    };
    Failure::new(step, code, format!("{at}: {e}"))
}
