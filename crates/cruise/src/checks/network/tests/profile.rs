//! TLS in depth, from profiles made here.

use bulwark_model::{Severity, Verdict};
use bulwark_probe::evidence::{Blob, Body, Outcome, TlsAnswer, TlsProbe, TlsProfile, TlsSession};
use bulwark_probe::failure::{Code, Failure, Step};
use bulwark_probe::tls::{FALLBACK_SCSV, GROUPS_12, GROUPS_13, Part, Version, WEAK_SIGNATURES, suites_of};

use super::build::{expect, got, judge, plan, tls, yes};

const HOST: &str = "www.agency.gov.tw";

// ---- profiles --------------------------------------------------------------------------------

pub(super) struct Made(pub(super) TlsProfile);

impl Made {
    /// A port that was asked for nothing yet.
    fn new() -> Self {
        Self(TlsProfile {
            host: HOST.into(),
            address: "192.0.2.10".into(),
            port: 443,
            handshakes: 1,
            probes: Vec::new(),
            chains: Vec::new(),
            ocsp: None,
            sct_list: None,
            budget: 12,
            session: None,
            roots: Vec::new(),
        })
    }

    /// A clean port: TLS 1.2 and 1.3 with good suites, everything asked.
    pub(super) fn clean() -> Self {
        Self::new()
            .accepts(Version::Tls13, 0x1302, 0x1d)
            .accepts(Version::Tls12, 0xc030, 0x1d)
            .accepts(Version::Tls12, 0xc02f, 0x1d)
            .refuses_rest(Version::Tls12)
            .refuses_rest(Version::Tls13)
            .groups_refused(Version::Tls13, GROUPS_13)
            .groups_refused(Version::Tls12, GROUPS_12)
            .ask("signature", Version::Tls12, &[0xc030], &[0x1d], WEAK_SIGNATURES, alert(40))
            .ask("compression", Version::Tls12, &[0xc030], &[0x1d], &[], flight(Version::Tls12, 0xc030, 0x1d))
            .ask("fallback", Version::Tls12, &[0xc030, FALLBACK_SCSV], &[], &[], alert(86))
            .ask("order", Version::Tls12, &[0xc02f, 0xc030], &[], &[], flight(Version::Tls12, 0xc030, 0x1d))
            .ask("order", Version::Tls12, &[0xc030, 0xc02f], &[], &[], flight(Version::Tls12, 0xc030, 0x1d))
            .session(2, 0)
    }

    fn ask(
        mut self,
        question: &str,
        version: Version,
        suites: &[u16],
        groups: &[u16],
        signatures: &[u16],
        answer: Result<TlsAnswer, Failure>,
    ) -> Self {
        self.0.probes.push(TlsProbe {
            question: question.into(),
            version: version.wire(),
            suites: suites.to_vec(),
            groups: groups.to_vec(),
            signatures: signatures.to_vec(),
            key_share: false,
            answer,
        });
        self
    }

    fn accepts(self, version: Version, suite: u16, group: u16) -> Self {
        self.ask("suite", version, &[suite], &[group], &[], flight(version, suite, group))
    }

    fn refuses_rest(self, version: Version) -> Self {
        let all: Vec<u16> = Part::ALL.into_iter().flat_map(|p| suites_of(p, version)).collect();
        self.ask("suite", version, &all, &[], &[], alert(40))
    }

    fn groups_refused(self, version: Version, groups: &[u16]) -> Self {
        self.ask("group", version, &[0xc030], groups, &[], alert(40))
    }

    fn session(mut self, tickets: u32, early_data_bytes: u32) -> Self {
        self.0.session =
            Some(Ok(TlsSession { version: 0x0304, signature: Some(0x0403), tickets, early_data_bytes }));
        self
    }

    pub(super) fn chain(mut self, chain: Vec<Vec<u8>>, roots: &[Vec<u8>]) -> Self {
        self.0.chains.push(chain.into_iter().map(Blob).collect());
        self.0.roots.extend(roots.iter().cloned().map(Blob));
        self
    }

    fn without(mut self, question: &str) -> Self {
        self.0.probes.retain(|p| p.question != question);
        self
    }

