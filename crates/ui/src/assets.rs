//! The embedded folder `design/`.

/// Every embedded file: path below `design/` and content, in order of path.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/design.rs"));

/// All embedded files in order of path.
pub fn files() -> impl Iterator<Item = (&'static str, &'static [u8])> {
    FILES.iter().copied()
}

/// The files below a folder; paths are given without the folder.
pub fn under(folder: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    files().filter_map(move |(path, bytes)| {
        let rest = path.strip_prefix(folder)?.strip_prefix('/')?;
        Some((rest, bytes))
    })
}

/// Whether a path has this extension.
pub fn is_a(path: &str, extension: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|e| e == extension)
}

/// One embedded file, if there is one of this path.
pub fn file(path: &str) -> Option<&'static [u8]> {
    let at = FILES.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    Some(FILES[at].1)
}

/// One embedded text file, if there is one of this path and it is UTF-8.
pub fn text(path: &str) -> Option<&'static str> {
    std::str::from_utf8(file(path)?).ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_is_sorted_so_that_search_finds_every_file() {
        for (path, bytes) in super::files() {
            assert_eq!(super::file(path), Some(bytes), "{path}");
        }
        assert!(super::file("components/none").is_none());
    }
}
