//! TLS in depth: what a port accepts, from the answers to our own ClientHellos.
//!
//! Lists are those of NCSC-NL's TLS guidelines. What was not asked, because the intensity allows only so
//! many handshakes or because a try of ours failed, is `not_tested` or `error`, never guessed.

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::evidence::TlsProfile;
use bulwark_probe::failure::Failure;
use bulwark_probe::tls::profile::{Order, View};
use bulwark_probe::tls::{
    Class, HYBRIDS, Version, WEAK_SIGNATURES, broken, cipher_class, cipher_name, group_class, group_name,
    signature_class, signature_name,
};

use super::view::{excerpt, host_port};
use crate::check::{Case, Piece, Sheet};

/// Bits of a finite-field prime that are enough, and those that are good (NIST SP 800-57).
const DH_ENOUGH: u32 = 2048;
const DH_GOOD: u32 = 3072;
/// Names listed in a sentence; the rest is counted.
const NAMES_SHOWN: usize = 6;

/// A profile with the reading of its probes.
struct Port<'a> {
    piece: Piece<'a, TlsProfile>,
    host: String,
    view: View<'a>,
}

impl Port<'_> {
    /// Versions agreed to, oldest first.
    fn versions(&self) -> Vec<Version> {
        Version::ALL.into_iter().filter(|v| self.view.supports(*v)).collect()
    }

    /// Versions before TLS 1.3, whose flights can be read.
    fn readable(&self) -> Vec<Version> {
        self.versions().into_iter().filter(|v| *v < Version::Tls13).collect()
    }

    /// Versions whose suites are judged: old ones only when there is nothing newer, since they are a
    /// finding of their own.
    fn judged(&self) -> Vec<Version> {
        let all = self.versions();
        let modern: Vec<Version> = all.iter().copied().filter(|v| *v >= Version::Tls12).collect();
        if modern.is_empty() { all } else { modern }
    }

    fn failure(&self, question: &str) -> Option<&Failure> {
        self.piece.body.probes.iter().filter(|p| p.question == question).find_map(|p| p.answer.as_ref().err())
    }

    /// Says that a question was not asked, or that asking failed; a profile that ended with a failure
    /// ended because of it.
    fn not_asked(&self, sheet: &mut Sheet, question: &str) {
        let last = self.piece.body.probes.last().and_then(|p| p.answer.as_ref().err());
        if let Some(failure) = self.failure(question).or(last) {
            sheet.error(&self.host, failure).from(&self.piece);
            return;
        }
        let values = args![host = self.host, budget = self.piece.body.budget];
        sheet.not_tested(&self.host, "not_asked", &values).from(&self.piece);
    }
}

/// The ports that agreed to any version; the others get their line here.
fn ports<'a>(case: &Case<'a>, sheet: &mut Sheet) -> Vec<Port<'a>> {
    let mut out = Vec::new();
    for piece in case.tls_profiles() {
        let host = host_port(&piece.body.host, piece.body.port);
        let port = Port { piece, view: View(&piece.body.probes), host };
        if port.view.newest().is_some() {
            out.push(port);
        } else if let Some(failure) = piece.body.probes.iter().find_map(|p| p.answer.as_ref().err()) {
            sheet.error(&port.host, failure).from(&piece);
        } else {
            sheet.not_tested(&port.host, "not_agreed", &args![host = port.host]).from(&piece);
        }
    }
    out
}

fn suite_word(suite: u16) -> String {
    cipher_name(suite).map_or_else(|| format!("0x{suite:04x}"), str::to_owned)
}

fn group_word(group: u16) -> String {
    group_name(group).map_or_else(|| format!("0x{group:04x}"), str::to_owned)
}

/// At most six names, then how many more.
fn listed(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().collect();
    let shown = names.iter().take(NAMES_SHOWN).cloned().collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(NAMES_SHOWN);
    if more == 0 { shown } else { format!("{shown} +{more}") }
}

/// Whether a profile of the port tells its suites, so that the single suite chosen says nothing new.
pub(super) fn tells_suites(case: &Case<'_>, host: &str) -> bool {
    case.tls_profiles()
        .any(|p| host_port(&p.body.host, p.body.port) == host && View(&p.body.probes).newest().is_some())
}

