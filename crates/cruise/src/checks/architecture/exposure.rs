//! Ports that only the owner's own machines should reach.

use std::collections::BTreeSet;
use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::banner;
use bulwark_probe::evidence::{PortState, Ports};
use bulwark_probe::scope::Vantage;

use super::address::{plain_host, web_hosts};
use crate::check::{Case, Piece, Sheet};
use crate::checks::end_user::visit::{label, masked};

/// Ports of databases and caches, with the product that usually listens there (IANA registry and vendors'
/// manuals).
const DATABASES: &[(u16, &str)] = &[
    (1433, "SQL Server"),
    (1434, "SQL Server"),
    (1521, "Oracle"),
    (2379, "etcd"),
    (2483, "Oracle"),
    (2484, "Oracle"),
    (3050, "Firebird"),
    (3306, "MySQL"),
    (5432, "PostgreSQL"),
    (5984, "CouchDB"),
    (6379, "Redis"),
    (6432, "PgBouncer"),
    (7687, "Neo4j"),
    (8086, "InfluxDB"),
    (9042, "Cassandra"),
    (9200, "Elasticsearch"),
    (9300, "Elasticsearch"),
    (11211, "memcached"),
    (27017, "MongoDB"),
    (27018, "MongoDB"),
    (33060, "MySQL X"),
    (50000, "Db2"),
];

/// Ports for administration. `true`: an ordinary web port as well, counted only when the plan does not
/// declare it as a service.
const ADMINISTRATION: &[(u16, &str, Severity, bool)] = &[
    (22, "SSH", Severity::Medium, false),
    (23, "Telnet", Severity::High, false),
    (445, "SMB", Severity::High, false),
    (3389, "RDP", Severity::High, false),
    (5900, "VNC", Severity::High, false),
    (5901, "VNC", Severity::High, false),
    (5985, "WinRM", Severity::High, false),
    (5986, "WinRM", Severity::High, false),
    (8006, "Proxmox", Severity::Medium, true),
    (8080, "HTTP", Severity::Medium, true),
    (8443, "HTTPS", Severity::Medium, true),
    (9090, "Cockpit", Severity::Medium, true),
    (10000, "Webmin", Severity::Medium, true),
];

/// From this many ports on, "all of them open and silent" is a firewall answering for the host (SYN proxy).
const SUSPICIOUS: usize = 10;

fn open(state: &PortState) -> bool {
    state.state == "open"
}

/// Every port open and nobody says anything: the answers prove nothing.
fn answered_by_firewall(ports: &Ports) -> bool {
    ports.ports.len() >= SUSPICIOUS && ports.ports.iter().all(|p| open(p) && p.banner.0.is_empty())
}

fn is_loopback(address: &str) -> bool {
    address.parse::<IpAddr>().is_ok_and(|a| a.to_canonical().is_loopback())
}

fn shown(ports: &Ports, state: &PortState) -> String {
    let said = banner::visible(&state.banner.0, 80);
    format!("{} {}/tcp {} {said}", ports.address, state.port, state.state).trim_end().to_owned()
}

/// `127.0.0.1:5433/demo` of database evidence: port of a host that is not a usual one.
fn declared_databases(case: &Case<'_>) -> BTreeSet<(String, u16)> {
    case.postgres()
        .filter_map(|p| {
            let server = p.body.server.split('/').next().unwrap_or_default();
            let (host, port) = server.rsplit_once(':')?;
            Some((plain_host(host), port.parse().ok()?))
        })
        .collect()
}

/// Database ports (SANS/CIS Controls v8 §4.4, §12.2; Appendix 10 存取控制). Rule by where we look from:
/// * from the Internet any open one fails (high);
/// * from inside it fails (medium) on a host that also serves the web, because whoever breaks the web
///   server stands beside the database and the zones are not separated; on other hosts it is a fact;
/// * a loopback address proves nothing about reach, so there the listening sockets of this machine decide:
///   listening on every interface is a warning, on loopback only passes.
pub(super) fn db_port(case: &Case<'_>, sheet: &mut Sheet) {
    let web = web_hosts(case);
    let declared = declared_databases(case);
    for piece in case.ports() {
        let ports = piece.body;
        let host = plain_host(&ports.host);
        let product = |port: u16| {
            DATABASES
                .iter()
                .find(|(p, _)| *p == port)
                .map(|(_, name)| *name)
                .or_else(|| declared.contains(&(host.clone(), port)).then_some("PostgreSQL"))
        };
        let tried: Vec<(&PortState, &str)> =
            ports.ports.iter().filter_map(|s| product(s.port).map(|name| (s, name))).collect();
        if tried.is_empty() {
            sheet.not_tested(&host, "none_tried", &args![host = host]).from(&piece);
            continue;
        }
        if is_loopback(&ports.address) {
            sheet.not_applicable(&host, "loopback", &args![host = host]).from(&piece);
            continue;
        }
        if answered_by_firewall(ports) {
            sheet.manual(&host, "all_open", &args![host = host, count = ports.ports.len()]).from(&piece);
            continue;
        }
        let mut any = false;
        for (state, name) in tried.iter().filter(|(s, _)| open(s)) {
            any = true;
            let asset = format!("{host}:{}", state.port);
            let args = args![host = host, port = state.port, product = name];
            let entry = match case.plan.location.vantage {
                Vantage::Internet => sheet.fail(&asset, "open", &args),
                Vantage::Inside if web.contains(&host) => {
                    sheet.fail(&asset, "beside_web", &args).severity(Severity::Medium)
                }
                Vantage::Inside => sheet.info(&asset, "inside", &args),
            };
            entry.excerpt(shown(ports, state)).from(&piece);
        }
        if !any {
            let tried: Vec<String> = tried.iter().map(|(s, _)| s.port.to_string()).collect();
            sheet
                .pass(&host, "pass", &args![host = host, count = tried.len()])
                .excerpt(tried.join(" "))
                .from(&piece);
        }
    }
    listeners(case, sheet);
}

