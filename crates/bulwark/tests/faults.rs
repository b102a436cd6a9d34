//! What may happen to a running console: killed, disk full, audit file gone, database locked, files altered, hostile
//! connections. Each is named, nothing acknowledged is lost, and it goes on afterwards.

#[path = "support/server.rs"]
mod server;
mod support;
#[path = "support/visitor.rs"]
mod visitor;

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;

use bulwark_testkit::{long_run, program};
use rustix::process::Signal;
use server::Server;
use support::{bulwark, code, err, out};
use visitor::{Visitor, exchange};

/// A folder with a configuration without limit of requests.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    let config = "[store]\ndir = \"store\"\n[limits]\nrequests_per_second = 0\n";
    std::fs::write(dir.path().join("b.toml"), config).expect("writable");
    dir
}

const WHICH: [&str; 2] = ["--config", "b.toml"];

fn start(dir: &Path) -> Server {
    Server::start_from(dir, &WHICH)
}

fn command(dir: &Path, args: &[&str]) -> Output {
    bulwark(dir, &[&["--lang", "en"], args, &WHICH].concat())
}

/// Fails unless the audit log is whole.
#[track_caller]
fn verified(dir: &Path) {
    let o = command(dir, &["audit", "verify"]);
    assert!(code(&o) == 0 && out(&o).starts_with("ok, "), "{}{}", out(&o), err(&o));
}

/// Runs SQL on the database behind the server's back. `None` when there is nothing to do it with.
fn sql(dir: &Path, script: &str) -> Option<Command> {
    let mut python = Command::new(program(&["python3"])?);
    let database = dir.join("store/bulwark.db");
    python.args(["-c", &format!("import sqlite3,sys\ndb = sqlite3.connect(sys.argv[1])\n{script}")]);
    python.arg(database);
    Some(python)
}

/// Invites people from several connections until they break; returns what was acknowledged.
fn killed_after(server: Server, visitor: &Visitor, round: usize, count: usize) -> BTreeSet<String> {
    let (told, heard) = mpsc::channel();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let (told, visitor) = (told.clone(), visitor.clone());
            scope.spawn(move || {
                for number in 0.. {
                    let login = format!("r{round}-w{writer}-n{number}");
                    let Ok(answer) = visitor.invite(&login) else { return };
                    told.send((login, answer.status)).expect("heard");
                }
            });
        }
        drop(told);
        let mut answers: Vec<(String, u16)> = heard.iter().take(count).collect();
        server.signal(Signal::KILL);
        drop(server);
        // What was acknowledged on the way counts, too.
        answers.extend(heard);
        let refused: Vec<_> = answers.iter().filter(|(_, status)| *status != 200).collect();
        assert!(refused.is_empty(), "{refused:?}");
        answers.into_iter().map(|(login, _)| login).collect()
    })
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed() {
    let dir = folder();
    let mut server = start(dir.path());
    let mut visitor = Visitor::enter(&server);
    let mut acknowledged = BTreeSet::new();
    let (rounds, step) = if long_run() { (10, 91) } else { (2, 7) };
    for round in 0..rounds {
        let count = 20 + step * round;
        let more = killed_after(server, &visitor, round, count);
        assert!(more.len() >= count);
        acknowledged.extend(more);
        server = start(dir.path());
        visitor = visitor.at(&server);
        let people = visitor.people();
        // Twice: the name of these people is their log-in name.
        let lost: Vec<_> = acknowledged.iter().filter(|login| people.get(*login) != Some(&2)).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?}");
        verified(dir.path());
        // One entry for each account, and no account without one.
        let export = format!("export-{round}");
        assert_eq!(code(&command(dir.path(), &["audit", "export", "--out", &export])), 0);
        let log = std::fs::read_to_string(dir.path().join(export).join("audit.log")).expect("text");
        let entries = log.matches("\"action\":\"person.create\"").count();
        let accounts = people.keys().filter(|word| word.starts_with('r') && word.contains("-w")).count();
        assert_eq!(entries, accounts + 1, "and the first administrator");
    }
}

