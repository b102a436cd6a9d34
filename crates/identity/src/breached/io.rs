//! A list of stolen passwords as a file, searched where it lies.
//!
//! The published form (Have I Been Pwned, "ordered by hash"): one line a password, the SHA-1 of its UTF-8 bytes in 40
//! hexadecimal digits, optionally `:` and how often it was seen, sorted by hash. The file has tens of gigabytes; a
//! look-up reads some forty blocks of it. Nothing leaves the machine.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::error::diagnostic;
use crate::password;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BreachedError {
    /// The system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is not `SHA1` or `SHA1:count`.
    #[error("{}: the line at byte {at} is not `SHA1[:count]`", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Where the line begins.
        at: u64,
    },
    /// A line stands before one with a smaller hash: searching would miss passwords.
    #[error("{}: not sorted by hash around byte {at}", path.display())]
    NotSorted {
        /// The file.
        path: PathBuf,
        /// Where the line begins that is out of order.
        at: u64,
    },
    /// Nothing is in it.
    #[error("{} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl BreachedError {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "BW-ID-020",
            Self::Format { .. } => "BW-ID-021",
            Self::NotSorted { .. } => "BW-ID-022",
            Self::Empty { .. } => "BW-ID-023",
        }
    }

    /// The message for people.
    pub fn diagnostic(&self) -> Diagnostic {
        let code = self.code();
        let (path, message) = match self {
            Self::Io { path, source } => (path, diagnostic(code, &[]).because(source)),
            Self::Format { path, at } | Self::NotSorted { path, at } => {
                (path, diagnostic(code, &args![at = at]))
            }
            Self::Empty { path } => (path, diagnostic(code, &[])),
        };
        message.at(Location::File { path: path.display().to_string(), line: 0, column: 0 })
    }
}

type Hash = [u8; 20];

/// No line is longer: 40 digits, a colon, the largest count, carriage return and line feed.
const LONGEST_LINE: usize = 40 + 1 + 20 + 2;

/// How many places are looked at when the file is opened, to see whether it is sorted at all.
const SAMPLES: u64 = 64;

/// An open list. May be shared by threads; they search in turn.
#[derive(Debug)]
pub struct BreachedFile {
    path: PathBuf,
    file: Mutex<File>,
    /// Where the last line ends, its line break left out.
    end: u64,
}

/// One line of the file.
struct Line {
    from: u64,
    /// Where the next one begins, or the end.
    next: u64,
    hash: Hash,
    times: u64,
}

impl BreachedFile {
    /// Opens a list and looks at samples of it, so that a file of another kind is refused at start and not when the
    /// first person chooses a password.
    ///
    /// # Errors
    /// When it cannot be read, is empty, has another form, or is not sorted as far as the samples tell.
    pub fn open(path: &Path) -> Result<Self, BreachedError> {
        let io = |source| BreachedError::Io { path: path.to_owned(), source };
        let mut file = File::open(path).map_err(io)?;
        let end = file.seek(SeekFrom::End(0)).map_err(io)?;
        let mut list = Self { path: path.to_owned(), file: Mutex::new(file), end };
        list.end = list.without_last_break()?;
        if list.end == 0 {
            return Err(BreachedError::Empty { path: list.path });
        }
        let mut before: Option<Line> = None;
        for sample in 0..=SAMPLES {
            let place = u64::try_from(u128::from(list.end - 1) * u128::from(sample) / u128::from(SAMPLES))
                .unwrap_or(list.end - 1);
            let line = list.line_at(place)?;
            if before.is_some_and(|before| before.hash > line.hash) {
                return Err(BreachedError::NotSorted { path: list.path, at: line.from });
            }
            before = Some(line);
        }
        Ok(list)
    }

    /// How often a password was seen in stolen data: `None` when never, `Some(0)` when the list does not count.
    ///
    /// # Errors
    /// When the file cannot be read, or turns out not to be what it seemed.
    pub fn times(&self, password: &str) -> Result<Option<u64>, BreachedError> {
        let typed = self.times_of(password)?;
        let normal = password::normal(password);
        if typed.is_some() || normal == password {
            return Ok(typed);
        }
        self.times_of(&normal)
    }

    fn times_of(&self, password: &str) -> Result<Option<u64>, BreachedError> {
        let mut wanted: Hash = [0; 20];
        wanted.copy_from_slice(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()).as_ref());
        self.find(&wanted)
    }

    /// Halves the file until one line is left. What is read must lie between what was read before.
    fn find(&self, wanted: &Hash) -> Result<Option<u64>, BreachedError> {
        let (mut from, mut to) = (0, self.end);
        let (mut least, mut most): (Hash, Hash) = ([0; 20], [0xff; 20]);
        while from < to {
            let line = self.line_at(from + (to - from) / 2)?;
            if line.hash < least || line.hash > most {
                return Err(BreachedError::NotSorted { path: self.path.clone(), at: line.from });
            }
            match line.hash.cmp(wanted) {
                std::cmp::Ordering::Equal => return Ok(Some(line.times)),
                std::cmp::Ordering::Less => (from, least) = (line.next, line.hash),
                std::cmp::Ordering::Greater => (to, most) = (line.from, line.hash),
            }
        }
        Ok(None)
    }

    /// The line that the byte at `place` belongs to; its line break is part of it.
    fn line_at(&self, place: u64) -> Result<Line, BreachedError> {
        const BEFORE: u64 = LONGEST_LINE as u64;
        let begin = place.saturating_sub(BEFORE);
        let block = self.read(begin, 2 * LONGEST_LINE + 1)?;
        let inside = usize::try_from(place - begin).unwrap_or(0).min(block.len());
        let head = block[..inside].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let tail =
            block[inside..].iter().position(|byte| *byte == b'\n').map_or(block.len(), |at| inside + at);
        let from = begin + head as u64;
        let bad = || BreachedError::Format { path: self.path.clone(), at: from };
        // Neither end was found within a line's length: no such line is ours.
        let open_head = head == 0 && begin != 0;
        let open_tail = tail == block.len() && begin + (tail as u64) < self.end;
        if open_head || open_tail {
            return Err(bad());
        }
        let (hash, times) = parsed(&block[head..tail]).ok_or_else(bad)?;
        Ok(Line { from, next: (begin + tail as u64 + 1).min(self.end), hash, times })
    }

    /// Up to so many bytes from a place, not beyond the end.
    fn read(&self, from: u64, length: usize) -> Result<Vec<u8>, BreachedError> {
        let length = self.end.saturating_sub(from).min(length as u64);
        let mut block = vec![0; usize::try_from(length).unwrap_or(0)];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(from))
            .and_then(|_| file.read_exact(&mut block))
            .map_err(|source| BreachedError::Io { path: self.path.clone(), source })?;
        Ok(block)
    }

    /// The end of the file without the line break there, and without empty lines.
    fn without_last_break(&self) -> Result<u64, BreachedError> {
        let from = self.end.saturating_sub(LONGEST_LINE as u64);
        let block = self.read(from, LONGEST_LINE)?;
        let length = block.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |at| at + 1);
        Ok(if length == 0 { 0 } else { from + length as u64 })
    }
}

/// `SHA1` or `SHA1:count`, in either case, with or without a carriage return.
fn parsed(line: &[u8]) -> Option<(Hash, u64)> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (digits, rest) = line.split_at_checked(40)?;
    let mut hash: Hash = [0; 20];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    let times = match rest {
        [] => 0,
        [b':', count @ ..] if count.first().is_some_and(u8::is_ascii_digit) => {
            std::str::from_utf8(count).ok()?.parse().ok()?
        }
        _ => return None,
    };
    Some((hash, times))
}
