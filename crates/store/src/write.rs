//! The one way to change something: [`Store::write`].
//!
//! Every change passes one writer task. It runs the works that wait, each in a savepoint of its own, and commits
//! them together: at most 256, or what comes in 5 ms. The rows, the audit leaves and the outbox are one transaction;
//! the audit file is synced before it commits. A caller hears `Ok` only after the commit.

mod writer;

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use sea_orm::sea_query::{Alias, Expr, ExprTrait};
use sea_orm::{ActiveModelTrait, ConnectionTrait, DatabaseTransaction, IntoActiveModel, QueryFilter};
use serde::Serialize;
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::audit::{Actor, Entry, Moment};
use crate::entity::{Record, Row, work::outbox};
use crate::hash::Sha256;
use crate::id::IdMaker;
use crate::{Store, StoreError, Timestamp, canonical};

pub(crate) use writer::{ROWS, Savepoint, Writer, start, system};

/// What a caller wants done.
type Run = Box<dyn for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<(), StoreError>> + Send>;

/// One work on its way to the writer.
pub(crate) struct Work {
    run: Run,
    actor: Arc<Actor>,
    kind: Kind,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// What the writer expects of a work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A change, which leaves at least one audit entry.
    Audited,
    /// Bookkeeping of queues and doors that has no entry of its own.
    Upkeep,
    /// The head of the tree is to be signed.
    Checkpoint,
}

/// The transaction of one work.
pub struct Tx {
    conn: Arc<DatabaseTransaction>,
    actor: Arc<Actor>,
    ids: Arc<IdMaker>,
    at: Moment,
    entries: Vec<Entry>,
    outbox: Vec<outbox::Model>,
    /// A row changed on which rights rest.
    rights: bool,
}

impl Store {
    /// Does `work` in a transaction, all or nothing, and answers when it is durable. `work` passes on every
    /// error of the transaction that it meets: going on after one is undefined.
    ///
    /// ```
    /// # use bulwark_store::{Actor, NewOrganisation, Store, StoreError};
    /// async fn enter(store: &Store, actor: &Actor, new: NewOrganisation) -> Result<(), StoreError> {
    ///     let row = store.write(actor, |tx| Box::pin(async move { tx.add_organisation(new).await })).await?;
    ///     assert_eq!(row.version, 1);
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// What `work` returns, or why it could not be stored: [`StoreError::Unaudited`] when it changed something
    /// without an entry, [`StoreError::AuditUnavailable`], [`StoreError::DiskFull`], [`StoreError::Busy`].
    pub async fn write<T, F>(&self, actor: &Actor, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.send(actor, Kind::Audited, work).await
    }

    /// Bookkeeping without an audit entry: leases of jobs, what was sent, who looked at what.
    pub(crate) async fn upkeep<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.send(&Actor::system("upkeep"), Kind::Upkeep, work).await
    }

    /// Signs the head of the audit tree now.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn checkpoint(&self) -> Result<(), StoreError> {
        self.send(&Actor::system("checkpoint"), Kind::Checkpoint, |_| Box::pin(async { Ok(()) })).await
    }

    async fn send<T, F>(&self, actor: &Actor, kind: Kind, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (done, answer) = oneshot::channel();
        let slot = Arc::new(Mutex::new(None));
        let result = Arc::clone(&slot);
        let run: Run = Box::new(move |tx| {
            let work = work(tx);
            Box::pin(async move {
                let value = work.await?;
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                Ok(())
            })
        });
        let work = Work { run, actor: Arc::new(actor.clone()), kind, done };
        self.writer()?.send(work).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)??;
        let value = result.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.ok_or(StoreError::Closed)
    }
}

impl Tx {
    /// The time of this transaction.
    pub const fn now(&self) -> Timestamp {
        self.at.time
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// A new id.
    ///
    /// # Errors
    /// [`StoreError::Random`].
    pub fn new_id(&self) -> Result<Uuid, StoreError> {
        self.ids.next(self.at.time)
    }

    /// Records an act. Inserts, updates and deletions of rows record themselves.
    pub fn audit(&mut self, action: &str, object: &str, before: Option<Sha256>, after: Option<Sha256>) {
        self.audit_of(None, action, object, before, after);
    }

    /// Records an act in the matter of an organisation, which finds it in its own list of the log.
    pub fn audit_of(
        &mut self,
        owner: Option<Uuid>,
        action: &str,
        object: &str,
        before: Option<Sha256>,
        after: Option<Sha256>,
    ) {
        self.entries.push(Entry {
            action: action.to_owned(),
            object: object.to_owned(),
            owner,
            before,
            after,
        });
    }

    /// Puts a message into the outbox.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] when the payload has no canonical form.
    pub fn emit<T: Serialize>(&mut self, topic: &str, payload: &T) -> Result<(), StoreError> {
        let payload = canonical::to_string(payload)?;
        let id = self.new_id()?;
        let topic = topic.to_owned();
        self.outbox.push(outbox::Model {
            id,
            version: 1,
            topic,
            payload,
            created_at: self.at.time,
            sent_at: None,
        });
        Ok(())
    }

    /// The row with this id.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn get<E: Record>(&self, id: Uuid) -> Result<E::Model, StoreError> {
        get::<E, _>(&*self.conn, id).await
    }

