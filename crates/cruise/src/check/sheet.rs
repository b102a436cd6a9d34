//! The sheet a judge writes its lines on.

use bulwark_model::{Severity, Text, Verdict};
use bulwark_probe::failure::Failure;

use super::{Definition, Piece, texts};

/// One result of one check on one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The check.
    pub check: &'static str,
    /// The verdict.
    pub verdict: Verdict,
    /// Severity before the rules of severity; only meaningful for `fail` and `warn`.
    pub severity: Severity,
    /// What it is about: host, URL, address, file. Part of the fingerprint of a finding.
    pub asset: String,
    /// Which sentence of the check's texts it is. Part of the fingerprint of a finding.
    pub sentence: String,
    /// What was found, one sentence.
    pub message: Text,
    /// The telling part of the evidence.
    pub excerpt: String,
    /// Ids of the evidence records.
    pub evidence: Vec<String>,
}

/// Lines of one check in the making.
pub struct Sheet {
    definition: &'static Definition,
    lines: Vec<Line>,
    handled: Vec<String>,
}

/// A line just written, to be completed.
pub struct Entry<'s>(&'s mut Line);

#[expect(
    clippy::return_self_not_must_use,
    reason = "an entry is complete when it is written; completing it is optional"
)]
impl Entry<'_> {
    /// Names the evidence record the line rests on.
    pub fn from<T: ?Sized>(self, piece: &Piece<'_, T>) -> Self {
        if !self.0.evidence.iter().any(|e| e == piece.id) {
            self.0.evidence.push(piece.id.to_owned());
        }
        self
    }

    /// Adds the telling part of the evidence (a header, a record, a few numbers).
    pub fn excerpt(self, excerpt: impl Into<String>) -> Self {
        self.0.excerpt = excerpt.into();
        self
    }

    /// Fills the English sentence with other arguments, where a value is a word that differs by
    /// language.
    pub fn english(self, args: &[(&str, String)]) -> Self {
        self.0.message.en = texts().text(&key(self.0.check, &self.0.sentence), args).en;
        self
    }

    /// Puts the check's title before the sentence: for shared sentences that do not say what they
    /// are about.
    pub fn titled(self) -> Self {
        let title = texts().text(&format!("{}.title", self.0.check), &[]);
        self.0.message.zh_tw = format!("{}：{}", title.zh_tw, self.0.message.zh_tw);
        self.0.message.en = format!("{}: {}", title.en, self.0.message.en);
        self
    }

    /// Another severity than the definition's.
    pub fn severity(self, severity: Severity) -> Self {
        self.0.severity = severity;
        self
    }
}

impl Sheet {
    /// An empty sheet for one check.
    pub fn new(definition: &'static Definition) -> Self {
        Self { definition, lines: Vec::new(), handled: Vec::new() }
    }

    /// Writes a line. `sentence` is a key in the check's table of texts.
    ///
    /// # Panics
    /// Never: the line it completes has just been pushed.
    pub fn add(
        &mut self,
        verdict: Verdict,
        asset: &str,
        sentence: &str,
        args: &[(&str, String)],
    ) -> Entry<'_> {
        let key = key(self.definition.id, sentence);
        // A warning weighs one step less than a failure of the same check.
        let severity = if verdict == Verdict::Warn {
            step_down(self.definition.severity)
        } else {
            self.definition.severity
        };
        self.lines.push(Line {
            check: self.definition.id,
            verdict,
            severity,
            asset: asset.to_owned(),
            sentence: sentence.to_owned(),
            message: texts().text(&key, args),
            excerpt: String::new(),
            evidence: Vec::new(),
        });
        Entry(self.lines.last_mut().expect("a line was just pushed"))
    }

    /// The criterion is met.
    pub fn pass(&mut self, asset: &str, sentence: &str, args: &[(&str, String)]) -> Entry<'_> {
        self.add(Verdict::Pass, asset, sentence, args)
    }

    /// Met, but close to the line.
    pub fn warn(&mut self, asset: &str, sentence: &str, args: &[(&str, String)]) -> Entry<'_> {
        self.add(Verdict::Warn, asset, sentence, args)
    }

    /// Not met.
    pub fn fail(&mut self, asset: &str, sentence: &str, args: &[(&str, String)]) -> Entry<'_> {
        self.add(Verdict::Fail, asset, sentence, args)
    }

    /// A fact without judgement.
    pub fn info(&mut self, asset: &str, sentence: &str, args: &[(&str, String)]) -> Entry<'_> {
        self.add(Verdict::Info, asset, sentence, args)
    }

    /// The question does not arise.
    pub fn not_applicable(&mut self, asset: &str, sentence: &str, args: &[(&str, String)]) -> Entry<'_> {
        self.add(Verdict::NotApplicable, asset, sentence, args)
    }

    /// Not looked at, with the reason.
    pub fn not_tested(&mut self, asset: &str, sentence: &str, args: &[(&str, String)]) -> Entry<'_> {
        self.add(Verdict::NotTested, asset, sentence, args)
    }

    /// A person must look.
    pub fn manual(&mut self, asset: &str, sentence: &str, args: &[(&str, String)]) -> Entry<'_> {
        self.add(Verdict::Manual, asset, sentence, args)
    }

    /// Part of the evidence is missing because of our own trouble: never a verdict on the target.
    pub fn error(&mut self, asset: &str, failure: &Failure) -> Entry<'_> {
        let verdict = match failure.code {
            bulwark_probe::failure::Code::NotInstalled | bulwark_probe::failure::Code::Interrupted => {
                Verdict::NotTested
            }
            _ => Verdict::Error,
        };
        let failure = shortened(failure);
        let message = failure.diagnostic(asset).what;
        let line = self.add(verdict, asset, "common.failed", &[]);
        line.0.message = message;
        line.0.excerpt = failure.to_string();
        line
    }

    /// Says that the judge itself has dealt with a record that could not be collected.
    pub fn handled(&mut self, piece: &Piece<'_, Failure>) {
        self.handled.push(piece.id.to_owned());
    }

    pub(super) fn is_handled(&self, piece: &Piece<'_, Failure>) -> bool {
        self.handled.iter().any(|id| id == piece.id)
    }

    pub(super) fn failed_collection(&mut self, piece: &Piece<'_, Failure>) {
        self.error(&piece.record.subject, piece.body).from(piece);
    }

    /// True when nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines, in the order written.
    pub fn finish(self) -> Vec<Line> {
        self.lines
    }
}

/// Shared sentences stand under `common`, all others under their check.
fn key(check: &str, sentence: &str) -> String {
    if sentence.starts_with("common.") { sentence.to_owned() } else { format!("{check}.{sentence}") }
}

/// Text of a target's making is kept short in a result; the whole is in the evidence.
fn shortened(failure: &Failure) -> Failure {
    let mut detail: String = failure.detail.chars().take(300).collect();
    if detail.len() < failure.detail.len() {
        detail.push('…');
    }
    Failure { detail, ..failure.clone() }
}

/// One step less grave.
pub(crate) const fn step_down(severity: Severity) -> Severity {
    match severity {
        Severity::High => Severity::Medium,
        Severity::Medium => Severity::Low,
        Severity::Low | Severity::Advice => Severity::Advice,
    }
}
