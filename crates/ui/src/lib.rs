//! The government design system: one source of components for every government site and for the
//! console of Bulwark itself.
//!
//! The source is the folder `design/` of this repository (tokens, components, patterns, styles,
//! scripts), embedded at build time. This crate reads it, renders components, builds the style
//! sheet, the charts, the documentation site and the release archive. It opens no file and no socket.

pub mod assets;
pub mod chart;
pub mod check;
pub mod component;
pub mod docs;
pub mod pack;
pub mod render;
pub mod schema;
pub mod style;
mod texts;
pub mod tokens;

pub use component::{Component, Example, Group, Maturity, Registry, registry};
pub use render::Engine;
pub use texts::texts;