    pub(super) fn only(mut self, version: Version) -> Self {
        self.0.probes.retain(|p| p.version == version.wire());
        self
    }

    pub(super) fn done(self) -> Vec<Outcome> {
        vec![got(Body::TlsProfile(self.0))]
    }
}

#[expect(clippy::unnecessary_wraps, reason = "goes into a list of attempts")]
fn alert(description: u8) -> Result<TlsAnswer, Failure> {
    Ok(TlsAnswer::Alert { level: 2, description })
}

fn timed_out() -> Result<TlsAnswer, Failure> {
    Err(Failure::new(Step::Receive, Code::TimedOut, "192.0.2.10:443"))
}

/// A first flight with all extensions; DHE suites bring a prime of 2048 bits.
fn flight(version: Version, suite: u16, group: u16) -> Result<TlsAnswer, Failure> {
    flight_with(version, suite, group, 0, true, 2048, 0x0804, [9; 8])
}

#[expect(clippy::too_many_arguments, reason = "what a flight is made of")]
#[expect(clippy::unnecessary_wraps, reason = "goes into a list of attempts")]
fn flight_with(
    version: Version,
    suite: u16,
    group: u16,
    compression: u8,
    extensions: bool,
    dh_bits: usize,
    scheme: u16,
    mark: [u8; 8],
) -> Result<TlsAnswer, Failure> {
    let mut body = version.wire().min(0x0303).to_be_bytes().to_vec();
    body.extend([9; 24]);
    body.extend(mark);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(compression);
    let mut list = Vec::new();
    if version == Version::Tls13 {
        list.extend([0, 43, 0, 2, 3, 4, 0, 51, 0, 2]);
        list.extend(group.to_be_bytes());
    } else if extensions {
        list.extend([0xff, 1, 0, 1, 0, 0, 23, 0, 0]);
    }
    if !list.is_empty() {
        body.extend(u16::try_from(list.len()).expect("short").to_be_bytes());
        body.extend(list);
    }
    let mut bytes = record(2, &body);
    let name = bulwark_probe::tls::cipher_name(suite).unwrap_or_default();
    let mut exchange = Vec::new();
    if name.starts_with("TLS_ECDHE_") {
        exchange.push(3);
        exchange.extend(group.to_be_bytes());
        exchange.extend([1, 4]);
    } else if name.starts_with("TLS_DHE_") {
        exchange.extend(u16::try_from(dh_bits / 8).expect("short").to_be_bytes());
        exchange.extend(vec![0xff; dh_bits / 8]);
        exchange.extend([0, 1, 2, 0, 1, 5]);
    }
    if version < Version::Tls13 && !exchange.is_empty() {
        exchange.extend(scheme.to_be_bytes());
        bytes.extend(record(12, &exchange));
    }
    Ok(TlsAnswer::Accepted { version: version.wire(), cipher: suite, hello: Blob(bytes) })
}

fn record(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![22, 3, 3];
    out.extend(u16::try_from(body.len() + 4).expect("short").to_be_bytes());
    out.extend([kind, 0]);
    out.extend(u16::try_from(body.len()).expect("short").to_be_bytes());
    out.extend(body);
    out
}

// ---- suites and groups -----------------------------------------------------------------------

#[test]
fn every_suite_counts() {
    let id = "network.tls-suites";
    let line = expect(id, &plan(), Made::clean().done(), Verdict::Pass, "pass");
    assert_eq!(line.asset, "www.agency.gov.tw:443");
    assert!(line.message.en.contains("All 3 "), "{}", line.message.en);
    let ageing = Made::clean().accepts(Version::Tls12, 0xc013, 0x1d);
    let line = expect(id, &plan(), ageing.done(), Verdict::Warn, "ageing");
    assert!(line.message.zh_tw.contains("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"));
    let weak = Made::clean().accepts(Version::Tls12, 0x002f, 0);
    let line = expect(id, &plan(), weak.done(), Verdict::Fail, "weak");
    assert_eq!(line.severity, Severity::Medium);
    let broken = Made::clean().accepts(Version::Tls12, 0x0005, 0);
    assert_eq!(expect(id, &plan(), broken.done(), Verdict::Fail, "weak").severity, Severity::High);
    // Old versions are a finding of their own; alone, their suites count.
    let old = Made::clean().accepts(Version::Tls10, 0x000a, 0);
    expect(id, &plan(), old.done(), Verdict::Pass, "pass");
    expect(id, &plan(), Made::new().accepts(Version::Tls10, 0x000a, 0).done(), Verdict::Fail, "weak");
}

