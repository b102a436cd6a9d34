//! Tables people take away. Nothing written here can be calculated when it is opened.

mod csv;
mod ods;
mod xml;

pub use csv::csv;
pub use ods::ods;

/// The text with what no table may hold (control characters, non-characters) replaced.
fn clean(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' => character,
        '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
        other => other,
    }
}
