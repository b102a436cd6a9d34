//! Reading and verification: every byte of a bundle is either checked against the one value it may
//! have, or covered by a hash in the signed manifest.

use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use jiff::Timestamp;

use crate::builder::{MARKER_TEXT, fill};
use crate::hash::{PumpError, pump};
use crate::key::{self, DOMAIN};
use crate::manifest::{FORMAT, Manifest, Record};
use crate::name::{MANIFEST, MARKER, MARKER_STEM, SIGNATURE};
use crate::tar::{self, BLOCK, Block};
use crate::{BundleError, KeyId, PublicKey, RecordAt, Sha256};

/// How much is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole file; 2 GiB by default.
    pub max_file_bytes: u64,
    /// Bytes of one record; 2 GiB by default. ustar itself ends at 8 GiB − 1.
    pub max_record_bytes: u64,
    /// Number of records; 200 000 by default.
    pub max_records: u64,
    /// Bytes of the manifest, which is held in memory; 128 MiB by default.
    pub max_manifest_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 2 << 30,
            max_record_bytes: 2 << 30,
            max_records: 200_000,
            max_manifest_bytes: 128 << 20,
        }
    }
}

/// Largest accepted `manifest.sig`; the real one has some 300 bytes.
const MAX_SIGNATURE_BYTES: u64 = 1024;

/// What [`Reader::verify`] established.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Number of records, all present and unaltered.
    pub records: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
    /// Who signed. Whether that key is trusted is for [`Reader::expect_signer`].
    pub key_id: KeyId,
    /// The signed manifest.
    pub manifest: Arc<Manifest>,
    /// Hash of the bytes of `manifest.json`.
    pub manifest_sha256: Sha256,
}

/// An opened bundle whose manifest and signature have been checked. Records are checked when read,
/// all of them (and the absence of anything else) by [`Reader::verify`].
#[derive(Debug)]
pub struct Reader<R> {
    inner: BufReader<R>,
    limits: Limits,
    file_bytes: u64,
    manifest: Arc<Manifest>,
    manifest_sha256: Sha256,
    signer: PublicKey,
    /// Where the header of each record must start.
    offsets: Vec<u64>,
    /// Where the end blocks must start.
    end: u64,
}

impl<R: Read + Seek> Reader<R> {
    /// Reads the leading entries and checks marker, signature and manifest.
    ///
    /// # Errors
    /// Everything that can be wrong with them, and a file over the limits.
    pub fn open(inner: R, limits: &Limits) -> Result<Self, BundleError> {
        let mut inner = BufReader::with_capacity(64 * 1024, inner);
        let file_bytes = inner.seek(SeekFrom::End(0)).map_err(BundleError::io)?;
        inner.rewind().map_err(BundleError::io)?;
        read_marker(&mut inner)?;
        if file_bytes > limits.max_file_bytes {
            return Err(BundleError::TooLarge { bytes: file_bytes, limit: limits.max_file_bytes });
        }
        // The manifest is read behind the domain prefix, which is how it was signed.
        let mut signed = DOMAIN.to_vec();
        read_leading(&mut inner, MANIFEST, limits.max_manifest_bytes, &mut signed)?;
        let mut sig = Vec::new();
        read_leading(&mut inner, SIGNATURE, MAX_SIGNATURE_BYTES, &mut sig)?;
        let signer = key::verify(&sig, &signed)?;
        let text = &signed[DOMAIN.len()..];
        let manifest = Manifest::parse(text, limits)?;

        let mut end = [MARKER_TEXT.len(), text.len(), sig.len()]
            .into_iter()
            .map(|n| tar::entry_bytes(n as u64))
            .fold(0, u64::saturating_add);
        let mut offsets = Vec::with_capacity(manifest.records.len());
        for record in &manifest.records {
            offsets.push(end);
            end = end.saturating_add(tar::entry_bytes(record.bytes));
        }
        Ok(Self {
            inner,
            limits: *limits,
            file_bytes,
            manifest_sha256: Sha256::of(text),
            manifest: Arc::new(manifest),
            signer,
            offsets,
            end,
        })
    }

