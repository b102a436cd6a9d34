//! How fast the console answers on this machine, over HTTP, with log-in, rights and audit log: durable writes of 64
//! people at once, and a list page of 50 rows.
//!
//! `cargo run --release -p bulwark-console --example bench_console -- [SECONDS] [PEOPLE]`
//!
//! `… bench_console -- load ADDRESS PATH COOKIE SECONDS` puts the same load of pages on another server.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark prints, runs in real time, and stops at the first failure"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bulwark_console::{App, Settings, router};
use bulwark_model::Clock;
use bulwark_model::rights::Role;
use bulwark_store::hash::Sha256;
use bulwark_store::{Actor, Config, NewOrganisation, NewPerson, NewSession, Store, Uuid};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const CLIENTS: usize = 64;
/// Clients that do not all wait for the same two cores.
const FEW: usize = 16;

struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    fn sleep(&self, _: Duration) {}
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["load", address, path, cookie, seconds] => {
            let (address, seconds) = (address.parse().unwrap(), seconds.parse().unwrap());
            pages(address, vec![get(cookie, path); CLIENTS], seconds, "the same").await;
        }
        _ => console().await,
    }
}

/// Our own console in this process, and its writes.
async fn console() {
    let number =
        |n: usize, default: u64| std::env::args().nth(n).map_or(default, |text| text.parse().unwrap());
    let (seconds, people) = (number(1, 5), number(2, 7_500));
    let dir = tempfile::tempdir_in(".").unwrap();
    let start = Instant::now();
    let mono = Arc::new(move || u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX));
    let store = Store::open(Config::sqlite(dir.path(), Arc::new(MachineClock), mono)).await.unwrap();
    let (organisation, sessions) = seed(&store, people).await;
    let settings = Settings { requests_per_second: 0, ..Settings::default() };
    let app = App::new(store.clone(), settings);
    let service = router(&app).into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, service).await });

    let requests = sessions.iter().map(|session| get(&format!("__Host-bulwark={session}"), "/people"));
    pages(address, requests.collect(), seconds, &format!("50 of {people}")).await;

    let commits = store.commits();
    let roles = [Role::AgencyCiso, Role::Reporter].map(|role| format!("{} {organisation}", role.code()));
    let requests: Vec<[Vec<u8>; 2]> =
        sessions.iter().map(|session| roles.each_ref().map(|role| post(session, role))).collect();
    let before = processor_ms();
    let (times, took) = load(address, Duration::from_secs(seconds), requests, "303").await;
    let processor = (processor_ms() - before) / ratio(times.len());
    let (each, commits) = (times.len(), store.commits() - commits);
    let grouped = ratio(each) / ratio(usize::try_from(commits).unwrap());
    println!(
        "writes: {:.0}/s over HTTP, {CLIENTS} clients, {grouped:.1} writes per commit, {}, \
         {processor:.2} ms of processor",
        ratio(each) / took.as_secs_f64(),
        spread(&times)
    );
    store.close().await;
}

/// An organisation with people, 64 of them logged in with two roles.
async fn seed(store: &Store, people: u64) -> (Uuid, Vec<String>) {
    let actor = Actor::system("bench");
    let new = NewOrganisation {
        code: "bench".into(),
        name: "測試機關".into(),
        kind: "agency".into(),
        sector: None,
        parent: None,
        from: jiff::civil::date(2026, 1, 1),
    };
    let organisation =
        store.write(&actor, |tx| Box::pin(async move { tx.add_organisation(new).await })).await.unwrap().id;
    let mut sessions = Vec::new();
    for from in (0..people).step_by(500) {
        let inner = store.clone();
        let made = store.write(&actor, move |tx| {
            Box::pin(async move {
                let mut tokens = Vec::new();
                for n in from..(from + 500).min(people) {
                    let new = NewPerson {
                        login: format!("p{n}"),
                        name: format!("王小明{n}"),
                        organisation,
                        email: None,
                    };
                    let id = tx.add_person(&inner, new).await?.id;
                    tx.grant(id, Role::AgencyCiso.code(), organisation, None, None).await?;
                    if n < CLIENTS as u64 {
                        tx.grant(id, Role::Reporter.code(), organisation, None, None).await?;
                        let expires_at = tx.now().plus_ms(3_600_000);
                        let session = NewSession {
                            person: id,
                            role: Role::AgencyCiso.code().into(),
                            organisation,
                            method: "passkey".into(),
                            agent: "bench".into(),
                            fresh: true,
                            expires_at,
                        };
                        tokens.push(tx.open_session(session).await?.1.reveal().to_owned());
                    }
                }
                Ok(tokens)
            })
        });
        sessions.extend(made.await.unwrap());
    }
    (organisation, sessions)
}

