//! Contrast of text and controls (WCAG 2.2, criteria 1.4.3, 1.4.6 and 1.4.11).

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use serde_json::Value as Json;

use super::color::{Color, Oklch};
use super::source::Reader;
use super::{Mode, TEXTS, TokenSet, message, nearest_name, quoted};

/// The group that the names in the list of pairs belong to.
const GROUP: &str = "ds.color";

/// What a pair is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// Text on a surface.
    Text,
    /// A control, its state or the focus mark beside its surroundings.
    Ui,
}

impl Use {
    /// The word in `pairs.json`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Ui => "ui",
        }
    }

    /// The least contrast: 4.5 for text (1.4.3), 7 in the high-contrast mode (1.4.6), 3 for controls
    /// (1.4.11). The lower demand on large text is not used: tokens do not know the size.
    pub const fn wanted(self, mode: Mode) -> f64 {
        match (self, mode) {
            (Self::Text, Mode::Contrast) => 7.0,
            (Self::Text, Mode::Light | Mode::Dark) => 4.5,
            (Self::Ui, _) => 3.0,
        }
    }
}

/// Two colours that meet on the screen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// What for.
    pub usage: Use,
    /// The token in front, full name.
    pub front: String,
    /// The token behind, full name.
    pub back: String,
    place: Location,
}

/// A pair that does not reach its contrast.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// Where.
    pub mode: Mode,
    /// Which.
    pub pair: Pair,
    /// The contrast it has.
    pub ratio: f64,
    /// The contrast it needs.
    pub wanted: f64,
    /// The token to change and the nearest colour with which it passes; `None` when no single colour does.
    pub nearest: Option<(String, Color)>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { mode, pair, ratio, wanted, nearest } = self;
        let (mode, front, back) = (mode.code(), &pair.front, &pair.back);
        write!(f, "{mode}: {front} on {back} has {}:1 and needs {wanted}:1", shown(*ratio))?;
        match nearest {
            Some((name, color)) => write!(f, "; nearest {name}: {color}"),
            None => write!(f, "; change both"),
        }
    }
}

/// What the gate says about a set.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    /// Pairs looked at, each mode counted.
    pub pairs: usize,
    /// Those that pass.
    pub passed: usize,
    /// The others.
    pub failures: Vec<Failure>,
}

