//! Named groups and signature schemes (IANA TLS Supported Groups, TLS SignatureScheme) and how they
//! are judged.

use super::Class;

/// Hybrids of an elliptic curve with ML-KEM (draft-ietf-tls-ecdhe-mlkem), and the draft before them.
pub const HYBRIDS: &[u16] = &[0x11ec, 0x11eb, 0x11ed, 0x6399];

/// Groups asked for in TLS 1.3 (RFC 8446 §4.2.7), hybrids first.
pub const GROUPS_13: &[u16] = &[
    0x11ec, 0x11eb, 0x11ed, 0x6399, 0x001d, 0x0017, 0x001e, 0x0018, 0x0019, 0x0100, 0x0101, 0x0102, 0x0103,
    0x0104, 0x001f, 0x0020, 0x0021, 0x0201, 0x0202,
];

/// Elliptic curves asked for in TLS 1.2 (RFC 8422 §5.1.1), those not in TLS 1.3 last.
pub const GROUPS_12: &[u16] = &[
    0x001d, 0x0017, 0x001e, 0x0018, 0x0019, 0x001c, 0x001b, 0x001a, 0x0016, 0x0015, 0x0014, 0x0013, 0x0012,
    0x0011, 0x0010, 0x000f, 0x000e, 0x000d, 0x000c, 0x000b, 0x000a, 0x0009, 0x0008, 0x0007, 0x0006, 0x0005,
    0x0004, 0x0003, 0x0002, 0x0001,
];

const GROUP_NAMES: &[(u16, &str)] = &[
    (0x0001, "sect163k1"),
    (0x0002, "sect163r1"),
    (0x0003, "sect163r2"),
    (0x0004, "sect193r1"),
    (0x0005, "sect193r2"),
    (0x0006, "sect233k1"),
    (0x0007, "sect233r1"),
    (0x0008, "sect239k1"),
    (0x0009, "sect283k1"),
    (0x000a, "sect283r1"),
    (0x000b, "sect409k1"),
    (0x000c, "sect409r1"),
    (0x000d, "sect571k1"),
    (0x000e, "sect571r1"),
    (0x000f, "secp160k1"),
    (0x0010, "secp160r1"),
    (0x0011, "secp160r2"),
    (0x0012, "secp192k1"),
    (0x0013, "secp192r1"),
    (0x0014, "secp224k1"),
    (0x0015, "secp224r1"),
    (0x0016, "secp256k1"),
    (0x0017, "secp256r1"),
    (0x0018, "secp384r1"),
    (0x0019, "secp521r1"),
    (0x001a, "brainpoolP256r1"),
    (0x001b, "brainpoolP384r1"),
    (0x001c, "brainpoolP512r1"),
    (0x001d, "x25519"),
    (0x001e, "x448"),
    (0x001f, "brainpoolP256r1tls13"),
    (0x0020, "brainpoolP384r1tls13"),
    (0x0021, "brainpoolP512r1tls13"),
    (0x0100, "ffdhe2048"),
    (0x0101, "ffdhe3072"),
    (0x0102, "ffdhe4096"),
    (0x0103, "ffdhe6144"),
    (0x0104, "ffdhe8192"),
    (0x0200, "MLKEM512"),
    (0x0201, "MLKEM768"),
    (0x0202, "MLKEM1024"),
    (0x11eb, "SecP256r1MLKEM768"),
    (0x11ec, "X25519MLKEM768"),
    (0x11ed, "SecP384r1MLKEM1024"),
    (0x6399, "X25519Kyber768Draft00"),
];

/// Name of a group.
pub fn group_name(group: u16) -> Option<&'static str> {
    GROUP_NAMES.iter().find(|(number, _)| *number == group).map(|(_, name)| *name)
}

/// How a group is judged (NCSC-NL guidelines, elliptic curves and finite-field groups): curves of 256
/// bits and more that they list are fine, P-224 and ffdhe2048 are to be replaced, the rest is not enough.
pub const fn group_class(group: u16) -> Class {
    match group {
        0x11eb..=0x11ed | 0x0201 | 0x0202 | 0x0017..=0x0019 | 0x001d | 0x001e => Class::Good,
        0x001a..=0x001c | 0x001f..=0x0021 | 0x0101..=0x0104 => Class::Sufficient,
        0x0015 | 0x0100 | 0x0200 | 0x6399 => Class::PhaseOut,
        _ => Class::Insufficient,
    }
}

/// Signature schemes with SHA-2 for TLS 1.2 (RFC 8446 §4.2.3), best first.
pub const STRONG_SIGNATURES: &[u16] = &[
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501,
    0x0601, 0x0402, 0x0301, 0x0303,
];

/// Signature schemes with MD5 and SHA-1 (RFC 9155 §2).
pub const WEAK_SIGNATURES: &[u16] = &[0x0101, 0x0201, 0x0203, 0x0202];

/// Name of a signature scheme; the old pairs of hash and algorithm in the same style.
pub const fn signature_name(scheme: u16) -> Option<&'static str> {
    Some(match scheme {
        0x0101 => "rsa_pkcs1_md5",
        0x0201 => "rsa_pkcs1_sha1",
        0x0202 => "dsa_sha1",
        0x0203 => "ecdsa_sha1",
        0x0301 => "rsa_pkcs1_sha224",
        0x0302 => "dsa_sha224",
        0x0303 => "ecdsa_sha224",
        0x0401 => "rsa_pkcs1_sha256",
        0x0402 => "dsa_sha256",
        0x0403 => "ecdsa_secp256r1_sha256",
        0x0501 => "rsa_pkcs1_sha384",
        0x0502 => "dsa_sha384",
        0x0503 => "ecdsa_secp384r1_sha384",
        0x0601 => "rsa_pkcs1_sha512",
        0x0602 => "dsa_sha512",
        0x0603 => "ecdsa_secp521r1_sha512",
        0x0804 => "rsa_pss_rsae_sha256",
        0x0805 => "rsa_pss_rsae_sha384",
        0x0806 => "rsa_pss_rsae_sha512",
        0x0807 => "ed25519",
        0x0808 => "ed448",
        0x0809 => "rsa_pss_pss_sha256",
        0x080a => "rsa_pss_pss_sha384",
        0x080b => "rsa_pss_pss_sha512",
        _ => return None,
    })
}

/// How the hash of a signature scheme is judged: MD5 and SHA-1 are broken, SHA-224 is to be replaced.
pub const fn signature_class(scheme: u16) -> Class {
    match scheme >> 8 {
        0x01 | 0x02 => Class::Insufficient,
        0x03 => Class::PhaseOut,
        _ => Class::Good,
    }
}
