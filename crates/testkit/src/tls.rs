//! Certificates made on the spot: an authority, what it issues, and the usual mistakes.
//!
//! ```
//! use bulwark_testkit::tls::Authority;
//! let ca = Authority::new("Test CA");
//! let good = ca.valid(&["www.demo.test", "127.0.0.1"]);
//! assert!(good.chain_pem().starts_with("-----BEGIN CERTIFICATE-----"));
//! let late = ca.expired(&["www.demo.test"]);
//! assert_ne!(good.chain_pem(), late.chain_pem());
//! ```

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

pub use rcgen;

/// A day, for [`now_plus`].
pub const DAY: Duration = Duration::from_hours(24);

/// The present, moved by a number of days (negative: the past).
pub fn now_plus(days: i64) -> SystemTime {
    #[expect(
        clippy::disallowed_methods,
        reason = "certificates of test servers are judged by the real clock"
    )]
    let now = SystemTime::now();
    let shift = DAY * u32::try_from(days.unsigned_abs()).unwrap_or(u32::MAX);
    if days < 0 { now - shift } else { now + shift }
}

/// A certificate authority of a test.
pub struct Authority {
    params: CertificateParams,
    key: KeyPair,
    /// From this authority up to, but without, the root.
    chain: Vec<CertificateDer<'static>>,
    root: CertificateDer<'static>,
}

impl Authority {
    /// A new root with this common name, valid for ten years from yesterday.
    ///
    /// # Panics
    /// When the machine gives no randomness.
    pub fn new(name: &str) -> Self {
        let (params, key) = ca_params(name);
        let root = params.self_signed(&key).expect("a fresh key signs").der().clone();
        Self { params, key, chain: Vec::new(), root }
    }

    /// An authority below this one; what it issues carries its certificate in the chain.
    ///
    /// # Panics
    /// When the machine gives no randomness.
    #[must_use]
    pub fn intermediate(&self, name: &str) -> Self {
        let (params, key) = ca_params(name);
        let own = params.signed_by(&key, &self.issuer()).expect("a fresh key signs").der().clone();
        let chain = std::iter::once(own).chain(self.chain.iter().cloned()).collect();
        Self { params, key, chain, root: self.root.clone() }
    }

    /// A server certificate for names or IP addresses; the first is the common name.
    ///
    /// # Panics
    /// When a name is no valid DNS name.
    pub fn issue(&self, names: &[&str], not_before: SystemTime, not_after: SystemTime) -> TlsIdentity {
        self.issue_custom(&server_params(names, not_before, not_after))
    }

    /// Signs parameters as they stand, for certificates with odd contents.
    ///
    /// # Panics
    /// When rcgen refuses the parameters.
    pub fn issue_custom(&self, params: &CertificateParams) -> TlsIdentity {
        let key = KeyPair::generate().expect("randomness is available");
        let leaf =
            params.signed_by(&key, &self.issuer()).expect("rcgen accepts the parameters").der().clone();
        TlsIdentity::new(std::iter::once(leaf).chain(self.chain.iter().cloned()).collect(), &key)
    }

    /// Valid from yesterday for 90 days.
    pub fn valid(&self, names: &[&str]) -> TlsIdentity {
        self.issue(names, now_plus(-1), now_plus(90))
    }

    /// Ended 10 days ago.
    pub fn expired(&self, names: &[&str]) -> TlsIdentity {
        self.issue(names, now_plus(-100), now_plus(-10))
    }

    /// Begins in 10 days.
    pub fn not_yet_valid(&self, names: &[&str]) -> TlsIdentity {
        self.issue(names, now_plus(10), now_plus(100))
    }

    /// Valid, but for `other.invalid`.
    pub fn wrong_name(&self) -> TlsIdentity {
        self.valid(&["other.invalid"])
    }

    /// The root's certificate as PEM, for a trust store.
    pub fn pem(&self) -> String {
        pem("CERTIFICATE", &self.root)
    }

    /// The root's certificate as DER.
    pub fn der(&self) -> CertificateDer<'static> {
        self.root.clone()
    }

    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }
}

