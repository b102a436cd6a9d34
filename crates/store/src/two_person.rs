//! Acts that need two people: asked for by one, decided on by another, carried out in the transaction of the decision.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde::Serialize;
use uuid::Uuid;

use crate::entity::two_person::{break_glass, pending_act};
use crate::{Store, StoreError, Timestamp, Tx, canonical};

/// How long a request waits for the second person.
pub const PENDING_MS: i64 = 72 * 3_600_000;

/// A request to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPendingAct<T> {
    /// Code of the act.
    pub action: String,
    /// What it is about, `kind/id`; only one request of an act waits for an object.
    pub object: String,
    /// Whose matter it is.
    pub owner: Uuid,
    /// What is to be done.
    pub payload: T,
    /// Why.
    pub reason: String,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The second person agreed and it was carried out.
    Done,
    /// The second person refused.
    Refused,
    /// The first person took it back.
    Withdrawn,
}

impl Outcome {
    const fn state(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
        }
    }

    const fn act(self) -> &'static str {
        match self {
            Self::Done => "confirm",
            Self::Refused => "refuse",
            Self::Withdrawn => "withdraw",
        }
    }
}

impl Tx {
    /// Enters a request of the person who acts.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] when the same already waits, [`StoreError::BadValue`] when nobody acts.
    pub async fn ask<T: Serialize + Sync + Send>(
        &mut self,
        new: NewPendingAct<T>,
    ) -> Result<pending_act::Model, StoreError> {
        let nobody = || StoreError::BadValue { field: "asked_by".into(), why: "nobody acts".into() };
        let asked_by = self.actor().person.ok_or_else(nobody)?;
        let asked_as = self.actor().role.clone();
        self.expire(&new.action, &new.object).await?;
        let (id, created_at) = (self.new_id()?, self.now());
        self.insert::<pending_act::Entity>(pending_act::Model {
            id,
            version: 1,
            action: new.action,
            object: new.object,
            owner_id: new.owner,
            payload: canonical::to_string(&new.payload)?,
            reason: new.reason,
            asked_by,
            asked_as,
            created_at,
            expires_at: created_at.plus_ms(PENDING_MS),
            state: "waiting".into(),
            decided_by: None,
            decided_at: None,
        })
        .await
    }

    /// Takes requests that nobody decided on in time out of the way of a new one.
    async fn expire(&mut self, action: &str, object: &str) -> Result<(), StoreError> {
        let old = pending_act::Entity::find()
            .filter(pending_act::Column::Action.eq(action))
            .filter(pending_act::Column::Object.eq(object))
            .filter(pending_act::Column::State.eq("waiting"))
            .filter(pending_act::Column::ExpiresAt.lte(self.now()));
        for mut row in old.all(self.conn()).await? {
            row.state = "expired".into();
            self.update::<pending_act::Entity>("expire", row).await?;
        }
        Ok(())
    }

    /// Ends a request.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was decided in between, [`StoreError::BadValue`] when it no longer waits.
    pub async fn decide_act(
        &mut self,
        mut row: pending_act::Model,
        outcome: Outcome,
    ) -> Result<pending_act::Model, StoreError> {
        if row.state != "waiting" || row.expires_at <= self.now() {
            return Err(StoreError::BadValue { field: "state".into(), why: "not waiting".into() });
        }
        outcome.state().clone_into(&mut row.state);
        row.decided_by = self.actor().person;
        row.decided_at = Some(self.now());
        self.update::<pending_act::Entity>(outcome.act(), row).await
    }

    /// Opens an organisation's content to a person, and tells the organisation.
    ///
    /// # Errors
    /// [`StoreError::Reference`].
    pub async fn open_break_glass(
        &mut self,
        owner_id: Uuid,
        person_id: Uuid,
        confirmed_by: Uuid,
        reason: &str,
        valid_until: Timestamp,
    ) -> Result<break_glass::Model, StoreError> {
        let (id, valid_from, reason) = (self.new_id()?, self.now(), reason.to_owned());
        let row = break_glass::Model {
            id,
            version: 1,
            owner_id,
            person_id,
            confirmed_by,
            reason,
            valid_from,
            valid_until,
        };
        let row = self.insert::<break_glass::Entity>(row).await?;
        self.emit("break_glass.opened", &row)?;
        Ok(row)
    }
}

impl Store {
    /// The request of an act about an object that waits for the second person now.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn waiting_act(&self, action: &str, object: &str) -> Result<Option<pending_act::Model>, StoreError> {
        let waiting = pending_act::Entity::find()
            .filter(pending_act::Column::Action.eq(action))
            .filter(pending_act::Column::Object.eq(object))
            .filter(pending_act::Column::State.eq("waiting"))
            .filter(pending_act::Column::ExpiresAt.gt(self.now()));
        Ok(waiting.one(self.reader()).await?)
    }

    /// Emergency accesses to an organisation's content that hold at this moment.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn open_break_glass(&self, owner: Uuid) -> Result<Vec<break_glass::Model>, StoreError> {
        let now = self.now();
        let open = break_glass::Entity::find()
            .filter(break_glass::Column::OwnerId.eq(owner))
            .filter(break_glass::Column::ValidFrom.lte(now))
            .filter(break_glass::Column::ValidUntil.gt(now));
        Ok(open.all(self.reader()).await?)
    }
}
