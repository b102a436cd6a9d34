//! The second sink: a file that only grows. One line per leaf (its canonical JSON), and three kinds of notes:
//!
//! - `{"committed":N}`: the database holds the first N leaves for certain;
//! - `{"void":[A,B]}`: leaves A to B−1 were written here, but their transaction never ended (a crash in between);
//! - `{"checkpoint":"…"}`: a signed root.
//!
//! Leaves are synced here before the database commits and the note `committed` follows, so whatever the database
//! lacks below the last such note was taken away from it.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use super::checkpoint::Checkpoint;
use crate::StoreError;

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Leaf(String),
    Committed(u64),
    Void(u64, u64),
    Checkpoint(String),
    /// Nothing that this format writes.
    Broken,
}

impl Line {
    pub(crate) fn parse(line: &str) -> Self {
        // Keys are sorted, so every leaf begins with its action.
        if line.starts_with("{\"action\":") {
            return Self::Leaf(line.to_owned());
        }
        let Ok(Value::Object(note)) = serde_json::from_str(line) else { return Self::Broken };
        if let Some(size) = note.get("committed").and_then(Value::as_u64) {
            return Self::Committed(size);
        }
        if let Some(text) = note.get("checkpoint").and_then(Value::as_str) {
            return Self::Checkpoint(text.to_owned());
        }
        let span = |index: usize| note.get("void")?.get(index)?.as_u64();
        span(0).zip(span(1)).map_or(Self::Broken, |(from, to)| Self::Void(from, to))
    }
}

/// What the end of the file says.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// Leaves that the file confirms to be in the database.
    pub committed: u64,
    /// Leaves after the last confirmation, in order.
    pub unconfirmed: Vec<String>,
}

/// The file, locked against other writers.
#[derive(Debug)]
pub(crate) struct Sink {
    file: File,
    /// Length up to which everything is whole.
    length: u64,
}

impl Sink {
    /// Opens or makes the file; a line that a crash left unfinished is cut off.
    pub(crate) fn open(path: &Path) -> Result<(Self, Tail), StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(|e| StoreError::io(path, e))?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| StoreError::InUse { path: path.to_owned() })?;
        let (tail, length) = read_tail(&mut file).map_err(|e| StoreError::io(path, e))?;
        let tail = tail.ok_or_else(|| {
            StoreError::AuditMismatch(format!("{}: the end of the file is damaged", path.display()))
        })?;
        file.set_len(length).map_err(|e| StoreError::io(path, e))?;
        Ok((Self { file, length }, tail))
    }

    /// Appends lines. When that fails, the file is as it was before.
    pub(crate) fn append(&mut self, lines: &str, sync: bool) -> Result<(), StoreError> {
        let written = self.file.write_all(lines.as_bytes());
        let written = if sync { written.and_then(|()| self.file.sync_data()) } else { written };
        match written {
            Ok(()) => {
                self.length += lines.len() as u64;
                Ok(())
            }
            Err(error) => {
                // If the cut fails too, the next start finds the rest and marks it void.
                let _ = self.file.set_len(self.length);
                Err(StoreError::audit(error))
            }
        }
    }
}

/// The size that a note names, before its signature is checked.
fn size_of(note: &str) -> u64 {
    note.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(u64::MAX)
}

pub(crate) fn committed_line(size: u64) -> String {
    format!("{{\"committed\":{size}}}\n")
}

pub(crate) fn void_line(from: u64, to: u64) -> String {
    format!("{{\"void\":[{from},{to}]}}\n")
}

pub(crate) fn checkpoint_line(note: &str) -> String {
    format!("{}\n", json!({ "checkpoint": note }))
}

/// Reads backwards in growing steps until a confirmation or the beginning is found.
fn read_tail(file: &mut File) -> std::io::Result<(Option<Tail>, u64)> {
    let end = file.metadata()?.len();
    let mut window = 64 * 1024;
    loop {
        let start = end.saturating_sub(window);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        (&*file).take(end - start).read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let length = if whole == 0 && start > 0 { end } else { start + whole as u64 };
        // The first line of the window may be a part only, unless the window begins with the file.
        let first =
            if start == 0 { 0 } else { bytes.iter().position(|b| *b == b'\n').map_or(whole, |at| at + 1) };
        let lines = bytes.get(first..whole).unwrap_or_default();
        let lines: Vec<Line> = String::from_utf8_lossy(lines).lines().map(Line::parse).collect();
        let confirmed = lines.iter().rposition(|line| matches!(line, Line::Committed(_)));
        if confirmed.is_none() && start > 0 {
            window *= 4;
            continue;
        }
        let mut tail = Tail::default();
        for line in &lines[confirmed.unwrap_or(0)..] {
            match line {
                Line::Committed(size) => tail.committed = *size,
                Line::Leaf(leaf) => tail.unconfirmed.push(leaf.clone()),
                Line::Void(from, _) => {
                    let keep = usize::try_from(from.saturating_sub(tail.committed)).unwrap_or(usize::MAX);
                    tail.unconfirmed.truncate(keep);
                }
                Line::Checkpoint(_) => {}
                Line::Broken => return Ok((None, length)),
            }
        }
        return Ok((Some(tail), length));
    }
}

