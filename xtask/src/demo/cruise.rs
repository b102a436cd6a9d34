//! Builds the program, checks the targets and this machine, and says what to do next.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Demo;
use crate::sys;

/// Builds `bulwark` and returns its path.
pub fn build(release: bool) -> Result<PathBuf> {
    println!("building bulwark …");
    let mut cargo = sys::cargo();
    cargo.args(["build", "--quiet", "--package", "bulwark"]);
    if release {
        cargo.arg("--release");
    }
    sys::run(&mut cargo)?;
    Ok(sys::target_dir()?.join(if release { "release" } else { "debug" }).join("bulwark"))
}

/// The health check of the targets; also of this machine, unless only the repair is looked at.
pub fn run(demo: &Demo, program: &Path, targets_only: bool) -> Result<()> {
    let targets = demo.path("cruise");
    let this_machine = demo.path("self");
    let plan = ["cruise", "run", "--plan", "examples/demo.toml", "--intensity", "lab"];
    println!("\n── health check of the targets");
    check(program, &plan, &targets)?;
    if !targets_only {
        println!("\n── health check of this machine");
        check(program, &["cruise", "run", "--self"], &this_machine)?;
    }
    println!();
    println!("reports:");
    for dir in [&targets, &this_machine] {
        let report = dir.join("report.html");
        if report.exists() {
            println!("  file://{}", report.display());
        }
    }
    println!("next:");
    if !targets_only {
        println!("  cargo xtask demo --fix header    repair one weakness and check again");
    }
    let shown = program.strip_prefix(sys::root()).unwrap_or(program);
    println!("  {} cruise verify out/demo/cruise/result.bwr", shown.display());
    println!("  cargo xtask demo --stop          stop the targets");
    Ok(())
}

/// Exit code 1 means findings, which is what a weak target is for.
fn check(program: &Path, arguments: &[&str], out: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command.current_dir(sys::root()).args(arguments).arg("--out").arg(out);
    let status = command.status().with_context(|| format!("cannot start {}", sys::shown(&command)))?;
    match status.code() {
        Some(0 | 1) => Ok(()),
        _ => bail!("{} ended with {status}", sys::shown(&command)),
    }
}
