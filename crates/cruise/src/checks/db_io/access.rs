//! How we come in and whom we meet: account, version, encryption, dropped queries.

use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_model::{Effort, Grade, Severity};
use bulwark_probe::evidence::Postgres;
use bulwark_probe::failure::Code;
use jiff::civil::{Date, date};

use super::rows::{self, count, flag, show, text};
use crate::check::{Case, Definition, Piece, Sheet};

/// `db_io.probe-role`
pub(super) const PROBE_ROLE: Definition = Definition {
    id: "db_io.probe-role",
    severity: Severity::Medium,
    grade: Grade::Confidentiality,
    effort: Effort::Small,
    standard: "資通安全責任等級分級辦法附表十 存取控制「最小權限」; PostgreSQL 18 §21.5",
    kinds: &["postgres"],
    judge: probe_role,
};

/// `db_io.version-support`
pub(super) const VERSION_SUPPORT: Definition = Definition {
    id: "db_io.version-support",
    severity: Severity::High,
    grade: Grade::Confidentiality,
    effort: Effort::Large,
    standard: "PostgreSQL Versioning Policy; 資通安全責任等級分級辦法附表十 系統與資訊完整性",
    kinds: &["postgres"],
    judge: version_support,
};

/// `db_io.session-encryption`
pub(super) const SESSION_ENCRYPTION: Definition = Definition {
    id: "db_io.session-encryption",
    severity: Severity::High,
    grade: Grade::Confidentiality,
    effort: Effort::Medium,
    standard: "資通安全責任等級分級辦法附表十 系統與通訊保護「傳輸之機密性與完整性」; PostgreSQL 18 §18.9",
    kinds: &["postgres"],
    judge: session_encryption,
};

/// `db_io.query-overrun`
pub(super) const QUERY_OVERRUN: Definition = Definition {
    id: "db_io.query-overrun",
    severity: Severity::Low,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "PostgreSQL 18 §19.11.1 (statement_timeout)",
    kinds: &["postgres"],
    judge: query_overrun,
};

/// Predefined roles that do more than look at statistics.
const WRITING_ROLE: &str = "pg_write_all_data";

/// Least privilege of the account that examines the database: no superuser, nothing it could
/// change, no attribute or predefined role beyond statistics, and `pg_monitor` so that it sees.
/// Before version 15 everyone may create objects in schema `public` (CVE-2018-1058): a warning.
fn probe_role(case: &Case<'_>, sheet: &mut Sheet) {
    rows::each_one(case, sheet, "role", |piece, row, sheet| {
        let asset = piece.body.name.as_str();
        let role = text(row, "role").map_or_else(|| "?".to_owned(), rows::tidy);
        let shown = show(
            [row],
            &[
                "role",
                "superuser",
                "createrole",
                "createdb",
                "replication",
                "bypassrls",
                "pg_monitor",
                "powers",
                "writable_tables",
                "creatable_schemas",
            ],
        );
        if flag(row, "superuser") != Some(false) {
            if flag(row, "superuser").is_none() {
                rows::odd(piece, "role.superuser", sheet);
            } else {
                sheet.fail(asset, "superuser", &args![role = role]).from(piece).excerpt(shown);
            }
            return;
        }
        let powers: Vec<&str> =
            text(row, "powers").unwrap_or_default().split(", ").filter(|p| !p.is_empty()).collect();
        let tables = count(row, "writable_tables").unwrap_or(0);
        if tables > 0 || powers.contains(&WRITING_ROLE) {
            sheet.fail(asset, "writes", &args![role = role, count = tables]).from(piece).excerpt(shown);
            return;
        }
        let attributes = [
            ("createrole", "CREATEROLE"),
            ("createdb", "CREATEDB"),
            ("replication", "REPLICATION"),
            ("bypassrls", "BYPASSRLS"),
        ];
        let beyond: Vec<&str> = attributes
            .iter()
            .filter(|(column, _)| flag(row, column) == Some(true))
            .map(|(_, name)| *name)
            .chain(powers)
            .collect();
        if !beyond.is_empty() {
            let beyond = rows::tidy(&beyond.join(", "));
            sheet.fail(asset, "powers", &args![role = role, powers = beyond]).from(piece).excerpt(shown);
        } else if flag(row, "pg_monitor") != Some(true) {
            sheet.warn(asset, "no_monitor", &args![role = role]).from(piece).excerpt(shown);
        } else if text(row, "creatable_schemas").is_some_and(|s| !s.is_empty())
            || flag(row, "create_schema") == Some(true)
        {
            sheet.warn(asset, "creates", &args![role = role]).from(piece).excerpt(shown);
        } else {
            sheet.pass(asset, "pass", &args![role = role]).from(piece).excerpt(shown);
        }
    });
}

