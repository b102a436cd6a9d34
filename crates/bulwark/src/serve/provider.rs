//! The identity provider of an agency: what the configuration says of it, and the requests to it. They go to the
//! addresses that the crate of identities has checked, over TLS, and to nobody else; redirects are not followed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use bulwark_console::OidcSettings;
use bulwark_i18n::args;
use bulwark_identity::oidc::{Config, HttpRequest};
use bulwark_model::{Diagnostic, Location};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::config::Oidc;
use crate::texts::{diagnostic, texts};

/// How long a request may take in all.
const WAIT: Duration = Duration::from_secs(15);
/// Bytes of an answer.
const ANSWER_BYTES: usize = 1 << 20;
/// Where browsers come back to.
const RETURN: &str = "/log-in/provider/return";

/// The provider, when one is configured.
///
/// # Errors
/// BW-CLI-033 for a certificate authority that cannot be read.
pub fn settings(oidc: &Oidc, origin: &str) -> Result<Option<OidcSettings>, Diagnostic> {
    let (Some(issuer), Some(client_id)) = (oidc.issuer.clone(), oidc.client_id.clone()) else {
        return Ok(None);
    };
    let config = Config {
        issuer,
        client_id,
        client_secret: oidc.client_secret.as_ref().map(|secret| secret.reveal().clone()),
        redirect_uri: format!("{origin}{RETURN}"),
        scopes: Vec::new(),
        required_acr: oidc.acr.iter().flat_map(|acr| acr.split_whitespace()).map(str::to_owned).collect(),
    };
    let tls = trust(oidc.ca_file.as_deref())?;
    let fetch =
        Arc::new(move |request| -> futures_util::future::BoxFuture<'static, Result<Vec<u8>, String>> {
            let tls = tls.clone();
            Box::pin(async move {
                let answer = tokio::time::timeout(WAIT, send(request, tls)).await;
                answer.unwrap_or_else(|_| Err(format!("no answer within {} s", WAIT.as_secs())))
            })
        });
    Ok(Some(OidcSettings { config, fetch }))
}

/// The authorities of the system, and one more.
fn trust(file: Option<&Path>) -> Result<TlsConnector, Diagnostic> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = file {
        let unusable = |e: String| {
            let place = Location::File { path: path.display().to_string(), line: 0, column: 0 };
            diagnostic(texts(), "BW-CLI-033", &args![path = path.display()]).at(place).because(e)
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| unusable(e.to_string()))? {
            let certificate = certificate.map_err(|e| unusable(e.to_string()))?;
            roots.add(certificate).map_err(|e| unusable(e.to_string()))?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|e| diagnostic(texts(), "BW-CLI-035", &[]).because(e))?;
    Ok(TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
}

/// Sends one request. An answer of the provider counts whatever its status, for a refusal is explained in its body;
/// a redirect and a failure of the server do not.
async fn send(request: HttpRequest, tls: TlsConnector) -> Result<Vec<u8>, String> {
    let url = url::Url::parse(&request.url).map_err(|e| e.to_string())?;
    let host = url.host_str().ok_or("no host")?.to_owned();
    let port = url.port_or_known_default().ok_or("no port")?;
    if url.scheme() != "https" {
        return Err(format!("{} is not https", url.scheme()));
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let stream = TcpStream::connect((bare.as_str(), port)).await.map_err(|e| format!("{host}: {e}"))?;
    let name = ServerName::try_from(bare).map_err(|e| e.to_string())?;
    let stream = tls.connect(name, stream).await.map_err(|e| format!("{host}: {e}"))?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|e| e.to_string())?;
    let driver = tokio::spawn(connection);
    let answer = sender.send_request(message(request, &url, &host)?).await.map_err(|e| e.to_string())?;
    let status = answer.status();
    if status.is_redirection() || status.is_server_error() {
        return Err(format!("{host}: {status}"));
    }
    let body = Limited::new(answer.into_body(), ANSWER_BYTES).collect().await.map_err(|e| e.to_string())?;
    driver.abort();
    Ok(body.to_bytes().to_vec())
}

fn message(request: HttpRequest, url: &url::Url, host: &str) -> Result<hyper::Request<Full<Bytes>>, String> {
    let target = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let mut message =
        hyper::Request::builder().method(request.method.as_str()).uri(target).header("host", authority);
    for (name, value) in &request.headers {
        message = message.header(name, value);
    }
    message.body(Full::new(Bytes::from(request.body))).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bulwark_testkit::http::{HttpServer, Reply};
    use bulwark_testkit::loopback;
    use bulwark_testkit::tls::Authority;

    fn get(url: String) -> HttpRequest {
        let headers = vec![("accept".to_owned(), "application/json".to_owned())];
        HttpRequest { method: "GET".to_owned(), url, headers, body: Vec::new() }
    }

    #[tokio::test]
    async fn a_provider_is_asked_over_tls_it_is_trusted_for_and_not_followed_elsewhere() {
        let authority = Authority::new("Agency CA");
        let dir = tempfile::tempdir().expect("a folder");
        let ca_file = dir.path().join("ca.crt");
        std::fs::write(&ca_file, authority.pem()).expect("writable");
        let server = HttpServer::start(loopback(), Some(authority.valid(&["localhost"])), |request| {
            match request.path() {
                "/keys" => Reply::text(200, request.header("accept").unwrap_or("none")),
                "/token" => Reply::text(400, "{\"error\":\"invalid_grant\"}"),
                "/large" => Reply::text(200, &"x".repeat(ANSWER_BYTES + 1)),
                "/moved" => Reply::text(302, "").header("location", "/keys"),
                _ => Reply::text(500, ""),
            }
        })
        .expect("a server");
        let oidc = |ca_file| Oidc {
            issuer: Some("https://localhost".into()),
            client_id: Some("bulwark".into()),
            client_secret: None,
            client_secret_file: None,
            acr: Some("a b".into()),
            ca_file,
        };
        let known = settings(&oidc(Some(ca_file)), "https://x.example").expect("usable").expect("configured");
        assert_eq!(known.config.redirect_uri, "https://x.example/log-in/provider/return");
        assert_eq!(known.config.required_acr, ["a", "b"]);
        let ask =
            |path: &str| (known.fetch)(get(format!("https://localhost:{}{path}", server.addr().port())));
        assert_eq!(ask("/keys?a=1").await, Ok(b"application/json".to_vec()));
        assert_eq!(ask("/token").await, Ok(b"{\"error\":\"invalid_grant\"}".to_vec()), "a refusal is read");
        for path in ["/large", "/moved", "/broken"] {
            assert!(ask(path).await.is_err(), "{path}");
        }
        let plain = (known.fetch)(get("http://localhost/keys".into())).await;
        assert_eq!(plain, Err("http is not https".to_owned()));
        let unknown = settings(&oidc(None), "https://x.example").expect("usable").expect("configured");
        let refused = (unknown.fetch)(get(format!("https://localhost:{}/keys", server.addr().port()))).await;
        assert!(
            refused.is_err_and(|why| why.contains("certificate")),
            "an unknown authority is not believed"
        );
        let none = Oidc { issuer: None, ..oidc(None) };
        assert!(settings(&none, "https://x.example").expect("usable").is_none());
    }
}
