//! TLS hellos: our own ClientHello for one version each and a reader of the server's first flight
//! (RFC 6101, 2246, 4346, 5246, 8446). Enough to learn what a port accepts, no cryptography.

mod flight;
mod groups;
mod hello;
pub mod profile;
mod registry;
mod server;
mod suites;

pub use flight::{Flight, KeyExchange, Prime, parse_flight};
pub use groups::{
    GROUPS_12, GROUPS_13, HYBRIDS, STRONG_SIGNATURES, WEAK_SIGNATURES, group_class, group_name,
    signature_class, signature_name,
};
pub use hello::{FALLBACK_SCSV, Offer, client_hello, offer_hello};
pub use server::{ServerFlight, parse_server};
pub use suites::{
    Class, Part, broken, cipher_class, cipher_class_named, cipher_name, part, suites_of, usable,
};

use bulwark_model::Text;

/// A protocol version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// SSL 3.0 (RFC 6101), forbidden by RFC 7568.
    Ssl3,
    /// TLS 1.0 (RFC 2246), deprecated by RFC 8996.
    Tls10,
    /// TLS 1.1 (RFC 4346), deprecated by RFC 8996.
    Tls11,
    /// TLS 1.2 (RFC 5246).
    Tls12,
    /// TLS 1.3 (RFC 8446).
    Tls13,
}

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Self; 5] = [Self::Ssl3, Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// Number on the wire.
    pub const fn wire(self) -> u16 {
        match self {
            Self::Ssl3 => 0x0300,
            Self::Tls10 => 0x0301,
            Self::Tls11 => 0x0302,
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
        }
    }

    /// From the number on the wire.
    pub fn from_wire(wire: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.wire() == wire)
    }

    /// `SSLv3`, `TLS 1.0` …, as in evidence.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ssl3 => "SSLv3",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }

    /// How the version is judged (RFC 9325 §3.1.1).
    pub const fn class(self) -> Class {
        match self {
            Self::Tls13 => Class::Good,
            Self::Tls12 => Class::Sufficient,
            Self::Ssl3 | Self::Tls10 | Self::Tls11 => Class::Insufficient,
        }
    }
}

/// Name of a version number, when it is one.
pub fn version_name(wire: u16) -> Option<&'static str> {
    Version::from_wire(wire).map(Version::name)
}

/// Name of an alert (RFC 8446 §6 and the older RFCs), `unknown` for others.
pub const fn alert_name(description: u8) -> &'static str {
    match description {
        0 => "close_notify",
        10 => "unexpected_message",
        20 => "bad_record_mac",
        21 => "decryption_failed",
        22 => "record_overflow",
        30 => "decompression_failure",
        40 => "handshake_failure",
        41 => "no_certificate",
        42 => "bad_certificate",
        43 => "unsupported_certificate",
        44 => "certificate_revoked",
        45 => "certificate_expired",
        46 => "certificate_unknown",
        47 => "illegal_parameter",
        48 => "unknown_ca",
        49 => "access_denied",
        50 => "decode_error",
        51 => "decrypt_error",
        60 => "export_restriction",
        70 => "protocol_version",
        71 => "insufficient_security",
        80 => "internal_error",
        86 => "inappropriate_fallback",
        90 => "user_canceled",
        100 => "no_renegotiation",
        109 => "missing_extension",
        110 => "unsupported_extension",
        111 => "certificate_unobtainable",
        112 => "unrecognized_name",
        113 => "bad_certificate_status_response",
        114 => "bad_certificate_hash_value",
        115 => "unknown_psk_identity",
        116 => "certificate_required",
        120 => "no_application_protocol",
        121 => "ech_required",
        _ => "unknown",
    }
}

impl Class {
    /// The class in words.
    pub fn label(self) -> Text {
        match self {
            Self::Good => Text::new("良好", "good"),
            Self::Sufficient => Text::new("足夠", "sufficient"),
            Self::PhaseOut => Text::new("應汰換", "phase out"),
            Self::Insufficient => Text::new("不足", "insufficient"),
        }
    }
}

/// Entry point for fuzzing and property tests.
pub fn fuzz_tls(data: &[u8]) {
    let _ = parse_server(data);
    let _ = parse_flight(data).trimmed;
    let mut random = [7u8; 64];
    random.iter_mut().zip(data).for_each(|(r, d)| *r = *d);
    for version in Version::ALL {
        let _ = parse_server(&client_hello(version, &String::from_utf8_lossy(data), &random));
    }
}

#[cfg(test)]
mod tests;
