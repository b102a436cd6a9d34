//! TLS: complete handshakes that note what is wrong with a certificate instead of stopping, and
//! single ClientHellos that learn which versions a port accepts.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::dial::{Dialled, Stream, Tap, io_failure};
use super::{Net, millis};
use crate::evidence::{Blob, TlsAnswer, TlsAttempt, TlsHandshake, TlsVersions};
use crate::failure::{Code, Failure, Step};
use crate::polite::{Class, Report};
use crate::tls::{ServerFlight, Version, client_hello, parse_server};

/// Bytes read of a server's first flight.
const FLIGHT_BYTES: usize = 4096;

/// What we trust, and how that is called in evidence.
pub(super) struct Trust {
    roots: Arc<RootCertStore>,
    /// The same certificates whole, for the paths of a profile.
    anchors: Vec<CertificateDer<'static>>,
    label: String,
    provider: Arc<CryptoProvider>,
}

impl Trust {
    /// The system's roots and those of a PEM file.
    pub(super) fn load(ca_file: Option<&Path>) -> Result<Self, Failure> {
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        let mut anchors = native.certs.clone();
        roots.add_parsable_certificates(native.certs);
        let mut label = format!("system ({})", roots.len());
        if let Some(path) = ca_file {
            let unreadable = |e: &dyn std::fmt::Display| {
                Failure::new(Step::Read, Code::Unreadable, format!("{}: {e}", path.display()))
            };
            let mut added = 0;
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| unreadable(&e))? {
                let certificate = certificate.map_err(|e| unreadable(&e))?;
                roots.add(certificate.clone()).map_err(|e| unreadable(&e))?;
                anchors.push(certificate);
                added += 1;
            }
            if added == 0 {
                return Err(unreadable(&"-----BEGIN CERTIFICATE----- ?"));
            }
            label = format!("{label} + {} ({added})", path.display());
        }
        Ok(Self {
            roots: Arc::new(roots),
            anchors,
            label,
            provider: Arc::new(rustls::crypto::ring::default_provider()),
        })
    }

    /// Every trusted certificate.
    pub(super) fn anchors(&self) -> &[CertificateDer<'static>] {
        &self.anchors
    }

    /// A configuration that accepts any certificate; the recorder keeps the stapled answer.
    pub(super) fn config(&self, alpn: &[&[u8]]) -> Result<(ClientConfig, Arc<Recorder>), Failure> {
        let recorder = Arc::new(Recorder { provider: self.provider.clone(), shown: Mutex::default() });
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| Failure::new(Step::Tls, Code::Internal, e.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(recorder.clone())
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|p| p.to_vec()).collect();
        config.resumption = Resumption::disabled();
        Ok((config, recorder))
    }

    /// A configuration that refuses what is not trusted, for connections that carry a password and
    /// whose owner asked for it.
    pub(super) fn strict_config(&self) -> Result<ClientConfig, Failure> {
        Ok(ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| Failure::new(Step::Tls, Code::Internal, e.to_string()))?
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth())
    }

    /// Whether the chain is trusted for `name` at `now`; else why not.
    fn verify(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Option<String> {
        let Some((leaf, rest)) = chain.split_first() else {
            return Some("no certificate".into());
        };
        if self.roots.is_empty() {
            return Some("unknown issuer: the trust store is empty".into());
        }
        WebPkiServerVerifier::builder_with_provider(self.roots.clone(), self.provider.clone())
            .build()
            .map_err(|e| e.to_string())
            .and_then(|v| v.verify_server_cert(leaf, rest, name, ocsp, now).map_err(|e| explain(&e)))
            .err()
    }
}

/// The library's error with a leading word that stays the same when the library's words change.
fn explain(e: &Error) -> String {
    use CertificateError as C;
    let Error::InvalidCertificate(reason) = e else { return format!("invalid: {e}") };
    let word = match reason {
        C::Expired | C::ExpiredContext { .. } => "expired",
        C::NotValidYet | C::NotValidYetContext { .. } => "not valid yet",
        C::UnknownIssuer => "unknown issuer",
        C::NotValidForName | C::NotValidForNameContext { .. } => "name mismatch",
        C::Revoked => "revoked",
        C::BadSignature => "bad signature",
        _ => "invalid",
    };
    format!("{word}: {e}")
}

/// What a server showed.
#[derive(Debug, Default, Clone)]
pub(super) struct Shown {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) ocsp: Vec<u8>,
    /// Scheme of the server's signature.
    pub(super) signature: Option<u16>,
}

impl Shown {
    /// True when a handshake came as far as the certificate.
    pub(super) fn any(&self) -> bool {
        !self.chain.is_empty()
    }
}

