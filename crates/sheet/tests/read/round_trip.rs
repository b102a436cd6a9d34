//! What is written is what is read, and whatever is read does not panic.

use bulwark_sheet::{Limits, Value, csv, fuzz_read, ods, read, wire};
use jiff::civil::date;
use proptest::prelude::*;

use crate::support;

/// Texts with everything that is special in CSV, XML and formulas.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("=".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just(",".to_owned()),
        Just(";".to_owned()),
        Just("-".to_owned()),
        Just("@".to_owned()),
        Just("＋".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\t".to_owned()),
        Just(" ".to_owned()),
        Just("  ".to_owned()),
        Just("<a>&amp;".to_owned()),
        Just("sep=".to_owned()),
        Just("_x000D_".to_owned()),
        Just("%PDF".to_owned()),
        "[0-9.-]{1,6}",
        "[一-龥]{1,3}",
        "[a-z]{1,3}",
        any::<char>().prop_map(|c| if c.is_control() { 'c' } else { c }.to_string()),
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1..5_usize).prop_flat_map(|width| {
        proptest::collection::vec(proptest::collection::vec(text(), width..=width), 1..8)
    })
}

/// Rows without any text are left out by reading; cells at the end are filled up to the heading.
fn expected(rows: &[Vec<String>], spelled: impl Fn(&str) -> String) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = Vec::new();
    for row in rows {
        let mut cells: Vec<String> = row.iter().map(|text| spelled(text)).collect();
        while cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        if cells.is_empty() {
            continue;
        }
        let width = out.first().map_or(0, Vec::len);
        if cells.len() < width {
            cells.resize(width, String::new());
        }
        out.push(cells);
    }
    out
}

/// What is no character is written as a replacement.
fn characters(text: &str) -> String {
    text.replace(['\u{FFFE}', '\u{FFFF}'], "\u{FFFD}")
}

fn written(format: &str, rows: &[Vec<String>]) -> Vec<u8> {
    let header: Vec<&str> = rows[0].iter().map(String::as_str).collect();
    let rest = rows[1..].iter().map(|row| row.iter().map(|text| Value::from(text.as_str())));
    match format {
        "csv" => csv(&header, rest),
        _ => ods("工作表", &header, rest).expect("few rows"),
    }
}

