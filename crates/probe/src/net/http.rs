//! One HTTP request at a time over our own connection: HTTP/1.1 or, when TLS agreed on it, HTTP/2.
//! A session keeps at most one connection, and closes it before it opens the next: with two places
//! an address and several sessions, holding one while waiting for another would block both.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use url::Url;

use super::body::{self, Want};
use super::dial::{Dialled, Tap, io_failure};
use super::pace::Permit;
use super::{Net, micros};
use crate::evidence::{Exchange, Phases};
use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Report};

/// Bytes of headers read.
const HEADER_BYTES: usize = 64 * 1024;
/// Headers read.
const HEADERS: usize = 200;
/// Read of an answer of which only the first bytes were asked for: enough for an error page, since
/// reading it to the end costs the server less than a new connection.
const PEEK_BYTES: u64 = 64 * 1024;
/// Decoded text kept in evidence.
pub(super) const TEXT_KEPT: usize = 64 * 1024;

/// One request.
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) url: Url,
    /// Ask for the first bytes only, undecoded, whatever their type.
    pub(super) peek: Option<u64>,
    /// Decoded text kept.
    pub(super) keep: usize,
    /// `Cookie`, when there is one.
    pub(super) cookie: Option<String>,
    /// Headers besides the usual ones; one of the same name is replaced.
    pub(super) extra: Vec<(HeaderName, String)>,
    /// Count the body as it comes, whatever its coding, and keep nothing of it.
    pub(super) raw: bool,
}

impl Ask {
    /// A GET that keeps the text.
    pub(super) fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            peek: None,
            keep: TEXT_KEPT,
            cookie: None,
            extra: Vec::new(),
            raw: false,
        }
    }
}

/// An answer: its record, and what was kept of the body.
pub(super) struct Got {
    pub(super) exchange: Exchange,
    pub(super) body: Vec<u8>,
}

type NoBody = Empty<Bytes>;

enum Sender {
    One(http1::SendRequest<NoBody>),
    Two(http2::SendRequest<NoBody>),
}

/// Ends the connection's task with it.
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Connection {
    origin: (String, String, u16),
    at: IpAddr,
    sender: Sender,
    tap: Tap,
    permit: Arc<Permit>,
    phases: Phases,
    used: bool,
    _driver: Driver,
}

/// Requests one after the other, re-using the last connection when it leads to the same origin.
pub(super) struct Session<'a> {
    net: &'a Arc<Net>,
    class: Class,
    /// Requests over a kept connection are paced like connections.
    unhurried: bool,
    /// Connect to this address and no other.
    only: Option<IpAddr>,
    connection: Option<Connection>,
}

impl<'a> Session<'a> {
    /// A session; `liveness` as in [`Class::Connect`].
    pub(super) fn new(net: &'a Arc<Net>, liveness: bool) -> Self {
        Self { net, class: Class::Connect { liveness }, unhurried: false, only: None, connection: None }
    }

    /// A session that asks for many things and therefore takes its time.
    pub(super) fn unhurried(net: &'a Arc<Net>) -> Self {
        Self { unhurried: true, ..Self::new(net, false) }
    }

    /// A session that uses one address of its hosts, for comparing address families.
    pub(super) fn only(net: &'a Arc<Net>, address: IpAddr) -> Self {
        Self { only: Some(address), ..Self::unhurried(net) }
    }

    /// Makes the next request use a fresh connection.
    pub(super) fn close(&mut self) {
        self.connection = None;
    }

    /// Sends one request and reads its answer.
    pub(super) async fn fetch(&mut self, ask: &Ask) -> Result<Got, Failure> {
        let origin = origin(&ask.url)?;
        let reusable = self.connection.as_ref().is_some_and(|c| c.origin == origin && !c.closed());
        if reusable {
            if let Some(at) = self.connection.as_ref().filter(|_| self.unhurried).map(|c| c.at) {
                self.net.pace.enter(at, Class::Request).await?;
            }
            match Box::pin(self.once(ask)).await {
                // The server had closed it meanwhile: that says nothing about the resource.
                Err(e) if e.code == Code::Closed => {}
                other => return other,
            }
        }
        self.close();
        self.connection = Some(Box::pin(connect(self.net, origin, self.class, self.only)).await?);
        Box::pin(self.once(ask)).await
    }

    async fn once(&mut self, ask: &Ask) -> Result<Got, Failure> {
        let Some(mut connection) = self.connection.take() else {
            return Err(Failure::new(Step::Connect, Code::Internal, ask.url.as_str()));
        };
        let result = exchange(self.net, &mut connection, ask).await;
        match &result {
            Ok((got, reusable)) => {
                let busy = matches!(got.exchange.status, 429 | 503);
                let after = got.exchange.header("retry-after").and_then(|v| retry_after(self.net, v));
                let stuck = got.exchange.body_failure.as_ref().is_some_and(|f| f.code == Code::TooSlow);
                connection.permit.report(if busy {
                    Report::Busy(after)
                } else if stuck {
                    Report::Failed
                } else {
                    Report::Answered(Duration::from_micros(got.exchange.phases.processing_us))
                });
                if *reusable {
                    connection.used = true;
                    connection.phases = Phases::default();
                    self.connection = Some(connection);
                }
            }
            Err(_) if connection.used => {}
            Err(e) => connection.permit.report_failure(e),
        }
        result.map(|(got, _)| got)
    }
}