/// Copies the first `size` leaves and the signed roots over them.
pub(crate) fn copy_file(from: &Path, to: &Path, size: u64, public_key: &[u8; 32]) -> Result<(), StoreError> {
    let failed = |e| StoreError::io(from, e);
    let mut leaves = Leaves::open(from).map_err(failed)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(to).map_err(|e| StoreError::io(to, e))?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    let mut write = |text: &str| out.write_all(text.as_bytes()).map_err(|e| StoreError::io(to, e));
    // A root stands before the leaf with its number, or anywhere before.
    let roots = |notes: &mut Vec<String>| {
        let notes = std::mem::take(notes).into_iter();
        let ours = notes.filter(|n| Checkpoint::verify(n, public_key).is_some_and(|root| root.size <= size));
        ours.map(|note| checkpoint_line(&note)).collect::<String>()
    };
    for seq in 0..size {
        let short = || StoreError::AuditMismatch(format!("leaf {seq} is missing from the file"));
        let leaf = leaves.next().map_err(failed)?.ok_or_else(short)?;
        write(&roots(&mut leaves.checkpoints))?;
        write(&leaf)?;
        write("\n")?;
        if (seq + 1) % 1000 == 0 {
            write(&committed_line(seq + 1))?;
        }
    }
    write(&committed_line(size))?;
    leaves.next().map_err(failed)?;
    write(&roots(&mut leaves.checkpoints))?;
    let file = out.into_inner().map_err(|e| StoreError::io(to, e.into_error()))?;
    file.sync_all().map_err(|e| StoreError::io(to, e))
}

/// The leaves of a file from the first on, voided ones left out, together with the checkpoints met on the way.
pub(crate) struct Leaves<R> {
    lines: std::io::Lines<R>,
    /// Leaves read that may still be voided.
    pending: std::collections::VecDeque<String>,
    /// Leaves at the front of `pending` that are confirmed.
    ready: usize,
    given: u64,
    pub(crate) committed: u64,
    pub(crate) checkpoints: Vec<String>,
    pub(crate) broken: bool,
    ended: bool,
}

impl Leaves<BufReader<std::io::Take<File>>> {
    /// The file as long as it is now.
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self::new(BufReader::with_capacity(1 << 20, file.take(length))))
    }
}

impl<R: BufRead> Leaves<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            lines: reader.lines(),
            pending: std::collections::VecDeque::new(),
            ready: 0,
            given: 0,
            committed: 0,
            checkpoints: Vec::new(),
            broken: false,
            ended: false,
        }
    }

    /// The next leaf; `None` at the end, or where a line is damaged (`broken`).
    pub(crate) fn next(&mut self) -> std::io::Result<Option<String>> {
        while self.ready == 0 && !self.ended {
            let line = match self.lines.next() {
                Some(Ok(line)) => Line::parse(&line),
                Some(Err(error)) if error.kind() == std::io::ErrorKind::InvalidData => Line::Broken,
                Some(Err(error)) => return Err(error),
                None => {
                    self.ended = true;
                    self.ready = self.pending.len();
                    break;
                }
            };
            match line {
                Line::Leaf(leaf) => self.pending.push_back(leaf),
                Line::Committed(size) if size == self.given + self.pending.len() as u64 => {
                    self.committed = size;
                    self.ready = self.pending.len();
                }
                Line::Void(from, _) => {
                    let keep = usize::try_from(from.saturating_sub(self.given)).unwrap_or(usize::MAX);
                    self.pending.truncate(keep);
                    // A root over leaves that do not count was signed before the commit failed.
                    self.checkpoints.retain(|note| size_of(note) <= from);
                }
                Line::Checkpoint(note) => self.checkpoints.push(note),
                // What is confirmed is what stands before: a note that says otherwise was altered.
                Line::Committed(_) | Line::Broken => {
                    self.broken = true;
                    self.ended = true;
                    self.ready = self.pending.len();
                }
            }
        }
        self.ready = self.ready.saturating_sub(1);
        let leaf = self.pending.pop_front();
        self.given += u64::from(leaf.is_some());
        Ok(leaf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "{\"action\":\"a\"}";
    const B: &str = "{\"action\":\"b\"}";

    #[test]
    fn a_torn_line_is_cut_and_void_leaves_are_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.log");
        let text = format!("{A}\n{A}\n{}{B}\n{}{A}\n{{\"acti", committed_line(2), void_line(2, 3));
        std::fs::write(&path, text).unwrap();
        let (sink, tail) = Sink::open(&path).unwrap();
        assert_eq!((tail.committed, tail.unconfirmed), (2, vec![A.to_owned()]));
        assert!(matches!(Sink::open(&path), Err(StoreError::InUse { .. })));
        drop(sink);
        let mut leaves = Leaves::open(&path).unwrap();
        let mut all = Vec::new();
        while let Some(leaf) = leaves.next().unwrap() {
            all.push(leaf);
        }
        assert_eq!((all, leaves.broken), (vec![A.to_owned(); 3], false));
    }

    #[test]
    fn a_note_that_confirms_more_or_less_than_there_is_was_altered() {
        for (confirmed, broken) in [(1, true), (2, false), (3, true)] {
            let text = format!("{A}\n{B}\n{}{A}\n{}", committed_line(confirmed), committed_line(3));
            let mut leaves = Leaves::new(text.as_bytes());
            while leaves.next().unwrap().is_some() {}
            assert_eq!(leaves.broken, broken, "{confirmed}");
        }
    }

    #[test]
    fn a_sink_that_takes_nothing_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audit.log");
        std::fs::write(&path, "").unwrap();
        let mut sink = Sink { file: File::open(&path).unwrap(), length: 0 };
        assert!(matches!(sink.append("x\n", true), Err(StoreError::AuditUnavailable(_))));
    }
}
