//! The values tokens have: how DTCG writes them and how CSS does.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::color::{Color, Oklch, byte};

/// The type of a token (DTCG format, sections 8 and 9), as far as this system uses them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `color`
    Color,
    /// `dimension`
    Dimension,
    /// `fontFamily`
    FontFamily,
    /// `fontWeight`
    FontWeight,
    /// `number`
    Number,
    /// `duration`
    Duration,
}

impl Kind {
    /// All types.
    pub const ALL: [Self; 6] =
        [Self::Color, Self::Dimension, Self::FontFamily, Self::FontWeight, Self::Number, Self::Duration];

    /// The word in `$type`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Color => "color",
            Self::Dimension => "dimension",
            Self::FontFamily => "fontFamily",
            Self::FontWeight => "fontWeight",
            Self::Number => "number",
            Self::Duration => "duration",
        }
    }

    /// The type of a word.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.code() == code)
    }

    /// How a value of this type is written, for messages.
    pub(super) const fn form(self) -> &'static str {
        match self {
            Self::Color => {
                r##"{"colorSpace": "srgb", "components": [0.0431, 0.3098, 0.4235], "hex": "#0b4f6c"}"##
            }
            Self::Dimension => r#"{"value": 1.5, "unit": "rem"}"#,
            Self::FontFamily => r#"["Noto Sans TC", "sans-serif"]"#,
            Self::FontWeight => r#"400 (1–1000), "bold""#,
            Self::Number => "1.7",
            Self::Duration => r#"{"value": 150, "unit": "ms"}"#,
        }
    }
}

/// Unit of a length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DimensionUnit {
    /// CSS pixels.
    Px,
    /// Font sizes of the root.
    Rem,
}

/// Unit of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DurationUnit {
    /// Milliseconds.
    Ms,
    /// Seconds.
    S,
}

/// A value with every reference followed.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A colour.
    Color(Color),
    /// A length.
    Dimension(f64, DimensionUnit),
    /// Names of fonts, the preferred one first.
    FontFamily(Vec<String>),
    /// Weight of a font, 1 to 1000.
    FontWeight(f64),
    /// A number without unit.
    Number(f64),
    /// A time.
    Duration(f64, DurationUnit),
}

/// What is wrong with a written value.
#[derive(Debug, PartialEq)]
pub(super) enum Wrong {
    /// It is not of the type.
    Form,
    /// The unit is not one of those listed.
    Unit(String, &'static str),
    /// The fallback is another colour than the components.
    Hex {
        /// As written.
        hex: String,
        /// By the components.
        computed: Color,
    },
}

impl Value {
    /// Reads a value that is no reference.
    pub(super) fn from_json(kind: Kind, json: &Json) -> Result<Self, Wrong> {
        match kind {
            Kind::Color => color(json).map(Self::Color),
            Kind::Dimension => {
                let units = [("px", DimensionUnit::Px), ("rem", DimensionUnit::Rem)];
                measure(json, &units, "px, rem").map(|(value, unit)| Self::Dimension(value, unit))
            }
            Kind::Duration => {
                let units = [("ms", DurationUnit::Ms), ("s", DurationUnit::S)];
                measure(json, &units, "ms, s").map(|(value, unit)| Self::Duration(value, unit))
            }
            Kind::Number => json.as_f64().map(Self::Number).ok_or(Wrong::Form),
            Kind::FontWeight => weight(json).map(Self::FontWeight).ok_or(Wrong::Form),
            Kind::FontFamily => family(json).map(Self::FontFamily).ok_or(Wrong::Form),
        }
    }

    /// The type.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Color(_) => Kind::Color,
            Self::Dimension(..) => Kind::Dimension,
            Self::FontFamily(_) => Kind::FontFamily,
            Self::FontWeight(_) => Kind::FontWeight,
            Self::Number(_) => Kind::Number,
            Self::Duration(..) => Kind::Duration,
        }
    }

    /// The value in CSS. Zero keeps its unit, so that it can stand in `calc()`.
    pub fn css(&self) -> String {
        match self {
            Self::Color(color) => color.css(),
            Self::Dimension(value, DimensionUnit::Px) => format!("{}px", number(*value)),
            Self::Dimension(value, DimensionUnit::Rem) => format!("{}rem", number(*value)),
            Self::Duration(value, DurationUnit::Ms) => format!("{}ms", number(*value)),
            Self::Duration(value, DurationUnit::S) => format!("{}s", number(*value)),
            Self::Number(value) | Self::FontWeight(value) => number(*value),
            Self::FontFamily(names) => names.iter().map(|n| font(n)).collect::<Vec<_>>().join(","),
        }
    }
}

