use bulwark_sheet::{Encoding, Format, Limits};

use crate::support::{ODS_TYPE, ods, ods_content, ods_table, ok, places, refused, refused_under, texts, zip};

fn row(cells: &str) -> String {
    format!("<table:table-row>{cells}</table:table-row>")
}

fn sheet(rows: &str) -> Vec<u8> {
    let heading = row(
        "<table:table-cell><text:p>甲</text:p></table:table-cell><table:table-cell><text:p>乙</text:p></table:table-cell>",
    );
    ods(&format!("<table:table table:name=\"表\">{heading}{rows}</table:table>"))
}

#[test]
fn types_give_their_stored_value() {
    let cells = [
        (r#"office:value-type="float" office:value="0.30000000000000004""#, "0.3", "0.3"),
        (r#"office:value-type="float" office:value="912345678""#, "0912345678", "0912345678"),
        (r#"office:value-type="float" office:value="912345678""#, "0912345679", "912345678"),
        (r#"office:value-type="percentage" office:value="0.5""#, "50%", "0.5"),
        (r#"office:value-type="currency" office:currency="TWD" office:value="1200""#, "NT$1,200", "1200"),
        (r#"office:value-type="date" office:date-value="2026-11-25""#, "115/11/25", "2026-11-25"),
        (r#"office:value-type="date" office:date-value="2026-11-25T14:05:00""#, "…", "2026-11-25T14:05:00"),
        (r#"office:value-type="time" office:time-value="PT09H05M00.5S""#, "9:05", "09:05:00"),
        (r#"office:value-type="boolean" office:boolean-value="true""#, "TRUE", "TRUE"),
        (r#"office:value-type="string" office:string-value="存的""#, "看的", "存的"),
        (r#"office:value-type="string" calcext:value-type="string""#, "文字", "文字"),
    ];
    for (attributes, shown, want) in cells {
        let (table, notes) = ok(
            "x.ods",
            &sheet(&row(&format!(
                "<table:table-cell {attributes}><text:p>{shown}</text:p></table:table-cell>"
            ))),
        );
        assert_eq!(texts(&table), [["甲", "乙"], [want, ""]], "{attributes}");
        assert_eq!(notes, [], "{attributes}");
        assert_eq!((table.format, table.encoding, table.sheet.as_str()), (Format::Ods, Encoding::Utf8, "表"));
    }
}

#[test]
fn white_space_is_what_the_standard_and_libreoffice_say() {
    let cell = "<table:table-cell><office:annotation><text:p>註解</text:p></office:annotation>\
        <text:p>\n  a \n b  b<text:s text:c=\"3\"/>c<text:tab/><text:span> d</text:span> </text:p>\
        <text:p><text:ruby><text:ruby-base>字</text:ruby-base><text:ruby-text>ㄗˋ</text:ruby-text></text:ruby>&lt;&#x5B57;</text:p>\
        <draw:frame><text:p>圖</text:p></draw:frame></table:table-cell>";
    let (table, _) = ok("x.ods", &sheet(&row(cell)));
    assert_eq!(table.rows[0].cells[0], "a b  b   c\t d \n字<字");
}

#[test]
fn repetitions_are_unfolded_only_where_they_hold_something() {
    let rows = "<table:table-row table:number-rows-repeated=\"3\"><table:table-cell table:number-columns-repeated=\"2\"><text:p>x</text:p></table:table-cell><table:table-cell table:number-columns-repeated=\"16382\"/></table:table-row>\
        <table:table-row table:number-rows-repeated=\"10\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>\
        <table:table-row-group><table:table-row><table:covered-table-cell/><table:table-cell><text:p>y</text:p></table:table-cell></table:table-row></table:table-row-group>\
        <table:table-row table:number-rows-repeated=\"1048562\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>";
    let (table, notes) = ok("x.ods", &sheet(rows));
    assert_eq!(texts(&table)[1..], [["x", "x"], ["x", "x"], ["x", "x"], ["", "y"]]);
    assert_eq!(table.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 3, 4, 15]);
    assert_eq!(notes, []);
}

#[test]
fn repetitions_meet_the_limits() {
    let many_rows = "<table:table-row table:number-rows-repeated=\"4294967295\"><table:table-cell><text:p>x</text:p></table:table-cell></table:table-row>";
    assert_eq!(refused("x.ods", &sheet(many_rows)).code, "BW-SHEET-034");
    let many_columns = row(
        "<table:table-cell table:number-columns-repeated=\"18446744073709551615\"><text:p>x</text:p></table:table-cell>",
    );
    assert_eq!(refused("x.ods", &sheet(&many_columns)).code, "BW-SHEET-035");
    let spaces = row("<table:table-cell><text:p><text:s text:c=\"4000000000\"/></text:p></table:table-cell>");
    assert_eq!(refused("x.ods", &sheet(&spaces)).code, "BW-SHEET-036");
    let tiny = "<table:table-row table:number-rows-repeated=\"200000\"><table:table-cell table:number-columns-repeated=\"200\"><text:p>x</text:p></table:table-cell></table:table-row>";
    let limits = Limits { unpacked_bytes: 4 << 20, ..Limits::default() };
    assert_eq!(refused_under("x.ods", &sheet(tiny), &limits).code, "BW-SHEET-037");
    let text = "字".repeat(30_000);
    let much = format!(
        "<table:table-row table:number-rows-repeated=\"200000\"><table:table-cell table:number-columns-repeated=\"200\"><text:p>{text}</text:p></table:table-cell></table:table-row>"
    );
    assert_eq!(refused_under("x.ods", &sheet(&much), &limits).code, "BW-SHEET-037");
}

#[test]
fn formulas_give_their_last_value_and_say_so() {
    let (table, notes) = ok(
        "x.ods",
        &sheet(
            &(row(
                "<table:table-cell table:formula=\"of:=1+1\" office:value-type=\"float\" office:value=\"2\"><text:p>2</text:p></table:table-cell>\
             <table:table-cell table:formula=\"of:=1/0\" office:value-type=\"string\" calcext:value-type=\"error\"><text:p>#DIV/0!</text:p></table:table-cell>",
            ) + &row(
                "<table:table-cell table:formula=\"of:=A1\"/><table:table-cell><text:p>=1+1</text:p></table:table-cell>",
            )),
        ),
    );
    assert_eq!(texts(&table)[1..], [["2", "#DIV/0!"], ["", "=1+1"]]);
    assert_eq!(
        places(&notes),
        [
            ("BW-SHEET-053", "表!A2".to_owned()),
            ("BW-SHEET-053", "表!B2".to_owned()),
            ("BW-SHEET-054", "表!B2".to_owned()),
            ("BW-SHEET-065", "表!A3".to_owned()),
            ("BW-SHEET-052", "表!B3".to_owned()),
        ]
    );
}

#[test]
fn the_first_sheet_with_data_is_taken_and_the_others_are_named() {
    let body = ods_table("空", &[])
        + &ods_table("藏", &[&["x"]]).replace("ta1", "ta2")
        + &ods_table("甲", &[&["a"], &["1"]])
        + &ods_table("乙", &[&["b"]]);
    let (table, notes) = ok("x.ods", &ods(&body));
    assert_eq!((table.sheet.as_str(), texts(&table)), ("甲", vec![vec!["a"], vec!["1"]]));
    assert_eq!(places(&notes), [("BW-SHEET-055", "甲".to_owned())]);
    assert!(notes[0].what.zh_tw.ends_with("藏、乙"), "{}", notes[0].what.zh_tw);

    let (table, notes) = ok("x.ods", &ods(&ods_table("藏", &[&["x"]]).replace("ta1", "ta2")));
    assert_eq!(table.sheet, "藏");
    assert_eq!(places(&notes), [("BW-SHEET-063", "藏".to_owned())]);
    assert_eq!(refused("x.ods", &ods(&ods_table("空", &[]))).code, "BW-SHEET-033");
}

#[test]
fn encrypted_documents_are_refused() {
    let manifest = br#"<manifest:manifest><manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>"#;
    let bytes = zip(&[ODS_TYPE, ("content.xml", b"\x12\x34noise"), ("META-INF/manifest.xml", manifest)]);
    assert_eq!(refused("x.ods", &bytes).code, "BW-SHEET-005");
}

#[test]
fn broken_xml_is_refused_by_name() {
    let whole = ods_content(&ods_table("甲", &[&["a"]]));
    let with = |content: &str| zip(&[ODS_TYPE, ("content.xml", content.as_bytes())]);
    for (content, code) in [
        (whole[..whole.len() - 30].to_owned(), "BW-SHEET-021"),
        (whole[..whole.find("</office:body>").expect("an end")].to_owned(), "BW-SHEET-021"),
        (whole.replace("</office:body>", "</office:bodi>"), "BW-SHEET-021"),
        (whole.replace("<text:p>a", "<text:p>&#xD800;"), "BW-SHEET-021"),
        (whole.replace("<text:p>a", "<text:p>&copy;"), "BW-SHEET-020"),
        (whole.replace("table:name=\"甲\"", "table:name=\"&x;\""), "BW-SHEET-020"),
        (whole.replace("<text:p>a", "<text:p a=\"1\" a=\"2\">a"), "BW-SHEET-021"),
        (whole.replace("UTF-8", "Big5"), "BW-SHEET-023"),
        (whole.replace("?>", "?><!DOCTYPE x>"), "BW-SHEET-019"),
        (whole.replace("<text:p>a", &format!("<text:p>{}", "<text:span>".repeat(200))), "BW-SHEET-022"),
        (whole.replace("<text:p>a", &format!("<text:p x=\"{}\">a", "y".repeat(500_000))), "BW-SHEET-027"),
        (whole.replace("<text:p>a", &format!("<text:p>{}", "a".repeat(40_000))), "BW-SHEET-036"),
    ] {
        let refusal = refused("x.ods", &with(&content));
        assert_eq!(refusal.code, code, "{refusal:?}");
    }
    assert_eq!(refused("x.ods", &zip(&[ODS_TYPE])).code, "BW-SHEET-024");
    let limits = Limits { xml_depth: 5, ..Limits::default() };
    assert_eq!(refused_under("x.ods", &with(&whole), &limits).code, "BW-SHEET-022");
}
