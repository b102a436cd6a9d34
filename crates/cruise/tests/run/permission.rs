//! Running a plan: permission, windows, interruption, resumption. The clock stands still unless
//! somebody sleeps on it.

use std::path::Path;

use bulwark_cruise::run::{Gathered, Halt, Order, run};
use bulwark_model::{Clock, Diagnostic, FixedClock};
use bulwark_probe::failure::Code;
use bulwark_probe::net::Stop;

use crate::support::{APPROVAL, Fake, at, order, plan};

fn go(order: &Order<'_>, fake: &Fake<'_>, clock: &FixedClock) -> Result<Gathered, Halt> {
    run(order, fake, clock, &Stop::new(), &|_| {})
}

fn refused(result: Result<Gathered, Halt>) -> Vec<Diagnostic> {
    match result {
        Err(Halt::Refused(notes)) => notes,
        other => panic!("should be refused: {other:?}"),
    }
}

fn codes(notes: &[Diagnostic]) -> Vec<&str> {
    notes.iter().map(|n| n.code.as_str()).collect()
}

#[test]
fn nothing_starts_without_approval_and_background() {
    let out = tempfile::tempdir().expect("a folder");
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let fake = Fake::new(&clock);
    assert_eq!(codes(&refused(go(&order(&plan(""), out.path()), &fake, &clock))), ["BW-RUN-001"]);

    let text = crate::support::plan_text(APPROVAL).replace("vendor = \"i\"", "");
    let poor = bulwark_cruise::plan::read("p", &text, Path::new("/")).expect("a plan");
    let notes = refused(go(&order(&poor, out.path()), &fake, &clock));
    assert_eq!(codes(&notes), ["BW-RUN-008"]);
    assert!(
        notes[0].what.zh_tw.contains("8／9") && notes[0].what.zh_tw.contains("維運廠商"),
        "{}",
        notes[0].what.zh_tw
    );
    assert!(notes[0].what.en.contains("Vendor"));
    assert!(fake.keys().is_empty(), "nothing was sent");

    let with_reason = Order { reason: Some("先查再補".into()), ..order(&poor, out.path()) };
    let gathered = go(&with_reason, &fake, &clock).expect("a reason is enough");
    assert_eq!(gathered.meta.reason.as_deref(), Some("先查再補"));
}

const WINDOW: &str =
    "\n[window]\nfirst_day = \"115-11-25\"\nlast_day = \"115-11-26\"\nfrom = \"22:00\"\nto = \"02:00\"\n";

#[test]
fn outside_the_window_nothing_is_sent() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan(&format!("{WINDOW}{APPROVAL}"));
    let clock = FixedClock::new(at("2026-11-25T21:00:00+08:00"));
    let fake = Fake::new(&clock);
    let notes = refused(go(&order(&plan, out.path()), &fake, &clock));
    assert_eq!(codes(&notes), ["BW-RUN-002"]);
    assert!(notes[0].what.zh_tw.contains("115-11-25 22:00"), "{}", notes[0].what.zh_tw);
    assert!(notes[0].what.en.contains("2026-11-25 22:00"));
    clock.set(at("2026-11-27T03:00:00+08:00"));
    assert_eq!(codes(&refused(go(&order(&plan, out.path()), &fake, &clock))), ["BW-RUN-006"]);
    assert!(fake.keys().is_empty());
}

#[test]
fn waiting_starts_when_the_window_opens() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan(&format!("{WINDOW}{APPROVAL}"));
    let clock = FixedClock::new(at("2026-11-25T21:59:50+08:00"));
    let fake = Fake::new(&clock);
    let gathered = go(&Order { wait: true, ..order(&plan, out.path()) }, &fake, &clock).expect("it opens");
    assert_eq!(gathered.meta.started_at, at("2026-11-25T22:00:00+08:00"));
}

