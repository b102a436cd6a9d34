//! What a PostgreSQL server log tells (counts made by `bulwark_probe::log::postgres`). Assets are the
//! files of the plan. A kind that was never logged says nothing: then the check is not tested,
//! unless the server of the plan says that it logs it.

use bulwark_i18n::{args, file_size, number};
use bulwark_model::{Effort, Grade, Severity};
use bulwark_probe::evidence::PgLog;

use super::rows::{self, hms, percent, tidy};
use crate::check::{Case, Definition, Piece, Sheet};

/// `db_io.log-errors`
pub(super) const ERRORS: Definition = Definition {
    id: "db_io.log-errors",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 table 19.2 (message severity levels), Appendix A; 附表十 事件日誌與可歸責性",
    kinds: &["pg_log"],
    judge: errors,
};

/// `db_io.log-deadlocks`
pub(super) const DEADLOCKS: Definition = Definition {
    id: "db_io.log-deadlocks",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §13.3.4 (deadlocks)",
    kinds: &["pg_log"],
    judge: deadlocks,
};

/// `db_io.log-lock-waits`
pub(super) const LOCK_WAITS: Definition = Definition {
    id: "db_io.log-lock-waits",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §19.8.2 (log_lock_waits), §19.12 (deadlock_timeout)",
    kinds: &["pg_log"],
    judge: lock_waits,
};

/// `db_io.log-temp-files`
pub(super) const TEMP_FILES: Definition = Definition {
    id: "db_io.log-temp-files",
    severity: Severity::Low,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §19.8.2 (log_temp_files), §19.4.1 (work_mem)",
    kinds: &["pg_log"],
    judge: temp_files,
};

/// `db_io.log-checkpoints`
pub(super) const CHECKPOINTS: Definition = Definition {
    id: "db_io.log-checkpoints",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §28.5 (WAL configuration), §19.5.2 (checkpoint_warning)",
    kinds: &["pg_log"],
    judge: checkpoints,
};

/// `db_io.log-slow-statements`
pub(super) const SLOW_STATEMENTS: Definition = Definition {
    id: "db_io.log-slow-statements",
    severity: Severity::Medium,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §19.8.2 (log_min_duration_statement), §14.1",
    kinds: &["pg_log"],
    judge: slow_statements,
};

/// `db_io.log-settings`
pub(super) const SETTINGS: Definition = Definition {
    id: "db_io.log-settings",
    severity: Severity::Low,
    grade: Grade::Integrity,
    effort: Effort::Small,
    standard: "PostgreSQL 18 §19.8; 資通安全責任等級分級辦法附表十 事件日誌與可歸責性「記錄事件」「日誌紀錄內容」",
    kinds: &["postgres", "pg_log"],
    judge: settings,
};

// ---- Reading the evidence --------------------------------------------------------------------

const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
const GIB: u64 = 1 << 30;

/// Calls `judge` for every log that could be understood; says so where that was not possible.
fn each<'a>(case: &Case<'a>, sheet: &mut Sheet, mut judge: impl FnMut(&Piece<'a, PgLog>, &mut Sheet)) {
    for piece in case.pg_logs() {
        let log = piece.body;
        if log.entries == 0 && log.bad_lines == 0 {
            sheet.not_tested(&log.path, "common.log_empty", &[]).from(&piece);
        } else if log.entries == 0 || log.bad_lines > log.lines / 10 {
            let at = log.bad_at.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            sheet
                .not_tested(
                    &log.path,
                    "common.log_not_understood",
                    &args![bad = number(log.bad_lines), lines = number(log.lines)],
                )
                .from(&piece)
                .excerpt(format!("bad lines at {at}"));
        } else {
            judge(&piece, sheet);
        }
    }
}

fn kind(log: &PgLog, name: &str) -> u64 {
    log.kinds.get(name).copied().unwrap_or(0)
}

/// Milliseconds from the first entry to the last.
fn span_ms(log: &PgLog) -> u64 {
    match (log.first_ms, log.last_ms) {
        (Some(first), Some(last)) => u64::try_from(last.saturating_sub(first)).unwrap_or(0),
        _ => 0,
    }
}

