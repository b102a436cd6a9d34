//! Ed25519 keys (RFC 8032) and the detached signature of a manifest.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::{BundleError, Sha256};

/// First word of a secret key file.
pub(crate) const SEED_WORD: &str = "bulwark-ed25519-seed-1";
/// First word of a public key line.
const PUBLIC_WORD: &str = "bulwark-ed25519-pub-1";
/// What stands before the manifest in the signed message, so that no signature made for another
/// purpose fits here.
pub(crate) const DOMAIN: &[u8] = b"bulwark-bundle-1\0";

/// A signing key. Its `Debug` shows the key id only.
pub struct Key {
    pair: Ed25519KeyPair,
    public: PublicKey,
}

impl Key {
    /// The key of a 32-byte seed. The caller should overwrite its copy of the seed.
    #[expect(clippy::missing_panics_doc, reason = "no 32 bytes can make it panic")]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are an Ed25519 seed");
        let public =
            PublicKey(pair.public_key().as_ref().try_into().expect("Ed25519 public keys have 32 bytes"));
        Self { pair, public }
    }

    /// Reads the text of a key file: `bulwark-ed25519-seed-1 <base64>`, one line.
    ///
    /// # Errors
    /// [`BundleError::KeyMalformed`].
    pub fn from_text(text: &str) -> Result<Self, BundleError> {
        let mut seed = parse_line(SEED_WORD, text)?;
        let key = Self::from_seed(&seed);
        wipe(&mut seed);
        Ok(key)
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The id of the public half.
    pub fn key_id(&self) -> KeyId {
        self.public.key_id()
    }

    /// The bytes of `manifest.sig` for a message that starts with [`DOMAIN`].
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        SignatureFile {
            alg: ALG.to_owned(),
            key_id: self.key_id().to_string(),
            public_key: STANDARD.encode(self.public.0),
            signature: STANDARD.encode(self.pair.sign(message)),
        }
        .to_bytes()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.key_id())
    }
}

/// A public key; written as one line `bulwark-ed25519-pub-1 <base64>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// A key from its 32 bytes (RFC 8032 §5.1.2).
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// SHA-256 of the 32 bytes.
    pub fn key_id(&self) -> KeyId {
        KeyId(Sha256::of(&self.0))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PUBLIC_WORD} {}", STANDARD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", STANDARD.encode(self.0))
    }
}

impl FromStr for PublicKey {
    type Err = BundleError;

    fn from_str(s: &str) -> Result<Self, BundleError> {
        parse_line(PUBLIC_WORD, s).map(Self)
    }
}

/// Names a public key: SHA-256 of its 32 bytes, 64 hexadecimal digits. Trust is decided by the
/// public key itself, never by this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Sha256);

impl KeyId {
    /// The first 16 digits, for display.
    pub fn short(&self) -> String {
        self.0.to_string()[..16].to_owned()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

const ALG: &str = "ed25519";

/// The content of `manifest.sig`: one JSON line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureFile {
    alg: String,
    key_id: String,
    public_key: String,
    signature: String,
}

impl SignatureFile {
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = serde_json::to_vec(self).expect("four strings have a JSON form");
        out.push(b'\n');
        out
    }
}

/// Checks the bytes of a `manifest.sig` against `message` and gives the signer. The form is checked
/// to the byte: there is one accepted `manifest.sig` per key and signature.
pub(crate) fn verify(sig: &[u8], message: &[u8]) -> Result<PublicKey, BundleError> {
    let malformed = |cause: &str| BundleError::SignatureMalformed { cause: cause.to_owned() };
    let file: SignatureFile = serde_json::from_slice(sig).map_err(|e| malformed(&e.to_string()))?;
    if file.to_bytes() != sig {
        return Err(malformed("not in canonical form"));
    }
    if file.alg != ALG {
        return Err(malformed("alg must be ed25519"));
    }
    let key = PublicKey(
        decode(&file.public_key).ok_or_else(|| malformed("public_key must be 32 bytes in Base64"))?,
    );
    let signature: [u8; 64] =
        decode(&file.signature).ok_or_else(|| malformed("signature must be 64 bytes in Base64"))?;
    if file.key_id != key.key_id().to_string() {
        return Err(malformed("key_id is not the hash of public_key"));
    }
    UnparsedPublicKey::new(&ED25519, key.0)
        .verify(message, &signature)
        .map_err(|_| BundleError::SignatureWrong)?;
    Ok(key)
}

/// The text of a secret key file.
pub(crate) fn seed_text(seed: &[u8; 32]) -> String {
    format!("{SEED_WORD} {}\n", STANDARD.encode(seed))
}

/// Overwrites secret bytes as well as safe Rust allows.
pub(crate) fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

/// `WORD <base64 of 32 bytes>`, one line feed allowed at the end.
fn parse_line(word: &str, text: &str) -> Result<[u8; 32], BundleError> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    line.strip_prefix(word)
        .and_then(|rest| rest.strip_prefix(' '))
        .and_then(decode)
        .ok_or(BundleError::KeyMalformed { path: None })
}

/// Exactly `N` bytes in padded Base64; `STANDARD` refuses stray bits, so each value has one spelling.
fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = STANDARD.decode(text).ok()?;
    let out = bytes.as_slice().try_into().ok();
    wipe(&mut bytes);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_key_of_rfc_8032_signs_as_printed_there() {
        // RFC 8032 §7.1 TEST 1: secret and public key.
        let seed: Sha256 =
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60".parse().expect("hex");
        let public: Sha256 =
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a".parse().expect("hex");
        let key = Key::from_seed(seed.as_bytes());
        assert_eq!(key.public().as_bytes(), public.as_bytes());
        assert_eq!(key.key_id().to_string(), Sha256::of(public.as_bytes()).to_string());
        assert!(!format!("{key:?}").contains("9d61b19d"));
    }

    #[test]
    fn key_lines_have_one_form() {
        let key = Key::from_seed(&[7; 32]);
        let line = key.public().to_string();
        assert_eq!(line.parse::<PublicKey>().expect("own form"), *key.public());
        assert!(format!("{line}\n").parse::<PublicKey>().is_ok());
        let again = Key::from_text(&seed_text(&[7; 32])).expect("own form");
        assert_eq!(again.public(), key.public());
        for bad in [
            "",
            "bulwark-ed25519-pub-1",
            &line.replace("-1 ", "-2 "),
            &format!("{line}="),
            &format!(" {line}"),
        ] {
            assert_eq!(bad.parse::<PublicKey>().expect_err(bad).code(), "BW-BUNDLE-019");
        }
        assert!(Key::from_text(&line).is_err(), "a public key is no secret key");
    }

    #[test]
    fn signatures_fit_one_message_and_one_spelling() {
        let key = Key::from_seed(&[7; 32]);
        let sig = key.sign(b"message");
        assert_eq!(verify(&sig, b"message").expect("own signature"), *key.public());
        assert!(matches!(verify(&sig, b"massage"), Err(BundleError::SignatureWrong)));
        let text = String::from_utf8(sig).expect("JSON");
        for other in
            [text.replace("\":", "\": "), text.replace("ed25519", "ED25519"), text.trim_end().to_owned()]
        {
            let e = verify(other.as_bytes(), b"message").expect_err(&other);
            assert_eq!(e.code(), "BW-BUNDLE-025");
        }
    }
}
