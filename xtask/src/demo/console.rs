//! The console of the demo: seeded once, left running on a loopback address.

use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::{Demo, address};
use crate::sys;

/// Where people reach it. Passkeys need the name, not the address.
const ORIGIN: &str = "http://localhost:8620";
const CONSOLE: SocketAddr = address([127, 0, 0, 1], 8620);
const HEALTH: SocketAddr = address([127, 0, 0, 1], 8621);
/// A word of its command line.
const WORD: &str = "serve";

fn pid_file(demo: &Demo) -> PathBuf {
    demo.path("console.pid")
}

/// Our program on the store of the demo.
fn program(demo: &Demo, program: &Path, command: &str) -> Command {
    let mut run = match sys::which("setsid").filter(|_| command == WORD) {
        // A session of its own, so that the end of this terminal does not end it.
        Some(setsid) => {
            let mut run = Command::new(setsid);
            run.arg(program);
            run
        }
        None => Command::new(program),
    };
    run.arg(command).arg("--store").arg(demo.path("console"));
    run.env("BULWARK__SERVER__LISTEN", CONSOLE.to_string());
    run.env("BULWARK__SERVER__HEALTH_LISTEN", HEALTH.to_string());
    run
}

/// Seeds and starts it; what runs already is left alone.
pub fn start(demo: &Demo, bulwark: &Path) -> Result<()> {
    println!("\n── console");
    let pid_file = pid_file(demo);
    if sys::alive(&pid_file, WORD).is_some() && sys::listens(CONSOLE) {
        println!("  runs already at {ORIGIN}; for another log-in:");
        println!(
            "  {} admin link --store {} --login NAME --reason REASON",
            bulwark.display(),
            demo.path("console").display()
        );
        return Ok(());
    }
    stop(demo)?;
    if sys::listens(CONSOLE) {
        bail!("another program listens at {CONSOLE}; stop it first");
    }
    sys::run(&mut program(demo, bulwark, "demo"))?;
    let log = demo.path("console.log");
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = program(demo, bulwark, WORD);
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    if sys::which("setsid").is_none() {
        command.process_group(0);
    }
    let child = command.current_dir(&demo.dir).spawn().context("cannot start the console")?;
    sys::write(&pid_file, format!("{}\n", child.id()))?;
    sys::wait_for(HEALTH, "the console", &log)?;
    println!("  {ORIGIN}   open a link above; stop it with `cargo xtask demo --stop`");
    let store = demo.path("console");
    for command in ["doctor", "audit verify"] {
        println!("  {} {command} --store {}", bulwark.display(), store.display());
    }
    Ok(())
}

/// Stops it; `true` when it ran.
pub fn stop(demo: &Demo) -> Result<bool> {
    sys::stop(&pid_file(demo), WORD)
}
