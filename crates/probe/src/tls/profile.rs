//! The planner of a TLS profile: given the answers so far, which ClientHello next. And the reader of a
//! finished profile. Both look at the same probes, so a profile says of itself what was not asked.
//!
//! A server picks one suite from a list, so a list of accepted suites is found by offering what is left
//! again and again. Suites are offered by class ([`Part`]): one refusal clears the whole class, and even a
//! small budget tells whether anything weak is accepted at all.
//!
//! ```
//! use bulwark_model::Intensity;
//! use bulwark_probe::tls::profile::{Budget, State, Step, next};
//! let state = State { probes: &[], session: false };
//! let Some(Step::Hello(first)) = next(&state, Budget::of(Intensity::Low)) else { panic!() };
//! assert_eq!(first.version.name(), "TLS 1.3");
//! ```

use std::collections::BTreeSet;

use bulwark_model::Intensity;

use super::{
    Class, FALLBACK_SCSV, Flight, GROUPS_12, GROUPS_13, HYBRIDS, Offer, Part, STRONG_SIGNATURES, Version,
    WEAK_SIGNATURES, cipher_class, cipher_name, parse_flight, part, suites_of, usable,
};
use crate::evidence::{TlsAnswer, TlsProbe};

/// Alert protocol_version (RFC 8446 §6): the version is not spoken at all.
const PROTOCOL_VERSION: u8 = 70;
/// Alert inappropriate_fallback (RFC 7507 §3).
const INAPPROPRIATE_FALLBACK: u8 = 86;
/// Failures in a row after which a target is left alone.
const FAILURES_IN_A_ROW: usize = 3;

/// How many handshakes a profile may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// No more than this, whatever is still open.
    pub all: u32,
    /// Beyond this, only the enumeration of suites goes on.
    pub optional: u32,
}

impl Budget {
    /// The budget of an intensity. The pacer of `low` starts a ClientHello every two minutes, so twelve
    /// of them take 24 minutes.
    pub const fn of(intensity: Intensity) -> Self {
        match intensity {
            Intensity::Lab => Self { all: 90, optional: 60 },
            Intensity::Normal => Self { all: 30, optional: 30 },
            Intensity::Low => Self { all: 12, optional: 12 },
        }
    }
}

/// What was asked so far.
#[derive(Debug, Clone, Copy)]
pub struct State<'a> {
    /// ClientHellos and their answers.
    pub probes: &'a [TlsProbe],
    /// Whether the complete handshake was tried.
    pub session: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this ClientHello and read the first flight.
    Hello(Offer),
    /// Shake hands to the end, for session tickets and the certificates of TLS 1.3.
    Session,
}

/// What comes next; `None` when everything is known or the budget is used up.
pub fn next(state: &State<'_>, budget: Budget) -> Option<Step> {
    let view = View(state.probes);
    let used = u32::try_from(state.probes.len()).unwrap_or(u32::MAX).saturating_add(u32::from(state.session));
    if used >= budget.all || view.hopeless() {
        return None;
    }
    let hello = |offer: Option<Offer>| offer.filter(|o| !view.asked(o)).map(Step::Hello);
    let first = |version, part| hello(view.first(version, part));
    first(Version::Tls13, Part::Modern)
        .or_else(|| hello(view.with_share()))
        .or_else(|| first(Version::Tls12, Part::Modern))
        .or_else(|| first(Version::Tls12, Part::Weak))
        .or_else(|| first(Version::Tls12, Part::DheAgeing))
        .or_else(|| first(Version::Tls12, Part::EcdheAgeing))
        .or_else(|| hello(view.hybrids()))
        .or_else(|| hello(view.weak_signatures()))
        .or_else(|| hello(view.compression()))
        .or_else(|| (!state.session && view.supports(Version::Tls13)).then_some(Step::Session))
        .or_else(|| hello(view.order(false)))
        .or_else(|| hello(view.order(true)))
        .or_else(|| {
            [Version::Tls11, Version::Tls10, Version::Ssl3].into_iter().find_map(|v| hello(view.old(v)))
        })
        .or_else(|| hello(view.fallback()))
        .or_else(|| (used < budget.optional).then(|| hello(view.several())).flatten())
        .or_else(|| hello(view.rest(&[Version::Tls13])))
        .or_else(|| (used < budget.optional).then(|| hello(view.groups_13())).flatten())
        .or_else(|| hello(view.rest(&[Version::Tls12, Version::Tls11, Version::Tls10, Version::Ssl3])))
        .or_else(|| (used < budget.optional).then(|| hello(view.optional())).flatten())
}

