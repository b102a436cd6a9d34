//! DNS messages (RFC 1035, EDNS0 RFC 6891) and host names (RFC 1123, UTS 46).
//!
//! The wire format is hickory-proto's; this module narrows it to the record types the checks
//! read, with names in lower case and without the final dot (the root is `.`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use bulwark_model::Text;
use hickory_proto::op::{Edns, Message as Wire, MessageType, OpCode, Query as WireQuery};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::evidence::{self, DnsExchange, DnsRole};
use crate::failure::{Code, Failure, Step};

/// UDP payload size announced in EDNS0 (DNS flag day 2020; avoids fragments).
pub const EDNS_SIZE: u16 = 1232;

/// Why a message cannot be made or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DnsError {
    /// The name cannot be put on the wire (RFC 1035 §2.3.4).
    #[error("`{0}` cannot be asked for: not a domain name")]
    BadName(String),
    /// The type is not one we know.
    #[error("`{0}` is not a record type")]
    BadType(String),
    /// The bytes are not a DNS message (RFC 1035 §4).
    #[error("malformed message: {0}")]
    Malformed(String),
    /// The message is not the answer to what was asked (RFC 5452 §9.1).
    #[error("not an answer to this question: {0}")]
    Mismatch(&'static str),
}

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Message id.
    pub id: u16,
    /// Name in A-label form, with or without final dot.
    pub name: String,
    /// Type in letters (`NS`, `TXT`).
    pub rtype: String,
    /// The RD flag: set for resolvers, clear for authoritative servers.
    pub recursion: bool,
    /// EDNS0 payload size; `None` leaves EDNS0 out (for servers that answer FORMERR to it).
    pub edns_size: Option<u16>,
    /// DO and CD: with signatures, and unchecked (RFC 4035 §3.2.1, §3.2.2).
    pub dnssec: bool,
}

/// A message as read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "one flag per header bit of the RFC")]
pub struct Message {
    /// Message id.
    pub id: u16,
    /// QR: true for an answer.
    pub response: bool,
    /// Response code with the upper bits of EDNS0; see [`rcode_name`].
    pub rcode: u16,
    /// AA.
    pub authoritative: bool,
    /// TC: ask again over TCP.
    pub truncated: bool,
    /// RA.
    pub recursion_available: bool,
    /// AD: the resolver says DNSSEC proved it.
    pub authentic_data: bool,
    /// First question as echoed: name and type number.
    pub question: Option<(String, u16)>,
    /// EDNS0 payload size of the server, when it speaks EDNS0.
    pub edns_size: Option<u16>,
    /// Answer section.
    pub answers: Vec<Rr>,
    /// Authority section.
    pub authorities: Vec<Rr>,
    /// Additional section without OPT.
    pub additionals: Vec<Rr>,
}

/// One resource record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rr {
    /// Owner name.
    pub name: String,
    /// Time to live in seconds.
    pub ttl: u32,
    /// The data.
    pub data: Data,
}

/// Record data the checks read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Data {
    /// IPv4 address.
    A(Ipv4Addr),
    /// IPv6 address (RFC 3596).
    Aaaa(Ipv6Addr),
    /// Name server.
    Ns(String),
    /// Alias.
    Cname(String),
    /// Start of authority.
    Soa {
        /// Primary server.
        mname: String,
        /// Mailbox of the person in charge.
        rname: String,
        /// Serial.
        serial: u32,
        /// Refresh, seconds.
        refresh: i32,
        /// Retry, seconds.
        retry: i32,
        /// Expire, seconds.
        expire: i32,
        /// Negative-caching time, seconds (RFC 2308).
        minimum: u32,
    },
    /// Mail exchange; `.` with preference 0 is the null MX (RFC 7505).
    Mx {
        /// Lower is preferred.
        preference: u16,
        /// Host.
        exchange: String,
    },
    /// Text, strings of one record joined (RFC 7208 §3.3), invalid UTF-8 replaced.
    Txt(String),
    /// Certification authority authorisation (RFC 8659).
    Caa {
        /// 128 is "critical".
        flags: u8,
        /// Tag in lower case: `issue`, `issuewild`, `iodef` ….
        tag: String,
        /// Value, invalid UTF-8 replaced.
        value: String,
    },
    /// Any other type.
    Other {
        /// Type number; see [`rtype_name`].
        rtype: u16,
    },
}

