//! Files of a run: the journal that makes it resumable, and the result bundle.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use bulwark_bundle::{Key, Sha256, Summary, io as bundle_io};
use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Domain, Intensity, Location};
use bulwark_probe::evidence::Record;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::diagnostic;
use crate::finding::Previous;
use crate::plan::Plan;
use crate::result::{self, CruiseResult, Judgement, Meta};

/// Name of the result bundle in an output folder.
pub const RESULT_FILE: &str = "result.bwr";
const JOURNAL: &str = ".run";
const STATE: &str = "state.json";
const LOCK: &str = "lock";
/// A single evidence record may be this large when read back.
const RECORD_LIMIT: u64 = 64 << 20;

/// What must be the same when a run goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    pub format: u32,
    pub plan_sha256: String,
    pub only: Vec<Domain>,
    pub intensity: Intensity,
    pub started_at: Timestamp,
    /// Seconds of open window when the run started; the spread of repetitions follows from it.
    pub window_s: Option<i64>,
    pub reason: Option<String>,
}

/// The journal of a run that is not finished: one file an item, each written whole or not at all.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    state: State,
    // Held until the journal is dropped: two runs in one folder would mix their evidence.
    _lock: File,
}

impl Journal {
    /// Opens the journal of `out`, or starts one. Returns it with whether it goes on.
    pub fn open(out: &Path, fresh: State) -> Result<(Self, bool), Diagnostic> {
        let folder = out.join(JOURNAL);
        let cannot = |path: &Path, e: std::io::Error| unwritable(path, &e);
        fs::create_dir_all(&folder).map_err(|e| cannot(&folder, e))?;
        let lock_path = folder.join(LOCK);
        let lock = File::create(&lock_path).map_err(|e| cannot(&lock_path, e))?;
        if lock.try_lock().is_err() {
            return Err(diagnostic("BW-RUN-011", &args![path = out.display()]));
        }
        let state_path = folder.join(STATE);
        if let Ok(bytes) = fs::read(&state_path)
            && let Ok(state) = serde_json::from_slice::<State>(&bytes)
        {
            let same = state.plan_sha256 == fresh.plan_sha256
                && state.only == fresh.only
                && state.intensity == fresh.intensity;
            if !same {
                return Err(diagnostic("BW-RUN-003", &args![path = out.display()]));
            }
            return Ok((Self { folder, state, _lock: lock }, true));
        }
        write_whole(&state_path, result::to_json(&fresh).as_bytes())?;
        Ok((Self { folder, state: fresh, _lock: lock }, false))
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The record of an item, if it was finished. A damaged file is put aside and reported.
    pub fn load(&self, id: &str, notes: &mut Vec<Diagnostic>) -> Option<Record> {
        let path = self.path(id);
        let bytes = fs::read(&path).ok()?;
        match serde_json::from_slice(&bytes) {
            Ok(record) => Some(record),
            Err(e) => {
                let shown = path.display().to_string();
                let _ = fs::rename(&path, format!("{shown}.damaged"));
                notes.push(diagnostic("BW-RUN-005", &args![path = shown]).because(e));
                None
            }
        }
    }

    pub fn store(&self, id: &str, record: &Record) -> Result<(), Diagnostic> {
        write_whole(&self.path(id), result::to_json(record).as_bytes())
    }

    /// The run is sealed: its journal is no longer needed.
    pub fn remove(self) -> Result<(), Diagnostic> {
        fs::remove_dir_all(&self.folder).map_err(|e| unwritable(&self.folder, &e))
    }

    fn path(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }
}

/// Writes a file so that a crash leaves the old one or the new one, never half of it.
///
/// # Errors
/// Names the path that cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let temporary = path.with_extension("tmp");
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|e| unwritable(path, &e))
}

fn unwritable(path: &Path, e: &std::io::Error) -> Diagnostic {
    diagnostic("BW-RUN-009", &args![path = path.display()]).because(e)
}

