//! Who is connected and who waits for whom.

use bulwark_i18n::args;
use bulwark_model::{Effort, Grade, Severity};

use super::rows::{self, Row, count, flag, hms, percent, seconds, show, text};
use crate::check::{Case, Definition, Sheet};

/// `db_io.connections`
pub(super) const CONNECTIONS: Definition = Definition {
    id: "db_io.connections",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §19.3.1 (max_connections, reserved_connections)",
    kinds: &["postgres"],
    judge: connections,
};

/// `db_io.long-transactions`
pub(super) const LONG_TRANSACTIONS: Definition = Definition {
    id: "db_io.long-transactions",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §24.1.2, §27.2.3 (pg_stat_activity.xact_start)",
    kinds: &["postgres"],
    judge: long_transactions,
};

/// `db_io.idle-in-transaction`
pub(super) const IDLE_IN_TRANSACTION: Definition = Definition {
    id: "db_io.idle-in-transaction",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §19.11.1 (idle_in_transaction_session_timeout)",
    kinds: &["postgres"],
    judge: idle_in_transaction,
};

/// `db_io.blocked-locks`
pub(super) const BLOCKED_LOCKS: Definition = Definition {
    id: "db_io.blocked-locks",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §13.3, §53.13 (pg_locks)",
    kinds: &["postgres"],
    judge: blocked_locks,
};

/// `db_io.wait-events`
pub(super) const WAIT_EVENTS: Definition = Definition {
    id: "db_io.wait-events",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §27.2.3 (wait_event_type)",
    kinds: &["postgres"],
    judge: wait_events,
};

