//! `cargo xtask bench cases`: ends of periods against PyPI's businesstimedelta, in one run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};

use super::record;
use crate::sys;

/// How many times faster ours must be (incident-grc §11).
const WANTED: f64 = 100.0;
/// Working-hour periods that both count.
const SHARED: &str = "20000";

pub fn run() -> Result<ExitCode> {
    let build = ["build", "--release", "--quiet", "--package", "bulwark-clock", "--examples"];
    sys::run(sys::cargo().args(build))?;
    let program = sys::target_dir()?.join("release/examples/bench_clock");
    let ours = numbers(&sys::output(&mut Command::new(&program))?);
    let theirs = match super::python("bench-clock", "businesstimedelta")? {
        Some(python) => Some(peer(&program, &python)?),
        None => None,
    };
    let mut section = String::from(
        "Microseconds for one end. The peer counts working hours only, so its number stands beside ours of every kind; both count the same 20,000 working-hour periods in the last row.\n\n| what | ours | businesstimedelta 1.0.1 | ratio | wanted |\n|---|---|---|---|---|\n",
    );
    let mut good = true;
    for (what, key, judged) in [
        ("100,000 periods of all rules, with pauses and closures", "mixed_us", true),
        ("the same, each with its sentence in both languages", "mixed_with_sentence_us", false),
        ("working hours", "workhours_us", true),
    ] {
        let mine = get(&ours, key)?;
        let peer = theirs.as_ref().map(|theirs| get(theirs, "peer_us")).transpose()?;
        let (shown, ratio) = peer.map_or_else(
            || ("not there".to_owned(), String::new()),
            |peer| (format!("{peer:.1} µs"), format!("{:.0} ×", peer / mine)),
        );
        good &= !judged || peer.is_none_or(|peer| peer / mine >= WANTED);
        let wanted = if judged { format!("≥ {WANTED:.0} ×") } else { "–".to_owned() };
        let _ = writeln!(section, "| {what} | {mine:.3} µs | {shown} | {ratio} | {wanted} |");
    }
    if let Some(theirs) = &theirs {
        let (same, count) = (get(theirs, "peer_same")?, get(theirs, "peer_count")?);
        let _ = writeln!(section, "\nThe same end for {same:.0} of {count:.0} periods.");
        good &= (same - count).abs() < 0.5;
    }
    good &= lists(&mut section)?;
    record("cases", &section)?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Lists of organisations: the public one, and names to be found. Whether the limits are met.
fn lists(section: &mut String) -> Result<bool> {
    let shared = sys::env("BULWARK_SHARED").map_or_else(|| sys::root().join("../shared"), PathBuf::from);
    let list = shared.join("data/incident-grc/gov_oid_2018.csv");
    if !list.exists() {
        let _ = writeln!(section, "\nLists of organisations were not measured: no shared data.");
        return Ok(true);
    }
    let build = ["build", "--release", "--quiet", "--package", "bulwark-console", "--example", "bench_lists"];
    sys::run(sys::cargo().args(build))?;
    let folder = sys::root().join("out/bench/cases");
    sys::make_dir(&folder)?;
    let program = sys::target_dir()?.join("release/examples/bench_lists");
    let found = numbers(&sys::output(Command::new(program).arg(list).current_dir(folder))?);
    let rows = get(&found, "import_rows")?;
    let _ = writeln!(section, "\n| lists | value | wanted |\n|---|---|---|");
    let mut good = true;
    for (what, key, unit, most) in [
        ("read, planned and written with tree, index and audit entries", "import_s", "s", Some(2.0)),
        ("two characters among 100,000 names, 95 of 100 within", "search_p95_ms", "ms", Some(5.0)),
        ("a page of 50 of those, with their count, 95 of 100 within", "page_p95_ms", "ms", None),
    ] {
        let value = get(&found, key)?;
        let what =
            if key == "import_s" { format!("{rows:.0} organisations {what}") } else { what.to_owned() };
        let wanted = most.map_or_else(|| "–".to_owned(), |most| format!("≤ {most:.0} {unit}"));
        good &= most.is_none_or(|most| value <= most);
        let _ = writeln!(section, "| {what} | {value:.2} {unit} | {wanted} |");
    }
    Ok(good)
}

/// Lets the peer count the periods that our program writes.
fn peer(program: &PathBuf, python: &PathBuf) -> Result<BTreeMap<String, f64>> {
    let mut lines = Command::new(program).args(["--lines", SHARED]).stdout(Stdio::piped()).spawn()?;
    let input = lines.stdout.take().context("the program's output")?;
    let root = sys::root();
    let output = Command::new(python)
        .arg(root.join("tools/bench-clock/peer.py"))
        .arg(root.join("data/clock/calendar_tw_2023_2027.csv"))
        .stdin(input)
        .output()?;
    if !lines.wait()?.success() || !output.status.success() {
        bail!("the peer did not finish: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(numbers(&String::from_utf8_lossy(&output.stdout)))
}

/// Lines `name number`.
fn numbers(text: &str) -> BTreeMap<String, f64> {
    let pair = |line: &str| {
        let (name, number) = line.split_once(' ')?;
        Some((name.to_owned(), number.trim().parse().ok()?))
    };
    text.lines().filter_map(pair).collect()
}

fn get(numbers: &BTreeMap<String, f64>, name: &str) -> Result<f64> {
    numbers.get(name).copied().with_context(|| format!("no number `{name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_numbers_are_read() {
        let found = numbers("mixed_us 0.05\nsomething else\npeer_same 3\n");
        assert!((get(&found, "mixed_us").expect("there") - 0.05).abs() < 1e-9);
        assert!(get(&found, "else").is_err());
    }
}
