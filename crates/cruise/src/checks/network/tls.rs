//! TLS versions offered and suites chosen.

use std::collections::BTreeSet;

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::evidence::{TlsAnswer, TlsAttempt, TlsVersions};
use bulwark_probe::failure::{Code, Failure, Step};
use bulwark_probe::tls::{Class, Version, alert_name, cipher_class, cipher_name, version_name};

use super::view::{excerpt, host_port};
use crate::check::{Case, Sheet};

fn version_word(wire: u16) -> String {
    version_name(wire).map_or_else(|| format!("0x{wire:04x}"), str::to_owned)
}

fn suite_word(suite: u16) -> String {
    cipher_name(suite).map_or_else(|| format!("0x{suite:04x}"), str::to_owned)
}

fn describe(attempt: &TlsAttempt) -> String {
    let answer = match &attempt.answer {
        Ok(TlsAnswer::Accepted { version, cipher, .. }) => {
            format!("{} {}", version_word(*version), suite_word(*cipher))
        }
        Ok(TlsAnswer::Alert { description, .. }) => {
            format!("alert {description} {}", alert_name(*description))
        }
        Ok(TlsAnswer::Closed) => "closed".into(),
        Ok(TlsAnswer::NotTls { .. }) => "not TLS".into(),
        Err(failure) => failure.to_string(),
    };
    format!("{}: {answer}", attempt.version)
}

/// What the attempts of one port come to.
#[derive(Default)]
struct Offer<'a> {
    /// Versions on the wire that the server agreed to. A server may answer an offer with an older
    /// version, so the number of its ServerHello counts, not the one we offered.
    accepted: BTreeSet<u16>,
    /// The port speaks something else.
    plain: bool,
    /// Connected, but no ServerHello came: some load balancers drop hellos they do not like.
    silent: Vec<&'a str>,
    /// Our trouble.
    failure: Option<&'a Failure>,
}

fn offer(versions: &TlsVersions) -> Offer<'_> {
    let mut offer = Offer::default();
    for attempt in &versions.attempts {
        match &attempt.answer {
            Ok(TlsAnswer::Accepted { version, .. }) => {
                offer.accepted.insert(*version);
            }
            Ok(TlsAnswer::NotTls { .. }) => offer.plain = true,
            Ok(TlsAnswer::Alert { .. } | TlsAnswer::Closed) => {}
            Err(f) if f.step == Step::Receive && matches!(f.code, Code::TimedOut | Code::Closed) => {
                offer.silent.push(&attempt.version);
            }
            Err(f) => {
                offer.failure.get_or_insert(f);
            }
        }
    }
    offer
}

fn words(versions: impl IntoIterator<Item = u16>) -> String {
    versions.into_iter().map(version_word).collect::<Vec<_>>().join(", ")
}

/// `network.tls-versions`: SSLv3, TLS 1.0 and 1.1 are refused (RFC 7568, RFC 8996: MUST NOT), and
/// TLS 1.3 is offered (RFC 9325 §3.1.1: SHOULD).
///
/// A version that could not be tried leaves the port `error` unless an old version was seen: one
/// good answer proves a weakness, but only all answers prove its absence.
pub(super) fn versions(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.tls_versions() {
        let body = piece.body;
        let host = host_port(&body.host, body.port);
        let offer = offer(body);
        let old: Vec<u16> = offer.accepted.iter().copied().filter(|v| *v < Version::Tls12.wire()).collect();
        let all = words(offer.accepted.iter().copied());
        let values = args![
            host = host,
            versions = all,
            old = words(old.iter().copied()),
            silent = offer.silent.join(", ")
        ];
        let entry = if !old.is_empty() {
            let entry = sheet.fail(&host, "old", &values);
            if old.iter().any(|v| *v <= Version::Ssl3.wire()) {
                entry.severity(Severity::High)
            } else {
                entry
            }
        } else if offer.plain {
            sheet.fail(&host, "plain", &values)
        } else if let Some(failure) = offer.failure {
            sheet.error(&host, failure)
        } else if offer.accepted.is_empty() {
            sheet.manual(&host, "none", &values)
        } else if !offer.accepted.contains(&Version::Tls13.wire()) {
            sheet.warn(&host, "no_13", &values)
        } else if offer.silent.is_empty() {
            sheet.pass(&host, "pass", &values)
        } else {
            sheet.pass(&host, "pass_silent", &values)
        };
        entry.from(&piece).excerpt(excerpt(body.attempts.iter().map(describe)));
    }
}

/// `network.tls-cipher`: the suite a server chooses has forward secrecy and authenticated
/// encryption (RFC 9325 §4.1, §4.2; classes of NCSC-NL's guidelines).
///
/// Judged on TLS 1.2 and 1.3; the suites of older versions only when nothing newer is offered,
/// since those versions are a finding of their own. Where a profile lists every suite, `tls-suites`
/// takes over, so that one weakness is one finding.
pub(super) fn ciphers(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.tls_versions() {
        let body = piece.body;
        let host = host_port(&body.host, body.port);
        if super::tls_profile::tells_suites(case, &host) {
            sheet.not_applicable(&host, "superseded", &args![host = host]).from(&piece);
            continue;
        }
        let chosen: Vec<(u16, u16)> = body
            .attempts
            .iter()
            .filter_map(|a| match &a.answer {
                Ok(TlsAnswer::Accepted { version, cipher, .. }) => Some((*version, *cipher)),
                _ => None,
            })
            .collect();
        let modern: Vec<(u16, u16)> =
            chosen.iter().copied().filter(|(v, _)| *v >= Version::Tls12.wire()).collect();
        let judged = if modern.is_empty() { chosen } else { modern };
        let Some((version, suite)) = judged.iter().copied().min_by_key(|(_, suite)| cipher_class(*suite))
        else {
            if let Some(failure) = offer(body).failure {
                sheet.error(&host, failure).from(&piece);
            }
            continue;
        };
        let values = args![host = host, cipher = suite_word(suite), version = version_word(version)];
        let entry = match cipher_class(suite) {
            Class::Insufficient => sheet.fail(&host, "weak", &values),
            Class::PhaseOut => sheet.warn(&host, "ageing", &values),
            Class::Sufficient | Class::Good => sheet.pass(&host, "pass", &values),
        };
        let lines = judged.iter().map(|(v, s)| {
            format!("{}: {} ({})", version_word(*v), suite_word(*s), cipher_class(*s).label().en)
        });
        entry.from(&piece).excerpt(excerpt(lines));
    }
}
