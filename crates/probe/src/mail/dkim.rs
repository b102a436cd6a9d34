//! DKIM key records (RFC 6376 §3.6.1, RFC 8301, RFC 8463).

use base64::Engine as _;

/// What a key record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DkimKey {
    /// The key.
    pub key: KeyKind,
    /// `t=y`: the domain is only testing; verifiers treat its mail like unsigned mail.
    pub testing: bool,
    /// `h=` without sha256: no current verifier accepts the signatures (RFC 8301 §3.1).
    pub sha1_only: bool,
    /// `s=` without `email` and `*`: not for mail.
    pub not_mail: bool,
}

/// Kind and size of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with so many bits.
    Rsa(usize),
    /// Ed25519.
    Ed25519,
    /// `p=` is empty: revoked.
    Revoked,
    /// `k=` is something else.
    Other(String),
}

/// Why a record is void.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DkimFault {
    /// `v=` is there and not DKIM1, or not the first tag.
    Version,
    /// No `p=`.
    NoKey,
    /// Not `tag=value` or a tag twice (§3.2).
    Syntax,
    /// `p=` is no base64 or no key of its kind.
    BadKey,
}

impl DkimFault {
    /// The tag at fault.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Version => "v",
            Self::NoKey | Self::BadKey => "p",
            Self::Syntax => "tag=value",
        }
    }
}

/// Reads a key record.
pub fn parse_dkim(txt: &str) -> Result<DkimKey, DkimFault> {
    let mut tags: Vec<(&str, &str)> = Vec::new();
    let parts: Vec<&str> = txt.split(';').map(str::trim).collect();
    for (n, part) in parts.iter().enumerate() {
        if part.is_empty() && n + 1 == parts.len() {
            continue;
        }
        let (name, value) = part.split_once('=').ok_or(DkimFault::Syntax)?;
        let name = name.trim_end();
        if name.is_empty() || tags.iter().any(|(n, _)| *n == name) {
            return Err(DkimFault::Syntax);
        }
        tags.push((name, value.trim()));
    }
    let get = |name: &str| tags.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
    match tags.iter().position(|(n, _)| *n == "v") {
        Some(0) if get("v") == Some("DKIM1") => {}
        None => {}
        Some(_) => return Err(DkimFault::Version),
    }
    let list = |name: &str| -> Option<Vec<String>> {
        get(name).map(|v| v.split(':').map(|w| w.trim().to_ascii_lowercase()).collect())
    };
    let encoded: String =
        get("p").ok_or(DkimFault::NoKey)?.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let kind = get("k").unwrap_or("rsa").to_ascii_lowercase();
    let key = if encoded.is_empty() {
        KeyKind::Revoked
    } else if !matches!(kind.as_str(), "rsa" | "ed25519") {
        KeyKind::Other(kind.chars().take(20).collect())
    } else {
        let engine = base64::engine::general_purpose::GeneralPurpose::new(
            &base64::alphabet::STANDARD,
            base64::engine::GeneralPurposeConfig::new()
                .with_decode_padding_mode(base64::engine::DecodePaddingMode::Indifferent)
                .with_decode_allow_trailing_bits(true),
        );
        let bytes = engine.decode(&encoded).map_err(|_| DkimFault::BadKey)?;
        match kind.as_str() {
            "ed25519" if bytes.len() == 32 => KeyKind::Ed25519,
            "ed25519" => return Err(DkimFault::BadKey),
            _ => KeyKind::Rsa(rsa_bits(&bytes).ok_or(DkimFault::BadKey)?),
        }
    };
    let flags = list("t").unwrap_or_default();
    Ok(DkimKey {
        key,
        testing: flags.iter().any(|f| f == "y"),
        sha1_only: list("h").is_some_and(|h| !h.iter().any(|w| w == "sha256")),
        not_mail: list("s").is_some_and(|s| !s.iter().any(|w| w == "*" || w == "email")),
    })
}

/// One DER element: tag, contents, what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 3 {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(count)?;
        (digits.iter().fold(0, |n, d| n << 8 | usize::from(*d)), rest)
    };
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((*tag, contents, rest))
}

/// Bits of the modulus, of a SubjectPublicKeyInfo or, as some domains publish it, of a bare
/// RSAPublicKey (RFC 6376 erratum 3017).
fn rsa_bits(der: &[u8]) -> Option<usize> {
    let (0x30, sequence, _) = element(der)? else { return None };
    let (tag, first, rest) = element(sequence)?;
    let modulus = match tag {
        0x02 => first,
        0x30 => {
            let (0x03, bits, _) = element(rest)? else { return None };
            let (0, key) = bits.split_first().map(|(unused, key)| (*unused, key))? else { return None };
            let (0x30, key, _) = element(key)? else { return None };
            let (0x02, modulus, _) = element(key)? else { return None };
            modulus
        }
        _ => return None,
    };
    let zeros = modulus.iter().take_while(|b| **b == 0).count();
    let modulus = modulus.get(zeros..)?;
    let first = modulus.first()?;
    Some(modulus.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or(0))
}
