//! The task behind [`crate::Store::write`].

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, IntoActiveModel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::{mpsc, oneshot};

use super::{Kind, Tx, Work};
use crate::audit::log::{Log, Stamped};
use crate::audit::{Actor, Moment};
use crate::entity::work::outbox;
use crate::id::IdMaker;
use crate::{Config, StoreError, Timestamp};

/// Works in one commit.
const GROUP: usize = 256;
/// How long a commit waits for more works in all. Those that are there already are taken without waiting.
const COLLECT: Duration = Duration::from_millis(5);
/// How long a commit waits for the next work when the last one had more.
const LINGER: Duration = Duration::from_millis(1);
/// Works that may wait before callers do.
const QUEUE: usize = 1024;
/// Rows in one insert, within the limits of parameters of both databases.
pub(crate) const ROWS: usize = 200;

/// What the task owns.
pub(crate) struct Writer {
    pub config: Config,
    pub connection: DatabaseConnection,
    /// The connection failed, and what it believes about its transaction may be wrong.
    pub broken: bool,
    pub log: Log,
    pub ids: Arc<IdMaker>,
    pub commits: Arc<AtomicU64>,
    pub rights_epoch: Arc<AtomicU64>,
    pub last_mono_us: u64,
    /// Works in the last commit.
    pub last_size: usize,
    pub savepoint: Savepoint,
}

/// The savepoint inside the transaction; the commit ends it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Savepoint {
    /// None was set yet.
    None,
    /// A work wrote after it.
    Used,
    /// A work was undone up to it.
    Clean,
}

/// A work that ran well and waits for the commit.
struct Ran {
    done: oneshot::Sender<Result<(), StoreError>>,
    stamped: Vec<Stamped>,
    outbox: Vec<outbox::Model>,
    checkpoint: bool,
    rights: bool,
}

/// Starts the task. It ends when every sender is gone.
pub(crate) fn start(mut writer: Writer) -> (mpsc::Sender<Work>, tokio::task::JoinHandle<()>) {
    let (sender, mut queue) = mpsc::channel(QUEUE);
    let task = tokio::spawn(async move {
        while let Some(first) = queue.recv().await {
            writer.group(first, &mut queue).await;
        }
        writer.log.close().await;
        let _ = writer.connection.close().await;
    });
    (sender, task)
}

impl Writer {
    /// Collects works into one transaction and commits it.
    async fn group(&mut self, first: Work, queue: &mut mpsc::Receiver<Work>) {
        let group = match self.begin().await {
            Ok(group) => Arc::new(group),
            Err(error) => {
                self.failed();
                // The database is away or locked: those who wait need not wait for it one after the other.
                let _ = first.done.send(Err(error.clone()));
                while let Ok(work) = queue.try_recv() {
                    let _ = work.done.send(Err(error.clone()));
                }
                return;
            }
        };
        let mut ran = Vec::new();
        let mut count = 0;
        let mut next = Some(first);
        let until = tokio::time::sleep(COLLECT);
        tokio::pin!(until);
        while let Some(work) = next.take() {
            if let Err((error, done)) = self.run(&group, work, &mut ran).await {
                // The transaction itself is lost, and with it every work in it.
                let _ = done.send(Err(error.clone()));
                self.failed();
                if let Some(group) = Arc::into_inner(group) {
                    let _ = group.rollback().await;
                }
                return answer(ran, &Err(error));
            }
            count += 1;
            if count >= GROUP {
                break;
            }
            next = match queue.try_recv() {
                Ok(work) => Some(work),
                Err(_) if count < self.last_size => tokio::select! {
                    biased;
                    work = queue.recv() => work,
                    () = &mut until => None,
                    () = tokio::time::sleep(LINGER) => None,
                },
                Err(_) => None,
            };
        }
        self.last_size = count;
        let result = match Arc::into_inner(group) {
            Some(group) => self.commit(group, &mut ran).await,
            None => Err(StoreError::Closed),
        };
        if result.is_err() {
            self.failed();
        }
        answer(ran, &result);
    }

    async fn begin(&mut self) -> Result<DatabaseTransaction, StoreError> {
        if self.broken {
            let _ = self.connection.close_by_ref().await;
            self.connection = crate::db::connect(&self.config, 1, false).await?;
            self.broken = false;
        }
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let group = self.connection.begin_with_options(options).await?;
        self.log.catch_up(&group).await?;
        self.savepoint = Savepoint::None;
        Ok(group)
    }