/// `network.tls-suites`: every suite a port accepts is at least sufficient (RFC 9325 §4.1, §4.2;
/// NCSC-NL lists). An insufficient one fails, one to be replaced warns.
///
/// Passes only when every usual suite was refused or accepted; rare ones (Kerberos, SRP, PSK) that were
/// not asked are named in the sentence.
pub(super) fn suites(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let mut found: Vec<(Version, u16)> = Vec::new();
        let (mut open, mut open_rare) = (0, 0);
        for version in port.judged() {
            found.extend(port.view.accepted(version).into_iter().map(|s| (version, s)));
            let usual = port.view.open_usual(version).len();
            open += usual;
            open_rare += port.view.open(version).len() - usual;
        }
        // Worst first, newest first within.
        found.sort_by_key(|(v, s)| (cipher_class(*s), !broken(*s), std::cmp::Reverse(*v)));
        let of = |class: Class| {
            let mut names: Vec<String> = found
                .iter()
                .filter(|(_, s)| cipher_class(*s) == class)
                .map(|(_, s)| suite_word(*s))
                .collect();
            names.dedup();
            names
        };
        let (weak, ageing) = (of(Class::Insufficient), of(Class::PhaseOut));
        let values = args![
            host = host,
            count = found.len(),
            weak_count = weak.len(),
            weak = listed(weak.iter().cloned()),
            ageing_count = ageing.len(),
            ageing = listed(ageing.iter().cloned()),
            open = open,
            rare = open_rare,
            budget = port.piece.body.budget,
        ];
        let entry = if !weak.is_empty() {
            let entry = sheet.fail(host, "weak", &values);
            if found.iter().any(|(_, s)| broken(*s)) { entry.severity(Severity::High) } else { entry }
        } else if open > 0 && port.failure("suite").is_some() {
            port.not_asked(sheet, "suite");
            continue;
        } else if !ageing.is_empty() {
            sheet.warn(host, "ageing", &values)
        } else if open > 0 {
            sheet.not_tested(host, "partly", &values)
        } else if open_rare > 0 {
            sheet.pass(host, "pass_usual", &values)
        } else {
            sheet.pass(host, "pass", &values)
        };
        let lines = found
            .iter()
            .map(|(v, s)| format!("{}: {} ({})", v.name(), suite_word(*s), cipher_class(*s).label().en));
        entry.from(&port.piece).excerpt(excerpt(lines));
    }
}

/// `network.tls-groups`: the curves and groups a port agrees to (NCSC-NL lists; RFC 8422 §5.1.1
/// deprecates the old curves). Finite-field parameters of TLS 1.2 are the business of `tls-dh-size`.
pub(super) fn groups(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let mut found: Vec<u16> = Vec::new();
        let mut open = 0;
        for version in port.versions() {
            let groups = port.view.groups(version);
            if version >= Version::Tls12 && (version == Version::Tls13 || !groups.is_empty()) {
                open += port.view.open_groups(version).len();
            }
            found.extend(groups);
        }
        found.sort_by_key(|g| (group_class(*g), *g));
        found.dedup();
        let of =
            |class: Class| listed(found.iter().filter(|g| group_class(**g) == class).map(|g| group_word(*g)));
        let (weak, ageing) = (of(Class::Insufficient), of(Class::PhaseOut));
        let values = args![
            host = host,
            groups = listed(found.iter().rev().map(|g| group_word(*g))),
            weak = weak,
            ageing = ageing,
            open = open,
            budget = port.piece.body.budget,
        ];
        let entry = if !weak.is_empty() {
            sheet.fail(host, "weak", &values)
        } else if !ageing.is_empty() {
            sheet.warn(host, "ageing", &values)
        } else if found.is_empty() && open == 0 {
            sheet.not_applicable(host, "none", &values)
        } else if open > 0 {
            sheet.not_tested(host, "partly", &values)
        } else {
            sheet.pass(host, "pass", &values)
        };
        let lines = port.versions().into_iter().map(|v| {
            let names: Vec<String> = port.view.groups(v).into_iter().map(group_word).collect();
            format!("{}: {}", v.name(), names.join(", "))
        });
        entry.from(&port.piece).excerpt(excerpt(lines));
    }
}

/// `network.tls-hybrid`: whether TLS 1.3 is offered with a key exchange that withstands quantum
/// computers, too (ML-KEM of FIPS 203 beside an elliptic curve). A fact, not a demand yet.
pub(super) fn hybrid(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let offered: Vec<String> = port
            .view
            .groups(Version::Tls13)
            .into_iter()
            .filter(|g| HYBRIDS.contains(g))
            .map(group_word)
            .collect();
        let values = args![host = host, groups = offered.join(", ")];
        let open = port.view.open_groups(Version::Tls13).iter().any(|g| HYBRIDS.contains(g));
        if !port.view.supports(Version::Tls13) {
            sheet.info(host, "no_13", &values).from(&port.piece);
        } else if !offered.is_empty() {
            sheet.info(host, "offered", &values).from(&port.piece).excerpt(offered.join(", "));
        } else if open {
            port.not_asked(sheet, "group");
        } else {
            sheet.info(host, "not_offered", &values).from(&port.piece);
        }
    }
}

