//! Mail policies beyond SPF and DMARC: DKIM keys, consent to DMARC reports, MTA-STS, TLS reports,
//! DANE.

use bulwark_i18n::args;
use bulwark_model::{Intensity, Severity};
use bulwark_probe::dns::Message;
use bulwark_probe::dnssec::wire::Name;
use bulwark_probe::dnssec::{Chain, Followed, Proof, State, types};
use bulwark_probe::evidence::{Dns, MtaSts, Smtp};
use bulwark_probe::failure::{Code, Failure};
use bulwark_probe::mail::{
    KeyKind, MxSet, Resolver as _, Stored, StsMode, Tlsa, Trouble, consent_name, is_dmarc, is_sts,
    is_tls_rpt, mx_set, parse_dkim, parse_sts_policy, report_domains, same_organisation, sts_id,
    tls_rpt_addresses,
};

use super::view::{canonical, clip, excerpt, mail_domains, no_target, recursive};
use crate::check::{Case, Entry, Piece, Sheet};

/// RSA keys below this are not accepted by verifiers (RFC 8301 §3.2).
const RSA_REFUSED: usize = 1024;
/// RSA keys signers should have (RFC 8301 §3.2).
const RSA_GOOD: usize = 2048;
/// A week, in seconds: the least `max_age` that outlives a weekend and an attack (RFC 8461 §10.1).
const WEEK_S: u64 = 604_800;

/// `network.dkim`: the keys of the plan's selectors are there and strong enough (RFC 6376 §3.6.1,
/// RFC 8301 §3, RFC 8463).
pub(super) fn dkim(case: &Case<'_>, sheet: &mut Sheet) {
    let scope = &case.plan.scope;
    if scope.mail_domains.is_empty() {
        return no_target(case, sheet);
    }
    for domain in scope.mail_domains.iter().map(|d| canonical(d)) {
        if scope.dkim_selectors.is_empty() {
            sheet.not_tested(&domain, "no_selectors", &args![domain = domain]);
        }
        for selector in &scope.dkim_selectors {
            let name = format!("{selector}._domainkey.{domain}").to_ascii_lowercase();
            let found = case.dns().find_map(|p| recursive(p.body, &name, "TXT").map(|answer| (p, answer)));
            let Some((piece, answer)) = found else { continue };
            let message = match answer {
                Ok(message) => message,
                Err(failure) => {
                    sheet.error(&name, &failure).from(&piece);
                    continue;
                }
            };
            let shown = message.texts().into_iter().map(|t| format!("{name} TXT \"{t}\""));
            let shown = excerpt(shown);
            dkim_key(sheet, &name, &message).from(&piece).excerpt(shown);
        }
    }
}

fn dkim_key<'s>(sheet: &'s mut Sheet, name: &str, message: &Message) -> Entry<'s> {
    let keys: Vec<&str> = message.texts().into_iter().filter(|t| t.contains("p=")).collect();
    let values = args![name = name];
    let record = match keys.as_slice() {
        [] => return sheet.fail(name, "missing", &values),
        [record] => record,
        several => return sheet.fail(name, "several", &args![name = name, count = several.len()]),
    };
    let key = match parse_dkim(record) {
        Ok(key) => key,
        Err(fault) => return sheet.fail(name, "invalid", &args![name = name, tag = fault.tag()]),
    };
    let bits = match &key.key {
        KeyKind::Revoked => return sheet.fail(name, "revoked", &values),
        KeyKind::Other(kind) => return sheet.fail(name, "kind", &args![name = name, kind = clip(kind)]),
        KeyKind::Ed25519 => None,
        KeyKind::Rsa(bits) => Some(*bits),
    };
    let word = bits.map_or_else(|| "Ed25519".to_owned(), |b| format!("RSA {b}"));
    let values = args![name = name, key = word];
    match bits {
        _ if key.not_mail => sheet.fail(name, "not_mail", &values),
        _ if key.sha1_only => sheet.fail(name, "sha1", &values),
        Some(bits) if bits < RSA_REFUSED => sheet.fail(name, "refused", &values),
        Some(bits) if bits < RSA_GOOD => sheet.warn(name, "short", &values),
        _ if key.testing => sheet.warn(name, "testing", &values),
        _ => sheet.pass(name, "pass", &values),
    }
}