/// Client sessions against the places ordinary accounts may use (`max_connections` less the
/// reserved ones): over 80 % warns, over 95 % fails. A database's own limit counts when it is
/// nearer. Background processes take no such place.
fn connections(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_one(case, sheet, "connections", |piece, row, sheet| {
        let asset = piece.body.name.as_str();
        let (Some(used), Some(max)) = (count(row, "used"), count(row, "max")) else {
            return rows::odd(piece, "connections", sheet);
        };
        // Sessions whose kind our account may not see are counted as clients.
        let used = used.saturating_add(count(row, "hidden").unwrap_or(0));
        let reserved = ["reserved", "reserved_for_role"]
            .iter()
            .filter_map(|c| count(row, c))
            .fold(0, u64::saturating_add);
        let available = max.saturating_sub(reserved).max(1);
        let mut nearest = (used, available);
        if let (Some(used), Some(limit)) = (count(row, "database_used"), count(row, "database_limit"))
            && limit > 0
            && percent(used, limit) > percent(nearest.0, nearest.1)
        {
            nearest = (used, limit);
        }
        let (used, available) = nearest;
        let share = percent(used, available);
        let arguments = args![used = used, available = available, percent = format!("{share:.1}")];
        let entry = if share > 95.0 {
            sheet.fail(asset, "full", &arguments)
        } else if share > 80.0 {
            sheet.warn(asset, "busy", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        let columns =
            &["used", "active", "max", "reserved", "reserved_for_role", "database_used", "database_limit"];
        entry.from(piece).excerpt(show([row], columns));
    });
}

/// The oldest open transaction of a client, and prepared transactions nobody finished: over 5
/// minutes warns, over 1 hour fails. Measured by the server's own clock.
fn long_transactions(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_visible(case, sheet, "transactions", |piece, open, sheet| {
        let asset = piece.body.name.as_str();
        let prepared = rows::extra(piece, "prepared_transactions");
        let mut all: Vec<(u64, &Row)> =
            open.iter().chain(prepared).filter_map(|row| Some((seconds(row, "xact_age_s")?, row))).collect();
        all.sort_by_key(|(age, _)| std::cmp::Reverse(*age));
        let longest = all.first().map_or(0, |(age, _)| *age);
        let over = all.iter().filter(|(age, _)| *age > 300).count();
        let arguments = args![duration = hms(longest), count = over];
        let entry = if longest > 3600 {
            sheet.fail(asset, "very_long", &arguments)
        } else if longest > 300 {
            sheet.warn(asset, "long", &arguments)
        } else {
            sheet.pass(asset, "pass", &args![duration = hms(longest)])
        };
        let columns =
            &["pid", "gid", "database", "role", "application_name", "state", "xact_age_s", "wait_event"];
        entry.from(piece).excerpt(show(all.into_iter().map(|(_, row)| row), columns));
    });
}

/// A session that holds a transaction open without working: over 1 minute warns, over 10 minutes
/// fails. The time counts from the last change of state, not from the start of the transaction.
fn idle_in_transaction(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_visible(case, sheet, "idle_in_transaction", |piece, idle, sheet| {
        let asset = piece.body.name.as_str();
        let longest = idle.iter().filter_map(|row| seconds(row, "idle_s")).max().unwrap_or(0);
        let over = idle.iter().filter(|row| seconds(row, "idle_s").is_some_and(|s| s > 60)).count();
        let arguments = args![duration = hms(longest), count = over];
        let entry = if longest > 600 {
            sheet.fail(asset, "stuck", &arguments)
        } else if longest > 60 {
            sheet.warn(asset, "idle", &arguments)
        } else {
            sheet.pass(asset, "pass", &args![duration = hms(longest)])
        };
        entry.from(piece).excerpt(show(
            idle,
            &["pid", "database", "role", "application_name", "state", "idle_s", "xact_age_s"],
        ));
    });
}

/// Sessions waiting for a lock: over 5 seconds warns, over 60 seconds fails. Before version 14 the
/// server does not say since when a session waits, only how old its statement is: never more than
/// a warning.
fn blocked_locks(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_visible(case, sheet, "blocked", |piece, blocked, sheet| {
        let asset = piece.body.name.as_str();
        let mut waiting: Vec<(u64, &Row)> =
            blocked.iter().map(|row| (seconds(row, "waiting_s").unwrap_or(0), row)).collect();
        waiting.sort_by_key(|(waited, _)| std::cmp::Reverse(*waited));
        let longest = waiting.first().map_or(0, |(waited, _)| *waited);
        let exact = blocked.iter().all(|row| flag(row, "exact") != Some(false));
        let arguments = args![count = blocked.len(), duration = hms(longest)];
        let entry = match (longest, exact) {
            (0..=5, _) => sheet.pass(asset, "pass", &args![count = blocked.len()]),
            (_, false) => sheet.warn(asset, "perhaps", &arguments),
            (61.., true) => sheet.fail(asset, "stuck", &arguments),
            (_, true) => sheet.warn(asset, "waiting", &arguments),
        };
        let columns =
            &["pid", "blocked_by", "role", "application_name", "locktype", "mode", "relation", "waiting_s"];
        entry.from(piece).excerpt(show(waiting.into_iter().map(|(_, row)| row), columns));
    });
}

/// Sessions at work below which one look says nothing.
const ENOUGH_ACTIVE: u64 = 5;

/// Of the sessions at work at one moment, those waiting for storage or locks: more than half warns.
/// One look is a sample, so otherwise this is information only.
fn wait_events(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_visible(case, sheet, "activity", |piece, events, sheet| {
        let asset = piece.body.name.as_str();
        // A walsender is `active` for ever and waits as `Activity`.
        let at_work = |row: &&Row| {
            text(row, "state") == Some("active") && text(row, "wait_event_type") != Some("Activity")
        };
        let sum = |kinds: &[&str]| {
            events
                .iter()
                .filter(at_work)
                .filter(|row| {
                    kinds.is_empty() || text(row, "wait_event_type").is_some_and(|t| kinds.contains(&t))
                })
                .filter_map(|row| count(row, "sessions"))
                .fold(0, u64::saturating_add)
        };
        let active = sum(&[]);
        let (io, lock) = (sum(&["IO"]), sum(&["Lock", "LWLock", "BufferPin"]));
        let waiting = io.saturating_add(lock);
        let arguments = args![active = active, io = io, lock = lock];
        let entry = if active < ENOUGH_ACTIVE {
            sheet.info(asset, "few", &args![active = active])
        } else if percent(waiting, active) > 50.0 {
            sheet.warn(asset, "waiting", &arguments)
        } else {
            sheet.info(asset, "share", &arguments)
        };
        entry
            .from(piece)
            .excerpt(show(events.iter().filter(at_work), &["state", "wait_event_type", "sessions"]));
    });
}
