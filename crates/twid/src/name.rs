//! Names: one field, never split, kept as written. Han names and romanised names alike.

use crate::Valid;
use crate::normal::{is_invisible, is_space};
use crate::reason::{Advice, Reason};

/// Longest name of the household register, in characters.
const LONGEST: usize = 50;

/// Reads the name of a person. What is written stays as it is but for space around it and characters without width.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<Valid, Reason> {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let visible = visible.trim_matches(is_space);
    if visible.is_empty() {
        return Err(Reason::Empty);
    }
    let value = close_gaps(visible);
    if value.chars().any(|c| matches!(c, '<' | '>' | '&' | '"')) {
        return Err(Reason::Markup);
    }
    if value.chars().any(char::is_control) {
        return Err(Reason::Control);
    }
    if value.chars().count() > LONGEST {
        return Err(Reason::Length);
    }
    if value.chars().count() < 2 {
        return Err(Reason::OneCharacter);
    }
    let mut advice = Vec::new();
    if value.chars().any(|c| matches!(c, '□' | '■' | '〓' | '\u{FFFD}')) {
        advice.push(Advice::PlaceholderGlyph);
    }
    if value.chars().any(is_private) {
        advice.push(Advice::PrivateUse);
    }
    Ok(Valid { kind: None, value, advice })
}

/// Between Han characters an ideographic space only fills the box; between Latin words it is a space of the name.
fn close_gaps(visible: &str) -> String {
    let latin = |c: char| c < '\u{2E80}' || matches!(c, '\u{FF01}'..='\u{FF5E}');
    let mut value = String::with_capacity(visible.len());
    let mut gap = false;
    for c in visible.chars() {
        if c == '\u{3000}' {
            gap = true;
            continue;
        }
        if std::mem::take(&mut gap) && latin(c) && value.ends_with(latin) {
            value.push(' ');
        }
        value.push(c);
    }
    value
}

const fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}
