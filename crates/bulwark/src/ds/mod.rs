//! `bulwark ds`: the design system.

mod browser;
mod check;
mod engines;
mod serve;
mod shots;

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use bulwark_model::{Diagnostic, Exit, Lang};
use bulwark_ui::chart::Chart;
use bulwark_ui::docs::Site;
use bulwark_ui::{Engine, Group, pack, registry, tokens};
use serde_json::Value;

use crate::cli::Ds;
use crate::print::{self, line, say};
use crate::texts::{diagnostic, texts};

/// Runs a command of the design system.
///
/// # Errors
/// Input that is not usable.
pub fn main(command: Ds, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    match command {
        Ds::List => {
            list(lang);
            Ok(Exit::Ok)
        }
        Ds::Render { component, params } => {
            let params = read_json(params.as_deref())?;
            line(Engine::shared().checked(&component, &params)?.trim_end_matches('\n'));
            Ok(Exit::Ok)
        }
        Ds::Chart { data } => {
            let chart = Chart::from_json(read_json(data.as_deref())?).and_then(|c| c.params());
            line(chart.map_err(|e| vec![e])?.to_string());
            Ok(Exit::Ok)
        }
        Ds::Tokens { theme } => {
            let set = match theme {
                Some(path) => tokens::themed(&read_text(Some(&path))?)?,
                None => tokens::embedded().clone(),
            };
            line(tokens::css(&set));
            Ok(Exit::Ok)
        }
        Ds::Check { tools, only } => Ok(check::run(&tools, &only, lang)),
        Ds::Shots { reference, update } => check::shots(&reference, update, lang),
        Ds::Serve { port } => serve_site(port, lang),
        Ds::Build { dir } => write_files(&dir, Site::build().files(), lang),
        Ds::Pack { dir } => {
            let archive = pack::release();
            write_files(&dir, archive.files(), lang)
        }
    }
}

fn list(lang: Lang) {
    let mut rows = vec![vec![
        say(lang, "元件", "component").to_owned(),
        say(lang, "名稱", "title").to_owned(),
        say(lang, "類別", "group").to_owned(),
        say(lang, "成熟度", "maturity").to_owned(),
    ]];
    for group in Group::ALL {
        for component in registry().group(group) {
            rows.push(vec![
                component.name.clone(),
                component.meta.title.get(lang).to_owned(),
                group.title().get(lang).to_owned(),
                component.meta.maturity.title().get(lang).to_owned(),
            ]);
        }
    }
    print::table(&rows);
}

fn serve_site(port: u16, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let server = serve::Server::start(Site::build(), address).map_err(|e| {
        vec![diagnostic(texts(), "BW-CLI-020", &[("address", address.to_string())]).because(e)]
    })?;
    line(format!("http://localhost:{}/", server.address.port()));
    line(say(lang, "按 Ctrl-C 結束。", "Press Ctrl-C to stop."));
    server.wait();
    Ok(Exit::Ok)
}

/// Writes files below a folder and says how many there are.
fn write_files<'a>(
    dir: &Path,
    files: impl Iterator<Item = (&'a str, &'a [u8])>,
    lang: Lang,
) -> Result<Exit, Vec<Diagnostic>> {
    let mut count = 0;
    for (name, content) in files {
        let path = dir.join(name);
        let written = path
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&path, content));
        written.map_err(|e| {
            vec![diagnostic(texts(), "BW-CLI-021", &[("path", path.display().to_string())]).because(e)]
        })?;
        count += 1;
    }
    line(format!("{} {count} {}", dir.display(), say(lang, "個檔案", "files")));
    Ok(Exit::Ok)
}

fn read_text(path: Option<&Path>) -> Result<String, Vec<Diagnostic>> {
    let name = path.map_or_else(|| "stdin".to_owned(), |p| p.display().to_string());
    let mut text = String::new();
    let read = match path.filter(|p| *p != Path::new("-")) {
        Some(path) => std::fs::read_to_string(path).map(|t| text = t),
        None => std::io::stdin().read_to_string(&mut text).map(|_| ()),
    };
    read.map_err(|e| vec![diagnostic(texts(), "BW-CLI-022", &[("path", name)]).because(e)])?;
    Ok(text)
}

fn read_json(path: Option<&Path>) -> Result<Value, Vec<Diagnostic>> {
    let text = read_text(path)?;
    let name = path.map_or_else(|| "stdin".to_owned(), |p| p.display().to_string());
    serde_json::from_str(&text).map_err(|e| {
        let at = bulwark_model::Location::File {
            path: name.clone(),
            line: u32::try_from(e.line()).unwrap_or(0),
            column: u32::try_from(e.column()).unwrap_or(0),
        };
        vec![diagnostic(texts(), "BW-CLI-023", &[("path", name)]).at(at).because(e)]
    })
}
