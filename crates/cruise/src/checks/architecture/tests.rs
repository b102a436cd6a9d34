use bulwark_model::Severity;
use bulwark_model::Verdict::{self, Error, Fail, Info, Manual, NotApplicable, NotTested, Pass, Warn};
use bulwark_probe::evidence::{
    Blob, Body, DnsExchange, FileFact, Files, Host, Listener, PortState, Ports, Postgres, Record, Tcp,
    TimeOffset,
};
use bulwark_probe::failure::Code;
use bulwark_probe::scope::Vantage;

use crate::check::Line;
use crate::checks::end_user::sample::{
    Rd, answer, assert_domain, dns_exchange, dns_record, exchange, expect, got, http_record, lost, plan, run,
    severities,
};
use crate::plan::{self, AnswerValue, Plan};

const WEB: &str = "www.a.gov.tw";

fn one(id: &str, plan: &Plan, records: Vec<Record>, verdict: Verdict, sentence: &str) -> Line {
    expect(id, plan, records, &[(verdict, sentence)]).remove(0)
}

fn tcp(host: &str, addresses: &[&str]) -> Record {
    let addresses = addresses.iter().map(|a| (*a).to_owned()).collect();
    got(
        &format!("tcp:{host}:443"),
        Body::Tcp(Tcp { host: host.into(), port: 443, addresses, samples: vec![] }),
    )
}

fn inside() -> Plan {
    let mut plan = plan();
    plan.location.vantage = Vantage::Inside;
    plan
}

#[test]
fn ids_and_texts_are_complete() {
    assert_domain(
        "architecture",
        super::CHECKS,
        &[
            include_str!("clock.rs"),
            include_str!("exposure.rs"),
            include_str!("record.rs"),
            include_str!("single.rs"),
        ],
        include_str!("zh-TW.toml"),
    );
}

#[test]
fn without_evidence_nothing_fails() {
    let mut empty = plan();
    empty.scope.urls.clear();
    for d in super::CHECKS {
        for line in run(d.id, &empty, vec![]) {
            assert!(matches!(line.verdict, NotTested | NotApplicable | Pass), "{}: {line:?}", d.id);
        }
    }
}

#[test]
fn our_trouble_is_an_error() {
    for (id, key) in [
        ("architecture.single-address", "tcp:www.a.gov.tw:443"),
        ("architecture.single-ns", "dns:a.gov.tw"),
        ("architecture.single-mx", "dns:a.gov.tw"),
        ("architecture.db-port-exposed", "ports:www.a.gov.tw"),
        ("architecture.admin-port-exposed", "ports:www.a.gov.tw"),
        ("architecture.time-offset", "time:www.a.gov.tw:123"),
        ("architecture.time-sync", "host:self"),
    ] {
        one(id, &plan(), vec![lost(key, Code::TimedOut)], Error, "common.failed");
    }
    // Another host's trouble is not this check's.
    let records =
        vec![tcp(WEB, &["203.0.113.5", "203.0.113.6"]), lost("tcp:mail.a.gov.tw:25", Code::TimedOut)];
    one("architecture.single-address", &plan(), records, Pass, "pass");
}

#[test]
fn one_address_is_a_single_point() {
    let id = "architecture.single-address";
    let line = one(id, &plan(), vec![tcp(WEB, &["203.0.113.5"])], Fail, "single");
    assert_eq!((line.severity, line.asset.as_str()), (Severity::Medium, WEB));
    assert!(line.message.zh_tw.contains("203.0.113.5"));
    one(id, &plan(), vec![tcp(WEB, &["203.0.113.5", "198.51.100.5"])], Pass, "pass");
    // IPv4 and IPv6 of one machine are no redundancy; a mapped address is the same address.
    one(id, &plan(), vec![tcp(WEB, &["203.0.113.5", "2001:db8::5"])], Warn, "one_each");
    one(id, &plan(), vec![tcp(WEB, &["203.0.113.5", "::ffff:203.0.113.5"])], Fail, "single");
    // DNS evidence alone is enough.
    let a = dns_exchange(WEB, "A", &[Rd::A([203, 0, 113, 5]), Rd::A([203, 0, 113, 6])]);
    one(id, &plan(), vec![dns_record(WEB, vec![a])], Pass, "pass");
    let mut declared = plan();
    declared.answers.insert("redundant-server".into(), answer(AnswerValue::Yes));
    one(id, &declared, vec![tcp(WEB, &["203.0.113.5"])], Warn, "virtual");
    let mut literal = plan();
    literal.scope.urls = vec!["https://203.0.113.5/".parse().expect("a URL")];
    one(id, &literal, vec![], NotApplicable, "literal");
    one(id, &plan(), vec![], NotTested, "common.not_reached");
}

