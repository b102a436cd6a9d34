//! Following the chain of trust through stored answers (RFC 4035 §5).

use std::collections::BTreeMap;

use super::ABSENT_LABEL;
use super::crypto::{DsRecord, KeyRecord, Signature, algorithm_name, checkable, digest_name};
use super::denial::{Denial, Method, Proofs};
use super::proof::{Assessment, Followed, Held, Link, Proof};
use super::state::{Bogus, Insecure, Reason, State, Unknown};
use super::types::{CNAME, DNAME, DNSKEY, DS, MX, NSEC, NSEC3, RRSIG, SOA};
use super::wire::{self, Name, RawMessage, RawRecord};
use crate::dns::rtype_name;
use crate::evidence::{DnsExchange, Dnssec};

/// Keys tried for one signature: tags may collide, but not many times (KeyTrap, CVE-2023-50387).
const MAX_KEYS_TRIED: usize = 4;
/// Signatures tried for one record set.
const MAX_SIGNATURES_TRIED: usize = 8;
/// Aliases followed to one record set.
const MAX_ALIASES: usize = 8;

/// A zone with keys that can be trusted.
#[derive(Debug, Clone)]
struct Zone {
    name: Name,
    keys: Vec<KeyRecord>,
}

/// Where a walk ended.
struct Walk {
    zone: Name,
    state: Result<Zone, State>,
    links: Vec<Link>,
    /// DNSKEY signatures of the last zone.
    held: Vec<Held>,
}

/// Stored answers, anchors and the moment.
pub struct Chain {
    answers: BTreeMap<(Name, u16), Result<RawMessage, String>>,
    anchors: Vec<(Name, DsRecord)>,
    now: i64,
}

fn what(name: &Name, rtype: u16) -> String {
    format!("{name} {}", rtype_name(rtype))
}

fn bogus(zone: &Name, name: &Name, rtype: u16, reason: Reason) -> State {
    State::Bogus(Bogus { zone: zone.to_string(), what: what(name, rtype), reason })
}

/// A 32-bit time as the moment nearest to `now` (RFC 4034 §3.1.5, RFC 1982).
fn moment(time: u32, now: i64) -> i64 {
    let low = u32::try_from(now.rem_euclid(1 << 32)).unwrap_or(0);
    now + i64::from(time.wrapping_sub(low).cast_signed())
}

impl Chain {
    /// Over the exchanges of one evidence record.
    pub fn new(exchanges: &[DnsExchange], anchors: &[String], now: i64) -> Self {
        let mut answers: BTreeMap<(Name, u16), Result<RawMessage, String>> = BTreeMap::new();
        for exchange in exchanges {
            let Some(name) = Name::parse(&exchange.name) else { continue };
            let rtype = super::rtype_number(&exchange.rtype);
            let answer = match &exchange.answer {
                Err(failure) => Err(failure.to_string()),
                Ok(blob) => match wire::read(&blob.0) {
                    Some(m) if m.truncated => Err("TC".to_owned()),
                    Some(m) if !matches!(m.rcode, 0 | 3) => Err(crate::dns::rcode_name(m.rcode)),
                    Some(m) => Ok(m),
                    None => Err("malformed".to_owned()),
                },
            };
            let place = answers.entry((name, rtype)).or_insert_with(|| Err(String::new()));
            // A later good answer replaces an earlier failure, never the reverse.
            if place.is_err() {
                *place = answer;
            }
        }
        let anchors = anchors.iter().filter_map(|line| DsRecord::parse(line)).collect();
        Self { answers, anchors, now }
    }

    fn answer(&self, name: &Name, rtype: u16) -> Result<&RawMessage, State> {
        let unknown = |failure: &str| {
            State::Indeterminate(Unknown::NoAnswer { what: what(name, rtype), failure: failure.to_owned() })
        };
        match self.answers.get(&(name.clone(), rtype)) {
            None => Err(unknown("")),
            Some(Err(failure)) => Err(unknown(failure)),
            Some(Ok(message)) => Ok(message),
        }
    }

