//! CSV as RFC 4180 has it, in UTF-8 with a byte order mark, without which Excel reads Big5 on Taiwanese
//! machines.

use super::clean;
use crate::Value;
use crate::formula::needs_apostrophe;

/// Writes a table as CSV. A text that begins like a formula gets an apostrophe; numbers and dates are
/// written as they are.
pub fn csv<'a, R, C>(header: &[&str], rows: R) -> Vec<u8>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = Value<'a>>,
{
    let mut out = String::from("\u{FEFF}");
    row(&mut out, header.iter().map(|text| Value::from(*text)));
    for cells in rows {
        row(&mut out, cells);
    }
    out.into_bytes()
}

fn row<'a>(out: &mut String, cells: impl IntoIterator<Item = Value<'a>>) {
    let start = out.len();
    let mut first = true;
    for value in cells {
        if !first {
            out.push(',');
        }
        first = false;
        field(out, &value);
    }
    // A row of one empty cell would be an empty line, which is no row.
    if out.len() == start {
        out.push_str("\"\"");
    }
    out.push_str("\r\n");
}

fn field(out: &mut String, value: &Value<'_>) {
    let text = value.text();
    // What is not finite is spelled with letters and may begin with a sign.
    let person = match value {
        Value::Text(_) => true,
        Value::Number(number) => !number.is_finite(),
        _ => false,
    };
    let apostrophe = person && needs_apostrophe(&text);
    // The other delimiters too: opened with one of them, a text must not fall apart into a formula.
    // And `sep=`, which on the first line would choose one.
    let quoted = text.contains(['"', ',', ';', '\t', '\r', '\n']) || text.starts_with("sep=");
    if quoted {
        out.push('"');
    }
    if apostrophe {
        out.push('\'');
    }
    for character in text.chars().map(clean) {
        if character == '"' {
            out.push('"');
        }
        out.push(character);
    }
    if quoted {
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: impl Into<Value<'static>>) -> String {
        let file = String::from_utf8(csv(&["甲"], [[value.into()]])).expect("UTF-8");
        let row = file.strip_prefix("\u{FEFF}甲\r\n").expect("mark and heading");
        row.strip_suffix("\r\n").expect("CRLF").to_owned()
    }

    #[test]
    fn texts_that_begin_like_formulas_get_an_apostrophe_and_numbers_do_not() {
        for text in ["=1+1", "+1", "-1", "@x", "＝1"] {
            assert_eq!(one(text), format!("'{text}"));
        }
        assert_eq!(one("\t=1"), "\"'\t=1\"");
        assert_eq!(one("\r=1"), "\"'\r=1\"");
        assert_eq!(one("'=1"), "''=1");
        assert_eq!(one(-5), "-5");
        assert_eq!(one(-0.5), "-0.5");
        assert_eq!(one(f64::NEG_INFINITY), "'-inf");
        assert_eq!(one(jiff::civil::date(2026, 11, 25)), "2026-11-25");
        assert_eq!(one("a=b"), "a=b");
    }

    #[test]
    fn every_delimiter_and_quote_is_kept_inside_quotes() {
        assert_eq!(one("a,b"), "\"a,b\"");
        assert_eq!(one("x;=1"), "\"x;=1\"");
        assert_eq!(one("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(one("a\nb"), "\"a\nb\"");
        assert_eq!(one(""), "\"\"");
        assert_eq!(one("sep="), "\"sep=\"");
        assert_eq!(one("a\0b\u{1B}"), "a\u{FFFD}b\u{FFFD}");
    }
}