#[test]
fn a_full_disk_is_named_and_reading_goes_on() {
    let dir = folder();
    let server = start(dir.path());
    let visitor = Visitor::enter(&server);
    visitor.invite("before").expect("an answer").is(200);
    assert!(server.stop().0.success());
    let sizes = std::fs::read_dir(dir.path().join("store")).expect("there");
    let sizes = sizes.map(|entry| entry.expect("there").metadata().expect("there").len());
    // A limit on the size of files stands for the end of the disk; its signal is ignored, so that writing fails.
    let blocks = sizes.max().expect("files") / 512 + 1000;
    let server = Server::start_under(dir.path(), &WHICH, &format!("trap '' XFSZ; ulimit -f {blocks}"));
    let visitor = visitor.at(&server);
    let (mut acknowledged, mut full) = (vec!["before".to_owned()], None);
    for number in 0..2000 {
        let login = format!("n{number}");
        let answer = visitor.invite(&login).expect("an answer");
        if answer.status != 200 {
            full = Some(answer);
            break;
        }
        acknowledged.push(login);
    }
    let full = full.expect("the disk is full at last").is(503).says("BW-STORE-003");
    assert!(full.body.contains("<html lang=\"en\">") && acknowledged.len() > 1);
    visitor.invite("still-full").expect("an answer").is(503).says("BW-STORE-003");
    visitor.get("/people").expect("an answer").is(200).says("before");
    assert_eq!(server.ask("/livez").0, 200);
    server.stop();

    let server = start(dir.path());
    let visitor = visitor.at(&server);
    let people = visitor.people();
    let lost: Vec<_> = acknowledged.iter().filter(|login| people.get(*login) != Some(&2)).collect();
    assert!(lost.is_empty() && !people.contains_key("still-full"), "{lost:?}");
    visitor.invite("after").expect("an answer").is(200);
    verified(dir.path());
}

/// A library that makes writing to the audit file fail with an error of the device while a file of this name exists.
const INJECTOR: &str = r#"
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
ssize_t write(int fd, const void *bytes, size_t count) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    const char *fault = getenv("FAULT_WHILE");
    if (n > 9 && fault && access(fault, F_OK) == 0 && memcmp(path + n - 9, "audit.log", 9) == 0) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, count);
}
"#;

#[test]
fn without_the_audit_file_nothing_is_changed() {
    let Some(cc) = program(&["cc", "gcc", "clang"]) else { return };
    let dir = folder();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at("injector.c"), INJECTOR).expect("writable");
    let mut compile = Command::new(cc);
    compile.args(["-shared", "-fPIC", "-o"]).args([at("injector.so"), at("injector.c")]);
    let o = compile.output().expect("it runs");
    assert!(o.status.success(), "{}", err(&o));
    let fault = at("fault");
    let before =
        format!("export LD_PRELOAD='{}' FAULT_WHILE='{}'", at("injector.so").display(), fault.display());
    let server = Server::start_under(dir.path(), &WHICH, &before);
    let visitor = Visitor::enter(&server);
    let rows = |words: &str| {
        let page = visitor.get(&format!("/people?q={words}")).expect("an answer").is(200);
        page.body.matches("href=\"/people/0").count()
    };
    visitor.invite("before").expect("an answer").is(200);
    std::fs::write(&fault, "").expect("writable");
    for _ in 0..3 {
        visitor.invite("while").expect("an answer").is(503).says("BW-STORE-009");
    }
    assert_eq!([rows("before"), rows("while")], [1, 0], "reading goes on, and nothing was written");
    // A list that is taken away must leave its entry, so it is not.
    visitor.get("/people?format=csv").expect("an answer").is(503).says("BW-STORE-009");
    verified(dir.path());
    std::fs::remove_file(&fault).expect("ours");
    visitor.invite("while").expect("an answer").is(200);
    assert_eq!([rows("before"), rows("while")], [1, 1]);
    assert!(server.stop().0.success());
    verified(dir.path());
}

