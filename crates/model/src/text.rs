//! A sentence in both languages of the platform.

use serde::{Deserialize, Serialize};

/// The two languages of the platform; Chinese as used in Taiwan comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Lang {
    /// 正體中文（臺灣）.
    #[default]
    #[serde(rename = "zh-TW")]
    ZhTw,
    /// English.
    #[serde(rename = "en")]
    En,
}

impl Lang {
    /// The BCP 47 tag for `<html lang>`.
    pub const fn html(self) -> &'static str {
        match self {
            Self::ZhTw => "zh-Hant-TW",
            Self::En => "en",
        }
    }

    /// The word a person types after `--lang`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ZhTw => "zh-TW",
            Self::En => "en",
        }
    }
}

impl std::str::FromStr for Lang {
    type Err = String;

    fn from_str(s: &str) -> Result<Self, String> {
        match s.to_ascii_lowercase().as_str() {
            "zh-tw" | "zh" | "zh-hant" | "zh-hant-tw" => Ok(Self::ZhTw),
            "en" | "en-us" | "en-gb" => Ok(Self::En),
            _ => Err(format!("`{s}`: zh-TW | en")),
        }
    }
}

/// One sentence in both languages, already filled in.
///
/// A text is kept in both languages wherever it is stored, so that a report can be written again
/// in the other language without the engine that made it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Text {
    /// 正體中文.
    #[serde(rename = "zh-TW")]
    pub zh_tw: String,
    /// English.
    pub en: String,
}

impl Text {
    /// A text of two different sentences.
    pub fn new(zh_tw: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh_tw: zh_tw.into(), en: en.into() }
    }

    /// The same words in both languages: names, codes, addresses.
    pub fn both(s: impl Into<String>) -> Self {
        let s = s.into();
        Self { zh_tw: s.clone(), en: s }
    }

    /// The sentence in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::ZhTw => &self.zh_tw,
            Lang::En => &self.en,
        }
    }

    /// True when there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.zh_tw.is_empty() && self.en.is_empty()
    }
}
