//! Days and seconds in Taipei, as plain numbers: what all counting is done with.
//!
//! Taipei has had no daylight saving since 1980 (incident-grc §1), so local time is UTC plus eight
//! hours and a day has 86,400 seconds.

use jiff::Timestamp;
use jiff::civil::Date;

/// Taipei's offset from UTC.
const OFFSET_SECONDS: i64 = 8 * 3600;
/// Seconds of a day.
pub(crate) const DAY_SECONDS: i64 = 86_400;

/// The second of a moment on Taipei's wall clock, counted from 1970-01-01 00:00 there. A fraction is
/// cut off: time limits are kept to the second (incident-grc §3).
pub(crate) fn local_second(moment: Timestamp) -> i64 {
    // `as_second` cuts towards zero; moments before 1970 with a fraction would be one too late.
    let early = i64::from(moment.subsec_nanosecond() < 0);
    moment.as_second() - early + OFFSET_SECONDS
}

/// The moment of a local second; `None` outside the years -9999 to 9999.
pub(crate) fn moment(local_second: i64) -> Option<Timestamp> {
    Timestamp::from_second(local_second.checked_sub(OFFSET_SECONDS)?).ok()
}

/// A day in Taipei, counted from 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Day(pub(crate) i32);

impl Day {
    /// The day of a local second.
    #[expect(clippy::cast_possible_truncation, reason = "a Timestamp spans less than four million days")]
    pub(crate) const fn of(local_second: i64) -> Self {
        Self(local_second.div_euclid(DAY_SECONDS) as i32)
    }

    /// The day of a date.
    pub(crate) fn of_date(date: Date) -> Self {
        Self::of_parts(i32::from(date.year()), i32::from(date.month()), i32::from(date.day()))
    }

    /// The day of year, month and day (Hinnant's `days_from_civil`; years begin in March there).
    pub(crate) const fn of_parts(year: i32, month: i32, day: i32) -> Self {
        let year = if month <= 2 { year - 1 } else { year };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let march = if month > 2 { month - 3 } else { month + 9 };
        let of_year = (153 * march + 2) / 5 + day - 1;
        Self(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
    }

    /// Year, month and day (Hinnant's `civil_from_days`).
    pub(crate) const fn parts(self) -> (i32, i32, i32) {
        let shifted = self.0 + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let march = (5 * of_year + 2) / 153;
        let month = if march < 10 { march + 3 } else { march - 9 };
        let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
        (year, month, of_year - (153 * march + 2) / 5 + 1)
    }

    /// The date; `None` outside the years -9999 to 9999.
    pub(crate) fn date(self) -> Option<Date> {
        let (year, month, day) = self.parts();
        Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }

    /// The Gregorian year.
    pub(crate) const fn year(self) -> i32 {
        self.parts().0
    }

    /// Monday is 0, Sunday 6.
    pub(crate) const fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        (self.0 + 3).rem_euclid(7).to_le_bytes()[0]
    }

    /// This day and so many later.
    pub(crate) const fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Its first second.
    pub(crate) const fn first_second(self) -> i64 {
        self.0 as i64 * DAY_SECONDS
    }

    /// Its last second: a period of days ends with it.
    pub(crate) const fn last_second(self) -> i64 {
        self.first_second() + DAY_SECONDS - 1
    }
}

/// Days of a month.
pub(crate) const fn days_in_month(year: i32, month: i32) -> i32 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day of year, month and day, and whether the month has no such day: then it is its last. The
/// month may be any number (13 is January of the next year).
pub(crate) const fn clamped(year: i32, month: i32, day: i32) -> (Day, bool) {
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    let last = days_in_month(year, month);
    let missing = day > last;
    (Day::of_parts(year, month, if missing { last } else { day }), missing)
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;

    #[test]
    fn days_are_numbered_as_jiff_counts_them() {
        let epoch = jiff::civil::date(1970, 1, 1);
        for number in (-800_000..800_000).step_by(331) {
            let date = epoch.checked_add(number.days()).expect("inside the range");
            assert_eq!((Day::of_date(date), Day(number).date()), (Day(number), Some(date)));
            assert_eq!(
                i8::try_from(Day(number).weekday()).expect("small"),
                date.weekday().to_monday_zero_offset()
            );
            let (year, month, day) = Day(number).parts();
            assert_eq!(clamped(year, month, day), (Day(number), false));
        }
        assert_eq!(Day(i32::MAX).plus(1), Day(i32::MAX));
    }

    #[test]
    fn a_day_past_the_end_is_the_last_of_its_month() {
        let day = |y, m, d| Day::of_date(jiff::civil::date(y, m, d));
        assert_eq!(clamped(2026, 2, 31), (day(2026, 2, 28), true));
        assert_eq!(clamped(2023, 14, 29), (day(2024, 2, 29), false));
        assert_eq!(clamped(2024, 0, 31), (day(2023, 12, 31), false));
    }

    #[test]
    fn seconds_are_those_of_taipei_and_whole() {
        let at: Timestamp = "2026-01-30T23:59:59.9+08:00".parse().expect("a time");
        assert_eq!(local_second(at), Day::of_date(jiff::civil::date(2026, 1, 30)).last_second());
        assert_eq!(moment(local_second(at)).expect("in range").to_string(), "2026-01-30T15:59:59Z");
        let old: Timestamp = "1960-01-01T00:00:00.5Z".parse().expect("a time");
        assert_eq!(moment(local_second(old)).expect("in range").to_string(), "1960-01-01T00:00:00Z");
    }
}
