//! What a file is, told from its first bytes; and what an archive holds.

use bulwark_i18n::args;
use bulwark_model::Diagnostic;

use crate::archive::Archive;
use crate::note::message;

/// The two ways to go on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Zip,
    Text,
}

/// The two kinds of spreadsheet archives.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Office {
    Ods,
    Xlsx,
}

const OLE: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
const END_OF_CENTRAL_DIRECTORY: &[u8] = b"PK\x05\x06";

/// First bytes of what is often handed in by mistake or on purpose.
const MAGIC: &[(&[u8], &str)] = &[
    (b"GIF8", "GIF"),
    (b"\x89PNG", "PNG"),
    (b"\xFF\xD8\xFF", "JPEG"),
    (b"BM", "BMP"),
    (b"RIFF", "RIFF"),
    (b"\x1F\x8B", "gzip"),
    (b"7z\xBC\xAF\x27\x1C", "7z"),
    (b"Rar!\x1A\x07", "RAR"),
    (b"\xFD7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x7FELF", "ELF"),
    (b"MZ", "EXE"),
    (b"{\\rtf", "RTF"),
    (b"SQLite format 3\0", "SQLite"),
];

/// Tells zip from text and refuses what is neither.
pub(crate) fn kind(bytes: &[u8]) -> Result<Kind, Diagnostic> {
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(END_OF_CENTRAL_DIRECTORY) {
        return Ok(Kind::Zip);
    }
    if bytes.starts_with(OLE) {
        // A workbook with a password is an OLE file with the packed workbook in a stream of this name.
        let protected: Vec<u8> = "EncryptedPackage".bytes().flat_map(|byte| [byte, 0]).collect();
        let code = if contains(bytes, &protected) { "BW-SHEET-005" } else { "BW-SHEET-004" };
        return Err(message(code, &args![]));
    }
    // A zip is found from its end, so any other file can have one glued on.
    if contains(bytes, END_OF_CENTRAL_DIRECTORY) {
        return Err(message("BW-SHEET-006", &args![]));
    }
    if let Some(kind) = pretender(bytes) {
        return Err(message("BW-SHEET-003", &args![kind = kind]));
    }
    Ok(Kind::Text)
}

/// What the file is instead of a table.
fn pretender(bytes: &[u8]) -> Option<&'static str> {
    // Readers of PDF accept the mark anywhere in the first kilobyte.
    if contains(bytes.get(..1024).unwrap_or(bytes), b"%PDF-") {
        return Some("PDF");
    }
    // Two letters are no proof: `BM` and `MZ` also begin a heading. Binary files hold NUL soon after.
    let binary = bytes.iter().take(512).any(|byte| *byte == 0);
    let magic = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic) && (magic.len() > 2 || binary));
    if let Some((_, kind)) = magic {
        return Some(kind);
    }
    let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let tag = start.strip_prefix(b"<")?;
    match tag.first()? {
        b'?' => Some("XML"),
        b'!' | b'a'..=b'z' | b'A'..=b'Z' => Some("HTML"),
        _ => None,
    }
}

/// Which spreadsheet an archive is, and that it brings nothing that runs.
pub(crate) fn office(archive: &Archive<'_>) -> Result<Office, Diagnostic> {
    if let Some(name) = archive.names().find(|name| is_macro(name)) {
        return Err(message("BW-SHEET-016", &args![part = name]));
    }
    if archive.has("xl/workbook.bin") {
        return Err(message("BW-SHEET-017", &args![kind = "XLSB"]));
    }
    if archive.has("[Content_Types].xml") && archive.names().any(|name| name.starts_with("xl/")) {
        return Ok(Office::Xlsx);
    }
    let media = if archive.has("mimetype") { archive.text("mimetype", 256)? } else { String::new() };
    let media = media.trim();
    match media.strip_prefix("application/vnd.oasis.opendocument.") {
        Some("spreadsheet" | "spreadsheet-template") => Ok(Office::Ods),
        Some(kind) => Err(message("BW-SHEET-017", &args![kind = format!("OpenDocument {kind}")])),
        None => {
            let kind =
                [("word/", "Word"), ("ppt/", "PowerPoint"), ("Index/", "Numbers"), ("META-INF/", "JAR")];
            let kind = kind.iter().find(|(folder, _)| archive.names().any(|name| name.starts_with(folder)));
            Err(message("BW-SHEET-017", &args![kind = kind.map_or("ZIP", |(_, kind)| kind)]))
        }
    }
}

/// Parts that hold programs: VBA, Excel 4 macros, StarBasic and scripts of OpenDocument.
fn is_macro(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let part = name.rsplit('/').next().unwrap_or_default();
    part.starts_with("vbaproject")
        || part.starts_with("vbadata")
        || name.starts_with("xl/macrosheets/")
        || name.starts_with("xl/activex/")
        || ["basic/", "scripts/"].iter().any(|folder| name.starts_with(folder) && name.len() > folder.len())
}

/// The kind of table the name promises, if it promises one.
pub(crate) fn promised(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "csv" | "txt" | "tsv" => Some("csv"),
        "ods" | "ots" => Some("ods"),
        "xlsx" | "xltx" => Some("xlsx"),
        "xls" => Some("xls"),
        "xlsm" => Some("xlsm"),
        _ => None,
    }
}

/// Whether `part` stands in `bytes`.
pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let Some(first) = part.first() else { return true };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        if rest[at..].starts_with(part) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
