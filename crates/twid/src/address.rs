//! Addresses: taken apart as far as they follow the usual order, kept whole in any case.

use crate::normal::{half_width, is_invisible, is_space};
use crate::postcode::ZONES;

/// The parts of an address. What is not there is empty; what does not fit anywhere is in `rest`.
/// Put together in this order they are the address again, nothing is lost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Address {
    /// 郵遞區號.
    pub postcode: String,
    /// 縣市.
    pub county: String,
    /// 鄉鎮市區.
    pub district: String,
    /// 村里.
    pub village: String,
    /// 鄰.
    pub neighbourhood: String,
    /// 路街 with its 段 and named lanes (愛富二街厚生巷), or the name of a place without streets.
    pub road: String,
    /// 巷 with a number.
    pub lane: String,
    /// 弄 with a number.
    pub alley: String,
    /// 號, with 之.
    pub number: String,
    /// 樓 and what follows it.
    pub floor: String,
    /// Everything else.
    pub rest: String,
}

impl Address {
    /// The parts in the order in which an address is written.
    pub fn parts(&self) -> [&str; 11] {
        [
            &self.postcode,
            &self.county,
            &self.district,
            &self.village,
            &self.neighbourhood,
            &self.road,
            &self.lane,
            &self.alley,
            &self.number,
            &self.floor,
            &self.rest,
        ]
    }
}

const ROADS: [&str; 3] = ["大道", "路", "街"];
/// Districts without a mark in the name.
const ISLANDS: [&str; 3] = ["釣魚臺", "東沙群島", "南沙群島"];

/// Takes an address apart. Digits and signs become half width, 台 becomes 臺, space goes unless it parts two
/// numbers or Latin words.
///
/// ```
/// let address = bulwark_twid::address::parse("台北市大安區和平東路二段１２巷４號之５　６樓");
/// assert_eq!((address.county.as_str(), address.road.as_str()), ("臺北市", "和平東路二段"));
/// assert_eq!((address.number.as_str(), address.floor.as_str()), ("4號之5", "6樓"));
/// ```
pub fn parse(text: &str) -> Address {
    let text = tidy(text);
    let mut rest = text.as_str();
    let mut address = Address { postcode: postcode(&mut rest), ..Address::default() };
    if let Some((county, _)) = ZONES.iter().find(|(county, _)| rest.starts_with(county)) {
        address.county = cut(&mut rest, county.len());
    }
    address.district = district(&mut rest);
    if let Some(Numbered { start, end, mark: '鄰' }) = numbered(rest)
        && (start == 0 || rest[..start].ends_with(['村', '里']))
    {
        address.village = cut(&mut rest, start);
        address.neighbourhood = cut(&mut rest, end - start);
    }
    if let Some(Numbered { start, .. }) = numbered(rest) {
        let mut name = cut(&mut rest, start);
        if address.neighbourhood.is_empty()
            && let Some(end) = village(&name)
        {
            let place = name.split_off(end);
            address.village = std::mem::replace(&mut name, place);
        }
        address.road = name;
    } else {
        address.road = road(&mut rest);
    }
    numbers(&mut address, &mut rest);
    let rest = rest.trim_start_matches(is_break);
    let floor = rest.contains('樓') || rest.ends_with(['F', '室']) || rest.starts_with("地下");
    rest.clone_into(if floor { &mut address.floor } else { &mut address.rest });
    address
}

const fn is_break(c: char) -> bool {
    matches!(c, ' ' | ',' | '，' | '、')
}

fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars().filter(|c| !is_invisible(*c)) {
        if is_space(c) {
            space = true;
            continue;
        }
        let c = if c == '台' { '臺' } else { half_width(c) };
        if space && c.is_ascii_alphanumeric() && out.ends_with(|c: char| c.is_ascii_alphanumeric()) {
            out.push(' ');
        }
        space = false;
        out.push(c);
    }
    out
}

/// Cuts the first bytes off, and the break behind them.
fn cut(rest: &mut &str, end: usize) -> String {
    let (part, after) = rest.split_at(end);
    *rest = after.trim_start_matches(is_break);
    part.trim_end_matches(is_break).to_owned()
}

/// Three, five or six digits that are no number of a lane or a house.
fn postcode(rest: &mut &str) -> String {
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let is_code = matches!(digits, 3 | 5 | 6)
        && numbered(rest).is_none_or(|token| token.start > 0)
        && rest[digits..].starts_with(|c: char| !matches!(c, '之' | '-' | '段'));
    if is_code { cut(rest, digits) } else { String::new() }
}

/// Two to four characters that end in 區, 鄉, 鎮 or 市. 平鎮區 and 新市區 have such a mark in the name; 新市街
/// is no district.
fn district(rest: &mut &str) -> String {
    let marks = ['區', '鄉', '鎮', '市'];
    if let Some(island) = ISLANDS.iter().find(|island| rest.starts_with(*island)) {
        return cut(rest, island.len());
    }
    for (i, (at, c)) in rest.char_indices().take(4).enumerate() {
        if c.is_ascii_digit() || is_break(c) {
            break;
        }
        let after = &rest[at + c.len_utf8()..];
        if i == 0 || !marks.contains(&c) || i == 1 && after.starts_with('區') {
            continue;
        }
        let of_a_road = |after: &str| after.is_empty() || after.starts_with(|c: char| c.is_ascii_digit());
        if ROADS.iter().any(|mark| after.strip_prefix(mark).is_some_and(of_a_road)) {
            break;
        }
        return cut(rest, at + c.len_utf8());
    }
    String::new()
}