#[test]
fn what_was_not_asked_is_not_guessed() {
    let id = "network.tls-suites";
    let some = Made::new().accepts(Version::Tls13, 0x1302, 0x1d).refuses_rest(Version::Tls13);
    expect(id, &plan(), some.done(), Verdict::Pass, "pass");
    // Nothing of TLS 1.2 beyond one suite was asked.
    let some = Made::new().accepts(Version::Tls12, 0xc030, 0x1d);
    let line = expect(id, &plan(), some.done(), Verdict::NotTested, "partly");
    assert!(line.message.en.contains("12 handshakes"), "{}", line.message.en);
    // Only rare ones are left.
    let mut usual = Made::new().accepts(Version::Tls12, 0xc030, 0x1d);
    for part in [Part::Modern, Part::Weak, Part::DheAgeing, Part::EcdheAgeing] {
        usual = usual.ask("suite", Version::Tls12, &suites_of(part, Version::Tls12), &[], &[], alert(40));
    }
    expect(id, &plan(), usual.done(), Verdict::Pass, "pass_usual");
    // Our own trouble hides a class: an error, unless something weak was seen all the same.
    let weak = suites_of(Part::Weak, Version::Tls12);
    let trouble = |made: Made| made.ask("suite", Version::Tls12, &weak, &[], &[], timed_out());
    let line = expect(
        id,
        &plan(),
        trouble(Made::new().accepts(Version::Tls12, 0xc030, 0x1d)).done(),
        Verdict::Error,
        "common.failed",
    );
    assert!(line.excerpt.contains("BW-PROBE-010"), "{}", line.excerpt);
    let seen = trouble(Made::new().accepts(Version::Tls12, 0x000a, 0));
    expect(id, &plan(), seen.done(), Verdict::Fail, "weak");
}

#[test]
fn groups_have_lists_of_their_own() {
    let id = "network.tls-groups";
    let line = expect(id, &plan(), Made::clean().done(), Verdict::Pass, "pass");
    assert!(line.message.en.contains("x25519"));
    let weak = Made::clean().accepts(Version::Tls12, 0xc030, 0x0013);
    let line = expect(id, &plan(), weak.done(), Verdict::Fail, "weak");
    assert!(line.message.en.contains("secp192r1") && line.severity == Severity::Low);
    let ageing = Made::clean().accepts(Version::Tls13, 0x1302, 0x0100);
    let line = expect(id, &plan(), ageing.done(), Verdict::Warn, "ageing");
    assert!(line.message.zh_tw.contains("ffdhe2048"));
    let partly = Made::new().accepts(Version::Tls13, 0x1302, 0x1d);
    expect(id, &plan(), partly.done(), Verdict::NotTested, "partly");
    let none = Made::new().accepts(Version::Tls12, 0x009d, 0).refuses_rest(Version::Tls12);
    expect(id, &plan(), none.done(), Verdict::NotApplicable, "none");
}

#[test]
fn hybrids_are_a_fact() {
    let id = "network.tls-hybrid";
    expect(id, &plan(), Made::clean().done(), Verdict::Info, "not_offered");
    let offered = Made::clean().accepts(Version::Tls13, 0x1302, 0x11ec);
    let line = expect(id, &plan(), offered.done(), Verdict::Info, "offered");
    assert!(line.message.en.contains("X25519MLKEM768"));
    expect(id, &plan(), Made::clean().only(Version::Tls12).done(), Verdict::Info, "no_13");
    expect(id, &plan(), Made::clean().without("group").done(), Verdict::NotTested, "not_asked");
    let failed =
        Made::clean().without("group").ask("group", Version::Tls13, &[0x1302], &[0x11ec], &[], timed_out());
    expect(id, &plan(), failed.done(), Verdict::Error, "common.failed");
}