/// Accepts every certificate and remembers what was shown.
#[derive(Debug)]
pub(super) struct Recorder {
    provider: Arc<CryptoProvider>,
    shown: Mutex<Shown>,
}

impl Recorder {
    fn signed(&self, dss: &DigitallySignedStruct) {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).signature = Some(dss.scheme.into());
    }

    pub(super) fn shown(&self) -> Shown {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain =
            std::iter::once(end_entity).chain(intermediates).map(|c| c.clone().into_owned()).collect();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) =
            Shown { chain, ocsp: ocsp_response.to_vec(), signature: None };
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(dss);
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(dss);
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        // We only look, so an old server is looked at, too.
        schemes.extend([SignatureScheme::RSA_PKCS1_SHA1, SignatureScheme::ECDSA_SHA1_Legacy]);
        schemes
    }
}

/// Shakes hands over an open stream, within the connection time limit. Gives the taker of the
/// OCSP answer, too.
pub(super) async fn shake<S>(
    net: &Net,
    host: &str,
    alpn: &[&[u8]],
    stream: S,
    tap: &Tap,
) -> Result<(TlsStream<S>, Arc<Recorder>), Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let (config, recorder) = net.trust.config(alpn)?;
    let name = ServerName::try_from(host.to_owned())
        .map_err(|e| Failure::new(Step::Tls, Code::BadName, format!("{host}: {e}")))?;
    let shaking = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match tokio::time::timeout(net.settings.connect_timeout, shaking).await {
        Ok(Ok(stream)) => Ok((stream, recorder)),
        Ok(Err(e)) => Err(failure(&e, host, tap)),
        Err(_) => Err(Failure::new(
            Step::Tls,
            Code::TimedOut,
            format!("{host}: {} ms", net.settings.connect_timeout.as_millis()),
        )),
    }
}

/// Why a handshake failed, from the error and from what the peer really sent.
pub(super) fn failure(e: &std::io::Error, host: &str, tap: &Tap) -> Failure {
    if tap.not_tls() {
        return Failure::new(Step::Tls, Code::NotTls, format!("{host}: {:?}", as_text(&tap.first())));
    }
    match e.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(tls) => Failure::new(Step::Tls, Code::TlsFailed, format!("{host}: {tls}")),
        None => io_failure(Step::Tls, e, host),
    }
}

/// First bytes as text for a message.
fn as_text(first: &[u8]) -> String {
    String::from_utf8_lossy(first).chars().take(40).collect()
}

/// One complete handshake.
pub(super) async fn handshake(net: &Arc<Net>, host: &str, port: u16) -> Result<TlsHandshake, Failure> {
    let host = super::name::canonical(host)?;
    let Dialled { stream, address, .. } = net.dial(&host, port, Class::Connect { liveness: false }).await?;
    let (tap, permit) = (stream.tap(), stream.permit());
    let began = Instant::now();
    let shaken = Box::pin(shake(net, &host, &[b"h2", b"http/1.1"], stream, &tap)).await;
    if let Err(e) = &shaken {
        permit.report_failure(e);
    }
    let (stream, recorder) = shaken?;
    let took = began.elapsed();
    permit.report(Report::Answered(took));
    let session = stream.get_ref().1;
    let shown = recorder.shown();
    Ok(TlsHandshake {
        address: address.ip().to_string(),
        port,
        version: session.protocol_version().map(version_word).unwrap_or_default(),
        cipher: session
            .negotiated_cipher_suite()
            .and_then(|s| s.suite().as_str())
            .unwrap_or_default()
            .to_owned(),
        alpn: session.alpn_protocol().map(|p| String::from_utf8_lossy(p).into_owned()),
        trust_error: net.trust_error(&host, &shown),
        ocsp_stapled: !shown.ocsp.is_empty(),
        trust_store: net.trust.label.clone(),
        handshake_ms: millis(took),
        chain: shown.chain.iter().map(|c| Blob(c.to_vec())).collect(),
        host,
    })
}

impl Net {
    /// A handshake as evidence, for collectors that shake hands in the middle of a protocol.
    pub(super) fn handshake_evidence(
        &self,
        host: &str,
        at: std::net::SocketAddr,
        session: &rustls::ClientConnection,
        shown: &Shown,
        took: std::time::Duration,
    ) -> TlsHandshake {
        TlsHandshake {
            host: host.to_owned(),
            address: at.ip().to_string(),
            port: at.port(),
            version: session.protocol_version().map(version_word).unwrap_or_default(),
            cipher: session
                .negotiated_cipher_suite()
                .and_then(|s| s.suite().as_str())
                .unwrap_or_default()
                .to_owned(),
            alpn: session.alpn_protocol().map(|p| String::from_utf8_lossy(p).into_owned()),
            trust_error: self.trust_error(host, shown),
            ocsp_stapled: !shown.ocsp.is_empty(),
            trust_store: self.trust.label.clone(),
            handshake_ms: millis(took),
            chain: shown.chain.iter().map(|c| Blob(c.to_vec())).collect(),
        }
    }

