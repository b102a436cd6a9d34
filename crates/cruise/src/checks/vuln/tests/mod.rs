//! Tests of the checks of `vuln`.

mod host;
mod outside;

use bulwark_model::Verdict;
use bulwark_probe::evidence::{Body, Host, Listener, Package};
use bulwark_probe::failure::Code;

use super::CHECKS;
use crate::checks::network::tests::build::{
    failed, got, hop, http, judge, plan, ports, smtp, texts_are_whole,
};

#[test]
fn texts_are_whole_and_used() {
    let sources = [
        include_str!("../debug_endpoints.rs"),
        include_str!("../hardening.rs"),
        include_str!("../pages.rs"),
        include_str!("../products.rs"),
        include_str!("../services.rs"),
        include_str!("../system.rs"),
    ];
    texts_are_whole("vuln", &sources);
    assert_eq!(CHECKS.len(), 11);
}

#[test]
fn without_evidence_nothing_is_tested() {
    for check in CHECKS {
        let lines = judge(check.id, &plan(), Vec::new());
        assert!(lines.iter().all(|l| l.verdict == Verdict::NotTested), "{}", check.id);
    }
}

#[test]
fn records_that_failed_are_errors_not_failures() {
    for check in CHECKS {
        for kind in check.kinds {
            let lines = judge(check.id, &plan(), vec![failed(kind, "subject", Code::TimedOut)]);
            assert!(lines.iter().all(|l| l.verdict == Verdict::Error), "{} {kind}: {lines:?}", check.id);
        }
    }
}

#[test]
fn hostile_evidence_does_not_panic() {
    let long = "\u{202e}\0{host}/9.9.".repeat(3_000);
    let headers =
        [("server", long.as_str()), ("x-powered-by", "/ / /1."), ("x-aspnet-version", long.as_str())];
    let host = Host {
        hostname: long.clone(),
        os_release: long.clone(),
        kernel: long.clone(),
        uptime_s: u64::MAX,
        listeners: vec![Listener {
            protocol: "tcp".into(),
            address: long.clone(),
            port: 0,
            process: Some(long.clone()),
        }],
        packages: vec![Package { manager: long.clone(), name: long.clone(), version: long.clone() }],
        settings: [("sshd.permitrootlogin".to_owned(), long.clone()), (long.clone(), long.clone())].into(),
        packages_changed_s: Some(i64::MIN),
        unread: vec![long.clone(); 50],
        ..Host::default()
    };
    let all = [
        http(vec![hop(&long, 200, &headers, &long)], None),
        http(vec![hop("https://a.tw/", 200, &headers, &long)], None),
        http(Vec::new(), None),
        smtp(0, &long, &[&long], None),
        ports(&long, &[(0, &[0xff; 256]), (23, b"\0\0\0\0\x0a"), (65_535, long.as_bytes())], &[]),
        got(Body::Host(Box::new(host))),
    ];
    for check in CHECKS {
        let mut plan = plan();
        plan.scope.hosts[0].name = long.clone();
        // Values from the wire are shown as they are, braces and all: `judge` would call them unfilled.
        let evidence: Vec<_> = all.iter().map(strip_braces).collect();
        judge(check.id, &plan, evidence);
    }
}

/// The same evidence without braces.
fn strip_braces(outcome: &bulwark_probe::evidence::Outcome) -> bulwark_probe::evidence::Outcome {
    let text = serde_json::to_string(outcome).expect("JSON").replace("{host}", "host");
    serde_json::from_str(&text).expect("the same")
}
