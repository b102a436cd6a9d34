//! The owner's stop switch: it ends a run like Ctrl-C, and the same command goes on.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bulwark_cruise::plan::{self, Plan};
use bulwark_cruise::run::{Collect, Gathered, Halt, Order, run};
use bulwark_model::{Clock, Diagnostic, FixedClock};
use bulwark_probe::evidence::{Body, Http, Outcome, Record};
use bulwark_probe::failure::{Code, Failure, Step};
use bulwark_probe::net::{Stop, Traffic};
use bulwark_probe::task::Task;
use jiff::{SignedDuration, Timestamp};

use crate::support::{APPROVAL, Fake, at, exchange, order, record};

const SWITCH: &str = "https://www.example.gov.tw/stop.txt";

/// What the switch says when it is asked for the n-th time (from 1).
type Says = Box<dyn Fn(usize) -> Result<(u16, String), Code> + Sync>;

/// Answers the switch's URL by itself and leaves the rest to the usual stand-in.
struct Owner<'c> {
    fake: Fake<'c>,
    clock: &'c FixedClock,
    says: Says,
    asked: Mutex<Vec<Timestamp>>,
    /// Time that each item takes.
    takes: SignedDuration,
}

impl<'c> Owner<'c> {
    fn new(clock: &'c FixedClock, takes_s: i64, says: Says) -> Self {
        let takes = SignedDuration::from_secs(takes_s);
        Self { fake: Fake::new(clock), clock, says, asked: Mutex::default(), takes }
    }
}

impl Collect for Owner<'_> {
    fn collect(&self, task: &Task, stop: &Stop) -> Record {
        if task.subject() != SWITCH {
            self.clock.set(self.clock.now().checked_add(self.takes).expect("a time"));
            return self.fake.collect(task, stop);
        }
        let count = {
            let mut asked = self.asked.lock().expect("no panic");
            asked.push(self.clock.now());
            asked.len()
        };
        let outcome = match (self.says)(count) {
            Ok((status, body)) => {
                let mut answer = exchange(SWITCH, &[]);
                (answer.status, answer.body) = (status, body);
                Outcome::Collected(Box::new(Body::Http(Http {
                    url: SWITCH.into(),
                    hops: vec![answer],
                    stopped: None,
                })))
            }
            Err(code) => Outcome::Failed(Failure::new(Step::Connect, code, SWITCH)),
        };
        record(task, self.clock.now(), 1, outcome)
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    fn pinned(&self) -> std::collections::BTreeMap<String, Vec<std::net::IpAddr>> {
        std::collections::BTreeMap::new()
    }
}

fn plan_with(stop: &str, folder: &Path) -> Plan {
    let text = crate::support::plan_text(&format!("{APPROVAL}\n[stop]\n{stop}\n"));
    plan::read("plan.toml", &text, folder).unwrap_or_else(|n| panic!("{n:?}"))
}

fn go(order: &Order<'_>, collector: &dyn Collect, clock: &FixedClock) -> Result<Gathered, Halt> {
    run(order, collector, clock, &Stop::new(), &|_| {})
}

fn interrupted(result: Result<Gathered, Halt>) -> Vec<Diagnostic> {
    match result {
        Err(Halt::Interrupted(notes)) => notes,
        other => panic!("should be stopped: {other:?}"),
    }
}

fn codes(notes: &[Diagnostic]) -> Vec<&str> {
    notes.iter().map(|n| n.code.as_str()).collect()
}

#[test]
fn a_file_ends_the_run_and_removing_it_lets_it_go_on() {
    let out = tempfile::tempdir().expect("a folder");
    let switch = out.path().join("STOP");
    let plan = plan_with("file = \"STOP\"", out.path());
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let mut fake = Fake::new(&clock);
    let made = switch.clone();
    fake.on_call = Some(Box::new(move |n| {
        if n == 3 {
            std::fs::write(&made, "").expect("writable");
        }
    }));
    let notes = interrupted(go(&order(&plan, out.path()), &fake, &clock));
    assert_eq!(codes(&notes), ["BW-RUN-014", "BW-RUN-004"]);
    assert!(
        notes[0].what.zh_tw.contains("STOP") && notes[0].what.en.contains("stop switch"),
        "{}",
        notes[0].what.zh_tw
    );
    assert!(fake.keys().len() <= 6, "what was in work ends, nothing new begins: {:?}", fake.keys());

    // As long as the switch is pulled, nothing is sent.
    let again = Fake::new(&clock);
    assert_eq!(
        codes(&interrupted(go(&order(&plan, out.path()), &again, &clock))),
        ["BW-RUN-014", "BW-RUN-004"]
    );
    assert!(again.keys().is_empty());

    std::fs::remove_file(&switch).expect("removed");
    let rest = Fake::new(&clock);
    let gathered = go(&order(&plan, out.path()), &rest, &clock).expect("the rest");
    assert_eq!(gathered.meta.items_done, gathered.meta.items_planned);
}