/// Contrast ratio of two opaque colours, 1 to 21 (WCAG 2.2, definition of the same name).
pub fn ratio(a: Color, b: Color) -> f64 {
    let (a, b) = (a.luminance(), b.luminance());
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Looks at every pair in every mode.
pub fn gate(set: &TokenSet) -> Gate {
    gate_changing(set, &[])
}

/// As [`gate`]; proposals change one of these tokens where a pair has one.
pub(super) fn gate_changing(set: &TokenSet, preferred: &[&str]) -> Gate {
    let mut gate = Gate { pairs: 0, passed: 0, failures: Vec::new() };
    for mode in Mode::ALL {
        for pair in set.pairs() {
            let (Some(front), Some(back)) = (set.color(&pair.front, mode), set.color(&pair.back, mode))
            else {
                continue;
            };
            gate.pairs += 1;
            let (ratio, wanted) = (ratio(front, back), pair.usage.wanted(mode));
            if ratio >= wanted {
                gate.passed += 1;
                continue;
            }
            let nearest = proposal(set, mode, pair, preferred);
            gate.failures.push(Failure { mode, pair: pair.clone(), ratio, wanted, nearest });
        }
    }
    gate
}

/// Which token to change to what: the one in front unless the other is preferred, so that all its pairs
/// of the mode pass, or this pair at least.
fn proposal(set: &TokenSet, mode: Mode, pair: &Pair, preferred: &[&str]) -> Option<(String, Color)> {
    let mut sides = [(&pair.front, &pair.back), (&pair.back, &pair.front)];
    sides.sort_by_key(|(name, _)| !preferred.contains(&name.as_str()));
    sides.into_iter().find_map(|(name, other)| {
        let color = set.color(name, mode)?;
        let all: Vec<(Color, f64)> = set
            .pairs()
            .iter()
            .filter_map(|p| {
                let other = if p.front == *name {
                    &p.back
                } else if p.back == *name {
                    &p.front
                } else {
                    return None;
                };
                Some((set.color(other, mode)?, p.usage.wanted(mode)))
            })
            .collect();
        let this = [(set.color(other, mode)?, pair.usage.wanted(mode))];
        let found = nearest(color, &all).or_else(|| nearest(color, &this))?;
        Some((name.clone(), found))
    })
}

/// Steps of lightness in the search; finer than eight bits can show.
const STEPS: u32 = 1000;

/// The colour nearest to one that reaches the contrast wanted against each of the others: hue is kept,
/// lightness moves as little as it can in OKLCH, chroma gives way only where sRGB ends. `None` when
/// neither lighter nor darker helps.
pub fn nearest(color: Color, others: &[(Color, f64)]) -> Option<Color> {
    let passes = |c: &Color| others.iter().all(|(other, wanted)| ratio(*c, *other) >= *wanted);
    if color.is_opaque() && passes(&color) {
        return Some(color);
    }
    let start = color.oklch();
    (0..=STEPS).find_map(|step| {
        let by = f64::from(step) / f64::from(STEPS);
        [start.lightness - by, start.lightness + by]
            .into_iter()
            .map(|lightness| Color::from_oklch(Oklch { lightness: lightness.clamp(0.0, 1.0), ..start }))
            .filter(passes)
            .max_by(|a, b| a.oklch().chroma.total_cmp(&b.oklch().chroma))
    })
}

/// Two digits, cut off, so that 4.499 is never shown as good.
pub(super) fn shown(ratio: f64) -> String {
    format!("{:.2}", (ratio * 100.0).floor() / 100.0)
}

/// Reads the list of pairs: `{"pairs": {"text": [["text", "canvas"], …], "ui": […]}}`.
pub(super) fn pairs(file: &str, text: &str) -> Result<(Vec<Pair>, Vec<Diagnostic>), Diagnostic> {
    let (mut reader, root) = Reader::open(file, text)?;
    let mut out = Vec::new();
    let empty = serde_json::Map::new();
    let mut path = vec!["pairs".to_owned()];
    let groups = root.get("pairs").and_then(Json::as_object).unwrap_or(&empty);
    if groups.is_empty() {
        wrong(&mut reader, root.get("pairs").unwrap_or(&Json::Null), &path);
    }
    for (code, list) in groups {
        path.truncate(1);
        path.push(code.clone());
        let usage = [Use::Text, Use::Ui].into_iter().find(|u| u.code() == code);
        let (Some(usage), Some(list)) = (usage, list.as_array()) else {
            wrong(&mut reader, list, &path);
            continue;
        };
        for (at, entry) in list.iter().enumerate() {
            path.truncate(2);
            path.push(at.to_string());
            match entry.as_array().map(Vec::as_slice) {
                Some([Json::String(front), Json::String(back)]) => out.push(Pair {
                    usage,
                    front: format!("{GROUP}.{front}"),
                    back: format!("{GROUP}.{back}"),
                    place: reader.place(&path),
                }),
                _ => wrong(&mut reader, entry, &path),
            }
        }
    }
    Ok((out, reader.faults))
}

fn wrong(reader: &mut Reader, value: &Json, path: &[String]) {
    let form = r#"{"pairs": {"text": [["text", "canvas"]], "ui": [["border", "surface"]]}}"#;
    let told = args![
        name = quoted(&path.join(".")),
        kind = "pairs",
        value = quoted(&value.to_string()),
        form = form
    ];
    reader.fault("BW-DS-008", &told, path);
}

/// Names in the list of pairs that are no opaque colour in some mode: their contrast cannot be told.
/// `defined` gives the place of a token's value.
pub(super) fn unusable(set: &TokenSet, defined: impl Fn(&str, Mode) -> Option<Location>) -> Vec<Diagnostic> {
    let mut out = Vec::new();
    for pair in set.pairs() {
        for name in [&pair.front, &pair.back] {
            let usable = |mode: &Mode| set.color(name, *mode).is_some_and(Color::is_opaque);
            let Some(mode) = Mode::ALL.into_iter().find(|mode| !usable(mode)) else { continue };
            let colors = set.iter().map(|t| t.name.as_str()).filter(|n| n.starts_with(GROUP));
            let told = args![name = quoted(name), near = nearest_name(name, colors)];
            // Either there is no such token, or the fault is where it gets its value.
            let place = defined(name, mode);
            let exists = place.is_some();
            let mut fault = message("BW-DS-018", &told, place.unwrap_or_else(|| pair.place.clone()));
            if exists {
                fault.hint = TEXTS.text("BW-DS-018.value", &told);
            }
            out.push(fault);
        }
    }
    out
}
