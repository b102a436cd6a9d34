//! Distinguished names and the names of algorithms.

use super::Key;
use super::der::{self, Reader, Tlv};

/// A distinguished name as text, its last common name, and what is odd about its strings.
#[derive(Debug, Default)]
pub struct Name {
    pub text: String,
    pub common: Option<String>,
    pub odd: Vec<String>,
}

/// Reads a Name (RFC 5280 §4.1.2.4) into `CN=…, O=…`, in the order of the certificate.
pub fn name(tlv: Tlv<'_>) -> Name {
    let mut out = Name::default();
    let mut parts = Vec::new();
    for rdn in tlv.items() {
        let mut pairs = Vec::new();
        for attribute in rdn.items() {
            let mut fields = attribute.items();
            let (Some(oid), Some(value)) = (fields.expect(der::OID), fields.next()) else { continue };
            let oid = der::oid(oid.body);
            let label = attribute_name(&oid);
            let (text, odd) = string(value);
            if let Some(odd) = odd {
                out.odd.push(format!("{} is {odd}", label.unwrap_or(&oid)));
            }
            if label == Some("CN") {
                out.common = Some(text.clone());
            }
            pairs.push(format!("{}={}", label.unwrap_or(&oid), escape(&text)));
        }
        if !pairs.is_empty() {
            parts.push(pairs.join("+"));
        }
    }
    out.text = parts.join(", ");
    out
}

/// RFC 4514 §2.4 for the characters that would make a name ambiguous.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut s, c| {
        if matches!(c, ',' | '+' | '\\' | '=') {
            s.push('\\');
        }
        if c.is_control() {
            s.extend(c.escape_unicode());
        } else {
            s.push(c);
        }
        s
    })
}

/// A directory string of any kind.
fn string(value: Tlv<'_>) -> (String, Option<&'static str>) {
    let latin = || value.body.iter().map(|b| char::from(*b)).collect::<String>();
    let lossy = || String::from_utf8_lossy(value.body).into_owned();
    match value.tag {
        0x0c | 0x13 | 0x16 | 0x1a if std::str::from_utf8(value.body).is_ok() => (lossy(), None),
        0x0c => (lossy(), Some("a UTF8String that is not UTF-8")),
        0x13 | 0x16 | 0x1a => (latin(), Some("an ASCII string type with other bytes")),
        0x14 => {
            (std::str::from_utf8(value.body).map_or_else(|_| latin(), str::to_owned), Some("a T61String"))
        }
        0x1e => {
            let units =
                value.body.chunks_exact(2).map(|c| c.iter().fold(0u16, |n, b| n << 8 | u16::from(*b)));
            let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            (text, Some("a BMPString"))
        }
        0x1c => {
            let units =
                value.body.chunks_exact(4).map(|c| c.iter().fold(0u32, |n, b| n << 8 | u32::from(*b)));
            let text = units.map(|u| char::from_u32(u).unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            (text, Some("a UniversalString"))
        }
        _ => (der::hex(value.whole), Some("not a string")),
    }
}

fn attribute_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "street",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.15" => "businessCategory",
        "2.5.4.17" => "postalCode",
        "2.5.4.97" => "organizationIdentifier",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        "1.3.6.1.4.1.311.60.2.1.3" => "jurisdictionC",
        _ => return None,
    })
}

