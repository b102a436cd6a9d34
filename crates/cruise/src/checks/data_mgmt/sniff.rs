//! What a path that should not be public is, and whether an answer really is that.

/// Families of paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Inside a version-control folder.
    Repository,
    /// Holds passwords, keys or a list of files.
    Secret,
    /// A dump, an archive or a left-over copy.
    Dump,
}

/// Endings of dumps, archives and left-over copies.
pub(super) const DUMP_ENDINGS: &[&str] = &[
    ".sql", ".dump", ".dmp", ".bak", ".old", ".orig", ".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst",
    ".7z", ".rar", ".sqlite", ".sqlite3", ".mdb", ".mdf",
];

/// The family of a path (without leading slash); `None` is none of ours.
pub(super) fn kind(path: &str) -> Option<Kind> {
    let lower = path.to_ascii_lowercase();
    let mut parts = lower.split('/');
    if parts.any(|p| matches!(p, ".git" | ".svn" | ".hg" | ".bzr" | "cvs")) {
        return Some(Kind::Repository);
    }
    let name = lower.rsplit('/').next().unwrap_or(&lower);
    let secret = name.starts_with(".env")
        || matches!(
            name,
            ".htpasswd" | ".ds_store" | ".npmrc" | ".netrc" | "id_rsa" | "id_ed25519" | "appsettings.json"
        )
        || lower.starts_with(".aws/")
        || lower.starts_with(".ssh/");
    if secret {
        return Some(Kind::Secret);
    }
    DUMP_ENDINGS.iter().any(|e| name.ends_with(e)).then_some(Kind::Dump)
}

/// What the first bytes of an answer show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// Really what its path says, named.
    Is(&'static str),
    /// A web page or nothing: an error page with the wrong status.
    Page,
    /// Neither.
    Unclear,
}

/// Signatures at the start of binary files.
const MAGIC: &[(&[u8], &str)] = &[
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"Rar!\x1a\x07", "RAR"),
    (b"PGDMP", "pg_dump"),
    (b"SQLite format 3\0", "SQLite"),
    (b"TAPE", "SQL Server backup"),
    (b"\0\x01\0\0Standard ", "Access"),
];

/// Starts of lines of an SQL script.
const SQL: &[&str] = &[
    "--",
    "/*",
    "create ",
    "insert ",
    "drop ",
    "set ",
    "begin",
    "use ",
    "alter ",
    "start transaction",
    "lock tables",
];

/// Judges the first bytes of an answer for `path` of the given family.
pub(super) fn content(kind: Kind, path: &str, content_type: &str, first: &[u8]) -> Content {
    let text = String::from_utf8_lossy(first);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let lower = text.to_ascii_lowercase();
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let found = match kind {
        Kind::Repository => repository(&name, first, &lower),
        Kind::Secret => secret(&name, path, first, text),
        Kind::Dump => dump(&name, first, &lower),
    };
    if let Some(what) = found {
        return Content::Is(what);
    }
    let page = lower.starts_with("<!doctype html")
        || lower.starts_with("<html")
        || lower.starts_with("<head")
        || (lower.starts_with('<') && content_type.to_ascii_lowercase().starts_with("text/html"));
    if page || text.is_empty() { Content::Page } else { Content::Unclear }
}

fn repository(name: &str, first: &[u8], lower: &str) -> Option<&'static str> {
    let line = lower.lines().next().unwrap_or_default().trim();
    let hash = line.get(..40).is_some_and(|h| h.bytes().all(|b| b.is_ascii_hexdigit()));
    let is = match name {
        "head" => line.starts_with("ref: refs/") || hash,
        "config" => line.starts_with('[') || line.starts_with('#') || line.starts_with(';'),
        "index" => first.starts_with(b"DIRC"),
        "wc.db" => first.starts_with(b"SQLite format 3\0"),
        "entries" => {
            !line.is_empty()
                && (line.bytes().all(|b| b.is_ascii_digit())
                    || line.starts_with("d/")
                    || line.starts_with('/'))
        }
        "requires" => {
            ["revlogv1", "store", "fncache", "dotencode", "generaldelta", "share-safe", "sparserevlog"]
                .iter()
                .any(|w| line.contains(w))
        }
        _ => hash,
    };
    is.then_some("version control")
}

fn secret(name: &str, path: &str, first: &[u8], text: &str) -> Option<&'static str> {
    if name == ".ds_store" {
        return first.starts_with(b"\0\0\0\x01Bud1").then_some("folder list");
    }
    let mut lines = text.lines().map(str::trim);
    let is = match name {
        ".htpasswd" => lines.any(|l| {
            !l.starts_with('<')
                && l.split_once(':')
                    .is_some_and(|(user, hash)| !user.is_empty() && !user.contains(' ') && hash.len() >= 8)
        }),
        "id_rsa" | "id_ed25519" => text.starts_with("-----BEGIN "),
        "appsettings.json" => text.starts_with('{'),
        ".npmrc" | ".netrc" => !text.starts_with('<') && (text.contains('=') || text.starts_with("machine ")),
        _ if path.starts_with(".aws/") => text.starts_with('['),
        _ if path.starts_with(".ssh/") => text.starts_with("-----BEGIN ") || text.starts_with("ssh-"),
        _ => lines.any(is_assignment),
    };
    is.then_some("secrets")
}

/// `NAME=value`, as in a `.env` file.
fn is_assignment(line: &str) -> bool {
    let line = line.strip_prefix("export ").unwrap_or(line);
    line.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim_end();
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
    })
}

fn dump(name: &str, first: &[u8], lower: &str) -> Option<&'static str> {
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| first.starts_with(magic)) {
        return Some(what);
    }
    if [".sql", ".dump", ".bak", ".old"].iter().any(|e| name.ends_with(e)) {
        if SQL.iter().any(|s| lower.starts_with(s)) {
            return Some("SQL");
        }
        if lower.starts_with("<?php")
            || lower.starts_with("<?xml")
            || lower.starts_with("<configuration")
            || lower.starts_with("<%")
        {
            return Some("source");
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_of_paths() {
        use Kind::{Dump, Repository, Secret};
        for (path, expected) in [
            (".git/index", Some(Repository)),
            ("app/.svn/entries", Some(Repository)),
            (".env.bak", Some(Secret)),
            ("a/.DS_Store", Some(Secret)),
            ("wp-config.php.bak", Some(Dump)),
            ("BACKUP.TAR.GZ", Some(Dump)),
            ("phpinfo.php", None),
            (".well-known/security.txt", None),
            ("", None),
        ] {
            assert_eq!(kind(path), expected, "{path}");
        }
    }
}
