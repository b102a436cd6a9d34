//! SPF records (RFC 7208).

use std::net::{Ipv4Addr, Ipv6Addr};

use bulwark_model::Text;

/// The sign before a mechanism (RFC 7208 §4.6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Qualifier {
    /// `+`, also when no sign is written.
    Pass,
    /// `-`
    Fail,
    /// `~`
    SoftFail,
    /// `?`
    Neutral,
}

/// A mechanism (RFC 7208 §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mechanism {
    /// `all`
    All,
    /// `include:domain`
    Include(String),
    /// `a[:domain][/v4][//v6]`
    A {
        /// Domain; the record's own when absent.
        domain: Option<String>,
        /// IPv4 prefix length.
        v4: Option<u8>,
        /// IPv6 prefix length.
        v6: Option<u8>,
    },
    /// `mx[:domain][/v4][//v6]`
    Mx {
        /// Domain; the record's own when absent.
        domain: Option<String>,
        /// IPv4 prefix length.
        v4: Option<u8>,
        /// IPv6 prefix length.
        v6: Option<u8>,
    },
    /// `ptr[:domain]`, not to be used (§5.5).
    Ptr(Option<String>),
    /// `ip4:address[/length]`
    Ip4(Ipv4Addr, u8),
    /// `ip6:address[/length]`
    Ip6(Ipv6Addr, u8),
    /// `exists:domain`
    Exists(String),
}

/// A mechanism with its sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The sign.
    pub qualifier: Qualifier,
    /// The mechanism.
    pub mechanism: Mechanism,
}

/// A record that follows the grammar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spf {
    /// Mechanisms in order.
    pub terms: Vec<Term>,
    /// `redirect=` (§6.1).
    pub redirect: Option<String>,
    /// `exp=` (§6.2).
    pub exp: Option<String>,
    /// Sign of the first `all`, if there is one.
    pub all: Option<Qualifier>,
    /// Other modifiers: must be ignored (§6).
    pub others: Vec<(String, String)>,
}

/// Where a record breaks the grammar. A receiver answers `permerror` (§4.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpfError {
    /// Byte position in the record, from 0.
    pub position: usize,
    /// The term as written.
    pub term: String,
    /// What is wrong with it.
    pub what: SpfFault,
}

/// What is wrong with a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpfFault {
    /// The record does not start with `v=spf1` and a space.
    NotSpf,
    /// No such mechanism.
    UnknownMechanism,
    /// The mechanism needs `:` and a value.
    MissingValue,
    /// The mechanism takes no value.
    UnexpectedValue,
    /// Not an IPv4 address.
    BadIp4,
    /// Not an IPv6 address.
    BadIp6,
    /// Prefix length out of range or with a leading zero.
    BadPrefix,
    /// Not a domain-spec: wrong macro, or its last label is no top-level label (§7.1).
    BadDomain,
    /// `redirect=` or `exp=` twice (§6).
    DuplicateModifier,
    /// A character outside printable ASCII.
    NotAscii,
}

impl SpfFault {
    /// The fault in words.
    pub fn text(self) -> Text {
        match self {
            Self::NotSpf => Text::new("不是 SPF 紀錄", "not an SPF record"),
            Self::UnknownMechanism => Text::new("沒有這種機制", "no such mechanism"),
            Self::MissingValue => Text::new("冒號後缺少值", "the value after `:` is missing"),
            Self::UnexpectedValue => Text::new("這個機制不接受值", "this mechanism takes no such value"),
            Self::BadIp4 => Text::new("不是 IPv4 位址", "not an IPv4 address"),
            Self::BadIp6 => Text::new("不是 IPv6 位址", "not an IPv6 address"),
            Self::BadPrefix => Text::new("網段長度不正確", "prefix length out of range"),
            Self::BadDomain => Text::new("網域名稱或巨集不正確", "not a domain name or a broken macro"),
            Self::DuplicateModifier => Text::new("修飾詞重複", "the modifier comes twice"),
            Self::NotAscii => Text::new("含有 ASCII 以外的字元", "a character outside printable ASCII"),
        }
    }
}

impl std::fmt::Display for SpfError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = self.what.text();
        write!(f, "`{}` at {}: {}", self.term, self.position, what.get(bulwark_model::Lang::En))
    }
}

impl std::error::Error for SpfError {}

impl Spf {
    /// Terms that make a receiver ask DNS: include, a, mx, ptr, exists, redirect (§4.6.4; at most 10
    /// over all included records). What comes after `all` is never reached (§5.1), and `redirect` is
    /// ignored beside `all` (§6.1).
    pub fn count_lookups(&self) -> usize {
        let reached = self.terms.iter().take_while(|t| t.mechanism != Mechanism::All);
        let asking =
            reached.filter(|t| !matches!(t.mechanism, Mechanism::Ip4(..) | Mechanism::Ip6(..))).count();
        asking + usize::from(self.all.is_none() && self.redirect.is_some())
    }

