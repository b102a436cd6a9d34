//! Signed zones served by NSD, when this machine has it; verdicts compared with `delv`.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bulwark_probe::dnssec::{self, Reason, State};
use bulwark_probe::evidence::Body;
use bulwark_probe::net::Settings;
use bulwark_probe::task::Task;
use bulwark_testkit::{closed_port, program};

use crate::signed::{Ds, Made, delv, ds_lines, now, sign};
use crate::support::*;

const ZONES: &[Made] = &[
    ("good.test", "ECDSAP256SHA256", &["-3", "-"], Ds::Own),
    ("forged.test", "ED25519", &[], Ds::Own),
    ("mismatch.test", "ECDSAP256SHA256", &[], Ds::Other),
    ("plain.test", "", &[], Ds::None),
];

struct Nsd(Child);

impl Drop for Nsd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves the files of a folder; back once it says that it runs.
fn serve(folder: &Path, files: &[(&str, String)]) -> Option<(Nsd, u16)> {
    let nsd = program(&["nsd"])?;
    let port = closed_port().expect("a port").port();
    let at = folder.display();
    let mut config = format!(
        "server:\n ip-address: 127.0.0.1@{port}\n zonesdir: \"{at}\"\n database: \"\"\n pidfile: \"\"\n \
         username: \"\"\n server-count: 1\n verbosity: 1\n xfrdfile: \"{at}/xfrd\"\n xfrdir: \"{at}\"\n \
         zonelistfile: \"{at}/zones\"\nremote-control:\n control-enable: no\n"
    );
    for (zone, file) in files {
        let _ = write!(config, "zone:\n name: \"{zone}\"\n zonefile: \"{file}\"\n");
    }
    std::fs::write(folder.join("nsd.conf"), config).expect("writable");
    let mut nsd = Nsd(Command::new(nsd)
        .args(["-d", "-c", &format!("{at}/nsd.conf")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts"));
    let mut said = String::new();
    let mut lines = BufReader::new(nsd.0.stderr.take()?).lines().map_while(Result::ok);
    let running = lines.by_ref().any(|line| {
        said.push_str(&line);
        said.push('\n');
        line.contains("nsd started")
    });
    assert!(running, "{said}");
    // Reads on, so that the server never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    Some((nsd, port))
}

#[test]
fn verdicts_on_zones_of_nsd_agree_with_delv() {
    let Some(signed) = sign(ZONES, &[], "3 1 1 00") else { return };
    let folder = signed.folder.path();
    // A copy with another address than the one that was signed.
    let (_, forged) = signed.files.iter().find(|(zone, _)| *zone == "forged.test").expect("made");
    let text = std::fs::read_to_string(folder.join(forged)).expect("readable");
    let changed = text.replace("admin.ns.forged.test.", "thief.ns.forged.test.");
    assert_ne!(changed, text);
    std::fs::write(folder.join(forged), changed).expect("writable");
    let Some((_nsd, port)) = serve(folder, &signed.files) else { return };
    let prober = prober(Settings {
        resolvers: vec![([127, 0, 0, 1], port).into()],
        dnssec_anchors: ds_lines(folder, "."),
        ..settings(&[])
    });
    let tool = program(&["delv"]);
    for (zone, expected) in [
        ("good.test", "secure"),
        ("forged.test", "bogus"),
        ("mismatch.test", "bogus"),
        ("plain.test", "insecure"),
    ] {
        let Body::Dnssec(found) = body(&prober, &Task::Dnssec { zone: zone.into() }) else {
            panic!("{zone}")
        };
        let state = dnssec::assess(&found, now()).state;
        let (word, theirs) = match &state {
            State::Secure => ("secure", "fully validated"),
            State::Insecure(_) => ("insecure", "unsigned answer"),
            State::Bogus(_) => ("bogus", "resolution failed"),
            State::Indeterminate(_) => ("indeterminate", ""),
        };
        assert_eq!(word, expected, "{zone}: {state:?}");
        if let (State::Bogus(b), "forged.test") = (&state, zone) {
            assert_eq!((b.reason.clone(), b.what.as_str()), (Reason::BadSignature, "forged.test SOA"));
        }
        if let Some(tool) = &tool {
            let said = delv(tool, folder, port, zone);
            assert!(said.contains(theirs), "{zone}: {state:?}\n{said}");
        }
    }
}
