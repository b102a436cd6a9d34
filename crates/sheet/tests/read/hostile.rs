//! Files made to do harm, each refused with its own code; the tests build the bytes by hand where no
//! program would.

use std::time::{Duration, Instant};

use bulwark_sheet::Limits;

use crate::support::{
    ODS_TYPE, WORKBOOK_TYPES, ods, ods_content, ods_table, ok, places, refused, refused_under, texts, xlsx,
    xlsx_parts, zip,
};

fn table() -> String {
    ods_content(&ods_table("甲", &[&["a", "b"], &["1", "2"]]))
}

fn with(extra: &[(&str, &[u8])]) -> Vec<u8> {
    let content = table();
    let mut entries = vec![ODS_TYPE, ("content.xml", content.as_bytes())];
    entries.extend_from_slice(extra);
    zip(&entries)
}

/// Changes all occurrences of a name, which stands in the local and the central header.
fn renamed(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let places: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(from)).collect();
    assert!(places.len() >= 2, "name found {} times", places.len());
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to);
    }
    bytes
}

/// Where the n-th central header begins.
fn central(bytes: &[u8], n: usize) -> usize {
    (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"PK\x01\x02")).nth(n).expect("a central header")
}

fn local_of(bytes: &[u8], n: usize) -> usize {
    let at = central(bytes, n) + 42;
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes")) as usize
}

#[test]
fn bombs_are_refused_before_they_are_unpacked() {
    let started = Instant::now();
    let zeros = vec![b' '; 30 << 20];
    let bomb = with(&[("Pictures/a.png", &zeros)]);
    assert!(bomb.len() < 100_000, "{} bytes", bomb.len());
    assert_eq!(refused("x.ods", &bomb).code, "BW-SHEET-012");
    // Many entries, each under the ratio.
    let limits = Limits { unpacked_bytes: 1 << 20, ..Limits::default() };
    let part = vec![b'x'; 200_000];
    let names: Vec<String> = (0..6).map(|n| format!("Pictures/{n}")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), part.as_slice())).collect();
    assert_eq!(refused_under("x.ods", &with(&entries), &limits).code, "BW-SHEET-011");
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_header_that_understates_its_size_stops_at_that_size() {
    let content = ods_content(&ods_table("甲", &[&["a"], &[&"x".repeat(30_000)]]));
    let mut bytes = zip(&[ODS_TYPE, ("content.xml", content.as_bytes())]);
    let small = 500_u32.to_le_bytes();
    let (central, local) = (central(&bytes, 1), local_of(&bytes, 1));
    bytes[central + 24..central + 28].copy_from_slice(&small);
    assert_eq!(refused("x.ods", &bytes).code, "BW-SHEET-014", "headers disagree");
    bytes[local + 22..local + 26].copy_from_slice(&small);
    assert_eq!(refused("x.ods", &bytes).code, "BW-SHEET-014", "both lie");
}

#[test]
fn archives_and_objects_inside_are_refused() {
    let inner = with(&[]);
    assert_eq!(refused("x.ods", &with(&[("Pictures/a.png", &inner)])).code, "BW-SHEET-013");
    assert_eq!(refused("x.ods", &with(&[("a.gz", b"\x1F\x8B\x08\0")])).code, "BW-SHEET-013");
    let object = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....";
    assert_eq!(refused("x.ods", &with(&[("ObjectReplacements/1", object)])).code, "BW-SHEET-018");
}

#[test]
fn names_that_lead_out_are_refused() {
    let bytes = with(&[("Pictures/aaaa", b"x")]);
    for name in [
        b"../../../../x",
        b"/etc/passwd.x",
        b"Pictures\\..\\x",
        b"C:\\windows\\xx",
        b"Pictures/../x",
        b"Pictures/a\0.x",
        b"\\\\server\\shar",
    ] {
        let refusal = refused("x.ods", &renamed(&bytes, b"Pictures/aaaa", name));
        assert_eq!(refusal.code, "BW-SHEET-008", "{}", String::from_utf8_lossy(name));
        assert!(!refusal.what.en.contains('\0'));
    }
}

#[test]
fn encrypted_entries_are_refused() {
    let mut bytes = with(&[]);
    let (central, local) = (central(&bytes, 1), local_of(&bytes, 1));
    bytes[central + 8] |= 1;
    bytes[local + 6] |= 1;
    assert_eq!(refused("x.ods", &bytes).code, "BW-SHEET-005");
}