    /// Checks one record set with the keys of a zone. Gives the longest-lived signature that holds,
    /// and the labels of the wildcard it was expanded from.
    fn check(
        &self,
        zone: &Zone,
        message: &RawMessage,
        owner: &Name,
        rtype: u16,
        records: &[&RawRecord],
    ) -> Result<(Held, Option<usize>), Reason> {
        let mut best: Option<(Held, Option<usize>)> = None;
        let mut worst = Reason::Unsigned;
        let mut note = |reason: Reason| {
            if reason.weight() > worst.weight() {
                worst = reason;
            }
        };
        let signatures = message
            .records()
            .filter(|r| r.name == *owner && r.rtype == RRSIG)
            .filter_map(Signature::read)
            .filter(|s| s.covered == rtype)
            .take(MAX_SIGNATURES_TRIED);
        for s in signatures {
            if s.signer != zone.name {
                note(Reason::WrongSigner(s.signer.to_string()));
                continue;
            }
            let labels = owner.labels().len();
            let signed = usize::from(s.labels);
            let star = owner.labels().first().is_some_and(|l| l == b"*");
            if signed > labels - usize::from(star) {
                note(Reason::Malformed);
                continue;
            }
            let wildcard = (signed < labels - usize::from(star)).then_some(signed);
            let expanded = wildcard.map(|n| owner.tail(n).child(b"*"));
            let (expires, begins) = (moment(s.expiration, self.now), moment(s.inception, self.now));
            if expires < self.now {
                note(Reason::Expired(expires));
                continue;
            }
            if begins > self.now {
                note(Reason::NotYetValid(begins));
                continue;
            }
            if !checkable(s.algorithm) {
                note(Reason::UnknownAlgorithm(s.algorithm));
                continue;
            }
            let keys =
                zone.keys.iter().filter(|k| k.usable() && k.tag == s.tag && k.algorithm == s.algorithm);
            let mut any = false;
            for key in keys.take(MAX_KEYS_TRIED) {
                any = true;
                if let Err(reason) = s.check(expanded.as_ref().unwrap_or(owner), records, key) {
                    note(reason);
                    continue;
                }
                let held = Held { what: what(owner, rtype), algorithm: s.algorithm, expires };
                if best.as_ref().is_none_or(|(b, _)| b.expires < expires) {
                    best = Some((held, wildcard));
                }
                break;
            }
            if !any {
                note(Reason::NoMatchingKey(s.tag));
            }
        }
        best.ok_or(worst)
    }

    /// The NSEC and NSEC3 records of an answer that hold. `Err` when one does not.
    fn proofs(&self, zone: &Zone, message: &RawMessage) -> Result<(Proofs, Vec<Held>), Reason> {
        let (mut good, mut held) = (Vec::new(), Vec::new());
        let mut trouble = None;
        let mut seen: Vec<(&Name, u16)> = Vec::new();
        for r in message.authorities.iter().filter(|r| matches!(r.rtype, NSEC | NSEC3)) {
            if seen.contains(&(&r.name, r.rtype)) {
                continue;
            }
            seen.push((&r.name, r.rtype));
            let set: Vec<&RawRecord> =
                message.authorities.iter().filter(|o| o.name == r.name && o.rtype == r.rtype).collect();
            match self.check(zone, message, &r.name, r.rtype, &set) {
                // An NSEC expanded from a wildcard proves nothing at its owner.
                Ok((h, None)) => {
                    held.push(h);
                    good.extend(set);
                }
                Ok((_, Some(_))) => {}
                Err(reason) => trouble = Some(reason),
            }
        }
        match trouble {
            Some(reason) if good.is_empty() => Err(reason),
            _ => Ok((Proofs::read(&zone.name, good), held)),
        }
    }

