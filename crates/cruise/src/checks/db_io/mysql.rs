//! What a MySQL or MariaDB server says about itself to a read-only account (questions in
//! `bulwark_probe::mysql`): how we come in, what version we meet, what it promises to keep.

use bulwark_i18n::args;
use bulwark_model::{Effort, Grade, Severity};
use bulwark_probe::evidence::Mysql;
use bulwark_probe::failure::{Code, Failure, Step};
use bulwark_probe::mysql::{Flavour, STATUS_LATER, Version};
use jiff::civil::{Date, date};

use super::access::{PLAN_AHEAD_DAYS, is_local, taipei_day};
use super::rows::{self, Row, show, text, tidy};
use crate::check::{Case, Definition, Piece, Sheet};

/// `db_io.mysql-account`
pub(super) const ACCOUNT: Definition = Definition {
    id: "db_io.mysql-account",
    severity: Severity::Medium,
    grade: Grade::Confidentiality,
    effort: Effort::Small,
    standard: "資通安全責任等級分級辦法附表十 存取控制「最小權限」; MySQL 8.4 Reference Manual §8.2.2",
    kinds: &["mysql"],
    judge: account,
};

/// `db_io.mysql-version`
pub(super) const VERSION: Definition = Definition {
    id: "db_io.mysql-version",
    severity: Severity::High,
    grade: Grade::Confidentiality,
    effort: Effort::Large,
    standard: "Oracle Lifetime Support Policy; MariaDB Maintenance Policy; 資通安全責任等級分級辦法附表十 系統與資訊完整性",
    kinds: &["mysql"],
    judge: version,
};

/// `db_io.mysql-encryption`
pub(super) const ENCRYPTION: Definition = Definition {
    id: "db_io.mysql-encryption",
    severity: Severity::High,
    grade: Grade::Confidentiality,
    effort: Effort::Medium,
    standard: "資通安全責任等級分級辦法附表十 系統與通訊保護「傳輸之機密性與完整性」; MySQL 8.4 Reference Manual §8.3.1",
    kinds: &["mysql"],
    judge: encryption,
};

/// `db_io.mysql-durability`
pub(super) const DURABILITY: Definition = Definition {
    id: "db_io.mysql-durability",
    severity: Severity::High,
    grade: Grade::Integrity,
    effort: Effort::Small,
    standard: "MySQL 8.4 Reference Manual §17.14 (innodb_flush_log_at_trx_commit, innodb_doublewrite), §19.1.6.4 (sync_binlog)",
    kinds: &["mysql"],
    judge: durability,
};

/// `db_io.mysql-primary-keys`
pub(super) const PRIMARY_KEYS: Definition = Definition {
    id: "db_io.mysql-primary-keys",
    severity: Severity::Low,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §17.6.2.1 (clustered index), §19.5.1 (row-based replication)",
    kinds: &["mysql"],
    judge: primary_keys,
};

/// `db_io.mysql-query-overrun`
pub(super) const OVERRUN: Definition = Definition {
    id: "db_io.mysql-query-overrun",
    severity: Severity::Low,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "MySQL 8.4 Reference Manual §7.1.8 (max_execution_time); MariaDB (max_statement_time)",
    kinds: &["mysql"],
    judge: overrun,
};

// ---- Reading the evidence --------------------------------------------------------------------

/// The rows of one question; when there are none, the line that says why is written.
pub(super) fn rows<'a>(piece: &Piece<'a, Mysql>, query: &str, sheet: &mut Sheet) -> Option<&'a [Row]> {
    match piece.body.queries.get(query) {
        Some(Ok(answer)) => Some(&answer.rows),
        Some(Err(failure)) => {
            sheet.error(&piece.body.name, failure).from(piece);
            None
        }
        None => {
            sheet.not_tested(&piece.body.name, "common.not_reached", &[]).from(piece);
            None
        }
    }
}

/// Calls `judge` for every server whose question gave rows.
pub(super) fn each<'a>(
    case: &Case<'a>,
    sheet: &mut Sheet,
    query: &str,
    mut judge: impl FnMut(&Piece<'a, Mysql>, &'a [Row], &mut Sheet),
) {
    for piece in case.mysql() {
        if let Some(found) = rows(&piece, query, sheet) {
            judge(&piece, found, sheet);
        }
    }
}

