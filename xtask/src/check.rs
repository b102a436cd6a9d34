//! `cargo xtask test`: everything a change must pass, with a count at the end.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result};

use crate::demo;
use crate::sys;

type IsThere = fn() -> bool;

/// What some tests need: the Debian package, and how to see that it is there.
const NEEDS: &[(&str, IsThere)] = &[
    ("chromium", || sys::which("chromium").is_some()),
    ("chromium-driver", || sys::which("chromedriver").is_some()),
    ("fonts-noto-cjk", || Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").exists()),
    ("nginx-light", || sys::which("nginx").is_some()),
    ("postgresql", || demo::postgres_is_installed()),
    ("bind9", || sys::which("named").is_some()),
    ("bind9-dnsutils", || sys::which("delv").is_some()),
    ("gnutls-bin", || sys::which("gnutls-serv").is_some()),
    ("nsd", || sys::which("nsd").is_some()),
    ("sslscan", || sys::which("sslscan").is_some()),
    ("python3-spf", || Path::new("/usr/lib/python3/dist-packages/spf.py").exists()),
];

#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// What the steps came to.
#[derive(Default)]
struct Outcome {
    counts: Counts,
    failed_steps: Vec<String>,
}

pub fn run(full: bool) -> Result<ExitCode> {
    prepare()?;
    let skip_log = sys::root().join("out/skipped-tests.txt");
    sys::make_dir(&sys::root().join("out"))?;
    sys::write(&skip_log, "")?;
    let mut outcome = Outcome::default();
    outcome.step("formatting", sys::cargo().args(["fmt", "--all", "--check", "--", "--files-with-diff"]))?;
    outcome.step(
        "lints",
        sys::cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    )?;
    outcome.tests(&skip_log, full)?;
    outcome.doc_tests(&skip_log)?;
    if full {
        outcome.step(
            "screenshots",
            sys::cargo().args(["run", "--quiet", "--package", "bulwark", "--", "ds", "shots"]),
        )?;
        outcome.demo();
    }
    Ok(outcome.tell(&skip_log))
}

/// Installs what is missing, or says what is.
fn prepare() -> Result<()> {
    let missing =
        || NEEDS.iter().filter(|(_, there)| !there()).map(|(package, _)| *package).collect::<Vec<_>>();
    let wanted = missing();
    if !wanted.is_empty() && sys::can_install() {
        sys::install(&wanted)?;
    }
    for package in missing() {
        println!("missing: {package} (Debian package; its tests are skipped)");
    }
    if let Err(error) = crate::tools::prepare() {
        println!("missing: template engines and axe ({error:#}; their checks are skipped)");
    }
    Ok(())
}

impl Outcome {
    /// A step that is right or wrong as a whole.
    fn step(&mut self, name: &str, command: &mut Command) -> Result<()> {
        println!("── {name}: {}", sys::shown(command));
        let status = command.status().with_context(|| format!("cannot start {}", sys::shown(command)))?;
        if !status.success() {
            self.failed_steps.push(format!("{name}: {}", sys::shown(command)));
        }
        Ok(())
    }

    fn tests(&mut self, skip_log: &Path, full: bool) -> Result<()> {
        let mut command = sys::cargo();
        let nextest = sys::which("cargo-nextest").is_some()
            || sys::output(sys::cargo().args(["nextest", "--version"])).is_ok();
        if nextest {
            command.args(["nextest", "run", "--workspace", "--no-fail-fast", "--status-level", "fail"]);
        } else {
            command.args(["test", "--quiet", "--workspace", "--no-fail-fast", "--lib", "--bins", "--tests"]);
        }
        if full && nextest {
            command.args(["--profile", "full"]);
        }
        if full {
            command.env("PROPTEST_CASES", "20000");
        }
        self.counted("tests", &mut command, skip_log)
    }

    fn doc_tests(&mut self, skip_log: &Path) -> Result<()> {
        let mut command = sys::cargo();
        command.args(["test", "--quiet", "--workspace", "--no-fail-fast", "--doc"]);
        self.counted("examples in the documentation", &mut command, skip_log)
    }

    /// Runs a step that tells how many tests passed, and adds up.
    fn counted(&mut self, name: &str, command: &mut Command, skip_log: &Path) -> Result<()> {
        println!("── {name}: {}", sys::shown(command));
        // Both streams into one: cargo-nextest reports on stderr, the standard harness on stdout.
        let (reader, writer) = std::io::pipe()?;
        command.env("BULWARK_SKIP_LOG", skip_log).env("CARGO_TERM_COLOR", "never").env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let mut child = command.spawn().with_context(|| format!("cannot start {}", sys::shown(command)))?;
        // The command holds the writing ends; the pipe ends only when they are closed here, too.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let failed_before = self.counts.failed;
        for line in BufReader::new(reader).split(b'\n') {
            let line = line?;
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            if let Some(counts) = summary(&line) {
                self.counts.passed += counts.passed;
                self.counts.failed += counts.failed;
                self.counts.skipped += counts.skipped;
            }
        }
        // A failure without a failed test: it does not compile, or a test program crashed.
        if !child.wait()?.success() && self.counts.failed == failed_before {
            self.failed_steps.push(format!("{name}: {}", sys::shown(command)));
        }
        Ok(())
    }

    /// The demo from start to end, as a person would use it.
    fn demo(&mut self) {
        match demo_from_start_to_end() {
            Ok(()) => self.counts.passed += 1,
            Err(error) => {
                println!("demo: {error:#}");
                self.counts.failed += 1;
            }
        }
    }

    fn tell(mut self, skip_log: &Path) -> ExitCode {
        let skipped = std::fs::read_to_string(skip_log).unwrap_or_default();
        let skips = skipped.lines().count();
        for line in skipped.lines() {
            println!("SKIPPED: {line}");
        }
        // A test that skips itself has passed in the eyes of the harness.
        self.counts.passed = self.counts.passed.saturating_sub(skips);
        self.counts.skipped += skips;
        for step in &self.failed_steps {
            println!("FAILED: {step}");
        }
        let Counts { passed, failed, skipped } = self.counts;
        println!("{passed} passed, {} failed, {skipped} skipped", failed + self.failed_steps.len());
        if failed == 0 && self.failed_steps.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

fn demo_from_start_to_end() -> Result<()> {
    println!("── demo from start to end (deletes out/demo)");
    let own = std::env::current_exe()?;
    let demo = |options: &[&str]| sys::output(Command::new(&own).arg("demo").args(options));
    demo(&["--clean"])?;
    let first = demo(&[])?;
    let second = demo(&[])?;
    let fixed = demo(&["--fix", "header"])?;
    demo(&["--stop"])?;
    println!("{first}\n{fixed}");
    anyhow::ensure!(second.contains("fixed: 0"), "a second run without a repair shows one:\n{second}");
    anyhow::ensure!(fixed.contains("fixed: 1 "), "`demo --fix header` does not show \"fixed: 1\"");
    Ok(())
}

/// Reads the last line of cargo-nextest (`Summary [ 0.4s] 9 tests run: 8 passed (1 slow), 1 failed, 2 skipped`) or
/// of the standard harness (`test result: ok. 8 passed; 1 failed; 2 ignored; …`).
fn summary(line: &str) -> Option<Counts> {
    let line = line.trim_start();
    let rest = if line.starts_with("Summary [") {
        line.split_once(" run: ")?.1
    } else {
        line.strip_prefix("test result: ")?
    };
    let words: Vec<&str> = rest.split([' ', ',', ';', '(', ')']).filter(|word| !word.is_empty()).collect();
    let mut counts = Counts::default();
    for pair in words.windows(2) {
        let [number, word] = pair else { continue };
        let Ok(number) = number.parse::<usize>() else { continue };
        match *word {
            "passed" => counts.passed += number,
            "failed" | "timed" | "exec" => counts.failed += number,
            "skipped" | "ignored" => counts.skipped += number,
            _ => {}
        }
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries_of_both_harnesses_are_read() {
        let counts = |passed, failed, skipped| Some(Counts { passed, failed, skipped });
        let nextest = "     Summary [   0.385s] 9 tests run: 8 passed (1 slow), 1 failed, 2 skipped";
        assert_eq!(summary(nextest), counts(8, 1, 2));
        assert_eq!(summary("Summary [ 1s] 3/9 tests run: 2 passed, 1 timed out, 0 skipped"), counts(2, 1, 0));
        let std = "test result: FAILED. 8 passed; 1 failed; 2 ignored; 0 measured; 5 filtered out; finished in 0.01s";
        assert_eq!(summary(std), counts(8, 1, 2));
        assert_eq!(summary("test some::name ... ok"), None);
    }
}
