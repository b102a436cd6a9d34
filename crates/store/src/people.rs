//! People: accounts, roles, credentials, signing keys.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};
use uuid::Uuid;

use crate::entity::Record as _;
use crate::entity::audit;
use crate::entity::person::{credential, grant, person, signing_key};
use crate::{DataKey, Place, Store, StoreError, Timestamp, Tx};

/// A new account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    /// Log-in name, unique.
    pub login: String,
    /// Name for people.
    pub name: String,
    /// The agency whose data key seals what is private.
    pub organisation: Uuid,
    /// Mail address.
    pub email: Option<String>,
}

/// What proves who someone is.
#[derive(Clone, PartialEq, Eq)]
pub enum NewCredential {
    /// The PHC string of an Argon2id hash.
    Password(String),
    /// The shared secret; it is sealed.
    Totp {
        /// The secret.
        secret: Vec<u8>,
        /// The step of the code that proved it was taken over; no code up to it counts again.
        used: String,
    },
    /// A passkey.
    Passkey {
        /// Its id, as the browser gives it.
        id: String,
        /// The passkey as its library keeps it, JSON.
        json: String,
    },
    /// An account at an identity provider: issuer and subject in one text.
    Oidc(String),
}

impl Tx {
    /// Enters an account.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] for a log-in name that exists; [`StoreError::Reference`].
    pub async fn add_person(&mut self, store: &Store, new: NewPerson) -> Result<person::Model, StoreError> {
        let id = self.new_id()?;
        let email = match &new.email {
            Some(email) => {
                let key = self.data_key(store, new.organisation).await?;
                Some(key.seal(Place::of::<person::Entity>("email", id), email.as_bytes())?)
            }
            None => None,
        };
        let NewPerson { login, name, organisation: organisation_id, .. } = new;
        let created_at = self.now();
        let row = person::Model {
            id,
            version: 1,
            login,
            name,
            organisation_id,
            email,
            created_at,
            disabled_at: None,
        };
        let row = self.insert::<person::Entity>(row).await?;
        self.index(person::Entity::KIND, id, &text(&row)).await?;
        Ok(row)
    }

    /// Ends an account; nothing of it is deleted.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn disable_person(&mut self, mut row: person::Model) -> Result<person::Model, StoreError> {
        row.disabled_at = Some(self.now());
        self.update::<person::Entity>("disable", row).await
    }

    /// Lets a disabled account log in again.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn enable_person(&mut self, mut row: person::Model) -> Result<person::Model, StoreError> {
        row.disabled_at = None;
        self.update::<person::Entity>("enable", row).await
    }

    /// Gives a person another name or log-in name; the row carries the version that it was read with.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::Duplicate`].
    pub async fn change_person(&mut self, row: person::Model) -> Result<person::Model, StoreError> {
        let row = self.update::<person::Entity>("change", row).await?;
        self.index(person::Entity::KIND, row.id, &text(&row)).await?;
        Ok(row)
    }

    /// Removes what names a person: name, log-in name, mail, credentials, reasons given. The account stays, disabled,
    /// so that acts of the past keep an author.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn erase_person(&mut self, mut row: person::Model) -> Result<person::Model, StoreError> {
        for credential in self.credentials_of(row.id).await? {
            self.delete::<credential::Entity>(credential.id, credential.version).await?;
        }
        self.revoke_sessions_of(row.id, None).await?;
        let own = audit::leaf::Entity::find().select_only().column(audit::leaf::Column::Seq);
        let own = own.filter(audit::leaf::Column::Actor.eq(row.id)).into_query();
        let reasons = audit::text::Entity::delete_many().filter(audit::text::Column::Seq.in_subquery(own));
        reasons.exec(self.conn()).await?;
        row.login = format!("erased-{}", row.id.simple());
        (row.name, row.email) = (String::new(), None);
        row.disabled_at.get_or_insert(self.now());
        let row = self.update::<person::Entity>("erase", row).await?;
        self.index(person::Entity::KIND, row.id, "").await?;
        Ok(row)
    }

    /// Credentials of a person, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn credentials_of(&self, person: Uuid) -> Result<Vec<credential::Model>, StoreError> {
        let found = credential::Entity::find()
            .filter(credential::Column::PersonId.eq(person))
            .order_by_asc(credential::Column::Id);
        Ok(found.all(self.conn()).await?)
    }

    /// Writes a used credential back: its time, and what its library keeps (a counter, a rehashed password).
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn credential_used(
        &mut self,
        mut row: credential::Model,
        data: Option<String>,
    ) -> Result<credential::Model, StoreError> {
        row.used_at = Some(self.now());
        if data.is_some() {
            row.data = data;
        }
        self.update::<credential::Entity>("use", row).await
    }

    /// Gives a person a role in an organisation from now on.
    ///
    /// # Errors
    /// [`StoreError::Reference`].
    pub async fn grant(
        &mut self,
        person_id: Uuid,
        role: &str,
        organisation_id: Uuid,
        sector: Option<&str>,
        valid_until: Option<Timestamp>,
    ) -> Result<grant::Model, StoreError> {
        let (id, role, valid_from) = (self.new_id()?, role.to_owned(), self.now());
        let sector = sector.map(str::to_owned);
        let row =
            grant::Model { id, version: 1, person_id, role, organisation_id, sector, valid_from, valid_until };
        self.insert::<grant::Entity>(row).await
    }

    /// Ends a role now.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn end_grant(&mut self, mut row: grant::Model) -> Result<grant::Model, StoreError> {
        row.valid_until = Some(self.now());
        self.update::<grant::Entity>("end", row).await
    }

    /// Enrols a credential; secrets are sealed with the key of the person's agency.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown person.
    pub async fn add_credential(
        &mut self,
        store: &Store,
        person_id: Uuid,
        label: &str,
        new: NewCredential,
    ) -> Result<credential::Model, StoreError> {
        let person = self.get::<person::Entity>(person_id).await?;
        let id = self.new_id()?;
        let mut external_id = None;
        let (kind, data, secret) = match new {
            NewCredential::Password(hash) => ("password", Some(hash), None),
            NewCredential::Passkey { id, json } => {
                external_id = Some(id);
                ("passkey", Some(json), None)
            }
            NewCredential::Oidc(id) => {
                external_id = Some(id);
                ("oidc", None, None)
            }
            NewCredential::Totp { secret, used } => {
                let key = self.data_key(store, person.organisation_id).await?;
                ("totp", Some(used), Some(key.seal(Place::of::<credential::Entity>("secret", id), &secret)?))
            }
        };
        let (kind, label, created_at) = (kind.to_owned(), label.to_owned(), self.now());
        let row = credential::Model {
            id,
            version: 1,
            person_id,
            kind,
            external_id,
            label,
            data,
            secret,
            created_at,
            used_at: None,
        };
        self.insert::<credential::Entity>(row).await
    }

    /// Enrols the public key with which a person signs.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when the key is enrolled already.
    pub async fn enrol_signing_key(
        &mut self,
        person_id: Uuid,
        key_id: &str,
        public_key: &str,
        purpose: &str,
    ) -> Result<signing_key::Model, StoreError> {
        let organisation_id = self.get::<person::Entity>(person_id).await?.organisation_id;
        let (id, created_at) = (self.new_id()?, self.now());
        let (key_id, public_key, purpose) = (key_id.to_owned(), public_key.to_owned(), purpose.to_owned());
        let row = signing_key::Model {
            id,
            version: 1,
            person_id,
            organisation_id,
            key_id,
            public_key,
            purpose,
            created_at,
            revoked_at: None,
        };
        self.insert::<signing_key::Entity>(row).await
    }

    /// Refuses a key from now on.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn revoke_signing_key(
        &mut self,
        mut row: signing_key::Model,
    ) -> Result<signing_key::Model, StoreError> {
        row.revoked_at = Some(self.now());
        self.update::<signing_key::Entity>("revoke", row).await
    }
}

