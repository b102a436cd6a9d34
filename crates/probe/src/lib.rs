//! Protocol parsers (pure) and the polite collectors that use them.
//!
//! A [`task::Task`] says what to collect, a [`evidence::Record`] is what came back. The parsers in
//! the other modules read evidence and never touch a socket; sockets live in `net`, local files
//! in `io`.

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;

pub mod banner;
pub mod cert;
pub mod dns;
pub mod dnssec;
pub mod evidence;
pub mod failure;
pub mod header;
pub mod host;
pub mod html;
pub mod io;
pub mod log;
pub mod mail;
pub mod mysql;
pub mod net;
pub mod observatory;
pub mod pg;
pub mod polite;
pub mod public_suffix;
pub mod scope;
pub mod security_txt;
pub mod storage;
pub mod task;
pub mod tls;

static TEXTS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded("probe", include_str!("zh-TW.toml"), include_str!("en.toml")));

/// The messages of this crate in both languages.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}