    /// The signed manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Hash of the bytes of `manifest.json`.
    pub fn manifest_sha256(&self) -> Sha256 {
        self.manifest_sha256
    }

    /// The key that signed; it comes from the bundle itself, so compare it with known keys.
    pub fn signer(&self) -> &PublicKey {
        &self.signer
    }

    /// All record names, sorted bytewise.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.manifest.records.iter().map(|r| r.name.as_str())
    }

    /// Demands that one of `trusted` signed.
    ///
    /// # Errors
    /// [`BundleError::UnknownKey`].
    pub fn expect_signer(&self, trusted: &[PublicKey]) -> Result<(), BundleError> {
        if trusted.contains(&self.signer) {
            Ok(())
        } else {
            Err(BundleError::UnknownKey { key_id: self.signer.key_id() })
        }
    }

    /// Demands that the bundle belongs to the file with this hash: "made for another plan" otherwise.
    ///
    /// # Errors
    /// [`BundleError::LinkMismatch`], also when the link is absent.
    pub fn expect_link(&self, name: &str, sha256: Sha256) -> Result<(), BundleError> {
        let found = self.manifest.links.get(name).copied();
        if found == Some(sha256) {
            return Ok(());
        }
        Err(BundleError::LinkMismatch { link: name.to_owned(), expected: sha256, found })
    }

    /// Demands a kind of bundle.
    ///
    /// # Errors
    /// [`BundleError::WrongMediaType`].
    pub fn expect_media_type(&self, media_type: &str) -> Result<(), BundleError> {
        if self.manifest.media_type == media_type {
            return Ok(());
        }
        let (expected, found) = (media_type.to_owned(), self.manifest.media_type.clone());
        Err(BundleError::WrongMediaType { expected, found })
    }

    /// Demands that the bundle is meant for `tenant` or for everyone.
    ///
    /// # Errors
    /// [`BundleError::WrongTenant`].
    pub fn expect_tenant(&self, tenant: &str) -> Result<(), BundleError> {
        match &self.manifest.tenant {
            Some(found) if found != tenant => {
                Err(BundleError::WrongTenant { expected: tenant.to_owned(), found: Some(found.clone()) })
            }
            _ => Ok(()),
        }
    }

    /// Demands that the bundle has not expired at `now`.
    ///
    /// # Errors
    /// [`BundleError::Expired`].
    pub fn expect_current(&self, now: Timestamp) -> Result<(), BundleError> {
        match self.manifest.expires {
            Some(at) if now >= at => Err(BundleError::Expired { at }),
            _ => Ok(()),
        }
    }

    /// Checks every byte after the leading entries. Memory does not depend on the records' sizes.
    ///
    /// # Errors
    /// The first thing that is wrong, with the record where it is.
    pub fn verify(&mut self) -> Result<Verified, BundleError> {
        self.seek(self.offsets.first().copied().unwrap_or(self.end))?;
        let manifest = Arc::clone(&self.manifest);
        for (i, record) in manifest.records.iter().enumerate() {
            self.check_header(i, record)?;
            self.stream(i, record, |_| Ok(()))?;
        }
        self.check_end()?;
        Ok(Verified {
            records: manifest.records.len() as u64,
            bytes: self.file_bytes,
            key_id: self.signer.key_id(),
            manifest,
            manifest_sha256: self.manifest_sha256,
        })
    }

    /// The content of one record, checked against its hash.
    ///
    /// # Errors
    /// [`BundleError::NoSuchRecord`], a record over `max_bytes`, or a record that was altered.
    pub fn read(&mut self, name: &str, max_bytes: u64) -> Result<Vec<u8>, BundleError> {
        if let Some((i, record)) = self.manifest.find(name)
            && record.bytes > max_bytes
        {
            let (record, bytes) = (record.at(i), record.bytes);
            return Err(BundleError::RecordTooLarge { record, bytes, limit: max_bytes });
        }
        let mut out = Vec::new();
        self.copy(name, &mut out)?;
        Ok(out)
    }

    /// Streams the content of one record into `out`. What `out` received may be used only when
    /// this returns `Ok`: the hash is known at the end.
    ///
    /// # Errors
    /// [`BundleError::NoSuchRecord`], a record that was altered, or a failure of `out`.
    pub fn copy(&mut self, name: &str, mut out: impl Write) -> Result<u64, BundleError> {
        let manifest = Arc::clone(&self.manifest);
        let (i, record) =
            manifest.find(name).ok_or_else(|| BundleError::NoSuchRecord { name: name.to_owned() })?;
        self.seek(self.offsets[i])?;
        self.check_header(i, record)?;
        self.stream(i, record, |chunk| out.write_all(chunk))?;
        Ok(record.bytes)
    }

    fn seek(&mut self, offset: u64) -> Result<(), BundleError> {
        self.inner.seek(SeekFrom::Start(offset)).map(|_| ()).map_err(BundleError::io)
    }

    /// Reads the header of record `i` and explains what stands there instead, if it is not right.
    fn check_header(&mut self, i: usize, record: &Record) -> Result<(), BundleError> {
        let at = || record.at(i);
        let mut block = [0; BLOCK];
        if fill(&mut self.inner, &mut block)? < BLOCK {
            return Err(BundleError::Truncated { record: at() });
        }
        if tar::header(&record.name, record.bytes) == Some(block) {
            return Ok(());
        }
        if tar::is_zero(&block) {
            return Err(BundleError::RecordMissing { record: at() });
        }
        let Some(found) = tar::peek(&block) else { return Err(BundleError::HeaderAltered { record: at() }) };
        if found.name == record.name {
            let only_size_differs = tar::header(&found.name, found.size) == Some(block);
            return Err(if only_size_differs {
                BundleError::RecordAltered { record: at() }
            } else {
                BundleError::HeaderAltered { record: at() }
            });
        }
        let listed = self.manifest.find(&found.name).map(|(j, _)| j);
        if listed.is_some_and(|j| j < i) {
            return Err(BundleError::RecordExtra { record: RecordAt::unlisted(&found.name) });
        }
        let comes_later = self.scan_for(&record.name, found.size)?;
        Err(match (comes_later, listed) {
            (false, _) => BundleError::RecordMissing { record: at() },
            (true, Some(_)) => BundleError::RecordOrder { record: at() },
            (true, None) => BundleError::RecordExtra { record: RecordAt::unlisted(&found.name) },
        })
    }

    /// Looks for a header with this name after the content of `size` bytes that starts here. Only
    /// used to say what is wrong with a file that is already refused.
    fn scan_for(&mut self, name: &str, size: u64) -> Result<bool, BundleError> {
        let mut at = self.inner.stream_position().map_err(BundleError::io)?;
        let mut skip = size;
        for _ in 0..self.limits.max_records {
            at = at.saturating_add(tar::entry_bytes(skip) - BLOCK as u64);
            if at >= self.file_bytes {
                break;
            }
            self.seek(at)?;
            let mut block = [0; BLOCK];
            let full = fill(&mut self.inner, &mut block)? == BLOCK;
            let Some(found) = tar::peek(&block).filter(|_| full) else { break };
            if found.name == name {
                return Ok(true);
            }
            at += BLOCK as u64;
            skip = found.size;
        }
        Ok(false)
    }

    /// Reads content and padding of record `i`, whose header was just read.
    fn stream(
        &mut self,
        i: usize,
        record: &Record,
        sink: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<(), BundleError> {
        let pumped = pump(&mut self.inner, record.bytes, sink)
            .map_err(|(PumpError::Read(e) | PumpError::Write(e))| BundleError::io(e))?;
        if pumped.bytes < record.bytes {
            return Err(BundleError::Truncated { record: record.at(i) });
        }
        if pumped.sha256 != record.sha256 {
            return Err(BundleError::RecordAltered { record: record.at(i) });
        }
        match read_padding(&mut self.inner, record.bytes)? {
            Padding::Zero => Ok(()),
            Padding::Short => Err(BundleError::Truncated { record: record.at(i) }),
            Padding::Other => Err(BundleError::RecordAltered { record: record.at(i) }),
        }
    }

    /// Two blocks of zeros and nothing more.
    fn check_end(&mut self) -> Result<(), BundleError> {
        let mut blocks = [0; 2 * BLOCK];
        let got = fill(&mut self.inner, &mut blocks)?;
        if !tar::is_zero(&blocks[..got]) {
            let first: Option<&Block> = blocks.first_chunk().filter(|_| got >= BLOCK);
            return Err(match first.and_then(tar::peek) {
                Some(found) => BundleError::RecordExtra { record: RecordAt::unlisted(&found.name) },
                None => BundleError::TrailingData,
            });
        }
        if got < blocks.len() {
            return Err(BundleError::Truncated { record: RecordAt::unlisted("end") });
        }
        let mut more = [0];
        if fill(&mut self.inner, &mut more)? > 0 {
            return Err(BundleError::TrailingData);
        }
        Ok(())
    }
}

