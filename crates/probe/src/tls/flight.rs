//! The reader of a whole first flight up to TLS 1.2: certificates, stapled answers and the parameters
//! of the key exchange travel in the clear (RFC 5246 §7.4).

use super::cipher_name;
use super::server::{Cursor, ServerFlight, hello_extensions, parse_server};

/// Longest fragment of a record (RFC 5246 §6.2.3).
const MAX_FRAGMENT: usize = (1 << 14) + 2048;
/// Certificates looked at.
const MAX_CERTIFICATES: usize = 12;

/// What a server's first flight holds besides its ServerHello.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// The ServerHello or what came instead.
    pub hello: ServerFlight,
    /// The last eight bytes of the server random say that the server knows a newer version
    /// (RFC 8446 §4.1.3).
    pub downgrade_mark: bool,
    /// Certificates, leaf first, DER.
    pub certificates: Vec<Vec<u8>>,
    /// Stapled OCSP response, DER (RFC 6066 §8).
    pub ocsp: Option<Vec<u8>>,
    /// SignedCertificateTimestampList of the ServerHello extension (RFC 6962 §3.3.1).
    pub sct_list: Option<Vec<u8>>,
    /// Parameters of the key exchange.
    pub key_exchange: Option<KeyExchange>,
    /// True when nothing more is to come: ServerHelloDone, an alert, TLS 1.3, or no TLS at all.
    pub done: bool,
    /// ServerHello and ServerKeyExchange as records of their own: what is kept as evidence.
    pub trimmed: Vec<u8>,
}

/// A ServerKeyExchange (RFC 8422 §5.4, RFC 5246 §7.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyExchange {
    /// Named curve.
    pub group: Option<u16>,
    /// Bits of the finite-field prime.
    pub dh_bits: Option<u32>,
    /// Where that prime is from.
    pub prime: Option<Prime>,
    /// Signature scheme (TLS 1.2).
    pub signature: Option<u16>,
}

/// Where a prime is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prime {
    /// A group of RFC 7919.
    Ffdhe,
    /// A group of RFC 2409 or 3526.
    Modp,
    /// Made by the operator or the software.
    Own,
}

/// Reads as much of a first flight as is there.
pub fn parse_flight(bytes: &[u8]) -> Flight {
    let hello = parse_server(bytes);
    let mut flight = Flight {
        downgrade_mark: false,
        certificates: Vec::new(),
        ocsp: None,
        sct_list: None,
        key_exchange: None,
        done: !matches!(hello, ServerFlight::Incomplete),
        trimmed: Vec::new(),
        hello,
    };
    let ServerFlight::Hello { version, cipher, .. } = flight.hello else { return flight };
    let messages = handshake_bytes(bytes);
    let mut rest = Cursor(&messages);
    flight.done = version >= 0x0304;
    let mut first = true;
    while let Some((kind, body)) = message(&mut rest) {
        match kind {
            2 if first => {
                first = false;
                keep(&mut flight.trimmed, version, kind, body);
                flight.downgrade_mark =
                    body.get(26..34).is_some_and(|mark| mark == b"DOWNGRD\x01" || mark == b"DOWNGRD\x00");
                flight.sct_list = hello_extensions(body)
                    .into_iter()
                    .find(|(number, value)| *number == 18 && !value.is_empty())
                    .map(|(_, value)| value.to_vec());
                if flight.done {
                    break;
                }
            }
            11 => flight.certificates = certificates(body),
            22 => flight.ocsp = ocsp(body),
            12 => {
                flight.key_exchange = key_exchange(body, cipher, version);
                keep(&mut flight.trimmed, version, kind, body);
            }
            14 => {
                flight.done = true;
                break;
            }
            _ => {}
        }
    }
    flight
}

/// Appends a handshake message as one record.
fn keep(out: &mut Vec<u8>, version: u16, kind: u8, body: &[u8]) {
    let (Ok(size), Ok(record)) = (u16::try_from(body.len()), u16::try_from(body.len() + 4)) else { return };
    out.extend_from_slice(&[22]);
    out.extend_from_slice(&version.min(0x0303).to_be_bytes());
    out.extend_from_slice(&record.to_be_bytes());
    out.extend_from_slice(&[kind, 0]);
    out.extend_from_slice(&size.to_be_bytes());
    out.extend_from_slice(body);
}

