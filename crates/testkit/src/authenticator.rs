//! A passkey device and its browser in software, for tests of log-in: it makes real ES256 keys and answers in the
//! form of `PublicKeyCredential.toJSON()`. Its fields let a test lie.
//!
//! ```
//! use bulwark_testkit::authenticator::Authenticator;
//! let mut device = Authenticator::new();
//! let options = r#"{"rp":{"id":"localhost"},"user":{"id":"AAAA"},"challenge":"AAAA"}"#;
//! let answer = device.create(options, "http://localhost:8443").unwrap();
//! assert!(answer.contains("attestationObject"));
//! ```

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

/// The device. What is public is what a test may bend.
#[expect(clippy::struct_excessive_bools, reason = "independent switches of a test double")]
pub struct Authenticator {
    /// Whether it says that it checked who uses it (flag UV).
    pub user_verified: bool,
    /// Whether it says that somebody touched it (flag UP).
    pub user_present: bool,
    /// Whether its keys may be copied to other devices (flag BE).
    pub backup_eligible: bool,
    /// The counter of the last answer; the next one says one more. A synced passkey stays at 0: [`Self::counts`].
    pub counter: u32,
    /// Whether it counts.
    pub counts: bool,
    /// Says this challenge (base64url) instead of the one it was given.
    pub challenge: Option<String>,
    /// Answers for this relying party instead of the one it was asked for.
    pub rp_id: Option<String>,
    keys: Vec<Key>,
    random: SystemRandom,
}

struct Key {
    id: Vec<u8>,
    rp_id: String,
    user: String,
    pair: EcdsaKeyPair,
}

impl Default for Authenticator {
    fn default() -> Self {
        Self::new()
    }
}

impl Authenticator {
    /// A device that does everything right and has no key yet.
    pub fn new() -> Self {
        Self {
            user_verified: true,
            user_present: true,
            backup_eligible: false,
            counter: 0,
            counts: true,
            challenge: None,
            rp_id: None,
            keys: Vec::new(),
            random: SystemRandom::new(),
        }
    }

    /// A device bent before its first use.
    pub fn bent(bend: impl FnOnce(&mut Self)) -> Self {
        let mut device = Self::new();
        bend(&mut device);
        device
    }

    /// Answers `navigator.credentials.create()` as the browser at `origin` does. `None` when the device already has a
    /// key that the options exclude.
    ///
    /// # Panics
    /// When the options are no JSON.
    pub fn create(&mut self, options: &str, origin: &str) -> Option<String> {
        let options = parsed(options);
        if self.keys.iter().any(|key| lists(&options["excludeCredentials"], &key.id)) {
            return None;
        }
        let mut id = vec![0; 32];
        self.random.fill(&mut id).expect("the system has randomness");
        let rp_id = self.rp_id.clone().unwrap_or_else(|| text(&options["rp"]["id"]));
        self.keys.push(Key {
            id: id.clone(),
            rp_id: rp_id.clone(),
            user: text(&options["user"]["id"]),
            pair: fresh_pair(&self.random),
        });
        let point = self.keys.last()?.pair.public_key().as_ref().to_vec();
        let mut data = self.data(&rp_id, 0x40);
        data.extend([0; 16]);
        data.extend([0, 32]);
        data.extend(&id);
        data.extend(cose_key(&point));
        let client = self.client_data("webauthn.create", &options, origin);
        let answer = json!({
            "id": BASE64URL.encode(&id),
            "rawId": BASE64URL.encode(&id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64URL.encode(client),
                "attestationObject": BASE64URL.encode(attestation_object(&data)),
                "authenticatorData": BASE64URL.encode(&data),
                "transports": ["internal", "hybrid"],
                "publicKey": BASE64URL.encode(public_key_info(&point)),
                "publicKeyAlgorithm": -7,
            },
        });
        Some(answer.to_string())
    }

    /// Answers `navigator.credentials.get()` as the browser at `origin` does, with the newest key that fits. `None`
    /// when there is none.
    ///
    /// # Panics
    /// When the options are no JSON.
    pub fn get(&mut self, options: &str, origin: &str) -> Option<String> {
        let options = parsed(options);
        let wanted = text(&options["rpId"]);
        let allowed = &options["allowCredentials"];
        let anyone = allowed.as_array().is_none_or(Vec::is_empty);
        let fits = |key: &&Key| key.rp_id == wanted && (anyone || lists(allowed, &key.id));
        let at = self.keys.iter().rposition(|key| fits(&key))?;
        let rp_id = self.rp_id.clone().unwrap_or(wanted);
        if self.counts {
            self.counter += 1;
        }
        let data = self.data(&rp_id, 0);
        let client = self.client_data("webauthn.get", &options, origin);
        let key = &self.keys[at];
        let signed = [&data[..], digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = key.pair.sign(&self.random, &signed).expect("the key is good");
        let answer = json!({
            "id": BASE64URL.encode(&key.id),
            "rawId": BASE64URL.encode(&key.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": BASE64URL.encode(&client),
                "authenticatorData": BASE64URL.encode(&data),
                "signature": BASE64URL.encode(signature),
                "userHandle": key.user,
            },
        });
        Some(answer.to_string())
    }

    /// Puts other private keys under the ids of its keys: what an attacker has who knows only the ids.
    pub fn forget_private_keys(&mut self) {
        for key in &mut self.keys {
            key.pair = fresh_pair(&self.random);
        }
    }

    /// Says another user handle (base64url) from now on.
    pub fn claim_user(&mut self, handle: &str) {
        for key in &mut self.keys {
            handle.clone_into(&mut key.user);
        }
    }

    /// Authenticator data without what comes after the counter (WebAuthn Level 3, §6.1).
    fn data(&self, rp_id: &str, more_flags: u8) -> Vec<u8> {
        let flags = u8::from(self.user_present)
            | u8::from(self.user_verified) << 2
            | u8::from(self.backup_eligible) << 3
            | more_flags;
        let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// The client data as browsers serialise it (WebAuthn Level 3, §5.8.1.1).
    fn client_data(&self, kind: &str, options: &Value, origin: &str) -> String {
        let challenge = self.challenge.clone().unwrap_or_else(|| text(&options["challenge"]));
        json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false }).to_string()
    }
}

fn parsed(options: &str) -> Value {
    serde_json::from_str(options).expect("options are JSON")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn lists(descriptors: &Value, id: &[u8]) -> bool {
    let id = BASE64URL.encode(id);
    descriptors.as_array().is_some_and(|list| list.iter().any(|one| one["id"] == id.as_str()))
}

fn fresh_pair(random: &SystemRandom) -> EcdsaKeyPair {
    let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, random).expect("the system has randomness");
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), random).expect("the key was just made")
}

/// `{1: 2, 3: -7, -1: 1, -2: x, -3: y}` (RFC 9053 §7.1.1); `point` is `04 ‖ x ‖ y`.
fn cose_key(point: &[u8]) -> Vec<u8> {
    let (x, y) = point[1..].split_at(32);
    [&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat()
}

/// `{"fmt": "none", "attStmt": {}, "authData": data}`.
fn attestation_object(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("ids of 32 bytes keep it short");
    [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58", &[length][..], data].concat()
}

/// The point as SubjectPublicKeyInfo (RFC 5480).
fn public_key_info(point: &[u8]) -> Vec<u8> {
    let head = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ];
    [&head[..], point].concat()
}