    /// Trusted keys of a zone whose DS records are trusted.
    fn enter(&self, name: &Name, ds: &[DsRecord]) -> Result<(Zone, Vec<Held>), State> {
        let message = self.answer(name, DNSKEY)?;
        let records = message.rrset(name, DNSKEY);
        if records.is_empty() {
            return Err(bogus(name, name, DNSKEY, Reason::NoKeys));
        }
        let keys: Vec<KeyRecord> = records.iter().filter_map(|r| KeyRecord::read(r)).collect();
        // RFC 4509 §3: with a better digest at hand SHA-1 is not looked at.
        let better = ds.iter().any(|d| d.usable() && d.digest_type != 1);
        let entry: Vec<KeyRecord> = keys
            .iter()
            .filter(|k| {
                k.usable()
                    && ds.iter().any(|d| d.usable() && (d.digest_type != 1 || !better) && d.fits(name, k))
            })
            .cloned()
            .collect();
        if entry.is_empty() {
            return Err(bogus(name, name, DNSKEY, Reason::DigestMismatch));
        }
        let by_entry = Zone { name: name.clone(), keys: entry };
        match self.check(&by_entry, message, name, DNSKEY, &records) {
            Ok((held, _)) => Ok((Zone { name: name.clone(), keys }, vec![held])),
            Err(Reason::Unsigned) if !message.records().any(|r| r.rtype == RRSIG) && self.stripped() => {
                Err(State::Indeterminate(Unknown::ResolverStrips { what: what(name, DNSKEY) }))
            }
            Err(reason) => Err(bogus(name, name, DNSKEY, reason)),
        }
    }

    /// Not one answer has a signature: the resolver does not pass them on.
    fn stripped(&self) -> bool {
        self.answers.values().flatten().all(|m| m.records().all(|r| r.rtype != RRSIG))
    }

    /// Follows the chain from the nearest anchor down to the zone that `name` belongs to.
    fn walk(&self, name: &Name) -> Walk {
        let top = self
            .anchors
            .iter()
            .map(|(zone, _)| zone)
            .filter(|zone| name.within(zone))
            .max_by_key(|zone| zone.labels().len());
        let Some(top) = top.cloned() else {
            let state = Err(State::Indeterminate(Unknown::NoAnchor));
            return Walk { zone: name.clone(), state, links: Vec::new(), held: Vec::new() };
        };
        let mut walk = Walk {
            zone: top.clone(),
            state: Err(State::Indeterminate(Unknown::NoAnchor)),
            links: Vec::new(),
            held: Vec::new(),
        };
        let anchors: Vec<DsRecord> =
            self.anchors.iter().filter(|(zone, _)| *zone == top).map(|(_, ds)| ds.clone()).collect();
        let mut zone = match self.step(&top, &anchors, &mut walk) {
            Ok(zone) => zone,
            Err(State::Bogus(b)) if top.labels().is_empty() && b.reason == Reason::NoKeys => {
                // A root without keys is a private root or a resolver that strips them.
                walk.state = Err(State::Indeterminate(Unknown::ResolverStrips { what: what(&top, DNSKEY) }));
                return walk;
            }
            Err(state) => {
                walk.state = Err(state);
                return walk;
            }
        };
        for below in name.path_below(&top) {
            match self.delegation(&zone, &below) {
                Ok(None) => {}
                Ok(Some(ds)) => {
                    walk.zone = below.clone();
                    match self.step(&below, &ds, &mut walk) {
                        Ok(entered) => zone = entered,
                        Err(state) => {
                            walk.state = Err(state);
                            return walk;
                        }
                    }
                }
                Err(state) => {
                    if !matches!(state, State::Indeterminate(_)) {
                        walk.zone = below;
                    }
                    walk.state = Err(state);
                    return walk;
                }
            }
        }
        walk.state = Ok(zone);
        walk
    }

