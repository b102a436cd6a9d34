use super::*;
use crate::evidence::Blob;
use crate::failure::{Code, Failure, Step as FailStep};
use crate::tls::{ServerFlight, group_class, offer_hello, parse_server};

/// A made-up server: which suites it takes under which version, which groups, in its own order or the
/// client's.
#[expect(clippy::struct_excessive_bools, reason = "each is one habit of a server")]
struct Server {
    suites: Vec<(Version, Vec<u16>)>,
    groups: Vec<u16>,
    own_order: bool,
    weak_signature: bool,
    dh_bits: usize,
    compresses: bool,
    knows_scsv: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            suites: vec![
                (Version::Tls12, vec![0xc02f, 0xc030, 0xcca8]),
                (Version::Tls13, vec![0x1302, 0x1301]),
            ],
            groups: vec![0x1d, 0x17],
            own_order: true,
            weak_signature: false,
            dh_bits: 2048,
            compresses: false,
            knows_scsv: true,
        }
    }
}

fn alert(description: u8) -> TlsAnswer {
    TlsAnswer::Alert { level: 2, description }
}

impl Server {
    fn answer(&self, offer: &Offer) -> TlsAnswer {
        let Some((version, accepted)) = self.suites.iter().find(|(v, _)| *v == offer.version) else {
            return alert(70);
        };
        let newest = self.suites.iter().map(|(v, _)| *v).max();
        if self.knows_scsv && offer.suites.contains(&FALLBACK_SCSV) && newest > Some(*version) {
            return alert(86);
        }
        let group = offer.groups.iter().find(|g| self.groups.contains(g)).copied();
        let usable = |s: &u16| !(ec(*s) || *version == Version::Tls13) || group.is_some();
        let pick = if self.own_order {
            accepted.iter().find(|s| offer.suites.contains(s) && usable(s))
        } else {
            offer.suites.iter().find(|s| accepted.contains(s) && usable(s))
        };
        let Some(suite) = pick.copied() else { return alert(40) };
        let mut flight = hello(*version, suite, group, u8::from(self.compresses && offer.compression));
        if *version < Version::Tls13 && signed(suite) {
            let scheme = offer.signatures.iter().copied().find(|s| self.weak_signature || (*s >> 8) >= 4);
            let Some(scheme) = scheme else { return alert(40) };
            flight.extend(key_exchange(suite, group.unwrap_or_default(), scheme, self.dh_bits));
        }
        TlsAnswer::Accepted {
            version: version.wire(),
            cipher: suite,
            hello: Blob(parse_flight(&flight).trimmed),
        }
    }

    /// Plays the whole profile.
    fn play(&self, budget: Budget) -> (Vec<TlsProbe>, bool) {
        let (mut probes, mut session) = (Vec::new(), false);
        while let Some(step) = next(&State { probes: &probes, session }, budget) {
            match step {
                Step::Hello(offer) => {
                    let answer = Ok(self.answer(&offer));
                    probes.push(probe(offer, answer));
                }
                Step::Session => session = true,
            }
        }
        (probes, session)
    }
}

fn probe(offer: Offer, answer: Result<TlsAnswer, Failure>) -> TlsProbe {
    TlsProbe {
        question: offer.question.into(),
        version: offer.version.wire(),
        suites: offer.suites,
        groups: offer.groups,
        signatures: offer.signatures,
        key_share: offer.key_share,
        answer,
    }
}

fn record(message: &[u8]) -> Vec<u8> {
    let mut out = vec![22, 3, 3];
    out.extend(u16::try_from(message.len()).expect("short").to_be_bytes());
    out.extend(message);
    out
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 0];
    out.extend(u16::try_from(body.len()).expect("short").to_be_bytes());
    out.extend(body);
    out
}

