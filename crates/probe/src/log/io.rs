//! Reading log files of this machine, line by line: plain, gzip and bzip2, told apart by their
//! first bytes. Memory stays small whatever the size of the file or of a line.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::time::UNIX_EPOCH;

use flate2::read::MultiGzDecoder;

use super::bzip2::Bzip2;
use super::postgres::Counter;
use crate::evidence::{AccessLog, PgLog};
use crate::failure::{Code, Failure, Step};

/// Bytes kept of one line; the rest of a longer line is passed over.
const MAX_LINE: usize = 1 << 20;
/// Bytes read of one file after decompression: a small file must not keep us busy for ever.
const MAX_BYTES: u64 = 64 << 30;

/// The lines of a log file.
pub struct Lines {
    input: Box<dyn BufRead + Send>,
    path: String,
    modified_s: Option<i64>,
    buffer: Vec<u8>,
    number: u64,
    bytes: u64,
}

/// One line without its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Number in the file, from 1.
    pub number: u64,
    /// Text; bytes that are no UTF-8 are replaced.
    pub text: Cow<'a, str>,
    /// True when the line was longer than what is kept.
    pub cut: bool,
}

/// Opens a log file.
///
/// # Errors
/// When it is no file or cannot be read.
pub fn open(path: &str) -> Result<Lines, Failure> {
    let unreadable =
        |e: &dyn std::fmt::Display| Failure::new(Step::Read, Code::Unreadable, format!("{path}: {e}"));
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let about = std::fs::metadata(path).map_err(|e| unreadable(&e))?;
    if !about.is_file() {
        return Err(unreadable(&"not a regular file"));
    }
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    let modified = about.modified().ok().and_then(|t| t.duration_since(UNIX_EPOCH).ok());
    let mut lines = Lines::new(file, path).map_err(|e| unreadable(&e))?;
    lines.modified_s = modified.and_then(|d| i64::try_from(d.as_secs()).ok());
    Ok(lines)
}

impl Lines {
    /// The lines of any reader; `path` names it in messages.
    ///
    /// # Errors
    /// When the first bytes cannot be read.
    pub fn new(reader: impl Read + Send + 'static, path: &str) -> std::io::Result<Self> {
        let mut reader = BufReader::with_capacity(1 << 16, reader);
        let first = reader.fill_buf()?;
        let input: Box<dyn BufRead + Send> = if first.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(reader)))
        } else if first.starts_with(b"BZh") {
            Box::new(BufReader::with_capacity(1 << 16, Bzip2::new(reader)))
        } else {
            Box::new(reader)
        };
        Ok(Self { input, path: path.to_owned(), modified_s: None, buffer: Vec::new(), number: 0, bytes: 0 })
    }

    /// When the file was last written, unix seconds.
    pub const fn modified_s(&self) -> Option<i64> {
        self.modified_s
    }

    /// The next line; `None` at the end of the file.
    ///
    /// # Errors
    /// When the file cannot be read on: broken compression, a failing disk, far too much data.
    pub fn next_line(&mut self) -> Result<Option<Line<'_>>, Failure> {
        self.buffer.clear();
        let mut cut = false;
        let mut any = false;
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => {
                    let detail = format!("{}: line {}: {e}", self.path, self.number + 1);
                    return Err(Failure::new(Step::Read, Code::Unreadable, detail));
                }
            };
            if available.is_empty() {
                break;
            }
            any = true;
            let end = available.iter().position(|b| *b == b'\n');
            let part = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let room = MAX_LINE.saturating_sub(self.buffer.len());
            cut |= part.len() > room;
            self.buffer.extend_from_slice(part.get(..room.min(part.len())).unwrap_or_default());
            let used = part.len() + usize::from(end.is_some());
            self.input.consume(used);
            self.bytes = self.bytes.saturating_add(used as u64);
            if self.bytes > MAX_BYTES {
                return Err(Failure::new(Step::Read, Code::TooLarge, format!("{}: 64 GiB", self.path)));
            }
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        let mut text = self.buffer.as_slice();
        if self.number == 1 {
            text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        }
        text = text.strip_suffix(b"\r").unwrap_or(text);
        Ok(Some(Line { number: self.number, text: String::from_utf8_lossy(text), cut }))
    }
}

