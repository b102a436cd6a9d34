//! Faults in what a run brought back from the clean target, for servers that cannot be had in a
//! test: other TLS stacks, IPv6, weak keys, signed zones. The evidence is that of a real run; what a
//! modern site has and a site on loopback lacks (HTTP/2, IPv6, a parent zone) is added to it.

use std::net::{Ipv6Addr, SocketAddr};

use bulwark_probe::evidence::{
    Blob, Body, Dns, DnsExchange, DnsRole, Dnssec, Exchange, Http, HttpVariant, HttpVariants, Mount, MtaSts,
    Outcome, Phases, PortState, Ports, Smtp, TcpSample, TlsAnswer, TlsHandshake, TlsProbe, TlsProfile,
    Transaction,
};
use bulwark_probe::scope::Vantage;

use super::stored::{Stored, plan_of};

faults! { FAULTS in Stored;
    "name servers without IPv6" => "network.ns-ipv6", also "network.delegation-consistent":
        names_without_ipv6;
    "no IPv6" => "network.ipv6": |s| for tcp in s.tcp() {
        tcp.addresses.retain(|a| !a.contains(':'));
        tcp.samples.retain(|a| !a.address.contains(':'));
    };
    "connections take 300 ms" => "network.rtt": |s| for sample in &mut s.tcp().next().expect("a port").samples {
        sample.rtt_us = Ok(300_000);
    };
    "a port that was not profiled chooses 3DES" => "network.tls-cipher": |s| {
        s.profiles().for_each(|p| p.probes.clear());
        for attempt in s.versions().flat_map(|v| &mut v.attempts) {
            if let Ok(TlsAnswer::Accepted { cipher, .. }) = &mut attempt.answer {
                *cipher = 0x000a;
            }
        }
    };
    "RC4" => "network.tls-suites", also "network.tls-server-order":
        |s| ask(s, "suite", &[0x0005], &Flight { suite: 0x0005, ..GOOD });
    "a curve of 192 bits" => "network.tls-groups":
        |s| ask(s, "group", &[0xc030], &Flight { group: 0x13, ..GOOD });
    "Diffie-Hellman with 1024 bits" => "network.tls-dh-size", also "network.tls-suites" "network.tls-server-order":
        |s| ask(s, "suite", &[0x009e], &Flight { suite: 0x009e, dh_bits: 1024, ..GOOD });
    "the client's order counts, and CBC is among it" => "network.tls-server-order", also "network.tls-suites": |s| {
        ask(s, "suite", &[0xc013], &Flight { suite: 0xc013, ..GOOD });
        forget(s, "order");
        ask(s, "order", &[0xc030, 0xc013], &GOOD);
        ask(s, "order", &[0xc013, 0xc030], &Flight { suite: 0xc013, ..GOOD });
    };
    "renegotiation is not secured" => "network.tls-renegotiation":
        |s| ask(s, "suite", &[0xc030], &Flight { extensions: MASTER_SECRET, ..GOOD });
    "the master secret is not extended" => "network.tls-ems":
        |s| ask(s, "suite", &[0xc030], &Flight { extensions: RENEGOTIATION, ..GOOD });
    "compression is on" => "network.tls-compression": |s| {
        forget(s, "compression");
        ask(s, "compression", &[0xc030], &Flight { compression: 1, ..GOOD });
    };
    "early data is taken" => "network.tls-early-data": |s| for profile in s.profiles() {
        let session = profile.session.as_mut().expect("asked").as_mut().expect("answered");
        session.early_data_bytes = 16_384;
    };
    "a marked fallback goes through" => "network.tls-fallback": |s| {
        // The mark of RFC 8446 §4.1.3 would do instead.
        for profile in s.profiles() {
            profile.probes.retain(|p| p.version != TLS_12);
        }
        ask(s, "suite", &[0xc030], &GOOD);
        ask(s, "fallback", &[0xc030, 0x5600], &GOOD);
    };
    "signatures with SHA-1" => "network.tls-signature":
        |s| ask(s, "signature", &[0xc030], &Flight { scheme: 0x0201, ..GOOD });
    "a key of 1024 bits" => "network.cert-strength",
        also "network.cert-name" "network.cert-chain" "network.cert-expiry" "network.cert-paths":
        |s| {
            let weak = include_bytes!("../../src/checks/network/tests/rsa1024-sha1.der");
            s.handshakes().for_each(|h| h.chain = vec![Blob(weak.to_vec())]);
        };
    "the parent names another server" => "network.delegation-consistent":
        |s| delegate(zone(s), &["ns1.clean.test", "ns9.clean.test"]);
    "the zone is given to anybody" => "network.axfr-refused": |s| {
        let dns = zone(s);
        let soa = dns.exchanges.iter().find(|x| x.rtype == "SOA" && x.role == DnsRole::Authoritative);
        let soa = soa.expect("asked").answer.clone();
        for x in dns.exchanges.iter_mut().filter(|x| x.rtype == "AXFR") {
            x.answer.clone_from(&soa);
            // The question comes back as it was asked.
            let bytes = &mut x.answer.as_mut().expect("answered").0;
            let kind = 12 + wire("clean.test").len();
            bytes[kind..kind + 2].copy_from_slice(&AXFR.to_be_bytes());
        }
    };
    "the name servers do not know EDNS" => "network.edns": |s| {
        let own = |x: &&mut DnsExchange| x.role == DnsRole::Authoritative && x.rtype == "SOA";
        for x in zone(s).exchanges.iter_mut().filter(own) {
            let bytes = &mut x.answer.as_mut().expect("answered").0;
            // The OPT record stands last and is 11 bytes long.
            bytes.truncate(bytes.len() - 11);
            bytes[11] -= 1;
        }
    };
    "the mail policy forgets a mail host" => "network.mta-sts": |s| {
        let fetched = zone(s).mta_sts.as_mut().expect("announced");
        let file = fetched.policy.as_mut().expect("fetched").hops.last_mut().expect("a hop");
        file.body = file.body.replace("mx: *.clean.test", "mx: mx1.clean.test");
    };

    "web and mail in one public network" => "architecture.shared-prefix",
        also "network.ns-ipv6" "network.delegation-consistent": |s| {
        names_without_ipv6(s);
        for address in s.tcp().flat_map(|t| &mut t.addresses) {
            *address = address.replace(MAIL_NETWORK, WEB_NETWORK);
        }
    };
    "telnet" => "vuln.risky-services", also "vuln.undeclared-services": |s| open(s, 23);

    "the handshake takes most of the time" => "function.phase-breakdown":
        |s| for x in s.transactions().flat_map(answers) {
            x.phases.tls_us = 300_000;
        };
    "one run in ten is slow" => "function.stability": |s| {
        s.transactions().flat_map(answers).next().expect("a run").phases.processing_us = 390_000;
    };

    "HTTP/1.1 only" => "end_user.http2": |s| s.handshakes().for_each(|h| h.alpn = None);
    "IPv6 leads to an error page" => "end_user.ipv6-parity": |s| way(s, "ipv6").status = 404;
    "gzip to browsers that take Brotli" => "end_user.compression-modern": |s| {
        let headers = &mut way(s, "encodings").headers;
        headers.retain(|(name, _)| name != "content-encoding");
        headers.push(("content-encoding".into(), "gzip".into()));
    };
}