/// The first entry: tells a bundle from anything else, and this format from newer ones.
fn read_marker(inner: &mut impl Read) -> Result<(), BundleError> {
    let marker = || RecordAt::unlisted(MARKER);
    let expected = tar::header(MARKER, MARKER_TEXT.len() as u64).expect("own name fits");
    let mut block = [0; BLOCK];
    let got = fill(inner, &mut block)?;
    if got < BLOCK {
        let ours = got >= MARKER_STEM.len() && expected.starts_with(&block[..got]);
        return Err(if ours { BundleError::Truncated { record: marker() } } else { BundleError::NotABundle });
    }
    if block != expected {
        if let Some(found) = tar::peek(&block).and_then(|p| p.name.strip_prefix(MARKER_STEM)?.parse().ok())
            && found > FORMAT
        {
            return Err(BundleError::NewerFormat { found });
        }
        return Err(if block.starts_with(MARKER_STEM.as_bytes()) {
            BundleError::HeaderAltered { record: marker() }
        } else {
            BundleError::NotABundle
        });
    }
    let mut text = [0; MARKER_TEXT.len()];
    let got = fill(inner, &mut text)?;
    if got < text.len() {
        return Err(BundleError::Truncated { record: marker() });
    }
    if text != *MARKER_TEXT.as_bytes() {
        return Err(BundleError::HeaderAltered { record: marker() });
    }
    leading_padding(inner, MARKER, text.len() as u64)
}

