//! The questions put to a PostgreSQL server (11 to 18): statistics views and catalogues only,
//! each answered within two seconds inside a read-only transaction.
//!
//! A question may have several forms; the last one whose `min_version` the server reaches is asked
//! (`pg_stat_bgwriter` lost its checkpoint columns to `pg_stat_checkpointer` in 17, `pg_stat_io`
//! came in 16). Columns keep one name across forms, so checks need not know the version.

/// One form of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Name under which the rows are stored.
    pub name: &'static str,
    /// Least `server_version_num`.
    pub min_version: u32,
    /// The statement; its rows are read as text.
    pub sql: &'static str,
}

/// The form of each question for a server, in order; `None` where the server is too old for any.
pub fn for_version(version_num: u32) -> Vec<(&'static str, Option<Query>)> {
    let mut chosen: Vec<(&'static str, Option<Query>)> = Vec::new();
    for query in QUERIES {
        let fits = (query.min_version <= version_num).then_some(*query);
        match chosen.iter_mut().find(|(name, _)| *name == query.name) {
            Some((_, best)) => *best = fits.or(*best),
            None => chosen.push((query.name, fits)),
        }
    }
    chosen
}

const fn q(name: &'static str, min_version: u32, sql: &'static str) -> Query {
    Query { name, min_version, sql }
}

/// Every question; forms of one question stand together, oldest first.
pub const QUERIES: &[Query] = &[
    q(
        "server",
        0,
        "SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS version_num,
            current_database() AS database, pg_is_in_recovery() AS in_recovery,
            extract(epoch FROM now() - pg_postmaster_start_time())::bigint AS uptime_s,
            pg_database_size(current_database()) AS database_bytes,
            extract(epoch FROM now())::numeric(20,3) AS now_s",
    ),
    q(
        "settings",
        0,
        "SELECT name, setting, unit, source, pending_restart FROM pg_settings WHERE name IN (
            'archive_command', 'archive_library', 'archive_mode', 'autovacuum', 'checkpoint_timeout', 'data_checksums',
            'default_statistics_target', 'effective_cache_size', 'fsync', 'full_page_writes',
            'idle_in_transaction_session_timeout', 'listen_addresses', 'lock_timeout', 'log_autovacuum_min_duration',
            'log_checkpoints', 'log_connections', 'log_destination', 'log_disconnections', 'log_line_prefix', 'log_lock_waits',
            'log_min_duration_statement', 'log_statement', 'log_temp_files', 'logging_collector', 'maintenance_work_mem',
            'max_connections', 'max_slot_wal_keep_size', 'max_wal_size', 'password_encryption', 'random_page_cost', 'row_security',
            'server_encoding', 'shared_buffers', 'shared_preload_libraries', 'ssl', 'ssl_min_protocol_version',
            'statement_timeout', 'superuser_reserved_connections', 'synchronous_commit', 'TimeZone', 'track_counts',
            'track_io_timing',
            'wal_compression', 'wal_level', 'work_mem') ORDER BY name",
    ),
    q(
        "role",
        0,
        "SELECT r.rolname AS role, r.rolsuper AS superuser, r.rolcreatedb AS createdb, r.rolcreaterole AS createrole,
            r.rolreplication AS replication, r.rolbypassrls AS bypassrls,
            pg_has_role('pg_monitor', 'USAGE') AS pg_monitor,
            pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
            (SELECT string_agg(m.rolname, ', ' ORDER BY m.rolname) FROM pg_roles m
              WHERE m.rolname IN ('pg_write_all_data', 'pg_write_server_files', 'pg_execute_server_program',
                'pg_read_server_files', 'pg_read_all_data', 'pg_signal_backend', 'pg_maintain')
                AND pg_has_role(m.oid, 'MEMBER')) AS powers,
            has_database_privilege(current_database(), 'CREATE') AS create_schema,
            (SELECT string_agg(n.nspname, ', ' ORDER BY n.nspname) FROM pg_namespace n
              WHERE n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
                AND has_schema_privilege(n.oid, 'CREATE')) AS creatable_schemas,
            (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
                AND n.nspname NOT LIKE 'pg\\_t%'
                AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')) AS writable_tables,
            (SELECT count(*) FROM pg_roles WHERE rolsuper AND rolcanlogin) AS login_superusers
          FROM pg_roles r WHERE r.rolname = current_user",
    ),
    q(
        "session",
        0,
        "SELECT s.ssl, s.version AS tls_version, s.cipher,
            host(inet_server_addr()) AS server_address, host(inet_client_addr()) AS client_address,
            (SELECT count(*) FROM pg_stat_ssl o JOIN pg_stat_activity a USING (pid)
              WHERE NOT o.ssl AND a.client_addr IS NOT NULL AND NOT a.client_addr <<= '127.0.0.0/8'
                AND a.client_addr <> '::1' AND a.client_addr IS DISTINCT FROM inet_server_addr()) AS plain_remote_sessions
          FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid()",
    ),
    q(
        "database",
        0,
        "SELECT datname AS database, numbackends, xact_commit, xact_rollback, blks_read, blks_hit,
            round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 2) AS hit_percent,
            tup_returned, tup_fetched, conflicts, temp_files, temp_bytes, deadlocks,
            blk_read_time, blk_write_time,
            round((blk_read_time / nullif(blks_read, 0))::numeric, 4) AS read_ms_per_block,
            extract(epoch FROM now() - stats_reset)::bigint AS stats_age_s,
            -- Since 15 a database that was never reset has no stats_reset: its counters are as old as the cluster's.
            extract(epoch FROM now() - coalesce(stats_reset, least((SELECT b.stats_reset FROM pg_stat_bgwriter b),
              pg_postmaster_start_time())))::bigint AS counted_s
          FROM pg_stat_database WHERE datname = current_database()",
    ),
    q(
        "database",
        120_000,
        "SELECT datname AS database, numbackends, xact_commit, xact_rollback, blks_read, blks_hit,
            round(100.0 * blks_hit / nullif(blks_hit + blks_read, 0), 2) AS hit_percent,
            tup_returned, tup_fetched, conflicts, temp_files, temp_bytes, deadlocks, checksum_failures,
            blk_read_time, blk_write_time,
            round((blk_read_time / nullif(blks_read, 0))::numeric, 4) AS read_ms_per_block,
            extract(epoch FROM now() - stats_reset)::bigint AS stats_age_s,
            -- Since 15 a database that was never reset has no stats_reset: its counters are as old as the cluster's.
            extract(epoch FROM now() - coalesce(stats_reset, least((SELECT b.stats_reset FROM pg_stat_bgwriter b),
              pg_postmaster_start_time())))::bigint AS counted_s
          FROM pg_stat_database WHERE datname = current_database()",
    ),
    q(
        "activity",
        0,
        "SELECT coalesce(state, backend_type) AS state, wait_event_type, count(*) AS sessions,
            max(extract(epoch FROM clock_timestamp() - xact_start))::bigint AS longest_xact_s,
            max(extract(epoch FROM clock_timestamp() - state_change))::bigint AS longest_in_state_s
          FROM pg_stat_activity WHERE pid <> pg_backend_pid()
          GROUP BY 1, 2 ORDER BY sessions DESC LIMIT 50",
    ),
    q(
        "connections",
        0,
        "SELECT count(*) FILTER (WHERE backend_type = 'client backend') AS used,
            current_setting('max_connections')::int AS max,
            current_setting('superuser_reserved_connections')::int AS reserved,
            coalesce(current_setting('reserved_connections', true), '0')::int AS reserved_for_role,
            count(*) FILTER (WHERE backend_type IS NULL AND datid IS NOT NULL) AS hidden,
            count(*) FILTER (WHERE coalesce(backend_type, 'client backend') = 'client backend'
              AND datname = current_database()) AS database_used,
            (SELECT d.datconnlimit FROM pg_database d WHERE d.datname = current_database()) AS database_limit,
            round(100.0 * count(*) FILTER (WHERE backend_type = 'client backend')
              / nullif(current_setting('max_connections')::int, 0), 1) AS used_percent,
            count(*) FILTER (WHERE state = 'active' AND pid <> pg_backend_pid()) AS active,
            count(*) FILTER (WHERE state LIKE 'idle in transaction%') AS idle_in_transaction,
            max(extract(epoch FROM clock_timestamp() - xact_start))
              FILTER (WHERE pid <> pg_backend_pid())::bigint AS longest_xact_s,
            max(extract(epoch FROM clock_timestamp() - state_change))
              FILTER (WHERE state LIKE 'idle in transaction%')::bigint AS longest_idle_in_transaction_s
          FROM pg_stat_activity",
    ),
    // Clients only: a vacuum may well run for hours.
    q(
        "transactions",
        0,
        "SELECT pid, datname AS database, usename AS role, application_name, state,
            extract(epoch FROM clock_timestamp() - xact_start)::bigint AS xact_age_s,
            extract(epoch FROM clock_timestamp() - state_change)::bigint AS state_age_s, wait_event_type, wait_event
          FROM pg_stat_activity
          WHERE xact_start IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()
          ORDER BY xact_start LIMIT 20",
    ),
    q(
        "prepared_transactions",
        0,
        "SELECT left(gid, 80) AS gid, database, owner AS role,
            extract(epoch FROM clock_timestamp() - prepared)::bigint AS xact_age_s
          FROM pg_prepared_xacts ORDER BY prepared LIMIT 20",
    ),
    q(
        "idle_in_transaction",
        0,
        "SELECT pid, datname AS database, usename AS role, application_name, state,
            extract(epoch FROM clock_timestamp() - state_change)::bigint AS idle_s,
            extract(epoch FROM clock_timestamp() - xact_start)::bigint AS xact_age_s
          FROM pg_stat_activity
          WHERE state IN ('idle in transaction', 'idle in transaction (aborted)') AND pid <> pg_backend_pid()
          ORDER BY state_change LIMIT 20",
    ),
    // Before 14 only the age of the whole statement is known, not since when it waits: `exact` is false.
    q(
        "blocked",
        0,
        "SELECT a.pid, array_to_string(pg_blocking_pids(a.pid), ',') AS blocked_by, a.wait_event_type, a.wait_event,
            a.usename AS role, a.application_name, l.locktype, l.mode,
            CASE WHEN l.database = d.oid THEN l.relation::regclass::text END AS relation,
            extract(epoch FROM clock_timestamp() - a.query_start)::bigint AS waiting_s, false AS exact
          FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            JOIN pg_database d ON d.datname = current_database()
          WHERE NOT l.granted AND coalesce(a.backend_type, '') <> 'autovacuum worker'
          ORDER BY waiting_s DESC NULLS LAST LIMIT 20",
    ),
    q(
        "blocked",
        140_000,
        "SELECT a.pid, array_to_string(pg_blocking_pids(a.pid), ',') AS blocked_by, a.wait_event_type, a.wait_event,
            a.usename AS role, a.application_name, l.locktype, l.mode,
            CASE WHEN l.database = d.oid THEN l.relation::regclass::text END AS relation,
            coalesce(extract(epoch FROM clock_timestamp() - l.waitstart)::bigint, 0) AS waiting_s, true AS exact
          FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            JOIN pg_database d ON d.datname = current_database()
          WHERE NOT l.granted AND coalesce(a.backend_type, '') <> 'autovacuum worker'
          ORDER BY waiting_s DESC NULLS LAST LIMIT 20",
    ),
    q(
        "checkpoints",
        0,
        "SELECT checkpoints_timed AS timed, checkpoints_req AS requested, checkpoint_write_time AS write_ms,
            checkpoint_sync_time AS sync_ms, buffers_checkpoint AS buffers, buffers_clean, maxwritten_clean,
            buffers_backend, buffers_backend_fsync, buffers_alloc,
            extract(epoch FROM now() - stats_reset)::bigint AS stats_age_s FROM pg_stat_bgwriter",
    ),
    q(
        "checkpoints",
        170_000,
        "SELECT c.num_timed AS timed, c.num_requested AS requested, c.write_time AS write_ms, c.sync_time AS sync_ms,
            c.buffers_written AS buffers, b.buffers_clean, b.maxwritten_clean, b.buffers_alloc,
            extract(epoch FROM now() - c.stats_reset)::bigint AS stats_age_s
          FROM pg_stat_checkpointer c, pg_stat_bgwriter b",
    ),
    q(
        "io",
        160_000,
        "SELECT backend_type, context, sum(reads)::bigint AS reads, sum(read_time) AS read_ms, sum(writes)::bigint AS writes,
            sum(write_time) AS write_ms, sum(fsyncs)::bigint AS fsyncs, sum(fsync_time) AS fsync_ms,
            round((sum(read_time) / nullif(sum(reads), 0))::numeric, 4) AS read_ms_per_read
          FROM pg_stat_io WHERE object = 'relation' GROUP BY 1, 2
          HAVING sum(coalesce(reads, 0) + coalesce(writes, 0)) > 0 ORDER BY reads DESC NULLS LAST LIMIT 30",
    ),
    q(
        "wraparound",
        0,
        "SELECT datname AS database, age(datfrozenxid) AS xid_age, mxid_age(datminmxid) AS multixact_age
          FROM pg_database WHERE datallowconn ORDER BY xid_age DESC LIMIT 10",
    ),
    q(
        "wraparound_tables",
        0,
        "SELECT c.oid::regclass::text AS table, age(c.relfrozenxid) AS xid_age FROM pg_class c
          WHERE c.relkind IN ('r', 't', 'm') AND c.relfrozenxid <> '0' ORDER BY xid_age DESC LIMIT 10",
    ),
    q(
        "dead_tuples",
        0,
        "SELECT schemaname || '.' || relname AS table, n_live_tup AS live, n_dead_tup AS dead,
            round(100.0 * n_dead_tup / nullif(n_live_tup + n_dead_tup, 0), 1) AS dead_percent,
            n_mod_since_analyze AS modified_since_analyze,
            extract(epoch FROM now() - greatest(last_autovacuum, last_vacuum))::bigint AS vacuum_age_s,
            extract(epoch FROM now() - greatest(last_autoanalyze, last_analyze))::bigint AS analyze_age_s
          FROM pg_stat_user_tables ORDER BY n_dead_tup DESC LIMIT 50",
    ),
    q(
        "indexes_invalid",
        0,
        "SELECT indexrelid::regclass::text AS index, indrelid::regclass::text AS table, indisready AS ready
          FROM pg_index WHERE NOT indisvalid LIMIT 50",
    ),
    q(
        "indexes_unused",
        0,
        "SELECT s.indexrelid::regclass::text AS index, s.relid::regclass::text AS table,
            pg_relation_size(s.indexrelid) AS bytes
          FROM pg_stat_user_indexes s JOIN pg_index i ON i.indexrelid = s.indexrelid
          WHERE s.idx_scan = 0 AND i.indisvalid AND NOT i.indisunique AND NOT i.indisprimary
            AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = s.indexrelid)
          ORDER BY bytes DESC LIMIT 100",
    ),
    // A plain index beside a unique one on the same columns is a duplicate too; other method, order,
    // operator class, collation, included columns, expression or condition is not.
    q(
        "indexes_duplicate",
        0,
        "SELECT i.indrelid::regclass::text AS table,
            string_agg(i.indexrelid::regclass::text, ', ' ORDER BY i.indisprimary DESC, i.indisunique DESC, i.indexrelid) AS indexes,
            count(*) AS copies, sum(pg_relation_size(i.indexrelid))::bigint AS bytes
          FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE i.indisvalid AND c.relkind = 'i' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
          GROUP BY i.indrelid, c.relam, i.indkey::text, i.indnkeyatts, i.indclass::text, i.indcollation::text,
            i.indoption::text, pg_get_expr(i.indexprs, i.indrelid), pg_get_expr(i.indpred, i.indrelid)
          HAVING count(*) > 1 ORDER BY bytes DESC LIMIT 50",
    ),
    q(
        "sequential_scans",
        0,
        "SELECT schemaname || '.' || relname AS table, seq_scan, seq_tup_read, idx_scan, n_live_tup AS live,
            pg_relation_size(relid) AS bytes
          FROM pg_stat_user_tables WHERE seq_scan > 0 AND n_live_tup > 10000
          ORDER BY seq_tup_read DESC LIMIT 10",
    ),
    q(
        "without_primary_key",
        0,
        "SELECT c.oid::regclass::text AS table, c.reltuples::bigint AS rows FROM pg_class c
          JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_t%'
            AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
          ORDER BY rows DESC LIMIT 20",
    ),
    q(
        "largest_tables",
        0,
        "SELECT c.oid::regclass::text AS table, pg_total_relation_size(c.oid) AS total_bytes,
            pg_indexes_size(c.oid) AS index_bytes, c.reltuples::bigint AS rows
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
          ORDER BY total_bytes DESC LIMIT 10",
    ),
    q(
        "replication",
        0,
        "SELECT application_name, state, sync_state,
            pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
              replay_lsn)::bigint AS replay_lag_bytes,
            extract(epoch FROM replay_lag)::numeric(20,3) AS replay_lag_s
          FROM pg_stat_replication LIMIT 20",
    ),
    q(
        "replica",
        0,
        "SELECT pg_is_in_recovery() AS in_recovery,
            CASE WHEN pg_is_in_recovery()
              THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp())::numeric(20,3) END AS behind_s,
            pg_is_in_recovery() AND pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AS applied_all,
            (SELECT w.status FROM pg_stat_wal_receiver w LIMIT 1) AS receiver",
    ),
    q(
        "slots",
        0,
        "SELECT slot_name, slot_type, active, pg_wal_lsn_diff(
            CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END,
            restart_lsn)::bigint AS retained_bytes
          FROM pg_replication_slots ORDER BY retained_bytes DESC NULLS LAST LIMIT 20",
    ),
    q(
        "archiver",
        0,
        "SELECT archived_count, failed_count, last_archived_wal, last_failed_wal,
            extract(epoch FROM now() - last_archived_time)::bigint AS archived_age_s,
            extract(epoch FROM now() - last_failed_time)::bigint AS failed_age_s,
            coalesce(last_failed_time > last_archived_time, last_failed_time IS NOT NULL) AS failing
          FROM pg_stat_archiver",
    ),
    q("extensions", 0, "SELECT extname AS name, extversion AS version FROM pg_extension ORDER BY extname LIMIT 100"),
    // Only statements whose literals the extension replaced; others (ALTER ROLE … PASSWORD) keep theirs.
    q(
        "statements",
        0,
        "SELECT left(query, 300) AS query, calls, round(total_time::numeric, 1) AS total_ms,
            round(mean_time::numeric, 2) AS mean_ms, round(max_time::numeric, 2) AS max_ms, rows,
            shared_blks_hit, shared_blks_read, round(blk_read_time::numeric, 1) AS read_ms, temp_blks_written
          FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND query ~* '^\\s*(select|insert|update|delete|merge|with)\\M'
          ORDER BY total_time DESC LIMIT 20",
    ),
    q(
        "statements",
        130_000,
        "SELECT left(query, 300) AS query, calls, round(total_exec_time::numeric, 1) AS total_ms,
            round(mean_exec_time::numeric, 2) AS mean_ms, round(max_exec_time::numeric, 2) AS max_ms, rows,
            shared_blks_hit, shared_blks_read, round(blk_read_time::numeric, 1) AS read_ms, temp_blks_written
          FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND query ~* '^\\s*(select|insert|update|delete|merge|with)\\M'
          ORDER BY total_exec_time DESC LIMIT 20",
    ),
    q(
        "statements",
        170_000,
        "SELECT left(query, 300) AS query, calls, round(total_exec_time::numeric, 1) AS total_ms,
            round(mean_exec_time::numeric, 2) AS mean_ms, round(max_exec_time::numeric, 2) AS max_ms, rows,
            shared_blks_hit, shared_blks_read, round(shared_blk_read_time::numeric, 1) AS read_ms, temp_blks_written
          FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND query ~* '^\\s*(select|insert|update|delete|merge|with)\\M'
          ORDER BY total_exec_time DESC LIMIT 20",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_gets_its_own_form() {
        let form = |version, name| {
            for_version(version)
                .into_iter()
                .find(|(n, _)| *n == name)
                .and_then(|(_, q)| q)
                .map(|q| q.min_version)
        };
        assert_eq!(form(150_004, "checkpoints"), Some(0));
        assert_eq!(form(170_000, "checkpoints"), Some(170_000));
        assert_eq!(form(150_004, "io"), None);
        assert_eq!(form(110_000, "database"), Some(0));
        assert_eq!(form(130_000, "statements"), Some(130_000));
        assert_eq!(form(180_000, "statements"), Some(170_000));
    }

    #[test]
    fn forms_stand_together_oldest_first_and_only_read() {
        let mut done: Vec<&str> = Vec::new();
        let mut last: Option<Query> = None;
        for query in QUERIES {
            if last.is_some_and(|l| l.name == query.name) {
                assert!(last.is_some_and(|l| l.min_version < query.min_version), "{}", query.name);
            } else {
                assert!(!done.contains(&query.name), "{}", query.name);
                done.push(query.name);
            }
            assert!(query.sql.starts_with("SELECT ") && !query.sql.contains(';'), "{}", query.name);
            last = Some(*query);
        }
    }
}
