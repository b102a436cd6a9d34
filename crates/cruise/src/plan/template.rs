//! The commented plan that `bulwark cruise init` writes.

use bulwark_model::Lang;

/// A plan to fill in, with a comment at every key.
pub const fn template(lang: Lang) -> &'static str {
    match lang {
        Lang::ZhTw => include_str!("template.zh-TW.toml"),
        Lang::En => include_str!("template.en.toml"),
    }
}

/// The plan of `bulwark cruise run --self`: this machine and nothing else. Nothing is sent anywhere,
/// so it needs neither approval nor background record.
pub fn this_machine(host: &str) -> String {
    let host: String = host.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_')).collect();
    format!(
        "format = 1\n\n[system]\nname = \"本機 {host}\"\nagency = \"本機檢查\"\nsecurity_level = \"medium\"\n\n[location]\nvantage = \"inside\"\n\n[scope]\nthis_machine = true\n"
    )
}
