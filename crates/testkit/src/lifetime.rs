//! What all servers share: a stop flag that can be waited on, and the threads and sockets to end on drop.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Locks even after another thread panicked: the counters of a test server stay readable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A flag raised once, at the end.
#[derive(Default)]
pub(crate) struct Stop {
    raised: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    pub(crate) fn raise(&self) {
        *lock(&self.raised) = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_raised(&self) -> bool {
        *lock(&self.raised)
    }

    /// Waits; `true` when the server is to stop before the time is over.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let guard = lock(&self.raised);
        let (raised, _) = self
            .changed
            .wait_timeout_while(guard, time, |raised| !*raised)
            .unwrap_or_else(PoisonError::into_inner);
        *raised
    }
}

/// A TCP listener with one thread per connection. Dropping it closes every connection and joins the accept thread.
pub(crate) struct TcpService {
    addr: SocketAddr,
    stop: Arc<Stop>,
    open: Arc<Mutex<Vec<TcpStream>>>,
    accepting: Option<JoinHandle<()>>,
}

impl TcpService {
    /// `serve` gets each connection; it returns when the connection is done.
    pub(crate) fn start<F>(listener: TcpListener, stop: Arc<Stop>, serve: F) -> std::io::Result<Self>
    where
        F: Fn(TcpStream, SocketAddr) + Send + Sync + 'static,
    {
        let addr = listener.local_addr()?;
        let open: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let serve = Arc::new(serve);
        let accepting = std::thread::spawn({
            let (stop, open) = (Arc::clone(&stop), Arc::clone(&open));
            move || {
                for stream in listener.incoming() {
                    if stop.is_raised() {
                        break;
                    }
                    let Ok(stream) = stream else { continue };
                    let (Ok(peer), Ok(handle)) = (stream.peer_addr(), stream.try_clone()) else { continue };
                    let _ = stream.set_nodelay(true);
                    lock(&open).push(handle);
                    let (serve, open) = (Arc::clone(&serve), Arc::clone(&open));
                    std::thread::spawn(move || {
                        serve(stream, peer);
                        // The clone kept for stopping would hold the connection open otherwise.
                        lock(&open).retain(|kept| {
                            let done = kept.peer_addr().map_or(true, |p| p == peer);
                            if done {
                                let _ = kept.shutdown(Shutdown::Both);
                            }
                            !done
                        });
                    });
                }
            }
        });
        Ok(Self { addr, stop, open, accepting: Some(accepting) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for TcpService {
    fn drop(&mut self) {
        self.stop.raise();
        // Wakes the blocking `accept`.
        let _ = TcpStream::connect_timeout(&reachable(self.addr), Duration::from_secs(1));
        for stream in lock(&self.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
    }
}

/// An address that can be connected to, also for a server bound to every address.
pub(crate) fn reachable(addr: SocketAddr) -> SocketAddr {
    let ip = match addr.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, addr.port())
}

/// A UDP socket answered by one thread, which ends on drop.
pub(crate) struct UdpService {
    addr: SocketAddr,
    stop: Arc<Stop>,
    answering: Option<JoinHandle<()>>,
}

impl UdpService {
    /// `answer` makes the replies to one datagram: none, one or several.
    pub(crate) fn start<F>(socket: std::net::UdpSocket, stop: Arc<Stop>, answer: F) -> std::io::Result<Self>
    where
        F: Fn(&[u8], SocketAddr) -> Vec<Vec<u8>> + Send + 'static,
    {
        let addr = socket.local_addr()?;
        let answering = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                let mut buffer = vec![0; 65_535];
                loop {
                    let received = socket.recv_from(&mut buffer);
                    if stop.is_raised() {
                        break;
                    }
                    let Ok((length, peer)) = received else { continue };
                    for reply in answer(&buffer[..length], peer) {
                        let _ = socket.send_to(&reply, peer);
                    }
                }
            }
        });
        Ok(Self { addr, stop, answering: Some(answering) })
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for UdpService {
    fn drop(&mut self) {
        self.stop.raise();
        let target = reachable(self.addr);
        let local: SocketAddr = if target.is_ipv4() {
            (Ipv4Addr::UNSPECIFIED, 0).into()
        } else {
            (Ipv6Addr::UNSPECIFIED, 0).into()
        };
        // An empty datagram wakes the blocking receive.
        let woken = std::net::UdpSocket::bind(local).and_then(|socket| socket.send_to(&[], target));
        if woken.is_ok()
            && let Some(thread) = self.answering.take()
        {
            let _ = thread.join();
        }
    }
}
