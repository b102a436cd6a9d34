//! What a person fills in with a step.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A value of a form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Words.
    Text(String),
    /// A moment.
    At(Timestamp),
    /// A day.
    On(Date),
    /// A number.
    Number(i64),
    /// Several words: names, chosen aspects, references.
    Words(Vec<String>),
}

impl Field {
    /// Whether nothing was filled in: no words but spaces, an empty list.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.trim().is_empty(),
            Self::Words(words) => words.iter().all(|word| word.trim().is_empty()),
            Self::At(_) | Self::On(_) | Self::Number(_) => false,
        }
    }
}

/// The values of a form by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fields(BTreeMap<String, Field>);

impl Fields {
    /// Adds a value.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: Field) -> Self {
        self.0.insert(name.into(), value);
        self
    }

    /// Whether something is filled in.
    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|field| !field.is_empty())
    }

    /// A moment.
    pub fn at(&self, name: &str) -> Option<Timestamp> {
        match self.0.get(name)? {
            Field::At(at) => Some(*at),
            _ => None,
        }
    }

    /// A day.
    pub fn on(&self, name: &str) -> Option<Date> {
        match self.0.get(name)? {
            Field::On(date) => Some(*date),
            _ => None,
        }
    }

    /// Words.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Field::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    /// Several words; a single text counts as one.
    pub fn words(&self, name: &str) -> Option<Vec<&str>> {
        match self.0.get(name)? {
            Field::Words(words) => Some(words.iter().map(|word| word.trim()).collect()),
            Field::Text(text) => Some(vec![text.trim()]),
            _ => None,
        }
    }
}