/// A host name in both forms.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName {
    /// A-labels, lower case, no final dot: what goes on the wire.
    pub ascii: String,
    /// U-labels: what people read.
    pub unicode: String,
}

/// A host: a name or an address literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name.
    Name(HostName),
    /// An IPv4 or IPv6 literal (brackets accepted).
    Address(IpAddr),
}

/// Why something is not a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameError {
    /// Nothing there.
    Empty,
    /// An address literal where a name is needed, or a broken one (all-numeric last label).
    Address,
    /// Longer than 253 characters (RFC 1035 §2.3.4).
    TooLong,
    /// A label is empty or longer than 63 characters.
    LabelLength,
    /// A character that host names do not have (RFC 1123 §2.1) or that UTS 46 refuses.
    Characters,
}

impl Query {
    /// A question with EDNS0.
    pub fn new(id: u16, name: impl Into<String>, rtype: impl Into<String>, recursion: bool) -> Self {
        Self {
            id,
            name: name.into(),
            rtype: rtype.into(),
            recursion,
            edns_size: Some(EDNS_SIZE),
            dnssec: false,
        }
    }

    /// The message in wire format (RFC 1035 §4.1).
    pub fn encode(&self) -> Result<Vec<u8>, DnsError> {
        let bad = || DnsError::BadName(self.name.clone());
        let mut name = Name::from_ascii(self.name.trim_end_matches('.')).map_err(|_| bad())?;
        name.set_fqdn(true);
        let rtype = RecordType::from_str(&self.rtype).map_err(|_| DnsError::BadType(self.rtype.clone()))?;
        let mut wire = Wire::new(self.id, MessageType::Query, OpCode::Query);
        wire.metadata.recursion_desired = self.recursion;
        wire.metadata.checking_disabled = self.dnssec;
        wire.add_query(WireQuery::query(name, rtype));
        if let Some(size) = self.edns_size {
            let mut edns = Edns::new();
            edns.set_max_payload(size).set_version(0).set_dnssec_ok(self.dnssec);
            wire.set_edns(edns);
        }
        wire.to_vec().map_err(|_| bad())
    }

    /// Whether `message` answers this very question: QR set, same id, name and type (RFC 5452 §9.1).
    /// A server that does not know EDNS0 may answer FORMERR without the question (RFC 6891 §7).
    pub fn matches(&self, message: &Message) -> bool {
        message.id == self.id && echo_problem(message, &self.name, &self.rtype).is_none()
    }
}

/// What shows that a message is not the answer to a question.
fn echo_problem(message: &Message, name: &str, rtype: &str) -> Option<&'static str> {
    if !message.response {
        return Some("it is a query");
    }
    match &message.question {
        None if message.rcode != 0 => None,
        None => Some("it has no question"),
        Some((n, _)) if *n != normal(name) => Some("it is about another name"),
        Some((_, t)) if rtype_name(*t) != rtype.to_ascii_uppercase() => Some("it is about another type"),
        Some(_) => None,
    }
}

/// Lower case without the final dot; the root is `.`.
fn normal(name: &str) -> String {
    let cut = name.strip_suffix('.').unwrap_or(name);
    if cut.is_empty() { ".".to_owned() } else { cut.to_ascii_lowercase() }
}

impl Data {
    /// Number of the type.
    pub fn rtype(&self) -> u16 {
        let known = match self {
            Self::A(_) => RecordType::A,
            Self::Aaaa(_) => RecordType::AAAA,
            Self::Ns(_) => RecordType::NS,
            Self::Cname(_) => RecordType::CNAME,
            Self::Soa { .. } => RecordType::SOA,
            Self::Mx { .. } => RecordType::MX,
            Self::Txt(_) => RecordType::TXT,
            Self::Caa { .. } => RecordType::CAA,
            Self::Other { rtype } => return *rtype,
        };
        known.into()
    }
}

impl Message {
    /// `NOERROR`, `NXDOMAIN`, ….
    pub fn rcode_name(&self) -> String {
        rcode_name(self.rcode)
    }

    /// Addresses in the answer section (after any aliases).
    pub fn addresses(&self) -> Vec<IpAddr> {
        let address = |r: &Rr| match r.data {
            Data::A(a) => Some(IpAddr::V4(a)),
            Data::Aaaa(a) => Some(IpAddr::V6(a)),
            _ => None,
        };
        self.answers.iter().filter_map(address).collect()
    }

