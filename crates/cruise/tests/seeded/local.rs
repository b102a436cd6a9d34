//! Faults that need no network: facts of a machine and answers of a database, changed one at a
//! time in evidence that is clean before.

use std::collections::BTreeMap;
use std::path::Path;

use bulwark_cruise::check::Case;
use bulwark_cruise::check::{self, Line};
use bulwark_cruise::plan::{self, Plan};
use bulwark_model::Verdict;
use bulwark_probe::evidence::{Body, Host, Listener, Mount, Outcome, Package, Postgres, Record};

use super::world::{UNAVOIDABLE, today};

type Plant = fn(&mut Host, &mut Postgres);

const FAULTS: &[(&str, Plant)] = &[
    ("vuln.os-eol", |h, _| h.os_release = "ID=debian\nVERSION_ID=\"9\"\nPRETTY_NAME=\"Debian 9\"\n".into()),
    ("vuln.undeclared-services", |h, _| h.listeners.push(listener(8081))),
    ("vuln.reboot-required", |h, _| h.reboot_required = true),
    ("vuln.updates-stale", |h, _| h.packages_changed_s = Some(today().as_second() - 200 * 86400)),
    ("vuln.hardening", |h, _| {
        h.settings.insert("sshd.permitrootlogin".into(), "yes".into());
    }),
    ("architecture.time-sync", |h, _| {
        h.processes.clear();
        h.clock_synchronised = Some(false);
    }),
    ("data_mgmt.disk-fill", |h, _| h.mounts[0].free_bytes = 1 << 20),
    ("db_io.connections", |_, p| set(p, "connections", "used", "97")),
    ("db_io.cache-hit", |_, p| set(p, "database", "blks_read", "400000")),
    ("db_io.wraparound", |_, p| set(p, "wraparound", "xid_age", "1700000000")),
    ("db_io.blocked-locks", |_, p| {
        add(
            p,
            "blocked",
            &[
                ("pid", "7"),
                ("blocked_by", "8"),
                ("waiting_s", "90"),
                ("wait_s", "90"),
                ("locktype", "relation"),
            ],
        );
    }),
];

fn listener(port: u16) -> Listener {
    Listener { protocol: "tcp".into(), address: "0.0.0.0".into(), port, process: Some("x".into()) }
}

/// Changes a column of the first row of a query.
fn set(p: &mut Postgres, query: &str, column: &str, value: &str) {
    let rows = &mut p.queries.get_mut(query).expect(query).as_mut().expect("answered").rows;
    rows[0].insert(column.into(), value.into());
}

fn add(p: &mut Postgres, query: &str, row: &[(&str, &str)]) {
    let rows = &mut p.queries.get_mut(query).expect(query).as_mut().expect("answered").rows;
    rows.push(row.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
}

fn host() -> Host {
    Host {
        hostname: "srv".into(),
        os_release: "ID=debian\nVERSION_ID=\"13\"\nPRETTY_NAME=\"Debian GNU/Linux 13\"\n".into(),
        kernel: "6.12.0".into(),
        uptime_s: 86400,
        mounts: vec![Mount {
            path: "/".into(),
            fs: "ext4".into(),
            total_bytes: 100 << 30,
            free_bytes: 60 << 30,
            total_inodes: 1_000_000,
            free_inodes: 900_000,
        }],
        processes: vec!["chronyd".into(), "unattended-upgr".into()],
        packages: [
            "chrony",
            "needrestart",
            "reboot-notifier",
            "unattended-upgrades",
            "update-notifier-common",
        ]
        .map(|n| Package { manager: "dpkg".into(), name: n.into(), version: "1".into() })
        .to_vec(),
        clock_synchronised: Some(true),
        settings: BTreeMap::from([
            ("sshd.permitrootlogin".to_owned(), "no".to_owned()),
            ("sshd.passwordauthentication".to_owned(), "no".to_owned()),
        ]),
        packages_changed_s: Some(today().as_second() - 5 * 86400),
        ..Host::default()
    }
}

fn postgres() -> Postgres {
    serde_json::from_str(include_str!("../../src/checks/db_io/real/pg18.json")).expect("a recorded answer")
}

fn judge(plan: &Plan, host: Host, postgres: Postgres) -> Vec<Line> {
    let record = |key: &str, body: Body| Record {
        key: key.into(),
        subject: key.into(),
        started_at: today(),
        duration_ms: 1,
        tool: "test".into(),
        outcome: Outcome::Collected(Box::new(body)),
    };
    let evidence = vec![
        ("E-0001".to_owned(), record("host:self", Body::Host(Box::new(host)))),
        ("E-0002".to_owned(), record("postgres:main", Body::Postgres(postgres))),
    ];
    let case = Case { plan, evidence: &evidence, planned_kinds: &["host", "postgres"], taken_at: today() };
    check::judge(&case)
}

fn alarms(lines: &[Line]) -> Vec<&Line> {
    lines
        .iter()
        .filter(|l| matches!(l.verdict, Verdict::Fail | Verdict::Warn) && !UNAVOIDABLE.contains(&l.check))
        .collect()
}

/// Plants each fault; gives found and planted by domain and notes what was missed.
pub fn counts(missed: &mut Vec<String>) -> BTreeMap<&'static str, (usize, usize)> {
    let text = "[system]\nname = \"a\"\nagency = \"b\"\nsecurity_level = \"medium\"\n[system.background]\nbusiness_item=\"x\"\nstakeholder=\"x\"\nsecurity_level=\"x\"\ncircuit=\"x\"\ndatacenter_location=\"x\"\nserver_kind=\"x\"\nos=\"x\"\noperator=\"x\"\nvendor=\"x\"\n[location]\nvantage = \"inside\"\n[scope]\nthis_machine = true\n[[scope.host]]\nname = \"srv\"\nports = [22]\n";
    let plan = plan::read("p", text, Path::new("/")).expect("a plan");
    // What the recorded answers of a real server say already is no fault of ours.
    let lines = judge(&plan, host(), postgres());
    let known: Vec<(String, String)> =
        alarms(&lines).iter().map(|l| (l.check.to_owned(), l.message.en.clone())).collect();
    assert!(
        known.iter().all(|(check, _)| check.starts_with("db_io.")),
        "the clean machine has findings: {known:#?}"
    );
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (check, plant) in FAULTS {
        let (mut h, mut p) = (host(), postgres());
        plant(&mut h, &mut p);
        let lines = judge(&plan, h, p);
        let new = |l: &&Line| !known.iter().any(|(c, m)| c == l.check && *m == l.message.en);
        let found = alarms(&lines).into_iter().filter(new).any(|l| l.check == *check);
        if !found {
            let said: Vec<_> =
                lines.iter().filter(|l| l.check == *check).map(|l| (l.verdict, &l.message.en)).collect();
            missed.push(format!("{check}: {said:#?}"));
        }
        let count = counts.entry(check.split_once('.').expect("domain.name").0).or_default();
        count.0 += usize::from(found);
        count.1 += 1;
    }
    counts
}
