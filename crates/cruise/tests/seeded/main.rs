//! Seeded faults: a clean target gives no finding, and each fault planted in it is found by the
//! check that is there for it. Faults that servers on loopback can have go through real sockets and
//! the real engine (no browser); the others are planted in stored evidence and judged again.
//!
//! `seeded faults DOMAIN: found N/N` and `false alarms: N` are printed for
//! `cargo xtask conformance checks`.

#[macro_use]
mod fault;

mod faults;
mod front;
mod local;
mod stored;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bulwark_cruise::check;
use bulwark_cruise::result::CruiseResult;
use fault::Fault;
use stored::Stored;
use world::World;

/// Checks without a planted fault, and why. Every other check of the catalogue has one.
const NOT_PLANTED: &[(&str, &str)] = &[
    ("network.tls-hybrid", "tells whether post-quantum groups are offered; judges nothing"),
    ("end_user.http3", "tells whether HTTP/3 is offered; judges nothing"),
    ("db_io.slow-statements", "shows where the time goes; judges nothing"),
    ("db_io.mysql-slow-statements", "shows where the time goes; judges nothing"),
    ("vuln.package-inventory", "counts packages; judges nothing without a list of weaknesses"),
];
/// Faults every domain has at least.
const LEAST: usize = 8;

/// What the checks found, with what they said.
type Found = BTreeMap<String, String>;

fn found(result: &CruiseResult) -> Found {
    result.compared.open.iter().map(|f| (f.check.clone(), format!("{}: {}", f.asset, f.title.en))).collect()
}

/// How planting went.
#[derive(Default)]
struct Tally {
    /// Found and planted by domain.
    counts: BTreeMap<&'static str, (usize, usize)>,
    covered: BTreeSet<&'static str>,
    missed: Vec<String>,
    /// Alarms that the fault does not explain.
    strays: Vec<String>,
}

impl Tally {
    fn add<T>(&mut self, fault: &Fault<T>, result: &Found, unavoidable: &[&str]) {
        self.covered.insert(fault.check);
        let count = self.counts.entry(fault.domain()).or_default();
        count.1 += 1;
        if result.contains_key(fault.check) {
            count.0 += 1;
        } else {
            self.missed.push(format!("{} ({}): {result:#?}", fault.check, fault.name));
        }
        // A fault may show in other checks too, but only in those named for it.
        for (other, said) in result {
            if !fault.explains(other) && !unavoidable.contains(&other.as_str()) {
                self.strays.push(format!("{}: {other} alarms too: {said}", fault.name));
            }
        }
    }

    fn add_stored(&mut self, clean: &Stored, faults: &[Fault<Stored>]) {
        for fault in faults {
            self.add(fault, &clean.faulty(fault).found(), &[]);
        }
    }
}

/// Plants every fault of the target on loopback; a few targets at a time, for each waits for itself.
fn plant_in_targets(tally: &Mutex<Tally>) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(fault) = faults::FAULTS.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut world = World::clean();
            (fault.plant)(&mut world);
            let result = found(&world.check());
            tally.lock().expect("no panic while counting").add(fault, &result, world::UNAVOIDABLE);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(work);
        }
    });
}

#[test]
fn a_clean_target_is_clean_and_every_planted_fault_is_found() {
    let clean = World::clean().check();
    let mut alarms: Vec<String> = found(&clean)
        .into_iter()
        .filter(|(check, _)| !world::UNAVOIDABLE.contains(&check.as_str()))
        .map(|(check, said)| format!("{check}: {said}"))
        .collect();
    let target = front::clean(Stored {
        plan: clean.plan.clone(),
        records: clean.evidence.clone(),
        taken_at: clean.meta.finished_at,
    });
    let (outside, signed, machine) =
        (front::from_outside(target.clone()), front::signed("good.test"), local::clean());
    for stored in [&target, &outside, &signed, &machine] {
        alarms.extend(stored.found().into_iter().map(|(check, said)| format!("{check}: {said}")));
    }
    println!("false alarms: {}", alarms.len());
    assert!(alarms.is_empty(), "a clean target has findings: {alarms:#?}");

    let tally = Mutex::new(Tally::default());
    plant_in_targets(&tally);
    let mut tally = tally.into_inner().expect("no panic while counting");
    tally.add_stored(&target, front::FAULTS);
    tally.add_stored(&outside, front::OUTSIDE);
    tally.add_stored(&signed, front::SIGNED);
    tally.add_stored(&machine, local::FAULTS);

    for (domain, (found, planted)) in &tally.counts {
        println!("seeded faults {domain}: found {found}/{planted}");
    }
    let Tally { counts, covered, missed, strays } = tally;
    assert!(missed.is_empty() && strays.is_empty(), "missed: {missed:#?}\nstray alarms: {strays:#?}");
    assert!(counts.len() == 7 && counts.values().all(|(_, planted)| *planted >= LEAST), "{counts:?}");
    let all: BTreeSet<&str> = check::catalogue().iter().map(|d| d.id).collect();
    let excused: BTreeSet<&str> = NOT_PLANTED.iter().map(|(id, _)| *id).collect();
    let bare: Vec<&&str> = all.iter().filter(|id| !covered.contains(*id) && !excused.contains(*id)).collect();
    assert!(bare.is_empty(), "checks that no planted fault tries: {bare:?}");
    assert!(excused.is_disjoint(&covered) && excused.is_subset(&all), "NOT_PLANTED is out of date");
}
