//! Room left on file systems.

use std::collections::BTreeSet;

use bulwark_i18n::{args, file_size};
use bulwark_model::{Effort, Grade, Severity};
use bulwark_probe::evidence::Mount;

use super::folder::{leave_to_others, tidy};
use crate::check::{Case, Definition, Entry, Sheet};
use crate::plan::PathKind;

/// `data_mgmt.disk-fill`
pub(super) const DISK_FILL: Definition = Definition {
    id: "data_mgmt.disk-fill",
    severity: Severity::High,
    grade: Grade::Availability,
    effort: Effort::Medium,
    standard: "資通安全責任等級分級辦法附表十 事件日誌與可歸責性「日誌儲存容量」; ISO/IEC 27001:2022 A.8.6",
    kinds: &["host", "files"],
    judge: disk_fill,
};

/// File systems that are full by nature.
const READ_ONLY: &[&str] = &["squashfs", "iso9660", "udf", "erofs", "cramfs", "romfs"];

/// Space (for ordinary accounts) and inodes of every file system of this machine and of the plan's
/// folders: over 85 % used warns, over 95 % fails. File systems without a fixed number of inodes
/// (btrfs) have none to run out of.
fn disk_fill(case: &Case<'_>, sheet: &mut Sheet) {
    leave_to_others(case, sheet, &[PathKind::Backup, PathKind::Data, PathKind::WebRoot]);
    // By mount point: the same file system may be met through several folders.
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for piece in case.hosts() {
        for mount in &piece.body.mounts {
            if done.insert(mount.path.as_str()) {
                judge(mount, sheet, |entry| entry.from(&piece));
            }
        }
    }
    let plan = case.plan;
    for piece in case.files() {
        let planned = plan.scope.paths.iter().any(|local| local.path.to_string_lossy() == piece.body.path);
        if let Some(mount) = piece.body.mount.as_ref().filter(|_| planned)
            && done.insert(mount.path.as_str())
        {
            judge(mount, sheet, |entry| entry.from(&piece));
        }
    }
}

fn judge(mount: &Mount, sheet: &mut Sheet, complete: impl for<'s> FnOnce(Entry<'s>) -> Entry<'s>) {
    if mount.total_bytes == 0 || READ_ONLY.contains(&mount.fs.as_str()) {
        return;
    }
    let asset = tidy(&mount.path);
    let space = used(mount.total_bytes, mount.free_bytes);
    let inodes = used(mount.total_inodes, mount.free_inodes);
    let free = file_size(mount.free_bytes.min(mount.total_bytes));
    let by_space = args![path = asset, percent = format!("{space:.1}"), free = free];
    let by_inodes = args![path = asset, percent = format!("{inodes:.1}")];
    let entry = if space > 95.0 {
        sheet.fail(&asset, "full", &by_space)
    } else if inodes > 95.0 {
        sheet.fail(&asset, "inodes_full", &by_inodes)
    } else if space > 85.0 {
        sheet.warn(&asset, "nearly", &by_space)
    } else if inodes > 85.0 {
        sheet.warn(&asset, "inodes_nearly", &by_inodes)
    } else {
        sheet.pass(&asset, "pass", &by_space)
    };
    complete(entry).excerpt(format!(
        "{} {}: {} / {} B free, {} / {} inodes free",
        asset,
        tidy(&mount.fs),
        mount.free_bytes,
        mount.total_bytes,
        mount.free_inodes,
        mount.total_inodes
    ));
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn used(total: u64, free: u64) -> f64 {
    if total == 0 { 0.0 } else { total.saturating_sub(free) as f64 * 100.0 / total as f64 }
}
