//! Checks of the domain `vuln`: support periods, open services, what services tell about
//! themselves, and settings of this machine.

mod debug_endpoints;
mod hardening;
mod pages;
mod products;
mod services;
mod system;

#[cfg(test)]
mod tests;

use bulwark_model::{Effort, Grade, Severity};

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[
    Definition {
        id: "vuln.os-eol",
        severity: Severity::High,
        grade: Grade::Integrity,
        effort: Effort::Large,
        standard: "NIST SP 800-53 Rev. 5 SA-22; CIS Controls v8 2.2",
        kinds: &["host"],
        judge: system::os_eol,
    },
    Definition {
        id: "vuln.undeclared-services",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "NIST SP 800-53 Rev. 5 CM-7; CIS Controls v8 4.8",
        kinds: &["ports", "host"],
        judge: services::undeclared,
    },
    Definition {
        id: "vuln.risky-services",
        severity: Severity::High,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "NIST SP 800-53 Rev. 5 SC-7, CM-7; CIS Controls v8 4.4",
        kinds: &["ports"],
        judge: services::risky,
    },
    Definition {
        id: "vuln.banner-disclosure",
        severity: Severity::Low,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 9110 §10.2.4, §17.12; OWASP ASVS 5.0 V13.4.6",
        kinds: &["http", "ports", "smtp"],
        judge: products::disclosure,
    },
    Definition {
        id: "vuln.product-eol",
        severity: Severity::High,
        grade: Grade::Integrity,
        effort: Effort::Medium,
        standard: "NIST SP 800-53 Rev. 5 SA-22; CIS Controls v8 2.2",
        kinds: &["http", "ports", "smtp"],
        judge: products::end_of_life,
    },
    Definition {
        id: "vuln.default-page",
        severity: Severity::Low,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "OWASP WSTG v4.2 CONF-02; OWASP ASVS 5.0 V13.4.3; CWE-548",
        kinds: &["http"],
        judge: pages::default_page,
    },
    Definition {
        id: "vuln.package-inventory",
        severity: Severity::Advice,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "NIST SP 800-53 Rev. 5 CM-8, RA-5",
        kinds: &["host"],
        judge: system::inventory,
    },
    Definition {
        id: "vuln.reboot-required",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "NIST SP 800-53 Rev. 5 SI-2",
        kinds: &["host"],
        judge: system::reboot,
    },
    Definition {
        id: "vuln.updates-stale",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "NIST SP 800-53 Rev. 5 SI-2; CIS Controls v8 7.3",
        kinds: &["host"],
        judge: system::updates,
    },
    Definition {
        id: "vuln.hardening",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "NIST SP 800-53 Rev. 5 CM-6; sshd_config(5); CIS Benchmarks for Linux",
        kinds: &["host"],
        judge: hardening::settings,
    },
    Definition {
        id: "vuln.debug-endpoints",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "OWASP WSTG v4.2 CONF-02; OWASP ASVS 5.0 V13.4.2; CWE-489, CWE-497",
        kinds: &["paths"],
        judge: debug_endpoints::debug_endpoints,
    },
];
