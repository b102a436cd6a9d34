//! People on the wire: accounts, their roles, keys, tokens and log-ins.

use bulwark_store::entity::access::{api_token, session};
use bulwark_store::entity::person::{grant, person, signing_key};
use serde::Serialize;
use utoipa::ToSchema;

use super::time;

/// Who the token acts for.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Account {
    /// The person.
    #[schema(format = "uuid")]
    pub id: String,
    /// Log-in name.
    pub login: String,
    /// Name.
    pub name: String,
    /// The role acted in.
    pub role: String,
    /// The organisation acted for.
    #[schema(format = "uuid")]
    pub organisation: String,
    /// What the token may do.
    pub scope: Vec<String>,
    /// When the token ends, UTC.
    #[schema(format = "date-time")]
    pub expires_at: String,
}

/// A token of a program. The token itself is shown once, on its page.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Token {
    /// Id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Name given by the person.
    pub label: String,
    /// The role acted in.
    pub role: String,
    /// Id of the organisation acted for.
    #[schema(format = "uuid")]
    pub organisation: String,
    /// What it may do.
    pub scope: Vec<String>,
    /// When it was made, UTC.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// When it ends by itself, UTC.
    #[schema(format = "date-time")]
    pub expires_at: String,
    /// Since when it is refused, UTC.
    #[schema(format = "date-time")]
    pub revoked_at: Option<String>,
}

impl From<api_token::Model> for Token {
    fn from(row: api_token::Model) -> Self {
        Self {
            id: row.id.to_string(),
            label: row.label,
            role: row.role,
            organisation: row.organisation_id.to_string(),
            scope: row.scope.split_whitespace().map(str::to_owned).collect(),
            created_at: time(row.created_at),
            expires_at: time(row.expires_at),
            revoked_at: row.revoked_at.map(time),
        }
    }
}

/// Where a person is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Session {
    /// Id.
    #[schema(format = "uuid")]
    pub id: String,
    /// `passkey`, `password`, `oidc` or `link`.
    pub method: String,
    /// Browser and system, as they name themselves.
    pub agent: String,
    /// When it began, UTC.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// When it was last used, UTC, exact to a minute.
    #[schema(format = "date-time")]
    pub seen_at: String,
    /// When it ends by itself, UTC.
    #[schema(format = "date-time")]
    pub expires_at: String,
}

impl From<session::Model> for Session {
    fn from(row: session::Model) -> Self {
        Self {
            id: row.id.to_string(),
            method: row.method,
            agent: row.agent,
            created_at: time(row.created_at),
            seen_at: time(row.seen_at),
            expires_at: time(row.expires_at),
        }
    }
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Person {
    /// Id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Log-in name.
    pub login: String,
    /// Name; empty after erasure.
    pub name: String,
    /// Id of the organisation it belongs to.
    #[schema(format = "uuid")]
    pub organisation: String,
    /// When it was entered, UTC.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// Since when it cannot log in, UTC.
    #[schema(format = "date-time")]
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
pub(in crate::api) struct Role {
    /// Code of the role.
    pub role: String,
    /// Id of the organisation.
    #[schema(format = "uuid")]
    pub organisation: String,
    /// First moment in force, UTC.
    #[schema(format = "date-time")]
    pub valid_from: String,
    /// First moment no longer in force, UTC.
    #[schema(format = "date-time")]
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
pub(in crate::api) struct PersonWithRoles {
    /// The account.
    #[serde(flatten)]
    pub person: Person,
    /// The roles held, over or not.
    pub roles: Vec<Role>,
}

/// A key with which a person signs.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::api) struct Key {
    /// Id.
    #[schema(format = "uuid")]
    pub id: String,
    /// Id of the person.
    #[schema(format = "uuid")]
    pub person: String,
    /// Id of the key.
    pub key_id: String,
    /// The public key.
    pub public_key: String,
    /// What it may sign.
    pub purpose: String,
    /// When it was enrolled, UTC.
    #[schema(format = "date-time")]
    pub created_at: String,
    /// Since when its signatures are refused, UTC.
    #[schema(format = "date-time")]
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
