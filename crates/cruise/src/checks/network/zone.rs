//! Name servers, SOA and CAA of the plan's zones.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::dns::{self, Data, Message};
use bulwark_probe::evidence::{Dns, DnsRole};
use bulwark_probe::failure::{Code, Failure};

use super::view::{Zone, canonical, excerpt, recursive, show, zones};
use crate::check::{Case, Sheet};

/// Name servers of a zone as the resolver and the zone's own servers list them.
pub(super) fn server_names(zone: &Zone<'_>) -> Result<BTreeSet<String>, Option<Failure>> {
    let dns = zone.piece.body;
    let mut messages: Vec<Message> = dns::lookup(dns, DnsRole::Authoritative, &zone.apex, "NS")
        .into_iter()
        .filter_map(|(_, m)| m.ok().filter(|m| m.authoritative && m.rcode == 0))
        .collect();
    let mut trouble = None;
    if messages.is_empty() {
        match recursive(dns, &zone.apex, "NS") {
            Some(Ok(message)) => messages.push(message),
            Some(Err(failure)) => trouble = Some(failure),
            None => {}
        }
    }
    if messages.is_empty() {
        return Err(trouble);
    }
    let names = messages.iter().flat_map(|m| &m.answers).filter_map(|r| match &r.data {
        Data::Ns(host) if canonical(&r.name) == zone.apex => Some(canonical(host)),
        _ => None,
    });
    Ok(names.collect())
}

/// `network.ns-count`: at least two name servers (RFC 1034 §4.1; RFC 2182 §5 recommends three).
///
/// A name of the plan that lies in no zone at all (NXDOMAIN up to the top) is a failure of the
/// target; a resolver that did not answer is not.
pub(super) fn count(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case, sheet) {
        match server_names(&zone) {
            Err(Some(failure)) => {
                sheet.error(&zone.apex, &failure).from(&zone.piece);
            }
            Err(None) => {}
            Ok(names) => {
                let values = args![zone = zone.apex, count = names.len()];
                let entry = if names.len() < 2 {
                    sheet.fail(&zone.apex, "few", &values)
                } else {
                    sheet.pass(&zone.apex, "pass", &values)
                };
                entry
                    .from(&zone.piece)
                    .excerpt(excerpt(names.iter().map(|n| format!("{} NS {n}", zone.apex))));
            }
        }
    }
    nowhere(case, sheet);
}

/// Names of the plan without a zone.
fn nowhere(case: &Case<'_>, sheet: &mut Sheet) {
    let names: Vec<String> = case.plan.scope.domains.iter().map(|n| canonical(n)).collect();
    for piece in case.dns().filter(|p| p.body.apex.is_none()) {
        let name = canonical(&piece.body.name);
        if !names.contains(&name) {
            continue;
        }
        match recursive(piece.body, &name, "SOA") {
            Some(Ok(message)) if message.rcode == 3 => {
                sheet
                    .fail(&name, "no_zone", &args![zone = name])
                    .from(&piece)
                    .excerpt(format!("{name} SOA: NXDOMAIN"));
            }
            Some(Err(failure)) => {
                sheet.error(&name, &failure).from(&piece);
            }
            Some(Ok(_)) | None => {}
        }
    }
}

/// Addresses of the zone's name servers: those asked and those the resolver knows.
fn server_addresses(zone: &Zone<'_>) -> BTreeMap<IpAddr, String> {
    let dns = zone.piece.body;
    let mut out = BTreeMap::new();
    for exchange in dns.exchanges.iter().filter(|e| e.role == DnsRole::Authoritative) {
        if let Ok(at) = exchange.server.parse::<SocketAddr>() {
            out.insert(at.ip().to_canonical(), exchange.server_name.clone().unwrap_or_default());
        }
    }
    for name in server_names(zone).unwrap_or_default() {
        for rtype in ["A", "AAAA"] {
            let Some(Ok(message)) = recursive(dns, &name, rtype) else { continue };
            for address in message.addresses() {
                out.insert(address.to_canonical(), name.clone());
            }
        }
    }
    out
}

