//! Fields as Taiwan writes them: identity numbers, 統一編號, ROC dates, names, postcodes, phones, addresses.
//!
//! One function checks a text as a [`Kind`] and answers with the normal form and with advice, or with
//! a [`Reason`]. A script twin (`js/twid.js`) gives the same answers from the same tables.
//!
//! ```
//! use bulwark_twid::{Kind, Reason, check};
//! let found = check(Kind::PersonId, "ａ123456789 ").unwrap();
//! assert_eq!((found.kind, found.value.as_str()), (Some("national_id"), "A123456789"));
//! assert_eq!(check(Kind::PersonId, "A123456788"), Err(Reason::Checksum));
//! ```

/// The script twin and its tables: file names side by side, and contents.
pub const SCRIPTS: [(&str, &str); 2] =
    [("twid.js", include_str!("../js/twid.js")), ("tables.js", include_str!("../js/tables.js"))];

pub mod address;
mod company;
mod date;
mod mask;
mod name;
mod normal;
mod person;
mod phone;
mod postcode;
mod reason;

pub use mask::mask;
pub use person::{LETTERS, WEIGHTS};
pub use phone::AREAS;
pub use postcode::ZONES;
pub use reason::{Advice, Reason, texts};

/// What a text should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Any identity number of a person; the answer says which.
    PersonId,
    /// 身分證統一編號.
    NationalId,
    /// 居留證統一證號, new or old.
    ResidenceId,
    /// 統一編號 of a company or agency (rule of April 2023).
    CompanyId,
    /// A date in ROC or Gregorian years.
    RocDate,
    /// The name of a person.
    Name,
    /// 郵遞區號.
    Postcode,
    /// A telephone number in Taiwan.
    Phone,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::PersonId,
        Self::NationalId,
        Self::ResidenceId,
        Self::CompanyId,
        Self::RocDate,
        Self::Name,
        Self::Postcode,
        Self::Phone,
    ];

    /// The word on the command line.
    pub const fn code(self) -> &'static str {
        match self {
            Self::PersonId => "person-id",
            Self::NationalId => "national-id",
            Self::ResidenceId => "residence-id",
            Self::CompanyId => "company-id",
            Self::RocDate => "roc-date",
            Self::Name => "name",
            Self::Postcode => "postcode",
            Self::Phone => "phone",
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|k| k.code() == s).ok_or_else(|| {
            let words: Vec<&str> = Self::ALL.iter().map(|k| k.code()).collect();
            format!("`{s}`: {}", words.join(" | "))
        })
    }
}

/// A text that is what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valid {
    /// Which of several kinds it is: `national_id`, `ui_number`, `arc_old`; `mobile`, `landline`, `toll_free`.
    pub kind: Option<&'static str>,
    /// The form to store: dates in ISO 8601, phones in E.164.
    pub value: String,
    /// What the person or the clerk should know.
    pub advice: Vec<Advice>,
}

impl Valid {
    fn plain(value: String) -> Self {
        Self { kind: None, value, advice: Vec::new() }
    }
}

/// Checks a text.
///
/// # Errors
/// Why it is not what it should be.
pub fn check(kind: Kind, text: &str) -> Result<Valid, Reason> {
    match kind {
        Kind::PersonId => person::check(text),
        Kind::NationalId => person::check(text).and_then(|v| person::only(v, &[person::NATIONAL])),
        Kind::ResidenceId => {
            person::check(text).and_then(|v| person::only(v, &[person::RESIDENCE, person::RESIDENCE_OLD]))
        }
        Kind::CompanyId => company::check(text),
        Kind::RocDate => date::check(text),
        Kind::Name => name::check(text),
        Kind::Postcode => postcode::check(text),
        Kind::Phone => phone::check(text),
    }
}
