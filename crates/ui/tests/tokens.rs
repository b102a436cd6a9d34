//! Tokens: reading, the rules between layers, the contrast gate, style sheet and brand themes.

use std::collections::{BTreeMap, BTreeSet};

use bulwark_i18n::wrong_usage;
use bulwark_model::{Diagnostic, Lang};
use bulwark_ui::assets;
use bulwark_ui::tokens::{
    self, BRAND, Color, DimensionUnit, Kind, Layer, Mode, TokenSet, Use, Value, contrast, css, json as flat,
    read, with_theme,
};
use jsonschema::{Registry, Resource};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// A small whole system. Each test changes one file of it.
const SMALL: [(&str, &str); 7] = [
    (
        "primitive.tokens.json",
        r##"{"color": {"$type": "color",
  "white": {"$value": {"colorSpace": "srgb", "components": [1, 1, 1], "hex": "#ffffff"}},
  "ink": {"$value": {"colorSpace": "srgb", "components": [0.0784, 0.1294, 0.1686], "hex": "#14212b"}},
  "night": {"$value": "{color.ink}"},
  "sea": {"$value": {"colorSpace": "oklch", "components": [0.4, 0.08, 233]}}},
 "space": {"$type": "dimension", "1": {"$value": {"value": 0.25, "unit": "rem"}}}}"##,
    ),
    ("semantic.tokens.json", r#"{"ds": {"space": {"$type": "dimension", "1": {"$value": "{space.1}"}}}}"#),
    (
        "semantic.light.tokens.json",
        r#"{"ds": {"color": {"$type": "color", "text": {"$value": "{color.ink}"}, "surface": {"$value": "{color.white}"},
  "accent": {"$value": "{color.sea}"}, "on-accent": {"$value": "{color.white}"}}}}"#,
    ),
    (
        "semantic.dark.tokens.json",
        r#"{"ds": {"color": {"$type": "color", "text": {"$value": "{color.white}"}, "surface": {"$value": "{color.night}"},
  "accent": {"$value": "{color.white}"}, "on-accent": {"$value": "{color.ink}"}}}}"#,
    ),
    (
        "semantic.contrast.tokens.json",
        r#"{"ds": {"color": {"$type": "color", "text": {"$value": "{color.ink}"}, "surface": {"$value": "{color.white}"},
  "accent": {"$value": "{color.ink}"}, "on-accent": {"$value": "{color.white}"}}}}"#,
    ),
    (
        "component.tokens.json",
        r#"{"ds": {"button": {"color": {"$type": "color", "bg": {"$value": "{ds.color.accent}"}}}}}"#,
    ),
    (
        "pairs.json",
        r#"{"pairs": {"text": [["text", "surface"], ["on-accent", "accent"]], "ui": [["accent", "surface"]]}}"#,
    ),
];

fn small() -> TokenSet {
    read(SMALL).expect("a whole system")
}

/// The small system with a piece of one file replaced.
fn changed(file: &str, from: &str, to: &str) -> Result<TokenSet, Vec<Diagnostic>> {
    let text = SMALL.iter().find(|(name, _)| *name == file).expect("one of the files").1;
    assert!(text.contains(from), "{file} has no {from}");
    let new = text.replacen(from, to, 1);
    read(SMALL.map(|(name, text)| if name == file { (name, new.as_str()) } else { (name, text) }))
}

/// The messages as people read them, both languages.
fn told(faults: &[Diagnostic]) -> String {
    let lines = faults.iter().flat_map(|f| [f.render(Lang::ZhTw), f.render(Lang::En)]);
    lines.collect::<Vec<_>>().join("\n")
}

fn refused(file: &str, from: &str, to: &str) -> String {
    told(&changed(file, from, to).expect_err("refused"))
}

fn codes(faults: &[Diagnostic]) -> Vec<&str> {
    faults.iter().map(|f| f.code.as_str()).collect()
}

#[test]
fn our_tokens_follow_every_rule_and_pass_the_gate() {
    let gate = tokens::gate();
    let failures: Vec<String> = gate.failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(gate.passed, gate.pairs);
    assert!(gate.pairs >= 90, "{} pairs", gate.pairs);
    for name in BRAND {
        assert!(tokens::embedded().get(name).is_some(), "{name}");
    }
}

