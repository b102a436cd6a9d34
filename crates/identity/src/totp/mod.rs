//! One-time codes by the clock (RFC 6238), the second factor of those who have no passkey.
//!
//! SHA-1, six digits, thirty seconds: what every authenticator app understands; HMAC does not need the property that
//! SHA-1 lost (RFC 6194 §3.3).
//!
//! ```
//! # use bulwark_identity::totp::{Secret, uri, verify};
//! # let now: jiff::Timestamp = "2026-11-25T01:00:00Z".parse()?;
//! let secret = Secret::generate()?; // keep it sealed
//! let code = secret.code_at(now);
//! let step = verify(&secret, &code, now, None).expect("the code of this moment");
//! assert_eq!(verify(&secret, &code, now, Some(step)), None); // a code serves once
//! assert!(uri(&secret, "壁壘", "wang@agency.gov.tw").starts_with("otpauth://totp/"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod base32;
mod qr;

pub use qr::qr_svg;

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use jiff::Timestamp;
use ring::hmac;
use unicode_normalization::UnicodeNormalization as _;

use crate::RandomFailed;
use crate::error::diagnostic;
use crate::random;
use base32::NotBase32;

/// Digits of a code.
pub const DIGITS: usize = 6;

/// Length of a step in seconds.
pub const STEP_SECONDS: u64 = 30;

/// How many steps a clock may be off, each way (RFC 6238 §5.2: one for the delay of typing and network).
const DRIFT_STEPS: u64 = 1;

/// The shortest and longest secret in bytes: RFC 4226 §4 R6 asks for 128 bits and recommends 160, which is what we
/// make; longer than the block of SHA-1 has no use.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// Why a secret cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TotpError {
    /// The text is no base32.
    #[error(transparent)]
    Base32(#[from] NotBase32),
    /// The secret has too few or too many bytes.
    #[error("a secret has 16 to 64 bytes, not {found}")]
    Length {
        /// How many it has.
        found: usize,
    },
    /// The text does not fit into a QR code.
    #[error("{bytes} bytes do not fit into a QR code")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// No random bytes for the secret.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

impl TotpError {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Base32(_) => "BW-ID-030",
            Self::Length { .. } => "BW-ID-031",
            Self::TooLong { .. } => "BW-ID-032",
            Self::Random(error) => error.code(),
        }
    }

    /// The message for people.
    pub fn diagnostic(self) -> Diagnostic {
        let code = self.code();
        match self {
            Self::Base32(error) => diagnostic(code, &[]).because(error),
            Self::Length { found } => diagnostic(code, &args![found = found]),
            Self::TooLong { bytes } => diagnostic(code, &args![bytes = bytes]),
            Self::Random(error) => error.diagnostic(),
        }
    }
}

/// What the person's app and we share. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// A fresh one of 160 bits.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, RandomFailed> {
        Ok(Self(random::bytes::<20>()?.to_vec()))
    }

    /// From the base32 that was kept, or typed by a person: spaces, hyphens and case do not matter.
    ///
    /// # Errors
    /// When it is no base32, or has not 16 to 64 bytes.
    pub fn from_base32(text: &str) -> Result<Self, TotpError> {
        let bytes = base32::decode(text)?;
        if !SECRET_BYTES.contains(&bytes.len()) {
            return Err(TotpError::Length { found: bytes.len() });
        }
        Ok(Self(bytes))
    }

    /// As it is kept and shown for typing.
    pub fn to_base32(&self) -> String {
        base32::encode(&self.0)
    }

    /// The base32 in groups of four, for a person who types it.
    pub fn for_typing(&self) -> String {
        let text = self.to_base32();
        let groups: Vec<String> =
            text.as_bytes().chunks(4).map(|g| String::from_utf8_lossy(g).into()).collect();
        groups.join(" ")
    }

    /// The code of a moment.
    pub fn code_at(&self, now: Timestamp) -> String {
        format!("{:06}", self.value(step_of(now)))
    }

    /// The value of a step (RFC 4226 §5.3).
    fn value(&self, step: u64) -> u32 {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let at = usize::from(tag[19] & 0x0f);
        let word = [tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]];
        u32::from_be_bytes(word) % 1_000_000
    }
}

/// Whether `code` is the one of now, or of the step before or after: then the step it belongs to.
///
/// Keep that step and give it as `last_step` next time: a code of it, or of an earlier one, is refused, so that a code
/// that was watched serves nobody (RFC 6238 §5.2, ASVS 5.0.0 V6.5.1). `code` is taken as people type it: with spaces
/// or a hyphen, in full-width digits.
pub fn verify(secret: &Secret, code: &str, now: Timestamp, last_step: Option<u64>) -> Option<u64> {
    let typed = digits_of(code)?;
    let now = step_of(now);
    let mut accepted = None;
    // Every step is computed whatever the others gave: the time taken tells nothing about which one it was.
    for step in now.saturating_sub(DRIFT_STEPS)..=now.saturating_add(DRIFT_STEPS) {
        let same = secret.value(step) == typed;
        if same && last_step.is_none_or(|last| step > last) {
            accepted = Some(step);
        }
    }
    accepted
}

