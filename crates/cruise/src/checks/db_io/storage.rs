//! Reading and writing: buffers, disk, temporary files, checkpoints, and whether writes last.

use bulwark_i18n::{args, file_size};
use bulwark_model::{Effort, Grade, Severity};

use super::rows::{self, count, decimal, percent, show};
use crate::check::{Case, Definition, Sheet};

/// `db_io.cache-hit`
pub(super) const CACHE_HIT: Definition = Definition {
    id: "db_io.cache-hit",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §19.4.1 (shared_buffers), §27.2 (pg_stat_database)",
    kinds: &["postgres"],
    judge: cache_hit,
};

/// `db_io.read-latency`
pub(super) const READ_LATENCY: Definition = Definition {
    id: "db_io.read-latency",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Large,
    standard: "PostgreSQL 18 §19.9.1 (track_io_timing), §27.2 (pg_stat_database.blk_read_time)",
    kinds: &["postgres"],
    judge: read_latency,
};

/// `db_io.temp-files`
pub(super) const TEMP_FILES: Definition = Definition {
    id: "db_io.temp-files",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §19.4.1 (work_mem), §27.2 (pg_stat_database.temp_bytes)",
    kinds: &["postgres"],
    judge: temp_files,
};

/// `db_io.checkpoints`
pub(super) const CHECKPOINTS: Definition = Definition {
    id: "db_io.checkpoints",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §28.5 (max_wal_size, checkpoint_timeout)",
    kinds: &["postgres"],
    judge: checkpoints,
};

/// `db_io.durability`
pub(super) const DURABILITY: Definition = Definition {
    id: "db_io.durability",
    severity: Severity::High,
    grade: Grade::Integrity,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §19.5.1, §28.1, §28.2",
    kinds: &["postgres"],
    judge: durability,
};

/// Blocks asked for below which a ratio says nothing.
const ENOUGH_BLOCKS: u64 = 10_000;