/// `network.tls-dh-size`: the prime of a finite-field key exchange has 3072 bits or more; 2048 are to
/// be replaced, less can be broken (RFC 9325 §4.1, Logjam).
pub(super) fn dh_size(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let mut seen: Vec<(u32, u16, Version)> = Vec::new();
        for version in port.readable() {
            for (probe, flight) in port.view.flights(version) {
                if let Some(bits) = flight.key_exchange.and_then(|k| k.dh_bits)
                    && let Ok(bulwark_probe::evidence::TlsAnswer::Accepted { cipher, .. }) = &probe.answer
                {
                    seen.push((bits, *cipher, version));
                }
            }
        }
        let Some((bits, suite, version)) = seen.iter().min().copied() else {
            let dhe = |s: &u16| suite_word(*s).starts_with("TLS_DHE_RSA");
            if port.readable().into_iter().any(|v| port.view.open_usual(v).iter().any(dhe)) {
                port.not_asked(sheet, "suite");
            } else {
                sheet.not_applicable(host, "none", &args![host = host]).from(&port.piece);
            }
            continue;
        };
        let values = args![host = host, bits = bits, cipher = suite_word(suite)];
        let entry = if bits < DH_ENOUGH {
            let entry = sheet.fail(host, "weak", &values);
            // Precomputation for one prime of 1024 bits is within reach of states.
            if bits <= 1024 { entry.severity(Severity::High) } else { entry }
        } else if bits < DH_GOOD {
            sheet.warn(host, "ageing", &values)
        } else {
            sheet.pass(host, "pass", &values)
        };
        entry.from(&port.piece).excerpt(format!("{}: {} DH {bits}", version.name(), suite_word(suite)));
    }
}

/// `network.tls-server-order`: the server chooses by its own order, best first, when it accepts suites
/// that are to be replaced (NCSC-NL; RFC 9325 §4.2.1). Where all suites are fine, either order is.
pub(super) fn order(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let Some(version) = port.readable().last().copied() else {
            sheet.not_applicable(host, "only_13", &args![host = host]).from(&port.piece);
            continue;
        };
        let accepted = port.view.accepted(version);
        let best = accepted.iter().map(|s| cipher_class(*s)).max();
        let all_fine = port.view.worst(version) >= Some(Class::Sufficient);
        let entry = match port.view.preference() {
            Order::Unknown => {
                port.not_asked(sheet, "order");
                continue;
            }
            Order::Single => sheet.not_applicable(host, "single", &args![host = host]),
            Order::Client if all_fine => sheet.pass(host, "client_fine", &args![host = host]),
            Order::Client => sheet.warn(host, "client", &args![host = host]),
            Order::Server { first } => {
                let values = args![host = host, cipher = suite_word(first)];
                if Some(cipher_class(first)) < best {
                    sheet.warn(host, "wrong_first", &values)
                } else {
                    sheet.pass(host, "server", &values)
                }
            }
        };
        let lines = port.view.question("order").map(|p| {
            let offered: Vec<String> = p.suites.iter().take(4).map(|s| suite_word(*s)).collect();
            let picked = match &p.answer {
                Ok(bulwark_probe::evidence::TlsAnswer::Accepted { cipher, .. }) => suite_word(*cipher),
                _ => "-".into(),
            };
            format!("{picked} ← {}", offered.join(", "))
        });
        entry.from(&port.piece).excerpt(excerpt(lines));
    }
}

/// Versions in which some ServerHello lacks an extension.
fn lacking(port: &Port<'_>, versions: &[Version], extension: u16) -> Vec<&'static str> {
    let lacks =
        |v: &&Version| port.view.flights(**v).any(|(_, flight)| !flight.hello.has_extension(extension));
    versions.iter().filter(lacks).map(|v| v.name()).collect()
}

/// `network.tls-renegotiation`: secure renegotiation (RFC 5746 §3.6: MUST).
pub(super) fn renegotiation(case: &Case<'_>, sheet: &mut Sheet) {
    extension(case, sheet, 0xff01, Version::Ssl3);
}

/// `network.tls-ems`: the extended master secret (RFC 7627; RFC 9325 §3.5), not defined for SSL 3.0.
pub(super) fn ems(case: &Case<'_>, sheet: &mut Sheet) {
    extension(case, sheet, 23, Version::Tls10);
}

fn extension(case: &Case<'_>, sheet: &mut Sheet, number: u16, since: Version) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let versions: Vec<Version> = port.readable().into_iter().filter(|v| *v >= since).collect();
        let missing = lacking(&port, &versions, number);
        let values = args![host = host, versions = missing.join(", ")];
        let entry = if versions.is_empty() {
            sheet.not_applicable(host, "only_13", &values)
        } else if missing.is_empty() {
            sheet.pass(host, "pass", &values)
        } else {
            sheet.fail(host, "missing", &values)
        };
        let words = versions.iter().map(|v| v.name()).collect::<Vec<_>>().join(", ");
        entry
            .from(&port.piece)
            .excerpt(format!("{words}: extension {number:#06x}, missing in [{}]", missing.join(", ")));
    }
}

