use proptest::prelude::*;

use super::*;

type Extensions = Vec<(u16, Vec<u8>)>;

/// The ClientHello taken apart: client version, suites, extensions by number.
fn take_apart(record: &[u8]) -> (u16, Vec<u16>, Extensions) {
    let word = |at: usize| u16::from_be_bytes([record[at], record[at + 1]]);
    assert_eq!(record[0], 22);
    assert_eq!(usize::from(word(3)), record.len() - 5, "record length");
    assert_eq!(record[5], 1);
    assert_eq!(usize::from(word(7)), record.len() - 9, "handshake length");
    let version = word(9);
    let mut at = 11 + 32;
    at += 1 + usize::from(record[at]);
    let suites_end = at + 2 + usize::from(word(at));
    let suites = (at + 2..suites_end).step_by(2).map(word).collect();
    at = suites_end + 1 + usize::from(record[suites_end]);
    let mut extensions = Vec::new();
    if at < record.len() {
        assert_eq!(at + 2 + usize::from(word(at)), record.len(), "extensions length");
        at += 2;
        while at < record.len() {
            let end = at + 4 + usize::from(word(at + 2));
            extensions.push((word(at), record[at + 4..end].to_vec()));
            at = end;
        }
    }
    assert_eq!(at, record.len());
    (version, suites, extensions)
}

fn hello(version: u16, random: [u8; 32], extensions: &[u8]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend_from_slice(&random);
    body.extend_from_slice(&[0, 0x13, 0x01, 0]);
    if !extensions.is_empty() {
        body.extend_from_slice(&u16::try_from(extensions.len()).expect("short").to_be_bytes());
        body.extend_from_slice(extensions);
    }
    let mut out = vec![2, 0, 0, u8::try_from(body.len()).expect("short")];
    out.extend_from_slice(&body);
    out
}

fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 3, 3];
    out.extend_from_slice(&u16::try_from(fragment.len()).expect("short").to_be_bytes());
    out.extend_from_slice(fragment);
    out
}

const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

#[test]
fn each_hello_offers_its_version_only() {
    for version in Version::ALL {
        let bytes = client_hello(version, "www.example.gov.tw", &[0x5a; 64]);
        let (client_version, suites, extensions) = take_apart(&bytes);
        assert_eq!(client_version, version.wire().min(0x0303));
        assert_eq!(extensions.iter().any(|(n, _)| *n == 43), version == Version::Tls13);
        assert_eq!(extensions.iter().any(|(n, _)| *n == 51), version == Version::Tls13);
        assert_eq!(extensions.iter().any(|(n, _)| *n == 0), version != Version::Ssl3);
        assert_eq!(suites.contains(&0x1301), version == Version::Tls13);
        assert_eq!(suites.contains(&0xc02f), version == Version::Tls12);
        assert_eq!(suites.contains(&0x0005), version <= Version::Tls12);
        assert!(suites.iter().all(|s| cipher_name(*s).is_some()), "every suite we offer has a name");
        let mut unique = suites.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), suites.len());
        assert!(!(256 + 5..512 + 5).contains(&bytes.len()), "{version:?}: {} bytes", bytes.len());
    }
}

#[test]
fn sni_is_for_names_only() {
    for host in ["192.0.2.1", "[2001:db8::1]", "2001:db8::1", ""] {
        let (_, _, extensions) = take_apart(&client_hello(Version::Tls13, host, &[1; 64]));
        assert!(extensions.iter().all(|(n, _)| *n != 0), "{host}");
    }
    let (_, _, extensions) = take_apart(&client_hello(Version::Tls12, "a.tw.", &[1; 64]));
    assert!(extensions.contains(&(0, vec![0, 7, 0, 0, 4, b'a', b'.', b't', b'w'])));
}

#[test]
fn a_server_hello_gives_the_real_version() {
    let tls13 = record(22, &hello(0x0303, [9; 32], &[0, 51, 0, 4, 0, 0x1d, 0, 0, 0, 43, 0, 2, 3, 4]));
    assert_eq!(
        parse_server(&tls13),
        ServerFlight::Hello {
            version: 0x0304,
            cipher: 0x1301,
            compression: 0,
            retry: false,
            group: Some(0x1d),
            extensions: vec![51, 43]
        }
    );
    let retry = record(22, &hello(0x0303, RETRY, &[0, 51, 0, 2, 0, 0x17, 0, 43, 0, 2, 3, 4]));
    assert!(matches!(
        parse_server(&retry),
        ServerFlight::Hello { version: 0x0304, retry: true, group: Some(0x17), .. }
    ));
    let ssl3 = record(22, &hello(0x0300, [9; 32], &[]));
    assert!(matches!(parse_server(&ssl3), ServerFlight::Hello { version: 0x0300, .. }));
    let tls12 = parse_server(&record(22, &hello(0x0303, [9; 32], &[0xff, 1, 0, 1, 0])));
    assert!(tls12.has_extension(0xff01) && !tls12.has_extension(23));
}

