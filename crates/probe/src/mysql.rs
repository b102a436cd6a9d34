//! The questions put to a MySQL (5.7 to 9) or MariaDB (10.3 to 12) server: status, variables and
//! information schema only, each answered within two seconds in a session that may only read.
//!
//! A question may have several forms; the last one that fits the server is asked. Columns keep one
//! name across forms, and columns that may hold values of rows or passwords never get in.

pub mod wire;

use std::collections::BTreeMap;

/// Whose server it is: the two have grown apart in what they call things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// MySQL and its close kin (Percona Server).
    Mysql,
    /// MariaDB.
    Mariadb,
}

/// What a server says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// MySQL or MariaDB.
    pub flavour: Flavour,
    /// `10.11.6` is 101106, `8.0.36` is 80036.
    pub number: u32,
}

impl Version {
    /// Reads a version string: `8.0.36-0ubuntu0`, `10.11.6-MariaDB-0+deb12u1`, and
    /// `5.5.5-10.11.6-MariaDB`, with which MariaDB greets old replicas.
    pub fn read(text: &str) -> Option<Self> {
        let mariadb = text.to_ascii_lowercase().contains("mariadb");
        let text = text.strip_prefix("5.5.5-").filter(|_| mariadb).unwrap_or(text);
        let mut parts = text.split(|c: char| !c.is_ascii_digit()).map(|p| p.parse::<u32>().ok());
        let (major, minor, patch) = (parts.next()??, parts.next()??, parts.next().flatten().unwrap_or(0));
        if major > 99 || minor > 99 {
            return None;
        }
        let flavour = if mariadb { Flavour::Mariadb } else { Flavour::Mysql };
        Some(Self { flavour, number: major * 10_000 + minor * 100 + patch.min(99) })
    }
}

/// One form of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Name under which the rows are stored.
    pub name: &'static str,
    /// For one of the two only.
    pub flavour: Option<Flavour>,
    /// Least version number.
    pub min_version: u32,
    /// The statement; its rows are read as text.
    pub sql: &'static str,
}

/// The form of each question for a server, in order; `None` where no form fits.
pub fn for_version(version: Version) -> Vec<(&'static str, Option<Query>)> {
    let mut chosen: Vec<(&'static str, Option<Query>)> = Vec::new();
    for query in QUERIES {
        let fits = query.flavour.is_none_or(|f| f == version.flavour) && query.min_version <= version.number;
        let fits = fits.then_some(*query);
        match chosen.iter_mut().find(|(name, _)| *name == query.name) {
            Some((_, best)) => *best = fits.or(*best),
            None => chosen.push((query.name, fits)),
        }
    }
    chosen
}

/// Statements that make the session harmless, before anything is asked. One that the server does
/// not know is left out when it is not `vital`.
pub fn guards(version: Version) -> Vec<(&'static str, bool)> {
    let limit = match version.flavour {
        Flavour::Mysql => "SET SESSION max_execution_time = 2000",
        Flavour::Mariadb => "SET SESSION max_statement_time = 2",
    };
    vec![
        ("SET SESSION TRANSACTION READ ONLY", true),
        (limit, false),
        ("SET SESSION lock_wait_timeout = 1", false),
        ("SET SESSION innodb_lock_wait_timeout = 1", false),
        ("SET SESSION wait_timeout = 60", false),
    ]
}

const fn q(name: &'static str, sql: &'static str) -> Query {
    Query { name, flavour: None, min_version: 0, sql }
}

const fn of(flavour: Flavour, min_version: u32, name: &'static str, sql: &'static str) -> Query {
    Query { name, flavour: Some(flavour), min_version, sql }
}

/// The status counters; asked twice.
pub const STATUS: &str = "SHOW GLOBAL STATUS WHERE Variable_name IN (
    'Aborted_clients', 'Aborted_connects', 'Binlog_cache_disk_use', 'Bytes_received', 'Bytes_sent', 'Com_commit',
    'Com_rollback', 'Connection_errors_max_connections', 'Connections', 'Created_tmp_disk_tables',
    'Created_tmp_tables', 'Handler_read_rnd_next', 'Innodb_buffer_pool_pages_dirty',
    'Innodb_buffer_pool_pages_total', 'Innodb_buffer_pool_read_requests', 'Innodb_buffer_pool_reads',
    'Innodb_buffer_pool_wait_free', 'Innodb_deadlocks', 'Innodb_history_list_length', 'Innodb_log_waits',
    'Innodb_row_lock_current_waits', 'Innodb_row_lock_time', 'Innodb_row_lock_time_avg', 'Innodb_row_lock_time_max',
    'Innodb_row_lock_waits', 'Max_used_connections', 'Questions', 'Select_full_join', 'Select_scan', 'Slow_queries',
    'Table_locks_immediate', 'Table_locks_waited', 'Threads_connected', 'Threads_running', 'Uptime')";

