//! Filling the health report from a finished run.

use std::collections::BTreeMap;

use bulwark_bundle::Sha256;
use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Domain, Lang, Text, Verdict};
use bulwark_probe::evidence::{Body, Outcome};
use bulwark_report::document::{
    Approval, Chapter, CheckLine, Comparison, EvidenceLine, Figure, HealthReport, Run, ScopeLine,
    SystemFacts, Tool,
};

use crate::check::{self, Line};
use crate::result::{CruiseResult, to_json};
use crate::texts;

/// The report of a result. `notes` are the messages of the run; `extra` limits come first.
pub fn build(result: &CruiseResult, notes: &[Diagnostic], extra: Vec<Text>) -> HealthReport {
    let plan = &result.plan;
    let meta = &result.meta;
    let scores = result.scores();
    let chapters = Domain::ALL
        .iter()
        .zip(&scores)
        .map(|(domain, score)| Chapter {
            domain: *domain,
            score: *score,
            results: results(*domain, &result.lines),
            figures: figures(*domain, result),
        })
        .collect();
    HealthReport {
        run: Run {
            id: meta.id.clone(),
            started_at: meta.started_at,
            finished_at: meta.finished_at,
            judged_at: result.judged_at,
            tool_version: meta.tool.clone(),
            plan_sha256: meta.plan_sha256.clone(),
            intensity: meta.intensity,
            complete: result.complete(),
            items_done: meta.items_done,
            items_planned: meta.items_planned,
            classification: say("classification"),
        },
        system: SystemFacts {
            name: plan.system.name.clone(),
            agency: plan.system.agency.clone(),
            class: plan.system.class,
            level: plan.system.level,
            cia: [plan.system.confidentiality, plan.system.integrity, plan.system.availability],
            background: plan
                .system
                .background
                .facts()
                .iter()
                .map(|(key, value)| (say(&format!("background_{key}")), value.map(str::to_owned)))
                .collect(),
            approval: plan.approval.as_ref().map(|a| Approval { by: a.by.clone(), on: a.on }),
        },
        scope: scope(result),
        chapters,
        findings: result.compared.open.clone(),
        comparison: result.previous.as_ref().and_then(|p| {
            Some(Comparison {
                previous_finished_at: p.finished_at?,
                previous_scores: p.scores.clone(),
                fixed: result.compared.fixed_now.clone(),
                not_retested: result.compared.not_retested.clone(),
            })
        }),
        limits: limits(result, extra),
        diagnostics: diagnostics(result, notes),
        evidence: result
            .evidence
            .iter()
            .map(|(id, record)| {
                let stored = to_json(record);
                EvidenceLine {
                    id: id.clone(),
                    kind: record.key.split_once(':').map_or(record.key.as_str(), |(k, _)| k).to_owned(),
                    subject: record.subject.clone(),
                    at: record.started_at,
                    sha256: Sha256::of(stored.as_bytes()).to_string(),
                    bytes: stored.len() as u64,
                }
            })
            .collect(),
        tools: tools(result),
    }
}

fn say(key: &str) -> Text {
    texts().text(&format!("report.{key}"), &[])
}

