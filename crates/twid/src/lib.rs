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
pub mod company;
pub mod date;
mod mask;
pub mod name;
mod normal;
pub mod person;
pub mod phone;
pub mod postcode;
mod reason;

use bulwark_model::Text;

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
    /// A date in ROC or Gregorian years, not before 民國 1.
    RocDate,
    /// A date in years before 民國 1 (1912), asked for as such.
    RocDateBefore,
    /// The name of a person.
    Name,
    /// 郵遞區號.
    Postcode,
    /// A telephone number in Taiwan.
    Phone,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 9] = [
        Self::PersonId,
        Self::NationalId,
        Self::ResidenceId,
        Self::CompanyId,
        Self::RocDate,
        Self::RocDateBefore,
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
            Self::RocDateBefore => "roc-date-before",
            Self::Name => "name",
            Self::Postcode => "postcode",
            Self::Phone => "phone",
        }
    }
}

impl Kind {
    /// What people call it.
    pub fn label(self) -> Text {
        texts().text(&format!("kind.{}", self.code()), &[])
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

    /// What people call it: which of several kinds it is, or the kind that was asked for.
    pub fn label(&self, asked: Kind) -> Text {
        self.kind.map_or_else(|| asked.label(), |found| texts().text(&format!("found.{found}"), &[]))
    }

    /// The value as people read it: dates in words.
    pub fn shown(&self) -> Text {
        date::shown(&self.value).unwrap_or_else(|| Text::both(&self.value))
    }
}

/// Checks a text.
///
/// # Errors
/// Why it is not what it should be.
pub fn check(kind: Kind, text: &str) -> Result<Valid, Reason> {
    match kind {
        Kind::PersonId => person::parse(text),
        Kind::NationalId => person::national(text),
        Kind::ResidenceId => person::residence(text),
        Kind::CompanyId => company::parse(text),
        Kind::RocDate => date::parse(text),
        Kind::RocDateBefore => date::parse_before_era(text),
        Kind::Name => name::parse(text),
        Kind::Postcode => postcode::parse(text),
        Kind::Phone => phone::parse(text),
    }
}
