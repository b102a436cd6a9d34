use hickory_proto::rr::rdata;
use proptest::prelude::*;

use super::*;
use crate::evidence::Blob;

fn name(s: &str) -> Name {
    Name::from_ascii(s).expect("a name")
}

/// An answer to `www.Example.TW MX` with one record of every type.
fn answer_bytes(id: u16, rtype: RecordType) -> Vec<u8> {
    let mut wire = Wire::new(id, MessageType::Response, OpCode::Query);
    wire.metadata.authoritative = true;
    wire.metadata.recursion_available = true;
    wire.metadata.response_code = hickory_proto::op::ResponseCode::BADVERS;
    wire.add_query(WireQuery::query(name("www.Example.TW."), rtype));
    let mut add = |data| {
        wire.add_answer(Record::from_rdata(name("WWW.example.tw."), 300, data));
    };
    add(RData::A(rdata::A("192.0.2.1".parse().expect("v4"))));
    add(RData::AAAA(rdata::AAAA("2001:db8::1".parse().expect("v6"))));
    add(RData::NS(rdata::NS(name("NS1.example.tw."))));
    add(RData::CNAME(rdata::CNAME(name("b.example.tw."))));
    add(RData::MX(rdata::MX::new(0, Name::root())));
    add(RData::TXT(rdata::TXT::from_bytes(vec![b"v=spf1 ", b"-all\xff"])));
    add(RData::CAA(rdata::CAA::new_issue(true, Some(name("letsencrypt.org")), vec![])));
    add(RData::SOA(rdata::SOA::new(name("ns1.example.tw."), name("root.example.tw."), 7, 1, 2, 3, 4)));
    add(RData::PTR(rdata::PTR(name("x.example.tw."))));
    let mut edns = Edns::new();
    edns.set_max_payload(4096);
    wire.set_edns(edns);
    wire.to_vec().expect("encodes")
}

#[test]
fn every_type_is_read() {
    let m = parse(&answer_bytes(9, RecordType::MX)).expect("parses");
    assert!(m.response && m.authoritative && m.recursion_available && !m.truncated);
    assert_eq!((m.rcode, m.rcode_name().as_str()), (16, "BADVERS"));
    assert_eq!(m.edns_size, Some(4096));
    assert_eq!(m.question, Some(("www.example.tw".into(), 15)));
    assert_eq!(m.addresses().len(), 2);
    assert_eq!(m.texts(), ["v=spf1 -all\u{fffd}"]);
    let data: Vec<_> = m.answers.iter().map(|r| r.data.clone()).collect();
    assert!(data.contains(&Data::Ns("ns1.example.tw".into())));
    assert!(data.contains(&Data::Mx { preference: 0, exchange: ".".into() }));
    assert!(data.contains(&Data::Caa { flags: 128, tag: "issue".into(), value: "letsencrypt.org".into() }));
    assert!(data.contains(&Data::Other { rtype: 12 }));
    assert!(data.iter().any(|d| matches!(d, Data::Soa { serial: 7, minimum: 4, .. })));
    assert_eq!(m.answers_of("CNAME").len(), 1);
    assert_eq!((rtype_name(12).as_str(), rtype_name(65280).as_str()), ("PTR", "TYPE65280"));
    assert_eq!((rcode_name(3).as_str(), rcode_name(99).as_str()), ("NXDOMAIN", "RCODE99"));
}

#[test]
fn a_query_goes_there_and_back() {
    let q = Query::new(0xbeef, "Example.TW.", "CAA", false);
    let bytes = q.encode().expect("encodes");
    let m = parse(&bytes).expect("parses");
    assert_eq!((m.id, m.response, m.edns_size), (0xbeef, false, Some(1232)));
    assert_eq!(m.question, Some(("example.tw".into(), 257)));
    assert_eq!(bytes.get(2).map(|b| b & 1), Some(0), "RD is clear");
    assert!(!q.matches(&m), "an echoed query is no answer");
    let plain = Query { edns_size: None, recursion: true, ..q };
    assert_eq!(plain.encode().expect("encodes").len(), 12 + 12 + 4);
    assert!(matches!(Query::new(1, "a..b", "A", true).encode(), Err(DnsError::BadName(_))));
    assert!(matches!(Query::new(1, "x".repeat(64), "A", true).encode(), Err(DnsError::BadName(_))));
    assert!(matches!(Query::new(1, "a", "BOGUS", true).encode(), Err(DnsError::BadType(_))));
    assert_eq!(Query::new(1, ".", "NS", true).encode().expect("the root").len(), 12 + 5 + 11);
}

