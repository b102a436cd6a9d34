//! The ClientHello encoder.

use std::net::IpAddr;

use super::Version;

/// Suites of TLS 1.3 (RFC 8446 §B.4).
const SUITES_13: [u16; 5] = [0x1302, 0x1303, 0x1301, 0x1304, 0x1305];

/// Suites that need TLS 1.2 (AEAD and SHA-2 MACs), best first.
const SUITES_12: [u16; 32] = [
    0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc02b, 0xc02f, 0xc0ad, 0xc0ac, 0x009f, 0xccaa, 0x009e, 0x00a3, 0x00a2,
    0xc09f, 0xc09e, 0xc024, 0xc028, 0xc023, 0xc027, 0x006b, 0x0067, 0x009d, 0x009c, 0xc09d, 0xc09c, 0x003d,
    0x003c, 0xc073, 0xc077, 0x00c4, 0x00be, 0xc0ae,
];

/// Suites of every version since SSL 3.0 and TLS 1.0, best first, down to the broken ones: what an old
/// server can choose at all, it shall choose.
const SUITES_OLD: [u16; 36] = [
    0xc00a, 0xc014, 0xc009, 0xc013, 0x0039, 0x0038, 0x0033, 0x0032, 0x0088, 0x0045, 0xc00f, 0xc005, 0xc00e,
    0xc004, 0x0035, 0x002f, 0x0084, 0x0041, 0x0096, 0x0007, 0xc008, 0xc012, 0x0016, 0x0013, 0x000a, 0xc007,
    0xc011, 0x0005, 0x0004, 0x0015, 0x0009, 0x0014, 0x0008, 0x0003, 0x0006, 0x0002,
];

/// TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746 §3.3), for the hellos without extensions.
const RENEGOTIATION_SCSV: u16 = 0x00ff;

/// x25519, secp256r1, secp384r1, secp521r1, x448, ffdhe2048, ffdhe3072.
const GROUPS: [u16; 7] = [0x001d, 0x0017, 0x0018, 0x0019, 0x001e, 0x0100, 0x0101];

/// Signature schemes of RFC 8446 §4.2.3 and the older pairs of RFC 5246 §7.4.1.4.1.
const SIGNATURES: [u16; 18] = [
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501,
    0x0601, 0x0203, 0x0201, 0x0402, 0x0202,
];

/// TLS_FALLBACK_SCSV (RFC 7507 §4).
pub const FALLBACK_SCSV: u16 = 0x5600;

/// What one ClientHello offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What is to be learnt, as in [`crate::evidence::TlsProbe::question`].
    pub question: &'static str,
    /// The one version offered.
    pub version: Version,
    /// Suites in order.
    pub suites: Vec<u16>,
    /// Groups in order.
    pub groups: Vec<u16>,
    /// Signature schemes in order.
    pub signatures: Vec<u16>,
    /// TLS 1.3: send an X25519 key share. Without one the server answers with a HelloRetryRequest that
    /// names its group (RFC 8446 §4.2.8), which costs it no computation.
    pub key_share: bool,
    /// Offer DEFLATE compression (RFC 3749), too.
    pub compression: bool,
    /// Ask for a stapled OCSP answer (RFC 6066 §8), certificate timestamps (RFC 6962 §3.3.1) and a
    /// session ticket (RFC 5077 §3.2); up to TLS 1.2 the answers are readable.
    pub staples: bool,
}

impl Offer {
    /// The offer of a first look at a version: everything we know of.
    pub fn all(version: Version) -> Self {
        Self {
            question: "suite",
            version,
            suites: suites(version),
            groups: GROUPS.to_vec(),
            signatures: SIGNATURES.to_vec(),
            key_share: true,
            compression: false,
            staples: false,
        }
    }
}

/// A complete record with a ClientHello that offers exactly `version`, see [`offer_hello`].
pub fn client_hello(version: Version, host: &str, random: &[u8; 64]) -> Vec<u8> {
    offer_hello(&Offer::all(version), host, random)
}