/// `network.dmarc-reports`: somebody reads the reports, and domains outside have agreed to take them
/// (RFC 7489 §7.1).
pub(super) fn dmarc_reports(case: &Case<'_>, sheet: &mut Sheet) {
    for (domain, piece) in mail_domains(case, sheet) {
        let stored = Stored::new(&piece.body.exchanges);
        if let Some(Err(failure)) = recursive(piece.body, &format!("_dmarc.{domain}"), "TXT") {
            sheet.error(&domain, &failure).from(&piece);
            continue;
        }
        let Some((at, record)) = stored.dmarc(&domain) else {
            sheet.not_applicable(&domain, "no_dmarc", &args![domain = domain]).from(&piece);
            continue;
        };
        let targets = report_domains(&record);
        let outside: Vec<&String> = targets.iter().filter(|t| !same_organisation(&at, t)).collect();
        let (mut refused, mut unknown, mut agreed) = (Vec::new(), None, Vec::new());
        for target in outside {
            let name = consent_name(&at, target);
            match stored.txt(&name) {
                Ok(texts) if texts.iter().any(|t| is_dmarc(t)) => agreed.push(clip(target)),
                Ok(_) => refused.push(clip(target)),
                Err(Trouble::Temporary) => {
                    unknown = recursive(piece.body, &name, "TXT").and_then(Result::err);
                }
                Err(Trouble::Unasked) => {}
            }
        }
        let values = args![
            domain = domain,
            count = targets.len(),
            outside = agreed.len(),
            targets = refused.join(", ")
        ];
        let entry = if record.aggregate_reports.is_empty() {
            sheet.fail(&domain, "no_rua", &values)
        } else if !refused.is_empty() {
            sheet.fail(&domain, "refused", &values)
        } else if let Some(failure) = unknown {
            sheet.error(&domain, &failure)
        } else {
            sheet.pass(&domain, "pass", &values)
        };
        let lines = record
            .aggregate_reports
            .iter()
            .map(|u| format!("rua {}", u.uri))
            .chain(record.failure_reports.iter().map(|u| format!("ruf {}", u.uri)));
        entry.from(&piece).excerpt(excerpt(lines));
    }
}

/// Says that a domain takes no mail, when it says so itself.
fn takes_no_mail(dns: &Dns, domain: &str) -> bool {
    matches!(recursive(dns, domain, "MX"), Some(Ok(m)) if mx_set(&m.answers) == MxSet::Null)
}

/// TXT records of a name; `None` when a line about the trouble was written or nothing was asked.
fn policy_texts(sheet: &mut Sheet, domain: &str, name: &str, piece: &Piece<'_, Dns>) -> Option<Vec<String>> {
    match recursive(piece.body, name, "TXT") {
        None => {
            sheet.not_tested(domain, "not_asked", &args![domain = domain]).from(piece);
            None
        }
        Some(Err(failure)) => {
            sheet.error(domain, &failure).from(piece);
            None
        }
        Some(Ok(message)) => Some(message.texts().into_iter().map(str::to_owned).collect()),
    }
}

/// `network.mta-sts`: senders are told to deliver over verified TLS only (RFC 8461 §3, §4, §5).
///
/// Without any policy nothing breaks: advice. A policy that does not name the real mail hosts
/// makes mail bounce in mode `enforce`.
pub(super) fn mta_sts(case: &Case<'_>, sheet: &mut Sheet) {
    let lab = case.plan.intensity == Intensity::Lab;
    for (domain, piece) in mail_domains(case, sheet) {
        if takes_no_mail(piece.body, &domain) {
            sheet.not_applicable(&domain, "no_mail", &args![domain = domain]).from(&piece);
            continue;
        }
        let name = format!("_mta-sts.{domain}");
        let Some(texts) = policy_texts(sheet, &domain, &name, &piece) else { continue };
        let records: Vec<&String> = texts.iter().filter(|t| is_sts(t)).collect();
        let mut lines: Vec<String> = records.iter().map(|t| format!("{name} TXT \"{t}\"")).collect();
        let values = args![domain = domain];
        let entry = match records.as_slice() {
            [] => sheet.fail(&domain, "missing", &values).severity(Severity::Advice),
            [record] if sts_id(record).is_none() => sheet.fail(&domain, "bad_record", &values),
            [_] => match &piece.body.mta_sts {
                None => sheet.not_tested(&domain, "not_fetched", &values),
                Some(fetched) => sts_policy(sheet, &domain, &piece, fetched, lab, &mut lines),
            },
            _ => sheet.fail(&domain, "bad_record", &values),
        };
        entry.from(&piece).excerpt(excerpt(lines));
    }
}

