//! `cargo xtask bench ds`: our components against GOV.UK Frontend from npm, in one run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context as _, Result};

use crate::bench::record;
use crate::sys;

/// One comparison: ours, theirs, and the most ours may be.
struct Row {
    what: &'static str,
    ours: f64,
    theirs: Option<f64>,
    limit: f64,
    unit: &'static str,
}

pub fn run() -> Result<ExitCode> {
    let tools = sys::root().join("design/tools");
    crate::tools::prepare()?;
    let example = ["run", "--release", "--quiet", "--package", "bulwark-ui", "--example", "render_all"];
    let ours = numbers(&sys::output(sys::cargo().args(example))?);
    let theirs = numbers(&sys::output(Command::new("node").arg(tools.join("bench.mjs")))?);
    sys::run(sys::cargo().args(["build", "--release", "--quiet", "--package", "bulwark"]))?;
    let site = sys::root().join("out/bench/site");
    sys::remove(&site)?;
    let program = sys::target_dir()?.join("release/bulwark");
    let began = Instant::now();
    sys::output(Command::new(program).args(["ds", "build"]).arg(&site))?;
    let build = began.elapsed().as_secs_f64();
    let get =
        |map: &BTreeMap<String, f64>, key: &str| map.get(key).copied().with_context(|| format!("no `{key}`"));
    let per_byte =
        |map: &BTreeMap<String, f64>| Ok::<_, anyhow::Error>(get(map, "seconds")? / get(map, "bytes")? * 1e9);
    let kilo = |bytes: f64| bytes / 1000.0;
    let (fast, slow) = (per_byte(&ours)?, per_byte(&theirs)?);
    let rows = [
        Row {
            what: "all CSS, min + gzip (dark, contrast, print, forced colours in it)",
            ours: kilo(get(&ours, "css")?),
            theirs: Some(kilo(get(&theirs, "css")?)),
            limit: 20.0,
            unit: "KB",
        },
        Row {
            what: "core JS, gzip",
            ours: kilo(get(&ours, "js_core")?),
            theirs: Some(kilo(get(&theirs, "js")?)),
            limit: 8.0,
            unit: "KB",
        },
        Row {
            what: "all JS modules together, gzip",
            ours: kilo(get(&ours, "js_all")?),
            theirs: Some(kilo(get(&theirs, "js")?)),
            limit: f64::INFINITY,
            unit: "KB",
        },
        Row {
            what: "rendering, per byte of output (minijinja, all examples; Nunjucks, all fixtures)",
            ours: fast,
            theirs: Some(slow),
            limit: slow / 10.0,
            unit: "ns",
        },
        Row {
            what: "documentation site, `bulwark ds build`",
            ours: build,
            theirs: None,
            limit: 3.0,
            unit: "s",
        },
    ];
    let mut table =
        String::from("| measure | ours | GOV.UK Frontend 6.6.0 | ratio | limit |\n|---|---|---|---|---|\n");
    for row in &rows {
        let theirs = row.theirs.map_or_else(|| "–".to_owned(), |t| format!("{t:.2} {}", row.unit));
        let ratio = row.theirs.map_or_else(|| "–".to_owned(), |t| format!("{:.3}", row.ours / t));
        let limit = if row.limit.is_finite() {
            format!("≤ {:.2} {}", row.limit, row.unit)
        } else {
            "–".to_owned()
        };
        let (what, ours, unit) = (row.what, row.ours, row.unit);
        let _ = writeln!(table, "| {what} | {ours:.2} {unit} | {theirs} | {ratio} | {limit} |");
    }
    record("ds", &table)?;
    Ok(if rows.iter().any(|r| r.ours > r.limit) { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// `name number name number …`
fn numbers(text: &str) -> BTreeMap<String, f64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(2).filter_map(|w| Some((w[0].to_owned(), w[1].parse().ok()?))).collect()
}
