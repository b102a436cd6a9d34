//! Developer tasks: `cargo xtask help`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool that speaks to its user")]

mod bench;
mod check;
mod conformance;
mod demo;
mod dist;
mod sys;
mod tools;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
Tasks of the Bulwark workspace

  cargo xtask demo                 prepare real targets on loopback, check them and this machine,
                                   start the console with three agencies and their people
      --fix header                 repair one weakness of the target, check again: \"fixed: 1\"
      --stop                       stop the targets (weaknesses come back at the next start)
      --clean                      stop them and delete out/demo
      --release                    use the optimised program
      --targets                    prepare the targets only
  cargo xtask test [--full]        formatting, lints, tests; installs what they need (Debian, root)
      --full                       also long property tests, screenshots and the demo from start to end
  cargo xtask bench cruise         measure, and write the numbers to docs/benchmarks.md
  cargo xtask bench probe          our probes against testssl.sh, sslyze and the blackbox exporter
  cargo xtask bench ds             the design system against GOV.UK Frontend
  cargo xtask bench cases          ends of periods against businesstimedelta
  cargo xtask conformance checks   passed/total for each data set of the checks
  cargo xtask conformance twid     the same for identity numbers, dates, names, phones
  cargo xtask conformance cases    rows tested/total of the tables of clocks, machines and rights
  cargo xtask dist                 portable archive in out/dist/
  cargo xtask help                 this text

All are safe to run twice.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode> {
    match arguments {
        [] | ["help" | "-h" | "--help", ..] => {
            println!("{HELP}");
            Ok(ExitCode::SUCCESS)
        }
        ["demo", options @ ..] => demo::run(&demo::Options::parse(options)?).map(done),
        ["lab-serve", options @ ..] => demo::lab::serve(options).map(done),
        ["test"] => check::run(false),
        ["test", "--full"] => check::run(true),
        ["bench", "cruise"] => bench::cruise(),
        ["bench", "probe"] => bench::probe::run(),
        ["bench", "ds"] => bench::ds::run(),
        ["bench", "cases"] => bench::cases::run(),
        ["bench", ..] => bail!("which area? `cargo xtask bench cruise`, `probe`, `ds` or `cases`"),
        ["conformance", area] => conformance::run(area),
        ["dist"] => dist::run().map(done),
        _ => bail!("no task `{}`; see `cargo xtask help`", arguments.join(" ")),
    }
}

/// A task that has only one good end.
fn done(_: ()) -> ExitCode {
    ExitCode::SUCCESS
}
