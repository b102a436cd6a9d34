//! Certificates in depth: every path, timestamps, stapled answers, lifetime.

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::cert::ocsp::{self, Status};
use bulwark_probe::cert::paths::{self, Path};
use bulwark_probe::cert::{self, Certificate, count_scts};
use bulwark_probe::evidence::{TlsAnswer, TlsProfile};
use jiff::{SignedDuration, Timestamp};

use super::view::{both_dates, clip, day, excerpt, host_port};
use crate::check::{Case, Piece, Sheet};

const DAY_S: i64 = 86_400;
const URGENT_DAYS: i64 = 7;
const SOON_DAYS: i64 = 30;
/// Longest life of a publicly trusted certificate (BR §6.3.2), for all that can still be valid.
const LONGEST_DAYS: i64 = 398;
/// Shorter limits by the day of issue (CA/Browser Forum ballot SC-081).
const LIMITS: &[(&str, i64)] =
    &[("2026-03-15T00:00:00Z", 200), ("2027-03-15T00:00:00Z", 100), ("2029-03-15T00:00:00Z", 47)];
/// Beyond this lifetime browsers want three timestamps rather than two (Chrome CT Policy).
const TWO_SCTS_DAYS: i64 = 180;

/// A profile with the leaf of each of its chains.
struct Port<'a> {
    piece: Piece<'a, TlsProfile>,
    host: String,
    leaves: Vec<Certificate>,
}

/// Profiles that show a certificate; the others get their line here.
fn ports<'a>(case: &Case<'a>, sheet: &mut Sheet) -> Vec<Port<'a>> {
    let mut out = Vec::new();
    for piece in case.tls_profiles() {
        let host = host_port(&piece.body.host, piece.body.port);
        let leaves: Vec<Certificate> = piece
            .body
            .chains
            .iter()
            .filter_map(|c| c.first())
            .filter_map(|der| cert::parse(&der.0).ok())
            .collect();
        let session = piece.body.session.as_ref().and_then(|s| s.as_ref().err());
        let failure = session.or_else(|| piece.body.probes.iter().find_map(|p| p.answer.as_ref().err()));
        if !leaves.is_empty() {
            out.push(Port { piece, host, leaves });
        } else if let Some(failure) = failure {
            sheet.error(&host, failure).from(&piece);
        } else {
            sheet.not_tested(&host, "no_certificate", &args![host = host]).from(&piece);
        }
    }
    out
}

/// Whether the profile of a port tells its paths, so that a single intermediate that ends says nothing new.
pub(super) fn tells_paths(case: &Case<'_>, host: &str) -> bool {
    case.tls_profiles().any(|p| {
        host_port(&p.body.host, p.body.port) == host && chains(p.body).any(|(_, found)| !found.is_empty())
    })
}

/// Each chain's paths with the chain.
fn chains(profile: &TlsProfile) -> impl Iterator<Item = (Vec<Vec<u8>>, Vec<Path>)> + '_ {
    let roots: Vec<Vec<u8>> = profile.roots.iter().map(|r| r.0.clone()).collect();
    profile.chains.iter().map(move |chain| {
        let chain: Vec<Vec<u8>> = chain.iter().map(|der| der.0.clone()).collect();
        let found = paths::find(&chain, &roots).paths;
        (chain, found)
    })
}

