//! A real PostgreSQL, when this machine has one.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Output};

use bulwark_probe::evidence::{Body, Postgres};
use bulwark_probe::failure::{Code, Failure};
use bulwark_probe::net::Prober;
use bulwark_probe::task::Task;
use bulwark_testkit::tls::Authority;
use bulwark_testkit::{closed_port, skip};

use crate::database::{self, Account, PASSWORD, WRONG, assert_done, dsn, spawn, trusting};
use crate::support::*;

const ACCOUNT: Account = Account("postgres");

/// A server of our own on a free port; stops when dropped.
struct Server {
    child: Child,
    port: u16,
    dir: PathBuf,
    bin: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = ACCOUNT.run(
            &self.bin.join("pg_ctl"),
            &["stop", "-m", "immediate", "-D", &self.dir.display().to_string()],
        );
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Server {
    fn start(identity: Option<(&str, &str)>) -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let bin = versions
            .filter_map(Result::ok)
            .map(|v| v.path().join("bin"))
            .find(|b| b.join("initdb").exists())?;
        let dir = ACCOUNT.folder()?;
        let d = dir.display().to_string();
        let arguments = ["-D", &d, "-U", "postgres", "-N", "-A", "trust", "--auth-host=scram-sha-256"];
        assert_done(&ACCOUNT.run(&bin.join("initdb"), &arguments));
        let port = closed_port().ok()?.port();
        let mut start = ACCOUNT.command(&bin.join("postgres"));
        start.args(["-D", &d, "-p", &port.to_string(), "-k", &d, "-c", "listen_addresses=127.0.0.1", "-F"]);
        if let Some((certificate, key)) = identity {
            ACCOUNT.write(&dir.join("server.crt"), certificate);
            ACCOUNT.write(&dir.join("server.key"), key);
            start.args(["-c", "ssl=on"]);
        }
        let child = spawn(start)?;
        let server = Self { child, port, dir, bin };
        for _ in 0..200 {
            if server.sql("SELECT 1").status.success() {
                return Some(server);
            }
            let _ =
                ACCOUNT.run(&server.bin.join("pg_isready"), &["-t", "1", "-h", &d, "-p", &port.to_string()]);
        }
        None
    }

    fn sql(&self, statement: &str) -> Output {
        let (dir, port) = (self.dir.display().to_string(), self.port.to_string());
        ACCOUNT.run(
            &self.bin.join("psql"),
            &["-X", "-q", "-h", &dir, "-p", &port, "-U", "postgres", "-d", "postgres", "-c", statement],
        )
    }
}

fn task(file: &tempfile::NamedTempFile) -> Task {
    Task::Postgres { name: "主資料庫".into(), dsn_file: file.path().display().to_string() }
}

fn collected(prober: &Prober, text: &str) -> Postgres {
    match body(prober, &task(&dsn(text))) {
        Body::Postgres(p) => p,
        other => panic!("{other:?}"),
    }
}

fn refused(prober: &Prober, text: &str) -> Failure {
    database::refused(prober, &task(&dsn(text)))
}

fn value(p: &Postgres, query: &str, column: &str) -> Option<String> {
    p.queries[query].as_ref().expect(query).rows.first()?.get(column).cloned()
}

