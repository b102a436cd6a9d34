//! Writing of bundles: the same input gives the same bytes.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;

use jiff::Timestamp;

use crate::hash::{PumpError, Pumped, pump};
use crate::key::DOMAIN;
use crate::manifest::{FORMAT, Manifest, Record};
use crate::name::{MANIFEST, MARKER, SIGNATURE};
use crate::{BundleError, Key, KeyId, Limits, RecordAt, Sha256, io, tar};

/// What stands in the first entry of every bundle.
pub(crate) const MARKER_TEXT: &str = "\
這是壁壘（Bulwark）的簽章包，bulwark 開啟時會查驗全部內容。\n\
自行查驗：manifest.sig 以 Ed25519 簽署「bulwark-bundle-1」、一個零位元組與 manifest.json；\
manifest.json 列出每一筆記錄的 SHA-256。\n\
This is a signed Bulwark bundle; bulwark checks all of it when it opens the file.\n\
To check it yourself: manifest.sig is an Ed25519 signature over `bulwark-bundle-1`, a zero byte and \
manifest.json; manifest.json has the SHA-256 of every record.\n";

/// Where the content of a record comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Content in memory.
    Bytes(Vec<u8>),
    /// A file; it is read twice, once for its hash and once to be copied.
    File(PathBuf),
}

