//! From a plan to the list of collecting tasks.
//!
//! The list depends on the plan and the chosen domains alone, so that an interrupted run finds the
//! same items under the same numbers.

use std::collections::BTreeSet;

use bulwark_model::{Domain, Intensity};
use bulwark_probe::polite::Schedule;
use bulwark_probe::task::Task;
use jiff::SignedDuration;

use crate::check;
use crate::plan::{DatabaseKind, LocalPath, PathKind, Plan};

/// Ports looked at on every host in scope, besides the declared ones: services that should not be
/// seen from where we stand (databases, remote control, file sharing, management).
const WATCHED_PORTS: &[u16] = &[
    21, 22, 23, 25, 80, 110, 111, 135, 139, 143, 389, 443, 445, 512, 513, 514, 873, 1433, 1521, 2049, 2375,
    3306, 3389, 5432, 5900, 5984, 5985, 5986, 6379, 8080, 8443, 9200, 10250, 11211, 27017,
];

/// One item of work.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Record id, `E-0001`, in the order of the itinerary.
    pub id: String,
    /// What to collect.
    pub task: Task,
    /// Not before this long after the start (repetitions are spread).
    pub not_before: SignedDuration,
}

/// The work a plan asks for, restricted to `only` when that is not empty.
///
/// `available` is how long the window stays open; repetitions are spread over nine tenths of it.
pub fn itinerary(plan: &Plan, only: &[Domain], available: Option<SignedDuration>) -> Vec<Item> {
    let kinds = kinds_needed(plan, only);
    let mut tasks = Vec::new();
    let mut seen = BTreeSet::new();
    for (task, not_before) in all_tasks(plan, available) {
        let wanted =
            kinds.contains(task.kind()) || (task_is_evidence(plan, &task) && kinds.contains("answer"));
        if wanted && seen.insert(task.key()) {
            tasks.push((task, not_before));
        }
    }
    tasks
        .into_iter()
        .enumerate()
        .map(|(i, (task, not_before))| Item { id: format!("E-{:04}", i + 1), task, not_before })
        .collect()
}

/// Kinds of evidence that the chosen checks read.
fn kinds_needed(plan: &Plan, only: &[Domain]) -> BTreeSet<&'static str> {
    check::catalogue()
        .into_iter()
        .filter(|d| only.is_empty() || only.contains(&d.domain()))
        .filter(|d| plan.includes(d.domain(), d.id))
        .flat_map(|d| d.kinds.iter().copied())
        .collect()
}

/// Listing an answer's evidence file belongs to the questionnaire, not to the folders of the plan.
fn task_is_evidence(plan: &Plan, task: &Task) -> bool {
    matches!(task, Task::Files { path, .. } if plan.answers.values().any(|a| a.evidence.iter().any(|e| e.to_string_lossy() == *path)))
}

fn all_tasks(plan: &Plan, available: Option<SignedDuration>) -> Vec<(Task, SignedDuration)> {
    let mut tasks: Vec<Task> = Vec::new();
    let scope = &plan.scope;
    if scope.this_machine {
        tasks.push(Task::Host);
    }
    for name in scope.domains.iter().chain(&scope.mail_domains) {
        tasks.push(Task::Dns { name: name.clone() });
    }
    for url in &scope.urls {
        web_tasks(plan, url, &mut tasks);
    }
    let samples = if plan.intensity == Intensity::Lab { 20 } else { 10 };
    for host in &scope.hosts {
        let name = &host.name;
        for port in &host.ports {
            tasks.push(Task::Tcp { host: name.clone(), port: *port, samples });
        }
        for port in &host.tls_ports {
            tasks.push(Task::TlsHandshake { host: name.clone(), port: *port });
            tasks.push(Task::TlsVersions { host: name.clone(), port: *port });
            tasks.push(Task::TlsProfile { host: name.clone(), port: *port });
        }
        if let Some(port) = host.smtp_port {
            tasks.push(Task::Smtp { host: name.clone(), port });
        }
        if let Some(port) = host.ntp_port {
            tasks.push(Task::Time { host: name.clone(), port });
        }
        let ports: BTreeSet<u16> = WATCHED_PORTS.iter().chain(&host.ports).copied().collect();
        tasks.push(Task::Ports { host: name.clone(), ports: ports.into_iter().collect() });
    }
    for name in scope.domains.iter().chain(&scope.mail_domains) {
        tasks.push(Task::Dnssec { zone: name.clone() });
    }
    name_tasks(plan, &mut tasks);
    for database in &scope.databases {
        let (name, dsn_file) = (database.name.clone(), database.dsn_file.to_string_lossy().into_owned());
        tasks.push(match database.kind {
            DatabaseKind::Postgres => Task::Postgres { name, dsn_file },
            DatabaseKind::Mysql => Task::Mysql { name, dsn_file },
        });
    }
    for path in &scope.paths {
        local_tasks(path, &mut tasks);
    }
    for answer in plan.answers.values() {
        for file in &answer.evidence {
            tasks.push(Task::Files { path: file.to_string_lossy().into_owned(), hash: true });
        }
    }
    let mut out: Vec<(Task, SignedDuration)> = tasks.into_iter().map(|t| (t, SignedDuration::ZERO)).collect();
    for transaction in &plan.transactions {
        let gap = gap(plan.intensity, available, transaction.repetitions);
        // Several transactions of one target come one after another, not all at once.
        let target = transaction.steps.first().map_or("", |s| s.url.as_str());
        let offset = Schedule::new(target, &transaction.name, gap.unsigned_abs()).offset();
        let offset = SignedDuration::try_from(offset).unwrap_or_default();
        for run in 1..=transaction.repetitions {
            let task =
                Task::Transaction { name: transaction.name.clone(), run, steps: transaction.steps.clone() };
            let after_first = gap.saturating_mul(i32::try_from(run - 1).unwrap_or(i32::MAX));
            out.push((task, offset.saturating_add(after_first)));
        }
    }
    out
}