fn hello(version: Version, suite: u16, group: Option<u16>, compression: u8) -> Vec<u8> {
    let mut body = version.wire().min(0x0303).to_be_bytes().to_vec();
    body.extend([9; 32]);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(compression);
    let mut extensions = Vec::new();
    if version == Version::Tls13 {
        extensions.extend([0, 43, 0, 2, 3, 4, 0, 51, 0, 2]);
        extensions.extend(group.unwrap_or_default().to_be_bytes());
    } else {
        extensions.extend([0xff, 1, 0, 1, 0, 0, 23, 0, 0]);
    }
    body.extend(u16::try_from(extensions.len()).expect("short").to_be_bytes());
    body.extend(extensions);
    record(&message(2, &body))
}

fn key_exchange(suite: u16, group: u16, scheme: u16, dh_bits: usize) -> Vec<u8> {
    let mut body = Vec::new();
    if ec(suite) {
        body.push(3);
        body.extend(group.to_be_bytes());
        body.extend([1, 4]);
    } else {
        let bytes = dh_bits / 8;
        body.extend(u16::try_from(bytes).expect("short").to_be_bytes());
        body.extend(vec![0xff; bytes]);
        body.extend([0, 1, 2, 0, 1, 5]);
    }
    body.extend(scheme.to_be_bytes());
    body.extend([0, 1, 7]);
    [record(&message(12, &body)), record(&message(14, &[]))].concat()
}

const NONE: [u16; 0] = [];
const LAB: Budget = Budget::of(Intensity::Lab);

#[test]
fn a_modern_server_is_known_in_few_handshakes() {
    let (probes, session) = Server::default().play(LAB);
    let view = View(&probes);
    assert!(session);
    assert!(probes.len() <= 40, "{}", probes.len());
    let mut suites = view.accepted(Version::Tls12);
    suites.sort_unstable();
    assert_eq!(suites, [0xc02f, 0xc030, 0xcca8]);
    assert_eq!(view.accepted(Version::Tls13), [0x1302, 0x1301]);
    for version in Version::ALL {
        assert_eq!(view.open(version), NONE, "{version:?}");
    }
    for version in [Version::Tls12, Version::Tls13] {
        let mut groups = view.groups(version);
        groups.sort_unstable();
        assert_eq!(groups, [0x17, 0x1d]);
        assert_eq!(view.open_groups(version), NONE);
    }
    assert_eq!(view.preference(), Order::Server { first: 0xc02f });
    assert_eq!(view.fallback_refused(), Some(true));
    assert_eq!(view.compression_chosen(), Some(0));
    assert!(view.refuses(Version::Tls10) && view.refuses(Version::Ssl3) && !view.refuses(Version::Tls12));
    assert_eq!(view.worst(Version::Tls12), Some(Class::Sufficient));
}

#[test]
fn everything_weak_is_found() {
    let server = Server {
        suites: vec![
            (Version::Ssl3, vec![0x0005, 0x000a]),
            (Version::Tls10, vec![0x0005, 0x002f, 0xc013]),
            (Version::Tls12, vec![0x0005, 0x002f, 0x009e, 0xc013, 0xc02f, 0x0018]),
        ],
        groups: vec![0x17, 0x0001],
        own_order: false,
        weak_signature: true,
        dh_bits: 1024,
        compresses: true,
        knows_scsv: false,
    };
    let (probes, session) = server.play(LAB);
    let view = View(&probes);
    assert!(!session, "TLS 1.3 alone has what a session shows");
    for (version, suites) in &server.suites {
        let mut found = view.accepted(*version);
        found.sort_unstable();
        let mut wanted = suites.clone();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{version:?}");
        assert_eq!(view.open(*version), NONE);
    }
    assert_eq!(view.worst(Version::Tls12), Some(Class::Insufficient));
    assert!(view.groups(Version::Tls12).iter().any(|g| group_class(*g) == Class::Insufficient));
    assert!(view.signatures().contains(&0x0101), "{:x?}", view.signatures());
    assert_eq!(view.preference(), Order::Client);
    assert_eq!(view.compression_chosen(), Some(1));
    assert_eq!(view.fallback_refused(), Some(false));
    let sizes: Vec<u32> = view
        .flights(Version::Tls12)
        .filter_map(|(_, flight)| flight.key_exchange.and_then(|k| k.dh_bits))
        .collect();
    assert!(!sizes.is_empty() && sizes.iter().all(|bits| *bits == 1024));
}

