//! Single points of failure that can be seen from outside.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_model::Severity;

use super::address::{
    Servers, is_public, known, mail_domains, plain_host, prefix, redundant, web_hosts, words, zones,
};
use crate::check::{Case, Sheet};
use crate::checks::end_user::visit::subject_of;
use crate::plan::AnswerValue;

/// A web host should have two addresses of one family (ISO/IEC 27002:2022 §8.14). One IPv4 and one
/// IPv6 address are usually the same machine: warning. A single address can also hide a cluster behind
/// a virtual address: when the questionnaire says servers are redundant, it is a warning only.
pub(super) fn single_address(case: &Case<'_>, sheet: &mut Sheet) {
    let hosts = web_hosts(case);
    let declared = case.answer("redundant-server").is_some_and(|a| a.value == AnswerValue::Yes);
    for host in &hosts {
        if host.parse::<IpAddr>().is_ok() {
            sheet.not_applicable(host, "literal", &args![host = host]);
            continue;
        }
        let known = known(case, host);
        let args = args![host = host, addresses = words(&known.addresses)];
        let mut entry = if known.addresses.is_empty() {
            match failure_about(case, host) {
                Some(piece) => sheet.error(host, piece.body).from(&piece),
                None => sheet.not_tested(host, "common.not_reached", &[]),
            }
        } else if redundant(&known.addresses) {
            sheet.pass(host, "pass", &args)
        } else if known.addresses.len() == 2 {
            sheet.warn(host, "one_each", &args)
        } else if declared {
            sheet.warn(host, "virtual", &args).severity(Severity::Advice)
        } else {
            sheet.fail(host, "single", &args)
        };
        for piece in &known.tcp {
            entry = entry.from(piece);
        }
        for piece in &known.dns {
            entry = entry.from(piece);
        }
        if !known.addresses.is_empty() {
            let _ = entry.excerpt(format!("{host} → {}", words(&known.addresses)));
        }
    }
    settle_all(case, sheet, &["tcp", "dns"]);
}

/// The failed record about one host, if there is one.
fn failure_about<'a>(
    case: &Case<'a>,
    host: &str,
) -> Option<crate::check::Piece<'a, bulwark_probe::failure::Failure>> {
    case.failed(&["tcp", "dns"]).into_iter().find(|p| {
        let subject = subject_of(&p.record.key);
        let name = if p.record.key.starts_with("tcp:") {
            subject.rsplit_once(':').map_or(subject, |(h, _)| h)
        } else {
            subject
        };
        plain_host(name) == host
    })
}

/// Failed records that this check has spoken about already or that are about other things.
fn settle_all(case: &Case<'_>, sheet: &mut Sheet, kinds: &[&str]) {
    for piece in case.failed(kinds) {
        sheet.handled(&piece);
    }
}

/// A zone needs two name servers (RFC 1034 §4.1, RFC 2182 §5) on two machines: names that all lead to one
/// address of each family are one.
pub(super) fn single_ns(case: &Case<'_>, sheet: &mut Sheet) {
    for zone in zones(case) {
        let domain = zone.domain.as_str();
        let addresses = zone.addresses();
        let args = args![zone = domain, count = zone.hosts.len(), addresses = words(&addresses)];
        let every_known = zone.hosts.values().all(|a| !a.is_empty());
        let entry = if let Some(failure) = &zone.failure {
            sheet.error(domain, failure)
        } else {
            match zone.hosts.len() {
                0 => sheet.not_tested(domain, "unknown", &args),
                1 => sheet.fail(domain, "single", &args),
                _ if !addresses.is_empty() && every_known && !redundant(&addresses) => {
                    sheet.fail(domain, "one_address", &args)
                }
                _ => sheet.pass(domain, "pass", &args),
            }
            .excerpt(zone.excerpt("NS"))
        };
        entry.from(&zone.piece);
    }
}