/// The answer lacks something or holds nonsense: our trouble, not the server's.
pub(super) fn odd(piece: &Piece<'_, Mysql>, what: &str, sheet: &mut Sheet) {
    let detail = format!("{} {what}", tidy(&piece.body.server));
    sheet.error(&piece.body.name, &Failure::new(Step::Decode, Code::BadAnswer, detail)).from(piece);
}

/// The rows of a question that only adds to a judgement.
pub(super) fn extra<'a>(piece: &Piece<'a, Mysql>, query: &str) -> &'a [Row] {
    match piece.body.queries.get(query) {
        Some(Ok(answer)) => &answer.rows,
        _ => &[],
    }
}

/// The value of a `name`, `value` pair.
fn named<'a>(piece: &Piece<'a, Mysql>, query: &str, name: &str) -> Option<&'a str> {
    extra(piece, query)
        .iter()
        .find(|row| text(row, "name").is_some_and(|n| n.eq_ignore_ascii_case(name)))
        .and_then(|row| text(row, "value"))
}

/// A server variable.
pub(super) fn variable<'a>(piece: &Piece<'a, Mysql>, name: &str) -> Option<&'a str> {
    named(piece, "variables", name)
}

/// A variable that is a switch.
pub(super) fn switch(piece: &Piece<'_, Mysql>, name: &str) -> Option<bool> {
    match variable(piece, name)?.to_ascii_uppercase().as_str() {
        // DETECT_ONLY writes no pages twice, only what tells that one is torn (MySQL 8.0.30).
        "ON" | "1" | "YES" | "DETECT_AND_RECOVER" => Some(true),
        "OFF" | "0" | "NO" | "DETECT_ONLY" => Some(false),
        _ => None,
    }
}

/// A status counter, the later look first.
pub(super) fn status(piece: &Piece<'_, Mysql>, name: &str) -> Option<u64> {
    let read = |query| named(piece, query, name)?.trim().parse().ok();
    read(STATUS_LATER).or_else(|| read("status"))
}

/// How much counters grew between the two looks, and in how many seconds. `None` when there was no
/// second look, and when the server or its counters were reset in between.
pub(super) fn growth<const N: usize>(piece: &Piece<'_, Mysql>, names: [&str; N]) -> Option<([u64; N], u64)> {
    let read = |query, name| named(piece, query, name)?.trim().parse::<u64>().ok();
    let since = read(STATUS_LATER, "Uptime")?.checked_sub(read("status", "Uptime")?)?;
    let mut grown = [0; N];
    for (slot, name) in grown.iter_mut().zip(names) {
        *slot = read(STATUS_LATER, name)?.checked_sub(read("status", name)?)?;
    }
    Some((grown, since))
}

/// `name=value` of some status counters and variables, one a line.
pub(super) fn facts(piece: &Piece<'_, Mysql>, statuses: &[&str], variables: &[&str]) -> String {
    let counters = statuses.iter().filter_map(|n| status(piece, n).map(|v| format!("{n}={v}")));
    let settings = variables.iter().filter_map(|n| variable(piece, n).map(|v| format!("{n}={}", tidy(v))));
    counters.chain(settings).take(10).collect::<Vec<_>>().join("\n")
}

// ---- Judging ---------------------------------------------------------------------------------

/// Rights that hand over the server.
const POWERS: &[&str] = &[
    "ALL",
    "ALL PRIVILEGES",
    "CREATE ROLE",
    "CREATE TABLESPACE",
    "CREATE USER",
    "DROP ROLE",
    "FILE",
    "GRANT OPTION",
    "RELOAD",
    "REPLICATION SLAVE",
    "SET USER",
    "SET_USER_ID",
    "SHUTDOWN",
    "SUPER",
    "SYSTEM_USER",
];
/// Rights that change data or structure.
const WRITES: &[&str] = &[
    "ALTER",
    "ALTER ROUTINE",
    "CREATE",
    "CREATE ROUTINE",
    "CREATE VIEW",
    "DELETE",
    "DELETE HISTORY",
    "DROP",
    "EVENT",
    "INDEX",
    "INSERT",
    "REFERENCES",
    "TRIGGER",
    "UPDATE",
];

