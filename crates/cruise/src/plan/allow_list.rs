//! What the owner's firewall team needs to let a check through and to recognise it: from where, to which
//! ports, when, and by what name. Made from the same list of tasks that a run works through.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::net::IpAddr;

use bulwark_i18n::args;
use bulwark_model::{Intensity, Lang};
use bulwark_probe::task::Task;

use super::{DatabaseKind, Plan, Window};
use crate::itinerary::itinerary;
use crate::texts;

/// What leaves for one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Host name, address, or `NS example.gov.tw` for the name servers of a zone.
    pub host: String,
    /// `tcp` or `udp`.
    pub transport: &'static str,
    /// Ports, ascending.
    pub ports: Vec<u16>,
}

/// An allow list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowList {
    /// Agency and system.
    pub system: String,
    /// Addresses we come from; empty when they are not known.
    pub from: Vec<IpAddr>,
    /// What our requests call themselves.
    pub user_agent: String,
    /// When; `None` is any time.
    pub window: Option<Window>,
    /// How hard.
    pub intensity: Intensity,
    /// What for, one row a host and transport.
    pub rows: Vec<Row>,
    /// SHA-256 of the plan it was made from.
    pub plan_sha256: String,
}

/// The allow list of a plan, coming from these addresses.
pub fn allow_list(plan: &Plan, from: &[IpAddr]) -> AllowList {
    let mut ports: BTreeMap<(String, &'static str), BTreeSet<u16>> = BTreeMap::new();
    let mut add = |host: &str, transport: &'static str, port: u16| {
        ports.entry((host.to_owned(), transport)).or_default().insert(port);
    };
    for item in itinerary(plan, &[], None) {
        match &item.task {
            Task::Tcp { host, port, .. }
            | Task::TlsVersions { host, port }
            | Task::TlsHandshake { host, port }
            | Task::TlsProfile { host, port }
            | Task::Smtp { host, port } => add(host, "tcp", *port),
            Task::Time { host, port } => add(host, "udp", *port),
            Task::Ports { host, ports } => ports.iter().for_each(|p| add(host, "tcp", *p)),
            Task::Http { url }
            | Task::Page { url }
            | Task::Paths { url }
            | Task::HttpVariants { url }
            | Task::Browser { url } => of_url(url, &mut add),
            Task::Transaction { steps, .. } => steps.iter().for_each(|s| of_url(&s.url, &mut add)),
            Task::Dns { name } | Task::Dnssec { zone: name } => {
                for transport in ["tcp", "udp"] {
                    add(&format!("NS {name}"), transport, plan.location.authoritative_port);
                }
            }
            Task::Postgres { name, .. } | Task::Mysql { name, .. } => {
                if let Some(db) = plan.scope.databases.iter().find(|d| d.name == *name) {
                    // The port stands in the connection string, which is not read here.
                    let port = if db.kind == DatabaseKind::Mysql { 3306 } else { 5432 };
                    add(&db.host, "tcp", port);
                }
            }
            // Look-ups go to the operator's own resolver, the rest stays on this machine.
            Task::Lookup { .. }
            | Task::Host
            | Task::Files { .. }
            | Task::Storage { .. }
            | Task::AccessLog { .. }
            | Task::PgLog { .. } => {}
        }
    }
    if let Some(url) = &plan.stop.url {
        of_url(url.as_str(), &mut add);
    }
    let mut from: Vec<IpAddr> = from.to_vec();
    from.sort_unstable();
    from.dedup();
    AllowList {
        system: format!("{} {}", plan.system.agency, plan.system.name),
        from,
        user_agent: bulwark_probe::net::user_agent(plan.location.contact.as_deref()),
        window: plan.window,
        intensity: plan.intensity,
        rows: ports
            .into_iter()
            .map(|((host, transport), ports)| Row { host, transport, ports: ports.into_iter().collect() })
            .collect(),
        plan_sha256: plan.sha256.clone(),
    }
}

fn of_url(url: &str, add: &mut impl FnMut(&str, &'static str, u16)) {
    // `${name}` of a transaction stands in paths and queries, never in the host.
    let Ok(url) = url::Url::parse(url) else { return };
    if let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) {
        add(&host.trim_matches(['[', ']']).to_ascii_lowercase(), "tcp", port);
    }
}

