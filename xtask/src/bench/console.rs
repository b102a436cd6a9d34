//! `cargo xtask bench console`: the console over HTTP, the store below it, and the program at rest.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::record;
use crate::sys;

/// One row of the table: what, the value, the least or most it may be.
struct Row {
    what: &'static str,
    value: f64,
    unit: &'static str,
    wanted: Wanted,
}

enum Wanted {
    AtLeast(f64),
    Below(f64),
}

impl Row {
    fn good(&self) -> bool {
        match self.wanted {
            Wanted::AtLeast(least) => self.value >= least,
            Wanted::Below(most) => self.value < most,
        }
    }

    fn line(&self) -> String {
        let (sign, limit) = match self.wanted {
            Wanted::AtLeast(least) => ("≥", least),
            Wanted::Below(most) => ("<", most),
        };
        let met = if self.good() { "met" } else { "not met" };
        format!("| {} | {:.1} {} | {sign} {limit} {} | {met} |", self.what, self.value, self.unit, self.unit)
    }
}

pub fn run() -> Result<ExitCode> {
    for (package, example) in [("bulwark-console", "bench_console"), ("bulwark-store", "bench_store")] {
        sys::run(sys::cargo().args([
            "build",
            "--release",
            "--quiet",
            "--package",
            package,
            "--example",
            example,
        ]))?;
    }
    sys::run(sys::cargo().args(["build", "--release", "--quiet", "--package", "bulwark"]))?;
    let examples = sys::target_dir()?.join("release/examples");
    let folder = sys::root().join("out/bench/console");
    sys::make_dir(&folder)?;
    let python = super::python("bench-console", "gunicorn")?;
    let console =
        sys::output(Command::new(examples.join("bench_console")).args(["8", "7500"]).current_dir(&folder))?;
    let store = sys::output(Command::new(examples.join("bench_store")).current_dir(&folder))?;
    let (ready_s, memory_mib) = at_rest()?;
    print!("{console}{store}");
    let of = |text: &str, line: &str, before: &str| number(text, line, before);
    let writes = of(&console, "writes:", "/s over HTTP")?;
    let list = of(&console, "list, 64", "/s, 50 of")?;
    let rows = [
        Row {
            what: "durable writes with audit over HTTP, 64 clients",
            value: writes,
            unit: "/s",
            wanted: Wanted::AtLeast(2000.0),
        },
        Row {
            what: "writes in one commit",
            value: of(&console, "writes:", " writes per commit")?,
            unit: "",
            wanted: Wanted::AtLeast(20.0),
        },
        Row {
            what: "durable writes with audit through the store, 64 tasks",
            value: of(&store, "writes with audit", "/s, ")?,
            unit: "/s",
            wanted: Wanted::AtLeast(5000.0),
        },
        Row {
            what: "list page of 50 rows with log-in and rights, 64 clients",
            value: list,
            unit: "/s",
            wanted: Wanted::AtLeast(1000.0),
        },
        Row {
            what: "the same, 16 clients: 99 of 100 within",
            value: after(&console, "list, 16", "p99 ")?,
            unit: "ms",
            wanted: Wanted::Below(25.0),
        },
        Row {
            what: "audit log of 10^6 leaves verified",
            value: of(&store, "verified", " s, bad")?,
            unit: "s",
            wanted: Wanted::Below(5.0),
        },
        Row { what: "memory at rest", value: memory_mib, unit: "MiB", wanted: Wanted::Below(150.0) },
        Row { what: "from start to ready", value: ready_s, unit: "s", wanted: Wanted::Below(2.0) },
        Row {
            what: "from an edit of a page to its tests passed",
            value: edit_to_test()?,
            unit: "s",
            wanted: Wanted::Below(10.0),
        },
    ];
    let mut table = String::from("| measure | value | wanted | |\n|---|---|---|---|\n");
    for row in &rows {
        let _ = writeln!(table, "{}", row.line());
    }
    if let Some(python) = python {
        let peer = Peer::measure(&python, &folder, &examples.join("bench_console"))?;
        let (commits, pages) = (writes / peer.commits, list / peer.pages);
        let _ = writeln!(
            table,
            "\nPeers, in the same run: Python's sqlite3 on the same disk, `synchronous=FULL`, one row a commit and no \
             audit log: {:.0}/s; ours over HTTP is {commits:.1} times that. The least page of 50 people that looks at \
             session and role, by Flask, Jinja and SQLite under gunicorn with {WORKERS} workers: {:.0}/s; ours is \
             {pages:.1} times that.",
            peer.commits, peer.pages
        );
    }
    record("console", &table)?;
    Ok(if rows.iter().all(Row::good) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The number that stands right before some words, in the line that holds others.
fn number(text: &str, line: &str, before: &str) -> Result<f64> {
    let found =
        text.lines().find(|text| text.contains(line)).with_context(|| format!("no line with {line}"))?;
    let head = found
        .split(before)
        .next()
        .filter(|head| head.len() < found.len())
        .with_context(|| format!("no {before}"))?;
    let digits = head.rsplit(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    digits.parse().with_context(|| format!("no number before {before}"))
}

/// The number that stands right after some words, in the line that holds others.
fn after(text: &str, line: &str, words: &str) -> Result<f64> {
    let found =
        text.lines().find(|text| text.contains(line)).with_context(|| format!("no line with {line}"))?;
    let tail = found.split(words).nth(1).with_context(|| format!("no {words}"))?;
    let digits = tail.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    digits.parse().with_context(|| format!("no number after {words}"))
}

/// What Python does on the same machine, a second.
struct Peer {
    commits: f64,
    pages: f64,
}

/// As many as this machine has cores, as gunicorn's manual proposes for work that does not wait.
const WORKERS: usize = 2;

impl Peer {
    fn measure(python: &Path, folder: &Path, load: &Path) -> Result<Self> {
        let script = sys::root().join("tools/bench-console/peer.py");
        let ask =
            |args: &[&str]| sys::output(Command::new(python).arg(&script).args(args).current_dir(folder));
        let said = ask(&["commits", ".", "3"])?;
        let commits = after(&said, "commits", "commits ")?;
        let cookie = ask(&["seed", ".", "7500"])?;
        let address = "127.0.0.1:18630";
        let mut server = Command::new(python)
            .args([
                "-m",
                "gunicorn",
                "--workers",
                &WORKERS.to_string(),
                "--bind",
                address,
                "--keep-alive",
                "60",
            ])
            .args(["--worker-class", "gthread", "--threads", "4", "--log-level", "warning", "--pythonpath"])
            .arg(sys::root().join("tools/bench-console"))
            .arg("peer:app")
            .current_dir(folder)
            .spawn()
            .context("cannot start the peer")?;
        let begun = Instant::now();
        while !sys::listens(address.parse()?) && begun.elapsed() < Duration::from_secs(20) {
            sys::pause(Duration::from_millis(50));
        }
        let said = sys::output(Command::new(load).args(["load", address, "/people", cookie.trim(), "5"]));
        server.kill().context("cannot stop the peer")?;
        server.wait()?;
        let said = said?;
        print!("peer {said}");
        Ok(Self { commits, pages: number(&said, "list, 64", "/s, the same")? })
    }
}

/// Seconds from a change in a page of the console until its own tests have passed.
fn edit_to_test() -> Result<f64> {
    let page = sys::root().join("crates/console/src/areas/home/mod.rs");
    let test = || {
        let arguments = ["nextest", "run", "--package", "bulwark-console", "-E", "test(home)"];
        sys::output(sys::cargo().args(arguments))
    };
    test()?;
    let text = std::fs::read(&page).context("cannot read the page")?;
    sys::write(&page, text)?;
    let begun = Instant::now();
    test()?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Seconds until a new installation answers that it is ready, and the memory it holds then, in MiB.
fn at_rest() -> Result<(f64, f64)> {
    let folder = sys::root().join("out/bench/console/serve");
    sys::remove(&folder)?;
    let health: std::net::SocketAddr = ([127, 0, 0, 1], 18_621).into();
    let begun = Instant::now();
    let mut server = Command::new(sys::target_dir()?.join("release/bulwark"))
        .args(["serve", "--store"])
        .arg(&folder)
        .env("BULWARK__SERVER__LISTEN", "127.0.0.1:18620")
        .env("BULWARK__SERVER__HEALTH_LISTEN", health.to_string())
        .stdout(Stdio::null())
        .spawn()
        .context("cannot start the console")?;
    while !sys::listens(health) && begun.elapsed() < Duration::from_secs(20) {
        sys::pause(Duration::from_millis(5));
    }
    let ready = begun.elapsed().as_secs_f64();
    sys::pause(Duration::from_secs(1));
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    let kib: f64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(f64::INFINITY);
    server.kill().context("cannot stop the console")?;
    server.wait()?;
    Ok((ready, kib / 1024.0))
}
