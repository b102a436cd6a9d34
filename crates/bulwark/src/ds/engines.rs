//! The same jobs in the other template engines.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use bulwark_ui::check::hostile;
use bulwark_ui::docs::{pattern_context, pattern_pages};
use bulwark_ui::{Engine, assets, registry};
use serde_json::{Value, json};

/// One rendering to compare.
struct Job {
    place: String,
    request: Value,
    wanted: String,
}

/// What the comparison found.
#[derive(Debug, Default)]
pub struct Compared {
    /// Renderings with the same bytes in all engines.
    pub equal: usize,
    /// All renderings.
    pub all: usize,
    /// Components and patterns that differ, with the first difference.
    pub faults: Vec<(String, String)>,
}

/// Renders every example, every example with hostile texts and every pattern in three engines.
///
/// # Errors
/// What is missing or did not answer.
pub fn compare(tools: &Path) -> Result<Compared, String> {
    let jobs = jobs();
    let input: Vec<String> = jobs.iter().map(|j| j.request.to_string()).collect();
    let input = input.join("\n") + "\n";
    let python = tools.join(".venv/bin/python");
    let python = if python.exists() { python } else { "python3".into() };
    let engines = [
        ("nunjucks", run(Command::new("node").arg(tools.join("render.mjs")), &input, jobs.len())?),
        ("jinja2", run(Command::new(python).arg("-B").arg(tools.join("render.py")), &input, jobs.len())?),
    ];
    let mut compared = Compared { all: jobs.len(), ..Compared::default() };
    for (i, job) in jobs.iter().enumerate() {
        let other = engines.iter().find(|(_, answers)| answers[i].trim_end_matches('\n') != job.wanted);
        match other {
            None => compared.equal += 1,
            Some((engine, answers)) => {
                compared
                    .faults
                    .push((job.place.clone(), format!("{engine}: {}", difference(&job.wanted, &answers[i]))));
            }
        }
    }
    Ok(compared)
}

fn jobs() -> Vec<Job> {
    let engine = Engine::shared();
    let mut jobs = Vec::new();
    for component in registry().iter() {
        let mut add = |params: Value| {
            let rendered = engine.component(component, &params);
            let wanted = rendered.map_or_else(|e| e.what.en, |html| html.trim_end_matches('\n').to_owned());
            let request = json!({ "template": component.template_path(), "macro": component.meta.macro_name, "params": params });
            jobs.push(Job { place: component.name.clone(), request, wanted });
        };
        for example in &component.examples {
            add(example.params.clone());
        }
        if let Some(first) = component.examples.first() {
            hostile(&first.params).for_each(|(_, params)| add(params));
        }
    }
    for path in pattern_pages() {
        let source = assets::text(&format!("patterns/{path}")).unwrap_or_default();
        let context = pattern_context();
        let rendered = engine.template(&format!("patterns/{path}"), &context);
        let wanted = rendered.map_or_else(|e| e.what.en, |html| html.trim_end_matches('\n').to_owned());
        let place = path.split('/').next().unwrap_or(path).to_owned();
        jobs.push(Job { place, request: json!({ "source": source, "context": context }), wanted });
    }
    jobs
}

fn run(command: &mut Command, input: &str, count: usize) -> Result<Vec<String>, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("{name}: {e}"))?;
    let mut stdin = child.stdin.take().ok_or_else(|| format!("{name}: no input"))?;
    let input = input.to_owned();
    // Written beside the reading: a pipe holds less than we have to say.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|e| format!("{name}: {e}"))?;
    let _ = writer.join();
    let answers: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|l| serde_json::from_str(l).ok())
        .collect();
    if answers.len() == count {
        return Ok(answers);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    let last = errors.lines().rev().find(|l| !l.trim().is_empty()).unwrap_or_default();
    Err(format!("{name}: {} of {count} answers. {last}", answers.len()))
}

/// The surroundings of the first byte that differs.
fn difference(wanted: &str, found: &str) -> String {
    let at = wanted.chars().zip(found.chars()).take_while(|(a, b)| a == b).count();
    let near = |text: &str| text.chars().skip(at.saturating_sub(20)).take(60).collect::<String>();
    format!("{:?} ≠ {:?}", near(wanted), near(found))
}
