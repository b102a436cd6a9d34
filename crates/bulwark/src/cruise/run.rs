//! `bulwark cruise run` and `reevaluate`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bulwark_cruise::finding::Previous;
use bulwark_cruise::plan::{self, Plan};
use bulwark_cruise::result::CruiseResult;
use bulwark_cruise::run::{Halt, Order};
use bulwark_cruise::{health_report, io};
use bulwark_i18n::args;
use bulwark_model::{Clock as _, Diagnostic, Exit, Lang, Severity, Text, Verdict};
use bulwark_probe::net::{Prober, Settings, Stop};
use bulwark_report::document::HealthReport;

use super::progress::Reporter;
use super::summary;
use crate::cli::Run;
use crate::clock::SystemClock;
use crate::home;
use crate::print::{self, aside, line, say};
use crate::texts::diagnostic;

/// Program and version that results name.
pub const TOOL: &str = concat!("bulwark ", env!("CARGO_PKG_VERSION"));

/// Runs a health check.
pub fn run(args: &Run, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let (mut plan, folder) = plan_of(args)?;
    if let Some(intensity) = args.intensity {
        plan.intensity = intensity;
    }
    let (key, new_key, key_path) = home::signing_key(args.key.as_deref())?;
    if new_key {
        let made = say(lang, "已產生簽章金鑰", "made a signing key:");
        aside(format!("{made} {} ({})", key.key_id().short(), key_path.display()));
    }
    let stop = hand_brake();
    let prober = prober(&plan)?;
    let order = Order {
        plan: &plan,
        plan_folder: &folder,
        out: &args.out,
        only: args.only.clone(),
        reason: args.reason.clone(),
        wait: args.wait,
        partial: args.partial,
        tool: TOOL.to_owned(),
    };
    let reporter = Reporter::new(lang);
    let gathered = bulwark_cruise::run::run(&order, &prober, &SystemClock, &stop, &|p| reporter.show(p));
    reporter.end();
    let gathered = match gathered {
        Ok(gathered) => gathered,
        Err(Halt::Refused(notes) | Halt::Interrupted(notes)) => {
            print::notes(&notes, lang);
            return Ok(Exit::Incomplete);
        }
    };
    let mut notes = gathered.notes.clone();
    let previous = previous_of(args, &plan, &mut notes);
    let judged_at = SystemClock.now();
    let result = CruiseResult::judge(
        plan.clone(),
        gathered.meta.clone(),
        gathered.evidence.clone(),
        judged_at,
        previous,
    );
    archive(&args.out)?;
    let report = finish(&result, &notes, Vec::new(), &key, &args.out, lang)?;
    gathered.sealed().map_err(|d| vec![d])?;
    print::notes(&notes, lang);
    Ok(exit(&result, &report, args.fail_on, !notes.is_empty()))
}

/// A brake that Ctrl-C pulls. A second Ctrl-C ends at once; the journal is whole after every item.
pub fn hand_brake() -> Stop {
    let stop = Stop::new();
    let handler = stop.clone();
    let _ = ctrlc::set_handler(move || {
        if handler.stopped() {
            std::process::exit(130);
        }
        handler.stop();
    });
    stop
}

/// A prober that keeps to the plan.
pub fn prober(plan: &Plan) -> Result<Prober, Vec<Diagnostic>> {
    let settings = Settings {
        scope: plan.probe_scope(),
        intensity: plan.intensity,
        resolvers: plan.location.resolvers.clone(),
        authoritative_port: plan.location.authoritative_port,
        trust_ca_file: plan.location.ca_file.clone(),
        contact: plan.location.contact.clone(),
        ..Settings::default()
    };
    Prober::new(settings, Arc::new(SystemClock)).map_err(|f| vec![f.diagnostic(&plan.system.name)])
}

/// Judges the evidence of a result again.
pub fn reevaluate(
    path: &Path,
    out: &Path,
    fail_on: Severity,
    key: Option<&Path>,
    lang: Lang,
) -> Result<Exit, Vec<Diagnostic>> {
    let opened = match io::open(path, None) {
        Ok(opened) => opened,
        Err(notes) => {
            print::notes(&notes, lang);
            return Ok(Exit::Incomplete);
        }
    };
    let (key, _, _) = home::signing_key(key)?;
    let judged_at = SystemClock.now();
    let mut limits = vec![bulwark_cruise::texts().text("report.limit_judged_again", &[])];
    let behind = opened.meta.finished_at.duration_since(judged_at).as_mins();
    if behind > 10 {
        limits.push(bulwark_cruise::texts().text("report.limit_skew", &args![minutes = behind]));
    }
    let result = CruiseResult::judge(opened.plan, opened.meta, opened.evidence, judged_at, Some(opened.left));
    std::fs::create_dir_all(out).map_err(|e| vec![cannot_write(out, &e)])?;
    archive(out)?;
    let report = finish(&result, &[], limits, &key, out, lang)?;
    Ok(exit(&result, &report, fail_on, false))
}

