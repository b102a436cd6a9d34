//! Signed zones made and served by BIND, when this machine has it; verdicts compared with `delv`.
#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    clippy::needless_for_each,
    reason = "zone files are put together line by line"
)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::mem::Discriminant;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use bulwark_probe::dnssec::{self, Chain, Method, Proof, Reason, State, types};
use bulwark_probe::evidence::{Body, Dnssec};
use bulwark_probe::net::Settings;
use bulwark_probe::task::Task;
use bulwark_testkit::{closed_port, program};

use crate::support::*;

/// Zone, algorithm (empty: unsigned), more arguments of the signer, and what the parent says.
pub type Made = (&'static str, &'static str, &'static [&'static str], Ds);

const ZONES: &[Made] = &[
    ("good.test", "ECDSAP256SHA256", &[], Ds::Own),
    ("rsa.test", "RSASHA256", &["-3", "-"], Ds::Own),
    ("rsa512.test", "RSASHA512", &[], Ds::Own),
    ("p384.test", "ECDSAP384SHA384", &["-3", "abcd", "-H", "5"], Ds::Own),
    ("plain.test", "", &[], Ds::None),
    ("island.test", "ECDSAP256SHA256", &[], Ds::None),
    ("expired.test", "ECDSAP256SHA256", &["-s", "20250101000000", "-e", "20250201000000"], Ds::Own),
    ("mismatch.test", "ECDSAP256SHA256", &[], Ds::Other),
    ("stripped.test", "", &[], Ds::Other),
    ("ed.tw", "ED25519", &["-3", "-"], Ds::Own),
    ("plain.tw", "", &[], Ds::None),
    ("ed448.tw", "ED448", &[], Ds::Own),
    ("alias.test", "ECDSAP256SHA256", &[], Ds::Own),
    ("out.test", "ED25519", &[], Ds::Own),
    ("host.test", "ECDSAP256SHA256", &["-3", "-"], Ds::Own),
    ("dname.test", "ECDSAP256SHA256", &[], Ds::Own),
    ("loop.test", "ECDSAP256SHA256", &[], Ds::Own),
];

/// The mail host and its TLSA records, where they are not simply there: behind aliases (RFC 7671 §7).
fn mail_host(zone: &str, tlsa: &str) -> String {
    let plain = format!("_25._tcp.mail IN TLSA {tlsa}");
    let (host, record) = match zone {
        "alias.test" => ("A 127.0.0.1", "_25._tcp.mail IN CNAME _tlsa.good.test.".to_owned()),
        "out.test" => ("A 127.0.0.1", "_25._tcp.mail IN CNAME _tlsa.plain.test.".to_owned()),
        "host.test" => ("CNAME mail.good.test.", plain.replace("3 ", "2 ")),
        "dname.test" => ("A 127.0.0.1", "_tcp.mail IN DNAME _tcp.mail.good.test.".to_owned()),
        "loop.test" => ("A 127.0.0.1", "_25._tcp.mail IN CNAME _a\n_a IN CNAME _25._tcp.mail".to_owned()),
        _ => ("A 127.0.0.1", plain),
    };
    format!("mail IN {host}\n{record}\n_tlsa IN TLSA {tlsa}")
}

/// Zones of the fixture that the checks are tested with; judged as of 2026-11-25.
const FIXTURE: &[Made] = &[
    ("good.test", "ECDSAP256SHA256", FIXTURE_TIMES, Ds::Own),
    ("soon.test", "ED25519", &["-s", "20261101000000", "-e", "20261127000000"], Ds::Own),
    ("expired.test", "ECDSAP256SHA256", &["-s", "20261101000000", "-e", "20261120000000"], Ds::Own),
    ("mismatch.test", "ECDSAP256SHA256", FIXTURE_TIMES, Ds::Other),
    ("plain.test", "", &[], Ds::None),
    ("island.test", "ECDSAP256SHA256", FIXTURE_TIMES, Ds::None),
    ("sha1.test", "NSEC3RSASHA1", &["-s", "20261101000000", "-e", "20270601000000", "-3", "-"], Ds::Own),
    (
        "salt.test",
        "RSASHA256",
        &["-s", "20261101000000", "-e", "20270601000000", "-3", "ab", "-H", "9"],
        Ds::Own,
    ),
    ("alias.test", "ECDSAP256SHA256", FIXTURE_TIMES, Ds::Own),
    ("out.test", "ECDSAP256SHA256", FIXTURE_TIMES, Ds::Own),
    ("host.test", "ECDSAP256SHA256", FIXTURE_TIMES, Ds::Own),
];
const FIXTURE_TIMES: &[&str] = &["-s", "20261101000000", "-e", "20270601000000"];

