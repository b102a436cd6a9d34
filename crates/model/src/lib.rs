//! Domain words shared by every engine: languages, texts, severities, verdicts, domains,
//! findings, diagnostics and time. Nothing here reads a file, a socket or a clock.
//!
//! ```
//! use bulwark_model::{Severity, Text, Lang};
//! assert!(Severity::High > Severity::Advice);
//! assert_eq!(Severity::High.label().get(Lang::ZhTw), "高");
//! assert_eq!(Text::both("TLS 1.0").get(Lang::En), "TLS 1.0");
//! ```
//!
//! The closed word lists (verdict, severity, domain, …) serialise to the code words of the
//! glossary; those words are the interface of every file we write, so they live here once.

mod diagnostic;
mod finding;
pub mod rights;
mod system;
mod text;
mod time;
mod words;

pub use diagnostic::{Diagnostic, Location};
pub use finding::{Change, Effort, Finding, FindingState};
pub use system::{
    Background, BackgroundFact, BackgroundField, BadFact, FactSource, LONGEST_FACT, ProtectionAspect,
    ProtectionNeed, Said, SystemCode, SystemLinkKind,
};
pub use text::{Lang, Text};
pub use time::{Clock, FixedClock};
pub use words::{
    Check, Domain, Exit, Grade, Intensity, ParseWordError, ProtectionLevel, RetentionClass, Severity,
    SystemClass, Verdict,
};
