//! What goes over the wire. These structs are the stable form of the interface: fields are only added.

#![expect(clippy::struct_field_names, reason = "the names of the fields are those of the interface")]

mod people;

use bulwark_store::entity::access::access_log;
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::system::system;
use bulwark_store::entity::two_person::{break_glass, pending_act};
use bulwark_store::entity::work::job;
use bulwark_store::{Timestamp, Uuid};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use self::people::{Account, Key, Person, PersonWithRoles, Role, Session, Token};

/// A page of a list, newest first.
#[derive(Debug, Serialize)]
pub(super) struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// How many there are in all, counted up to 10,000; null where the list is not counted.
    pub total: Option<u64>,
    /// True when there are more than were counted.
    pub more_than_total: bool,
    /// Path and query of the next page.
    pub next: Option<String>,
    /// Path and query of the page before.
    pub previous: Option<String>,
}

fn time(at: Timestamp) -> String {
    at.to_string()
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Organisation {
    /// Id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// `agency`, `vendor` or `team`.
    pub kind: String,
    /// The field of its sector authority.
    pub sector: Option<String>,
    /// Object identifier.
    pub oid: Option<String>,
    /// `public` or `specific_non_public`.
    pub class: Option<String>,
    /// Responsibility level, `A` to `E`.
    pub level: Option<String>,
    /// County or city.
    pub county: Option<String>,
    /// First day on which it no longer exists.
    #[schema(format = "date")]
    pub ended_on: Option<String>,
    /// Id of the organisation that took its place.
    #[schema(format = "uuid")]
    pub successor: Option<String>,
}

impl From<organisation::Model> for Organisation {
    fn from(row: organisation::Model) -> Self {
        Self {
            id: row.id.to_string(),
            code: row.code,
            name: row.name,
            kind: row.kind,
            sector: row.sector,
            oid: row.oid,
            class: row.class,
            level: row.level,
            county: row.county,
            ended_on: row.ended_on,
            successor: row.successor.map(|id| id.to_string()),
        }
    }
}

/// An information system.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct System {
    /// Id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Code, `SYS-<agency>-NNN`.
    pub code: String,
    /// Name.
    pub name: String,
    /// Id of the agency that answers for it.
    #[schema(format = "uuid")]
    pub organisation: String,
    /// `critical` or `operational`.
    pub class: String,
    /// Whether it is a core system.
    pub core: bool,
    /// Longest tolerable downtime in minutes.
    pub mtpd_minutes: Option<i64>,
    /// Protection level that counts: `basic`, `medium` or `high`; none when it is unknown.
    pub level: Option<String>,
    /// What is known of the nine background facts.
    pub background: Vec<Fact>,
    /// Those of the nine that nobody knows.
    pub missing: Vec<String>,
    /// The day on which all of it was last confirmed.
    #[schema(format = "date")]
    pub confirmed_on: Option<String>,
    /// First day on which it is no longer in use.
    #[schema(format = "date")]
    pub retired_on: Option<String>,
}

/// One background fact of a system.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Fact {
    /// Which.
    pub field: String,
    /// What is known.
    pub value: String,
    /// The day on which it was last confirmed.
    #[schema(format = "date")]
    pub confirmed_on: String,
    /// `typed`, `imported` or `cruise`.
    pub source: String,
}

impl From<system::Model> for System {
    fn from(row: system::Model) -> Self {
        // A background that a newer program wrote is as unknown as one that nobody wrote.
        let facts = row.facts().unwrap_or_default();
        let fact = |(field, said): (bulwark_model::BackgroundField, &bulwark_model::Said)| Fact {
            field: field.code().to_owned(),
            value: said.value.clone(),
            confirmed_on: said.confirmed_on.to_string(),
            source: said.source.code().to_owned(),
        };
        Self {
            id: row.id.to_string(),
            organisation: row.organisation_id.to_string(),
            background: facts.said().map(fact).collect(),
            missing: facts.missing().iter().map(|fact| fact.code().to_owned()).collect(),
            code: row.code,
            name: row.name,
            class: row.class,
            core: row.core,
            mtpd_minutes: row.mtpd_minutes,
            level: row.level,
            confirmed_on: row.confirmed_on,
            retired_on: row.retired_on,
        }
    }
}

/// An act that waits for a second person, or has ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Request {
    /// Id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Code of the act.
    pub action: String,
    /// What it is about.
    pub object: String,
    /// Id of the organisation whose matter it is.
    #[schema(format = "uuid")]
    pub organisation: String,
    /// Why.
    pub reason: String,
    /// Id of the person who asked.
    #[schema(format = "uuid")]
    pub asked_by: String,
    /// When, UTC.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// Until when it waits, UTC.
    #[schema(format = "date-time")]
    pub expires_at: String,
    /// `waiting`, `done`, `refused`, `withdrawn` or `expired`.
    pub state: String,
    /// Id of the person who decided.
    #[schema(format = "uuid")]
    pub decided_by: Option<String>,
}