faults! { OUTSIDE in Stored;
    "remote desktop for the world" => "architecture.admin-port-exposed",
        also "vuln.undeclared-services" "vuln.risky-services": |s| open(s, 3389);
    "a database for the world" => "architecture.db-port-exposed", also "vuln.undeclared-services":
        |s| open(s, 3306);
}

faults! { SIGNED in Stored;
    "a signature has run out" => "network.dnssec-state", also "network.dnssec-signature-life":
        |s| *s = signed("expired.test");
    "a signature ends within two days" => "network.dnssec-signature-life": |s| *s = signed("soon.test");
    "signed with SHA-1" => "network.dnssec-algorithm": |s| *s = signed("sha1.test");
    "a certificate that fits no TLSA record" => "network.dane": |s| {
        let other = include_bytes!("../../src/checks/network/tests/rsa2048-sha1.der").to_vec();
        let mail = s.smtp().next().expect("a mail host");
        mail.handshake.as_mut().expect("encrypted").chain = vec![Blob(other)];
    };
}

const WEB_NETWORK: &str = "2001:db8:80::";
const NS1: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0x53);
const NS2: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 0x53);
const MAIL_NETWORK: &str = "2001:db8:25::";

// ---- the clean target --------------------------------------------------------------------------

/// A real run over the clean target, as a target with HTTP/2 and IPv6 would have answered.
pub fn clean(mut s: Stored) -> Stored {
    // No signed root is above a zone on loopback; signed zones follow below.
    s.records.retain(|(_, r)| !r.key.starts_with("dnssec:"));
    s.handshakes().for_each(|h| h.alpn = Some("h2".into()));
    even_runs(&mut s);
    half_full_disks(&mut s);
    send_compressed(&mut s);
    answer_both_families(&mut s);
    publish_mail_policy(&mut s);
    for tcp in s.tcp() {
        let address = format!("{}{}", if tcp.host.starts_with("mx") { MAIL_NETWORK } else { WEB_NETWORK }, 7);
        tcp.samples.iter_mut().filter(|a| a.rtt_us.is_ok()).for_each(|a| a.rtt_us = Ok(900));
        let good = TcpSample { address: address.clone(), rtt_us: Ok(900) };
        tcp.samples.extend(vec![good; 10]);
        tcp.addresses.push(address);
    }
    for dns in s.dns() {
        let own = |name: &str| match name {
            "ns1.clean.test" => Some(NS1),
            "ns2.clean.test" => Some(NS2),
            _ => None,
        };
        let mut more = Vec::new();
        for x in &mut dns.exchanges {
            if x.rtype == "AAAA"
                && let Some(address) = own(&x.name)
            {
                x.answer =
                    Ok(Blob(message(&x.name, AAAA, &[(&x.name, AAAA, address.octets().to_vec())], &[])));
            }
            let server = x.server_name.as_deref().and_then(own);
            if x.role == DnsRole::Authoritative
                && let Some(address) = server
            {
                more.push(DnsExchange { server: SocketAddr::from((address, 53)).to_string(), ..x.clone() });
            }
        }
        dns.exchanges.extend(more);
    }
    delegate(zone(&mut s), &["ns1.clean.test", "ns2.clean.test"]);
    s
}