#[derive(Clone, Copy, PartialEq)]
pub enum Ds {
    Own,
    None,
    /// Of a key that the zone does not have.
    Other,
}

struct Bind {
    child: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Drop for Bind {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn tool(program: &Path, arguments: &[&str], folder: &Path) -> String {
    let out = Command::new(program).args(arguments).current_dir(folder).stdin(Stdio::null()).output();
    let out = out.expect("starts");
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert!(out.status.success(), "{arguments:?}: {text}{}", String::from_utf8_lossy(&out.stderr));
    text
}

fn zone_text(zone: &str, more: &str) -> String {
    let ns = if zone == "." { "ns.".to_owned() } else { format!("ns.{zone}.") };
    format!(
        "$TTL 300\n@ IN SOA {ns} admin.{ns} 1 7200 900 1209600 300\n@ IN NS {ns}\n{ns} IN A 127.0.0.1\n{more}\n"
    )
}

struct Signer {
    keygen: PathBuf,
    signzone: PathBuf,
}

impl Signer {
    /// Writes, and with an algorithm signs, a zone; gives the file name.
    fn write(&self, folder: &Path, zone: &str, more: &str, algorithm: &str, extra: &[&str]) -> String {
        let file = if zone == "." { "root.zone".to_owned() } else { format!("{zone}.zone") };
        std::fs::write(folder.join(&file), zone_text(zone, more)).expect("writable");
        if algorithm.is_empty() {
            return file;
        }
        let mut make = vec!["-q", "-a", algorithm, "-f", "KSK"];
        if algorithm.starts_with("RSA") {
            make.extend(["-b", "2048"]);
        }
        make.push(zone);
        tool(&self.keygen, &make, folder);
        let signed = format!("{file}.signed");
        let mut sign = vec!["-S", "-z", "-P", "-o", zone, "-f", &signed];
        sign.extend(extra);
        sign.push(&file);
        tool(&self.signzone, &sign, folder);
        signed
    }
}

/// The DS lines that the signer left beside a zone.
pub fn ds_lines(folder: &Path, zone: &str) -> Vec<String> {
    let file = if zone == "." { "dsset-.".to_owned() } else { format!("dsset-{zone}.") };
    let text = std::fs::read_to_string(folder.join(file)).expect("the signer wrote it");
    text.lines().map(str::to_owned).collect()
}

/// Signed zones in a folder, the root among them: zone and file.
pub struct Signed {
    pub folder: tempfile::TempDir,
    pub files: Vec<(&'static str, String)>,
}

/// Makes and signs the zones below `test` and `tw`; `times` are for these two and the root.
pub fn sign(zones: &[Made], times: &[&str], tlsa: &str) -> Option<Signed> {
    let signer = Signer { keygen: program(&["dnssec-keygen"])?, signzone: program(&["dnssec-signzone"])? };
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let mut files = vec![];
    let (mut in_test, mut in_tw) = (String::new(), String::new());
    for (zone, algorithm, extra, ds) in zones.iter().copied() {
        let mail = format!("* IN TXT \"wild\"\n@ IN MX 10 mail.{zone}.\n{}", mail_host(zone, tlsa));
        files.push((zone, signer.write(at, zone, &mail, algorithm, extra)));
        let parent = if zone.rsplit('.').next() == Some("tw") { &mut in_tw } else { &mut in_test };
        let _ = write!(parent, "{zone}. IN NS ns.{zone}.\nns.{zone}. IN A 127.0.0.1\n");
        match ds {
            Ds::Own => ds_lines(at, zone).iter().for_each(|l| {
                let _ = writeln!(parent, "{l}");
            }),
            Ds::None => {}
            Ds::Other => {
                let line = ds_lines(at, "good.test").join("\n").replace("good.test.", &format!("{zone}."));
                let _ = writeln!(parent, "{line}");
            }
        }
    }
    files.push(("test", signer.write(at, "test", &in_test, "ECDSAP256SHA256", times)));
    files.push(("tw", signer.write(at, "tw", &in_tw, "RSASHA256", &[times, &["-3", "-", "-A"]].concat())));
    let mut tops =
        "test. IN NS ns.test.\nns.test. IN A 127.0.0.1\ntw. IN NS ns.tw.\nns.tw. IN A 127.0.0.1\n".to_owned();
    for zone in ["test", "tw"] {
        ds_lines(at, zone).iter().for_each(|l| tops.push_str(&format!("{l}\n")));
    }
    files.push((".", signer.write(at, ".", &tops, "ECDSAP256SHA256", times)));
    Some(Signed { folder, files })
}

/// The same, served by BIND.
fn start(zones: &[Made], times: &[&str], tlsa: &str) -> Option<Bind> {
    let named = program(&["named"])?;
    let Signed { folder, files } = sign(zones, times, tlsa)?;
    let at = folder.path();
    let port = closed_port().expect("a port").port();
    let folder_text = at.display();
    let mut config = format!(
        "options {{ directory \"{folder_text}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; pid-file none; dnssec-validation no; session-keyfile none; lock-file none; }};\ncontrols {{ }};\n"
    );
    for (zone, file) in files {
        config.push_str(&format!("zone \"{zone}\" {{ type primary; file \"{file}\"; }};\n"));
    }
    std::fs::write(at.join("named.conf"), config).expect("writable");
    let mut child = Command::new(named)
        .args(["-g", "-c", &format!("{folder_text}/named.conf")])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .stdin(Stdio::null())
        .spawn()
        .ok()?;
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take()?).lines().map_while(Result::ok);
    let running = lines.by_ref().any(|line| {
        said.push_str(&line);
        said.push('\n');
        line.ends_with(" running")
    });
    assert!(running, "{said}");
    // Reads on, so that the server never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    Some(Bind { child, folder, port })
}

impl Bind {
    fn anchors(&self) -> Vec<String> {
        ds_lines(self.folder.path(), ".")
    }

    fn collect(&self, zone: &str) -> Dnssec {
        let prober = prober(Settings {
            resolvers: vec![([127, 0, 0, 1], self.port).into()],
            dnssec_anchors: self.anchors(),
            ..settings(&[])
        });
        match body(&prober, &Task::Dnssec { zone: zone.into() }) {
            Body::Dnssec(found) => found,
            other => panic!("{other:?}"),
        }
    }
}

/// What `delv` says about the SOA of a zone that the server at a port answers for.
pub fn delv(program: &Path, folder: &Path, port: u16, zone: &str) -> String {
    let keys = folder.join("anchors.conf");
    let lines: String = ds_lines(folder, ".")
        .iter()
        .map(|l| {
            let words: Vec<&str> = l.split_whitespace().skip(3).collect();
            let [tag, algorithm, digest, hex @ ..] = words.as_slice() else { panic!("{l}") };
            format!("\".\" static-ds {tag} {algorithm} {digest} \"{}\";\n", hex.concat())
        })
        .collect();
    std::fs::write(&keys, format!("trust-anchors {{\n{lines}}};\n")).expect("writable");
    let out = Command::new(program)
        .args(["@127.0.0.1", "-p", &port.to_string(), "-a"])
        .arg(&keys)
        .args(["+root=.", zone, "SOA"])
        .output()
        .expect("starts");
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

pub fn now() -> i64 {
    bulwark_testkit::tls::now_plus(0)
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970")
        .as_secs()
        .cast_signed()
}

#[test]
fn verdicts_agree_with_delv() {
    let Some(bind) = start(ZONES, &[], &format!("3 1 1 {}", "ab".repeat(32))) else { return };
    let tool = program(&["delv"]);
    for (zone, _, _, _) in ZONES.iter().copied() {
        let found = bind.collect(zone);
        let assessed = dnssec::assess(&found, now());
        let said = tool.as_ref().map(|t| delv(t, bind.folder.path(), bind.port, zone)).unwrap_or_default();
        let word = match &assessed.state {
            State::Secure => "fully validated",
            State::Insecure(_) => "unsigned answer",
            State::Bogus(_) => "resolution failed",
            State::Indeterminate(_) => "",
        };
        if zone == "ed448.tw" {
            // We cannot check ED448; delv can.
            assert!(matches!(assessed.state, State::Indeterminate(_)), "{assessed:?}");
            continue;
        }
        assert!(!word.is_empty(), "{zone}: {assessed:?}");
        if tool.is_some() {
            assert!(said.contains(word), "{zone}: {:?}\n{said}", assessed.state);
        }
        let expected = match zone {
            "good.test" | "rsa.test" | "rsa512.test" | "p384.test" | "ed.tw" | "alias.test" | "out.test"
            | "host.test" | "dname.test" | "loop.test" => "secure",
            "plain.test" | "plain.tw" | "island.test" => "insecure",
            _ => "bogus",
        };
        let is = match &assessed.state {
            State::Secure => "secure",
            State::Insecure(_) => "insecure",
            State::Bogus(_) => "bogus",
            State::Indeterminate(_) => "indeterminate",
        };
        assert_eq!(is, expected, "{zone}: {assessed:#?}");
        match (zone, &assessed.state) {
            ("expired.test", State::Bogus(b)) => assert!(matches!(b.reason, Reason::Expired(_)), "{b}"),
            ("mismatch.test", State::Bogus(b)) => assert_eq!(b.reason, Reason::DigestMismatch),
            ("stripped.test", State::Bogus(b)) => assert_eq!(b.reason, Reason::NoKeys),
            ("island.test", _) => assert!(assessed.has_keys),
            ("p384.test", _) => {
                let expected = Method::Nsec3 { iterations: 5, salt: 2, opt_out: false };
                assert_eq!(assessed.denial, Some(expected));
            }
            ("good.test", _) => {
                assert_eq!(assessed.denial, Some(Method::Nsec));
                assert!(assessed.signatures.iter().any(|h| h.what == "good.test SOA"), "{assessed:#?}");
                assert_eq!(assessed.zone, "good.test");
            }
            _ => {}
        }
        // Mail hosts and their TLSA records share the fate of the zone.
        let chain = Chain::new(&found.exchanges, &found.anchors, now());
        let tlsa = chain.follow(&format!("_25._tcp.mail.{zone}"), types::TLSA);
        assert_eq!(matches!(chain.mail_hosts(zone), Proof::Secure(_)), expected == "secure", "{zone}");
        let last = tlsa.names.last().map(String::as_str);
        let host = format!("mail.{zone}");
        match zone {
            "alias.test" => assert_eq!(last, Some("_tlsa.good.test")),
            "dname.test" => assert_eq!(last, Some("_25._tcp.mail.good.test")),
            "host.test" => assert_eq!(chain.tlsa_bases(&host), ["mail.good.test", "mail.host.test"]),
            _ => assert_eq!(chain.tlsa_bases(&host), [host], "{zone}"),
        }
        match (zone, &tlsa.proof) {
            ("out.test", Proof::NotSecure(State::Insecure(_)))
            | ("loop.test", Proof::NotSecure(State::Indeterminate(_))) => {}
            (_, proof) => {
                assert_eq!(matches!(proof, Proof::Secure(_)), expected == "secure", "{zone}: {proof:?}");
            }
        }
    }
}

#[test]
fn a_name_below_a_zone_belongs_to_it_and_changes_break_it() {
    let Some(bind) = start(ZONES, &[], &format!("3 1 1 {}", "ab".repeat(32))) else { return };
    // Not a zone of its own: DS and SOA are denied.
    let below = dnssec::assess(&bind.collect("mail.good.test"), now());
    assert_eq!((below.zone.as_str(), below.state), ("good.test", State::Secure));
    let nowhere = dnssec::assess(&bind.collect("www.nix.ed.tw"), now());
    assert_eq!((nowhere.zone.as_str(), nowhere.state), ("ed.tw", State::Secure));
    // After the signatures have run out.
    let good = bind.collect("good.test");
    let late = dnssec::assess(&good, now() + 400 * 86_400);
    let State::Bogus(b) = &late.state else { panic!("{late:?}") };
    assert!(matches!(b.reason, Reason::Expired(_)), "{b}");
    // Before they begin.
    let early = dnssec::assess(&good, now() - 86_400);
    let State::Bogus(b) = &early.state else { panic!("{early:?}") };
    assert!(matches!(b.reason, Reason::NotYetValid(_)), "{b}");
    // Under another anchor.
    let root = dnssec::ROOT_ANCHORS.map(str::to_owned).to_vec();
    let foreign = dnssec::assess(&Dnssec { anchors: root, ..good.clone() }, now());
    assert!(matches!(&foreign.state, State::Bogus(b) if b.reason == Reason::DigestMismatch));
    // One octet of each message changed: never secure with other data, never a panic.
    for n in 0..good.exchanges.len() {
        let length = good.exchanges[n].answer.as_ref().expect("answered").0.len();
        for at in (12..length).step_by(7) {
            let mut changed = good.clone();
            if let Ok(blob) = &mut changed.exchanges[n].answer {
                blob.0[at] ^= 0x10;
            }
            let _ = dnssec::assess(&changed, now());
        }
    }
    let mut tampered = good;
    let soa = tampered.exchanges.iter_mut().find(|x| x.rtype == "SOA").expect("asked");
    let blob = soa.answer.as_mut().expect("answered");
    // The serial of the SOA: `0 0 0 1` followed by the refresh time.
    let at = blob.0.windows(8).position(|w| w == [0, 0, 0, 1, 0, 0, 0x1c, 0x20]).expect("a serial");
    blob.0[at + 3] = 2;
    let State::Bogus(b) = dnssec::assess(&tampered, now()).state else { panic!("tampering goes unseen") };
    assert_eq!((b.reason, b.what.as_str()), (Reason::BadSignature, "good.test SOA"));
}

/// When the checks of `network` look at the fixture: 2026-11-25 in Taipei.
const FIXTURE_DAY_S: i64 = 1_795_536_000;

/// What must be the same in every making of the fixture; keys, ports and times differ.
fn outline(found: &Dnssec) -> (String, Vec<String>, BTreeSet<String>, Discriminant<State>, Option<Method>) {
    let assessed = dnssec::assess(found, FIXTURE_DAY_S);
    (
        found.zone.clone(),
        found.path.clone(),
        found.exchanges.iter().map(|x| format!("{} {}", x.name, x.rtype)).collect(),
        std::mem::discriminant(&assessed.state),
        assessed.denial,
    )
}

/// The answers that the checks of `network` are tested with are those to the questions the collector
/// asks today. `BULWARK_UPDATE=1` makes them again where they are not.
#[test]
fn the_fixture_of_the_checks_is_up_to_date() {
    let folder = bulwark_testkit::workspace_root().join("crates/cruise/src/checks/network/tests");
    let certificate = std::fs::read(folder.join("rsa2048.der")).expect("readable");
    let digest = ring::digest::digest(&ring::digest::SHA256, &certificate);
    let hex: String = digest.as_ref().iter().map(|b| format!("{b:02x}")).collect();
    let Some(bind) = start(FIXTURE, FIXTURE_TIMES, &format!("3 0 1 {hex}")) else { return };
    let made: Vec<Dnssec> = FIXTURE.iter().map(|(zone, ..)| bind.collect(zone)).collect();

    let path = folder.join("signed.json");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let kept: Vec<Dnssec> = serde_json::from_str(&text).unwrap_or_default();
    let outlines = |all: &[Dnssec]| all.iter().map(outline).collect::<Vec<_>>();
    let (kept, wanted) = (outlines(&kept), outlines(&made));
    if kept != wanted && update() {
        let text = serde_json::to_string(&made).expect("serialisable");
        std::fs::write(&path, text.replace("},{\"zone\"", "},\n{\"zone\"")).expect("writable");
        return;
    }
    assert_eq!(kept, wanted, "BULWARK_UPDATE=1 makes signed.json again");
}

#[expect(clippy::disallowed_methods, reason = "writing golden files again is asked for by the environment")]
fn update() -> bool {
    std::env::var_os("BULWARK_UPDATE").is_some()
}
