//! Profiles a TLS port on loopback, for `cargo xtask bench probe`: prints handshakes, wall time and CPU
//! seconds of this process, and what was found, as `key value` lines.
//!
//! `bench_tls [HOST:PORT] [ROUNDS]`; without a port a server of our own in this process is profiled (its
//! CPU then counts, too).
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::sync::Arc;
use std::time::Instant;

use bulwark_model::{FixedClock, Intensity};
use bulwark_probe::evidence::{Body, Outcome, TlsProfile};
use bulwark_probe::net::{Prober, Settings, Stop};
use bulwark_probe::scope::Scope;
use bulwark_probe::task::Task;
use bulwark_probe::tls::profile::View;
use bulwark_probe::tls::{Version, cipher_name, group_name, signature_name};

fn main() {
    let mut args = std::env::args().skip(1);
    let target = args.next();
    let rounds: u32 = args.next().and_then(|r| r.parse().ok()).unwrap_or(5);
    let own = target.is_none().then(|| {
        let identity = bulwark_testkit::tls::Authority::new("bench").valid(&["127.0.0.1"]);
        bulwark_testkit::http::HttpServer::start(bulwark_testkit::loopback(), Some(identity), |_| {
            bulwark_testkit::http::Reply::text(200, "x")
        })
        .expect("a server")
    });
    let target = own.as_ref().map_or_else(|| target.unwrap_or_default(), |s| s.addr().to_string());
    let (host, port) = target.rsplit_once(':').expect("HOST:PORT");
    let port: u16 = port.parse().expect("a port");

    let settings = Settings {
        scope: Scope { hosts: [host.to_owned()].into_iter().collect(), ..Scope::default() },
        intensity: Intensity::Lab,
        ..Settings::default()
    };
    let cpu_before = cpu_seconds();
    let now = jiff::Timestamp::try_from(bulwark_testkit::tls::now_plus(0)).expect("a time");
    let prober = Prober::new(settings, Arc::new(FixedClock::new(now))).expect("a prober");
    let task = Task::TlsProfile { host: host.to_owned(), port };
    let mut best = f64::MAX;
    let mut last = None;
    for _ in 0..rounds {
        let start = Instant::now();
        let record = prober.collect(&task, &Stop::new());
        best = best.min(start.elapsed().as_secs_f64());
        last = Some(record);
    }
    let cpu = (cpu_seconds() - cpu_before) / f64::from(rounds.max(1));
    let profile = match last.map(|r| r.outcome) {
        Some(Outcome::Collected(body)) => match *body {
            Body::TlsProfile(profile) => profile,
            other => panic!("{target}: {}", other.kind()),
        },
        Some(Outcome::Failed(failure)) => panic!("{target}: {failure}"),
        None => panic!("no rounds"),
    };
    println!("tls_profile_handshakes {}", profile.handshakes);
    println!("tls_profile_wall_ms {:.1}", best * 1000.0);
    println!("tls_profile_cpu_s {cpu:.4}");
    println!("tls_profile_evidence_bytes {}", serde_json::to_vec(&profile).map_or(0, |v| v.len()));
    show(&profile);
}

/// What was found, for comparing with other tools.
fn show(profile: &TlsProfile) {
    let view = View(&profile.probes);
    for version in Version::ALL {
        let suites = view.accepted(version);
        if suites.is_empty() {
            continue;
        }
        let word = version.name().replace(' ', "_");
        println!("versions {word}");
        for suite in &suites {
            let name = cipher_name(*suite).map_or_else(|| format!("0x{suite:04x}"), str::to_owned);
            println!("suite {word} {name}");
        }
        println!("open_suites {word} {}", view.open(version).len());
        for group in view.groups(version) {
            println!("group {word} {}", group_name(group).unwrap_or("?"));
        }
    }
    for scheme in view.signatures() {
        println!("signature {}", signature_name(scheme).unwrap_or("?"));
    }
    println!("order {:?}", view.preference());
    println!("fallback_refused {:?}", view.fallback_refused());
    println!("compression {:?}", view.compression_chosen());
    println!("session {:?}", profile.session);
    println!("chains {} roots {}", profile.chains.len(), profile.roots.len());
    println!("ocsp {} sct_list {}", profile.ocsp.is_some(), profile.sct_list.is_some());
}

/// User and system time of this process and its threads, from `/proc/self/stat` in hundredths of a second;
/// 0 where there is none.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Fields 14 and 15; the name in field 2 may hold spaces but ends with the last parenthesis.
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}
