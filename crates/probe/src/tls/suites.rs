//! Cipher suites: how they are judged and how they are asked for.

use super::Version;
use super::registry::NAMES;

/// How good a version or suite is, after the lists of NCSC-NL's TLS guidelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Not to be used: broken or without forward secrecy.
    Insufficient,
    /// Still usable, to be replaced.
    PhaseOut,
    /// Fine.
    Sufficient,
    /// Best.
    Good,
}

/// Name of a common suite.
pub fn cipher_name(suite: u16) -> Option<&'static str> {
    let at = NAMES.binary_search_by_key(&suite, |(number, _)| *number).ok()?;
    NAMES.get(at).map(|(_, name)| *name)
}

/// How a suite is judged; unknown suites are insufficient.
pub fn cipher_class(suite: u16) -> Class {
    cipher_name(suite).map_or(Class::Insufficient, cipher_class_named)
}

/// How a suite is judged by its IANA name (rustls' `TLS13_` prefix is understood, too).
///
/// TLS 1.3 suites with 256-bit strength are good; AES-128 and ECDHE with an AEAD are sufficient; ECDHE with
/// CBC, finite-field DHE and shortened tags (CCM_8) are to be replaced; everything else is insufficient.
pub fn cipher_class_named(name: &str) -> Class {
    let short = name.strip_prefix("TLS13_").or_else(|| name.strip_prefix("TLS_")).unwrap_or(name);
    let Some((exchange, cipher)) = short.split_once("_WITH_") else {
        return match short {
            "AES_256_GCM_SHA384" | "CHACHA20_POLY1305_SHA256" => Class::Good,
            "AES_128_GCM_SHA256" | "AES_128_CCM_SHA256" => Class::Sufficient,
            "AES_128_CCM_8_SHA256" => Class::PhaseOut,
            _ => Class::Insufficient,
        };
    };
    let modern = ["AES_", "CHACHA20_", "CAMELLIA_", "ARIA_"].iter().any(|c| cipher.starts_with(c));
    match exchange {
        "ECDHE_RSA" | "ECDHE_ECDSA" if modern => {
            let aes = cipher.starts_with("AES_") || cipher.starts_with("CHACHA20_");
            if aes && !cipher.contains("_CBC_") && !cipher.ends_with("_CCM_8") {
                Class::Sufficient
            } else {
                Class::PhaseOut
            }
        }
        "DHE_RSA" | "DHE_DSS" if modern => Class::PhaseOut,
        _ => Class::Insufficient,
    }
}

/// Suites that are asked for together, so that one refusal clears a whole class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// ECDHE with an AEAD cipher, and the suites of TLS 1.3.
    Modern,
    /// ECDHE that is to be replaced (CBC, shortened tags).
    EcdheAgeing,
    /// Finite-field DHE that is to be replaced.
    DheAgeing,
    /// Insufficient suites that real servers have: RSA key exchange, RC4, 3DES, export, NULL, anonymous.
    Weak,
    /// Insufficient suites hardly ever seen (Kerberos, PSK, SRP, static DH and ECDH), first half.
    Rare,
    /// Second half of those.
    RareToo,
}

impl Part {
    /// Every part, the telling ones first.
    pub const ALL: [Self; 6] =
        [Self::Modern, Self::Weak, Self::DheAgeing, Self::EcdheAgeing, Self::Rare, Self::RareToo];
}

/// The part a suite belongs to; `None` for signalling values.
pub fn part(suite: u16) -> Option<Part> {
    let name = cipher_name(suite)?;
    if name.ends_with("_SCSV") || suite == 0 {
        return None;
    }
    Some(match cipher_class_named(name) {
        Class::Good | Class::Sufficient => Part::Modern,
        Class::PhaseOut if name.starts_with("TLS_DHE_") => Part::DheAgeing,
        Class::PhaseOut => Part::EcdheAgeing,
        Class::Insufficient => {
            let exchange = name.split_once("_WITH_").map_or("", |(exchange, _)| exchange);
            let usual = matches!(
                exchange,
                "TLS_RSA"
                    | "TLS_RSA_EXPORT"
                    | "TLS_RSA_EXPORT1024"
                    | "TLS_DHE_RSA"
                    | "TLS_DHE_RSA_EXPORT"
                    | "TLS_DHE_DSS"
                    | "TLS_DHE_DSS_EXPORT"
                    | "TLS_DHE_DSS_EXPORT1024"
                    | "TLS_DH_anon"
                    | "TLS_DH_anon_EXPORT"
                    | "TLS_ECDHE_RSA"
                    | "TLS_ECDHE_ECDSA"
                    | "TLS_ECDH_anon"
            );
            match suite {
                _ if usual => Part::Weak,
                0..=0x00ff => Part::Rare,
                _ if version_13(name) => Part::Weak,
                0xc000..=0xc040 => Part::Rare,
                _ => Part::RareToo,
            }
        }
    })
}

/// Suites of TLS 1.3 name no key exchange (RFC 8446 §B.4).
fn version_13(name: &str) -> bool {
    !name.contains("_WITH_") && !name.ends_with("_SCSV")
}

/// Whether a suite may be chosen under `version`: AEAD and SHA-2 need TLS 1.2 (RFC 5246 §A.5, RFC 5289
/// §4), elliptic curves need TLS 1.0 (RFC 8422), TLS 1.3 has its own.
pub fn usable(suite: u16, version: Version) -> bool {
    let Some(name) = cipher_name(suite) else { return false };
    if name.ends_with("_SCSV") || suite == 0 {
        return false;
    }
    if version == Version::Tls13 || version_13(name) {
        return version == Version::Tls13 && version_13(name);
    }
    let new = ["_GCM_", "_CCM", "_POLY1305_"].iter().any(|w| name.contains(w))
        || name.ends_with("_SHA256")
        || name.ends_with("_SHA384");
    match version {
        Version::Ssl3 => !new && !name.starts_with("TLS_EC"),
        Version::Tls10 | Version::Tls11 => !new,
        Version::Tls12 | Version::Tls13 => true,
    }
}

/// The suites of one part under one version, worst first where they are insufficient, so that a server
/// that follows the client shows its worst.
pub fn suites_of(part_wanted: Part, version: Version) -> Vec<u16> {
    let mut list: Vec<u16> = NAMES
        .iter()
        .map(|(number, _)| *number)
        .filter(|n| usable(*n, version) && part(*n) == Some(part_wanted))
        .collect();
    match part_wanted {
        Part::Modern => list.sort_by_key(|n| (std::cmp::Reverse(cipher_class(*n)), *n)),
        _ => list.sort_by_key(|n| (!broken(*n), *n)),
    }
    list
}

/// Suites that can be read or forged by anyone with a small budget: no encryption, no authentication,
/// export strength, RC4 (RFC 7465), DES, 3DES (Sweet32).
pub fn broken(suite: u16) -> bool {
    let name = cipher_name(suite).unwrap_or_default();
    ["_NULL_", "_anon_", "_EXPORT", "_RC4_", "_RC2_", "_DES_", "_DES40_", "_3DES_"]
        .iter()
        .any(|w| name.contains(w))
}