impl AllowList {
    /// For people: a letter to the firewall team.
    pub fn text(&self, lang: Lang) -> String {
        let t = |key: &str, args: &[(&str, String)]| {
            texts().text(&format!("allow_list.{key}"), args).get(lang).to_owned()
        };
        let mut out = String::new();
        let mut line = |text: &str| {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{text}");
        };
        line(&t("title", &args![system = self.system]));
        line("");
        if self.from.is_empty() {
            line(&t("from_unknown", &[]));
        } else {
            line(&t("from", &args![addresses = join(&self.from)]));
        }
        line(&t("user_agent", &args![agent = self.user_agent]));
        line(&t("pace", &args![intensity = self.intensity.label().get(lang)]));
        match &self.window {
            None => line(&t("any_time", &[])),
            Some(w) => line(&t(
                "window",
                &args![
                    first = bulwark_i18n::date(w.first_day, lang),
                    last = bulwark_i18n::date(w.last_day, lang),
                    from = hour(w.from),
                    to = hour(w.to)
                ],
            )),
        }
        line(&t("plan", &args![sha = self.plan_sha256]));
        line("");
        line(&t("targets", &[]));
        for row in &self.rows {
            line(&format!("  {}  {}  {}", row.host, row.transport, join(&row.ports)));
        }
        line("");
        line(&t("note", &[]));
        out
    }

    /// For programs: one line a source, host and transport (RFC 4180).
    pub fn csv(&self) -> String {
        let mut out =
            String::from("source,host,transport,ports,first_day,last_day,from,to,time_zone,user_agent\r\n");
        let from = if self.from.is_empty() { vec![String::new()] } else { words(&self.from) };
        let w = self.window;
        let day = |d: Option<jiff::civil::Date>| d.map(|d| d.to_string()).unwrap_or_default();
        for source in &from {
            for row in &self.rows {
                let fields = [
                    source.clone(),
                    row.host.clone(),
                    row.transport.to_owned(),
                    words(&row.ports).join(" "),
                    day(w.map(|w| w.first_day)),
                    day(w.map(|w| w.last_day)),
                    w.map(|w| hour(w.from)).unwrap_or_default(),
                    w.map(|w| hour(w.to)).unwrap_or_default(),
                    "Asia/Taipei".to_owned(),
                    self.user_agent.clone(),
                ];
                out.push_str(&fields.map(|f| cell(&f)).join(","));
                out.push_str("\r\n");
            }
        }
        out
    }

    /// For nftables: sets and a chain to jump to from the owner's own chain. `None` when no source is known.
    pub fn nft(&self) -> Option<String> {
        if self.from.is_empty() {
            return None;
        }
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(out, "# Bulwark: {}", comment(&self.system));
        let _ = writeln!(out, "# plan SHA-256 {}", self.plan_sha256);
        let _ = writeln!(out, "# User-Agent: {}", comment(&self.user_agent));
        if let Some(w) = self.window {
            let _ = writeln!(
                out,
                "# {} to {}, {}-{} Asia/Taipei; take it out afterwards",
                w.first_day,
                w.last_day,
                hour(w.from),
                hour(w.to)
            );
        }
        let _ = writeln!(out, "# In your own chain, before the rule that drops: jump bulwark_allow");
        let _ = writeln!(out, "table inet filter {{");
        let (v4, v6): (Vec<IpAddr>, Vec<IpAddr>) = self.from.iter().partition(|a| a.is_ipv4());
        for (name, kind, list) in [("bulwark_from4", "ipv4_addr", &v4), ("bulwark_from6", "ipv6_addr", &v6)] {
            if !list.is_empty() {
                let _ = writeln!(out, "    set {name} {{ type {kind}; elements = {{ {} }}; }}", join(list));
            }
        }
        let _ = writeln!(out, "    chain bulwark_allow {{");
        for row in &self.rows {
            let to = row.host.parse::<IpAddr>().ok();
            for (source, name, list) in [("ip", "bulwark_from4", &v4), ("ip6", "bulwark_from6", &v6)] {
                let other_family = to.is_some_and(|a| a.is_ipv4() != (source == "ip"));
                if list.is_empty() || other_family {
                    continue;
                }
                let daddr = to.map(|a| format!("{source} daddr {a} ")).unwrap_or_default();
                let _ = writeln!(
                    out,
                    "        {source} saddr @{name} {daddr}{} dport {{ {} }} counter accept comment \"{}\"",
                    row.transport,
                    join(&row.ports),
                    comment(&row.host)
                );
            }
        }
        let _ = writeln!(out, "    }}\n}}");
        Some(out)
    }
}

fn words<T: ToString>(list: &[T]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn join<T: ToString>(list: &[T]) -> String {
    words(list).join(", ")
}

fn hour(t: jiff::civil::Time) -> String {
    format!("{:02}:{:02}", t.hour(), t.minute())
}

/// Text of the plan inside a comment: one line, no quotation mark, at most 100 characters.
fn comment(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || c == '"' { ' ' } else { c }).take(100).collect()
}

