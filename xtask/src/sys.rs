//! What tasks need from the system: programs, packages, processes, time.

use std::ffi::OsStr;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// The root of the workspace.
pub fn root() -> PathBuf {
    bulwark_testkit::workspace_root()
}

/// Where cargo puts what it builds: beside this program.
pub fn target_dir() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.ancestors().nth(2).context("this program is not in a target folder")?.to_path_buf())
}

/// An environment variable, when set and not empty.
pub fn env(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "tasks are steered by the environment of a developer or CI"
    )]
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// cargo itself.
pub fn cargo() -> Command {
    let mut command = Command::new(env("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// Waits for a program outside.
pub fn pause(time: Duration) {
    #[expect(
        clippy::disallowed_methods,
        reason = "waits for programs that tell nothing when they are ready"
    )]
    std::thread::sleep(time);
}

/// Runs a program with the streams of this one; anything but success is an error.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a program and returns its stdout; anything but success is an error that shows its stderr.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}: {}", shown(command), output.status, stderr.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a program with this text on stdin.
pub fn feed(command: &mut Command, input: &str) -> Result<()> {
    use std::io::Write as _;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes())?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// A command as one would type it.
pub fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    std::iter::once(program.file_name().unwrap_or(program.as_os_str()))
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}

/// Looks for a program in PATH and where Debian keeps daemons.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = env("PATH").unwrap_or_default();
    path.split(':').chain(["/usr/sbin", "/usr/bin", "/sbin"]).map(|dir| Path::new(dir).join(program)).find(
        |file| std::fs::metadata(file).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0),
    )
}

/// The effective user of this process.
pub fn own_uid() -> u32 {
    // /proc/self belongs to that user.
    std::fs::metadata("/proc/self").map_or(u32::MAX, |metadata| metadata.uid())
}

/// Whether this process may do everything.
pub fn is_root() -> bool {
    own_uid() == 0
}

/// Whether packages can be installed here.
pub fn can_install() -> bool {
    is_root() && Path::new("/etc/debian_version").exists() && which("apt-get").is_some()
}

/// Installs Debian packages without starting their services.
pub fn install(packages: &[&str]) -> Result<()> {
    println!("installing {} …", packages.join(" "));
    // Debian starts a service on installation unless this program says no.
    let policy = Path::new("/usr/sbin/policy-rc.d");
    let ours = !policy.exists();
    if ours {
        write(policy, "#!/bin/sh\nexit 101\n")?;
        std::fs::set_permissions(policy, std::fs::Permissions::from_mode(0o755))?;
    }
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq").stdout(Stdio::null());
        apt
    };
    let get = || run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages));
    let result = get().or_else(|_| {
        run(apt().arg("update"))?;
        get()
    });
    if ours {
        std::fs::remove_file(policy)?;
    }
    result
}

/// Writes a file, naming it when that fails.
pub fn write(path: &Path, contents: impl AsRef<[u8]>) -> Result<()> {
    std::fs::write(path, contents).with_context(|| format!("cannot write {}", path.display()))
}

/// Writes a file that only its owner may read, from its first byte on.
pub fn write_secret(path: &Path, contents: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    // A file that is there already would keep its mode.
    let _ = std::fs::remove_file(path);
    std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(contents.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Makes a folder and those above it.
pub fn make_dir(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).with_context(|| format!("cannot make {}", path.display()))
}

/// Deletes a file or folder; one that is not there is fine.
pub fn remove(path: &Path) -> Result<()> {
    let result = match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
        Err(_) => Ok(()),
    };
    result.with_context(|| format!("cannot delete {}", path.display()))
}

/// How old a file is; `None` when it is not there.
pub fn age(path: &Path) -> Option<Duration> {
    bulwark_testkit::tls::now_plus(0).duration_since(std::fs::metadata(path).ok()?.modified().ok()?).ok()
}

/// The number in a pid file, when that process lives and its command line holds this word.
pub fn alive(pid_file: &Path, word: &str) -> Option<u32> {
    let pid: u32 = std::fs::read_to_string(pid_file).ok()?.lines().next()?.trim().parse().ok()?;
    let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    String::from_utf8_lossy(&command).contains(word).then_some(pid)
}

/// Ends a process of ours and waits until it is gone.
pub fn stop(pid_file: &Path, word: &str) -> Result<bool> {
    let Some(pid) = alive(pid_file, word) else {
        remove(pid_file)?;
        return Ok(false);
    };
    for (signal, tries) in [("TERM", 50), ("KILL", 20)] {
        let _ =
            Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).stderr(Stdio::null()).status();
        for _ in 0..tries {
            if alive(pid_file, word).is_none() {
                remove(pid_file)?;
                return Ok(true);
            }
            pause(Duration::from_millis(100));
        }
    }
    bail!("process {pid} ({word}) does not end");
}

/// Whether something takes connections there.
pub fn listens(addr: SocketAddr) -> bool {
    TcpStream::connect_timeout(&addr, Duration::from_millis(500)).is_ok()
}

/// Waits until something takes connections there.
pub fn wait_for(addr: SocketAddr, what: &str, log: &Path) -> Result<()> {
    for _ in 0..150 {
        if listens(addr) {
            return Ok(());
        }
        pause(Duration::from_millis(100));
    }
    let log = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = log.lines().rev().take(5).collect();
    bail!("{what} does not answer at {addr}: {}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"));
}

/// Whether another user can reach a folder.
pub fn reachable_by(user: &str, dir: &Path) -> bool {
    Command::new("runuser")
        .args(["-u", user, "--", "test", "-x"])
        .arg(dir)
        .status()
        .is_ok_and(|s| s.success())
}

/// A SHA-256 as hexadecimal digits.
pub fn sha256(bytes: &[u8]) -> String {
    hex(ring::digest::digest(&ring::digest::SHA256, bytes).as_ref())
}

/// Random hexadecimal digits.
pub fn random_hex(bytes: usize) -> Result<String> {
    use ring::rand::SecureRandom as _;
    let mut buffer = vec![0; bytes];
    ring::rand::SystemRandom::new().fill(&mut buffer).map_err(|_| anyhow::anyhow!("no randomness"))?;
    Ok(hex(&buffer))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
