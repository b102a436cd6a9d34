//! Folder listings and the plan's entry they belong to.

use bulwark_probe::evidence::Files;
use bulwark_probe::failure::{Code, Failure, Step};

use crate::check::{Case, Piece, Sheet};
use crate::plan::{LocalPath, PathKind};

/// Listings that could not be made and are none of this check's business: evidence files, folders
/// of other kinds.
pub(super) fn leave_to_others(case: &Case<'_>, sheet: &mut Sheet, kinds: &[PathKind]) {
    for piece in case.failed(&["files"]) {
        let mut ours = case.plan.scope.paths.iter().filter(|local| kinds.contains(&local.kind));
        if !ours.any(|local| local.path.to_string_lossy() == piece.record.subject) {
            sheet.handled(&piece);
        }
    }
}

/// The listings of the plan's folders of one kind, in the order of the plan. Listings of evidence
/// files belong to no folder of the plan.
pub(super) fn of_kind<'a>(case: &Case<'a>, kind: PathKind) -> Vec<(&'a LocalPath, Piece<'a, Files>)> {
    let plan = case.plan;
    plan.scope
        .paths
        .iter()
        .filter(|local| local.kind == kind)
        .filter_map(|local| {
            let path = local.path.to_string_lossy();
            case.files().find(|piece| piece.body.path == path).map(|piece| (local, piece))
        })
        .collect()
}

/// What could not be read inside a folder, as a failure; `None` when all was read.
pub(super) fn unread(files: &Files) -> Option<Failure> {
    let first = files.unread.first()?;
    Some(Failure::new(Step::Read, Code::Unreadable, format!("{}: {first}", files.path)))
}

/// One printable line of at most 120 characters; file names are not to be trusted.
pub(super) fn tidy(name: &str) -> String {
    let mut out: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(120).collect();
    if name.chars().nth(120).is_some() {
        out.push('…');
    }
    out
}