    /// Why what a server showed is not trusted for `host` now; `None` when it is.
    pub(super) fn trust_error(&self, host: &str, shown: &Shown) -> Option<String> {
        let Ok(name) = ServerName::try_from(host.to_owned()) else {
            return Some(format!("name mismatch: {host}"));
        };
        let now = u64::try_from(self.clock.now().as_second()).unwrap_or(0);
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now));
        self.trust.verify(&shown.chain, &name, &shown.ocsp, now)
    }
}

/// `TLS 1.3`, as everywhere in evidence.
pub(super) fn version_word(version: rustls::ProtocolVersion) -> String {
    crate::tls::version_name(version.into()).map_or_else(|| format!("{version:?}"), str::to_owned)
}

/// One ClientHello for each version.
pub(super) async fn versions(net: &Arc<Net>, host: &str, port: u16) -> Result<TlsVersions, Failure> {
    let host = super::name::canonical(host)?;
    let mut attempts = Vec::new();
    let mut address = String::new();
    let mut first_failure = None;
    for version in Version::ALL {
        let answer = match net.dial(&host, port, Class::TlsVersion).await {
            Ok(Dialled { stream, address: at, .. }) => {
                address = at.ip().to_string();
                one_version(net, &host, version, stream).await
            }
            Err(e) => Err(e),
        };
        let hopeless = match &answer {
            Err(e) => {
                matches!(e.code, Code::Refused | Code::Unreachable | Code::CircuitOpen | Code::OutOfScope)
                    || e.step == Step::Resolve
            }
            // A port that speaks something else will not change its mind.
            Ok(TlsAnswer::NotTls { .. }) => true,
            Ok(_) => false,
        };
        if let Err(e) = &answer {
            first_failure.get_or_insert_with(|| e.clone());
        }
        attempts.push(TlsAttempt { version: version.name().to_owned(), answer });
        if hopeless {
            break;
        }
    }
    match first_failure {
        Some(e) if attempts.iter().all(|a| a.answer.is_err()) => Err(e),
        _ => Ok(TlsVersions { host, address, port, attempts }),
    }
}

async fn one_version(
    net: &Net,
    host: &str,
    version: Version,
    mut stream: Stream,
) -> Result<TlsAnswer, Failure> {
    let mut random = [0; 64];
    ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut random)
        .map_err(|e| Failure::new(Step::Send, Code::Internal, e.to_string()))?;
    let hello = client_hello(version, host, &random);
    let began = Instant::now();
    stream.write_all(&hello).await.map_err(|e| io_failure(Step::Send, &e, host))?;
    let reading = async {
        let mut flight = Vec::new();
        loop {
            let mut more = [0; 1024];
            let room = (FLIGHT_BYTES - flight.len()).min(more.len());
            if room == 0 {
                return Err(Failure::new(
                    Step::Decode,
                    Code::BadAnswer,
                    format!("{host}: > {FLIGHT_BYTES} bytes"),
                ));
            }
            let n = match stream.read(&mut more[..room]).await {
                Ok(n) => n,
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => 0,
                Err(e) => return Err(io_failure(Step::Receive, &e, host)),
            };
            flight.extend_from_slice(&more[..n]);
            match parse_server(&flight) {
                ServerFlight::Hello { version, cipher, .. } => {
                    return Ok(TlsAnswer::Accepted { version, cipher, hello: Blob(flight) });
                }
                ServerFlight::Alert { level, description } => {
                    return Ok(TlsAnswer::Alert { level, description });
                }
                ServerFlight::NotTls { first } => return Ok(TlsAnswer::NotTls { first: Blob(first) }),
                ServerFlight::Incomplete if n == 0 && flight.is_empty() => return Ok(TlsAnswer::Closed),
                ServerFlight::Incomplete if n == 0 => {
                    return Err(Failure::new(
                        Step::Receive,
                        Code::Closed,
                        format!("{host}: {} bytes", flight.len()),
                    ));
                }
                ServerFlight::Incomplete => {}
            }
        }
    };
    let answer = tokio::time::timeout(net.settings.connect_timeout, reading).await.unwrap_or_else(|_| {
        let detail = format!("{host}: {} ms", net.settings.connect_timeout.as_millis());
        Err(Failure::new(Step::Receive, Code::TimedOut, detail))
    });
    // A server that stays silent on an old version is not in trouble; only answers are reported.
    if answer.is_ok() {
        stream.report(Report::Answered(began.elapsed()));
    }
    answer
}