#[test]
fn a_locked_database_is_named_and_reading_goes_on() {
    let dir = folder();
    let server = start(dir.path());
    let visitor = Visitor::enter(&server);
    let script =
        "db.execute('BEGIN IMMEDIATE')\nprint('locked', flush=True)\nsys.stdin.read()\ndb.rollback()";
    let Some(mut python) = sql(dir.path(), script) else { return };
    let mut other = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
    let mut said = String::new();
    BufReader::new(other.stdout.take().expect("piped")).read_line(&mut said).expect("text");
    assert_eq!(said, "locked\n");
    visitor.invite("lin").expect("an answer").is(503).says("BW-STORE-002");
    visitor.get("/people").expect("an answer").is(200);
    drop(other.stdin.take());
    assert!(other.wait().expect("it ends").success());
    visitor.invite("lin").expect("an answer").is(200);
    assert!(server.stop().0.success());
    verified(dir.path());
}

#[test]
fn a_database_of_a_newer_program_is_not_opened() {
    let dir = folder();
    assert!(start(dir.path()).stop().0.success());
    let script =
        "db.execute(\"INSERT INTO schema_migration VALUES ('m20990101_000001_future', 0)\")\ndb.commit()";
    let Some(mut python) = sql(dir.path(), script) else { return };
    let o = python.output().expect("it runs");
    assert!(o.status.success(), "{}", err(&o));
    let before = std::fs::read(dir.path().join("store/bulwark.db")).expect("there");
    let o = command(dir.path(), &["serve"]);
    assert_ne!(code(&o), 0);
    assert!(err(&o).contains("BW-STORE-001") && err(&o).contains("m20990101_000001_future"), "{}", err(&o));
    assert_eq!(out(&o), "", "it was never ready");
    assert!(std::fs::read(dir.path().join("store/bulwark.db")).expect("there") == before, "untouched");
}

/// Both sinks of the audit log as they are on the disk.
struct Sinks {
    paths: [std::path::PathBuf; 2],
    bytes: [Vec<u8>; 2],
}

impl Sinks {
    fn of(dir: &Path) -> Self {
        let paths = ["store/bulwark.db", "store/audit.log"].map(|name| dir.join(name));
        let bytes = paths.clone().map(|path| std::fs::read(path).expect("there"));
        Self { paths, bytes }
    }

    fn put_back(&self) {
        for (path, bytes) in self.paths.iter().zip(&self.bytes) {
            std::fs::write(path, bytes).expect("writable");
        }
    }
}

/// Where `part` stands in `whole`.
fn places(whole: &[u8], part: &[u8]) -> Vec<usize> {
    let starts = (0..whole.len()).filter(|at| whole[*at] == part[0]);
    starts.filter(|at| whole[*at..].starts_with(part)).collect()
}

