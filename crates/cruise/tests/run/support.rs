//! A plan, a collector that answers from a table, and a few pieces of evidence.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Mutex;

use bulwark_cruise::plan::{self, Plan};
use bulwark_cruise::run::{Collect, Order};
use bulwark_model::Clock;
use bulwark_probe::evidence::{Body, Exchange, Http, Outcome, Phases, Record};
use bulwark_probe::failure::{Code, Failure, Step};
use bulwark_probe::net::{Stop, Traffic};
use bulwark_probe::task::Task;
use jiff::Timestamp;

pub const BACKGROUND: &str = r#"
[system.background]
business_item = "a"
stakeholder = "b"
security_level = "c"
circuit = "d"
datacenter_location = "e"
server_kind = "f"
os = "g"
operator = "h"
vendor = "i"
"#;

pub const APPROVAL: &str = "\n[approval]\nby = \"王科長\"\non = \"115-11-20\"\n";

/// A plan with one URL; `more` is added at its end.
pub fn plan_text(more: &str) -> String {
    format!(
        "[system]\nname = \"示範系統\"\nagency = \"示範機關\"\nsecurity_level = \"medium\"\n{BACKGROUND}\n[location]\nvantage = \"inside\"\n\n[scope]\nurls = [\"https://www.example.gov.tw/\"]\n{more}"
    )
}

pub fn plan(more: &str) -> Plan {
    let text = plan_text(more);
    plan::read("plan.toml", &text, Path::new("/plans")).unwrap_or_else(|n| panic!("{n:?}"))
}

pub fn at(s: &str) -> Timestamp {
    s.parse().expect("a time")
}

/// Answers every task the same way and remembers what it was asked.
pub struct Fake<'c> {
    pub clock: &'c dyn Clock,
    pub asked: Mutex<Vec<(String, Timestamp)>>,
    /// Calls after this many stop the run while they are "in work".
    pub stop_after: Option<usize>,
    /// Called with the count of calls before each answer: time passes, things happen.
    pub on_call: Option<Box<dyn Fn(usize) + Sync + 'c>>,
    /// Header lines of every HTTP answer.
    pub headers: Vec<(String, String)>,
    /// Keys that fail with this code.
    pub failing: BTreeMap<String, Code>,
}

impl<'c> Fake<'c> {
    pub fn new(clock: &'c dyn Clock) -> Self {
        Self {
            clock,
            asked: Mutex::default(),
            stop_after: None,
            on_call: None,
            headers: Vec::new(),
            failing: BTreeMap::new(),
        }
    }

    pub fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> =
            self.asked.lock().expect("no panic").iter().map(|(k, _)| k.clone()).collect();
        keys.sort();
        keys
    }

    fn body(&self, task: &Task) -> Outcome {
        let key = task.key();
        if let Some(code) = self.failing.get(&key) {
            return Outcome::Failed(Failure::new(
                Step::Scope,
                *code,
                format!("{} 203.0.113.9", task.subject()),
            ));
        }
        match task {
            Task::Http { url } => Outcome::Collected(Box::new(Body::Http(Http {
                url: url.clone(),
                hops: vec![exchange(url, &self.headers)],
                stopped: None,
            }))),
            Task::Transaction { name, run, steps } => {
                Outcome::Collected(Box::new(Body::Transaction(bulwark_probe::evidence::Transaction {
                    name: name.clone(),
                    run: *run,
                    steps: Vec::new(),
                    planned_steps: u32::try_from(steps.len()).expect("few"),
                })))
            }
            _ => Outcome::Failed(Failure::new(Step::Connect, Code::TimedOut, "5 s")),
        }
    }
}

pub fn exchange(url: &str, headers: &[(String, String)]) -> Exchange {
    Exchange {
        url: url.into(),
        method: "GET".into(),
        address: "203.0.113.9:443".into(),
        protocol: "HTTP/2".into(),
        status: 200,
        headers: headers.to_vec(),
        body_bytes: 20,
        decoded_bytes: 20,
        body: "<title>a</title>".into(),
        truncated: false,
        body_failure: None,
        phases: Phases::default(),
    }
}

/// What a collector brings back.
pub fn record(task: &Task, started_at: Timestamp, duration_ms: u64, outcome: Outcome) -> Record {
    Record { key: task.key(), subject: task.subject(), started_at, duration_ms, tool: "test".into(), outcome }
}

impl Collect for Fake<'_> {
    fn collect(&self, task: &Task, stop: &Stop) -> Record {
        let count = {
            let mut asked = self.asked.lock().expect("no panic");
            asked.push((task.key(), self.clock.now()));
            asked.len()
        };
        if let Some(act) = &self.on_call {
            act(count);
        }
        if self.stop_after.is_some_and(|n| count > n) {
            stop.stop();
        }
        record(task, self.clock.now(), 1000, self.body(task))
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    fn pinned(&self) -> BTreeMap<String, Vec<IpAddr>> {
        BTreeMap::new()
    }
}

pub fn order<'a>(plan: &'a Plan, out: &'a Path) -> Order<'a> {
    Order {
        plan,
        plan_folder: Path::new("/plans"),
        out,
        only: Vec::new(),
        reason: None,
        wait: false,
        partial: false,
        tool: "bulwark 0.0.0".into(),
    }
}
