//! Checks of the domain `db_io`: what a PostgreSQL server says about itself to a read-only account
//! (queries in `bulwark_probe::pg`). Assets are the names of the databases in the plan.

mod access;
mod maintenance;
mod replication;
mod rows;
mod sessions;
mod storage;
#[cfg(test)]
mod tests;

use crate::check::Definition;

/// The checks of this domain.
pub const CHECKS: &[Definition] = &[
    access::VERSION_SUPPORT,
    access::PROBE_ROLE,
    access::SESSION_ENCRYPTION,
    access::QUERY_OVERRUN,
    sessions::CONNECTIONS,
    sessions::LONG_TRANSACTIONS,
    sessions::IDLE_IN_TRANSACTION,
    sessions::BLOCKED_LOCKS,
    sessions::WAIT_EVENTS,
    storage::CACHE_HIT,
    storage::READ_LATENCY,
    storage::TEMP_FILES,
    storage::CHECKPOINTS,
    storage::DURABILITY,
    maintenance::WRAPAROUND,
    maintenance::DEAD_TUPLES,
    maintenance::UNUSED_INDEXES,
    maintenance::DUPLICATE_INDEXES,
    maintenance::INVALID_INDEXES,
    maintenance::SEQUENTIAL_SCANS,
    replication::REPLICATION_LAG,
    replication::REPLICATION_SLOTS,
    replication::ARCHIVING,
];