    fn step(&self, name: &Name, ds: &[DsRecord], walk: &mut Walk) -> Result<Zone, State> {
        let keys = self
            .answer(name, DNSKEY)
            .map(|m| m.rrset(name, DNSKEY).into_iter().filter_map(KeyRecord::read).collect())
            .unwrap_or_default();
        walk.links.push(Link { zone: name.to_string(), ds: ds.to_vec(), keys });
        let (zone, held) = self.enter(name, ds)?;
        walk.held = held;
        Ok(zone)
    }

    /// The trusted DS records of a name, `None` when the zone goes on below it.
    fn delegation(&self, zone: &Zone, name: &Name) -> Result<Option<Vec<DsRecord>>, State> {
        let message = self.answer(name, DS)?;
        let records = message.rrset(name, DS);
        if records.is_empty() {
            return self.no_ds(zone, name, message);
        }
        self.check(zone, message, name, DS, &records)
            .map_err(|reason| bogus(&zone.name, name, DS, reason))?;
        let ds: Vec<DsRecord> = records.iter().filter_map(|r| DsRecord::read(&r.data)).collect();
        if ds.iter().any(DsRecord::usable) {
            return Ok(Some(ds));
        }
        let mut kinds: Vec<String> = ds
            .iter()
            .map(|d| format!("{} / {}", algorithm_name(d.algorithm), digest_name(d.digest_type)))
            .collect();
        kinds.sort();
        kinds.dedup();
        let (zone, kinds) = (name.to_string(), kinds.join(", "));
        // ED448 is in use and good; that we cannot check it is our trouble.
        if ds.iter().any(|d| d.algorithm == 16 && matches!(d.digest_type, 1 | 2 | 4)) {
            return Err(State::Indeterminate(Unknown::OurLimit { zone, kinds }));
        }
        Err(State::Insecure(Insecure::UnusableDs { zone, kinds }))
    }

    fn no_ds(&self, zone: &Zone, name: &Name, message: &RawMessage) -> Result<Option<Vec<DsRecord>>, State> {
        let alias = message.rrset(name, CNAME);
        if !alias.is_empty() {
            // An alias is no zone cut (RFC 1034 §3.6.2).
            return match self.check(zone, message, name, CNAME, &alias) {
                Ok(_) => Ok(None),
                Err(reason) => Err(bogus(&zone.name, name, CNAME, reason)),
            };
        }
        // A resolver that asked the child sends the child's own proof.
        let by_child = message
            .authorities
            .iter()
            .filter(|r| r.rtype == RRSIG)
            .filter_map(Signature::read)
            .any(|s| s.signer == *name);
        if by_child {
            return Err(State::Indeterminate(Unknown::ResolverConfused { what: what(name, DS) }));
        }
        let (proofs, _) = self.proofs(zone, message).map_err(|reason| bogus(&zone.name, name, DS, reason))?;
        let at = || name.to_string();
        match proofs.ds_absent(name) {
            Denial::NoDelegation => Ok(None),
            Denial::InsecureDelegation => Err(State::Insecure(Insecure::NoDs { zone: at() })),
            Denial::TooManyIterations(count) => {
                Err(State::Insecure(Insecure::Iterations { zone: at(), count }))
            }
            Denial::ChildSide => {
                Err(State::Indeterminate(Unknown::ResolverConfused { what: what(name, DS) }))
            }
            Denial::Unproven => Err(bogus(&zone.name, name, DS, Reason::NoDenial)),
        }
    }

    /// The record set a question brought, as far as it is proven.
    pub fn records(&self, name: &str, rtype: u16) -> Proof {
        match Name::parse(name) {
            Some(name) => self.proven(&name, rtype, &name, rtype),
            None => Proof::NotSecure(State::Indeterminate(Unknown::NoAnchor)),
        }
    }