#[test]
fn primes_have_sizes() {
    let id = "network.tls-dh-size";
    expect(id, &plan(), Made::clean().done(), Verdict::NotApplicable, "none");
    let with = |bits| {
        let answer = flight_with(Version::Tls12, 0x009e, 0, 0, true, bits, 0x0804, [9; 8]);
        Made::clean().ask("suite", Version::Tls12, &[0x009e], &[], &[], answer).done()
    };
    expect(id, &plan(), with(3072), Verdict::Pass, "pass");
    let line = expect(id, &plan(), with(2048), Verdict::Warn, "ageing");
    assert!(line.message.en.contains("2048 bits"));
    assert_eq!(expect(id, &plan(), with(1536), Verdict::Fail, "weak").severity, Severity::Medium);
    assert_eq!(expect(id, &plan(), with(1024), Verdict::Fail, "weak").severity, Severity::High);
    let open = Made::new().accepts(Version::Tls12, 0xc030, 0x1d);
    expect(id, &plan(), open.done(), Verdict::NotTested, "not_asked");
    let failed = Made::new().accepts(Version::Tls12, 0xc030, 0x1d).ask(
        "suite",
        Version::Tls12,
        &[0x009e],
        &[],
        &[],
        timed_out(),
    );
    expect(id, &plan(), failed.done(), Verdict::Error, "common.failed");
}

// ---- options ---------------------------------------------------------------------------------

#[test]
fn the_order_matters_only_with_weaker_suites() {
    let id = "network.tls-server-order";
    let order = |made: Made, first, second| {
        let offered = [0xc030, 0xc02f];
        made.without("order")
            .ask("order", Version::Tls12, &offered, &[], &[], flight(Version::Tls12, first, 0x1d))
            .ask("order", Version::Tls12, &[0xc02f, 0xc030], &[], &[], flight(Version::Tls12, second, 0x1d))
            .done()
    };
    let line = expect(id, &plan(), Made::clean().done(), Verdict::Pass, "server");
    assert!(line.message.en.contains("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"));
    expect(id, &plan(), order(Made::clean(), 0xc030, 0xc02f), Verdict::Pass, "client_fine");
    let cbc = || Made::clean().accepts(Version::Tls12, 0xc013, 0x1d);
    expect(id, &plan(), order(cbc(), 0xc030, 0xc02f), Verdict::Warn, "client");
    let bad = cbc()
        .without("order")
        .ask("order", Version::Tls12, &[0xc030, 0xc013], &[], &[], flight(Version::Tls12, 0xc013, 0x1d))
        .ask("order", Version::Tls12, &[0xc013, 0xc030], &[], &[], flight(Version::Tls12, 0xc013, 0x1d));
    expect(id, &plan(), bad.done(), Verdict::Warn, "wrong_first");
    let one = Made::new()
        .accepts(Version::Tls12, 0xc030, 0x1d)
        .ask("order", Version::Tls12, &[0xc030, 0xc02f], &[], &[], flight(Version::Tls12, 0xc030, 0x1d))
        .ask("order", Version::Tls12, &[0xc02f, 0xc030], &[], &[], flight(Version::Tls12, 0xc030, 0x1d));
    expect(id, &plan(), one.done(), Verdict::NotApplicable, "single");
    expect(id, &plan(), Made::clean().only(Version::Tls13).done(), Verdict::NotApplicable, "only_13");
    expect(id, &plan(), Made::clean().without("order").done(), Verdict::NotTested, "not_asked");
    let failed = Made::clean().without("order").ask("order", Version::Tls12, &[1], &[], &[], timed_out());
    expect(id, &plan(), failed.done(), Verdict::Error, "common.failed");
}

#[test]
fn extensions_protect_old_versions() {
    let bare = flight_with(Version::Tls12, 0xc030, 0x1d, 0, false, 0, 0x0804, [9; 8]);
    for (id, severity) in
        [("network.tls-renegotiation", Severity::Medium), ("network.tls-ems", Severity::Low)]
    {
        expect(id, &plan(), Made::clean().done(), Verdict::Pass, "pass");
        let missing = Made::clean().ask("suite", Version::Tls12, &[0xc030], &[], &[], bare.clone());
        let line = expect(id, &plan(), missing.done(), Verdict::Fail, "missing");
        assert!(line.message.en.contains("TLS 1.2") && line.severity == severity);
        expect(id, &plan(), Made::clean().only(Version::Tls13).done(), Verdict::NotApplicable, "only_13");
        let failed = Made::new().ask("suite", Version::Tls13, &[0x1302], &[], &[], timed_out());
        expect(id, &plan(), failed.done(), Verdict::Error, "common.failed");
    }
    // SSL 3.0 has no extended master secret to miss.
    let ssl3 = Made::new().ask(
        "suite",
        Version::Ssl3,
        &[5],
        &[],
        &[],
        flight_with(Version::Ssl3, 5, 0, 0, false, 0, 0, [9; 8]),
    );
    expect("network.tls-ems", &plan(), ssl3.done(), Verdict::NotApplicable, "only_13");
}