#[test]
fn a_small_budget_asks_the_telling_things_and_says_what_is_open() {
    for (intensity, limit) in [(Intensity::Low, 12), (Intensity::Normal, 30)] {
        let budget = Budget::of(intensity);
        assert_eq!(budget.all, limit);
        let mut server = Server::default();
        server.suites[0].1 = vec![0xc02f, 0xc030, 0xcca8, 0xc013, 0x009e, 0x002f, 0x0035, 0x000a];
        let (probes, session) = server.play(budget);
        assert!(probes.len() + usize::from(session) <= usize::try_from(limit).expect("small"));
        let view = View(&probes);
        // One of each class is known, though not all of them.
        for suite in [0xc02f, 0xc013, 0x009e, 0x002f] {
            assert!(view.accepted(Version::Tls12).contains(&suite), "{intensity} {suite:04x}");
        }
        assert!(session);
        assert_eq!(view.compression_chosen(), Some(0));
        assert_ne!(view.preference(), Order::Unknown);
        assert!(!view.open(Version::Tls12).is_empty());
    }
    // Clean servers: the weak and ageing classes are closed by one refusal each.
    let (probes, _) = Server::default().play(Budget::of(Intensity::Low));
    let open = View(&probes).open_usual(Version::Tls12);
    assert!(open.iter().all(|s| cipher_class(*s) >= Class::Sufficient), "{open:x?}");
}

#[test]
fn the_hard_limit_holds() {
    let all: Vec<u16> = Part::ALL.into_iter().flat_map(|p| suites_of(p, Version::Tls12)).collect();
    let server = Server { suites: vec![(Version::Tls12, all)], ..Server::default() };
    let (probes, session) = server.play(LAB);
    assert_eq!(probes.len() + usize::from(session), 90);
    assert!(!View(&probes).open(Version::Tls12).is_empty());
}

#[test]
fn a_key_share_is_sent_to_those_who_want_one() {
    struct Wants;
    let server = Server::default();
    let answer = |offer: &Offer| {
        let _ = Wants;
        if offer.version == Version::Tls13 && !offer.key_share { alert(47) } else { server.answer(offer) }
    };
    let mut probes: Vec<TlsProbe> = Vec::new();
    while let Some(step) = next(&State { probes: &probes, session: true }, LAB) {
        let Step::Hello(offer) = step else { panic!("a second session") };
        let reply = Ok(answer(&offer));
        probes.push(probe(offer, reply));
    }
    let view = View(&probes);
    assert_eq!(view.accepted(Version::Tls13), [0x1302, 0x1301]);
    assert!(view.open_groups(Version::Tls13).contains(&0x11ec), "hybrids were not asked for");
}

#[test]
fn failures_of_ours_clear_nothing() {
    let fail = || Failure::new(FailStep::Receive, Code::TimedOut, "x");
    // Silence on everything: three tries and no more.
    let mut probes = Vec::new();
    while let Some(Step::Hello(offer)) = next(&State { probes: &probes, session: false }, LAB) {
        probes.push(probe(offer, Err(fail())));
    }
    assert_eq!(probes.len(), 3);
    assert!(!View(&probes).open(Version::Tls12).is_empty());
    // Silence on one class only: the class stays open, the rest goes on, nothing is asked twice.
    let server = Server::default();
    let mut probes: Vec<TlsProbe> = Vec::new();
    let mut session = false;
    while let Some(step) = next(&State { probes: &probes, session }, LAB) {
        let Step::Hello(offer) = step else {
            session = true;
            continue;
        };
        let weak = offer.version == Version::Tls12 && offer.suites.contains(&0x0005);
        let answer = if weak { Err(fail()) } else { Ok(server.answer(&offer)) };
        probes.push(probe(offer, answer));
    }
    let view = View(&probes);
    assert!(view.open_usual(Version::Tls12).contains(&0x0005));
    assert!(!view.open_usual(Version::Tls12).contains(&0xc013));
    assert_eq!(probes.iter().filter(|p| p.answer.is_err()).count(), 1);
}

