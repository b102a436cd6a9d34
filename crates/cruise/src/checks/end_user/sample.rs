//! Plans and evidence for tests of the domains `architecture`, `function` and `end_user`.

use bulwark_i18n::wrong_usage;
use bulwark_model::{Severity, SystemClass, Verdict};
use bulwark_probe::evidence::{
    Blob, Body, Browser, Dns, DnsExchange, DnsRole, Exchange, Http, Outcome, Page, Phases, Record, Resource,
};
use bulwark_probe::failure::{Code, Failure, Step};
use bulwark_probe::scope::Vantage;
use jiff::Timestamp;

use crate::check::{Case, Definition, Line, find, judge_one, texts};
use crate::checks::sample::{assert_readable, bare_plan};
use crate::plan::{Answer, AnswerValue, Background, Location, Plan, PlanScope, System};

pub const NOW: &str = "2026-11-25T02:00:00Z";

pub fn now() -> Timestamp {
    NOW.parse().expect("a time")
}

/// A plan with one URL, looked at from the Internet, everything known.
pub fn plan() -> Plan {
    let some = || Some("已填".to_owned());
    Plan {
        system: System {
            name: "戶政查詢系統".into(),
            agency: "示範機關".into(),
            class: SystemClass::Critical,
            background: Background {
                business_item: some(),
                stakeholder: some(),
                security_level: some(),
                circuit: some(),
                datacenter_location: some(),
                server_kind: some(),
                os: some(),
                operator: some(),
                vendor: some(),
            },
            ..bare_plan().system
        },
        location: Location { vantage: Vantage::Internet, ..Location::default() },
        scope: PlanScope {
            urls: vec!["https://www.a.gov.tw/".parse().expect("a URL")],
            domains: vec!["a.gov.tw".into()],
            mail_domains: vec!["a.gov.tw".into()],
            ..PlanScope::default()
        },
        ..bare_plan()
    }
}

pub fn answer(value: AnswerValue) -> Answer {
    Answer { value, note: "說明".into(), on: None, evidence: Vec::new() }
}

pub fn record(key: &str, outcome: Outcome) -> Record {
    Record {
        key: key.into(),
        subject: key.split_once(':').map_or(key, |(_, s)| s).into(),
        started_at: now(),
        duration_ms: 40,
        tool: "test".into(),
        outcome,
    }
}

pub fn got(key: &str, body: Body) -> Record {
    record(key, Outcome::Collected(Box::new(body)))
}

pub fn lost(key: &str, code: Code) -> Record {
    record(key, Outcome::Failed(failure(code)))
}

pub fn failure(code: Code) -> Failure {
    Failure::new(Step::Connect, code, "detail")
}

/// An answer 200 of type HTML.
pub fn exchange(url: &str, headers: &[(&str, &str)], body: &str) -> Exchange {
    let mut all: Vec<(String, String)> =
        headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    if !headers.iter().any(|(n, _)| *n == "content-type") {
        all.push(("content-type".into(), "text/html; charset=utf-8".into()));
    }
    Exchange {
        url: url.into(),
        method: "GET".into(),
        address: "203.0.113.5:443".into(),
        protocol: "HTTP/1.1".into(),
        status: 200,
        headers: all,
        body_bytes: body.len() as u64,
        decoded_bytes: body.len() as u64,
        body: body.into(),
        truncated: false,
        body_failure: None,
        phases: Phases {
            resolve_us: 0,
            connect_us: 1000,
            tls_us: 2000,
            processing_us: 20_000,
            transfer_us: 500,
        },
    }
}

pub fn with_status(mut x: Exchange, status: u16) -> Exchange {
    x.status = status;
    x
}

pub fn http(hops: Vec<Exchange>) -> Http {
    Http { url: hops.first().map(|x| x.url.clone()).unwrap_or_default(), hops, stopped: None }
}

pub fn http_record(hops: Vec<Exchange>) -> Record {
    let http = http(hops);
    got(&format!("http:{}", http.url), Body::Http(http))
}

pub fn page_record(hops: Vec<Exchange>, resources: Vec<Resource>) -> Record {
    let page = http(hops);
    got(&format!("page:{}", page.url), Body::Page(Page { page, resources, skipped: 0 }))
}

/// A fetched sub-resource of so many bytes.
pub fn resource(url: &str, role: &str, headers: &[(&str, &str)], bytes: u64) -> Resource {
    let mut x = exchange(url, headers, "");
    x.body_bytes = bytes;
    x.decoded_bytes = bytes;
    Resource { url: url.into(), role: role.into(), answer: Ok(x) }
}

pub fn browser(url: &str) -> Browser {
    Browser {
        url: url.into(),
        product: "Chromium 140".into(),
        lcp_ms: Some(1200.0),
        fcp_ms: Some(900.0),
        cls: 0.02,
        ttfb_ms: Some(120.0),
        load_ms: Some(1500.0),
        requests: 12,
        refused: Vec::new(),
        console_errors: Vec::new(),
        screenshot: Blob::default(),
    }
}