#[test]
fn every_tampering_with_the_log_is_named() {
    let dir = folder();
    let server = start(dir.path());
    let visitor = Visitor::enter(&server);
    visitor.invite("a").expect("an answer").is(200);
    assert!(server.stop().0.success());
    let old = Sinks::of(dir.path());
    let server = start(dir.path());
    visitor.at(&server).invite("b").expect("an answer").is(200);
    assert!(server.stop().0.success());
    verified(dir.path());
    let good = Sinks::of(dir.path());
    assert_eq!(code(&command(dir.path(), &["audit", "export", "--out", "kept"])), 0);
    let from = ["audit", "verify", "--from", "kept/checkpoint"];
    // What `audit verify` says about altered sinks; they are put back afterwards.
    let verdict = |bytes: [&[u8]; 2], args: &[&str]| {
        for (path, bytes) in good.paths.iter().zip(bytes) {
            std::fs::write(path, bytes).expect("writable");
        }
        let o = command(dir.path(), args);
        good.put_back();
        (code(&o), out(&o) + &err(&o))
    };
    let [db, log] = [&good.bytes[0][..], &good.bytes[1][..]];
    let mut unnamed = Vec::new();
    let mut want = |what: String, (code, said): (i32, String), words: &str| {
        if code != 1 || !said.contains(words) {
            unnamed.push(format!("{what}: {code} {said}"));
        }
    };

    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let mut begin = 0;
    for (number, line) in lines.iter().enumerate() {
        // In the middle, and the last character before the bracket: of a confirmation, that is its number.
        for at in [line.len() / 2, line.len() - 3] {
            let mut altered = log.to_vec();
            altered[begin + at] ^= 1;
            want(
                format!("byte {at} of line {number}"),
                verdict([db, &altered], &["audit", "verify"]),
                "leaf ",
            );
        }
        begin += line.len();
    }
    let leaves: Vec<&[u8]> = lines.iter().copied().filter(|line| line.starts_with(b"{\"action\"")).collect();
    for (seq, leaf) in leaves.iter().enumerate() {
        let (mut altered, leaf) = (db.to_vec(), leaf.trim_ascii_end());
        let found = places(db, leaf);
        assert!(!found.is_empty(), "leaf {seq} is in the database");
        for at in found {
            altered[at + leaf.len() / 2] ^= 1;
        }
        let said = verdict([&altered, log], &["audit", "verify"]);
        want(format!("leaf {seq} in the database"), said, &format!("leaf {seq} "));
    }

    let last = leaves.len() - 1;
    let cut = places(log, leaves[last])[0];
    let said = verdict([db, &log[..cut]], &["audit", "verify"]);
    want("the tail of the file".into(), said, &format!("leaf {last} "));
    let said = verdict([&db[..db.len() / 2], log], &["audit", "verify"]);
    want("half of the database".into(), said, "BW-STORE-025");
    let [old_db, old_log] = [&old.bytes[0][..], &old.bytes[1][..]];
    let first_new = places(old_log, b"{\"action\"").len();
    let first_new = format!("leaf {first_new} ");
    want("an old database".into(), verdict([old_db, log], &["audit", "verify"]), &first_new);
    want("an old file".into(), verdict([db, old_log], &["audit", "verify"]), &first_new);
    want("old copies of both".into(), verdict([old_db, old_log], &from), &first_new);
    assert!(unnamed.is_empty(), "{}", unnamed.join("\n"));
    verified(dir.path());
}

/// What the server says on a connection until it closes it; `None` when it closes it without a word.
fn last_words(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = stream.read_to_end(&mut bytes);
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address()).expect("it listens")
}

