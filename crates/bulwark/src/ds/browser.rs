//! Examples and patterns in a real browser: axe in every mode, narrow pages, text spacing, keyboard.

use std::path::Path;
use std::time::Duration;

use bulwark_probe::net::cdp::{Browser, Launch};
use bulwark_ui::{assets, registry};
use serde::Deserialize;
use serde_json::{Value, json};

/// What the browser found.
#[derive(Debug, Default)]
pub struct Seen {
    /// Pages that were looked at.
    pub pages: usize,
    /// Runs of axe.
    pub axe_runs: usize,
    /// Rules that axe found broken, over all runs.
    pub axe_violations: usize,
    /// Keyboard steps that came out as wanted.
    pub keyboard_steps: usize,
    /// What is wrong: component or pattern, and what.
    pub faults: Vec<(String, String)>,
}

impl Seen {
    fn add(&mut self, other: Self) {
        self.pages += other.pages;
        self.axe_runs += other.axe_runs;
        self.axe_violations += other.axe_violations;
        self.keyboard_steps += other.keyboard_steps;
        self.faults.extend(other.faults);
    }
}

/// Browsers that look at pages at the same time.
const BROWSERS: usize = 3;

/// The rules that count: WCAG 2.2 A and AA, and axe's own good practice.
const AXE: &str = "axe.run(document,{resultTypes:['violations'],runOnly:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']})\
    .then(r=>r.violations.map(v=>v.id+': '+v.nodes.slice(0,2).map(n=>n.target.join(' ')).join(' | ')))";
/// WCAG 1.4.12, put in as a constructed sheet so that the content policy has nothing to say.
const SPACING: &str = "(()=>{const s=new CSSStyleSheet();s.replaceSync('*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-bottom:2em!important}');document.adoptedStyleSheets=[s];})()";
const PLAIN: &str = "document.adoptedStyleSheets=[]";
/// Nothing sticks out sideways, and no text is cut by its own box.
const OVERFLOW: &str = "(()=>{const wide=document.documentElement.scrollWidth-innerWidth;if(wide>1)return 'scrolls sideways by '+wide+' px';\
    for(const e of document.querySelectorAll('main *')){const s=getComputedStyle(e);if((s.overflowX==='hidden'||s.overflowX==='clip')&&e.scrollWidth>e.clientWidth+1&&e.clientWidth>1&&!e.closest('.ds-sr,svg,input,select,textarea'))return 'cuts '+e.className;}return ''})()";
/// The scripts of the page have started.
pub(super) const READY: &str = "new Promise(done=>{const look=()=>document.documentElement.dataset.dsReady!==undefined?done(true):requestAnimationFrame(look);look()})";

/// Looks at every page of the site.
///
/// # Errors
/// There is no browser, or it does not answer.
pub fn look(origin: &str, axe_file: &Path, pages: &[(String, String)]) -> Result<Seen, String> {
    let axe = std::fs::read_to_string(axe_file).map_err(|e| format!("{}: {e}", axe_file.display()))?;
    // A browser waits more than it works: several at once, each with its share of the pages.
    let shares: Vec<Vec<&(String, String)>> =
        (0..BROWSERS).map(|i| pages.iter().skip(i).step_by(BROWSERS).collect()).collect();
    let found: Vec<Result<Seen, String>> = std::thread::scope(|scope| {
        let pages = shares.iter().map(|share| scope.spawn(|| look_at(origin, &axe, share)));
        let mut running: Vec<_> = pages.collect();
        running.push(scope.spawn(|| press_keys(origin)));
        running.into_iter().map(|r| r.join().unwrap_or_else(|_| Err("a check panicked".to_owned()))).collect()
    });
    let mut seen = Seen::default();
    for part in found {
        seen.add(part?);
    }
    seen.faults.sort();
    Ok(seen)
}

fn launch() -> Result<Browser, String> {
    Browser::launch(&Launch { quiet: Duration::ZERO, ..Launch::default() }).map_err(|e| e.to_string())
}

fn look_at(origin: &str, axe: &str, pages: &[&(String, String)]) -> Result<Seen, String> {
    let mut browser = launch()?;
    let mut seen = Seen::default();
    for (place, path) in pages {
        let all = path.ends_with("/all.html");
        page(&mut browser, origin, path, place, axe, all, &mut seen).map_err(|e| format!("{path}: {e}"))?;
    }
    Ok(seen)
}

/// Every keyboard script of every component.
fn press_keys(origin: &str) -> Result<Seen, String> {
    let mut browser = launch()?;
    let mut seen = Seen::default();
    for component in registry().iter() {
        let Some(text) = assets::text(&format!("components/{}/keyboard.json", component.name)) else {
            continue;
        };
        let mut say = |what: String| seen.faults.push((component.name.clone(), what));
        match serde_json::from_str::<Scripts>(text) {
            Ok(scripts) => {
                for script in scripts.list() {
                    let path = format!("/examples/{}/{}.html", component.name, script.example);
                    match keyboard(&mut browser, &format!("{origin}{path}"), &script) {
                        Ok(steps) => seen.keyboard_steps += steps,
                        Err(e) => say(format!("keyboard, {}: {e}", script.example)),
                    }
                }
            }
            Err(e) => say(format!("keyboard.json: {e}")),
        }
    }
    Ok(seen)
}

