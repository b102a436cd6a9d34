use std::fmt::Write as _;

use bulwark_model::Location;
use bulwark_sheet::{Encoding, Format, Limits};

use crate::support::{ok, places, refused, refused_under, texts};

#[test]
fn encodings_are_told_from_the_bytes() {
    let text = "名稱,數量\r\n伺服器,3\r\n";
    let utf16 = |big: bool| -> Vec<u8> {
        let units = format!("\u{FEFF}{text}");
        let units = units.encode_utf16();
        units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let big5 = encoding_rs::BIG5.encode(text).0.into_owned();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        (format!("\u{FEFF}{text}").into_bytes(), Encoding::Utf8),
        (utf16(false), Encoding::Utf16Le),
        (utf16(true), Encoding::Utf16Be),
        (big5, Encoding::Big5),
    ] {
        let (table, notes) = ok("清單.csv", &bytes);
        assert_eq!(table.encoding, encoding);
        assert_eq!(texts(&table), [["名稱", "數量"], ["伺服器", "3"]]);
        assert_eq!((table.rows[0].line, table.sheet.as_str()), (2, ""));
        assert_eq!(notes, []);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_line() {
    let cases: [(&[u8], &str, u32); 5] = [
        (b"a,b\n1,\xFF\xFF\n", "BW-SHEET-032", 2),
        (b"a,b\n1,\x002\n", "BW-SHEET-030", 2),
        (b"\xFF\xFEa\0,\0\0\0\n\0", "BW-SHEET-030", 1),
        (b"a\n\n\x1B[31m\n", "BW-SHEET-031", 3),
        (b"\xEF\xBB\xBFa\n\xE4\xB8\n", "BW-SHEET-032", 2),
    ];
    for (bytes, code, want) in cases {
        let refusal = refused("x.csv", bytes);
        assert_eq!(refusal.code, code, "{bytes:?}");
        assert!(
            matches!(&refusal.location, Location::File { path, line, .. } if path == "x.csv" && *line == want),
            "{bytes:?}: {}",
            refusal.location
        );
    }
    // Half a pair of UTF-16.
    assert_eq!(refused("x.csv", b"\xFF\xFE\x00\xD8").code, "BW-SHEET-032");
    // A UTF-8 file with one bad byte far down is reported there, not where Big5 would stop.
    let mut late = "編號,名稱\n".repeat(100).into_bytes();
    late.extend(b"\xE4");
    assert!(refused("x.csv", &late).location.to_string().starts_with("x.csv:101:"));
    // The end-of-file mark of old programs is no control character.
    assert_eq!(texts(&ok("x.csv", b"a\n1\n\x1A").0), [["a"], ["1"]]);
}

#[test]
fn characters_an_agency_drew_itself_are_named() {
    let mut bytes = encoding_rs::BIG5.encode("姓名,職稱\n王").0.into_owned();
    bytes.extend(b"\xFA\x40\xFE\xFE,");
    bytes.extend(encoding_rs::BIG5.encode("專員\n").0.iter());
    let (table, notes) = ok("x.csv", &bytes);
    assert_eq!(table.rows[0].cells[1], "專員");
    assert_eq!(table.rows[0].cells[0].chars().count(), 3);
    assert_eq!(
        places(&notes),
        [("BW-SHEET-059", "x.csv:2:2".to_owned()), ("BW-SHEET-059", "x.csv:2:3".to_owned())]
    );
    assert!(notes[0].what.zh_tw.contains("FA40"), "{}", notes[0].what.zh_tw);
}

#[test]
fn delimiters_are_found_by_counting() {
    for (text, delimiter) in [
        ("a,b,c\n1,2,3\n", ','),
        ("a;b;c\n1,5;2,5;3,5\n", ';'),
        ("a\tb\n1,000\t2,000\n3\t4\n", '\t'),
        ("a;\"b,b,b\"\n1;\"2,2,2\"\n", ';'),
        ("sep=;\r\na;b,c\n1;2,2\n", ';'),
        ("名稱\n甲\n", ','),
    ] {
        let (table, notes) = ok("x.csv", text.as_bytes());
        assert_eq!(table.format, Format::Csv { delimiter }, "{text:?}");
        assert_eq!(notes, [], "{text:?}");
    }
    assert_eq!(ok("x.csv", b"sep=;\na;b\n1;2\n").0.rows[0].line, 3);
}

#[test]
fn quotes_keep_delimiters_lines_and_quotes() {
    let (table, notes) = ok("x.csv", "a,b\r\n\"一\n二\",\"說\"\"好\"\"\"\r\n\r\n x ,\"\"\r\n".as_bytes());
    assert_eq!(texts(&table), [["a", "b"], ["一\n二", "說\"好\""], [" x ", ""]]);
    // The number beside the row as a spreadsheet program shows it.
    assert_eq!(table.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4]);
    assert_eq!(notes, []);
}

#[test]
fn quotes_that_do_not_close_are_refused_where_they_open() {
    let refusal = refused("x.csv", b"a,b\n1,2\n3,\"4\n5,6\n");
    assert_eq!((refusal.code.as_str(), refusal.location.to_string()), ("BW-SHEET-057", "B3".to_owned()));
    let (table, notes) = ok("x.csv", b"a,b\n\"1\" x,2\n");
    assert_eq!(table.rows[0].cells, ["1 x", "2"]);
    assert_eq!(places(&notes), [("BW-SHEET-058", "A2".to_owned())]);
}

#[test]
fn ragged_rows_lose_nothing_and_are_named() {
    let (table, notes) = ok("x.csv", b"\n,,\na,b,c,\n1\n1,2,3,4\n1,2,3,\n");
    assert_eq!(table.header, ["a", "b", "c"]);
    assert_eq!(texts(&table)[1..], [vec!["1", "", ""], vec!["1", "2", "3", "4"], vec!["1", "2", "3"]]);
    assert_eq!(places(&notes), [("BW-SHEET-051", "4:4".to_owned()), ("BW-SHEET-050", "5:5".to_owned())]);
}

#[test]
fn texts_like_formulas_stay_texts_and_are_named() {
    let (table, notes) = ok("x.csv", "甲,乙\n=cmd|' /C calc'!A0,-5\n'=1,+886-2\n@x,--\n".as_bytes());
    assert_eq!(texts(&table)[1..], [["=cmd|' /C calc'!A0", "-5"], ["=1", "+886-2"], ["@x", "--"]]);
    let cells: Vec<String> =
        places(&notes).into_iter().map(|(code, place)| format!("{code} {place}")).collect();
    assert_eq!(cells, ["A2", "A3", "B3", "A4"].map(|place| format!("BW-SHEET-052 {place}")));
}

#[test]
fn limits_of_a_table_hold_exactly() {
    let limits = Limits { rows: 3, columns: 2, cell_chars: 4, ..Limits::default() };
    let check = |text: &str| {
        bulwark_sheet::read("x.csv", text.as_bytes(), &limits)
            .map(|_| ())
            .map_err(|refusal| (refusal.code.clone(), refusal.location.to_string()))
    };
    assert_eq!(check("a,b\n1\n2\n3\n\n,\n"), Ok(()));
    assert_eq!(check("a,b\n1\n2\n3\n4\n"), Err(("BW-SHEET-034".into(), "5:5".into())));
    assert_eq!(check("a,b\n1,2,,,,\n"), Ok(()));
    assert_eq!(check("a,b\n1,2,3\n"), Err(("BW-SHEET-035".into(), "C2".into())));
    assert_eq!(check("a,b\n一二三四,2\n"), Ok(()));
    assert_eq!(check("a,b\n一二三四五,2\n"), Err(("BW-SHEET-036".into(), "A2".into())));
}

#[test]
fn two_hundred_thousand_rows_are_read_and_one_more_is_not() {
    let mut text = "編號\n".to_owned();
    for number in 0..200_000 {
        let _ = writeln!(text, "{number}");
    }
    assert_eq!(ok("x.csv", text.as_bytes()).0.rows.len(), 200_000);
    text.push_str("x\n");
    let refusal = refused("x.csv", text.as_bytes());
    assert_eq!(
        (refusal.code.as_str(), refusal.location.to_string()),
        ("BW-SHEET-034", "200002:200002".to_owned())
    );
}

#[test]
fn an_overlong_line_is_named_by_its_cell() {
    let text = format!("a,b\n1,{}\n", "字".repeat(32_768));
    let refusal = refused("x.csv", text.as_bytes());
    assert_eq!((refusal.code.as_str(), refusal.location.to_string()), ("BW-SHEET-036", "B2".to_owned()));
}

#[test]
fn texts_of_a_table_are_bounded_together() {
    let limits = Limits { unpacked_bytes: 1000, ..Limits::default() };
    let refusal = refused_under("x.csv", format!("a\n{}", "0123456789\n".repeat(30)).as_bytes(), &limits);
    assert_eq!(refusal.code, "BW-SHEET-037");
}

#[test]
fn a_thousand_notes_of_one_kind_are_a_hundred_and_a_number() {
    let (table, notes) = ok("x.csv", format!("a,b\n{}", "1,2,3\n".repeat(1000)).as_bytes());
    assert_eq!((table.rows.len(), notes.len()), (1000, 101));
    assert!(notes[100].what.zh_tw.contains("900"), "{}", notes[100].what.zh_tw);
}

#[test]
fn empty_files_are_refused() {
    for (bytes, code) in
        [(&b""[..], "BW-SHEET-001"), (b"\xEF\xBB\xBF", "BW-SHEET-033"), (b"\r\n,,\r\n", "BW-SHEET-033")]
    {
        assert_eq!(refused("x.csv", bytes).code, code);
    }
}
