//! What the tests of databases share: a server of our own under its own account, and DSN files.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use bulwark_probe::failure::Failure;
use bulwark_probe::net::{Prober, Settings};
use bulwark_probe::task::Task;
use bulwark_testkit::tls::Authority;

use crate::support::{failure, prober, settings};

/// The password of every account; must show nowhere.
pub const PASSWORD: &str = "geheim-7Q";
/// A password that no account has.
pub const WRONG: &str = "wr0ng";

/// The account that a server runs under. As root it is another one: PostgreSQL refuses to be root.
#[derive(Clone, Copy)]
pub struct Account(pub &'static str);

impl Account {
    pub fn command(self, program: &Path) -> Command {
        if std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0) {
            let mut command = Command::new("runuser");
            command.args(["-u", self.0, "--"]).arg(program);
            command.current_dir("/");
            command
        } else {
            Command::new(program)
        }
    }

    pub fn run(self, program: &Path, arguments: &[&str]) -> Output {
        self.command(program).args(arguments).stdin(Stdio::null()).output().expect("runs")
    }

    /// A folder of the account.
    pub fn folder(self) -> Option<PathBuf> {
        let made = self.run(Path::new("/usr/bin/mktemp"), &["-d", "/tmp/bulwark-db-XXXXXX"]);
        let folder = PathBuf::from(String::from_utf8_lossy(&made.stdout).trim());
        folder.is_dir().then_some(folder)
    }

    /// Writes a file as the account, so that a server accepts it as a secret.
    pub fn write(self, path: &Path, text: &str) {
        let script = format!("umask 077; cat > {} <<'END'\n{text}\nEND\n", path.display());
        assert!(self.run(Path::new("/bin/sh"), &["-c", &script]).status.success());
    }
}

/// Starts a server that says nothing.
pub fn spawn(mut server: Command) -> Option<Child> {
    server.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}

/// Asserts that a program ended well.
pub fn assert_done(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A file with this text that only we can read.
pub fn dsn(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file
}

/// How a task fails; the failure must not tell a password.
pub fn refused(prober: &Prober, task: &Task) -> Failure {
    let e = failure(prober, task);
    assert!(!e.detail.contains(PASSWORD) && !e.detail.contains(WRONG), "{e}");
    e
}

/// A prober that trusts this authority.
pub fn trusting(authority: &Authority) -> Prober {
    let file = dsn(&authority.pem());
    prober(Settings { trust_ca_file: Some(file.path().into()), ..settings(&["localhost"]) })
}
