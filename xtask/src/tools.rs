//! The peers of the design system from npm and PyPI, installed from their lock files into `design/tools`.

use std::process::Command;

use anyhow::{Result, bail};

use crate::sys;

/// Installs what is missing; safe to run twice.
///
/// # Errors
/// Node, npm or Python is not there, or the registries are out of reach.
pub fn prepare() -> Result<()> {
    let tools = sys::root().join("design/tools");
    let missing: Vec<&str> = [("node", "nodejs"), ("npm", "npm"), ("python3", "python3-venv")]
        .into_iter()
        .filter(|(program, _)| sys::which(program).is_none())
        .map(|(_, package)| package)
        .collect();
    if !missing.is_empty() {
        if !sys::can_install() {
            bail!("missing: {} (Debian packages)", missing.join(", "));
        }
        sys::install(&missing)?;
    }
    if !tools.join("node_modules/axe-core/axe.min.js").exists() {
        sys::output(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&tools))?;
    }
    let python = tools.join(".venv/bin/python");
    if sys::output(Command::new(&python).args(["-c", "import jinja2, schemathesis"])).is_err() {
        sys::output(Command::new("python3").args(["-m", "venv", ".venv"]).current_dir(&tools))?;
        sys::output(
            Command::new(&python)
                .args(["-m", "pip", "install", "--quiet", "-r", "requirements.txt"])
                .current_dir(&tools),
        )?;
    }
    Ok(())
}