/// A reading of the probes of one profile.
#[derive(Debug, Clone, Copy)]
pub struct View<'a>(pub &'a [TlsProbe]);

impl<'a> View<'a> {
    fn of(&self, version: Version) -> impl Iterator<Item = &'a TlsProbe> {
        self.0.iter().filter(move |p| p.version == version.wire())
    }

    /// Probes of one question.
    pub fn question(&self, question: &'a str) -> impl Iterator<Item = &'a TlsProbe> {
        self.0.iter().filter(move |p| p.question == question)
    }

    /// Suites accepted under a version, in the order found. The version of the ServerHello counts.
    pub fn accepted(&self, version: Version) -> Vec<u16> {
        let mut out = Vec::new();
        for (v, suite) in self.0.iter().filter_map(chosen) {
            if v == version.wire() && !out.contains(&suite) {
                out.push(suite);
            }
        }
        out
    }

    /// Whether the server agreed to a version.
    pub fn supports(&self, version: Version) -> bool {
        self.0.iter().filter_map(chosen).any(|(v, _)| v == version.wire())
    }

    /// The newest version the server agreed to.
    pub fn newest(&self) -> Option<Version> {
        Version::ALL.into_iter().rev().find(|v| self.supports(*v))
    }

    /// Whether the server refuses a version itself, not only what was offered with it.
    pub fn refuses(&self, version: Version) -> bool {
        !self.supports(version)
            && self.of(version).any(|p| match &p.answer {
                Ok(TlsAnswer::Alert { description, .. }) => {
                    *description == PROTOCOL_VERSION && p.question != "fallback"
                }
                Ok(TlsAnswer::Accepted { version: got, .. }) => *got != version.wire(),
                _ => false,
            })
    }

    /// Suites of a version that may still be accepted: never refused and never accepted. Failures of ours
    /// clear nothing. Empty when the server refuses the version.
    pub fn open(&self, version: Version) -> Vec<u16> {
        self.remaining(version, false)
    }

    /// As [`View::open`]; for the planner an offer that failed is not made again.
    fn remaining(&self, version: Version, failures_clear: bool) -> Vec<u16> {
        if self.refuses(version) {
            return Vec::new();
        }
        let mut gone: BTreeSet<u16> = self.accepted(version).into_iter().collect();
        for probe in self.of(version).filter(|p| p.question == "suite") {
            // Where a key share is wanted, a refusal without one says nothing about the suites.
            let telling = probe.key_share || version != Version::Tls13 || !self.needs_share();
            if (telling && refused(probe)) || (failures_clear && probe.answer.is_err()) {
                gone.extend(&probe.suites);
            }
        }
        Part::ALL.into_iter().flat_map(|p| suites_of(p, version)).filter(|s| !gone.contains(s)).collect()
    }

    /// The first flights of a version, read again.
    pub fn flights(&self, version: Version) -> impl Iterator<Item = (&'a TlsProbe, Flight)> {
        self.0.iter().filter_map(move |p| match &p.answer {
            Ok(TlsAnswer::Accepted { version: got, hello, .. }) if *got == version.wire() => {
                Some((p, parse_flight(&hello.0)))
            }
            _ => None,
        })
    }

    /// Groups the server chose: TLS 1.3 by its key share or HelloRetryRequest, else by its ServerKeyExchange.
    pub fn groups(&self, version: Version) -> Vec<u16> {
        let mut out = Vec::new();
        for (_, flight) in self.flights(version) {
            let named = match flight.hello {
                super::ServerFlight::Hello { group, .. } if version == Version::Tls13 => group,
                _ => flight.key_exchange.and_then(|k| k.group),
            };
            out.extend(named.filter(|g| !out.contains(g)));
        }
        out
    }

    /// Groups of a version that were neither chosen nor refused.
    pub fn open_groups(&self, version: Version) -> Vec<u16> {
        self.remaining_groups(version, false)
    }

    fn remaining_groups(&self, version: Version, failures_clear: bool) -> Vec<u16> {
        let all = if version == Version::Tls13 { GROUPS_13 } else { GROUPS_12 };
        let mut gone: BTreeSet<u16> = self.groups(version).into_iter().collect();
        for probe in self.of(version).filter(|p| p.question == "group") {
            // An ECDSA certificate needs its own curve among those offered (RFC 8422 §5.3), so only
            // a refusal with another kind of key tells something about the groups.
            let telling = version == Version::Tls13 || probe.suites.iter().any(|s| !ecdsa(*s));
            if (refused(probe) && telling) || (failures_clear && probe.answer.is_err()) {
                gone.extend(&probe.groups);
            }
            // With ECDSA alone its curve stands last in the offer: whatever came before it was passed over.
            if !telling && let Some(group) = picked_group(probe) {
                gone.extend(probe.groups.iter().take_while(|g| **g != group));
            }
        }
        all.iter().copied().filter(|g| !gone.contains(g)).collect()
    }

    /// Signature schemes the server used in TLS 1.2.
    pub fn signatures(&self) -> Vec<u16> {
        let mut out = Vec::new();
        for (_, flight) in self.flights(Version::Tls12) {
            let scheme = flight.key_exchange.and_then(|k| k.signature);
            out.extend(scheme.filter(|s| !out.contains(s)));
        }
        out
    }

    /// Three failures in a row, or a port that speaks something else.
    fn hopeless(&self) -> bool {
        let failures = self.0.iter().rev().take_while(|p| p.answer.is_err()).count();
        failures >= FAILURES_IN_A_ROW
            || self.0.iter().any(|p| matches!(p.answer, Ok(TlsAnswer::NotTls { .. })))
    }

    fn asked(&self, offer: &Offer) -> bool {
        self.0.iter().any(|p| {
            p.question == offer.question
                && p.version == offer.version.wire()
                && p.suites == offer.suites
                && p.groups == offer.groups
                && p.signatures == offer.signatures
                && p.key_share == offer.key_share
        })
    }

    // ---- offers ------------------------------------------------------------------------------

    fn offer(&self, question: &'static str, version: Version, suites: Vec<u16>) -> Option<Offer> {
        if suites.is_empty() {
            return None;
        }
        let new = version == Version::Tls13;
        // Old curves, too, since the key of a certificate may lie on one; no finite-field groups (RFC
        // 7919), so that a server shows the parameters it has for clients without them.
        let groups = if new { GROUPS_13.to_vec() } else { GROUPS_12.to_vec() };
        Some(Offer {
            question,
            version,
            suites,
            groups,
            signatures: STRONG_SIGNATURES.iter().chain(WEAK_SIGNATURES).copied().collect(),
            key_share: new && self.needs_share(),
            compression: false,
            staples: version == Version::Tls12,
        })
    }

    /// The first offer of a part, unless its suites were offered before.
    fn first(&self, version: Version, wanted: Part) -> Option<Offer> {
        let list = suites_of(wanted, version);
        let before = self.of(version).any(|p| list.first().is_some_and(|s| p.suites.contains(s)));
        if before || self.refuses(version) {
            return None;
        }
        self.offer("suite", version, list)
    }

    /// Some middleboxes want a key share: the first refusal of TLS 1.3 is tried again with one.
    fn with_share(&self) -> Option<Offer> {
        if self.supports(Version::Tls13)
            || self.refuses(Version::Tls13)
            || self.of(Version::Tls13).count() != 1
        {
            return None;
        }
        let mut offer = self.offer("suite", Version::Tls13, suites_of(Part::Modern, Version::Tls13))?;
        offer.key_share = true;
        Some(offer)
    }

    fn needs_share(&self) -> bool {
        self.of(Version::Tls13).any(|p| p.key_share && chosen(p).is_some())
    }

    /// An old version is asked for with everything usual at once.
    fn old(&self, version: Version) -> Option<Offer> {
        if self.refuses(version) || self.of(version).next().is_some() {
            return None;
        }
        self.offer("suite", version, usual(version))
    }

    fn hybrids(&self) -> Option<Offer> {
        let seen = self.groups(Version::Tls13).iter().any(|g| HYBRIDS.contains(g));
        if seen || self.needs_share() {
            return None;
        }
        let mut offer = self.offer("group", Version::Tls13, self.accepted(Version::Tls13))?;
        offer.groups = HYBRIDS.to_vec();
        Some(offer)
    }

    fn weak_signatures(&self) -> Option<Offer> {
        let signed = self.accepted(Version::Tls12).into_iter().filter(|s| signed(*s)).collect();
        let mut offer = self.offer("signature", Version::Tls12, signed)?;
        // Offered once, with the suites known by then.
        if self.question("signature").any(|p| p.signatures == WEAK_SIGNATURES) {
            return None;
        }
        offer.signatures = WEAK_SIGNATURES.to_vec();
        Some(offer)
    }

    fn compression(&self) -> Option<Offer> {
        let version = self.newest_below_13()?;
        if self.question("compression").next().is_some() {
            return None;
        }
        let mut offer = self.offer("compression", version, self.accepted(version))?;
        offer.compression = true;
        Some(offer)
    }

    /// Two suites and more in two orders: best first, then the other way round. ChaCha20 is left out,
    /// since servers may follow the client for it alone.
    fn order(&self, reversed: bool) -> Option<Offer> {
        let version = self.newest_below_13()?;
        let mut list = match self.question("order").next() {
            Some(first) if reversed => first.suites.iter().rev().copied().collect(),
            None if !reversed => {
                let mut list = self.accepted(version);
                list.retain(|s| !chacha(*s));
                if list.len() < 2 {
                    list = suites_of(Part::Modern, version);
                    list.retain(|s| !chacha(*s));
                }
                list.sort_by_key(|s| (std::cmp::Reverse(cipher_class(*s)), *s));
                list
            }
            _ => return None,
        };
        list.dedup();
        if list.len() < 2 || (reversed && self.question("order").nth(1).is_some()) {
            return None;
        }
        self.offer("order", version, list)
    }

    fn newest_below_13(&self) -> Option<Version> {
        Version::ALL.into_iter().rev().filter(|v| *v < Version::Tls13).find(|v| self.supports(*v))
    }

    /// RFC 7507: a hello below the server's best, marked as a fallback. Needs two versions.
    fn fallback(&self) -> Option<Offer> {
        if self.question("fallback").next().is_some() {
            return None;
        }
        let newest = self.newest()?;
        let version = Version::ALL.into_iter().rev().find(|v| *v < newest && self.supports(*v))?;
        let mut suites = self.accepted(version);
        suites.push(FALLBACK_SCSV);
        self.offer("fallback", version, suites)
    }

    /// Suites, groups and signature schemes not seen yet, all at once: as long as the server finds
    /// something in each, one hello teaches three things. A refusal tells nothing and ends it.
    fn several(&self) -> Option<Offer> {
        let version = [Version::Tls13, Version::Tls12].into_iter().find(|v| {
            self.supports(*v)
                && self.question("any").filter(|p| p.version == v.wire()).all(|p| chosen(p).is_some())
        })?;
        let mut suites = self.remaining(version, true);
        if version == Version::Tls12 {
            suites.retain(|s| ec(*s));
        }
        let mut offer = self.offer("any", version, suites)?;
        offer.groups = self.remaining_groups(version, true);
        if version == Version::Tls12 {
            let seen = self.signatures();
            offer.signatures.retain(|s| !seen.contains(s) && !WEAK_SIGNATURES.contains(s));
        }
        let pointless = offer.groups.is_empty() || offer.signatures.is_empty() || offer.key_share;
        (!pointless).then_some(offer)
    }

    /// What is left of the suites, version by version and class by class.
    fn rest(&self, versions: &[Version]) -> Option<Offer> {
        for version in versions.iter().copied().filter(|v| self.supports(*v) || self.of(*v).next().is_some())
        {
            let left = self.remaining(version, true);
            if version == Version::Tls13 {
                if let Some(offer) = self.offer("suite", version, left.clone()).filter(|o| !self.asked(o)) {
                    return Some(offer);
                }
                continue;
            }
            let groups: &[&[Part]] = if version == Version::Tls12 {
                &[
                    &[Part::Weak],
                    &[Part::DheAgeing],
                    &[Part::EcdheAgeing],
                    &[Part::Modern],
                    &[Part::Rare],
                    &[Part::RareToo],
                ]
            } else {
                &[&USUAL, &[Part::Rare, Part::RareToo]]
            };
            for parts in groups {
                let list =
                    left.iter().copied().filter(|s| part(*s).is_some_and(|p| parts.contains(&p))).collect();
                if let Some(offer) = self.offer("suite", version, list).filter(|o| !self.asked(o)) {
                    return Some(offer);
                }
            }
        }
        None
    }

    fn group_offer(&self, version: Version, suites: Vec<u16>) -> Option<Offer> {
        let mut offer = self.offer("group", version, suites)?;
        offer.groups = self.remaining_groups(version, true);
        if offer.groups.is_empty() {
            return None;
        }
        if offer.suites.iter().all(|s| ecdsa(*s)) {
            offer.groups.extend(self.groups(version));
        }
        (!self.asked(&offer)).then_some(offer)
    }

    fn groups_13(&self) -> Option<Offer> {
        // With a key share only its own group can be chosen without a second hello.
        if self.needs_share() {
            return None;
        }
        self.group_offer(Version::Tls13, self.accepted(Version::Tls13))
    }

    /// Groups of TLS 1.2 and signature schemes.
    fn optional(&self) -> Option<Offer> {
        let fresh = |o: &Offer| !self.asked(o);
        let ecdhe: Vec<u16> = self.accepted(Version::Tls12).into_iter().filter(|s| ec(*s)).collect();
        let rsa: Vec<u16> = ecdhe.iter().copied().filter(|s| !ecdsa(*s)).collect();
        if let Some(offer) = self.group_offer(Version::Tls12, if rsa.is_empty() { ecdhe } else { rsa }) {
            return Some(offer);
        }
        let suites: Vec<u16> = self.accepted(Version::Tls12).into_iter().filter(|s| signed(*s)).collect();
        let seen = self.signatures();
        let mut offer = self.offer("signature", Version::Tls12, suites)?;
        offer.signatures = STRONG_SIGNATURES.iter().copied().filter(|s| !seen.contains(s)).collect();
        // A refusal of what is left ends it; else one of it was chosen and is left no more.
        Some(offer).filter(|o| {
            !o.signatures.is_empty()
                && fresh(o)
                && !self.question("signature").any(|p| refused(p) && p.signatures != WEAK_SIGNATURES)
        })
    }
}

