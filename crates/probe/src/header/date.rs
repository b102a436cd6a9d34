//! HTTP dates (RFC 9110 §5.6.7).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Reads an IMF-fixdate, an RFC 850 date or an asctime date. Two-digit years: 00–69 are 2000–2069,
/// 70–99 are 1970–1999 (a fixed rule, so old evidence reads the same for ever). The day of the week must
/// be a day, but may be the wrong one.
pub fn http_date(value: &str) -> Option<Timestamp> {
    let words: Vec<&str> = value.split([' ', '\t']).filter(|w| !w.is_empty()).collect();
    let weekday = words.first()?.trim_end_matches(',');
    if !DAYS.iter().any(|d| weekday.starts_with(d)) {
        return None;
    }
    let (day, month, year, time) = match words.as_slice() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [_, day, month, year, time, zone] if is_utc(zone) => (*day, *month, number(year, 4)?, *time),
        // Sunday, 06-Nov-94 08:49:37 GMT; also with four digits, as old servers write.
        [_, date, time, zone] if is_utc(zone) => {
            let [day, month, year] = date.split('-').collect::<Vec<_>>().try_into().ok()?;
            let year = match number(year, 4) {
                Some(full) => full,
                None => number(year, 2).map(|y| if y < 70 { y + 2000 } else { y + 1900 })?,
            };
            (day, month, year, *time)
        }
        // Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] => (*day, *month, number(year, 4)?, *time),
        _ => return None,
    };
    let month = MONTHS.iter().position(|m| *m == month).and_then(|m| i8::try_from(m + 1).ok())?;
    let day = number(day, 2).or_else(|| number(day, 1)).and_then(|d| i8::try_from(d).ok())?;
    let [hour, minute, second] = time.split(':').collect::<Vec<_>>().try_into().ok()?;
    let part = |text| number(text, 2).and_then(|n| i8::try_from(n).ok());
    // A leap second is the last one of the minute (RFC 9110 §5.6.7 allows 60).
    let second = part(second)?.min(59);
    let date = DateTime::new(year, month, day, part(hour)?, part(minute)?, second, 0).ok()?;
    Offset::UTC.to_timestamp(date).ok()
}

fn is_utc(zone: &str) -> bool {
    matches!(zone, "GMT" | "UTC")
}

/// Exactly `digits` digits.
fn number(text: &str, digits: usize) -> Option<i16> {
    (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}
