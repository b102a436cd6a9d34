//! Checks of the domain `data_mgmt`: backups, room on disk, data left where the public can fetch
//! it, and what only the agency can answer.

mod answers;
mod backup;
mod disk;
mod exposed;
mod folder;
mod series;
mod sniff;
mod storage;
mod webroot;

#[cfg(test)]
mod storage_tests;
#[cfg(test)]
mod tests;

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[
    backup::BACKUP_AGE,
    backup::BACKUP_SIZE_TREND,
    backup::BACKUP_PERMISSIONS,
    answers::RESTORE_TESTED,
    answers::OFFSITE_COPY,
    answers::BACKUP_ENCRYPTED,
    disk::DISK_FILL,
    exposed::WEB_DUMP_EXPOSED,
    exposed::WEB_REPO_EXPOSED,
    webroot::WEBROOT_DUMPS,
    answers::RETENTION_POLICY,
    answers::DATA_CLASSIFIED,
    answers::LOG_RETENTION,
    storage::FILL_FORECAST,
    storage::STORAGE_LATENCY,
    storage::STORAGE_UTILISATION,
];
