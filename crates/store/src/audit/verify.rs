//! Reads both sinks from the first leaf to the last and compares them with each other and with every signed root.

use std::collections::BTreeMap;
use std::path::Path;

use sea_orm::{EntityTrait, QueryOrder};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::checkpoint::Checkpoint;
use super::file::Leaves;
use super::log::{leaves, size};
use crate::entity::audit;
use crate::hash::{Sha256, Tree, leaf_hash};
use crate::{Store, StoreError};

/// Rows read at once.
const CHUNK: u64 = 4096;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The leaf in the database was altered.
    DatabaseAltered,
    /// The leaf in the file was altered.
    FileAltered,
    /// Database and file differ, and nothing tells which is right.
    Differ,
    /// The leaf is gone from the database: rows were deleted, or an old copy was put back.
    DatabaseShort,
    /// The leaf is gone from the file: its end was cut, or an old copy was put back.
    FileShort,
    /// Both sinks agree, but not with a signed root: a leaf since the root before was altered in both.
    RootDiffers,
    /// A signed root counts more leaves than there are: both sinks were cut or are old copies.
    RootAhead,
    /// A root is not signed by the key of this log.
    SignatureWrong,
}

/// The first bad leaf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bad {
    /// Its position, from 0. For [`Fault::RootDiffers`] the first of those that come into question.
    pub seq: u64,
    /// What is wrong.
    pub fault: Fault,
}

/// What the verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Leaves of the database.
    pub leaves: u64,
    /// Root over the leaves read.
    pub root: String,
    /// Signed roots that fit.
    pub roots: u64,
    /// The first bad leaf; `None` when all is well.
    pub bad: Option<Bad>,
}

/// Verifies the audit log of a store against its file `sink`, the roots kept in both, and those `known` from elsewhere
/// (a witness, a print). A log that is being written to may be verified.
///
/// # Errors
/// When a sink cannot be read at all. What is wrong inside is in the report.
pub async fn verify(store: &Store, sink: &Path, known: &[String]) -> Result<Report, StoreError> {
    let key = store.audit_public_key();
    let before = size(store.reader()).await?;
    let file = Leaves::open(sink).map_err(|e| StoreError::io(sink, e))?;
    let after = size(store.reader()).await?;
    let stored = audit::checkpoint::Entity::find().order_by_asc(audit::checkpoint::Column::Size);
    let stored = stored.all(store.reader()).await?.into_iter().map(|row| row.note);
    let mut walk = Walk::new(file, key);
    stored.chain(known.iter().cloned()).for_each(|note| walk.expect(&note));

    let (sender, mut chunks) = mpsc::channel(2);
    let reader = store.clone();
    let reading = tokio::spawn(async move {
        let mut from = 0;
        while from < before {
            let rows = leaves(reader.reader(), from, CHUNK.min(before - from)).await;
            let next = rows.as_ref().map_or(before, |rows| {
                rows.last().and_then(|row| u64::try_from(row.seq).ok()).map_or(before, |seq| seq + 1)
            });
            from = next;
            if sender.send(rows).await.is_err() {
                break;
            }
        }
    });
    let path = sink.to_owned();
    let walking = tokio::task::spawn_blocking(move || {
        while let Some(rows) = chunks.blocking_recv() {
            for row in rows? {
                if !walk.row(&row).map_err(|e| StoreError::io(&path, e))? {
                    return Ok(walk);
                }
            }
        }
        walk.end(after).map_err(|e| StoreError::io(&path, e))?;
        Ok::<_, StoreError>(walk)
    });
    let walk = walking.await.map_err(|_| StoreError::Panicked)??;
    reading.abort();
    Ok(Report {
        leaves: before,
        root: walk.database.root().to_string(),
        roots: walk.roots,
        bad: walk.verdict(),
    })
}

struct Walk<R> {
    file: Leaves<R>,
    key: [u8; 32],
    database: Tree,
    copy: Tree,
    /// Signed roots still ahead.
    expected: BTreeMap<u64, Vec<Sha256>>,
    roots: u64,
    /// The last size at which a root fitted.
    proven: u64,
    /// Where the sinks first differ, and what the stored leaf hash says of it.
    suspect: Option<Bad>,
    bad: Option<Bad>,
}

