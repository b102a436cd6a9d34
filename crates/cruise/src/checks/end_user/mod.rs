//! Checks of the domain `end_user`: what citizens get in their browser.

mod basics;
mod browser;
mod cookie;
mod cors;
#[cfg(test)]
mod depth_tests;
mod files;
mod headers;
mod load;
mod mixed;
mod observatory;
mod policy;
#[cfg(test)]
pub(in crate::checks) mod sample;
#[cfg(test)]
mod tests;
mod transfer;
mod transport;
pub(in crate::checks) mod visit;
mod ways;

use bulwark_model::{Effort, Grade, Severity};

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[
    Definition {
        id: "end_user.page-weight",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "Bulwark criterion: 2 MiB / 5 MiB on the wire",
        kinds: &["page"],
        judge: load::page_weight,
    },
    Definition {
        id: "end_user.request-count",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "Bulwark criterion: 60 / 120 requests",
        kinds: &["page"],
        judge: load::request_count,
    },
    Definition {
        id: "end_user.compression",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 9110 §8.4",
        kinds: &["page"],
        judge: load::compression,
    },
    Definition {
        id: "end_user.caching",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 9111 §4.2, §4.3; RFC 8246 §2",
        kinds: &["page"],
        judge: load::caching,
    },
    Definition {
        id: "end_user.http2",
        severity: Severity::Advice,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 9113 §3.2; RFC 7301",
        kinds: &["page", "http", "tls_handshake"],
        judge: load::http2,
    },
    Definition {
        id: "end_user.mixed-content",
        severity: Severity::High,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "W3C Mixed Content §3.1, §3.2",
        kinds: &["page", "http"],
        judge: mixed::mixed_content,
    },
    Definition {
        id: "end_user.broken-resources",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 9110 §15.5, §15.6",
        kinds: &["page"],
        judge: load::broken_resources,
    },
    Definition {
        id: "end_user.csp",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Medium,
        standard: "W3C CSP Level 3 §6.1, §6.7; OWASP ASVS 5.0 §3.4.3",
        kinds: &["page", "http"],
        judge: headers::csp,
    },
    Definition {
        id: "end_user.nosniff",
        severity: Severity::Low,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "WHATWG Fetch (X-Content-Type-Options); OWASP ASVS 5.0 §3.4.4",
        kinds: &["page", "http"],
        judge: headers::nosniff,
    },
    Definition {
        id: "end_user.frame-protection",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "W3C CSP Level 3 §6.4.2; RFC 7034 §2.1; OWASP ASVS 5.0 §3.4.6",
        kinds: &["page", "http"],
        judge: headers::frame_protection,
    },
    Definition {
        id: "end_user.referrer-policy",
        severity: Severity::Low,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "W3C Referrer Policy §3, §8.1; OWASP ASVS 5.0 §3.4.5",
        kinds: &["page", "http"],
        judge: headers::referrer_policy,
    },
    Definition {
        id: "end_user.cookie-flags",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 6265bis §4.1.2; OWASP ASVS 5.0 §3.3",
        kinds: &["page", "http"],
        judge: cookie::flags,
    },
    Definition {
        id: "end_user.lcp",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "W3C Largest Contentful Paint; Core Web Vitals 2.5 s / 4.0 s",
        kinds: &["browser"],
        judge: browser::lcp,
    },
    Definition {
        id: "end_user.cls",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "W3C Layout Instability; Core Web Vitals 0.1 / 0.25",
        kinds: &["browser"],
        judge: browser::cls,
    },
    Definition {
        id: "end_user.fcp-ttfb",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "W3C Paint Timing, Resource Timing; Web Vitals FCP 1.8 s / 3.0 s, TTFB 0.8 s / 1.8 s",
        kinds: &["browser"],
        judge: browser::fcp_ttfb,
    },
    Definition {
        id: "end_user.console-errors",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "Bulwark criterion: no error on the console",
        kinds: &["browser"],
        judge: browser::console_errors,
    },
    Definition {
        id: "end_user.page-basics",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "WCAG 2.1 SC 3.1.1, 2.4.2, 1.4.10",
        kinds: &["page", "http"],
        judge: basics::page_basics,
    },
    Definition {
        id: "end_user.observatory-grade",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Medium,
        standard: "MDN HTTP Observatory scoring (2026)",
        kinds: &["page", "http", "http_variants", "tls_handshake"],
        judge: observatory::grade,
    },
    Definition {
        id: "end_user.csp-quality",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Medium,
        standard: "W3C CSP Level 3 §6.1, §6.3.1, §6.7, §8.2; OWASP ASVS 5.0 §3.4.3",
        kinds: &["page", "http"],
        judge: policy::csp_quality,
    },
    Definition {
        id: "end_user.cors",
        severity: Severity::High,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "WHATWG Fetch §3.3 (CORS protocol); OWASP ASVS 5.0 §3.4.2; CWE-942",
        kinds: &["http_variants"],
        judge: cors::cors,
    },
    Definition {
        id: "end_user.sri",
        severity: Severity::Low,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "W3C Subresource Integrity §3.5, §3.6; OWASP ASVS 5.0 §3.6.1; CWE-353",
        kinds: &["page", "http"],
        judge: policy::sri,
    },
    Definition {
        id: "end_user.security-txt",
        severity: Severity::Low,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "RFC 9116 §2.5, §3",
        kinds: &["http_variants"],
        judge: files::security_txt,
    },
    Definition {
        id: "end_user.robots",
        severity: Severity::Advice,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 9309 §3; OWASP WSTG v4.2 WSTG-INFO-03",
        kinds: &["http_variants"],
        judge: files::robots,
    },
    Definition {
        id: "end_user.hsts-preload",
        severity: Severity::Advice,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 6797 §12.3; HSTS preload list submission requirements",
        kinds: &["page", "http"],
        judge: transport::hsts_preload,
    },
    Definition {
        id: "end_user.http3",
        severity: Severity::Advice,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 9114 §3.1.1; RFC 7838 §3",
        kinds: &["page", "http"],
        judge: transport::http3,
    },
    Definition {
        id: "end_user.ipv6-parity",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 8305 §1; RFC 6540 §2; Bulwark criterion: same status, title, size ± 20 %",
        kinds: &["http_variants"],
        judge: transport::ipv6_parity,
    },
    Definition {
        id: "end_user.redirect-chain",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "RFC 9110 §15.4; Bulwark criterion: 3 redirects",
        kinds: &["page", "http"],
        judge: transport::redirect_chain,
    },
    Definition {
        id: "end_user.compression-modern",
        severity: Severity::Advice,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 7932; RFC 8878; RFC 9110 §12.5.3",
        kinds: &["http_variants"],
        judge: transfer::compression_modern,
    },
    Definition {
        id: "end_user.conditional-requests",
        severity: Severity::Advice,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 9110 §13.1, §15.4.5",
        kinds: &["http_variants"],
        judge: transfer::conditional_requests,
    },
    Definition {
        id: "end_user.corp-coop",
        severity: Severity::Advice,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "WHATWG HTML §7.1.3 (Cross-Origin-Opener-Policy); WHATWG Fetch §3.7; OWASP ASVS 5.0 §3.4.8",
        kinds: &["page", "http"],
        judge: policy::corp_coop,
    },
];