#[test]
fn only_the_answer_to_the_question_matches() {
    let m = parse(&answer_bytes(9, RecordType::MX)).expect("parses");
    assert!(Query::new(9, "www.example.tw", "MX", true).matches(&m));
    assert!(!Query::new(8, "www.example.tw", "MX", true).matches(&m));
    assert!(!Query::new(9, "example.tw", "MX", true).matches(&m));
    assert!(!Query::new(9, "www.example.tw", "A", true).matches(&m));
    // FORMERR from a server without EDNS0: twelve bytes.
    let formerr = parse(&[0, 9, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0]).expect("a bare header");
    assert_eq!(formerr.rcode_name(), "FORMERR");
    assert!(Query::new(9, "www.example.tw", "MX", true).matches(&formerr));
}

#[test]
fn evidence_is_looked_up_by_role_name_and_type() {
    let exchange = |role, rtype: &str, answer| DnsExchange {
        role,
        server_name: None,
        server: "192.0.2.53:53".into(),
        transport: "udp".into(),
        name: "www.example.tw".into(),
        rtype: rtype.into(),
        rtt_us: 1,
        answer,
    };
    let silent = Failure::new(Step::Receive, Code::TimedOut, "192.0.2.53:53");
    let dns = evidence::Dns {
        name: "www.example.tw".into(),
        apex: None,
        exchanges: vec![
            exchange(DnsRole::Recursive, "MX", Ok(Blob(answer_bytes(1, RecordType::MX)))),
            exchange(DnsRole::Recursive, "MX", Err(silent.clone())),
            exchange(DnsRole::Recursive, "A", Ok(Blob(answer_bytes(1, RecordType::MX)))),
            exchange(DnsRole::Authoritative, "MX", Ok(Blob(b"junk".to_vec()))),
        ],
        mta_sts: None,
    };
    let mx = lookup(&dns, DnsRole::Recursive, "WWW.example.tw.", "mx");
    assert_eq!(mx.len(), 2);
    assert!(mx.first().is_some_and(|(_, m)| m.is_ok()));
    assert!(mx.get(1).is_some_and(|(_, m)| m.as_ref() == Err(&silent)));
    for (role, rtype) in [(DnsRole::Recursive, "A"), (DnsRole::Authoritative, "MX")] {
        let found = lookup(&dns, role, "www.example.tw", rtype);
        let failure = found.first().and_then(|(_, m)| m.as_ref().err()).expect("a failure");
        assert_eq!((failure.step, failure.code), (Step::Decode, Code::BadAnswer));
    }
}

#[test]
fn host_names_become_a_labels() {
    let taiwan = host_name(" WWW.政府.TW. ").expect("an IDN");
    assert_eq!(taiwan.ascii, "www.xn--mxtq1m.tw");
    assert_eq!(taiwan.unicode, "www.政府.tw");
    assert_eq!(host_name("xn--mxtq1m.tw").map(|h| h.unicode).as_deref(), Ok("政府.tw"));
    assert_eq!(host_name("臺灣。台灣").map(|h| h.unicode).as_deref(), Ok("臺灣.台灣"));
    for (bad, error) in [
        ("", NameError::Empty),
        (".", NameError::Empty),
        ("a..tw", NameError::LabelLength),
        ("a_b.tw", NameError::Characters),
        ("a b.tw", NameError::Characters),
        ("-a.tw", NameError::Characters),
        ("http://a.tw", NameError::Characters),
        ("xn--a.tw", NameError::Characters),
        ("127.0.0.1", NameError::Address),
        ("1.2.3", NameError::Address),
        ("[::1]", NameError::Address),
    ] {
        assert_eq!(host_name(bad), Err(error), "{bad}");
    }
    assert_eq!(host_name(&format!("{}.tw", "a".repeat(64))), Err(NameError::LabelLength));
    assert_eq!(host_name(&format!("{}tw", "abcdefgh.".repeat(29))), Err(NameError::TooLong));
    assert_eq!(host("[2001:db8::1]"), Ok(Host::Address("2001:db8::1".parse().expect("v6"))));
    assert!(matches!(host("a.gov.tw"), Ok(Host::Name(_))));
}

proptest! {
    #[test]
    fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..300)) {
        fuzz_dns(&data);
    }

    #[test]
    fn broken_answers_never_panic(at in 0usize..400, byte in any::<u8>(), cut in 0usize..400) {
        let mut bytes = answer_bytes(1, RecordType::MX);
        if let Some(b) = bytes.get_mut(at) { *b = byte; }
        bytes.truncate(bytes.len().saturating_sub(cut));
        fuzz_dns(&bytes);
    }

    #[test]
    fn queries_round_trip(id in any::<u16>(), name in "[a-z0-9_]{1,20}(\\.[a-z0-9]{1,20}){0,5}", rd in any::<bool>()) {
        let q = Query::new(id, name.clone(), "TXT", rd);
        let m = parse(&q.encode().expect("encodes")).expect("parses");
        prop_assert_eq!(m.id, id);
        prop_assert_eq!(m.question, Some((name, 16)));
    }
}
