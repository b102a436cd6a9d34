//! Everything DNS says about a name and its zone: through the resolver, at the zone's own servers
//! and at those of its parent.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::task::JoinSet;

use super::Net;
use super::name::{Ask, Flags, canonical};
use crate::dns::{self, Data, Message};
use crate::dnssec::wire;
use crate::evidence::{Attempt, Blob, Dns, DnsExchange, DnsRole, MtaSts};
use crate::failure::{Code, Failure, Step};
use crate::mail;

/// Name servers asked.
const MAX_SERVERS: usize = 8;
/// Addresses of one name server asked: one of each family.
const MAX_ADDRESSES: usize = 2;
/// Mail hosts looked up.
const MAX_MAIL_HOSTS: usize = 8;
/// Servers of the parent zone tried.
const MAX_PARENT_SERVERS: usize = 3;
/// Questions asked to count the look-ups of one SPF record.
const MAX_SPF_QUESTIONS: usize = 60;
/// Report addresses of one DMARC record whose consent is looked up.
const MAX_REPORT_DOMAINS: usize = 6;
/// Questions of one [`lookup`].
const MAX_QUESTIONS: usize = 40;

/// Asks the resolver about name and zone, then the zone's own servers and those of its parent.
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
        for (label, rtype) in [
            ("", "TXT"),
            ("_dmarc.", "TXT"),
            ("_mta-sts.", "TXT"),
            ("_smtp._tls.", "TXT"),
            ("", "CAA"),
            ("", "A"),
            ("", "AAAA"),
        ] {
            work.ask(&format!("{label}{owner}"), rtype).await;
        }
        for host in mail {
            work.ask(&host, "A").await;
            work.ask(&host, "AAAA").await;
        }
        work.spf(owner).await;
    }
    work.dmarc(&name).await;
    let mta_sts = work.policy_file(&name).await;
    let mut log = work.log;
    authoritative(net, zone, servers, &mut log).await;
    if apex.is_some() {
        parent(net, zone, &mut log).await;
        // An alias where the plan has a zone: is the name delegated?
        let alias = |x: &DnsExchange| {
            x.name == name && dns::answer(x).is_ok_and(|m| dns::alias_end(&m, &name).is_some())
        };
        if zone != name && log.iter().any(alias) {
            parent(net, &name, &mut log).await;
        }
    }
    Ok(Dns { name, apex, exchanges: log, mta_sts })
}

/// Asks the resolver the given questions.
pub(super) async fn lookup(
    net: &Arc<Net>,
    name: &str,
    questions: &[(String, String)],
) -> Result<Dns, Failure> {
    let mut work = Work { net, log: Vec::new(), answered: false, asked: BTreeSet::new() };
    for (at, rtype) in questions.iter().take(MAX_QUESTIONS) {
        if let Some(message) = work.ask(at, rtype).await {
            work.chase(message, at, rtype).await;
        }
    }
    if let [only] = work.log.as_slice()
        && let Err(failure) = &only.answer
    {
        return Err(failure.clone());
    }
    Ok(Dns { name: name.to_owned(), apex: None, exchanges: work.log, mta_sts: None })
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
        if !self.asked.insert((name.to_ascii_lowercase(), rtype.to_owned())) {
            return None;
        }
        self.net.recursive_answer(name, rtype, &mut self.log).await.ok().map(|(m, _)| m)
    }

    /// Asks for the target of an alias that the answer does not follow, so that its absence shows.
    async fn chase(&mut self, message: Message, name: &str, rtype: &str) {
        let target = dns::alias_end(&message, name);
        if let Some(target) = target
            && message.answers_of(rtype).is_empty()
        {
            self.ask(&target, rtype).await;
        }
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

    /// Asks for what the domain's SPF record makes a receiver ask, until nothing is missing.
    async fn spf(&mut self, domain: &str) {
        let mut left = MAX_SPF_QUESTIONS;
        loop {
            let stored = mail::Stored::new(&self.log);
            let Some(spf) = stored.spf(domain) else { return };
            let missing = mail::Cost::of(domain, &spf, &stored).unasked;
            let mut new = false;
            for (name, rtype) in missing {
                let fresh = !self.asked.contains(&(name.to_ascii_lowercase(), rtype.clone()));
                if fresh && left > 0 {
                    left -= 1;
                    new = true;
                    self.ask(&name, &rtype).await;
                }
            }
            if !new {
                return;
            }
        }
    }

    /// Walks up the tree for the DMARC policy, then asks the domains its reports go to for consent.
    async fn dmarc(&mut self, domain: &str) {
        for name in mail::policy_tree(domain) {
            self.ask(&format!("_dmarc.{name}"), "TXT").await;
        }
        let stored = mail::Stored::new(&self.log);
        let questions: Vec<String> = stored
            .dmarc(domain)
            .into_iter()
            .flat_map(|(at, record)| {
                let targets = mail::report_domains(&record);
                targets.into_iter().map(move |t| mail::consent_name(&at, &t))
            })
            .take(MAX_REPORT_DOMAINS)
            .collect();
        for question in questions {
            self.ask(&question, "TXT").await;
        }
    }

    /// The MTA-STS policy file, when the domain announces one and the plan covers its host.
    async fn policy_file(&mut self, domain: &str) -> Option<Box<MtaSts>> {
        let announced = mail::Stored::new(&self.log)
            .txt_of(&format!("_mta-sts.{domain}"))
            .iter()
            .any(|t| mail::is_sts(t));
        let host = format!("mta-sts.{domain}");
        if !announced || self.net.check_host(&host).is_err() {
            return None;
        }
        let url = format!("https://{host}/.well-known/mta-sts.txt");
        let policy = Box::pin(super::fetch::collect(self.net, &url)).await;
        let handshake = match &policy {
            Err(e) => Err(e.clone()),
            Ok(_) => Box::pin(super::tls::handshake(self.net, &host, 443)).await,
        };
        Some(Box::new(MtaSts { policy, handshake }))
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

/// A name outside the zone that surely exists (RFC 2606 §3).
fn foreign_name(zone: &str) -> &'static str {
    if zone == "example.com" || zone.ends_with(".example.com") { "example.net" } else { "example.com" }
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
            asking.spawn(async move { (n, Box::pin(one_server(&net, &zone, &server, at)).await) });
        }
    }
    let mut done = Vec::new();
    while let Some(finished) = asking.join_next().await {
        done.extend(finished);
    }
    done.sort_by_key(|(n, _)| *n);
    log.extend(done.into_iter().flat_map(|(_, answers)| answers));
}