/// A mail domain should have two mail hosts or one name with several addresses (RFC 5321 §5.1). Senders keep
/// trying for four to five days (§4.5.4.1), so a single one is low. A null MX (RFC 7505) takes no mail.
pub(super) fn single_mx(case: &Case<'_>, sheet: &mut Sheet) {
    let known = mail_domains(case);
    for of in &known {
        let domain = of.domain.as_str();
        let addresses = of.addresses();
        let hosts: Vec<&str> = of.hosts.keys().take(8).map(String::as_str).collect();
        let args = args![domain = domain, hosts = hosts.join(", "), addresses = words(&addresses)];
        let every_known = of.hosts.values().all(|a| !a.is_empty());
        let entry = if let Some(failure) = &of.failure {
            sheet.error(domain, failure)
        } else {
            match of.hosts.len() {
                0 if of.null_mx => sheet.not_applicable(domain, "null_mx", &args),
                0 => sheet.not_applicable(domain, "no_mx", &args),
                _ if redundant(&addresses) => sheet.pass(domain, "pass", &args),
                1 if addresses.is_empty() => sheet.warn(domain, "single", &args),
                1 => sheet.fail(domain, "single", &args),
                _ if every_known => sheet.fail(domain, "one_address", &args),
                _ => sheet.pass(domain, "pass", &args),
            }
            .excerpt(of.excerpt("MX"))
        };
        entry.from(&of.piece);
    }
    if case.plan.scope.mail_domains.is_empty() {
        sheet.not_applicable(&case.plan.system.name, "no_mail", &[]);
    }
    // Records about names that receive no mail are not this check's business.
    let mail: BTreeSet<String> = case.plan.scope.mail_domains.iter().map(|d| plain_host(d)).collect();
    for piece in case.failed(&["dns"]) {
        if !mail.contains(&plain_host(subject_of(&piece.record.key))) {
            sheet.handled(&piece);
        }
    }
}

/// Web hosts, name servers and mail hosts that all lie in one /24 (IPv4) and one /48 (IPv6) hang on one
/// circuit (RFC 2182 §3.1; ICANN delegation rules ask for two networks). Only public addresses tell that.
pub(super) fn shared_prefix(case: &Case<'_>, sheet: &mut Sheet) {
    let asset = case.plan.system.name.as_str();
    let mut roles: BTreeMap<&str, BTreeSet<IpAddr>> = BTreeMap::new();
    let (zones, mail) = (zones(case), mail_domains(case));
    let web: BTreeSet<IpAddr> = web_hosts(case)
        .iter()
        .flat_map(|h| h.parse::<IpAddr>().map_or_else(|_| known(case, h).addresses, |a| [a].into()))
        .collect();
    roles.insert("web", web);
    roles.insert("NS", zones.iter().flat_map(Servers::addresses).collect());
    roles.insert("MX", mail.iter().flat_map(Servers::addresses).collect());
    roles.retain(|_, a| !a.is_empty());
    let any = !roles.is_empty();
    for addresses in roles.values_mut() {
        addresses.retain(|a| is_public(*a));
    }
    roles.retain(|_, a| !a.is_empty());
    settle_all(case, sheet, &["tcp", "dns"]);
    let all: BTreeSet<IpAddr> = roles.values().flatten().copied().collect();
    let v4: BTreeSet<String> = all.iter().filter(|a| a.is_ipv4()).map(|a| prefix(*a)).collect();
    let v6: BTreeSet<String> = all.iter().filter(|a| a.is_ipv6()).map(|a| prefix(*a)).collect();
    let prefixes: Vec<&str> = v4.iter().chain(&v6).take(8).map(String::as_str).collect();
    let names: Vec<&str> = roles.keys().copied().collect();
    let args = args![roles = names.join(", "), prefixes = prefixes.join(", ")];
    let shown: Vec<String> = roles.iter().map(|(role, a)| format!("{role}: {}", words(a))).collect();
    let mut entry = match roles.len() {
        0 if any => sheet.not_applicable(asset, "private", &[]),
        0 | 1 => sheet.not_tested(asset, "too_little", &[]),
        _ if v4.len() <= 1 && v6.len() <= 1 => sheet.warn(asset, "shared", &args),
        _ => sheet.pass(asset, "pass", &args),
    }
    .excerpt(shown.join("\n"));
    for piece in zones.iter().chain(&mail).map(|s| s.piece).take(20) {
        entry = entry.from(&piece);
    }
    for piece in case
        .tcp()
        .filter(|p| p.body.addresses.iter().any(|a| a.parse().is_ok_and(|a| all.contains(&a))))
        .take(20)
    {
        entry = entry.from(&piece);
    }
}
