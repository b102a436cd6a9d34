//! Alt-Svc (RFC 7838).

use super::field::{split_quoted, unquote};

/// Another place that serves the same origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    /// ALPN id, for example `h3`.
    pub protocol: String,
    /// Host, empty for the same.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How long to remember it, in seconds (§3.1; a day when not said).
    pub max_age_s: u64,
}

/// Reads the field; `clear` and what cannot be read give nothing.
pub fn alt_svc(value: &str) -> Vec<Alternative> {
    split_quoted(value, ',').into_iter().take(20).filter_map(one).collect()
}

fn one(text: &str) -> Option<Alternative> {
    let mut parts = split_quoted(text, ';').into_iter();
    let (protocol, authority) = parts.next()?.split_once('=')?;
    let authority = unquote(authority.trim());
    let (host, port) = authority.rsplit_once(':')?;
    let max_age_s = parts
        .filter_map(|p| p.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("ma"))
        .and_then(|(_, age)| unquote(age.trim()).parse().ok())
        .unwrap_or(86_400);
    let protocol = protocol.trim();
    (!protocol.is_empty()).then_some(())?;
    Some(Alternative {
        protocol: protocol.to_owned(),
        host: host.to_owned(),
        port: port.parse().ok()?,
        max_age_s,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn alternatives() {
        let found = alt_svc("h3=\":443\"; ma=2592000,h3-29=\"alt.a.tw:8443\"; persist=1");
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].protocol.as_str(), found[0].port, found[0].max_age_s), ("h3", 443, 2_592_000));
        assert_eq!((found[1].host.as_str(), found[1].max_age_s), ("alt.a.tw", 86_400));
        assert!(alt_svc("clear").is_empty());
        assert!(alt_svc("h3=443, =\":443\", h3=\":70000\"").is_empty());
    }

    proptest! {
        #[test]
        fn never_panics(text in ".{0,120}", near in "(h3|=|\"|:|443|;|ma|,| ){0,30}") {
            let _ = (alt_svc(&text), alt_svc(&near));
        }
    }
}
