//! Rendering components with minijinja.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt::Write as _;
use std::sync::LazyLock;

use bulwark_i18n::args;
use bulwark_model::{Diagnostic, Location};
use minijinja::value::Serde;
use minijinja::{AutoEscape, Captured, Environment, Error, Output, State, UndefinedBehavior, Value};
use serde::Serialize;

use crate::component::{Component, registry};
use crate::texts::texts;
use crate::{assets, schema};

/// Template environment with every component.
///
/// Escaping uses the five entities `&amp; &lt; &gt; &quot; &#39;` so that output is equal, byte for
/// byte, to that of Jinja2 and Nunjucks set up by our packages.
#[derive(Debug)]
pub struct Engine {
    env: Environment<'static>,
}

static ENGINE: LazyLock<Engine> = LazyLock::new(Engine::new);

thread_local! {
    /// The macros of the shared environment, evaluated once a thread: a module costs more to evaluate
    /// than most components cost to render.
    static MODULES: RefCell<HashMap<&'static str, Captured<'static>>> = RefCell::default();
}

impl Default for Engine {
    fn default() -> Self {
        Self::new()
    }
}

impl Engine {
    /// An environment of its own; add templates with [`Engine::add`].
    ///
    /// # Panics
    /// When an embedded template does not parse, which the tests of this crate rule out.
    pub fn new() -> Self {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Lenient);
        env.set_auto_escape_callback(|_| AutoEscape::Html);
        env.set_formatter(format);
        // Components are named from their own folder, patterns from the root, as in our packages.
        let patterns = assets::files().filter(|(path, _)| path.starts_with("patterns/"));
        for (path, bytes) in assets::under("components").chain(patterns) {
            if !is_template(path) {
                continue;
            }
            let source = std::str::from_utf8(bytes).expect("our templates are UTF-8");
            env.add_template(path, source).expect("embedded templates parse; tests load them all");
        }
        for component in registry().iter() {
            let name = &component.meta.macro_name;
            let source = format!(
                "{{% from \"{}\" import {name} %}}{{{{ {name}(params) }}}}",
                component.template_path()
            );
            env.add_template_owned(format!("{}.html", component.name), source).expect("a call of a macro");
        }
        Self { env }
    }

    /// The shared environment with nothing but the components.
    pub fn shared() -> &'static Self {
        &ENGINE
    }

    /// Adds a template that may import components.
    ///
    /// # Errors
    /// The template does not parse (BW-DS-026).
    pub fn add(&mut self, name: impl Into<String>, source: impl Into<String>) -> Result<(), Diagnostic> {
        let name = name.into();
        self.env.add_template_owned(name.clone(), source.into()).map_err(|e| failed(&name, &e))
    }

    /// Renders a component. Parameters are taken as they are; see [`Engine::checked`].
    ///
    /// # Errors
    /// The template failed (BW-DS-026).
    pub fn component(&self, component: &Component, params: &impl Serialize) -> Result<String, Diagnostic> {
        let params = Value::from(Serde(params));
        if std::ptr::eq(self, Self::shared())
            && let Some(known) = registry().get(&component.name)
        {
            return shared(known, params).map_err(|e| failed(&component.template_path(), &e));
        }
        let name = format!("{}.html", component.name);
        let context = Value::from_pairs([("params", params)]);
        self.env.get_template(&name).and_then(|t| t.render(context)).map_err(|e| failed(&name, &e))
    }

    /// Renders a component by name after checking its parameters.
    ///
    /// # Errors
    /// No such component (BW-DS-025), parameters that its schema refuses (BW-DS-020…024), or a failed
    /// template.
    pub fn checked(&self, name: &str, params: &serde_json::Value) -> Result<String, Vec<Diagnostic>> {
        let component = registry().get(name).ok_or_else(|| vec![schema::no_component(name)])?;
        let faults = schema::check(component, params);
        if faults.is_empty() { self.component(component, params).map_err(|e| vec![e]) } else { Err(faults) }
    }

    /// Renders a template of the environment.
    ///
    /// # Errors
    /// There is no such template, or it failed (BW-DS-026).
    pub fn template(&self, name: &str, context: &impl Serialize) -> Result<String, Diagnostic> {
        let rendered = self.env.get_template(name).and_then(|t| t.render(Value::from(Serde(context))));
        rendered.map_err(|e| failed(name, &e))
    }
}

/// Calls a macro of the shared environment.
fn shared(component: &'static Component, params: Value) -> Result<String, Error> {
    MODULES.with_borrow_mut(|modules| {
        let module = match modules.entry(&component.name) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => {
                let template = Engine::shared().env.get_template(&component.template_path())?;
                place.insert(template.render_captured(())?)
            }
        };
        module.with_state_mut(|state| state.call_macro(&component.meta.macro_name, &[params]))
    })
}

/// Whether a path names a template.
fn is_template(path: &str) -> bool {
    std::path::Path::new(path).extension().is_some_and(|e| e == "jinja")
}

fn failed(name: &str, error: &Error) -> Diagnostic {
    let line = error.line().unwrap_or(0);
    let values = args![component = name, line = line];
    let mut cause = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        let _ = write!(cause, ": {inner}");
        source = inner.source();
    }
    Diagnostic::new(
        "BW-DS-026",
        texts().text("BW-DS-026.what", &values),
        texts().text("BW-DS-026.hint", &values),
    )
    .at(Location::File {
        path: error.name().unwrap_or(name).to_owned(),
        line: u32::try_from(line).unwrap_or(0),
        column: 0,
    })
    .because(cause)
}

/// Writes a value; everything not marked safe is escaped.
fn format(out: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() || value.is_none() {
        return Ok(());
    }
    let escape_it = !value.is_safe() && !matches!(state.auto_escape(), AutoEscape::None);
    match value.as_str() {
        Some(text) if escape_it => escape(out, text)?,
        Some(text) => out.write_str(text)?,
        None if escape_it => escape(out, &value.to_string())?,
        None => write!(out, "{value}")?,
    }
    Ok(())
}

/// Escapes text for HTML content and quoted attribute values.
///
/// # Errors
/// Only what the writer gives.
pub fn escape(out: &mut (impl std::fmt::Write + ?Sized), text: &str) -> std::fmt::Result {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let entity = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.write_str(&text[from..at])?;
        out.write_str(entity)?;
        from = at + 1;
    }
    out.write_str(&text[from..])
}
