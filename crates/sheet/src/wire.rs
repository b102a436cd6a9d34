//! The answer of [`crate::read`] as bytes, for the way from the child process that parsed to the parent.
//!
//! Both ends are the same binary, so the form has no version. The parent treats what comes back like any
//! other outside data: it is a table and its notes, a refusal, or nothing.

use std::borrow::Cow;

use bulwark_model::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::{Encoding, Format, Row, Table};

/// What [`crate::read`] answers.
pub type Answer = Result<(Table, Vec<Diagnostic>), Diagnostic>;

#[derive(Serialize, Deserialize)]
enum Wire<'a> {
    Table {
        header: Cow<'a, [String]>,
        rows: Vec<(u32, Cow<'a, [String]>)>,
        sheet: Cow<'a, str>,
        encoding: String,
        format: String,
        notes: Cow<'a, [Diagnostic]>,
    },
    Refused(Cow<'a, Diagnostic>),
}

/// The answer as bytes.
pub fn encode(answer: &Answer) -> Vec<u8> {
    let wire = match answer {
        Ok((table, notes)) => Wire::Table {
            header: Cow::Borrowed(&table.header),
            rows: table.rows.iter().map(|row| (row.line, Cow::Borrowed(row.cells.as_slice()))).collect(),
            sheet: Cow::Borrowed(&table.sheet),
            encoding: table.encoding.name().to_owned(),
            format: match table.format {
                Format::Csv { delimiter } => delimiter.to_string(),
                Format::Ods => "ods".to_owned(),
                Format::Xlsx => "xlsx".to_owned(),
            },
            notes: Cow::Borrowed(notes),
        },
        Err(refusal) => Wire::Refused(Cow::Borrowed(refusal)),
    };
    // Texts and numbers only: there is nothing JSON cannot hold.
    serde_json::to_vec(&wire).unwrap_or_default()
}

/// The answer in bytes, or why they are none.
///
/// # Errors
/// Says where the bytes stop being an answer.
pub fn decode(bytes: &[u8]) -> Result<Answer, String> {
    let (header, rows, sheet, encoding, format, notes) =
        match serde_json::from_slice(bytes).map_err(|error| error.to_string())? {
            Wire::Refused(refusal) => return Ok(Err(refusal.into_owned())),
            Wire::Table { header, rows, sheet, encoding, format, notes } => {
                (header, rows, sheet, encoding, format, notes)
            }
        };
    let encoding = [Encoding::Utf8, Encoding::Utf16Le, Encoding::Utf16Be, Encoding::Big5]
        .into_iter()
        .find(|known| known.name() == encoding)
        .ok_or_else(|| format!("encoding {encoding:?}"))?;
    let format = match format.as_str() {
        "ods" => Format::Ods,
        "xlsx" => Format::Xlsx,
        "," | ";" | "\t" => Format::Csv { delimiter: format.chars().next().unwrap_or(',') },
        other => return Err(format!("format {other:?}")),
    };
    let rows = rows.into_iter().map(|(line, cells)| Row { line, cells: cells.into_owned() }).collect();
    let table = Table { header: header.into_owned(), rows, sheet: sheet.into_owned(), encoding, format };
    Ok(Ok((table, notes.into_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_answer_is_refused() {
        for bytes in [
            "",
            "{}",
            "[]",
            r#"{"Table":{"header":[],"rows":[],"sheet":"","encoding":"EBCDIC","format":"ods","notes":[]}}"#,
            r#"{"Table":{"header":[],"rows":[],"sheet":"","encoding":"Big5","format":"=","notes":[]}}"#,
        ] {
            assert!(decode(bytes.as_bytes()).is_err(), "{bytes}");
        }
    }
}
