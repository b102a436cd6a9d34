//! SPF evaluation: `check_host()` of RFC 7208 §4 over a resolver given as a trait, so that it runs
//! on stored answers and on the records of a test suite alike.

use std::net::{IpAddr, Ipv6Addr};

use super::macros::{Context, expand};
use super::spf::{Mechanism, Qualifier, Spf, is_spf, parse_spf, parse_spf_up_to_all};

/// Why a question brought nothing usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// A server failure or a time-out.
    Temporary,
    /// The question is not among the stored answers.
    Unasked,
}

/// Records found; empty when the name or the type does not exist (a void look-up, §4.6.4).
pub type Found<T> = Result<Vec<T>, Trouble>;

/// Where the evaluator gets its records from. Names come without final dot.
pub trait Resolver {
    /// TXT records, the strings of each joined.
    fn txt(&self, name: &str) -> Found<String>;
    /// A records, or AAAA records.
    fn addresses(&self, name: &str, v6: bool) -> Found<IpAddr>;
    /// MX records: preference and host.
    fn mx(&self, name: &str) -> Found<(u16, String)>;
    /// Names of an address.
    fn ptr(&self, address: IpAddr) -> Found<String>;
}

/// Result of an evaluation (§2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpfResult {
    /// No record.
    None,
    /// The domain makes no statement.
    Neutral,
    /// Authorised.
    Pass,
    /// Not authorised.
    Fail,
    /// Probably not authorised.
    SoftFail,
    /// DNS trouble.
    TempError,
    /// The record cannot be interpreted.
    PermError,
}

impl SpfResult {
    /// The word of RFC 7208 §2.6.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Neutral => "neutral",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

/// Limits and choices. The default is RFC 7208 to the letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Terms that ask DNS (§4.6.4).
    pub lookups: usize,
    /// Void look-ups allowed (§4.6.4); `None` counts them only.
    pub voids: Option<usize>,
    /// `exists` also matches a name with AAAA records alone; §5.7 asks for A only.
    pub exists_v6: bool,
    /// Mechanisms after `all` may break the grammar (§5.1 has them ignored, §4.6 has any error
    /// anywhere end the evaluation).
    pub lax_after_all: bool,
}

impl Rules {
    /// RFC 7208 to the letter.
    pub const RFC: Self = Self { lookups: 10, voids: Some(2), exists_v6: false, lax_after_all: false };
    /// As several receivers do it: void look-ups unlimited, `exists` in both families, nothing
    /// read after `all`.
    pub const LENIENT: Self = Self { lookups: 10, voids: None, exists_v6: true, lax_after_all: true };
}

impl Default for Rules {
    fn default() -> Self {
        Self::RFC
    }
}

/// Who sends.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    /// Address of the client.
    pub ip: IpAddr,
    /// MAIL FROM, or empty.
    pub sender: &'a str,
    /// HELO or EHLO name.
    pub helo: &'a str,
    /// Name of the receiving host, for `%{r}`.
    pub receiver: &'a str,
    /// Unix seconds, for `%{t}`.
    pub time: i64,
}

/// What an evaluation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The result.
    pub result: SpfResult,
    /// The domain's explanation, on `fail` (§6.2).
    pub explanation: Option<String>,
    /// Terms that asked DNS.
    pub lookups: usize,
    /// Of these, the ones that found nothing.
    pub voids: usize,
}

/// Evaluates HELO and then, when that passes, MAIL FROM (§2.3, §2.4).
pub fn check_both(resolver: &dyn Resolver, client: Client<'_>, rules: Rules) -> Verdict {
    let postmaster = format!("postmaster@{}", client.helo);
    let sender = if client.sender.is_empty() { postmaster.as_str() } else { client.sender };
    let helo = check_host(resolver, client.helo, Client { sender, ..client }, rules);
    if helo.result != SpfResult::Pass {
        return helo;
    }
    let domain = sender.rsplit_once('@').map_or(sender, |(_, d)| d);
    check_host(resolver, domain, Client { sender, ..client }, rules)
}

/// `check_host()` (§4) for one domain.
pub fn check_host(resolver: &dyn Resolver, domain: &str, client: Client<'_>, rules: Rules) -> Verdict {
    // §2.4: a sender without local part stands for postmaster.
    let filled = match client.sender.rsplit_once('@') {
        Some(("", d)) => format!("postmaster@{d}"),
        Some(_) => client.sender.to_owned(),
        None if client.sender.is_empty() => format!("postmaster@{domain}"),
        None => format!("postmaster@{}", client.sender),
    };
    let ip = client.ip.to_canonical();
    let mut evaluation = Evaluation {
        resolver,
        client: Client { ip, sender: &filled, ..client },
        rules,
        lookups: 0,
        voids: 0,
    };
    let mut explanation = None;
    let result = evaluation.host(domain, 0, Some(&mut explanation));
    Verdict {
        result,
        explanation: explanation.filter(|_| result == SpfResult::Fail),
        lookups: evaluation.lookups,
        voids: evaluation.voids,
    }
}