/// Keys of mail domains, and aliases of the hosts.
fn name_tasks(plan: &Plan, tasks: &mut Vec<Task>) {
    let scope = &plan.scope;
    for domain in scope.mail_domains.iter().filter(|_| !scope.dkim_selectors.is_empty()) {
        let questions =
            scope.dkim_selectors.iter().map(|s| (format!("{s}._domainkey.{domain}"), "TXT".to_owned()));
        tasks.push(Task::Lookup { name: format!("_domainkey.{domain}"), questions: questions.collect() });
    }
    let hosts = scope.hosts.iter().map(|h| h.name.clone());
    let in_urls = scope.urls.iter().filter_map(|u| u.domain()).map(str::to_ascii_lowercase);
    for host in hosts.chain(in_urls).filter(|h| h.parse::<std::net::IpAddr>().is_err() && h != "localhost") {
        let questions = ["A", "AAAA"].map(|t| (host.clone(), t.to_owned())).to_vec();
        tasks.push(Task::Lookup { name: host, questions });
    }
}

fn local_tasks(path: &LocalPath, tasks: &mut Vec<Task>) {
    let shown = path.path.to_string_lossy().into_owned();
    match path.kind {
        PathKind::Backup | PathKind::WebRoot => tasks.push(Task::Files { path: shown, hash: false }),
        PathKind::Data => {
            let history_file =
                path.history.as_ref().map(|h| h.to_string_lossy().into_owned()).unwrap_or_default();
            tasks.push(Task::Files { path: shown.clone(), hash: false });
            tasks.push(Task::Storage { path: shown, history_file });
        }
        PathKind::AccessLog => tasks.push(Task::AccessLog { path: shown }),
        PathKind::PostgresLog => tasks.push(Task::PgLog { path: shown }),
    }
}

fn web_tasks(plan: &Plan, url: &url::Url, tasks: &mut Vec<Task>) {
    let Some(host) = url.host_str() else { return };
    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
    let secure = url.scheme() == "https";
    let port = url.port_or_known_default().unwrap_or(443);
    let samples = if plan.intensity == Intensity::Lab { 20 } else { 10 };
    tasks.push(Task::Tcp { host: host.clone(), port, samples });
    if secure {
        tasks.push(Task::TlsHandshake { host: host.clone(), port });
    }
    tasks.push(Task::Http { url: url.to_string() });
    // Where plain HTTP is declared beside HTTPS, its redirect is looked at as well.
    let plain = plan.scope.hosts.iter().any(|h| h.name == host && h.ports.contains(&80));
    if secure && port == 443 && plain {
        let mut http = url.clone();
        if http.set_scheme("http").is_ok() {
            tasks.push(Task::Http { url: http.to_string() });
        }
    }
    tasks.push(Task::Page { url: url.to_string() });
    tasks.push(Task::HttpVariants { url: url.to_string() });
    let mut root = url.clone();
    root.set_path("/");
    root.set_query(None);
    root.set_fragment(None);
    tasks.push(Task::Paths { url: root.to_string() });
    tasks.push(Task::Browser { url: url.to_string() });
    if secure {
        tasks.push(Task::TlsVersions { host: host.clone(), port });
        tasks.push(Task::TlsProfile { host, port });
    }
}

/// Time between two repetitions of a transaction.
fn gap(intensity: Intensity, available: Option<SignedDuration>, repetitions: u32) -> SignedDuration {
    match (intensity, available) {
        (Intensity::Lab, _) => SignedDuration::ZERO,
        (_, Some(window)) => {
            let share = window.as_secs().max(0) * 9 / 10 / i64::from(repetitions.max(1));
            SignedDuration::from_secs(share.clamp(5, 900))
        }
        (Intensity::Normal, None) => SignedDuration::from_secs(5),
        (Intensity::Low, None) => SignedDuration::from_secs(15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_spread_over_the_window() {
        let window = Some(SignedDuration::from_hours(4));
        assert_eq!(gap(Intensity::Low, window, 20), SignedDuration::from_secs(648));
        assert_eq!(gap(Intensity::Low, window, 2), SignedDuration::from_secs(900));
        assert_eq!(gap(Intensity::Lab, window, 20), SignedDuration::ZERO);
    }
}
