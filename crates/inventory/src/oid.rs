//! Object identifiers (ITU-T X.660): numbers joined by dots, each body under the one whose identifier it extends.

use serde::{Deserialize, Serialize};

/// Most arcs of an identifier; those of government have ten at most.
const ARCS: usize = 32;
/// Longest identifier.
const LONGEST: usize = 128;

/// An object identifier in its one written form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Oid(String);

impl Oid {
    /// Reads one; `None` for what is none: empty arcs, leading zeros, a first arc over 2, or a second over 39 under 0
    /// and 1 (X.660 §7.6).
    ///
    /// ```
    /// use bulwark_inventory::oid::Oid;
    /// assert!(Oid::parse("2.16.886.101.20003").is_some());
    /// assert!(Oid::parse("2.16..886").is_none());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let arcs: Vec<&str> = text.split('.').collect();
        let good = |arc: &&str| {
            !arc.is_empty()
                && arc.bytes().all(|b| b.is_ascii_digit())
                && (arc.len() == 1 || !arc.starts_with('0'))
        };
        if !(2..=ARCS).contains(&arcs.len()) || !arcs.iter().all(good) {
            return None;
        }
        let second = arcs[1].parse::<u64>().unwrap_or(u64::MAX);
        let known = match arcs[0] {
            "0" | "1" => second < 40,
            "2" => true,
            _ => false,
        };
        known.then(|| Self(text.to_owned()))
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifiers above it, nearest first.
    pub fn above(&self) -> impl Iterator<Item = &str> {
        let mut rest = self.0.as_str();
        std::iter::from_fn(move || {
            rest = rest.rsplit_once('.')?.0;
            Some(rest)
        })
    }

    /// The identifier right above.
    pub fn parent(&self) -> Option<&str> {
        self.above().next()
    }
}

impl TryFrom<String> for Oid {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or(text)
    }
}

impl From<Oid> for String {
    fn from(oid: Oid) -> Self {
        oid.0
    }
}

impl std::fmt::Display for Oid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_the_one_written_form_is_taken() {
        for good in ["2.16", "0.39", "1.0.8571", "2.999.1", "2.16.886.101.20003.20001"] {
            assert!(Oid::parse(good).is_some(), "{good}");
        }
        for bad in ["", "2", "3.1", "1.40", "2.16.", ".2.16", "2.016", "2.16 ", "\t2.16", "2.１６", "2.-1"]
        {
            assert!(Oid::parse(bad).is_none(), "{bad}");
        }
        let oid = Oid::parse("2.16.886").expect("good");
        assert_eq!(oid.above().collect::<Vec<_>>(), ["2.16", "2"]);
    }

    proptest! {
        #[test]
        fn anything_is_read_or_refused(text in "[0-9.]{0,20}|\\PC{0,20}") {
            if let Some(oid) = Oid::parse(&text) {
                prop_assert_eq!(oid.to_string(), text);
                prop_assert!(oid.above().all(|above| oid.as_str().starts_with(above)));
            }
        }
    }
}
