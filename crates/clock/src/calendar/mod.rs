//! The calendar of Taiwan's government, day by day: who works when, how sure that is, and where a
//! typhoon closes offices.
//!
//! A year that is not in the calendar is never guessed (incident-grc §3): whoever asks gets
//! [`NoCalendar`], and a time limit that needs the year stays pending.

mod difference;
mod read;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Text};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::words::{Certainty, DayKind};
use crate::{diagnostic, texts};

pub use difference::DayChange;

/// The years compiled in, `data/clock/calendar_tw_2023_2027.csv`.
static TAIWAN: LazyLock<Calendar> = LazyLock::new(|| {
    Calendar::read(
        include_bytes!("../../../../data/clock/calendar_tw_2023_2027.csv"),
        "calendar_tw_2023_2027.csv",
    )
    .0
});

/// One day of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDay {
    /// The day.
    pub date: Date,
    /// What kind of day.
    pub kind: DayKind,
    /// Name of the holiday, as the notice has it; empty for a plain day.
    pub name: String,
    /// How sure.
    pub certainty: Certainty,
    /// The word of the table, which may say where it was read (`official-revised-2025-06-13`).
    pub source: String,
}

/// Work is stopped in a county: a typhoon, for the whole day or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// The day.
    pub date: Date,
    /// The county; `None` everywhere.
    pub county: Option<String>,
    /// First minute of the day.
    pub from_minute: u16,
    /// First minute after it; 1440 is the end of the day.
    pub until_minute: u16,
    /// As the notice says.
    pub reason: String,
}

/// A day lies in a year of which there is no calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NoCalendar {
    /// The Gregorian year.
    pub year: i32,
}

impl NoCalendar {
    /// The 民國 year.
    pub const fn roc_year(self) -> i32 {
        self.year - 1911
    }

    /// The message, with what to do about it.
    pub fn diagnostic(self) -> Diagnostic {
        diagnostic("BW-CLOCK-010", &args![roc = self.roc_year(), year = self.year])
    }
}

/// `no calendar for 民國117年`: the words of the design, the same in both languages.
impl std::fmt::Display for NoCalendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no calendar for 民國{}年", self.roc_year())
    }
}

/// Days, and closures of offices.
///
/// ```
/// use bulwark_clock::Calendar;
/// use jiff::civil::date;
/// let calendar = Calendar::taiwan();
/// assert_eq!(calendar.works(date(2025, 2, 8), None), Ok(true)); // a make-up Saturday
/// assert_eq!(calendar.works(date(2028, 1, 3), None).unwrap_err().to_string(), "no calendar for 民國117年");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    first: i32,
    days: Vec<Option<CalendarDay>>,
    closures: BTreeMap<i32, Vec<Closure>>,
}