/// Disks with room: how full those of the test machine are is no fact of the target.
fn half_full_disks(s: &mut Stored) {
    for (_, record) in &mut s.records {
        let Outcome::Collected(body) = &mut record.outcome else { continue };
        let mounts: Vec<&mut Mount> = match body.as_mut() {
            Body::Host(host) => host.mounts.iter_mut().collect(),
            Body::Files(files) => files.mount.iter_mut().collect(),
            _ => continue,
        };
        for mount in mounts {
            mount.free_bytes = mount.total_bytes / 2;
            mount.free_inodes = mount.total_inodes / 2;
        }
    }
}

/// Ten runs of the transaction that all took as long: how busy the test machine was is no fact of the target.
fn even_runs(s: &mut Stored) {
    let phases =
        Phases { resolve_us: 200, connect_us: 300, tls_us: 5_000, processing_us: 20_000, transfer_us: 500 };
    s.transactions().flat_map(answers).for_each(|x| x.phases = phases);
    let runs: Vec<_> = s.records.iter().filter(|(_, r)| r.key.starts_with("transaction:")).cloned().collect();
    for (n, (_, mut record)) in runs.into_iter().enumerate() {
        let Outcome::Collected(body) = &mut record.outcome else { continue };
        let Body::Transaction(again) = body.as_mut() else { continue };
        again.run = u32::try_from(6 + n).expect("few");
        record.key = format!("transaction:{}#{}", again.name, again.run);
        s.records.push((format!("E-{:04}", s.records.len() + 1), record));
    }
}

/// A style sheet of some size, and everything in Brotli.
fn send_compressed(s: &mut Stored) {
    let brotli = || ("content-encoding".to_owned(), "br".to_owned());
    for page in s.pages() {
        for x in
            page.resources.iter_mut().filter(|r| r.role == "style").filter_map(|r| r.answer.as_mut().ok())
        {
            x.decoded_bytes = 40_000;
            x.headers.push(brotli());
        }
    }
    way(s, "encodings").headers.push(brotli());
}

/// The page over IPv4 and IPv6.
fn answer_both_families(s: &mut Stored) {
    let ways = page(s);
    let plain = ways.variants.iter().find(|v| v.name == "plain").expect("asked").clone();
    for name in ["ipv4", "ipv6"] {
        ways.variants.push(HttpVariant { name: name.into(), ..plain.clone() });
    }
}

/// The policy file of MTA-STS, whose port belongs to nobody in a test.
fn publish_mail_policy(s: &mut Stored) {
    let handshake = s.handshakes().next().expect("a handshake").clone();
    let mut file = way(s, "plain").clone();
    file.url = "https://mta-sts.clean.test/.well-known/mta-sts.txt".into();
    file.status = 200;
    file.body = "version: STSv1\r\nmode: enforce\r\nmx: *.clean.test\r\nmax_age: 1209600\r\n".into();
    let policy = Http { url: file.url.clone(), hops: vec![file], stopped: None };
    zone(s).mta_sts = Some(Box::new(MtaSts { policy: Ok(policy), handshake: Ok(handshake) }));
}