/// A complete record with a ClientHello.
///
/// `random` gives the client random (first half) and the X25519 key share (second half; any 32 bytes are
/// a valid public value, RFC 7748 §5). The host goes into SNI unless it is an address (RFC 6066 §3).
pub fn offer_hello(offer: &Offer, host: &str, random: &[u8; 64]) -> Vec<u8> {
    let version = offer.version;
    let (client_random, key_share) = random.split_at(32);
    let legacy = version.min(Version::Tls12);
    let mut body = legacy.wire().to_be_bytes().to_vec();
    body.extend_from_slice(client_random);
    // RFC 8446 §D.4: a session id makes middleboxes take it for a resumption of TLS 1.2.
    let session: Vec<u8> = if version == Version::Tls13 {
        client_random.iter().zip(key_share).map(|(a, b)| a ^ b).collect()
    } else {
        Vec::new()
    };
    vector8(&mut body, &session);
    let mut suites = offer.suites.clone();
    if version == Version::Ssl3 && !suites.contains(&RENEGOTIATION_SCSV) {
        suites.push(RENEGOTIATION_SCSV);
    }
    vector16(&mut body, &words(&suites));
    // RFC 3749: 1 is DEFLATE; null must always be there.
    vector8(&mut body, if offer.compression { &[1, 0] } else { &[0] });
    if version != Version::Ssl3 {
        let mut extensions = extensions(offer, host, key_share);
        pad(&mut extensions, body.len());
        vector16(&mut body, &extensions);
    }
    let mut handshake = vec![1];
    handshake.extend_from_slice(&length(body.len()).to_be_bytes()[1..]);
    handshake.extend_from_slice(&body);
    let mut record = vec![22];
    // RFC 8446 §5.1: the record of a first ClientHello says 0x0301 for compatibility.
    record.extend_from_slice(&version.min(Version::Tls10).wire().to_be_bytes());
    vector16(&mut record, &handshake);
    record
}

fn suites(version: Version) -> Vec<u16> {
    match version {
        Version::Tls13 => SUITES_13.to_vec(),
        Version::Tls12 => SUITES_12.iter().chain(&SUITES_OLD).copied().collect(),
        Version::Tls10 | Version::Tls11 => SUITES_OLD.to_vec(),
        Version::Ssl3 => {
            // SSL 3.0 has no elliptic curves.
            SUITES_OLD.iter().copied().filter(|s| *s < 0xc000).collect()
        }
    }
}

fn extensions(offer: &Offer, host: &str, key_share: &[u8]) -> Vec<u8> {
    let version = offer.version;
    let mut out = Vec::new();
    let host = host.trim_end_matches('.');
    let literal = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    if !literal && !host.is_empty() && host.len() <= 253 && host.is_ascii() {
        let mut name = vec![0]; // host_name
        vector16(&mut name, host.as_bytes());
        extension(&mut out, 0, |e| vector16(e, &name));
    }
    extension(&mut out, 10, |e| vector16(e, &words(&offer.groups)));
    if version >= Version::Tls12 {
        extension(&mut out, 13, |e| vector16(e, &words(&offer.signatures)));
    }
    if version == Version::Tls13 {
        extension(&mut out, 43, |e| vector8(e, &words(&[Version::Tls13.wire()])));
        extension(&mut out, 45, |e| vector8(e, &[1])); // psk_dhe_ke
        extension(&mut out, 51, |e| {
            let mut share = Vec::new();
            if offer.key_share {
                share.extend_from_slice(&GROUPS[0].to_be_bytes());
                vector16(&mut share, key_share);
            }
            vector16(e, &share);
        });
    } else {
        extension(&mut out, 11, |e| vector8(e, &[0])); // uncompressed points
        extension(&mut out, 23, |_| ()); // extended master secret (RFC 7627)
        extension(&mut out, 0xff01, |e| vector8(e, &[])); // renegotiation_info (RFC 5746)
        if offer.staples {
            extension(&mut out, 5, |e| e.extend_from_slice(&[1, 0, 0, 0, 0])); // status_request: OCSP
            extension(&mut out, 18, |_| ()); // signed_certificate_timestamp
            extension(&mut out, 35, |_| ()); // session_ticket
        }
    }
    out
}

/// RFC 7685: some old servers hang on hellos of 256 to 511 bytes; fill those up to 512.
fn pad(extensions: &mut Vec<u8>, before: usize) {
    let handshake = 4 + before + 2 + extensions.len();
    if (256..512).contains(&handshake) {
        let fill = 512usize.saturating_sub(handshake + 4);
        extension(extensions, 21, |e| e.resize(fill, 0));
    }
}

fn extension(out: &mut Vec<u8>, number: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    fill(&mut body);
    out.extend_from_slice(&number.to_be_bytes());
    vector16(out, &body);
}

fn words(list: &[u16]) -> Vec<u8> {
    list.iter().flat_map(|w| w.to_be_bytes()).collect()
}

fn length(n: usize) -> u32 {
    u32::try_from(n).expect("a hello is some hundred bytes long")
}

fn vector8(out: &mut Vec<u8>, body: &[u8]) {
    out.push(u8::try_from(body.len()).expect("short vectors are ours"));
    out.extend_from_slice(body);
}

fn vector16(out: &mut Vec<u8>, body: &[u8]) {
    out.extend_from_slice(
        &u16::try_from(body.len()).expect("a hello is some hundred bytes long").to_be_bytes(),
    );
    out.extend_from_slice(body);
}
