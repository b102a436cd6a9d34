//! The components as their folders describe them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use bulwark_model::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::assets;

/// What people look for a component under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Forms and their parts.
    Forms,
    /// Ways through a site.
    Navigation,
    /// Content on a page.
    Content,
    /// What a site tells about itself and about what just happened.
    Feedback,
    /// Dense pages for people at work.
    Console,
}

impl Group {
    /// All groups in the order of the documentation.
    pub const ALL: [Self; 5] = [Self::Forms, Self::Navigation, Self::Content, Self::Feedback, Self::Console];

    /// Name for people.
    pub fn title(self) -> Text {
        let (zh, en) = match self {
            Self::Forms => ("表單", "Forms"),
            Self::Navigation => ("導覽", "Navigation"),
            Self::Content => ("內容", "Content"),
            Self::Feedback => ("回饋", "Feedback"),
            Self::Console => ("主控台", "Console"),
        };
        Text::new(zh, en)
    }
}

/// How far a component has been proven; each step needs its evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Maturity {
    /// 概念: drawn and described.
    Concept,
    /// 內測: passes every automatic check and is used by our own console.
    Alpha,
    /// 公測: tested with users of an agency.
    Beta,
    /// 穩定: in public service, changes announced.
    Stable,
    /// 退場: replaced; the successor is named.
    Retired,
}

impl Maturity {
    /// All steps in order.
    pub const ALL: [Self; 5] = [Self::Concept, Self::Alpha, Self::Beta, Self::Stable, Self::Retired];

    /// Name for people.
    pub fn title(self) -> Text {
        let (zh, en) = match self {
            Self::Concept => ("概念", "Concept"),
            Self::Alpha => ("內測", "Alpha"),
            Self::Beta => ("公測", "Beta"),
            Self::Stable => ("穩定", "Stable"),
            Self::Retired => ("退場", "Retired"),
        };
        Text::new(zh, en)
    }
}

/// Proof for a step of maturity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The step it stands for.
    pub step: Maturity,
    /// What was done and found.
    pub what: Text,
    /// Day, ISO 8601.
    pub date: String,
}

/// A known shortcoming.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownIssue {
    /// Number within the component.
    pub id: String,
    /// What it is and how to live with it.
    pub what: Text,
}

/// One line of the change log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Change {
    /// Version that brought it.
    pub version: String,
    /// What changed.
    #[serde(flatten)]
    pub what: Text,
}

/// A case of tuning, as the programme's yearly count asks: what was, what is, how it shows.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tuning {
    /// ROC year it counts in.
    pub year: u16,
    /// How it was.
    pub before: Text,
    /// How it is now, with the figure that shows it.
    pub after: Text,
}

/// `component.toml`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meta {
    /// Name of the macro in the template.
    #[serde(rename = "macro")]
    pub macro_name: String,
    /// Group.
    pub group: Group,
    /// First version that had it.
    pub since: String,
    /// How far it is proven.
    pub maturity: Maturity,
    /// The GOV.UK component it answers to.
    #[serde(default)]
    pub govuk: Option<String>,
    /// Name.
    pub title: Text,
    /// One sentence.
    pub summary: Text,
    /// GOV.UK option → our parameter, or `- reason` why there is none.
    #[serde(default)]
    pub govuk_options: BTreeMap<String, String>,
    /// Examples stand on a page of their own, since they are landmarks or cover the page.
    #[serde(default)]
    pub whole_page: bool,
    /// Proofs of maturity.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// Known issues.
    #[serde(default)]
    pub known_issue: Vec<KnownIssue>,
    /// Change log, newest first.
    pub change: Vec<Change>,
    /// Tuned cases.
    #[serde(default)]
    pub tuning: Vec<Tuning>,
}

/// One example of a component; examples are also its tests.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Name within the component, for addresses.
    pub name: String,
    /// Name for people.
    pub title: Text,
    /// Parameters.
    pub params: Value,
}

/// A component: everything its folder holds.
#[derive(Debug, Clone)]
pub struct Component {
    /// Folder and name, such as `text-input`.
    pub name: String,
    /// What `component.toml` says.
    pub meta: Meta,
    /// JSON Schema of the parameters.
    pub schema: Value,
    /// Macro template.
    pub template: &'static str,
    /// Style sheet; empty when the component needs none of its own.
    pub style: &'static str,
    /// ES module, if the component has behaviour.
    pub script: Option<&'static str>,
    /// Examples.
    pub examples: Vec<Example>,
    /// How to use it, 正體中文 (Markdown).
    pub prose_zh_tw: &'static str,
    /// How to use it, English (Markdown).
    pub prose_en: &'static str,
}

impl Component {
    fn read(name: &str) -> Result<Self, String> {
        let path = |file: &str| format!("components/{name}/{file}");
        let text = |file: &str| assets::text(&path(file));
        let need = |file: &str| text(file).ok_or_else(|| format!("{}: missing", path(file)));
        let bad = |file: &str, e: &dyn std::fmt::Display| format!("{}: {e}", path(file));
        let file = "component.toml";
        let meta = toml::from_str(need(file)?).map_err(|e| bad(file, &e))?;
        let file = "schema.json";
        let schema = serde_json::from_str(need(file)?).map_err(|e| bad(file, &e))?;
        let file = "examples.json";
        let examples = serde_json::from_str(need(file)?).map_err(|e| bad(file, &e))?;
        Ok(Self {
            name: name.to_owned(),
            meta,
            schema,
            template: need("template.jinja")?,
            style: text("style.css").unwrap_or_default(),
            script: text("script.js"),
            examples,
            prose_zh_tw: need("zh-TW.md")?,
            prose_en: need("en.md")?,
        })
    }

    /// Path of the template as other templates import it.
    pub fn template_path(&self) -> String {
        format!("{}/template.jinja", self.name)
    }
}

/// All components by name.
#[derive(Debug, Default)]
pub struct Registry {
    components: BTreeMap<String, Component>,
}

impl Registry {
    /// Reads all embedded component folders.
    ///
    /// # Errors
    /// Every file that is missing or not readable, one sentence each.
    pub fn read() -> Result<Self, Vec<String>> {
        let mut names: Vec<&str> =
            assets::under("components").filter_map(|(path, _)| Some(path.split_once('/')?.0)).collect();
        names.dedup();
        let mut components = BTreeMap::new();
        let mut errors = Vec::new();
        for name in names {
            match Component::read(name) {
                Ok(component) => {
                    components.insert(name.to_owned(), component);
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Self { components }) } else { Err(errors) }
    }

    /// One component.
    pub fn get(&self, name: &str) -> Option<&Component> {
        self.components.get(name)
    }

    /// All components in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &Component> {
        self.components.values()
    }

    /// The components of a group in order of name.
    pub fn group(&self, group: Group) -> impl Iterator<Item = &Component> {
        self.iter().filter(move |c| c.meta.group == group)
    }
}

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| {
    #[expect(clippy::panic, reason = "embedded files, read by a test of this crate")]
    Registry::read().unwrap_or_else(|errors| panic!("{}", errors.join("\n")))
});

/// The embedded components.
///
/// # Panics
/// When a component folder is broken, which the tests of this crate rule out.
pub fn registry() -> &'static Registry {
    &REGISTRY
}