/// One address of a name server: SOA and NS over UDP, SOA over TCP; then, of a server that answers,
/// whether it looks up strangers' names for us and whether it hands out the whole zone.
async fn one_server(net: &Arc<Net>, zone: &str, server: &str, at: SocketAddr) -> Vec<DnsExchange> {
    let ask = |name, rtype, tcp, recursion| Ask {
        role: DnsRole::Authoritative,
        server_name: Some(server),
        server: at,
        tcp,
        name,
        rtype,
        flags: Flags { recursion, dnssec: false },
    };
    let mut answers = Vec::new();
    for (rtype, tcp) in [("SOA", false), ("NS", false), ("SOA", true)] {
        answers.push(net.ask_twice(&ask(zone, rtype, tcp, false)).await);
    }
    let works = |tcp: &str| answers.iter().any(|x| x.transport == tcp && x.answer.is_ok());
    let (udp, tcp) = (works("udp"), works("tcp"));
    if udp {
        answers.push(net.ask_twice(&ask(foreign_name(zone), "A", false, true)).await);
    }
    if tcp {
        // One question; of the answer the first message is read and its first record kept.
        let (mut exchange, _) = net.ask(&ask(zone, "AXFR", true, false)).await;
        if let Ok(blob) = &exchange.answer
            && let Some(short) = wire::first_record_only(&blob.0)
        {
            exchange.answer = Ok(Blob(short));
        }
        answers.push(exchange);
    }
    answers
}

/// Asks a server of the parent zone for the delegation, the next one when it does not answer.
async fn parent(net: &Arc<Net>, zone: &str, log: &mut Vec<DnsExchange>) {
    let mut at = zone.split_once('.').map(|(_, above)| above);
    let mut servers = Vec::new();
    while let Some(above) = at {
        let Ok((message, _)) = net.recursive_answer(above, "NS", log).await else { return };
        servers = ns_names(&message, above);
        if !servers.is_empty() {
            break;
        }
        at = above.split_once('.').map(|(_, above)| above);
    }
    servers.truncate(MAX_PARENT_SERVERS);
    for server in servers {
        for address in ns_addresses(net, &server, log).await {
            let ask = Ask {
                role: DnsRole::Parent,
                server_name: Some(&server),
                server: SocketAddr::new(address, net.settings.authoritative_port),
                tcp: false,
                name: zone,
                rtype: "NS",
                flags: Flags::default(),
            };
            let (mut exchange, mut message) = net.ask(&ask).await;
            if message.as_ref().is_some_and(|m| m.truncated) {
                log.push(exchange);
                (exchange, message) = net.ask(&Ask { tcp: true, ..ask }).await;
            }
            log.push(exchange);
            if message.is_some_and(|m| m.rcode == 0) {
                return;
            }
        }
    }
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