#[test]
fn fragments_are_joined_and_missing_bytes_asked_for() {
    let whole = hello(0x0303, [9; 32], &[]);
    let (a, b) = whole.split_at(3);
    let split = [record(22, a), record(22, b)].concat();
    assert!(matches!(parse_server(&split), ServerFlight::Hello { .. }));
    for n in 0..split.len() {
        assert_eq!(parse_server(&split[..n]), ServerFlight::Incomplete, "{n}");
    }
    let warned = [record(21, &[1, 112]), split].concat();
    assert!(matches!(parse_server(&warned), ServerFlight::Hello { .. }));
    assert!(matches!(
        parse_server(&record(22, &[vec![0, 0, 0, 0], whole].concat())),
        ServerFlight::Hello { .. }
    ));
}

#[test]
fn alerts_and_other_protocols() {
    assert_eq!(parse_server(&record(21, &[2, 70])), ServerFlight::Alert { level: 2, description: 70 });
    for plain in [
        &b"HTTP/1.1 400 Bad Request\r\n"[..],
        b"SSH-2.0-x",
        b"2",
        b"\x16\x02",
        b"\x15\x03\x01\x00\x02\x09\x09",
        b"\x16\x03\x01\x00\x00",
    ] {
        assert!(matches!(parse_server(plain), ServerFlight::NotTls { .. }), "{plain:?}");
    }
    // A certificate instead of a hello, and a hello whose lengths lie.
    assert!(matches!(parse_server(&record(22, &[11, 0, 0, 0])), ServerFlight::NotTls { .. }));
    assert!(matches!(parse_server(&record(22, &[2, 0, 0, 2, 3, 3])), ServerFlight::NotTls { .. }));
    let lie = record(22, &hello(0x0303, [9; 32], &[0, 43, 0, 9, 3, 4]));
    assert!(matches!(parse_server(&lie), ServerFlight::NotTls { .. }));
    assert_eq!(alert_name(70), "protocol_version");
    assert_eq!(alert_name(200), "unknown");
    assert_eq!(version_name(0x0301), Some("TLS 1.0"));
    assert_eq!(version_name(0x7f17), None);
}

#[test]
fn suites_are_judged() {
    for (suite, class) in [
        (0x1302, Class::Good),
        (0x1303, Class::Good),
        (0x1301, Class::Sufficient),
        (0x1305, Class::PhaseOut),
        (0xc02f, Class::Sufficient),
        (0xcca9, Class::Sufficient),
        (0xc0ad, Class::Sufficient),
        (0xc0af, Class::PhaseOut),
        (0xc013, Class::PhaseOut),
        (0x009e, Class::PhaseOut),
        (0x002f, Class::Insufficient),
        (0x009d, Class::Insufficient),
        (0xc012, Class::Insufficient),
        (0xc007, Class::Insufficient),
        (0x0034, Class::Insufficient),
        (0x0016, Class::Insufficient),
        (0x4242, Class::Insufficient),
    ] {
        assert_eq!(cipher_class(suite), class, "{suite:04x}");
    }
    assert_eq!(cipher_class_named("TLS13_AES_256_GCM_SHA384"), Class::Good);
    assert_eq!(cipher_class_named("rubbish"), Class::Insufficient);
    assert_eq!(cipher_name(0xc030), Some("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"));
    assert!(Class::Good > Class::Insufficient);
}

proptest! {
    #[test]
    fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz_tls(&data);
    }

    #[test]
    fn broken_flights_never_panic(at in 0usize..90, byte in any::<u8>(), cut in 0usize..90) {
        let mut bytes = record(22, &hello(0x0303, [9; 32], &[0, 51, 0, 4, 0, 0x1d, 0, 0, 0, 43, 0, 2, 3, 4]));
        if let Some(b) = bytes.get_mut(at) { *b = byte; }
        bytes.truncate(bytes.len().saturating_sub(cut));
        let _ = parse_server(&bytes);
    }

    #[test]
    fn hello_lengths_add_up(host in "[a-z0-9.-]{0,300}", random in any::<[u8; 32]>(), v in 0usize..5) {
        let mut both = [3u8; 64];
        both[..32].copy_from_slice(&random);
        take_apart(&client_hello(Version::ALL[v], &host, &both));
    }
}

