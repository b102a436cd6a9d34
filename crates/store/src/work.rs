//! Messages that wait to be sent, settings, and the rows of evidence.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use crate::entity::work::{evidence_object, outbox, setting};
use crate::evidence::Kept;
use crate::{MAX_ROWS, Store, StoreError, Tx, canonical};

impl Store {
    /// The oldest messages that were not handed over yet.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn unsent(&self, limit: u64) -> Result<Vec<outbox::Model>, StoreError> {
        let unsent = outbox::Entity::find()
            .filter(outbox::Column::SentAt.is_null())
            .order_by_asc(outbox::Column::Id)
            .limit(limit.clamp(1, MAX_ROWS));
        Ok(unsent.all(self.reader()).await?)
    }

    /// Notes that messages were handed over. A crash before this sends them again: receivers know them by their id.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn mark_sent(&self, ids: Vec<Uuid>) -> Result<(), StoreError> {
        self.upkeep(move |tx| {
            Box::pin(async move {
                outbox::Entity::update_many()
                    .col_expr(outbox::Column::SentAt, Expr::value(tx.now().as_micros()))
                    .filter(outbox::Column::Id.is_in(ids))
                    .exec(tx.conn())
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// The JSON of a setting, if it was ever set.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn setting(&self, key: &str) -> Result<Option<setting::Model>, StoreError> {
        Ok(setting::Entity::find().filter(setting::Column::Key.eq(key)).one(self.reader()).await?)
    }

    /// Evidence rows that have this content.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn evidence_of(&self, sha256: &str) -> Result<Vec<evidence_object::Model>, StoreError> {
        let found = evidence_object::Entity::find().filter(evidence_object::Column::Sha256.eq(sha256));
        Ok(found.limit(MAX_ROWS).all(self.reader()).await?)
    }
}

impl Tx {
    /// Sets a setting.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] when the value has no canonical form.
    pub async fn set<T: Serialize + Sync>(
        &mut self,
        key: &str,
        value: &T,
    ) -> Result<setting::Model, StoreError> {
        let value = canonical::to_string(value)?;
        let found = setting::Entity::find().filter(setting::Column::Key.eq(key)).one(self.conn()).await?;
        if let Some(row) = found {
            return self.update::<setting::Entity>("set", setting::Model { value, ..row }).await;
        }
        let (id, key) = (self.new_id()?, key.to_owned());
        self.insert::<setting::Entity>(setting::Model { id, version: 1, key, value }).await
    }

    /// Enters a kept piece of evidence.
    ///
    /// # Errors
    /// [`StoreError::Reference`].
    pub async fn add_evidence(
        &mut self,
        organisation_id: Uuid,
        name: &str,
        media_type: &str,
        kept: Kept,
    ) -> Result<evidence_object::Model, StoreError> {
        let size_bytes = i64::try_from(kept.size_bytes)
            .map_err(|_| StoreError::EvidenceTooLarge { limit: i64::MAX.unsigned_abs() })?;
        let row = evidence_object::Model {
            id: self.new_id()?,
            version: 1,
            organisation_id,
            name: name.to_owned(),
            sha256: kept.sha256.to_string(),
            size_bytes,
            media_type: media_type.to_owned(),
            created_at: self.now(),
        };
        self.insert::<evidence_object::Entity>(row).await
    }
}