impl From<Vec<u8>> for Source {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Source {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<String> for Source {
    fn from(text: String) -> Self {
        Self::Bytes(text.into_bytes())
    }
}

impl From<&str> for Source {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

impl From<PathBuf> for Source {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl Source {
    fn pump(
        &self,
        limit: u64,
        sink: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<Pumped, BundleError> {
        let (result, path) = match self {
            Self::Bytes(bytes) => (pump(&mut bytes.as_slice(), limit, sink), None),
            Self::File(path) => (pump(&mut io::open_regular(path)?, limit, sink), Some(path.clone())),
        };
        result.map_err(|e| match e {
            PumpError::Read(source) => BundleError::Io { path, source },
            PumpError::Write(source) => BundleError::io(source),
        })
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The signed manifest.
    pub manifest: Manifest,
    /// Hash of the bytes of `manifest.json`: names this bundle wherever another one links to it.
    pub manifest_sha256: Sha256,
    /// Size of the whole file in bytes.
    pub bytes: u64,
    /// Who signed.
    pub key_id: KeyId,
}

/// Collects what goes into a bundle, then writes it. The order of calls does not matter.
#[derive(Debug, Clone)]
pub struct Builder {
    media_type: String,
    created: Timestamp,
    tool: String,
    subject: String,
    links: BTreeMap<String, Sha256>,
    tenant: Option<String>,
    expires: Option<Timestamp>,
    records: Vec<(String, String, Source)>,
    limits: Limits,
}

impl Builder {
    /// Starts a bundle. `created` is the caller's time; `tool` names program and version.
    pub fn new(media_type: impl Into<String>, created: Timestamp, tool: impl Into<String>) -> Self {
        Self {
            media_type: media_type.into(),
            created,
            tool: tool.into(),
            subject: String::new(),
            links: BTreeMap::new(),
            tenant: None,
            expires: None,
            records: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// What the bundle is about, one line.
    pub fn subject(&mut self, subject: impl Into<String>) -> &mut Self {
        self.subject = subject.into();
        self
    }

    /// The bundle belongs to the file with this hash, under this name (`plan`).
    pub fn link(&mut self, name: impl Into<String>, sha256: Sha256) -> &mut Self {
        self.links.insert(name.into(), sha256);
        self
    }

    /// The only tenant that it is meant for.
    pub fn tenant(&mut self, tenant: impl Into<String>) -> &mut Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// When it stops being usable.
    pub fn expires(&mut self, at: Timestamp) -> &mut Self {
        self.expires = Some(at);
        self
    }

    /// Other limits than the default ones. Readers with lower limits will refuse the bundle.
    pub fn limits(&mut self, limits: Limits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Adds a record. Name and media type are checked by [`Builder::write`].
    pub fn record(
        &mut self,
        name: impl Into<String>,
        media_type: impl Into<String>,
        source: impl Into<Source>,
    ) -> &mut Self {
        self.records.push((name.into(), media_type.into(), source.into()));
        self
    }

    /// Hashes all sources, signs, and writes. Content is streamed; only the manifest is held.
    ///
    /// # Errors
    /// Names, fields and sizes that a reader would refuse, failures of files or of `out`, and
    /// [`BundleError::SourceChanged`]. After an error, what `out` holds is not a bundle;
    /// [`crate::io::write_file`] leaves nothing behind.
    pub fn write(&self, key: &Key, mut out: impl Write) -> Result<Summary, BundleError> {
        let mut sources: Vec<_> = self.records.iter().collect();
        sources.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
        let manifest = self.manifest(&sources)?;

        let mut signed = DOMAIN.to_vec();
        signed.append(&mut manifest.to_bytes());
        let text = &signed[DOMAIN.len()..];
        let sig = key.sign(&signed);
        let length = |bytes: &[u8]| bytes.len() as u64;
        if length(text) > self.limits.max_manifest_bytes {
            let (bytes, limit) = (length(text), self.limits.max_manifest_bytes);
            return Err(BundleError::RecordTooLarge { record: RecordAt::unlisted(MANIFEST), bytes, limit });
        }
        let bytes = total_bytes(&manifest, length(text), length(&sig));
        if bytes > self.limits.max_file_bytes {
            return Err(BundleError::TooLarge { bytes, limit: self.limits.max_file_bytes });
        }

        let mut put = |bytes: &[u8]| out.write_all(bytes);
        for (name, content) in
            [(MARKER, MARKER_TEXT.as_bytes()), (MANIFEST, text), (SIGNATURE, sig.as_slice())]
        {
            let block = header(name, length(content))?;
            put(&block).and_then(|()| put(content)).map_err(BundleError::io)?;
            put(&[0; tar::BLOCK][..tar::padding(length(content))]).map_err(BundleError::io)?;
        }
        for (i, (record, (_, _, source))) in manifest.records.iter().zip(&sources).enumerate() {
            let block = header(&record.name, record.bytes)?;
            put(&block).map_err(BundleError::io)?;
            // One byte more is asked for, so that a source that grew is noticed and not cut.
            let mut left = record.bytes;
            let pumped = source.pump(record.bytes + 1, |chunk| {
                let fits = usize::try_from(left).unwrap_or(usize::MAX).min(chunk.len());
                left -= fits as u64;
                put(&chunk[..fits])
            })?;
            if (pumped.bytes, pumped.sha256) != (record.bytes, record.sha256) {
                return Err(BundleError::SourceChanged { record: record.at(i) });
            }
            put(&[0; tar::BLOCK][..tar::padding(record.bytes)]).map_err(BundleError::io)?;
        }
        put(&[0; 2 * tar::BLOCK]).map_err(BundleError::io)?;
        out.flush().map_err(BundleError::io)?;
        Ok(Summary { manifest_sha256: Sha256::of(text), manifest, bytes, key_id: key.key_id() })
    }

    fn manifest(&self, sources: &[&(String, String, Source)]) -> Result<Manifest, BundleError> {
        let mut manifest = Manifest {
            format: FORMAT,
            media_type: self.media_type.clone(),
            created: self.created,
            tool: self.tool.clone(),
            subject: self.subject.clone(),
            links: self.links.clone(),
            tenant: self.tenant.clone(),
            expires: self.expires,
            records: Vec::with_capacity(sources.len()),
        };
        for (name, media_type, source) in sources {
            // A file over the limit is read a byte past it and then refused by `check`.
            let pumped = source.pump(self.limits.max_record_bytes.saturating_add(1), |_| Ok(()))?;
            manifest.records.push(Record {
                name: name.clone(),
                bytes: pumped.bytes,
                sha256: pumped.sha256,
                media_type: media_type.clone(),
            });
        }
        manifest.check(&self.limits)?;
        Ok(manifest)
    }
}

/// A tar header. Names were checked before, so only a size can fail to fit.
fn header(name: &str, bytes: u64) -> Result<tar::Block, BundleError> {
    tar::header(name, bytes).ok_or_else(|| {
        let (record, limit) = (RecordAt::unlisted(name), tar::MAX_SIZE);
        BundleError::RecordTooLarge { record, bytes, limit }
    })
}

/// Size of the whole file.
fn total_bytes(manifest: &Manifest, text: u64, sig: u64) -> u64 {
    let records = manifest.records.iter().map(|r| r.bytes);
    [MARKER_TEXT.len() as u64, text, sig]
        .into_iter()
        .chain(records)
        .map(tar::entry_bytes)
        .fold(2 * tar::BLOCK as u64, u64::saturating_add)
}

/// Reads until `buffer` is full or the source ends; gives the bytes read.
pub(crate) fn fill(source: &mut impl Read, buffer: &mut [u8]) -> Result<usize, BundleError> {
    let mut done = 0;
    while done < buffer.len() {
        match source.read(&mut buffer[done..]) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(BundleError::io(e)),
        }
    }
    Ok(done)
}