/// Database ports of this machine that listen on every interface.
fn listeners(case: &Case<'_>, sheet: &mut Sheet) {
    let declared: BTreeSet<u16> = declared_databases(case)
        .into_iter()
        .filter(|(host, _)| host == "localhost" || is_loopback(host))
        .map(|(_, port)| port)
        .collect();
    for piece in case.hosts() {
        let host = label(&piece.body.hostname);
        let host = host.as_str();
        let mut told = BTreeSet::new();
        let mut local = 0_usize;
        for l in piece.body.listeners.iter().filter(|l| l.protocol.starts_with("tcp")) {
            let usual = DATABASES.iter().find(|(p, _)| *p == l.port).map(|(_, name)| *name);
            let Some(name) = usual.or_else(|| declared.contains(&l.port).then_some("PostgreSQL")) else {
                continue;
            };
            let everywhere = l.address.parse::<IpAddr>().is_ok_and(|a| a.is_unspecified());
            if !everywhere {
                local = local.saturating_add(1);
            } else if told.insert(l.port) {
                let asset = format!("{host}:{}", l.port);
                sheet
                    .warn(&asset, "every_interface", &args![host = host, port = l.port, product = name])
                    .severity(Severity::Low)
                    .excerpt(format!(
                        "{} {}:{} {}",
                        label(&l.protocol),
                        l.address,
                        l.port,
                        masked(l.process.as_deref().unwrap_or("-"))
                    ))
                    .from(&piece);
            }
        }
        if told.is_empty() {
            sheet.pass(host, "listeners_pass", &args![host = host, count = local]).from(&piece);
        }
    }
}

/// Administration ports open to the Internet (CIS Controls v8 §12.3, §13.5: remote administration goes through a
/// VPN or jump host). From inside the question does not arise. Web ports count only when the plan does
/// not declare them as a service.
pub(super) fn admin_port(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.ports() {
        judge_admin(case, sheet, &piece);
    }
}

fn judge_admin(case: &Case<'_>, sheet: &mut Sheet, piece: &Piece<'_, Ports>) {
    let ports = piece.body;
    let host = plain_host(&ports.host);
    if case.plan.location.vantage == Vantage::Inside || is_loopback(&ports.address) {
        sheet.not_tested(&host, "inside", &args![host = host]).from(piece);
        return;
    }
    if answered_by_firewall(ports) {
        sheet.manual(&host, "all_open", &args![host = host, count = ports.ports.len()]).from(piece);
        return;
    }
    let declared = declared_services(case, &host);
    let mut tried = Vec::new();
    let mut any = false;
    for state in &ports.ports {
        let Some((_, name, severity, web)) = ADMINISTRATION.iter().find(|(p, ..)| *p == state.port) else {
            continue;
        };
        if *web && declared.contains(&state.port) {
            continue;
        }
        tried.push(state.port.to_string());
        if open(state) {
            any = true;
            let asset = format!("{host}:{}", state.port);
            sheet
                .fail(&asset, "open", &args![host = host, port = state.port, product = name])
                .severity(*severity)
                .excerpt(shown(ports, state))
                .from(piece);
        }
    }
    if tried.is_empty() {
        sheet.not_tested(&host, "none_tried", &args![host = host]).from(piece);
    } else if !any {
        sheet
            .pass(&host, "pass", &args![host = host, count = tried.len()])
            .excerpt(tried.join(" "))
            .from(piece);
    }
}

/// Ports the plan declares for a host, also by its web addresses.
fn declared_services(case: &Case<'_>, host: &str) -> BTreeSet<u16> {
    let scope = &case.plan.scope;
    let of_hosts = scope
        .hosts
        .iter()
        .filter(|h| plain_host(&h.name) == host)
        .flat_map(|h| h.ports.iter().chain(&h.tls_ports));
    let of_urls = scope
        .urls
        .iter()
        .filter(|u| u.host_str().map(plain_host).as_deref() == Some(host))
        .filter_map(url::Url::port_or_known_default);
    of_hosts.copied().chain(of_urls).collect()
}
