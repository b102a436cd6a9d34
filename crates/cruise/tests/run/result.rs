//! Results: judged, sealed, opened, compared, judged again.

use bulwark_bundle::Key;
use bulwark_cruise::finding::Previous;
use bulwark_cruise::io;
use bulwark_cruise::result::CruiseResult;
use bulwark_cruise::run::run;
use bulwark_model::{Change, FixedClock, Severity};
use bulwark_probe::failure::Code;
use bulwark_probe::net::Stop;

use crate::support::{APPROVAL, Fake, at, order, plan};

const NOSNIFF: &str = "end_user.nosniff";
const PAGE_KEY: &str = "http:https://www.example.gov.tw/";

/// One run: with the header or without, or with the page out of reach.
fn result(fixed: bool, unreachable: bool, previous: Option<Previous>) -> CruiseResult {
    let out = tempfile::tempdir().expect("a folder");
    let plan = plan(APPROVAL);
    let clock = FixedClock::new(at("2026-11-25T22:00:00+08:00"));
    let mut fake = Fake::new(&clock);
    if fixed {
        fake.headers.push(("x-content-type-options".into(), "nosniff".into()));
    }
    if unreachable {
        fake.failing.insert(PAGE_KEY.into(), Code::TimedOut);
    }
    let gathered = run(&order(&plan, out.path()), &fake, &clock, &Stop::new(), &|_| {}).expect("a run");
    CruiseResult::judge(
        plan,
        gathered.meta.clone(),
        gathered.evidence.clone(),
        at("2026-11-25T23:00:00+08:00"),
        previous,
    )
}

fn change(result: &CruiseResult) -> Option<Change> {
    result.compared.open.iter().find(|f| f.check == NOSNIFF).and_then(|f| f.change)
}

#[test]
fn a_weakness_is_new_then_still_open_then_fixed_then_regressed() {
    let first = result(false, false, None);
    assert_eq!(change(&first), None, "no comparison in the first year");
    assert!(first.compared.open.iter().any(|f| f.check == NOSNIFF));

    let second = result(false, false, Some(first.as_previous()));
    assert_eq!(change(&second), Some(Change::StillOpen));
    assert!(second.compared.open.iter().all(|f| f.change == Some(Change::StillOpen)));

    let third = result(true, false, Some(second.as_previous()));
    let fixed: Vec<&str> = third.compared.fixed_now.iter().map(|f| f.check.as_str()).collect();
    assert_eq!(fixed, [NOSNIFF], "exactly this one");

    let fourth = result(false, false, Some(third.as_previous()));
    assert_eq!(change(&fourth), Some(Change::Regressed));
}

#[test]
fn what_could_not_be_tested_again_is_neither_fixed_nor_forgotten() {
    let first = result(false, false, None);
    let second = result(false, true, Some(first.as_previous()));
    assert!(second.compared.fixed_now.is_empty(), "silence is no fix");
    assert!(second.compared.not_retested.iter().any(|f| f.check == NOSNIFF));
    let third = result(false, false, Some(second.as_previous()));
    assert_eq!(change(&third), Some(Change::StillOpen), "it is remembered over the gap");
}

#[test]
fn a_sealed_result_opens_and_judges_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("result.bwr");
    let result = result(false, false, None);
    let key = Key::from_seed(&[7; 32]);
    let summary = io::seal(&result, &key, &path).expect("sealed");
    let opened = io::open(&path, Some(&result.plan)).expect("whole and of this plan");
    assert_eq!(opened.records, summary.manifest.records.len());
    assert_eq!(opened.evidence, result.evidence);
    assert_eq!(opened.left, result.as_previous());
    let again = CruiseResult::judge(opened.plan, opened.meta, opened.evidence, opened.judged_at, None);
    assert_eq!(again.lines, result.lines, "checks are functions of the evidence");
    // Same input, same bytes.
    let twin = folder.path().join("twin.bwr");
    io::seal(&again, &key, &twin).expect("sealed");
    assert_eq!(std::fs::read(&path).expect("file"), std::fs::read(&twin).expect("file"));
}

#[test]
fn another_plan_or_a_changed_byte_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("result.bwr");
    let result = result(false, false, None);
    io::seal(&result, &Key::from_seed(&[7; 32]), &path).expect("sealed");
    let other = plan(&format!("domains = [\"example.gov.tw\"]\n{APPROVAL}"));
    assert!(io::open(&path, Some(&other)).is_err());

    let mut bytes = std::fs::read(&path).expect("file");
    let needle = b"evidence/E-0001.json";
    let header = bytes.windows(needle.len()).rposition(|w| w == needle).expect("the record's header");
    bytes[header + 512 + 10] ^= 1;
    std::fs::write(&path, bytes).expect("writable");
    let notes = io::open(&path, None).expect_err("altered");
    assert!(notes[0].location.to_string().contains("evidence/E-0001.json"), "{notes:?}");
}

#[test]
fn severity_says_which_rule_decided_it() {
    let text = crate::support::plan_text(APPROVAL)
        .replace("security_level = \"medium\"", "security_level = \"high\"");
    let strict = bulwark_cruise::plan::read("p", &text, std::path::Path::new("/")).expect("a plan");
    let easy = result(false, false, None);
    let raised = CruiseResult::judge(strict, easy.meta.clone(), easy.evidence.clone(), easy.judged_at, None);
    let of = |r: &CruiseResult| r.compared.open.iter().find(|f| f.check == NOSNIFF).cloned().expect("found");
    let (low, high) = (of(&easy), of(&raised));
    assert!(
        high.severity > low.severity || low.severity == Severity::Advice,
        "{:?} {:?}",
        low.severity,
        high.severity
    );
    assert!(low.severity_rule.zh_tw.contains("預設嚴重度"), "{}", low.severity_rule.zh_tw);
    assert!(high.severity_rule.zh_tw.contains("提高一級"), "{}", high.severity_rule.zh_tw);
    assert_eq!(low.fingerprint, high.fingerprint, "the fingerprint does not depend on the rating");
}
