//! `cargo xtask bench probe`: our probes against the named peers, on the same targets in one run.
//!
//! Peers: Debian's testssl.sh and prometheus-blackbox-exporter, PyPI's sslyze. What is compared is
//! processor time (user and system, children included), since the cores are shared.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::record;
use crate::{demo, sys};

/// The demo's TLS target.
const TLS: &str = "127.0.80.1:10443";
/// Probes of one kind in a comparison with the exporter.
const REPEAT: usize = 200;
/// Where the exporter listens.
const EXPORTER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 19115);

struct Row {
    what: &'static str,
    ours: f64,
    peer: &'static str,
    theirs: Option<f64>,
    limit: f64,
}

impl Row {
    fn text(&self) -> String {
        let Self { what, ours, peer, theirs, limit } = self;
        let (theirs, ratio) = theirs.map_or_else(
            || ("not there".to_owned(), String::new()),
            |t| (format!("{t:.3} s"), format!("1/{:.0}", t / ours.max(0.000_1))),
        );
        format!("| {what} | {ours:.3} s | {peer} | {theirs} | {ratio} | ≤ 1/{:.0} |", 1.0 / limit)
    }

    fn over(&self) -> bool {
        self.theirs.is_some_and(|t| self.ours > t * self.limit)
    }
}

