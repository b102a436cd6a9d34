//! The last verification of the log, for the page that shows it. The entry in the log says who had it done; the report
//! itself is kept beside it, as it would grow the log with each look.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::leaf::Actor;
use super::verify::Report;
use crate::entity::work::setting;
use crate::{Store, StoreError, Timestamp, canonical};

/// Where the last report is kept.
const KEY: &str = "audit.verified";

/// A verification that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// When it ended.
    pub at: Timestamp,
    /// Who had it done; empty when the platform did it on its own.
    pub by: Option<Uuid>,
    /// What it found.
    pub report: Report,
}

impl Store {
    /// Keeps a report as the last one and records that the log was verified.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn keep_verification(&self, actor: &Actor, report: Report) -> Result<Verified, StoreError> {
        self.write(actor, move |tx| {
            Box::pin(async move {
                let verified = Verified { at: tx.now(), by: tx.actor().person, report };
                let value = canonical::to_string(&verified)?;
                let found =
                    setting::Entity::find().filter(setting::Column::Key.eq(KEY)).one(tx.conn()).await?;
                if let Some(row) = found {
                    tx.update_quietly::<setting::Entity>(setting::Model { value, ..row }).await?;
                } else {
                    let row = setting::Model { id: tx.new_id()?, version: 1, key: KEY.to_owned(), value };
                    tx.insert_quietly::<setting::Entity>(row).await?;
                }
                tx.audit("audit.verify_chain", "audit_log", None, Some(canonical::hash(&verified)?));
                Ok(verified)
            })
        })
        .await
    }

    /// The last verification that was kept.
    ///
    /// # Errors
    /// Those of the database. A report that cannot be read counts as none.
    pub async fn last_verification(&self) -> Result<Option<Verified>, StoreError> {
        Ok(self.setting(KEY).await?.and_then(|row| serde_json::from_str(&row.value).ok()))
    }
}
