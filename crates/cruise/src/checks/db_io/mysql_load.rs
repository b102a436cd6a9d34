//! How a MySQL or MariaDB server bears its load: connections, memory, locks, old row versions,
//! temporary tables, replicas, slow statements.

use bulwark_i18n::{args, number};
use bulwark_model::{Effort, Grade, Severity};

use super::mysql::{self, each, facts, growth, odd, status, switch, variable};
use super::rows::{count, hms, percent, seconds, show, text, tidy};
use crate::check::{Case, Definition, Sheet};

/// `db_io.mysql-connections`
pub(super) const CONNECTIONS: Definition = Definition {
    id: "db_io.mysql-connections",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §7.1.8 (max_connections), §7.1.10 (Threads_connected)",
    kinds: &["mysql"],
    judge: connections,
};

/// `db_io.mysql-buffer-hit`
pub(super) const BUFFER_HIT: Definition = Definition {
    id: "db_io.mysql-buffer-hit",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §17.5.1, §7.1.10 (Innodb_buffer_pool_reads)",
    kinds: &["mysql"],
    judge: buffer_hit,
};

/// `db_io.mysql-row-locks`
pub(super) const ROW_LOCKS: Definition = Definition {
    id: "db_io.mysql-row-locks",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §17.7, §28.4.28 (INNODB_TRX)",
    kinds: &["mysql"],
    judge: row_locks,
};

/// `db_io.mysql-history-list`
pub(super) const HISTORY_LIST: Definition = Definition {
    id: "db_io.mysql-history-list",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §17.8.9 (purge), §17.17.3",
    kinds: &["mysql"],
    judge: history_list,
};

/// `db_io.mysql-long-transactions`
pub(super) const LONG_TRANSACTIONS: Definition = Definition {
    id: "db_io.mysql-long-transactions",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §28.4.28 (INNODB_TRX.trx_started)",
    kinds: &["mysql"],
    judge: long_transactions,
};

/// `db_io.mysql-temp-tables`
pub(super) const TEMP_TABLES: Definition = Definition {
    id: "db_io.mysql-temp-tables",
    severity: Severity::Low,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §10.4.4 (Created_tmp_disk_tables)",
    kinds: &["mysql"],
    judge: temp_tables,
};

/// `db_io.mysql-replica-lag`
pub(super) const REPLICA_LAG: Definition = Definition {
    id: "db_io.mysql-replica-lag",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §15.7.7.35 (SHOW REPLICA STATUS)",
    kinds: &["mysql"],
    judge: replica_lag,
};

/// `db_io.mysql-slow-log`
pub(super) const SLOW_LOG: Definition = Definition {
    id: "db_io.mysql-slow-log",
    severity: Severity::Low,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "MySQL 8.4 Reference Manual §7.4.5 (slow query log); 附表十 事件日誌與可歸責性",
    kinds: &["mysql"],
    judge: slow_log,
};

/// `db_io.mysql-slow-statements`
pub(super) const SLOW_STATEMENTS: Definition = Definition {
    id: "db_io.mysql-slow-statements",
    severity: Severity::Advice,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §29.12.20.3 (statement digests)",
    kinds: &["mysql"],
    judge: slow_statements,
};

/// Sessions against `max_connections`: over 80 % warns, over 95 % fails. That the limit was reached
/// once since the start, or refused someone, is a warning.
fn connections(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "status", |piece, _, sheet| {
        let asset = piece.body.name.as_str();
        let max = variable(piece, "max_connections").and_then(|v| v.parse::<u64>().ok());
        let (Some(used), Some(max)) = (status(piece, "Threads_connected"), max.filter(|m| *m > 0)) else {
            return odd(piece, "max_connections", sheet);
        };
        let share = percent(used, max);
        let refused = status(piece, "Connection_errors_max_connections").unwrap_or(0);
        let peak = status(piece, "Max_used_connections").unwrap_or(0);
        let arguments = args![used = used, max = max, percent = format!("{share:.1}")];
        let entry = if share > 95.0 {
            sheet.fail(asset, "full", &arguments)
        } else if share > 80.0 {
            sheet.warn(asset, "busy", &arguments)
        } else if refused > 0 || peak >= max {
            sheet.warn(asset, "reached", &args![peak = peak, max = max, refused = number(refused)])
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        let counters = [
            "Threads_connected",
            "Threads_running",
            "Max_used_connections",
            "Connection_errors_max_connections",
            "Aborted_connects",
            "Uptime",
        ];
        entry.from(piece).excerpt(facts(piece, &counters, &["max_connections"]));
    });
}

/// Page reads below which a ratio says nothing.
const ENOUGH_READS: u64 = 10_000;

