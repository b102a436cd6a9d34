//! A passkey as a row of the database.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use webauthn_rp::AuthenticatedCredential;
use webauthn_rp::bin::{Decode as _, Encode as _};
use webauthn_rp::request::PublicKeyCredentialDescriptor;
use webauthn_rp::request::register::UserHandle16;
use webauthn_rp::response::register::{CompressedPubKey, DynamicState, StaticState};
use webauthn_rp::response::{AuthTransports, Backup, CredentialId};

use super::PasskeyError;

/// The most characters a person may give to a passkey as its name.
pub const LABEL_LIMIT: usize = 64;

pub(super) type Key = CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>;

/// What the server keeps of a passkey: nothing in it is secret, but who can change it can log in.
///
/// [`StoredPasskey::to_json`] gives the one text for a database column; [`StoredPasskey::id`] belongs into a unique
/// column beside it, because it is what a log-in is looked up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPasskey {
    pub(super) id: Vec<u8>,
    pub(super) user: [u8; 16],
    pub(super) key: Vec<u8>,
    pub(super) state: DynamicState,
    /// The library's byte of transports.
    pub(super) transports: u8,
    pub(super) label: String,
    pub(super) created: Timestamp,
    pub(super) last_used: Option<Timestamp>,
}

/// The stored form, version 1. Fields are only added, with a default.
#[derive(Serialize, Deserialize)]
struct Row {
    v: u32,
    /// Credential id, base64url.
    id: String,
    /// User handle, base64url.
    user: String,
    /// Public key and the extensions of its registration, in the library's bytes, base64url.
    key: String,
    /// Counter, backup flags and the like, in the library's 7 bytes, base64url.
    state: String,
    /// How the device can be reached, in the words of the standard.
    transports: serde_json::Value,
    label: String,
    created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used: Option<Timestamp>,
}

impl StoredPasskey {
    /// The credential id in base64url, as browsers write it. Unique over all people.
    pub fn id(&self) -> String {
        BASE64URL.encode(&self.id)
    }

    /// Whose passkey it is.
    pub const fn user_handle(&self) -> [u8; 16] {
        self.user
    }

    /// The name its owner gave it.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// When it was registered.
    pub const fn created(&self) -> Timestamp {
        self.created
    }

    /// When it was last used to log in.
    pub const fn last_used(&self) -> Option<Timestamp> {
        self.last_used
    }

    /// The signature counter; synced passkeys leave it at 0.
    pub const fn counter(&self) -> u32 {
        self.state.sign_count
    }

    /// Whether the key may live on more than one device (WebAuthn Level 3, §6.1.3 backup eligibility). Agencies with
    /// high protection needs may want device-bound keys only.
    pub const fn can_be_copied(&self) -> bool {
        !matches!(self.state.backup, Backup::NotEligible)
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// When the name is empty or too long.
    pub fn rename(&mut self, label: &str) -> Result<(), PasskeyError> {
        self.label = checked_label(label)?;
        Ok(())
    }

    /// The one text for a database column.
    ///
    /// # Panics
    /// Never: texts, numbers and times always have a JSON form.
    pub fn to_json(&self) -> String {
        let Ok(state) = self.state.encode();
        let row = Row {
            v: 1,
            id: self.id(),
            user: BASE64URL.encode(self.user),
            key: BASE64URL.encode(&self.key),
            state: BASE64URL.encode(state),
            transports: transport_words(self.transports),
            label: self.label.clone(),
            created: self.created,
            last_used: self.last_used,
        };
        serde_json::to_string(&row).expect("texts, numbers and times always have a JSON form")
    }

    /// Reads what [`StoredPasskey::to_json`] wrote.
    ///
    /// # Errors
    /// When the text is anything else.
    pub fn from_json(text: &str) -> Result<Self, PasskeyError> {
        let stored = |what: &str| PasskeyError::Stored(what.to_owned());
        let row: Row = serde_json::from_str(text).map_err(|e| PasskeyError::Stored(e.to_string()))?;
        if row.v != 1 {
            return Err(PasskeyError::Stored(format!("version {}", row.v)));
        }
        let bytes = |name: &str, text: &str| BASE64URL.decode(text).map_err(|_| stored(name));
        let state: [u8; 7] = bytes("state", &row.state)?.try_into().map_err(|_| stored("state"))?;
        let passkey = Self {
            id: bytes("id", &row.id)?,
            user: bytes("user", &row.user)?.try_into().map_err(|_| stored("user"))?,
            key: bytes("key", &row.key)?,
            state: DynamicState::decode(state).map_err(|e| PasskeyError::Stored(e.to_string()))?,
            transports: transport_byte(row.transports)?,
            label: row.label,
            created: row.created,
            last_used: row.last_used,
        };
        passkey.credential(&passkey.handle())?;
        Ok(passkey)
    }

    /// The user handle as the library has it.
    pub(super) fn handle(&self) -> UserHandle16 {
        let Ok(handle) = UserHandle16::decode(self.user);
        handle
    }

    /// The passkey as the library verifies with it.
    pub(super) fn credential<'a>(
        &'a self,
        user: &'a UserHandle16,
    ) -> Result<AuthenticatedCredential<'a, 'a, 16, Key>, PasskeyError> {
        let stored = |e: &dyn std::fmt::Display| PasskeyError::Stored(e.to_string());
        let id = CredentialId::<&[u8]>::decode(self.id.as_slice()).map_err(|e| stored(&e))?;
        let key = StaticState::decode(self.key.as_slice()).map_err(|e| stored(&e))?;
        AuthenticatedCredential::new(id, user, key, self.state).map_err(|e| stored(&e))
    }

    /// The passkey as browsers are told of it, so that they ask for it or leave it out.
    pub(super) fn descriptor(&self) -> Result<PublicKeyCredentialDescriptor<Vec<u8>>, PasskeyError> {
        let id = CredentialId::<Vec<u8>>::decode(self.id.clone())
            .map_err(|e| PasskeyError::Stored(e.to_string()))?;
        let transports =
            AuthTransports::decode(self.transports).map_err(|e| PasskeyError::Stored(e.to_string()))?;
        Ok(PublicKeyCredentialDescriptor { id, transports })
    }
}

/// The library's byte as the list of words that browsers use, so that the column outlives its numbering.
fn transport_words(byte: u8) -> serde_json::Value {
    AuthTransports::decode(byte)
        .ok()
        .and_then(|transports| serde_json::to_value(transports).ok())
        .unwrap_or_else(|| serde_json::Value::Array(Vec::new()))
}

/// The other way round.
fn transport_byte(words: serde_json::Value) -> Result<u8, PasskeyError> {
    let transports: AuthTransports =
        serde_json::from_value(words).map_err(|e| PasskeyError::Stored(e.to_string()))?;
    let Ok(byte) = transports.encode();
    Ok(byte)
}

/// A name as it is kept: without white space around it, 1 to [`LABEL_LIMIT`] characters, none of control.
pub(super) fn checked_label(label: &str) -> Result<String, PasskeyError> {
    let label: String = label.trim().chars().filter(|c| !c.is_control()).collect();
    let found = label.chars().count();
    if found == 0 || found > LABEL_LIMIT {
        return Err(PasskeyError::Label { limit: LABEL_LIMIT, found });
    }
    Ok(label)
}
