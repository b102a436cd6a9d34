//! The health report (健檢報告) as HTML, JSON and Markdown from one [`document::HealthReport`].
//!
//! ```no_run
//! use bulwark_model::Lang;
//! # fn document() -> bulwark_report::document::HealthReport { unimplemented!() }
//! let doc = document();
//! let page = bulwark_report::html(&doc, Lang::ZhTw);
//! let data = bulwark_report::json(&doc);
//! let text = bulwark_report::markdown(&doc, Lang::En);
//! ```
//!
//! Everything in the document counts as hostile: control characters and direction overrides are
//! taken out, long excerpts are cut with a note, and the rest is escaped for its output. The same
//! document always gives the same bytes.

mod chart;
mod clean;
pub mod document;
mod html;
mod json;
mod markdown;
mod texts;
mod view;

pub use html::html;
pub use json::{SCHEMA, json};
pub use markdown::markdown;
