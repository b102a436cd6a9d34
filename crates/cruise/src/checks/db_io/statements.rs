//! Where a PostgreSQL server spends its time, and tables that cannot be told row from row.

use bulwark_i18n::{args, number};
use bulwark_model::{Effort, Grade, Severity};
use bulwark_probe::failure::Code;

use super::rows::{self, count, show, text, tidy};
use crate::check::{Case, Definition, Sheet};

/// `db_io.slow-statements`
pub(super) const SLOW_STATEMENTS: Definition = Definition {
    id: "db_io.slow-statements",
    severity: Severity::Advice,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §F.32 (pg_stat_statements)",
    kinds: &["postgres"],
    judge: slow_statements,
};

/// `db_io.primary-keys`
pub(super) const PRIMARY_KEYS: Definition = Definition {
    id: "db_io.primary-keys",
    severity: Severity::Low,
    grade: Grade::Integrity,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §5.5.4 (primary keys), §29.1.1 (replica identity)",
    kinds: &["postgres"],
    judge: primary_keys,
};

/// `db_io.deadlocks`
pub(super) const DEADLOCKS: Definition = Definition {
    id: "db_io.deadlocks",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §13.3.4, §27.2.17 (pg_stat_database.deadlocks)",
    kinds: &["postgres"],
    judge: deadlocks,
};

/// The statements that cost most, without a judgement. The extension has replaced their literals.
fn slow_statements(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.postgres() {
        let asset = piece.body.name.as_str();
        // No extension, no answer: that is a state of the server, not a trouble of ours.
        let absent = |f: &bulwark_probe::failure::Failure| f.code == Code::Unsupported;
        if piece.body.queries.get("statements").is_some_and(|a| a.as_ref().is_err_and(absent)) {
            sheet.not_tested(asset, "off", &[]).from(&piece);
            continue;
        }
        let Some(found) = rows::rows(&piece, "statements", sheet) else { continue };
        let Some(first) = found.first() else {
            sheet.not_tested(asset, "nothing", &[]).from(&piece);
            continue;
        };
        let arguments = args![
            calls = number(count(first, "calls").unwrap_or(0)),
            mean = tidy(text(first, "mean_ms").unwrap_or("?"))
        ];
        let columns = &["total_ms", "calls", "mean_ms", "max_ms", "shared_blks_read", "read_ms", "query"];
        sheet.info(asset, "top", &arguments).from(&piece).excerpt(show(found.iter().take(5), columns));
    }
}

/// Rows below which a table without a primary key is of little account.
const SMALL: u64 = 1_000;

/// Tables of a thousand rows and more have a primary key.
fn primary_keys(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each(case, sheet, "without_primary_key", |piece, found, sheet| {
        let asset = piece.body.name.as_str();
        // A table never analysed has -1 rows: not known.
        let large: Vec<_> =
            found.iter().filter(|row| count(row, "rows").is_some_and(|n| n >= SMALL)).collect();
        let entry = match large.first() {
            None => sheet.pass(asset, "pass", &[]),
            Some(first) => {
                let table = tidy(text(first, "table").unwrap_or("?"));
                sheet.warn(asset, "without", &args![count = large.len(), table = table])
            }
        };
        entry.from(piece).excerpt(show(large, &["table", "rows"]));
    });
}

/// Deadlocks since the counters began: more than one a day warns, more than ten a day fail.
fn deadlocks(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_one(case, sheet, "database", |piece, row, sheet| {
        let asset = piece.body.name.as_str();
        let (Some(found), Some(age)) = (count(row, "deadlocks"), rows::counted_s(row)) else {
            return rows::odd(piece, "database.deadlocks", sheet);
        };
        // Counters younger than a day are not blown up.
        let days = (age / 86_400).max(1);
        let daily = found / days;
        let arguments = args![count = number(found), days = days];
        let entry = if daily > 10 {
            sheet.fail(asset, "many", &arguments)
        } else if found > days {
            sheet.warn(asset, "some", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        entry.from(piece).excerpt(show([row], &["deadlocks", "conflicts", "xact_rollback", "counted_s"]));
    });
}
