//! Delegation and behaviour of the name servers: parent and child, zone transfer, recursion,
//! EDNS, aliases where none may be or that lead nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::dns::{self, Data, Message};
use bulwark_probe::evidence::{Dns, DnsExchange, DnsRole};
use bulwark_probe::failure::{Code, Failure};
use bulwark_probe::scope::Vantage;

use super::view::{Zone, canonical, clip, excerpt, no_target, recursive, show, zones};
use super::zone::server_names;
use crate::check::{Case, Sheet};

/// What a parent's server says about a delegation.
struct Delegation {
    names: BTreeSet<String>,
    /// Addresses given along for names inside the zone.
    glue: BTreeMap<String, BTreeSet<IpAddr>>,
    /// The server that said so.
    server: String,
}

/// The first usable answer of a parent's server; `None` when none was asked.
fn delegation(dns: &Dns, apex: &str) -> Option<Result<Delegation, Failure>> {
    let mut trouble = None;
    for (exchange, answer) in dns::lookup(dns, DnsRole::Parent, apex, "NS") {
        match answer {
            Ok(m) if m.rcode == 0 && !m.truncated => {
                let server = exchange.server_name.clone().unwrap_or_else(|| exchange.server.clone());
                return Some(Ok(read_delegation(&m, apex, server)));
            }
            Ok(m) => {
                let word = if m.truncated { "TC".to_owned() } else { m.rcode_name() };
                let detail = format!("{apex} NS @{}: {word}", exchange.server);
                trouble.get_or_insert(Failure::new(
                    bulwark_probe::failure::Step::Receive,
                    Code::BadAnswer,
                    detail,
                ));
            }
            Err(failure) => {
                trouble.get_or_insert(failure);
            }
        }
    }
    trouble.map(Err)
}

fn read_delegation(message: &Message, apex: &str, server: String) -> Delegation {
    let records = message.answers.iter().chain(&message.authorities);
    let names: BTreeSet<String> = records
        .filter_map(|r| match &r.data {
            Data::Ns(host) if canonical(&r.name) == apex => Some(canonical(host)),
            _ => None,
        })
        .collect();
    let mut glue: BTreeMap<String, BTreeSet<IpAddr>> = BTreeMap::new();
    for r in &message.additionals {
        let address = match r.data {
            Data::A(a) => IpAddr::V4(a),
            Data::Aaaa(a) => IpAddr::V6(a),
            _ => continue,
        };
        glue.entry(canonical(&r.name)).or_default().insert(address);
    }
    Delegation { names, glue, server }
}

/// Addresses of a name as the resolver has them; `None` when a question has no answer.
fn addresses(dns: &Dns, name: &str) -> Option<BTreeSet<IpAddr>> {
    let mut out = BTreeSet::new();
    for rtype in ["A", "AAAA"] {
        out.extend(recursive(dns, name, rtype)?.ok()?.addresses());
    }
    Some(out)
}

