//! 資通系統 as every crate knows it: its nine background facts (系統背景資訊), what it needs of protection, its code.

use std::collections::BTreeMap;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{ParseWordError, ProtectionLevel, Text};

/// Longest text of a fact, in characters.
pub const LONGEST_FACT: usize = 1000;

words! {
    /// The nine background facts (系統背景資訊), exactly these.
    BackgroundFact {
        /// 業務項目.
        BusinessItem = "business_item", "業務項目", "Business item";
        /// 利害關係人.
        Stakeholder = "stakeholder", "利害關係人", "Stakeholders";
        /// 資通安全等級.
        SecurityLevel = "security_level", "資通安全等級", "Security level";
        /// 資訊傳輸電路.
        Circuit = "circuit", "資訊傳輸電路", "Transmission circuits";
        /// 機房所在地.
        DatacenterLocation = "datacenter_location", "機房所在地", "Data centre location";
        /// 伺服器類型.
        ServerKind = "server_kind", "伺服器類型", "Server type";
        /// 作業系統類型與版本.
        Os = "os", "作業系統類型與版本", "Operating system and version";
        /// 維運主管機關與主辦人員.
        Operator = "operator", "維運主管機關與主辦人員", "Operating agency and contact";
        /// 維運廠商.
        Vendor = "vendor", "維運廠商", "Vendor";
    }
}

words! {
    /// The fields in which the nine facts are written: two of them have two parts.
    BackgroundField {
        /// 業務項目.
        BusinessItem = "business_item", "業務項目", "Business item";
        /// 利害關係人.
        Stakeholder = "stakeholder", "利害關係人", "Stakeholders";
        /// 資通安全等級, a code of [`ProtectionLevel`].
        SecurityLevel = "security_level", "資通安全等級", "Security level";
        /// 資訊傳輸電路.
        Circuit = "circuit", "資訊傳輸電路", "Transmission circuits";
        /// 機房所在地.
        DatacenterLocation = "datacenter_location", "機房所在地", "Data centre location";
        /// 伺服器類型.
        ServerKind = "server_kind", "伺服器類型", "Server type";
        /// 作業系統類型.
        OsName = "os_name", "作業系統類型", "Operating system";
        /// 作業系統版本.
        OsVersion = "os_version", "作業系統版本", "Version of the operating system";
        /// 維運主管機關.
        OperatorAgency = "operator_agency", "維運主管機關", "Operating agency";
        /// 主辦人員.
        Contact = "contact", "主辦人員", "Contact";
        /// 維運廠商.
        Vendor = "vendor", "維運廠商", "Vendor";
    }
}

words! {
    /// Where a fact comes from.
    FactSource {
        /// A person wrote it.
        Typed = "typed", "人工填寫", "Typed in";
        /// A list brought it.
        Imported = "imported", "匯入", "Imported";
        /// A cruise saw it.
        Cruise = "cruise", "巡航檢查", "Seen by a cruise";
    }
}

words! {
    /// The four parts of 防護需求等級 (資通安全責任等級分級辦法 附表九).
    ProtectionAspect {
        /// 機密性.
        Confidentiality = "c", "機密性", "Confidentiality";
        /// 完整性.
        Integrity = "i", "完整性", "Integrity";
        /// 可用性.
        Availability = "a", "可用性", "Availability";
        /// 法律遵循性.
        Legal = "legal", "法律遵循性", "Legal compliance";
    }
}

words! {
    /// How one system hangs together with another.
    SystemLinkKind {
        /// It does not work without the other.
        DependsOn = "depends_on", "相依", "Depends on";
        /// It exchanges data with the other.
        ConnectsTo = "connects_to", "介接", "Connects to";
    }
}

impl BackgroundFact {
    /// The fields that it is written in; all of them make it known.
    pub const fn fields(self) -> &'static [BackgroundField] {
        use BackgroundField as Field;
        match self {
            Self::BusinessItem => &[Field::BusinessItem],
            Self::Stakeholder => &[Field::Stakeholder],
            Self::SecurityLevel => &[Field::SecurityLevel],
            Self::Circuit => &[Field::Circuit],
            Self::DatacenterLocation => &[Field::DatacenterLocation],
            Self::ServerKind => &[Field::ServerKind],
            Self::Os => &[Field::OsName, Field::OsVersion],
            Self::Operator => &[Field::OperatorAgency, Field::Contact],
            Self::Vendor => &[Field::Vendor],
        }
    }
}