/// The parts that real servers choose from.
const USUAL: [Part; 4] = [Part::Weak, Part::EcdheAgeing, Part::DheAgeing, Part::Modern];

fn usual(version: Version) -> Vec<u16> {
    // Best first: a server that follows the client then shows its best, and no old server chokes on a
    // list of export suites.
    let mut list: Vec<u16> = USUAL.into_iter().flat_map(|p| suites_of(p, version)).collect();
    list.sort_by_key(|s| (std::cmp::Reverse(cipher_class(*s)), super::broken(*s)));
    list
}

/// Version and suite of an answer that agrees.
fn chosen(probe: &TlsProbe) -> Option<(u16, u16)> {
    match &probe.answer {
        Ok(TlsAnswer::Accepted { version, cipher, .. }) => Some((*version, *cipher)),
        _ => None,
    }
}

/// The curve of a ServerKeyExchange.
fn picked_group(probe: &TlsProbe) -> Option<u16> {
    match &probe.answer {
        Ok(TlsAnswer::Accepted { hello, .. }) => parse_flight(&hello.0).key_exchange.and_then(|k| k.group),
        _ => None,
    }
}

/// A clear no.
fn refused(probe: &TlsProbe) -> bool {
    matches!(probe.answer, Ok(TlsAnswer::Alert { .. } | TlsAnswer::Closed))
}

