//! Log-in through the identity provider of an agency: OpenID Connect Core 1.0, authorization code flow with PKCE
//! (RFC 7636, S256), nonce and state.
//!
//! This crate opens no socket. Requests come out as [`HttpRequest`], answers go in as bytes:
//!
//! 1. [`Provider::discovery_request`] and [`Provider::keys_request`], answered into [`Provider::discovered`]: once at
//!    start, and again when [`Client::needs_new_keys`] says so;
//! 2. [`Client::start`]: send the browser to the address, keep the state (in a [`crate::Pending`] room, its ticket in
//!    a cookie);
//! 3. [`Client::code`] reads the query with which the browser comes back;
//! 4. [`Client::token_request`], answered into [`Client::finish`]: the person, as issuer and subject.
//!
//! ```
//! # use bulwark_identity::oidc::{Config, Freshness, Provider};
//! # use bulwark_testkit::identity_provider::IdentityProvider;
//! # let now: jiff::Timestamp = "2026-11-25T01:00:00Z".parse()?;
//! # let mut idp = IdentityProvider::new("https://idp.example.gov.tw", now.as_second());
//! let provider = Provider::new(Config {
//!     issuer: "https://idp.example.gov.tw".into(),
//!     client_id: "bulwark-console".into(),
//!     client_secret: idp.client_secret.clone(),
//!     redirect_uri: "https://console.example.gov.tw/login/oidc".into(),
//!     scopes: vec!["email".into(), "profile".into()],
//!     required_acr: vec![],
//! })?;
//! let client = provider.discovered(idp.discovery().as_bytes(), idp.keys().as_bytes())?;
//! let (address, state) = client.start(Freshness::Any, now)?;
//! # let back = idp.authorize(&address)?;
//! # let query = back.split_once('?').unwrap().1;
//! let code = client.code(&state, query)?;
//! let request = client.token_request(&state, &code)?;
//! # let answer = idp.token(request.authorization(), &request.body, |_| ())?;
//! let person = client.finish(state, answer.as_bytes(), now)?;
//! assert_eq!(person.issuer, "https://idp.example.gov.tw");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod client;
mod error;
mod token;

pub use client::{Client, Code, Freshness, OidcState};
pub use error::OidcError;
pub use token::OidcIdentity;

use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet, CoreProviderMetadata};
use openidconnect::{IssuerUrl, RedirectUrl};
use serde::Deserialize;
use url::{Host, Url};

/// What an administrator configures about a provider.
#[derive(Clone)]
pub struct Config {
    /// The provider's name: an `https` address, written exactly as the provider writes it.
    pub issuer: String,
    /// Our name at the provider.
    pub client_id: String,
    /// Our secret there; `None` for a public client, which PKCE alone protects.
    pub client_secret: Option<String>,
    /// Where browsers come back to; registered at the provider.
    pub redirect_uri: String,
    /// What is asked for beside `openid`: `email`, `profile`.
    pub scopes: Vec<String>,
    /// The levels of assurance (`acr`) of which one must have been reached; empty when any will do.
    pub required_acr: Vec<String>,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

/// A request for the caller to send. Nothing else may be added; redirects must not be followed.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// Names in lower case, values; `authorization` holds a secret.
    pub headers: Vec<(String, String)>,
    /// The body, empty for `GET`; it may hold secrets.
    pub body: Vec<u8>,
}

impl HttpRequest {
    fn get(url: String) -> Self {
        let headers = vec![("accept".to_owned(), "application/json".to_owned())];
        Self { method: "GET".to_owned(), url, headers, body: Vec::new() }
    }

    /// The value of the header `authorization`.
    pub fn authorization(&self) -> Option<&str> {
        let found = self.headers.iter().find(|(name, _)| name == "authorization");
        found.map(|(_, value)| value.as_str())
    }
}

impl std::fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.url)
    }
}

/// A configured provider of which nothing is known yet.
#[derive(Debug, Clone)]
pub struct Provider {
    config: Config,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
}

/// What the library's discovery document does not hold.
#[derive(Deserialize)]
struct MoreMetadata {
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

impl Provider {
    /// Checks the configuration.
    ///
    /// # Errors
    /// [`OidcError::Configuration`] names the setting that cannot be.
    pub fn new(config: Config) -> Result<Self, OidcError> {
        let issuer = secure("issuer", &config.issuer)?;
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return Err(bad("issuer", &config.issuer, "it has a query or a fragment"));
        }
        secure("redirect_uri", &config.redirect_uri)?;
        if config.client_id.is_empty() {
            return Err(bad("client_id", "", "it is empty"));
        }
        let unreadable = |field, value: &str| bad(field, value, "not a web address");
        let issuer =
            IssuerUrl::new(config.issuer.clone()).map_err(|_| unreadable("issuer", &config.issuer))?;
        let redirect = RedirectUrl::new(config.redirect_uri.clone())
            .map_err(|_| unreadable("redirect_uri", &config.redirect_uri))?;
        Ok(Self { config, issuer, redirect })
    }

