//! Acts that may need a second person: what each is, whose matter it is, and how it is carried out.

use bulwark_i18n::{args, number};
use bulwark_inventory::organisation::{Change, Step};
use bulwark_model::RetentionClass;
use bulwark_model::rights::{Resource, Role};
use bulwark_store::entity::organisation::organisation;
use bulwark_store::entity::person::person;
use bulwark_store::rights::person_id;
use bulwark_store::{NewOrganisation, Store, StoreError, Timestamp, Token, Tx, Uuid};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::areas::organisations::{self, prepared};
use crate::fault::Fault;
use crate::html::Html;
use crate::page::{fill, say};
use crate::who::Who;

/// How long a link of a recovery works.
const RECOVERY_MS: i64 = 24 * 3_600_000;

/// What is to be done. The stored form of a request: fields are only added, with a default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub(crate) enum Duty {
    /// Gives a role.
    GrantRole {
        person: Uuid,
        role: String,
        organisation: Uuid,
        sector: Option<String>,
        until: Option<Timestamp>,
    },
    /// Lets a person who lost every credential in again.
    Recover { person: Uuid },
    /// Removes what names a person.
    Erase { person: Uuid },
    /// Enters a key with which a person signs.
    EnrolKey { person: Uuid, key_id: String, public_key: String, purpose: String },
    /// Enters an organisation.
    AddOrganisation {
        code: String,
        name: String,
        kind: String,
        sector: Option<String>,
        parent: Option<Uuid>,
        from: String,
    },
    /// Gives an organisation another name, code or sector.
    ChangeOrganisation {
        organisation: Uuid,
        version: i64,
        code: String,
        name: String,
        sector: Option<String>,
    },
    /// Puts an organisation under another one from a day on.
    MoveOrganisation { organisation: Uuid, parent: Uuid, from: String },
    /// Carries out what a list of organisations changes.
    ImportOrganisations { file: String, sha256: String, day: String, steps: Vec<Step>, changes: Vec<Change> },
    /// Changes how long a class of data is kept.
    Retention { class: RetentionClass, days: u32 },
    /// Opens an organisation's content to the person who asks, for four hours.
    BreakGlass { owner: Uuid },
}

/// What came of carrying it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Done {
    /// It is done.
    Plain,
    /// It is done, and this link is to be handed over once.
    Link(Token),
}

/// Roles whose grant is an act of its own: they reach beyond one organisation.
pub(crate) fn privileged(role: Role) -> bool {
    !matches!(
        role,
        Role::Reporter | Role::AgencyCiso | Role::Vendor | Role::Director | Role::Expert | Role::RedTeam
    )
}

