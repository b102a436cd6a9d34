//! 郵遞區號: three digits of a district, or three and three. The retired form of five digits is taken with advice.

use crate::Valid;
use crate::normal;
use crate::reason::{Advice, Reason};

/// Counties and the three digits of their districts. One code may stand for several districts (300, 600).
pub const ZONES: [(&str, &str); 22] = [
    ("臺北市", "100 103-106 108 110-112 114-116"),
    ("基隆市", "200-206"),
    ("新北市", "207-208 220-224 226-228 231-239 241-244 247-249 251-253"),
    ("連江縣", "209-212"),
    ("宜蘭縣", "260-270 272 290"),
    ("新竹市", "300"),
    ("新竹縣", "302-308 310-315"),
    ("桃園市", "320 324-328 330 333-338"),
    ("苗栗縣", "350-354 356-358 360-369"),
    ("臺中市", "400-404 406-408 411-414 420-424 426-429 432-439"),
    ("彰化縣", "500 502-516 520-528 530"),
    ("南投縣", "540-542 544-546 551-553 555-558"),
    ("嘉義市", "600"),
    ("嘉義縣", "602-608 611-616 621-625"),
    ("雲林縣", "630-638 640 643 646-649 651-655"),
    ("臺南市", "700-702 704 708-727 730-737 741-745"),
    ("高雄市", "800-807 811-815 817 819-833 840 842-849 851-852"),
    ("澎湖縣", "880-885"),
    ("金門縣", "890-894 896"),
    ("屏東縣", "900-909 911-913 920-929 931-932 940-947"),
    ("臺東縣", "950-959 961-966"),
    ("花蓮縣", "970-979 981-983"),
];

/// The county a code belongs to.
pub fn county(zone: &str) -> Option<&'static str> {
    let zone: u32 = zone.parse().ok()?;
    ZONES.iter().find(|(_, codes)| holds(codes, zone)).map(|(county, _)| *county)
}

fn holds(codes: &str, zone: u32) -> bool {
    codes.split(' ').any(|part| match part.split_once('-') {
        Some((from, to)) => {
            from.parse().is_ok_and(|f: u32| f <= zone) && to.parse().is_ok_and(|t: u32| zone <= t)
        }
        None => part.parse() == Ok(zone),
    })
}

/// Reads 郵遞區號. A code of a district says nothing of which: 300 and 600 stand for several.
///
/// # Errors
/// Why it is none.
pub fn parse(text: &str) -> Result<Valid, Reason> {
    let value: String = normal::code(text).chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if value.is_empty() {
        return Err(Reason::Empty);
    }
    if !value.chars().all(|c| c.is_ascii_digit()) {
        return Err(Reason::Format);
    }
    if !matches!(value.len(), 3 | 5 | 6) {
        return Err(Reason::Length);
    }
    if county(&value[..3]).is_none() {
        return Err(Reason::NoSuchDistrict);
    }
    let advice = if value.len() == 5 { vec![Advice::RetiredPostcode] } else { Vec::new() };
    Ok(Valid { kind: None, value, advice })
}
