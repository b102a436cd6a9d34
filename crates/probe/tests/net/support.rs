//! A prober for tests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bulwark_model::{FixedClock, Intensity};
use bulwark_probe::evidence::{Body, Http, Outcome, Record};
use bulwark_probe::failure::{Code, Failure};
use bulwark_probe::net::{Limits, Prober, Settings, Stop};
use bulwark_probe::scope::Scope;
use bulwark_probe::task::Task;
use bulwark_testkit::http::HttpServer;

/// Lab settings with short limits; the hosts are in scope.
pub fn settings(hosts: &[&str]) -> Settings {
    Settings {
        scope: Scope { hosts: hosts.iter().map(|h| (*h).to_owned()).collect(), ..Scope::default() },
        intensity: Intensity::Lab,
        connect_timeout: Duration::from_secs(2),
        total_timeout: Duration::from_secs(3),
        limits: Limits { slow_window: Duration::from_millis(300), ..Limits::default() },
        ..Settings::default()
    }
}

pub fn prober(settings: Settings) -> Prober {
    let now = jiff::Timestamp::try_from(bulwark_testkit::tls::now_plus(0)).expect("a time");
    Prober::new(settings, Arc::new(FixedClock::new(now))).expect("a prober")
}

pub fn lab() -> Prober {
    prober(settings(&["127.0.0.1", "::1", "localhost"]))
}

pub fn collect(prober: &Prober, task: &Task) -> Record {
    prober.collect(task, &Stop::new())
}

/// The body of a task that must succeed.
pub fn body(prober: &Prober, task: &Task) -> Body {
    match collect(prober, task).outcome {
        Outcome::Collected(body) => *body,
        Outcome::Failed(e) => panic!("{task:?}: {e}"),
    }
}

/// The failure of a task that must fail.
pub fn failure(prober: &Prober, task: &Task) -> Failure {
    match collect(prober, task).outcome {
        Outcome::Collected(body) => panic!("{task:?}: {body:?}"),
        Outcome::Failed(e) => e,
    }
}

pub fn http(prober: &Prober, url: &str) -> Http {
    match body(prober, &Task::Http { url: url.to_owned() }) {
        Body::Http(http) => http,
        other => panic!("{other:?}"),
    }
}

pub fn http_failure(prober: &Prober, url: &str) -> Failure {
    failure(prober, &Task::Http { url: url.to_owned() })
}

/// Why the body of the last hop could not be read.
pub fn body_code(http: &Http) -> Option<Code> {
    http.hops.last().and_then(|h| h.body_failure.as_ref()).map(|f| f.code)
}

/// Stops a task once the server has its first request: it must end without waiting for an answer.
pub fn assert_stops_at_once(prober: &Prober, task: &Task, server: &HttpServer) {
    let stop = Stop::new();
    std::thread::scope(|threads| {
        let collecting = threads.spawn(|| {
            let record = prober.collect(task, &stop);
            (record, Instant::now())
        });
        while server.requests().is_empty() {
            std::thread::yield_now();
        }
        let pulled = Instant::now();
        stop.stop();
        let (record, ended) = collecting.join().expect("no panic");
        assert!(matches!(record.outcome, Outcome::Failed(e) if e.code == Code::Interrupted));
        assert!(ended - pulled < Duration::from_millis(200), "{:?}", ended - pulled);
    });
}
