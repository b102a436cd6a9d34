//! Replicas: are they near, and what do they hold back.

use bulwark_i18n::{args, file_size};
use bulwark_model::{Effort, Grade, Severity};
use bulwark_probe::evidence::Postgres;

use super::rows::{self, Row, count, flag, hms, seconds, show, text};
use crate::check::{Case, Definition, Piece, Sheet};

/// `db_io.replication-lag`
pub(super) const REPLICATION_LAG: Definition = Definition {
    id: "db_io.replication-lag",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §26.2.5 (pg_stat_replication)",
    kinds: &["postgres"],
    judge: replication_lag,
};

/// `db_io.replication-slots`
pub(super) const REPLICATION_SLOTS: Definition = Definition {
    id: "db_io.replication-slots",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §26.2.6 (max_slot_wal_keep_size)",
    kinds: &["postgres"],
    judge: replication_slots,
};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// `db_io.archiving`
pub(super) const ARCHIVING: Definition = Definition {
    id: "db_io.archiving",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §25.3.1, §27.2 (pg_stat_archiver)",
    kinds: &["postgres"],
    judge: archiving,
};

/// How far the furthest replica is behind: over 60 s or 256 MiB warns, over 600 s or 4 GiB fails; a
/// replica that is not streaming warns. On a replica its own lag is judged; nothing received that is
/// not applied is no lag, however long nothing has been written. Running base backups do not count.
fn replication_lag(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_visible(case, sheet, "replication", |piece, replicas, sheet| {
        let asset = piece.body.name.as_str();
        let replicas: Vec<&Row> =
            replicas.iter().filter(|row| text(row, "state") != Some("backup")).collect();
        if replicas.is_empty() {
            return standby(piece, sheet);
        }
        let seconds_behind =
            replicas.iter().filter_map(|row| seconds(row, "replay_lag_s")).max().unwrap_or(0);
        let bytes_behind =
            replicas.iter().filter_map(|row| count(row, "replay_lag_bytes")).max().unwrap_or(0);
        let broken = replicas.iter().filter(|row| text(row, "state") != Some("streaming")).count();
        let arguments =
            args![count = replicas.len(), duration = hms(seconds_behind), size = file_size(bytes_behind)];
        let entry = if seconds_behind > 600 || bytes_behind > 4 * GIB {
            sheet.fail(asset, "far", &arguments)
        } else if broken > 0 {
            sheet.warn(asset, "not_streaming", &args![count = broken])
        } else if seconds_behind > 60 || bytes_behind > 256 * MIB {
            sheet.warn(asset, "behind", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        entry.from(piece).excerpt(show(
            replicas,
            &["application_name", "state", "sync_state", "replay_lag_s", "replay_lag_bytes"],
        ));
    });
}

/// No replica is fed from here; perhaps this server is one itself.
fn standby(piece: &Piece<'_, Postgres>, sheet: &mut Sheet) {
    let asset = piece.body.name.as_str();
    let Some(row) =
        rows::extra(piece, "replica").first().filter(|row| flag(row, "in_recovery") == Some(true))
    else {
        sheet.not_applicable(asset, "none", &[]).from(piece);
        return;
    };
    let lag = if flag(row, "applied_all") == Some(true) { Some(0) } else { seconds(row, "behind_s") };
    let entry = match lag {
        None => sheet.not_tested(asset, "standby_unknown", &[]),
        Some(lag) if lag > 600 => sheet.fail(asset, "standby_far", &args![duration = hms(lag)]),
        Some(lag) if lag > 60 => sheet.warn(asset, "standby_behind", &args![duration = hms(lag)]),
        Some(lag) => sheet.pass(asset, "standby_pass", &args![duration = hms(lag)]),
    };
    entry.from(piece).excerpt(show([row], &["in_recovery", "behind_s", "applied_all", "receiver"]));
}

/// Log a replication slot holds back: 10 GiB fails, 1 GiB for a slot nobody reads warns. Without
/// `max_slot_wal_keep_size` such a slot fills the disk until the server stops.
fn replication_slots(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each(case, sheet, "slots", |piece, slots, sheet| {
        let asset = piece.body.name.as_str();
        if slots.is_empty() {
            sheet.not_applicable(asset, "none", &[]).from(piece);
            return;
        }
        let retained = |row: &Row| count(row, "retained_bytes").unwrap_or(0);
        let most = slots.iter().map(retained).max().unwrap_or(0);
        let idle =
            slots.iter().filter(|row| flag(row, "active") == Some(false) && retained(row) >= GIB).count();
        let entry = if most >= 10 * GIB {
            sheet.fail(asset, "full", &args![size = file_size(most)])
        } else if idle > 0 {
            sheet.warn(asset, "idle", &args![count = idle, size = file_size(most)])
        } else {
            sheet.pass(asset, "pass", &args![count = slots.len(), size = file_size(most)])
        };
        entry.from(piece).excerpt(show(slots, &["slot_name", "slot_type", "active", "retained_bytes"]));
    });
}

/// The log is carried away for restoring to a moment: failing now (the last attempt failed) fails;
/// switched off is information, since other ways exist.
fn archiving(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_one(case, sheet, "archiver", |piece, row, sheet| {
        let asset = piece.body.name.as_str();
        let columns = &[
            "archived_count",
            "failed_count",
            "last_archived_wal",
            "archived_age_s",
            "last_failed_wal",
            "failed_age_s",
        ];
        let failed = count(row, "failed_count").unwrap_or(0);
        let entry = match rows::setting(piece, "archive_mode") {
            None => return rows::odd(piece, "settings.archive_mode", sheet),
            Some("off") => sheet.info(asset, "off", &[]),
            Some(_) if flag(row, "failing") == Some(true) => {
                sheet.fail(asset, "failing", &args![count = failed])
            }
            Some(_) if seconds(row, "archived_age_s").is_none() => sheet.info(asset, "nothing_yet", &[]),
            Some(_) => {
                let age = seconds(row, "archived_age_s").unwrap_or(0);
                sheet.pass(asset, "pass", &args![duration = hms(age)])
            }
        };
        entry.from(piece).excerpt(show([row], columns));
    });
}
