//! `bulwark cruise …`: one file a command that does more than print.

pub mod progress;
pub mod run;
mod summary;

use std::path::Path;

use bulwark_cruise::check;
use bulwark_cruise::plan;
use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Domain, Exit, Lang, Text};

use crate::cli::{AllowFormat, Cruise, Format, Plan};
use crate::print::{self, aside, line, say};
use crate::texts::{diagnostic, texts};
use crate::{home, print::table};

/// Runs a command of the group.
pub fn main(command: Cruise, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    match command {
        Cruise::Init { out } => init(&out, lang),
        Cruise::Plan(Plan::Check { plan }) => Ok(plan_check(&plan, lang)),
        Cruise::Plan(Plan::Allowlist { plan, format, from }) => allow_list(&plan, format, &from, lang),
        Cruise::Run(args) => run::run(&args, lang),
        Cruise::Reevaluate { result, out, fail_on, key } => {
            run::reevaluate(&result, &out, fail_on, key.as_deref(), lang)
        }
        Cruise::Verify { result, plan, public_key } => {
            verify(&result, plan.as_deref(), public_key.as_deref(), lang)
        }
        Cruise::Checks { format, only } => {
            checks(format, &only, lang);
            Ok(Exit::Ok)
        }
        Cruise::Key { key } => {
            let (key, _, path) = home::signing_key(key.as_deref())?;
            line(key.public().to_string());
            aside(path.display().to_string());
            Ok(Exit::Ok)
        }
    }
}

fn init(out: &Path, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    use std::io::Write as _;
    let exists =
        |e: std::io::Error| vec![diagnostic(texts(), "BW-CLI-002", &args![path = out.display()]).because(e)];
    let mut file = std::fs::File::create_new(out).map_err(exists)?;
    file.write_all(plan::template(lang).as_bytes()).map_err(exists)?;
    line(format!("{} {}", say(lang, "已寫入", "written:"), out.display()));
    line(format!(
        "{} bulwark cruise plan check {}",
        say(lang, "填好後請執行：", "When filled in, run:"),
        out.display()
    ));
    Ok(Exit::Ok)
}

fn plan_check(path: &Path, lang: Lang) -> Exit {
    let plan = match plan::read_file(path) {
        Ok(plan) => plan,
        Err(notes) => {
            print::notes(&notes, lang);
            let count = notes.len();
            aside(say(lang, &format!("共 {count} 處錯誤。"), &format!("{count} mistakes.")));
            return Exit::Usage;
        }
    };
    let items = bulwark_cruise::itinerary::itinerary(&plan, &[], None);
    line(format!("{}: {} / {}", say(lang, "計畫正確", "plan ok"), plan.system.agency, plan.system.name));
    line(format!("{}: {}", say(lang, "蒐集項目", "items to collect"), items.len()));
    line(format!("{}: {}／9", say(lang, "背景資料", "background facts"), plan.system.background.known()));
    line(format!("{}: {}", say(lang, "強度", "intensity"), plan.intensity.label().get(lang)));
    let approval = plan.approval.as_ref().map_or_else(
        || say(lang, "尚未核定", "not approved yet").to_owned(),
        |a| format!("{} {}", a.by, bulwark_i18n::date(a.on, lang)),
    );
    line(format!("{}: {approval}", say(lang, "核定", "approval")));
    line(format!("SHA-256: {}", plan.sha256));
    Exit::Ok
}

fn allow_list(
    path: &Path,
    format: AllowFormat,
    from: &[std::net::IpAddr],
    lang: Lang,
) -> Result<Exit, Vec<Diagnostic>> {
    let plan = plan::read_file(path)?;
    let list = plan::allow_list::allow_list(&plan, from);
    let text = match format {
        AllowFormat::Text => list.text(lang),
        AllowFormat::Csv => list.csv(),
        AllowFormat::Nft => list.nft().ok_or_else(|| vec![diagnostic(texts(), "BW-CLI-003", &[])])?,
    };
    line(text.trim_end());
    Ok(Exit::Ok)
}