/// How many a day (or an hour); a log shorter than that is not blown up.
fn rate(count: u64, log: &PgLog, per_ms: u64) -> u64 {
    let rate = u128::from(count) * u128::from(per_ms) / u128::from(span_ms(log).max(per_ms));
    u64::try_from(rate).unwrap_or(u64::MAX)
}

/// The span as `h:mm:ss`.
fn span(log: &PgLog) -> String {
    hms(span_ms(log) / 1000)
}

/// True when the plan's only PostgreSQL server says that it logs this.
fn is_logged(case: &Case<'_>, logs: impl Fn(&str) -> bool, setting: &str) -> bool {
    let mut servers = case.postgres();
    match (servers.next(), servers.next()) {
        (Some(server), None) => rows::setting(&server, setting).is_some_and(logs),
        _ => false,
    }
}

/// The counts a line rests on. A file that could not be read to its end says so.
fn excerpt(log: &PgLog, kinds: &[&str]) -> String {
    let counts = kinds.iter().filter_map(|k| log.kinds.get(*k).map(|n| format!("{k}={n}")));
    let head = format!("format={} entries={} span={}", log.format, log.entries, span(log));
    let cut = log.cut_short.as_ref().map(|why| format!("cut short: {}", tidy(why)));
    std::iter::once(head).chain(counts).chain(cut).collect::<Vec<_>>().join(" ")
}

// ---- Judging ---------------------------------------------------------------------------------

/// Kinds that mean that the server itself was in trouble.
const GRAVE: &[&str] = &["crash", "corruption", "disk_full", "out_of_memory", "connections_full"];

/// Crashes, damaged pages, a full disk, no memory or no connections left fail; so does a PANIC. More
/// than 60 errors an hour warn.
fn errors(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, |piece, sheet| {
        let log = piece.body;
        let level = |name: &str| log.levels.get(name).copied().unwrap_or(0);
        let grave: Vec<&str> = GRAVE.iter().copied().filter(|k| kind(log, k) > 0).collect();
        let all = level("ERROR").saturating_add(level("FATAL")).saturating_add(level("PANIC"));
        let hourly = rate(all, log, HOUR_MS);
        let arguments = args![count = number(all), hourly = number(hourly), span = span(log)];
        let entry = if !grave.is_empty() || level("PANIC") > 0 {
            let words = if grave.is_empty() { "PANIC".to_owned() } else { grave.join(", ") };
            sheet.fail(&log.path, "grave", &args![kinds = words, count = number(all)])
        } else if hourly > 60 {
            sheet.warn(&log.path, "many", &arguments).severity(Severity::Low)
        } else {
            sheet.pass(&log.path, "pass", &arguments)
        };
        let mut shown = vec![format!(
            "ERROR={} FATAL={} PANIC={} {}",
            level("ERROR"),
            level("FATAL"),
            level("PANIC"),
            grave.iter().map(|k| format!("{k}={}", kind(log, k))).collect::<Vec<_>>().join(" ")
        )];
        shown.extend(log.errors.iter().take(8).map(|(text, n)| format!("{n} × {}", tidy(text))));
        entry.from(piece).excerpt(shown.join("\n"));
    });
}

/// Deadlocks: one warns, more than ten a day fail. The server always logs them.
fn deadlocks(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, |piece, sheet| {
        let log = piece.body;
        let count = kind(log, "deadlock");
        let daily = rate(count, log, DAY_MS);
        let arguments = args![count = number(count), daily = number(daily), span = span(log)];
        let entry = if daily > 10 {
            sheet.fail(&log.path, "many", &arguments)
        } else if count > 0 {
            sheet.warn(&log.path, "some", &arguments)
        } else {
            sheet.pass(&log.path, "pass", &args![span = span(log)])
        };
        entry.from(piece).excerpt(excerpt(log, &["deadlock", "lock_wait"]));
    });
}

