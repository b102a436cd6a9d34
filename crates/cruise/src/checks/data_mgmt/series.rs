//! Which files are backups, and which of them are generations of the same backup.

use std::collections::BTreeMap;

use bulwark_probe::evidence::{FileFact, Files};

/// Companions of a backup that are no backup: a fresh log beside a stale dump proves nothing.
const COMPANIONS: &[&str] = &[
    ".log",
    ".txt",
    ".md",
    ".md5",
    ".sha1",
    ".sha256",
    ".sha512",
    ".sig",
    ".asc",
    ".tmp",
    ".temp",
    ".part",
    ".partial",
    ".filepart",
    ".lock",
    ".pid",
    ".sh",
    ".ps1",
    ".bat",
];

/// True when the file may hold backed-up data. Compressed logs of a backup tool still count as logs.
pub(super) fn is_backup(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let name = name.strip_suffix(".gz").filter(|n| ends_with_any(n, &[".log", ".txt"])).unwrap_or(&name);
    !name.starts_with('.') && !ends_with_any(name, COMPANIONS)
}

fn ends_with_any(name: &str, endings: &[&str]) -> bool {
    endings.iter().any(|e| name.ends_with(e))
}

/// One backup: a file, or everything below one folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation<'a> {
    /// File or folder, relative to the listing.
    pub name: &'a str,
    /// Newest change, unix seconds.
    pub modified_s: i64,
    /// Size of all its files.
    pub bytes: u64,
}

/// The generations of each backup, newest first, by the shape of their names.
pub(super) fn series(files: &Files) -> BTreeMap<String, Vec<Generation<'_>>> {
    let mut generations: BTreeMap<&str, Generation<'_>> = BTreeMap::new();
    for file in files.files.iter().filter(|f| is_backup(&f.path)) {
        let name = first_part(file);
        let generation =
            generations.entry(name).or_insert(Generation { name, modified_s: i64::MIN, bytes: 0 });
        generation.modified_s = generation.modified_s.max(file.modified_s);
        generation.bytes = generation.bytes.saturating_add(file.bytes);
    }
    let mut all: Vec<Generation<'_>> = generations.into_values().collect();
    all.sort_by(|a, b| b.modified_s.cmp(&a.modified_s).then_with(|| b.name.cmp(a.name)));
    if files.skipped > 0 {
        // The listing was cut at its old end: the oldest generation may be there only in part.
        all.pop();
    }
    let mut series: BTreeMap<String, Vec<Generation<'_>>> = BTreeMap::new();
    for generation in all {
        series.entry(shape(generation.name)).or_default().push(generation);
    }
    series
}

fn first_part(file: &FileFact) -> &str {
    let path = file.path.trim_start_matches('/');
    path.split_once('/').map_or(path, |(first, _)| first)
}

/// Words of a rotation that stand for a day or month.
const DAYS: &[&str] = &[
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
];

/// The name with everything that counts or dates replaced by `#`: `app-20261124T0300.sql.gz` and
/// `app-20261125T0300.sql.gz` are generations of `app-#T#.sql.gz`; `app.sql.gz.1` one of `app.sql.gz`.
pub(super) fn shape(name: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            word.push(c);
        } else {
            push_word(&mut out, &word);
            word.clear();
            out.push(c);
        }
    }
    push_word(&mut out, &word);
    while out.ends_with(".#") {
        out.truncate(out.len() - 2);
    }
    out
}

fn push_word(out: &mut String, word: &str) {
    let hex = word.len() >= 8
        && word.bytes().all(|b| b.is_ascii_hexdigit())
        && word.bytes().any(|b| b.is_ascii_digit());
    if hex || DAYS.contains(&word.to_ascii_lowercase().as_str()) {
        out.push('#');
        return;
    }
    let mut in_digits = false;
    for c in word.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !in_digits {
            out.push('#');
        }
        in_digits = c.is_ascii_digit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_generations_have_one_shape() {
        for (name, expected) in [
            ("app-20261124T0300.sql.gz", "app-#T#.sql.gz"),
            ("app.sql.gz.12", "app.sql.gz"),
            ("app-mon.tar", "app-#.tar"),
            ("monitor.tar", "monitor.tar"),
            ("000000010000000A000000B3", "#"),
            ("20261124-030000F_20261125-030000I", "#-#F_#-#I"),
            ("備份_2026-11-24.bak", "備份_#-#-#.bak"),
        ] {
            assert_eq!(shape(name), expected);
        }
        assert!(is_backup("a/db.sql.gz") && is_backup("db.tar.gz.gpg"));
        assert!(
            !is_backup("db.sql.gz.sha256")
                && !is_backup("a/backup.log.gz")
                && !is_backup(".keep")
                && !is_backup("x.PARTIAL")
        );
    }
}
