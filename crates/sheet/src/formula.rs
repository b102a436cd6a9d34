//! Texts that a spreadsheet program would take for a formula.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, a tab or a line break can run when the file is opened (OWASP,
//! "CSV Injection"; ASVS 5.0 1.2.10). East Asian editions of spreadsheet programs take the full-width forms
//! too. Such a cell is written with an apostrophe in front; reading takes exactly one apostrophe off again,
//! so that what was written is what is read.

const TRIGGERS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a spreadsheet program may calculate this text. A plain number or a row of dashes is no formula.
pub(crate) fn looks_like_one(text: &str) -> bool {
    text.starts_with(TRIGGERS) && !is_plain_number(text) && !text.chars().all(|c| c == '-')
}

/// Whether writing puts an apostrophe before this text: it begins like a formula, or it is one that already
/// has its apostrophe.
pub(crate) fn needs_apostrophe(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(TRIGGERS)
}

/// The text without the apostrophe that [`needs_apostrophe`] asked for.
pub(crate) fn without_apostrophe(text: &str) -> Option<&str> {
    text.strip_prefix('\'').filter(|rest| needs_apostrophe(rest))
}

/// `-12`, `+3.50`, `-1,234`, `-2.5E-9`: nothing a formula could be made of.
fn is_plain_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (digits, exponent) = digits.split_once(['E', 'e']).unwrap_or((digits, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || c == '.' || c == ',')
        && digits.matches('.').count() <= 1
        && !exponent.is_empty()
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_told_from_numbers_and_dashes() {
        for text in [
            "=1+1",
            "+886-2-2311",
            "-1+cmd|' /C calc'!A0",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "＝1+1",
            "-a",
            "+",
            "-1E",
            "-1E5A",
        ] {
            assert!(looks_like_one(text), "{text:?}");
        }
        for text in ["", "-5", "-1,234.50", "-2.5E-9", "+3", "--", "-", "a=b", "1-2", "'=1", " =1"] {
            assert!(!looks_like_one(text), "{text:?}");
        }
    }

    #[test]
    fn the_apostrophe_comes_off_exactly_once() {
        for text in ["=1", "'=1", "''=1", "-5", "@x"] {
            assert!(needs_apostrophe(text), "{text}");
            assert_eq!(without_apostrophe(&format!("'{text}")), Some(text));
        }
        for text in ["", "'", "''", "'tis", "x", "'x=1"] {
            assert!(!needs_apostrophe(text), "{text}");
            assert_eq!(without_apostrophe(&format!("'{text}")), None);
        }
    }
}
