//! Where mail goes and whether it travels encrypted.

use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_probe::dns::Data;
use bulwark_probe::evidence::Dns;
use bulwark_probe::failure::Code;
use bulwark_probe::mail::{MxSet, mx_set};

use super::view::{canonical, clip, excerpt, host_port, mail_domains, recursive, show};
use crate::check::{Case, Sheet};

/// How an MX target resolves.
enum Target {
    Fine,
    /// Neither A nor AAAA: mail is lost.
    Dangling,
    /// A CNAME, forbidden for MX targets (RFC 2181 §10.3; RFC 5321 §5.1).
    Alias,
}

/// Only says something bad when both questions were asked and answered.
fn target(dns: &Dns, host: &str) -> Target {
    let answers = [recursive(dns, host, "A"), recursive(dns, host, "AAAA")];
    let [Some(Ok(v4)), Some(Ok(v6))] = answers else { return Target::Fine };
    let is_alias = |r: &bulwark_probe::dns::Rr| {
        matches!(r.data, Data::Cname(_)) && canonical(&r.name) == canonical(host)
    };
    if v4.addresses().is_empty() && v6.addresses().is_empty() {
        Target::Dangling
    } else if v4.answers.iter().chain(&v6.answers).any(is_alias) {
        Target::Alias
    } else {
        Target::Fine
    }
}

/// `network.mx-present`: each mail domain names its mail hosts, or says by a null MX that it takes
/// no mail (RFC 7505).
///
/// Without any MX, mail goes to the A/AAAA of the domain itself (RFC 5321 §5.1): lawful, but
/// seldom meant, hence a warning. An address instead of a name, a target without address, and a
/// null MX beside others are failures.
pub(super) fn mx(case: &Case<'_>, sheet: &mut Sheet) {
    for (domain, piece) in mail_domains(case, sheet) {
        let message = match recursive(piece.body, &domain, "MX") {
            Some(Ok(message)) => message,
            Some(Err(failure)) => {
                sheet.error(&domain, &failure).from(&piece);
                continue;
            }
            None => continue,
        };
        let records = excerpt(message.answers.iter().filter(|r| matches!(r.data, Data::Mx { .. })).map(show));
        let entry = match mx_set(&message.answers) {
            MxSet::Null => sheet.pass(&domain, "null", &args![domain = domain]),
            MxSet::NullMixed(_) => sheet.fail(&domain, "null_mixed", &args![domain = domain]),
            MxSet::None => {
                let has_address = ["A", "AAAA"].iter().any(
                    |t| matches!(recursive(piece.body, &domain, t), Some(Ok(m)) if !m.addresses().is_empty()),
                );
                if has_address {
                    sheet.warn(&domain, "implicit", &args![domain = domain])
                } else {
                    sheet.fail(&domain, "missing", &args![domain = domain])
                }
            }
            MxSet::Hosts(hosts) => {
                let named = |bad: &dyn Fn(&str) -> bool| -> Vec<String> {
                    hosts.iter().filter(|(_, h)| bad(h)).map(|(_, h)| clip(h)).collect()
                };
                let literal = named(&|h| h.trim_matches(['[', ']']).parse::<IpAddr>().is_ok());
                let dangling = named(&|h| matches!(target(piece.body, h), Target::Dangling));
                let alias = named(&|h| matches!(target(piece.body, h), Target::Alias));
                if !literal.is_empty() {
                    sheet.fail(&domain, "literal", &args![domain = domain, hosts = literal.join(", ")])
                } else if !dangling.is_empty() {
                    sheet.fail(&domain, "dangling", &args![domain = domain, hosts = dangling.join(", ")])
                } else if !alias.is_empty() {
                    sheet.warn(&domain, "alias", &args![domain = domain, hosts = alias.join(", ")])
                } else {
                    sheet.pass(&domain, "pass", &args![domain = domain, count = hosts.len()])
                }
            }
        };
        entry.from(&piece).excerpt(records);
    }
}

/// `network.smtp-starttls`: a mail host offers STARTTLS and the handshake works (RFC 3207 §4).
///
/// An offer that then breaks is worse than it looks: opportunistic senders fall back to clear text.
/// Time-outs of ours stay `error`. Port 465 speaks TLS from the first byte and needs no offer.
pub(super) fn starttls(case: &Case<'_>, sheet: &mut Sheet) {
    if case.plan.scope.hosts.iter().all(|h| h.smtp_port.is_none()) {
        super::view::no_target(case, sheet);
    }
    for piece in case.smtp() {
        let smtp = piece.body;
        let host = host_port(&smtp.host, smtp.port);
        let outcome = match &smtp.starttls {
            Some(Err(failure)) => Some(failure.to_string()),
            Some(Ok(protocol)) => Some(protocol.clone()),
            None => None,
        };
        let said =
            outcome.into_iter().chain(std::iter::once(smtp.banner.clone())).chain(smtp.ehlo.iter().cloned());
        let entry = match &smtp.starttls {
            None if smtp.port == 465 => sheet.not_applicable(&host, "implicit_tls", &args![host = host]),
            None => sheet.fail(&host, "not_offered", &args![host = host]),
            Some(Ok(_)) => sheet.pass(&host, "pass", &args![host = host]),
            Some(Err(f))
                if matches!(f.code, Code::TlsFailed | Code::NotTls | Code::BadAnswer | Code::Closed) =>
            {
                sheet.fail(&host, "broken", &args![host = host])
            }
            Some(Err(failure)) => sheet.error(&host, failure),
        };
        entry.from(&piece).excerpt(excerpt(said));
    }
}