fn verify(
    path: &Path,
    plan: Option<&Path>,
    public_key: Option<&Path>,
    lang: Lang,
) -> Result<Exit, Vec<Diagnostic>> {
    let plan = plan.map(plan::read_file).transpose()?;
    let trusted = match public_key {
        Some(file) => {
            let key = bulwark_bundle::io::load_public_key(file)
                .map_err(|e| vec![e.diagnostic(&file.display().to_string())])?;
            Some(key)
        }
        None => None,
    };
    let opened = match bulwark_cruise::io::open(path, plan.as_ref()) {
        Ok(opened) => opened,
        Err(notes) => {
            print::notes(&notes, lang);
            return Ok(Exit::Incomplete);
        }
    };
    if let Some(trusted) = &trusted
        && *trusted != opened.signer
    {
        let e = bulwark_bundle::BundleError::UnknownKey { key_id: opened.signer.key_id() };
        print::notes(&[e.diagnostic(&path.display().to_string())], lang);
        return Ok(Exit::Incomplete);
    }
    line(format!("{} signature ok, {} records", say(lang, "簽章正確", "verified:"), opened.records));
    line(format!("{}: {} {}", say(lang, "健檢案", "run"), opened.meta.id, opened.plan.system.name));
    line(format!("{}: {}", say(lang, "計畫", "plan"), opened.meta.plan_sha256));
    line(format!(
        "{}: {}（{}）",
        say(lang, "簽章金鑰", "signed by key"),
        opened.key_id,
        known_key(&opened, trusted.is_some(), lang)
    ));
    Ok(Exit::Ok)
}

/// A signature proves that nothing was altered since signing; who signed is known only by the key.
fn known_key(opened: &bulwark_cruise::io::Opened, pinned: bool, lang: Lang) -> &'static str {
    let own = bulwark_bundle::io::load_key(&home::key_path(None)).is_ok_and(|k| *k.public() == opened.signer);
    match (pinned, own) {
        (true, _) => say(lang, "與指定的公鑰相符", "the public key you named"),
        (false, true) => say(lang, "本機金鑰", "this machine's key"),
        (false, false) => say(
            lang,
            "本機不認得；請向執行單位核對，或用 --public-key 指定",
            "unknown here; confirm it with whoever ran the check, or name it with --public-key",
        ),
    }
}

fn checks(format: Format, only: &[Domain], lang: Lang) {
    let all: Vec<_> = check::catalogue()
        .into_iter()
        .filter(|d| only.is_empty() || only.contains(&d.domain()))
        .map(check::Definition::check)
        .collect();
    match format {
        Format::Ids => all.iter().for_each(|c| line(&c.id)),
        Format::Table => {
            let mut rows = vec![vec![
                say(lang, "項目", "check").to_owned(),
                say(lang, "嚴重度", "severity").to_owned(),
                say(lang, "檢查什麼", "what").to_owned(),
                say(lang, "依據", "standard").to_owned(),
            ]];
            rows.extend(all.iter().map(|c| {
                vec![
                    c.id.clone(),
                    c.severity.label().get(lang).to_owned(),
                    c.title.get(lang).to_owned(),
                    c.standard.clone(),
                ]
            }));
            table(&rows);
        }
        Format::Json => {
            let text = |t: &Text| serde_json::json!({ "zh-TW": t.zh_tw, "en": t.en });
            let list: Vec<_> = all
                .iter()
                .map(|c| {
                    serde_json::json!({
                        "id": c.id, "domain": c.domain.code(), "severity": c.severity.code(),
                        "title": text(&c.title), "why": text(&c.why), "remedy": text(&c.remedy), "standard": c.standard,
                    })
                })
                .collect();
            line(serde_json::to_string_pretty(&list).unwrap_or_default());
        }
    }
}
