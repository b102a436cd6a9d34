//! `bulwark org`: lists of organisations from files.

mod arguments;
mod file;
mod report;

pub use arguments::{Org, OrgImport};

use std::collections::BTreeMap;

use bulwark_i18n::args;
use bulwark_inventory::organisation::{self, Field, Plan};
use bulwark_model::{Clock as _, Diagnostic, Exit, Lang};
use bulwark_store::{Actor, Store};
use jiff::civil::Date;

use crate::clock::{SystemClock, stopwatch};
use crate::installation::{Installation, block_on, ended};
use crate::local::{Answer, Request, ask};
use crate::print::line;
use crate::texts::{diagnostic, texts};

/// Where a saved mapping of columns is kept.
fn mapping_key(name: &str) -> String {
    format!("import.organisations.{name}")
}

/// `bulwark org`.
///
/// # Errors
/// Wrong usage.
pub fn main(command: Org, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    let Org::Import(import) = command;
    let installation = Installation::load(&import.which)?;
    installation.existing()?;
    let columns = said(&import.column)?;
    let day = import.from.unwrap_or_else(today);
    let found = file::read(&import.file)?;
    let done = block_on(async {
        let store = installation.inspect().await?;
        let looked = look(&store, &import, columns, &found, day).await;
        store.close().await;
        let looked = looked.map_err(|trouble| trouble.told(&installation))?;
        carry_out(&installation, &import, looked, &found, day, lang).await
    });
    ended(done, lang)
}

/// The day on which the list holds unless another is given: today in Taipei.
fn today() -> Date {
    jiff::tz::Offset::constant(8).to_datetime(SystemClock.now()).date()
}

/// `--column field=name`.
fn said(pairs: &[String]) -> Result<BTreeMap<Field, String>, Vec<Diagnostic>> {
    let pair = |text: &String| {
        let (field, name) = text.split_once('=')?;
        Some((field.trim().parse::<Field>().ok()?, name.trim().to_owned()))
    };
    let mut out = BTreeMap::new();
    for text in pairs {
        let Some((field, name)) = pair(text) else {
            let known = Field::ALL.map(Field::code).join("、");
            return Err(vec![diagnostic(texts(), "BW-CLI-050", &args![given = text, known = known])]);
        };
        out.insert(field, name);
    }
    Ok(out)
}

/// What a file asks for.
struct Looked {
    plan: Plan,
    changes: Vec<organisation::Change>,
    notes: Vec<Diagnostic>,
    /// The names of the columns that were used.
    columns: BTreeMap<Field, String>,
}

/// Why it could not be looked at.
enum Trouble {
    Told(Vec<Diagnostic>),
    Store(bulwark_store::StoreError),
}

impl Trouble {
    fn told(self, installation: &Installation) -> Vec<Diagnostic> {
        match self {
            Self::Told(notes) => notes,
            Self::Store(error) => installation.failed(&error),
        }
    }
}

async fn look(
    store: &Store,
    import: &OrgImport,
    mut columns: BTreeMap<Field, String>,
    found: &file::Found,
    day: Date,
) -> Result<Looked, Trouble> {
    let table = &found.table;
    let rows = || table.rows.iter().map(|row| (row.cells.as_slice(), row.line));
    let known = bulwark_console::organisations::known(store, day).await.map_err(Trouble::Store)?;
    if organisation::is_changes(&table.header) {
        let read = organisation::read_changes(&table.header, &table.sheet, rows());
        let (changes, mut problems) = bulwark_console::organisations::judged(&known, read.changes);
        problems.extend(read.problems);
        problems.sort_by_key(|(line, _)| *line);
        let counts = organisation::Counts { rows: table.rows.len(), ..organisation::Counts::default() };
        let plan = Plan { problems, counts, ..Plan::default() };
        return Ok(Looked { plan, changes, notes: Vec::new(), columns });
    }
    if let Some(name) = &import.mapping {
        let saved = store.setting(&mapping_key(name)).await.map_err(Trouble::Store)?;
        let saved = saved.and_then(|row| serde_json::from_str::<BTreeMap<Field, String>>(&row.value).ok());
        let Some(saved) = saved else {
            return Err(Trouble::Told(vec![diagnostic(texts(), "BW-CLI-051", &args![name = name])]));
        };
        for (field, column) in saved {
            columns.entry(field).or_insert(column);
        }
    }
    let places = organisation::Columns::named(&table.header, &columns)
        .map_err(|note| Trouble::Told(vec![note.at(found.place())]))?;
    let list = organisation::read(&places, &table.sheet, rows());
    let plan = organisation::plan(&known.bodies, &list);
    Ok(Looked { plan, changes: Vec::new(), notes: list.notes, columns: places.names(&table.header) })
}

async fn carry_out(
    installation: &Installation,
    import: &OrgImport,
    looked: Looked,
    found: &file::Found,
    day: Date,
    lang: Lang,
) -> Result<Exit, Vec<Diagnostic>> {
    let say =
        |key: &str, values: &[(&str, String)]| line(texts().text(&format!("org.{key}"), values).get(lang));
    report::show(&looked.plan, &looked.changes, &looked.notes, found, import.all, lang);
    if let Some(path) = &import.errors {
        report::errors(path, found, &looked.plan, lang)?;
    }
    let bad = !looked.plan.problems.is_empty();
    if import.dry_run {
        say("dry_run", &[]);
        return Ok(if bad { Exit::Incomplete } else { Exit::Ok });
    }
    if bad && !import.skip_bad {
        say("nothing_done", &args![count = looked.plan.problems.len()]);
        return Ok(Exit::Incomplete);
    }
    let mapping = import.save_mapping.as_ref().map(|name| (name.clone(), looked.columns));
    let (steps, changes) = (looked.plan.steps, looked.changes);
    if steps.is_empty() && changes.is_empty() && mapping.is_none() {
        say("nothing_to_do", &[]);
        return Ok(Exit::Ok);
    }
    let file = found.name();
    let request =
        Request::ChangeOrganisations { file, sha256: found.sha256.clone(), day, steps, changes, mapping };
    let time = stopwatch();
    let begun = time();
    if let Answer::Changed = ask(installation, &request).await? {
        let tenths = time().saturating_sub(begun) / 100_000;
        say("done", &args![seconds = format!("{}.{}", tenths / 10, tenths % 10)]);
    }
    Ok(Exit::Ok)
}

/// What the server, or this command in its place, does with a list.
///
/// # Errors
/// Those of the store.
pub async fn change(
    store: &Store,
    (file, sha256): (&str, &str),
    day: Date,
    (steps, changes): (Vec<organisation::Step>, Vec<organisation::Change>),
    mapping: Option<(String, BTreeMap<Field, String>)>,
) -> Result<(), bulwark_store::StoreError> {
    let actor = Actor { reason: Some(format!("{file} (SHA-256 {sha256})")), ..Actor::system("machine") };
    bulwark_console::organisations::change(store, &actor, day, steps, changes).await?;
    if let Some((name, columns)) = mapping {
        let saved = store.write(&actor, move |tx| {
            Box::pin(async move { tx.set(&mapping_key(&name), &columns).await.map(drop) })
        });
        saved.await?;
    }
    Ok(())
}