impl Duty {
    /// The act of the matrix.
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Self::GrantRole { role, .. } if role.parse().map_or(true, privileged) => "role.grant_privileged",
            Self::GrantRole { .. } => "role.grant",
            Self::Recover { .. } => "people.recover",
            Self::Erase { .. } => "people.erase",
            Self::EnrolKey { .. } => "key.enrol",
            Self::AddOrganisation { .. }
            | Self::ChangeOrganisation { .. }
            | Self::MoveOrganisation { .. }
            | Self::ImportOrganisations { .. } => "organisation.edit",
            Self::Retention { .. } => "retention.edit",
            Self::BreakGlass { .. } => "break_glass.request",
        }
    }

    /// The act of the second person.
    pub(crate) fn confirmed_by(&self) -> &'static str {
        if matches!(self, Self::BreakGlass { .. }) { "break_glass.confirm" } else { self.action() }
    }

    /// What it is about, `kind/id`: only one request of an act waits for it.
    pub(crate) fn object(&self, asker: Uuid) -> String {
        match self {
            Self::GrantRole { person, role, organisation, .. } => {
                format!("person/{person}/{role}/{organisation}")
            }
            Self::Recover { person } | Self::Erase { person } => format!("person/{person}"),
            Self::EnrolKey { key_id, .. } => format!("signing_key/{key_id}"),
            Self::AddOrganisation { code, .. } => format!("organisation/{code}"),
            Self::ChangeOrganisation { organisation, .. } | Self::MoveOrganisation { organisation, .. } => {
                format!("organisation/{organisation}")
            }
            Self::ImportOrganisations { sha256, .. } => format!("organisation_list/{sha256}"),
            Self::Retention { class, .. } => format!("retention/{class}"),
            Self::BreakGlass { owner } => format!("break_glass/{owner}/{asker}"),
        }
    }

    /// The object as the rights see it.
    pub(crate) async fn resource(&self, store: &Store) -> Result<Resource, Fault> {
        Ok(match self {
            Self::GrantRole { person, organisation, .. } => {
                Resource { person: Some(person_id(*person)), ..store.resource_of(*organisation).await? }
            }
            Self::Recover { person } | Self::Erase { person } | Self::EnrolKey { person, .. } => {
                store.account_resource(&store.get::<person::Entity>(*person).await?).await?
            }
            Self::AddOrganisation { parent: Some(at), .. }
            | Self::ChangeOrganisation { organisation: at, .. }
            | Self::MoveOrganisation { organisation: at, .. }
            | Self::BreakGlass { owner: at } => store.resource_of(*at).await?,
            Self::AddOrganisation { parent: None, .. }
            | Self::ImportOrganisations { .. }
            | Self::Retention { .. } => Resource::platform(),
        })
    }

    /// The organisation whose matter it is; the platform's own belong to whoever acts.
    pub(crate) async fn owner(&self, store: &Store, acting: Uuid) -> Result<Uuid, Fault> {
        Ok(match self {
            Self::GrantRole { organisation, .. }
            | Self::ChangeOrganisation { organisation, .. }
            | Self::MoveOrganisation { organisation, .. } => *organisation,
            Self::BreakGlass { owner } => *owner,
            Self::Recover { person } | Self::Erase { person } | Self::EnrolKey { person, .. } => {
                store.get::<person::Entity>(*person).await?.organisation_id
            }
            Self::AddOrganisation { parent, .. } => parent.unwrap_or(acting),
            Self::ImportOrganisations { .. } | Self::Retention { .. } => acting,
        })
    }

    /// Does it, in the transaction of whoever has the last word.
    pub(crate) async fn carry_out(
        self,
        tx: &mut Tx,
        store: &Store,
        asker: Uuid,
        reason: &str,
    ) -> Result<Done, StoreError> {
        match self {
            Self::GrantRole { person, role, organisation, sector, until } => {
                tx.grant(person, &role, organisation, sector.as_deref(), until).await?;
            }
            Self::Recover { person } => {
                tx.revoke_sessions_of(person, None).await?;
                tx.revoke_api_tokens_of(person).await?;
                for credential in tx.credentials_of(person).await? {
                    tx.delete::<bulwark_store::entity::person::credential::Entity>(
                        credential.id,
                        credential.version,
                    )
                    .await?;
                }
                let until = tx.now().plus_ms(RECOVERY_MS);
                return Ok(Done::Link(tx.make_link(person, "recover", until).await?.1));
            }
            Self::Erase { person } => {
                let row = tx.get::<person::Entity>(person).await?;
                tx.erase_person(row).await?;
            }
            Self::EnrolKey { person, key_id, public_key, purpose } => {
                tx.enrol_signing_key(person, &key_id, &public_key, &purpose).await?;
            }
            Self::AddOrganisation { code, name, kind, sector, parent, from } => {
                tx.add_organisation(NewOrganisation { code, name, kind, sector, parent, from: day(&from)? })
                    .await?;
            }
            Self::ChangeOrganisation { organisation: id, version, code, name, sector } => {
                let row = tx.get::<organisation::Entity>(id).await?;
                let changed = organisation::Model { version, code, name, sector, ..row };
                tx.change_organisation(changed).await?;
            }
            Self::MoveOrganisation { organisation, parent, from } => {
                tx.move_organisation(organisation, parent, day(&from)?).await?;
            }
            Self::ImportOrganisations { day: from, steps, changes, .. } => {
                for (from, steps) in prepared(store, day(&from)?, steps, changes).await? {
                    tx.change_organisations(steps, from).await?;
                }
            }
            Self::Retention { class, days } => {
                tx.set(&format!("retention.{class}"), &days).await?;
            }
            Self::BreakGlass { owner } => {
                let until = tx.now().plus_ms(bulwark_model::rights::BREAK_GLASS_SECONDS * 1000);
                let confirmer = tx.actor().person.unwrap_or(Uuid::nil());
                tx.open_break_glass(owner, asker, confirmer, reason, until).await?;
            }
        }
        Ok(Done::Plain)
    }

    /// The act in one line.
    pub(crate) async fn words(&self, app: &App, who: &Who) -> Result<String, Fault> {
        let lang = who.lang();
        let store = &app.store;
        let name = |id: Uuid| async move { Ok::<_, Fault>(store.get::<person::Entity>(id).await?.name) };
        let place =
            |id: Uuid| async move { Ok::<_, Fault>(store.get::<organisation::Entity>(id).await?.name) };
        Ok(match self {
            Self::GrantRole { person, role, organisation, .. } => {
                let role = role.parse::<Role>().map_or_else(|_| role.clone(), |role| who.say(&role.label()));
                let (person, organisation) = (name(*person).await?, place(*organisation).await?);
                fill(
                    lang,
                    "requests.grant",
                    &args![person = person, role = role, organisation = organisation],
                )
            }
            Self::Recover { person } => fill(lang, "requests.recover", &args![person = name(*person).await?]),
            Self::Erase { person } => fill(lang, "requests.erase", &args![person = name(*person).await?]),
            Self::EnrolKey { person, key_id, .. } => {
                let key = key_id.chars().take(16).collect::<String>();
                fill(lang, "requests.enrol", &args![person = name(*person).await?, key = key])
            }
            Self::AddOrganisation { code, name, .. } => {
                fill(lang, "requests.add_organisation", &args![code = code, name = name])
            }
            Self::ChangeOrganisation { organisation, name, .. } => fill(
                lang,
                "requests.change_organisation",
                &args![old = place(*organisation).await?, name = name],
            ),
            Self::MoveOrganisation { organisation, parent, from } => {
                let (name, parent) = (place(*organisation).await?, place(*parent).await?);
                fill(lang, "requests.move_organisation", &args![name = name, parent = parent, from = from])
            }
            Self::ImportOrganisations { file, steps, changes, .. } => {
                let count = steps.len() + changes.len();
                fill(lang, "requests.import_organisations", &args![file = file, count = number(count as u64)])
            }
            Self::Retention { class, days } => {
                fill(lang, "requests.retention", &args![class = who.say(&class.label()), days = days])
            }
            Self::BreakGlass { owner } => {
                fill(lang, "requests.break_glass", &args![organisation = place(*owner).await?])
            }
        })
    }

    /// What the second person should see before confirming, beside the one line.
    pub(crate) fn details(&self, who: &Who, out: &mut Html) {
        if let Self::ImportOrganisations { sha256, steps, changes, .. } = self {
            out.p(&fill(who.lang(), "requests.import_hash", &args![sha256 = sha256]));
            organisations::steps(who.lang(), steps, changes, out);
        }
    }

    /// The name of the act, for lists of requests whose content cannot be read.
    pub(crate) fn unknown(who: &Who) -> String {
        say(who.lang(), "requests.unknown")
    }
}

fn day(text: &str) -> Result<jiff::civil::Date, StoreError> {
    text.parse().map_err(|_| StoreError::BadValue { field: "from".into(), why: text.to_owned() })
}