/// `network.cert-paths`: some verified path outlives the certificate, and no path that older clients may
/// depend on ends before (RFC 5280 §6.1). The certificate's own end is the business of `cert-expiry`.
///
/// Every path from the chain as sent to a root of the trust store counts; cross-signed roots give several
/// with different ends.
pub(super) fn paths(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let now = port.piece.record.started_at;
        let soon = now + SignedDuration::from_secs(SOON_DAYS * DAY_S);
        let urgent = now + SignedDuration::from_secs(URGENT_DAYS * DAY_S);
        // The chain whose last path ends first tells: one a kind of key.
        let all: Vec<Vec<Path>> = chains(port.piece.body).map(|(_, found)| found).collect();
        let last = |found: &Vec<Path>| found.iter().max_by_key(|p| p.authorities_end).cloned();
        let telling = all.iter().filter(|f| !f.is_empty()).min_by_key(|f| last(f).map(|p| p.authorities_end));
        let Some((found, last)) = telling.and_then(|f| last(f).map(|p| (f, p))) else {
            sheet.not_tested(host, "no_path", &args![host = host]).from(&port.piece);
            continue;
        };
        let first = found.iter().min_by_key(|p| p.authorities_end).unwrap_or(&last);
        let (roc, iso) = both_dates(day(last.authorities_end));
        let (first_roc, first_iso) = both_dates(day(first.authorities_end));
        let values = args![
            host = host,
            count = found.len(),
            roc = roc,
            iso = iso,
            first_roc = first_roc,
            first_iso = first_iso,
            subject = clip(&last.first_to_end),
            first_subject = clip(&first.first_to_end),
        ];
        let entry = if last.authorities_end < now {
            sheet.fail(host, "expired", &values)
        } else if last.authorities_end < urgent {
            sheet.fail(host, "ending", &values)
        } else if last.authorities_end < last.leaf_ends || last.authorities_end < soon {
            sheet.warn(host, "ending", &values).severity(Severity::Medium)
        } else if first.authorities_end < soon {
            sheet.warn(host, "earliest", &values)
        } else if found.len() == 1 {
            sheet.pass(host, "pass_one", &values)
        } else {
            sheet.pass(host, "pass", &values)
        };
        let lines = found.iter().map(|p| {
            let root = p.subjects.last().map(|s| clip(s)).unwrap_or_default();
            format!("{} | {} ← {} …", p.ends(), clip(&root), p.subjects.len())
        });
        entry.from(&port.piece).excerpt(excerpt(lines));
    }
}

/// `network.cert-sct`: a publicly trusted certificate comes with two signed certificate timestamps, three
/// when it lives longer than 180 days (RFC 6962 §3; CT policies of Chrome and Safari).
pub(super) fn sct(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let body = port.piece.body;
        let beside = body.sct_list.as_ref().map_or(0, |list| count_scts(&list.0));
        let stapled = body.ocsp.as_ref().and_then(|o| ocsp::parse(&o.0));
        let public = port.leaves.iter().filter(|l| l.publicly_issued());
        let count = |leaf: &Certificate| {
            let answers = stapled.iter().flat_map(|r| &r.answers).filter(|a| a.serial == leaf.serial);
            leaf.sct_count + beside + answers.map(|a| a.sct_count).sum::<u32>()
        };
        let Some((leaf, count)) = public.map(|l| (l, count(l))).min_by_key(|(_, n)| *n) else {
            sheet.not_applicable(host, "private", &args![host = host]).from(&port.piece);
            continue;
        };
        let long = leaf.lifetime_days().is_some_and(|d| d > TWO_SCTS_DAYS);
        // In TLS 1.3 timestamps outside the certificate are encrypted.
        let hidden =
            !body.probes.iter().any(|p| matches!(p.answer, Ok(TlsAnswer::Accepted { version: 0x0303, .. })));
        let values = args![host = host, count = count, days = leaf.lifetime_days().unwrap_or(0)];
        let entry = if count >= 2 + u32::from(long) {
            sheet.pass(host, "pass", &values)
        } else if count >= 2 {
            sheet.warn(host, "few", &values)
        } else if hidden {
            sheet.not_tested(host, "hidden", &values)
        } else {
            sheet.fail(host, "missing", &values)
        };
        entry.from(&port.piece).excerpt(format!(
            "{} | embedded {}, extension {beside}, OCSP {}",
            clip(&leaf.subject),
            leaf.sct_count,
            count.saturating_sub(leaf.sct_count + beside)
        ));
    }
}

