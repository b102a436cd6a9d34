//! Base32 (RFC 4648 §6): how secrets are shown and kept.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Why a text is no base32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotBase32 {
    /// A character that does not belong to it; 0, 1 and 8 are the usual ones.
    #[error("the character {0:?} is not base32")]
    Character(char),
    /// No number of bytes gives so many characters, or the last one says more than there is room for.
    #[error("the text is cut short")]
    CutShort,
}

/// Upper case, without padding.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    let (mut held, mut bits) = (0u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
        }
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

/// Either case, with or without padding; white space and hyphens between groups are left out.
///
/// # Errors
/// When anything else is in it, or its end is missing.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase32> {
    let text = text.trim_end().trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() / 8 * 5);
    let (mut held, mut bits) = (0u32, 0);
    for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let upper = u8::try_from(c.to_ascii_uppercase()).map_err(|_| NotBase32::Character(c))?;
        let value = ALPHABET.iter().position(|letter| *letter == upper).ok_or(NotBase32::Character(c))?;
        held = (held << 5 | u32::try_from(value).unwrap_or(0)) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap_or(0));
        }
    }
    // What is left over is less than one character, and zero.
    if bits >= 5 || held & ((1 << bits) - 1) != 0 {
        return Err(NotBase32::CutShort);
    }
    Ok(bytes)
}

fn letter(value: u32) -> char {
    char::from(ALPHABET[(value & 31) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_vectors_of_rfc_4648_section_10() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "MY======"),
            ("fo", "MZXQ===="),
            ("foo", "MZXW6==="),
            ("foob", "MZXW6YQ="),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI======"),
        ] {
            assert_eq!(encode(plain.as_bytes()), encoded.trim_end_matches('='));
            assert_eq!(decode(encoded).unwrap(), plain.as_bytes());
            assert_eq!(decode(&encoded.to_lowercase()).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn groups_and_hyphens_are_read_and_mistakes_are_named() {
        assert_eq!(decode(" mzxw-6ytb\toi ").unwrap(), b"foobar");
        assert_eq!(decode("MZXW0YTB"), Err(NotBase32::Character('0')));
        assert_eq!(decode("MZXW6ＹTB"), Err(NotBase32::Character('Ｙ')));
        assert_eq!(decode("MZ=W"), Err(NotBase32::Character('=')));
        for cut in ["M", "MZX", "MZXW6Y", "MZ", "MZXR"] {
            assert_eq!(decode(cut), Err(NotBase32::CutShort), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(decode(&encode(&bytes)).unwrap(), bytes);
        }

        #[test]
        fn a_text_is_refused_or_means_the_same_when_written_again(text in "[A-Za-z2-7 =018-]{0,40}|\\PC{0,20}") {
            if let Ok(bytes) = decode(&text) {
                let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
                prop_assert_eq!(encode(&bytes), plain.to_ascii_uppercase());
            }
        }
    }
}
