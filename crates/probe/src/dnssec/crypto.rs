//! Keys, digests and signatures.

use ring::{digest, signature};

use super::state::Reason;
use super::types::{DNSKEY, RRSIG};
use super::wire::{Cursor, Name, RawRecord};

/// A DNSKEY (RFC 4034 §2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// 256 is a zone key, 1 marks a key-signing key, 128 a revoked one (RFC 5011).
    pub flags: u16,
    /// Always 3.
    pub protocol: u8,
    /// Algorithm number.
    pub algorithm: u8,
    /// The key itself.
    pub key: Vec<u8>,
    /// Key tag (RFC 4034 appendix B).
    pub tag: u16,
    /// The whole data, for digests.
    pub(super) data: Vec<u8>,
}

/// A DS (RFC 4034 §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DsRecord {
    /// Tag of the key.
    pub tag: u16,
    /// Algorithm of the key.
    pub algorithm: u8,
    /// Digest type: 1 SHA-1, 2 SHA-256, 4 SHA-384.
    pub digest_type: u8,
    /// The digest.
    pub digest: Vec<u8>,
}

/// How good an algorithm is to sign with today (RFC 8624 §3, RFC 9905, RFC 9906).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// Must not be used.
    Weak,
    /// May be used.
    Enough,
    /// Recommended.
    Good,
}

/// A signature (RFC 4034 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "the names of RFC 4034 §3.1")]
pub(super) struct Signature {
    pub(super) covered: u16,
    pub(super) algorithm: u8,
    pub(super) labels: u8,
    pub(super) original_ttl: u32,
    pub(super) expiration: u32,
    pub(super) inception: u32,
    pub(super) tag: u16,
    pub(super) signer: Name,
    pub(super) signature: Vec<u8>,
}

impl KeyRecord {
    /// Reads the data of a DNSKEY.
    pub fn read(record: &RawRecord) -> Option<Self> {
        if record.rtype != DNSKEY {
            return None;
        }
        let mut cursor = Cursor::new(&record.data, 0);
        Some(Self {
            flags: cursor.u16()?,
            protocol: cursor.u8()?,
            algorithm: cursor.u8()?,
            key: cursor.rest().to_vec(),
            tag: key_tag(&record.data),
            data: record.data.clone(),
        })
    }

    /// Whether the key may sign zone data: zone key, protocol 3, not revoked.
    pub const fn usable(&self) -> bool {
        self.flags & 0x0100 != 0 && self.flags & 0x0080 == 0 && self.protocol == 3
    }

    /// Whether the key is a secure entry point (a KSK).
    pub const fn entry_point(&self) -> bool {
        self.flags & 1 != 0
    }

    /// Length of an RSA modulus in bits (RFC 3110 §2); `None` for other algorithms.
    pub fn rsa_bits(&self) -> Option<usize> {
        if !matches!(self.algorithm, 1 | 5 | 7 | 8 | 10) {
            return None;
        }
        let (_, modulus) = rsa_parts(&self.key)?;
        let first = modulus.first()?;
        Some(modulus.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or(0))
    }
}

impl DsRecord {
    /// Reads the data of a DS.
    pub fn read(data: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(data, 0);
        Some(Self {
            tag: cursor.u16()?,
            algorithm: cursor.u8()?,
            digest_type: cursor.u8()?,
            digest: cursor.rest().to_vec(),
        })
    }

