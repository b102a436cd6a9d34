//! `bulwark probe …`: one target, one profile, right now.

mod run;
mod show;

use bulwark_cruise::check;
use bulwark_cruise::plan::single::Profile;
use bulwark_model::{Diagnostic, Exit, Lang};

use crate::cli::{Probe, ProfileWord};
use crate::print::{line, say, table};

/// Runs a command of the group.
pub fn main(command: Probe, lang: Lang) -> Result<Exit, Vec<Diagnostic>> {
    match command {
        Probe::Run(args) => run::run(&args, lang),
        Probe::List { profile } => {
            list(profile, lang);
            Ok(Exit::Ok)
        }
        Probe::Explain { id } => crate::explain::main(&id, lang),
    }
}

fn list(only: Option<ProfileWord>, lang: Lang) {
    let profiles: Vec<Profile> = only.map_or_else(|| Profile::ALL.to_vec(), |word| vec![word.into()]);
    for profile in &profiles {
        line(format!("{}  {}", profile.code(), profile.label().get(lang)));
    }
    line("");
    let mut rows = vec![vec![
        say(lang, "項目", "check").to_owned(),
        say(lang, "嚴重度", "severity").to_owned(),
        say(lang, "類別", "profiles").to_owned(),
        say(lang, "檢查什麼", "what").to_owned(),
    ]];
    for definition in check::catalogue() {
        // Everything is in `full`; saying so in every row would help nobody.
        let of: Vec<&str> = profiles
            .iter()
            .filter(|p| (profiles.len() == 1 || **p != Profile::Full) && p.includes(definition))
            .map(|p| p.code())
            .collect();
        let full_only = of.is_empty() && only.is_none() && Profile::Full.includes(definition);
        if of.is_empty() && !full_only {
            continue;
        }
        let check = definition.check();
        rows.push(vec![
            check.id,
            check.severity.label().get(lang).to_owned(),
            if full_only { Profile::Full.code().to_owned() } else { of.join(" ") },
            check.title.get(lang).to_owned(),
        ]);
    }
    table(&rows);
}
