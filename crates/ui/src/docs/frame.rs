//! Pages that show nothing but an example: shown in frames and driven by the browser checks.

use std::fmt::Write as _;

use bulwark_model::Lang;

use super::Site;
use crate::component::{Component, Example, registry};
use crate::render::{Engine, escape};
use crate::{assets, style};

/// Adds a page for each example, for all examples of a component together, and for each pattern page.
pub(super) fn add(site: &mut Site) {
    for component in registry().iter() {
        for example in &component.examples {
            let path = format!("examples/{}/{}.html", component.name, example.name);
            site.add(path, example_page(component, example));
        }
        site.add(format!("examples/{}/all.html", component.name), examples_page(component));
    }
    for path in pattern_pages() {
        let name = path.trim_end_matches(".jinja");
        let html = Engine::shared().template(&format!("patterns/{path}"), &pattern_context());
        // A pattern that fails is a defect of ours: the checks name it, the page says so.
        let html = html.unwrap_or_else(|e| page("pattern", Lang::ZhTw, &e.render(Lang::ZhTw)));
        site.add(format!("patterns/{name}.html"), html);
    }
}

/// The templates of the pattern pages, by path below `patterns/`.
pub fn pattern_pages() -> impl Iterator<Item = &'static str> {
    assets::under("patterns").map(|(path, _)| path).filter(|p| p.contains('/') && assets::is_a(p, "jinja"))
}

/// What a pattern page is given.
pub fn pattern_context() -> serde_json::Value {
    serde_json::json!({ "assets": "../../assets" })
}

/// The page of one example.
pub fn example_page(component: &Component, example: &Example) -> String {
    let lang = language(example);
    page(example.title.get(lang), lang, &body(component, &[example], lang))
}

/// All examples of a component on one page, as far as they can stand together.
pub fn examples_page(component: &Component) -> String {
    let title = component.meta.title.get(Lang::ZhTw);
    let examples: Vec<&Example> = component.examples.iter().collect();
    page(title, Lang::ZhTw, &body(component, &examples, Lang::ZhTw))
}

fn language(example: &Example) -> Lang {
    if example.params["lang"] == "en" { Lang::En } else { Lang::ZhTw }
}

fn body(component: &Component, examples: &[&Example], lang: Lang) -> String {
    let mut out = String::new();
    let shown: Vec<String> = examples
        .iter()
        .map(|example| {
            let html = Engine::shared().component(component, &example.params);
            let html = html.unwrap_or_else(|e| text(&e.render(lang)));
            let own = language(example);
            if own == lang { html } else { format!("<div lang=\"{}\">{html}</div>", own.html()) }
        })
        .collect();
    if component.meta.whole_page && examples.len() == 1 {
        // The example is a landmark of its own; the page around it is as small as a page can be.
        let words = match lang {
            Lang::ZhTw => "頁面內容",
            Lang::En => "Content of the page",
        };
        let main = format!(
            "<main class=\"ds-container ds-main\" id=\"main\" tabindex=\"-1\"><h1>{words}</h1></main>"
        );
        let foot = component.name == "footer";
        let (before, after) = if foot { (main, shown.concat()) } else { (shown.concat(), main) };
        out.push_str(&before);
        out.push_str(&after);
        return out;
    }
    out.push_str("<main class=\"ds-container ds-frame\">");
    if !shown.iter().any(|html| html.contains("<h1")) {
        let title =
            if examples.len() == 1 { examples[0].title.get(lang) } else { component.meta.title.get(lang) };
        let _ = write!(out, "<h1 class=\"ds-sr\">{}</h1>", text(title));
    }
    // An example that starts with an h3 stands under an h2 on a real page.
    let low = shown.iter().any(|html| html.contains("<h3") && !html.contains("<h2"));
    if low {
        let _ = write!(out, "<h2 class=\"ds-sr\">{}</h2>", text(component.meta.title.get(lang)));
    }
    for html in shown {
        out.push_str(&html);
        out.push('\n');
    }
    out.push_str("</main>");
    out
}

/// A whole page two folders below the root of the site.
fn page(title: &str, lang: Lang, body: &str) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n\
         <link rel=\"icon\" href=\"../../assets/icons/mark.svg\">\n<link rel=\"stylesheet\" href=\"../../assets/ds.css\">\n<script src=\"../../assets/theme.js\"></script>\n\
         <script type=\"module\" src=\"../../assets/{}\"></script>\n</head>\n<body>\n{body}\n</body>\n</html>\n",
        lang.html(),
        text(title),
        style::CORE,
    )
}

/// Escaped text.
fn text(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    escape(&mut out, words).expect("writing to a string");
    out
}
