//! `bulwark explain`: a check or a message code, in words.

use bulwark_i18n::{Catalogue, args};
use bulwark_model::rights::Denied;
use bulwark_model::{Diagnostic, Exit, Lang, Text};

use crate::print::{line, say};
use crate::texts::{diagnostic, texts};

/// Catalogues whose keys are message codes.
fn message_catalogues() -> [&'static Catalogue; 14] {
    [
        texts(),
        bulwark_cruise::texts(),
        bulwark_probe::texts(),
        bulwark_bundle::texts(),
        bulwark_ui::texts(),
        bulwark_ui::tokens::texts(),
        bulwark_store::texts(),
        bulwark_console::texts(),
        bulwark_identity::texts(),
        bulwark_sheet::texts(),
        bulwark_inventory::texts(),
        bulwark_sandbox::texts(),
        bulwark_clock::texts(),
        bulwark_workflow::texts(),
    ]
}

/// What a code says and what to do about it.
fn message(code: &str) -> Option<(Text, Text)> {
    let refusal = Denied::ALL.iter().find(|denied| denied.code() == code);
    if let Some(denied) = refusal {
        return Some((denied.text(), denied.hint()));
    }
    message_catalogues().into_iter().find_map(|catalogue| {
        let what = catalogue.get(&format!("{code}.what"))?.clone();
        Some((what, catalogue.get(&format!("{code}.hint")).cloned().unwrap_or_default()))
    })
}

/// Runs the command.
pub fn main(id: &str, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    if let Some(definition) = bulwark_cruise::check::find(id) {
        let check = definition.check();
        line(format!("{}  {}", check.id, check.title.get(lang)));
        line(format!("{}: {}", say(lang, "領域", "domain"), check.domain.label().get(lang)));
        line(format!(
            "{}: {}",
            say(lang, "預設嚴重度", "default severity"),
            check.severity.label().get(lang)
        ));
        line(format!("{}: {}", say(lang, "依據", "standard"), check.standard));
        line(format!("\n{}\n{}", say(lang, "為什麼重要", "Why it matters"), check.why.get(lang)));
        line(format!("\n{}\n{}", say(lang, "如何改善", "What to do"), check.remedy.get(lang)));
        return Ok(Exit::Ok);
    }
    let code = id.to_ascii_uppercase();
    if let Some((what, hint)) = message(&code) {
        line(&code);
        line(format!("\n{}\n{}", say(lang, "訊息", "Message"), what.get(lang)));
        line(format!("\n{}\n{}", say(lang, "怎麼辦", "What to do"), hint.get(lang)));
        return Ok(Exit::Ok);
    }
    Err(vec![diagnostic(texts(), "BW-CLI-001", &args![id = id])])
}