/// `network.tls-compression`: TLS compression is off (RFC 9325 §3.3; CRIME).
pub(super) fn compression(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        match port.view.compression_chosen() {
            _ if port.readable().is_empty() => {
                sheet.not_applicable(host, "only_13", &args![host = host]).from(&port.piece);
            }
            None => port.not_asked(sheet, "compression"),
            Some(0) => {
                sheet
                    .pass(host, "pass", &args![host = host])
                    .from(&port.piece)
                    .excerpt("compression 0 (null)");
            }
            Some(method) => {
                let entry = sheet.fail(host, "on", &args![host = host, method = method]);
                entry.from(&port.piece).excerpt(format!("compression {method}"));
            }
        }
    }
}

/// `network.tls-early-data`: 0-RTT is off, since its data can be replayed (RFC 8446 §8, RFC 9325 §3.7).
pub(super) fn early_data(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        if !port.view.supports(Version::Tls13) {
            sheet.not_applicable(host, "no_13", &args![host = host]).from(&port.piece);
            continue;
        }
        match &port.piece.body.session {
            None => port.not_asked(sheet, "session"),
            Some(Err(failure)) => {
                sheet.error(host, failure).from(&port.piece);
            }
            Some(Ok(session)) => {
                let values = args![host = host, bytes = session.early_data_bytes, tickets = session.tickets];
                let entry = if session.early_data_bytes > 0 {
                    sheet.fail(host, "on", &values)
                } else if session.tickets == 0 {
                    sheet.pass(host, "no_tickets", &values)
                } else {
                    sheet.pass(host, "off", &values)
                };
                entry.from(&port.piece).excerpt(format!(
                    "tickets {}, max_early_data_size {}",
                    session.tickets, session.early_data_bytes
                ));
            }
        }
    }
}

/// `network.tls-fallback`: a marked fallback to an older version is refused (RFC 7507 §3). With nothing
/// older than TLS 1.2, the mark in the server random protects as well (RFC 8446 §4.1.3).
pub(super) fn fallback(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let versions = port.versions();
        let words = versions.iter().map(|v| v.name()).collect::<Vec<_>>().join(", ");
        let values = args![host = host, versions = words];
        let old = versions.iter().any(|v| *v < Version::Tls12);
        let marked = port.view.flights(Version::Tls12).any(|(_, flight)| flight.downgrade_mark);
        let entry = match port.view.fallback_refused() {
            Some(true) => sheet.pass(host, "pass", &values),
            Some(false) if old => sheet.fail(host, "missing", &values),
            Some(false) | None if marked && !old => sheet.pass(host, "marked", &values),
            Some(false) => sheet.warn(host, "missing", &values),
            None if versions.len() < 2 => sheet.not_applicable(host, "single", &values),
            None => {
                port.not_asked(sheet, "fallback");
                continue;
            }
        };
        entry.from(&port.piece).excerpt(words);
    }
}

/// `network.tls-signature`: the server does not sign its key exchange with MD5 or SHA-1 (RFC 9155 §3, §4).
/// Readable in TLS 1.2 only; TLS 1.3 has no such signatures.
pub(super) fn signature(case: &Case<'_>, sheet: &mut Sheet) {
    for port in ports(case, sheet) {
        let host = port.host.as_str();
        let schemes = port.view.signatures();
        let word = |s: &u16| signature_name(*s).map_or_else(|| format!("0x{s:04x}"), str::to_owned);
        let weak: Vec<String> =
            schemes.iter().filter(|s| signature_class(**s) == Class::Insufficient).map(word).collect();
        let asked =
            port.view.question("signature").any(|p| p.signatures == WEAK_SIGNATURES && p.answer.is_ok());
        let values = args![host = host, schemes = listed(schemes.iter().map(word)), weak = weak.join(", ")];
        let entry = if !port.view.supports(Version::Tls12) || schemes.is_empty() {
            sheet.not_applicable(host, "none", &values)
        } else if !weak.is_empty() {
            sheet.fail(host, "weak", &values)
        } else if !asked {
            port.not_asked(sheet, "signature");
            continue;
        } else {
            sheet.pass(host, "pass", &values)
        };
        entry.from(&port.piece).excerpt(excerpt(schemes.iter().map(word)));
    }
}
