//! From files to tokens: which file is what, references, and the rules between layers.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};

use super::contrast::{self, Pair};
use super::source::{Definition, Written, definitions};
use super::value::{Kind, Value};
use super::{Layer, Mode, TEXTS, Token, TokenSet, css_name, message, nearest_name, quoted};

/// The list of pairs for the contrast gate.
const PAIRS: &str = "pairs.json";
/// The message for a reference to nothing.
const NO_TARGET: &str = "BW-DS-010";
/// What a complete system consists of.
const FILES: [&str; 7] = [
    "primitive.tokens.json",
    "semantic.tokens.json",
    "semantic.light.tokens.json",
    "semantic.dark.tokens.json",
    "semantic.contrast.tokens.json",
    "component.tokens.json",
    PAIRS,
];

/// Reads the files of a system, name and text each: one of every name in `design/tokens`, in any order.
///
/// # Errors
/// Everything that is wrong with them (BW-DS-001…014, 018, 019).
pub fn read<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<TokenSet, Vec<Diagnostic>> {
    let mut faults = Vec::new();
    let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
    for (file, text) in files {
        let place = Location::File { path: file.to_owned(), line: 0, column: 0 };
        if !FILES.contains(&file) {
            faults.push(message("BW-DS-003", &args![file = quoted(file), allowed = FILES.join(", ")], place));
        } else if texts.insert(file, text).is_some() {
            faults.push(message("BW-DS-005", &args![name = file, other = file], place));
        }
    }
    let mut all = Vec::new();
    let mut pairs = Vec::new();
    for file in FILES {
        let Some(text) = texts.get(file) else {
            faults.push(message("BW-DS-002", &args![file = file], Location::None));
            continue;
        };
        if file == PAIRS {
            match contrast::pairs(file, text) {
                Ok((found, wrong)) => {
                    pairs = found;
                    faults.extend(wrong);
                }
                Err(fault) => faults.push(fault),
            }
            continue;
        }
        let layer = Layer::ALL.into_iter().find(|l| file.starts_with(l.code())).unwrap_or(Layer::Semantic);
        let mode = Mode::ALL.into_iter().find(|m| file.contains(m.code()));
        match definitions(file, text, layer, mode) {
            Ok((found, wrong)) => {
                all.extend(found);
                faults.extend(wrong);
            }
            Err(fault) => faults.push(fault),
        }
    }
    // Names may be missing only because something around them was refused.
    let whole = faults.is_empty();
    build(all, pairs, faults, whole)
}

/// Resolves definitions; the faults found before are part of the answer. Names that are missing are told
/// only when all definitions are `whole`.
pub(super) fn build(
    definitions: Vec<Definition>,
    pairs: Vec<Pair>,
    mut faults: Vec<Diagnostic>,
    whole: bool,
) -> Result<TokenSet, Vec<Diagnostic>> {
    let layers: BTreeMap<&str, Layer> = definitions.iter().map(|d| (d.name.as_str(), d.layer)).collect();
    faults.extend(collisions(&definitions));
    for definition in &definitions {
        if let Written::Reference(target) = &definition.written {
            faults.extend(edge(definition, target, &layers).filter(|f| whole || f.code != NO_TARGET));
        }
    }
    let mut values: Vec<BTreeMap<&str, Value>> = Vec::new();
    for mode in Mode::ALL {
        let mut index: BTreeMap<&str, &Definition> = BTreeMap::new();
        for definition in definitions.iter().filter(|d| d.mode.is_none_or(|m| m == mode)) {
            if let Some(first) = index.get(definition.name.as_str()) {
                let told = args![name = definition.name, other = first.place];
                faults.push(message("BW-DS-005", &told, definition.place.clone()));
            } else {
                index.insert(&definition.name, definition);
            }
        }
        let mut absent = BTreeSet::new();
        for definition in definitions.iter().filter(|_| whole) {
            let name = definition.name.as_str();
            if !index.contains_key(name) && absent.insert(name) {
                let told = args![name = name, mode = mode.code()];
                faults.push(message("BW-DS-014", &told, definition.place.clone()));
            }
        }
        values.push(follow(&index, &mut faults));
    }
    let mut tokens: Vec<Token> = Vec::new();
    let mut seen = BTreeSet::new();
    for definition in &definitions {
        let name = definition.name.as_str();
        let found: Vec<Value> = values.iter().filter_map(|v| v.get(name).cloned()).collect();
        if let Ok(values) = <[Value; 3]>::try_from(found)
            && seen.insert(name)
        {
            let (layer, description) = (definition.layer, definition.description.clone());
            tokens.push(Token { name: name.to_owned(), layer, description, values });
        }
    }
    let set = TokenSet { tokens, pairs, definitions: Vec::new() };
    if faults.is_empty() {
        let place = |name: &str, mode: Mode| {
            let of = definitions.iter().find(|d| d.name == name && d.mode.is_none_or(|m| m == mode));
            of.map(|d| d.place.clone())
        };
        faults.extend(contrast::unusable(&set, place));
    }
    if faults.is_empty() {
        return Ok(TokenSet { definitions, ..set });
    }
    faults.sort_by(|a, b| a.location.cmp(&b.location).then_with(|| a.cmp(b)));
    faults.dedup();
    Err(faults)
}

