//! Repeats one kind of probe on a loopback target, for `cargo xtask bench probe`:
//! `bench_probe http|https|dns TARGET COUNT` prints `ok N`, the probes (DNS: questions) that were
//! answered.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::sync::Arc;

use bulwark_model::{FixedClock, Intensity};
use bulwark_probe::evidence::{Body, Outcome};
use bulwark_probe::net::{Prober, Settings, Stop};
use bulwark_probe::scope::{Scope, Vantage};
use bulwark_probe::task::Task;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [kind, target, count] = words.as_slice() else { return Err("http|https|dns TARGET COUNT".into()) };
    let count: u64 = count.parse()?;
    let dns = kind == "dns";
    let host = if dns {
        "demo.test".to_owned()
    } else {
        url::Url::parse(target)?.host_str().unwrap_or_default().to_owned()
    };
    let settings = Settings {
        scope: Scope { hosts: [host.clone()].into(), vantage: Vantage::Inside, ..Scope::default() },
        intensity: Intensity::Lab,
        resolvers: if dns { vec![target.parse()?] } else { Vec::new() },
        authoritative_port: if dns { target.parse::<std::net::SocketAddr>()?.port() } else { 53 },
        ..Settings::default()
    };
    let prober = Prober::new(settings, Arc::new(FixedClock::new("2026-11-25T00:00:00Z".parse()?)))?;
    let task = if dns { Task::Dns { name: host } } else { Task::Http { url: target.clone() } };
    let stop = Stop::new();
    let mut ok = 0;
    while ok < count {
        let record = prober.collect(&task, &stop);
        let Outcome::Collected(body) = record.outcome else {
            return Err(format!("{:?}", record.outcome).into());
        };
        let answered = match body.as_ref() {
            Body::Dns(dns) => dns.exchanges.iter().filter(|e| e.answer.is_ok()).count(),
            Body::Http(http) => usize::from(!http.hops.is_empty() && http.stopped.is_none()),
            _ => 0,
        };
        if answered == 0 {
            return Err(format!("{body:?}").into());
        }
        ok += u64::try_from(answered)?;
    }
    println!("ok {ok}");
    Ok(())
}
