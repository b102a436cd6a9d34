//! Accepting connections and answering them over HTTP/1.1, with or without TLS, within limits.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// How long the handshake and the head of a request may take; also how long an idle connection is kept.
const HEAD_WAIT: Duration = Duration::from_secs(10);
/// How long a request may take in all, its body included.
const REQUEST_WAIT: Duration = Duration::from_mins(1);
/// How long the other side may leave sent bytes unacknowledged, so that an answer nobody reads ends.
const UNREAD_WAIT_MS: u32 = 30_000;
/// Bytes of a request's head.
const HEAD_BYTES: usize = 32 * 1024;
/// How long requests in progress may go on after the order to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Certificates in use; `None` without TLS. They are looked up at each connection, so they can be replaced.
pub type Acceptor = watch::Receiver<Option<TlsAcceptor>>;

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// In all.
    pub connections: u32,
    /// From one address.
    pub per_address: u32,
}

/// Serves until `stop` is set, then lets what is in progress end.
pub async fn serve(
    listener: TcpListener,
    acceptor: Acceptor,
    router: Router,
    bounds: Bounds,
    mut stop: watch::Receiver<bool>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(bounds.connections as usize));
    let addresses = Arc::new(Addresses::default());
    loop {
        let accepted = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let Some(seat) = addresses.enter(peer.ip(), bounds.per_address) else { continue };
        let (acceptor, router) = (acceptor.borrow().clone(), router.clone());
        let watcher = graceful.watcher();
        tokio::spawn(async move {
            connection(stream, peer, acceptor, router, watcher).await;
            drop((seat, place));
        });
    }
    drop(listener);
    // What is still busy after this ends with the process.
    let _ = tokio::time::timeout(DRAIN, graceful.shutdown()).await;
}

/// The next connection; waits while there are too many.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    if let Ok((stream, peer)) = listener.accept().await {
        return Some((stream, peer, place));
    }
    // No file descriptor left, or the other side has gone: those that end make room.
    tokio::time::sleep(Duration::from_millis(50)).await;
    None
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    watcher: Watcher,
) {
    let _ = stream.set_nodelay(true);
    let _ = rustix::net::sockopt::set_tcp_user_timeout(&stream, UNREAD_WAIT_MS);
    match acceptor {
        None => talk(stream, peer, router, watcher).await,
        Some(acceptor) => {
            if let Ok(Ok(stream)) = tokio::time::timeout(HEAD_WAIT, acceptor.accept(stream)).await {
                talk(stream, peer, router, watcher).await;
            }
        }
    }
}

async fn talk<S>(stream: S, peer: SocketAddr, router: Router, watcher: Watcher)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().oneshot(request);
        async move { Ok::<_, Infallible>(in_time(answer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WAIT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    // A connection that breaks is the other side's affair.
    let _ = watcher.watch(connection).await;
}

/// The answer, or 408 when reading the request and answering takes too long.
async fn in_time(answer: impl Future<Output = Result<Response<Body>, Infallible>>) -> Response<Body> {
    match tokio::time::timeout(REQUEST_WAIT, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::REQUEST_TIMEOUT;
            response
        }
    }
}

/// Connections open from each address.
#[derive(Debug, Default)]
struct Addresses(Mutex<HashMap<IpAddr, u32>>);

/// A connection counted for its address until dropped.
#[derive(Debug)]
struct Seat {
    addresses: Arc<Addresses>,
    address: IpAddr,
}

impl Addresses {
    fn enter(self: &Arc<Self>, address: IpAddr, most: u32) -> Option<Seat> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_default();
        if *count >= most {
            return None;
        }
        *count += 1;
        Some(Seat { addresses: Arc::clone(self), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut open = self.addresses.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_connections_and_no_more_until_one_ends() {
        let addresses = Arc::new(Addresses::default());
        let (one, two) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let first = addresses.enter(one, 2).expect("room");
        let second = addresses.enter(one, 2).expect("room");
        assert!(addresses.enter(one, 2).is_none());
        assert!(addresses.enter(two, 2).is_some());
        drop(first);
        drop(addresses.enter(one, 2).expect("room again"));
        drop(second);
        assert!(addresses.0.lock().unwrap().is_empty(), "nothing is kept of an address that has gone");
    }
}
