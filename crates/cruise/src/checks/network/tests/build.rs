//! Plans and evidence made for tests of `network` and `vuln`.

use bulwark_model::Verdict;
use bulwark_probe::evidence::{
    Blob, Body, Dns, DnsExchange, DnsRole, Exchange, Http, MtaSts, Outcome, Phases, PortState, Ports, Record,
    Smtp, Tcp, TcpSample, TlsAnswer, TlsAttempt, TlsHandshake, TlsVersions,
};
use bulwark_probe::failure::{Code, Failure, Step};
use jiff::Timestamp;

use crate::check::{Case, Line, find, judge_one};
use crate::checks::sample::{assert_readable, bare_plan};
use crate::plan::{Host, Plan, PlanScope};

/// When all evidence is taken.
pub const NOW: &str = "2026-11-25T02:00:00Z";

/// Every kind of evidence.
pub const KINDS: &[&str] =
    &["dns", "tcp", "tls_versions", "tls_handshake", "http", "page", "ports", "smtp", "host", "tls_profile"];

pub fn now() -> Timestamp {
    NOW.parse().expect("a time")
}

pub fn plan() -> Plan {
    Plan {
        scope: PlanScope {
            domains: vec!["agency.gov.tw".into()],
            mail_domains: vec!["agency.gov.tw".into()],
            hosts: vec![Host {
                name: "www.agency.gov.tw".into(),
                written: "www.agency.gov.tw".into(),
                ports: vec![80, 443],
                tls_ports: vec![443],
                smtp_port: Some(25),
                ..Host::default()
            }],
            urls: vec!["https://www.agency.gov.tw/".parse().expect("a URL")],
            ..PlanScope::default()
        },
        ..bare_plan()
    }
}

/// Lines of one check over evidence. Every sentence must exist, be filled and read as Taiwanese.
pub fn judge(id: &str, plan: &Plan, bodies: Vec<Outcome>) -> Vec<Line> {
    let evidence: Vec<(String, Record)> = bodies
        .into_iter()
        .enumerate()
        .map(|(n, outcome)| {
            let (kind, subject) = match &outcome {
                Outcome::Collected(body) => (body.kind().to_owned(), "subject".to_owned()),
                Outcome::Failed(f) => {
                    let (kind, subject) = f.detail.split_once(' ').unwrap_or((f.detail.as_str(), "subject"));
                    (kind.to_owned(), subject.to_owned())
                }
            };
            let record = Record {
                key: format!("{kind}:{n}"),
                subject,
                started_at: now(),
                duration_ms: 1,
                tool: "test".into(),
                outcome,
            };
            (format!("E-{n:04}"), record)
        })
        .collect();
    let case = Case { plan, evidence: &evidence, planned_kinds: KINDS, taken_at: now() };
    let definition = find(id).unwrap_or_else(|| panic!("{id} is in the catalogue"));
    let lines = judge_one(definition, &case);
    assert!(!lines.is_empty(), "{id} says something");
    assert_readable(id, &lines);
    lines
}

/// The one line of a check, as verdict and sentence.
pub fn one(id: &str, plan: &Plan, bodies: Vec<Outcome>) -> (Verdict, String, Line) {
    let mut lines = judge(id, plan, bodies);
    assert_eq!(lines.len(), 1, "{id}: {lines:#?}");
    let line = lines.remove(0);
    (line.verdict, line.sentence.clone(), line)
}

/// Asserts verdict and sentence of the only line.
pub fn expect(id: &str, plan: &Plan, bodies: Vec<Outcome>, verdict: Verdict, sentence: &str) -> Line {
    let (v, s, line) = one(id, plan, bodies);
    assert_eq!((v, s.as_str()), (verdict, sentence), "{id}: {line:#?}");
    line
}

pub fn got(body: Body) -> Outcome {
    Outcome::Collected(Box::new(body))
}

/// A record that could not be collected: kind and subject go through the detail.
pub fn failed(kind: &str, subject: &str, code: Code) -> Outcome {
    Outcome::Failed(Failure::new(Step::Connect, code, format!("{kind} {subject}")))
}

