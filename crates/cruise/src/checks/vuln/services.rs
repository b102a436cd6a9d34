//! Open ports against the plan, and services that should not be seen.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_model::Severity;
use bulwark_probe::banner::{banner, visible};
use bulwark_probe::evidence::{Host, Listener, PortState, Ports};
use bulwark_probe::scope::Vantage;

use crate::check::{Case, Piece, Sheet};
use crate::checks::network::view::{clip, excerpt, host_port, url_host};

/// A service that should not be open to everyone.
struct Risky {
    port: u16,
    name: &'static str,
    /// Sends passwords or data in clear text: not fit for use inside, either.
    clear_text: bool,
}

/// Databases are left to `architecture`.
const RISKY: &[Risky] = &[
    Risky { port: 21, name: "FTP", clear_text: true },
    Risky { port: 23, name: "Telnet", clear_text: true },
    Risky { port: 111, name: "rpcbind", clear_text: false },
    Risky { port: 135, name: "MSRPC", clear_text: false },
    Risky { port: 139, name: "NetBIOS", clear_text: false },
    Risky { port: 389, name: "LDAP", clear_text: true },
    Risky { port: 445, name: "SMB", clear_text: false },
    Risky { port: 512, name: "rexec", clear_text: true },
    Risky { port: 513, name: "rlogin", clear_text: true },
    Risky { port: 514, name: "rsh", clear_text: true },
    Risky { port: 873, name: "rsync", clear_text: true },
    Risky { port: 2049, name: "NFS", clear_text: false },
    Risky { port: 2375, name: "Docker API", clear_text: true },
    Risky { port: 3389, name: "RDP", clear_text: false },
    Risky { port: 5900, name: "VNC", clear_text: false },
    Risky { port: 5984, name: "CouchDB", clear_text: false },
    Risky { port: 6379, name: "Redis", clear_text: true },
    Risky { port: 9200, name: "Elasticsearch", clear_text: false },
    Risky { port: 11211, name: "memcached", clear_text: true },
    Risky { port: 27017, name: "MongoDB", clear_text: false },
];

fn is_open(port: &PortState) -> bool {
    port.state == "open"
}

/// First words of a port, and the port itself.
fn describe(port: &PortState) -> String {
    let said = visible(&port.banner.0, 120);
    if said.is_empty() {
        format!("{}/tcp open", port.port)
    } else {
        format!("{}/tcp open: {said}", port.port)
    }
}

/// The TCP ports the plan declares for a host, by its own entry and by the URLs on it.
fn declared(case: &Case<'_>, host: &str) -> BTreeSet<u16> {
    let mut ports = BTreeSet::new();
    for h in case.plan.scope.hosts.iter().filter(|h| h.name.eq_ignore_ascii_case(host)) {
        ports.extend(h.ports.iter().chain(&h.tls_ports).copied());
        ports.extend(h.smtp_port);
    }
    for url in &case.plan.scope.urls {
        if url_host(url.as_str()).is_some_and(|h| h.eq_ignore_ascii_case(host)) {
            ports.extend(url.port_or_known_default());
        }
    }
    ports
}

/// `vuln.undeclared-services`: what is open is what the plan declares (NIST SP 800-53 CM-7).
///
/// From outside by the ports tried; on this machine by its TCP listeners on other than loopback
/// addresses. A plan that declares nothing for this machine cannot be compared: a person must go
/// through the list.
pub(super) fn undeclared(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.ports() {
        let host = clip(&piece.body.host);
        let declared = declared(case, &piece.body.host);
        let open: Vec<&PortState> = piece.body.ports.iter().filter(|p| is_open(p)).collect();
        let extra: Vec<&&PortState> = open.iter().filter(|p| !declared.contains(&p.port)).collect();
        for port in &extra {
            let asset = host_port(&host, port.port);
            sheet.fail(&asset, "open", &args![port = asset]).from(&piece).excerpt(describe(port));
        }
        if extra.is_empty() {
            let values = args![host = host, open = open.len(), tried = piece.body.ports.len()];
            sheet
                .pass(&host, "pass", &values)
                .from(&piece)
                .excerpt(excerpt(open.iter().map(|p| describe(p))));
        }
    }
    for piece in case.hosts() {
        listeners(case, &piece, sheet);
    }
}

/// Names and addresses by which the plan may mean this machine.
fn is_this_machine(host: &Host, name: &str) -> bool {
    if let Ok(address) = name.parse::<IpAddr>() {
        let address = address.to_canonical();
        return address.is_loopback() || host.listeners.iter().any(|l| listen_address(l) == Some(address));
    }
    let short = |n: &str| n.split('.').next().unwrap_or_default().to_ascii_lowercase();
    name.eq_ignore_ascii_case("localhost")
        || name.eq_ignore_ascii_case(&host.hostname)
        || (!host.hostname.contains('.') && short(name) == short(&host.hostname))
}