/// What is said in a field, since when it is confirmed, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// The text; never empty.
    pub value: String,
    /// The day on which it was last confirmed.
    pub confirmed_on: Date,
    /// Where it comes from.
    pub source: FactSource,
}

impl Said {
    /// The last day on which it needs no new confirmation: the same day of the next year, 28 February after a
    /// 29 February.
    pub fn good_until(&self) -> Date {
        self.confirmed_on.saturating_add(1.year())
    }
}

/// Why a text cannot be a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadFact {
    /// More than [`LONGEST_FACT`] characters.
    TooLong,
    /// It has control characters other than line feeds.
    Control,
    /// The security level is no code of [`ProtectionLevel`].
    NoLevel,
}

impl std::fmt::Display for BadFact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong => write!(f, "more than {LONGEST_FACT} characters"),
            Self::Control => f.write_str("control characters"),
            Self::NoLevel => write!(f, "not one of {}", ProtectionLevel::CODES.join(" | ")),
        }
    }
}

impl std::error::Error for BadFact {}

/// 系統背景資訊: what is known of the nine facts. What is not said is unknown, never a default.
///
/// ```
/// use bulwark_model::{Background, BackgroundFact, BackgroundField, FactSource};
/// let mut background = Background::default();
/// let day = jiff::civil::date(2026, 11, 25);
/// background.say(BackgroundField::OsName, "Debian", day, FactSource::Typed).unwrap();
/// assert!(!background.knows(BackgroundFact::Os), "the version is part of it");
/// background.say(BackgroundField::OsVersion, "13", day, FactSource::Typed).unwrap();
/// assert!(background.knows(BackgroundFact::Os));
/// assert_eq!(background.missing().len(), 8);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<BackgroundField, Said>", into = "BTreeMap<BackgroundField, Said>")]
pub struct Background(BTreeMap<BackgroundField, Said>);

impl Background {
    /// What is said in a field.
    pub fn get(&self, field: BackgroundField) -> Option<&Said> {
        self.0.get(&field)
    }

    /// The text of a field.
    pub fn value(&self, field: BackgroundField) -> Option<&str> {
        self.get(field).map(|said| said.value.as_str())
    }

    /// Everything that is said, in the order of the glossary.
    pub fn said(&self) -> impl Iterator<Item = (BackgroundField, &Said)> {
        self.0.iter().map(|(field, said)| (*field, said))
    }

    /// Writes a field; a blank text empties it. The text that is there already stays with its day and source, so that
    /// a whole form can be saved without confirming what nobody touched.
    ///
    /// # Errors
    /// [`BadFact`]; the field stays as it was.
    pub fn say(
        &mut self,
        field: BackgroundField,
        text: &str,
        on: Date,
        source: FactSource,
    ) -> Result<(), BadFact> {
        let text = text.trim();
        if text.is_empty() {
            self.0.remove(&field);
        } else if self.value(field) != Some(text) {
            fits(field, text)?;
            self.0.insert(field, Said { value: text.to_owned(), confirmed_on: on, source });
        }
        Ok(())
    }

    /// Confirms everything that is said on a day; what was confirmed later stays so.
    pub fn confirm(&mut self, on: Date) {
        for said in self.0.values_mut() {
            said.confirmed_on = said.confirmed_on.max(on);
        }
    }

    /// Confirms one field on a day; what was confirmed later stays so.
    pub fn confirm_field(&mut self, field: BackgroundField, on: Date) {
        if let Some(said) = self.0.get_mut(&field) {
            said.confirmed_on = said.confirmed_on.max(on);
        }
    }

    /// Whether all parts of a fact are said.
    pub fn knows(&self, fact: BackgroundFact) -> bool {
        fact.fields().iter().all(|field| self.0.contains_key(field))
    }

