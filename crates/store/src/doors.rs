//! Sessions, tokens of programs, one-time links, and the list of who looked at what. Tokens are shown once and stored as
//! hashes: 256 random bits need no slow hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::entity::access::{access_log, api_token, link, once, session};
use crate::hash::Sha256;
use crate::{Actor, MAX_ROWS, Store, StoreError, Timestamp, Tx};

/// A log-in to record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    /// Who.
    pub person: Uuid,
    /// The acting role.
    pub role: String,
    /// The acting organisation.
    pub organisation: Uuid,
    /// `passkey`, `password`, `oidc` or `link`.
    pub method: String,
    /// Browser and system.
    pub agent: String,
    /// Whether the person proved presence just now; a provider may vouch for a log-in of this morning.
    pub fresh: bool,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A token to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiToken {
    /// For whom.
    pub person: Uuid,
    /// The acting role.
    pub role: String,
    /// The acting organisation.
    pub organisation: Uuid,
    /// Name given by the person.
    pub label: String,
    /// Acts allowed, separated by spaces.
    pub scope: String,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

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

/// How far a clock that is kept right may step back without ending anybody's session.
const STEP_MS: i64 = 60_000;

/// Whether what was opened at `from` and ends at `until` is open at `now`. What was opened in the future was opened by a
/// clock that was wrong, and would stay open for longer than it may.
pub fn open_at(from: Timestamp, until: Timestamp, now: Timestamp) -> bool {
    now < until && from <= now.plus_ms(STEP_MS)
}

impl Tx {
    /// Opens a session for a person who has proven who they are.
    ///
    /// # Errors
    /// [`StoreError::Reference`] for an unknown person or organisation.
    pub async fn open_session(&mut self, new: NewSession) -> Result<(session::Model, Token), StoreError> {
        let (id, token, now) = (self.new_id()?, Token::new()?, self.now());
        let NewSession {
            person: person_id,
            role,
            organisation: organisation_id,
            method,
            agent,
            fresh,
            expires_at,
        } = new;
        let row = session::Model {
            id,
            version: 1,
            token_hash: hash(token.reveal()),
            person_id,
            role,
            organisation_id,
            method,
            agent,
            created_at: now,
            seen_at: now,
            expires_at,
            step_up_at: fresh.then_some(now),
            revoked_at: None,
        };
        Ok((self.insert::<session::Entity>(row).await?, token))
    }

    /// Goes on in another of the person's roles.
    ///
    /// # Errors
    /// [`StoreError::Conflict`].
    pub async fn act_as(
        &mut self,
        mut row: session::Model,
        role: &str,
        organisation: Uuid,
    ) -> Result<session::Model, StoreError> {
        (row.role, row.organisation_id) = (role.to_owned(), organisation);
        self.update::<session::Entity>("act_as", row).await
    }

    /// Ends every open session of a person but one.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn revoke_sessions_of(&mut self, person: Uuid, but: Option<Uuid>) -> Result<u64, StoreError> {
        let open = session::Entity::find()
            .filter(session::Column::PersonId.eq(person))
            .filter(session::Column::RevokedAt.is_null());
        let mut ended = 0;
        for row in open.all(self.conn()).await? {
            if Some(row.id) != but {
                self.revoke_session(row).await?;
                ended += 1;
            }
        }
        Ok(ended)
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
        new: NewApiToken,
    ) -> Result<(api_token::Model, Token), StoreError> {
        let (id, token, created_at) = (self.new_id()?, Token::new()?, self.now());
        let NewApiToken { person: person_id, role, organisation: organisation_id, label, scope, expires_at } =
            new;
        let row = api_token::Model {
            id,
            version: 1,
            token_hash: hash(token.reveal()),
            person_id,
            role,
            organisation_id,
            label,
            scope,
            created_at,
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

    /// Ends every token of a person that is valid: whoever lost the ways in may have lost these, too.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn revoke_api_tokens_of(&mut self, person: Uuid) -> Result<(), StoreError> {
        let open = api_token::Entity::find()
            .filter(api_token::Column::PersonId.eq(person))
            .filter(api_token::Column::RevokedAt.is_null());
        for row in open.all(self.conn()).await? {
            self.revoke_api_token(row).await?;
        }
        Ok(())
    }

    /// Makes a link that opens an account once, and calls back those made before.
    ///
    /// # Errors
    /// [`StoreError::Reference`].
    pub async fn make_link(
        &mut self,
        person_id: Uuid,
        purpose: &str,
        expires_at: Timestamp,
    ) -> Result<(link::Model, Token), StoreError> {
        let open = link::Entity::find()
            .filter(link::Column::PersonId.eq(person_id))
            .filter(link::Column::UsedAt.is_null());
        for mut row in open.all(self.conn()).await? {
            row.used_at = Some(self.now());
            self.update::<link::Entity>("call_back", row).await?;
        }
        let (id, token) = (self.new_id()?, Token::new()?);
        let row = link::Model {
            id,
            version: 1,
            token_hash: hash(token.reveal()),
            person_id,
            purpose: purpose.to_owned(),
            created_at: self.now(),
            expires_at,
            used_at: None,
        };
        Ok((self.insert::<link::Entity>(row).await?, token))
    }

    /// Takes a link; it works once.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for one that is unknown, used or out of date: which, a stranger is not told.
    pub async fn take_link(&mut self, token: &str) -> Result<link::Model, StoreError> {
        let found = link::Entity::find().filter(link::Column::TokenHash.eq(hash(token)));
        let found = found.one(self.conn()).await?;
        let now = self.now();
        let open = found.filter(|row| row.used_at.is_none() && open_at(row.created_at, row.expires_at, now));
        let missing = || StoreError::NotFound { kind: "link", id: "?".into() };
        let mut row = open.ok_or_else(missing)?;
        row.used_at = Some(now);
        self.update::<link::Entity>("take", row).await
    }

    /// Enters a form by its token. `Some` when it was entered before: where that sending led to; do nothing then. A form
    /// without a token is entered each time.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn once(
        &mut self,
        person: Uuid,
        form: &str,
        location: &str,
    ) -> Result<Option<String>, StoreError> {
        if form.is_empty() {
            return Ok(None);
        }
        let key_hash = Sha256::of_parts(&[person.as_bytes(), form.as_bytes()]).to_string();
        let found = once::Entity::find().filter(once::Column::KeyHash.eq(&key_hash)).one(self.conn()).await?;
        if let Some(row) = found {
            return Ok(Some(row.location));
        }
        let (id, created_at) = (self.new_id()?, self.now());
        let row = once::Model { id, version: 1, key_hash, location: location.to_owned(), created_at };
        self.insert_quietly::<once::Entity>(row).await?;
        Ok(None)
    }
}

