//! What vacuum and index care leave behind.

use bulwark_i18n::{args, file_size, number};
use bulwark_model::{Effort, Grade, Severity};

use super::rows::{self, Row, count, percent, show, text};
use crate::check::{Case, Definition, Sheet};

/// `db_io.wraparound`
pub(super) const WRAPAROUND: Definition = Definition {
    id: "db_io.wraparound",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §24.1.5",
    kinds: &["postgres"],
    judge: wraparound,
};

/// `db_io.dead-tuples`
pub(super) const DEAD_TUPLES: Definition = Definition {
    id: "db_io.dead-tuples",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §24.1.2, §24.1.6",
    kinds: &["postgres"],
    judge: dead_tuples,
};

/// `db_io.unused-indexes`
pub(super) const UNUSED_INDEXES: Definition = Definition {
    id: "db_io.unused-indexes",
    severity: Severity::Low,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §11.12, §27.2 (pg_stat_user_indexes.idx_scan)",
    kinds: &["postgres"],
    judge: unused_indexes,
};

/// `db_io.duplicate-indexes`
pub(super) const DUPLICATE_INDEXES: Definition = Definition {
    id: "db_io.duplicate-indexes",
    severity: Severity::Low,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §11.1, §52.26 (pg_index)",
    kinds: &["postgres"],
    judge: duplicate_indexes,
};

/// `db_io.invalid-indexes`
pub(super) const INVALID_INDEXES: Definition = Definition {
    id: "db_io.invalid-indexes",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "PostgreSQL 18 CREATE INDEX (CONCURRENTLY), §52.26 (pg_index.indisvalid)",
    kinds: &["postgres"],
    judge: invalid_indexes,
};

/// `db_io.sequential-scans`
pub(super) const SEQUENTIAL_SCANS: Definition = Definition {
    id: "db_io.sequential-scans",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §11.12, §27.2 (pg_stat_user_tables.seq_scan)",
    kinds: &["postgres"],
    judge: sequential_scans,
};

/// Age at which planning must begin.
const AGE_WARN: u64 = 1_000_000_000;
/// Age at which the server starts to shout (`vacuum_failsafe_age`).
const AGE_FAIL: u64 = 1_600_000_000;
/// Transactions the server can tell apart.
const AGE_LIMIT: u64 = 1 << 31;

