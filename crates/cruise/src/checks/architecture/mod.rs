//! Checks of the domain `architecture`: single points of failure, exposure, clocks, redundancy.

mod address;
mod clock;
mod exposure;
mod record;
mod single;
#[cfg(test)]
mod tests;

use bulwark_model::{Effort, Grade, Severity};

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[
    Definition {
        id: "architecture.single-address",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Large,
        standard: "ISO/IEC 27002:2022 §8.14",
        kinds: &["tcp", "dns"],
        judge: single::single_address,
    },
    Definition {
        id: "architecture.single-ns",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 1034 §4.1; RFC 2182 §3.1, §5",
        kinds: &["dns"],
        judge: single::single_ns,
    },
    Definition {
        id: "architecture.single-mx",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "RFC 5321 §4.5.4.1, §5.1; RFC 7505",
        kinds: &["dns"],
        judge: single::single_mx,
    },
    Definition {
        id: "architecture.shared-prefix",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Large,
        standard: "RFC 2182 §3.1; ISO/IEC 27002:2022 §8.14",
        kinds: &["dns", "tcp"],
        judge: single::shared_prefix,
    },
    Definition {
        id: "architecture.db-port-exposed",
        severity: Severity::High,
        grade: Grade::Confidentiality,
        effort: Effort::Small,
        standard: "CIS Controls v8 §4.4, §12.2; CWE-668",
        kinds: &["ports", "host"],
        judge: exposure::db_port,
    },
    Definition {
        id: "architecture.admin-port-exposed",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "CIS Controls v8 §4.4, §12.3, §12.7; CISA BOD 23-02",
        kinds: &["ports"],
        judge: exposure::admin_port,
    },
    Definition {
        id: "architecture.time-offset",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "RFC 5905; RFC 9110 §6.6.1; ISO/IEC 27002:2022 §8.17",
        kinds: &["time", "page", "http"],
        judge: clock::time_offset,
    },
    Definition {
        id: "architecture.time-sync",
        severity: Severity::Medium,
        grade: Grade::Integrity,
        effort: Effort::Small,
        standard: "資通安全責任等級分級辦法附表十（時戳及校時）; ISO/IEC 27002:2022 §8.17",
        kinds: &["host"],
        judge: clock::time_sync,
    },
    Definition {
        id: "architecture.background-record",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "ISO/IEC 27002:2022 §5.9; Bulwark criterion: nine background facts",
        kinds: &["answer"],
        judge: record::background_record,
    },
    Definition {
        id: "architecture.redundant-power",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Large,
        standard: "ISO/IEC 27002:2022 §7.11",
        kinds: &["answer"],
        judge: record::redundant_power,
    },
    Definition {
        id: "architecture.redundant-circuit",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Large,
        standard: "ISO/IEC 27002:2022 §8.14",
        kinds: &["answer"],
        judge: record::redundant_circuit,
    },
    Definition {
        id: "architecture.redundant-server",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Large,
        standard: "ISO/IEC 27002:2022 §8.14",
        kinds: &["answer"],
        judge: record::redundant_server,
    },
    Definition {
        id: "architecture.failover-tested",
        severity: Severity::Medium,
        grade: Grade::Availability,
        effort: Effort::Medium,
        standard: "資通安全責任等級分級辦法附表十（系統備援）; ISO/IEC 27002:2022 §5.30",
        kinds: &["answer"],
        judge: record::failover_tested,
    },
    Definition {
        id: "architecture.diagram-current",
        severity: Severity::Low,
        grade: Grade::Availability,
        effort: Effort::Small,
        standard: "ISO/IEC 27002:2022 §5.37, §8.20; CIS Controls v8 §12.4",
        kinds: &["answer"],
        judge: record::diagram_current,
    },
];