impl Store {
    /// The session of a token, if it is open now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn session(&self, token: &str) -> Result<Option<session::Model>, StoreError> {
        let found = session::Entity::find().filter(session::Column::TokenHash.eq(hash(token)));
        let (found, now) = (found.one(self.reader()).await?, self.now());
        Ok(found.filter(|row| row.revoked_at.is_none() && open_at(row.created_at, row.expires_at, now)))
    }

    /// Notes that a session is in use, without an entry in the audit log.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn seen(&self, session: Uuid) -> Result<(), StoreError> {
        self.upkeep(move |tx| {
            Box::pin(async move {
                session::Entity::update_many()
                    .col_expr(session::Column::SeenAt, Expr::value(tx.now().as_micros()))
                    .filter(session::Column::Id.eq(session))
                    .exec(tx.conn())
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// Sessions of a person that are open now, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn sessions_of(&self, person: Uuid) -> Result<Vec<session::Model>, StoreError> {
        let open = session::Entity::find()
            .filter(session::Column::PersonId.eq(person))
            .filter(session::Column::RevokedAt.is_null())
            .filter(session::Column::ExpiresAt.gt(self.now()))
            .order_by_desc(session::Column::Id)
            .limit(MAX_ROWS);
        Ok(open.all(self.reader()).await?)
    }

    /// The log-in of a person before this one, over or not.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn session_before(&self, row: &session::Model) -> Result<Option<session::Model>, StoreError> {
        let before = session::Entity::find()
            .filter(session::Column::PersonId.eq(row.person_id))
            .filter(session::Column::Id.lt(row.id))
            .order_by_desc(session::Column::Id);
        Ok(before.one(self.reader()).await?)
    }

    /// Tokens of a person's programs, valid or not, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn api_tokens_of(&self, person: Uuid) -> Result<Vec<api_token::Model>, StoreError> {
        let found = api_token::Entity::find()
            .filter(api_token::Column::PersonId.eq(person))
            .order_by_desc(api_token::Column::Id)
            .limit(MAX_ROWS);
        Ok(found.all(self.reader()).await?)
    }

    /// The account a link opens, if it may be taken now; looking does not take it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn link(&self, token: &str) -> Result<Option<link::Model>, StoreError> {
        let found = link::Entity::find().filter(link::Column::TokenHash.eq(hash(token)));
        let (found, now) = (found.one(self.reader()).await?, self.now());
        Ok(found.filter(|row| row.used_at.is_none() && open_at(row.created_at, row.expires_at, now)))
    }

    /// The row of a program's token, if it is valid now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn api_token(&self, token: &str) -> Result<Option<api_token::Model>, StoreError> {
        let found = api_token::Entity::find().filter(api_token::Column::TokenHash.eq(hash(token)));
        let (found, now) = (found.one(self.reader()).await?, self.now());
        Ok(found.filter(|row| row.revoked_at.is_none() && open_at(row.created_at, row.expires_at, now)))
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
}
