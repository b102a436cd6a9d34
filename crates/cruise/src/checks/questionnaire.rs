//! Items only people can answer: one judge for all of them.

use bulwark_i18n::args;
use bulwark_probe::evidence::Files;

use crate::check::{Case, Piece, Sheet};
use crate::plan::AnswerValue;

/// Judges the answer to `question`: yes with evidence passes, yes without needs a person, no fails.
///
/// The evidence files of an answer are listed (and hashed) by the run, so that the result bundle
/// proves which files were meant.
pub fn judge(question: &str, case: &Case<'_>, sheet: &mut Sheet) {
    let asset = case.plan.system.name.as_str();
    let Some(answer) = case.answer(question) else { return };
    match answer.value {
        AnswerValue::Yes if answer.evidence.is_empty() => {
            sheet.manual(asset, "common.answer_yes_no_evidence", &[]).titled();
        }
        AnswerValue::Yes => {
            let found: Vec<(String, Option<Piece<'_, Files>>)> = answer
                .evidence
                .iter()
                .map(|path| {
                    let path = path.to_string_lossy().into_owned();
                    let piece = case.files().find(|p| p.body.path == path && !p.body.files.is_empty());
                    (path, piece)
                })
                .collect();
            let names: Vec<&str> = found.iter().map(|(path, _)| file_name(path)).collect();
            if let Some((path, _)) = found.iter().find(|(_, piece)| piece.is_none()) {
                sheet
                    .manual(asset, "common.answer_evidence_missing", &args![files = file_name(path)])
                    .titled();
                return;
            }
            let mut entry = sheet
                .pass(asset, "common.answer_yes", &args![files = names.join("、")])
                .titled()
                .excerpt(hashes(&found));
            for (_, piece) in &found {
                if let Some(piece) = piece {
                    entry = entry.from(piece);
                }
            }
        }
        AnswerValue::Partial => {
            sheet.warn(asset, "common.answer_partial", &args![note = answer.note]).titled();
        }
        AnswerValue::No => {
            sheet.fail(asset, "common.answer_no", &args![note = answer.note]).titled();
        }
        AnswerValue::NotApplicable => {
            sheet.not_applicable(asset, "common.answer_not_applicable", &args![note = answer.note]).titled();
        }
        AnswerValue::Unknown => {
            sheet.manual(asset, "common.answer_unknown", &[]).titled();
        }
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn hashes(found: &[(String, Option<Piece<'_, Files>>)]) -> String {
    found
        .iter()
        .filter_map(|(_, piece)| piece.as_ref())
        .flat_map(|piece| &piece.body.files)
        .map(|f| format!("{} {}", f.sha256.as_deref().unwrap_or("-"), f.path))
        .collect::<Vec<_>>()
        .join("\n")
}
