//! Why a log-in through an identity provider is refused.

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use openidconnect::{ClaimsVerificationError, SignatureVerificationError};

use crate::RandomFailed;
use crate::error::diagnostic;

/// Why a log-in through an identity provider did not come to its end. Codes are stable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OidcError {
    /// The configuration, or what the provider published about itself, is not usable.
    #[error("{field} {value:?}: {why}")]
    Configuration {
        /// The setting, or the member of the discovery document.
        field: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What the provider published about itself, or its keys, cannot be read.
    #[error("the provider's discovery document or keys cannot be read: {0}")]
    Discovery(String),
    /// Another provider speaks than the one that was asked (mix-up).
    #[error("the answer comes from {found:?}, not from {expected:?}")]
    WrongIssuer {
        /// The provider that was asked.
        expected: String,
        /// Who speaks.
        found: String,
    },
    /// The provider says no: the person turned back, or may not use this system.
    #[error("the provider refused: {error}")]
    Refused {
        /// Its code (RFC 6749 §4.1.2.1 and §5.2).
        error: String,
        /// Its words, if any.
        description: String,
    },
    /// The browser came back with another `state`: not the log-in that was begun in it.
    #[error("the answer belongs to another log-in")]
    WrongState,
    /// The person took longer than five minutes.
    #[error("the log-in ran out of time")]
    Expired,
    /// The token response, the redirect or the token in it cannot be read.
    #[error("the provider's answer cannot be read: {0}")]
    Malformed(String),
    /// The token was made for another client.
    #[error("the token is meant for another client: {0}")]
    WrongAudience(String),
    /// The token was made for another log-in: a replay.
    #[error("the token belongs to another log-in: {0}")]
    WrongNonce(String),
    /// The token is over, or not valid yet.
    #[error("the token is not valid now: {0}")]
    NotNow(String),
    /// The signature does not verify.
    #[error("the signature of the token does not verify: {0}")]
    BadSignature(String),
    /// No published key of the provider fits: it changed its keys, or somebody else signed.
    #[error("no key of the provider fits the token")]
    UnknownKey,
    /// An algorithm that is not taken: `none`, a shared secret, an outdated one.
    #[error("the token is signed in a way that is not accepted: {0}")]
    Algorithm(String),
    /// The person signed in at the provider too long ago or too weakly for what they want to do.
    #[error("the way of signing in at the provider is not enough: {0}")]
    NotEnough(String),
    /// No random bytes for the secrets of the log-in.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

impl OidcError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Configuration { .. } => "BW-ID-060",
            Self::Discovery(_) => "BW-ID-061",
            Self::WrongIssuer { .. } => "BW-ID-062",
            Self::Refused { .. } => "BW-ID-063",
            Self::WrongState => "BW-ID-064",
            Self::Expired => "BW-ID-065",
            Self::Malformed(_) => "BW-ID-066",
            Self::WrongAudience(_) => "BW-ID-067",
            Self::WrongNonce(_) => "BW-ID-068",
            Self::NotNow(_) => "BW-ID-069",
            Self::BadSignature(_) => "BW-ID-070",
            Self::UnknownKey => "BW-ID-071",
            Self::Algorithm(_) => "BW-ID-072",
            Self::NotEnough(_) => "BW-ID-073",
            Self::Random(error) => error.code(),
        }
    }

    /// The message for people: for the audit log and the administrator. On the log-in page stands
    /// [`crate::refused`].
    pub fn diagnostic(&self) -> Diagnostic {
        let code = self.code();
        match self {
            Self::Configuration { field, value, why } => {
                diagnostic(code, &args![field = field, value = value]).at_named(*field).because(why)
            }
            Self::WrongIssuer { expected, found } => {
                diagnostic(code, &args![expected = expected, found = found])
            }
            Self::Refused { error, description } if description.is_empty() => {
                diagnostic(code, &args![error = error])
            }
            Self::Refused { error, description } => {
                diagnostic(code, &args![error = error]).because(description)
            }
            Self::Discovery(cause)
            | Self::Malformed(cause)
            | Self::WrongAudience(cause)
            | Self::WrongNonce(cause)
            | Self::NotNow(cause)
            | Self::BadSignature(cause)
            | Self::Algorithm(cause)
            | Self::NotEnough(cause) => diagnostic(code, &[]).because(cause),
            Self::WrongState | Self::Expired | Self::UnknownKey => diagnostic(code, &[]),
            Self::Random(error) => error.diagnostic(),
        }
    }
}

impl From<ClaimsVerificationError> for OidcError {
    fn from(error: ClaimsVerificationError) -> Self {
        use ClaimsVerificationError as E;
        match error {
            E::Expired(cause) => Self::NotNow(cause),
            E::InvalidAudience(cause) => Self::WrongAudience(cause),
            E::InvalidNonce(cause) => Self::WrongNonce(cause),
            E::InvalidAuthContext(cause) | E::InvalidAuthTime(cause) => Self::NotEnough(cause),
            E::SignatureVerification(error) => error.into(),
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl From<SignatureVerificationError> for OidcError {
    fn from(error: SignatureVerificationError) -> Self {
        use SignatureVerificationError as E;
        match error {
            E::NoMatchingKey | E::AmbiguousKeyId(_) => Self::UnknownKey,
            E::DisallowedAlg(cause) | E::UnsupportedAlg(cause) => Self::Algorithm(cause),
            E::NoSignature => Self::Algorithm(error.to_string()),
            other => Self::BadSignature(other.to_string()),
        }
    }
}