/// Both languages with language-dependent arguments.
fn say_both(key: &str, args_of: impl Fn(Lang) -> Vec<(&'static str, String)>) -> Text {
    let key = format!("report.{key}");
    Text {
        zh_tw: texts().text(&key, &args_of(Lang::ZhTw)).zh_tw,
        en: texts().text(&key, &args_of(Lang::En)).en,
    }
}

fn limits(result: &CruiseResult, extra: Vec<Text>) -> Vec<Text> {
    let meta = &result.meta;
    let mut out = extra;
    if !result.complete() {
        out.push(
            texts()
                .text("report.limit_incomplete", &args![total = meta.items_planned, done = meta.items_done]),
        );
    }
    let names = |domains: Vec<Domain>| {
        move |lang: Lang| {
            let labels: Vec<String> = domains.iter().map(|d| d.label().get(lang).to_owned()).collect();
            vec![("domains", bulwark_i18n::list(&labels, lang))]
        }
    };
    if !meta.only.is_empty() {
        out.push(say_both("limit_only", names(meta.only.clone())));
    }
    let left_out: Vec<Domain> = Domain::ALL
        .iter()
        .copied()
        .filter(|d| result.plan.checks.get(d) == Some(&crate::plan::Selection::None))
        .collect();
    if !left_out.is_empty() {
        out.push(say_both("limit_domain_left_out", names(left_out)));
    }
    if let Some(reason) = &meta.reason {
        let known = result.plan.system.background.known();
        if known < 9 {
            out.push(texts().text("report.limit_background", &args![known = known, reason = reason]));
        }
    }
    if meta.only.is_empty() || meta.only.contains(&Domain::Vuln) {
        out.push(say("limit_advisories"));
    }
    out
}

/// Messages of the run, and one for every record that could not be collected.
fn diagnostics(result: &CruiseResult, notes: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut out = notes.to_vec();
    for (_, record) in &result.evidence {
        if let Outcome::Failed(failure) = &record.outcome {
            out.push(failure.diagnostic(&record.subject));
        }
    }
    out
}

fn results(domain: Domain, lines: &[Line]) -> Vec<CheckLine> {
    let rank = |v: Verdict| match v {
        Verdict::Fail => 0,
        Verdict::Warn => 1,
        Verdict::Error => 2,
        Verdict::Manual => 3,
        Verdict::NotTested => 4,
        Verdict::Info => 5,
        Verdict::Pass => 6,
        Verdict::Exempt => 7,
        Verdict::NotApplicable => 8,
    };
    let mut out: Vec<CheckLine> = lines
        .iter()
        .filter_map(|line| {
            let definition = check::find(line.check).filter(|d| d.domain() == domain)?;
            let entry = definition.check();
            Some(CheckLine {
                id: line.check.to_owned(),
                title: entry.title,
                verdict: line.verdict,
                severity: matches!(line.verdict, Verdict::Fail | Verdict::Warn).then_some(line.severity),
                asset: line.asset.clone(),
                message: line.message.clone(),
                excerpt: line.excerpt.clone(),
                evidence: line.evidence.clone(),
                standard: entry.standard,
            })
        })
        .collect();
    out.sort_by(|a, b| {
        (rank(a.verdict), b.severity, &a.id, &a.asset).cmp(&(rank(b.verdict), a.severity, &b.id, &b.asset))
    });
    out
}

fn scope(result: &CruiseResult) -> Vec<ScopeLine> {
    let plan = &result.plan;
    let s = &plan.scope;
    let mut out = Vec::new();
    let mut add = |kind: &str, value: String| out.push(ScopeLine { kind: say(kind), value });
    for d in &s.domains {
        add("scope_domain", d.clone());
    }
    for d in &s.mail_domains {
        add("scope_mail", d.clone());
    }
    for h in &s.hosts {
        let ports: Vec<String> = h.ports.iter().map(u16::to_string).collect();
        let pinned = result.meta.pinned.get(&h.name).map(|a| a.join(", ")).unwrap_or_default();
        let name =
            if h.written == h.name { h.name.clone() } else { format!("{}（{}）", h.written, h.name) };
        let parts = [name, ports.join(", "), pinned];
        add("scope_host", parts.iter().filter(|p| !p.is_empty()).cloned().collect::<Vec<_>>().join("｜"));
    }
    for u in &s.urls {
        add("scope_url", u.to_string());
    }
    for d in &s.databases {
        add("scope_database", format!("{}（{}）", d.name, d.host));
    }
    for p in &s.paths {
        add("scope_path", format!("{} {}", p.kind.code(), p.path.display()));
    }
    if s.this_machine {
        add("scope_self", "localhost".to_owned());
    }
    if let Some(w) = plan.window {
        let day = |d| bulwark_i18n::date(d, Lang::ZhTw);
        add(
            "scope_window",
            format!("{}～{} {}–{}", day(w.first_day), day(w.last_day), hour(w.from), hour(w.to)),
        );
    }
    out
}

fn hour(t: jiff::civil::Time) -> String {
    format!("{:02}:{:02}", t.hour(), t.minute())
}

fn tools(result: &CruiseResult) -> Vec<Tool> {
    let (name, version) = result.meta.tool.split_once(' ').unwrap_or((&result.meta.tool, ""));
    let mut out = vec![Tool { name: name.to_owned(), version: version.to_owned() }];
    out.extend(
        result
            .meta
            .programs
            .iter()
            .map(|(name, version)| Tool { name: name.clone(), version: version.clone() }),
    );
    out
}

/// Measurements of a domain as pictures.
fn figures(domain: Domain, result: &CruiseResult) -> Vec<Figure> {
    let bodies = || {
        result.evidence.iter().filter_map(|(_, r)| match &r.outcome {
            Outcome::Collected(body) => Some((r, body.as_ref())),
            Outcome::Failed(_) => None,
        })
    };
    match domain {
        Domain::Network => {
            let rows: Vec<(String, f64)> = bodies()
                .filter_map(|(_, body)| match body {
                    Body::Tcp(t) => Some(t),
                    _ => None,
                })
                .flat_map(|t| {
                    let mut by_address: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
                    for sample in &t.samples {
                        if let Ok(us) = sample.rtt_us {
                            by_address.entry(&sample.address).or_default().push(us);
                        }
                    }
                    let port = t.port;
                    by_address
                        .into_iter()
                        .map(move |(a, mut us)| (bracketed(a, port), milliseconds(median(&mut us))))
                        .collect::<Vec<_>>()
                })
                .collect();
            bars("figure_rtt", "ms", rows, None)
        }
        Domain::Function => {
            let mut totals: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
            for (_, body) in bodies() {
                if let Body::Transaction(t) = body {
                    let us = t
                        .steps
                        .iter()
                        .filter_map(|s| s.answer.as_ref().ok())
                        .map(|e| e.phases.total_us())
                        .sum();
                    totals.entry(&t.name).or_default().push(us);
                }
            }
            let limit = result.plan.transactions.iter().map(|t| t.p95_limit_ms).min();
            let rows = totals
                .into_iter()
                .map(|(name, mut us)| (name.to_owned(), milliseconds(percentile95(&mut us))))
                .collect();
            bars("figure_latency", "ms", rows, limit)
        }
        Domain::EndUser => {
            let mut rows = Vec::new();
            let mut pictures = Vec::new();
            for (_, body) in bodies() {
                match body {
                    Body::Page(p) => {
                        let own = p.page.hops.last().map_or(0, |e| e.body_bytes);
                        let parts: u64 = p
                            .resources
                            .iter()
                            .filter_map(|r| r.answer.as_ref().ok())
                            .map(|e| e.body_bytes)
                            .sum();
                        rows.push((p.page.url.clone(), kibibytes(own + parts)));
                    }
                    Body::Browser(b) if !b.screenshot.0.is_empty() => pictures.push(Figure::Image {
                        title: texts().text("report.figure_screenshot", &args![url = b.url]),
                        png: b.screenshot.0.clone(),
                    }),
                    _ => {}
                }
            }
            let mut out = bars("figure_weight", "KiB", rows, None);
            out.extend(pictures);
            out
        }
        _ => Vec::new(),
    }
}

fn bars(title: &str, unit: &str, rows: Vec<(String, f64)>, limit_ms: Option<u64>) -> Vec<Figure> {
    if rows.is_empty() {
        return Vec::new();
    }
    let limit =
        limit_ms.map(|ms| (milliseconds(ms * 1000), texts().text("report.figure_limit", &args![value = ms])));
    vec![Figure::Bars { title: say(title), unit: unit.to_owned(), rows, limit }]
}

fn bracketed(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

fn median(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

/// Nearest-rank 95th percentile.
fn percentile95(values: &mut [u64]) -> u64 {
    values.sort_unstable();
    let rank = (values.len() * 95).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(0)
}

#[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
fn milliseconds(us: u64) -> f64 {
    (us as f64 / 10.0).round() / 100.0
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn kibibytes(bytes: u64) -> f64 {
    (bytes as f64 / 102.4).round() / 10.0
}