#[test]
fn compression_is_off() {
    let id = "network.tls-compression";
    expect(id, &plan(), Made::clean().done(), Verdict::Pass, "pass");
    let on = flight_with(Version::Tls12, 0xc030, 0x1d, 1, true, 0, 0x0804, [9; 8]);
    let made =
        Made::clean().without("compression").ask("compression", Version::Tls12, &[0xc030], &[], &[], on);
    expect(id, &plan(), made.done(), Verdict::Fail, "on");
    expect(id, &plan(), Made::clean().without("compression").done(), Verdict::NotTested, "not_asked");
    expect(id, &plan(), Made::clean().only(Version::Tls13).done(), Verdict::NotApplicable, "only_13");
    let failed =
        Made::clean().without("compression").ask("compression", Version::Tls12, &[1], &[], &[], timed_out());
    expect(id, &plan(), failed.done(), Verdict::Error, "common.failed");
}

#[test]
fn early_data_is_off() {
    let id = "network.tls-early-data";
    expect(id, &plan(), Made::clean().done(), Verdict::Pass, "off");
    expect(id, &plan(), Made::clean().session(0, 0).done(), Verdict::Pass, "no_tickets");
    let line = expect(id, &plan(), Made::clean().session(2, 16_384).done(), Verdict::Fail, "on");
    assert!(line.message.zh_tw.contains("16384"));
    expect(id, &plan(), Made::clean().only(Version::Tls12).done(), Verdict::NotApplicable, "no_13");
    let mut unasked = Made::clean();
    unasked.0.session = None;
    expect(id, &plan(), unasked.done(), Verdict::NotTested, "not_asked");
    let mut failed = Made::clean();
    failed.0.session = Some(Err(Failure::new(Step::Tls, Code::TlsFailed, "x")));
    expect(id, &plan(), failed.done(), Verdict::Error, "common.failed");
}

#[test]
fn fallbacks_are_refused() {
    let id = "network.tls-fallback";
    expect(id, &plan(), Made::clean().done(), Verdict::Pass, "pass");
    let ignores = |made: Made| {
        let scsv = [0xc030, FALLBACK_SCSV];
        made.without("fallback").ask(
            "fallback",
            Version::Tls12,
            &scsv,
            &[],
            &[],
            flight(Version::Tls12, 0xc030, 0x1d),
        )
    };
    expect(id, &plan(), ignores(Made::clean()).done(), Verdict::Warn, "missing");
    let old = ignores(Made::clean()).accepts(Version::Tls10, 0x002f, 0);
    expect(id, &plan(), old.done(), Verdict::Fail, "missing");
    let marked = flight_with(Version::Tls12, 0xc030, 0x1d, 0, true, 0, 0x0804, *b"DOWNGRD\x01");
    let made = ignores(Made::clean()).ask("suite", Version::Tls12, &[0xc030], &[], &[], marked);
    expect(id, &plan(), made.done(), Verdict::Pass, "marked");
    let one = Made::clean().only(Version::Tls13);
    expect(id, &plan(), one.done(), Verdict::NotApplicable, "single");
    expect(id, &plan(), Made::clean().without("fallback").done(), Verdict::NotTested, "not_asked");
    let failed =
        Made::clean().without("fallback").ask("fallback", Version::Tls12, &[1], &[], &[], timed_out());
    expect(id, &plan(), failed.done(), Verdict::Error, "common.failed");
}