impl Store {
    /// The account with this log-in name, if there is one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn person_by_login(&self, login: &str) -> Result<Option<person::Model>, StoreError> {
        Ok(person::Entity::find().filter(person::Column::Login.eq(login)).one(self.reader()).await?)
    }

    /// The mail address of a person, opened.
    ///
    /// # Errors
    /// [`StoreError::Unsealable`].
    pub async fn email(&self, row: &person::Model) -> Result<Option<String>, StoreError> {
        let Some(sealed) = &row.email else { return Ok(None) };
        let place = Place::of::<person::Entity>("email", row.id);
        let email = self.data_key(row.organisation_id).await?.open(place, sealed)?;
        String::from_utf8(email).map(Some).map_err(|_| StoreError::Unsealable { place: place.to_string() })
    }

    /// Roles of a person that hold at a moment.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn grants(&self, person: Uuid, at: Timestamp) -> Result<Vec<grant::Model>, StoreError> {
        let until = grant::Column::ValidUntil;
        let found = grant::Entity::find()
            .filter(grant::Column::PersonId.eq(person))
            .filter(grant::Column::ValidFrom.lte(at))
            .filter(Condition::any().add(until.is_null()).add(until.gt(at)))
            .order_by_asc(grant::Column::Id);
        Ok(found.all(self.reader()).await?)
    }

    /// Credentials of a person, oldest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn credentials(&self, person: Uuid) -> Result<Vec<credential::Model>, StoreError> {
        let found = credential::Entity::find()
            .filter(credential::Column::PersonId.eq(person))
            .order_by_asc(credential::Column::Id);
        Ok(found.all(self.reader()).await?)
    }

    /// The credential with this external id, if there is one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn credential_by(&self, external_id: &str) -> Result<Option<credential::Model>, StoreError> {
        let found = credential::Entity::find().filter(credential::Column::ExternalId.eq(external_id));
        Ok(found.one(self.reader()).await?)
    }

    /// The secret of a TOTP credential, opened with the data key of the person's agency.
    ///
    /// # Errors
    /// [`StoreError::Unsealable`], also for a credential without a secret.
    pub fn secret(&self, key: &DataKey, row: &credential::Model) -> Result<Vec<u8>, StoreError> {
        let place = Place::of::<credential::Entity>("secret", row.id);
        key.open(place, row.secret.as_deref().unwrap_or_default())
    }

    /// The key of this id, revoked or not.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn enrolled_key(&self, key_id: &str) -> Result<Option<signing_key::Model>, StoreError> {
        let found = signing_key::Entity::find().filter(signing_key::Column::KeyId.eq(key_id));
        Ok(found.one(self.reader()).await?)
    }

    /// The key that signed something, if it was enrolled and not revoked by then.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn signing_key(
        &self,
        key_id: &str,
        at: Timestamp,
    ) -> Result<Option<signing_key::Model>, StoreError> {
        let found = signing_key::Entity::find().filter(signing_key::Column::KeyId.eq(key_id));
        let found = found.one(self.reader()).await?;
        Ok(found.filter(|key| key.created_at <= at && key.revoked_at.is_none_or(|end| at < end)))
    }
}

/// What the search index holds of a person.
pub(crate) fn text(row: &person::Model) -> String {
    format!("{} {}", row.login, row.name)
}