/// The /24 or /48 an address lies in.
fn prefix(address: IpAddr) -> String {
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

/// `network.ns-prefix-diversity`: the name servers stand in two networks (RFC 2182 §3.1).
///
/// Counted for each family by itself: one dual-stack server has an IPv4 and an IPv6 prefix and is
/// still one server in one place.
pub(super) fn prefixes(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case, sheet) {
        let addresses = server_addresses(&zone);
        if addresses.is_empty() {
            continue;
        }
        let of = |v4: bool| -> BTreeSet<String> {
            addresses.keys().filter(|a| a.is_ipv4() == v4).map(|a| prefix(*a)).collect()
        };
        let (v4, v6) = (of(true), of(false));
        let values = args![zone = zone.apex, v4 = v4.len(), v6 = v6.len()];
        let entry = if v4.len() < 2 && v6.len() < 2 {
            sheet.fail(&zone.apex, "one_network", &values)
        } else if v4.len() == 1 || v6.len() == 1 {
            sheet.warn(&zone.apex, "one_family", &values)
        } else {
            sheet.pass(&zone.apex, "pass", &values)
        };
        let lines = addresses.iter().map(|(a, name)| format!("{name} {a} ({})", prefix(*a)));
        entry.from(&zone.piece).excerpt(excerpt(lines));
    }
}

/// How one name server answered for its zone, UDP and TCP apart.
#[derive(Default)]
struct Server {
    udp: Option<Result<Message, Failure>>,
    tcp: Option<Result<Message, Failure>>,
}

impl Server {
    fn answers(&self) -> impl Iterator<Item = &Message> {
        [&self.udp, &self.tcp].into_iter().flatten().filter_map(|r| r.as_ref().ok())
    }

    fn failures(&self) -> impl Iterator<Item = &Failure> {
        [&self.udp, &self.tcp].into_iter().flatten().filter_map(|r| r.as_ref().err())
    }
}

/// The SOA answers of each server, under `name (IPv4)`: a server name with two families is two.
fn servers(zone: &Zone<'_>) -> BTreeMap<String, Server> {
    let mut out: BTreeMap<String, Server> = BTreeMap::new();
    for (exchange, answer) in dns::lookup(zone.piece.body, DnsRole::Authoritative, &zone.apex, "SOA") {
        let address = exchange.server.parse::<SocketAddr>().map(|a| a.ip().to_canonical());
        let family = match address {
            Ok(IpAddr::V4(_)) => "IPv4",
            Ok(IpAddr::V6(_)) => "IPv6",
            Err(_) => "?",
        };
        let name = exchange.server_name.as_deref().map_or_else(|| exchange.server.clone(), canonical);
        let server = out.entry(format!("{name} ({family})")).or_default();
        let place = if exchange.transport == "tcp" { &mut server.tcp } else { &mut server.udp };
        // A later good answer replaces an earlier failure (a datagram may be lost), never the reverse.
        if !matches!(place, Some(Ok(_))) {
            *place = Some(answer);
        }
    }
    out
}

fn soa(message: &Message) -> Option<u32> {
    message.answers.iter().find_map(|r| match &r.data {
        Data::Soa { serial, .. } => Some(*serial),
        _ => None,
    })
}

/// Lame: answers, but not with authority (RFC 1912 §2.8). A truncated UDP answer may lack the record.
fn lame(message: &Message) -> bool {
    message.rcode != 0 || !message.authoritative || (soa(message).is_none() && !message.truncated)
}

fn describe(transport: &str, answer: Option<&Result<Message, Failure>>) -> String {
    match answer {
        None => format!("{transport}: -"),
        Some(Err(failure)) => format!("{transport}: {failure}"),
        Some(Ok(m)) => {
            let serial = soa(m).map_or_else(|| "-".to_owned(), |s| s.to_string());
            format!("{transport}: {} aa={} serial={serial}", m.rcode_name(), u8::from(m.authoritative))
        }
    }
}

