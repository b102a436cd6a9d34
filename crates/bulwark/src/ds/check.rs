//! `bulwark ds check`: whether the whole system holds.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use bulwark_model::{Diagnostic, Exit, Lang};
use bulwark_ui::check::{self, COMPONENTS, PATTERNS};
use bulwark_ui::docs::Site;
use bulwark_ui::{Engine, assets, registry, tokens};

use super::serve::Server;
use super::{browser, engines};
use crate::print::{aside, line, say};
use crate::texts::{diagnostic, texts};

/// Runs all checks that this machine can run and says which it could not.
pub fn run(tools: &Path, only: &[String], lang: Lang) -> Exit {
    let mut faults: Vec<(String, String)> =
        check::all(registry(), Engine::shared()).into_iter().map(|f| (f.place, f.what)).collect();
    let mut missing = Vec::new();

    let engines = engines::compare(tools);
    let engine_line = match engines {
        Ok(compared) => {
            faults.extend(compared.faults);
            format!(
                "{} {}/{}",
                say(lang, "三引擎位元相同", "three engines byte-equal"),
                compared.equal,
                compared.all
            )
        }
        Err(why) => {
            missing.push(why);
            say(lang, "三引擎 未檢", "three engines not tested").to_owned()
        }
    };

    let axe = tools.join("node_modules/axe-core/axe.min.js");
    let browser_line = match in_browser(&axe, only) {
        Ok(seen) => {
            faults.extend(seen.faults);
            format!(
                "axe {}（{} {}，{} {}）  {} {}",
                seen.axe_violations,
                seen.axe_runs,
                say(lang, "次", "runs"),
                seen.pages,
                say(lang, "頁", "pages"),
                say(lang, "鍵盤步驟", "keyboard steps"),
                seen.keyboard_steps
            )
        }
        Err(why) => {
            missing.push(why);
            say(lang, "axe 未檢", "axe not tested").to_owned()
        }
    };

    let gate = tokens::gate();
    faults.extend(gate.failures.iter().map(|f| ("tokens".to_owned(), f.to_string())));
    let bad: BTreeSet<&str> = faults.iter().map(|(place, _)| place.as_str()).collect();
    let good = registry().iter().filter(|c| !bad.contains(c.name.as_str())).count();
    let patterns: BTreeSet<&str> =
        assets::under("patterns").filter_map(|(p, _)| Some(p.split_once('/')?.0)).collect();
    let good_patterns = patterns.iter().filter(|p| !bad.contains(*p)).count();
    line(format!("{} {good}/{COMPONENTS}", say(lang, "元件", "components")));
    line(format!("{} {good_patterns}/{PATTERNS}", say(lang, "互動模式", "patterns")));
    line(engine_line);
    line(browser_line);
    line(format!("{} {}/{}", say(lang, "對比組合", "contrast pairs"), gate.passed, gate.pairs));
    for (place, what) in &faults {
        aside(format!("{place}: {what}"));
    }
    for why in &missing {
        aside(format!("{}: {why}", say(lang, "未檢", "not tested")));
    }
    if !faults.is_empty() || good < COMPONENTS || good_patterns < PATTERNS {
        Exit::Findings
    } else if missing.is_empty() {
        Exit::Ok
    } else {
        Exit::Incomplete
    }
}

/// Compares every component with its kept screenshots, or keeps new ones.
pub fn shots(reference: &Path, update: bool, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(Site::frames(), address).map_err(|e| e.to_string());
    let found =
        server.and_then(|s| super::shots::compare(&format!("http://{}", s.address), reference, update));
    let shots = found.map_err(|e| vec![diagnostic(texts(), "BW-CLI-024", &[]).because(e)])?;
    line(format!("{} {}/{}", say(lang, "畫面相同", "screens the same"), shots.same, shots.all));
    for (place, what) in &shots.faults {
        aside(format!("{place}: {what}"));
    }
    Ok(if shots.faults.is_empty() { Exit::Ok } else { Exit::Findings })
}

/// Serves the frames on loopback and looks at all of them.
fn in_browser(axe: &Path, only: &[String]) -> Result<browser::Seen, String> {
    let site = Site::frames();
    let pages: Vec<(String, String)> = site
        .files()
        .filter(|(path, _)| assets::is_a(path, "html"))
        .filter_map(|(path, _)| {
            let mut parts = path.split('/');
            let folder = parts.next()?;
            let place = parts.next()?.to_owned();
            let wanted = only.is_empty() || only.contains(&place);
            (wanted && matches!(folder, "examples" | "patterns")).then(|| (place, format!("/{path}")))
        })
        .collect();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = Server::start(site, address).map_err(|e| e.to_string())?;
    browser::look(&format!("http://{}", server.address), axe, &pages)
}