    /// The facts that are not known, in the order of the glossary.
    pub fn missing(&self) -> Vec<BackgroundFact> {
        BackgroundFact::ALL.iter().copied().filter(|fact| !self.knows(*fact)).collect()
    }

    /// The facts of which something is past its [`Said::good_until`] on a day.
    pub fn stale(&self, on: Date) -> Vec<BackgroundFact> {
        let past = |field: &BackgroundField| self.get(*field).is_some_and(|said| said.good_until() < on);
        BackgroundFact::ALL.iter().copied().filter(|fact| fact.fields().iter().any(past)).collect()
    }

    /// The last day on which nothing in it needs a new confirmation; `None` when nothing is said.
    pub fn good_until(&self) -> Option<Date> {
        self.0.values().map(Said::good_until).min()
    }

    /// 資通安全等級, as it is said.
    pub fn security_level(&self) -> Option<ProtectionLevel> {
        self.value(BackgroundField::SecurityLevel)?.parse().ok()
    }
}

impl TryFrom<BTreeMap<BackgroundField, Said>> for Background {
    type Error = BadFact;

    fn try_from(said: BTreeMap<BackgroundField, Said>) -> Result<Self, BadFact> {
        let mut background = Self::default();
        for (field, Said { value, confirmed_on, source }) in said {
            background.say(field, &value, confirmed_on, source)?;
        }
        Ok(background)
    }
}

impl From<Background> for BTreeMap<BackgroundField, Said> {
    fn from(background: Background) -> Self {
        background.0
    }
}

fn fits(field: BackgroundField, text: &str) -> Result<(), BadFact> {
    if text.chars().count() > LONGEST_FACT {
        return Err(BadFact::TooLong);
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(BadFact::Control);
    }
    if field == BackgroundField::SecurityLevel && text.parse::<ProtectionLevel>().is_err() {
        return Err(BadFact::NoLevel);
    }
    Ok(())
}

/// 防護需求等級 in its four parts. A part that nobody rated is unknown, which is not the same as 普.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProtectionNeed {
    /// 機密性.
    pub confidentiality: Option<ProtectionLevel>,
    /// 完整性.
    pub integrity: Option<ProtectionLevel>,
    /// 可用性.
    pub availability: Option<ProtectionLevel>,
    /// 法律遵循性.
    pub legal: Option<ProtectionLevel>,
}

impl ProtectionNeed {
    /// The parts in the order of the rule.
    pub const fn parts(&self) -> [(ProtectionAspect, Option<ProtectionLevel>); 4] {
        [
            (ProtectionAspect::Confidentiality, self.confidentiality),
            (ProtectionAspect::Integrity, self.integrity),
            (ProtectionAspect::Availability, self.availability),
            (ProtectionAspect::Legal, self.legal),
        ]
    }

    /// The highest of the rated parts (附表九); `None` when none is rated. While [`Self::is_settled`] is false it is
    /// the least that the level can be.
    pub fn level(&self) -> Option<ProtectionLevel> {
        self.parts().into_iter().filter_map(|(_, level)| level).max()
    }

    /// The parts that nobody rated.
    pub fn unknown(&self) -> Vec<ProtectionAspect> {
        self.parts().into_iter().filter(|(_, level)| level.is_none()).map(|(aspect, _)| aspect).collect()
    }

    /// Whether rating the unknown parts could not change the level any more.
    pub fn is_settled(&self) -> bool {
        self.level() == Some(ProtectionLevel::High) || self.unknown().is_empty()
    }

    /// The level that counts for a system: the highest of its parts and of what is said as a whole.
    pub fn level_with(&self, said: Option<ProtectionLevel>) -> Option<ProtectionLevel> {
        self.level().max(said)
    }
}

/// The short code of a system, `SYS-<agency>-NNN`.
///
/// ```
/// use bulwark_model::SystemCode;
/// let code = SystemCode::next("A15", ["SYS-A15-001", "SYS-A15-007", "SYS-A15-B-009"]).unwrap();
/// assert_eq!(code.to_string(), "SYS-A15-008");
/// assert_eq!(SystemCode::parse("SYS-A15-B-009").unwrap().agency(), "A15-B");
/// assert!(SystemCode::parse("SYS-A15-8").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemCode {
    agency: String,
    number: u32,
}

