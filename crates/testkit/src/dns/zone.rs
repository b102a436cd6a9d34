//! A zone from text in the style of a master file (RFC 1035 §5), one record a line.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::wire;

/// A record: name (lower case, without the last dot), time to live, data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The owner.
    pub name: String,
    /// Seconds.
    pub ttl: u32,
    /// Type and contents.
    pub data: Data,
}

/// The contents of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the variants are the record types of the standards")]
pub enum Data {
    A(Ipv4Addr),
    Aaaa(Ipv6Addr),
    Ns(String),
    Cname(String),
    Ptr(String),
    Mx {
        preference: u16,
        exchange: String,
    },
    Txt(Vec<String>),
    Soa {
        primary: String,
        mailbox: String,
        numbers: [u32; 5],
    },
    Caa {
        flags: u8,
        tag: String,
        value: String,
    },
    /// Any other type as in RFC 3597: `TYPE43 \# 4 01020304`.
    Other {
        kind: u16,
        bytes: Vec<u8>,
    },
}

impl Data {
    /// The number of the record type.
    pub fn kind(&self) -> u16 {
        match self {
            Self::A(_) => wire::A,
            Self::Aaaa(_) => wire::AAAA,
            Self::Ns(_) => wire::NS,
            Self::Cname(_) => wire::CNAME,
            Self::Ptr(_) => wire::PTR,
            Self::Mx { .. } => wire::MX,
            Self::Txt(_) => wire::TXT,
            Self::Soa { .. } => wire::SOA,
            Self::Caa { .. } => wire::CAA,
            Self::Other { kind, .. } => *kind,
        }
    }
}

/// A line of a zone that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneError {
    /// Counted from 1.
    pub line: usize,
    /// The line itself.
    pub text: String,
}

impl std::fmt::Display for ZoneError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {} of the zone is no record: {}", self.line, self.text)
    }
}

impl std::error::Error for ZoneError {}

/// The records a server answers from. Every SOA record begins a zone of its own.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    records: Vec<Record>,
}

/// Lower case, without the last dot.
pub(super) fn canonical(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

impl Zone {
    /// Reads lines `NAME TTL IN TYPE DATA`; names are absolute, with or without the last dot; `;` begins a comment.
    ///
    /// # Errors
    /// The first line that is no record.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        let mut zone = Self::default();
        for (index, text) in text.lines().enumerate() {
            let words = split(text);
            if words.is_empty() {
                continue;
            }
            let error = || ZoneError { line: index + 1, text: text.trim().to_owned() };
            zone.records.push(record(&words).ok_or_else(error)?);
        }
        Ok(zone)
    }

    /// Adds a record.
    #[must_use]
    pub fn with(mut self, record: Record) -> Self {
        self.records.push(Record { name: canonical(&record.name), ..record });
        self
    }

    pub(super) fn find(&self, name: &str, kind: u16) -> Vec<Record> {
        self.records
            .iter()
            .filter(|r| r.name == name && (r.data.kind() == kind || kind == wire::ANY))
            .cloned()
            .collect()
    }

    /// Whether the name or one below it has a record (RFC 8020: an empty non-terminal exists).
    pub(super) fn exists(&self, name: &str) -> bool {
        self.records.iter().any(|r| r.name == name || is_below(&r.name, name))
    }

    /// The longest name with an SOA record at or above this one.
    pub(super) fn apex_of(&self, name: &str) -> Option<String> {
        let apexes = self.records.iter().filter(|r| matches!(r.data, Data::Soa { .. }));
        apexes
            .map(|r| &r.name)
            .filter(|apex| name == *apex || is_below(name, apex))
            .max_by_key(|apex| apex.len())
            .cloned()
    }

    /// The NS records of a child zone at or above the name, below the apex.
    pub(super) fn delegation(&self, name: &str, apex: &str) -> Option<Vec<Record>> {
        let servers: Vec<Record> = self
            .records
            .iter()
            .filter(|r| matches!(r.data, Data::Ns(_)) && is_below(&r.name, apex))
            .filter(|r| name == r.name || is_below(name, &r.name))
            .cloned()
            .collect();
        (!servers.is_empty()).then_some(servers)
    }

    pub(super) fn soa(&self, apex: &str) -> Vec<Record> {
        self.find(apex, wire::SOA)
    }

    /// The addresses in this zone of the hosts that NS and MX records name.
    pub(super) fn addresses_of(&self, records: &[Record]) -> Vec<Record> {
        let hosts = records.iter().filter_map(|r| match &r.data {
            Data::Ns(host) | Data::Mx { exchange: host, .. } => Some(host),
            _ => None,
        });
        hosts.flat_map(|host| [self.find(host, wire::A), self.find(host, wire::AAAA)].concat()).collect()
    }
}

