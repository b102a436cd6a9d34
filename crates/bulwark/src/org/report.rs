//! What a list would change, in words.

use std::collections::BTreeMap;
use std::path::Path;

use bulwark_i18n::{args, date, number};
use bulwark_inventory::organisation::{Change, Plan};
use bulwark_model::{Diagnostic, Lang, Location};

use super::file::Found;
use crate::print::line;
use crate::texts::{diagnostic, texts};

/// Rows of each kind that are shown unless all are asked for.
const FEW: usize = 10;

/// Prints it.
pub fn show(plan: &Plan, changes: &[Change], notes: &[Diagnostic], found: &Found, all: bool, lang: Lang) {
    let say =
        |key: &str, values: &[(&str, String)]| line(texts().text(&format!("org.{key}"), values).get(lang));
    let most = if all { usize::MAX } else { FEW };
    let more = |count: usize| {
        if count > most {
            say("more", &args![count = whole(count - most)]);
        }
    };
    let (counts, encoding) = (&plan.counts, found.table.encoding.name());
    say("file", &args![file = found.name(), rows = whole(found.table.rows.len()), encoding = encoding]);
    if changes.is_empty() && plan.steps.is_empty() && counts.unchanged == 0 {
        say("no_changes", &[]);
    } else if changes.is_empty() {
        let values = args![
            added = whole(counts.added),
            renamed = whole(counts.renamed),
            moved = whole(counts.moved),
            described = whole(counts.described),
            unchanged = whole(counts.unchanged),
        ];
        say("counts", &values);
    }
    for change in changes.iter().take(most) {
        let key = if change.is_rename() { "renamed" } else { "succeeded" };
        let values = args![old = change.old_name, new = change.new_name, day = date(change.day, lang)];
        say(key, &values);
    }
    more(changes.len());
    if counts.repeated_names > 0 {
        say("repeated", &args![count = whole(counts.repeated_names)]);
    }
    if counts.not_in_list > 0 {
        say("not_in_list", &args![count = whole(counts.not_in_list)]);
    }
    if !plan.orphans.is_empty() {
        say("orphans", &args![count = whole(plan.orphans.len())]);
        let white = plan.orphans.iter().filter(|orphan| orphan.by_white_space).count();
        if white > 0 {
            say("orphans_white", &args![count = whole(white)]);
        }
        for orphan in plan.orphans.iter().take(most) {
            let under = orphan.under_name.as_deref().unwrap_or("–");
            let values =
                args![line = orphan.line, name = orphan.name, missing = orphan.missing, under = under];
            say("orphan", &values);
        }
        more(plan.orphans.len());
    }
    let notes: Vec<&Diagnostic> = found.notes.iter().chain(notes).collect();
    for note in notes.iter().take(most) {
        line(note.render(lang));
    }
    more(notes.len());
    for (_, problem) in plan.problems.iter().take(most) {
        line(problem.render(lang));
    }
    more(plan.problems.len());
}

fn whole(count: usize) -> String {
    number(count as u64)
}

/// Writes the rows that were not taken, as they came, with the reason beside each.
///
/// # Errors
/// The file cannot be written.
pub fn errors(path: &Path, found: &Found, plan: &Plan, lang: Lang) -> Result<(), Vec<Diagnostic>> {
    let reason = texts().text("org.reason", &[]);
    let header: Vec<&str> = found.table.header.iter().map(String::as_str).chain([reason.get(lang)]).collect();
    let problems: BTreeMap<u32, &Diagnostic> =
        plan.problems.iter().map(|(line, note)| (*line, note)).collect();
    let rows = found.table.rows.iter().filter_map(|row| {
        let note = problems.get(&row.line)?;
        let mut cells = row.cells.clone();
        cells.resize(found.table.header.len(), String::new());
        cells.push(format!("{} {} {}", note.code, note.what.get(lang), note.hint.get(lang)));
        Some(cells)
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let rows = rows.iter().map(|row| row.iter().map(|text| bulwark_sheet::Value::from(text.as_str())));
    let bytes = bulwark_sheet::csv(&header, rows);
    std::fs::write(path, bytes).map_err(|e| {
        let place = Location::File { path: path.display().to_string(), line: 0, column: 0 };
        vec![diagnostic(texts(), "BW-CLI-053", &args![path = path.display()]).at(place).because(e)]
    })
}
