//! A SOCKS5 proxy (RFC 1928) on loopback through which the browser must go: it opens only what the
//! plan allows, to the pinned address, at our pace.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::Net;
use super::dial::Stream;
use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Report};

/// A connection idle this long is closed when another waits for its place.
const IDLE: Duration = Duration::from_millis(500);
/// Wait for the browser's greeting.
const GREETING: Duration = Duration::from_secs(5);

/// A running proxy; ends when dropped, with all its connections.
pub(super) struct Proxy {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

struct Shared {
    net: Arc<Net>,
    /// Connections waiting for the pacer.
    waiting: AtomicUsize,
    /// The first failure of each host.
    failures: Mutex<BTreeMap<String, Failure>>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Proxy {
    pub(super) async fn start(net: &Arc<Net>) -> Result<Self, Failure> {
        let fail = |e: std::io::Error| Failure::new(Step::Spawn, Code::Internal, e.to_string());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let shared = Arc::new(Shared {
            net: Arc::clone(net),
            waiting: AtomicUsize::new(0),
            failures: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            // Dropped with this task, and with it every connection.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        if let Ok((client, _)) = accepted {
                            connections.spawn(Box::pin(serve(Arc::clone(&serving), client)));
                        }
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { address, shared, task })
    }

    /// Why the first connection to `host` failed, if it did.
    pub(super) fn failure(&self, host: &str) -> Option<Failure> {
        self.shared.failures.lock().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }
}

async fn serve(shared: Arc<Shared>, mut client: TcpStream) {
    let Ok(Ok((host, port))) = tokio::time::timeout(GREETING, greet(&mut client)).await else { return };
    shared.waiting.fetch_add(1, Ordering::Relaxed);
    let dialled = Box::pin(shared.net.dial(&host, port, Class::Connect { liveness: false })).await;
    shared.waiting.fetch_sub(1, Ordering::Relaxed);
    match dialled {
        Ok(dialled) => {
            let took = dialled.connect;
            dialled.stream.report(Report::Answered(took));
            shared.net.counters.request();
            if client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.is_ok() {
                relay(&shared, client, dialled.stream).await;
            }
        }
        Err(e) => {
            let reply = match e.code {
                Code::OutOfScope | Code::CircuitOpen => 2,
                Code::Refused => 5,
                Code::TimedOut => 6,
                _ => 4,
            };
            shared.failures.lock().unwrap_or_else(PoisonError::into_inner).entry(host).or_insert(e);
            // The browser may have gone away; nothing else depends on it.
            let _ = client.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await;
        }
    }
}

/// Greeting and CONNECT request; gives host and port.
async fn greet(client: &mut TcpStream) -> std::io::Result<(String, u16)> {
    let bad = |what: &'static str| std::io::Error::new(std::io::ErrorKind::InvalidData, what);
    let mut head = [0; 2];
    client.read_exact(&mut head).await?;
    if head[0] != 5 {
        return Err(bad("version"));
    }
    let mut methods = vec![0; head[1].into()];
    client.read_exact(&mut methods).await?;
    client.write_all(&[5, 0]).await?;
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    if request[..2] != [5, 1] {
        return Err(bad("command"));
    }
    let host = match request[3] {
        1 => {
            let mut address = [0; 4];
            client.read_exact(&mut address).await?;
            Ipv4Addr::from(address).to_string()
        }
        4 => {
            let mut address = [0; 16];
            client.read_exact(&mut address).await?;
            Ipv6Addr::from(address).to_string()
        }
        3 => {
            let length = client.read_u8().await?;
            let mut name = vec![0; length.into()];
            client.read_exact(&mut name).await?;
            String::from_utf8(name).map_err(|_| bad("name"))?
        }
        _ => return Err(bad("address type")),
    };
    Ok((host, client.read_u16().await?))
}

/// Carries bytes both ways until one side ends.
async fn relay(shared: &Shared, client: TcpStream, server: Stream) {
    let (mut client_in, mut client_out) = client.into_split();
    let (mut server_in, mut server_out) = tokio::io::split(server);
    let (mut up, mut down) = (vec![0; 16 * 1024], vec![0; 16 * 1024]);
    loop {
        let carried = tokio::select! {
            n = client_in.read(&mut up) => match n {
                Ok(n) if n > 0 => server_out.write_all(&up[..n]).await,
                _ => return,
            },
            n = server_in.read(&mut down) => match n {
                Ok(n) if n > 0 => client_out.write_all(&down[..n]).await,
                _ => return,
            },
            () = tokio::time::sleep(IDLE) => {
                if shared.waiting.load(Ordering::Relaxed) > 0 {
                    return;
                }
                Ok(())
            }
        };
        if carried.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use bulwark_model::{FixedClock, Intensity};
    use bulwark_testkit::http::{HttpServer, Reply};
    use bulwark_testkit::loopback;

    use super::super::{Prober, Settings};
    use super::*;
    use crate::scope::Scope;

    /// Asks the proxy for host and port; gives its answer and the open stream.
    async fn ask(proxy: &Proxy, host: &str, port: u16) -> (u8, TcpStream) {
        let mut stream = TcpStream::connect(proxy.address).await.expect("connected");
        stream.write_all(&[5, 1, 0]).await.expect("sent");
        let mut chosen = [0; 2];
        stream.read_exact(&mut chosen).await.expect("an answer");
        assert_eq!(chosen, [5, 0]);
        let mut request = vec![5, 1, 0, 3, u8::try_from(host.len()).expect("short")];
        request.extend_from_slice(host.as_bytes());
        request.extend_from_slice(&port.to_be_bytes());
        stream.write_all(&request).await.expect("sent");
        let mut reply = [0; 10];
        stream.read_exact(&mut reply).await.expect("an answer");
        (reply[1], stream)
    }

    #[test]
    fn only_what_the_plan_allows_is_opened() {
        let server = HttpServer::start(loopback(), None, |_| Reply::text(200, "through")).expect("a server");
        let settings = Settings {
            scope: Scope { hosts: ["localhost".into()].into(), ..Scope::default() },
            intensity: Intensity::Lab,
            ..Settings::default()
        };
        let clock = Arc::new(FixedClock::new(jiff::Timestamp::UNIX_EPOCH));
        let prober = Prober::new(settings, clock).expect("a prober");
        let port = server.addr().port();
        prober.runtime.block_on(async {
            let proxy = Proxy::start(&prober.net).await.expect("a proxy");
            for host in ["127.0.0.1", "other.invalid", "169.254.169.254"] {
                assert_eq!(ask(&proxy, host, port).await.0, 2, "{host}");
                assert_eq!(proxy.failure(host).map(|e| e.code), Some(Code::OutOfScope));
            }
            assert!(server.connections().is_empty());
            let (reply, mut stream) = ask(&proxy, "localhost", port).await;
            assert_eq!(reply, 0);
            stream
                .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                .await
                .expect("sent");
            let mut text = String::new();
            stream.read_to_string(&mut text).await.expect("read");
            assert!(text.ends_with("through"), "{text}");
            assert_eq!(
                ask(&proxy, "localhost", bulwark_testkit::closed_port().expect("a port").port()).await.0,
                5
            );
        });
    }
}