fn color(json: &Json) -> Result<Color, Wrong> {
    let keys = ["colorSpace", "components", "alpha", "hex"];
    let object =
        json.as_object().filter(|o| o.keys().all(|k| keys.contains(&k.as_str()))).ok_or(Wrong::Form)?;
    let components = object.get("components").and_then(Json::as_array).ok_or(Wrong::Form)?;
    let component = |c: &Json| if c == "none" { Some(0.0) } else { c.as_f64() };
    let numbers: Vec<f64> = components.iter().map_while(component).collect();
    let [first, second, third] = numbers[..] else { return Err(Wrong::Form) };
    if components.len() != 3 {
        return Err(Wrong::Form);
    }
    let hex = match object.get("hex") {
        None => None,
        Some(hex) => {
            let hex = hex.as_str().ok_or(Wrong::Form)?;
            Some((hex, Color::from_hex(hex).ok_or(Wrong::Form)?))
        }
    };
    let unit = 0.0..=1.0;
    let opaque = match object.get("colorSpace").and_then(Json::as_str) {
        Some("srgb") if numbers.iter().all(|n| unit.contains(n)) => {
            let computed = Color::from_srgb([first, second, third]);
            agree(hex, computed)?;
            computed
        }
        Some("oklch") if unit.contains(&first) && second >= 0.0 && (0.0..360.0).contains(&third) => {
            let wanted = Oklch { lightness: first, chroma: second, hue: third };
            let computed = Color::from_oklch(wanted);
            match hex {
                // Outside sRGB the author's fallback is the better choice (DTCG colour module, property `hex`).
                Some((_, fallback)) if (computed.oklch().chroma - second).abs() > 0.01 => fallback,
                _ => {
                    agree(hex, computed)?;
                    computed
                }
            }
        }
        _ => return Err(Wrong::Form),
    };
    let alpha = match object.get("alpha") {
        None => 1.0,
        Some(alpha) => alpha.as_f64().filter(|a| unit.contains(a)).ok_or(Wrong::Form)?,
    };
    Ok(Color { alpha: byte(alpha), ..opaque })
}

/// Refuses a fallback that is another colour; one step of eight bits is the rounding of the components.
fn agree(hex: Option<(&str, Color)>, computed: Color) -> Result<(), Wrong> {
    match hex {
        Some((hex, color)) if color.step_from(computed) > 1 => {
            Err(Wrong::Hex { hex: hex.to_owned(), computed })
        }
        _ => Ok(()),
    }
}

fn measure<U: Copy>(json: &Json, units: &[(&str, U)], allowed: &'static str) -> Result<(f64, U), Wrong> {
    let object = json.as_object().filter(|o| o.len() == 2).ok_or(Wrong::Form)?;
    let value = object.get("value").and_then(Json::as_f64).ok_or(Wrong::Form)?;
    let unit = object.get("unit").and_then(Json::as_str).ok_or(Wrong::Form)?;
    let found = units.iter().find(|(name, _)| *name == unit);
    found.map(|(_, u)| (value, *u)).ok_or_else(|| Wrong::Unit(unit.to_owned(), allowed))
}

/// Names of weights (DTCG format, section 8.4; numbers of OpenType's `wght`).
fn weight(json: &Json) -> Option<f64> {
    let Some(name) = json.as_str() else { return json.as_f64().filter(|w| (1.0..=1000.0).contains(w)) };
    Some(match name {
        "thin" | "hairline" => 100.0,
        "extra-light" | "ultra-light" => 200.0,
        "light" => 300.0,
        "normal" | "regular" | "book" => 400.0,
        "medium" => 500.0,
        "semi-bold" | "demi-bold" => 600.0,
        "bold" => 700.0,
        "extra-bold" | "ultra-bold" => 800.0,
        "black" | "heavy" => 900.0,
        "extra-black" | "ultra-black" => 950.0,
        _ => return None,
    })
}

fn family(json: &Json) -> Option<Vec<String>> {
    let name =
        |json: &Json| json.as_str().filter(|n| !n.is_empty() && !n.starts_with('{')).map(str::to_owned);
    match json {
        Json::Array(list) if !list.is_empty() => list.iter().map(name).collect(),
        other => name(other).map(|n| vec![n]),
    }
}

