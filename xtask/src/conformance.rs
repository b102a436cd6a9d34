//! `cargo xtask conformance AREA`: passed/total for each data set of an area, from the test
//! binaries that know them. Exceptions and their reasons stand in docs/conformance.md.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::sys;

/// A data set: what it is, and the test binary that prints its counts.
struct DataSet {
    package: &'static str,
    test: &'static str,
    source: &'static str,
}

const CHECKS: &[DataSet] = &[
    DataSet { package: "bulwark-cruise", test: "seeded", source: "faults planted in a target on loopback" },
    DataSet { package: "bulwark-probe", test: "spf_suite", source: "monitor/mailauth/spf" },
    DataSet { package: "bulwark-probe", test: "observatory_suite", source: "monitor/httphdr" },
    DataSet { package: "bulwark-probe", test: "pglog_suite", source: "monitor/pglog" },
    DataSet { package: "bulwark-probe", test: "weblog_suite", source: "monitor/weblog" },
];

const TWID: &[DataSet] = &[
    DataSet { package: "bulwark-twid", test: "vectors", source: "digital-services/vectors" },
    DataSet { package: "bulwark-twid", test: "twin", source: "the crate against its script twin" },
];

const CASES: &[DataSet] = &[
    DataSet {
        package: "bulwark-clock",
        test: "tables",
        source: "incident-grc: limits, calendar, closures, warnings",
    },
    DataSet {
        package: "bulwark-workflow",
        test: "tables",
        source: "incident-grc: state machines and role matrix",
    },
    DataSet {
        package: "bulwark-workflow",
        test: "model",
        source: "every state, act and role of each machine",
    },
];

/// One line of counts, `name: 3/3` or `name: found 3/3`, or a count that must be zero, `false alarms: 0`.
/// What a `peer NAME` meets is shown beside ours and not judged.
#[derive(Debug, PartialEq, Eq)]
struct Count {
    name: String,
    passed: u64,
    total: Option<u64>,
}

impl Count {
    fn parse(line: &str) -> Option<Self> {
        // The harness writes a dot for each passed test where the line may begin.
        let (name, value) = line.trim().trim_start_matches('.').rsplit_once(": ")?;
        let value = value.strip_prefix("found ").unwrap_or(value);
        let count = match value.split_once('/') {
            Some((passed, total)) => Self {
                name: name.to_owned(),
                passed: passed.trim().parse().ok()?,
                total: Some(total.trim().parse().ok()?),
            },
            None if name == "false alarms" => {
                Self { name: name.to_owned(), passed: value.trim().parse().ok()?, total: None }
            }
            None => return None,
        };
        Some(count)
    }

    fn good(&self) -> bool {
        self.name.starts_with("peer ")
            || self.total.map_or(self.passed == 0, |total| self.passed == total && total > 0)
    }

    fn shown(&self) -> String {
        let value =
            self.total.map_or_else(|| self.passed.to_string(), |total| format!("{}/{total}", self.passed));
        format!("{:<34} {value:>12}", self.name)
    }
}

/// Runs the data sets of an area and prints their counts.
pub fn run(area: &str) -> Result<ExitCode> {
    let sets = match area {
        "checks" => CHECKS,
        "twid" => TWID,
        "cases" => CASES,
        _ => bail!("which area? `cargo xtask conformance checks`, `twid` or `cases`"),
    };
    let mut bad = Vec::new();
    for set in sets {
        let mut command = sys::cargo();
        command.args(["test", "--quiet", "--package", set.package, "--test", set.test, "--", "--nocapture"]);
        let output = command.output()?;
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        println!("{}  ({})", set.test, set.source);
        let counts: Vec<Count> = text.lines().filter_map(Count::parse).collect();
        for count in &counts {
            println!("  {}{}", count.shown(), if count.good() { "" } else { "  ✗" });
        }
        for line in text.lines().filter(|line| line.starts_with("SKIPPED")) {
            println!("  {line}");
        }
        let skipped = text.contains("SKIPPED");
        if !output.status.success() || counts.iter().any(|c| !c.good()) || (counts.is_empty() && !skipped) {
            bad.push(set.test);
        }
    }
    if bad.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("not whole: {}", bad.join(", "));
    Ok(ExitCode::FAILURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_and_judged() {
        let count = |line| Count::parse(line).expect("a count");
        assert!(count("seeded faults network: found 21/21").good());
        assert!(!count("spf suites: 124/125").good());
        assert!(!count("observatory: 0/0").good(), "nothing tested is not whole");
        assert!(count("false alarms: 0").good() && !count("false alarms: 2").good());
        assert!(count("peer pyspf, same suites: 154/163").good());
        assert_eq!(count("..names: 15/15").name, "names");
        assert_eq!(Count::parse("running 3 tests"), None);
        assert_eq!(Count::parse("note: see docs"), None);
    }
}
