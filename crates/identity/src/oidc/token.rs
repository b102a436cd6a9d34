//! The end of a log-in: what the token says, once everything about it was checked.

use std::time::{Duration, SystemTime};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AdditionalClaims, Audience, ClaimsVerificationError, ClientId, EndUserName, IdToken, IdTokenClaims,
    IdTokenVerifier, JsonWebKey as _, LanguageTag, LocalizedClaim, Nonce, SignatureVerificationError,
};
use serde::{Deserialize, Serialize};

use super::OidcError;
use super::client::{Client, Freshness, OidcState, refused};
use crate::pending::Ceremony as _;

/// How far the clocks of provider and server may be apart.
const SKEW: SignedDuration = SignedDuration::from_secs(60);

/// The most bytes of a token response that are read at all.
const MAX_RESPONSE_BYTES: usize = 256 * 1024;

/// A person, as a provider vouches for them.
///
/// `issuer` and `subject` together are the key of the person (ASVS 5.0.0 V6.8.1). Mail and name are the provider's
/// words: shown, never matched against existing accounts, since a provider may let people type them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcIdentity {
    /// The provider.
    pub issuer: String,
    /// The person's name there; never given to another.
    pub subject: String,
    /// Their mail address.
    pub email: Option<String>,
    /// Whether the provider has checked that it is theirs.
    pub email_verified: bool,
    /// Their name; the one in Chinese where there is one.
    pub name: Option<String>,
    /// The level of assurance that was reached.
    pub acr: Option<String>,
    /// The methods by which they proved themselves.
    pub amr: Vec<String>,
    /// When they did.
    pub auth_time: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
struct MoreClaims {
    /// Not valid before (RFC 7519 §4.1.5), which the library does not look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<serde_json::Number>,
}

impl AdditionalClaims for MoreClaims {}

type Token = IdToken<MoreClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Claims = IdTokenClaims<MoreClaims, CoreGenderClaim>;

/// What of a token response we need; the access token is not used.
#[derive(Deserialize)]
struct TokenResponse {
    id_token: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// What of a token's header we need to look for its key.
#[derive(Deserialize)]
struct Header {
    kid: Option<String>,
}

impl Client {
    /// Judges the answer to [`Client::token_request`], whatever its status was.
    ///
    /// Checked are, beside time and state of the log-in itself: issuer, audience and authorised party, signature
    /// (RS256, ES256 or EdDSA with a published key; never `none`, never a shared secret), expiry, time of issue,
    /// nonce, and the freshness and level that were asked for (OpenID Connect Core 1.0 §3.1.3.7).
    ///
    /// # Errors
    /// Every reason has its own [`OidcError`].
    pub fn finish(
        &self,
        state: OidcState,
        token_response: &[u8],
        now: Timestamp,
    ) -> Result<OidcIdentity, OidcError> {
        if now > state.expires() {
            return Err(OidcError::Expired);
        }
        self.is_the_provider_asked(&state)?;
        let token = id_token(token_response)?;
        let token: Token = token.parse().map_err(|error| malformed(&error))?;
        let verifier = self.verifier(&state, now);
        let nonce = Nonce::new(state.nonce);
        let claims = token.claims(&verifier, &nonce).map_err(|error| self.meant(error, &token))?;
        self.check_parties_and_start(claims, now)?;
        Ok(identity(claims))
    }

    /// Whether a token response was signed with a key that was not published when we asked: then ask for the keys
    /// again ([`super::Provider::keys_request`]) before [`Client::finish`]. Do so at most once a minute, because
    /// anybody can write any key id.
    pub fn needs_new_keys(&self, token_response: &[u8]) -> bool {
        let kid = id_token(token_response).ok().and_then(|token| {
            let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
            serde_json::from_slice::<Header>(&header).ok()?.kid
        });
        let known = |kid: &String| {
            self.keys.keys().iter().any(|key| key.key_id().is_some_and(|known| known.as_str() == kid))
        };
        kid.is_some_and(|kid| !known(&kid))
    }

