//! Mail authentication policies in DNS: SPF and DMARC.

use bulwark_i18n::args;
use bulwark_probe::dns::Message;
use bulwark_probe::evidence::Dns;
use bulwark_probe::failure::Failure;
use bulwark_probe::mail::{
    Cost, CostFault, Dmarc, Mechanism, Policy, Qualifier, Spf, Stored, is_dmarc, is_spf, parse_dmarc,
    parse_spf,
};

use super::view::{clip, excerpt, mail_domains, recursive};
use crate::check::{Case, Sheet};

/// DNS lookups a receiver makes at most (RFC 7208 §4.6.4).
const SPF_LOOKUPS: usize = 10;
/// Lookups that may find nothing (RFC 7208 §4.6.4).
const SPF_VOIDS: usize = 2;

/// Lets everyone send: `+all`, or a range of all addresses.
fn open_to_all(spf: &Spf) -> bool {
    spf.all == Some(Qualifier::Pass)
        || spf.terms.iter().any(|t| {
            t.qualifier == Qualifier::Pass
                && matches!(t.mechanism, Mechanism::Ip4(_, 0) | Mechanism::Ip6(_, 0))
        })
}

/// `network.spf`: exactly one valid record that ends in `-all` or `~all` and needs at most ten
/// lookups, two of them void, over all included records (RFC 7208 §4.5, §4.6.4, §5.1).
///
/// Counted as for a client that nothing matches: every term up to `all` is evaluated. A term with a
/// macro counts, but what it finds depends on the mail. A record without `all` and without
/// `redirect` ends in `?all` (§4.7).
pub(super) fn spf(case: &Case<'_>, sheet: &mut Sheet) {
    for (domain, piece) in mail_domains(case, sheet) {
        let message = match recursive(piece.body, &domain, "TXT") {
            Some(Ok(message)) => message,
            Some(Err(failure)) => {
                sheet.error(&domain, &failure).from(&piece);
                continue;
            }
            None => continue,
        };
        let records: Vec<&str> = message.texts().into_iter().filter(|t| is_spf(t)).collect();
        let mut lines: Vec<String> = records.iter().map(|r| format!("{domain} TXT \"{r}\"")).collect();
        let entry = match records.as_slice() {
            [] => sheet.fail(&domain, "missing", &args![domain = domain]),
            [record] => match parse_spf(record) {
                Err(e) => {
                    let values = args![domain = domain, term = clip(&e.term), position = e.position + 1];
                    sheet.fail(&domain, "invalid", &values)
                }
                Ok(spf) => {
                    let cost = Cost::of(&domain, &spf, &Stored::new(&piece.body.exchanges));
                    lines.extend(cost.terms.iter().enumerate().map(|(n, t)| {
                        let void = if t.void == Some(true) { " (void)" } else { "" };
                        format!("{:>2} {} {}{void}", n + 1, t.record, t.term)
                    }));
                    spf_policy(sheet, &domain, &spf, &cost, piece.body)
                }
            },
            several => sheet.fail(&domain, "several", &args![domain = domain, count = several.len()]),
        };
        entry.from(&piece).excerpt(excerpt(lines));
    }
}

fn spf_policy<'s>(
    sheet: &'s mut Sheet,
    domain: &str,
    spf: &Spf,
    cost: &Cost,
    dns: &Dns,
) -> crate::check::Entry<'s> {
    let (lookups, voids) = (cost.lookups(), cost.voids());
    let values = args![domain = domain, lookups = lookups, voids = voids];
    let uses_ptr = spf.terms.iter().any(|t| matches!(t.mechanism, Mechanism::Ptr(_)));
    if open_to_all(spf) || (spf.all.is_none() && cost.all == Some(Qualifier::Pass)) {
        return sheet.fail(domain, "open", &values);
    }
    if lookups > SPF_LOOKUPS {
        return sheet.fail(domain, "lookups", &values);
    }
    match &cost.fault {
        Some(CostFault::NoRecord(at)) => {
            return sheet.fail(domain, "nested_missing", &args![domain = domain, target = clip(at)]);
        }
        Some(CostFault::Several(at) | CostFault::Invalid(at)) => {
            return sheet.fail(domain, "nested_invalid", &args![domain = domain, target = clip(at)]);
        }
        Some(CostFault::ManyHosts(at)) => {
            return sheet.fail(domain, "many_hosts", &args![domain = domain, target = clip(at)]);
        }
        None => {}
    }
    if voids > SPF_VOIDS {
        return sheet.fail(domain, "voids", &values);
    }
    if let Some(at) = &cost.trouble {
        // An included record that could not be had for the moment.
        let failure = ["TXT", "MX", "A", "AAAA"].iter().find_map(|t| recursive(dns, at, t)?.err());
        if let Some(failure) = failure {
            return sheet.error(domain, &failure);
        }
    }
    match (spf.all.or(cost.all), &cost.open_end) {
        (Some(Qualifier::Fail | Qualifier::SoftFail), _) if uses_ptr => sheet.warn(domain, "ptr", &values),
        (Some(Qualifier::Fail | Qualifier::SoftFail), _) if !cost.complete() => {
            sheet.info(domain, "partial", &values)
        }
        (Some(Qualifier::Fail | Qualifier::SoftFail), _) => sheet.pass(domain, "pass", &values),
        (None, Some(target)) => {
            sheet.info(domain, "redirect", &args![domain = domain, target = clip(target)])
        }
        _ => sheet.fail(domain, "no_end", &values),
    }
}