/// Appends the content of `manifest.json` or `manifest.sig` to `out`.
fn read_leading(inner: &mut impl Read, name: &str, limit: u64, out: &mut Vec<u8>) -> Result<(), BundleError> {
    let record = || RecordAt::unlisted(name);
    let mut block = [0; BLOCK];
    if fill(inner, &mut block)? < BLOCK {
        return Err(BundleError::Truncated { record: record() });
    }
    let found = match tar::peek(&block) {
        Some(found) if found.name == name && tar::header(name, found.size) == Some(block) => found,
        Some(found) if found.name != name => return Err(BundleError::RecordMissing { record: record() }),
        None if tar::is_zero(&block) => return Err(BundleError::RecordMissing { record: record() }),
        _ => return Err(BundleError::HeaderAltered { record: record() }),
    };
    if found.size > limit {
        return Err(BundleError::RecordTooLarge { record: record(), bytes: found.size, limit });
    }
    let got = inner.take(found.size).read_to_end(out).map_err(BundleError::io)?;
    if (got as u64) < found.size {
        return Err(BundleError::Truncated { record: record() });
    }
    leading_padding(inner, name, found.size)
}

fn leading_padding(inner: &mut impl Read, name: &str, size: u64) -> Result<(), BundleError> {
    match read_padding(inner, size)? {
        Padding::Zero => Ok(()),
        Padding::Short => Err(BundleError::Truncated { record: RecordAt::unlisted(name) }),
        Padding::Other => Err(BundleError::HeaderAltered { record: RecordAt::unlisted(name) }),
    }
}

enum Padding {
    Zero,
    Short,
    Other,
}

fn read_padding(inner: &mut impl Read, size: u64) -> Result<Padding, BundleError> {
    let mut block = [0; BLOCK];
    let rest = &mut block[..tar::padding(size)];
    let got = fill(inner, rest)?;
    Ok(match (got == rest.len(), tar::is_zero(rest)) {
        (true, true) => Padding::Zero,
        (false, _) => Padding::Short,
        (true, false) => Padding::Other,
    })
}