/// Two names that would be one custom property.
fn collisions(definitions: &[Definition]) -> Vec<Diagnostic> {
    let mut first: BTreeMap<String, &Definition> = BTreeMap::new();
    let mut out = Vec::new();
    for definition in definitions.iter().filter(|d| d.layer != Layer::Primitive) {
        let css = css_name(&definition.name);
        let before = *first.entry(css.clone()).or_insert(definition);
        if before.name != definition.name {
            let told = args![name = format!("--{css}"), other = before.place];
            out.push(message("BW-DS-005", &told, definition.place.clone()));
        }
    }
    out
}

/// What is wrong with a reference, whatever its value.
fn edge(from: &Definition, target: &str, layers: &BTreeMap<&str, Layer>) -> Option<Diagnostic> {
    match layers.get(target) {
        None => {
            let allowed =
                layers.iter().filter(|(name, layer)| from.layer.may_refer_to(**layer) && **name != from.name);
            let near = nearest_name(target, allowed.map(|(name, _)| *name));
            let told = args![name = from.name, target = quoted(target), near = near];
            let mut fault = message(NO_TARGET, &told, from.place.clone());
            if near.is_empty() {
                fault.hint = TEXTS.text("BW-DS-010.none", &told);
            }
            Some(fault)
        }
        Some(layer) if !from.layer.may_refer_to(*layer) => {
            let told =
                args![name = from.name, layer = from.layer.code(), target = target, other = layer.code()];
            Some(message("BW-DS-012", &told, from.place.clone()))
        }
        Some(_) => None,
    }
}

/// The values of one mode. Every token refers to one other at most, so following is walking a path.
fn follow<'a>(
    index: &BTreeMap<&'a str, &'a Definition>,
    faults: &mut Vec<Diagnostic>,
) -> BTreeMap<&'a str, Value> {
    let mut values: BTreeMap<&str, Option<Value>> = BTreeMap::new();
    for start in index.values() {
        let mut way: Vec<&Definition> = Vec::new();
        let mut on_way: BTreeSet<&str> = BTreeSet::new();
        let mut here = *start;
        while !values.contains_key(here.name.as_str()) {
            if !on_way.insert(&here.name) {
                let from = way.iter().position(|d| d.name == here.name).unwrap_or_default();
                faults.push(cycle(&way[from..]));
                break;
            }
            way.push(here);
            match &here.written {
                Written::Reference(target) => match index.get(target.as_str()) {
                    Some(next) => here = next,
                    None => break,
                },
                Written::Value(_) | Written::Refused => break,
            }
        }
        for definition in way.into_iter().rev() {
            let value = match &definition.written {
                Written::Value(value) => Some(value.clone()),
                Written::Refused => None,
                Written::Reference(target) => {
                    let value = values.get(target.as_str()).cloned().flatten();
                    // A value of the wrong type goes no further, so that it is told once.
                    value.filter(|value| match definition.declared {
                        Some(wanted) if wanted != value.kind() => {
                            faults.push(other_type(definition, wanted, target, value.kind()));
                            false
                        }
                        _ => true,
                    })
                }
            };
            values.insert(&definition.name, value);
        }
    }
    values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// A reference whose type is not the declared one. The format would let the target decide in silence.
fn other_type(definition: &Definition, wanted: Kind, target: &str, found: Kind) -> Diagnostic {
    let told = args![name = definition.name, kind = wanted.code(), target = target, found = found.code()];
    message("BW-DS-013", &told, definition.place.clone())
}

/// Names a cycle, from its first name by the alphabet, so that it is told once.
fn cycle(around: &[&Definition]) -> Diagnostic {
    let least = (0..around.len()).min_by_key(|i| &around[*i].name).unwrap_or_default();
    let (before, after) = around.split_at(least);
    let names: Vec<&str> = after.iter().chain(before).chain(after.first()).map(|d| d.name.as_str()).collect();
    let place = after.first().map(|d| d.place.clone()).unwrap_or_default();
    message("BW-DS-011", &args![cycle = names.join(" → ")], place)
}
