//! An HTTP/1.1 server whose replies a test chooses, well behaved or not.
//!
//! ```
//! use bulwark_testkit::{http::{HttpServer, Reply}, loopback, tls::Authority};
//! let ca = Authority::new("Test CA");
//! let server = HttpServer::start(loopback(), Some(ca.valid(&["127.0.0.1"])), |request| match request.path() {
//!     "/" => Reply::html("<h1>ok</h1>").header("X-Frame-Options", "DENY"),
//!     "/loop" => Reply::Redirect("/loop".into()),
//!     _ => Reply::text(404, "no"),
//! }).unwrap();
//! assert_eq!(server.connections().len(), 0);
//! ```

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use flate2::{Compress, Compression, FlushCompress};
use rustls::{ServerConnection, StreamOwned};

use crate::lifetime::{Stop, TcpService, lock};
use crate::tls::TlsIdentity;

/// One request as read from the wire.
#[derive(Clone, Debug)]
pub struct Request {
    /// `GET`, `HEAD`, …
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    /// Name and value in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body, at most 1 MiB of it.
    pub body: Vec<u8>,
    /// The client.
    pub peer: SocketAddr,
    /// When the request line had arrived.
    pub at: Instant,
}

impl Request {
    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The query, without the question mark; empty when there is none.
    pub fn query(&self) -> &str {
        self.target.split_once('?').map_or("", |(_, query)| query)
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An ordinary response; `Content-Length` is added.
    Full {
        /// The status code.
        status: u16,
        /// Headers besides `Content-Length`.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// 302 to this place.
    Redirect(String),
    /// 200 with a body that never ends.
    Endless,
    /// A megabyte that unpacks to a gibibyte of zeros (`Content-Encoding: gzip`).
    GzipBomb,
    /// 200, then one byte of the body at each tick, for ever.
    Drip {
        /// Time between two bytes.
        every: Duration,
    },
    /// The response header, one byte at each tick, for ever.
    DripHeader {
        /// Time between two bytes.
        every: Duration,
    },
    /// Promises 1000 bytes, sends 10 and closes.
    CloseEarly,
    /// Bytes that are no HTTP, then closes.
    Garbage,
    /// Takes the request and never answers.
    Hang,
    /// Exactly these bytes, then closes.
    Raw(Vec<u8>),
    /// Waits, then replies.
    Delay(Duration, Box<Reply>),
}

impl Reply {
    /// A UTF-8 text.
    pub fn text(status: u16, body: &str) -> Self {
        Self::with_type(status, "text/plain; charset=utf-8", body.as_bytes())
    }

    /// A page with status 200.
    pub fn html(body: &str) -> Self {
        Self::with_type(200, "text/html; charset=utf-8", body.as_bytes())
    }

    /// Any body with its media type.
    pub fn with_type(status: u16, media_type: &str, body: &[u8]) -> Self {
        Self::Full { status, headers: vec![("Content-Type".into(), media_type.into())], body: body.to_vec() }
    }

    /// Adds a header to a [`Reply::Full`]; others stay as they are.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Self::Full { headers, .. } = &mut self {
            headers.push((name.into(), value.into()));
        }
        self
    }
}

/// A connection that was taken.
#[derive(Clone, Copy, Debug)]
pub struct Connection {
    /// The client.
    pub peer: SocketAddr,
    /// When it was accepted.
    pub at: Instant,
}

#[derive(Default)]
struct Log {
    connections: Mutex<Vec<Connection>>,
    requests: Mutex<Vec<Request>>,
}

/// A running HTTP server; stops on drop.
pub struct HttpServer {
    service: TcpService,
    tls: bool,
    log: Arc<Log>,
}

impl HttpServer {
    /// Starts a server, with TLS when an identity is given.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn start<H>(addr: SocketAddr, tls: Option<TlsIdentity>, handler: H) -> std::io::Result<Self>
    where
        H: Fn(&Request) -> Reply + Send + Sync + 'static,
    {
        let log: Arc<Log> = Arc::default();
        let stop: Arc<Stop> = Arc::default();
        let config = tls.map(|identity| identity.server_config());
        let is_tls = config.is_some();
        let service = TcpService::start(TcpListener::bind(addr)?, Arc::clone(&stop), {
            let log = Arc::clone(&log);
            move |stream: TcpStream, peer| {
                lock(&log.connections).push(Connection { peer, at: Instant::now() });
                let exchange = Exchange { handler: &handler, log: &log, stop: &stop, peer };
                // An error here is the client leaving: nothing to do about it.
                let _ = match &config {
                    None => exchange.serve(stream),
                    Some(config) => ServerConnection::new(Arc::clone(config))
                        .map_err(std::io::Error::other)
                        .and_then(|connection| exchange.serve(StreamOwned::new(connection, stream))),
                };
            }
        })?;
        Ok(Self { service, tls: is_tls, log })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.service.addr()
    }

    /// The address of a page of this server.
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.addr())
    }

    /// Every connection so far, in order of acceptance.
    pub fn connections(&self) -> Vec<Connection> {
        lock(&self.log.connections).clone()
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.log.requests).clone()
    }

    /// The most connections one client opened within any window of this length: the proof of politeness.
    pub fn most_connections_within(&self, client: IpAddr, window: Duration) -> usize {
        let starts: Vec<Instant> =
            self.connections().into_iter().filter(|c| c.peer.ip() == client).map(|c| c.at).collect();
        let within =
            |first: &Instant| starts.iter().filter(|at| *at >= first && **at < *first + window).count();
        starts.iter().map(within).max().unwrap_or(0)
    }
}

