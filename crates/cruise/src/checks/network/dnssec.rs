//! DNSSEC: state of the chain, algorithms, life of the signatures.

use bulwark_i18n::args;
use bulwark_model::{Severity, Verdict};
use bulwark_probe::dnssec::{
    Assessment, Insecure, Method, Reason, State, Strength, algorithm_name, assess, digest_name,
};
use bulwark_probe::evidence::Dnssec;
use bulwark_probe::failure::{Code, Failure, Step};

use super::view::{both_dates, canonical, clip, day, excerpt, no_target};
use crate::check::{Case, Piece, Sheet};

/// Seconds that a signature should still hold (RFC 6781 §4.4.2: time to notice and to act).
const SOON_S: i64 = 3 * 86_400;
/// RSA bits that will do (NIST SP 800-81-2 §9.3).
const RSA_BITS: usize = 2048;

/// A zone of the plan with what its chain came to.
struct Chained<'a> {
    zone: String,
    piece: Piece<'a, Dnssec>,
    found: Assessment,
}

/// The zones of the plan's names, each once.
fn chains<'a>(case: &Case<'a>, sheet: &mut Sheet) -> Vec<Chained<'a>> {
    let scope = &case.plan.scope;
    let names: Vec<String> = scope.domains.iter().chain(&scope.mail_domains).map(|n| canonical(n)).collect();
    if names.is_empty() {
        no_target(case, sheet);
    }
    let mut out: Vec<Chained<'a>> = Vec::new();
    for piece in case.dnssec() {
        let name = canonical(&piece.body.zone);
        if !names.contains(&name) {
            continue;
        }
        // A mail domain may lie inside a zone; the zone is what is signed.
        let apex = case.dns().find(|p| canonical(&p.body.name) == name).and_then(|p| p.body.apex.as_deref());
        let zone = apex.map_or(name, canonical);
        if !out.iter().any(|c| c.zone == zone) {
            let found = assess(piece.body, piece.record.started_at.as_second());
            out.push(Chained { zone, piece, found });
        }
    }
    out
}

/// Whether a chain breaks above the zone, where its owner can do nothing.
fn above(zone: &str, at: &str) -> bool {
    zone != at && (at == "." || zone.ends_with(&format!(".{at}")))
}

fn words(found: &Assessment) -> String {
    match &found.state {
        State::Secure => "secure".to_owned(),
        State::Insecure(why) => format!("insecure: {why:?}"),
        State::Bogus(b) => format!("bogus: {b}"),
        State::Indeterminate(why) => format!("indeterminate: {why}"),
    }
}

/// DS and DNSKEY of the last zone as lines.
fn key_lines(found: &Assessment) -> Vec<String> {
    let Some(link) = found.links.last() else { return Vec::new() };
    let ds = link.ds.iter().map(|d| {
        format!("{} DS {} {} {}", link.zone, d.tag, algorithm_name(d.algorithm), digest_name(d.digest_type))
    });
    let keys = link.keys.iter().map(|k| {
        let bits = k.rsa_bits().map(|b| format!(" {b}")).unwrap_or_default();
        format!("{} DNSKEY {} {}{bits} (key tag {})", link.zone, k.flags, algorithm_name(k.algorithm), k.tag)
    });
    ds.chain(keys).collect()
}

/// `network.dnssec-state`: the chain of trust holds (RFC 4033 §5, RFC 4035 §4.3).
///
/// A broken chain is grave: every validating resolver answers SERVFAIL, so the zone is gone for its
/// users. No chain at all is what most zones have; it leaves answers open to forgery, yet nothing
/// fails, hence low. A break above the zone is not its owner's, and what we could not find out is
/// nobody's: both are errors.
pub(super) fn state(case: &Case<'_>, sheet: &mut Sheet) {
    for c in chains(case, sheet) {
        let values = args![zone = c.zone];
        let entry = match &c.found.state {
            State::Secure => sheet.pass(&c.zone, "secure", &values),
            State::Insecure(Insecure::NoDs { .. }) if c.found.has_keys => {
                sheet.fail(&c.zone, "island", &values).severity(Severity::Low)
            }
            State::Insecure(Insecure::NoDs { zone }) => {
                if above(&c.zone, zone) {
                    let values = args![zone = c.zone, parent = clip(zone)];
                    sheet.info(&c.zone, "parent_unsigned", &values)
                } else {
                    sheet.fail(&c.zone, "unsigned", &values).severity(Severity::Low)
                }
            }
            State::Insecure(Insecure::UnusableDs { kinds, .. }) => {
                let values = args![zone = c.zone, kinds = clip(kinds)];
                sheet.fail(&c.zone, "unusable", &values).severity(Severity::Low)
            }
            State::Insecure(Insecure::Iterations { count, .. }) => sheet
                .fail(&c.zone, "iterations", &args![zone = c.zone, count = count])
                .severity(Severity::Low),
            State::Bogus(b) if above(&c.zone, &b.zone) => {
                let values = args![zone = c.zone, parent = clip(&b.zone), reason = clip(&b.to_string())];
                sheet.add(Verdict::Error, &c.zone, "above", &values)
            }
            State::Bogus(b) => {
                sheet.fail(&c.zone, "bogus", &args![zone = c.zone, reason = clip(&b.to_string())])
            }
            State::Indeterminate(why) => {
                sheet.error(&c.zone, &Failure::new(Step::Decode, Code::BadAnswer, why.to_string()))
            }
        };
        let lines = std::iter::once(words(&c.found)).chain(key_lines(&c.found));
        entry.from(&c.piece).excerpt(excerpt(lines));
    }
}