/// `network.delegation-consistent`: the parent zone names the same servers as the zone itself, and
/// its glue is their addresses (RFC 1034 §4.2.2; RFC 1912 §2.3).
///
/// Glue of one family that the parent leaves out is a warning; an address that is no longer the
/// server's is a failure, since resolvers start there.
pub(super) fn consistent(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case, sheet) {
        let dns = zone.piece.body;
        let given = match delegation(dns, &zone.apex) {
            None => {
                sheet.not_tested(&zone.apex, "no_parent", &args![zone = zone.apex]).from(&zone.piece);
                continue;
            }
            Some(Err(failure)) => {
                sheet.error(&zone.apex, &failure).from(&zone.piece);
                continue;
            }
            Some(Ok(given)) => given,
        };
        let own = match server_names(&zone) {
            Err(Some(failure)) => {
                sheet.error(&zone.apex, &failure).from(&zone.piece);
                continue;
            }
            Err(None) => continue,
            Ok(own) => own,
        };
        let list = |names: Vec<&String>| names.iter().map(|n| clip(n)).collect::<Vec<_>>().join(", ");
        let (extra, lacking) =
            (list(given.names.difference(&own).collect()), list(own.difference(&given.names).collect()));
        let inside: Vec<&String> = given
            .names
            .iter()
            .filter(|n| **n == zone.apex || n.ends_with(&format!(".{}", zone.apex)))
            .collect();
        let wrong: Vec<&String> = inside
            .iter()
            .copied()
            .filter(|n| match (given.glue.get(*n), addresses(dns, n)) {
                (Some(glue), Some(real)) => !glue.is_subset(&real),
                _ => false,
            })
            .collect();
        let short: Vec<&String> = inside
            .iter()
            .copied()
            .filter(|n| {
                let real = addresses(dns, n).unwrap_or_default();
                let glue = given.glue.get(*n);
                !real.is_empty() && glue.is_none_or(|g| !real.is_subset(g))
            })
            .collect();
        let values = args![zone = zone.apex, count = own.len()];
        let entry = if !extra.is_empty() || !lacking.is_empty() {
            let dash = |s: &str| if s.is_empty() { "–".to_owned() } else { s.to_owned() };
            let values = args![zone = zone.apex, parent_only = dash(&extra), child_only = dash(&lacking)];
            sheet.fail(&zone.apex, "differ", &values)
        } else if !wrong.is_empty() {
            sheet.fail(&zone.apex, "glue", &args![zone = zone.apex, hosts = list(wrong)])
        } else if !short.is_empty() {
            sheet.warn(&zone.apex, "glue_short", &args![zone = zone.apex, hosts = list(short)])
        } else {
            sheet.pass(&zone.apex, "pass", &values)
        };
        let lines = given
            .names
            .iter()
            .map(|n| format!("@{} {} NS {n}", given.server, zone.apex))
            .chain(own.iter().map(|n| format!("@{} NS {n}", zone.apex)))
            .chain(given.glue.iter().map(|(n, a)| {
                let shown: Vec<String> = a.iter().map(ToString::to_string).collect();
                format!("glue {n} {}", shown.join(" "))
            }));
        entry.from(&zone.piece).excerpt(excerpt(lines));
    }
}

/// `name (IPv4)`, as in `network.ns-authoritative`.
fn server_label(exchange: &DnsExchange) -> String {
    let family = match exchange.server.parse::<SocketAddr>().map(|a| a.ip().to_canonical()) {
        Ok(IpAddr::V4(_)) => "IPv4",
        Ok(IpAddr::V6(_)) => "IPv6",
        Err(_) => "?",
    };
    let name = exchange.server_name.as_deref().map_or_else(|| clip(&exchange.server), canonical);
    format!("{name} ({family})")
}

/// Exchanges with the zone's own servers that `wanted` picks, the last one of each server.
fn asked<'a>(
    zone: &Zone<'a>,
    wanted: impl Fn(&DnsExchange) -> bool,
) -> BTreeMap<String, (&'a DnsExchange, Result<Message, Failure>)> {
    let dns: &'a Dns = zone.piece.body;
    let mut out: BTreeMap<String, (&DnsExchange, Result<Message, Failure>)> = BTreeMap::new();
    for exchange in dns.exchanges.iter().filter(|x| x.role == DnsRole::Authoritative && wanted(x)) {
        let answer = dns::answer(exchange);
        let label = server_label(exchange);
        // The first good answer counts, else the last failure.
        if out.get(&label).is_none_or(|(_, held)| held.is_err()) {
            out.insert(label, (exchange, answer));
        }
    }
    out
}

fn not_asked(zone: &Zone<'_>, sheet: &mut Sheet) {
    sheet.not_tested(&zone.apex, "not_asked", &args![zone = zone.apex]).from(&zone.piece);
}

/// `network.axfr-refused`: no name server hands the whole zone to a stranger (RFC 5936 §5).
///
/// A closed connection is a refusal, too.
pub(super) fn axfr(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case, sheet) {
        let servers = asked(&zone, |x| x.rtype == "AXFR");
        if servers.is_empty() {
            not_asked(&zone, sheet);
        }
        for (server, (exchange, answer)) in servers {
            let asset = format!("{} {server}", zone.apex);
            let values = args![zone = zone.apex, server = server];
            let began =
                |m: &Message| m.rcode == 0 && m.answers.iter().any(|r| matches!(r.data, Data::Soa { .. }));
            let (entry, shown) = match answer {
                Ok(m) if began(&m) => {
                    let first = m.answers.first().map(show).unwrap_or_default();
                    (sheet.fail(&asset, "open", &values), format!("AXFR @{}: {first}", exchange.server))
                }
                Ok(m) => {
                    let shown = format!("AXFR @{}: {}", exchange.server, m.rcode_name());
                    (sheet.pass(&asset, "pass", &values), shown)
                }
                Err(f) if f.code == Code::Closed => (sheet.pass(&asset, "pass", &values), f.to_string()),
                Err(f) => (sheet.error(&asset, &f), f.to_string()),
            };
            entry.from(&zone.piece).excerpt(excerpt([shown]));
        }
    }
}