/// Every question; forms of one question stand together, the one that fits best last.
pub const QUERIES: &[Query] = &[
    q("status", STATUS),
    q(
        "server",
        "SELECT VERSION() AS version, @@version_comment AS comment, DATABASE() AS name, CURRENT_USER() AS account,
            UNIX_TIMESTAMP() AS now_s, @@global.read_only AS read_only",
    ),
    q(
        "variables",
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN (
            'binlog_expire_logs_seconds', 'binlog_format', 'character_set_server', 'default_authentication_plugin',
            'expire_logs_days', 'general_log', 'have_ssl', 'innodb_buffer_pool_size', 'innodb_doublewrite',
            'innodb_file_per_table', 'innodb_flush_log_at_trx_commit', 'innodb_flush_method', 'innodb_lock_wait_timeout',
            'innodb_log_file_size', 'innodb_redo_log_capacity', 'local_infile', 'log_bin', 'log_output',
            'log_queries_not_using_indexes', 'long_query_time', 'max_connections', 'max_heap_table_size',
            'performance_schema', 'read_only', 'require_secure_transport', 'secure_file_priv', 'skip_name_resolve',
            'slow_query_log', 'sql_mode', 'super_read_only', 'sync_binlog', 'tls_version', 'tmp_table_size',
            'transaction_isolation', 'tx_isolation', 'version_ssl_library', 'wait_timeout')",
    ),
    q("grants", "SHOW GRANTS"),
    q("session", "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_cipher', 'Ssl_version')"),
    q(
        "transactions",
        "SELECT trx_mysql_thread_id AS id, trx_state AS state, TIMESTAMPDIFF(SECOND, trx_started, NOW()) AS age_s,
            TIMESTAMPDIFF(SECOND, trx_wait_started, NOW()) AS waiting_s, trx_tables_locked AS tables_locked,
            trx_rows_locked AS rows_locked, trx_rows_modified AS rows_modified,
            trx_isolation_level AS isolation
          FROM information_schema.innodb_trx WHERE trx_mysql_thread_id <> CONNECTION_ID()
          ORDER BY trx_started LIMIT 50",
    ),
    q(
        "history",
        "SELECT name, count AS length FROM information_schema.innodb_metrics WHERE name = 'trx_rseg_history_len'",
    ),
    q(
        "deadlocks",
        "SELECT name, count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'",
    ),
    // The digests the server makes have their literals taken out already. Only what reads or writes
    // rows: statements about accounts are none of our business.
    q(
        "digests",
        "SELECT LEFT(DIGEST_TEXT, 300) AS statement, COUNT_STAR AS calls, ROUND(SUM_TIMER_WAIT / 1e9, 1) AS total_ms,
            ROUND(AVG_TIMER_WAIT / 1e9, 2) AS mean_ms, ROUND(MAX_TIMER_WAIT / 1e9, 2) AS max_ms,
            SUM_ROWS_EXAMINED AS rows_examined, SUM_ROWS_SENT AS rows_sent, SUM_NO_INDEX_USED AS without_index,
            SUM_CREATED_TMP_DISK_TABLES AS temp_on_disk, SUM_ERRORS AS errors
          FROM performance_schema.events_statements_summary_by_digest
          WHERE DIGEST_TEXT REGEXP '^(SELECT|INSERT|UPDATE|DELETE|REPLACE|WITH|CALL) '
          ORDER BY SUM_TIMER_WAIT DESC LIMIT 20",
    ),
    of(Flavour::Mysql, 0, "replica", "SHOW SLAVE STATUS"),
    of(Flavour::Mysql, 80_022, "replica", "SHOW REPLICA STATUS"),
    of(Flavour::Mariadb, 0, "replica", "SHOW ALL SLAVES STATUS"),
    // The right PROCESS shows every InnoDB table here; information_schema.tables would not.
    of(
        Flavour::Mysql,
        0,
        "without_primary_key",
        "SELECT t.NAME AS name FROM information_schema.INNODB_SYS_INDEXES i
          JOIN information_schema.INNODB_SYS_TABLES t ON t.TABLE_ID = i.TABLE_ID
          WHERE i.NAME = 'GEN_CLUST_INDEX' AND t.NAME NOT LIKE 'mysql/%' AND t.NAME NOT LIKE 'sys/%'
          ORDER BY t.NAME LIMIT 50",
    ),
    of(
        Flavour::Mysql,
        80_000,
        "without_primary_key",
        "SELECT t.NAME AS name FROM information_schema.INNODB_INDEXES i
          JOIN information_schema.INNODB_TABLES t ON t.TABLE_ID = i.TABLE_ID
          WHERE i.NAME = 'GEN_CLUST_INDEX' AND t.NAME NOT LIKE 'mysql/%' AND t.NAME NOT LIKE 'sys/%'
          ORDER BY t.NAME LIMIT 50",
    ),
    of(
        Flavour::Mariadb,
        0,
        "without_primary_key",
        "SELECT t.NAME AS name FROM information_schema.INNODB_SYS_INDEXES i
          JOIN information_schema.INNODB_SYS_TABLES t ON t.TABLE_ID = i.TABLE_ID
          WHERE i.NAME = 'GEN_CLUST_INDEX' AND t.NAME NOT LIKE 'mysql/%' AND t.NAME NOT LIKE 'sys/%'
          ORDER BY t.NAME LIMIT 50",
    ),
    of(
        Flavour::Mysql,
        0,
        "largest_tables",
        "SELECT NAME AS name, FILE_SIZE AS bytes FROM information_schema.INNODB_SYS_TABLESPACES
          ORDER BY FILE_SIZE DESC LIMIT 10",
    ),
    of(
        Flavour::Mysql,
        80_000,
        "largest_tables",
        "SELECT NAME AS name, FILE_SIZE AS bytes FROM information_schema.INNODB_TABLESPACES
          ORDER BY FILE_SIZE DESC LIMIT 10",
    ),
    of(
        Flavour::Mariadb,
        0,
        "largest_tables",
        "SELECT NAME AS name, FILE_SIZE AS bytes FROM information_schema.INNODB_SYS_TABLESPACES
          ORDER BY FILE_SIZE DESC LIMIT 10",
    ),
];