/// The six digits of a code as it was typed.
fn digits_of(code: &str) -> Option<u32> {
    if code.len() > 100 {
        return None;
    }
    let typed: String =
        code.nfkc().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}')).collect();
    let good = typed.len() == DIGITS && typed.bytes().all(|b| b.is_ascii_digit());
    if good { typed.parse().ok() } else { None }
}

/// Steps since 1970; before that, the first.
fn step_of(now: Timestamp) -> u64 {
    u64::try_from(now.as_second()).unwrap_or(0) / STEP_SECONDS
}

/// The address that an app reads from the QR code (the format of Google Authenticator, "Key Uri Format").
///
/// `account` is shown below `issuer` in the app. Everything but unreserved characters is percent-encoded, Chinese as
/// UTF-8; a colon would end the issuer, so it becomes a hyphen.
pub fn uri(secret: &Secret, issuer: &str, account: &str) -> String {
    let issuer = percent(&issuer.replace(':', "-"));
    let account = percent(&account.replace(':', "-"));
    let secret = secret.to_base32();
    format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    )
}

/// RFC 3986 §2.3: what is not unreserved becomes `%XX`.
fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The secret of RFC 6238 appendix B for SHA-1.
    fn reference() -> Secret {
        Secret(b"12345678901234567890".to_vec())
    }

    #[test]
    fn codes_are_those_of_rfc_6238_appendix_b() {
        // Eight digits there; six are their last six, because both are the same number modulo a power of ten.
        for (second, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(reference().code_at(at(second)), code[2..], "{second}");
        }
    }

    #[test]
    fn a_code_serves_for_its_step_and_one_on_either_side() {
        let now = at(1_111_111_111);
        let code = reference().code_at(now);
        let step = step_of(now);
        for (later, accepted) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let found = verify(&reference(), &code, now + SignedDuration::from_secs(later), None);
            assert_eq!(found, accepted.then_some(step), "{later}");
        }
    }

    #[test]
    fn a_code_is_refused_the_second_time_and_so_are_older_ones() {
        let now = at(1_111_111_111);
        let step = step_of(now);
        let before = reference().code_at(now - SignedDuration::from_secs(30));
        let current = reference().code_at(now);
        let next = reference().code_at(now + SignedDuration::from_secs(30));
        assert_eq!(verify(&reference(), &current, now, Some(step - 1)), Some(step));
        assert_eq!(verify(&reference(), &current, now, Some(step)), None);
        assert_eq!(verify(&reference(), &before, now, Some(step)), None);
        assert_eq!(verify(&reference(), &next, now, Some(step)), Some(step + 1));
    }

    #[test]
    fn codes_are_taken_as_people_type_them() {
        let now = at(1_111_111_109); // 081804
        for good in
            ["081804", "081 804", " 08 18 04\n", "081-804", "０８１８０４", "０８１　８０４", "081–804"]
        {
            assert!(verify(&reference(), good, now, None).is_some(), "{good:?}");
        }
        for bad in
            ["", "81804", "0081804", "081805", "08180４5", "O81804", "081804 x", "+81804", "٠٨١٨٠٤", "-81804"]
        {
            assert_eq!(verify(&reference(), bad, now, None), None, "{bad:?}");
        }
    }

    #[test]
    fn the_address_holds_everything_percent_encoded() {
        assert_eq!(
            uri(&reference(), "壁壘: A&B", "王小明@a.gov.tw"),
            "otpauth://totp/%E5%A3%81%E5%A3%98-%20A%26B:%E7%8E%8B%E5%B0%8F%E6%98%8E%40a.gov.tw\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=%E5%A3%81%E5%A3%98-%20A%26B\
             &algorithm=SHA1&digits=6&period=30"
        );
    }

    #[test]
    fn secrets_are_long_enough_and_do_not_print() {
        let secret = Secret::generate().unwrap();
        assert_eq!(secret.0.len(), 20);
        assert_ne!(secret, Secret::generate().unwrap());
        assert_eq!(Secret::from_base32(&secret.for_typing().to_lowercase()).unwrap(), secret);
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        assert_eq!(Secret::from_base32("GEZDGNBVGY").unwrap_err(), TotpError::Length { found: 6 });
        assert_eq!(Secret::from_base32("GEZD GNB1").unwrap_err().code(), "BW-ID-030");
        assert_eq!(reference().for_typing(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }

    proptest! {
        #[test]
        fn no_code_and_no_time_makes_it_panic(code in "\\PC{0,20}", second in -377_705_023_201i64..253_402_207_200) {
            let _ = verify(&reference(), &code, at(second), Some(u64::MAX));
            let code = reference().code_at(at(second));
            let found = verify(&reference(), &code, at(second), None);
            prop_assert!(found.is_some());
        }

        #[test]
        fn an_address_has_one_colon_for_the_issuer(issuer in "\\PC{1,20}", account in "\\PC{1,20}") {
            let text = uri(&reference(), &issuer, &account);
            let parsed = url::Url::parse(&text).unwrap();
            prop_assert_eq!(parsed.path().matches(':').count(), 1);
            let pairs: Vec<_> = parsed.query_pairs().collect();
            prop_assert_eq!(&pairs[1].1, &issuer.replace(':', "-"));
            prop_assert_eq!(pairs.len(), 5);
        }
    }
}
