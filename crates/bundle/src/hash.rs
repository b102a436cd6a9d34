//! SHA-256 values and the reader that hashes what passes through it.

use std::fmt;
use std::io::Read;
use std::str::FromStr;

use ring::digest::{Context, SHA256, digest};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::BundleError;

/// A SHA-256 value (FIPS 180-4); written as 64 lower-case hexadecimal digits, the only form read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from_ring(&digest(&SHA256, bytes))
    }

    /// A hash that was made elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn from_ring(d: &ring::digest::Digest) -> Self {
        Self(d.as_ref().try_into().expect("SHA-256 gives 32 bytes"))
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sha256({self})")
    }
}

impl FromStr for Sha256 {
    type Err = BundleError;

    fn from_str(s: &str) -> Result<Self, BundleError> {
        let digit = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let bad = || BundleError::BadField { field: "sha256", value: s.chars().take(80).collect() };
        if s.len() != 64 {
            return Err(bad());
        }
        let mut out = [0; 32];
        for (to, pair) in out.iter_mut().zip(s.as_bytes().chunks_exact(2)) {
            *to = digit(pair[0]).zip(digit(pair[1])).map(|(hi, lo)| hi << 4 | lo).ok_or_else(bad)?;
        }
        Ok(Self(out))
    }
}

impl Serialize for Sha256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let s = String::deserialize(deserializer)?;
        s.parse().map_err(serde::de::Error::custom)
    }
}

/// What [`pump`] saw.
pub(crate) struct Pumped {
    /// Bytes read.
    pub bytes: u64,
    /// Their hash.
    pub sha256: Sha256,
}

/// Where an error of [`pump`] arose.
pub(crate) enum PumpError {
    /// The source failed.
    Read(std::io::Error),
    /// The sink failed.
    Write(std::io::Error),
}

/// Copies at most `limit` bytes through the hash into `sink`, 64 KiB at a time. Ends early when
/// the source does; the caller compares `bytes`.
pub(crate) fn pump(
    source: &mut impl Read,
    limit: u64,
    mut sink: impl FnMut(&[u8]) -> std::io::Result<()>,
) -> Result<Pumped, PumpError> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; usize::try_from(limit).unwrap_or(usize::MAX).min(64 * 1024)];
    let mut bytes = 0;
    while bytes < limit {
        let want = usize::try_from(limit - bytes).unwrap_or(usize::MAX).min(buffer.len());
        let got = match source.read(&mut buffer[..want]) {
            Ok(0) => break,
            Ok(n) => n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(PumpError::Read(e)),
        };
        context.update(&buffer[..got]);
        sink(&buffer[..got]).map_err(PumpError::Write)?;
        bytes += got as u64;
    }
    Ok(Pumped { bytes, sha256: Sha256::from_ring(&context.finish()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lower_case_hex_of_full_length_is_read() {
        let hash = Sha256::of(b"abc");
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash.to_string(), text);
        assert_eq!(text.parse::<Sha256>().expect("hex"), hash);
        assert!(text.to_uppercase().parse::<Sha256>().is_err());
        assert!(text[1..].parse::<Sha256>().is_err());
        assert!("é".repeat(32).parse::<Sha256>().is_err());
    }
}
