//! Passwords: what one must be like, and how one is kept.
//!
//! ```
//! # use bulwark_identity::password::{About, Cost, faults};
//! let about = About { login: "wang", words: &["數位發展部", "moda"] };
//! assert!(faults("P@ssw0rd2026", &about).iter().any(|fault| fault.code() == "BW-ID-013"));
//! assert!(faults("廚房裡三隻沉默的藍色茶壺", &about).is_empty());
//!
//! let kept = Cost::FOR_TESTS.hash("廚房裡三隻沉默的藍色茶壺")?;
//! let verdict = Cost::FOR_TESTS.verify("廚房裡三隻沉默的藍色茶壺", &kept)?;
//! assert!(verdict.ok && !verdict.rehash);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use argon2::password_hash::CustomizedPasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordVerifier as _, Version};
use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use unicode_normalization::UnicodeNormalization as _;

use crate::RandomFailed;
use crate::breached;
use crate::error::diagnostic;
use crate::random;

/// The fewest characters. ASVS 5.0.0 V6.2.1 wants 8 and recommends 15; NIST SP 800-63B-4 §3.1.1.2 wants 15 for a
/// password alone and 8 beside a second factor, which everyone here has.
pub const MIN_CHARACTERS: usize = 12;

/// The most characters: room for any sentence (V6.2.9 wants 64 at least), and an end for what we hash.
pub const MAX_CHARACTERS: usize = 256;

/// Longer input is nobody's password; it is not even normalised.
const MAX_INPUT_BYTES: usize = 8 * MAX_CHARACTERS;

/// The form in which a password is judged and hashed: NFKC.
///
/// The same key press gives different characters on different machines: input methods here write full-width digits
/// and Latin letters, macOS composes accents another way than Windows. Without a normal form a person who set a
/// password at the office is locked out at home; NIST SP 800-63B-4 §3.1.1.2 asks for NFKC or NFD for this reason.
/// Nothing else is done to it (ASVS V6.2.8): no trimming, no folding of case, no cutting.
pub fn normal(password: &str) -> String {
    password.nfkc().collect()
}

/// What is known about the person, and must not be in the password (ASVS V6.2.11).
#[derive(Debug, Clone, Copy, Default)]
pub struct About<'a> {
    /// The log-in name; of a mail address each part counts.
    pub login: &'a str,
    /// The names of the agency, short and long, the person's own name, the name of this system.
    pub words: &'a [&'a str],
}

/// Why a password is not taken. Codes are stable.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Too few characters.
    TooShort {
        /// How many there are.
        found: usize,
    },
    /// Too many characters.
    TooLong {
        /// How many there are, or bytes when it was too long to count.
        found: usize,
    },
    /// The log-in name or a word of the agency is in it.
    HoldsWord {
        /// The word.
        word: String,
    },
    /// It is on the list that comes with the program, or put together from pieces that are.
    Common,
    /// It was found in data that was stolen elsewhere ([`breached::io::BreachedFile`]).
    Breached {
        /// How often it was seen; 0 when the list does not count.
        times: u64,
    },
}

impl Fault {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooShort { .. } => "BW-ID-010",
            Self::TooLong { .. } => "BW-ID-011",
            Self::HoldsWord { .. } => "BW-ID-012",
            Self::Common => "BW-ID-013",
            Self::Breached { .. } => "BW-ID-014",
        }
    }

    /// The message for people. It never holds the password itself.
    pub fn diagnostic(&self) -> Diagnostic {
        let code = self.code();
        match self {
            Self::TooShort { found } => diagnostic(code, &args![min = MIN_CHARACTERS, found = found]),
            Self::TooLong { found } => diagnostic(code, &args![max = MAX_CHARACTERS, found = found]),
            Self::HoldsWord { word } => diagnostic(code, &args![word = word]),
            Self::Common => diagnostic(code, &[]),
            Self::Breached { times } => diagnostic(code, &args![times = times]),
        }
    }
}

/// Everything that speaks against a new password; empty when it is good. There are no rules of composition (V6.2.5).
///
/// The list of the program is small. Where a list of breached passwords is at hand, ask it, too, and add
/// [`Fault::Breached`].
pub fn faults(password: &str, about: &About<'_>) -> Vec<Fault> {
    if password.len() > MAX_INPUT_BYTES {
        return vec![Fault::TooLong { found: password.len() }];
    }
    let password = normal(password);
    let found = password.chars().count();
    let mut faults = Vec::new();
    if found < MIN_CHARACTERS {
        faults.push(Fault::TooShort { found });
    }
    if found > MAX_CHARACTERS {
        faults.push(Fault::TooLong { found });
    }
    let folded = password.to_lowercase();
    let held = words(about).into_iter().filter(|word| folded.contains(word.as_str()));
    faults.extend(held.map(|word| Fault::HoldsWord { word }));
    if breached::Breached::embedded().holds(&password) {
        faults.push(Fault::Common);
    }
    faults
}

/// The words that must not be in it: from four characters on, Han from two on, because shorter ones turn up by chance.
fn words(about: &About<'_>) -> Vec<String> {
    let parts = about.login.split(|c: char| !c.is_alphanumeric());
    let all = parts.chain(std::iter::once(about.login)).chain(about.words.iter().copied());
    let mut words: Vec<String> = all.map(|word| normal(word.trim()).to_lowercase()).collect();
    words.retain(|word| word.chars().count() >= if word.is_ascii() { 4 } else { 2 });
    words.sort_unstable();
    words.dedup();
    words
}

