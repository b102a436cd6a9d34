//! Proof for someone who has neither the database nor this program: the leaves of one object, the way from each to a
//! signed root, and the root. `tools/audit-verify` checks it.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};

use super::checkpoint::Checkpoint;
use super::log::hashes;
use crate::entity::audit;
use crate::hash::{Nodes, hex};
use crate::{Store, StoreError};

/// Leaves of one object in one proof.
const LIMIT: u64 = 1000;

impl Store {
    /// The newest signed root, to be kept outside this machine.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn newest_checkpoint(&self) -> Result<Option<String>, StoreError> {
        let newest = audit::checkpoint::Entity::find().order_by_desc(audit::checkpoint::Column::Size);
        Ok(newest.one(self.reader()).await?.map(|row| row.note))
    }
}

/// The proof that these acts on `object` (`kind/id`) are in the log, up to the newest signed root.
///
/// # Errors
/// [`StoreError::NotFound`] when no leaf under a signed root names the object; [`StoreError::AuditMismatch`] when the
/// newest root is not signed by the key of this log or does not fit.
pub async fn prove(store: &Store, name: &str) -> Result<Value, StoreError> {
    let of = Condition::all().add(audit::leaf::Column::Object.eq(name));
    proof(store, of, &|| StoreError::NotFound { kind: "audit_leaf", id: name.to_owned() }).await
}

/// The proof of one leaf alone, for someone who may see this one and perhaps not the others of its object.
///
/// # Errors
/// As [`prove`].
pub async fn prove_leaf(store: &Store, seq: i64) -> Result<Value, StoreError> {
    let of = Condition::all().add(audit::leaf::Column::Seq.eq(seq));
    proof(store, of, &|| StoreError::NotFound { kind: "audit_leaf", id: seq.to_string() }).await
}

/// The proof of the leaves `of` one object.
async fn proof(
    store: &Store,
    of: Condition,
    missing: &(dyn Fn() -> StoreError + Sync),
) -> Result<Value, StoreError> {
    let note = store.newest_checkpoint().await?.ok_or_else(missing)?;
    let key = store.audit_public_key();
    let wrong = || StoreError::AuditMismatch("the newest signed root does not fit".into());
    let root = Checkpoint::verify(&note, &key).ok_or_else(wrong)?;
    let size = i64::try_from(root.size).map_err(|_| wrong())?;
    let rows = audit::leaf::Entity::find()
        .filter(of)
        .filter(audit::leaf::Column::Seq.lt(size))
        .order_by_asc(audit::leaf::Column::Seq)
        .limit(LIMIT)
        .all(store.reader())
        .await?;
    let object = rows.first().map(|row| row.object.clone()).ok_or_else(missing)?;
    let nodes = Nodes::new(hashes(store.reader(), root.size).await?);
    if nodes.root() != root.root {
        return Err(wrong());
    }
    let leaves: Vec<Value> = rows
        .into_iter()
        .map(|row| {
            let path = usize::try_from(row.seq).map(|seq| nodes.path(seq)).unwrap_or_default();
            let path: Vec<String> = path.iter().map(ToString::to_string).collect();
            json!({ "seq": row.seq, "leaf": row.leaf, "path": path })
        })
        .collect();
    Ok(json!({
        "format": "bulwark-audit-proof-1",
        "object": object,
        "public_key": hex(&key),
        "checkpoint": note,
        "leaves": leaves,
    }))
}
