//! OpenDocument spreadsheets: what the law on documents of government wants handed out (ODF-CNS15251).
//!
//! The same table gives the same bytes: no time, no random id, entries in a fixed order.

use std::io::{Cursor, Write as _};

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use unicode_width::UnicodeWidthStr as _;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::xml::{escape, paragraphs};
use crate::note::message;
use crate::value::{date_time, number};
use crate::{Limits, Value};

const MEDIA_TYPE: &str = "application/vnd.oasis.opendocument.spreadsheet";
const STYLES: &str = include_str!("styles.xml");
const META: &str = include_str!("meta.xml");
const MANIFEST: &str = include_str!("manifest.xml");
const CONTENT_HEAD: &str = include_str!("content-head.xml");
const SETTINGS: &str = include_str!("settings.xml");

/// Widths of columns in characters of half width.
const NARROWEST: usize = 6;
const WIDEST: usize = 60;

/// Writes a table as an OpenDocument spreadsheet with one sheet: heading bold and frozen, columns as wide as
/// what they hold, every text marked as text.
///
/// # Errors
/// When the table has more rows than a spreadsheet program opens.
pub fn ods<'a, R, C>(sheet: &str, header: &[&str], rows: R) -> Result<Vec<u8>, Diagnostic>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = Value<'a>>,
{
    /// The last row of every spreadsheet program, less the heading.
    const ROWS: usize = 1_048_575;
    let mut body = String::new();
    let mut widths = Vec::new();
    body.push_str("<table:table-header-rows>");
    row(&mut body, &mut widths, header.iter().map(|text| Value::from(*text)), Some("heading"));
    body.push_str("</table:table-header-rows>");
    for (index, cells) in rows.into_iter().enumerate() {
        // Texts this long in memory also keep the archive far from the end of its 32-bit sizes.
        if index >= ROWS || body.len() as u64 > Limits::default().unpacked_bytes * 4 {
            return Err(message("BW-SHEET-070", &args![row = index + 1]));
        }
        row(&mut body, &mut widths, cells, None);
    }
    let sheet = sheet_name(sheet);
    pack(&content(&sheet, &body, &widths), &SETTINGS.replace("{sheet}", &escaped(&sheet)))
        .map_err(|error| message("BW-SHEET-070", &args![row = 0]).because(error))
}

fn row<'a>(
    out: &mut String,
    widths: &mut Vec<usize>,
    cells: impl IntoIterator<Item = Value<'a>>,
    style: Option<&str>,
) {
    out.push_str("<table:table-row>");
    let mut count = 0;
    for (column, value) in cells.into_iter().enumerate() {
        if widths.len() <= column {
            widths.resize(column + 1, NARROWEST);
        }
        let shown = value.text();
        let width = shown.lines().map(str::width).max().unwrap_or_default();
        widths[column] = widths[column].max(width.min(WIDEST));
        cell(out, &value, style);
        count += 1;
    }
    if count == 0 {
        out.push_str("<table:table-cell/>");
    }
    out.push_str("</table:table-row>");
}

fn cell(out: &mut String, value: &Value<'_>, style: Option<&str>) {
    let shown = value.text();
    let (kind, stored, own) = match value {
        Value::Empty => return out.push_str("<table:table-cell/>"),
        Value::Integer(value) => ("float", Some(("value", value.to_string())), None),
        Value::Number(value) if value.is_finite() => ("float", Some(("value", number(*value))), None),
        Value::Date(date) => ("date", Some(("date-value", date.to_string())), Some("day")),
        Value::DateTime(at) => ("date", Some(("date-value", date_time(*at))), Some("moment")),
        Value::Text(_) | Value::Number(_) => ("string", None, None),
    };
    out.push_str("<table:table-cell");
    if let Some(style) = own.or(style) {
        attribute(out, "table:style-name", style);
    }
    attribute(out, "office:value-type", kind);
    if let Some((name, stored)) = stored {
        attribute(out, &format!("office:{name}"), &stored);
    }
    out.push('>');
    paragraphs(out, &shown);
    out.push_str("</table:table-cell>");
}

fn attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value);
    out.push('"');
}

/// A name every spreadsheet program takes: 31 characters at most, none of `[]*?:/\`, no apostrophe at
/// either end.
fn sheet_name(name: &str) -> String {
    let allowed = |c: &char| !matches!(c, '[' | ']' | '*' | '?' | ':' | '/' | '\\') && !c.is_control();
    let name: String = name.chars().filter(allowed).take(31).collect();
    match name.trim_matches(['\'', ' ']) {
        "" => "工作表1".to_owned(),
        name => name.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    escape(&mut out, text);
    out
}

fn content(sheet: &str, body: &str, widths: &[usize]) -> String {
    let mut out = String::with_capacity(body.len() + 4096);
    out.push_str(CONTENT_HEAD);
    for (column, width) in widths.iter().enumerate() {
        // 2.1 mm for a character of half width in the 10-point face of `styles.xml`, and a margin.
        let tenths_mm = width * 21 + 40;
        let (mm, tenth) = (tenths_mm / 10, tenths_mm % 10);
        let width = format!("{mm}.{tenth}mm");
        let name = format!("column{column}");
        out.push_str("<style:style style:family=\"table-column\"");
        attribute(&mut out, "style:name", &name);
        out.push_str("><style:table-column-properties");
        attribute(&mut out, "style:column-width", &width);
        out.push_str("/></style:style>");
    }
    out.push_str("</office:automatic-styles><office:body><office:spreadsheet><table:table");
    attribute(&mut out, "table:name", sheet);
    out.push('>');
    for column in 0..widths.len() {
        out.push_str("<table:table-column");
        attribute(&mut out, "table:style-name", &format!("column{column}"));
        out.push_str("/>");
    }
    out.push_str(body);
    out.push_str("</table:table></office:spreadsheet></office:body></office:document-content>\n");
    out
}

fn pack(content: &str, settings: &str) -> zip::result::ZipResult<Vec<u8>> {
    let stored = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let packed = stored.compression_method(CompressionMethod::Deflated);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    // First and not packed, so that the type stands at a fixed place (ODF 1.3 part 2, 3.3).
    writer.start_file("mimetype", stored)?;
    writer.write_all(MEDIA_TYPE.as_bytes())?;
    for (name, text) in [
        ("content.xml", content),
        ("styles.xml", STYLES),
        ("meta.xml", META),
        ("settings.xml", settings),
        ("META-INF/manifest.xml", MANIFEST),
    ] {
        writer.start_file(name, packed)?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}