/// Rights by `, `, those in brackets (columns) left together.
fn rights(list: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut right = String::new();
    let mut depth = 0_u32;
    for c in list.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => out.push(std::mem::take(&mut right).trim().to_uppercase()),
            c if depth == 0 => right.push(c),
            _ => {}
        }
    }
    out.push(right.trim().to_uppercase());
    out
}

/// Least privilege of the account that examines the server: PROCESS and the right to see the state
/// of replication are enough; SELECT only on `performance_schema` and `sys`.
fn account(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "grants", |piece, grants, sheet| {
        let asset = piece.body.name.as_str();
        if grants.is_empty() {
            return odd(piece, "grants", sheet);
        }
        let (mut powers, mut writes, mut reads) = (Vec::new(), Vec::new(), false);
        let (mut process, mut roles) = (false, false);
        for grant in grants.iter().filter_map(|row| text(row, "grant")) {
            // `role`@`%` and the like: a role, whose rights are not told.
            let Some((list, target)) = grant.split_once(" ON ") else {
                roles = true;
                continue;
            };
            let everywhere = target.starts_with("*.*");
            let own = ["`performance_schema`", "performance_schema", "`sys`", "sys"];
            let statistics = own.iter().any(|schema| target.starts_with(&format!("{schema}.")));
            for right in rights(list) {
                let all = right == "ALL" || right == "ALL PRIVILEGES";
                if (all && everywhere) || (!all && POWERS.contains(&right.as_str())) || is_admin(&right) {
                    powers.push(right);
                } else if (all || WRITES.contains(&right.as_str())) && !statistics {
                    writes.push(right);
                } else if right == "SELECT" && !statistics {
                    reads = true;
                } else if right == "PROCESS" {
                    process = true;
                }
            }
            if target.ends_with(" WITH GRANT OPTION") {
                powers.push("GRANT OPTION".to_owned());
            }
        }
        let shown = show(grants, &["grant"]);
        let named = |list: &[String]| tidy(&list.join(", "));
        let entry = if !powers.is_empty() {
            sheet.fail(asset, "powers", &args![powers = named(&powers)])
        } else if !writes.is_empty() {
            sheet.fail(asset, "writes", &args![rights = named(&writes)])
        } else if reads {
            sheet.warn(asset, "reads", &[])
        } else if roles && !process {
            sheet.manual(asset, "roles", &[])
        } else if !process {
            sheet.warn(asset, "no_process", &[])
        } else {
            sheet.pass(asset, "pass", &[])
        };
        entry.from(piece).excerpt(shown);
    });
}

/// `BINLOG ADMIN` (MariaDB), `BINLOG_ADMIN` (MySQL); `SLAVE MONITOR` and the like only look.
fn is_admin(right: &str) -> bool {
    right.ends_with(" ADMIN") || right.ends_with("_ADMIN")
}