pub enum Rd<'a> {
    A([u8; 4]),
    Aaaa(&'a str),
    Ns(&'a str),
    Mx(u16, &'a str),
}

/// One question to the resolver with its answer as a DNS message (RFC 1035 §4.1).
pub fn dns_exchange(name: &str, rtype: &str, answers: &[Rd<'_>]) -> DnsExchange {
    let number = |t: &str| match t {
        "NS" => 2_u16,
        "MX" => 15,
        "AAAA" => 28,
        _ => 1,
    };
    let mut m = vec![0, 1, 0x81, 0x80, 0, 1, 0, u8::try_from(answers.len()).expect("few"), 0, 0, 0, 0];
    let put = |m: &mut Vec<u8>, name: &str| {
        for label in name.split('.').filter(|l| !l.is_empty()) {
            m.push(u8::try_from(label.len()).expect("short"));
            m.extend(label.as_bytes());
        }
        m.push(0);
    };
    put(&mut m, name);
    m.extend(number(rtype).to_be_bytes());
    m.extend([0, 1]);
    for rd in answers {
        let mut data = Vec::new();
        let rtype = match rd {
            Rd::A(a) => {
                data.extend(a);
                "A"
            }
            Rd::Aaaa(a) => {
                data.extend(a.parse::<std::net::Ipv6Addr>().expect("an address").octets());
                "AAAA"
            }
            Rd::Ns(host) => {
                put(&mut data, host);
                "NS"
            }
            Rd::Mx(preference, host) => {
                data.extend(preference.to_be_bytes());
                put(&mut data, host);
                "MX"
            }
        };
        put(&mut m, name);
        m.extend(number(rtype).to_be_bytes());
        m.extend([0, 1, 0, 0, 1, 0]);
        m.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        m.extend(data);
    }
    DnsExchange {
        role: DnsRole::Recursive,
        server_name: None,
        server: "192.0.2.53:53".into(),
        transport: "udp".into(),
        name: name.into(),
        rtype: rtype.into(),
        rtt_us: 900,
        answer: Ok(Blob(m)),
    }
}

pub fn dns_record(name: &str, exchanges: Vec<DnsExchange>) -> Record {
    got(
        &format!("dns:{name}"),
        Body::Dns(Dns { name: name.into(), apex: Some(name.into()), exchanges, mta_sts: None }),
    )
}

const KINDS: &[&str] = &[
    "dns",
    "tcp",
    "tls_handshake",
    "http",
    "page",
    "paths",
    "transaction",
    "ports",
    "time",
    "browser",
    "host",
    "answer",
];

/// Judges with one check; every line is held against the rules of texts.
pub fn run(id: &str, plan: &Plan, records: Vec<Record>) -> Vec<Line> {
    let definition = find(id).unwrap_or_else(|| panic!("no check {id}"));
    let evidence: Vec<(String, Record)> =
        records.into_iter().enumerate().map(|(i, r)| (format!("E-{i:04}"), r)).collect();
    let case = Case { plan, evidence: &evidence, planned_kinds: KINDS, taken_at: now() };
    let lines = judge_one(definition, &case);
    assert!(!lines.is_empty(), "{id} wrote nothing");
    assert_readable(id, &lines);
    lines
}

/// Judges and expects exactly these verdicts with their sentences, in any order of lines.
pub fn expect(id: &str, plan: &Plan, records: Vec<Record>, expected: &[(Verdict, &str)]) -> Vec<Line> {
    let lines = run(id, plan, records);
    let mut found: Vec<(Verdict, &str)> = lines.iter().map(|l| (l.verdict, l.sentence.as_str())).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{id}: {lines:#?}");
    lines
}

/// The severities of the lines that are findings.
pub fn severities(lines: &[Line]) -> Vec<Severity> {
    lines.iter().filter(|l| matches!(l.verdict, Verdict::Fail | Verdict::Warn)).map(|l| l.severity).collect()
}

/// What every domain must keep: ids, texts in both languages, no unused text, Taiwan's words.
pub fn assert_domain(domain: &str, checks: &[Definition], sources: &[&str], zh_tw: &str) {
    let code = sources.concat();
    for d in checks {
        assert!(d.id.starts_with(&format!("{domain}.")), "{}", d.id);
        assert_eq!(d.domain().code(), domain);
        for what in ["title", "why", "remedy"] {
            let text =
                texts().get(&format!("{}.{what}", d.id)).unwrap_or_else(|| panic!("{} has no {what}", d.id));
            assert!(!text.zh_tw.trim().is_empty() && !text.en.trim().is_empty(), "{}.{what} is empty", d.id);
        }
        assert!(!d.standard.is_empty() && !d.kinds.is_empty(), "{}", d.id);
    }
    for (key, text) in texts().iter() {
        let Some(rest) = key.strip_prefix(&format!("{domain}.")) else { continue };
        let (check, sentence) = rest.split_once('.').expect("check.sentence");
        assert!(checks.iter().any(|d| d.id == format!("{domain}.{check}")), "texts of no check: {key}");
        if !["title", "why", "remedy"].contains(&sentence) {
            assert!(code.contains(&format!("\"{sentence}\"")), "unused text {key}");
        }
        assert_eq!(wrong_usage(&text.zh_tw), Vec::<String>::new(), "{key}");
        assert_eq!(spacing(&text.zh_tw), None, "{key}");
    }
    // Sentences of the remedies must not be one endless line.
    assert!(zh_tw.lines().all(|l| l.chars().count() < 260), "a line of zh-TW.toml is too long");
}

/// The first place where Han touches Latin or digits without a space.
fn spacing(s: &str) -> Option<String> {
    let chars: Vec<char> = s.chars().collect();
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    chars
        .windows(2)
        .find(|w| (han(w[0]) && w[1].is_ascii_alphanumeric()) || (w[0].is_ascii_alphanumeric() && han(w[1])))
        .map(|w| w.iter().collect())
}