    fn verifier(&self, state: &OidcState, now: Timestamp) -> IdTokenVerifier<'static, CoreJsonWebKey> {
        let config = &self.provider.config;
        let (required, freshness, begun) = (config.required_acr.clone(), state.freshness, state.begun);
        // As a public client the library has no shared secret to verify with, so HMAC is refused even if the list
        // of algorithms were to change.
        IdTokenVerifier::new_public_client(
            ClientId::new(config.client_id.clone()),
            self.provider.issuer.clone(),
            self.keys.clone(),
        )
        .set_allowed_algs([
            CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            CoreJwsSigningAlgorithm::EdDsa,
        ])
        .set_other_audience_verifier_fn(|_: &Audience| false)
        .set_time_fn(move || system_time(now - SKEW).into())
        .set_issue_time_verifier_fn(move |issued| {
            let issued = SystemTime::from(issued);
            if issued > system_time(now + SKEW) {
                return Err("issued in the future".to_owned());
            }
            if issued < system_time(begun - SKEW) {
                return Err("issued before this log-in began".to_owned());
            }
            Ok(())
        })
        .set_auth_context_verifier_fn(move |acr| {
            let reached = acr.map(|acr| acr.as_str()).unwrap_or_default();
            if required.is_empty() || required.iter().any(|acr| acr == reached) {
                return Ok(());
            }
            Err(format!("acr {reached:?}"))
        })
        .set_auth_time_verifier_fn(move |time| {
            let Freshness::Within(age) = freshness else { return Ok(()) };
            let time = time.ok_or("auth_time is missing")?;
            let fresh = SystemTime::from(time) >= system_time(now - age - SKEW);
            if fresh { Ok(()) } else { Err(format!("auth_time {time}")) }
        })
    }

    /// What the library leaves to us: the authorised party and the beginning of validity.
    fn check_parties_and_start(&self, claims: &Claims, now: Timestamp) -> Result<(), OidcError> {
        if let Some(party) = claims.authorized_party()
            && party.as_str() != self.provider.config.client_id
        {
            return Err(OidcError::WrongAudience(format!("azp {:?}", party.as_str())));
        }
        let begins = claims.additional_claims().nbf.as_ref().and_then(serde_json::Number::as_f64);
        #[expect(clippy::cast_precision_loss, reason = "seconds of our age are exact in a double")]
        let latest = (now + SKEW).as_second() as f64;
        match begins {
            Some(begins) if begins > latest => Err(OidcError::NotNow(format!("nbf {begins}"))),
            _ => Ok(()),
        }
    }

    /// The library's refusal in our words; it does not hold who was found instead of the issuer.
    fn meant(&self, error: ClaimsVerificationError, token: &Token) -> OidcError {
        match error {
            ClaimsVerificationError::InvalidIssuer(found) => {
                OidcError::WrongIssuer { expected: self.provider.config.issuer.clone(), found }
            }
            ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => {
                match token.signing_alg() {
                    Ok(_) => OidcError::UnknownKey,
                    Err(error) => error.into(),
                }
            }
            other => other.into(),
        }
    }
}

/// The token in a response, or the error that stands there instead.
fn id_token(token_response: &[u8]) -> Result<String, OidcError> {
    if token_response.len() > MAX_RESPONSE_BYTES {
        return Err(malformed(&"it is too large"));
    }
    let response: TokenResponse =
        serde_json::from_slice(token_response).map_err(|error| malformed(&error))?;
    if let Some(error) = response.error {
        return Err(refused(&error, &response.error_description.unwrap_or_default()));
    }
    let token = response.id_token.ok_or_else(|| malformed(&"id_token is missing"))?;
    // The library ignores the bits left over in the last character of a part, so one token would have several
    // spellings; RFC 4648 §3.5 lets a decoder refuse all but one.
    if token.split('.').any(|part| URL_SAFE_NO_PAD.decode(part).is_err()) {
        return Err(malformed(&"a part of the token is not base64url"));
    }
    Ok(token)
}

fn identity(claims: &Claims) -> OidcIdentity {
    OidcIdentity {
        issuer: claims.issuer().to_string(),
        subject: claims.subject().to_string(),
        email: claims.email().map(|email| email.to_string()),
        email_verified: claims.email_verified().unwrap_or(false),
        name: claims.name().and_then(preferred),
        acr: claims.auth_context_ref().map(|acr| acr.to_string()),
        amr: claims.auth_method_refs().into_iter().flatten().map(|method| method.to_string()).collect(),
        auth_time: claims.auth_time().and_then(|time| Timestamp::from_second(time.timestamp()).ok()),
    }
}

/// The name in Chinese, or without a language, or in whatever there is.
fn preferred(name: &LocalizedClaim<EndUserName>) -> Option<String> {
    let tagged = |tag: &str| name.get(Some(&LanguageTag::new(tag.to_owned())));
    let any = || name.iter().next().map(|(_, name)| name);
    let found = tagged("zh-TW").or_else(|| tagged("zh-Hant-TW")).or_else(|| name.get(None)).or_else(any);
    found.map(|name| name.to_string())
}

/// A moment in the form from which the library's clock can be made without naming its time crate.
fn system_time(time: Timestamp) -> SystemTime {
    let seconds = u64::try_from(time.as_second()).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn malformed(error: &dyn std::fmt::Display) -> OidcError {
    OidcError::Malformed(error.to_string())
}
