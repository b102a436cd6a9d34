//! Printing: messages to stderr, results to stdout, quiet when the reader has gone away.

use std::io::Write as _;

use bulwark_model::{Diagnostic, Lang};
use unicode_width::UnicodeWidthStr as _;

/// Writes a line to stdout. When nobody reads any more (`| head`), the program ends quietly.
pub fn line(text: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{}", text.as_ref()).is_err() {
        std::process::exit(0);
    }
}

/// Writes a line to stderr. That nobody reads it any more is no reason to end.
pub fn aside(text: impl AsRef<str>) {
    let _ = writeln!(std::io::stderr().lock(), "{}", text.as_ref());
}

/// Writes messages to stderr.
pub fn notes(notes: &[Diagnostic], lang: Lang) {
    for note in notes {
        aside(note.render(lang));
    }
}

/// The text in the language.
pub fn say<'a>(lang: Lang, zh_tw: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::ZhTw => zh_tw,
        Lang::En => en,
    }
}

/// A table with columns as wide as they need to be; numbers to the right. Chinese counts double.
pub fn table(rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|r| r.get(column)).map(|c| c.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for row in rows {
        let mut text = String::new();
        for (column, cell) in row.iter().enumerate() {
            let pad = " ".repeat(widths.get(column).copied().unwrap_or(0).saturating_sub(cell.width()));
            let number = column > 0 && cell.chars().all(|c| c.is_ascii_digit() || c == '-');
            if column > 0 {
                text.push_str("  ");
            }
            if number {
                text.push_str(&pad);
                text.push_str(cell);
            } else {
                text.push_str(cell);
                text.push_str(&pad);
            }
        }
        line(text.trim_end());
    }
}
