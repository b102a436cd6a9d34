//! Fields as people write them, beyond the shared vectors.

use bulwark_twid::{Advice, Kind, Reason, address, check, date, mask, texts};
use proptest::prelude::*;

fn value(kind: Kind, text: &str) -> Result<String, Reason> {
    check(kind, text).map(|valid| valid.value)
}

fn advice(kind: Kind, text: &str) -> Vec<Advice> {
    check(kind, text).expect("good").advice
}

/// A good national ID from nine free characters.
fn national_id(letter: u8, gender: u32, digits: [u32; 7]) -> String {
    let head: String = std::iter::once(char::from(b'A' + letter % 26))
        .chain([char::from_digit(1 + gender % 2, 10).expect("a digit")])
        .chain(digits.iter().map(|d| char::from_digit(d % 10, 10).expect("a digit")))
        .collect();
    let good: Vec<String> = (0..10)
        .map(|last| format!("{head}{last}"))
        .filter(|id| check(Kind::NationalId, id).is_ok())
        .collect();
    assert_eq!(good.len(), 1, "one of ten check digits fits");
    good.concat()
}

/// Texts that come close to what people write.
fn near() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-zＡ-Ｚ][1289A-Dａ][0-9０-９]{8} ?",
        "[0-9]{8}",
        "(民國|西元)?[0-9]{1,4}[/年-][0-9]{1,2}[/月-][0-9]{1,2}日?",
        "[王Kａ’□ \u{3000}]{1,8}",
        "[0-9]{3}-?[0-9]{0,3}",
        "(\\+886|0)[2-9][0-9 -]{6,10}(#[0-9]{1,4})?",
    ]
}

