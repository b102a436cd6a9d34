//! Who stands at which address: web hosts, name servers and mail hosts as DNS and TCP evidence show them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use bulwark_probe::dns::{self, Data, Message};
use bulwark_probe::evidence::{Dns, DnsRole, Tcp};
use bulwark_probe::failure::Failure;

use crate::check::{Case, Piece};

/// Lower case without brackets and final dot; what is no host name is cut short.
pub(super) fn plain_host(host: &str) -> String {
    let host = host.trim().trim_matches(['[', ']']).trim_end_matches('.');
    host.chars().filter(|c| !c.is_control()).take(253).collect::<String>().to_ascii_lowercase()
}

/// Hosts of the plan's web addresses, once each, in the order of the plan.
pub(super) fn web_hosts(case: &Case<'_>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let hosts = case.plan.scope.urls.iter().filter_map(|u| u.host_str()).map(plain_host);
    hosts.filter(|h| seen.insert(h.clone())).collect()
}

/// Addresses of a host and where they are known from.
#[derive(Default)]
pub(super) struct Known<'a> {
    /// Addresses, IPv4-mapped ones as IPv4.
    pub addresses: BTreeSet<IpAddr>,
    /// Connection evidence that names them.
    pub tcp: Vec<Piece<'a, Tcp>>,
    /// DNS evidence that names them.
    pub dns: Vec<Piece<'a, Dns>>,
}

/// Everything known about the addresses of a name.
pub(super) fn known<'a>(case: &Case<'a>, host: &str) -> Known<'a> {
    let mut known = Known::default();
    for piece in case.tcp().filter(|p| plain_host(&p.body.host) == host) {
        known.addresses.extend(piece.body.addresses.iter().filter_map(|a| a.parse().ok()).map(canonical));
        known.tcp.push(piece);
    }
    for piece in case.dns() {
        let before = known.addresses.len();
        let mut named = false;
        for message in
            answers(piece.body, &[DnsRole::Recursive, DnsRole::Authoritative], host, &["A", "AAAA"])
        {
            named |= !message.addresses().is_empty();
            known.addresses.extend(message.addresses().into_iter().map(canonical));
        }
        for x in piece
            .body
            .exchanges
            .iter()
            .filter(|x| x.server_name.as_deref().map(plain_host).as_deref() == Some(host))
        {
            known.addresses.extend(x.server.parse::<SocketAddr>().ok().map(|s| canonical(s.ip())));
        }
        if named || known.addresses.len() > before {
            known.dns.push(piece);
        }
    }
    known
}

const fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Two addresses of the *same* family. One IPv4 and one IPv6 address are usually one machine.
pub(super) fn redundant(addresses: &BTreeSet<IpAddr>) -> bool {
    let v4 = addresses.iter().filter(|a| a.is_ipv4()).count();
    v4 >= 2 || addresses.len().saturating_sub(v4) >= 2
}

/// Addresses as words.
pub(super) fn words(addresses: &BTreeSet<IpAddr>) -> String {
    if addresses.is_empty() {
        return "-".to_owned();
    }
    addresses.iter().take(8).map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn answers<'d>(
    dns: &'d Dns,
    roles: &'d [DnsRole],
    name: &'d str,
    types: &'d [&'d str],
) -> impl Iterator<Item = Message> + 'd {
    roles
        .iter()
        .flat_map(move |role| types.iter().flat_map(move |rtype| dns::lookup(dns, *role, name, rtype)))
        .filter_map(|(_, message)| message.ok())
}

/// Name servers or mail hosts of a domain.
pub(super) struct Servers<'a> {
    /// The zone or mail domain.
    pub domain: String,
    /// Evidence.
    pub piece: Piece<'a, Dns>,
    /// Hosts with their known addresses.
    pub hosts: BTreeMap<String, BTreeSet<IpAddr>>,
    /// Why the list could not be read, when it is empty for that reason.
    pub failure: Option<Failure>,
    /// RFC 7505: the domain takes no mail.
    pub null_mx: bool,
}

impl Servers<'_> {
    /// Addresses of all hosts together.
    pub fn addresses(&self) -> BTreeSet<IpAddr> {
        self.hosts.values().flatten().copied().collect()
    }

    /// One line a host.
    pub fn excerpt(&self, rtype: &str) -> String {
        let line = |(host, addresses): (&String, &BTreeSet<IpAddr>)| {
            format!("{} {rtype} {host} ({})", self.domain, words(addresses))
        };
        self.hosts.iter().take(10).map(line).collect::<Vec<_>>().join("\n")
    }
}

/// The zones in the evidence with their name servers, as the resolver and the zone itself list them.
pub(super) fn zones<'a>(case: &Case<'a>) -> Vec<Servers<'a>> {
    let mut seen = BTreeSet::new();
    case.dns()
        .filter_map(|piece| piece.body.apex.as_deref().map(|apex| (plain_host(apex), piece)))
        .filter(|(apex, _)| seen.insert(apex.clone()))
        .map(|(apex, piece)| servers(case, apex, piece, "NS"))
        .collect()
}

/// The mail domains of the plan with their mail hosts.
pub(super) fn mail_domains<'a>(case: &Case<'a>) -> Vec<Servers<'a>> {
    let mut seen = BTreeSet::new();
    case.plan
        .scope
        .mail_domains
        .iter()
        .map(|d| plain_host(d))
        .filter(|d| seen.insert(d.clone()))
        .filter_map(|domain| {
            let piece = case.dns().find(|p| plain_host(&p.body.name) == domain)?;
            Some(servers(case, domain, piece, "MX"))
        })
        .collect()
}

fn servers<'a>(case: &Case<'a>, domain: String, piece: Piece<'a, Dns>, rtype: &str) -> Servers<'a> {
    let mut names = BTreeSet::new();
    let mut failure = None;
    let mut null_mx = false;
    for role in [DnsRole::Recursive, DnsRole::Authoritative] {
        for (_, message) in dns::lookup(piece.body, role, &domain, rtype) {
            let message = match message {
                Ok(message) => message,
                Err(f) => {
                    failure = failure.or(Some(f));
                    continue;
                }
            };
            for r in &message.answers {
                match &r.data {
                    Data::Ns(host) if rtype == "NS" && plain_host(&r.name) == domain => {
                        names.insert(plain_host(host));
                    }
                    Data::Mx { exchange, .. } if rtype == "MX" => {
                        let exchange = plain_host(exchange);
                        if exchange.is_empty() {
                            null_mx = true;
                        } else {
                            names.insert(exchange);
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    let failure = failure.filter(|_| names.is_empty() && !null_mx);
    let hosts = names.into_iter().take(32).map(|n| (n.clone(), known(case, &n).addresses)).collect();
    Servers { domain, piece, hosts, failure, null_mx }
}

/// `203.0.113.0/24` or `2001:db8:1::/48`.
pub(super) fn prefix(address: IpAddr) -> String {
    match address {
        IpAddr::V4(a) => {
            let [a, b, c, _] = a.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(a) => {
            let [a, b, c, ..] = a.segments();
            format!("{a:x}:{b:x}:{c:x}::/48")
        }
    }
}

/// An address that tells something about circuits: not loopback, private, link-local or shared.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(a) => {
            let [first, second, ..] = a.octets();
            let shared = first == 100 && (64..128).contains(&second);
            !(a.is_loopback() || a.is_private() || a.is_link_local() || a.is_unspecified() || shared)
        }
        IpAddr::V6(a) => {
            !(a.is_loopback() || a.is_unspecified() || a.is_unique_local() || a.is_unicast_link_local())
        }
    }
}
