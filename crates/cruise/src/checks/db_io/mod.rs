//! Checks of the domain `db_io`: what a PostgreSQL, MySQL or MariaDB server says about itself to a
//! read-only account (questions in `bulwark_probe::pg` and `bulwark_probe::mysql`), and what a
//! PostgreSQL server log tells. Assets are the names of the databases in the plan, or log files.

mod access;
mod maintenance;
mod mysql;
mod mysql_load;
mod replication;
mod rows;
mod server_log;
mod sessions;
mod statements;
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
    statements::SLOW_STATEMENTS,
    statements::PRIMARY_KEYS,
    statements::DEADLOCKS,
    mysql::ACCOUNT,
    mysql::VERSION,
    mysql::ENCRYPTION,
    mysql::DURABILITY,
    mysql::PRIMARY_KEYS,
    mysql::OVERRUN,
    mysql_load::CONNECTIONS,
    mysql_load::BUFFER_HIT,
    mysql_load::ROW_LOCKS,
    mysql_load::HISTORY_LIST,
    mysql_load::LONG_TRANSACTIONS,
    mysql_load::TEMP_TABLES,
    mysql_load::REPLICA_LAG,
    mysql_load::SLOW_LOG,
    mysql_load::SLOW_STATEMENTS,
    server_log::ERRORS,
    server_log::DEADLOCKS,
    server_log::LOCK_WAITS,
    server_log::TEMP_FILES,
    server_log::CHECKPOINTS,
    server_log::SLOW_STATEMENTS,
    server_log::SETTINGS,
];
