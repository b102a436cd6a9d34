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
    let starts = prober.net.pace.starts();
    let connections = starts.iter().filter(|(_, class, _)| *class != Class::Request).count();
    assert_eq!(connections, server.connections().len(), "the server saw what the pacer let through");
    assert!(connections >= 12, "{connections}");
    assert!(connections < server.requests().len(), "connections are re-used");
    assert!(starts.is_sorted_by_key(|(_, _, at)| *at));
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