/// Blocks found in shared buffers of all blocks asked for: under 99 % warns, under 90 % fails, once
/// 10,000 blocks were asked for.
fn cache_hit(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_one(case, sheet, "database", |piece, row, sheet| {
        let asset = piece.body.name.as_str();
        let (Some(hit), Some(read)) = (count(row, "blks_hit"), count(row, "blks_read")) else {
            return rows::odd(piece, "database.blks_hit", sheet);
        };
        let blocks = hit.saturating_add(read);
        let ratio = percent(hit, blocks);
        let arguments = args![percent = cut(ratio), blocks = bulwark_i18n::number(blocks)];
        let entry = if blocks < ENOUGH_BLOCKS {
            sheet.not_tested(asset, "few", &args![blocks = bulwark_i18n::number(blocks)])
        } else if ratio < 90.0 {
            sheet.fail(asset, "low", &arguments)
        } else if ratio < 99.0 {
            sheet.warn(asset, "below", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        entry.from(piece).excerpt(show([row], &["blks_hit", "blks_read", "counted_s"]));
    });
}

/// Two decimals, never rounded up: 98.999 % must not read as 99.00 %.
fn cut(percent: f64) -> String {
    format!("{:.2}", (percent * 100.0).floor() / 100.0)
}

/// Blocks read below which an average says nothing.
const ENOUGH_READS: u64 = 1_000;

/// Average time to read one block that was not in shared buffers: over 10 ms warns, over 50 ms
/// fails. Needs `track_io_timing`; blocks read before it was switched on bring no time, so the true
/// value can only be higher.
fn read_latency(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_one(case, sheet, "database", |piece, row, sheet| {
        let asset = piece.body.name.as_str();
        let excerpt = show([row], &["blks_read", "blk_read_time", "counted_s"]);
        if rows::is_off(piece, "track_io_timing") {
            sheet.not_tested(asset, "timing_off", &[]).from(piece).excerpt(excerpt);
            return;
        }
        let (Some(blocks), Some(time)) = (count(row, "blks_read"), decimal(row, "blk_read_time")) else {
            return rows::odd(piece, "database.blk_read_time", sheet);
        };
        if blocks < ENOUGH_READS || time <= 0.0 {
            let blocks = bulwark_i18n::number(blocks);
            sheet.not_tested(asset, "few", &args![blocks = blocks]).from(piece).excerpt(excerpt);
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "two decimals are shown")]
        let average = time / blocks as f64;
        let arguments = args![ms = format!("{average:.2}"), blocks = bulwark_i18n::number(blocks)];
        let entry = if average > 50.0 {
            sheet.fail(asset, "very_slow", &arguments)
        } else if average > 10.0 {
            sheet.warn(asset, "slow", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        let by_whom = show(
            rows::extra(piece, "io").iter().take(5),
            &["backend_type", "context", "reads", "read_ms", "writes", "write_ms", "fsyncs", "fsync_ms"],
        );
        let excerpt = if by_whom.is_empty() { excerpt } else { format!("{excerpt}\n{by_whom}") };
        entry.from(piece).excerpt(excerpt);
    });
}

const DAY_S: u64 = 86_400;
const GIB: u64 = 1 << 30;

/// Temporary files written since the counters began: over 1 GiB a day warns. Counters younger than
/// a day can only show too much, not little enough.
fn temp_files(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_one(case, sheet, "database", |piece, row, sheet| {
        let asset = piece.body.name.as_str();
        let (Some(bytes), Some(age)) = (count(row, "temp_bytes"), rows::counted_s(row)) else {
            return rows::odd(piece, "database.temp_bytes", sheet);
        };
        // u128 because bytes times seconds of a busy server leaves u64.
        let a_day = u128::from(bytes) * u128::from(DAY_S) / u128::from(age.max(DAY_S));
        let a_day = u64::try_from(a_day).unwrap_or(u64::MAX);
        let days = (age / DAY_S).max(1);
        let arguments = args![size = file_size(a_day), days = days];
        let entry = if a_day > GIB {
            sheet.warn(asset, "large", &arguments)
        } else if age < DAY_S {
            sheet.not_tested(asset, "young", &args![size = file_size(bytes)])
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        entry.from(piece).excerpt(show([row], &["temp_files", "temp_bytes", "counted_s"]));
    });
}

/// Checkpoints forced before their time (mostly because `max_wal_size` was reached): more than half
/// of at least ten warns. Manual ones and base backups count as requested too.
fn checkpoints(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_one(case, sheet, "checkpoints", |piece, row, sheet| {
        let asset = piece.body.name.as_str();
        let (Some(timed), Some(requested)) = (count(row, "timed"), count(row, "requested")) else {
            return rows::odd(piece, "checkpoints", sheet);
        };
        let total = timed.saturating_add(requested);
        let share = percent(requested, total);
        let arguments = args![requested = requested, total = total, percent = format!("{share:.1}")];
        let entry = if total < 10 {
            sheet.not_tested(asset, "few", &args![total = total])
        } else if share > 50.0 {
            sheet.warn(asset, "forced", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        entry
            .from(piece)
            .excerpt(show([row], &["timed", "requested", "buffers", "write_ms", "sync_ms", "stats_age_s"]));
    });
}

/// A committed change survives a power cut: `fsync` and `full_page_writes` on; `synchronous_commit`
/// off may lose the last moments (a warning), data pages without checksums hide decay (a low one).
fn durability(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each(case, sheet, "settings", |piece, settings, sheet| {
        let asset = piece.body.name.as_str();
        let known = ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"];
        if known.iter().take(3).any(|name| rows::setting(piece, name).is_none()) {
            return rows::odd(piece, "settings.fsync", sheet);
        }
        let entry = if rows::is_off(piece, "fsync") {
            sheet.fail(asset, "no_fsync", &[])
        } else if rows::is_off(piece, "full_page_writes") {
            sheet.fail(asset, "torn_pages", &[])
        } else if rows::is_off(piece, "synchronous_commit") {
            sheet.warn(asset, "late_commit", &[])
        } else if rows::is_off(piece, "data_checksums") {
            sheet.warn(asset, "no_checksums", &[]).severity(Severity::Low)
        } else {
            sheet.pass(asset, "pass", &[])
        };
        let shown = settings.iter().filter(|row| rows::text(row, "name").is_some_and(|n| known.contains(&n)));
        entry.from(piece).excerpt(show(shown, &["name", "setting", "source"]));
    });
}