#[test]
fn entries_twice_are_refused() {
    let bytes = with(&[("content.xmk", b"<other/>")]);
    assert_eq!(refused("x.ods", &renamed(&bytes, b"content.xmk", b"content.xml")).code, "BW-SHEET-009");
    assert_eq!(refused("x.ods", &renamed(&bytes, b"content.xmk", b"CONTENT.xml")).code, "BW-SHEET-009");
}

#[test]
fn polyglots_are_refused_wherever_the_other_file_hides() {
    let plain = with(&[]);
    assert_eq!(ok("x.ods", &plain).0.header, ["a", "b"]);
    let before = [b"GIF89a\x01\0\x01\0\0\0\0;".as_slice(), &plain].concat();
    assert_eq!(refused("x.ods", &before).code, "BW-SHEET-006");
    let text = [b"a,b\n1,2\n".as_slice(), &plain].concat();
    assert_eq!(refused("x.csv", &text).code, "BW-SHEET-006");
    let after = [plain.as_slice(), b"<script>"].concat();
    assert_eq!(refused("x.ods", &after).code, "BW-SHEET-006");
    // As a comment, which readers of zip allow.
    let mut comment = after.clone();
    let length = plain.len() - 2;
    comment[length] = 8;
    assert_eq!(refused("x.ods", &comment).code, "BW-SHEET-006");
    // Between the last entry and the directory, with the offset put right.
    let directory = central(&plain, 0);
    let mut between = [&plain[..directory], b"#!/bin/sh\n", &plain[directory..]].concat();
    let end = between.len() - 6;
    let offset = u32::try_from(directory + 10).expect("small").to_le_bytes();
    between[end..end + 4].copy_from_slice(&offset);
    assert_eq!(refused("x.ods", &between).code, "BW-SHEET-006");
    // A zip in front, our own behind it: the end is found from behind, the first file from the front.
    let two = [zip(&[("evil.txt", b"x")]), plain.clone()].concat();
    assert_eq!(refused("x.ods", &two).code, "BW-SHEET-006");
}

#[test]
fn overlapping_entries_are_refused() {
    let mut bytes = with(&[("Pictures/a", b"aaaa"), ("Pictures/b", b"aaaa")]);
    // Both directory entries point to the same local header.
    let first = u32::try_from(local_of(&bytes, 2)).expect("small").to_le_bytes();
    let second = central(&bytes, 3);
    bytes[second + 42..second + 46].copy_from_slice(&first);
    bytes[second + 46..second + 56].copy_from_slice(b"Pictures/a");
    let name = central(&bytes, 2);
    assert_eq!(refused("x.ods", &bytes).code, "BW-SHEET-009", "one name");
    // With another name the local header says something else.
    bytes[name + 46..name + 56].copy_from_slice(b"Pictures/c");
    assert_eq!(refused("x.ods", &bytes).code, "BW-SHEET-014", "another name");
    // An entry whose data runs into the next.
    let mut bytes = zip(&[ODS_TYPE, ("content.xml", table().as_bytes())]);
    let (central, local) = (central(&bytes, 0), local_of(&bytes, 0));
    for at in [central + 20, central + 24, local + 18, local + 22] {
        bytes[at..at + 4].copy_from_slice(&60_u32.to_le_bytes());
    }
    assert_eq!(refused("x.ods", &bytes).code, "BW-SHEET-025");
}