#[test]
fn our_colours_keep_more_than_the_law_asks() {
    let set = tokens::embedded();
    let mut low = Vec::new();
    for pair in set.pairs().iter().filter(|p| p.usage == Use::Text) {
        let chip = pair.back.ends_with("-chip");
        let surface = pair.back == "ds.color.surface";
        for mode in Mode::ALL {
            let wanted = match mode {
                Mode::Contrast => 7.0,
                Mode::Light if chip => 7.0,
                _ if surface || chip => 6.0,
                _ => 4.5,
            };
            let color = |name| set.color(name, mode).expect("the gate has seen it");
            let ratio = contrast::ratio(color(&pair.front), color(&pair.back));
            if ratio < wanted {
                low.push(format!("{}: {} on {} {ratio:.2} < {wanted}", mode.code(), pair.front, pair.back));
            }
        }
    }
    assert!(low.is_empty(), "{}", low.join("\n"));
}

#[test]
fn our_files_are_what_the_design_tokens_group_published() {
    let Some(data) = bulwark_testkit::shared_data("digital-services/design/dtcg_2025.10") else { return };
    let mut schemas = BTreeMap::new();
    let mut folders = vec![data];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "json") {
                let text = std::fs::read_to_string(&path).expect("a file");
                let schema: Json = serde_json::from_str(&text).expect("JSON");
                schemas.insert(schema["$id"].as_str().expect("an id").to_owned(), schema);
            }
        }
    }
    let format = schemas["https://www.designtokens.org/schemas/2025.10/format.json"].clone();
    let resources = schemas.into_iter().map(|(id, schema)| (id, Resource::from_contents(schema)));
    let registry =
        Registry::new().extend(resources).expect("ids are addresses").prepare().expect("all there");
    let validator = jsonschema::options().with_registry(&registry).build(&format).expect("a schema");
    let mut seen = 0;
    for (name, bytes) in assets::under("tokens").filter(|(name, _)| name.ends_with(".tokens.json")) {
        let file: Json = serde_json::from_slice(bytes).expect("JSON");
        let faults: Vec<String> = validator.iter_errors(&file).map(|e| e.to_string()).collect();
        assert!(faults.is_empty(), "{name}: {faults:?}");
        seen += 1;
    }
    assert_eq!(seen, 6);
    let theme: Json = serde_json::from_str(&plum("0.8")).expect("JSON");
    assert!(validator.is_valid(&theme), "a theme is a DTCG file, too");
    assert!(!validator.is_valid(&json!({"a": {"$type": "dimension", "$value": {"value": 1, "unit": "em"}}})));
}