fn sts_policy<'s>(
    sheet: &'s mut Sheet,
    domain: &str,
    piece: &Piece<'_, Dns>,
    fetched: &MtaSts,
    lab: bool,
    lines: &mut Vec<String>,
) -> Entry<'s> {
    let values = args![domain = domain];
    let http = match &fetched.policy {
        Ok(http) => http,
        Err(f) => {
            lines.push(f.to_string());
            // In a lab the standard port belongs to somebody else.
            let theirs = match f.code {
                Code::NoSuchName | Code::NoAddress | Code::TlsFailed | Code::NotTls => true,
                Code::Refused => !lab,
                _ => false,
            };
            return if theirs { sheet.fail(domain, "unreachable", &values) } else { sheet.error(domain, f) };
        }
    };
    let Some(first) = http.hops.first() else { return sheet.not_tested(domain, "not_fetched", &values) };
    lines.push(format!("{} {}", first.url, first.status));
    if let Ok(Some(problem)) = fetched.handshake.as_ref().map(|h| h.trust_error.as_ref()) {
        lines.push(problem.clone());
        return sheet.fail(domain, "certificate", &values);
    }
    if first.status != 200 {
        return sheet.fail(domain, "status", &args![domain = domain, status = first.status]);
    }
    lines.extend(first.body.lines().take(6).map(str::to_owned));
    let policy = match parse_sts_policy(&first.body) {
        Ok(policy) => policy,
        Err(field) => return sheet.fail(domain, "invalid", &args![domain = domain, field = clip(&field)]),
    };
    let hosts: Vec<String> = match recursive(piece.body, domain, "MX") {
        Some(Ok(m)) => match mx_set(&m.answers) {
            MxSet::Hosts(hosts) => hosts.into_iter().map(|(_, h)| h).collect(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let missed: Vec<String> = hosts.iter().filter(|h| !policy.allows(h)).map(|h| clip(h)).collect();
    let values = args![domain = domain, hosts = missed.join(", "), seconds = policy.max_age];
    match policy.mode {
        StsMode::None => sheet.fail(domain, "off", &values).severity(Severity::Advice),
        _ if !missed.is_empty() => sheet.fail(domain, "mx", &values).severity(Severity::Medium),
        StsMode::Testing => sheet.warn(domain, "testing", &values),
        StsMode::Enforce if policy.max_age < WEEK_S => sheet.warn(domain, "short", &values),
        StsMode::Enforce => sheet.pass(domain, "pass", &values),
    }
}

/// `network.tls-rpt`: senders are told where to report failures of TLS (RFC 8460 §3).
pub(super) fn tls_rpt(case: &Case<'_>, sheet: &mut Sheet) {
    for (domain, piece) in mail_domains(case, sheet) {
        if takes_no_mail(piece.body, &domain) {
            sheet.not_applicable(&domain, "no_mail", &args![domain = domain]).from(&piece);
            continue;
        }
        let name = format!("_smtp._tls.{domain}");
        let Some(texts) = policy_texts(sheet, &domain, &name, &piece) else { continue };
        let records: Vec<&String> = texts.iter().filter(|t| is_tls_rpt(t)).collect();
        let entry = match records.as_slice() {
            [] => sheet.fail(&domain, "missing", &args![domain = domain]),
            [record] => match tls_rpt_addresses(record) {
                Ok(found) => sheet.pass(&domain, "pass", &args![domain = domain, count = found.len()]),
                Err(part) => sheet.fail(&domain, "invalid", &args![domain = domain, part = clip(&part)]),
            },
            several => sheet.fail(&domain, "several", &args![domain = domain, count = several.len()]),
        };
        entry.from(&piece).excerpt(excerpt(records.iter().map(|t| format!("{name} TXT \"{t}\""))));
    }
}

/// `network.dane`: where mail hosts have TLSA records in a signed zone, their certificates fit
/// (RFC 7672 §2, §3).
///
/// Senders use DANE only when MX and TLSA are secure; then a certificate that does not fit stops
/// mail. Without TLSA nothing is wrong: a fact, no judgement. Aliases of the host and of the record
/// are followed as long as they are secure (RFC 7671 §7).
pub(super) fn dane(case: &Case<'_>, sheet: &mut Sheet) {
    if case.plan.scope.mail_domains.is_empty() {
        return no_target(case, sheet);
    }
    for domain in case.plan.scope.mail_domains.iter().map(|d| canonical(d)) {
        let Some(piece) = case.dnssec().find(|p| canonical(&p.body.zone) == domain) else { continue };
        let chain =
            Chain::new(&piece.body.exchanges, &piece.body.anchors, piece.record.started_at.as_second());
        let values = args![domain = domain];
        let hosts = match chain.mail_hosts(&domain) {
            Proof::Secure(records) => records,
            Proof::Absent => {
                sheet.not_applicable(&domain, "no_mx", &values).from(&piece);
                continue;
            }
            Proof::NotSecure(State::Indeterminate(why)) => {
                unknown(sheet, &domain, &why).from(&piece);
                continue;
            }
            Proof::NotSecure(_) => {
                sheet.not_applicable(&domain, "insecure", &values).from(&piece);
                continue;
            }
        };
        // Data of an MX: two octets, then the host.
        let mut names: Vec<String> =
            hosts.iter().filter_map(|r| Some(Name::read(r.data.get(2..)?)?.to_string())).collect();
        names.sort();
        names.dedup();
        if names.iter().all(|n| n == ".") {
            sheet.not_applicable(&domain, "no_mx", &values).from(&piece);
        }
        for host in names.iter().filter(|n| *n != ".") {
            let asset = format!("{domain} {host}");
            let found = tlsa(&chain, host);
            let smtp = case.smtp().find(|p| canonical(&p.body.host) == *host);
            dane_host(sheet, &asset, host, found, smtp, &piece);
        }
    }
}

/// The TLSA records that count for a host: those at the end of its aliases, else its own.
fn tlsa(chain: &Chain, host: &str) -> Followed {
    let none = Followed { names: vec![host.to_owned()], proof: Proof::Absent };
    let found =
        chain.tlsa_bases(host).into_iter().map(|b| chain.follow(&format!("_25._tcp.{b}"), types::TLSA));
    let rank = |f: &Followed| match f.proof {
        Proof::Absent => 0,
        Proof::NotSecure(State::Insecure(_)) => 1,
        _ => 2,
    };
    found.fold(none, |best, next| if rank(&next) > rank(&best) { next } else { best })
}

fn unknown<'s>(sheet: &'s mut Sheet, asset: &str, why: &bulwark_probe::dnssec::Unknown) -> Entry<'s> {
    let step = bulwark_probe::failure::Step::Decode;
    sheet.error(asset, &Failure::new(step, Code::BadAnswer, why.to_string()))
}

