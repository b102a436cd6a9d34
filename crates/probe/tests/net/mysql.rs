//! A real MariaDB, when this machine has one, and servers that only pretend.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Output};

use bulwark_probe::evidence::{Body, Mysql};
use bulwark_probe::failure::{Code, Failure};
use bulwark_probe::net::Prober;
use bulwark_probe::task::Task;
use bulwark_testkit::tls::Authority;
use bulwark_testkit::{closed_port, loopback, program};

use crate::database::{self, Account, PASSWORD, WRONG, assert_done, dsn, spawn, trusting};
use crate::support::*;

const ACCOUNT: Account = Account("mysql");

/// A server of our own on a free port; stops when dropped.
struct Server {
    child: Child,
    port: u16,
    dir: PathBuf,
    client: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.sql("SHUTDOWN");
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Server {
    fn start(identity: Option<(&str, &str)>) -> Option<Self> {
        let (server, install, client) =
            (program(&["mariadbd"])?, program(&["mariadb-install-db"])?, program(&["mariadb"])?);
        let dir = ACCOUNT.folder()?;
        let d = dir.display().to_string();
        let data = format!("--datadir={d}/data");
        let arguments =
            ["--no-defaults", &data, "--auth-root-authentication-method=normal", "--skip-test-db"];
        assert_done(&ACCOUNT.run(&install, &arguments));
        let port = closed_port().ok()?.port();
        let mut start = ACCOUNT.command(&server);
        start.args(["--no-defaults", &data, "--bind-address=127.0.0.1", "--skip-name-resolve"]);
        start.arg(format!("--port={port}")).arg(format!("--socket={d}/s")).arg(format!("--pid-file={d}/pid"));
        start.args([
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=16M",
            "--performance-schema",
        ]);
        if let Some((certificate, key)) = identity {
            ACCOUNT.write(&dir.join("cert.pem"), certificate);
            ACCOUNT.write(&dir.join("key.pem"), key);
            start.arg(format!("--ssl-cert={d}/cert.pem")).arg(format!("--ssl-key={d}/key.pem"));
        }
        let child = spawn(start)?;
        let server = Self { child, port, dir, client };
        // The client itself takes a moment: no waiting of our own.
        (0..400).any(|_| server.sql("SELECT 1").status.success()).then_some(server)
    }

    fn sql(&self, statement: &str) -> Output {
        let socket = format!("--socket={}/s", self.dir.display());
        ACCOUNT.run(
            &self.client,
            &["--no-defaults", "--default-character-set=utf8mb4", &socket, "-u", "root", "-e", statement],
        )
    }
}

fn task(file: &tempfile::NamedTempFile) -> Task {
    Task::Mysql { name: "民眾資料庫".into(), dsn_file: file.path().display().to_string() }
}

fn collected(prober: &Prober, text: &str) -> Mysql {
    match body(prober, &task(&dsn(text))) {
        Body::Mysql(m) => m,
        other => panic!("{other:?}"),
    }
}

fn refused(prober: &Prober, text: &str) -> Failure {
    database::refused(prober, &task(&dsn(text)))
}

fn values(m: &Mysql, query: &str, column: &str) -> Vec<String> {
    let rows = &m.queries[query].as_ref().expect(query).rows;
    rows.iter().filter_map(|row| row.get(column).cloned()).collect()
}

fn named(m: &Mysql, query: &str, name: &str) -> Option<String> {
    let rows = &m.queries[query].as_ref().expect(query).rows;
    rows.iter().find(|row| row["name"] == name).and_then(|row| row.get("value").cloned())
}

#[test]
fn a_server_answers_every_question_read_only() {
    let authority = Authority::new("test");
    let identity = authority.valid(&["localhost"]);
    let Some(server) = Server::start(Some((&identity.chain_pem(), &identity.key_pem()))) else { return };
    let done = server.sql(&format!(
        "CREATE USER probe@'%' IDENTIFIED BY '{PASSWORD}';
         GRANT PROCESS, REPLICA MONITOR ON *.* TO probe@'%'; GRANT SELECT ON performance_schema.* TO probe@'%';
         CREATE USER plain@'%' IDENTIFIED BY '{PASSWORD}'; CREATE DATABASE app CHARACTER SET utf8mb4;
         CREATE TABLE app.t (id INT PRIMARY KEY, v TEXT); CREATE TABLE app.u (v TEXT);
         INSERT INTO app.u VALUES ('王小明'); SELECT * FROM app.u WHERE v = '王小明'"
    ));
    assert_done(&done);
    let prober = lab();
    let at = format!("localhost:{}/", server.port);
    let found = collected(&prober, &format!("mysql://probe:{PASSWORD}@{at}?ssl-mode=REQUIRED\n"));
    assert_eq!((found.server.as_str(), found.tls), (at.as_str(), true));
    assert!(found.version.contains("MariaDB") && !found.version.starts_with("5.5.5-"), "{}", found.version);
    for (name, answer) in &found.queries {
        assert!(answer.is_ok(), "{name}: {answer:?}");
    }
    assert_eq!(values(&found, "without_primary_key", "name"), ["app/u"]);
    let grants = values(&found, "grants", "grant");
    assert!(grants.iter().any(|g| g.starts_with("PROCESS, ") && g.ends_with(" ON *.*")), "{grants:?}");
    assert_eq!(named(&found, "variables", "innodb_flush_log_at_trx_commit").as_deref(), Some("2"));
    assert!(named(&found, "session", "Ssl_version").is_some_and(|v| v.starts_with("TLSv1.")));
    let uptime = |query| named(&found, query, "Uptime").and_then(|v| v.parse::<u64>().ok()).expect("seconds");
    assert!(uptime("status_later") >= uptime("status"));
    assert!(values(&found, "tls", "trust_error")[0].starts_with("unknown issuer"));
    let stored = serde_json::to_string(&found).expect("json");
    assert!(!stored.contains(PASSWORD) && !stored.contains("王小明") && !stored.contains("IDENTIFIED"));
    // The session could not have written, and left properly.
    let shown = server.sql("SHOW GLOBAL STATUS LIKE 'Aborted_clients'");
    assert!(String::from_utf8_lossy(&shown.stdout).contains("Aborted_clients\t0"));

    let weak = collected(
        &prober,
        &format!("mariadb://plain:{PASSWORD}@127.0.0.1:{}/?ssl-mode=DISABLED", server.port),
    );
    assert!(!weak.tls && !weak.queries.contains_key("tls"));
    let no_right = weak.queries["transactions"].as_ref().expect_err("no right");
    assert_eq!(no_right.code, Code::NoRight, "{no_right}");

    let e = refused(&prober, &format!("mysql://probe:{WRONG}@{at}"));
    assert_eq!(e.code, Code::LoginRefused, "{e}");
    let e = refused(&prober, &format!("mysql://probe:{PASSWORD}@{at}?ssl-mode=VERIFY_IDENTITY"));
    assert_eq!(e.code, Code::TlsFailed, "{e}");
    let e = refused(&prober, &format!("mysql://plain:{PASSWORD}@{at}nix"));
    assert!(matches!(e.code, Code::BadSetting | Code::NoRight), "{e}");

    let strict =
        collected(&trusting(&authority), &format!("mysql://probe:{PASSWORD}@{at}?ssl-mode=VERIFY_IDENTITY"));
    assert_eq!(values(&strict, "tls", "trusted"), ["t"]);
}

#[test]
fn bad_settings_are_named_without_the_secret() {
    let prober = lab();
    let code = |text: String| refused(&prober, &text).code;
    assert_eq!(code(format!("mysql://probe:{PASSWORD}@elsewhere.invalid/x")), Code::OutOfScope);
    assert_eq!(code(format!("nonsense {PASSWORD}")), Code::BadSetting);
    assert_eq!(code(format!("postgresql://probe:{PASSWORD}@localhost/x")), Code::BadSetting);
    let port = closed_port().expect("a port").port();
    assert_eq!(code(format!("mysql://probe:{PASSWORD}@127.0.0.1:{port}/x")), Code::Refused);
}

/// Sends `packets` to whoever connects, one after each thing it says; returns the port.
fn pretender(packets: Vec<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind(loopback()).expect("a port");
    let port = listener.local_addr().expect("bound").port();
    std::thread::spawn(move || {
        let Ok((mut stream, _)) = listener.accept() else { return };
        for packet in packets {
            if stream.write_all(&packet).is_err() {
                return;
            }
            let mut heard = [0; 4096];
            let _ = stream.read(&mut heard);
        }
    });
    port
}

fn framed(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("small").to_le_bytes();
    [&[length[0], length[1], length[2], sequence], payload].concat()
}

/// A greeting without TLS that asks for `plugin`.
fn greeting(plugin: &str) -> Vec<u8> {
    let mut p = b"\x0a8.0.36\0\x09\0\0\0ABCDEFGH\0".to_vec();
    p.extend_from_slice(&[0xff, 0xf7, 45, 2, 0, 0xff, 0xdf, 21]);
    p.extend_from_slice(&[0; 10]);
    p.extend_from_slice(b"IJKLMNOPQRST\0");
    p.extend_from_slice(plugin.as_bytes());
    p.push(0);
    framed(0, &p)
}

#[test]
fn servers_that_only_pretend_are_met_with_care() {
    let prober = lab();
    let meet = |packets, mode: &str| {
        refused(
            &prober,
            &format!("mysql://probe:{PASSWORD}@127.0.0.1:{}/?ssl-mode={mode}", pretender(packets)),
        )
    };
    // No password goes out without TLS.
    let wants = vec![greeting("caching_sha2_password"), framed(2, &[1, 4])];
    let e = meet(wants, "PREFERRED");
    assert!(e.code == Code::LoginRefused && e.detail.contains("without TLS"), "{e}");
    let clear = vec![greeting("mysql_native_password"), framed(2, b"\xfemysql_clear_password\0")];
    let e = meet(clear, "PREFERRED");
    assert!(e.code == Code::LoginRefused && e.detail.contains("not supported"), "{e}");
    // TLS was asked for and is not there.
    assert_eq!(meet(vec![greeting("mysql_native_password")], "REQUIRED").code, Code::TlsFailed);
    // A file of ours is asked for, as the answer to the first statement.
    let file = vec![greeting("mysql_native_password"), framed(2, &[0; 7]), framed(1, b"\xfb/etc/passwd")];
    assert_eq!(meet(file, "PREFERRED").code, Code::BadAnswer);
    // Too many connections, no greeting at all, something absurdly long.
    let e = meet(vec![framed(0, b"\xff\x10\x04Too many connections")], "PREFERRED");
    assert!(e.code == Code::LoginRefused && e.detail.contains("1040"), "{e}");
    assert_eq!(meet(vec![b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()], "PREFERRED").code, Code::TooLarge);
    assert_eq!(meet(vec![framed(0, b"hello")], "PREFERRED").code, Code::BadAnswer);
}