#[test]
fn every_property_the_sheets_use_is_a_token() {
    let known: BTreeSet<String> = tokens::embedded()
        .iter()
        .filter(|t| t.layer != Layer::Primitive)
        .map(tokens::Token::css_name)
        .collect();
    let mut missing = BTreeSet::new();
    for (path, bytes) in assets::files().filter(|(path, _)| path.rsplit('.').next() == Some("css")) {
        let sheet = String::from_utf8_lossy(bytes);
        for part in sheet.split("var(--").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            if name.starts_with("ds-") && !known.contains(&name) && !sheet.contains(&format!("--{name}:")) {
                missing.insert(format!("{path}: --{name}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn references_are_followed_in_every_mode() {
    let set = small();
    let bg = set.get("ds.button.color.bg").expect("there");
    assert_eq!(bg.values.clone().map(|v| v.css()), ["#064e6c", "#fff", "#14212b"]);
    assert_eq!((bg.layer, bg.value(Mode::Dark).kind()), (Layer::Component, Kind::Color));
    assert_eq!(set.color("ds.color.surface", Mode::Dark), Color::from_hex("#14212b"));
    assert_eq!(set.color("ds.space.1", Mode::Dark), None);
    assert_eq!(
        set.get("ds.space.1").expect("there").value(Mode::Light),
        &Value::Dimension(0.25, DimensionUnit::Rem)
    );
}

#[test]
fn the_style_sheet_repeats_only_what_differs() {
    insta::assert_snapshot!("small_css", css(&small()));
    insta::assert_snapshot!("small_json", format!("{:#}", flat(&small())));
}

#[test]
fn the_whole_sheet_is_small_and_balanced() {
    let sheet = tokens::embedded_css();
    assert_eq!(sheet.matches('{').count(), sheet.matches('}').count());
    assert!(!sheet.contains("--color-") && !sheet.contains("harbour"), "primitive names stay inside");
    assert!(sheet.contains("--ds-space-0:0rem") && sheet.contains("\"Noto Sans TC\",\"Noto Sans CJK TC\""));
    let size = bulwark_ui::style::gzip_size(sheet.as_bytes());
    assert!(size < 2048, "{size} bytes after gzip");
}

#[test]
fn faults_are_told_with_place_and_next_step() {
    let primitive = "primitive.tokens.json";
    let light = "semantic.light.tokens.json";
    let component = "component.tokens.json";
    let all = [
        refused(primitive, "{\"color\"", "[\"color\""),
        refused(primitive, "\"white\"", "\"Weiß\""),
        refused(primitive, "\"night\": {\"$value\"", "\"night\": {\"$ref\""),
        refused(primitive, "\"sea\"", "\"ink\""),
        refused(light, "\"text\": {\"$value\"", "\"text\": {\"$type\": \"colour\", \"$value\""),
        refused(primitive, "\"$type\": \"dimension\", ", ""),
        refused(primitive, "[1, 1, 1]", "[1, 1]"),
        refused(primitive, "\"#14212b\"", "\"#14212f\""),
        refused(primitive, "rem", "em"),
        refused(light, "{color.ink}", "{color.imk}"),
        refused(primitive, "{color.ink}", "{color.night}"),
        refused(primitive, "{color.ink}\"}", "{color.tide}\"}, \"tide\": {\"$value\": \"{color.night}\"}"),
        refused(component, "{ds.color.accent}", "{color.sea}"),
        refused(light, "{color.ink}", "{ds.color.accent}"),
        refused(light, "{color.ink}", "{space.1}"),
        refused(light, "\"text\"", "\"text-secondary\""),
        refused("pairs.json", "[\"text\", \"surface\"]", "[\"text\", \"surfaces\"]"),
        refused("pairs.json", "[\"text\", \"surface\"]", "[\"text\"]"),
    ]
    .join("\n\n");
    insta::assert_snapshot!("faults", all);
}

#[test]
fn files_that_are_missing_or_unknown_are_named() {
    let some = SMALL.into_iter().filter(|(name, _)| *name != "semantic.dark.tokens.json");
    let faults = read(some.chain([("semantic.dusk.tokens.json", "{}")])).expect_err("not whole");
    assert!(codes(&faults).starts_with(&["BW-DS-002"]), "{}", told(&faults));
    assert!(codes(&faults).contains(&"BW-DS-003"), "{}", told(&faults));
    let faults = read(SMALL.into_iter().chain([SMALL[0]])).expect_err("twice");
    assert_eq!(codes(&faults), ["BW-DS-005"]);
}

#[test]
fn names_that_would_be_one_property_are_refused() {
    let same = r#""color-text": {"$type": "color", "$value": "{color.ink}"}, "space""#;
    let faults = changed("semantic.tokens.json", "\"space\"", same).expect_err("one property");
    assert_eq!(codes(&faults), ["BW-DS-005"; 3], "one for each mode: {}", told(&faults));
    assert!(faults.iter().all(|f| f.what.en.starts_with("--ds-color-text ")), "{}", told(&faults));
}

#[test]
fn a_long_chain_of_references_is_followed() {
    let links: Vec<String> =
        (0..20_000).map(|n| format!("\"n{n}\": {{\"$value\": \"{{color.n{}}}\"}}", n + 1)).collect();
    let chain = format!("{}, \"n20000\": {{\"$value\": \"{{color.white}}\"}}, \"sea\"", links.join(", "));
    let set = changed("primitive.tokens.json", "\"sea\"", &chain).expect("no cycle");
    assert_eq!(set.color("color.n0", Mode::Dark), Some(Color::WHITE));
}

#[test]
fn a_bad_pair_fails_in_its_mode_alone() {
    let pale = r#""accent": {"$value": {"colorSpace": "srgb", "components": [0.6, 0.8, 0.9]}}"#;
    let set = changed("semantic.light.tokens.json", r#""accent": {"$value": "{color.sea}"}"#, pale);
    let gate = contrast::gate(&set.expect("the rules are kept"));
    assert_eq!((gate.pairs, gate.passed, gate.failures.len()), (9, 7, 2));
    let failure = &gate.failures[0];
    assert_eq!((failure.mode, failure.wanted), (Mode::Light, 4.5));
    // Dark text on the pale colour is the smallest change of the colour in front.
    let (name, color) = failure.nearest.clone().expect("there is one");
    assert_eq!(name, "ds.color.on-accent");
    assert!(contrast::ratio(color, Color::from_hex("#99cce6").expect("a colour")) >= 4.5);
    let (name, color) = gate.failures[1].nearest.clone().expect("there is one");
    assert_eq!(name, "ds.color.accent");
    assert!(contrast::ratio(color, Color::WHITE) >= 4.5, "it passes as a button, too: {color}");
    assert_eq!(
        gate.failures[1].to_string(),
        format!(
            "light: ds.color.accent on ds.color.surface has 1.73:1 and needs 3:1; nearest ds.color.accent: {color}"
        )
    );
}

#[test]
fn ratios_are_those_of_the_guideline() {
    let color = |hex| Color::from_hex(hex).expect("a colour");
    for (a, b, want) in [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.478),
        ("#767676", "#ffffff", 4.542),
        ("#14212b", "#ffffff", 16.378),
        ("#ffffff", "#ffffff", 1.0),
    ] {
        let found = contrast::ratio(color(a), color(b));
        assert!((found - want).abs() < 0.005, "{a} {b} {found}");
        assert!((found - contrast::ratio(color(b), color(a))).abs() < f64::EPSILON);
    }
    assert!(Use::Text.wanted(Mode::Contrast) >= 7.0 && Use::Ui.wanted(Mode::Contrast) >= 3.0);
}

#[test]
fn no_single_colour_is_promised_where_there_is_none() {
    let grey = Color::opaque(119, 119, 119);
    assert_eq!(contrast::nearest(grey, &[(grey, 7.0)]), None);
    assert_eq!(contrast::nearest(grey, &[(Color::BLACK, 7.0), (Color::WHITE, 7.0)]), None);
    assert_eq!(contrast::nearest(Color::BLACK, &[(Color::WHITE, 7.0)]), Some(Color::BLACK));
}

/// A theme whose accent in dark has a lightness.
fn plum(lightness: &str) -> String {
    format!(
        r##"{{"ds": {{"color": {{
  "$type": "color",
  "accent": {{
    "$value": {{"colorSpace": "srgb", "components": [0.3529, 0.1412, 0.4784], "hex": "#5a247a"}},
    "$extensions": {{"bulwark.modes": {{
      "dark": {{"colorSpace": "oklch", "components": [{lightness}, 0.1, 310]}}
    }}}}
  }},
  "accent-hover": {{"$value": "{{color.harbour-800}}"}}
}}}}}}"##
    )
}