    /// Reads a line `. IN DS 20326 8 2 E06D…`; the digest may be in several words.
    pub fn parse(line: &str) -> Option<(Name, Self)> {
        let mut words = line.split_whitespace();
        let name = Name::parse(words.next()?)?;
        let mut words = words.skip_while(|w| !w.eq_ignore_ascii_case("DS"));
        words.next()?;
        let tag = words.next()?.parse().ok()?;
        let algorithm = words.next()?.parse().ok()?;
        let digest_type = words.next()?.parse().ok()?;
        let hex: String = words.collect();
        let digit = |c: &u8| char::from(*c).to_digit(16).and_then(|d| u8::try_from(d).ok());
        let digest = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => Some(digit(high)? << 4 | digit(low)?),
                _ => None,
            })
            .collect::<Option<Vec<u8>>>()?;
        (!digest.is_empty()).then_some((name, Self { tag, algorithm, digest_type, digest }))
    }

    /// Whether validators can use it at all: known digest and known algorithm.
    pub(super) const fn usable(&self) -> bool {
        matches!(self.digest_type, 1 | 2 | 4) && checkable(self.algorithm)
    }

    /// Whether the digest is that of the key (RFC 4034 §5.1.4).
    pub(super) fn fits(&self, owner: &Name, key: &KeyRecord) -> bool {
        let algorithm = match self.digest_type {
            1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            2 => &digest::SHA256,
            4 => &digest::SHA384,
            _ => return false,
        };
        if self.tag != key.tag || self.algorithm != key.algorithm {
            return false;
        }
        let mut context = digest::Context::new(algorithm);
        context.update(&owner.wire());
        context.update(&key.data);
        context.finish().as_ref() == self.digest.as_slice()
    }
}

impl Signature {
    pub(super) fn read(record: &RawRecord) -> Option<Self> {
        if record.rtype != RRSIG {
            return None;
        }
        let mut cursor = Cursor::new(&record.data, 0);
        Some(Self {
            covered: cursor.u16()?,
            algorithm: cursor.u8()?,
            labels: cursor.u8()?,
            original_ttl: cursor.u32()?,
            expiration: cursor.u32()?,
            inception: cursor.u32()?,
            tag: cursor.u16()?,
            signer: cursor.name()?,
            signature: cursor.rest().to_vec(),
        })
    }

    /// The octets signed (RFC 4034 §3.1.8.1). `owner` is the name in the signature: a wildcard
    /// when the answer was expanded from one.
    fn signed(&self, owner: &Name, records: &[&RawRecord]) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(self.covered.to_be_bytes());
        out.extend([self.algorithm, self.labels]);
        out.extend(self.original_ttl.to_be_bytes());
        out.extend(self.expiration.to_be_bytes());
        out.extend(self.inception.to_be_bytes());
        out.extend(self.tag.to_be_bytes());
        out.extend(self.signer.wire());
        let mut sets: Vec<&[u8]> = records.iter().map(|r| r.data.as_slice()).collect();
        // RFC 4034 §6.3: canonical order, duplicates once.
        sets.sort_unstable();
        sets.dedup();
        let owner = owner.wire();
        for data in sets {
            out.extend_from_slice(&owner);
            out.extend(self.covered.to_be_bytes());
            out.extend([0, 1]);
            out.extend(self.original_ttl.to_be_bytes());
            out.extend(u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
            out.extend_from_slice(data);
        }
        out
    }

    /// Whether `key` made this signature over `records`.
    pub(super) fn check(&self, owner: &Name, records: &[&RawRecord], key: &KeyRecord) -> Result<(), Reason> {
        let message = self.signed(owner, records);
        verify(self.algorithm, &key.key, &message, &self.signature)
    }
}

/// Key tag (RFC 4034 appendix B; algorithm 1 has its own rule, B.1).
pub fn key_tag(data: &[u8]) -> u16 {
    if let [.., high, low, _] = data
        && data.get(3) == Some(&1)
    {
        return u16::from_be_bytes([*high, *low]);
    }
    let sum = data.iter().enumerate().fold(0_u32, |sum, (i, b)| {
        sum.wrapping_add(if i % 2 == 0 { u32::from(*b) << 8 } else { u32::from(*b) })
    });
    u16::try_from((sum + (sum >> 16)) & 0xffff).unwrap_or(0)
}

/// Algorithms whose signatures we can check.
pub(super) const fn checkable(algorithm: u8) -> bool {
    matches!(algorithm, 5 | 7 | 8 | 10 | 13 | 14 | 15)
}