/// A zone with its name servers and their addresses.
fn zone(servers: &[(&str, &[Rd<'_>])]) -> Vec<Record> {
    let names: Vec<Rd<'_>> = servers.iter().map(|(n, _)| Rd::Ns(n)).collect();
    let mut all = vec![dns_exchange("a.gov.tw", "NS", &names)];
    all.extend(servers.iter().flat_map(|(n, a)| hosts(n, a)));
    vec![dns_record("a.gov.tw", all)]
}

fn hosts(name: &str, addresses: &[Rd<'_>]) -> Vec<DnsExchange> {
    let of = |rtype: &str| {
        let fits = |a: &&Rd<'_>| matches!((rtype, a), ("A", Rd::A(_)) | ("AAAA", Rd::Aaaa(_)));
        let kept: Vec<Rd<'_>> = addresses
            .iter()
            .filter(fits)
            .map(|a| match a {
                Rd::Aaaa(a) => Rd::Aaaa(a),
                Rd::A(a) => Rd::A(*a),
                Rd::Ns(n) => Rd::Ns(n),
                Rd::Mx(p, n) => Rd::Mx(*p, n),
            })
            .collect();
        dns_exchange(name, rtype, &kept)
    };
    vec![of("A"), of("AAAA")]
}

#[test]
fn name_servers_must_be_two_machines() {
    let id = "architecture.single-ns";
    let line = one(id, &plan(), zone(&[("ns1.a.gov.tw", &[Rd::A([203, 0, 113, 1])])]), Fail, "single");
    assert_eq!((line.asset.as_str(), line.severity), ("a.gov.tw", Severity::Medium));
    let two =
        zone(&[("ns1.a.gov.tw", &[Rd::A([203, 0, 113, 1])]), ("ns2.a.gov.tw", &[Rd::A([198, 51, 100, 1])])]);
    let line = one(id, &plan(), two, Pass, "pass");
    assert!(line.excerpt.contains("ns2.a.gov.tw (198.51.100.1)"), "{}", line.excerpt);
    let same = zone(&[
        ("ns1.a.gov.tw", &[Rd::A([203, 0, 113, 1]), Rd::Aaaa("2001:db8::1")]),
        ("ns2.a.gov.tw", &[Rd::A([203, 0, 113, 1])]),
    ]);
    one(id, &plan(), same, Fail, "one_address");
    // An address that is not known proves nothing.
    let half = zone(&[("ns1.a.gov.tw", &[Rd::A([203, 0, 113, 1])]), ("ns2.b.tw", &[])]);
    one(id, &plan(), half, Pass, "pass");
    one(id, &plan(), zone(&[]), NotTested, "unknown");
    let mut silent = dns_exchange("a.gov.tw", "NS", &[]);
    silent.answer = Err(crate::checks::end_user::sample::failure(Code::TimedOut));
    one(id, &plan(), vec![dns_record("a.gov.tw", vec![silent])], Error, "common.failed");
}

fn mail(hosts_of: &[(&str, &[Rd<'_>])]) -> Vec<Record> {
    let names: Vec<Rd<'_>> = hosts_of.iter().map(|(n, _)| Rd::Mx(10, n)).collect();
    let mut all = vec![dns_exchange("a.gov.tw", "MX", &names)];
    all.extend(hosts_of.iter().flat_map(|(n, a)| hosts(n, a)));
    vec![dns_record("a.gov.tw", all)]
}

#[test]
fn mail_hosts() {
    let id = "architecture.single-mx";
    let first: &[Rd<'_>] = &[Rd::A([203, 0, 113, 9])];
    let line = one(id, &plan(), mail(&[("mx1.a.gov.tw", first)]), Fail, "single");
    assert_eq!(line.severity, Severity::Low);
    one(id, &plan(), mail(&[("mx1.a.gov.tw", &[])]), Warn, "single");
    // One name of a mail provider with many addresses.
    let many: &[Rd<'_>] = &[Rd::A([203, 0, 113, 9]), Rd::A([203, 0, 113, 10])];
    one(id, &plan(), mail(&[("mx.provider.tw", many)]), Pass, "pass");
    one(id, &plan(), mail(&[("mx1.a.gov.tw", first), ("mx2.a.gov.tw", first)]), Fail, "one_address");
    one(id, &plan(), mail(&[("mx1.a.gov.tw", first), ("mx2.b.tw", &[])]), Pass, "pass");
    one(id, &plan(), mail(&[(".", &[])]), NotApplicable, "null_mx");
    one(id, &plan(), mail(&[]), NotApplicable, "no_mx");
    let mut none = plan();
    none.scope.mail_domains.clear();
    one(id, &none, vec![], NotApplicable, "no_mail");
    let mut silent = dns_exchange("a.gov.tw", "MX", &[]);
    silent.answer = Ok(Blob(vec![1, 2, 3]));
    one(id, &plan(), vec![dns_record("a.gov.tw", vec![silent])], Error, "common.failed");
}

#[test]
fn one_prefix_is_one_circuit() {
    let id = "architecture.shared-prefix";
    let with = |ns: [u8; 4]| {
        let mut all = zone(&[("ns1.a.gov.tw", &[Rd::A(ns)])]);
        all.push(tcp(WEB, &["203.0.113.5", "2001:db8:1:2::5"]));
        all
    };
    let line = one(id, &plan(), with([203, 0, 113, 200]), Warn, "shared");
    assert!(line.message.en.contains("203.0.113.0/24, 2001:db8:1::/48"), "{}", line.message.en);
    assert_eq!((line.severity, line.evidence.len()), (Severity::Low, 2));
    one(id, &plan(), with([198, 51, 100, 1]), Pass, "pass");
    let mut local = zone(&[("ns1.a.gov.tw", &[Rd::A([127, 0, 0, 1])])]);
    local.push(tcp(WEB, &["10.0.0.5"]));
    one(id, &plan(), local, NotApplicable, "private");
    one(id, &plan(), vec![tcp(WEB, &["203.0.113.5"])], NotTested, "too_little");
}

fn ports(host: &str, address: &str, states: &[(u16, &str)]) -> Record {
    let ports = states
        .iter()
        .map(|(port, state)| PortState {
            port: *port,
            state: (*state).into(),
            banner: Blob(b"SSH-2.0-x".to_vec()),
        })
        .collect();
    got(&format!("ports:{host}"), Body::Ports(Ports { host: host.into(), address: address.into(), ports }))
}

#[test]
fn database_ports_by_where_we_look_from() {
    let id = "architecture.db-port-exposed";
    let of = |state| vec![ports(WEB, "203.0.113.5", &[(443, "open"), (5432, state)])];
    let line = one(id, &plan(), of("open"), Fail, "open");
    assert_eq!((line.asset.as_str(), line.severity), ("www.a.gov.tw:5432", Severity::High));
    assert!(line.message.en.contains("PostgreSQL"));
    one(id, &plan(), of("filtered"), Pass, "pass");
    let line = one(id, &inside(), of("open"), Fail, "beside_web");
    assert_eq!(line.severity, Severity::Medium);
    let db = vec![ports("db.a.gov.tw", "10.0.0.9", &[(5432, "open")])];
    one(id, &inside(), db, Info, "inside");
    one(id, &inside(), vec![ports(WEB, "127.0.0.1", &[(5432, "open")])], NotApplicable, "loopback");
    one(id, &plan(), vec![ports(WEB, "203.0.113.5", &[(443, "open")])], NotTested, "none_tried");
    // A port the plan's database uses counts, whatever its number.
    let pg = Postgres {
        name: "主資料庫".into(),
        server: "www.a.gov.tw:15432/app".into(),
        version_num: 150_000,
        tls: true,
        connect_ms: 3,
        queries: std::collections::BTreeMap::new(),
    };
    let records =
        vec![ports(WEB, "203.0.113.5", &[(15432, "open")]), got("postgres:主資料庫", Body::Postgres(pg))];
    one(id, &plan(), records, Fail, "open");
    let all: Vec<(u16, &str)> = (5425..5440).map(|p| (p, "open")).collect();
    let mut record = ports(WEB, "203.0.113.5", &all);
    if let bulwark_probe::evidence::Outcome::Collected(body) = &mut record.outcome
        && let Body::Ports(p) = body.as_mut()
    {
        p.ports.iter_mut().for_each(|p| p.banner = Blob::default());
    }
    one(id, &plan(), vec![record.clone()], Manual, "all_open");
    one("architecture.admin-port-exposed", &plan(), vec![record], Manual, "all_open");
}

fn host(change: impl FnOnce(&mut Host)) -> Vec<Record> {
    let mut h = Host { hostname: "db1".into(), ..Host::default() };
    change(&mut h);
    vec![got("host:self", Body::Host(Box::new(h)))]
}

fn listener(address: &str, port: u16) -> Listener {
    Listener { protocol: "tcp".into(), address: address.into(), port, process: Some("postgres".into()) }
}

#[test]
fn listening_sockets_of_this_machine() {
    let id = "architecture.db-port-exposed";
    let line = one(
        id,
        &inside(),
        host(|h| h.listeners = vec![listener("0.0.0.0", 5432), listener("::", 5432)]),
        Warn,
        "every_interface",
    );
    assert_eq!((line.asset.as_str(), line.severity), ("db1:5432", Severity::Low));
    one(
        id,
        &inside(),
        host(|h| h.listeners = vec![listener("127.0.0.1", 5432), listener("0.0.0.0", 443)]),
        Pass,
        "listeners_pass",
    );
}

#[test]
fn administration_ports_from_the_internet() {
    let id = "architecture.admin-port-exposed";
    let lines = expect(
        id,
        &plan(),
        vec![ports(WEB, "203.0.113.5", &[(22, "open"), (3389, "open"), (8080, "closed")])],
        &[(Fail, "open"), (Fail, "open")],
    );
    assert_eq!(severities(&lines), [Severity::Medium, Severity::High]);
    assert!(lines[0].excerpt.contains("22/tcp open"), "{}", lines[0].excerpt);
    one(id, &plan(), vec![ports(WEB, "203.0.113.5", &[(22, "filtered"), (8080, "closed")])], Pass, "pass");
    one(id, &plan(), vec![ports(WEB, "203.0.113.5", &[(443, "open")])], NotTested, "none_tried");
    one(id, &inside(), vec![ports(WEB, "10.0.0.1", &[(22, "open")])], NotTested, "inside");
    one(id, &plan(), vec![ports(WEB, "203.0.113.5", &[(22, "closed"), (8443, "open")])], Fail, "open");
    // A declared web service on 8443 is a service.
    let mut declared = plan();
    declared.scope.hosts = vec![plan::Host { name: WEB.into(), ports: vec![8443], ..plan::Host::default() }];
    one(id, &declared, vec![ports(WEB, "203.0.113.5", &[(22, "closed"), (8443, "open")])], Pass, "pass");
}

fn time(host: &str, offset_ms: i64, uncertainty_ms: u64, stratum: u8) -> Record {
    got(
        &format!("time:{host}:123"),
        Body::Time(TimeOffset {
            host: host.into(),
            method: "ntp".into(),
            offset_ms,
            uncertainty_ms,
            stratum: Some(stratum),
        }),
    )
}

fn dated(host: &str, date: &str, extra: &[(&str, &str)]) -> Record {
    let mut headers = vec![("date", date)];
    headers.extend(extra);
    http_record(vec![exchange(&format!("https://{host}/"), &headers, "x")])
}

#[test]
fn ntp_offsets_beyond_doubt() {
    let id = "architecture.time-offset";
    one(id, &plan(), vec![time("a", 900, 5, 2)], Pass, "pass");
    let line = one(id, &plan(), vec![time("a", -1300, 5, 2)], Warn, "off");
    assert!(line.message.en.contains("-1.3 s") && line.message.en.contains("NTP"), "{}", line.message.en);
    one(id, &plan(), vec![time("a", 5600, 5, 2)], Fail, "off");
    // A slow line makes a large offset uncertain.
    one(id, &plan(), vec![time("a", 5600, 5000, 2)], Pass, "pass");
    one(id, &plan(), vec![time("a", 10, 5, 16)], Warn, "unsynchronised");
    one(id, &plan(), vec![time("a", i64::MIN, u64::MAX, 2)], Pass, "pass");
}

#[test]
fn http_dates_are_whole_seconds_and_may_be_stored() {
    let id = "architecture.time-offset";
    // The evidence is of 02:00:00 to 02:00:00.040.
    one(id, &plan(), vec![dated("a", "Wed, 25 Nov 2026 02:00:00 GMT", &[])], Pass, "pass");
    one(id, &plan(), vec![dated("a", "Wed, 25 Nov 2026 01:59:55 GMT", &[])], Pass, "pass");
    one(id, &plan(), vec![dated("a", "Wed, 25 Nov 2026 01:59:30 GMT", &[])], Warn, "off");
    let line = one(id, &plan(), vec![dated("a", "Wed, 25 Nov 2026 02:02:00 GMT", &[])], Fail, "off");
    assert_eq!((line.asset.as_str(), line.severity), ("a", Severity::Medium));
    assert!(line.excerpt.contains("02:02:00 GMT"));
    // A stored answer of an hour ago.
    one(id, &plan(), vec![dated("a", "Wed, 25 Nov 2026 01:00:00 GMT", &[("age", "3600")])], Pass, "pass");
    // NTP of the same host is better.
    let both = vec![dated("a", "Wed, 25 Nov 2026 02:02:00 GMT", &[]), time("a", 3, 1, 2)];
    one(id, &plan(), both, Pass, "pass");
    // Without any date nothing is said.
    one(
        id,
        &plan(),
        vec![http_record(vec![exchange("https://a/", &[], "x")])],
        NotTested,
        "common.nothing_to_judge",
    );
}

#[test]
fn our_own_clock_is_doubted_first() {
    let id = "architecture.time-offset";
    let mut records = host(|h| h.clock_synchronised = Some(false));
    records.push(time("a", 9000, 1, 2));
    one(id, &plan(), records, Manual, "ours");
    let all = ["a", "b", "c"].map(|h| time(h, 120_000, 1, 2)).to_vec();
    expect(id, &plan(), all, &[(Manual, "ours"); 3]);
    let two_of_three = vec![time("a", 120_000, 1, 2), time("b", 120_000, 1, 2), time("c", 0, 1, 2)];
    expect(id, &plan(), two_of_three, &[(Fail, "off"), (Fail, "off"), (Pass, "pass")]);
}

#[test]
fn this_machine_keeps_its_time() {
    let id = "architecture.time-sync";
    let of = |state, service: Option<&str>| {
        host(|h| {
            h.clock_synchronised = state;
            h.processes = service.into_iter().map(str::to_owned).collect();
        })
    };
    one(id, &plan(), of(Some(true), Some("chronyd")), Pass, "pass");
    one(id, &plan(), of(Some(true), None), Pass, "pass");
    one(id, &plan(), of(Some(false), Some("systemd-timesyn")), Warn, "not_yet");
    let line = one(id, &plan(), of(Some(false), None), Fail, "none");
    assert_eq!((line.asset.as_str(), line.severity), ("db1", Severity::Medium));
    one(id, &plan(), of(None, Some("ntpd")), Pass, "service_only");
    one(id, &plan(), of(None, Some("xchronyd")), Manual, "unknown");
}

#[test]
fn nine_facts() {
    let id = "architecture.background-record";
    one(id, &plan(), vec![], Pass, "pass");
    let mut partial = plan();
    partial.system.background.circuit = None;
    partial.system.background.vendor = Some("  ".into());
    let line = one(id, &partial, vec![], Warn, "missing");
    assert!(line.message.zh_tw.contains("7／9") && line.message.zh_tw.contains("資訊傳輸電路、維運廠商"));
    assert_eq!(line.severity, Severity::Advice);
    partial.system.background = plan::Background::default();
    let line = one(id, &partial, vec![], Warn, "missing");
    assert!(!line.message.zh_tw.contains("（-）") && line.message.zh_tw.contains("0／9"));
}

fn answered(question: &str, value: AnswerValue, on: Option<&str>) -> Plan {
    let mut plan = plan();
    let mut given = answer(value);
    given.on = on.map(|d| d.parse().expect("a date"));
    given.evidence = vec!["/evidence/drill.pdf".into()];
    plan.answers.insert(question.into(), given);
    plan
}

fn evidence_file() -> Vec<Record> {
    let fact =
        FileFact { path: "drill.pdf".into(), bytes: 9, modified_s: 0, mode: 0, sha256: Some("ab".into()) };
    vec![got(
        "files:/evidence/drill.pdf",
        Body::Files(Files {
            path: "/evidence/drill.pdf".into(),
            files: vec![fact],
            skipped: 0,
            mount: None,
            unread: vec![],
        }),
    )]
}

#[test]
fn answers_of_people() {
    for (id, question) in [
        ("architecture.redundant-power", "redundant-power"),
        ("architecture.redundant-circuit", "redundant-circuit"),
        ("architecture.redundant-server", "redundant-server"),
        ("architecture.failover-tested", "failover-tested"),
        ("architecture.diagram-current", "architecture-diagram"),
    ] {
        assert_eq!(plan::QUESTIONS.iter().find(|q| q.id == question).map(|q| q.check), Some(id));
        let day = Some("2026-06-01");
        let line =
            one(id, &answered(question, AnswerValue::Yes, day), evidence_file(), Pass, "common.answer_yes");
        assert_eq!(line.evidence, ["E-0000"]);
        one(id, &answered(question, AnswerValue::Yes, day), vec![], Manual, "common.answer_evidence_missing");
        one(id, &answered(question, AnswerValue::No, None), vec![], Fail, "common.answer_no");
        one(id, &answered(question, AnswerValue::Partial, None), vec![], Warn, "common.answer_partial");
        one(id, &answered(question, AnswerValue::Unknown, None), vec![], Manual, "common.answer_unknown");
        one(
            id,
            &answered(question, AnswerValue::NotApplicable, None),
            vec![],
            NotApplicable,
            "common.answer_not_applicable",
        );
        one(id, &plan(), vec![], NotTested, "common.not_reached");
    }
}

#[test]
fn old_drills_and_diagrams() {
    for (id, question) in [
        ("architecture.failover-tested", "failover-tested"),
        ("architecture.diagram-current", "architecture-diagram"),
    ] {
        let yes = |on| answered(question, AnswerValue::Yes, on);
        // The evidence is of 2026-11-25 in Taipei: 365 days before is still good.
        one(id, &yes(Some("2025-11-25")), evidence_file(), Pass, "common.answer_yes");
        let line = one(id, &yes(Some("2025-11-24")), evidence_file(), Warn, "old");
        assert!(line.message.en.contains("366 days"), "{}", line.message.en);
        one(id, &yes(None), evidence_file(), Manual, "no_day");
        one(id, &yes(Some("2026-11-26")), evidence_file(), Manual, "future");
    }
}

#[test]
fn hostile_evidence_is_survived() {
    let long = "\u{0}é{1host}".repeat(2000);
    let mut record = time("x", i64::MAX, 0, 0);
    record.duration_ms = u64::MAX;
    let mut dated = dated("a", "Fri, 31 Dec 9999 23:59:59 GMT", &[("age", "9223372036854775807")]);
    dated.duration_ms = u64::MAX;
    let mut broken = dns_exchange("a.gov.tw", "NS", &[]);
    broken.answer = Ok(Blob(vec![0xff; 600]));
    broken.server_name = Some(long.clone());
    broken.server = long.clone();
    let records = vec![
        record,
        dated,
        dns_record("a.gov.tw", vec![broken]),
        tcp(&long, &[&long, "", "999.1.1.1"]),
        tcp(WEB, &["x"]),
        ports(&long, &long, &[(5432, "open"), (22, "open"), (0, "")]),
        lost("tcp", Code::Refused),
        lost("dns:x", Code::Refused),
    ];
    for d in super::CHECKS {
        let mut all = records.clone();
        all.extend(host(|h| {
            h.hostname = "é".into();
            h.listeners = vec![listener(&long, 5432), listener("", 0)];
            h.processes = vec![long.clone()];
        }));
        run(d.id, &plan(), all);
    }
}