impl SystemCode {
    /// What all codes of an agency begin with.
    pub fn prefix(agency: &str) -> String {
        format!("SYS-{agency}-")
    }

    /// Reads one in its one written form: three digits, more only when they are needed.
    pub fn parse(text: &str) -> Option<Self> {
        let (agency, digits) = text.strip_prefix("SYS-")?.rsplit_once('-')?;
        let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()?;
        let code = Self::new(agency, number)?;
        (code.to_string() == text).then_some(code)
    }

    /// The code after the highest that an agency ever had: a number does not come back when its system is gone.
    /// `None` for an agency whose code cannot be part of one, and when the numbers are used up.
    pub fn next<'a>(agency: &str, existing: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let own = existing.into_iter().filter_map(Self::parse).filter(|code| code.agency == agency);
        let last = own.map(|code| code.number).max().unwrap_or_default();
        Self::new(agency, last.checked_add(1)?)
    }

    fn new(agency: &str, number: u32) -> Option<Self> {
        let good = !agency.is_empty() && !agency.chars().any(|c| c.is_whitespace() || c.is_control());
        (good && number > 0).then(|| Self { agency: agency.to_owned(), number })
    }

    /// The code of the agency it was given in.
    pub fn agency(&self) -> &str {
        &self.agency
    }

    /// Its number at that agency, from 1.
    pub const fn number(&self) -> u32 {
        self.number
    }
}

