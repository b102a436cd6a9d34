//! Certificates in use.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::own_ca::{self, Files, Made, Name};
use crate::config::{Settings, Tls, secret};
use crate::texts::{diagnostic, texts};

/// Certificates and what was done to have them.
pub struct Ready {
    /// What to answer with; `None` without TLS.
    pub acceptor: Option<TlsAcceptor>,
    /// What was made anew.
    pub made: Made,
}

/// Loads the certificates that the settings ask for; the own authority makes what is missing or ends soon.
///
/// # Errors
/// BW-CLI-033 and BW-CLI-034, BW-CONF-006.
pub fn load(settings: &Settings, origin: &str, now: Timestamp) -> Result<Ready, Diagnostic> {
    let (certificate, key, made) = match settings.server.tls {
        Tls::Off => return Ok(Ready { acceptor: None, made: Made::Nothing }),
        Tls::OwnCa => {
            let files = Files::of(&settings.store.dir);
            let made = files
                .ensure(&names(settings, origin), now)
                .map_err(|e| unusable(&files.certificate).because(e))?;
            (files.certificate, files.key, made)
        }
        Tls::Files => {
            let file = |path: &Option<PathBuf>| path.clone().unwrap_or_default();
            (file(&settings.server.tls_cert), file(&settings.server.tls_key), Made::Nothing)
        }
    };
    secret::closed_to_others(&key)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(&certificate).and_then(Iterator::collect);
    let chain = chain.map_err(|e| unusable(&certificate).because(e))?;
    let secret = PrivateKeyDer::from_pem_file(&key).map_err(|e| unusable(&key).because(e))?;
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, secret));
    let mut config = config.map_err(|e| unusable(&certificate).because(e))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let until = own_ca::read(&certificate).map(|found| found.until);
    if until.is_some_and(|until| until <= now) {
        return Err(
            diagnostic(texts(), "BW-CLI-034", &args![path = certificate.display()]).at(place(&certificate))
        );
    }
    Ok(Ready { acceptor: Some(TlsAcceptor::from(Arc::new(config))), made })
}

/// The file of the certificate in use.
pub fn certificate(settings: &Settings) -> Option<PathBuf> {
    match settings.server.tls {
        Tls::Off => None,
        Tls::OwnCa => Some(Files::of(&settings.store.dir).certificate),
        Tls::Files => settings.server.tls_cert.clone(),
    }
}

/// Every name this machine is reached by.
fn names(settings: &Settings, origin: &str) -> BTreeSet<Name> {
    let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => host,
    };
    let machine = rustix::system::uname();
    let machine = machine.nodename().to_string_lossy().into_owned();
    let listen = settings.server.listen.ip();
    let listen = (!listen.is_unspecified()).then(|| listen.to_string());
    let all = ["localhost", "127.0.0.1", "::1", host, &machine];
    all.into_iter().chain(listen.as_deref()).filter_map(Name::of).collect()
}

fn unusable(path: &Path) -> Diagnostic {
    diagnostic(texts(), "BW-CLI-033", &args![path = path.display()]).at(place(path))
}

fn place(path: &Path) -> Location {
    Location::File { path: path.display().to_string(), line: 0, column: 0 }
}
