//! Maximum tolerable period of disruption (最大可容忍中斷時間), in the ways in which people write it.

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Text};
use serde::{Deserialize, Serialize};

use crate::{message, shown};

/// The longest: a year. What can be away for longer needs no such time.
pub const MOST_MINUTES: u32 = 365 * DAY;

const DAY: u32 = 24 * HOUR;
const HOUR: u32 = 60;

/// Units with what people write for them, longest spelling first.
const UNITS: [(u32, &[&str]); 3] = [
    (DAY, &["days", "day", "天", "日", "d"]),
    (HOUR, &["個小時", "小時", "hours", "hour", "hrs", "hr", "時", "h"]),
    (1, &["分鐘", "minutes", "minute", "mins", "min", "分", "m"]),
];

/// How long a system may be away at most; at least a minute, at most [`MOST_MINUTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Mtpd(u32);

/// Why a text is none.
enum Wrong {
    /// It cannot be read.
    Unreadable,
    /// It is too short or too long.
    Range,
}

impl Mtpd {
    /// From whole minutes; `None` outside the range.
    pub fn from_minutes(minutes: u32) -> Option<Self> {
        (1..=MOST_MINUTES).contains(&minutes).then_some(Self(minutes))
    }

    /// In minutes.
    pub const fn minutes(self) -> u32 {
        self.0
    }

    /// Reads what people write: minutes without a unit, or numbers with units from the greater to the smaller.
    ///
    /// ```
    /// use bulwark_inventory::system::Mtpd;
    /// for text in ["240", "4h", "4 小時", "４小時", "3 hours 60 min", "240分鐘"] {
    ///     assert_eq!(Mtpd::parse(text).unwrap().minutes(), 240, "{text}");
    /// }
    /// assert_eq!(Mtpd::parse("1.5 小時").unwrap().minutes(), 90);
    /// assert_eq!(Mtpd::parse("很久").unwrap_err().code, "BW-INV-040");
    /// ```
    ///
    /// # Errors
    /// `BW-INV-040` for what is no length of time in whole minutes, `BW-INV-041` for one out of range.
    pub fn parse(text: &str) -> Result<Self, Diagnostic> {
        read(text).map_err(|wrong| {
            let code = match wrong {
                Wrong::Unreadable => "BW-INV-040",
                Wrong::Range => "BW-INV-041",
            };
            message(code, &args![value = shown(text.trim())])
        })
    }

    /// As people read it; [`Mtpd::parse`] reads either language back.
    pub fn label(self) -> Text {
        let (mut zh_tw, mut en) = (Vec::new(), Vec::new());
        let mut rest = self.0;
        for (minutes, zh, one, more) in
            [(DAY, "天", "day", "days"), (HOUR, "小時", "hour", "hours"), (1, "分鐘", "minute", "minutes")]
        {
            let count = rest / minutes;
            rest %= minutes;
            if count > 0 {
                zh_tw.push(format!("{count} {zh}"));
                en.push(format!("{count} {}", if count == 1 { one } else { more }));
            }
        }
        Text::new(zh_tw.join(" "), en.join(" "))
    }
}

fn read(text: &str) -> Result<Mtpd, Wrong> {
    let text: String = text.trim().chars().map(half_width).collect::<String>().to_lowercase();
    let (mut rest, mut total, mut smallest) = (text.as_str(), 0u32, u32::MAX);
    while !rest.is_empty() {
        let (hundredths, after) = number(rest)?;
        let after = after.trim_start();
        let (unit, after) = if after.is_empty() && smallest == u32::MAX { (1, after) } else { unit(after)? };
        if unit >= smallest {
            return Err(Wrong::Unreadable);
        }
        let scaled = hundredths.checked_mul(u64::from(unit)).ok_or(Wrong::Range)?;
        if scaled % 100 != 0 {
            return Err(Wrong::Unreadable);
        }
        let minutes = u32::try_from(scaled / 100).map_err(|_| Wrong::Range)?;
        total = total.checked_add(minutes).ok_or(Wrong::Range)?;
        (rest, smallest) = (after.trim_start(), unit);
    }
    if smallest == u32::MAX {
        return Err(Wrong::Unreadable);
    }
    Mtpd::from_minutes(total).ok_or(Wrong::Range)
}