/// The handshake records joined, up to the first record of another type or the first that is cut.
fn handshake_bytes(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = Cursor(bytes);
    while let (Some(kind), Some(_), Some(size)) = (rest.u8(), rest.u16(), rest.u16()) {
        let size = usize::from(size);
        let Some(fragment) = (size <= MAX_FRAGMENT).then(|| rest.take(size)).flatten() else { break };
        match kind {
            22 => out.extend_from_slice(fragment),
            // The warning that the name is not known comes before the ServerHello (RFC 6066 §3).
            21 if out.is_empty() => {}
            _ => break,
        }
    }
    out
}

/// The next whole handshake message; HelloRequests are skipped.
fn message<'a>(rest: &mut Cursor<'a>) -> Option<(u8, &'a [u8])> {
    loop {
        let kind = rest.u8()?;
        let size = rest.u24()?;
        let body = rest.take(size)?;
        if kind != 0 {
            return Some((kind, body));
        }
    }
}

/// RFC 5246 §7.4.2.
fn certificates(body: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    let mut c = Cursor(body);
    let Some(mut list) = c.u24().and_then(|size| c.take(size)).map(Cursor) else { return out };
    while let Some(der) = list.u24().and_then(|size| list.take(size)) {
        if out.len() < MAX_CERTIFICATES && !der.is_empty() {
            out.push(der.to_vec());
        }
    }
    out
}

/// RFC 6066 §8: status type OCSP and the response.
fn ocsp(body: &[u8]) -> Option<Vec<u8>> {
    let mut c = Cursor(body);
    if c.u8()? != 1 {
        return None;
    }
    let size = c.u24()?;
    c.take(size).filter(|r| !r.is_empty()).map(<[u8]>::to_vec)
}

fn key_exchange(body: &[u8], cipher: u16, version: u16) -> Option<KeyExchange> {
    let exchange = cipher_name(cipher)?.split_once("_WITH_")?.0;
    let mut c = Cursor(body);
    let mut out = KeyExchange::default();
    if exchange.contains("PSK") {
        let hint = usize::from(c.u16()?);
        c.take(hint)?;
    }
    if exchange.starts_with("TLS_ECDH") {
        // 3 is a named curve; explicit ones are not to be used (RFC 8422 §5.4).
        if c.u8()? != 3 {
            return Some(out);
        }
        out.group = Some(c.u16()?);
        let point = usize::from(c.u8()?);
        c.take(point)?;
    } else if exchange.starts_with("TLS_DH") || exchange.starts_with("TLS_PSK_DHE") {
        let size = usize::from(c.u16()?);
        let prime = c.take(size)?;
        out.dh_bits = Some(bits(prime));
        out.prime = Some(origin(prime));
        for _ in 0..2 {
            let size = usize::from(c.u16()?);
            c.take(size)?;
        }
    } else {
        return None;
    }
    let signed = !exchange.contains("_anon") && !exchange.contains("PSK");
    if version == 0x0303 && signed {
        out.signature = c.u16();
    }
    Some(out)
}

fn bits(prime: &[u8]) -> u32 {
    let start = prime.iter().position(|b| *b != 0).unwrap_or(prime.len());
    let digits = prime.get(start..).unwrap_or_default();
    let top = digits.first().map_or(0, |b| b.leading_zeros());
    u32::try_from(digits.len()).unwrap_or(u32::MAX / 8).saturating_mul(8).saturating_sub(top)
}

/// The primes of RFC 7919 follow from e, those of RFC 2409 and 3526 from pi; each begins alike.
fn origin(prime: &[u8]) -> Prime {
    let digits = prime.get(prime.iter().position(|b| *b != 0).unwrap_or(0)..).unwrap_or_default();
    let ends = digits.ends_with(&[0xff; 8]);
    match digits.strip_prefix(&[0xff; 8]).unwrap_or_default() {
        [0xad, 0xf8, 0x54, 0x58, 0xa2, 0xbb, 0x4a, 0x9a, ..] if ends => Prime::Ffdhe,
        [0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34, ..] if ends => Prime::Modp,
        _ => Prime::Own,
    }
}
