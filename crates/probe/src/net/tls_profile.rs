//! The collector of a TLS profile: asks what [`crate::tls::profile`] plans, one ClientHello a
//! connection, and reads the first flight only. One complete handshake shows session tickets.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::Net;
use super::dial::{Dialled, Stream, io_failure};
use crate::cert::paths;
use crate::evidence::{Blob, TlsAnswer, TlsProbe, TlsProfile, TlsSession};
use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Report};
use crate::tls::profile::{self, Budget, State};
use crate::tls::{Flight, Offer, ServerFlight, offer_hello, parse_flight};

/// Bytes read of a first flight: room for a long chain and a stapled answer.
const FLIGHT_BYTES: usize = 64 << 10;
/// How long the server may take to send its session tickets.
const TICKET_WAIT: Duration = Duration::from_secs(1);
/// Chains kept, one a kind of key.
const MAX_CHAINS: usize = 4;

pub(super) async fn collect(net: &Arc<Net>, host: &str, port: u16) -> Result<TlsProfile, Failure> {
    let host = super::name::canonical(host)?;
    let budget = Budget::of(net.settings.intensity);
    let mut profile = TlsProfile {
        host,
        address: String::new(),
        port,
        handshakes: 0,
        probes: Vec::new(),
        chains: Vec::new(),
        ocsp: None,
        sct_list: None,
        budget: budget.all,
        session: None,
        roots: Vec::new(),
    };
    let mut first_failure = None;
    while let Some(step) =
        profile::next(&State { probes: &profile.probes, session: profile.session.is_some() }, budget)
    {
        let stop = match step {
            profile::Step::Hello(offer) => {
                let answer = Box::pin(ask(net, &mut profile, &offer)).await;
                let stop = answer.as_ref().err().is_some_and(hopeless);
                if let Err(e) = &answer {
                    first_failure.get_or_insert_with(|| e.clone());
                }
                profile.probes.push(TlsProbe {
                    question: offer.question.to_owned(),
                    version: offer.version.wire(),
                    suites: offer.suites,
                    groups: offer.groups,
                    signatures: offer.signatures,
                    key_share: offer.key_share,
                    answer,
                });
                stop
            }
            profile::Step::Session => {
                let session = Box::pin(session(net, &mut profile)).await;
                let stop = session.as_ref().err().is_some_and(hopeless);
                profile.session = Some(session);
                stop
            }
        };
        if stop {
            break;
        }
    }
    if let Some(failure) = first_failure
        && profile.probes.iter().all(|p| p.answer.is_err())
    {
        return Err(failure);
    }
    let chains: Vec<Vec<Vec<u8>>> =
        profile.chains.iter().map(|chain| chain.iter().map(|der| der.0.clone()).collect()).collect();
    profile.roots =
        paths::needed(&chains, net.trust.anchors()).into_iter().map(|der| Blob(der.to_vec())).collect();
    Ok(profile)
}

/// Failures that the next hello would meet, too.
fn hopeless(e: &Failure) -> bool {
    matches!(e.code, Code::Refused | Code::Unreachable | Code::CircuitOpen | Code::OutOfScope)
        || e.step == Step::Resolve
}

/// Sends one ClientHello and notes what its answer shows.
async fn ask(net: &Arc<Net>, profile: &mut TlsProfile, offer: &Offer) -> Result<TlsAnswer, Failure> {
    let Dialled { mut stream, address, .. } =
        net.dial(&profile.host, profile.port, Class::TlsVersion).await?;
    profile.handshakes += 1;
    profile.address = address.ip().to_string();
    let mut random = [0; 64];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random)
        .map_err(|e| Failure::new(Step::Send, Code::Internal, e.to_string()))?;
    let hello = offer_hello(offer, &profile.host, &random);
    let began = Instant::now();
    let host = profile.host.clone();
    stream.write_all(&hello).await.map_err(|e| io_failure(Step::Send, &e, &host))?;
    let limit = net.settings.connect_timeout;
    let read = tokio::time::timeout(limit, first_flight(&mut stream, &host)).await.unwrap_or_else(|_| {
        Err(Failure::new(Step::Receive, Code::TimedOut, format!("{host}: {} ms", limit.as_millis())))
    });
    let flight = read?;
    // Only answers are reported: a server that keeps silent on an odd hello is not in trouble.
    stream.report(Report::Answered(began.elapsed()));
    let Some(flight) = flight else { return Ok(TlsAnswer::Closed) };
    Ok(match flight.hello.clone() {
        ServerFlight::Hello { version, cipher, .. } => {
            let trimmed = flight.trimmed.clone();
            note(profile, flight);
            TlsAnswer::Accepted { version, cipher, hello: Blob(trimmed) }
        }
        ServerFlight::Alert { level, description } => TlsAnswer::Alert { level, description },
        ServerFlight::NotTls { first } => TlsAnswer::NotTls { first: Blob(first) },
        ServerFlight::Incomplete => TlsAnswer::Closed,
    })
}

