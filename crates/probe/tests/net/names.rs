//! Names: the Dns task, pins, and resolvers that misbehave.

use std::net::{IpAddr, Ipv4Addr};

use bulwark_probe::evidence::{Body, Dns, DnsRole};
use bulwark_probe::failure::Code;
use bulwark_probe::net::{Prober, Settings};
use bulwark_probe::task::Task;
use bulwark_testkit::dns::{Behaviour, DnsServer, Zone};
use bulwark_testkit::http::{HttpServer, Reply};
use bulwark_testkit::loopback;

use crate::support::*;

const ZONE: &str = "
demo.test. 60 IN SOA ns1.demo.test. admin.demo.test. 2026010101 7200 900 1209600 300
demo.test. 60 IN NS ns1.demo.test.
demo.test. 60 IN NS ns2.demo.test.
ns1.demo.test. 60 IN A 127.0.0.1
ns2.demo.test. 60 IN A 192.0.2.53
demo.test. 60 IN MX 10 mail.demo.test.
mail.demo.test. 60 IN A 127.0.0.1
demo.test. 60 IN TXT \"v=spf1 mx -all\"
_dmarc.demo.test. 60 IN TXT \"v=DMARC1; p=reject\"
www.demo.test. 60 IN A 127.0.0.1
alias.demo.test. 60 IN CNAME www.demo.test.
empty.demo.test. 60 IN TXT \"x\"
outside.demo.test. 60 IN A 192.0.2.80
xn--fiqs8s.demo.test. 60 IN A 127.0.0.1
";

fn dns() -> DnsServer {
    DnsServer::start(loopback(), Zone::parse(ZONE).expect("a zone")).expect("a server")
}

fn asking(server: &DnsServer, hosts: &[&str]) -> Prober {
    prober(Settings {
        resolvers: vec![server.addr()],
        authoritative_port: server.addr().port(),
        connect_timeout: std::time::Duration::from_millis(400),
        ..settings(hosts)
    })
}