#[test]
fn key_exchanges_are_signed_with_care() {
    let id = "network.tls-signature";
    expect(id, &plan(), Made::clean().done(), Verdict::Pass, "pass");
    let sha1 = flight_with(Version::Tls12, 0xc030, 0x1d, 0, true, 0, 0x0201, [9; 8]);
    let made = Made::clean().without("signature").ask(
        "signature",
        Version::Tls12,
        &[0xc030],
        &[],
        WEAK_SIGNATURES,
        sha1,
    );
    let line = expect(id, &plan(), made.done(), Verdict::Fail, "weak");
    assert!(line.message.en.contains("rsa_pkcs1_sha1"));
    expect(id, &plan(), Made::clean().without("signature").done(), Verdict::NotTested, "not_asked");
    expect(id, &plan(), Made::clean().only(Version::Tls13).done(), Verdict::NotApplicable, "none");
    let failed = Made::clean().without("signature").ask(
        "signature",
        Version::Tls12,
        &[0xc030],
        &[],
        WEAK_SIGNATURES,
        timed_out(),
    );
    expect(id, &plan(), failed.done(), Verdict::Error, "common.failed");
}

#[test]
fn one_weakness_is_one_finding() {
    // The suite chosen was weak, but the profile lists all of them.
    let mut all = vec![tls(&[("TLS 1.2", yes(0x0303, 0x002f))])];
    let lines = judge("network.tls-cipher", &plan(), all.clone());
    assert_eq!(lines[0].verdict, Verdict::Fail);
    all.extend(Made::clean().accepts(Version::Tls12, 0x002f, 0).done());
    let lines = judge("network.tls-cipher", &plan(), all.clone());
    assert_eq!(
        (lines.len(), lines[0].verdict, lines[0].sentence.as_str()),
        (1, Verdict::NotApplicable, "superseded")
    );
    assert_eq!(judge("network.tls-suites", &plan(), all)[0].verdict, Verdict::Fail);
    // A profile that found nothing supersedes nothing.
    let mut all = vec![tls(&[("TLS 1.2", yes(0x0303, 0x002f))])];
    all.extend(Made::new().ask("suite", Version::Tls13, &[1], &[], &[], timed_out()).done());
    assert_eq!(judge("network.tls-cipher", &plan(), all)[0].verdict, Verdict::Fail);
}

#[test]
fn ports_that_agree_to_nothing_are_not_judged() {
    for check in super::super::CHECKS.iter().filter(|c| c.kinds.contains(&"tls_profile")) {
        let made = Made::new().ask("suite", Version::Tls13, &[0x1302], &[], &[], alert(70));
        let lines = judge(check.id, &plan(), made.done());
        assert_eq!((lines.len(), lines[0].verdict), (1, Verdict::NotTested), "{}", check.id);
        let made = Made::new().ask("suite", Version::Tls13, &[0x1302], &[], &[], timed_out());
        let lines = judge(check.id, &plan(), made.done());
        assert_eq!((lines.len(), lines[0].verdict), (1, Verdict::Error), "{}", check.id);
    }
}

#[test]
fn hostile_profiles_do_not_panic() {
    let long = "\u{202e}\0".repeat(3_000);
    for hello in [vec![], vec![22, 3, 3, 0, 200, 2], (0..=255).collect::<Vec<u8>>()] {
        for (version, cipher) in [(0x0303, 0xffff), (0x7f17, 0x1301), (0x0300, 0x0005), (0x0304, 0)] {
            let mut made = Made::clean();
            made.0.host.clone_from(&long);
            for question in
                ["suite", "group", "order", "compression", "signature", "fallback", "any", long.as_str()]
            {
                let answer = Ok(TlsAnswer::Accepted { version, cipher, hello: Blob(hello.clone()) });
                made = made.ask(question, Version::Tls12, &[], &[], &[], answer);
            }
            made = made.chain(vec![hello.clone(), vec![0xff; 90]], &[vec![0x30, 0x80]]);
            made.0.ocsp = Some(Blob(hello.clone()));
            made.0.sct_list = Some(Blob(vec![0xff; 9]));
            for check in super::super::CHECKS.iter().filter(|c| c.kinds.contains(&"tls_profile")) {
                judge(check.id, &plan(), vec![got(Body::TlsProfile(made.0.clone()))]);
            }
        }
    }
}
