//! Random bytes from the system.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::rand::{SecureRandom as _, SystemRandom};

/// The system's random source failed: nothing that needs a secret can go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system's random source failed")]
pub struct RandomFailed;

impl RandomFailed {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        "BW-ID-002"
    }

    /// The message for people.
    pub fn diagnostic(self) -> bulwark_model::Diagnostic {
        crate::error::diagnostic(self.code(), &[])
    }
}

/// So many fresh bytes.
pub(crate) fn bytes<const LENGTH: usize>() -> Result<[u8; LENGTH], RandomFailed> {
    let mut bytes = [0; LENGTH];
    SystemRandom::new().fill(&mut bytes).map_err(|_| RandomFailed)?;
    Ok(bytes)
}

/// 256 fresh bits as 43 characters that need no escaping in a URL, a cookie or a form.
pub(crate) fn token() -> Result<String, RandomFailed> {
    Ok(URL_SAFE_NO_PAD.encode(bytes::<32>()?))
}
