//! Both sinks of the audit log as the writer sees them.

use std::sync::Arc;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Set,
};

use super::checkpoint::{Checkpoint, Signer};
use super::file::{Sink, checkpoint_line, committed_line, void_line};
use super::leaf::{Actor, Entry, Moment, leaf, reason_hash};
use crate::entity::audit;
use crate::hash::{Sha256, Tree, hex, leaf_hash};
use crate::write::{ROWS, system};
use crate::{StoreError, Timestamp};

/// Leaves between two signed roots.
pub const CHECKPOINT_EVERY: u64 = 1000;
/// How far the two clocks may drift apart between two acts before that is recorded.
const JUMP_US: i64 = 5_000_000;

/// An act with its time and actor.
pub(crate) struct Stamped {
    pub at: Moment,
    pub actor: Arc<Actor>,
    pub entry: Entry,
}

/// The tree, its table and its file.
pub(crate) struct Log {
    sink: Option<Sink>,
    signer: Signer,
    tree: Tree,
    /// The tree after the commit under way.
    next: Tree,
    /// Leaves of the file that count.
    file_size: u64,
    /// Leaves that the file may hold; more than `file_size` after a commit that failed.
    file_high: u64,
    /// Leaves that the file confirms.
    confirmed: u64,
    /// Several processes write to this database, or the fate of the last commit is open.
    look_first: bool,
    shared: bool,
    /// Wall clock of the last act, and the monotonic one if that was in this run.
    last: Option<(Timestamp, Option<u64>)>,
}

impl Log {
    /// Opens both sinks and makes them agree; `shared` when other processes may write to the database.
    pub(crate) async fn open<C: ConnectionTrait>(
        conn: &C,
        path: &std::path::Path,
        signer: Signer,
        shared: bool,
    ) -> Result<Self, StoreError> {
        let (sink, tail) = Sink::open(path)?;
        let tree = head(conn).await?;
        let size = tree.size();
        let differ = |why: String| Err(StoreError::AuditMismatch(why));
        if size < tail.committed {
            return differ(format!(
                "the file confirms {} leaves, the database has {size}: it lost the last ones or is an old copy",
                tail.committed
            ));
        }
        let unconfirmed = tail.unconfirmed.len() as u64;
        if size > tail.committed + unconfirmed && !shared {
            return differ(format!(
                "the database has {size} leaves, the file ends after {}: its end was cut",
                tail.committed + unconfirmed
            ));
        }
        let both = leaves(conn, tail.committed, (size - tail.committed).min(unconfirmed)).await?;
        for (row, line) in both.iter().zip(&tail.unconfirmed) {
            if row.leaf != *line {
                return differ(format!("leaf {} differs between database and file", row.seq));
            }
        }
        let last = leaves(conn, size.saturating_sub(1), 1).await?.pop();
        let last = last.and_then(|row| time_of(&row.leaf)).map(|time| (time, None));
        let file_high = tail.committed + unconfirmed;
        let mut log = Self {
            sink: Some(sink),
            signer,
            next: tree.clone(),
            tree,
            file_size: size.min(file_high),
            file_high,
            confirmed: tail.committed,
            look_first: shared,
            shared,
            last,
        };
        log.settle().await?;
        Ok(log)
    }

    /// What must stand in the file before anything new.
    fn debts(&self) -> String {
        let mut lines = String::new();
        if self.file_high > self.file_size {
            lines.push_str(&void_line(self.file_size, self.file_high));
        }
        if self.confirmed < self.file_size {
            lines.push_str(&committed_line(self.file_size));
        }
        lines
    }

    async fn settle(&mut self) -> Result<(), StoreError> {
        self.write(self.debts()).await?;
        (self.file_high, self.confirmed) = (self.file_size, self.file_size);
        Ok(())
    }

    /// At the start of a transaction: takes in what other processes have added, or learns how the last commit ended.
    pub(crate) async fn catch_up<C: ConnectionTrait>(&mut self, conn: &C) -> Result<(), StoreError> {
        if !self.look_first {
            return Ok(());
        }
        crate::db::lock_log(conn).await?;
        let tree = head(conn).await?;
        if tree.size() < self.file_size {
            let why = format!("the file has {} leaves, the database {}", self.file_size, tree.size());
            return Err(StoreError::AuditMismatch(why));
        }
        while self.file_size < tree.size() {
            let rows = leaves(conn, self.file_size, (tree.size() - self.file_size).min(1000)).await?;
            if rows.is_empty() {
                let why = format!("leaf {} is missing from the database", self.file_size);
                return Err(StoreError::AuditMismatch(why));
            }
            let mut lines = self.debts();
            for row in &rows {
                lines.extend([row.leaf.as_str(), "\n"]);
            }
            let size = self.file_size + rows.len() as u64;
            lines.push_str(&committed_line(size));
            self.file_high = self.file_high.max(size);
            self.write(lines).await?;
            (self.file_size, self.file_high, self.confirmed) = (size, size, size);
        }
        self.tree = tree;
        self.look_first = self.shared;
        Ok(())
    }

