//! Reading bodies of answers without believing anything they promise.

use std::io::Write;
use std::time::Duration;

use flate2::write::{MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::Instant;

use super::Limits;
use crate::failure::{Code, Failure, Step};

/// Compressed bytes given to the decoder at once, so that one step cannot unpack to much.
const STEP: usize = 2048;
/// Decoded size from which the ratio is looked at.
const RATIO_FROM: u64 = 1 << 20;

/// What is kept of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Want {
    /// Decoded bytes kept.
    pub(super) keep: usize,
    /// Bytes read from the wire.
    pub(super) wire_bytes: u64,
}

/// A body as far as it was read.
#[derive(Debug, Default)]
pub(super) struct BodyRead {
    pub(super) wire: u64,
    pub(super) decoded: u64,
    pub(super) kept: Vec<u8>,
    pub(super) truncated: bool,
    pub(super) failure: Option<Failure>,
}

impl BodyRead {
    /// True when the connection is at the end of the answer and may be used again.
    pub(super) fn whole(&self) -> bool {
        !self.truncated && self.failure.is_none()
    }
}

/// Counts everything, keeps the beginning.
struct Sink {
    kept: Vec<u8>,
    keep: usize,
    total: u64,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let room = self.keep.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.extend_from_slice(&bytes[..room]);
        self.total += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

enum Decoder {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Zlib(Box<ZlibDecoder<Sink>>),
}

impl Decoder {
    fn new(encoding: &str, keep: usize) -> Option<Self> {
        let sink = Sink { kept: Vec::new(), keep, total: 0 };
        match encoding.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => Some(Self::Plain(sink)),
            "gzip" | "x-gzip" => Some(Self::Gzip(Box::new(MultiGzDecoder::new(sink)))),
            "deflate" => Some(Self::Zlib(Box::new(ZlibDecoder::new(sink)))),
            _ => None,
        }
    }

    fn push(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Plain(s) => s.write_all(bytes),
            Self::Gzip(d) => d.write_all(bytes),
            Self::Zlib(d) => d.write_all(bytes),
        }
    }

    fn sink(&self) -> &Sink {
        match self {
            Self::Plain(s) => s,
            Self::Gzip(d) => d.get_ref(),
            Self::Zlib(d) => d.get_ref(),
        }
    }

    fn finish(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(d) => d.try_finish(),
            Self::Zlib(d) => d.try_finish(),
        }
    }
}

/// Reads until the end or a limit. `url` is for messages.
pub(super) async fn read(
    mut body: Incoming,
    encoding: &str,
    want: Want,
    limits: &Limits,
    deadline: Instant,
    url: &str,
) -> BodyRead {
    let mut read = BodyRead::default();
    let fail = |step, code, detail: String| Some(Failure::new(step, code, format!("{url}: {detail}")));
    let mut decoder = Decoder::new(encoding, want.keep);
    if decoder.is_none() {
        read.failure = fail(Step::Decode, Code::BadAnswer, format!("content-encoding: {encoding}"));
    }
    let mut window = Drip::new(limits);
    loop {
        let wait = deadline.min(window.ends);
        let frame = match tokio::time::timeout_at(wait, body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(e))) => {
                let code = if e.is_parse() { Code::BadAnswer } else { Code::Closed };
                read.failure = fail(Step::Receive, code, super::http::chain(&e));
                break;
            }
            Err(_) if window.too_slow() => {
                read.failure = fail(Step::Receive, Code::TooSlow, window.rate());
                break;
            }
            Err(_) if Instant::now() >= deadline => {
                read.failure = fail(Step::Receive, Code::TimedOut, format!("{} bytes", read.wire));
                break;
            }
            Err(_) => {
                window = Drip::new(limits);
                continue;
            }
        };
        let Ok(data) = frame.into_data() else { continue };
        window.bytes += data.len() as u64;
        if Instant::now() >= window.ends {
            if window.too_slow() {
                read.failure = fail(Step::Receive, Code::TooSlow, window.rate());
                break;
            }
            window = Drip::new(limits);
        }
        let room = usize::try_from(want.wire_bytes - read.wire).unwrap_or(usize::MAX);
        let over = data.len() > room;
        let data = &data[..data.len().min(room)];
        read.wire += data.len() as u64;
        if let Some(d) = &mut decoder
            && let Err(stop) = decode(d, data, read.wire, limits)
        {
            read.truncated = stop.code != Code::BadAnswer;
            read.failure = fail(stop.step, stop.code, stop.detail);
            break;
        }
        if over {
            read.truncated = true;
            read.failure = fail(Step::Receive, Code::TooLarge, format!("> {} bytes", want.wire_bytes));
            break;
        }
    }
    if let Some(mut d) = decoder {
        let finished = d.finish();
        if let (None, Err(e)) = (&read.failure, finished) {
            // An empty body with a content-encoding (304, HEAD) is no fault.
            if read.wire > 0 {
                read.failure = fail(Step::Decode, Code::BadAnswer, e.to_string());
            }
        }
        read.decoded = d.sink().total;
        read.kept = match d {
            Decoder::Plain(s) => s.kept,
            other => other.sink().kept.clone(),
        };
    }
    read
}

fn decode(decoder: &mut Decoder, data: &[u8], wire: u64, limits: &Limits) -> Result<(), Failure> {
    for piece in data.chunks(STEP) {
        decoder
            .push(piece)
            .and_then(|()| match decoder {
                // The gzip decoder holds output back until asked.
                Decoder::Gzip(d) => d.flush(),
                Decoder::Zlib(d) => d.flush(),
                Decoder::Plain(_) => Ok(()),
            })
            .map_err(|e| Failure::new(Step::Decode, Code::BadAnswer, e.to_string()))?;
        let total = decoder.sink().total;
        if total > RATIO_FROM && total / wire.max(1) > limits.ratio {
            return Err(Failure::new(Step::Decode, Code::Bomb, format!("{wire} → {total} bytes")));
        }
        if total > limits.decoded_bytes {
            return Err(Failure::new(
                Step::Decode,
                Code::TooLarge,
                format!("{wire} → > {} bytes", limits.decoded_bytes),
            ));
        }
    }
    Ok(())
}

/// A stretch of time in which enough must come.
struct Drip {
    ends: Instant,
    bytes: u64,
    needed: u64,
    length: Duration,
}

impl Drip {
    fn new(limits: &Limits) -> Self {
        let length = limits.slow_window;
        let needed = limits.slowest_bytes_s * u64::try_from(length.as_millis()).unwrap_or(0) / 1000;
        Self { ends: Instant::now() + length, bytes: 0, needed, length }
    }

    fn too_slow(&self) -> bool {
        Instant::now() >= self.ends && self.bytes < self.needed
    }

    fn rate(&self) -> String {
        format!("{} bytes / {} ms", self.bytes, self.length.as_millis())
    }
}