/// Last day of community support by major version (PostgreSQL Versioning Policy).
const SUPPORT: &[(u32, Date)] = &[
    (10, date(2022, 11, 10)),
    (11, date(2023, 11, 9)),
    (12, date(2024, 11, 21)),
    (13, date(2025, 11, 13)),
    (14, date(2026, 11, 12)),
    (15, date(2027, 11, 11)),
    (16, date(2028, 11, 9)),
    (17, date(2029, 11, 8)),
    (18, date(2030, 11, 14)),
];

/// A minor release known to exist when this catalogue was written; later ones may.
const KNOWN_MINOR: &[(u32, u32)] =
    &[(11, 22), (12, 22), (13, 23), (14, 23), (15, 18), (16, 15), (17, 11), (18, 6)];

/// Days before the end of support from which on the upgrade should be planned.
pub(super) const PLAN_AHEAD_DAYS: i32 = 183;

/// The major version gets fixes for at least half a year more, and its minor version is no older
/// than one we know of. 9.6 ended on 2021-11-11, everything older before.
fn version_support(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.postgres() {
        let asset = piece.body.name.as_str();
        let number = piece.body.version_num;
        let (major, minor) = (number / 10_000, number % 10_000);
        let version = if major >= 10 {
            format!("{major}.{minor}")
        } else {
            format!("{major}.{}.{}", minor / 100, minor % 100)
        };
        let excerpt = format!("server_version_num={number}");
        if major == 0 {
            rows::odd(&piece, "server_version_num", sheet);
            continue;
        }
        let today = taipei_day(piece.record.started_at);
        let end = match SUPPORT.iter().find(|(m, _)| *m == major) {
            Some((_, end)) => *end,
            None if major < 10 => date(2021, 11, 11),
            None => {
                sheet.info(asset, "unknown", &args![version = version]).from(&piece).excerpt(excerpt);
                continue;
            }
        };
        let known = KNOWN_MINOR.iter().find(|(m, _)| *m == major).map_or(0, |(_, minor)| *minor);
        let left = today.until(end).map_or(0, |span| span.get_days());
        if today > end {
            sheet.fail(asset, "ended", &args![version = version, end = end]).from(&piece).excerpt(excerpt);
        } else if left < PLAN_AHEAD_DAYS {
            sheet
                .warn(asset, "ending", &args![version = version, end = end, days = left])
                .from(&piece)
                .excerpt(excerpt);
        } else if minor < known {
            sheet
                .warn(asset, "old_minor", &args![version = version, known = format!("{major}.{known}")])
                .from(&piece)
                .excerpt(excerpt);
        } else {
            sheet.pass(asset, "pass", &args![version = version, end = end]).from(&piece).excerpt(excerpt);
        }
    }
}

pub(super) fn taipei_day(at: jiff::Timestamp) -> Date {
    jiff::tz::offset(8).to_datetime(at).date()
}

