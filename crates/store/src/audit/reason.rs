//! The words beside the tree: why someone acted.

use sea_orm::EntityTrait;

use super::leaf::Actor;
use crate::entity::audit;
use crate::{Store, StoreError};

impl Store {
    /// The reason of the act in a leaf; `None` when it had none or it was erased.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn reason(&self, seq: i64) -> Result<Option<String>, StoreError> {
        let row = audit::text::Entity::find_by_id(seq).one(self.reader()).await?;
        Ok(row.map(|row| row.text))
    }

    /// Erases the reason of a leaf with its salt, and records that. The tree stays whole, since it holds a salted hash.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; as [`Store::write`].
    pub async fn erase_reason(&self, actor: &Actor, seq: i64) -> Result<(), StoreError> {
        self.write(actor, move |tx| {
            Box::pin(async move {
                let done = audit::text::Entity::delete_by_id(seq).exec(tx.conn()).await?;
                if done.rows_affected == 0 {
                    return Err(StoreError::NotFound { kind: "audit_text", id: seq.to_string() });
                }
                tx.audit("audit_text.erase", &format!("audit_text/{seq}"), None, None);
                Ok(())
            })
        })
        .await
    }
}