/// A first flight of TLS 1.2 with everything in it, in records of 40 bytes.
fn whole_flight() -> Vec<u8> {
    let message = |kind: u8, body: &[u8]| {
        let mut out = vec![kind, 0, 0, u8::try_from(body.len()).expect("short")];
        out.extend_from_slice(body);
        out
    };
    let mut random = [9; 32];
    random[24..].copy_from_slice(b"DOWNGRD\x01");
    let mut body = hello(0x0303, random, &[0xff, 1, 0, 1, 0, 0, 18, 0, 5, 0, 3, 0, 1, 9]);
    let cipher = 4 + 2 + 32 + 1;
    body[cipher..cipher + 2].copy_from_slice(&[0xc0, 0x2f]);
    let all = [
        body,
        message(11, &[0, 0, 11, 0, 0, 3, 1, 2, 3, 0, 0, 2, 4, 5]),
        message(22, &[1, 0, 0, 2, 7, 8]),
        message(12, &[3, 0, 0x1d, 2, 1, 1, 8, 4, 0, 1, 1]),
        message(14, &[]),
    ]
    .concat();
    all.chunks(40).flat_map(|c| record(22, c)).collect()
}

#[test]
fn a_whole_flight_is_read() {
    let bytes = whole_flight();
    let flight = parse_flight(&bytes);
    assert!(flight.done && flight.downgrade_mark);
    assert_eq!(flight.certificates, [vec![1, 2, 3], vec![4, 5]]);
    assert_eq!((flight.ocsp, flight.sct_list), (Some(vec![7, 8]), Some(vec![0, 3, 0, 1, 9])));
    let exchange = KeyExchange { group: Some(0x1d), signature: Some(0x0804), ..KeyExchange::default() };
    assert_eq!(flight.key_exchange, Some(exchange));
    // What is kept reads the same, without the certificates.
    let kept = parse_flight(&flight.trimmed);
    assert_eq!((kept.hello, kept.key_exchange), (flight.hello, Some(exchange)));
    assert!(kept.certificates.is_empty() && !kept.done);
    for n in 0..bytes.len() {
        assert!(!parse_flight(&bytes[..n]).done, "{n}");
    }
}

#[test]
fn primes_tell_where_they_are_from() {
    let exchange = |prime: &[u8]| {
        let mut body = vec![12, 0, 0, 0];
        body.extend(u16::try_from(prime.len()).expect("short").to_be_bytes());
        body.extend(prime);
        body.extend([0, 1, 2, 0, 1, 5, 8, 4]);
        body[3] = u8::try_from(body.len() - 4).expect("short");
        let mut first = hello(0x0303, [9; 32], &[]);
        first[39..41].copy_from_slice(&[0x00, 0x9e]);
        parse_flight(&[record(22, &first), record(22, &body)].concat()).key_exchange.expect("read")
    };
    let known = |middle: [u8; 8]| [[0xff; 8], middle, [0xff; 8]].concat();
    let ffdhe = exchange(&known([0xad, 0xf8, 0x54, 0x58, 0xa2, 0xbb, 0x4a, 0x9a]));
    assert_eq!((ffdhe.dh_bits, ffdhe.prime, ffdhe.signature), (Some(192), Some(Prime::Ffdhe), Some(0x0804)));
    assert_eq!(exchange(&known([0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34])).prime, Some(Prime::Modp));
    let own = exchange(&[0, 0x40, 1, 7]);
    assert_eq!((own.dh_bits, own.prime), (Some(23), Some(Prime::Own)));
}

#[test]
fn groups_and_signatures_are_judged() {
    assert!(GROUPS_13.iter().chain(GROUPS_12).all(|g| group_name(*g).is_some()));
    assert!(STRONG_SIGNATURES.iter().chain(WEAK_SIGNATURES).all(|s| signature_name(*s).is_some()));
    for (group, class) in [
        (0x11ec, Class::Good),
        (0x001d, Class::Good),
        (0x001c, Class::Sufficient),
        (0x0015, Class::PhaseOut),
        (0x0100, Class::PhaseOut),
        (0x0101, Class::Sufficient),
        (0x0013, Class::Insufficient),
        (0x0016, Class::Insufficient),
    ] {
        assert_eq!(group_class(group), class, "{group:04x}");
    }
    assert_eq!(signature_class(0x0201), Class::Insufficient);
    assert_eq!(signature_class(0x0301), Class::PhaseOut);
    assert_eq!(signature_class(0x0804), Class::Good);
    assert!(broken(0x0005) && broken(0x0034) && broken(0x003b) && !broken(0x002f));
}

proptest! {
    #[test]
    fn broken_whole_flights_never_panic(at in 0usize..220, byte in any::<u8>(), cut in 0usize..220) {
        let mut bytes = whole_flight();
        if let Some(b) = bytes.get_mut(at) { *b = byte; }
        bytes.truncate(bytes.len().saturating_sub(cut));
        let _ = parse_flight(&parse_flight(&bytes).trimmed);
    }
}