fn named(suite: u16, word: &str) -> bool {
    cipher_name(suite).is_some_and(|n| n.starts_with(word))
}

fn ec(suite: u16) -> bool {
    named(suite, "TLS_ECDHE_RSA") || named(suite, "TLS_ECDHE_ECDSA")
}

fn ecdsa(suite: u16) -> bool {
    named(suite, "TLS_ECDHE_ECDSA")
}

fn chacha(suite: u16) -> bool {
    cipher_name(suite).is_some_and(|n| n.contains("CHACHA20"))
}

/// Suites whose ServerKeyExchange is signed.
fn signed(suite: u16) -> bool {
    ec(suite) || named(suite, "TLS_DHE_RSA") || named(suite, "TLS_DHE_DSS")
}

/// What a profile says about the server following its own order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The same suite both times, though the other was acceptable.
    Server {
        /// The suite it prefers.
        first: u16,
    },
    /// The client's first acceptable suite each time.
    Client,
    /// Only one suite of those offered is known to be acceptable.
    Single,
    /// Not asked, or no answer.
    Unknown,
}

impl View<'_> {
    /// Whose order counts.
    pub fn preference(&self) -> Order {
        let picks: Vec<(u16, u16)> = self.question("order").filter_map(chosen).collect();
        let Some(offered) = self.question("order").next().map(|p| &p.suites) else { return Order::Unknown };
        let [(version, a), (_, b)] = *picks.as_slice() else { return Order::Unknown };
        if a != b {
            return Order::Client;
        }
        let known = Version::from_wire(version).map(|v| self.accepted(v)).unwrap_or_default();
        if known.iter().filter(|s| offered.contains(s)).count() >= 2 {
            Order::Server { first: a }
        } else {
            Order::Single
        }
    }

    /// Whether a marked fallback was refused as it should be (RFC 7507 §3); `None` when not asked.
    pub fn fallback_refused(&self) -> Option<bool> {
        self.question("fallback").find_map(|p| match &p.answer {
            Ok(TlsAnswer::Alert { description, .. }) => Some(*description == INAPPROPRIATE_FALLBACK),
            Ok(TlsAnswer::Accepted { .. }) => Some(false),
            _ => None,
        })
    }

    /// Compression method chosen when DEFLATE was offered; `None` when not asked.
    pub fn compression_chosen(&self) -> Option<u8> {
        self.question("compression").find_map(|p| match &p.answer {
            Ok(TlsAnswer::Accepted { hello, .. }) => match parse_flight(&hello.0).hello {
                super::ServerFlight::Hello { compression, .. } => Some(compression),
                _ => None,
            },
            // A server may refuse the whole hello: no compression either.
            Ok(TlsAnswer::Alert { .. } | TlsAnswer::Closed) => Some(0),
            _ => None,
        })
    }

    /// The worst class among the suites accepted under a version.
    pub fn worst(&self, version: Version) -> Option<Class> {
        self.accepted(version).into_iter().map(cipher_class).min()
    }

    /// Whether a suite of this version may hide among those not asked for: usual ones only.
    pub fn open_usual(&self, version: Version) -> Vec<u16> {
        let mut open = self.open(version);
        open.retain(|s| usable(*s, version) && part(*s).is_some_and(|p| USUAL.contains(&p)));
        open
    }
}

#[cfg(test)]
mod tests;