/// Waits for a lock longer than `deadlock_timeout`: any warns, one of more than a minute fails.
fn lock_waits(case: &Case<'_>, sheet: &mut Sheet) {
    let on = is_logged(case, |value| value == "on", "log_lock_waits");
    each(case, sheet, |piece, sheet| {
        let log = piece.body;
        let count = kind(log, "lock_wait").max(kind(log, "lock_acquired"));
        let longest = log.lock_wait_max_ms;
        let arguments =
            args![count = number(count), longest = format!("{:.1}", longest / 1000.0), span = span(log)];
        let entry = if longest > 60_000.0 {
            sheet.fail(&log.path, "long", &arguments)
        } else if count > 0 {
            sheet.warn(&log.path, "some", &arguments)
        } else if on {
            sheet.pass(&log.path, "pass", &args![span = span(log)])
        } else {
            sheet.not_tested(&log.path, "not_logged", &[])
        };
        entry.from(piece).excerpt(excerpt(log, &["lock_wait", "lock_acquired"]));
    });
}

/// Temporary files: more than 1 GiB a day warns.
fn temp_files(case: &Case<'_>, sheet: &mut Sheet) {
    // Zero logs every file; a number of kB those above it.
    let on = is_logged(
        case,
        |value| value.parse::<i64>().is_ok_and(|kb| (0..=10_240).contains(&kb)),
        "log_temp_files",
    );
    each(case, sheet, |piece, sheet| {
        let log = piece.body;
        let count = kind(log, "temp_file");
        let daily = rate(log.temp_bytes, log, DAY_MS);
        let arguments =
            args![count = number(count), size = file_size(daily), largest = file_size(log.temp_max_bytes)];
        let entry = if daily > GIB {
            sheet.warn(&log.path, "large", &arguments)
        } else if count > 0 {
            sheet.pass(&log.path, "pass", &arguments)
        } else if on {
            sheet.pass(&log.path, "clean", &args![span = span(log)])
        } else {
            sheet.not_tested(&log.path, "not_logged", &[])
        };
        let shown = excerpt(log, &["temp_file"]);
        entry.from(piece).excerpt(format!("{shown} bytes={} largest={}", log.temp_bytes, log.temp_max_bytes));
    });
}

/// Checkpoints: the server's own warning that they come too often warns, and so do more than half of
/// at least ten that were forced by the amount of WAL.
fn checkpoints(case: &Case<'_>, sheet: &mut Sheet) {
    let on = is_logged(case, |value| value == "on", "log_checkpoints");
    each(case, sheet, |piece, sheet| {
        let log = piece.body;
        let warned = kind(log, "checkpoint_warning");
        let (forced, timed) = (kind(log, "checkpoint_by_wal"), kind(log, "checkpoint_by_time"));
        let total = kind(log, "checkpoint_starting").max(kind(log, "checkpoint"));
        let share = percent(forced, forced.saturating_add(timed));
        let arguments = args![
            total = number(total),
            forced = number(forced),
            percent = format!("{share:.1}"),
            warned = number(warned)
        ];
        let entry = if warned > 0 {
            sheet.warn(&log.path, "too_often", &arguments)
        } else if forced.saturating_add(timed) >= 10 && share > 50.0 {
            sheet.warn(&log.path, "forced", &arguments)
        } else if total > 0 || on {
            sheet.pass(&log.path, "pass", &arguments)
        } else {
            sheet.not_tested(&log.path, "not_logged", &[])
        };
        let kinds = [
            "checkpoint",
            "checkpoint_starting",
            "checkpoint_by_time",
            "checkpoint_by_wal",
            "checkpoint_warning",
        ];
        entry.from(piece).excerpt(excerpt(log, &kinds));
    });
}