proptest! {
    /// A change of one digit is seen unless the sum stays the same. Weights 8, 6, 5, 4 and 2 share a factor
    /// with 10, so that two digits in these places can stand for each other; weights 7, 3 and 1 cannot.
    #[test]
    fn a_mistyped_digit_is_seen(
        letter in 0_u8..26,
        gender in 0_u32..2,
        digits in prop::array::uniform7(0_u32..10),
        at in 2_usize..10,
        by in 1_u32..10,
    ) {
        let id = national_id(letter, gender, digits);
        let mut chars: Vec<char> = id.chars().collect();
        let digit = chars[at].to_digit(10).expect("a digit");
        let new = (digit + by) % 10;
        chars[at] = char::from_digit(new, 10).expect("a digit");
        let typed: String = chars.into_iter().collect();
        let weight = [8, 7, 6, 5, 4, 3, 2, 1, 1][at - 1];
        let unseen = weight * digit % 10 == weight * new % 10;
        prop_assert!(!unseen || matches!(weight, 2 | 4 | 5 | 6 | 8));
        let wanted = if unseen { Ok(typed.clone()) } else { Err(Reason::Checksum) };
        prop_assert_eq!(value(Kind::NationalId, &typed), wanted);
    }

    /// Nothing panics, and what is good stays good in its normal form.
    #[test]
    fn any_text_is_answered(text in prop_oneof![any::<String>(), near()]) {
        for kind in Kind::ALL {
            let _ = mask(kind, &text);
            let Ok(valid) = check(kind, &text) else { continue };
            if kind == Kind::RocDateBefore {
                // The value is in Gregorian years, the text in years before the era.
                prop_assert!(date::shown(&valid.value).is_some());
            } else {
                let again = check(kind, &valid.value).map(|v| (v.kind, v.value));
                prop_assert_eq!(again, Ok((valid.kind, valid.value)));
            }
        }
    }

    /// An address taken apart holds every character but space and separators.
    #[test]
    fn an_address_loses_nothing(
        text in prop_oneof![
            any::<String>(),
            "[0-9]{0,6}[臺台]?[北市中縣區鄉鎮路街大道段村里鄰巷弄號樓之一二0-9Ｆ，、 \u{3000}-]{0,24}",
        ],
    ) {
        // What begins with a sign of its own is not taken apart: the text as it is read.
        let kept = |text: &str| -> String {
            address::parse(text).parts().concat().chars().filter(|c| !" ,，、|".contains(*c)).collect()
        };
        let apart: String = text.chars().flat_map(|c| ['|', c]).collect();
        prop_assert_eq!(kept(&text), kept(&apart));
    }

    /// A mask never holds the middle of a number, whether it is good or not.
    #[test]
    fn a_mask_hides(letter in 0_u8..26, digits in prop::array::uniform7(0_u32..10), last in "[0-9]{0,2}") {
        let id = national_id(letter, 0, digits);
        for text in [id.clone(), format!("{}{last}", &id[..9])] {
            let masked = mask(Kind::PersonId, &text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert!(masked[3..text.len() - 3].chars().all(|c| c == '*'), "{}", masked);
        }
    }

    /// Nothing of a name but its first character, nothing of a phone but its ends, no month and no day.
    #[test]
    fn a_mask_keeps_no_more_than_it_must(
        name in "[王林李]{2,9}",
        phone in "09[0-9]{8}",
        month in 1..13,
        day in 1..28,
    ) {
        prop_assert_eq!(mask(Kind::Name, &name).chars().filter(|c| *c != '*').count(), 1);
        prop_assert_eq!(mask(Kind::Phone, &phone), format!("{}***{}", &phone[..4], &phone[7..]));
        for text in [format!("113/{month}/{day}"), format!("民國 113 年 {month} 月 {day} 日")] {
            prop_assert_eq!(mask(Kind::RocDate, &text), "113-**-**");
        }
    }
}

#[test]
fn masks_by_kind() {
    let cases = [
        (Kind::PersonId, "a123456789", "A12****789"),
        (Kind::PersonId, "A1234", "*****"),
        (Kind::Phone, "0912-345-678", "0912*****678"),
        (Kind::Name, "王小明", "王**"),
        (Kind::RocDate, "113-2-29", "113-**-**"),
        (Kind::RocDate, "1130229", "***"),
        (Kind::RocDate, "生日 113/2/29", "***"),
        (Kind::RocDateBefore, "民國前 5 年 6 月 1 日", "5-**-**"),
        (Kind::CompanyId, "22099131", "22099131"),
    ];
    for (kind, text, masked) in cases {
        assert_eq!(mask(kind, text), masked, "{text}");
    }
}

#[test]
fn dates_in_both_eras() {
    let cases = [
        ("民國 113 年 2 月 29 日", Ok("2024-02-29")),
        ("中華民國元年1月1日", Ok("1912-01-01")),
        ("1130229", Ok("2024-02-29")),
        ("西元2024年2月29日", Ok("2024-02-29")),
        ("民國2024年2月29日", Err(Reason::YearRange)),
        ("西元113年2月29日", Err(Reason::YearBeforeEra)),
        ("1911/12/31", Err(Reason::YearBeforeEra)),
        ("民國前5年6月1日", Err(Reason::YearBeforeEra)),
        ("189/2/29", Err(Reason::DayNotInMonth)),
        ("89/2/29", Ok("2000-02-29")),
    ];
    for (text, wanted) in cases {
        assert_eq!(value(Kind::RocDate, text), wanted.map(str::to_owned), "{text}");
    }
    assert_eq!(advice(Kind::RocDate, "2024/2/29"), [Advice::GregorianYear]);
    assert_eq!(advice(Kind::RocDate, "西元 2024/2/29"), [], "said by the person, nothing to ask");
}

#[test]
fn days_before_the_era_are_asked_for_as_such() {
    let cases = [
        ("民國前 5 年 6 月 1 日", Ok("1907-06-01")),
        ("1/12/31", Ok("1911-12-31")),
        ("民前元年1月1日", Ok("1911-01-01")),
        ("8/2/29", Ok("1904-02-29")),
        ("12/2/29", Err(Reason::DayNotInMonth)),
        ("0/1/1", Err(Reason::YearsBeforeEra)),
        ("1912/1/1", Err(Reason::YearsBeforeEra)),
    ];
    for (text, wanted) in cases {
        assert_eq!(value(Kind::RocDateBefore, text), wanted.map(str::to_owned), "{text}");
    }
    assert_eq!(date::shown("1907-06-01").map(|t| t.zh_tw).as_deref(), Some("民國前 5 年 6 月 1 日"));
    assert_eq!(date::shown("2023-02-29"), None);
}

#[test]
fn names_are_kept_as_they_are_written() {
    for name in
        ["𤥢𣛱", "Rimuy Aki’", "Kolas Yotaka", "林・古拉斯", "瓦歷斯．諾幹", "Ａ１王", "Nguyễn Thị Hoa"]
    {
        assert_eq!(value(Kind::Name, name).as_deref(), Ok(name));
    }
    let cases = [
        ("歐陽　菲菲", "歐陽菲菲"),
        ("Kolas　Yotaka", "Kolas Yotaka"),
        ("Ｋｏｌａｓ　Ｙｏｔａｋａ", "Ｋｏｌａｓ Ｙｏｔａｋａ"),
        ("\u{3000}王小\u{200B}明 ", "王小明"),
    ];
    for (text, name) in cases {
        assert_eq!(value(Kind::Name, text).as_deref(), Ok(name));
    }
    // Fifty characters of four bytes each.
    assert!(check(Kind::Name, &"𤥢".repeat(50)).is_ok());
    assert_eq!(check(Kind::Name, &"𤥢".repeat(51)), Err(Reason::Length));
    assert_eq!(check(Kind::Name, "王\u{7}明"), Err(Reason::Control));
    assert_eq!(advice(Kind::Name, "陳□明"), [Advice::PlaceholderGlyph]);
    assert_eq!(advice(Kind::Name, "陳\u{E001}明"), [Advice::PrivateUse]);
}

#[test]
fn phones_as_people_write_them() {
    let cases = [
        ("(+886) 2 2380-0411", Ok("+886223800411")),
        ("+886 (0)912 345 678", Ok("+886912345678")),
        ("02-2380-0411 分機 12", Ok("+886223800411;ext=12")),
        ("08-7320415", Ok("+88687320415")),
        ("02-2380-0411轉", Err(Reason::Extension)),
        ("0912+345678", Err(Reason::Format)),
        ("+81312345678", Err(Reason::NotTaiwan)),
        ("119", Err(Reason::ShortCode)),
        ("01-2345678", Err(Reason::NoSuchArea)),
    ];
    for (text, wanted) in cases {
        assert_eq!(value(Kind::Phone, text), wanted.map(str::to_owned), "{text}");
    }
}

#[test]
fn a_good_number_of_another_kind_is_told_apart() {
    assert_eq!(check(Kind::ResidenceId, "A123456789"), Err(Reason::OtherKind));
    assert_eq!(check(Kind::NationalId, "OA33907570"), Err(Reason::OtherKind));
    assert_eq!(check(Kind::CompanyId, "00000000"), Err(Reason::Reserved));
    assert_eq!(advice(Kind::Postcode, "10048"), [Advice::RetiredPostcode]);
}

#[test]
fn sentences_say_what_to_do_and_stay_plain() {
    for (key, text) in
        texts().iter().filter(|(key, _)| key.starts_with("reason.") || key.starts_with("advice."))
    {
        assert!(!text.zh_tw.contains('您') && !text.zh_tw.contains('你'), "{key}");
        let acts = ["請", "建議", "應為"].iter().any(|word| text.zh_tw.contains(word));
        assert!(acts && text.zh_tw.chars().count() <= 40, "{key}: {}", text.zh_tw);
    }
}