/// Where a policy was found.
struct Found {
    /// Domain of the record.
    at: String,
    records: Vec<String>,
}

/// The DMARC records for a domain: its own, else those of the nearest parent that was asked about
/// (the organisational domain, RFC 7489 §6.6.3).
fn discover(dns: &[&Dns], domain: &str) -> Option<Result<Found, Failure>> {
    let mut asked = false;
    let mut at = Some(domain);
    while let Some(here) = at.filter(|h| h.contains('.')) {
        let name = format!("_dmarc.{here}");
        match dns.iter().find_map(|d| recursive(d, &name, "TXT")) {
            Some(Err(failure)) => return Some(Err(failure)),
            Some(Ok(message)) => {
                asked = true;
                let records = dmarc_records(&message);
                if !records.is_empty() {
                    return Some(Ok(Found { at: here.to_owned(), records }));
                }
            }
            None => {}
        }
        at = here.split_once('.').map(|(_, parent)| parent);
    }
    asked.then(|| Ok(Found { at: domain.to_owned(), records: Vec::new() }))
}

fn dmarc_records(message: &Message) -> Vec<String> {
    message.texts().into_iter().filter(|t| is_dmarc(t)).map(str::to_owned).collect()
}

/// `network.dmarc`: receivers are asked to quarantine or refuse forged mail (RFC 7489 §6.3).
///
/// `p=none` only watches; a subdomain policy weaker than the domain's, or a share below 100 %,
/// leaves a gap: all three are warnings. For a domain below the organisational domain `sp` counts.
/// Several records are as good as none (§6.6.3 step 5).
pub(super) fn dmarc(case: &Case<'_>, sheet: &mut Sheet) {
    let all: Vec<&Dns> = case.dns().map(|p| p.body).collect();
    for (domain, piece) in mail_domains(case, sheet) {
        let found = match discover(&all, &domain) {
            Some(Ok(found)) => found,
            Some(Err(failure)) => {
                sheet.error(&domain, &failure).from(&piece);
                continue;
            }
            None => continue,
        };
        let shown = excerpt(found.records.iter().map(|r| format!("_dmarc.{} TXT \"{r}\"", found.at)));
        let entry = match found.records.as_slice() {
            [] => sheet.fail(&domain, "missing", &args![domain = domain]),
            [record] => match parse_dmarc(record) {
                Err(e) => sheet.fail(&domain, "invalid", &args![domain = domain, tag = clip(&e.tag)]),
                Ok(dmarc) => dmarc_policy(sheet, &domain, &dmarc, found.at != domain),
            },
            several => sheet.fail(&domain, "several", &args![domain = domain, count = several.len()]),
        };
        entry.from(&piece).excerpt(shown);
    }
}

fn dmarc_policy<'s>(
    sheet: &'s mut Sheet,
    domain: &str,
    dmarc: &Dmarc,
    inherited: bool,
) -> crate::check::Entry<'s> {
    let subdomains = dmarc.subdomain_policy.unwrap_or(dmarc.policy);
    let policy = if inherited { subdomains } else { dmarc.policy };
    let values =
        args![domain = domain, policy = word(policy), sub = word(subdomains), percent = dmarc.percent];
    if policy == Policy::None {
        sheet.warn(domain, "watching", &values)
    } else if dmarc.percent < 100 {
        sheet.warn(domain, "share", &values)
    } else if !inherited && subdomains < policy {
        sheet.warn(domain, "subdomains", &values)
    } else if !dmarc.errors.is_empty() {
        let tag = dmarc.errors.first().map(|e| clip(&e.tag)).unwrap_or_default();
        sheet.warn(domain, "faulty", &args![domain = domain, tag = tag])
    } else {
        sheet.pass(domain, "pass", &values)
    }
}

const fn word(policy: Policy) -> &'static str {
    match policy {
        Policy::None => "none",
        Policy::Quarantine => "quarantine",
        Policy::Reject => "reject",
    }
}
