//! Names of people, organisations and objects inside the platform: UUIDs that cannot be mixed up.

use serde::{Deserialize, Serialize};

/// A text that is no UUID of the form `8-4-4-4-12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseIdError(pub String);

impl std::fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}`: 8-4-4-4-12 hexadecimal digits", self.0)
    }
}

impl std::error::Error for ParseIdError {}

/// The bytes of a UUID in its usual form, in upper or lower case.
fn parse_uuid(text: &str) -> Option<[u8; 16]> {
    let groups = text.split('-').map(str::len);
    (groups.eq([8, 4, 4, 4, 12]) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())).then_some(())?;
    u128::from_str_radix(&text.replace('-', ""), 16).ok().map(u128::to_be_bytes)
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// From the sixteen bytes of a UUID.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The sixteen bytes of the UUID.
            pub const fn bytes(self) -> [u8; 16] {
                self.0
            }

            /// From a number; tests and fixtures count from 1.
            pub const fn from_u128(number: u128) -> Self {
                Self(number.to_be_bytes())
            }
        }

        impl std::fmt::Display for $name {
            /// The usual form of a UUID: `8-4-4-4-12` hexadecimal digits.
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                for (at, byte) in self.0.iter().enumerate() {
                    if matches!(at, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_uuid(text).map(Self).ok_or_else(|| ParseIdError(text.to_owned()))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A person with an account, or an automatic act's stand-in.
    PersonId;
    /// An organisation: agency, vendor, authority or the service team itself.
    OrganisationId;
    /// A network or social-engineering exercise.
    ExerciseId;
}

/// The code of a sector of non-government bodies, as the sector authority's list has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sector(String);

impl Sector {
    /// The sector with this code.
    pub fn new(code: impl Into<String>) -> Self {
        Self(code.into())
    }

    /// The code.
    pub fn code(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_as_a_uuid() {
        let id = PersonId::from_u128(0x0190_1234_5678_7abc_8def_0123_4567_89ab);
        assert_eq!(id.to_string(), "01901234-5678-7abc-8def-0123456789ab");
        assert_eq!(PersonId::from_bytes(id.bytes()), id);
        assert_eq!(id.to_string().to_uppercase().parse(), Ok(id));
        assert_eq!(format!("{id:?}"), format!("PersonId({id})"));
        for bad in [
            "",
            "0190123456787abc8def0123456789ab",
            "01901234-5678-7abc-8def-0123456789a",
            "+1901234-5678-7abc-8def-0123456789ab",
            "\u{8cc7}901234-5678-7abc-8def-012345678",
            "01901234-5678-7abc-8def-0123456789ab-",
        ] {
            assert_eq!(bad.parse::<PersonId>(), Err(ParseIdError(bad.to_owned())));
        }
    }
}