impl<R: std::io::BufRead> Walk<R> {
    fn new(file: Leaves<R>, key: [u8; 32]) -> Self {
        let (database, copy) = (Tree::default(), Tree::default());
        let expected = BTreeMap::new();
        Self { file, key, database, copy, expected, roots: 0, proven: 0, suspect: None, bad: None }
    }

    /// Takes a signed root in.
    fn expect(&mut self, note: &str) {
        match Checkpoint::verify(note, &self.key) {
            Some(root) => {
                self.expected.entry(root.size).or_default().push(root.root);
                if root.size == self.database.size() {
                    self.compare_roots();
                }
            }
            None => self.found(self.database.size(), Fault::SignatureWrong),
        }
    }

    fn found(&mut self, seq: u64, fault: Fault) {
        self.bad.get_or_insert(Bad { seq, fault });
    }

    /// Compares one row with the next leaf of the file. `false` when there is no use in going on.
    fn row(&mut self, row: &audit::leaf::Model) -> std::io::Result<bool> {
        let seq = self.database.size();
        if u64::try_from(row.seq) != Ok(seq) {
            self.found(seq, Fault::DatabaseShort);
            return Ok(false);
        }
        let copy = self.file.next()?;
        for note in std::mem::take(&mut self.file.checkpoints) {
            self.expect(&note);
        }
        if self.bad.is_some() {
            return Ok(false);
        }
        let Some(copy) = copy else {
            self.found(seq, if self.file.broken { Fault::FileAltered } else { Fault::FileShort });
            return Ok(false);
        };
        let hash = leaf_hash(row.leaf.as_bytes());
        let kept = row.hash.parse() == Ok(hash);
        let own = row.leaf.contains(&format!("\"seq\":{seq},")) && row.leaf.contains(&object(&row.object));
        self.database.push(hash);
        if copy == row.leaf {
            self.copy.push(hash);
            if !kept || !own {
                self.found(seq, Fault::DatabaseAltered);
            }
        } else {
            let copied = leaf_hash(copy.as_bytes());
            self.copy.push(copied);
            let fault = match (kept, row.hash.parse() == Ok(copied)) {
                (true, false) => Fault::FileAltered,
                (false, true) => Fault::DatabaseAltered,
                _ => Fault::Differ,
            };
            self.suspect.get_or_insert(Bad { seq, fault });
        }
        self.compare_roots();
        Ok(self.bad.is_none())
    }

    /// At a signed root, the side that fits it is right.
    fn compare_roots(&mut self) {
        let size = self.database.size();
        let Some(roots) = self.expected.remove(&size) else { return };
        let fits = |tree: &Tree| roots.iter().all(|root| *root == tree.root());
        let (database, copy) = (fits(&self.database), fits(&self.copy));
        match (&self.suspect, database, copy) {
            (None, true, _) => {
                self.roots += roots.len() as u64;
                self.proven = size;
            }
            (None, false, _) => self.found(self.proven, Fault::RootDiffers),
            (Some(bad), true, false) => self.found(bad.seq, Fault::FileAltered),
            (Some(bad), false, true) => self.found(bad.seq, Fault::DatabaseAltered),
            (Some(bad), ..) => self.found(bad.seq, Fault::Differ),
        }
    }

    /// After the last row; `rows` is the size of the database after the file was opened.
    fn end(&mut self, rows: u64) -> std::io::Result<()> {
        // The rest of the file, for the confirmations and roots in it.
        while self.bad.is_none() && self.file.next()?.is_some() {}
        if self.file.broken {
            self.found(self.database.size(), Fault::FileAltered);
        }
        if self.bad.is_none() && self.suspect.is_none() && self.file.committed > rows {
            self.found(rows, Fault::DatabaseShort);
        }
        for note in std::mem::take(&mut self.file.checkpoints) {
            self.expect(&note);
        }
        if self.expected.keys().next_back().is_some_and(|size| *size > rows) && self.suspect.is_none() {
            self.found(rows, Fault::RootAhead);
        }
        Ok(())
    }

    fn verdict(&self) -> Option<Bad> {
        self.bad.clone().or_else(|| self.suspect.clone())
    }
}

/// How the object stands in its leaf.
fn object(object: &str) -> String {
    format!("\"object\":{},", serde_json::Value::from(object))
}