    /// Writes the leaves to both sinks; the file is synced when this returns.
    pub(crate) async fn append<C: ConnectionTrait>(
        &mut self,
        conn: &C,
        acts: Vec<Stamped>,
        sign: bool,
    ) -> Result<(), StoreError> {
        self.next = self.tree.clone();
        let mut lines = self.debts();
        let (mut rows, mut texts) = (Vec::new(), Vec::new());
        for act in self.with_jumps(acts) {
            let seq = self.next.size();
            let mut hash = None;
            if let Some(reason) = &act.actor.reason {
                let salt = crate::id::random::<16>()?;
                hash = Some(reason_hash(&salt, reason));
                texts.push(audit::text::Model { seq: signed(seq)?, salt: hex(&salt), text: reason.clone() });
            }
            let leaf = leaf(seq, act.at, &act.actor, &act.entry, hash)?;
            let hash = leaf_hash(leaf.as_bytes());
            lines.extend([leaf.as_str(), "\n"]);
            self.next.push(hash);
            let (object, hash) = (act.entry.object, hash.to_string());
            let (owner, actor) = (act.entry.owner.or(act.actor.organisation), act.actor.person);
            rows.push(audit::leaf::Model { seq: signed(seq)?, object, owner, actor, leaf, hash });
        }
        let due = self.next.size() / CHECKPOINT_EVERY > self.tree.size() / CHECKPOINT_EVERY;
        let mut note = None;
        if (due || sign) && self.next.size() > 0 {
            let signed = self.signer.sign(&Checkpoint { size: self.next.size(), root: self.next.root() });
            lines.push_str(&checkpoint_line(&signed));
            note = Some(signed);
        }
        if rows.is_empty() && note.is_none() {
            return Ok(());
        }
        let size = signed(self.next.size())?;
        let peaks = self.next.peaks().iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let table = async {
            for rows in rows.chunks(ROWS) {
                let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
                audit::leaf::Entity::insert_many(rows).exec_without_returning(conn).await?;
            }
            for rows in texts.chunks(ROWS) {
                let rows = rows.iter().map(|row| row.clone().into_active_model().reset_all());
                audit::text::Entity::insert_many(rows).exec_without_returning(conn).await?;
            }
            if let Some(note) = note {
                audit::checkpoint::Entity::delete_by_id(size).exec(conn).await?;
                let row = audit::checkpoint::ActiveModel { size: Set(size), note: Set(note) };
                audit::checkpoint::Entity::insert(row).exec_without_returning(conn).await?;
            }
            audit::head::Entity::update_many()
                .col_expr(audit::head::Column::Size, Expr::value(size))
                .col_expr(audit::head::Column::Peaks, Expr::value(peaks))
                .exec(conn)
                .await?;
            Ok::<(), StoreError>(())
        };
        // The disk works on the file while the database takes the rows.
        self.file_high = self.file_high.max(self.next.size());
        let (file, table) = tokio::join!(self.write(lines), table);
        file?;
        (self.file_high, self.confirmed) = (self.next.size(), self.file_size);
        table
    }

    /// After a commit: the file says so, for the case that the database is ever short of leaves.
    pub(crate) fn committed(&mut self) {
        if self.next.size() == self.tree.size() {
            return;
        }
        self.tree = self.next.clone();
        self.file_size = self.tree.size();
        let line = committed_line(self.file_size);
        if self.sink.as_mut().is_some_and(|sink| sink.append(&line, false).is_ok()) {
            self.confirmed = self.file_size;
        }
    }

    /// After a failure: how the commit ended is asked before the next one.
    pub(crate) fn failed(&mut self) {
        self.next = self.tree.clone();
        self.look_first = true;
    }

    /// Writes what is still owed.
    pub(crate) async fn close(&mut self) {
        // What cannot be written now is settled at the next start.
        let _ = self.settle().await;
    }