/// Exponent and modulus of an RSA key (RFC 3110 §2), without leading zeros.
fn rsa_parts(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = key.split_first()?;
    let (length, rest) = if *first == 0 {
        let (length, rest) = rest.split_at_checked(2)?;
        (usize::from(u16::from_be_bytes(length.try_into().ok()?)), rest)
    } else {
        (usize::from(*first), rest)
    };
    let (exponent, modulus) = rest.split_at_checked(length)?;
    let trim = |b: &'_ [u8]| b.iter().take_while(|b| **b == 0).count();
    Some((exponent.get(trim(exponent)..)?, modulus.get(trim(modulus)..)?))
}

fn verify(algorithm: u8, key: &[u8], message: &[u8], given: &[u8]) -> Result<(), Reason> {
    let rsa = |parameters: &signature::RsaParameters| {
        let (e, n) = rsa_parts(key).ok_or(Reason::BadSignature)?;
        signature::RsaPublicKeyComponents { n, e }
            .verify(parameters, message, given)
            .map_err(|_| Reason::BadSignature)
    };
    let plain = |algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8]| {
        signature::UnparsedPublicKey::new(algorithm, key)
            .verify(message, given)
            .map_err(|_| Reason::BadSignature)
    };
    // RFC 6605 §4: the point without the leading 4 that X9.62 has.
    let point = || [&[4], key].concat();
    match algorithm {
        5 | 7 => rsa(&signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        8 => rsa(&signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        10 => rsa(&signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        13 => plain(&signature::ECDSA_P256_SHA256_FIXED, &point()),
        14 => plain(&signature::ECDSA_P384_SHA384_FIXED, &point()),
        15 => plain(&signature::ED25519, key),
        other => Err(Reason::UnknownAlgorithm(other)),
    }
}

/// Mnemonic of an algorithm (IANA registry).
pub fn algorithm_name(number: u8) -> String {
    let name = match number {
        1 => "RSAMD5",
        3 => "DSA",
        5 => "RSASHA1",
        6 => "DSA-NSEC3-SHA1",
        7 => "RSASHA1-NSEC3-SHA1",
        8 => "RSASHA256",
        10 => "RSASHA512",
        12 => "ECC-GOST",
        13 => "ECDSAP256SHA256",
        14 => "ECDSAP384SHA384",
        15 => "ED25519",
        16 => "ED448",
        17 => "SM2SM3",
        23 => "ECC-GOST12",
        other => return format!("algorithm {other}"),
    };
    name.to_owned()
}

/// Name of a DS digest type (IANA registry).
pub fn digest_name(number: u8) -> String {
    let name = match number {
        1 => "SHA-1",
        2 => "SHA-256",
        3 => "GOST R 34.11-94",
        4 => "SHA-384",
        5 => "GOST R 34.11-2012",
        6 => "SM3",
        other => return format!("digest {other}"),
    };
    name.to_owned()
}

impl Strength {
    /// Of a signing algorithm (RFC 8624 §3.1; RFC 9905: SHA-1; RFC 9906: GOST).
    pub const fn of_algorithm(number: u8) -> Self {
        match number {
            13 | 15 => Self::Good,
            8 | 10 | 14 | 16 => Self::Enough,
            _ => Self::Weak,
        }
    }

    /// Of a DS digest (RFC 8624 §3.3; RFC 9905).
    pub const fn of_digest(number: u8) -> Self {
        match number {
            2 => Self::Good,
            4 => Self::Enough,
            _ => Self::Weak,
        }
    }
}

/// Whether a TLSA record fits a certificate (RFC 6698 §2.1): selector 0 the certificate, 1 its
/// public key; matching 0 exact, 1 SHA-256, 2 SHA-512. `None` for unknown numbers.
pub fn tlsa_matches(
    selector: u8,
    matching: u8,
    association: &[u8],
    certificate: &[u8],
    public_key: &[u8],
) -> Option<bool> {
    let chosen = match selector {
        0 => certificate,
        1 => public_key,
        _ => return None,
    };
    match matching {
        0 => Some(chosen == association),
        1 => Some(digest::digest(&digest::SHA256, chosen).as_ref() == association),
        2 => Some(digest::digest(&digest::SHA512, chosen).as_ref() == association),
        _ => None,
    }
}
