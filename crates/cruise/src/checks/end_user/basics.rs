//! What every HTML page says about itself.

use bulwark_i18n::args;
use bulwark_probe::html;

use super::visit::{landings, masked, settle};
use crate::check::{Case, Sheet};

/// Share of Han characters among letters from which a page counts as Chinese.
const HAN_SHARE_PERCENT: usize = 30;

/// `lang` on `<html>` (WCAG 2.1 SC 3.1.1, A) that fits the language of the text, a `<title>` (SC 2.4.2,
/// A) and `<meta name=viewport>` (needed for reflow, SC 1.4.10, AA). One line a weakness.
pub(super) fn page_basics(case: &Case<'_>, sheet: &mut Sheet) {
    settle(case, sheet);
    for landing in landings(case) {
        let asset = landing.asset.as_str();
        let piece = &landing.visit.piece;
        if !landing.is_html() {
            sheet.not_applicable(asset, "not_html", &args![url = asset]).from(piece);
            continue;
        }
        let Some(url) = landing.url.as_ref().filter(|_| !landing.answer.body.trim().is_empty()) else {
            sheet.not_tested(asset, "no_body", &args![url = asset]).from(piece);
            continue;
        };
        let scan = html::scan(&landing.answer.body, url);
        let lang = scan.lang.as_deref().map(str::trim).filter(|l| !l.is_empty());
        let title = scan.title.as_deref().map(str::trim).filter(|t| !t.is_empty());
        let shown = format!(
            "lang={} · title={} · viewport={}",
            lang.map_or_else(|| "-".to_owned(), masked),
            title.map_or_else(|| "-".to_owned(), masked),
            if scan.viewport { "yes" } else { "-" },
        );
        let mut missing = Vec::new();
        if lang.is_none() {
            missing.push("no_lang");
        }
        if title.is_none() {
            missing.push("no_title");
        }
        if !scan.viewport {
            missing.push("no_viewport");
        }
        for sentence in &missing {
            sheet.fail(asset, sentence, &args![url = asset]).excerpt(&shown).from(piece);
        }
        let other = lang
            .filter(|l| !l.to_ascii_lowercase().starts_with("zh") && mostly_chinese(&landing.answer.body));
        if let Some(lang) = other {
            let lang = masked(lang);
            sheet.warn(asset, "other_lang", &args![url = asset, lang = lang]).excerpt(&shown).from(piece);
        } else if missing.is_empty() {
            sheet.pass(asset, "pass", &args![url = asset]).excerpt(&shown).from(piece);
        }
    }
}

/// True when the text outside of tags is mostly Chinese.
fn mostly_chinese(html: &str) -> bool {
    let mut in_tag = false;
    let (mut han, mut letters) = (0_usize, 0_usize);
    for c in html.chars() {
        match c {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if in_tag => {}
            '\u{4e00}'..='\u{9fff}' => {
                han = han.saturating_add(1);
                letters = letters.saturating_add(1);
            }
            c if c.is_alphabetic() => letters = letters.saturating_add(1),
            _ => {}
        }
    }
    han >= 20 && han.saturating_mul(100) >= letters.saturating_mul(HAN_SHARE_PERCENT)
}