impl std::fmt::Display for SystemCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:03}", Self::prefix(&self.agency), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn eleven_fields_are_nine_facts() {
        let fields: Vec<BackgroundField> =
            BackgroundFact::ALL.iter().flat_map(|fact| fact.fields().iter().copied()).collect();
        assert_eq!((BackgroundFact::ALL.len(), fields.as_slice()), (9, BackgroundField::ALL));
    }

    #[test]
    fn a_year_ends_on_the_same_day() {
        let said = |confirmed_on| Said { value: "x".into(), confirmed_on, source: FactSource::Typed };
        for (on, until) in [
            (date(2025, 11, 25), date(2026, 11, 25)),
            (date(2028, 2, 29), date(2029, 2, 28)),
            (date(2027, 2, 28), date(2028, 2, 28)),
            (date(2027, 3, 1), date(2028, 3, 1)),
            (Date::MAX, Date::MAX),
        ] {
            assert_eq!(said(on).good_until(), until);
        }
    }

    #[test]
    fn a_field_keeps_its_day_until_its_text_changes() {
        let (old, new) = (date(2025, 1, 1), date(2026, 1, 1));
        let mut background = Background::default();
        background.say(BackgroundField::Circuit, " GSN ", old, FactSource::Imported).unwrap();
        background.say(BackgroundField::Circuit, "GSN", new, FactSource::Typed).unwrap();
        let said = Said { value: "GSN".into(), confirmed_on: old, source: FactSource::Imported };
        assert_eq!(background.get(BackgroundField::Circuit), Some(&said));
        assert_eq!(background.stale(new), []);
        assert_eq!(background.stale(date(2026, 1, 2)), [BackgroundFact::Circuit]);
        background.confirm(new);
        background.confirm(old);
        assert_eq!(
            background.good_until(),
            Some(date(2027, 1, 1)),
            "an older confirmation takes nothing back"
        );
        background.say(BackgroundField::Circuit, "\t", new, FactSource::Typed).unwrap();
        assert_eq!(background, Background::default());
    }

    #[test]
    fn what_cannot_be_a_fact_is_refused_and_changes_nothing() {
        let mut background = Background::default();
        let mut say = |field, text: &str| background.say(field, text, date(2026, 1, 1), FactSource::Typed);
        assert_eq!(say(BackgroundField::Vendor, &"長".repeat(1001)), Err(BadFact::TooLong));
        assert_eq!(say(BackgroundField::Vendor, "a\u{7}b"), Err(BadFact::Control));
        assert_eq!(say(BackgroundField::SecurityLevel, "A"), Err(BadFact::NoLevel));
        assert_eq!(background, Background::default());
        let json = r#"{"security_level":{"value":"A","confirmed_on":"2026-01-01","source":"typed"}}"#;
        assert!(serde_json::from_str::<Background>(json).is_err(), "reading holds to the same rules");
    }

    #[test]
    fn the_highest_part_wins_and_the_unknown_are_named() {
        use ProtectionLevel::{Basic, High, Medium};
        let mut need = ProtectionNeed { integrity: Some(Medium), legal: Some(Basic), ..Default::default() };
        assert_eq!(need.level(), Some(Medium));
        assert_eq!(need.unknown(), [ProtectionAspect::Confidentiality, ProtectionAspect::Availability]);
        assert!(!need.is_settled());
        assert_eq!(need.level_with(Some(High)), Some(High));
        assert_eq!(need.level_with(None), Some(Medium));
        need.confidentiality = Some(High);
        assert!(need.is_settled(), "nothing can be higher");
        assert_eq!(ProtectionNeed::default().level(), None);
        assert!(!ProtectionNeed::default().is_settled());
    }

    #[test]
    fn only_the_one_written_form_of_a_code_is_taken() {
        for good in ["SYS-A-001", "SYS-A-B-999", "SYS-2.16.886.101-1000", "SYS-臺北-012"] {
            assert_eq!(SystemCode::parse(good).expect(good).to_string(), good);
        }
        for bad in
            ["", "SYS-001", "SYS--001", "SYS-A-000", "SYS-A-01", "SYS-A-0001", "SYS-A-+01", "sys-A-001"]
        {
            assert!(SystemCode::parse(bad).is_none(), "{bad}");
        }
        for bad in ["SYS-A-99999999999", "SYS-A B-001", "SYS-A-001 ", "SYS-A-００１"] {
            assert!(SystemCode::parse(bad).is_none(), "{bad}");
        }
        assert!(SystemCode::next("A", ["SYS-A-4294967295"]).is_none());
        assert!(SystemCode::next("", []).is_none());
    }

    proptest! {
        #[test]
        fn a_background_survives_its_stored_form(
            texts in proptest::collection::vec(proptest::option::of("\\PC{0,12}"), 11), day in 1i16..9998,
        ) {
            let mut background = Background::default();
            for (field, text) in BackgroundField::ALL.iter().zip(&texts) {
                let text = text.as_deref().unwrap_or_default();
                let _ = background.say(*field, text, date(day, 2, 28), FactSource::Imported);
            }
            let json = serde_json::to_string(&background).unwrap();
            prop_assert_eq!(serde_json::from_str::<Background>(&json).unwrap(), background.clone());
            let known = BackgroundFact::ALL.iter().filter(|fact| background.knows(**fact)).count();
            prop_assert_eq!(known + background.missing().len(), 9);
            for on in [date(day, 2, 27), date(day + 1, 2, 28), date(day + 1, 3, 1)] {
                let stale = background.good_until().is_some_and(|until| until < on);
                prop_assert_eq!(stale, !background.stale(on).is_empty());
            }
        }

        #[test]
        fn the_next_code_is_new_whatever_is_there(
            agency in "A|A-1|B", codes in proptest::collection::vec(("A|A-1|B|[A-Za-z0-9._-]{1,3}", 1u32..30), 0..20),
        ) {
            let codes: Vec<String> =
                codes.iter().map(|(agency, n)| format!("{}{n:03}", SystemCode::prefix(agency))).collect();
            let next = SystemCode::next(&agency, codes.iter().map(String::as_str)).unwrap();
            prop_assert!(!codes.contains(&next.to_string()));
            prop_assert_eq!(SystemCode::parse(&next.to_string()), Some(next));
        }

        #[test]
        fn any_text_is_a_code_or_none(text in "SYS-[A-C-]{0,3}-?[0-9]{0,4}|\\PC{0,16}") {
            if let Some(code) = SystemCode::parse(&text) {
                prop_assert_eq!(code.to_string(), text);
            }
        }
    }
}