/// A number at the beginning, in hundredths, and what follows it.
fn number(text: &str) -> Result<(u64, &str), Wrong> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    if whole.is_empty() {
        return Err(Wrong::Unreadable);
    }
    let whole: u64 = whole.parse().map_err(|_| Wrong::Range)?;
    let (hundredths, rest) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(rest) => {
            let (part, rest) = rest.split_at(digits(rest));
            let value: u64 = part.parse().map_err(|_| Wrong::Unreadable)?;
            match part.len() {
                1 => (value * 10, rest),
                2 => (value, rest),
                _ => return Err(Wrong::Unreadable),
            }
        }
    };
    let number = whole.checked_mul(100).and_then(|whole| whole.checked_add(hundredths));
    Ok((number.ok_or(Wrong::Range)?, rest))
}

/// A unit at the beginning, in minutes, and what follows it. After a word of letters, another letter is not its end.
fn unit(text: &str) -> Result<(u32, &str), Wrong> {
    let spellings = UNITS.iter().flat_map(|(minutes, names)| names.iter().map(move |name| (*minutes, *name)));
    let found = spellings.filter_map(|(minutes, name)| {
        let rest = text.strip_prefix(name)?;
        let whole = !(name.is_ascii() && rest.starts_with(|c: char| c.is_ascii_alphabetic()));
        whole.then_some((minutes, rest))
    });
    found.min_by_key(|(_, rest)| rest.len()).ok_or(Wrong::Unreadable)
}

/// Full-width digits and full stop as Chinese input methods give them.
fn half_width(c: char) -> char {
    match c {
        '０'..='９' | '．' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

impl TryFrom<u32> for Mtpd {
    type Error = String;

    fn try_from(minutes: u32) -> Result<Self, String> {
        Self::from_minutes(minutes)
            .ok_or_else(|| format!("{minutes}: not between 1 and {MOST_MINUTES} minutes"))
    }
}

impl From<Mtpd> for u32 {
    fn from(mtpd: Mtpd) -> Self {
        mtpd.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ways_of_writing_it_mean_the_same() {
        for (text, minutes) in [
            ("240", 240),
            (" 4 小時 ", 240),
            ("4h", 240),
            ("4 Hrs", 240),
            ("４．５小時", 270),
            ("0.25 h", 15),
            ("1 天 4 小時 30 分鐘", 1710),
            ("1d4h30m", 1710),
            ("2小時30分", 150),
            ("1 day 1 minute", 1441),
            ("90 min", 90),
            ("2 個小時", 120),
            ("7 日", 10_080),
            ("365 天", MOST_MINUTES),
        ] {
            assert_eq!(Mtpd::parse(text).map(Mtpd::minutes), Ok(minutes), "{text}");
        }
    }

    #[test]
    fn what_is_none_says_why() {
        for text in [
            "",
            " ",
            "小時",
            "四小時",
            "-4",
            "4 x",
            "4hx",
            "4 小時 2 天",
            "4h4h",
            "4 5",
            "1.h",
            ".5h",
            "1.255h",
            "0.5",
            "4 小時 30",
            "1,440",
            "04:00",
            "4 months",
            "4天5",
        ] {
            assert_eq!(Mtpd::parse(text).unwrap_err().code, "BW-INV-040", "{text}");
        }
        for text in ["0", "0h", "366 天", "525601", "99999999999999999999", "18446744073709551615 d"] {
            assert_eq!(Mtpd::parse(text).unwrap_err().code, "BW-INV-041", "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_length_is_read_back_from_either_language(minutes in 1..=MOST_MINUTES) {
            let mtpd = Mtpd::from_minutes(minutes).unwrap();
            let label = mtpd.label();
            prop_assert_eq!(Mtpd::parse(&label.zh_tw), Ok(mtpd));
            prop_assert_eq!(Mtpd::parse(&label.en), Ok(mtpd));
            prop_assert_eq!(Mtpd::parse(&minutes.to_string()), Ok(mtpd));
        }

        #[test]
        fn any_text_is_in_range_or_refused(text in "[0-9.]{0,22} ?(h|d|小時|分|min)?[0-9]{0,3}(m|分)?|\\PC{0,20}") {
            match Mtpd::parse(&text) {
                Ok(mtpd) => prop_assert!((1..=MOST_MINUTES).contains(&mtpd.minutes())),
                Err(wrong) => prop_assert!(["BW-INV-040", "BW-INV-041"].contains(&wrong.code.as_str())),
            }
        }
    }
}