#[test]
fn a_theme_changes_the_brand_and_nothing_else() {
    let base = tokens::embedded();
    let set = tokens::themed(&plum("0.8")).expect("all pairs pass");
    assert_eq!(set.color("ds.color.accent", Mode::Light), Color::from_hex("#5a247a"));
    assert_ne!(set.color("ds.color.accent", Mode::Dark), base.color("ds.color.accent", Mode::Dark));
    assert_eq!(set.color("ds.color.accent", Mode::Contrast), base.color("ds.color.accent", Mode::Contrast));
    assert_eq!(set.color("ds.button.color.bg", Mode::Light), Color::from_hex("#5a247a"), "components follow");
    let (before, after) = (flat(base), flat(&set));
    let (before, after) = (before.as_object().expect("an object"), after.as_object().expect("an object"));
    assert!(before.keys().eq(after.keys()), "same names in the same order");
    let differ: Vec<&String> = before.keys().filter(|k| before[*k] != after[*k]).collect();
    assert_eq!(differ, ["ds-color-accent", "ds-button-color-bg"]);
    assert_eq!(with_theme(base, "{}").as_ref(), Ok(base), "an empty theme is the base");
}

#[test]
fn a_theme_can_split_a_value_shared_by_all_modes() {
    let shared = r#""color": {"$type": "color", "accent-soft": {"$value": "{color.white}"}}, "space""#;
    let base = changed("semantic.tokens.json", "\"space\"", shared).expect("one more name");
    let theme = r#"{"ds": {"color": {"$type": "color", "accent-soft": {"$value": "{color.sea}",
        "$extensions": {"bulwark.modes": {"contrast": "{color.ink}"}}}}}}"#;
    let set = with_theme(&base, theme).expect("no pair has it");
    let values = set.get("ds.color.accent-soft").expect("there").values.clone().map(|v| v.css());
    assert_eq!(values, ["#064e6c", "#fff", "#14212b"]);
    assert!(css(&set).find("--ds-color-accent-soft") < css(&set).find("--ds-space-1"), "at its old place");
}