/// What one hash costs. The standard is for people; tests and the demo may take less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// It is the password.
    pub ok: bool,
    /// It was hashed at another cost than today's: hash it again now, while it is known. Only ever with `ok`.
    pub rehash: bool,
}

/// Why a password could not be hashed or compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// The row of the database holds no Argon2id hash, or one that would cost far more than any of ours.
    #[error("the stored password hash cannot be read: {0}")]
    Stored(String),
    /// The cost is not one that Argon2 allows, or the memory is not there.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
    /// Longer than any password may be.
    #[error("the password is too long")]
    TooLong,
    /// No random bytes for the salt.
    #[error(transparent)]
    Random(#[from] RandomFailed),
}

impl PasswordError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Stored(_) => "BW-ID-015",
            Self::Hash(_) => "BW-ID-016",
            Self::TooLong => "BW-ID-011",
            Self::Random(error) => error.code(),
        }
    }

    /// The message for people.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            Self::Stored(cause) | Self::Hash(cause) => diagnostic(self.code(), &[]).because(cause),
            Self::TooLong => Fault::TooLong { found: MAX_CHARACTERS + 1 }.diagnostic(),
            Self::Random(error) => error.diagnostic(),
        }
    }
}

/// The salts and hashes of [`Cost::decoy`]: fixed, because nobody knows a password that gives this hash.
const DECOY_SALT: &str = "YnVsd2Fya2RlY295c2FsdA";
const DECOY_HASH: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

impl Cost {
    /// Argon2id with 64 MiB, three passes, one lane: above the least of OWASP (46 MiB, one pass), and the second
    /// choice of RFC 9106 §4 but for the lanes, which would ask for as many cores.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// Next to nothing, for tests.
    pub const FOR_TESTS: Self = Self { memory_kib: 32, passes: 1, lanes: 1 };

    /// The hash to keep, as a PHC string with its own salt. Takes long on purpose: call it on a bounded pool.
    ///
    /// # Errors
    /// When the password is too long, or memory or randomness are missing.
    pub fn hash(self, password: &str) -> Result<String, PasswordError> {
        if password.len() > MAX_INPUT_BYTES {
            return Err(PasswordError::TooLong);
        }
        let salt = random::bytes::<16>()?;
        let hash = Argon2::default()
            .hash_password_with_params(normal(password).as_bytes(), &salt, self.params()?)
            .map_err(|error| PasswordError::Hash(error.to_string()))?;
        Ok(hash.to_string())
    }

    /// Whether `password` is the one that `phc` was made from. Takes as long as hashing.
    ///
    /// # Errors
    /// When the stored hash cannot be read. As much time has passed by then as for a wrong password.
    pub fn verify(self, password: &str, phc: &str) -> Result<Verdict, PasswordError> {
        let wrong = Verdict { ok: false, rehash: false };
        let too_long = password.len() > MAX_INPUT_BYTES;
        let password = if too_long { String::new() } else { normal(password) };
        let stored = match readable(phc) {
            Ok(stored) => stored,
            Err(error) => {
                let decoy = readable(&self.decoy())?;
                let _ = Argon2::default().verify_password(password.as_bytes(), &decoy.0);
                return Err(error);
            }
        };
        let same = Argon2::default().verify_password(password.as_bytes(), &stored.0).is_ok();
        if !same || too_long {
            return Ok(wrong);
        }
        Ok(Verdict { ok: true, rehash: stored.1 != self })
    }

    /// A hash that no password fits. Compare with it when there is no such log-in, so that the answer takes as long
    /// as for one that exists (ASVS V6.3.8).
    pub fn decoy(self) -> String {
        let Self { memory_kib, passes, lanes } = self;
        format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${DECOY_SALT}${DECOY_HASH}")
    }

    fn params(self) -> Result<Params, PasswordError> {
        Params::new(self.memory_kib, self.passes, self.lanes, None)
            .map_err(|error| PasswordError::Hash(error.to_string()))
    }
}

/// More than this no hash of ours ever costs; a row that says so was altered to stop the server.
const LIMIT: Cost = Cost { memory_kib: 1024 * 1024, passes: 16, lanes: 16 };

/// Reads a stored hash and its cost.
fn readable(phc: &str) -> Result<(PasswordHash, Cost), PasswordError> {
    let stored = |why: &dyn std::fmt::Display| PasswordError::Stored(why.to_string());
    let hash = PasswordHash::new(phc).map_err(|error| stored(&error))?;
    if hash.algorithm.as_str() != "argon2id" || hash.version != Some(Version::V0x13.into()) {
        return Err(stored(&"not Argon2id version 19"));
    }
    let params = Params::try_from(&hash).map_err(|error| stored(&error))?;
    let cost = Cost { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() };
    if cost.memory_kib > LIMIT.memory_kib || cost.passes > LIMIT.passes || cost.lanes > LIMIT.lanes {
        return Err(stored(&"it would cost more than any of ours"));
    }
    if hash.salt.is_none() || hash.hash.is_none() {
        return Err(stored(&"salt or hash is missing"));
    }
    Ok((hash, cost))
}