pub fn failure(code: Code) -> Failure {
    Failure::new(Step::Connect, code, "192.0.2.1:1")
}

// ---- DNS -------------------------------------------------------------------------------------

/// Record data on the wire.
#[derive(Clone, Copy)]
pub enum Rd<'a> {
    A([u8; 4]),
    Aaaa([u16; 8]),
    Ns(&'a str),
    Cname(&'a str),
    Mx(u16, &'a str),
    Txt(&'a str),
    Soa(u32, [u32; 4]),
    Caa(u8, &'a str, &'a str),
}

fn wire_name(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.trim_end_matches('.').split('.').filter(|l| !l.is_empty()) {
        out.push(u8::try_from(label.len()).expect("short"));
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}

fn number(rtype: &str) -> u16 {
    match rtype {
        "A" => 1,
        "NS" => 2,
        "CNAME" => 5,
        "SOA" => 6,
        "MX" => 15,
        "TXT" => 16,
        "AAAA" => 28,
        "CAA" => 257,
        "AXFR" => 252,
        other => panic!("{other}"),
    }
}

fn rdata(data: &Rd<'_>) -> (u16, Vec<u8>) {
    match data {
        Rd::A(a) => (1, a.to_vec()),
        Rd::Aaaa(a) => (28, a.iter().flat_map(|s| s.to_be_bytes()).collect()),
        Rd::Ns(n) => (2, wire_name(n)),
        Rd::Cname(n) => (5, wire_name(n)),
        Rd::Mx(p, n) => (15, p.to_be_bytes().into_iter().chain(wire_name(n)).collect()),
        Rd::Txt(t) => {
            let parts = t.as_bytes().chunks(255);
            (
                16,
                parts
                    .flat_map(|c| {
                        std::iter::once(u8::try_from(c.len()).expect("255")).chain(c.iter().copied())
                    })
                    .collect(),
            )
        }
        Rd::Soa(serial, [refresh, retry, expire, minimum]) => {
            let mut out = wire_name("ns1.agency.gov.tw");
            out.extend(wire_name("hostmaster.agency.gov.tw"));
            for n in [serial, refresh, retry, expire, minimum] {
                out.extend(n.to_be_bytes());
            }
            (6, out)
        }
        Rd::Caa(flags, tag, value) => {
            let mut out = vec![*flags, u8::try_from(tag.len()).expect("short")];
            out.extend(tag.as_bytes());
            out.extend(value.as_bytes());
            (257, out)
        }
    }
}

/// A whole answer message.
pub fn message(name: &str, rtype: &str, rcode: u8, aa: bool, answers: &[(&str, Rd<'_>)]) -> Vec<u8> {
    let count = u16::try_from(answers.len()).expect("few");
    let mut out = vec![0, 7, if aa { 0x84 } else { 0x81 }, (if aa { 0 } else { 0x80 }) | rcode];
    for n in [1, count, 0, 0] {
        out.extend(n.to_be_bytes());
    }
    out.extend(wire_name(name));
    out.extend(number(rtype).to_be_bytes());
    out.extend([0, 1]);
    for (owner, data) in answers {
        let (kind, data) = rdata(data);
        out.extend(wire_name(owner));
        out.extend(kind.to_be_bytes());
        out.extend([0, 1]);
        out.extend(3600_u32.to_be_bytes());
        out.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        out.extend(data);
    }
    out
}

/// Evidence about `agency.gov.tw`, exchange by exchange.
pub struct Zone(Dns);

impl Zone {
    pub fn new() -> Self {
        Self(Dns {
            name: "agency.gov.tw".into(),
            apex: Some("agency.gov.tw".into()),
            exchanges: Vec::new(),
            mta_sts: None,
        })
    }

    pub fn named(name: &str, apex: Option<&str>) -> Self {
        Self(Dns { name: name.into(), apex: apex.map(str::to_owned), exchanges: Vec::new(), mta_sts: None })
    }

    pub fn ask(self, name: &str, rtype: &str, answers: &[Rd<'_>]) -> Self {
        self.ask_as(name, rtype, 0, &answers.iter().map(|d| (name, *d)).collect::<Vec<_>>())
    }

    pub fn ask_as(mut self, name: &str, rtype: &str, rcode: u8, answers: &[(&str, Rd<'_>)]) -> Self {
        self.0.exchanges.push(exchange(
            DnsRole::Recursive,
            None,
            "192.0.2.53:53",
            "udp",
            name,
            rtype,
            Ok(message(name, rtype, rcode, false, answers)),
        ));
        self
    }

    pub fn trouble(mut self, name: &str, rtype: &str, code: Code) -> Self {
        self.0.exchanges.push(exchange(
            DnsRole::Recursive,
            None,
            "192.0.2.53:53",
            "udp",
            name,
            rtype,
            Err(failure(code)),
        ));
        self
    }

    /// An answer of one of the zone's own servers to SOA.
    pub fn soa(
        mut self,
        server: &str,
        at: &str,
        transport: &str,
        answer: Result<(u8, bool, u32), Code>,
    ) -> Self {
        let zone = "agency.gov.tw";
        let answer = answer.map_err(failure).map(|(rcode, aa, serial)| {
            let soa = [(zone, Rd::Soa(serial, [86_400, 7_200, 3_600_000, 3_600]))];
            message(zone, "SOA", rcode, aa, if rcode == 0 { &soa } else { &[] })
        });
        self.0.exchanges.push(exchange(
            DnsRole::Authoritative,
            Some(server),
            at,
            transport,
            zone,
            "SOA",
            answer,
        ));
        self
    }

    /// Any exchange.
    pub fn with(mut self, exchange: DnsExchange) -> Self {
        self.0.exchanges.push(exchange);
        self
    }

    /// The fetched MTA-STS policy.
    pub fn policy(mut self, fetched: MtaSts) -> Self {
        self.0.mta_sts = Some(Box::new(fetched));
        self
    }

    pub fn done(self) -> Outcome {
        got(Body::Dns(self.0))
    }
}

pub fn exchange(
    role: DnsRole,
    server_name: Option<&str>,
    server: &str,
    transport: &str,
    name: &str,
    rtype: &str,
    answer: Result<Vec<u8>, Failure>,
) -> DnsExchange {
    DnsExchange {
        role,
        server_name: server_name.map(str::to_owned),
        server: server.into(),
        transport: transport.into(),
        name: name.into(),
        rtype: rtype.into(),
        rtt_us: 1_000,
        answer: answer.map(Blob),
    }
}

// ---- everything else -------------------------------------------------------------------------

pub fn tcp(host: &str, port: u16, samples: &[(&str, Result<u64, Code>)]) -> Outcome {
    let mut addresses: Vec<String> = samples.iter().map(|(a, _)| (*a).to_owned()).collect();
    addresses.dedup();
    let samples =
        samples.iter().map(|(a, r)| TcpSample { address: (*a).into(), rtt_us: r.map_err(failure) }).collect();
    got(Body::Tcp(Tcp { host: host.into(), port, addresses, samples }))
}

/// TLS attempts, oldest first: what the server did, `None` for a refusal by alert.
pub fn tls(attempts: &[(&str, Result<TlsAnswer, Failure>)]) -> Outcome {
    let attempts =
        attempts.iter().map(|(v, a)| TlsAttempt { version: (*v).into(), answer: a.clone() }).collect();
    got(Body::TlsVersions(TlsVersions {
        host: "www.agency.gov.tw".into(),
        address: "192.0.2.10".into(),
        port: 443,
        attempts,
    }))
}

#[expect(clippy::unnecessary_wraps, reason = "goes into a list of attempts")]
pub fn yes(version: u16, cipher: u16) -> Result<TlsAnswer, Failure> {
    Ok(TlsAnswer::Accepted { version, cipher, hello: Blob::default() })
}

#[expect(clippy::unnecessary_wraps, reason = "goes into a list of attempts")]
pub fn no() -> Result<TlsAnswer, Failure> {
    Ok(TlsAnswer::Alert { level: 2, description: 70 })
}

pub fn handshake(host: &str, chain: Vec<Vec<u8>>, trust_error: Option<&str>) -> Outcome {
    got(Body::TlsHandshake(TlsHandshake {
        host: host.into(),
        address: "192.0.2.10".into(),
        port: 443,
        version: "TLS 1.3".into(),
        cipher: "TLS13_AES_256_GCM_SHA384".into(),
        alpn: None,
        chain: chain.into_iter().map(Blob).collect(),
        trust_error: trust_error.map(str::to_owned),
        ocsp_stapled: false,
        trust_store: "system".into(),
        handshake_ms: 10,
    }))
}

pub fn hop(url: &str, status: u16, headers: &[(&str, &str)], body: &str) -> Exchange {
    Exchange {
        url: url.into(),
        method: "GET".into(),
        address: "192.0.2.10".into(),
        protocol: "HTTP/1.1".into(),
        status,
        headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
        body_bytes: body.len() as u64,
        decoded_bytes: body.len() as u64,
        body: body.into(),
        truncated: false,
        body_failure: None,
        phases: Phases::default(),
    }
}

pub fn http(hops: Vec<Exchange>, stopped: Option<Failure>) -> Outcome {
    let url = hops.first().map_or_else(|| "http://www.agency.gov.tw/".to_owned(), |h| h.url.clone());
    got(Body::Http(Http { url, hops, stopped }))
}

pub fn smtp(port: u16, banner: &str, ehlo: &[&str], starttls: Option<Result<String, Failure>>) -> Outcome {
    got(Body::Smtp(Smtp {
        host: "mail.agency.gov.tw".into(),
        address: "192.0.2.25".into(),
        port,
        banner: banner.into(),
        ehlo: ehlo.iter().map(|l| (*l).to_owned()).collect(),
        starttls,
        handshake: None,
    }))
}

pub fn ports(host: &str, open: &[(u16, &[u8])], closed: &[u16]) -> Outcome {
    let mut ports: Vec<PortState> = open
        .iter()
        .map(|(port, said)| PortState { port: *port, state: "open".into(), banner: Blob(said.to_vec()) })
        .chain(closed.iter().map(|port| PortState {
            port: *port,
            state: "closed".into(),
            banner: Blob::default(),
        }))
        .collect();
    ports.sort_by_key(|p| p.port);
    got(Body::Ports(Ports { host: host.into(), address: "192.0.2.10".into(), ports }))
}

/// Checks that hold for the texts of a domain: ids, titles, no unused key, Taiwanese usage.
pub fn texts_are_whole(domain: &str, sources: &[&str]) {
    let texts = crate::check::texts();
    let definitions: Vec<_> =
        crate::check::catalogue().into_iter().filter(|d| d.id.starts_with(&format!("{domain}."))).collect();
    assert!(definitions.len() >= 6);
    for definition in &definitions {
        assert_eq!(definition.domain().code(), domain);
        assert!(!definition.kinds.is_empty() && !definition.standard.is_empty());
        for part in ["title", "why", "remedy"] {
            let key = format!("{}.{part}", definition.id);
            let text = texts.get(&key).unwrap_or_else(|| panic!("{key}"));
            assert!(!text.zh_tw.trim().is_empty() && !text.en.trim().is_empty(), "{key}");
        }
    }
    for (key, text) in texts.iter().filter(|(k, _)| k.starts_with(&format!("{domain}."))) {
        let (id, sentence) = key.rsplit_once('.').expect("domain.check.sentence");
        assert!(definitions.iter().any(|d| d.id == id), "{key} belongs to no check");
        let used = matches!(sentence, "title" | "why" | "remedy")
            || sources.iter().any(|s| s.contains(&format!("\"{sentence}\"")));
        assert!(used, "{key} is used nowhere");
        let wrong = bulwark_i18n::wrong_usage(&text.zh_tw);
        assert!(wrong.is_empty(), "{key}: {wrong:?}");
    }
}