fn page(
    browser: &mut Browser,
    origin: &str,
    path: &str,
    place: &str,
    axe: &str,
    every_mode: bool,
    seen: &mut Seen,
) -> Result<(), String> {
    let said = |e: bulwark_probe::failure::Failure| e.to_string();
    browser.resize(1280, 800).map_err(said)?;
    browser.open(&format!("{origin}{path}")).map_err(said)?;
    browser.evaluate(READY).map_err(said)?;
    seen.pages += 1;
    let mut say = |what: String| seen.faults.push((place.to_owned(), format!("{path}: {what}")));
    for request in browser.requests() {
        if !request.starts_with(origin) {
            say(format!("asks {request}"));
        }
    }
    for error in browser.console_errors() {
        say(format!("console: {error}"));
    }
    browser.evaluate(&format!("{axe};0")).map_err(said)?;
    let modes: &[(&str, &str)] =
        if every_mode { &[("dark", ""), ("contrast", ""), ("light", "active")] } else { &[("light", "")] };
    for (theme, forced) in modes {
        browser.evaluate(&format!("document.documentElement.dataset.theme='{theme}'")).map_err(said)?;
        let features = json!({ "features": [{ "name": "forced-colors", "value": forced }] });
        browser.command("Emulation.setEmulatedMedia", features).map_err(said)?;
        let found = browser.evaluate(AXE).map_err(said)?;
        seen.axe_runs += 1;
        for violation in found.as_array().into_iter().flatten().filter_map(Value::as_str) {
            // A page of all examples repeats what only one page may have once.
            if every_mode && repeats(violation) {
                continue;
            }
            seen.axe_violations += 1;
            let mode = if forced.is_empty() { theme } else { &"forced-colors" };
            say(format!("axe, {mode}: {violation}"));
        }
    }
    browser.command("Emulation.setEmulatedMedia", json!({ "features": [] })).map_err(said)?;
    browser.resize(320, 800).map_err(said)?;
    for (name, script) in [("320 px", PLAIN), ("320 px with text spacing", SPACING)] {
        browser.evaluate(script).map_err(said)?;
        let found = browser.evaluate(OVERFLOW).map_err(said)?;
        if let Some(what) = found.as_str().filter(|s| !s.is_empty()) {
            say(format!("{name}: {what}"));
        }
    }
    Ok(())
}

/// Rules about what a page has once; the page of each example is held to them.
fn repeats(violation: &str) -> bool {
    [
        "landmark-",
        "page-has-heading-one",
        "region:",
        "heading-order",
        "skip-link",
        "accesskeys",
        "duplicate-id",
    ]
    .iter()
    .any(|rule| violation.starts_with(rule))
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Scripts {
    One(Script),
    Many(Vec<Script>),
}

impl Scripts {
    fn list(self) -> Vec<Script> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// What a person does with the keyboard on the page of an example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    example: String,
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Step {
    Press(String),
    Type(String),
    Expect(Expect),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    focus: Option<String>,
    selector: Option<String>,
    attribute: Option<String>,
    equals: Option<Value>,
    text_contains: Option<String>,
    value: Option<String>,
    visible: Option<bool>,
}

fn keyboard(browser: &mut Browser, url: &str, script: &Script) -> Result<usize, String> {
    let said = |e: bulwark_probe::failure::Failure| e.to_string();
    browser.resize(1280, 800).map_err(said)?;
    browser.open(url).map_err(said)?;
    browser.evaluate(READY).map_err(said)?;
    for (i, step) in script.steps.iter().enumerate() {
        match step {
            Step::Press(key) => match key.strip_prefix("Shift+") {
                Some(key) => browser.press_with_shift(key),
                None => browser.press(key),
            }
            .map_err(said)?,
            Step::Type(text) => {
                browser.command("Input.insertText", json!({ "text": text })).map_err(said)?;
            }
            Step::Expect(expect) => {
                let test = expect.javascript();
                // The page may need a frame or a timer of its own before it shows the answer.
                let wait = format!(
                    "new Promise(done=>{{const end=performance.now()+3000;const look=()=>{{let ok=false;try{{ok=!!({test})}}catch{{}}\
                     if(ok)done(true);else if(performance.now()>end)done(false);else requestAnimationFrame(look)}};look()}})"
                );
                if browser.evaluate(&wait).map_err(said)? != Value::Bool(true) {
                    let focus =
                        browser.evaluate("document.activeElement.outerHTML.slice(0,120)").map_err(said)?;
                    return Err(format!("step {}: {expect:?} does not hold; focus on {focus}", i + 1));
                }
            }
        }
    }
    Ok(script.steps.len())
}

impl Expect {
    /// A condition on the page.
    fn javascript(&self) -> String {
        let quote = |text: &str| Value::from(text).to_string();
        let mut all = Vec::new();
        if let Some(focus) = &self.focus {
            all.push(format!("document.activeElement.matches({})", quote(focus)));
        }
        if let Some(selector) = &self.selector {
            let element = format!("document.querySelector({})", quote(selector));
            if let Some(attribute) = &self.attribute {
                let equals = match &self.equals {
                    None | Some(Value::Null) => "null".to_owned(),
                    Some(Value::String(s)) => quote(s),
                    Some(other) => quote(&other.to_string()),
                };
                all.push(format!("{element}.getAttribute({})==={equals}", quote(attribute)));
            }
            if let Some(text) = &self.text_contains {
                all.push(format!("{element}.textContent.includes({})", quote(text)));
            }
            if let Some(value) = &self.value {
                all.push(format!("{element}.value==={}", quote(value)));
            }
            match self.visible {
                Some(true) => all.push(format!("{element}.checkVisibility()")),
                Some(false) => all.push(format!("!{element}||!{element}.checkVisibility()")),
                None => {}
            }
        }
        if all.is_empty() { "false".to_owned() } else { all.join("&&") }
    }
}
