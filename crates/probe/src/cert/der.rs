//! A tolerant DER reader (ITU-T X.690): definite lengths, low tag numbers, no copying. What it does not
//! understand it leaves out; strictness is x509-parser's business.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

pub const BOOLEAN: u8 = 0x01;
pub const INTEGER: u8 = 0x02;
pub const BIT_STRING: u8 = 0x03;
pub const OCTET_STRING: u8 = 0x04;
pub const OID: u8 = 0x06;
pub const UTC_TIME: u8 = 0x17;
pub const GENERALIZED_TIME: u8 = 0x18;
pub const SEQUENCE: u8 = 0x30;

/// Context-specific tag `[n]`, constructed.
pub const fn context(n: u8) -> u8 {
    0xa0 | n
}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Identifier octet.
    pub tag: u8,
    /// Contents.
    pub body: &'a [u8],
    /// The element with its header.
    pub whole: &'a [u8],
}

impl<'a> Tlv<'a> {
    /// The contents as elements.
    pub const fn items(self) -> Reader<'a> {
        Reader(self.body)
    }
}

/// Reads element after element; ends at the first that is broken.
#[derive(Debug, Clone)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Iterator for Reader<'a> {
    type Item = Tlv<'a>;

    fn next(&mut self) -> Option<Tlv<'a>> {
        let [tag, first, rest @ ..] = self.0 else { return None };
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (size, rest) = match *first {
            short @ 0..=0x7f => (usize::from(short), rest),
            long @ 0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
                (digits.iter().fold(0usize, |n, d| n << 8 | usize::from(*d)), rest)
            }
            _ => return None,
        };
        let (body, after) = rest.split_at_checked(size)?;
        let whole = self.0.get(..self.0.len() - after.len())?;
        self.0 = after;
        Some(Tlv { tag: *tag, body, whole })
    }
}

impl<'a> Reader<'a> {
    /// The next element when it has this tag; else nothing is consumed.
    pub fn expect(&mut self, tag: u8) -> Option<Tlv<'a>> {
        let mut ahead = self.clone();
        let found = ahead.next().filter(|t| t.tag == tag)?;
        *self = ahead;
        Some(found)
    }
}

/// An object identifier with dots.
pub fn oid(body: &[u8]) -> String {
    let mut parts: Vec<u64> = Vec::new();
    let mut value = 0u64;
    for byte in body {
        value = value.wrapping_shl(7) | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if parts.is_empty() {
                let first = (value / 40).min(2);
                parts.push(first);
                value -= first * 40;
            }
            parts.push(value);
            value = 0;
        }
    }
    parts.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// Bits of an unsigned integer.
pub fn bit_length(integer: &[u8]) -> u32 {
    let start = integer.iter().position(|b| *b != 0).unwrap_or(integer.len());
    let digits = integer.get(start..).unwrap_or_default();
    let top = digits.first().map_or(0, |b| b.leading_zeros());
    u32::try_from(digits.len()).unwrap_or(u32::MAX / 8).saturating_mul(8).saturating_sub(top)
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// A UTCTime or GeneralizedTime, also without seconds or with a zone (BER); RFC 5280 §4.1.2.5.
pub fn time(tlv: Tlv<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(tlv.body).ok()?;
    if !text.is_ascii() {
        return None;
    }
    let (year_digits, generalized) = match tlv.tag {
        UTC_TIME => (2, false),
        GENERALIZED_TIME => (4, true),
        _ => return None,
    };
    let number = |from: usize, to: usize| -> Option<i16> {
        let digits = text.get(from..to)?;
        digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let mut year = number(0, year_digits)?;
    if !generalized {
        year += if year < 50 { 2000 } else { 1900 };
    }
    if year == 9999 {
        // RFC 5280 §4.1.2.5: "no well-defined expiration date"; beyond what a timestamp holds.
        return Some(Timestamp::MAX);
    }
    let at = |n: usize| number(year_digits + n, year_digits + n + 2).and_then(|v| i8::try_from(v).ok());
    let (month, day, hour, minute) = (at(0)?, at(2)?, at(4)?, at(6)?);
    let (second, zone_at) = match at(8) {
        Some(s) => (s, year_digits + 10),
        None => (0, year_digits + 8),
    };
    let zone = text.get(zone_at..)?.trim_start_matches(|c: char| c == '.' || c == ',' || c.is_ascii_digit());
    let datetime = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let offset = match zone.as_bytes() {
        b"Z" | b"" => 0,
        [sign @ (b'+' | b'-'), digits @ ..] if digits.len() == 4 => {
            let text = std::str::from_utf8(digits).ok()?;
            let value: i32 = text.parse().ok()?;
            let seconds = (value / 100 * 60 + value % 100) * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    Offset::from_seconds(offset).ok()?.to_timestamp(datetime).ok()
}
