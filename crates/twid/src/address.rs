//! Addresses: taken apart as far as they follow the usual order, kept whole in any case.

use crate::normal::{is_invisible, is_space};
use crate::postcode::ZONES;

/// The parts of an address. What is not there is empty; what does not fit anywhere is in `rest`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// 郵遞區號.
    pub postcode: String,
    /// 縣市, 臺 written as 臺.
    pub county: String,
    /// 鄉鎮市區.
    pub district: String,
    /// 村里.
    pub village: String,
    /// 鄰.
    pub neighbourhood: String,
    /// 路街, with its 段.
    pub road: String,
    /// 巷.
    pub lane: String,
    /// 弄.
    pub alley: String,
    /// 號, with 之.
    pub number: String,
    /// 樓 and what follows it.
    pub floor: String,
    /// Everything else.
    pub rest: String,
}

/// Takes an address apart. Digits and signs become half width.
pub fn parse(text: &str) -> Address {
    let text: String = text
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| match c {
            // A space parts what would run together, such as 之5 6樓.
            c if is_space(c) => ',',
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            '台' => '臺',
            c => c,
        })
        .collect();
    let mut address = Address::default();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (postcode, mut rest) =
        if matches!(digits, 3 | 5 | 6) { text.split_at(digits) } else { ("", text.as_str()) };
    postcode.clone_into(&mut address.postcode);
    rest = rest.trim_start_matches(',');
    if let Some((county, _)) = ZONES.iter().find(|(county, _)| rest.starts_with(county)) {
        (*county).clone_into(&mut address.county);
        rest = &rest[county.len()..];
    }
    // 市 and 鎮 may be part of a name (平鎮區, 左鎮區): the longest of the first marks wins.
    address.district = take(&mut rest, &['區', '鄉', '鎮', '市'], 4);
    address.village = take(&mut rest, &['村', '里'], 5);
    address.neighbourhood = take(&mut rest, &['鄰'], 4);
    address.road = road(&mut rest);
    address.lane = take(&mut rest, &['巷'], 8);
    address.alley = take(&mut rest, &['弄'], 6);
    address.number = take(&mut rest, &['號'], 10);
    if !address.number.is_empty() && rest.starts_with('之') {
        let end =
            rest.char_indices().skip(1).find(|(_, c)| !c.is_ascii_digit()).map_or(rest.len(), |(at, _)| at);
        address.number.push_str(&rest[..end]);
        rest = &rest[end..];
    }
    rest = rest.trim_matches([',', '，']);
    if rest.contains('樓') || rest.ends_with(['F', '室']) {
        rest.clone_into(&mut address.floor);
        rest = "";
    }
    rest.clone_into(&mut address.rest);
    address
}

/// Takes the text up to one of the marks, if it stands within so many characters.
fn take(rest: &mut &str, marks: &[char], within: usize) -> String {
    *rest = rest.trim_start_matches(',');
    let mut found = None;
    for (i, (at, c)) in rest.char_indices().enumerate() {
        if i > within || c == ',' {
            break;
        }
        if i > 0 && marks.contains(&c) {
            found = Some(at + c.len_utf8());
            // 鎮區, 市區: the mark that follows belongs to it.
            if !rest[at + c.len_utf8()..].starts_with(marks) {
                break;
            }
        }
        if c.is_ascii_digit() && !marks.iter().any(|m| matches!(m, '巷' | '弄' | '號' | '鄰')) {
            break;
        }
    }
    let Some(end) = found else { return String::new() };
    let (part, after) = rest.split_at(end);
    let part = part.to_owned();
    *rest = after;
    part
}

/// 路, 街 or 大道 and a 段 that follows.
fn road(rest: &mut &str) -> String {
    *rest = rest.trim_start_matches(',');
    let end = ["大道", "路", "街"].iter().filter_map(|mark| Some(rest.find(mark)? + mark.len())).min();
    let Some(mut end) = end else { return String::new() };
    if let Some(at) = rest[end..].find('段') {
        let section = &rest[end..end + at];
        if section.chars().count() <= 2 {
            end += at + '段'.len_utf8();
        }
    }
    let (part, after) = rest.split_at(end);
    let part = part.to_owned();
    *rest = after;
    part
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn parts(text: &str) -> Vec<String> {
        let a = parse(text);
        [
            a.postcode,
            a.county,
            a.district,
            a.village,
            a.neighbourhood,
            a.road,
            a.lane,
            a.alley,
            a.number,
            a.floor,
            a.rest,
        ]
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect()
    }

    #[test]
    fn the_usual_order_is_taken_apart() {
        let cases: [(&str, &[&str]); 6] = [
            ("100057臺北市中正區延平南路143號", &["100057", "臺北市", "中正區", "延平南路", "143號"]),
            (
                "台北市大安區和平東路二段１２巷３弄４號之５　６樓之１",
                &["臺北市", "大安區", "和平東路二段", "12巷", "3弄", "4號之5", "6樓之1"],
            ),
            ("桃園市平鎮區延平路1號", &["桃園市", "平鎮區", "延平路", "1號"]),
            ("花蓮縣秀林鄉富世村9鄰富世12號", &["花蓮縣", "秀林鄉", "富世村", "9鄰", "富世12號"]),
            ("臺中市西屯區臺灣大道三段99號", &["臺中市", "西屯區", "臺灣大道三段", "99號"]),
            ("某某部落", &["某某部落"]),
        ];
        for (text, wanted) in cases {
            assert_eq!(parts(text), wanted, "{text}");
        }
    }
}
