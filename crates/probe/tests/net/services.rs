//! TCP, ports, mail, time, this machine.

use bulwark_probe::evidence::Body;
use bulwark_probe::failure::Code;
use bulwark_probe::task::Task;
use bulwark_testkit::ntp::NtpServer;
use bulwark_testkit::smtp::SmtpSink;
use bulwark_testkit::tls::Authority;
use bulwark_testkit::{closed_port, loopback};

use crate::support::*;

#[test]
fn tcp_measures_each_sample() {
    let server = SmtpSink::start(loopback(), None).expect("a server");
    let prober = lab();
    let task = Task::Tcp { host: "127.0.0.1".into(), port: server.addr().port(), samples: 3 };
    let Body::Tcp(tcp) = body(&prober, &task) else { panic!("no tcp") };
    assert_eq!(tcp.addresses, ["127.0.0.1"]);
    assert_eq!(tcp.samples.len(), 3);
    assert!(tcp.samples.iter().all(|s| s.rtt_us.is_ok()));
    let closed = closed_port().expect("a port").port();
    let Body::Tcp(tcp) = body(&prober, &Task::Tcp { host: "127.0.0.1".into(), port: closed, samples: 2 })
    else {
        panic!()
    };
    assert!(tcp.samples.iter().all(|s| s.rtt_us.as_ref().is_err_and(|e| e.code == Code::Refused)));
}

#[test]
fn ports_tell_state_and_banner() {
    let server = SmtpSink::start(loopback(), None).expect("a server");
    let closed = closed_port().expect("a port").port();
    let task = Task::Ports { host: "127.0.0.1".into(), ports: vec![closed, server.addr().port(), closed] };
    let Body::Ports(ports) = body(&lab(), &task) else { panic!("no ports") };
    assert_eq!(ports.ports.len(), 2);
    for p in ports.ports {
        if p.port == closed {
            assert_eq!(p.state, "closed");
        } else {
            assert_eq!((p.state.as_str(), p.banner.0.starts_with(b"220 ")), ("open", true));
        }
    }
}

#[test]
fn smtp_with_and_without_starttls() {
    let authority = Authority::new("test");
    let secure = SmtpSink::start(loopback(), Some(authority.valid(&["localhost"]))).expect("a server");
    let plain = SmtpSink::start(loopback(), None).expect("a server");
    let prober = lab();
    let of = |port| match body(&prober, &Task::Smtp { host: "localhost".into(), port }) {
        Body::Smtp(smtp) => smtp,
        other => panic!("{other:?}"),
    };
    let with = of(secure.addr().port());
    assert_eq!(with.banner, "mail.demo.test ESMTP Bulwark sink");
    assert!(with.ehlo.contains(&"STARTTLS".to_owned()), "{with:?}");
    let words = with.starttls.expect("offered").expect("works");
    assert!(words.starts_with("TLS 1.3 TLS13_"), "{words}");
    assert_eq!(of(plain.addr().port()).starttls, None);
    assert_eq!(plain.commands(), ["EHLO bulwark.invalid", "QUIT"]);
    assert!(secure.messages().is_empty());
}

#[test]
fn a_web_server_is_no_mail_server() {
    let web = bulwark_testkit::http::HttpServer::start(loopback(), None, |_| {
        bulwark_testkit::http::Reply::text(200, "x")
    })
    .expect("a server");
    let prober = prober(bulwark_probe::net::Settings {
        total_timeout: std::time::Duration::from_millis(300),
        ..settings(&["127.0.0.1"])
    });
    let e = failure(&prober, &Task::Smtp { host: "127.0.0.1".into(), port: web.addr().port() });
    assert_eq!(e.code, Code::TimedOut);
}

#[test]
fn the_time_of_a_host_is_compared() {
    let server = NtpServer::start(loopback(), 90_000).expect("a server");
    let task = Task::Time { host: "127.0.0.1".into(), port: server.addr().port() };
    let Body::Time(time) = body(&lab(), &task) else { panic!("no time") };
    // Our clock stands still from the start of the test.
    assert!((89_000..=100_000).contains(&time.offset_ms), "{time:?}");
    assert_eq!((time.method.as_str(), server.queries()), ("ntp", 1));
    assert!(time.stratum.is_some_and(|s| s > 0));
}

#[test]
fn this_machine_is_read() {
    let Body::Host(host) = body(&lab(), &Task::Host) else { panic!("no host") };
    assert!(!host.hostname.is_empty() && !host.kernel.is_empty());
    assert!(host.uptime_s > 0);
    assert!(!host.processes.is_empty());
    let e = failure(&lab(), &Task::Files { path: "/no/such/folder".into(), hash: false });
    assert_eq!(e.code, Code::Unreadable);
}