    /// The record set at the end of a chain of aliases. Secure only when each alias is, too (RFC
    /// 7671 §7): the question must have been asked at every name on the way.
    pub fn follow(&self, name: &str, rtype: u16) -> Followed {
        let Some(mut at) = Name::parse(name) else {
            return Followed { names: vec![name.to_owned()], proof: self.records(name, rtype) };
        };
        let mut names = vec![at.to_string()];
        let proof = loop {
            let found = self.proven(&at, rtype, &at, rtype);
            if found != Proof::Absent {
                break found;
            }
            match self.alias(&at, rtype) {
                Ok(None) => break Proof::Absent,
                Err(state) => break Proof::NotSecure(state),
                Ok(Some(target)) if names.len() <= MAX_ALIASES && !names.contains(&target.to_string()) => {
                    names.push(target.to_string());
                    at = target;
                }
                Ok(Some(_)) => {
                    let failure = format!("CNAME > {MAX_ALIASES}");
                    let what = what(&at, CNAME);
                    break Proof::NotSecure(State::Indeterminate(Unknown::NoAnswer { what, failure }));
                }
            }
        };
        Followed { names, proof }
    }

    /// Where TLSA records of a host may be, the best place first: the end of its alias chain when
    /// all of it is secure, then the host itself (RFC 7671 §7, RFC 7672 §2.2.3).
    pub fn tlsa_bases(&self, host: &str) -> Vec<String> {
        let own = vec![host.to_owned()];
        let Some(mut at) = Name::parse(host) else { return own };
        for passed in 0..=MAX_ALIASES {
            match self.alias(&at, CNAME) {
                Ok(Some(target)) => at = target,
                Ok(None) if passed > 0 => return vec![at.to_string(), host.to_owned()],
                // A chain that is not secure all along does not lead away from the host.
                Ok(None) | Err(_) => break,
            }
        }
        own
    }

    /// The target of an alias that the answer to a question shows at `name`, itself proven. An
    /// alias made from a DNAME has no signature of its own; that of the DNAME counts (RFC 6672
    /// §5.3.1).
    fn alias(&self, name: &Name, asked: u16) -> Result<Option<Name>, State> {
        let message = self.answer(name, asked)?;
        let above =
            message.answers.iter().find(|r| r.rtype == DNAME && r.name != *name && name.within(&r.name));
        let (owner, rtype) = above.map_or((name, CNAME), |r| (&r.name, DNAME));
        match self.proven(name, asked, owner, rtype) {
            Proof::Absent => Ok(None),
            Proof::NotSecure(state) => Err(state),
            Proof::Secure(records) => {
                let target = records.first().and_then(|r| Name::read(&r.data));
                Ok(target.and_then(|t| if rtype == DNAME { name.moved(owner, &t) } else { Some(t) }))
            }
        }
    }

    /// One record set of the answer to the question for `asked` at `name`.
    fn proven(&self, name: &Name, asked: u16, owner: &Name, rtype: u16) -> Proof {
        let message = match self.answer(name, asked) {
            Ok(message) => message,
            Err(state) => return Proof::NotSecure(state),
        };
        let records = message.rrset(owner, rtype);
        if records.is_empty() {
            return Proof::Absent;
        }
        let signer = message
            .answers
            .iter()
            .filter(|r| r.name == *owner && r.rtype == RRSIG)
            .filter_map(Signature::read)
            .find(|s| s.covered == rtype && owner.within(&s.signer))
            .map(|s| s.signer);
        let at = signer.unwrap_or_else(|| self.asked_above(owner));
        match self.walk(&at).state {
            Err(state) => Proof::NotSecure(state),
            Ok(zone) => match self.check(&zone, message, owner, rtype, &records) {
                Err(reason) => Proof::NotSecure(bogus(&zone.name, owner, rtype, reason)),
                Ok((_, Some(labels))) if !self.wildcard(&zone, message, owner, labels) => {
                    Proof::NotSecure(bogus(&zone.name, owner, rtype, Reason::NoDenial))
                }
                Ok(_) => Proof::Secure(records.into_iter().cloned().collect()),
            },
        }
    }