/// Last day of the makers' free updates by release series (Oracle Lifetime Support: end of extended
/// support; MariaDB: community maintenance policy). `false`: a release for a few months only.
const SUPPORT: &[(Flavour, u32, Date, bool)] = &[
    (Flavour::Mysql, 506, date(2021, 2, 28), true),
    (Flavour::Mysql, 507, date(2023, 10, 31), true),
    (Flavour::Mysql, 800, date(2026, 4, 30), true),
    (Flavour::Mysql, 801, date(2023, 10, 25), false),
    (Flavour::Mysql, 802, date(2024, 1, 16), false),
    (Flavour::Mysql, 803, date(2024, 4, 30), false),
    (Flavour::Mysql, 804, date(2032, 4, 30), true),
    (Flavour::Mysql, 900, date(2024, 10, 15), false),
    (Flavour::Mysql, 901, date(2025, 1, 21), false),
    (Flavour::Mysql, 902, date(2025, 4, 15), false),
    (Flavour::Mysql, 903, date(2025, 7, 22), false),
    (Flavour::Mysql, 904, date(2025, 10, 21), false),
    (Flavour::Mysql, 905, date(2026, 1, 20), false),
    (Flavour::Mysql, 906, date(2026, 4, 21), false),
    (Flavour::Mysql, 907, date(2034, 4, 30), true),
    (Flavour::Mariadb, 1002, date(2022, 5, 23), true),
    (Flavour::Mariadb, 1003, date(2023, 5, 25), true),
    (Flavour::Mariadb, 1004, date(2024, 6, 18), true),
    (Flavour::Mariadb, 1005, date(2025, 6, 24), true),
    (Flavour::Mariadb, 1006, date(2026, 7, 6), true),
    (Flavour::Mariadb, 1007, date(2023, 2, 9), false),
    (Flavour::Mariadb, 1008, date(2023, 5, 20), false),
    (Flavour::Mariadb, 1009, date(2023, 8, 22), false),
    (Flavour::Mariadb, 1010, date(2023, 11, 17), false),
    (Flavour::Mariadb, 1011, date(2028, 2, 16), true),
    (Flavour::Mariadb, 1100, date(2024, 6, 6), false),
    (Flavour::Mariadb, 1101, date(2024, 8, 21), false),
    (Flavour::Mariadb, 1102, date(2024, 11, 21), false),
    (Flavour::Mariadb, 1103, date(2024, 5, 29), false),
    (Flavour::Mariadb, 1104, date(2029, 5, 29), true),
    (Flavour::Mariadb, 1105, date(2024, 11, 21), false),
    (Flavour::Mariadb, 1106, date(2025, 2, 13), false),
    (Flavour::Mariadb, 1107, date(2025, 5, 12), false),
    (Flavour::Mariadb, 1108, date(2028, 6, 4), true),
    (Flavour::Mariadb, 1200, date(2025, 11, 18), false),
    (Flavour::Mariadb, 1201, date(2026, 2, 13), false),
    (Flavour::Mariadb, 1202, date(2026, 5, 13), false),
    (Flavour::Mariadb, 1203, date(2029, 6, 30), true),
];

/// The release series gets fixes for at least half a year more. What is older than the table ended
/// before it; what is newer is not judged.
fn version(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.mysql() {
        let asset = piece.body.name.as_str();
        let Some(found) = Version::read(&piece.body.version) else {
            odd(&piece, "version", sheet);
            continue;
        };
        let series = found.number / 100;
        let product = match found.flavour {
            Flavour::Mysql => "MySQL",
            Flavour::Mariadb => "MariaDB",
        };
        let shown = format!("{product} {}.{}.{}", series / 100, series % 100, found.number % 100);
        let today = taipei_day(piece.record.started_at);
        let mut known = SUPPORT.iter().filter(|(flavour, ..)| *flavour == found.flavour);
        let row = known.clone().find(|(_, s, ..)| *s == series);
        let entry = match row {
            Some((_, _, end, long)) if today > *end => {
                let sentence = if *long { "ended" } else { "ended_short" };
                sheet.fail(asset, sentence, &args![version = shown, end = end])
            }
            Some((_, _, end, _)) => {
                let days = today.until(*end).map_or(0, |span| span.get_days());
                if days < PLAN_AHEAD_DAYS {
                    sheet.warn(asset, "ending", &args![version = shown, end = end, days = days])
                } else {
                    sheet.pass(asset, "pass", &args![version = shown, end = end])
                }
            }
            None if known.next().is_some_and(|(_, oldest, ..)| series < *oldest) => {
                sheet.fail(asset, "ancient", &args![version = shown])
            }
            None => sheet.info(asset, "unknown", &args![version = shown]),
        };
        entry.from(&piece).excerpt(tidy(&piece.body.version));
    }
}

