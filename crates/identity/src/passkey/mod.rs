//! Passkeys: the relying party's side of WebAuthn Level 3, over the crate `webauthn_rp`.
//!
//! A ceremony has two requests. The first gives the browser options (JSON for
//! `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`) and leaves a state with the
//! server; the second brings the browser's answer (`credential.toJSON()`), which only that state can accept. A state
//! is taken by value, so it serves once, and for five minutes.
//!
//! ```
//! # use bulwark_identity::{Pending, passkey::{PasskeyError, RelyingParty}};
//! # let now: jiff::Timestamp = "2026-11-25T01:00:00Z".parse()?;
//! let party = RelyingParty::new("localhost", "http://localhost:8443", "壁壘")?;
//! let (options, state) = party.start_authentication(now)?;
//! assert!(options.contains(r#""userVerification":"required""#));
//! let mut pending = Pending::with_room_for(10_000);
//! let ticket = pending.keep(state, now)?; // goes into a cookie; the options go into the page
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is asked for, and why: user verification always (a passkey is two factors in one gesture, ASVS 5.0.0
//! V6.3.3), discoverable keys (log-in without typing a name, so there is nothing to enumerate), no attestation (we do
//! not choose which devices people own; WebAuthn §13.4.4 advises against it without need).

mod error;
mod party;
mod stored;

pub use error::PasskeyError;
pub use stored::{LABEL_LIMIT, StoredPasskey};

use std::borrow::Cow;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use jiff::Timestamp;
use serde_json::Value;
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::auth::{
    AllowedCredentials, AuthenticationVerificationOptions, DiscoverableCredentialRequestOptions,
    NonDiscoverableCredentialRequestOptions,
};
use webauthn_rp::request::register::{
    CredProtect, PublicKeyCredentialCreationOptions, PublicKeyCredentialUserEntity,
    RegistrationVerificationOptions, UserHandle16,
};
use webauthn_rp::request::{Credentials as _, ExtensionInfo, RpId, UserVerificationRequirement};
use webauthn_rp::response::Origin;
use webauthn_rp::response::auth::{DiscoverableAuthentication16, NonDiscoverableAuthentication16};
use webauthn_rp::response::register::Registration;
use webauthn_rp::{
    DiscoverableAuthenticationServerState, NonDiscoverableAuthenticationServerState, RegistrationServerState,
};

use crate::pending::{Ceremony, LIFETIME};

/// Us, as authenticators see us: a name they bind keys to, and the address whose answers we take.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    id: RpId,
    origin: String,
    name: String,
}

/// A registration that was begun. Keep it on the server.
#[derive(Debug)]
pub struct RegistrationState {
    begun: RegistrationServerState<16>,
    existing: Vec<String>,
    expires: Timestamp,
}

/// A log-in or step-up that was begun. Keep it on the server.
#[derive(Debug)]
pub struct AuthenticationState {
    begun: Begun,
    expires: Timestamp,
}

#[derive(Debug)]
enum Begun {
    Anyone(DiscoverableAuthenticationServerState),
    Person(NonDiscoverableAuthenticationServerState),
}

impl Ceremony for RegistrationState {
    fn expires(&self) -> Timestamp {
        self.expires
    }
}

impl Ceremony for AuthenticationState {
    fn expires(&self) -> Timestamp {
        self.expires
    }
}

impl RelyingParty {
    /// The options for `navigator.credentials.create()` and the state to finish with.
    ///
    /// `user_handle` must say nothing about the person (WebAuthn §14.6.1): a random id. `login` and `name` are shown
    /// by the device when it offers keys. `existing` are the passkeys the person has: their devices are left out.
    ///
    /// # Errors
    /// When a stored passkey cannot be read.
    pub fn start_registration(
        &self,
        user_handle: [u8; 16],
        login: &str,
        name: &str,
        existing: &[StoredPasskey],
        now: Timestamp,
    ) -> Result<(String, RegistrationState), PasskeyError> {
        let Ok(handle) = UserHandle16::decode(user_handle);
        let exclude = existing.iter().map(StoredPasskey::descriptor).collect::<Result<_, _>>()?;
        let user = PublicKeyCredentialUserEntity::from(&handle);
        let mut options = PublicKeyCredentialCreationOptions::passkey(&self.id, user, exclude);
        // Asked for, not insisted on: a device that does not know `credProtect` would refuse to register, and the
        // check that counts (user verification in every answer) is ours.
        options.extensions.cred_protect =
            CredProtect::UserVerificationRequired(ExtensionInfo::AllowDontEnforceValue);
        let (begun, told) = options.start_ceremony()?;
        let mut told = json_of(&told)?;
        // The library has no field for the name of the party, and takes user names of RFC 8265 only (no spaces).
        told["rp"]["name"] = Value::from(self.name.as_str());
        told["user"]["name"] = Value::from(login);
        told["user"]["displayName"] = Value::from(name);
        let existing = existing.iter().map(StoredPasskey::id).collect();
        Ok((told.to_string(), RegistrationState { begun, existing, expires: now + LIFETIME }))
    }