/// Pages found in the buffer pool of all pages asked for: under 99 % warns, under 90 % fails. What
/// happened between our two looks counts when it is enough, else everything since the start.
fn buffer_hit(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "status", |piece, _, sheet| {
        let asset = piece.body.name.as_str();
        let names = ["Innodb_buffer_pool_read_requests", "Innodb_buffer_pool_reads"];
        let recent = growth(piece, names).map(|(grown, _)| grown).filter(|[asked, _]| *asked >= ENOUGH_READS);
        let whole = || Some([status(piece, names[0])?, status(piece, names[1])?]);
        let Some([asked, read]) = recent.or_else(whole) else {
            return odd(piece, names[0], sheet);
        };
        let hit = percent(asked.saturating_sub(read), asked);
        // Never rounded up: 98.999 % must not read as 99.00 %.
        let shown = format!("{:.2}", (hit * 100.0).floor() / 100.0);
        let arguments = args![percent = shown, count = number(asked)];
        let entry = if asked < ENOUGH_READS {
            sheet.not_tested(asset, "few", &args![count = number(asked)])
        } else if hit < 90.0 {
            sheet.fail(asset, "low", &arguments)
        } else if hit < 99.0 {
            sheet.warn(asset, "below", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        let counters =
            [names[0], names[1], "Innodb_buffer_pool_wait_free", "Innodb_buffer_pool_pages_total", "Uptime"];
        entry.from(piece).excerpt(facts(piece, &counters, &["innodb_buffer_pool_size"]));
    });
}

/// Row-lock waits below which an average says nothing.
const ENOUGH_WAITS: u64 = 100;

/// Transactions waiting for a row lock now: over 5 seconds warns, over 60 seconds fails; or an
/// average wait of more than one second over at least 100 waits since the start.
fn row_locks(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "transactions", |piece, open, sheet| {
        let asset = piece.body.name.as_str();
        let waiting: Vec<u64> = open.iter().filter_map(|row| seconds(row, "waiting_s")).collect();
        let longest = waiting.iter().copied().max().unwrap_or(0);
        let waits = status(piece, "Innodb_row_lock_waits").unwrap_or(0);
        let average = status(piece, "Innodb_row_lock_time_avg").unwrap_or(0);
        let arguments = args![count = waiting.len(), duration = hms(longest)];
        let entry = if longest > 60 {
            sheet.fail(asset, "stuck", &arguments)
        } else if longest > 5 {
            sheet.warn(asset, "waiting", &arguments)
        } else if waits >= ENOUGH_WAITS && average > 1000 {
            sheet.warn(asset, "slow", &args![count = number(waits), ms = number(average)])
        } else {
            sheet.pass(asset, "pass", &args![count = waiting.len()])
        };
        let waiters = open.iter().filter(|row| seconds(row, "waiting_s").is_some()).take(4);
        let waiters = show(waiters, &["id", "state", "age_s", "waiting_s", "rows_locked"]);
        let counters = [
            "Innodb_row_lock_waits",
            "Innodb_row_lock_time_avg",
            "Innodb_row_lock_time_max",
            "Innodb_deadlocks",
        ];
        let counters = facts(piece, &counters, &["innodb_lock_wait_timeout"]);
        entry.from(piece).excerpt(format!("{counters}\n{waiters}").trim().to_owned());
    });
}