fn zone_of(prober: &Prober, name: &str) -> Dns {
    match body(prober, &Task::Dns { name: name.into() }) {
        Body::Dns(dns) => dns,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_zone_is_asked_recursively_and_at_its_servers() {
    let server = dns();
    let found = zone_of(&asking(&server, &[]), "www.demo.test");
    assert_eq!((found.name.as_str(), found.apex.as_deref()), ("www.demo.test", Some("demo.test")));
    let asked = |name: &str, rtype: &str| found.exchanges.iter().any(|x| x.name == name && x.rtype == rtype);
    for (name, rtype) in [
        ("demo.test", "NS"),
        ("demo.test", "MX"),
        ("demo.test", "TXT"),
        ("demo.test", "CAA"),
        ("demo.test", "DNSKEY"),
        ("_dmarc.demo.test", "TXT"),
        ("_mta-sts.demo.test", "TXT"),
        ("www.demo.test", "A"),
        ("www.demo.test", "AAAA"),
        ("mail.demo.test", "A"),
    ] {
        assert!(asked(name, rtype), "{name} {rtype}");
    }
    let authoritative: Vec<(&str, &str, &str, Option<Code>)> = found
        .exchanges
        .iter()
        .filter(|x| x.role == DnsRole::Authoritative)
        .map(|x| {
            (
                x.server_name.as_deref().unwrap_or_default(),
                x.rtype.as_str(),
                x.transport.as_str(),
                x.answer.as_ref().err().map(|e| e.code),
            )
        })
        .collect();
    let (near, far) = ("ns1.demo.test", "ns2.demo.test");
    let out = Some(Code::OutOfScope);
    assert_eq!(
        authoritative,
        [
            (near, "SOA", "udp", None),
            (near, "NS", "udp", None),
            (near, "SOA", "tcp", None),
            // A foreign name, to see whether it recurses for anybody, and a transfer of the zone.
            (near, "A", "udp", None),
            (near, "AXFR", "tcp", None),
            (far, "SOA", "udp", out),
            (far, "NS", "udp", out),
            (far, "SOA", "tcp", out),
        ]
    );
}

#[test]
fn truncated_answers_are_asked_again_over_tcp() {
    let server = dns();
    server.set_behaviour_for("www.demo.test", Behaviour::TruncateUdp);
    let found = zone_of(&asking(&server, &[]), "www.demo.test");
    let how: Vec<&str> = found
        .exchanges
        .iter()
        .filter(|x| x.name == "www.demo.test" && x.rtype == "A")
        .map(|x| x.transport.as_str())
        .collect();
    assert_eq!(how, ["udp", "tcp"]);
}

#[test]
fn names_lead_to_servers_and_idn_works() {
    let dns = dns();
    let web = HttpServer::start(loopback(), None, |r| Reply::text(200, r.header("host").unwrap_or_default()))
        .expect("a server");
    let port = web.addr().port();
    let prober = asking(&dns, &["www.demo.test", "alias.demo.test", "xn--fiqs8s.demo.test"]);
    assert_eq!(
        http(&prober, &format!("http://alias.demo.test:{port}/")).hops[0].body,
        format!("alias.demo.test:{port}")
    );
    let idn = http(&prober, &format!("http://中国.demo.test:{port}/"));
    assert_eq!(idn.hops[0].body, format!("xn--fiqs8s.demo.test:{port}"));
    assert!(idn.hops[0].phases.resolve_us > 0);
    assert_eq!(prober.pinned()["alias.demo.test"], [IpAddr::from(Ipv4Addr::LOCALHOST)]);
}

#[test]
fn names_that_lead_nowhere_say_why() {
    let server = dns();
    let hosts = ["nix.demo.test", "empty.demo.test", "outside.demo.test", "www.demo.test", "-bad-.demo.test"];
    let prober = asking(&server, &hosts);
    let of = |name: &str| failure(&prober, &Task::Tcp { host: name.into(), port: 9, samples: 1 });
    let missing = of("nix.demo.test");
    assert_eq!(missing.code, Code::NoSuchName);
    assert!(
        missing.detail.contains("nix.demo.test") && missing.detail.contains(&server.addr().to_string()),
        "{missing}"
    );
    assert_eq!(of("empty.demo.test").code, Code::NoAddress);
    let outside = of("outside.demo.test");
    assert_eq!(outside.code, Code::OutOfScope);
    assert!(
        outside.detail.contains("outside.demo.test") && outside.detail.contains("192.0.2.80"),
        "{outside}"
    );
    assert_eq!(of("a..b").code, Code::BadName);
    for behaviour in [Behaviour::Silent, Behaviour::ServerFailure, Behaviour::Refused, Behaviour::WrongId] {
        server.set_behaviour(behaviour.clone());
        assert_eq!(of("www.demo.test").code, Code::ResolverSilent, "{behaviour:?}");
    }
    server.set_behaviour(Behaviour::Garbage);
    assert_eq!(of("www.demo.test").code, Code::BadAnswer);
}

#[test]
fn a_rebinding_name_stays_where_it_first_led() {
    let dns = dns();
    dns.set_behaviour_for(
        "www.demo.test",
        Behaviour::Flip(vec![Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 77), Ipv4Addr::new(192, 0, 2, 1)]),
    );
    let web = HttpServer::start(loopback(), None, |_| Reply::text(200, "x")).expect("a server");
    let prober = asking(&dns, &["www.demo.test"]);
    for _ in 0..3 {
        let answer = http(&prober, &format!("http://www.demo.test:{}/", web.addr().port()));
        assert_eq!(answer.hops[0].address, "127.0.0.1");
    }
    assert_eq!(dns.log().iter().filter(|q| q.kind == 1).count(), 1);
}

#[test]
fn a_lab_run_asks_no_resolver_elsewhere() {
    let prober = prober(Settings {
        resolvers: vec!["192.0.2.53:53".parse().expect("an address")],
        ..settings(&["www.demo.test"])
    });
    assert_eq!(http_failure(&prober, "http://www.demo.test/").code, Code::OutOfScope);
    assert_eq!(prober.traffic().connections, 0);
}

#[test]
fn what_spf_and_dmarc_lead_to_is_asked() {
    let zone = format!(
        "{ZONE}
two.test. 60 IN SOA ns1.demo.test. admin.demo.test. 1 7200 900 1209600 300
two.test. 60 IN NS ns1.demo.test.
two.test. 60 IN TXT \"v=spf1 include:_spf.two.test -all\"
_spf.two.test. 60 IN TXT \"v=spf1 a:relay.two.test redirect=_end.two.test\"
_end.two.test. 60 IN TXT \"v=spf1 include:two.test ~all\"
_dmarc.two.test. 60 IN TXT \"v=DMARC1; p=reject; rua=mailto:a@demo.test,mailto:b@two.test\"
two.test._report._dmarc.demo.test. 60 IN TXT \"v=DMARC1\"
_mta-sts.two.test. 60 IN TXT \"v=STSv1; id=1\"
mta-sts.two.test. 60 IN A 127.0.0.1
"
    );
    let server = DnsServer::start(loopback(), Zone::parse(&zone).expect("a zone")).expect("a server");
    let found = zone_of(&asking(&server, &["mta-sts.two.test"]), "two.test");
    let asked = |name: &str, rtype: &str| {
        found.exchanges.iter().filter(|x| x.name == name && x.rtype == rtype).count()
    };
    for (name, rtype) in [
        ("_spf.two.test", "TXT"),
        ("relay.two.test", "A"),
        ("relay.two.test", "AAAA"),
        ("_end.two.test", "TXT"),
        ("two.test._report._dmarc.demo.test", "TXT"),
        ("two.test._report._dmarc.two.test", "TXT"),
        ("_smtp._tls.two.test", "TXT"),
        ("example.com", "A"),
        ("two.test", "AXFR"),
    ] {
        assert_eq!(asked(name, rtype), 1, "{name} {rtype}");
    }
    // The policy was tried for: nothing of ours listens on the port, or something that is no such host.
    assert!(found.mta_sts.is_some());
    // Out of the plan, the policy host is left alone.
    assert!(zone_of(&asking(&server, &[]), "two.test").mta_sts.is_none());
}

#[test]
fn the_parent_is_asked_for_the_delegation() {
    let zone = format!(
        "{ZONE}
child.demo.test. 60 IN SOA ns1.demo.test. admin.demo.test. 1 7200 900 1209600 300
child.demo.test. 60 IN NS ns1.demo.test.
"
    );
    let server = DnsServer::start(loopback(), Zone::parse(&zone).expect("a zone")).expect("a server");
    let found = zone_of(&asking(&server, &[]), "child.demo.test");
    let parent: Vec<_> = found.exchanges.iter().filter(|x| x.role == DnsRole::Parent).collect();
    assert_eq!(parent.len(), 1);
    assert_eq!((parent[0].name.as_str(), parent[0].rtype.as_str()), ("child.demo.test", "NS"));
    assert!(parent[0].answer.is_ok());
}

#[test]
fn a_lookup_follows_an_alias_that_the_answer_does_not() {
    let zone = format!("{ZONE}\nold.demo.test. 60 IN CNAME gone.demo.test.\n");
    let server = DnsServer::start(loopback(), Zone::parse(&zone).expect("a zone")).expect("a server");
    let questions = ["A", "AAAA"].map(|t| ("old.demo.test".to_owned(), t.to_owned())).to_vec();
    let task = Task::Lookup { name: "old.demo.test".into(), questions };
    assert_eq!((task.key().as_str(), task.kind()), ("dns:lookup:old.demo.test", "dns"));
    let Body::Dns(found) = body(&asking(&server, &[]), &task) else { panic!("a Dns body") };
    assert!(found.apex.is_none());
    let gone = found.exchanges.iter().find(|x| x.name == "gone.demo.test").expect("asked");
    assert_eq!(bulwark_probe::dns::answer(gone).expect("answered").rcode, 3);
}
