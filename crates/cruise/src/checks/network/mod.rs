//! Checks of the domain `network`: name service, mail policy, reachability, TLS and certificates.

mod cert;
mod mail;
mod policy;
mod reach;
mod tls;
pub(super) mod view;
mod web;
mod zone;

#[cfg(test)]
pub(super) mod tests;

use bulwark_model::{Effort, Grade, Severity};

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[
    Definition {
        id: "network.ns-count",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 1034 §4.1; RFC 2182 §5",
        kinds: &["dns"],
        judge: zone::count,
    },
    Definition {
        id: "network.ns-prefix-diversity",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 2182 §3.1",
        kinds: &["dns"],
        judge: zone::prefixes,
    },
    Definition {
        id: "network.ns-authoritative",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 1912 §2.8; RFC 7766 §5",
        kinds: &["dns"],
        judge: zone::authoritative,
    },
    Definition {
        id: "network.soa-consistent",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "RFC 1034 §4.3.5; RFC 1996",
        kinds: &["dns"],
        judge: zone::serials,
    },
    Definition {
        id: "network.soa-timers",
        severity: Severity::Advice,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 1912 §2.2; RFC 2308 §5; RIPE-203",
        kinds: &["dns"],
        judge: zone::timers,
    },
    Definition {
        id: "network.mx-present",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 5321 §5.1; RFC 7505 §3",
        kinds: &["dns"],
        judge: mail::mx,
    },
    Definition {
        id: "network.spf",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "RFC 7208 §4.5, §4.6.4, §5.1",
        kinds: &["dns"],
        judge: policy::spf,
    },
    Definition {
        id: "network.dmarc",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Medium,
        standard: "RFC 7489 §6.3, §6.6.3",
        kinds: &["dns"],
        judge: policy::dmarc,
    },
    Definition {
        id: "network.caa",
        severity: Severity::Advice,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "RFC 8659 §3, §4",
        kinds: &["dns"],
        judge: zone::caa,
    },
    Definition {
        id: "network.tcp-reachable",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 9293 §3.5; NIST SP 800-53 Rev. 5 CP-10",
        kinds: &["tcp"],
        judge: reach::reachable,
    },
    Definition {
        id: "network.ipv6",
        severity: Severity::Advice,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 6540 §2; RFC 3596",
        kinds: &["tcp"],
        judge: reach::ipv6,
    },
    Definition {
        id: "network.rtt",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 2681; RFC 6298 §2",
        kinds: &["tcp"],
        judge: reach::rtt,
    },
    Definition {
        id: "network.tls-versions",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 9325 §3.1.1; RFC 8996; RFC 7568",
        kinds: &["tls_versions"],
        judge: tls::versions,
    },
    Definition {
        id: "network.tls-cipher",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 9325 §4.1, §4.2; NCSC-NL TLS 2.1",
        kinds: &["tls_versions"],
        judge: tls::ciphers,
    },
    Definition {
        id: "network.cert-chain",
        severity: Severity::High,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "RFC 5280 §6; RFC 8446 §4.4.2",
        kinds: &["tls_handshake"],
        judge: cert::chain,
    },
    Definition {
        id: "network.cert-name",
        severity: Severity::High,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "RFC 9525 §6",
        kinds: &["tls_handshake"],
        judge: cert::name,
    },
    Definition {
        id: "network.cert-expiry",
        severity: Severity::High,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 5280 §4.1.2.5",
        kinds: &["tls_handshake"],
        judge: cert::expiry,
    },
    Definition {
        id: "network.cert-strength",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "CA/Browser Forum TLS BR §6.1.5, §7.1.3.2; NIST SP 800-57 Part 1 Rev. 5 §5.6",
        kinds: &["tls_handshake"],
        judge: cert::strength,
    },
    Definition {
        id: "network.https-redirect",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 6797 §7.2; RFC 9110 §15.4",
        kinds: &["http"],
        judge: web::redirect,
    },
    Definition {
        id: "network.hsts",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 6797 §6.1, §7.1",
        kinds: &["http", "page"],
        judge: web::hsts,
    },
    Definition {
        id: "network.smtp-starttls",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 3207 §4",
        kinds: &["smtp"],
        judge: mail::starttls,
    },
];