#[test]
fn a_window_that_closes_keeps_what_was_collected() {
    const TWO_DAYS: &str = "\n[[transaction]]\nname = \"t\"\nrepetitions = 40\n[[transaction.step]]\nurl = \"https://www.example.gov.tw/\"\n";
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan(&format!("{TWO_DAYS}{WINDOW}{APPROVAL}"));
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let mut fake = Fake::new(&clock);
    // The tenth item takes until the window is over.
    fake.on_call = Some(Box::new(|n| {
        if n == 10 {
            clock.set(at("2026-11-26T02:00:00+08:00"));
        }
    }));
    let Err(Halt::Interrupted(notes)) = go(&order(&plan, out.path()), &fake, &clock) else {
        panic!("the window closes before all repetitions are due")
    };
    assert_eq!(codes(&notes), ["BW-RUN-004", "BW-RUN-002"]);
    assert!(fake.keys().len() < 20, "nothing new is started after the window");
    // The next night it goes on, and repeats nothing.
    clock.set(at("2026-11-26T22:00:00+08:00"));
    let third = Fake::new(&clock);
    let gathered = go(&order(&plan, out.path()), &third, &clock).expect("the second night finishes");
    assert_eq!(gathered.meta.items_done, gathered.meta.items_planned);
    let all: std::collections::BTreeSet<String> = fake.keys().into_iter().chain(third.keys()).collect();
    let twice = fake.keys().len() + third.keys().len() - all.len();
    assert!(twice <= 4, "only what was in work when the window closed is done again: {twice}");
}

#[test]
fn an_interrupted_run_goes_on_where_it_stopped() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan(APPROVAL);
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let mut first = Fake::new(&clock);
    first.stop_after = Some(3);
    let Err(Halt::Interrupted(notes)) = go(&order(&plan, out.path()), &first, &clock) else {
        panic!("stopped")
    };
    assert_eq!(codes(&notes), ["BW-RUN-004"]);

    // A file damaged by a crash of the machine is collected again, and said to be.
    let journal = out.path().join(".run");
    let mut done: Vec<_> = std::fs::read_dir(&journal)
        .expect("a journal")
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("E-")))
        .collect();
    done.sort();
    assert!(!done.is_empty());
    std::fs::write(&done[0], "{\"key\": \"ht").expect("writable");

    let second = Fake::new(&clock);
    let gathered = go(&order(&plan, out.path()), &second, &clock).expect("the rest");
    assert_eq!(codes(&gathered.notes), ["BW-RUN-005"]);
    assert_eq!(
        second.keys().len(),
        usize::try_from(gathered.meta.items_planned).expect("few") - done.len() + 1
    );
    assert_eq!(gathered.evidence.len(), usize::try_from(gathered.meta.items_planned).expect("few"));
    gathered.sealed().expect("the journal goes");
    assert!(!journal.exists());
}

#[test]
fn two_runs_never_share_a_folder() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan(APPROVAL);
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let fake = Fake::new(&clock);
    let open = go(&order(&plan, out.path()), &fake, &clock).expect("a run");
    assert_eq!(codes(&refused(go(&order(&plan, out.path()), &fake, &clock))), ["BW-RUN-011"]);
    drop(open);
    // Not sealed: the journal is still there, and belongs to this plan alone.
    let other = crate::support::plan(&format!("domains = [\"example.gov.tw\"]\n{APPROVAL}"));
    assert_eq!(codes(&refused(go(&order(&other, out.path()), &fake, &clock))), ["BW-RUN-003"]);
}

#[test]
fn a_refused_target_is_named() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan(APPROVAL);
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let mut fake = Fake::new(&clock);
    fake.failing.insert("http:https://www.example.gov.tw/".into(), Code::OutOfScope);
    let gathered = go(&order(&plan, out.path()), &fake, &clock).expect("the others go on");
    assert_eq!(codes(&gathered.notes), ["BW-RUN-010"]);
    assert!(gathered.notes[0].what.zh_tw.contains("203.0.113.9"));
}

#[test]
fn repetitions_are_spread_and_wait_their_turn() {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan(&format!(
        "\n[[transaction]]\nname = \"t\"\nrepetitions = 4\n[[transaction.step]]\nurl = \"https://www.example.gov.tw/\"\n{APPROVAL}"
    ));
    let start = at("2026-11-25T22:00:00+08:00");
    let clock = FixedClock::new(start);
    let fake = Fake::new(&clock);
    go(&order(&plan, out.path()), &fake, &clock).expect("a run");
    let asked = fake.asked.lock().expect("no panic");
    // Four workers wait on one clock, so a repetition may start later than due, never earlier.
    let mut seen = 0;
    for (key, started) in asked.iter().filter(|(k, _)| k.starts_with("transaction:")) {
        let run: i64 = key.rsplit('#').next().and_then(|n| n.parse().ok()).expect("a repetition");
        let offset = started.duration_since(start).as_secs();
        assert!(offset >= (run - 1) * 15, "repetition {run} started after {offset} s");
        seen += 1;
    }
    assert_eq!(seen, 4);
    assert!(clock.now() >= at("2026-11-25T22:00:45+08:00"));
}