/// Name of the algorithm of an AlgorithmIdentifier for signatures.
pub fn signature_algorithm(tlv: Tlv<'_>) -> String {
    let mut fields = tlv.items();
    let oid = fields.expect(der::OID).map(|t| der::oid(t.body)).unwrap_or_default();
    let known = match oid.as_str() {
        "1.2.840.113549.1.1.2" => "md2WithRSAEncryption",
        "1.2.840.113549.1.1.4" => "md5WithRSAEncryption",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1WithRSAEncryption",
        "1.2.840.113549.1.1.11" => "sha256WithRSAEncryption",
        "1.2.840.113549.1.1.12" => "sha384WithRSAEncryption",
        "1.2.840.113549.1.1.13" => "sha512WithRSAEncryption",
        "1.2.840.113549.1.1.14" => "sha224WithRSAEncryption",
        "1.2.840.113549.1.1.10" => return format!("RSASSA-PSS with {}", pss_hash(fields)),
        "1.2.840.10045.4.1" => "ecdsa-with-SHA1",
        "1.2.840.10045.4.3.1" => "ecdsa-with-SHA224",
        "1.2.840.10045.4.3.2" => "ecdsa-with-SHA256",
        "1.2.840.10045.4.3.3" => "ecdsa-with-SHA384",
        "1.2.840.10045.4.3.4" => "ecdsa-with-SHA512",
        "1.2.840.10040.4.3" => "dsa-with-SHA1",
        "2.16.840.1.101.3.4.3.2" => "dsa-with-SHA256",
        "2.16.840.1.101.3.4.3.17" => "ML-DSA-44",
        "2.16.840.1.101.3.4.3.18" => "ML-DSA-65",
        "2.16.840.1.101.3.4.3.19" => "ML-DSA-87",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        _ => return oid,
    };
    known.to_owned()
}

/// Hash of RSASSA-PSS parameters; SHA-1 when left out (RFC 4055 §3.1).
fn pss_hash(mut parameters: Reader<'_>) -> &'static str {
    let oid = parameters
        .expect(der::SEQUENCE)
        .and_then(|p| p.items().expect(der::context(0)))
        .and_then(|hash| hash.items().next())
        .and_then(|algorithm| algorithm.items().expect(der::OID));
    match oid.map(|t| der::oid(t.body)).as_deref() {
        None | Some("1.3.14.3.2.26") => "SHA1",
        Some("2.16.840.1.101.3.4.2.1") => "SHA256",
        Some("2.16.840.1.101.3.4.2.2") => "SHA384",
        Some("2.16.840.1.101.3.4.2.3") => "SHA512",
        Some(_) => "another hash",
    }
}

/// Algorithm and size of a SubjectPublicKeyInfo (RFC 3279, 5480, 8410).
pub fn key(spki: Tlv<'_>) -> Key {
    let mut fields = spki.items();
    let mut algorithm = fields.expect(der::SEQUENCE).map_or(Reader(&[]), Tlv::items);
    let oid = algorithm.expect(der::OID).map(|t| der::oid(t.body)).unwrap_or_default();
    // The first octet of a bit string counts unused bits.
    let bits =
        fields.expect(der::BIT_STRING).and_then(|t| t.body.split_first()).map_or(&[][..], |(_, rest)| rest);
    let first_integer = |bytes| {
        let mut items = Reader(bytes).next().map_or(Reader(&[]), Tlv::items);
        items.expect(der::INTEGER).map_or(0, |n| der::bit_length(n.body))
    };
    let (name, size) = match oid.as_str() {
        "1.2.840.113549.1.1.1" => ("RSA", first_integer(bits)),
        "1.2.840.113549.1.1.10" => ("RSA-PSS", first_integer(bits)),
        "1.2.840.10040.4.1" => ("DSA", first_integer(algorithm.0)),
        "1.3.101.112" => ("Ed25519", 256),
        "1.3.101.113" => ("Ed448", 456),
        "1.2.840.10045.2.1" => {
            let curve = algorithm.expect(der::OID).map(|t| der::oid(t.body)).unwrap_or_default();
            match curve.as_str() {
                "1.2.840.10045.3.1.1" => ("EC P-192", 192),
                "1.3.132.0.33" => ("EC P-224", 224),
                "1.2.840.10045.3.1.7" => ("EC P-256", 256),
                "1.3.132.0.34" => ("EC P-384", 384),
                "1.3.132.0.35" => ("EC P-521", 521),
                "1.3.132.0.10" => ("EC secp256k1", 256),
                "1.3.36.3.3.2.8.1.1.7" => ("EC brainpoolP256r1", 256),
                "1.3.36.3.3.2.8.1.1.11" => ("EC brainpoolP384r1", 384),
                "1.3.36.3.3.2.8.1.1.13" => ("EC brainpoolP512r1", 512),
                "" => ("EC with its own parameters", 0),
                other => return Key { algorithm: format!("EC {other}"), bits: 0 },
            }
        }
        _ => return Key { algorithm: oid, bits: 0 },
    };
    Key { algorithm: name.to_owned(), bits: size }
}
