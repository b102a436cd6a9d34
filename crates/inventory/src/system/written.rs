//! What people write into forms and lists about a system.

use bulwark_i18n::args;
use bulwark_model::{
    Background, BackgroundField, BadFact, Diagnostic, FactSource, LONGEST_FACT, Location, ProtectionLevel,
    SystemCode,
};
use jiff::civil::Date;

use crate::{message, shown};

/// A level by its code or by what people write for it.
///
/// # Errors
/// `BW-INV-044`.
pub fn level(text: &str) -> Result<ProtectionLevel, Diagnostic> {
    let written = text.trim().to_lowercase();
    let word = written.strip_suffix('級').unwrap_or(&written);
    let found = ProtectionLevel::ALL.iter().copied().find(|level| {
        let label = level.label();
        word == level.code() || word == label.zh_tw || (word == "普通" && *level == ProtectionLevel::Basic)
    });
    found.ok_or_else(|| message("BW-INV-044", &args![value = shown(text.trim())]))
}

/// The code of a system.
///
/// # Errors
/// `BW-INV-042`.
pub fn code(text: &str) -> Result<SystemCode, Diagnostic> {
    let text = text.trim();
    SystemCode::parse(text).ok_or_else(|| message("BW-INV-042", &args![value = shown(text)]))
}

/// Writes what somebody entered into a field of a background. A blank text empties the field, the same text leaves it
/// as it is, with its day and source.
///
/// # Errors
/// `BW-INV-043` for a text that is too long or has control characters, `BW-INV-044` for an unknown level; each is
/// placed at the code of the field.
pub fn enter(
    background: &mut Background,
    field: BackgroundField,
    text: &str,
    on: Date,
    source: FactSource,
) -> Result<(), Diagnostic> {
    let place = || Location::Named(field.code().to_owned());
    // Forms end lines with CR LF (HTML "construct the entry list").
    let text = text.replace("\r\n", "\n");
    let text = if field == BackgroundField::SecurityLevel && !text.trim().is_empty() {
        level(&text).map_err(|wrong| wrong.at(place()))?.code().to_owned()
    } else {
        text
    };
    background.say(field, &text, on, source).map_err(|why| {
        let code = match why {
            BadFact::TooLong | BadFact::Control => "BW-INV-043",
            BadFact::NoLevel => "BW-INV-044",
        };
        message(code, &args![value = shown(text.trim()), most = LONGEST_FACT]).at(place())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn levels_are_read_as_people_write_them() {
        for (text, expected) in [
            ("高", ProtectionLevel::High),
            (" 中級 ", ProtectionLevel::Medium),
            ("普通", ProtectionLevel::Basic),
            ("普", ProtectionLevel::Basic),
            ("HIGH", ProtectionLevel::High),
        ] {
            assert_eq!(level(text), Ok(expected), "{text}");
        }
        for text in ["", "A", "低", "級"] {
            assert_eq!(level(text).unwrap_err().code, "BW-INV-044", "{text}");
        }
    }

    #[test]
    fn a_code_is_read_or_refused() {
        assert_eq!(code(" SYS-A15-001 ").map(|code| code.number()), Ok(1));
        assert_eq!(code("SYS-A15-1").unwrap_err().code, "BW-INV-042");
    }

    #[test]
    fn a_form_is_taken_as_it_is_sent_and_a_wrong_field_is_named() {
        let mut background = Background::default();
        let mut put =
            |field, text: &str| enter(&mut background, field, text, date(2026, 1, 1), FactSource::Typed);
        put(BackgroundField::Stakeholder, "民眾\r\n戶政事務所").unwrap();
        put(BackgroundField::SecurityLevel, "高級").unwrap();
        let wrong = put(BackgroundField::Circuit, "a\u{0}b").unwrap_err();
        assert_eq!((wrong.code.as_str(), wrong.location.to_string().as_str()), ("BW-INV-043", "circuit"));
        assert_eq!(put(BackgroundField::Vendor, &"x".repeat(1001)).unwrap_err().code, "BW-INV-043");
        let wrong = put(BackgroundField::SecurityLevel, "A").unwrap_err();
        assert_eq!(
            (wrong.code.as_str(), wrong.location.to_string().as_str()),
            ("BW-INV-044", "security_level")
        );
        put(BackgroundField::SecurityLevel, " ").unwrap();
        assert_eq!(background.value(BackgroundField::Stakeholder), Some("民眾\n戶政事務所"));
        assert_eq!(background.said().count(), 1);
    }
}
