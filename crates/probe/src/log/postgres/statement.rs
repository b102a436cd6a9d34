//! Statements and messages without their values, so that no personal data gets into evidence.

/// Characters kept of a statement or message.
const KEPT: usize = 300;

/// A statement with its literals and parameters replaced by `?`, comments gone, white space and
/// letters folded, so that equal statements meet. What looks like an unclosed string is taken for
/// one to the end.
pub fn normalised(statement: &str) -> String {
    let mut out = Folder::default();
    let mut rest = statement;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = match c {
            '\'' => {
                // E'…', B'…', X'…', N'…' and U&'…' have their own mark before.
                let escapes = out.drop_string_mark();
                out.value();
                skip_string(after, escapes)
            }
            '"' => {
                let end = after.find('"').map_or(after.len(), |n| n + 1);
                out.plain('"');
                out.verbatim(after.get(..end).unwrap_or_default());
                after.get(end..).unwrap_or_default()
            }
            '$' => match dollar(after) {
                Dollar::Parameter(rest) => {
                    out.value();
                    rest
                }
                Dollar::Quoted(rest) if !out.in_word() => {
                    out.value();
                    rest
                }
                _ => {
                    out.plain('$');
                    after
                }
            },
            '-' if after.starts_with('-') => {
                out.space();
                after.find('\n').and_then(|n| after.get(n..)).unwrap_or_default()
            }
            '/' if after.starts_with('*') => {
                out.space();
                after.find("*/").and_then(|n| after.get(n + 2..)).unwrap_or_default()
            }
            c if c.is_whitespace() => {
                out.space();
                after
            }
            c if c.is_ascii_digit() && !out.in_word() => {
                out.drop_sign();
                out.value();
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'))
                    .unwrap_or(rest.len());
                // 1e-5
                let number = rest.get(..end).unwrap_or_default();
                let tail = rest.get(end..).unwrap_or_default();
                if number.ends_with(['e', 'E']) && tail.starts_with(['+', '-']) {
                    tail.get(1..).unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit())
                } else {
                    tail
                }
            }
            c => {
                out.plain(c);
                after
            }
        };
    }
    shortened(&lists(out.text.trim().trim_end_matches(';').trim_end()))
}

/// A message with quoted texts, numbers, addresses and all that is not ASCII replaced: they hold
/// values of rows and names of people. Names of constraints stay.
pub fn message(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.lines().next().unwrap_or_default();
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..).unwrap_or_default();
        rest = match c {
            '"' | '\'' if c == '"' || !out.ends_with(|c: char| c.is_ascii_alphanumeric()) => {
                // A quoted value may hold the mark itself: up to the last one before a plain end.
                let end = closing(after, c).unwrap_or(after.len());
                let inner = after.get(..end).unwrap_or_default();
                out.push(c);
                if out.ends_with("constraint \"")
                    && inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                {
                    out.push_str(inner);
                } else {
                    out.push('…');
                }
                out.push(c);
                after.get(end..).and_then(|a| a.get(1..)).unwrap_or_default()
            }
            c if c.is_ascii() && !c.is_ascii_control() => {
                let end = rest
                    .find(|c: char| {
                        !(c.is_ascii_alphanumeric() || matches!(c, '_' | '@' | '.' | '/' | '-' | ':'))
                    })
                    .unwrap_or(rest.len());
                if end == 0 {
                    out.push(c);
                    after
                } else {
                    let word = rest.get(..end).unwrap_or_default();
                    word_into(word, &mut out);
                    rest.get(end..).unwrap_or_default()
                }
            }
            _ => {
                if !out.ends_with('…') {
                    out.push('…');
                }
                rest.trim_start_matches(|c: char| !c.is_ascii() || c.is_ascii_control())
            }
        };
    }
    shortened(out.trim())
}

/// The closing mark of a quoted value: the last one of the message that is followed by its plain
/// end. `"a" is "b"` has two values, so marks followed by a space and a word count.
fn closing(text: &str, mark: char) -> Option<usize> {
    text.match_indices(mark).map(|(n, _)| n).find(|n| {
        let after = text.get(n + 1..).unwrap_or_default();
        after.chars().next().is_none_or(|c| matches!(c, ' ' | ',' | ';' | ':' | ')' | '.' | '\''))
    })
}

/// Words with digits or an at sign are values; the punctuation around them is not.
fn word_into(word: &str, out: &mut String) {
    let core = word.trim_end_matches(['.', ':', '-', '/']);
    let tail = word.get(core.len()..).unwrap_or_default();
    if core.bytes().any(|b| b.is_ascii_digit()) || core.contains('@') {
        out.push('?');
    } else {
        out.push_str(core);
    }
    out.push_str(tail);
}

#[derive(Default)]
struct Folder {
    text: String,
}

