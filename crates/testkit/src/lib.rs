//! Servers that misbehave on purpose, for tests and for the demo. Plain threads, no async runtime; every server
//! binds the address it is given (port 0 for any free one), tells it through `addr()` and stops when dropped.
//!
//! ```
//! use bulwark_testkit::{http::{HttpServer, Reply}, loopback};
//! let server = HttpServer::start(loopback(), None, |_| Reply::text(200, "ok")).unwrap();
//! assert!(server.url("/health").starts_with("http://127.0.0.1:"));
//! ```

pub mod authenticator;
pub mod dns;
pub mod http;
pub mod identity_provider;
mod lifetime;
pub mod ntp;
pub mod postgres;
pub mod smtp;
pub mod tls;

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// `127.0.0.1` on any free port.
pub const fn loopback() -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0)
}

/// A loopback address on which nothing listens: connecting to it is refused at once.
///
/// # Errors
/// When the machine has no free port.
pub fn closed_port() -> std::io::Result<SocketAddr> {
    // Bound and closed again; the kernel hands out ephemeral ports in turn, so it is not reused soon.
    TcpListener::bind(loopback())?.local_addr()
}

/// Tells that a test is not run and why. `cargo xtask test` lists and counts these; the test returns after it.
pub fn skip(reason: &str) {
    // Written to the descriptor itself: `eprintln!` would be captured and dropped for a test that passes.
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED: {reason}");
    // A harness that hides the output of passed tests would hide this line, too; so it is kept in a file.
    if let Some(log) = env("BULWARK_SKIP_LOG") {
        let log = std::fs::OpenOptions::new().append(true).create(true).open(log);
        let _ = log.and_then(|mut log| log.write_all(format!("{}\n", reason.replace('\n', " ")).as_bytes()));
    }
}

/// The first of these programs that is installed; `None` (with a visible line) means the test has to skip.
pub fn program(names: &[&str]) -> Option<PathBuf> {
    let path = env("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> =
        std::env::split_paths(&path).chain(["/usr/sbin", "/usr/bin"].map(PathBuf::from)).collect();
    let found = names
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|p| p.is_file());
    if found.is_none() {
        skip(&format!("{} is not installed", names.join(" or ")));
    }
    found
}

fn env(name: &str) -> Option<std::ffi::OsString> {
    #[expect(clippy::disallowed_methods, reason = "a test helper: the variables are its documented input")]
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// Whether long tests are wanted (`cargo xtask test --full` asks property tests for this many cases).
pub fn long_run() -> bool {
    let cases = env("PROPTEST_CASES").and_then(|cases| cases.to_str()?.parse::<u32>().ok());
    cases.is_some_and(|cases| cases >= 20_000)
}

/// The folder of shared data of one area, when this machine has it: `$BULWARK_SHARED/data/AREA`, by default
/// `../shared/data/AREA` seen from the workspace. `None` (with a visible line) means the test has to skip.
pub fn shared_data(area: &str) -> Option<PathBuf> {
    let root = env("BULWARK_SHARED").map_or_else(|| workspace_root().join("../shared"), PathBuf::from);
    let dir = root.join("data").join(area);
    if dir.is_dir() {
        return Some(dir);
    }
    skip(&format!("no shared data for {area}: set BULWARK_SHARED (looked in {})", dir.display()));
    None
}

/// The root of this workspace, from where this crate was compiled.
pub fn workspace_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(".")).to_path_buf()
}
