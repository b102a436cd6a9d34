//! The rights against the tables they come from, the prohibitions, and properties over random
//! people, acts and objects.

mod emergency;
mod matrix;
mod prohibitions;
mod properties;
mod tables;
mod terms;
mod words;

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::table::{ACTIONS, Source, Table};
use super::*;

const HOME: OrganisationId = OrganisationId::from_u128(1);
const BELOW: OrganisationId = OrganisationId::from_u128(2);
const ABOVE: OrganisationId = OrganisationId::from_u128(3);
const ELSEWHERE: OrganisationId = OrganisationId::from_u128(4);
const ME: PersonId = PersonId::from_u128(10);
const COLLEAGUE: PersonId = PersonId::from_u128(11);
const EXERCISE: ExerciseId = ExerciseId::from_u128(20);

fn now() -> Timestamp {
    "2026-03-02T01:00:00Z".parse().expect("a time")
}

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn act(code: &str) -> Action {
    Action::parse(code).expect("an act of the tables")
}

fn sector() -> Sector {
    Sector::new("energy")
}

fn grant(role: Role, organisation: OrganisationId) -> Grant {
    Grant { role, organisation, sector: None, from: after(-3600), until: Some(after(3600)) }
}

/// A person with one role at `HOME`, presence just proved, assigned to one exercise.
fn subject(role: Role) -> Subject {
    let sector = (role == Role::SectorAuthority).then(sector);
    Subject {
        step_up_at: Some(now()),
        exercises: [EXERCISE].into(),
        ..Subject::new(ME, vec![Grant { sector, ..grant(role, HOME) }])
    }
}

fn denial(subject: &Subject, code: &str, resource: &Resource) -> Option<Denied> {
    decide(subject, act(code), resource, now()).denied()
}

/// The tables with the same cell everywhere: what holds here holds whatever a table says.
fn table_of(cell: &str) -> Table {
    let mut matrix = String::from("action");
    for role in Role::ALL {
        let _ = write!(matrix, ",{role}");
    }
    for action in Action::all() {
        let _ = write!(matrix, "\n{action}{}", format!(",{cell}").repeat(Role::ALL.len()));
    }
    let table = Table::read(ACTIONS, &[Source { file: "role_matrix.csv", text: &matrix }]);
    assert_eq!(table.faults(), []);
    table
}