    /// Runs one work in a savepoint. `Err` only when the whole transaction cannot go on.
    async fn run(
        &mut self,
        group: &Arc<DatabaseTransaction>,
        work: Work,
        ran: &mut Vec<Ran>,
    ) -> Result<(), (StoreError, oneshot::Sender<Result<(), StoreError>>)> {
        let Work { run, actor, kind, done } = work;
        // One call a work: the savepoint of the work before is given up together with the new one.
        let sql = match self.savepoint {
            Savepoint::None => "SAVEPOINT work",
            Savepoint::Used => "RELEASE SAVEPOINT work; SAVEPOINT work",
            Savepoint::Clean => "",
        };
        if !sql.is_empty()
            && let Err(error) = group.execute_unprepared(sql).await
        {
            return Err((error.into(), done));
        }
        self.savepoint = Savepoint::Used;
        let conn = Arc::clone(group);
        let at = self.moment();
        let (entries, messages) = (Vec::new(), Vec::new());
        let mut tx =
            Tx { conn, actor, ids: Arc::clone(&self.ids), at, entries, outbox: messages, rights: false };
        let result = AssertUnwindSafe(async { run(&mut tx).await }).catch_unwind().await;
        let result = result.unwrap_or(Err(StoreError::Panicked));
        let Tx { actor, entries, outbox, rights, .. } = tx;
        let result = result.and_then(|()| {
            if kind == Kind::Audited && entries.is_empty() { Err(StoreError::Unaudited) } else { Ok(()) }
        });
        match result {
            Ok(()) => {
                let stamped = entries
                    .into_iter()
                    .map(|entry| Stamped { at, actor: Arc::clone(&actor), entry })
                    .collect();
                ran.push(Ran { done, stamped, outbox, checkpoint: kind == Kind::Checkpoint, rights });
                Ok(())
            }
            Err(error) => {
                let fatal = matches!(error, StoreError::DiskFull | StoreError::Corrupt(_));
                if group.execute_unprepared("ROLLBACK TO SAVEPOINT work").await.is_err() || fatal {
                    return Err((error, done));
                }
                self.savepoint = Savepoint::Clean;
                let _ = done.send(Err(error));
                Ok(())
            }
        }
    }

    /// Writes messages and audit leaves, syncs the file, commits.
    async fn commit(&mut self, group: DatabaseTransaction, ran: &mut [Ran]) -> Result<(), StoreError> {
        if ran.is_empty() {
            return Ok(group.rollback().await?);
        }
        // Fails when the database has ended the transaction on its own: nothing may be written after that.
        group.execute_unprepared("RELEASE SAVEPOINT work").await?;
        let messages: Vec<_> = ran.iter_mut().flat_map(|ran| std::mem::take(&mut ran.outbox)).collect();
        for rows in messages.chunks(ROWS) {
            let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
            outbox::Entity::insert_many(rows).exec_without_returning(&group).await?;
        }
        let stamped = ran.iter_mut().flat_map(|ran| std::mem::take(&mut ran.stamped)).collect();
        let checkpoint = ran.iter().any(|ran| ran.checkpoint);
        let written = match self.log.append(&group, stamped, checkpoint).await {
            Ok(()) => group.commit().await.map_err(StoreError::from),
            Err(error) => {
                let _ = group.rollback().await;
                Err(error)
            }
        };
        if written.is_ok() {
            self.commits.fetch_add(1, Ordering::Relaxed);
            if ran.iter().any(|ran| ran.rights) {
                self.rights_epoch.fetch_add(1, Ordering::Release);
            }
            self.log.committed();
        }
        written
    }

    /// After a failure of the transaction itself. SQLite may have ended it on its own (disk full) while the library
    /// still counts it as open; a "commit" on such a connection would commit nothing. So it is not used again.
    fn failed(&mut self) {
        self.broken = true;
        self.log.failed();
    }

    /// Now, by both clocks; the monotonic one never repeats.
    fn moment(&mut self) -> Moment {
        self.last_mono_us = (self.config.mono)().max(self.last_mono_us + 1);
        Moment { time: Timestamp::from(self.config.clock.now()), mono_us: self.last_mono_us }
    }
}

/// Tells everyone how the commit went.
fn answer(ran: Vec<Ran>, result: &Result<(), StoreError>) {
    for ran in ran {
        // A caller that went away is no trouble: its work is done.
        let _ = ran.done.send(result.clone());
    }
}

/// What the platform records on its own account.
pub(crate) fn system(at: Moment, action: &str, object: &str) -> Stamped {
    let entry = crate::audit::Entry {
        action: action.to_owned(),
        object: object.to_owned(),
        owner: None,
        before: None,
        after: None,
    };
    Stamped { at, actor: Arc::new(Actor::system("store")), entry }
}
