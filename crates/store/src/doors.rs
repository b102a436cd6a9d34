//! Sessions, tokens of programs, invitations, and the list of who looked at what. Tokens are shown once and stored as
//! hashes: 256 random bits need no slow hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::entity::access::{access_log, api_token, invitation, session};
use crate::hash::Sha256;
use crate::{Actor, Page, PageRequest, Store, StoreError, Timestamp, Tx};

/// A secret to hand over once.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    fn new() -> Result<Self, StoreError> {
        Ok(Self(URL_SAFE_NO_PAD.encode(crate::id::random::<32>()?)))
    }

    /// The text to hand over.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(…)")
    }
}

fn hash(token: &str) -> String {
    Sha256::of(token.as_bytes()).to_string()
}

impl Tx {
    /// Opens a session for a person who has proven who they are.
    ///
    /// # Errors
    /// [`StoreError::Reference`] for an unknown person or organisation.
    pub async fn open_session(
        &mut self,
        person_id: Uuid,
        role: &str,
        organisation_id: Uuid,
        expires_at: Timestamp,
    ) -> Result<(session::Model, Token), StoreError> {
        let (id, token, now) = (self.new_id()?, Token::new()?, self.now());
        let row = session::Model {
            id,
            version: 1,
            token_hash: hash(token.reveal()),
            person_id,
            role: role.to_owned(),
            organisation_id,
            created_at: now,
            expires_at,
            step_up_at: Some(now),
            revoked_at: None,
        };
        Ok((self.insert::<session::Entity>(row).await?, token))
    }

    /// Notes a renewed proof of identity.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn step_up(&mut self, mut row: session::Model) -> Result<session::Model, StoreError> {
        row.step_up_at = Some(self.now());
        self.update::<session::Entity>("step_up", row).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn revoke_session(&mut self, mut row: session::Model) -> Result<session::Model, StoreError> {
        row.revoked_at = Some(self.now());
        self.update::<session::Entity>("revoke", row).await
    }

    /// Makes a token for a program that acts for a person.
    ///
    /// # Errors
    /// [`StoreError::Reference`].
    pub async fn make_api_token(
        &mut self,
        person_id: Uuid,
        label: &str,
        scope: &str,
        expires_at: Timestamp,
    ) -> Result<(api_token::Model, Token), StoreError> {
        let (id, token) = (self.new_id()?, Token::new()?);
        let row = api_token::Model {
            id,
            version: 1,
            token_hash: hash(token.reveal()),
            person_id,
            label: label.to_owned(),
            scope: scope.to_owned(),
            created_at: self.now(),
            expires_at,
            revoked_at: None,
        };
        Ok((self.insert::<api_token::Entity>(row).await?, token))
    }

    /// Ends a token.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn revoke_api_token(
        &mut self,
        mut row: api_token::Model,
    ) -> Result<api_token::Model, StoreError> {
        row.revoked_at = Some(self.now());
        self.update::<api_token::Entity>("revoke", row).await
    }

    /// Invites someone to a role.
    ///
    /// # Errors
    /// [`StoreError::Reference`].
    pub async fn invite(
        &mut self,
        organisation_id: Uuid,
        role: &str,
        expires_at: Timestamp,
    ) -> Result<(invitation::Model, Token), StoreError> {
        let (id, token) = (self.new_id()?, Token::new()?);
        let row = invitation::Model {
            id,
            version: 1,
            token_hash: hash(token.reveal()),
            organisation_id,
            role: role.to_owned(),
            created_at: self.now(),
            expires_at,
            used_at: None,
        };
        Ok((self.insert::<invitation::Entity>(row).await?, token))
    }

    /// Takes an invitation; it works once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for one that is unknown, used or out of date: which, a stranger is not told.
    pub async fn accept_invitation(&mut self, token: &str) -> Result<invitation::Model, StoreError> {
        let found = invitation::Entity::find().filter(invitation::Column::TokenHash.eq(hash(token)));
        let found = found.one(self.conn()).await?;
        let now = self.now();
        let open = found.filter(|row| row.used_at.is_none() && now < row.expires_at);
        let missing = || StoreError::NotFound { kind: "invitation", id: "?".into() };
        let mut row = open.ok_or_else(missing)?;
        row.used_at = Some(now);
        self.update::<invitation::Entity>("accept", row).await
    }
}

impl Store {
    /// The session of a token, if it is open now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn session(&self, token: &str) -> Result<Option<session::Model>, StoreError> {
        let found = session::Entity::find().filter(session::Column::TokenHash.eq(hash(token)));
        let found = found.one(self.reader()).await?;
        Ok(found.filter(|row| row.revoked_at.is_none() && self.now() < row.expires_at))
    }

    /// The row of a program's token, if it is valid now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn api_token(&self, token: &str) -> Result<Option<api_token::Model>, StoreError> {
        let found = api_token::Entity::find().filter(api_token::Column::TokenHash.eq(hash(token)));
        let found = found.one(self.reader()).await?;
        Ok(found.filter(|row| row.revoked_at.is_none() && self.now() < row.expires_at))
    }

    /// Notes that someone read protected data of an organisation; answer the reader only after this.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn log_access(&self, actor: &Actor, owner_id: Uuid, object: &str) -> Result<(), StoreError> {
        let Actor { person: person_id, role, organisation: organisation_id, request_id, .. } = actor.clone();
        let (id, at, object) = (self.new_id()?, self.now(), object.to_owned());
        let row = access_log::Model {
            id,
            version: 1,
            at,
            person_id,
            role,
            organisation_id,
            owner_id,
            object,
            request_id,
        };
        self.upkeep(move |tx| Box::pin(async move { tx.insert_quietly::<access_log::Entity>(row).await }))
            .await
    }

    /// Who looked at the data of an organisation, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn accesses(
        &self,
        owner: Uuid,
        request: PageRequest,
    ) -> Result<Page<access_log::Model>, StoreError> {
        self.page_where::<access_log::Entity>(access_log::Column::OwnerId.eq(owner), request).await
    }
}