/// The name of the second look at the status counters.
pub const STATUS_LATER: &str = "status_later";

type Row = BTreeMap<String, String>;

/// What may be kept of a row: names are made one, secrets and values of rows go.
pub fn kept(query: &str, row: Row) -> Row {
    match query {
        "status" | STATUS_LATER | "variables" | "session" => pair(row),
        "grants" => row.into_values().take(1).map(|grant| ("grant".to_owned(), bare_grant(&grant))).collect(),
        "replica" => replica(&row),
        _ => row.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect(),
    }
}

/// `Variable_name`, `Value`, whatever their case.
fn pair(row: Row) -> Row {
    row.into_iter()
        .map(|(name, value)| {
            let name = if name.eq_ignore_ascii_case("value") { "value" } else { "name" };
            (name.to_owned(), value)
        })
        .collect()
}

/// A grant without account and password: `GRANT SELECT ON *.* TO … IDENTIFIED BY PASSWORD '…'`.
fn bare_grant(grant: &str) -> String {
    let grant = grant.strip_prefix("GRANT ").unwrap_or(grant);
    let (what, account) = grant.rsplit_once(" TO ").unwrap_or((grant, ""));
    let what = what.split(" IDENTIFIED ").next().unwrap_or_default();
    let more = if account.contains("WITH GRANT OPTION") || account.contains("WITH ADMIN OPTION") {
        " WITH GRANT OPTION"
    } else {
        ""
    };
    format!("{what}{more}")
}