    /// Texts in the answer section.
    pub fn texts(&self) -> Vec<&str> {
        self.answers
            .iter()
            .filter_map(|r| if let Data::Txt(t) = &r.data { Some(t.as_str()) } else { None })
            .collect()
    }

    /// Records of the answer section whose data is of this type, for example `"MX"`.
    pub fn answers_of<'a>(&'a self, rtype: &str) -> Vec<&'a Rr> {
        self.answers.iter().filter(|r| rtype_name(r.data.rtype()) == rtype).collect()
    }
}

/// Name of a response code (RFC 6895 §2.3), `RCODE<n>` when unknown.
pub fn rcode_name(rcode: u16) -> String {
    const NAMES: [&str; 11] = [
        "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET",
        "NOTAUTH", "NOTZONE",
    ];
    match NAMES.get(usize::from(rcode)) {
        Some(name) => (*name).to_owned(),
        None if rcode == 16 => "BADVERS".to_owned(),
        None if rcode == 23 => "BADCOOKIE".to_owned(),
        None => format!("RCODE{rcode}"),
    }
}

/// Name of a record type, `TYPE<n>` when unknown (RFC 3597 §5).
pub fn rtype_name(rtype: u16) -> String {
    match RecordType::from(rtype) {
        RecordType::Unknown(n) => format!("TYPE{n}"),
        known => <&'static str>::from(known).to_owned(),
    }
}

/// Reads a message.
pub fn parse(bytes: &[u8]) -> Result<Message, DnsError> {
    let wire = Wire::from_vec(bytes).map_err(|e| DnsError::Malformed(e.to_string()))?;
    let meta = &wire.metadata;
    Ok(Message {
        id: meta.id,
        response: meta.message_type == MessageType::Response,
        rcode: meta.response_code.into(),
        authoritative: meta.authoritative,
        truncated: meta.truncation,
        recursion_available: meta.recursion_available,
        authentic_data: meta.authentic_data,
        question: wire.queries.first().map(|q| (name_text(&q.name), q.query_type.into())),
        edns_size: wire.edns.as_ref().map(Edns::max_payload),
        answers: wire.answers.iter().map(record).collect(),
        authorities: wire.authorities.iter().map(record).collect(),
        additionals: wire.additionals.iter().map(record).collect(),
    })
}

fn name_text(name: &Name) -> String {
    normal(&name.to_ascii())
}

fn record(r: &Record) -> Rr {
    let data = match &r.data {
        RData::A(a) => Data::A(a.0),
        RData::AAAA(a) => Data::Aaaa(a.0),
        RData::NS(n) => Data::Ns(name_text(&n.0)),
        RData::CNAME(n) => Data::Cname(name_text(&n.0)),
        RData::SOA(s) => Data::Soa {
            mname: name_text(&s.mname),
            rname: name_text(&s.rname),
            serial: s.serial,
            refresh: s.refresh,
            retry: s.retry,
            expire: s.expire,
            minimum: s.minimum,
        },
        RData::MX(m) => Data::Mx { preference: m.preference, exchange: name_text(&m.exchange) },
        RData::TXT(t) => Data::Txt(String::from_utf8_lossy(&t.txt_data.concat()).into_owned()),
        RData::CAA(c) => Data::Caa {
            flags: c.flags(),
            tag: c.tag.to_ascii_lowercase(),
            value: String::from_utf8_lossy(&c.value).into_owned(),
        },
        _ => Data::Other { rtype: r.record_type().into() },
    };
    // RFC 2181 §8: a TTL with the top bit set counts as zero.
    let ttl = if r.ttl > i32::MAX.unsigned_abs() { 0 } else { r.ttl };
    Rr { name: name_text(&r.name), ttl, data }
}

/// The end of the alias chain that starts at `name` within one answer, if there is one.
pub fn alias_end(message: &Message, name: &str) -> Option<String> {
    let start = normal(name);
    let mut at = start.clone();
    for _ in 0..8 {
        let next = message.answers.iter().find_map(|r| match &r.data {
            Data::Cname(target) if r.name == at => Some(target.clone()),
            _ => None,
        });
        match next {
            Some(next) => at = next,
            None => break,
        }
    }
    (at != start).then_some(at)
}