impl Folder {
    fn plain(&mut self, c: char) {
        self.text.extend(c.to_lowercase());
    }

    fn verbatim(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn space(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    fn value(&mut self) {
        if !self.text.ends_with('?') {
            self.text.push('?');
        }
    }

    fn in_word(&self) -> bool {
        self.text.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"')
    }

    /// Takes back the letter of `E'…'`; true when backslashes escape in it.
    fn drop_string_mark(&mut self) -> bool {
        for mark in ["u&", "e", "b", "x", "n"] {
            if let Some(before) = self.text.strip_suffix(mark)
                && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
            {
                let length = before.len();
                self.text.truncate(length);
                return mark == "e";
            }
        }
        false
    }

    /// Takes back the sign of a number, not the operator between two values.
    fn drop_sign(&mut self) {
        if let Some(before) = self.text.strip_suffix('-')
            && (before.is_empty() || before.ends_with(['(', ',', '=', '<', '>', '+', '*', '/', ' ']))
            && !before.trim_end().ends_with(|c: char| c.is_alphanumeric() || matches!(c, '?' | ')' | '"'))
        {
            let length = before.len();
            self.text.truncate(length);
        }
    }
}

/// What follows a string literal; a doubled mark is part of it.
fn skip_string(text: &str, escapes: bool) -> &str {
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' if escapes => {
                chars.next();
            }
            '\'' if chars.peek().is_some_and(|(_, next)| *next == '\'') => {
                chars.next();
            }
            '\'' => return text.get(at + 1..).unwrap_or_default(),
            _ => {}
        }
    }
    ""
}

enum Dollar<'a> {
    Parameter(&'a str),
    Quoted(&'a str),
    Neither,
}

/// `$1` or `$tag$ … $tag$`, after the first `$`.
fn dollar(text: &str) -> Dollar<'_> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits > 0 {
        return Dollar::Parameter(text.get(digits..).unwrap_or_default());
    }
    let tag = text.find('$').and_then(|n| text.get(..n));
    match tag {
        Some(tag) if tag.chars().all(|c| c.is_alphanumeric() || c == '_') => {
            let mark = format!("${tag}$");
            let body = text.get(tag.len() + 1..).unwrap_or_default();
            let after = body.find(&mark).and_then(|n| body.get(n + mark.len()..));
            Dollar::Quoted(after.unwrap_or_default())
        }
        _ => Dollar::Neither,
    }
}

/// `(?, ?, ?)` becomes `(?)`: lists of any length are one statement.
fn lists(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('?') {
        let (before, from) = rest.split_at(at + 1);
        out.push_str(before);
        rest = from;
        while let Some(next) = rest.trim_start().strip_prefix(',')
            && let Some(after) = next.trim_start().strip_prefix('?')
        {
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn shortened(text: &str) -> String {
    let mut out: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(KEPT).collect();
    if text.chars().nth(KEPT).is_some() {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_leave_a_statement() {
        let cases = [
            ("SELECT * FROM t WHERE id = 42;", "select * from t where id = ?"),
            ("SELECT 'O''Brien', E'a\\'b', $1, $$x'y$$, $t$z$t$ FROM \"T\"", "select ? from \"T\""),
            ("UPDATE t1 SET a = a + -4897 -- 王小明\nWHERE b=-1", "update t1 set a = a + ? where b=?"),
            ("SELECT a FROM t WHERE x IN (1, 2,3) /* A123456789 */", "select a from t where x in (?)"),
            ("select 1e-5, 0x1F, 1_000, x'ff', U&'d'", "select ?"),
            ("SELECT 'open A123456789", "select ?"),
            ("ALTER ROLE a PASSWORD 'secret'", "alter role a password ?"),
            ("select a-1 from t", "select a-? from t"),
            ("select '王小明' as 姓名", "select ? as 姓名"),
        ];
        for (from, to) in cases {
            assert_eq!(normalised(from), to, "{from}");
        }
        assert!(normalised(&"a".repeat(1000)).chars().count() == KEPT + 1);
    }

    #[test]
    fn values_leave_a_message() {
        let cases = [
            (
                "duplicate key value violates unique constraint \"person_pkey\"",
                "duplicate key value violates unique constraint \"person_pkey\"",
            ),
            (
                "invalid input syntax for type integer: \"A123456789\" at character 15",
                "invalid input syntax for type integer: \"…\" at character ?",
            ),
            ("查無此人 A123456789", "… ?"),
            ("value of amy@example.gov.tw, 02-2345-6789.", "value of ?, ?."),
            ("invalid value \"a\"b\" for it", "invalid value \"…\" for it"),
            ("couldn't do it", "couldn't do it"),
            ("first\nsecond 王", "first"),
        ];
        for (from, to) in cases {
            assert_eq!(message(from), to, "{from}");
        }
    }
}