/// Of a replica's status only what says how it runs: its last errors quote rows.
fn replica(row: &Row) -> Row {
    const NAMES: &[(&str, &[&str])] = &[
        ("connection", &["Connection_name", "Channel_Name"]),
        ("io_running", &["Replica_IO_Running", "Slave_IO_Running"]),
        ("sql_running", &["Replica_SQL_Running", "Slave_SQL_Running"]),
        ("lag_s", &["Seconds_Behind_Source", "Seconds_Behind_Master"]),
        ("io_errno", &["Last_IO_Errno"]),
        ("sql_errno", &["Last_SQL_Errno"]),
        ("delay_s", &["SQL_Delay"]),
        ("source", &["Source_Host", "Master_Host"]),
        ("tls", &["Source_SSL_Allowed", "Master_SSL_Allowed"]),
    ];
    NAMES
        .iter()
        .filter_map(|(name, columns)| {
            columns.iter().find_map(|c| row.get(*c)).map(|value| ((*name).to_owned(), value.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let read = |text| Version::read(text).map(|v| (v.flavour, v.number));
        assert_eq!(read("8.0.36-0ubuntu0.22.04.1"), Some((Flavour::Mysql, 80_036)));
        assert_eq!(read("5.5.5-10.11.6-MariaDB-0+deb12u1"), Some((Flavour::Mariadb, 101_106)));
        assert_eq!(read("11.4.2-MariaDB-log"), Some((Flavour::Mariadb, 110_402)));
        assert_eq!(read("5.5.5"), Some((Flavour::Mysql, 50_505)));
        assert_eq!(read("x"), None);
        assert_eq!(read("99999999999.1.1"), None);
    }

    #[test]
    fn each_server_gets_its_own_form() {
        let form = |flavour, number, name| {
            for_version(Version { flavour, number })
                .into_iter()
                .find(|(n, _)| *n == name)
                .and_then(|(_, query)| query)
                .map(|query| query.sql)
        };
        assert_eq!(form(Flavour::Mysql, 80_036, "replica"), Some("SHOW REPLICA STATUS"));
        assert_eq!(form(Flavour::Mysql, 50_744, "replica"), Some("SHOW SLAVE STATUS"));
        assert_eq!(form(Flavour::Mariadb, 101_106, "replica"), Some("SHOW ALL SLAVES STATUS"));
        assert!(form(Flavour::Mysql, 80_400, "largest_tables").is_some_and(|sql| !sql.contains("SYS_")));
    }

    #[test]
    fn questions_only_read() {
        for query in QUERIES {
            assert!(query.sql.starts_with("SELECT ") || query.sql.starts_with("SHOW "), "{}", query.name);
            assert!(!query.sql.contains(';') && !query.sql.contains('"'), "{}", query.name);
        }
    }

    #[test]
    fn passwords_and_rows_do_not_get_in() {
        let row = |pairs: &[(&str, &str)]| -> Row {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let grant = "GRANT PROCESS ON *.* TO `p`@`%` IDENTIFIED BY PASSWORD '*6BB4837EB74329105EE4' WITH GRANT OPTION";
        assert_eq!(
            kept("grants", row(&[("Grants for p@%", grant)])),
            row(&[("grant", "PROCESS ON *.* WITH GRANT OPTION")])
        );
        let status = row(&[
            ("Slave_IO_Running", "Yes"),
            ("Last_SQL_Error", "Duplicate entry 'A123456789'"),
            ("Seconds_Behind_Master", "3"),
            ("Master_User", "repl"),
        ]);
        assert_eq!(kept("replica", status), row(&[("io_running", "Yes"), ("lag_s", "3")]));
        assert_eq!(
            kept("status", row(&[("VARIABLE_NAME", "Uptime"), ("VALUE", "7")])),
            row(&[("name", "Uptime"), ("value", "7")])
        );
    }
}