/// A number without a zero that CSS does not need.
fn number(value: f64) -> String {
    let text = value.to_string();
    match text
        .strip_prefix("0.")
        .map(|r| format!(".{r}"))
        .or_else(|| Some(format!("-.{}", text.strip_prefix("-0.")?)))
    {
        Some(short) => short,
        None if value == 0.0 => "0".to_owned(),
        None => text,
    }
}

/// Families that are words of CSS (CSS Fonts 4, `<generic-family>`); all others are strings.
const GENERIC: [&str; 11] = [
    "serif",
    "sans-serif",
    "cursive",
    "fantasy",
    "monospace",
    "system-ui",
    "math",
    "ui-serif",
    "ui-sans-serif",
    "ui-monospace",
    "ui-rounded",
];

/// One family. Everything that could end the string or a `<style>` element is escaped.
fn font(name: &str) -> String {
    if GENERIC.contains(&name) {
        return name.to_owned();
    }
    let mut out = "\"".to_owned();
    for c in name.chars() {
        if c.is_control() || matches!(c, '"' | '\\' | '<') {
            let _ = write!(out, "\\{:x} ", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn css(kind: Kind, json: &Json) -> Result<String, Wrong> {
        Value::from_json(kind, json).map(|v| v.css())
    }

    #[test]
    fn values_become_short_css() {
        for (kind, json, want) in [
            (Kind::Color, json!({"colorSpace": "srgb", "components": [1, "none", 0], "alpha": 0.2}), "#f003"),
            (
                Kind::Color,
                json!({"colorSpace": "oklch", "components": [0.628, 0.2577, 29.23], "hex": "#ff0000"}),
                "#f00",
            ),
            (
                Kind::Color,
                json!({"colorSpace": "oklch", "components": [0.7, 0.4, 150], "hex": "#00c060"}),
                "#00c060",
            ),
            (Kind::Dimension, json!({"value": 0.25, "unit": "rem"}), ".25rem"),
            (Kind::Dimension, json!({"value": -0.5, "unit": "px"}), "-.5px"),
            (Kind::Dimension, json!({"value": 0.0, "unit": "rem"}), "0rem"),
            (Kind::Duration, json!({"value": 150, "unit": "ms"}), "150ms"),
            (Kind::Number, json!(1.70), "1.7"),
            (Kind::FontWeight, json!("demi-bold"), "600"),
            (Kind::FontFamily, json!(["A \"<b", "ui-monospace"]), "\"A \\22 \\3c b\",ui-monospace"),
        ] {
            assert_eq!(css(kind, &json).as_deref(), Ok(want), "{json}");
        }
    }

    #[test]
    fn values_of_another_type_are_refused() {
        for (kind, json) in [
            (Kind::Color, json!("#fff")),
            (Kind::Color, json!({"colorSpace": "srgb", "components": [1, 0]})),
            (Kind::Color, json!({"colorSpace": "srgb", "components": [1, 0, 0, 0]})),
            (Kind::Color, json!({"colorSpace": "srgb", "components": [1, 0, 2]})),
            (Kind::Color, json!({"colorSpace": "hsl", "components": [1, 0, 1]})),
            (Kind::Color, json!({"colorSpace": "srgb", "components": [1, 0, 1], "hex": "#f0f"})),
            (Kind::Color, json!({"colorSpace": "srgb", "components": [1, 0, 1], "alpha": 2})),
            (Kind::Dimension, json!({"value": "1", "unit": "px"})),
            (Kind::Dimension, json!("1px")),
            (Kind::FontWeight, json!(0)),
            (Kind::FontFamily, json!([])),
            (Kind::FontFamily, json!(["{font.a}"])),
            (Kind::Number, json!("1")),
        ] {
            assert_eq!(Value::from_json(kind, &json), Err(Wrong::Form), "{json}");
        }
        let wrong = json!({"value": 1, "unit": "em"});
        assert_eq!(css(Kind::Dimension, &wrong), Err(Wrong::Unit("em".into(), "px, rem")));
        let other = json!({"colorSpace": "srgb", "components": [0, 0, 0], "hex": "#0a0000"});
        assert_eq!(
            css(Kind::Color, &other),
            Err(Wrong::Hex { hex: "#0a0000".into(), computed: Color::BLACK })
        );
    }
}
