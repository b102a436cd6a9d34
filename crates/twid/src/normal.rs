//! The form in which texts are compared.

use unicode_normalization::UnicodeNormalization as _;

/// Characters without width that come along when people copy and paste.
pub(crate) const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Space of any width.
pub(crate) const fn is_space(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\n' | '\r' | '\u{00A0}' | '\u{2000}'
            ..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}'
    )
}

/// The ASCII character of a full-width one.
pub(crate) fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c => c,
    }
}

/// A code: NFKC (UAX #15), without invisible characters, trimmed, in upper case. Names never come here.
pub(crate) fn code(text: &str) -> String {
    let visible = text.chars().filter(|c| !is_invisible(*c)).nfkc();
    let code: String = visible.map(|c| if is_space(c) { ' ' } else { c.to_ascii_uppercase() }).collect();
    code.trim_matches(' ').to_owned()
}

/// The value of an ASCII digit.
pub(crate) fn digit(c: char) -> Option<u32> {
    c.is_ascii_digit().then(|| u32::from(c) - u32::from('0'))
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn compatibility_forms_of_ascii_become_ascii() {
        for text in ["ａ１２", "\u{3000}A12\u{3000}", "\u{FEFF}a\u{200B}12\t", "Ⓐ①②", "𝐀𝟏𝟐"]
        {
            assert_eq!(code(text), "A12", "{text:?}");
        }
        assert_eq!(code(" a b "), "A B");
    }
}