/// `network.open-recursion`: a name server of the zone does not look up other people's names for
/// strangers (RFC 5358 §4; BCP 140).
///
/// Counts only when the server says RA and gives records for a name outside. Seen from inside the
/// owner's network it may be meant for the inside alone: a warning.
pub(super) fn recursion(case: &Case<'_>, sheet: &mut Sheet) {
    let inside = case.plan.location.vantage == Vantage::Inside;
    for zone in zones(case, sheet) {
        let outside = |x: &DnsExchange| {
            let name = canonical(&x.name);
            x.rtype == "A" && name != zone.apex && !name.ends_with(&format!(".{}", zone.apex))
        };
        let servers = asked(&zone, outside);
        if servers.is_empty() {
            not_asked(&zone, sheet);
        }
        for (server, (exchange, answer)) in servers {
            let asset = format!("{} {server}", zone.apex);
            let values = args![zone = zone.apex, server = server, name = clip(&exchange.name)];
            let open = |m: &Message| {
                m.rcode == 0 && m.recursion_available && !m.authoritative && !m.answers.is_empty()
            };
            let (entry, shown) = match answer {
                Ok(m) => {
                    let shown = format!(
                        "{} A @{}: {} ra={} aa={} answers={}",
                        exchange.name,
                        exchange.server,
                        m.rcode_name(),
                        u8::from(m.recursion_available),
                        u8::from(m.authoritative),
                        m.answers.len()
                    );
                    let entry = match (open(&m), inside) {
                        (true, false) => sheet.fail(&asset, "open", &values),
                        (true, true) => sheet.warn(&asset, "open_inside", &values),
                        (false, _) => sheet.pass(&asset, "pass", &values),
                    };
                    (entry, shown)
                }
                // Dropping such questions is a usual way of refusing them; the server answered others.
                Err(f) if f.code == Code::TimedOut => (sheet.pass(&asset, "silent", &values), f.to_string()),
                Err(f) => (sheet.error(&asset, &f), f.to_string()),
            };
            entry.from(&zone.piece).excerpt(excerpt([shown]));
        }
    }
}

/// Octets that a UDP answer may have so that it is not cut into fragments (RFC 9715 §3.1; DNS flag
/// day 2020).
const UDP_SIZE: u16 = 1232;

/// `network.edns`: name servers answer EDNS0 with EDNS0 (RFC 6891 §7) and keep UDP answers within
/// 1,232 octets (RFC 9715).
pub(super) fn edns(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case, sheet) {
        let apex = zone.apex.clone();
        let servers =
            asked(&zone, |x| x.rtype == "SOA" && x.transport == "udp" && canonical(&x.name) == apex);
        if servers.is_empty() {
            not_asked(&zone, sheet);
        }
        for (server, (exchange, answer)) in servers {
            let asset = format!("{} {server}", zone.apex);
            let message = match answer {
                Ok(message) => message,
                Err(failure) => {
                    sheet.error(&asset, &failure).from(&zone.piece);
                    continue;
                }
            };
            let size = message.edns_size.unwrap_or(0);
            let octets = exchange.answer.as_ref().map_or(0, |b| b.0.len());
            let values = args![zone = zone.apex, server = server, size = size, octets = octets];
            let entry = if message.edns_size.is_none() {
                sheet.fail(&asset, "none", &values)
            } else if octets > usize::from(UDP_SIZE) {
                sheet.fail(&asset, "oversize", &values)
            } else if size > UDP_SIZE {
                sheet.warn(&asset, "large", &values)
            } else {
                sheet.pass(&asset, "pass", &values)
            };
            let shown = format!("SOA @{} udp: {octets} octets, EDNS size {size}", exchange.server);
            entry.from(&zone.piece).excerpt(excerpt([shown]));
        }
    }
}