/// `network.ns-authoritative`: every name server answers with authority (RFC 1912 §2.8) over UDP
/// and over TCP (RFC 7766 §5: TCP is a requirement, not an option).
///
/// A refused TCP connection is the server's answer. Silence is not: it only counts, as a warning,
/// when other servers of the zone did answer over that transport, so that our own path is known to
/// work.
pub(super) fn authoritative(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case, sheet) {
        let servers = servers(&zone);
        let tcp_works = servers.values().any(|s| matches!(s.tcp, Some(Ok(_))));
        let udp_works = servers.values().any(|s| matches!(s.udp, Some(Ok(_))));
        for (name, server) in &servers {
            let asset = format!("{} {name}", zone.apex);
            let values = args![zone = zone.apex, server = name];
            let silent = |answer: &Option<Result<Message, Failure>>, works: bool| {
                works && matches!(answer, Some(Err(f)) if f.code == Code::TimedOut)
            };
            let refused = |answer: &Option<Result<Message, Failure>>| matches!(answer, Some(Err(f)) if matches!(f.code, Code::Refused | Code::Closed));
            let entry = if server.answers().any(lame) {
                sheet.fail(&asset, "lame", &values)
            } else if refused(&server.tcp) && refused(&server.udp) {
                sheet.fail(&asset, "dead", &values)
            } else if refused(&server.tcp) {
                sheet.fail(&asset, "no_tcp", &values)
            } else if refused(&server.udp) {
                sheet.fail(&asset, "no_udp", &values)
            } else if silent(&server.tcp, tcp_works) || silent(&server.udp, udp_works) {
                sheet.warn(&asset, "silent", &values)
            } else if let Some(failure) = server.failures().next() {
                sheet.error(&asset, failure)
            } else {
                sheet.pass(&asset, "pass", &values)
            };
            let lines = [describe("udp", server.udp.as_ref()), describe("tcp", server.tcp.as_ref())];
            entry.from(&zone.piece).excerpt(excerpt(lines));
        }
    }
}

/// Kinds of address (family, loopback) from which some answer came in this run: our path of that
/// kind works.
fn working_paths(case: &Case<'_>) -> BTreeSet<(bool, bool)> {
    let exchanges = case.dns().flat_map(|p| &p.body.exchanges).filter(|x| x.answer.is_ok());
    let addresses = exchanges.filter_map(|x| x.server.parse::<SocketAddr>().ok());
    addresses.map(|at| at.ip().to_canonical()).map(|a| (a.is_ipv4(), a.is_loopback())).collect()
}