    /// Appends to the file on a thread that may wait for the disk.
    async fn write(&mut self, lines: String) -> Result<(), StoreError> {
        if lines.is_empty() {
            return Ok(());
        }
        let gone = || StoreError::audit(std::io::Error::other("the audit file is closed"));
        let mut sink = self.sink.take().ok_or_else(gone)?;
        let task = tokio::task::spawn_blocking(move || {
            let written = sink.append(&lines, true);
            (sink, written)
        });
        let (sink, written) = task.await.map_err(|_| gone())?;
        self.sink = Some(sink);
        written
    }

    /// The acts, with one of our own wherever the wall clock went its own way since the act before.
    fn with_jumps(&mut self, acts: Vec<Stamped>) -> Vec<Stamped> {
        let mut out = Vec::with_capacity(acts.len());
        for act in acts {
            let now = act.at;
            if let Some((time, mono)) = self.last {
                let wall = now.time.as_micros().saturating_sub(time.as_micros());
                let jumped = match mono {
                    Some(mono) => {
                        let ran = i64::try_from(now.mono_us.saturating_sub(mono)).unwrap_or(i64::MAX);
                        wall.saturating_sub(ran).saturating_abs() > JUMP_US
                    }
                    None => wall < -JUMP_US,
                };
                if jumped {
                    out.push(system(now, "clock.jumped", "clock"));
                }
            }
            self.last = Some((now.time, Some(now.mono_us)));
            out.push(act);
        }
        out
    }
}

/// The tree as the database has it.
pub(crate) async fn head<C: ConnectionTrait>(conn: &C) -> Result<Tree, StoreError> {
    let broken = || StoreError::AuditMismatch("the stored head of the tree is damaged".into());
    let row = audit::head::Entity::find_by_id(1).one(conn).await?.ok_or_else(broken)?;
    let peaks: Option<Vec<Sha256>> = row.peaks.split_whitespace().map(|peak| peak.parse().ok()).collect();
    let size = u64::try_from(row.size).map_err(|_| broken())?;
    let tree = Tree::from_peaks(size, peaks.ok_or_else(broken)?).ok_or_else(broken)?;
    let rows = self::size(conn).await?;
    if rows != size {
        return Err(StoreError::AuditMismatch(format!(
            "the database has {rows} leaves, its head says {size}"
        )));
    }
    Ok(tree)
}

/// Number of leaves in the table, counted from its last row.
pub(crate) async fn size<C: ConnectionTrait>(conn: &C) -> Result<u64, StoreError> {
    let last = audit::leaf::Entity::find().order_by_desc(audit::leaf::Column::Seq).one(conn).await?;
    Ok(last.map_or(0, |row| u64::try_from(row.seq).unwrap_or(0) + 1))
}

/// The hashes of the first `size` leaves.
pub(crate) async fn hashes<C: ConnectionTrait>(conn: &C, size: u64) -> Result<Vec<Sha256>, StoreError> {
    let seq = audit::leaf::Column::Seq;
    let mut out: Vec<Sha256> = Vec::new();
    while (out.len() as u64) < size {
        let from = out.len() as u64;
        let rows: Vec<String> = audit::leaf::Entity::find()
            .select_only()
            .column(audit::leaf::Column::Hash)
            .filter(seq.gte(signed(from)?))
            .order_by_asc(seq)
            .limit((size - from).min(10_000))
            .into_tuple()
            .all(conn)
            .await?;
        let gone = || StoreError::AuditMismatch(format!("leaf {from} or one after it is missing or damaged"));
        if rows.is_empty() {
            return Err(gone());
        }
        for hash in rows {
            out.push(hash.parse().map_err(|_| gone())?);
        }
    }
    Ok(out)
}

/// Rows of the table from `from` on.
pub(crate) async fn leaves<C: ConnectionTrait>(
    conn: &C,
    from: u64,
    count: u64,
) -> Result<Vec<audit::leaf::Model>, StoreError> {
    let seq = audit::leaf::Column::Seq;
    let rows = audit::leaf::Entity::find().filter(seq.gte(signed(from)?)).order_by_asc(seq).limit(count);
    Ok(rows.all(conn).await?)
}

fn signed(n: u64) -> Result<i64, StoreError> {
    i64::try_from(n).map_err(|_| StoreError::BadValue { field: "seq".into(), why: n.to_string() })
}

/// When a leaf says that it was.
pub(crate) fn time_of(leaf: &str) -> Option<Timestamp> {
    let leaf: serde_json::Value = serde_json::from_str(leaf).ok()?;
    leaf.get("time_utc")?.as_str()?.parse::<jiff::Timestamp>().ok().map(Timestamp::from)
}
