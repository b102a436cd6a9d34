//! The form in which texts are compared.

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

/// A code: half width, without invisible characters, trimmed, in upper case. Names never come here.
pub(crate) fn code(text: &str) -> String {
    let half = text.chars().filter(|c| !is_invisible(*c)).map(|c| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        c if is_space(c) => ' ',
        c => c.to_ascii_uppercase(),
    });
    half.collect::<String>().trim_matches(' ').to_ascii_uppercase()
}

/// The value of an ASCII digit.
pub(crate) fn digit(c: char) -> Option<u32> {
    c.is_ascii_digit().then(|| u32::from(c) - u32::from('0'))
}