/// `network.dnssec-algorithm`: keys and DS records of kinds that are still trusted (RFC 8624 §3,
/// RFC 9905), RSA of 2,048 bits, no extra NSEC3 iterations (RFC 9276 §3.1).
pub(super) fn algorithm(case: &Case<'_>, sheet: &mut Sheet) {
    for c in chains(case, sheet) {
        let values = args![zone = c.zone];
        let Some(link) = c.found.links.last().filter(|l| l.zone == c.found.zone && !above(&c.zone, &l.zone))
        else {
            match &c.found.state {
                State::Indeterminate(_) | State::Bogus(_) => {
                    sheet.not_tested(&c.zone, "no_chain", &values).from(&c.piece)
                }
                _ => sheet.not_applicable(&c.zone, "unsigned", &values).from(&c.piece),
            };
            continue;
        };
        let mut weak: Vec<String> = link
            .ds
            .iter()
            .map(|d| d.algorithm)
            .chain(link.keys.iter().map(|k| k.algorithm))
            .filter(|a| Strength::of_algorithm(*a) == Strength::Weak)
            .map(algorithm_name)
            .collect();
        let weak_ds =
            |d: &&bulwark_probe::dnssec::DsRecord| Strength::of_digest(d.digest_type) == Strength::Weak;
        let old: Vec<String> = link.ds.iter().filter(weak_ds).map(|d| digest_name(d.digest_type)).collect();
        if !link.ds.is_empty() && old.len() == link.ds.len() {
            weak.extend(old.iter().map(|d| format!("DS {d}")));
        }
        weak.sort();
        weak.dedup();
        let short = link.keys.iter().filter_map(bulwark_probe::dnssec::KeyRecord::rsa_bits).min();
        let iterations = match c.found.denial {
            Some(Method::Nsec3 { iterations, .. }) => iterations,
            _ => 0,
        };
        let mut names: Vec<String> = link.keys.iter().map(|k| algorithm_name(k.algorithm)).collect();
        names.sort();
        names.dedup();
        let entry = if !weak.is_empty() {
            sheet.fail(&c.zone, "weak", &args![zone = c.zone, kinds = weak.join(", ")])
        } else if let Some(bits) = short.filter(|b| *b < RSA_BITS) {
            sheet.warn(&c.zone, "short", &args![zone = c.zone, bits = bits])
        } else if !old.is_empty() {
            sheet.warn(&c.zone, "sha1_ds", &args![zone = c.zone, kinds = old.join(", ")])
        } else if iterations > 0 {
            sheet.warn(&c.zone, "iterations", &args![zone = c.zone, count = iterations])
        } else {
            sheet.pass(&c.zone, "pass", &args![zone = c.zone, kinds = names.join(", ")])
        };
        entry.from(&c.piece).excerpt(excerpt(key_lines(&c.found)));
    }
}

/// `network.dnssec-signature-life`: signatures hold for three days more (RFC 4034 §3.1.5,
/// RFC 6781 §4.4.2).
pub(super) fn life(case: &Case<'_>, sheet: &mut Sheet) {
    for c in chains(case, sheet) {
        let now = c.piece.record.started_at.as_second();
        let moment =
            |at: i64| jiff::Timestamp::from_second(at).map(|t| both_dates(day(t))).unwrap_or_default();
        let values = args![zone = c.zone];
        let lines = c.found.signatures.iter().map(|h| {
            let until = jiff::Timestamp::from_second(h.expires).map(|t| t.to_string()).unwrap_or_default();
            format!("{} RRSIG {} {until}", h.what, algorithm_name(h.algorithm))
        });
        let lines: Vec<String> = lines.collect();
        let entry = match &c.found.state {
            State::Bogus(b) if !above(&c.zone, &b.zone) => match &b.reason {
                Reason::Expired(at) => {
                    let (roc, iso) = moment(*at);
                    sheet.fail(
                        &c.zone,
                        "expired",
                        &args![zone = c.zone, what = clip(&b.what), roc = roc, iso = iso],
                    )
                }
                _ => sheet.not_tested(&c.zone, "no_chain", &values),
            },
            State::Bogus(_) | State::Indeterminate(_) => sheet.not_tested(&c.zone, "no_chain", &values),
            State::Insecure(_) => sheet.not_applicable(&c.zone, "unsigned", &values),
            State::Secure => match c.found.signatures.iter().min_by_key(|h| h.expires) {
                None => sheet.not_tested(&c.zone, "no_chain", &values),
                Some(first) => {
                    let (roc, iso) = moment(first.expires);
                    let hours = (first.expires - now) / 3_600;
                    let values =
                        args![zone = c.zone, what = clip(&first.what), roc = roc, iso = iso, hours = hours];
                    if first.expires - now < SOON_S {
                        sheet.warn(&c.zone, "soon", &values)
                    } else {
                        sheet.pass(&c.zone, "pass", &values)
                    }
                }
            },
        };
        entry.from(&c.piece).excerpt(excerpt(lines));
    }
}
