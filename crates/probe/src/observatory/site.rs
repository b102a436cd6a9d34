//! Whether two hosts belong to the same site.

use std::net::IpAddr;

/// Second-level names under which registries sell names: `com.tw`, `co.uk`, `gov.tw`.
const SECOND_LEVEL: &[&str] = &[
    "ac", "co", "com", "club", "ebiz", "edu", "game", "go", "gob", "gov", "govt", "idv", "mil", "ne", "net",
    "nom", "or", "org", "sch",
];

/// The registrable part of a host: two labels, three under a country's second-level name. Without the
/// list of public suffixes this is right for Taiwan and for the usual places scripts come from.
fn registrable(host: &str) -> Option<String> {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host.parse::<IpAddr>().is_ok() || host.starts_with('[') {
        return None;
    }
    let labels: Vec<&str> = host.rsplit('.').collect();
    let [last, second, rest @ ..] = labels.as_slice() else { return None };
    let country = last.len() == 2 && SECOND_LEVEL.contains(second);
    match (country, rest) {
        (false, _) => Some(format!("{second}.{last}")),
        (true, [third, ..]) => Some(format!("{third}.{second}.{last}")),
        (true, []) => None,
    }
}

/// True for hosts of the same registrable name, or the same host when there is none.
pub fn same_site(a: &str, b: &str) -> bool {
    match (registrable(a), registrable(b)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.eq_ignore_ascii_case(b),
        _ => false,
    }
}