#[test]
fn other_protocols_are_left_alone() {
    let first = match next(&State { probes: &[], session: false }, LAB) {
        Some(Step::Hello(offer)) => offer,
        other => panic!("{other:?}"),
    };
    let probes = [probe(first, Ok(TlsAnswer::NotTls { first: Blob(b"HTTP/1.1".to_vec()) }))];
    assert_eq!(next(&State { probes: &probes, session: false }, LAB), None);
    assert_eq!(View(&probes).preference(), Order::Unknown);
}

#[test]
fn an_ecdsa_server_shows_its_curves_all_the_same() {
    // It needs the curve of its key among those offered, and follows the client.
    struct Ecdsa;
    let suites = [0xc02b, 0xc02c];
    let answer = |offer: &Offer| {
        let _ = Ecdsa;
        let Some(suite) = offer.suites.iter().find(|s| suites.contains(s)).copied() else { return alert(40) };
        if offer.version != Version::Tls12 {
            return alert(70);
        }
        let Some(group) = offer.groups.iter().find(|g| [0x17, 0x18].contains(*g)).copied() else {
            return alert(40);
        };
        if !offer.groups.contains(&0x17) || !offer.signatures.contains(&0x0403) {
            return alert(40);
        }
        let mut flight = hello(Version::Tls12, suite, None, 0);
        flight.extend(key_exchange(suite, group, 0x0403, 0));
        TlsAnswer::Accepted { version: 0x0303, cipher: suite, hello: Blob(parse_flight(&flight).trimmed) }
    };
    let mut probes: Vec<TlsProbe> = Vec::new();
    while let Some(Step::Hello(offer)) = next(&State { probes: &probes, session: true }, LAB) {
        let reply = Ok(answer(&offer));
        probes.push(probe(offer, reply));
    }
    let view = View(&probes);
    let mut groups = view.groups(Version::Tls12);
    groups.sort_unstable();
    assert_eq!(groups, [0x17, 0x18]);
    assert_eq!(view.open_groups(Version::Tls12), NONE);
    assert!(probes.len() < 40, "{}", probes.len());
}

#[test]
fn parts_are_disjoint_whole_and_small() {
    for version in Version::ALL {
        let mut seen = BTreeSet::new();
        for part in Part::ALL {
            let list = suites_of(part, version);
            assert!(list.len() <= 128, "{version:?} {part:?}: {}", list.len());
            for suite in list {
                assert!(seen.insert(suite), "{suite:04x} twice");
                assert!(usable(suite, version));
            }
        }
        assert!(!seen.contains(&FALLBACK_SCSV) && !seen.contains(&0x00ff) && !seen.contains(&0));
    }
    assert_eq!(suites_of(Part::Modern, Version::Tls13), [0x1302, 0x1303, 0x1301, 0x1304]);
    assert!(!suites_of(Part::Weak, Version::Ssl3).iter().any(|s| *s >= 0xc000));
    assert!(suites_of(Part::Weak, Version::Tls12).contains(&0x002f));
    assert!(suites_of(Part::Rare, Version::Tls12).contains(&0xc01a), "SRP");
}

#[test]
fn hellos_say_what_the_offer_says() {
    let State { probes, session } = State { probes: &[], session: false };
    let Some(Step::Hello(offer)) = next(&State { probes, session }, LAB) else { panic!("a hello") };
    let bytes = offer_hello(&offer, "www.example.tw", &[7; 64]);
    // key_share with an empty list: extension 51, length 2, list length 0.
    assert!(bytes.windows(6).any(|w| w == [0, 51, 0, 2, 0, 0]));
    assert_eq!(
        parse_server(&bytes),
        ServerFlight::NotTls { first: bytes.iter().take(64).copied().collect() }
    );
}
