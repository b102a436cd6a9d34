//! Systems (資通系統): how complete their background is, what a cruise adds to it, and what people write for a level, a
//! length of time or a code.
//!
//! The words themselves are those of `bulwark_model`, named here again so that one `use` is enough.
//!
//! ```
//! use bulwark_inventory::system::{Background, BackgroundField, FactSource, Observed, completeness, enter, fill};
//! use jiff::civil::date;
//! let (typed, seen) = (date(2026, 1, 5), date(2026, 11, 25));
//! let mut background = Background::default();
//! enter(&mut background, BackgroundField::OsName, "Ubuntu", typed, FactSource::Typed).unwrap();
//! let observed = Observed { os_name: Some("Debian".into()), server_kind: Some("VM".into()), ..Observed::default() };
//! let (background, proposals) = fill(&background, &observed, seen);
//! assert_eq!(background.value(BackgroundField::OsName), Some("Ubuntu"), "what is there is never overwritten");
//! assert_eq!(proposals[0].observed, "Debian");
//! assert_eq!(completeness(&background, seen).known, 1);
//! ```

mod completeness;
mod fill;
mod mtpd;
mod written;

pub use bulwark_model::{
    Background, BackgroundFact, BackgroundField, BadFact, FactSource, ProtectionAspect, ProtectionLevel,
    ProtectionNeed, Said, SystemClass, SystemCode, SystemLinkKind,
};
pub use completeness::{Completeness, completeness};
pub use fill::{Observed, Proposal, fill};
pub use mtpd::{MOST_MINUTES, Mtpd};
pub use written::{code, enter, level};