/// Statements with their duration: one of ten seconds or more warns, one of a minute or more fails.
fn slow_statements(case: &Case<'_>, sheet: &mut Sheet) {
    // Milliseconds; statements of up to ten seconds must be in the log for an empty one to be good news.
    let on = is_logged(
        case,
        |value| value.parse::<i64>().is_ok_and(|ms| (0..=10_000).contains(&ms)),
        "log_min_duration_statement",
    );
    each(case, sheet, |piece, sheet| {
        let log = piece.body;
        let slower = |s: u32| log.slower_than_s.get(&s).copied().unwrap_or(0);
        let queries = kind(log, "duration");
        let longest = log.slow_statements.iter().map(|(.., most)| *most).fold(0.0, f64::max);
        let arguments = args![
            queries = number(queries),
            second = number(slower(1)),
            ten = number(slower(10)),
            minute = number(slower(60)),
            longest = format!("{:.1}", longest / 1000.0)
        ];
        let entry = if slower(60) > 0 {
            sheet.fail(&log.path, "very_slow", &arguments)
        } else if slower(10) > 0 {
            sheet.warn(&log.path, "slow", &arguments)
        } else if queries > 0 {
            sheet.pass(&log.path, "pass", &arguments)
        } else if on {
            sheet.pass(&log.path, "clean", &args![span = span(log)])
        } else {
            sheet.not_tested(&log.path, "not_logged", &[])
        };
        let statements = log.slow_statements.iter().take(5).map(|(text, count, total, most)| {
            format!("total_ms={total:.1} calls={count} max_ms={most:.1} {}", tidy(text))
        });
        let shown: Vec<String> = std::iter::once(excerpt(log, &["duration"])).chain(statements).collect();
        entry.from(piece).excerpt(shown.join("\n"));
    });
}

/// What the server should log: failed and successful log-ins, slow statements, lock waits,
/// checkpoints, large temporary files, and with each entry who did it and from where.
fn settings(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.postgres() {
        let asset = piece.body.name.as_str();
        let Some(all) = rows::rows(&piece, "settings", sheet) else { continue };
        let get = |name| rows::setting(&piece, name);
        if get("log_line_prefix").is_none() || get("log_min_duration_statement").is_none() {
            rows::odd(&piece, "settings.log_line_prefix", sheet);
            continue;
        }
        let off = |name: &'static str, bad: &[&str]| get(name).filter(|v| bad.contains(v)).map(|_| name);
        let missing: Vec<&str> = [
            off("log_connections", &["off", ""]),
            off("log_disconnections", &["off"]),
            off("log_min_duration_statement", &["-1"]),
            off("log_lock_waits", &["off"]),
            off("log_checkpoints", &["off"]),
            off("log_temp_files", &["-1"]),
            off("logging_collector", &["off"]).filter(|_| get("log_destination") == Some("stderr")),
        ]
        .into_iter()
        .flatten()
        .collect();
        let lacking = get("log_line_prefix").map(lacks).unwrap_or_default();
        let shown = all.iter().filter(|row| {
            rows::text(row, "name").is_some_and(|n| missing.contains(&n) || n == "log_line_prefix")
        });
        let excerpt = rows::show(shown, &["name", "setting"]);
        let entry = if !missing.is_empty() {
            sheet.warn(asset, "missing", &args![settings = missing.join(", ")])
        } else if !lacking.is_empty() {
            sheet.warn(asset, "prefix", &args![fields = lacking.join(" ")])
        } else {
            sheet.pass(asset, "pass", &[])
        };
        entry.from(&piece).excerpt(excerpt);
    }
    each(case, sheet, |piece, sheet| {
        let log = piece.body;
        let lacking = lacks(&log.prefix);
        // csvlog and jsonlog always carry all of it.
        let whole = matches!(log.format.as_str(), "csvlog" | "jsonlog") || lacking.is_empty();
        let shown = format!("format={} prefix={}", log.format, tidy(&log.prefix));
        let entry = if whole {
            sheet.pass(&log.path, "log_pass", &args![format = log.format.clone()])
        } else {
            sheet.warn(&log.path, "prefix", &args![fields = lacking.join(" ")])
        };
        entry.from(piece).excerpt(shown);
    });
}

/// Fields of `log_line_prefix` that an entry needs to be traced back: when, which process, who,
/// which database, from where.
fn lacks(prefix: &str) -> Vec<&'static str> {
    let has = |fields: &[&str]| fields.iter().any(|f| prefix.contains(f));
    [
        ("%m", has(&["%m", "%t", "%n"])),
        ("%p", has(&["%p", "%c"])),
        ("%u", has(&["%u"])),
        ("%d", has(&["%d"])),
        ("%h", has(&["%h", "%r"])),
    ]
    .into_iter()
    .filter(|(_, there)| !there)
    .map(|(field, _)| field)
    .collect()
}