/// The connection to the database is encrypted unless it never leaves the machine; sessions of
/// others that come over the network in the clear are a warning, and so are TLS below 1.2 (RFC 8996)
/// and a certificate nobody vouches for.
fn session_encryption(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.postgres() {
        let asset = piece.body.name.as_str();
        let row = rows::extra(&piece, "session").first();
        let get = |column: &str| row.and_then(|r| text(r, column));
        let local =
            is_local(&piece.body.server) || same_machine(get("client_address"), get("server_address"));
        let excerpt = row.map_or_else(
            || format!("server={} tls={}", rows::tidy(&piece.body.server), piece.body.tls),
            |r| {
                let columns = &["ssl", "tls_version", "cipher", "client_address", "plain_remote_sessions"];
                format!("server={} {}", rows::tidy(&piece.body.server), show([r], columns))
            },
        );
        let encrypted = piece.body.tls || row.and_then(|r| flag(r, "ssl")) == Some(true);
        let plain = row.and_then(|r| count(r, "plain_remote_sessions")).unwrap_or(0);
        let version = get("tls_version").unwrap_or("TLS");
        if !encrypted && !local {
            sheet.fail(asset, "plain", &[]).from(&piece).excerpt(excerpt);
        } else if plain > 0 {
            sheet.warn(asset, "others_plain", &args![count = plain]).from(&piece).excerpt(excerpt);
        } else if encrypted && !local && untrusted(&piece) {
            sheet.warn(asset, "untrusted", &[]).from(&piece).excerpt(excerpt);
        } else if encrypted && matches!(version, "TLSv1" | "TLSv1.1" | "SSLv3") {
            sheet.warn(asset, "old_tls", &args![version = version]).from(&piece).excerpt(excerpt);
        } else if encrypted {
            sheet.pass(asset, "pass", &args![version = rows::tidy(version)]).from(&piece).excerpt(excerpt);
        } else {
            sheet.pass(asset, "local", &[]).from(&piece).excerpt(excerpt);
        }
    }
}

/// The collector adds a row `tls` with what our library said about the server's certificate.
fn untrusted(piece: &Piece<'_, Postgres>) -> bool {
    rows::extra(piece, "tls").first().and_then(|row| flag(row, "trusted")) == Some(false)
}

/// `host:port/database` of a socket file, `localhost` or a loopback address.
pub(super) fn is_local(server: &str) -> bool {
    let place = server.rsplit_once('/').map_or(server, |(place, _)| place);
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host).trim_matches(['[', ']']);
    host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|a| a.to_canonical().is_loopback())
}

/// Both ends as the server sees them are one machine. No addresses at all means a socket file, but
/// then the server's name says so too.
fn same_machine(client: Option<&str>, server: Option<&str>) -> bool {
    match (client.and_then(|a| a.parse::<IpAddr>().ok()), server.and_then(|a| a.parse::<IpAddr>().ok())) {
        (Some(client), Some(server)) => client == server || client.is_loopback(),
        _ => false,
    }
}

/// Our own queries are small; one that runs into the time limit of two seconds shows a catalogue,
/// a lock or a disk in trouble. Other failures of queries are no warning.
fn query_overrun(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.postgres() {
        let asset = piece.body.name.as_str();
        let slow = overrun(&piece);
        if slow.is_empty() && piece.body.queries.values().all(Result::is_err) {
            sheet.not_tested(asset, "common.not_reached", &[]).from(&piece);
        } else if slow.is_empty() {
            let longest = piece.body.queries.values().flatten().map(|a| a.took_ms).max().unwrap_or(0);
            let answered = piece.body.queries.values().flatten().count();
            sheet.pass(asset, "pass", &args![count = answered, longest = longest]).from(&piece);
        } else {
            sheet
                .warn(asset, "dropped", &args![count = slow.len(), names = rows::tidy(&slow.join(", "))])
                .from(&piece)
                .excerpt(slow.iter().take(10).copied().collect::<Vec<_>>().join("\n"));
        }
    }
}

fn overrun<'a>(piece: &Piece<'a, Postgres>) -> Vec<&'a str> {
    piece
        .body
        .queries
        .iter()
        .filter(|(_, answer)| answer.as_ref().is_err_and(|f| f.code == Code::QueryTooSlow))
        .map(|(name, _)| name.as_str())
        .collect()
}
