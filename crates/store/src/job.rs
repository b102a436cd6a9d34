//! Jobs: queued in the transaction of the change that needs them, run at least once, never by two at a time.

use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use crate::entity::work::job::{Column, Entity, Model};
use crate::{Store, StoreError, Tx, canonical};

/// Tries of a job before it is put aside.
pub const MAX_ATTEMPTS: i64 = 8;
/// The pause after the first failure; it doubles with each.
const BACKOFF_MS: i64 = 10_000;
/// The longest pause.
const MAX_BACKOFF_MS: i64 = 3_600_000;

impl Tx {
    /// Queues a job of a kind. While an unfinished one with the same `dedup_key` exists, none is added (`None`).
    ///
    /// # Errors
    /// [`StoreError::BadValue`] when the payload has no canonical form.
    pub async fn enqueue<T: Serialize + Sync>(
        &mut self,
        kind: &str,
        payload: &T,
        dedup_key: Option<&str>,
    ) -> Result<Option<Uuid>, StoreError> {
        if let Some(key) = dedup_key {
            let open = Column::State.is_in(["ready", "running"]);
            let same = Condition::all().add(Column::Kind.eq(kind)).add(Column::DedupKey.eq(key)).add(open);
            if Entity::find().filter(same).one(self.conn()).await?.is_some() {
                return Ok(None);
            }
        }
        let id = self.new_id()?;
        self.insert_quietly::<Entity>(Model {
            id,
            version: 1,
            kind: kind.to_owned(),
            payload: canonical::to_string(payload)?,
            dedup_key: dedup_key.map(str::to_owned),
            state: "ready".into(),
            run_at: self.now(),
            attempts: 0,
            max_attempts: MAX_ATTEMPTS,
            worker: None,
            lease_until: None,
            last_error: None,
            created_at: self.now(),
        })
        .await?;
        Ok(Some(id))
    }
}

impl Store {
    /// Takes the next job of these kinds that is due, or one whose worker is silent since its lease ended. It is the
    /// worker's for `lease_ms`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn claim_job(
        &self,
        kinds: &[&str],
        worker: &str,
        lease_ms: i64,
    ) -> Result<Option<Model>, StoreError> {
        let kinds: Vec<String> = kinds.iter().map(|&kind| kind.to_owned()).collect();
        let worker = worker.to_owned();
        self.upkeep(move |tx| {
            Box::pin(async move {
                let now = tx.now();
                let ready = Condition::all().add(Column::State.eq("ready")).add(Column::RunAt.lte(now));
                let silent =
                    Condition::all().add(Column::State.eq("running")).add(Column::LeaseUntil.lt(now));
                loop {
                    let next = Entity::find()
                        .filter(Column::Kind.is_in(kinds.clone()))
                        .filter(Condition::any().add(ready.clone()).add(silent.clone()))
                        .order_by_asc(Column::RunAt)
                        .order_by_asc(Column::Id)
                        .limit(1)
                        .one(tx.conn())
                        .await?;
                    let Some(mut job) = next else { return Ok(None) };
                    if job.attempts >= job.max_attempts {
                        // Its last worker died with it.
                        job.state = "dead".into();
                        job.last_error.get_or_insert_with(|| "the worker fell silent".into());
                        tx.update_quietly::<Entity>(job).await?;
                        continue;
                    }
                    job.state = "running".into();
                    job.attempts += 1;
                    job.worker = Some(worker.clone());
                    job.lease_until = Some(now.plus_ms(lease_ms));
                    match tx.update_quietly::<Entity>(job).await {
                        // Another console was faster.
                        Err(StoreError::Conflict { .. }) => {}
                        claimed => return claimed.map(Some),
                    }
                }
            })
        })
        .await
    }

    /// Keeps a job for another `lease_ms`; returns it with its new version.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the lease was lost to another worker: stop working on it.
    pub async fn heartbeat(&self, mut job: Model, lease_ms: i64) -> Result<Model, StoreError> {
        self.upkeep(move |tx| {
            Box::pin(async move {
                job.lease_until = Some(tx.now().plus_ms(lease_ms));
                tx.update_quietly::<Entity>(job).await
            })
        })
        .await
    }

    /// Puts a job back after a failure, later each time, or aside as dead when it has had its tries.
    ///
    /// # Errors
    /// As [`Store::heartbeat`].
    pub async fn fail_job(&self, mut job: Model, why: &str) -> Result<Model, StoreError> {
        let why = why.to_owned();
        self.upkeep(move |tx| {
            Box::pin(async move {
                job.last_error = Some(why);
                job.lease_until = None;
                job.worker = None;
                job.state = if job.attempts >= job.max_attempts { "dead" } else { "ready" }.into();
                job.run_at = tx.now().plus_ms(backoff_ms(job.attempts));
                tx.update_quietly::<Entity>(job).await
            })
        })
        .await
    }

    /// Jobs that were put aside, newest first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn dead_jobs(&self, request: crate::PageRequest) -> Result<crate::Page<Model>, StoreError> {
        self.page_where::<Entity>(Condition::all().add(Column::State.eq("dead")), request).await
    }
}

impl Tx {
    /// Marks a job as done, in the transaction of its effect: both or neither.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the lease was lost: the effect is undone, too.
    pub async fn finish_job(&mut self, mut job: Model) -> Result<(), StoreError> {
        job.state = "done".into();
        job.lease_until = None;
        self.update_quietly::<Entity>(job).await?;
        Ok(())
    }

    /// Gives a dead job its tries again and records that.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] when it is not dead; [`StoreError::Conflict`].
    pub async fn revive_job(&mut self, mut job: Model) -> Result<Model, StoreError> {
        if job.state != "dead" {
            return Err(StoreError::BadValue { field: "state".into(), why: job.state });
        }
        job.state = "ready".into();
        job.attempts = 0;
        job.run_at = self.now();
        self.update::<Entity>("revive", job).await
    }
}

/// 10 s, 20 s, 40 s … up to an hour.
fn backoff_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
    (BACKOFF_MS << doublings).min(MAX_BACKOFF_MS)
}