fn listen_address(listener: &Listener) -> Option<IpAddr> {
    listener.address.parse::<IpAddr>().ok().map(|a| a.to_canonical())
}

/// TCP listeners that others can reach, by port.
fn reachable(host: &Host) -> BTreeMap<u16, Vec<&Listener>> {
    let mut out: BTreeMap<u16, Vec<&Listener>> = BTreeMap::new();
    let outward = |l: &&Listener| l.protocol == "tcp" && listen_address(l).is_some_and(|a| !a.is_loopback());
    for listener in host.listeners.iter().filter(outward) {
        out.entry(listener.port).or_default().push(listener);
    }
    out
}

fn describe_listener(listener: &Listener) -> String {
    let process = listener.process.as_deref().unwrap_or("?");
    format!("{} {} {}", listener.protocol, host_port(&listener.address, listener.port), process)
}

fn listeners(case: &Case<'_>, piece: &Piece<'_, Box<Host>>, sheet: &mut Sheet) {
    let host: &Host = piece.body;
    let name = if host.hostname.is_empty() { "localhost".to_owned() } else { clip(&host.hostname) };
    let mine: BTreeSet<&str> = case
        .plan
        .scope
        .hosts
        .iter()
        .map(|h| h.name.as_str())
        .chain(case.plan.scope.urls.iter().filter_map(url::Url::host_str).map(|h| h.trim_matches(['[', ']'])))
        .filter(|n| is_this_machine(host, n))
        .collect();
    let declared: BTreeSet<u16> = mine.iter().flat_map(|n| declared(case, n)).collect();
    let reachable = reachable(host);
    let all = excerpt(reachable.values().flatten().map(|l| describe_listener(l)));
    if mine.is_empty() && !reachable.is_empty() {
        let values = args![host = name, count = reachable.len()];
        sheet.manual(&name, "no_declaration", &values).from(piece).excerpt(all);
        return;
    }
    let extra: Vec<(&u16, &Vec<&Listener>)> =
        reachable.iter().filter(|(p, _)| !declared.contains(p)).collect();
    for (port, listeners) in &extra {
        let asset = host_port(&name, **port);
        let process =
            listeners.iter().find_map(|l| l.process.as_deref()).map_or_else(|| "?".to_owned(), clip);
        sheet
            .fail(&asset, "listening", &args![port = asset, process = process])
            .from(piece)
            .excerpt(excerpt(listeners.iter().map(|l| describe_listener(l))));
    }
    if extra.is_empty() {
        sheet
            .pass(&name, "pass_local", &args![host = name, count = reachable.len()])
            .from(piece)
            .excerpt(all);
    }
}

/// The risky service on a port. What the port says about itself wins over its number: SSH on port
/// 21 is no FTP, FTP on port 2121 is.
fn risky_service(port: &PortState) -> Option<&'static Risky> {
    let by_port = RISKY.iter().find(|r| r.port == port.port);
    let by_name = |name: &str| RISKY.iter().find(|r| r.name == name);
    match banner(&port.banner.0).map(|b| b.service) {
        Some("ftp") => by_name("FTP"),
        Some("telnet") => by_name("Telnet"),
        Some("redis") => by_name("Redis"),
        Some("vnc") => by_name("VNC"),
        Some("unknown") | None => by_port,
        Some(_) => None,
    }
}

/// `vuln.risky-services`: remote control, file sharing and stores without log-in of their own are
/// not open to the place we look from (NIST SP 800-53 SC-7).
///
/// From the Internet each is high. Inside, those that send passwords in clear text fail (medium),
/// the others are a warning to narrow access.
pub(super) fn risky(case: &Case<'_>, sheet: &mut Sheet) {
    for piece in case.ports() {
        let ports: &Ports = piece.body;
        let host = clip(&ports.host);
        let found: Vec<(&PortState, &Risky)> = ports
            .ports
            .iter()
            .filter(|p| is_open(p))
            .filter_map(|p| risky_service(p).map(|r| (p, r)))
            .collect();
        for (port, risky) in &found {
            let asset = host_port(&host, port.port);
            let values = args![port = asset, service = risky.name];
            let entry = match case.plan.location.vantage {
                Vantage::Internet => sheet.fail(&asset, "internet", &values),
                Vantage::Inside if risky.clear_text => {
                    sheet.fail(&asset, "clear_text", &values).severity(Severity::Medium)
                }
                Vantage::Inside => sheet.warn(&asset, "inside", &values).severity(Severity::Low),
            };
            entry.from(&piece).excerpt(describe(port));
        }
        if found.is_empty() {
            sheet.pass(&host, "pass", &args![host = host, tried = ports.ports.len()]).from(&piece);
        }
    }
}