pub fn run() -> Result<ExitCode> {
    sys::run(sys::cargo().args([
        "build",
        "--release",
        "--quiet",
        "--package",
        "bulwark-probe",
        "--examples",
    ]))?;
    if sys::can_install() {
        let missing: Vec<&str> =
            [("testssl", "testssl.sh"), ("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")]
                .into_iter()
                .filter(|(program, _)| sys::which(program).is_none())
                .map(|(_, package)| package)
                .collect();
        if !missing.is_empty() {
            sys::install(&missing)?;
        }
    }
    demo::targets()?;
    let examples = sys::target_dir()?.join("release/examples");
    let mut rows = Vec::new();
    let tls = examples.join("bench_tls");
    let (ours, said) = cpu(Command::new(&tls).args([TLS, "1"]))?;
    let handshakes = value(&said, "tls_profile_handshakes");
    let testssl = sys::which("testssl").map(|program| {
        cpu(Command::new(program).args(["--quiet", "--color", "0", "-p", "-E", "-f", "-S", "-P", TLS]))
    });
    rows.push(Row {
        what: "TLS profile of one host",
        ours,
        peer: "testssl.sh",
        theirs: testssl.transpose()?.map(|(seconds, _)| seconds),
        limit: 1.0 / 20.0,
    });
    let sslyze = sslyze()?.map(|program| cpu(Command::new(program).arg(TLS)));
    rows.push(Row {
        what: "TLS profile of one host",
        ours,
        peer: "sslyze",
        theirs: sslyze.transpose()?.map(|(seconds, _)| seconds),
        limit: 1.0 / 3.0,
    });
    rows.extend(against_exporter(&examples.join("bench_probe"))?);
    let mut section = String::new();
    section.push_str("Processor seconds on the demo's targets; HTTP, HTTPS and DNS are 200 probes each.\n\n");
    section.push_str("| what | ours | peer | theirs | ratio | wanted |\n|---|---|---|---|---|---|\n");
    for row in &rows {
        section.push_str(&row.text());
        section.push('\n');
    }
    if let Some(handshakes) = handshakes {
        let _ = writeln!(section, "\nHandshakes of our TLS profile: {handshakes:.0} (wanted: ≤ 60).");
    }
    record("probe", &section)?;
    let over = rows.iter().any(Row::over) || handshakes.is_some_and(|n| n > 60.0);
    Ok(if over { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Runs a program and gives the processor seconds it and its children took, and what it printed.
fn cpu(command: &mut Command) -> Result<(f64, String)> {
    let before = children_seconds()?;
    let output =
        command.stdin(Stdio::null()).stderr(Stdio::null()).output().with_context(|| sys::shown(command))?;
    let after = children_seconds()?;
    Ok((after - before, String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Processor seconds of all children that have ended (`/proc/self/stat`, fields 16 and 17; 100 ticks
/// a second on every Linux that Debian ships).
fn children_seconds() -> Result<f64> {
    ended(&std::fs::read_to_string("/proc/self/stat")?, 13)
}

/// Sum of two neighbouring tick fields, counted after the command name.
fn ended(stat: &str, first: usize) -> Result<f64> {
    let (_, rest) = stat.rsplit_once(')').context("no command name in stat")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).context("a short stat line");
    Ok((ticks(first)? + ticks(first + 1)?) / 100.0)
}

/// Processor seconds of a running process so far.
fn process_seconds(pid: u32) -> Result<f64> {
    ended(&std::fs::read_to_string(format!("/proc/{pid}/stat"))?, 11)
}

fn value(text: &str, key: &str) -> Option<f64> {
    text.lines().find_map(|line| line.strip_prefix(key)?.trim().parse().ok())
}

/// sslyze in a virtual environment of its own.
fn sslyze() -> Result<Option<PathBuf>> {
    let folder = sys::root().join("out/bench/sslyze");
    let program = folder.join("bin/sslyze");
    if !program.exists() {
        if sys::which("python3").is_none() {
            return Ok(None);
        }
        sys::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        sys::run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", "sslyze==6.3.1"]))?;
    }
    Ok(Some(program))
}

/// The same number of HTTP, HTTPS and DNS probes by us and by the exporter.
fn against_exporter(ours: &Path) -> Result<Vec<Row>> {
    let kinds = [
        ("HTTP", "http", "http_2xx", "http://127.0.80.1:10080/"),
        ("HTTPS", "https", "https_2xx", "https://127.0.80.1:10443/"),
        ("DNS", "dns", "dns_a", "127.0.53.1:10053"),
    ];
    let exporter = match sys::which("prometheus-blackbox-exporter") {
        Some(program) => Some(Exporter::start(&program)?),
        None => None,
    };
    let mut rows = Vec::new();
    for (what, kind, module, target) in kinds {
        let repeat = REPEAT.to_string();
        let (seconds, said) = cpu(Command::new(ours).args([kind, target, &repeat]))?;
        let Some(units) = value(&said, "ok").filter(|n| *n >= f64::from(u32::try_from(REPEAT).unwrap_or(1)))
        else {
            bail!("our own {what} probes did not all succeed: {said}");
        };
        // A DNS task asks many questions; what is compared is the cost of one.
        let seconds = seconds / units * f64::from(u32::try_from(REPEAT)?);
        let theirs = exporter.as_ref().map(|e| e.probe(module, target)).transpose()?;
        rows.push(Row { what, ours: seconds, peer: "blackbox-exporter", theirs, limit: 1.0 / 3.0 });
    }
    Ok(rows)
}

/// A running blackbox exporter.
struct Exporter(std::process::Child);

impl Exporter {
    fn start(program: &Path) -> Result<Self> {
        let folder = sys::root().join("out/bench");
        sys::make_dir(&folder)?;
        let config = folder.join("blackbox.yml");
        // Equal work: one IPv4 connection, one request with the host name of the demo, no keep-alive.
        sys::write(
            &config,
            "modules:\n  http_2xx:\n    prober: http\n    http:\n      preferred_ip_protocol: ip4\n      headers: {Host: www.demo.test}\n      follow_redirects: false\n  https_2xx:\n    prober: http\n    http:\n      preferred_ip_protocol: ip4\n      headers: {Host: www.demo.test}\n      follow_redirects: false\n      tls_config: {insecure_skip_verify: true, server_name: www.demo.test}\n  dns_a:\n    prober: dns\n    dns: {query_name: www.demo.test, query_type: A, preferred_ip_protocol: ip4}\n",
        )?;
        let log = std::fs::File::create(folder.join("blackbox.log"))?;
        let child = Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--web.listen-address={EXPORTER}"))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let exporter = Self(child);
        sys::wait_for(EXPORTER, "blackbox exporter", &folder.join("blackbox.log"))?;
        Ok(exporter)
    }

    /// Processor seconds of the exporter for our number of probes.
    fn probe(&self, module: &str, target: &str) -> Result<f64> {
        let before = process_seconds(self.0.id())?;
        for _ in 0..REPEAT {
            let answer = get(&format!("/probe?module={module}&target={target}"))?;
            if !answer.contains("\nprobe_success 1") {
                bail!("the exporter's probe of {target} failed");
            }
        }
        Ok(process_seconds(self.0.id())? - before)
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn get(path: &str) -> Result<String> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(EXPORTER)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_counted_after_the_command_name() {
        let stat = "7 (a (b) c) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 200 100 20 0 1 0 9 9 9";
        assert!((ended(stat, 11).expect("fields") - 2.0).abs() < 1e-9);
        assert!((ended(stat, 13).expect("fields") - 3.0).abs() < 1e-9);
        assert!(ended("7 (x) S 1", 11).is_err());
    }
}
