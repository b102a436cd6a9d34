//! Backup folders: age, size and rights of what lies in them.

use bulwark_i18n::{args, file_size};
use bulwark_model::{Effort, Grade, Severity};
use bulwark_probe::evidence::FileFact;

use super::folder::{leave_to_others, of_kind, tidy, unread};
use super::series::{Generation, is_backup, series};
use crate::check::{Case, Definition, Sheet};
use crate::plan::PathKind;

/// `data_mgmt.backup-age`
pub(super) const BACKUP_AGE: Definition = Definition {
    id: "data_mgmt.backup-age",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "資通安全責任等級分級辦法附表十 營運持續計畫「資料備份」（執行資料備份、訂定資料可容忍損失之時間要求）",
    kinds: &["files"],
    judge: backup_age,
};

/// `data_mgmt.backup-size-trend`
pub(super) const BACKUP_SIZE_TREND: Definition = Definition {
    id: "data_mgmt.backup-size-trend",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Small,
    standard: "資通安全責任等級分級辦法附表十 營運持續計畫「資料備份」（驗證備份媒體之可靠性及資訊之完整性）",
    kinds: &["files"],
    judge: backup_size_trend,
};

/// `data_mgmt.backup-permissions`
pub(super) const BACKUP_PERMISSIONS: Definition = Definition {
    id: "data_mgmt.backup-permissions",
    severity: Severity::High,
    grade: Grade::Confidentiality,
    effort: Effort::Small,
    standard: "資通安全責任等級分級辦法附表十 存取控制「最小權限」; CIS Controls v8 3.3, 11.3",
    kinds: &["files"],
    judge: backup_permissions,
};

/// Clocks of file servers may differ this much before a time in the future is strange.
const SKEW_S: i64 = 3_600;

/// The newest backup that is not empty is no older than the plan's `max_age_hours`. Logs, checksums
/// and half-written files are no backups. Age counts from the moment of listing.
fn backup_age(case: &Case<'_>, sheet: &mut Sheet) {
    leave_to_others(case, sheet, &[PathKind::Backup]);
    for (local, piece) in of_kind(case, PathKind::Backup) {
        let files = piece.body;
        let asset = files.path.as_str();
        let now = piece.record.started_at.as_second();
        let newest =
            files.files.iter().filter(|f| f.bytes > 0 && is_backup(&f.path)).max_by_key(|f| f.modified_s);
        let limit = i64::from(local.max_age_hours).saturating_mul(3_600);
        let age = newest.map(|f| now.saturating_sub(f.modified_s));
        let good = age.is_some_and(|age| age <= limit);
        if let (false, Some(failure)) = (good, unread(files)) {
            // What we could not read may be the fresh one.
            sheet.error(asset, &failure).from(&piece);
            continue;
        }
        let (Some(newest), Some(age)) = (newest, age) else {
            sheet.fail(asset, "none", &args![path = asset]).from(&piece).excerpt(listing(files.files.iter()));
            continue;
        };
        let hours = age.max(0) / 3_600;
        let arguments = args![path = asset, hours = hours, limit = local.max_age_hours];
        let entry = if age < -SKEW_S {
            sheet.warn(asset, "future", &args![path = asset, name = tidy(&newest.path)])
        } else if age > limit {
            sheet.fail(asset, "old", &arguments)
        } else {
            sheet.pass(asset, "pass", &arguments)
        };
        entry.from(&piece).excerpt(listing(std::iter::once(newest)));
    }
}

/// Generations before the newest needed to say what is usual, and looked at.
const FEWEST_BEFORE: usize = 3;
const MOST_BEFORE: usize = 10;