fn is_below(name: &str, parent: &str) -> bool {
    parent.is_empty() || name.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.'))
}

/// Words of a line; quotes keep blanks together, a semicolon outside them ends the line.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ';' if !quoted => break,
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

fn record(words: &[String]) -> Option<Record> {
    let [name, ttl, class, kind, rest @ ..] = words else { return None };
    if !class.eq_ignore_ascii_case("IN") {
        return None;
    }
    let data = match (kind.to_ascii_uppercase().as_str(), rest) {
        ("A", [ip]) => Data::A(ip.parse().ok()?),
        ("AAAA", [ip]) => Data::Aaaa(ip.parse().ok()?),
        ("NS", [host]) => Data::Ns(canonical(host)),
        ("CNAME", [target]) => Data::Cname(canonical(target)),
        ("PTR", [target]) => Data::Ptr(canonical(target)),
        ("MX", [preference, host]) => {
            Data::Mx { preference: preference.parse().ok()?, exchange: canonical(host) }
        }
        ("TXT", [_, ..]) => Data::Txt(rest.to_vec()),
        ("SOA", [primary, mailbox, numbers @ ..]) => {
            let numbers: Vec<u32> = numbers.iter().map(|n| n.parse().ok()).collect::<Option<_>>()?;
            Data::Soa {
                primary: canonical(primary),
                mailbox: canonical(mailbox),
                numbers: numbers.try_into().ok()?,
            }
        }
        ("CAA", [flags, tag, value]) => {
            Data::Caa { flags: flags.parse().ok()?, tag: tag.clone(), value: value.clone() }
        }
        (other, [mark, _, hex @ ..]) if mark == "\\#" => {
            Data::Other { kind: other.strip_prefix("TYPE")?.parse().ok()?, bytes: bytes(&hex.concat())? }
        }
        _ => return None,
    };
    Some(Record { name: canonical(name), ttl: ttl.parse().ok()?, data })
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_type_and_names_the_bad_line() {
        let zone = Zone::parse(
            "; a comment\n\
             Demo.Test. 300 IN SOA ns1.demo.test. admin.demo.test. 1 2 3 4 5\n\
             demo.test. 300 IN TXT \"v=spf1; a mx\" \"second\"\n\
             demo.test. 300 IN CAA 0 issue \"ca.example; x\"\n\
             demo.test. 300 IN TYPE43 \\# 4 0102 0304\n\
             a.b.demo.test 60 IN AAAA ::1",
        )
        .unwrap();
        assert_eq!(zone.apex_of("x.demo.test").as_deref(), Some("demo.test"));
        assert_eq!(zone.apex_of("xdemo.test"), None);
        assert!(zone.exists("b.demo.test"));
        assert!(!zone.exists("c.demo.test"));
        let texts = zone.find("demo.test", wire::TXT);
        assert_eq!(texts[0].data, Data::Txt(vec!["v=spf1; a mx".into(), "second".into()]));
        assert_eq!(zone.find("demo.test", 43)[0].data, Data::Other { kind: 43, bytes: vec![1, 2, 3, 4] });

        let error = Zone::parse("a.test. 1 IN A 127.0.0.1\n\nb.test. 1 IN A 127.0.0").unwrap_err();
        assert_eq!(error.line, 3);
    }
}
