//! Reference pages that are written from the catalogues: the list of checks and one page a group of
//! message codes. `BULWARK_UPDATE=1` writes them again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bulwark_i18n::Catalogue;
use bulwark_model::Domain;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[expect(clippy::disallowed_methods, reason = "writing golden files again is asked for by the environment")]
fn compare(name: &str, want: &str) {
    let path = docs().join(name);
    if std::env::var_os("BULWARK_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().expect("docs/ has a parent")).expect("writable");
        std::fs::write(&path, want).expect("writable");
    }
    let got = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(got == want, "docs/{name} is not up to date: BULWARK_UPDATE=1 cargo test -p bulwark --test docs");
}

/// A cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ").trim().to_owned()
}

#[test]
fn the_list_of_checks_is_up_to_date() {
    let all: Vec<_> = bulwark_cruise::check::catalogue()
        .into_iter()
        .map(bulwark_cruise::check::Definition::check)
        .collect();
    let mut out = format!(
        "# 檢查項目 Checks\n\n共 {} 項，分屬數位韌性巡航的七個領域。`bulwark explain <項目>` 說明為何重要、如何改善。\n\n{} checks in the seven domains of the digital-resilience cruise. `bulwark --lang en explain <check>` says why each matters and what to do.\n",
        all.len(),
        all.len()
    );
    for domain in Domain::ALL {
        let label = domain.label();
        let of: Vec<_> = all.iter().filter(|c| c.domain == *domain).collect();
        let _ = write!(
            out,
            "\n## {} {}（`{}`，{}）\n\n| 項目 check | 嚴重度 | 檢查什麼 | what | 依據 standard |\n|---|---|---|---|---|\n",
            label.zh_tw,
            label.en,
            domain.code(),
            of.len()
        );
        for c in of {
            let _ = writeln!(
                out,
                "| `{}` | {} | {} | {} | {} |",
                c.id,
                c.severity.label().zh_tw,
                cell(&c.title.zh_tw),
                cell(&c.title.en),
                cell(&c.standard)
            );
        }
    }
    compare("checks.md", &out);
}

#[test]
fn every_message_code_has_its_page() {
    let own =
        Catalogue::embedded("bulwark", include_str!("../src/zh-TW.toml"), include_str!("../src/en.toml"));
    let catalogues = [
        &own,
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
    ];
    let mut areas: BTreeMap<String, BTreeMap<String, [String; 4]>> = BTreeMap::new();
    for catalogue in catalogues {
        for (key, what) in catalogue.iter() {
            let Some(code) = key.strip_suffix(".what").filter(|c| c.starts_with("BW-")) else { continue };
            let hint = catalogue.get(&format!("{code}.hint")).cloned().unwrap_or_default();
            let area = code.rsplit_once('-').expect("BW-AREA-NNN").0.to_owned();
            areas
                .entry(area)
                .or_default()
                .insert(code.to_owned(), [what.zh_tw.clone(), hint.zh_tw, what.en.clone(), hint.en]);
        }
    }
    // The refusals of the rights engine carry their own words: crate `model` holds no catalogue.
    for denied in bulwark_model::rights::Denied::ALL {
        let (what, hint) = (denied.text(), denied.hint());
        areas
            .entry("BW-RIGHTS".to_owned())
            .or_default()
            .insert(denied.code().to_owned(), [what.zh_tw, hint.zh_tw, what.en, hint.en]);
    }
    let mut index = "# 訊息代碼 Message codes\n\n`bulwark explain <代碼>` 顯示同樣的說明。 `bulwark --lang en explain <code>` shows the same.\n\n".to_owned();
    for (area, codes) in &areas {
        let _ = writeln!(index, "- [{area}]({area}.md)（{}）", codes.len());
        let mut page = format!("# {area}\n\n大括號內是當時的值。 Braces hold the value at the time.\n");
        for (code, [zh_what, zh_hint, en_what, en_hint]) in codes {
            let _ = write!(
                page,
                "\n## {code}\n\n{}\n\n怎麼辦：{}\n\n{}\n\nWhat to do: {}\n",
                zh_what.trim(),
                zh_hint.trim(),
                en_what.trim(),
                en_hint.trim()
            );
        }
        compare(&format!("errors/{area}.md"), &page);
    }
    compare("errors/README.md", &index);
}
