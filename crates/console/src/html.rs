//! Markup, made from the components of the design system. Text becomes markup in one place only, where it is escaped.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::Write as _;

use bulwark_model::Lang;
use bulwark_ui::{Engine, registry, render};
use serde_json::{Value, json};

/// Small components kept at most, a thread.
const KEPT: usize = 500;

thread_local! {
    /// Small components made before, by name and parameters.
    static KNOWN: RefCell<HashMap<String, Html>> = RefCell::default();
}

/// Markup that may stand in a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Html(String);

impl Html {
    /// The markup.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Text, escaped.
    pub(crate) fn text(text: &str) -> Self {
        let mut out = String::with_capacity(text.len());
        // Writing to a string cannot fail.
        let _ = render::escape(&mut out, text);
        Self(out)
    }

    /// Adds markup.
    pub(crate) fn push(&mut self, more: &Self) -> &mut Self {
        self.0.push_str(&more.0);
        self
    }

    /// Adds an element that holds text.
    pub(crate) fn line(&mut self, tag: &str, text: &str) -> &mut Self {
        self.element(tag, "", &Self::text(text))
    }

    /// Adds a heading of the second level with an id.
    pub(crate) fn h2(&mut self, id: &str, text: &str) -> &mut Self {
        let _ = write!(self.0, "<h2 id=\"{id}\">{}</h2>", Self::text(text).0);
        self
    }

    /// Adds a paragraph.
    pub(crate) fn p(&mut self, text: &str) -> &mut Self {
        self.line("p", text)
    }

    /// Adds an element with classes around markup.
    pub(crate) fn element(&mut self, tag: &str, classes: &str, inner: &Self) -> &mut Self {
        if classes.is_empty() {
            let _ = write!(self.0, "<{tag}>{}</{tag}>", inner.0);
        } else {
            let _ = write!(self.0, "<{tag} class=\"{classes}\">{}</{tag}>", inner.0);
        }
        self
    }

    /// Adds a link in a paragraph of its own.
    pub(crate) fn link(&mut self, href: &str, text: &str) -> &mut Self {
        let (href, text) = (Self::text(href).0, Self::text(text).0);
        let _ = write!(self.0, "<p><a href=\"{href}\">{text}</a></p>");
        self
    }

    /// Adds a component.
    pub(crate) fn put(&mut self, lang: Lang, name: &str, params: Value) -> &mut Self {
        let made = component(lang, name, params);
        self.push(&made)
    }

    /// Adds a form that posts: `csrf` proves that it is ours, `once` that it is not done twice.
    pub(crate) fn form(&mut self, action: &str, csrf: &str, once: Option<&str>, inner: &Self) -> &mut Self {
        let action = Self::text(action).0;
        let _ = write!(self.0, "<form class=\"ds-stack\" method=\"post\" action=\"{action}\" novalidate>");
        let _ = write!(self.0, "<input type=\"hidden\" name=\"csrf\" value=\"{}\">", Self::text(csrf).0);
        if let Some(once) = once {
            let _ = write!(self.0, "<input type=\"hidden\" name=\"once\" value=\"{}\">", Self::text(once).0);
        }
        self.push(inner);
        self.0.push_str("</form>");
        self
    }

    /// Adds a form that sends a file. The proof comes first, so that no byte of a file without one is kept.
    pub(crate) fn file_form(&mut self, action: &str, csrf: &str, inner: &Self) -> &mut Self {
        let action = Self::text(action).0;
        let _ = write!(
            self.0,
            "<form class=\"ds-stack\" method=\"post\" enctype=\"multipart/form-data\" action=\"{action}\" novalidate>"
        );
        self.hidden("csrf", csrf).push(inner);
        self.0.push_str("</form>");
        self
    }

    /// Adds a value that the form sends and the person does not see.
    pub(crate) fn hidden(&mut self, name: &str, value: &str) -> &mut Self {
        let (name, value) = (Self::text(name).0, Self::text(value).0);
        let _ = write!(self.0, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
        self
    }

    /// The markup of the element `tag`, with attributes that are ours alone.
    pub(crate) fn raw_element(tag: &'static str, attributes: &[(&'static str, &str)], inner: &Self) -> Self {
        let mut out = format!("<{tag}");
        for (name, value) in attributes {
            let _ = write!(out, " {name}=\"{}\"", Self::text(value).0);
        }
        let _ = write!(out, ">{}</{tag}>", inner.0);
        Self(out)
    }

    /// Markup made by another of our crates for this purpose.
    pub(crate) fn made_by_us(markup: String) -> Self {
        Self(markup)
    }
}

/// A component of the design system, in the language of the page.
///
/// Parameters are checked against the component's schema in builds with debug assertions, so that every test that
/// renders a page checks them.
pub(crate) fn component(lang: Lang, name: &str, mut params: Value) -> Html {
    if lang == Lang::En
        && let Some(fields) = params.as_object_mut()
    {
        fields.entry("lang").or_insert(json!("en"));
    }
    // Of these there are few different ones, and many on a page.
    let key =
        matches!(name, "tag" | "skip-link" | "footer" | "filter-panel").then(|| format!("{name}{params}"));
    if let Some(known) = key.as_ref().and_then(|key| KNOWN.with_borrow(|known| known.get(key).cloned())) {
        return known;
    }
    let made = if cfg!(debug_assertions) {
        Engine::shared().checked(name, &params)
    } else {
        let known = registry().get(name).ok_or_else(Vec::new);
        known.and_then(|known| Engine::shared().component(known, &params).map_err(|e| vec![e]))
    };
    match made {
        Ok(markup) => {
            let made = Html(markup);
            if let Some(key) = key {
                KNOWN.with_borrow_mut(|known| {
                    if known.len() >= KEPT {
                        known.clear();
                    }
                    known.insert(key, made.clone());
                });
            }
            made
        }
        Err(faults) => {
            let words: Vec<String> = faults.iter().map(|fault| fault.render(lang)).collect();
            debug_assert!(false, "{name}: {}\n{params:#}", words.join("\n"));
            Html::default()
        }
    }
}