/// `network.ns-ipv6`: two name servers answer over IPv6 (RFC 6540 §2, RFC 3596 §2), and the zone can
/// be reached over IPv4 as well (RFC 3901 §4).
///
/// Advice, except where a resolver with IPv4 alone finds no server at all. An address that refuses,
/// answers without authority or stays silent while our IPv6 works makes look-ups slow; silence
/// without a working path of ours says nothing.
pub(super) fn ipv6(case: &Case<'_>, sheet: &mut Sheet) {
    let works = working_paths(case);
    for zone in zones(case, sheet) {
        let dns = zone.piece.body;
        let names = match server_names(&zone) {
            Ok(names) if !names.is_empty() => names,
            Err(Some(failure)) => {
                sheet.error(&zone.apex, &failure).from(&zone.piece);
                continue;
            }
            _ => continue,
        };
        let servers = servers(&zone);
        let (mut v4, mut v6, mut trouble) = (false, 0_usize, None);
        let (mut good, mut bad, mut unknown) = (0_usize, Vec::new(), None);
        let mut lines = Vec::new();
        for name in &names {
            match recursive(dns, name, "A") {
                Some(Ok(m)) => v4 |= !m.addresses().is_empty(),
                Some(Err(failure)) => trouble = Some(failure),
                // Never asked: no reason to say that it has none.
                None => v4 = true,
            }
            let address = match recursive(dns, name, "AAAA") {
                Some(Ok(m)) => m.addresses().into_iter().find(IpAddr::is_ipv6),
                Some(Err(failure)) => {
                    trouble = Some(failure);
                    None
                }
                None => None,
            };
            let Some(address) = address else {
                lines.push(format!("{name} AAAA -"));
                continue;
            };
            v6 += 1;
            let Some(server) = servers.get(&format!("{name} (IPv6)")) else {
                lines.push(format!("{name} AAAA {address}"));
                continue;
            };
            let answers = [describe("udp", server.udp.as_ref()), describe("tcp", server.tcp.as_ref())];
            lines.push(format!("{name} AAAA {address} {}", answers.join(", ")));
            let path = works.contains(&(false, address.is_loopback()));
            let theirs = |f: &Failure| match f.code {
                Code::Refused | Code::Closed => true,
                Code::TimedOut | Code::Unreachable => path,
                _ => false,
            };
            if server.answers().any(|m| !lame(m)) {
                good += 1;
            } else if server.answers().next().is_some() || server.failures().all(theirs) {
                bad.push(name.clone());
            } else {
                unknown = unknown.or_else(|| server.failures().find(|f| !theirs(f)).cloned());
            }
        }
        let values = args![zone = zone.apex, count = good, listed = names.len(), hosts = bad.join(", ")];
        let entry = if v6 > 0 && !v4 && trouble.is_none() {
            sheet.fail(&zone.apex, "no_ipv4", &values).severity(Severity::Medium)
        } else if !bad.is_empty() {
            sheet.fail(&zone.apex, "dead", &values)
        } else if good >= 2 || good == names.len() {
            sheet.pass(&zone.apex, "pass", &values)
        } else if let Some(failure) = trouble.filter(|_| good == 0) {
            sheet.error(&zone.apex, &failure)
        } else if v6 == 0 {
            sheet.fail(&zone.apex, "none", &values)
        } else if good == 1 {
            sheet.warn(&zone.apex, "one", &values)
        } else {
            match unknown {
                Some(f) if !matches!(f.code, Code::TimedOut | Code::Unreachable) => {
                    sheet.error(&zone.apex, &f)
                }
                _ => sheet.not_tested(&zone.apex, "no_path", &values),
            }
        };
        entry.from(&zone.piece).excerpt(excerpt(lines));
    }
}

/// `network.soa-consistent`: all servers that answer with authority hold the same serial
/// (RFC 1034 §4.3.5). Servers that did not answer are the business of `network.ns-authoritative`.
pub(super) fn serials(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case, sheet) {
        let servers = servers(&zone);
        let seen: Vec<(&String, u32)> = servers
            .iter()
            .filter_map(|(name, s)| {
                s.answers().filter(|m| !lame(m)).find_map(soa).map(|serial| (name, serial))
            })
            .collect();
        let distinct: BTreeSet<u32> = seen.iter().map(|(_, serial)| *serial).collect();
        let lines = excerpt(seen.iter().map(|(name, serial)| format!("{name} serial={serial}")));
        let serial = distinct.iter().next().map(u32::to_string).unwrap_or_default();
        let values = args![zone = zone.apex, servers = seen.len(), count = distinct.len(), serial = serial];
        let entry = match (seen.len(), distinct.len()) {
            (0, _) => match servers.values().find_map(|s| s.failures().next()) {
                Some(failure) => sheet.error(&zone.apex, failure),
                None => continue,
            },
            (1, _) if servers.len() > 1 => match servers.values().find_map(|s| s.failures().next()) {
                Some(failure) => sheet.error(&zone.apex, failure),
                None => sheet.not_tested(&zone.apex, "one_answer", &values),
            },
            (1, _) => sheet.not_applicable(&zone.apex, "single", &values),
            (_, 1) => sheet.pass(&zone.apex, "pass", &values),
            _ => sheet.fail(&zone.apex, "differ", &values),
        };
        entry.from(&zone.piece).excerpt(lines);
    }
}