struct Evaluation<'a> {
    resolver: &'a dyn Resolver,
    client: Client<'a>,
    rules: Rules,
    lookups: usize,
    voids: usize,
}

/// Ends an evaluation at once.
struct Stop(SpfResult);

impl From<Trouble> for Stop {
    fn from(_: Trouble) -> Self {
        Self(SpfResult::TempError)
    }
}

/// §4.3: a multi-label name of sound labels.
fn sound(domain: &str) -> bool {
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(|label| (1..=63).contains(&label.len()))
}

/// Whether two addresses of one family share their first bits.
fn same_network(a: IpAddr, b: IpAddr, v4: u8, v6: u8) -> bool {
    match (a.to_canonical(), b.to_canonical()) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(v4.min(32))).unwrap_or(0);
            (u32::from(a) ^ u32::from(b)) & mask == 0
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => same_v6(a, b, v6),
        _ => false,
    }
}

fn same_v6(a: Ipv6Addr, b: Ipv6Addr, bits: u8) -> bool {
    let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
    (u128::from(a) ^ u128::from(b)) & mask == 0
}

impl Evaluation<'_> {
    fn host(&mut self, domain: &str, depth: usize, explain: Option<&mut Option<String>>) -> SpfResult {
        self.try_host(domain, depth, explain).unwrap_or_else(|Stop(result)| result)
    }

    fn try_host(
        &mut self,
        domain: &str,
        depth: usize,
        explain: Option<&mut Option<String>>,
    ) -> Result<SpfResult, Stop> {
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        if !sound(domain) {
            return Ok(SpfResult::None);
        }
        // Look-ups bound the depth; this only guards the stack should the rules allow many.
        if depth > 32 {
            return Err(Stop(SpfResult::PermError));
        }
        let texts = self.resolver.txt(domain)?;
        let mut records = texts.iter().filter(|t| is_spf(t));
        let Some(record) = records.next() else { return Ok(SpfResult::None) };
        if records.next().is_some() {
            return Err(Stop(SpfResult::PermError));
        }
        let parsed = if self.rules.lax_after_all { parse_spf_up_to_all(record) } else { parse_spf(record) };
        let spf = parsed.map_err(|_| Stop(SpfResult::PermError))?;
        for term in &spf.terms {
            if self.matches(&term.mechanism, domain, depth)? {
                let result = match term.qualifier {
                    Qualifier::Pass => SpfResult::Pass,
                    Qualifier::Fail => SpfResult::Fail,
                    Qualifier::SoftFail => SpfResult::SoftFail,
                    Qualifier::Neutral => SpfResult::Neutral,
                };
                if let (SpfResult::Fail, Some(place)) = (result, explain) {
                    *place = self.explanation(&spf, domain);
                }
                return Ok(result);
            }
        }
        let Some(target) = spf.redirect.as_ref().filter(|_| spf.all.is_none()) else {
            return Ok(SpfResult::Neutral);
        };
        self.count()?;
        let target = self.target(Some(target), domain)?;
        // §6.1: the explanation is that of the target, whose lack of a record is an error.
        match self.try_host(&target, depth + 1, explain)? {
            SpfResult::None => Err(Stop(SpfResult::PermError)),
            result => Ok(result),
        }
    }

    /// One more term that asks DNS.
    fn count(&mut self) -> Result<(), Stop> {
        self.lookups += 1;
        if self.lookups > self.rules.lookups { Err(Stop(SpfResult::PermError)) } else { Ok(()) }
    }

    /// Counts an empty answer.
    fn void<T>(&mut self, found: Vec<T>) -> Result<Vec<T>, Stop> {
        if found.is_empty() {
            self.voids += 1;
            if self.rules.voids.is_some_and(|limit| self.voids > limit) {
                return Err(Stop(SpfResult::PermError));
            }
        }
        Ok(found)
    }

    fn context<'c>(&'c self, domain: &'c str, validated: Option<&'c str>) -> Context<'c> {
        Context {
            sender: self.client.sender,
            domain,
            ip: self.client.ip,
            helo: self.client.helo,
            receiver: self.client.receiver,
            time: self.client.time,
            validated,
        }
    }

    /// The domain a term is about; macros expanded (§4.8).
    fn target(&mut self, spec: Option<&String>, domain: &str) -> Result<String, Stop> {
        let Some(spec) = spec else { return Ok(domain.to_owned()) };
        let validated =
            if spec.to_ascii_lowercase().contains("%{p") { self.validated_name(domain) } else { None };
        let expanded = expand(spec, &self.context(domain, validated.as_deref()), false)
            .ok_or(Stop(SpfResult::PermError))?;
        let mut name = expanded.strip_suffix('.').unwrap_or(&expanded);
        // §7.3: too long a name loses labels from the left.
        while name.len() > 253 {
            let Some((_, rest)) = name.split_once('.') else { break };
            name = rest;
        }
        Ok(name.to_owned())
    }

    fn addresses(&self, name: &str) -> Found<IpAddr> {
        self.resolver.addresses(name, self.client.ip.is_ipv6())
    }

    fn matches(&mut self, mechanism: &Mechanism, domain: &str, depth: usize) -> Result<bool, Stop> {
        let ip = self.client.ip;
        match mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Ip4(network, bits) => Ok(same_network(ip, IpAddr::V4(*network), *bits, 128)),
            Mechanism::Ip6(network, bits) => Ok(match (ip, network.to_ipv4_mapped()) {
                // The client's address is in its shortest family; the network may be a mapped one.
                (IpAddr::V4(a), Some(_)) => same_v6(a.to_ipv6_mapped(), *network, *bits),
                (IpAddr::V6(a), _) => same_v6(a, *network, *bits),
                _ => false,
            }),
            Mechanism::A { domain: spec, v4, v6 } => {
                self.count()?;
                let name = self.target(spec.as_ref(), domain)?;
                let found = self.look(&name)?;
                Ok(found.iter().any(|a| same_network(ip, *a, v4.unwrap_or(32), v6.unwrap_or(128))))
            }
            Mechanism::Mx { domain: spec, v4, v6 } => {
                self.count()?;
                let name = self.target(spec.as_ref(), domain)?;
                let mut hosts = if sound(&name) { self.resolver.mx(&name)? } else { Vec::new() };
                hosts = self.void(hosts)?;
                hosts.sort_by_key(|(preference, _)| *preference);
                for (n, (_, host)) in hosts.iter().enumerate() {
                    // §4.6.4: more than ten address records of one MX set end the evaluation.
                    if n >= 10 {
                        return Err(Stop(SpfResult::PermError));
                    }
                    let found = self.addresses(host)?;
                    if found.iter().any(|a| same_network(ip, *a, v4.unwrap_or(32), v6.unwrap_or(128))) {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Mechanism::Ptr(spec) => {
                self.count()?;
                let name = self.target(spec.as_ref(), domain)?.to_ascii_lowercase();
                // §5.5: trouble means no match.
                let Ok(names) = self.resolver.ptr(ip) else { return Ok(false) };
                let names = self.void(names)?;
                Ok(names.iter().take(10).any(|n| {
                    let n = n.strip_suffix('.').unwrap_or(n).to_ascii_lowercase();
                    within(&n, &name) && self.addresses(&n).is_ok_and(|found| found.contains(&ip))
                }))
            }
            Mechanism::Exists(spec) => {
                self.count()?;
                let name = self.target(Some(spec), domain)?;
                let mut found =
                    if sound(&name) { self.resolver.addresses(&name, false)? } else { Vec::new() };
                if found.is_empty() && self.rules.exists_v6 && sound(&name) {
                    found = self.resolver.addresses(&name, true)?;
                }
                Ok(!self.void(found)?.is_empty())
            }
            Mechanism::Include(spec) => {
                self.count()?;
                let name = self.target(Some(spec), domain)?;
                // §5.2
                match self.try_host(&name, depth + 1, None)? {
                    SpfResult::Pass => Ok(true),
                    SpfResult::Fail | SpfResult::SoftFail | SpfResult::Neutral => Ok(false),
                    SpfResult::TempError => Err(Stop(SpfResult::TempError)),
                    SpfResult::PermError | SpfResult::None => Err(Stop(SpfResult::PermError)),
                }
            }
        }
    }

    fn look(&mut self, name: &str) -> Result<Vec<IpAddr>, Stop> {
        let found = if sound(name) { self.addresses(name)? } else { Vec::new() };
        self.void(found)
    }

    /// `%{p}` (§7.3): the validated name that is the domain, lies below it, or any.
    fn validated_name(&self, domain: &str) -> Option<String> {
        let names = self.resolver.ptr(self.client.ip).ok()?;
        let valid: Vec<String> = names
            .iter()
            .take(10)
            .map(|n| n.strip_suffix('.').unwrap_or(n).to_ascii_lowercase())
            .filter(|n| self.addresses(n).is_ok_and(|found| found.contains(&self.client.ip)))
            .collect();
        let domain = domain.to_ascii_lowercase();
        valid
            .iter()
            .find(|n| **n == domain)
            .or_else(|| valid.iter().find(|n| within(n, &domain)))
            .or_else(|| valid.first())
            .cloned()
    }

    /// §6.2; any trouble means no explanation.
    fn explanation(&mut self, spf: &Spf, domain: &str) -> Option<String> {
        let name = self.target(Some(spf.exp.as_ref()?), domain).ok()?;
        let texts = self.resolver.txt(&name).ok()?;
        let [text] = texts.as_slice() else { return None };
        let validated = self.validated_name(domain).filter(|_| text.contains("%{p") || text.contains("%{P"));
        expand(text, &self.context(domain, validated.as_deref()), true).filter(|t| t.is_ascii())
    }
}

/// Whether `name` is `domain` or lies below it; both in lower case.
fn within(name: &str, domain: &str) -> bool {
    name == domain || name.strip_suffix(domain).is_some_and(|head| head.ends_with('.'))
}
