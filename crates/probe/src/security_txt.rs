//! `security.txt` (RFC 9116): whom to tell about a weakness.

use jiff::Timestamp;

/// Lines read; a real file has a dozen.
const MAX_LINES: usize = 500;

/// What a file says. Values as written, at most 300 characters each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityTxt {
    /// `Contact` in order of preference (§2.5.3).
    pub contacts: Vec<String>,
    /// Every `Expires` (§2.5.5); exactly one is right.
    pub expires: Vec<String>,
    /// `Canonical` (§2.5.2).
    pub canonical: Vec<String>,
    /// `Preferred-Languages` (§2.5.8); at most one is right.
    pub languages: Vec<String>,
    /// `Encryption` (§2.5.4).
    pub encryption: Vec<String>,
    /// `Policy` (§2.5.7).
    pub policy: Vec<String>,
    /// Names of other fields; they are to be ignored (§2.4).
    pub other: Vec<String>,
    /// Lines, counted from 1, that are no field.
    pub bad_lines: Vec<usize>,
    /// Cleartext signature around the file (§2.3).
    pub signed: bool,
}

/// Reads a file. A page of HTML gives an empty result.
pub fn security_txt(text: &str) -> SecurityTxt {
    let mut out = SecurityTxt::default();
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with('<') {
        return out;
    }
    let mut in_armor = false;
    for (number, line) in text.lines().enumerate().take(MAX_LINES) {
        let line = line.trim();
        match line {
            "-----BEGIN PGP SIGNED MESSAGE-----" => {
                (out.signed, in_armor) = (true, true);
                continue;
            }
            "-----BEGIN PGP SIGNATURE-----" => break,
            // The armor's own headers end at an empty line (RFC 9580 §7).
            "" => {
                in_armor = false;
                continue;
            }
            _ if in_armor || line.starts_with('#') => continue,
            _ => {}
        }
        // Lines of a signed text that begin with a dash are escaped (RFC 9580 §7.2).
        let line = if out.signed { line.strip_prefix("- ").unwrap_or(line) } else { line };
        let named = line.split_once(':').filter(|(name, _)| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        });
        let Some((name, value)) = named else {
            out.bad_lines.push(number.saturating_add(1));
            continue;
        };
        let value: String = value.trim().chars().take(300).collect();
        match name.to_ascii_lowercase().as_str() {
            "contact" => out.contacts.push(value),
            "expires" => out.expires.push(value),
            "canonical" => out.canonical.push(value),
            "preferred-languages" => out.languages.push(value),
            "encryption" => out.encryption.push(value),
            "policy" => out.policy.push(value),
            other => out.other.push(other.chars().take(60).collect()),
        }
    }
    out
}

impl SecurityTxt {
    /// No field anybody knows: not such a file at all.
    pub fn is_empty(&self) -> bool {
        self.contacts.is_empty() && self.expires.is_empty() && self.canonical.is_empty()
    }

    /// A contact somebody can use: a URI (§2.5.3), web ones over HTTPS.
    pub fn has_usable_contact(&self) -> bool {
        self.contacts.iter().any(|c| {
            let lower = c.to_ascii_lowercase();
            lower.starts_with("https://")
                || lower.strip_prefix("mailto:").is_some_and(|m| m.contains('@'))
                || lower.strip_prefix("tel:").is_some_and(|t| t.bytes().any(|b| b.is_ascii_digit()))
        })
    }

    /// The moment the file ends, when it has exactly one that can be read (RFC 3339).
    pub fn ends(&self) -> Option<Timestamp> {
        match self.expires.as_slice() {
            [one] => one.parse().ok(),
            _ => None,
        }
    }
}

/// Entry point for fuzzing and property tests.
pub fn fuzz_security_txt(data: &[u8]) {
    let file = security_txt(&String::from_utf8_lossy(data));
    let _ = (file.is_empty(), file.has_usable_contact(), file.ends());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_signed_file() {
        let text = "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n\
            # 通報窗口\r\nContact: mailto:security@a.gov.tw\r\ncontact: https://a.gov.tw/report\r\n\
            Expires: 2027-01-01T00:00:00+08:00\r\nPreferred-Languages: zh-TW, en\r\n\
            Canonical: https://a.gov.tw/.well-known/security.txt\r\nX-Team: csirt\r\n\
            -----BEGIN PGP SIGNATURE-----\r\n\r\niHUEARYKAB0=\r\n-----END PGP SIGNATURE-----\r\n";
        let file = security_txt(text);
        assert!(file.signed && file.bad_lines.is_empty(), "{file:?}");
        assert_eq!(file.contacts.len(), 2);
        assert!(file.has_usable_contact());
        assert_eq!(file.ends(), "2026-12-31T16:00:00Z".parse().ok());
        assert_eq!(file.other, ["x-team"]);
    }

    #[test]
    fn files_that_are_none() {
        assert!(security_txt("<!doctype html><p>Contact: a").is_empty());
        assert!(security_txt("").is_empty());
        let file = security_txt("Contact: security@a.tw\nExpires: soon\nnonsense\n");
        assert!(!file.has_usable_contact(), "a bare address is no URI");
        assert_eq!((file.ends(), file.bad_lines.as_slice()), (None, [3].as_slice()));
        assert_eq!(security_txt("Expires: 2027-01-01T00:00:00Z\nExpires: 2028-01-01T00:00:00Z").ends(), None);
    }

    proptest! {
        #[test]
        fn never_panics(data in proptest::collection::vec(any::<u8>(), 0..400), text in "(Contact|Expires|-|:| |\n|#|2027-01-01T00:00:00Z){0,40}") {
            fuzz_security_txt(&data);
            fuzz_security_txt(text.as_bytes());
        }
    }
}
