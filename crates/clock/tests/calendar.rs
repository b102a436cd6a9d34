//! Calendar files as they come: UTF-8 or Big5, own columns or the official ones, broken in every way.

use bulwark_clock::{Calendar, DayKind};
use jiff::civil::date;

const OFFICIAL: &str = "西元日期,星期,是否放假,備註\r\n20260227,五,2,和平紀念日補假\r\n20260228,六,2,和平紀念日\r\n20260301,日,2,\r\n20260302,一,0,\r\n";

fn codes(bytes: &[u8]) -> Vec<(String, String)> {
    let notes = Calendar::read(bytes, "c.csv").1;
    notes.into_iter().map(|note| (note.code, note.location.to_string())).collect()
}

fn one(code: &str, place: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), place.to_owned()), ("BW-CLOCK-013".to_owned(), "c.csv".to_owned())]
}

#[test]
fn the_official_file_is_read_in_both_encodings() {
    let (big5, _, broken) = encoding_rs::BIG5.encode(OFFICIAL);
    assert!(!broken && big5.as_ref() != OFFICIAL.as_bytes());
    let marked = format!("\u{feff}{OFFICIAL}");
    let read = |bytes: &[u8]| Calendar::read(bytes, "c.csv").0;
    let plain = read(OFFICIAL.as_bytes());
    assert_eq!((read(&big5), read(marked.as_bytes())), (plain.clone(), plain.clone()));
    let kinds: Vec<DayKind> = plain.days().map(|day| day.kind).collect();
    assert_eq!(kinds, [DayKind::Substitute, DayKind::Holiday, DayKind::Weekend, DayKind::Workday]);
    for day in plain.days() {
        let ours = Calendar::taiwan().day(day.date).expect("2026 is there");
        assert_eq!(
            (day.kind.is_work(), day.certainty),
            (ours.kind.is_work(), ours.certainty),
            "{}",
            day.date
        );
    }
    assert_eq!(plain.years(), [0; 0], "a part of a year is no year");
    let makeup =
        Calendar::read("西元日期,星期,是否放假,備註\n20250208,六,0,補行上班\n".as_bytes(), "c.csv").0;
    assert_eq!(makeup.day(date(2025, 2, 8)).map(|day| day.kind), Some(DayKind::MakeupWorkday));
}

#[test]
fn each_broken_row_is_named_and_the_others_are_kept() {
    let own = "date,roc_date,weekday,is_workday,kind,name_zh,certainty\n";
    let good = "2026-03-02,115/03/02,一,1,workday,,official\n";
    assert_eq!(codes(format!("{own}{good}").as_bytes()), one("BW-CLOCK-013", "c.csv")[..1]);
    for (row, code) in [
        ("2026-03-03,115/03/03,三,1,workday,,official", "BW-CLOCK-014"),
        ("2026-03-03,115/03/04,二,1,workday,,official", "BW-CLOCK-014"),
        ("2026-03-03,115/03/03,,1,workday,,official", "BW-CLOCK-014"),
        ("2026-03-03,115/03/03,二,0,workday,,official", "BW-CLOCK-014"),
        ("2026-03-03,115/03/03,二,2,holiday,,official", "BW-CLOCK-014"),
        ("2026-02-29,115/02/29,二,1,workday,,official", "BW-CLOCK-011"),
        ("1811-03-03,115/03/03,二,1,workday,,official", "BW-CLOCK-011"),
        ("2026-03-03,115/03/03,二,1,half,,official", "BW-CLOCK-011"),
        ("2026-03-03,115/03/03,二,1,workday,,maybe", "BW-CLOCK-011"),
        ("2026-03-03,115/03/03", "BW-CLOCK-011"),
        ("2026-03-02,115/03/02,一,1,workday,again,official", "BW-CLOCK-012"),
    ] {
        let text = format!("{own}{good}{row}\n");
        assert_eq!(codes(text.as_bytes()), one(code, "c.csv:3:1"), "{row}");
        assert_eq!(Calendar::read(text.as_bytes(), "c.csv").0.days().count(), 1, "{row}");
    }
    for row in ["20260303,二,1,", "20260303,三,0,", "2026033,二,0,", "20260303,二,0", "20260303,,0,"] {
        let text = format!("{OFFICIAL}{row}\n");
        let notes = codes(text.as_bytes());
        assert_eq!((notes.len(), notes[0].1.as_str()), (2, "c.csv:6:1"), "{row}");
    }
}

#[test]
fn what_is_no_calendar_at_all_is_refused() {
    assert_eq!(codes(b"")[0].0, "BW-CLOCK-016");
    assert_eq!(codes("日期,星期\n".as_bytes())[0].0, "BW-CLOCK-016");
    assert_eq!(codes(&[0xff, 0xff, 0xfe])[0].0, "BW-CLOCK-015");
    let closures = "date,county,scope,from,to,reason,note\n";
    for row in [
        "2026-08-14,,work,00:00,24:00,r,n",
        "2026-08-14,臺北市,school,00:00,24:00,r,n",
        "2026-08-14,臺北市,work,12:00,12:00,r,n",
        "2026-08-14,臺北市,work,00:00,24:01,r,n",
        "2026-08-14,臺北市,work,0:00,24:00,r,n",
        "2026-08-32,臺北市,work,00:00,24:00,r,n",
        "2026-08-14,臺北市,work",
    ] {
        let (found, notes) = Calendar::read_closures(format!("{closures}{row}").as_bytes(), "k.csv");
        assert_eq!((found.len(), notes.len(), notes[0].code.as_str()), (0, 1, "BW-CLOCK-011"), "{row}");
    }
}

#[test]
fn a_revision_lists_what_it_changes_and_keeps_the_rest() {
    let new = "西元日期,星期,是否放假,備註\n20260302,一,2,彈性放假\n20260303,二,0,\n";
    let new = Calendar::read(new.as_bytes(), "c.csv").0;
    let changes = Calendar::taiwan().changes(&new);
    // The third of March differs in nothing but where it was read.
    let moved: Vec<_> =
        changes.iter().filter(|change| change.moves_limits).map(|change| change.date).collect();
    assert_eq!((changes.len(), moved), (2, vec![date(2026, 3, 2)]));
    let revised = Calendar::taiwan().clone().revised_by(&new);
    assert_eq!(revised.days().count(), Calendar::taiwan().days().count());
    assert_eq!(revised.works(date(2026, 3, 2), None), Ok(false));
    // An earlier year is put before the others.
    let early = Calendar::read("西元日期,星期,是否放假,備註\n20191231,二,0,\n".as_bytes(), "c.csv").0;
    let both = Calendar::taiwan().clone().revised_by(&early);
    assert_eq!(both.days().next().map(|day| day.date), Some(date(2019, 12, 31)));
    assert_eq!(both.works(date(2020, 6, 1), None).map_err(|missing| missing.year), Err(2020));
    assert_eq!(both.works(date(2026, 3, 2), None), Ok(true));
}
