//! The pages of the documentation, in both languages.

use std::collections::BTreeMap;

use bulwark_model::{Lang, Text};
use serde_json::{Value, json};

use super::pattern::{self, Pattern};
use super::search::{self, Entry};
use super::{Site, markdown, options, planned};
use crate::check::{COMPONENTS, PATTERNS};
use crate::component::{Component, Group, Maturity, registry};
use crate::pack::VERSION;
use crate::render::Engine;
use crate::{assets, tokens};

/// Adds every page of the documentation to a site that has the frames.
///
/// # Panics
/// When a template or a pattern folder is broken, which the tests of this crate rule out.
pub(super) fn add(site: &mut Site) {
    let mut engine = Engine::new();
    for (name, source) in [("layout", include_str!("layout.jinja")), ("pages", include_str!("pages.jinja"))] {
        engine.add(format!("docs/{name}.jinja"), source).expect("compiled-in templates parse");
    }
    let patterns = pattern::read().expect("embedded patterns are whole; tests read them");
    site.add("assets/docs.css", crate::style::minify_css(include_str!("docs.css")));
    site.add("assets/docs.js", include_str!("docs.js"));
    site.add("assets/search.js", include_str!("search.js"));
    for lang in [Lang::ZhTw, Lang::En] {
        Pages { site, engine: &engine, patterns: &patterns, lang, entries: Vec::new() }.write();
    }
    let first = "<!doctype html>\n<html lang=\"zh-Hant-TW\">\n<head>\n<meta charset=\"utf-8\">\n<title>壁壘 政府設計系統</title>\n\
        <meta http-equiv=\"refresh\" content=\"0; url=zh-TW/index.html\">\n</head>\n<body>\n<p><a href=\"zh-TW/index.html\">正體中文</a> \
        <a href=\"en/index.html\" lang=\"en\" hreflang=\"en\">English</a></p>\n</body>\n</html>\n";
    site.add("index.html", first);
}

struct Pages<'a> {
    site: &'a mut Site,
    engine: &'a Engine,
    patterns: &'a [Pattern],
    lang: Lang,
    entries: Vec<Entry>,
}

/// A page before it is written.
struct Page {
    /// Folder below the language, `components/button/`; empty for the first page.
    folder: String,
    /// Entry of the navigation that is marked.
    section: &'static str,
    title: String,
    summary: String,
    /// Words for the search beyond title and summary.
    text: String,
    /// Macro in `pages.jinja`.
    kind: &'static str,
    data: Value,
}