fn read_back(format: &str, bytes: &[u8]) -> Vec<Vec<String>> {
    match read(&format!("x.{format}"), bytes, &Limits::default()) {
        Ok((table, _)) => {
            std::iter::once(table.header).chain(table.rows.into_iter().map(|row| row.cells)).collect()
        }
        Err(refusal) if refusal.code == "BW-SHEET-033" => Vec::new(),
        Err(refusal) => panic!("{refusal:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn csv_gives_back_what_was_written(rows in rows()) {
        // The text could begin like a file of another kind; reading refuses it then, and should.
        let bytes = written("csv", &rows);
        let body = &bytes[3..];
        let start = body.strip_prefix(b"\"").unwrap_or(body).trim_ascii_start();
        if start.starts_with(b"<") || body.windows(5).any(|part| part == b"%PDF-") {
            return Ok(());
        }
        prop_assert_eq!(read_back("csv", &bytes), expected(&rows, characters));
    }

    #[test]
    fn ods_gives_back_what_was_written(rows in rows()) {
        let lines = |text: &str| characters(text).replace("\r\n", "\n").replace('\r', "\n");
        prop_assert_eq!(read_back("ods", &written("ods", &rows)), expected(&rows, lines));
    }

    #[test]
    fn our_reader_of_csv_agrees_with_the_crate(text in "([a-c\",;\n\r ]|\r\n|\"\"|\",|,\"|一){0,40}") {
        let mine = read("x.csv", format!("h,h\n{text}").as_bytes(), &Limits::default());
        let Ok((table, _)) = mine else { return Ok(()) };
        let bulwark_sheet::Format::Csv { delimiter } = table.format else { return Ok(()) };
        let source = format!("h,h\n{text}");
        let mut reader = ::csv::ReaderBuilder::new()
            .flexible(true)
            .has_headers(false)
            .delimiter(u8::try_from(delimiter).expect("ASCII"))
            .from_reader(source.as_bytes());
        let theirs: Vec<Vec<String>> =
            reader.records().map(|record| record.expect("UTF-8").iter().map(str::to_owned).collect()).collect();
        let mine: Vec<Vec<String>> =
            std::iter::once(table.header).chain(table.rows.into_iter().map(|row| row.cells)).collect();
        prop_assert_eq!(mine, expected(&theirs, str::to_owned));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        fuzz_read(&bytes);
    }

    #[test]
    fn damaged_files_never_panic(
        which in 0..5_usize,
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<proptest::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut bytes = samples()[which].clone();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        fuzz_read(&bytes);
    }

    /// Damage inside the XML, which the checksum of the archive hides from the test above.
    #[test]
    fn damaged_xml_never_panics(
        which in 0..4_usize,
        at in any::<proptest::sample::Index>(),
        put in prop_oneof![
            "[<>&;\"'= ]{1,4}",
            Just("<text:s text:c=\"99\"/>".to_owned()),
            Just("&#0;".to_owned()),
            Just("<v>".to_owned()),
            Just("</row>".to_owned()),
            Just("<table:table-row table:number-rows-repeated=\"999999999\">".to_owned()),
            Just("_x0000_".to_owned()),
        ],
        gone in 0..40_usize,
    ) {
        let (ods, mut book) = xml_samples();
        let target = match which { 0 => &ods, 1 => &book[2].1, 2 => &book[3].1, _ => &book[6].1 };
        let mut at = at.index(target.len());
        while !target.is_char_boundary(at) {
            at -= 1;
        }
        let mut end = (at + gone).min(target.len());
        while !target.is_char_boundary(end) {
            end += 1;
        }
        let broken = format!("{}{put}{}", &target[..at], &target[end..]);
        let bytes = match which {
            0 => support::zip(&[support::ODS_TYPE, ("content.xml", broken.as_bytes())]),
            n => {
                book[[0, 2, 3, 6][n]].1 = broken;
                let entries: Vec<(&str, &[u8])> = book.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
                support::zip(&entries)
            }
        };
        fuzz_read(&bytes);
    }
}

fn xml_samples() -> (String, Vec<(String, String)>) {
    let ods = support::ods_content(&support::ods_table("甲", &[&["a", "b"], &["1", "=2"]]));
    let rows = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" s="1"><f>TODAY()</f><v>46351.5</v></c></row><row r="5"><c r="C5" t="inlineStr"><is><t>字_x000D_</t></is></c><c t="e"><v>#N/A</v></c></row>"#;
    (ods, support::xlsx_parts(&[("表", "", rows)], &["<t>甲</t>"]))
}

fn samples() -> Vec<Vec<u8>> {
    let (content, book) = xml_samples();
    let entries: Vec<(&str, &[u8])> =
        book.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    let rows = [[Value::from("=1"), Value::from(-5), Value::from(date(2026, 11, 25))]];
    vec![
        csv(&["甲", "乙;\"", "丙\n"], rows.clone()),
        ods("表", &["甲", "乙", "丙"], rows).expect("one row"),
        support::zip(&[support::ODS_TYPE, ("content.xml", content.as_bytes())]),
        support::zip(&entries),
        encoding_rs::BIG5.encode("姓名,單位\n王小明,資訊處\n").0.into_owned(),
    ]
}

#[test]
fn the_samples_are_good_before_they_are_damaged() {
    for bytes in samples() {
        let (table, _) = support::ok("x", &bytes);
        assert_eq!(table.rows.len(), 1);
        assert_eq!(
            wire::decode(&wire::encode(&Ok((table.clone(), Vec::new())))),
            Ok(Ok((table, Vec::new())))
        );
    }
}

#[test]
fn typed_values_come_back_as_they_are_shown() {
    let day = date(2026, 11, 25);
    let row = || {
        [
            Value::from(-5),
            Value::from(0.1 + 0.2),
            Value::from(-0.5),
            Value::from(day),
            Value::from(day.at(14, 5, 0, 0)),
            Value::Empty,
            Value::from(i64::MAX),
            Value::from(f64::NAN),
            Value::from("0912"),
        ]
    };
    let want =
        ["-5", "0.3", "-0.5", "2026-11-25", "2026-11-25T14:05:00", "", "9223372036854775807", "NaN", "0912"];
    let header = ["甲"; 9];
    for (name, bytes) in
        [("x.csv", csv(&header, [row()])), ("x.ods", ods("a/b:[c]", &header, [row()]).expect("one row"))]
    {
        let (table, notes) = support::ok(name, &bytes);
        assert_eq!(table.rows[0].cells, want, "{name}");
        assert_eq!(notes, [], "{name}");
    }
}

#[test]
fn ods_is_the_same_every_time_and_holds_no_formula() {
    let rows = || [[Value::from("=HYPERLINK(\"http://x\")"), Value::from(1)]];
    let one = ods("結果", &["甲", "乙"], rows()).expect("one row");
    assert_eq!(one, ods("結果", &["甲", "乙"], rows()).expect("one row"));
    // The type stands where ODF says: entry first, not packed.
    assert_eq!(&one[30..38], b"mimetype");
    assert_eq!(&one[38..84], b"application/vnd.oasis.opendocument.spreadsheet");
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(one)).expect("a zip");
    let mut part = |name: &str| std::io::read_to_string(archive.by_name(name).expect(name)).expect("text");
    let content = part("content.xml");
    assert!(!content.contains("table:formula"));
    assert!(content.contains("office:value-type=\"string\"><text:p>=HYPERLINK"), "{content}");
    assert!(content.contains("office:value-type=\"float\" office:value=\"1\""));
    assert!(part("settings.xml").contains("config:name=\"結果\""));
    assert!(part("meta.xml").contains("<dc:language>zh-TW</dc:language>"));
}
