//! What is kept no longer than its rule says.

use bulwark_model::RetentionClass;
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use crate::entity::access::{access_log, link, once, session};
use crate::entity::work::{job, outbox};
use crate::{Actor, Store, StoreError, Timestamp};

impl Store {
    /// Deletes what a class has from before a moment; records how much, in one audit entry.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn apply_retention(
        &self,
        actor: &Actor,
        class: RetentionClass,
        before: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(actor, move |tx| {
            Box::pin(async move {
                let conn = tx.conn();
                let gone = match class {
                    RetentionClass::Session => {
                        let ended = Condition::any()
                            .add(session::Column::RevokedAt.lt(before))
                            .add(session::Column::ExpiresAt.lt(before));
                        session::Entity::delete_many().filter(ended).exec(conn).await?
                    }
                    RetentionClass::Link => {
                        let ended = Condition::any()
                            .add(link::Column::UsedAt.lt(before))
                            .add(link::Column::ExpiresAt.lt(before));
                        link::Entity::delete_many().filter(ended).exec(conn).await?
                    }
                    RetentionClass::Once => {
                        once::Entity::delete_many().filter(once::Column::CreatedAt.lt(before)).exec(conn).await?
                    }
                    RetentionClass::Outbox => {
                        outbox::Entity::delete_many().filter(outbox::Column::SentAt.lt(before)).exec(conn).await?
                    }
                    RetentionClass::Job => {
                        let done = Condition::all()
                            .add(job::Column::State.eq("done"))
                            .add(job::Column::RunAt.lt(before));
                        job::Entity::delete_many().filter(done).exec(conn).await?
                    }
                    RetentionClass::AccessLog => {
                        access_log::Entity::delete_many().filter(access_log::Column::At.lt(before)).exec(conn).await?
                    }
                };
                let object = format!("retention/{}", class.code());
                let after = crate::canonical::hash(&(before, gone.rows_affected))?;
                tx.audit("retention.apply", &object, None, Some(after));
                Ok(gone.rows_affected)
            })
        })
        .await
    }
}
