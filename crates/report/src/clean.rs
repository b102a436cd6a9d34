//! Making text from outside fit for a page: no control characters, no direction overrides, no
//! endless lines. Escaping for HTML or Markdown comes after, where the text is written.
//!
//! Banners, host names and excerpts come from machines that may belong to an attacker. What is
//! taken away here is still in the evidence record, whose hash the report prints.

/// Longest value shown in one line: a host, an address, a title.
pub(crate) const LINE_CHARS: usize = 300;
/// Longest running text: a reason, a remedy.
pub(crate) const TEXT_CHARS: usize = 2_000;
/// Most lines of an excerpt.
pub(crate) const BLOCK_LINES: usize = 20;

/// An excerpt cut to what a page can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    /// The lines that are shown.
    pub text: String,
    /// Lines left out at the end.
    pub lines_cut: usize,
    /// True when a line was longer than [`LINE_CHARS`].
    pub long_lines_cut: bool,
}

/// One line of at most [`LINE_CHARS`] characters.
pub(crate) fn line(s: &str) -> String {
    cap(&one_line(s, LINE_CHARS), LINE_CHARS).0
}

/// Running text of at most [`TEXT_CHARS`] characters, in one paragraph.
pub(crate) fn text(s: &str) -> String {
    cap(&one_line(s, TEXT_CHARS), TEXT_CHARS).0
}

/// Lines as they stood, at most [`BLOCK_LINES`] of [`LINE_CHARS`] characters.
pub(crate) fn block(s: &str) -> Block {
    let visible = visible(s);
    let lines: Vec<&str> = visible.trim_end().lines().collect();
    let mut long_lines_cut = false;
    let shown: Vec<String> = lines
        .iter()
        .take(BLOCK_LINES)
        .map(|l| {
            let (l, cut) = cap(l.trim_end(), LINE_CHARS);
            long_lines_cut |= cut;
            l
        })
        .collect();
    Block { text: shown.join("\n"), lines_cut: lines.len().saturating_sub(BLOCK_LINES), long_lines_cut }
}

/// Joins lines with single spaces; reads no further than the cap can show.
fn one_line(s: &str, chars: usize) -> String {
    let visible = visible(s);
    let mut out = String::new();
    for word in visible.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
        if out.len() > chars * 4 {
            break;
        }
    }
    out
}

fn cap(s: &str, chars: usize) -> (String, bool) {
    match s.char_indices().nth(chars) {
        None => (s.to_owned(), false),
        Some((at, _)) => (format!("{}…", &s[..at]), true),
    }
}

/// Takes away terminal sequences, control characters (not line ends) and invisible characters
/// that change how the rest is read.
fn visible(s: &str) -> String {
    let mut out = String::with_capacity(s.len());
    let mut chars = s.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.peek() {
                Some('[') => {
                    chars.next();
                    skip_control_sequence(&mut chars);
                }
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut chars),
                Some(' '..='/') => {
                    chars.next();
                    chars.next_if(|c| !c.is_control());
                }
                Some('0'..='~') => {
                    chars.next();
                }
                _ => {}
            },
            '\u{9b}' => skip_control_sequence(&mut chars),
            '\n' => out.push('\n'),
            '\u{2028}' | '\u{2029}' => out.push(' '),
            '\t' => out.push_str("    "),
            c if c.is_control() || hidden(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// ECMA-48 control sequence: parameters, intermediates, one final character.
fn skip_control_sequence(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while chars.next_if(|c| (' '..='?').contains(c)).is_some() {}
    chars.next_if(|c| ('@'..='~').contains(c));
}

/// ECMA-48 control string: up to BEL or ESC, never past the end of the line.
fn skip_string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    while chars.next_if(|c| !matches!(c, '\u{7}' | '\u{1b}' | '\n')).is_some() {}
    if chars.next_if_eq(&'\u{1b}').is_some() {
        chars.next_if_eq(&'\\');
    }
}

/// Marks that reorder or hide text: bidi controls, zero-width characters, tags, interlinear marks.
fn hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// True for characters that are safe in JSON but would act on a terminal or reorder text.
pub(crate) fn acts_on_a_terminal(c: char) -> bool {
    c == '\u{7f}' || (c.is_control() && c != '\n') || hidden(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_and_overrides_vanish() {
        assert_eq!(line("\u{1b}[31mred\u{1b}[0m\u{202e}gpj.exe\u{0}"), "redgpj.exe");
        assert_eq!(line("\u{1b}]0;title\u{7}after \u{9b}2Jx"), "after x");
        assert_eq!(line("a\r\nb\tc"), "a b c");
        assert_eq!(line("\u{1b}(Bok \u{1b}"), "ok");
        assert_eq!(line("\u{1b}"), "");
    }

    #[test]
    fn an_unclosed_terminal_string_takes_its_line_only() {
        assert_eq!(block("\u{1b}]0;no end\nnext").text, "\nnext");
    }

    #[test]
    fn excerpts_are_cut_and_say_so() {
        let long = "x".repeat(301);
        let b = block(&format!("{long}\n{}", "y\n".repeat(30)));
        assert_eq!(b.text.lines().count(), 20);
        assert_eq!(b.lines_cut, 11);
        assert!(b.long_lines_cut);
        assert_eq!(b.text.lines().next().map(|l| l.chars().count()), Some(301));
        assert_eq!(
            block("\u{1b}[0m  a\n"),
            Block { text: "  a".into(), lines_cut: 0, long_lines_cut: false }
        );
    }

    #[test]
    fn han_is_cut_between_characters() {
        assert_eq!(line(&"臺".repeat(400)).chars().count(), 301);
    }
}
