//! Evidence as a bundle holds it: changed in one place, it is judged again as `reevaluate` does.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use bulwark_cruise::check::{self, Case, Line};
use bulwark_cruise::plan::{self, Plan};
use bulwark_model::Verdict;
use bulwark_probe::evidence::{
    Body, Browser, Dns, Host, HttpVariants, Mysql, Outcome, Page, Ports, Postgres, Record, Smtp, Storage,
    Tcp, TlsHandshake, TlsProfile, TlsVersions, Transaction,
};
use jiff::Timestamp;

use super::fault::Fault;

/// A plan and the evidence gathered under it.
#[derive(Clone)]
pub struct Stored {
    /// The plan.
    pub plan: Plan,
    /// Evidence with its record ids.
    pub records: Vec<(String, Record)>,
    /// When the last evidence was taken.
    pub taken_at: Timestamp,
}

macro_rules! kinds {
    ($($name:ident: $variant:ident => $type:ty;)+) => {
        $(pub fn $name(&mut self) -> impl Iterator<Item = &mut $type> {
            self.bodies().filter_map(|body| if let Body::$variant(b) = body { Some(b) } else { None })
        })+
    };
}

impl Stored {
    kinds! {
        browsers: Browser => Browser;
        dns: Dns => Dns;
        handshakes: TlsHandshake => TlsHandshake;
        hosts: Host => Box<Host>;
        mysql: Mysql => Mysql;
        pages: Page => Page;
        ports: Ports => Ports;
        postgres: Postgres => Postgres;
        profiles: TlsProfile => TlsProfile;
        smtp: Smtp => Smtp;
        storage: Storage => Storage;
        tcp: Tcp => Tcp;
        transactions: Transaction => Transaction;
        variants: HttpVariants => HttpVariants;
        versions: TlsVersions => TlsVersions;
    }

    fn bodies(&mut self) -> impl Iterator<Item = &mut Body> {
        self.records.iter_mut().filter_map(|(_, record)| match &mut record.outcome {
            Outcome::Collected(body) => Some(body.as_mut()),
            Outcome::Failed(_) => None,
        })
    }

    /// Adds a record.
    pub fn with(mut self, subject: &str, body: Body) -> Self {
        let record = Record {
            key: format!("{}:{subject}", body.kind()),
            subject: subject.to_owned(),
            started_at: self.taken_at,
            duration_ms: 1,
            tool: "test".into(),
            outcome: Outcome::Collected(Box::new(body)),
        };
        self.records.push((format!("E-{:04}", self.records.len() + 1), record));
        self
    }

    /// Every line of judgement by the checks of today.
    pub fn lines(&self) -> Vec<Line> {
        let mut kinds: Vec<&str> =
            self.records.iter().filter_map(|(_, r)| Some(r.key.split_once(':')?.0)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let case = Case {
            plan: &self.plan,
            evidence: &self.records,
            planned_kinds: &kinds,
            taken_at: self.taken_at,
        };
        check::judge(&case)
    }

    /// What is wrong by the checks of today.
    pub fn alarms(&self) -> Vec<Line> {
        let mut lines = self.lines();
        lines.retain(|l| matches!(l.verdict, Verdict::Fail | Verdict::Warn));
        lines
    }

    /// What every check finds, with what it says.
    pub fn found(&self) -> BTreeMap<String, String> {
        self.alarms()
            .into_iter()
            .map(|l| (l.check.to_owned(), format!("{}: {}", l.asset, l.message.en)))
            .collect()
    }

    /// The evidence with a fault planted in it.
    pub fn faulty(&self, fault: &Fault<Self>) -> Self {
        let mut stored = self.clone();
        (fault.plant)(&mut stored);
        stored
    }
}

/// Lines of the background record, without those left out.
pub fn background(unknown: &[&str]) -> String {
    let facts = [
        "business_item",
        "stakeholder",
        "security_level",
        "circuit",
        "datacenter_location",
        "server_kind",
        "os",
        "operator",
        "vendor",
    ];
    facts.iter().filter(|k| !unknown.contains(k)).fold(String::new(), |mut lines, k| {
        let _ = writeln!(lines, "{k} = \"x\"");
        lines
    })
}

/// A plan with this scope, seen from inside.
pub fn plan_of(scope: &str) -> Plan {
    let text = format!(
        "[system]\nname = \"a\"\nagency = \"b\"\nsecurity_level = \"medium\"\n[system.background]\n{}[location]\nvantage = \"inside\"\n[scope]\n{scope}",
        background(&[])
    );
    plan::read("plan.toml", &text, Path::new("/")).unwrap_or_else(|notes| panic!("{notes:#?}"))
}