/// Seals a result: signs the bundle and writes it in one step.
///
/// # Errors
/// Names the path that cannot be written.
pub fn seal(result: &CruiseResult, key: &Key, path: &Path) -> Result<Summary, Diagnostic> {
    bundle_io::write_file(path, &result.bundle(), key).map_err(|e| e.diagnostic(&path.display().to_string()))
}

/// A result read from a file, with every byte verified.
#[derive(Debug)]
pub struct Opened {
    /// Facts of the run.
    pub meta: Meta,
    /// The plan.
    pub plan: Plan,
    /// Evidence by id.
    pub evidence: Vec<(String, Record)>,
    /// What the run left for the next comparison.
    pub left: Previous,
    /// Records in the bundle.
    pub records: usize,
    /// Id of the key that signed it (first 16 digits).
    pub key_id: String,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// The signer.
    pub signer: bulwark_bundle::PublicKey,
}

/// Verifies a result bundle and reads it. `plan` refuses a result made for another plan.
///
/// # Errors
/// Names the first bad record, or says what else is wrong.
pub fn open(path: &Path, plan: Option<&Plan>) -> Result<Opened, Vec<Diagnostic>> {
    let shown = path.display().to_string();
    let refuse = |e: &bulwark_bundle::BundleError| vec![e.diagnostic(&shown)];
    let mut reader = bundle_io::open_file(path).map_err(|e| refuse(&e))?;
    reader.expect_media_type(result::MEDIA_TYPE).map_err(|e| refuse(&e))?;
    let verified = reader.verify().map_err(|e| refuse(&e))?;
    if let Some(plan) = plan {
        reader.expect_link("plan", Sha256::of(plan.source.as_bytes())).map_err(|e| refuse(&e))?;
    }
    let mut text = |name: &str| -> Result<String, Vec<Diagnostic>> {
        let bytes = reader.read(name, RECORD_LIMIT).map_err(|e| vec![e.diagnostic(&shown)])?;
        String::from_utf8(bytes).map_err(|e| vec![unreadable(&shown, name, &e)])
    };
    let meta: Meta = parse(&shown, result::RUN, &text(result::RUN)?)?;
    if meta.format > 1 {
        return Err(vec![diagnostic("BW-RESULT-002", &[]).at_named(shown)]);
    }
    let source = text(result::PLAN)?;
    let plan = result::plan_of(&source, &meta).map_err(|notes| {
        let mut all = vec![unreadable(&shown, result::PLAN, &"")];
        all.extend(notes);
        all
    })?;
    let judgement: Judgement = parse(&shown, result::JUDGEMENT, &text(result::JUDGEMENT)?)?;
    let names: Vec<String> = verified
        .manifest
        .records
        .iter()
        .filter_map(|r| r.name.strip_prefix(result::EVIDENCE)?.strip_suffix(".json").map(str::to_owned))
        .collect();
    let mut evidence = Vec::with_capacity(names.len());
    for id in names {
        let name = result::evidence_name(&id);
        evidence.push((id, parse(&shown, &name, &text(&name)?)?));
    }
    let left = Previous {
        finished_at: Some(meta.finished_at),
        scores: judgement.scores.iter().map(|(_, s)| *s).collect(),
        open: judgement.open.into_iter().chain(judgement.not_retested).collect(),
        fixed: judgement.fixed.into_iter().chain(judgement.fixed_before).collect(),
    };
    Ok(Opened {
        meta,
        plan,
        evidence,
        left,
        records: usize::try_from(verified.records).unwrap_or(usize::MAX),
        key_id: verified.key_id.short(),
        judged_at: judgement.judged_at,
        signer: *reader.signer(),
    })
}

fn parse<T: serde::de::DeserializeOwned>(file: &str, record: &str, text: &str) -> Result<T, Vec<Diagnostic>> {
    serde_json::from_str(text).map_err(|e| vec![unreadable(file, record, &e)])
}

fn unreadable(file: &str, record: &str, cause: &dyn std::fmt::Display) -> Diagnostic {
    diagnostic("BW-RESULT-001", &args![record = record])
        .at(Location::Named(format!("{file}: {record}")))
        .because(cause)
}