#[test]
fn themes_are_refused_with_the_reason() {
    let brand = |name: &str, token: &str| {
        let theme = format!("{{\"ds\": {{\"color\": {{\n  \"{name}\": {token}\n}}}}}}");
        told(&tokens::themed(&theme).expect_err("refused"))
    };
    let all = [
        told(&tokens::themed("{\"ds\": 1,}").expect_err("no JSON")),
        brand("danger", r#"{"$type": "color", "$value": "{color.green-700}"}"#),
        brand("accent", r#"{"$type": "color", "$value": "{color.harbor-700}"}"#),
        brand("accent", r#"{"$type": "color", "$value": "{ds.color.accent}"}"#),
        brand("accent", r#"{"$value": "{space.1}"}"#),
        brand("accent", r#"{"$type": "number", "$value": 4}"#),
        brand("accent", r#"{"$type": "color", "$value": "{color.harbour-700}", "$extensions": {"bulwark.modes": {"night": 1}}}"#),
        brand("accent", r#"{"$type": "color", "$value": "{color.harbour-700}", "$extensions": {"bulwark.modes": "dark"}}"#),
        brand("accent-soft", r#"{"$type": "color", "$value": {"colorSpace": "srgb", "components": [1, 1, 1], "alpha": 0.5}}"#),
        told(&tokens::themed(&plum("0.5")).expect_err("too dark in dark")),
    ]
    .join("\n\n");
    insta::assert_snapshot!("theme_faults", all);
}

#[test]
fn a_theme_that_no_single_colour_mends_says_so() {
    let theme = r#"{"ds": {"color": {"$type": "color", "on-accent":
  {"$value": "{color.white}", "$extensions": {"bulwark.modes": {"contrast": {"colorSpace": "srgb", "components": [0.467, 0.467, 0.467]}}}},
  "accent": {"$value": "{color.sea}", "$extensions": {"bulwark.modes": {"contrast": {"colorSpace": "srgb", "components": [0.467, 0.467, 0.467]}}}}}}}"#;
    let faults = with_theme(&small(), theme).expect_err("grey on grey");
    let on_accent = faults.iter().find(|f| f.what.en.contains("on-accent")).expect("the pair");
    assert_eq!(on_accent.code, "BW-DS-016");
    assert_eq!(
        on_accent.hint.en,
        "No change of one colour is enough: change both ds.color.on-accent and ds.color.accent."
    );
    assert!(on_accent.hint.zh_tw.starts_with("只改一個顏色無法符合"));
}

#[test]
fn following_every_proposal_mends_a_theme() {
    for (lightness, chroma, hue) in [(0.5, 0.1, 310), (0.6, 0.2, 30), (0.55, 0.15, 140), (0.97, 0.02, 90)] {
        let color = format!(r#"{{"colorSpace": "oklch", "components": [{lightness}, {chroma}, {hue}]}}"#);
        let theme = |light: &str, dark: &str| {
            format!(
                r#"{{"ds": {{"color": {{"accent": {{"$type": "color", "$value": {light}, "$extensions": {{"bulwark.modes": {{"dark": {dark}}}}}}}}}}}}}"#
            )
        };
        let faults = tokens::themed(&theme(&color, &color)).expect_err("too low in one mode at least");
        let mended = |mode: &str| {
            let fault = faults.iter().find(|f| f.what.en.starts_with(&format!("Mode {mode}:")));
            fault.map_or(color.clone(), |f| {
                let at = f.hint.en.find('#').expect("a colour");
                let hex: String = f.hint.en[at..].chars().take_while(|c| *c != ',').collect();
                let full = if hex.len() == 4 {
                    hex[1..].chars().fold("#".to_owned(), |s, c| format!("{s}{c}{c}"))
                } else {
                    hex
                };
                let c = Color::from_hex(&full).expect("a colour");
                let part = [c.red, c.green, c.blue].map(|b| f64::from(b) / 255.0);
                json!({"colorSpace": "srgb", "components": part}).to_string()
            })
        };
        let result = tokens::themed(&theme(&mended("light"), &mended("dark")));
        assert!(result.is_ok(), "{}", told(&result.expect_err("faults")));
    }
}

#[test]
fn messages_are_whole_and_good_chinese() {
    let texts = tokens::texts();
    for number in 1..=19 {
        for part in ["what", "hint"] {
            let key = format!("BW-DS-{number:03}.{part}");
            let text = texts.get(&key).unwrap_or_else(|| panic!("{key}"));
            assert!(wrong_usage(&text.zh_tw).is_empty(), "{key}: {:?}", wrong_usage(&text.zh_tw));
        }
    }
}

fn any_color() -> impl Strategy<Value = Color> {
    any::<(u8, u8, u8)>().prop_map(|(r, g, b)| Color::opaque(r, g, b))
}

/// JSON that looks like tokens often enough to get past the first check.
fn any_tokens() -> impl Strategy<Value = Json> {
    let word = prop_oneof![
        Just("ds".to_owned()),
        Just("color".to_owned()),
        Just("accent".to_owned()),
        Just("text".to_owned()),
        Just("on-accent".to_owned()),
        Just("$value".to_owned()),
        Just("$type".to_owned()),
        Just("$extensions".to_owned()),
        Just("bulwark.modes".to_owned()),
        Just("dark".to_owned()),
        Just("pairs".to_owned()),
        Just("colorSpace".to_owned()),
        Just("components".to_owned()),
        "\\PC{0,6}",
    ];
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        Just(json!("color")),
        Just(json!("dimension")),
        Just(json!("fontFamily")),
        Just(json!("{ds.color.text}")),
        Just(json!("{color.white}")),
        Just(json!("{ds.color.accent}")),
        "\\PC{0,12}".prop_map(Json::from),
        any::<[f64; 3]>().prop_map(|c| json!({"colorSpace": "oklch", "components": c})),
        [0.0..1.0f64, 0.0..1.0, 0.0..1.0].prop_map(|c| json!({"colorSpace": "srgb", "components": c})),
        [0.0..1.0f64, 0.0..2.0, 0.0..360.0].prop_map(|c| json!({"colorSpace": "oklch", "components": c})),
        any::<f64>().prop_map(|v| json!({"value": v, "unit": "px"})),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((word.clone(), inner), 0..6)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}", at in 0..7usize) {
        let mut files = SMALL;
        files[at].1 = &text;
        if let Ok(set) = read(files) {
            prop_assert!(!css(&set).is_empty());
        }
        let _ = with_theme(&small(), &text);
    }

    #[test]
    fn any_json_is_read_or_refused(json in any_tokens(), at in 0..7usize) {
        let text = json.to_string();
        let mut files = SMALL;
        files[at].1 = &text;
        match read(files) {
            Ok(set) => prop_assert_eq!(css(&set).matches(['{', '}']).count() % 2, 0),
            Err(faults) => prop_assert!(!faults.is_empty()),
        }
        let theme = json!({"ds": {"color": {"$type": "color", "accent": {"$value": json}}}}).to_string();
        for theme in [theme.as_str(), text.as_str()] {
            match with_theme(&small(), theme) {
                Ok(set) => prop_assert!(contrast::gate(&set).failures.is_empty()),
                Err(faults) => prop_assert!(!faults.is_empty()),
            }
        }
    }

    #[test]
    fn every_colour_survives_oklch(color in any_color()) {
        let there = color.oklch();
        prop_assert!((0.0..=1.0001).contains(&there.lightness) && (0.0..360.0).contains(&there.hue));
        prop_assert_eq!(Color::from_oklch(there), color);
    }

    #[test]
    fn the_nearest_colour_passes(color in any_color(), other in any_color(), third in any_color()) {
        for wanted in [3.0, 4.5] {
            let found = contrast::nearest(color, &[(other, wanted)]);
            let found = found.expect("black or white has 4.58 against every colour");
            prop_assert!(contrast::ratio(found, other) >= wanted);
            if contrast::ratio(color, other) >= wanted {
                prop_assert_eq!(found, color);
            }
        }
        if let Some(found) = contrast::nearest(color, &[(other, 4.5), (third, 7.0)]) {
            prop_assert!(contrast::ratio(found, other) >= 4.5 && contrast::ratio(found, third) >= 7.0);
        }
    }

    #[test]
    fn the_nearest_colour_keeps_its_hue(color in any_color()) {
        let found = contrast::nearest(color, &[(Color::WHITE, 4.5)]).expect("black passes");
        let (before, after) = (color.oklch(), found.oklch());
        // Eight bits blur the hue of what is nearly grey or nearly black.
        if before.chroma > 0.05 && after.chroma > 0.05 && after.lightness > 0.2 {
            let turn = (before.hue - after.hue).abs();
            prop_assert!(turn.min(360.0 - turn) < 4.0, "{before:?} {after:?}");
        }
    }
}