/// The newest generation of each backup is not empty and no smaller than half of the median of the
/// ten before it. Generations are files (or folders) whose names differ only in dates and numbers,
/// so that a small configuration archive is not measured against a large database.
fn backup_size_trend(case: &Case<'_>, sheet: &mut Sheet) {
    leave_to_others(case, sheet, &[PathKind::Backup]);
    for (_, piece) in of_kind(case, PathKind::Backup) {
        let files = piece.body;
        for (shape, generations) in series(files) {
            let asset = tidy(&format!("{}/{shape}", files.path.trim_end_matches('/')));
            let Some((newest, before)) = generations.split_first() else { continue };
            let name = tidy(newest.name);
            let excerpt = sizes(&generations);
            let before: Vec<u64> = before.iter().take(MOST_BEFORE).map(|g| g.bytes).collect();
            if newest.bytes == 0 {
                sheet.fail(&asset, "empty", &args![name = name]).from(&piece).excerpt(excerpt);
                continue;
            }
            if before.len() < FEWEST_BEFORE {
                let count = generations.len();
                sheet
                    .not_tested(&asset, "few", &args![name = name, count = count])
                    .from(&piece)
                    .excerpt(excerpt);
                continue;
            }
            let usual = median(before);
            let arguments = args![name = name, size = file_size(newest.bytes), usual = file_size(usual)];
            let entry = if newest.bytes < usual / 2 {
                sheet.fail(&asset, "shrunk", &arguments)
            } else {
                sheet.pass(&asset, "pass", &arguments)
            };
            entry.from(&piece).excerpt(excerpt);
        }
    }
}

/// The middle value; of an even number the lower middle, so that one giant does not move the line.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or(0)
}

fn sizes(generations: &[Generation<'_>]) -> String {
    generations
        .iter()
        .take(10)
        .map(|g| format!("{} {}", g.bytes, tidy(g.name)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Endings of files that tell nothing without a key.
const ENCRYPTED: &[&str] = &[".gpg", ".pgp", ".age", ".enc", ".aes"];

/// No backup can be changed by every account of the machine (fail) or read by every account (warn:
/// a folder above may still close it off). Encrypted files may be readable.
fn backup_permissions(case: &Case<'_>, sheet: &mut Sheet) {
    leave_to_others(case, sheet, &[PathKind::Backup]);
    for (_, piece) in of_kind(case, PathKind::Backup) {
        let files = piece.body;
        let asset = files.path.as_str();
        let known: Vec<&FileFact> =
            files.files.iter().filter(|f| f.mode != 0 && is_backup(&f.path)).collect();
        if known.is_empty() {
            match unread(files) {
                Some(failure) => sheet.error(asset, &failure).from(&piece),
                None => sheet.not_tested(asset, "unknown", &args![path = asset]).from(&piece),
            };
            continue;
        }
        let open = |bit: u32| known.iter().copied().filter(move |f| f.mode & bit != 0);
        let writable: Vec<&FileFact> = open(0o002).collect();
        let readable: Vec<&FileFact> = open(0o004)
            .filter(|f| {
                let name = f.path.to_ascii_lowercase();
                !ENCRYPTED.iter().any(|e| name.ends_with(e))
            })
            .collect();
        let of = |count: usize| args![path = asset, count = count];
        let (entry, shown) = if !writable.is_empty() {
            (sheet.fail(asset, "writable", &of(writable.len())), writable)
        } else if !readable.is_empty() {
            (sheet.warn(asset, "readable", &of(readable.len())), readable)
        } else {
            (sheet.pass(asset, "pass", &of(known.len())), Vec::new())
        };
        entry.from(&piece).excerpt(
            shown
                .iter()
                .take(10)
                .map(|f| format!("{:04o} {}", f.mode & 0o7777, tidy(&f.path)))
                .collect::<Vec<_>>()
                .join("\n"),
        );
    }
}

fn listing<'f>(files: impl Iterator<Item = &'f FileFact>) -> String {
    files
        .take(10)
        .map(|f| {
            let when =
                jiff::Timestamp::from_second(f.modified_s).map_or_else(|_| "-".to_owned(), |t| t.to_string());
            format!("{when} {} {}", f.bytes, tidy(&f.path))
        })
        .collect::<Vec<_>>()
        .join("\n")
}
