//! Brand themes: the few colours an agency may set for itself.

use bulwark_i18n::args;
use bulwark_model::Diagnostic;
use serde_json::Value as Json;

use super::contrast::{self, Failure};
use super::source::{Definition, Reader, Written};
use super::value::Kind;
use super::{Layer, Mode, TEXTS, TokenSet, message, quoted, resolve};

/// The tokens that belong to the brand. All others carry meaning that is the same on every site.
pub const BRAND: [&str; 4] =
    ["ds.color.accent", "ds.color.accent-hover", "ds.color.accent-soft", "ds.color.on-accent"];

/// Where a token of a theme keeps its values in the modes besides light, inside `$extensions` (DTCG
/// format, section 5.2.3): `{"bulwark.modes": {"dark": …, "contrast": …}}`.
pub const MODES_EXTENSION: &str = "bulwark.modes";

/// What messages call the theme; the caller knows its file.
const FILE: &str = "theme";

/// A system in the colours of an agency.
///
/// The theme is a DTCG file with any of [`BRAND`]: `$value` is the colour in light, [`MODES_EXTENSION`]
/// has those in dark and contrast, and a mode that is not named keeps the colour of the base. Values are
/// colours or references to primitive tokens.
///
/// ```
/// let theme = r##"{"ds": {"color": {"$type": "color", "accent": {
///   "$value": {"colorSpace": "srgb", "components": [0.3529, 0.1412, 0.4784], "hex": "#5a247a"},
///   "$extensions": {"bulwark.modes": {"dark": {"colorSpace": "oklch", "components": [0.8, 0.1, 310]}}}
/// }}}}"##;
/// let set = bulwark_ui::tokens::with_theme(bulwark_ui::tokens::embedded(), theme).expect("all pairs pass");
/// assert!(bulwark_ui::tokens::css(&set).contains("--ds-color-accent:#5a247a"));
/// ```
///
/// # Errors
/// Everything that is wrong with it: another name is set (BW-DS-015), an unknown mode (017), whatever
/// [`super::read`] would refuse, and, when all that is well, every pair whose contrast is too low, with
/// the nearest colour that passes (016).
pub fn with_theme(base: &TokenSet, theme_json: &str) -> Result<TokenSet, Vec<Diagnostic>> {
    let (set_by_theme, faults) = definitions(theme_json).map_err(|fault| vec![fault])?;
    let by_theme = |d: &Definition| set_by_theme.iter().any(|t| t.name == d.name);
    // A value shared by all modes becomes one for each, so that the theme can replace any of them.
    let mut all: Vec<Definition> = Vec::new();
    for definition in &base.definitions {
        if definition.mode.is_none() && by_theme(definition) {
            all.extend(Mode::ALL.map(|mode| Definition { mode: Some(mode), ..definition.clone() }));
        } else {
            all.push(definition.clone());
        }
    }
    for definition in &set_by_theme {
        all.retain(|d| d.name != definition.name || d.mode != definition.mode);
        all.push(definition.clone());
    }
    // The order of the base is that of the style sheet; a theme changes values, not places.
    let rank = |d: &Definition| {
        base.definitions.iter().position(|b| b.name == d.name && b.mode.is_none_or(|m| d.mode == Some(m)))
    };
    all.sort_by_key(|d| rank(d).unwrap_or(usize::MAX));
    let set = resolve::build(all, base.pairs.clone(), faults, true)?;
    let names: Vec<&str> = set_by_theme.iter().map(|d| d.name.as_str()).collect();
    let gate = contrast::gate_changing(&set, &names);
    if gate.failures.is_empty() {
        return Ok(set);
    }
    Err(gate.failures.iter().map(|failure| refusal(failure, &set_by_theme)).collect())
}

fn definitions(theme_json: &str) -> Result<(Vec<Definition>, Vec<Diagnostic>), Diagnostic> {
    let (mut reader, root) = Reader::open(FILE, theme_json)?;
    let mut out = Vec::new();
    for found in reader.tokens(&root) {
        let name = found.name();
        if !BRAND.contains(&name.as_str()) {
            reader.fault("BW-DS-015", &args![name = quoted(&name), allowed = BRAND.join(", ")], &found.path);
            continue;
        }
        let declared = match found.declared {
            Some(kind) if kind != Kind::Color => {
                let told =
                    args![name = name, kind = Kind::Color.code(), target = "$type", found = kind.code()];
                reader.fault("BW-DS-013", &told, &found.path);
                continue;
            }
            declared => declared,
        };
        let mut values = vec![(Mode::Light, &found.object["$value"], found.path.clone())];
        let extension = found.object.get("$extensions").and_then(|e| e.get(MODES_EXTENSION));
        let at: Vec<String> = found
            .path
            .iter()
            .cloned()
            .chain(["$extensions".to_owned(), MODES_EXTENSION.to_owned()])
            .collect();
        match extension {
            None => {}
            Some(Json::Object(modes)) => {
                for (code, value) in modes {
                    let place: Vec<String> = at.iter().cloned().chain([code.clone()]).collect();
                    match Mode::ALL.into_iter().find(|m| *m != Mode::Light && m.code() == code) {
                        Some(mode) => values.push((mode, value, place)),
                        None => reader.fault("BW-DS-017", &args![name = name, mode = quoted(code)], &place),
                    }
                }
            }
            Some(other) => {
                let form = r#"{"dark": …, "contrast": …}"#;
                let value = quoted(&other.to_string());
                let told = args![name = name, kind = MODES_EXTENSION, value = value, form = form];
                reader.fault("BW-DS-008", &told, &at);
            }
        }
        for (mode, value, place) in values {
            let written = reader.written(&name, declared, value, &place);
            // A reference alone has the type of its target; in the brand that must be a colour.
            let declared = match written {
                Written::Reference(_) => Some(Kind::Color),
                Written::Value(_) | Written::Refused => declared,
            };
            out.push(Definition {
                name: name.clone(),
                layer: Layer::Semantic,
                mode: Some(mode),
                declared,
                written,
                description: found.description(),
                place: reader.place(&place),
            });
        }
    }
    Ok((out, reader.faults))
}

/// The message for a pair, at the place of the theme that made it so.
fn refusal(failure: &Failure, set_by_theme: &[Definition]) -> Diagnostic {
    let Failure { mode, pair, ratio, wanted, nearest } = failure;
    let (front, back) = (&pair.front, &pair.back);
    let told = args![
        mode = mode.code(),
        front = front,
        back = back,
        ratio = contrast::shown(*ratio),
        wanted = wanted,
        name = nearest.as_ref().map(|(name, _)| name.as_str()).unwrap_or_default(),
        near = nearest.as_ref().map(|(_, color)| color.css()).unwrap_or_default(),
    ];
    let by_theme = |wanted: &str| set_by_theme.iter().find(|d| d.name == wanted && d.mode == Some(*mode));
    let place = by_theme(front).or_else(|| by_theme(back)).map(|d| d.place.clone()).unwrap_or_default();
    let mut out = message("BW-DS-016", &told, place);
    if nearest.is_none() {
        out.hint = TEXTS.text("BW-DS-016.both", &told);
    }
    out
}