/// `network.cname-apex`: no alias at the top of a zone (RFC 1034 §3.6.2; RFC 2181 §10.1).
///
/// A name of the plan that is an alias and is delegated is such a zone, too, though no SOA shows.
pub(super) fn cname_apex(case: &Case<'_>, sheet: &mut Sheet) {
    let alias = |dns: &Dns, name: &str| {
        dns.exchanges.iter().filter_map(|x| dns::answer(x).ok()).find_map(|m| {
            m.answers
                .iter()
                .find(|r| canonical(&r.name) == name && matches!(r.data, Data::Cname(_)))
                .map(show)
        })
    };
    for zone in zones(case, sheet) {
        let values = args![zone = zone.apex];
        let found = alias(zone.piece.body, &zone.apex);
        let entry = match &found {
            Some(_) => sheet.fail(&zone.apex, "alias", &values),
            None => match recursive(zone.piece.body, &zone.apex, "A") {
                Some(Err(failure)) => sheet.error(&zone.apex, &failure),
                Some(Ok(_)) => sheet.pass(&zone.apex, "pass", &values),
                None => continue,
            },
        };
        entry.from(&zone.piece).excerpt(excerpt(found));
    }
    let names: Vec<String> = case.plan.scope.domains.iter().map(|n| canonical(n)).collect();
    for name in names {
        let Some(piece) = case.dns().find(|p| canonical(&p.body.name) == name) else { continue };
        let below = piece.body.apex.as_deref().is_some_and(|apex| canonical(apex) != name);
        let delegated = matches!(delegation(piece.body, &name), Some(Ok(d)) if !d.names.is_empty());
        if let Some(found) = alias(piece.body, &name).filter(|_| below && delegated) {
            sheet.fail(&name, "alias", &args![zone = name]).from(&piece).excerpt(excerpt([found]));
        }
    }
}

/// Where an alias leads and whether nothing is there.
fn dangling(dns: &Dns, host: &str) -> Option<Result<Option<(String, bool)>, Failure>> {
    let mut target = None;
    let mut trouble = None;
    let mut known = false;
    for rtype in ["A", "AAAA"] {
        match recursive(dns, host, rtype) {
            None => {}
            Some(Err(failure)) => trouble = Some(failure),
            Some(Ok(message)) => {
                known = true;
                let Some(end) = dns::alias_end(&message, host) else { continue };
                let absent = message.rcode == 3
                    || (message.addresses().is_empty()
                        && matches!(recursive(dns, &end, rtype), Some(Ok(m)) if m.rcode == 3));
                target = Some((end, absent));
                if absent {
                    break;
                }
            }
        }
    }
    match (known, trouble) {
        (true, _) => Some(Ok(target)),
        (false, Some(failure)) => Some(Err(failure)),
        (false, None) => None,
    }
}

/// `network.dangling-name`: no host of the plan is an alias for a name that does not exist
/// (OWASP WSTG-CONF-10: subdomain takeover).
///
/// When the missing name belongs to somebody else, whoever registers it gets the host: the
/// severity is one step higher.
pub(super) fn dangling_name(case: &Case<'_>, sheet: &mut Sheet) {
    let scope = &case.plan.scope;
    let own: Vec<String> = scope.domains.iter().chain(&scope.mail_domains).map(|n| canonical(n)).collect();
    let mut hosts: Vec<String> = scope.hosts.iter().map(|h| canonical(&h.name)).collect();
    hosts.extend(scope.urls.iter().filter_map(|u| u.domain()).map(canonical));
    hosts.retain(|h| h.parse::<IpAddr>().is_err());
    hosts.sort();
    hosts.dedup();
    if hosts.is_empty() {
        no_target(case, sheet);
    }
    for host in hosts {
        let found = case
            .dns()
            .filter(|p| canonical(&p.body.name) == host)
            .find_map(|piece| dangling(piece.body, &host).map(|found| (piece, found)));
        let Some((piece, found)) = found else { continue };
        match found {
            Err(failure) => sheet.error(&host, &failure).from(&piece),
            Ok(None) => sheet.pass(&host, "no_alias", &args![host = host]).from(&piece),
            Ok(Some((target, absent))) => {
                let values = args![host = host, target = clip(&target)];
                let line = format!("{host} CNAME … {target}{}", if absent { " NXDOMAIN" } else { "" });
                let entry = if absent {
                    let ours = own.iter().any(|o| target == *o || target.ends_with(&format!(".{o}")));
                    let severity = if ours { Severity::Medium } else { Severity::High };
                    sheet.fail(&host, "dangling", &values).severity(severity)
                } else {
                    sheet.pass(&host, "pass", &values)
                };
                entry.from(&piece).excerpt(excerpt([line]))
            }
        };
    }
}