/// The exchanges of one role about one name and type, each with its parsed answer.
/// A message that cannot be read or does not answer the question is a [`Code::BadAnswer`] failure.
pub fn lookup<'a>(
    dns: &'a evidence::Dns,
    role: DnsRole,
    name: &str,
    rtype: &str,
) -> Vec<(&'a DnsExchange, Result<Message, Failure>)> {
    dns.exchanges
        .iter()
        .filter(|x| x.role == role && normal(&x.name) == normal(name) && x.rtype.eq_ignore_ascii_case(rtype))
        .map(|x| (x, answer(x)))
        .collect()
}

/// The parsed answer of one exchange.
pub fn answer(exchange: &DnsExchange) -> Result<Message, Failure> {
    let blob = exchange.answer.as_ref().map_err(Clone::clone)?;
    let message = parse(&blob.0).and_then(|m| match echo_problem(&m, &exchange.name, &exchange.rtype) {
        Some(problem) => Err(DnsError::Mismatch(problem)),
        None => Ok(m),
    });
    message.map_err(|e| Failure::new(Step::Decode, Code::BadAnswer, format!("{}: {e}", exchange.server)))
}

impl NameError {
    /// The error in words.
    pub fn text(self) -> Text {
        match self {
            Self::Empty => Text::new("名稱是空的", "the name is empty"),
            Self::Address => Text::new("這是 IP 位址，不是主機名稱", "this is an address, not a host name"),
            Self::TooLong => Text::new("名稱超過 253 個字元", "the name is longer than 253 characters"),
            Self::LabelLength => {
                Text::new("名稱中有空的或超過 63 個字元的段", "a label is empty or longer than 63 characters")
            }
            Self::Characters => Text::new(
                "名稱含有主機名稱不允許的字元",
                "the name has characters that host names cannot have",
            ),
        }
    }
}

impl std::fmt::Display for NameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text().get(bulwark_model::Lang::En))
    }
}

impl std::error::Error for NameError {}

/// A host name from what a person wrote: UTS 46 to A-labels with STD3 rules (letters, digits, hyphen).
pub fn host_name(input: &str) -> Result<HostName, NameError> {
    use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

    let trimmed = input.trim();
    if address(trimmed).is_some() {
        return Err(NameError::Address);
    }
    let trimmed = trimmed.strip_suffix(['.', '。']).unwrap_or(trimmed);
    if trimmed.is_empty() {
        return Err(NameError::Empty);
    }
    let ascii = Uts46::new()
        .to_ascii(trimmed.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Ignore)
        .map_err(|_| NameError::Characters)?
        .into_owned();
    if ascii.is_empty() {
        return Err(NameError::Empty);
    }
    if ascii.len() > 253 {
        return Err(NameError::TooLong);
    }
    if ascii.split('.').any(|label| label.is_empty() || label.len() > 63) {
        return Err(NameError::LabelLength);
    }
    // RFC 1123 §2.1, RFC 3696 §2: the last label is never all digits, else it reads as an address.
    if ascii.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
        return Err(NameError::Address);
    }
    let (unicode, _) =
        Uts46::new().to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    let unicode = unicode.into_owned();
    Ok(HostName { ascii, unicode })
}

fn address(input: &str) -> Option<IpAddr> {
    let bare = input.strip_prefix('[').and_then(|s| s.strip_suffix(']')).unwrap_or(input);
    bare.parse().ok()
}

/// A host name or an address literal.
pub fn host(input: &str) -> Result<Host, NameError> {
    match address(input.trim()) {
        Some(a) => Ok(Host::Address(a)),
        None => host_name(input).map(Host::Name),
    }
}

/// Entry point for fuzzing and property tests: a message, then its bytes as names.
pub fn fuzz_dns(data: &[u8]) {
    if let Ok(message) = parse(data) {
        let _ = (message.addresses(), message.texts(), message.answers_of("MX"), message.rcode_name());
        let _ = Query::new(message.id, "a.test", "A", true).matches(&message);
    }
    let text = String::from_utf8_lossy(data);
    let _ = host(&text);
    let _ = Query::new(1, text, "TXT", true).encode();
}

#[cfg(test)]
mod tests;