    /// Domains of the included records, in order.
    pub fn includes(&self) -> impl Iterator<Item = &str> {
        self.terms.iter().filter_map(|t| match &t.mechanism {
            Mechanism::Include(domain) => Some(domain.as_str()),
            _ => None,
        })
    }
}

/// Whether a TXT is an SPF record at all: `v=spf1` and then a space or the end (§4.5).
pub fn is_spf(txt: &str) -> bool {
    let Some((head, rest)) = txt.split_at_checked(6) else { return false };
    head.eq_ignore_ascii_case("v=spf1") && (rest.is_empty() || rest.starts_with(' '))
}

/// Reads a record (§12 has the grammar).
pub fn parse_spf(txt: &str) -> Result<Spf, SpfError> {
    parse(txt, false)
}

/// Reads a record, but of what comes after `all` only the modifiers (§5.1: mechanisms after `all`
/// are ignored).
pub fn parse_spf_up_to_all(txt: &str) -> Result<Spf, SpfError> {
    parse(txt, true)
}

fn parse(txt: &str, up_to_all: bool) -> Result<Spf, SpfError> {
    if !is_spf(txt) {
        return Err(SpfError { position: 0, term: txt.chars().take(40).collect(), what: SpfFault::NotSpf });
    }
    let mut spf = Spf::default();
    let mut position = 6;
    for term in txt.split(' ').skip(1) {
        position += 1;
        let ignored = up_to_all && spf.all.is_some() && !term.contains('=');
        if !term.is_empty() && !ignored {
            read_term(&mut spf, term).map_err(|what| SpfError { position, term: term.to_owned(), what })?;
        }
        position += term.len();
    }
    Ok(spf)
}

/// The signs of §4.6.2.
const SIGNS: [(char, Qualifier); 4] =
    [('+', Qualifier::Pass), ('-', Qualifier::Fail), ('~', Qualifier::SoftFail), ('?', Qualifier::Neutral)];

fn read_term(spf: &mut Spf, term: &str) -> Result<(), SpfFault> {
    if !term.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(SpfFault::NotAscii);
    }
    let end = term.find([':', '/', '=']).unwrap_or(term.len());
    let (name, rest) = term.split_at(end);
    if let Some(value) = rest.strip_prefix('=') {
        return read_modifier(spf, name, value);
    }
    let signed = SIGNS.iter().find_map(|(sign, q)| Some((*q, name.strip_prefix(*sign)?)));
    let (qualifier, name) = signed.unwrap_or((Qualifier::Pass, name));
    let mechanism = read_mechanism(&name.to_ascii_lowercase(), rest)?;
    if mechanism == Mechanism::All && spf.all.is_none() {
        spf.all = Some(qualifier);
    }
    spf.terms.push(Term { qualifier, mechanism });
    Ok(())
}

/// §6, with the name in any case.
fn read_modifier(spf: &mut Spf, name: &str, value: &str) -> Result<(), SpfFault> {
    let well_named = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !well_named {
        return Err(SpfFault::UnknownMechanism);
    }
    let slot = match name.to_ascii_lowercase().as_str() {
        "redirect" => &mut spf.redirect,
        "exp" => &mut spf.exp,
        _ => {
            macro_string(value, "slodiphvcrt").ok_or(SpfFault::BadDomain)?;
            spf.others.push((name.to_owned(), value.to_owned()));
            return Ok(());
        }
    };
    let domain = domain_spec(value)?;
    if slot.replace(domain).is_some() { Err(SpfFault::DuplicateModifier) } else { Ok(()) }
}