/// Counts a web access log.
///
/// # Errors
/// When nothing of the file can be read. A file that breaks off later is counted as far as it goes;
/// [`AccessLog::cut_short`] says so.
pub fn access(path: &str) -> Result<AccessLog, Failure> {
    let mut lines = open(path)?;
    let mut counter = super::access::Counter::new();
    let cut_short = loop {
        match lines.next_line() {
            Ok(Some(line)) => counter.line(line.number, &line.text, line.cut),
            Ok(None) => break None,
            Err(e) if counter.lines() == 0 => return Err(e),
            Err(e) => break Some(e.detail),
        }
    };
    Ok(AccessLog { path: path.to_owned(), cut_short, ..counter.finish() })
}

/// Counts a PostgreSQL server log.
///
/// # Errors
/// When nothing of the file can be read. A file that breaks off later is counted as far as it goes;
/// [`PgLog::cut_short`] says so.
pub fn postgres(path: &str) -> Result<PgLog, Failure> {
    let mut lines = open(path)?;
    let mut counter = Counter::new(None, lines.modified_s());
    let cut_short = loop {
        match lines.next_line() {
            Ok(Some(line)) => counter.line(line.number, &line.text),
            Ok(None) => break None,
            Err(e) if counter.lines() == 0 => return Err(e),
            Err(e) => break Some(e.detail),
        }
    };
    Ok(PgLog { path: path.to_owned(), cut_short, ..counter.finish() })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn texts(bytes: &[u8]) -> Vec<(u64, String, bool)> {
        let mut lines = Lines::new(std::io::Cursor::new(bytes.to_vec()), "x").expect("readable");
        let mut out = Vec::new();
        while let Some(line) = lines.next_line().expect("readable") {
            out.push((line.number, line.text.into_owned(), line.cut));
        }
        out
    }

    #[test]
    fn lines_come_without_their_ends() {
        let found = texts(b"\xef\xbb\xbfa\r\n\nb\xff\nlast");
        let line = |n, text: &str| (n, text.to_owned(), false);
        assert_eq!(found, [line(1, "a"), line(2, ""), line(3, "b\u{fffd}"), line(4, "last")]);
        assert!(texts(b"").is_empty());
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut bytes = vec![b'x'; 3 * MAX_LINE];
        bytes.extend_from_slice(b"\nnext");
        let found = texts(&bytes);
        assert_eq!((found.len(), found[0].1.len(), found[0].2), (2, MAX_LINE, true));
        assert_eq!(found[1], (2, "next".to_owned(), false));
    }

    #[test]
    fn gzip_is_told_by_its_first_bytes_and_may_have_members() {
        let pack = |text: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(text).expect("packed");
            packer.finish().expect("packed")
        };
        let both = [pack(b"a\nb\n"), pack(b"c\n")].concat();
        assert_eq!(texts(&both).len(), 3);
        // One that breaks off is read as far as it goes.
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut lines = Vec::new();
        for n in 0..20_000 {
            writeln!(lines, "2026-11-25 04:00:00 UTC [{n}] LOG:  duration: {n}.5 ms  statement: select {n}")
                .expect("written");
        }
        let whole = pack(&lines);
        std::fs::write(&path, &whole[..whole.len() / 2]).expect("written");
        let log = postgres(&path.to_string_lossy()).expect("half a log");
        assert!(log.entries > 1000 && log.cut_short.is_some(), "{log:?}");
        assert_eq!(log.slow_statements.len(), 1);
    }

    #[test]
    fn only_files_are_opened() {
        for path in ["/dev/zero", "/", "/no/such/file"] {
            assert_eq!(open(path).err().map(|e| e.code), Some(Code::Unreadable), "{path}");
        }
    }
}