impl Connection {
    fn closed(&self) -> bool {
        match &self.sender {
            Sender::One(s) => s.is_closed(),
            Sender::Two(s) => s.is_closed(),
        }
    }
}

/// Seconds or a date (RFC 9110 §10.2.3).
fn retry_after(net: &Net, value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = crate::header::http_date(value)?;
    Duration::try_from(until.duration_since(net.clock.now())).ok()
}

/// Scheme, canonical host, port.
fn origin(url: &Url) -> Result<(String, String, u16), Failure> {
    let bad = || Failure::new(Step::Resolve, Code::BadName, url.as_str());
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad());
    }
    let host = super::name::canonical(url.host_str().ok_or_else(bad)?)?;
    Ok((url.scheme().to_owned(), host, url.port_or_known_default().ok_or_else(bad)?))
}

async fn connect(
    net: &Arc<Net>,
    origin: (String, String, u16),
    class: Class,
    only: Option<IpAddr>,
) -> Result<Connection, Failure> {
    let (scheme, host, port) = &origin;
    let Dialled { stream, address, resolve, connect } = match only {
        Some(ip) => net.dial_at(host, ip, *port, class).await?,
        None => net.dial(host, *port, class).await?,
    };
    let (tap, permit) = (stream.tap(), stream.permit());
    let mut phases = Phases { resolve_us: micros(resolve), connect_us: micros(connect), ..Phases::default() };
    let at = address.ip();
    let (sender, driver) = if scheme == "https" {
        let began = Instant::now();
        let shaken = Box::pin(super::tls::shake(net, host, &[b"h2", b"http/1.1"], stream, &tap)).await;
        if let Err(e) = &shaken {
            permit.report_failure(e);
        }
        let (stream, _) = shaken?;
        phases.tls_us = micros(began.elapsed());
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
                .handshake(TokioIo::new(stream))
                .await
                .map_err(|e| broken(&e, &tap, scheme, host))?;
            (Sender::Two(sender), drive(connection))
        } else {
            one(stream, &tap, scheme, host).await?
        }
    } else {
        one(stream, &tap, scheme, host).await?
    };
    Ok(Connection { at, sender, tap, permit, phases, used: false, _driver: driver, origin })
}

async fn one<S>(stream: S, tap: &Tap, scheme: &str, host: &str) -> Result<(Sender, Driver), Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(HEADER_BYTES)
        .max_headers(HEADERS)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|e| broken(&e, tap, scheme, host))?;
    Ok((Sender::One(sender), drive(connection)))
}

fn drive<T>(connection: impl Future<Output = hyper::Result<T>> + Send + 'static) -> Driver {
    Driver(tokio::spawn(async move {
        // Its error also reaches whoever waits for the answer.
        let _ = connection.await;
    }))
}

async fn exchange(net: &Net, c: &mut Connection, ask: &Ask) -> Result<(Got, bool), Failure> {
    let (scheme, host, _) = &c.origin;
    let (scheme, host) = (scheme.clone(), host.clone());
    let url = ask.url.as_str().to_owned();
    net.counters.request();
    let deadline = Instant::now() + net.settings.total_timeout;
    let began = Instant::now();
    let request = request(net, ask, matches!(c.sender, Sender::Two(_)))?;
    let sending = async {
        match &mut c.sender {
            Sender::One(s) => {
                s.ready().await?;
                s.send_request(request).await
            }
            Sender::Two(s) => {
                s.ready().await?;
                s.send_request(request).await
            }
        }
    };
    let response = match tokio::time::timeout_at(deadline, sending).await {
        Ok(Ok(response)) => response,
        Ok(Err(e)) => return Err(broken(&e, &c.tap, &scheme, &url)),
        Err(_) => {
            // Something came, but in all this time not even the headers.
            let code = if scheme == "http" && !c.tap.silent() { Code::TooSlow } else { Code::TimedOut };
            let detail = format!("{url}: {} ms", net.settings.total_timeout.as_millis());
            return Err(Failure::new(Step::Receive, code, detail));
        }
    };
    let processing = began.elapsed();
    let (got, reusable) = finish(net, c, ask, response, processing, deadline).await;
    if scheme == "http" && got.exchange.status == 400 && says_https(&got.exchange.body) {
        return Err(Failure::new(Step::Receive, Code::NotPlain, format!("{url} ({host}): 400")));
    }
    Ok((got, reusable))
}

