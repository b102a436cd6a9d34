//! Which record names are allowed: safe to extract on any system, and readable.

use std::collections::HashSet;

use crate::{BundleError, tar};

/// The first entry of every bundle of this format; the number is the major version.
pub(crate) const MARKER: &str = "bulwark-bundle-1";
/// What [`MARKER`] starts with in every major version.
pub(crate) const MARKER_STEM: &str = "bulwark-bundle-";
/// The second entry.
pub(crate) const MANIFEST: &str = "manifest.json";
/// The third entry.
pub(crate) const SIGNATURE: &str = "manifest.sig";

/// Why a name is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameFault {
    /// Nothing, or nothing between two slashes.
    Empty,
    /// Over 255 bytes, or no slash where the ustar name fields could be split.
    TooLong,
    /// Starts with `/` or a drive letter.
    Absolute,
    /// A component is `.` or `..`.
    Dots,
    /// Holds a backslash.
    Backslash,
    /// Holds a control character or an invisible or direction-changing one.
    Control,
    /// Belongs to the container itself.
    Reserved,
    /// Another record has this name, perhaps in other case.
    Duplicate,
    /// Another record's name has this one as its folder.
    Folder,
}

impl NameFault {
    /// The key of its words in the catalogue.
    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Empty => "name_fault.empty",
            Self::TooLong => "name_fault.too_long",
            Self::Absolute => "name_fault.absolute",
            Self::Dots => "name_fault.dots",
            Self::Backslash => "name_fault.backslash",
            Self::Control => "name_fault.control",
            Self::Reserved => "name_fault.reserved",
            Self::Duplicate => "name_fault.duplicate",
            Self::Folder => "name_fault.folder",
        }
    }
}

/// Checks one name by itself.
///
/// # Errors
/// The first rule that the name breaks.
pub fn check_name(name: &str) -> Result<(), NameFault> {
    let bytes = name.as_bytes();
    if name.is_empty() {
        return Err(NameFault::Empty);
    }
    if name.starts_with('/') || (bytes.len() > 1 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':') {
        return Err(NameFault::Absolute);
    }
    if name.contains('\\') {
        return Err(NameFault::Backslash);
    }
    if name.chars().any(is_unreadable) {
        return Err(NameFault::Control);
    }
    for component in name.split('/') {
        match component {
            "" => return Err(NameFault::Empty),
            "." | ".." => return Err(NameFault::Dots),
            _ => {}
        }
    }
    let folded = name.to_lowercase();
    let first = folded.split('/').next().unwrap_or_default();
    if first.starts_with(MARKER_STEM) || first == MANIFEST || first == SIGNATURE {
        return Err(NameFault::Reserved);
    }
    if name.len() > 255 || tar::split(name).is_none() {
        return Err(NameFault::TooLong);
    }
    Ok(())
}

/// Control characters, and those that hide or turn around what a person reads (UAX #9, UTR #36).
pub(crate) fn is_unreadable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Foreign text made safe to show: at most 300 characters, unreadable ones as `<U+001B>`.
pub(crate) fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(300) {
        if is_unreadable(c) {
            out.extend(["<U+", &format!("{:04X}", u32::from(c)), ">"]);
        } else {
            out.push(c);
        }
    }
    out
}

/// Checks all names of a bundle together: unique in any case, none the folder of another.
pub(crate) fn check_names<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<(), BundleError> {
    let bad = |name: &str, fault| BundleError::BadName { name: name.to_owned(), fault };
    let mut folded = HashSet::new();
    for name in names.clone() {
        check_name(name).map_err(|fault| bad(name, fault))?;
        if !folded.insert(name.to_lowercase()) {
            return Err(bad(name, NameFault::Duplicate));
        }
    }
    for name in names {
        let low = name.to_lowercase();
        if let Some((at, _)) = low.match_indices('/').find(|(at, _)| folded.contains(&low[..*at])) {
            return Err(bad(&low[..at], NameFault::Folder));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_names_are_refused_by_rule() {
        let cases = [
            ("", NameFault::Empty),
            ("a//b", NameFault::Empty),
            ("a/", NameFault::Empty),
            ("/etc/passwd", NameFault::Absolute),
            ("C:/a", NameFault::Absolute),
            ("../a", NameFault::Dots),
            ("a/../b", NameFault::Dots),
            ("./a", NameFault::Dots),
            ("a\\b", NameFault::Backslash),
            ("a\nb", NameFault::Control),
            ("a\u{202e}gpj.exe", NameFault::Control),
            ("Manifest.JSON", NameFault::Reserved),
            ("manifest.sig/x", NameFault::Reserved),
            ("bulwark-bundle-9", NameFault::Reserved),
        ];
        for (name, fault) in cases {
            assert_eq!(check_name(name), Err(fault), "{name:?}");
        }
        assert_eq!(check_name(&"a".repeat(101)), Err(NameFault::TooLong));
        assert_eq!(check_name(&format!("{}/{}", "a".repeat(155), "b".repeat(100))), Err(NameFault::TooLong));
        for name in ["findings.json", "evidence/tls:443/憑證.pem", "a b", "..a", &"a".repeat(100)] {
            assert_eq!(check_name(name), Ok(()), "{name:?}");
        }
    }

    #[test]
    fn foreign_names_are_shown_harmless() {
        assert_eq!(readable("a\u{1b}[2J憑\u{202e}"), "a<U+001B>[2J憑<U+202E>");
    }

    #[test]
    fn names_must_differ_in_any_case_and_not_nest() {
        let check = |names: &[&str]| match check_names(names.iter().copied()) {
            Ok(()) => None,
            Err(BundleError::BadName { fault, .. }) => Some(fault),
            Err(e) => panic!("{e}"),
        };
        assert_eq!(check(&["a", "b"]), None);
        assert_eq!(check(&["a", "A"]), Some(NameFault::Duplicate));
        assert_eq!(check(&["Ä", "ä"]), Some(NameFault::Duplicate));
        assert_eq!(check(&["A", "a-b", "a/b"]), Some(NameFault::Folder));
    }
}