/// Where the name of a village ends: 仁愛里中山路. Not in names of roads: 大里路, 美村南路, 竹村一路.
fn village(text: &str) -> Option<usize> {
    let (at, mark) = text.char_indices().take(5).skip(1).find(|(_, c)| matches!(c, '村' | '里'))?;
    let after = &text[at + mark.len_utf8()..];
    let ordinal = |c: char| "一二三四五六七八九十東西南北中".contains(c);
    let road = after.trim_start_matches(ordinal);
    let in_name = after.starts_with('巷')
        || after.starts_with('段')
        || ROADS.iter().any(|mark| road.starts_with(mark) && after.chars().count() < 6);
    (!in_name).then_some(at + mark.len_utf8())
}

/// A number with the mark that says of what.
#[derive(Debug, Clone, Copy)]
struct Numbered {
    start: usize,
    end: usize,
    mark: char,
}

/// The first number that is of a 鄰, 巷, 弄, 號 or 樓.
fn numbered(text: &str) -> Option<Numbered> {
    let mut start = None;
    for (at, c) in text.char_indices() {
        match (c, start) {
            ('0'..='9', None) => start = Some(at),
            ('0'..='9' | '之' | '-', Some(_)) => {}
            ('鄰' | '巷' | '弄' | '號' | '樓', Some(start)) => {
                return Some(Numbered { start, end: at + c.len_utf8(), mark: c });
            }
            _ => start = None,
        }
    }
    None
}

/// 巷, 弄 and 號 as they follow each other.
fn numbers(address: &mut Address, rest: &mut &str) {
    while let Some(Numbered { start: 0, end, mark }) = numbered(rest) {
        let before = |later: &[&String]| later.iter().all(|part| part.is_empty());
        let part = match mark {
            '巷' if before(&[&address.lane, &address.alley, &address.number]) => &mut address.lane,
            '弄' if before(&[&address.alley, &address.number]) => &mut address.alley,
            '號' if address.number.is_empty() => &mut address.number,
            _ => return,
        };
        *part = cut(rest, end);
        if mark == '號' && rest.starts_with('之') {
            let digits = rest['之'.len_utf8()..].bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                address.number.push_str(&cut(rest, '之'.len_utf8() + digits));
            }
        }
    }
}

/// A road with its 段, where no number follows.
fn road(rest: &mut &str) -> String {
    let end = ROADS.iter().filter_map(|mark| Some(rest.find(mark)? + mark.len())).min();
    let Some(mut end) = end else { return String::new() };
    if let Some(at) = rest[end..].find('段').filter(|at| rest[end..end + at].chars().count() <= 2) {
        end += at + '段'.len_utf8();
    }
    cut(rest, end)
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn parts(text: &str) -> Vec<String> {
        parse(text).parts().into_iter().filter(|p| !p.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn the_usual_order_is_taken_apart() {
        let cases: [(&str, &[&str]); 14] = [
            ("100057臺北市中正區延平南路143號", &["100057", "臺北市", "中正區", "延平南路", "143號"]),
            (
                "台北市大安區和平東路二段１２巷３弄４號之５　６樓之１",
                &["臺北市", "大安區", "和平東路二段", "12巷", "3弄", "4號之5", "6樓之1"],
            ),
            (
                "臺北市 大安區 和平東路 2 段 12 巷 4 之 5 號 六樓",
                &["臺北市", "大安區", "和平東路2段", "12巷", "4之5號", "六樓"],
            ),
            ("桃園市平鎮區延平路1號", &["桃園市", "平鎮區", "延平路", "1號"]),
            ("臺南市新市區中興街2號", &["臺南市", "新市區", "中興街", "2號"]),
            ("嘉義市中山路199號", &["嘉義市", "中山路", "199號"]),
            ("臺中市大里區大里路1號", &["臺中市", "大里區", "大里路", "1號"]),
            ("新竹市東區仁愛里中山路1號", &["新竹市", "東區", "仁愛里", "中山路", "1號"]),
            ("花蓮縣秀林鄉富世村9鄰富世12號", &["花蓮縣", "秀林鄉", "富世村", "9鄰", "富世", "12號"]),
            ("臺中市西屯區臺灣大道三段99號", &["臺中市", "西屯區", "臺灣大道三段", "99號"]),
            ("臺北市大安區和平東路二段", &["臺北市", "大安區", "和平東路二段"]),
            ("嘉義市新市街7號", &["嘉義市", "新市街", "7號"]),
            ("123巷5號", &["123巷", "5號"]),
            ("某某部落", &["某某部落"]),
        ];
        for (text, wanted) in cases {
            assert_eq!(parts(text), wanted, "{text}");
        }
    }

    #[test]
    fn free_text_is_kept() {
        assert_eq!(parse("派出所後面 第 2 間").rest, "派出所後面第2間");
        assert_eq!(parse("c/o Kolas Yotaka").rest, "c/o Kolas Yotaka");
    }
}
