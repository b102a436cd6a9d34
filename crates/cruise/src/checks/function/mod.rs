//! Checks of the domain `function`: whether the system does what it is for, and how fast.

mod access_log;
#[cfg(test)]
mod access_log_tests;
mod answers;
mod runs;
mod stats;
mod success;
#[cfg(test)]
mod tests;
mod timing;

use bulwark_model::{Effort, Grade, Severity};

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[
    Definition {
        id: "function.https-health",
        severity: Severity::High,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "RFC 9110 §15; WHATWG Fetch §4.4",
        kinds: &["page", "http"],
        judge: answers::https_health,
    },
    Definition {
        id: "function.availability",
        severity: Severity::High,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "Bulwark criterion: success ratio 100 % / 99 %",
        kinds: &["transaction"],
        judge: success::availability,
    },
    Definition {
        id: "function.latency",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "Plan: p95_limit_ms (nearest-rank percentile)",
        kinds: &["transaction"],
        judge: timing::latency,
    },
    Definition {
        id: "function.phase-breakdown",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "Bulwark criterion: resolve or TLS > 30 % and > 200 ms; phases as in W3C Resource Timing",
        kinds: &["transaction"],
        judge: timing::phase_breakdown,
    },
    Definition {
        id: "function.expectation",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Medium,
        standard: "Plan: expect_status, expect_text, expect_json (RFC 6901)",
        kinds: &["transaction"],
        judge: success::expectation,
    },
    Definition {
        id: "function.stability",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "Bulwark criterion: p95 / p50 > 5 with n ≥ 10 and p95 > 200 ms",
        kinds: &["transaction"],
        judge: timing::stability,
    },
    Definition {
        id: "function.error-rate-5xx",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 9110 §15.6",
        kinds: &["page", "http", "transaction"],
        judge: answers::error_rate_5xx,
    },
    Definition {
        id: "function.stack-trace",
        severity: Severity::Medium,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "CWE-209; OWASP ASVS 5.0 §16.5.1",
        kinds: &["page", "http", "transaction"],
        judge: answers::stack_trace,
    },
    Definition {
        id: "function.not-found-handling",
        severity: Severity::Low,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "RFC 9110 §15.5.5, §15.5.11",
        kinds: &["paths"],
        judge: answers::not_found_handling,
    },
    access_log::ERROR_RATIO,
    access_log::SURGE,
    access_log::SLOW_PATHS,
    access_log::BROKEN_LINKS,
    access_log::READABLE,
];