/// What a server of the parent zone says, with the addresses of the name servers.
fn delegate(dns: &mut Dns, names: &[&str]) {
    let servers: Vec<_> = names.iter().map(|n| ("clean.test", NS, wire(n))).collect();
    let glue = [
        ("ns1.clean.test", A, vec![127, 0, 53, 1]),
        ("ns1.clean.test", AAAA, NS1.octets().to_vec()),
        ("ns2.clean.test", A, vec![127, 1, 53, 1]),
        ("ns2.clean.test", AAAA, NS2.octets().to_vec()),
    ];
    dns.exchanges.retain(|x| x.role != DnsRole::Parent);
    dns.exchanges.push(DnsExchange {
        role: DnsRole::Parent,
        server_name: Some("a.test".into()),
        server: "192.0.2.1:53".into(),
        transport: "udp".into(),
        name: "clean.test".into(),
        rtype: "NS".into(),
        rtt_us: 100,
        answer: Ok(Blob(message("clean.test", NS, &servers, &glue))),
    });
}

/// The same target as seen from the Internet.
pub fn from_outside(mut s: Stored) -> Stored {
    s.plan.location.vantage = Vantage::Internet;
    s.ports().for_each(|p| p.address = "203.0.113.80".into());
    s
}

/// A signed zone with a mail host, as the tests of the checks recorded it.
pub fn signed(zone: &str) -> Stored {
    let all: Vec<Dnssec> =
        serde_json::from_str(include_str!("../../src/checks/network/tests/signed.json")).expect("a fixture");
    let chain = all.into_iter().find(|d| d.zone == zone).expect("in the fixture");
    let plan = plan_of(&format!(
        "domains = [\"{zone}\"]\nmail_domains = [\"{zone}\"]\n[[scope.host]]\nname = \"mail.{zone}\"\nsmtp_port = 25\n"
    ));
    let host = format!("mail.{zone}");
    let handshake = TlsHandshake {
        host: host.clone(),
        address: "192.0.2.25".into(),
        port: 25,
        version: "TLS 1.3".into(),
        cipher: "TLS13_AES_256_GCM_SHA384".into(),
        alpn: None,
        chain: vec![Blob(include_bytes!("../../src/checks/network/tests/rsa2048.der").to_vec())],
        trust_error: None,
        ocsp_stapled: false,
        trust_store: "system".into(),
        handshake_ms: 1,
    };
    let smtp = Smtp {
        host,
        address: "192.0.2.25".into(),
        port: 25,
        banner: "220 mail".into(),
        ehlo: vec!["STARTTLS".into()],
        starttls: Some(Ok("TLS 1.3".into())),
        handshake: Some(handshake),
    };
    // The day on which the zones were signed for the tests.
    let taken_at = "2026-11-25T02:00:00Z".parse().expect("a time");
    Stored { plan, records: Vec::new(), taken_at }
        .with(zone, Body::Dnssec(chain))
        .with("mail", Body::Smtp(smtp))
}

fn zone(s: &mut Stored) -> &mut Dns {
    s.dns().find(|d| d.name == "clean.test").expect("the zone")
}

fn page(s: &mut Stored) -> &mut HttpVariants {
    s.variants().find(|v| v.url.starts_with("https://")).expect("the page")
}

/// The last answer of one way of asking for the page.
fn way<'s>(s: &'s mut Stored, name: &str) -> &'s mut Exchange {
    let way = page(s).variants.iter_mut().find(|v| v.name == name).expect("asked");
    way.answer.as_mut().expect("answered").hops.last_mut().expect("a hop")
}

fn answers(t: &mut Transaction) -> impl Iterator<Item = &mut Exchange> {
    t.steps.iter_mut().filter_map(|step| step.answer.as_mut().ok())
}

/// Opens a port of the web server.
fn open(s: &mut Stored, port: u16) {
    let Ports { ports, .. } = s.ports().find(|p| p.host == "www.clean.test").expect("looked at");
    let state = ports.iter_mut().find(|p| p.port == port).expect("tried");
    *state = PortState { port, state: "open".into(), banner: Blob(b"hello".to_vec()) };
}

