//! Streaming bzip2 with the care its decoder does not take: files of several streams (`pbzip2`,
//! files put together), files that break off, and damaged blocks on which the decoder gives up
//! hard.

use std::io::{self, ErrorKind, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bzip2_rs::decoder::{Decoder, ReadState, WriteState};

/// What is kept of the bytes fed, to find where the next stream starts: more than the decoder holds
/// back (one block of 900,000 bytes).
const KEPT: usize = 1 << 20;
/// A stream starts with `BZh`, a digit and the magic number of a block (or of the end).
const HEAD: usize = 10;

/// Reads what a bzip2 file holds.
pub(super) struct Bzip2<R> {
    input: R,
    decoder: Decoder,
    /// Bytes read but not fed to the decoder.
    waiting: Vec<u8>,
    /// The last bytes fed to the decoder of this stream, at most twice [`KEPT`].
    fed: Vec<u8>,
    /// Bytes of this stream that are no longer in `fed`.
    forgotten: bool,
    /// How often the decoder was told that there is no more without giving anything since.
    told_end: u8,
    done: bool,
}

impl<R: Read> Bzip2<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            decoder: Decoder::new(),
            waiting: Vec::new(),
            fed: Vec::new(),
            forgotten: false,
            told_end: 0,
            done: false,
        }
    }

    /// Gives the decoder up to `space` more bytes.
    fn feed(&mut self, space: usize) -> io::Result<()> {
        if self.waiting.is_empty() {
            let mut chunk = [0; 4096];
            let read = self.input.read(&mut chunk)?;
            self.waiting.extend_from_slice(chunk.get(..read).unwrap_or_default());
        }
        let count = self.waiting.len().min(space.max(1));
        let part: Vec<u8> = self.waiting.drain(..count).collect();
        if part.is_empty() {
            self.told_end += 1;
            if self.told_end > 2 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let decoder = &mut self.decoder;
        let written = guarded(|| decoder.write(&part))?;
        let written = match written {
            WriteState::Written(n) => n.min(part.len()),
            WriteState::NeedsRead => 0,
        };
        self.fed.extend_from_slice(part.get(..written).unwrap_or_default());
        if self.fed.len() > 2 * KEPT {
            let old = self.fed.len() - KEPT;
            self.fed.drain(..old);
            self.forgotten = true;
        }
        // What the decoder did not take comes first next time.
        let rest = part.get(written..).unwrap_or_default();
        self.waiting.splice(..0, rest.iter().copied());
        Ok(())
    }

    /// After the end of a stream: another one, or the end of the file.
    fn next_stream(&mut self) -> io::Result<bool> {
        loop {
            let from = if self.forgotten { 0 } else { HEAD.min(self.fed.len()) };
            let all: Vec<u8> =
                self.fed.get(from..).unwrap_or_default().iter().chain(&self.waiting).copied().collect();
            if let Some(at) = all.windows(HEAD).position(starts_stream) {
                self.waiting = all.get(at..).unwrap_or_default().to_vec();
                self.fed.clear();
                self.forgotten = false;
                self.told_end = 0;
                self.decoder = Decoder::new();
                return Ok(true);
            }
            // The start may lie across the edge of what has been read.
            let mut chunk = [0; 4096];
            let read = self.input.read(&mut chunk)?;
            if read == 0 {
                return Ok(false);
            }
            if all.len() > KEPT {
                return Err(io::Error::new(ErrorKind::InvalidData, "data after the end of bzip2"));
            }
            self.waiting.extend_from_slice(chunk.get(..read).unwrap_or_default());
        }
    }
}

fn starts_stream(window: &[u8]) -> bool {
    match window {
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] => {
            rest == [0x31, 0x41, 0x59, 0x26, 0x53, 0x59] || rest == [0x17, 0x72, 0x45, 0x38, 0x50, 0x90]
        }
        _ => false,
    }
}

/// The decoder asserts where it should refuse.
fn guarded<T>(work: impl FnOnce() -> Result<T, bzip2_rs::decoder::DecoderError>) -> io::Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|e| io::Error::new(ErrorKind::InvalidData, e.to_string())),
        Err(_) => Err(io::Error::new(ErrorKind::InvalidData, "damaged bzip2 block")),
    }
}

impl<R: Read> Read for Bzip2<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        while !self.done {
            let decoder = &mut self.decoder;
            match guarded(|| decoder.read(buf))? {
                ReadState::Read(n) => {
                    self.told_end = 0;
                    return Ok(n);
                }
                ReadState::NeedsWrite(space) => self.feed(space)?,
                ReadState::Eof => self.done = !self.next_stream()?,
            }
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 30,000 lines in blocks of 100,000 bytes, then a second stream.
    const TWO: &[u8] = include_bytes!("postgres/real/two-streams.bz2");

    /// What can be read, and whether it ended well.
    fn read(bytes: &[u8]) -> (String, bool) {
        let mut out = Vec::new();
        let ended = Bzip2::new(bytes).take(64 << 20).read_to_end(&mut out).is_ok();
        (String::from_utf8_lossy(&out).into_owned(), ended)
    }

    #[test]
    fn streams_follow_one_another() {
        let (text, ended) = read(TWO);
        let lines: Vec<&str> = text.lines().collect();
        assert!(ended);
        assert_eq!(
            (lines.len(), lines[29_999], lines[30_002]),
            (30_003, "line 30000 of the first stream", "second 3")
        );
    }

    #[test]
    fn a_file_that_breaks_off_gives_what_it_has() {
        let (text, ended) = read(&TWO[..TWO.len() / 2]);
        assert!(!ended && text.starts_with("line 1 of") && text.lines().count() > 5_000);
        assert_eq!(read(b"BZh9"), (String::new(), false));
        assert!(!read(b"BZh91AY&SY no block").1);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn damage_is_an_error_at_worst(changes in proptest::collection::vec((0_usize..100_000, any::<u8>()), 1..6), cut in 0_usize..100_000) {
            let mut bytes = TWO.to_vec();
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            bytes.truncate(bytes.len() - cut % bytes.len() / 4);
            let _ = read(&bytes);
        }
    }
}