/// A field that a spreadsheet takes neither for a formula nor for several fields.
fn cell(text: &str) -> String {
    let text =
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const PLAN: &str = r#"
intensity = "low"
[system]
name = "查詢系統, \"A\""
agency = "示範機關"
security_level = "medium"
[location]
contact = "soc@a.gov.tw"
[scope]
domains = ["a.gov.tw"]
urls = ["https://www.a.gov.tw/", "http://[2001:db8::5]:8080/"]
[[scope.host]]
name = "203.0.113.9"
ports = [25]
smtp_port = 25
ntp_port = 123
[[scope.database]]
kind = "mysql"
name = "m"
host = "db.a.gov.tw"
dsn_file = "dsn"
[window]
first_day = "115-11-25"
last_day = "115-11-27"
from = "22:00"
to = "02:00"
[stop]
url = "https://stop.a.gov.tw/x"
"#;

    fn list(from: &[&str]) -> AllowList {
        let plan = super::super::read("p", PLAN, Path::new("/")).unwrap_or_else(|n| panic!("{n:?}"));
        allow_list(&plan, &from.iter().map(|a| a.parse().expect("an address")).collect::<Vec<_>>())
    }

    #[test]
    fn every_target_of_the_run_is_listed() {
        let list = list(&[]);
        let row = |host: &str, transport: &str| {
            list.rows.iter().find(|r| r.host == host && r.transport == transport).map(|r| r.ports.clone())
        };
        assert_eq!(row("www.a.gov.tw", "tcp"), Some(vec![443]));
        assert_eq!(row("2001:db8::5", "tcp"), Some(vec![8080]));
        assert_eq!(row("NS a.gov.tw", "udp"), Some(vec![53]));
        assert_eq!(row("NS a.gov.tw", "tcp"), Some(vec![53]));
        assert_eq!(row("203.0.113.9", "udp"), Some(vec![123]));
        assert_eq!(row("db.a.gov.tw", "tcp"), Some(vec![3306]));
        assert_eq!(row("stop.a.gov.tw", "tcp"), Some(vec![443]));
        assert!(
            row("203.0.113.9", "tcp").is_some_and(|p| p.contains(&25) && p.contains(&3389)),
            "port look-up"
        );
        // Whatever the run may touch is on the list, and the other way round.
        let plan = super::super::read("p", PLAN, Path::new("/")).expect("a plan");
        let scope = plan.probe_scope();
        assert!(
            list.rows.iter().all(|r| r.host.starts_with("NS ") || scope.allows_host(&r.host)),
            "{:?}",
            list.rows
        );
    }

    #[test]
    fn people_learn_what_they_need_or_how_to_find_it() {
        let known = list(&["203.0.113.200", "2001:db8::7", "203.0.113.200"]).text(Lang::ZhTw);
        for part in [
            "203.0.113.200, 2001:db8::7",
            "Bulwark-Probe/",
            "+soc@a.gov.tw",
            "115-11-25",
            "22:00",
            "www.a.gov.tw  tcp  443",
        ] {
            assert!(known.contains(part), "{part}: {known}");
        }
        let unknown = list(&[]).text(Lang::En);
        assert!(unknown.contains("--from") && unknown.contains("2026-11-27"), "{unknown}");
        for lang in [Lang::ZhTw, Lang::En] {
            assert!(!list(&[]).text(lang).contains("allow_list."), "no text is missing");
        }
    }

    #[test]
    fn csv_is_one_line_a_source_host_and_transport() {
        let csv = list(&["203.0.113.200", "2001:db8::7"]).csv();
        let lines: Vec<&str> = csv.split("\r\n").collect();
        assert_eq!(lines.len(), 2 + 2 * list(&[]).rows.len());
        assert!(csv.contains("203.0.113.200,www.a.gov.tw,tcp,443,2026-11-25,2026-11-27,22:00,02:00,Asia/Taipei,Bulwark-Probe/"), "{csv}");
        assert_eq!((cell("=1+1"), cell("a,\"b\"")), ("'=1+1".into(), "\"a,\"\"b\"\"\"".into()));
    }

    #[test]
    fn nft_names_families_apart_and_needs_a_source() {
        assert_eq!(list(&[]).nft(), None);
        let nft = list(&["203.0.113.200", "2001:db8::7"]).nft().expect("rules");
        assert!(nft.contains("set bulwark_from4 { type ipv4_addr; elements = { 203.0.113.200 }; }"), "{nft}");
        assert!(nft.contains("ip saddr @bulwark_from4 ip daddr 203.0.113.9 udp dport { 123 } counter accept comment \"203.0.113.9\""), "{nft}");
        assert!(nft.contains("ip6 saddr @bulwark_from6 ip6 daddr 2001:db8::5 tcp dport { 8080 }"), "{nft}");
        assert!(!nft.contains("ip6 daddr 203.0.113.9") && !nft.contains("ip daddr 2001"), "{nft}");
        assert_eq!(nft.matches('{').count(), nft.matches('}').count());
        assert!(!nft.lines().next().expect("a line").contains('"'));
        assert!(!list(&["203.0.113.200"]).nft().expect("rules").contains("from6"));
    }
}