fn names_without_ipv6(s: &mut Stored) {
    for dns in s.dns() {
        dns.exchanges.retain(|x| !x.server.starts_with('['));
        for x in dns.exchanges.iter_mut().filter(|x| x.rtype == "AAAA") {
            x.answer = Ok(Blob(message(&x.name, AAAA, &[], &[])));
        }
    }
}

// ---- DNS messages ------------------------------------------------------------------------------

const A: u16 = 1;
const NS: u16 = 2;
const AAAA: u16 = 28;
const AXFR: u16 = 252;

fn wire(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for label in name.split('.') {
        out.push(u8::try_from(label.len()).expect("short"));
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}

/// A record: owner, type, data.
type Owned<'a> = (&'a str, u16, Vec<u8>);

/// An answer without trouble: records and what goes with them.
fn message(name: &str, kind: u16, records: &[Owned<'_>], additional: &[Owned<'_>]) -> Vec<u8> {
    let mut out = vec![0, 7, 0x81, 0x80];
    for count in [1, records.len(), 0, additional.len()] {
        out.extend(u16::try_from(count).expect("few").to_be_bytes());
    }
    out.extend(wire(name));
    out.extend(kind.to_be_bytes());
    out.extend([0, 1]);
    for (owner, kind, data) in records.iter().chain(additional) {
        out.extend(wire(owner));
        out.extend(kind.to_be_bytes());
        out.extend([0, 1, 0, 0, 0x0e, 0x10]);
        out.extend(u16::try_from(data.len()).expect("short").to_be_bytes());
        out.extend(data);
    }
    out
}

// ---- first flights of other servers -------------------------------------------------------------

const TLS_12: u16 = 0x0303;
const RENEGOTIATION: &[u8] = &[0xff, 1, 0, 1, 0];
const MASTER_SECRET: &[u8] = &[0, 23, 0, 0];

/// What a server of TLS 1.2 sends first.
struct Flight {
    suite: u16,
    group: u16,
    compression: u8,
    extensions: &'static [u8],
    dh_bits: usize,
    scheme: u16,
}

const GOOD: Flight = Flight {
    suite: 0xc030,
    group: 0x1d,
    compression: 0,
    extensions: &[0xff, 1, 0, 1, 0, 0, 23, 0, 0],
    dh_bits: 2048,
    scheme: 0x0804,
};

fn flight(f: &Flight) -> TlsAnswer {
    let length = |n: usize| u16::try_from(n).expect("short").to_be_bytes();
    let mut hello = TLS_12.to_be_bytes().to_vec();
    hello.extend([9; 32]);
    hello.push(0);
    hello.extend(f.suite.to_be_bytes());
    hello.push(f.compression);
    hello.extend(length(f.extensions.len()));
    hello.extend(f.extensions);
    let name = bulwark_probe::tls::cipher_name(f.suite).unwrap_or_default();
    let mut exchange = Vec::new();
    if name.starts_with("TLS_ECDHE_") {
        exchange.push(3);
        exchange.extend(f.group.to_be_bytes());
        exchange.extend([1, 4]);
    } else if name.starts_with("TLS_DHE_") {
        exchange.extend(length(f.dh_bits / 8));
        exchange.extend(vec![0xff; f.dh_bits / 8]);
        exchange.extend([0, 1, 2, 0, 1, 5]);
    }
    let mut out = Vec::new();
    if !exchange.is_empty() {
        exchange.extend(f.scheme.to_be_bytes());
    }
    for (kind, body) in [(2, hello), (12, exchange)].into_iter().filter(|(_, body)| !body.is_empty()) {
        out.extend([22, 3, 3]);
        out.extend(length(body.len() + 4));
        out.extend([kind, 0]);
        out.extend(length(body.len()));
        out.extend(body);
    }
    TlsAnswer::Accepted { version: TLS_12, cipher: f.suite, hello: Blob(out) }
}

/// Adds a question and its answer to every profile.
fn ask(s: &mut Stored, question: &str, suites: &[u16], answer: &Flight) {
    for profile in s.profiles() {
        profile.probes.push(TlsProbe {
            question: question.into(),
            version: TLS_12,
            suites: suites.to_vec(),
            groups: vec![0x1d, 0x13],
            signatures: Vec::new(),
            key_share: false,
            answer: Ok(flight(answer)),
        });
    }
}

fn forget(s: &mut Stored, question: &str) {
    s.profiles().for_each(|p: &mut TlsProfile| p.probes.retain(|q| q.question != question));
}
