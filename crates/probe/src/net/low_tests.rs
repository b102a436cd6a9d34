//! The promise of `low`, counted where it matters: at the server.

use std::sync::Arc;
use std::time::Duration;

use bulwark_model::{FixedClock, Intensity};
use bulwark_testkit::http::{HttpServer, Reply};
use bulwark_testkit::loopback;

use super::*;
use crate::evidence::Outcome;
use crate::polite::Class;
use crate::scope::Vantage;

fn prober(intensity: Intensity) -> Prober {
    let settings = Settings {
        scope: Scope { hosts: ["127.0.0.1".into()].into(), vantage: Vantage::Inside, ..Scope::default() },
        intensity,
        ..Settings::default()
    };
    let mut prober =
        Prober::new(settings, Arc::new(FixedClock::new(jiff::Timestamp::UNIX_EPOCH))).expect("a prober");
    Arc::get_mut(&mut prober.net).expect("not shared yet").pace = Pace::made(intensity);
    prober
}

#[test]
fn eight_workers_start_at_most_one_connection_a_second() {
    let server = HttpServer::start(loopback(), None, |_| Reply::html("<img src=/a.png><img src=/b.png>"))
        .expect("a server");
    let prober = prober(Intensity::Low);
    let port = server.addr().port();
    let stop = Stop::new();
    std::thread::scope(|threads| {
        for n in 0..8 {
            let (prober, stop) = (&prober, &stop);
            let task = match n % 4 {
                0 => Task::Tcp { host: "127.0.0.1".into(), port, samples: 3 },
                1 => Task::Http { url: server.url("/x") },
                2 => Task::Page { url: server.url("/y") },
                _ => Task::Paths { url: server.url("/") },
            };
            threads.spawn(move || {
                let record = prober.collect(&task, stop);
                assert!(matches!(record.outcome, Outcome::Collected(_)), "{record:?}");
            });
        }
    });
    let mut starts = prober.net.pace.starts();
    // Eight workers note their starts in any order; what counts is when they were.
    starts.sort_by_key(|(_, _, at)| *at);
    let connections = starts.iter().filter(|(_, class, _)| *class != Class::Request).count();
    assert_eq!(connections, server.connections().len(), "the server saw what the pacer let through");
    assert!(connections >= 12, "{connections}");
    assert!(connections < server.requests().len(), "connections are re-used");
    for pair in starts.windows(2) {
        assert!(pair[1].2 - pair[0].2 >= Duration::from_secs(1), "{pair:?}");
    }
    assert_eq!(prober.traffic().connections, connections as u64);
}

#[test]
fn tls_versions_are_asked_over_eight_minutes() {
    let authority = bulwark_testkit::tls::Authority::new("test");
    let server =
        HttpServer::start(loopback(), Some(authority.valid(&["127.0.0.1"])), |_| Reply::text(200, "x"))
            .expect("a server");
    let prober = prober(Intensity::Low);
    let task = Task::TlsVersions { host: "127.0.0.1".into(), port: server.addr().port() };
    let record = prober.collect(&task, &Stop::new());
    assert!(matches!(record.outcome, Outcome::Collected(_)), "{record:?}");
    let starts = prober.net.pace.starts();
    assert_eq!(starts.len(), 5);
    for pair in starts.windows(2) {
        assert_eq!(pair[1].1, Class::TlsVersion);
        assert!(pair[1].2 - pair[0].2 >= Duration::from_mins(2), "{pair:?}");
    }
}

#[test]
fn an_address_that_keeps_failing_is_left_alone_but_still_watched() {
    let port = bulwark_testkit::closed_port().expect("a port").port();
    let prober = prober(Intensity::Low);
    let handshake = Task::TlsHandshake { host: "127.0.0.1".into(), port };
    let code = |task: &Task| match prober.collect(task, &Stop::new()).outcome {
        Outcome::Failed(e) => Some(e.code),
        Outcome::Collected(_) => None,
    };
    for _ in 0..5 {
        assert_eq!(code(&handshake), Some(Code::Refused));
    }
    assert_eq!(code(&handshake), Some(Code::CircuitOpen));
    assert_eq!(code(&Task::Http { url: format!("http://127.0.0.1:{port}/") }), Some(Code::Refused));
    let starts = prober.net.pace.starts();
    let gaps: Vec<u64> = starts.windows(2).map(|p| (p[1].2 - p[0].2).as_secs()).collect();
    assert_eq!(gaps, [2, 4, 8, 16, 32]);
}

#[test]
fn closed_ports_are_no_trouble() {
    let prober = prober(Intensity::Low);
    let ports: Vec<u16> = (0..7).map(|_| bulwark_testkit::closed_port().expect("a port").port()).collect();
    let record = prober.collect(&Task::Ports { host: "127.0.0.1".into(), ports }, &Stop::new());
    assert!(matches!(record.outcome, Outcome::Collected(_)), "{record:?}");
    assert!(prober.net.pace.starts().last().is_some_and(|s| s.2 < Duration::from_secs(8)));
}

#[test]
fn retry_after_is_honoured() {
    let server =
        HttpServer::start(loopback(), None, |_| Reply::text(429, "slow down").header("Retry-After", "30"))
            .expect("a server");
    let prober = prober(Intensity::Low);
    for _ in 0..2 {
        prober.collect(&Task::Http { url: server.url("/") }, &Stop::new());
    }
    let starts = prober.net.pace.starts();
    assert!(starts[1].2 - starts[0].2 >= Duration::from_secs(30), "{starts:?}");
}

#[test]
fn a_profile_keeps_to_its_budget_and_its_pace() {
    let authority = bulwark_testkit::tls::Authority::new("test");
    for (intensity, budget, gap) in [(Intensity::Low, 12, 120), (Intensity::Normal, 30, 5)] {
        let server =
            HttpServer::start(loopback(), Some(authority.valid(&["127.0.0.1"])), |_| Reply::text(200, "x"))
                .expect("a server");
        let prober = prober(intensity);
        let task = Task::TlsProfile { host: "127.0.0.1".into(), port: server.addr().port() };
        let record = prober.collect(&task, &Stop::new());
        assert!(matches!(record.outcome, Outcome::Collected(_)), "{record:?}");
        let starts = prober.net.pace.starts();
        assert_eq!((starts.len(), server.connections().len()), (budget, budget), "{intensity}");
        let hellos: Vec<Duration> =
            starts.iter().filter(|(_, class, _)| *class == Class::TlsVersion).map(|(_, _, at)| *at).collect();
        assert!(hellos.len() >= budget - 1, "all but the one complete handshake");
        for pair in hellos.windows(2) {
            assert!(pair[1] - pair[0] >= Duration::from_secs(gap), "{pair:?}");
        }
    }
}