#[test]
fn a_url_is_asked_before_the_first_item_and_at_most_every_five_seconds() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan_with(&format!("url = \"{SWITCH}\""), out.path());
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let owner = Owner::new(&clock, 2, Box::new(|_| Ok((404, "not found".into()))));
    let gathered = go(&order(&plan, out.path()), &owner, &clock).expect("a run");
    assert_eq!(gathered.meta.items_done, gathered.meta.items_planned);
    let asked = owner.asked.lock().expect("no panic").clone();
    assert_eq!(asked.first(), Some(&at("2026-11-25T22:00:00+08:00")));
    assert!(asked.len() >= 2, "{asked:?}");
    assert!(asked.windows(2).all(|p| p[1].duration_since(p[0]) >= SignedDuration::from_secs(5)), "{asked:?}");
}

#[test]
fn a_url_that_says_stop_ends_the_run() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan_with(&format!("url = \"{SWITCH}\""), out.path());
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let says = |n| Ok((200, if n == 1 { "go".into() } else { "STOP, please".into() }));
    let owner = Owner::new(&clock, 6, Box::new(says));
    let notes = interrupted(go(&order(&plan, out.path()), &owner, &clock));
    assert_eq!(codes(&notes), ["BW-RUN-014", "BW-RUN-004"]);
    assert!(owner.fake.keys().len() <= 5, "{:?}", owner.fake.keys());
    let asked_first = Owner::new(&clock, 6, Box::new(|_| Ok((200, "stop".into()))));
    interrupted(go(&order(&plan, out.path()), &asked_first, &clock));
    assert!(asked_first.fake.keys().is_empty(), "the switch comes before the first item");
}

#[test]
fn a_switch_that_cannot_be_asked_three_times_in_a_row_ends_the_run() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan_with(&format!("url = \"{SWITCH}\""), out.path());
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let owner = Owner::new(&clock, 6, Box::new(|_| Err(Code::TimedOut)));
    let notes = interrupted(go(&order(&plan, out.path()), &owner, &clock));
    assert_eq!(codes(&notes), ["BW-RUN-015", "BW-RUN-004"]);
    assert_eq!(owner.asked.lock().expect("no panic").len(), 3);
    // One silence alone does not.
    let out = tempfile::tempdir().expect("a folder");
    let says = |n: usize| if n.is_multiple_of(3) { Ok((404, String::new())) } else { Err(Code::TimedOut) };
    let owner = Owner::new(&clock, 6, Box::new(says));
    go(&order(&plan, out.path()), &owner, &clock).expect("a run");
}

/// An item that ends only when it is broken off.
struct Endless<'c> {
    clock: &'c FixedClock,
    switch: std::path::PathBuf,
    began: AtomicBool,
}

impl Collect for Endless<'_> {
    fn collect(&self, task: &Task, stop: &Stop) -> Record {
        if !self.began.swap(true, Ordering::SeqCst) {
            std::fs::write(&self.switch, "").expect("writable");
        }
        while !stop.stopped() {
            std::thread::yield_now();
        }
        let outcome = Outcome::Failed(Failure::new(Step::Pace, Code::Interrupted, task.subject()));
        record(task, self.clock.now(), 1, outcome)
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    fn pinned(&self) -> std::collections::BTreeMap<String, Vec<std::net::IpAddr>> {
        std::collections::BTreeMap::new()
    }
}

#[test]
fn the_switch_works_while_a_long_item_runs() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan_with("file = \"STOP\"", out.path());
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let endless = Endless { clock: &clock, switch: out.path().join("STOP"), began: AtomicBool::new(false) };
    let notes = interrupted(go(&order(&plan, out.path()), &endless, &clock));
    assert_eq!(codes(&notes), ["BW-RUN-014", "BW-RUN-004"]);
}

#[test]
fn repetitions_missed_while_stopped_come_at_their_distance() {
    let out = tempfile::tempdir().expect("a folder");
    let text = crate::support::plan_text(&format!(
        "\n[[transaction]]\nname = \"t\"\nrepetitions = 8\n[[transaction.step]]\nurl = \"https://www.example.gov.tw/\"\n{APPROVAL}\n[stop]\nfile = \"STOP\"\n"
    ));
    let plan = plan::read("plan.toml", &text, out.path()).unwrap_or_else(|n| panic!("{n:?}"));
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let switch = out.path().join("STOP");
    let mut first = Fake::new(&clock);
    let made = switch.clone();
    let items = bulwark_cruise::itinerary::itinerary(&plan, &[], None).len();
    first.on_call = Some(Box::new(move |n| {
        // When three repetitions are done.
        if n == items - 5 {
            std::fs::write(&made, "").expect("writable");
        }
    }));
    interrupted(go(&order(&plan, out.path()), &first, &clock));
    std::fs::remove_file(&switch).expect("removed");
    clock.set(at("2026-11-26T09:00:00+08:00"));
    let second = Fake::new(&clock);
    go(&order(&plan, out.path()), &second, &clock).expect("the rest");
    let mut times: Vec<Timestamp> = {
        let asked = second.asked.lock().expect("no panic");
        asked.iter().filter(|(k, _)| k.starts_with("transaction:")).map(|(_, at)| *at).collect()
    };
    times.sort_unstable();
    assert!(times.len() >= 4, "{times:?}");
    // Four workers wait on one clock that moves by each of them, so look at the whole, and give the first one the time
    // that the others took.
    let span = times[times.len() - 1].duration_since(times[0]).as_secs();
    let repetitions = i64::try_from(times.len()).expect("few");
    assert!(span >= (repetitions - 2) * 15, "no burst: {times:?}");
}
