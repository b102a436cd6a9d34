//! Everything DNS says about a name and its zone.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::Net;
use super::name::{Ask, canonical};
use crate::dns::{Data, Message};
use crate::evidence::{Attempt, Dns, DnsExchange, DnsRole};
use crate::failure::{Code, Failure, Step};

/// Name servers asked.
const MAX_SERVERS: usize = 8;
/// Addresses of one name server asked: one of each family.
const MAX_ADDRESSES: usize = 2;
/// Mail hosts looked up.
const MAX_MAIL_HOSTS: usize = 8;

/// Asks the resolver about name and zone, then the zone's own servers.
pub(super) async fn collect(net: &Arc<Net>, name: &str) -> Result<Dns, Failure> {
    let name = canonical(name)?;
    if name.parse::<IpAddr>().is_ok() {
        return Err(Failure::new(Step::Resolve, Code::BadName, name));
    }
    let mut work = Work { net, log: Vec::new(), answered: false, asked: BTreeSet::new() };
    let apex = work.apex(&name).await?;
    let zone = apex.as_deref().unwrap_or(&name);
    let servers = work.ask(zone, "NS").await.map(|m| ns_names(&m, zone)).unwrap_or_default();
    for rtype in ["SOA", "CAA", "DNSKEY", "DS"] {
        work.ask(zone, rtype).await;
    }
    for owner in BTreeSet::from([name.as_str(), zone]) {
        let mail = work.ask(owner, "MX").await.map(|m| mail_hosts(&m)).unwrap_or_default();
        for (label, rtype) in
            [("", "TXT"), ("_dmarc.", "TXT"), ("_mta-sts.", "TXT"), ("", "CAA"), ("", "A"), ("", "AAAA")]
        {
            work.ask(&format!("{label}{owner}"), rtype).await;
        }
        for host in mail {
            work.ask(&host, "A").await;
            work.ask(&host, "AAAA").await;
        }
    }
    let mut log = work.log;
    authoritative(net, zone, servers, &mut log).await;
    Ok(Dns { name, apex, exchanges: log })
}

struct Work<'a> {
    net: &'a Arc<Net>,
    log: Vec<DnsExchange>,
    answered: bool,
    asked: BTreeSet<(String, String)>,
}

impl Work<'_> {
    /// Asks the resolver once a name and type; the exchange is logged.
    async fn ask(&mut self, name: &str, rtype: &str) -> Option<Message> {
        if !self.asked.insert((name.to_owned(), rtype.to_owned())) {
            return None;
        }
        self.net.recursive_answer(name, rtype, &mut self.log).await.ok().map(|(m, _)| m)
    }

    /// Walks up to the first name with a SOA of its own.
    async fn apex(&mut self, name: &str) -> Result<Option<String>, Failure> {
        let mut at = Some(name);
        while let Some(here) = at {
            self.asked.insert((here.to_owned(), "SOA".into()));
            match self.net.recursive_answer(here, "SOA", &mut self.log).await {
                Ok((m, _)) => {
                    self.answered = true;
                    let own = m.answers.iter().find(|r| matches!(r.data, Data::Soa { .. }));
                    if own.is_some_and(|r| r.name.eq_ignore_ascii_case(here)) {
                        return Ok(Some(here.to_owned()));
                    }
                }
                // No resolver at all: nothing more can come.
                Err(e) if !self.answered && e.code == Code::ResolverSilent => return Err(e),
                Err(e) if e.code == Code::OutOfScope => return Err(e),
                Err(_) => {}
            }
            at = here.split_once('.').map(|(_, parent)| parent).filter(|p| p.contains('.'));
        }
        Ok(None)
    }
}

fn ns_names(message: &Message, zone: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for r in &message.answers {
        if let Data::Ns(host) = &r.data
            && r.name.eq_ignore_ascii_case(zone)
            && !names.contains(host)
        {
            names.push(host.clone());
        }
    }
    names.truncate(MAX_SERVERS);
    names
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

/// Asks every name server of the zone, addresses side by side, each address one question after
/// the other.
async fn authoritative(net: &Arc<Net>, zone: &str, servers: Vec<String>, log: &mut Vec<DnsExchange>) {
    let mut seen = BTreeSet::new();
    let mut asking = JoinSet::new();
    let mut order = 0_usize;
    for server in servers {
        let addresses = ns_addresses(net, &server, log).await;
        for address in addresses {
            if !seen.insert(address) {
                continue;
            }
            let (net, zone, server) = (Arc::clone(net), zone.to_owned(), server.clone());
            let at = SocketAddr::new(address, net.settings.authoritative_port);
            let n = order;
            order += 1;
            asking.spawn(async move {
                let mut answers = Vec::new();
                for (rtype, tcp) in [("SOA", false), ("NS", false), ("SOA", true)] {
                    let ask = Ask {
                        role: DnsRole::Authoritative,
                        server_name: Some(&server),
                        server: at,
                        tcp,
                        name: &zone,
                        rtype,
                    };
                    answers.push(net.ask_twice(&ask).await);
                }
                (n, answers)
            });
        }
    }
    let mut done = Vec::new();
    while let Some(finished) = asking.join_next().await {
        done.extend(finished);
    }
    done.sort_by_key(|(n, _)| *n);
    log.extend(done.into_iter().flat_map(|(_, answers)| answers));
}

/// Addresses of a name server; the questions are logged. It need not be in the plan, its
/// addresses are checked when asked.
async fn ns_addresses(net: &Arc<Net>, server: &str, log: &mut Vec<DnsExchange>) -> Vec<IpAddr> {
    let mut chosen = Vec::new();
    for rtype in ["A", "AAAA"] {
        let Attempt::Ok((message, _)) = net.recursive_answer(server, rtype, log).await else { continue };
        chosen.extend(message.addresses().into_iter().find(|a| a.is_ipv4() == (rtype == "A")));
    }
    chosen.truncate(MAX_ADDRESSES);
    chosen
}

impl Net {
    /// Asks; once more when a datagram may have been lost.
    async fn ask_twice(&self, ask: &Ask<'_>) -> DnsExchange {
        let (exchange, _) = self.ask(ask).await;
        match &exchange.answer {
            Err(e) if e.code == Code::TimedOut && !ask.tcp => self.ask(ask).await.0,
            _ => exchange,
        }
    }
}