    /// Inserts a row as version 1 and records `KIND.create`.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`], [`StoreError::Reference`].
    pub async fn insert<E: Record>(&mut self, mut row: E::Model) -> Result<E::Model, StoreError> {
        row.set_version(1);
        let after = canonical::hash(&row)?;
        self.insert_quietly::<E>(row.clone()).await?;
        self.audit_of(row.owner(), &format!("{}.create", E::KIND), &object::<E>(row.id()), None, Some(after));
        Ok(row)
    }

    /// Writes a changed row back and records `KIND.ACT`. The row carries the version that it was read with.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was changed in between, [`StoreError::NotFound`].
    pub async fn update<E: Record>(&mut self, act: &str, row: E::Model) -> Result<E::Model, StoreError> {
        let before = canonical::hash(&self.checked::<E>(row.id(), row.version()).await?)?;
        let row = self.update_quietly::<E>(row).await?;
        let after = canonical::hash(&row)?;
        let (action, object) = (format!("{}.{act}", E::KIND), object::<E>(row.id()));
        self.audit_of(row.owner(), &action, &object, Some(before), Some(after));
        Ok(row)
    }

    /// Deletes a row and records `KIND.delete`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`], [`StoreError::NotFound`], [`StoreError::Reference`].
    pub async fn delete<E: Record>(&mut self, id: Uuid, version: i64) -> Result<(), StoreError> {
        self.rights |= on_rights(E::KIND);
        let old = self.checked::<E>(id, version).await?;
        let before = canonical::hash(&old)?;
        E::delete_many().filter(is(id, version)).exec(&*self.conn).await?;
        let (action, object) = (format!("{}.delete", E::KIND), object::<E>(id));
        self.audit_of(old.owner(), &action, &object, Some(before), None);
        Ok(())
    }

    pub(crate) fn conn(&self) -> &DatabaseTransaction {
        &self.conn
    }

    /// Inserts without an entry, for rows that record other acts or belong to one that is recorded.
    pub(crate) async fn insert_quietly<E: Record>(&mut self, row: E::Model) -> Result<(), StoreError> {
        self.rights |= on_rights(E::KIND);
        let row = row.into_active_model().reset_all();
        E::insert(row).exec_without_returning(&*self.conn).await?;
        Ok(())
    }

    /// As [`Tx::insert_quietly`], many at once; at most [`ROWS`].
    pub(crate) async fn insert_many_quietly<E: Record>(
        &mut self,
        rows: &[E::Model],
    ) -> Result<(), StoreError> {
        self.rights |= on_rights(E::KIND);
        let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
        E::insert_many(rows).exec_without_returning(&*self.conn).await?;
        Ok(())
    }

    /// Writes back without an entry; the version decides.
    pub(crate) async fn update_quietly<E: Record>(
        &mut self,
        mut row: E::Model,
    ) -> Result<E::Model, StoreError> {
        self.rights |= on_rights(E::KIND);
        let read = row.version();
        row.set_version(read + 1);
        let set = row.clone().into_active_model().reset_all();
        let done = E::update_many().set(set).filter(is(row.id(), read)).exec(&*self.conn).await?;
        if done.rows_affected == 0 {
            self.checked::<E>(row.id(), read).await?;
            return Err(StoreError::NotFound { kind: E::KIND, id: row.id().to_string() });
        }
        Ok(row)
    }

    /// The row, if it still has this version.
    async fn checked<E: Record>(&self, id: Uuid, version: i64) -> Result<E::Model, StoreError> {
        let row = self.get::<E>(id).await?;
        if row.version() != version {
            let (mine, theirs) = (version, row.version());
            return Err(StoreError::Conflict { kind: E::KIND, id: id.to_string(), mine, theirs });
        }
        Ok(row)
    }
}

/// The row with this id, from whichever connection.
pub(crate) async fn get<E: Record, C: ConnectionTrait>(conn: &C, id: Uuid) -> Result<E::Model, StoreError> {
    let row = E::find().filter(Expr::col(Alias::new("id")).eq(id)).one(conn).await?;
    row.ok_or_else(|| StoreError::NotFound { kind: E::KIND, id: id.to_string() })
}

/// Tables from which it follows who may do what.
fn on_rights(kind: &str) -> bool {
    const TABLES: [&str; 7] =
        ["session", "api_token", "person", "role_grant", "organisation", "organisation_path", "break_glass"];
    TABLES.contains(&kind)
}

/// How a row is called in the audit log: `kind/id`.
pub fn object<E: Record>(id: Uuid) -> String {
    format!("{}/{id}", E::KIND)
}

fn is(id: Uuid, version: i64) -> sea_orm::sea_query::SimpleExpr {
    Expr::col(Alias::new("id")).eq(id).and(Expr::col(Alias::new("version")).eq(version))
}
