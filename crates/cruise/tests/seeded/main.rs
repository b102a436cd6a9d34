//! Seeded faults: a clean target gives no finding, and each fault planted in it is found by the
//! check that is there for it. Real sockets on loopback, the real engine, no browser.
//!
//! `seeded faults DOMAIN: found N/N` and `false alarms: N` are printed for
//! `cargo xtask conformance checks`.

mod faults;
mod local;
mod world;

use std::collections::BTreeMap;

use bulwark_cruise::result::CruiseResult;
use faults::FAULTS;
use world::World;

/// Checks that found something, with what they said.
fn found(result: &CruiseResult) -> BTreeMap<String, String> {
    result.compared.open.iter().map(|f| (f.check.clone(), format!("{}: {}", f.asset, f.title.en))).collect()
}

#[test]
fn a_clean_target_is_clean_and_every_planted_fault_is_found() {
    let clean = found(&World::clean().check());
    let unexpected: Vec<_> =
        clean.iter().filter(|(check, _)| !world::UNAVOIDABLE.contains(&check.as_str())).collect();
    println!("false alarms: {}", unexpected.len());
    assert!(unexpected.is_empty(), "a clean target has findings: {unexpected:#?}");

    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut missed, mut strays) = (Vec::new(), Vec::new());
    for fault in FAULTS {
        let mut world = World::clean();
        (fault.plant)(&mut world);
        let result = found(&world.check());
        let domain = fault.check.split_once('.').expect("domain.name").0;
        let count = counts.entry(domain).or_default();
        count.1 += 1;
        if result.contains_key(fault.check) {
            count.0 += 1;
        } else {
            missed.push(format!("{} ({}): {result:#?}", fault.check, fault.name));
        }
        // A fault may show in other checks too, but only in those named for it.
        for (other, said) in &result {
            let known = other == fault.check
                || fault.also.contains(&other.as_str())
                || world::UNAVOIDABLE.contains(&other.as_str());
            if !known {
                strays.push(format!("{}: {other} alarms too: {said}", fault.name));
            }
        }
    }
    for (domain, (found, planted)) in local::counts(&mut missed) {
        let count = counts.entry(domain).or_default();
        count.0 += found;
        count.1 += planted;
    }
    for (domain, (found, planted)) in &counts {
        println!("seeded faults {domain}: found {found}/{planted}");
    }
    assert!(missed.is_empty() && strays.is_empty(), "missed: {missed:#?}\nstray alarms: {strays:#?}");
    assert_eq!(counts.len(), 7, "every domain has faults");
}
