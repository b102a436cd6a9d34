//! `bulwark probe run`: an in-memory plan, the usual engine, a table or JSON.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use bulwark_cruise::health_report;
use bulwark_cruise::plan::Plan;
use bulwark_cruise::plan::single::{Single, Target};
use bulwark_cruise::result::CruiseResult;
use bulwark_cruise::run::{Halt, Order};
use bulwark_i18n::args;
use bulwark_model::{Clock as _, Diagnostic, Exit, Intensity, Lang, Verdict};
use bulwark_probe::evidence::{Body, Dns, Outcome};
use bulwark_probe::net::Stop;
use bulwark_probe::scope::Vantage;
use bulwark_probe::task::Task;

use super::show;
use crate::cli::{ProbeFormat, ProbeRun};
use crate::clock::SystemClock;
use crate::cruise::progress::Reporter;
use crate::cruise::run::{TOOL, archive, hand_brake, prober, write};
use crate::home;
use crate::print;
use crate::texts::{diagnostic, texts};

/// Why a probe starts without a background record.
const REASON: &str = "單次探測 single probe";
/// A file named as target is read up to this size: a connection string is short.
const DSN_BYTES: u64 = 16 << 10;

/// Looks at one target.
pub fn run(args: &ProbeRun, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut single = single(args)?;
    let mut plan = single.plan(&here)?;
    let stop = hand_brake();
    if let Some(domain) = single.mail_domain().map(str::to_owned) {
        if let Some(found) = mx_answer(&plan, &domain, &stop)? {
            single.visit_mail_hosts(&found);
        }
        plan = single.plan(&here)?;
    }
    let (out, _temporary) = folder(args.out.as_deref())?;
    // Made before anything is sent: a key that cannot be had must not cost a run.
    let key = args.out.as_ref().map(|_| home::signing_key(args.key.as_deref())).transpose()?;
    let prober = prober(&plan)?;
    let order = Order {
        plan: &plan,
        plan_folder: &here,
        out: &out,
        only: Vec::new(),
        reason: Some(REASON.to_owned()),
        wait: false,
        partial: false,
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
    let notes = gathered.notes.clone();
    let result = CruiseResult::judge(
        plan.clone(),
        gathered.meta.clone(),
        gathered.evidence.clone(),
        SystemClock.now(),
        None,
    );
    let doc = health_report::build(&result, &notes, Vec::new());
    if let Some((key, _, _)) = &key {
        archive(&out)?;
        write(&result, &doc, key, &out, lang)?;
    }
    gathered.sealed().map_err(|d| vec![d])?;
    match args.format {
        ProbeFormat::Table => show::table(&single, &result, args.out.as_deref(), lang),
        ProbeFormat::Json => show::json(&single, &result, &notes),
    }
    print::notes(&notes, lang);
    let findings = doc.findings.iter().any(|f| f.severity >= args.fail_on);
    let errors = result.lines.iter().any(|l| l.verdict == Verdict::Error && show::chosen(&result, l));
    // A probe compares nothing with advisories, so no knowledge can be missing.
    Ok(Exit::decide(findings, errors || !result.complete() || !notes.is_empty(), false))
}

/// The domain's MX answer: the scope is known before anything of it is visited. Without one the run
/// itself tells why.
fn mx_answer(plan: &Plan, domain: &str, stop: &Stop) -> Result<Option<Dns>, Vec<Diagnostic>> {
    let task =
        Task::Lookup { name: domain.to_owned(), questions: vec![(domain.to_owned(), "MX".to_owned())] };
    Ok(match prober(plan)?.collect(&task, stop).outcome {
        Outcome::Collected(body) => match *body {
            Body::Dns(found) => Some(found),
            _ => None,
        },
        Outcome::Failed(_) => None,
    })
}

fn single(args: &ProbeRun) -> Result<Single, Vec<Diagnostic>> {
    let target = Target::read(&args.target, content(&args.target)?.as_deref()).map_err(|d| vec![d])?;
    let approved = args.approved_by.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let own = target.is_loopback() || args.intensity == Intensity::Lab;
    if approved.is_none() && !own {
        return Err(vec![diagnostic(texts(), "BW-CLI-004", &args![target = target.host()])]);
    }
    let mut resolvers = Vec::new();
    for text in &args.resolver {
        let address =
            text.parse::<SocketAddr>().or_else(|_| text.parse::<IpAddr>().map(|ip| (ip, 53).into()));
        resolvers.push(address.map_err(|_| vec![diagnostic(texts(), "BW-CLI-005", &args![found = text])])?);
    }
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let today = zone.to_datetime(SystemClock.now()).date();
    Ok(Single {
        target,
        written: shown(&args.target),
        profile: args.profile.into(),
        intensity: args.intensity,
        vantage: if args.inside { Vantage::Inside } else { Vantage::Internet },
        // Whoever probes the machine he sits at agrees with himself.
        approval: Some((approved.unwrap_or("本機目標 loopback target").to_owned(), today)),
        resolvers,
        authoritative_port: args.authoritative_port,
        smtp_port: args.smtp_port,
        mail_hosts: Vec::new(),
        ca_file: args.ca_file.clone(),
        contact: args.contact.clone(),
    })
}

/// The target as it is shown and kept: no query, which may hold a person's data.
fn shown(target: &str) -> String {
    target.split(['?', '#']).next().unwrap_or_default().to_owned()
}

/// The content of the file that the target names, if it names one.
fn content(target: &str) -> Result<Option<String>, Vec<Diagnostic>> {
    let path = Path::new(target);
    let small = std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.len() <= DSN_BYTES);
    if target.contains("://") || !small {
        return Ok(None);
    }
    // The same rule as for every secret: not readable by others.
    let secret = bulwark_probe::io::secret(path).map_err(|f| vec![f.diagnostic(target)])?;
    Ok(Some(secret))
}

/// The folder of the run; a temporary one goes when the second value is dropped.
fn folder(out: Option<&Path>) -> Result<(PathBuf, Option<tempfile::TempDir>), Vec<Diagnostic>> {
    if let Some(out) = out {
        return Ok((out.to_owned(), None));
    }
    let made = tempfile::Builder::new()
        .prefix("bulwark-probe-")
        .tempdir()
        .map_err(|e| vec![diagnostic(texts(), "BW-CLI-006", &[]).because(e)])?;
    Ok((made.path().to_owned(), Some(made)))
}
