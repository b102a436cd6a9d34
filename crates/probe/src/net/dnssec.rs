//! The answers that DNSSEC needs: DS and DNSKEY of every name from the trust anchor down to the
//! zone, SOA and an absent name of the zone itself, and for its mail hosts the TLSA records, through
//! aliases too, with the chain that leads to them. Asked with DO and CD, so that a validating resolver hands over
//! what it would refuse.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::Net;
use super::name::{Flags, alias, canonical};
use crate::dns::{Data, Message};
use crate::dnssec::wire::Name;
use crate::dnssec::{ABSENT_LABEL, DsRecord};
use crate::evidence::{DnsExchange, Dnssec};
use crate::failure::{Code, Failure, Step};

/// Mail hosts whose TLSA records are asked for.
const MAX_MAIL_HOSTS: usize = 4;
/// Aliases followed from a mail host or a TLSA record.
const MAX_ALIASES: usize = 8;
/// Labels of a name followed.
const MAX_DEPTH: usize = 16;

/// Asks along the chain.
pub(super) async fn collect(net: &Arc<Net>, zone: &str) -> Result<Dnssec, Failure> {
    let zone = canonical(zone)?;
    let bad = || Failure::new(Step::Resolve, Code::BadName, zone.clone());
    if zone.parse::<IpAddr>().is_ok() {
        return Err(bad());
    }
    let name = Name::parse(&zone).filter(|n| n.labels().len() <= MAX_DEPTH).ok_or_else(bad)?;
    let anchors = net.settings.dnssec_anchors.clone();
    let tops: Vec<Name> =
        anchors.iter().filter_map(|line| DsRecord::parse(line)).map(|(name, _)| name).collect();
    let mut work = Work { net, tops, log: Vec::new(), asked: BTreeSet::new() };
    let path = work.chain(&name).await?;
    work.ask(&zone, "SOA").await;
    work.ask(&format!("{ABSENT_LABEL}.{zone}"), "A").await;
    let mail = work.ask(&zone, "MX").await.map(|m| mail_hosts(&m)).unwrap_or_default();
    for host in mail {
        // TLSA records of an alias are looked for where it leads, too (RFC 7672 §2.2.3).
        let end = work.follow(&host, "CNAME").await;
        for base in BTreeSet::from([host, end]) {
            work.follow(&format!("_25._tcp.{base}"), "TLSA").await;
        }
    }
    Ok(Dnssec { zone, path, exchanges: work.log, anchors })
}

struct Work<'a> {
    net: &'a Arc<Net>,
    tops: Vec<Name>,
    log: Vec<DnsExchange>,
    asked: BTreeSet<(String, &'static str)>,
}

impl Work<'_> {
    async fn ask(&mut self, name: &str, rtype: &'static str) -> Option<Message> {
        self.try_ask(name, rtype).await.ok().flatten()
    }

    /// `Ok(None)` when it was asked before.
    async fn try_ask(&mut self, name: &str, rtype: &'static str) -> Result<Option<Message>, Failure> {
        if !self.asked.insert((name.to_ascii_lowercase(), rtype)) {
            return Ok(None);
        }
        let flags = Flags { dnssec: true, recursion: false };
        let (message, _) = self.net.recursive_answer_with(name, rtype, flags, &mut self.log).await?;
        Ok(Some(message))
    }

    /// Asks a name and everything its aliases lead to, with the chain of each name that has records
    /// or is an alias; gives the name at the end.
    async fn follow(&mut self, name: &str, rtype: &'static str) -> String {
        let mut at = name.to_owned();
        for _ in 0..=MAX_ALIASES {
            let Some(message) = self.ask(&at, rtype).await.filter(|m| !m.answers.is_empty()) else { break };
            // Below a host nothing is delegated; what does not answer shows as missing when the chain is followed.
            let host = at.split('.').skip_while(|l| l.starts_with('_')).collect::<Vec<_>>().join(".");
            if let Some(host) = Name::parse(&host).filter(|n| n.labels().len() <= MAX_DEPTH) {
                let _ = self.chain(&host).await;
            }
            match alias(&message, &at) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// DNSKEY of the nearest anchor, then DS and DNSKEY of each name below. `Err` when the first
    /// question has no answer at all: nothing more can come.
    async fn chain(&mut self, name: &Name) -> Result<Vec<String>, Failure> {
        let top = self.tops.iter().filter(|t| name.within(t)).max_by_key(|t| t.labels().len());
        let top = top.cloned().unwrap_or_else(Name::root);
        let mut path = vec![top.to_string()];
        self.try_ask(&top.to_string(), "DNSKEY").await?;
        for below in name.path_below(&top) {
            let below = below.to_string();
            let ds = self.ask(&below, "DS").await;
            // A name that does not exist has no keys.
            if ds.is_none_or(|m| m.rcode == 0) {
                self.ask(&below, "DNSKEY").await;
            }
            path.push(below);
        }
        Ok(path)
    }
}

fn mail_hosts(message: &Message) -> Vec<String> {
    let mut hosts: Vec<(u16, String)> = message
        .answers
        .iter()
        .filter_map(|r| match &r.data {
            Data::Mx { preference, exchange } if exchange != "." => Some((*preference, exchange.clone())),
            _ => None,
        })
        .collect();
    hosts.sort();
    hosts.dedup_by(|a, b| a.1 == b.1);
    hosts.into_iter().map(|(_, h)| h).take(MAX_MAIL_HOSTS).collect()
}