struct Exchange<'a, H> {
    handler: &'a H,
    log: &'a Log,
    stop: &'a Stop,
    peer: SocketAddr,
}

impl<H: Fn(&Request) -> Reply> Exchange<'_, H> {
    fn serve<S: Read + Write>(&self, stream: S) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(request) = self.read(&mut stream)? {
            lock(&self.log.requests).push(request.clone());
            let wants_close = request.header("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
            let reply = (self.handler)(&request);
            let keep = self.answer(stream.get_mut(), reply, request.method == "HEAD")?;
            stream.get_mut().flush()?;
            if !keep || wants_close || self.stop.is_raised() {
                break;
            }
        }
        Ok(())
    }

    fn read<S: Read>(&self, stream: &mut BufReader<S>) -> std::io::Result<Option<Request>> {
        let Some(first) = line(stream)? else { return Ok(None) };
        let at = Instant::now();
        let mut words = first.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
        let mut headers = Vec::new();
        while let Some(header) = line(stream)?.filter(|header| !header.is_empty()) {
            if let Some((name, value)) = header.split_once(':') {
                headers.push((name.to_owned(), value.trim().to_owned()));
            }
        }
        let (method, target) = (method.to_owned(), target.to_owned());
        let mut request = Request { method, target, headers, body: Vec::new(), peer: self.peer, at };
        let length = request.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
        stream.take(u64::min(length, 1 << 20)).read_to_end(&mut request.body)?;
        Ok(Some(request))
    }

    /// Sends a reply; `true` when the connection can carry the next request.
    fn answer<S: Write>(&self, out: &mut S, reply: Reply, head_only: bool) -> std::io::Result<bool> {
        const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";
        match reply {
            Reply::Full { status, headers, body } => {
                let mut head = format!("HTTP/1.1 {status} {}\r\n", reason(status));
                for (name, value) in &headers {
                    let _ = write!(head, "{name}: {value}\r\n");
                }
                let _ = write!(head, "Content-Length: {}\r\n\r\n", body.len());
                out.write_all(head.as_bytes())?;
                if !head_only {
                    out.write_all(&body)?;
                }
                Ok(true)
            }
            Reply::Redirect(to) => {
                out.write_all(
                    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").as_bytes(),
                )?;
                Ok(true)
            }
            Reply::Endless => {
                out.write_all(format!("HTTP/1.1 200 OK\r\n{HTML}Connection: close\r\n\r\n").as_bytes())?;
                while !self.stop.is_raised() {
                    out.write_all(&[b'x'; 16 * 1024])?;
                }
                Ok(false)
            }
            Reply::GzipBomb => {
                let bomb = gzip_bomb();
                let length = bomb.len();
                out.write_all(
                    format!(
                        "HTTP/1.1 200 OK\r\n{HTML}Content-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
                    )
                    .as_bytes(),
                )?;
                out.write_all(bomb)?;
                Ok(true)
            }
            Reply::Drip { every } => {
                out.write_all(
                    format!("HTTP/1.1 200 OK\r\n{HTML}Content-Length: 1000000\r\n\r\n").as_bytes(),
                )?;
                self.drip(out, every, b"x")
            }
            Reply::DripHeader { every } => {
                out.write_all(b"HTTP/1.1 200 OK\r\nX-Slow: ")?;
                self.drip(out, every, b"x")
            }
            Reply::CloseEarly => {
                out.write_all(
                    format!("HTTP/1.1 200 OK\r\n{HTML}Content-Length: 1000\r\n\r\n0123456789").as_bytes(),
                )?;
                Ok(false)
            }
            Reply::Garbage => {
                out.write_all(b"\x00\xff\xfeNOT HTTP\r\n\x15\x03\x01\r\n\r\n")?;
                Ok(false)
            }
            Reply::Hang => {
                self.stop.wait(Duration::from_hours(1));
                Ok(false)
            }
            Reply::Raw(bytes) => {
                out.write_all(&bytes)?;
                Ok(false)
            }
            Reply::Delay(time, reply) => {
                if self.stop.wait(time) {
                    return Ok(false);
                }
                self.answer(out, *reply, head_only)
            }
        }
    }

    fn drip<S: Write>(&self, out: &mut S, every: Duration, byte: &[u8]) -> std::io::Result<bool> {
        out.flush()?;
        while !self.stop.wait(every) {
            out.write_all(byte)?;
            out.flush()?;
        }
        Ok(false)
    }
}

fn line<S: Read>(stream: &mut BufReader<S>) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    let taken = stream.by_ref().take(64 * 1024).read_until(b'\n', &mut bytes)?;
    Ok((taken > 0).then(|| String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned()))
}

/// The standard reason phrases of the codes tests use.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

/// A gzip stream of 1 GiB of zeros in about 1 MiB. Each block starts with an empty window, so one compressed block
/// can be repeated. The stream is left without an end: nobody should get there.
fn gzip_bomb() -> &'static [u8] {
    const BLOCK: usize = 16 << 20;
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| {
        let mut block = Vec::with_capacity(BLOCK / 64);
        let zeros = vec![0; BLOCK];
        let compressed =
            Compress::new(Compression::best(), false).compress_vec(&zeros, &mut block, FlushCompress::Full);
        debug_assert!(compressed.is_ok());
        let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
        for _ in 0..64 {
            bomb.extend(&block);
        }
        bomb
    })
}
