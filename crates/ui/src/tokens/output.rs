//! What consumers read: CSS custom properties and flat JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::{Layer, Mode, Token, TokenSet};

/// The custom properties of all but primitive tokens, `--ds-color-text`, with every reference followed.
///
/// `data-theme` on the root chooses `light`, `dark` or `contrast`; without it the reader's system does
/// (`prefers-color-scheme`, `prefers-contrast`; more contrast wins). Paper is always light. Each block
/// says only what can differ where it holds, and `color-scheme`, so that the browser's own controls
/// follow.
pub fn css(set: &TokenSet) -> String {
    let differs = |mode: Mode| move |t: &Token| t.value(mode) != t.value(Mode::Light);
    let any = |t: &Token| differs(Mode::Dark)(t) || differs(Mode::Contrast)(t);
    let light = block(set, Mode::Light, |_| true);
    let dark = block(set, Mode::Dark, differs(Mode::Dark));
    let contrast = block(set, Mode::Contrast, differs(Mode::Contrast));
    // Over the dark block, when the system asks for both.
    let contrast_over_dark = block(set, Mode::Contrast, any);
    let paper = block(set, Mode::Light, any);
    format!(
        ":root{{{light}}}\n\
         @media (prefers-color-scheme:dark){{:root:not([data-theme=light]):not([data-theme=contrast]){{{dark}}}}}\n\
         @media (prefers-contrast:more){{:root:not([data-theme=light]):not([data-theme=dark]){{{contrast_over_dark}}}}}\n\
         :root[data-theme=dark]{{{dark}}}\n\
         :root[data-theme=contrast]{{{contrast}}}\n\
         @media print{{:root:root:root{{{paper}}}}}\n"
    )
}

fn block(set: &TokenSet, mode: Mode, wanted: impl Fn(&Token) -> bool) -> String {
    let mut out = format!("color-scheme:{}", if mode == Mode::Dark { "dark" } else { "light" });
    for token in shipped(set).filter(|t| wanted(t)) {
        let _ = write!(out, ";--{}:{}", token.css_name(), token.value(mode).css());
    }
    out
}

/// All but primitive tokens as `{"ds-color-text": {"light": "#14212b", "dark": …, "contrast": …}}`,
/// values as in CSS.
pub fn json(set: &TokenSet) -> Json {
    let entries = shipped(set).map(|token| {
        let [light, dark, contrast] = Mode::ALL.map(|mode| token.value(mode).css());
        (token.css_name(), json!({ "light": light, "dark": dark, "contrast": contrast }))
    });
    Json::Object(entries.collect::<Map<_, _>>())
}

fn shipped(set: &TokenSet) -> impl Iterator<Item = &Token> {
    set.iter().filter(|t| t.layer != Layer::Primitive)
}