fn ca_params(name: &str) -> (CertificateParams, KeyPair) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.not_before = now_plus(-1).into();
    params.not_after = now_plus(3650).into();
    (params, KeyPair::generate().expect("randomness is available"))
}

/// Parameters of an ordinary server certificate.
///
/// # Panics
/// When a name is no valid DNS name.
pub fn server_params(names: &[&str], not_before: SystemTime, not_after: SystemTime) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let common_name = names.first().cloned().unwrap_or_default();
    let mut params = CertificateParams::new(names).expect("test names are valid DNS names");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = not_before.into();
    params.not_after = not_after.into();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params
}

/// Which protocol versions a test server speaks. Older ones than TLS 1.2 need another program (the demo's nginx).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Versions {
    /// TLS 1.2 and 1.3.
    #[default]
    Both,
    /// TLS 1.2 only.
    Tls12,
    /// TLS 1.3 only.
    Tls13,
}

/// A certificate chain with its key: what a TLS server shows.
#[derive(Clone, Debug)]
pub struct TlsIdentity {
    chain: Vec<CertificateDer<'static>>,
    key: Arc<Vec<u8>>,
    versions: Versions,
}

impl TlsIdentity {
    fn new(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Self {
        Self { chain, key: Arc::new(key.serialize_der()), versions: Versions::default() }
    }

    /// A certificate that vouches for itself.
    ///
    /// # Panics
    /// When a name is no valid DNS name.
    pub fn self_signed(names: &[&str]) -> Self {
        let key = KeyPair::generate().expect("randomness is available");
        let params = server_params(names, now_plus(-1), now_plus(90));
        Self::new(vec![params.self_signed(&key).expect("a fresh key signs").der().clone()], &key)
    }

    /// An identity that was written to files before.
    ///
    /// # Errors
    /// When a text holds no certificate, or no key in PKCS #8.
    pub fn from_pem(chain: &str, key: &str) -> std::io::Result<Self> {
        let bad = |error| std::io::Error::new(std::io::ErrorKind::InvalidData, format!("{error:?}"));
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().map_err(bad)?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).map_err(bad)?;
        let key = Arc::new(key.secret_pkcs8_der().to_vec());
        Ok(Self { chain, key, versions: Versions::default() })
    }

    /// The same key behind other certificate bytes: a chain in wrong order, without its middle, or no certificate
    /// at all.
    #[must_use]
    pub fn with_chain_der(mut self, chain: Vec<Vec<u8>>) -> Self {
        self.chain = chain.into_iter().map(CertificateDer::from).collect();
        self
    }

    /// Limits the protocol versions.
    #[must_use]
    pub fn with_versions(mut self, versions: Versions) -> Self {
        self.versions = versions;
        self
    }

    /// Chain as DER, leaf first.
    pub fn chain_der(&self) -> Vec<Vec<u8>> {
        self.chain.iter().map(|certificate| certificate.as_ref().to_vec()).collect()
    }

    /// Chain as PEM, leaf first.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|certificate| pem("CERTIFICATE", certificate)).collect()
    }

    /// The private key as PEM (PKCS #8).
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", &self.key)
    }

    /// The rustls configuration that serves this identity; certificate and key are not checked against each other.
    ///
    /// # Panics
    /// When ring refuses the key.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.as_ref().clone()));
        let key = provider.key_provider.load_private_key(key).expect("rcgen makes keys that ring reads");
        let versions: &[&'static rustls::SupportedProtocolVersion] = match self.versions {
            Versions::Both => &[&rustls::version::TLS12, &rustls::version::TLS13],
            Versions::Tls12 => &[&rustls::version::TLS12],
            Versions::Tls13 => &[&rustls::version::TLS13],
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("the provider has cipher suites for these versions")
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(self.chain.clone(), key))));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(der.len() * 4 / 3 + 80);
    for chunk in der.chunks(3) {
        let bits =
            (0..3).fold(0_usize, |bits, i| bits << 8 | usize::from(chunk.get(i).copied().unwrap_or(0)));
        for i in 0..4 {
            let digit = ALPHABET[bits >> (18 - 6 * i) & 63];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    let lines: Vec<&str> =
        (0..text.len()).step_by(64).map(|start| &text[start..(start + 64).min(text.len())]).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
