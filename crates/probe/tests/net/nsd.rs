//! Signed zones served by NSD, when this machine has it; verdicts compared with `unbound-host`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use bulwark_probe::dnssec::{self, Reason, State};
use bulwark_probe::evidence::Body;
use bulwark_probe::net::Settings;
use bulwark_probe::task::Task;
use bulwark_testkit::{closed_port, program};

use crate::signed::{Ds, Made, ds_lines, now, sign};
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
        config += &format!("zone:\n name: \"{zone}\"\n zonefile: \"{file}\"\n");
    }
    std::fs::write(folder.join("nsd.conf"), config).expect("writable");
    let mut child = Command::new(nsd)
        .args(["-d", "-c", &format!("{at}/nsd.conf")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("starts");
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take()?).lines().map_while(Result::ok);
    let running = lines.by_ref().any(|line| {
        said.push_str(&line);
        said.push('\n');
        line.contains("nsd started")
    });
    let nsd = Nsd(child);
    assert!(running, "{said}");
    // Reads on, so that the server never waits for us.
    std::thread::spawn(move || lines.for_each(drop));
    Some((nsd, port))
}

/// The word `unbound-host` has for the SOA of a zone: secure, insecure or BOGUS.
fn unbound_host(folder: &Path, port: u16, zone: &str) -> Option<String> {
    let tool = program(&["unbound-host"])?;
    let config = format!(
        "server:\n do-not-query-localhost: no\n chroot: \"\"\n trust-anchor-file: \"{}/anchors\"\n \
         module-config: \"validator iterator\"\n local-zone: \"test.\" nodefault\nforward-zone:\n name: \".\"\n forward-addr: 127.0.0.1@{port}\n",
        folder.display()
    );
    std::fs::write(folder.join("anchors"), ds_lines(folder, ".").join("\n") + "\n").expect("writable");
    std::fs::write(folder.join("host.conf"), config).expect("writable");
    let out = Command::new(tool)
        .args(["-v", "-t", "SOA", "-C"])
        .arg(folder.join("host.conf"))
        .arg(zone)
        .output()
        .expect("starts");
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let word = ["(secure)", "(insecure)", "(BOGUS"].into_iter().find(|w| text.contains(w));
    Some(word.unwrap_or_else(|| panic!("{zone}: {text}")).trim_matches(['(', ')']).to_lowercase())
}

#[test]
fn verdicts_on_zones_of_nsd_agree_with_unbound() {
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
        let word = match &state {
            State::Secure => "secure",
            State::Insecure(_) => "insecure",
            State::Bogus(_) => "bogus",
            State::Indeterminate(_) => "indeterminate",
        };
        assert_eq!(word, expected, "{zone}: {state:?}");
        if let (State::Bogus(b), "forged.test") = (&state, zone) {
            assert_eq!((b.reason.clone(), b.what.as_str()), (Reason::BadSignature, "forged.test SOA"));
        }
        if let Some(theirs) = unbound_host(folder, port, zone) {
            assert_eq!(word, theirs, "{zone}: {state:?}");
        }
    }
}
