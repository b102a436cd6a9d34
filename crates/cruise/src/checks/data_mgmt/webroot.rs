//! What lies in a web root and should not.

use bulwark_i18n::args;
use bulwark_model::{Effort, Grade, Severity};
use bulwark_probe::evidence::FileFact;

use super::folder::{leave_to_others, of_kind, tidy, unread};
use crate::check::{Case, Definition, Sheet};
use crate::plan::PathKind;

/// `data_mgmt.webroot-dumps`
pub(super) const WEBROOT_DUMPS: Definition = Definition {
    id: "data_mgmt.webroot-dumps",
    severity: Severity::High,
    grade: Grade::Confidentiality,
    effort: Effort::Small,
    standard: "OWASP WSTG v4.2 WSTG-CONF-04; CWE-530, CWE-552",
    kinds: &["files"],
    judge: webroot_dumps,
};

/// Nothing below a web root is a dump, a left-over copy, a version-control folder or a file of
/// settings with passwords. Archives count only when their name speaks of a backup: others are
/// offered for download on purpose.
fn webroot_dumps(case: &Case<'_>, sheet: &mut Sheet) {
    leave_to_others(case, sheet, &[PathKind::WebRoot]);
    for (_, piece) in of_kind(case, PathKind::WebRoot) {
        let files = piece.body;
        let asset = files.path.as_str();
        let found: Vec<&FileFact> = files.files.iter().filter(|f| misplaced(&f.path)).collect();
        if let Some(first) = found.first() {
            let shown =
                found.iter().take(10).map(|f| format!("{} {}", f.bytes, tidy(&f.path))).collect::<Vec<_>>();
            sheet
                .fail(asset, "found", &args![path = asset, count = found.len(), name = tidy(&first.path)])
                .from(&piece)
                .excerpt(shown.join("\n"));
        } else if let Some(failure) = unread(files) {
            sheet.error(asset, &failure).from(&piece);
        } else if files.skipped > 0 {
            let arguments = args![path = asset, count = files.files.len(), skipped = files.skipped];
            sheet.not_tested(asset, "partial", &arguments).from(&piece);
        } else {
            sheet.pass(asset, "pass", &args![path = asset, count = files.files.len()]).from(&piece);
        }
    }
}

/// True for a file that has no business in a web root.
pub(super) fn misplaced(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    let parts: Vec<&str> = lower.split('/').collect();
    let Some((name, folders)) = parts.split_last() else { return false };
    if folders.iter().any(|p| matches!(*p, ".git" | ".svn" | ".hg" | ".bzr")) {
        return true;
    }
    let env = *name == ".env"
        || (name.starts_with(".env.") && !name.ends_with(".example") && !name.ends_with(".sample"));
    if env || matches!(*name, ".htpasswd" | ".git" | "id_rsa" | "id_ed25519") {
        return true;
    }
    let stem = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zip")).unwrap_or(name);
    let ends = |endings: &[&str]| endings.iter().any(|e| stem.ends_with(e));
    if ends(&[
        ".sql", ".dump", ".dmp", ".bak", ".mdf", ".ldf", ".sqlite", ".sqlite3", ".swp", ".orig", ".old", "~",
    ]) {
        return true;
    }
    let archive = [".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar", ".tar.bz2", ".tar.xz"]
        .iter()
        .any(|e| name.ends_with(e));
    archive
        && ["backup", "dump", "database", "wwwroot", "htdocs", "public_html"].iter().any(|w| name.contains(w))
}
