//! Lists of organisations: what is known as the lists are compared with it, and a list's changes carried out. The pages
//! and the command line do both through here.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_i18n::args;
use bulwark_inventory::oid::Oid;
use bulwark_inventory::organisation::{Change, Facts, Known, Step};
use bulwark_model::{Diagnostic, Location};
use bulwark_store::{Actor, KnownOrganisation, OrganisationFacts, OrganisationStep, Store, StoreError};
use jiff::civil::Date;

/// What is known of all organisations.
#[derive(Debug, Clone)]
pub struct Register {
    /// As lists are compared with it.
    pub bodies: Vec<Known>,
    /// Codes by identifier, of those that exist.
    by_oid: BTreeMap<String, String>,
    /// Identifiers of those that ended.
    ended: BTreeSet<String>,
}

/// What is known of all organisations on a day.
///
/// # Errors
/// Those of the store.
pub async fn known(store: &Store, day: Date) -> Result<Register, StoreError> {
    let all = store.organisations_known(day).await?;
    let exists = |row: &KnownOrganisation| row.ended_on.is_none();
    let by_oid = all.iter().filter(|(row, _)| exists(row));
    let by_oid = by_oid.filter_map(|(row, _)| Some((row.oid.clone()?, row.code.clone()))).collect();
    let ended = all.iter().filter(|(row, _)| !exists(row)).filter_map(|(row, _)| row.oid.clone()).collect();
    let body = |(row, parent): (KnownOrganisation, Option<String>)| Known {
        ended: row.ended_on.is_some(),
        code: row.code,
        name: row.name,
        oid: row.oid.as_deref().and_then(Oid::parse),
        parent,
        facts: Facts {
            kind: Some(row.kind),
            class: row.class,
            sector: row.sector,
            level: row.level,
            county: row.county,
        },
    };
    Ok(Register { bodies: all.into_iter().map(body).collect(), by_oid, ended })
}

/// Reorganisations that can be carried out, and why the others cannot.
pub fn judged(register: &Register, changes: Vec<Change>) -> (Vec<Change>, Vec<(u32, Diagnostic)>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let mut ended: BTreeSet<Oid> = BTreeSet::new();
    for change in changes {
        if let Some(note) = register.obstacle(&change, &ended) {
            bad.push((change.line, note));
            continue;
        }
        if !change.is_rename() {
            ended.insert(change.old.clone());
        }
        good.push(change);
    }
    (good, bad)
}

impl Register {
    fn obstacle(&self, change: &Change, ended: &BTreeSet<Oid>) -> Option<Diagnostic> {
        let refused = |code: &str, values: &[(&str, String)]| {
            let texts = bulwark_inventory::texts();
            let (what, hint) = (format!("{code}.what"), format!("{code}.hint"));
            let place = Location::Cell { sheet: String::new(), row: change.line, column: 0 };
            Some(Diagnostic::new(code, texts.text(&what, values), texts.text(&hint, values)).at(place))
        };
        let is_ended = |oid: &Oid| ended.contains(oid) || self.ended.contains(oid.as_str());
        if is_ended(&change.old) {
            return refused("BW-INV-023", &args![name = change.old_name]);
        }
        if is_ended(&change.new) {
            return refused("BW-INV-023", &args![name = change.new_name]);
        }
        match (self.by_oid.get(change.old.as_str()), self.by_oid.get(change.new.as_str())) {
            (_, Some(_)) if !change.is_rename() => None,
            (Some(code), Some(_)) => {
                let known = self.bodies.iter().find(|known| known.code == *code)?;
                let fits = [&change.old_name, &change.new_name].contains(&&known.name);
                if fits {
                    None
                } else {
                    refused("BW-INV-025", &args![name = known.name, old = change.old_name])
                }
            }
            (Some(_), None) => refused("BW-INV-026", &args![old = change.old_name, oid = change.new]),
            _ => refused("BW-INV-022", &args![oid = change.new]),
        }
    }
}

/// Steps and reorganisations as the store takes them, each with its day.
///
/// # Errors
/// Those of the store.
pub(crate) async fn prepared(
    store: &Store,
    day: Date,
    steps: Vec<Step>,
    changes: Vec<Change>,
) -> Result<Vec<(Date, Vec<OrganisationStep>)>, StoreError> {
    let mut all = Vec::new();
    if !steps.is_empty() {
        all.push((day, steps.into_iter().map(stored).collect()));
    }
    if changes.is_empty() {
        return Ok(all);
    }
    let register = known(store, day).await?;
    let code = |oid: &Oid| {
        let missing = || StoreError::NotFound { kind: "organisation", id: oid.to_string() };
        register.by_oid.get(oid.as_str()).cloned().ok_or_else(missing)
    };
    for change in changes {
        let new = code(&change.new)?;
        let step = if change.is_rename() {
            OrganisationStep::Rename { code: new, from: Some(change.old_name), to: change.new_name }
        } else if let Ok(old) = code(&change.old) {
            OrganisationStep::End { code: old, successor: new }
        } else {
            OrganisationStep::Former { oid: change.old.into(), name: change.old_name, successor: new }
        };
        all.push((change.day, vec![step]));
    }
    Ok(all)
}

/// Carries out the steps of a plan from a day on and then reorganisations, all or nothing.
///
/// # Errors
/// Those of the store.
pub async fn change(
    store: &Store,
    actor: &Actor,
    day: Date,
    steps: Vec<Step>,
    changes: Vec<Change>,
) -> Result<(), StoreError> {
    let all = prepared(store, day, steps, changes).await?;
    let done = store.write(actor, move |tx| {
        Box::pin(async move {
            for (day, steps) in all {
                tx.change_organisations(steps, day).await?;
            }
            Ok(())
        })
    });
    done.await
}

fn stored(step: Step) -> OrganisationStep {
    match step {
        Step::Add { body, parent, .. } => OrganisationStep::Add {
            code: body.code,
            name: body.name,
            parent,
            facts: facts(body.oid, body.facts),
        },
        Step::Rename { code, to, .. } => OrganisationStep::Rename { code, from: None, to },
        Step::Move { code, to, .. } => OrganisationStep::Move { code, to },
        Step::Describe { code, oid, facts: said, .. } => {
            OrganisationStep::Describe { code, facts: facts(oid, said) }
        }
    }
}

fn facts(oid: Option<Oid>, said: Facts) -> OrganisationFacts {
    OrganisationFacts {
        kind: said.kind,
        oid: oid.map(String::from),
        class: said.class,
        sector: said.sector,
        level: said.level,
        county: said.county,
    }
}