/// Age of the oldest unfrozen transaction or multixact of any database of the cluster: from 1 000
/// million warns, from 1 600 million fails. The whole cluster stops writing when one database
/// reaches the end, so all of them count, not only the one examined.
fn wraparound(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each(case, sheet, "wraparound", |piece, databases, sheet| {
        let asset = piece.body.name.as_str();
        let oldest = databases
            .iter()
            .filter_map(|row| {
                let age = count(row, "xid_age")?.max(count(row, "multixact_age").unwrap_or(0));
                Some((age, row))
            })
            .max_by_key(|(age, _)| *age);
        let Some((age, row)) = oldest else { return rows::odd(piece, "wraparound", sheet) };
        let arguments = args![
            database = text(row, "database").map_or_else(|| "?".to_owned(), rows::tidy),
            age = number(age),
            percent = format!("{:.1}", percent(age, AGE_LIMIT)),
        ];
        let entry = if age >= AGE_FAIL {
            sheet.fail(asset, "danger", &arguments)
        } else if age >= AGE_WARN {
            sheet.warn(asset, "near", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        entry.from(piece).excerpt(show(databases, &["database", "xid_age", "multixact_age"]));
    });
}

/// Dead rows of a table below which their share does not matter.
const ENOUGH_DEAD: u64 = 10_000;

/// A table with more than 10,000 dead rows that are more than 20 % of all its rows warns;
/// autovacuum switched off for the server fails.
fn dead_tuples(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each(case, sheet, "dead_tuples", |piece, tables, sheet| {
        let asset = piece.body.name.as_str();
        if rows::is_off(piece, "autovacuum") {
            sheet.fail(asset, "autovacuum_off", &[]).from(piece).excerpt("autovacuum=off");
            return;
        }
        if rows::is_off(piece, "track_counts") {
            sheet.not_tested(asset, "not_counted", &[]).from(piece).excerpt("track_counts=off");
            return;
        }
        let mut bloated: Vec<(f64, &Row)> = tables
            .iter()
            .filter_map(|row| {
                let (dead, live) = (count(row, "dead")?, count(row, "live")?);
                let share = percent(dead, dead.saturating_add(live));
                (dead > ENOUGH_DEAD && share > 20.0).then_some((share, row))
            })
            .collect();
        bloated.sort_by(|a, b| b.0.total_cmp(&a.0));
        let columns = &["table", "live", "dead", "dead_percent", "vacuum_age_s"];
        match bloated.first() {
            None => sheet.pass(asset, "pass", &[]).from(piece).excerpt(show(tables.iter().take(3), columns)),
            Some((share, worst)) => sheet
                .warn(
                    asset,
                    "bloated",
                    &args![count = bloated.len(), table = table(worst), percent = format!("{share:.1}")],
                )
                .from(piece)
                .excerpt(show(bloated.iter().map(|(_, row)| *row), columns)),
        };
    });
}

fn table(row: &Row) -> String {
    text(row, "table").map_or_else(|| "?".to_owned(), rows::tidy)
}

/// Days the counters must have run before "never used" means something (month ends included).
const WATCHED_DAYS: u64 = 30;

/// Smaller indexes cost nothing worth a person's time.
const WORTH_BYTES: u64 = 1 << 20;

/// Indexes of at least 1 MiB not read once in 30 days, those that guard a rule left out: a warning.
/// A replica counts its own reads, so with replicas about it is information only.
fn unused_indexes(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each(case, sheet, "indexes_unused", |piece, unused, sheet| {
        let asset = piece.body.name.as_str();
        let Some(age) = rows::extra(piece, "database").first().and_then(rows::counted_s) else {
            return rows::odd(piece, "database.counted_s", sheet);
        };
        let days = age / 86_400;
        let unused: Vec<&Row> =
            unused.iter().filter(|r| count(r, "bytes").is_some_and(|b| b >= WORTH_BYTES)).collect();
        let bytes = unused.iter().filter_map(|row| count(row, "bytes")).fold(0, u64::saturating_add);
        let arguments = args![count = unused.len(), size = file_size(bytes), days = days];
        let elsewhere = !rows::extra(piece, "replication").is_empty()
            || rows::extra(piece, "replica").first().and_then(|row| rows::flag(row, "in_recovery"))
                == Some(true);
        let entry = if days < WATCHED_DAYS {
            sheet.not_tested(asset, "young", &args![days = days])
        } else if unused.is_empty() {
            sheet.pass(asset, "pass", &args![days = days])
        } else if elsewhere {
            sheet.info(asset, "elsewhere", &arguments)
        } else {
            sheet.warn(asset, "unused", &arguments)
        };
        entry.from(piece).excerpt(show(unused, &["table", "index", "bytes"]));
    });
}

/// Indexes of one table with the same method, columns, order, operator classes, collations,
/// expressions and condition: a warning.
fn duplicate_indexes(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each(case, sheet, "indexes_duplicate", |piece, groups, sheet| {
        let asset = piece.body.name.as_str();
        match groups.first() {
            None => sheet.pass(asset, "pass", &[]).from(piece),
            Some(first) => sheet
                .warn(asset, "duplicate", &args![count = groups.len(), table = table(first)])
                .from(piece)
                .excerpt(show(groups, &["table", "indexes", "bytes"])),
        };
    });
}

/// Indexes that are not valid (a `CREATE INDEX CONCURRENTLY` that broke off): they cost every write
/// and help no read. A warning.
fn invalid_indexes(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each(case, sheet, "indexes_invalid", |piece, invalid, sheet| {
        let asset = piece.body.name.as_str();
        match invalid.first() {
            None => sheet.pass(asset, "pass", &[]).from(piece),
            Some(first) => sheet
                .warn(asset, "invalid", &args![count = invalid.len(), table = table(first)])
                .from(piece)
                .excerpt(show(invalid, &["table", "index", "ready"])),
        };
    });
}

/// Rows below which reading a whole table is the right way.
const LARGE_TABLE: u64 = 100_000;
/// Whole reads below which it does not matter.
const MANY_SCANS: u64 = 1_000;

/// A table of more than 100,000 rows read from end to end at least 1,000 times and more often than
/// by an index: a warning. A scan that stopped early (`LIMIT`) is not counted: on average at least
/// half of the table was read.
fn sequential_scans(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each(case, sheet, "sequential_scans", |piece, tables, sheet| {
        let asset = piece.body.name.as_str();
        let scanned: Vec<&Row> = tables
            .iter()
            .filter(|row| {
                let (Some(scans), Some(read), Some(live)) =
                    (count(row, "seq_scan"), count(row, "seq_tup_read"), count(row, "live"))
                else {
                    return false;
                };
                let by_index = count(row, "idx_scan").unwrap_or(0);
                live > LARGE_TABLE
                    && scans >= MANY_SCANS
                    && scans > by_index
                    && read / scans.max(1) >= live / 2
            })
            .collect();
        let columns = &["table", "live", "seq_scan", "seq_tup_read", "idx_scan", "bytes"];
        match scanned.first() {
            None => sheet.pass(asset, "pass", &[]).from(piece).excerpt(show(tables.iter().take(3), columns)),
            Some(first) => sheet
                .warn(asset, "scanned", &args![count = scanned.len(), table = table(first)])
                .from(piece)
                .excerpt(show(scanned, columns)),
        };
    });
}