#[test]
fn slow_and_oversized_requests_keep_nobody_out() {
    let dir = folder();
    let server = start(dir.path());
    let address = server.address();
    // They never finish their head.
    let mut slow: Vec<TcpStream> = (0..60).map(|_| connect(&server)).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /log-in HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").expect("sent");
    }
    assert_eq!(server.page("/log-in").0, 200);
    let long = "a".repeat(100_000);
    let heads = [
        format!("GET /log-in HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        format!("GET /log-in HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X-Many: 1\r\n".repeat(500)),
    ];
    for head in heads {
        // Closing before all was read may take the answer with it.
        let answer = exchange(&address, head.as_bytes());
        assert!(answer.is_err() || answer.is_ok_and(|answer| matches!(answer.status, 414 | 431)));
    }
    let form = "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n";
    let head = format!("POST /log-in HTTP/1.1\r\nHost: localhost\r\n{form}");
    // Told before it is sent.
    let announced = exchange(&address, format!("{head}Content-Length: 3000000\r\n\r\n").as_bytes());
    announced.expect("an answer").is(413).says("BW-WEB-008");
    let mut endless = connect(&server);
    endless.write_all(format!("{head}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).expect("sent");
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let sent = (0..4000).take_while(|_| endless.write_all(chunk.as_bytes()).is_ok()).count();
    assert!(sent < 4000, "it does not read for ever");
    assert!(last_words(&mut endless).is_none_or(|words| words.starts_with("HTTP/1.1 413 ")));
    for garbage in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"\0\0\0\0\r\n\r\n", b"GET\r\n\r\n"]
    {
        let mut stream = connect(&server);
        stream.write_all(garbage).expect("sent");
        stream.shutdown(std::net::Shutdown::Write).expect("open");
        assert!(last_words(&mut stream).is_none_or(|words| words.starts_with("HTTP/1.1 400 ")));
    }
    assert_eq!(server.page("/log-in").0, 200);
    for stream in &mut slow {
        assert!(last_words(stream).is_none_or(|words| words.starts_with("HTTP/1.1 408 ")));
    }
    if long_run() {
        let mut stream = connect(&server);
        stream.write_all(format!("{head}Content-Length: 10\r\n\r\nlogin").as_bytes()).expect("sent");
        assert!(last_words(&mut stream).is_some_and(|words| words.starts_with("HTTP/1.1 408 ")));
    }
    assert_eq!(server.page("/log-in").0, 200);
    let (_, metrics) = server.ask("/metrics");
    assert!(metrics.contains("bulwark_requests_under_way 0"), "{metrics}");
    assert!(server.stop().0.success());
}

#[test]
fn a_request_whose_end_can_be_read_in_two_ways_is_refused() {
    let dir = folder();
    let server = start(dir.path());
    let form = "Host: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n";
    let smuggled = "GET /log-in HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answers = |framing: &str| {
        let mut stream = connect(&server);
        stream.write_all(format!("POST /log-in HTTP/1.1\r\n{form}{framing}").as_bytes()).expect("sent");
        stream.shutdown(std::net::Shutdown::Write).expect("open");
        let words = last_words(&mut stream).unwrap_or_default();
        words.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned()).collect::<Vec<_>>()
    };
    for framing in [
        format!("Content-Length: 0\r\nContent-Length: 44\r\n\r\n{smuggled}"),
        format!("Content-Length: +5\r\n\r\nlogin{smuggled}"),
        format!("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("Transfer-Encoding: chunked\r\n\r\n5;\n\nlogin\r\n0\r\n\r\n{smuggled}"),
    ] {
        let answers = answers(&framing);
        assert!(answers == ["400"] || answers == ["403"], "one, and no way on: {framing}: {answers:?}");
    }
    // Of a length and an encoding, the encoding alone counts (RFC 9112 §6.3).
    for framing in [
        format!("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: 50\r\n\r\n0\r\n\r\n{smuggled}"),
    ] {
        let answers = answers(&framing);
        assert!(answers == ["403"] || answers == ["403", "200"], "{framing}: {answers:?}");
    }
    assert_eq!(server.page("/log-in").0, 200);
}

/// The first message of a client that knows this version of TLS at most, and these suites.
fn client_hello(version: [u8; 2], suites: &[u8]) -> Vec<u8> {
    let mut body = [&version[..], &[7; 32], &[0]].concat();
    body.extend(u16::try_from(suites.len()).expect("few").to_be_bytes());
    body.extend([suites, &[1, 0]].concat());
    // Groups and signatures any client of that time knew: x25519 and P-256, RSA and ECDSA with SHA-256.
    let extensions = [0, 10, 0, 6, 0, 4, 0, 29, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 6, 0, 4, 4, 1, 4, 3];
    body.extend(u16::try_from(extensions.len()).expect("few").to_be_bytes());
    body.extend(extensions);
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    let message = [&[1][..], &length[1..], &body].concat();
    let length = u16::try_from(message.len()).expect("short").to_be_bytes();
    [&[22, 3, 1][..], &length, &message].concat()
}