async fn finish(
    net: &Net,
    c: &Connection,
    ask: &Ask,
    response: Response<Incoming>,
    processing: Duration,
    deadline: Instant,
) -> (Got, bool) {
    let (head, incoming) = response.into_parts();
    let text = is_text(&head.headers) && !ask.raw;
    let named = head.headers.get(header::CONTENT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let encoding = if ask.raw { "" } else { named };
    let want = match ask.peek {
        Some(bytes) => {
            Want { keep: usize::try_from(bytes).unwrap_or(usize::MAX), wire_bytes: bytes.max(PEEK_BYTES) }
        }
        None => Want { keep: if text { ask.keep } else { 0 }, wire_bytes: net.settings.limits.wire_bytes },
    };
    let began = Instant::now();
    let read = body::read(incoming, encoding, want, &net.settings.limits, deadline, ask.url.as_str()).await;
    let transfer = began.elapsed();
    let reusable = read.whole() && head.version != Version::HTTP_10;
    let kept_text = &read.kept[..read.kept.len().min(TEXT_KEPT)];
    let exchange = Exchange {
        url: ask.url.as_str().to_owned(),
        method: ask.method.as_str().to_owned(),
        address: c.at.to_string(),
        protocol: match head.version {
            Version::HTTP_2 => "HTTP/2",
            Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        }
        .to_owned(),
        status: head.status.as_u16(),
        headers: headers(&head.headers),
        body_bytes: read.wire,
        decoded_bytes: read.decoded,
        body: if text && ask.peek.is_none() {
            let kind = head.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
            let mut shown = crate::html::decode(kept_text, kind);
            shown.truncate(shown.floor_char_boundary(TEXT_KEPT));
            shown
        } else {
            String::new()
        },
        truncated: read.truncated,
        body_failure: read.failure,
        phases: Phases { processing_us: micros(processing), transfer_us: micros(transfer), ..c.phases },
    };
    (Got { exchange, body: read.kept }, reusable)
}

fn request(net: &Net, ask: &Ask, two: bool) -> Result<Request<NoBody>, Failure> {
    let url = &ask.url;
    let authority = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => String::new(),
    };
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let target = if two { format!("{}://{authority}{path}", url.scheme()) } else { path };
    let mut request = Request::builder().method(ask.method.clone()).uri(target);
    let mut add = |name: HeaderName, value: &str| {
        if let (Some(headers), Ok(value)) = (request.headers_mut(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    };
    if !two {
        add(header::HOST, &authority);
    }
    add(header::USER_AGENT, &net.user_agent());
    add(header::ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    add(header::ACCEPT_LANGUAGE, "zh-TW,zh;q=0.9,en;q=0.5");
    match ask.peek {
        Some(bytes) => {
            add(header::ACCEPT_ENCODING, "identity");
            if ask.method == Method::GET {
                add(header::RANGE, &format!("bytes=0-{}", bytes.saturating_sub(1)));
            }
        }
        None => add(header::ACCEPT_ENCODING, "gzip"),
    }
    if let Some(cookie) = &ask.cookie {
        add(header::COOKIE, cookie);
    }
    for (name, value) in &ask.extra {
        add(name.clone(), value);
    }
    request.body(Empty::new()).map_err(|e| Failure::new(Step::Send, Code::BadSetting, format!("{url}: {e}")))
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .map(|(n, v)| (n.as_str().to_owned(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
        .collect()
}

/// Types whose body is kept.
fn is_text(headers: &HeaderMap) -> bool {
    let value =
        headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("").to_ascii_lowercase();
    let essence = value.split(';').next().unwrap_or("").trim();
    essence.starts_with("text/")
        || ["json", "xml", "javascript", "ecmascript"].iter().any(|t| essence.ends_with(t))
        // No type at all: error pages of old servers, and nothing else fits.
        || essence.is_empty()
}

/// What nginx, Apache and Go say to plain HTTP on a TLS port.
fn says_https(body: &str) -> bool {
    let body = body.to_ascii_lowercase();
    [
        "plain http request was sent to https port",
        "speaking plain http to an ssl-enabled",
        "http request to an https server",
    ]
    .iter()
    .any(|s| body.contains(s))
}

/// A hyper error as a failure, from what it says and from what the peer really sent.
fn broken(e: &hyper::Error, tap: &Tap, scheme: &str, at: &str) -> Failure {
    let detail = format!("{at}: {}", chain(e));
    if scheme == "http" && tap.tls() {
        return Failure::new(Step::Receive, Code::NotPlain, detail);
    }
    if e.is_parse() && detail.contains("too large") {
        return Failure::new(Step::Decode, Code::TooLarge, detail);
    }
    if e.is_parse() {
        return Failure::new(Step::Decode, Code::BadAnswer, detail);
    }
    if e.is_incomplete_message() || e.is_closed() || e.is_canceled() {
        return Failure::new(Step::Receive, Code::Closed, detail);
    }
    let mut source = std::error::Error::source(e);
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return Failure { detail, ..io_failure(Step::Receive, io, at) };
        }
        source = inner.source();
    }
    Failure::new(Step::Receive, Code::BadAnswer, detail)
}

/// An error with its causes in one line.
pub(super) fn chain(e: &(dyn std::error::Error + 'static)) -> String {
    let mut text = e.to_string();
    let mut source = e.source();
    while let Some(inner) = source {
        let words = inner.to_string();
        if !text.contains(&words) {
            text.push_str(": ");
            text.push_str(&words);
        }
        source = inner.source();
    }
    text
}
