//! Why a passkey is refused.

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use webauthn_rp::request::auth::error::RequestOptionsErr;
use webauthn_rp::request::register::error::CreationOptionsErr;
use webauthn_rp::response::auth::error::{AuthCeremonyErr, AuthenticatorDataErr};
use webauthn_rp::response::register::error::RegCeremonyErr;

use crate::error::diagnostic;

/// Why a passkey could not be registered or used. Codes are stable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasskeyError {
    /// The configured name or address cannot carry passkeys.
    #[error("{field} {value:?} cannot carry passkeys: {why}")]
    Configuration {
        /// `rp_id` or `origin`.
        field: &'static str,
        /// What was configured.
        value: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// What the browser sent is not an answer of `navigator.credentials`.
    #[error("the browser's answer cannot be read: {0}")]
    Malformed(String),
    /// The person took longer than five minutes.
    #[error("the ceremony ran out of time")]
    Expired,
    /// The answer comes from another web site: someone stands in between.
    #[error("the answer was made for another origin")]
    WrongOrigin,
    /// The answer belongs to another ceremony: a replay, or two windows at once.
    #[error("the answer was made for another challenge")]
    WrongChallenge,
    /// The passkey belongs to another relying party.
    #[error("the answer was made for another relying party")]
    WrongRelyingParty,
    /// The device did not check who uses it (PIN, finger, face).
    #[error("the authenticator did not verify its user")]
    UserNotVerified,
    /// Nobody touched the device.
    #[error("the authenticator did not see its user")]
    UserNotPresent,
    /// The signature is not the one of the registered key.
    #[error("the signature does not verify")]
    BadSignature,
    /// The device counted backwards: there may be a copy of the key.
    #[error("the counter did not rise above {stored}")]
    CounterWentBack {
        /// The last counter that was accepted.
        stored: u32,
    },
    /// The answer is about another passkey or another person than the row that was looked up.
    #[error("the answer was made with another passkey")]
    OtherPasskey,
    /// The passkey is registered already.
    #[error("the passkey is registered already")]
    AlreadyRegistered,
    /// The person has no passkey that could be asked for.
    #[error("there is no passkey to ask for")]
    NoPasskey,
    /// A key that could not be copied before can be now, or the other way round.
    #[error("the passkey changed between synced and device-bound")]
    BackupChanged,
    /// A kind of key or attestation that was not asked for.
    #[error("the authenticator answered in an unexpected way: {0}")]
    Unsupported(String),
    /// The row of the database is not what this crate wrote.
    #[error("the stored passkey cannot be read: {0}")]
    Stored(String),
    /// The name given to the passkey is empty or too long.
    #[error("the name of a passkey has 1 to {limit} characters, not {found}")]
    Label {
        /// The most characters.
        limit: usize,
        /// How many there were.
        found: usize,
    },
}

impl PasskeyError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Configuration { .. } => "BW-ID-040",
            Self::Malformed(_) => "BW-ID-041",
            Self::Expired => "BW-ID-042",
            Self::WrongOrigin => "BW-ID-043",
            Self::WrongChallenge => "BW-ID-044",
            Self::WrongRelyingParty => "BW-ID-045",
            Self::UserNotVerified => "BW-ID-046",
            Self::UserNotPresent => "BW-ID-047",
            Self::BadSignature => "BW-ID-048",
            Self::CounterWentBack { .. } => "BW-ID-049",
            Self::OtherPasskey => "BW-ID-050",
            Self::AlreadyRegistered => "BW-ID-051",
            Self::NoPasskey => "BW-ID-052",
            Self::BackupChanged => "BW-ID-053",
            Self::Unsupported(_) => "BW-ID-054",
            Self::Stored(_) => "BW-ID-055",
            Self::Label { .. } => "BW-ID-056",
        }
    }

    /// The message for people: in the audit log and in the settings of a signed-in person. On the log-in page stands
    /// [`crate::refused`].
    pub fn diagnostic(&self) -> Diagnostic {
        let code = self.code();
        match self {
            Self::Configuration { field, value, why } => {
                diagnostic(code, &args![field = field, value = value]).at_named(*field).because(why)
            }
            Self::CounterWentBack { stored } => diagnostic(code, &args![stored = stored]),
            Self::Label { limit, found } => diagnostic(code, &args![limit = limit, found = found]),
            Self::Malformed(cause) | Self::Unsupported(cause) | Self::Stored(cause) => {
                diagnostic(code, &[]).because(cause)
            }
            _ => diagnostic(code, &[]),
        }
    }
}

impl From<RegCeremonyErr> for PasskeyError {
    fn from(error: RegCeremonyErr) -> Self {
        use RegCeremonyErr as E;
        match error {
            E::Timeout => Self::Expired,
            E::OriginMismatch | E::CrossOrigin | E::TopOriginMismatch => Self::WrongOrigin,
            E::ChallengeMismatch => Self::WrongChallenge,
            E::RpIdHashMismatch => Self::WrongRelyingParty,
            E::UserNotPresent => Self::UserNotPresent,
            E::UserNotVerified => Self::UserNotVerified,
            E::AttestationSignature => Self::BadSignature,
            E::CollectedClientData(_) | E::CollectedClientDataRelaxed(_) | E::AttestationObject(_) => {
                Self::Malformed(error.to_string())
            }
            _ => Self::Unsupported(error.to_string()),
        }
    }
}

impl PasskeyError {
    /// What the library's refusal means; `stored` is the counter of the passkey.
    pub(super) fn of(error: &AuthCeremonyErr, stored: u32) -> Self {
        use AuthCeremonyErr as E;
        match error {
            E::Timeout => Self::Expired,
            E::OriginMismatch | E::CrossOrigin | E::TopOriginMismatch => Self::WrongOrigin,
            E::ChallengeMismatch => Self::WrongChallenge,
            E::RpIdHashMismatch => Self::WrongRelyingParty,
            E::UserNotVerified => Self::UserNotVerified,
            E::AuthenticatorData(AuthenticatorDataErr::UserNotPresent) => Self::UserNotPresent,
            E::AssertionSignature => Self::BadSignature,
            E::SignatureCounter => Self::CounterWentBack { stored },
            E::BackupEligible | E::BackupNotEligible | E::BackupDoesNotExist => Self::BackupChanged,
            E::UserHandleMismatch | E::CredentialIdMismatch | E::NoMatchingAllowedCredential => {
                Self::OtherPasskey
            }
            E::CollectedClientData(_)
            | E::CollectedClientDataRelaxed(_)
            | E::AuthenticatorData(_)
            | E::MissingUserHandle => Self::Malformed(error.to_string()),
            E::PubKey(_) => Self::Stored(error.to_string()),
            _ => Self::Unsupported(error.to_string()),
        }
    }
}

impl From<CreationOptionsErr> for PasskeyError {
    fn from(error: CreationOptionsErr) -> Self {
        Self::Unsupported(error.to_string())
    }
}

impl From<RequestOptionsErr> for PasskeyError {
    fn from(error: RequestOptionsErr) -> Self {
        Self::Unsupported(error.to_string())
    }
}
