//! A private PostgreSQL cluster with made-up cases and the habits that slow a database down.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::{DATABASE, Demo};
use crate::sys;

const USER: &str = "postgres";
const WORD: &str = "postgres";

/// About 200 000 rows. An index nobody uses, two that are the same, a table whose dead rows nobody removes.
const DATA: &str = "
CREATE TABLE district (id smallint PRIMARY KEY, name text NOT NULL);
INSERT INTO district SELECT n, '示範' || n || '區' FROM generate_series(1, 12) n;

CREATE TABLE cases (
  id bigserial PRIMARY KEY,
  code text NOT NULL,
  district_id smallint NOT NULL REFERENCES district,
  subject text NOT NULL,
  state text NOT NULL,
  opened_at timestamptz NOT NULL
);
INSERT INTO cases (code, district_id, subject, state, opened_at)
  SELECT '115-' || lpad(n::text, 6, '0'), n % 12 + 1,
         (ARRAY['路燈報修', '場地借用', '補助申請', '戶外廣告查詢'])[n % 4 + 1],
         (ARRAY['收件', '審查中', '補件', '結案'])[n % 4 + 1],
         timestamptz '2026-01-01 00:00+08' + n * interval '3 minutes'
  FROM generate_series(1, 120000) n;
CREATE INDEX cases_code ON cases (code);
CREATE INDEX cases_code_again ON cases (code);
CREATE INDEX cases_subject_never_used ON cases (subject, state, opened_at);

CREATE TABLE case_log (id bigserial PRIMARY KEY, case_id bigint NOT NULL, note text NOT NULL)
  WITH (autovacuum_enabled = false);
INSERT INTO case_log (case_id, note)
  SELECT n, '系統收件，編號 ' || md5(n::text) FROM generate_series(1, 80000) n;
UPDATE case_log SET note = note || '（更正）' WHERE id % 2 = 0;
DELETE FROM case_log WHERE id % 10 = 1;
";

/// Where the programs of the newest installed version are.
pub fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok();
    let newest = versions.into_iter().flatten().flatten().map(|entry| entry.path().join("bin"));
    newest
        .filter(|bin| bin.join("initdb").exists())
        .max_by_key(|bin| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok())
        .or_else(|| sys::which("initdb")?.parent().map(Path::to_path_buf))
}

struct Cluster<'a> {
    bin: &'a Path,
    dir: PathBuf,
}

impl Cluster<'_> {
    /// A program of PostgreSQL, which refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let path = self.bin.join(program);
        let mut command = if sys::is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", USER, "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir("/").env("LC_ALL", "C.UTF-8");
        command
    }

    fn sql(&self, database: &str, sql: &str) -> Result<()> {
        let mut psql = self.command("psql");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-p", &DATABASE.port().to_string(), "-d", database]);
        sys::feed(psql.arg("-h").arg(&self.dir), sql)
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }
}

/// Makes the cluster on first use, starts it, and fills it once.
pub fn start(demo: &Demo, bin: &Path) -> Result<()> {
    let cluster = Cluster { bin, dir: demo.service_dir("pg", USER)? };
    let log = cluster.dir.join("server.log");
    let made = cluster.dir.join("made");
    if !made.exists() {
        // A first start that was interrupted leaves half a cluster behind.
        stop(demo)?;
        sys::remove(&cluster.data())?;
        make(&cluster)?;
    }
    if sys::alive(&pid_file(demo), WORD).is_none() {
        if sys::listens(DATABASE) {
            bail!("another program listens at {DATABASE}; stop it first");
        }
        let mut command = cluster.command("pg_ctl");
        command.args(["start", "--silent", "--wait", "--pgdata"]).arg(cluster.data()).arg("--log").arg(&log);
        sys::run(command.stdin(Stdio::null()).stdout(Stdio::null()))
            .with_context(|| std::fs::read_to_string(&log).unwrap_or_default())?;
    }
    sys::wait_for(DATABASE, "PostgreSQL", &log)?;
    if !made.exists() {
        cluster.sql("postgres", "CREATE DATABASE demo;")?;
        cluster.sql("demo", DATA)?;
        // In a session of its own, or the counts of the session above are added to what it finds.
        cluster.sql("demo", "ANALYZE;")?;
        cluster.sql("postgres", "CREATE ROLE bulwark_probe LOGIN; GRANT pg_monitor TO bulwark_probe;")?;
        sys::write(&made, "")?;
    }
    let dsn = demo.path("pg.dsn");
    if !dsn.exists() {
        let password = sys::random_hex(16)?;
        cluster.sql("postgres", &format!("ALTER ROLE bulwark_probe PASSWORD '{password}';"))?;
        let port = DATABASE.port();
        sys::write_secret(
            &dsn,
            &format!("postgresql://bulwark_probe:{password}@db.demo.test:{port}/demo\n"),
        )?;
    }
    Ok(())
}

fn make(cluster: &Cluster<'_>) -> Result<()> {
    println!("  PostgreSQL       making a cluster and 200 000 rows …");
    if sys::is_root() {
        sys::run(Command::new("chown").arg(USER).arg(&cluster.dir))?;
    }
    let mut initdb = cluster.command("initdb");
    initdb.args(["--auth-local=peer", "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8"]);
    sys::output(initdb.arg("--no-sync").arg("--pgdata").arg(cluster.data()))?;
    let settings = format!(
        "\n# Written by `cargo xtask demo`.\n\
         listen_addresses = '{ip}'\nport = {port}\nunix_socket_directories = '{dir}'\n\
         shared_buffers = 64MB\nmax_connections = 30\ntrack_io_timing = on\n",
        ip = DATABASE.ip(),
        port = DATABASE.port(),
        dir = cluster.dir.display(),
    );
    let path = cluster.data().join("postgresql.conf");
    let old = std::fs::read_to_string(&path)?;
    sys::write(&path, old + &settings)
}

fn pid_file(demo: &Demo) -> PathBuf {
    demo.path("pg/data/postmaster.pid")
}

/// A smart shutdown would wait for clients; the postmaster takes INT as "now, but cleanly".
pub fn stop(demo: &Demo) -> Result<bool> {
    let pid_file = pid_file(demo);
    let Some(pid) = sys::alive(&pid_file, WORD) else { return Ok(false) };
    let _ = Command::new("sh").args(["-c", &format!("kill -INT {pid}")]).stderr(Stdio::null()).status();
    for _ in 0..150 {
        if sys::alive(&pid_file, WORD).is_none() {
            return Ok(true);
        }
        sys::pause(std::time::Duration::from_millis(100));
    }
    bail!("PostgreSQL (process {pid}) does not end");
}