#[test]
fn old_versions_weak_suites_and_plain_words_are_not_answered() {
    let dir = folder();
    let config = "[server]\ntls = \"own-ca\"\n[store]\ndir = \"store\"\n";
    std::fs::write(dir.path().join("b.toml"), config).expect("writable");
    let server = start(dir.path());
    let first = |bytes: &[u8]| {
        let mut stream = connect(&server);
        stream.write_all(bytes).expect("sent");
        let mut begin = [0; 7];
        let read = stream.read(&mut begin).unwrap_or_default();
        begin[..read].to_vec()
    };
    // TLS_ECDHE_ECDSA with AES-128 in GCM, and AES-128 in CBC with and without forward secrecy.
    let (good, cbc) = (&[0xc0, 0x2b][..], &[0xc0, 0x09, 0xc0, 0x13, 0x00, 0x2f][..]);
    let answer = first(&client_hello([3, 3], good));
    assert_eq!(answer[..3], [22, 3, 3], "TLS 1.2 with a good suite is answered");
    for (version, suites, alert) in
        [([3, 3], cbc, 40), ([3, 2], cbc, 70), ([3, 1], cbc, 70), ([3, 0], cbc, 70)]
    {
        let answer = first(&client_hello(version, suites));
        // An alert: nothing in common (40), or a version that is not spoken (70); RFC 8446 §6.
        let refused = answer.len() == 7 && answer[0] == 21 && [alert, 40].contains(&answer[6]);
        assert!(refused || answer.is_empty(), "{version:?} {suites:?} → {answer:?}");
    }
    // Not even a redirect: a client that speaks in the clear must notice.
    let plain = first(b"GET /log-in HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(!plain.starts_with(b"HTTP"), "{plain:?}");
}

#[test]
fn what_is_typed_at_the_door_is_kept_nowhere() {
    let dir = folder();
    let server = Server::start_under(dir.path(), &WHICH, "exec 2>stderr.txt");
    let visitor = Visitor::enter(&server);
    let canary = "canary-7c1f9e";
    let fields = [("login", "admin"), ("password", canary), ("again", "x"), ("code", canary)];
    visitor.before_the_door().post("/log-in", &fields).expect("an answer").is(422).says("did not succeed");
    for path in ["/account/password", "/step-up"] {
        visitor.post(path, &fields).expect("an answer").is(422);
    }
    visitor.get(&format!("/link/{canary}")).expect("an answer").is(410);
    visitor.get(&format!("/people?q={canary}")).expect("an answer").is(200);
    assert!(server.stop().0.success());
    let mut seen = 0;
    let store =
        std::fs::read_dir(dir.path().join("store")).expect("there").map(|entry| entry.expect("there").path());
    for path in store.chain([dir.path().join("stderr.txt")]).filter(|path| path.is_file()) {
        let bytes = std::fs::read(&path).expect("readable");
        assert!(places(&bytes, canary.as_bytes()).is_empty(), "{}", path.display());
        seen += 1;
    }
    assert!(seen >= 5, "{seen} files");
}

#[test]
fn an_answer_is_as_long_as_it_says() {
    let dir = folder();
    let server = start(dir.path());
    let visitor = Visitor::enter(&server);
    let page = visitor.get("/people").expect("an answer").is(200);
    let style = page.body.split("href=\"").find(|rest| rest.contains(".css\"")).expect("a style sheet");
    let style = style.split('"').next().expect("quoted");
    for path in ["/people", "/people?format=csv", "/no-such-page", "/api/v1/people", "/people/invite", style]
    {
        // Reading fails for an answer that is longer or shorter.
        let answer = visitor.get(path).expect("whole");
        assert!(answer.header("content-length").is_some(), "{path}: {}", answer.head);
        assert_eq!(answer.head.to_lowercase().matches("content-length").count(), 1, "{path}");
        assert!(answer.header("transfer-encoding").is_none(), "{path}");
    }
}
