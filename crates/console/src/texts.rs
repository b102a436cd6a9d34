//! The texts of the shared parts and of every area.

use std::sync::LazyLock;

use bulwark_i18n::Catalogue;

static TEXTS: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut all = Catalogue::embedded("console", include_str!("zh-TW.toml"), include_str!("en.toml"));
    for (area, zh_tw, en) in crate::areas::TEXTS {
        all.add(area, Catalogue::embedded(area, zh_tw, en));
    }
    all
});

/// The texts; keys of an area begin with its name.
pub fn texts() -> &'static Catalogue {
    &TEXTS
}
