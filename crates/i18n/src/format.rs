//! Dates, numbers and lists as people in Taiwan read them, and in English.

use bulwark_model::Lang;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// 民國 year of a date: 2023 → 112. The one place where the conversion is made.
pub fn roc_year(date: Date) -> i16 {
    date.year() - 1911
}

/// Taipei's zone: UTC+8 all year since 1980.
fn taipei() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(8))
}

/// `115-11-23` in Chinese, `2026-11-23` in English.
pub fn date(d: Date, lang: Lang) -> String {
    match lang {
        Lang::ZhTw => format!("{}-{:02}-{:02}", roc_year(d), d.month(), d.day()),
        Lang::En => d.to_string(),
    }
}

/// Date and minute in Taipei: `115-11-23 14:02`.
pub fn date_time(t: Timestamp, lang: Lang) -> String {
    let local = taipei().to_datetime(t);
    format!("{} {:02}:{:02}", date(local.date(), lang), local.hour(), local.minute())
}

/// Reads `115-2-28`, `115/02/28` (民國) or `2026-02-28`. Years below 1000 are 民國 years.
///
/// # Errors
/// Says which part is impossible: `115/2/29` → "115 年 2 月只有 28 天".
pub fn parse_date(s: &str) -> Result<Date, bulwark_model::Text> {
    use bulwark_model::Text;
    let shape = || {
        Text::new(
            format!("「{s}」不是日期（例：115-11-25 或 2026-11-25）"),
            format!("`{s}` is not a date (for example 115-11-25 or 2026-11-25)"),
        )
    };
    let parts: Vec<&str> = s.trim().split(['-', '/', '.']).collect();
    let [y, m, d] = parts[..] else { return Err(shape()) };
    let all_digits =
        [y, m, d].iter().all(|p| !p.is_empty() && p.len() <= 4 && p.bytes().all(|b| b.is_ascii_digit()));
    if !all_digits {
        return Err(shape());
    }
    let (Ok(y), Ok(m), Ok(d)) = (y.parse::<i16>(), m.parse::<i8>(), d.parse::<i8>()) else {
        return Err(shape());
    };
    let year = if y < 1000 { y + 1911 } else { y };
    let Ok(first) = Date::new(year, m, 1) else {
        return Err(Text::new(format!("「{s}」沒有 {m} 月"), format!("`{s}`: there is no month {m}")));
    };
    Date::new(year, m, d).map_err(|_| {
        let days = first.days_in_month();
        Text::new(
            format!("「{s}」不存在：{} 年 {m} 月只有 {days} 天", roc_year(first)),
            format!("`{s}` does not exist: {year}-{m:02} has {days} days"),
        )
    })
}

/// An integer with thousands separators.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A size in bytes with a binary unit: `1.5 MiB`.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
pub fn file_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit < UNITS.len() - 1 {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", UNITS[unit]) }
}

/// Joins words as the language does: 「a、b」 or `a, b`.
pub fn list<S: AsRef<str>>(items: &[S], lang: Lang) -> String {
    let separator = if lang == Lang::ZhTw { "、" } else { ", " };
    items.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roc_dates_read_and_show() {
        let d = parse_date("115/11/3").expect("a date");
        assert_eq!(date(d, Lang::ZhTw), "115-11-03");
        assert_eq!(date(d, Lang::En), "2026-11-03");
        assert_eq!(parse_date("2026-11-03"), Ok(d));
    }

    #[test]
    fn an_impossible_date_says_why() {
        let e = parse_date("115/2/29").expect_err("115 is no leap year");
        assert_eq!(e.zh_tw, "「115/2/29」不存在：115 年 2 月只有 28 天");
        assert!(parse_date("113/2/29").is_ok());
        assert!(parse_date("115-13-1").expect_err("month").en.contains("no month 13"));
        assert!(parse_date("明天").is_err());
        assert!(parse_date("115-2-+3").is_err());
    }

    #[test]
    fn times_show_in_taipei() {
        let t: Timestamp = "2026-12-31T16:30:00Z".parse().expect("a time");
        assert_eq!(date_time(t, Lang::ZhTw), "116-01-01 00:30");
    }

    #[test]
    fn numbers_and_sizes() {
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(12), "12");
        assert_eq!(file_size(1536), "1.5 KiB");
        assert_eq!(list(&["a", "b"], Lang::ZhTw), "a、b");
    }
}