    /// Asks the provider about itself (OpenID Connect Discovery 1.0 §4).
    pub fn discovery_request(&self) -> HttpRequest {
        let issuer = self.config.issuer.trim_end_matches('/');
        HttpRequest::get(format!("{issuer}/.well-known/openid-configuration"))
    }

    /// Asks for the keys, where the discovery document says they are.
    ///
    /// # Errors
    /// When the document cannot be read, or is another provider's.
    pub fn keys_request(&self, discovery: &[u8]) -> Result<HttpRequest, OidcError> {
        let (metadata, _) = self.metadata(discovery)?;
        Ok(HttpRequest::get(metadata.jwks_uri().to_string()))
    }

    /// The provider as it described itself, ready for log-ins.
    ///
    /// # Errors
    /// When document or keys cannot be read, are another provider's, or hold nothing to verify with.
    pub fn discovered(&self, discovery: &[u8], keys: &[u8]) -> Result<Client, OidcError> {
        let (metadata, more) = self.metadata(discovery)?;
        let keys: CoreJsonWebKeySet =
            serde_json::from_slice(keys).map_err(|error| OidcError::Discovery(error.to_string()))?;
        let keys: Vec<CoreJsonWebKey> = keys.keys().iter().filter(|key| is_strong(key)).cloned().collect();
        if keys.is_empty() {
            return Err(OidcError::Discovery("no key in it can be used".to_owned()));
        }
        let keys = CoreJsonWebKeySet::new(keys);
        let token_url = metadata.token_endpoint().cloned();
        let token_url =
            token_url.ok_or_else(|| OidcError::Discovery("token_endpoint is missing".to_owned()))?;
        // Basic unless the provider takes the form only: what RFC 6749 §2.3.1 prefers and §9 of Core assumes.
        let methods = more.token_endpoint_auth_methods_supported;
        let takes =
            |method: &str| methods.as_ref().is_none_or(|methods| methods.iter().any(|known| known == method));
        let secret_in_form = !takes("client_secret_basic") && takes("client_secret_post");
        Ok(Client {
            provider: self.clone(),
            auth_url: metadata.authorization_endpoint().clone(),
            token_url,
            keys,
            names_itself: more.authorization_response_iss_parameter_supported,
            secret_in_form,
        })
    }

    fn metadata(&self, discovery: &[u8]) -> Result<(CoreProviderMetadata, MoreMetadata), OidcError> {
        let unreadable = |error: serde_json::Error| OidcError::Discovery(error.to_string());
        let metadata: CoreProviderMetadata = serde_json::from_slice(discovery).map_err(unreadable)?;
        let more: MoreMetadata = serde_json::from_slice(discovery).map_err(unreadable)?;
        if metadata.issuer() != &self.issuer {
            return Err(OidcError::WrongIssuer {
                expected: self.issuer.to_string(),
                found: metadata.issuer().to_string(),
            });
        }
        secure("authorization_endpoint", metadata.authorization_endpoint().as_str())?;
        secure("jwks_uri", metadata.jwks_uri().as_str())?;
        if let Some(endpoint) = metadata.token_endpoint() {
            secure("token_endpoint", endpoint.as_str())?;
        }
        Ok((metadata, more))
    }
}

/// RSA from 2048 bits on (NIST SP 800-131A, ASVS 5.0.0 V11.2.3); the library would take any length.
fn is_strong(key: &CoreJsonWebKey) -> bool {
    let modulus = serde_json::to_value(key).ok().and_then(|key| Some(key.get("n")?.as_str()?.len()));
    // 256 bytes in base64url.
    modulus.is_none_or(|characters| characters >= 342)
}

/// A web address with TLS, or of this machine.
fn secure(field: &'static str, text: &str) -> Result<Url, OidcError> {
    let url = Url::parse(text).map_err(|_| bad(field, text, "not a web address"))?;
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return Err(bad(field, text, "not a web address")),
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if local => Ok(url),
        _ => Err(bad(field, text, "it must be https, except on this machine")),
    }
}

fn bad(field: &'static str, value: &str, why: &'static str) -> OidcError {
    OidcError::Configuration { field, value: value.to_owned(), why }
}
