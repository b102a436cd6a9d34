//! What goes over the wire. These structs are the stable form of the interface: fields are only added.

#![expect(clippy::struct_field_names, reason = "the names of the fields are those of the interface")]

use bulwark_store::entity::access::access_log;
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::person::{grant, person, signing_key};
use bulwark_store::entity::two_person::{break_glass, pending_act};
use bulwark_store::entity::work::job;
use bulwark_store::{Timestamp, Uuid};
use serde::Serialize;
use utoipa::ToSchema;

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

/// Who the token acts for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Account {
    /// The person.
    pub id: String,
    /// Log-in name.
    pub login: String,
    /// Name.
    pub name: String,
    /// The role acted in.
    pub role: String,
    /// The organisation acted for.
    pub organisation: String,
    /// What the token may do.
    pub scope: Vec<String>,
    /// When the token ends, UTC.
    pub expires_at: String,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Person {
    /// Id.
    pub id: String,
    /// Log-in name.
    pub login: String,
    /// Name; empty after erasure.
    pub name: String,
    /// Id of the organisation it belongs to.
    pub organisation: String,
    /// When it was entered, UTC.
    pub created_at: String,
    /// Since when it cannot log in, UTC.
    pub disabled_at: Option<String>,
}

impl From<person::Model> for Person {
    fn from(row: person::Model) -> Self {
        Self {
            id: row.id.to_string(),
            login: row.login,
            name: row.name,
            organisation: row.organisation_id.to_string(),
            created_at: time(row.created_at),
            disabled_at: row.disabled_at.map(time),
        }
    }
}

/// A role a person holds.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Role {
    /// Code of the role.
    pub role: String,
    /// Id of the organisation.
    pub organisation: String,
    /// First moment in force, UTC.
    pub valid_from: String,
    /// First moment no longer in force, UTC.
    pub valid_until: Option<String>,
}

impl From<grant::Model> for Role {
    fn from(row: grant::Model) -> Self {
        Self {
            role: row.role,
            organisation: row.organisation_id.to_string(),
            valid_from: time(row.valid_from),
            valid_until: row.valid_until.map(time),
        }
    }
}

/// An account with its roles.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PersonWithRoles {
    /// The account.
    #[serde(flatten)]
    pub person: Person,
    /// The roles held, over or not.
    pub roles: Vec<Role>,
}

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Organisation {
    /// Id.
    pub id: String,
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// `agency`, `vendor` or `team`.
    pub kind: String,
    /// The field of its sector authority.
    pub sector: Option<String>,
}

impl From<organisation::Model> for Organisation {
    fn from(row: organisation::Model) -> Self {
        Self { id: row.id.to_string(), code: row.code, name: row.name, kind: row.kind, sector: row.sector }
    }
}

/// A key with which a person signs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Key {
    /// Id.
    pub id: String,
    /// Id of the person.
    pub person: String,
    /// Id of the key.
    pub key_id: String,
    /// The public key.
    pub public_key: String,
    /// What it may sign.
    pub purpose: String,
    /// When it was enrolled, UTC.
    pub created_at: String,
    /// Since when its signatures are refused, UTC.
    pub revoked_at: Option<String>,
}

impl From<signing_key::Model> for Key {
    fn from(row: signing_key::Model) -> Self {
        Self {
            id: row.id.to_string(),
            person: row.person_id.to_string(),
            key_id: row.key_id,
            public_key: row.public_key,
            purpose: row.purpose,
            created_at: time(row.created_at),
            revoked_at: row.revoked_at.map(time),
        }
    }
}

/// An act that waits for a second person, or has ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Request {
    /// Id.
    pub id: String,
    /// Code of the act.
    pub action: String,
    /// What it is about.
    pub object: String,
    /// Id of the organisation whose matter it is.
    pub organisation: String,
    /// Why.
    pub reason: String,
    /// Id of the person who asked.
    pub asked_by: String,
    /// When, UTC.
    pub created_at: String,
    /// Until when it waits, UTC.
    pub expires_at: String,
    /// `waiting`, `done`, `refused`, `withdrawn` or `expired`.
    pub state: String,
    /// Id of the person who decided.
    pub decided_by: Option<String>,
}

impl From<pending_act::Model> for Request {
    fn from(row: pending_act::Model) -> Self {
        Self {
            id: row.id.to_string(),
            action: row.action,
            object: row.object,
            organisation: row.owner_id.to_string(),
            reason: row.reason,
            asked_by: row.asked_by.to_string(),
            created_at: time(row.created_at),
            expires_at: time(row.expires_at),
            state: row.state,
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
    pub at: String,
    /// Id of the person.
    pub person: Option<String>,
    /// The role acted in.
    pub role: String,
    /// Id of the organisation acted for.
    pub organisation: Option<String>,
    /// Id of the organisation whose data it was.
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
    pub id: String,
    /// Id of the organisation whose content it opens.
    pub organisation: String,
    /// Id of the person who reads.
    pub person: String,
    /// Id of the person who confirmed.
    pub confirmed_by: String,
    /// Why.
    pub reason: String,
    /// First moment in force, UTC.
    pub valid_from: String,
    /// First moment no longer in force, UTC.
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
    pub id: String,
    /// What is to be done.
    pub kind: String,
    /// `ready`, `running`, `done` or `dead`.
    pub state: String,
    /// Not before then, UTC.
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
}
