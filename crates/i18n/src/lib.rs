//! Text catalogues in two languages, and how dates and numbers read in each.
//!
//! A catalogue is a pair of TOML files with the same keys and the same `{arguments}`:
//!
//! ```
//! use bulwark_i18n::{Catalogue, args};
//! let texts = Catalogue::parse("x", "[tls]\nold = \"{host} 仍提供 {version}\"", "[tls]\nold = \"{host} still offers {version}\"")?;
//! let text = texts.text("tls.old", &args![host = "a.tw", version = "TLS 1.0"]);
//! assert_eq!(text.zh_tw, "a.tw 仍提供 TLS 1.0");
//! # Ok::<(), bulwark_i18n::CatalogueError>(())
//! ```

mod catalogue;
mod format;
mod usage;

pub use catalogue::{Catalogue, CatalogueError};
pub use format::{date, date_time, file_size, list, number, parse_date, roc_year};
pub use usage::wrong_usage;

/// Named arguments for [`Catalogue::text`]: `args![host = "a.tw", count = 3]`.
#[macro_export]
macro_rules! args {
    ($($name:ident = $value:expr),* $(,)?) => {
        [$((stringify!($name), $value.to_string())),*]
    };
}