fn dane_host(
    sheet: &mut Sheet,
    asset: &str,
    host: &str,
    found: Followed,
    smtp: Option<Piece<'_, Smtp>>,
    piece: &Piece<'_, bulwark_probe::evidence::Dnssec>,
) {
    let values = args![host = host];
    let (owner, names) = (found.names.last().cloned().unwrap_or_default(), found.names);
    let records: Vec<Tlsa> = match found.proof {
        Proof::Absent => {
            sheet.info(asset, "none", &values).from(piece);
            return;
        }
        Proof::NotSecure(State::Indeterminate(why)) => {
            unknown(sheet, asset, &why).from(piece);
            return;
        }
        Proof::NotSecure(State::Bogus(b)) => {
            let values = args![host = host, reason = clip(&b.to_string())];
            sheet.fail(asset, "bogus", &values).from(piece);
            return;
        }
        Proof::NotSecure(_) => {
            sheet.warn(asset, "ignored", &values).from(piece);
            return;
        }
        Proof::Secure(records) => records.iter().filter_map(|r| Tlsa::read(&r.data)).collect(),
    };
    let aliases = names.windows(2).map(|pair| format!("{} CNAME {}", pair[0], pair[1]));
    let lines: Vec<String> = aliases.chain(records.iter().map(|t| format!("{owner} TLSA {t}"))).collect();
    let usable: Vec<&Tlsa> = records.iter().filter(|t| t.usable()).collect();
    let entry = if usable.is_empty() {
        sheet.warn(asset, "unusable", &values)
    } else if let Some(smtp) = smtp {
        let entry = match (&smtp.body.starttls, &smtp.body.handshake) {
            (None, _) => sheet.fail(asset, "no_tls", &values),
            (Some(Err(f)), _) if matches!(f.code, Code::TlsFailed | Code::NotTls | Code::Closed) => {
                sheet.fail(asset, "no_tls", &values)
            }
            (Some(Err(f)), _) => sheet.error(asset, f),
            (Some(Ok(_)), None) => sheet.not_tested(asset, "no_handshake", &values),
            (Some(Ok(_)), Some(handshake)) => {
                let chain: Vec<&[u8]> = handshake.chain.iter().map(|c| c.0.as_slice()).collect();
                if usable.iter().any(|t| t.fits(&chain)) {
                    sheet.pass(asset, "pass", &values)
                } else {
                    sheet.fail(asset, "mismatch", &values)
                }
            }
        };
        entry.from(&smtp)
    } else {
        sheet.not_tested(asset, "no_handshake", &values)
    };
    entry.from(piece).excerpt(excerpt(lines));
}