    /// Judges the browser's answer to a registration. `label` is the name by which the owner will know the passkey.
    ///
    /// The id of the new passkey must be unique over all people; the database has the last word on that.
    ///
    /// # Errors
    /// Every reason has its own [`PasskeyError`].
    pub fn finish_registration(
        &self,
        state: RegistrationState,
        response_json: &str,
        label: &str,
        now: Timestamp,
    ) -> Result<StoredPasskey, PasskeyError> {
        in_time(&state, now)?;
        let label = stored::checked_label(label)?;
        let answer = Registration::from_json_relaxed(response_json.as_bytes()).map_err(|e| malformed(&e))?;
        let origins = [Origin(Cow::Borrowed(self.origin.as_str()))];
        let options = RegistrationVerificationOptions::<_, Origin<'_>> {
            allowed_origins: &origins,
            // Browsers add extensions of their own (WebAuthn §9: a relying party must be ready for them).
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let credential = state.begun.verify(&self.id, &answer, &options)?;
        let (Ok(user), Ok(key)) = (credential.user_id().encode(), credential.static_state().encode());
        let Ok(transports) = credential.transports().encode();
        let passkey = StoredPasskey {
            id: credential.id().as_ref().to_vec(),
            user,
            key,
            state: credential.dynamic_state(),
            transports,
            label,
            created: now,
            last_used: None,
        };
        if state.existing.contains(&passkey.id()) {
            return Err(PasskeyError::AlreadyRegistered);
        }
        Ok(passkey)
    }

    /// The options for `navigator.credentials.get()` when we do not know yet who it is: the device offers the keys it
    /// has for us.
    ///
    /// # Errors
    /// None that can be met today; the library's start may fail.
    pub fn start_authentication(
        &self,
        now: Timestamp,
    ) -> Result<(String, AuthenticationState), PasskeyError> {
        let (begun, told) = DiscoverableCredentialRequestOptions::passkey(&self.id).start_ceremony()?;
        let state = AuthenticationState { begun: Begun::Anyone(begun), expires: now + LIFETIME };
        Ok((json_of(&told)?.to_string(), state))
    }

    /// The options for a signed-in person who must show again that it is they (step-up): only their keys count.
    ///
    /// # Errors
    /// [`PasskeyError::NoPasskey`] when the person has none.
    pub fn start_authentication_for(
        &self,
        passkeys: &[StoredPasskey],
        now: Timestamp,
    ) -> Result<(String, AuthenticationState), PasskeyError> {
        let mut allowed = AllowedCredentials::with_capacity(passkeys.len());
        for passkey in passkeys {
            allowed.push(passkey.descriptor()?.into());
        }
        let mut options = NonDiscoverableCredentialRequestOptions::second_factor(&self.id, allowed)
            .map_err(|_| PasskeyError::NoPasskey)?;
        options.options().user_verification = UserVerificationRequirement::Required;
        let (begun, told) = options.start_ceremony()?;
        let state = AuthenticationState { begun: Begun::Person(begun), expires: now + LIFETIME };
        Ok((json_of(&told)?.to_string(), state))
    }

    /// Judges the browser's answer to a log-in with the passkey that [`credential_of`] led to. What comes back must
    /// be saved in its place: it has the new counter.
    ///
    /// # Errors
    /// Every reason has its own [`PasskeyError`].
    pub fn finish_authentication(
        &self,
        state: AuthenticationState,
        stored: &StoredPasskey,
        response_json: &str,
        now: Timestamp,
    ) -> Result<StoredPasskey, PasskeyError> {
        in_time(&state, now)?;
        let origins = [Origin(Cow::Borrowed(self.origin.as_str()))];
        let options = AuthenticationVerificationOptions::<_, Origin<'_>> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            update_uv: true,
            ..AuthenticationVerificationOptions::default()
        };
        let handle = stored.handle();
        let mut credential = stored.credential(&handle)?;
        let json = response_json.as_bytes();
        let judged = match state.begun {
            Begun::Anyone(begun) => {
                let answer =
                    DiscoverableAuthentication16::from_json_relaxed(json).map_err(|e| malformed(&e))?;
                begun.verify(&self.id, &answer, &mut credential, &options)
            }
            Begun::Person(begun) => {
                let answer =
                    NonDiscoverableAuthentication16::from_json_relaxed(json).map_err(|e| malformed(&e))?;
                begun.verify(&self.id, &answer, &mut credential, &options)
            }
        };
        judged.map_err(|error| PasskeyError::of(&error, stored.counter()))?;
        let state = credential.dynamic_state();
        Ok(StoredPasskey { state, last_used: Some(now), ..stored.clone() })
    }
}

/// Which passkey an answer is about, to look the row up: the credential id in base64url and, where the device gave
/// it, the user handle. Nothing is verified yet.
///
/// # Errors
/// When the answer cannot be read.
pub fn credential_of(response_json: &str) -> Result<(String, Option<[u8; 16]>), PasskeyError> {
    let answer = NonDiscoverableAuthentication16::from_json_relaxed(response_json.as_bytes())
        .map_err(|e| malformed(&e))?;
    let user = answer.response().user_handle().map(|handle| {
        let Ok(bytes) = handle.encode();
        bytes
    });
    Ok((BASE64URL.encode(answer.raw_id()), user))
}

fn in_time(state: &impl Ceremony, now: Timestamp) -> Result<(), PasskeyError> {
    if now <= state.expires() { Ok(()) } else { Err(PasskeyError::Expired) }
}

fn malformed(error: &dyn std::fmt::Display) -> PasskeyError {
    PasskeyError::Malformed(error.to_string())
}

fn json_of(options: &impl serde::Serialize) -> Result<Value, PasskeyError> {
    serde_json::to_value(options).map_err(|error| PasskeyError::Unsupported(error.to_string()))
}
