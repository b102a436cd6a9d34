//! A PostgreSQL server of our own on a free port, when this machine has the programs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::{closed_port, skip};

/// Where PostgreSQL refuses to run as root, it runs as this account.
const ACCOUNT: &str = "postgres";

/// The server; it stops and its folder goes when it is dropped.
pub struct PostgresServer {
    child: Child,
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    databases: AtomicU32,
}

/// The server that the tests of one process share; it runs while anyone holds it. `None` (with a visible line) means
/// the test has to skip.
pub fn shared_postgres() -> Option<Arc<PostgresServer>> {
    static SHARED: Mutex<Weak<PostgresServer>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = shared.upgrade() {
        return Some(server);
    }
    let Some(server) = PostgresServer::start() else {
        skip("no PostgreSQL server on this machine");
        return None;
    };
    let server = Arc::new(server);
    *shared = Arc::downgrade(&server);
    Some(server)
}

impl PostgresServer {
    /// Starts a server; `None` when the programs are missing or it does not come up.
    pub fn start() -> Option<Self> {
        let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
        let newest = versions.flatten().map(|entry| entry.path().join("bin"));
        let bin = newest
            .filter(|bin| bin.join("initdb").exists())
            .max_by_key(|bin| bin.parent()?.file_name()?.to_str()?.parse::<u32>().ok())?;
        let made = run(Path::new("/usr/bin/mktemp"), &["-d", "/tmp/bulwark-pg-XXXXXX"])?;
        let dir = PathBuf::from(String::from_utf8_lossy(&made.stdout).trim());
        let data = dir.display().to_string();
        let arguments = ["-D", &data, "-U", ACCOUNT, "-N", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"];
        if !dir.is_dir() || !run(&bin.join("initdb"), &arguments)?.status.success() {
            return None;
        }
        let port = closed_port().ok()?.port();
        let mut start = command(&bin.join("postgres"));
        start.args(["-D", &data, "-p", &port.to_string(), "-k", &data, "-c", "listen_addresses=127.0.0.1"]);
        // No test pulls the plug of the machine, so nothing waits for the disk.
        start.args(["-c", "fsync=off", "-c", "max_connections=200"]);
        let child = start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let server = Self { child, bin, dir, port, databases: AtomicU32::new(0) };
        for _ in 0..300 {
            if server.sql("postgres", "SELECT 1")?.status.success() {
                return Some(server);
            }
            run(&server.bin.join("pg_isready"), &["-t", "1", "-h", &data, "-p", &port.to_string()])?;
        }
        None
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let made = self.sql("postgres", &format!("CREATE DATABASE {name}"));
        assert!(made.is_some_and(|output| output.status.success()), "no database {name}");
        format!("postgresql://{ACCOUNT}@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a statement as the superuser.
    pub fn sql(&self, database: &str, statement: &str) -> Option<Output> {
        let (dir, port) = (self.dir.display().to_string(), self.port.to_string());
        let place = ["-X", "-q", "-A", "-t", "-h", &dir, "-p", &port, "-U", ACCOUNT, "-d", database];
        run(&self.bin.join("psql"), &[&place[..], &["-c", statement]].concat())
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        let data = self.dir.display().to_string();
        let _ = run(&self.bin.join("pg_ctl"), &["stop", "-m", "immediate", "-D", &data]);
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn run(program: &Path, arguments: &[&str]) -> Option<Output> {
    command(program).args(arguments).stdin(Stdio::null()).output().ok()
}

fn command(program: &Path) -> Command {
    let root = std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    let mut command = if root { Command::new("runuser") } else { Command::new(program) };
    if root {
        command.args(["-u", ACCOUNT, "--"]).arg(program);
    }
    command.current_dir("/");
    command
}
