//! Tests of the checks of `network`.

pub(in crate::checks) mod build;
mod certs;
mod delegation;
mod mail_policy;
mod names;
mod paths;
mod profile;
mod profile_certs;
mod signed;

use bulwark_model::Verdict;
use bulwark_probe::evidence::{Blob, Body, Dns, DnsExchange, DnsRole, Tcp, TcpSample};
use bulwark_probe::failure::Code;

use super::CHECKS;
use build::{Zone, failed, got, handshake, hop, http, judge, plan, smtp, texts_are_whole};

#[test]
fn texts_are_whole_and_used() {
    let sources = [
        include_str!("../zone.rs"),
        include_str!("../mail.rs"),
        include_str!("../policy.rs"),
        include_str!("../reach.rs"),
        include_str!("../tls.rs"),
        include_str!("../cert.rs"),
        include_str!("../cert_paths.rs"),
        include_str!("../tls_profile.rs"),
        include_str!("../web.rs"),
        include_str!("../delegation.rs"),
        include_str!("../dnssec.rs"),
        include_str!("../mail_policy.rs"),
    ];
    texts_are_whole("network", &sources);
    assert!(CHECKS.len() >= 36);
}

#[test]
fn without_evidence_nothing_is_tested() {
    for check in CHECKS {
        let lines = judge(check.id, &plan(), Vec::new());
        assert!(lines.iter().all(|l| l.verdict == Verdict::NotTested), "{}", check.id);
    }
}

#[test]
fn a_plan_without_targets_says_so() {
    let mut plan = plan();
    plan.scope = crate::plan::PlanScope::default();
    for id in
        ["network.ns-count", "network.caa", "network.mx-present", "network.spf", "network.smtp-starttls"]
    {
        let lines = judge(id, &plan, Vec::new());
        assert_eq!(lines[0].sentence, "common.no_target", "{id}");
    }
}

#[test]
fn records_that_failed_are_errors_not_failures() {
    for check in CHECKS {
        for kind in check.kinds {
            // For the redirect check an HTTPS URL is no target, for HSTS a plain one is none.
            let url = if check.id == "network.hsts" { "https://a.tw/" } else { "http://a.tw/" };
            let lines = judge(check.id, &plan(), vec![failed(kind, url, Code::TimedOut)]);
            let verdicts: Vec<Verdict> = lines.iter().map(|l| l.verdict).collect();
            assert!(verdicts.contains(&Verdict::Error), "{} {kind}: {verdicts:?}", check.id);
            assert!(!verdicts.contains(&Verdict::Fail), "{} {kind}", check.id);
        }
    }
}

#[test]
fn hostile_evidence_does_not_panic() {
    let long = "\u{202e}<script>\0".repeat(5_000);
    let garbage: Vec<Vec<u8>> =
        vec![vec![], vec![0xff; 700], vec![0x30, 0x82, 0xff, 0xff], (0..=255).collect()];
    let dns = |answer: &[u8]| {
        let mut exchanges = Vec::new();
        for role in [DnsRole::Recursive, DnsRole::Authoritative] {
            for rtype in ["NS", "SOA", "MX", "TXT", "CAA", "A", "AAAA", "\0"] {
                for name in ["agency.gov.tw", "_dmarc.agency.gov.tw", ""] {
                    exchanges.push(DnsExchange {
                        role,
                        server_name: Some(long.clone()),
                        server: long.clone(),
                        transport: long.clone(),
                        name: name.into(),
                        rtype: rtype.into(),
                        rtt_us: u64::MAX,
                        answer: Ok(Blob(answer.to_vec())),
                    });
                }
            }
        }
        got(Body::Dns(Dns {
            name: "agency.gov.tw".into(),
            apex: Some("agency.gov.tw".into()),
            exchanges,
            mta_sts: None,
        }))
    };
    let headers = [
        ("strict-transport-security", long.as_str()),
        ("location", long.as_str()),
        ("server", long.as_str()),
    ];
    let mut all = vec![
        http(vec![hop(&long, 301, &headers, &long)], None),
        http(vec![hop("http://www.agency.gov.tw/", 301, &headers, &long)], None),
        http(vec![hop("https://www.agency.gov.tw/", 65_535, &headers, &long)], None),
        smtp(0, &long, &[&long], None),
        handshake(&long, Vec::new(), Some(&long)),
        got(Body::Tcp(Tcp {
            host: long.clone(),
            port: 0,
            addresses: vec![long.clone()],
            samples: vec![
                TcpSample { address: long.clone(), rtt_us: Ok(u64::MAX) },
                TcpSample { address: "::ffff:192.0.2.1".into(), rtt_us: Ok(u64::MAX) },
                TcpSample { address: "192.0.2.1".into(), rtt_us: Ok(0) },
            ],
        })),
        Zone::named(&long, None).done(),
    ];
    all.extend(garbage.iter().map(|g| dns(g)));
    all.extend(garbage.into_iter().map(|g| handshake("www.agency.gov.tw", vec![g.clone(), g], None)));
    let mut plan = plan();
    plan.scope.mail_domains.push(long);
    for check in CHECKS {
        judge(check.id, &plan, all.clone());
    }
}
