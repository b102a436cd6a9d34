//! `cargo xtask bench AREA`: the numbers of docs/benchmarks.md, measured and written down with their limits.

pub mod cases;
pub mod console;
pub mod ds;
pub mod probe;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use crate::demo;
use crate::sys;

struct Measure {
    what: &'static str,
    how: String,
    value: Option<f64>,
    limit: f64,
    unit: &'static str,
}

impl Measure {
    fn over(&self) -> bool {
        self.value.is_some_and(|value| value >= self.limit)
    }

    fn row(&self) -> String {
        let value =
            self.value.map_or_else(|| "not measured".to_owned(), |value| format!("{value:.1} {}", self.unit));
        let share =
            self.value.map_or_else(String::new, |value| format!("{:.0} %", value / self.limit * 100.0));
        let (what, how, unit) = (self.what, &self.how, self.unit);
        format!("| {what} | {value} | < {} {unit} | {share} | `{how}` |", self.limit)
    }
}

pub fn cruise() -> Result<ExitCode> {
    sys::run(sys::cargo().args(["build", "--release", "--quiet", "--package", "bulwark"]))?;
    let program = sys::target_dir()?.join("release/bulwark");
    let mut measures = vec![
        Measure {
            what: "start: `bulwark --version`, fastest of 20",
            how: "target/release/bulwark --version".into(),
            value: Some(start_ms(&program)?),
            limit: 20.0,
            unit: "ms",
        },
        Measure {
            what: "size of the release program",
            how: "stat target/release/bulwark".into(),
            value: Some(megabytes(std::fs::metadata(&program)?.len())),
            limit: 40.0,
            unit: "MB",
        },
        Measure {
            what: "report of 500 findings (HTML, JSON, Markdown)",
            how: "cargo run --release -p bulwark-report --example bench_report".into(),
            value: report_ms()?,
            limit: 1000.0,
            unit: "ms",
        },
    ];
    demo::targets()?;
    let out = sys::root().join("out/bench/cruise");
    sys::remove(&out)?;
    let arguments =
        ["cruise", "run", "--plan", "examples/demo.toml", "--intensity", "lab", "--out", "out/bench/cruise"];
    let (seconds, peak_mib) = watched(&program, &arguments)?;
    let how = format!("target/release/bulwark {}", arguments.join(" "));
    measures.push(Measure {
        what: "whole `lab` run of the demo",
        how: how.clone(),
        value: Some(seconds),
        limit: 60.0,
        unit: "s",
    });
    measures.push(Measure {
        what: "peak memory of that run (VmHWM of the program itself)",
        how,
        value: Some(peak_mib),
        limit: 100.0,
        unit: "MiB",
    });
    record("cruise", &body(&measures))?;
    Ok(if measures.iter().any(Measure::over) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// A Python with the peer whose `requirements.txt` lies in `tools/FOLDER`, known by a module it brings; `None` when
/// there is no Python.
fn python(folder: &str, module: &str) -> Result<Option<PathBuf>> {
    let place = sys::root().join("out/bench").join(folder);
    let python = place.join("bin/python");
    if sys::output(Command::new(&python).args(["-c", &format!("import {module}")])).is_err() {
        if sys::which("python3").is_none() {
            return Ok(None);
        }
        sys::run(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
        let wanted = sys::root().join("tools").join(folder).join("requirements.txt");
        sys::run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "-r"]).arg(wanted))?;
    }
    Ok(Some(python))
}

/// To a tenth of a megabyte.
fn megabytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 100_000).unwrap_or(u32::MAX)) / 10.0
}

fn start_ms(program: &Path) -> Result<f64> {
    let mut fastest = Duration::MAX;
    for _ in 0..20 {
        let began = Instant::now();
        sys::output(Command::new(program).arg("--version"))?;
        fastest = fastest.min(began.elapsed());
    }
    Ok(fastest.as_secs_f64() * 1000.0)
}

/// The example prints a line `report_500_ms NUMBER`. `None` while there is no example.
fn report_ms() -> Result<Option<f64>> {
    if !sys::root().join("crates/report/examples/bench_report.rs").exists() {
        return Ok(None);
    }
    let arguments =
        ["run", "--release", "--quiet", "--package", "bulwark-report", "--example", "bench_report"];
    let text = sys::output(sys::cargo().args(arguments))?;
    let number = text.lines().find_map(|line| line.strip_prefix("report_500_ms ")?.trim().parse().ok());
    Ok(Some(number.with_context(|| format!("bench_report prints no line `report_500_ms NUMBER`: {text:?}"))?))
}

/// Runs the program to its end; returns the seconds it took and the most memory it held.
fn watched(program: &Path, arguments: &[&str]) -> Result<(f64, f64)> {
    let mut command = Command::new(program);
    command.current_dir(sys::root()).args(arguments).stdin(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().with_context(|| format!("cannot start {}", sys::shown(&command)))?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0.0;
    let status = loop {
        let status = std::fs::read_to_string(&status_file).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0.0);
        peak_kib = f64::max(peak_kib, kib);
        if let Some(status) = child.try_wait()? {
            break status;
        }
        sys::pause(Duration::from_millis(10));
    };
    let seconds = began.elapsed().as_secs_f64();
    if !matches!(status.code(), Some(0 | 1)) {
        bail!("{} ended with {status}", sys::shown(&command));
    }
    Ok((seconds, peak_kib / 1024.0))
}

fn body(measures: &[Measure]) -> String {
    let rows: Vec<String> = measures.iter().map(Measure::row).collect();
    format!(
        "| measure | value | limit | of the limit | command |\n|---|---|---|---|---|\n{}\n",
        rows.join("\n")
    )
}

/// Prints an area's section and puts it into docs/benchmarks.md.
pub fn record(area: &str, body: &str) -> Result<()> {
    let section = format!("## {area}\n\n{}\n\n{body}", stamp(area)?);
    println!("{section}");
    let page = sys::root().join("docs/benchmarks.md");
    let old = std::fs::read_to_string(&page).unwrap_or_else(|_| "# Benchmarks\n".into());
    sys::write(&page, replaced(&old, area, &section))?;
    println!("written to {}", page.display());
    Ok(())
}

/// Date, command and machine of a section.
fn stamp(area: &str) -> Result<String> {
    let date = sys::output(Command::new("date").env("TZ", "Asia/Taipei").arg("+%F"))?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find(|line| line.starts_with("model name")).and_then(|line| line.split_once(':'));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    Ok(format!(
        "{}, `cargo xtask bench {area}`, {cores} cores ({model}), shared with other work.",
        date.trim()
    ))
}

/// Puts a section in the place of the one with the same heading, or at the end.
fn replaced(page: &str, heading: &str, section: &str) -> String {
    let begin = format!("## {heading}\n");
    let Some(start) = page.find(&begin) else {
        return format!("{}\n\n{section}", page.trim_end());
    };
    let after = &page[start + begin.len()..];
    let rest = after.find("\n## ").map_or("", |at| &after[at..]);
    format!("{}{section}{rest}", &page[..start])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_replaces_its_predecessor_only() {
        let page = replaced("# Benchmarks\n", "cruise", "## cruise\n\none\n");
        assert_eq!(page, "# Benchmarks\n\n## cruise\n\none\n");
        let page = replaced(&page, "other", "## other\n\nx\n");
        let page = replaced(&page, "cruise", "## cruise\n\ntwo\n");
        assert_eq!(page, "# Benchmarks\n\n## cruise\n\ntwo\n\n## other\n\nx\n");
    }
}
