//! Design tokens: the DTCG files of `design/tokens` in three layers and three modes.
//!
//! Format: Design Tokens Format Module 2025.10 (Design Tokens Community Group), with the types this
//! system uses. Our own rules on top: a semantic token refers to primitive tokens alone, a component
//! token to semantic tokens or its own layer, and nothing refers upward; names are lower-case letters,
//! digits and hyphens, because they become CSS custom properties; a colour stands in every mode.

mod color;
pub mod contrast;
mod output;
mod place;
mod resolve;
mod source;
mod theme;
mod value;

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;
use bulwark_model::{Diagnostic, Location};

pub use color::{Color, Oklch};
pub use contrast::{Failure, Gate, Pair, Use};
pub use output::{css, json};
pub use resolve::read;
pub use theme::{BRAND, MODES_EXTENSION, with_theme};
pub use value::{DimensionUnit, DurationUnit, Kind, Value};

use crate::assets;
use source::Definition;

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("ui tokens", include_str!("zh-TW.toml"), include_str!("en.toml")));

static EMBEDDED: LazyLock<TokenSet> = LazyLock::new(|| {
    let files =
        assets::under("tokens").filter_map(|(name, bytes)| Some((name, std::str::from_utf8(bytes).ok()?)));
    read(files).unwrap_or_else(|faults| broken(&faults))
});

static EMBEDDED_CSS: LazyLock<String> = LazyLock::new(|| css(&EMBEDDED));

/// Where a token stands, from raw value to the one component that uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Raw values; never shipped by name.
    Primitive,
    /// What a value means.
    Semantic,
    /// What one component fixes for itself.
    Component,
}

impl Layer {
    /// All layers, lowest first.
    pub const ALL: [Self; 3] = [Self::Primitive, Self::Semantic, Self::Component];

    /// The word in file names.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Primitive => "primitive",
            Self::Semantic => "semantic",
            Self::Component => "component",
        }
    }

    /// Whether a token of this layer may refer to one of the other.
    const fn may_refer_to(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Primitive | Self::Semantic, Self::Primitive)
                | (Self::Component, Self::Semantic | Self::Component)
        )
    }
}

/// How a page is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Dark on light; paper too.
    Light,
    /// Light on dark.
    Dark,
    /// High contrast.
    Contrast,
}

impl Mode {
    /// All modes, in the order of [`Token::values`].
    pub const ALL: [Self; 3] = [Self::Light, Self::Dark, Self::Contrast];

    /// The word in file names and in `data-theme`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
            Self::Contrast => "contrast",
        }
    }
}

/// One token with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Full name, `ds.color.text`.
    pub name: String,
    /// Layer it is defined in.
    pub layer: Layer,
    /// What its file says about it, empty when nothing.
    pub description: String,
    /// The value in light, dark and contrast, with every reference followed.
    pub values: [Value; 3],
}

impl Token {
    /// The name of the CSS custom property without the two hyphens, `ds-color-text`.
    pub fn css_name(&self) -> String {
        css_name(&self.name)
    }

    /// The value in one mode.
    pub const fn value(&self, mode: Mode) -> &Value {
        &self.values[mode as usize]
    }
}

/// All tokens of a system, checked and resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenSet {
    definitions: Vec<Definition>,
    tokens: Vec<Token>,
    pairs: Vec<Pair>,
}

impl TokenSet {
    /// All tokens: primitive, semantic, component, each in the order of its file.
    pub fn iter(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter()
    }

    /// One token by full name.
    pub fn get(&self, name: &str) -> Option<&Token> {
        self.tokens.iter().find(|t| t.name == name)
    }

    /// The colour of a token in a mode; `None` when there is no such token or it is no colour.
    pub fn color(&self, name: &str, mode: Mode) -> Option<Color> {
        match self.get(name)?.value(mode) {
            Value::Color(color) => Some(*color),
            _ => None,
        }
    }

    /// The pairs whose contrast counts.
    pub fn pairs(&self) -> &[Pair] {
        &self.pairs
    }
}

/// The tokens of this repository.
///
/// # Panics
/// When the embedded files are wrong; a test of this crate loads them, so a build that passed its
/// tests cannot.
pub fn embedded() -> &'static TokenSet {
    &EMBEDDED
}

/// The custom properties of [`embedded`].
pub fn embedded_css() -> &'static str {
    &EMBEDDED_CSS
}

/// The contrast gate over [`embedded`].
pub fn gate() -> Gate {
    contrast::gate(embedded())
}

/// [`embedded`] with the brand theme of an agency; see [`with_theme`].
///
/// # Errors
/// Everything that is wrong with the theme (BW-DS-001…019).
pub fn themed(theme_json: &str) -> Result<TokenSet, Vec<Diagnostic>> {
    with_theme(embedded(), theme_json)
}

/// The messages about tokens.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}

#[expect(clippy::panic, reason = "compiled-in files, loaded by a test of the same crate")]
fn broken(faults: &[Diagnostic]) -> ! {
    let list: Vec<String> = faults.iter().map(|f| f.render(bulwark_model::Lang::En)).collect();
    panic!("{}", list.join("\n"))
}

fn css_name(name: &str) -> String {
    name.replace('.', "-")
}

fn message(code: &str, values: &[(&str, String)], place: Location) -> Diagnostic {
    let what = TEXTS.text(&format!("{code}.what"), values);
    let hint = TEXTS.text(&format!("{code}.hint"), values);
    Diagnostic::new(code, what, hint).at(place)
}

/// Longest piece of an input that a message repeats, in characters.
const QUOTED: usize = 60;

/// A piece of an input as a message shows it.
fn quoted(text: &str) -> String {
    let mut out: String = text.chars().take(QUOTED).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(QUOTED).is_some() {
        out.push('…');
    }
    out
}

/// The name that looks most like a word.
fn nearest_name<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    let word = quoted(word);
    let best = names.max_by(|a, b| {
        strsim::jaro_winkler(&word, a).total_cmp(&strsim::jaro_winkler(&word, b)).then_with(|| b.cmp(a))
    });
    best.unwrap_or_default().to_owned()
}