#[test]
fn cut_and_damaged_archives_are_refused() {
    let bytes = with(&[]);
    for length in [30, 100, bytes.len() / 2, bytes.len() - 30, bytes.len() - 1] {
        let refusal = refused("x.ods", &bytes[..length]);
        assert!(
            matches!(refusal.code.as_str(), "BW-SHEET-007" | "BW-SHEET-006"),
            "{length}: {}",
            refusal.code
        );
    }
    let mut crc = bytes.clone();
    let (central, local) = (central(&crc, 1), local_of(&crc, 1));
    crc[central + 16] ^= 1;
    crc[local + 14] ^= 1;
    assert_eq!(refused("x.ods", &crc).code, "BW-SHEET-014");
    let mut method = bytes.clone();
    method[central + 10] = 14;
    method[local + 8] = 14;
    assert_eq!(refused("x.ods", &method).code, "BW-SHEET-015");
    assert_eq!(refused("x.ods", b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0").code, "BW-SHEET-017");
}

#[test]
fn too_many_entries_are_refused() {
    let limits = Limits { zip_entries: 3, ..Limits::default() };
    assert_eq!(refused_under("x.ods", &with(&[("a", b""), ("b", b"")]), &limits).code, "BW-SHEET-010");
}

#[test]
fn entry_names_in_big5_are_noted_and_passed() {
    let bytes = with(&[("Pictures/aaaa.png", b"x")]);
    let (table, notes) =
        ok("x.ods", &renamed(&bytes, b"Pictures/aaaa.png", b"Pictures/\xB9\xCF\xA4\xF9.png"));
    assert_eq!(texts(&table), [["a", "b"], ["1", "2"]]);
    assert_eq!(places(&notes), [("BW-SHEET-062", "x.ods".to_owned())]);
    assert!(notes[0].what.en.contains("圖片.png"), "{}", notes[0].what.en);
}

#[test]
fn macros_are_refused_by_part_folder_and_content_type() {
    for part in ["Basic/Standard/Module1.xml", "Scripts/python/a.py"] {
        assert_eq!(refused("x.ods", &with(&[(part, b"x")])).code, "BW-SHEET-016", "{part}");
    }
    let book = xlsx_parts(&[("表", "", "<row><c t=\"str\"><v>a</v></c></row>")], &[]);
    let with_part = |name: &str, bytes: &[u8]| {
        let mut entries: Vec<(&str, &[u8])> =
            book.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        entries.retain(|(known, _)| *known != name);
        entries.push((name, bytes));
        zip(&entries)
    };
    let ole = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
    for (part, bytes, code) in [
        ("xl/vbaProject.bin", ole.as_slice(), "BW-SHEET-016"),
        ("xl/VBAPROJECT.BIN", b"x", "BW-SHEET-016"),
        ("xl/macrosheets/sheet1.xml", b"<x/>", "BW-SHEET-016"),
        ("xl/activeX/activeX1.bin", b"x", "BW-SHEET-016"),
        ("xl/media/image1.png", ole.as_slice(), "BW-SHEET-018"),
        ("xl/workbook.bin", b"x", "BW-SHEET-017"),
        (
            "[Content_Types].xml",
            b"<Types><Override ContentType=\"application/vnd.ms-excel.sheet.macroEnabled.main+xml\"/></Types>",
            "BW-SHEET-016",
        ),
    ] {
        assert_eq!(refused("x.xlsx", &with_part(part, bytes)).code, code, "{part}");
    }
    let external = WORKBOOK_TYPES.replace("/>", "/><!-- -->");
    assert_eq!(ok("x.xlsx", &with_part("[Content_Types].xml", external.as_bytes())).0.header, ["a"]);
}

#[test]
fn entities_and_document_types_are_refused_by_name() {
    let laughs = format!(
        "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"{}\">]><x>&lol2;</x>",
        "&lol;".repeat(10)
    );
    let refusal = refused("x.ods", &zip(&[ODS_TYPE, ("content.xml", laughs.as_bytes())]));
    assert_eq!(refusal.code, "BW-SHEET-019");
    assert!(refusal.what.zh_tw.contains("content.xml"));
    let mut parts = xlsx_parts(&[("表", "", "")], &[]);
    for (name, text) in &mut parts {
        if name == "xl/sharedStrings.xml" {
            "<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><sst/>".clone_into(text);
        }
    }
    let entries: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(refused("x.xlsx", &zip(&entries)).code, "BW-SHEET-019");
    assert_eq!(refused("x.ods", &ods(&ods_table("甲", &[&["&xxe;"]]))).code, "BW-SHEET-020");
}

#[test]
fn files_that_pretend_are_named() {
    let ole = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".as_slice();
    let protected: Vec<u8> = "EncryptedPackage".bytes().flat_map(|byte| [byte, 0]).collect();
    let cases: Vec<(&str, Vec<u8>, &str, &str)> = vec![
        ("舊.ods", ole.to_vec(), "BW-SHEET-004", ".xls"),
        ("密碼.xlsx", [ole, &protected].concat(), "BW-SHEET-005", "password"),
        ("x.csv", b"%PDF-1.7\n".to_vec(), "BW-SHEET-003", "PDF"),
        ("x.csv", b"a,b\n%PDF-1.7\n".to_vec(), "BW-SHEET-003", "PDF"),
        ("x.csv", b"  \n<!DOCTYPE html><table>".to_vec(), "BW-SHEET-003", "HTML"),
        ("x.xls", b"\xEF\xBB\xBF<html><table>".to_vec(), "BW-SHEET-003", "HTML"),
        ("x.csv", b"<script>alert(1)</script>".to_vec(), "BW-SHEET-003", "HTML"),
        ("x.xls", b"<?xml version=\"1.0\"?><Workbook/>".to_vec(), "BW-SHEET-003", "XML"),
        ("x.csv", b"\x89PNG\r\n\x1A\n".to_vec(), "BW-SHEET-003", "PNG"),
        ("x.csv", b"GIF89a".to_vec(), "BW-SHEET-003", "GIF"),
        ("x.csv", b"MZ\x90\0\x03".to_vec(), "BW-SHEET-003", "EXE"),
        (
            "x.xlsx",
            zip(&[("word/document.xml", b"<x/>"), ("[Content_Types].xml", b"<x/>")]),
            "BW-SHEET-017",
            "Word",
        ),
        ("x.ods", zip(&[("mimetype", b"application/vnd.oasis.opendocument.text")]), "BW-SHEET-017", "text"),
        ("x.xlsx", zip(&[("readme.txt", b"x")]), "BW-SHEET-017", "ZIP"),
    ];
    for (name, bytes, code, word) in cases {
        let refusal = refused(name, &bytes);
        assert_eq!(refusal.code, code, "{name}: {refusal:?}");
        assert!(refusal.what.en.contains(word), "{}", refusal.what.en);
        assert_eq!(refusal.location.to_string(), name);
    }
    // A heading may begin with the same letters as a program.
    assert_eq!(ok("x.csv", b"MZ,BM\n1,2\n").0.header, ["MZ", "BM"]);
    assert_eq!(ok("x.csv", b"<5,>5\n1,2\n").0.header, ["<5", ">5"]);
}

#[test]
fn a_name_that_promises_something_else_is_noted() {
    let csv = b"a,b\n1,2\n".as_slice();
    let book = xlsx(&[("表", "", "<row><c t=\"str\"><v>a</v></c></row>")], &[]);
    for (name, bytes, found) in [
        ("x.csv", book.as_slice(), "xlsx"),
        ("x.xls", &book, "xlsx"),
        ("x.xlsm", &book, "xlsx"),
        ("X.ODS", &book, "xlsx"),
        ("x.xlsx", csv, "csv"),
        ("x.xlsx", &with(&[]), "ods"),
    ] {
        let (_, notes) = ok(name, bytes);
        assert_eq!(places(&notes), [("BW-SHEET-056", name.to_owned())]);
        assert!(notes[0].what.en.ends_with(found), "{}", notes[0].what.en);
    }
    for (name, bytes) in [("x.xlsx", book.as_slice()), ("表", &book), ("x.txt", csv), ("x.tsv", csv)] {
        assert_eq!(ok(name, bytes).1, []);
    }
}

#[test]
fn files_over_the_size_are_refused_unread() {
    let limits = Limits { bytes: 10, ..Limits::default() };
    let refusal = refused_under("x.csv", b"a,b\n1,2\n3,4\n", &limits);
    assert_eq!(refusal.code, "BW-SHEET-002");
    assert!(refusal.what.en.contains("12 B") && refusal.what.en.contains("10 B"), "{}", refusal.what.en);
}

#[test]
fn a_tag_of_a_million_attributes_takes_no_time() {
    let attributes: String =
        (0..30_000).flat_map(|n| [" a".to_owned(), n.to_string(), "=\"\"".to_owned()]).collect();
    let content = table().replace("<text:p>1", &format!("<text:p{attributes}>1"));
    let started = Instant::now();
    let bytes = zip(&[ODS_TYPE, ("content.xml", content.as_bytes())]);
    assert_eq!(refused("x.ods", &bytes).code, "BW-SHEET-027");
    assert!(started.elapsed() < Duration::from_secs(20));
}