/// What is unusual about the timers of a SOA, as `name value (range)`.
fn unusual(refresh: i64, retry: i64, expire: i64, minimum: i64) -> Vec<String> {
    let mut odd = Vec::new();
    let mut outside = |name: &str, value: i64, low: i64, high: i64| {
        if value < low || value > high {
            odd.push(format!("{name} {value} ({low}–{high})"));
        }
    };
    // RFC 1912 §2.2: 20 minutes to 12 hours; RIPE-203 recommends 24 hours for stable zones.
    outside("refresh", refresh, 1_200, 86_400);
    // RFC 1912 §2.2: a fraction of the refresh interval; under 3 minutes hammers the primary.
    outside("retry", retry, 180, refresh.max(180) - 1);
    // RFC 1912 §2.2: 2 to 4 weeks; RIPE-203 recommends 1,000 hours.
    outside("expire", expire, 1_209_600, 3_600_000);
    // RFC 2308 §5: since 1998 the minimum is the negative-caching time; over a day is harmful.
    outside("minimum", minimum, 60, 86_400);
    odd
}

/// `network.soa-timers`: refresh, retry, expire and negative-caching time in the usual ranges
/// (RFC 1912 §2.2; RFC 2308 §5 for `minimum`, which no longer is the default TTL).
pub(super) fn timers(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case, sheet) {
        let message = match zone_answer(zone.piece.body, &zone.apex) {
            Some(Ok(message)) => message,
            Some(Err(failure)) => {
                sheet.error(&zone.apex, &failure).from(&zone.piece);
                continue;
            }
            None => continue,
        };
        let found = message.answers.iter().find(|r| matches!(r.data, Data::Soa { .. }));
        let Some(record) = found else { continue };
        let Data::Soa { refresh, retry, expire, minimum, .. } = record.data else { continue };
        let odd = unusual(refresh.into(), retry.into(), expire.into(), minimum.into());
        let values = args![zone = zone.apex, items = odd.join(", ")];
        let entry = if odd.is_empty() {
            sheet.pass(&zone.apex, "pass", &values)
        } else {
            sheet.fail(&zone.apex, "unusual", &values)
        };
        entry.from(&zone.piece).excerpt(excerpt([show(record)]));
    }
}

/// The SOA of a zone: from its own servers when one answered with authority, else from the resolver.
fn zone_answer(dns: &Dns, apex: &str) -> Option<Result<Message, Failure>> {
    let own = dns::lookup(dns, DnsRole::Authoritative, apex, "SOA")
        .into_iter()
        .filter_map(|(_, m)| m.ok())
        .find(|m| m.authoritative && m.rcode == 0 && soa(m).is_some());
    own.map(Ok).or_else(|| recursive(dns, apex, "SOA"))
}

/// `network.caa`: the zone says which authorities may issue certificates (RFC 8659 §4).
///
/// Advice: absence is allowed. A record set without `issue` restricts nothing; an unknown tag with
/// the critical flag keeps every authority from issuing (§4.5).
pub(super) fn caa(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case, sheet) {
        let message = match recursive(zone.piece.body, &zone.apex, "CAA") {
            Some(Ok(message)) => message,
            Some(Err(failure)) => {
                sheet.error(&zone.apex, &failure).from(&zone.piece);
                continue;
            }
            None => continue,
        };
        let records: Vec<_> = message.answers.iter().filter(|r| matches!(r.data, Data::Caa { .. })).collect();
        let tags: BTreeSet<(&str, bool)> = records
            .iter()
            .filter_map(|r| match &r.data {
                Data::Caa { flags, tag, .. } => Some((tag.as_str(), flags & 0x80 != 0)),
                _ => None,
            })
            .collect();
        let known = |tag: &str| {
            matches!(
                tag,
                "issue" | "issuewild" | "iodef" | "issuemail" | "issuevmc" | "contactemail" | "contactphone"
            )
        };
        let values = args![zone = zone.apex, count = records.len()];
        let entry = if records.is_empty() {
            sheet.fail(&zone.apex, "missing", &values)
        } else if tags.iter().any(|(tag, critical)| *critical && !known(tag)) {
            sheet.warn(&zone.apex, "critical", &values)
        } else if !tags.iter().any(|(tag, _)| *tag == "issue") {
            sheet.warn(&zone.apex, "no_issue", &values)
        } else {
            sheet.pass(&zone.apex, "pass", &values)
        };
        entry.from(&zone.piece).excerpt(excerpt(records.iter().map(|r| show(r))));
    }
}
