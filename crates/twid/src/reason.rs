//! Why a text is refused, and what is said about one that is not.

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::Text;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $prefix:literal { $($(#[$what:meta])* $variant:ident => $code:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$what])* $variant,)* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// A sentence for people: what is wrong and what to do.
            pub fn text(self) -> Text {
                texts().text(&format!(concat!($prefix, ".{}"), self.code()), &[])
            }
        }
    };
}

words! {
    /// Why a text is not what it should be.
    Reason, "reason" {
        /// Nothing is there.
        Empty => "empty",
        /// Too many or too few characters.
        Length => "length",
        /// Not written as such a thing is.
        Format => "format",
        /// The check digit does not fit.
        Checksum => "checksum",
        /// The second character of an identity number is none of 1, 2, 8, 9, A–D.
        SecondDigit => "second_digit",
        /// A good number of another kind.
        OtherKind => "other_kind",
        /// Fits the rule but stands for nobody.
        Reserved => "reserved",
        /// No year.
        YearMissing => "year_missing",
        /// No month.
        MonthMissing => "month_missing",
        /// No day.
        DayMissing => "day_missing",
        /// Neither month nor day.
        MonthDayMissing => "month_day_missing",
        /// Before 民國 1.
        YearBeforeEra => "year_before_era",
        /// No number of years before 民國 1.
        YearsBeforeEra => "years_before_era_range",
        /// Too far in the future.
        YearRange => "future_or_out_of_range_for_birth",
        /// No such month.
        MonthRange => "month_range",
        /// The month has no such day.
        DayNotInMonth => "day_not_in_month",
        /// Something else stands where a number should.
        NotANumber => "not_a_number",
        /// A name of one character: most likely half a name.
        OneCharacter => "one_character",
        /// Characters of markup.
        Markup => "markup",
        /// Control characters.
        Control => "control",
        /// No district has this code.
        NoSuchDistrict => "no_such_district",
        /// A service number such as 165 is no number to reach a person.
        ShortCode => "short_code",
        /// The area code is left out.
        AreaCodeMissing => "area_code_missing",
        /// There is no such area code.
        NoSuchArea => "no_such_area",
        /// A number of another country.
        NotTaiwan => "not_taiwan",
        /// The extension is no number of up to six digits.
        Extension => "extension",
    }
}

words! {
    /// What the person or the clerk should know about a text that is good.
    Advice, "advice" {
        /// Old residence numbers end on 31 December 2030.
        OldResidenceNumber => "old_residence_number",
        /// The year was taken as Gregorian.
        GregorianYear => "gregorian_year_detected",
        /// The form of three and two was retired.
        RetiredPostcode => "retired_3_plus_2",
        /// A box stands for a character that could not be typed.
        PlaceholderGlyph => "placeholder_glyph",
        /// A character that only some machines can show.
        PrivateUse => "private_use",
    }
}

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("twid", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The sentences of this crate.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}

#[cfg(test)]
mod tests {
    use super::{Advice, Reason, texts};
    use crate::Kind;
    use crate::person::{NATIONAL, RESIDENCE, RESIDENCE_OLD};
    use crate::phone::{LANDLINE, MOBILE, TOLL_FREE};

    #[test]
    fn every_code_has_its_sentence_and_no_sentence_is_left_over() {
        let reasons = Reason::ALL.iter().map(|r| format!("reason.{}", r.code()));
        let advice = Advice::ALL.iter().map(|a| format!("advice.{}", a.code()));
        let kinds = Kind::ALL.iter().map(|k| format!("kind.{}", k.code()));
        let found =
            [NATIONAL, RESIDENCE, RESIDENCE_OLD, MOBILE, LANDLINE, TOLL_FREE].map(|f| format!("found.{f}"));
        let mut wanted: Vec<String> = reasons.chain(advice).chain(kinds).chain(found).collect();
        let mut found: Vec<String> = texts().iter().map(|(key, _)| key.to_owned()).collect();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted);
    }
}
