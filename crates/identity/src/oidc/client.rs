//! One log-in: from the address a browser is sent to, to the request for its token.

use std::cell::RefCell;
use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreJsonWebKeySet};
use openidconnect::{
    AuthType, AuthUrl, AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, Nonce, PkceCodeChallenge, PkceCodeVerifier, Scope, TokenUrl,
};

use super::{HttpRequest, OidcError, Provider};
use crate::pending::{Ceremony, LIFETIME};
use crate::random;

/// A provider that described itself: log-ins can begin.
#[derive(Debug, Clone)]
pub struct Client {
    pub(super) provider: Provider,
    pub(super) auth_url: AuthUrl,
    pub(super) token_url: TokenUrl,
    pub(super) keys: CoreJsonWebKeySet,
    /// The provider says that it names itself in every redirect (RFC 9207).
    pub(super) names_itself: bool,
    pub(super) secret_in_form: bool,
}

/// How recently the person must have proved themselves at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// An open session at the provider will do.
    Any,
    /// At most so long ago; the provider asks again otherwise. For step-up.
    Within(SignedDuration),
}

/// A log-in that was begun. Keep it on the server.
pub struct OidcState {
    pub(super) issuer: String,
    pub(super) nonce: String,
    pub(super) begun: Timestamp,
    pub(super) freshness: Freshness,
    state: String,
    verifier: String,
}

impl std::fmt::Debug for OidcState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OidcState").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Ceremony for OidcState {
    fn expires(&self) -> Timestamp {
        self.begun + LIFETIME
    }
}

/// The code with which a browser came back.
pub struct Code(String);

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Code(…)")
    }
}

type LibraryClient =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointNotSet>;

/// How the library's request is caught instead of sent.
#[derive(Debug, thiserror::Error)]
#[error("caught")]
struct Caught;

impl Client {
    /// The address to send the browser to, and the state to finish with.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn start(&self, freshness: Freshness, now: Timestamp) -> Result<(String, OidcState), OidcError> {
        let state = OidcState {
            issuer: self.provider.issuer.to_string(),
            nonce: random::token()?,
            begun: now,
            freshness,
            state: random::token()?,
            verifier: random::token()?,
        };
        let (told_state, nonce) = (CsrfToken::new(state.state.clone()), Nonce::new(state.nonce.clone()));
        let challenge =
            PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(state.verifier.clone()));
        let config = &self.provider.config;
        let library = self.library();
        let mut request = library
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || told_state, move || nonce)
            .set_pkce_challenge(challenge)
            .add_scopes(config.scopes.iter().cloned().map(Scope::new));
        for acr in &config.required_acr {
            request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
        }
        if let Freshness::Within(age) = freshness {
            // `prompt=login` as well: a provider may ignore `max_age`, and the token is checked for it either way.
            let age = std::time::Duration::from_secs(u64::try_from(age.as_secs()).unwrap_or(0));
            request = request.set_max_age(age).add_prompt(CoreAuthPrompt::Login);
        }
        let (url, _, _) = request.url();
        Ok((url.into(), state))
    }

    /// Reads the query with which the browser came back to the redirect address.
    ///
    /// # Errors
    /// [`OidcError::WrongState`] when it does not belong to this log-in, [`OidcError::WrongIssuer`] when another
    /// provider sent it (RFC 9207), [`OidcError::Refused`] when the provider or the person said no.
    pub fn code(&self, state: &OidcState, query: &str) -> Result<Code, OidcError> {
        let query = query.strip_prefix('?').unwrap_or(query);
        let mut values: HashMap<String, String> = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if values.insert(name.clone().into_owned(), value.into_owned()).is_some() {
                return Err(OidcError::Malformed(format!("{name} is given twice")));
            }
        }
        let found = values.get("state").map(String::as_str).unwrap_or_default();
        if !same(found, &state.state) {
            return Err(OidcError::WrongState);
        }
        self.is_the_provider_asked(state)?;
        let named = values.get("iss");
        if named.is_some_and(|named| *named != state.issuer) || named.is_none() && self.names_itself {
            let found = named.cloned().unwrap_or_default();
            return Err(OidcError::WrongIssuer { expected: state.issuer.clone(), found });
        }
        if let Some(error) = values.remove("error") {
            let description = values.remove("error_description").unwrap_or_default();
            return Err(refused(&error, &description));
        }
        match values.remove("code") {
            Some(code) if !code.is_empty() => Ok(Code(code)),
            _ => Err(OidcError::Malformed("code is missing".to_owned())),
        }
    }

    /// The request that turns the code into a token.
    ///
    /// # Errors
    /// When the state belongs to another provider.
    pub fn token_request(&self, state: &OidcState, code: &Code) -> Result<HttpRequest, OidcError> {
        self.is_the_provider_asked(state)?;
        let library = self.library();
        let caught: RefCell<Option<openidconnect::HttpRequest>> = RefCell::new(None);
        let catch = |request: openidconnect::HttpRequest| {
            caught.replace(Some(request));
            Err::<openidconnect::HttpResponse, Caught>(Caught)
        };
        let _ = library
            .exchange_code(AuthorizationCode::new(code.0.clone()))
            .set_pkce_verifier(PkceCodeVerifier::new(state.verifier.clone()))
            .request(&catch);
        let request = caught.into_inner();
        let request = request.ok_or_else(|| OidcError::Malformed("no request could be made".to_owned()))?;
        let (parts, body) = request.into_parts();
        let headers = parts
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())));
        Ok(HttpRequest {
            method: parts.method.to_string(),
            url: parts.uri.to_string(),
            headers: headers.collect(),
            body,
        })
    }

    /// A state serves the provider it was begun with, and no other.
    pub(super) fn is_the_provider_asked(&self, state: &OidcState) -> Result<(), OidcError> {
        let asked = self.provider.issuer.as_str();
        if state.issuer == asked {
            return Ok(());
        }
        Err(OidcError::WrongIssuer { expected: state.issuer.clone(), found: asked.to_owned() })
    }

    fn library(&self) -> LibraryClient {
        let config = &self.provider.config;
        let client = CoreClient::new(
            ClientId::new(config.client_id.clone()),
            self.provider.issuer.clone(),
            self.keys.clone(),
        )
        .set_auth_uri(self.auth_url.clone())
        .set_token_uri(self.token_url.clone())
        .set_redirect_uri(self.provider.redirect.clone())
        .set_auth_type(if self.secret_in_form { AuthType::RequestBody } else { AuthType::BasicAuth });
        match &config.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.clone())),
            None => client,
        }
    }
}

/// What the provider says, cut to what a log line may hold.
pub(super) fn refused(error: &str, description: &str) -> OidcError {
    let short = |text: &str| text.chars().filter(|c| !c.is_control()).take(300).collect();
    OidcError::Refused { error: short(error), description: short(description) }
}

/// Whether two secrets are the same, in a time that does not depend on where they differ.
fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    one.len() == other.len() && one.iter().zip(other).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
