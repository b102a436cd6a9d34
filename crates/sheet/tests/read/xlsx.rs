use bulwark_sheet::{Format, Limits};

use crate::support::{ok, places, refused, refused_under, texts, xlsx, xlsx_parts, zip};

const HEADING: &str = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>"#;
const STRINGS: [&str; 3] = [
    "<t>甲</t>",
    "<r><t>乙</t></r><r><t xml:space=\"preserve\"> 2</t></r><rPh><t>ㄧˇ</t></rPh>",
    "<t>一_x000D_&#10;二</t>",
];

fn cell(cell: &str) -> Vec<u8> {
    xlsx(&[("表", "", &format!("{HEADING}<row r=\"3\">{cell}</row>"))], &STRINGS)
}

#[test]
fn cells_are_what_their_type_and_format_say() {
    for (xml, want) in [
        (r#"<c r="A3" t="s"><v>2</v></c>"#, "一\n二"),
        (r#"<c r="A3" t="inlineStr"><is><t>行內</t></is></c>"#, "行內"),
        (r#"<c r="A3" t="str"><v>文字</v></c>"#, "文字"),
        (r#"<c r="A3" t="b"><v>1</v></c>"#, "TRUE"),
        (r#"<c r="A3" t="d"><v>2026-11-25</v></c>"#, "2026-11-25"),
        (r#"<c r="A3"><v>0.30000000000000004</v></c>"#, "0.3"),
        (r#"<c r="A3"><v>12345678901234567</v></c>"#, "12345678901234567"),
        (r#"<c r="A3"><v>1.2E3</v></c>"#, "1200"),
        (r#"<c r="A3" s="1"><v>46351</v></c>"#, "2026-11-25"),
        (r#"<c r="A3" s="3"><v>46351</v></c>"#, "2026-11-25T00:00:00"),
        (r#"<c r="A3" s="2"><v>912345678</v></c>"#, "0912345678"),
        (r#"<c r="A3" s="4"><v>1.5</v></c>"#, "36:00:00"),
        (r#"<c s="99"><v>-7</v></c>"#, "-7"),
    ] {
        let (table, notes) = ok("x.xlsx", &cell(xml));
        assert_eq!(texts(&table), [["甲", "乙 2"], [want, ""]], "{xml}");
        assert_eq!((table.rows[0].line, table.format, table.sheet.as_str()), (3, Format::Xlsx, "表"));
        assert_eq!(notes, [], "{xml}");
    }
}

#[test]
fn formulas_errors_and_wrong_dates_are_named() {
    for (xml, want, code) in [
        (r#"<c r="B3"><f>1+1</f><v>2</v></c>"#, "2", "BW-SHEET-053"),
        (r#"<c r="B3"><f t="shared" si="0"/></c><c r="C3"><v>1</v></c>"#, "", "BW-SHEET-065"),
        (r#"<c r="B3" t="e"><v>#REF!</v></c>"#, "#REF!", "BW-SHEET-054"),
        (r#"<c r="B3" s="1"><v>60</v></c>"#, "60", "BW-SHEET-060"),
        (r#"<c r="B3" t="str"><v>=1</v></c>"#, "=1", "BW-SHEET-052"),
    ] {
        let (table, notes) = ok("x.xlsx", &cell(xml));
        assert_eq!(table.rows[0].cells[1], want, "{xml}");
        assert_eq!(places(&notes)[0], (code, "表!B3".to_owned()), "{xml}");
    }
}

#[test]
fn workbooks_with_prefixes_are_read_too() {
    let mut parts = xlsx_parts(&[("表", "", &format!("{HEADING}<row><c><v>5</v></c></row>"))], &STRINGS);
    for (name, text) in &mut parts {
        if name.ends_with("s0.xml") || name.ends_with("sharedStrings.xml") {
            *text = text.replace("</", "\u{1}").replace('<', "<x:").replace('\u{1}', "</x:");
        }
    }
    let entries: Vec<(&str, &[u8])> =
        parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(texts(&ok("x.xlsx", &zip(&entries)).0), [["甲", "乙 2"], ["5", ""]]);
}

#[test]
fn hidden_sheets_come_last() {
    let data = |value: &str| format!("<row r=\"1\"><c r=\"A1\" t=\"str\"><v>{value}</v></c></row>");
    let sheets = [
        ("藏", "state=\"veryHidden\"", data("h")),
        ("空", "", String::new()),
        ("甲", "", data("a")),
        ("乙", "", data("b")),
    ];
    let sheets: Vec<(&str, &str, &str)> =
        sheets.iter().map(|(name, state, data)| (*name, *state, data.as_str())).collect();
    let (table, notes) = ok("x.xlsx", &xlsx(&sheets, &[]));
    assert_eq!((table.sheet.as_str(), texts(&table)), ("甲", vec![vec!["a"]]));
    assert_eq!(places(&notes), [("BW-SHEET-055", "甲".to_owned())]);
    assert!(notes[0].what.zh_tw.ends_with("：乙、藏"), "{}", notes[0].what.zh_tw);
    let (table, notes) = ok("x.xlsx", &xlsx(&sheets[..2], &[]));
    assert_eq!(table.sheet, "藏");
    assert_eq!(places(&notes), [("BW-SHEET-063", "藏".to_owned())]);
}

#[test]
fn what_does_not_add_up_is_refused() {
    for (xml, code) in [
        (r#"<c r="A3" t="s"><v>3</v></c>"#, "BW-SHEET-028"),
        (r#"<c r="B3"><v>1</v></c><c r="A3"><v>2</v></c>"#, "BW-SHEET-021"),
        (r#"<c r="A3"><v>1</v></c></row><row r="2"><c><v>1</v></c>"#, "BW-SHEET-021"),
        (r#"<c r="A3"><v>1</v></c></row><row r="x"><c><v>1</v></c>"#, "BW-SHEET-021"),
        (r#"<c r="XFD3"><v>1</v></c>"#, "BW-SHEET-035"),
        (r#"<c r="A3"><v>&x;</v></c>"#, "BW-SHEET-020"),
    ] {
        assert_eq!(refused("x.xlsx", &cell(xml)).code, code, "{xml}");
    }
    let long = format!(r#"<c r="A3" t="inlineStr"><is><t>{}</t></is></c>"#, "a".repeat(32_768));
    assert_eq!(refused("x.xlsx", &cell(&long)).code, "BW-SHEET-036");
}

#[test]
fn many_cells_of_one_long_string_do_not_fill_the_memory() {
    let long = format!("<t>{}</t>", "字".repeat(30_000));
    let mut rows = String::new();
    for _ in 0..4000 {
        rows.push_str("<row><c t=\"s\"><v>0</v></c></row>");
    }
    let limits = Limits { unpacked_bytes: 4 << 20, ..Limits::default() };
    let bytes = xlsx(&[("表", "", &rows)], &[&long]);
    assert_eq!(refused_under("x.xlsx", &bytes, &limits).code, "BW-SHEET-037");
}