/// Old row versions not yet cleaned up: over 100,000 warns, over 1,000,000 fails.
fn history_list(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.mysql() {
        let asset = piece.body.name.as_str();
        let mut length = status(&piece, "Innodb_history_list_length");
        if length.is_none() {
            let Some(found) = mysql::rows(&piece, "history", sheet) else { continue };
            length = found.first().and_then(|row| count(row, "length"));
        }
        let Some(length) = length else {
            odd(&piece, "trx_rseg_history_len", sheet);
            continue;
        };
        let arguments = args![length = number(length)];
        let entry = if length > 1_000_000 {
            sheet.fail(asset, "huge", &arguments)
        } else if length > 100_000 {
            sheet.warn(asset, "long", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        entry.from(&piece).excerpt(format!("history_list_length={length}"));
    }
}

/// The oldest open transaction: over 5 minutes warns, over 1 hour fails, by the server's own clock.
fn long_transactions(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "transactions", |piece, open, sheet| {
        let asset = piece.body.name.as_str();
        let ages: Vec<u64> = open.iter().filter_map(|row| seconds(row, "age_s")).collect();
        let longest = ages.iter().copied().max().unwrap_or(0);
        let over = ages.iter().filter(|age| **age > 300).count();
        let arguments = args![duration = hms(longest), count = over];
        let entry = if longest > 3600 {
            sheet.fail(asset, "very_long", &arguments)
        } else if longest > 300 {
            sheet.warn(asset, "long", &arguments)
        } else {
            sheet.pass(asset, "pass", &args![duration = hms(longest)])
        };
        entry
            .from(piece)
            .excerpt(show(open, &["id", "state", "age_s", "rows_locked", "rows_modified", "isolation"]));
    });
}

/// Temporary tables below which a share says nothing.
const ENOUGH_TABLES: u64 = 1_000;

/// Internal temporary tables that did not fit into memory: more than a quarter of at least 1,000
/// warns. What happened between our two looks counts when it is enough.
fn temp_tables(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "status", |piece, _, sheet| {
        let asset = piece.body.name.as_str();
        let names = ["Created_tmp_tables", "Created_tmp_disk_tables"];
        let recent = growth(piece, names).map(|(grown, _)| grown).filter(|[all, _]| *all >= ENOUGH_TABLES);
        let whole = || Some([status(piece, names[0])?, status(piece, names[1])?]);
        let Some([all, disk]) = recent.or_else(whole) else {
            return odd(piece, names[0], sheet);
        };
        let share = percent(disk, all);
        let arguments = args![count = number(all), percent = format!("{share:.1}")];
        let entry = if all < ENOUGH_TABLES {
            sheet.not_tested(asset, "few", &args![count = number(all)])
        } else if share > 25.0 {
            sheet.warn(asset, "many", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        let settings = ["tmp_table_size", "max_heap_table_size"];
        entry.from(piece).excerpt(facts(piece, &[names[0], names[1], "Uptime"], &settings));
    });
}

/// Replication that stands still fails; a lag over 60 seconds warns, over 10 minutes fails. A delay
/// that was asked for is taken off.
fn replica_lag(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "replica", |piece, sources, sheet| {
        let asset = piece.body.name.as_str();
        let excerpt = show(
            sources,
            &["connection", "io_running", "sql_running", "lag_s", "delay_s", "io_errno", "sql_errno"],
        );
        let runs = |row, column| text(row, column).is_some_and(|v| v.eq_ignore_ascii_case("yes"));
        let stopped =
            sources.iter().filter(|row| !runs(row, "io_running") || !runs(row, "sql_running")).count();
        let lag = |row| Some(seconds(row, "lag_s")?.saturating_sub(seconds(row, "delay_s").unwrap_or(0)));
        let longest = sources.iter().filter_map(lag).max();
        let entry = match longest {
            _ if sources.is_empty() => sheet.not_applicable(asset, "none", &[]),
            _ if stopped > 0 => sheet.fail(asset, "stopped", &args![count = stopped]),
            None => sheet.not_tested(asset, "unknown", &[]),
            Some(lag) if lag > 600 => sheet.fail(asset, "far", &args![duration = hms(lag)]),
            Some(lag) if lag > 60 => sheet.warn(asset, "behind", &args![duration = hms(lag)]),
            Some(lag) => sheet.pass(asset, "pass", &args![duration = hms(lag)]),
        };
        entry.from(piece).excerpt(excerpt);
    });
}

/// Slow statements leave a trace: the slow query log is on with a limit of at most ten seconds, or
/// the server keeps statement digests.
fn slow_log(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "variables", |piece, _, sheet| {
        let asset = piece.body.name.as_str();
        let Some(on) = switch(piece, "slow_query_log") else {
            return odd(piece, "slow_query_log", sheet);
        };
        let limit = variable(piece, "long_query_time").and_then(|v| v.parse::<f64>().ok()).unwrap_or(10.0);
        let digests = switch(piece, "performance_schema") == Some(true);
        let limit_shown = format!("{limit:.1}");
        let entry = if on && limit <= 10.0 {
            sheet.pass(asset, "pass", &args![limit = limit_shown])
        } else if on {
            sheet.warn(asset, "lax", &args![limit = limit_shown])
        } else if digests {
            sheet.warn(asset, "digests_only", &[]).severity(Severity::Advice)
        } else {
            sheet.warn(asset, "off", &[])
        };
        let settings = [
            "slow_query_log",
            "long_query_time",
            "log_output",
            "log_queries_not_using_indexes",
            "performance_schema",
        ];
        entry.from(piece).excerpt(facts(piece, &["Slow_queries", "Questions", "Uptime"], &settings));
    });
}

/// Where the time goes: the statements that cost most, without a judgement. The server has taken
/// the literals out.
fn slow_statements(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.mysql() {
        let asset = piece.body.name.as_str();
        if switch(&piece, "performance_schema") == Some(false) {
            sheet.not_tested(asset, "off", &[]).from(&piece);
            continue;
        }
        let Some(digests) = mysql::rows(&piece, "digests", sheet) else { continue };
        let Some(first) = digests.first() else {
            sheet.not_tested(asset, "nothing", &[]).from(&piece);
            continue;
        };
        let arguments = args![
            calls = number(count(first, "calls").unwrap_or(0)),
            mean = tidy(text(first, "mean_ms").unwrap_or("?"))
        ];
        let columns = &["total_ms", "calls", "mean_ms", "max_ms", "without_index", "statement"];
        sheet.info(asset, "top", &arguments).from(&piece).excerpt(show(digests.iter().take(5), columns));
    }
}
