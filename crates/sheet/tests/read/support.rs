//! Files as programs and attackers make them.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use bulwark_model::{Diagnostic, Lang};
use bulwark_sheet::{Limits, Table, read};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

pub fn ok(name: &str, bytes: &[u8]) -> (Table, Vec<Diagnostic>) {
    read(name, bytes, &Limits::default()).unwrap_or_else(|refusal| panic!("{}", refusal.render(Lang::En)))
}

pub fn refused(name: &str, bytes: &[u8]) -> Diagnostic {
    refused_under(name, bytes, &Limits::default())
}

pub fn refused_under(name: &str, bytes: &[u8], limits: &Limits) -> Diagnostic {
    match read(name, bytes, limits) {
        Ok((table, notes)) => panic!("{} rows and {notes:?}, not a refusal", table.rows.len()),
        Err(refusal) => refusal,
    }
}

/// The texts of all rows, the heading first.
pub fn texts(table: &Table) -> Vec<Vec<&str>> {
    let rows = table.rows.iter().map(|row| &row.cells);
    std::iter::once(&table.header)
        .chain(rows)
        .map(|cells| cells.iter().map(String::as_str).collect())
        .collect()
}

/// Code and place of each note.
pub fn places(notes: &[Diagnostic]) -> Vec<(&str, String)> {
    notes.iter().map(|note| (note.code.as_str(), note.location.to_string())).collect()
}

pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let method = match *name {
            "mimetype" => CompressionMethod::Stored,
            _ => CompressionMethod::Deflated,
        };
        let options = SimpleFileOptions::default().compression_method(method);
        writer.start_file(*name, options).expect("a new entry");
        writer.write_all(bytes).expect("memory");
    }
    writer.finish().expect("memory").into_inner()
}

pub const ODS_TYPE: (&str, &[u8]) = ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet");

/// A document whose spreadsheet holds `body`.
pub fn ods(body: &str) -> Vec<u8> {
    zip(&[ODS_TYPE, ("content.xml", ods_content(body).as_bytes())])
}

pub fn ods_content(body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:o" xmlns:table="urn:t" xmlns:text="urn:x" xmlns:style="urn:s" xmlns:calcext="urn:c">
<office:automatic-styles>
<style:style style:name="ta1" style:family="table"><style:table-properties table:display="true"/></style:style>
<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>
</office:automatic-styles>
<office:body><office:spreadsheet>{body}</office:spreadsheet></office:body></office:document-content>"#
    )
}

/// A sheet of plain text cells.
pub fn ods_table(name: &str, rows: &[&[&str]]) -> String {
    let mut out = format!("<table:table table:name=\"{name}\" table:style-name=\"ta1\">");
    for cells in rows {
        out.push_str("<table:table-row>");
        for text in *cells {
            let _ = write!(
                out,
                "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
            );
        }
        out.push_str("</table:table-row>");
    }
    out.push_str("</table:table>");
    out
}

pub const WORKBOOK_TYPES: &str = r#"<Types><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#;
const ROOT: &str = r#"<Relationships><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="0000000000"/><numFmt numFmtId="165" formatCode="[$-404]e/mm/dd hh:mm"/></numFmts>
<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="46"/></cellXfs></styleSheet>"#;

/// A workbook of (name, attributes of the listing, sheet data) and shared strings.
pub fn xlsx(sheets: &[(&str, &str, &str)], strings: &[&str]) -> Vec<u8> {
    let parts = xlsx_parts(sheets, strings);
    let entries: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    zip(&entries)
}

pub fn xlsx_parts(sheets: &[(&str, &str, &str)], strings: &[&str]) -> Vec<(String, String)> {
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut listed = String::new();
    let mut relations = format!(
        r#"<Relationship Id="rs" Type="{kind}/styles" Target="styles.xml"/><Relationship Id="rt" Type="{kind}/sharedStrings" Target="/xl/sharedStrings.xml"/>"#
    );
    let mut parts = vec![
        ("[Content_Types].xml".to_owned(), WORKBOOK_TYPES.to_owned()),
        ("_rels/.rels".to_owned(), ROOT.to_owned()),
        ("xl/styles.xml".to_owned(), STYLES.to_owned()),
    ];
    for (index, (name, attributes, data)) in sheets.iter().enumerate() {
        let _ = write!(listed, r#"<sheet name="{name}" sheetId="{index}" r:id="r{index}" {attributes}/>"#);
        let _ = write!(
            relations,
            r#"<Relationship Id="r{index}" Type="{kind}/worksheet" Target="worksheets/s{index}.xml"/>"#
        );
        parts.push((
            format!("xl/worksheets/s{index}.xml"),
            format!("<worksheet><sheetData>{data}</sheetData></worksheet>"),
        ));
    }
    let strings: String = strings.iter().flat_map(|text| ["<si>", text, "</si>"]).collect();
    parts.push((
        "xl/workbook.xml".to_owned(),
        format!("<workbook><workbookPr/><sheets>{listed}</sheets></workbook>"),
    ));
    parts.push((
        "xl/_rels/workbook.xml.rels".to_owned(),
        format!("<Relationships>{relations}</Relationships>"),
    ));
    parts.push(("xl/sharedStrings.xml".to_owned(), format!("<sst>{strings}</sst>")));
    parts
}