#[test]
fn a_database_answers_every_question_read_only() {
    let authority = Authority::new("test");
    let identity = authority.valid(&["localhost"]);
    let Some(server) = Server::start(Some((&identity.chain_pem(), &identity.key_pem()))) else {
        skip("no PostgreSQL server on this machine");
        return;
    };
    for statement in [
        format!("CREATE ROLE probe LOGIN PASSWORD '{PASSWORD}' IN ROLE pg_monitor"),
        format!("CREATE ROLE plain LOGIN PASSWORD '{PASSWORD}'"),
        "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE INDEX a ON t (v); CREATE INDEX b ON t (v)"
            .into(),
        "INSERT INTO t SELECT n, n::text FROM generate_series(1, 50) n; DELETE FROM t WHERE id < 20".into(),
    ] {
        assert_done(&server.sql(&statement));
    }
    let prober = lab();
    let at = format!("localhost:{}/postgres", server.port);
    let found = collected(&prober, &format!("postgresql://probe:{PASSWORD}@{at}?sslmode=require\n"));
    assert_eq!((found.server.as_str(), found.tls), (at.as_str(), true));
    assert!(found.version_num >= 110_000);
    let failed: Vec<(&String, Code)> =
        found.queries.iter().filter_map(|(n, q)| q.as_ref().err().map(|e| (n, e.code))).collect();
    for (name, code) in &failed {
        // The extension is not loaded; pg_stat_io came with 16.
        assert!(
            matches!(name.as_str(), "statements" | "io") && *code == Code::Unsupported,
            "{name}: {:?}",
            found.queries[*name]
        );
    }
    assert_eq!(value(&found, "role", "superuser").as_deref(), Some("f"));
    assert_eq!(value(&found, "role", "pg_monitor").as_deref(), Some("t"));
    assert_eq!(value(&found, "role", "writable_tables").as_deref(), Some("0"));
    assert_eq!(value(&found, "session", "ssl").as_deref(), Some("t"));
    assert_eq!(value(&found, "indexes_duplicate", "indexes").as_deref(), Some("a, b"));
    assert!(value(&found, "tls", "trust_error").expect("noted").starts_with("unknown issuer"));
    assert!(value(&found, "connections", "max").is_some());
    assert!(!serde_json::to_string(&found).expect("json").contains(PASSWORD));

    let weak = collected(
        &prober,
        &format!(
            "host=127.0.0.1 port={} user=plain password={PASSWORD} dbname=postgres sslmode=disable",
            server.port
        ),
    );
    assert!(!weak.tls && !weak.queries.contains_key("tls"));
    assert_eq!(value(&weak, "role", "pg_monitor").as_deref(), Some("f"));

    let e = refused(&prober, &format!("postgresql://probe:{WRONG}@{at}"));
    assert_eq!(e.code, Code::LoginRefused, "{e}");
    let e = refused(&prober, &format!("postgresql://probe:{PASSWORD}@{at}?sslmode=verify-full"));
    assert_eq!(e.code, Code::TlsFailed, "{e}");
    let e = refused(&prober, &format!("postgresql://probe:{PASSWORD}@localhost:{}/nix", server.port));
    assert_eq!(e.code, Code::BadSetting, "{e}");

    let strict =
        collected(&trusting(&authority), &format!("postgresql://probe:{PASSWORD}@{at}?sslmode=verify-full"));
    assert_eq!(value(&strict, "tls", "trusted").as_deref(), Some("t"));
}

#[test]
fn bad_settings_are_named_without_the_secret() {
    let prober = lab();
    let open = dsn(&format!("postgresql://probe:{PASSWORD}@localhost/x"));
    std::fs::set_permissions(open.path(), std::fs::Permissions::from_mode(0o644)).expect("set");
    let e = failure(&prober, &task(&open));
    assert_eq!(e.code, Code::BadSetting);
    assert!(e.detail.contains("0644") && e.detail.contains("chmod 600"), "{e}");

    assert_eq!(
        refused(&prober, &format!("postgresql://probe:{PASSWORD}@elsewhere.invalid/x")).code,
        Code::OutOfScope
    );
    assert_eq!(refused(&prober, &format!("nonsense {PASSWORD}")).code, Code::BadSetting);
    assert_eq!(refused(&prober, &format!("user=probe password={PASSWORD}")).code, Code::BadSetting);
    let port = closed_port().expect("a port").port();
    assert_eq!(
        refused(&prober, &format!("postgresql://probe:{PASSWORD}@127.0.0.1:{port}/x")).code,
        Code::Refused
    );
    let missing = Task::Postgres { name: "x".into(), dsn_file: "/no/such/file".into() };
    assert_eq!(failure(&prober, &missing).code, Code::Unreadable);
}
