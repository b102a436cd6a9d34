//! Rows of a small CSV text: quotes as RFC 4180 has them, line numbers kept for messages.

/// The rows that are not empty, each with its 1-based line. A quote that is never closed ends with
/// the text.
pub(crate) fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
    let mut rows = Vec::new();
    let (mut row, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let (mut line, mut began) = (1, 1);
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                finish(&mut rows, began, &mut row, &mut field);
                line += 1;
                began = line;
            }
            _ => {
                line += u32::from(c == '\n');
                field.push(c);
            }
        }
    }
    finish(&mut rows, began, &mut row, &mut field);
    rows
}

fn finish(rows: &mut Vec<(u32, Vec<String>)>, line: u32, row: &mut Vec<String>, field: &mut String) {
    row.push(std::mem::take(field).trim_end_matches('\r').to_owned());
    let row = std::mem::take(row);
    if row.iter().any(|field| !field.trim().is_empty()) {
        rows.push((line, row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_line_ends_and_empty_lines_are_understood() {
        let found = rows("\u{feff}a,b\r\n\r\n\"c,\"\"d\"\"\",\"e\nf\"\n,\nlast");
        let want = [(1, vec!["a", "b"]), (3, vec!["c,\"d\"", "e\nf"]), (6, vec!["last"])];
        let found: Vec<(u32, Vec<&str>)> =
            found.iter().map(|(line, row)| (*line, row.iter().map(String::as_str).collect())).collect();
        assert_eq!(found, want);
        assert_eq!(rows("").len() + rows("\n,\n").len(), 0);
        assert_eq!(rows("\"open,").len(), 1);
    }
}