/// §5; `rest` begins with `:` or `/`, or is empty.
fn read_mechanism(name: &str, rest: &str) -> Result<Mechanism, SpfFault> {
    let value = rest.strip_prefix(':');
    let needed = || value.filter(|v| !v.is_empty()).ok_or(SpfFault::MissingValue);
    match name {
        "all" if rest.is_empty() => Ok(Mechanism::All),
        "all" => Err(SpfFault::UnexpectedValue),
        "include" => Ok(Mechanism::Include(domain_spec(needed()?)?)),
        "exists" => Ok(Mechanism::Exists(domain_spec(needed()?)?)),
        "ptr" => match value {
            None if rest.is_empty() => Ok(Mechanism::Ptr(None)),
            None => Err(SpfFault::UnexpectedValue),
            Some(_) => Ok(Mechanism::Ptr(Some(domain_spec(needed()?)?))),
        },
        "a" | "mx" => {
            let (domain, v4, v6) = dual_prefix(rest)?;
            let domain = match domain.strip_prefix(':') {
                None if domain.is_empty() => None,
                None => return Err(SpfFault::BadPrefix),
                Some("") => return Err(SpfFault::MissingValue),
                Some(d) => Some(domain_spec(d)?),
            };
            Ok(if name == "a" { Mechanism::A { domain, v4, v6 } } else { Mechanism::Mx { domain, v4, v6 } })
        }
        "ip4" => {
            let (address, length) = network(needed()?, 32)?;
            Ok(Mechanism::Ip4(address.parse().map_err(|_| SpfFault::BadIp4)?, length))
        }
        "ip6" => {
            let (address, length) = network(needed()?, 128)?;
            Ok(Mechanism::Ip6(address.parse().map_err(|_| SpfFault::BadIp6)?, length))
        }
        _ => Err(SpfFault::UnknownMechanism),
    }
}

/// `address[/length]`
fn network(value: &str, max: u8) -> Result<(&str, u8), SpfFault> {
    match value.split_once('/') {
        None => Ok((value, max)),
        Some((address, length)) => Ok((address, prefix(length, max)?)),
    }
}

/// Digits without leading zero, up to `max`.
fn prefix(digits: &str, max: u8) -> Result<u8, SpfFault> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let leading = digits.len() > 1 && digits.starts_with('0');
    if !plain || leading {
        return Err(SpfFault::BadPrefix);
    }
    digits.parse().ok().filter(|n| *n <= max).ok_or(SpfFault::BadPrefix)
}

/// Splits `[:domain][/v4][//v6]` from its end: a `/` inside `%{…}` is a delimiter (§7.1), not a length.
fn dual_prefix(rest: &str) -> Result<(&str, Option<u8>, Option<u8>), SpfFault> {
    let tail = |text: &str| -> Option<usize> {
        let at = text.rfind('/')?;
        text.get(at + 1..)?.bytes().all(|b| b.is_ascii_digit()).then_some(at)
    };
    let mut head = rest;
    let (mut v4, mut v6) = (None, None);
    if let Some(at) = tail(head)
        && let Some(before) = head.get(..at).and_then(|h| h.strip_suffix('/'))
    {
        v6 = Some(prefix(head.get(at + 1..).unwrap_or_default(), 128)?);
        head = before;
    }
    if let Some(at) = tail(head) {
        v4 = Some(prefix(head.get(at + 1..).unwrap_or_default(), 32)?);
        head = head.get(..at).unwrap_or_default();
    }
    Ok((head, v4, v6))
}

/// A domain-spec (§7.1): a macro-string that ends in a macro or in `.toplabel`.
fn domain_spec(value: &str) -> Result<String, SpfFault> {
    let ends_in_macro = macro_string(value, "slodiphv").ok_or(SpfFault::BadDomain)?;
    let dotless = value.strip_suffix('.').unwrap_or(value);
    let top_label = dotless.rsplit_once('.').map(|(_, label)| label);
    let top_is_label = top_label.is_some_and(|label| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.bytes().all(|b| b.is_ascii_digit())
    });
    if ends_in_macro || top_is_label { Ok(value.to_owned()) } else { Err(SpfFault::BadDomain) }
}

/// Checks a macro-string (§7.1) and says whether it ends in a macro-expand.
fn macro_string(value: &str, letters: &str) -> Option<bool> {
    let mut rest = value;
    let mut last = false;
    while let Some(c) = rest.chars().next() {
        rest = rest.get(c.len_utf8()..)?;
        last = c == '%';
        if !last {
            continue;
        }
        let next = rest.chars().next()?;
        rest = rest.get(next.len_utf8()..)?;
        match next {
            '%' | '_' | '-' => {}
            '{' => {
                let (body, after) = rest.split_once('}')?;
                rest = after;
                let mut chars = body.chars();
                let letter = chars.next()?.to_ascii_lowercase();
                let tail = chars.as_str().trim_start_matches(|c: char| c.is_ascii_digit());
                let digits = chars.as_str().get(..chars.as_str().len() - tail.len())?;
                let tail = tail.strip_prefix(['r', 'R']).unwrap_or(tail);
                let zero = !digits.is_empty() && digits.bytes().all(|b| b == b'0');
                let delimiters = tail.bytes().all(|b| b".-+,/_=".contains(&b));
                if !letters.contains(letter) || zero || !delimiters {
                    return None;
                }
            }
            _ => return None,
        }
    }
    Some(last)
}