impl Pages<'_> {
    fn write(mut self) {
        let lang = self.lang;
        let t = |zh: &str, en: &str| if lang == Lang::ZhTw { zh.to_owned() } else { en.to_owned() };
        let mut pages = vec![Page {
            folder: String::new(),
            section: "home",
            title: t("政府設計系統", "Government design system"),
            summary: t(
                "一套元件，做出一致、好用、人人可用的政府網站。",
                "One set of components for government sites that are consistent, easy and open to everybody.",
            ),
            text: String::new(),
            kind: "home",
            data: json!({ "components": registry().iter().count(), "patterns": self.patterns.len(), "pairs": tokens::gate().pairs }),
        }];
        pages.push(Page {
            folder: "foundations/".into(),
            section: "foundations",
            title: t("基礎樣式", "Foundations"),
            summary: t(
                "色彩、字級、間距、圖示、列印與各種顯示模式。",
                "Colour, type, space, icons, paper and modes of display.",
            ),
            text: String::new(),
            kind: "foundations",
            data: Self::foundations(),
        });
        pages.push(Page {
            folder: "components/".into(),
            section: "components",
            title: t("元件", "Components"),
            summary: t("依用途分組的全部元件。", "All components by use."),
            text: String::new(),
            kind: "components",
            data: self.gallery(),
        });
        pages.extend(registry().iter().map(|c| self.component(c)));
        pages.push(Page {
            folder: "patterns/".into(),
            section: "patterns",
            title: t("互動模式", "Patterns"),
            summary: t("只用元件做成、可以實際走一遍的範例頁。", "Example pages made of components alone, to be walked through."),
            text: String::new(),
            kind: "patterns",
            data: json!({ "items": self.patterns.iter().map(|p| json!({ "name": p.name, "title": p.meta.title.get(lang), "summary": p.meta.summary.get(lang) })).collect::<Vec<_>>(),
                "planned": planned::PATTERNS.iter().map(|(zh, en)| t(zh, en)).collect::<Vec<_>>() }),
        });
        pages.extend(self.patterns.iter().map(|p| self.pattern(p)));
        pages.push(Page {
            folder: "maturity/".into(),
            section: "maturity",
            title: t("成熟度", "Maturity"),
            summary: t(
                "每個元件證明到哪一步，與每年調校的前後對照。",
                "How far each component is proven, and what was tuned each year, before and after.",
            ),
            text: String::new(),
            kind: "maturity",
            data: self.maturity(),
        });
        pages.push(Page {
            folder: "changes/".into(),
            section: "changes",
            title: t("變更紀錄", "Changes"),
            summary: t(
                "各版本改了什麼、已知問題與之後的計畫。",
                "What each version changed, known issues and what is planned.",
            ),
            text: String::new(),
            kind: "changes",
            data: self.changes(),
        });
        for page in &pages {
            self.entries.push(Entry {
                href: format!("../{}index.html", page.folder),
                title: page.title.clone(),
                summary: page.summary.clone(),
                text: page.text.clone(),
            });
        }
        let index = search::index(&self.entries).to_string();
        self.site.add(format!("{}/search/index.json", lang.code()), index);
        pages.push(Page {
            folder: "search/".into(),
            section: "search",
            title: t("搜尋", "Search"),
            summary: t("以中文或英文找元件與互動模式。", "Find components and patterns in Chinese or English."),
            text: String::new(),
            kind: "search",
            data: json!({ "entries": self.entries.iter().map(|e| json!({ "href": e.href, "title": e.title, "summary": e.summary })).collect::<Vec<_>>() }),
        });
        for page in pages {
            let html = self.render(&page);
            self.site.add(format!("{}/{}index.html", lang.code(), page.folder), html);
        }
        if lang == Lang::ZhTw {
            let lost = Page {
                folder: String::new(),
                section: "",
                title: "找不到這一頁".into(),
                summary: "網址可能打錯，或頁面已移動。This page is not here.".into(),
                text: String::new(),
                kind: "lost",
                data: Value::Null,
            };
            let html = self.render(&lost).replace("=\"../", "=\"/");
            self.site.add("404.html", html);
        }
    }

    fn render(&self, page: &Page) -> String {
        let depth = 1 + page.folder.matches('/').count();
        let other = if self.lang == Lang::ZhTw { Lang::En } else { Lang::ZhTw };
        let root = "../".repeat(depth);
        let context = json!({
            "lang": self.lang.code(),
            "html_lang": self.lang.html(),
            "root": root,
            "here": format!("{root}{}/", self.lang.code()),
            "other": format!("{root}{}/{}index.html", other.code(), page.folder),
            "section": page.section,
            "folder": page.folder,
            "title": page.title,
            "summary": page.summary,
            "kind": page.kind,
            "version": VERSION,
            "d": page.data,
        });
        self.engine.template("docs/layout.jinja", &context).unwrap_or_else(|e| {
            panic!("{} {:?}: compiled-in pages render; tests build the site", e.what.en, e.cause)
        })
    }

    fn gallery(&self) -> Value {
        let groups: Vec<Value> = Group::ALL
            .iter()
            .map(|group| {
                let items: Vec<Value> = registry()
                    .group(*group)
                    .map(|c| {
                        json!({ "name": c.name, "title": c.meta.title.get(self.lang), "summary": c.meta.summary.get(self.lang),
                            "maturity": c.meta.maturity.title().get(self.lang) })
                    })
                    .collect();
                json!({ "title": group.title().get(self.lang), "items": items })
            })
            .collect();
        let planned: Vec<Value> = planned::COMPONENTS
            .iter()
            .map(|(name, zh, en)| json!({ "name": name, "title": if self.lang == Lang::ZhTw { zh } else { en } }))
            .collect();
        json!({ "groups": groups, "planned": planned })
    }

    fn component(&self, component: &Component) -> Page {
        let lang = self.lang;
        let meta = &component.meta;
        let examples: Vec<Value> = component
            .examples
            .iter()
            .map(|example| {
                let html = Engine::shared().component(component, &example.params).unwrap_or_default();
                json!({ "name": example.name, "title": example.title.get(lang), "html": html.trim(), "call": call(component, &example.params) })
            })
            .collect();
        let prose = match lang {
            Lang::ZhTw => component.prose_zh_tw,
            Lang::En => component.prose_en,
        };
        let text = |list: Vec<&Text>| list.into_iter().map(|t| t.get(lang).to_owned()).collect::<Vec<_>>();
        let govuk: Vec<Value> = meta
            .govuk_options
            .iter()
            .map(|(option, answer)| json!({ "option": option, "answer": answer }))
            .collect();
        Page {
            folder: format!("components/{}/", component.name),
            section: "components",
            title: meta.title.get(lang).to_owned(),
            summary: meta.summary.get(lang).to_owned(),
            text: format!("{} {}", component.name, markdown::to_text(prose)),
            kind: "component",
            data: json!({
                "name": component.name,
                "group": meta.group.title().get(lang),
                "maturity": meta.maturity.title().get(lang),
                "since": meta.since,
                "script": component.script.is_some(),
                "examples": examples,
                "options": options::rows(component, lang),
                "prose": markdown::to_html(prose),
                "issues": text(meta.known_issue.iter().map(|i| &i.what).collect()),
                "changes": changes_of(&meta.change, lang),
                "evidence": meta.evidence.iter().map(|e| json!({ "step": e.step.title().get(lang), "date": e.date, "what": e.what.get(lang) })).collect::<Vec<_>>(),
                "govuk": meta.govuk,
                "govuk_options": govuk,
            }),
        }
    }

    fn pattern(&self, pattern: &Pattern) -> Page {
        let lang = self.lang;
        let prose = match lang {
            Lang::ZhTw => pattern.prose_zh_tw,
            Lang::En => pattern.prose_en,
        };
        let suffix = format!(".{}", lang.code());
        let pages: Vec<&String> = pattern.pages.iter().filter(|p| p.ends_with(&suffix)).collect();
        let first = format!("index{suffix}");
        let source = assets::text(&format!("patterns/{}/{first}.jinja", pattern.name)).unwrap_or_default();
        let used: Vec<Value> = pattern
            .meta
            .components
            .iter()
            .filter_map(|name| registry().get(name))
            .map(|c| json!({ "name": c.name, "title": c.meta.title.get(lang) }))
            .collect();
        Page {
            folder: format!("patterns/{}/", pattern.name),
            section: "patterns",
            title: pattern.meta.title.get(lang).to_owned(),
            summary: pattern.meta.summary.get(lang).to_owned(),
            text: format!("{} {}", pattern.name, markdown::to_text(prose)),
            kind: "pattern",
            data: json!({ "name": pattern.name, "first": first, "pages": pages, "source": source.trim(), "used": used,
                "prose": markdown::to_html(prose), "changes": changes_of(&pattern.meta.change, lang) }),
        }
    }

    fn foundations() -> Value {
        let all = tokens::json(tokens::embedded());
        let tokens: Vec<Value> = all
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, modes)| json!({ "name": name, "modes": modes, "colour": name.contains("color") }))
            .collect();
        let icons: Vec<&str> =
            assets::under("icons").filter_map(|(path, _)| path.strip_suffix(".svg")).collect();
        json!({ "tokens": tokens, "icons": icons })
    }

    fn maturity(&self) -> Value {
        let steps: Vec<Value> = Maturity::ALL
            .iter()
            .map(|step| {
                let count = registry().iter().filter(|c| c.meta.maturity == *step).count();
                json!({ "title": step.title().get(self.lang), "count": count })
            })
            .collect();
        let rows: Vec<Value> = registry()
            .iter()
            .map(|c| {
                let evidence: Vec<String> =
                    c.meta.evidence.iter().map(|e| format!("{} {}", e.date, e.what.get(self.lang))).collect();
                json!({ "name": c.name, "title": c.meta.title.get(self.lang), "maturity": c.meta.maturity.title().get(self.lang), "evidence": evidence })
            })
            .collect();
        let mut years: BTreeMap<u16, Vec<Value>> = BTreeMap::new();
        for component in registry().iter() {
            for tuning in &component.meta.tuning {
                years
                    .entry(tuning.year)
                    .or_default()
                    .push(json!({ "name": component.name, "title": component.meta.title.get(self.lang),
                    "before": tuning.before.get(self.lang), "after": tuning.after.get(self.lang) }));
            }
        }
        let years: Vec<Value> =
            years.into_iter().rev().map(|(year, items)| json!({ "year": year, "items": items })).collect();
        json!({ "steps": steps, "rows": rows, "years": years, "wanted": { "components": COMPONENTS, "patterns": PATTERNS } })
    }

    fn changes(&self) -> Value {
        let lang = self.lang;
        let mut versions: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for component in registry().iter() {
            for change in &component.meta.change {
                versions
                    .entry(&change.version)
                    .or_default()
                    .push(json!({ "href": format!("components/{}/index.html", component.name),
                    "title": component.meta.title.get(lang), "what": change.what.get(lang) }));
            }
        }
        for pattern in self.patterns {
            for change in &pattern.meta.change {
                versions
                    .entry(&change.version)
                    .or_default()
                    .push(json!({ "href": format!("patterns/{}/index.html", pattern.name),
                    "title": pattern.meta.title.get(lang), "what": change.what.get(lang) }));
            }
        }
        let issues: Vec<Value> = registry()
            .iter()
            .flat_map(|c| {
                c.meta.known_issue.iter().map(move |i| json!({ "name": c.name, "title": c.meta.title.get(lang), "what": i.what.get(lang) }))
            })
            .collect();
        let versions: Vec<Value> = versions
            .into_iter()
            .rev()
            .map(|(version, items)| json!({ "version": version, "items": items }))
            .collect();
        json!({ "versions": versions, "issues": issues })
    }
}

fn changes_of(changes: &[crate::component::Change], lang: Lang) -> Vec<Value> {
    changes.iter().map(|c| json!({ "version": c.version, "what": c.what.get(lang) })).collect()
}

/// How a template calls the component: the same text in Jinja2 and Nunjucks.
fn call(component: &Component, params: &Value) -> String {
    let name = &component.meta.macro_name;
    let params = serde_json::to_string_pretty(params).unwrap_or_default();
    // Two closing braces side by side would end the tag in Nunjucks.
    let params = params.replace("}}", "} }");
    format!("{{% from \"{}\" import {name} %}}\n{{{{ {name}({params}) }}}}", component.template_path())
}