impl Calendar {
    /// The calendar the product is built with, without any closure.
    pub fn taiwan() -> &'static Self {
        &TAIWAN
    }

    /// Reads a table: our own columns, or the official `西元日期,星期,是否放假,備註`; UTF-8 (with or without
    /// a mark at the beginning) or Big5. Rows that cannot be read are left out and named.
    pub fn read(bytes: &[u8], name: &str) -> (Self, Vec<Diagnostic>) {
        read::calendar(bytes, name)
    }

    /// Reads closures: `date,county,scope,from,to,reason,note`; `scope` must be `work`.
    pub fn read_closures(bytes: &[u8], name: &str) -> (Vec<Closure>, Vec<Diagnostic>) {
        read::closures(bytes, name)
    }

    /// The same days with these of another calendar instead or in addition: a new year, a revision.
    #[must_use]
    pub fn revised_by(mut self, other: &Self) -> Self {
        for day in other.days.iter().flatten() {
            self.insert(day.clone());
        }
        for closure in other.closures.values().flatten() {
            self.insert_closure(closure.clone());
        }
        self
    }

    /// The same days, and offices closed once more.
    #[must_use]
    pub fn with_closures(mut self, closures: impl IntoIterator<Item = Closure>) -> Self {
        for closure in closures {
            self.insert_closure(closure);
        }
        self
    }

    /// What the calendar says of a day.
    pub fn day(&self, date: Date) -> Option<&CalendarDay> {
        self.at(Day::of_date(date))
    }

    /// All days, in order.
    pub fn days(&self) -> impl Iterator<Item = &CalendarDay> {
        self.days.iter().flatten()
    }

    /// The closures that touch a day in a county.
    pub fn closures_on(&self, date: Date, county: Option<&str>) -> impl Iterator<Item = &Closure> {
        self.closures
            .get(&Day::of_date(date).0)
            .into_iter()
            .flatten()
            .filter(move |closure| closure.is_in(county))
    }

    /// Whether people work on a day in a county. A closure of part of a day takes nothing away.
    ///
    /// # Errors
    /// There is no calendar of that year.
    pub fn works(&self, date: Date, county: Option<&str>) -> Result<bool, NoCalendar> {
        self.look(Day::of_date(date), county).map(|(works, _)| works)
    }

    /// The Gregorian years of which every day is known.
    pub fn years(&self) -> Vec<i32> {
        let mut counts: BTreeMap<i32, i32> = BTreeMap::new();
        for day in self.days() {
            *counts.entry(i32::from(day.date.year())).or_default() += 1;
        }
        counts.into_iter().filter(|(year, days)| *days == length_of(*year)).map(|(year, _)| year).collect()
    }

    /// Whether people work, and how sure that is.
    pub(crate) fn look(&self, day: Day, county: Option<&str>) -> Result<(bool, Certainty), NoCalendar> {
        let known = self.at(day).ok_or_else(|| NoCalendar { year: day.year() })?;
        let works = known.kind.is_work() && (self.closures.is_empty() || !self.closed(day, county));
        Ok((works, known.certainty))
    }

    /// Whether offices are closed for the whole day.
    pub(crate) fn closed(&self, day: Day, county: Option<&str>) -> bool {
        let here = self.closures.get(&day.0).into_iter().flatten();
        here.into_iter().any(|closure| closure.is_full_day() && closure.is_in(county))
    }

    pub(crate) fn at(&self, day: Day) -> Option<&CalendarDay> {
        let index = usize::try_from(i64::from(day.0) - i64::from(self.first)).ok()?;
        self.days.get(index)?.as_ref()
    }

    fn insert(&mut self, day: CalendarDay) {
        let number = Day::of_date(day.date).0;
        if self.days.is_empty() {
            self.first = number;
        }
        if number < self.first {
            let missing = usize::try_from(self.first - number).unwrap_or(0);
            self.days.splice(0..0, std::iter::repeat_n(None, missing));
            self.first = number;
        }
        let index = usize::try_from(number - self.first).unwrap_or(0);
        if index >= self.days.len() {
            self.days.resize(index + 1, None);
        }
        self.days[index] = Some(day);
    }

    fn insert_closure(&mut self, closure: Closure) {
        let on_day = self.closures.entry(Day::of_date(closure.date).0).or_default();
        if !on_day.contains(&closure) {
            on_day.push(closure);
        }
    }
}

/// Days of a Gregorian year.
fn length_of(year: i32) -> i32 {
    Day::of_parts(year + 1, 1, 1).0 - Day::of_parts(year, 1, 1).0
}

impl Closure {
    /// Offices closed for a whole day, everywhere when no county is named.
    pub fn full_day(date: Date, county: Option<String>, reason: impl Into<String>) -> Self {
        Self { date, county, from_minute: 0, until_minute: 1440, reason: reason.into() }
    }

    /// Whether it lasts from the first to the last minute of the day: only then a time limit moves
    /// (incident-grc §1).
    pub const fn is_full_day(&self) -> bool {
        self.from_minute == 0 && self.until_minute == 1440
    }

    /// Whether it holds in a county. Whoever names no county is touched by closures everywhere only.
    pub fn is_in(&self, county: Option<&str>) -> bool {
        self.county.as_deref().is_none_or(|closed| county.is_some_and(|county| same_county(closed, county)))
    }
}

/// 臺 and 台 are written for each other.
fn same_county(a: &str, b: &str) -> bool {
    a.replace('台', "臺") == b.replace('台', "臺")
}

impl CalendarDay {
    /// The day of the week: 星期六, Saturday.
    pub fn weekday(&self) -> Text {
        weekday(Day::of_date(self.date))
    }
}

/// 星期六, Saturday.
pub(crate) fn weekday(day: Day) -> Text {
    texts().text(&format!("weekday.{}", day.weekday() + 1), &[])
}