    fn wildcard(&self, zone: &Zone, message: &RawMessage, name: &Name, labels: usize) -> bool {
        self.proofs(zone, message).is_ok_and(|(p, _)| p.wildcard_allowed(name, labels))
    }

    /// The nearest name at or above that was asked for its DS.
    fn asked_above(&self, name: &Name) -> Name {
        let mut at = name.clone();
        while !self.answers.contains_key(&(at.clone(), DS)) {
            match at.parent() {
                Some(parent) => at = parent,
                None => break,
            }
        }
        at
    }

    /// SOA and proof of absence of the last zone of a walk.
    fn own_data(&self, asked: &Name, zone: &Zone) -> Result<(Vec<Held>, Option<Method>), State> {
        let mut held = Vec::new();
        let message = self.answer(asked, SOA)?;
        let soa: Vec<&RawRecord> =
            message.records().filter(|r| r.rtype == SOA && r.name == zone.name).collect();
        if !soa.is_empty() {
            let checked = self.check(zone, message, &zone.name, SOA, &soa);
            held.push(checked.map_err(|reason| bogus(&zone.name, &zone.name, SOA, reason))?.0);
        }
        let absent = zone.name.child(ABSENT_LABEL.as_bytes());
        let Some(Ok(message)) = self.answers.get(&(absent.clone(), super::types::A)) else {
            return Ok((held, None));
        };
        let records = message.rrset(&absent, super::types::A);
        if !records.is_empty() {
            // A wildcard answered.
            let reason = match self.check(zone, message, &absent, super::types::A, &records) {
                Err(reason) => reason,
                Ok((_, Some(labels))) if !self.wildcard(zone, message, &absent, labels) => Reason::NoDenial,
                Ok((h, _)) => {
                    held.push(h);
                    return Ok((held, None));
                }
            };
            return Err(bogus(&zone.name, &absent, super::types::A, reason));
        }
        if message.answers.iter().any(|r| r.name == absent) {
            // A wildcard alias; its target may lie elsewhere.
            return Ok((held, None));
        }
        let (proofs, more) =
            self.proofs(zone, message).map_err(|reason| bogus(&zone.name, &absent, NSEC, reason))?;
        let proven = if message.rcode == 3 {
            proofs.name_absent(&absent)
        } else {
            proofs.type_absent(&absent, super::types::A)
        };
        if !proven {
            return Err(bogus(&zone.name, &absent, NSEC, Reason::NoDenial));
        }
        held.extend(more);
        Ok((held, proofs.method()))
    }
}

/// Whether mail to the name may rely on DANE: its MX set must be secure (RFC 7672 §2.2.1).
impl Chain {
    /// The MX record set of a domain.
    pub fn mail_hosts(&self, domain: &str) -> Proof {
        self.records(domain, MX)
    }
}

/// What the stored answers prove about a zone at a moment (unix seconds).
pub fn assess(evidence: &Dnssec, now: i64) -> Assessment {
    let chain = Chain::new(&evidence.exchanges, &evidence.anchors, now);
    let Some(name) = Name::parse(&evidence.zone) else {
        return Assessment {
            zone: evidence.zone.clone(),
            state: State::Indeterminate(Unknown::NoAnchor),
            links: Vec::new(),
            signatures: Vec::new(),
            denial: None,
            has_keys: false,
        };
    };
    let walk = chain.walk(&name);
    let has_keys = chain.answer(&name, DNSKEY).is_ok_and(|m| !m.rrset(&name, DNSKEY).is_empty());
    let mut signatures = walk.held;
    let mut denial = None;
    let state = match walk.state {
        Err(state) => state,
        Ok(zone) => match chain.own_data(&name, &zone) {
            Err(state) => state,
            Ok((held, method)) => {
                signatures.extend(held);
                denial = method;
                State::Secure
            }
        },
    };
    Assessment { zone: walk.zone.to_string(), state, links: walk.links, signatures, denial, has_keys }
}