/// The page again and again: by all clients for what the server can do, by fewer for how long one person waits.
async fn pages(address: SocketAddr, requests: Vec<Vec<u8>>, seconds: u64, rows: &str) {
    for clients in [CLIENTS, FEW] {
        let requests = requests.iter().take(clients).map(|request| [request.clone(), request.clone()]);
        let before = processor_ms();
        let (times, took) = load(address, Duration::from_secs(seconds), requests.collect(), "200").await;
        let processor = (processor_ms() - before) / ratio(times.len());
        let rate = ratio(times.len()) / took.as_secs_f64();
        println!(
            "list, {clients} clients: {rate:.0}/s, {rows} rows, {}, {processor:.2} ms of processor",
            spread(&times)
        );
    }
}

fn get(cookie: &str, path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\r\n").into_bytes()
}

fn post(session: &str, role: &str) -> Vec<u8> {
    let csrf = Sha256::of_parts(&[b"bulwark form\0", session.as_bytes()]).to_string();
    let body = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("csrf", csrf.as_str()), ("role", role)])
        .finish();
    format!(
        "POST /account/role HTTP/1.1\r\nhost: localhost\r\ncookie: __Host-bulwark={session}\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Each client sends its two requests in turn until the time is over; the time of each answer, in microseconds.
async fn load(
    address: SocketAddr,
    time: Duration,
    requests: Vec<[Vec<u8>; 2]>,
    status: &'static str,
) -> (Vec<u64>, Duration) {
    let begun = Instant::now();
    let clients: Vec<_> = requests
        .into_iter()
        .map(|pair| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                let (mut times, mut buffer) = (Vec::new(), Vec::new());
                // The second role first: the session begins in the first one.
                for request in pair.iter().rev().cycle() {
                    let sent = Instant::now();
                    if sent.duration_since(begun) > time {
                        break;
                    }
                    stream.write_all(request).await.unwrap();
                    answer(&mut stream, &mut buffer, status).await;
                    times.push(u64::try_from(sent.elapsed().as_micros()).unwrap());
                }
                times
            })
        })
        .collect();
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.unwrap());
    }
    all.sort_unstable();
    (all, begun.elapsed())
}

/// Reads one answer and fails unless it has this status.
async fn answer(stream: &mut TcpStream, buffer: &mut Vec<u8>, status: &str) {
    buffer.clear();
    let mut chunk = vec![0; 65_536].into_boxed_slice();
    loop {
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "the server hung up");
        buffer.extend_from_slice(&chunk[..read]);
        let Some(head) = buffer.windows(4).position(|end| end == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
        assert!(text.starts_with(&format!("http/1.1 {status}")), "{text}");
        let length =
            text.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
        let length: usize = length.unwrap_or(0);
        if buffer.len() >= head + 4 + length {
            return;
        }
    }
}

/// Processor time of this process so far, server and clients (proc(5): fields 14 and 15, 100 ticks a second).
fn processor_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) * 10.0
}

fn spread(times: &[u64]) -> String {
    let at = |share: usize| ratio(usize::try_from(times[(times.len() - 1) * share / 100]).unwrap()) / 1000.0;
    format!("p50 {:.1} ms, p99 {:.1} ms", at(50), at(99))
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn ratio(n: usize) -> f64 {
    n as f64
}