impl Request {
    /// What waited until its time was over has expired, whether or not anyone noted it.
    pub(super) fn of(row: pending_act::Model, now: Timestamp) -> Self {
        let over = row.state == "waiting" && row.expires_at <= now;
        Self {
            id: row.id.to_string(),
            action: row.action,
            object: row.object,
            organisation: row.owner_id.to_string(),
            reason: row.reason,
            asked_by: row.asked_by.to_string(),
            created_at: time(row.created_at),
            expires_at: time(row.expires_at),
            state: if over { "expired".to_owned() } else { row.state },
            decided_by: row.decided_by.map(|id| id.to_string()),
        }
    }
}

/// An entry of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Leaf {
    /// Its number, from 0.
    pub seq: i64,
    /// What it is about.
    pub object: String,
    /// The hashed entry, canonical JSON.
    pub leaf: String,
    /// RFC 6962 leaf hash, hexadecimal.
    pub hash: String,
}

/// A reading of protected data.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Access {
    /// When, UTC.
    #[schema(format = "date-time")]
    pub at: String,
    /// Id of the person.
    #[schema(format = "uuid")]
    pub person: Option<String>,
    /// The role acted in.
    pub role: String,
    /// Id of the organisation acted for.
    #[schema(format = "uuid")]
    pub organisation: Option<String>,
    /// Id of the organisation whose data it was.
    #[schema(format = "uuid")]
    pub owner: String,
    /// What was read.
    pub object: String,
    /// The request.
    pub request_id: String,
}

impl From<access_log::Model> for Access {
    fn from(row: access_log::Model) -> Self {
        let text = |id: Option<Uuid>| id.map(|id| id.to_string());
        Self {
            at: time(row.at),
            person: text(row.person_id),
            role: row.role,
            organisation: text(row.organisation_id),
            owner: row.owner_id.to_string(),
            object: row.object,
            request_id: row.request_id,
        }
    }
}

/// An emergency access.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EmergencyAccess {
    /// Id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Id of the organisation whose content it opens.
    #[schema(format = "uuid")]
    pub organisation: String,
    /// Id of the person who reads.
    #[schema(format = "uuid")]
    pub person: String,
    /// Id of the person who confirmed.
    #[schema(format = "uuid")]
    pub confirmed_by: String,
    /// Why.
    pub reason: String,
    /// First moment in force, UTC.
    #[schema(format = "date-time")]
    pub valid_from: String,
    /// First moment no longer in force, UTC.
    #[schema(format = "date-time")]
    pub valid_until: String,
}

impl From<break_glass::Model> for EmergencyAccess {
    fn from(row: break_glass::Model) -> Self {
        Self {
            id: row.id.to_string(),
            organisation: row.owner_id.to_string(),
            person: row.person_id.to_string(),
            confirmed_by: row.confirmed_by.to_string(),
            reason: row.reason,
            valid_from: time(row.valid_from),
            valid_until: time(row.valid_until),
        }
    }
}

/// How long a class of data is kept.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Retention {
    /// Code of the class.
    pub class: String,
    /// Days.
    pub days: u32,
}

/// A background job.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Job {
    /// Id.
    #[schema(format = "uuid")]
    pub id: String,
    /// What is to be done.
    pub kind: String,
    /// `ready`, `running`, `done` or `dead`.
    pub state: String,
    /// Not before then, UTC.
    #[schema(format = "date-time")]
    pub run_at: String,
    /// Tries so far.
    pub attempts: i64,
    /// What the last try said.
    pub last_error: Option<String>,
}

impl From<job::Model> for Job {
    fn from(row: job::Model) -> Self {
        Self {
            id: row.id.to_string(),
            kind: row.kind,
            state: row.state,
            run_at: time(row.run_at),
            attempts: row.attempts,
            last_error: row.last_error,
        }
    }
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Done {
    /// What it is about.
    pub object: String,
    /// Its state now.
    pub state: String,
}

/// The body of a change: none, or an object with nothing in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// A message, RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Names the kind of trouble.
    pub r#type: String,
    /// What happened.
    pub title: String,
    /// What to do.
    pub detail: String,
    /// Status of HTTP.
    pub status: u16,
    /// Names the request.
    pub instance: String,
    /// Every message, of which the first is also the title.
    pub errors: Vec<Message>,
}

/// A message with its code.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Message {
    /// The code, which `bulwark explain` knows.
    pub code: String,
    /// What happened.
    pub what: String,
    /// What to do.
    pub hint: String,
    /// The parameter or field it is about.
    pub r#where: String,
}
