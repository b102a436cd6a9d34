//! Systems and their links.
//!
//! The background is one JSON column with the version of its form: eleven fields with day and source would be
//! thirty-three columns that no query asks for one by one, and another field needs no migration. What lists do ask
//! for (`level`, `known_facts`, `good_until`) stands beside it and is worked out on every write.

use bulwark_model::{Background, BackgroundFact, ProtectionLevel, ProtectionNeed, SystemClass};
use serde::{Deserialize, Serialize};

use super::table;
use crate::{StoreError, canonical};

/// The version of the stored form of a background.
const FORM: u32 = 1;

table! {
    /// An information system (資通系統).
    system = "system" of organisation_id {
        /// Short code `SYS-<agency>-NNN`, unique, never given twice.
        code: String,
        /// The agency that answers for it.
        organisation_id: Uuid,
        /// The agency that runs it, when it is on record.
        operator_id: Option<Uuid>,
        /// The vendor that looks after it, when it is on record.
        vendor_id: Option<Uuid>,
        /// Full name.
        name: String,
        /// Code of [`bulwark_model::SystemClass`].
        class: String,
        /// Whether it is a core system (核心資通系統).
        core: bool,
        /// How long it may be away at most.
        mtpd_minutes: Option<i64>,
        /// Need of confidentiality, a code of [`bulwark_model::ProtectionLevel`]; unknown when empty.
        confidentiality: Option<String>,
        /// Need of integrity.
        integrity: Option<String>,
        /// Need of availability.
        availability: Option<String>,
        /// Need of legal compliance.
        legal: Option<String>,
        /// The background facts with the version of their form, JSON.
        background: String,
        /// The level that counts; worked out from the needs and the background on every write.
        level: Option<String>,
        /// How many of the nine facts are known; worked out from the background on every write.
        known_facts: i64,
        /// The last day on which no fact needs a new confirmation, `YYYY-MM-DD`; worked out on every write.
        good_until: Option<String>,
        /// The day on which all of it was last confirmed, `YYYY-MM-DD`.
        confirmed_on: Option<String>,
        /// First day on which it is no longer in use, `YYYY-MM-DD`.
        retired_on: Option<String>,
        /// Why it is no longer in use.
        retired_for: Option<String>,
        /// When it was entered.
        created_at: crate::Timestamp,
    }
}

table! {
    /// One system needs another, or exchanges data with it.
    system_link = "system_link" of organisation_id {
        /// The organisation that answers for the link.
        organisation_id: Uuid,
        /// The one that needs or connects.
        from_system: Uuid,
        /// The one that is needed or connected to.
        to_system: Uuid,
        /// Code of [`bulwark_model::SystemLinkKind`].
        kind: String,
        /// What goes over it, and why.
        note: String,
        /// The last day on which it is agreed, `YYYY-MM-DD`.
        expires_on: Option<String>,
        /// When it was entered.
        created_at: crate::Timestamp,
    }
}

/// The stored form of a background.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    facts: Background,
}

impl system::Model {
    /// The background facts.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] when the column was written by a newer program, or by none.
    pub fn facts(&self) -> Result<Background, StoreError> {
        let bad = |why: String| StoreError::BadValue { field: "background".into(), why };
        let stored: Stored = serde_json::from_str(&self.background).map_err(|why| bad(why.to_string()))?;
        if stored.version == FORM {
            Ok(stored.facts)
        } else {
            Err(bad(format!("version {} is not known, only {FORM}", stored.version)))
        }
    }

    /// Puts other background facts in place of those that are there.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] when they have no canonical form.
    pub fn set_facts(&mut self, facts: &Background) -> Result<(), StoreError> {
        self.background = canonical::to_string(&Stored { version: FORM, facts: facts.clone() })?;
        Ok(())
    }

    /// The class.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] for a word that this program does not know.
    pub fn class(&self) -> Result<SystemClass, StoreError> {
        word("class", &self.class)
    }

    /// What it needs of protection, part by part.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] for a word that this program does not know.
    pub fn need(&self) -> Result<ProtectionNeed, StoreError> {
        Ok(ProtectionNeed {
            confidentiality: level("confidentiality", self.confidentiality.as_deref())?,
            integrity: level("integrity", self.integrity.as_deref())?,
            availability: level("availability", self.availability.as_deref())?,
            legal: level("legal", self.legal.as_deref())?,
        })
    }

    /// Puts other needs in place of those that are there.
    pub fn set_need(&mut self, need: ProtectionNeed) {
        let code = |level: Option<ProtectionLevel>| level.map(|level| level.code().to_owned());
        self.confidentiality = code(need.confidentiality);
        self.integrity = code(need.integrity);
        self.availability = code(need.availability);
        self.legal = code(need.legal);
    }

    /// The level that counts.
    ///
    /// # Errors
    /// [`StoreError::BadValue`] for a word that this program does not know.
    pub fn level(&self) -> Result<Option<ProtectionLevel>, StoreError> {
        level("level", self.level.as_deref())
    }

    /// Holds the columns to what they may be, and works out those that follow from others.
    pub(crate) fn settle(&mut self) -> Result<(), StoreError> {
        let bad = |field: &str, why: &str| Err(StoreError::BadValue { field: field.into(), why: why.into() });
        let name = self.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            return bad("name", "a name has 1 to 200 characters and no control characters");
        }
        if self.mtpd_minutes.is_some_and(|minutes| !(1..=MOST_MINUTES).contains(&minutes)) {
            return bad("mtpd_minutes", "a tolerable downtime has between 1 minute and 365 days");
        }
        self.class()?;
        let facts = self.facts()?;
        let level = self.need()?.level_with(facts.security_level());
        self.name = name;
        self.level = level.map(|level| level.code().to_owned());
        let known = BackgroundFact::ALL.len() - facts.missing().len();
        self.known_facts = i64::try_from(known).unwrap_or(i64::MAX);
        self.good_until = facts.good_until().map(|day| day.to_string());
        // One spelling of the same facts, so that an unchanged background has an unchanged hash.
        self.set_facts(&facts)
    }
}

/// The longest tolerable downtime: a year.
const MOST_MINUTES: i64 = 365 * 24 * 60;

fn level(field: &str, code: Option<&str>) -> Result<Option<ProtectionLevel>, StoreError> {
    code.map(|code| word(field, code)).transpose()
}

fn word<T: std::str::FromStr<Err: std::fmt::Display>>(field: &str, code: &str) -> Result<T, StoreError> {
    code.parse().map_err(|why: T::Err| StoreError::BadValue { field: field.into(), why: why.to_string() })
}