fn cannot_write(path: &Path, e: &std::io::Error) -> Diagnostic {
    diagnostic(bulwark_cruise::texts(), "BW-RUN-009", &args![path = path.display()]).because(e)
}

/// The plan of the arguments and the folder its paths start from.
fn plan_of(args: &Run) -> Result<(Plan, PathBuf), Vec<Diagnostic>> {
    let here = std::env::current_dir().unwrap_or_default();
    if let Some(path) = &args.plan {
        let folder =
            std::path::absolute(path).ok().and_then(|p| p.parent().map(Path::to_owned)).unwrap_or(here);
        Ok((plan::read_file(path)?, folder))
    } else {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = host.trim();
        let source = plan::this_machine(if host.is_empty() { "localhost" } else { host });
        Ok((plan::read("--self", &source, &here)?, here))
    }
}

/// The result to compare with: the one named, or the last of the output folder.
fn previous_of(args: &Run, plan: &Plan, notes: &mut Vec<Diagnostic>) -> Option<Previous> {
    let path = args.previous.clone().unwrap_or_else(|| args.out.join(io::RESULT_FILE));
    if args.previous.is_none() && !path.exists() {
        return None;
    }
    match io::open(&path, None) {
        Ok(opened)
            if opened.plan.system.name == plan.system.name
                && opened.plan.system.agency == plan.system.agency =>
        {
            Some(opened.left)
        }
        Ok(_) => {
            notes.push(no_comparison(&path));
            None
        }
        Err(why) => {
            notes.push(no_comparison(&path));
            notes.extend(why);
            None
        }
    }
}

fn no_comparison(path: &Path) -> Diagnostic {
    diagnostic(bulwark_cruise::texts(), "BW-RUN-012", &args![path = path.display()])
}

/// Keeps the previous result beside the new one.
pub fn archive(out: &Path) -> Result<(), Vec<Diagnostic>> {
    let last = out.join(io::RESULT_FILE);
    if !last.exists() {
        return Ok(());
    }
    let name = io::open(&last, None)
        .map_or_else(|_| "damaged".to_owned(), |o| format!("{}-{}", o.meta.id, o.judged_at.as_second()));
    let folder = out.join("previous");
    let kept = folder.join(format!("{name}.bwr"));
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::rename(&last, &kept))
        .map_err(|e| vec![cannot_write(&kept, &e)])
}

/// Writes the bundle and the three reports, and prints the summary.
fn finish(
    result: &CruiseResult,
    notes: &[Diagnostic],
    limits: Vec<Text>,
    key: &bulwark_bundle::Key,
    out: &Path,
    lang: Lang,
) -> Result<HealthReport, Vec<Diagnostic>> {
    let doc = health_report::build(result, notes, limits);
    write(result, &doc, key, out, lang)?;
    summary::print(&doc, lang);
    line("");
    line(format!("{}: {}", say(lang, "健檢報告", "report"), out.join("report.html").display()));
    line(format!("{}: {}", say(lang, "結果檔", "result"), out.join(io::RESULT_FILE).display()));
    Ok(doc)
}

/// Writes the bundle and the three reports.
pub fn write(
    result: &CruiseResult,
    doc: &HealthReport,
    key: &bulwark_bundle::Key,
    out: &Path,
    lang: Lang,
) -> Result<(), Vec<Diagnostic>> {
    io::seal(result, key, &out.join(io::RESULT_FILE)).map_err(|d| vec![d])?;
    let files = [
        ("report.html", bulwark_report::html(doc, lang)),
        ("report.json", bulwark_report::json(doc)),
        ("report.md", bulwark_report::markdown(doc, lang)),
    ];
    for (name, content) in &files {
        io::write_whole(&out.join(name), content.as_bytes()).map_err(|d| vec![d])?;
    }
    Ok(())
}

/// The exit code, by the ruling: findings, then what could not be done, then missing knowledge.
fn exit(result: &CruiseResult, doc: &HealthReport, fail_on: Severity, refused: bool) -> Exit {
    let findings = doc.findings.iter().any(|f| f.severity >= fail_on);
    let gaps = refused || !result.complete() || result.lines.iter().any(|l| l.verdict == Verdict::Error);
    // Until there is an advisory database, what a run knows of vulnerabilities is never complete.
    let knowledge_missing = result.lines.iter().any(|l| l.check == "vuln.package-inventory");
    Exit::decide(findings, gaps, knowledge_missing)
}