/// The first flight; `None` when the server closed without a byte.
async fn first_flight(stream: &mut Stream, host: &str) -> Result<Option<Flight>, Failure> {
    let mut bytes = Vec::with_capacity(8 << 10);
    let mut chunk = vec![0; 16 << 10];
    loop {
        let n = match stream.read(&mut chunk).await {
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => 0,
            Err(e) => return Err(io_failure(Step::Receive, &e, host)),
        };
        bytes.extend_from_slice(chunk.get(..n).unwrap_or_default());
        let flight = parse_flight(&bytes);
        let agreed = matches!(flight.hello, ServerFlight::Hello { .. });
        if flight.done {
            return Ok(Some(flight));
        }
        if n == 0 {
            // A ServerHello alone already tells what was chosen.
            return match (bytes.is_empty(), agreed) {
                (true, _) => Ok(None),
                (false, true) => Ok(Some(flight)),
                (false, false) => {
                    let detail = format!("{host}: {} bytes", bytes.len());
                    Err(Failure::new(Step::Receive, Code::Closed, detail))
                }
            };
        }
        if bytes.len() >= FLIGHT_BYTES {
            return if agreed {
                Ok(Some(flight))
            } else {
                let detail = format!("{host}: > {FLIGHT_BYTES} bytes");
                Err(Failure::new(Step::Decode, Code::BadAnswer, detail))
            };
        }
    }
}

/// Keeps certificates and stapled answers, each once.
fn note(profile: &mut TlsProfile, flight: Flight) {
    keep_chain(profile, flight.certificates);
    if profile.ocsp.is_none() {
        profile.ocsp = flight.ocsp.map(Blob);
    }
    if profile.sct_list.is_none() {
        profile.sct_list = flight.sct_list.map(Blob);
    }
}

fn keep_chain(profile: &mut TlsProfile, chain: Vec<Vec<u8>>) {
    let known = profile.chains.iter().any(|c| c.first().map(|b| &b.0) == chain.first());
    if !chain.is_empty() && !known && profile.chains.len() < MAX_CHAINS {
        profile.chains.push(chain.into_iter().map(Blob).collect());
    }
}

/// Counts TLS 1.3 session tickets and keeps none of them.
#[derive(Debug, Default)]
struct Tickets {
    count: AtomicU32,
    early_data_bytes: AtomicU32,
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _name: ServerName<'static>, _group: rustls::NamedGroup) {}

    fn kx_hint(&self, _name: &ServerName<'_>) -> Option<rustls::NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _name: ServerName<'static>, _value: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _name: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.early_data_bytes.fetch_max(value.max_early_data_size(), Ordering::Relaxed);
    }

    fn take_tls13_ticket(&self, _name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}

/// One complete handshake, closed at once; the tickets come before the server's own closing.
async fn session(net: &Arc<Net>, profile: &mut TlsProfile) -> Result<TlsSession, Failure> {
    let host = profile.host.clone();
    let Dialled { stream, .. } = net.dial(&host, profile.port, Class::Connect { liveness: false }).await?;
    profile.handshakes += 1;
    let (tap, permit) = (stream.tap(), stream.permit());
    let (mut config, recorder) = net.trust.config(&[b"h2", b"http/1.1"])?;
    let tickets = Arc::new(Tickets::default());
    config.resumption = Resumption::store(tickets.clone());
    let name = ServerName::try_from(host.clone())
        .map_err(|e| Failure::new(Step::Tls, Code::BadName, format!("{host}: {e}")))?;
    let began = Instant::now();
    let limit = net.settings.connect_timeout;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let mut stream = match tokio::time::timeout(limit, connecting).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(e)) => return Err(super::tls::failure(&e, &host, &tap)),
        Err(_) => {
            let detail = format!("{host}: {} ms", limit.as_millis());
            return Err(Failure::new(Step::Tls, Code::TimedOut, detail));
        }
    };
    permit.report(Report::Answered(began.elapsed()));
    let version = stream.get_ref().1.protocol_version().map_or(0, u16::from);
    let closing = async {
        // Whatever goes wrong from here on, the handshake itself was whole.
        let _ = stream.shutdown().await;
        let mut chunk = [0; 1024];
        while matches!(stream.read(&mut chunk).await, Ok(n) if n > 0) {}
    };
    let _ = tokio::time::timeout(TICKET_WAIT, closing).await;
    let shown = recorder.shown();
    keep_chain(profile, shown.chain.iter().map(|c| c.to_vec()).collect());
    if profile.ocsp.is_none() && !shown.ocsp.is_empty() {
        profile.ocsp = Some(Blob(shown.ocsp));
    }
    Ok(TlsSession {
        version,
        signature: shown.signature,
        tickets: tickets.count.load(Ordering::Relaxed),
        early_data_bytes: tickets.early_data_bytes.load(Ordering::Relaxed),
    })
}
