//! Just enough of the DNS wire format (RFC 1035, EDNS of RFC 6891), written independently of the parser under test.

use super::zone::{Data, Record};

pub(super) const A: u16 = 1;
pub(super) const NS: u16 = 2;
pub(super) const CNAME: u16 = 5;
pub(super) const SOA: u16 = 6;
pub(super) const PTR: u16 = 12;
pub(super) const MX: u16 = 15;
pub(super) const TXT: u16 = 16;
pub(super) const AAAA: u16 = 28;
const OPT: u16 = 41;
pub(super) const ANY: u16 = 255;
pub(super) const CAA: u16 = 257;

/// The question of a query.
pub(super) struct Question {
    pub(super) id: u16,
    pub(super) name: String,
    pub(super) kind: u16,
    pub(super) recursion: bool,
    /// The largest UDP answer the client takes.
    pub(super) udp_limit: usize,
    /// The question section as sent: clients that mix upper and lower case compare it.
    raw: Vec<u8>,
    edns: bool,
}

impl Question {
    /// `None` for anything that is no query with one question.
    pub(super) fn parse(packet: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]));
        let flags = word(2)?;
        if flags & 0x8000 != 0 || word(4)? != 1 {
            return None;
        }
        let mut at = 12;
        let mut labels = Vec::new();
        loop {
            let length = usize::from(*packet.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            if length > 63 {
                return None;
            }
            labels.push(String::from_utf8_lossy(packet.get(at..at + length)?).to_ascii_lowercase());
            at += length;
        }
        let kind = word(at)?;
        let end = at + 4;
        let raw = packet.get(12..end)?.to_vec();
        // An OPT record has the root as its name and the size of the client's buffer as its class.
        let edns = word(10)? > 0 && packet.get(end) == Some(&0) && word(end + 1) == Some(OPT);
        let udp_limit = if edns { usize::from(word(end + 3)?).max(512) } else { 512 };
        let name = labels.join(".");
        Some(Self { id: word(0)?, name, kind, recursion: flags & 0x0100 != 0, udp_limit, raw, edns })
    }
}

/// Response codes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Rcode {
    #[default]
    NoError = 0,
    ServerFailure = 2,
    NoSuchName = 3,
    Refused = 5,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    pub(super) rcode: Rcode,
    pub(super) authoritative: bool,
    pub(super) truncated: bool,
    pub(super) recursion_available: bool,
    pub(super) answers: Vec<Record>,
    pub(super) authority: Vec<Record>,
    pub(super) additional: Vec<Record>,
}

impl Message {
    pub(super) fn status(rcode: Rcode) -> Self {
        Self { rcode, ..Self::default() }
    }

    pub(super) fn without_records(self) -> Self {
        Self { answers: Vec::new(), authority: Vec::new(), additional: Vec::new(), ..self }
    }

    pub(super) fn encode(&self, question: &Question) -> Vec<u8> {
        let flags = 0x8000
            | u16::from(self.authoritative) << 10
            | u16::from(self.truncated) << 9
            | u16::from(question.recursion) << 8
            | u16::from(self.recursion_available) << 7
            | self.rcode as u16;
        let count = |records: &[Record]| u16::try_from(records.len()).unwrap_or(u16::MAX);
        let additional = count(&self.additional) + u16::from(question.edns);
        let mut out = Vec::with_capacity(512);
        for word in [question.id, flags, 1, count(&self.answers), count(&self.authority), additional] {
            out.extend(word.to_be_bytes());
        }
        out.extend(&question.raw);
        for record in self.answers.iter().chain(&self.authority).chain(&self.additional) {
            encode_record(record, &mut out);
        }
        if question.edns {
            out.extend([0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0]);
        }
        out
    }
}

fn encode_record(record: &Record, out: &mut Vec<u8>) {
    name(&record.name, out);
    out.extend(record.data.kind().to_be_bytes());
    out.extend(1_u16.to_be_bytes());
    out.extend(record.ttl.to_be_bytes());
    let mut data = Vec::new();
    match &record.data {
        Data::A(ip) => data.extend(ip.octets()),
        Data::Aaaa(ip) => data.extend(ip.octets()),
        Data::Ns(host) | Data::Cname(host) | Data::Ptr(host) => name(host, &mut data),
        Data::Mx { preference, exchange } => {
            data.extend(preference.to_be_bytes());
            name(exchange, &mut data);
        }
        Data::Txt(texts) => {
            for chunk in texts.iter().flat_map(|text| character_strings(text)) {
                string(chunk, &mut data);
            }
        }
        Data::Soa { primary, mailbox, numbers } => {
            name(primary, &mut data);
            name(mailbox, &mut data);
            data.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        }
        Data::Caa { flags, tag, value } => {
            data.push(*flags);
            string(tag.as_bytes(), &mut data);
            data.extend(value.as_bytes());
        }
        Data::Other { bytes, .. } => data.extend(bytes),
    }
    out.extend(u16::try_from(data.len()).unwrap_or(u16::MAX).to_be_bytes());
    out.extend(data);
}

/// A text longer than 255 bytes goes out in several strings; an empty one as one empty string.
fn character_strings(text: &str) -> Vec<&[u8]> {
    if text.is_empty() { vec![&[]] } else { text.as_bytes().chunks(255).collect() }
}

fn string(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
    out.extend(bytes.iter().take(255));
}

fn name(name: &str, out: &mut Vec<u8>) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        let label = &label.as_bytes()[..label.len().min(63)];
        out.push(u8::try_from(label.len()).unwrap_or(63));
        out.extend(label);
    }
    out.push(0);
}