/// The connection is encrypted unless it never leaves the machine; a server that also takes plain
/// ones, an old TLS version (RFC 8996) and a certificate nobody vouches for are warnings.
fn encryption(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.mysql() {
        let asset = piece.body.name.as_str();
        let local = is_local(&piece.body.server);
        let session = named(&piece, "session", "Ssl_version").filter(|v| !v.is_empty());
        let trusted = extra(&piece, "tls").first().and_then(|row| rows::flag(row, "trusted"));
        let required = switch(&piece, "require_secure_transport");
        let excerpt = format!(
            "server={} tls={} version={} {}",
            tidy(&piece.body.server),
            piece.body.tls,
            tidy(session.unwrap_or("-")),
            facts(&piece, &[], &["require_secure_transport", "tls_version"]).replace('\n', " "),
        );
        let version = tidy(session.unwrap_or("TLS"));
        let entry = if !piece.body.tls && !local {
            sheet.fail(asset, "plain", &[])
        } else if matches!(session, Some("TLSv1" | "TLSv1.1")) {
            sheet.warn(asset, "old_tls", &args![version = version])
        } else if piece.body.tls && !local && trusted == Some(false) {
            sheet.warn(asset, "untrusted", &[])
        } else if !local && required == Some(false) {
            sheet.warn(asset, "optional", &[]).severity(Severity::Low)
        } else if piece.body.tls {
            sheet.pass(asset, "pass", &args![version = version])
        } else {
            sheet.pass(asset, "local", &[])
        };
        entry.from(&piece).excerpt(excerpt);
    }
}

/// A committed change survives a power cut: the redo log is flushed at every commit (1) and pages
/// are written twice. Without `sync_binlog = 1` the binary log may lag behind, without a binary log
/// there is no restoring to a moment.
fn durability(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "variables", |piece, _, sheet| {
        let asset = piece.body.name.as_str();
        let Some(flush) = variable(piece, "innodb_flush_log_at_trx_commit") else {
            return odd(piece, "innodb_flush_log_at_trx_commit", sheet);
        };
        let binlog = switch(piece, "log_bin");
        let entry = if flush != "1" && flush != "3" {
            sheet.fail(asset, "late_flush", &args![value = tidy(flush)])
        } else if switch(piece, "innodb_doublewrite") == Some(false) {
            sheet.fail(asset, "torn_pages", &[])
        } else if binlog == Some(true) && variable(piece, "sync_binlog").is_some_and(|v| v != "1") {
            sheet.warn(asset, "late_binlog", &[])
        } else if binlog == Some(false) {
            sheet.warn(asset, "no_binlog", &[]).severity(Severity::Low)
        } else {
            sheet.pass(asset, "pass", &[])
        };
        let known = [
            "innodb_flush_log_at_trx_commit",
            "innodb_doublewrite",
            "log_bin",
            "sync_binlog",
            "innodb_flush_method",
        ];
        entry.from(piece).excerpt(facts(piece, &[], &known));
    });
}

/// Every InnoDB table has a key of its own to be stored by; without one, each row changed on a
/// replica is looked for in the whole table.
fn primary_keys(case: &Case<'_>, sheet: &mut Sheet) {
    each(case, sheet, "without_primary_key", |piece, tables, sheet| {
        let asset = piece.body.name.as_str();
        let name = |row: &Row| text(row, "name").map(|n| tidy(&n.replacen('/', ".", 1)));
        let entry = match tables.iter().find_map(name) {
            None => sheet.pass(asset, "pass", &[]),
            Some(first) => sheet.warn(asset, "without", &args![count = tables.len(), table = first]),
        };
        entry.from(piece).excerpt(show(tables, &["name"]));
    });
}

/// Our own questions are small; one that runs into the time limit of two seconds shows a server in
/// trouble. Other failures of questions are no warning.
fn overrun(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.mysql() {
        let asset = piece.body.name.as_str();
        let answers = &piece.body.queries;
        let slow: Vec<&str> = answers
            .iter()
            .filter(|(_, a)| a.as_ref().is_err_and(|f| f.code == Code::QueryTooSlow))
            .map(|(name, _)| name.as_str())
            .collect();
        if slow.is_empty() && answers.values().all(Result::is_err) {
            sheet.not_tested(asset, "common.not_reached", &[]).from(&piece);
        } else if slow.is_empty() {
            let longest = answers.values().flatten().map(|a| a.took_ms).max().unwrap_or(0);
            let count = answers.values().flatten().count();
            sheet.pass(asset, "pass", &args![count = count, longest = longest]).from(&piece);
        } else {
            let names = tidy(&slow.join(", "));
            sheet
                .warn(asset, "dropped", &args![count = slow.len(), names = names])
                .from(&piece)
                .excerpt(slow.iter().take(10).copied().collect::<Vec<_>>().join("\n"));
        }
    }
}
