//! The answer of [`crate::read`] as bytes, for the way from the child process that parsed to the parent.
//!
//! Both ends are the same binary, so the form has no version. The parent treats what comes back like any
//! other outside data: it is a table and its notes, a refusal, or nothing.

use std::borrow::Cow;

use bulwark_model::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::{Encoding, Format, Limits, Row, Table};

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

/// What the parent sends: what the person called the file, and the file.
pub fn request(name: &str, bytes: &[u8]) -> Vec<u8> {
    // A name is for messages; more of it than this no file system has.
    let end = (0..=name.len().min(1024)).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    let name = &name[..end];
    let mut request = Vec::with_capacity(4 + name.len() + bytes.len());
    request.extend(u32::try_from(name.len()).unwrap_or_default().to_le_bytes());
    request.extend(name.as_bytes());
    request.extend(bytes);
    request
}

/// What the child makes of a [`request`]: the file read and the answer encoded.
pub fn reply(request: &[u8], limits: &Limits) -> Vec<u8> {
    let parted = request.split_first_chunk().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let (name, bytes) = rest.split_at_checked(length)?;
        Some((std::str::from_utf8(name).ok()?, bytes))
    });
    // Only a parent of another version sends anything else; it will find no answer in nothing.
    parted.map(|(name, bytes)| encode(&crate::read(name, bytes, limits))).unwrap_or_default()
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
    fn the_name_goes_with_the_file() {
        let reply = reply(&request("名冊.xlsx", b"a,b\n1,2\n"), &Limits::default());
        let (table, notes) = decode(&reply).expect("an answer").expect("a table");
        assert_eq!(table.header, ["a", "b"]);
        assert_eq!(notes[0].location.to_string(), "名冊.xlsx");
        let long = request(&"名".repeat(1000), b"");
        assert_eq!(long.len(), 4 + 1023);
        for broken in [&b""[..], b"\x05\0\0\0abcd", b"\x01\0\0\0\xFFa,b"] {
            assert_eq!(super::reply(broken, &Limits::default()), b"");
        }
    }

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