/// `network.ocsp-staple`: the server staples a fresh answer about its certificate (RFC 6066 §8), and does
/// so without fail when the certificate says so (must-staple, RFC 7633 §4.2.3.1).
pub(super) fn staple(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let now = port.piece.record.started_at;
        let response = port.piece.body.ocsp.as_ref().map(|o| ocsp::parse(&o.0));
        let answers = || response.iter().flatten().filter(|r| r.status == 0).flat_map(|r| &r.answers);
        let matched =
            port.leaves.iter().find_map(|l| answers().find(|a| a.serial == l.serial).map(|a| (l, a)));
        let must = port.leaves.iter().any(|l| l.must_staple);
        let mut values = args![host = host].to_vec();
        let Some((leaf, answer)) = matched else {
            let entry = if response.is_some() {
                sheet.warn(host, "unusable", &values)
            } else if must {
                sheet.fail(host, "must_staple", &values).severity(Severity::Medium)
            } else if port.leaves.iter().all(|l| l.ocsp_urls.is_empty()) {
                sheet.not_applicable(host, "no_responder", &values)
            } else {
                sheet.warn(host, "missing", &values)
            };
            entry.from(&port.piece);
            continue;
        };
        let end = answer.next_update.or(answer.this_update).unwrap_or(now);
        let (roc, iso) = both_dates(day(end));
        values.extend(args![roc = roc, iso = iso]);
        let stale = answer.next_update.is_some_and(|next| next < now);
        let entry = match answer.status {
            Status::Revoked => sheet.fail(host, "revoked", &values).severity(Severity::High),
            Status::Unknown => sheet.warn(host, "unusable", &values),
            Status::Good if stale && must => sheet.fail(host, "stale", &values).severity(Severity::Medium),
            Status::Good if stale => sheet.warn(host, "stale", &values),
            Status::Good => sheet.pass(host, "pass", &values),
        };
        let date = |t: Option<Timestamp>| t.map_or_else(|| "-".to_owned(), |t| t.to_string());
        entry.from(&port.piece).excerpt(format!(
            "serial {} {:?}\nthisUpdate {}\nnextUpdate {}",
            leaf.serial,
            answer.status,
            date(answer.this_update),
            date(answer.next_update)
        ));
    }
}

/// `network.cert-lifetime`: a publicly trusted certificate lives no longer than browsers accept (BR §6.3.2:
/// 398 days; 200, 100 and 47 for those issued from 2026, 2027 and 2029 on).
pub(super) fn lifetime(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.tls_handshakes() {
        let host = host_port(&piece.body.host, piece.body.port);
        // What cannot be read is an error of `cert-expiry` already.
        let Some(leaf) = piece.body.chain.first().and_then(|der| cert::parse(&der.0).ok()) else {
            sheet.not_tested(&host, "no_certificate", &args![host = host]).from(&piece);
            continue;
        };
        let (Some(from), Some(until)) = (leaf.not_before, leaf.not_after) else {
            sheet.not_tested(&host, "no_certificate", &args![host = host]).from(&piece);
            continue;
        };
        let seconds = until.duration_since(from).as_secs();
        let days = seconds.div_euclid(DAY_S) + i64::from(seconds.rem_euclid(DAY_S) > 0);
        let limit = LIMITS
            .iter()
            .rev()
            .find(|(since, _)| since.parse::<Timestamp>().is_ok_and(|s| from >= s))
            .map_or(LONGEST_DAYS, |(_, limit)| *limit);
        let values = args![host = host, days = days, limit = limit];
        let entry = if !leaf.publicly_issued() {
            sheet.not_applicable(&host, "private", &values)
        } else if days > LONGEST_DAYS {
            sheet.fail(&host, "long", &values)
        } else if days > limit {
            sheet.warn(&host, "long", &values)
        } else {
            sheet.pass(&host, "pass", &values)
        };
        entry.from(&piece).excerpt(format!("notBefore {from}\nnotAfter {until}"));
    }
}
